//! The segments of a branch on the disk.
//!
//! A segment's file never changes. The file `chain` names the segments, from the newest to
//! the oldest, each with the number of its newest commits that the branch no longer
//! has. It is replaced as a whole, by one run at a time: whoever reads it finds the
//! segments of before or of after, wherever another run is or was killed. Files that the
//! chain does not name are removed by the next run that writes.

use std::fs;
use std::io;
use std::sync::Arc;

use super::segment::{CommitSegment, KEY};
use super::segment_builder::SegmentBuilder;
use crate::disk::{DiskError, LockedDirectory, OnConflict, OpenDirectory, is_temporary};
use crate::git::ObjectName;
use crate::git::checked_bytes::ReadFault;
use crate::git::own_directory::OwnDirectory;

const CHAIN: &str = "chain";

/// The file that says that a run read much of the branch without an index.
const WALKED: &str = "walked";

/// The chain's first line. Another number stands for another format.
const FIRST_LINE: &str = "rungs history 1";

/// The most branches of a clone whose segments are kept.
const MOST_BRANCHES: usize = 16;

/// The most bytes of a chain.
const MOST_CHAIN: u64 = 1 << 16;

/// How often a chain is read whose segments are not there: another run may have replaced
/// it meanwhile.
const ATTEMPTS: usize = 4;

/// The most commits of a segment.
pub(super) const MOST_COMMITS: usize = 1 << 16;

/// The number of commits and of changes up to which the newest segments are always made into
/// one.
const FEW_COMMITS: usize = 512;
const FEW_CHANGES: usize = 1 << 12;

/// The most changes of a segment that is made by joining others.
const MOST_CHANGES: usize = 1 << 20;

/// The directory with the segments of a branch.
#[derive(Debug)]
pub(super) struct SegmentStore {
    directory: OwnDirectory,
    key: [u8; KEY],
}

/// A segment of the chain.
#[derive(Debug, Clone)]
pub(super) struct ChainedSegment {
    pub(super) segment: Arc<CommitSegment>,
    /// The number of its newest commits that the branch does not have.
    pub(super) skipped: usize,
}

/// A segment of the chain, and the file that it is in.
#[derive(Debug, Clone)]
struct StoredSegment {
    name: String,
    chained: ChainedSegment,
}

impl ChainedSegment {
    pub(super) fn new(segment: CommitSegment) -> Self {
        Self { segment: Arc::new(segment), skipped: 0 }
    }

    /// The number of its commits that the branch has.
    pub(super) fn len(&self) -> usize {
        self.segment.len() - self.skipped
    }
}

impl SegmentStore {
    /// The segments of the branch with that key in a directory, which need not exist yet.
    pub(super) fn new(directory: OwnDirectory, key: [u8; KEY]) -> Self {
        Self { directory, key }
    }

    pub(super) fn key(&self) -> &[u8; KEY] {
        &self.key
    }

    /// The segments, from the newest to the oldest; none if there are none that can be
    /// read.
    pub(super) fn segments(&self) -> Vec<ChainedSegment> {
        let stored = self.stored().unwrap_or_default();
        stored.into_iter().map(|stored| stored.chained).collect()
    }

