//! Who may reach whom: how the files write it, what it means, and how the former is
//! turned into the latter.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use schemars::JsonSchema;

use super::decode::{Decode, List, Map, choice, record};
use super::known::Known;
use super::lists::{empty_list, exactly_one};
use super::sourced::Sourced;
use super::syntax::{Call, Cidr, DnsLabel, EnvironmentName, Name, NamespaceName, Port};
use crate::diagnostic::{Finding, Findings, codes};
use crate::yaml::Node;

codes! {
    /// An environment is in two isolated sets.
    ///
    /// Traffic is not allowed between sets, and not restricted within one. An
    /// environment in two sets would connect what is to be kept apart.
    ///
    /// ```yaml
    /// isolate: [[qa, e2e], [e2e, stage]]      # wrong
    /// isolate: [[qa, e2e], [stage]]           # right
    /// ```
    IN_TWO_SETS = "in-two-sets", Input, Error;

    /// An unnecessary exception.
    ///
    /// The two environments are in the same set of `isolate`, or are the same
    /// environment, so they may reach each other anyway.
    NEEDLESS_ALLOW = "needless-allow", Input, Warning;

    /// An exception that is not part of the network.
    ///
    /// `except` leaves parts of `cidr` out. What is not inside `cidr` is out
    /// already, and Kubernetes refuses such a policy. It also refuses one that
    /// leaves nothing.
    ///
    /// ```yaml
    /// to: { cidr: 10.20.0.0/16, except: [10.21.0.0/24] }      # wrong
    /// to: { cidr: 10.20.0.0/16, except: [10.20.9.0/24] }      # right
    /// ```
    EXCEPT_OUTSIDE = "except-outside", Input, Error;
}

record! {
    /// Which environments may reach each other.
    struct RepositoryNetworkFile("`network`") {
        /// Sets of environments without traffic between them. An environment
        /// that no set names is isolated from all others.
        setting isolate: List<List<EnvironmentName>> = "isolate",
        /// Exceptions: traffic that is allowed between isolated environments.
        setting allow: List<AllowFile> = "allow",
    }

    /// Traffic that is allowed between isolated environments.
    struct AllowFile("an entry of `network.allow`") {
        /// The environment that opens the connections.
        required from: EnvironmentName = "from",
        /// The environment that accepts them.
        required to: EnvironmentName = "to",
        /// The ports. Default: all.
        optional ports: List<Port> = "ports",
        /// The reason, for whoever reads it in a year.
        required reason: Name = "reason",
    }
}

record! {
    /// The traffic that is allowed in an environment.
    struct NetworkFile("`network`") {
        /// The traffic that is allowed between the environment's apps. Default:
        /// `declared`.
        setting within: Within = "within",
        /// Traffic that may enter the environment.
        setting ingress: List<IngressFile> = "ingress",
        /// Traffic that may leave the environment.
        setting egress: List<EgressFile> = "egress",
    }

    /// Traffic that may enter the environment.
    struct IngressFile("an entry of `ingress`") {
        /// Where it comes from.
        required from: PeerFile = "from",
        /// The Service that it goes to.
        required to: DnsLabel = "to",
        /// The ports of that Service's pods. Default: all.
        optional ports: List<Port> = "ports",
    }

    /// Traffic that may leave the environment.
    struct EgressFile("an entry of `egress`") {
        /// Where it goes.
        required to: PeerFile = "to",
        /// The ports. Default: all.
        optional ports: List<Port> = "ports",
    }

    /// A namespace, or a network with the parts of it that are left out.
    struct PeerFile("a peer") {
        /// A namespace of the same cluster.
        optional namespace: NamespaceName = "namespace",
        /// A network outside the cluster.
        optional cidr: Cidr = "cidr",
        /// Parts of the network that are left out.
        optional except: List<Cidr> = "except",
    }
}

choice! {
    /// The traffic that is allowed between an environment's apps.
    pub enum Within("a value of `within`") {
        /// What the apps' `calls` declare.
        Declared = "declared",
        /// Everything.
        All = "all",
    }
}

/// What all or some workloads of an app call.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum CallsFile {
    /// Every workload.
    Every(List<Call>),
    /// By workload.
    ByWorkload(Map<DnsLabel, List<Call>>),
}

impl Decode for CallsFile {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.is_mapping() {
            return Map::decode(node, findings).map(Self::ByWorkload);
        }
        List::decode(node, findings).map(Self::Every)
    }
}

