//! No change of any file makes the editor panic, and what it writes is YAML in
//! which the change was made.
//!
//! An input is a change in its first three lines (what, where, the new text),
//! and a file after them.

use std::sync::Arc;

use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{Change, Dialect, NewValue, Node, Place, Route, Step, Value, parse, splice};

/// Panics where the claim does not hold of this change.
pub fn check(input: &str) {
    let mut lines = input.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (what, route, text, content) = (line(), line(), line(), line());
    let Some(change) = change(what, route, text) else { return };
    let file = file(content);
    let Ok(edited) = splice(&file, std::slice::from_ref(&change)) else { return };
    let before = parse(&file, Dialect::Kubectl).expect("what is edited is YAML");
    let after = parse(&self::file(&edited), Dialect::Kubectl).expect("what is written is YAML");
    assert!(is_made(&change, &before, &after), "{change:?} made {edited:?}");
}

fn file(text: &str) -> Arc<SourceFile> {
    let path = RepoPath::new("fuzz.yaml").expect("a plain name is a path");
    Arc::new(SourceFile::new(path, text.to_owned()))
}

fn change(what: &str, route: &str, text: &str) -> Option<Change> {
    let route = if route.is_empty() { Route::root() } else { Route::parse(route).ok()? };
    let place = Place { document: 0, route };
    let (key, text) = (text.split(' ').next().unwrap_or_default().to_owned(), text.to_owned());
    Some(match what {
        "set" => Change::Set { at: place, text },
        "insert" => Change::Insert { map: place, key, text },
        "become" => Change::SetYaml { map: place, key, yaml: text },
        "append" => {
            // The keys of a new map are different from each other.
            let second = if key == "name" { "other" } else { "name" };
            let entries = [(key, text.clone()), (second.to_owned(), text)];
            let item = NewValue::map(entries.map(|(key, text)| (key, NewValue::text(text))));
            Change::Append { list: place, item }
        }
        "remove" => Change::Remove { at: place },
        _ => return None,
    })
}

/// Whether the change's place says what it was made to say.
fn is_made(change: &Change, before: &[Value], after: &[Value]) -> bool {
    match change {
        Change::Set { at, text } => says(at, text, before, after),
        Change::Insert { map, key, text } => {
            let mut at = map.clone();
            at.route.push(Step::Key(key.clone()));
            says(&at, text, before, after)
        }
        _ => true,
    }
}

/// Whether the place says a text: as a text, or as a whole number where it said
/// one before. Whoever reads `tag: 38` as a tag reads `tag: 39` so as well.
fn says(place: &Place, text: &str, before: &[Value], after: &[Value]) -> bool {
    let Some(node) = find(place, after) else { return false };
    if let Some(number) = node.as_number() {
        return number.source() == text
            && is_whole(text)
            && find(place, before).is_some_and(was_whole);
    }
    node.as_str().is_some_and(|said| said.trim_end_matches('\n') == text.trim_end_matches('\n'))
}

fn find<'v>(place: &Place, documents: &'v [Value]) -> Option<Node<'v>> {
    place.route.find(documents.get(place.document)?.root())
}

fn was_whole(node: Node<'_>) -> bool {
    node.as_number().is_some_and(|number| is_whole(number.source()))
}

fn is_whole(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
