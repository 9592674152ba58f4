//! A new commit, made from another one and the files that change.
//!
//! It is made in the object database alone: no work tree, index or reference
//! is read or written. Only the directories on the way to a change are read,
//! and only those and the changed files are written.

use std::collections::BTreeMap;

use super::code::{CHANGE_CLASH, CHANGE_THROUGH_LINK, COMMIT_UNSIGNED, COMMIT_UNWRITABLE};
use super::program::ProgramError;
use super::{FileMode, ObjectDatabase, ObjectError, ObjectName, TreeEntry};
use crate::diagnostic::Finding;
use crate::source::{FileChanges, Location, RepoPath, is_git};

/// Why files cannot be changed as requested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A directory would take the place of a file, or the other way round.
    #[error("`{path}` cannot be written: `{other}` is {what}")]
    Clash {
        /// The file that was to change.
        path: RepoPath,
        /// The path that is in the way.
        other: RepoPath,
        /// What is there: a file or a directory.
        what: &'static str,
    },
    /// A link or a submodule is at the path or on the way to it.
    #[error("`{path}` cannot be changed: `{other}` is {what}, and leads elsewhere")]
    Elsewhere {
        /// The file that was to change.
        path: RepoPath,
        /// The link or submodule.
        other: RepoPath,
        /// Which of them it is.
        what: &'static str,
    },
    /// Two names that a case-insensitive file system takes for one.
    #[error("`{path}` and `{other}` differ by case only")]
    Case {
        /// The new name.
        path: RepoPath,
        /// The existing name.
        other: RepoPath,
    },
    /// A path in git's own directory.
    #[error("`{0}` is in git's own directory")]
    Git(RepoPath),
    /// The objects cannot be read or written.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// Git is configured to sign commits, and could not.
    #[error("the commit could not be signed: {0}")]
    Unsigned(ProgramError),
}

impl BuildError {
    /// As a finding, at the file it is about.
    pub fn finding(&self) -> Finding {
        let message = self.to_string();
        let at = Location::of_path;
        match self {
            Self::Clash { path, .. } => Finding::new(&CHANGE_CLASH, message, at(path))
                .help("move what is in the way, or write to another path"),
            Self::Case { path, .. } => Finding::new(&CHANGE_CLASH, message, at(path))
                .help("give one of them a name that differs by more than case"),
            Self::Git(path) => Finding::new(&CHANGE_CLASH, message, at(path)),
            Self::Elsewhere { path, .. } => Finding::new(&CHANGE_THROUGH_LINK, message, at(path))
                .help("name the file itself by its own path"),
            Self::Object(_) => Finding::new(&COMMIT_UNWRITABLE, message, Location::of_repository()),
            Self::Unsigned(error @ ProgramError::Failed { .. }) => {
                let message = format!("the commit could not be signed: {}", error.last_words());
                Finding::new(&COMMIT_UNSIGNED, message, Location::of_repository())
                    .help("mend the key, or set `git config commit.gpgSign false` in this clone")
            }
            Self::Unsigned(error) => error.finding(Location::of_repository()),
        }
    }
}

/// The tree that `base` becomes when the files change; `base` itself if nothing
/// differs. An existing file keeps its mode, and a new one is not executable.
/// Paths are relative to `prefix`, a directory of the tree.
pub(super) fn tree(
    objects: &dyn ObjectDatabase,
    base: &ObjectName,
    prefix: &RepoPath,
    changes: &FileChanges,
) -> Result<ObjectName, BuildError> {
    let builder = Builder { objects, prefix };
    let mut wanted = Vec::with_capacity(changes.len());
    for (path, bytes) in changes.iter() {
        let full = prefix.join(path.as_str()).expect("both paths stay in the repository");
        if full.segments().any(is_git) {
            return Err(BuildError::Git(path.clone()));
        }
        wanted.push((full, bytes));
    }
    let wanted: Vec<WantedFile<'_>> = wanted
        .iter()
        .map(|(full, bytes)| WantedFile { full, rest: full.segments().collect(), bytes: *bytes })
        .collect();
    let made =
        builder.directory(&RepoPath::root(), Some(base), &wanted.iter().collect::<Vec<_>>())?;
    match made {
        Some(tree) => Ok(tree),
        None => Ok(objects.write_tree(&[])?),
    }
}

