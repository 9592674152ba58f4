//! Values of a Helm chart: images in the shapes that charts use, at any depth.
//!
//! A map with `repository` and `tag` (perhaps `registry` and `digest`), a whole
//! reference at a key `image`, and `image` beside `tag` or another of its
//! [`companions`].

use std::collections::BTreeSet;

use super::companions::{self, Companions, KeysMean, Siblings};
use super::helm_parameters::overridden;
use super::kustomization::is_kustomization;
use super::reader::{FoundSites, SiteBuilder, SiteReader, templated, unreadable_text};
use super::reference::split_tag;
use crate::diagnostic::{Finding, Findings};
use crate::kubernetes::is_tag;
use crate::sites::chart::{ChartValues, Inherited};
use crate::sites::code::UNREADABLE_TEXT;
use crate::sites::cursor::{Cursor, text};
use crate::sites::{Site, SitePart, SitePartKind, ambiguous};
use crate::yaml::{Route, Value};

/// Values that start at a route of each document, or at its root.
pub(in crate::sites) struct HelmSiteReader<'r>(pub(in crate::sites) Option<&'r Route>);

impl SiteReader for HelmSiteReader<'_> {
    fn find(&self, builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        let mut found = FoundSites::default();
        let root = self.0.map(|route| builder.filled(route));
        for document in Cursor::roots(documents) {
            let starts = match &root {
                Some(route) => document.follow_all(route),
                None => vec![document],
            };
            let places = starts.iter().map(|at| (at.place().route.to_string(), at.node.location()));
            let unclear = root
                .as_ref()
                .and_then(|route| ambiguous(&route.to_string(), &places.collect::<Vec<_>>()));
            match (unclear, starts.first()) {
                (Some(finding), _) => found.findings.push(finding),
                (None, Some(start)) => match into_text(start) {
                    Ok(Some(start)) => find_below(builder, &start, KeysMean::Values, &mut found),
                    Ok(None) => {}
                    Err(finding) => found.findings.push(finding),
                },
                (None, None) => {}
            }
        }
        found
    }

    fn missing(&self) -> &'static str {
        "no image in any of the shapes of charts"
    }

    /// Values are of no shape, but objects and kustomizations have one of their own.
    fn fits(&self, name: &str, documents: &[Value]) -> bool {
        if let Some(route) = self.0 {
            return Cursor::roots(documents).any(|root| !root.follow_all(route).is_empty());
        }
        let is_of_objects = Cursor::roots(documents).any(|root| root.is_object());
        !is_of_objects && !is_kustomization(name, documents)
    }

    fn overridden(&self, documents: &[Value], sites: &[Site]) -> Findings {
        sites.iter().filter_map(|site| overridden(documents, site)).collect()
    }

    fn root(&self) -> Route {
        self.0.cloned().unwrap_or_else(Route::root)
    }

    /// Custom resources have images in the same shapes.
    fn anywhere(builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        if is_kustomization(builder.file.path().name(), documents) {
            return FoundSites::default();
        }
        let mut found = FoundSites::default();
        for document in Cursor::roots(documents) {
            let mean = if document.is_object() { KeysMean::Object } else { KeysMean::Values };
            find_below(builder, &document, mean, &mut found);
        }
        found
    }
}

/// Finds the sites of values that start at a node.
pub(super) fn find_below<'a>(
    builder: SiteBuilder<'a>,
    start: &Cursor<'a>,
    mean: KeysMean,
    found: &mut FoundSites,
) {
    let inherited = builder.chart.map(ChartValues::root).unwrap_or_default();
    ValuesSearch { builder, start: start.clone(), mean }.look(start, None, &inherited, found);
}

/// The values that a route leads to: those in a text, if it leads to one; none if there is
/// nothing in it.
fn into_text<'a>(start: &Cursor<'a>) -> Result<Option<Cursor<'a>>, Finding> {
    let Some(text) = start.node.as_str() else { return Ok(Some(start.clone())) };
    if let Some(root) = start.held().into_iter().next() {
        return Ok(Some(root));
    }
    let is_empty = matches!(start.node.held(), Some(Ok([]))) || text.trim().is_empty();
    match unreadable_text(start).or_else(|| templated(start)) {
        Some(finding) => Err(finding),
        None if is_empty => Ok(None),
        None => {
            let message =
                format!("`{}` is a text in which no values are read", start.place().route);
            Err(Finding::new(&UNREADABLE_TEXT, message, start.node.location())
                .because("no block, and no map in braces")
                .help("write the values as a block after `|`, or let `root` lead to their map"))
        }
    }
}

struct ValuesSearch<'a> {
    builder: SiteBuilder<'a>,
    start: Cursor<'a>,
    mean: KeysMean,
}

