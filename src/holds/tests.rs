use super::*;
use crate::config::{Repository, load};
use crate::diagnostic::Findings;
use crate::sites::Key;
use crate::source::{FileChanges, Memory, Tree};

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn image(tag: Option<&str>, digest: Option<&str>) -> SiteValue {
    let repository = Some("ghcr.io/shop/web".to_owned());
    SiteValue::Image(ImageParts {
        repository,
        tag: tag.map(str::to_owned),
        digest: digest.map(str::to_owned),
    })
}

#[test]
fn a_text_means_an_image_by_its_digest_where_both_have_one_else_by_its_tag() {
    let (both, tag, digest) =
        (image(Some("v1"), Some(DIGEST)), image(Some("v1"), None), image(None, Some(DIGEST)));
    for (text, matching, not) in [
        (format!("v1@{DIGEST}"), vec![&both, &tag, &digest], vec![&image(Some("v1"), Some(OTHER))]),
        (format!("v2@{DIGEST}"), vec![&both, &digest], vec![&tag]),
        ("v1".to_owned(), vec![&both, &tag], vec![&digest]),
        (":v1".to_owned(), vec![&both, &tag], vec![&image(Some("v10"), None)]),
        (DIGEST.to_owned(), vec![&both, &digest], vec![&tag]),
        (format!("@{DIGEST}"), vec![&both, &digest], vec![&tag]),
        ("ghcr.io:5000/other/web:v1".to_owned(), vec![&both, &tag], vec![&digest]),
        ("web:v1".to_owned(), vec![&both], vec![]),
        ("ghcr.io:5000/shop/web".to_owned(), vec![], vec![&both, &tag, &digest]),
        (String::new(), vec![], vec![&image(None, None), &both]),
    ] {
        for value in matching {
            assert!(is_text_of(&text, value), "{text} is {value:?}");
        }
        for value in not {
            assert!(!is_text_of(&text, value), "{text} is not {value:?}");
        }
    }
}

#[test]
fn a_value_is_the_same_however_it_is_written() {
    let value = SiteValue::Value("a: 1\nb: [x]\n".to_owned());
    assert!(is_text_of("{b: ['x'], a: 1}", &value));
    assert!(!is_text_of("{b: ['x'], a: 2}", &value));
    assert!(is_text_of("true", &SiteValue::Value("true\n".to_owned())));
    assert!(!is_text_of("\"true\"", &SiteValue::Value("true\n".to_owned())));
    assert!(is_text_of("1a2b3c", &SiteValue::Revision(crate::sites::RevisionParts::new("1a2b3c"))));
}

#[test]
fn what_is_written_of_a_state_is_found_in_it_again() {
    for value in [
        image(Some("v1"), Some(DIGEST)),
        image(Some("v1"), None),
        image(None, Some(DIGEST)),
        SiteValue::Revision(crate::sites::RevisionParts::new("v1.4")),
        SiteValue::Value("a: |\n  x\n  y\n".to_owned()),
    ] {
        assert!(is_text_of(&text_of(&value), &value), "{}", text_of(&value));
    }
    assert_eq!(text_of(&image(Some("v1"), Some(DIGEST))), format!("v1@{DIGEST}"));
}

fn state(entries: &[(&str, &str)]) -> State {
    let entries = entries.iter();
    State::new(
        entries.map(|(key, tag)| (Key::Image((*key).to_owned()), image(Some(tag), None))).collect(),
    )
}

fn repository() -> Repository {
    let mut files = vec![(
        "rungs.yaml".to_owned(),
        "version: 1\nladder: [qa, stage, [prod/eu, prod/us]]\n".to_owned(),
    )];
    for environment in ["qa", "stage", "prod/eu", "prod/us"] {
        files.push((format!("environments/{environment}/environment.yaml"), String::new()));
    }
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    load(&Tree::new(Memory::of(files))).expect("the repository is right").repository
}

