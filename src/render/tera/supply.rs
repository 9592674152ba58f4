//! Which value an expression prints, read off the source.
//!
//! Only what is certain from the source alone is said: a path, perhaps through
//! filters or joined to literal texts, whose first name is one of what every
//! template sees, a loop's variable, or set once before. Everything else is
//! unknown.

use std::ops::Range;

use super::scan::{self, PathStepKey, TemplatePart, TeraToken, TeraTokenKind};
use crate::yaml::{KeyNode, Node, Route, Step};

/// What every template sees.
const GLOBALS: [&str; 6] = ["app", "environment", "namespace", "labels", "images", "values"];

/// A value, as a path from what a template sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Supply {
    Global(String),
    Step(Box<Self>, PathStepKey),
    /// An item of what a loop goes over.
    Item(Box<Self>, LoopId),
    /// The key beside such an item.
    Key(Box<Self>, LoopId),
}

/// A loop of a source: the offset of its tag.
pub(super) type LoopId = usize;

/// What a [`Supply`] led to.
#[derive(Debug, Clone)]
pub(super) enum Fed<'a> {
    /// A value of the app.
    Value(Route, Node<'a>),
    /// A key of a map among them.
    Key(Route, KeyNode<'a>),
    /// Something else that a template sees.
    Other(Route),
}

impl Supply {
    /// Follows the path, each loop at the index that `at` knows.
    pub(super) fn follow<'a>(
        &self,
        values: Node<'a>,
        at: &dyn Fn(LoopId) -> Option<usize>,
    ) -> Option<Fed<'a>> {
        match self {
            Self::Global(name) => {
                let mut route = Route::root();
                route.push(Step::Key(name.clone()));
                let is_values = name == "values";
                Some(if is_values { Fed::Value(route, values) } else { Fed::Other(route) })
            }
            Self::Step(from, key) => step(from.follow(values, at)?, key),
            Self::Item(over, of) => item(over.follow(values, at)?, at(*of)?, false),
            Self::Key(over, of) => item(over.follow(values, at)?, at(*of)?, true),
        }
    }

    /// The loops on the path.
    pub(super) fn loops(&self, found: &mut Vec<LoopId>) {
        match self {
            Self::Global(_) => {}
            Self::Step(from, _) => from.loops(found),
            Self::Item(over, id) | Self::Key(over, id) => {
                over.loops(found);
                found.push(*id);
            }
        }
    }
}

fn step<'a>(from: Fed<'a>, key: &PathStepKey) -> Option<Fed<'a>> {
    let step = match key {
        PathStepKey::Key(name) => Step::Key(name.clone()),
        PathStepKey::Index(index) => Step::Index(*index),
        PathStepKey::Computed => return None,
    };
    match from {
        Fed::Value(mut route, node) => {
            let next = match key {
                PathStepKey::Key(name) => node.get(name),
                PathStepKey::Index(index) => node.items().nth(*index),
                PathStepKey::Computed => None,
            };
            route.push(step);
            Some(Fed::Value(route, next?))
        }
        Fed::Other(mut route) => {
            route.push(step);
            Some(Fed::Other(route))
        }
        Fed::Key(..) => None,
    }
}

fn item(over: Fed<'_>, index: usize, is_key: bool) -> Option<Fed<'_>> {
    let Fed::Value(mut route, node) = over else { return None };
    if !node.is_mapping() {
        route.push(Step::Index(index));
        return Some(Fed::Value(route, node.items().nth(index)?));
    }
    let (key, value) = node.entries().nth(index)?;
    route.push(Step::Key(key.text().to_owned()));
    Some(if is_key { Fed::Key(route, key) } else { Fed::Value(route, value) })
}

/// The tags around a place of a source, and what they name.
#[derive(Debug, Default)]
pub(super) struct TagScopes {
    open: Vec<TagScope>,
    /// `set` that came before, with the tags around it.
    set: Vec<(String, Vec<usize>, Option<Supply>)>,
    /// Names that some file of the template makes, which therefore may mean
    /// another thing where the name is not made in the same file.
    shadowed: Vec<String>,
}

#[derive(Debug)]
struct TagScope {
    tag: String,
    /// Where its tag begins; scopes are told apart by it.
    at: usize,
    /// What a loop names.
    names: Vec<(String, Option<Supply>)>,
}

/// How a tag changes what is open.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ScopeChange {
    /// A loop's body begins.
    Loop(LoopId),
    Other,
}

