//! From places to nodes, but for those that an edit must not reach.

use super::Place;
use super::code::{EDIT_ALIAS, EDIT_PLACE};
use crate::diagnostic::{Finding, nearest};
use crate::yaml::{KeyNode, Kind, Node, Route, Step, Style, Value};

/// A node with what it stands in.
#[derive(Debug, Clone)]
pub(super) struct Target<'a> {
    pub(super) node: Node<'a>,
    /// The key that it is the value of.
    pub(super) key: Option<KeyNode<'a>>,
    /// The map or list that it is in; none for a document's root.
    pub(super) parent: Option<Node<'a>>,
    /// Whether one of the collections that it is in has brackets.
    pub(super) in_flow: bool,
    /// Its place, of keys and indices.
    pub(super) place: Place,
}

/// Where a place leads.
pub(super) enum Lead<'a> {
    /// To a node.
    There(Target<'a>),
    /// To a map, or to nothing yet, in which these keys are missing, each in
    /// the one before.
    Missing(Target<'a>, Vec<String>),
}

impl<'a> Target<'a> {
    /// The root of a document.
    pub(super) fn root(documents: &'a [Value], document: usize) -> Option<Self> {
        let node = documents.get(document)?.root();
        let place = Place { document, route: Route::root() };
        Some(Self { node, key: None, parent: None, in_flow: false, place })
    }

    /// What a step leads to; none where it leads nowhere.
    pub(super) fn step(&self, step: &Step) -> Result<Option<Self>, Finding> {
        self.refuse_alias()?;
        let (node, key, step) = match step {
            Step::Key(wanted) => {
                let Some((key, node)) = self.node.entries().find(|(key, _)| key.text() == wanted)
                else {
                    return Ok(None);
                };
                if !is_own(self.node, key) {
                    return Err(merged(self.node, key));
                }
                (node, Some(key), Step::Key(wanted.clone()))
            }
            Step::Index(index) => {
                let Some(node) = self.node.items().nth(*index) else { return Ok(None) };
                (node, None, step.clone())
            }
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
        let message = format!("`{}` repeats what stands elsewhere", at.text());
        let finding = Finding::new(&EDIT_ALIAS, message, at)
            .because("an edit here would be one of what it repeats");
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

/// What an edit through `<<` is told.
fn merged(map: Node<'_>, key: KeyNode<'_>) -> Finding {
    let line = key.location().start().line;
    let message = format!("the key `{}` comes through `<<` from line {line}", key.text());
    Finding::new(&EDIT_ALIAS, message, map.location())
        .because("this map does not have the key itself")
        .label(key.location(), "it stands here")
        .help(format!("edit line {line}, or write the key into this map first"))
}

/// Whether a map's key is written in it, and not taken from elsewhere by `<<`.
pub(super) fn is_own(map: Node<'_>, key: KeyNode<'_>) -> bool {
    let mut values = map.entries().filter(|(_, value)| value.alias_of().is_none());
    map.span().contains(key.span())
        && !values.any(|(_, value)| value.span().contains(key.span()) && !key.span().is_empty())
}

/// The entries that are written in a map.
pub(super) fn own_entries(map: Node<'_>) -> Vec<(KeyNode<'_>, Node<'_>)> {
    let mut own: Vec<_> =
        map.entries().filter(|(key, _)| map.span().contains(key.span())).collect();
    // Keys and values in the order of the text; what a merge brought from
    // inside a value of this map begins before that value ends.
    own.sort_by_key(|(key, _)| key.span().start);
    let mut end = 0;
    own.retain(|(key, value)| {
        let is_own = key.span().start >= end;
        if is_own {
            end = if value.alias_of().is_some() { key.span().end } else { value.span().end };
        }
        is_own
    });
    own
}

/// Follows a place as far as it leads.
pub(super) fn follow<'a>(
    documents: &'a [Value],
    place: &Place,
) -> Result<Option<Lead<'a>>, Finding> {
    let Some(mut target) = Target::root(documents, place.document) else { return Ok(None) };
    let steps = place.route.steps();
    for (at, step) in steps.iter().enumerate() {
        let Some(next) = target.step(step)? else {
            let missing = missing_keys(&target, &steps[at..])?;
            return Ok(Some(Lead::Missing(target, missing)));
        };
        target = next;
    }
    Ok(Some(Lead::There(target)))
}

/// The keys of steps that lead nowhere yet.
fn missing_keys(target: &Target<'_>, steps: &[Step]) -> Result<Vec<String>, Finding> {
    let key = |step: &Step| match step {
        Step::Key(key) => Ok(key.clone()),
        _ => Err(no_place(target, step)),
    };
    if !matches!(target.node.kind(), Kind::Mapping(_) | Kind::Null) {
        return Err(no_place(target, &steps[0]));
    }
    steps.iter().map(key).collect()
}

/// What is said of a step that leads nowhere.
pub(super) fn no_place(target: &Target<'_>, step: &Step) -> Finding {
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
        .because(format!("{noun} that has it not"))
        .maybe_help(meant.map(|key| format!("did you mean `{key}`?")))
}
