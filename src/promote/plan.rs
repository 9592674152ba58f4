//! A promotion as data.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::verdict::Verdict;
use crate::config::EnvironmentName;
use crate::git::ObjectName;
use crate::history::Source;
use crate::sites::{Key, Site, SiteValue, State};
use crate::source::{Location, RepoPath};

/// What is to become of an environment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The environment that is entered.
    pub environment: EnvironmentName,
    /// The commit that it was computed for.
    pub base: Option<ObjectName>,
    /// The commit of a change that would do it by itself; none for what the change or the
    /// request does as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<ObjectName>,
    /// The apps, in the order of their names, including those without changes.
    pub apps: Vec<AppPlan>,
}

impl Plan {
    /// Whether another plan for the same request ends with the same value for every
    /// key that either of them changes. What has been done by then makes no
    /// difference, and keys that neither of them changes do not count.
    pub fn is_equivalent(&self, other: &Self) -> bool {
        let changed = self.apps.iter().chain(&other.apps);
        let changed = changed.flat_map(|app| app.changes.iter().map(|one| (&app.app, &one.key)));
        self.environment == other.environment
            && changed.into_iter().all(|(app, key)| {
                let of = |plan: &'_ Self| plan.app(app).and_then(|app| app.to.get(key)).cloned();
                of(self) == of(other)
            })
    }

    fn app(&self, name: &str) -> Option<&AppPlan> {
        self.apps.iter().find(|app| app.app == name)
    }
}

/// What is to become of an app in an environment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppPlan {
    /// The app.
    pub app: String,
    /// Where its state comes from; none if a person gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The state that it has now.
    pub from: State,
    /// The state that it will have.
    pub to: State,
    /// The sites that change.
    pub changes: Vec<SiteChange>,
    /// The verdicts of the gates; empty if nothing changes.
    pub gates: Vec<Verdict>,
}

/// A change of one site. Values that look like secrets are masked when it is
/// serialised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteChange {
    /// The site's key.
    pub key: Key,
    /// The site's value now; none if it has none yet.
    pub from: Option<SiteValue>,
    /// The site's new value; none if it goes.
    pub to: Option<SiteValue>,
    /// The file that changes.
    pub path: RepoPath,
    /// The line that changes, counted from one; one if the site is not in that file yet.
    pub line: u32,
}

impl SiteChange {
    /// The change of a site that will be written, in the file that it is written to: an
    /// inherited value stands in an outer file, and is changed in the app's own.
    pub(super) fn planned(site: &Site, to: &SiteValue) -> Self {
        let here = Some(site.location.span()).filter(|_| site.location.path() == site.file.path());
        let written = here.or_else(|| site.parts.iter().find_map(|part| part.written));
        let line = written.map_or(1, |span| Location::new(&site.file, span).start().line);
        let (key, to) = (site.key.clone(), Some(to.clone()));
        Self { key, from: site.version().cloned(), to, path: site.file.path().clone(), line }
    }

    /// The change of a site that was found, where its value stands or stood.
    pub(super) fn found(site: &Site, from: Option<&SiteValue>, to: Option<&SiteValue>) -> Self {
        let (key, at) = (site.key.clone(), &site.location);
        let (path, line) = (at.path().clone(), at.start().line);
        Self { key, from: from.cloned(), to: to.cloned(), path, line }
    }
}

impl Serialize for SiteChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { key, from, to, path, line } = self;
        let mut fields = serializer.serialize_struct("SiteChange", 5)?;
        fields.serialize_field("key", key)?;
        fields.serialize_field("from", &from.as_ref().map(|from| from.shown(key)))?;
        fields.serialize_field("to", &to.as_ref().map(|to| to.shown(key)))?;
        fields.serialize_field("path", path)?;
        fields.serialize_field("line", line)?;
        fields.end()
    }
}
