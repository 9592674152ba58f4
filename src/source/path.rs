//! Paths inside a repository.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A path relative to the repository's root: `/` between segments, no `.` or
/// `..`, no empty segment, and no leading or trailing slash. The root is the
/// empty path.
///
/// Cheap to clone, ordered as its text is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<str>);

/// Whether a name can be one segment of a path.
pub(super) fn is_segment(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.bytes().any(|byte| matches!(byte, b'/' | 0))
}

/// Whether a name is that of a YAML file. JSON is YAML.
pub(crate) fn is_yaml(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    matches!(extension, Some("yaml" | "yml" | "json"))
}

/// Why a text is not a [`RepoPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It leads above the root.
    #[error("the path `{0}` leaves the repository")]
    Outside(String),
    /// It begins at the machine's root.
    #[error("the path `{0}` is absolute, and a repository's paths are relative")]
    Absolute(String),
    /// It has a NUL byte, which no file name has.
    #[error("the path has a NUL byte")]
    Nul,
}

impl RepoPath {
    /// The repository's root.
    pub fn root() -> Self {
        Self(Arc::from(""))
    }

    /// Reads `text` as a path from the root, folding `.` and `..`.
    pub fn new(text: &str) -> Result<Self, PathError> {
        Self::root().join(text)
    }

    /// Reads `relative` as a path from this directory, folding `.` and `..`.
    pub fn join(&self, relative: &str) -> Result<Self, PathError> {
        if relative.starts_with('/') {
            return Err(PathError::Absolute(relative.to_owned()));
        }
        if relative.contains('\0') {
            return Err(PathError::Nul);
        }
        let mut segments: Vec<&str> = self.segments().collect();
        for segment in relative.split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    if segments.pop().is_none() {
                        return Err(PathError::Outside(relative.to_owned()));
                    }
                }
                name => segments.push(name),
            }
        }
        Ok(Self(Arc::from(segments.join("/"))))
    }

    /// This directory's child of that name.
    ///
    /// # Panics
    ///
    /// Where `name` is not a single segment. Use it for names of our own and for
    /// names that [`RepoPath::child_named`] has checked.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        match self.child_named(name) {
            Some(child) => child,
            None => panic!("`{name}` is not one segment of a path"),
        }
    }

    /// This directory's child of that name; none where `name` is not a
    /// single segment, which a crafted commit may have.
    pub fn child_named(&self, name: &str) -> Option<Self> {
        if !is_segment(name) {
            return None;
        }
        Some(if self.is_root() {
            Self(Arc::from(name))
        } else {
            Self(Arc::from([&*self.0, "/", name].concat()))
        })
    }

    /// The directory that this path is in; none for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(match self.0.rsplit_once('/') {
            Some((parent, _)) => Self(Arc::from(parent)),
            None => Self::root(),
        })
    }

    /// The text of the directory that this path is in, and the last segment; both are
    /// empty for the root.
    pub fn split(&self) -> (&str, &str) {
        self.0.rsplit_once('/').unwrap_or(("", &self.0))
    }

    /// The last segment; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The last segment without its last extension.
    pub fn stem(&self) -> &str {
        let name = self.name();
        match name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => name,
        }
    }

    /// The segments, from the root.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this path is `directory` or is anywhere below it.
    pub fn is_within(&self, directory: &Self) -> bool {
        directory.is_root()
            || self
                .0
                .strip_prefix(&*directory.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The rest of this path below `directory`, or none where it is not below it.
    pub fn below(&self, directory: &Self) -> Option<&str> {
        if directory.is_root() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(&*directory.0)?;
        if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl Borrow<str> for RepoPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for RepoPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Only a path that is written as paths are here: a reader is not to fold what a stranger
/// wrote.
impl<'de> Deserialize<'de> for RepoPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || text.split('/').all(is_segment) {
            return Ok(Self(Arc::from(text)));
        }
        Err(de::Error::custom("not a path of a repository in its simplest form"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_fold_and_never_climb_above_the_root() {
        assert_eq!(RepoPath::new("a/./b/../c").unwrap().as_str(), "a/c");
        assert_eq!(RepoPath::new("a/../../b"), Err(PathError::Outside("a/../../b".into())));
        assert_eq!(RepoPath::new("/etc/passwd"), Err(PathError::Absolute("/etc/passwd".into())));
    }

    #[test]
    fn only_the_simplest_form_is_read_back() {
        for path in ["", "a", "a/b.yaml", "..a/b.."] {
            let path = RepoPath::new(path).unwrap();
            let text = serde_json::to_string(&path).unwrap();
            assert_eq!(serde_json::from_str::<RepoPath>(&text).unwrap(), path);
        }
        for wrong in ["/", "/a", "a/", "a//b", "a/../b", "../a", ".", "a/./b", "a\0"] {
            let text = serde_json::to_string(wrong).unwrap();
            assert!(serde_json::from_str::<RepoPath>(&text).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_name_is_one_segment() {
        let directory = RepoPath::new("a").unwrap();
        assert_eq!(directory.child_named("...").unwrap().as_str(), "a/...");
        for name in ["", ".", "..", "b/c", "/", "b\0c"] {
            assert_eq!(directory.child_named(name), None, "{name:?}");
        }
    }

    #[test]
    fn yaml_is_known_by_the_extension() {
        for yaml in ["a.yaml", "a.yml", "a.json", "a.sops.yaml", ".yaml"] {
            assert!(is_yaml(yaml), "{yaml}");
        }
        for other in ["", "yaml", "a.yaml.tera", "a.YAML", "Kustomization"] {
            assert!(!is_yaml(other), "{other}");
        }
    }

    #[test]
    fn a_neighbour_with_the_same_prefix_is_not_within() {
        let templates = RepoPath::new("templates/web").unwrap();
        assert!(RepoPath::new("templates/web/a.yaml").unwrap().is_within(&templates));
        assert!(!RepoPath::new("templates/website").unwrap().is_within(&templates));
        assert_eq!(RepoPath::new("templates/website").unwrap().below(&templates), None);
    }
}
