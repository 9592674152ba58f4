//! Scalars that a comment marks: `# {"$imagepolicy": "ns:name:tag"}`, as Flux's
//! image automation reads it, and `# rungs: app=web`.

use std::collections::HashMap;

use super::companions::{Companion, Companions, Siblings};
use super::reader::{FoundSites, SiteBuilder, SiteReader};
use super::reference::{digest_in, digest_kind, image_of, image_parts};
use crate::diagnostic::{Finding, nearest};
use crate::kubernetes::Digest;
use crate::sites::code::UNREADABLE_MARKER;
use crate::sites::cursor::{Cursor, is_template, text};
use crate::sites::{Barrier, ImageParts, Key, Removal, Site, SitePart, SitePartKind, SiteValue};
use crate::source::{Location, Span};
use crate::yaml::{NodeId, Style, Value};

/// Files in which comments mark scalars.
pub(super) struct MarkerSiteReader();

impl SiteReader for MarkerSiteReader {
    fn find(&self, builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        find(builder, documents)
    }

    fn missing(&self) -> &'static str {
        "no marked scalar"
    }

    fn anywhere(builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        find(builder, documents)
    }

    /// A policy's name is another name for the image of a container.
    fn adds_names() -> bool {
        true
    }
}

/// The marked scalars of a file.
fn find(builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
    let mut found = FoundSites::default();
    let comments = comments(builder.file.text());
    if comments.is_empty() {
        return found;
    }
    let mut scalars = Vec::new();
    for root in Cursor::roots(documents) {
        collect(&root, &[], &mut scalars);
    }
    scalars.sort_by_key(|scalar| scalar.span.start);
    let mut with_marks: Vec<MarkedScalar<'_>> = Vec::new();
    for comment in comments {
        let Some(scalar) = scalar_before(builder.file.text(), &scalars, comment) else { continue };
        match Marker::read(&builder.file.text()[comment.range()]) {
            Ok(Some(marker)) => with_marks.push(MarkedScalar { marker, scalar }),
            Ok(None) => {}
            Err(flaw) => found.findings.push(unreadable(builder, comment, &flaw)),
        }
    }
    let mut maps = HashMap::new();
    for group in groups(with_marks) {
        let (digest, barrier) = digest_beside(&group, &mut maps).unwrap_or_default();
        let site = site(builder, &group, digest.as_ref());
        found.sites.extend(site.map(|site| Site { barrier, ..site }));
    }
    found
}

/// A comment about the scalar before it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Marker {
    key: Option<String>,
    /// With the namespace of the policy.
    qualified: Option<String>,
    app: Option<String>,
    part: Option<SitePartKind>,
}

/// A scalar of the file, with its place.
struct PlacedScalar<'a> {
    at: Cursor<'a>,
    /// The map or list that it is in, and those around that.
    around: Vec<Cursor<'a>>,
    span: Span,
}

struct MarkedScalar<'s> {
    marker: Marker,
    scalar: &'s PlacedScalar<'s>,
}

/// The words that markers have.
const WORDS: [&str; 2] = ["$imagepolicy", "rungs:"];

/// Comments that may be markers, found by a quick look at each line: from `#` to
/// the line's end.
fn comments(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let words = WORDS.into_iter().filter_map(|words| line.find(words)).min();
        let hash = words.and_then(|words| line[..words].rfind('#'));
        if let Some(hash) = hash.filter(|&hash| line[..hash].ends_with([' ', '\t'])) {
            found.push(Span::new(start + hash, start + line.trim_end().len()));
        }
        start += line.len();
    }
    found
}

/// The most maps around a scalar in which a digest may be for it.
const AROUND: usize = 3;

fn collect<'a>(at: &Cursor<'a>, around: &[Cursor<'a>], scalars: &mut Vec<PlacedScalar<'a>>) {
    let node = at.node;
    let is_collection = node.is_mapping() || node.is_sequence();
    if is_collection {
        let around = std::iter::once(at).chain(around).take(AROUND).cloned();
        let around: Vec<_> = around.collect();
        at.entries().for_each(|(_, value)| collect(&value, &around, scalars));
        at.items().iter().for_each(|item| collect(item, &around, scalars));
    } else if !node.is_null() {
        scalars.push(PlacedScalar {
            at: at.clone(),
            around: around.to_vec(),
            span: node.location().span(),
        });
    }
}

