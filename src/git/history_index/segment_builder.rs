//! Making a segment.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use jiff::Timestamp;

use super::segment::{CommitSegment, HEADER, KEY, MAGIC};
use crate::git::checked_bytes::{CheckedBytes, ReadFault, sealed};
use crate::git::{BranchStep, ObjectName};

/// A segment while it is made, commit by commit from the newest to the oldest.
pub(super) struct SegmentBuilder {
    /// The length of a commit's name in bytes.
    width: usize,
    commits: Vec<BuiltCommit>,
    /// The names of the commits, one after the other.
    names: Vec<u8>,
    /// The number of each change's path, in the order in which the paths were met.
    changed: Vec<u32>,
    /// The names of each change's blobs, one after the other.
    blobs: Vec<u8>,
    paths: HashMap<Box<str>, u32>,
    before: Option<ObjectName>,
}

struct BuiltCommit {
    seconds: i64,
    first_change: u32,
}

impl SegmentBuilder {
    /// A segment without commits, whose names are of that many bytes.
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            commits: Vec::new(),
            names: Vec::new(),
            changed: Vec::new(),
            blobs: Vec::new(),
            paths: HashMap::new(),
            before: None,
        }
    }

    /// The number of commits.
    pub(super) fn len(&self) -> usize {
        self.commits.len()
    }

    /// The number of changes.
    pub(super) fn changes(&self) -> usize {
        self.changed.len()
    }

    /// Adds a commit, and all of its changes.
    pub(super) fn push(&mut self, step: &BranchStep) {
        let id: Vec<u8> = step.id.bytes().collect();
        // A time beyond all that can be represented is kept as one.
        let is_last = step.at == Timestamp::MAX;
        let seconds = if is_last { i64::MAX } else { step.at.as_second() };
        self.push_commit(&id, seconds);
        for change in &step.changes {
            let path = self.path(change.path.as_str());
            let name = |id: &Option<ObjectName>| -> Vec<u8> {
                id.as_ref().map_or_else(|| vec![0; self.width], |id| id.bytes().collect())
            };
            let (before, after) = (name(&change.before), name(&change.after));
            self.push_change(path, &before, &after);
        }
        self.before.clone_from(&step.before);
    }

    /// Adds a segment that follows, without its newest commits up to `from`.
    pub(super) fn push_segment(
        &mut self,
        segment: &CommitSegment,
        from: usize,
    ) -> Result<(), ReadFault> {
        let mut paths: Vec<Option<u32>> = vec![None; segment.path_count()];
        for at in from..segment.len() {
            let commit = segment.commit(at)?;
            self.push_commit(&commit.id, commit.seconds);
            for change in commit.changes {
                let change = segment.change(change)?;
                let known = paths.get_mut(change.path).ok_or(ReadFault::Damaged)?;
                let path = match known {
                    Some(path) => *path,
                    None => *known.insert(self.path(segment.path(change.path)?)),
                };
                self.push_change(path, &change.before, &change.after);
            }
        }
        self.before = segment.before().cloned();
        Ok(())
    }

    fn push_commit(&mut self, id: &[u8], seconds: i64) {
        self.names.extend_from_slice(id);
        self.commits.push(BuiltCommit { seconds, first_change: number(self.changed.len()) });
    }

    fn push_change(&mut self, path: u32, before: &[u8], after: &[u8]) {
        self.changed.push(path);
        self.blobs.extend_from_slice(before);
        self.blobs.extend_from_slice(after);
    }

    fn path(&mut self, text: &str) -> u32 {
        if let Some(known) = self.paths.get(text) {
            return *known;
        }
        let next = number(self.paths.len());
        match self.paths.entry(text.into()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => *place.insert(next),
        }
    }

    /// The segment as a file holds it, and as it is read. There has to be a commit.
    pub(super) fn finish(self, key: &[u8; KEY]) -> Result<(Arc<[u8]>, CommitSegment), ReadFault> {
        let bytes = sealed(self.tables(key)).into();
        let segment = CommitSegment::of(CheckedBytes::of_memory(&bytes)?, key)?;
        Ok((bytes, segment))
    }

    fn tables(self, key: &[u8; KEY]) -> Vec<u8> {
        let Self { width, commits, names, changed, blobs, paths, before } = self;
        let mut paths: Vec<(Box<str>, u32)> = paths.into_iter().collect();
        paths.sort_unstable();
        let mut sorted = vec![0; paths.len()];
        for (at, (_, met)) in paths.iter().enumerate() {
            sorted[*met as usize] = number(at);
        }
        let text: usize = paths.iter().map(|(path, _)| path.len()).sum();
        let mut bytes = Vec::with_capacity(HEADER + names.len() + 12 * commits.len() + blobs.len());
        bytes.extend(MAGIC);
        let counts = [commits.len(), changed.len(), paths.len(), text];
        let header = [width, usize::from(before.is_some())].into_iter().chain(counts);
        put(&mut bytes, header.map(number));
        let before: Vec<u8> = before.iter().flat_map(ObjectName::bytes).collect();
        bytes.extend(before.iter().copied().chain(std::iter::repeat(0)).take(32));
        bytes.extend(key);
        for (commit, name) in commits.iter().zip(names.chunks_exact(width)) {
            bytes.extend(name);
            bytes.extend(commit.seconds.to_le_bytes());
            bytes.extend(commit.first_change.to_le_bytes());
        }
        let mut by_name: Vec<usize> = (0..commits.len()).collect();
        by_name.sort_unstable_by_key(|at| &names[at * width..(at + 1) * width]);
        put(&mut bytes, by_name.into_iter().map(number));
        for (path, blobs) in changed.iter().zip(blobs.chunks_exact(2 * width)) {
            bytes.extend(sorted[*path as usize].to_le_bytes());
            bytes.extend(blobs);
        }
        let visits = visits(&commits, &changed, &sorted);
        put_paths(&mut bytes, &paths, &visits);
        put(&mut bytes, visits.into_iter().flat_map(|(_, commit, change)| [commit, change]));
        bytes
    }
}

/// The path, the commit and the change of every change, in that order.
fn visits(commits: &[BuiltCommit], changed: &[u32], sorted: &[u32]) -> Vec<(u32, u32, u32)> {
    let mut visits = Vec::with_capacity(changed.len());
    let ends = commits.iter().skip(1).map(|next| next.first_change);
    let ends = ends.chain([number(changed.len())]);
    for (at, (commit, end)) in commits.iter().zip(ends).enumerate() {
        for change in commit.first_change..end {
            visits.push((sorted[changed[change as usize] as usize], number(at), change));
        }
    }
    visits.sort_unstable();
    visits
}

fn put_paths(bytes: &mut Vec<u8>, paths: &[(Box<str>, u32)], visits: &[(u32, u32, u32)]) {
    let (mut begin, mut visited) = (0, 0);
    for (at, (path, _)) in paths.iter().enumerate() {
        put(bytes, [number(begin), number(visited)]);
        begin += path.len();
        visited += visits[visited..].iter().take_while(|(of, ..)| *of == number(at)).count();
    }
    for (path, _) in paths {
        bytes.extend(path.as_bytes());
    }
}

fn put(bytes: &mut Vec<u8>, numbers: impl IntoIterator<Item = u32>) {
    bytes.extend(numbers.into_iter().flat_map(u32::to_le_bytes));
}

/// A number of a row.
///
/// # Panics
///
/// If a segment had four billion rows: it is full long before.
fn number(at: usize) -> u32 {
    u32::try_from(at).expect("a segment is full long before")
}
