//! The sites of a repository that is laid out its own way.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::chart::{ChartValues, Charts};
use super::entry_findings::{ClaimedTwice, Tally, claimed_twice, unmatched, without_fields};
use super::files::{self, ParsedFile, ParsedFiles};
use super::kept;
use super::overlaps::Overlaps;
use super::rule_list::RuleList;
use super::rules::{self, Rule, RuleSites};
use super::{
    AppInstance, AppSites, Barrier, LikelyImage, ModelScope, Removal, Site, SitePartKind,
    SiteValue, StateBasis, shared,
};
use crate::config::{
    EnvironmentName, FilePattern, IgnorableFinding, ImageFilter, Repository, RuleSeverity,
};
use crate::diagnostic::Findings;
use crate::git::{ContentFacts, FactKey, fact_key};
use crate::source::{RepoPath, SourceFile, Tree};
use crate::yaml::Place;

/// The apps whose files are looked for by a pattern for each of them, rule and environment.
const FEW: usize = 16;

/// Files that rules match.
#[derive(Debug, Clone)]
pub(super) struct AdoptedModel {
    environments: Arc<[AdoptedEnvironment]>,
    rules: Arc<RuleList>,
    scope: ModelScope,
    files: ParsedFiles,
    /// Whether it was narrowed: of other versions of its files, only what they say is asked.
    is_narrowed: bool,
    /// The files of which only facts are known, and not the text.
    unread: BTreeSet<RepoPath>,
    /// The charts that files have values of.
    charts: Arc<Charts>,
    /// What the rules found in each file.
    results: BTreeMap<RepoPath, Vec<RuleSites>>,
    /// What each rule found in all files together; none of a rule without files.
    tallies: HashMap<usize, Tally>,
    /// The places of a file that rules claim for different apps.
    claimed_twice: BTreeMap<RepoPath, Arc<[ClaimedTwice]>>,
    /// The places in each file that several environments have sites at.
    overlaps: BTreeMap<RepoPath, Arc<Overlaps>>,
    /// The files of each app, by environment, each with the numbers of the results in it that
    /// are about the app.
    index: BTreeMap<(usize, String), BTreeMap<RepoPath, Vec<usize>>>,
    /// Files that cannot be read and may belong to any app of their rules.
    nameless: BTreeSet<RepoPath>,
    /// The paths that lead to a file through symbolic links.
    links: HashMap<RepoPath, BTreeSet<RepoPath>>,
    findings: Findings,
    /// The path that was probably meant by a rule that matches nothing.
    near: HashMap<usize, String>,
}

/// An environment that files may belong to.
#[derive(Debug, Clone)]
struct AdoptedEnvironment {
    name: EnvironmentName,
    unpinned: Option<RuleSeverity>,
    /// The apps that do without it.
    skip: Vec<String>,
}

impl AdoptedModel {
    pub(super) fn new(repository: &Repository, scope: &ModelScope) -> Self {
        let environments = repository.environments.iter().map(|environment| {
            let rules = repository.policies.of(environment.tier);
            let unpinned = rules.unpinned.as_ref().map(|severity| severity.value);
            let skip = environment.skip.iter().map(|app| app.value.clone()).collect();
            let name = environment.name.clone();
            AdoptedEnvironment { name, unpinned, skip }
        });
        let rules = repository.sites.iter().map(|rule| Rule::new(rule, repository));
        let rules = Arc::new(RuleList::new(rules));
        Self::without_files(environments.collect(), rules, scope.clone())
    }

    fn without_files(
        environments: Arc<[AdoptedEnvironment]>,
        rules: Arc<RuleList>,
        scope: ModelScope,
    ) -> Self {
        Self {
            environments,
            rules,
            scope,
            files: ParsedFiles::default(),
            is_narrowed: false,
            unread: BTreeSet::new(),
            charts: Arc::default(),
            results: BTreeMap::new(),
            tallies: HashMap::new(),
            claimed_twice: BTreeMap::new(),
            overlaps: BTreeMap::new(),
            index: BTreeMap::new(),
            nameless: BTreeSet::new(),
            links: HashMap::new(),
            findings: Findings::new(),
            near: HashMap::new(),
        }
    }

