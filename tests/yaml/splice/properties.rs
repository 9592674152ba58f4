//! What holds of every file: of generated ones, and of all in the corpora.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{
    Change, Dialect, NewScalar, NewValue, Node, Place, Route, Step, Style, Value, parse,
};

use super::generator::document;
use super::{edited, within};
use crate::support::corpora;
use crate::support::effort::few_or_all;

/// Edits of one file: real files are long and much alike.
const MOST: usize = 5;

fn read(text: &str) -> Option<Vec<Value>> {
    let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned());
    parse(&Arc::new(file), Dialect::Kubectl).ok()
}

/// A node, and its place.
struct Placed<'a> {
    at: Place,
    node: Node<'a>,
}

/// Every node that is written at its own place, parents before their children.
fn placed(documents: &[Value]) -> Vec<Placed<'_>> {
    let mut all = Vec::new();
    for (document, value) in documents.iter().enumerate() {
        let at = Place { document, route: Route::root() };
        collect(Placed { at, node: value.root() }, &mut all);
    }
    all
}

fn collect<'a>(from: Placed<'a>, all: &mut Vec<Placed<'a>>) {
    let Placed { at, node } = &from;
    if node.alias_of().is_none() {
        let span = node.location().span();
        let keys = node.entries().filter(|(key, _)| span.contains(key.location().span()));
        let keys = keys.map(|(key, value)| (Step::Key(key.text().to_owned()), value));
        let items = node.items().enumerate().map(|(index, item)| (Step::Index(index), item));
        let inner: Vec<_> = keys.chain(items).collect();
        let at = at.clone();
        all.push(from);
        for (step, node) in inner {
            let mut at = at.clone();
            at.route.push(step);
            collect(Placed { at, node }, all);
        }
    }
}

fn set(at: &Place, text: &str) -> Change {
    Change::Set { at: at.clone(), text: text.to_owned() }
}

/// Texts that need care in some style.
const OTHERS: [&str; 12] = [
    "registry.example.com:5000/shop/web:v1.2",
    "1.10",
    "yes",
    "",
    "it's \"so\"",
    "a # b",
    "a: b",
    "- x",
    "{x, y}",
    " x ",
    "名前\u{85}",
    "two\nlines",
];

/// Whether the text is written as the editor itself would write it: no line
/// breaks or needless escapes, and quotes where any reader needs some.
fn is_plainly_written(placed: &Placed<'_>) -> bool {
    let location = placed.node.location();
    let (written, text) = (location.text(), placed.node.as_str().unwrap());
    match placed.node.style() {
        Style::Plain => {
            let safe = rungs::yaml::readings(text)
                .iter()
                .all(|(_, reading)| reading.starts_with("the text"));
            safe && written == text
        }
        Style::SingleQuoted => written == format!("'{}'", text.replace('\'', "''")),
        Style::DoubleQuoted => {
            written == format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        }
        Style::Literal | Style::Folded => text.trim_end_matches('\n').lines().count() == 1,
        _ => false,
    }
}

/// The lines in which three texts differ.
fn differing_lines(text: &str, changed: &str, back: &str) -> String {
    let texts = [text, changed, back].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let most = texts.iter().map(Vec::len).max().unwrap_or_default();
    let line = |at: usize| texts.each_ref().map(|lines| lines.get(at).copied().unwrap_or_default());
    let differ = |at: &usize| line(*at)[0] != line(*at)[1] || line(*at)[0] != line(*at)[2];
    let first = (0..most).find(differ).unwrap_or_default();
    let around = first.saturating_sub(3)..(first + 3).min(most);
    around.map(|at| format!("{}: {:?}", at + 1, line(at))).collect::<Vec<_>>().join("\n")
}

/// At most so many of them, from all over.
fn sample<T>(all: Vec<T>, most: usize) -> impl Iterator<Item = (usize, T)> {
    let step = all.len().div_ceil(most).max(1);
    all.into_iter().enumerate().filter(move |(at, _)| at % step == 0)
}

