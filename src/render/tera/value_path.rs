//! Which value an expression prints, as far as the source alone tells.
//!
//! That is certain only for a path, perhaps with filters after it or literal
//! texts beside it, whose first name is one of the template's variables, a
//! loop's variable, or set exactly once before. Everything else is unknown.

use std::ops::Range;

use super::scan::{self, PathStepKey, TemplatePart, TeraToken, TeraTokenKind};
use crate::render::input::{VALUES, is_variable};
use crate::yaml::{KeyNode, Node, Route, Step};

/// A path to a value from one of the template's variables, as the source has
/// it: which item of a loop is meant, only rendering knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ValuePath {
    Variable(String),
    Step(Box<Self>, PathStepKey),
    /// An item of what a loop goes over.
    Item(Box<Self>, LoopId),
    /// The key of such an item, if the loop goes over a map.
    Key(Box<Self>, LoopId),
}

/// The offset of a loop's tag in its source.
pub(super) type LoopId = usize;

/// The value that a [`ValuePath`] leads to in one app's input.
#[derive(Debug, Clone)]
pub(super) enum ResolvedValue<'a> {
    /// One of the app's values.
    Value(Route, Node<'a>),
    /// A key of a map in the app's values.
    Key(Route, KeyNode<'a>),
    /// A value of another variable, which has no place.
    Other(Route),
}

impl ValuePath {
    /// Follows the path, with `at` as the index of each loop.
    pub(super) fn follow<'a>(
        &self,
        values: Node<'a>,
        at: &dyn Fn(LoopId) -> Option<usize>,
    ) -> Option<ResolvedValue<'a>> {
        match self {
            Self::Variable(name) => {
                let mut route = Route::root();
                route.push(Step::Key(name.clone()));
                Some(if name == VALUES {
                    ResolvedValue::Value(route, values)
                } else {
                    ResolvedValue::Other(route)
                })
            }
            Self::Step(from, key) => step(from.follow(values, at)?, key),
            Self::Item(over, of) => item(over.follow(values, at)?, at(*of)?, false),
            Self::Key(over, of) => item(over.follow(values, at)?, at(*of)?, true),
        }
    }

    /// Adds the loops that the path goes through.
    pub(super) fn loops(&self, found: &mut Vec<LoopId>) {
        match self {
            Self::Variable(_) => {}
            Self::Step(from, _) => from.loops(found),
            Self::Item(over, id) | Self::Key(over, id) => {
                over.loops(found);
                found.push(*id);
            }
        }
    }
}

fn step<'a>(from: ResolvedValue<'a>, key: &PathStepKey) -> Option<ResolvedValue<'a>> {
    let step = match key {
        PathStepKey::Key(name) => Step::Key(name.clone()),
        PathStepKey::Index(index) => Step::Index(*index),
        PathStepKey::Computed => return None,
    };
    match from {
        ResolvedValue::Value(mut route, node) => {
            let next = match key {
                PathStepKey::Key(name) => node.get(name),
                PathStepKey::Index(index) => node.items().nth(*index),
                PathStepKey::Computed => None,
            };
            route.push(step);
            Some(ResolvedValue::Value(route, next?))
        }
        ResolvedValue::Other(mut route) => {
            route.push(step);
            Some(ResolvedValue::Other(route))
        }
        ResolvedValue::Key(..) => None,
    }
}

fn item(over: ResolvedValue<'_>, index: usize, is_key: bool) -> Option<ResolvedValue<'_>> {
    let ResolvedValue::Value(mut route, node) = over else { return None };
    if !node.is_mapping() {
        route.push(Step::Index(index));
        return Some(ResolvedValue::Value(route, node.items().nth(index)?));
    }
    let (key, value) = node.entries().nth(index)?;
    route.push(Step::Key(key.text().to_owned()));
    Some(if is_key { ResolvedValue::Key(route, key) } else { ResolvedValue::Value(route, value) })
}

/// The tags around a place of a source, and the names that they define.
#[derive(Debug, Default)]
pub(super) struct TagScopes {
    open: Vec<TagScope>,
    /// The names that `set` tags before the place define, with the tags around
    /// each.
    set: Vec<(String, Vec<usize>, Option<ValuePath>)>,
    /// Variables that some file of the template redefines. In another file, which
    /// may be included there, they can have either meaning.
    shadowed: Vec<String>,
}

#[derive(Debug)]
struct TagScope {
    tag: String,
    /// The offset of the tag, by which scopes are told apart.
    at: usize,
    /// The names that a loop defines.
    names: Vec<(String, Option<ValuePath>)>,
}

/// The effect of a tag on the scopes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ScopeChange {
    /// The body of a loop starts after the tag.
    Loop(LoopId),
    Other,
}

impl TagScopes {
    pub(super) fn new(shadowed: &[String]) -> Self {
        Self { shadowed: shadowed.to_vec(), ..Self::default() }
    }

