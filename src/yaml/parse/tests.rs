use std::fmt::Write as _;

use super::*;
use crate::source::RepoPath;
use crate::yaml::{Kind, Node, Style, emit};

fn file(text: &str) -> Arc<SourceFile> {
    Arc::new(SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned()))
}

fn read(text: &str) -> Value {
    parse(&file(text), Dialect::Kubectl).unwrap().remove(0)
}

fn json(text: &str) -> String {
    serde_json::to_string(&read(text).root()).unwrap()
}

fn kustomize_json(text: &str) -> String {
    let documents = parse(&file(text), Dialect::Kustomize).unwrap();
    serde_json::to_string(&documents[0].root()).unwrap()
}

/// What was found: each label's place, the text there, and why it is shown.
fn found(text: &str) -> Vec<String> {
    let findings = parse(&file(text), Dialect::Kubectl).unwrap_err();
    let lines = findings.iter().map(|finding| {
        let labels = finding.labels.iter().map(|label| {
            let at = label.location.start();
            format!("{}:{} `{}` {}", at.line, at.column, label.location.text(), label.message)
        });
        let labels = labels.collect::<Vec<_>>().join("; ");
        format!("{}: {}: {labels}", finding.code.name, finding.message)
    });
    lines.collect()
}

fn only_code(text: &str) -> &'static str {
    let findings = parse(&file(text), Dialect::Kubectl).unwrap_err();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.iter().next().unwrap().code.name
}

fn text_of(node: Node<'_>) -> String {
    node.location().text().to_owned()
}

// Places.

#[test]
fn a_value_stands_where_it_was_written_quotes_included() {
    let value = read("a: plain # no\nb: 'it''s'\nc: \"x\\ty\"\nd: [1, {e: f}]\n");
    let root = value.root();
    assert_eq!(text_of(root.get("a").unwrap()), "plain");
    assert_eq!(text_of(root.get("b").unwrap()), "'it''s'");
    assert_eq!(text_of(root.get("c").unwrap()), "\"x\\ty\"");
    assert_eq!(text_of(root.get("d").unwrap()), "[1, {e: f}]");
    assert_eq!(root.key("d").unwrap().location().to_string(), "a.yaml:4:1");
}

#[test]
fn a_block_text_starts_at_its_mark_and_ends_with_its_last_line() {
    let text = "a: &x !!str |2- # why\n    one\n   two  \n\n\nb: >\n  folded\n";
    let value = read(text);
    let a = value.root().get("a").unwrap();
    assert_eq!(text_of(a), "|2- # why\n    one\n   two  ");
    assert_eq!(a.style(), Style::Literal);
    assert_eq!(text_of(value.root().get("b").unwrap()), ">\n  folded");
}

#[test]
fn block_collections_span_from_the_first_key_to_the_last_value() {
    let value = read("a:\n  b: 1\n  c:\n  - d\n  -\n    e:\n\n# end\nf:\n- - g\n  - h\n");
    let root = value.root();
    assert_eq!(text_of(root.get("a").unwrap()), "b: 1\n  c:\n  - d\n  -\n    e:");
    assert_eq!(text_of(root.get("a").unwrap().get("c").unwrap()), "- d\n  -\n    e:");
    assert_eq!(text_of(root.get("f").unwrap()), "- - g\n  - h");
    assert_eq!(text_of(root.get("f").unwrap().items().next().unwrap()), "- g\n  - h");
}

