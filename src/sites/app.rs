//! An app's sites in one environment, and the state that they add up to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::code::{MOVING_REFERENCE, SITES_DISAGREE, TAGGED_REPOSITORY, UNPINNED};
use super::write::unclear_companion;
use super::{Key, Site, SiteValue, State};
use crate::config::{EnvironmentName, RuleSeverity};
use crate::diagnostic::{Finding, Findings, ProblemKind, Severity, Subject};
use crate::kubernetes::full_repository;
use crate::source::RepoPath;
use crate::yaml::Place;

/// An app's sites in one environment.
#[derive(Debug, Clone)]
pub struct AppSites {
    /// The environment.
    pub environment: EnvironmentName,
    /// The app.
    pub app: String,
    /// Its sites, in the order of the files and of the places in them.
    pub sites: Vec<Site>,
    /// The state that they add up to, or why that is not known.
    pub state: Result<State, Findings>,
    /// Problems that do not block the app.
    pub findings: Findings,
    /// Whether files that all apps of an environment share say something of the state.
    pub reads_shared: bool,
    /// Whether it moves as a whole, unless a person says otherwise.
    pub moves_together: bool,
}

impl AppSites {
    /// From an app's sites and the problems that were found with them.
    pub(super) fn new(
        environment: &EnvironmentName,
        app: &str,
        sites: Vec<Site>,
        blocking: Findings,
        severity: Option<RuleSeverity>,
    ) -> Self {
        let subject = Subject::app(environment.as_str(), app);
        let sites = qualified(once(sites));
        let mut blocking = blocking.about(&subject);
        blocking.extend(sites.iter().filter_map(tagged_repository));
        let entries = entries(&sites, &mut blocking);
        let state = if blocking.has_errors() {
            Err(blocking.about(&subject))
        } else {
            Ok(State::new(entries))
        };
        let findings = sites.iter().filter_map(|site| noted(site, severity)).collect::<Findings>();
        let findings = findings.about(&subject);
        Self {
            environment: environment.clone(),
            app: app.to_owned(),
            sites,
            state,
            findings,
            reads_shared: false,
            moves_together: true,
        }
    }

    /// With further problems that do not keep the state from being known.
    #[must_use]
    pub(super) fn with_findings(mut self, findings: Findings) -> Self {
        let subject = Subject::app(self.environment.as_str(), &*self.app);
        self.findings.extend(findings.about(&subject));
        self
    }

    /// The findings that keep the app from being changed, although its state is known: its
    /// sites are not those that the configuration means.
    pub fn misread(&self) -> Findings {
        let is_of_input =
            |finding: &&Finding| finding.is_error() && finding.code.kind == ProblemKind::Input;
        self.findings.iter().filter(is_of_input).cloned().collect()
    }

    /// Whether a range or a branch is one of its values.
    pub fn has_moving(&self) -> bool {
        self.sites.iter().filter_map(|site| site.value.as_ref()).any(SiteValue::moves)
    }

    /// The sites of a key.
    pub fn of(&self, key: &Key) -> impl Iterator<Item = &Site> {
        self.sites.iter().filter(move |site| site.key == *key)
    }
}

/// Leaves out sites whose scalars another rule has already found.
fn once(mut sites: Vec<Site>) -> Vec<Site> {
    let mut seen: BTreeSet<(&Place, &str, &RepoPath)> = BTreeSet::new();
    let is_new = sites.iter().map(|site| {
        let mut is_new = site.parts.is_empty();
        for part in &site.parts {
            // An image that may be inserted shares its place with others.
            let name = if part.is_there { "" } else { &part.text };
            is_new |= seen.insert((&part.at, name, site.file.path()));
        }
        is_new
    });
    let mut is_new = is_new.collect::<Vec<_>>().into_iter();
    sites.retain(|_| is_new.next().unwrap_or_default());
    sites
}

/// Gives sites their longer keys if the short one stands for several images.
fn qualified(mut sites: Vec<Site>) -> Vec<Site> {
    if sites.iter().all(|site| site.qualified.is_none()) {
        return sites;
    }
    let mut repositories: HashMap<Key, BTreeSet<Option<String>>> = HashMap::new();
    for site in sites.iter().filter(|site| site.version().is_some()) {
        repositories.entry(site.key.clone()).or_default().insert(source_of(site));
    }
    for site in &mut sites {
        let is_ambiguous = repositories.get(&site.key).is_some_and(|all| all.len() > 1);
        if let Some(longer) = site.qualified.clone().filter(|_| is_ambiguous) {
            site.key = site.key.renamed(longer);
        }
    }
    sites
}

/// The full name of a site's repository.
fn source_of(site: &Site) -> Option<String> {
    let repository = site.image()?.repository.as_deref()?;
    Some(full_repository(repository))
}

