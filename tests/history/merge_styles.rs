//! However a forge merges a promotion, audit and rollback are the same; what
//! commits say about their time is called unverified.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use crate::support::git::{belongs_to, git, git_at};
use crate::support::program::{rungs, rungs_done, transcript};
use crate::support::repository::{
    Remote, copy, files_at, native, native_app, native_file, rendered_file,
};

/// Two apps on three rungs; what is in qa is newer, and prod waits for a day.
fn remote() -> Remote {
    let apps = ["web".to_owned(), "shop".to_owned()];
    let ladder = [("qa", "v1"), ("stage", "v1"), ("prod", "v1")];
    let prod = ("environments/prod/environment.yaml", "gates: { soak: 24h }\n");
    let remote = Remote::new(&native(&ladder, &apps, &[prod]));
    let person = remote.cloned("builder");
    person_sets(&person, "qa", "web", "v2", &hours_ago(240));
    git(&person, &["push", "-q"]);
    remote
}

/// A time in a form that both git and people can read.
fn hours_ago(hours: i64) -> String {
    let time = Timestamp::now() - SignedDuration::from_hours(hours);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A person changes an app's tag by hand, with its rendered file.
fn person_sets(clone: &Path, environment: &str, app: &str, tag: &str, time: &str) {
    std::fs::write(clone.join(native_file(environment, app)), native_app(app, tag)).unwrap();
    rungs_done(clone, &["render"]);
    git(clone, &["add", "-A"]);
    git_at(clone, time, &["commit", "-qm", &format!("{app} {tag} for {environment}")]);
}

/// How a forge, or a person, brings a branch into `main`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    FastForward,
    Merge,
    Squash,
    Rebase,
    LateMerge,
    LateSquash,
    LateRebase,
}

impl Style {
    const ALL: [Self; 7] = [
        Self::FastForward,
        Self::Merge,
        Self::Squash,
        Self::Rebase,
        Self::LateMerge,
        Self::LateSquash,
        Self::LateRebase,
    ];

    fn is_late(self) -> bool {
        matches!(self, Self::LateMerge | Self::LateSquash | Self::LateRebase)
    }

    /// Merges a branch of the bare repository, at a time.
    fn merge(self, of: &Merged, branch: &str, time: &str) {
        let forge = of.cloned("forge");
        let branch = format!("origin/{branch}");
        match self {
            Self::FastForward => drop(git(&forge, &["merge", "-q", "--ff-only", &branch])),
            Self::Merge | Self::LateMerge => {
                let message = format!("Merge pull request #7 from {branch}");
                git_at(&forge, time, &["merge", "-q", "--no-ff", "-m", &message, &branch]);
            }
            Self::Squash | Self::LateSquash => squash(&forge, &branch, time),
            Self::Rebase | Self::LateRebase => {
                git(&forge, &["checkout", "-q", "--detach", &branch]);
                git_at(&forge, time, &["rebase", "-q", "--force-rebase", "origin/main"]);
                git(&forge, &["branch", "-f", "main"]);
            }
        }
        git(&forge, &["push", "-q", "origin", "main"]);
    }
}

/// As forges squash: one commit by the branch's author, whose message has the
/// title and the messages of all commits.
fn squash(forge: &Path, branch: &str, time: &str) {
    let messages = git(forge, &["log", "--format=* %B", &format!("main..{branch}")]);
    let author = git(forge, &["log", "-1", "--format=%an <%ae>", branch]);
    git(forge, &["merge", "-q", "--squash", branch]);
    let message = format!("Promote web (#7)\n\n{messages}");
    git_at(forge, time, &["commit", "-q", "--author", &author, "-m", &message]);
}

/// A copy of a bare repository, to be merged in one way.
struct Merged {
    directory: tempfile::TempDir,
}

impl Merged {
    fn copy_of(remote: &Remote) -> Self {
        let merged = Self { directory: crate::support::directory::temporary().unwrap() };
        copy(&remote.bare(), &merged.bare());
        merged
    }