/// Sets each string of a text to another and back; how many there are, and how
/// many were refused.
fn set_each_and_back(name: &str, text: &str) -> (usize, usize) {
    let Some(documents) = read(text) else { return (0, 0) };
    let (mut all, mut refused) = (0, 0);
    let texts = placed(&documents).into_iter().filter(|placed| placed.node.as_str().is_some());
    for (at, placed) in sample(texts.collect(), MOST) {
        let own = placed.node.as_str().unwrap();
        all += 1;
        let other = OTHERS[at % OTHERS.len()];
        let Ok(changed) = edited(text, &[set(&placed.at, other)]) else {
            refused += 1;
            continue;
        };
        let again = read(&changed).unwrap();
        let document = again[placed.at.document].root();
        let node = placed.at.route.find(document).unwrap();
        let value = node.as_str().unwrap();
        assert_eq!(value.trim_end_matches('\n'), other.trim_end_matches('\n'), "{name}");
        let back = edited(&changed, &[set(&placed.at, own)]).unwrap();
        // A text that needs quotes gets some, and keeps them.
        let is_alike = node.style() == placed.node.style() && is_plainly_written(&placed);
        assert!(
            !is_alike || back == text,
            "{name}: {}\n{}",
            placed.at.route,
            differing_lines(text, &changed, &back)
        );
    }
    (all, refused)
}

/// Adds a key to each map and takes it away again.
fn insert_each_and_back(name: &str, text: &str) -> (usize, usize) {
    let Some(documents) = read(text) else { return (0, 0) };
    let (mut all, mut refused) = (0, 0);
    let maps = placed(&documents).into_iter().filter(|placed| placed.node.is_mapping());
    for (_, placed) in sample(maps.collect(), MOST) {
        all += 1;
        let key = "new-key".to_owned();
        let insert =
            Change::Insert { map: placed.at.clone(), key: key.clone(), text: "1.10".into() };
        let Ok(changed) = edited(text, &[insert]) else {
            refused += 1;
            continue;
        };
        let mut at = placed.at.clone();
        at.route.push(Step::Key(key));
        let back = edited(&changed, &[Change::Remove { at }]);
        // Blanks in brackets that hold nothing are not kept.
        let location = placed.node.location();
        let is_blank = placed.node.entries().len() == 0 && location.text() != "{}";
        let back = back.unwrap_or_else(|findings| panic!("{name}: {findings:?}\n{changed}"));
        assert!(
            is_blank || back == text,
            "{name}: {}\n{}",
            placed.at.route,
            differing_lines(text, &changed, &back)
        );
    }
    (all, refused)
}

/// Adds an item to each list and takes it away again.
fn append_each_and_back(name: &str, text: &str) -> (usize, usize) {
    let Some(documents) = read(text) else { return (0, 0) };
    let (mut all, mut refused) = (0, 0);
    let lists = placed(&documents).into_iter().filter(|placed| placed.node.is_sequence());
    for (_, placed) in sample(lists.collect(), MOST) {
        all += 1;
        let append = Change::Append { list: placed.at.clone(), item: item() };
        let Ok(changed) = edited(text, &[append]) else {
            refused += 1;
            continue;
        };
        let again = read(&changed).unwrap();
        let list = placed.at.route.find(again[placed.at.document].root()).unwrap();
        assert_eq!(list.items().len(), placed.node.items().len() + 1);
        assert_eq!(NewValue::of(list.items().next_back().unwrap()), item(), "{name}\n{changed}");
        let mut at = placed.at.clone();
        at.route.push(Step::Index(placed.node.items().len()));
        let back = edited(&changed, &[Change::Remove { at }]);
        let back = back.unwrap_or_else(|findings| panic!("{name}: {findings:?}\n{changed}"));
        // Blanks in brackets that hold nothing are not kept, and a comment after
        // brackets that are an item becomes one of the item that they get.
        let is_item = matches!(placed.at.route.steps().last(), Some(Step::Index(_)));
        let is_empty = placed.node.items().len() == 0;
        let is_lost = is_empty && (is_item || placed.node.location().text() != "[]");
        assert!(
            is_lost || back == text,
            "{name}: {}\n{}",
            placed.at.route,
            differing_lines(text, &changed, &back)
        );
    }
    (all, refused)
}

/// An item with everything in it.
fn item() -> NewValue {
    let text = |text: &str| NewValue::text(text);
    let number = NewValue::Scalar(NewScalar::Plain("1.10".to_owned()));
    let inner = NewValue::map([("a # b", text("1.10")), ("c", text("two\n\nlines\n"))]);
    NewValue::map([
        ("state", inner),
        ("list", NewValue::List(vec![text("x: y"), number, NewValue::List(Vec::new())])),
        ("none", NewValue::null()),
    ])
}

