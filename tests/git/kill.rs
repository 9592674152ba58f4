//! A run that is killed in the middle, or that meets a full disk: the remote has
//! all of it or nothing, and the next run does what is left to do, once.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rungs::git::{
    Branch, BuildError, CloneWriter, CommitIdentity, CommitMetadata, LocalClone, PushTarget,
    Remote, TipError, TipOutcome, Variables,
};
use rungs::source::{FileChanges, RepoPath};
use rustix::process::{Pid, Signal};

use crate::support::component::{absent, wait_until};
use crate::support::effort::few_or_all;
use crate::support::git::{self, git};
use crate::support::mount::Mount;
use crate::support::program::{alone, path_of};
use crate::support::smart_http::SmartHttp;

/// The variables for the test that other tests start as a process of its own:
/// the clone that it works in, and what it makes `apps/web` say.
const CLONE: &str = "RUNGS_TEST_CLONE";
const TEXT: &str = "RUNGS_TEST_TEXT";

fn set(clone: &Path, text: &str) -> Result<TipOutcome, TipError<BuildError>> {
    let repository = Arc::new(LocalClone::containing(clone).unwrap().unwrap());
    let writer = CloneWriter::new(repository).unwrap();
    let identity = CommitIdentity::of(None, &Variables::default(), writer.config()).unwrap();
    let remote = Remote::of(None, writer.config()).unwrap().unwrap();
    let branch = Branch::parse("main").unwrap();
    let path = RepoPath::new("apps/web").unwrap();
    let changes = FileChanges::from([(path, Some(text.as_bytes().to_vec()))]);
    let metadata =
        CommitMetadata { message: text, identity: &identity, time: Timestamp::UNIX_EPOCH };
    let to = PushTarget::new(&remote, &branch);
    writer.commit_on_tip(&to, |tip| writer.commit(tip, &changes, &metadata))
}

fn remote_of(clone: &Path) -> Remote {
    let repository = Arc::new(LocalClone::containing(clone).unwrap().unwrap());
    Remote::of(None, CloneWriter::new(repository).unwrap().config()).unwrap().unwrap()
}

#[test]
#[ignore = "started by other tests as a process of its own"]
fn the_run_that_is_ended() {
    let (clone, text) = (std::env::var_os(CLONE).unwrap(), std::env::var(TEXT).unwrap());
    set(Path::new(&clone), &text).unwrap();
}

