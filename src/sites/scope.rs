//! An app in an environment, and the apps and environments whose sites are read.

use std::collections::BTreeSet;

use crate::config::EnvironmentName;

/// The apps and environments whose sites are read. No files of others are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelScope {
    /// None for every environment.
    pub environments: Option<BTreeSet<EnvironmentName>>,
    /// None for every app.
    pub apps: Option<BTreeSet<String>>,
}

impl ModelScope {
    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// One app in some environments.
    pub fn app(app: &str, environments: impl IntoIterator<Item = EnvironmentName>) -> Self {
        Self {
            environments: Some(environments.into_iter().collect()),
            apps: Some(BTreeSet::from([app.to_owned()])),
        }
    }

    /// An app in one environment.
    pub(super) fn of(instance: &AppInstance) -> Self {
        Self::app(&instance.app, [instance.environment.clone()])
    }

    /// Whether an environment is in the scope.
    pub(super) fn has_environment(&self, environment: &EnvironmentName) -> bool {
        self.environments.as_ref().is_none_or(|all| all.contains(environment))
    }

    /// Whether an app is in the scope.
    pub(super) fn has_app(&self, app: &str) -> bool {
        self.apps.as_ref().is_none_or(|all| all.contains(app))
    }
}

/// An app in an environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppInstance {
    /// The environment.
    pub environment: EnvironmentName,
    /// The app.
    pub app: String,
}

impl AppInstance {
    /// An app in an environment.
    pub fn new(environment: &EnvironmentName, app: &str) -> Self {
        Self { environment: environment.clone(), app: app.to_owned() }
    }
}
