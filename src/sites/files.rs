//! The files of a model: those that patterns match, each parsed once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::slice;
use std::sync::{Arc, OnceLock};

use crate::config::{
    CLUSTER_PLACEHOLDER, ENVIRONMENT_PLACEHOLDER, FilePattern, PathPattern, PatternTree, ReadFile,
};
use crate::diagnostic::{Finding, Findings, nearest};
use crate::source::{ReadError, ReadErrorKind, RepoPath, SourceFile, Tree, may_have_secrets};
use crate::yaml::{Dialect, Value, mark_secrets, parse};

/// The number of earlier texts of one file that are kept parsed: history often
/// returns to one that it had shortly before.
const KEPT: usize = 4;

/// A file with its documents, which are parsed when they are first needed.
#[derive(Debug)]
pub(super) struct ParsedFile {
    pub(super) file: Arc<SourceFile>,
    documents: OnceLock<Result<Documents, Findings>>,
}

/// The documents of a file.
#[derive(Debug)]
enum Documents {
    /// All that it has.
    Own(Vec<Value>),
    /// The one that the configuration was read from.
    OfConfiguration(Arc<Value>),
}

impl ParsedFile {
    pub(super) fn new(file: Arc<SourceFile>) -> Self {
        Self { file, documents: OnceLock::new() }
    }

    /// A file that cannot be read.
    fn unreadable(path: &RepoPath, finding: Finding) -> Self {
        let file = Arc::new(SourceFile::new(path.clone(), String::new()));
        Self { file, documents: OnceLock::from(Err(finding.into())) }
    }

    /// A file that the configuration was loaded from.
    fn of_configuration(read: &ReadFile) -> Self {
        let document = Documents::OfConfiguration(Arc::clone(&read.document));
        Self { file: Arc::clone(&read.file), documents: OnceLock::from(Ok(document)) }
    }

    /// Its documents, or why it has none.
    pub(super) fn documents(&self) -> Result<&[Value], &Findings> {
        match self.documents.get_or_init(|| self.parse()).as_ref()? {
            Documents::Own(documents) => Ok(documents),
            Documents::OfConfiguration(document) => Ok(slice::from_ref(document)),
        }
    }

    fn parse(&self) -> Result<Documents, Findings> {
        let documents = parse(&self.file, Dialect::default())?;
        if may_have_secrets(self.file.text()) {
            for document in &documents {
                mark_secrets(document.root());
            }
        }
        Ok(Documents::Own(documents))
    }
}

/// Files by the path by which they were read: by directory and by the name in it, so
/// that one of many in a known directory is found without making its path.
#[derive(Debug, Clone, Default)]
pub(super) struct ParsedFiles {
    current: HashMap<RepoPath, HashMap<Arc<str>, Arc<ParsedFile>>>,
    /// Whether one of them is, or was, read through a link.
    has_links: bool,
    earlier: HashMap<RepoPath, Vec<Arc<ParsedFile>>>,
}

impl ParsedFiles {
    pub(super) fn get(&self, path: &RepoPath) -> Option<&Arc<ParsedFile>> {
        let (directory, name) = path.split();
        self.current.get(directory)?.get(name)
    }

    /// The file of that name in a directory.
    pub(super) fn get_in(&self, directory: &RepoPath, name: &str) -> Option<&Arc<ParsedFile>> {
        self.current.get(directory)?.get(name)
    }

    /// Whether each file is where the path by which it was read says.
    pub(super) fn are_without_links(&self) -> bool {
        !self.has_links
    }

    /// The files at these paths, if they are there.
    pub(super) fn only(&self, paths: impl IntoIterator<Item = RepoPath>) -> Self {
        let mut only = Self::default();
        for path in paths {
            if let Some(file) = self.get(&path) {
                only.insert(&path, Arc::clone(file));
            }
        }
        only
    }

    /// The names of all files' contents; none if one has none, or is read through a link,
    /// whose target changes without it.
    pub(super) fn contents(&self) -> Option<BTreeMap<RepoPath, String>> {
        let files = self.current.iter().flat_map(|(directory, files)| {
            files.iter().map(|(name, parsed)| (directory.child(name), parsed))
        });
        let content = |(path, parsed): (RepoPath, &Arc<ParsedFile>)| {
            let content = parsed.file.content().filter(|_| *parsed.file.path() == path)?;
            Some((path, content.to_owned()))
        };
        files.map(content).collect()
    }

    /// The names of the files directly in a directory.
    pub(super) fn in_directory(&self, directory: &RepoPath) -> impl Iterator<Item = &str> {
        self.current.get(directory).into_iter().flat_map(HashMap::keys).map(|name| &**name)
    }