/// Starts that test as a process group of its own, with all that it starts.
fn start(clone: &Path, text: &str, path: Option<OsString>) -> Child {
    let mut command = alone("kill::the_run_that_is_ended");
    command.env(CLONE, clone).env(TEXT, text).process_group(0);
    command.envs(path.map(|path| ("PATH", path)));
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until nothing of a child's process group runs any more.
fn wait_for_group(mut child: Child) -> ExitStatus {
    let group = Pid::from_child(&child);
    let status = child.wait().unwrap();
    let all_ended = || rustix::process::test_kill_process_group(group).is_err();
    assert!(wait_until(Duration::from_mins(1), all_ended), "git still runs");
    status
}

/// Ends the process alone, as the system does when memory is short, or with all
/// that it started, as the end of a container does.
fn end(mut child: Child, with_group: bool) {
    let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    // It may have finished by itself.
    let _ = if with_group {
        rustix::process::kill_process_group(id, Signal::KILL)
    } else {
        rustix::process::kill_process(id, Signal::KILL)
    };
    child.wait().unwrap();
}

fn clone_of(url: &str, directory: &Path) -> PathBuf {
    let clone = directory.join("clone");
    git::clone(url, &clone, &[]);
    clone
}

fn somebody_commits(bare: &Path) {
    let tree = git(bare, &["rev-parse", "main^{tree}"]);
    let next = git(bare, &["commit-tree", "-p", "main", "-m", "other", &tree]);
    git(bare, &["update-ref", "refs/heads/main", &next]);
}

#[test]
fn a_run_that_is_killed_at_any_request_leaves_all_or_nothing_and_is_finished_once() {
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(directory.path(), &[("apps/web", "v0")]);
    let server = SmartHttp::serve(directory.path());
    let clone = clone_of(&server.url("origin.git"), directory.path());
    let mut expected = vec!["seed".to_owned()];
    for (step, with_group) in (0..5).flat_map(|step| [(step, false), (step, true)]) {
        let text = format!("v{step} {with_group}");
        // Every other run meets a branch that moved, and so fetches as well.
        if with_group {
            somebody_commits(&bare);
            expected.insert(0, "other".to_owned());
        }
        let number = server.requests().len() + step;
        server.hold_from(number);
        let mut child = start(&clone, &text, None);
        while server.requests().len() <= number && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        end(child, with_group);
        server.release();
        set(&clone, &text).unwrap();
        expected.insert(0, text.clone());
        assert_eq!(git(&bare, &["show", "main:apps/web"]), text);
        assert_eq!(git::history(&bare, "main"), expected, "{step} {with_group}");
        assert!(git::is_sound(&bare), "{step} {with_group}");
        assert!(git::is_sound(&clone), "{step} {with_group}");
    }
}

/// A script in the place of git: before the call of that number it ends its
/// caller, alone or with all that the caller started.
fn ends_before(call: usize, calls: &Path, with_group: bool) -> String {
    let (calls, git) = (calls.display(), path_of("git").unwrap());
    let whom = if with_group { "-$PPID" } else { "$PPID" };
    format!(
        "echo >> '{calls}'\nif [ $(wc -l < '{calls}') -eq {call} ]; then kill -KILL {whom}; fi\n\
         exec '{}' \"$@\"",
        git.display()
    )
}

#[test]
fn a_run_that_is_killed_at_any_moment_leaves_all_or_nothing_and_is_finished_once() {
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(directory.path(), &[("apps/web", "v0")]);
    let clone = clone_of(&format!("file://{}", bare.display()), directory.path());
    let mut expected = vec!["seed".to_owned()];
    for with_group in [false, true] {
        for call in (1..).step_by(few_or_all(5, 1)) {
            // So that it is refused, fetches, and pushes again.
            somebody_commits(&bare);
            let text = format!("w{call} {with_group}");
            let tools = directory.path().join(&text);
            let script = ends_before(call, &tools.join("calls"), with_group);
            let child = start(&clone, &text, Some(git::stand_in(&tools, &script)));
            let status = wait_for_group(child);
            // Over file:// the server's git is in the group too. If it is killed,
            // it leaves its locks behind, which a person has to remove on any
            // server.
            git::unlock(&bare);
            set(&clone, &text).unwrap();
            expected.splice(0..0, [text, "other".to_owned()]);
            assert_eq!(git::history(&bare, "main"), expected, "{call} {with_group}");
            assert!(git::is_sound(&bare), "{call} {with_group}");
            if status.signal() != Some(9) {
                assert!(status.success() && call > 2, "{status} at call {call} {with_group}");
                break;
            }
        }
    }
}

/// Text that does not become smaller when it is packed.
fn noise(bytes: usize) -> String {
    let mut state = 1_u64;
    let digit = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(33 + u8::try_from(state >> 58).unwrap())
    };
    (0..bytes).map(digit).collect()
}

#[test]
fn a_full_disk_of_the_clone_is_the_outside_worlds_fault_and_nothing_is_pushed() {
    let Some(mount) = Mount::new("size=400k") else {
        return absent("a small file system cannot be mounted here");
    };
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(directory.path(), &[("apps/web", "v0")]);
    let clone = clone_of(&format!("file://{}", bare.display()), mount.path());
    let text = noise(600_000);
    let Err(TipError::Intent { error, .. }) = set(&clone, &text) else { panic!("it went through") };
    let finding = error.finding();
    assert_eq!((finding.code.name, finding.code.kind.exit_code()), ("commit-unwritable", 4));
    assert_eq!(git::history(&bare, "main"), ["seed"]);
    mount.remount("size=8m");
    set(&clone, &text).unwrap();
    assert_eq!(git(&bare, &["rev-list", "--count", "main"]), "2");
}

#[test]
fn a_full_disk_of_the_server_is_its_failure() {
    let Some(mount) = Mount::new("size=600k") else {
        return absent("a small file system cannot be mounted here");
    };
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(mount.path(), &[("apps/web", "v0")]);
    let clone = clone_of(&format!("file://{}", bare.display()), directory.path());
    let text = noise(900_000);
    let error = set(&clone, &text).unwrap_err();
    assert!(matches!(error, TipError::Refused(_)), "{error}");
    let (remote, branch) = (remote_of(&clone), Branch::parse("main").unwrap());
    let finding = error.finding(&PushTarget::new(&remote, &branch)).unwrap();
    assert_eq!((finding.code.name, finding.code.kind.exit_code()), ("push-failed", 4));
    assert_eq!(git::history(&bare, "main"), ["seed"]);
    mount.remount("size=16m");
    set(&clone, &text).unwrap();
    assert_eq!(git(&bare, &["rev-list", "--count", "main"]), "2");
    assert!(git::is_sound(&bare));
}
