//! What a change is, and the place in a file that it applies to.

use std::fmt;

use super::code::{EDIT_ALIAS, EDIT_PLACE};
use crate::diagnostic::{Finding, nearest};
use crate::yaml::{KeyNode, Kind, Node, Route, Step, Style, Value};

/// A place in a file of several documents that stays the same when the file is
/// read again: its route has only keys and indices.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which document, from zero, of those that [`crate::yaml::parse`] returns.
    pub document: usize,
    /// The path from its root.
    pub route: Route,
}

/// One intended change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    /// Makes the scalar at that place a text. Its quotes are kept, unless the text
    /// would be read as something other than text.
    Set {
        /// A scalar.
        at: Place,
        /// The new text.
        text: String,
    },
    /// Gives a key a text. Missing maps on the way, and a missing key, are added in
    /// the style of their neighbours.
    Insert {
        /// A map that may be missing, or the root of a file that is empty.
        map: Place,
        /// The key.
        key: String,
        /// The new text.
        text: String,
    },
    /// Makes the value of a key equal to a YAML value: scalars are set, keys and
    /// items are added and removed, and what is equal is left as it is written.
    /// A missing key is inserted.
    SetYaml {
        /// A map that may be missing.
        map: Place,
        /// The key.
        key: String,
        /// The value, as [`crate::yaml::emit`] writes it.
        yaml: String,
    },
    /// Adds an item to the end of a list.
    Append {
        /// A list that may be missing, or the root of a file that is empty.
        list: Place,
        /// The item.
        item: NewValue,
    },
    /// Removes a key with its value, or an item of a list, each with its lines.
    Remove {
        /// The key's value, or the item.
        at: Place,
    },
}

impl Change {
    /// The place of what changes: the scalar, the key's value, or the list.
    pub fn place(&self) -> Place {
        let (mut place, key) = match self {
            Self::Set { at, .. } | Self::Remove { at } => (at.clone(), None),
            Self::Append { list, .. } => (list.clone(), None),
            Self::Insert { map, key, .. } | Self::SetYaml { map, key, .. } => {
                (map.clone(), Some(key))
            }
        };
        place.route.extend(key.map(|key| Step::Key(key.clone())));
        place
    }

    /// The same change at another place; none if it is of a key, and the place is not
    /// that of one.
    pub(super) fn at_place(&self, place: Place) -> Option<Self> {
        if let Self::Set { .. } | Self::Remove { .. } | Self::Append { .. } = self {
            return Some(match self.clone() {
                Self::Set { text, .. } => Self::Set { at: place, text },
                Self::Append { item, .. } => Self::Append { list: place, item },
                _ => Self::Remove { at: place },
            });
        }
        let (route, last) = place.route.split_last()?;
        let (map, Step::Key(key)) = (Place { document: place.document, route }, last.clone())
        else {
            return None;
        };
        match self.clone() {
            Self::Insert { text, .. } => Some(Self::Insert { map, key, text }),
            Self::SetYaml { yaml, .. } => Some(Self::SetYaml { map, key, yaml }),
            _ => None,
        }
    }
}

/// A new value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NewValue {
    /// A scalar.
    Scalar(NewScalar),
    /// A list.
    List(Vec<NewValue>),
    /// A map, its keys in order and each there once.
    Map(Vec<(String, NewValue)>),
}

/// A new scalar.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NewScalar {
    /// A text, quoted if it has to be.
    Text(String),
    /// A number, a boolean or null, as it is written.
    Plain(String),
}

impl NewValue {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Scalar(NewScalar::Text(text.into()))
    }

    /// Null.
    pub fn null() -> Self {
        Self::Scalar(NewScalar::Plain("null".to_owned()))
    }

    /// A map; its keys are different from each other.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// What a node holds.
    pub fn of(node: Node<'_>) -> Self {
        let plain = |text: String| Self::Scalar(NewScalar::Plain(text));
        match node.kind() {
            Kind::Null => Self::null(),
            Kind::Bool(truth) => plain(truth.to_string()),
            Kind::Number(number) => plain(number.source().to_owned()),
            Kind::String(text) => Self::text(&**text),
            Kind::Sequence(_) => Self::List(node.items().map(Self::of).collect()),
            Kind::Mapping(_) => {
                Self::map(node.entries().map(|(key, value)| (key.text(), Self::of(value))))
            }
        }
    }

    /// Whether it has lines of its own below its key.
    pub(super) fn is_block(&self) -> bool {
        match self {
            Self::Scalar(_) => false,
            Self::List(items) => !items.is_empty(),
            Self::Map(entries) => !entries.is_empty(),
        }
    }
}

/// For people: `name: web, ports: [80]`, with brackets around what is inside
/// and without quotes.
impl fmt::Display for NewValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inside = |value: &Self| match value {
            Self::Scalar(_) => value.to_string(),
            Self::List(_) => format!("[{value}]"),
            Self::Map(_) => format!("{{{value}}}"),
        };
        let parts: Vec<_> = match self {
            Self::Scalar(NewScalar::Text(text) | NewScalar::Plain(text)) => {
                return f.write_str(text);
            }
            Self::List(items) => items.iter().map(inside).collect(),
            Self::Map(entries) => {
                entries.iter().map(|(key, value)| format!("{key}: {}", inside(value))).collect()
            }
        };
        f.write_str(&parts.join(", "))
    }
}

