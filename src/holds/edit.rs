//! Adding holds to their file and lifting them, with every other byte as it
//! was.

use std::collections::BTreeMap;

use super::code::{NO_SUCH_HOLD, UNEDITABLE_HOLDS};
use super::read::{directory, own, path};
use super::{Hold, image_parts, is_said};
use crate::config::{EnvironmentName, HoldFile};
use crate::diagnostic::{Finding, Findings};
use crate::sites::SiteValue;
use crate::source::{Location, Memory, RepoPath, Span, Tree};
use crate::yaml::{Node, Style, Value, emit};

/// Files with their new bytes; none for one that goes.
type Files = BTreeMap<RepoPath, Option<Vec<u8>>>;

/// The file with one more hold; no file where the same is held back already,
/// until the same time.
///
/// # Errors
///
/// The file has problems, or is written so that nothing can be added.
pub fn added(tree: &Tree, hold: &Hold) -> Result<Files, Findings> {
    let path = path(&hold.environment, &hold.app).ok_or_else(|| unnameable(&hold.app))?;
    let (holds, file) = own(tree, &hold.environment, &hold.app)?;
    if holds.iter().any(|one| one.state == hold.state && one.until == hold.until) {
        return Ok(Files::new());
    }
    let text = match &file {
        None => emit(item(hold).root()),
        Some(file) => with(file, &item(hold)),
    };
    let wanted: Vec<_> = holds.iter().chain([hold]).collect();
    if !says(&path, &text, hold, &wanted) {
        return Err(uneditable(&path, "the new hold would not stand for itself").into());
    }
    Ok(Files::from([(path, Some(text.into_bytes()))]))
}

/// The file without the holds that name `reference` (of any image: its tag, its
/// digest, or both; or a git reference, or a value), or without any of them; a
/// file without holds goes. No file where nothing is held back.
///
/// # Errors
///
/// The file has problems or is written so that nothing can be taken out, or
/// none of its holds names the reference.
pub fn lifted(
    tree: &Tree,
    environment: &EnvironmentName,
    app: &str,
    reference: Option<&str>,
) -> Result<Files, Findings> {
    let (holds, file) = own(tree, environment, app)?;
    let Some(file) = file.filter(|_| !holds.is_empty()) else { return Ok(Files::new()) };
    let path = file.file.path().clone();
    let is_lifted = |hold: &Hold| reference.is_none_or(|reference| names(hold, reference));
    let tenure: Vec<_> = holds.iter().filter(|hold| !is_lifted(hold)).collect();
    if let Some(reference) = reference.filter(|_| tenure.len() == holds.len()) {
        return Err(no_such_hold(reference, &holds).into());
    }
    if tenure.is_empty() {
        return Ok(Files::from([(path, None)]));
    }
    let mut text = file.file.text().to_owned();
    // From the last to the first, so that the places of those before stay.
    for (at, hold) in holds.iter().enumerate().rev() {
        if is_lifted(hold) {
            text.replace_range(place(&file, at).range(), "");
        }
    }
    if !says(&path, &text, &holds[0], &tenure) {
        return Err(uneditable(&path, "the other holds would not stay as they are").into());
    }
    Ok(Files::from([(path, Some(text.into_bytes()))]))
}

/// Whether a hold names a reference, as a person types it.
fn names(hold: &Hold, reference: &str) -> bool {
    let image = SiteValue::Image(image_parts(reference));
    hold.state.values().any(|text| text == reference || is_said(text, &image))
}

/// Whether a file of that text has exactly these holds; `of` is any of them.
fn says(path: &RepoPath, text: &str, of: &Hold, wanted: &[&Hold]) -> bool {
    let tree = Tree::new(Memory::of([(path.as_str(), text)]));
    let found = own(&tree, &of.environment, &of.app);
    found.is_ok_and(|(found, _)| {
        found.len() == wanted.len() && found.iter().zip(wanted).all(|(one, two)| is_same(one, two))
    })
}

/// Whether both say the same, wherever they stand.
fn is_same(one: &Hold, two: &Hold) -> bool {
    *one == Hold { location: one.location.clone(), ..two.clone() }
}

