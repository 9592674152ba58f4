//! Commits made in the object database and pushed to a branch that others push
//! to as well, by the real git over `file://` and smart HTTP.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rungs::diagnostic::Finding;
use rungs::git::{
    BaseOptions, Branch, BuildError, CloneWriter, CommitIdentity, CommitMetadata, ConfiguredBase,
    GitConfig, Lease, LocalClone, ObjectName, PushError, PushTarget, Remote, TipError, TipOutcome,
    Variables, Workspace, WorkspaceOptions,
};
use rungs::source::{FileChanges, RepoPath};
use tempfile::TempDir;

use crate::support::effort::few_or_all;
use crate::support::git::{self, git};
use crate::support::program::scrubbed;
use crate::support::smart_http::{Cut, SmartHttp};

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

/// What a test makes commits with.
struct TestWriter {
    writer: CloneWriter,
    identity: CommitIdentity,
    remote: Remote,
    branch: Branch,
}

impl TestWriter {
    fn at(clone: &Path) -> Self {
        let repository = Arc::new(LocalClone::containing(clone).unwrap().unwrap());
        let writer = CloneWriter::new(repository).unwrap();
        let identity = CommitIdentity::of(None, &Variables::default(), writer.config()).unwrap();
        let remote = Remote::of(None, writer.config()).unwrap().unwrap();
        Self { writer, identity, remote, branch: Branch::parse("main").unwrap() }
    }

    /// A target with enough time for a slow machine.
    fn to(&self) -> PushTarget<'_> {
        let retry_for = Duration::from_hours(1);
        PushTarget { retry_for, ..PushTarget::new(&self.remote, &self.branch) }
    }

    /// Makes a commit that gives a file a text.
    fn commit(
        &self,
        base: &ObjectName,
        file: &str,
        text: &str,
    ) -> Result<Option<ObjectName>, BuildError> {
        let changes = FileChanges::from([(path(file), Some(text.as_bytes().to_vec()))]);
        let message = format!("Set {file} to {text}");
        let time = Timestamp::from_second(1_700_000_000).unwrap();
        self.writer.commit(
            base,
            &changes,
            &CommitMetadata { message: &message, identity: &self.identity, time },
        )
    }

    fn set(&self, file: &str, text: &str) -> Result<TipOutcome, TipError<BuildError>> {
        self.writer.commit_on_tip(&self.to(), |tip| self.commit(tip, file, text))
    }

    fn finding(&self, error: TipError<BuildError>) -> Finding {
        error.finding(&self.to()).unwrap()
    }
}

fn committed(landed: Result<TipOutcome, TipError<BuildError>>) -> ObjectName {
    match landed.unwrap() {
        TipOutcome::Committed { commit, .. } => commit,
        TipOutcome::NothingToDo { base } => panic!("nothing to do at {base}"),
    }
}

fn file_url(bare: &Path) -> String {
    format!("file://{}", bare.display())
}

/// A bare repository, and a clone of it by `file://`.
fn pair() -> (TempDir, PathBuf, PathBuf) {
    let directory = crate::support::directory::temporary().unwrap();
    let bare =
        git::origin(directory.path(), &[("apps/web", "v1"), ("apps/api", "v1"), ("other", "x")]);
    let clone = directory.path().join("clone");
    git::clone(&file_url(&bare), &clone, &[]);
    (directory, bare, clone)
}

fn show(repository: &Path, file: &str) -> String {
    git(repository, &["show", &format!("main:{file}")])
}

