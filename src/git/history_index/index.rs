//! The layers of a branch in this run, and how they grow.

use std::collections::HashMap;
use std::sync::Arc;

use super::indexing::{Indexing, Watch};
use super::layer::CommitLayer;
use super::layer_builder::LayerBuilder;
use super::store::{ChainedLayer, LayerStore, MOST_COMMITS};
use crate::git::checked_bytes::ReadFault;
use crate::git::log::WholeBranch;
use crate::git::{BranchStep, HistoryError, LocalClone, ObjectName};

/// The number of commits that are indexed at once, the first time. Each further time it
/// is as many as make four times of all, so that a question about last week is answered
/// at once, and one about everything needs few layers.
const FIRST_GROWTH: usize = 1 << 10;
const GROWTH: usize = 4;

/// The number of changes that end a layer early: a commit may have thousands.
const MOST_CHANGES: usize = 1 << 19;

/// How many commits are indexed between two reports of progress.
const REPORTED: usize = 500;

/// The layers of a branch.
pub(super) struct Index {
    clone: Arc<LocalClone>,
    branch: Option<String>,
    store: LayerStore,
    /// From the newest to the oldest.
    layers: Vec<ChainedLayer>,
    /// What reads the commits after the oldest layer, if something does already.
    older: Option<WholeBranch>,
    /// The number of commits that are indexed the first time.
    first_growth: usize,
    /// Whether more commits are indexed if somebody asks about them.
    grows: bool,
    watch: Watch,
    /// Whether the disk takes what is indexed.
    is_writable: bool,
    views: HashMap<ObjectName, View>,
    /// How often the layers were forgotten.
    forgotten: usize,
}

/// Where a commit's history is among the layers.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// The commits that the layers do not have yet.
    own: Option<Arc<CommitLayer>>,
    /// Where the layers continue; none if they have nothing to add.
    rest: Option<CommitPlace>,
    /// How often the layers had been forgotten before: a view is of no others.
    forgotten: usize,
}

/// A commit's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CommitPlace {
    layer: usize,
    commit: usize,
}

/// Where new commits follow one that is indexed.
enum Junction {
    At(CommitPlace),
    /// At none: the branch's first commit is new too.
    Nowhere,
    /// They are too many for one layer, or one of them cannot be read.
    NotReached,
}

/// What follows in a view.
pub(super) enum Part {
    /// Commits of a layer, from that one on.
    Layer(Arc<CommitLayer>, usize),
    /// The commits from this one on, which are not indexed.
    Unindexed(ObjectName),
    /// Nothing: the last part has the branch's first commit.
    End,
}

impl Index {
    /// What the disk has of a branch.
    pub(super) fn load(
        clone: &Arc<LocalClone>,
        branch: Option<&str>,
        store: LayerStore,
        watch: Watch,
    ) -> Self {
        let layers = store.layers();
        // Once may be chance; whoever asks again will go on asking.
        let is_whole = layers.last().is_some_and(|last| last.layer.before().is_none());
        let grows = !is_whole && store.was_walked();
        Self {
            clone: Arc::clone(clone),
            branch: branch.map(str::to_owned),
            store,
            layers,
            older: None,
            first_growth: FIRST_GROWTH,
            grows,
            watch,
            is_writable: true,
            views: HashMap::new(),
            forgotten: 0,
        }
    }

    /// The same index, which grows by that many commits the first time.
    pub(super) fn growing_by(self, commits: usize) -> Self {
        Self { first_growth: commits, ..self }
    }

    /// From now on, indexes what is asked about, if the disk takes it.
    pub(super) fn grow_when_asked(&mut self) {
        if self.grows || self.is_complete() {
            return;
        }
        match self.store.check_writable() {
            Ok(()) => self.grows = true,
            Err(error) => self.say_unwritable(&error.to_string()),
        }
    }

    /// Notes that somebody read much of the branch although it is not indexed.
    pub(super) fn note_walk(&mut self) {
        if !self.answers_all() {
            // It only matters to how fast the next run is.
            let _ = self.store.note_walk();
        }
    }

    /// Whether all commits are indexed, or will be if somebody asks about them.
    pub(super) fn answers_all(&self) -> bool {
        self.grows || self.is_complete()
    }

    fn is_complete(&self) -> bool {
        self.layers.last().is_some_and(|last| last.layer.before().is_none())
    }

