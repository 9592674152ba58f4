//! Git's objects, as data.

use std::fmt;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// The name of a commit, tree or blob: 40 hexadecimal digits of SHA-1, or 64 of
/// SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(Box<str>);

impl ObjectName {
    /// Reads a full name in lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (matches!(text.len(), 40 | 64) && text.bytes().all(is_digit)).then(|| Self(text.into()))
    }

    /// A name from the bytes that a tree has for it: 20 or 32.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        if !matches!(bytes.len(), 20 | 32) {
            return None;
        }
        // A tree has thousands of names, and each would otherwise grow digit by digit.
        let mut digits = [0; 64];
        for (two, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            two[0] = DIGITS[usize::from(byte >> 4)];
            two[1] = DIGITS[usize::from(byte & 15)];
        }
        std::str::from_utf8(&digits[..2 * bytes.len()]).ok().map(|text| Self(text.into()))
    }

    /// The bytes that a tree has for the name.
    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        let digit = |byte: u8| if byte <= b'9' { byte - b'0' } else { byte - b'a' + 10 };
        self.0.as_bytes().chunks_exact(2).map(move |two| digit(two[0]) << 4 | digit(two[1]))
    }

    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }

    /// Whether it is the name that git writes if there is no object.
    pub fn is_null(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'0')
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ObjectName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Who made a commit, and when by their own clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// The person's name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// The time, by their own clock.
    #[serde(rename = "at")]
    pub time: Timestamp,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub id: ObjectName,
    /// The commits it follows; the first is the branch it was made on.
    pub parents: Vec<ObjectName>,
    /// Who wrote the change.
    pub author: Signature,
    /// Who committed it. They can choose any time.
    pub committer: Signature,
    /// The whole message.
    pub message: String,
}

impl Commit {
    /// The message's first line.
    pub fn subject(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}

/// The kind of an entry of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileMode {
    /// A file.
    File,
    /// A file that can be run.
    Executable,
    /// A symbolic link; the blob holds its target.
    Link,
    /// A directory.
    Tree,
    /// A commit of another repository: a submodule.
    Submodule,
}

impl FileMode {
    /// The mode as git writes it in a tree object.
    pub(super) fn octal(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Link => "120000",
            Self::Tree => "40000",
            Self::Submodule => "160000",
        }
    }

    /// A mode from git's number. Old trees have `100664`, which git reads as a
    /// file.
    pub(super) fn from_octal(text: &str) -> Option<Self> {
        match text.trim_start_matches('0') {
            "40000" => Some(Self::Tree),
            "120000" => Some(Self::Link),
            "160000" => Some(Self::Submodule),
            "100755" => Some(Self::Executable),
            other => other.starts_with("100").then_some(Self::File),
        }
    }
}

/// An entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// The name, which may be any bytes but `/` and zero.
    pub name: Vec<u8>,
    /// The kind of the entry.
    pub mode: FileMode,
    /// Its object.
    pub id: ObjectName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_digits_of_either_hash() {
        assert!(ObjectName::parse(&"a1".repeat(20)).is_some());
        assert!(ObjectName::parse(&"a1".repeat(32)).is_some());
        for wrong in ["", "a1", &"A1".repeat(20), &"g1".repeat(20), &"a1".repeat(21)] {
            assert!(ObjectName::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn modes_read_as_they_are_written() {
        for mode in [
            FileMode::File,
            FileMode::Executable,
            FileMode::Link,
            FileMode::Tree,
            FileMode::Submodule,
        ] {
            assert_eq!(FileMode::from_octal(mode.octal()), Some(mode));
        }
        assert_eq!(FileMode::from_octal("040000"), Some(FileMode::Tree));
        assert_eq!(FileMode::from_octal("100664"), Some(FileMode::File));
        assert_eq!(FileMode::from_octal("7"), None);
    }
}