#[test]
fn a_commit_lands_and_the_work_tree_is_untouched() {
    let (_kept, bare, clone) = pair();
    fs::write(clone.join("apps/web"), "dirty").unwrap();
    fs::write(clone.join("staged"), "staged").unwrap();
    git(&clone, &["add", "staged"]);
    let before = (git(&clone, &["status", "--porcelain"]), git(&clone, &["rev-parse", "HEAD"]));
    let landed = committed(TestWriter::at(&clone).set("apps/web", "v2"));
    assert_eq!(show(&bare, "apps/web"), "v2");
    assert_eq!(git(&bare, &["rev-parse", "main"]), landed.as_str());
    assert_eq!(git(&bare, &["diff", "--name-only", "main~1", "main"]), "apps/web");
    assert_eq!(
        (git(&clone, &["status", "--porcelain"]), git(&clone, &["rev-parse", "HEAD"])),
        before
    );
    assert!(!clone.join(".git/FETCH_HEAD").exists());
    // What was pushed is known, so that the next run plans on it.
    assert_eq!(git(&clone, &["rev-parse", "origin/main"]), landed.as_str());
    assert!(git::is_sound(&bare));
}

#[test]
fn a_commit_is_as_git_itself_would_write_it() {
    let (_kept, bare, clone) = pair();
    let landed = committed(TestWriter::at(&clone).set("apps/web", "v2"));
    let parent = git(&bare, &["rev-parse", "main~1"]);
    let tree = git(&bare, &["rev-parse", "main^{tree}"]);
    let mut commit = git::command(&clone);
    for role in ["AUTHOR", "COMMITTER"] {
        commit.env(format!("GIT_{role}_NAME"), "Tester");
        commit.env(format!("GIT_{role}_EMAIL"), "tester@example.com");
        commit.env(format!("GIT_{role}_DATE"), "1700000000 +0000");
    }
    let message = ["-m", "Set apps/web to v2"];
    let output = commit.args(["commit-tree", "-p", &parent, &tree]).args(message).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), landed.as_str());
}

#[test]
fn a_change_that_is_already_there_is_nothing_to_do_and_pushes_nothing() {
    let (_kept, bare, clone) = pair();
    let tip = git(&bare, &["rev-parse", "main"]);
    let landed = TestWriter::at(&clone).set("apps/web", "v1").unwrap();
    assert_eq!(landed, TipOutcome::NothingToDo { base: ObjectName::parse(&tip).unwrap() });
}

#[test]
fn nothing_to_do_at_an_old_tip_is_computed_again_at_the_new_one() {
    let (kept, bare, clone) = pair();
    let other = kept.path().join("other");
    git::clone(&file_url(&bare), &other, &[]);
    committed(TestWriter::at(&other).set("apps/web", "v2"));
    // The clone still knows the tip at which `web` is v1.
    committed(TestWriter::at(&clone).set("apps/web", "v1"));
    assert_eq!(show(&bare, "apps/web"), "v1");
    assert_eq!(git::history(&bare, "main").len(), 3);
}

#[test]
fn what_cannot_be_done_at_an_old_tip_is_computed_again_at_the_new_one() {
    let (kept, bare, clone) = pair();
    let other = kept.path().join("other");
    git::clone(&file_url(&bare), &other, &[]);
    let removed = FileChanges::from([(path("other"), None)]);
    let hand = TestWriter::at(&other);
    let metadata =
        CommitMetadata { message: "Remove", identity: &hand.identity, time: Timestamp::UNIX_EPOCH };
    let landed =
        hand.writer.commit_on_tip(&hand.to(), |tip| hand.writer.commit(tip, &removed, &metadata));
    committed(landed);
    // At the known tip `other` is a file, and nothing can be below it.
    committed(TestWriter::at(&clone).set("other/x", "1"));
    assert_eq!(show(&bare, "other/x"), "1");
}

#[test]
fn at_a_tip_that_moved_a_change_is_computed_again_and_both_are_kept() {
    let (kept, bare, clone) = pair();
    let other = kept.path().join("other");
    git::clone(&file_url(&bare), &other, &[]);
    committed(TestWriter::at(&other).set("apps/api", "v2"));
    let hand = TestWriter::at(&clone);
    let mut tips = Vec::new();
    let landed = hand.writer.commit_on_tip(&hand.to(), |tip| {
        tips.push(tip.clone());
        hand.commit(tip, "apps/web", "v2")
    });
    committed(landed);
    assert_eq!(tips.len(), 2);
    assert_eq!((show(&bare, "apps/web"), show(&bare, "apps/api")), ("v2".into(), "v2".into()));
}