    fn bare(&self) -> PathBuf {
        self.directory.path().join("remote.git")
    }

    fn cloned(&self, name: &str) -> PathBuf {
        let clone = self.directory.path().join(name);
        git(self.directory.path(), &["clone", "-q", self.bare().to_str().unwrap(), name]);
        belongs_to(&clone, name);
        clone
    }

    fn files(&self) -> BTreeMap<String, String> {
        files_at(&self.bare(), "main")
    }

    /// What audit says about the app, without what names a commit or its time.
    fn audit(&self, name: &str, app: &str) -> Vec<Json> {
        let audit = json(&self.cloned(name), &["audit", "--app", app, "--format", "json"]);
        let mut entries = audit["entries"].as_array().expect("entries").clone();
        for entry in &mut entries {
            let entry = entry.as_object_mut().unwrap();
            for of_the_commit in ["commit", "at", "clock", "subject", "committer"] {
                entry.remove(of_the_commit);
            }
            entry["author"].as_object_mut().unwrap().remove("at");
        }
        entries
    }

    /// Since when the app has had its state in an environment.
    fn since(&self, name: &str, app: &str, environment: &str) -> Json {
        let status = json(&self.cloned(name), &["status", "--format", "json"]);
        let apps = status["apps"].as_array().unwrap();
        let found = apps.iter().find(|one| one["app"] == app).unwrap();
        let cells = found["environments"].as_array().unwrap();
        cells.iter().find(|cell| cell["environment"] == environment).unwrap()["since"].clone()
    }

    /// The plan of promoting the app from stage to prod.
    fn planned(&self, name: &str) -> Json {
        let arguments = ["promote", "web", "--to", "prod", "--dry-run", "--format", "json"];
        let output = rungs(&self.cloned(name), &arguments);
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("a plan: {}", transcript(&output)))
    }

    /// What the gate `soak` says about that.
    fn soak(&self, name: &str) -> Json {
        let plan = self.planned(name);
        find(&plan, &|json| json["gate"] == "soak").unwrap_or_else(|| panic!("no soak in {plan}"))
    }
}

fn json(clone: &Path, arguments: &[&str]) -> Json {
    serde_json::from_str(&rungs_done(clone, arguments)).unwrap()
}

/// The first object, at any depth, that fits.
fn find(json: &Json, fits: &dyn Fn(&Json) -> bool) -> Option<Json> {
    match json {
        Json::Object(map) if fits(json) => Some(Json::Object(map.clone())),
        Json::Object(map) => map.values().find_map(|value| find(value, fits)),
        Json::Array(items) => items.iter().find_map(|item| find(item, fits)),
        _ => None,
    }
}

/// A remote with a promotion of `web` to stage on a branch of its own.
fn pushed() -> (Remote, String) {
    let remote = remote();
    let clone = remote.cloned("ann");
    rungs_done(&clone, &["promote", "web", "--to", "stage", "--branch"]);
    let branches = git(&remote.bare(), &["for-each-ref", "--format=%(refname:short)"]);
    let branch = branches.lines().find(|name| *name != "main").expect("a branch was pushed");
    assert_eq!(branch, "rungs/stage/web");
    (remote, branch.to_owned())
}

/// The promotion, merged in that way two days ago.
fn merged(remote: &Remote, branch: &str, style: Style) -> Merged {
    let merged = Merged::copy_of(remote);
    if style.is_late() {
        let other = merged.cloned("other");
        person_sets(&other, "stage", "shop", "v7", &hours_ago(72));
        git(&other, &["push", "-q"]);
    }
    style.merge(&merged, branch, &hours_ago(48));
    merged
}

