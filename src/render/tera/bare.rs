//! Texts that are printed without quotes.
//!
//! `version: {{ images.web.tag }}` is right for years, and a number when a commit is
//! called `553640e6`. Whether a text survives is known only from the rendered file, so
//! that is read first; the marks of tracing then say which of its scalars a text was
//! printed for. Marks cost another render. It is spared where no text that is printed
//! could have become something else, which is nearly always.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::scan::{self, PartKind, PathStepKey, TemplatePart, TeraToken, TeraTokenKind};
use super::sources::TeraSources;
use super::value_path::{self, TagScopes, ValuePath};
use crate::diagnostic::Finding;
use crate::render::code::UNQUOTED_PRINT;
use crate::render::input::InputValue;
use crate::render::{Input, InputImage};
use crate::source::Location;
use crate::yaml::{self, KeyNode, Kind, Node, NodeId, Style, Value};

/// A `{{ … }}` that may print all of a scalar, and has no quotes around it.
#[derive(Debug)]
pub(super) struct BareSite {
    /// The text before it in its line, without blanks around it; empty if something
    /// else is printed there.
    before: String,
    /// The value, if nothing but that or a literal is printed.
    value: Option<ValuePath>,
}

impl BareSite {
    /// Those of a template's sources.
    pub(super) fn all(sources: &TeraSources) -> Vec<Self> {
        let shadowed = value_path::shadowed(sources.files().map(|(_, file)| file.text()));
        let mut found = Vec::new();
        for (_, file) in sources.files() {
            Self::find(file.text(), TagScopes::new(&shadowed), &mut found);
        }
        found
    }

    fn find(source: &str, mut scopes: TagScopes, found: &mut Vec<Self>) {
        let parts = scan::parts(source);
        let mut before = "";
        for (index, part) in parts.iter().enumerate() {
            let text = &source[part.inner.clone()];
            match part.kind {
                PartKind::Text | PartKind::Raw => {
                    before = text.rsplit('\n').next().unwrap_or(text);
                    continue;
                }
                PartKind::Tag => drop(scopes.enter(source, part)),
                PartKind::Print => {
                    let after = parts.get(index + 1).filter(|next| next.kind == PartKind::Text);
                    let after = after.map_or("", |next| &source[next.inner.clone()]);
                    if ends_before_scalar(before) && starts_after_scalar(after) {
                        let value = only_value(source, part, &scopes);
                        found.push(Self { before: before.trim().to_owned(), value });
                    }
                }
                PartKind::Comment => {}
            }
            before = "";
        }
    }

    /// Whether it may print a text that is not read as the same text.
    pub(super) fn may_change(&self, given: &GivenValues<'_>) -> bool {
        let Some(values) = self.value.as_ref().and_then(|path| given.all(path)) else {
            return true;
        };
        values.iter().any(|value| match value {
            GivenValue::Text(text) => !reads_as_itself(text),
            GivenValue::Tree(node) => node.as_str().is_some_and(|text| !reads_as_itself(text)),
            GivenValue::Labels(_) | GivenValue::Images(_) | GivenValue::Image(_) => false,
        })
    }
}

/// Whether a scalar may start after this part of a line.
fn ends_before_scalar(before: &str) -> bool {
    let text = before.trim_end();
    let is_apart = text.len() < before.len();
    match text.chars().next_back() {
        None | Some(':' | ',' | '[' | '{') => true,
        Some('-' | '?') => is_apart && matches!(text.trim_start(), "-" | "?" | "- -"),
        _ => false,
    }
}

/// Whether a scalar may end before this text.
fn starts_after_scalar(after: &str) -> bool {
    let line = after.split('\n').next().unwrap_or(after);
    line.trim().is_empty() || line.trim_start().starts_with([',', ']', '}', ':', '#'])
}

/// The value that is printed, if nothing is done to it: a path, perhaps with a literal
/// as its default.
fn only_value(source: &str, part: &TemplatePart, scopes: &TagScopes) -> Option<ValuePath> {
    let tokens = scan::tokens(source, part.inner.clone());
    let paths = scan::paths(source, &tokens);
    let [path] = paths.as_slice() else { return None };
    if tokens.first()?.span.start != path.root_span.start {
        return None;
    }
    let end = path.span().end;
    let rest: Vec<&TeraToken> = tokens.iter().filter(|token| token.span.start >= end).collect();
    let words: Vec<&str> = rest.iter().map(|token| &source[token.span.clone()]).collect();
    let is_plain = matches!(words.as_slice(), [] | ["|", "default", "(", "value", "=", _, ")"]);
    is_plain.then(|| scopes.printed(source, part.inner.clone())).flatten()
}

