//! Reading with links resolved and sizes bounded.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use super::dot_git::is_git;
use super::overlay::Overlay;
use super::path::is_segment;
use super::snapshot::Snapshot;
use super::{
    EntryKind, FileChanges, Position, ReadError, ReadErrorKind, RepoPath, SourceFile, Store,
    StoreEntry,
};

/// A larger file is refused by its size, before it is read.
pub const MAX_FILE_BYTES: u64 = 4 << 20;

/// As many links as Linux follows before it gives up.
const MAX_LINKS: usize = 40;

/// One name of a directory, links followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The path as it is named here, not where its link ends.
    pub path: RepoPath,
    /// Whether it is, or leads to, a directory.
    pub is_directory: bool,
}

/// One name of a directory, links followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name, one segment.
    pub name: String,
    /// Whether it is, or leads to, a directory.
    pub is_directory: bool,
}

/// The commits of a repository, as [`Tree`]s.
pub trait Revisions: Send + Sync {
    /// The files of the commit that a tag or an abbreviated or full commit id
    /// names: for the same revision always the same commit's.
    fn at(&self, revision: &str) -> Result<Tree, RevisionError>;
}

/// Why a revision's files cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RevisionError {
    /// The files are neither a commit's nor in a clone.
    #[error("there is no git repository to read revisions from")]
    NoRepository,
    /// A branch, which names another commit tomorrow.
    #[error("`{0}` is a branch, which moves; name a tag or a commit")]
    Branch(String),
    /// An abbreviation that more than one object's id begins with.
    #[error("more than one object's id begins with `{0}`")]
    Ambiguous(String),
    /// A tag or an id of something else.
    #[error("`{revision}` names a {found}, not a commit")]
    NotACommit {
        /// What was asked for.
        revision: String,
        /// Git's name for what is there, such as `blob`.
        found: String,
    },
    /// No commit of that name is in this clone.
    #[error("`{revision}` is not in this clone")]
    Absent {
        /// What was asked for.
        revision: String,
        /// The command that fetches it.
        fetch: String,
    },
    /// The clone cannot be opened. What is told to people is in the error, if
    /// that is a `Finding`.
    #[error("{0}")]
    Unopened(Arc<dyn std::error::Error + Send + Sync>),
    /// The object database failed.
    #[error("`{revision}` could not be read: {reason}")]
    Failed {
        /// What was asked for.
        revision: String,
        /// What git says.
        reason: String,
    },
}

/// A repository's files at one moment. Cheap to clone; clones share what was read
/// already.
#[derive(Clone)]
pub struct Tree {
    shared: Arc<Shared>,
    /// Not shared: a clone keeps the Trees of its commits, and would keep itself
    /// alive through them.
    revisions: Option<Arc<dyn Revisions>>,
}

struct Shared {
    store: Arc<dyn Store>,
    /// Files by the path where their links end.
    files: RwLock<HashMap<RepoPath, Arc<SourceFile>>>,
    /// What is at a path; directories are asked for again and again while
    /// the links on the way to each file are resolved.
    entries: RwLock<HashMap<RepoPath, Option<StoreEntry>>>,
    /// The names in each directory that was listed, in their order, with what is there.
    names: RwLock<HashMap<RepoPath, Vec<(String, EntryKind)>>>,
    /// Directories that are where their paths say: there is no link on the way.
    plain: RwLock<HashSet<RepoPath>>,
}

impl Tree {
    /// The files of `store`.
    pub fn new(store: impl Store + 'static) -> Self {
        Self::with_revisions(store, None)
    }

    /// The files of `store`, and the commits that [`Tree::at`] answers from.
    pub fn with_revisions(
        store: impl Store + 'static,
        revisions: Option<Arc<dyn Revisions>>,
    ) -> Self {
        Self::over(Arc::new(store), revisions)
    }

    fn over(store: Arc<dyn Store>, revisions: Option<Arc<dyn Revisions>>) -> Self {
        let shared = Shared {
            store,
            files: RwLock::default(),
            entries: RwLock::default(),
            names: RwLock::default(),
            plain: RwLock::default(),
        };
        Self { shared: Arc::new(shared), revisions }
    }

