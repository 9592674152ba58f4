//! Tera 2: text with variables, read as YAML once it is rendered.

mod context;
mod error;
mod filters;
mod mark;
mod scan;
mod sources;
mod strict;

use std::io::{self, Write};

use ::tera::Context;

pub(super) use self::sources::Sources;
use crate::diagnostic::{Finding, Findings};
use crate::render::Input;
use crate::source::{RepoPath, Tree};

/// One file may become this much text.
const MAX_OUTPUT_BYTES: usize = 16 << 20;

/// What a filter may be called; for "did you mean".
const FILTERS: &[&str] = &[
    "abs",
    "b64encode",
    "capitalize",
    "default",
    "escape",
    "first",
    "float",
    "get",
    "group_by",
    "indent",
    "int",
    "join",
    "keys",
    "last",
    "length",
    "lower",
    "nindent",
    "nth",
    "pairs",
    "pluralize",
    "quote",
    "replace",
    "reverse",
    "round",
    "safe",
    "sha256",
    "sort",
    "split",
    "str",
    "title",
    "to_yaml",
    "trim",
    "trim_end",
    "trim_start",
    "truncate",
    "unique",
    "upper",
    "values",
    "wordcount",
];

/// A template's Tera files, compiled together.
#[derive(Debug)]
pub(super) struct TeraFiles {
    sources: Sources,
    manifests: Vec<RepoPath>,
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
        let sources = Sources::load(tree, root, manifests.iter().chain(partials))?;
        Ok(Self { sources, manifests })
    }

    /// Renders every manifest, in the order of their paths.
    pub(super) fn render(&self, input: &Input<'_>) -> Result<Vec<Rendered>, Findings> {
        let context = context::context(input);
        let mut findings = Findings::new();
        let mut rendered = Vec::with_capacity(self.manifests.len());
        for path in &self.manifests {
            match self.render_file(path, &context) {
                Ok(text) => rendered.push(Rendered { path: path.clone(), text }),
                Err(finding) => findings.push(*finding),
            }
        }
        if findings.is_empty() { Ok(rendered) } else { Err(findings) }
    }

    fn render_file(&self, path: &RepoPath, context: &Context) -> Result<String, Box<Finding>> {
        let mut output = Bounded(Vec::with_capacity(4096));
        let name = sources::name(path);
        self.sources
            .tera
            .render_to(&name, context, &mut output)
            .map_err(|error| error::rendering(&self.sources, path, context, &error))?;
        Ok(String::from_utf8(output.0).expect("Tera writes only whole texts"))
    }
}

/// Takes text up to [`MAX_OUTPUT_BYTES`].
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
