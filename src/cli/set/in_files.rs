//! `rungs set --in PATH… [NAME=]REF…`

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::super::{Context, Outcome, console};
use super::apps::with_colon;
use super::form::Form;
use crate::diagnostic::{Findings, Format, harmless};
use crate::edits::{self, ChangedFile, EditRequest, GitRevision, NamedFiles, Replaced, RouteValue};
use crate::sites::ImageRequest;

/// The options for named files.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "In named files")]
pub(super) struct FileArgs {
    /// Edit this file, or the YAML files below this directory, of any repository
    #[arg(long = "in", value_name = "PATH", num_args = 1, value_hint = clap::ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
}

/// What the options allow.
#[derive(Debug, Clone, Copy)]
pub(super) struct EditPermissions {
    /// Whether an image may come from another repository than before.
    pub(super) repository: bool,
    /// Whether a digest may be removed.
    pub(super) drop_digest: bool,
    /// Whether nothing is written.
    pub(super) dry_run: bool,
}

impl FileArgs {
    /// Whether files were named.
    pub(super) fn has_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Sets the references in `items`, and the values in the options.
    pub(super) fn run(
        self,
        context: &Context,
        items: &[String],
        (routes, gits): (Vec<RouteValue>, Vec<GitRevision>),
        allowed: EditPermissions,
    ) -> Result<Outcome, Findings> {
        let request = Self::request(items, (routes, gits), allowed);
        let directory = context.repo.clone().unwrap_or_else(|| PathBuf::from("."));
        let mut files = NamedFiles::from_directory(&directory);
        let mut findings = Findings::new();
        for path in &self.paths {
            findings.extend(files.add_path(path).err());
        }
        if findings.has_errors() {
            return Err(findings);
        }
        let edited = edits::edit(&files.named(), &files.found(), &request)?;
        if !allowed.dry_run {
            files.write(&edited)?;
        }
        let along = edited.iter().filter_map(|file| file.along.clone());
        let mut outcome = report(context, &files, &edited, allowed.dry_run);
        outcome.findings.extend(along);
        Ok(outcome)
    }

    fn request(
        items: &[String],
        (routes, gits): (Vec<RouteValue>, Vec<GitRevision>),
        allowed: EditPermissions,
    ) -> EditRequest {
        let refuse = |text: &str, why: String| -> ! {
            Form::Files.refuse(&format!("`{}` cannot be set: {why}", harmless(text)))
        };
        let image = |text: &String| {
            ImageRequest::parse(text).unwrap_or_else(|fault| {
                let meant = with_colon(text).map(|meant| format!("; did you mean `{meant}`?"));
                refuse(text, format!("{fault}{}", meant.unwrap_or_default()))
            })
        };
        let request = EditRequest {
            images: items.iter().map(image).collect(),
            routes,
            gits,
            repository: allowed.repository,
            drop_digest: allowed.drop_digest,
        };
        if request.images.is_empty() && request.routes.is_empty() && request.gits.is_empty() {
            Form::Files
                .refuse("say what to set: `[NAME=]REF`, `--route ROUTE=VALUE` or `--git URL=REV`");
        }
        request
    }
}

/// Reports the changes.
fn report(context: &Context, files: &NamedFiles, edited: &[ChangedFile], dry_run: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let all = || {
        edited.iter().flat_map(|one| {
            let shown = files.shown(&one.file);
            one.replaced.iter().map(move |replaced| (shown, replaced))
        })
    };
    match context.console.format() {
        Format::Text => {
            let lines: String = all().map(|(path, replaced)| line(path, replaced)).collect();
            console::print_text(&lines);
        }
        Format::Json => outcome.data = data(all(), dry_run),
        _ => {}
    }
    let count = all().count();
    context.console.say(&match (count, dry_run) {
        (0, _) => "nothing to do: the files have these values already".to_owned(),
        (_, true) => format!("{} would change", places(count)),
        (_, false) => format!("{} changed", places(count)),
    });
    outcome
}

fn places(count: usize) -> String {
    if count == 1 { "1 value".to_owned() } else { format!("{count} values") }
}

fn line(path: &Path, replaced: &Replaced) -> String {
    let at = replaced.location.start().line;
    let change = match (&replaced.old, &replaced.new) {
        (Some(old), Some(new)) => format!("{} → {}", harmless(old), harmless(new)),
        (None, Some(new)) => format!("+ {}", harmless(new)),
        (Some(old), None) => format!("- {}", harmless(old)),
        (None, None) => String::new(),
    };
    let path = path.to_string_lossy();
    format!("{}:{at}: {}: {change}\n", harmless(&path), harmless(&replaced.route))
}

fn data<'r>(
    all: impl Iterator<Item = (&'r Path, &'r Replaced)>,
    dry_run: bool,
) -> Map<String, Value> {
    let edit = |(path, replaced): (&Path, &Replaced)| {
        let start = replaced.location.start();
        json!({
            "path": path.to_string_lossy(),
            "line": start.line,
            "column": start.column,
            "route": replaced.route,
            "old": replaced.old,
            "new": replaced.new,
        })
    };
    let mut data = Map::new();
    data.insert("edits".to_owned(), all.map(edit).collect());
    data.insert("written".to_owned(), Value::Bool(!dry_run));
    data
}