impl TagScopes {
    pub(super) fn new(shadowed: &[String]) -> Self {
        Self { shadowed: shadowed.to_vec(), ..Self::default() }
    }

    /// Takes a tag's change.
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

    fn push(&mut self, tag: &str, part: &TemplatePart, names: Vec<(String, Option<Supply>)>) {
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
    ) -> Vec<(String, Option<Supply>)> {
        let word = |token: &TeraToken| source[token.span.clone()].to_owned();
        let Some(after) = tokens.iter().position(|token| word(token) == "in") else {
            return Vec::new();
        };
        let over = self.plain_path(source, &tokens[after + 1..]).map(Box::new);
        let names: Vec<_> =
            tokens[1..after].iter().filter(|t| t.kind == TeraTokenKind::Name).map(word).collect();
        match names.as_slice() {
            [key, value] => vec![
                (key.clone(), over.clone().map(|over| Supply::Key(over, at))),
                (value.clone(), over.map(|over| Supply::Item(over, at))),
            ],
            [value] => vec![(value.clone(), over.map(|over| Supply::Item(over, at)))],
            _ => Vec::new(),
        }
    }

    fn take_set(&mut self, source: &str, tokens: &[TeraToken], part: &TemplatePart) {
        let Some(name) = tokens.get(1) else { return };
        let name = source[name.span.clone()].to_owned();
        let is_block = tokens.get(2).is_none_or(|t| t.kind != TeraTokenKind::Symbol('='));
        let supply = if is_block { None } else { self.plain_path(source, &tokens[3..]) };
        self.set.push((name, self.around(), supply));
        if is_block {
            self.push("set", part, Vec::new());
        }
    }

    /// The value that those tokens name, if they are only a path.
    fn plain_path(&self, source: &str, tokens: &[TeraToken]) -> Option<Supply> {
        let first = tokens.first().filter(|token| token.kind == TeraTokenKind::Name)?;
        let (path, end) = scan::path(source, tokens, 0);
        if end != tokens.len() {
            return None;
        }
        let root = self.named(&source[first.span.clone()])?;
        let steps = path.steps.into_iter();
        Some(steps.fold(root, |from, step| Supply::Step(Box::new(from), step.key)))
    }

    /// The value that a name stands for here.
    fn named(&self, name: &str) -> Option<Supply> {
        // A component sees its arguments alone.
        if self.open.iter().any(|scope| scope.tag == "component") {
            return None;
        }
        for scope in self.open.iter().rev() {
            if let Some((_, supply)) = scope.names.iter().find(|(known, _)| known == name) {
                return supply.clone();
            }
        }
        let mut sets = self.set.iter().filter(|(known, _, _)| known == name);
        if let Some((_, around, supply)) = sets.next() {
            let here = self.around();
            let is_alone = sets.next().is_none();
            return if is_alone && here.starts_with(around) { supply.clone() } else { None };
        }
        let is_global = GLOBALS.contains(&name) && !self.shadowed.iter().any(|own| own == name);
        is_global.then(|| Supply::Global(name.to_owned()))
    }

    /// The one value that an expression depends on.
    pub(super) fn printed(&self, source: &str, inner: Range<usize>) -> Option<Supply> {
        let tokens = scan::tokens(source, inner);
        let chooses = tokens.iter().any(|token| {
            matches!(&source[token.span.clone()], "if" | "or" | "and" | "for" | "<")
                && !matches!(token.kind, TeraTokenKind::Text(_))
        });
        let paths = scan::paths(source, &tokens);
        let ([path], false) = (paths.as_slice(), chooses) else { return None };
        let root = self.named(&path.root)?;
        let steps = path.steps.iter();
        Some(steps.fold(root, |from, step| Supply::Step(Box::new(from), step.key.clone())))
    }
}

/// The names that the sources of a template make, which hide what every
/// template sees from the files that they include.
pub(super) fn shadowed<'s>(sources: impl Iterator<Item = &'s str>) -> Vec<String> {
    let names = sources.flat_map(scan::bound_names);
    names.filter(|name| GLOBALS.contains(&name.as_str())).collect()
}
