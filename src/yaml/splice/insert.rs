//! Adding keys to maps and items to lists.

use super::code::EDIT_PLACE;
use super::element::{Element, elements};
use super::find::Target;
use super::fresh::{Fresh, Writer};
use super::patch::Patch;
use super::replace::replace;
use super::scene::Scene;
use super::spell::Quote;
use super::{flow, line};
use crate::diagnostic::Finding;
use crate::yaml::{Node, Style};

/// Keys, and the keys that they naturally follow, the nearest first.
const FOLLOWS: [(&str, &[&str]); 4] = [
    ("digest", &["newTag", "tag", "newName", "repository", "name"]),
    ("newTag", &["newName", "name"]),
    ("newName", &["name"]),
    ("tag", &["repository", "image", "name"]),
];

/// The patches that give a map more keys.
pub(super) fn insert(
    scene: &Scene<'_>,
    target: &Target<'_>,
    entries: &[(String, Fresh)],
) -> Result<Vec<Patch>, Finding> {
    target.refuse_alias()?;
    let map = target.node;
    if scene.is_void(map) && !map.is_sequence() {
        return replace(scene, target, &Fresh::Map(entries.to_vec()));
    }
    if !map.is_mapping() {
        return Err(no_collection(target, "a map"));
    }
    let there = elements(scene, map);
    let before = natural(&there, &entries[0].0).or(there.len().checked_sub(1));
    let neighbour = before.map(|before| there[before]);
    let in_flow = map.style() == Style::Flow;
    let writer = like_entry(scene, map, neighbour.as_ref(), in_flow);
    if in_flow {
        let entries = entries.iter().map(|(key, value)| writer.flow_entry(key, value));
        let index = before.map_or(0, |before| before + 1);
        return flow::insert(scene, map, &there, index, &entries.collect::<Vec<_>>());
    }
    let column = scene.column(map);
    let lines = entries.iter().map(|(key, value)| {
        format!("{}{}", writer.indent(column), writer.entry(column, key, value))
    });
    // What `<<` brings goes before what overrides it.
    let is_merged = there.len() < map.entries().len();
    let end = neighbour.filter(|_| !is_merged).map_or(scene.end_of(map), |before| before.end);
    Ok(vec![Patch::insert(line::end(scene.text(), end), lines.collect::<String>())])
}

/// The entry that a key naturally follows.
fn natural(there: &[Element<'_>], key: &str) -> Option<usize> {
    let (_, before) = FOLLOWS.iter().find(|(one, _)| *one == key)?;
    let find =
        |wanted: &&str| there.iter().position(|it| it.key.is_some_and(|k| k.text() == *wanted));
    before.iter().find_map(find)
}

/// A writer that writes as a neighbouring entry is written.
fn like_entry(
    scene: &Scene<'_>,
    map: Node<'_>,
    neighbour: Option<&Element<'_>>,
    in_flow: bool,
) -> Writer<'static> {
    let mut writer =
        scene.writer(Some(map), neighbour.map_or(map.span().end as usize, |it| it.end));
    let Some(Element { key: Some(key), value, .. }) = neighbour else { return writer };
    writer.key_quote = Quote::of(key.style());
    writer.wanted = Quote::of_text(*value);
    if in_flow && writer.key_quote == Some(Quote::Double) {
        // JSON: every text has quotes, and a blank behind the colon is a habit.
        writer.wanted = writer.key_quote;
        let gap = scene.text().get(key.span().end as usize..value.span().start as usize);
        writer.colon = if gap == Some(":") { ":" } else { ": " };
    }
    writer
}

/// The patches that put items into a list before the one of that index, or at
/// its end.
pub(super) fn insert_items(
    scene: &Scene<'_>,
    target: &Target<'_>,
    index: usize,
    items: &[Fresh],
) -> Result<Vec<Patch>, Finding> {
    target.refuse_alias()?;
    let list = target.node;
    if scene.is_void(list) && !list.is_mapping() {
        return replace(scene, target, &Fresh::List(items.to_vec()));
    }
    if !list.is_sequence() {
        return Err(no_collection(target, "a list"));
    }
    let there = elements(scene, list);
    let neighbour = &there[index.saturating_sub(1)];
    let writer = scene.writer(Some(list), neighbour.end);
    if list.style() == Style::Flow {
        let items = items.iter().map(|item| flow_item(writer, neighbour.value, item));
        return flow::insert(scene, list, &there, index, &items.collect::<Vec<_>>());
    }
    let dash = dash(scene.text(), neighbour);
    let column = line::column(scene.text(), list.span().start as usize);
    let indent = writer.indent(column);
    let lines = items.iter().map(|item| {
        let item = block_item(writer, neighbour.value, item, column, &dash);
        if index == 0 { format!("{item}{indent}") } else { format!("{indent}{item}") }
    });
    let at = if index == 0 { there[0].start } else { line::end(scene.text(), neighbour.end) };
    Ok(vec![Patch::insert(at, lines.collect::<String>())])
}

/// A dash with the blanks behind it, as an item has them.
fn dash(text: &str, item: &Element<'_>) -> String {
    let behind = item.start + 1;
    let gap = text.get(behind..item.value.span().start as usize).unwrap_or_default();
    let is_gap = !gap.is_empty() && gap.bytes().all(|byte| byte == b' ');
    format!("-{}", if is_gap { gap } else { " " })
}

/// An item on one line, quoted as its neighbour is.
fn flow_item(mut writer: Writer<'_>, neighbour: Node<'_>, item: &Fresh) -> String {
    let sample = neighbour.entries().next();
    writer.key_quote = sample.and_then(|(key, _)| Quote::of(key.style()));
    writer.wanted = Quote::of_text(neighbour);
    if writer.key_quote == Some(Quote::Double) {
        writer.wanted = writer.key_quote;
    }
    writer.inline(item, true)
}

/// An item over several lines, each key and text quoted as its neighbour's.
fn block_item(
    mut writer: Writer<'_>,
    neighbour: Node<'_>,
    item: &Fresh,
    column: usize,
    dash: &str,
) -> String {
    let (Fresh::Map(entries), true) = (item, item.is_block()) else {
        writer.wanted = Quote::of_text(neighbour);
        return writer.item(column, dash, item);
    };
    let column = column + dash.len();
    let lines = entries.iter().map(|(key, value)| {
        writer.wanted = neighbour.get(key).and_then(Quote::of_text);
        writer.key_quote = neighbour.key(key).and_then(|key| Quote::of(key.style()));
        writer.entry(column, key, value)
    });
    format!("{dash}{}", lines.collect::<Vec<_>>().join(&writer.indent(column)))
}

fn no_collection(target: &Target<'_>, wanted: &str) -> Finding {
    let message = format!("{} stands where {wanted} is needed", target.node.kind().noun());
    Finding::new(&EDIT_PLACE, message, target.node.location())
}
