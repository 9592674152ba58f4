//! Where a change goes, and who makes it: the same options for every command
//! that changes something.

use clap::ArgGroup;

use super::base::BaseArgs;
use super::usage_error;
use crate::deliver::DeliveryMode;
use crate::diagnostic::{harmless, nearest};
use crate::git::WorkspaceOptions;
use crate::promote::{Gate, Override, Permissions};
use crate::sites::StateReference;

/// Where a change goes.
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools)] // clap accepts at most one of the modes, and `--dry-run`.
#[command(next_help_heading = "Where it goes")]
#[command(group = ArgGroup::new("mode").multiple(false))]
pub(super) struct DeliveryArgs {
    /// Show the plan and change nothing; with `--commit` and `--write`, what they would do, with
    /// their exit codes. Without any of these four options, the plan is shown too, but the exit code
    /// is 2, so that no script takes a plan for a change
    #[arg(long)]
    dry_run: bool,
    /// Change the files of the work tree, and commit nothing; refused if one of them has
    /// uncommitted changes
    #[arg(long, group = "mode")]
    write: bool,
    /// Commit onto the base branch and push it. Your work tree and `HEAD` do not matter, and are
    /// left alone
    #[arg(long, group = "mode")]
    commit: bool,
    /// Push a branch for people to merge: `rungs/ENV/APP`; for a rollback `rungs-rollback/ENV/APP`,
    /// for a hold `rungs-hold/ENV/APP`. A `/` in the environment's name becomes a `.`
    #[arg(long, group = "mode")]
    branch: bool,
    #[command(flatten)]
    base: BaseArgs,
    /// The commit's author; if not given, the one in git's configuration or the CI's variables
    #[arg(long, value_name = "NAME <MAIL>")]
    author: Option<String>,
}

impl DeliveryArgs {
    /// What the person says about the base branch and the author.
    pub(super) fn options(&self) -> WorkspaceOptions {
        WorkspaceOptions { author: self.author.clone(), ..self.base.options() }
    }

    /// The mode; none if none was given. Then the plan is shown, and the run ends
    /// with the exit code of wrong usage.
    pub(super) fn mode(&self) -> Option<DeliveryMode> {
        match self {
            Self { dry_run: true, write: true, .. } => Some(DeliveryMode::ShowWrite),
            Self { dry_run: true, commit: true, .. } => Some(DeliveryMode::ShowCommit),
            // A branch may be pushed while gates wait, as a plan may be shown.
            Self { dry_run: true, .. } => Some(DeliveryMode::Show),
            Self { write: true, .. } => Some(DeliveryMode::Write),
            Self { commit: true, .. } => Some(DeliveryMode::Commit),
            Self { branch: true, .. } => Some(DeliveryMode::Branch),
            _ => None,
        }
    }
}

/// What a person allows.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is allowed")]
pub(super) struct PermissionArgs {
    /// Override a gate, which is recorded with the reason. `render` and `approvals` cannot be
    /// overridden
    #[arg(long = "override", value_name = "GATE", value_parser = gate, requires = "why")]
    overridden: Vec<Gate>,
    /// Why gates are overridden; given once for all of them, or once for each
    #[arg(id = "why", long = "reason", value_name = "TEXT")]
    reasons: Vec<String>,
    /// A reference that goes although no environment below has had it (`web=:v1.2.1`), as that of
    /// an urgent fix; may be given several times
    #[arg(long, value_name = "REF")]
    replaces: Vec<String>,
    /// The ticket for the change, which the gate `ticket` checks
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
    /// Allow a digest to be removed if there is no new one; without this option, that stops the run
    #[arg(long)]
    drop_digest: bool,
}

/// A gate that may be overridden.
fn gate(name: &str) -> Result<Gate, String> {
    match Gate::of_name(name) {
        Some(gate) if gate.may_be_overridden() => Ok(gate),
        Some(_) => Err("it cannot be overridden".to_owned()),
        None => {
            let gates = Gate::ALL.iter().filter(|gate| gate.may_be_overridden());
            let names: Vec<_> = gates.map(|gate| gate.name()).collect();
            Err(match nearest(name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the gates are {}", names.join(", ")),
            })
        }
    }
}

impl PermissionArgs {
    /// The permissions that the options stand for.
    pub(super) fn permissions(&self) -> Permissions {
        Permissions {
            drop_digest: self.drop_digest,
            ticket: self.ticket.clone(),
            overrides: self.overrides(),
            replaces: self.replaces.iter().map(|one| StateReference::parse(one)).collect(),
            ..Permissions::default()
        }
    }

    /// The reason, also if one is given without a gate to override.
    pub(super) fn reason(&self) -> Option<&str> {
        self.reasons.first().map(String::as_str)
    }

    fn overrides(&self) -> Vec<Override> {
        let (gates, reasons) = (&self.overridden, &self.reasons);
        if !gates.is_empty() && reasons.len() != 1 && reasons.len() != gates.len() {
            usage_error("give `--reason` once for all gates, or once for each `--override`");
        }
        if let Some(empty) = reasons.iter().find(|reason| reason.trim().is_empty()) {
            usage_error(&format!("`--reason {}` says nothing", harmless(empty)));
        }
        let reason = |at: usize| reasons.get(at).or(reasons.first()).cloned().unwrap_or_default();
        let overrides = gates.iter().enumerate();
        overrides.map(|(at, &gate)| Override { gate, reason: reason(at) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::git::OwnBranch;

    #[derive(clap::Parser)]
    struct Args {
        #[command(flatten)]
        _delivery: DeliveryArgs,
    }

    #[test]
    fn the_help_names_the_branches_for_each_purpose() {
        let command = Args::command();
        let option = command.get_arguments().find(|option| option.get_id() == "branch").unwrap();
        let help = option.get_help().unwrap().to_string();
        for own in OwnBranch::ALL {
            assert!(help.contains(&format!("`{}/ENV/APP`", own.prefix())), "{help}");
        }
    }
}
