//! The tables of JSON in `docs/reference/formats.md` are what the commands print:
//! each printed key is in them, and each key in them is printed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::git::git;
use crate::support::program::{rungs, transcript};
use crate::support::repository::Remote;

/// Keys that no run of this test prints, and why.
const UNSEEN: [(&str, &str); 2] = [
    // A range is replaced only if it is named, in kinds that this repository does not have.
    ("site-value", "moving"),
    ("site-value", "repository"),
];

/// Keys with their descriptions, by the slug of the heading above them.
type Tables = BTreeMap<String, BTreeMap<String, String>>;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/formats.md");
    let page = fs::read_to_string(path).unwrap();
    page[page.find("## Data in JSON").unwrap()..].to_owned()
}

fn slug(heading: &str) -> String {
    heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-")
}

/// The tables whose first column is `key`.
fn tables(page: &str) -> Tables {
    let mut tables = Tables::new();
    let (mut heading, mut is_table) = (String::new(), false);
    for line in page.lines() {
        if line.starts_with('#') {
            heading = slug(line);
        }
        is_table = line == "| key | value |" || (is_table && line.starts_with('|'));
        let Some(row) = line.strip_prefix("| `").filter(|_| is_table) else { continue };
        let (key, text) = row.split_once("` |").unwrap();
        tables.entry(heading.clone()).or_default().insert(key.to_owned(), text.to_owned());
    }
    tables
}

/// Compares the printed output with the tables, and notes what was seen.
struct Check {
    tables: Tables,
    seen: BTreeSet<(String, String)>,
    wrong: BTreeSet<String>,
}

impl Check {
    fn object(&mut self, value: &Value, table: &str) {
        let Some(keys) = self.tables.get(table).cloned() else {
            self.wrong.insert(format!("there is no table `{table}`"));
            return;
        };
        let object = value.as_object().unwrap();
        let is_general = |key: &str| ["formatVersion", "findings", "counts"].contains(&key);
        for (key, value) in object.iter().filter(|(key, _)| !is_general(key)) {
            match keys.get(key) {
                Some(text) => self.key(table, key, value, text),
                None => drop(self.wrong.insert(format!("{table}: `{key}` is not documented"))),
            }
        }
        let missing = keys
            .iter()
            .filter(|(key, text)| !object.contains_key(*key) && !text.contains("left out"));
        let missing: Vec<_> =
            missing.map(|(key, _)| format!("{table}: `{key}` is left out")).collect();
        self.wrong.extend(missing);
    }

    fn key(&mut self, table: &str, key: &str, value: &Value, text: &str) {
        self.seen.insert((table.to_owned(), key.to_owned()));
        let below = text.split_once("](#").map(|(_, rest)| rest.split_once(')').unwrap().0);
        let mut complain = |what: &str| {
            self.wrong.insert(format!("{table}: `{key}` {what}"));
        };
        match (value, below) {
            (Value::Null, _) if !text.contains("`null`") => complain("is null"),
            (Value::Array(_), _) if !text.contains("a list of") => complain("is a list"),
            (Value::Array(items), below) => {
                for item in items {
                    match below {
                        Some(below) => self.object(item, below),
                        None if item.is_object() => {
                            self.wrong.insert(format!("{table}: `{key}` has objects"));
                        }
                        None => {}
                    }
                }
            }
            (Value::Object(entries), Some(below)) if text.contains("by key") => {
                for entry in entries.values() {
                    self.object(entry, below);
                }
            }
            (Value::Object(_), Some(below)) => self.object(value, below),
            (Value::Object(_), None) if !text.contains("by key") => complain("is an object"),
            (Value::String(word), None)
                if text.contains("one of") && !text.contains(&format!("`{word}`")) =>
            {
                complain(&format!("is `{word}`"));
            }
            _ => {}
        }
    }
}

const CONFIGURATION: &str = "\
version: 1
ladder: [qa, stage, prod]
environments:
  stage: { gates: { soak: 1d, ticket: '^REL' } }
sites:
  - { path: '{environment}/{app}.yaml', kind: yaml, fields: { tag: tag }, promote: [flags] }
  - { path: '{environment}/base/kustomization.yaml', kind: kustomize, app: base }
";

fn print_in(clone: &Path, arguments: &[&str]) -> String {
    let output = rungs(clone, arguments);
    let text = transcript(&output);
    String::from_utf8(output.stdout).unwrap_or_else(|_| panic!("{text}"))
}

