//! Who may reach whom.

use std::collections::{HashMap, HashSet};

use super::{Known, empty_list, exactly_one};
use crate::config::decode::List;
use crate::config::raw::{
    AllowFile, EgressFile, IngressFile, NetworkFile, PeerFile, RepositoryNetworkFile, Within,
};
use crate::config::syntax::{Cidr, Port};
use crate::config::valid::{Allow, Egress, Ingress, Network, Peer, RepositoryNetwork};
use crate::config::{EnvironmentName, Sourced};
use crate::diagnostic::{Finding, Findings, codes};

codes! {
    /// An environment is in two isolated sets.
    ///
    /// There is no traffic between sets, and any traffic within one. An
    /// environment in two of them would bridge what is to be kept apart.
    ///
    /// ```yaml
    /// isolate: [[qa, e2e], [e2e, stage]]      # wrong
    /// isolate: [[qa, e2e], [stage]]           # right
    /// ```
    IN_TWO_SETS = "in-two-sets", Input, Error;

    /// An exception that nothing needs.
    ///
    /// The two environments are in one set of `isolate` or are the same, so
    /// that they may reach each other anyway.
    NEEDLESS_ALLOW = "needless-allow", Input, Warning;

    /// An exception that is no part of the network.
    ///
    /// `except` leaves parts of `cidr` out. What is not inside it is out
    /// already, and Kubernetes refuses such a policy; so it does where nothing
    /// would be left.
    ///
    /// ```yaml
    /// to: { cidr: 10.20.0.0/16, except: [10.21.0.0/24] }      # wrong
    /// to: { cidr: 10.20.0.0/16, except: [10.20.9.0/24] }      # right
    /// ```
    EXCEPT_OUTSIDE = "except-outside", Input, Error;
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
                        "`except` leaves out parts of a network, and a namespace is none",
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
        let message = format!("`{}` is no part of `{}` to leave out", part.value, cidr.value);
        findings.push(
            Finding::new(&EXCEPT_OUTSIDE, message, part.location.clone())
                .because(because)
                .label(cidr.location.clone(), "the network"),
        );
    }
}
