//! `rungs hold`

use clap::Subcommand;
use jiff::Timestamp;

use super::destination::Destination;
use super::{Context, Outcome, carry_out, console};
use crate::diagnostic::{Findings, Format};
use crate::holds::{self, Hold as Held};
use crate::promote::{HoldBack, LiftHolds};
use crate::sites::StateReference;

/// Keep states from entering an environment and those above it
///
/// A hold is an entry in the file `.rungs/holds/ENV/APP.yaml`, which `set` adds and `lift` removes.
/// A rollback sets one by itself.
#[derive(Debug, clap::Args)]
pub(super) struct Hold {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what is held back, from where, by whom and why
    List(List),
    /// Hold a state back: what the environment says now, or a reference
    Set(Set),
    /// Let states in again
    Lift(Lift),
}

#[derive(Debug, clap::Args)]
struct List {
    /// Only of these apps
    #[arg(value_name = "APP")]
    apps: Vec<String>,
    /// Only of this environment
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
    /// The branch that is deployed; `forge.base`, the CI's own or the remote's default if not given
    #[arg(long, value_name = "BRANCH")]
    base: Option<String>,
    /// The remote; origin, or the only one, if not given
    #[arg(long, value_name = "REMOTE")]
    remote: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Set {
    /// The app
    app: String,
    /// The environment
    #[arg(long, value_name = "ENV")]
    env: String,
    /// What is held back, as `NAME=:TAG`, `NAME=@DIGEST` or `NAME=REPOSITORY:TAG`; may be given more
    /// than once, and then all have to be the same. What the environment says now if not given
    #[arg(long = "ref", value_name = "NAME=REF")]
    references: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Until when: the last day (`2026-12-31`, in UTC), or a time with its zone; until it is lifted
    /// if not given
    #[arg(long, value_name = "TIME", value_parser = holds::parse_until)]
    until: Option<Timestamp>,
    #[command(flatten)]
    destination: Destination,
}

#[derive(Debug, clap::Args)]
struct Lift {
    /// The app
    app: String,
    /// The environment
    #[arg(long, value_name = "ENV")]
    env: String,
    /// Only what holds this reference back; every hold of the app there if not given
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    destination: Destination,
}

impl Hold {
    pub(super) fn run(self, context: &mut Context) -> Result<Outcome, Findings> {
        match self.command {
            Command::List(list) => list.run(context),
            Command::Set(set) => set.run(context),
            Command::Lift(lift) => {
                let Lift { app, env, reference, reason, destination } = lift;
                let reference = reference.as_deref().map(StateReference::parse);
                let intent = LiftHolds { environment: env, app, reference, reason };
                carry_out::run(context, &destination, &intent)
            }
        }
    }
}

impl Set {
    fn run(self, context: &mut Context) -> Result<Outcome, Findings> {
        let references = self.references.iter().map(|text| {
            let reference = StateReference::parse(text);
            if reference.image().name.is_none() {
                super::usage_error(&format!(
                    "`--ref {}` names no image; write `NAME=:TAG`",
                    crate::diagnostic::harmless(text)
                ));
            }
            reference
        });
        let references = references.collect();
        let by = carry_out::requester(context, &self.destination)?;
        let Self { app, env: environment, reason, until, .. } = self;
        let intent = HoldBack { environment, app, references, reason, by, until };
        carry_out::run(context, &self.destination, &intent)
    }
}

impl List {
    fn run(self, context: &mut Context) -> Result<Outcome, Findings> {
        let Self { apps, env, base, remote } = self;
        let destination = Destination::none(base, remote);
        let (tree, loaded) = carry_out::desk(context, &destination)?.known()?;
        let only = env.as_deref().map(|name| loaded.repository.find_environment(name));
        let only = only.transpose()?.map(|environment| environment.name.clone());
        let mut holds = holds::all(&tree, &loaded.repository)?;
        holds.retain(|hold| only.as_ref().is_none_or(|name| hold.environment == *name));
        holds.retain(|hold| apps.is_empty() || apps.contains(&hold.app));
        if context.console.format() == Format::Text {
            console::print(table(&holds).as_bytes());
            if holds.is_empty() {
                context.console.say("nothing is held back");
            }
        }
        let mut outcome = Outcome::from(loaded.warnings);
        outcome.data.insert("holds".to_owned(), serde_json::json!(holds));
        Ok(outcome)
    }
}

fn table(holds: &[Held]) -> String {
    let lines = holds.iter().map(|hold| {
        let state = hold.state.iter().map(|(key, text)| format!("{key} {text}"));
        let state = state.collect::<Vec<_>>().join(", ");
        let until = hold.until.map(|until| format!(", until {until}")).unwrap_or_default();
        let line = format!(
            "{} in {}: {state}, by {}{until}: {}",
            hold.app, hold.environment, hold.by, hold.reason
        );
        format!("{}\n", crate::diagnostic::harmless(&line))
    });
    lines.collect()
}
