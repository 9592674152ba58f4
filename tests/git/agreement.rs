//! A repository, and what every command says about it: which base it has, and
//! what may enter. They have to agree.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::effort::few_or_all;
use crate::support::git::{belongs_to, command, done, git, git_at};
use crate::support::program::{rungs_in, scrubbed, transcript};
use crate::support::repository::Remote;

pub(super) const CONFIGURATION: &str = "\
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
pub(super) struct Shop {
    pub(super) remote: Remote,
    pub(super) variables: Vec<(&'static str, String)>,
}

/// Two changes are due. `web` is at `v2` in qa, and may enter stage. `api` is at
/// `v2` in stage, which it entered just now, and has to wait before prod.
pub(super) fn shop() -> Shop {
    shop_with("")
}

pub(super) fn shop_with(settings: &str) -> Shop {
    let remote = remote_with(&format!("{CONFIGURATION}{settings}"));
    let ana = remote.cloned("ana");
    put(&ana, "stage/api.yaml", "tag: v2\n");
    put(&ana, "qa/web.yaml", "tag: v2\n");
    git(&ana, &["push", "-q"]);
    Shop { remote, variables: Vec::new() }
}

/// A shop whose stage is busy: `api` was at `v2` there for two days, and is at `v3`
/// since now. `v2` may enter prod, which takes the newest state that may.
pub(super) fn busy_shop() -> Shop {
    let remote = remote_with(&CONFIGURATION.replace("gates:", "select: newest-eligible, gates:"));
    let ana = remote.cloned("ana");
    fs::write(ana.join("stage/api.yaml"), "tag: v2\n").unwrap();
    let two_days_ago = Timestamp::now() - SignedDuration::from_hours(48);
    git_at(&ana, &two_days_ago.to_string(), &["commit", "-qam", "stage/api.yaml"]);
    put(&ana, "stage/api.yaml", "tag: v3\n");
    put(&ana, "qa/web.yaml", "tag: v2\n");
    git(&ana, &["push", "-q"]);
    Shop { remote, variables: Vec::new() }
}

/// Two apps at `v1` in each environment, but for `api`, which is at `v2` in qa.
fn remote_with(configuration: &str) -> Remote {
    let mut files = BTreeMap::from([("rungs.yaml".to_owned(), configuration.to_owned())]);
    for environment in ["qa", "stage", "prod"] {
        for app in ["web", "api"] {
            files.insert(format!("{environment}/{app}.yaml"), "tag: v1\n".to_owned());
        }
    }
    files.insert("qa/api.yaml".to_owned(), "tag: v2\n".to_owned());
    Remote::new(&files)
}

/// Commits a file's new text.
pub(super) fn put(clone: &Path, path: &str, text: &str) -> String {
    let file = clone.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
    git(clone, &["add", "-A", "-f"]);
    git(clone, &["commit", "-qm", path]);
    git(clone, &["rev-parse", "HEAD"])
}

impl Shop {
    pub(super) fn cloned(&self) -> PathBuf {
        self.remote.cloned("clone")
    }

    /// An empty repository with that remote, as CIs start with.
    pub(super) fn initialized(&self) -> PathBuf {
        let clone = self.remote.path("work");
        git(&self.remote.path(""), &["init", "-q", "work"]);
        git(&clone, &["remote", "add", "origin", &self.remote.file_url()]);
        belongs_to(&clone, "ci");
        clone
    }

