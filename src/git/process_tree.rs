//! Ending a process together with the processes that it started.
//!
//! Git waits for helpers, hooks and signing programs, and those that live on when it
//! is gone would keep waiting for a server that says nothing. They are found by their
//! parents. A process group of their own would find them too, but a terminal's Ctrl-C
//! would no longer reach them, and ssh could no longer ask for a passphrase.

use std::collections::{HashMap, HashSet};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a git whose hook was ended is given to end by itself, and then all are given
/// to remove their lock files.
const GRACE: Duration = Duration::from_secs(3);

/// How often it is looked whether they have ended.
const PAUSE: Duration = Duration::from_millis(10);

/// How often new processes are looked for while the known ones are stopped one by one.
const MAX_ROUNDS: usize = 100;

/// Ends a git and everything that it started.
///
/// What git waits for (a hook, ssh, a program that signs) is ended first: git then fails
/// in order, and removes what it had begun. If a signal ends it, it leaves the directory
/// of the objects that it received. What does not comply is killed.
pub(super) fn end(child: &mut Child) {
    let Some(root) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    let deadline = Instant::now() + GRACE;
    let mut all = Vec::new();
    while Instant::now() < deadline {
        let others = stopped(|table| table.without_git(root));
        if others.is_empty() {
            break;
        }
        finish(child, others, &mut all);
        if has_ended(child) {
            send(&all, Signal::KILL);
            return;
        }
    }
    let rest = stopped(|table| table.below(root));
    finish(child, rest, &mut all);
    // It may have ended by itself meanwhile.
    let _ = child.kill();
    send(&all, Signal::KILL);
}

fn has_ended(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

/// Asks stopped processes to end, waits for their end and the child's, and kills those
/// that do not comply. `all` gets them.
fn finish(child: &mut Child, stopped: Vec<KnownProcess>, all: &mut Vec<KnownProcess>) {
    // Each has the signal before any runs on: a hook must not go on, and succeed, because
    // the program that it waits for is gone.
    for signal in [Signal::TERM, Signal::CONT] {
        send(&stopped, signal);
    }
    let deadline = Instant::now() + GRACE / 2;
    let mut runs = true;
    while runs && Instant::now() < deadline {
        thread::sleep(PAUSE);
        runs = !has_ended(child) || stopped.iter().any(KnownProcess::is_running);
    }
    send(&stopped, Signal::KILL);
    all.extend(stopped);
}

/// The processor time that a process has used; none if the system does not say.
pub(super) fn processor_time(process: u32) -> Option<Duration> {
    let fields = StatFields::read(process)?;
    // In hundredths of a second, whatever the kernel counts in (`proc_pid_stat(5)`).
    Some(Duration::from_millis(10 * (fields.number(14)? + fields.number(15)?)))
}

/// A process, told apart from a later one with the same number.
struct KnownProcess {
    id: Pid,
    started: Option<u64>,
}

impl KnownProcess {
    fn new(id: Pid) -> Self {
        let started = StatFields::of(id).and_then(|fields| fields.number(22));
        Self { id, started }
    }

    /// Whether it has not ended. What only its parent has not noticed yet has ended.
    fn is_running(&self) -> bool {
        let Some(fields) = StatFields::of(self.id) else { return false };
        fields.number(22) == self.started && fields.text(3) != Some("Z")
    }
}

fn send(processes: &[KnownProcess], signal: Signal) {
    for process in processes.iter().filter(|one| one.started.is_none() || one.is_running()) {
        // It may have ended by itself meanwhile.
        let _ = kill_process(process.id, signal);
    }
}

/// The processes that `wanted` finds, all stopped, so that none starts another one that
/// would not be found.
fn stopped(wanted: impl Fn(&ProcessTable) -> Vec<Pid>) -> Vec<KnownProcess> {
    let mut known: Vec<KnownProcess> = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let mut new = wanted(&ProcessTable::read());
        new.retain(|id| !known.iter().any(|one| one.id == *id));
        if new.is_empty() {
            break;
        }
        let new: Vec<_> = new.into_iter().map(KnownProcess::new).collect();
        send(&new, Signal::STOP);
        known.extend(new);
    }
    known
}

/// All processes, as far as the system lists them in `/proc`: the children of each, and
/// which of them are git.
struct ProcessTable {
    children: HashMap<i32, Vec<i32>>,
    git: HashSet<i32>,
}