#[test]
fn every_merge_style_gives_the_same_audit() {
    let (remote, branch) = pushed();
    let mut first: Option<Vec<Json>> = None;
    for style in Style::ALL {
        let entries = merged(&remote, &branch, style).audit("auditor", "web");
        let promotions: Vec<_> =
            entries.iter().filter(|entry| entry["action"] == "promote").collect();
        assert_eq!(promotions.len(), 1, "{style:?}: {entries:#?}");
        assert_eq!(promotions[0]["environment"], "stage", "{style:?}");
        assert_eq!(promotions[0]["record"]["verified"], true, "{style:?}: {promotions:#?}");
        assert_eq!(promotions[0]["author"]["name"], "ann", "{style:?}");
        match &first {
            None => first = Some(entries),
            Some(first) => assert_eq!(&entries, first, "{style:?}"),
        }
    }
}

#[test]
fn every_merge_style_is_rolled_back_to_the_same_bytes() {
    let (remote, branch) = pushed();
    let before = remote.files("main");
    let mut holds: Option<BTreeMap<String, String>> = None;
    for style in Style::ALL {
        let merged = merged(&remote, &branch, style);
        let promoted = merged.files();
        assert_ne!(promoted[&native_file("stage", "web")], before[&native_file("stage", "web")]);
        let clone = merged.cloned("ann");
        let why = ["--reason", "it crashes", "--commit"];
        rungs_done(&clone, &[&["rollback", "web", "--env", "stage"][..], &why].concat());
        let mut found = merged.files();
        let held = found.extract_if(.., |path, _| path.starts_with(".rungs/holds/")).collect();
        let mut expected = promoted;
        for path in [native_file("stage", "web"), rendered_file("stage", "web")] {
            expected.insert(path.clone(), before[&path].clone());
        }
        assert_eq!(found, expected, "{style:?}");
        match &holds {
            None => holds = Some(held),
            Some(first) => assert_eq!(&held, first, "{style:?}"),
        }
    }
    assert_eq!(holds.unwrap().len(), 1, "one file holds the state back");
}

#[test]
fn every_merge_style_has_a_time_that_is_called_unverified() {
    let (remote, branch) = pushed();
    for style in Style::ALL {
        let merged = merged(&remote, &branch, style);
        assert_eq!(merged.since("reader", "web", "stage")["certainty"], "unverified", "{style:?}");
        let soak = merged.soak("ann");
        // A fast-forward brings the commit as it was made: just now.
        let answer = if style == Style::FastForward { "wait" } else { "pass" };
        assert_eq!(soak["answer"], answer, "{style:?}: {soak}");
        assert!(soak["reason"].as_str().unwrap().contains("unverified"), "{style:?}: {soak}");
    }
}

#[test]
fn a_soak_that_trusts_the_forge_alone_waits_for_every_style() {
    let (remote, branch) = pushed();
    let clone = remote.cloned("owner");
    let gates = "gates: { soak: { for: 24h, trust: forge } }\n";
    std::fs::write(clone.join("environments/prod/environment.yaml"), gates).unwrap();
    git_at(&clone, &hours_ago(100), &["commit", "-qam", "Trust the forge's clock alone"]);
    git(&clone, &["push", "-q"]);
    for style in [Style::Merge, Style::Squash, Style::Rebase] {
        let soak = merged(&remote, &branch, style).soak("ann");
        assert_eq!(soak["answer"], "wait", "{style:?}: {soak}");
    }
}

/// A change of stage by hand, pushed to `main` at a time that its author chose.
fn placed_by_hand(time: &str) -> Merged {
    let merged = Merged::copy_of(&remote());
    let clone = merged.cloned("ben");
    person_sets(&clone, "stage", "web", "v2", time);
    git(&clone, &["push", "-q"]);
    merged
}

#[test]
fn a_backdated_commit_soaks_by_its_own_time_which_is_unverified_as_far_as_it_is_possible() {
    let merged = placed_by_hand(&hours_ago(24 * 700));
    let soak = merged.soak("ann");
    assert_eq!(soak["answer"], "wait", "before those that it follows: {soak}");
    let merged = placed_by_hand(&hours_ago(24 * 5));
    assert_eq!(merged.since("reader", "web", "stage")["certainty"], "unverified");
    let soak = merged.soak("ann");
    assert_eq!(soak["answer"], "pass", "{soak}");
    assert!(soak["reason"].as_str().unwrap().contains("unverified"), "{soak}");
}

