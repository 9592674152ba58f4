//! Which clone, which remote, which base branch, which commit: every command
//! gives the same answer in the checkouts that people and CIs make.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jiff::Timestamp;
use rungs::deliver::Delivery;
use rungs::diagnostic::Findings;
use rungs::git::{ConfiguredBase, Variables, Workspace, WorkspaceOptions};
use serde_json::Value;

use crate::support::git::{belongs_to, command, done, git};
use crate::support::program::{rungs_in, scrubbed, transcript};
use crate::support::repository::{Remote, copy, native};

const CONFIGURATION: &str = "\
version: 1
ladder: [qa, stage, prod]
sites:
  - path: '{environment}/{app}.yaml'
    kind: yaml
    fields: { tag: tag }
environments:
  prod: { gates: { soak: 24h } }
";

/// A repository's remote and the variables of a CI.
struct Shop {
    remote: Remote,
    variables: Vec<(&'static str, String)>,
}

/// Two changes are due. `web` is at `v2` in qa, and may enter stage. `api` is at
/// `v2` in stage, which it entered just now, and has to wait before prod.
fn shop() -> Shop {
    shop_with("")
}

fn shop_with(settings: &str) -> Shop {
    let mut files =
        BTreeMap::from([("rungs.yaml".to_owned(), format!("{CONFIGURATION}{settings}"))]);
    for environment in ["qa", "stage", "prod"] {
        for app in ["web", "api"] {
            files.insert(format!("{environment}/{app}.yaml"), "tag: v1\n".to_owned());
        }
    }
    files.insert("qa/api.yaml".to_owned(), "tag: v2\n".to_owned());
    let remote = Remote::new(&files);
    let ana = remote.cloned("ana");
    put(&ana, "stage/api.yaml", "tag: v2\n");
    put(&ana, "qa/web.yaml", "tag: v2\n");
    git(&ana, &["push", "-q"]);
    Shop { remote, variables: Vec::new() }
}

/// Commits a file's new text.
fn put(clone: &Path, path: &str, text: &str) -> String {
    let file = clone.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
    git(clone, &["add", "-A", "-f"]);
    git(clone, &["commit", "-qm", path]);
    git(clone, &["rev-parse", "HEAD"])
}

impl Shop {
    fn cloned(&self) -> PathBuf {
        self.remote.cloned("clone")
    }

    /// An empty repository with that remote, as CIs start with.
    fn initialized(&self) -> PathBuf {
        let clone = self.remote.path("work");
        git(&self.remote.path(""), &["init", "-q", "work"]);
        git(&clone, &["remote", "add", "origin", &self.remote.file_url()]);
        belongs_to(&clone, "ci");
        clone
    }

