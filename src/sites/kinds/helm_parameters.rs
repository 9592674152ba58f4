//! `helm.parameters` of Argo CD, which override the values that their names lead to, and
//! `valuesObject`, which takes the place of `values`.

use std::collections::{BTreeSet, HashMap};

use super::companions::{self, Companions, KeysMean, Siblings, plain};
use super::reader::{FoundSites, SiteBuilder};
use super::reference::{digest_kind, image_of, image_parts, split_name};
use crate::diagnostic::Finding;
use crate::sites::code::OVERRIDDEN_SITE;
use crate::sites::cursor::{Cursor, is_template};
use crate::sites::{ImageParts, Site, SitePart, SitePartKind, SiteValue};
use crate::source::Location;
use crate::yaml::{Place, Route, Step, Value};

/// The values in a map, if there are some: an empty map is one, and null is not.
pub(super) fn values_object<'a>(helm: &Cursor<'a>) -> Option<Cursor<'a>> {
    helm.get("valuesObject").filter(|values| !values.node.is_null())
}

/// The parameters of a chart, by their names.
pub(super) struct HelmParameters<'a> {
    named: Vec<(String, Cursor<'a>)>,
}

impl<'a> HelmParameters<'a> {
    /// Those of a source.
    pub(super) fn of(helm: &Cursor<'a>) -> Self {
        let items = helm.get("parameters").map(|list| list.items()).unwrap_or_default();
        let named = items.iter().filter_map(|item| Some((item.text_of("name")?, item)));
        Self { named: named.filter_map(|(name, item)| Some((name, item.get("value")?))).collect() }
    }

    /// Lays the parameters over the sites of values, which are those from `from` on and begin
    /// at `roots`, and adds the images that they have by themselves.
    pub(super) fn add(
        &self,
        builder: SiteBuilder<'a>,
        roots: &[Cursor<'a>],
        from: usize,
        found: &mut FoundSites,
    ) {
        if self.named.is_empty() {
            return;
        }
        let maps = self.maps();
        let mut used = BTreeSet::new();
        let below: Vec<_> = roots.iter().map(Cursor::place).collect();
        for site in found.sites.split_off(from) {
            let root = below.iter().find(|root| starts_with(&site, root));
            let Some(root) = root else { continue };
            found
                .sites
                .extend(ParameterOverlay { all: self, maps: &maps, root }.of(site, &mut used));
        }
        for (name, value) in &self.named {
            let (map, key) = split_parameter(name);
            if !used.contains(name) && self.get(name).is_some_and(|at| at.place() == value.place())
            {
                found.sites.extend(parameter(builder, map, (key, value), &maps[map]));
            }
        }
    }

    /// The parameters of each map.
    fn maps(&self) -> HashMap<&str, Siblings<'a>> {
        let mut maps: HashMap<&str, Siblings<'a>> = HashMap::new();
        for (name, value) in &self.named {
            let (map, key) = split_parameter(name);
            // The last counts of those with one name.
            if self.get(name).is_some_and(|at| at.place() == value.place()) {
                maps.entry(map).or_default().add(key, value.clone());
            }
        }
        maps
    }

    /// The value of a name, the last if there are several.
    fn get(&self, name: &str) -> Option<&Cursor<'a>> {
        let mut named = self.named.iter().rev();
        named.find(|(other, _)| other == name).map(|(_, value)| value)
    }
}

/// Whether a site is in values that begin there.
fn starts_with(site: &Site, root: &Place) -> bool {
    site.parts.first().is_some_and(|part| below(&part.at, root).is_some())
}

/// The route to a place from the one above it.
fn below(at: &Place, root: &Place) -> Option<Route> {
    let rest = at.route.steps().strip_prefix(root.route.steps())?;
    (at.document == root.document).then(|| rest.iter().cloned().collect())
}

/// A part of a site that only a parameter has.
struct ParameterPart {
    part: SitePart,
    location: Location,
    name: String,
}

