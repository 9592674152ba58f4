//! `rungs render`

use std::collections::HashSet;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::{Context, Outcome, console};
use crate::config::{self, Loaded, Repository};
use crate::diagnostic::{Findings, Format};
use crate::pipeline::{self, Rendering, Selection};
use crate::rendered::{self, Action, Change, File, Files, HEADER, Output, Plan, Scope, Summary};
use crate::source::{RepoPath, Tree};

/// Render environments into the output tree
///
/// Writes rendered/<environment>/<app>/<kind>-<name>.yaml for each object, and what each
/// environment brings itself to rendered/<environment>/_environment/. Only files that differ are
/// written, files of rungs that are no longer rendered are removed, and no other file is touched.
#[derive(Debug, clap::Args)]
pub(super) struct Render {
    /// The environments; all of them if none is given
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    /// Only this app
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Print the manifests instead of writing them
    #[arg(long, conflicts_with_all = ["output", "check"])]
    stdout: bool,
    /// Write to this directory instead of the repository's own
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    output: Option<PathBuf>,
    /// Write nothing; list what differs, and exit with 1 where something does. Warns of values
    /// without effect
    #[arg(long)]
    check: bool,
}

impl Render {
    pub(super) fn run(self, context: &mut Context) -> Result<Outcome, Findings> {
        context.console.stdout_is_taken = self.stdout;
        let tree = context.tree();
        let Loaded { repository, mut warnings } = config::load(&tree)?;
        let selection = self.selection(&repository)?;
        let rendering = match render(context, &tree, &repository, &selection) {
            Ok(rendering) => rendering,
            Err(findings) => {
                warnings.extend(findings);
                return Err(warnings);
            }
        };
        let files = files(&rendering)?;
        warnings.extend(rendering.warnings);
        let mut outcome = if self.stdout {
            console::print(manifests(&files, &repository.output).as_bytes());
            Outcome::default()
        } else {
            let output = self.output(context, &repository.output)?;
            let plan = Plan::new(&output, files, &self.scope(&selection))?;
            if self.check {
                report_stale(context, &plan, &repository.output)
            } else {
                write(context, &plan, &output)?
            }
        };
        outcome.findings.extend(warnings);
        Ok(outcome)
    }

    fn selection<'r>(&'r self, repository: &'r Repository) -> Result<Selection<'r>, Findings> {
        let mut selection = Selection { unused_values: self.check, ..Selection::all(repository) };
        if !self.environments.is_empty() {
            let found = self.environments.iter().map(|name| repository.find_environment(name));
            selection.environments = found.collect::<Result<_, _>>()?;
            // Named twice is rendered once, and in the repository's order.
            let wanted: HashSet<_> = selection.environments.iter().map(|one| &one.name).collect();
            let all = repository.environments.iter();
            selection.environments = all.filter(|one| wanted.contains(&one.name)).collect();
        }
        let Some(app) = &self.app else { return Ok(selection) };
        selection.app = Some(app);
        if selection.environments.iter().all(|one| selection.apps(one).next().is_none()) {
            let first = self.environments.first().map(String::as_str);
            let environment =
                first.or(repository.environments.first().map(|one| one.name.as_str()));
            repository.find_app(environment.unwrap_or_default(), app)?;
        }
        Ok(selection)
    }

    /// What the run answers for in the output tree.
    fn scope(&self, selection: &Selection<'_>) -> Scope {
        if self.environments.is_empty() && self.app.is_none() {
            return Scope::everything();
        }
        let directories = selection.environments.iter().filter_map(|environment| match &self.app {
            Some(app) => Some(rendered::directory(&environment.name, Some(app))),
            None => rendered::directory(&environment.name, None).parent(),
        });
        Scope::directories(directories)
    }

    fn output(&self, context: &Context, configured: &RepoPath) -> Result<Output, Findings> {
        match &self.output {
            Some(directory) => Ok(Output::at(directory)),
            None => Ok(Output::within(&context.directory(), configured)?),
        }
    }
}

fn render(
    context: &Context,
    tree: &Tree,
    repository: &Repository,
    selection: &Selection<'_>,
) -> Result<Rendering, Findings> {
    let apps = selection.environments.iter().map(|one| selection.apps(one).count()).sum();
    let progress = context.console.progress("rendering", apps);
    pipeline::render(tree, repository, selection, &|| progress.step(1))
}

fn files(rendering: &Rendering) -> Result<Files, Findings> {
    let mut files = Vec::new();
    for environment in &rendering.environments {
        let own = rendered::directory(&environment.name, None);
        files.extend(environment.own.iter().map(|object| File::of(object, &own, None)));
        for app in &environment.apps {
            let directory = rendered::directory(&environment.name, Some(&app.name));
            let home = Some(&*app.namespace);
            files.extend(app.objects.iter().map(|object| File::of(object, &directory, home)));
        }
    }
    Files::of(files)
}

/// The files as one stream of documents, each with its path.
fn manifests(files: &Files, output: &RepoPath) -> String {
    let mut stream = String::new();
    for (path, bytes) in files.iter() {
        let text = String::from_utf8_lossy(bytes);
        let text =
            text.strip_prefix(HEADER).and_then(|text| text.strip_prefix('\n')).unwrap_or(&text);
        for part in ["---\n# ", output.as_str(), "/", path.as_str(), "\n", text] {
            stream.push_str(part);
        }
        if !text.ends_with('\n') {
            stream.push('\n');
        }
    }
    stream
}

fn report_stale(context: &Context, plan: &Plan, output: &RepoPath) -> Outcome {
    let changes = plan.changes();
    let mut outcome = Outcome { answer_is_no: !changes.is_empty(), ..Outcome::default() };
    if context.console.format() == Format::Text {
        let lines = changes.iter().map(|change| {
            let word = match change.action {
                Action::Create => "missing",
                Action::Update => "differs",
                Action::Remove => "left over",
            };
            format!("{word:9} {output}/{}\n", change.path)
        });
        console::print(lines.collect::<String>().as_bytes());
        context.console.say(&match changes.len() {
            0 => "every file is as it would be written".to_owned(),
            1 => "1 file is not as it would be written; run `rungs render`".to_owned(),
            more => format!("{more} files are not as they would be written; run `rungs render`"),
        });
    } else {
        outcome.findings = rendered::stale(&changes, output);
    }
    outcome.data = data(&changes, None);
    outcome
}

fn write(context: &Context, plan: &Plan, output: &Output) -> Result<Outcome, Findings> {
    let changes = plan.changes();
    let summary = {
        let progress = context.console.progress("writing", changes.len());
        plan.apply(output, &|files| progress.step(files))?
    };
    for change in &changes {
        let word = match change.action {
            Action::Create => "wrote",
            Action::Update => "updated",
            Action::Remove => "removed",
        };
        context.console.detail(&format!("{word:8} {}", change.path));
    }
    context.console.say(&describe(summary));
    Ok(Outcome { data: data(&changes, Some(summary)), ..Outcome::default() })
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

fn data(changes: &[Change], summary: Option<Summary>) -> Map<String, Value> {
    let mut data = Map::from_iter([("changes".to_owned(), json!(changes))]);
    if let Some(summary) = summary {
        data.insert("summary".to_owned(), json!(summary));
    }
    data
}
