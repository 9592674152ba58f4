//! Where a change goes, and who makes it: the same options for every command
//! that changes something.

use clap::ArgGroup;

use super::usage_error;
use crate::deliver::DeliveryMode;
use crate::diagnostic::harmless;
use crate::git::BaseOptions;
use crate::promote::{Gate, Override, Permissions};

/// Where a change goes.
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools)] // clap lets at most one of the modes through.
#[command(next_help_heading = "Where it goes")]
#[command(group = ArgGroup::new("mode").multiple(false))]
pub(super) struct DeliveryArgs {
    /// Show the plan and change nothing. So does a run without any of these four, which ends with 2,
    /// so that no script takes a plan for a deed
    #[arg(long, group = "mode")]
    dry_run: bool,
    /// Change the files of the work tree, and commit nothing; refused where one of them has changes
    /// that are not committed
    #[arg(long, group = "mode")]
    write: bool,
    /// Commit onto the base branch and push that; what is checked out here does not matter, and stays
    #[arg(long, group = "mode")]
    commit: bool,
    /// Push a branch of its own for people to merge: `rungs/ENV/APP`, and of a rollback
    /// `rungs-rollback/ENV/APP`, with `.` for the `/` of an environment's name
    #[arg(long, group = "mode")]
    branch: bool,
    /// The branch that is deployed; `forge.base`, the CI's own or the remote's default if not given
    #[arg(long, value_name = "BRANCH")]
    base: Option<String>,
    /// The remote; origin, or the only one, if not given
    #[arg(long, value_name = "REMOTE")]
    remote: Option<String>,
    /// Who the commit is by; from git's configuration or the CI's variables if not given
    #[arg(long, value_name = "NAME <MAIL>")]
    author: Option<String>,
}

impl DeliveryArgs {
    /// What the person says of the base branch and of the author.
    pub(super) fn options(&self) -> BaseOptions {
        let Self { base, remote, author, .. } = self;
        BaseOptions { base: base.clone(), remote: remote.clone(), author: author.clone() }
    }

    /// None where nobody said: then the plan is shown, and the run ends with
    /// the code of what was not understood.
    pub(super) fn mode(&self) -> Option<DeliveryMode> {
        match self {
            Self { dry_run: true, .. } => Some(DeliveryMode::Show),
            Self { write: true, .. } => Some(DeliveryMode::Write),
            Self { commit: true, .. } => Some(DeliveryMode::Commit),
            Self { branch: true, .. } => Some(DeliveryMode::Branch),
            _ => None,
        }
    }
}

/// How far one may go.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is allowed")]
pub(super) struct PermissionArgs {
    /// Let a gate not count; it is recorded with its reason. `render` and `approvals` always count
    #[arg(long = "override", value_name = "GATE", value_parser = gate, requires = "why")]
    overridden: Vec<Gate>,
    /// Why gates are overridden: once for all of them, or once for each
    #[arg(id = "why", long = "reason", value_name = "TEXT")]
    reasons: Vec<String>,
    /// The ticket that asks for it, which the gate `ticket` looks at
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
    /// Let a digest go where no new one comes along; otherwise that stops the run
    #[arg(long)]
    drop_digest: bool,
}

fn gate(name: &str) -> Result<Gate, String> {
    Gate::of_name(name).ok_or_else(|| {
        let names: Vec<_> = Gate::ALL.iter().map(|gate| gate.name()).collect();
        match crate::diagnostic::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the gates are {}", names.join(", ")),
        }
    })
}

impl PermissionArgs {
    /// What the person allows.
    pub(super) fn permissions(&self) -> Permissions {
        Permissions {
            drop_digest: self.drop_digest,
            ticket: self.ticket.clone(),
            overrides: self.overrides(),
            ..Permissions::default()
        }
    }

    /// The reason, where one is given without a gate to override.
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
