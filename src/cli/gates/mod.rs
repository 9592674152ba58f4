//! `rungs gates`

mod replay;
mod replay_markdown;
mod replay_text;

use clap::Arg;
use serde_json::json;

use super::base::{self, BaseArgs};
use super::delivery_args::PermissionArgs;
use super::format::DataFormat;
use super::markdown::escaped;
use super::part_args::PartArgs;
use super::time_span::TimeSpan;
use super::worker_args::WorkerArgs;
use super::{Context, Outcome, console, usage_error};
use crate::deliver::{Delivery, DeliveryMode, JudgedChange};
use crate::diagnostic::{Finding, Findings, Format, harmless};
use crate::git::{Workspace, WorkspaceOptions};
use crate::promote::{
    AppSelection, Permissions, Plan, Promotion, Request, Verdict, findings_of_gates,
    repeats_verdict, show, worst,
};
use crate::sites::StateReference;

/// Show why a promotion is or is not allowed, or judge any change
///
/// With an app and `--to`, shows what each gate says about promoting it now. With `--base`, judges
/// a change, whoever made it and with whatever tool, so that branch protection can require this.
/// The change itself names its ticket, in its record. Gates that its record overrides wait
/// for the approvals of `gates.override`, or are judged all the same: `--override` counts by itself, and is
/// for whoever runs the pipeline.
///
/// With `--replay`, judges every change of the branch's past by the gates as they are configured
/// in the files here, committed or not: what they would have cost, and what slipped through. What
/// history does not tell (`checks`, `approvals`, `field`) is counted as not known, nothing is
/// rendered, and a gate that a change's record overrides counts as overridden.
///
/// Nothing is changed. The exit code is 3 if a gate fails and 5 if one waits; with `--replay` it
/// is 0, whatever the gates would have said.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "\
rungs gates [OPTIONS] --to <ENV> <APP>...
       rungs gates [OPTIONS] --base <REV>
       rungs gates [OPTIONS] --replay <SPAN> [--to <ENV>]",
    mut_args(adapted)
)]
pub(super) struct GatesArgs {
    /// The apps to promote
    #[arg(
        value_name = "APP",
        required_unless_present_any = ["base", "replay"],
        conflicts_with = "base"
    )]
    apps: Vec<String>,
    /// The environment to promote to; with `--replay`, the only one whose changes are judged
    #[arg(
        long,
        value_name = "ENV",
        required_unless_present_any = ["base", "replay"],
        conflicts_with = "base"
    )]
    to: Option<String>,
    /// The environment to promote from; if not given, those directly before
    #[arg(long, value_name = "ENV", conflicts_with = "base")]
    from: Option<String>,
    /// A state that the source has held, by one of its references (`:v4`, `web=:v4`, `@sha256:…`)
    #[arg(long = "ref", value_name = "REF", conflicts_with = "base")]
    reference: Option<String>,
    #[command(flatten)]
    part: PartArgs,
    #[command(flatten)]
    base: BaseArgs,
    /// The change: `HEAD`, a local branch or a commit
    #[arg(long, value_name = "REV", requires = "base", default_value = "HEAD")]
    head: String,
    /// Judge every change of that long before now (`30d`, `12mo`, `2y`), by the gates as the files
    /// here configure them
    #[arg(
        long,
        value_name = "SPAN",
        value_parser = TimeSpan::named,
        conflicts_with_all = [
            "apps", "base", "from", "reference", "head", "overridden", "why", "ticket",
            "drop_digest", "replaces", "only", "except", "sandbox", "limit_time", "limit_memory", "limit_output",
        ]
    )]
    replay: Option<TimeSpan>,
    #[command(flatten)]
    allowed: PermissionArgs,
    #[command(flatten)]
    rendering: WorkerArgs,
}

/// Changes the options of other commands for this one, which `--base` makes judge a
/// change.
fn adapted(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "base" => arg.value_name("REV").help(
            "Judge what `--head` changes since it left this branch of the remote, or this commit. \
             The gates are those that are configured there",
        ),
        // No digest is removed here.
        "drop_digest" | "replaces" | "only" | "except" => arg.conflicts_with("base"),
        _ => arg,
    }
}

