//! An index of a branch's history, so that git reads each commit once.
//!
//! Git finds what changed by comparing trees, each time anew. Here the commits of a
//! branch are kept with what they changed, in [`segment`]s of consecutive commits. The
//! segments are made from commits alone, whatever the configuration says, and a segment
//! never changes, as its commits never do. It is trusted as git trusts its own commit
//! graph: everything is checked when it is read, and what does not fit is made again.
//!
//! The index grows at both ends: to what is new, with every run; and back to what
//! somebody asks about, if many questions are expected ([`CommitHistory::expect_many`])
//! or if an earlier run read much without it.
//! A commit that is not indexed is never answered for: [`Log`] is asked instead.
//!
//! It is in the directory `rungs/history` of the directory that all work trees of a
//! clone share, apart for each branch and for each directory that has a `rungs.yaml`.

mod indexing;
mod segment;
mod segment_builder;
mod store;
mod index;

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::checked_bytes::ReadFault;
use super::commit_history::first_of;
use super::own_directory::OwnDirectory;
use super::{
    BranchPositions, BranchStep, BranchSteps, CommitHistory, CommitTimes, ContentFacts,
    HistoryError, LocalClone, Log, ObjectName,
};
use crate::source::RepoPath;
use index::{BranchIndex, IndexedPart, IndexedView, SegmentSteps};
pub use indexing::{Indexing, Watch};
use store::SegmentStore;

/// The number of commits that a run without an index looks at before the next run makes
/// one: about as many as git looks at in a tenth of a second.
const MANY: usize = 2000;

/// The history of a clone's branch, from the index as far as that goes.
pub struct IndexedHistory {
    log: Log,
    /// The number of commits from which on an index is worth making.
    many: usize,
    /// None for a clone that cannot have one.
    index: Option<Mutex<BranchIndex>>,
    facts: ContentFacts,
    past_facts: ContentFacts,
    reading: String,
    is_partial: bool,
}

impl IndexedHistory {
    /// The history of the branch of that short name; none if the name is not known.
    /// `watch` is told what happens while commits are indexed.
    pub fn new(clone: &Arc<LocalClone>, branch: Option<&str>, watch: Watch) -> Self {
        let reading = reading(clone, branch);
        let index = can_be_indexed(clone).then(|| {
            let store = segment_store(clone, &reading);
            Mutex::new(BranchIndex::load(clone, branch, store, watch))
        });
        let facts = ContentFacts::at(OwnDirectory::of(clone, &["facts"]));
        let past_facts = ContentFacts::at(OwnDirectory::of(clone, &["past"]));
        let log = Log::new(Arc::clone(clone));
        let is_partial = clone.is_partial();
        Self { log, many: MANY, index, facts, past_facts, reading, is_partial }
    }

    /// The same history for a branch that is as short as those of tests: its index grows by
    /// that many commits the first time, ten times as many make one worth it, and every
    /// fact is kept.
    #[must_use]
    pub fn growing_by(self, commits: usize) -> Self {
        let index = self.index.map(|index| {
            let index = index.into_inner().unwrap_or_else(PoisonError::into_inner);
            Mutex::new(index.growing_by(commits))
        });
        let [facts, past_facts] = [self.facts, self.past_facts].map(|facts| facts.writing_from(1));
        Self { index, many: 10 * commits, facts, past_facts, ..self }
    }

