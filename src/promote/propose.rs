//! The values that an app's sites are to have.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::code::{NO_DIGEST, SITES_CHANGED, UNKNOWN_IMAGE};
use super::part::MovingKeys;
use super::{SiteChange, asked_sources};
use crate::diagnostic::{Finding, Findings, Severity, Subject};
use crate::edits::{GitRevision, RouteValue, TWO_VALUES};
use crate::sites::{
    AppSites, ImageNames, ImageParts, ImageRequest, Key, Model, NoImage, RevisionParts, Site,
    SiteValue, State, WriteOptions, barrier, changes, choose_image_of_app, pair,
};
use crate::source::{FileChanges, Location, RepoPath};
use crate::yaml::Change;

/// The values that an app's sites in one environment are to have, and the edits
/// that give them these.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    /// The state that results.
    pub(super) state: State,
    /// The sites that change.
    pub(super) changes: Vec<SiteChange>,
    /// The changes in each file.
    pub(super) edits: BTreeMap<RepoPath, Vec<Change>>,
    /// Files that are restored whole, in place of their edits.
    pub(super) originals: FileChanges,
    /// What blocks the change: sites without a partner, or that cannot be changed. The
    /// state is the one that would result without them.
    pub(super) obstacles: Findings,
    /// Findings that do not stop the promotion.
    pub(super) warnings: Findings,
    /// The files with edits of which only reading them again says what they change.
    pub(super) routed: BTreeSet<RepoPath>,
}

/// What a person asks an app to have.
#[derive(Clone, Copy)]
pub(super) struct AskedValues<'a> {
    pub(super) images: &'a [ImageRequest],
    pub(super) routes: &'a [RouteValue],
    /// Git references and versions.
    pub(super) gits: &'a [GitRevision],
}

impl Proposal {
    /// The proposal, or its obstacles if there are errors among them.
    pub(super) fn unobstructed(self) -> Result<Self, Findings> {
        if self.obstacles.has_errors() { Err(self.obstacles) } else { Ok(self) }
    }
}

/// An app's sites in the environment that is entered.
#[derive(Clone, Copy)]
pub(super) struct TargetSites<'a> {
    pub(super) app: &'a AppSites,
    pub(super) state: &'a State,
    pub(super) options: WriteOptions,
    /// The model that the sites are from.
    pub(super) model: &'a Model,
}

impl TargetSites<'_> {
    pub(super) fn subject(&self) -> Subject {
        Subject::app(self.app.environment.as_str(), &*self.app.app)
    }
}

/// The value that a site is to have.
pub(super) struct WantedValue<'s> {
    pub(super) site: &'s Site,
    pub(super) value: SiteValue,
    /// Whether it is a text where it comes from, even if it looks like a number.
    pub(super) is_text: bool,
}

impl<'s> WantedValue<'s> {
    /// A value that nothing says more of.
    pub(super) fn new(site: &'s Site, value: SiteValue) -> Self {
        Self { site, value, is_text: false }
    }

    /// The changes that give the site the value.
    pub(super) fn changes(
        &self,
        site: &Site,
        options: WriteOptions,
    ) -> Result<Vec<Change>, Finding> {
        changes(site, &self.value, WriteOptions { as_text: self.is_text, ..options })
    }
}

/// Proposes the values of the source's sites that move; each image keeps its repository.
pub(super) fn promoted(
    target: TargetSites<'_>,
    source: &AppSites,
    moving: &MovingKeys,
) -> Proposal {
    let mut pairs = pair(source, target.app);
    pairs.retain(|key| moving.has(key));
    let mut wanted = Vec::new();
    let mut obstacles = Findings::new();
    for pair in &pairs.both {
        let Some(value) = &pair.source.value else { continue };
        if let Some(finding) = pair.source.misread() {
            let finding = Finding { severity: Severity::Error, ..finding };
            obstacles.push(finding.about(target.subject()));
            continue;
        }
        let is_movable = |site: &Site| site.value.is_some() || !site.key.is_template_pin();
        for &site in pair.targets.iter().filter(|site| is_movable(site)) {
            match promoted_value(site, value, target.options) {
                Ok(value) => {
                    wanted.push(WantedValue { site, value, is_text: pair.source.is_text() });
                }
                Err(finding) => obstacles.push(finding.about(target.subject())),
            }
        }
    }
    let mut proposal = written(target, &wanted);
    for finding in pairs.findings(source, target.app) {
        let to = if finding.is_error() { &mut obstacles } else { &mut proposal.warnings };
        to.push(finding);
    }
    proposal.obstacles.extend(obstacles);
    proposal
}