/// The scalar before a comment on its line, with nothing between them but the
/// closing brackets of a flow map or list. A `#` inside a text does not start a
/// comment.
fn scalar_before<'s, 'a>(
    text: &str,
    scalars: &'s [PlacedScalar<'a>],
    comment: Span,
) -> Option<&'s PlacedScalar<'a>> {
    let before = scalars.partition_point(|scalar| scalar.span.start < comment.start);
    let scalar = scalars.get(before.checked_sub(1)?)?;
    if scalar.span.end > comment.start || is_block(scalar) {
        return None;
    }
    let between = text.get(scalar.span.end as usize..comment.start as usize)?;
    between.chars().all(|c| matches!(c, ' ' | '\t' | ',' | '}' | ']')).then_some(scalar)
}

fn is_block(scalar: &PlacedScalar<'_>) -> bool {
    matches!(scalar.at.node.style(), Style::Literal | Style::Folded)
}

impl Marker {
    /// Reads a comment; none if it is about something else.
    fn read(comment: &str) -> Result<Option<Self>, String> {
        let text = comment.trim_start_matches('#').trim();
        if let Some(rest) = text.strip_prefix("rungs:") {
            return Self::read_own(rest).map(Some);
        }
        if !text.starts_with('{') {
            return Ok(None);
        }
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
        match value.get("$imagepolicy").and_then(serde_json::Value::as_str) {
            Some(policy) => Self::read_policy(policy).map(Some),
            None => Ok(None),
        }
    }

    /// `namespace:name[:tag|:name|:digest]`
    fn read_policy(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split(':').collect();
        let (namespace, name, field) = match parts[..] {
            [namespace, name] => (namespace, name, None),
            [namespace, name, field] => (namespace, name, Some(field)),
            _ => return Err(format!("names the policy `{text}`, which is not `namespace:name`")),
        };
        let part = match field {
            None => SitePartKind::Reference,
            Some("tag") => SitePartKind::Tag,
            Some("name") => SitePartKind::Repository,
            Some("digest") => SitePartKind::Digest,
            Some(other) => {
                return Err(format!(
                    "asks for `{other}` of a policy, which has `tag`, `name` and `digest`"
                ));
            }
        };
        Ok(Self {
            key: Some(name.to_owned()),
            qualified: Some(format!("{namespace}:{name}")),
            app: None,
            part: Some(part),
        })
    }

    /// `app=web key=frontend part=tag`
    fn read_own(text: &str) -> Result<Self, String> {
        let mut marker = Self { key: None, qualified: None, app: None, part: None };
        for word in text.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
            let Some((name, value)) = word.split_once('=').filter(|(_, value)| !value.is_empty())
            else {
                return Err(format!("has `{word}`, which is not `name=value`"));
            };
            match name {
                "app" => marker.app = Some(value.to_owned()),
                "key" => marker.key = Some(value.to_owned()),
                "part" => marker.part = Some(part(value)?),
                other => {
                    let near = nearest(other, ["app", "key", "part"]);
                    let near = near.map(|near| format!("; did you mean `{near}`?"));
                    return Err(format!("has an unknown `{other}`{}", near.unwrap_or_default()));
                }
            }
        }
        Ok(marker)
    }
}

fn part(text: &str) -> Result<SitePartKind, String> {
    match text {
        "tag" => Ok(SitePartKind::Tag),
        "repository" => Ok(SitePartKind::Repository),
        "digest" => Ok(SitePartKind::Digest),
        "ref" => Ok(SitePartKind::Reference),
        other => Err(format!(
            "has `part={other}`; the parts are `tag`, `repository`, `digest` and `ref`"
        )),
    }
}

fn unreadable(builder: SiteBuilder<'_>, comment: Span, flaw: &str) -> Finding {
    let location = Location::new(builder.file, comment);
    Finding::new(&UNREADABLE_MARKER, format!("the marker {flaw}"), location)
        .because("marks nothing")
        .help("write `# {\"$imagepolicy\": \"namespace:name:tag\"}` or `# rungs: app=web part=tag`")
}

