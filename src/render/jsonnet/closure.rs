//! A program with everything that it may import.
//!
//! Jsonnet takes only literal names after `import`, so that all imports are known
//! before anything is evaluated. All of them are read at once, and evaluating needs
//! no repository.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::tokens::{self, ImportKind, JsonnetToken, MAX_NESTING};
use crate::diagnostic::{Finding, Findings};
use crate::render::code;
use crate::render::code::{TEMPLATE_NESTING, TEMPLATE_SYNTAX};
use crate::render::read_files::matching_files;
use crate::source::{Location, ReadErrorKind, RepoPath, SourceFile, Tree};

/// A program, `main.jsonnet`, with everything that it may import.
#[derive(Debug)]
pub(super) struct Closure {
    /// The program's path.
    pub(super) main: RepoPath,
    /// The directories in which imports are looked for after the importing file's own.
    /// Templates without libraries of their own share the same path, and therefore
    /// what a session keeps.
    pub(super) search_path: Vec<RepoPath>,
    /// All files that are imported, as programs, texts or bytes.
    pub(super) imported: HashSet<RepoPath>,
    sources: HashMap<RepoPath, ProgramSource>,
    /// The files that match the patterns which the program has, by their names.
    patterns: HashMap<String, BTreeMap<String, Arc<SourceFile>>>,
}

/// A file of a program.
#[derive(Debug)]
pub(super) struct ProgramSource {
    pub(super) file: Arc<SourceFile>,
    pub(super) tokens: Vec<JsonnetToken>,
    imports: HashMap<(ImportKind, String), Imported>,
}

/// What an import leads to.
#[derive(Debug, Clone)]
pub(super) enum Imported {
    /// A program of the closure.
    Code(RepoPath),
    /// A text.
    Text(Arc<SourceFile>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// No file, which is an error only if the import is evaluated.
    Missing(Box<Finding>),
}

impl Closure {
    pub(super) fn load(tree: &Tree, root: &RepoPath, main: RepoPath) -> Result<Self, Findings> {
        let own = root.child("vendor");
        let has_own =
            tree.has_directory(&own).map_err(|error| Finding::of_read_error(&error, None))?;
        let mut search_path = vec![RepoPath::root().child("vendor")];
        if has_own {
            search_path.insert(0, own);
        }
        let mut reading = ClosureReader {
            tree,
            search_path,
            root,
            imported: HashSet::new(),
            patterns: HashMap::new(),
            sources: HashMap::new(),
            findings: Findings::new(),
        };
        let file = tree.read(&main).map_err(|error| Finding::of_read_error(&error, None))?;
        let mut waiting = vec![(main.clone(), file)];
        while let Some((path, file)) = waiting.pop() {
            if !reading.sources.contains_key(&path) {
                reading.source(path, file, &mut waiting);
            }
        }
        let ClosureReader { search_path, imported, sources, patterns, findings, .. } = reading;
        if findings.is_empty() {
            Ok(Self { main, search_path, imported, sources, patterns })
        } else {
            Err(findings)
        }
    }

    /// A file of the program by its path.
    pub(super) fn source(&self, path: &RepoPath) -> Option<&ProgramSource> {
        self.sources.get(path)
    }

    /// Every file of the program.
    pub(super) fn sources(&self) -> impl Iterator<Item = &ProgramSource> {
        self.sources.values()
    }

    /// The files below the template's directory that match a pattern which the program
    /// has written out.
    pub(super) fn files(&self, pattern: &str) -> Option<&BTreeMap<String, Arc<SourceFile>>> {
        self.patterns.get(pattern)
    }

    /// The result of an import in the file `from`.
    pub(super) fn import(
        &self,
        from: &RepoPath,
        kind: ImportKind,
        name: &str,
    ) -> Option<&Imported> {
        self.sources.get(from)?.imports.get(&(kind, name.to_owned()))
    }
}

struct ClosureReader<'t> {
    tree: &'t Tree,
    /// The template's directory.
    root: &'t RepoPath,
    search_path: Vec<RepoPath>,
    imported: HashSet<RepoPath>,
    sources: HashMap<RepoPath, ProgramSource>,
    patterns: HashMap<String, BTreeMap<String, Arc<SourceFile>>>,
    findings: Findings,
}

impl ClosureReader<'_> {
    fn source(
        &mut self,
        path: RepoPath,
        file: Arc<SourceFile>,
        waiting: &mut Vec<(RepoPath, Arc<SourceFile>)>,
    ) {
        let tokens = match tokens::tokens(file.text()) {
            Ok(tokens) => tokens,
            Err(illegible) => {
                let at = Location::new(&file, illegible.span);
                let finding = Finding::new(&TEMPLATE_SYNTAX, illegible.message, at)
                    .because("Jsonnet cannot read this");
                return self.findings.push(finding);
            }
        };
        if let Some(span) = tokens::too_deep(&tokens) {
            let message = format!("the source is nested more than {MAX_NESTING} deep");
            let finding = Finding::new(&TEMPLATE_NESTING, message, Location::new(&file, span))
                .because("this goes too deep")
                .help("look for brackets that were left open");
            return self.findings.push(finding);
        }
        let directory = path.parent().unwrap_or_else(RepoPath::root);
        let mut imports = HashMap::new();
        for import in tokens::imports(&tokens) {
            let at = Location::new(&file, import.span);
            let found = self.import(&directory, import.kind, &import.name, &at, waiting);
            imports.extend(found.map(|found| ((import.kind, import.name), found)));
        }
        for (pattern, span) in tokens::file_patterns(&tokens) {
            let at = Location::new(&file, span);
            match matching_files(self.tree, self.root, pattern, &at) {
                Ok(files) => {
                    self.imported.extend(files.values().map(|file| file.path().clone()));
                    self.patterns.insert(pattern.to_owned(), files);
                }
                Err(findings) => self.findings.extend(findings),
            }
        }
        self.sources.insert(path, ProgramSource { file, tokens, imports });
    }

    /// Reads the file that an import names from the first directory that has it; none
    /// if it was added to the findings.
    fn import(
        &mut self,
        directory: &RepoPath,
        kind: ImportKind,
        name: &str,
        at: &Location,
        waiting: &mut Vec<(RepoPath, Arc<SourceFile>)>,
    ) -> Option<Imported> {
        let mut looked_in = vec![directory.clone()];
        looked_in.extend(self.search_path.iter().filter(|place| *place != directory).cloned());
        for place in &looked_in {
            let path = match place.join(name) {
                Ok(path) => path,
                Err(error) => {
                    self.findings.push(code::outside(name, &error, at.clone()));
                    return None;
                }
            };
            let read = match kind {
                ImportKind::Bytes => {
                    self.tree.read_bytes(&path).map(|bytes| Imported::Bytes(bytes.into()))
                }
                ImportKind::Text => self.tree.read(&path).map(Imported::Text),
                ImportKind::Code => self.tree.read(&path).map(|file| {
                    waiting.push((path.clone(), file));
                    Imported::Code(path.clone())
                }),
            };
            match read {
                Ok(imported) => {
                    self.imported.insert(path);
                    return Some(imported);
                }
                Err(error) if matches!(error.kind, ReadErrorKind::Missing) => {}
                Err(error) => {
                    self.findings.push(Finding::of_read_error(&error, Some(at)));
                    return None;
                }
            }
        }
        Some(Imported::Missing(Box::new(code::missing(name, &looked_in, at.clone()))))
    }
}
