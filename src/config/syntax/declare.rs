//! How a text with a syntax of its own is declared.

use schemars::{Schema, json_schema};

use crate::config::decode::{Flaw, Syntax};

/// The JSON Schema of a text.
pub(super) fn text_schema<T: Syntax>() -> Schema {
    let mut schema = json_schema!({ "type": "string" });
    if !T::EXAMPLE.is_empty() {
        schema.insert("examples".to_owned(), vec![T::EXAMPLE].into());
    }
    if let Some(pattern) = T::PATTERN {
        schema.insert("pattern".to_owned(), pattern.into());
    }
    schema
}

/// What a whole number of one of the units comes to; none if that is too large a number.
pub(super) fn amount(text: &str, units: &[(&str, u64)], help: &str) -> Result<Option<u64>, Flaw> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    if number.is_empty() {
        return Err(Flaw::new("it does not start with a number").help(help));
    }
    if unit.is_empty() {
        return Err(Flaw::new("it has no unit").help(help));
    }
    let Some((_, size)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(Flaw::new(format!("`{unit}` is not a unit")).help(help));
    };
    Ok(number.parse::<u64>().ok().and_then(|number| number.checked_mul(*size)))
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
                $crate::config::syntax::declare::text_schema::<Self>()
            }
        }
    )+};
}
pub(super) use text_schemas;

/// Texts that are kept as they are written once they are checked.
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
        $crate::config::syntax::declare::text_schemas!($($name),+);
    };
}
pub(super) use texts;
