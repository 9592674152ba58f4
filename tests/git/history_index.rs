//! The index of a branch's history: it answers as git does, whatever happened to the
//! branch, to the index and to the run that made it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use rungs::git::{
    BranchStep, CommitHistory, HistoryError, IndexedHistory, Indexing, LocalClone, Log, ObjectName,
};
use rungs::source::RepoPath;

use crate::scratch::{Scratch, name, path, repository};
use crate::support::component::absent;
use crate::support::effort::few_or_all;
use crate::support::fast_import::Stream;
use crate::support::git::git;
use crate::support::mount::Mount;
use crate::support::program::alone;

/// A history whose index grows by few commits at once.
fn indexed(clone: &Arc<LocalClone>, growth: usize) -> IndexedHistory {
    IndexedHistory::new(clone, Some("main"), Arc::new(|_| ())).growing_by(growth)
}

fn all(history: &dyn CommitHistory, tip: &ObjectName, paths: &[RepoPath]) -> Vec<BranchStep> {
    history.steps(tip, paths).unwrap().map(Result::unwrap).collect()
}

/// The segments and everything else that the index has written.
fn files(clone: &LocalClone) -> Vec<PathBuf> {
    let directory = clone.common_directory().join("rungs/history");
    let listed = |at: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(at).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let mut files: Vec<_> = listed(&directory).iter().flat_map(|one| listed(one)).collect();
    files.sort();
    files
}

/// What happens to the branch.
#[derive(Debug, Clone)]
enum Push {
    Commit(Files),
    /// A topic that starts some commits back, merged.
    Topic {
        back: usize,
        commits: Vec<Files>,
        kind: MergeKind,
    },
    /// The branch is set back by some commits.
    Rewind(usize),
}

type Files = Vec<(usize, Option<u8>)>;

#[derive(Debug, Clone, Copy)]
enum MergeKind {
    Merge,
    /// The topic's own commits become the branch's.
    Pull,
    FastForward,
}

/// What happens to the index between two runs, or in one.
#[derive(Debug, Clone)]
enum Mishap {
    Nothing,
    /// A byte of a file changes.
    Damage(Index, Index),
    /// A file ends early.
    Cut(Index, Index),
    /// A file is gone.
    Gone(Index),
    /// A run was killed before it removed what it had replaced, or put its own in place.
    Left,
}

/// A run that asks about the branch.
#[derive(Debug, Clone)]
struct Run {
    /// Whether it expects to ask much.
    many: bool,
    growth: usize,
    /// Whether it asks for an older commit than the tip.
    back: usize,
    paths: Vec<usize>,
    /// How many steps it reads of what it asks first.
    read: usize,
    mishap: Mishap,
    /// Whether another run starts at the same time, and stops after it.
    is_beside: bool,
}

const FILES: [&str; 6] = ["a", "b/c", "b/d", "b.yaml", "e/f/g", "rungs.yaml"];

/// Paths that are asked about.
const ASKED: [&str; 8] = ["a", "b", "b/c", "b.yaml", "e/f/g", "e", "rungs.yaml", "never"];

fn files_strategy() -> impl Strategy<Value = Files> {
    vec((0..FILES.len(), prop_oneof![4 => (0_u8..4).prop_map(Some), 1 => Just(None)]), 0..3)
}

fn push() -> impl Strategy<Value = Push> {
    let kind =
        prop_oneof![Just(MergeKind::Merge), Just(MergeKind::Pull), Just(MergeKind::FastForward)];
    prop_oneof![
        6 => files_strategy().prop_map(Push::Commit),
        2 => (0_usize..4, vec(files_strategy(), 1..4), kind)
            .prop_map(|(back, commits, kind)| Push::Topic { back, commits, kind }),
        1 => (1_usize..6).prop_map(Push::Rewind),
    ]
}

fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        6 => Just(Mishap::Nothing),
        1 => any::<(Index, Index)>().prop_map(|(file, at)| Mishap::Damage(file, at)),
        1 => any::<(Index, Index)>().prop_map(|(file, at)| Mishap::Cut(file, at)),
        1 => any::<Index>().prop_map(Mishap::Gone),
        1 => Just(Mishap::Left),
    ]
}

