//! The sources of a template's Tera files, with everything that they include.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use tera::{Tera, TeraResult, Value};

use super::file_calls::{self, FileFunction, ReadTexts, file_calls};
use super::filters;
use super::scan::{self, PartKind, TeraToken, TeraTokenKind};
use super::strict::Strict;
use crate::diagnostic::{Finding, Findings};
use crate::render::code;
use crate::render::code::{INCLUDE_OUTSIDE, NOT_REPRODUCIBLE, TEMPLATE_SYNTAX};
use crate::render::read_files::matching_files;
use crate::source::{Location, PathError, RepoPath, SourceFile, Span, Tree};

/// Sources, and the engine that compiles them.
#[derive(Debug)]
pub(in crate::render) struct TeraSources {
    /// The template's directory.
    pub(super) root: RepoPath,
    files: BTreeMap<String, TeraSource>,
    /// The names of the files that others include or extend.
    included: BTreeSet<String>,
    /// What they read with functions.
    pub(super) texts: ReadTexts,
    pub(super) tera: Tera,
}

#[derive(Debug)]
struct TeraSource {
    file: Arc<SourceFile>,
    strict: Strict,
}

/// The name of a file in Tera. Because of the slash at the start, no name in a
/// template is complete, and Tera looks it up along the search path.
pub(super) fn name(path: &RepoPath) -> String {
    format!("/{path}")
}

/// The directories in which included files are looked for: the template's own, its
/// libraries, and the repository's libraries.
fn search_path(root: &RepoPath) -> [RepoPath; 3] {
    [root.clone(), root.child("vendor"), RepoPath::root().child("vendor")]
}

impl TeraSources {
    /// Reads files and everything that they include. Nothing is compiled yet.
    pub(super) fn load<'p>(
        tree: &Tree,
        root: &RepoPath,
        paths: impl Iterator<Item = &'p RepoPath>,
    ) -> Result<Self, Findings> {
        let mut reading = SourceReader {
            tree,
            search_path: search_path(root),
            files: BTreeMap::new(),
            included: BTreeSet::new(),
            texts: BTreeMap::new(),
            root: root.clone(),
            unreadable: BTreeSet::new(),
            waiting: Vec::new(),
            findings: Findings::new(),
        };
        for path in paths {
            reading.read(path, None);
        }
        while let Some(name) = reading.waiting.pop() {
            reading.follow(&name);
        }
        let SourceReader { files, included, texts, findings, .. } = reading;
        if !findings.is_empty() {
            return Err(findings);
        }
        let texts = ReadTexts::new(texts);
        let tera = engine(root, &texts);
        Ok(Self { root: root.clone(), files, included, texts, tera })
    }

    /// Whether another file includes that one, or may call what it defines.
    pub(super) fn takes(&self, path: &RepoPath) -> bool {
        let name = name(path);
        let defines = |file: &Arc<SourceFile>| only_defines(file.text());
        self.included.contains(&name) || self.file(&name).is_some_and(defines)
    }

    /// Compiles all sources together.
    pub(super) fn compile(&mut self) -> TeraResult<()> {
        self.tera.add_raw_templates(texts(&self.files))
    }

    /// The texts to compile, by their names in Tera.
    pub(super) fn compiled(&self) -> impl Iterator<Item = (&str, &str)> {
        texts(&self.files)
    }

    /// All files, by their names in Tera.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &Arc<SourceFile>)> {
        self.files.iter().map(|(name, source)| (name.as_str(), &source.file))
    }

    /// The file with that name in Tera.
    pub(super) fn file(&self, name: &str) -> Option<&Arc<SourceFile>> {
        self.files.get(name).map(|source| &source.file)
    }

    /// Maps a range of the text that Tera compiled to the file.
    pub(super) fn original(&self, name: &str, range: &Range<usize>) -> Range<usize> {
        self.files.get(name).map_or(range.clone(), |source| source.strict.original(range))
    }

    /// The place of a range that Tera reports.
    pub(super) fn location(&self, name: &str, range: &Range<usize>) -> Location {
        let Some(source) = self.files.get(name) else { return Location::of_path(&self.root) };
        let range = source.strict.original(range);
        Location::new(&source.file, Span::new(range.start, range.end))
    }

    /// The place that Tera reports as `file:line:column`.
    pub(super) fn at_line(&self, place: &str) -> Option<Location> {
        let mut parts = place.rsplitn(3, ':');
        let column: usize = parts.next()?.parse().ok()?;
        let line: usize = parts.next()?.parse().ok()?;
        let name = parts.next()?;
        let source = self.files.get(name)?;
        let (lines, columns) = (line.checked_sub(1)?, column.checked_sub(1)?);
        let text = source.strict.text(&source.file);
        let before: usize = text.split_inclusive('\n').take(lines).map(str::len).sum();
        let within = text[before..].char_indices().nth(columns).map_or(0, |(at, _)| at);
        let offset = before + within;
        Some(self.location(name, &(offset..offset)))
    }

    /// The tag (`include` or `extends`) of the file `from` that names `target`.
    pub(super) fn tag_that_names(&self, from: &str, tag: &str, target: &str) -> Option<Location> {
        let file = self.file(from)?;
        let named = inclusions(file.text()).into_iter().find(|inclusion| {
            inclusion.tag == tag
                && target.strip_suffix(inclusion.name.as_str()).is_some_and(|at| at.ends_with('/'))
        })?;
        Some(Location::new(file, named.span))
    }
}

