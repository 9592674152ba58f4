//! Findings as machines read them.

use std::io::Write;
use std::process::Stdio;

use rungs::diagnostic::{Finding, Findings, Format, Subject, TextStyle, render};
use rungs::source::{RepoPath, Span};
use serde_json::{Value, json};

use crate::findings::{ERROR, NOTE, WARNING, at, file, whole};
use crate::support::component::absent;
use crate::support::program::scrubbed;

fn shown(findings: &Findings, format: Format) -> String {
    render(findings, format, &TextStyle::default(), &RepoPath::root())
}

/// An error with everything that a finding may have.
fn error() -> Finding {
    let rungs = file("rungs.yaml", "version: 1\nladder: [qa, größe, stagee]\n");
    let values = file("environments/my app/values: a.yaml", "a: 1\nb: 2\n");
    Finding::new(&ERROR, "`stagee` is not an environment", at(&rungs, "stagee"))
        .because("no such directory")
        .label(at(&values, "b: 2"), "named here too")
        .help("did you mean `stage`?")
        .about(Subject::app("prod/eu", "guestbook"))
}

/// An error with two places, a warning that points at a whole file, and a note.
fn sample() -> Findings {
    let values = file("environments/my app/values: a.yaml", "a: 1\nb: 2\n");
    let error = error();
    let warning = Finding::new(&WARNING, "`schemas` does not exist", whole("schemas"));
    let note = Finding::new(&NOTE, "two lines", at(&values, "a: 1\nb"));
    [error, warning, note].into_iter().collect()
}

/// A finding with everything that could be taken for a command, in every place.
fn hostile() -> Findings {
    let evil = "a]](x) \x1b[31m\u{9b}\u{202e}\n::set-output name=x::y\r\n##[add-mask]z \
                %0A::error::%25 </failure>]]>\"&'<!-- \u{0}\u{fffe}\u{ffff} file=a,line=1::b";
    let file = file("dir,a:b\n::warning::c]](x)/%41\x1b[0m<&\">.yaml", evil);
    let all = Span::new(0, evil.len());
    let finding = Finding::new(&ERROR, evil, rungs::source::Location::new(&file, all));
    finding
        .because(evil)
        .label(at(&file, "z"), evil)
        .help(evil)
        .about(Subject::app(evil, evil))
        .into()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

#[test]
fn formats_are_named_once() {
    let names = Format::ALL.map(Format::name);
    assert_eq!(names, ["text", "json", "sarif", "junit", "github", "gitlab"]);
}

#[test]
fn json_has_everything_that_a_finding_has() {
    insta::assert_snapshot!(shown(&sample(), Format::Json), @r#"
    {
      "formatVersion": 1,
      "findings": [
        {
          "code": "some-error",
          "severity": "error",
          "message": "`stagee` is not an environment",
          "labels": [
            {
              "path": "rungs.yaml",
              "line": 2,
              "column": 21,
              "endLine": 2,
              "endColumn": 27,
              "message": "no such directory"
            },
            {
              "path": "environments/my app/values: a.yaml",
              "line": 2,
              "column": 1,
              "endLine": 2,
              "endColumn": 5,
              "message": "named here too"
            }
          ],
          "help": "did you mean `stage`?",
          "subject": {
            "environment": "prod/eu",
            "app": "guestbook"
          }
        },
        {
          "code": "some-warning",
          "severity": "warning",
          "message": "`schemas` does not exist",
          "labels": [
            {
              "path": "schemas",
              "message": ""
            }
          ]
        },
        {
          "code": "some-note",
          "severity": "note",
          "message": "two lines",
          "labels": [
            {
              "path": "environments/my app/values: a.yaml",
              "line": 1,
              "column": 1,
              "endLine": 2,
              "endColumn": 2,
              "message": ""
            }
          ]
        }
      ],
      "counts": {
        "errors": 1,
        "warnings": 1,
        "notes": 1
      }
    }
    "#);
}

/// The only run of a SARIF report about [`error`].
fn sarif_run() -> Value {
    let mut report = json(&shown(&error().into(), Format::Sarif));
    assert_eq!(report["runs"].as_array().unwrap().len(), 1);
    report["runs"][0].take()
}

#[test]
fn sarif_names_its_version_and_schema() {
    let report = json(&shown(&error().into(), Format::Sarif));
    assert_eq!(report["version"], "2.1.0");
    let schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
    assert_eq!(report["$schema"], schema);
    let keys: Vec<_> = report.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["$schema", "version", "runs"]);
}

#[test]
fn sarif_names_the_tool_and_counts_columns_in_characters() {
    let run = sarif_run();
    assert_eq!(run["tool"]["driver"]["name"], "rungs");
    assert_eq!(run["tool"]["driver"]["semanticVersion"], env!("CARGO_PKG_VERSION"));
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let root = json!({ "%SRCROOT%": { "description": { "text": "The root of the repository." } } });
    assert_eq!(run["originalUriBaseIds"], root);
    let keys: Vec<_> = run.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["tool", "originalUriBaseIds", "columnKind", "results"]);
}

