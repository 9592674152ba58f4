//! Sources with marks, which are compiled in addition to the plain ones when the
//! origin of a line is wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use tera::value::ValueKind;
use tera::{Kwargs, State, Tera, TeraResult, Value};

use super::bare;
use super::mark::{CLOSE, END, PRINT, STRING, TEXT, is_marked};
use super::scan::{self, PartKind, TemplatePart};
use super::sources::{TeraSources, engine};
use super::value_path::{self, LoopId, ScopeChange, TagScopes, ValuePath};
use crate::source::SourceFile;

/// The filter that puts marks around what is printed.
const FILTER: &str = "rungs_mark";

/// The variable that holds a loop's index for the marks inside the loop.
fn index_variable(id: usize) -> String {
    format!("rungs_index_{id}")
}

/// A place of a source that prints something.
#[derive(Debug)]
pub(super) struct PrintSite {
    pub(super) file: Arc<SourceFile>,
    /// A line of text, from its first character that is not blank, or a whole
    /// `{{ … }}`.
    pub(super) span: Range<usize>,
    pub(super) is_text: bool,
    /// The value that is printed, if that is certain.
    pub(super) value: Option<ValuePath>,
    /// The loops whose indices are in the site's marks, in the same order.
    pub(super) loops: Vec<LoopId>,
    /// Whether the value is printed as `to_yaml` writes it.
    pub(super) is_yaml: bool,
    /// Whether the expression shapes YAML on purpose.
    pub(super) shapes_yaml: bool,
    /// The literal texts in the expression.
    pub(super) literals: Vec<String>,
}

/// Compiled sources that mark what they print.
#[derive(Debug)]
pub(super) struct MarkedSources {
    pub(super) tera: Tera,
    pub(super) sites: Vec<PrintSite>,
    /// The literal texts that tags give to names.
    pub(super) literals: BTreeSet<String>,
}

impl MarkedSources {
    /// None if the sources cannot be compiled with marks, or have characters that
    /// would be taken for marks.
    pub(super) fn of(sources: &TeraSources) -> Option<Self> {
        let texts = sources.files().map(|(_, file)| file.text());
        let shadowed = value_path::shadowed(texts);
        let mut marking = Marking { sites: Vec::new(), loops: BTreeMap::new() };
        let mut marked = Vec::new();
        for (name, file) in sources.files() {
            if is_marked(file.text()) {
                return None;
            }
            marked.push((name.to_owned(), marking.mark(file, TagScopes::new(&shadowed))));
        }
        let mut tera = engine(&sources.root, &sources.texts);
        let loops: Vec<_> = marking.sites.iter().map(|site| marking.variables(site)).collect();
        tera.register_filter(FILTER, move |value: &Value, arguments: Kwargs, state: &State| {
            mark(value, &arguments, state, &loops)
        });
        tera.add_raw_templates(marked).ok()?;
        let literals = sources.files().flat_map(|(_, file)| bare::named_literals(file.text()));
        Some(Self { tera, sites: marking.sites, literals: literals.collect() })
    }
}

struct Marking {
    sites: Vec<PrintSite>,
    /// The number in the name of each loop's variable, by the loop's file and
    /// offset.
    loops: BTreeMap<(*const SourceFile, LoopId), usize>,
}

impl Marking {
    fn mark(&mut self, file: &Arc<SourceFile>, mut scopes: TagScopes) -> String {
        let source = file.text();
        let mut text = String::with_capacity(source.len() * 2);
        for part in scan::parts(source) {
            match part.kind {
                PartKind::Text => self.lines(file, part.inner.clone(), &mut text),
                PartKind::Raw => {
                    text.push_str(&source[part.span.start..part.inner.start]);
                    self.lines(file, part.inner.clone(), &mut text);
                    text.push_str(&source[part.inner.end..part.span.end]);
                }
                PartKind::Print => self.print(file, &part, &scopes, &mut text),
                PartKind::Tag => {
                    text.push_str(&source[part.span.clone()]);
                    if let ScopeChange::Loop(id) = scopes.enter(source, &part) {
                        self.keep_index(file, id, part.trims_after, &mut text);
                    }
                }
                PartKind::Comment => text.push_str(&source[part.span.clone()]),
            }
        }
        text
    }

