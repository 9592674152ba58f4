//! The rules of an adopted repository: which files each one reads, for which app
//! and environment, and what it finds there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::chart::Charts;
use super::code::{
    AMBIGUOUS_ROUTE, COPIED_SITE, OVERRIDDEN_SITE, UNREADABLE_MARKER, UNREADABLE_TEXT,
};
use super::cursor::Cursor;
use super::files::ParsedFile;
use super::kinds::reader::{FoundSites, RouteEnvironment, SiteBuilder, only};
use super::kinds::{likely_images_below, reader_of};
use super::missing_route::MissingRoute;
use super::scope::ModelScope;
use super::{Key, LikelyImage, Reading, Site, SitePart, SitePartKind, SiteValue, vendored};
use crate::config::{
    EnvironmentName, FilePattern, PathPattern, Repository, SiteKind, SiteRule, Sourced,
};
use crate::diagnostic::{Finding, Findings};
use crate::git::CanonicalAddress;
use crate::source::{Location, RepoPath, Span};
use crate::yaml::{Place, Route, Value};

/// An entry of `sites` with its files for each environment.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) entry: SiteRule,
    /// The longest spelling comes first: it wins if a path can be read as two environments.
    files: Vec<EnvironmentFiles>,
    /// Where each environment is among them, by its number.
    places: HashMap<usize, usize>,
}

/// The files of one environment that an entry of `sites` means.
#[derive(Debug, Clone)]
pub(super) struct EnvironmentFiles {
    /// The environment's number.
    pub(super) environment: usize,
    /// How paths and routes spell the environment.
    pub(super) spelling: String,
    pub(super) pattern: FilePattern,
    /// Those that the entry leaves out.
    excluded: Vec<FilePattern>,
}

impl EnvironmentFiles {
    fn leave_out(&self, path: &RepoPath) -> bool {
        self.excluded.iter().any(|pattern| pattern.captures(path).is_some())
    }
}

/// What a path is to a rule: a file of that environment, and of that app if the path or the
/// rule names it.
pub(super) type RuleMatch = (usize, Option<String>);

impl Rule {
    pub(super) fn new(rule: &SiteRule, repository: &Repository) -> Self {
        let all = repository.environments.iter().enumerate();
        let own =
            all.filter(|(_, one)| rule.environment.as_ref().is_none_or(|name| one.is_called(name)));
        let files = own.filter_map(|(environment, one)| {
            let of = |pattern: &PathPattern| {
                pattern.of_environment(&one.spelling, one.cluster.as_deref())
            };
            let excluded = rule.exclude.iter().filter_map(|pattern| of(&pattern.value)).collect();
            let (pattern, spelling) = (of(&rule.path.value)?, one.spelling.clone());
            Some(EnvironmentFiles { environment, spelling, pattern, excluded })
        });
        let mut files: Vec<_> = files.collect();
        files.sort_by_key(|one| std::cmp::Reverse(one.spelling.len()));
        let places = files.iter().enumerate().map(|(place, one)| (one.environment, place));
        Self { places: places.collect(), files, entry: rule.clone() }
    }

    /// The files of an environment; none if it has none.
    pub(super) fn files_of(&self, environment: usize) -> Option<&EnvironmentFiles> {
        self.places.get(&environment).map(|place| &self.files[*place])
    }

    /// Whether its path or the rule itself names the app of every site of a file. Markers
    /// may name others.
    pub(super) fn names_app(&self) -> bool {
        if matches!(self.entry.kind, SiteKind::Marker) {
            return false;
        }
        self.literal_app().is_some() || self.entry.path.value.names_app()
    }

    /// The app that it says all sites of its files are of; none if something else says it.
    pub(super) fn literal_app(&self) -> Option<&str> {
        let own = self.entry.app.as_ref().filter(|own| own.value.is_literal());
        own.map(|own| own.value.as_str())
    }

    /// The only app that it may find sites of; none if something else says it.
    pub(super) fn only_app(&self) -> Option<&str> {
        let is_only = self.names_app() && !self.entry.path.value.names_app();
        self.literal_app().filter(|_| is_only)
    }

