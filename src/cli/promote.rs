//! `rungs promote`

use serde_json::Value;

use super::delivery_args::{DeliveryArgs, PermissionArgs};
use super::part_args::PartArgs;
use super::worker_args::WorkerArgs;
use super::{Context, Outcome, carry_out};
use crate::diagnostic::Findings;
use crate::git::WorkspaceOptions;
use crate::promote::{AppSelection, Permissions, Promotion, Request};
use crate::sites::StateReference;

/// Give an environment the state of the one before it
///
/// Copies tags, digests, linked git references and the values that are declared promotable, if the
/// environment's gates allow it. The target keeps its own image repositories. If there is nothing
/// to do, the exit code is 0.
#[derive(Debug, clap::Args)]
#[command(override_usage = "\
rungs promote [OPTIONS] --to <ENV> <APP>...
       rungs promote [OPTIONS] --to <ENV> --train <TRAIN>
       rungs promote [OPTIONS] --to <ENV> --all")]
pub(super) struct PromoteArgs {
    /// The apps to promote
    #[arg(value_name = "APP", required_unless_present_any = ["train", "all"])]
    apps: Vec<String>,
    /// Promote the apps of a train: all of them or none
    #[arg(long, value_name = "TRAIN", conflicts_with_all = ["apps", "all", "only", "except"])]
    train: Option<String>,
    /// Promote every app that may enter; those that a gate or a finding stops are named and left
    /// out
    #[arg(long, conflicts_with_all = ["apps", "only", "except"])]
    all: bool,
    /// The environment to promote to
    #[arg(long, value_name = "ENV")]
    to: String,
    /// Clusters of that environment, each promoted by a change of its own, in this order
    #[arg(long, value_name = "CLUSTER", value_delimiter = ',')]
    cluster: Vec<String>,
    /// The environment to promote from; if not given, those directly before
    #[arg(long, value_name = "ENV")]
    from: Option<String>,
    /// A state that the source has held, by one of its references (`:v4`, `web=:v4`, `@sha256:…`)
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,
    #[command(flatten)]
    part: PartArgs,
    /// Create apps that are not in the environment yet
    #[arg(long, conflicts_with_all = PART)]
    create: bool,
    #[command(flatten)]
    allowed: PermissionArgs,
    #[command(flatten)]
    delivery: DeliveryArgs,
    #[command(flatten)]
    rendering: WorkerArgs,
}

/// The options that name keys, which several apps do not share.
const PART: [&str; 2] = ["only", "except"];

impl PromoteArgs {
    /// What the person says about the base branch and the author.
    pub(super) fn options(&self) -> WorkspaceOptions {
        self.delivery.options()
    }

    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        let permissions = Permissions { create: self.create, ..self.allowed.permissions() };
        let apps = match self.train {
            Some(train) => AppSelection::Train(train),
            None if self.all => AppSelection::All,
            None => AppSelection::Named(self.apps),
        };
        let request = Request {
            environment: self.to,
            from: self.from,
            reference: self.reference.as_deref().map(StateReference::parse),
            part: self.part.part(),
            permissions,
        };
        let intent = Promotion { request, apps };
        let carry_out =
            |intent: &Promotion| carry_out::run(context, &self.delivery, &self.rendering, intent);
        if self.cluster.is_empty() {
            return carry_out(&intent);
        }
        let mut all = Outcome::default();
        let mut deliveries = Vec::new();
        for cluster in &self.cluster {
            let environment = format!("{}/{cluster}", intent.request.environment);
            let request = Request { environment, ..intent.request.clone() };
            let outcome = carry_out(&Promotion { request, apps: intent.apps.clone() });
            let Outcome { findings, answer, mut data, .. } = outcome.unwrap_or_else(Outcome::from);
            let workspace = data.remove("workspace");
            all.data.extend(workspace.map(|workspace| ("workspace".to_owned(), workspace)));
            deliveries.push(Value::Object(data));
            all.findings.extend(findings);
            all.answer = all.answer.max(answer);
        }
        all.findings = all.findings.settled();
        all.data.insert("clusters".to_owned(), Value::Array(deliveries));
        Ok(all)
    }
}
