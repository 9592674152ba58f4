//! Scalars that a comment marks: `# {"$imagepolicy": "ns:name:tag"}`, as Flux's
//! image automation reads it, and `# rungs: app=web`.

use super::code::UNREADABLE_MARKER;
use super::cursor::{Cursor, is_template};
use super::gathered::{Gathered, Lens, image_of, read};
use super::{Form, Key, Site, SiteValue, Unsaid};
use crate::diagnostic::{Finding, nearest};
use crate::kubernetes::Digest;
use crate::source::{Location, Span};
use crate::yaml::{NodeId, Style, Value};

/// The marked scalars of a file.
pub(super) fn find(lens: Lens<'_>, documents: &[Value]) -> Gathered {
    let mut gathered = Gathered::default();
    let comments = comments(lens.file.text());
    if comments.is_empty() {
        return gathered;
    }
    let mut scalars = Vec::new();
    for root in Cursor::roots(documents) {
        collect(&root, None, &mut scalars);
    }
    scalars.sort_by_key(|scalar| scalar.span.start);
    let mut found: Vec<Marked<'_>> = Vec::new();
    for comment in comments {
        let Some(scalar) = scalar_before(lens.file.text(), &scalars, comment) else { continue };
        match Marker::read(&lens.file.text()[comment.range()]) {
            Ok(Some(marker)) => found.push(Marked { marker, scalar }),
            Ok(None) => {}
            Err(flaw) => gathered.findings.push(unreadable(lens, comment, &flaw)),
        }
    }
    for group in groups(found) {
        gathered.sites.extend(site(lens, &group));
    }
    gathered
}

/// What a comment says of the scalar before it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Marker {
    key: Option<String>,
    /// With the namespace of the policy.
    qualified: Option<String>,
    app: Option<String>,
    part: Option<Form>,
}

struct Scalar<'a> {
    at: Cursor<'a>,
    /// The map or list that it stands in.
    parent: Option<NodeId>,
    span: Span,
}

struct Marked<'s> {
    marker: Marker,
    scalar: &'s Scalar<'s>,
}

/// The words that markers have.
const WORDS: [&str; 2] = ["$imagepolicy", "rungs:"];

/// Comments that may mark something, by a quick look at each line: from `#` to
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

fn collect<'a>(at: &Cursor<'a>, parent: Option<NodeId>, scalars: &mut Vec<Scalar<'a>>) {
    let node = at.node;
    let is_collection = node.is_mapping() || node.is_sequence();
    if is_collection {
        let parent = Some(node.id());
        at.entries().for_each(|(_, value)| collect(&value, parent, scalars));
        at.items().iter().for_each(|item| collect(item, parent, scalars));
    } else if !node.is_null() {
        scalars.push(Scalar { at: at.clone(), parent, span: node.location().span() });
    }
}

/// The scalar that a comment stands behind on its line, with nothing between
/// but what closes a flow map or list. A `#` inside of a text is no comment.
fn scalar_before<'s, 'a>(
    text: &str,
    scalars: &'s [Scalar<'a>],
    comment: Span,
) -> Option<&'s Scalar<'a>> {
    let behind = scalars.partition_point(|scalar| scalar.span.start < comment.start);
    let scalar = scalars.get(behind.checked_sub(1)?)?;
    if scalar.span.end > comment.start || is_block(scalar) {
        return None;
    }
    let between = text.get(scalar.span.end as usize..comment.start as usize)?;
    between.chars().all(|c| matches!(c, ' ' | '\t' | ',' | '}' | ']')).then_some(scalar)
}

fn is_block(scalar: &Scalar<'_>) -> bool {
    matches!(scalar.at.node.style(), Style::Literal | Style::Folded)
}