/// How many writers run at once.
fn writers() -> usize {
    few_or_all(4, 20)
}

/// Runs writers at once, each with a file of its own, and each twice, as CI
/// retries do: every file is there, and was committed once.
fn write_at_once(clones: &[PathBuf], bare: &Path) {
    let start = Barrier::new(writers());
    thread::scope(|scope| {
        for number in 0..writers() {
            let (start, clone) = (&start, &clones[number % clones.len()]);
            scope.spawn(move || {
                let hand = TestWriter::at(clone);
                start.wait();
                committed(hand.set(&format!("apps/{number}"), "v1"));
                let again = TestWriter::at(clone).set(&format!("apps/{number}"), "v1").unwrap();
                assert!(matches!(again, TipOutcome::NothingToDo { .. }));
            });
        }
    });
    let mut history = git::history(bare, "main");
    history.sort();
    let mut expected: Vec<_> = (0..writers()).map(|n| format!("Set apps/{n} to v1")).collect();
    expected.push("seed".to_owned());
    expected.sort();
    assert_eq!(history, expected);
    assert_eq!(
        git(bare, &["rev-list", "--count", "main"]),
        (writers() + 1).to_string(),
        "the history is linear"
    );
    assert!(git::is_sound(bare));
}

/// Copies of one clone: cloning each time would test nothing more.
fn clones(directory: &Path, url: &str) -> Vec<PathBuf> {
    let first = directory.join("clone");
    git::clone(url, &first, &[]);
    let copy = |number: usize| {
        let to = directory.join(format!("clone{number}"));
        let copied = scrubbed("cp").arg("-r").args([&first, &to]).status();
        assert!(copied.unwrap().success());
        to
    };
    (0..writers()).map(copy).collect()
}

#[test]
fn clones_that_push_at_once_all_land_over_file() {
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(directory.path(), &[("apps/web", "v1")]);
    write_at_once(&clones(directory.path(), &file_url(&bare)), &bare);
}

#[test]
fn clones_that_push_at_once_all_land_over_http() {
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(directory.path(), &[("apps/web", "v1")]);
    let server = SmartHttp::serve(directory.path());
    write_at_once(&clones(directory.path(), &server.url("origin.git")), &bare);
}

#[test]
fn runs_at_once_in_one_clone_all_land() {
    let (_kept, bare, clone) = pair();
    write_at_once(std::slice::from_ref(&clone), &bare);
    assert!(git::is_sound(&clone));
    assert!(!clone.join(".git/FETCH_HEAD").exists());
}

#[test]
fn runs_at_once_in_one_shallow_clone_all_land_and_it_stays_shallow() {
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(directory.path(), &[("apps/web", "v1")]);
    let first = directory.path().join("first");
    git::clone(&file_url(&bare), &first, &[]);
    committed(TestWriter::at(&first).set("apps/web", "v2"));
    let clone = directory.path().join("clone");
    git::clone(&file_url(&bare), &clone, &["--depth", "1"]);
    let before = git(&bare, &["rev-parse", "main"]);
    let start = Barrier::new(writers());
    thread::scope(|scope| {
        for number in 0..writers() {
            let (start, clone) = (&start, &clone);
            scope.spawn(move || {
                let hand = TestWriter::at(clone);
                start.wait();
                committed(hand.set(&format!("apps/{number}"), "v1"));
            });
        }
    });
    assert_eq!(
        git(&bare, &["rev-list", "--count", &format!("{before}..main")]),
        writers().to_string()
    );
    assert_eq!(fs::read_to_string(clone.join(".git/shallow")).unwrap().trim(), before);
    assert!(git::is_sound(&bare));
}