#[test]
fn a_sarif_rule_has_the_codes_page_as_help() {
    let expected = json!([{
        "id": "some-error",
        "shortDescription": { "text": "Something is wrong." },
        "fullDescription": { "text": "Something is wrong." },
        "help": {
            "text": "It matters, see the guide (https://example.com).\n\n    a: 1      # wrong",
            "markdown": "It matters, see [the guide](https://example.com).\n\n\
                         ```yaml\na: 1      # wrong\n```",
        },
        "defaultConfiguration": { "level": "error" },
        "properties": { "tags": ["input"], "problem.severity": "error" },
    }]);
    assert_eq!(sarif_run()["tool"]["driver"]["rules"], expected);
}

/// The only result of [`sarif_run`].
fn sarif_result() -> Value {
    let mut run = sarif_run();
    assert_eq!(run["results"].as_array().unwrap().len(), 1);
    run["results"][0].take()
}

#[test]
fn a_sarif_result_has_the_rule_the_message_and_the_subject() {
    let mut result = sarif_result();
    for places in ["locations", "relatedLocations"] {
        result.as_object_mut().unwrap().remove(places).unwrap();
    }
    let expected = json!({
        "ruleId": "some-error",
        "ruleIndex": 0,
        "level": "error",
        "message": {
            "text": "`stagee` is not an environment (no such directory)\nhelp: did you mean `stage`?",
        },
        "partialFingerprints": {
            "rungs/v1": "0517dafd4c089b1e5e2c19d906b867735113be5afb95ca61acd99261d6f2d30e",
        },
        "properties": { "subject": { "environment": "prod/eu", "app": "guestbook" } },
    });
    assert_eq!(result, expected);
}

#[test]
fn a_sarif_result_has_its_first_place_as_location() {
    let expected = json!([{
        "physicalLocation": {
            "artifactLocation": { "uri": "rungs.yaml", "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": 2, "startColumn": 21, "endLine": 2, "endColumn": 27 },
        },
    }]);
    assert_eq!(sarif_result()["locations"], expected);
}

