//! Adding keys to maps and items to lists, and taking them away.

use super::change::{EditTarget, NewValue};
use super::code::{EDIT_PLACE, EDIT_UNSAFE};
use super::flow;
use super::layout::{EditedFile, Element, elements};
use super::patch::Patch;
use super::replace::{replace, unusual};
use super::spell::{Quote, ValueWriter};
use crate::diagnostic::Finding;
use crate::yaml::{Node, Style, line};

/// The patch that writes the first document, after the text that is there.
pub(super) fn create_document(file: &EditedFile<'_>, with: &NewValue) -> Patch {
    let text = file.text();
    let writer = file.writer(None, text.len());
    let is_fresh = line::column(text, text.len()) == 0;
    let block = writer.block(0, with);
    if is_fresh {
        return Patch::insert(text.len(), format!("{block}{}", writer.line_break));
    }
    // A last line without a line break leaves the file without one.
    Patch::insert(text.len(), format!("{}{block}", writer.line_break))
}

/// Keys, and the keys that they naturally follow, the nearest first.
const FOLLOWS: [(&str, &[&str]); 4] = [
    ("digest", &["newTag", "tag", "newName", "repository", "name"]),
    ("newTag", &["newName", "name"]),
    ("newName", &["name"]),
    ("tag", &["repository", "image", "name"]),
];

/// The patches that give a map more keys.
pub(super) fn insert(
    file: &EditedFile<'_>,
    target: &EditTarget<'_>,
    entries: &[(String, NewValue)],
) -> Result<Vec<Patch>, Finding> {
    target.refuse_alias()?;
    let map = target.node;
    if file.is_empty(map) && !map.is_sequence() {
        return replace(file, target, &NewValue::Map(entries.to_vec()));
    }
    if !map.is_mapping() {
        return Err(no_collection(target, "a map"));
    }
    let there = elements(file, map);
    let before = natural(&there, &entries[0].0).or(there.len().checked_sub(1));
    let neighbour = before.map(|before| there[before]);
    let in_flow = map.style() == Style::Flow;
    let writer = like_entry(file, map, neighbour.as_ref(), in_flow);
    if in_flow {
        let entries = entries.iter().map(|(key, value)| writer.flow_entry(key, value));
        let index = before.map_or(0, |before| before + 1);
        return flow::insert(file, map, &there, index, &entries.collect::<Vec<_>>());
    }
    let column = file.column(map);
    let lines = entries.iter().map(|(key, value)| {
        format!("{}{}", writer.indent(column), writer.entry(column, key, value))
    });
    // What `<<` brings goes before what overrides it.
    let is_merged = there.len() < map.entries().len();
    let end = neighbour.filter(|_| !is_merged).map_or(file.end_of(map), |before| before.end);
    Ok(vec![Patch::insert(line::end(file.text(), end), lines.collect::<String>())])
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
    file: &EditedFile<'_>,
    map: Node<'_>,
    neighbour: Option<&Element<'_>>,
    in_flow: bool,
) -> ValueWriter<'static> {
    let mut writer = file.writer(Some(map), neighbour.map_or(map.span().end as usize, |it| it.end));
    let Some(Element { key: Some(key), value, .. }) = neighbour else { return writer };
    writer.key_quote = Quote::of(key.style());
    writer.wanted = Quote::of_text(*value);
    if in_flow && writer.key_quote == Some(Quote::Double) {
        // JSON: every text has quotes, and a blank after the colon is a habit.
        writer.wanted = writer.key_quote;
        let gap = file.text().get(key.span().end as usize..value.span().start as usize);
        writer.colon = if gap == Some(":") { ":" } else { ": " };
    }
    writer
}

