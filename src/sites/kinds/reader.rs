//! What each kind of site has to implement, and how it builds sites.

use std::sync::Arc;

use super::reference::{image_of, image_parts, revision, split_name, without_user};
use crate::config::{ENVIRONMENT_PLACEHOLDER, ImageFilter};
use crate::diagnostic::{Finding, Findings};
use crate::git::CanonicalAddress;
use crate::sites::chart::ChartValues;
use crate::sites::code::{TEMPLATED_SITE, UNREADABLE_IMAGE, UNREADABLE_TEXT};
use crate::sites::cursor::{Cursor, is_template, text};
use crate::sites::missing_route::MissingRoute;
use crate::sites::{Key, Removal, Site, SitePart, SitePartKind, SiteValue, ambiguous};
use crate::source::{Location, REDACTED, SourceFile};
use crate::yaml::{Route, Value};

/// A kind of site: how its files are read.
///
/// The functions without `self` are for files that no rule names; most kinds
/// find nothing in those.
pub(in crate::sites) trait SiteReader {
    /// The sites of a file.
    fn find(&self, builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites;

    /// What is missing if no file of a rule has a site, as the end of a message
    /// that starts with "there is".
    fn missing(&self) -> &'static str;

    /// Whether a file of that name is one of this kind, although it may have no site.
    fn fits(&self, _name: &str, _documents: &[Value]) -> bool {
        true
    }

    /// The findings that something else in the file overrides what a rule's routes lead to.
    fn overridden(&self, _documents: &[Value], _sites: &[Site]) -> Findings {
        Findings::new()
    }

    /// The route at which the values start that a rule's `promote` names.
    fn root(&self) -> Route {
        Route::root()
    }

    /// The sites of a file that is of this kind by its name and content; none if
    /// it is not.
    fn by_content(_: SiteBuilder<'_>, _: &[Value]) -> Option<FoundSites>
    where
        Self: Sized,
    {
        None
    }

    /// The sites of this kind in a file that a person names, whatever the file
    /// looks like.
    fn anywhere(_: SiteBuilder<'_>, _: &[Value]) -> FoundSites
    where
        Self: Sized,
    {
        FoundSites::default()
    }

    /// Whether its sites count beside those of other kinds at the same place,
    /// because they have names that the others do not have.
    fn adds_names() -> bool
    where
        Self: Sized,
    {
        false
    }
}

/// Builds the sites of one file, with the settings of its rule.
#[derive(Debug, Clone, Copy)]
pub(in crate::sites) struct SiteBuilder<'a> {
    /// The file.
    pub(in crate::sites) file: &'a Arc<SourceFile>,
    /// The images that are included.
    pub(in crate::sites) images: &'a ImageFilter,
    /// Whether promotion adds a digest to an image that has none.
    pub(in crate::sites) adds_digest: bool,
    /// The environment that it is read for; none if no rule says so.
    pub(in crate::sites) environment: Option<RouteEnvironment<'a>>,
    /// The values of the chart that the file overrides.
    pub(in crate::sites) chart: Option<&'a ChartValues>,
}

/// An environment as the routes of a rule have it.
#[derive(Debug, Clone, Copy)]
pub(in crate::sites) struct RouteEnvironment<'a> {
    /// What stands for it in paths and routes.
    pub(in crate::sites) spelling: &'a str,
    /// Its name, if the rule is of this environment alone.
    pub(in crate::sites) only: Option<&'a str>,
}

impl RouteEnvironment<'_> {
    /// A rule's route as it leads to the environment's own value.
    pub(in crate::sites) fn filled(self, route: &Route) -> Route {
        route.with_texts(|text| text.replace(ENVIRONMENT_PLACEHOLDER, self.spelling))
    }

    /// A rule's route as all environments have it: a rule of one alone may have its name
    /// where others have theirs.
    fn general(self, route: &Route) -> Route {
        let Some(only) = self.only else { return route.clone() };
        route.with_texts(|text| {
            let is_own = text == only || text == self.spelling;
            if is_own { ENVIRONMENT_PLACEHOLDER.to_owned() } else { text.to_owned() }
        })
    }
}

/// The sites and problems of one file.
#[derive(Debug, Clone, Default)]
pub(in crate::sites) struct FoundSites {
    pub(in crate::sites) sites: Vec<Site>,
    pub(in crate::sites) findings: Findings,
    /// The routes of the rule that lead nowhere in the file.
    pub(in crate::sites) missing: Vec<MissingRoute>,
}