fn name(text: &str) -> EnvironmentName {
    repository().find_environment(text).unwrap().name.clone()
}

fn hold(tag: &str) -> Hold {
    Hold::of(&name("prod/eu"), "web", &state(&[("web", tag)]), "it: \"breaks\" # all", "ana")
}

const FILE: &str = ".rungs/holds/prod.eu/web.yaml";

fn tree(text: Option<&str>) -> Tree {
    Tree::new(Memory::of(text.map(|text| (FILE, text))))
}

/// The file's new text; none where the file goes.
fn text(files: Result<FileChanges, Findings>) -> Option<String> {
    let mut files = files.expect("the file can be edited").into_iter();
    let (path, bytes) = files.next().expect("the file changes");
    assert!(path.as_str() == FILE && files.next().is_none());
    bytes.map(|bytes| String::from_utf8(bytes).unwrap())
}

const TWO: &str = "\
# Ask ana before lifting.
- state: { web: v1 }   # the first
  reason: a
  by: ana
# the second
-
  state:
    web: v2
  reason: |
    b

    c
  by: bob
  until: 2026-12-31
# the end
";

fn read(text: &str) -> Vec<Hold> {
    read::own(&tree(Some(text)), &name("prod/eu"), "web").expect("the file is right").0
}

#[test]
fn a_file_says_who_holds_what_back_until_when() {
    let holds = read(TWO);
    assert_eq!(holds[0].state, BTreeMap::from([("web".to_owned(), "v1".to_owned())]));
    assert_eq!((holds[1].by.as_str(), holds[1].reason.as_str()), ("bob", "b\n\nc\n"));
    assert_eq!(holds[1].location.start().line, 7);
    let until = |text: &str| text.parse().unwrap();
    assert!(holds[1].is_in_force(until("2026-12-31T23:59:59Z")), "the last day counts");
    assert!(!holds[1].is_in_force(until("2027-01-01T00:00:00Z")));
}

#[test]
fn what_is_wrong_in_a_file_is_found() {
    for (text, code) in [
        ("- state: { web: v1 }\n  reson: a\n  by: ana\n", "unknown-key"),
        ("- state: { web: v1 }\n  by: ana\n", "missing-key"),
        ("- state: { web: 1.10 }\n  reason: a\n  by: ana\n", "unquoted-text"),
        ("- state: {}\n  reason: a\n  by: ana\n", "empty-hold"),
        ("- state: { web: v1 }\n  reason: a\n  by: ana\n  until: tomorrow\n", "invalid-time"),
        ("state: { web: v1 }\n", "wrong-type"),
        ("- state: { web: v1\n", "yaml-syntax"),
        ("[]\n---\n[]\n", "several-documents"),
    ] {
        let findings = read::own(&tree(Some(text)), &name("prod/eu"), "web").unwrap_err();
        let codes: Vec<_> = findings.iter().map(|finding| finding.code.name).collect();
        assert!(codes.contains(&code), "{text}: {codes:?}");
    }
    let misspelt = "- state: { web: v1 }\n  reson: a\n  by: ana\n";
    let findings = read::own(&tree(Some(misspelt)), &name("prod/eu"), "web").unwrap_err();
    let mut help = findings.iter().filter_map(|finding| finding.help.as_deref());
    assert!(help.any(|help| help == "did you mean `reason`?"));
}

#[test]
fn the_first_hold_makes_the_file() {
    assert_eq!(
        text(added(&tree(None), &hold("v4"))).unwrap(),
        "- state:\n    web: v4\n  reason: \"it: \\\"breaks\\\" # all\"\n  by: ana\n"
    );
}

