//! All rules of a repository, and what is asked of them for each path, app or environment.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Index;
use std::sync::OnceLock;

use super::rules::{Rule, RuleMatch};
use crate::config::{FilePattern, PatternTree};
use crate::git::fact_key;
use crate::source::RepoPath;

/// The rules in their order.
#[derive(Debug)]
pub(super) struct RuleList {
    rules: Vec<Rule>,
    /// The files of all rules and environments, each pattern once.
    files: Vec<RuledFiles>,
    /// Their patterns.
    patterns: PatternTree,
    /// The numbers of the rules that say that their sites are of one app, by the app.
    literal: HashMap<String, Vec<usize>>,
    /// The numbers of the rules that may find sites of any app.
    of_any_app: Vec<usize>,
    /// The environments with files whose apps no rule names.
    nameless: HashSet<usize>,
    /// How the files of each environment are read.
    readings: OnceLock<BTreeMap<usize, String>>,
}

/// The files of one pattern, and what reads them: the number of a rule, and the place of its
/// files.
#[derive(Debug)]
struct RuledFiles {
    pattern: FilePattern,
    /// Rules that may find sites of any app.
    of_any_app: Vec<(usize, usize)>,
    /// Rules that find sites of one app alone.
    of_app: HashMap<String, Vec<(usize, usize)>>,
}

impl RuledFiles {
    fn new(pattern: &FilePattern) -> Self {
        let (of_any_app, of_app) = (Vec::new(), HashMap::new());
        Self { pattern: pattern.clone(), of_any_app, of_app }
    }

    /// What reads sites of these apps; none for all apps.
    fn readers(&self, apps: Option<&BTreeSet<String>>) -> Vec<(usize, usize)> {
        let of_apps: Vec<_> = match apps {
            Some(apps) => apps.iter().filter_map(|app| self.of_app.get(app)).collect(),
            None => self.of_app.values().collect(),
        };
        of_apps.into_iter().flatten().chain(&self.of_any_app).copied().collect()
    }
}

impl RuleList {
    pub(super) fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let rules: Vec<Rule> = rules.into_iter().collect();
        let mut literal: HashMap<String, Vec<usize>> = HashMap::new();
        let mut of_any_app = Vec::new();
        let mut nameless = HashSet::new();
        for (number, rule) in rules.iter().enumerate() {
            if let Some(app) = rule.literal_app() {
                literal.entry(app.to_owned()).or_default().push(number);
            }
            if rule.only_app().is_none() {
                of_any_app.push(number);
            }
            if !rule.names_app() {
                nameless.extend(rule.files().iter().map(|files| files.environment));
            }
        }
        let files = ruled_files(&rules);
        let patterns = PatternTree::new(files.iter().map(|files| &files.pattern));
        Self { rules, files, patterns, literal, of_any_app, nameless, readings: OnceLock::new() }
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
            let files = self.rules.iter().flat_map(Rule::files);
            let environments: BTreeSet<usize> = files.map(|files| files.environment).collect();
            environments.into_iter().map(|number| (number, self.read_as(number))).collect()
        });
        readings.get(&environment).map_or("", String::as_str)
    }

    fn read_as(&self, environment: usize) -> String {
        // All of it would be as long as the configuration, for each app.
        let key = fact_key("rules", self.rules.iter().filter_map(|rule| rule.reading(environment)));
        format!("{key:02x?}")
    }

    /// The rules that may find sites of these apps, in their order; none for all apps.
    pub(super) fn of_apps(&self, apps: Option<&BTreeSet<String>>) -> Vec<&Rule> {
        let Some(apps) = apps else { return self.rules.iter().collect() };
        let literal = apps.iter().flat_map(|app| self.literally(app));
        let numbers: BTreeSet<usize> = literal.chain(&self.of_any_app).copied().collect();
        numbers.into_iter().map(|number| &self.rules[number]).collect()
    }

    /// The rules that match a path and may find sites of these apps, each with the environment
    /// and the app, in their order; none for all apps.
    pub(super) fn matches(
        &self,
        path: &RepoPath,
        apps: Option<&BTreeSet<String>>,
    ) -> Vec<(usize, RuleMatch)> {
        let mut places: BTreeMap<usize, BTreeMap<usize, Option<String>>> = BTreeMap::new();
        for number in self.patterns.candidates(path) {
            let files = &self.files[number];
            let Some(captures) = files.pattern.captures(path) else { continue };
            for (rule, place) in files.readers(apps) {
                places.entry(rule).or_default().insert(place, captures.app.clone());
            }
        }
        let matches = places.into_iter().flat_map(|(number, places)| {
            self.rules[number].matches(path, places).map(move |matched| (number, matched))
        });
        matches.collect()
    }
}

/// The files of all rules, those with the same pattern together.
fn ruled_files(rules: &[Rule]) -> Vec<RuledFiles> {
    let mut files: Vec<RuledFiles> = Vec::new();
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for (number, rule) in rules.iter().enumerate() {
        for (place, one) in rule.files().iter().enumerate() {
            let at = *numbers.entry(one.pattern.as_str()).or_insert(files.len());
            if at == files.len() {
                files.push(RuledFiles::new(&one.pattern));
            }
            let readers = match rule.only_app() {
                Some(app) => files[at].of_app.entry(app.to_owned()).or_default(),
                None => &mut files[at].of_any_app,
            };
            readers.push((number, place));
        }
    }
    files
}

impl Index<usize> for RuleList {
    type Output = Rule;

    fn index(&self, number: usize) -> &Rule {
        &self.rules[number]
    }
}
