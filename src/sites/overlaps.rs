//! Places of one file that several environments have sites at.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::RuleSites;
use super::{Site, SitePart, SitePartKind};
use crate::yaml::Place;

/// The places that sites of several environments are at, each with the numbers of these. A
/// value and a part of it overlap.
#[derive(Debug, Clone, Default)]
pub(super) struct Overlaps(BTreeMap<Place, BTreeSet<usize>>);

impl Overlaps {
    /// Those of what rules found in a file.
    pub(super) fn of(results: &[RuleSites]) -> Self {
        let mut own: BTreeMap<Place, BTreeSet<usize>> = BTreeMap::new();
        for result in results {
            let sites = result.found.iter().flatten().flat_map(|(_, sites)| sites);
            for part in sites.flat_map(|site| &site.parts) {
                own.entry(part.at.clone()).or_default().insert(result.environment);
            }
        }
        let mut all = own.clone();
        for (outer, inner) in nested(own.keys()) {
            all.entry(outer.clone()).or_default().extend(&own[inner]);
            all.entry(inner.clone()).or_default().extend(&own[outer]);
        }
        all.retain(|_, environments| environments.len() > 1);
        Self(all)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The environments that a change of a site would change, besides its own.
    pub(super) fn around(&self, site: &Site) -> BTreeSet<usize> {
        let parts = site.parts.iter().filter(|part| !is_repository(part));
        parts.filter_map(|part| self.0.get(&part.at)).flatten().copied().collect()
    }

    /// Takes the repository from the parts of a site that may be changed, if other
    /// environments have it as well.
    pub(super) fn keep_shared_repository(&self, site: &mut Site) {
        site.parts.retain(|part| !is_repository(part) || !self.0.contains_key(&part.at));
    }
}

fn is_repository(part: &SitePart) -> bool {
    part.kind == SitePartKind::Repository
}

/// The places among these that are in others, each after one that it is in. They have to be in
/// their order, in which each comes after those that it is in.
pub fn nested<'p>(places: impl IntoIterator<Item = &'p Place>) -> Vec<(&'p Place, &'p Place)> {
    let mut around: Vec<&Place> = Vec::new();
    let mut pairs = Vec::new();
    for place in places {
        while around.pop_if(|outer| !is_within(place, outer)).is_some() {}
        pairs.extend(around.iter().map(|outer| (*outer, place)));
        around.push(place);
    }
    pairs
}

fn is_within(place: &Place, outer: &Place) -> bool {
    place.document == outer.document && place.route.steps().starts_with(outer.route.steps())
}
