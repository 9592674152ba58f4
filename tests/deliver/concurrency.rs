//! Many promotions run at once, and some are killed on the way: nothing is lost,
//! nothing is half done, and nothing is done twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::support::component::{absent, wait_until};
use crate::support::effort::few_or_all;
use crate::support::git::{self, git, is_sound};
use crate::support::program::{path_of, rungs_in, scrubbed, transcript};
use crate::support::repository::{Remote, copy, files_at, native, native_file, rendered_file};
use crate::support::smart_http::SmartHttp;

/// How many promotions run at once, each of an app of its own.
fn apps() -> usize {
    few_or_all(4, 20)
}

fn app(number: usize) -> String {
    format!("app-{number:02}")
}

/// A native repository with that many apps, each at v2 in qa and at v1 in prod,
/// and with its rendered files committed.
fn files(apps: usize) -> BTreeMap<String, String> {
    let apps: Vec<_> = (0..apps).map(app).collect();
    native(&[("qa", "v2"), ("prod", "v1")], &apps, &[])
}

/// The files of an app in prod: its own and the rendered one.
fn files_of(app: &str) -> [String; 2] {
    [native_file("prod", app), rendered_file("prod", app)]
}

/// The repository with that app promoted.
fn promoted(mut files: BTreeMap<String, String>, app: &str) -> BTreeMap<String, String> {
    for path in files_of(app) {
        let text = files.get_mut(&path).unwrap();
        *text = text.replace("v1", "v2");
        assert!(text.contains("v2"), "{path} holds the promoted tag");
    }
    // Only the tag is `v1`, besides apiVersions.
    let rendered = files.get_mut(&files_of(app)[1]).unwrap();
    *rendered = rendered.replace("apps/v2", "apps/v1");
    files
}

fn promotion(clone: &Path, app: &str) -> Command {
    let mut command = rungs_in(clone);
    command.args(["promote", app, "--to", "prod", "--commit"]);
    command
}

/// A program that runs another command, given after its own arguments.
fn run_by(program: &str, command: &Command, arguments: impl FnOnce(&mut Command)) -> Command {
    let mut outer = scrubbed(program);
    arguments(&mut outer);
    let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    outer.envs(variables).arg(command.get_program()).args(command.get_args());
    outer.current_dir(command.get_current_dir().unwrap());
    outer
}

fn finished(child: Child, what: &str) -> Output {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{what}: {}", transcript(&output));
    output
}

/// Whether a run says that there was nothing to do.
fn did_nothing(output: &Output) -> bool {
    transcript(output).to_lowercase().contains("nothing to do")
}

/// Starts one promotion of each app at the same time and waits for all.
fn promote_at_once(clones: &[PathBuf]) {
    let start = |(clone, app): (&PathBuf, String)| {
        let mut command = promotion(clone, &app);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        (child, app)
    };
    let running: Vec<_> = clones.iter().zip((0..apps()).map(app)).map(start).collect();
    assert_eq!(running.len(), apps());
    for (child, app) in running {
        finished(child, &app);
    }
}

/// Each app has one commit of its own, one after the other, and nothing is
/// missing.
fn each_app_has_one_commit(remote: &Remote, base: &str) {
    let commits = remote.commits_since(base);
    assert_eq!(commits.len(), apps(), "one commit for each app");
    let merges = git(&remote.bare(), &["rev-list", "--min-parents=2", "--count", "main"]);
    assert_eq!(merges, "0", "the history is a line");
    let mut seen = BTreeSet::new();
    for commit in &commits {
        let changed = remote.changed(commit);
        let app = (0..apps()).map(app).find(|app| changed == files_of(app));
        let app = app.unwrap_or_else(|| panic!("{commit} changed {changed:?}"));
        assert!(seen.insert(app.clone()), "{app} was promoted twice");
    }
    let expected =
        (0..apps()).map(app).fold(remote.files(base), |files, app| promoted(files, &app));
    assert_eq!(remote.files("main"), expected);
    assert!(is_sound(&remote.bare()));
}

#[test]
fn promotions_at_once_from_clones_of_their_own_lose_nothing() {
    let remote = Remote::new(&files(apps()));
    let base = remote.tip();
    let clones: Vec<_> = (0..apps()).map(|n| remote.cloned(&format!("clone-{n}"))).collect();
    promote_at_once(&clones);
    each_app_has_one_commit(&remote, &base);
}

#[test]
fn promotions_at_once_from_one_clone_lose_nothing() {
    let remote = Remote::new(&files(apps()));
    let base = remote.tip();
    let clone = remote.cloned("clone");
    promote_at_once(&vec![clone.clone(); apps()]);
    each_app_has_one_commit(&remote, &base);
    git(&clone, &["fsck", "--full", "--strict", "--no-dangling"]);
    assert_eq!(git(&clone, &["status", "--porcelain"]), "", "the work tree is as it was");
    assert_eq!(git(&clone, &["rev-parse", "HEAD"]), base, "and so is HEAD");
}