#[test]
fn a_missing_value_is_placed_after_its_colon() {
    let value = read("a:\nb : &x\nc: {d, e: , f:}\ng:\n-\n- ~\n");
    let place = |node: Node<'_>| {
        assert!(node.is_null() && text_of(node).is_empty());
        (node.style(), node.location().start())
    };
    let root = value.root();
    let at = |line, column| crate::source::Position { line, column };
    assert_eq!(place(root.get("a").unwrap()), (Style::Empty, at(1, 3)));
    assert_eq!(place(root.get("b").unwrap()), (Style::Empty, at(2, 7)));
    let flow = root.get("c").unwrap();
    assert_eq!(place(flow.get("d").unwrap()), (Style::Empty, at(3, 6)));
    assert_eq!(place(flow.get("e").unwrap()), (Style::Empty, at(3, 10)));
    let items: Vec<_> = root.get("g").unwrap().items().collect();
    assert_eq!(place(items[0]), (Style::Empty, at(5, 2)));
    assert_eq!((items[1].style(), text_of(items[1]).as_str()), (Style::Plain, "~"));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_move_nothing() {
    let value = read("\u{feff}a: 1\r\nb: |\r\n  x\r\n  y\r\nc:\r\nd: e\r\n");
    let root = value.root();
    assert_eq!(root.get("a").unwrap().location().to_string(), "a.yaml:1:4");
    assert_eq!(root.get("b").unwrap().as_str(), Some("x\ny\n"));
    assert_eq!(text_of(root.get("b").unwrap()), "|\r\n  x\r\n  y");
    assert_eq!(root.get("c").unwrap().location().to_string(), "a.yaml:5:3");
    assert_eq!(root.get("d").unwrap().location().to_string(), "a.yaml:6:4");
}

#[test]
fn documents_that_hold_nothing_are_left_out() {
    let documents =
        parse(&file("---\n# only this\n---\na: 1\n...\n---\n"), Dialect::Kubectl).unwrap();
    assert_eq!(documents.len(), 1);
    assert!(parse(&file(""), Dialect::Kubectl).unwrap().is_empty());
    assert!(parse(&file("# nothing\n"), Dialect::Kubectl).unwrap().is_empty());
}

// Aliases and merges.

#[test]
fn an_alias_stands_where_it_is_written_and_knows_what_it_repeats() {
    let value = read("a: &x {b: 1}\nc: *x\n");
    let alias = value.root().get("c").unwrap();
    assert_eq!((text_of(alias).as_str(), alias.location().start().line), ("*x", 2));
    assert_eq!(text_of(alias.alias_of().unwrap()), "{b: 1}");
    assert_eq!(text_of(alias.get("b").unwrap()), "1");
}

#[test]
fn merged_keys_keep_the_place_where_they_are_written() {
    let value = read("base: &b {p: 1, q: 2}\nown:\n  <<: *b\n  q: 3\n");
    let own = value.root().get("own").unwrap();
    assert_eq!(own.key("p").unwrap().location().to_string(), "a.yaml:1:11");
    assert_eq!(own.key("q").unwrap().location().to_string(), "a.yaml:4:3");
    assert_eq!(
        json("base: &b {p: 1, q: 2}\nown:\n  <<: *b\n  q: 3\n"),
        r#"{"base":{"p":1,"q":2},"own":{"p":1,"q":3}}"#
    );
}

#[test]
fn a_merge_after_a_key_wins_for_kubectl_and_loses_for_kustomize() {
    let text = "q: 3\n<<: {q: 2}\n";
    assert_eq!(json(text), r#"{"q":2}"#);
    assert_eq!(kustomize_json(text), r#"{"q":3}"#);
}

#[test]
fn the_first_of_several_merged_maps_wins() {
    for json in
        [json("<<: [{a: 1}, {a: 2, b: 3}]\n"), kustomize_json("<<: [{a: 1}, {a: 2, b: 3}]\n")]
    {
        let data: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(data, serde_json::json!({ "a": 1, "b": 3 }));
    }
}

#[test]
fn what_is_merged_must_be_a_map() {
    assert_eq!(only_code("<<: x\n"), "merge-not-map");
    assert_eq!(only_code("<<: [x]\n"), "merge-not-map");
    assert_eq!(only_code("a: &a [{b: 1}]\nc: {<<: *a}\n"), "merge-not-map");
}

#[test]
fn an_alias_of_nothing_and_one_of_itself_are_found_together() {
    assert_eq!(
        found("a: &a\n  b: *a\nc: *none\n"),
        [
            "recursive-alias: `*a` repeats what it is part of: 2:6 `*a` is inside what it repeats; \
         2:3 `` which starts here",
            "unknown-anchor: an alias repeats an anchor that is not there: 3:4 `*none` repeats nothing",
        ]
    );
}

#[test]
fn a_billion_laughs_are_refused_at_once() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let items = vec![format!("*a{}", n - 1); 10].join(", ");
        writeln!(text, "a{n}: &a{n} [{items}]").unwrap();
    }
    assert_eq!(only_code(&text), "alias-expansion");
}

