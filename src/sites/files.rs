//! Files of a model, each parsed once.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use crate::diagnostic::{Finding, Findings};
use crate::source::{RepoPath, SourceFile, Tree};
use crate::yaml::{Dialect, Value, parse};

/// So many texts of one file are kept parsed: history often returns to one that
/// it has shown shortly before.
const KEPT: usize = 4;

/// A file with what it says, which is read when it is first asked for.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) file: Arc<SourceFile>,
    documents: OnceLock<Result<Vec<Value>, Findings>>,
}

impl Parsed {
    pub(super) fn new(file: Arc<SourceFile>) -> Self {
        Self { file, documents: OnceLock::new() }
    }

    /// A file that cannot be read.
    fn unreadable(path: &RepoPath, finding: Finding) -> Self {
        let file = Arc::new(SourceFile::new(path.clone(), String::new()));
        Self { file, documents: OnceLock::from(Err(finding.into())) }
    }

    /// Its documents, or why it has none.
    pub(super) fn documents(&self) -> Result<&[Value], &Findings> {
        let documents = self.documents.get_or_init(|| parse(&self.file, Dialect::default()));
        documents.as_deref()
    }
}

/// Files by the path by which they were asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Files {
    current: BTreeMap<RepoPath, Arc<Parsed>>,
    earlier: HashMap<RepoPath, Vec<Arc<Parsed>>>,
}

impl Files {
    pub(super) fn get(&self, path: &RepoPath) -> Option<&Arc<Parsed>> {
        self.current.get(path)
    }

    /// The files directly in a directory.
    pub(super) fn in_directory(&self, directory: &RepoPath) -> impl Iterator<Item = &RepoPath> {
        let begin = if directory.is_root() { String::new() } else { format!("{directory}/") };
        let bounds = (Bound::Included(begin.as_str()), Bound::Unbounded);
        let from = self.current.range::<str, _>(bounds).map(|(path, _)| path);
        let within: Vec<_> = from.take_while(|path| path.as_str().starts_with(&begin)).collect();
        let direct = move |path: &&RepoPath| !path.as_str()[begin.len()..].contains('/');
        within.into_iter().filter(direct)
    }

    /// Reads a file of a tree; one that is not there is none.
    pub(super) fn read(&mut self, tree: &Tree, path: &RepoPath) {
        match tree.read_if_present(path) {
            Ok(file) => {
                self.put(path, file);
            }
            Err(error) => {
                let unreadable = Parsed::unreadable(path, Finding::of_read_error(&error, None));
                self.current.insert(path.clone(), Arc::new(unreadable));
            }
        }
    }

    /// Puts a file in the place of what was there; false where it says the same.
    pub(super) fn put(&mut self, path: &RepoPath, file: Option<Arc<SourceFile>>) -> bool {
        let before = self.current.remove(path);
        let Some(file) = file else {
            let was_there = before.is_some();
            self.keep(path, before);
            return was_there;
        };
        if let Some(same) = before.as_ref().filter(|before| is_same(before, &file)) {
            self.current.insert(path.clone(), Arc::clone(same));
            return false;
        }
        let kept = self.earlier.get(path).into_iter().flatten();
        let known = kept.filter(|kept| is_same(kept, &file)).map(Arc::clone).next();
        self.keep(path, before);
        self.current.insert(path.clone(), known.unwrap_or_else(|| Arc::new(Parsed::new(file))));
        true
    }

    fn keep(&mut self, path: &RepoPath, parsed: Option<Arc<Parsed>>) {
        let Some(parsed) = parsed else { return };
        let kept = self.earlier.entry(path.clone()).or_default();
        kept.retain(|other| !Arc::ptr_eq(other, &parsed));
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(parsed);
    }
}

/// A file that cannot be read is not the same as an empty one.
fn is_same(parsed: &Parsed, file: &SourceFile) -> bool {
    let is_readable = !parsed.file.text().is_empty() || parsed.documents().is_ok();
    is_readable && parsed.file.path() == file.path() && parsed.file.text() == file.text()
}