    fn stored(&self) -> Result<Vec<StoredSegment>, ReadFault> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.read() {
                Err(ReadFault::Disk(error))
                    if error.kind() == io::ErrorKind::NotFound && attempts < ATTEMPTS => {}
                read => return read,
            }
        }
    }

    fn read(&self) -> Result<Vec<StoredSegment>, ReadFault> {
        let chain = self.directory.path().join(CHAIN);
        let text = match chain.symlink_metadata() {
            Ok(found) if !found.is_file() || found.len() > MOST_CHAIN => {
                return Err(ReadFault::Damaged);
            }
            Ok(_) => fs::read_to_string(chain)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let entries = entries(&text).ok_or(ReadFault::Damaged)?;
        let mut stored: Vec<StoredSegment> = Vec::new();
        for (name, skipped) in entries {
            let segment =
                Arc::new(CommitSegment::open(&self.directory.path().join(&name), &self.key)?);
            if skipped >= segment.len() {
                return Err(ReadFault::Damaged);
            }
            let follows = match stored.last() {
                Some(newer) => newer.chained.segment.before() == Some(&segment.id(skipped)?),
                None => true,
            };
            if !follows {
                return Err(ReadFault::Damaged);
            }
            stored.push(StoredSegment { name, chained: ChainedSegment { segment, skipped } });
        }
        Ok(stored)
    }

    /// Whether an earlier run read much of the branch without an index.
    pub(super) fn was_walked(&self) -> bool {
        self.directory.path().join(WALKED).exists()
    }

    /// Notes that a run read much of the branch without an index.
    pub(super) fn note_walk(&self) -> Result<(), DiskError> {
        let Some(locked) = self.directory.lock()? else { return Ok(()) };
        if !self.was_walked() {
            locked.put(WALKED, b"", OnConflict::Replace)?;
        }
        Ok(())
    }

    /// Makes the chain start with a segment, after whose oldest commit it goes on with the
    /// chain as it is, without the commits that the branch no longer has. Does nothing
    /// if another run is writing, or has written another chain meanwhile.
    pub(super) fn put_newer(
        &self,
        bytes: &[u8],
        segment: &ChainedSegment,
    ) -> Result<(), DiskError> {
        let Some(locked) = self.directory.lock()? else { return Ok(()) };
        let stored = self.stored().unwrap_or_default();
        let Some(rest) = after(&stored, segment.segment.before()) else { return Ok(()) };
        let name = write_segment(&locked, bytes, &segment.segment)?;
        let mut stored = vec![StoredSegment { name, chained: segment.clone() }];
        stored.extend(rest);
        self.fold(&locked, &mut stored)?;
        publish(&locked, &stored)
    }

    /// Makes the chain end with a segment that goes on where it ends now; with it alone if
    /// it is the `first` one, and there is no chain. Does nothing in the cases in which
    /// [`SegmentStore::put_newer`] does nothing.
    pub(super) fn put_older(
        &self,
        bytes: &[u8],
        segment: &ChainedSegment,
        is_first: bool,
    ) -> Result<(), DiskError> {
        let Some(locked) = self.directory.lock()? else { return Ok(()) };
        let mut stored = self.stored().unwrap_or_default();
        let fits = match stored.last() {
            Some(last) => {
                let before = last.chained.segment.before();
                before.is_some() && before == segment.segment.id(0).ok().as_ref()
            }
            None => is_first,
        };
        if !fits {
            return Ok(());
        }
        if stored.is_empty() {
            self.make_room()?;
        }
        let name = write_segment(&locked, bytes, &segment.segment)?;
        stored.push(StoredSegment { name, chained: segment.clone() });
        publish(&locked, &stored)
    }

    /// Removes the segments of branches that nobody has asked about for long, if there are
    /// many. A run that reads them at this moment makes them again.
    fn make_room(&self) -> Result<(), DiskError> {
        let all = self.directory.parent();
        let (own, path) = (self.directory.path(), all.path());
        let changed = |name: &str| {
            let chain = path.join(name).join(CHAIN).metadata();
            chain.and_then(|chain| chain.modified()).ok()
        };
        let directory = all.open()?;
        let entries = directory.entries(".")?.into_iter().map(|(name, _)| name);
        let mut branches: Vec<_> =
            entries.filter(|name| is_key(name) && !own.ends_with(name)).collect();
        branches.sort_by_key(|name| std::cmp::Reverse(changed(name)));
        for name in branches.iter().skip(MOST_BRANCHES - 1) {
            if let Some(branch) = directory.child(name).ok().and_then(OpenDirectory::lock) {
                let removed = branch.remove(CHAIN).and_then(|()| sweep(&branch, &[]));
                // What cannot be removed now only takes room.
                let _ = removed.and_then(|()| directory.remove_directory(name));
            }
        }
        Ok(())
    }

    /// Whether segments can be written.
    pub(super) fn check_writable(&self) -> Result<(), DiskError> {
        self.directory.open()?.check_writable(".")
    }

    /// Removes the chain, which turned out to be damaged.
    pub(super) fn remove(&self) -> Result<(), DiskError> {
        let Some(locked) = self.directory.lock()? else { return Ok(()) };
        locked.remove(CHAIN)?;
        sweep(&locked, &[])
    }

    /// Makes the newest segments into one, as long as they are few commits or about as many
    /// as the next. So the segments' number grows with the logarithm of the commits'.
    fn fold(
        &self,
        locked: &LockedDirectory,
        stored: &mut Vec<StoredSegment>,
    ) -> Result<(), DiskError> {
        while let [newer, older, ..] = &stored[..] {
            let (new, old) = (newer.chained.len(), older.chained.len());
            let changes = newer.chained.segment.changes() + older.chained.segment.changes();
            let is_small = new + old <= FEW_COMMITS && changes <= FEW_CHANGES;
            let is_large = new + old > MOST_COMMITS || changes > MOST_CHANGES;
            if is_large || !(is_small || new >= old / 2) {
                return Ok(());
            }
            let Ok((bytes, segment)) = joined(&newer.chained, &older.chained, &self.key) else {
                // What is damaged is noticed by whoever asks for it.
                return Ok(());
            };
            let name = write_segment(locked, &bytes, &segment)?;
            let chained = ChainedSegment::new(segment);
            stored.splice(..2, [StoredSegment { name, chained }]);
        }
        Ok(())
    }
}