/// Whether an expression shapes YAML on purpose: `quote`, `to_yaml` or indentation.
pub(super) fn shapes_yaml(source: &str, part: &TemplatePart) -> bool {
    let tokens = scan::tokens(source, part.inner.clone());
    let word = |token: &TeraToken| &source[token.span.clone()];
    let mut filters = tokens.windows(2).filter(|pair| word(&pair[0]) == "|");
    filters.any(|pair| matches!(word(&pair[1]), "quote" | "to_yaml" | "nindent" | "indent"))
}

/// The literal texts of an expression, which say what their author means.
pub(super) fn literals(source: &str, range: Range<usize>) -> impl Iterator<Item = String> {
    scan::tokens(source, range).into_iter().filter_map(|token| match token.kind {
        TeraTokenKind::Text(text) => Some(text),
        _ => None,
    })
}

/// The literal texts that a source's tags give to names, from where they are printed.
pub(super) fn named_literals(source: &str) -> Vec<String> {
    let gives = |part: &TemplatePart| {
        let tokens = scan::tokens(source, part.inner.clone());
        let first = tokens.first().map_or("", |token| &source[token.span.clone()]);
        match part.kind {
            PartKind::Tag => matches!(first, "set" | "set_global" | "for" | "component" | "<"),
            PartKind::Print => first == "<",
            _ => false,
        }
    };
    let parts = scan::parts(source).into_iter().filter(gives);
    parts.flat_map(|part| literals(source, part.inner)).collect()
}

/// The texts and numbers that all of a source's expressions and tags write out.
pub(super) fn all_literals(source: &str) -> Vec<String> {
    let has_code = |part: &TemplatePart| matches!(part.kind, PartKind::Print | PartKind::Tag);
    let parts = scan::parts(source).into_iter().filter(has_code);
    let tokens = parts.flat_map(|part| scan::tokens(source, part.inner));
    let literals = tokens.filter_map(|token| match token.kind {
        TeraTokenKind::Text(text) => Some(text),
        TeraTokenKind::Number => Some(source[token.span].to_owned()),
        _ => None,
    });
    literals.collect()
}

/// A part of a template's input.
#[derive(Debug, Clone)]
enum GivenValue<'a> {
    Tree(Node<'a>),
    Text(Cow<'a, str>),
    Labels(&'a [(&'a str, &'a str)]),
    Images(&'a [InputImage<'a>]),
    Image(&'a InputImage<'a>),
}

/// A template's input, in which many paths are followed.
pub(super) struct GivenValues<'a> {
    input: Input<'a>,
    /// The entries of all maps in the values: a map itself has to be searched.
    entries: HashMap<(NodeId, &'a str), Node<'a>>,
}

impl<'a> GivenValues<'a> {
    pub(super) fn of(input: &Input<'a>) -> Self {
        let mut entries = HashMap::new();
        let mut waiting = vec![input.values];
        while let Some(node) = waiting.pop() {
            waiting.extend(node.items());
            for (key, value) in node.entries() {
                waiting.push(value);
                entries.insert((node.id(), key.text()), value);
            }
        }
        Self { input: *input, entries }
    }

    /// All values that a path leads to, in whatever iteration of its loops; none if that
    /// is not known.
    fn all(&self, path: &ValuePath) -> Option<Vec<GivenValue<'a>>> {
        Some(match path {
            ValuePath::Variable(name) => {
                let (_, value) = self.input.variables().find(|(known, _)| known == name)?;
                vec![match value {
                    InputValue::Text(text) => GivenValue::Text(text.into()),
                    InputValue::Labels(labels) => GivenValue::Labels(labels),
                    InputValue::Images(images) => GivenValue::Images(images),
                    InputValue::Tree(node) => GivenValue::Tree(node),
                }]
            }
            ValuePath::Step(_, PathStepKey::Computed) => return None,
            ValuePath::Step(from, PathStepKey::Key(key)) => {
                let step = |value| match value {
                    GivenValue::Tree(node) => {
                        self.entries.get(&(node.id(), key.as_str())).copied().map(GivenValue::Tree)
                    }
                    value => value.step(&PathStepKey::Key(key.clone())),
                };
                self.all(from)?.into_iter().filter_map(step).collect()
            }
            ValuePath::Step(from, key) => {
                self.all(from)?.into_iter().filter_map(|value| value.step(key)).collect()
            }
            ValuePath::Item(over, _) => {
                self.all(over)?.iter().flat_map(GivenValue::items).collect()
            }
            ValuePath::Key(over, _) => self.all(over)?.iter().flat_map(GivenValue::keys).collect(),
        })
    }
}

