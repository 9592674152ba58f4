//! Which rule reads which file, and for whom.

use super::model::Scope;
use super::{Key, Site};
use crate::config::{EnvironmentName, FilePattern, Repository, SiteRule};
use crate::source::RepoPath;

/// An entry of `sites` with its patterns for each environment.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) entry: SiteRule,
    /// By the environment's number; the longest spelling first, which wins where
    /// a path may be read as two environments.
    patterns: Vec<(usize, FilePattern)>,
    /// How paths spell the environments.
    pub(super) spellings: Vec<String>,
}

impl Rule {
    pub(super) fn new(rule: &SiteRule, repository: &Repository) -> Self {
        let all = repository.environments.iter().enumerate();
        let mut own: Vec<_> = all
            .filter(|(_, one)| rule.environment.as_ref().is_none_or(|name| *name == one.name))
            .map(|(number, one)| (number, &one.spelling))
            .collect();
        own.sort_by_key(|(_, spelling)| std::cmp::Reverse(spelling.len()));
        let patterns = own
            .iter()
            .map(|(number, spelling)| (*number, rule.path.value.of_environment(spelling)));
        Self {
            patterns: patterns.collect(),
            spellings: own.iter().map(|(_, spelling)| (*spelling).clone()).collect(),
            entry: rule.clone(),
        }
    }

    /// The environment, and the app where the path or the rule names it.
    pub(super) fn matches(&self, path: &RepoPath) -> Option<(usize, Option<String>)> {
        let (environment, captures) = self
            .patterns
            .iter()
            .find_map(|(environment, pattern)| Some((*environment, pattern.captures(path)?)))?;
        let literal = self.entry.app.as_ref().filter(|app| app.value.is_literal());
        let literal = literal.map(|app| app.value.as_str().to_owned());
        Some((environment, captures.app.or(literal)))
    }

    /// The patterns of the files that are asked about.
    pub(super) fn patterns<'n>(
        &self,
        scope: &Scope,
        name: impl Fn(usize) -> &'n EnvironmentName,
    ) -> Vec<FilePattern> {
        let literal = self.entry.app.as_ref().filter(|app| app.value.is_literal());
        if literal.is_some_and(|app| !scope.has_app(app.value.as_str())) {
            return Vec::new();
        }
        let wanted =
            self.patterns.iter().filter(|(number, _)| scope.has_environment(name(*number)));
        let patterns = wanted.flat_map(|(_, pattern)| match &scope.apps {
            Some(apps) if self.entry.path.value.names_app() => {
                apps.iter().filter(|app| is_segment(app)).map(|app| pattern.of_app(app)).collect()
            }
            _ => vec![pattern.clone()],
        });
        patterns.collect()
    }

    /// The app of a site of a file whose path or rule names `app`.
    pub(super) fn app_of(&self, site: &Site, app: Option<&str>) -> Option<String> {
        if let Some(app) = site.app.as_deref().or(app) {
            return Some(app.to_owned());
        }
        let pattern = self.entry.app.as_ref()?;
        Some(pattern.value.of_image(image_name(site)))
    }
}

/// What a path can capture as an app, and nothing that would be read as a pattern.
fn is_segment(app: &str) -> bool {
    app.starts_with(|c: char| c.is_ascii_alphanumeric())
        && app.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// The last segment of what a site takes a version of.
fn image_name(site: &Site) -> &str {
    let whole = match &site.key {
        Key::Image(name) => site.repository().unwrap_or(name),
        other => other.name().split('?').next().unwrap_or_default(),
    };
    let last = whole.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    last.trim_end_matches(".git")
}
