//! The repository's own files: `rungs.yaml`, `environment.yaml` and an app's
//! file in each environment.
//!
//! [`load`] reads them in two steps. The raw types mirror the files, so that
//! every problem of every file is found with its place; the valid types are
//! what the files mean together, and cannot be built wrong.

mod decode;
mod files;
mod layers;
mod raw;
mod resolve;
mod schema;
mod secrets;
mod syntax;
mod valid;

pub use raw::{
    CheckSubject, DigestGate, ForgeKind, RuleSeverity, Selection, Side, Tier, Trust, Within,
};
pub use resolve::{Loaded, load};
pub use schema::schemas;
pub use syntax::{
    Call, Cidr, Date, Duration, EnvironmentName, Glob, KubernetesVersion, NamespacePattern,
    OpeningHours, Pattern, Port, Protocol, ValueRoute,
};
pub use valid::{
    Access, Allow, App, Approvals, Before, Calls, Check, Egress, Environment, Field, Forge, Freeze,
    Gates, Generate, Image, Ingress, Ladder, Network, Peer, Policies, Replicas, Repository,
    RepositoryNetwork, Rules, Soak, Sourced, Subject, TemplateRef, Token, Train, Window,
};

use crate::diagnostic::Code;

/// The codes of everything that can be wrong with configuration, by the module
/// that finds it.
pub fn codes() -> impl Iterator<Item = &'static Code> {
    let own: [&[&'static Code]; 3] = [decode::CODES, files::CODES, raw::CODES];
    let own = own.into_iter().flatten();
    let syntax = syntax::CODES.iter().copied().flatten();
    own.chain(syntax).chain(resolve::ALL_CODES.iter().copied().flatten()).copied()
}