#[test]
fn promotions_at_once_over_http_lose_nothing() {
    let remote = Remote::new(&files(apps()));
    let base = remote.tip();
    let server = SmartHttp::serve(&remote.path(""));
    let url = server.url("remote.git");
    let clones: Vec<_> =
        (0..apps()).map(|n| remote.clone_from(&url, &format!("clone-{n}"))).collect();
    promote_at_once(&clones);
    each_app_has_one_commit(&remote, &base);
    assert!(server.pushes() >= apps(), "they were pushed over HTTP");
}

#[test]
fn promotions_at_once_from_one_clone_over_http_lose_nothing() {
    let remote = Remote::new(&files(apps()));
    let base = remote.tip();
    let server = SmartHttp::serve(&remote.path(""));
    let clone = remote.clone_from(&server.url("remote.git"), "clone");
    promote_at_once(&vec![clone.clone(); apps()]);
    each_app_has_one_commit(&remote, &base);
    git(&clone, &["fsck", "--full", "--strict", "--no-dangling"]);
}

#[test]
fn the_same_app_promoted_twice_at_once_makes_one_commit() {
    for _ in 0..few_or_all(2, 5) {
        let remote = Remote::new(&files(1));
        let base = remote.tip();
        let clones = [remote.cloned("ann"), remote.cloned("ben")];
        let start = |clone: &PathBuf| {
            let mut command = promotion(clone, &app(0));
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let running: Vec<_> = clones.iter().map(start).collect();
        let outputs: Vec<_> = running.into_iter().map(|child| finished(child, "both")).collect();
        let idle = outputs.iter().filter(|output| did_nothing(output)).count();
        let all = outputs.iter().map(transcript).collect::<String>();
        assert_eq!(idle, 1, "the other had nothing to do:\n{all}");
        assert_eq!(remote.commits_since(&base).len(), 1);
        assert_eq!(remote.files("main"), promoted(remote.files(&base), &app(0)));
    }
}

/// Starts runs that push the same branch with different plans at the same time. Each is
/// carried out: the branch has one of the plans afterwards.
fn push_one_branch_at_once(clones: &[PathBuf], remote: &Remote) {
    let start = |(number, clone): (usize, &PathBuf)| {
        let mut command = rungs_in(clone);
        let tag = format!(":p{number}");
        command.args(["set", &app(0), &tag, "--env", "qa", "--branch"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let running: Vec<_> = clones.iter().enumerate().map(start).collect();
    for child in running {
        finished(child, "set --branch");
    }
    let branch = format!("rungs/qa/{}", app(0));
    assert_eq!(git(&remote.bare(), &["rev-parse", &format!("{branch}~")]), remote.tip());
    assert!(is_sound(&remote.bare()));
}

#[test]
fn one_branch_pushed_by_many_at_once_is_replaced_by_each() {
    for _ in 0..few_or_all(1, 3) {
        let remote = Remote::new(&files(1));
        let clones: Vec<_> =
            (0..few_or_all(3, 6)).map(|n| remote.cloned(&format!("clone-{n}"))).collect();
        push_one_branch_at_once(&clones, &remote);
        push_one_branch_at_once(&vec![remote.cloned("clone"); few_or_all(3, 6)], &remote);
    }
}

/// A repository with one app, in its first state, that is copied for each kill.
struct Stage {
    template: Remote,
    base: String,
    before: BTreeMap<String, String>,
    after: BTreeMap<String, String>,
}

/// One try: a bare repository and a clone of its own.
struct Try {
    clone: PathBuf,
    server: Option<SmartHttp>,
    directory: tempfile::TempDir,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    File,
    Http,
}

impl Stage {
    fn new() -> Self {
        let template = Remote::new(&files(1));
        let base = template.tip();
        let before = template.files(&base);
        let after = promoted(before.clone(), &app(0));
        Self { template, base, before, after }
    }

    fn set_up(&self, transport: Transport) -> Try {
        let directory = crate::support::directory::temporary().unwrap();
        let bare = directory.path().join("remote.git");
        copy(&self.template.bare(), &bare);
        let server = (transport == Transport::Http).then(|| SmartHttp::serve(directory.path()));
        let url = match &server {
            Some(server) => server.url("remote.git"),
            None => format!("file://{}", bare.display()),
        };
        git(directory.path(), &["clone", "-q", &url, "clone"]);
        let clone = directory.path().join("clone");
        git(&clone, &["config", "user.name", "Ann"]);
        git(&clone, &["config", "user.email", "ann@example.com"]);
        Try { clone, server, directory }
    }

    /// The remote has the whole promotion or nothing of it; returns which.
    fn has_all_or_nothing(&self, bare: &Path, when: &str) -> bool {
        git(bare, &["fsck", "--full", "--strict", "--no-dangling"]);
        let commits = git(bare, &["rev-list", "--count", &format!("{}..main", self.base)]);
        let files = files_at(bare, "main");
        match commits.as_str() {
            "0" => assert_eq!(files, self.before, "{when}"),
            "1" => assert_eq!(files, self.after, "{when}"),
            more => panic!("{when}: {more} commits"),
        }
        commits == "1"
    }

    /// A second run finishes what the first started, and does it once.
    fn is_finished_once(&self, of: &Try, was_there: bool, when: &str) {
        let output = promotion(&of.clone, &app(0)).output().unwrap();
        assert!(output.status.success(), "the second run, {when}: {}", transcript(&output));
        assert_eq!(
            did_nothing(&output),
            was_there,
            "the second run, {when}: {}",
            transcript(&output)
        );
        assert!(self.has_all_or_nothing(&of.bare(), when), "it is there at last, {when}");
        git(&of.clone, &["fsck", "--full", "--strict", "--no-dangling"]);
    }
}

impl Try {
    fn bare(&self) -> PathBuf {
        self.path("remote.git")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn count(&self, name: &str) -> usize {
        fs::read_to_string(self.path(name)).map_or(0, |text| text.lines().count())
    }
}

/// Whether a process on this machine has a path in its arguments.
fn is_named_by_a_process(path: &Path) -> bool {
    let path = path.as_os_str().as_encoded_bytes();
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let mut commands = processes.filter_map(|one| fs::read(one.path().join("cmdline")).ok());
    commands.any(|command| command.windows(path.len()).any(|part| part == path))
}

/// When rungs is killed, seen from a call of git.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Before,
    During,
    After,
}

impl Moment {
    /// A script that takes git's place at that call. Every call leaves a line in
    /// `begun` and in `ended`, so that the test can wait for orphans.
    fn script(self, git: &Path, directory: &Path, call: usize) -> String {
        let git = git.display();
        let at = match self {
            Self::Before => "kill -KILL $PPID".to_owned(),
            Self::During => format!("\"{git}\" \"$@\" <&0 & kill -KILL $PPID; wait $!"),
            Self::After => format!("\"{git}\" \"$@\"; kill -KILL $PPID"),
        };
        format!(
            "cd_to='{}'\necho >> \"$cd_to/begun\"\ntrap 'echo >> \"$cd_to/ended\"' EXIT\n\
             if [ $(wc -l < \"$cd_to/begun\") -eq {call} ]; then {at}; exit; fi\n\
             \"{git}\" \"$@\"\n",
            directory.display()
        )
    }
}

/// Runs a promotion with another `git` first in `PATH`. Returns false once that
/// call is never made.
fn killed_at_call(stage: &Stage, git: &Path, moment: Moment, call: usize) -> bool {
    let of = stage.set_up(Transport::File);
    let script = moment.script(git, of.directory.path(), call);
    let mut command = promotion(&of.clone, &app(0));
    command.env("PATH", git::stand_in(&of.path("wrapper"), &script));
    let output = command.output().unwrap();
    let when = format!("killed {moment:?} call {call} of git");
    if output.status.signal() != Some(9) {
        assert!(output.status.success(), "{when}: {}", transcript(&output));
        assert!(of.count("begun") > 1, "git was called by the wrapper");
        return false;
    }
    // A shell that a signal ends leaves no line, so the processes are checked as well.
    let idle =
        || of.count("begun") == of.count("ended") || !is_named_by_a_process(of.directory.path());
    assert!(wait_until(Duration::from_mins(1), idle), "{when}: git still runs");
    let was_there = stage.has_all_or_nothing(&of.bare(), &when);
    stage.is_finished_once(&of, was_there, &when);
    true
}

#[test]
fn killed_around_any_call_of_git_it_has_done_all_or_nothing() {
    let stage = Stage::new();
    let git = path_of("git").unwrap();
    for moment in [Moment::Before, Moment::During, Moment::After] {
        let mut call = 1;
        while killed_at_call(&stage, &git, moment, call) {
            call += few_or_all(6, 1);
            assert!(call < 100, "a promotion calls git a few times");
        }
        assert!(call > 1, "a promotion calls git");
    }
}

/// What is killed when the server's hook runs.
#[derive(Debug, Clone, Copy)]
enum Victim {
    /// rungs alone; git and the server's side finish what they started.
    Rungs,
    /// Its whole group of processes, including git. Over `file://` the server's
    /// side is in the same group, as if the whole machine failed.
    Group,
}

/// Runs a promotion during which a hook of the server kills the victim.
fn killed_in_hook(
    stage: &Stage,
    transport: Transport,
    victim: Victim,
    hook: &str,
    condition: &str,
) {
    let of = stage.set_up(transport);
    let pid = of.path("pid");
    let kill = match victim {
        Victim::Rungs => format!("kill -KILL $(cat '{}')", pid.display()),
        Victim::Group => format!("kill -KILL -$(cat '{}')", pid.display()),
    };
    git::hook(&of.bare(), hook, &format!("{condition}\n{kill}\nexit 0"));
    let when = format!("{victim:?} killed over {transport:?} in {hook} {condition}");
    let mut command = run_by("sh", &promotion(&of.clone, &app(0)), |shell| {
        shell.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]).arg(&pid);
    });
    command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.stdin(Stdio::null()).spawn().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9), "{when}");
    let group = rustix::process::Pid::from_child(&child);
    // Over HTTP the server goes on by itself.
    let server_ended = || of.server.as_ref().is_none_or(|server| server.pushes() > 0);
    let all_ended = || rustix::process::test_kill_process_group(group).is_err() && server_ended();
    assert!(wait_until(Duration::from_mins(1), all_ended), "{when}: git still runs");
    fs::remove_dir_all(of.bare().join("hooks")).unwrap();
    git::unlock(&of.bare());
    let was_there = stage.has_all_or_nothing(&of.bare(), &when);
    stage.is_finished_once(&of, was_there, &when);
}

