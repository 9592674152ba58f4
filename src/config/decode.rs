//! From a YAML node to a raw type, with every problem on the way.
//!
//! This is what serde would do, had it spans of inner values and went on after
//! the first problem. A record lists each of its fields once: [`record!`] makes
//! the struct, its reader and its JSON Schema of it.

use schemars::JsonSchema;

use super::Sourced;
use crate::diagnostic::{Code, Finding, Findings, codes, nearest};
use crate::source::Location;
use crate::yaml::{KeyNode, Kind, Node, Number, Style, is_text};

codes! {
    /// A key that is not known here.
    ///
    /// Every key of `rungs.yaml`, `environment.yaml` and an app's file is
    /// known by name. One that is not would be ignored in silence, and with it
    /// the gate or the quota that it was meant to be, so it is an error.
    ///
    /// ```yaml
    /// tire: production     # wrong
    /// tier: production     # right
    /// ```
    ///
    /// What a template reads stands below `values:`, where any key goes.
    UNKNOWN_KEY = "unknown-key", Input, Error;

    /// A value of another type than is expected here.
    ///
    /// ```yaml
    /// ladder: qa           # wrong: a list is expected
    /// ladder: [qa]         # right
    /// ```
    WRONG_TYPE = "wrong-type", Input, Error;

    /// A text that YAML reads as something else.
    ///
    /// To kubectl and to us, `no`, `off` and `y` are booleans, `1e3`, `0644`
    /// and `1.10` are numbers, and `~` is nothing. Where a text is expected
    /// such a word has to be quoted, or it would mean another name to each
    /// tool that reads it.
    ///
    /// ```yaml
    /// images:
    ///   web: { repository: ghcr.io/shop/web, tag: 1.10 }       # wrong: the number 1.1
    ///   web: { repository: ghcr.io/shop/web, tag: "1.10" }     # right
    /// ```
    UNQUOTED_TEXT = "unquoted-text", Input, Error;

    /// A key that has to be there is not.
    ///
    /// ```yaml
    /// access: [{ group: developers }]                 # wrong: which role?
    /// access: [{ group: developers, role: view }]     # right
    /// ```
    MISSING_KEY = "missing-key", Input, Error;

    /// A key without a value.
    ///
    /// `replicas:` with nothing behind it is null to YAML, and null removes
    /// what an earlier layer says. That is too much for what is mostly a line
    /// that somebody meant to finish, so removal has to be written out.
    ///
    /// ```yaml
    /// values:
    ///   replicas:          # wrong
    ///   replicas: null     # right: removes what earlier layers say
    ///   replicas: 3        # right
    /// ```
    EMPTY_VALUE = "empty-value", Input, Error;

    /// A word that is none of those that are possible here.
    ///
    /// Some settings take one of a few words, which the message lists.
    ///
    /// ```yaml
    /// tier: prod           # wrong
    /// tier: production     # right
    /// ```
    UNKNOWN_CHOICE = "unknown-choice", Input, Error;
}

/// What is read from a node. `None` means that nothing could be made of it,
/// and that a finding says why; whatever could be made is returned, so that
/// what comes after can find its own problems. `findings` are those of the file
/// that is read: with [`MOST_PROBLEMS`], lists and maps are read no further.
pub(super) trait Decode: Sized + JsonSchema {
    /// Reads `node`.
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self>;
}

/// A text with a syntax of its own, that a map may have as key as well.
pub(super) trait Syntax: Sized {
    /// What a person calls it, with its article: "a duration".
    const NOUN: &'static str;
    /// The code of a text that does not follow it.
    const CODE: &'static Code;
    /// A regular expression for editors, where one says it well. It accepts
    /// whatever [`Syntax::parse`] accepts.
    const PATTERN: Option<&'static str> = None;
    /// What is right, for editors and for the reference; empty where anything
    /// goes.
    const EXAMPLE: &'static str;

    /// Reads `text`, or says what is wrong with it.
    fn parse(text: &str) -> Result<Self, Flaw>;
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// In a few words, for the label.
    pub because: String,
    /// What to do.
    pub help: Option<String>,
    /// Whether the text must not be shown.
    pub is_secret: bool,
}

