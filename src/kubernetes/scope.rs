//! The kinds that live in a namespace, and those that do not, with those that definitions
//! add.

use std::collections::HashMap;

use super::Object;
use super::schema::{Scope, built_in_scope, embedded_scope, known_kinds};
use crate::diagnostic;
use crate::yaml::Node;

/// Every kind whose scope is known: Kubernetes' own, those of well-known operators, and those
/// that definitions add.
#[derive(Debug, Clone, Default)]
pub struct Scopes {
    custom: HashMap<(String, String), Scope>,
}

impl Scopes {
    /// Kubernetes' own kinds and those of well-known operators.
    pub fn built_in() -> Self {
        Self::default()
    }

    /// The scope of a kind; none if it is not defined. The repository's own definition of an
    /// operator's kind is the cluster's.
    pub fn of(&self, group: &str, kind: &str) -> Option<Scope> {
        built_in_scope(group, kind)
            .or_else(|| self.custom.get(&(group.to_owned(), kind.to_owned())).copied())
            .or_else(|| embedded_scope(group, kind))
    }

    /// The known kind that is probably meant by a misspelt one, in words: the most
    /// similar one of the same group, or one of that name in another group.
    pub fn nearest(&self, group: &str, kind: &str) -> Option<String> {
        let embedded = known_kinds().iter().map(|known| (known.group(), known.kind));
        let custom = self.custom.keys().map(|(group, kind)| (group.as_str(), kind.as_str()));
        let known: Vec<_> = embedded.chain(custom).collect();
        let same_group = known.iter().filter(|(known, _)| *known == group);
        if let Some(nearest) = diagnostic::nearest(kind, same_group.map(|(_, known)| *known)) {
            return Some(format!("`{nearest}`"));
        }
        let elsewhere = known.iter().filter(|(_, known)| *known == kind).min()?;
        Some(match elsewhere {
            ("", kind) => format!("`{kind}` with `apiVersion: v1`"),
            (group, kind) => format!("`{kind}` of the group `{group}`"),
        })
    }

    /// Adds the kinds of the definitions among `objects`. A later definition wins:
    /// the rendered ones come last, and are what the cluster gets.
    pub fn learn<'a>(&mut self, objects: impl IntoIterator<Item = &'a Object>) {
        for object in objects {
            if object.is_definition()
                && let Some((group, kind, scope)) = definition(object.value.root())
            {
                self.custom.insert((group.to_owned(), kind.to_owned()), scope);
            }
        }
    }
}

/// The group, kind and scope that a `CustomResourceDefinition` defines; none if it
/// is incomplete, which its own validation reports.
fn definition(object: Node<'_>) -> Option<(&str, &str, Scope)> {
    let spec = object.get("spec")?;
    let scope = match spec.get("scope")?.as_str()? {
        "Namespaced" => Scope::Namespaced,
        "Cluster" => Scope::Cluster,
        _ => return None,
    };
    Some((spec.get("group")?.as_str()?, spec.get("names")?.get("kind")?.as_str()?, scope))
}
