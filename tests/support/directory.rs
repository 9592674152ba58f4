//! Directories for the files of a test.

use std::io;
use std::path::Path;
use std::sync::LazyLock;

use tempfile::TempDir;

/// A file system in memory, on which thousands of small files cost half as much.
const MEMORY: &str = "/dev/shm";

/// The free space that it must have: containers often have a tiny one.
const ENOUGH_BYTES: u64 = 2 << 30;

static HAS_MEMORY: LazyLock<bool> = LazyLock::new(|| {
    let has_room = |file_system: rustix::fs::StatVfs| {
        file_system.f_bavail.saturating_mul(file_system.f_frsize) >= ENOUGH_BYTES
    };
    std::env::var_os("TMPDIR").is_none() && rustix::fs::statvfs(MEMORY).is_ok_and(has_room)
});

/// An empty directory that is removed when it is dropped: where `TMPDIR` says, else
/// in memory if there is room.
///
/// # Errors
///
/// It cannot be created.
pub fn temporary() -> io::Result<TempDir> {
    if *HAS_MEMORY { tempfile::tempdir_in(Path::new(MEMORY)) } else { tempfile::tempdir() }
}