#[test]
fn a_protected_branch_is_reported_in_the_servers_words() {
    let (_kept, bare, clone) = pair();
    git::hook(
        &bare,
        "pre-receive",
        "echo 'main is protected, see https://me:hunter2@wiki/' >&2; exit 1",
    );
    let tip = git(&bare, &["rev-parse", "main"]);
    let hand = TestWriter::at(&clone);
    let finding = hand.finding(hand.set("apps/web", "v2").unwrap_err());
    assert_eq!((finding.code.name, finding.code.kind.exit_code()), ("push-refused", 1));
    assert!(finding.message.contains("pre-receive hook declined"), "{}", finding.message);
    assert!(
        finding.message.contains("main is protected, see https://***@wiki/"),
        "{}",
        finding.message
    );
    assert_eq!(git(&bare, &["rev-parse", "main"]), tip);
}

#[test]
fn a_server_that_is_busy_for_a_moment_is_asked_once_more() {
    let (_kept, bare, clone) = pair();
    let script = "if [ -e seen ]; then exit 0; fi; touch seen; echo busy >&2; exit 1";
    git::hook(&bare, "update", script);
    committed(TestWriter::at(&clone).set("apps/web", "v2"));
    assert_eq!(git::history(&bare, "main").len(), 2);
}

#[test]
fn a_hook_of_the_clone_runs_and_can_refuse() {
    let (_kept, bare, clone) = pair();
    git(&clone, &["config", "core.hooksPath", "hooks"]);
    git::hook(&clone, "pre-push", "echo 'not on a Friday' >&2; exit 1");
    let hand = TestWriter::at(&clone);
    let finding = hand.finding(hand.set("apps/web", "v2").unwrap_err());
    assert_eq!((finding.code.name, finding.code.kind.exit_code()), ("push-refused", 1));
    assert!(finding.message.contains("not on a Friday"), "{}", finding.message);
    assert_eq!(git::history(&bare, "main"), ["seed"]);
}

#[test]
fn our_own_branch_is_replaced_only_if_it_is_what_was_seen() {
    let (_kept, bare, clone) = pair();
    let hand = TestWriter::at(&clone);
    let tip = hand.writer.fetch_tip(&hand.remote, &hand.branch).unwrap().unwrap();
    let ours = Branch::parse("rungs/prod/web").unwrap();
    let one = hand.commit(&tip, "apps/web", "v2").unwrap().unwrap();
    let two = hand.commit(&tip, "apps/web", "v3").unwrap().unwrap();
    let push = |commit, lease| hand.writer.push(&hand.remote, commit, &ours, &lease);
    assert!(push(&one, Lease::Absent).is_ok());
    assert_eq!(push(&two, Lease::Absent), Err(PushError::Outdated));
    assert_eq!(push(&two, Lease::Exactly(tip.clone())), Err(PushError::Outdated));
    assert!(push(&two, Lease::Exactly(one.clone())).is_ok());
    assert_eq!(git(&bare, &["rev-parse", "rungs/prod/web"]), two.as_str());
}

#[test]
fn refused_credentials_are_exit_4_and_no_password_is_shown() {
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(directory.path(), &[("apps/web", "v1")]);
    let server = SmartHttp::serve(directory.path());
    let clone = directory.path().join("clone");
    git::clone(&file_url(&bare), &clone, &[]);
    git(&clone, &["config", "credential.helper", ""]);
    let url = server.url_with("me", "hunter2", "origin.git");
    git(&clone, &["remote", "set-url", "origin", &url]);
    let hand = TestWriter::at(&clone);
    for (password, forbids) in [("correct", false), ("hunter2", true)] {
        server.behave(|it| {
            it.password = Some(("me".into(), password.into()));
            it.forbids = forbids;
        });
        let finding = hand.finding(hand.set("apps/web", "v2").unwrap_err());
        assert_eq!((finding.code.name, finding.code.kind.exit_code()), ("remote-unreachable", 4));
        assert!(!format!("{finding:?}").contains("hunter2"), "{finding:?}");
    }
    server.behave(|it| it.forbids = false);
    committed(hand.set("apps/web", "v2"));
}