fn json_in(clone: &Path, arguments: &[&str]) -> Value {
    let text = print_in(clone, &[arguments, &["--format", "json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{text}"))
}

/// A repository on which the commands are run, and what they printed.
struct Repository {
    remote: Remote,
    clone: PathBuf,
}

impl Repository {
    /// With a tag, a value and a git reference in each environment.
    fn new() -> Self {
        let mut files = BTreeMap::from([("rungs.yaml".to_owned(), CONFIGURATION.to_owned())]);
        for (environment, version) in [("qa", "v2"), ("stage", "v1"), ("prod", "v1")] {
            let flags = format!("flags: {{ beta: {} }}", version == "v2");
            files.insert(format!("{environment}/web.yaml"), format!("tag: {version}\n{flags}\n"));
            let base = format!("resources:\n- https://example.com/base?ref={version}\n");
            files.insert(format!("{environment}/base/kustomization.yaml"), base);
        }
        let remote = Remote::new(&files);
        let clone = remote.cloned("ana");
        Self { remote, clone }
    }

    fn json(&self, line: &str) -> Value {
        json_in(&self.clone, &line.split_whitespace().collect::<Vec<_>>())
    }

    fn commit(&self, path: &str, text: &str) {
        git(&self.clone, &["pull", "-q", "--ff-only"]);
        let path = self.clone.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        git(&self.clone, &["add", "-A"]);
        git(&self.clone, &["commit", "-qm", "By hand"]);
        git(&self.clone, &["push", "-q"]);
    }
}

/// Lines of a terminal, and the JSON key `what` that each leads to.
const CHANGES: [(&str, &str); 12] = [
    ("set web :v3 --env qa --sequence 7 --source-commit 4c1f0de --commit", "committed"),
    ("set web :v3 --env qa --commit", "nothing"),
    ("promote web base --to stage --commit", "stopped"),
    ("promote web base --to stage --ticket REL-7 --override soak --reason x --branch", "pushed"),
    ("promote web base --to stage --ticket REL-7 --override soak --reason x --branch", "there"),
    (
        "promote web base --to stage --from qa --ticket REL-7 --override soak --reason x \
         --replaces tag=:v1 --commit",
        "committed",
    ),
    ("rollback web --env stage --reason slow --commit", "committed"),
    ("hold set web --env prod --reason slow --until 2999-12-31 --commit", "committed"),
    ("hold lift web --env prod --reason mended --commit", "committed"),
    ("set web :v4 --env qa --commit", "committed"),
    ("promote base --to stage --dry-run", "shown"),
    ("promote web --to prod", "shown"),
];

/// Lines of a terminal that show something, with the table that says what.
const QUESTIONS: [(&str, &str); 10] = [
    ("gates web --to stage", "gates"),
    ("gates web --to stage --ticket REL-7 --override soak --reason x", "gates"),
    ("gates --base HEAD --head origin/main", "gates"),
    ("gates --replay 99y", "a-replay"),
    ("gates --replay 99y --to stage", "a-replay"),
    ("hold list", "holds"),
    ("status", "status"),
    ("status --work-tree", "status"),
    ("audit", "audit"),
    ("set --in qa/web.yaml --in stage/web.yaml --route tag=v9 --dry-run", "an-edit-of-named-files"),
];

/// Makes a change by hand, one that cannot be read, and holds with all keys that
/// a hold can have.
fn disturb(repository: &Repository) {
    repository.commit(
        ".rungs/holds/prod/web.yaml",
        "- { state: { tag: v3 }, reason: slow, by: ana, since: 2026-01-02, until: 2999-12-31 }\n",
    );
    repository.commit("stage/web.yaml", "tag: [\n");
    repository.commit("stage/web.yaml", "tag: v3\n");
    repository.commit("stage/base/kustomization.yaml", "resources: []\n");
}

fn shallow(repository: &Repository) -> PathBuf {
    let url = repository.remote.file_url();
    git(&repository.remote.path(""), &["clone", "-q", "--depth", "1", &url, "shallow"]);
    repository.remote.path("shallow")
}

fn checked() -> Check {
    let repository = Repository::new();
    let mut check =
        Check { tables: tables(&page()), seen: BTreeSet::new(), wrong: BTreeSet::new() };
    for (line, done) in CHANGES {
        let printed = repository.json(line);
        assert_eq!(printed["done"]["what"], done, "{line}: {printed:#}");
        check.object(&printed, "a-change");
    }
    disturb(&repository);
    for (line, table) in QUESTIONS {
        check.object(&repository.json(line), table);
    }
    check.object(&repository.json("set web :v5 --env qa --write"), "a-change");
    let shallow = shallow(&repository);
    check.object(&json_in(&shallow, &["status"]), "status");
    check.object(&json_in(&shallow, &["gates", "--replay", "99y"]), "a-replay");
    check
}

#[test]
fn what_is_printed_is_what_is_documented() {
    let check = checked();
    assert_eq!(check.wrong, BTreeSet::new());
    let all = check
        .tables
        .iter()
        .flat_map(|(table, keys)| keys.keys().map(move |key| (table.as_str(), key.as_str())));
    let is_seen = |(table, key): &(&str, &str)| {
        check.seen.contains(&((*table).to_owned(), (*key).to_owned()))
    };
    let unseen: Vec<_> = all.filter(|one| !is_seen(one)).collect();
    assert_eq!(unseen, UNSEEN, "keys that are documented and never come out");
}

#[test]
fn the_examples_are_what_is_documented() {
    let page = page();
    let mut check = Check { tables: tables(&page), seen: BTreeSet::new(), wrong: BTreeSet::new() };
    let (mut heading, mut rest) = (String::new(), page.as_str());
    let mut count = 0;
    while let Some((before, after)) = rest.split_once("```json\n") {
        let (example, after) = after.split_once("```").unwrap();
        if let Some(last) = before.lines().rfind(|line| line.starts_with('#')) {
            heading = slug(last);
        }
        check.object(&serde_json::from_str(example).expect(example), &heading);
        (rest, count) = (after, count + 1);
    }
    assert_eq!(check.wrong, BTreeSet::new());
    assert_eq!(count, 5);
}

/// The kinds of lines that records have, in tables and in messages.
fn kinds<'t>(lines: impl Iterator<Item = &'t str>) -> BTreeSet<&'t str> {
    let keys = lines.filter_map(|line| line.strip_prefix("Rungs-")?.split_once(':'));
    keys.map(|(key, _)| key).collect()
}