/// The parameters over the values that begin at a place.
struct ParameterOverlay<'f, 'a> {
    all: &'f HelmParameters<'a>,
    maps: &'f HashMap<&'f str, Siblings<'a>>,
    root: &'f Place,
}

impl<'a> ParameterOverlay<'_, 'a> {
    /// A site as its parameters make it, whose names are `used`; none if they are a
    /// template's expressions.
    fn of(&self, mut site: Site, used: &mut BTreeSet<String>) -> Option<Site> {
        let Some(before) = site.image().cloned() else { return Some(site) };
        let mut parts = std::mem::take(&mut site.parts);
        let registry = registry_of(&before, &parts);
        let mut shown = None;
        for part in &mut parts {
            let name = below(&part.at, self.root).map(|route| route.to_string());
            let Some(at) = name.as_deref().and_then(|name| self.all.get(name)) else { continue };
            used.extend(name);
            *part = part_of(at, part.kind);
            shown = Some(at.node.location());
        }
        for at in self.beside(&parts) {
            parts.retain(|own| own.is_there || own.kind != at.part.kind);
            parts.push(at.part);
            shown = Some(at.location);
            used.insert(at.name);
        }
        site.parts = parts;
        let Some(location) = shown else { return Some(site) };
        if site.parts.iter().any(|part| is_template(&part.text)) {
            return None;
        }
        let value = SiteValue::Image(image(&site, &registry)?);
        Some(Site { value: Some(value), location, ..site })
    }

    /// The tag and the digest that only parameters have, each with its place and name.
    fn beside(&self, parts: &[SitePart]) -> Vec<ParameterPart> {
        let main = parts.iter().find(|part| {
            matches!(part.kind, SitePartKind::Reference | SitePartKind::Repository) || part.is_there
        });
        let Some(route) = main.and_then(|part| below(&part.at, self.root)) else {
            return Vec::new();
        };
        let Some((map, Step::Key(key))) = route.split_last() else { return Vec::new() };
        let map = map.to_string();
        let Some(siblings) = self.maps.get(&*map) else { return Vec::new() };
        let key = companions::image_of_tag(key).unwrap_or_else(|| key.clone());
        let found = Companions::of(&key, siblings, KeysMean::Object);
        let has = |kinds: &[SitePartKind]| {
            parts.iter().any(|part| part.is_there && kinds.contains(&part.kind))
        };
        let tag = found.tag.filter(|_| !has(&[SitePartKind::Tag, SitePartKind::Reference]));
        let digest =
            found.digest.filter(|_| !has(&[SitePartKind::Digest, SitePartKind::BareDigest]));
        let all = tag.into_iter().chain(digest).filter(companions::Companion::has_value);
        let all = all.map(|one| ParameterPart {
            part: one.part(),
            location: one.at.node.location(),
            name: self.name_of(&one.at),
        });
        all.collect()
    }

    /// The name of the parameter with that value.
    fn name_of(&self, value: &Cursor<'a>) -> String {
        let mut named = self.all.named.iter();
        let found = named.find(|(_, at)| at.place() == value.place());
        found.map(|(name, _)| name.clone()).unwrap_or_default()
    }
}

/// A parameter's value in place of a part of that kind.
fn part_of(at: &Cursor<'_>, kind: SitePartKind) -> SitePart {
    let part = at.part(kind);
    match kind {
        SitePartKind::Digest | SitePartKind::BareDigest if !part.text.is_empty() => {
            SitePart { kind: digest_kind(&part.text), ..part }
        }
        _ => part,
    }
}

/// The registry of an image that is in a scalar of its own, with the slash after it.
fn registry_of(image: &ImageParts, parts: &[SitePart]) -> String {
    let part = parts.iter().find(|part| part.kind == SitePartKind::Repository);
    let written = image.repository.as_deref().zip(part).map(|(whole, part)| (whole, &*part.text));
    let registry = written.and_then(|(whole, part)| whole.strip_suffix(part));
    registry.unwrap_or_default().to_owned()
}

