//! Maps whose keys are known by name.

use super::code::{MISSING_KEY, UNKNOWN_KEY};
use super::node::Decode;
use super::problem::{MOST_PROBLEMS, suggest, wrong_type};
use crate::config::sourced::Sourced;
use crate::diagnostic::{Finding, Findings};
use crate::yaml::{KeyNode, Node};

/// A better finding for certain keys that a record does not have.
pub(in crate::config) type SaysMore = fn(KeyNode<'_>) -> Option<Finding>;

/// A map whose fields are read by name.
pub(in crate::config) struct RecordReader<'a, 'f> {
    node: Node<'a>,
    findings: &'f mut Findings,
    noun: &'static str,
}

impl<'a, 'f> RecordReader<'a, 'f> {
    /// The fields of `node`, if it is a map. Each key that is not `known` is reported,
    /// with the finding of `says_more` if it has one.
    pub(in crate::config) fn open(
        node: Node<'a>,
        noun: &'static str,
        known: &[&str],
        says_more: &[SaysMore],
        findings: &'f mut Findings,
    ) -> Option<Self> {
        if !node.is_mapping() {
            let keys: Vec<_> = known.iter().map(|key| format!("`{key}`")).collect();
            let help = format!("its keys are: {}", keys.join(", "));
            findings.push(wrong_type(node, &format!("a map for {noun}")).help(help));
            return None;
        }
        let unknown = node.entries().filter(|(key, _)| !known.contains(&key.text()));
        for (key, _) in unknown.take(MOST_PROBLEMS) {
            let better = says_more.iter().find_map(|says_more| says_more(key));
            findings.push(better.unwrap_or_else(|| {
                Finding::new(&UNKNOWN_KEY, format!("unknown key `{}`", key.text()), key.location())
                    .because(format!("not a key of {noun}"))
                    .maybe_help(suggest(key.text(), known.iter().copied(), "its keys are"))
            }));
        }
        Some(Self { node, findings, noun })
    }

    /// A required field.
    pub(in crate::config) fn required<T: Decode>(&mut self, key: &str) -> Option<Sourced<T>> {
        let Some(value) = self.node.get(key) else {
            let message = format!("{} has no `{key}`", self.noun);
            self.findings.push(
                Finding::new(&MISSING_KEY, message, self.node.location())
                    .because(format!("`{key}` is missing here"))
                    .help(format!("add `{key}: …`")),
            );
            return None;
        };
        Sourced::decode(value, self.findings)
    }

    /// A field that may be absent, or null. If it cannot be read, neither can the
    /// record, because it would then seem to be absent.
    #[allow(clippy::option_option, reason = "what `?` takes, so that all fields read alike")]
    pub(in crate::config) fn optional<T: Decode>(
        &mut self,
        key: &str,
    ) -> Option<Option<Sourced<T>>> {
        match self.node.get(key).filter(|value| !value.is_null()) {
            Some(value) => Sourced::decode(value, self.findings).map(Some),
            None => Some(None),
        }
    }

    /// A field that may be absent, or null, of a record whose fields are independent of
    /// each other. If it cannot be read, it counts as absent, and the others are
    /// still read.
    #[allow(
        clippy::option_option,
        clippy::unnecessary_wraps,
        reason = "what `?` takes, so that all fields read alike"
    )]
    pub(in crate::config) fn setting<T: Decode>(
        &mut self,
        key: &str,
    ) -> Option<Option<Sourced<T>>> {
        Some(self.optional(key).flatten())
    }
}

/// What a field of a [`record!`] holds, by its presence.
pub(in crate::config) mod presence {
    #![allow(non_camel_case_types, reason = "the words that a record is written with")]
    use crate::config::sourced::Sourced;

    pub(in crate::config) type required<T> = Sourced<T>;
    pub(in crate::config) type optional<T> = Option<Sourced<T>>;
    pub(in crate::config) type setting<T> = Option<Sourced<T>>;
}

/// A map with known keys, each listed once with its documentation: the struct,
/// its reader and its JSON Schema. A function after the noun may give better
/// findings for keys that are not among them.
///
/// ```ignore
/// record! {
///     /// Who may do what.
///     pub(in crate::config) struct Access("an entry of `access`") {
///         /// A cluster role's name.
///         required role: RoleName = "role",
///     }
/// }
/// ```
macro_rules! record {
    ($($(#[doc = $about:literal])+ struct $name:ident($noun:literal $(, $says_more:path)?) {
        $($(#[doc = $doc:literal])+ $presence:ident $field:ident: $type:ty = $key:tt,)+
    })+) => {$(
        $(#[doc = $about])+
        #[derive(Debug, Clone, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        #[allow(dead_code, reason = "a mirror has all keys; some are read from the merged tree")]
        pub(in crate::config) struct $name {
            $($(#[doc = $doc])+
            #[schemars(rename = $key)]
            pub(in crate::config) $field: $crate::config::decode::presence::$presence<$type>,)+
        }

        impl $crate::config::decode::Decode for $name {
            fn decode(
                node: $crate::yaml::Node<'_>,
                findings: &mut $crate::diagnostic::Findings,
            ) -> Option<Self> {
                let known = &[$($key),+];
                let says_more: &[$crate::config::decode::SaysMore] = &[$($says_more)?];
                let mut fields = $crate::config::decode::RecordReader::open(
                    node, $noun, known, says_more, findings,
                )?;
                $(let $field = fields.$presence($key);)+
                Some(Self { $($field: $field?),+ })
            }
        }
    )+};
}
pub(in crate::config) use record;
