//! The segments of a branch in this run, and how they grow.

use std::collections::HashMap;
use std::sync::Arc;
use std::vec;

use super::indexing::{Indexing, Watch};
use super::segment::{CommitSegment, PathVisit};
use super::segment_builder::SegmentBuilder;
use super::store::{ChainedSegment, MOST_COMMITS, SegmentStore};
use crate::disk::DiskError;
use crate::git::checked_bytes::ReadFault;
use crate::git::log::WholeBranch;
use crate::git::{BranchStep, HistoryError, LocalClone, ObjectName};
use crate::source::RepoPath;

/// The number of commits that are indexed at once, the first time. Each further time it
/// is as many as make four times of all, so that a question about last week is answered
/// at once, and one about everything needs few segments.
const FIRST_GROWTH: usize = 1 << 10;
const GROWTH: usize = 4;

/// The most new commits that are indexed for a tip whose index is not kept, or by a run that
/// asks about few apps: reading more takes longer than the answer from git.
const MOST_UNKEPT: usize = 2000;

/// The number of changes that end a segment early: a commit may have thousands.
const MOST_CHANGES: usize = 1 << 19;

/// How many commits are indexed between two reports of progress.
const REPORTED: usize = 500;

/// The segments of a branch.
pub(super) struct BranchIndex {
    clone: Arc<LocalClone>,
    branch: Option<String>,
    store: SegmentStore,
    /// From the newest to the oldest.
    segments: Vec<ChainedSegment>,
    /// What reads the commits after the oldest segment, if something does already.
    older: Option<WholeBranch>,
    /// The number of commits that are indexed the first time.
    first_growth: usize,
    /// The most commits of a segment.
    most: usize,
    /// Whether more commits are indexed if somebody asks about them.
    grows: bool,
    watch: Watch,
    /// Whether the disk takes what is indexed.
    is_writable: bool,
    /// None for commits of which the index has nothing.
    views: HashMap<ObjectName, Option<IndexedView>>,
    /// How often the segments were forgotten.
    forgotten: usize,
}

/// Where a commit's history is among the segments.
#[derive(Debug, Clone)]
pub(super) struct IndexedView {
    /// The commits that the segments do not have yet.
    own: Option<Arc<CommitSegment>>,
    /// Where the segments continue; none if they have nothing to add.
    rest: Option<CommitPlace>,
    /// How often the segments had been forgotten before: a view is of no others.
    forgotten: usize,
}

/// A commit's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CommitPlace {
    segment: usize,
    commit: usize,
}

/// Where new commits follow one that is indexed.
enum Junction {
    At(CommitPlace),
    /// At none: the branch's first commit is new too.
    Nowhere,
    /// They are too many for one segment.
    TooFar,
    /// One of them cannot be read.
    Unreadable,
}

/// What becomes of an index with a new tip.
enum Extension {
    View(IndexedView),
    /// The new commits are too many for one segment.
    TooFar,
    /// One of them cannot be read.
    Unreadable,
}

/// What follows in a view.
pub(super) enum IndexedPart {
    /// Commits of a segment, from that one on.
    Segment(Arc<CommitSegment>, usize),
    /// The commits from this one on, which are not indexed.
    Unindexed(ObjectName),
    /// Nothing: the last part has the branch's first commit.
    End,
}

impl BranchIndex {
    /// What the disk has of a branch.
    pub(super) fn load(
        clone: &Arc<LocalClone>,
        branch: Option<&str>,
        store: SegmentStore,
        watch: Watch,
    ) -> Self {
        let segments = store.segments();
        // Once may be chance; whoever asks again will go on asking.
        let grows = store.was_walked();
        Self {
            clone: Arc::clone(clone),
            branch: branch.map(str::to_owned),
            store,
            segments,
            older: None,
            first_growth: FIRST_GROWTH,
            most: MOST_COMMITS,
            grows,
            watch,
            is_writable: true,
            views: HashMap::new(),
            forgotten: 0,
        }
    }

