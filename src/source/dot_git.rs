//! The names of git's own directory.

/// Git's directory by any spelling that a disk without case, or with HFS's or
/// NTFS's other names for it, would take for it: what git itself refuses in a
/// commit (`is_hfs_dotgit` and `is_ntfs_dotgit`).
pub(crate) fn is_git(name: &str) -> bool {
    // Most names are neither, and every name of every listing is asked about.
    if name.is_ascii() && !name.starts_with(['.', 'g', 'G']) {
        return false;
    }
    let plain: String = name.chars().filter(|c| !is_ignorable(*c)).collect();
    [".git", "git~1"].iter().any(|git| {
        let (start, rest) = plain.as_bytes().split_at_checked(git.len()).unwrap_or_default();
        start.eq_ignore_ascii_case(git.as_bytes()) && is_dropped(rest)
    })
}

/// What NTFS drops from the end of a name: dots and spaces, and the name of a
/// stream. A `\` ends the name there as `/` does elsewhere.
fn is_dropped(rest: &[u8]) -> bool {
    let end = rest.iter().find(|byte| !matches!(byte, b'.' | b' '));
    matches!(end, None | Some(b':' | b'\\' | b'/'))
}

/// Code points that HFS+ drops from names.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::is_git;

    #[test]
    fn every_spelling_that_a_disk_takes_for_git_is_git() {
        for name in [
            ".git",
            ".GIT",
            "GIT~1",
            ".g\u{200c}it",
            ".git.",
            ".git ",
            ".git . .",
            ".git::$INDEX_ALLOCATION",
            ".git .:x",
            ".git\\config",
            "git~1.",
        ] {
            assert!(is_git(name), "{name}");
        }
    }

    #[test]
    fn what_only_begins_so_is_not() {
        for name in ["", ".gi", "git", ".gitignore", ".git.x", ".git x", "git~2", "git~10", "é.git"]
        {
            assert!(!is_git(name), "{name}");
        }
    }
}