    pub(super) fn read(&mut self, tree: &Tree) {
        let found = files::matching(tree, &self.patterns());
        self.findings.extend(found.findings);
        for path in &found.paths {
            let matches = self.matches(path);
            if !matches.is_empty() {
                if matches.iter().any(|(rule, ..)| self.rules[*rule].reads_charts()) {
                    Arc::make_mut(&mut self.charts).read(tree, path);
                }
                self.files.read(tree, path);
                self.note_link(path);
                self.gather_with_others(path);
            }
        }
        for (number, rule) in self.rules.iter().enumerate() {
            if !self.tallies.contains_key(&number) {
                let spellings: Vec<&str> =
                    rule.files().iter().map(|files| files.spelling.as_str()).collect();
                let near = files::nearest_path(tree, &rule.entry.path.value, &spellings);
                self.near.extend(near.map(|near| (number, near)));
            }
        }
    }

    /// The environments of the scope that no file of a tree belongs to. No file is read.
    pub(super) fn unbound(&self, tree: &Tree) -> HashSet<EnvironmentName> {
        let found = files::matching(tree, &self.patterns());
        // What cannot be listed may have files of any.
        if !found.findings.is_empty() {
            return HashSet::new();
        }
        let there = files::existing(tree, &found.paths);
        let matches = there.into_iter().flat_map(|path| self.matches(path));
        let bound: HashSet<usize> = matches.map(|(_, environment, _)| environment).collect();
        let all = self.environments.iter().enumerate();
        let unbound = all.filter(|(number, one)| {
            !bound.contains(number) && self.scope.has_environment(&one.name)
        });
        unbound.map(|(_, one)| one.name.clone()).collect()
    }

    /// The directories that rules would find if an environment had their names, which no
    /// environment of these spellings has.
    pub(super) fn other_spellings(&self, tree: &Tree, spellings: &[&str]) -> BTreeSet<String> {
        let paths = self.rules.iter().map(|rule| &rule.entry.path.value);
        let paths = paths.filter(|path| path.as_str().split('/').any(|one| one == "{environment}"));
        paths.flat_map(|path| files::other_spellings(tree, path, spellings)).collect()
    }

    /// The patterns of the files of the scope, each once.
    fn patterns(&self) -> Vec<FilePattern> {
        let rules = self.rules.of_apps(self.scope.apps.as_ref()).into_iter();
        let name = |environment: usize| &self.environments[environment].name;
        let all: Vec<_> = rules.flat_map(|rule| rule.patterns(&self.scope, name)).collect();
        let mut known = HashSet::new();
        all.iter().filter(|pattern| known.insert(pattern.as_str())).cloned().collect()
    }

    fn results(&self) -> impl Iterator<Item = (&RepoPath, &RuleSites)> {
        self.results.iter().flat_map(|(path, all)| all.iter().map(move |result| (path, result)))
    }

    /// What the rules found for an app in an environment.
    fn results_of(
        &self,
        environment: usize,
        app: &str,
    ) -> impl Iterator<Item = (&RepoPath, &RuleSites)> {
        let files = self.index.get(&(environment, app.to_owned())).into_iter().flatten();
        files.flat_map(|(path, numbers)| {
            let results = &self.results[path];
            numbers.iter().map(move |number| (path, &results[*number]))
        })
    }

    fn note_link(&mut self, path: &RepoPath) {
        let Some(parsed) = self.files.get(path) else { return };
        let target = parsed.file.path().clone();
        if target != *path {
            self.links.entry(target).or_default().insert(path.clone());
        }
    }

    /// The rules that match a path, each with the environment and the app.
    fn matches(&self, path: &RepoPath) -> Vec<(usize, usize, Option<String>)> {
        let is_wanted = |(number, environment, app): &(usize, usize, Option<String>)| {
            let rule = &self.rules[*number];
            let may_be_of = |app: &String| !rule.names_app() || self.scope.has_app(app);
            self.scope.has_environment(&self.environments[*environment].name)
                && app.as_ref().is_none_or(may_be_of)
        };
        let matches = self.matches_of(path, self.scope.apps.as_ref());
        matches.into_iter().filter(is_wanted).collect()
    }

    /// The same, whatever the scope is.
    fn all_matches(&self, path: &RepoPath) -> Vec<(usize, usize, Option<String>)> {
        self.matches_of(path, None)
    }

    fn matches_of(
        &self,
        path: &RepoPath,
        apps: Option<&BTreeSet<String>>,
    ) -> Vec<(usize, usize, Option<String>)> {
        let matches = self.rules.matches(path, apps).into_iter();
        matches.map(|(number, (environment, app))| (number, environment, app)).collect()
    }