    /// The same index, which grows by that many commits the first time, and has sixteen
    /// times as many in a segment at most.
    pub(super) fn growing_by(self, commits: usize) -> Self {
        Self { first_growth: commits, most: 16 * commits, ..self }
    }

    /// From now on, indexes what is asked about, if the disk takes it.
    pub(super) fn grow_when_asked(&mut self) {
        if self.grows || !self.is_writable {
            return;
        }
        match self.store.check_writable() {
            Ok(()) => {
                self.grows = true;
                self.views.retain(|_, view| view.is_some());
            }
            Err(error) => self.say_unwritable(&error.to_string()),
        }
    }

    /// Notes that somebody read much of the branch although it is not indexed.
    pub(super) fn note_walk(&mut self) {
        // It only matters to how fast the next run is.
        let _ = self.store.note_walk();
    }

    /// Whether all commits of its branch are indexed, or will be if somebody asks about them.
    pub(super) fn answers_all(&self) -> bool {
        self.grows || self.is_complete()
    }

    fn is_complete(&self) -> bool {
        self.segments.last().is_some_and(|last| last.segment.before().is_none())
    }

    /// Forgets the segments that a view is of, one of which is damaged.
    pub(super) fn forget(&mut self, view: &IndexedView) {
        if view.forgotten == self.forgotten {
            self.reset();
        }
    }

    /// Forgets all segments, one of which is damaged.
    pub(super) fn reset(&mut self) {
        // Whoever cannot remove them cannot write others either.
        let _ = self.store.remove();
        self.segments.clear();
        self.views.clear();
        self.older = None;
        self.forgotten += 1;
    }

    /// The history of a commit; none if the index has nothing of it, and cannot grow.
    pub(super) fn view(&mut self, tip: &ObjectName) -> Result<Option<IndexedView>, ReadFault> {
        if let Some(known) = self.views.get(tip) {
            return Ok(known.clone());
        }
        let view = self.find_view(tip)?;
        self.views.insert(tip.clone(), view.clone());
        Ok(view)
    }

    fn find_view(&mut self, tip: &ObjectName) -> Result<Option<IndexedView>, ReadFault> {
        if !self.segments.is_empty() {
            if let Some(place) = self.find_older(tip)? {
                return Ok(Some(self.view_of(None, Some(place))));
            }
            match self.extend(tip)? {
                Extension::View(view) => return Ok(Some(view)),
                // An index of what the branch was long ago is of no use, nor one of commits
                // that are no longer there.
                Extension::TooFar if self.grows && self.is_tip_of_branch(tip) => self.reset(),
                Extension::Unreadable if !self.has_newest()? => self.reset(),
                Extension::TooFar | Extension::Unreadable => return Ok(None),
            }
        }
        let place = CommitPlace { segment: 0, commit: 0 };
        Ok(self.grow(tip)?.then(|| self.view_of(None, Some(place))))
    }

    /// The place of a commit that is indexed, or that comes before all that are and can be
    /// indexed now.
    fn find_older(&mut self, id: &ObjectName) -> Result<Option<CommitPlace>, ReadFault> {
        let mut place = self.find(id)?;
        if place.is_none() && !self.is_complete() {
            let newest = self.newest()?;
            let is_older = self.clone.is_ancestor(id, &newest).unwrap_or(false);
            while is_older
                && place.is_none()
                && let Some(before) = self.end()
                && self.grow(&before)?
            {
                place = self.find(id)?;
            }
        }
        Ok(place)
    }

    /// The commit before the oldest that is indexed; none if that is the branch's first.
    fn end(&self) -> Option<ObjectName> {
        self.segments.last()?.segment.before().cloned()
    }

    fn view_of(&self, own: Option<Arc<CommitSegment>>, rest: Option<CommitPlace>) -> IndexedView {
        IndexedView { own, rest, forgotten: self.forgotten }
    }

    /// Whether the clone has the newest commit that is indexed.
    fn has_newest(&self) -> Result<bool, ReadFault> {
        let newest = self.newest()?;
        Ok(self.clone.commit_of_id(&newest).is_ok_and(|found| found.is_some()))
    }