/// A list of one hold.
fn item(hold: &Hold) -> Value {
    let at = &hold.location;
    let mut value = Value::new(at.file());
    let state = hold.state.iter().map(|(key, text)| (key.as_str(), value.add_string(text, at)));
    let state: Vec<_> = state.collect();
    let state = value.add_mapping(state, at);
    let mut entries = vec![("state", state)];
    let texts = [("reason", Some(hold.reason.clone())), ("by", Some(hold.by.clone()))];
    let times = [("since", hold.since), ("until", hold.until)];
    let times = times.map(|(key, time)| (key, time.map(|time| time.to_string())));
    for (key, text) in texts.into_iter().chain(times) {
        entries.extend(text.map(|text| (key, value.add_string(&text, at))));
    }
    let map = value.add_mapping(entries, at);
    let list = value.add(crate::yaml::Kind::Sequence(vec![map]), at);
    value.set_root(list);
    value
}

/// The text of a file with one more hold behind the others, in their style.
fn with(file: &HoldFile, item: &Value) -> String {
    let text = file.file.text();
    let root = file.value.root();
    if root.style() == Style::Flow {
        return in_flow(text, root, item);
    }
    let indentation = match root.items().next() {
        Some(_) => column(text, place(file, 0).start as usize),
        None => 0,
    };
    let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out = text.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        out.push_str(line_break);
    }
    for line in emit(item.root()).lines() {
        // A line without anything may be part of a text.
        let spaces = if line.is_empty() { 0 } else { indentation };
        out.extend([&" ".repeat(spaces), line, line_break]);
    }
    out
}

/// `[]` and `[{…}]` take one more, written as JSON, which is YAML.
fn in_flow(text: &str, root: Node<'_>, item: &Value) -> String {
    let end = root.location().span().range().end.saturating_sub(1);
    let item = item.root().items().next().map(|item| serde_json::to_string(&item));
    let item = item.and_then(Result::ok).unwrap_or_default();
    let separator = if root.items().len() == 0 { "" } else { ", " };
    let (before, after) = text.split_at(end);
    let before = before.trim_end();
    format!("{}{separator}{item}{after}", before.strip_suffix(',').unwrap_or(before))
}

/// How many spaces the dash of a line has before it.
fn column(text: &str, start: usize) -> usize {
    text[start..].len() - text[start..].trim_start_matches(' ').len()
}

/// The bytes of a hold that go when it is lifted: whole lines in a list by
/// indentation, with the line that has its dash; its own and one comma's in
/// `[…]`.
fn place(file: &HoldFile, at: usize) -> Span {
    let text = file.file.text();
    let spans: Vec<_> =
        file.value.root().items().map(|item| item.location().span().range()).collect();
    let own = &spans[at];
    if file.value.root().style() == Style::Flow {
        return match (spans.get(at + 1), at.checked_sub(1)) {
            (Some(next), _) => Span::new(own.start, next.start),
            (None, Some(before)) => Span::new(spans[before].end, own.end),
            (None, None) => Span::new(own.start, own.end),
        };
    }
    let from = at.checked_sub(1).map_or(0, |before| spans[before].end);
    let between = &text[from..own.start];
    let is_dash = |dash: &usize| {
        let line = between[..*dash].rfind('\n').map_or(0, |end| end + 1);
        between[line..*dash].trim().is_empty()
    };
    let dash = between.match_indices('-').map(|(dash, _)| dash).rfind(is_dash);
    let dash = from + dash.unwrap_or(between.len());
    let start = text[..dash].rfind('\n').map_or(0, |end| end + 1);
    let end = text[own.end..].find('\n').map_or(text.len(), |end| own.end + end + 1);
    Span::new(start, end)
}

fn unnameable(app: &str) -> Finding {
    let message = format!("`{app}` cannot be the name of a file");
    Finding::new(&UNEDITABLE_HOLDS, message, Location::of_path(&directory()))
        .because("holds stand in `<environment>/<app>.yaml`")
}

fn uneditable(path: &RepoPath, why: &str) -> Finding {
    Finding::new(&UNEDITABLE_HOLDS, format!("`{path}` cannot be edited"), Location::of_path(path))
        .because(why)
        .help("edit the file by hand")
}

fn no_such_hold(reference: &str, holds: &[Hold]) -> Finding {
    let held = holds.iter().flat_map(|hold| hold.state.values().map(|text| format!("`{text}`")));
    let held: Vec<_> = held.collect();
    let first = &holds[0];
    Finding::new(
        &NO_SUCH_HOLD,
        format!("no hold of `{}` in `{}` is on `{reference}`", first.app, first.environment),
        first.location.clone(),
    )
    .because("none of these names it")
    .help(format!("held back is {}", held.join(", ")))
}