    /// Applies a tag's effect.
    pub(super) fn enter(&mut self, source: &str, part: &TemplatePart) -> ScopeChange {
        let tokens = scan::tokens(source, part.inner.clone());
        let word = |at: usize| tokens.get(at).map_or("", |t: &TeraToken| &source[t.span.clone()]);
        let tag = word(0);
        match tag {
            "for" => {
                let names = self.loop_names(source, &tokens, part.span.start);
                self.push("for", part, names);
                return ScopeChange::Loop(part.span.start);
            }
            "else" => {
                if let Some(scope) = self.open.last_mut().filter(|scope| scope.tag == "for") {
                    scope.names.clear();
                }
            }
            "if" | "filter" | "block" | "component" => self.push(tag, part, Vec::new()),
            "set" | "set_global" => self.take_set(source, &tokens, part),
            "<" if word(1) == "/" => self.pop(),
            "<" if tokens.len() < 2 || word(tokens.len() - 2) != "/" => {
                self.push(tag, part, Vec::new());
            }
            tag if tag.starts_with("end") => self.pop(),
            _ => {}
        }
        ScopeChange::Other
    }

    fn push(&mut self, tag: &str, part: &TemplatePart, names: Vec<(String, Option<ValuePath>)>) {
        self.open.push(TagScope { tag: tag.to_owned(), at: part.span.start, names });
    }

    fn pop(&mut self) {
        self.open.pop();
    }

    fn around(&self) -> Vec<usize> {
        self.open.iter().map(|scope| scope.at).collect()
    }

    fn loop_names(
        &self,
        source: &str,
        tokens: &[TeraToken],
        at: LoopId,
    ) -> Vec<(String, Option<ValuePath>)> {
        let word = |token: &TeraToken| source[token.span.clone()].to_owned();
        let Some(after) = tokens.iter().position(|token| word(token) == "in") else {
            return Vec::new();
        };
        let over = self.plain_path(source, &tokens[after + 1..]).map(Box::new);
        let names: Vec<_> =
            tokens[1..after].iter().filter(|t| t.kind == TeraTokenKind::Name).map(word).collect();
        match names.as_slice() {
            [key, value] => vec![
                (key.clone(), over.clone().map(|over| ValuePath::Key(over, at))),
                (value.clone(), over.map(|over| ValuePath::Item(over, at))),
            ],
            [value] => vec![(value.clone(), over.map(|over| ValuePath::Item(over, at)))],
            _ => Vec::new(),
        }
    }

    fn take_set(&mut self, source: &str, tokens: &[TeraToken], part: &TemplatePart) {
        let Some(name) = tokens.get(1) else { return };
        let name = source[name.span.clone()].to_owned();
        let is_block = tokens.get(2).is_none_or(|t| t.kind != TeraTokenKind::Symbol('='));
        let value = if is_block { None } else { self.plain_path(source, &tokens[3..]) };
        self.set.push((name, self.around(), value));
        if is_block {
            self.push("set", part, Vec::new());
        }
    }

    /// The value that these tokens name, if they are nothing but a path.
    fn plain_path(&self, source: &str, tokens: &[TeraToken]) -> Option<ValuePath> {
        let first = tokens.first().filter(|token| token.kind == TeraTokenKind::Name)?;
        let (path, end) = scan::path(source, tokens, 0);
        if end != tokens.len() {
            return None;
        }
        let root = self.named(&source[first.span.clone()])?;
        let steps = path.steps.into_iter();
        Some(steps.fold(root, |from, step| ValuePath::Step(Box::new(from), step.key)))
    }

    /// The value that a name has here.
    fn named(&self, name: &str) -> Option<ValuePath> {
        // A component sees only its arguments.
        if self.open.iter().any(|scope| scope.tag == "component") {
            return None;
        }
        for scope in self.open.iter().rev() {
            if let Some((_, value)) = scope.names.iter().find(|(known, _)| known == name) {
                return value.clone();
            }
        }
        let mut sets = self.set.iter().filter(|(known, _, _)| known == name);
        if let Some((_, around, value)) = sets.next() {
            let here = self.around();
            let is_alone = sets.next().is_none();
            return if is_alone && here.starts_with(around) { value.clone() } else { None };
        }
        let is_shadowed = self.shadowed.iter().any(|own| own == name);
        (is_variable(name) && !is_shadowed).then(|| ValuePath::Variable(name.to_owned()))
    }

    /// The one value that an expression depends on.
    pub(super) fn printed(&self, source: &str, inner: Range<usize>) -> Option<ValuePath> {
        let tokens = scan::tokens(source, inner);
        let chooses = tokens.iter().any(|token| {
            matches!(&source[token.span.clone()], "if" | "or" | "and" | "for" | "<")
                && !matches!(token.kind, TeraTokenKind::Text(_))
        });
        let paths = scan::paths(source, &tokens);
        let ([path], false) = (paths.as_slice(), chooses) else { return None };
        let root = self.named(&path.root)?;
        let steps = path.steps.iter();
        Some(steps.fold(root, |from, step| ValuePath::Step(Box::new(from), step.key.clone())))
    }
}

/// The template's variables that its sources redefine, which the files that they
/// include may therefore see differently.
pub(super) fn shadowed<'s>(sources: impl Iterator<Item = &'s str>) -> Vec<String> {
    let names = sources.flat_map(scan::bound_names);
    names.filter(|name| is_variable(name)).collect()
}