impl<'a> GivenValue<'a> {
    fn step(self, key: &PathStepKey) -> Option<Self> {
        match (self, key) {
            (Self::Tree(node), PathStepKey::Index(index)) => node.item(*index).map(Self::Tree),
            (Self::Labels(labels), PathStepKey::Key(name)) => {
                let (_, value) = labels.iter().find(|(key, _)| key == name)?;
                Some(Self::Text((*value).into()))
            }
            (Self::Images(images), PathStepKey::Key(name)) => {
                images.iter().find(|image| image.key == name).map(Self::Image)
            }
            (Self::Image(image), PathStepKey::Key(name)) => {
                let (_, text) = image.fields().find(|(key, _)| key == name)?;
                Some(Self::Text(text.into_owned().into()))
            }
            _ => None,
        }
    }

    fn items(&self) -> Vec<Self> {
        match self {
            Self::Tree(node) if node.is_mapping() => {
                node.entries().map(|(_, value)| Self::Tree(value)).collect()
            }
            Self::Tree(node) => node.items().map(Self::Tree).collect(),
            Self::Labels(labels) => {
                labels.iter().map(|(_, value)| Self::Text((*value).into())).collect()
            }
            Self::Images(images) => images.iter().map(Self::Image).collect(),
            Self::Image(image) => {
                image.fields().map(|(_, text)| Self::Text(text.into_owned().into())).collect()
            }
            Self::Text(_) => Vec::new(),
        }
    }

    fn keys(&self) -> Vec<Self> {
        let texts: Vec<&'a str> = match self {
            Self::Tree(node) => node.entries().map(|(key, _)| key.text()).collect(),
            Self::Labels(labels) => labels.iter().map(|(key, _)| *key).collect(),
            Self::Images(images) => images.iter().map(|image| image.key).collect(),
            Self::Image(_) | Self::Text(_) => Vec::new(),
        };
        texts.into_iter().map(|text| Self::Text(text.into())).collect()
    }
}

/// Whether a text without quotes is certainly read as the same text, wherever it stands.
fn reads_as_itself(text: &str) -> bool {
    let is_apart = |text: &str| text.contains(": ") || text.contains(" #");
    let starts_plain = text.starts_with(|first: char| first.is_alphanumeric() || first == '/');
    starts_plain
        && yaml::is_text(text)
        && !text.contains(['\n', '\r', '\t', ',', '[', ']', '{', '}'])
        && !text.ends_with([' ', ':'])
        && !is_apart(text)
}

/// What a reader finds in a rendered text where a site may have printed it.
#[derive(Debug)]
pub(super) struct BareReading {
    pub(super) span: Range<usize>,
    /// What is read, if that is a text.
    pub(super) text: Option<Box<str>>,
    /// What is read, in words.
    pub(super) noun: &'static str,
    /// Whether only a line's rest makes it: a map or a list by indentation.
    pub(super) is_block: bool,
}

impl BareReading {
    /// The string that was printed there and is not what is read, among those that were
    /// printed. A text of several lines is a part of a file on purpose.
    pub(super) fn printed(&self, file: &str, printed: &[Range<usize>]) -> Option<Range<usize>> {
        let is_blank = |range: Range<usize>| {
            file.get(range).is_some_and(|gap| gap.chars().all(|char| matches!(char, ' ' | '\t')))
        };
        let Range { start, end } = self.span;
        let after = printed.partition_point(|range| range.start <= start);
        let around = after.checked_sub(1).map(|before| &printed[before]);
        let is_property = |range: Range<usize>| {
            // What is read as a tag or an anchor is not part of the value any more.
            file.get(range).is_some_and(|gap| gap.starts_with(['!', '&']) && !gap.contains(' '))
        };
        let is_before = |range: Range<usize>| is_blank(range.clone()) || is_property(range);
        let around = around.filter(|range| range.end >= end && is_before(range.start..start));
        let beside = || {
            let next = printed.get(after)?;
            (self.span.is_empty() && next.is_empty() && is_blank(start..next.start)).then_some(next)
        };
        let found = around.or_else(beside)?.clone();
        let text = file[found.clone()].trim_end_matches('\n');
        let is_same = self.text.as_deref() == Some(text) || text.contains('\n');
        let line = file[..found.start].rsplit('\n').next().unwrap_or_default();
        let is_alone = line.trim().is_empty() && (self.is_block || text.is_empty());
        (!is_same && !is_alone).then_some(found)
    }