fn run() -> impl Strategy<Value = Run> {
    let paths = vec(0..ASKED.len(), 0..4);
    let back = prop_oneof![3 => Just(0_usize), 1 => 0_usize..12];
    (any::<bool>(), 1_usize..6, back, paths, 0_usize..9, mishap(), any::<bool>()).prop_map(
        |(many, growth, back, paths, read, mishap, is_beside)| Run {
            many,
            growth,
            back,
            paths,
            read,
            mishap,
            is_beside,
        },
    )
}

/// The branch while it is made up: its commits along first parents, oldest first.
struct Branch {
    stream: Stream,
    line: Vec<usize>,
    prefix: &'static str,
}

impl Branch {
    fn files(&self, files: &Files) -> Vec<(String, Option<String>)> {
        let full = |at: &usize| format!("{}{}", self.prefix, FILES[*at]);
        files.iter().map(|(at, text)| (full(at), text.map(|text| format!("v{text}\n")))).collect()
    }

    fn push(&mut self, push: &Push) {
        match push {
            Push::Commit(files) => {
                let files = self.files(files);
                let parents = self.line.last().copied();
                self.line.push(self.stream.commit("commit", parents.as_slice(), &files));
            }
            Push::Topic { back, commits, kind } => {
                let start = self.line.len() - 1 - (*back).min(self.line.len() - 1);
                let tip = *self.line.last().unwrap();
                let mut topic = vec![self.line[start]];
                for files in commits {
                    let files = self.files(files);
                    let parent = *topic.last().unwrap();
                    topic.push(self.stream.commit("topic", &[parent], &files));
                }
                let end = *topic.last().unwrap();
                match kind {
                    MergeKind::Merge => {
                        let files = self.files(commits.last().unwrap());
                        let message = "Merge branch 'topic'";
                        self.line.push(self.stream.commit(message, &[tip, end], &files));
                    }
                    MergeKind::Pull => {
                        let message = "Merge branch 'main' of ../deploy";
                        self.line.push(self.stream.commit(message, &[end, tip], &[]));
                    }
                    MergeKind::FastForward => {
                        self.line.truncate(start);
                        self.line.extend(topic);
                    }
                }
            }
            Push::Rewind(commits) => {
                let kept = self.line.len().saturating_sub(*commits).max(1);
                self.line.truncate(kept);
            }
        }
    }
}

fn happen(clone: &LocalClone, mishap: &Mishap) {
    let mut files = files(clone);
    files.retain(|file| file.metadata().is_ok_and(|found| found.len() > 0));
    if files.is_empty() {
        return;
    }
    match mishap {
        Mishap::Nothing => {}
        Mishap::Damage(file, at) => {
            let file = file.get(&files);
            let mut bytes = fs::read(file).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1;
            fs::write(file, bytes).unwrap();
        }
        Mishap::Cut(file, at) => {
            let file = file.get(&files);
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..at.index(bytes.len())]).unwrap();
        }
        Mishap::Gone(file) => fs::remove_file(file.get(&files)).unwrap(),
        Mishap::Left => {
            let directory = files[0].parent().unwrap();
            fs::write(directory.join(".rungs-tmp-1-1"), "half").unwrap();
            fs::copy(&files[0], directory.join("replaced")).unwrap();
        }
    }
}