impl GatesArgs {
    /// What the person says about the base branch.
    pub(super) fn options(&self) -> WorkspaceOptions {
        self.base.options()
    }

    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        if let Some(span) = self.replay {
            return replay::run(context, span, self.to.as_deref());
        }
        let workspace = context.workspace();
        let worker = self.rendering.worker();
        let delivery = Delivery::new(workspace, &worker, context.now);
        if self.base.is_named() {
            let Permissions { overrides, ticket, .. } = self.allowed.permissions();
            let judgement = delivery.judge(&self.head, &overrides, ticket.as_deref())?;
            return Ok(judged_outcome(context, workspace, judgement));
        }
        let Some(environment) = self.to else {
            usage_error("name the environment with `--to ENV`")
        };
        let request = Request {
            environment,
            from: self.from,
            reference: self.reference.as_deref().map(StateReference::parse),
            part: self.part.part(),
            permissions: self.allowed.permissions(),
        };
        let promotion = Promotion { request, apps: AppSelection::Named(self.apps) };
        let delivered = delivery.execute(DeliveryMode::Show, &promotion)?;
        let planned = delivered.planned;
        let problems: Findings =
            planned.obstacles.into_iter().filter(|finding| !repeats_verdict(finding)).collect();
        let mut outcome = outcome_of(context, &[planned.plan]);
        outcome.findings.extend(problems);
        outcome.findings.extend(planned.warnings);
        base::report(context, workspace, delivered.base.as_ref(), &mut outcome);
        base::say_no_clone(workspace, &mut outcome);
        Ok(outcome)
    }
}

fn judged_outcome(context: &Context, workspace: &Workspace, judgement: JudgedChange) -> Outcome {
    let JudgedChange { base, head, plans, findings } = judgement;
    let mut outcome = outcome_of(context, &plans);
    base::report(context, workspace, Some(&base), &mut outcome);
    outcome.data["workspace"]["head"] = json!(head);
    outcome.data.insert("base".to_owned(), json!(base.commit));
    outcome.data.insert("head".to_owned(), json!(head.commit));
    if plans.is_empty() && !findings.has_errors() {
        context.console.say("the change enters no environment");
    }
    if context.console.data_format() == Some(DataFormat::Markdown) {
        console::print(markdown_of_findings(&findings).as_bytes());
    }
    outcome.findings.extend(findings);
    outcome
}

fn outcome_of(context: &Context, plans: &[Plan]) -> Outcome {
    let verdicts: Vec<Verdict> = plans
        .iter()
        .flat_map(|plan| plan.apps.iter().flat_map(|app| app.gates.iter().cloned()))
        .collect();
    if context.console.data_format() == Some(DataFormat::Markdown) {
        console::print_text(&plans.iter().map(markdown).collect::<String>());
    } else if context.console.format() == Format::Text {
        let style = context.console.stdout_style();
        let text: String = plans.iter().map(|plan| show::plan::text(plan, style)).collect();
        console::print_text(&text);
    }
    let mut outcome = Outcome { answer: worst(&verdicts), ..Outcome::default() };
    outcome.data.insert("plans".to_owned(), json!(plans));
    if context.console.format() != Format::Text {
        // Most of these formats have nothing but findings, and JSON has them for all commands.
        outcome.findings.extend(findings_of_gates(plans));
    }
    outcome
}

/// What is found besides, for a comment: notes say what no gate judges.
fn markdown_of_findings(findings: &Findings) -> String {
    let lines = findings.iter().map(|finding| {
        let Finding { severity, message, .. } = finding;
        let because = finding.labels.first().map(|label| format!(": {}", escaped(&label.message)));
        let place = escaped(&finding.location().to_string());
        format!("- **{severity}** {}{} ({place})\n", escaped(message), because.unwrap_or_default())
    });
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("### Besides\n\n{lines}\n") }
}

fn markdown(plan: &Plan) -> String {
    let apps = plan.apps.iter().map(|app| {
        let table = show::verdicts::markdown(&app.gates);
        let name = harmless(&app.app);
        let environment = match &plan.commit {
            Some(commit) => format!("{} by {} alone", plan.environment, commit.short()),
            None => plan.environment.to_string(),
        };
        let table = if table.is_empty() { "Nothing to do.\n".to_owned() } else { table };
        format!("### {name} in {environment}\n\n{table}\n")
    });
    apps.collect()
}
