//! The namespaces of apps, and the check that no two apps share one by accident.

use super::environment::ResolvedEnvironment;
use crate::config::syntax::EnvironmentName;
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
pub(super) struct Namespaced<'r> {
    cluster: Option<&'r str>,
    namespace: &'r str,
    app: &'r str,
    environment: &'r EnvironmentName,
    is_literal: bool,
    location: &'r Location,
}

impl<'r> Namespaced<'r> {
    /// The namespaces of an environment's apps.
    pub(super) fn of(resolved: &'r ResolvedEnvironment) -> impl Iterator<Item = Self> {
        let environment = &resolved.environment;
        environment.apps.iter().zip(&resolved.is_literal).map(|(app, is_literal)| Self {
            cluster: environment.cluster.as_deref(),
            namespace: &app.namespace.value,
            app: &app.name,
            environment: &environment.name,
            is_literal: *is_literal,
            location: &app.namespace.location,
        })
    }

    /// What a cluster has only once.
    fn name(&self) -> (Option<&'r str>, &'r str) {
        (self.cluster, self.namespace)
    }
}

/// Reports namespaces that are longer than Kubernetes allows.
pub(super) fn check_lengths(namespaces: &[Namespaced<'_>], findings: &mut Findings) {
    findings
        .extend(namespaces.iter().filter(|one| one.namespace.len() > LABEL_LENGTH).map(too_long));
}

/// Reports namespaces that two apps get without naming them.
pub(super) fn check_shared(mut namespaces: Vec<Namespaced<'_>>, findings: &mut Findings) {
    // Those of one environment are mostly in order, as its apps are.
    namespaces.sort_by_key(Namespaced::name);
    let sharing = namespaces.chunk_by(|one, other| one.name() == other.name());
    for sharing in sharing.filter(|sharing| sharing.len() > 1) {
        if let Some(by_accident) = sharing.iter().position(|one| !one.is_literal) {
            let other = usize::from(by_accident == 0);
            findings.push(shared(&sharing[by_accident], &sharing[other], sharing.len() - 2));
        }
    }
}

fn too_long(one: &Namespaced<'_>) -> Finding {
    let length = one.namespace.len();
    Finding::new(
        &NAMESPACE_TOO_LONG,
        format!("the namespace `{}` has {length} characters", one.namespace),
        one.location.clone(),
    )
    .because(format!("{LABEL_LENGTH} are allowed"))
    .help("give the app or the environment a shorter `namespace`")
    .about(Subject::app(one.environment.as_str(), one.app))
}

fn shared(one: &Namespaced<'_>, other: &Namespaced<'_>, more: usize) -> Finding {
    let name = |one: &Namespaced<'_>| format!("`{}` in `{}`", one.app, one.environment);
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
