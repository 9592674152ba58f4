//! Nodes with the path that leads to them.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::{Reading, SitePart, SitePartKind};
use crate::source::Span;
use crate::yaml::{KeyNode, Node, Place, Route, Step, Value, is_misread, is_secret_data, printed};

/// A node of a document with the path that leads to it. The path is shared with
/// neighbouring nodes; a [`Place`] is made of it only for sites.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    pub(super) node: Node<'a>,
    document: usize,
    path: Option<Rc<CursorPath<'a>>>,
    /// Whether an alias or `<<` leads here from where the node is written.
    is_repeated: bool,
}

/// The last step to a node, and those before it.
#[derive(Debug)]
struct CursorPath<'a> {
    before: Option<Rc<CursorPath<'a>>>,
    step: CursorStep<'a>,
}

#[derive(Debug, Clone, Copy)]
enum CursorStep<'a> {
    Key(&'a str),
    /// An item, with its `name` if no other item has the same.
    Item(usize, Option<&'a str>),
    /// The document of that number that a text holds.
    Text(usize),
}

impl<'a> Cursor<'a> {
    /// The root of a file's document of that number.
    pub(super) fn root(document: usize, value: &'a Value) -> Self {
        Self { node: value.root(), document, path: None, is_repeated: false }
    }

    /// The roots of a file's documents.
    pub(super) fn roots(documents: &'a [Value]) -> impl Iterator<Item = Self> {
        documents.iter().enumerate().map(|(number, value)| Self::root(number, value))
    }

    fn step(&self, step: CursorStep<'a>, node: Node<'a>) -> Self {
        let path = CursorPath { before: self.path.clone(), step };
        let is_repeated = self.is_repeated || node.alias_of().is_some();
        Self { node, document: self.document, path: Some(Rc::new(path)), is_repeated }
    }

    /// The value of a key of this map.
    fn value(&self, key: KeyNode<'a>, node: Node<'a>) -> Self {
        let value = self.step(CursorStep::Key(key.text()), node);
        Self { is_repeated: value.is_repeated || key.is_repeated(), ..value }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let (key, node) = self.node.entry(key)?;
        Some(self.value(key, node))
    }

    /// The value at the end of several keys.
    pub(super) fn walk(&self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self.clone(), |at, key| at.get(key))
    }

    /// The value that a route leads to, the first if there are several.
    pub(super) fn follow(&self, route: &Route) -> Option<Self> {
        let mut steps = route.steps().iter();
        steps.try_fold(self.clone(), |at, step| at.after(step).into_iter().next())
    }

    /// Every value that a route leads to. What an alias repeats is there once.
    pub(super) fn follow_all(&self, route: &Route) -> Vec<Self> {
        let mut found = vec![self.clone()];
        for step in route.steps() {
            found = found.iter().flat_map(|at| at.after(step)).collect();
        }
        let mut seen = HashSet::new();
        found.retain(|at| seen.insert(at.node.written().identity()));
        found
    }

    /// The maps and lists that this text holds; none if it holds none, or is not a text.
    pub(super) fn held(&self) -> Vec<Self> {
        let roots = self.node.held_roots();
        roots.map(|(number, root)| self.step(CursorStep::Text(number), root)).collect()
    }

    /// What a step leads to, from here or from what this text holds.
    fn after(&self, step: &Step) -> Vec<Self> {
        let held = self.held();
        if held.is_empty() {
            return self.after_own(step);
        }
        held.iter().flat_map(|at| at.after_own(step)).collect()
    }

    fn after_own(&self, step: &Step) -> Vec<Self> {
        match step {
            Step::Text(number) => {
                let node = step.find(self.node).into_iter();
                node.map(|node| self.step(CursorStep::Text(*number), node)).collect()
            }
            Step::Key(key) => self.get(key).into_iter().collect(),
            Step::Index(index) => {
                let node = self.node.item(*index);
                let item = |node| self.step(CursorStep::Item(*index, None), node);
                node.map(item).into_iter().collect()
            }
            Step::Where { .. } => {
                let items = step.all(self.node).into_iter();
                let item = |(step, node)| match step {
                    Step::Index(index) => Some(self.step(CursorStep::Item(index, None), node)),
                    _ => None,
                };
                items.filter_map(item).collect()
            }
        }
    }

    /// A map's keys and values; none if this is not a map.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, Self)> + '_ {
        self.node.entries().map(|(key, value)| (key.text(), self.value(key, value)))
    }

    /// The entries in which there may be sites: in what a Secret holds there are none.
    pub(super) fn searched(&self) -> impl Iterator<Item = (&'a str, Self)> + '_ {
        self.entries().filter(|(key, _)| !is_secret_data(self.node, key))
    }

    /// A list's items; none if this is not a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let name = |item: Node<'a>| item.get("name").and_then(Node::as_str);
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for name in self.node.items().filter_map(name) {
            *counts.entry(name).or_default() += 1;
        }
        let items = self.node.items().enumerate().map(|(index, item)| {
            let name = name(item).filter(|name| counts.get(name) == Some(&1));
            self.step(CursorStep::Item(index, name), item)
        });
        items.collect()
    }

    /// Whether this is the root of an object.
    pub(super) fn is_object(&self) -> bool {
        self.get("apiVersion").is_some() && self.get("kind").is_some()
    }

    /// The text of a key's scalar.
    pub(super) fn text_of(&self, key: &str) -> Option<String> {
        text(self.node.get(key)?)
    }

    /// The place, to find it again.
    pub(super) fn place(&self) -> Place {
        let mut route = Route::root();
        for step in self.steps() {
            route.push(match step {
                CursorStep::Key(key) => Step::Key(key.to_owned()),
                CursorStep::Item(index, _) => Step::Index(index),
                CursorStep::Text(number) => Step::Text(number),
            });
        }
        Place { document: self.document, route }
    }

    /// The route from a node above, for people. It names items by their names,
    /// and so stays the same if other items are added before them.
    pub(super) fn name_below(&self, above: &Self) -> String {
        self.route_below(above).to_string()
    }

    /// The same for a key that this map does not have.
    pub(super) fn name_of_absent(&self, key: &str, above: &Self) -> String {
        let mut route = self.route_below(above);
        route.push(Step::Key(key.to_owned()));
        route.to_string()
    }

    fn route_below(&self, above: &Self) -> Route {
        let mut route = Route::root();
        for step in self.steps().into_iter().skip(above.steps().len()) {
            route.push(match step {
                CursorStep::Key(key) => Step::Key(key.to_owned()),
                CursorStep::Item(_, Some(name)) => {
                    Step::Where { key: "name".to_owned(), value: name.to_owned() }
                }
                CursorStep::Item(index, None) => Step::Index(index),
                CursorStep::Text(number) => Step::Text(number),
            });
        }
        route
    }

    /// The key of this node; none for an item of a list.
    pub(super) fn last_key(&self) -> Option<&'a str> {
        match self.path.as_ref()?.step {
            CursorStep::Key(key) => Some(key),
            CursorStep::Item(..) | CursorStep::Text(_) => None,
        }
    }

    fn steps(&self) -> Vec<CursorStep<'a>> {
        let paths = std::iter::successors(self.path.as_ref(), |path| path.before.as_ref());
        let mut steps: Vec<_> = paths.map(|path| path.step).collect();
        steps.reverse();
        steps
    }

    /// This scalar as a part of a site.
    pub(super) fn part(&self, kind: SitePartKind) -> SitePart {
        let text = text(self.node).unwrap_or_default();
        let (written, is_repeated) = self.written();
        let reading = match self.node.as_number() {
            _ if is_misread(self.node) => Reading::Misread,
            Some(_) => Reading::Number,
            None => Reading::Text,
        };
        SitePart { kind, at: self.place(), is_there: true, text, written, is_repeated, reading }
    }

    /// The scalar at a key of this map as a part, whether it is there or not.
    pub(super) fn part_at(&self, key: &str, kind: SitePartKind) -> SitePart {
        match self.get(key) {
            Some(at) => at.part(kind),
            None => self.absent_part(key, kind),
        }
    }

    /// The part that a key of this map would have.
    pub(super) fn absent_part(&self, key: &str, kind: SitePartKind) -> SitePart {
        let (written, is_repeated) = self.written();
        let (at, text) = (self.absent(key), String::new());
        SitePart { kind, at, is_there: false, text, written, is_repeated, reading: Reading::Text }
    }

    /// Where the node is written, and whether this place only repeats it.
    fn written(&self) -> (Option<Span>, bool) {
        let written = self.node.written();
        (written.has_own_place().then(|| written.location().span()), self.is_repeated)
    }

    /// The place that a key of this map would have.
    pub(super) fn absent(&self, key: &str) -> Place {
        let mut place = self.place();
        place.route.push(Step::Key(key.to_owned()));
        place
    }
}

/// A scalar's text as it is deployed; none for a map, a list and null.
///
/// The author of the tag `1.10` meant the text, but what reads it prints `1.1`.
pub(super) fn text(node: Node<'_>) -> Option<String> {
    printed(node)
}

/// Whether a text is to be filled in by a template engine or a substitution.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("${") || text.contains("$(")
}
