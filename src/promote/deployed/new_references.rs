//! What a change deploys that was not deployed before it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::references::{DeployedReference, is_judged};
use crate::config::{Glob, Sourced};
use crate::kubernetes::full_repository;
use crate::promote::gates::BroughtReference;
use crate::sites::{ImageParts, SiteValue, State};
use crate::source::{Location, SourceFile};

/// What an app is deployed with after a change and was not before.
#[derive(Default)]
pub(in crate::promote) struct NewReferences {
    /// What the change brings, each with a line that brought it.
    pub(in crate::promote) brought: Vec<(DeployedReference, Location)>,
    /// All that was deployed before it.
    pub(in crate::promote) before: BTreeSet<DeployedReference>,
}

impl NewReferences {
    /// What was deployed before a change and after it. `at` finds the line that brought
    /// something.
    pub(in crate::promote) fn between(
        before: &BTreeSet<DeployedReference>,
        after: &BTreeSet<DeployedReference>,
        at: impl Fn(&DeployedReference) -> Location,
    ) -> Self {
        let brought = after.difference(before).map(|one| (one.clone(), at(one))).collect();
        Self { brought, before: before.clone() }
    }

    /// What no judged state says, before the change and after it. Images that `unordered` names
    /// need not climb.
    pub(in crate::promote) fn unsaid(
        &self,
        (current, proposed): (Option<&State>, &State),
        unordered: &[Sourced<Glob>],
    ) -> Vec<BroughtReference> {
        let is_named = |value: &SiteValue| {
            let SiteValue::Image(ImageParts { repository: Some(repository), .. }) = value else {
                return false;
            };
            let names = [repository.clone(), full_repository(repository)];
            unordered.iter().any(|one| names.iter().any(|name| one.value.is_match(name)))
        };
        let states = (current, proposed);
        let unsaid = self.brought.iter();
        let unsaid = unsaid.filter(|(reference, _)| !is_judged(reference, states, &self.before));
        let unsaid = unsaid.map(|((key, value), location)| BroughtReference {
            key: key.clone(),
            value: value.clone(),
            location: location.clone(),
            is_ordered: !is_named(value),
        });
        unsaid.collect()
    }
}

/// The first line of these files that names a reference: all of it, or else its name.
pub(in crate::promote) fn line_naming(
    files: &[Arc<SourceFile>],
    (key, value): &DeployedReference,
) -> Option<Location> {
    let whole = value.to_string();
    let name = key.name().rsplit('/').next().unwrap_or_default();
    [&*whole, key.name(), name].into_iter().filter(|text| !text.is_empty()).find_map(|text| {
        files.iter().find_map(|file| {
            let line = (1..).zip(file.text().lines()).find(|(_, line)| line.contains(text));
            line.map(|(number, _)| Location::new(file, file.line(number)))
        })
    })
}
