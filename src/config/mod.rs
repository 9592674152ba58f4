//! The repository's own files: `rungs.yaml`, `environment.yaml` and an app's
//! file in each environment.
//!
//! [`load`] reads them in two steps. The raw types mirror the files, so that
//! every problem of every file is found with its place; the valid types are
//! what the files mean together, and cannot be built wrong.

mod decode;
mod files;
mod hold;
mod layers;
mod raw;
mod reference;
mod resolve;
mod schema;
mod secrets;
mod syntax;
mod valid;
mod values;

pub use hold::{HoldEntry, HoldFile, hold_file, parse_until};
pub use raw::{
    CheckSubject, DigestGate, ForgeKind, RuleSeverity, Selection, Side, Tier, Trust, Within,
};
pub use reference::reference;
pub use resolve::{Loaded, load, load_apps};
pub use schema::schemas;
pub use syntax::{
    AppPattern, Call, Captures, Cidr, Date, Duration, EnvironmentName, FilePattern, Glob,
    KubernetesVersion, NamespacePattern, OpeningHours, PathPattern, Pattern, Port, Protocol,
    ValueRoute, why_occupied,
};
pub use valid::{
    Access, Allow, App, Approvals, Before, Calls, Check, Egress, Environment, Field, Fields, Forge,
    Freeze, Gates, Generate, Image, ImageFilter, Ingress, Ladder, Network, Peer, Policies,
    Replicas, Repository, RepositoryNetwork, Rules, SiteKind, SiteRule, Soak, Sourced, Subject,
    TemplateRef, Token, Train, Window,
};
pub use values::{Overridden, Setting, Settings, settings};

use crate::diagnostic::Code;

/// The codes of the parts that find problems.
const LISTS: &[&[&Code]] =
    &[decode::CODES, files::CODES, raw::ALL_CODES, syntax::CODES, resolve::ALL_CODES];

/// The codes that this module declares.
pub static CODES: &[&Code] = &joined::<{ count(LISTS) }>(LISTS);

/// How many codes the lists have.
const fn count(lists: &[&[&Code]]) -> usize {
    let (mut codes, mut list) = (0, 0);
    while list < lists.len() {
        codes += lists[list].len();
        list += 1;
    }
    codes
}

/// One list of several, which a static cannot otherwise be made of; `N` is
/// their [`count`].
const fn joined<const N: usize>(lists: &[&[&'static Code]]) -> [&'static Code; N] {
    let mut codes = [&decode::UNKNOWN_KEY; N];
    let (mut at, mut list) = (0, 0);
    while list < lists.len() {
        let mut code = 0;
        while code < lists[list].len() {
            codes[at] = lists[list][code];
            (at, code) = (at + 1, code + 1);
        }
        list += 1;
    }
    codes
}