    fn set(&mut self, variables: &[(&'static str, &str)]) {
        let owned = |(name, value): &(&'static str, &str)| (*name, (*value).to_owned());
        self.variables = variables.iter().map(owned).collect();
    }

    fn rungs(&self, clone: &Path, arguments: &[&str]) -> Output {
        let mut rungs = rungs_in(clone);
        rungs.env("RUNGS_CACHE", self.remote.path("cache"));
        rungs.envs(self.variables.iter().map(|(name, value)| (name, value)));
        rungs.args(arguments).output().unwrap()
    }

    #[track_caller]
    fn json(&self, clone: &Path, arguments: &[&str]) -> Value {
        let output = self.rungs(clone, &[arguments, &["--format", "json"]].concat());
        let document = serde_json::from_slice(&output.stdout);
        document.unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", transcript(&output)))
    }

    /// Every command has the same base, that commit by that reference, and the
    /// same verdict on what may enter.
    #[track_caller]
    fn agree(&self, clone: &Path, more: &[&str], tip: &str, reference: &str) {
        for (command, own) in COMMANDS.iter().zip(BASE_FIELDS) {
            let arguments = [command, more].concat();
            let document = self.json(clone, &arguments);
            let base = &document["workspace"]["base"];
            assert_eq!(base["commit"], tip, "{arguments:?}: {document:#}");
            assert_eq!(base["reference"], reference, "{arguments:?}: {document:#}");
            let own = document.pointer(own);
            assert_eq!(own, Some(&Value::from(tip)), "{arguments:?}: {document:#}");
        }
        let base = Proposed { clone, more, tip, reference };
        self.agree_on(&base, "web", "stage");
        self.agree_on(&base, "api", "prod");
    }

    /// Every command has the same verdict on a promotion, and `gates --base` on
    /// the branch that it pushes, or on the same change by hand if it may not
    /// push one. Returns that verdict.
    #[track_caller]
    fn agree_on(&self, at: &Proposed, app: &str, environment: &str) -> Vec<[Value; 3]> {
        let Proposed { clone, more, .. } = *at;
        let promotion = [&[app, "--to", environment], more].concat();
        let asked = self.json(clone, &[&["gates"], &promotion[..]].concat());
        let asked = &asked["plans"][0]["apps"][0];
        assert_eq!(asked["app"], app, "{asked:#}");
        let planned = self.json(clone, &[&["promote", "--dry-run"], &promotion[..]].concat());
        let planned = &planned["plan"]["apps"][0];
        let changes = asked["changes"].as_array().unwrap();
        assert_eq!(planned["changes"], asked["changes"], "{planned:#}");
        let verdict = verdict(asked);
        assert_eq!(self::verdict(planned), verdict);
        let status = self.json(clone, &[&["status", app, "--env", environment], more].concat());
        let cell = &status["apps"][0]["environments"][0];
        assert_eq!(blocked(cell), not_passed(&verdict), "{cell:#}");
        if changes.is_empty() {
            assert_eq!((&cell["next"], verdict.len()), (&Value::Null, 0), "{cell:#}");
            return verdict;
        }
        assert_eq!(cell["next"]["source"], asked["source"]["environment"], "{cell:#}");
        assert!(!verdict.is_empty(), "{asked:#}");
        let may_enter = not_passed(&verdict).is_empty();
        let head = if may_enter && at.reference.starts_with("refs/remotes/") {
            self.pushed(at, &promotion)
        } else {
            self.by_hand(at, &changes[0])
        };
        let judge = ["gates", "--base", at.reference, "--head", &head];
        let judged = self.json(clone, &[&judge, more].concat());
        assert_eq!(judged["base"], at.tip, "{judged:#}");
        assert_eq!(judged["plans"][0]["environment"], environment, "{judged:#}");
        assert_eq!(self::verdict(&judged["plans"][0]["apps"][0]), verdict, "{judged:#}");
        verdict
    }

    /// A commit onto the base that makes a change without rungs.
    fn by_hand(&self, at: &Proposed, change: &Value) -> String {
        let clone = if at.more.contains(&"--repo") { self.cached() } else { at.clone.to_owned() };
        let (index, text) = (self.remote.path("index"), self.remote.path("text"));
        fs::write(&text, format!("tag: {}\n", change["to"]["image"]["tag"].as_str().unwrap()))
            .unwrap();
        let git = |arguments: &[&str]| {
            let person = ["-c", "user.name=T", "-c", "user.email=t@example.com"];
            let mut git = command(&clone);
            done(git.env("GIT_INDEX_FILE", &index).args(person).args(arguments))
        };
        git(&["read-tree", at.tip]);
        let blob = git(&["hash-object", "-w", text.to_str().unwrap()]);
        let entry = format!("100644,{blob},{}", change["path"].as_str().unwrap());
        git(&["update-index", "--cacheinfo", &entry]);
        let tree = git(&["write-tree"]);
        git(&["commit-tree", "-p", at.tip, "-m", "By hand", &tree])
    }

    /// The commit of the branch that a promotion pushes, which is then removed.
    #[track_caller]
    fn pushed(&self, at: &Proposed, promotion: &[&str]) -> String {
        let push = ["promote", "--branch", "--author", "T <t@example.com>"];
        let document = self.json(at.clone, &[&push, promotion].concat());
        assert_eq!(document["done"]["what"], "pushed", "{document:#}");
        let branch = document["done"]["branch"].as_str().unwrap();
        git(&self.remote.bare(), &["branch", "-qD", branch]);
        document["done"]["commit"].as_str().unwrap().to_owned()
    }

    /// The clone of the remote's address.
    fn cached(&self) -> PathBuf {
        let entries = fs::read_dir(self.remote.path("cache")).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        paths.find(|path| path.join("HEAD").is_file()).unwrap()
    }

    /// Every command ends with that exit code and finding.
    #[track_caller]
    fn refuse(&self, clone: &Path, more: &[&str], exit: i32, code: &str) {
        for command in COMMANDS {
            self.ends(clone, &[command, more].concat(), exit, code);
        }
    }

    /// A command ends with that exit code and finding, whose help is returned.
    #[track_caller]
    fn ends(&self, clone: &Path, arguments: &[&str], exit: i32, code: &str) -> String {
        let output = self.rungs(clone, &[arguments, &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {}", transcript(&output));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = document["findings"].as_array().unwrap();
        let found = findings.iter().find(|finding| finding["code"] == code);
        let found = found.unwrap_or_else(|| panic!("{arguments:?}: {document:#}"));
        found["help"].as_str().unwrap_or_default().to_owned()
    }
}

/// The commands that look at a base without an option that names it.
const COMMANDS: [&[&str]; 5] = [
    &["status"],
    &["gates", "web", "--to", "stage"],
    &["promote", "web", "--to", "stage", "--dry-run"],
    &["audit"],
    &["hold", "list"],
];

/// Where each of them says in its own data what it looked at.
const BASE_FIELDS: [&str; 5] =
    ["/commit", "/plans/0/base", "/plan/base", "/workspace/base/commit", "/workspace/base/commit"];

/// A checkout, the options to use in it, and the base that it is to have.
struct Proposed<'a> {
    clone: &'a Path,
    more: &'a [&'a str],
    tip: &'a str,
    reference: &'a str,
}

/// What each gate says about an app of a plan: its name, its answer, and until
/// when it waits.
fn verdict(app: &Value) -> Vec<[Value; 3]> {
    let gates = app["gates"].as_array().unwrap_or_else(|| panic!("no gates in {app:#}"));
    let parts = |gate: &Value| [&gate["gate"], &gate["answer"], &gate["until"]].map(Value::clone);
    gates.iter().map(parts).collect()
}

fn not_passed(verdict: &[[Value; 3]]) -> Vec<[Value; 3]> {
    verdict.iter().filter(|[_, answer, _]| answer != "pass").cloned().collect()
}

/// The same for what `status` says blocks an environment.
fn blocked(cell: &Value) -> Vec<[Value; 3]> {
    let blocks = cell["blocked"].as_array().unwrap_or_else(|| panic!("no list in {cell:#}"));
    let parts = |block: &Value| {
        let by = &block["by"];
        let (gate, answer) =
            if by["waits"].is_string() { (&by["waits"], "wait") } else { (&by["fails"], "fail") };
        [gate.clone(), answer.into(), block["until"].clone()]
    };
    blocks.iter().map(parts).collect()
}

/// Those of them that have `--base`.
const WITH_BASE: [&[&str]; 4] = [COMMANDS[0], COMMANDS[2], COMMANDS[3], COMMANDS[4]];

const MAIN: &str = "refs/remotes/origin/main";

/// Runs the `git fetch` of a help as a person who pastes it would.
#[track_caller]
fn paste(clone: &Path, help: &str) {
    let command = help.split('`').find(|part| part.starts_with("git fetch"));
    let command = command.unwrap_or_else(|| panic!("no command in `{help}`"));
    let mut shell = scrubbed("sh");
    shell.args(["-c", command]).current_dir(clone).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{command}: {}", transcript(&output));
}

#[test]
fn a_fresh_clone() {
    let shop = shop();
    let (clone, tip) = (shop.cloned(), shop.remote.tip());
    shop.agree(&clone, &[], &tip, MAIN);
    let at = Proposed { clone: &clone, more: &[], tip: &tip, reference: MAIN };
    assert_eq!(not_passed(&shop.agree_on(&at, "web", "stage")), [] as [[Value; 3]; 0]);
    let waits = not_passed(&shop.agree_on(&at, "api", "prod"));
    assert_eq!((waits.len(), &waits[0][0], &waits[0][1]), (1, &"soak".into(), &"wait".into()));
    assert!(waits[0][2].is_string(), "{waits:?}");
}

#[test]
fn a_topic_branch() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["switch", "-qc", "topic"]);
    put(&clone, "stage/web.yaml", "tag: v2\n");
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
}

#[test]
fn a_detached_head() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["checkout", "-q", "--detach", "HEAD~1"]);
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
}