/// Asks the index, and git, the same.
fn asks(clone: &Arc<LocalClone>, commits: &[ObjectName], tip: &ObjectName, run: &Run) {
    let log = Log::new(Arc::clone(clone));
    let paths: Vec<RepoPath> = run.paths.iter().map(|at| path(ASKED[*at])).collect();
    let index = indexed(clone, run.growth);
    if run.many {
        index.expect_many();
    }
    let beside = run.is_beside.then(|| indexed(clone, 2));
    let mut beside_steps = beside.as_ref().map(|beside| {
        beside.expect_many();
        beside.steps(tip, &[]).unwrap()
    });
    let expected = all(&log, tip, &paths);
    let some: Vec<_> =
        index.steps(tip, &paths).unwrap().take(run.read).map(Result::unwrap).collect();
    assert_eq!(some, expected[..run.read.min(expected.len())], "{paths:?}");
    if let Some(steps) = &mut beside_steps {
        steps.next();
    }
    happen(clone, &run.mishap);
    assert_eq!(all(&index, tip, &paths), expected, "{paths:?}");
    let everything = all(&log, tip, &[]);
    assert_eq!(all(&index, tip, &[]), everything);
    let mut positions = (index.positions(tip).unwrap(), log.positions(tip).unwrap());
    for (at, commit) in commits.iter().enumerate().step_by(3) {
        let end = if at % 2 == 0 { usize::MAX } else { at };
        let expected = positions.1.position(commit, end).unwrap();
        assert_eq!(positions.0.position(commit, end).unwrap(), expected, "{commit}");
    }
    drop(positions);
    if let Some(steps) = beside_steps {
        let read: Vec<_> = steps.map(Result::unwrap).collect();
        assert_eq!(read, everything[1.min(everything.len())..]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, ..ProptestConfig::with_cases(few_or_all(24, 160))
    })]

    #[test]
    fn the_index_answers_as_git_does_whatever_happens_to_the_branch_and_to_it(
        rounds in vec((vec(push(), 0..8), run()), 1..7),
        is_below: bool,
        with_branch_tip: bool,
    ) {
        let prefix = if is_below { "deploy/" } else { "" };
        let mut branch = Branch { stream: Stream::new(), line: Vec::new(), prefix };
        let begin = [("other".to_owned(), Some("x".to_owned())),
            (format!("{prefix}rungs.yaml"), Some("version: 1".to_owned()))];
        let first = branch.stream.commit("begin", &[], &begin);
        branch.line.push(first);
        let mut lines = Vec::new();
        for (pushes, _) in &rounds {
            for push in pushes {
                branch.push(push);
            }
            lines.push(branch.line.clone());
        }
        let scratch = Scratch::new();
        let commits = branch.stream.import(scratch.root());
        fs::create_dir_all(scratch.root().join("deploy")).unwrap();
        let clone = repository(&scratch.root().join(prefix));
        for ((_, run), line) in rounds.iter().zip(lines) {
            let tip = &commits[*line.last().unwrap() - 1];
            if with_branch_tip {
                scratch.git(&["update-ref", "refs/heads/main", tip.as_str()]);
            }
            let back = line.len().saturating_sub(1 + run.back);
            asks(&clone, &commits, &commits[line[back] - 1], run);
        }
    }
}

/// A repository with that many commits on `main`, each of which changes one of ten files.
fn long(commits: usize) -> (Scratch, Vec<ObjectName>) {
    let scratch = Scratch::new();
    let mut stream = Stream::new();
    for number in 0..commits {
        let files = [(format!("app-{}", number % 10), Some(format!("v{number}\n")))];
        let parents: Vec<usize> = (number > 0).then_some(number).into_iter().collect();
        stream.commit(&format!("commit {number}"), &parents, &files);
    }
    let names = stream.import(scratch.root());
    let tip = names.last().unwrap().to_string();
    scratch.git(&["update-ref", "refs/heads/main", &tip]);
    (scratch, names)
}

fn tip_of(names: &[ObjectName]) -> &ObjectName {
    names.last().unwrap()
}

#[test]
fn commits_are_indexed_as_far_back_as_somebody_asks_and_once() {
    let (scratch, names) = long(60);
    let clone = scratch.repository();
    let watched = |many: bool, read: usize| {
        let index = indexed(&clone, 4);
        if many {
            index.expect_many();
        }
        index.steps(tip_of(&names), &[]).unwrap().take(read).for_each(drop);
        files(&clone).len()
    };
    assert_eq!(watched(false, 30), 0, "a few questions are answered by git");
    assert_eq!(watched(true, 2), 2, "the chain and a segment of four commits");
    assert_eq!(watched(true, 5), 3, "and one of sixteen");
    assert_eq!(watched(true, 60), 4);
    assert_eq!(watched(true, 60), 4);
    let index = indexed(&clone, 4);
    assert!(index.is_indexed(tip_of(&names)), "all of it is indexed now");
}