#[test]
fn the_lines_of_messages_are_those_that_are_documented() {
    let repository = Repository::new();
    for (line, _) in CHANGES {
        repository.json(line);
    }
    let messages = git(&repository.remote.bare(), &["log", "--format=%B", "main"]);
    assert!(
        messages.contains("\nHold web back from prod: tag v1, flags beta: false\n"),
        "{messages}"
    );
    assert!(messages.contains("\nLet web into prod again\n"), "{messages}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/records.md");
    let page = fs::read_to_string(path).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    assert_eq!(kinds(messages.lines()), kinds(rows));
    let example = page.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(kinds(example.lines()).is_subset(&kinds(messages.lines())));
}

#[test]
fn the_columns_are_those_that_are_documented() {
    let repository = Repository::new();
    let printed = print_in(&repository.clone, &["audit", "--format", "csv"]);
    let page = page();
    let (_, csv) = page.split_once("## Data in CSV").unwrap();
    let rows = csv.lines().skip_while(|line| !line.starts_with("| ---")).skip(1);
    let cells = rows.take_while(|line| line.starts_with('|')).map(|row| row.split('|').nth(1));
    let documented: Vec<_> = cells
        .flat_map(|cell| cell.unwrap().split(',').map(|name| name.trim_matches([' ', '`'])))
        .collect();
    assert_eq!(printed.lines().next().unwrap().split(',').collect::<Vec<_>>(), documented);
}

#[test]
fn a_promoted_value_that_looks_like_a_secret_is_masked_in_every_output() {
    let repository = Repository::new();
    let secret = "flags:\n  beta: true\n  db: { password: hunter2, name: shop }\n";
    repository.commit("qa/web.yaml", &format!("tag: v2\n{secret}"));
    let arguments = |line: &'static str| line.split_whitespace().collect::<Vec<_>>();
    for line in [
        "promote web --to stage --dry-run",
        "promote web --to stage --dry-run --format json",
        "promote web --to stage --ticket REL-7 --override soak --reason x --commit --format json",
        "rollback web --env stage --reason slow --commit --format json",
        "gates web --to stage --format json",
        "gates --replay 99y",
        "gates --replay 99y --format json",
        "gates --replay 99y --format markdown",
        "status --format json",
        "status web",
        "audit --format json",
        "audit --format csv",
        "audit",
        "hold list --format json",
    ] {
        let printed = print_in(&repository.clone, &arguments(line));
        assert!(!printed.contains("hunter2"), "{line}: {printed}");
    }
    let messages = git(&repository.remote.bare(), &["log", "--format=%B", "main"]);
    assert!(messages.contains("Rungs-Reference: flags ***"), "{messages}");
    assert!(!messages.contains("hunter2"), "{messages}");
}
