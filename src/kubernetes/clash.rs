//! Objects that several apps or environments have.

use std::collections::BTreeMap;

use super::code::DUPLICATE_OBJECT;
use super::{Object, ObjectId};
use crate::diagnostic::{Finding, Findings, Subject};
use crate::source::Location;

/// A finding for each object that is among these more than once, each with the app or
/// environment that it is of.
pub fn clashes(objects: impl IntoIterator<Item = (Subject, Object)>) -> Findings {
    let mut by_id: BTreeMap<ObjectId, Vec<Owner>> = BTreeMap::new();
    for (subject, object) in objects {
        let location = object.origin.location;
        by_id.entry(object.id).or_default().push(Owner { subject, location });
    }
    by_id.into_iter().filter_map(|(id, owners)| clash(&id, owners)).collect()
}

/// Who brings an object, and from where.
struct Owner {
    subject: Subject,
    location: Location,
}

fn clash(id: &ObjectId, mut owners: Vec<Owner>) -> Option<Finding> {
    if owners.len() < 2 {
        return None;
    }
    // By place, so that the finding does not depend on which came first.
    owners.sort_by_cached_key(|owner| {
        let at = &owner.location;
        (at.path().clone(), at.span(), owner.subject.clone())
    });
    let count = match owners.len() {
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    };
    let mut subjects: Vec<_> = owners.iter().map(|owner| owner.subject.to_string()).collect();
    subjects.dedup();
    let message = match subjects.as_slice() {
        [only] => format!("{id} is defined {count} for {only}"),
        _ => format!("{id} is defined {count}: for {}", subjects.join(", and for ")),
    };
    // An object that one line makes for several environments has one place.
    let mut places: Vec<(Location, Vec<String>)> = Vec::new();
    for owner in &owners {
        let name = owner.subject.to_string();
        match places.last_mut().filter(|(place, _)| *place == owner.location) {
            Some((_, names)) if !names.contains(&name) => names.push(name),
            Some(_) => {}
            None => places.push((owner.location.clone(), vec![name])),
        }
    }
    let mut places = places.into_iter().map(|(place, names)| (place, names.join(" and for ")));
    let (first, names) = places.next()?;
    let finding = Finding::new(&DUPLICATE_OBJECT, message, first)
        .because(format!("from here for {names}"))
        .help(help(id, &owners));
    Some(places.fold(finding, |finding, (place, names)| {
        finding.label(place, format!("from here for {names}"))
    }))
}

fn help(id: &ObjectId, owners: &[Owner]) -> String {
    let is_own = |owner: &&Owner| owner.subject.app.is_none();
    if let Some(own) = owners.iter().find(is_own) {
        return format!(
            "the environment brings its namespaces: remove the {} from the template, or write \
             `generate: {{ namespaces: false }}` in `environments/{}/environment.yaml`",
            id.kind, own.subject.environment
        );
    }
    let environments = owners.windows(2).any(|two| {
        let [one, other] = two else { return false };
        one.subject.environment != other.subject.environment
    });
    if !environments {
        return "remove one of them, or give it another name or namespace".to_owned();
    }
    let clusters = "if the environments are on different clusters, name each one's with \
                    `cluster:` in its `environment.yaml`";
    match &id.namespace {
        None => format!("a cluster has it once: let one environment alone bring it; {clusters}"),
        Some(namespace) => format!(
            "both use the namespace `{namespace}`: let one environment alone bring it, or give it \
             another name or namespace in one of them; {clusters}"
        ),
    }
}
