//! The settings of the apps that something may be promoted of.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{self, Loaded};
use crate::diagnostic::{Finding, Findings};
use crate::promote::LoadedBase;

/// A configuration with the settings of some apps.
pub(super) struct AppSettings {
    pub(super) loaded: Loaded,
    /// The apps whose settings cannot be read.
    pub(super) broken: BTreeMap<String, Findings>,
}

impl AppSettings {
    /// Reads those of these apps. One that cannot be read does not keep the others from
    /// being shown.
    ///
    /// # Errors
    ///
    /// What is wrong is not in the files of one app.
    pub(super) fn of(base: &LoadedBase, mut apps: BTreeSet<String>) -> Result<Self, Findings> {
        let mut broken: BTreeMap<String, Findings> = BTreeMap::new();
        while !apps.is_empty() {
            let findings = match config::load_apps(&base.tree, &apps) {
                Ok(loaded) => return Ok(Self { loaded, broken }),
                Err(findings) => findings,
            };
            let of_app = |finding: &Finding| {
                let app = finding.location().path().stem();
                (finding.is_error() && apps.contains(app)).then(|| app.to_owned())
            };
            let found: Vec<_> =
                findings.iter().filter_map(|one| Some((of_app(one)?, one.clone()))).collect();
            if found.is_empty() {
                return Err(findings);
            }
            for (app, finding) in found {
                apps.remove(&app);
                broken.entry(app).or_default().push(finding);
            }
        }
        Ok(Self { loaded: base.loaded.clone(), broken })
    }

    /// What is wrong with them, or may be.
    pub(super) fn findings(&self) -> Findings {
        self.loaded.warnings.iter().chain(self.broken.values().flatten()).cloned().collect()
    }
}