/// Removes each key and item whose line is its own: whole lines are gone, and
/// nothing else.
fn remove_each(name: &str, text: &str) -> usize {
    let Some(documents) = read(text) else { return 0 };
    let mut removed = 0;
    for (_, placed) in sample(placed(&documents), MOST) {
        if placed.at.route.steps().is_empty() {
            continue;
        }
        let Ok(changed) = edited(text, &[Change::Remove { at: placed.at.clone() }]) else {
            continue;
        };
        removed += 1;
        let start = text.bytes().zip(changed.bytes()).take_while(|(a, b)| a == b).count();
        let rest = changed.len() - start;
        let end = text
            .bytes()
            .rev()
            .zip(changed.bytes().rev())
            .take(rest)
            .take_while(|(a, b)| a == b)
            .count();
        let is_cut = start + end == changed.len();
        // If nothing is left, brackets are written; a comma on a line before goes too.
        let has_more = changed.contains("{}") || changed.contains("[]");
        let has_more = has_more || text.contains(",\n") || text.contains(", #");
        assert!(
            is_cut || has_more,
            "{name}: {}\n{}",
            placed.at.route,
            differing_lines(text, &changed, "")
        );
    }
    removed
}

/// What a hand may slip into a file.
fn slip() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "&a ", "*a", "!!str ", "!!int ", "? ", "- ", ": ", "# ", "|+\n", ">-\n", "{", "}", "[",
        "]", ",", "\"", "'", "\n", "\n\n", "\r", "\t", "---\n", "...\n", "<<: *a\n", "{{ x }}",
        "\u{feff}", "\u{2028}", "  ", "null", "~", "%",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: few_or_all(80, 300), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_that_was_set_and_set_back_leaves_every_byte(text in document()) {
        let (_, refused) = set_each_and_back("generated", &text);
        prop_assert!(refused == 0 || text.contains('|') || text.contains('>'), "{text}");
    }

    #[test]
    fn a_key_that_was_added_and_removed_leaves_every_byte(text in document()) {
        let (_, refused) = insert_each_and_back("generated", &text);
        prop_assert_eq!(refused, 0, "{}", text);
    }

    #[test]
    fn an_item_that_was_added_and_removed_leaves_every_byte(text in document()) {
        let (_, refused) = append_each_and_back("generated", &text);
        prop_assert_eq!(refused, 0, "{}", text);
    }

    #[test]
    fn what_is_removed_goes_with_its_lines_and_nothing_else(text in document()) {
        remove_each("generated", &text);
    }

    #[test]
    fn no_text_and_no_change_makes_the_editor_panic(
        text in document(),
        slips in prop::collection::vec((any::<prop::sample::Index>(), slip()), 0..4),
        at in any::<prop::sample::Index>(),
        other in 0..OTHERS.len(),
    ) {
        let mut text = text;
        for (at, slip) in slips {
            let ends: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
            if let Some(&at) = ends.get(at.index(ends.len().max(1))) {
                text.insert_str(at, slip);
            }
        }
        let Some(documents) = read(&text) else { return Ok(()) };
        let places: Vec<Place> = placed(&documents).into_iter().map(|placed| placed.at).collect();
        let Some(at) = places.get(at.index(places.len().max(1))) else { return Ok(()) };
        let (key, text_of) = ("new-key".to_owned(), OTHERS[other].to_owned());
        for change in [
            set(at, &text_of),
            Change::Insert { map: at.clone(), key: key.clone(), text: text_of.clone() },
            Change::Append { list: at.clone(), item: NewValue::map([(key.clone(), NewValue::text(&text_of))]) },
            Change::SetYaml { map: at.clone(), key, yaml: "a: |\n  b\n\n  c\nd: [1, {}]\n".into() },
            Change::Remove { at: at.clone() },
        ] {
            if let Ok(changed) = edited(&text, &[change]) {
                prop_assert!(read(&changed).is_some(), "{}", changed);
            }
        }
    }

    #[test]
    fn a_value_becomes_any_other(text in document(), other in document()) {
        let documents = read(&text).unwrap();
        let wanted = read(&other).unwrap();
        let keys: Vec<_> = documents[0].root().entries().map(|(key, _)| key.text().to_owned()).collect();
        for key in keys {
            let map = Place { document: 0, route: Route::root() };
            let change = Change::SetYaml { map, key: key.clone(), yaml: other.clone() };
            let changed = edited(&text, &[change]);
            let changed = changed.unwrap_or_else(|findings| panic!("{findings:?}\n{text}\n{key} to\n{other}"));
            let again = read(&changed).unwrap();
            let is_equal = again[0].root().get(&key).unwrap().equals(wanted[0].root());
            prop_assert!(is_equal, "{}\nbecame\n{}", text, changed);
        }
    }
}