    pub(super) fn set(&mut self, variables: &[(&'static str, &str)]) {
        let owned = |(name, value): &(&'static str, &str)| (*name, (*value).to_owned());
        self.variables = variables.iter().map(owned).collect();
    }

    pub(super) fn rungs(&self, clone: &Path, arguments: &[&str]) -> Output {
        let mut rungs = rungs_in(clone);
        rungs.env("RUNGS_CACHE", self.remote.path("cache"));
        rungs.envs(self.variables.iter().map(|(name, value)| (name, value)));
        rungs.args(arguments).output().unwrap()
    }

    #[track_caller]
    pub(super) fn json(&self, clone: &Path, arguments: &[&str]) -> Value {
        let output = self.rungs(clone, &[arguments, &["--format", "json"]].concat());
        let document = serde_json::from_slice(&output.stdout);
        document.unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", transcript(&output)))
    }

    /// Every command has the same base, that commit by that reference, and the
    /// same verdict on what may enter.
    #[track_caller]
    pub(super) fn agree(&self, clone: &Path, more: &[&str], tip: &str, reference: &str) {
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
        let changes = [("api", "prod"), ("web", "stage")];
        for (app, environment) in changes.into_iter().take(few_or_all(1, 2)) {
            self.agree_on(&base, app, environment);
        }
    }

    /// Every command has the same verdict on a promotion, and `gates --base` on
    /// the branch that it pushes, or on the same change by hand if it may not
    /// push one. Returns that verdict.
    #[track_caller]
    pub(super) fn agree_on(&self, at: &Proposed, app: &str, environment: &str) -> Vec<[Value; 3]> {
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
    pub(super) fn by_hand(&self, at: &Proposed, change: &Value) -> String {
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
    pub(super) fn pushed(&self, at: &Proposed, promotion: &[&str]) -> String {
        let push = ["promote", "--branch", "--author", "T <t@example.com>"];
        let document = self.json(at.clone, &[&push, promotion].concat());
        assert_eq!(document["done"]["what"], "pushed", "{document:#}");
        let branch = document["done"]["branch"].as_str().unwrap();
        git(&self.remote.bare(), &["branch", "-qD", branch]);
        document["done"]["commit"].as_str().unwrap().to_owned()
    }

    /// The clone of the remote's address.
    pub(super) fn cached(&self) -> PathBuf {
        let entries = fs::read_dir(self.remote.path("cache")).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        paths.find(|path| path.join("HEAD").is_file()).unwrap()
    }

    /// Every command ends with that exit code and finding.
    #[track_caller]
    pub(super) fn refuse(&self, clone: &Path, more: &[&str], exit: i32, code: &str) {
        for command in COMMANDS {
            self.ends(clone, &[command, more].concat(), exit, code);
        }
    }

    /// A command ends with that exit code and finding, whose help is returned.
    #[track_caller]
    pub(super) fn ends(&self, clone: &Path, arguments: &[&str], exit: i32, code: &str) -> String {
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
pub(super) const COMMANDS: [&[&str]; 5] = [
    &["status"],
    &["gates", "web", "--to", "stage"],
    &["promote", "web", "--to", "stage", "--dry-run"],
    &["audit"],
    &["hold", "list"],
];

/// Where each of them says in its own data what it looked at.
pub(super) const BASE_FIELDS: [&str; 5] =
    ["/commit", "/plans/0/base", "/plan/base", "/workspace/base/commit", "/workspace/base/commit"];

/// Those of them that have `--base`.
pub(super) const WITH_BASE: [&[&str]; 4] = [COMMANDS[0], COMMANDS[2], COMMANDS[3], COMMANDS[4]];

pub(super) const MAIN: &str = "refs/remotes/origin/main";

/// A checkout, the options to use in it, and the base that it is to have.
pub(super) struct Proposed<'a> {
    pub(super) clone: &'a Path,
    pub(super) more: &'a [&'a str],
    pub(super) tip: &'a str,
    pub(super) reference: &'a str,
}

/// What each gate says about an app of a plan: its name, its answer, and until
/// when it waits.
pub(super) fn verdict(app: &Value) -> Vec<[Value; 3]> {
    let gates = app["gates"].as_array().unwrap_or_else(|| panic!("no gates in {app:#}"));
    let parts = |gate: &Value| [&gate["gate"], &gate["answer"], &gate["until"]].map(Value::clone);
    gates.iter().map(parts).collect()
}

pub(super) fn not_passed(verdict: &[[Value; 3]]) -> Vec<[Value; 3]> {
    verdict.iter().filter(|[_, answer, _]| answer != "pass").cloned().collect()
}

/// The same for what `status` says blocks an environment.
pub(super) fn blocked(cell: &Value) -> Vec<[Value; 3]> {
    let blocks = cell["blocked"].as_array().unwrap_or_else(|| panic!("no list in {cell:#}"));
    let parts = |block: &Value| {
        let by = &block["by"];
        let (gate, answer) =
            if by["waits"].is_string() { (&by["waits"], "wait") } else { (&by["fails"], "fail") };
        [gate.clone(), answer.into(), block["until"].clone()]
    };
    blocks.iter().map(parts).collect()
}

/// Runs the `git fetch` of a help as a person who pastes it would.
#[track_caller]
pub(super) fn paste(clone: &Path, help: &str) {
    let command = help.split('`').find(|part| part.starts_with("git fetch"));
    let command = command.unwrap_or_else(|| panic!("no command in `{help}`"));
    let mut shell = scrubbed("sh");
    shell.args(["-c", command]).current_dir(clone).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{command}: {}", transcript(&output));
}

pub(super) const ACTIONS: [(&str, &str); 2] =
    [("GITHUB_ACTIONS", "true"), ("GITHUB_REPOSITORY", "remote")];