#[test]
fn a_directory_of_the_clone_and_a_linked_work_tree() {
    let shop = shop();
    let clone = shop.cloned();
    shop.agree(&clone.join("stage"), &[], &shop.remote.tip(), MAIN);
    let linked = shop.remote.path("linked");
    git(&clone, &["worktree", "add", "-q", "-b", "side", linked.to_str().unwrap(), "HEAD~1"]);
    shop.agree(&linked, &[], &shop.remote.tip(), MAIN);
}

const ACTIONS: [(&str, &str); 2] = [("GITHUB_ACTIONS", "true"), ("GITHUB_REPOSITORY", "remote")];

/// What `actions/checkout` does after a push, with that depth.
fn checked_out_by_actions(shop: &mut Shop, depth: &[&str]) -> PathBuf {
    let clone = shop.initialized();
    let spec = format!("+{}:{MAIN}", shop.remote.tip());
    git(&clone, &[&["fetch", "-q", "--no-tags"], depth, &["origin", &spec]].concat());
    git(&clone, &["checkout", "-q", "--force", "-B", "main", MAIN]);
    let push =
        [("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF_TYPE", "branch"), ("GITHUB_REF_NAME", "main")];
    shop.set(&[&ACTIONS[..], &push].concat());
    clone
}

#[test]
fn a_checkout_by_actions_after_a_push() {
    for depth in [&["--depth=1"][..], &[]] {
        let mut shop = shop();
        let clone = checked_out_by_actions(&mut shop, depth);
        shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
        // A workflow that is run by hand, too.
        shop.set(&ACTIONS);
        shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
    }
}