    /// The files of each environment that it has files of.
    pub(super) fn files(&self) -> &[EnvironmentFiles] {
        &self.files
    }

    /// Whether its files override values of charts. Those inside other objects are for a
    /// chart from elsewhere.
    pub(super) fn reads_charts(&self) -> bool {
        matches!(self.entry.kind, SiteKind::HelmValues { root: None })
    }

    /// How it reads the files of an environment, and nothing else: not where that is
    /// written. None if it has none.
    pub(super) fn reading(&self, environment: usize) -> Option<String> {
        let files = self.files_of(environment)?;
        let excluded: Vec<_> = files.excluded.iter().map(FilePattern::as_str).collect();
        let (pattern, spelled) = (files.pattern.as_str(), self.spelled(environment));
        Some(format!("{pattern:?} {excluded:?} {} {spelled}", self.entry.reading()))
    }

    /// The environment's names as far as what the rule finds depends on them; else empty.
    pub(super) fn spelled(&self, environment: usize) -> String {
        match &self.entry.environment {
            Some(name) => format!("{name} {}", self.spelling(environment)),
            None if self.entry.routes_name_environment() => self.spelling(environment).to_owned(),
            None => String::new(),
        }
    }

    fn spelling(&self, environment: usize) -> &str {
        self.files_of(environment).map_or("", |files| &files.spelling)
    }

    /// What a path is to it that matches the patterns at these places, each with the app that
    /// the path names there: a file of one environment, unless routes say of which a site is.
    pub(super) fn matches(
        &self,
        path: &RepoPath,
        places: BTreeMap<usize, Option<String>>,
    ) -> impl Iterator<Item = RuleMatch> {
        let literal = self.literal_app();
        let matched = places.into_iter().map(|(place, app)| (&self.files[place], app));
        let mut matched: Vec<(&EnvironmentFiles, Option<String>)> = matched.collect();
        if self.entry.path.value.names_environment() {
            // Clusters of one environment share a file that does not say the cluster.
            let first = matched.first().map(|(files, _)| &files.spelling);
            matched.retain(|(files, _)| Some(&files.spelling) == first);
        }
        matched.retain(|(files, _)| !files.leave_out(path));
        matched.into_iter().map(move |(files, app)| {
            (files.environment, app.or_else(|| literal.map(str::to_owned)))
        })
    }