/// The patches that put items into a list before the one of that index, or at
/// its end.
pub(super) fn insert_items(
    file: &EditedFile<'_>,
    target: &EditTarget<'_>,
    index: usize,
    items: &[NewValue],
) -> Result<Vec<Patch>, Finding> {
    target.refuse_alias()?;
    let list = target.node;
    if file.is_empty(list) && !list.is_mapping() {
        // Brackets that are a whole document stay, as do those around it.
        if target.parent.is_none() && list.style() == Style::Flow {
            let writer = file.writer(None, list.span().end as usize);
            let items: Vec<_> = items.iter().map(|item| writer.inline(item, true)).collect();
            return Ok(vec![flow::fill(file.text(), list, &items)]);
        }
        return replace(file, target, &NewValue::List(items.to_vec()));
    }
    if !list.is_sequence() {
        return Err(no_collection(target, "a list"));
    }
    let there = elements(file, list);
    let neighbour = &there[index.saturating_sub(1)];
    let writer = file.writer(Some(list), neighbour.end);
    if list.style() == Style::Flow {
        let items = items.iter().map(|item| flow_item(writer, neighbour.value, item));
        return flow::insert(file, list, &there, index, &items.collect::<Vec<_>>());
    }
    let dash = dash(file.text(), neighbour);
    let column = line::column(file.text(), list.span().start as usize);
    let indent = writer.indent(column);
    let lines = items.iter().map(|item| {
        let item = block_item(writer, neighbour.value, item, column, &dash);
        if index == 0 { format!("{item}{indent}") } else { format!("{indent}{item}") }
    });
    let is_at_end = target.parent.is_none() && index == there.len();
    let at = match index {
        0 => there[0].start,
        _ if is_at_end => line::end_of_comments(file.text(), neighbour.end),
        _ => line::end(file.text(), neighbour.end),
    };
    Ok(vec![Patch::insert(at, lines.collect::<String>())])
}

/// A dash with the blanks after it, as an item has them.
fn dash(text: &str, item: &Element<'_>) -> String {
    let after = item.start + 1;
    let gap = text.get(after..item.value.span().start as usize).unwrap_or_default();
    let is_gap = !gap.is_empty() && gap.bytes().all(|byte| byte == b' ');
    format!("-{}", if is_gap { gap } else { " " })
}

/// An item on one line, quoted as its neighbour is.
fn flow_item(mut writer: ValueWriter<'_>, neighbour: Node<'_>, item: &NewValue) -> String {
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
    mut writer: ValueWriter<'_>,
    neighbour: Node<'_>,
    item: &NewValue,
    column: usize,
    dash: &str,
) -> String {
    let (NewValue::Map(entries), true) = (item, item.is_block()) else {
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

fn no_collection(target: &EditTarget<'_>, wanted: &str) -> Finding {
    let message = format!("found {} where {wanted} is needed", target.node.kind().noun());
    Finding::new(&EDIT_PLACE, message, target.node.location())
}

/// The patches that take a value away with its key or dash.
pub(super) fn remove(
    file: &EditedFile<'_>,
    target: &EditTarget<'_>,
    parent: &EditTarget<'_>,
) -> Result<Vec<Patch>, Finding> {
    let there = elements(file, parent.node);
    let index = there.iter().position(|element| element.value.id() == target.node.id());
    let index = index.ok_or_else(|| unusual(target.node))?;
    let element = there[index];
    if parent.node.style() == Style::Flow {
        return flow::remove(file, parent.node, &there, index);
    }
    // What `<<` brings stays.
    let is_merged = there.len() < parent.node.entries().len();
    if there.len() == 1 && !is_merged {
        let is_map = parent.node.is_mapping();
        let empty = if is_map { NewValue::Map(Vec::new()) } else { NewValue::List(Vec::new()) };
        return replace(file, parent, &empty);
    }
    let text = file.text();
    if line::is_first(text, element.start) {
        return Ok(vec![Patch::cut_lines(text, line::start(text, element.start), element.end)]);
    }
    // The first one, after the dash that the collection itself is the item of.
    let next = there.get(index + 1).ok_or_else(|| unusual(target.node))?.start;
    if line::has_comment_line(&text[element.end..next]) {
        let message = "a comment follows what is to be removed";
        return Err(Finding::new(&EDIT_UNSAFE, message, target.node.location())
            .because("the line starts with what stays")
            .help("remove it by hand"));
    }
    Ok(vec![Patch::cut(element.start..next)])
}