/// A topic branch that was pushed, as `actions/checkout` checks it out.
fn pushed_topic(shop: &mut Shop) -> PathBuf {
    let author = shop.remote.cloned("author");
    git(&author, &["switch", "-qc", "topic"]);
    put(&author, "stage/web.yaml", "tag: v3\n");
    git(&author, &["push", "-q", "origin", "topic"]);
    let clone = shop.initialized();
    git(&clone, &["fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
    git(&clone, &["checkout", "-q", "--force", "-B", "topic", "refs/remotes/origin/topic"]);
    clone
}

const PUSHED_TOPIC: [(&str, &str); 3] =
    [("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF_TYPE", "branch"), ("GITHUB_REF_NAME", "topic")];

#[test]
fn a_branch_that_was_pushed_is_not_its_own_base() {
    let mut shop = shop();
    let clone = pushed_topic(&mut shop);
    shop.set(&[&ACTIONS[..], &PUSHED_TOPIC].concat());
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
    let topic = git(&shop.remote.bare(), &["rev-parse", "topic"]);
    shop.json(&clone, &["promote", "web", "--to", "stage", "--commit"]);
    assert_eq!(git(&shop.remote.bare(), &["rev-parse", "topic"]), topic);
}

#[test]
fn the_file_about_an_event_names_the_default_branch() {
    let mut shop = shop();
    let clone = pushed_topic(&mut shop);
    let event = shop.remote.path("event.json");
    fs::write(&event, r#"{"ref": "refs/heads/topic", "repository": {"default_branch": "main"}}"#)
        .unwrap();
    let of_event = [("GITHUB_EVENT_PATH", event.to_str().unwrap())];
    shop.set(&[&ACTIONS[..], &PUSHED_TOPIC, &of_event].concat());
    // The remote is not asked.
    git(&shop.remote.bare(), &["symbolic-ref", "HEAD", "refs/heads/topic"]);
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
    // A file that does not say it leaves the question to the remote.
    git(&shop.remote.bare(), &["symbolic-ref", "HEAD", "refs/heads/main"]);
    for text in ["{}", "", "{\"repository\": {}}"] {
        fs::write(&event, text).unwrap();
        let document = shop.json(&clone, &["status"]);
        assert_eq!(document["workspace"]["base"]["reference"], MAIN, "{text:?}");
    }
}

/// A pull request that brings `v2` to stage, as `actions/checkout` checks it
/// out: only the merge is there.
fn pull_request(shop: &mut Shop, tag: &str) -> PathBuf {
    let author = shop.remote.cloned("author");
    git(&author, &["switch", "-qc", "topic"]);
    put(&author, "stage/web.yaml", &format!("tag: {tag}\n"));
    git(&author, &["switch", "-q", "main"]);
    git(&author, &["merge", "-q", "--no-ff", "-m", "Merge", "topic"]);
    git(&author, &["push", "-q", "origin", "HEAD:refs/pull/7/merge"]);
    git(&author, &["push", "-q", "origin", "topic"]);
    let clone = shop.initialized();
    let spec = "+refs/pull/7/merge:refs/remotes/pull/7/merge";
    git(&clone, &["fetch", "-q", "--no-tags", "--depth=1", "origin", spec]);
    git(&clone, &["checkout", "-q", "--force", "refs/remotes/pull/7/merge"]);
    let event = [("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_BASE_REF", "main")];
    shop.set(&[&ACTIONS[..], &event].concat());
    clone
}

#[test]
fn a_pull_request_by_actions_says_what_to_fetch_and_then_agrees() {
    let mut shop = shop();
    let clone = pull_request(&mut shop, "v2");
    let help = shop.ends(&clone, &["gates", "--base", "main"], 4, "unknown-revision");
    assert_eq!(shop.ends(&clone, &["status"], 4, "unknown-revision"), help);
    assert_eq!(shop.ends(&clone, &["audit"], 4, "unknown-revision"), help);
    assert_eq!(shop.ends(&clone, &["hold", "list"], 4, "unknown-revision"), help);
    paste(&clone, &help);
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
    let document = shop.json(&clone, &["gates", "--base", "main"]);
    assert_eq!(document["base"], shop.remote.tip(), "{document:#}");
    assert_eq!(document["workspace"]["head"]["reference"], "HEAD");
    assert_eq!(document["plans"][0]["environment"], "stage", "{document:#}");
}

#[test]
fn each_revision_that_is_absent_has_a_command_that_fetches_it() {
    for base in ["main", "origin/main", MAIN, "main~1", "refs/heads/main", "refs/tags/v1"] {
        let mut shop = shop();
        git(&shop.remote.bare(), &["tag", "v1", "main"]);
        let clone = pull_request(&mut shop, "v2");
        let arguments = ["gates", "--base", base];
        paste(&clone, &shop.ends(&clone, &arguments, 4, "unknown-revision"));
        let tip = if base == "main~1" { "main~1" } else { "main" };
        let tip = git(&shop.remote.bare(), &["rev-parse", tip]);
        assert_eq!(shop.json(&clone, &arguments)["base"], tip, "{base}");
    }
    let mut shop = shop();
    let clone = pull_request(&mut shop, "v2");
    let tip = shop.remote.tip();
    for base in [&*tip, &tip[..9]] {
        // The clone of a pull request does not have what it was merged into.
        let clone_of = shop.remote.path("again");
        let _ = fs::remove_dir_all(&clone_of);
        copy(&clone, &clone_of);
        let arguments = ["gates", "--base", base];
        paste(&clone_of, &shop.ends(&clone_of, &arguments, 4, "unknown-revision"));
        assert_eq!(shop.json(&clone_of, &arguments)["base"], tip, "{base}");
    }
}

#[test]
fn a_change_whose_fork_is_cut_off_waits_for_the_history() {
    let mut shop = shop();
    let clone = pull_request(&mut shop, "v2");
    git(&clone, &["fetch", "-q", "--depth=1", "origin", &format!("+refs/heads/main:{MAIN}")]);
    let arguments = ["gates", "--base", "main"];
    paste(&clone, &shop.ends(&clone, &arguments, 5, "shallow-history"));
    assert_eq!(shop.json(&clone, &arguments)["base"], shop.remote.tip());
    // In a whole clone nothing that could be fetched would help.
    git(&clone, &["checkout", "-q", "--orphan", "other"]);
    put(&clone, "stage/web.yaml", "tag: v2\n");
    shop.ends(&clone, &arguments, 2, "no-common-commit");
}

#[test]
fn a_head_that_is_absent_has_a_command_that_fetches_it() {
    let mut shop = shop();
    let clone = pull_request(&mut shop, "v2");
    let fetch = ["fetch", "-q", "--unshallow", "origin", &format!("+refs/heads/main:{MAIN}")];
    git(&clone, &fetch);
    let topic = git(&shop.remote.bare(), &["rev-parse", "topic"]);
    for head in ["origin/topic", "topic"] {
        let arguments = ["gates", "--base", "main", "--head", head];
        paste(&clone, &shop.ends(&clone, &arguments, 4, "unknown-revision"));
        assert_eq!(shop.json(&clone, &arguments)["head"], topic, "{head}");
    }
}

#[test]
fn a_checkout_by_gitlab() {
    let mut shop = shop();
    let clone = shop.initialized();
    let spec = format!("+refs/heads/main:{MAIN}");
    git(&clone, &["fetch", "-q", "--depth=20", "origin", &spec]);
    git(&clone, &["checkout", "-q", "--force", "--detach", MAIN]);
    let tip = shop.remote.tip();
    let gitlab = [
        ("GITLAB_CI", "true"),
        ("CI_PROJECT_PATH", "remote"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_BRANCH", "main"),
    ];
    shop.set(&gitlab);
    shop.agree(&clone, &[], &tip, MAIN);
    // A merge request's pipeline, whose target is another branch than the default.
    git(&shop.remote.bare(), &["branch", "release", "main~1"]);
    shop.set(&[&gitlab[..], &[("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release")]].concat());
    let help = shop.ends(&clone, &["status"], 4, "unknown-revision");
    paste(&clone, &help);
    let release = git(&shop.remote.bare(), &["rev-parse", "release"]);
    shop.agree(&clone, &[], &release, "refs/remotes/origin/release");
}

#[test]
fn the_configured_branch_comes_before_what_the_ci_says() {
    let forge =
        "forge: { kind: gitea, url: 'https://git.example.com', repository: a/b, base: release }\n";
    let mut shop = shop_with(forge);
    let release = git(&shop.remote.bare(), &["rev-parse", "main~1"]);
    git(&shop.remote.bare(), &["branch", "release", &release]);
    let clone = shop.cloned();
    shop.set(&[&ACTIONS[..], &[("GITHUB_BASE_REF", "main")]].concat());
    shop.agree(&clone, &[], &release, "refs/remotes/origin/release");
    for command in WITH_BASE {
        let document = shop.json(&clone, &[command, &["--base", "main"]].concat());
        assert_eq!(document["workspace"]["base"]["reference"], MAIN, "{command:?}");
    }
}

#[test]
fn two_remotes() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["remote", "add", "fork", &shop.remote.file_url()]);
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
    git(&clone, &["remote", "rename", "origin", "up"]);
    shop.refuse(&clone, &[], 2, "several-remotes");
    shop.ends(&clone, &["gates", "--base", "main"], 2, "several-remotes");
    shop.agree(&clone, &["--remote", "up"], &shop.remote.tip(), "refs/remotes/up/main");
    shop.refuse(&clone, &["--remote", "upp"], 2, "unknown-remote");
    // Files as they are need no remote.
    assert!(shop.rungs(&clone, &["status", "--work-tree"]).status.success());
}

#[test]
fn a_command_that_fetches_names_the_remote_that_was_requested() {
    let mut shop = shop();
    let clone = pull_request(&mut shop, "v2");
    git(&clone, &["remote", "add", "upstream", &shop.remote.file_url()]);
    git(&clone, &["remote", "set-url", "origin", "file:///nowhere/fork.git"]);
    let seen = "+refs/heads/main:refs/remotes/upstream/main";
    git(&clone, &["fetch", "-q", "--depth=1", "upstream", seen]);
    let with = ["--base", "main", "--remote", "upstream"];
    let status = shop.json(&clone, &[&["status", "web"], &with[..]].concat());
    let since = &status["apps"][0]["environments"][0]["since"];
    assert_eq!(since["fetch"], "git fetch --unshallow upstream", "{status:#}");
    let audit = shop.ends(&clone, &[&["audit"], &with[..]].concat(), 5, "shallow-history");
    assert!(audit.contains("git fetch --unshallow upstream"), "{audit}");
    let parent = ["gates", "--base", "upstream/main~1", "--remote", "upstream"];
    let parent = shop.ends(&clone, &parent, 4, "unknown-revision");
    assert!(parent.contains("git fetch --unshallow upstream"), "{parent}");
    let arguments = [&["gates"], &with[..]].concat();
    paste(&clone, &shop.ends(&clone, &arguments, 5, "shallow-history"));
    assert_eq!(shop.json(&clone, &arguments)["base"], shop.remote.tip());
}

#[test]
fn no_remote() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["remote", "remove", "origin"]);
    let tip = git(&clone, &["rev-parse", "HEAD"]);
    shop.agree(&clone, &[], &tip, "refs/heads/main");
    git(&clone, &["checkout", "-q", "--detach"]);
    shop.agree(&clone, &[], &tip, "HEAD");
    let promote = ["promote", "web", "--to", "stage", "--commit"];
    shop.ends(&clone, &promote, 2, "no-remote");
    git(&clone, &["switch", "-qc", "topic"]);
    let topic = put(&clone, "stage/web.yaml", "tag: v2\n");
    shop.agree(&clone, &[], &topic, "refs/heads/topic");
    for command in WITH_BASE {
        let document = shop.json(&clone, &[command, &["--base", "main"]].concat());
        assert_eq!(document["workspace"]["base"]["reference"], "refs/heads/main", "{command:?}");
    }
    let forge =
        "forge: { kind: gitea, url: 'https://git.example.com', repository: a/b, base: main }\n";
    put(&clone, "rungs.yaml", &format!("{CONFIGURATION}{forge}"));
    shop.agree(&clone, &[], &tip, "refs/heads/main");
    shop.ends(&clone, &["status", "--base", "nowhere"], 4, "unknown-revision");
    // A name that is misspelt is not silently replaced by what is checked out.
    put(&clone, "rungs.yaml", &format!("{CONFIGURATION}{}", forge.replace("main", "mian")));
    shop.refuse(&clone, &[], 4, "unknown-revision");
}

