//! Who put what where, and when: from a branch's history.
//!
//! The facts are what commits changed at the sites, so that commits that
//! predate rungs, or were made without it, are there as well. Records say more
//! of them, and are checked against the facts. What a commit of the branch
//! changed is the same however it came there: by itself, by a merge, squashed
//! or rebased.

mod brought;
mod claims;
mod code;
mod entry;
mod sources;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use jiff::Timestamp;

pub use code::{CODES, NO_COMMIT, NO_SUCH_TIME, NOT_ON_BRANCH};
pub use entry::{Changed, Claim, Clock, Deed, Entry, Sequence, SourceCommit, Unreadable};

use super::brief::{differences, in_full};
use super::past::{Commits, Move, Moved, Pair, Reading, Walk};
use super::record::{self, Record};
use crate::config::{EnvironmentName, Repository};
use crate::git::{Commit, HistoryError, ObjectName, Objects, Step};
use crate::sites::{Model, Scope, State};
use crate::source::Tree;

use sources::{Pending, Sources};

/// Which changes are asked for.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Of these apps; of all where there are none.
    pub apps: Vec<String>,
    /// In these environments; in all where there are none.
    pub environments: Vec<EnvironmentName>,
    /// Behind this commit of the branch.
    pub behind: Option<ObjectName>,
    /// At this time or later.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

impl Question {
    fn is_about(&self, pair: &Pair) -> bool {
        (self.apps.is_empty() || self.apps.contains(&pair.app))
            && (self.environments.is_empty() || self.environments.contains(&pair.environment))
    }

    fn is_at(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time < until)
    }
}

/// As many commits of a branch in a row may be older than what is asked for
/// before the search ends: times are of clocks that may be wrong, and a branch
/// that was rebased or merged late has them out of order.
const OLDER_IN_A_ROW: usize = 500;

/// As many entries wait for the commits that their records name as sources.
const MOST_WAITING: usize = 20_000;

/// The changes of a branch, the newest first. Reads on only as far as it is
/// asked, and keeps no more than the entries whose source is still to be found.
pub struct Audit<'h, R = Model> {
    walk: Walk<'h, R>,
    objects: &'h dyn Objects,
    question: Question,
    sources: Sources<'h>,
    waiting: VecDeque<Waiting>,
    older: usize,
    /// What ends it, behind the entries that wait.
    end: Option<Option<HistoryError>>,
}

/// An entry, and what its record says of its source.
struct Waiting {
    entry: Entry,
    pending: Option<Pending>,
}

impl<'h> Audit<'h, Model> {
    /// Of the branch whose tip has these files and this configuration. Sites of
    /// the environments that sources may be are read as well, whatever is asked.
    pub fn new(
        repository: &Repository,
        tree: &Tree,
        commits: Commits<'h>,
        question: Question,
    ) -> Result<Self, HistoryError> {
        let apps = (!question.apps.is_empty()).then(|| question.apps.iter().cloned().collect());
        let scope = Scope { environments: None, apps };
        let model = Model::of_tree(repository, tree, &scope);
        let steps = commits.history.steps(commits.tip, &model.paths())?;
        Self::over(commits, Walk::new(commits.history, steps, model), question)
    }
}

impl<'h, R: Reading> Audit<'h, R> {
    /// From a walk that begins at the branch's tip.
    fn over(
        commits: Commits<'h>,
        walk: Walk<'h, R>,
        question: Question,
    ) -> Result<Self, HistoryError> {
        let Commits { tip, history, objects } = commits;
        let sources = Sources::new(history.branch(tip)?);
        let waiting = VecDeque::new();
        Ok(Self { walk, objects, question, sources, waiting, older: 0, end: None })
    }

    /// The apps that are there at the tip, each as often as it is in an
    /// environment; before the first entry was asked for.
    pub fn apps(&self) -> impl Iterator<Item = &str> {
        self.walk.pairs().map(|pair| pair.app.as_str())
    }

    /// Goes one commit back.
    fn advance(&mut self) {
        let moved = match self.walk.next() {
            None => return self.finish(None),
            Some(Err(error)) => return self.finish(Some(error)),
            Some(Ok(moved)) => moved,
        };
        if let Err(error) = self.take(moved) {
            self.finish(Some(error));
        }
    }

    fn take(&mut self, moved: Moved) -> Result<(), HistoryError> {
        let commit = &moved.step.commit;
        let at = self.sources.position(&commit.id)?;
        self.settle(at, &moved);
        let time = commit.committer.time;
        self.older =
            if self.question.since.is_some_and(|since| time < since) { self.older + 1 } else { 0 };
        let is_behind = match self.question.behind.clone() {
            Some(behind) => self.sources.is_before(at, &behind)?,
            None => false,
        };
        if is_behind || self.older > OLDER_IN_A_ROW {
            self.finish(None);
            return Ok(());
        }
        if self.question.is_at(time) {
            self.enter(at, moved)?;
        }
        Ok(())
    }

    /// Makes an entry of each change that is asked for.
    fn enter(&mut self, at: Option<usize>, moved: Moved) -> Result<(), HistoryError> {
        let is_about = |one: &&Move| self.question.is_about(&one.pair);
        let moves: Vec<&Move> = moved.moves.iter().filter(is_about).collect();
        if moves.is_empty() {
            return Ok(());
        }
        let told = told(self.objects, &moved)?;
        for one in moves {
            let waiting = self.waiting_of(at, &moved.step.commit, one, &told)?;
            self.waiting.push_back(waiting);
        }
        Ok(())
    }