#[test]
fn whoever_reads_far_for_the_second_time_gets_an_index() {
    let (scratch, names) = long(60);
    let ask = |read: usize| {
        let index = indexed(&scratch.repository(), 4);
        let steps = index.steps(tip_of(&names), &[path("app-3")]).unwrap();
        assert_eq!(steps.take(read).count(), read.min(6));
        index.is_indexed(tip_of(&names))
    };
    assert!(!ask(3), "thirty commits are not far");
    assert!(!ask(3));
    assert!(!ask(6));
    assert!(ask(6));
    let index = indexed(&scratch.repository(), 4);
    assert!(index.is_indexed(tip_of(&names)));
    let names: Vec<_> = files(&scratch.repository())
        .into_iter()
        .map(|file| file.file_name().unwrap().to_owned())
        .collect();
    assert!(!names.contains(&"walked".into()), "{names:?}");
}

#[test]
fn new_commits_are_added_to_the_index_and_its_segments_stay_few() {
    let (scratch, mut names) = long(30);
    let index = |tip: &ObjectName| {
        let clone = scratch.repository();
        let index = indexed(&clone, 2);
        index.expect_many();
        assert_eq!(all(&index, tip, &[]), all(&Log::new(clone), tip, &[]));
    };
    index(tip_of(&names));
    for number in 0..20 {
        let tree = format!("{}^{{tree}}", tip_of(&names));
        let parent = tip_of(&names).to_string();
        let next = scratch.later(&["commit-tree", "-p", &parent, "-m", &number.to_string(), &tree]);
        names.push(name(&next));
        scratch.git(&["update-ref", "refs/heads/main", &next]);
        index(tip_of(&names));
    }
    assert!(files(&scratch.repository()).len() <= 3, "{:?}", files(&scratch.repository()));
}

#[test]
fn a_pull_that_was_pushed_adds_the_new_commits_alone() {
    let (scratch, names) = long(1000);
    let clone = scratch.repository();
    let many = |tip: &ObjectName| {
        let index = IndexedHistory::new(&clone, Some("main"), Arc::new(|_| ()));
        index.expect_many();
        assert_eq!(all(&index, tip, &[]), all(&Log::new(clone.clone()), tip, &[]));
        let names = files(&clone).into_iter();
        names.map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let old: Vec<String> = many(tip_of(&names));
    let (tree, fork) = (format!("{}^{{tree}}", tip_of(&names)), names[900].to_string());
    let own = scratch.later(&["commit-tree", "-p", &fork, "-m", "own", &tree]);
    let message = "Merge branch 'main' of ../deploy";
    let tip = tip_of(&names).to_string();
    let pull = ["commit-tree", "-p", &own, "-p", &tip, "-m", message, &tree];
    let new = many(&name(&scratch.later(&pull)));
    assert!(old.iter().filter(|file| *file != "chain").all(|file| new.contains(file)), "{new:?}");
}

#[test]
fn positions_are_found_where_the_index_cannot_go_on() {
    let (scratch, names) = long(40);
    let tree = scratch.git(&["rev-parse", &format!("{}^{{tree}}", names[10])]);
    let clone = scratch.repository();
    let packs = clone.common_directory().join("objects/pack");
    let pack = fs::read_dir(&packs).unwrap().map(|entry| entry.unwrap().path());
    let pack = pack.into_iter().find(|path| path.extension().is_some_and(|end| end == "pack"));
    if let Some(pack) = pack {
        // Objects are not unpacked beside the pack that has them.
        let elsewhere = scratch.root().join("pack");
        fs::rename(&pack, &elsewhere).unwrap();
        fs::remove_dir_all(&packs).unwrap();
        let input = fs::File::open(elsewhere).unwrap();
        let mut unpack = crate::support::git::command(scratch.root());
        assert!(unpack.args(["unpack-objects", "-q"]).stdin(input).status().unwrap().success());
    }
    let object = clone.common_directory().join("objects").join(&tree[..2]).join(&tree[2..]);
    fs::remove_file(object).unwrap();
    let clone = scratch.repository();
    let (index, log) = (indexed(&clone, 4), Log::new(clone.clone()));
    index.expect_many();
    let tip = tip_of(&names);
    let mut positions = (index.positions(tip).unwrap(), log.positions(tip).unwrap());
    for commit in &names {
        let expected = positions.1.position(commit, usize::MAX).unwrap();
        assert!(expected.is_some());
        assert_eq!(positions.0.position(commit, usize::MAX).unwrap(), expected);
    }
    let errors = |history: &dyn CommitHistory| {
        let steps: Vec<_> = history.steps(tip, &[]).unwrap().collect();
        (steps.len(), steps.last().is_some_and(Result::is_err))
    };
    assert_eq!(errors(&index), errors(&log));
    assert!(!index.is_indexed(tip), "it cannot be");
}

#[test]
fn a_topic_does_not_take_the_branches_place_in_the_index() {
    let (scratch, names) = long(20);
    let clone = scratch.repository();
    let many = |tip: &ObjectName| {
        let index = indexed(&clone, 64);
        index.expect_many();
        assert_eq!(all(&index, tip, &[]), all(&Log::new(clone.clone()), tip, &[]));
        files(&clone)
    };
    let before = many(tip_of(&names));
    let fork = names[9].to_string();
    let tree = format!("{fork}^{{tree}}");
    let topic = name(&scratch.later(&["commit-tree", "-p", &fork, "-m", "topic", &tree]));
    assert_eq!(many(&topic), before);
    scratch.git(&["update-ref", "refs/heads/main", topic.as_str()]);
    assert_ne!(many(&topic), before, "now it is the branch");
}

#[test]
fn every_byte_of_the_index_may_be_damaged() {
    let (scratch, names) = long(12);
    let clone = scratch.repository();
    let tip = tip_of(&names);
    let expected = all(&Log::new(clone.clone()), tip, &[]);
    let make = || {
        let index = indexed(&clone, 4);
        index.expect_many();
        assert_eq!(all(&index, tip, &[]), expected);
    };
    make();
    let whole: Vec<_> =
        files(&clone).into_iter().map(|file| (fs::read(&file).unwrap(), file)).collect();
    for (bytes, file) in &whole {
        for at in (0..bytes.len()).step_by(few_or_all(29, 5)) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x20;
            fs::write(file, damaged).unwrap();
            make();
            fs::remove_dir_all(file.parent().unwrap()).unwrap();
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            for (bytes, file) in &whole {
                fs::write(file, bytes).unwrap();
            }
        }
    }
}