/// A file with its new bytes.
struct WantedFile<'c> {
    /// The path from the clone's root.
    full: &'c RepoPath,
    rest: Vec<&'c str>,
    bytes: Option<&'c [u8]>,
}

struct Builder<'b> {
    objects: &'b dyn ObjectDatabase,
    prefix: &'b RepoPath,
}

/// The changes at one name of a directory.
#[derive(Default)]
struct EntryChanges<'w, 'c> {
    /// The change to the file of that name.
    file: Option<&'w WantedFile<'c>>,
    /// The changes to files in the directory of that name.
    below: Vec<&'w WantedFile<'c>>,
}

impl<'w, 'c> EntryChanges<'w, 'c> {
    fn any(&self) -> &'w WantedFile<'c> {
        self.file.or_else(|| self.below.first().copied()).expect("every name has a change")
    }
}

impl Builder<'_> {
    /// The directory with its changes; none if nothing is left in it.
    fn directory(
        &self,
        path: &RepoPath,
        before: Option<&ObjectName>,
        wanted: &[&WantedFile<'_>],
    ) -> Result<Option<ObjectName>, BuildError> {
        let old = match before {
            Some(id) => self.objects.tree(id)?,
            None => Vec::new(),
        };
        let depth = path.segments().count();
        let mut names: BTreeMap<&str, EntryChanges<'_, '_>> = BTreeMap::new();
        for &one in wanted {
            let at = names.entry(one.rest[depth]).or_default();
            if one.rest.len() == depth + 1 { at.file = Some(one) } else { at.below.push(one) }
        }
        let mut entries = old.clone();
        for (name, at) in names {
            let place = entries.iter().position(|entry| entry.name == name.as_bytes());
            let made = self.entry(path, name, place.map(|place| &entries[place]), &at)?;
            match (place, made) {
                (Some(place), Some(made)) => entries[place] = made,
                (Some(place), None) => drop(entries.remove(place)),
                (None, Some(made)) => {
                    self.refuse_other_case(path, name, &entries, &at)?;
                    entries.push(made);
                }
                (None, None) => {}
            }
        }
        match before {
            Some(id) if entries == old => Ok(Some(id.clone())),
            _ if entries.is_empty() => Ok(None),
            _ => Ok(Some(self.objects.write_tree(&entries)?)),
        }
    }

    /// The entry at a name after its changes.
    fn entry(
        &self,
        directory: &RepoPath,
        name: &str,
        old: Option<&TreeEntry>,
        at: &EntryChanges<'_, '_>,
    ) -> Result<Option<TreeEntry>, BuildError> {
        let path = directory.child(name);
        if let Some(TreeEntry { mode: mode @ (FileMode::Link | FileMode::Submodule), .. }) = old {
            let what = if *mode == FileMode::Link { "a symbolic link" } else { "a submodule" };
            let other = self.shown(&path);
            return Err(BuildError::Elsewhere { path: self.shown(at.any().full), other, what });
        }
        let tree = old.filter(|entry| entry.mode == FileMode::Tree);
        let file = old.filter(|entry| entry.mode != FileMode::Tree);
        let below = match tree.filter(|_| at.below.is_empty()) {
            Some(tree) => Some(tree.id.clone()),
            None if at.below.is_empty() => None,
            None => self.directory(&path, tree.map(|tree| &tree.id), &at.below)?,
        };
        let file = match at.file {
            Some(wanted) => self.file(name, file, wanted)?,
            None => file.cloned(),
        };
        match (below, file) {
            (None, file) => Ok(file),
            (Some(id), None) if at.file.is_none() || !at.below.is_empty() => {
                Ok(Some(TreeEntry { name: name.into(), mode: FileMode::Tree, id }))
            }
            (Some(_), file) => {
                Err(self.clash(&path, at, file.is_some() && old.is_none_or(is_file)))
            }
        }
    }

    fn file(
        &self,
        name: &str,
        old: Option<&TreeEntry>,
        wanted: &WantedFile<'_>,
    ) -> Result<Option<TreeEntry>, BuildError> {
        let Some(bytes) = wanted.bytes else { return Ok(None) };
        let id = self.objects.write_blob(bytes)?;
        let mode = old.map_or(FileMode::File, |old| old.mode);
        Ok(Some(TreeEntry { name: name.into(), mode, id }))
    }

    /// Refuses a new name that differs from an existing one by case only: on a
    /// case-insensitive disk, only one of them could be checked out.
    fn refuse_other_case(
        &self,
        directory: &RepoPath,
        name: &str,
        entries: &[TreeEntry],
        at: &EntryChanges<'_, '_>,
    ) -> Result<(), BuildError> {
        let folded = name.to_lowercase();
        let same = |entry: &&TreeEntry| {
            std::str::from_utf8(&entry.name).is_ok_and(|other| other.to_lowercase() == folded)
        };
        let Some(other) = entries.iter().find(same) else { return Ok(()) };
        let other = directory.child(&String::from_utf8_lossy(&other.name));
        Err(BuildError::Case { path: self.shown(at.any().full), other: self.shown(&other) })
    }

    fn clash(&self, path: &RepoPath, at: &EntryChanges<'_, '_>, by_file: bool) -> BuildError {
        let wanted = if by_file { at.below.first().copied() } else { at.file };
        let wanted = wanted.unwrap_or_else(|| at.any());
        let what = if by_file { "a file" } else { "a directory" };
        BuildError::Clash { path: self.shown(wanted.full), other: self.shown(path), what }
    }

    /// The path as people know it: from the directory that holds `rungs.yaml`.
    fn shown(&self, full: &RepoPath) -> RepoPath {
        let below = full.below(self.prefix).and_then(|rest| RepoPath::new(rest).ok());
        below.unwrap_or_else(|| full.clone())
    }
}

