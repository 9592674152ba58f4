//! Emitted text, read by our own reader and by the real kubectl.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rungs::source::{Location, RepoPath, SourceFile, Span};
use rungs::yaml::{
    Dialect, Kind, Node, NodeId, Number, Style, Value, emit, emit_as_written, parse,
};
use serde_json::Value as Json;

use crate::support::corpora;
use crate::support::program::scrubbed;

fn file(text: &str) -> Arc<SourceFile> {
    Arc::new(SourceFile::new(RepoPath::new("case.yaml").unwrap(), text.to_owned()))
}

/// The same data as a tree.
fn tree(json: &Json) -> Value {
    let file = file("");
    let mut value = Value::new(&file);
    let location = Location::new(&file, Span::default());
    let root = add(&mut value, json, &location);
    value.set_root(root);
    value
}

fn add(value: &mut Value, json: &Json, location: &Location) -> NodeId {
    let kind = match json {
        Json::Null => Kind::Null,
        Json::Bool(truth) => Kind::Bool(*truth),
        Json::Number(number) => Kind::Number(match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Number::integer(whole, &whole.to_string()),
            (_, Some(whole)) => Number::unsigned(whole, &whole.to_string()),
            _ => Number::float(number.as_f64().unwrap(), &number.to_string()),
        }),
        Json::String(text) => Kind::String(text.as_str().into()),
        Json::Array(items) => {
            Kind::Sequence(items.iter().map(|item| add(value, item, location)).collect())
        }
        Json::Object(map) => {
            let entries: Vec<_> =
                map.iter().map(|(key, item)| (key.as_str(), add(value, item, location))).collect();
            return value.add_mapping(entries, location);
        }
    };
    value.add(kind, location)
}

/// The JSON that kubectl makes of one object, without a cluster.
fn kubectl(yaml: &str) -> String {
    let folder = crate::support::directory::temporary().unwrap();
    let path = folder.path().join("object.yaml");
    fs::write(&path, yaml).unwrap();
    let answer = scrubbed("kubectl")
        .args(["annotate", "--local", "--output=json", "checked=yes", "--filename"])
        .arg(&path)
        .env("KUBECONFIG", "/dev/null")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success(), "{errors}");
    String::from_utf8(answer.stdout).unwrap()
}

/// An object that holds `texts` as values of a map, as keys, and in a list.
fn object(texts: &[String]) -> Json {
    let values: serde_json::Map<_, _> =
        texts.iter().enumerate().map(|(n, text)| (format!("v{n}"), text.as_str().into())).collect();
    let keys: serde_json::Map<_, _> =
        texts.iter().enumerate().map(|(n, text)| (text.clone(), format!("k{n}").into())).collect();
    let nested: Vec<Json> = texts
        .iter()
        .map(|text| serde_json::json!({ "name": text, text.as_str(): [text] }))
        .collect();
    serde_json::json!({
        "apiVersion": "example.com/v1",
        "kind": "Probe",
        "metadata": { "name": "probe" },
        "spec": { "values": values, "keys": keys, "list": texts, "nested": nested },
    })
}

fn assert_unchanged_by_kubectl(texts: &[String]) {
    let object = object(texts);
    let answer: Json = serde_json::from_str(&kubectl(&emit(tree(&object).root()))).unwrap();
    let (sent, received) = (&object["spec"], &answer["spec"]);
    for (n, text) in texts.iter().enumerate() {
        let name = format!("v{n}");
        assert_eq!(received["values"][&name], sent["values"][&name], "{text:?} as a value");
        assert_eq!(received["keys"][text], sent["keys"][text], "{text:?} as a key");
        assert_eq!(received["list"][n], sent["list"][n], "{text:?} in a list");
        assert_eq!(received["nested"][n], sent["nested"][n], "{text:?} in a map in a list");
    }
    assert_eq!(received["keys"].as_object().unwrap().len(), texts.len());
}

#[test]
fn numbers_may_be_emitted_as_they_were_written() {
    let text = "a: 0644\nb:\n- 1.10\n- 1e6\n- 0x1F\n- 0\nc: x\n\"0\": \"0\"\n";
    let documents = parse(&file(text), Dialect::Kubectl).unwrap();
    let emitted = emit_as_written(documents[0].root());
    let again = parse(&file(&emitted), Dialect::Kubectl).unwrap();
    assert!(again[0].root().equals(documents[0].root()), "{emitted}");
    let numbers = "a: 0644\nb:\n- 1.10\n- 1e6\n- 0x1F\n- 0\nc: x\n";
    assert!(emitted.starts_with(numbers), "{emitted}");
    assert_eq!(again[0].root().get("0").and_then(Node::as_str), Some("0"));
}

