//! YAML of any file, whose fields are named by routes.

use super::companions::{Companion, Companions, Siblings};
use super::helm_parameters::overridden;
use super::reader::{FoundSites, SiteBuilder, SiteReader, only, templated, unreadable_text};
use super::reference::{digest_kind, image_of, is_version_range};
use crate::config::{Fields, Sourced};
use crate::diagnostic::{Finding, Findings};
use crate::sites::code::SITE_NOT_A_SCALAR;
use crate::sites::cursor::{Cursor, text};
use crate::sites::missing_route::MissingRoute;
use crate::sites::{Barrier, Key, Site, SitePart, SitePartKind, SiteValue};
use crate::yaml::{Route, Step, Value};

/// Files with fields.
pub(super) struct FieldSiteReader<'r>(pub(super) &'r Fields);

impl SiteReader for FieldSiteReader<'_> {
    fn find(&self, builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        let fields = self.0;
        let mut found = FoundSites::default();
        found.missing.extend(missing_fields(builder, documents, fields));
        if let Some(route) = &fields.image {
            found.take(scalar(builder, documents, route).and_then(|at| {
                at.map_or(Ok(None), |at| builder.reference(builder.name(&route.value), &at))
            }));
        }
        if let Some(route) = &fields.version {
            found.take(
                scalar(builder, documents, route).map(|at| version(builder, &at?, &route.value)),
            );
        }
        found.take(parts(builder, documents, fields));
        found
    }

    fn overridden(&self, documents: &[Value], sites: &[Site]) -> Findings {
        sites.iter().filter_map(|site| overridden(documents, site)).collect()
    }

    fn missing(&self) -> &'static str {
        "nothing where `fields` leads"
    }
}

/// The fields that lead nowhere. A digest may come later where there is a tag, and a tag
/// where there is a digest, and the repository may be elsewhere, but not in a map that is
/// not there, and not beside a key that is almost the same.
fn missing_fields(
    builder: SiteBuilder<'_>,
    documents: &[Value],
    fields: &Fields,
) -> Vec<MissingRoute> {
    let leads = |route: &Sourced<Route>| {
        let filled = builder.filled(&route.value);
        !matches!(only(documents, &filled, &route.value, &route.location), Ok(None))
    };
    let missing = |route| MissingRoute::field(documents, route, builder.filled(&route.value));
    let parts = [&fields.tag, &fields.digest].into_iter().flatten();
    let has_one = parts.clone().any(leads);
    let needed = parts.clone().next().filter(|_| !has_one);
    let whole = [&fields.image, &fields.version].into_iter().flatten();
    let needed = whole.filter(|route| !leads(route)).chain(needed).map(missing);
    let has_map = |missing: &MissingRoute| map_of(documents, missing.filled()).is_some();
    let others = parts.filter(|_| has_one).map(|route| (route, true));
    let others = others.chain(fields.repository.iter().map(|route| (route, false)));
    let others = others.filter(|(route, _)| !leads(route)).filter_map(|(route, is_version)| {
        let missing = missing(route);
        let is_misspelt = !has_map(&missing) || is_version && missing.near().is_some();
        is_misspelt.then_some(missing)
    });
    needed.chain(others).collect()
}

fn version(builder: SiteBuilder<'_>, at: &Cursor<'_>, route: &Route) -> Option<Site> {
    let moves = is_range(&text(at.node)?);
    builder.revision(Key::Version(builder.name(route)), at, moves)
}

/// Whether a version of any kind is a range: only if it cannot be a tag.
fn is_range(text: &str) -> bool {
    is_version_range(text) && text.contains(['<', '>', '=', '~', '^', '|', '*', ' ', 'x', 'X'])
}

/// An image whose parts have routes of their own.
fn parts(
    builder: SiteBuilder<'_>,
    documents: &[Value],
    fields: &Fields,
) -> Result<Option<Site>, Finding> {
    let Some(named) = fields.tag.as_ref().or(fields.digest.as_ref()) else { return Ok(None) };
    let routes = [
        (fields.repository.as_ref(), SitePartKind::Repository),
        (fields.tag.as_ref(), SitePartKind::Tag),
        (fields.digest.as_ref(), SitePartKind::Digest),
    ];
    let mut shown = None;
    let mut parts = Vec::new();
    for (route, kind) in routes {
        let Some(route) = route else { continue };
        match scalar(builder, documents, route)? {
            Some(at) => {
                let text = text(at.node).unwrap_or_default();
                let is_digest = kind == SitePartKind::Digest;
                parts.push(at.part(if is_digest { digest_kind(&text) } else { kind }));
                if shown.is_none() || kind == SitePartKind::Tag {
                    shown = Some(at);
                }
            }
            None => parts.extend(missing(documents, &builder.filled(&route.value), kind)),
        }
    }
    // A repository alone, which all environments may have, has no place for a version.
    if parts.iter().all(|part| part.kind == SitePartKind::Repository) {
        return Ok(None);
    }
    let mut barrier = None;
    if fields.digest.is_none() {
        let (beside, unclear) = digest_beside(documents, &builder.filled(&named.value));
        parts.extend(beside.map(|digest| digest.part()));
        barrier = unclear;
    }
    let key = Key::Image(builder.name(&named.value));
    let site = shown.and_then(|shown| site(builder, key, &shown, parts));
    Ok(site.map(|site| Site { barrier, ..site }))
}