#[test]
fn one_more_hold_leaves_every_byte_before_it() {
    for before in [
        "",
        "# nothing yet\n",
        "[]",
        "[]\n",
        "[ ]  # none\n",
        "[{state: {web: v1}, reason: a, by: ana},]\n",
        "- state: { web: v1 }\n  reason: a\n  by: ana",
        "  - state: { web: v1 }\n    reason: a\n    by: ana\n",
        "- state: { web: v1 }\r\n  reason: a\r\n  by: ana\r\n",
        "---\n- {state: {web: v1}, reason: a, by: ana}\n",
        "- state: { web: v1 }\n  by: ana\n  reason: |+\n    a\n\n",
        TWO,
    ] {
        let after = text(added(&tree(Some(before)), &hold("v4"))).unwrap();
        let kept = before.trim_end().trim_end_matches("# none").trim_end();
        let kept = kept.trim_end_matches([']', ',']).trim_end();
        assert!(after.starts_with(kept), "{before:?} became {after:?}");
        let (old, new) = (read(before), read(&after));
        assert_eq!(new.len(), old.len() + 1);
        assert!(new.last().unwrap().matches(&state(&[("web", "v4")])));
        assert_eq!(after.contains("\r\n"), before.contains("\r\n"));
        assert_eq!(after.matches('\r').count(), after.matches("\r\n").count());
    }
}

#[test]
fn what_is_held_back_already_is_not_held_back_twice() {
    let after = text(added(&tree(None), &hold("v4"))).unwrap();
    assert!(added(&tree(Some(&after)), &hold("v4")).unwrap().is_empty());
    let until = Some("2026-12-31T00:00:00Z".parse().unwrap());
    let other = Hold { until, ..hold("v4") };
    assert_eq!(added(&tree(Some(&after)), &other).unwrap().len(), 1);
}

fn lift(text: &str, reference: Option<&str>) -> Result<FileChanges, Findings> {
    let reference = reference.map(StateReference::parse);
    lifted(&tree(Some(text)), &name("prod/eu"), "web", reference.as_ref(), None)
}

#[test]
fn lifting_one_hold_takes_its_lines_and_no_others() {
    assert_eq!(
        text(lift(TWO, Some("v1"))).unwrap(),
        TWO.replace("- state: { web: v1 }   # the first\n  reason: a\n  by: ana\n", "")
    );
    let (rest, _) = TWO.split_once("-\n").unwrap();
    assert_eq!(text(lift(TWO, Some(":v2"))).unwrap(), format!("{rest}# the end\n"));
    let flow = "[{state: {web: v1}, reason: a, by: x}, {state: {web: v2}, reason: b, by: x}]\n";
    assert_eq!(text(lift(flow, Some("v1"))).unwrap(), "[{state: {web: v2}, reason: b, by: x}]\n");
    assert_eq!(text(lift(flow, Some("v2"))).unwrap(), "[{state: {web: v1}, reason: a, by: x}]\n");
}

#[test]
fn a_file_without_holds_goes() {
    assert_eq!(text(lift(TWO, None)), None);
    let one = text(added(&tree(None), &hold("v4"))).unwrap();
    assert_eq!(text(lift(&one, Some("v4"))), None);
    assert!(lifted(&tree(None), &name("prod/eu"), "web", None, None).unwrap().is_empty());
}

#[test]
fn adding_and_lifting_is_the_identity() {
    let after = text(added(&tree(Some(TWO)), &hold("v4"))).unwrap();
    assert_eq!(text(lift(&after, Some("v4"))).unwrap(), TWO);
}

#[test]
fn a_reference_that_nothing_holds_back_is_told_what_is() {
    let findings = lift(TWO, Some("v3")).unwrap_err();
    let finding = findings.iter().next().unwrap();
    assert_eq!(finding.code.name, "no-such-hold");
    assert_eq!(finding.help.as_deref(), Some("held back is `v1`, `v2`"));
}

