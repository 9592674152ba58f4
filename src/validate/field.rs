//! A value in an object, with the path to it.

use std::fmt::{self, Display, Write as _};
use std::iter;

use super::code::INVALID_VALUE;
use crate::diagnostic::{Code, Finding, listed, nearest};
use crate::source::Location;
use crate::yaml::{KeyNode, Kind, Node, is_secret_entry, shown};

/// A value of an object, with the path that leads to it. Paths live on the stack, and are
/// written out only for findings.
#[derive(Clone, Copy)]
pub(super) struct FieldValue<'p, 'a> {
    node: Node<'a>,
    step: FieldStep<'a>,
    parent: Option<&'p FieldValue<'p, 'a>>,
}

/// How one comes to a value from the one that it is in.
#[derive(Clone, Copy)]
enum FieldStep<'a> {
    /// It is the object.
    Object,
    /// By a key.
    Key(KeyNode<'a>),
    /// By a place in a list.
    Index(usize),
}

/// The longest value that a message quotes, in characters.
const LONGEST_SHOWN: usize = 60;

/// The most values that a message lists.
const MOST_LISTED: usize = 12;

impl<'a> FieldValue<'_, 'a> {
    /// The object itself.
    pub(super) fn object(root: Node<'a>) -> Self {
        Self { node: root, step: FieldStep::Object, parent: None }
    }

    pub(super) fn node(&self) -> Node<'a> {
        self.node
    }

    /// The value at a key. To the server a null is a field that is left out.
    pub(super) fn get(&self, key: &str) -> Option<FieldValue<'_, 'a>> {
        let (key, node) = self.node.entry(key)?;
        (!node.is_null()).then(|| self.child(FieldStep::Key(key), node))
    }

    /// The keys of a map with their values, nulls among them.
    pub(super) fn entries(&self) -> impl Iterator<Item = (KeyNode<'a>, FieldValue<'_, 'a>)> {
        let entries = self.node.entries();
        entries.map(|(key, node)| (key, self.child(FieldStep::Key(key), node)))
    }

    /// The items of a list.
    pub(super) fn items(&self) -> impl Iterator<Item = FieldValue<'_, 'a>> {
        let items = self.node.items().enumerate();
        items.map(|(index, node)| self.child(FieldStep::Index(index), node))
    }

    fn child(&self, step: FieldStep<'a>, node: Node<'a>) -> FieldValue<'_, 'a> {
        FieldValue { node, step, parent: Some(self) }
    }

    /// The value, and those that it is in up to the object.
    fn outwards(&self) -> impl Iterator<Item = &Self> {
        iter::successors(Some(self), |field| field.parent)
    }

    /// The path as the server writes it: `spec.template.spec.containers[0].image`.
    pub(super) fn path(&self) -> String {
        let fields: Vec<_> = self.outwards().collect();
        let mut path = String::new();
        for field in fields.into_iter().rev() {
            match field.step {
                FieldStep::Object => {}
                FieldStep::Key(key) => push_key(&mut path, key.text()),
                FieldStep::Index(index) => {
                    let _ = write!(path, "[{index}]");
                }
            }
        }
        path
    }

    /// The path of a field of this map that need not be there.
    pub(super) fn path_of(&self, key: &str) -> String {
        let mut path = self.path();
        push_key(&mut path, key);
        path
    }

    /// Where to look for what is missing in a map: its key, or the first line of an item.
    pub(super) fn start(&self) -> Location {
        let kind = || self.node.get("kind").map(Node::location);
        let first = || self.node.entries().next().map(|(key, _)| key.location());
        let start = match self.step {
            FieldStep::Key(key) => Some(key.location()),
            FieldStep::Object => kind().or_else(first),
            FieldStep::Index(_) => first(),
        };
        start.unwrap_or_else(|| self.node.location())
    }

    /// The object's kind and name, for messages.
    fn object_name(&self) -> KindAndName<'a> {
        let root = self.outwards().last().map_or(self.node, |field| field.node);
        KindAndName(root)
    }

    /// A finding about the value: `what` goes on after the field's path.
    pub(super) fn finding(&self, code: &'static Code, what: impl Display) -> Finding {
        let message = match self.step {
            FieldStep::Object => format!("{} {what}", self.object_name()),
            _ => format!("{}: `{}` {what}", self.object_name(), self.path()),
        };
        Finding::new(code, message, self.node.location())
    }

    /// A finding about a field that is not there, or should not be, at a place of its own.
    pub(super) fn finding_at(
        &self,
        location: Location,
        code: &'static Code,
        what: impl Display,
    ) -> Finding {
        Finding::new(code, format!("{}: {what}", self.object_name()), location)
    }

    /// A finding about a value that is none of those that are allowed.
    pub(super) fn not_a_choice(&self, allowed: &[&str]) -> Finding {
        let finding = self.finding(&INVALID_VALUE, format_args!("cannot be {}", self.shown()));
        let listed_ones = listed(&allowed[..allowed.len().min(MOST_LISTED)], "or");
        let more = if allowed.len() > MOST_LISTED { ", among others" } else { "" };
        let finding = finding.because(format!("must be {listed_ones}{more}"));
        let meant = self.node.as_str().and_then(|text| nearest(text, allowed.iter().copied()));
        finding.maybe_help(meant.map(|meant| format!("did you mean `{meant}`?")))
    }

    /// The value in backticks, if it is short and not a secret; else what it is.
    pub(super) fn shown(&self) -> String {
        let scalar = match self.node.kind() {
            Kind::String(text) => text.to_string(),
            Kind::Number(number) => number.source().to_owned(),
            Kind::Bool(truth) => truth.to_string(),
            other => return other.noun().to_owned(),
        };
        let is_masked = self.is_secret() || shown(self.node, false).1;
        if is_masked || scalar.chars().count() > LONGEST_SHOWN || scalar.contains('\n') {
            return "the value".to_owned();
        }
        if scalar.is_empty() { "an empty text".to_owned() } else { format!("`{scalar}`") }
    }

    /// Whether a name on the path says that the value is secret.
    fn is_secret(&self) -> bool {
        self.outwards().any(|field| match (field.step, field.parent) {
            (FieldStep::Key(key), Some(map)) => is_secret_entry(map.node, key.text()),
            _ => false,
        })
    }
}

/// Writes a key as the server does: in brackets if it is not a plain name.
fn push_key(path: &mut String, key: &str) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
    if key.is_empty() || !key.chars().all(is_plain) {
        let _ = write!(path, "[{key}]");
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

struct KindAndName<'a>(Node<'a>);

impl Display for KindAndName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |map: Node<'_>, key| map.get(key).and_then(Node::as_str).map(str::to_owned);
        f.write_str(&text(self.0, "kind").unwrap_or_else(|| "object".to_owned()))?;
        let name = self.0.get("metadata").and_then(|metadata| text(metadata, "name"));
        match name {
            Some(name) => write!(f, " `{name}`"),
            None => Ok(()),
        }
    }
}
