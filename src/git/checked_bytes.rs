//! Bytes that are checked when they are first read.
//!
//! A file may be larger than what a run reads of it, and what the disk returns for that
//! is checked all the same: block by block.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::own_directory::is_file;

/// The number of bytes that are checked together.
const BLOCK: usize = 8 << 10;

/// What follows the checksums: the length of the checked bytes, and a checksum of
/// everything that follows these.
const TAIL: usize = 12;

/// The most blocks that are kept in memory: 4 MiB.
const MOST_KEPT: usize = 512;

/// Bytes of a file, or in memory.
#[derive(Debug)]
pub(super) struct CheckedBytes {
    source: BlockSource,
    length: usize,
    /// The checksum of each block.
    sums: Vec<u32>,
    kept: Mutex<HashMap<usize, Arc<[u8]>>>,
}

#[derive(Debug)]
enum BlockSource {
    File(File),
    Memory(Arc<[u8]>),
}

/// Why bytes cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadFault {
    /// They are not what was written.
    #[error("it is damaged")]
    Damaged,
    /// The disk failed, or the file does not exist.
    #[error("{0}")]
    Disk(#[from] io::Error),
}

/// The bytes with their checksums, as a file holds them.
pub(super) fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = bytes.len();
    let sums: Vec<u32> = bytes.chunks(BLOCK).map(crc32fast::hash).collect();
    bytes.extend(sums.iter().flat_map(|sum| sum.to_le_bytes()));
    bytes.extend((length as u64).to_le_bytes());
    let sum = crc32fast::hash(&bytes[length..]);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// The number of rows, of so many in order, that come before what is looked for: as
/// `slice::partition_point`, of rows that may not be readable.
pub(super) fn partition_point(
    count: usize,
    is_before: impl Fn(usize) -> Result<bool, ReadFault>,
) -> Result<usize, ReadFault> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = usize::midpoint(low, high);
        if is_before(middle)? { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

impl CheckedBytes {
    /// The bytes of a file.
    pub(super) fn open(path: &Path) -> Result<Self, ReadFault> {
        if !is_file(path) && path.symlink_metadata().is_ok() {
            return Err(ReadFault::Damaged);
        }
        let file = File::open(path)?;
        let size = usize::try_from(file.metadata()?.len()).map_err(|_| ReadFault::Damaged)?;
        Self::of(BlockSource::File(file), size)
    }

    /// Bytes in memory, as [`sealed`] returns them.
    pub(super) fn of_memory(bytes: &Arc<[u8]>) -> Result<Self, ReadFault> {
        Self::of(BlockSource::Memory(Arc::clone(bytes)), bytes.len())
    }

    fn of(source: BlockSource, size: usize) -> Result<Self, ReadFault> {
        let at = size.checked_sub(TAIL).ok_or(ReadFault::Damaged)?;
        let tail = source.read(at, TAIL)?;
        let (length, sum) = tail.split_at(8);
        let length = u64::from_le_bytes(length.try_into().map_err(|_| ReadFault::Damaged)?);
        let length = usize::try_from(length).map_err(|_| ReadFault::Damaged)?;
        let count = length.div_ceil(BLOCK);
        // The length is anything, if the file is damaged.
        if length > size || size - length != 4 * count + TAIL {
            return Err(ReadFault::Damaged);
        }
        let checked = source.read(length, size - length - 4)?;
        if crc32fast::hash(&checked).to_le_bytes() != sum {
            return Err(ReadFault::Damaged);
        }
        let sums = checked[..4 * count].chunks_exact(4).map(u32_of).collect();
        Ok(Self { source, length, sums, kept: Mutex::default() })
    }

    /// The number of bytes.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Reads the bytes from `at`.
    pub(super) fn read(&self, at: usize, into: &mut [u8]) -> Result<(), ReadFault> {
        if at.checked_add(into.len()).is_none_or(|end| end > self.length) {
            return Err(ReadFault::Damaged);
        }
        let mut filled = 0;
        while filled < into.len() {
            let (number, offset) = ((at + filled) / BLOCK, (at + filled) % BLOCK);
            let block = self.block(number)?;
            let count = (block.len() - offset).min(into.len() - filled);
            into[filled..filled + count].copy_from_slice(&block[offset..offset + count]);
            filled += count;
        }
        Ok(())
    }

    /// Reads a number of bytes from `at`.
    pub(super) fn bytes(&self, at: usize, count: usize) -> Result<Vec<u8>, ReadFault> {
        // A count from a damaged file is not allocated.
        if count > self.length {
            return Err(ReadFault::Damaged);
        }
        let mut bytes = vec![0; count];
        self.read(at, &mut bytes)?;
        Ok(bytes)
    }

    /// A number of four bytes.
    pub(super) fn u32(&self, at: usize) -> Result<u32, ReadFault> {
        let mut bytes = [0; 4];
        self.read(at, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn block(&self, number: usize) -> Result<Arc<[u8]>, ReadFault> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(block) = kept.get(&number) {
            return Ok(Arc::clone(block));
        }
        let begin = number * BLOCK;
        let block = self.source.read(begin, BLOCK.min(self.length - begin))?;
        if crc32fast::hash(&block) != self.sums[number] {
            return Err(ReadFault::Damaged);
        }
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        let block: Arc<[u8]> = block.into();
        kept.insert(number, Arc::clone(&block));
        Ok(block)
    }
}

impl BlockSource {
    fn read(&self, at: usize, count: usize) -> Result<Vec<u8>, ReadFault> {
        match self {
            Self::File(file) => {
                let mut bytes = vec![0; count];
                match file.read_exact_at(&mut bytes, at as u64) {
                    Ok(()) => Ok(bytes),
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        Err(ReadFault::Damaged)
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Self::Memory(bytes) => {
                Ok(bytes.get(at..at + count).ok_or(ReadFault::Damaged)?.to_vec())
            }
        }
    }
}

/// A number of four bytes.
pub(super) fn u32_of(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().expect("four bytes were given"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(length: usize) -> Vec<u8> {
        (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    #[test]
    fn what_was_written_is_read_across_blocks() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7] {
            let bytes = sample(length);
            let checked = CheckedBytes::of_memory(&sealed(bytes.clone()).into()).unwrap();
            assert_eq!(checked.bytes(0, length).unwrap(), bytes);
            assert_eq!(
                checked.bytes(length / 2, length / 3).unwrap(),
                bytes[length / 2..][..length / 3]
            );
            assert!(checked.bytes(1, length).is_err(), "beyond the end");
        }
    }

    #[test]
    fn every_changed_byte_and_every_missing_end_is_noticed() {
        let sealed = sealed(sample(BLOCK + 40));
        let read = |bytes: Vec<u8>| {
            let checked = CheckedBytes::of_memory(&bytes.into())?;
            checked.bytes(0, checked.len())
        };
        assert!(read(sealed.clone()).is_ok());
        for at in (0..sealed.len()).step_by(7).chain(sealed.len() - 60..sealed.len()) {
            let mut damaged = sealed.clone();
            damaged[at] ^= 0x10;
            assert!(read(damaged).is_err(), "at {at}");
            assert!(read(sealed[..at].to_vec()).is_err(), "ends at {at}");
        }
    }
}
