//! The functions that read files: `file(path="…")` and `files(glob="…")`.
//!
//! Their arguments are written out, so that everything a template reads is known when it
//! is loaded. Rendering then needs no repository.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use tera::value::Key;
use tera::{Error, Kwargs, Map, State, Tera, TeraResult, Value};

use super::scan::{self, PartKind, TeraToken, TeraTokenKind};
use crate::source::SourceFile;

/// A function that reads files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FileFunction {
    /// The text of one file.
    File,
    /// A map of texts by the names of the files that match a pattern.
    Files,
}

impl FileFunction {
    const ALL: [Self; 2] = [Self::File, Self::Files];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Files => "files",
        }
    }

    pub(super) fn argument(self) -> &'static str {
        match self {
            Self::File => "path",
            Self::Files => "glob",
        }
    }
}

/// A call of such a function in a source.
#[derive(Debug)]
pub(super) struct FileCall {
    pub(super) function: FileFunction,
    /// The argument, if it is written out.
    pub(super) argument: Option<String>,
    /// The argument with its quotes; the function's name if the argument is computed.
    pub(super) span: Range<usize>,
}

/// All calls in a source.
pub(super) fn file_calls(source: &str) -> Vec<FileCall> {
    let has_name = FileFunction::ALL.iter().any(|function| source.contains(function.name()));
    let parts = if has_name { scan::parts(source) } else { Vec::new() };
    let has_code = |kind| matches!(kind, PartKind::Print | PartKind::Tag);
    let parts = parts.into_iter().filter(|part| has_code(part.kind));
    let calls = parts.flat_map(|part| {
        let tokens = scan::tokens(source, part.inner);
        (0..tokens.len()).filter_map(|at| call(source, &tokens, at)).collect::<Vec<_>>()
    });
    calls.collect()
}

fn call(source: &str, tokens: &[TeraToken], at: usize) -> Option<FileCall> {
    let word = |index: usize| tokens.get(index).map_or("", |token| &source[token.span.clone()]);
    let function = FileFunction::ALL.into_iter().find(|function| function.name() == word(at))?;
    let is_name = tokens[at].kind == TeraTokenKind::Name && word(at + 1) == "(";
    let before = at.checked_sub(1).map_or("", word);
    if !is_name || matches!(before, "." | "|" | "component") {
        return None;
    }
    let is_named = word(at + 2) == function.argument() && word(at + 3) == "=";
    let (argument, span) = match tokens.get(at + 4) {
        Some(TeraToken { kind: TeraTokenKind::Text(text), span })
            if is_named && word(at + 5) == ")" =>
        {
            (Some(text.clone()), span.clone())
        }
        _ => (None, tokens[at].span.clone()),
    };
    Some(FileCall { function, argument, span })
}

/// What the calls of a template's sources read, by function and argument.
#[derive(Debug, Clone, Default)]
pub(super) struct ReadTexts {
    texts: Arc<BTreeMap<(FileFunction, String), Value>>,
}

impl ReadTexts {
    pub(super) fn new(texts: BTreeMap<(FileFunction, String), Value>) -> Self {
        Self { texts: Arc::new(texts) }
    }

    /// Adds the functions to an engine.
    pub(super) fn register(&self, tera: &mut Tera) {
        for function in FileFunction::ALL {
            let texts = Arc::clone(&self.texts);
            let read = move |arguments: Kwargs, _: &State<'_>| -> TeraResult<Value> {
                let name = arguments.must_get::<String>(function.argument())?;
                texts
                    .get(&(function, name))
                    .cloned()
                    .ok_or_else(|| Error::message(format!("`{}` was not read", function.name())))
            };
            tera.register_function(function.name(), read);
        }
    }
}

/// The value of `files(…)`.
pub(super) fn map_of(files: &BTreeMap<String, Arc<SourceFile>>) -> Value {
    let entries = files
        .iter()
        .map(|(name, file)| (Key::String(name.as_str().into()), Value::from(file.text())));
    Value::from(entries.collect::<Map>())
}