#[test]
fn a_sarif_result_has_its_other_places_as_related_locations() {
    let expected = json!([{
        "physicalLocation": {
            "artifactLocation": {
                "uri": "environments/my%20app/values%3A%20a.yaml",
                "uriBaseId": "%SRCROOT%",
            },
            "region": { "startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 5 },
        },
        "id": 1,
        "message": { "text": "named here too" },
    }]);
    assert_eq!(sarif_result()["relatedLocations"], expected);
}

#[test]
fn junit_has_a_suite_for_each_file_and_fails_for_errors_only() {
    insta::assert_snapshot!(shown(&sample(), Format::Junit), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="rungs" tests="3" failures="1" errors="0">
      <testsuite name="rungs.yaml" tests="1" failures="1" errors="0">
        <testcase classname="rungs.yaml" name="some-error: `stagee` is not an environment" file="rungs.yaml" line="2">
          <failure type="some-error" message="guestbook in prod/eu: `stagee` is not an environment (no such directory)">`stagee` is not an environment
    rungs.yaml:2:21: no such directory
    environments/my app/values: a.yaml:2:1: named here too
    help: did you mean `stage`?</failure>
        </testcase>
      </testsuite>
      <testsuite name="schemas" tests="1" failures="0" errors="0">
        <testcase classname="schemas" name="some-warning: `schemas` does not exist" file="schemas">
          <system-out>warning: `schemas` does not exist
    schemas</system-out>
        </testcase>
      </testsuite>
      <testsuite name="environments/my app/values: a.yaml" tests="1" failures="0" errors="0">
        <testcase classname="environments/my app/values: a.yaml" name="some-note: two lines" file="environments/my app/values: a.yaml" line="1">
          <system-out>note: two lines
    environments/my app/values: a.yaml:1:1</system-out>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn github_gets_one_command_for_each_finding() {
    insta::assert_snapshot!(shown(&sample(), Format::Github), @r"
    ::error file=rungs.yaml,line=2,endLine=2,col=21,endColumn=27,title=some-error (guestbook in prod/eu)::`stagee` is not an environment%0Arungs.yaml:2:21: no such directory%0Aenvironments/my app/values: a.yaml:2:1: named here too%0Ahelp: did you mean `stage`?
    ::warning file=schemas,title=some-warning::`schemas` does not exist%0Aschemas
    ::notice file=environments/my app/values%3A a.yaml,line=1,endLine=2,title=some-note::two lines%0Aenvironments/my app/values: a.yaml:1:1
    ");
}

#[test]
fn gitlab_gets_one_issue_for_each_finding() {
    insta::assert_snapshot!(shown(&sample(), Format::Gitlab), @r#"
    [
      {
        "check_name": "some-error",
        "description": "guestbook in prod/eu: `stagee` is not an environment (no such directory)",
        "severity": "major",
        "fingerprint": "0517dafd4c089b1e5e2c19d906b867735113be5afb95ca61acd99261d6f2d30e",
        "location": {
          "path": "rungs.yaml",
          "lines": {
            "begin": 2,
            "end": 2
          }
        }
      },
      {
        "check_name": "some-warning",
        "description": "`schemas` does not exist",
        "severity": "minor",
        "fingerprint": "a5e66fe115070e38b54575671cf24793cf6c705e06d3e432c409a53569214e70",
        "location": {
          "path": "schemas",
          "lines": {
            "begin": 1,
            "end": 1
          }
        }
      },
      {
        "check_name": "some-note",
        "description": "two lines",
        "severity": "info",
        "fingerprint": "6e55e0a295d414c1608f15af5ca8126886d69f4d8a5fd4ccc316ae6b928fed40",
        "location": {
          "path": "environments/my app/values: a.yaml",
          "lines": {
            "begin": 1,
            "end": 2
          }
        }
      }
    ]
    "#);
}

#[test]
fn ci_systems_get_paths_from_the_clones_root_and_people_the_repositorys() {
    let deploy = RepoPath::new("teams/deploy").unwrap();
    let findings = Findings::from(error());
    for format in Format::ALL {
        let report = render(&findings, format, &TextStyle::default(), &deploy);
        for path in ["rungs.yaml", "environments/my"] {
            let in_clone = report.matches(&format!("teams/deploy/{path}")).count();
            let expected = match format {
                Format::Text | Format::Json => 0,
                _ => report.matches(path).count(),
            };
            assert_eq!(in_clone, expected, "{format}:\n{report}");
        }
        assert!(report.contains("rungs.yaml"), "{format}:\n{report}");
    }
}

#[test]
fn many_findings_of_a_large_file_are_reported_at_once_in_every_format() {
    let item = "token: hunter2hunter2, größe: 1, ";
    let text = format!("{{{}}}", item.repeat((4 << 20) / item.len() - 1));
    let file = file("large.yaml", &text);
    let places: Vec<usize> = text.match_indices("hunter2hunter2").map(|(at, _)| at).collect();
    let spans = places.iter().step_by(places.len() / 10_000).map(|&at| Span::new(at, at + 14));
    let findings = spans.take(10_000).map(|span| {
        file.mark_secret(span);
        let location = rungs::source::Location::new(&file, span);
        Finding::new(&WARNING, "`hunter2hunter2` is not a token", location)
    });
    let mut findings: Findings = findings.collect();
    findings.push(Finding::new(&ERROR, "the last and worst", at(&file, "größe")));
    for format in Format::ALL {
        // Reading the whole file, or the whole line, for each finding would take minutes.
        let report = shown(&findings, format);
        assert!(report.contains("the last and worst"), "{format}");
        let mentions = report.matches("is not a token").count();
        if format == Format::Text {
            assert_eq!(mentions, 99);
            let end = "9901 more in large.yaml are not shown; --format json has them all\n\
                       1 error, 10000 warnings\n";
            assert!(report.ends_with(end), "{}", &report[report.len() - 200..]);
        } else {
            assert!(mentions >= 10_000, "{format} says {mentions}");
        }
    }
}

#[test]
fn nothing_found_is_a_valid_report() {
    let none = Findings::new();
    assert_eq!(json(&shown(&none, Format::Json))["findings"], Value::Array(Vec::new()));
    assert_eq!(json(&shown(&none, Format::Sarif))["runs"][0]["results"], Value::Array(Vec::new()));
    assert_eq!(shown(&none, Format::Gitlab), "[]\n");
    assert_eq!(shown(&none, Format::Github), "");
    insta::assert_snapshot!(shown(&none, Format::Junit), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="rungs" tests="1" failures="0" errors="0">
      <testsuite name="rungs" tests="1" failures="0" errors="0">
        <testcase classname="rungs" name="nothing found"/>
      </testsuite>
    </testsuites>
    "#);
}

/// Checks the rules of the schema and of the standard's text that could be broken here.
fn check_sarif(text: &str) {
    let log = json(text);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[text]["text"].as_str().unwrap().is_empty());
        }
    }
    for result in run["results"].as_array().unwrap() {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let related = result["relatedLocations"].as_array().cloned().unwrap_or_default();
        for location in result["locations"].as_array().unwrap().iter().chain(&related) {
            check_sarif_place(&location["physicalLocation"]);
        }
    }
}

fn check_sarif_place(place: &Value) {
    assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    let uri = place["artifactLocation"]["uri"].as_str().unwrap();
    assert!(!uri.is_empty() && !uri.starts_with('/'), "{uri}");
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~/%".contains(c);
    assert!(uri.chars().all(allowed), "{uri}");
    if let Some(region) = place.get("region") {
        let number = |key: &str| region[key].as_u64().unwrap();
        assert!(number("startLine") >= 1 && number("startColumn") >= 1);
        let start = (number("startLine"), number("startColumn"));
        assert!(start <= (number("endLine"), number("endColumn")));
    }
}

#[test]
fn sarif_keeps_the_standards_rules() {
    check_sarif(&shown(&sample(), Format::Sarif));
    check_sarif(&shown(&hostile(), Format::Sarif));
}

#[test]
fn a_name_makes_no_link_in_sarif() {
    let log = json(&shown(&hostile(), Format::Sarif));
    let result = &log["runs"][0]["results"][0];
    for message in [&result["message"], &result["relatedLocations"][0]["message"]] {
        assert!(!message["text"].as_str().unwrap().contains("]("));
    }
}

/// The document as Python parses it; `None` if there is no Python.
fn parse_xml(text: &str) -> Option<Value> {
    let program = "import sys, json, xml.etree.ElementTree as e\n\
        def tree(n): return [n.tag, n.attrib, n.text, [tree(c) for c in n]]\n\
        json.dump(tree(e.fromstring(sys.stdin.buffer.read())), sys.stdout)";
    let python = scrubbed("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut python) = python else {
        absent("python3 is not there to parse XML with");
        return None;
    };
    python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "no XML:\n{text}");
    Some(json(&String::from_utf8(output.stdout).unwrap()))
}

#[test]
fn junit_is_well_formed_xml_whatever_it_says() {
    parse_xml(&shown(&Findings::new(), Format::Junit));
    let Some(sample) = parse_xml(&shown(&sample(), Format::Junit)) else { return };
    assert_eq!(sample[3].as_array().unwrap().len(), 3, "three files");
    let hostile = parse_xml(&shown(&hostile(), Format::Junit)).unwrap();
    let case = &hostile[3][0][3][0];
    assert_eq!(case[0], "testcase");
    assert_eq!(case[3].as_array().unwrap().len(), 1, "nothing but the failure");
    assert!(case[3][0][2].as_str().unwrap().contains("</failure>]]>\"&'<!--"));
}

#[test]
fn equal_problems_of_a_file_are_different_cases() {
    let file = file("a.yaml", "x: 1\ny: 2\n");
    let of = |needle| Finding::new(&ERROR, "wrong", at(&file, needle));
    let report = shown(&[of("x"), of("y")].into_iter().collect(), Format::Junit);
    assert!(report.contains("name=\"some-error: wrong\""), "{report}");
    assert!(report.contains("name=\"some-error: wrong (2)\""), "{report}");
}

/// The command that GitHub's runner sees in a line, in either of the two forms that
/// it knows.
fn github_command(line: &str) -> Option<&str> {
    let modern = line.trim_start().strip_prefix("::").and_then(|rest| rest.split_once("::"));
    let legacy = line.split_once("##[").and_then(|(_, rest)| rest.split_once(']'));
    let command = modern.or(legacy)?.0;
    command.split(' ').next()
}

#[test]
fn no_format_lets_a_name_give_commands_to_a_runner_or_a_terminal() {
    for format in Format::ALL {
        let report = shown(&hostile(), format);
        let commands: Vec<&str> = report.lines().filter_map(github_command).collect();
        let expected: &[&str] = if format == Format::Github { &["error"] } else { &[] };
        assert_eq!(commands, expected, "{format:?}:\n{report}");
        let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!report.contains(raw), "{format:?}:\n{report:?}");
    }
}

#[test]
fn the_properties_of_a_github_command_survive_escaping() {
    let report = shown(&hostile(), Format::Github);
    let (_, rest) = report.trim_end().split_once("::error ").unwrap();
    let (properties, _) = rest.split_once("::").unwrap();
    let keys: Vec<&str> =
        properties.split(',').map(|property| property.split_once('=').unwrap().0).collect();
    assert_eq!(keys, ["file", "line", "endLine", "title"]);
}

#[test]
fn gitlab_fingerprints_do_not_change_when_lines_move_and_differ_otherwise() {
    let prints = |text: &str| -> Vec<String> {
        let file = file("a.yaml", text);
        let findings = [
            Finding::new(&ERROR, "wrong", at(&file, "x")),
            Finding::new(&ERROR, "wrong", at(&file, "y")),
            Finding::new(&ERROR, "other", at(&file, "x")),
            Finding::new(&WARNING, "wrong", at(&file, "x")),
        ];
        let report = json(&shown(&findings.into_iter().collect(), Format::Gitlab));
        let issues = report.as_array().unwrap().iter();
        issues.map(|issue| issue["fingerprint"].as_str().unwrap().to_owned()).collect()
    };
    let before = prints("x: 1\ny: 2\n");
    assert_eq!(before, prints("# moved\n\n\nx: 1\n\ny: 2\n"));
    let mut distinct = before.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), before.len());
}

#[test]
fn no_format_shows_a_secret_wherever_it_is_in_a_finding() {
    let values = file(
        "values.yaml",
        "token: \"hunter2hunter2\"\nkey: |\n  first-line-of-key\n  second-line-of-key\nuser: me\n",
    );
    for needle in ["\"hunter2hunter2\"", "first-line-of-key\n  second-line-of-key"] {
        values.mark_secret(at(&values, needle).span());
    }
    let other = file("templates/a.yaml", "a: {{ values.token }}\n");
    let says = "got hunter2hunter2 and first-line-of-key\nsecond-line-of-key";
    let findings: Findings = [
        Finding::new(&ERROR, says, at(&values, "token"))
            .because(says)
            .help(says)
            .about(Subject::app(says, says)),
        Finding::new(&ERROR, says, at(&other, "values")).label(at(&values, "key"), says),
    ]
    .into_iter()
    .collect();
    for format in Format::ALL {
        let report = shown(&findings, format);
        for secret in ["hunter2", "first-line", "second-line"] {
            assert!(!report.contains(secret), "{format:?} says a secret:\n{report}");
        }
        assert!(report.contains("***"), "{format:?}:\n{report}");
    }
}