/// A node that a change applies to, with the collections around it.
#[derive(Debug, Clone)]
pub(super) struct EditTarget<'a> {
    pub(super) node: Node<'a>,
    /// The key that it is the value of.
    pub(super) key: Option<KeyNode<'a>>,
    /// The map or list that it is in; none for a document's root.
    pub(super) parent: Option<Node<'a>>,
    /// Whether one of the collections that it is in has brackets.
    pub(super) in_flow: bool,
    /// The place, of keys and indices.
    pub(super) place: Place,
}

/// What a place leads to.
pub(super) enum Resolved<'a> {
    /// A node.
    Found(EditTarget<'a>),
    /// A map or null in which these keys are missing, each inside the one before
    /// it.
    Missing(EditTarget<'a>, Vec<String>),
}

/// Follows a place as far as it leads; none if its document does not exist.
pub(super) fn follow<'a>(
    documents: &'a [Value],
    place: &Place,
) -> Result<Option<Resolved<'a>>, Finding> {
    let Some(mut target) = EditTarget::root(documents, place.document) else { return Ok(None) };
    let steps = place.route.steps();
    for (at, step) in steps.iter().enumerate() {
        let Some(next) = target.step(step)? else {
            let missing = missing_keys(&target, &steps[at..])?;
            return Ok(Some(Resolved::Missing(target, missing)));
        };
        target = next;
    }
    Ok(Some(Resolved::Found(target)))
}

impl<'a> EditTarget<'a> {
    /// The root of a document.
    fn root(documents: &'a [Value], document: usize) -> Option<Self> {
        let node = documents.get(document)?.root();
        let place = Place { document, route: Route::root() };
        Some(Self { node, key: None, parent: None, in_flow: false, place })
    }

    /// What a step leads to; none if it leads nowhere.
    pub(super) fn step(&self, step: &Step) -> Result<Option<Self>, Finding> {
        self.refuse_alias()?;
        let (node, key, step) = match step {
            Step::Key(wanted) => {
                let Some((key, node)) = self.node.entry(wanted) else { return Ok(None) };
                if key.is_repeated() {
                    return Err(merged(self.node, key));
                }
                (node, Some(key), Step::Key(wanted.clone()))
            }
            Step::Index(index) => {
                let Some(node) = self.node.item(*index) else { return Ok(None) };
                (node, None, step.clone())
            }
            // What a text holds is edited on its own.
            Step::Text(_) => return Ok(None),
            Step::Where { .. } => {
                let Some(node) = step.find(self.node) else { return Ok(None) };
                let index = self.node.items().position(|item| item.id() == node.id());
                (node, None, Step::Index(index.expect("an item of a list is in the list")))
            }
        };
        let mut place = self.place.clone();
        place.route.push(step);
        let in_flow = self.in_flow || self.node.style() == Style::Flow;
        Ok(Some(Self { node, key, parent: Some(self.node), in_flow, place }))
    }

    /// Refuses a node that repeats another.
    pub(super) fn refuse_alias(&self) -> Result<(), Finding> {
        let Some(anchored) = self.node.alias_of() else { return Ok(()) };
        let at = self.node.location();
        let message = format!("`{}` repeats what is written elsewhere", at.text());
        let finding = Finding::new(&EDIT_ALIAS, message, at)
            .because("an edit here would change what it repeats");
        Err(show_anchor(finding, anchored))
    }
}

/// Shows the line of an anchor.
fn show_anchor(finding: Finding, anchored: Node<'_>) -> Finding {
    let at = anchored.location();
    let line = at.start().line;
    finding
        .label(at, "the anchor")
        .help(format!("edit the anchor in line {line}, or write the value out here"))
}

/// The finding that an edit would go through `<<`.
fn merged(map: Node<'_>, key: KeyNode<'_>) -> Finding {
    let line = key.location().start().line;
    let message = format!("the key `{}` comes through `<<` from line {line}", key.text());
    Finding::new(&EDIT_ALIAS, message, map.location())
        .because("the key is not written in this map")
        .label(key.location(), "it is written here")
        .help(format!("edit line {line}, or write the key into this map first"))
}

/// The keys of steps that lead nowhere yet.
fn missing_keys(target: &EditTarget<'_>, steps: &[Step]) -> Result<Vec<String>, Finding> {
    let key = |step: &Step| match step {
        Step::Key(key) => Ok(key.clone()),
        _ => Err(no_place(target, step)),
    };
    if !matches!(target.node.kind(), Kind::Mapping(_) | Kind::Null) {
        return Err(no_place(target, &steps[0]));
    }
    steps.iter().map(key).collect()
}

/// The finding that a step leads nowhere.
pub(super) fn no_place(target: &EditTarget<'_>, step: &Step) -> Finding {
    let mut route = Route::root();
    route.push(step.clone());
    let noun = target.node.kind().noun();
    let message = format!("`{route}` leads nowhere here");
    let finding = Finding::new(&EDIT_PLACE, message, target.node.location());
    let keys = target.node.entries().map(|(key, _)| key.text());
    let meant = match step {
        Step::Key(wanted) => nearest(wanted, keys),
        _ => None,
    };
    finding
        .because(format!("{noun} that does not have it"))
        .maybe_help(meant.map(|key| format!("did you mean `{key}`?")))
}