    fn waiting_of(
        &mut self,
        at: Option<usize>,
        commit: &Commit,
        one: &Move,
        told: &[Told],
    ) -> Result<Waiting, HistoryError> {
        let mut entry = entry_of(commit, one, told);
        let found =
            told.iter().find_map(|told| Some((told, claims::record_of(&told.records, one)?)));
        let Some((teller, record)) = found else { return Ok(Waiting { entry, pending: None }) };
        let mut doubts = claims::doubts_of_references(record, one);
        let pending = match self.sources.look_for(at, record, one)? {
            Ok(pending) => pending,
            Err(doubt) => {
                doubts.push(doubt);
                None
            }
        };
        entry.action = record.action.into();
        entry.author = teller.author.clone();
        entry.record = Some(claims::claim(record, doubts));
        Ok(Waiting { entry, pending })
    }

    /// Answers what waits for commits that were reached: those from the
    /// commit at `at` on, before that is undone.
    fn settle(&mut self, at: Option<usize>, moved: &Moved) {
        let Some(at) = at else { return };
        if !self.sources.is_due(at) {
            return;
        }
        for waiting in &mut self.waiting {
            if waiting.pending.as_ref().is_some_and(|pending| pending.at <= at)
                && let Some(pending) = waiting.pending.take()
            {
                let moved = moved.moves.iter().find(|one| one.pair == pending.pair);
                let state =
                    moved.map_or_else(|| self.walk.now(&pending.pair), |one| one.after.clone());
                answer(&mut waiting.entry, &pending, state.as_ref());
            }
        }
        let pending = self.waiting.iter().filter_map(|waiting| waiting.pending.as_ref());
        self.sources.due(pending.map(|pending| pending.at).min());
    }

    /// Answers all that still waits: no older commit changed its source.
    fn finish(&mut self, error: Option<HistoryError>) {
        for waiting in &mut self.waiting {
            if let Some(pending) = waiting.pending.take() {
                match &error {
                    None => {
                        let state = self.walk.now(&pending.pair);
                        answer(&mut waiting.entry, &pending, state.as_ref());
                    }
                    Some(_) => {
                        doubt(&mut waiting.entry, "the history ends before its source".to_owned())
                    }
                }
            }
        }
        self.end = Some(error);
    }

    /// The next entry that nothing is waited for any more.
    fn ready(&mut self) -> Option<Entry> {
        let is_full = self.waiting.len() > MOST_WAITING;
        let first = self.waiting.front_mut()?;
        if first.pending.is_some() && !is_full {
            return None;
        }
        if first.pending.is_some() {
            doubt(&mut first.entry, "its source lies too far back to be looked for".to_owned());
        }
        self.waiting.pop_front().map(|waiting| waiting.entry)
    }
}

impl<R: Reading> Iterator for Audit<'_, R> {
    type Item = Result<Entry, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.ready() {
                return Some(Ok(entry));
            }
            match &mut self.end {
                Some(end) => return end.take().map(Err),
                None => self.advance(),
            }
        }
    }
}

fn answer(entry: &mut Entry, pending: &Pending, state: Option<&State>) {
    for found in claims::doubts_of_source(&pending.source, state, &pending.expected) {
        doubt(entry, found);
    }
}

fn doubt(entry: &mut Entry, text: String) {
    if let Some(claim) = &mut entry.record {
        claim.verified = false;
        claim.doubts.push(text);
    }
}

/// A commit that says something of a change: the branch's own first, then
/// those that it brought.
struct Told {
    author: crate::git::Signature,
    records: Vec<Record>,
}

fn told(objects: &dyn Objects, moved: &Moved) -> Result<Vec<Told>, HistoryError> {
    let brought = brought::brought(objects, &moved.step)?;
    let all = std::iter::once(&moved.step.commit).chain(&brought);
    let told = all.map(|commit| Told {
        author: commit.author.clone(),
        records: record::read(&commit.message),
    });
    Ok(told.collect())
}

/// The messages of a commit of the branch, and of those that it brought, the
/// newest first.
pub(crate) fn messages(objects: &dyn Objects, step: &Step) -> Result<Vec<String>, HistoryError> {
    let brought = brought::brought(objects, step)?;
    let all = std::iter::once(step.commit.clone()).chain(brought);
    Ok(all.map(|commit| commit.message).collect())
}

fn entry_of(commit: &Commit, one: &Move, told: &[Told]) -> Entry {
    let nothing = State::default();
    let of = |state: &Option<State>| state.clone().unwrap_or_else(|| nothing.clone());
    let (before, after) = (of(&one.before), of(&one.after));
    let changes = differences(&before, &after).into_iter().map(|one| Changed {
        key: one.key.name().to_owned(),
        from: one.from.map(|said| in_full(one.key, said)),
        to: one.to.map(|said| in_full(one.key, said)),
        brief: one.brief(),
    });
    let action = match (&one.before, &one.after) {
        (Some(before), Some(_)) if before.is_empty() => Deed::Added,
        (Some(_), Some(after)) if after.is_empty() => Deed::Removed,
        _ => Deed::Change,
    };
    let unreadable = match (&one.before, &one.after) {
        (_, None) => Some(Unreadable::After),
        (None, _) => Some(Unreadable::Before),
        _ => None,
    };
    // A merge is committed by whoever merged, or by the forge in their name.
    let is_merge = commit.parents.len() > 1;
    let committer = if is_merge { &commit.author } else { &commit.committer };
    // Who wrote one of several commits cannot be told without a record.
    let author = if told.len() == 2 { &told[1].author } else { &commit.author };
    Entry {
        at: commit.committer.time,
        clock: Clock::Committer,
        commit: commit.id.clone(),
        subject: commit.subject().to_owned(),
        environment: one.pair.environment.clone(),
        app: one.pair.app.clone(),
        action,
        changes: changes.collect(),
        unreadable,
        author: author.clone(),
        committer: committer.clone(),
        record: None,
    }
}
