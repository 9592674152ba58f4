//! Files that a template asks for by a pattern.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::code::{self, INCLUDE_MISSING, INCLUDE_OUTSIDE};
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, ReadError, RepoPath, SourceFile, Tree};

/// The files below a template's directory that match a pattern, by their paths below the
/// pattern's last directory without a wildcard: `nginx.conf` for `conf/*.conf`.
///
/// In a pattern `*` stands for any text without `/`, `?` for one character and `**` for
/// any number of directories. What starts with a dot has to be named.
pub(super) fn matching_files(
    tree: &Tree,
    root: &RepoPath,
    pattern: &str,
    at: &Location,
) -> Result<BTreeMap<String, Arc<SourceFile>>, Findings> {
    let wildcard = pattern.find(['*', '?']).unwrap_or(pattern.len());
    let (directory, _) = pattern[..wildcard].rsplit_once('/').unwrap_or_default();
    let base = root.join(directory).map_err(|error| code::outside(pattern, &error, at.clone()))?;
    if !base.is_within(root) || pattern.split('/').any(|segment| matches!(segment, "" | "." | ".."))
    {
        let message = format!("`{pattern}` is not written as a path below `{root}`");
        return Err(Finding::new(&INCLUDE_OUTSIDE, message, at.clone())
            .because("a template reads only files of its own directory")
            .help("name the files from the template's directory: `_conf/*.conf`")
            .into());
    }
    let has_any = tree.has_directory(&base).map_err(|error| of_read_error(&error, at))?;
    let paths = if has_any {
        tree.walk(&base, |_| true)
            .map_err(|errors| errors.iter().map(|e| of_read_error(e, at)).collect::<Findings>())?
    } else {
        Vec::new()
    };
    let wanted: Vec<&str> = pattern.split('/').collect();
    let mut files = BTreeMap::new();
    for path in paths {
        let below: Vec<&str> = path.below(root).unwrap_or_default().split('/').collect();
        if matches(&wanted, &below) {
            let file = tree.read(&path).map_err(|error| of_read_error(&error, at))?;
            files.insert(path.below(&base).unwrap_or_default().to_owned(), file);
        }
    }
    if files.is_empty() {
        let message = format!("no file in `{root}` matches `{pattern}`");
        return Err(Finding::new(&INCLUDE_MISSING, message, at.clone())
            .because("no such file")
            .into());
    }
    Ok(files)
}

fn of_read_error(error: &ReadError, at: &Location) -> Finding {
    Finding::of_read_error(error, Some(at))
}

/// Whether the segments of a path match those of a pattern.
fn matches(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        (["**", rest @ ..], _) => {
            matches(rest, path)
                || matches!(path, [first, below @ ..] if !first.starts_with('.') && matches(pattern, below))
        }
        ([first, rest @ ..], [segment, below @ ..]) => {
            let is_hidden = segment.starts_with('.') && !first.starts_with('.');
            !is_hidden && segment_matches(first, segment) && matches(rest, below)
        }
        (rest, path) => rest.is_empty() && path.is_empty(),
    }
}

fn segment_matches(pattern: &str, segment: &str) -> bool {
    let (pattern, segment): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), segment.chars().collect());
    // Where the last `*` was, and how much of the segment it has taken.
    let (mut at, mut here, mut star) = (0, 0, None);
    while here < segment.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(char) if *char == '?' || *char == segment[here] => {
                at += 1;
                here += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                here = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|char| *char == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(pattern: &str, path: &str) -> bool {
        matches(&pattern.split('/').collect::<Vec<_>>(), &path.split('/').collect::<Vec<_>>())
    }

    #[test]
    fn wildcards_stand_for_what_they_say() {
        for (pattern, path) in [
            ("a/*.conf", "a/b.conf"),
            ("a/*", "a/b"),
            ("*", "a"),
            ("a*c*e", "abcde"),
            ("a?c", "abc"),
            ("**", "a/b/c"),
            ("**/*.conf", "a.conf"),
            ("**/*.conf", "a/b/c.conf"),
            ("a/**/z", "a/z"),
            (".*", ".a"),
            ("a.conf", "a.conf"),
        ] {
            assert!(is_match(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("a/*.conf", "a/b/c.conf"),
            ("*.conf", "a.con"),
            ("a?c", "ac"),
            ("*", ".a"),
            ("**", "a/.b/c"),
            ("a/**/z", "b/z"),
            ("*", "a/b"),
        ] {
            assert!(!is_match(pattern, path), "{pattern} {path}");
        }
    }
}