/// The value that a site is to have if the source's site has `value`.
fn promoted_value(
    site: &Site,
    value: &SiteValue,
    options: WriteOptions,
) -> Result<SiteValue, Finding> {
    let (current, own, source) = match (&site.value, value) {
        (Some(current @ SiteValue::Image(own)), SiteValue::Image(source)) => (current, own, source),
        (Some(SiteValue::Repository(own)), SiteValue::Image(source)) => {
            let repository = Some(own.clone());
            return Ok(SiteValue::Image(ImageParts { repository, ..source.clone() }));
        }
        (Some(_), SiteValue::Revision(source)) => {
            return Ok(SiteValue::Revision(revision_of(site, &source.revision)));
        }
        _ => return Ok(value.clone()),
    };
    if current.agrees_with(value) {
        let has_other_tag = own.tag.is_some() && source.tag.is_some() && own.tag != source.tag;
        // Both have the same digest, and a release candidate may have become the release.
        let tag = if has_other_tag { &source.tag } else { &own.tag };
        return Ok(SiteValue::Image(ImageParts { tag: tag.clone(), ..own.clone() }));
    }
    let digest = match (&own.digest, &source.digest) {
        (Some(_), None) if !options.drop_digest => {
            return Err(barrier(site).unwrap_or_else(|| no_digest(site, source)));
        }
        (Some(_), Some(digest)) => Some(digest.clone()),
        (None, Some(digest)) if site.adds_digest || source.tag.is_none() => Some(digest.clone()),
        (_, None | Some(_)) => None,
    };
    let (repository, tag) = (own.repository.clone(), source.tag.clone());
    Ok(SiteValue::Image(ImageParts { repository, tag, digest }))
}

/// A revision from where a site's own comes from.
fn revision_of(site: &Site, revision: &str) -> RevisionParts {
    match &site.value {
        Some(SiteValue::Revision(own) | SiteValue::Moving(own)) => own.with(revision),
        _ => RevisionParts::new(revision),
    }
}

fn no_digest(site: &Site, source: &ImageParts) -> Finding {
    let tag = source.tag.as_deref().unwrap_or_default();
    let message =
        format!("`{}` is pinned by digest here, and the new tag `{tag}` has none", site.key);
    Finding::new(&NO_DIGEST, message, site.location.clone())
        .because("it would be left beside a tag that it does not belong to")
        .help("give the source a digest, or remove this one with `--drop-digest`")
}

/// Proposes the references that a person requested. `shared` may know why the app has no
/// such image.
pub(super) fn requested(
    target: TargetSites<'_>,
    asked: &AskedValues<'_>,
    at: &Location,
    shared: impl FnOnce() -> Option<Finding>,
) -> Result<Proposal, Findings> {
    let mut wanted = Vec::new();
    let mut findings = Findings::new();
    let mut unknown = Findings::new();
    for request in asked.images {
        match matching_sites(target, request, at) {
            Ok(sites) => {
                wanted.extend(
                    sites.iter().map(|site| WantedValue::new(site, request.value_of(site))),
                );
            }
            Err(NoSites::Unknown(finding)) => unknown.push(finding.about(target.subject())),
            Err(NoSites::Unfit(found)) => findings.extend(found.about(&target.subject())),
        }
    }
    for request in asked.gits {
        match asked_sources::named(target.app, request, at) {
            Ok(sites) => {
                let value = |site: &Site| SiteValue::Revision(revision_of(site, &request.revision));
                wanted.extend(sites.into_iter().map(|site| WantedValue::new(site, value(site))));
            }
            Err(finding) => findings.push(finding.about(target.subject())),
        }
    }
    if !unknown.is_empty() {
        findings.extend(shared().map_or(unknown, Findings::from));
    }
    findings.extend(conflict(&wanted).map(|finding| finding.about(target.subject())));
    if findings.has_errors() {
        return Err(findings);
    }
    let mut proposal = edited(target, &wanted);
    proposal.set_routes(target, asked.routes, at)?;
    proposal.carry(target, &wanted);
    proposal.unobstructed()
}

/// The finding that one site is to get two different values.
fn conflict(wanted: &[WantedValue<'_>]) -> Option<Finding> {
    let (one, other) = wanted.iter().enumerate().find_map(|(at, one)| {
        let is_other = |other: &&WantedValue<'_>| {
            std::ptr::eq(other.site, one.site) && other.value != one.value
        };
        Some((one, wanted[..at].iter().find(is_other)?))
    })?;
    let (site, value, other) = (one.site, &one.value, &other.value);
    let message = format!("`{}` is to be both `{other}` and `{value}`", site.key);
    let finding = Finding::new(&TWO_VALUES, message, site.location.clone());
    Some(finding.because("would get two values").help("give each image one new reference"))
}

/// Why a request has no sites.
enum NoSites {
    /// The app has no such image.
    Unknown(Finding),
    /// It is not clear which image is meant, or it may not get the reference.
    Unfit(Findings),
}

