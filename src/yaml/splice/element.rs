//! The entries of maps and the items of lists.

use super::find::own_entries;
use super::property;
use super::scene::Scene;
use crate::yaml::{KeyNode, Node, Style, place};

/// An entry or item as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    /// Where it begins: the key's or item's properties, or the dash.
    pub(super) start: usize,
    /// Behind its last byte.
    pub(super) end: usize,
    pub(super) key: Option<KeyNode<'a>>,
    pub(super) value: Node<'a>,
}

/// What is written in a collection, in order.
pub(super) fn elements<'a>(scene: &Scene<'_>, collection: Node<'a>) -> Vec<Element<'a>> {
    if collection.is_mapping() {
        return own_entries(collection).into_iter().map(|(k, v)| entry(scene, k, v)).collect();
    }
    let is_block = collection.style() == Style::Block;
    let mut from = collection.span().start;
    let item = |value: Node<'a>| {
        let start = match place::dash(scene.text(), from).filter(|_| is_block) {
            Some(dash) => dash as usize,
            None => property::start(scene.text(), value.span().start as usize),
        };
        let end = scene.end_of(value).max(start + usize::from(is_block));
        from = u32::try_from(end).unwrap_or(u32::MAX);
        Element { start, end, key: None, value }
    };
    collection.items().map(item).collect()
}

fn entry<'a>(scene: &Scene<'_>, key: KeyNode<'a>, value: Node<'a>) -> Element<'a> {
    let start = property::start(scene.text(), key.span().start as usize);
    let end = scene.end_of(value).max(key.span().end as usize);
    Element { start, end, key: Some(key), value }
}
