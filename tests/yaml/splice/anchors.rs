//! Changes where what they change is written, and refusals where it is not.

use std::sync::Arc;

use proptest::prelude::*;
use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{Change, Dialect, Node, Place, Route, Step, Value, parse, where_written};

use super::generator::document;
use super::{become_yaml, edited, insert, remove, set};
use crate::support::effort::few_or_all;

fn read(text: &str) -> Option<Vec<Value>> {
    let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned());
    parse(&Arc::new(file), Dialect::Kubectl).ok()
}

/// A text with a change where that is written.
fn written(text: &str, change: Change) -> Result<String, &'static str> {
    let changes = where_written(&read(text).unwrap(), vec![change]);
    edited(text, &changes).map_err(|findings| findings.iter().next().unwrap().code.name)
}

#[test]
fn a_change_through_an_alias_is_one_of_its_anchor() {
    let scalar = "a: &tag v1 # a\nl:\n- {b: *tag}\n";
    assert_eq!(written(scalar, set("l[0].b", "v2")), Ok(scalar.replace("v1", "v2")));
    assert_eq!(written(scalar, insert("l[0]", "b", "v2")), Ok(scalar.replace("v1", "v2")));
    let map = "a: &map {tag: v1}\nb: *map\nc: {<<: *map}\nd:\n  <<: [{x: 1}, *map]\n";
    for place in ["b.tag", "c.tag", "d.tag"] {
        assert_eq!(written(map, set(place, "v2")), Ok(map.replace("v1", "v2")), "{place}");
    }
    let yaml = become_yaml("c", "tag", "v2\n");
    assert_eq!(written(map, yaml), Ok(map.replace("v1", "v2")));
    let added = map.replace("{tag: v1}", "{tag: v1, digest: x}");
    assert_eq!(written(map, insert("b", "digest", "x")), Ok(added));
    // What is added to a map that only merges another is its own.
    let own = map.replace("{<<: *map}", "{<<: *map, digest: x}");
    assert_eq!(written(map, insert("c", "digest", "x")), Ok(own));
}

#[test]
fn an_alias_of_an_alias_and_one_in_a_list_are_followed() {
    let deep = "- &t v1\n- &m {t: *t}\n- {<<: *m}\n- *m\n";
    for place in ["[1].t", "[2].t", "[3].t"] {
        assert_eq!(written(deep, set(place, "v2")), Ok(deep.replace("v1", "v2")), "{place}");
    }
}

#[test]
fn what_is_removed_is_the_alias_and_not_its_anchor() {
    let text = "a: &tag v1\nb: {c: *tag, d: 1}\n";
    assert_eq!(written(text, remove("b.c")), Ok("a: &tag v1\nb: {d: 1}\n".to_owned()));
}

#[test]
fn a_refusal_shows_the_file_as_it_is_on_disk() {
    let text = "web: &web\n  tag: v1\nside: *web\nother: &o x\nlast: *o\n";
    let changes = [
        become_yaml("web", "tag", "a\n"),
        become_yaml("web", "more", "- 1\n- 2\n"),
        set("side.tag", "v2"),
        set("last", "y"),
    ];
    let findings = edited(text, &changes).unwrap_err();
    assert_eq!(findings.iter().count(), 2);
    for finding in &findings {
        assert_eq!(finding.code.name, "edit-alias");
        for label in &finding.labels {
            assert_eq!(label.location.file().text(), text);
        }
    }
    let lines: Vec<_> = findings.iter().map(|one| one.location().start().line).collect();
    assert_eq!(lines, [3, 5]);
    // A place that an earlier change makes has one in the file on disk.
    let text = "a:\n- x\nb: 1 # b\nl: {m: v}\n";
    let changes = [
        become_yaml("", "a", "- x\n- y\n- z\n"),
        become_yaml("", "b", "c: 2\n"),
        set("b.d", "x"),
        set("l", "x"),
    ];
    let findings = edited(text, &changes).unwrap_err();
    let shown: Vec<_> = findings.iter().map(|one| one.location().clone()).collect();
    assert!(shown.iter().all(|location| location.file().text() == text));
    assert_eq!(shown.iter().map(|one| one.start().line).collect::<Vec<_>>(), [3, 4]);
}

/// The places of all scalars, as often as they are repeated.
fn scalars(node: Node<'_>, at: &Place, found: &mut Vec<Place>) {
    let below = |step: Step| {
        let mut at = at.clone();
        at.route.push(step);
        at
    };
    for (key, value) in node.entries() {
        scalars(value, &below(Step::Key(key.text().to_owned())), found);
    }
    for (index, item) in node.items().enumerate() {
        scalars(item, &below(Step::Index(index)), found);
    }
    if !node.is_mapping() && !node.is_sequence() {
        found.push(at.clone());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: few_or_all(80, 300), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_scalar_can_be_changed_where_it_is_written(text in document()) {
        let documents = read(&text).unwrap();
        let mut places = Vec::new();
        for (document, value) in documents.iter().enumerate() {
            let root = Place { document, route: Route::root() };
            scalars(value.root(), &root, &mut places);
        }
        let step = places.len().div_ceil(20).max(1);
        for at in places.iter().step_by(step) {
            let change = Change::Set { at: at.clone(), text: "v9".to_owned() };
            match edited(&text, &where_written(&documents, vec![change])) {
                Ok(after) => {
                    let after = read(&after).unwrap();
                    let node = at.route.find(after[at.document].root()).unwrap();
                    prop_assert_eq!(node.as_str().map(str::trim_end), Some("v9"), "{}", at.route);
                }
                Err(findings) => {
                    let code = findings.iter().next().unwrap().code.name;
                    prop_assert_ne!(code, "edit-alias", "{}: {}", text, at.route);
                }
            }
        }
    }
}
