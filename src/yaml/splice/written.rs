//! Changes at the places where what they change is written.

use std::collections::HashMap;

use super::change::{Change, Place};
use super::text::split_text;
use crate::yaml::{KeyNode, Node, NodeId, Route, Step, Value};

/// Whether a text may have an anchor and an alias.
pub fn may_repeat(text: &str) -> bool {
    text.contains('&') && text.contains('*')
}

/// The same changes, each at the place where what it changes is written: that of an
/// anchor where a route leads through an alias or `<<`.
///
/// Every place that repeats the anchor changes with it, so that whoever asks for this
/// has to know them all.
pub fn where_written(documents: &[Value], changes: Vec<Change>) -> Vec<Change> {
    let changes: Vec<_> = changes.into_iter().map(|change| in_text(documents, change)).collect();
    let repeated: Vec<_> = changes.iter().map(|change| repeated(documents, change)).collect();
    let mut routes = HashMap::new();
    for (number, document) in documents.iter().enumerate() {
        let is_here = |found: &&Repeated| found.document == number;
        let wanted = repeated.iter().flatten().filter(is_here);
        let mut search = AnchorSearch { routes: wanted.map(|one| (one.anchor, None)).collect() };
        if !search.routes.is_empty() {
            search.look(document.root(), &mut Vec::new());
        }
        routes.extend(search.routes.into_iter().map(|(id, route)| ((number, id), route)));
    }
    let moved = |(change, repeated): (Change, Option<Repeated>)| {
        let moved = repeated.and_then(|Repeated { document, anchor, below }| {
            let mut route: Route = routes.get(&(document, anchor))?.clone()?;
            route.extend(below);
            change.at_place(Place { document, route })
        });
        moved.unwrap_or(change)
    };
    changes.into_iter().zip(repeated).map(moved).collect()
}

/// The same change, if it is in a text, at the place in that text where what it changes is
/// written.
fn in_text(documents: &[Value], change: Change) -> Change {
    let moved = || {
        let (at, inside) = split_text(&change.place())?;
        let text = at.route.find(documents.get(at.document)?.root())?;
        let inner = change.at_place(inside)?;
        let inner = where_written(text.held()?.ok()?, vec![inner]).pop()?.place();
        let mut route = at.route;
        route.push(Step::Text(inner.document));
        route.extend(inner.route.steps().iter().cloned());
        change.at_place(Place { document: at.document, route })
    };
    moved().unwrap_or(change)
}

/// A place below something that is written elsewhere.
struct Repeated {
    document: usize,
    /// The innermost anchored node, or the value that `<<` takes from an anchored map.
    anchor: NodeId,
    /// The steps from there.
    below: Vec<Step>,
}

/// Where a change's place leads through an alias or `<<`; none if it does not.
fn repeated(documents: &[Value], change: &Change) -> Option<Repeated> {
    let place = change.place();
    let mut node = Some(documents.get(place.document)?.root());
    let mut anchor = None;
    let mut below = Vec::new();
    let steps = place.route.steps();
    let is_text = |step: &Step| matches!(step, Step::Text(_));
    let outside = steps.iter().position(is_text).unwrap_or(steps.len());
    for (at, step) in steps.iter().enumerate() {
        if at >= outside {
            below.push(step.clone());
            continue;
        }
        let next = node.and_then(|node| step.find(node));
        if let (Some(from), Some(next), Step::Key(key)) = (node, next, step)
            && from.key(key).is_some_and(KeyNode::is_repeated)
        {
            anchor = Some(next.id());
            below.clear();
        } else {
            below.push(step.clone());
        }
        // The alias itself is removed, and not what it repeats.
        let is_kept = matches!(change, Change::Remove { .. }) && at + 1 == steps.len();
        if let Some(anchored) = next.and_then(Node::alias_of).filter(|_| !is_kept) {
            anchor = Some(anchored.id());
            below.clear();
        }
        node = next;
    }
    Some(Repeated { document: place.document, anchor: anchor?, below })
}

/// Finds where nodes are written.
struct AnchorSearch {
    routes: HashMap<NodeId, Option<Route>>,
}

impl AnchorSearch {
    fn look(&mut self, node: Node<'_>, steps: &mut Vec<Step>) {
        if let Some(route) = self.routes.get_mut(&node.id()) {
            *route = Some(steps.iter().cloned().collect());
        }
        if node.alias_of().is_some() {
            return;
        }
        for (key, value) in node.own_entries() {
            steps.push(Step::Key(key.text().to_owned()));
            self.look(value, steps);
            steps.pop();
        }
        for (index, item) in node.items().enumerate() {
            steps.push(Step::Index(index));
            self.look(item, steps);
            steps.pop();
        }
    }
}