#[test]
fn damage_that_is_noticed_on_the_way_changes_no_step() {
    let scratch = Scratch::new();
    let mut stream = Stream::new();
    let commit = |stream: &mut Stream, parents: &[usize]| {
        let number = stream.len();
        let files = [(format!("app-{}", number % 50), Some(format!("v{number}\n")))];
        stream.commit("commit", parents, &files)
    };
    let mut last = commit(&mut stream, &[]);
    for number in 0..900 {
        last = if number % 100 == 50 {
            let own = commit(&mut stream, &[last]);
            stream.commit("Merge branch 'main' of ../deploy", &[own, last], &[])
        } else {
            commit(&mut stream, &[last])
        };
    }
    let names = stream.import(scratch.root());
    let (clone, tip) = (scratch.repository(), &names[last - 1]);
    let asked = [path("app-3"), path("app-17")];
    let expected = all(&Log::new(clone.clone()), tip, &asked);
    let make = || {
        let index = IndexedHistory::new(&clone, Some("main"), Arc::new(|_| ()));
        index.expect_many();
        assert_eq!(all(&index, tip, &asked), expected);
    };
    make();
    let segment = files(&clone).into_iter().find(|file| !file.ends_with("chain")).unwrap();
    let bytes = fs::read(&segment).unwrap();
    for at in (100..bytes.len()).step_by(1 << 13) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        fs::write(&segment, damaged).unwrap();
        make();
    }
}

#[test]
fn an_index_of_commits_that_are_gone_is_made_again() {
    let (scratch, names) = long(30);
    let make = |tip: &ObjectName| {
        let clone = scratch.repository();
        let index = indexed(&clone, 64);
        index.expect_many();
        assert_eq!(all(&index, tip, &[]), all(&Log::new(clone.clone()), tip, &[]));
        files(&clone)
    };
    let old = make(tip_of(&names));
    let tree = scratch.git(&["rev-parse", &format!("{}^{{tree}}", tip_of(&names))]);
    let root = scratch.later(&["commit-tree", "-m", "another root", &tree]);
    for reference in ["refs/heads/main", "refs/heads/all"] {
        scratch.git(&["update-ref", reference, &root]);
    }
    scratch.git(&["reflog", "expire", "--expire=now", "--all"]);
    scratch.git(&["gc", "-q", "--prune=now"]);
    let new = make(&name(&root));
    assert!(!new.iter().any(|file| old.contains(file) && !file.ends_with("chain")), "{new:?}");
    assert!(indexed(&scratch.repository(), 64).is_indexed(&name(&root)));
}