    /// These files with some of them changed. The result is not a commit.
    #[must_use]
    pub fn with_files(&self, files: FileChanges) -> Self {
        let overlay = Overlay::new(Arc::clone(&self.shared.store), files);
        Self::over(Arc::new(overlay), self.revisions.clone())
    }

    /// These files as they are when each is first read: what others change later
    /// is not noticed.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        let snapshot = Snapshot::new(Arc::clone(&self.shared.store));
        Self::over(Arc::new(snapshot), self.revisions.clone())
    }

    /// Whether these are the same files, read at the same moment.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// The store of these files, which neither resolves links nor keeps bounds.
    pub fn store(&self) -> &dyn Store {
        &*self.shared.store
    }

    /// The files of a commit of the same repository, from which the other
    /// commits are to be had in turn.
    pub fn at(&self, revision: &str) -> Result<Self, RevisionError> {
        let revisions = self.revisions.as_ref().ok_or(RevisionError::NoRepository)?;
        Ok(Self { revisions: Some(Arc::clone(revisions)), ..revisions.at(revision)? })
    }

    /// The same files, from which the commits of `revisions` are to be had.
    #[must_use]
    pub fn among(self, revisions: Arc<dyn Revisions>) -> Self {
        Self { revisions: Some(revisions), ..self }
    }

    /// The commit these files are of, in full; none for the work tree.
    pub fn revision(&self) -> Option<&str> {
        self.shared.store.revision()
    }

    /// A file's text. A file that is read twice is the same [`SourceFile`].
    pub fn read(&self, path: &RepoPath) -> Result<Arc<SourceFile>, ReadError> {
        let resolved = self.file_at(path)?;
        let cached = {
            let files = self.shared.files.read().unwrap_or_else(PoisonError::into_inner);
            files.get(&resolved).cloned()
        };
        if let Some(file) = cached {
            return Ok(file);
        }
        let bytes = self.bytes(path, &resolved)?;
        let text = String::from_utf8(bytes).map_err(|error| not_utf8(path, &error))?;
        let file = SourceFile::new(resolved.clone(), text).at(self.revision().map(str::to_owned));
        let file = file.of_content(self.shared.store.content(&resolved));
        let mut files = self.shared.files.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(files.entry(resolved).or_insert_with(|| Arc::new(file))))
    }

    /// A file's bytes, for what need not be text.
    pub fn read_bytes(&self, path: &RepoPath) -> Result<Vec<u8>, ReadError> {
        let resolved = self.file_at(path)?;
        self.bytes(path, &resolved)
    }

    /// Like [`Tree::read_bytes`], with none if nothing is there.
    pub fn bytes_if_present(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, ReadError> {
        match self.read_bytes(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ReadError { kind: ReadErrorKind::Missing, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Like [`Tree::read`], with none where nothing is there.
    pub fn read_if_present(&self, path: &RepoPath) -> Result<Option<Arc<SourceFile>>, ReadError> {
        match self.read(path) {
            Ok(file) => Ok(Some(file)),
            Err(ReadError { kind: ReadErrorKind::Missing, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is directly in a directory, by name. Links are followed; one that
    /// leads nowhere or out of the repository is listed as a file, so that
    /// whoever reads it is told why it cannot be. `.git` is left out.
    pub fn list(&self, directory: &RepoPath) -> Result<Vec<Listed>, ReadError> {
        let (resolved, entry) = self.resolve(directory)?;
        if entry != StoreEntry::Directory {
            return Err(error(directory, ReadErrorKind::NotADirectory));
        }
        let mut names = self.shared.store.list(&resolved).map_err(|kind| error(directory, kind))?;
        names.retain(|(name, _)| !is_git(name));
        names.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut listed = Vec::with_capacity(names.len());
        for (name, entry) in names {
            let path = directory
                .child_named(&name)
                .ok_or_else(|| error(directory, ReadErrorKind::name_not_a_segment(&name)))?;
            let is_directory = match &entry {
                StoreEntry::Link { .. } => self.leads_to_directory(&path),
                entry => *entry == StoreEntry::Directory,
            };
            self.remember(&resolved.child(&name), Some(entry));
            listed.push(Listed { path, is_directory });
        }
        Ok(listed)
    }

    /// As [`Tree::list`], without sizes, for which a disk would have to look at each
    /// file.
    pub fn names(&self, directory: &RepoPath) -> Result<Vec<Named>, ReadError> {
        let (resolved, entry) = self.resolve(directory)?;
        if entry != StoreEntry::Directory {
            return Err(error(directory, ReadErrorKind::NotADirectory));
        }
        let mut names =
            self.shared.store.names(&resolved).map_err(|kind| error(directory, kind))?;
        names.retain(|(name, _)| !is_git(name));
        names.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let followed = |(name, kind): (String, EntryKind)| {
            if !is_segment(&name) {
                return Err(error(directory, ReadErrorKind::name_not_a_segment(&name)));
            }
            let is_directory = match kind {
                EntryKind::Link => self.leads_to_directory(&directory.child(&name)),
                kind => kind == EntryKind::Directory,
            };
            Ok(Named { name, is_directory })
        };
        let all = names.iter().cloned().map(followed).collect();
        let mut listed = self.shared.names.write().unwrap_or_else(PoisonError::into_inner);
        listed.insert(resolved, names);
        all
    }

    /// The plain files directly in a directory, each with the name of its content, as
    /// [`SourceFile::content`] has it; none if the content of one is not known, if there is
    /// a link or a submodule among them, or if a link leads to the directory.
    pub fn contents(&self, directory: &RepoPath) -> Option<Vec<(String, String)>> {
        let (resolved, entry) = self.resolve(directory).ok()?;
        let is_there = entry == StoreEntry::Directory && resolved == *directory;
        is_there.then(|| self.shared.store.contents(directory)).flatten()
    }

    fn leads_to_directory(&self, link: &RepoPath) -> bool {
        self.resolve(link).is_ok_and(|(_, entry)| entry == StoreEntry::Directory)
    }

    /// Whether a directory is there.
    pub fn has_directory(&self, path: &RepoPath) -> Result<bool, ReadError> {
        match self.resolve(path) {
            Ok((_, entry)) => Ok(entry == StoreEntry::Directory),
            Err(ReadError { kind: ReadErrorKind::Missing, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn file_at(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        match self.resolve(path)? {
            (_, StoreEntry::File { size: Some(size) }) if size > MAX_FILE_BYTES => {
                Err(error(path, ReadErrorKind::TooLarge { size }))
            }
            (resolved, StoreEntry::File { .. }) => Ok(resolved),
            _ => Err(error(path, ReadErrorKind::NotAFile)),
        }
    }

    fn bytes(&self, path: &RepoPath, resolved: &RepoPath) -> Result<Vec<u8>, ReadError> {
        let bytes = self.shared.store.read(resolved).map_err(|kind| error(path, kind))?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(error(path, ReadErrorKind::TooLarge { size: bytes.len() as u64 }));
        }
        Ok(bytes)
    }

    /// Where the links on the way to `path` end, and what is there.
    fn resolve(&self, path: &RepoPath) -> Result<(RepoPath, StoreEntry), ReadError> {
        let (directory, name) = path.split();
        let is_plain = {
            let plain = self.shared.plain.read().unwrap_or_else(PoisonError::into_inner);
            plain.contains(directory)
        };
        if !is_plain || is_git(name) {
            return self.follow(path);
        }
        match self.entry(path).map_err(|kind| error(path, kind))? {
            Some(StoreEntry::Link { .. }) => self.follow(path),
            Some(entry) => Ok((path.clone(), entry)),
            None => Err(error(path, ReadErrorKind::Missing)),
        }
    }

    /// Follows every link on the way to `path`.
    fn follow(&self, path: &RepoPath) -> Result<(RepoPath, StoreEntry), ReadError> {
        let mut waiting: Vec<String> = path.segments().rev().map(str::to_owned).collect();
        let mut at = RepoPath::root();
        let mut entry = StoreEntry::Directory;
        let mut links = 0;
        while let Some(segment) = waiting.pop() {
            if is_git(&segment) {
                return Err(error(path, ReadErrorKind::Git));
            }
            if segment == ".." {
                at = at.parent().ok_or_else(|| error(path, ReadErrorKind::Missing))?;
                entry = StoreEntry::Directory;
                continue;
            }
            let next = at.child(&segment);
            let found = self.entry(&next).map_err(|kind| error(path, kind))?;
            match found {
                Some(StoreEntry::Link { target }) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(error(path, ReadErrorKind::LinkLoop));
                    }
                    // The link is relative to its own directory, whose links are resolved already.
                    if at.join(&target).is_err() {
                        return Err(error(path, ReadErrorKind::Outside { link: next, target }));
                    }
                    let segments = target.split('/').filter(|s| !s.is_empty() && *s != ".");
                    waiting.extend(segments.rev().map(str::to_owned));
                    entry = StoreEntry::Directory;
                }
                Some(found) if found == StoreEntry::Directory || waiting.is_empty() => {
                    at = next;
                    entry = found;
                }
                // Nothing is there, or nothing can be below it.
                _ => return Err(error(path, ReadErrorKind::Missing)),
            }
        }
        if links == 0
            && let Some(directory) = path.parent()
        {
            let mut plain = self.shared.plain.write().unwrap_or_else(PoisonError::into_inner);
            plain.insert(directory);
        }
        Ok((at, entry))
    }

    /// Whether a directory is at a path, and no link on the way to it. Whoever asks may have
    /// made the path up, so nothing below the first that is not there is looked at.
    pub(super) fn is_plain(&self, directory: &RepoPath) -> Result<bool, ReadErrorKind> {
        let is_known = {
            let plain = self.shared.plain.read().unwrap_or_else(PoisonError::into_inner);
            plain.contains(directory)
        };
        if is_known {
            return Ok(true);
        }
        let mut at = RepoPath::root();
        for segment in directory.segments() {
            at = at.child(segment);
            // What is not there is not remembered: a stranger may ask for it without end.
            if self.shared.store.entry(&at)? != Some(StoreEntry::Directory) {
                return Ok(false);
            }
            let mut plain = self.shared.plain.write().unwrap_or_else(PoisonError::into_inner);
            plain.insert(at.clone());
        }
        Ok(true)
    }

    fn entry(&self, path: &RepoPath) -> Result<Option<StoreEntry>, ReadErrorKind> {
        {
            let entries = self.shared.entries.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = entries.get(path) {
                return Ok(entry.clone());
            }
        }
        if let Some(entry) = self.listed_entry(path) {
            return Ok(Some(entry));
        }
        let entry = self.shared.store.entry(path)?;
        self.remember(path, entry.clone());
        Ok(entry)
    }

    /// The file or directory at a path whose directory was listed. That a name was not
    /// listed says nothing: some disks know a file by several spellings of its name.
    fn listed_entry(&self, path: &RepoPath) -> Option<StoreEntry> {
        let (directory, name) = path.split();
        let listed = self.shared.names.read().unwrap_or_else(PoisonError::into_inner);
        let names = listed.get(directory)?;
        let at = names.binary_search_by(|(one, _)| one.as_str().cmp(name)).ok()?;
        match names[at].1 {
            EntryKind::File => Some(StoreEntry::File { size: None }),
            EntryKind::Directory => Some(StoreEntry::Directory),
            EntryKind::Link | EntryKind::Other => None,
        }
    }

    fn remember(&self, path: &RepoPath, entry: Option<StoreEntry>) {
        let mut entries = self.shared.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(path.clone(), entry);
    }
}

fn error(path: &RepoPath, kind: ReadErrorKind) -> ReadError {
    ReadError { path: path.clone(), kind }
}

fn not_utf8(path: &RepoPath, wrong: &std::string::FromUtf8Error) -> ReadError {
    let valid = &wrong.as_bytes()[..wrong.utf8_error().valid_up_to()];
    let text = String::from_utf8_lossy(valid).into_owned();
    let offset = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let Position { line, column } = SourceFile::new(path.clone(), text).position(offset);
    error(path, ReadErrorKind::NotUtf8 { line, column })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn kind(result: Result<Arc<SourceFile>, ReadError>) -> ReadErrorKind {
        result.expect_err("must be refused").kind
    }

    #[test]
    fn links_are_followed_within_the_repository() {
        let mut memory = Memory::of([("shared/web/a.yaml", "a: 1\n")]);
        memory.link(path("templates/web"), "../shared/web");
        let tree = Tree::new(memory);
        let file = tree.read(&path("templates/web/a.yaml")).unwrap();
        assert_eq!(file.text(), "a: 1\n");
        assert_eq!(file.path(), &path("shared/web/a.yaml"));
    }

    #[test]
    fn names_are_those_that_a_listing_has() {
        let mut memory = Memory::of([("a/file", ""), ("a/b/file", ""), ("a/.git/config", "")]);
        memory.link(path("a/to-directory"), "b");
        memory.link(path("a/to-file"), "file");
        memory.link(path("a/to-nothing"), "../../outside");
        let tree = Tree::new(memory);
        let listed = tree.list(&path("a")).unwrap();
        let listed = listed.iter().map(|one| (one.path.name().to_owned(), one.is_directory));
        let found = tree.names(&path("a")).unwrap().into_iter();
        assert!(found.map(|one| (one.name, one.is_directory)).eq(listed));
        assert!(matches!(
            tree.names(&path("a/file")).unwrap_err().kind,
            ReadErrorKind::NotADirectory
        ));
    }

    #[test]
    fn links_out_of_the_repository_are_refused() {
        let mut memory = Memory::of([("a/b/c", "")]);
        memory.link(path("up"), "../outside");
        memory.link(path("absolute"), "/etc/passwd");
        memory.link(path("a/b/far"), "../../../outside");
        let tree = Tree::new(memory);
        for link in ["up", "absolute", "a/b/far"] {
            assert!(
                matches!(kind(tree.read(&path(link))), ReadErrorKind::Outside { .. }),
                "{link}"
            );
        }
    }

    #[test]
    fn links_that_go_round_end() {
        let mut memory = Memory::new();
        memory.link(path("a"), "b");
        memory.link(path("b"), "a");
        assert!(matches!(kind(Tree::new(memory).read(&path("a"))), ReadErrorKind::LinkLoop));
    }

    #[test]
    fn git_is_unreadable_by_any_of_its_names() {
        let mut memory = Memory::of([(".git/config", "secret"), ("sub/.git/config", "secret")]);
        memory.link(path("link"), ".git/config");
        let tree = Tree::new(memory);
        for name in [".git/config", ".GIT/config", "sub/.git/config", "link", "git~1/config"] {
            assert!(matches!(kind(tree.read(&path(name))), ReadErrorKind::Git), "{name}");
        }
        assert!(tree.list(&RepoPath::root()).unwrap().iter().all(|l| l.path.name() != ".git"));
    }

    #[test]
    fn a_large_file_is_refused_by_its_size() {
        let mut memory = Memory::new();
        memory.insert(path("big"), vec![b' '; usize::try_from(MAX_FILE_BYTES).unwrap() + 1]);
        assert!(matches!(
            kind(Tree::new(memory).read(&path("big"))),
            ReadErrorKind::TooLarge { .. }
        ));
    }

    #[test]
    fn what_was_listed_is_read_as_if_it_had_not_been() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(root.path().join(name), bytes);
        let size = MAX_FILE_BYTES + 1;
        write("big", &vec![b' '; usize::try_from(size).unwrap()]).unwrap();
        write("file", b"a: 1\n").unwrap();
        write("empty", b"").unwrap();
        std::os::unix::fs::symlink("file", root.path().join("link")).unwrap();
        std::os::unix::fs::symlink("/etc", root.path().join("outside")).unwrap();
        let listed = Tree::new(super::super::Disk::new(root.path()));
        let names = listed.names(&RepoPath::root()).unwrap();
        for name in names.iter().map(|one| one.name.as_str()).chain(["absent", "file/below"]) {
            let fresh = Tree::new(super::super::Disk::new(root.path()));
            let read = |tree: &Tree| match tree.read(&path(name)) {
                Ok(file) => format!("{} {:?}", file.path(), file.text()),
                Err(error) => error.to_string(),
            };
            assert_eq!(read(&listed), read(&fresh), "{name}");
        }
    }

    #[test]
    fn what_is_not_utf8_says_where() {
        let mut memory = Memory::new();
        memory.insert(path("latin1"), b"a: 1\nb: gr\xfc\xdf\n".to_vec());
        assert!(matches!(
            kind(Tree::new(memory).read(&path("latin1"))),
            ReadErrorKind::NotUtf8 { line: 2, column: 6 }
        ));
    }

    use super::super::Memory;
}
