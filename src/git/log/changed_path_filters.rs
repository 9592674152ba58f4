//! Whether a clone's commit graph knows which paths changed.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Whether git has filters of the paths that commits changed
/// (`git commit-graph write --changed-paths`). It uses them for one path at a
/// time only, so several paths are read faster one by one, which would be
/// slower without filters.
pub(super) fn has_changed_paths(common_directory: &Path) -> bool {
    let info = common_directory.join("objects/info");
    let chain = fs::read_to_string(info.join("commit-graphs/commit-graph-chain"));
    let chain = chain.unwrap_or_default();
    let of_chain = |hash: &str| info.join(format!("commit-graphs/graph-{hash}.graph"));
    let mut files: Vec<PathBuf> = chain.lines().map(of_chain).collect();
    files.push(info.join("commit-graph"));
    files.iter().any(|file| chunks(file).is_some_and(|chunks| chunks.contains(b"BIDX")))
}

/// The names of a commit graph's chunks
/// (git's `gitformat-commit-graph`: a header of eight bytes, of which the
/// seventh is their number, and twelve bytes for each).
fn chunks(file: &Path) -> Option<Vec<[u8; 4]>> {
    let mut file = File::open(file).ok()?;
    let mut header = [0; 8];
    file.read_exact(&mut header).ok()?;
    if !header.starts_with(b"CGPH") {
        return None;
    }
    let mut table = vec![0; usize::from(header[6]) * 12];
    file.read_exact(&mut table).ok()?;
    Some(table.chunks_exact(12).map(|row| [row[0], row[1], row[2], row[3]]).collect())
}