/// Which environments may reach each other.
#[derive(Debug, Clone, Default)]
pub struct RepositoryNetwork {
    /// Sets of environments without traffic between them, each environment in
    /// exactly one: those that are declared, then one for each environment that
    /// no set names.
    pub isolate: Vec<Vec<EnvironmentName>>,
    /// Traffic that is allowed between them.
    pub allow: Vec<Sourced<Allow>>,
}

/// Traffic that is allowed between isolated environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The environment that opens the connections.
    pub from: EnvironmentName,
    /// The environment that accepts them.
    pub to: EnvironmentName,
    /// The ports; empty for all.
    pub ports: Vec<Port>,
    /// The reason.
    pub reason: String,
}

/// Who may reach what in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The traffic that is allowed between its apps.
    pub within: Within,
    /// Traffic that may enter it.
    pub ingress: Vec<Sourced<Ingress>>,
    /// Traffic that may leave it.
    pub egress: Vec<Sourced<Egress>>,
}

/// Traffic that may enter an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingress {
    /// Where it comes from.
    pub from: Peer,
    /// The Service that it goes to.
    pub to: String,
    /// The ports; empty for all.
    pub ports: Vec<Port>,
}

/// Traffic that may leave an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Egress {
    /// Where it goes.
    pub to: Peer,
    /// The ports; empty for all.
    pub ports: Vec<Port>,
}

/// The other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// A namespace of the same cluster.
    Namespace(String),
    /// A network.
    Network {
        /// All of it.
        cidr: Cidr,
        /// The parts that are left out.
        except: Vec<Cidr>,
    },
}

/// The Services that an app calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    /// What every workload calls.
    pub every: Vec<Sourced<Call>>,
    /// What a workload calls, by its name.
    pub by_workload: IndexMap<String, Vec<Sourced<Call>>>,
}

