//! Values that a rule declares promotable.

use super::cursor::Cursor;
use super::gathered::Lens;
use super::{Form, Key, Part, Site, SiteValue};
use crate::config::{SiteKind, SiteRule, Sourced};
use crate::source::{Location, Span};
use crate::yaml::{Place, Route, Step, Value, emit};

/// The promoted values of a file. One that is not there yet is a site all the
/// same, so that it can be written.
pub(super) fn find(lens: Lens<'_>, documents: &[Value], rule: &SiteRule) -> Vec<Site> {
    let root = match &rule.kind {
        SiteKind::HelmValues { root: Some(root) } => root.value.clone(),
        _ => Route::root(),
    };
    let routes = rule.promote.iter();
    routes.filter_map(|route| value(lens, documents, &root, route)).collect()
}

fn value(
    lens: Lens<'_>,
    documents: &[Value],
    root: &Route,
    route: &Sourced<Route>,
) -> Option<Site> {
    let whole = joined(root, &route.value);
    let key = Key::Value(route.value.to_string());
    if let Some(at) = Cursor::roots(documents).find_map(|document| document.follow(&whole)) {
        let part = at.part(Form::Value);
        return Some(lens.site(key, Some(SiteValue::Value(emit(at.node))), &at, vec![part]));
    }
    let is_plain = whole.steps().iter().all(|step| matches!(step, Step::Key(_)));
    let first = Cursor::root(0, documents.first().filter(|_| is_plain)?);
    // The document in which the values begin, or the first.
    let number = documents.iter().position(|document| root.find(document.root()).is_some());
    let at = Place { document: number.unwrap_or_default(), route: whole };
    let part = Part { form: Form::Value, at, is_there: false, text: String::new() };
    let line = lens.file.line(1);
    let location = Location::new(lens.file, Span { start: line.start, end: line.end });
    Some(Site { location, ..lens.site(key, None, &first, vec![part]) })
}

fn joined(root: &Route, route: &Route) -> Route {
    let mut whole = root.clone();
    for step in route.steps() {
        whole.push(step.clone());
    }
    whole
}
