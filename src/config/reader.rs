//! Reading a file of settings: one YAML document, with the problems that every
//! file can have.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::decode::{Decode, MOST_PROBLEMS, Syntax, report_empty_values};
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::{Location, RepoPath, SourceFile, Span, Tree};
use crate::yaml::{Dialect, Node, Value, lint, mark_secrets, parse};

codes! {
    /// Several documents in a file of settings.
    ///
    /// A file of settings is one YAML document. Nothing after a `---` would be
    /// read. Remove the `---`, and move what follows it into the first document.
    SEVERAL_DOCUMENTS = "several-documents", Input, Error;
}

/// A file that was read, with what it says.
#[derive(Debug, Clone)]
pub struct ReadFile {
    /// The path by which it was read, which may lead to the file through a link.
    pub path: RepoPath,
    /// The file.
    pub file: Arc<SourceFile>,
    /// The file's one document; null where it is empty.
    pub document: Arc<Value>,
}

impl ReadFile {
    /// The file as a whole: its first line.
    pub(super) fn location(&self) -> Location {
        whole(&self.file)
    }

    /// What it says; null where it is empty.
    pub(super) fn root(&self) -> Node<'_> {
        self.document.root()
    }
}

/// A file that was read, with its settings.
pub(super) struct ConfigFile<T> {
    /// The file.
    pub(super) read: ReadFile,
    /// The settings, as far as they could be read.
    pub(super) raw: Option<T>,
    /// Whether all of them could be.
    pub(super) is_sound: bool,
}

/// A file as a whole is shown by its first line.
pub(super) fn whole(file: &Arc<SourceFile>) -> Location {
    let line = file.line(1);
    Location::new(file, Span { start: line.start, end: line.end })
}

/// The apps whose files are read. Of those of the others only the names are known.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReadApps<'t> {
    /// Every app's.
    All,
    /// Those of these apps. The names of other files do not matter.
    Only(&'t BTreeSet<String>),
    /// None; but each name has to be an app's.
    Names,
}

/// Reads configuration files, and keeps the findings.
pub(super) struct ConfigReader<'t> {
    pub(super) tree: &'t Tree,
    apps: ReadApps<'t>,
    pub(super) findings: Findings,
}

impl<'t> ConfigReader<'t> {
    pub(super) fn new(tree: &'t Tree) -> Self {
        Self { tree, apps: ReadApps::All, findings: Findings::new() }
    }

    /// A reader that reads the files of these apps.
    pub(super) fn of_apps(self, apps: ReadApps<'t>) -> Self {
        Self { apps, ..self }
    }

    /// Whether an app's files are read.
    pub(super) fn reads(&self, app: &str) -> bool {
        match self.apps {
            ReadApps::All => true,
            ReadApps::Only(apps) => apps.contains(app),
            ReadApps::Names => false,
        }
    }

    /// Whether the names of an app's files are judged.
    pub(super) fn judges_name(&self, app: &str) -> bool {
        self.reads(app) || matches!(self.apps, ReadApps::Names)
    }

    /// Reads a file that exists.
    pub(super) fn document<T: Decode>(&mut self, path: &RepoPath) -> Option<ConfigFile<T>> {
        let file = match self.tree.read(path) {
            Ok(file) => file,
            Err(error) => {
                self.findings.push(Finding::of_read_error(&error, None));
                return None;
            }
        };
        let value = self.parse(&file)?;
        let problems = self.findings.len();
        let raw = if value.root().is_null() {
            // An empty file is an empty map.
            self.decode(Value::empty_map(&whole(&file)).root())
        } else {
            self.decode(value.root())
        };
        let is_sound = self.findings.len() == problems;
        if let Some(values) = value.root().get("values") {
            self.values(values);
        }
        let read = ReadFile { path: path.clone(), file, document: Arc::new(value) };
        Some(ConfigFile { read, raw, is_sound })
    }

    /// Warns of values that templates read and that other tools read differently.
    /// What only rungs reads does not depend on other tools.
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
                .because("the second starts here")
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

    /// Whether the name of a file or directory can be the name of what it holds.
    pub(super) fn is_name<T: Syntax>(&mut self, name: &str, path: impl Fn() -> RepoPath) -> bool {
        let Err(flaw) = T::parse(name) else { return true };
        let message = format!("`{name}` is not {}", T::NOUN);
        self.findings.push(
            Finding::new(T::CODE, message, Location::of_path(&path()))
                .because(flaw.because)
                .maybe_help(flaw.help),
        );
        false
    }
}