    /// Forgets the layers that a view is of, one of which is damaged.
    pub(super) fn forget(&mut self, view: &View) {
        if view.forgotten == self.forgotten {
            self.reset();
        }
    }

    /// Forgets all layers, one of which is damaged.
    pub(super) fn reset(&mut self) {
        // Whoever cannot remove them cannot write others either.
        let _ = self.store.remove();
        self.layers.clear();
        self.views.clear();
        self.older = None;
        self.forgotten += 1;
    }

    /// The history of a commit; none if the index has nothing of it, and cannot grow.
    pub(super) fn view(&mut self, tip: &ObjectName) -> Result<Option<View>, ReadFault> {
        if let Some(known) = self.views.get(tip) {
            return Ok(Some(known.clone()));
        }
        let view = self.find_view(tip)?;
        if let Some(view) = &view {
            self.views.insert(tip.clone(), view.clone());
        }
        Ok(view)
    }

    fn find_view(&mut self, tip: &ObjectName) -> Result<Option<View>, ReadFault> {
        if self.layers.is_empty() {
            let place = CommitPlace { layer: 0, commit: 0 };
            return Ok(self.grow(tip)?.then(|| self.view_of(None, Some(place))));
        }
        let mut place = self.find(tip)?;
        if place.is_none() && !self.is_complete() && self.is_behind(tip)? {
            place = self.grow_back_to(tip)?;
            if place.is_none() && !self.is_complete() {
                return Ok(None);
            }
        }
        match place {
            Some(_) => Ok(Some(self.view_of(None, place))),
            None => self.extend(tip),
        }
    }

    fn view_of(&self, own: Option<Arc<CommitLayer>>, rest: Option<CommitPlace>) -> View {
        View { own, rest, forgotten: self.forgotten }
    }

    /// Whether the newest commit follows another one.
    fn is_behind(&self, id: &ObjectName) -> Result<bool, ReadFault> {
        let newest = self.newest()?;
        let program = self.clone.program();
        let options = ["--is-ancestor", "--end-of-options"];
        let answer = program.command("merge-base").args(options);
        let answer = answer.args([id.as_str(), newest.as_str()]).output();
        Ok(answer.is_ok_and(|answer| answer.is_success()))
    }