    fn index(&self) -> Option<MutexGuard<'_, BranchIndex>> {
        let index = self.index.as_ref()?;
        Some(index.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the index has all of a commit's history, or will have it if somebody asks.
    fn answers_all(&self, tip: &ObjectName) -> bool {
        self.view(tip).is_some() && self.index().is_some_and(|index| index.answers_all())
    }

    /// The index's view of a commit's history; none if it has none.
    fn view(&self, tip: &ObjectName) -> Option<IndexedView> {
        let mut index = self.index()?;
        index.view(tip).unwrap_or_else(|_| {
            index.reset();
            None
        })
    }

    fn part(&self, view: &IndexedView, number: usize) -> Result<IndexedPart, ReadFault> {
        self.index().map_or(Ok(IndexedPart::End), |mut index| index.part(view, number))
    }

    /// The newest commit of a view that changed one of these paths.
    fn newest_indexed(
        &self,
        view: &IndexedView,
        paths: &[RepoPath],
    ) -> Result<Indexed<ObjectName>, ReadFault> {
        for number in 0.. {
            match self.part(view, number)? {
                IndexedPart::Segment(segment, from) => {
                    if let Some(at) = segment.newest(paths, from)? {
                        return Ok(Indexed::Found(segment.id(at)?));
                    }
                }
                IndexedPart::Unindexed(_) => return Ok(Indexed::Unindexed),
                IndexedPart::End => break,
            }
        }
        Ok(Indexed::NotThere)
    }

    /// Steps from the log. Reading many commits is noted for the next run.
    fn walk<'h>(
        &'h self,
        tip: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<BranchSteps<'h>, HistoryError> {
        let mut steps = self.log.read_steps(tip, paths)?;
        let mut is_noted = false;
        Ok(Box::new(std::iter::from_fn(move || {
            let step = steps.next();
            if steps.looked_at() >= self.many && !is_noted {
                is_noted = true;
                if let Some(mut index) = self.index() {
                    index.note_walk();
                }
            }
            step
        })))
    }

    /// Forgets the segments that a view is of, since one of them is damaged.
    fn forget(&self, view: &IndexedView) {
        if let Some(mut index) = self.index() {
            index.forget(view);
        }
    }
}

/// Whether a clone's commits keep their parents, which those of a shallow one do not when
/// more is fetched, and whether it has all trees: one that lacks some would fetch them
/// commit by commit.
fn can_be_indexed(clone: &LocalClone) -> bool {
    let has_fixed_parents =
        || !clone.is_shallow() && !clone.common_directory().join("info/grafts").exists();
    let has_trees = || !clone.is_partial() || lacks_only_blobs(clone);
    has_fixed_parents() && has_trees()
}

fn lacks_only_blobs(clone: &LocalClone) -> bool {
    let Ok(config) = clone.config() else { return false };
    let remotes = config.subsections("remote", "partialclonefilter").into_iter();
    let mut names = remotes
        .map(|remote| format!("remote.{remote}.partialclonefilter"))
        .chain(["core.partialclonefilter".to_owned()]);
    names.all(|name| config.get(&name).is_none_or(|filter| filter.starts_with("blob:")))
}

/// Which branch's commits are read, and from which directory.
fn reading(clone: &LocalClone, branch: Option<&str>) -> String {
    let branch = branch.map_or_else(String::new, |branch| format!("branch {branch}"));
    [branch.as_str(), clone.prefix().as_str()].join("\0")
}

/// Where the segments of a branch that is read in that way are.
fn segment_store(clone: &LocalClone, reading: &str) -> SegmentStore {
    let key: [u8; segment::KEY] = Sha256::digest(reading.as_bytes()).into();
    let mut name = String::new();
    for byte in &key[..8] {
        write!(name, "{byte:02x}").expect("a string takes what is written to it");
    }
    SegmentStore::new(OwnDirectory::of(clone, &["history", &name]), key)
}