#[test]
fn what_is_no_file_is_not_read_and_a_link_is_not_followed() {
    let (scratch, names) = long(30);
    let make = || {
        let clone = scratch.repository();
        let index = indexed(&clone, 64);
        index.expect_many();
        assert_eq!(all(&index, tip_of(&names), &[]).len(), 30);
    };
    make();
    for file in files(&scratch.repository()) {
        fs::remove_file(&file).unwrap();
        // Reading it would wait for somebody to write.
        let status = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
        assert!(status.success());
        make();
    }
    let own = scratch.repository().common_directory().join("rungs");
    let beside = crate::scratch::elsewhere();
    fs::rename(&own, beside.0.path().join("rungs")).unwrap();
    let precious = beside.0.path().join("rungs/history/precious-1-1");
    fs::write(&precious, "mine").unwrap();
    std::os::unix::fs::symlink(beside.0.path().join("rungs"), &own).unwrap();
    make();
    assert!(precious.exists());
}

/// The variable for the test that another one starts as a process of its own: the clone
/// whose history it indexes.
const CLONE: &str = "RUNGS_TEST_CLONE";

#[test]
#[ignore = "started by other tests as a process of its own"]
fn the_run_that_is_ended() {
    let clone = repository(Path::new(&std::env::var_os(CLONE).unwrap()));
    let tip = clone.head().unwrap().unwrap();
    let index = indexed(&clone, 8);
    index.expect_many();
    index.steps(&tip, &[path("app-3")]).unwrap().for_each(drop);
}

#[test]
fn a_first_run_that_is_killed_is_continued_by_the_next() {
    let (scratch, names) = long(3000);
    let clone = scratch.repository();
    let tip = tip_of(&names);
    let expected = all(&Log::new(clone.clone()), tip, &[path("app-3")]);
    let mut seen = BTreeSet::new();
    for pause in (0..few_or_all(10, 60)).map(|step| Duration::from_millis(step * 7 % 97)) {
        let mut run = alone("history_index::the_run_that_is_ended");
        run.env(CLONE, scratch.root()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut run = run.spawn().unwrap();
        thread::sleep(pause);
        let _ = run.kill();
        run.wait().unwrap();
        let found = files(&clone);
        seen.insert(found.iter().filter(|file| !file.ends_with("chain")).count());
        let index = indexed(&clone, 8);
        assert_eq!(all(&index, tip, &[path("app-3")]), expected);
        if index.is_indexed(tip_of(&names)) {
            // Once it is whole, start again.
            fs::remove_dir_all(clone.common_directory().join("rungs")).unwrap();
        }
    }
    assert!(seen.len() > 1, "it was always killed at the same step: {seen:?}");
}

#[test]
fn runs_beside_each_other_leave_one_whole_index() {
    let (scratch, names) = long(500);
    let tip = tip_of(&names);
    let expected = all(&Log::new(scratch.repository()), tip, &[path("app-3")]);
    thread::scope(|scope| {
        for growth in 1..=4 {
            let (scratch, expected) = (scratch.root().to_owned(), &expected);
            scope.spawn(move || {
                let clone = repository(&scratch);
                let index = indexed(&clone, growth);
                index.expect_many();
                assert_eq!(&all(&index, tip, &[path("app-3")]), expected);
            });
        }
    });
    let index = indexed(&scratch.repository(), 8);
    index.expect_many();
    assert_eq!(all(&index, tip, &[path("app-3")]), expected);
    assert!(indexed(&scratch.repository(), 8).is_indexed(tip_of(&names)));
}

#[test]
fn a_disk_that_takes_nothing_is_noted_once_and_git_answers() {
    let Some(mount) = Mount::new("size=64m") else {
        absent("the permission to mount a file system");
        return;
    };
    let (scratch, names) = long(50);
    let inside = mount.path().join("clone");
    git(scratch.root(), &["clone", "-q", "--bare", ".", inside.to_str().unwrap()]);
    let clone = repository(&inside);
    let noted = |clone: &Arc<LocalClone>| {
        let said = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&said);
        let index = IndexedHistory::new(
            clone,
            Some("main"),
            Arc::new(move |event| {
                if let Indexing::NotKept(reason) = event {
                    listener.lock().unwrap().push(reason);
                }
            }),
        );
        let index = index.growing_by(4);
        index.expect_many();
        let tip = tip_of(&names);
        assert_eq!(all(&index, tip, &[]), all(&Log::new(clone.clone()), tip, &[]));
        assert_eq!(all(&index, tip, &[path("app-1")]).len(), 5);
        let said = said.lock().unwrap();
        (said.clone(), index.is_indexed(tip_of(&names)))
    };
    mount.remount("ro");
    assert_eq!(noted(&clone), (vec!["Read-only file system (os error 30)".to_owned()], false));
    mount.remount("rw");
    let free = mount.path().join("full");
    while fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&free)
        .unwrap()
        .write_all(&[0; 1 << 13])
        .is_ok()
    {}
    let (said, is_indexed) = noted(&clone);
    assert_eq!((said.len(), is_indexed), (1, true), "{said:?}");
    assert!(said[0].contains("No space left"), "{said:?}");
    fs::remove_file(free).unwrap();
    assert_eq!(noted(&clone), (Vec::new(), true));
}

