//! Who may reach whom.

use indexmap::IndexMap;

use crate::config::raw::Within;
use crate::config::syntax::{Call, Cidr, Port};
use crate::config::{EnvironmentName, Sourced};

/// Which environments may reach each other.
#[derive(Debug, Clone, Default)]
pub struct RepositoryNetwork {
    /// Sets of environments without traffic between them, each environment in
    /// exactly one: those that are declared, then one for each environment that
    /// no set names.
    pub isolate: Vec<Vec<EnvironmentName>>,
    /// What is wanted all the same.
    pub allow: Vec<Sourced<Allow>>,
}

/// Traffic between isolated environments that is wanted all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// Who opens the connections.
    pub from: EnvironmentName,
    /// Who accepts them.
    pub to: EnvironmentName,
    /// On which ports; all where none is named.
    pub ports: Vec<Port>,
    /// Why.
    pub reason: String,
}

/// Who may reach what in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Who may reach whom inside it.
    pub within: Within,
    /// Who may come in.
    pub ingress: Vec<Sourced<Ingress>>,
    /// Where one may go.
    pub egress: Vec<Sourced<Egress>>,
}

/// Who may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingress {
    /// From where.
    pub from: Peer,
    /// To which Service.
    pub to: String,
    /// On which ports; all where none is named.
    pub ports: Vec<Port>,
}

/// Where one may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Egress {
    /// To where.
    pub to: Peer,
    /// On which ports; all where none is named.
    pub ports: Vec<Port>,
}

/// The other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// A namespace of the same cluster.
    Namespace(String),
    /// A network.
    Network {
        /// All of it.
        cidr: Cidr,
        /// But for these parts.
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