/// A map or list, and those around it.
struct Enclosing<'s, 'a> {
    at: &'s Cursor<'a>,
    /// What charts have there.
    inherited: &'s Inherited<'a>,
    outer: Option<&'s Enclosing<'s, 'a>>,
}

/// How many maps around that of an image may have something for it.
const AROUND: usize = 2;

impl<'a> Enclosing<'_, 'a> {
    /// A map and those around it, the innermost first.
    fn maps(at: &Cursor<'a>, outer: Option<&Self>) -> Vec<Cursor<'a>> {
        let outer = std::iter::successors(outer, |one| one.outer).map(|one| one.at);
        std::iter::once(at).chain(outer.take(AROUND)).cloned().collect()
    }

    /// What charts have for the image in a map, in it and around it.
    fn of_charts(at: &Cursor<'a>, outer: Option<&Self>, inherited: &Inherited<'a>) -> Siblings<'a> {
        let mut siblings = Siblings::inherited(inherited);
        let mut inner = at;
        for outer in std::iter::successors(outer, |one| one.outer).take(AROUND) {
            let Some(key) = inner.last_key() else { break };
            outer.inherited.maps().for_each(|map| siblings.add_around(key, map));
            if !companions::is_image(key) {
                break;
            }
            inner = outer.at;
        }
        siblings
    }
}

/// A repository after the registry that is beside it, or in the chart.
fn with_registry(siblings: &Siblings<'_>, chart: &Siblings<'_>, repository: &str) -> String {
    let registry = companions::registry(siblings).or_else(|| companions::registry(chart));
    registry.unwrap_or_default() + repository
}

impl<'a> ValuesSearch<'a> {
    fn look(
        &self,
        at: &Cursor<'a>,
        outer: Option<&Enclosing<'_, 'a>>,
        inherited: &Inherited<'a>,
        found: &mut FoundSites,
    ) {
        if has_image(at) || inherited.maps().any(has_image) {
            let siblings = Siblings::within(&Enclosing::maps(at, outer));
            let from = found.sites.len();
            self.images(at, &siblings, inherited, found);
            let charts = Enclosing::of_charts(at, outer, inherited);
            for site in &mut found.sites[from..] {
                companions::pin_by_chart(site, &siblings, &charts);
            }
        } else if self.mean == KeysMean::Values {
            found.sites.extend(self.tag_alone(at, outer));
        }
        let outer = Some(&Enclosing { at, inherited, outer });
        at.searched().for_each(|(key, value)| self.look(&value, outer, &inherited.get(key), found));
        // Lists replace each other.
        at.items().iter().for_each(|item| self.look(item, outer, &Inherited::default(), found));
    }

