//! Who put what where, and when: from a branch's history.
//!
//! The facts are what commits changed at the sites, so that commits that
//! predate rungs, or were made without it, are included. Records say more about
//! them, and are checked against the facts. What a commit of the branch changed
//! is the same however it got there: by itself, by a merge, squashed or
//! rebased.

mod claims;
mod code;
mod entry;
mod holds;
mod sources;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use jiff::Timestamp;

pub use code::{CODES, NO_COMMIT, NO_SUCH_TIME, NOT_ON_BRANCH};
pub use entry::{
    AuditEntry, ChangeKind, Changed, Claim, ClockSource, HoldNote, Sequence, SourceCommit,
    Unreadable,
};

use super::commit_records::{CommitRecords, author_of, commit_records};
use crate::config::{EnvironmentName, Mirrors, Repository};
use crate::git::{Commit, HistoryError, ObjectName};
use crate::history::{Commits, Record, StateChange, StepChange, Walk};
use crate::sites::{AppInstance, Model, ModelScope, State, StateReference, differences};
use crate::source::Tree;

use holds::HoldChange;
use sources::{PendingSource, SourceSearch};

/// Which changes an audit lists.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// The apps; empty for all of them.
    pub apps: Vec<String>,
    /// The environments; empty for all of them.
    pub environments: Vec<EnvironmentName>,
    /// The reference that a change brought or took away; none for any.
    pub reference: Option<StateReference>,
    /// The commit of the branch after which changes are listed.
    pub after: Option<ObjectName>,
    /// The earliest time.
    pub since: Option<Timestamp>,
    /// The time before which changes are listed.
    pub until: Option<Timestamp>,
}

impl AuditQuery {
    fn is_about(&self, instance: &AppInstance) -> bool {
        (self.apps.is_empty() || self.apps.contains(&instance.app))
            && (self.environments.is_empty() || self.environments.contains(&instance.environment))
    }

    fn is_of_reference(&self, change: &StateChange) -> bool {
        let Some(reference) = &self.reference else { return true };
        let nothing = State::default();
        let [before, after] =
            [&change.before, &change.after].map(|state| state.as_ref().unwrap_or(&nothing));
        let mut changed = differences(before, after).into_iter();
        changed.any(|one| {
            let mut values = [one.from, one.to].into_iter().flatten();
            values.any(|value| reference.is_exactly(one.key, value))
        })
    }

    fn is_at(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time < until)
    }
}

/// The number of commits in a row that may be older than what is wanted before
/// the search ends: clocks may be wrong, and a branch that was rebased or
/// merged late has its times out of order.
const OLDER_IN_A_ROW: usize = 500;

/// The most entries that wait for the commits that their records name as
/// sources.
const MOST_WAITING: usize = 20_000;

/// The changes of a branch, newest first. Reads only as far as the iterator
/// goes, and keeps only the entries whose source is still to be found.
pub struct Audit<'h> {
    walk: Walk<'h>,
    commits: Commits<'h>,
    /// The repository whose configuration holds are read by.
    repository: &'h Repository,
    query: AuditQuery,
    sources: SourceSearch<'h>,
    waiting: VecDeque<WaitingEntry>,
    older: usize,
    /// Whether no older commit is wanted.
    is_answered: bool,
    /// What follows the entries that wait.
    end: AuditEnd,
}

/// What follows the entries that wait.
enum AuditEnd {
    NotYet,
    Reached,
    /// The history ends with an error.
    Failed(HistoryError),
}

/// An entry, and what its record says about its source.
struct WaitingEntry {
    entry: AuditEntry,
    pending: Option<PendingSource>,
}

impl<'h> Audit<'h> {
    /// An audit of the branch whose tip has these files and this configuration.
    /// The sites of all environments are read, whatever the query, since each
    /// may be a source.
    pub fn new(
        repository: &'h Repository,
        tree: &Tree,
        commits: Commits<'h>,
        query: AuditQuery,
    ) -> Result<Self, HistoryError> {
        let apps = (!query.apps.is_empty()).then(|| query.apps.iter().cloned().collect());
        let scope = ModelScope { environments: None, apps };
        let model = Model::of_tree(repository, tree, &scope);
        if query.apps.is_empty() {
            commits.history.expect_many();
        }
        let walk = Walk::new(commits.history, commits.tip, model, &[crate::holds::directory()])?;
        let sources = SourceSearch::new(commits.history.positions(commits.tip)?);
        let waiting = VecDeque::new();
        Ok(Self {
            walk,
            commits,
            repository,
            query,
            sources,
            waiting,
            older: 0,
            is_answered: false,
            end: AuditEnd::NotYet,
        })
    }