impl<'a> SiteBuilder<'a> {
    /// Builds the sites of a file that no rule is about.
    pub(in crate::sites) fn new(file: &'a Arc<SourceFile>, images: &'a ImageFilter) -> Self {
        Self { file, images, adds_digest: false, environment: None, chart: None }
    }
}

impl SiteBuilder<'_> {
    /// Where a rule's route leads in the environment.
    pub(in crate::sites) fn filled(&self, route: &Route) -> Route {
        self.environment.map_or_else(|| route.clone(), |environment| environment.filled(route))
    }

    /// What the site at a rule's route is called, as it is in the other environments.
    pub(in crate::sites) fn name(&self, route: &Route) -> String {
        let general = self.environment.map(|environment| environment.general(route));
        general.as_ref().unwrap_or(route).to_string()
    }

    /// A site; people are shown the place `at`.
    pub(in crate::sites) fn site(
        &self,
        key: Key,
        value: Option<SiteValue>,
        at: &Cursor<'_>,
        parts: Vec<SitePart>,
    ) -> Site {
        Site {
            key,
            qualified: None,
            app: None,
            value,
            location: at.node.location(),
            file: Arc::clone(self.file),
            parts,
            adds_digest: self.adds_digest,
            removal: Removal::Key,
            barrier: None,
            is_as_meant: false,
        }
    }

    /// The site of a scalar that holds a whole reference; none if it is a
    /// template's expression, or if the image is not included.
    pub(super) fn reference(
        &self,
        key: impl Into<String>,
        at: &Cursor<'_>,
    ) -> Result<Option<Site>, Finding> {
        let part = at.part(SitePartKind::Reference);
        if part.text.is_empty() || is_template(&part.text) {
            return Ok(None);
        }
        let (_, reference) = split_name(&part.text);
        let image = image_parts(reference).map_err(|fault| {
            let place = without_user(reference);
            let location = at.node.location();
            let message = if place == reference {
                format!("`{reference}` {fault}")
            } else {
                location.file().mark_secret(location.span());
                format!("`{REDACTED}@{place}` has a user before its host")
            };
            Finding::new(&UNREADABLE_IMAGE, message, location)
                .because("is not an image reference, and is left alone")
                .help("write `registry/path:tag`, or exclude it from `images`")
        })?;
        let is_wanted = self.images.takes(image.repository.as_deref().unwrap_or_default());
        Ok(is_wanted.then(|| {
            self.site(Key::Image(key.into()), Some(SiteValue::Image(image)), at, vec![part])
        }))
    }

    /// Whether a git reference or a chart counts that has these names: addresses, or names
    /// of charts and of objects.
    pub(super) fn takes_source(&self, names: &[Option<&str>]) -> bool {
        let mut names = names.iter().flatten();
        names.all(|name| {
            let (whole, repository) =
                (CanonicalAddress::of(name), CanonicalAddress::of_repository(name));
            let forms = [(*name).to_owned(), whole.to_string(), repository.to_string()];
            !forms.iter().any(|form| self.images.excludes(form))
        })
    }

    /// The site of an image whose parts are scalars that do not stand beside each other;
    /// none if neither tag nor digest is there, or if one of them is a template's expression.
    pub(super) fn scattered(
        &self,
        key: String,
        repository: Option<Cursor<'_>>,
        tag: Option<Cursor<'_>>,
        digest: Option<Cursor<'_>>,
    ) -> Option<Site> {
        let says = |at: &Option<Cursor<'_>>| at.as_ref().and_then(|at| text(at.node));
        let texts = [says(&repository), says(&tag), says(&digest)];
        let is_templated = texts.iter().flatten().any(|text| is_template(text));
        let [repository_text, tag_text, digest_text] = texts;
        let is_wanted = self.images.takes(repository_text.as_deref().unwrap_or_default());
        let image = image_of(repository_text, tag_text.as_deref(), digest_text.as_deref());
        if is_templated || !is_wanted || tag_text.is_none() && digest_text.is_none() {
            return None;
        }
        let shown = tag.clone().or_else(|| digest.clone())?;
        let all = [
            (tag, SitePartKind::Tag),
            (repository, SitePartKind::Repository),
            (digest, SitePartKind::Digest),
        ];
        let parts = all.into_iter().filter_map(|(at, kind)| Some(at?.part(kind))).collect();
        let site = self.site(Key::Image(key), Some(SiteValue::Image(image)), &shown, parts);
        Some(Site { removal: Removal::Empty, ..site })
    }

    /// The same, of what comes from a place that the key does not say.
    pub(super) fn revision_from(
        &self,
        key: Key,
        at: &Cursor<'_>,
        moves: bool,
        (repository, object): (Option<String>, Option<String>),
    ) -> Option<Site> {
        let mut site = self.revision(key, at, moves)?;
        if let Some(SiteValue::Revision(parts) | SiteValue::Moving(parts)) = &mut site.value {
            (parts.repository, parts.object) = (repository, object);
        }
        Some(site)
    }

    /// The site of a scalar that holds a git reference or a version alone.
    pub(super) fn revision(&self, key: Key, at: &Cursor<'_>, moves: bool) -> Option<Site> {
        let part = at.part(SitePartKind::Revision);
        if part.text.is_empty() || is_template(&part.text) {
            return None;
        }
        let value = revision(part.text.clone(), moves);
        Some(self.site(key, Some(value), at, vec![part]))
    }
}