    /// The finding that a text was printed there.
    pub(super) fn finding(&self, at: Location) -> Finding {
        let noun = self.noun;
        let (what, help) = match (&self.text, noun) {
            (Some(_), _) => ("another text", "print it with `| quote`".to_owned()),
            (None, "null") => ("null", "print it with `| quote`".to_owned()),
            (None, "a list" | "a map") => (
                noun,
                format!(
                    "print it with `| quote`; if {noun} is meant, set it as one, and print it with \
                     `| to_yaml`"
                ),
            ),
            (None, _) => (
                noun,
                format!("print it with `| quote`; if {noun} is meant, set it without quotes"),
            ),
        };
        let message = match at.text().trim() {
            "" => "an empty text is printed without quotes, and read as null".to_owned(),
            text => format!("the text `{text}` is printed without quotes, and read as {what}"),
        };
        Finding::new(&UNQUOTED_PRINT, message, at).because("printed without quotes").help(help)
    }
}

/// The scalars and short collections of a rendered file that one of these sites may have
/// printed, and that may not be what it printed.
pub(super) fn readings(sites: &[&BareSite], documents: &[Value]) -> Vec<BareReading> {
    let mut search = ReadingSearch { sites, found: Vec::new() };
    for document in documents {
        search.visit(document.root());
    }
    search.found
}

struct ReadingSearch<'a> {
    sites: &'a [&'a BareSite],
    found: Vec<BareReading>,
}

impl ReadingSearch<'_> {
    fn visit(&mut self, node: Node<'_>) {
        let location = node.location();
        let is_collection = node.is_mapping() || node.is_sequence();
        let is_block = is_collection && node.style() == Style::Block;
        let is_suspect = match node.kind() {
            _ if node.alias_of().is_some() => true,
            Kind::String(text) => is_odd(&location, text),
            Kind::Mapping(_) | Kind::Sequence(_) => !location.text().contains('\n'),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) => true,
        };
        if is_suspect {
            let text = node.as_str().map(Into::into);
            self.take(&location, text, node.kind().noun(), is_block);
        }
        if node.alias_of().is_some() {
            return;
        }
        for (key, value) in node.entries() {
            self.key(key);
            self.visit(value);
        }
        node.items().for_each(|item| self.visit(item));
    }

    fn key(&mut self, key: KeyNode<'_>) {
        let location = key.location();
        if !key.is_repeated() && is_odd(&location, key.text()) {
            self.take(&location, Some(key.text().into()), "a string", false);
        }
    }

    fn take(
        &mut self,
        location: &Location,
        text: Option<Box<str>>,
        noun: &'static str,
        is_block: bool,
    ) {
        let span = location.span().range();
        let before = location.file().text()[..span.start].trim_end_matches([' ', '\t']);
        // A tag or an anchor may be what was printed.
        let before = match before.rsplit_once([' ', '\n']) {
            Some((rest, word)) if word.starts_with(['!', '&']) => rest.trim_end_matches(' '),
            _ => before,
        };
        if self.sites.iter().any(|site| before.ends_with(&site.before)) {
            self.found.push(BareReading { span, text, noun, is_block });
        }
    }
}

/// Whether a text is not written as it is read, or has something beside it that may
/// have been printed with it.
fn is_odd(location: &Location, text: &str) -> bool {
    let (all, span) = (location.file().text(), location.span().range());
    let has_blank_after = all[span.end..].starts_with([' ', '\t']);
    let has_blanks_before = all[..span.start].ends_with("  ");
    location.text() != text || text.is_empty() || has_blank_after || has_blanks_before
}