    /// Copies text with a mark before the first character of each line that is not
    /// blank: `-%}` trims blanks, but would not trim a mark among them.
    fn lines(&mut self, file: &Arc<SourceFile>, range: Range<usize>, out: &mut String) {
        let source = file.text();
        let mut start = range.start;
        for line in source[range].split_inclusive('\n') {
            let blanks = line.len() - line.trim_start().len();
            let content = line.trim_end().len();
            out.push_str(&line[..blanks]);
            if blanks < content {
                let span = start + blanks..start + content;
                let id = self.site(file, span, true, None);
                write!(out, "{TEXT}{id}{CLOSE}").expect("a text takes what is written");
            }
            out.push_str(&line[blanks..]);
            start += line.len();
        }
    }

    fn print(
        &mut self,
        file: &Arc<SourceFile>,
        part: &TemplatePart,
        scopes: &TagScopes,
        out: &mut String,
    ) {
        let source = file.text();
        let value = scopes.printed(source, part.inner.clone());
        let id = self.site(file, part.span.clone(), false, value);
        let site = &mut self.sites[id];
        site.is_yaml = is_yaml(source, part);
        site.shapes_yaml = bare::shapes_yaml(source, part);
        site.literals = bare::literals(source, part.inner.clone()).collect();
        out.push_str(&source[part.span.start..part.inner.start]);
        let expression = &source[part.inner.clone()];
        write!(out, " ({expression}) | {FILTER}(id={id}) ").expect("a text takes what is written");
        out.push_str(&source[part.inner.end..part.span.end]);
    }

    fn site(
        &mut self,
        file: &Arc<SourceFile>,
        span: Range<usize>,
        is_text: bool,
        value: Option<ValuePath>,
    ) -> usize {
        let mut loops = Vec::new();
        if let Some(value) = &value {
            value.loops(&mut loops);
        }
        let file = Arc::clone(file);
        self.sites.push(PrintSite {
            file,
            span,
            is_text,
            value,
            loops,
            is_yaml: false,
            shapes_yaml: false,
            literals: Vec::new(),
        });
        self.sites.len() - 1
    }

    fn keep_index(&mut self, file: &Arc<SourceFile>, id: LoopId, trims: bool, out: &mut String) {
        let next = self.loops.len();
        let number = *self.loops.entry((Arc::as_ptr(file), id)).or_insert(next);
        let (name, end) = (index_variable(number), if trims { "-%}" } else { "%}" });
        write!(out, "{{% set {name} = loop.index0 {end}").expect("a text takes what is written");
    }

    /// The variables that hold the indices of a site's loops.
    fn variables(&self, site: &PrintSite) -> Vec<String> {
        let number = |id: &LoopId| self.loops.get(&(Arc::as_ptr(&site.file), *id));
        site.loops.iter().filter_map(number).map(|number| index_variable(*number)).collect()
    }
}

/// Whether a `{{ … }}` prints a path as YAML, at most indented.
fn is_yaml(source: &str, part: &TemplatePart) -> bool {
    let tokens = scan::tokens(source, part.inner.clone());
    let word = |token: &scan::TeraToken| &source[token.span.clone()];
    let pipes = tokens.windows(2).filter(|pair| word(&pair[0]) == "|");
    let filters: Vec<_> = pipes.map(|pair| word(&pair[1])).collect();
    matches!(filters.as_slice(), ["to_yaml"] | ["to_yaml", "nindent" | "indent"])
}

/// The printed value between marks that say which site printed it, and in which
/// iterations of the loops around it.
fn mark(
    value: &Value,
    arguments: &Kwargs,
    state: &State<'_>,
    loops: &[Vec<String>],
) -> TeraResult<Value> {
    // Printing must fail as it does without marks.
    if value.is_undefined() {
        return Ok(Value::undefined());
    }
    let id = arguments.must_get::<usize>("id")?;
    let kind = if value.kind() == ValueKind::String { STRING } else { "" };
    let mut text = format!("{PRINT}{kind}{id}");
    for variable in loops.get(id).into_iter().flatten() {
        let index = state.get::<usize>(variable)?.map_or_else(String::new, |at| at.to_string());
        write!(text, ",{index}").expect("a text takes what is written");
    }
    write!(text, "{CLOSE}{value}{END}").expect("a text takes what is written");
    Ok(Value::from(text))
}
