//! `rungs promote`

use serde_json::{Map, Value};

use super::delivery_args::{DeliveryArgs, PermissionArgs};
use super::part_args::PartArgs;
use super::worker_args::WorkerArgs;
use super::{Context, Outcome, carry_out};
use crate::config::{EnvironmentName, UNKNOWN_ENVIRONMENT};
use crate::deliver::Delivery;
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
    /// Clusters of that environment, each promoted by a change of its own, in this order; if not
    /// given and it has several, those of the first wave in which something is to be done
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
        // One for all clusters, so that what they have in common is read once.
        let worker = self.rendering.worker();
        let delivery = Delivery::new(context.workspace(), &worker, context.now);
        let carry_out =
            |intent: &Promotion| carry_out::run_by(&delivery, context, &self.delivery, intent);
        let (group, named) = (&intent.request.environment, &self.cluster);
        if !named.is_empty() {
            // A name that is wrong is said before anything is changed.
            let clusters = delivery.repository()?.find_clusters(group, named)?;
            return Ok(in_clusters(&intent, &[clusters], &carry_out));
        }
        let outcome = carry_out(&intent);
        let is_unknown = |findings: &Findings| {
            findings.iter().any(|finding| finding.code == &UNKNOWN_ENVIRONMENT)
        };
        if !outcome.as_ref().is_err_and(is_unknown) {
            return outcome;
        }
        let repository = delivery.repository()?;
        let waves = repository.waves(group);
        if waves.is_empty() { outcome } else { Ok(in_clusters(&intent, waves, &carry_out)) }
    }
}

/// Promotes to clusters, each by a change of its own. Of waves, to the first in which
/// something is to be done.
fn in_clusters(
    intent: &Promotion,
    waves: &[Vec<EnvironmentName>],
    carry_out: &dyn Fn(&Promotion) -> Result<Outcome, Findings>,
) -> Outcome {
    let mut all = Outcome::default();
    let mut deliveries = Vec::new();
    for wave in waves {
        let mut is_idle = true;
        for cluster in wave {
            let request = Request { environment: cluster.to_string(), ..intent.request.clone() };
            let outcome = carry_out(&Promotion { request, apps: intent.apps.clone() });
            let Outcome { findings, answer, mut data, .. } = outcome.unwrap_or_else(Outcome::from);
            is_idle &= !findings.has_errors() && answer.is_none() && does_nothing(&data);
            let workspace = data.remove("workspace");
            all.data.extend(workspace.map(|workspace| ("workspace".to_owned(), workspace)));
            deliveries.push(Value::Object(data));
            all.findings.extend(findings);
            all.answer = all.answer.max(answer);
        }
        if !is_idle {
            break;
        }
    }
    all.findings = all.findings.settled();
    all.data.insert("clusters".to_owned(), Value::Array(deliveries));
    all
}

/// Whether no app of a delivered plan changes.
fn does_nothing(data: &Map<String, Value>) -> bool {
    let apps = data.get("plan").and_then(|plan| plan["apps"].as_array());
    let is_idle = |app: &Value| app["changes"].as_array().is_none_or(Vec::is_empty);
    apps.is_none_or(|apps| apps.iter().all(is_idle))
}