    /// What the rules find in a file, for all apps and environments.
    pub(super) fn sites_in(&self, file: &Arc<SourceFile>) -> Vec<(AppInstance, Site)> {
        let parsed = ParsedFile::new(Arc::clone(file));
        let linked = self.links.get(file.path()).into_iter().flatten();
        let mut found = Vec::new();
        for path in linked.chain([file.path()]) {
            for (number, environment, app) in self.all_matches(path) {
                let reader = (number, environment);
                let sites = self.rules[number].sites(path, &parsed, app, reader, &self.charts);
                let sites = sites.found;
                let name = &self.environments[environment].name;
                for (app, sites) in sites.into_iter().flatten() {
                    let instance = AppInstance::new(name, &app);
                    found.extend(sites.into_iter().map(|site| (instance.clone(), site)));
                }
            }
        }
        found
    }

    /// Reads what the rules find in a file, and which places there others have as well,
    /// whatever the scope is.
    fn gather_with_others(&mut self, path: &RepoPath) {
        let Some(parsed) = self.files.get(path).map(Arc::clone) else {
            return self.install(path, None);
        };
        let (all, wanted) = (self.all_matches(path), self.matches(path));
        if all.len() < 2 {
            return self.gather(path);
        }
        let wanted: HashSet<(usize, usize)> =
            wanted.into_iter().map(|(rule, environment, _)| (rule, environment)).collect();
        let mut results = self.found(path, &parsed, all);
        let overlaps = Overlaps::of(&results);
        let claims = claimed_twice(&self.rules, &results);
        results.retain(|result| wanted.contains(&(result.rule, result.environment)));
        self.install(path, Some(results));
        if !overlaps.is_empty() {
            self.overlaps.insert(path.clone(), Arc::new(overlaps));
        }
        if !claims.is_empty() {
            self.claimed_twice.insert(path.clone(), claims.into());
        }
    }

    /// The same, without what others have there.
    fn gather(&mut self, path: &RepoPath) {
        let parsed = self.files.get(path).map(Arc::clone);
        let results = parsed.map(|parsed| self.found(path, &parsed, self.matches(path)));
        self.install(path, results);
    }

    fn found(
        &self,
        path: &RepoPath,
        parsed: &ParsedFile,
        matches: Vec<(usize, usize, Option<String>)>,
    ) -> Vec<RuleSites> {
        let results = matches.into_iter().map(|(rule, environment, app)| {
            self.rules[rule].sites(path, parsed, app, (rule, environment), &self.charts)
        });
        results.collect()
    }

    /// Replaces what was found in a file; none if it is gone.
    fn install(&mut self, path: &RepoPath, results: Option<Vec<RuleSites>>) {
        self.forget(path);
        let Some(results) = results else { return };
        for (number, result) in results.iter().enumerate() {
            self.tallies.entry(result.rule).or_default().add(path, result);
            let apps = result.found.iter().flatten().map(|(app, _)| app.clone());
            // What has no place for it in a file of all environments is not there.
            let skip = &self.environments[result.environment].skip;
            let own = result.app.clone();
            let own = own.filter(|app| !result.is_without_site() || !skip.contains(app));
            let apps: BTreeSet<String> = apps.chain(own).collect();
            for app in apps.into_iter().filter(|app| self.scope.has_app(app)) {
                let files = self.index.entry((result.environment, app)).or_default();
                files.entry(path.clone()).or_default().push(number);
            }
            if result.found.is_err() && result.app.is_none() {
                self.nameless.insert(path.clone());
            }
        }
        self.results.insert(path.clone(), results);
    }

    fn forget(&mut self, path: &RepoPath) {
        self.nameless.remove(path);
        self.overlaps.remove(path);
        self.claimed_twice.remove(path);
        for result in self.results.remove(path).into_iter().flatten() {
            if let Some(tally) = self.tallies.get_mut(&result.rule) {
                tally.remove(path, &result);
            }
            let apps = result.found.into_iter().flatten().map(|(app, _)| app);
            for app in apps.chain(result.app) {
                let key = (result.environment, app);
                if let Some(paths) = self.index.get_mut(&key) {
                    paths.remove(path);
                    if paths.is_empty() {
                        self.index.remove(&key);
                    }
                }
            }
        }
    }

