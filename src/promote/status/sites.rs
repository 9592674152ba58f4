//! The sites of every app, as a status shows them.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::cell::Reference;
use crate::config::EnvironmentName;
use crate::diagnostic::Findings;
use crate::promote::base::Base;
use crate::sites::{AppSites, Key, Site, SiteValue, brief, in_full};

/// The sites of every app in every environment.
pub(super) struct StatusSites {
    rows: BTreeMap<String, Row>,
}

/// The sites of one app, in the order of the environments that have it.
pub(super) struct Row(Vec<Rc<AppSites>>);

impl StatusSites {
    /// The sites of the apps of a base.
    pub(super) fn of(base: &Base<'_>) -> Self {
        let mut rows: BTreeMap<String, Row> = BTreeMap::new();
        for environment in base.model.environments() {
            for app in base.model.apps(&environment) {
                if let Some(found) = base.app(&environment, &app) {
                    rows.entry(app).or_insert_with(|| Row(Vec::new())).0.push(found);
                }
            }
        }
        Self { rows }
    }

    /// The apps by name.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.rows.iter().map(|(app, row)| (app.as_str(), row))
    }

    /// The findings about sites, in the order of the environments' names.
    pub(super) fn findings(&self, is_shown: impl Fn(&EnvironmentName) -> bool) -> Findings {
        let all = self.rows.values().flat_map(|row| &row.0);
        let shown = all.filter(|sites| is_shown(&sites.environment));
        let mut with_findings: Vec<_> =
            shown.filter(|sites| sites.state.is_err() || !sites.findings.is_empty()).collect();
        with_findings.sort_by_key(|sites| &sites.environment);
        let found = with_findings.into_iter().flat_map(|sites| {
            let blocking = sites.state.as_ref().err().into_iter().flatten();
            blocking.chain(&sites.findings).cloned()
        });
        found.collect()
    }
}

impl Row {
    /// The sites in an environment; none if it does not have the app.
    pub(super) fn get(&self, environment: &EnvironmentName) -> Option<&AppSites> {
        let found = self.0.iter().find(|sites| sites.environment == *environment);
        found.map(Rc::as_ref)
    }

    /// Whether nothing is wrong with its sites.
    pub(super) fn is_sound(&self) -> bool {
        self.0.iter().all(|sites| sites.state.is_ok() && sites.findings.is_empty())
    }

    /// The values of a key in the other environments.
    fn elsewhere<'s>(
        &'s self,
        environment: &'s EnvironmentName,
        key: &'s Key,
    ) -> impl Iterator<Item = &'s SiteValue> {
        let others = self.0.iter().filter(move |other| other.environment != *environment);
        others.filter_map(move |other| other.state.as_ref().ok()?.get(key))
    }

    /// The references of the sites in one of the environments.
    pub(super) fn references(&self, sites: &AppSites) -> Option<Vec<Reference>> {
        let state = sites.state.as_ref().ok()?;
        // Where an image comes from whose version another file has is not a version.
        let versions = state.iter().filter(|(_, value)| !value.is_repository());
        let references = versions.map(|(key, value)| {
            let others: Vec<_> = self.elsewhere(&sites.environment, key).collect();
            let same_tag =
                others.iter().find(|other| brief(key, other, None) == brief(key, value, None));
            Reference {
                key: key.name().to_owned(),
                brief: brief(key, value, same_tag.copied()),
                reference: in_full(key, value),
                is_value: matches!(key, Key::Value(_)),
                differs: others.iter().any(|other| *other != value && !other.agrees_with(value)),
            }
        });
        Some(references.chain(sites.sites.iter().filter_map(moving)).collect())
    }
}

/// A range or a branch, which is not part of a state because it moves by itself.
fn moving(site: &Site) -> Option<Reference> {
    let Some(value @ SiteValue::Moving(_)) = &site.value else { return None };
    let full = in_full(&site.key, value);
    let key = site.key.name().to_owned();
    Some(Reference { key, brief: full.clone(), reference: full, is_value: false, differs: false })
}