/// Which environments may reach each other.
pub(super) fn of_repository(
    raw: Option<&Sourced<RepositoryNetworkFile>>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> RepositoryNetwork {
    let file = raw.map(|raw| &raw.value);
    let sets = file.and_then(|file| file.isolate.as_ref());
    let mut isolate = sets.map(|sets| isolated(&sets.value, known, findings)).unwrap_or_default();
    let placed: HashSet<&EnvironmentName> = isolate.iter().flatten().collect();
    let alone = known.environments.iter().filter(|name| !placed.contains(name));
    let alone: Vec<_> = alone.map(|name| vec![name.clone()]).collect();
    isolate.extend(alone);
    let sets = isolate.iter().enumerate();
    let set_of = sets.flat_map(|(set, names)| names.iter().map(move |name| (name, set))).collect();
    let allow = file.and_then(|file| file.allow.as_ref());
    let allow = allow.iter().flat_map(|list| &list.value);
    let allow = allow.filter_map(|entry| allowed(entry, &set_of, known, findings)).collect();
    RepositoryNetwork { isolate, allow }
}

fn isolated(
    sets: &[Sourced<List<EnvironmentName>>],
    known: &Known<'_>,
    findings: &mut Findings,
) -> Vec<Vec<EnvironmentName>> {
    let mut placed: HashMap<&EnvironmentName, (usize, &Sourced<EnvironmentName>)> = HashMap::new();
    let mut isolate = Vec::with_capacity(sets.len());
    for (index, set) in sets.iter().enumerate() {
        let mut names = Vec::with_capacity(set.value.len());
        for name in &set.value {
            if !known.has(name, findings) {
                continue;
            }
            if let Some((first, earlier)) = placed.get(&name.value) {
                findings.push(twice_isolated(name, earlier, *first == index));
                continue;
            }
            placed.insert(&name.value, (index, name));
            names.push(name.value.clone());
        }
        isolate.push(names);
    }
    isolate.retain(|names| !names.is_empty());
    isolate
}

fn twice_isolated(
    name: &Sourced<EnvironmentName>,
    earlier: &Sourced<EnvironmentName>,
    same_set: bool,
) -> Finding {
    let place = if same_set { "twice in one set" } else { "in two sets" };
    Finding::new(&IN_TWO_SETS, format!("`{}` is {place}", name.value), name.location.clone())
        .because("the second time")
        .label(earlier.location.clone(), "the first time")
        .help("remove one of them")
}

fn allowed(
    entry: &Sourced<AllowFile>,
    set_of: &HashMap<&EnvironmentName, usize>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Option<Sourced<Allow>> {
    let AllowFile { from, to, ports, reason } = &entry.value;
    let both = [from, to].map(|name| known.has(name, findings));
    let sets = [from, to].map(|name| set_of.get(&name.value));
    if sets[0].is_some() && sets[0] == sets[1] {
        let message = format!("`{}` may reach `{}` anyway", from.value, to.value);
        findings.push(
            Finding::new(&NEEDLESS_ALLOW, message, entry.location.clone())
                .because("they are in one set of `isolate`, or the same")
                .help("remove this entry, or put them in different sets"),
        );
    }
    let value = Allow {
        from: from.value.clone(),
        to: to.value.clone(),
        ports: ports_of(ports.as_ref(), findings),
        reason: reason.value.0.clone(),
    };
    (both == [true, true]).then(|| Sourced { value, location: entry.location.clone() })
}

/// Who may reach what in an environment.
pub(super) fn of_environment(
    raw: Option<&Sourced<NetworkFile>>,
    findings: &mut Findings,
) -> Network {
    let file = raw.map(|raw| &raw.value);
    let ingress = file.and_then(|file| file.ingress.as_ref());
    let egress = file.and_then(|file| file.egress.as_ref());
    Network {
        within: file
            .and_then(|file| file.within.as_ref())
            .map_or(Within::Declared, |within| within.value),
        ingress: ingress
            .iter()
            .flat_map(|list| &list.value)
            .filter_map(|entry| incoming(entry, findings))
            .collect(),
        egress: egress
            .iter()
            .flat_map(|list| &list.value)
            .filter_map(|entry| outgoing(entry, findings))
            .collect(),
    }
}

fn incoming(entry: &Sourced<IngressFile>, findings: &mut Findings) -> Option<Sourced<Ingress>> {
    let IngressFile { from, to, ports } = &entry.value;
    let ports = ports_of(ports.as_ref(), findings);
    let value = Ingress { from: peer(from, findings)?, to: to.value.0.clone(), ports };
    Some(Sourced { value, location: entry.location.clone() })
}

fn outgoing(entry: &Sourced<EgressFile>, findings: &mut Findings) -> Option<Sourced<Egress>> {
    let EgressFile { to, ports } = &entry.value;
    let ports = ports_of(ports.as_ref(), findings);
    let value = Egress { to: peer(to, findings)?, ports };
    Some(Sourced { value, location: entry.location.clone() })
}

fn ports_of(ports: Option<&Sourced<List<Port>>>, findings: &mut Findings) -> Vec<Port> {
    if let Some(ports) = ports.filter(|ports| ports.value.is_empty()) {
        findings.push(empty_list("ports", "all ports", &ports.location));
    }
    ports.iter().flat_map(|ports| &ports.value).map(|port| port.value.clone()).collect()
}

fn peer(raw: &Sourced<PeerFile>, findings: &mut Findings) -> Option<Peer> {
    let PeerFile { namespace, cidr, except } = &raw.value;
    match (namespace, cidr) {
        (Some(namespace), None) => {
            if let Some(except) = except {
                findings.push(
                    Finding::new(
                        &EXCEPT_OUTSIDE,
                        "`except` leaves out parts of a network, and a namespace is not one",
                        except.location.clone(),
                    )
                    .because("there is no `cidr` here")
                    .help("remove it"),
                );
            }
            Some(Peer::Namespace(namespace.value.0.clone()))
        }
        (None, Some(cidr)) => {
            let except: Vec<_> = except.iter().flat_map(|list| &list.value).collect();
            check_except(cidr, &except, findings);
            let except = except.into_iter().map(|part| part.value).collect();
            Some(Peer::Network { cidr: cidr.value, except })
        }
        _ => {
            findings.push(exactly_one("a peer", "`namespace` and `cidr`", &raw.location));
            None
        }
    }
}

fn check_except(cidr: &Sourced<Cidr>, except: &[&Sourced<Cidr>], findings: &mut Findings) {
    for part in except {
        let because = if part.value == cidr.value {
            "nothing of the network is left"
        } else if cidr.value.contains(part.value) {
            continue;
        } else {
            "outside the network already"
        };
        let message = format!("`{}` is not part of `{}` to leave out", part.value, cidr.value);
        findings.push(
            Finding::new(&EXCEPT_OUTSIDE, message, part.location.clone())
                .because(because)
                .label(cidr.location.clone(), "the network"),
        );
    }
}

/// The Services that an app calls.
pub(super) fn calls(raw: &CallsFile) -> Calls {
    match raw {
        CallsFile::Every(list) => Calls { every: list.clone(), by_workload: IndexMap::new() },
        CallsFile::ByWorkload(map) => Calls {
            every: Vec::new(),
            by_workload: map
                .0
                .iter()
                .map(|(workload, list)| (workload.value.0.clone(), list.value.clone()))
                .collect(),
        },
    }
}
