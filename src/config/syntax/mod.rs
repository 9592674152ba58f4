//! Texts with a syntax of their own: names, times, addresses, patterns.
//!
//! Each type can only be made from a text that follows its syntax, so whoever
//! holds one needs no further check.

mod address;
mod declare;
mod image;
mod name;
mod path;
mod pattern;
mod pattern_tree;
mod quantity;
mod reference;
mod size;
mod time;

pub use address::{Call, Cidr, Port, Protocol};
pub(super) use image::{ImageDigest, ImageRepository, Tag};
pub use name::EnvironmentName;
pub(super) use name::{
    ApiGroup, AppName, AppReference, DnsLabel, LabelKey, LabelValue, Name, NamespaceName, RoleName,
    ServiceAccountName, Text, is_app_name,
};
pub(super) use path::PathSpelling;
pub use path::{
    AppPattern, CLUSTER_PLACEHOLDER, Captures, ENVIRONMENT_PLACEHOLDER, FilePattern, PathPattern,
};
pub use pattern::{Glob, Pattern, RetagPattern};
pub(super) use pattern::{NamespacePattern, RepositoryPattern};
pub use pattern_tree::PatternTree;
pub(super) use quantity::{Quantity, ResourceName};
pub(super) use reference::{
    BranchName, FilePath, ForgeRepository, OutputPath, Requirement, TemplateName, Url, VariableName,
};
pub use reference::{KubernetesVersion, ValueRoute, why_occupied};
pub use size::ByteSize;
pub(super) use time::Moment;
pub use time::{Date, Duration, OpeningHours, TimeLimit};

use super::joined_codes::{count, joined};
use crate::diagnostic::Code;

const LISTS: &[&[&Code]] = &[
    address::CODES,
    image::CODES,
    name::CODES,
    path::CODES,
    pattern::CODES,
    quantity::CODES,
    reference::CODES,
    size::CODES,
    time::CODES,
];

/// The codes of texts that do not follow their syntax.
pub(super) static CODES: &[&Code] = &joined::<{ count(LISTS) }>(LISTS);