impl Flaw {
    /// Wrong for that reason.
    pub(super) fn new(because: impl Into<String>) -> Self {
        Self { because: because.into(), help: None, is_secret: false }
    }

    /// Says what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Keeps the text from being shown.
    pub(super) fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }
}

impl<T: Syntax + JsonSchema> Decode for T {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        let Some(text) = node.as_str() else {
            findings.push(no_text::<T>(node));
            return None;
        };
        let parsed = T::parse(text);
        parsed.map_err(|flaw| findings.push(flawed::<T>(text, flaw, node.location()))).ok()
    }
}

fn flawed<T: Syntax>(text: &str, flaw: Flaw, at: Location) -> Finding {
    let mut message = format!("`{text}` is not {}", T::NOUN);
    if flaw.is_secret {
        at.file().mark_secret(at.span());
        message = format!("what stands here is not {}", T::NOUN);
    }
    Finding::new(T::CODE, message, at).because(flaw.because).maybe_help(flaw.help)
}

/// The finding for a node that is no text and should be a `T`: it lacks
/// quotes, where with them it would be one.
fn no_text<T: Syntax>(node: Node<'_>) -> Finding {
    let location = node.location();
    let written = location.text().to_owned();
    let is_scalar = !matches!(node.kind(), Kind::Sequence(_) | Kind::Mapping(_));
    // `{image}` without quotes is a map to YAML.
    if node.style() == Style::Flow && T::parse(&written).is_ok() {
        return wrong_type(node, T::NOUN).help(format!("quote it: `\"{written}\"`"));
    }
    if !is_scalar || node.style() != Style::Plain || written.is_empty() {
        return wrong_type(node, T::NOUN);
    }
    match T::parse(&written) {
        Ok(_) => {
            let message = format!("YAML reads `{written}` as {}, not as text", node.kind().noun());
            unquoted::<T>(message, &written, location)
        }
        Err(flaw) => flawed::<T>(&written, flaw, location),
    }
}

fn unquoted<T: Syntax>(message: String, written: &str, at: Location) -> Finding {
    Finding::new(&UNQUOTED_TEXT, message, at)
        .because(format!("{} is expected here", T::NOUN))
        .help(format!("quote it: `\"{written}\"`"))
}

/// The finding that something else stands where `noun` is expected.
pub(super) fn wrong_type(node: Node<'_>, noun: &str) -> Finding {
    let found = match node.kind() {
        kind @ (Kind::Bool(_) | Kind::Number(_)) => {
            let kind = kind.noun().trim_start_matches("a ");
            format!("the {kind} `{}`", node.location().text())
        }
        kind => kind.noun().to_owned(),
    };
    Finding::new(&WRONG_TYPE, format!("expected {noun}, found {found}"), node.location())
        .because(format!("this is {}", node.kind().noun()))
}

/// Reads a key as `K`.
pub(super) fn decode_key<K: Syntax>(
    key: KeyNode<'_>,
    findings: &mut Findings,
) -> Option<Sourced<K>> {
    let location = key.location();
    // kubectl makes a text of any plain key, but not the one that was written.
    let written = location.text();
    if key.style() == Style::Plain && !is_text(written) && K::parse(written).is_ok() {
        let message = format!("YAML does not read the key `{written}` as text");
        findings.push(unquoted::<K>(message, written, location.clone()));
        return None;
    }
    match K::parse(key.text()) {
        Ok(value) => Some(Sourced { value, location }),
        Err(flaw) => {
            findings.push(flawed::<K>(key.text(), flaw, location));
            None
        }
    }
}

/// Nobody reads more problems of one file or list than this: it is another
/// kind of file, and what a generated one would be told takes no end of memory.
pub(super) const MOST_PROBLEMS: usize = 100;

/// Whether a file's problems are enough to stop reading it.
pub(super) fn is_enough(findings: &Findings) -> bool {
    findings.len() >= MOST_PROBLEMS
}

