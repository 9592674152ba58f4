//! Carrying a change out and saying what became of it: the same for every
//! command that changes something.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::destination::Destination;
use super::{Context, Outcome, console};
use crate::deliver::{Desk, Done, Executed, Mode, Where, execute, no_destination};
use crate::diagnostic::{Findings, Format, Style};
use crate::git::Variables;
use crate::promote::{Computed, Intent, show};

/// Carries out what is meant where the person said, and shows it.
pub(super) fn run(
    context: &mut Context,
    destination: &Destination,
    intent: &dyn Intent,
) -> Result<Outcome, Findings> {
    let desk = desk(context, destination)?;
    let asked = destination.mode();
    let executed = execute(&desk, asked.unwrap_or(Mode::Show), intent)?;
    let mut outcome = shown(context, &executed, asked);
    if asked.is_none() {
        outcome.findings.push(no_destination());
    }
    Ok(outcome)
}

/// Where the command works.
pub(super) fn desk(context: &Context, destination: &Destination) -> Result<Desk, Findings> {
    let Destination { base, remote, author, .. } = destination;
    let asked = Where { base: base.clone(), remote: remote.clone(), author: author.clone() };
    Desk::open(context.directory(), asked, variables())
}

/// The process's environment, as far as it is text.
pub(super) fn variables() -> Variables {
    let text = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Variables::new(text.collect::<BTreeMap<String, String>>())
}

/// Who asks, for a hold that has to say so.
pub(super) fn requester(context: &Context, destination: &Destination) -> Result<String, Findings> {
    Ok(desk(context, destination)?.requested_by().unwrap_or_else(|| "somebody".to_owned()))
}

fn shown(context: &Context, executed: &Executed, asked: Option<Mode>) -> Outcome {
    let Executed { computed, done } = executed;
    if context.console.format() == Format::Text {
        let text = what(computed, context.console.look());
        match done {
            Done::Shown => console::print(text.as_bytes()),
            _ => context.console.say(text.trim_end()),
        }
    }
    let is_stopped = !computed.obstacles.is_empty();
    match done {
        Done::Shown if asked.is_some_and(|mode| mode != Mode::Show) => {
            context.console.say("nothing was changed");
        }
        Done::Shown => {}
        Done::Nothing => context.console.say("nothing to do"),
        Done::Written(files) => {
            for file in files {
                context.console.detail(&format!("wrote {file}"));
            }
            let count = files.len();
            let noun = if count == 1 { "file" } else { "files" };
            context.console.say(&format!("changed {count} {noun} of the work tree"));
        }
        Done::Committed { commit, branch } => {
            context.console.say(&format!("committed {} to {branch}", commit.short()));
        }
        Done::Pushed { commit, branch } => {
            context.console.say(&format!("pushed {} to the branch {branch}", commit.short()));
        }
        Done::There { branch } => {
            context.console.say(&format!("the branch {branch} has this plan already"));
        }
    }
    let mut findings = computed.obstacles.clone();
    findings.extend(computed.warnings.clone());
    let mut outcome = Outcome { findings, ..Outcome::default() };
    outcome.data.insert("plan".to_owned(), json!(computed.plan));
    outcome.data.insert("identity".to_owned(), json!(computed.identity));
    outcome.data.insert("done".to_owned(), done_json(done, is_stopped));
    outcome
}

/// The plan as people read it. Where no site changes and a file does, which is
/// of holds, the commit's first line says what is done.
fn what(computed: &Computed, style: Style) -> String {
    let changes_sites = computed.plan.apps.iter().any(|app| !app.changes.is_empty());
    match computed.message.lines().next() {
        Some(subject) if !changes_sites && !computed.files.is_empty() => format!("{subject}\n"),
        _ => show::plan::text(&computed.plan, style),
    }
}

fn done_json(done: &Done, is_stopped: bool) -> Value {
    match done {
        Done::Shown if is_stopped => json!({ "what": "stopped" }),
        Done::Shown => json!({ "what": "shown" }),
        Done::Nothing => json!({ "what": "nothing" }),
        Done::Written(files) => json!({ "what": "written", "files": files }),
        Done::Committed { commit, branch } => {
            json!({ "what": "committed", "commit": commit, "branch": branch.name() })
        }
        Done::Pushed { commit, branch } => {
            json!({ "what": "pushed", "commit": commit, "branch": branch.name() })
        }
        Done::There { branch } => json!({ "what": "there", "branch": branch.name() }),
    }
}
