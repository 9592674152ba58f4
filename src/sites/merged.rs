//! One value of several layers.
//!
//! Maps merge, everything else replaces, null removes, as in
//! [`crate::config`]; here only what a route leads to is merged.

use crate::yaml::{Kind, Node, NodeId, Route, Step, Value};

/// What the layers, outermost first, say at a route together; none where they
/// say nothing.
pub(super) fn find<'a>(layers: impl Iterator<Item = Node<'a>>, route: &Route) -> Option<Value> {
    let mut nodes = in_force(layers.collect());
    for step in route.steps() {
        nodes = match step {
            Step::Key(key) => in_force(nodes.iter().filter_map(|node| node.get(key)).collect()),
            Step::Index(_) | Step::Where { .. } => {
                let mut one = Route::root();
                one.push(step.clone());
                one.find(*nodes.last()?).into_iter().collect()
            }
        };
    }
    let last = *nodes.last()?;
    let mut value = Value::new(last.location().file());
    let root = merge(&mut value, &nodes)?;
    value.set_root(root);
    Some(value)
}

/// Those of the nodes, outermost first, that still count: behind the last that
/// is no map, maps; else that one alone; none where it is null.
fn in_force(nodes: Vec<Node<'_>>) -> Vec<Node<'_>> {
    let Some(last) = nodes.iter().rposition(|node| !node.is_mapping()) else { return nodes };
    if last + 1 < nodes.len() {
        return nodes[last + 1..].to_vec();
    }
    if nodes[last].is_null() { Vec::new() } else { vec![nodes[last]] }
}

/// One node of several maps, or of one node of any kind.
fn merge(value: &mut Value, nodes: &[Node<'_>]) -> Option<NodeId> {
    let (last, before) = nodes.split_last()?;
    if before.is_empty() && !last.is_mapping() {
        return Some(value.graft(*last));
    }
    let map = value.add(Kind::Mapping(Vec::new()), &last.location());
    let mut keys = indexmap::IndexSet::new();
    for node in nodes {
        keys.extend(node.entries().map(|(key, _)| key.text().to_owned()));
    }
    for key in keys {
        let said = in_force(nodes.iter().filter_map(|node| node.get(&key)).collect());
        if let Some(child) = merge(value, &said) {
            value.append_text(map, &key, child, &last.location());
        }
    }
    Some(map)
}