/// The segments that follow a segment whose oldest commit is after `before`; none if the
/// chain does not have that commit. Nothing follows the branch's first commit.
fn after(stored: &[StoredSegment], before: Option<&ObjectName>) -> Option<Vec<StoredSegment>> {
    let Some(before) = before else { return Some(Vec::new()) };
    for (at, one) in stored.iter().enumerate() {
        match one.chained.segment.find(before) {
            Ok(Some(number)) if number >= one.chained.skipped => {
                let mut rest = stored[at..].to_vec();
                rest[0].chained.skipped = number;
                return Some(rest);
            }
            _ => {}
        }
    }
    None
}

fn joined(
    newer: &ChainedSegment,
    older: &ChainedSegment,
    key: &[u8; KEY],
) -> Result<(Arc<[u8]>, CommitSegment), ReadFault> {
    let mut builder = SegmentBuilder::new(newer.segment.width());
    builder.push_segment(&newer.segment, newer.skipped)?;
    builder.push_segment(&older.segment, older.skipped)?;
    builder.finish(key)
}

/// Writes a segment's file, and returns its name, which no other segment has.
fn write_segment(
    locked: &LockedDirectory,
    bytes: &[u8],
    segment: &CommitSegment,
) -> Result<String, DiskError> {
    let newest =
        segment.id(0).map_err(|_| DiskError::from(io::Error::from(io::ErrorKind::InvalidData)))?;
    let name = format!("{}-{}-{:08x}", newest.short(), segment.len(), crc32fast::hash(bytes));
    locked.put(&name, bytes, OnConflict::Replace)?;
    Ok(name)
}

fn publish(locked: &LockedDirectory, stored: &[StoredSegment]) -> Result<(), DiskError> {
    let mut text = format!("{FIRST_LINE}\n");
    for one in stored {
        text.extend([one.name.as_str(), " ", &one.chained.skipped.to_string(), "\n"]);
    }
    let sum = format!("{:08x}\n", crc32fast::hash(text.as_bytes()));
    text.push_str(&sum);
    locked.put(CHAIN, text.as_bytes(), OnConflict::Replace)?;
    let names: Vec<&str> = stored.iter().map(|one| one.name.as_str()).collect();
    sweep(locked, &names)
}

/// Whether a name is that of a branch's directory.
fn is_key(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a name is that of a segment.
fn is_segment(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    parts.len() == 3 && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Removes the files that the chain does not name.
fn sweep(locked: &LockedDirectory, names: &[&str]) -> Result<(), DiskError> {
    for (name, _) in locked.entries(".")? {
        let is_named = names.contains(&name.as_str());
        let is_own = name == WALKED || is_segment(&name) || is_temporary(&name);
        if is_own && !is_named {
            // What cannot be removed now only takes room.
            let _ = locked.remove(&name);
        }
    }
    Ok(())
}

/// The names and the numbers of skipped commits that a chain's text has; none if it is
/// damaged.
fn entries(text: &str) -> Option<Vec<(String, usize)>> {
    let (checked, sum) = text.strip_suffix('\n')?.rsplit_once('\n')?;
    let checked = format!("{checked}\n");
    if format!("{:08x}", crc32fast::hash(checked.as_bytes())) != sum {
        return None;
    }
    let lines = checked.strip_prefix(FIRST_LINE)?.strip_prefix('\n')?.lines();
    let entry = |line: &str| {
        let (name, skipped) = line.split_once(' ')?;
        Some((name.to_owned(), skipped.parse().ok()?)).filter(|_| is_segment(name))
    };
    lines.map(entry).collect()
}