/// What the parts of a site add up to; none if one of them is not what it should be.
fn image(site: &Site, registry: &str) -> Option<ImageParts> {
    let text_of = |kind| site.part(kind).map(|part| part.text.as_str());
    let digest = site.digest_part().map(|part| part.text.as_str());
    if let Some(reference) = text_of(SitePartKind::Reference) {
        let own = image_parts(split_name(reference).1).ok()?;
        let beside = image_of(None, None, digest).digest;
        return Some(ImageParts { digest: beside.or(own.digest), ..own });
    }
    let known = site.image().and_then(|image| image.repository.clone());
    let repository = text_of(SitePartKind::Repository).map(|text| format!("{registry}{text}"));
    Some(image_of(repository.or(known), text_of(SitePartKind::Tag), digest))
}

/// The image of which a parameter is the tag, with `image.repository` and `image.digest`
/// beside it.
fn parameter<'a>(
    builder: SiteBuilder<'a>,
    map: &str,
    (key, tag): (&str, &Cursor<'a>),
    siblings: &Siblings<'a>,
) -> Option<Site> {
    let image = companions::image_of_tag(key)?;
    let repository = siblings.get("repository").filter(|_| image == "image");
    let repository = repository.or_else(|| siblings.get(&image));
    let repository = repository.map(|at| at.part(SitePartKind::Repository));
    if plain(key) != "tag" && repository.is_none() {
        return None;
    }
    let companions = Companions::of(&image, siblings, KeysMean::Object);
    let own = companions.tag.as_ref().filter(|own| own.at.place() == tag.place());
    let written = repository.as_ref().map(|part| part.text.as_str()).unwrap_or_default();
    let is_whole = image_parts(written).is_ok_and(|image| image.identity().is_some());
    let is_templated = companions.texts().chain([written]).any(is_template);
    own.filter(|_| !is_whole && !is_templated && builder.images.takes(written))?;
    let name = if map.is_empty() { key } else { map };
    companions::site(builder, name.to_owned(), written, repository.clone(), &companions)
}

/// The map that a parameter's name leads into, and the key there.
fn split_parameter(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}

/// The finding that a rule leads to a value of an Argo CD application which something else
/// in it overrides; none if nothing does.
pub(super) fn overridden(documents: &[Value], site: &Site) -> Option<Finding> {
    site.parts.iter().filter(|part| part.is_there).find_map(|part| {
        let root = Cursor::root(part.at.document, documents.get(part.at.document)?);
        let group = root.text_of("apiVersion")?;
        let steps = part.at.route.steps();
        let is_helm = |step: &Step| matches!(step, Step::Key(key) if key == "helm");
        let at = steps.iter().position(is_helm).filter(|_| group.starts_with("argoproj.io/"))?;
        let helm = root.follow(&steps[..=at].iter().cloned().collect())?;
        let Step::Key(values) = steps.get(at + 1)? else { return None };
        if values == "values"
            && let Some(object) = values_object(&helm)
        {
            return Some(overridden_by(site, "valuesObject", &object));
        }
        let rest = steps[at + 2..].iter().skip_while(|step| matches!(step, Step::Text(_)));
        let name = rest.cloned().collect::<Route>().to_string();
        let parameters = HelmParameters::of(&helm);
        let parameter = parameters.get(&name).filter(|_| values.starts_with("values"))?;
        Some(overridden_by(site, &format!("the parameter `{name}`"), parameter))
    })
}

fn overridden_by(site: &Site, what: &str, by: &Cursor<'_>) -> Finding {
    let what = if what.contains(' ') { what.to_owned() } else { format!("`{what}`") };
    let message = format!("{what} overrides `{}`", site.key);
    Finding::new(&OVERRIDDEN_SITE, message, by.node.location())
        .because("is what Argo CD deploys")
        .label(site.location.clone(), "has no effect")
        .help("read the file as `kind: manifest`, or let the rule lead to what is deployed")
}