    /// Reads a file of a tree, if it is there.
    pub(super) fn read(&mut self, tree: &Tree, path: &RepoPath) {
        match tree.read_if_present(path) {
            Ok(file) => {
                self.put(path, file);
            }
            // As if it had not been listed, which a directory is not.
            Err(error) if is_directory(tree, &error) => {}
            Err(error) => {
                let unreadable = ParsedFile::unreadable(path, Finding::of_read_error(&error, None));
                self.insert(path, Arc::new(unreadable));
            }
        }
    }

    /// Notes a file that is not there, although it was listed.
    pub(super) fn miss(&mut self, path: &RepoPath) {
        let error = ReadError { path: path.clone(), kind: ReadErrorKind::Missing };
        let unreadable = ParsedFile::unreadable(path, Finding::of_read_error(&error, None));
        self.insert(path, Arc::new(unreadable));
    }

    /// Takes a file that the configuration was loaded from.
    pub(super) fn take(&mut self, read: &ReadFile) {
        self.insert(&read.path, Arc::new(ParsedFile::of_configuration(read)));
    }

    /// Replaces a file. Returns false if its text is the same as before.
    pub(super) fn put(&mut self, path: &RepoPath, file: Option<Arc<SourceFile>>) -> bool {
        let Some(file) = file else {
            let before = self.remove(path);
            let was_there = before.is_some();
            self.keep(path, before);
            return was_there;
        };
        if self.get(path).is_some_and(|before| is_same(before, &file)) {
            return false;
        }
        let kept = self.earlier.get(path).into_iter().flatten();
        let known = kept.filter(|kept| is_same(kept, &file)).map(Arc::clone).next();
        let before = self.insert(path, known.unwrap_or_else(|| Arc::new(ParsedFile::new(file))));
        self.keep(path, before);
        true
    }

    fn insert(&mut self, path: &RepoPath, parsed: Arc<ParsedFile>) -> Option<Arc<ParsedFile>> {
        let (directory, name) = path.split();
        self.has_links |= parsed.file.path() != path;
        if let Some(files) = self.current.get_mut(directory) {
            return files.insert(name.into(), parsed);
        }
        let directory = path.parent().unwrap_or_else(RepoPath::root);
        self.current.insert(directory, HashMap::from([(name.into(), parsed)]));
        None
    }

    fn remove(&mut self, path: &RepoPath) -> Option<Arc<ParsedFile>> {
        let (directory, name) = path.split();
        self.current.get_mut(directory)?.remove(name)
    }

    fn keep(&mut self, path: &RepoPath, parsed: Option<Arc<ParsedFile>>) {
        let Some(parsed) = parsed else { return };
        let kept = self.earlier.entry(path.clone()).or_default();
        kept.retain(|other| !Arc::ptr_eq(other, &parsed));
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(parsed);
    }
}

fn is_directory(tree: &Tree, error: &ReadError) -> bool {
    matches!(error.kind, ReadErrorKind::NotAFile)
        && tree.has_directory(&error.path).unwrap_or_default()
}

/// A file that cannot be read is not the same as an empty one.
fn is_same(parsed: &ParsedFile, file: &SourceFile) -> bool {
    let is_readable = !parsed.file.text().is_empty() || parsed.documents().is_ok();
    is_readable && parsed.file.path() == file.path() && parsed.file.text() == file.text()
}

/// Files that may match, and directories that could not be searched.
#[derive(Debug, Default)]
pub(super) struct MatchingFiles {
    pub(super) paths: BTreeSet<RepoPath>,
    pub(super) findings: Findings,
}

/// The files that may match one of the patterns. Each directory is listed once,
/// however many patterns lead into it, and only if a pattern does.
pub(super) fn matching(tree: &Tree, patterns: &[FilePattern]) -> MatchingFiles {
    let mut matching = MatchingFiles::default();
    let (literal, mut varying): (Vec<_>, Vec<_>) =
        patterns.iter().partition(|pattern| pattern.is_one_file());
    matching.paths.extend(literal.iter().map(|pattern| pattern.prefix().clone()));
    // Those below a directory follow it.
    varying.sort_by(|a, b| a.prefix().segments().cmp(b.prefix().segments()));
    let by_segments = PatternTree::new(varying.iter().copied());
    let enters = |directory: &RepoPath| {
        by_segments.any_below(directory, |number| varying[number].enters(directory))
    };
    let mut rest = varying.as_slice();
    while let Some(first) = rest.first() {
        matching.walk(tree, first.prefix(), enters);
        let end = rest.partition_point(|pattern| pattern.prefix().is_within(first.prefix()));
        rest = &rest[end..];
    }
    matching
}

