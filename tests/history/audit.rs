//! What an audit and the history of a branch say, on real clones.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use rungs::config::{EnvironmentName, load};
use rungs::git::{LocalClone, Log};
use rungs::history::{AskedApps, BranchHistory, Commits, History, Since};
use rungs::sites::{Model, ModelScope, SiteValue, State};
use serde_json::Value;

use crate::support::git::command;
use crate::support::program::rungs;

const CONFIGURATION: &str = "\
version: 1
ladder: [qa, prod]
sites:
  - path: '{environment}/{app}.yaml'
    kind: yaml
    fields: { tag: tag }
";

/// A clone whose clock the test sets: each commit is a minute after the one
/// before, unless the test says otherwise.
struct Made {
    directory: tempfile::TempDir,
    minute: i64,
}

const NATIVE: &str = "version: 1\nladder: [qa, prod]\n";

const START: i64 = 1_700_000_000;

impl Made {
    fn new() -> Self {
        let mut made =
            Self { directory: crate::support::directory::temporary().unwrap(), minute: 0 };
        made.git(&["init", "-q", "-b", "main"]);
        made.write("rungs.yaml", CONFIGURATION);
        made.write("qa/web.yaml", "tag: v1\n");
        made.write("prod/web.yaml", "tag: v0\n");
        made.commit("begin");
        made
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let time = format!("@{} +0000", START + 60 * self.minute);
        command(self.path())
            .args(["-c", "merge.ff=true"])
            .args(arguments)
            .envs([("GIT_AUTHOR_NAME", "ana"), ("GIT_AUTHOR_EMAIL", "ana@example.com")])
            .envs([("GIT_COMMITTER_NAME", "bo"), ("GIT_COMMITTER_EMAIL", "bo@example.com")])
            .envs([("GIT_AUTHOR_DATE", &time), ("GIT_COMMITTER_DATE", &time)])
            .output()
            .unwrap()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&mut self, message: &str) -> String {
        self.minute += 1;
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// A commit on a branch of its own that promotes what qa says at `source`.
    fn promotion(&mut self, source: &str) {
        self.git(&["switch", "-q", "-c", "rungs/prod/web"]);
        self.write("prod/web.yaml", "tag: v1\n");
        self.commit(&message(source));
        self.git(&["switch", "-q", "main"]);
    }

    fn rungs(&self, arguments: &[&str]) -> Output {
        rungs(self.path(), arguments)
    }

    fn printed(&self, arguments: &[&str]) -> String {
        let output = self.rungs(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn entries(&self, arguments: &[&str]) -> Vec<Value> {
        let arguments = [&["audit", "--format", "json"], arguments].concat();
        let document: Value = serde_json::from_str(&self.printed(&arguments)).unwrap();
        assert_eq!(document["formatVersion"], 1);
        document["entries"].as_array().unwrap().clone()
    }

    /// The entries of prod without what comes from the commit and not from the
    /// change.
    fn promotions(&self) -> Vec<Value> {
        let mut entries = self.entries(&["--env", "prod"]);
        for entry in &mut entries {
            let entry = entry.as_object_mut().unwrap();
            for of_commit in ["at", "commit", "subject", "committer"] {
                entry.remove(of_commit);
            }
            entry["author"].as_object_mut().unwrap().remove("at");
        }
        entries
    }

    /// Asks the history of the branch.
    fn with_history<T>(&self, ask: impl FnOnce(&BranchHistory<'_>) -> T) -> T {
        let clone = Arc::new(LocalClone::containing(self.path()).unwrap().unwrap());
        let tip = clone.head().unwrap().unwrap();
        let tree = clone.tree_of(&tip).unwrap();
        let loaded = load(&tree).unwrap();
        let (history, objects) = (Log::new(Arc::clone(&clone)), clone.objects());
        let commits = Commits { tip: &tip, history: &history, objects: &*objects };
        let model = Model::of_tree(&loaded.repository, &tree, &ModelScope::all());
        ask(&BranchHistory::new(&loaded.repository, &tree, &model, Some(commits), AskedApps::Few))
    }

    fn states(&self) -> Vec<String> {
        self.with_history(|history| {
            let states =
                history.tenures(&environment("prod"), "web").map(|tenure| tenure.unwrap().state);
            states.map(|state| tag(&state.unwrap())).collect()
        })
    }

    fn since(&self, name: &str) -> Since {
        self.with_history(|history| {
            history.tenures(&environment(name), "web").next().unwrap().unwrap().since
        })
    }
}

fn environment(name: &str) -> EnvironmentName {
    EnvironmentName::named(name).unwrap()
}

fn tag(state: &State) -> String {
    let mut tags = state.iter().filter_map(|(_, value)| match value {
        SiteValue::Image(image) => image.tag.clone(),
        _ => None,
    });
    tags.next().unwrap()
}

fn minute(since: &Since) -> i64 {
    (since.time().unwrap().as_second() - START) / 60
}

fn message(source: &str) -> String {
    format!(
        "Promote web to prod: v0 → v1\n\n\
         Rungs-Promote: web from qa@{source} to prod\n\
         Rungs-Reference: tag :v1\n\
         Rungs-Requested-By: ana\n\
         Rungs-Ticket: REL-7\n"
    )
}

/// The same promotion, brought to the branch in each way that forges offer.
fn merged() -> Vec<(&'static str, Made)> {
    let styles = ["fast-forward", "merge", "squash", "rebase", "late"];
    styles.map(|style| (style, merged_by(style))).into()
}

fn merged_by(style: &str) -> Made {
    let mut made = Made::new();
    let source = made.git(&["rev-parse", "HEAD"]);
    made.promotion(&source);
    if style == "fast-forward" {
        made.git(&["merge", "-q", "--ff-only", "rungs/prod/web"]);
        return made;
    }
    // The branch went on, and qa with it.
    made.write("qa/web.yaml", "tag: v2\n");
    made.commit("Set web in qa: v1 → v2");
    if style == "late" {
        made.write("qa/web.yaml", "tag: v3\n");
        made.commit("Set web in qa: v2 → v3");
        made.write("qa/other.yaml", "tag: v1\n");
        made.commit("another app");
    }
    made.minute += 1;
    match style {
        "squash" => {
            made.git(&["merge", "-q", "--squash", "rungs/prod/web"]);
            let indented = message(&source).replace('\n', "\n    ");
            made.git(&["commit", "-q", "-m", &format!("Deploy (#12)\n\n* {indented}")]);
        }
        "rebase" => {
            made.git(&["cherry-pick", "rungs/prod/web"]);
        }
        _ => {
            made.git(&["merge", "-q", "--no-ff", "-m", "Merge pull request #12", "rungs/prod/web"]);
        }
    }
    made
}

#[test]
fn every_merge_style_gives_the_same_entries() {
    let all: Vec<_> =
        merged().into_iter().map(|(style, made)| (style, made.promotions())).collect();
    let (_, expected) = &all[0];
    assert_eq!(expected.len(), 2, "{expected:#?}");
    assert_eq!(expected[0]["action"], "promote");
    assert_eq!(expected[0]["author"]["name"], "ana");
    assert_eq!(expected[0]["record"]["verified"], true, "{:#}", expected[0]);
    assert_eq!(expected[0]["record"]["ticket"], "REL-7");
    assert_eq!(expected[0]["changes"][0]["from"], ":v0");
    assert_eq!(expected[1]["action"], "added");
    for (style, entries) in &all {
        assert_eq!(entries, expected, "{style}");
    }
}

#[test]
fn every_merge_style_leaves_the_same_states_to_go_back_to() {
    for (style, made) in merged() {
        assert_eq!(made.states(), ["v1", "v0"], "{style}");
        let time = made.since("prod");
        assert!(matches!(time, Since::Unverified { .. }), "{style}: {time:?}");
        assert_eq!(minute(&time), made.minute, "{style}: since it was merged");
    }
}

/// Somebody commits to their own main, pulls, and pushes the merge.
fn pushed_pull() -> Made {
    let mut made = Made::new();
    let source = made.git(&["rev-parse", "HEAD"]);
    made.git(&["branch", "local"]);
    made.promotion(&source);
    made.git(&["merge", "-q", "--ff-only", "rungs/prod/web"]);
    made.git(&["branch", "-m", "main", "theirs"]);
    made.git(&["switch", "-q", "local"]);
    made.git(&["branch", "-m", "main"]);
    made.write("qa/other.yaml", "tag: v1\n");
    made.commit("my own");
    made.minute += 5;
    let subject = "Merge branch 'main' of https://git.example.com/shop/deploy";
    made.git(&["merge", "-q", "--no-ff", "-m", subject, "theirs"]);
    made
}

#[test]
fn an_audit_shows_what_a_pushed_pull_brought_and_what_was_made_at_home() {
    let made = pushed_pull();
    let entries = made.promotions();
    assert_eq!(entries.len(), 2, "{entries:#?}");
    assert_eq!(entries[0]["action"], "promote");
    assert_eq!(entries[0]["record"]["verified"], true);
    let all = made.entries(&[]);
    let said: Vec<_> =
        all.iter().map(|one| (one["app"].as_str(), one["subject"].as_str())).collect();
    let pull = "Merge branch 'main' of https://git.example.com/shop/deploy";
    // The promotion came to this branch with the pull, and what was made at home is its own.
    assert_eq!(said[..2], [(Some("web"), Some(pull)), (Some("other"), Some("my own"))]);
    assert_eq!(all.len(), 4, "{all:#?}");
}

#[test]
fn what_a_pushed_pull_brings_counts_from_it() {
    let made = pushed_pull();
    assert_eq!(minute(&made.since("prod")), made.minute);
}

#[test]
fn commits_with_wrong_clocks_are_in_the_order_of_the_branch() {
    let mut made = Made::new();
    made.minute = 100_000_000;
    made.write("qa/web.yaml", "tag: v2\n");
    made.commit("of the far future");
    made.minute = -10_000;
    made.write("qa/web.yaml", "tag: v3\n");
    made.commit("backdated");
    let brief = |entries: &[Value]| {
        let changes = entries.iter().map(|entry| entry["changes"][0]["to"].to_string());
        changes.collect::<Vec<_>>()
    };
    let all = made.entries(&["--env", "qa"]);
    assert_eq!(brief(&all), ["\":v3\"", "\":v2\"", "\":v1\""]);
    // The first is too old for the query, and does not hide the others.
    let since = made.entries(&["--env", "qa", "--since", "2023-11-14T00:00:00Z"]);
    assert_eq!(brief(&since), ["\":v2\"", "\":v1\""]);
}

#[test]
fn hostile_messages_are_claims_and_nothing_else() {
    let mut made = Made::new();
    made.write("prod/web.yaml", "tag: v9\n");
    made.commit(
        "=cmd|' /C calc'!A0 <script>alert(1)</script> \u{1b}[2J\n\n\
         Rungs-Promote: web from qa to prod\n\
         Rungs-Reference: tag :v9\n\
         Rungs-Requested-By: \u{202e}<img src=x>\u{1b}]0;x\u{7}\n\
         Rungs-Reason: =1+1\n\
         Rungs-Promote: web from nowhere/../x to prod\n",
    );
    let entry = &made.entries(&["--env", "prod", "--limit", "1"])[0];
    assert_eq!(entry["record"]["verified"], false);
    assert_eq!(entry["record"]["doubts"][0], "`qa` said `v1` for `tag`, not `v9`");
    for format in ["text", "json", "csv", "html"] {
        let text = made.printed(&["audit", "--format", format]);
        let raw =
            text.chars().find(|c| (c.is_control() && !"\r\n".contains(*c)) || *c == '\u{202e}');
        assert_eq!(raw, None, "{format}");
        assert!(format != "html" || !text.contains("<script") && !text.contains("<img"));
        assert!(format != "csv" || text.contains("\"'=cmd|"), "{text}");
    }
}

#[test]
fn holds_that_are_set_and_lifted_are_listed() {
    let mut made = Made::new();
    let file = ".rungs/holds/prod/web.yaml";
    made.write(file, "- { state: { tag: v1 }, reason: it crashes, by: ana }\n");
    made.commit("Hold web back\n\nRungs-Hold: web in prod\nRungs-Requested-By: cy\n");
    fs::remove_file(made.path().join(file)).unwrap();
    made.commit("by hand");
    let entries = made.entries(&["--env", "prod", "--limit", "2"]);
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["lift", "hold"]);
    assert_eq!(entries[1]["hold"]["reason"], "it crashes");
    assert_eq!(entries[1]["record"]["requestedBy"], "cy");
    assert_eq!(entries[0]["record"], Value::Null);
}

#[test]
fn a_hold_that_is_given_another_author_by_hand_is_listed() {
    let mut made = Made::new();
    let file = ".rungs/holds/prod/web.yaml";
    let hold = |by: &str, since: &str| {
        format!("- {{ state: {{ tag: v1 }}, reason: it crashes, by: {by}, since: {since} }}\n")
    };
    made.write(file, &hold("ana", "2023-11-14T10:00:00Z"));
    made.commit("hold");
    made.write(file, &hold("bob", "2023-11-14T10:00:00Z"));
    made.commit("by hand");
    made.write(file, &hold("bob", "2023-11-14T11:00:00Z"));
    made.commit("by hand again");
    made.write(file, &format!("# why\n{}", hold("bob", "2023-11-14T11:00:00Z")));
    made.commit("only a comment");
    let entries = made.entries(&["--env", "prod", "--limit", "9"]);
    let holds = entries.iter().filter(|entry| !entry["hold"].is_null());
    let said: Vec<_> = holds
        .map(|entry| {
            let of = |value: &Value| value.as_str().unwrap().to_owned();
            (of(&entry["action"]), of(&entry["hold"]["by"]))
        })
        .collect();
    let expected =
        [("hold", "bob"), ("lift", "bob"), ("hold", "bob"), ("lift", "ana"), ("hold", "ana")];
    assert_eq!(said, expected.map(|(action, by)| (action.to_owned(), by.to_owned())));
}

#[test]
fn a_revision_or_a_day_limits_an_audit() {
    let mut made = Made::new();
    for tag in ["v2", "v3"] {
        made.write("qa/web.yaml", &format!("tag: {tag}\n"));
        made.commit(tag);
        made.git(&["tag", tag]);
    }
    assert_eq!(made.entries(&["--since", "v2"]).len(), 1);
    assert_eq!(made.entries(&["--since", "HEAD~2"]).len(), 2);
    assert_eq!(made.entries(&["--until", "v2"]).len(), 3);
    assert_eq!(made.entries(&["--since", "2023-11-15"]).len(), 0);
    assert_eq!(made.entries(&["--app", "web", "--limit", "1"]).len(), 1);
    let output = made.rungs(&["audit", "--since", "nothing"]);
    assert_eq!(output.status.code(), Some(2));
    made.git(&["switch", "-q", "-c", "side"]);
    let side = made.commit("beside");
    made.git(&["switch", "-q", "main"]);
    let output = made.rungs(&["audit", "--since", &side]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("not-on-branch"));
}

#[test]
fn a_shallow_clone_says_where_its_history_ends() {
    let mut made = Made::new();
    for tag in ["v2", "v3"] {
        made.write("qa/web.yaml", &format!("tag: {tag}\n"));
        made.commit(tag);
    }
    let shallow = crate::support::directory::temporary().unwrap();
    let url = format!("file://{}", made.path().display());
    made.git(&["clone", "-q", "--depth", "2", &url, shallow.path().to_str().unwrap()]);
    let clone = Made { directory: shallow, minute: 0 };
    let output = clone.rungs(&["audit", "--format", "json"]);
    assert_eq!(output.status.code(), Some(5));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["entries"].as_array().unwrap().len(), 1);
    assert_eq!(document["findings"][0]["code"], "shallow-history");
}

#[test]
fn the_newest_record_has_the_newest_sequence() {
    let mut made = Made::new();
    for (tag, number) in [("v2", 7), ("v3", 8)] {
        made.write("qa/web.yaml", &format!("tag: {tag}\n"));
        made.commit(&format!("{tag}\n\nRungs-Set: web in qa\nRungs-Sequence: tag {number}\n"));
    }
    made.write("qa/web.yaml", "tag: v4\n");
    made.commit("by hand");
    let newest = |name: &str, image: &str| {
        made.with_history(|history| {
            history.newest_sequence(&environment(name), "web", image).unwrap()
        })
    };
    assert_eq!(newest("qa", "tag"), Some(8));
    assert_eq!(newest("qa", "other"), None);
    assert_eq!(newest("prod", "tag"), None);
}

#[test]
fn an_app_that_is_gone_had_the_shared_values_of_its_own_time() {
    // The files of one app come before those that apps share, those of the other after.
    for (app, at_once) in [("api", false), ("web", false), ("api", true), ("web", true)] {
        let mut made = Made::new();
        let (own, shared) =
            (format!("environments/prod/{app}.yaml"), "environments/prod/environment.yaml");
        made.write("rungs.yaml", NATIVE);
        made.write("environments/qa/environment.yaml", "");
        made.write(shared, "values: { level: info }\n");
        made.write(&own, "promote: [values.level]\nimages: { web: { repository: r.io/w } }\n");
        made.commit("add");
        fs::remove_file(made.path().join(&own)).unwrap();
        if !at_once {
            made.commit("remove");
        }
        made.write(shared, "values: { level: debug }\n");
        made.commit("later");
        let output = rungs(made.path(), &["audit", "--app", app, "--format", "json"]);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let entries = document["entries"].to_string();
        assert!(entries.contains("info"), "{app} {at_once}: {entries}");
        assert!(!entries.contains("debug"), "{app} {at_once}: {entries}");
    }
}