#[test]
fn a_commit_from_the_future_has_not_started_to_soak() {
    let merged = placed_by_hand(&hours_ago(-24 * 30));
    let soak = merged.soak("ann");
    assert_eq!(soak["answer"], "wait", "{soak}");
    assert!(soak["reason"].as_str().unwrap().contains("future"), "{soak}");
    let found = merged.planned("eve");
    let is_finding = |json: &Json| json["code"] == "future-commit";
    assert!(find(&found, &is_finding).is_some(), "{found}");
}

/// Ann promotes in the remote while Ben commits at home; Ben pulls, which makes
/// a merge whose first parent is his own commit, and pushes that.
fn pulled_and_pushed(ann: &str, pull: &str) -> Merged {
    let merged = Merged::copy_of(&remote());
    let ben = merged.cloned("ben");
    let ann_at = merged.cloned("ann-at-home");
    person_sets(&ann_at, "stage", "web", "v2", ann);
    git(&ann_at, &["push", "-q"]);
    std::fs::write(ben.join("README.md"), "of Ben\n").unwrap();
    git(&ben, &["add", "-A"]);
    git_at(&ben, ann, &["commit", "-qm", "A word of Ben's"]);
    git_at(&ben, pull, &["pull", "-q", "--no-rebase", "--no-edit"]);
    git(&ben, &["push", "-q"]);
    let parents = git(&merged.bare(), &["log", "-1", "--format=%P", "main"]);
    assert_eq!(parents.split(' ').count(), 2, "a merge was pushed");
    merged
}

#[test]
fn an_audit_names_the_author_of_what_a_pushed_pull_brought() {
    let merged = pulled_and_pushed(&hours_ago(100), &hours_ago(50));
    let entries = merged.audit("auditor", "web");
    let of_stage: Vec<_> = entries.iter().filter(|entry| entry["environment"] == "stage").collect();
    // Ann's change, and the first commit of the repository.
    assert_eq!(of_stage.len(), 2, "{of_stage:#?}");
    assert_eq!(of_stage[0]["author"]["name"], "ann-at-home", "{of_stage:#?}");
    assert_eq!(of_stage[0]["changes"][0]["to"], "registry.example.com/web:v2", "{of_stage:#?}");
}

#[test]
fn a_pushed_pull_starts_the_soak_again() {
    let soak = pulled_and_pushed(&hours_ago(100), &hours_ago(2)).soak("ann");
    assert_eq!(soak["answer"], "wait", "{soak}");
    let soak = pulled_and_pushed(&hours_ago(100), &hours_ago(50)).soak("ann");
    assert_eq!(soak["answer"], "pass", "{soak}");
}

#[test]
fn the_title_of_a_pull_request_puts_no_state_where_it_never_was() {
    let merged = Merged::copy_of(&remote());
    let mallory = merged.cloned("mallory");
    git(&mallory, &["switch", "-qc", "attack"]);
    person_sets(&mallory, "stage", "web", "v666", &hours_ago(200));
    person_sets(&mallory, "stage", "web", "v1", &hours_ago(100));
    git(&mallory, &["push", "-q", "origin", "attack"]);
    let forge = merged.cloned("forge");
    let title = "Merge branch 'main' into attack";
    git_at(&forge, &hours_ago(1), &["merge", "-q", "--no-ff", "-m", title, "origin/attack"]);
    git(&forge, &["push", "-q", "origin", "main"]);
    let command = ["promote", "web", "--to", "prod", "--ref", ":v666", "--dry-run"];
    let said = transcript(&rungs(&merged.cloned("eve"), &command));
    assert!(said.contains("never-held"), "{said}");
}
