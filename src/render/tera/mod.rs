//! Tera 2: text with variables, which is read as YAML once it is rendered.

mod bare;
mod context;
mod error;
mod file_calls;
mod filters;
mod helm;
mod mark;
mod marked;
mod print;
mod scan;
mod sources;
mod strict;
mod value_path;
mod trace;

use std::cell::OnceCell;
use std::sync::{Arc, OnceLock};

use ::tera::{Context, ErrorKind, Tera};

use self::bare::{BareReading, BareSite, GivenValues, readings};
use self::marked::MarkedSources;
use self::print::print;
use self::sources::TeraSources;
use self::trace::OutputMap;
use crate::diagnostic::{Finding, Findings};
use crate::render::{Input, Traced};
use crate::source::{Location, Origin, RepoPath, SourceFile, Span, Tree};
use crate::yaml::Value;

/// A template's Tera files, compiled together.
#[derive(Debug)]
pub(super) struct TeraFiles {
    sources: TeraSources,
    manifests: Vec<RepoPath>,
    /// The places that print without quotes.
    bare: Vec<BareSite>,
    /// Compiled when the first origin is asked for.
    marked: OnceLock<Option<MarkedSources>>,
}

/// A file's text as it was rendered for one app.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) path: RepoPath,
    pub(super) text: String,
}

impl TeraFiles {
    /// Reads and compiles `manifests`, `partials` and what they include.
    pub(super) fn load(
        tree: &Tree,
        root: &RepoPath,
        manifests: Vec<RepoPath>,
        partials: &[RepoPath],
    ) -> Result<Self, Findings> {
        let mut sources = TeraSources::load(tree, root, manifests.iter().chain(partials))?;
        compile(&mut sources)?;
        let bare = BareSite::all(&sources);
        Ok(Self { sources, manifests, bare, marked: OnceLock::new() })
    }

    /// Whether another Tera file includes that one, or may call what it defines.
    pub(super) fn takes(&self, path: &RepoPath) -> bool {
        self.sources.takes(path)
    }

    /// The texts and numbers that the sources write out.
    pub(super) fn literals(&self) -> impl Iterator<Item = String> {
        self.sources.files().flat_map(|(_, file)| bare::all_literals(file.text()))
    }

    /// Renders every manifest, in the order of their paths. Calls `visit` with each before.
    pub(super) fn render(
        &self,
        input: &Input<'_>,
        visit: &dyn Fn(&RepoPath),
    ) -> Result<Vec<Rendered>, Findings> {
        let context = context::context(input);
        let mut findings = Findings::new();
        let mut rendered = Vec::with_capacity(self.manifests.len());
        for path in &self.manifests {
            visit(path);
            match self.render_file(path, &context) {
                Ok(text) => rendered.push(Rendered { path: path.clone(), text }),
                Err(finding) => findings.push(*finding),
            }
        }
        if findings.is_empty() { Ok(rendered) } else { Err(findings) }
    }

    /// A finding for each text that was printed without quotes and is read as something
    /// else. Their places are in the rendered files, which come with what was read from
    /// them.
    pub(super) fn changed_texts(
        &self,
        input: &Input<'_>,
        files: &[(Arc<SourceFile>, Vec<Value>)],
    ) -> Findings {
        if self.bare.is_empty() {
            return Findings::new();
        }
        let given = GivenValues::of(input);
        let sites: Vec<_> = self.bare.iter().filter(|site| site.may_change(&given)).collect();
        if sites.is_empty() {
            return Findings::new();
        }
        let readings = files.iter().map(|(file, documents)| (file, readings(&sites, documents)));
        let suspects: Vec<_> = readings.filter(|(_, readings)| !readings.is_empty()).collect();
        if suspects.is_empty() {
            return Findings::new();
        }
        let traced = self.trace(input);
        suspects.iter().flat_map(|(file, readings)| traced.changed_texts(file, readings)).collect()
    }

