//! Findings as a person sees them.

use std::sync::Arc;

use proptest::prelude::*;
use rungs::diagnostic::{Finding, Findings, Format, Subject, TextStyle, render};
use rungs::source::{Location, RepoPath, SourceFile, Span};

use crate::findings::{ERROR, NOTE, WARNING, at, file, whole};

const LADDER: &str = "version: 1\nladder: [qa, stagee]\noutput: rendered\n";

fn text(findings: impl Into<Findings>) -> String {
    render(&findings.into(), Format::Text, &TextStyle::default(), &RepoPath::root())
}

fn ascii(findings: impl Into<Findings>) -> String {
    render(
        &findings.into(),
        Format::Text,
        &TextStyle { unicode: false, ..TextStyle::default() },
        &RepoPath::root(),
    )
}

fn many(findings: impl IntoIterator<Item = Finding>) -> Findings {
    findings.into_iter().collect()
}

#[test]
fn a_finding_shows_its_lines_the_reason_and_what_to_do() {
    let file = file("rungs.yaml", LADDER);
    let finding = Finding::new(&ERROR, "`stagee` is not an environment", at(&file, "stagee"))
        .because("no such directory")
        .help("did you mean `stage`?");
    insta::assert_snapshot!(text(finding), @r"
    error[some-error]

      × `stagee` is not an environment
       ╭─[rungs.yaml:2:14]
     1 │ version: 1
     2 │ ladder: [qa, stagee]
       ·              ───┬──
       ·                 ╰── no such directory
     3 │ output: rendered
       ╰────
      help: did you mean `stage`?

    1 error
    ");
}

#[test]
fn a_finding_may_point_into_several_files_and_at_a_missing_one() {
    let rungs = file("rungs.yaml", LADDER);
    let values =
        file("templates/web/values.yaml", "a: 1\nb:\n  c: 2\nd: 3\n\nf: 5\ng: 6\nh: 7\ni: 8\n");
    let finding = Finding::new(&WARNING, "two places disagree", at(&values, "c: 2"))
        .because("says 2")
        .label(at(&rungs, "rendered"), "says nothing")
        .label(at(&values, "i: 8"), "says 8")
        .label(whole("templates/web/schema.json"), "should be here")
        .about(Subject::app("prod/eu", "guestbook"));
    insta::assert_snapshot!(text(finding), @r"
    warning[some-warning] (guestbook in prod/eu)

      ⚠ two places disagree
      ╰─▶ templates/web/schema.json: should be here
       ╭─[templates/web/values.yaml:3:3]
     2 │ b:
     3 │   c: 2
       ·   ──┬─
       ·     ╰── says 2
     4 │ d: 3
       ╰────
       ╭─[templates/web/values.yaml:9:1]
     8 │ h: 7
     9 │ i: 8
       · ──┬─
       ·   ╰── says 8
       ╰────
       ╭─[rungs.yaml:3:9]
     2 │ ladder: [qa, stagee]
     3 │ output: rendered
       ·         ────┬───
       ·             ╰── says nothing
       ╰────

    1 warning
    ");
}

#[test]
fn a_file_that_has_no_text_shows_just_its_path() {
    let finding = Finding::new(&ERROR, "`templates/web` does not exist", whole("templates/web"));
    insta::assert_snapshot!(text(finding), @r"
    error[some-error]

      × `templates/web` does not exist
      ╰─▶ templates/web

    1 error
    ");
}

#[test]
fn a_commits_file_is_named_as_git_names_it() {
    let path = RepoPath::new("rungs.yaml").unwrap();
    let file = SourceFile::new(path, LADDER.to_owned())
        .at(Some("1a2b3c4d5e6f708192a3b4c5d6e7f80912345678".to_owned()));
    let shown = text(Finding::new(&ERROR, "wrong", at(&Arc::new(file), "qa")));
    assert!(shown.contains("[1a2b3c4:rungs.yaml:2:10]"), "{shown}");
}

#[test]
fn the_last_line_counts_what_was_found() {
    let file = file("rungs.yaml", LADDER);
    let of = |code| Finding::new(code, "wrong", at(&file, "qa"));
    let shown = text(many([of(&ERROR), of(&ERROR), of(&WARNING), of(&NOTE)]));
    assert_eq!(shown.lines().last(), Some("2 errors, 1 warning, 1 note"));
    assert_eq!(text(Findings::new()), "");
}

#[test]
fn tabs_carriage_returns_and_byte_order_marks_do_not_move_the_underline() {
    let file = file("a.yaml", "\u{feff}version: 1\r\nname:\t\tweb\u{a0}app # größe\r\nlast: x");
    let findings = many([
        Finding::new(&ERROR, "the mark is not a column", at(&file, "version")).because("here"),
        Finding::new(&ERROR, "tabs have a width", at(&file, "web\u{a0}app")).because("here"),
        Finding::new(&ERROR, "no line break at the end", at(&file, "x")).because("here"),
    ]);
    insta::assert_snapshot!(text(findings), @r"
    error[some-error]

      × the mark is not a column
       ╭─[a.yaml:1:1]
     1 │ version: 1
       · ───┬───
       ·    ╰── here
     2 │ name:       web\u{a0}app # größe
       ╰────

    error[some-error]

      × tabs have a width
       ╭─[a.yaml:2:8]
     1 │ version: 1
     2 │ name:       web\u{a0}app # größe
       ·             ──────┬─────
       ·                   ╰── here
     3 │ last: x
       ╰────

    error[some-error]

      × no line break at the end
       ╭─[a.yaml:3:7]
     2 │ name:       web\u{a0}app # größe
     3 │ last: x
       ·       ┬
       ·       ╰── here
       ╰────

    3 errors
    ");
}

#[test]
fn a_very_long_line_is_cut_around_the_span() {
    let line = (0..200).map(|n| format!("key{n}: value{n}")).collect::<Vec<_>>().join(", ");
    let file = file("long.yaml", &format!("before: {}\nmap: {{{line}}}\n", "x".repeat(500)));
    let finding = Finding::new(&ERROR, "listed twice", at(&file, "key150")).because("again");
    let finding = finding.label(at(&file, "key20:"), "first");
    let shown = text(finding);
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    insta::assert_snapshot!(shown, @r"
    error[some-error]

      × listed twice
       ╭─[long.yaml:2:2487]
     1 │ before: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
     2 │ …ey19: value19, key20: value20, key21: value2…149: value149, key150: value150, key151: val…
       ·                 ───┬──                                       ───┬──
       ·                    │                                            ╰── again
       ·                    ╰── first
       ╰────

    1 error
    ");
}

#[test]
fn a_span_of_many_lines_is_shown_by_its_first() {
    let body = "  key: 1\n".repeat(50);
    let file = file("map.yaml", &format!("values:\n{body}end: 1\n"));
    let text_end = file.text().find("end").unwrap();
    let location = Location::new(&file, Span::new(0, text_end));
    insta::assert_snapshot!(text(Finding::new(&ERROR, "too much", location).because("all of it")), @r"
    error[some-error]

      × too much
       ╭─[map.yaml:1:1]
     1 │ values:
       · ───┬───
       ·    ╰── all of it
     2 │   key: 1
       ╰────

    1 error
    ");
}

#[test]
fn a_span_of_a_few_lines_is_shown_whole() {
    let file = file("map.yaml", "a: 1\nvalues:\n  b: 2\n  c: 3\nend: 1\n");
    let location = Location::new(&file, Span::new(5, file.text().find("end").unwrap()));
    insta::assert_snapshot!(text(Finding::new(&ERROR, "too much", location).because("all of it")), @r"
    error[some-error]

      × too much
       ╭─[map.yaml:2:1]
     1 │     a: 1
     2 │ ╭─▶ values:
     3 │ │     b: 2
     4 │ ├─▶   c: 3
       · ╰──── all of it
     5 │     end: 1
       ╰────

    1 error
    ");
}

#[test]
fn an_empty_span_points_between_characters_even_after_the_last_line() {
    let file = file("a.yaml", "a: 1\n");
    let end = Location::new(&file, Span::new(5, 5));
    insta::assert_snapshot!(text(Finding::new(&ERROR, "it ends here", end).because("missing")), @r"
    error[some-error]

      × it ends here
       ╭─[a.yaml:2:1]
     1 │ a: 1
     2 │
       · ▲
       · ╰── missing
       ╰────

    1 error
    ");
}

#[test]
fn long_messages_and_help_are_wrapped_at_spaces() {
    let long = "`environments/prod/eu/guestbook.yaml` names the template `guestbook-frontend`, \
                which is not there, and neither is any template whose name is like it";
    let finding = Finding::new(&ERROR, long, whole("a.yaml")).help(long);
    let style = TextStyle { width: 60, ..TextStyle::default() };
    let shown = render(&finding.into(), Format::Text, &style, &RepoPath::root());
    assert!(shown.lines().all(|line| line.chars().count() <= 60), "{shown}");
    insta::assert_snapshot!(shown, @r"
    error[some-error]

      × `environments/prod/eu/guestbook.yaml` names the template
      │ `guestbook-frontend`, which is not there, and neither is
      │ any template whose name is like it
      ╰─▶ a.yaml
      help: `environments/prod/eu/guestbook.yaml` names the
            template `guestbook-frontend`, which is not there,
            and neither is any template whose name is like it

    1 error
    ");
}

#[test]
fn ascii_style_writes_nothing_but_ascii() {
    let file = file("größe.yaml", "größe: 名前\n");
    let finding = Finding::new(&ERROR, "`größe` is unknown", at(&file, "größe")).because("→");
    let shown = ascii(
        finding.about(Subject { environment: "café".into(), app: None }).help("dasselbe ohne ö"),
    );
    assert!(shown.is_ascii(), "{shown}");
    insta::assert_snapshot!(shown, @r"
    error[some-error] (caf\u{e9})

      x `gr\u{f6}\u{df}e` is unknown
       ,-[gr\u{f6}\u{df}e.yaml:1:1]
     1 | gr\u{f6}\u{df}e: \u{540d}\u{524d}
       : ^^^^^^^|^^^^^^^
       :        `-- \u{2192}
       `----
      help: dasselbe ohne \u{f6}

    1 error
    ");
}

#[test]
fn colours_are_the_only_escapes() {
    let file = file("a.yaml", "a: \x1b[2J\n");
    let finding = Finding::new(&ERROR, "\x1b]0;title\x07", at(&file, "a")).because("\x1b[1A");
    let style = TextStyle { colour: true, ..TextStyle::default() };
    let shown = render(&finding.into(), Format::Text, &style, &RepoPath::root());
    let colour = regex::Regex::new("\x1b\\[[0-9;]*m").unwrap();
    assert!(colour.is_match(&shown));
    assert!(!colour.replace_all(&shown, "").contains('\x1b'), "{shown:?}");
}

#[test]
fn hostile_text_is_escaped_for_the_terminal() {
    let file = file("a\x1b[31m.yaml", "a: \x1b[2J\u{202e}x\u{9b}\rb ##[add-mask]q\n::error::z\n");
    let finding = Finding::new(&ERROR, "bad\nname `\x07`", at(&file, "\u{202e}x"))
        .because("a\nb")
        .about(Subject::app("prod\x1b[0m", "a"))
        .help("first\n::stop-commands::x\n  ::error::y\nlast");
    let shown = text(finding);
    assert!(!shown.lines().any(|line| line.trim_start().starts_with("::")), "{shown}");
    insta::assert_snapshot!(shown, @r"
    error[some-error] (a in prod\u{1b}[0m)

      × bad\nname `\u{7}`
       ╭─[a\u{1b}[31m.yaml:1:8]
     1 │ a: \u{1b}[2J\u{202e}x\u{9b}\rb ##\u{5b}add-mask]q
       ·             ────┬────
       ·                 ╰── a\nb
     2 │ ::error::z
       ╰────
      help: first
            \u{3a}:stop-commands::x
              \u{3a}:error::y
            last

    1 error
    ");
}

/// Text with everything that has surprised a renderer.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,12}",
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\r".to_owned()),
        Just("\t".to_owned()),
        Just("\x1b[2J".to_owned()),
        Just("::error::".to_owned()),
        Just("##[error]".to_owned()),
        Just("\u{feff}\u{202e}\u{9b}\u{85}\u{2028}".to_owned()),
        Just("größe名前👩‍🚀\u{301}".to_owned()),
        Just("x".repeat(700)),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_and_no_span_breaks_the_drawing(
        first in hostile(),
        second in hostile(),
        words in hostile(),
        spans in proptest::collection::vec((any::<bool>(), 0usize..3000, 0usize..900), 1..5),
        width in 0usize..200,
        unicode: bool,
    ) {
        let files = [file("a.yaml", &first), file("b.yaml", &second)];
        let mut finding: Option<Finding> = None;
        for (which, start, length) in spans {
            let file = &files[usize::from(which)];
            let at = Location::new(file, Span::new(start, start + length));
            finding = Some(match finding {
                None => Finding::new(&ERROR, words.clone(), at).because(words.clone()),
                Some(finding) => finding.label(at, words.clone()),
            });
        }
        let finding = finding.unwrap().help(words.clone()).about(Subject::app(words.clone(), words.clone()));
        let shown = render(&finding.into(), Format::Text, &TextStyle { colour: false, unicode, width }, &RepoPath::root());
        prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
        prop_assert!(!shown.contains("##["), "{shown}");
        prop_assert!(shown.lines().all(|line| !line.trim_start().starts_with("::")), "{shown}");
        prop_assert!(unicode || shown.is_ascii(), "{shown}");
    }
}
