//! A set of objects.

use std::collections::BTreeMap;

use super::code::DUPLICATE_OBJECT;
use super::{Object, ObjectId};
use crate::diagnostic::{Finding, Findings};

/// Objects by identity, in an order that does not depend on how they were added.
#[derive(Debug, Clone, Default)]
pub struct ObjectSet {
    objects: BTreeMap<ObjectId, Object>,
}

impl ObjectSet {
    /// Collects objects. If several have the same identity, they are one finding
    /// that shows where each of them came from.
    pub fn of(objects: impl IntoIterator<Item = Object>) -> Result<Self, Findings> {
        let mut gathered: BTreeMap<ObjectId, Object> = BTreeMap::new();
        let mut again: BTreeMap<ObjectId, Vec<Object>> = BTreeMap::new();
        for object in objects {
            match gathered.get(&object.id) {
                Some(_) => again.entry(object.id.clone()).or_default().push(object),
                None => drop(gathered.insert(object.id.clone(), object)),
            }
        }
        if again.is_empty() {
            return Ok(Self { objects: gathered });
        }
        let findings = again.into_iter().filter_map(|(id, mut same)| {
            same.extend(gathered.remove(&id));
            duplicate(&id, same)
        });
        Err(findings.collect())
    }

    /// The objects in the order of their identities.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Object> {
        self.objects.values()
    }

    /// The object with this identity.
    pub fn get(&self, id: &ObjectId) -> Option<&Object> {
        self.objects.get(id)
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}

fn duplicate(id: &ObjectId, mut same: Vec<Object>) -> Option<Finding> {
    // By place, so that the finding does not depend on which was added first.
    same.sort_by_cached_key(|object| {
        let at = &object.origin.location;
        (at.path().clone(), at.span())
    });
    let mut places = same.iter().map(|object| object.origin.location.clone());
    let first = places.next()?;
    let count = if same.len() == 2 { "twice".to_owned() } else { format!("{} times", same.len()) };
    let finding = Finding::new(&DUPLICATE_OBJECT, format!("{id} is defined {count}"), first)
        .because("one is from here")
        .help("remove one of them, or give it another name or namespace");
    Some(places.fold(finding, |finding, place| finding.label(place, "another is from here")))
}
