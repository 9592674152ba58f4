//! The bytes of commits and trees.
//!
//! Both ways of reading objects return bytes and share this, so that they
//! cannot disagree. libgit2's own commits leave out parents that a shallow
//! clone does not have, and it understands damaged lines in another way.

use std::borrow::Cow;
use std::collections::HashSet;

use jiff::Timestamp;

use super::{Commit, FileMode, ObjectError, ObjectName, Signature, TreeEntry};

/// The names of Latin-1.
const LATIN: [&str; 3] = ["ISO-8859-1", "ISO8859-1", "latin1"];

/// The kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectKind {
    Commit,
    Tree,
    Blob,
    Tag,
}

impl ObjectKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Commit, Self::Tree, Self::Blob, Self::Tag]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// The entries of a tree whose object names have `digits` digits; none if the
/// bytes are not a tree.
pub(super) fn tree(mut bytes: &[u8], digits: usize) -> Option<Vec<TreeEntry>> {
    let mut entries = Vec::with_capacity(bytes.len() / 40);
    while !bytes.is_empty() {
        let space = bytes.iter().position(|byte| *byte == b' ')?;
        let end = space + bytes[space..].iter().position(|byte| *byte == 0)?;
        let (name, rest) = (&bytes[space + 1..end], &bytes[end + 1..]);
        let (id, rest) = rest.split_at_checked(digits / 2)?;
        let mode = FileMode::from_octal(std::str::from_utf8(&bytes[..space]).ok()?)?;
        if name.is_empty() {
            return None;
        }
        entries.push(TreeEntry { name: name.to_vec(), mode, id: ObjectName::from_bytes(id)? });
        bytes = rest;
    }
    Some(entries)
}

/// The entries in the order of a tree, which sorts a directory as if its name
/// ended with a slash. Names that no tree can have are refused.
fn in_order(entries: &[TreeEntry]) -> Result<Vec<&TreeEntry>, ObjectError> {
    let mut names = HashSet::with_capacity(entries.len());
    for TreeEntry { name, .. } in entries {
        let is_segment = !matches!(&**name, b"" | b"." | b"..")
            && !name.eq_ignore_ascii_case(b".git")
            && !name.iter().any(|byte| matches!(byte, b'/' | 0));
        if !is_segment || !names.insert(name) {
            let name = String::from_utf8_lossy(name);
            let reason = if is_segment { "be in a tree twice" } else { "be in a tree" };
            return Err(ObjectError::Failed(format!("the name `{name}` cannot {reason}")));
        }
    }
    let mut ordered: Vec<&TreeEntry> = entries.iter().collect();
    ordered.sort_by(|a, b| sorted_name(a).cmp(sorted_name(b)));
    Ok(ordered)
}

/// The bytes of a tree with these entries.
pub(super) fn tree_bytes(entries: &[TreeEntry]) -> Result<Vec<u8>, ObjectError> {
    let mut bytes = Vec::with_capacity(entries.len() * 40);
    for entry in in_order(entries)? {
        bytes.extend(entry.mode.octal().bytes());
        bytes.push(b' ');
        bytes.extend(&entry.name);
        bytes.push(0);
        bytes.extend(entry.id.bytes());
    }
    Ok(bytes)
}

fn sorted_name(entry: &TreeEntry) -> impl Iterator<Item = u8> + '_ {
    let slash = (entry.mode == FileMode::Tree).then_some(b'/');
    entry.name.iter().copied().chain(slash)
}

/// A commit and its tree; none if the bytes are not a commit.
pub(super) fn commit(id: &ObjectName, bytes: &[u8]) -> Option<(Commit, ObjectName)> {
    let bytes = in_utf8(bytes);
    let mut lines = Headers(&bytes);
    let tree = lines.next_named(b"tree ").and_then(name)?;
    let mut parents = Vec::new();
    while let Some(parent) = lines.next_named(b"parent ") {
        parents.push(name(parent)?);
    }
    let author = lines.next_named(b"author ").map(signature).unwrap_or_default();
    let committer = lines.next_named(b"committer ").map(signature).unwrap_or_default();
    let message = lines.message();
    // Git does not show more of a message than this either.
    let message = message.split(|byte| *byte == 0).next().unwrap_or_default();
    let message = String::from_utf8_lossy(message).into_owned();
    Some((Commit { id: id.clone(), parents, author, committer, message }, tree))
}

/// A commit's bytes in UTF-8, converted if its header says that they are
/// Latin-1. A header may name any encoding, which `git log` tries to convert;
/// Latin-1 is the only one that was ever common.
fn in_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let header = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
    let mut headers = bytes[..header].split(|byte| *byte == b'\n');
    let is_latin = headers.any(|line| {
        let encoding = line.strip_prefix(b"encoding ").unwrap_or_default();
        LATIN.iter().any(|name| encoding.eq_ignore_ascii_case(name.as_bytes()))
    });
    if !is_latin {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes())
}

/// The object that an annotated tag leads to.
pub(super) fn tag(bytes: &[u8]) -> Option<ObjectName> {
    Headers(bytes).next_named(b"object ").and_then(name)
}

fn name(digits: &[u8]) -> Option<ObjectName> {
    std::str::from_utf8(digits).ok().and_then(ObjectName::parse)
}

/// The lines before a commit's message.
struct Headers<'b>(&'b [u8]);