    fn newest(&self) -> Result<ObjectName, ReadFault> {
        let newest = self.segments.first().ok_or(ReadFault::Damaged)?;
        newest.segment.id(newest.skipped)
    }

    fn find(&self, id: &ObjectName) -> Result<Option<CommitPlace>, ReadFault> {
        for (segment, one) in self.segments.iter().enumerate() {
            match one.segment.find(id)? {
                Some(commit) if commit >= one.skipped => {
                    return Ok(Some(CommitPlace { segment, commit }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Indexes the commits from a new tip back to one that is indexed.
    fn extend(&mut self, tip: &ObjectName) -> Result<Extension, ReadFault> {
        let mut builder = SegmentBuilder::new(tip.as_str().len() / 2);
        let is_kept = self.grows && self.is_writable && self.is_tip_of_branch(tip);
        let most = if is_kept { self.most } else { MOST_UNKEPT.min(self.most) };
        let junction = self.read_new(tip, &mut builder, most)?;
        (self.watch)(Indexing::Pause);
        let rest = match junction {
            Junction::At(place) => Some(place),
            Junction::Nowhere => None,
            Junction::TooFar => return Ok(Extension::TooFar),
            Junction::Unreadable => return Ok(Extension::Unreadable),
        };
        let (bytes, segment) = builder.finish(self.store.key())?;
        let own = ChainedSegment::new(segment);
        let first = CommitPlace { segment: 0, commit: self.segments[0].skipped };
        if rest == Some(first) || self.is_tip_of_branch(tip) {
            let written = self.store.put_newer(&bytes, &own);
            self.note(written);
        }
        Ok(Extension::View(self.view_of(Some(own.segment), rest)))
    }

    /// Adds the commits from a new tip back to one that is indexed.
    fn read_new(
        &self,
        tip: &ObjectName,
        builder: &mut SegmentBuilder,
        most: usize,
    ) -> Result<Junction, ReadFault> {
        // The first time, git leaves out everything that was indexed, with what was merged
        // into it. If the branch was something else meanwhile, that is too much.
        let mut known = Some(self.newest()?);
        let mut next = Some(tip.clone());
        while let Some(at) = next {
            if let Some(place) = self.find(&at)? {
                return Ok(Junction::At(place));
            }
            let bound = known.take();
            let Ok(mut commits) = self.read(&at, bound.as_ref()) else {
                return Ok(Junction::Unreadable);
            };
            next = Some(at);
            loop {
                let step = match commits.next() {
                    Ok(Some(step)) => step,
                    Ok(None) => break,
                    Err(_) => return Ok(Junction::Unreadable),
                };
                if bound.is_none()
                    && let Some(place) = self.find(&step.id)?
                {
                    return Ok(Junction::At(place));
                }
                if builder.len() >= most || builder.changes() >= MOST_CHANGES {
                    return Ok(Junction::TooFar);
                }
                builder.push(&step);
                self.report(builder.len());
                next = step.before;
            }
        }
        Ok(Junction::Nowhere)
    }

    /// What reads the commits from one on, without those that `known` follows.
    fn read(
        &self,
        newest: &ObjectName,
        known: Option<&ObjectName>,
    ) -> Result<WholeBranch, HistoryError> {
        WholeBranch::new(&self.clone, newest, known)
    }

    /// Whether a commit is the branch's own tip, and not that of another one, which would
    /// take its place in the index with each run.
    fn is_tip_of_branch(&self, tip: &ObjectName) -> bool {
        let Some(branch) = &self.branch else { return false };
        let remote = self.clone.remote().ok().flatten();
        let remote = remote.map(|remote| format!("refs/remotes/{}/{branch}", remote.name()));
        let names = [Some(format!("refs/heads/{branch}")), remote];
        names
            .into_iter()
            .flatten()
            .any(|name| self.clone.reference(&name).is_ok_and(|found| found.as_ref() == Some(tip)))
    }

    /// What follows in a view after a number of parts.
    pub(super) fn part(
        &mut self,
        view: &IndexedView,
        number: usize,
    ) -> Result<IndexedPart, ReadFault> {
        if view.forgotten != self.forgotten {
            return Err(ReadFault::Damaged);
        }
        let number = match (&view.own, number) {
            (Some(own), 0) => return Ok(IndexedPart::Segment(Arc::clone(own), 0)),
            (Some(_), number) => number - 1,
            (None, number) => number,
        };
        let Some(place) = view.rest else { return Ok(IndexedPart::End) };
        loop {
            if let Some(one) = self.segments.get(place.segment + number) {
                let from = if number == 0 { place.commit } else { one.skipped };
                return Ok(IndexedPart::Segment(Arc::clone(&one.segment), from));
            }
            let Some(before) = self.end() else { return Ok(IndexedPart::End) };
            if !self.grow(&before)? {
                return Ok(IndexedPart::Unindexed(before));
            }
        }
    }

    /// Indexes more commits, from `newest` on; false if the index does not grow, or if
    /// that commit cannot be read.
    fn grow(&mut self, newest: &ObjectName) -> Result<bool, ReadFault> {
        if !self.grows {
            return Ok(false);
        }
        let mut builder = SegmentBuilder::new(newest.as_str().len() / 2);
        self.older = self.read_older(newest, &mut builder);
        (self.watch)(Indexing::Pause);
        if builder.len() == 0 {
            // Whoever asks again would wait for the same error.
            self.grows = false;
            return Ok(false);
        }
        let (bytes, segment) = builder.finish(self.store.key())?;
        let segment = ChainedSegment::new(segment);
        let written = self.store.put_older(&bytes, &segment, self.segments.is_empty());
        self.note(written);
        self.segments.push(segment);
        Ok(true)
    }

    /// Adds commits, from `newest` on, and returns what reads those after them; none if it
    /// has come to its end, or to a commit that cannot be read.
    fn read_older(
        &mut self,
        newest: &ObjectName,
        builder: &mut SegmentBuilder,
    ) -> Option<WholeBranch> {
        let mut commits = match self.older.take() {
            Some(commits) => commits,
            None => self.read(newest, None).ok()?,
        };
        let indexed: usize = self.segments.iter().map(ChainedSegment::len).sum();
        let growth = (indexed * (GROWTH - 1)).clamp(self.first_growth, self.most);
        while builder.len() < growth && builder.changes() < MOST_CHANGES {
            builder.push(&commits.next().ok()??);
            self.report(builder.len());
        }
        Some(commits)
    }

    fn report(&self, count: usize) {
        if count.is_multiple_of(REPORTED) {
            (self.watch)(Indexing::Commits(REPORTED));
        }
    }

    /// Says once that what is indexed is not kept.
    fn note(&mut self, written: Result<(), DiskError>) {
        if let Err(error) = written {
            self.say_unwritable(&error.to_string());
        }
    }

    fn say_unwritable(&mut self, reason: &str) {
        if self.is_writable {
            self.is_writable = false;
            (self.watch)(Indexing::NotKept(reason.to_owned()));
        }
    }
}

/// Steps of a segment that changed what is wanted.
pub(super) struct SegmentSteps {
    segment: Arc<CommitSegment>,
    visits: vec::IntoIter<PathVisit>,
}

impl SegmentSteps {
    /// Those of a segment, from a commit on.
    pub(super) fn new(
        segment: Arc<CommitSegment>,
        from: usize,
        wanted: &[RepoPath],
    ) -> Result<Self, ReadFault> {
        let mut visits = segment.visits(wanted)?;
        visits.drain(..visits.partition_point(|visit| visit.commit < from));
        Ok(Self { segment, visits: visits.into_iter() })
    }

    /// The next step; none after the last one.
    pub(super) fn next(&mut self) -> Result<Option<BranchStep>, ReadFault> {
        let Some(first) = self.visits.next() else { return Ok(None) };
        let mut changes = vec![first.change];
        while let Some(visit) = self.visits.as_slice().first()
            && visit.commit == first.commit
        {
            changes.push(visit.change);
            self.visits.next();
        }
        self.segment.step(first.commit, &changes).map(Some)
    }
}