    /// Replaces a file by the version whose content has that name, if facts say what the
    /// rules find in it. Returns the apps whose sites may say something else now.
    pub(super) fn put_known(
        &mut self,
        path: &RepoPath,
        content: &str,
        facts: &ContentFacts,
    ) -> Option<BTreeSet<AppInstance>> {
        if self.links.contains_key(path) {
            return None;
        }
        let known = self.matches(path).into_iter().map(|(rule, environment, app)| {
            let reader = (rule, environment);
            let fact = facts.get(&self.fact_key(path, reader, app.as_deref(), content))?;
            let found = kept::sites_of_fact(&fact, path)?;
            Some(RuleSites::silent((rule, environment), app, found))
        });
        let known = known.collect::<Option<Vec<_>>>()?;
        if known.is_empty() {
            return Some(BTreeSet::new());
        }
        let old = self.results.get(path);
        let changed = old.and_then(|old| rules::changed_apps(old, &known));
        let before = self.of_file(path);
        self.files.put(path, None);
        self.unread.insert(path.clone());
        self.install(path, Some(known));
        let mut all = before;
        all.extend(self.of_file(path));
        if let Some(changed) = changed {
            let is_changed = |instance: &AppInstance| {
                let number = self.number(&instance.environment);
                number.is_some_and(|number| changed.contains(&(number, instance.app.clone())))
            };
            all.retain(is_changed);
        }
        Some(all)
    }

    /// Keeps what the rules found in the version of a file that was put last.
    pub(super) fn keep(&self, path: &RepoPath, content: &str, facts: &ContentFacts) {
        if self.links.contains_key(path) {
            return;
        }
        for result in self.results.get(path).into_iter().flatten() {
            let reader = (result.rule, result.environment);
            let key = self.fact_key(path, reader, result.app.as_deref(), content);
            facts.put(key, kept::sites_to_fact(&result.found));
        }
    }

    fn fact_key(
        &self,
        path: &RepoPath,
        (rule, environment): (usize, usize),
        app: Option<&str>,
        content: &str,
    ) -> FactKey {
        let rule = &self.rules[rule];
        let (reading, spelled) = (rule.entry.reading(), rule.spelled(environment));
        let chart = self.charts.of(path).filter(|_| rule.reads_charts());
        let chart = chart.map(ChartValues::reading).unwrap_or_default();
        fact_key("sites", [&*reading, &*spelled, app.unwrap_or_default(), content, chart])
    }

    /// The sites of one app in one environment alone; none if a rule may find some in a
    /// file that other apps have sites in.
    pub(super) fn narrowed(&self, instance: &AppInstance) -> Option<Self> {
        let number = self.number(&instance.environment)?;
        if !self.rules.name_apps_of(number) {
            return None;
        }
        let mut own: BTreeMap<RepoPath, Vec<RuleSites>> = BTreeMap::new();
        for (path, result) in self.results_of(number, &instance.app) {
            own.entry(path.clone()).or_default().push(result.clone());
        }
        let (environments, rules) = (Arc::clone(&self.environments), Arc::clone(&self.rules));
        let mut narrowed = Self::without_files(environments, rules, ModelScope::of(instance));
        narrowed.is_narrowed = true;
        narrowed.files = self.files.only(own.keys().cloned());
        narrowed.charts = Arc::clone(&self.charts);
        for (path, results) in own {
            narrowed.note_link(&path);
            narrowed.install(&path, Some(results));
            let overlaps = self.overlaps.get(&path).map(Arc::clone);
            narrowed.overlaps.extend(overlaps.map(|overlaps| (path.clone(), overlaps)));
            let claims = self.claimed_twice.get(&path).map(Arc::clone);
            narrowed.claimed_twice.extend(claims.map(|claims| (path, claims)));
        }
        Some(narrowed)
    }

    /// Whether a rule reads values that override those of a chart.
    pub(super) fn reads_charts(&self) -> bool {
        self.rules.iter().any(Rule::reads_charts)
    }

    pub(super) fn is_narrowable(&self) -> bool {
        self.rules.name_apps()
    }

    /// Whether so many apps are read as fast by their own patterns as all are.
    pub(super) fn are_few(apps: &BTreeSet<String>) -> bool {
        apps.len() <= FEW
    }

    pub(super) fn possible_instances(&self, path: &RepoPath) -> BTreeSet<AppInstance> {
        let linked = self.links.get(path).into_iter().flatten();
        let matches = linked.chain([path]).flat_map(|path| self.matches(path));
        let instances = matches.filter_map(|(_, environment, app)| {
            Some(AppInstance::new(&self.environments[environment].name, &app?))
        });
        instances.collect()
    }