impl<'b> Headers<'b> {
    /// The next line's value, if it has that name.
    fn next_named(&mut self, name: &[u8]) -> Option<&'b [u8]> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        let value = self.0[..end].strip_prefix(name)?;
        self.0 = &self.0[end + 1..];
        Some(value)
    }

    /// What follows the first empty line.
    fn message(self) -> &'b [u8] {
        if let Some(message) = self.0.strip_prefix(b"\n") {
            return message;
        }
        let empty = self.0.windows(2).position(|pair| pair == b"\n\n");
        empty.map_or(&[], |at| &self.0[at + 2..])
    }
}

/// Reads `Name <address> 1700000000 +0100` as git does (`split_ident_line`):
/// the time follows the last `>`, and needs a zone to count.
fn signature(line: &[u8]) -> Signature {
    let parts = || {
        let open = line.iter().position(|byte| *byte == b'<')?;
        let close = open + line[open..].iter().position(|byte| *byte == b'>')?;
        let last = line.iter().rposition(|byte| *byte == b'>')?;
        Some((&line[..open], &line[open + 1..close], &line[last + 1..]))
    };
    let Some((name, email, when)) = parts() else { return Signature::default() };
    let when = String::from_utf8_lossy(when);
    let mut words = when.split_ascii_whitespace();
    let seconds = words.next().unwrap_or_default();
    let has_zone = words.next().is_some_and(|zone| zone.starts_with(['+', '-']));
    Signature::new(name, email, if has_zone { seconds } else { "" })
}

impl Signature {
    /// A signature from its parts, with the time as the digits of the seconds
    /// since 1970. Anything else is not a time, and git shows the first second
    /// of 1970 for it.
    pub(super) fn new(name: &[u8], email: &[u8], seconds: &str) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
        let end = seconds.find(|c: char| !c.is_ascii_digit()).unwrap_or(seconds.len());
        let time = match seconds[..end].parse() {
            Ok(seconds) => Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX),
            Err(_) if end > 0 => Timestamp::MAX,
            Err(_) => Timestamp::UNIX_EPOCH,
        };
        Self { name: text(name), email: text(email), time }
    }
}

impl Default for Signature {
    fn default() -> Self {
        Self::new(b"", b"", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> ObjectName {
        ObjectName::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn entry(name: &[u8], mode: FileMode) -> TreeEntry {
        TreeEntry { name: name.to_vec(), mode, id: id('a') }
    }

    #[test]
    fn a_directory_is_sorted_as_if_its_name_ended_with_a_slash() {
        let entries = [
            entry(b"a", FileMode::Tree),
            entry(b"a0", FileMode::File),
            entry(b"a.yaml", FileMode::File),
        ];
        let ordered = in_order(&entries).unwrap();
        let names: Vec<_> = ordered.iter().map(|entry| &*entry.name).collect();
        assert_eq!(names, [&b"a.yaml"[..], b"a", b"a0"]);
    }

    #[test]
    fn names_that_no_tree_can_have_are_not_written() {
        for name in [&b""[..], b".", b"..", b".git", b".GIT", b"a/b", b"a\0b"] {
            assert!(in_order(&[entry(name, FileMode::File)]).is_err(), "{name:?}");
        }
        let twice = [entry(b"a", FileMode::File), entry(b"a", FileMode::Tree)];
        assert!(in_order(&twice).is_err());
    }

    #[test]
    fn bytes_that_are_cut_off_are_not_a_tree() {
        let mut bytes = b"100644 a\0".to_vec();
        bytes.extend([0xaa; 20]);
        assert_eq!(tree(&bytes, 40).unwrap(), [entry(b"a", FileMode::File)]);
        for end in 1..bytes.len() {
            assert_eq!(tree(&bytes[..end], 40), None, "{end}");
        }
    }

    fn time(line: &str) -> i64 {
        signature(line.as_bytes()).time.as_second()
    }

    #[test]
    fn a_time_follows_the_last_bracket_and_has_a_zone() {
        let usual = signature(b"A U <a@x> 1700000000 +0100");
        assert_eq!((&*usual.name, &*usual.email), ("A U", "a@x"));
        assert_eq!(time("A <a@x> 1700000000 +0100"), 1_700_000_000);
        assert_eq!(time("A <a@x> b> 17 +0000"), 17);
        for none in ["A <a@x> -17 +0000", "A <a@x> 17", "A <a@x>", "A a@x 17 +0000", ""] {
            assert_eq!(time(none), 0, "{none}");
        }
        let far = signature(b"A <a@x> 99999999999999999999 +0000").time;
        assert_eq!(far, Timestamp::MAX);
    }

    #[test]
    fn a_message_starts_after_every_header() {
        let text = format!(
            "tree {}\nparent {}\nauthor A <a> 1 +0000\ncommitter B <b> 2 +0000\n\
             gpgsig -----\n line\n \n end\n\nsubject\n\nbody\n\0hidden",
            id('1'),
            id('2')
        );
        let (commit, tree) = commit(&id('3'), text.as_bytes()).unwrap();
        assert_eq!(tree, id('1'));
        assert_eq!(commit.parents, [id('2')]);
        assert_eq!(commit.message, "subject\n\nbody\n");
        assert_eq!((&*commit.author.name, &*commit.committer.name), ("A", "B"));
    }
}