impl ProcessTable {
    fn read() -> Self {
        let mut table = Self { children: HashMap::new(), git: HashSet::new() };
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        for id in entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
            let Some(fields) = StatFields::read(id) else { continue };
            let parent = fields.number(4).and_then(|parent| i32::try_from(parent).ok());
            let (Some(parent), Ok(id)) = (parent, i32::try_from(id)) else { continue };
            table.children.entry(parent).or_default().push(id);
            if fields.name.starts_with("git") {
                table.git.insert(id);
            }
        }
        table
    }

    fn children(&self, id: i32) -> &[i32] {
        self.children.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// A process and its descendants. Where the system does not list them, it alone.
    fn below(&self, root: Pid) -> Vec<Pid> {
        let mut found = vec![root.as_raw_nonzero().get()];
        let mut at = 0;
        while at < found.len() {
            found.extend(self.children(found[at]));
            at += 1;
        }
        found.into_iter().filter_map(Pid::from_raw).collect()
    }

    /// The descendants that are not git, and that have started no git.
    fn without_git(&self, root: Pid) -> Vec<Pid> {
        let is_git = |id: &Pid| self.git.contains(&id.as_raw_nonzero().get());
        let mut below = self.below(root);
        below.retain(|id| *id != root && !self.below(*id).iter().any(is_git));
        below
    }
}

/// `/proc/PID/stat`: the program's name, which may hold anything, and the fields after it.
struct StatFields {
    name: String,
    rest: String,
}

impl StatFields {
    fn read(process: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let (before, rest) = stat.rsplit_once(')')?;
        let name = before.split_once('(')?.1.to_owned();
        Some(Self { name, rest: rest.to_owned() })
    }

    fn of(process: Pid) -> Option<Self> {
        Self::read(u32::try_from(process.as_raw_nonzero().get()).ok()?)
    }

    /// A field by its number in `proc_pid_stat(5)`, where the name is the second.
    fn text(&self, number: usize) -> Option<&str> {
        self.rest.split_whitespace().nth(number.checked_sub(3)?)
    }

    fn number(&self, number: usize) -> Option<u64> {
        self.text(number)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn is_running(id: Pid) -> bool {
        KnownProcess::new(id).is_running()
    }

    /// A shell with a child and a grandchild, and their numbers.
    fn family(script: &str) -> (Child, Vec<Pid>) {
        let child = Command::new("sh")
            .args(["-c", script])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let root = i32::try_from(child.id()).unwrap();
        let root = Pid::from_raw(root).unwrap();
        let descendants = || {
            let mut below = ProcessTable::read().below(root);
            below.retain(|id| *id != root);
            below
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while descendants().len() < 2 && Instant::now() < deadline {
            thread::sleep(PAUSE);
        }
        (child, descendants())
    }

    #[test]
    fn what_a_child_started_ends_with_it() {
        for ignores in ["", "trap '' TERM; "] {
            let script = format!("{ignores}sh -c '{ignores}sleep 1000; true'; true");
            let (mut child, descendants) = family(&script);
            assert_eq!(descendants.len(), 2);
            end(&mut child);
            child.wait().unwrap();
            let deadline = Instant::now() + Duration::from_secs(20);
            let mut left = descendants;
            while !left.is_empty() && Instant::now() < deadline {
                left.retain(|id| is_running(*id));
                thread::sleep(PAUSE);
            }
            assert!(left.is_empty(), "{left:?}");
        }
    }

    #[test]
    fn a_hook_does_not_go_on_because_what_it_waits_for_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        // The first shell waits like git, and the second is its hook.
        let hook = format!("sleep 1000; : > {}", file.display());
        let (mut child, _) = family(&format!("sh -c '{hook}'; exit 3"));
        end(&mut child);
        assert_eq!(child.wait().unwrap().code(), Some(3));
        assert!(!file.exists());
    }

    #[test]
    fn a_child_that_is_asked_to_end_can_put_its_files_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let lock = directory.path().join("lock");
        let lock = lock.display();
        // Whatever runs in the foreground would have to end first.
        let script = format!("trap 'rm {lock}; exit' TERM; : > {lock}; while :; do :; done");
        let mut child = Command::new("sh").args(["-c", &script]).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while !directory.path().join("lock").exists() && Instant::now() < deadline {
            thread::sleep(PAUSE);
        }
        end(&mut child);
        child.wait().unwrap();
        assert!(!directory.path().join("lock").exists());
    }
}