/// A workspace in this process.
fn workspace(clone: &Path, configured: ConfiguredBase) -> Workspace {
    Workspace::at(clone, WorkspaceOptions::default(), Variables::default(), configured)
}

fn first_code(findings: &Findings) -> &'static str {
    findings.iter().next().unwrap().code.name
}

#[test]
fn a_configured_base_that_is_not_a_branchs_name_is_an_error_with_and_without_a_remote() {
    let shop = shop();
    let clone = shop.cloned();
    let code = || {
        let workspace = workspace(&clone, |_| Ok(Some("a..b".to_owned())));
        first_code(&workspace.base().unwrap_err())
    };
    assert_eq!(code(), "invalid-branch");
    git(&clone, &["remote", "remove", "origin"]);
    assert_eq!(code(), "invalid-branch");
}

#[test]
fn a_base_branch_that_was_found_is_not_looked_for_again() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["remote", "set-head", "origin", "--delete"]);
    let workspace = workspace(&clone, |_| Ok(None));
    assert_eq!(workspace.likely_branch(), None);
    // Only the remote knows.
    assert_eq!(workspace.base().unwrap().unwrap().branch_name(), Some("main"));
    git(&clone, &["remote", "set-url", "origin", "file:///nowhere/remote.git"]);
    let branch = workspace.base_branch().unwrap();
    assert_eq!(workspace.likely_branch().as_ref(), Some(branch));
}

