//! An environment, from the `environment.yaml` of each directory above it and its own.

use std::sync::Arc;

use super::app::{self, labels};
use super::template::Templates;
use crate::config::decode::{List, Syntax};
use crate::config::directories::Directory;
use crate::config::known::Known;
use crate::config::ladder::AfterFile;
use crate::config::layers::Layered;
use crate::config::lists::{exactly_one, report_twice};
use crate::config::policies::Tier;
use crate::config::raw::{AccessFile, AccessRuleFile, EnvironmentFile, GenerateFile, Selection};
use crate::config::reader::{ConfigReader, ReadFile};
use crate::config::sourced::Sourced;
use crate::config::syntax::{AppReference, EnvironmentName, Name};
use crate::config::valid::{Access, AccessRole, AccessRule, AccessSubject, Environment, Generate};
use crate::config::{gates, network};
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::{Location, SourceFile};
use crate::yaml::{Node, Value};

codes! {
    /// An app is skipped in an environment that has it.
    ///
    /// `skip` allows an app to be promoted past an environment that no longer has it.
    /// This environment has the app, so `skip` has no effect and its gates count.
    SKIPPED_BUT_PRESENT = "skipped-but-present", Input, Warning;

    /// A quota without a default request.
    ///
    /// If a namespace has a quota of CPU or memory, Kubernetes refuses every pod with a
    /// container that does not state its own request or limit. `limits` gives such
    /// containers a default.
    ///
    /// ```yaml
    /// quota: { requests.cpu: "20" }
    /// limits: { defaultRequest: { cpu: 100m } }     # right: without it, pods are refused
    /// ```
    QUOTA_WITHOUT_DEFAULT = "quota-without-default", Input, Warning;
}

/// An environment, with what is checked together with other environments.
pub(super) struct ResolvedEnvironment {
    pub(super) environment: Environment,
    pub(super) after: Option<Sourced<AfterFile>>,
    /// For each app whether its namespace is named literally.
    pub(super) is_literal: Vec<bool>,
}

/// The environment at the end of `chain`, which starts with `environments/`.
pub(super) fn resolve(
    chain: &[&Directory],
    templates: &mut Templates<'_>,
    reader: &mut ConfigReader<'_>,
) -> ResolvedEnvironment {
    let leaf = chain.last().expect("a chain ends with its environment");
    let name = name_of(chain);
    let location =
        leaf.environment.as_ref().map_or_else(|| Location::of_path(&leaf.path), ReadFile::location);
    let merged = merge(chain, location.file());
    let raw: Option<EnvironmentFile> =
        merged.root().is_mapping().then(|| reader.decode(merged.root())).flatten();
    let mut resolved =
        settings(name, leaf, location, merged.root(), raw.as_ref(), &mut reader.findings);
    resolved.environment.apps.reserve_exact(leaf.apps.len());
    resolved.is_literal.reserve_exact(leaf.apps.len());
    for (app, file) in &leaf.apps {
        let one = app::resolve(app, file, chain, &resolved.environment.name, templates, reader);
        resolved.is_literal.push(one.is_literal);
        resolved.environment.apps.push(one.app);
    }
    resolved
}

fn name_of(chain: &[&Directory]) -> EnvironmentName {
    let segments: Vec<_> = chain[1..].iter().map(|directory| directory.path.name()).collect();
    EnvironmentName::parse(&segments.join("/")).expect("directories with other names are left out")
}

fn merge(chain: &[&Directory], file: &Arc<SourceFile>) -> Value {
    let roots = chain.iter().filter_map(|directory| directory.environment.as_ref());
    let roots = roots.map(ReadFile::root).filter(|root| root.is_mapping());
    let merged =
        roots.map(|root| Layered::of_keys(root, |key, _| key != "values")).reduce(|mut a, b| {
            a.merge(b);
            a
        });
    merged.map_or_else(|| Value::new(file), |layered| layered.to_value(file))
}

fn settings(
    name: EnvironmentName,
    leaf: &Directory,
    location: Location,
    root: Node<'_>,
    raw: Option<&EnvironmentFile>,
    findings: &mut Findings,
) -> ResolvedEnvironment {
    let environment = Environment {
        directory: leaf.path.clone(),
        spelling: name.as_str().to_owned(),
        tier: raw.and_then(|raw| raw.tier.as_ref()).map_or(Tier::Preprod, |tier| tier.value),
        kubernetes: raw.and_then(|raw| raw.kubernetes.clone()),
        select: raw
            .and_then(|raw| raw.select.as_ref())
            .map_or(Selection::Current, |select| select.value),
        skip: app_names(raw.and_then(|raw| raw.skip.as_ref())),
        retag: raw.and_then(|raw| raw.retag.clone()),
        enters: app_names(raw.and_then(|raw| raw.enters.as_ref())),
        cluster: raw.and_then(|raw| raw.cluster.as_ref()).map(|cluster| cluster.value.0.clone()),
        group: None,
        labels: labels(raw.and_then(|raw| raw.labels.as_ref())),
        quota: root.get("quota").map(Node::to_value),
        limits: root.get("limits").map(Node::to_value),
        access: raw
            .and_then(|raw| raw.access.as_ref())
            .iter()
            .flat_map(|list| &list.value)
            .filter_map(|entry| access(entry, findings))
            .collect(),
        generate: generate(raw.and_then(|raw| raw.generate.as_ref())),
        network: network::of_environment(raw.and_then(|raw| raw.network.as_ref()), findings),
        gates: gates::resolve(raw.and_then(|raw| raw.gates.as_ref()), findings),
        apps: Vec::new(),
        app_names: Arc::clone(&leaf.app_names),
        name,
        location,
    };
    check_quota(root, findings);
    let after = raw.and_then(|raw| raw.after.clone());
    ResolvedEnvironment { environment, after, is_literal: Vec::new() }
}

