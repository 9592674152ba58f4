//! `rungs hold`

use clap::Subcommand;
use jiff::Timestamp;

use super::base::{self, BaseArgs};
use super::delivery_args::DeliveryArgs;
use super::worker_args::WorkerArgs;
use super::{Context, Outcome, carry_out, console};
use crate::diagnostic::{Findings, Format, TextStyle, harmless, in_one_line, wrapped};
use crate::git::WorkspaceOptions;
use crate::holds::{self, Hold};
use crate::promote::{HoldBack, LiftHolds, LoadedBase};
use crate::sites::{Model, StateReference, lines_in_one, shown_reference};

/// Keep states from entering an environment and those above it
///
/// A hold is an entry in the file `.rungs/holds/ENV/APP.yaml`. `set` adds one, and so does every
/// rollback; `lift` removes it.
#[derive(Debug, clap::Args)]
pub(super) struct HoldArgs {
    #[command(subcommand)]
    command: HoldCommand,
}

#[derive(Debug, Subcommand)]
enum HoldCommand {
    /// List what is held back, from where, by whom and why
    List(HoldListArgs),
    /// Hold a state back: the one that the environment has now, or one with given references
    Set(HoldSetArgs),
    /// Let states in again
    Lift(HoldLiftArgs),
}

#[derive(Debug, clap::Args)]
struct HoldListArgs {
    /// Only the holds of these apps
    #[arg(value_name = "APP")]
    apps: Vec<String>,
    /// Only the holds of this environment
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
    #[command(flatten)]
    base: BaseArgs,
}

#[derive(Debug, clap::Args)]
struct HoldSetArgs {
    /// The app
    app: String,
    /// The environment
    #[arg(long, value_name = "ENV")]
    env: String,
    /// A reference of the state to hold back (`:v4`, `web=:v4`, `@sha256:…`), with `NAME=` before it
    /// if the app has several images and it is not a whole one. If given more than once, a state
    /// must have all of them to be held back; if not given, the state is the one that the
    /// environment has now
    #[arg(long = "ref", value_name = "REF")]
    references: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// When the hold ends: its last day (`2026-12-31`, in UTC), or a time with its zone; if not
    /// given, it lasts until it is lifted
    #[arg(long, value_name = "TIME", value_parser = holds::parse_until)]
    until: Option<Timestamp>,
    #[command(flatten)]
    delivery: DeliveryArgs,
}

#[derive(Debug, clap::Args)]
struct HoldLiftArgs {
    /// The app
    app: String,
    /// The environment
    #[arg(long, value_name = "ENV")]
    env: String,
    /// Lift only the holds of this reference; if not given, every hold of the app in the
    /// environment
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    delivery: DeliveryArgs,
}

impl HoldArgs {
    /// What the person says about the base branch and the author.
    pub(super) fn options(&self) -> WorkspaceOptions {
        match &self.command {
            HoldCommand::List(list) => list.base.options(),
            HoldCommand::Set(set) => set.delivery.options(),
            HoldCommand::Lift(lift) => lift.delivery.options(),
        }
    }

    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        match self.command {
            HoldCommand::List(list) => list.run(context),
            HoldCommand::Set(set) => set.run(context),
            HoldCommand::Lift(lift) => {
                let HoldLiftArgs { app, env, reference, reason, delivery } = lift;
                let reference = reference.as_deref().map(StateReference::parse);
                let intent = LiftHolds { environment: env, app, reference, reason };
                carry_out::run(context, &delivery, &WorkerArgs::default(), &intent)
            }
        }
    }
}

impl HoldSetArgs {
    fn run(self, context: &Context) -> Result<Outcome, Findings> {
        let references = self.references.iter().map(|text| StateReference::parse(text)).collect();
        let by = carry_out::requester(context);
        let Self { app, env: environment, reason, until, .. } = self;
        let intent = HoldBack { environment, app, references, reason, by, until };
        carry_out::run(context, &self.delivery, &WorkerArgs::default(), &intent)
    }
}

impl HoldListArgs {
    fn run(self, context: &Context) -> Result<Outcome, Findings> {
        let Self { apps, env, .. } = self;
        let workspace = context.workspace();
        let mut notes = Findings::new();
        let (revision, base) = base::load(workspace, &mut notes)?;
        let LoadedBase { tree, loaded, .. } = base;
        let only = env.as_deref().map(|name| loaded.repository.find_environments(name));
        let only = only.transpose()?;
        let mut holds = holds::all(&tree, &loaded.repository)?;
        holds.retain(|hold| only.as_ref().is_none_or(|names| names.contains(&hold.environment)));
        let mut known = Model::apps_anywhere(&loaded.repository, &tree);
        known.extend(holds.iter().map(|hold| hold.app.clone()));
        if let Some(unknown) = apps.iter().find(|app| !known.contains(*app)) {
            let known = known.iter().map(String::as_str);
            return Err(loaded.repository.unknown_app(unknown, known).into());
        }
        holds.retain(|hold| apps.is_empty() || apps.contains(&hold.app));
        if context.console.format() == Format::Text {
            let style = context.console.stdout_style();
            console::print_text(&table(&holds, context.now, style));
            if holds.is_empty() {
                context.console.say("nothing is held back");
            }
        }
        notes.extend(loaded.warnings);
        let mut outcome = Outcome::from(notes);
        base::report(context, workspace, revision.as_ref(), &mut outcome);
        outcome.data.insert("holds".to_owned(), serde_json::json!(holds));
        Ok(outcome)
    }
}

fn table(holds: &[Hold], now: Timestamp, style: TextStyle) -> String {
    let lines = holds.iter().map(|hold| {
        let state = hold
            .state
            .iter()
            .map(|(key, text)| format!("{key} {}", lines_in_one(&shown_reference(text))));
        let state = state.collect::<Vec<_>>().join(", ");
        let end = if hold.is_in_force(now) { "until" } else { "ended" };
        let until = hold.until.map(|until| format!(", {end} {until}")).unwrap_or_default();
        let line = format!(
            "{} in {}: {state}, by {}{until}: {}",
            hold.app,
            hold.environment,
            hold.by,
            in_one_line(&hold.reason)
        );
        wrapped(&harmless(&line), style.width.saturating_sub(4)).join("\n    ") + "\n"
    });
    lines.collect()
}
