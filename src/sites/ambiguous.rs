//! Routes that lead to several places.

use super::code::AMBIGUOUS_ROUTE;
use crate::diagnostic::Finding;
use crate::source::Location;

/// The most places that a finding shows.
const SHOWN: usize = 20;

/// The finding that a route leads to several places; none if it does not.
pub fn ambiguous(route: &str, places: &[(String, Location)]) -> Option<Finding> {
    let [(_, first), others @ ..] = places else { return None };
    let second = others.first()?;
    let message = format!("`{route}` leads to {} places", places.len());
    let mut finding = Finding::new(&AMBIGUOUS_ROUTE, message, first.clone()).because("one");
    for (_, location) in others.iter().take(SHOWN - 1) {
        finding = finding.label(location.clone(), "another");
    }
    let is_exact = places[0].0 != second.0;
    let help = if is_exact {
        format!("name one of them: `{}` or `{}`", places[0].0, second.0)
    } else {
        "give each document a file of its own, or name what only one of them has".to_owned()
    };
    Some(finding.help(help))
}
