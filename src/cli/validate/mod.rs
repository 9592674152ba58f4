//! `rungs validate`

mod in_files;
mod outcome;

use std::mem;

use super::render::render;
use super::worker_args::WorkerArgs;
use super::{Context, Outcome};
use crate::config::{self, RenderSettings};
use crate::diagnostic::Findings;
use crate::source::FileChanges;
use crate::worker::{RenderRequest, Wanted};
use in_files::ManifestArgs;
use outcome::outcome;

/// Find what an API server would refuse
///
/// Judges what environments deploy, or any manifests, by the schemas of the cluster's version of
/// Kubernetes, by those of custom kinds, and by the server's own rules. It needs no cluster and no
/// network. A finding points at the line of the template and of the value that caused it.
#[derive(Debug, clap::Args)]
pub(super) struct ValidateArgs {
    /// The environments; if not given, all of them
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    /// Only this app
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    #[command(flatten)]
    files: ManifestArgs,
    #[command(flatten)]
    rendering: WorkerArgs,
}

impl ValidateArgs {
    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        if self.files.has_paths() {
            return Ok(self.files.run(context));
        }
        let tree = context.files()?;
        let RenderSettings { worker: settings, .. } = config::render_settings(&tree);
        let request = RenderRequest {
            tree: &tree,
            changes: &FileChanges::new(),
            wanted: Wanted::Named { environments: self.environments, app: self.app },
            unused_values: true,
            validates: true,
            settings,
        };
        let mut worker = self.rendering.worker();
        let mut rendered = render(context, &worker, &request)?;
        worker.dismiss();
        let findings = mem::take(&mut rendered.findings);
        Ok(outcome(context, findings, rendered.files.len()))
    }
}
