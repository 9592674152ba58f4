//! Reading with links resolved, sizes bounded and everything recorded.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::{Entry, Position, ReadError, ReadErrorKind, RepoPath, SourceFile, Store};

/// A larger file is refused by its size, before it is read.
pub const MAX_FILE_BYTES: u64 = 4 << 20;

/// As many links as Linux follows before it gives up.
const MAX_LINKS: usize = 40;

/// Everything that was asked of a [`Tree`]: what a change affects is whatever
/// read, listed or missed one of its paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Files that were read, where their links ended.
    pub read: BTreeSet<RepoPath>,
    /// Directories that were listed.
    pub listed: BTreeSet<RepoPath>,
    /// Paths that were asked for and not there.
    pub missed: BTreeSet<RepoPath>,
    /// Links that were followed.
    pub followed: BTreeSet<RepoPath>,
}

impl Access {
    /// Adds what another record holds.
    pub fn absorb(&mut self, other: Self) {
        self.read.extend(other.read);
        self.listed.extend(other.listed);
        self.missed.extend(other.missed);
        self.followed.extend(other.followed);
    }

    /// Whether a change to `path` can change what was answered.
    pub fn is_affected_by(&self, path: &RepoPath) -> bool {
        let listed_parent = path.parent().is_some_and(|parent| self.listed.contains(&parent));
        let within = |set: &BTreeSet<RepoPath>| {
            set.iter().any(|at| at.is_within(path) || path.is_within(at))
        };
        self.read.contains(path) || listed_parent || within(&self.missed) || within(&self.followed)
    }
}

/// One name of a directory, links followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The path as it is named here, not where its link ends.
    pub path: RepoPath,
    /// Whether it is, or leads to, a directory.
    pub is_directory: bool,
}

/// The commits of a repository, as [`Tree`]s.
pub trait Revisions: Send + Sync {
    /// The files of the commit that a tag or an abbreviated or full commit id
    /// names.
    fn at(&self, revision: &str) -> Result<Tree, RevisionError>;
}

/// Why a revision's files cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RevisionError {
    /// The files are no commit's and in no clone.
    #[error("there is no git repository to read revisions from")]
    NoRepository,
    /// A branch, which names another commit tomorrow.
    #[error("`{0}` is a branch, which moves; name a tag or a commit")]
    Branch(String),
    /// No commit of that name is in this clone.
    #[error("`{revision}` is not in this clone")]
    Absent {
        /// What was asked for.
        revision: String,
        /// The command that fetches it.
        fetch: String,
    },
    /// The object database failed.
    #[error("`{revision}` could not be read: {reason}")]
    Failed {
        /// What was asked for.
        revision: String,
        /// What git says.
        reason: String,
    },
}

/// A repository's files at one moment. Cheap to clone; clones share what was
/// read already, and each [`Tree::recording`] keeps a record of its own.
#[derive(Clone)]
pub struct Tree {
    shared: Arc<Shared>,
    access: Arc<Mutex<Access>>,
}