#[test]
fn killed_while_the_server_takes_a_push_it_has_done_all_or_nothing() {
    let stage = Stage::new();
    let moments = [
        ("pre-receive", ""),
        ("update", ""),
        ("reference-transaction", "[ $1 = prepared ] || exit 0"),
        ("reference-transaction", "[ $1 = committed ] || exit 0"),
        ("post-receive", ""),
    ];
    let all = [Transport::File, Transport::Http].into_iter().flat_map(|transport| {
        [Victim::Rungs, Victim::Group].into_iter().flat_map(move |victim| {
            moments.into_iter().map(move |moment| (transport, victim, moment))
        })
    });
    // Every seventh is at another moment, and has each victim and transport.
    for (transport, victim, (hook, condition)) in all.step_by(few_or_all(7, 1)) {
        killed_in_hook(&stage, transport, victim, hook, condition);
    }
}

/// Runs a promotion in which the n-th system call of a kind, counted for each
/// process and thread, kills the process that makes it: rungs, git or the
/// server's side of git. Returns false once no process makes that many.
fn killed_at_system_call(stage: &Stage, calls: &str, number: usize) -> bool {
    let of = stage.set_up(Transport::File);
    let mut command = run_by("strace", &promotion(&of.clone, &app(0)), |strace| {
        strace.args(["-f", "-qq", "-o"]).arg(of.path("trace"));
        strace.args(["-e", &format!("trace={calls}")]);
        strace.args(["-e", &format!("inject={calls}:signal=SIGKILL:when={number}")]);
    });
    let output = command.output().unwrap();
    let trace = fs::read_to_string(of.path("trace")).unwrap_or_default();
    let when = format!("killed at call {number} of {calls}:\n{}", transcript(&output));
    git::unlock(&of.bare());
    let was_there = stage.has_all_or_nothing(&of.bare(), &when);
    stage.is_finished_once(&of, was_there, &when);
    // The process that renders is killed when it is not needed any more, and makes none.
    let of_process = |words: &str| -> BTreeSet<&str> {
        let lines = trace.lines().filter(|line| line.contains(words));
        lines.filter_map(|line| line.split_whitespace().next()).collect()
    };
    !of_process("killed by SIGKILL").is_disjoint(&of_process("("))
}

#[test]
fn killed_at_any_change_of_the_disk_it_has_done_all_or_nothing() {
    let trial = scrubbed("strace").args(["-f", "-qq", "true"]).output();
    if !trial.is_ok_and(|output| output.status.success()) {
        absent("`strace` is not installed, or may not trace");
        return;
    }
    let stage = Stage::new();
    for calls in ["rename,renameat,renameat2,link,linkat", "unlink,unlinkat"] {
        let mut number = 1;
        while killed_at_system_call(&stage, calls, number) {
            number += few_or_all(12, 1);
            assert!(number < 200, "a promotion changes few files");
        }
        assert!(number > 1, "a promotion makes one of {calls}");
    }
    // There are many calls: each of the first ones is tried, then fewer.
    for calls in ["write,pwrite64,writev", "openat", "clone,clone3,vfork,fork,execve"] {
        let mut number = 1;
        while killed_at_system_call(&stage, calls, number) {
            number += few_or_all(3 * number, number.div_ceil(4));
        }
        assert!(number > 4, "a promotion makes many of {calls}");
    }
}
