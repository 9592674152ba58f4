//! The sites of every app, as a status shows them.

use std::collections::{BTreeMap, BTreeSet};

use super::cell::Reference;
use crate::config::EnvironmentName;
use crate::diagnostic::Findings;
use crate::sites::{AppInstance, AppSites, Key, Model, Site, SiteValue, State, brief, in_full};

/// The sites of every app in every environment.
pub(super) struct StatusSites {
    environments: Vec<EnvironmentName>,
    pub(super) apps: BTreeMap<AppInstance, AppSites>,
}

impl StatusSites {
    pub(super) fn of(model: &Model) -> Self {
        let (environments, mut apps) = (model.environments(), BTreeMap::new());
        for environment in &environments {
            for app in model.apps(environment) {
                if let Some(found) = model.app(environment, &app) {
                    apps.insert(AppInstance { environment: environment.clone(), app }, found);
                }
            }
        }
        Self { environments, apps }
    }

    pub(super) fn apps(&self) -> BTreeSet<&str> {
        self.apps.keys().map(|instance| instance.app.as_str()).collect()
    }

    pub(super) fn get(&self, environment: &EnvironmentName, app: &str) -> Option<&AppSites> {
        self.apps.get(&AppInstance::new(environment, app))
    }

    fn state(&self, environment: &EnvironmentName, app: &str) -> Option<&State> {
        self.get(environment, app)?.state.as_ref().ok()
    }

    /// The values of a key in the other environments.
    fn elsewhere<'s>(
        &'s self,
        environment: &'s EnvironmentName,
        app: &'s str,
        key: &'s Key,
    ) -> impl Iterator<Item = &'s SiteValue> {
        let others = self.environments.iter().filter(move |other| *other != environment);
        others.filter_map(move |other| self.state(other, app)?.get(key))
    }

    pub(super) fn references(
        &self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Option<Vec<Reference>> {
        let state = self.state(environment, app)?;
        let references = state.iter().map(|(key, value)| {
            let others: Vec<_> = self.elsewhere(environment, app, key).collect();
            let same_tag =
                others.iter().find(|other| brief(key, other, None) == brief(key, value, None));
            Reference {
                key: key.name().to_owned(),
                brief: brief(key, value, same_tag.copied()),
                reference: in_full(key, value),
                is_value: matches!(key, Key::Value(_)),
                differs: others.iter().any(|other| *other != value && !other.is_same(value)),
            }
        });
        let moving = self.get(environment, app)?.sites.iter().filter_map(moving);
        Some(references.chain(moving).collect())
    }

    pub(super) fn findings(&self, is_shown: impl Fn(&EnvironmentName) -> bool) -> Findings {
        let shown = self.apps.iter().filter(|(instance, _)| is_shown(&instance.environment));
        let found = shown.flat_map(|(_, sites)| {
            let blocking = sites.state.as_ref().err().into_iter().flatten();
            blocking.chain(&sites.findings).cloned().collect::<Vec<_>>()
        });
        found.collect()
    }
}

/// A range or a branch, which is not part of a state because it moves by itself.
fn moving(site: &Site) -> Option<Reference> {
    let Some(value @ SiteValue::Moving(_)) = &site.value else { return None };
    let full = in_full(&site.key, value);
    let key = site.key.name().to_owned();
    Some(Reference { key, brief: full.clone(), reference: full, is_value: false, differs: false })
}
