//! All rules of a repository, and what is asked of them for each path, app or environment.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Index;
use std::sync::OnceLock;

use super::rules::{Rule, RuleMatch};
use crate::git::fact_key;
use crate::source::RepoPath;

/// The rules in their order.
#[derive(Debug)]
pub(super) struct RuleList {
    rules: Vec<Rule>,
    /// The numbers of the rules with a pattern whose files are all in a directory, or are
    /// that one file, by its path.
    by_prefix: HashMap<RepoPath, Vec<usize>>,
    /// The numbers of the rules that say that their sites are of one app, by the app.
    literal: HashMap<String, Vec<usize>>,
    /// The environments with files whose apps no rule names.
    nameless: HashSet<usize>,
    /// How the files of each environment are read.
    readings: OnceLock<BTreeMap<usize, String>>,
}

impl RuleList {
    pub(super) fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let rules: Vec<Rule> = rules.into_iter().collect();
        let mut literal: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_prefix: HashMap<RepoPath, Vec<usize>> = HashMap::new();
        let mut nameless = HashSet::new();
        for (number, rule) in rules.iter().enumerate() {
            if let Some(app) = rule.literal_app() {
                literal.entry(app.to_owned()).or_default().push(number);
            }
            for (environment, pattern) in rule.own_patterns() {
                by_prefix.entry(pattern.prefix().clone()).or_default().push(number);
                nameless.extend((!rule.names_app()).then_some(environment));
            }
        }
        Self { rules, by_prefix, literal, nameless, readings: OnceLock::new() }
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.rules.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// The numbers of the rules that say that all sites of their files are of an app.
    pub(super) fn literally(&self, app: &str) -> &[usize] {
        self.literal.get(app).map_or(&[], Vec::as_slice)
    }

    /// Whether each rule names the app of every file.
    pub(super) fn name_apps(&self) -> bool {
        self.rules.iter().all(Rule::names_app)
    }

    /// Whether each rule names the app of every file that an environment may have.
    pub(super) fn name_apps_of(&self, environment: usize) -> bool {
        !self.nameless.contains(&environment)
    }

    /// How the rules read the files of an environment: another text if anything of that
    /// differs.
    pub(super) fn reading(&self, environment: usize) -> &str {
        let readings = self.readings.get_or_init(|| {
            let environments = self.rules.iter().flat_map(Rule::own_patterns);
            let environments: BTreeSet<usize> = environments.map(|(number, _)| number).collect();
            environments.into_iter().map(|number| (number, self.read_as(number))).collect()
        });
        readings.get(&environment).map_or("", String::as_str)
    }

    fn read_as(&self, environment: usize) -> String {
        let own = self.rules.iter().filter(|rule| rule.is_of(environment));
        // All of it would be as long as the configuration, for each app.
        let key = fact_key("rules", own.map(|rule| rule.reading(environment)));
        format!("{key:02x?}")
    }

    /// The rules that match a path, each with the environment and the app, in their order.
    pub(super) fn matches(&self, path: &RepoPath) -> Vec<(usize, RuleMatch)> {
        let above = std::iter::successors(Some(path.clone()), RepoPath::parent);
        let numbers = above.filter_map(|prefix| self.by_prefix.get(&prefix)).flatten();
        let numbers: BTreeSet<usize> = numbers.copied().collect();
        let matches = numbers.into_iter().flat_map(|number| {
            let matches = self.rules[number].matches(path).into_iter();
            matches.map(move |matched| (number, matched))
        });
        matches.collect()
    }
}

impl Index<usize> for RuleList {
    type Output = Rule;

    fn index(&self, number: usize) -> &Rule {
        &self.rules[number]
    }
}