impl MatchingFiles {
    fn walk(&mut self, tree: &Tree, from: &RepoPath, enters: impl Fn(&RepoPath) -> bool) {
        match tree.walk(from, enters) {
            Ok(paths) => self.paths.extend(paths),
            Err(errors) => {
                // That a directory is not there is a finding of the rule.
                let errors = errors.iter().filter(|error| !is_absent(error));
                self.findings.extend(errors.map(|error| Finding::of_read_error(error, None)));
            }
        }
    }
}

/// Those of these paths that a directory has, even as a link to nothing. One that cannot be
/// listed may have all of its own. A path without anything that varies matches whether or not
/// it is there.
pub(super) fn existing<'p>(tree: &Tree, paths: &'p BTreeSet<RepoPath>) -> Vec<&'p RepoPath> {
    let mut by_directory: BTreeMap<RepoPath, Vec<&RepoPath>> = BTreeMap::new();
    for path in paths {
        if let Some(directory) = path.parent() {
            by_directory.entry(directory).or_default().push(path);
        }
    }
    let existing = by_directory.into_iter().flat_map(|(directory, mut paths)| {
        match tree.names(&directory) {
            Ok(names) => {
                let names: HashSet<&str> = names.iter().map(|one| one.name.as_str()).collect();
                paths.retain(|path| names.contains(path.name()));
            }
            Err(error) if is_absent(&error) => paths.clear(),
            Err(_) => {}
        }
        paths
    });
    existing.collect()
}

/// Whether a directory cannot be listed because it is not there.
fn is_absent(error: &ReadError) -> bool {
    matches!(error.kind, ReadErrorKind::Missing | ReadErrorKind::NotADirectory)
}

/// The directories in the place of `{environment}` that are none of these spellings; none if
/// the pattern has something else that varies before it.
pub(super) fn other_spellings(
    tree: &Tree,
    pattern: &PathPattern,
    spellings: &[&str],
) -> Vec<String> {
    let found = directories(tree, pattern.as_str(), ENVIRONMENT_PLACEHOLDER);
    let names = found.iter().map(RepoPath::name).filter(|name| !spellings.contains(name));
    names.map(str::to_owned).collect()
}

/// The directories in the place of `{cluster}` of an environment of that spelling, as far as
/// what follows is there.
pub(super) fn clusters(tree: &Tree, pattern: &PathPattern, spelling: &str) -> Vec<String> {
    let path = pattern.as_str().replace(ENVIRONMENT_PLACEHOLDER, spelling);
    let mut found = directories(tree, &path, CLUSTER_PLACEHOLDER);
    let next = path.split('/').skip_while(|segment| *segment != CLUSTER_PLACEHOLDER).nth(1);
    if let Some(next) = next.filter(|next| !next.contains(['{', '*'])) {
        found.retain(|path| tree.has_directory(&path.child(next)).unwrap_or(false));
    }
    found.iter().map(|path| path.name().to_owned()).collect()
}

/// The directories in the place of one segment of a path; none if the path has something else
/// that varies before it.
fn directories(tree: &Tree, path: &str, segment: &str) -> Vec<RepoPath> {
    let before: Vec<_> = path.split('/').take_while(|one| *one != segment).collect();
    let at = before.iter().try_fold(RepoPath::root(), |at, segment| at.child_named(segment));
    let Some(Ok(listed)) = at.map(|at| tree.list(&at)) else { return Vec::new() };
    let names = listed.iter().map(|one| one.path.clone());
    let is_directory = |path: &RepoPath| tree.has_directory(path).unwrap_or(false);
    names.filter(|path| !path.name().starts_with('.') && is_directory(path)).collect()
}

/// What a pattern that matches nothing may have meant: the pattern with its
/// first wrong segment corrected.
pub(super) fn nearest_path(
    tree: &Tree,
    pattern: &PathPattern,
    spellings: &[&str],
) -> Option<String> {
    let segments: Vec<_> = pattern.as_str().split('/').collect();
    let mut at = RepoPath::root();
    for (index, segment) in segments.iter().enumerate() {
        let names: Vec<&str> = if *segment == "{environment}" {
            spellings.to_vec()
        } else if segment.contains(['{', '*']) {
            return None;
        } else {
            vec![*segment]
        };
        let listed = tree.list(&at).ok()?;
        let there = names.iter().find_map(|name| {
            let path = at.join(name).ok()?;
            (tree.has_directory(&path).ok()? || listed.iter().any(|one| one.path == path))
                .then_some(path)
        });
        if let Some(path) = there {
            at = path;
            continue;
        }
        let candidates = listed.iter().map(|one| one.path.name());
        let near = names.iter().find_map(|name| nearest(name, candidates.clone()))?;
        if *segment == "{environment}" {
            return Some(at.child(near).to_string());
        }
        let mut mended = segments.clone();
        mended[index] = near;
        return Some(mended.join("/"));
    }
    None
}
