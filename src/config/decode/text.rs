//! Texts with a syntax of their own, as values and as keys, and settings that take
//! one of a few words.

use schemars::JsonSchema;

use super::code::UNQUOTED_TEXT;
use super::node::Decode;
use super::problem::{suggest, wrong_type};
use crate::config::sourced::Sourced;
use crate::diagnostic::{Code, Finding, Findings};
use crate::source::Location;
use crate::yaml::{KeyNode, Kind, Node, Style, is_text};

/// A text with a syntax of its own, as a value or as a key.
pub(in crate::config) trait Syntax: Sized {
    /// What a person calls it, with its article: "a duration".
    const NOUN: &'static str;
    /// The code for a text that does not follow the syntax.
    const CODE: &'static Code;
    /// A regular expression for editors, if there is a good one. It accepts whatever
    /// [`Syntax::parse`] accepts.
    const PATTERN: Option<&'static str> = None;
    /// An example for editors and for the reference; empty if any text is valid.
    const EXAMPLE: &'static str;

    /// Reads `text`, or says what is wrong with it.
    fn parse(text: &str) -> Result<Self, Flaw>;
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Flaw {
    /// The flaw in a few words, for the label.
    pub because: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether the text must not be shown.
    pub is_secret: bool,
}

impl Flaw {
    /// A flaw with that reason.
    pub(in crate::config) fn new(because: impl Into<String>) -> Self {
        Self { because: because.into(), help: None, is_secret: false }
    }

    /// Adds what to do about it.
    pub(in crate::config) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The flaw and what to do about it, for a text that is in no file.
    pub(in crate::config) fn into_sentence(self) -> String {
        match self.help {
            Some(help) => format!("{}; {help}", self.because),
            None => self.because,
        }
    }

    /// Keeps the text from being shown.
    pub(in crate::config) fn secret(mut self) -> Self {
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
        message = format!("this is not {}", T::NOUN);
    }
    Finding::new(T::CODE, message, at).because(flaw.because).maybe_help(flaw.help)
}

/// The finding for a node that is not text but should be a `T`: it needs quotes, if
/// it would be one with them.
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

/// Reads a key as `K`.
pub(in crate::config) fn decode_key<K: Syntax>(
    key: KeyNode<'_>,
    findings: &mut Findings,
) -> Option<Sourced<K>> {
    let location = key.location();
    // kubectl turns any plain key into a text, but not always into the one that was written.
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
            /// Every word with its meaning.
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
pub(in crate::config) use choice;

/// The meaning of `text`, if it is one of `words`.
pub(in crate::config) fn choose<T: Copy>(
    text: &str,
    words: &[(&'static str, T)],
) -> Result<T, Flaw> {
    if let Some((_, choice)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*choice);
    }
    let help = suggest(text, words.iter().map(|(word, _)| *word), "the choices are");
    Err(Flaw { help, ..Flaw::new("not one of the possible words") })
}
