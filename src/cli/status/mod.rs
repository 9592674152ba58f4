//! `rungs status`

mod markdown;
mod shared;
mod text;
mod words;

use std::mem;

use jiff::Timestamp;

use super::base::{self, BaseArgs};
use super::format::DataFormat;
use super::{Context, Outcome, console};
use crate::config::EnvironmentName;
use crate::deliver::not_looked_at;
use crate::diagnostic::{Findings, Format, ProblemKind};
use crate::git::WorkspaceOptions;
use crate::history;
use crate::promote::status::{Cell, Status, StatusError, status};
use crate::promote::{AppSelection, LoadedBase};

/// Show every app in every environment
///
/// Shows for each app and environment its references, their age, how far it is behind the
/// environment below, what a promotion would bring, and what blocks it. Reads the branch that is
/// deployed, as the remote was last seen to have it, or the files as they are if there is no
/// commit. Apps that are named are shown with all details.
///
/// What needs a forge, a ticket or rendering is left to `rungs gates`.
#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// The apps; if not given, all of them
    #[arg(value_name = "APP")]
    apps: Vec<String>,
    /// Only this environment; may be given more than once
    #[arg(long, value_name = "ENV")]
    env: Vec<String>,
    #[command(flatten)]
    base: BaseArgs,
    /// Read the files as they are, without ages
    #[arg(long, conflicts_with_all = ["base", "remote"])]
    work_tree: bool,
    /// Exit with 1 if an environment is behind the one below
    #[arg(long)]
    exit_code: bool,
}

impl StatusArgs {
    /// What the person says about the base branch.
    pub(super) fn options(&self) -> WorkspaceOptions {
        self.base.options()
    }

    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        let workspace = context.workspace();
        let apps = match &self.apps[..] {
            [] => AppSelection::All,
            names => AppSelection::Named(names.to_vec()),
        };
        let mut notes = Findings::new();
        let (revision, base) = if self.work_tree {
            (None, LoadedBase::without_settings(workspace.files()?)?)
        } else {
            base::load(workspace, &mut notes)?
        };
        if let Some(revision) = &revision {
            let help = "`rungs status --work-tree` shows the files here";
            notes.extend(not_looked_at(workspace, revision, help));
        }
        let now = context.now;
        let (status, findings) = self.find(&base, &apps, now)?;
        show(context, &status, !self.apps.is_empty(), now);
        let cells = status.apps.iter().flat_map(|app| &app.environments);
        let is_behind = cells.into_iter().any(Cell::is_behind);
        let is_condensed = self.apps.is_empty() && context.console.format() == Format::Text;
        notes.extend(if is_condensed { shared::condensed(findings) } else { findings });
        let mut outcome = Outcome::from(notes);
        outcome.answer = (self.exit_code && is_behind).then_some(ProblemKind::Answer);
        // Of thousands of apps, data that no format shows would be much.
        if context.console.format() == Format::Json
            && let Ok(serde_json::Value::Object(data)) = serde_json::to_value(&status)
        {
            outcome.data = data;
        }
        base::report(context, workspace, revision.as_ref(), &mut outcome);
        // The run is over: to free what thousands of apps say takes longer than to end.
        mem::forget((base.loaded, status));
        Ok(outcome)
    }

    fn find(
        &self,
        base: &LoadedBase,
        apps: &AppSelection,
        now: Timestamp,
    ) -> Result<(Status, Findings), Findings> {
        let environments = self.environments(base)?;
        status(base, apps, &environments, now).map_err(|error| match error {
            StatusError::Findings(findings) => findings,
            StatusError::History(error) => {
                history::finding(&error, &base.repository().location).into()
            }
        })
    }

    fn environments(&self, base: &LoadedBase) -> Result<Vec<EnvironmentName>, Findings> {
        let found = self.env.iter().map(|name| base.repository().find_environments(name));
        Ok(found.collect::<Result<Vec<_>, _>>()?.concat())
    }
}

fn show(context: &Context, status: &Status, is_detailed: bool, now: Timestamp) {
    let console = &context.console;
    let text = match (console.data_format(), console.format()) {
        (Some(DataFormat::Markdown), _) => markdown::render(status, now),
        (None, Format::Text) => text::render(status, is_detailed, now, console.stdout_style()),
        // JSON is written with the findings; the other formats are for findings
        // alone.
        _ => return,
    };
    console::print_text(&text);
}
