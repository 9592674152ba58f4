//! Reading git's raw differences.

use std::io::{self, BufRead};

use super::path_filter::PathFilter;
use crate::git::{FileChange, FileMode, ObjectName};

/// The bytes up to the next zero byte, which no name and no message has; none
/// at the end.
pub(super) fn token(output: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    output.read_until(0, &mut bytes)?;
    match bytes.pop() {
        None => Ok(None),
        Some(0) => Ok(Some(bytes)),
        Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Whether a token starts a change: the first one of a commit comes after a
/// line break. No commit's name starts like that.
pub(super) fn starts_change(token: &[u8]) -> bool {
    token.strip_prefix(b"\n").unwrap_or(token).starts_with(b":")
}

/// The change that `token` starts; none if it is not wanted, or is not of a
/// file.
pub(super) fn change(
    token: &[u8],
    output: &mut impl BufRead,
    filter: &PathFilter,
) -> io::Result<Option<FileChange>> {
    let path = self::token(output)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let words = std::str::from_utf8(token).map_err(|_| io::ErrorKind::InvalidData)?;
    let words = words.trim_start_matches(['\n', ':']);
    let [before_mode, after_mode, before, after, _] = words.split(' ').collect::<Vec<_>>()[..]
    else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let (before, after) = (file(before_mode, before), file(after_mode, after));
    if before.is_none() && after.is_none() {
        return Ok(None);
    }
    Ok(filter.path(&path).map(|path| FileChange { path, before, after }))
}

/// The blob of a file. A submodule has none, and a link's is not a file's text:
/// what it leads to has a history of its own.
fn file(mode: &str, id: &str) -> Option<ObjectName> {
    match FileMode::from_octal(mode)? {
        FileMode::File | FileMode::Executable => ObjectName::parse(id).filter(|id| !id.is_null()),
        FileMode::Link | FileMode::Tree | FileMode::Submodule => None,
    }
}