/// The value of each key; sites that disagree are a finding.
fn entries(sites: &[Site], findings: &mut Findings) -> BTreeMap<Key, SiteValue> {
    let mut by_key: BTreeMap<&Key, Vec<(&Site, &SiteValue)>> = BTreeMap::new();
    for site in sites {
        let exact = site.value.as_ref().filter(|value| !matches!(value, SiteValue::Moving(_)));
        if let Some(value) = exact {
            by_key.entry(&site.key).or_default().push((site, value));
        }
    }
    let mut entries = BTreeMap::new();
    for (key, all) in by_key {
        let &(first, value) =
            all.iter().max_by_key(|(_, value)| weight(value)).expect("a key has a site");
        // One that leaves the version to another file says nothing else of it.
        let mut others = all.iter().filter(|(_, other)| {
            *other != value && !value.agrees_with(other) && !other.is_repository()
        });
        if let Some((other, _)) = others.next() {
            findings.push(disagreement(key, first, other));
        }
        entries.insert(key.clone(), value.clone());
    }
    entries
}

/// The finding that a site's repository has a tag or a digest in it.
fn tagged_repository(site: &Site) -> Option<Finding> {
    let repository = site.repository()?;
    let name = repository.rsplit('/').next().unwrap_or(repository);
    // What a tool has yet to fill in is not known.
    if !name.contains([':', '@']) || repository.contains(['{', '$']) {
        return None;
    }
    let message = format!("the repository of `{}`, `{repository}`, has a tag in it", site.key);
    Some(
        Finding::new(&TAGGED_REPOSITORY, message, site.location.clone())
            .because("the tag has a place of its own")
            .help("leave the tag or digest out of the repository"),
    )
}

/// How exact a value is: a digest is more exact than a tag, and anything more than where it
/// comes from.
pub(super) fn weight(value: &SiteValue) -> (bool, bool, bool) {
    match value {
        SiteValue::Image(image) => (image.digest.is_some(), image.tag.is_some(), true),
        other => (false, false, !other.is_repository()),
    }
}

fn disagreement(key: &Key, one: &Site, other: &Site) -> Finding {
    let says = |site: &Site| site.value.as_ref().map(ToString::to_string).unwrap_or_default();
    let (first, second) =
        if one.location.span() <= other.location.span() { (one, other) } else { (other, one) };
    let help = match key {
        Key::Image(_) => {
            "give them the same value, or tell different images apart by name, `app` or `key=`"
        }
        _ => "give them the same value",
    };
    Finding::new(
        &SITES_DISAGREE,
        format!("the {} `{key}` is both `{}` and `{}`", key.noun(), says(first), says(second)),
        second.location.clone(),
    )
    .because("one value")
    .label(first.location.clone(), "another")
    .help(help)
}

/// The finding about one site that does not block the app; none if all is well.
fn noted(site: &Site, severity: Option<RuleSeverity>) -> Option<Finding> {
    if let Some(finding) = unclear_companion(site).or_else(|| site.misread()) {
        return Some(finding);
    }
    match site.value.as_ref()? {
        SiteValue::Moving(_) if site.is_as_meant => None,
        SiteValue::Moving(parts) => Some(moving(site, &parts.revision)),
        SiteValue::Image(image) => {
            let name = &site.key;
            match (&image.tag, &image.digest) {
                (_, Some(_)) => None,
                (None, None) => Some(
                    Finding::new(
                        &UNPINNED,
                        format!("the image `{name}` has neither a tag nor a digest"),
                        site.location.clone(),
                    )
                    .because("means `latest`, whatever that is when it is pulled")
                    .help("add a tag, and best its digest as well"),
                ),
                (Some(tag), None) => {
                    let severity = of_rule(severity?)?;
                    let finding = Finding::new(
                        &UNPINNED,
                        format!("the image `{name}` has the tag `{tag}` and no digest"),
                        site.location.clone(),
                    )
                    .because("can be moved to another image")
                    .help(format!("add the digest after the tag: `{tag}@sha256:…`"));
                    Some(Finding { severity, ..finding })
                }
            }
        }
        SiteValue::Repository(_)
        | SiteValue::Revision(_)
        | SiteValue::Value(_)
        | SiteValue::Secret(_) => None,
    }
}

fn of_rule(severity: RuleSeverity) -> Option<Severity> {
    match severity {
        RuleSeverity::Error => Some(Severity::Error),
        RuleSeverity::Warning => Some(Severity::Warning),
        RuleSeverity::Note => Some(Severity::Note),
        RuleSeverity::Ignore => None,
    }
}

/// The finding that a site's value is a range or a branch.
pub(super) fn moving(site: &Site, text: &str) -> Finding {
    Finding::new(
        &MOVING_REFERENCE,
        format!("the {} `{}` is `{text}`, which moves", site.key.noun(), site.key),
        site.location.clone(),
    )
    .because("is never copied or overwritten")
    .help("give a tag, a commit or a version to have it promoted")
}