    pub(super) fn scope(&self) -> &ModelScope {
        &self.scope
    }

    /// What the state of the only app of the scope is computed from.
    pub(super) fn basis(&self) -> Option<StateBasis> {
        let environment = self.environments().pop()?;
        let number = self.number(&environment)?;
        let rules = self.rules.reading(number);
        let apps: Vec<_> = self.scope.apps.iter().flatten().collect();
        let files = self.files.contents()?;
        let charts = files.keys().filter_map(|path| self.charts.of(path));
        let charts = charts.map(ChartValues::reading).collect::<String>();
        let reading = format!("adopted {apps:?}\n{rules}{charts}");
        Some(StateBasis { reading, files, shared: None })
    }

    pub(super) fn put(
        &mut self,
        path: &RepoPath,
        file: Option<&Arc<SourceFile>>,
    ) -> BTreeSet<AppInstance> {
        let mut affected = BTreeSet::new();
        let linked = self.links.get(path).cloned().unwrap_or_default();
        for path in linked.iter().chain([path]) {
            let is_new = !self.matches(path).is_empty()
                && (self.files.put(path, file.cloned()) | self.unread.remove(path));
            if is_new {
                affected.extend(self.of_file(path));
                if self.is_narrowed {
                    self.gather(path);
                } else {
                    self.gather_with_others(path);
                }
                affected.extend(self.of_file(path));
            }
        }
        affected
    }

    pub(super) fn affected(&self, path: &RepoPath) -> BTreeSet<AppInstance> {
        let linked = self.links.get(path).into_iter().flatten();
        linked.chain([path]).flat_map(|path| self.of_file(path)).collect()
    }

    /// The apps of a file; if no image of it can be read, any app of its rule.
    fn of_file(&self, path: &RepoPath) -> BTreeSet<AppInstance> {
        let mut instances = BTreeSet::new();
        for result in self.results.get(path).into_iter().flatten() {
            let name = &self.environments[result.environment].name;
            let apps: BTreeSet<String> = match &result.found {
                Err(_) if result.app.is_none() => self.apps(name).into_iter().collect(),
                found => found.iter().flatten().map(|(app, _)| app.clone()).collect(),
            };
            let apps = apps.into_iter().chain(result.app.clone());
            let apps = apps.filter(|app| self.scope.has_app(app));
            instances.extend(apps.map(|app| AppInstance::new(name, &app)));
        }
        instances
    }

    pub(super) fn paths(&self) -> Vec<RepoPath> {
        let patterns = self.patterns();
        let prefixes = patterns.iter().map(|pattern| pattern.prefix().clone());
        prefixes.chain(self.links.keys().cloned()).collect()
    }

    pub(super) fn all_paths(&self) -> Vec<RepoPath> {
        self.paths()
    }

    pub(super) fn environments(&self) -> Vec<EnvironmentName> {
        let names = self.environments.iter().map(|environment| &environment.name);
        names.filter(|name| self.scope.has_environment(name)).cloned().collect()
    }

    pub(super) fn apps(&self, environment: &EnvironmentName) -> Vec<String> {
        let Some(number) = self.number(environment) else { return Vec::new() };
        let from = self.index.range((number, String::new())..);
        from.take_while(|((at, _), _)| *at == number).map(|((_, app), _)| app.clone()).collect()
    }

    fn number(&self, environment: &EnvironmentName) -> Option<usize> {
        self.environments.iter().position(|one| one.name == *environment)
    }

    pub(super) fn app(&self, environment: &EnvironmentName, app: &str) -> Option<AppSites> {
        let number = self.number(environment)?;
        if !self.index.contains_key(&(number, app.to_owned())) {
            return None;
        }
        let mut sites = Vec::new();
        let mut blocking = Findings::new();
        let mut rules = BTreeSet::new();
        for (path, result) in self.results_of(number, app) {
            match &result.found {
                Ok(found) => {
                    let own = found.get(app);
                    rules.extend(own.map(|_| result.rule));
                    let own = own.into_iter().flatten().cloned();
                    let own = own.map(|site| self.beside_as_elsewhere(number, app, site));
                    let own = own.map(|site| self.barred(path, number, &site));
                    let images = &self.rules[result.rule].entry.images;
                    sites.extend(own.map(|site| Site {
                        is_as_meant: site.value.as_ref().is_some_and(SiteValue::moves)
                            && is_ignored(images, IgnorableFinding::Range, &site),
                        ..site
                    }));
                }
                Err(findings) if result.app.as_deref() == Some(app) => {
                    blocking.extend(findings.iter().cloned());
                }
                Err(_) => {}
            }
        }
        blocking.extend(self.unread(number, &rules));
        let findings = self.findings_of(app, number, &sites);
        let unpinned = self.environments[number].unpinned;
        let found = AppSites::new(environment, app, sites, blocking, unpinned);
        let moves_together = rules.iter().all(|&rule| self.rules[rule].entry.together.value);
        Some(AppSites { moves_together, ..found.with_findings(findings) })
    }

