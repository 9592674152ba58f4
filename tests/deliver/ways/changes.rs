//! Changes as data: what their commits edit, how they are merged, and how they land.

use std::collections::BTreeSet;

use super::shops::{Files, NOW, render};
use crate::support::fast_import::{LINK, SUBMODULE, Stream};

/// An edit of files. One that finds nothing to change does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Edit {
    Put(String, String),
    Append(String, String),
    Remove(String),
    Move(String, String),
    Replace(String, String, String),
    /// The word after a text of a file becomes another one.
    After(String, String, String),
    Link(String, String),
    Gitlink(String),
    Render,
}

/// Writes a file, which replaces what is above or below its path.
pub(super) fn put(files: &mut Files, path: &str, text: String) {
    let below = format!("{path}/");
    files.retain(|other, _| !other.starts_with(&below) && !path.starts_with(&format!("{other}/")));
    files.insert(path.to_owned(), text);
}

fn remove(files: &mut Files, path: &str) {
    let below = format!("{path}/");
    files.retain(|other, _| other != path && !other.starts_with(&below));
}

impl Edit {
    pub(super) fn apply(&self, files: &mut Files) {
        match self {
            Self::Put(path, text) => put(files, path, text.clone()),
            Self::Append(path, text) => {
                let old = files.get(path).cloned().unwrap_or_default();
                put(files, path, old + text);
            }
            Self::Remove(path) => remove(files, path),
            Self::Move(from, to) => {
                let below = format!("{from}/");
                let moved: Vec<_> = files
                    .iter()
                    .filter(|(path, _)| *path == from || path.starts_with(&below))
                    .map(|(path, text)| (format!("{to}{}", &path[from.len()..]), text.clone()))
                    .collect();
                remove(files, from);
                for (path, text) in moved {
                    put(files, &path, text);
                }
            }
            Self::Replace(path, from, to) => {
                if let Some(text) = files.get_mut(path) {
                    *text = text.replace(from, to);
                }
            }
            Self::After(path, before, word) => {
                if let Some(text) = files.get_mut(path)
                    && let Some(at) = text.find(before)
                {
                    let start = at + before.len();
                    let rest = &text[start..];
                    let end = rest.find(['\n', ' ', '"', '\'']).unwrap_or(rest.len());
                    text.replace_range(start..start + end, word);
                }
            }
            Self::Link(path, target) => put(files, path, format!("{LINK}{target}")),
            Self::Gitlink(path) => put(files, path, SUBMODULE.to_owned()),
            Self::Render => render(files),
        }
    }
}

/// Where a commit of a change comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parents {
    /// The commit before it.
    One,
    /// A merge of a side branch that left where the change did, and has the edits.
    Side,
    /// A merge of the base branch, with the edits.
    Base,
    /// The same, with the base branch as the first parent.
    IntoBase,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TopicCommit {
    pub(super) message: String,
    /// The commit's time, in seconds from now.
    pub(super) date: i64,
    pub(super) parents: Parents,
    pub(super) edits: Vec<Edit>,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Change {
    /// What the base branch gets meanwhile.
    pub(super) meanwhile: Vec<Edit>,
    pub(super) commits: Vec<TopicCommit>,
    /// Which of the ways it lands that it can.
    pub(super) way: usize,
}

/// A commit of a stream with its files.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) number: usize,
    pub(super) files: Files,
}

/// How a change can come into the base branch.
#[derive(Debug)]
pub(super) struct Landing {
    pub(super) style: &'static str,
    /// The commits of the base branch that it adds.
    pub(super) commits: Vec<Made>,
}

/// A change that was made.
#[derive(Debug)]
pub(super) struct MadeChange {
    pub(super) now: i64,
    pub(super) base: Made,
    pub(super) head: Made,
    /// Whether the base branch went on after the change left it.
    pub(super) has_base_moved: bool,
    pub(super) landings: Vec<Landing>,
    /// The number of the landing that the branch goes on from.
    pub(super) way: usize,
}

/// Makes a change that starts from a commit; `merge` is how pull requests land.
pub(super) fn make(
    stream: &mut Stream,
    fork: &Made,
    change: &Change,
    merge: Option<&str>,
    now: i64,
) -> MadeChange {
    let mut base = fork.clone();
    if !change.meanwhile.is_empty() {
        base = edited(stream, &base, &change.meanwhile, "Meanwhile", now - 60);
    }
    let mut topic =
        Topic { fork: fork.clone(), base: base.clone(), has_base: false, now, linear: Vec::new() };
    let head = change.commits.iter().fold(fork.clone(), |last, one| topic.add(stream, &last, one));
    let mut landings = Vec::new();
    let merged_from = if topic.has_base { &base.files } else { &fork.files };
    let merged = merged(merged_from, &base.files, &head.files);
    let message = change.commits.iter().map(|one| &*one.message).collect::<Vec<_>>().join("\n\n");
    let may = |style: &str| merge.is_none_or(|merge| merge == style);
    if let Some(files) = &merged {
        for (style, parents) in
            [("squash", vec![base.number]), ("merge", vec![base.number, head.number])]
        {
            if may(style) {
                let commit = committed(stream, &base.files, files.clone(), &parents, &message, now);
                landings.push(Landing { style, commits: vec![commit] });
            }
        }
    }
    if may("rebase")
        && let Some(commits) = topic.rebased(stream)
    {
        landings.push(Landing { style: "rebase", commits });
    }
    if merge.is_none() && (topic.has_base || base.number == fork.number) {
        let commits = topic.first_parents(&head);
        landings.push(Landing { style: "fast-forward", commits });
    }
    landings.retain(|landing| !landing.commits.is_empty());
    let way = change.way.checked_rem(landings.len()).unwrap_or(0);
    let has_base_moved = base.number != fork.number;
    MadeChange { now, base, head, has_base_moved, landings, way }
}