#[test]
fn every_hostile_string_comes_back_from_kubectl_unchanged() {
    let Some(folder) = corpora::folder("yaml-dialect") else { return };
    if !corpora::program("kubectl") {
        return;
    }
    let strings = fs::read(folder.join("strings.json")).unwrap();
    let strings: Vec<String> = serde_json::from_slice(&strings).unwrap();
    assert_eq!(strings.len(), 84);
    assert_unchanged_by_kubectl(&strings);
}

/// Texts made of what YAML and its readers treat specially.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            " ",
            "  ",
            "\n",
            "\n\n",
            "\t",
            ":",
            ": ",
            " #",
            "#",
            "-",
            "- ",
            "---",
            "...",
            "?",
            "? ",
            "'",
            "\"",
            "\\",
            "[",
            "]",
            "{",
            "}",
            ",",
            "&a",
            "*a",
            "!",
            "!!str ",
            "|",
            ">",
            "%",
            "@",
            "`",
            "<<",
            "=",
            "~",
            "null",
            "true",
            "yes",
            "y",
            "on",
            "0",
            "0x",
            "0o",
            "0b",
            "_",
            "1",
            "9",
            ".",
            "e",
            "E",
            "+",
            "inf",
            "nan",
            "2001-01-01",
            "12:30",
            "\r",
            "\u{0}",
            "\u{7f}",
            "\u{85}",
            "\u{a0}",
            "\u{2028}",
            "\u{2029}",
            "\u{feff}",
            "\u{fffe}",
            "é",
            "😀",
            "a",
            "word",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

#[test]
fn made_up_hostile_strings_come_back_from_kubectl_unchanged() {
    if !corpora::program("kubectl") {
        return;
    }
    let mut runner = TestRunner::deterministic();
    let mut texts: Vec<String> =
        (0..4000).map(|_| hostile().new_tree(&mut runner).unwrap().current()).collect();
    texts.sort();
    texts.dedup();
    assert_unchanged_by_kubectl(&texts);
}

#[test]
fn numbers_come_back_from_kubectl_as_the_same_numbers() {
    if !corpora::program("kubectl") {
        return;
    }
    let mut runner = TestRunner::deterministic();
    let floats = proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL;
    let mut numbers: Vec<Json> =
        (0..1000).map(|_| floats.new_tree(&mut runner).unwrap().current().into()).collect();
    let whole = [0, 1, -1, 644, i64::MAX, i64::MIN, 9_007_199_254_740_993];
    numbers.extend(whole.map(Json::from));
    let edges = [0.0, 1.0, 1e21, 1e-7, 1.5, 1e300, 5e-324, 123_456_789.0, f64::MAX, f64::MIN];
    numbers.extend(edges.map(Json::from));
    let object = serde_json::json!({
        "apiVersion": "example.com/v1", "kind": "Probe", "metadata": { "name": "probe" },
        "spec": numbers,
    });
    // serde_json rounds some floats that it reads; our own reader does not.
    let answer = kubectl(&emit(tree(&object).root()));
    let answer = parse(&file(&answer), Dialect::Kubectl).expect("JSON is YAML");
    let received = answer[0].root().get("spec").unwrap();
    assert_eq!(received.items().len(), numbers.len());
    for (received, sent) in received.items().zip(&numbers) {
        let received = received.as_number().unwrap();
        assert_eq!(Some(received.as_f64()), sent.as_f64());
        if sent.is_i64() {
            assert_eq!(received.as_i64(), sent.as_i64());
        }
    }
}