#[test]
fn credentials_come_from_a_helper_as_they_do_by_hand() {
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(directory.path(), &[("apps/web", "v1")]);
    let server = SmartHttp::serve(directory.path());
    let clone = directory.path().join("clone");
    git::clone(&server.url("origin.git"), &clone, &[]);
    let helper = "!f() { echo username=me; echo password=hunter2; }; f";
    git(&clone, &["config", "credential.helper", helper]);
    server.behave(|it| it.password = Some(("me".into(), "hunter2".into())));
    committed(TestWriter::at(&clone).set("apps/web", "v2"));
    assert_eq!(show(&bare, "apps/web"), "v2");
}

#[test]
fn a_known_tip_that_is_no_longer_in_the_clone_is_fetched() {
    let (_kept, bare, clone) = pair();
    let gone = "1".repeat(40);
    fs::write(clone.join(".git/refs/remotes/origin/main"), &gone).unwrap();
    committed(TestWriter::at(&clone).set("apps/web", "v2"));
    assert_eq!(show(&bare, "apps/web"), "v2");
}

#[test]
fn a_push_that_is_cut_off_is_accepted_whole_or_not_at_all_and_finished_once() {
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(directory.path(), &[("apps/web", "v1")]);
    let server = SmartHttp::serve(directory.path());
    let clone = directory.path().join("clone");
    git::clone(&server.url("origin.git"), &clone, &[]);
    let cuts =
        [Cut::Within(0), Cut::Within(150), Cut::BeforeAnswer, Cut::InAnswer(20), Cut::InAnswer(90)];
    for (number, cut) in cuts.into_iter().enumerate() {
        let text = format!("v{}", number + 2);
        server.behave(|it| it.cut = cut);
        let first = TestWriter::at(&clone).set("apps/web", &text);
        let is_accepted = show(&bare, "apps/web") == text;
        assert_eq!(is_accepted, !matches!(cut, Cut::Within(_)), "{cut:?}");
        // What was accepted counts even if the server could not say so.
        assert_eq!(first.is_ok(), is_accepted, "{cut:?}: {first:?}");
        server.behave(|it| it.cut = Cut::Never);
        let second = TestWriter::at(&clone).set("apps/web", &text).unwrap();
        assert_eq!(matches!(second, TipOutcome::NothingToDo { .. }), is_accepted, "{cut:?}");
        assert_eq!(show(&bare, "apps/web"), text);
        assert_eq!(git::history(&bare, "main").len(), number + 2);
    }
    assert!(git::is_sound(&bare));
}

#[test]
fn whoever_may_only_read_gets_the_servers_refusal() {
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(directory.path(), &[("apps/web", "v1")]);
    git(&bare, &["config", "http.receivepack", "false"]);
    let server = SmartHttp::serve(directory.path());
    let clone = directory.path().join("clone");
    git::clone(&server.url("origin.git"), &clone, &[]);
    let hand = TestWriter::at(&clone);
    let finding = hand.finding(hand.set("apps/web", "v2").unwrap_err());
    assert_eq!((finding.code.name, finding.code.kind.exit_code()), ("push-refused", 1));
    assert!(finding.message.contains("403"), "{}", finding.message);
}

#[test]
fn a_branch_that_was_set_back_does_not_get_back_what_was_removed() {
    let (_kept, bare, clone) = pair();
    committed(TestWriter::at(&clone).set("apps/web", "a secret"));
    git(&bare, &["update-ref", "refs/heads/main", "main~1"]);
    committed(TestWriter::at(&clone).set("apps/api", "v2"));
    assert_eq!(git::history(&bare, "main"), ["Set apps/api to v2", "seed"]);
    assert_eq!(show(&bare, "apps/web"), "v1");
}

#[test]
fn a_remote_that_does_not_exist_is_exit_4() {
    let (_kept, bare, clone) = pair();
    fs::rename(&bare, bare.with_extension("gone")).unwrap();
    let hand = TestWriter::at(&clone);
    let finding = hand.finding(hand.set("apps/web", "v2").unwrap_err());
    assert_eq!((finding.code.name, finding.code.kind.exit_code()), ("remote-unreachable", 4));
}