    pub(super) fn likely_images(&self, instance: &AppInstance) -> Vec<(LikelyImage, bool)> {
        let Some(number) = self.number(&instance.environment) else { return Vec::new() };
        let mut found = Vec::new();
        for (path, result) in self.results_of(number, &instance.app) {
            // Of a file of several apps nobody knows whose it would be.
            let is_own = result.app.as_deref() == Some(&*instance.app) && result.found.is_ok();
            let Some(parsed) = self.files.get(path).filter(|_| is_own) else { continue };
            let results = self.results[path].iter().filter_map(|one| one.found.as_ref().ok());
            let sites = results.flat_map(|found| found.values().flatten());
            let places: Vec<&Place> =
                sites.flat_map(|site| &site.parts).map(|part| &part.at).collect();
            // A promoted value has all that is in it.
            let is_site = |at: &Place| {
                places.iter().any(|place| {
                    place.document == at.document
                        && at.route.steps().starts_with(place.route.steps())
                })
            };
            let images = self.rules[result.rule].likely_images(parsed, number).into_iter();
            found.extend(images.map(|image| {
                let is_site = image.parts.iter().any(is_site);
                (image, is_site)
            }));
        }
        found
    }

    /// What is wrong with an app's sites in an environment, or with the entries that name
    /// them.
    fn findings_of(&self, app: &str, environment: usize, sites: &[Site]) -> Findings {
        // A site of nobody in a file of several apps may be of any of them.
        let own = self.results_of(environment, app).filter(|(_, result)| {
            let has_app = || result.found.as_ref().is_ok_and(|found| found.contains_key(app));
            result.app.as_deref().map_or_else(has_app, |name| name == app)
        });
        let own: Vec<_> = own.collect();
        let mut findings: Findings =
            own.iter().flat_map(|(_, result)| result.findings.iter().cloned()).collect();
        let files = self.index.get(&(environment, app.to_owned())).into_iter().flatten();
        let claims = files.filter_map(|(path, _)| self.claimed_twice.get(path));
        let claims = claims.flat_map(|claims| claims.iter());
        let is_own = |claim: &&ClaimedTwice| {
            claim.environment == environment && claim.apps.iter().any(|name| name == app)
        };
        findings.extend(claims.filter(is_own).map(|claim| claim.finding.clone()));
        let mut of_entries = Findings::new();
        // Of the other apps of an entry nothing is known unless all are read.
        let of_all = own.iter().map(|(_, one)| one.rule).filter(|_| self.scope.apps.is_none());
        let numbers: BTreeSet<usize> =
            self.rules.literally(app).iter().copied().chain(of_all).collect();
        of_entries.extend(numbers.into_iter().flat_map(|number| self.unmatched(number)));
        if !of_entries.has_errors() {
            let instance = (app, &self.environments[environment].name);
            of_entries.extend(without_fields(instance, own.into_iter(), !sites.is_empty()));
        }
        findings.extend(of_entries);
        findings
    }

    /// An image alone gets its tag where other environments have it, if that is beside it:
    /// in the image, the chart would print both. Only how it is written follows from them,
    /// not its value.
    fn beside_as_elsewhere(&self, environment: usize, app: &str, site: Site) -> Site {
        let has_identity = site.image().is_none_or(|image| image.identity().is_some());
        let Some(reference) = site.part(SitePartKind::Reference).filter(|_| !has_identity) else {
            return site;
        };
        let others = (0..self.environments.len()).filter(|number| *number != environment);
        let results = others.flat_map(|number| self.results_of(number, app));
        let found =
            results.filter_map(|(_, result)| result.found.as_ref().ok()?.get(app)).flatten();
        let mut same = found.filter(|other| other.key == site.key);
        match same.find_map(|other| reference.split_as(other)) {
            Some(parts) => Site { parts: parts.into(), removal: Removal::Empty, ..site },
            None => site,
        }
    }