#[test]
fn a_clone_without_a_commit_has_no_commit_to_judge_against() {
    let directory = crate::support::directory::temporary().unwrap();
    git(directory.path(), &["init", "-q"]);
    let workspace = workspace(directory.path(), |_| Ok(None));
    let delivery = Delivery::new(&workspace, Timestamp::UNIX_EPOCH);
    let findings = delivery.judge("HEAD", &[]).unwrap_err();
    assert_eq!(first_code(&findings), "unknown-revision");
    assert_eq!(findings.iter().next().unwrap().labels[0].message, "nothing is committed yet");
}

#[test]
fn no_clone() {
    let shop = shop();
    let clone = shop.cloned();
    fs::remove_dir_all(clone.join(".git")).unwrap();
    for command in [COMMANDS[0], COMMANDS[4]] {
        let workspace = &shop.json(&clone, command)["workspace"];
        assert_eq!(*workspace, serde_json::json!({ "remote": null, "base": null }));
        shop.ends(&clone, &[command, &["--base", "main"]].concat(), 2, "no-clone");
    }
    let help = shop.ends(&clone, &["gates", "--base", "main"], 2, "no-clone");
    assert!(!help.contains("--write"), "`gates` has no such option: {help}");
    let promote = ["promote", "web", "--to", "stage", "--commit"];
    let help = shop.ends(&clone, &promote, 2, "no-clone");
    assert!(help.contains("--write"), "{help}");
    shop.ends(&clone, &["audit"], 2, "no-commit");
}

#[test]
fn an_address() {
    let shop = shop();
    let nowhere = shop.remote.path("");
    let url = shop.remote.file_url();
    shop.agree(&nowhere, &["--repo", &url], &shop.remote.tip(), MAIN);
    let elsewhere = shop.remote.cloned("elsewhere");
    let tip = put(&elsewhere, "stage/web.yaml", "tag: v2\n");
    git(&elsewhere, &["push", "-q"]);
    shop.agree(&nowhere, &["--repo", &url], &tip, MAIN);
}

#[test]
fn an_address_whose_configuration_names_another_base() {
    let forge =
        "forge: { kind: gitea, url: 'https://git.example.com', repository: a/b, base: release }\n";
    let shop = shop_with(forge);
    let release = git(&shop.remote.bare(), &["rev-parse", "main~1"]);
    git(&shop.remote.bare(), &["branch", "release", &release]);
    let (nowhere, url) = (shop.remote.path(""), shop.remote.file_url());
    shop.agree(&nowhere, &["--repo", &url], &release, "refs/remotes/origin/release");
}

/// A clone with a change that skips a rung, which gates refuse.
fn skipping(shop: &Shop) -> PathBuf {
    let clone = shop.cloned();
    git(&clone, &["switch", "-qc", "topic"]);
    put(&clone, "prod/web.yaml", "tag: v2\n");
    clone
}

#[test]
fn a_tag_named_as_the_base_is_not_taken_for_it() {
    let shop = shop();
    let clone = skipping(&shop);
    git(&clone, &["tag", "main", "HEAD"]);
    let gates = ["gates", "--base", "main"];
    let output = shop.rungs(&clone, &gates);
    assert_eq!(output.status.code(), Some(3), "{}", transcript(&output));
    for command in WITH_BASE {
        let document = shop.json(&clone, &[command, &["--base", "main"]].concat());
        assert_eq!(document["workspace"]["base"]["reference"], MAIN, "{command:?}");
    }
    // Nor if nothing else has that name.
    git(&clone, &["tag", "v1", "HEAD"]);
    let help = shop.ends(&clone, &["gates", "--base", "v1"], 4, "unknown-revision");
    assert!(help.contains("the tag is `refs/tags/v1`"), "{help}");
    let output = shop.rungs(&clone, &["gates", "--base", "refs/tags/v1"]);
    assert!(output.status.success(), "{}", transcript(&output));
    assert!(transcript(&output).contains("the base is `refs/tags/v1`"), "{}", transcript(&output));
}

#[test]
fn what_a_fork_calls_main_is_not_its_own_base() {
    let shop = shop();
    let clone = skipping(&shop);
    git(&clone, &["branch", "-qf", "main", "HEAD"]);
    git(&clone, &["switch", "-q", "main"]);
    for base in ["main", "origin/main", MAIN] {
        let output = shop.rungs(&clone, &["gates", "--base", base]);
        assert_eq!(output.status.code(), Some(3), "{base}: {}", transcript(&output));
    }
    // Nor if the clone has not fetched the remote's.
    git(&clone, &["update-ref", "-d", MAIN]);
    shop.ends(&clone, &["gates", "--base", "main"], 4, "unknown-revision");
    shop.ends(&clone, &["status"], 4, "unknown-revision");
}

