//! YAML of any file, whose fields are named by routes.

use super::code::not_a_scalar;
use super::cursor::Cursor;
use super::gathered::{Gathered, Lens, image_of, templated};
use super::moving::is_version_range;
use super::{Form, Key, Part, Site, SiteValue};
use crate::config::{Fields, Sourced};
use crate::diagnostic::Finding;
use crate::yaml::{Place, Route, Step, Value};

/// The sites of a file with fields.
pub(super) fn find(lens: Lens<'_>, documents: &[Value], fields: &Fields) -> Gathered {
    let mut gathered = Gathered::default();
    if let Some(route) = &fields.image {
        gathered.take(
            scalar(documents, route).and_then(|at| {
                at.map_or(Ok(None), |at| lens.reference(route.value.to_string(), &at))
            }),
        );
    }
    if let Some(route) = &fields.version {
        gathered.take(scalar(documents, route).map(|at| version(lens, &at?, &route.value)));
    }
    gathered.take(parts(lens, documents, fields));
    gathered
}

fn version(lens: Lens<'_>, at: &Cursor<'_>, route: &Route) -> Option<Site> {
    let moves = is_range(&super::cursor::text(at.node)?);
    lens.revision(Key::Version(route.to_string()), at, moves)
}

/// A version of any kind: only what no tag can be is a range.
fn is_range(text: &str) -> bool {
    is_version_range(text) && text.contains(['<', '>', '=', '~', '^', '|', '*', ' ', 'x', 'X'])
}

/// An image whose parts have routes of their own.
fn parts(lens: Lens<'_>, documents: &[Value], fields: &Fields) -> Result<Option<Site>, Finding> {
    let Some(named) = fields.tag.as_ref().or(fields.digest.as_ref()) else { return Ok(None) };
    let routes = [
        (fields.repository.as_ref(), Form::Repository),
        (fields.tag.as_ref(), Form::Tag),
        (fields.digest.as_ref(), Form::Digest),
    ];
    let mut shown = None;
    let mut parts = Vec::new();
    for (route, form) in routes {
        let Some(route) = route else { continue };
        match scalar(documents, route)? {
            Some(at) => {
                parts.push(at.part(form));
                if shown.is_none() || form == Form::Tag {
                    shown = Some(at);
                }
            }
            None => parts.extend(missing(documents, &route.value, form)),
        }
    }
    let key = Key::Image(named.value.to_string());
    Ok(shown.and_then(|shown| site(lens, key, &shown, parts)))
}

fn site(lens: Lens<'_>, key: Key, shown: &Cursor<'_>, parts: Vec<Part>) -> Option<Site> {
    let part = |form| parts.iter().find(|part| part.form == form && part.is_there);
    let text = |form| part(form).map(|part| part.text.as_str());
    let repository = text(Form::Repository).map(str::to_owned);
    let image = image_of(repository, text(Form::Tag), text(Form::Digest));
    let says = image.identity().is_some() || part(Form::Tag).is_some();
    let is_wanted = lens.images.takes(image.repository.as_deref().unwrap_or_default());
    is_wanted.then(|| lens.site(key, says.then_some(SiteValue::Image(image)), shown, parts))
}

/// The scalar that a route leads to, in the first document where it leads
/// anywhere; what is filled in by a template is a finding, because the rule
/// means this very scalar.
fn scalar<'a>(
    documents: &'a [Value],
    route: &Sourced<Route>,
) -> Result<Option<Cursor<'a>>, Finding> {
    let Some(at) = Cursor::roots(documents).find_map(|root| root.follow(&route.value)) else {
        return Ok(None);
    };
    if let Some(finding) = templated(&at) {
        return Err(finding.label(route.location.clone(), "points at it"));
    }
    let is_scalar = !at.node.is_mapping() && !at.node.is_sequence();
    if is_scalar { Ok(Some(at)) } else { Err(not_a_scalar(&at, route)) }
}

/// Where a route's last key would be, where the map that it belongs into is there.
fn missing(documents: &[Value], route: &Route, form: Form) -> Option<Part> {
    let (Step::Key(last), before) = route.steps().split_last()? else { return None };
    let mut above = Route::root();
    for step in before {
        above.push(step.clone());
    }
    let map = Cursor::roots(documents).find_map(|root| root.follow(&above))?;
    let at: Place = map.absent(last);
    map.node.is_mapping().then(|| Part { form, at, is_there: false, text: String::new() })
}
