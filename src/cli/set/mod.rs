//! `rungs set`

mod apps;
mod form;
mod in_files;

use clap::Arg;

use super::delivery_args::PermissionArgs;
use super::{Context, Outcome, usage_error_of};
use crate::deliver::DeliveryMode;
use crate::diagnostic::{Findings, harmless};
use crate::edits::{GitRevision, RouteValue};
use crate::git::WorkspaceOptions;

use apps::{AppArgs, AppItems};
use form::Form;
use in_files::{EditPermissions, FileArgs};

/// Set image references, git references and values, as CI does after a build
///
/// Takes apps, each followed by the new references of its images: `:TAG`, `@DIGEST`, `:TAG@DIGEST`
/// or a whole reference, with `NAME=` before it if the app has several images. Of one app, `--git`
/// sets a git reference or a version, and `--route` a value that is promoted along with the images:
/// a switch, a number of replicas, a colour.
///
/// With `--in PATH`, which may be given more than once, edits the named files of any repository
/// instead, and in them only the bytes of the values in question. This needs no configuration, asks
/// no gates and commits nothing: the files are written, or with `--dry-run` the changes are shown.
/// Of the other options, only `--repository` and `--drop-digest` can be used with it.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = Form::USAGE,
    mut_args(for_apps_only)
)]
pub(super) struct SetArgs {
    /// Apps, each followed by the new references of its images; with `--in`, references alone
    #[arg(value_name = "APP [NAME=]REF")]
    items: Vec<String>,
    /// Set the value at a route: in named files any, such as `image.tag` or
    /// `images[name=web].newTag`, of an app one under `promote`, or inside one
    #[arg(long = "route", value_name = "ROUTE=VALUE")]
    routes: Vec<String>,
    /// Set the reference in every address of a git repository, or the version of a chart or
    /// another source
    #[arg(long = "git", value_name = "URL=REV")]
    gits: Vec<String>,
    #[command(flatten)]
    app_args: AppArgs,
    #[command(flatten)]
    file_args: FileArgs,
    #[command(flatten)]
    allowed: PermissionArgs,
    /// Allow an image from another repository than the current one
    #[arg(long, help_heading = "What is allowed")]
    repository: bool,
}

/// The arguments that named files have a use for. `write` is what happens to them anyway.
const FOR_FILES: [&str; 8] =
    ["items", "routes", "gits", "paths", "repository", "drop_digest", "dry_run", "write"];

/// Refuses all other options with `--in`: they would have no effect.
fn for_apps_only(arg: Arg) -> Arg {
    let id = arg.get_id().as_str();
    if FOR_FILES.contains(&id) { arg } else { arg.conflicts_with("paths") }
}

fn route(form: Form, text: &str) -> RouteValue {
    RouteValue::parse(text).unwrap_or_else(|fault| {
        form.refuse(&format!("`{}` cannot be set: {fault}", harmless(text)))
    })
}

fn git(form: Form, text: &str) -> GitRevision {
    GitRevision::parse(text).unwrap_or_else(|fault| {
        form.refuse(&format!("`{}` cannot be set: {fault}", harmless(text)))
    })
}

impl SetArgs {
    /// What the person says about the base branch and the author.
    pub(super) fn options(&self) -> WorkspaceOptions {
        self.app_args.delivery.options()
    }

    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        let has_paths = self.file_args.has_paths();
        let form = Form::of(has_paths, !self.routes.is_empty(), !self.gits.is_empty());
        let routes: Vec<_> = self.routes.iter().map(|text| route(form, text)).collect();
        let gits: Vec<_> = self.gits.iter().map(|text| git(form, text)).collect();
        if !has_paths {
            let items = AppItems { form, items: &self.items, routes, gits };
            return self.app_args.run(context, items, &self.allowed, self.repository);
        }
        if self.app_args.env.is_some() {
            usage_error_of(
                Form::USAGE,
                "`--in` names files and `--env` an environment: give one of them",
            );
        }
        let allowed = EditPermissions {
            repository: self.repository,
            drop_digest: self.allowed.permissions().drop_digest,
            dry_run: match self.app_args.delivery.mode() {
                None | Some(DeliveryMode::Write) => false,
                Some(DeliveryMode::Show | DeliveryMode::ShowWrite) => true,
                Some(DeliveryMode::ShowCommit | DeliveryMode::Commit | DeliveryMode::Branch) => {
                    form.refuse("`--in` changes files, and commits nothing");
                }
            },
        };
        self.file_args.run(context, &self.items, (routes, gits), allowed)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command};

    use super::{FOR_FILES, SetArgs};

    #[test]
    fn an_option_that_has_no_effect_on_named_files_is_refused_with_them() {
        let command = SetArgs::augment_args(Command::new("set"));
        let known: Vec<_> = command.get_arguments().map(|arg| arg.get_id().as_str()).collect();
        assert!(FOR_FILES.iter().all(|id| known.contains(id)), "{known:?}");
        for arg in command.get_arguments().filter(|arg| arg.get_id() != "paths") {
            let conflicts = command.get_arg_conflicts_with(arg);
            let is_refused = conflicts.iter().any(|other| other.get_id() == "paths");
            let is_used = FOR_FILES.contains(&arg.get_id().as_str());
            assert_ne!(is_refused, is_used, "{}", arg.get_id());
        }
    }
}