fn texts(files: &BTreeMap<String, TeraSource>) -> impl Iterator<Item = (&str, &str)> {
    files.iter().map(|(name, source)| (name.as_str(), source.strict.text(&source.file)))
}

/// Tera with what templates may call, and no template.
pub(super) fn engine(root: &RepoPath, texts: &ReadTexts) -> Tera {
    let mut tera = Tera::new();
    tera.autoescape_on(Vec::<&str>::new());
    filters::register(&mut tera);
    texts.register(&mut tera);
    let prefixes = search_path(root).map(|place| format!("{}/", name(&place)));
    tera.set_fallback_prefixes(prefixes).expect("no template has been added yet");
    tera
}

/// Whether a source has components, which others call by their names, and nothing else.
fn only_defines(source: &str) -> bool {
    let (mut components, mut is_inside) = (0, false);
    for part in scan::parts(source) {
        let words = scan::tokens(source, part.inner.clone());
        let tag = words.first().map_or("", |token| &source[token.span.clone()]);
        match part.kind {
            PartKind::Tag if tag == "component" => {
                components += 1;
                is_inside = true;
            }
            PartKind::Tag if tag == "endcomponent" => is_inside = false,
            PartKind::Comment => {}
            PartKind::Text if source[part.inner.clone()].trim().is_empty() => {}
            _ if is_inside => {}
            _ => return false,
        }
    }
    components > 0
}

/// `{% include "name" %}` or `{% extends "name" %}`.
struct Inclusion {
    tag: String,
    name: String,
    /// The name with its quotes.
    span: Span,
}

fn inclusions(source: &str) -> Vec<Inclusion> {
    let tags = scan::parts(source).into_iter().filter(|part| part.kind == PartKind::Tag);
    tags.filter_map(|part| inclusion(source, &scan::tokens(source, part.inner))).collect()
}

fn inclusion(source: &str, tokens: &[TeraToken]) -> Option<Inclusion> {
    let [tag, TeraToken { kind: TeraTokenKind::Text(name), span }, ..] = tokens else {
        return None;
    };
    let tag = &source[tag.span.clone()];
    let span = Span::new(span.start, span.end);
    matches!(tag, "include" | "extends").then(|| Inclusion {
        tag: tag.to_owned(),
        name: name.clone(),
        span,
    })
}

struct SourceReader<'t> {
    tree: &'t Tree,
    search_path: [RepoPath; 3],
    files: BTreeMap<String, TeraSource>,
    included: BTreeSet<String>,
    texts: BTreeMap<(FileFunction, String), Value>,
    root: RepoPath,
    unreadable: BTreeSet<String>,
    /// The names of files whose inclusions have not been followed yet.
    waiting: Vec<String>,
    findings: Findings,
}