/// Says of every key without a value that it has none. `findings` are the
/// file's own.
pub(super) fn report_empty_values(node: Node<'_>, findings: &mut Findings) {
    // An alias repeats what was looked at where it was anchored.
    if node.alias_of().is_some() || is_enough(findings) {
        return;
    }
    for (key, value) in node.entries() {
        if value.is_null() && value.style() == Style::Empty && !is_enough(findings) {
            findings.push(
                Finding::new(
                    &EMPTY_VALUE,
                    format!("the key `{}` has no value", key.text()),
                    key.location(),
                )
                .because("nothing is written behind it")
                .help(without_value(key)),
            );
        }
        report_empty_values(value, findings);
    }
    for item in node.items() {
        if item.is_null() && item.style() == Style::Empty && !is_enough(findings) {
            let finding =
                Finding::new(&EMPTY_VALUE, "an item of the list is empty", item.location());
            findings.push(finding.because("nothing is written here").help("delete the item"));
        }
        report_empty_values(item, findings);
    }
}

/// What to do about a key without a value.
fn without_value(key: KeyNode<'_>) -> String {
    let text = key.text();
    // Nothing is laid over or under it.
    if key.location().file().path().as_str() == "rungs.yaml" {
        return format!(
            "give it a value, delete the line, or write `{text}: {{}}` for a map without keys"
        );
    }
    format!(
        "write `null` or `~` to remove what an earlier layer says, or delete the line: `{text}: null`"
    )
}

/// Help for a name that is not known: the one that was probably meant, else
/// all that there are.
pub(super) fn suggest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
    all: &str,
) -> Option<String> {
    if let Some(near) = nearest(name, candidates.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let names: Vec<_> = candidates.into_iter().map(|name| format!("`{name}`")).collect();
    match names.len() {
        0 => None,
        1..=24 => Some(format!("{all}: {}", names.join(", "))),
        // More than anybody reads.
        _ => Some(format!("{all}: {}, …", names[..24].join(", "))),
    }
}

/// What is known of a key that a record does not have, where that is more than
/// that it does not.
pub(super) type SaysMore = fn(KeyNode<'_>) -> Option<Finding>;

/// A map whose fields are read by name.
pub(super) struct Fields<'a, 'f> {
    node: Node<'a>,
    findings: &'f mut Findings,
    noun: &'static str,
}

impl<'a, 'f> Fields<'a, 'f> {
    /// The fields of `node`, where it is a map; each key that is not `known` is
    /// reported, by what `says_more` knows of it where that is anything.
    pub(super) fn open(
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

    /// A field that has to be there.
    pub(super) fn required<T: Decode>(&mut self, key: &str) -> Option<Sourced<T>> {
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

    /// A field that may be absent, or null. Where it cannot be read, neither
    /// can the record: whoever asks which of its fields are there would be
    /// told wrong.
    #[allow(clippy::option_option, reason = "what `?` takes, so that all fields read alike")]
    pub(super) fn optional<T: Decode>(&mut self, key: &str) -> Option<Option<Sourced<T>>> {
        match self.node.get(key).filter(|value| !value.is_null()) {
            Some(value) => Sourced::decode(value, self.findings).map(Some),
            None => Some(None),
        }
    }

    /// A field that may be absent, or null, of a record whose fields have
    /// nothing to do with each other. One that cannot be read counts as absent,
    /// and the others are still looked at.
    #[allow(
        clippy::option_option,
        clippy::unnecessary_wraps,
        reason = "what `?` takes, so that all fields read alike"
    )]
    pub(super) fn setting<T: Decode>(&mut self, key: &str) -> Option<Option<Sourced<T>>> {
        Some(self.optional(key).flatten())
    }
}

/// What a field of a [`record!`] holds, by its presence.
pub(super) mod presence {
    #![allow(non_camel_case_types, reason = "the words that a record is written with")]
    use super::Sourced;

    pub(in crate::config) type required<T> = Sourced<T>;
    pub(in crate::config) type optional<T> = Option<Sourced<T>>;
    pub(in crate::config) type setting<T> = Option<Sourced<T>>;
}

/// A map with known keys, each listed once with its documentation: the struct,
/// its reader and its JSON Schema. A function behind the noun may know more of
/// keys that are not among them.
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
                let mut fields = $crate::config::decode::Fields::open(
                    node, $noun, known, says_more, findings,
                )?;
                $(let $field = fields.$presence($key);)+
                Some(Self { $($field: $field?),+ })
            }
        }
    )+};
}
pub(super) use record;

