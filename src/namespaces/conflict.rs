//! Whether the environments that share a namespace agree on it.

use std::collections::BTreeMap;

use crate::config::Environment;
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::Location;
use crate::yaml::{Node, Value};

use super::{Namespaces, binding_name};

codes! {
    /// Two environments disagree on a namespace that they share.
    ///
    /// Environments on one cluster may share a namespace that their apps name
    /// literally. It is one namespace: it has one set of labels, one quota, one
    /// set of limits and one list of who has access, and the first environment
    /// of the ladder that uses it brings them. The settings of the others would
    /// have no effect. Make them equal, for example in a file above both, or
    /// say which environment does not bring its namespaces:
    ///
    /// ```yaml
    /// # environments/stage/environment.yaml
    /// generate: { namespaces: false }
    /// ```
    CONFLICTING_NAMESPACE = "conflicting-namespace", Input, Error;
}

impl Namespaces<'_> {
    /// A finding for each setting in which two environments disagree on a
    /// namespace that they share, where one of them is among `rendered`.
    pub fn conflicts(&self, rendered: &[&Environment]) -> Findings {
        let concerns = |one: &Environment| rendered.iter().any(|other| other.name == one.name);
        let mut pairs: Vec<SharedNamespace<'_>> = Vec::new();
        for ((_, namespace), users) in &self.users {
            let Some(((first, _), others)) = users.split_first() else { continue };
            for &(other, _) in others.iter().filter(|(one, _)| concerns(first) || concerns(one)) {
                let known = pairs
                    .iter_mut()
                    .find(|pair| pair.first.name == first.name && pair.other.name == other.name);
                match known {
                    Some(pair) => pair.more += 1,
                    None => pairs.push(SharedNamespace { first, other, namespace, more: 0 }),
                }
            }
        }
        pairs.iter().flat_map(SharedNamespace::findings).collect()
    }
}

/// Two environments that share a namespace.
struct SharedNamespace<'r> {
    /// The one that brings it.
    first: &'r Environment,
    other: &'r Environment,
    namespace: &'r str,
    /// How many more namespaces they share.
    more: usize,
}

/// The places where two environments differ; none for one that does not have
/// the setting.
type SettingDifference = (Option<Location>, Option<Location>);

impl SharedNamespace<'_> {
    fn findings(&self) -> Vec<Finding> {
        let (first, other) = (self.first, self.other);
        let differences = [
            ("labels", labels(first, other)),
            ("quota", values(first.quota.as_ref(), other.quota.as_ref())),
            ("limits", values(first.limits.as_ref(), other.limits.as_ref())),
            ("access", access(first, other)),
        ];
        let differences = differences.into_iter();
        differences.filter_map(|(key, found)| Some(self.finding(key, found?))).collect()
    }

    fn finding(&self, key: &str, (ours, theirs): SettingDifference) -> Finding {
        let (first, other, namespace) = (&self.first.name, &self.other.name, self.namespace);
        let more = match self.more {
            0 => String::new(),
            1 => " and another one".to_owned(),
            more => format!(" and {more} others"),
        };
        let words = |name, at: &Option<Location>| match at {
            Some(_) => format!("`{name}` has this"),
            None => format!("`{name}` has no such `{key}`"),
        };
        let (first_words, other_words) = (words(first, &ours), words(other, &theirs));
        Finding::new(
            &CONFLICTING_NAMESPACE,
            format!("`{first}` and `{other}` share the namespace `{namespace}`{more}, with different `{key}`"),
            theirs.unwrap_or_else(|| self.other.location.clone()),
        )
        .because(other_words)
        .label(ours.unwrap_or_else(|| self.first.location.clone()), first_words)
        .help(format!(
            "make `{key}` the same for both, or write `generate: {{ namespaces: false }}` in \
             `{}/environment.yaml`: `{first}` brings the namespace",
            self.other.directory
        ))
    }
}

fn labels(first: &Environment, other: &Environment) -> Option<SettingDifference> {
    let of = |one: &Environment| {
        let labels = one.labels.iter();
        labels
            .map(|(key, label)| (key.clone(), (label.value.clone(), label.location.clone())))
            .collect::<BTreeMap<_, _>>()
    };
    entries(&of(first), &of(other))
}

fn access(first: &Environment, other: &Environment) -> Option<SettingDifference> {
    let of = |one: &Environment| {
        let access = one.access.iter();
        access
            .map(|access| (binding_name(&access.value), ((), access.location.clone())))
            .collect::<BTreeMap<_, _>>()
    };
    entries(&of(first), &of(other))
}

/// The place of the first entry that is in only one of two maps, or whose
/// values differ.
fn entries<T: PartialEq>(
    first: &BTreeMap<String, (T, Location)>,
    other: &BTreeMap<String, (T, Location)>,
) -> Option<SettingDifference> {
    first.keys().chain(other.keys()).find_map(|key| {
        let (ours, theirs) = (first.get(key), other.get(key));
        let same = ours.map(|(value, _)| value) == theirs.map(|(value, _)| value);
        let at = |entry: Option<&(T, Location)>| entry.map(|(_, location)| location.clone());
        (!same).then(|| (at(ours), at(theirs)))
    })
}

fn values(first: Option<&Value>, other: Option<&Value>) -> Option<SettingDifference> {
    nodes(first.and_then(settings), other.and_then(settings))
}

/// The settings in a map; none if it is empty, because nothing is generated for
/// an empty map.
fn settings(value: &Value) -> Option<Node<'_>> {
    Some(value.root()).filter(|root| root.entries().len() > 0)
}

/// The place of the first entry in which two nodes differ.
fn nodes(first: Option<Node<'_>>, other: Option<Node<'_>>) -> Option<SettingDifference> {
    match (first, other) {
        (None, None) => None,
        (Some(first), Some(other)) if first.equals(other) => None,
        (Some(first), Some(other)) if first.is_mapping() && other.is_mapping() => {
            let keys = first.entries().chain(other.entries()).map(|(key, _)| key.text());
            keys.into_iter().find_map(|key| nodes(first.get(key), other.get(key)))
        }
        (first, other) => Some((first.map(Node::location), other.map(Node::location))),
    }
}
