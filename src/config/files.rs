//! Which files there are, each read once.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::decode::{Decode, MOST_PROBLEMS, Syntax, report_empty_values};
use super::raw::{AppFile, EnvironmentFile};
use super::secrets::mark_secrets;
use super::syntax::{AppName, DnsLabel, is_app_name};
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::{DirectoryWalk, Location, Named, RepoPath, SourceFile, Span, Tree};
use crate::yaml::{Dialect, Node, Value, lint, parse};

codes! {
    /// A file of another extension than `.yaml`.
    ///
    /// Below `environments/`, settings are read from `*.yaml` and nothing
    /// else, so that no file is half in force. A `.yml` there would be
    /// overlooked in silence, so it is an error. Rename it:
    ///
    /// ```text
    /// git mv environments/qa/web.yml environments/qa/web.yaml
    /// ```
    WRONG_EXTENSION = "wrong-extension", Input, Error;

    /// Several documents in a file that holds one.
    ///
    /// A file of settings is one YAML document. What stands behind a `---`
    /// would be ignored.
    SEVERAL_DOCUMENTS = "several-documents", Input, Error;
}

/// A file that was read, with what it says.
pub(super) struct Document<T> {
    /// The file.
    pub(super) file: Arc<SourceFile>,
    /// Its one document; null where it is empty.
    pub(super) value: Value,
    /// What could be made of it, where anything could.
    pub(super) raw: Option<T>,
}

impl<T> Document<T> {
    /// The file as a whole: its first line.
    pub(super) fn location(&self) -> Location {
        whole(&self.file)
    }
}

/// A file as a whole is shown by its first line.
pub(super) fn whole(file: &Arc<SourceFile>) -> Location {
    let line = file.line(1);
    Location::new(file, Span { start: line.start, end: line.end })
}

/// A directory of `environments/`, that itself included.
pub(super) struct Directory {
    pub(super) path: RepoPath,
    /// Its `environment.yaml`.
    pub(super) environment: Option<Document<EnvironmentFile>>,
    /// Its apps' files, by name.
    pub(super) apps: BTreeMap<String, Document<AppFile>>,
    /// The names of its apps' files in order, those that were not or could not
    /// be read included: what names one of them is not wrong.
    pub(super) app_names: Arc<[String]>,
    /// Its sub-directories; one without is an environment.
    pub(super) children: Vec<Directory>,
}

impl Directory {
    /// Whether it has the file of an app, be it read or not.
    pub(super) fn has_app(&self, name: &str) -> bool {
        self.app_names.binary_search_by(|one| one.as_str().cmp(name)).is_ok()
    }
}

/// Reads configuration files, and keeps what was found on the way.
pub(super) struct Reader<'t> {
    pub(super) tree: &'t Tree,
    /// The apps whose files are read; none for all. Of others' files no more is
    /// known than that they are there.
    only: Option<&'t BTreeSet<String>>,
    pub(super) findings: Findings,
}

impl<'t> Reader<'t> {
    pub(super) fn new(tree: &'t Tree) -> Self {
        Self { tree, only: None, findings: Findings::new() }
    }

    /// One that reads no other apps' files.
    pub(super) fn only(self, apps: &'t BTreeSet<String>) -> Self {
        Self { only: Some(apps), ..self }
    }

    fn reads(&self, app: &str) -> bool {
        self.only.is_none_or(|only| only.contains(app))
    }

    /// Reads the directories from `path` down.
    pub(super) fn directory(&mut self, path: &RepoPath) -> Directory {
        self.directory_of(&mut DirectoryWalk::new(self.tree, path), path)
    }

    fn directory_of(&mut self, walk: &mut DirectoryWalk<'_>, path: &RepoPath) -> Directory {
        let mut directory = Directory {
            path: path.clone(),
            environment: None,
            apps: BTreeMap::new(),
            app_names: Arc::default(),
            children: Vec::new(),
        };
        let names = walk.names(path).unwrap_or_else(|error| {
            self.findings.push(Finding::of_read_error(&error, None));
            Vec::new()
        });
        let mut app_names = Vec::with_capacity(names.len());
        for Named { name, is_directory } in names.into_iter().filter(|n| !n.name.starts_with('.')) {
            if !is_directory {
                app_names.extend(self.file(&mut directory, name));
            } else if self.is_name::<DnsLabel>(&name, || path.child(&name)) {
                directory.children.push(self.directory_of(walk, &path.child(&name)));
            }
        }
        // They came in the order of the files' names: `web-eu.yaml` is before `web.yaml`.
        app_names.sort_unstable();
        directory.app_names = app_names.into();
        directory
    }