/// One of a few words, each listed once with its documentation.
macro_rules! choice {
    ($($(#[doc = $about:literal])+ $vis:vis enum $name:ident($noun:literal) {
        $($(#[doc = $doc:literal])+ $variant:ident = $word:tt,)+
    })+) => {$(
        $(#[doc = $about])+
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            schemars::JsonSchema, serde::Serialize,
        )]
        $vis enum $name {
            $($(#[doc = $doc])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word with what it stands for.
            const WORDS: &[(&'static str, Self)] = &[$(($word, Self::$variant)),+];

            /// The word in the files.
            $vis fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::config::decode::Syntax for $name {
            const NOUN: &'static str = $noun;
            const CODE: &'static $crate::diagnostic::Code =
                &$crate::config::decode::UNKNOWN_CHOICE;
            const EXAMPLE: &'static str = Self::WORDS[0].0;

            fn parse(text: &str) -> Result<Self, $crate::config::decode::Flaw> {
                $crate::config::decode::choose(text, Self::WORDS)
            }
        }
    )+};
}
pub(super) use choice;

/// The one of `words` that `text` is.
pub(super) fn choose<T: Copy>(text: &str, words: &[(&'static str, T)]) -> Result<T, Flaw> {
    if let Some((_, choice)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*choice);
    }
    let help = suggest(text, words.iter().map(|(word, _)| *word), "possible are");
    Err(Flaw { help, ..Flaw::new("not one of the words that are possible here") })
}

impl<T: Decode> Decode for Sourced<T> {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        T::decode(node, findings).map(|value| Self { value, location: node.location() })
    }
}

/// A list; items that could not be read are left out, with their findings.
/// Where none could be, neither can the list, which is not an empty one.
pub(super) type List<T> = Vec<Sourced<T>>;

impl<T: Decode> Decode for List<T> {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if !node.is_sequence() {
            let written = node.location().text().to_owned();
            let short = !written.contains('\n') && !written.is_empty() && !node.is_null();
            let help = if node.is_mapping() && node.style() == Style::Block {
                Some("begin each item with `-`".to_owned())
            } else {
                short.then(|| format!("write `[{written}]`"))
            };
            findings.push(wrong_type(node, "a list").maybe_help(help));
            return None;
        }
        let mut items = Self::new();
        for item in node.items() {
            if is_enough(findings) {
                break;
            }
            items.extend(Sourced::decode(item, findings));
        }
        (!items.is_empty() || node.items().len() == 0).then_some(items)
    }
}

/// A map whose keys are names of some kind. A null removes what an earlier
/// layer says, and is left out.
#[derive(Debug, Clone)]
pub(super) struct Map<K, V>(pub(super) Vec<(Sourced<K>, Sourced<V>)>);

impl<K: Syntax, V: Decode> Decode for Map<K, V> {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if !node.is_mapping() {
            findings.push(wrong_type(node, "a map"));
            return None;
        }
        let mut entries = Vec::with_capacity(node.entries().len());
        for (key, value) in node.entries() {
            if is_enough(findings) {
                break;
            }
            let key = decode_key(key, findings);
            if value.is_null() {
                continue;
            }
            let value = Sourced::decode(value, findings);
            entries.extend(key.zip(value));
        }
        Some(Self(entries))
    }
}

impl Decode for bool {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.as_bool().is_none() {
            findings.push(wrong_type(node, "`true` or `false`"));
        }
        node.as_bool()
    }
}

/// A whole number that is at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(pub(super) u32);

impl Decode for Count {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        let number = node.as_number().and_then(Number::as_u64);
        let count = number.and_then(|number| u32::try_from(number).ok()).filter(|&n| n > 0);
        if count.is_none() {
            findings.push(wrong_type(node, "a whole number that is at least 1"));
        }
        count.map(Self)
    }
}

/// A map that means something to somebody else: any keys, any values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Anything;

impl Decode for Anything {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if !node.is_mapping() {
            findings.push(wrong_type(node, "a map"));
            return None;
        }
        Some(Self)
    }
}