impl CommitHistory for IndexedHistory {
    fn steps<'h>(
        &'h self,
        tip: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<BranchSteps<'h>, HistoryError> {
        Ok(match self.view(tip) {
            Some(view) => Box::new(IndexedSteps::new(self, tip, paths, view)),
            None => self.walk(tip, paths)?,
        })
    }

    fn newest(
        &self,
        tip: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<Option<ObjectName>, HistoryError> {
        let view = self.view(tip).filter(|_| !paths.is_empty());
        match view.map(|view| self.newest_indexed(&view, paths)) {
            Some(Ok(Indexed::Found(id))) => Ok(Some(id)),
            Some(Ok(Indexed::NotThere)) => Ok(None),
            // Whatever cannot be read is read again, and then forgotten.
            Some(Ok(Indexed::Unindexed) | Err(_)) | None => first_of(self.steps(tip, paths)?),
        }
    }

    fn positions<'h>(
        &'h self,
        tip: &ObjectName,
    ) -> Result<Box<dyn BranchPositions + 'h>, HistoryError> {
        match self.view(tip) {
            Some(view) if self.answers_all(tip) => Ok(Box::new(IndexedPositions {
                history: self,
                tip: tip.clone(),
                view,
                walked: None,
            })),
            _ => self.log.positions(tip),
        }
    }

    fn times<'h>(&'h self, tip: &ObjectName) -> Result<CommitTimes<'h>, HistoryError> {
        let Some(view) = self.view(tip) else { return self.log.times(tip) };
        let tip = tip.clone();
        let (mut number, mut count) = (0, 0);
        let mut current = Vec::new().into_iter();
        let mut rest: Option<CommitTimes<'h>> = None;
        Ok(Box::new(std::iter::from_fn(move || {
            loop {
                if let Some(rest) = &mut rest {
                    return rest.next();
                }
                if let Some(next) = current.next() {
                    count += 1;
                    return Some(Ok(next));
                }
                let part = self.part(&view, number).and_then(IndexedPart::times);
                number += 1;
                let listed = match part {
                    Ok(PartTimes::Indexed(times)) => {
                        current = times.into_iter();
                        continue;
                    }
                    Ok(PartTimes::Unindexed(from)) => self.log.times(&from),
                    Ok(PartTimes::End) => return None,
                    Err(_) => {
                        self.forget(&view);
                        let all = self.log.times(&tip);
                        all.map(|all| -> CommitTimes<'h> { Box::new(all.skip(count)) })
                    }
                };
                match listed {
                    Ok(listed) => rest = Some(listed),
                    Err(error) => return Some(Err(error)),
                }
            }
        })))
    }

    fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, HistoryError> {
        self.log.blob(id)
    }

    fn fetches_blobs(&self) -> bool {
        self.is_partial
    }

    fn prefetch(&self, ids: &[ObjectName]) -> Result<(), HistoryError> {
        self.log.prefetch(ids)
    }

    fn expect_many(&self) {
        if let Some(mut index) = self.index() {
            index.grow_when_asked();
        }
    }

    fn is_indexed(&self, tip: &ObjectName) -> bool {
        self.answers_all(tip)
    }

    fn reading(&self) -> Option<&str> {
        Some(&self.reading)
    }

    fn facts(&self) -> Option<&ContentFacts> {
        Some(&self.facts)
    }

    fn past_facts(&self) -> Option<&ContentFacts> {
        Some(&self.past_facts)
    }
}

/// Steps from the index, and from the log where the index ends.
struct IndexedSteps<'h> {
    history: &'h IndexedHistory,
    tip: ObjectName,
    paths: Vec<RepoPath>,
    view: IndexedView,
    /// The number of the part that comes next.
    next: usize,
    current: Option<SegmentSteps>,
    /// The step that was returned last.
    last: Option<ObjectName>,
    /// The commit from which nothing is indexed, once it was reached.
    unindexed: Option<ObjectName>,
    /// The steps from there on.
    rest: Option<BranchSteps<'h>>,
    is_over: bool,
}

impl<'h> IndexedSteps<'h> {
    fn new(
        history: &'h IndexedHistory,
        tip: &ObjectName,
        paths: &[RepoPath],
        view: IndexedView,
    ) -> Self {
        Self {
            history,
            tip: tip.clone(),
            paths: paths.to_vec(),
            view,
            next: 0,
            current: None,
            last: None,
            unindexed: None,
            rest: None,
            is_over: false,
        }
    }

    /// The next step; none after the branch's first commit, or if the rest is not
    /// indexed.
    fn indexed(&mut self) -> Result<Option<BranchStep>, ReadFault> {
        loop {
            if let Some(current) = &mut self.current
                && let Some(step) = current.next()?
            {
                return Ok(Some(step));
            }
            match self.history.part(&self.view, self.next)? {
                IndexedPart::Segment(segment, from) => {
                    self.next += 1;
                    self.current = Some(SegmentSteps::new(segment, from, &self.paths)?);
                }
                IndexedPart::Unindexed(from) => {
                    self.unindexed = Some(from);
                    return Ok(None);
                }
                IndexedPart::End => return Ok(None),
            }
        }
    }

