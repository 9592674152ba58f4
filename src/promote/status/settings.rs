//! The settings of the apps that something may be promoted of.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{self, Loaded};
use crate::diagnostic::{Finding, Findings};
use crate::promote::LoadedBase;

/// A configuration with the settings of some apps.
pub(super) struct AppSettings {
    pub(super) loaded: Loaded,
    /// What is wrong with the settings of the others, or may be wrong with any, and with
    /// the base's own. What both are read with may be there twice.
    pub(super) findings: Findings,
    /// The apps whose settings cannot be read, each with a reason.
    broken: BTreeMap<String, Finding>,
}

impl AppSettings {
    /// Reads those of these apps. Those that cannot be read do not keep the others from
    /// being shown.
    pub(super) fn of(base: &LoadedBase, mut apps: BTreeSet<String>) -> Self {
        let mut findings = base.loaded.warnings.clone();
        let mut broken = BTreeMap::new();
        while !apps.is_empty() {
            match config::load_apps(&base.tree, &apps) {
                Ok(loaded) => {
                    findings.extend(loaded.warnings.clone());
                    return Self { loaded, findings, broken };
                }
                Err(found) => {
                    let reasons = reasons(&found, &apps);
                    apps.retain(|app| !reasons.contains_key(app));
                    broken.extend(reasons);
                    findings.extend(found);
                }
            }
        }
        Self { loaded: base.loaded.clone(), findings, broken }
    }

    /// Why an app cannot be promoted, if its settings cannot be read.
    pub(super) fn broken(&self, app: &str) -> Option<&Finding> {
        self.broken.get(app)
    }
}

/// The apps that errors are about, each with one of them: those in whose own files they
/// are; all if an error is anywhere else, as in a template.
fn reasons(findings: &Findings, apps: &BTreeSet<String>) -> BTreeMap<String, Finding> {
    let mut reasons = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.is_error()) {
        let about: Vec<&String> = match apps.get(finding.location().path().stem()) {
            Some(app) => vec![app],
            None => apps.iter().collect(),
        };
        for app in about {
            reasons.entry(app.clone()).or_insert_with(|| finding.clone());
        }
    }
    reasons
}