#[test]
fn a_branch_whose_name_starts_with_a_remotes_name_is_not_that_remotes() {
    let shop = shop();
    let clone = skipping(&shop);
    git(&clone, &["push", "-q", "origin", "HEAD:refs/heads/origin/main"]);
    git(&clone, &["branch", "-q", "origin/main", "HEAD"]);
    git(&clone, &["fetch", "-q"]);
    let output = shop.rungs(&clone, &["gates", "--base", "origin/main"]);
    assert_eq!(output.status.code(), Some(3), "{}", transcript(&output));
}

#[test]
fn a_local_branch_is_the_base_if_the_remote_has_none_of_that_name() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["branch", "next", "HEAD"]);
    git(&clone, &["switch", "-qc", "topic"]);
    put(&clone, "stage/web.yaml", "tag: v2\n");
    let output = shop.rungs(&clone, &["gates", "--base", "next"]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let words = "the base is this clone's own `refs/heads/next`";
    assert!(transcript(&output).contains(words), "{}", transcript(&output));
    for command in WITH_BASE {
        let document = shop.json(&clone, &[command, &["--base", "next"]].concat());
        assert_eq!(document["workspace"]["base"]["reference"], "refs/heads/next", "{command:?}");
    }
    // Nothing can be committed onto it, as the remote does not have it.
    let promote = ["promote", "web", "--to", "stage", "--commit", "--base", "next"];
    shop.ends(&clone, &promote, 2, "branch-missing");
}

#[test]
fn revisions_are_resolved_by_what_they_name() {
    let shop = shop();
    let clone = skipping(&shop);
    let at = |revision: &str| git(&clone, &["rev-parse", revision]);
    let (tip, before) = (at("origin/main"), at("origin/main~1"));
    for (base, commit, reference) in [
        ("main", &tip, Some(MAIN)),
        ("origin/HEAD", &tip, Some(MAIN)),
        ("refs/heads/main", &tip, Some("refs/heads/main")),
        ("main~1", &before, Some(MAIN)),
        ("origin/main^", &before, Some(MAIN)),
        ("HEAD~2", &before, Some("refs/heads/topic")),
        ("HEAD", &at("HEAD"), Some("refs/heads/topic")),
        (&*tip, &tip, None),
        (&tip[..8], &tip, None),
    ] {
        let document = shop.json(&clone, &["gates", "--base", base]);
        let taken = &document["workspace"]["base"];
        assert_eq!(taken["commit"], **commit, "{base}: {document:#}");
        assert_eq!(taken["reference"].as_str(), reference, "{base}");
        assert_eq!(taken["name"], base);
        assert_eq!(document["workspace"]["head"]["reference"], "refs/heads/topic");
        let status = shop.json(&clone, &["status", "--base", base]);
        assert_eq!(status["workspace"]["base"], *taken, "{base}");
    }
    let refused = |none: &str, exit: i32, code: &str| {
        shop.ends(&clone, &["gates", &format!("--base={none}")], exit, code);
        shop.ends(&clone, &["status", &format!("--base={none}")], exit, code);
        let head = format!("--head={none}");
        shop.ends(&clone, &["gates", "--base", "main", &head], exit, code);
    };
    for none in ["main~9", "main^2"] {
        refused(none, 4, "unknown-revision");
    }
    // What can never name a commit is not worth another attempt.
    for none in ["", "-x", "a b", "main@{1}", ":/web", "main:qa", "HEAD^{tree}", "refs/heads/a..b"]
    {
        refused(none, 2, "invalid-revision");
    }
    // What a change is made for is a branch.
    for none in ["main~1", &*tip, "refs/tags/v1", "HEAD"] {
        let promote = ["promote", "web", "--to", "stage", "--dry-run", "--base", none];
        shop.ends(&clone, &promote, 2, "invalid-branch");
    }
}