    /// Indexes commits back to one that the newest follows; none if it is not on the
    /// branch itself, or if the index does not grow.
    fn grow_back_to(&mut self, id: &ObjectName) -> Result<Option<CommitPlace>, ReadFault> {
        while let Some(before) = self.layers.last().and_then(|last| last.layer.before().cloned())
            && self.grow(&before)?
        {
            if let Some(place) = self.find(id)? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    fn newest(&self) -> Result<ObjectName, ReadFault> {
        let newest = self.layers.first().ok_or(ReadFault::Damaged)?;
        newest.layer.id(newest.skipped)
    }

    fn find(&self, id: &ObjectName) -> Result<Option<CommitPlace>, ReadFault> {
        for (layer, one) in self.layers.iter().enumerate() {
            match one.layer.find(id)? {
                Some(commit) if commit >= one.skipped => {
                    return Ok(Some(CommitPlace { layer, commit }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Indexes the commits from a new tip back to one that is indexed; none if they are
    /// too many for one layer, or cannot be read.
    fn extend(&mut self, tip: &ObjectName) -> Result<Option<View>, ReadFault> {
        let mut builder = LayerBuilder::new(tip.as_str().len() / 2);
        let extended = self.read_new(tip, &mut builder)?;
        (self.watch)(Indexing::Pause);
        let rest = match extended {
            Junction::At(place) => Some(place),
            Junction::Nowhere => None,
            Junction::NotReached => return Ok(None),
        };
        let (bytes, layer) = builder.finish(self.store.key())?;
        let own = ChainedLayer::new(layer);
        let first = CommitPlace { layer: 0, commit: self.layers[0].skipped };
        if rest == Some(first) || self.is_tip_of_branch(tip) {
            let written = self.store.put_newer(&bytes, &own);
            self.note(written);
        }
        Ok(Some(self.view_of(Some(own.layer), rest)))
    }

    /// Adds the commits from a new tip back to one that is indexed.
    fn read_new(
        &self,
        tip: &ObjectName,
        builder: &mut LayerBuilder,
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
                return Ok(Junction::NotReached);
            };
            next = Some(at);
            loop {
                let step = match commits.next() {
                    Ok(Some(step)) => step,
                    Ok(None) => break,
                    Err(_) => return Ok(Junction::NotReached),
                };
                if bound.is_none()
                    && let Some(place) = self.find(&step.id)?
                {
                    return Ok(Junction::At(place));
                }
                if builder.len() >= MOST_COMMITS || builder.changes() >= MOST_CHANGES {
                    return Ok(Junction::NotReached);
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
        WholeBranch::new(&self.clone, self.branch.as_deref(), newest, known)
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
    pub(super) fn part(&mut self, view: &View, number: usize) -> Result<Part, ReadFault> {
        if view.forgotten != self.forgotten {
            return Err(ReadFault::Damaged);
        }
        let number = match (&view.own, number) {
            (Some(own), 0) => return Ok(Part::Layer(Arc::clone(own), 0)),
            (Some(_), number) => number - 1,
            (None, number) => number,
        };
        let Some(place) = view.rest else { return Ok(Part::End) };
        loop {
            if let Some(one) = self.layers.get(place.layer + number) {
                let from = if number == 0 { place.commit } else { one.skipped };
                return Ok(Part::Layer(Arc::clone(&one.layer), from));
            }
            let Some(before) = self.layers.last().and_then(|last| last.layer.before()) else {
                return Ok(Part::End);
            };
            let before = before.clone();
            if !self.grow(&before)? {
                return Ok(Part::Unindexed(before));
            }
        }
    }

    /// Indexes more commits, from `newest` on; false if the index does not grow, or if
    /// that commit cannot be read.
    fn grow(&mut self, newest: &ObjectName) -> Result<bool, ReadFault> {
        if !self.grows {
            return Ok(false);
        }
        let mut builder = LayerBuilder::new(newest.as_str().len() / 2);
        self.older = self.read_older(newest, &mut builder);
        (self.watch)(Indexing::Pause);
        if builder.len() == 0 {
            return Ok(false);
        }
        let (bytes, layer) = builder.finish(self.store.key())?;
        let layer = ChainedLayer::new(layer);
        let written = self.store.put_older(&bytes, &layer);
        self.note(written);
        self.layers.push(layer);
        Ok(true)
    }

    /// Adds commits, from `newest` on, and returns what reads those after them; none if it
    /// has come to its end, or to a commit that cannot be read.
    fn read_older(
        &mut self,
        newest: &ObjectName,
        builder: &mut LayerBuilder,
    ) -> Option<WholeBranch> {
        let mut commits = match self.older.take() {
            Some(commits) => commits,
            None => self.read(newest, None).ok()?,
        };
        let indexed: usize = self.layers.iter().map(ChainedLayer::len).sum();
        let growth = (indexed * (GROWTH - 1)).clamp(self.first_growth, MOST_COMMITS);
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
    fn note(&mut self, written: Result<(), crate::disk::DiskError>) {
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

/// Steps of a layer that changed what is wanted, or that hide the branch.
pub(super) struct LayerSteps {
    layer: Arc<CommitLayer>,
    visits: std::vec::IntoIter<super::layer::Visit>,
}

impl LayerSteps {
    /// Those of a layer, from a commit on.
    pub(super) fn new(
        layer: Arc<CommitLayer>,
        from: usize,
        wanted: &[crate::source::RepoPath],
    ) -> Result<Self, ReadFault> {
        let mut visits = layer.visits(wanted)?;
        visits.drain(..visits.partition_point(|visit| visit.commit < from));
        Ok(Self { layer, visits: visits.into_iter() })
    }

    /// The next step; none after the last one.
    pub(super) fn next(&mut self) -> Result<Option<BranchStep>, ReadFault> {
        let Some(first) = self.visits.next() else { return Ok(None) };
        let mut changes: Vec<usize> = first.change.into_iter().collect();
        let of_first = |visits: &[super::layer::Visit]| {
            visits.first().filter(|visit| visit.commit == first.commit).copied()
        };
        while let Some(visit) = of_first(self.visits.as_slice()) {
            self.visits.next();
            changes.extend(visit.change);
        }
        // The visit of a merge that hides the branch comes first: it has no change.
        self.layer.step(first.commit, &changes, first.change.is_none()).map(Some)
    }
}
