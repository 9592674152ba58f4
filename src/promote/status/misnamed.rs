//! Apps that settings of environments name and that no environment has.

use std::collections::BTreeSet;

use super::AppStatus;
use crate::config::{Environment, Repository, Sourced};
use crate::diagnostic::{Finding, Findings, nearest};
use crate::promote::code::NAMES_NO_APP;

/// The findings about names in `skip` and `enters`, where `rows` has every app. What `enters`
/// names may not be there yet: only what is nearly another app's name is a finding.
pub(super) fn findings(repository: &Repository, rows: &[AppStatus]) -> Findings {
    let apps: BTreeSet<&str> = rows.iter().map(|row| &*row.app).collect();
    let mut findings = Findings::new();
    for Environment { name, skip, enters, .. } in &repository.environments {
        let unknown = |app: &&Sourced<String>| !apps.contains(&*app.value);
        let of = |key: &str, app: &Sourced<String>| {
            let message =
                format!("`{key}` of `{name}` names `{}`, which no environment has", app.value);
            let finding = Finding::new(&NAMES_NO_APP, message, app.location.clone());
            let meant = nearest(&app.value, apps.iter().copied());
            (finding, meant.map(|meant| format!("did you mean `{meant}`?")))
        };
        findings.extend(skip.iter().filter(unknown).map(|app| {
            let (finding, meant) = of("skip", app);
            finding.because("has no effect").help(meant.unwrap_or_else(|| "remove it".to_owned()))
        }));
        findings.extend(enters.iter().filter(unknown).filter_map(|app| {
            let (finding, meant) = of("enters", app);
            Some(finding.help(meant?))
        }));
    }
    findings
}