    /// Finds the images of a map, which it or the chart names.
    fn images(
        &self,
        at: &Cursor<'a>,
        siblings: &Siblings<'a>,
        inherited: &Inherited<'a>,
        found: &mut FoundSites,
    ) {
        found.sites.extend(self.map(at, siblings));
        found.sites.extend(self.siblings(at, siblings));
        let chart = Siblings::inherited(inherited);
        let without_tag = |key: &str, value: &Cursor<'a>| {
            let inherited = Companions::of(key, &chart, self.mean);
            let own = Companions::of(key, siblings, self.mean).beside_those_of_chart(&inherited);
            let is_alone = own.tag.is_none() && own.digest.is_none();
            let is_alone = is_alone && companions::registry(siblings).is_none();
            let is_alone = is_alone && companions::registry(&chart).is_none();
            let name = self.name(at, key);
            let site = || companions::without_tag(self.builder, name, at, value, &inherited);
            is_alone.then(site).flatten()
        };
        if let Some(repository) = at.get("repository") {
            let site = without_tag("repository", &repository);
            let alone = || self.repository_alone(at, &repository, siblings, inherited, &chart);
            found.sites.extend(site.or_else(alone));
        }
        let has_tag = at.node.get("tag").is_some();
        let keys = at.entries().filter(|(key, _)| !has_tag && is_image_key(key));
        for (key, value) in keys.filter(|(_, value)| value.node.as_str().is_some()) {
            let site = || {
                let companions = Companions::of(key, siblings, self.mean);
                companions::image(self.builder, (key, &value), self.name(at, key), &companions)
            };
            found.sites.extend(without_tag(key, &value).or_else(site));
        }
        found.sites.extend(self.of_chart(at, siblings, inherited, &chart));
    }

    /// `image: { repository: … }` whose tag is not known here, and has no place beside it.
    fn repository_alone(
        &self,
        at: &Cursor<'a>,
        repository: &Cursor<'a>,
        siblings: &Siblings<'a>,
        inherited: &Inherited<'a>,
        chart: &Siblings<'a>,
    ) -> Option<Site> {
        let own = Companions::of("repository", siblings, self.mean);
        let is_of_chart = || inherited.get("repository").scalar().is_some();
        let is_of_image = || {
            let beside = ["pullpolicy", "imagepullpolicy", "registry"];
            at.last_key().is_some_and(is_image_key)
                || beside.iter().any(|key| siblings.get(key).is_some())
        };
        let is_alone = self.mean == KeysMean::Values
            && own.tag.is_none()
            && own.digest.is_none()
            && (is_of_chart() || is_of_image());
        let text = text(repository.node).filter(|text| is_alone && !text.is_empty())?;
        let part = repository.part(SitePartKind::Repository);
        let (name, written) = (self.name(at, "repository"), with_registry(siblings, chart, &text));
        companions::repository_alone(self.builder, name, (part, repository), written)
    }

    /// `image: { tag: … }` of a chart that is not in the repository, and names the image.
    fn tag_alone(&self, at: &Cursor<'a>, outer: Option<&Enclosing<'_, 'a>>) -> Option<Site> {
        at.last_key().filter(|key| is_image_key(key))?;
        let siblings = Siblings::within(&Enclosing::maps(at, outer));
        let companions = Companions::of("image", &siblings, KeysMean::Object);
        let tag = companions.tag.as_ref().filter(|tag| tag.has_value())?;
        let is_one = is_tag(split_tag(tag.text()).0.unwrap_or("latest"));
        let name = at.name_below(&self.start);
        let is_wanted = is_one && self.builder.images.takes("");
        is_wanted.then(|| companions::site(self.builder, name, "", None, &companions)).flatten()
    }

    /// `tag: …` alone, of images whose repositories the chart has.
    fn of_chart(
        &self,
        at: &Cursor<'a>,
        siblings: &Siblings<'a>,
        inherited: &Inherited<'a>,
        chart: &Siblings<'a>,
    ) -> Vec<Site> {
        let keys = inherited.maps().flat_map(Cursor::entries).map(|(key, _)| key);
        let keys = keys.filter(|key| is_repository_key(key) && at.get(key).is_none());
        let sites = keys.collect::<BTreeSet<_>>().into_iter().filter_map(|key| {
            let theirs = Companions::of(key, chart, self.mean);
            let own = Companions::of(key, siblings, self.mean).beside_those_of_chart(&theirs);
            let text = text(inherited.get(key).scalar()?.node)?;
            let written = with_registry(siblings, chart, &text);
            let part = SitePart { text, ..at.absent_part(key, SitePartKind::Repository) };
            let (builder, name) = (self.builder, self.name(at, key));
            if own.tag.is_none() && own.digest.is_none() {
                // The registry alone decides where the image comes from.
                let shown = siblings.get("registry")?;
                return companions::repository_alone(builder, name, (part, shown), written);
            }
            companions::of_chart(builder, name, at, (part, &written), (&own, &theirs))
        });
        sites.collect()
    }

    /// The name of the image at a key of a map.
    fn name(&self, at: &Cursor<'a>, key: &str) -> String {
        let name = at.name_below(&self.start);
        match key {
            "repository" if !name.is_empty() => name,
            _ => at.name_of_absent(key, &self.start),
        }
    }

    /// `{ repository: …, tag: … }`
    fn map(&self, at: &Cursor<'a>, siblings: &Siblings<'a>) -> Option<Site> {
        self.parted(self.name(at, "repository"), at, "repository", siblings)
    }

    /// `image: …` beside `tag: …`
    fn siblings(&self, at: &Cursor<'a>, siblings: &Siblings<'a>) -> Option<Site> {
        at.get("tag")?;
        let name = at.get("image")?.name_below(&self.start);
        self.parted(name, at, "image", siblings)
    }

    /// The repository at a key, with the tag and digest beside it.
    fn parted(
        &self,
        name: String,
        at: &Cursor<'a>,
        key: &str,
        siblings: &Siblings<'a>,
    ) -> Option<Site> {
        let companions = Companions::of(key, siblings, KeysMean::Object);
        let registry = companions::registry(siblings).unwrap_or_default();
        let written = registry + &at.text_of(key)?;
        let part = at.part_at(key, SitePartKind::Repository);
        let has_tag = companions.tag.is_some();
        let mut site = companions::parted(self.builder, name, part, &written, &companions)?;
        if !has_tag {
            site.parts.push(at.absent_part("tag", SitePartKind::Tag));
        }
        Some(site)
    }
}

/// Whether a map has an image.
fn has_image(map: &Cursor<'_>) -> bool {
    map.entries().any(|(key, _)| is_repository_key(key))
}

fn is_repository_key(key: &str) -> bool {
    key == "repository" || is_image_key(key)
}

fn is_image_key(key: &str) -> bool {
    key == "image" || key.ends_with("Image") || key.ends_with("_image") || key.ends_with("-image")
}