#[test]
fn as_many_aliases_as_kubectl_accepts_are_accepted() {
    let items = vec!["*a"; 1000].join(", ");
    let text = format!("a: &a {{b: 1, c: 2}}\nd: [{items}]\ne: [{}]\n", vec!["x"; 60].join(", "));
    assert!(parse(&file(&text), Dialect::Kubectl).is_ok());
}

// Depth.

#[test]
fn two_hundred_levels_are_accepted_and_one_more_is_not() {
    let flow = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let block = |depth: usize| {
        let lines: Vec<_> = (0..depth).map(|level| format!("{}a:", " ".repeat(level))).collect();
        lines.join("\n")
    };
    for text in [flow(200), block(200)] {
        let value = read(&text);
        assert!(!emit(value.root()).is_empty());
        assert!(value.root().equals(value.root()));
    }
    assert_eq!(only_code(&flow(201)), "nesting-too-deep");
    assert_eq!(only_code(&block(201)), "nesting-too-deep");
}

#[test]
fn a_hundred_thousand_brackets_are_refused_at_once() {
    assert_eq!(only_code(&"[".repeat(100_000)), "nesting-too-deep");
    assert_eq!(only_code(&"{a: ".repeat(100_000)), "nesting-too-deep");
    assert_eq!(only_code(&"- ".repeat(100_000)), "nesting-too-deep");
}

#[test]
fn aliases_do_not_get_round_the_depth() {
    let deep = |inner: &str| "[".repeat(150) + inner + &"]".repeat(150);
    let text = format!("a: &a {}\nb: {}\n", deep(""), deep("*a"));
    assert_eq!(only_code(&text), "nesting-too-deep");
}

// Keys and scalars.

#[test]
fn duplicate_keys_show_both_places() {
    assert_eq!(
        found("a: 1\nb: 2\na: 3\n"),
        [
            "duplicate-key: the key `a` appears twice: 3:1 `a` the second time; 1:1 `a` the first time",
        ]
    );
}

#[test]
fn keys_that_are_the_same_to_kubernetes_are_duplicates() {
    assert_eq!(
        found("yes: 1\n\"true\": 2\n"),
        ["duplicate-key: the keys `yes` and `\"true\"` are the same to Kubernetes: \
         2:1 `\"true\"` the second time; 1:1 `yes` the first time",]
    );
    assert_eq!(only_code("16: 1\n0x10: 2\n"), "duplicate-key");
}

#[test]
fn every_duplicate_of_a_large_map_is_found() {
    let keys: Vec<_> = (0..40).map(|n| format!("k{n}: 1\n")).collect();
    let keys = keys.concat();
    let findings = parse(&file(&format!("{keys}k0: 2\nk39: 2\nk16: 2\n")), Dialect::Kubectl);
    assert_eq!(findings.unwrap_err().len(), 3);
}