    fn step(&mut self) -> Result<Option<BranchStep>, HistoryError> {
        if self.rest.is_none() {
            match self.indexed() {
                Ok(Some(step)) => return Ok(Some(step)),
                Ok(None) => {
                    if let Some(from) = &self.unindexed {
                        self.rest = Some(self.history.walk(from, &self.paths)?);
                    }
                }
                Err(_) => {
                    self.history.forget(&self.view);
                    let from = self.last.as_ref().unwrap_or(&self.tip);
                    let rest = self.history.log.steps(from, &self.paths)?;
                    self.rest = Some(self.without_last(rest));
                }
            }
        }
        self.rest.as_mut().and_then(Iterator::next).transpose()
    }

    /// Steps from the log, without the one that was returned last.
    fn without_last(&self, steps: BranchSteps<'h>) -> BranchSteps<'h> {
        let last = self.last.clone();
        let is_last = move |step: &Result<BranchStep, HistoryError>| {
            step.as_ref().is_ok_and(|step| Some(&step.id) == last.as_ref())
        };
        Box::new(steps.skip_while(is_last))
    }
}

impl Iterator for IndexedSteps<'_> {
    type Item = Result<BranchStep, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let step = self.step().transpose();
        match &step {
            Some(Ok(step)) => self.last = Some(step.id.clone()),
            _ => self.is_over = true,
        }
        step
    }
}

/// The commits of a part with their times.
enum PartTimes {
    Indexed(Vec<(ObjectName, Timestamp)>),
    /// The commits from this one on are not indexed.
    Unindexed(ObjectName),
    End,
}

impl IndexedPart {
    fn times(self) -> Result<PartTimes, ReadFault> {
        Ok(match self {
            Self::Segment(segment, from) => {
                let times = (from..segment.len()).map(|at| segment.time(at));
                PartTimes::Indexed(times.collect::<Result<_, _>>()?)
            }
            Self::Unindexed(from) => PartTimes::Unindexed(from),
            Self::End => PartTimes::End,
        })
    }
}

/// The positions of the commits of a view.
struct IndexedPositions<'h> {
    history: &'h IndexedHistory,
    tip: ObjectName,
    view: IndexedView,
    /// What answers instead, if the index turned out to be damaged or not to go on.
    walked: Option<Box<dyn BranchPositions + 'h>>,
}

/// What the index says of something that is looked for.
enum Indexed<T> {
    Found(T),
    NotThere,
    /// The index does not go far enough.
    Unindexed,
}

impl IndexedPositions<'_> {
    fn indexed(&self, id: &ObjectName, end: usize) -> Result<Indexed<usize>, ReadFault> {
        let (mut number, mut before) = (0, 0);
        while before < end {
            let (segment, from) = match self.history.part(&self.view, number)? {
                IndexedPart::Segment(segment, from) => (segment, from),
                IndexedPart::Unindexed(_) => return Ok(Indexed::Unindexed),
                IndexedPart::End => break,
            };
            if let Some(at) = segment.find(id)?
                && at >= from
            {
                let at = before + at - from;
                return Ok(Indexed::Found(at));
            }
            before += segment.len() - from;
            number += 1;
        }
        Ok(Indexed::NotThere)
    }
}

impl BranchPositions for IndexedPositions<'_> {
    fn position(&mut self, id: &ObjectName, end: usize) -> Result<Option<usize>, HistoryError> {
        if self.walked.is_none() {
            match self.indexed(id, end) {
                Ok(Indexed::Found(at)) => return Ok(Some(at).filter(|at| *at < end)),
                Ok(Indexed::NotThere) => return Ok(None),
                Ok(Indexed::Unindexed) => {}
                Err(_) => self.history.forget(&self.view),
            }
            self.walked = Some(self.history.log.positions(&self.tip)?);
        }
        self.walked.as_mut().map_or(Ok(None), |walked| walked.position(id, end))
    }
}
