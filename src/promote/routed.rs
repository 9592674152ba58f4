//! Values under `promote` that a person sets by their routes.

use super::code::UNKNOWN_VALUE;
use super::propose::{Proposal, TargetSites};
use crate::diagnostic::{Finding, Findings, listed, nearest};
use crate::edits::{RouteValue, set_value};
use crate::sites::{Key, Site, ambiguous, barrier};
use crate::source::Location;
use crate::yaml::{Dialect, Place, Route, Value, parse};

impl Proposal {
    /// Adds the edits that set these values: what they change shows when the edited files
    /// are read ([`Proposal::carry`]). `at` is the place of what is not about a file.
    pub(super) fn set_routes(
        &mut self,
        target: TargetSites<'_>,
        routes: &[RouteValue],
        at: &Location,
    ) -> Result<(), Findings> {
        let mut findings = Findings::new();
        for wanted in routes {
            match self.set_route(target, wanted, at) {
                Ok(()) => {}
                Err(finding) => findings.push(finding.about(target.subject())),
            }
        }
        if findings.has_errors() { Err(findings) } else { Ok(()) }
    }

    fn set_route(
        &mut self,
        target: TargetSites<'_>,
        wanted: &RouteValue,
        at: &Location,
    ) -> Result<(), Finding> {
        let Some((site, below)) = promoted(target, &wanted.route) else {
            return Err(unknown(target, &wanted.route, at));
        };
        if let Some(finding) = barrier(site) {
            return Err(finding);
        }
        let Some(part) = site.parts.first() else {
            let message = format!("`{}` is an item of a list of an outer file", site.key);
            return Err(Finding::new(&UNKNOWN_VALUE, message, site.location.clone())
                .because("the app's own file does not have the list")
                .help("write the whole list in the app's own file; lists replace each other"));
        };
        let documents = parse(&site.file, Dialect::Kubectl).unwrap_or_default();
        let whole = part.at.route.joined(&below);
        let root = documents.get(part.at.document).map(Value::root);
        let found = root.map(|root| whole.all(root)).unwrap_or_default();
        let places = found.iter().map(|(route, node)| (route.to_string(), node.location()));
        if let Some(finding) = ambiguous(&wanted.route.to_string(), &places.collect::<Vec<_>>()) {
            return Err(finding);
        }
        let (route, node) = match found.into_iter().next() {
            Some((route, node)) => (route, Some(node)),
            None if whole.is_of_keys() => (whole, None),
            None => return Err(unknown(target, &wanted.route, &site.location)),
        };
        let place = Place { document: part.at.document, route };
        if let Some(change) = set_value(place, node, wanted) {
            let path = site.file.path();
            self.edits.entry(path.clone()).or_default().push(change);
            self.routed.insert(path.clone());
        }
        Ok(())
    }
}

/// The promoted value at a route or above it, with the rest of the route.
fn promoted<'s>(target: TargetSites<'s>, route: &Route) -> Option<(&'s Site, Route)> {
    let values = target.app.sites.iter().filter(|site| matches!(site.key, Key::Value(_)));
    let above = values.filter_map(|site| {
        let own = Route::parse(site.key.name()).ok()?;
        let below = route.steps().strip_prefix(own.steps())?;
        Some((site, below.iter().cloned().collect::<Route>()))
    });
    above.min_by_key(|(_, below)| below.steps().len())
}

fn unknown(target: TargetSites<'_>, route: &Route, at: &Location) -> Finding {
    let values = target.app.sites.iter().filter(|site| matches!(site.key, Key::Value(_)));
    let names: Vec<&str> = values.map(|site| site.key.name()).collect();
    let help = match nearest(&route.to_string(), names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => {
            "declare it with `promote`, so that it climbs the ladder".to_owned()
        }
        None => format!("it promotes {}; declare others with `promote`", listed(&names, "and")),
    };
    let message = format!("`{}` does not promote `{route}`", target.app.app);
    Finding::new(&UNKNOWN_VALUE, message, at.clone())
        .because("only a value under `promote` can be set")
        .help(help)
}