    /// The apps at the tip, each once for every environment that has it. This
    /// has to be called before the first entry is read.
    pub fn apps(&self) -> impl Iterator<Item = String> {
        self.walk.instances().into_iter().map(|instance| instance.app)
    }

    /// Goes one commit back.
    fn advance(&mut self) {
        let change = match self.walk.next() {
            None => return self.finish(None),
            Some(Err(error)) => return self.finish(Some(error)),
            Some(Ok(change)) => change,
        };
        if let Err(error) = self.take(&change) {
            self.finish(Some(error));
        }
    }

    fn take(&mut self, change: &StepChange) -> Result<(), HistoryError> {
        let at = self.sources.position(&change.step.id)?;
        self.check_sources(at, change);
        let time = change.step.at;
        self.older =
            if self.query.since.is_some_and(|since| time < since) { self.older + 1 } else { 0 };
        let is_older = match self.query.after.clone() {
            Some(after) => self.sources.is_before(at, &after)?,
            None => false,
        };
        self.is_answered |= is_older || self.older > OLDER_IN_A_ROW;
        if !self.is_answered {
            return if self.query.is_at(time) { self.enter(at, change) } else { Ok(()) };
        }
        // What records name as their source may be further back.
        if self.waiting.iter().all(|waiting| waiting.pending.is_none()) {
            self.finish(None);
        }
        Ok(())
    }

    /// Makes an entry of each change that the query is about.
    fn enter(&mut self, at: Option<usize>, change: &StepChange) -> Result<(), HistoryError> {
        let is_wanted = |one: &&StateChange| {
            self.query.is_about(&one.instance) && self.query.is_of_reference(one)
        };
        let wanted: Vec<&StateChange> = change.changes.iter().filter(is_wanted).collect();
        let mut held = holds::hold_changes(self.repository, self.commits.history, &change.step)?;
        held.retain(|one| self.query.reference.is_none() && self.query.is_about(&one.instance));
        if wanted.is_empty() && held.is_empty() {
            return Ok(());
        }
        let (commit, _) = self.commits.objects.commit(&change.step.id)?;
        let commit_records = commit_records(self.commits.objects, &commit)?;
        for one in wanted {
            let waiting = self.waiting_of(at, &commit, one, &commit_records)?;
            self.waiting.push_back(waiting);
        }
        for one in held {
            let entry = entry_of_hold(&commit, one, &commit_records);
            self.waiting.push_back(WaitingEntry { entry, pending: None });
        }
        Ok(())
    }

    fn waiting_of(
        &mut self,
        at: Option<usize>,
        commit: &Commit,
        one: &StateChange,
        commit_records: &[CommitRecords],
    ) -> Result<WaitingEntry, HistoryError> {
        let mut entry = entry_of(commit, one, commit_records);
        let found =
            commit_records.iter().find_map(|by| Some((by, claims::record_of(&by.records, one)?)));
        let Some((by, record)) = found else { return Ok(WaitingEntry { entry, pending: None }) };
        let mut doubts = claims::doubts_of_references(record, one);
        let pending = match self.sources.look_for(at, record, one)? {
            Ok(pending) => pending,
            Err(doubt) => {
                doubts.push(doubt);
                None
            }
        };
        entry.action = record.action.into();
        entry.author = by.author.clone();
        entry.record = Some(claims::claim(record, doubts));
        Ok(WaitingEntry { entry, pending })
    }

    /// Checks the sources of the entries that wait for the commit at `at` or
    /// for a newer one, by the states after that commit.
    fn check_sources(&mut self, at: Option<usize>, change: &StepChange) {
        let Some(at) = at else { return };
        if !self.sources.is_due(at) {
            return;
        }
        for waiting in &mut self.waiting {
            if waiting.pending.as_ref().is_some_and(|pending| pending.at <= at)
                && let Some(pending) = waiting.pending.take()
            {
                let changed = change.changes.iter().find(|one| one.instance == pending.instance);
                let state = changed
                    .map_or_else(|| self.walk.now(&pending.instance), |one| one.after.clone());
                check(&mut waiting.entry, &pending, state.as_ref(), &self.repository.mirrors);
            }
        }
        let pending = self.waiting.iter().filter_map(|waiting| waiting.pending.as_ref());
        self.sources.due(pending.map(|pending| pending.at).min());
    }