#[test]
fn a_network_failure_is_not_a_missing_remote() {
    let shop = shop();
    let clone = shop.cloned();
    git(&clone, &["remote", "set-url", "origin", "file:///nowhere/remote.git"]);
    // What the clone knows needs no network.
    let known = shop.json(&clone, &["status"]);
    assert_eq!(known["workspace"]["base"]["reference"], MAIN);
    let output = shop.rungs(&clone, COMMANDS[2]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    assert!(transcript(&output).contains("warning[remote-unreachable]"), "{}", transcript(&output));
    // Now it is not known which branch is the base.
    git(&clone, &["remote", "set-head", "origin", "--delete"]);
    shop.refuse(&clone, &[], 4, "remote-unreachable");
    let help = shop.ends(&clone, &["status"], 4, "remote-unreachable");
    assert!(help.contains("--base"), "{help}");
    assert!(shop.rungs(&clone, &["status", "--base", "main"]).status.success());
    // Nor whether the remote has a branch of the local one's name.
    git(&clone, &["branch", "next"]);
    let help = shop.ends(&clone, &["status", "--base", "next"], 4, "remote-unreachable");
    assert!(help.contains("`refs/heads/next`"), "{help}");
    assert!(shop.rungs(&clone, &["status", "--base", "refs/heads/next"]).status.success());
}

#[test]
fn a_clone_of_another_user_is_not_a_missing_clone() {
    let shop = shop();
    let clone = shop.cloned();
    let foreign = Command::new("chown").args(["-R", "12345"]).arg(&clone).output();
    if !foreign.is_ok_and(|output| output.status.success()) {
        println!("skipped: only root can give a directory to another user");
        return;
    }
    shop.refuse(&clone, &[], 2, "foreign-clone");
    shop.ends(&clone, &["gates", "--base", "main"], 2, "foreign-clone");
    shop.ends(&clone, &["promote", "web", "--to", "stage", "--commit"], 2, "foreign-clone");
    let help = shop.ends(&clone.join("stage"), &["status"], 2, "foreign-clone");
    let root = clone.canonicalize().unwrap();
    assert!(help.contains(&format!("safe.directory {}`", root.display())), "{help}");
    // Files as they are need no clone.
    assert!(shop.rungs(&clone, &["status", "--work-tree"]).status.success());
}

#[test]
fn a_pin_in_a_clone_of_another_user_is_not_a_failure_to_read() {
    let app = "template: web@v1\nimages: { web: { repository: a/web, tag: v1 } }\n";
    let pinned = ("environments/qa/pinned.yaml", app);
    let files = native(&[("qa", "v2")], &["web".to_owned()], &[]);
    let shop = Shop { remote: Remote::new(&files), variables: Vec::new() };
    git(&shop.remote.bare(), &["tag", "v1", "main"]);
    let clone = shop.cloned();
    put(&clone, pinned.0, pinned.1);
    let values = ["values", "pinned", "--env", "qa"];
    let output = shop.rungs(&clone, &values);
    assert!(output.status.success(), "{}", transcript(&output));
    // One whose name a shell would take apart.
    let odd = shop.remote.path("a b;c");
    fs::rename(&clone, &odd).unwrap();
    let bare = shop.remote.path("bare");
    git(&shop.remote.path(""), &["clone", "-q", "--bare", "remote.git", "bare"]);
    for directory in [&odd, &bare] {
        let foreign = Command::new("chown").args(["-R", "12345"]).arg(directory).output();
        if !foreign.is_ok_and(|output| output.status.success()) {
            println!("skipped: only root can give a directory to another user");
            return;
        }
    }
    let help = shop.ends(&odd, &values, 2, "foreign-clone");
    let root = odd.canonicalize().unwrap();
    assert!(help.contains(&format!("safe.directory '{}'`", root.display())), "{help}");
    // A bare clone has no files of its own beside it.
    shop.ends(&bare, &["values", "web", "--env", "qa"], 2, "foreign-clone");
    shop.ends(&bare, &["render"], 2, "foreign-clone");
}

#[test]
fn a_configuration_that_cannot_be_read_names_no_base() {
    let shop = shop();
    let clone = shop.cloned();
    fs::write(clone.join("rungs.yaml"), "version: 1\nladder: [qa\n").unwrap();
    for command in COMMANDS {
        let output = shop.rungs(&clone, command);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {}", transcript(&output));
        assert!(transcript(&output).contains("--base"), "{command:?}: {}", transcript(&output));
        assert!(
            transcript(&output).contains("rungs.yaml:"),
            "{command:?}: {}",
            transcript(&output)
        );
    }
    for command in WITH_BASE {
        let document = shop.json(&clone, &[command, &["--base", "main"]].concat());
        assert_eq!(document["workspace"]["base"]["reference"], MAIN, "{command:?}");
    }
    // Whatever else is wrong in it does not matter: the base's counts.
    fs::write(clone.join("rungs.yaml"), "version: 1\nladdr: [qa]\n").unwrap();
    shop.agree(&clone, &[], &shop.remote.tip(), MAIN);
    fs::write(clone.join("rungs.yaml"), "forge: { base: 'a b' }\n").unwrap();
    shop.refuse(&clone, &[], 2, "invalid-reference");
}

#[test]
fn a_remote_without_a_branch_names_no_base() {
    let shop = shop();
    let clone = shop.cloned();
    let bare = shop.remote.path("empty.git");
    git(&shop.remote.path(""), &["init", "-q", "--bare", "empty.git"]);
    git(&clone, &["remote", "set-url", "origin", bare.to_str().unwrap()]);
    git(&clone, &["remote", "set-head", "origin", "--delete"]);
    git(&clone, &["update-ref", "-d", MAIN]);
    shop.refuse(&clone, &[], 2, "no-base-branch");
    let document = shop.json(&clone, &["status", "--base", "main"]);
    assert_eq!(document["workspace"]["base"]["reference"], "refs/heads/main");
}

#[test]
fn commands_that_look_at_no_branch_read_the_base_of_a_bare_clone() {
    let files = native(&[("qa", "v2"), ("stage", "v1")], &["web".to_owned()], &[]);
    let shop = Shop { remote: Remote::new(&files), variables: Vec::new() };
    let (nowhere, url) = (shop.remote.path(""), shop.remote.file_url());
    let values = shop.rungs(&nowhere, &["values", "web", "--env", "qa", "--repo", &url]);
    assert!(
        values.status.success() && transcript(&values).contains("v2"),
        "{}",
        transcript(&values)
    );
    let render = shop.rungs(&nowhere, &["render", "--stdout", "--repo", &url]);
    assert!(
        render.status.success() && transcript(&render).contains("web:v2"),
        "{}",
        transcript(&render)
    );
    let help = shop.ends(&nowhere, &["render", "--repo", &url], 2, "no-work-tree");
    assert!(help.contains("--stdout"), "{help}");
    // Nor does anything else write files into the clone that is kept.
    let write = ["promote", "web", "--to", "stage", "--write", "--repo", &url];
    shop.ends(&nowhere, &write, 2, "no-work-tree");
}