    /// Renders the files again with marks. A file that fails, or that marks change, is
    /// not traced.
    pub(super) fn trace<'a>(&'a self, input: &Input<'a>) -> TracedFiles<'a> {
        let context = context::context(input);
        let marked = self.marked.get_or_init(|| MarkedSources::of(&self.sources)).as_ref();
        let files = self.manifests.iter().filter_map(|path| {
            let plain = self.render_file(path, &context).ok()?;
            let map = marked.and_then(|marked| {
                let text = print(&marked.tera, path, &context).ok()?;
                trace::read(&text, &plain, &marked.sites)
            });
            Some(TracedFile { path, plain, map, same: OnceCell::new() })
        });
        let files = files.collect();
        TracedFiles { files, marked, input: *input }
    }

    fn render_file(&self, path: &RepoPath, context: &Context) -> Result<String, Box<Finding>> {
        print(&self.sources.tera, path, context)
            .map_err(|error| Box::new(error::rendering(&self.sources, path, context, &error)))
    }
}

/// Compiles the sources together. Tera stops at the first that it cannot read; then
/// each is read alone, so that all problems are reported.
fn compile(sources: &mut TeraSources) -> Result<(), Findings> {
    let Err(error) = sources.compile() else { return Ok(()) };
    if !matches!(error.kind(), ErrorKind::SyntaxError(_)) {
        return Err(error::compiling(sources, &error));
    }
    let mut findings = Findings::new();
    for (name, text) in sources.compiled() {
        let mut alone = Tera::new();
        if let Err(error) = alone.add_raw_template(name, text)
            && matches!(error.kind(), ErrorKind::SyntaxError(_))
        {
            findings.extend(error::compiling(sources, &error));
        }
    }
    Err(findings)
}

/// A template's Tera files, rendered for one app with marks.
pub(super) struct TracedFiles<'a> {
    files: Vec<TracedFile<'a>>,
    /// None if the sources cannot be marked.
    marked: Option<&'a MarkedSources>,
    input: Input<'a>,
}

struct TracedFile<'a> {
    path: &'a RepoPath,
    plain: String,
    /// None if the marks changed what was rendered.
    map: Option<OutputMap>,
    /// The file that was found to hold this text, so that it is compared once,
    /// however many of its places are asked for.
    same: OnceCell<Arc<SourceFile>>,
}

impl TracedFile<'_> {
    fn is(&self, file: &Arc<SourceFile>) -> bool {
        if self.same.get().is_some_and(|same| Arc::ptr_eq(same, file)) {
            return true;
        }
        let is_same = self.path == file.path() && self.plain == file.text();
        if is_same {
            self.same.get_or_init(|| Arc::clone(file));
        }
        is_same
    }
}

impl TracedFiles<'_> {
    /// Where a place in a rendered text came from; none if the text was not rendered
    /// from this template and input.
    pub(super) fn find(&self, location: &Location) -> Option<Traced> {
        let rendered = self.files.iter().find(|file| file.is(location.file()))?;
        let span = location.span().range();
        let map = rendered.map.as_ref().zip(self.marked);
        let found =
            map.and_then(|(map, m)| map.find(&rendered.plain, &span, &m.sites, &self.input));
        Some(found.unwrap_or_else(|| Traced { template: Origin::file(rendered.path), value: None }))
    }

    /// The number of files that marks changed.
    pub(super) fn discarded(&self) -> usize {
        self.files.iter().filter(|file| file.map.is_none()).count()
    }

    /// A finding for each of the readings that is not what was printed there.
    fn changed_texts(&self, file: &Arc<SourceFile>, readings: &[BareReading]) -> Vec<Finding> {
        let rendered = self.files.iter().find(|rendered| rendered.is(file));
        let Some((map, marked)) = rendered.and_then(|file| file.map.as_ref()).zip(self.marked)
        else {
            return Vec::new();
        };
        let printed = map.bare_strings(file.text(), &marked.sites, &marked.literals);
        let changed = readings.iter().filter_map(|reading| {
            let printed = reading.printed(file.text(), &printed)?;
            Some((printed.start, printed.end, reading))
        });
        let mut changed: Vec<_> = changed.collect();
        // What is read of a text may have parts, which are readings as well.
        changed.dedup_by_key(|(start, end, _)| (*start, *end));
        let finding = |(start, end, reading): (usize, usize, &BareReading)| {
            reading.finding(Location::new(file, Span::new(start, end)))
        };
        changed.into_iter().map(finding).collect()
    }
}
