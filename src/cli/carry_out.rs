//! Carrying a change out and saying what became of it: the same for every
//! command that changes something.

use serde_json::{Value, json};

use super::delivery_args::DeliveryArgs;
use super::{Context, Outcome, console, known_base};
use crate::deliver::{Delivered, Delivery, DeliveryMode, Done, no_destination};
use crate::diagnostic::{Findings, Format, TextStyle};
use crate::promote::{Intent, PlannedChange, show};

/// Carries out what is meant where the person said, and shows it.
pub(super) fn run(
    context: &Context,
    args: &DeliveryArgs,
    intent: &dyn Intent,
) -> Result<Outcome, Findings> {
    let workspace = context.workspace(&args.options());
    let asked = args.mode();
    let delivery = Delivery::new(workspace, context.now);
    let delivered = delivery.execute(asked.unwrap_or(DeliveryMode::Show), intent)?;
    let mut outcome = shown(context, &delivered, asked);
    known_base::report(context, workspace, delivered.base.as_ref(), &mut outcome);
    if asked.is_none() {
        outcome.findings.push(no_destination());
    }
    Ok(outcome)
}

/// Who asks, for a hold that has to say so.
pub(super) fn requester(context: &Context, args: &DeliveryArgs) -> String {
    let workspace = context.workspace(&args.options());
    workspace.requested_by().unwrap_or_else(|| "somebody".to_owned())
}

fn shown(context: &Context, delivered: &Delivered, asked: Option<DeliveryMode>) -> Outcome {
    let Delivered { computed, done, .. } = delivered;
    if context.console.format() == Format::Text {
        let text = what(computed, context.console.look());
        match done {
            Done::Shown => console::print(text.as_bytes()),
            _ => context.console.say(text.trim_end()),
        }
    }
    let is_stopped = !computed.obstacles.is_empty();
    match done {
        Done::Shown if asked.is_some_and(|mode| mode != DeliveryMode::Show) => {
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
fn what(computed: &PlannedChange, style: TextStyle) -> String {
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
