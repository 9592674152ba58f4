//! Searching everything below a directory, and coming to an end.

use super::{Listed, Named, ReadError, ReadErrorKind, RepoPath, Tree};

/// Directories deeper below the one that is searched are taken for a link that
/// goes round.
pub(crate) const MAX_DEPTH: usize = 16;

/// Directories that one search lists. Depth alone does not bound a search: ten
/// links on each of sixteen levels lead along 10^16 paths.
pub(crate) const MAX_DIRECTORIES: usize = 10_000;

/// A search through directories that ends whatever links there are.
///
/// It keeps the structure of the directories; [`Tree::walk`] returns the files
/// alone.
pub struct DirectoryWalk<'t> {
    tree: &'t Tree,
    /// Segments of the directory that is searched.
    base: usize,
    listed: usize,
    has_ended: bool,
}

impl<'t> DirectoryWalk<'t> {
    /// A search below `root`, with nothing listed yet.
    pub fn new(tree: &'t Tree, root: &RepoPath) -> Self {
        Self { tree, base: root.segments().count(), listed: 0, has_ended: false }
    }

    /// What is directly in a directory, as [`Tree::list`] says it.
    ///
    /// The first directory beyond `MAX_DEPTH` or `MAX_DIRECTORIES` is an
    /// error and ends the search: listings after it are empty, so that the same
    /// error is not reported again.
    pub fn list(&mut self, directory: &RepoPath) -> Result<Vec<Listed>, ReadError> {
        self.enter(directory, Tree::list)
    }

    /// The names directly in a directory, as [`Tree::names`] says them, with
    /// the same end as [`DirectoryWalk::list`].
    pub fn names(&mut self, directory: &RepoPath) -> Result<Vec<Named>, ReadError> {
        self.enter(directory, Tree::names)
    }

    fn enter<T>(
        &mut self,
        directory: &RepoPath,
        list: impl Fn(&Tree, &RepoPath) -> Result<Vec<T>, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        if self.has_ended {
            return Ok(Vec::new());
        }
        let end = if directory.segments().count() > self.base + MAX_DEPTH {
            ReadErrorKind::TooDeep
        } else if self.listed == MAX_DIRECTORIES {
            ReadErrorKind::TooManyDirectories
        } else {
            self.listed += 1;
            return list(self.tree, directory);
        };
        self.has_ended = true;
        Err(ReadError { path: directory.clone(), kind: end })
    }
}

impl Tree {
    /// The files below `root`, each directory's in the order of their names.
    /// Directories that `enters` refuses are passed over.
    ///
    /// # Errors
    ///
    /// Every directory that cannot be listed, and where the search was ended.
    pub fn walk(
        &self,
        root: &RepoPath,
        enters: impl Fn(&RepoPath) -> bool,
    ) -> Result<Vec<RepoPath>, Vec<ReadError>> {
        let mut walk = DirectoryWalk::new(self, root);
        let mut files = Vec::new();
        let mut errors = Vec::new();
        let mut waiting = vec![Listed { path: root.clone(), is_directory: true }];
        while let Some(Listed { path, is_directory }) = waiting.pop() {
            if !is_directory {
                files.push(path);
                continue;
            }
            if path != *root && !enters(&path) {
                continue;
            }
            match walk.list(&path) {
                // The last is taken first.
                Ok(listed) => waiting.extend(listed.into_iter().rev()),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(files) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn kinds(memory: Memory) -> Vec<ReadErrorKind> {
        let errors = Tree::new(memory).walk(&path("root"), |_| true).unwrap_err();
        errors.into_iter().map(|error| error.kind).collect()
    }

    #[test]
    fn files_come_in_the_order_of_their_names() {
        let tree = Tree::new(Memory::of([
            ("root/b/1", ""),
            ("root/a/2", ""),
            ("root/a/1", ""),
            ("root/ab", ""),
            ("root/skipped/1", ""),
            ("rooted", ""),
        ]));
        let files = tree.walk(&path("root"), |directory| directory.name() != "skipped").unwrap();
        let names: Vec<_> = files.iter().map(RepoPath::as_str).collect();
        assert_eq!(names, ["root/a/1", "root/a/2", "root/ab", "root/b/1"]);
    }

    #[test]
    fn two_links_to_their_own_directory_end_at_once() {
        let mut memory = Memory::new();
        memory.link(path("root/a"), ".");
        memory.link(path("root/b"), ".");
        assert!(matches!(kinds(memory)[..], [ReadErrorKind::TooDeep]));
    }

    #[test]
    fn ten_links_on_each_level_end_by_their_number() {
        let mut memory = Memory::of([("levels/15/file", "")]);
        for level in 0..15 {
            for link in 0..10 {
                memory.link(path(&format!("levels/{level}/{link}")), &format!("../{}", level + 1));
            }
        }
        memory.link(path("root"), "levels/0");
        assert!(matches!(kinds(memory)[..], [ReadErrorKind::TooManyDirectories]));
    }

    #[test]
    fn as_many_levels_as_are_allowed_are_searched() {
        let deepest = format!("root{}/file", "/d".repeat(MAX_DEPTH));
        let tree = Tree::new(Memory::of([(&*deepest, "")]));
        assert_eq!(tree.walk(&path("root"), |_| true).unwrap(), [path(&deepest)]);
    }
}