    /// The problems of files whose apps are not known, because they cannot be
    /// read: each may belong to any app that the same rule finds.
    fn unread(&self, environment: usize, rules: &BTreeSet<usize>) -> Findings {
        let results = self.nameless.iter().filter_map(|path| self.results.get(path)).flatten();
        let results = results.filter(|result| {
            let is_nameless = result.app.is_none() && result.environment == environment;
            is_nameless && rules.contains(&result.rule)
        });
        results.filter_map(|result| result.found.as_ref().err()).flatten().cloned().collect()
    }

    /// A site with the reason why it must not be changed, if there is one. A repository that
    /// other environments have as well is not a part that may be changed with its tag.
    fn barred(&self, path: &RepoPath, environment: usize, site: &Site) -> Site {
        let mut site = site.clone();
        let Some(file) = self.files.get(path).map(|parsed| parsed.file.path()) else { return site };
        let mut environments = self.environments_by_links(path, file);
        environments.insert(environment);
        if let Some(overlaps) = self.overlaps.get(path) {
            environments.extend(overlaps.around(&site));
            overlaps.keep_shared_repository(&mut site);
        }
        site.barrier = if environments.len() > 1 {
            let names = environments.iter().map(|&number| self.environments[number].name.clone());
            Some(Barrier::Shared(names.collect()))
        } else {
            let link = || Barrier::Link(path.clone());
            (file != path).then(link).or_else(|| site.barrier.take())
        };
        site
    }

    /// The environments that a file belongs to by other paths than one.
    fn environments_by_links(&self, path: &RepoPath, file: &RepoPath) -> BTreeSet<usize> {
        let linked = self.links.get(file).into_iter().flatten().chain([file]);
        let others = linked.filter(|other| *other != path);
        others.flat_map(|other| self.all_matches(other)).map(|(_, number, _)| number).collect()
    }

    pub(super) fn shared(&self, tree: &Tree) -> BTreeMap<AppInstance, Vec<Site>> {
        let apps = self.index.iter().map(|((environment, app), paths)| {
            let environment = &self.environments[*environment].name;
            let sites = self.app(environment, app).map(|app| app.sites).unwrap_or_default();
            shared::Own { environment, app, files: paths.keys().collect(), sites }
        });
        let apps: Vec<_> = apps.collect();
        let mut found = shared::find(tree, &apps);
        for (own, sites) in apps.iter().zip(&mut found) {
            let results = own.files.iter().filter_map(|path| self.results.get(*path)).flatten();
            let rules: BTreeSet<usize> = results.map(|result| result.rule).collect();
            for site in sites {
                site.is_as_meant = rules.iter().any(|&rule| {
                    let images = &self.rules[rule].entry.images;
                    is_ignored(images, IgnorableFinding::SharedBase, site)
                });
            }
        }
        let instances = apps.iter().map(|own| AppInstance::new(own.environment, own.app));
        instances.zip(found).filter(|(_, sites)| !sites.is_empty()).collect()
    }

    pub(super) fn findings(&self, is_shown: impl Fn(&EnvironmentName) -> bool) -> Findings {
        let mut findings = self.findings.clone();
        let is_shown = |result: &RuleSites| is_shown(&self.environments[result.environment].name);
        for (_, result) in self.results().filter(|(_, result)| is_shown(result)) {
            findings.extend(result.findings.iter().cloned());
            findings.extend(result.found.as_ref().err().into_iter().flatten().cloned());
        }
        if self.scope == ModelScope::all() {
            findings.extend((0..self.rules.len()).flat_map(|number| self.unmatched(number)));
        }
        findings
    }

    /// The findings about a rule that finds nothing in the scope.
    fn unmatched(&self, number: usize) -> Findings {
        let near = self.near.get(&number).map(String::as_str);
        let none = Tally::default();
        let tally = self.tallies.get(&number).unwrap_or(&none);
        unmatched(&self.rules[number].entry, tally, near)
    }
}

/// Whether an entry says that a site is as it is meant to be.
fn is_ignored(images: &ImageFilter, finding: IgnorableFinding, site: &Site) -> bool {
    let names: Vec<_> = [site.key.name()].into_iter().chain(site.repository()).collect();
    images.ignores(finding, &names)
}