/// The names in a list of apps, each with its place.
pub(super) fn app_names(raw: Option<&Sourced<List<AppReference>>>) -> Vec<Sourced<String>> {
    let list = raw.into_iter().flat_map(|list| &list.value);
    list.map(|app| Sourced { value: app.value.0.clone(), location: app.location.clone() }).collect()
}

fn access(entry: &Sourced<AccessFile>, findings: &mut Findings) -> Option<Sourced<Access>> {
    let AccessFile { group, user, service_account, role, rules } = &entry.value;
    let subject = match (group, user, service_account) {
        (Some(group), None, None) => Some(AccessSubject::Group(group.value.0.clone())),
        (None, Some(user), None) => Some(AccessSubject::User(user.value.0.clone())),
        (None, None, Some(account)) => Some(service_account_of(&account.value.0)),
        _ => None,
    };
    let role = match (role, rules) {
        (Some(role), None) => Some(AccessRole::Cluster(role.value.0.clone())),
        (None, Some(rules)) if !rules.value.is_empty() => Some(AccessRole::Rules(
            rules.value.iter().map(|rule| access_rule(&rule.value)).collect(),
        )),
        _ => None,
    };
    let noun = "an entry of `access`";
    if subject.is_none() {
        let keys = "`group`, `user` and `serviceAccount`";
        findings.push(exactly_one(noun, keys, &entry.location));
    }
    if role.is_none() {
        findings.push(exactly_one(noun, "`role` and `rules`", &entry.location));
    }
    let value = Access { subject: subject?, role: role? };
    Some(Sourced { value, location: entry.location.clone() })
}

fn service_account_of(text: &str) -> AccessSubject {
    let (namespace, name) = match text.split_once('/') {
        Some((namespace, name)) => (Some(namespace.to_owned()), name),
        None => (None, text),
    };
    AccessSubject::ServiceAccount { namespace, name: name.to_owned() }
}

fn access_rule(rule: &AccessRuleFile) -> AccessRule {
    let names = |list: &[Sourced<Name>]| list.iter().map(|name| name.value.0.clone()).collect();
    let api_groups = match &rule.api_groups {
        Some(groups) => groups.value.iter().map(|group| group.value.0.clone()).collect(),
        None => vec![String::new()],
    };
    AccessRule {
        api_groups,
        resources: names(&rule.resources.value),
        verbs: names(&rule.verbs.value),
        resource_names: rule
            .resource_names
            .as_ref()
            .map_or_else(Vec::new, |list| names(&list.value)),
    }
}

fn generate(raw: Option<&Sourced<GenerateFile>>) -> Generate {
    let is_on = |field: Option<&Sourced<bool>>| field.is_none_or(|field| field.value);
    Generate {
        namespaces: is_on(raw.and_then(|raw| raw.value.namespaces.as_ref())),
        network: is_on(raw.and_then(|raw| raw.value.network.as_ref())),
    }
}

/// What Kubernetes requires each container to state if a quota limits it, and the
/// keys of a limit range that state it for a container that does not
/// (`SetDefaults_LimitRangeItem` derives `default` from `max`, and
/// `defaultRequest` from `default`, then from `min`).
const STATED: [(&str, &str, &[&str]); 6] = [
    ("cpu", "cpu", &["defaultRequest", "default", "min", "max"]),
    ("memory", "memory", &["defaultRequest", "default", "min", "max"]),
    ("requests.cpu", "cpu", &["defaultRequest", "default", "min", "max"]),
    ("requests.memory", "memory", &["defaultRequest", "default", "min", "max"]),
    ("limits.cpu", "cpu", &["default", "max"]),
    ("limits.memory", "memory", &["default", "max"]),
];

fn check_quota(environment: Node<'_>, findings: &mut Findings) {
    let Some(quota) = environment.get("quota") else { return };
    let limits = environment.get("limits");
    for (bounded, resource, keys) in STATED {
        let Some(key) = quota.key(bounded) else { continue };
        let is_stated = keys.iter().any(|key| {
            limits.and_then(|limits| limits.get(key)).is_some_and(|l| l.get(resource).is_some())
        });
        if !is_stated {
            let message = format!("there is a quota of `{bounded}`, but no default for containers");
            findings.push(
                Finding::new(&QUOTA_WITHOUT_DEFAULT, message, key.location())
                    .because(format!("pods whose containers state no {resource} are refused"))
                    .help(format!("add `limits: {{ {}: {{ {resource}: … }} }}`", keys[0])),
            );
        }
    }
}

/// Checks for every `skip` that the app exists, but not here.
pub(super) fn check_skips(
    resolved: &[ResolvedEnvironment],
    known: &Known<'_>,
    findings: &mut Findings,
) {
    for one in resolved {
        report_twice(&one.environment.skip, String::as_str, "app", findings);
        for app in &one.environment.skip {
            known.check_app(&app.value, &app.location, findings);
            if let Some(present) = one.environment.app(&app.value) {
                let message = format!(
                    "`{}` is skipped in `{}`, but exists there",
                    app.value, one.environment.name
                );
                findings.push(
                    Finding::new(&SKIPPED_BUT_PRESENT, message, app.location.clone())
                        .because("has no effect")
                        .label(present.location.clone(), "the app")
                        .help("remove one of the two"),
                );
            }
        }
    }
}

/// Checks that no `enters` names an app twice. The app need not exist: it is named before it
/// enters.
pub(super) fn check_enters(resolved: &[ResolvedEnvironment], findings: &mut Findings) {
    for one in resolved {
        report_twice(&one.environment.enters, String::as_str, "app", findings);
    }
}