#[test]
fn a_hold_that_others_repeat_parts_of_is_not_lifted() {
    let shared = "- state: &s { web: v1 }\n  reason: a\n  by: ana\n- state: { web: v2 }\n  \
                  reason: &r b\n  by: ana\n- state: { web: v3 }\n  reason: *r\n  by: ana\n";
    assert!(text(lift(shared, Some("v1"))).is_some());
    let findings = lift(shared, Some("v2")).unwrap_err();
    assert_eq!(findings.iter().next().unwrap().code.name, "uneditable-holds");
}

fn holds(files: &[(&str, &str)]) -> Tree {
    Tree::new(Memory::of(files.iter().copied()))
}

const ONE: &str = "- state: { web: v1 }\n  reason: a\n  by: ana\n";

#[test]
fn a_hold_counts_in_its_environment_and_in_all_above() {
    let tree = holds(&[(".rungs/holds/stage/web.yaml", ONE), (FILE, ONE)]);
    let against = |environment: &str| {
        let repository = repository();
        let all = all(&tree, &repository).unwrap();
        let environment = name(environment);
        let holds = against(&all, &repository, &environment, "web");
        holds.map(|hold| hold.environment.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(against("qa"), [""; 0]);
    assert_eq!(against("stage"), ["stage"]);
    assert_eq!(against("prod/eu"), ["stage", "prod/eu"]);
    assert_eq!(against("prod/us"), ["stage"]);
}

#[test]
fn all_holds_are_listed_from_the_lowest_rung() {
    let tree = holds(&[
        (FILE, TWO),
        (".rungs/holds/qa/web.yaml", ONE),
        (".rungs/holds/qa/cart.yaml", ONE),
    ]);
    let all = all(&tree, &repository()).unwrap();
    let listed: Vec<_> =
        all.iter().map(|hold| format!("{}/{}", hold.environment, hold.app)).collect();
    assert_eq!(listed, ["qa/cart", "qa/web", "prod/eu/web", "prod/eu/web"]);
}

#[test]
fn holds_that_nobody_reads_are_found() {
    for (path, help) in [
        (".rungs/holds/stagee/web.yaml", "did you mean `stage`?"),
        (
            ".rungs/holds/prod/eu/web.yaml",
            "the `/` of an environment's name is a `.` here: `prod.eu` or `prod.us`",
        ),
        (".rungs/holds/web.yaml", "holds stand in `.rungs/holds/<environment>/<app>.yaml`"),
        (".rungs/holds/qa/web.yml", "name the file by its app, with the extension `.yaml`"),
    ] {
        let findings = all(&holds(&[(path, ONE)]), &repository()).unwrap_err();
        let finding = findings.iter().next().unwrap();
        assert_eq!((finding.code.name, finding.help.as_deref()), ("misplaced-hold", Some(help)));
    }
}

#[test]
fn a_hold_matches_where_all_that_it_lists_is_the_same() {
    let hold = Hold::of(&name("qa"), "web", &state(&[("web", "v1"), ("db", "v2")]), "r", "b");
    assert!(hold.matches(&state(&[("web", "v1"), ("db", "v2"), ("new", "v3")])));
    assert!(!hold.matches(&state(&[("web", "v1"), ("db", "v3")])));
    assert!(!hold.matches(&state(&[("web", "v1")])));
}

#[test]
fn a_secret_that_is_promoted_is_not_written_down_again() {
    let secret = SiteValue::Value("hunter2\n".to_owned());
    let mut entries = BTreeMap::from([(Key::Value("values.db.password".to_owned()), secret)]);
    entries.insert(Key::Image("web".to_owned()), image(Some("v1"), None));
    let state = State::new(entries);
    let hold = Hold::of(&name("qa"), "web", &state, "r", "b");
    assert_eq!(hold.state.keys().collect::<Vec<_>>(), ["web"]);
    assert!(hold.matches(&state));
}

#[test]
fn an_apps_name_that_is_no_files_holds_nothing() {
    let hold = Hold { app: "../../x".to_owned(), ..hold("v1") };
    assert!(added(&tree(None), &hold).is_err());
}