struct Shared {
    store: Box<dyn Store>,
    revisions: Option<Arc<dyn Revisions>>,
    /// Files by the path where their links end.
    files: RwLock<HashMap<RepoPath, Arc<SourceFile>>>,
    /// What stands at a path; directories are asked for again and again while
    /// the links on the way to each file are resolved.
    entries: RwLock<BTreeMap<RepoPath, Option<Entry>>>,
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
        Self {
            shared: Arc::new(Shared {
                store: Box::new(store),
                revisions,
                files: RwLock::default(),
                entries: RwLock::default(),
            }),
            access: Arc::default(),
        }
    }

    /// The files of a commit of the same repository.
    pub fn at(&self, revision: &str) -> Result<Self, RevisionError> {
        let revisions = self.shared.revisions.as_ref().ok_or(RevisionError::NoRepository)?;
        revisions.at(revision)
    }

    /// The same files with an empty record.
    #[must_use]
    pub fn recording(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), access: Arc::default() }
    }

    /// What was asked for so far.
    pub fn access(&self) -> Access {
        self.access.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds another record to this one's, so that a part's reads count for the whole.
    pub fn absorb(&self, access: Access) {
        self.record(|own| own.absorb(access));
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
        let mut files = self.shared.files.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(files.entry(resolved).or_insert_with(|| Arc::new(file))))
    }

    /// A file's bytes, for what need not be text.
    pub fn read_bytes(&self, path: &RepoPath) -> Result<Vec<u8>, ReadError> {
        let resolved = self.file_at(path)?;
        self.bytes(path, &resolved)
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
        if entry != Entry::Directory {
            return Err(error(directory, ReadErrorKind::NotADirectory));
        }
        let mut names = self.shared.store.list(&resolved).map_err(|kind| error(directory, kind))?;
        names.retain(|(name, _)| !is_git(name));
        names.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.record(|access| {
            access.listed.insert(resolved.clone());
        });
        let mut listed = Vec::with_capacity(names.len());
        for (name, entry) in names {
            let path = directory.child(&name);
            let is_directory = match &entry {
                Entry::Link { .. } => {
                    self.resolve(&path).is_ok_and(|(_, entry)| entry == Entry::Directory)
                }
                entry => *entry == Entry::Directory,
            };
            self.remember(&resolved.child(&name), Some(entry));
            listed.push(Listed { path, is_directory });
        }
        Ok(listed)
    }

    /// Whether a directory is there.
    pub fn has_directory(&self, path: &RepoPath) -> Result<bool, ReadError> {
        match self.resolve(path) {
            Ok((_, entry)) => Ok(entry == Entry::Directory),
            Err(ReadError { kind: ReadErrorKind::Missing, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn file_at(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        match self.resolve(path)? {
            (_, Entry::File { size }) if size > MAX_FILE_BYTES => {
                Err(error(path, ReadErrorKind::TooLarge { size }))
            }
            (resolved, Entry::File { .. }) => {
                self.record(|access| {
                    access.read.insert(resolved.clone());
                });
                Ok(resolved)
            }
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

    /// Follows every link on the way to `path`.
    fn resolve(&self, path: &RepoPath) -> Result<(RepoPath, Entry), ReadError> {
        let mut waiting: Vec<String> = path.segments().rev().map(str::to_owned).collect();
        let mut at = RepoPath::root();
        let mut entry = Entry::Directory;
        let mut links = 0;
        while let Some(segment) = waiting.pop() {
            if is_git(&segment) {
                return Err(error(path, ReadErrorKind::Git));
            }
            if segment == ".." {
                at = at.parent().ok_or_else(|| error(path, ReadErrorKind::Missing))?;
                entry = Entry::Directory;
                continue;
            }
            let next = at.child(&segment);
            let Some(found) = self.entry(&next).map_err(|kind| error(path, kind))? else {
                self.record(|access| {
                    access.missed.insert(next);
                });
                return Err(error(path, ReadErrorKind::Missing));
            };
            if let Entry::Link { target } = found {
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
                self.record(|access| {
                    access.followed.insert(next);
                });
                entry = Entry::Directory;
            } else {
                if found != Entry::Directory && !waiting.is_empty() {
                    return Err(error(path, ReadErrorKind::Missing));
                }
                at = next;
                entry = found;
            }
        }
        Ok((at, entry))
    }

    fn entry(&self, path: &RepoPath) -> Result<Option<Entry>, ReadErrorKind> {
        {
            let entries = self.shared.entries.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = entries.get(path) {
                return Ok(entry.clone());
            }
        }
        let entry = self.shared.store.entry(path)?;
        self.remember(path, entry.clone());
        Ok(entry)
    }

    fn remember(&self, path: &RepoPath, entry: Option<Entry>) {
        let mut entries = self.shared.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(path.clone(), entry);
    }

    fn record(&self, add: impl FnOnce(&mut Access)) {
        add(&mut self.access.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Git's directory by any spelling that a disk without case, or with HFS's or
/// NTFS's other names for it, would take for it.
fn is_git(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !is_ignorable(*c)).collect();
    plain.eq_ignore_ascii_case(".git") || plain.eq_ignore_ascii_case("git~1")
}

/// Code points that HFS+ drops from names (Git's `is_hfs_dotgit`).
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
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
        assert_eq!(tree.read(&path("templates/web/a.yaml")).unwrap().text(), "a: 1\n");
        let access = tree.access();
        assert!(access.read.contains("shared/web/a.yaml"));
        assert!(access.is_affected_by(&path("templates/web")));
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
    fn what_is_not_utf8_says_where() {
        let mut memory = Memory::new();
        memory.insert(path("latin1"), b"a: 1\nb: gr\xfc\xdf\n".to_vec());
        assert!(matches!(
            kind(Tree::new(memory).read(&path("latin1"))),
            ReadErrorKind::NotUtf8 { line: 2, column: 6 }
        ));
    }

    #[test]
    fn misses_are_recorded_so_that_a_new_file_counts_as_a_change() {
        let tree = Tree::new(Memory::of([("a/x", "")]));
        assert!(tree.read_if_present(&path("a/values.yaml")).unwrap().is_none());
        assert!(tree.access().is_affected_by(&path("a/values.yaml")));
        assert!(!tree.access().is_affected_by(&path("b")));
    }

    use super::super::Memory;
}
