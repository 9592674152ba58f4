//! Images in values that are promoted where nothing is rendered: whatever reads the values
//! deploys them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::new_references::NewReferences;
use super::references::{DeployedReference, likely_reference};
use crate::config::{Environment, EnvironmentName};
use crate::history::Since;
use crate::promote::gates::{BroughtReference, BroughtReferences};
use crate::sites::{Key, State, likely_images_at};
use crate::source::{RepoPath, SourceFile};
use crate::yaml::{self, Dialect, Route, Step};

/// What a change brings besides what sites say, and what its values bring.
pub(in crate::promote) struct BroughtWithValues<'a> {
    others: Option<&'a dyn BroughtReferences>,
    all: Vec<BroughtReference>,
}

impl<'a> BroughtWithValues<'a> {
    /// Adds to `others` what the values of a state bring to a target.
    pub(in crate::promote) fn new(
        others: Option<&'a dyn BroughtReferences>,
        target: &Environment,
        (current, proposed): (Option<&State>, &State),
    ) -> Self {
        let before = current.map(images_in).unwrap_or_default();
        let at = |_: &DeployedReference| target.location.clone();
        let new = NewReferences::between(&before, &images_in(proposed), at);
        // The values climb themselves.
        let own = new.unsaid((current, proposed), &[]).into_iter();
        let own = own.map(|one| BroughtReference { is_ordered: false, ..one });
        let all: Vec<_> = others.map(BroughtReferences::all).unwrap_or_default().to_vec();
        let is_new = |one: &BroughtReference| {
            !all.iter().any(|other| other.key == one.key && other.value == one.value)
        };
        let own: Vec<_> = own.filter(is_new).collect();
        Self { others, all: all.into_iter().chain(own).collect() }
    }
}

impl BroughtReferences for BroughtWithValues<'_> {
    fn all(&self) -> &[BroughtReference] {
        &self.all
    }

    fn is_deployed(&self, environment: &EnvironmentName, reference: &BroughtReference) -> bool {
        self.others.is_some_and(|others| others.is_deployed(environment, reference))
    }

    fn deployed_since(
        &self,
        environment: &EnvironmentName,
        reference: &BroughtReference,
        is_enough: &dyn Fn(&Since) -> bool,
    ) -> Result<Option<Since>, String> {
        let others = self.others.map(|one| one.deployed_since(environment, reference, is_enough));
        others.unwrap_or(Ok(None))
    }
}

/// The images in the promoted values of a state.
pub(super) fn images_in(state: &State) -> BTreeSet<DeployedReference> {
    let values = state.iter().filter_map(|(key, value)| match key {
        Key::Value(route) => Some((route, value.yaml()?)),
        _ => None,
    });
    values.flat_map(|(route, yaml)| images_in_value(route, yaml)).collect()
}

fn images_in_value(route: &str, yaml: &str) -> Vec<DeployedReference> {
    let file = Arc::new(SourceFile::new(RepoPath::root(), yaml.to_owned()));
    let Ok(documents) = yaml::parse(&file, Dialect::Kubectl) else { return Vec::new() };
    let route = Route::parse(route).ok();
    let last = route.as_ref().and_then(|route| route.steps().last());
    let key = match last {
        Some(Step::Key(key)) => key,
        _ => "",
    };
    likely_images_at(key, &documents).into_iter().map(likely_reference).collect()
}
