//! The origin of a result's fields in the program.
//!
//! The engine does not say which expression computed a value. But if a program has
//! `field: literal` exactly once, a field with that value came from there; and if it
//! has a field's name only once, the value was made after that name.

use crate::render::jsonnet::closure::{Closure, ProgramSource};
use crate::render::jsonnet::tokens::{JsonnetToken, JsonnetTokenKind};
use crate::source::{Location, Origin, Span};
use crate::yaml::{Kind, Node, Value};

/// The objects that a program made for one app.
pub(in crate::render) struct TracedObjects<'a> {
    closure: &'a Closure,
    objects: Vec<Value>,
}

/// A place in an object: a node, or the key that leads to it.
struct ObjectPlace<'o> {
    /// The keys from the object to the node, without the indices of lists.
    keys: Vec<&'o str>,
    node: Node<'o>,
    is_item: bool,
}

impl<'a> TracedObjects<'a> {
    pub(super) fn new(closure: &'a Closure, objects: Vec<Value>) -> Self {
        Self { closure, objects }
    }

    /// Where the node or key at a place came from; none if the place is not in one of
    /// this program's objects.
    pub(in crate::render) fn find(&self, location: &Location) -> Option<Origin> {
        let is_ours = location.path() == &self.closure.main && location.file().text().is_empty();
        if !is_ours {
            return None;
        }
        let span = location.span();
        let number = span.start;
        // Objects and their nodes are numbered in order, each before its contents.
        let after = self.objects.partition_point(|object| begins(object.root()) <= number);
        let object = after.checked_sub(1).map(|index| self.objects[index].root());
        let place = object.and_then(|object| search(object, number, &mut Vec::new(), false));
        let found = place.and_then(|place| {
            // The span of a key has a length, and that of a node is empty.
            if span.is_empty() { self.value(&place) } else { self.key(&place) }
        });
        Some(found.unwrap_or_else(|| Origin::file(&self.closure.main)))
    }

    fn value(&self, place: &ObjectPlace<'_>) -> Option<Origin> {
        let key = place.keys.last()?;
        if !place.is_item
            && let Some(field) = self.only(|field| field.is(key) && field.gives(place.node))
        {
            return Some(Origin::exact(field.location(field.value)));
        }
        let field = self.only(|field| field.is(key))?;
        Some(Origin::enclosing(field.location(field.whole())))
    }

    fn key(&self, place: &ObjectPlace<'_>) -> Option<Origin> {
        let key = place.keys.last()?;
        let field = self
            .only(|field| field.is(key))
            .or_else(|| self.only(|field| field.is(key) && field.gives(place.node)))?;
        Some(Origin::exact(field.location(field.name.span)))
    }

    /// The field for which the predicate holds, if there is only one in all files.
    fn only(&self, holds: impl Fn(&ObjectField<'_>) -> bool) -> Option<ObjectField<'_>> {
        let fields = self.closure.sources().flat_map(fields);
        let mut found = fields.filter(holds);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }
}

/// The node with that number, at or below this one.
fn search<'o>(
    node: Node<'o>,
    number: u32,
    keys: &mut Vec<&'o str>,
    is_item: bool,
) -> Option<ObjectPlace<'o>> {
    if begins(node) == number {
        return Some(ObjectPlace { keys: keys.clone(), node, is_item });
    }
    let entry = node.entries().take_while(|(_, below)| begins(*below) <= number).last();
    if let Some((key, below)) = entry {
        keys.push(key.text());
        return search(below, number, keys, false);
    }
    let item = node.items().take_while(|item| begins(*item) <= number).last()?;
    search(item, number, keys, true)
}

/// The number of a node.
fn begins(node: Node<'_>) -> u32 {
    node.location().span().start
}

/// `name: …` in a source.
struct ObjectField<'a> {
    source: &'a ProgramSource,
    name: &'a JsonnetToken,
    /// The place of the value after the colon.
    value: Span,
    /// The token after the colon, if it is the whole value.
    literal: Option<&'a JsonnetToken>,
}

/// All fields whose names a source states.
fn fields(source: &ProgramSource) -> impl Iterator<Item = ObjectField<'_>> {
    let tokens = &source.tokens;
    let colons = (1..tokens.len()).filter(|&at| tokens[at].kind == JsonnetTokenKind::Colon);
    colons.filter_map(move |at| {
        let name = &tokens[at - 1];
        let value = tokens.get(at + 1..)?;
        matches!(name.kind, JsonnetTokenKind::Name(_) | JsonnetTokenKind::Text(_)).then(|| {
            let end = end_of_value(value);
            let whole = &value[..end];
            let span = Span {
                start: whole.first().map_or(name.span.end, |token| token.span.start),
                end: whole.last().map_or(name.span.end, |token| token.span.end),
            };
            let literal = if let [token] = whole { Some(token) } else { None };
            ObjectField { source, name, value: span, literal }
        })
    })
}

/// The number of tokens of a field's value, which ends before a comma or bracket.
fn end_of_value(tokens: &[JsonnetToken]) -> usize {
    let mut depth = 0_usize;
    let ends = tokens.iter().position(|token| match token.kind {
        JsonnetTokenKind::Open => {
            depth += 1;
            false
        }
        JsonnetTokenKind::Close if depth == 0 => true,
        JsonnetTokenKind::Close => {
            depth -= 1;
            false
        }
        JsonnetTokenKind::Comma => depth == 0,
        _ => false,
    });
    ends.unwrap_or(tokens.len())
}

impl ObjectField<'_> {
    fn is(&self, key: &str) -> bool {
        matches!(&self.name.kind, JsonnetTokenKind::Name(name) | JsonnetTokenKind::Text(name) if name == key)
    }

    /// Whether the field's literal is the node's value.
    fn gives(&self, node: Node<'_>) -> bool {
        let Some(literal) = self.literal else { return false };
        let text = &self.source.file.text()[literal.span.range()];
        match (node.kind(), &literal.kind) {
            (Kind::String(value), JsonnetTokenKind::Text(text)) => **value == **text,
            (Kind::Number(number), JsonnetTokenKind::Number) => {
                // The same bits: both were read from a text by the same rules.
                text.parse().is_ok_and(|value: f64| value.to_bits() == number.as_f64().to_bits())
            }
            (Kind::Bool(truth), JsonnetTokenKind::Constant) => text == truth.to_string(),
            (Kind::Null, JsonnetTokenKind::Constant) => text == "null",
            _ => false,
        }
    }

    fn whole(&self) -> Span {
        Span { start: self.name.span.start, end: self.value.end }
    }

    fn location(&self, span: Span) -> Location {
        Location::new(&self.source.file, span)
    }
}
