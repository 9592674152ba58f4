//! Facts that were derived from files and commits, kept in the clone.
//!
//! A fact is named by a digest of everything that it was derived from: blobs and commits,
//! what read them, and its version. So it never becomes wrong, and may be lost at any time.
//! Facts are in *segments*, files that never change: the keys in their order, and the
//! facts. A run that derived many new ones writes a segment, into which it takes the
//! segments that are no larger. Two runs at once may both write the same facts, which
//! does no harm.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::checked_bytes::{CheckedBytes, ReadFault, partition_point, sealed, u32_of};
use super::own_directory::OwnDirectory;
use crate::disk::{DiskError, LockedDirectory, OnConflict, is_temporary};

/// What segments start with. Another number stands for another format.
const MAGIC: &[u8; 8] = b"rungsCF\x01";

/// The length of a digest in bytes.
const DIGEST: usize = 20;

/// A key and the end of its fact, from the start of the first.
const ROW: usize = DIGEST + 4;

const HEADER: usize = MAGIC.len() + 4;

/// The fewest new facts that are worth writing: fewer are derived as fast as a file is
/// written.
const FEWEST: usize = 64;

/// The most new facts that are kept in memory before they are written.
const MOST_NEW: usize = 1 << 14;

/// The most bytes of all segments. The oldest are removed.
const MOST_BYTES: u64 = 64 << 20;

/// The most bytes of a segment that is taken into another: if the oldest goes, that is not
/// everything.
const MOST_JOINED: u64 = MOST_BYTES / 8;

/// The digest of everything that a fact was derived from.
pub type FactKey = [u8; DIGEST];

/// The facts of a clone.
pub struct ContentFacts {
    directory: OwnDirectory,
    /// The fewest new facts that are written.
    fewest: usize,
    state: Mutex<FactState>,
}

#[derive(Default)]
struct FactState {
    /// None before the first question.
    segments: Option<Vec<FactSegment>>,
    new: HashMap<FactKey, Vec<u8>>,
    /// Whether writing has failed, which is not tried again.
    has_failed: bool,
}

/// A file of facts.
struct FactSegment {
    name: String,
    size: u64,
    modified: SystemTime,
    bytes: CheckedBytes,
    /// The rows: keys in their order, each with the end of its fact.
    rows: Vec<u8>,
}

/// The version of the code that derives facts: one that is changed may derive others.
const CODE: &str = env!("RUNGS_CODE_VERSION");

/// The key of a fact of that sort, from the texts that it is derived from.
pub fn fact_key<T: AsRef<[u8]>>(sort: &str, texts: impl IntoIterator<Item = T>) -> FactKey {
    let mut digest = Sha256::new();
    let mut add = |text: &[u8]| {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    };
    add(CODE.as_bytes());
    add(sort.as_bytes());
    texts.into_iter().for_each(|text| add(text.as_ref()));
    let digest = digest.finalize();
    std::array::from_fn(|at| digest[at])
}

impl ContentFacts {
    /// The facts in a directory, which need not exist yet.
    pub(super) fn at(directory: OwnDirectory) -> Self {
        Self { directory, fewest: FEWEST, state: Mutex::default() }
    }

    /// The same facts, which are written even if so few are new.
    pub(super) fn writing_from(mut self, fewest: usize) -> Self {
        self.fewest = fewest;
        self
    }

    /// The fact of a key, if it is known.
    pub fn get(&self, key: &FactKey) -> Option<Vec<u8>> {
        let mut state = self.state();
        if let Some(new) = state.new.get(key) {
            return Some(new.clone());
        }
        let segments = state.segments.get_or_insert_with(|| segments(&self.directory.path()));
        segments.iter().find_map(|segment| segment.get(key))
    }

    /// Keeps a fact.
    pub fn put(&self, key: FactKey, fact: Vec<u8>) {
        let mut state = self.state();
        state.new.insert(key, fact);
        if state.new.len() >= MOST_NEW {
            self.write(&mut state);
        }
    }

    fn state(&self) -> MutexGuard<'_, FactState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the new facts. If the disk does not take them, they are derived again next
    /// time.
    fn write(&self, state: &mut FactState) {
        let new = std::mem::take(&mut state.new);
        if state.has_failed || new.len() < self.fewest {
            return;
        }
        state.has_failed = self.write_segment(new).is_err();
        state.segments = None;
    }

    fn write_segment(&self, mut facts: HashMap<FactKey, Vec<u8>>) -> Result<(), DiskError> {
        let Some(locked) = self.directory.lock()? else { return Ok(()) };
        let mut kept = segments(&self.directory.path());
        kept.sort_by_key(|segment| std::cmp::Reverse(segment.size));
        let mut size: usize = facts.values().map(|fact| fact.len() + ROW).sum();
        while let Some(smallest) =
            kept.pop_if(|segment| segment.size <= MOST_JOINED.min(size as u64))
        {
            size += usize::try_from(smallest.size).unwrap_or_default();
            smallest.add_to(&mut facts);
        }
        let bytes = sealed(encoded(facts));
        let name = format!("{}-{:08x}", bytes.len(), crc32fast::hash(&bytes));
        locked.put(&name, &bytes, OnConflict::Replace)?;
        sweep(&locked, kept, &name, bytes.len() as u64)
    }
}

impl Drop for ContentFacts {
    fn drop(&mut self) {
        let mut state = std::mem::take(&mut *self.state());
        self.write(&mut state);
    }
}