    /// Reads a file of a directory where it is to be read; the name of its app,
    /// if it is an app's.
    fn file(&mut self, directory: &mut Directory, mut name: String) -> Option<String> {
        if name == "environment.yaml" {
            directory.environment = self.document(&directory.path.child(&name));
        } else if let Some(stem) = name.strip_suffix(".yaml") {
            let path = || directory.path.child(&name);
            if !self.reads(stem) {
                name.truncate(stem.len());
                return is_app_name(&name).then_some(name);
            }
            if self.is_name::<AppName>(stem, path) {
                let document = self.document(&path());
                directory.apps.extend(document.map(|document| (stem.to_owned(), document)));
                return Some(stem.to_owned());
            }
        } else if let Some(stem) = name.strip_suffix(".yml").filter(|stem| self.reads(stem)) {
            let path = directory.path.child(&name);
            self.findings.push(
                Finding::new(
                    &WRONG_EXTENSION,
                    format!("`{path}` is not read"),
                    Location::of_path(&path),
                )
                .because("settings are read from `.yaml`")
                .help(format!("rename it to `{stem}.yaml`")),
            );
        }
        None
    }

    /// Whether the name of a file or directory can be the name of what it holds.
    fn is_name<T: Syntax>(&mut self, name: &str, path: impl Fn() -> RepoPath) -> bool {
        let Err(flaw) = T::parse(name) else { return true };
        let message = format!("`{name}` is not {}", T::NOUN);
        self.findings.push(
            Finding::new(T::CODE, message, Location::of_path(&path()))
                .because(flaw.because)
                .maybe_help(flaw.help),
        );
        false
    }

    /// Reads a file that is there.
    pub(super) fn document<T: Decode>(&mut self, path: &RepoPath) -> Option<Document<T>> {
        let file = match self.tree.read(path) {
            Ok(file) => file,
            Err(error) => {
                self.findings.push(Finding::of_read_error(&error, None));
                return None;
            }
        };
        let value = self.parse(&file)?;
        let raw = if value.root().is_null() {
            // An empty file is an empty map.
            self.decode(Value::empty_map(&whole(&file)).root())
        } else {
            self.decode(value.root())
        };
        if let Some(values) = value.root().get("values") {
            self.values(values);
        }
        Some(Document { file, value, raw })
    }

    /// Warns of what templates read and is not the same value to every tool.
    /// What only rungs reads is not a question of tools.
    pub(super) fn values(&mut self, root: Node<'_>) {
        let secrets: HashSet<Span> = root.location().file().secrets().into_iter().collect();
        // A warning quotes the value.
        let may_be_quoted = |finding: &Finding| !secrets.contains(&finding.location().span());
        let warnings = lint(root).into_iter().filter(may_be_quoted);
        self.findings.extend(warnings.take(MOST_PROBLEMS));
    }

    /// Reads a tree, and stops after as many problems as one file may have.
    pub(super) fn decode<T: Decode>(&mut self, root: Node<'_>) -> Option<T> {
        let mut findings = Findings::new();
        let decoded = T::decode(root, &mut findings);
        self.findings.extend(findings);
        decoded
    }

    /// The one document of a file; null where it has none.
    pub(super) fn parse(&mut self, file: &Arc<SourceFile>) -> Option<Value> {
        let mut documents = match parse(file, Dialect::Kubectl) {
            Ok(documents) => documents,
            Err(findings) => {
                self.findings.extend(findings);
                return None;
            }
        };
        if let Some(second) = documents.get(1) {
            self.findings.push(
                Finding::new(
                    &SEVERAL_DOCUMENTS,
                    format!("`{}` holds {} documents", file.path(), documents.len()),
                    second.root().location(),
                )
                .because("the second begins here")
                .help("a file of settings is one document: remove the `---`"),
            );
        }
        let value = if documents.is_empty() { Value::new(file) } else { documents.swap_remove(0) };
        // All of it: a slip of indentation puts a value's key among the settings.
        mark_secrets(value.root());
        let mut empty = Findings::new();
        report_empty_values(value.root(), &mut empty);
        self.findings.extend(empty);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;

    fn codes(memory: Memory) -> Vec<&'static str> {
        let tree = Tree::new(memory);
        let mut reader = Reader::new(&tree);
        reader.directory(&RepoPath::new("environments").unwrap());
        reader.findings.iter().map(|finding| finding.code.name).collect()
    }

    #[test]
    fn environments_are_not_nested_without_end() {
        let deep = format!("environments{}/web.yaml", "/d".repeat(20_000));
        assert_eq!(codes(Memory::of([(&*deep, "")])), ["directories-too-deep"]);
    }

    #[test]
    fn links_between_environments_end_with_one_finding() {
        let mut memory = Memory::new();
        for link in ["a", "b", "c"] {
            memory.link(RepoPath::new("environments").unwrap().child(link), ".");
        }
        assert_eq!(codes(memory), ["directories-too-deep"]);
    }
}
