//! Carrying a change out and reporting the result: the same for every command
//! that changes something.

use serde_json::{Value, json};

use super::delivery_args::DeliveryArgs;
use super::worker_args::WorkerArgs;
use super::{Context, Outcome, base, console};
use crate::deliver::{Delivered, Delivery, DeliveryMode, Done, no_destination};
use crate::diagnostic::{Finding, Findings, Format, TextStyle, harmless};
use crate::git::OwnBranch;
use crate::promote::{Intent, PlannedChange, repeats_verdict, show};

/// Carries an intent out as the options say, and shows the result.
pub(super) fn run(
    context: &Context,
    args: &DeliveryArgs,
    rendering: &WorkerArgs,
    intent: &dyn Intent,
) -> Result<Outcome, Findings> {
    let worker = rendering.worker();
    let delivery = Delivery::new(context.workspace(), &worker, context.now);
    run_by(&delivery, context, args, intent)
}

/// The same by a delivery, which may carry out several intents.
pub(super) fn run_by(
    delivery: &Delivery<'_>,
    context: &Context,
    args: &DeliveryArgs,
    intent: &dyn Intent,
) -> Result<Outcome, Findings> {
    let workspace = context.workspace();
    let mode = args.mode();
    let delivered = delivery.execute(mode.unwrap_or(DeliveryMode::Show), intent)?;
    let mut outcome = report(context, &delivered, mode, intent);
    base::report(context, workspace, delivered.base.as_ref(), &mut outcome);
    base::say_no_clone(workspace, &mut outcome);
    let shows_base = mode.is_none_or(|mode| mode == DeliveryMode::Show);
    if let Some(base) = delivered.base.as_ref().filter(|_| shows_base) {
        let help = "`--dry-run --write` plans the change for the files here";
        outcome.findings.extend(delivery.not_looked_at(base, help));
    }
    if mode.is_none() {
        outcome.findings.push(no_destination());
    }
    Ok(outcome)
}

/// The person who asks, for a hold, which has to name one.
pub(super) fn requester(context: &Context) -> String {
    context.workspace().requested_by().unwrap_or_else(|| "somebody".to_owned())
}

fn report(
    context: &Context,
    delivered: &Delivered,
    mode: Option<DeliveryMode>,
    intent: &dyn Intent,
) -> Outcome {
    let Delivered { planned, done, .. } = delivered;
    let (verdicts, mut findings): (Findings, Findings) =
        planned.obstacles.iter().cloned().partition(repeats_verdict);
    let mut warnings = planned.warnings.clone();
    let mut answer = None;
    if context.console.format() == Format::Text {
        let text = plan_text(planned, context.console.stdout_style(), intent);
        match done {
            Done::Shown | Done::Stopped => console::print_text(&text),
            _ => context.console.say(text.trim_end()),
        }
        answer = verdicts.kind();
        for Finding { code, message, .. } in &verdicts {
            // The plan has the reason.
            console::print_to_stderr(&format!("[{}] {}\n", code.name, harmless(message)));
        }
        warnings = warnings.into_iter().filter(|one| !repeats_verdict(one)).collect();
    } else {
        findings.extend(verdicts);
    }
    match done {
        Done::Stopped if mode.is_some_and(|mode| !mode.only_shows()) => {
            context.console.say("nothing was changed");
        }
        Done::Shown | Done::Stopped => {}
        Done::Nothing => context.console.say("nothing to do"),
        Done::Written(files) => {
            for file in files {
                context.console.detail(&format!("wrote {file}"));
            }
            let count = files.len();
            let noun = if count == 1 { "file" } else { "files" };
            context.console.say(&format!("changed {count} {noun} of the work tree"));
            if let Some(message) = planned.message_to_keep() {
                context.console.say(&format!("{TO_KEEP}\n\n{}", set_in(message)));
            }
        }
        Done::Committed { commit, branch } => {
            context.console.say(&format!("committed {} to {branch}", commit.short()));
        }
        Done::Pushed { commit, branch } => {
            context.console.say(&format!("pushed {} to the branch {branch}", commit.short()));
        }
        Done::UpToDate { branch } => {
            context.console.say(&format!("the branch {branch} has this plan already"));
        }
    }
    if *done == Done::Shown && mode == Some(DeliveryMode::Show) {
        for line in left_by_commit(planned) {
            context.console.say(&line);
        }
    }
    findings.extend(warnings);
    let mut outcome = Outcome { findings, answer, ..Outcome::default() };
    outcome.data.insert("plan".to_owned(), json!(planned.plan));
    outcome.data.insert("identity".to_owned(), json!(planned.identity));
    outcome.data.insert("done".to_owned(), done_json(done, &planned.message));
    outcome
}

/// The apps that `--commit` would leave as they are, although the plan is shown: gates that bind
/// when a change is merged do not let them through yet.
fn left_by_commit(planned: &PlannedChange) -> Vec<String> {
    let changing = planned.plan.apps.iter().filter(|app| !app.changes.is_empty());
    let held_up = changing.filter_map(|app| {
        let gates = app.gates.iter().filter(|verdict| !verdict.lets_through());
        let gates: Vec<_> = gates.map(|verdict| format!("`{}`", verdict.gate.name())).collect();
        let app = harmless(&app.app);
        (!gates.is_empty()).then(|| {
            format!(
                "with `--commit`, {app} would not change yet, because of {}; `--dry-run --commit` \
                 has its exit code",
                gates.join(" and ")
            )
        })
    });
    let mut lines: Vec<_> = held_up.collect();
    if lines.len() > MOST_LEFT {
        let more = lines.split_off(MOST_LEFT - 1).len();
        lines.push(format!("and so for {more} more apps"));
    }
    lines
}

/// The most apps that `--commit` would leave as they are and that are named.
const MOST_LEFT: usize = 5;

/// What comes before the message of a commit that somebody else makes.
const TO_KEEP: &str =
    "commit it with this message: `rungs gates --base` and `rungs audit` read its lines";

/// The lines set in, as they may be pasted: spaces before them do not count.
fn set_in(message: &str) -> String {
    let lines = message.trim_end().lines().map(|line| {
        if line.is_empty() { String::new() } else { format!("    {}", harmless(line)) }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The plan as people read it. If no site changes but a file does, and of holds, it is
/// the first line of the commit's message.
fn plan_text(planned: &PlannedChange, style: TextStyle, intent: &dyn Intent) -> String {
    let changes_sites = planned.plan.apps.iter().any(|app| !app.changes.is_empty());
    let is_of_holds = intent.own_branch() == OwnBranch::Hold;
    let is_subject = is_of_holds || !changes_sites && !planned.files.is_empty();
    match planned.message.lines().next() {
        Some(subject) if is_subject => format!("{}\n", harmless(subject)),
        _ if intent.takes_all() => show::plan::text_without_idle_apps(&planned.plan, style),
        _ => show::plan::text(&planned.plan, style),
    }
}

fn done_json(done: &Done, message: &str) -> Value {
    match done {
        Done::Shown => json!({ "what": "shown" }),
        Done::Stopped => json!({ "what": "stopped" }),
        Done::Nothing => json!({ "what": "nothing" }),
        Done::Written(files) => {
            json!({ "what": "written", "files": files, "message": message })
        }
        Done::Committed { commit, branch } => {
            json!({ "what": "committed", "commit": commit, "branch": branch.name() })
        }
        Done::Pushed { commit, branch } => {
            json!({ "what": "pushed", "commit": commit, "branch": branch.name() })
        }
        Done::UpToDate { branch } => json!({ "what": "there", "branch": branch.name() }),
    }
}