fn is_file(entry: &TreeEntry) -> bool {
    entry.mode != FileMode::Tree
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::git::Commit;

    /// Objects in memory, with a list of what is read.
    #[derive(Default)]
    struct InMemory {
        trees: Mutex<HashMap<ObjectName, Vec<TreeEntry>>>,
        blobs: Mutex<HashMap<ObjectName, Vec<u8>>>,
        read: Mutex<Vec<ObjectName>>,
    }

    fn name_of(bytes: &[u8]) -> ObjectName {
        ObjectName::from_bytes(&Sha256::digest(bytes)).unwrap()
    }

    impl ObjectDatabase for InMemory {
        fn tree(&self, id: &ObjectName) -> Result<Vec<TreeEntry>, ObjectError> {
            self.read.lock().unwrap().push(id.clone());
            let trees = self.trees.lock().unwrap();
            trees.get(id).cloned().ok_or_else(|| ObjectError::Absent(id.clone()))
        }
        fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, ObjectError> {
            let blobs = self.blobs.lock().unwrap();
            blobs.get(id).cloned().ok_or_else(|| ObjectError::Absent(id.clone()))
        }
        fn blob_size(&self, id: &ObjectName) -> Result<u64, ObjectError> {
            self.blob(id).map(|bytes| bytes.len() as u64)
        }
        fn commit(&self, id: &ObjectName) -> Result<(Commit, ObjectName), ObjectError> {
            Err(ObjectError::Absent(id.clone()))
        }
        fn write_blob(&self, bytes: &[u8]) -> Result<ObjectName, ObjectError> {
            let id = name_of(bytes);
            self.blobs.lock().unwrap().insert(id.clone(), bytes.to_vec());
            Ok(id)
        }
        fn write_tree(&self, entries: &[TreeEntry]) -> Result<ObjectName, ObjectError> {
            let mut entries = entries.to_vec();
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            assert!(entries.windows(2).all(|two| two[0].name != two[1].name), "a name twice");
            let id = name_of(format!("{entries:?}").as_bytes());
            self.trees.lock().unwrap().insert(id.clone(), entries);
            Ok(id)
        }
        fn write_commit(&self, bytes: &[u8]) -> Result<ObjectName, ObjectError> {
            Ok(name_of(bytes))
        }
    }

    impl InMemory {
        fn empty(&self) -> ObjectName {
            self.write_tree(&[]).unwrap()
        }

        fn of(&self, files: &[(&str, &str)]) -> ObjectName {
            tree(self, &self.empty(), &RepoPath::root(), &changes(files)).unwrap()
        }

        fn files(&self, id: &ObjectName, below: &str, into: &mut BTreeMap<String, String>) {
            let entries = self.trees.lock().unwrap()[id].clone();
            for entry in entries {
                let path = format!("{below}{}", String::from_utf8(entry.name).unwrap());
                if entry.mode == FileMode::Tree {
                    assert!(!self.trees.lock().unwrap()[&entry.id].is_empty(), "{path} is empty");
                    self.files(&entry.id, &format!("{path}/"), into);
                } else {
                    let text = String::from_utf8(self.blob(&entry.id).unwrap()).unwrap();
                    into.insert(path, text);
                }
            }
        }

        fn listed(&self, id: &ObjectName) -> Vec<(String, String)> {
            let mut files = BTreeMap::new();
            self.files(id, "", &mut files);
            files.into_iter().collect()
        }
    }

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    /// `-` removes.
    fn changes(files: &[(&str, &str)]) -> FileChanges {
        let bytes = |text: &str| (text != "-").then(|| text.as_bytes().to_vec());
        files.iter().map(|(name, text)| (path(name), bytes(text))).collect()
    }

    fn changed(
        files: &[(&str, &str)],
        by: &[(&str, &str)],
    ) -> Result<Vec<(String, String)>, String> {
        let objects = InMemory::default();
        let base = objects.of(files);
        let made = tree(&objects, &base, &RepoPath::root(), &changes(by));
        made.map(|id| objects.listed(&id)).map_err(|error| error.to_string())
    }

    fn pairs(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn only_the_directories_on_the_way_are_read_and_the_rest_is_kept() {
        let objects = InMemory::default();
        let base = objects.of(&[("a/x/1", "1"), ("a/y/2", "2"), ("b/3", "3")]);
        objects.read.lock().unwrap().clear();
        let made = tree(&objects, &base, &path("a"), &changes(&[("x/1", "new")])).unwrap();
        assert_eq!(objects.read.lock().unwrap().len(), 3);
        assert_eq!(objects.listed(&made), pairs(&[("a/x/1", "new"), ("a/y/2", "2"), ("b/3", "3")]));
    }

    #[test]
    fn what_changes_nothing_is_the_same_tree() {
        let objects = InMemory::default();
        let base = objects.of(&[("a/x", "1"), ("b", "2")]);
        for nothing in [&[("a/x", "1")][..], &[("gone", "-")], &[("no/such/file", "-")], &[]] {
            assert_eq!(tree(&objects, &base, &RepoPath::root(), &changes(nothing)).unwrap(), base);
        }
    }

    #[test]
    fn directories_that_become_empty_are_removed() {
        let made = changed(&[("a/b/c/1", "1"), ("d", "2")], &[("a/b/c/1", "-")]).unwrap();
        assert_eq!(made, pairs(&[("d", "2")]));
        assert_eq!(changed(&[("a/b", "1")], &[("a/b", "-")]).unwrap(), []);
    }

    #[test]
    fn files_and_directories_do_not_take_each_others_place_by_accident() {
        let refused = changed(&[("a", "1")], &[("a/b", "2")]).unwrap_err();
        assert_eq!(refused, "`a/b` cannot be written: `a` is a file");
        let refused = changed(&[("a/b", "1")], &[("a", "2")]).unwrap_err();
        assert_eq!(refused, "`a` cannot be written: `a` is a directory");
        let refused = changed(&[("a/b", "1")], &[("a", "-")]).unwrap_err();
        assert_eq!(refused, "`a` cannot be written: `a` is a directory");
        let both = changed(&[], &[("a", "1"), ("a/b", "2")]).unwrap_err();
        assert_eq!(both, "`a/b` cannot be written: `a` is a file");
    }

    #[test]
    fn they_do_when_one_is_removed_for_the_other() {
        let to_directory = changed(&[("a", "1")], &[("a", "-"), ("a/b", "2")]).unwrap();
        assert_eq!(to_directory, pairs(&[("a/b", "2")]));
        let to_file = changed(&[("a/b", "1")], &[("a/b", "-"), ("a", "2")]).unwrap();
        assert_eq!(to_file, pairs(&[("a", "2")]));
    }

    #[test]
    fn names_that_differ_by_case_only_are_refused_if_one_is_new() {
        let refused = changed(&[("a/Web.yaml", "1")], &[("a/web.yaml", "2")]).unwrap_err();
        assert_eq!(refused, "`a/web.yaml` and `a/Web.yaml` differ by case only");
        let refused = changed(&[("Ä/x", "1")], &[("ä/y", "2")]).unwrap_err();
        assert_eq!(refused, "`ä/y` and `Ä` differ by case only");
        let renamed = changed(&[("Web", "1")], &[("Web", "-"), ("web", "2")]).unwrap();
        assert_eq!(renamed, pairs(&[("web", "2")]));
    }

    #[test]
    fn modes_are_kept_and_links_and_submodules_are_refused() {
        let objects = InMemory::default();
        let blob = objects.write_blob(b"1").unwrap();
        let entry = |name: &str, mode| TreeEntry { name: name.into(), mode, id: blob.clone() };
        let base = [
            entry("link", FileMode::Link),
            entry("run", FileMode::Executable),
            entry("sub", FileMode::Submodule),
        ];
        let base = objects.write_tree(&base).unwrap();
        let change = |by: &[(&str, &str)]| tree(&objects, &base, &RepoPath::root(), &changes(by));
        let made = objects.tree(&change(&[("run", "2"), ("new", "3")]).unwrap()).unwrap();
        let modes: Vec<_> =
            made.iter().map(|e| (String::from_utf8_lossy(&e.name).into_owned(), e.mode)).collect();
        assert!(modes.contains(&("run".to_owned(), FileMode::Executable)));
        assert!(modes.contains(&("new".to_owned(), FileMode::File)));
        for (name, what) in
            [("link", "a symbolic link"), ("link/x", "a symbolic link"), ("sub/x", "a submodule")]
        {
            for text in ["2", "-"] {
                let error = change(&[(name, text)]).unwrap_err();
                assert!(matches!(&error, BuildError::Elsewhere { what: is, .. } if *is == what));
                assert_eq!(error.finding().code.name, "change-through-link");
            }
        }
    }

    #[test]
    fn nothing_is_written_into_gits_own_directory() {
        for hostile in [".git/config", "a/.GIT/hooks/x", ".git", "git~1/x", "a/.git /x"] {
            let refused = changed(&[], &[(hostile, "1")]).unwrap_err();
            assert!(refused.ends_with("is in git's own directory"), "{hostile}: {refused}");
        }
    }

    fn strs(files: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
        files.iter().map(|(path, text)| (&**path, &**text)).collect()
    }

    proptest! {
        /// Small names, so that files and directories meet.
        #[test]
        fn a_tree_after_changes_has_the_files_that_a_map_would(
            before in proptest::collection::btree_map("[ab](/[ab]){0,2}", "[0-9]", 0..6),
            by in proptest::collection::btree_map("[ab](/[ab]){0,2}", "[0-9-]", 0..6),
        ) {
            let fits = |files: &BTreeMap<String, String>| files.keys().all(|path| {
                !files.keys().any(|other| other.starts_with(&format!("{path}/")))
            });
            prop_assume!(fits(&before));
            let mut after = before.clone();
            for (path, text) in &by {
                if text == "-" { after.remove(path); } else { after.insert(path.clone(), text.clone()); }
            }
            let is_directory = |path: &str| {
                before.keys().any(|other| other.starts_with(&format!("{path}/")))
            };
            let removes_directory = by.iter().any(|(path, text)| text == "-" && is_directory(path));
            match changed(&strs(&before), &strs(&by)) {
                Ok(made) => prop_assert_eq!(made, pairs(&strs(&after))),
                Err(_) => prop_assert!(!fits(&after) || removes_directory),
            }
        }
    }
}