    /// Ends the walk, and checks the sources of all entries that still wait: no
    /// older commit changed them.
    fn finish(&mut self, error: Option<HistoryError>) {
        for waiting in &mut self.waiting {
            if let Some(pending) = waiting.pending.take() {
                match &error {
                    None => {
                        let state = self.walk.now(&pending.instance);
                        check(
                            &mut waiting.entry,
                            &pending,
                            state.as_ref(),
                            &self.repository.mirrors,
                        );
                    }
                    Some(_) => {
                        doubt(&mut waiting.entry, "the history ends before its source".to_owned());
                    }
                }
            }
        }
        self.end = error.map_or(AuditEnd::Reached, AuditEnd::Failed);
    }

    /// The next entry that waits for nothing.
    fn ready(&mut self) -> Option<AuditEntry> {
        let is_full = self.waiting.len() > MOST_WAITING;
        let first = self.waiting.front_mut()?;
        if first.pending.is_some() && !is_full {
            return None;
        }
        if first.pending.is_some() {
            doubt(&mut first.entry, "its source is too far back to be searched for".to_owned());
        }
        self.waiting.pop_front().map(|waiting| waiting.entry)
    }
}

impl Iterator for Audit<'_> {
    type Item = Result<AuditEntry, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.ready() {
                return Some(Ok(entry));
            }
            match std::mem::replace(&mut self.end, AuditEnd::Reached) {
                AuditEnd::NotYet => {
                    self.end = AuditEnd::NotYet;
                    self.advance();
                }
                AuditEnd::Reached => return None,
                AuditEnd::Failed(error) => return Some(Err(error)),
            }
        }
    }
}

fn check(
    entry: &mut AuditEntry,
    pending: &PendingSource,
    state: Option<&State>,
    mirrors: &Mirrors,
) {
    for found in claims::doubts_of_source(&pending.source, state, &pending.expected, mirrors) {
        doubt(entry, found);
    }
}

fn doubt(entry: &mut AuditEntry, text: String) {
    if let Some(claim) = &mut entry.record {
        claim.verified = false;
        claim.doubts.push(text);
    }
}

fn entry_of(commit: &Commit, one: &StateChange, commit_records: &[CommitRecords]) -> AuditEntry {
    let nothing = State::default();
    let of = |state: &Option<State>| state.clone().unwrap_or_else(|| nothing.clone());
    let (before, after) = (of(&one.before), of(&one.after));
    let action = match (&one.before, &one.after) {
        (Some(before), Some(_)) if before.is_empty() => ChangeKind::Added,
        (Some(_), Some(after)) if after.is_empty() => ChangeKind::Removed,
        _ => ChangeKind::Change,
    };
    let unreadable = match (&one.before, &one.after) {
        (_, None) => Some(Unreadable::After),
        (None, _) => Some(Unreadable::Before),
        _ => None,
    };
    AuditEntry {
        action,
        changes: Changed::between(&before, &after),
        unreadable,
        ..bare(commit, &one.instance, commit_records)
    }
}

/// The entry of a hold that was set or lifted.
fn entry_of_hold(commit: &Commit, one: HoldChange, commit_records: &[CommitRecords]) -> AuditEntry {
    let HoldChange { instance, action, changes, note } = one;
    let is_of = |record: &&Record| {
        ChangeKind::from(record.action) == action
            && record.app == instance.app
            && record.environment == instance.environment
    };
    let found = commit_records.iter().find_map(|commit_records| {
        Some((commit_records, commit_records.records.iter().find(is_of)?))
    });
    let bare = bare(commit, &instance, commit_records);
    let author = found.map_or(&bare.author, |(commit_records, _)| &commit_records.author).clone();
    let record = found.map(|(_, record)| claims::claim(record, Vec::new()));
    AuditEntry { action, changes, hold: Some(note), author, record, ..bare }
}

/// An entry with what the commit alone says.
fn bare(commit: &Commit, instance: &AppInstance, commit_records: &[CommitRecords]) -> AuditEntry {
    // A merge is committed by whoever merged, or by the forge in their name.
    let is_merge = commit.parents.len() > 1;
    let committer = if is_merge { &commit.author } else { &commit.committer };
    AuditEntry {
        at: commit.committer.time,
        clock: ClockSource::Committer,
        commit: commit.id.clone(),
        subject: commit.subject().to_owned(),
        environment: instance.environment.clone(),
        app: instance.app.clone(),
        action: ChangeKind::Change,
        changes: Vec::new(),
        unreadable: None,
        hold: None,
        author: author_of(commit, commit_records).clone(),
        committer: committer.clone(),
        record: None,
    }
}