/// Any data that JSON can hold.
fn data() -> impl Strategy<Value = Json> {
    let scalar = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        (proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO)
            .prop_map(Json::from),
        hostile().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ];
    scalar.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::vec((hostile(), inner), 0..6)
                .prop_map(|entries| entries.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// Checks that every plain scalar and key on one line is at its span.
fn assert_spans_hold(node: Node<'_>, text: &str) {
    let span = node.location().span();
    assert!(span.range().end <= text.len());
    let slice = &text[span.range()];
    match (node.kind(), node.style()) {
        (Kind::String(value), Style::Plain) if !slice.contains(['\n', '\r']) => {
            assert_eq!(&**value, slice);
        }
        (Kind::Number(number), Style::Plain) => assert_eq!(number.source(), slice),
        (Kind::String(_), Style::DoubleQuoted) => {
            assert!(slice.starts_with('"') && slice.ends_with('"'));
        }
        (Kind::String(_), Style::SingleQuoted) => {
            assert!(slice.starts_with('\'') && slice.ends_with('\''));
        }
        (Kind::String(_), Style::Literal) => assert!(slice.starts_with('|')),
        (Kind::String(_), Style::Folded) => assert!(slice.starts_with('>')),
        _ => {}
    }
    for (key, value) in node.entries() {
        let key_span = key.location().span();
        assert!(span.contains(key_span) && span.contains(value.location().span()), "{slice:?}");
        let written = &text[key_span.range()];
        // A key that kubectl does not take for text is rewritten: `yes`, `0x10`.
        let is_text = key.text().starts_with(|c: char| c.is_alphabetic()) && key.text() != "true";
        if key.style() == Style::Plain
            && is_text
            && key.text() != "false"
            && !written.contains(['\n', '\r'])
        {
            assert_eq!(written, key.text());
        }
        assert_spans_hold(value, text);
    }
    for item in node.items() {
        assert!(span.contains(item.location().span()), "{slice:?}");
        assert_spans_hold(item, text);
    }
}

/// Every file of a corpus.
fn yaml_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            into.push(path);
        }
    }
}

#[test]
fn real_files_match_their_spans_and_are_emitted_unchanged() {
    let mut files = Vec::new();
    for corpus in ["yaml", "yaml-dialect", "repos", "replay", "kubeconform"] {
        let Some(folder) = corpora::folder(corpus) else { return };
        yaml_files(&folder, &mut files);
    }
    let mut read = 0;
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        for document in parse(&file(&text), Dialect::Kubectl).unwrap_or_default() {
            read += 1;
            let emitted = emit(document.root());
            let again = parse(&file(&emitted), Dialect::Kubectl).unwrap();
            assert!(again[0].root().equals(document.root()), "{}:\n{emitted}", path.display());
            if !text.contains('*') && !text.contains("!!binary") {
                assert_spans_hold(document.root(), &text);
            }
        }
    }
    assert!(read > 1500, "{read} documents");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn emitted_data_is_read_as_the_same_data(json in data()) {
        let value = tree(&json);
        let text = emit(value.root());
        prop_assert!(text.ends_with('\n'));
        for dialect in [Dialect::Kubectl, Dialect::Kustomize] {
            let read = parse(&file(&text), dialect).unwrap_or_else(|f| panic!("{f:#?}\n{text}"));
            prop_assert!(read[0].root().equals(value.root()), "{}", text);
        }
        let again = parse(&file(&text), Dialect::Kubectl).unwrap();
        assert_spans_hold(again[0].root(), &text);
    }

    #[test]
    fn no_text_makes_the_reader_panic(pieces in prop::collection::vec(hostile(), 0..20)) {
        let text = pieces.concat();
        for dialect in [Dialect::Kubectl, Dialect::Kustomize] {
            for document in parse(&file(&text), dialect).unwrap_or_default() {
                let emitted = emit(document.root());
                let again = parse(&file(&emitted), dialect).unwrap_or_else(|f| panic!("{f:#?}\n{emitted}"));
                prop_assert!(again[0].root().equals(document.root()), "{:?}\n{}", text, emitted);
                // A repeated value has its span elsewhere.
                if !text.contains('*') && dialect == Dialect::Kubectl {
                    assert_spans_hold(document.root(), &text);
                }
            }
        }
    }

    #[test]
    fn every_number_of_kubectl_keeps_its_source(whole in any::<i64>(), zeros in 0usize..4) {
        let source = format!("{whole}.{}", "0".repeat(zeros));
        let text = format!("a: {source}\n");
        let read = parse(&file(&text), Dialect::Kubectl).unwrap();
        let number = read[0].root().get("a").unwrap();
        prop_assert_eq!(number.as_number().unwrap().source(), source.as_str());
    }
}

#[test]
fn a_large_tree_is_emitted_whole() {
    let mut text = String::new();
    for n in 0..20_000 {
        writeln!(text, "- name: web-{n}\n  image: \"nginx:1.{n}\"\n  replicas: {n}\n  labels:\n    app: web\n    tier: front\n  args: [--port, \"8080\"]").unwrap();
    }
    let read = parse(&file(&text), Dialect::Kubectl).unwrap();
    let emitted = emit(read[0].root());
    assert!(emitted.len() > 2_000_000);
}