/// Puts the parts of one image together that are in one map: they are one site.
fn groups(marked: Vec<MarkedScalar<'_>>) -> Vec<Vec<MarkedScalar<'_>>> {
    let mut groups: Vec<Vec<MarkedScalar<'_>>> = Vec::new();
    for one in marked {
        // The marks of one map follow each other.
        let belongs = groups.last().is_some_and(|group| {
            let is_same = group[0].marker.identity() == one.marker.identity()
                && group[0].scalar.map() == one.scalar.map();
            is_same && group.iter().all(|other| other.part_kind() != one.part_kind())
        });
        match groups.last_mut().filter(|_| belongs) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}

impl Marker {
    fn identity(&self) -> (&Option<String>, &Option<String>, &Option<String>) {
        (&self.key, &self.qualified, &self.app)
    }
}

impl PlacedScalar<'_> {
    /// The map or list that it is in.
    fn map(&self) -> Option<NodeId> {
        self.around.first().map(|parent| parent.node.id())
    }
}

impl MarkedScalar<'_> {
    /// The scalar as a part.
    fn part(&self) -> SitePart {
        let part = self.scalar.at.part(self.part_kind());
        let is_digest = part.kind == SitePartKind::Digest;
        SitePart { kind: if is_digest { digest_kind(&part.text) } else { part.kind }, ..part }
    }

    /// The part that the marker names; else what the scalar looks like.
    fn part_kind(&self) -> SitePartKind {
        self.marker.part.unwrap_or_else(|| {
            let written = text(self.scalar.at.node).unwrap_or_default();
            match image_parts(&written) {
                _ if Digest::parse(&written).is_ok() => SitePartKind::Digest,
                Ok(image) if image.identity().is_some() => SitePartKind::Reference,
                _ => SitePartKind::Tag,
            }
        })
    }
}

/// A whole reference, with the digest beside it if it has none.
fn whole(reference: &str, digest: Option<&str>) -> Option<ImageParts> {
    let image = image_parts(reference).ok()?;
    let digest = image.digest.or_else(|| digest.and_then(digest_in));
    Some(ImageParts { digest, ..image })
}

/// The digest beside marked scalars that have none, or why it is not certain. It decides what is deployed, whether
/// or not it is marked.
fn digest_beside<'a>(
    group: &[MarkedScalar<'a>],
    maps: &mut HashMap<NodeId, Siblings<'a>>,
) -> Option<(Option<Companion<'a>>, Option<Barrier>)> {
    let named = group.iter().find(|one| one.part_kind() != SitePartKind::Repository)?;
    let written = text(named.scalar.at.node)?;
    if group.iter().any(|one| one.part_kind() == SitePartKind::Digest) || written.contains('@') {
        return None;
    }
    let (map, key) = (named.scalar.map()?, named.scalar.at.last_key()?);
    let siblings = maps.entry(map).or_insert_with(|| Siblings::within(&named.scalar.around));
    Some(Companions::digest_beside(siblings, key))
}

/// The site of marked scalars, with the digest beside them; none for a repository alone,
/// which is never promoted.
fn site(
    builder: SiteBuilder<'_>,
    group: &[MarkedScalar<'_>],
    digest: Option<&Companion<'_>>,
) -> Option<Site> {
    let written = |kind| {
        let one = group.iter().find(|one| one.part_kind() == kind)?;
        text(one.scalar.at.node)
    };
    let is_templated =
        |one: &MarkedScalar<'_>| text(one.scalar.at.node).is_some_and(|text| is_template(&text));
    if group.iter().any(is_templated) {
        return None;
    }
    let own = written(SitePartKind::Digest);
    let text = own.as_deref().or(digest.map(Companion::text));
    let image = match written(SitePartKind::Reference) {
        Some(reference) => whole(&reference, text)?,
        None => {
            image_of(written(SitePartKind::Repository), written(SitePartKind::Tag).as_deref(), text)
        }
    };
    let shown = group.iter().find(|one| one.part_kind() != SitePartKind::Repository)?;
    let repository = image.repository.clone().unwrap_or_default();
    if !repository.is_empty() && !builder.images.takes(&repository) {
        return None;
    }
    let marker = &group[0].marker;
    let last = repository.rsplit('/').next().filter(|name| !name.is_empty());
    let key = marker.key.as_deref().or(last).or(marker.app.as_deref()).unwrap_or("image");
    let parts = group.iter().map(MarkedScalar::part);
    let parts = parts.chain(digest.map(Companion::part)).collect();
    let site = builder.site(
        Key::Image(key.to_owned()),
        Some(SiteValue::Image(image)),
        &shown.scalar.at,
        parts,
    );
    Some(Site {
        removal: Removal::Empty,
        qualified: marker.qualified.clone(),
        app: marker.app.clone(),
        ..site
    })
}