/// The sites of the one image that a request names, if each of them may get the
/// requested reference.
fn matching_sites<'s>(
    target: TargetSites<'s>,
    request: &ImageRequest,
    at: &Location,
) -> Result<Vec<&'s Site>, NoSites> {
    let images: Vec<&Site> = target.app.sites.iter().filter(|site| site.is_image()).collect();
    let chosen =
        choose_image_of_app(request, &images, ImageNames::of_site).map_err(
            |fault| match fault {
                NoImage::Unknown => {
                    let message =
                        format!("`{}` has no image `{}`", target.app.app, request.called());
                    let (at, names) = (at.clone(), ImageNames::of_site);
                    NoSites::Unknown(request.unknown_image(
                        &UNKNOWN_IMAGE,
                        message,
                        at,
                        &images,
                        names,
                    ))
                }
                NoImage::Ambiguous(which) => {
                    let at = |site: &Site| site.location.clone();
                    let reference = request.reference();
                    NoSites::Unfit(which.finding(request.name.as_deref(), &reference, at).into())
                }
            },
        )?;
    let others = request.other_repositories(chosen.iter().copied());
    if target.options.repository || others.is_empty() {
        Ok(chosen)
    } else {
        Err(NoSites::Unfit(others))
    }
}

/// Proposes exactly the values of an earlier state.
pub(super) fn restored(target: TargetSites<'_>, before: &State) -> Result<Proposal, Findings> {
    // A version that another file has does not come back by a change of this one.
    let has = |state: &State, key: &Key, value: &SiteValue| {
        state.get(key).is_some_and(|other| match (value, other) {
            (SiteValue::Revision(one), SiteValue::Revision(two)) => one.place() == two.place(),
            (value, other) => other.is_repository() == value.is_repository(),
        })
    };
    let alone = |one: &'_ State, other: &State| -> Option<Key> {
        one.iter().find(|(key, value)| !has(other, key, value)).map(|(key, _)| key.clone())
    };
    let (gone, new) = (alone(before, target.state), alone(target.state, before));
    let what = match (gone, new) {
        (None, None) => None,
        (Some(gone), _) => Some(format!("`{gone}` existed then, and no longer does")),
        (None, Some(new)) => Some(format!("`{new}` did not exist then")),
    };
    if let Some(what) = what {
        let app = &target.app.app;
        let location = target.app.sites.first().map(|site| site.location.clone());
        let location = location.unwrap_or_else(Location::of_repository);
        return Err(Finding::new(
            &SITES_CHANGED,
            format!("the sites of `{app}` have changed since"),
            location,
        )
        .because(what)
        .help("restore it by hand, or name a later state with `--to-ref`")
        .about(target.subject())
        .into());
    }
    let wanted: Vec<WantedValue<'_>> = target
        .app
        .sites
        .iter()
        .filter_map(|site| {
            site.value.as_ref()?;
            Some(WantedValue::new(site, before.get(&site.key)?.clone()))
        })
        .collect();
    let options = WriteOptions { repository: true, exact: true, ..WriteOptions::default() };
    written(TargetSites { options, ..target }, &wanted).unobstructed()
}

/// Proposes given values, with the edits that write them.
pub(super) fn written(target: TargetSites<'_>, wanted: &[WantedValue<'_>]) -> Proposal {
    let mut proposal = edited(target, wanted);
    proposal.carry(target, wanted);
    proposal
}

/// The same, without what the edits carry along.
fn edited(target: TargetSites<'_>, wanted: &[WantedValue<'_>]) -> Proposal {
    let mut new: BTreeMap<Key, SiteValue> = BTreeMap::new();
    let mut proposal = Proposal {
        state: target.state.clone(),
        changes: Vec::new(),
        edits: BTreeMap::new(),
        originals: FileChanges::new(),
        obstacles: Findings::new(),
        warnings: Findings::new(),
        routed: BTreeSet::new(),
    };
    for one @ WantedValue { site, value, .. } in wanted {
        match one.changes(site, target.options) {
            Ok(edits) if edits.is_empty() => continue,
            Ok(edits) => proposal.add(site, value, edits),
            Err(finding) => proposal.obstacles.push(finding.about(target.subject())),
        }
        new.insert(site.key.clone(), value.clone());
    }
    for edits in proposal.edits.values_mut() {
        // Several sites may share a scalar.
        let mut seen = HashSet::new();
        edits.retain(|change| seen.insert(change.clone()));
    }
    proposal.state = target.state.with(&new);
    proposal
}

impl Proposal {
    /// Adds the change of a site, with the edits of its file.
    fn add(&mut self, site: &Site, value: &SiteValue, edits: Vec<Change>) {
        self.add_change(site, value);
        self.edits.entry(site.file.path().clone()).or_default().extend(edits);
    }

    /// Adds the change of a site.
    pub(super) fn add_change(&mut self, site: &Site, value: &SiteValue) {
        self.changes.push(SiteChange::planned(site, value));
    }
}