#[test]
fn a_branch_that_does_not_exist_is_named() {
    let (_kept, _bare, clone) = pair();
    let mut hand = TestWriter::at(&clone);
    hand.branch = Branch::parse("mian").unwrap();
    let finding = hand.finding(hand.set("apps/web", "v2").unwrap_err());
    assert_eq!(finding.code.name, "branch-missing");
    assert_eq!(finding.message, "`origin` has no branch `mian`");
}

#[test]
fn the_attempts_end_when_the_time_is_up() {
    let (_kept, bare, clone) = pair();
    // Each push meets a branch that moved a moment before.
    let tree = git(&bare, &["rev-parse", "main^{tree}"]);
    let hand = TestWriter::at(&clone);
    let to = PushTarget { retry_for: Duration::ZERO, ..hand.to() };
    let mut moves = 0;
    let landed = hand.writer.commit_on_tip(&to, |tip| {
        moves += 1;
        let next = git(&bare, &["commit-tree", "-p", "main", "-m", &moves.to_string(), &tree]);
        git(&bare, &["update-ref", "refs/heads/main", &next]);
        hand.commit(tip, "apps/web", "v2")
    });
    assert_eq!(hand.finding(landed.unwrap_err()).code.name, "branch-too-busy");
    assert_eq!(moves, 1);
}