/// A branch as it grows.
struct Topic {
    fork: Made,
    base: Made,
    /// Whether it has merged the base branch.
    has_base: bool,
    now: i64,
    /// Its commits with their first parents, oldest first.
    linear: Vec<LinearCommit>,
}

struct LinearCommit {
    first: Made,
    commit: Made,
    is_merge: bool,
    message: String,
    date: i64,
}

impl Topic {
    fn add(&mut self, stream: &mut Stream, last: &Made, one: &TopicCommit) -> Made {
        let date = self.now + one.date;
        match one.parents {
            Parents::One => {
                let commit = edited(stream, last, &one.edits, &one.message, date);
                self.keep(last, &commit, one, false)
            }
            Parents::Side => {
                let side = edited(stream, &self.fork, &one.edits, &one.message, date);
                let fork = self.fork.clone();
                self.keep(&fork, &side, one, false);
                let files = merged(&self.fork.files, &last.files, &side.files);
                let files = files.unwrap_or_else(|| side.files.clone());
                let parents = [last.number, side.number];
                let commit = committed(stream, &last.files, files, &parents, "Merge side", date);
                self.keep(last, &commit, one, true)
            }
            Parents::Base | Parents::IntoBase => {
                let from = if self.has_base { &self.base.files } else { &self.fork.files };
                let files = merged(from, &self.base.files, &last.files);
                let mut files = files.unwrap_or_else(|| last.files.clone());
                for edit in &one.edits {
                    edit.apply(&mut files);
                }
                let (first, second) = match one.parents {
                    Parents::IntoBase => (self.base.clone(), last),
                    _ => (last.clone(), &self.base),
                };
                let parents = [first.number, second.number];
                let commit = committed(stream, &first.files, files, &parents, &one.message, date);
                self.has_base = true;
                self.keep(&first, &commit, one, true)
            }
        }
    }

    fn keep(&mut self, first: &Made, commit: &Made, one: &TopicCommit, is_merge: bool) -> Made {
        self.linear.push(LinearCommit {
            first: first.clone(),
            commit: commit.clone(),
            is_merge,
            message: one.message.clone(),
            date: self.now + one.date,
        });
        commit.clone()
    }

    /// Its commits one after the other on the base branch; none if one does not apply.
    fn rebased(&self, stream: &mut Stream) -> Option<Vec<Made>> {
        let mut last = self.base.clone();
        let mut commits = Vec::new();
        for one in self.linear.iter().filter(|one| !one.is_merge) {
            let files = merged(&one.first.files, &last.files, &one.commit.files)?;
            last = committed(stream, &last.files, files, &[last.number], &one.message, one.date);
            commits.push(last.clone());
        }
        Some(commits)
    }

    /// The first parents of its head that are not the base's, oldest first.
    fn first_parents(&self, head: &Made) -> Vec<Made> {
        let mut commits = Vec::new();
        let mut at = head.number;
        while let Some(one) = self.linear.iter().find(|one| one.commit.number == at) {
            commits.push(one.commit.clone());
            at = one.first.number;
        }
        commits.reverse();
        commits
    }
}

fn edited(stream: &mut Stream, parent: &Made, edits: &[Edit], message: &str, date: i64) -> Made {
    let mut files = parent.files.clone();
    for edit in edits {
        edit.apply(&mut files);
    }
    committed(stream, &parent.files, files, &[parent.number], message, date)
}

/// A commit of files whose first parent has those `before`.
pub(super) fn committed(
    stream: &mut Stream,
    before: &Files,
    files: Files,
    parents: &[usize],
    message: &str,
    date: i64,
) -> Made {
    let gone = before.keys().filter(|path| !files.contains_key(*path));
    let gone = gone.map(|path| (path.clone(), None));
    let new = files.iter().filter(|(path, text)| before.get(*path) != Some(*text));
    let new = new.map(|(path, text)| (path.clone(), Some(text.clone())));
    let changes: Vec<_> = gone.chain(new).collect();
    let number = stream.commit_at(date.max(NOW - 400 * 86_400), message, parents, &changes);
    Made { number, files }
}

/// The files of a merge; none if both sides change a file, and not alike.
fn merged(from: &Files, ours: &Files, theirs: &Files) -> Option<Files> {
    let paths: BTreeSet<_> = from.keys().chain(ours.keys()).chain(theirs.keys()).collect();
    let mut files = Files::new();
    for path in paths {
        let [from, ours, theirs] = [from, ours, theirs].map(|side| side.get(path));
        let text = if ours == theirs || theirs == from {
            ours
        } else if ours == from {
            theirs
        } else {
            return None;
        };
        if let Some(text) = text {
            files.insert(path.clone(), text.clone());
        }
    }
    let paths: Vec<_> = files.keys().collect();
    let is_below = |pair: &[&String]| pair[1].starts_with(&format!("{}/", pair[0]));
    (!paths.windows(2).any(is_below)).then_some(files)
}