/// Removes all files but the new one and as many of the others as there is room for, the
/// newest first.
fn sweep(
    locked: &LockedDirectory,
    mut others: Vec<FactSegment>,
    new: &str,
    size: u64,
) -> Result<(), DiskError> {
    others.sort_by_key(|segment| std::cmp::Reverse(segment.modified));
    let mut bytes = size;
    others.retain(|segment| {
        bytes = bytes.saturating_add(segment.size);
        bytes <= MOST_BYTES
    });
    for (name, _) in locked.entries(".")? {
        let is_kept = name == new || others.iter().any(|segment| segment.name == name);
        if (is_segment(&name) && !is_kept) || is_temporary(&name) {
            // What cannot be removed now only takes room.
            let _ = locked.remove(&name);
        }
    }
    Ok(())
}

/// The segments of a directory. What is damaged is left out.
fn segments(directory: &Path) -> Vec<FactSegment> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| FactSegment::open(&entry.path()).ok()).collect()
}

/// Whether a name is that of a segment.
fn is_segment(name: &str) -> bool {
    let (length, sum) = name.split_once('-').unwrap_or_default();
    let is_hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    sum.len() == 8 && is_hexadecimal(length) && is_hexadecimal(sum)
}

impl FactSegment {
    fn open(path: &Path) -> Result<Self, ReadFault> {
        let metadata = fs::metadata(path)?;
        let bytes = CheckedBytes::open(path)?;
        let header = bytes.bytes(0, HEADER)?;
        if !header.starts_with(MAGIC) {
            return Err(ReadFault::Damaged);
        }
        let count = u32_of(&header[MAGIC.len()..]) as usize;
        let rows = bytes.bytes(HEADER, count.checked_mul(ROW).ok_or(ReadFault::Damaged)?)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, size: metadata.len(), modified: metadata.modified()?, bytes, rows })
    }

    fn get(&self, key: &FactKey) -> Option<Vec<u8>> {
        let count = self.rows.len() / ROW;
        let at = partition_point(count, |row| Ok(self.key(row) < key)).ok()?;
        if at == count || self.key(at) != key { None } else { self.fact(at).ok() }
    }

    fn key(&self, at: usize) -> &[u8] {
        &self.rows[at * ROW..][..DIGEST]
    }

    fn fact(&self, at: usize) -> Result<Vec<u8>, ReadFault> {
        let end = |at: usize| u32_of(&self.rows[at * ROW + DIGEST..][..4]) as usize;
        let begin = if at == 0 { 0 } else { end(at - 1) };
        let length = end(at).checked_sub(begin).ok_or(ReadFault::Damaged)?;
        self.bytes.bytes(HEADER + self.rows.len() + begin, length)
    }

    fn add_to(&self, facts: &mut HashMap<FactKey, Vec<u8>>) {
        for at in 0..self.rows.len() / ROW {
            if let (Ok(key), Ok(fact)) = (self.key(at).try_into(), self.fact(at)) {
                facts.insert(key, fact);
            }
        }
    }
}

fn encoded(facts: HashMap<FactKey, Vec<u8>>) -> Vec<u8> {
    let mut facts: Vec<(FactKey, Vec<u8>)> = facts.into_iter().collect();
    facts.sort_unstable();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = MAGIC.to_vec();
    bytes.extend(number(facts.len()));
    let mut end = 0;
    for (key, fact) in &facts {
        end += fact.len();
        bytes.extend(key);
        bytes.extend(number(end));
    }
    for (_, fact) in &facts {
        bytes.extend(fact);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> FactKey {
        let mut key = [0; DIGEST];
        key[..8]
            .copy_from_slice(&(number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
        key
    }

    fn fact(number: usize) -> Vec<u8> {
        format!("fact {number}").repeat(number % 5).into_bytes()
    }

    fn facts(directory: &Path) -> ContentFacts {
        ContentFacts::at(OwnDirectory::below(directory.to_owned(), &["facts"]))
    }

    fn put(directory: &Path, numbers: std::ops::Range<usize>) {
        let facts = facts(directory);
        for number in numbers {
            facts.put(key(number), fact(number));
        }
    }

    fn count(directory: &Path) -> usize {
        fs::read_dir(directory.join("rungs/facts")).map_or(0, Iterator::count)
    }

    #[test]
    fn facts_are_kept_for_the_next_run_if_they_are_many() {
        let directory = tempfile::tempdir().unwrap();
        put(directory.path(), 0..FEWEST - 1);
        assert_eq!(count(directory.path()), 0);
        for begin in [0, 100, 200, 300, 2000] {
            put(directory.path(), begin..begin + 100);
        }
        assert!(count(directory.path()) <= 3);
        let facts = facts(directory.path());
        for number in (0..400).chain(2000..2100) {
            assert_eq!(facts.get(&key(number)), Some(fact(number)), "{number}");
        }
        assert_eq!(facts.get(&key(1000)), None);
    }

    #[test]
    fn what_is_damaged_is_not_known() {
        let directory = tempfile::tempdir().unwrap();
        put(directory.path(), 0..200);
        let path = fs::read_dir(directory.path().join("rungs/facts")).unwrap().next().unwrap();
        let path = path.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for at in (0..bytes.len()).step_by(13) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 4;
            fs::write(&path, &damaged).unwrap();
            let facts = facts(directory.path());
            for number in 0..200 {
                assert!(facts.get(&key(number)).is_none_or(|found| found == fact(number)));
            }
        }
    }

    #[test]
    fn runs_beside_each_other_lose_nothing_that_was_there() {
        let directory = tempfile::tempdir().unwrap();
        put(directory.path(), 0..500);
        std::thread::scope(|scope| {
            for thread in 1..4 {
                let directory = directory.path();
                scope.spawn(move || put(directory, thread * 1000..thread * 1000 + 300));
            }
        });
        let facts = facts(directory.path());
        assert!((0..500).all(|number| facts.get(&key(number)) == Some(fact(number))));
    }
}