    /// The patterns of the files that are asked about.
    pub(super) fn patterns<'n>(
        &self,
        scope: &ModelScope,
        name: impl Fn(usize) -> &'n EnvironmentName,
    ) -> Vec<FilePattern> {
        let wanted = self.files.iter().filter(|one| scope.has_environment(name(one.environment)));
        let patterns = wanted.flat_map(|EnvironmentFiles { pattern, .. }| match &scope.apps {
            Some(apps) if self.names_app() && self.entry.path.value.names_app() => {
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
        Some(pattern.value.of_image(&image_name(site)))
    }
}

/// Whether a path can have this name as a segment, and no pattern is read into
/// it.
fn is_segment(app: &str) -> bool {
    app.starts_with(|c: char| c.is_ascii_alphanumeric())
        && app.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// The last segment of a site's repository, which an address with a directory in it names
/// as well.
fn image_name(site: &Site) -> String {
    let whole = match &site.key {
        Key::Image(name) => site.repository().unwrap_or(name),
        Key::Git(address) if site.part(SitePartKind::Address).is_some() => {
            return CanonicalAddress::of_repository(address).name().to_owned();
        }
        other => other.name(),
    };
    CanonicalAddress::of(whole).name().to_owned()
}

/// What one rule found in one file.
#[derive(Debug, Clone)]
pub(super) struct RuleSites {
    /// The rule's number.
    pub(super) rule: usize,
    /// The environment's number.
    pub(super) environment: usize,
    /// The app that the path or the rule names.
    pub(super) app: Option<String>,
    /// The sites by app, in the order of the file; or why it cannot be read.
    pub(super) found: Result<BTreeMap<String, Vec<Site>>, Findings>,
    /// Problems of single sites.
    pub(super) findings: Findings,
    /// The routes of the rule that lead nowhere in the file.
    pub(super) missing: Vec<MissingRoute>,
    /// Whether the file was seen to be of another kind than the rule.
    pub(super) is_of_other_kind: bool,
}

impl RuleSites {
    /// Whether the file does not have the field that the rule names.
    pub(super) fn is_without_site(&self) -> bool {
        let has_none = self.found.as_ref().is_ok_and(BTreeMap::is_empty);
        has_none && self.missing.iter().any(MissingRoute::is_needed)
    }

    /// Without anything that people would be told.
    pub(super) fn silent(
        (rule, environment): (usize, usize),
        app: Option<String>,
        found: Result<BTreeMap<String, Vec<Site>>, Findings>,
    ) -> Self {
        let (findings, missing) = (Findings::new(), Vec::new());
        Self { rule, environment, app, found, findings, missing, is_of_other_kind: false }
    }
}

/// The environments and apps of which two versions of a file do not say the same; none if
/// that cannot be told. What is shown of sites and changes nothing does not count.
pub(super) fn changed_apps(
    old: &[RuleSites],
    new: &[RuleSites],
) -> Option<BTreeSet<(usize, String)>> {
    if old.len() != new.len() {
        return None;
    }
    let mut changed = BTreeSet::new();
    for (old, new) in old.iter().zip(new) {
        if (old.rule, old.environment, &old.app) != (new.rule, new.environment, &new.app) {
            return None;
        }
        let environment = old.environment;
        let (Ok(old), Ok(new)) = (&old.found, &new.found) else { return None };
        let differs = |app: &&String| match (old.get(*app), new.get(*app)) {
            (Some(old), Some(new)) => !says_the_same(old, new),
            _ => true,
        };
        let apps = old.keys().chain(new.keys()).filter(differs);
        changed.extend(apps.map(|app| (environment, app.clone())));
    }
    Some(changed)
}

fn says_the_same(old: &[Site], new: &[Site]) -> bool {
    let same = |(old, new): (&Site, &Site)| {
        old.key == new.key
            && old.qualified == new.qualified
            && old.value == new.value
            && old.parts.len() == new.parts.len()
            && old.parts.iter().zip(&new.parts).all(|(old, new)| old.says_the_same(new))
    };
    old.len() == new.len() && old.iter().zip(new).all(same)
}

impl Rule {
    /// Builds the sites of a file, without what a chart has.
    fn builder<'a>(&'a self, parsed: &'a ParsedFile, environment: usize) -> SiteBuilder<'a> {
        SiteBuilder {
            adds_digest: self.entry.adds_digest,
            environment: Some(RouteEnvironment {
                spelling: self.spelling(environment),
                only: self.entry.environment.as_ref().map(EnvironmentName::as_str),
            }),
            ..SiteBuilder::new(&parsed.file, &self.entry.images)
        }
    }

    /// The sites that the rule finds in a file, for the app that the path names,
    /// if any.
    pub(super) fn sites(
        &self,
        path: &RepoPath,
        parsed: &ParsedFile,
        app: Option<String>,
        (rule, environment): (usize, usize),
        charts: &Charts,
    ) -> RuleSites {
        let documents = match parsed.documents() {
            Ok(documents) => documents,
            Err(findings) => {
                let unreadable = match vendored::chart_of(path, &parsed.file) {
                    Some(chart) => vendored::finding(&self.entry, chart).into(),
                    None => findings.clone(),
                };
                return RuleSites::silent((rule, environment), app, Err(unreadable));
            }
        };
        let chart = charts.of(path).filter(|_| self.reads_charts());
        let builder = SiteBuilder { chart, ..self.builder(parsed, environment) };
        let reader = reader_of(&self.entry.kind);
        let FoundSites { mut sites, mut findings, mut missing } = reader.find(builder, documents);
        findings.extend(reader.overridden(documents, &sites));
        let root = builder.filled(&reader.root());
        for route in &self.entry.promote {
            match promoted_value(builder, documents, &root, route) {
                Ok(site) => {
                    if site.as_ref().is_none_or(|site| site.value.is_none()) {
                        let filled = builder.filled(&route.value);
                        missing.push(MissingRoute::promoted(documents, route, (&root, filled)));
                    }
                    sites.extend(site);
                }
                Err(finding) => findings.push(finding),
            }
        }
        // What the rule means is not known, so that nothing of the file is.
        let is_unclear = |finding: &&Finding| {
            [&AMBIGUOUS_ROUTE, &COPIED_SITE, &OVERRIDDEN_SITE, &UNREADABLE_TEXT]
                .contains(&finding.code)
        };
        let unclear = findings.iter().filter(is_unclear);
        let unclear: Findings = unclear.cloned().collect();
        if !unclear.is_empty() {
            return RuleSites::silent((rule, environment), app, Err(unclear));
        }
        let found = Ok(self.by_app(path, app.as_deref(), sites, &mut findings));
        let is_of_other_kind = !reader.fits(path.name(), documents);
        RuleSites { rule, environment, app, found, findings, missing, is_of_other_kind }
    }

    /// What looks like an image in a file, whether it is a site or not. None if the rule says
    /// itself what of the file counts.
    pub(super) fn likely_images(
        &self,
        parsed: &ParsedFile,
        environment: usize,
    ) -> Vec<LikelyImage> {
        let chooses = matches!(self.entry.kind, SiteKind::Yaml(_) | SiteKind::Marker);
        let Ok(documents) = parsed.documents() else { return Vec::new() };
        if chooses {
            return Vec::new();
        }
        let root = self.builder(parsed, environment).filled(&reader_of(&self.entry.kind).root());
        let starts = Cursor::roots(documents).flat_map(|document| document.follow_all(&root));
        let mut images: Vec<_> = starts.flat_map(|start| likely_images_below(&start)).collect();
        images.retain(|likely| {
            self.entry.images.takes(likely.image.repository.as_deref().unwrap_or_default())
        });
        images
    }

    fn by_app(
        &self,
        path: &RepoPath,
        app: Option<&str>,
        sites: Vec<Site>,
        findings: &mut Findings,
    ) -> BTreeMap<String, Vec<Site>> {
        let mut apps: BTreeMap<String, Vec<Site>> = BTreeMap::new();
        for site in sites {
            match self.app_of(&site, app) {
                Some(app) => apps.entry(app).or_default().push(site),
                None => findings.push(
                    Finding::new(
                        &UNREADABLE_MARKER,
                        format!("nothing says which app the site in `{path}` belongs to"),
                        site.location.clone(),
                    )
                    .because("belongs to no app")
                    .help("write `# rungs: app=NAME`, or give the rule an `app`"),
                ),
            }
        }
        apps
    }
}

/// The site of a promoted value. A value that does not exist yet has a site too,
/// so that it can be written.
fn promoted_value(
    builder: SiteBuilder<'_>,
    documents: &[Value],
    root: &Route,
    route: &Sourced<Route>,
) -> Result<Option<Site>, Finding> {
    let own = builder.filled(&route.value);
    let whole = root.joined(&own);
    let key = Key::Value(builder.name(&route.value));
    if let Some(at) = only(documents, &whole, &own, &route.location)? {
        let part = at.part(SitePartKind::Value);
        let root = documents.get(part.at.document).map_or(at.node, Value::root);
        let value = SiteValue::promoted(root, &whole, at.node);
        return Ok(Some(builder.site(key, Some(value), &at, vec![part])));
    }
    let Some(first) = documents.first().filter(|_| whole.is_of_keys()) else { return Ok(None) };
    let first = Cursor::root(0, first);
    // The document in which the values begin, or the first.
    let number = documents.iter().position(|document| root.find(document.root()).is_some());
    let number = number.unwrap_or_default();
    let at = Place { document: number, route: whole.into_texts(documents[number].root()) };
    let part = SitePart {
        kind: SitePartKind::Value,
        at,
        is_there: false,
        text: String::new(),
        written: None,
        is_repeated: false,
        reading: Reading::Text,
    };
    let line = builder.file.line(1);
    let location = Location::new(builder.file, Span { start: line.start, end: line.end });
    Ok(Some(Site { location, ..builder.site(key, None, &first, vec![part]) }))
}
