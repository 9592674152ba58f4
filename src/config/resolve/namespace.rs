//! The namespaces of apps, and the check that no two apps share one by accident.

use std::collections::BTreeMap;

use super::app::ResolvedApp;
use crate::config::valid::Environment;
use crate::diagnostic::{Finding, Findings, Subject, codes};
use crate::kubernetes::LABEL_LENGTH;
use crate::source::Location;

codes! {
    /// A namespace with a longer name than Kubernetes allows.
    ///
    /// A namespace's name has at most 63 characters. With the default pattern
    /// it is the app's name, `-` and the environment's name. Give the app or
    /// the environment a shorter pattern.
    ///
    /// ```yaml
    /// # environments/prod/environment.yaml
    /// namespace: "{app}"
    /// ```
    NAMESPACE_TOO_LONG = "namespace-too-long", Input, Error;

    /// Two apps get one namespace without saying so.
    ///
    /// Two patterns result in the same name on one cluster. Objects, quotas and
    /// network rules of one app would apply to the other as well. If they are meant
    /// to share the namespace, both have to name it literally.
    ///
    /// ```yaml
    /// # environments/qa/environment.yaml
    /// namespace: "{environment}"     # wrong: every app of qa gets `qa`
    /// namespace: qa                  # right: every app of qa is meant to live in `qa`
    /// ```
    SHARED_NAMESPACE = "shared-namespace", Input, Error;
}

/// An app's namespace, with what is needed to ask whether others have it too.
pub(super) struct Namespaced {
    cluster: Option<String>,
    namespace: String,
    app: String,
    environment: String,
    is_literal: bool,
    location: Location,
}

impl Namespaced {
    pub(super) fn of(resolved: &ResolvedApp, environment: &Environment) -> Self {
        Self {
            cluster: environment.cluster.clone(),
            namespace: resolved.app.namespace.value.clone(),
            app: resolved.app.name.clone(),
            environment: environment.name.to_string(),
            is_literal: resolved.pattern.is_literal(),
            location: resolved.app.namespace.location.clone(),
        }
    }
}

/// Reports namespaces that are longer than Kubernetes allows.
pub(super) fn check_lengths(namespaces: &[&Namespaced], findings: &mut Findings) {
    findings.extend(
        namespaces.iter().filter(|one| one.namespace.len() > LABEL_LENGTH).map(|one| too_long(one)),
    );
}

/// Reports namespaces that two apps get without naming them.
pub(super) fn check_shared(namespaces: &[&Namespaced], findings: &mut Findings) {
    let mut by_name: BTreeMap<_, Vec<&Namespaced>> = BTreeMap::new();
    for one in namespaces {
        by_name.entry((&one.cluster, &one.namespace)).or_default().push(one);
    }
    for sharing in by_name.values().filter(|sharing| sharing.len() > 1) {
        if let Some(by_accident) = sharing.iter().position(|one| !one.is_literal) {
            let other = usize::from(by_accident == 0);
            findings.push(shared(sharing[by_accident], sharing[other], sharing.len() - 2));
        }
    }
}

fn too_long(one: &Namespaced) -> Finding {
    let length = one.namespace.len();
    Finding::new(
        &NAMESPACE_TOO_LONG,
        format!("the namespace `{}` has {length} characters", one.namespace),
        one.location.clone(),
    )
    .because(format!("{LABEL_LENGTH} are allowed"))
    .help("give the app or the environment a shorter `namespace`")
    .about(Subject::app(one.environment.as_str(), one.app.as_str()))
}

fn shared(one: &Namespaced, other: &Namespaced, more: usize) -> Finding {
    let name = |one: &Namespaced| format!("`{}` in `{}`", one.app, one.environment);
    let and_more = if more == 0 { String::new() } else { format!(", as do {more} more") };
    Finding::new(
        &SHARED_NAMESPACE,
        format!(
            "{} and {} get one namespace, `{}`{and_more}",
            name(one),
            name(other),
            one.namespace
        ),
        one.location.clone(),
    )
    .because(format!("makes `{}` of {}", one.namespace, name(one)))
    .label(other.location.clone(), format!("and this of {}", name(other)))
    .help(format!("if they are meant to share it, write `namespace: {}` for both", one.namespace))
}