impl SourceReader<'_> {
    /// Reads a file unless it was read already; false if there is none.
    fn read(&mut self, path: &RepoPath, asked_at: Option<&Location>) -> bool {
        let name = name(path);
        if self.files.contains_key(&name) {
            return true;
        }
        match self.tree.read_if_present(path) {
            Ok(Some(file)) => {
                self.refuse_context_dump(&file);
                let strict = Strict::of(file.text());
                self.files.insert(name.clone(), TeraSource { file, strict });
                self.waiting.push(name);
                true
            }
            Ok(None) => false,
            Err(error) => {
                // One finding is enough, however often the file is included.
                if self.unreadable.insert(name) {
                    self.findings.push(Finding::of_read_error(&error, asked_at));
                }
                true
            }
        }
    }

    fn follow(&mut self, name: &str) {
        let file = Arc::clone(&self.files[name].file);
        for inclusion in inclusions(file.text()) {
            let at = Location::new(&file, inclusion.span);
            if let Some(finding) = self.include(&inclusion.name, &at) {
                self.findings.push(finding);
            }
        }
        for call in file_calls(file.text()) {
            let at = Location::new(&file, Span::new(call.span.start, call.span.end));
            match &call.argument {
                Some(argument) => self.read_texts(call.function, argument, &at),
                None => self.findings.push(computed(call.function, at)),
            }
        }
    }

    /// Reads what a function is called for.
    fn read_texts(&mut self, function: FileFunction, argument: &str, at: &Location) {
        let value = match function {
            FileFunction::File => self.text(argument, at).map_err(Findings::from),
            FileFunction::Files => {
                matching_files(self.tree, &self.root, argument, at).map(|files| {
                    self.included.extend(files.values().map(|file| name(file.path())));
                    file_calls::map_of(&files)
                })
            }
        };
        match value {
            Ok(value) => drop(self.texts.insert((function, argument.to_owned()), value)),
            Err(findings) => self.findings.extend(findings),
        }
    }

    /// The text of the file with that name, as it is.
    fn text(&mut self, name: &str, at: &Location) -> Result<Value, Finding> {
        for path in self.places(name, at)? {
            let read = self.tree.read_if_present(&path);
            if let Some(file) = read.map_err(|error| Finding::of_read_error(&error, Some(at)))? {
                self.included.insert(self::name(&path));
                return Ok(Value::from(file.text()));
            }
        }
        Err(code::missing(name, &self.search_path, at.clone()))
    }

    /// Reads the file that a template names, from the first directory that has it.
    fn include(&mut self, name: &str, at: &Location) -> Option<Finding> {
        let places = match self.places(name, at) {
            Ok(places) => places,
            Err(finding) => return Some(finding),
        };
        for path in places {
            if self.read(&path, Some(at)) {
                self.included.insert(self::name(&path));
                return None;
            }
        }
        Some(code::missing(name, &self.search_path, at.clone()))
    }

    /// The paths at which a file with that name may be, in the order of the search path.
    fn places(&self, name: &str, at: &Location) -> Result<Vec<RepoPath>, Finding> {
        let place = |place: &RepoPath| {
            let path = match place.join(name) {
                Ok(path) => path,
                Err(PathError::Outside(_)) => return Err(outside(name, place, at)),
                Err(error) => return Err(code::outside(name, &error, at.clone())),
            };
            if path.below(place) == Some(name) {
                Ok(path)
            } else if path.is_within(place) {
                Err(not_plain(name, at))
            } else {
                Err(outside(name, place, at))
            }
        };
        self.search_path.iter().map(place).collect()
    }

    /// Refuses `__tera_context`, which prints all variables in the order of a randomly
    /// seeded hash map.
    fn refuse_context_dump(&mut self, file: &Arc<SourceFile>) {
        const DUMP: &str = "__tera_context";
        let source = file.text();
        if !source.contains(DUMP) {
            return;
        }
        for part in scan::parts(source) {
            if !matches!(part.kind, PartKind::Print | PartKind::Tag) {
                continue;
            }
            let tokens = scan::tokens(source, part.inner);
            let Some(token) = tokens.into_iter().find(|token| &source[token.span.clone()] == DUMP)
            else {
                continue;
            };
            let at = Location::new(file, Span::new(token.span.start, token.span.end));
            let message = format!("`{DUMP}` differs from run to run");
            let finding = Finding::new(&NOT_REPRODUCIBLE, message, at)
                .because("prints the variables in a random order")
                .help("print the variables that you need by their names");
            self.findings.push(finding);
        }
    }
}

/// The finding of a call whose argument is not written out.
fn computed(function: FileFunction, at: Location) -> Finding {
    let (name, argument) = (function.name(), function.argument());
    let message = format!("`{name}` needs a `{argument}` that is written out");
    Finding::new(&TEMPLATE_SYNTAX, message, at)
        .because("everything that a template reads is known before it is rendered")
        .help(format!("write `{name}({argument}=\"_conf/…\")`"))
}

/// The finding of a name that leads out of the directory in which it is looked for.
fn outside(name: &str, directory: &RepoPath, at: &Location) -> Finding {
    let message = format!("`{name}` is outside of `{directory}`");
    Finding::new(&INCLUDE_OUTSIDE, message, at.clone())
        .because("a template includes only its own files and libraries")
        .help("move the file into the template's directory, or into `vendor/`")
}

/// The finding of a name with an empty segment, `.` or `..`, by which Tera would not
/// know the file.
fn not_plain(name: &str, at: &Location) -> Finding {
    Finding::new(&INCLUDE_OUTSIDE, format!("`{name}` is not written as a plain path"), at.clone())
        .because("has an empty segment, a `.` or a `..`")
        .help("name the file from the template's directory: `parts/_labels.tera`")
}
