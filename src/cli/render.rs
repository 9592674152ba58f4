//! `rungs render`

use std::cell::OnceCell;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::worker_args::WorkerArgs;
use super::{Context, Outcome, console};
use crate::config::{self, RenderSettings};
use crate::diagnostic::{Findings, Format, ProblemKind};
use crate::rendered::{
    self, FileAction, OutputChange, OutputChanges, OutputDirectory, Summary, Writing,
};
use crate::source::{FileChanges, RepoPath};
use crate::worker::{RenderProgress, RenderRequest, RenderResult, Renderer, Wanted, Worker};

/// Render environments into the output tree
///
/// Writes rendered/<environment>/<app>/<kind>-<name>.yaml for each object, and the environment's
/// own objects to rendered/<environment>/_environment/. Only files that differ are written, files
/// of rungs that are no longer rendered are removed, and no other file is touched.
#[derive(Debug, clap::Args)]
pub(super) struct RenderArgs {
    /// The environments; if not given, all of them
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    /// Only this app
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Print the manifests instead of writing them
    #[arg(long, conflicts_with_all = ["output", "check"])]
    stdout: bool,
    /// Write to this directory instead of the configured one
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    output: Option<PathBuf>,
    /// Write nothing; list the files that differ, and exit with 1 if there are any. Also warns of
    /// values without effect
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    rendering: WorkerArgs,
}

impl RenderArgs {
    pub(super) fn run(self, context: &mut Context) -> Result<Outcome, Findings> {
        context.console.stdout_is_taken = self.stdout;
        let tree = context.files()?;
        let RenderSettings { output, worker: settings } = config::render_settings(&tree);
        let wanted =
            Wanted::Named { environments: self.environments.clone(), app: self.app.clone() };
        let changes = &FileChanges::new();
        let request = RenderRequest {
            tree: &tree,
            changes,
            wanted,
            unused_values: self.check,
            validates: false,
            settings,
        };
        let mut worker = self.rendering.worker();
        let mut rendered = render(context, &worker, &request)?;
        worker.dismiss();
        let findings = mem::take(&mut rendered.findings);
        let result = self.deliver(context, &request.wanted, rendered, &output);
        let mut outcome = result.unwrap_or_else(Outcome::from);
        outcome.findings.extend(findings);
        Ok(outcome)
    }

    /// Prints, compares or writes the files.
    fn deliver(
        &self,
        context: &Context,
        wanted: &Wanted,
        rendered: RenderResult,
        configured: &RepoPath,
    ) -> Result<Outcome, Findings> {
        if self.stdout {
            console::print(rendered.files.stream(configured).as_bytes());
            return Ok(Outcome::default());
        }
        let output = self.output(context, configured)?;
        let scope = rendered.scope(wanted);
        let files = rendered.files;
        if self.check {
            return Ok(report_stale(context, &output.compare(files, &scope)?, &output));
        }
        write(context, output.lock()?.compare(files, &scope)?, &output)
    }

    fn output(
        &self,
        context: &Context,
        configured: &RepoPath,
    ) -> Result<OutputDirectory, Findings> {
        if let Some(directory) = &self.output {
            refuse_occupied(directory, &context.directory());
            return Ok(OutputDirectory::at(directory));
        }
        let root = context.workspace().require_work_tree();
        let help = "print the manifests with `--stdout`, or name a directory with `--output`";
        Ok(OutputDirectory::within(root.map_err(|finding| finding.help(help))?, configured)?)
    }
}

/// Ends the run if the directory is one that rungs reads: the next run would
/// take the rendered files for settings or templates.
fn refuse_occupied(directory: &Path, repository: &Path) {
    let (Ok(directory), Ok(repository)) = (resolved(directory), resolved(repository)) else {
        return;
    };
    let below = directory.strip_prefix(&repository).ok().and_then(Path::to_str);
    let below = below.and_then(|path| RepoPath::new(path).ok());
    if let Some(why) = below.and_then(|path| config::why_occupied(&path)) {
        super::usage_error(&format!("`--output` cannot be that directory: {why}"));
    }
}

/// An absolute path without links, as far as it exists.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let existing = path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(&path);
    let rest = path.strip_prefix(existing).unwrap_or(Path::new(""));
    Ok(existing.canonicalize()?.join(rest))
}

/// Renders, with a bar that shows how far it has come.
pub(super) fn render(
    context: &Context,
    worker: &Worker,
    request: &RenderRequest<'_>,
) -> Result<RenderResult, Findings> {
    let bar = OnceCell::new();
    worker.render(request, &|progress| match progress {
        RenderProgress::Apps(count) => drop(bar.set(context.console.progress("rendering", count))),
        RenderProgress::App => bar.get().into_iter().for_each(|bar| bar.step(1)),
    })
}

/// The advice for files that are out of date. `rungs render` alone would write every
/// environment to the configured directory, which need not be what was checked.
const TO_UPDATE: &str = "run the same `rungs render` command without `--check`";

fn report_stale(context: &Context, changes: &OutputChanges, output: &OutputDirectory) -> Outcome {
    let removals = changes.removals(output);
    let changes = changes.list();
    let answer = (!changes.is_empty()).then_some(ProblemKind::Answer);
    let mut outcome = Outcome { answer, ..Outcome::default() };
    if context.console.format() == Format::Text {
        let lines = changes.iter().map(|change| {
            let word = match change.action {
                FileAction::Create => "missing",
                FileAction::Update => "differs",
                FileAction::Remove => "left over",
            };
            format!("{word:9} {}\n", output.display(&change.path))
        });
        console::print_text(&lines.collect::<String>());
        context.console.say(&match changes.len() {
            0 => "every file is up to date".to_owned(),
            1 => format!("1 file is out of date; {TO_UPDATE}"),
            more => format!("{more} files are out of date; {TO_UPDATE}"),
        });
    } else {
        let help = format!("{TO_UPDATE}, and commit what it writes");
        outcome.findings = rendered::stale(&changes, output, &help);
    }
    outcome.findings.extend(removals);
    outcome.data = data(&changes, None);
    outcome
}

fn write(
    context: &Context,
    writing: Writing<'_>,
    output: &OutputDirectory,
) -> Result<Outcome, Findings> {
    let removals = writing.changes().removals(output);
    let changes = writing.changes().list();
    let summary = {
        let progress = context.console.progress("writing", changes.len());
        writing.apply(&|files| progress.step(files))?
    };
    for change in &changes {
        let word = match change.action {
            FileAction::Create => "wrote",
            FileAction::Update => "updated",
            FileAction::Remove => "removed",
        };
        context.console.detail(&format!("{word:8} {}", output.display(&change.path)));
    }
    context.console.say(&describe(summary));
    let findings = removals.into_iter().collect();
    Ok(Outcome { data: data(&changes, Some(summary)), findings, ..Outcome::default() })
}

fn describe(summary: Summary) -> String {
    let Summary { created, updated, removed, unchanged } = summary;
    let parts =
        [(created, "new"), (updated, "updated"), (removed, "removed"), (unchanged, "unchanged")];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = parts.map(|(count, word)| format!("{count} {word}")).collect();
    if parts.is_empty() {
        "nothing to render".to_owned()
    } else {
        format!("rendered: {}", parts.join(", "))
    }
}

fn data(changes: &[OutputChange], summary: Option<Summary>) -> Map<String, Value> {
    let mut data = Map::from_iter([("changes".to_owned(), json!(changes))]);
    if let Some(summary) = summary {
        data.insert("summary".to_owned(), json!(summary));
    }
    data
}