/// What a rule's route leads to in any of the documents. `written` is the route as the rule
/// has it for the environment.
///
/// # Errors
///
/// It leads to several places.
pub(in crate::sites) fn only<'a>(
    documents: &'a [Value],
    route: &Route,
    written: &Route,
    at: &Location,
) -> Result<Option<Cursor<'a>>, Finding> {
    let found = Cursor::roots(documents).flat_map(|root| root.follow_all(route));
    let found: Vec<Cursor<'a>> = found.collect();
    let places = found.iter().map(|at| (at.place().route.to_string(), at.node.location()));
    match ambiguous(&written.to_string(), &places.collect::<Vec<_>>()) {
        Some(finding) => Err(finding.label(at.clone(), "leads there")),
        None => Ok(found.into_iter().next()),
    }
}

/// The maps and lists that a text holds in a place where it is YAML. That it is not is a
/// finding; a template is one if it may have an image.
pub(super) fn documents_in<'a>(at: &Cursor<'a>, found: &mut FoundSites) -> Vec<Cursor<'a>> {
    let text = at.node.as_str().unwrap_or_default();
    found.findings.extend(match unreadable_text(at) {
        Some(_) if is_template(text) && !text.contains("image") => None,
        Some(finding) if is_template(text) => {
            let (code, severity) = (&TEMPLATED_SITE, TEMPLATED_SITE.severity);
            Some(Finding { code, severity, ..finding })
        }
        unreadable => unreadable,
    });
    at.held()
}

/// The finding that the YAML in a text cannot be read; none if it can.
pub(in crate::sites) fn unreadable_text(at: &Cursor<'_>) -> Option<Finding> {
    let faults = at.node.held()?.err()?;
    let fault = faults.iter().next()?;
    let place = at.place().route;
    let finding = |message| Finding::new(&UNREADABLE_TEXT, message, fault.location().clone());
    if at.node.as_str().is_some_and(is_template) {
        let message = format!("the text at `{place}` is a template, and not YAML");
        let help = "point the rule at the file that has the value";
        return Some(finding(message).because("is not YAML until it is filled in").help(help));
    }
    let message = format!("the text at `{place}` is not YAML: {}", fault.message);
    Some(finding(message).because("cannot be read").maybe_help(fault.help.clone()))
}

/// The finding that a template fills in the scalar that a rule points at.
pub(super) fn templated(at: &Cursor<'_>) -> Option<Finding> {
    let text = text(at.node)?;
    is_template(&text).then(|| {
        let first = text.lines().next().unwrap_or_default();
        Finding::new(
            &TEMPLATED_SITE,
            format!("`{first}` is filled in by a template"),
            at.node.location(),
        )
        .because("has no value of its own, and is left alone")
        .help("point the rule at the file that has the value")
    })
}

impl FoundSites {
    /// Adds a site, or the finding why there is none.
    pub(super) fn take(&mut self, found: Result<Option<Site>, Finding>) {
        match found {
            Ok(site) => self.sites.extend(site),
            Err(finding) => self.findings.push(finding),
        }
    }
}
