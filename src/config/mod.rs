//! The repository's own files: `rungs.yaml`, `environment.yaml` and an app's
//! file in each environment.
//!
//! [`load`] reads them in two steps. The raw types mirror the files, so that
//! every problem of every file is found with its place; the valid types are
//! what the files mean together, and cannot be built wrong. Settings with rules
//! of their own have both in one file, with what turns the former into the latter:
//! `gates`, `sites`, `network`, `ladder`, `forge`, `policies`.

mod app_layers;
mod joined_codes;
mod decode;
mod directories;
mod find;
mod forge;
mod gates;
mod holds;
mod known;
mod ladder;
mod layers;
mod lists;
mod mirrors;
mod network;
mod policies;
mod raw;
mod reader;
mod reference_page;
mod resolve;
mod schema;
mod sites;
mod sourced;
mod syntax;
mod valid;
mod values;
mod worker;

pub use forge::{Forge, ForgeKind, MergeStyle, TokenSource, configured_base_branch};
pub use gates::{
    Approvals, Check, CheckSubject, DigestGate, Field, Freeze, Gates, Side, Soak, Trust, Window,
};
pub use holds::{HoldEntry, HoldFile, hold_file, parse_until};
pub use known::UNKNOWN_ENVIRONMENT;
pub use ladder::{Before, Ladder};
pub use layers::{Layer, Layered, MergedValue, merge_settings, merge_values};
pub use mirrors::Mirrors;
pub use network::{Allow, Calls, Egress, Ingress, Network, Peer, RepositoryNetwork, Within};
pub use policies::{Policies, Replicas, RuleSeverity, Rules, Tier};
pub use raw::Selection;
pub use reader::ReadFile;
pub use reference_page::reference;
pub use resolve::{Loaded, load, load_apps, load_names};
pub use schema::schemas;
pub use sites::{Fields, IgnorableFinding, IgnoredFinding, ImageFilter, SiteKind, SiteRule};
pub use sourced::Sourced;
pub use syntax::{
    AppPattern, ByteSize, CLUSTER_PLACEHOLDER, Call, Captures, Cidr, Date, Duration,
    ENVIRONMENT_PLACEHOLDER, EnvironmentName, FilePattern, Glob, KubernetesVersion, OpeningHours,
    PathPattern, Pattern, PatternTree, Port, Protocol, RetagPattern, TimeLimit, ValueRoute,
    why_occupied,
};
pub use valid::{
    Access, AccessRole, AccessRule, AccessSubject, App, Environment, Generate, Image, Repository,
    TemplateRef, Train,
};
pub use values::{Overridden, Setting, Settings, settings};
pub use worker::{RenderSettings, WorkerSettings, render_settings};

use crate::diagnostic::Code;

/// The codes of the parts that find problems.
const LISTS: &[&[&Code]] = &[
    decode::CODES,
    directories::CODES,
    find::CODES,
    forge::CODES,
    gates::CODES,
    known::CODES,
    ladder::CODES,
    lists::CODES,
    mirrors::CODES,
    network::CODES,
    raw::CODES,
    reader::CODES,
    resolve::CODES,
    sites::CODES,
    syntax::CODES,
];

/// The codes that this module declares.
pub static CODES: &[&Code] = &joined_codes::joined::<{ joined_codes::count(LISTS) }>(LISTS);