/// The YAML files of the corpora that people wrote for clusters: each of them, or
/// every fourth.
fn files() -> Vec<(String, String)> {
    let folders =
        ["repos", "replay", "setters", "setimage"].into_iter().filter_map(corpora::folder);
    let mut files: Vec<_> = folders.flat_map(|folder| files_below(&folder)).collect();
    files.sort();
    // The same file is in many commits.
    let mut seen = HashSet::new();
    files.retain(|(_, text)| seen.insert(text.clone()));
    files.into_iter().step_by(few_or_all(8, 1)).collect()
}

fn files_below(folder: &Path) -> Vec<(String, String)> {
    let files = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    let is_yaml = |path: &Path| {
        path.extension().is_some_and(|end| end == "yaml" || end == "yml")
            && path.components().all(|part| part.as_os_str() != "after")
    };
    files
        .filter(|file| file.file_type().is_file() && is_yaml(file.path()))
        .map(|file| (file.path().display().to_string(), fs::read_to_string(file.path()).unwrap()))
        .collect()
}

#[test]
fn in_real_files_a_text_that_was_set_and_set_back_leaves_every_byte() {
    let (mut all, mut refused) = (0, 0);
    for (name, text) in files() {
        let (more, no) = set_each_and_back(&name, &text);
        (all, refused) = (all + more, refused + no);
    }
    println!("{all} texts, {refused} refused");
    assert!(refused * 10 <= all, "{refused} of {all} refused");
}

#[test]
fn in_real_files_a_key_that_was_added_and_removed_leaves_every_byte() {
    let (mut all, mut refused) = (0, 0);
    for (name, text) in files() {
        let (more, no) = insert_each_and_back(&name, &text);
        (all, refused) = (all + more, refused + no);
    }
    println!("{all} maps, {refused} refused");
    assert_eq!(refused, 0);
}

#[test]
fn in_real_files_an_item_that_was_added_and_removed_leaves_every_byte() {
    let (mut all, mut refused) = (0, 0);
    for (name, text) in files() {
        let (more, no) = append_each_and_back(&name, &text);
        (all, refused) = (all + more, refused + no);
    }
    println!("{all} lists, {refused} refused");
    assert_eq!(refused, 0);
}

#[test]
fn in_real_files_what_is_removed_goes_with_its_lines() {
    let removed: usize = files().iter().map(|(name, text)| remove_each(name, text)).sum();
    println!("{removed} removed");
}

/// A file with a text in it, each line of which is indented.
fn around(text: &str, line_break: &str) -> String {
    let chomping = if text.ends_with('\n') { "" } else { "-" };
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("      {line}") };
    let lines: Vec<_> = text.lines().map(line).collect();
    let before = format!("a:\n  - v: |{chomping} # one\n");
    format!("{before}{}\n  # two\nb: x\n", lines.join("\n")).replace('\n', line_break)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: few_or_all(80, 1000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_is_edited_as_the_file_that_it_is(
        text in document(), is_windows in any::<bool>(), other in prop::sample::select(&OTHERS[..])
    ) {
        let text = text.trim_start_matches('\u{feff}').replace('\r', "");
        let text = format!("{}\n", text.trim_matches('\n'));
        let line_break = if is_windows { "\r\n" } else { "\n" };
        let Some(documents) = read(&text) else { return Ok(()) };
        let file = around(&text, line_break);
        for Placed { at, .. } in placed(&documents) {
            let new = if at.route.steps().is_empty() { "root" } else { other };
            let mut changes = vec![set(&at, new), Change::Remove { at: at.clone() }];
            let (map, key) = (at.clone(), "added".to_owned());
            changes.push(Change::Insert { map: map.clone(), key: key.clone(), text: new.to_owned() });
            changes.push(Change::SetYaml { map, key, yaml: "- a: 1\n  b: {}\n- c\n".to_owned() });
            for change in changes {
                let alone = edited(&text, std::slice::from_ref(&change));
                let inside = edited(&file, &[within("a[0].v", change.clone())]);
                match (alone, inside) {
                    (Ok(alone), Ok(inside)) => {
                        prop_assert_eq!(inside, around(&alone, line_break), "{:?}", change);
                    }
                    // A block after `|` ends with one line break.
                    (Ok(alone), Err(_)) if !alone.ends_with('\n') || alone.ends_with("\n\n") => {}
                    (Err(_), Err(_)) => {}
                    (alone, inside) => prop_assert!(false, "{change:?}\n{file}\n{alone:?}\n{inside:?}"),
                }
            }
        }
    }
}
