//! Texts with a syntax of their own: names, times, addresses, patterns.
//!
//! Each type can only be made from a text that follows its syntax, so whoever
//! holds one needs no further check.

mod address;
mod image;
mod name;
mod path;
mod pattern;
mod quantity;
mod reference;
mod time;

pub use address::{Call, Cidr, Port, Protocol};
pub(super) use image::{Digest, ImageRepository, Tag};
pub use name::EnvironmentName;
pub(super) use name::{
    AppName, AppReference, DnsLabel, LabelKey, LabelValue, Name, NamespaceName, RoleName, Text,
    is_app_name,
};
pub(super) use path::PathSpelling;
pub use path::{AppPattern, Captures, FilePattern, PathPattern};
pub use pattern::{Glob, NamespacePattern, Pattern};
pub(super) use quantity::{Quantity, ResourceName};
pub(super) use reference::{
    BranchName, FilePath, ForgeRepository, OutputPath, Requirement, TemplateName, Url, VariableName,
};
pub use reference::{KubernetesVersion, ValueRoute, why_occupied};
pub(super) use time::Moment;
pub use time::{Date, Duration, OpeningHours};

use schemars::{Schema, json_schema};

use super::decode::Syntax;
use super::{count, joined};
use crate::diagnostic::Code;

const LISTS: &[&[&Code]] = &[
    address::CODES,
    image::CODES,
    name::CODES,
    path::CODES,
    pattern::CODES,
    quantity::CODES,
    reference::CODES,
    time::CODES,
];

/// The codes of texts that do not follow their syntax.
pub(super) static CODES: &[&Code] = &joined::<{ count(LISTS) }>(LISTS);

/// The JSON Schema of a text.
fn text_schema<T: Syntax>() -> Schema {
    let mut schema = json_schema!({ "type": "string" });
    if !T::EXAMPLE.is_empty() {
        schema.insert("examples".to_owned(), vec![T::EXAMPLE].into());
    }
    if let Some(pattern) = T::PATTERN {
        schema.insert("pattern".to_owned(), pattern.into());
    }
    schema
}

/// Gives types that are read by [`Syntax`] the JSON Schema of it.
macro_rules! text_schemas {
    ($($name:ident),+ $(,)?) => {$(
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::config::syntax::text_schema::<Self>()
            }
        }
    )+};
}
use text_schemas;

/// Texts that are kept as they are once they were checked.
macro_rules! texts {
    ($($(#[$about:meta])+ struct $name:ident($noun:literal, $code:ident, $example:literal $(, $pattern:literal)?) = $check:path;)+) => {
        $(
            $(#[$about])+
            #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub(in crate::config) struct $name(pub(in crate::config) String);

            impl $crate::config::decode::Syntax for $name {
                const NOUN: &'static str = $noun;
                const CODE: &'static $crate::diagnostic::Code = &$code;
                const EXAMPLE: &'static str = $example;
                $(const PATTERN: Option<&'static str> = Some($pattern);)?

                fn parse(text: &str) -> Result<Self, $crate::config::decode::Flaw> {
                    $check(text).map(|()| Self(text.to_owned()))
                }
            }
        )+
        $crate::config::syntax::text_schemas!($($name),+);
    };
}
use texts;
