//! No change of any file makes the editor panic, and what it writes is YAML in
//! which the change was made.
//!
//! An input is a change in its first three lines (what, where, the new text),
//! and a file behind them.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{Change, Dialect, NewValue, Place, Route, Value, parse, splice};

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
        "become" => Change::Become { map: place, key, yaml: text },
        "append" => Change::Append { list: place, item: NewValue::map([(key.clone(), NewValue::text(text.clone())), ("name".to_owned(), NewValue::text(text))]) },
        "remove" => Change::Remove { at: place },
        _ => return None,
    })
}

/// Whether the place says what it was made to say.
fn is_made(documents: &[Value], change: &Change) -> bool {
    let says = |place: &Place, text: &str| {
        let node = documents.get(place.document).and_then(|document| place.route.find(document.root()));
        node.and_then(|node| node.as_str()).is_some_and(|said| said.trim_end_matches('\n') == text.trim_end_matches('\n'))
    };
    match change {
        Change::Set { at, text } => says(at, text),
        Change::Insert { map, key, text } => {
            let mut at = map.clone();
            at.route.push(rungs::yaml::Step::Key(key.clone()));
            says(&at, text)
        }
        _ => true,
    }
}

fuzz_target!(|input: &str| {
    let mut lines = input.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (what, route, text, content) = (line(), line(), line(), line());
    let Some(change) = change(what, route, text) else { return };
    let Ok(edited) = splice(&file(content), std::slice::from_ref(&change)) else { return };
    let documents = parse(&file(&edited), Dialect::Kubectl).expect("what is written is YAML");
    assert!(is_made(&documents, &change), "{change:?} made {edited:?}");
});
