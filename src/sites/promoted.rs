//! Values that a rule declares promotable.

use super::at::{At, text};
use super::gathered::Lens;
use super::{Form, Key, Part, Said, Site};
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
    match At::roots(documents).find_map(|document| document.follow(&whole)) {
        Some(at) => {
            let said = Said::Value(emit(at.node));
            let part = Part {
                form: Form::Value,
                at: at.place(),
                is_there: true,
                text: text(at.node).unwrap_or_default(),
            };
            Some(lens.site(key, Some(said), &at, vec![part]))
        }
        None => {
            // The document in which the values begin, or the first.
            let number = documents.iter().position(|document| root.find(document.root()).is_some());
            let is_plain = whole.steps().iter().all(|step| matches!(step, Step::Key(_)));
            let line = lens.file.line(1);
            let part = Part {
                form: Form::Value,
                at: Place { document: number.unwrap_or_default(), route: whole },
                is_there: false,
                text: String::new(),
            };
            let start = documents.first().map(|document| At::root(0, document))?;
            let site = lens.site(key, None, &start, vec![part]);
            let location = Location::new(lens.file, Span { start: line.start, end: line.end });
            is_plain.then_some(Site { location, ..site })
        }
    }
}

fn joined(root: &Route, route: &Route) -> Route {
    let mut whole = root.clone();
    route.steps().iter().for_each(|step| whole.push(step.clone()));
    whole
}