fn site(
    builder: SiteBuilder<'_>,
    key: Key,
    shown: &Cursor<'_>,
    parts: Vec<SitePart>,
) -> Option<Site> {
    let part = |kind| parts.iter().find(|part| part.kind == kind && part.is_there);
    let text_of = |kind| part(kind).map(|part| part.text.as_str());
    let repository = text_of(SitePartKind::Repository).map(str::to_owned);
    let digest = text_of(SitePartKind::Digest).or_else(|| text_of(SitePartKind::BareDigest));
    let image = image_of(repository, text_of(SitePartKind::Tag), digest);
    let says = image.identity().is_some() || part(SitePartKind::Tag).is_some();
    let is_wanted = builder.images.takes(image.repository.as_deref().unwrap_or_default());
    is_wanted.then(|| builder.site(key, says.then_some(SiteValue::Image(image)), shown, parts))
}

/// The scalar that a route leads to in any of the documents. A template's expression
/// is a finding, because the rule means this very scalar; so is a second place.
fn scalar<'a>(
    builder: SiteBuilder<'_>,
    documents: &'a [Value],
    route: &Sourced<Route>,
) -> Result<Option<Cursor<'a>>, Finding> {
    let filled = builder.filled(&route.value);
    let Some(at) = only(documents, &filled, &filled, &route.location)? else {
        return unreadable_above(documents, &filled).map_or(Ok(None), Err);
    };
    if let Some(finding) = templated(&at) {
        return Err(finding.label(route.location.clone(), "points at it"));
    }
    let is_scalar = !at.node.is_mapping() && !at.node.is_sequence() && at.held().is_empty();
    if is_scalar { Ok(Some(at)) } else { Err(not_a_scalar(&at, route)) }
}

/// The finding that a route leads into a text that cannot be read; none if it does not.
fn unreadable_above(documents: &[Value], route: &Route) -> Option<Finding> {
    let mut above = Route::root();
    let steps = route.steps().iter();
    let routes = steps.map(|step| {
        above.push(step.clone());
        above.clone()
    });
    let routes: Vec<_> = routes.collect();
    let mut texts = Cursor::roots(documents)
        .flat_map(|root| routes.iter().filter_map(move |route| root.follow(route)));
    texts.find_map(|at| unreadable_text(&at))
}

/// The place for a route's last key, if the map that it belongs into exists.
fn missing(documents: &[Value], route: &Route, kind: SitePartKind) -> Option<SitePart> {
    let (map, last) = map_of(documents, route)?;
    Some(map.absent_part(last, kind))
}

/// The digest beside the tag that a route leads to. It decides what is deployed, whether or
/// not the rule names it.
fn digest_beside<'a>(
    documents: &'a [Value],
    tag: &Route,
) -> (Option<Companion<'a>>, Option<Barrier>) {
    let Some((map, last)) = map_of(documents, tag) else { return (None, None) };
    let root = Cursor::roots(documents).nth(map.place().document);
    let mut above = tag.split_last().map(|(route, _)| route);
    let mut maps = vec![map];
    while let Some((route, Step::Key(_))) = above.as_ref().and_then(Route::split_last) {
        maps.extend(root.as_ref().and_then(|root| root.follow(&route)));
        above = Some(route);
    }
    Companions::digest_beside(&Siblings::within(&maps), last)
}

/// The map that a route's last key belongs into, and the key.
fn map_of<'a, 'r>(documents: &'a [Value], route: &'r Route) -> Option<(Cursor<'a>, &'r str)> {
    let (above, Step::Key(last)) = route.split_last()? else { return None };
    let map = Cursor::roots(documents).find_map(|root| root.follow(&above))?;
    let map = map.held().into_iter().next().unwrap_or(map);
    map.node.is_mapping().then_some((map, last))
}

/// The finding that a field's route leads to a map or a list.
fn not_a_scalar(at: &Cursor<'_>, route: &Sourced<Route>) -> Finding {
    let noun = if at.held().is_empty() { at.node.kind().noun() } else { "a text that holds YAML" };
    Finding::new(
        &SITE_NOT_A_SCALAR,
        format!("`{}` leads to {noun}, not to a scalar", route.value),
        at.node.location(),
    )
    .because("is not a reference")
    .label(route.location.clone(), "leads there")
    .help("name the scalar in it, such as `image.tag`")
}
