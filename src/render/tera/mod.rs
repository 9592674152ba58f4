//! Tera 2: text with variables, which is read as YAML once it is rendered.

mod context;
mod error;
mod filters;
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

use self::marked::{MarkedSources, PrintSite};
use self::print::print;
use self::sources::TeraSources;
use self::trace::OutputMap;
use crate::diagnostic::{Finding, Findings};
use crate::render::{Input, Traced};
use crate::source::{Location, Origin, RepoPath, SourceFile, Tree};
use crate::yaml::Node;

/// A template's Tera files, compiled together.
#[derive(Debug)]
pub(super) struct TeraFiles {
    sources: TeraSources,
    manifests: Vec<RepoPath>,
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
        Ok(Self { sources, manifests, marked: OnceLock::new() })
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
        let sites = marked.map_or(&[] as &[_], |marked| &marked.sites);
        TracedFiles { files, sites, values: input.values }
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
    for (name, text) in sources.texts() {
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
    sites: &'a [PrintSite],
    values: Node<'a>,
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
        let found = rendered
            .map
            .as_ref()
            .and_then(|map| map.find(&rendered.plain, &span, self.sites, self.values));
        Some(found.unwrap_or_else(|| Traced { template: Origin::file(rendered.path), value: None }))
    }

    /// The number of files that marks changed.
    pub(super) fn discarded(&self) -> usize {
        self.files.iter().filter(|file| file.map.is_none()).count()
    }
}