#[test]
fn work_trees_of_a_clone_share_the_index_and_branches_do_not() {
    let (scratch, names) = long(20);
    let beside = crate::scratch::elsewhere();
    let to = beside.0.path().join("tree");
    scratch.git(&["worktree", "add", "-q", "--detach", to.to_str().unwrap(), "main"]);
    let linked = repository(&to);
    let index = indexed(&linked, 64);
    index.expect_many();
    index.steps(tip_of(&names), &[]).unwrap().for_each(drop);
    assert!(indexed(&scratch.repository(), 64).is_indexed(tip_of(&names)));
    let other = IndexedHistory::new(&scratch.repository(), Some("other"), Arc::new(|_| ()));
    assert!(!other.is_indexed(tip_of(&names)));
    assert_eq!(scratch.git(&["status", "--porcelain"]).lines().count(), 10, "only the files");
}

#[test]
fn the_segments_of_only_so_many_branches_are_kept() {
    let (scratch, names) = long(12);
    let clone = scratch.repository();
    for number in 0..20 {
        let branch = format!("release-{number}");
        let index = IndexedHistory::new(&clone, Some(&branch), Arc::new(|_| ()));
        index.expect_many();
        assert_eq!(index.steps(tip_of(&names), &[]).unwrap().count(), 12);
    }
    let directory = clone.common_directory().join("rungs/history");
    assert_eq!(fs::read_dir(directory).unwrap().count(), 16);
    let index = IndexedHistory::new(&clone, Some("release-19"), Arc::new(|_| ()));
    assert!(index.is_indexed(tip_of(&names)));
}

#[test]
fn a_shallow_clone_is_not_indexed_and_one_without_blobs_fetches_none_for_it() {
    let (origin, names) = long(40);
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let tip = tip_of(&names);
    let shallow = Scratch::of(origin.root(), &["--depth=3"]);
    let index = indexed(&shallow.repository(), 64);
    index.expect_many();
    assert!(!index.is_indexed(tip_of(&names)));
    let steps: Vec<_> = index.steps(tip, &[]).unwrap().collect();
    assert!(matches!(steps.last(), Some(Err(HistoryError::Shallow { .. }))));
    assert!(files(&shallow.repository()).is_empty());
    let treeless = Scratch::of(origin.root(), &["--bare", "--filter=tree:0"]);
    let index = indexed(&treeless.repository(), 64);
    index.expect_many();
    assert!(!index.is_indexed(tip), "each commit would fetch its trees");
    let blobless = Scratch::of(origin.root(), &["--bare", "--filter=blob:none"]);
    let missing = || blobless.git(&["rev-list", "--objects", "--all", "--missing=print"]);
    let before = missing().matches('?').count();
    assert_eq!(before, 40);
    let index = indexed(&blobless.repository(), 64);
    index.expect_many();
    assert_eq!(all(&index, tip, &[]).len(), 40);
    assert_eq!(missing().matches('?').count(), before);
}