#[test]
fn keys_become_text_as_in_kubectl() {
    let text = "1: a\n0x10: b\n2.5: c\nno: d\n1e6: e\n2001-01-01: f\n-0.00001: g\n";
    let expected =
        r#"{"1":"a","16":"b","2.5":"c","false":"d","1e+06":"e","2001-01-01":"f","-1e-05":"g"}"#;
    assert_eq!(json(text), expected);
    for text in ["null: a\n", "~: a\n", "? [a]\n: b\n", "18446744073709551615: a\n"] {
        assert_eq!(only_code(text), "key-not-text", "{text}");
    }
}

#[test]
fn kustomize_takes_only_texts_as_keys() {
    assert_eq!(kustomize_json("yes: a\n"), r#"{"yes":"a"}"#);
    assert!(parse(&file("1: a\n"), Dialect::Kustomize).is_err());
}

#[test]
fn a_number_keeps_its_source_and_its_size() {
    let value = read("a: 1.10\nb: 18446744073709551615\nc: 18446744073709551616\nd: 0644\n");
    let number = |key: &str| value.root().get(key).unwrap().as_number().unwrap();
    assert_eq!(number("a").source(), "1.10");
    assert_eq!(number("b").as_u64(), Some(u64::MAX));
    assert!(number("c").is_float());
    assert_eq!((number("d").source(), number("d").as_i64()), ("0644", Some(420)));
}

#[test]
fn a_tag_makes_a_text_or_demands_a_type() {
    assert_eq!(
        json(
            "- !!str 1\n- !own 2\n- !!int \"3\"\n- !!float 4\n- !!binary aGk=\n- !!null ''\n- ! 5\n"
        ),
        r#"["1","2",3,4.0,"hi",null,"5"]"#
    );
    assert_eq!(
        kustomize_json("- ! 5\n- !!timestamp 2001-01-01\n"),
        r#"[5,"2001-01-01T00:00:00Z"]"#
    );
    for text in ["!!int x\n", "!!bool 1\n", "!!binary '*'\n", "!!null a\n", "!!timestamp a\n"] {
        assert_eq!(only_code(text), "wrong-tag", "{text}");
    }
}

#[test]
fn a_number_that_json_does_not_have_is_refused() {
    assert_eq!(only_code("a: .inf\n"), "number-not-finite");
    assert_eq!(only_code("a: -.INF\n"), "number-not-finite");
    assert_eq!(only_code("a: .NaN\n"), "number-not-finite");
}

// Text that is not YAML.

#[test]
fn a_tab_is_named_and_shown() {
    let expected =
        "tab-indentation: a tab is used as indentation: 2:1 `\t` YAML counts spaces only";
    for text in ["a:\n\tb: 1\n", "a: 1\n\tb: 2\n", "a: 1\n\t\nb: 2\n", "a:\n\t- b\n"] {
        assert_eq!(found(text), [expected], "{text:?}");
    }
    assert_eq!(json("{\n\t\"a\": [\n\t\t1\n\t]\n}\n"), r#"{"a":[1]}"#);
    assert_eq!(json("a:\t1\t# c\nb: x\ty\n"), r#"{"a":1,"b":"x\ty"}"#);
}

#[test]
fn a_byte_order_mark_does_not_count_in_the_column_from_which_tabs_are_blanks() {
    for text in ["a: 1\n \t\nb: 2\n", "\u{feff}a: 1\n \t\nb: 2\n"] {
        assert_eq!(json(text), r#"{"a":1,"b":2}"#, "{text:?}");
    }
    let expected =
        "tab-indentation: a tab is used as indentation: 1:1 `\t` YAML counts spaces only";
    for text in ["\ta: 1\n", "\u{feff}\ta: 1\n"] {
        assert_eq!(found(text), [expected], "{text:?}");
    }
}

#[test]
fn the_usual_mistakes_are_said_in_plain_words() {
    let mistakes = [
        ("a: b: c\n", "a plain value holds `: `: 1:5 `:` YAML reads the text before this as a key"),
        (
            "a:\n  b: 1\n c: 2\n",
            "a line's indentation fits no line above: 3:2 `c: 2` indented by 1 space; \
          2:3 `b: 1` indented by 2 spaces",
        ),
        (
            "a: 1\n  b: 2\n",
            "a line is indented below a value: 2:3 `b: 2` deeper than the line above; \
          1:1 `a: 1` already has a value",
        ),
        (
            "a: 'b\nc: d\n",
            "a quote is not closed: 1:4 `'b` opened here; 2:1 `c` the text still goes on here",
        ),
        ("a: [1, 2\n", "`[` is not closed: 1:4 `[` opened here"),
        ("a: [1, 2}\n", "`[` is closed by `}`: 1:4 `[` opened here"),
        (
            "a: {b: 1\nc: 2\n",
            "inside `{`, a `,` or `}` is missing: 2:2 `:` not expected here; 1:4 `{` opened here",
        ),
        ("a: @b\n", "a plain text cannot start with `@`: 1:4 `@` YAML reserves this character"),
        (
            "{% if a %}\n",
            "there are a template's braces in plain YAML: 1:1 `{% if a %}` \
          YAML reads `{` as the start of a map",
        ),
        ("a\n---\n&a &b c\n", "text follows a complete value: 3:4 `&` the value ended before this"),
        ("a:b\nc: 1\n", "a key lacks the space after its colon: 1:1 `a:b` read as a plain text"),
        ("- a\n-b\n", "a list item lacks the space after its dash: 2:1 `-b` read as a plain text"),
        ("a: 1\n- b\n", "there is a list item among keys: 2:1 `- b` expected a key here"),
        (
            "%YAML 1.2\n---\na: 1\n",
            "there is a `%` directive in the file: 1:1 `%YAML 1.2` \
          kubectl and kustomize refuse it",
        ),
    ];
    for (text, expected) in mistakes {
        assert_eq!(found(text), [format!("yaml-syntax: {expected}")], "{text}");
    }
}

#[test]
fn a_conflict_of_a_merge_is_the_only_finding() {
    let conflict = "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> topic\nc: {\n";
    assert_eq!(
        found(conflict),
        ["conflict-markers: there is a conflict of a merge that was not resolved: \
             2:1 `<<<<<<< HEAD` from here to the next mark is one side; \
             4:1 `=======` and from here the other; 6:1 `>>>>>>> topic` to here"]
    );
    assert_eq!(only_code(&conflict.replace('\n', "\r\n")), "conflict-markers");
    // A text may speak of one.
    read("a: |\n  <<<<<<< HEAD\n  =======\n  >>>>>>> x\n");
    assert_eq!(only_code("a: 1\n=======\nb: 2\n"), "yaml-syntax");
}

/// What is advised about the braces of a file.
fn braces_help(path: &str, text: &str) -> String {
    let file = SourceFile::new(RepoPath::new(path).unwrap(), text.to_owned());
    let findings = parse(&Arc::new(file), Dialect::Kubectl).unwrap_err();
    findings.iter().next().unwrap().help.clone().unwrap()
}

#[test]
fn the_braces_of_a_template_are_answered_by_where_they_are() {
    for text in
        ["a: {{ .Values.image.tag }}\n", "{{- if .Values.x }}\na: {{ .Values.image.tag }}-x\n"]
    {
        let inside = braces_help("templates/web/a.yaml", text);
        assert!(inside.contains("`{{ values.") && inside.contains("`*.tera`"), "{inside}");
        let outside = braces_help("charts/web/templates/a.yaml", text);
        assert!(outside.contains("Helm") && !outside.contains("tera"), "{outside}");
    }
    for helm in
        ["a: {{ include \"x\" . }}\n", "a: {{ toYaml .Values.x | nindent 4 }}\n", "{{- end }}\n"]
    {
        let help = braces_help("qa/a.yaml", helm);
        assert!(help.contains("Helm"), "{helm}: {help}");
    }
    let other = braces_help("qa/a.yaml", "a: {{ app }}\n");
    assert!(other.contains("below `templates/`") && !other.contains("Helm"), "{other}");
    assert!(braces_help("templates/web/a.yaml", "a: {{ app }}\n").contains("`*.tera`"));
}

#[test]
fn the_whole_of_a_templates_braces_is_shown() {
    for (text, braces) in [
        ("a: {{ .Values.x }}\n", "{{ .Values.x }}"),
        ("a: x-{{ a }}\nb: {{ b }}-{{ c }}\n", "{{ b }}"),
    ] {
        let findings = parse(&file(text), Dialect::Kubectl).unwrap_err();
        assert_eq!(findings.iter().next().unwrap().location().text(), braces, "{text}");
    }
}

#[test]
fn template_braces_without_quotes_are_one_finding() {
    let expected = "key-not-text: `{{` without quotes is a map inside a map to YAML: 1:4 `{{ x }}` \
                    YAML reads these braces";
    for text in ["a: {{ x }}\n", "a: {{ x }}-y\n"] {
        assert_eq!(found(text), [expected], "{text}");
    }
}

#[test]
fn problems_of_several_documents_are_found_together() {
    let found = found("a: 1\na: 2\n---\nb: [\n---\nc: ok\n---\nd: 'x\n");
    let places: Vec<_> = found.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["duplicate-key", "yaml-syntax", "yaml-syntax"]);
    assert!(found[2].contains("8:4 `'x` opened here"), "{}", found[2]);
}

#[test]
fn what_is_emitted_is_block_style_as_kubectl_users_expect() {
    let text = "a: {b: [1, {c: d}], e: []}\nf: \"l1\\nl2\\n\"\ng: 'no'\nh: {}\ni:\n";
    let expected =
        "a:\n  b:\n  - 1\n  - c: d\n  e: []\nf: |\n  l1\n  l2\ng: \"no\"\nh: {}\ni: null\n";
    assert_eq!(emit(read(text).root()), expected);
}

#[test]
fn a_scalar_alone_is_a_document() {
    let value = read("--- |\n x\n");
    assert!(matches!(value.root().kind(), Kind::String(text) if &**text == "x\n"));
    assert_eq!(text_of(value.root()), "|\n x");
}

#[test]
fn a_file_full_of_problems_is_given_up_after_a_hundred() {
    for text in ["a: 1\n".repeat(100_000), "---\n]\n".repeat(100_000)] {
        let findings = parse(&file(&text), Dialect::Kubectl).unwrap_err();
        assert_eq!(findings.len(), 101);
    }
}

#[test]
fn each_key_of_a_long_map_is_found_also_by_an_alias_a_merge_and_after_a_change() {
    let keys = || (0..40).rev().map(|number| format!("k{number}"));
    let long = keys().map(|key| format!("  {key}: {key}\n")).collect::<Vec<_>>().concat();
    let text = format!("a: &a\n{long}b: *a\nc:\n  <<: *a\n  k7: own\n");
    let mut value = read(&text);
    let check = |value: &Value| {
        for map in ["a", "b", "c"].map(|map| value.root().get(map).unwrap()) {
            for key in keys() {
                let first = map.entries().find(|(other, _)| other.text() == key);
                let found = map.entry(&key);
                assert_eq!(
                    found.map(|(key, node)| (key.text(), node.id())),
                    first.map(|(key, node)| (key.text(), node.id())),
                );
                assert!(found.is_some(), "{key}");
            }
            assert!(map.get("k40").is_none());
        }
    };
    check(&value);
    let (map, other) = (value.root().get("a").unwrap().id(), value.root().get("c").unwrap().id());
    value.remove(map, "k3");
    assert!(value.node(map).get("k3").is_none());
    assert_eq!(value.node(other).get("k7").and_then(Node::as_str), Some("own"));
    let at = value.root().location();
    value.set(map, "k3", other, &at);
    check(&value);
}
