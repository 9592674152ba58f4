//! `rungs set APP [NAME=]REF… --env ENV`

use super::super::delivery_args::{DeliveryArgs, PermissionArgs};
use super::super::worker_args::WorkerArgs;
use super::super::{Context, Outcome, carry_out};
use super::form::Form;
use crate::diagnostic::{Findings, harmless};
use crate::edits::{GitRevision, RouteValue};
use crate::promote::{Permissions, SetApp, SetReferences};
use crate::sites::ImageRequest;

/// The options for apps in an environment.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "In an environment")]
pub(super) struct AppArgs {
    /// The environment
    #[arg(long, value_name = "ENV")]
    pub(super) env: Option<String>,
    /// The build's number; refused if a higher one was set for the same image before
    #[arg(long, value_name = "N")]
    sequence: Option<u64>,
    /// Accept a lower number anyway
    #[arg(long, requires = "sequence")]
    force: bool,
    /// The commit that the images were built from, for the record
    #[arg(long, value_name = "COMMIT")]
    source_commit: Option<String>,
    #[command(flatten)]
    pub(super) delivery: DeliveryArgs,
    #[command(flatten)]
    rendering: WorkerArgs,
}

/// What is asked for: apps, each followed by its references, and the values of the only one.
pub(super) struct AppItems<'a> {
    pub(super) form: Form,
    pub(super) items: &'a [String],
    pub(super) routes: Vec<RouteValue>,
    pub(super) gits: Vec<GitRevision>,
}

impl AppArgs {
    /// Sets what is asked for.
    pub(super) fn run(
        self,
        context: &Context,
        asked: AppItems<'_>,
        allowed: &PermissionArgs,
        repository: bool,
    ) -> Result<Outcome, Findings> {
        let form = asked.form;
        let Some(environment) = self.env else {
            form.refuse("name the environment with `--env ENV`, or files with `--in PATH`");
        };
        let apps = apps(asked);
        if self.sequence.is_some() && apps.iter().all(|app| app.requests.is_empty()) {
            form.refuse("`--sequence` numbers the builds of an image, and none is set");
        }
        let intent = SetReferences {
            environment,
            apps,
            sequence: self.sequence,
            source_commit: self.source_commit,
            permissions: Permissions { repository, force: self.force, ..allowed.permissions() },
        };
        carry_out::run(context, &self.delivery, &self.rendering, &intent)
    }
}

/// The apps, each with the references that follow it. A name alone starts an app,
/// or goes on with one that was named before; a text with `=`, `:`, `@` or `/` in
/// it is a reference.
fn apps(asked: AppItems<'_>) -> Vec<SetApp> {
    let AppItems { form, items, routes, gits } = asked;
    let mut apps: Vec<SetApp> = Vec::new();
    let mut current = None;
    for item in items {
        if !item.contains(['=', ':', '@', '/']) {
            let known = apps.iter().position(|app| app.name == *item);
            if known.is_none() {
                apps.push(SetApp {
                    name: item.clone(),
                    requests: Vec::new(),
                    routes: Vec::new(),
                    gits: Vec::new(),
                });
            }
            current = known.or(apps.len().checked_sub(1));
            continue;
        }
        let request = ImageRequest::parse(item).unwrap_or_else(|fault| {
            let meant = with_colon(item).map(|meant| format!("; did you mean `{meant}`?"));
            let meant = meant.unwrap_or_default();
            form.refuse(&format!("`{}` is not a reference: {fault}{meant}", harmless(item)))
        });
        match current.and_then(|at| apps.get_mut(at)) {
            Some(app) => app.requests.push(request),
            None => form.refuse(&format!("name the app before `{}`", harmless(item))),
        }
    }
    if apps.is_empty() {
        form.refuse("name an app and its new references: `rungs set APP :TAG --env ENV`");
    }
    match apps.as_mut_slice() {
        [only] => (only.routes, only.gits) = (routes, gits),
        _ if routes.is_empty() && gits.is_empty() => {}
        _ => form.refuse(
            "name one app with `--route` and `--git`, which do not say whose value is meant",
        ),
    }
    let is_left_alone =
        |app: &&SetApp| app.requests.is_empty() && app.routes.is_empty() && app.gits.is_empty();
    let mut left_alone = apps.iter().filter(is_left_alone);
    if let Some(app) = left_alone.next() {
        // A tag without its colon looks like another app.
        let meant = left_alone.next().map(|tag| format!(":{}", tag.name));
        let meant = meant.filter(|meant| ImageRequest::parse(meant).is_ok());
        let meant = meant.map(|meant| format!("; did you mean `{}`?", harmless(&meant)));
        form.refuse(&format!(
            "give `{}` a new reference: `:TAG`, `@DIGEST` or a whole one{}",
            harmless(&app.name),
            meant.unwrap_or_default()
        ));
    }
    apps
}

/// The reference that somebody means who forgets the colon before a tag: `web=v6`.
pub(super) fn with_colon(item: &str) -> Option<String> {
    let (name, tag) = item.split_once('=')?;
    let meant = format!("{name}=:{tag}");
    ImageRequest::parse(&meant).is_ok().then(|| harmless(&meant).into_owned())
}