impl Marker {
    /// None where the comment is about something else.
    fn read(comment: &str) -> Result<Option<Self>, String> {
        let text = comment.trim_start_matches('#').trim();
        if let Some(rest) = text.strip_prefix("rungs:") {
            return Self::read_own(rest).map(Some);
        }
        if !text.starts_with('{') {
            return Ok(None);
        }
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
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
            None => Form::Reference,
            Some("tag") => Form::Tag,
            Some("name") => Form::Repository,
            Some("digest") => Form::Digest,
            Some(other) => return Err(format!("asks for `{other}` of a policy")),
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
                return Err(format!("says `{word}`, which is not `name=value`"));
            };
            match name {
                "app" => marker.app = Some(value.to_owned()),
                "key" => marker.key = Some(value.to_owned()),
                "part" => marker.part = Some(part(value)?),
                other => {
                    let near = nearest(other, ["app", "key", "part"]);
                    let near = near.map(|near| format!("; did you mean `{near}`?"));
                    return Err(format!("says `{other}`{}", near.unwrap_or_default()));
                }
            }
        }
        Ok(marker)
    }
}

fn part(text: &str) -> Result<Form, String> {
    match text {
        "tag" => Ok(Form::Tag),
        "repository" => Ok(Form::Repository),
        "digest" => Ok(Form::Digest),
        "ref" => Ok(Form::Reference),
        other => Err(format!(
            "says `part={other}`; the parts are `tag`, `repository`, `digest` and `ref`"
        )),
    }
}

fn unreadable(lens: Lens<'_>, comment: Span, flaw: &str) -> Finding {
    let location = Location::new(lens.file, comment);
    Finding::new(&UNREADABLE_MARKER, format!("the marker {flaw}"), location)
        .because("marks nothing")
        .help("write `# {\"$imagepolicy\": \"namespace:name:tag\"}` or `# rungs: app=web part=tag`")
}

/// The parts of one image that stand in one map are one site.
fn groups(marked: Vec<Marked<'_>>) -> Vec<Vec<Marked<'_>>> {
    let mut groups: Vec<Vec<Marked<'_>>> = Vec::new();
    for one in marked {
        // Marks of one map follow each other.
        let belongs = groups.last().is_some_and(|group| {
            let is_same = group[0].marker.identity() == one.marker.identity()
                && group[0].scalar.parent == one.scalar.parent;
            is_same && group.iter().all(|other| other.form() != one.form())
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

impl Marked<'_> {
    /// What the marker says; else what the scalar looks like.
    fn form(&self) -> Form {
        self.marker.part.unwrap_or_else(|| {
            let text = super::cursor::text(self.scalar.at.node).unwrap_or_default();
            match read(&text) {
                _ if Digest::parse(&text).is_ok() => Form::Digest,
                Ok(image) if image.identity().is_some() => Form::Reference,
                _ => Form::Tag,
            }
        })
    }
}

/// A repository alone is nothing that is promoted.
fn site(lens: Lens<'_>, group: &[Marked<'_>]) -> Option<Site> {
    let text = |form| {
        let one = group.iter().find(|one| one.form() == form)?;
        super::cursor::text(one.scalar.at.node)
    };
    if group
        .iter()
        .any(|one| super::cursor::text(one.scalar.at.node).is_some_and(|t| is_template(&t)))
    {
        return None;
    }
    let image = match text(Form::Reference) {
        Some(reference) => read(&reference).ok()?,
        None => image_of(
            text(Form::Repository),
            text(Form::Tag).as_deref(),
            text(Form::Digest).as_deref(),
        ),
    };
    let shown = group.iter().find(|one| one.form() != Form::Repository)?;
    let repository = image.repository.clone().unwrap_or_default();
    if !repository.is_empty() && !lens.images.takes(&repository) {
        return None;
    }
    let marker = &group[0].marker;
    let last = repository.rsplit('/').next().filter(|name| !name.is_empty());
    let key = marker.key.as_deref().or(last).or(marker.app.as_deref()).unwrap_or("image");
    let parts = group.iter().map(|one| one.scalar.at.part(one.form())).collect();
    let site = lens.site(
        Key::Image(key.to_owned()),
        Some(SiteValue::Image(image)),
        &shown.scalar.at,
        parts,
    );
    Some(Site {
        unsaid: Unsaid::Empty,
        qualified: marker.qualified.clone(),
        app: marker.app.clone(),
        ..site
    })
}