#[test]
fn clones_of_every_kind_are_written_to() {
    let (kept, bare, clone) = pair();
    let kinds = [
        ("bare", &["--bare"][..]),
        ("mirror", &["--mirror"]),
        ("blobless", &["--filter=blob:none", "--no-checkout"]),
        ("single", &["--single-branch", "--branch", "main"]),
        ("empty", &["--no-checkout"]),
    ];
    let mut places: Vec<(&str, PathBuf)> = Vec::new();
    for (name, options) in kinds {
        let to = kept.path().join(name);
        git::clone(&file_url(&bare), &to, options);
        places.push((name, to));
    }
    let linked = kept.path().join("linked");
    git(&clone, &["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "topic"]);
    places.push(("linked", linked));
    for (number, (name, place)) in places.iter().enumerate() {
        committed(TestWriter::at(place).set("apps/web", name));
        assert_eq!(show(&bare, "apps/web"), *name);
        assert_eq!(git::history(&bare, "main").len(), number + 2, "{name}");
    }
    assert!(git::is_sound(&bare));
}

#[test]
fn sha_256_repositories_are_written_to() {
    let directory = crate::support::directory::temporary().unwrap();
    let root = directory.path();
    git(root, &["init", "-q", "--bare", "--object-format=sha256", "origin.git"]);
    git(root, &["init", "-q", "--object-format=sha256", "clone"]);
    let (bare, clone) = (root.join("origin.git"), root.join("clone"));
    git::configure(&clone);
    fs::write(clone.join("a"), "1").unwrap();
    git(&clone, &["add", "a"]);
    git(&clone, &["commit", "-qm", "seed"]);
    git(&clone, &["remote", "add", "origin", &file_url(&bare)]);
    git(&clone, &["push", "-q", "origin", "HEAD:refs/heads/main"]);
    committed(TestWriter::at(&clone).set("apps/web", "v1"));
    assert_eq!(show(&bare, "apps/web"), "v1");
    assert!(git::is_sound(&bare));
}

#[test]
fn paths_count_from_the_directory_that_holds_the_configuration() {
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(directory.path(), &[("deploy/apps/web", "v1"), ("app/main.rs", "")]);
    let clone = directory.path().join("clone");
    git::clone(&file_url(&bare), &clone, &[]);
    committed(TestWriter::at(&clone.join("deploy")).set("apps/web", "v2"));
    assert_eq!(show(&bare, "deploy/apps/web"), "v2");
}

#[test]
fn commits_are_signed_if_git_is_configured_to_sign() {
    let (kept, bare, clone) = pair();
    let key = kept.path().join("key");
    let made = scrubbed("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "tester@example.com", "-f"])
        .arg(&key)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        crate::support::component::absent("ssh-keygen is not there");
        return;
    }
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let signers = kept.path().join("signers");
    fs::write(&signers, format!("tester@example.com {public}")).unwrap();
    git(&clone, &["config", "gpg.format", "ssh"]);
    git(&clone, &["config", "user.signingKey", key.to_str().unwrap()]);
    git(&clone, &["config", "commit.gpgSign", "true"]);
    git(&clone, &["config", "gpg.ssh.allowedSignersFile", signers.to_str().unwrap()]);
    let landed = committed(TestWriter::at(&clone).set("apps/web", "v2"));
    assert_eq!(
        git(&clone, &["log", "-1", "--format=%G? %GS %an %at", landed.as_str()]),
        "G tester@example.com Tester 1700000000"
    );
    assert_eq!(show(&bare, "apps/web"), "v2");

    fs::remove_file(&key).unwrap();
    let hand = TestWriter::at(&clone);
    let Err(TipError::Intent { error, .. }) = hand.set("apps/web", "v3") else { panic!() };
    assert_eq!(error.finding().code.name, "commit-unsigned");
    assert_eq!(show(&bare, "apps/web"), "v2");
}

fn base(
    clone: &Path,
    requested: Option<&str>,
    configured: ConfiguredBase,
    variables: &[(&str, &str)],
) -> String {
    let base = BaseOptions { base: requested.map(str::to_owned), ..BaseOptions::default() };
    let options = WorkspaceOptions { base, ..WorkspaceOptions::default() };
    let variables = Variables::new(variables.iter().copied());
    let workspace = Workspace::at(clone, options, variables, configured);
    match workspace.base_branch() {
        Ok(branch) => branch.name().to_owned(),
        Err(findings) => findings.iter().next().unwrap().code.name.to_owned(),
    }
}

#[test]
fn the_base_is_requested_or_configured_or_what_the_ci_or_the_remotes_head_says() {
    let (_kept, bare, clone) = pair();
    git(&bare, &["branch", "trunk", "main"]);
    git(&bare, &["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    let forge: ConfiguredBase = |_| Ok(Some("forge".to_owned()));
    let nothing: ConfiguredBase = |_| Ok(None);
    let ci = [("GITLAB_CI", "true"), ("CI_PROJECT_PATH", "origin"), ("CI_DEFAULT_BRANCH", "ci")];
    assert_eq!(base(&clone, Some("requested"), forge, &ci), "requested");
    assert_eq!(base(&clone, None, forge, &ci), "forge");
    assert_eq!(base(&clone, None, nothing, &ci), "ci");
    // As it was when the clone was made, or what the remote says if that is not
    // known.
    assert_eq!(base(&clone, None, nothing, &[]), "main");
    git(&clone, &["remote", "set-head", "origin", "--delete"]);
    assert_eq!(base(&clone, None, nothing, &[]), "trunk");
    assert_eq!(base(&clone, Some("--upload-pack=x"), nothing, &[]), "invalid-branch");
    assert_eq!(base(&clone, Some("main~1"), nothing, &[]), "invalid-branch");
}

#[test]
fn the_remote_is_the_requested_one_or_origin_or_the_only_one() {
    let of = |requested, names: &[&str]| {
        let names = names.iter().map(|name| format!("remote.{name}.url"));
        let settings = GitConfig::new(names.map(|name| (name, "u".to_owned())));
        match Remote::of(requested, &settings) {
            Ok(remote) => remote.map_or("none".to_owned(), |remote| remote.name().to_owned()),
            Err(finding) => finding.code.name.to_owned(),
        }
    };
    assert_eq!(of(None, &["up", "origin"]), "origin");
    assert_eq!(of(None, &["up"]), "up");
    assert_eq!(of(Some("up"), &["up", "origin"]), "up");
    assert_eq!(of(None, &["up", "down"]), "several-remotes");
    assert_eq!(of(None, &[]), "none");
    assert_eq!(of(Some("pu"), &["up"]), "unknown-remote");
    assert_eq!(of(Some("--exec=x"), &["--exec=x"]), "unknown-remote");
}
