//! One tree for parsed, merged and rendered data.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::diagnostic::Findings;
use crate::source::{Location, SourceFile, Span};

/// How deep maps and lists may nest. Kubernetes' own objects stay below 40;
/// every function over a tree may recurse this deep.
pub const MAX_DEPTH: usize = 200;

/// A node of one [`Value`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

/// Which of a [`Value`]'s files a span is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId(u16);

/// How a node was written. A splice keeps it; nothing else depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// A mapping or sequence by indentation.
    Block,
    /// `{…}` or `[…]`
    Flow,
    /// Nothing was written: `key:` with no value after it.
    Empty,
    /// Made by a program.
    Made,
}

/// A number with the text it was written as, so that nothing is lost on the
/// way: `1.10` is not `1.1` to whoever reads the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    source: Box<str>,
    value: NumberValue,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum NumberValue {
    Integer(i64),
    Unsigned(u64),
    Float(f64),
}

impl Number {
    /// A whole number, written as `source`.
    pub fn integer(value: i64, source: &str) -> Self {
        Self { source: source.into(), value: NumberValue::Integer(value) }
    }

    /// A whole number that only an unsigned type holds, written as `source`.
    pub fn unsigned(value: u64, source: &str) -> Self {
        Self { source: source.into(), value: NumberValue::Unsigned(value) }
    }

    /// A finite number, written as `source`.
    pub fn float(value: f64, source: &str) -> Self {
        Self { source: source.into(), value: NumberValue::Float(value) }
    }

    /// The text it was written as.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The value, where it is whole and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self.value {
            NumberValue::Integer(value) => Some(value),
            _ => None,
        }
    }

    /// The value, where it is whole, not negative and fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self.value {
            NumberValue::Integer(value) => u64::try_from(value).ok(),
            NumberValue::Unsigned(value) => Some(value),
            NumberValue::Float(_) => None,
        }
    }

    /// The nearest floating-point number.
    #[allow(clippy::cast_precision_loss)]
    pub fn as_f64(&self) -> f64 {
        match self.value {
            NumberValue::Integer(value) => value as f64,
            NumberValue::Unsigned(value) => value as f64,
            NumberValue::Float(value) => value,
        }
    }

    /// Whether it is a floating-point number to Kubernetes' readers.
    pub(super) fn is_float(&self) -> bool {
        matches!(self.value, NumberValue::Float(_))
    }
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `null`, `~`, or nothing at all.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(Box<str>),
    /// A list.
    Sequence(Vec<NodeId>),
    /// A map in the order in which it was written; its keys are unique.
    Mapping(Vec<MapEntry>),
}

impl Kind {
    /// What a person calls it.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a map",
        }
    }
}

/// A key of a mapping: always text, as it is in Kubernetes' JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct MapKey {
    text: Box<str>,
    file: FileId,
    span: Span,
    style: Style,
}

impl MapKey {
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct MapEntry {
    key: MapKey,
    value: NodeId,
    /// Whether the entry is written elsewhere, and `<<` took it from an alias.
    is_repeated: bool,
}

impl MapEntry {
    pub(super) fn new(key: MapKey, value: NodeId) -> Self {
        Self { key, value, is_repeated: false }
    }

    /// The same entry in a map that merges an alias.
    pub(super) fn repeated(&self) -> Self {
        Self { is_repeated: true, ..self.clone() }
    }

    pub(super) fn key_text(&self) -> &str {
        &self.key.text
    }

    pub(super) fn key_span(&self) -> Span {
        self.key.span
    }
}

#[derive(Debug, Clone)]
struct Data {
    kind: Kind,
    file: FileId,
    span: Span,
    style: Style,
    /// The anchor this node repeats, where it was written as `*alias`.
    alias_of: Option<NodeId>,
    /// The value of an earlier layer here.
    overrode: Option<NodeId>,
}

/// A tree of nodes in one arena, each with its place. Nodes may come from
/// several files (the layers of an app's values) and may be shared (aliases).
#[derive(Debug, Clone)]
pub struct Value {
    files: Vec<Arc<SourceFile>>,
    nodes: Vec<Data>,
    root: NodeId,
    /// Of a tree that was parsed and not changed since.
    key_order: OnceLock<KeyOrder>,
    is_changed: bool,
    /// The scalars whose text may hold YAML, in their order.
    texts: Vec<(NodeId, HeldDocuments)>,
    /// In how many texts of other trees it is.
    level: u8,
    /// Whether its spans are those of the whole text that it is in.
    is_placeless: bool,
}

/// What the text of a scalar holds, once it is read.
pub(super) type HeldDocuments = OnceLock<Result<Vec<Value>, Findings>>;

/// How deep texts may be in texts. A patch of an object with values in it has two.
const MOST_LEVELS: u8 = 3;

/// Whether a scalar at that level may hold YAML: it has a line of its own, a key or brackets.
fn may_hold(kind: &Kind, style: Style, level: u8) -> bool {
    let Kind::String(text) = kind else { return false };
    let is_quoted = matches!(style, Style::SingleQuoted | Style::DoubleQuoted);
    let is_block = matches!(style, Style::Literal | Style::Folded);
    let has_more =
        || text.starts_with(['{', '[']) || text.contains(": ") || text.trim_end().contains('\n');
    level < MOST_LEVELS && (is_block || is_quoted && has_more())
}

/// The positions of long maps' entries in the order of their keys: a file may have a map
/// of thousands of keys, each of which is looked up.
type KeyOrder = HashMap<NodeId, Box<[usize]>>;

/// Up to this length, a map is searched from its first key on.
const SHORT: usize = 16;

impl Value {
    /// A tree with one node, `null`, whose place is the whole of `file`.
    pub fn new(file: &Arc<SourceFile>) -> Self {
        let data = Data {
            kind: Kind::Null,
            file: FileId(0),
            span: Span::default(),
            style: Style::Made,
            alias_of: None,
            overrode: None,
        };
        Self {
            files: vec![Arc::clone(file)],
            nodes: vec![data],
            root: NodeId(0),
            key_order: OnceLock::new(),
            is_changed: false,
            texts: Vec::new(),
            level: 0,
            is_placeless: false,
        }
    }

    /// Makes room for so many more nodes.
    pub(super) fn reserve(&mut self, nodes: usize) {
        self.nodes.reserve(nodes);
    }

    /// A tree whose root is an empty map at `location`.
    pub fn empty_map(location: &Location) -> Self {
        let mut value = Self::new(location.file());
        let root = value.add_mapping([], location);
        value.set_root(root);
        value
    }

    /// The root.
    pub fn root(&self) -> Node<'_> {
        self.node(self.root)
    }

    /// Makes that node the root.
    pub fn set_root(&mut self, root: NodeId) {
        self.root = root;
    }

    /// That node.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        Node { value: self, id }
    }

    /// The files that nodes are from.
    pub fn files(&self) -> &[Arc<SourceFile>] {
        &self.files
    }

    /// Adds a node written at `span` of the first file.
    pub(super) fn push(&mut self, kind: Kind, span: Span, style: Style) -> NodeId {
        let may_hold = may_hold(&kind, style, self.level);
        let data = Data { kind, file: FileId(0), span, style, alias_of: None, overrode: None };
        let id = self.add_data(data);
        if may_hold {
            self.texts.push((id, HeldDocuments::new()));
        }
        id
    }

    /// The same tree as part of a text: in that file, with its spans at their places there,
    /// and so many texts deep.
    pub(super) fn in_text(
        mut self,
        file: &Arc<SourceFile>,
        placed: impl Fn(Span) -> Span,
        level: u8,
        has_places: bool,
    ) -> Self {
        self.files = vec![Arc::clone(file)];
        for data in &mut self.nodes {
            data.span = placed(data.span);
            if let Kind::Mapping(entries) = &mut data.kind {
                for entry in entries {
                    entry.key.span = placed(entry.key.span);
                }
            }
        }
        let nodes = &self.nodes;
        self.texts.retain(|(id, _)| {
            let data = &nodes[id.0 as usize];
            may_hold(&data.kind, data.style, level)
        });
        Self { level, is_placeless: !has_places, ..self }
    }

    /// In how many texts of other trees it is.
    pub(super) fn level(&self) -> u8 {
        self.level
    }

    /// Adds a node that repeats `target` at the alias `span`.
    pub(super) fn push_alias(&mut self, target: NodeId, span: Span) -> NodeId {
        let data = Data { span, alias_of: Some(target), ..self.data(target).clone() };
        self.add_data(data)
    }

    /// A key written at `span` of the first file.
    pub(super) fn key(text: Box<str>, span: Span, style: Style) -> MapKey {
        MapKey { text, file: FileId(0), span, style }
    }

    /// Adds a node that came from `location`.
    pub fn add(&mut self, kind: Kind, location: &Location) -> NodeId {
        let file = self.file_id(location.file());
        let span = location.span();
        self.add_data(Data { kind, file, span, style: Style::Made, alias_of: None, overrode: None })
    }

    /// Adds a string that came from `location`.
    pub fn add_string(&mut self, text: &str, location: &Location) -> NodeId {
        self.add(Kind::String(text.into()), location)
    }

    /// Adds a map that came from `location`, as did its keys, which are different from
    /// each other.
    pub fn add_mapping<'k>(
        &mut self,
        entries: impl IntoIterator<Item = (&'k str, NodeId)>,
        location: &Location,
    ) -> NodeId {
        let map = self.add(Kind::Mapping(Vec::new()), location);
        for (key, value) in entries {
            self.append_text(map, key, value, location);
        }
        map
    }

    /// Gives `key` of a map that value; a new key is added at the end, with
    /// `location` as its place.
    ///
    /// # Panics
    ///
    /// Where `map` is not a map.
    pub fn set(&mut self, map: NodeId, key: &str, value: NodeId, location: &Location) {
        let entries = self.entries_mut(map);
        match entries.iter_mut().find(|entry| &*entry.key.text == key) {
            Some(entry) => entry.value = value,
            None => self.append_text(map, key, value, location),
        }
    }

    /// Adds an entry with a key of another tree, which keeps its place. The key must
    /// not be in the map yet; looking for it would make merging quadratic.
    ///
    /// # Panics
    ///
    /// Where `map` is not a map.
    pub fn append(&mut self, map: NodeId, key: KeyNode<'_>, value: NodeId) {
        let file = self.file_id(key.value.file(key.entry.key.file));
        let key = MapKey { file, ..key.entry.key.clone() };
        self.entries_mut(map).push(MapEntry::new(key, value));
    }

    /// Adds an entry whose key is at `location`. The key must not be in the map yet;
    /// [`Value::set`] would look for it.
    ///
    /// # Panics
    ///
    /// Where `map` is not a map.
    pub fn append_text(&mut self, map: NodeId, key: &str, value: NodeId, location: &Location) {
        let file = self.file_id(location.file());
        let key = MapKey { text: key.into(), file, span: location.span(), style: Style::Made };
        self.entries_mut(map).push(MapEntry::new(key, value));
    }

    /// Removes `key` from a map.
    ///
    /// # Panics
    ///
    /// Where `map` is not a map.
    pub fn remove(&mut self, map: NodeId, key: &str) {
        self.entries_mut(map).retain(|entry| &*entry.key.text != key);
    }

    /// Sorts a map's entries by the `rank` of their keys; those of equal rank keep their
    /// order.
    ///
    /// # Panics
    ///
    /// Where `map` is not a map.
    pub fn sort_by_rank(&mut self, map: NodeId, rank: impl Fn(&str) -> usize) {
        self.entries_mut(map).sort_by_key(|entry| rank(&entry.key.text));
    }

    /// Records that `node` replaced `earlier`.
    pub fn override_with(&mut self, node: NodeId, earlier: NodeId) {
        self.nodes[node.0 as usize].overrode = Some(earlier);
    }

    /// Copies a node of another tree into this one, with everything below it
    /// and everything it overrode; each keeps its place.
    pub fn graft(&mut self, node: Node<'_>) -> NodeId {
        let data = node.data();
        let kind = match &data.kind {
            Kind::Sequence(items) => {
                let items: Vec<_> =
                    items.iter().map(|&id| self.graft(node.value.node(id))).collect();
                Kind::Sequence(items)
            }
            Kind::Mapping(entries) => {
                let mut grafted = Vec::with_capacity(entries.len());
                for entry in entries {
                    let file = self.file_id(node.value.file(entry.key.file));
                    let key = MapKey { file, ..entry.key.clone() };
                    let value = self.graft(node.value.node(entry.value));
                    grafted.push(MapEntry::new(key, value));
                }
                Kind::Mapping(grafted)
            }
            scalar => scalar.clone(),
        };
        let overrode = data.overrode.map(|id| self.graft(node.value.node(id)));
        let file = self.file_id(node.value.file(data.file));
        // What an alias repeats is a matter of the file it was written in.
        self.add_data(Data {
            kind,
            file,
            span: data.span,
            style: data.style,
            alias_of: None,
            overrode,
        })
    }

    fn add_data(&mut self, data: Data) -> NodeId {
        let id = u32::try_from(self.nodes.len()).expect("a file of 4 MiB has fewer nodes");
        self.nodes.push(data);
        NodeId(id)
    }

    fn data(&self, id: NodeId) -> &Data {
        &self.nodes[id.0 as usize]
    }

    fn file(&self, id: FileId) -> &Arc<SourceFile> {
        &self.files[id.0 as usize]
    }

    fn file_id(&mut self, file: &Arc<SourceFile>) -> FileId {
        let index =
            self.files.iter().position(|known| Arc::ptr_eq(known, file)).unwrap_or_else(|| {
                self.files.push(Arc::clone(file));
                self.files.len() - 1
            });
        FileId(u16::try_from(index).expect("an app has fewer than 65,536 layers"))
    }

    /// The entry of a key of a map.
    fn entry(&self, map: NodeId, key: &str) -> Option<&MapEntry> {
        let Kind::Mapping(entries) = &self.data(map).kind else { return None };
        if entries.len() > SHORT && !self.is_changed {
            let order = self.key_order.get_or_init(|| self.in_order());
            // An alias has the entries of its anchor.
            if let Some(order) = order.get(&self.data(map).alias_of.unwrap_or(map)) {
                let at = order.binary_search_by(|&at| entries[at].key_text().cmp(key)).ok()?;
                return Some(&entries[order[at]]);
            }
        }
        entries.iter().find(|entry| entry.key_text() == key)
    }

    fn in_order(&self) -> KeyOrder {
        let mut order = KeyOrder::new();
        for (number, data) in self.nodes.iter().enumerate() {
            if let Kind::Mapping(entries) = &data.kind
                && entries.len() > SHORT
                && data.alias_of.is_none()
            {
                let mut positions: Box<[usize]> = (0..entries.len()).collect();
                positions.sort_by(|&a, &b| entries[a].key_text().cmp(entries[b].key_text()));
                let number = u32::try_from(number).expect("a node was added with its number");
                order.insert(NodeId(number), positions);
            }
        }
        order
    }

    fn entries_mut(&mut self, map: NodeId) -> &mut Vec<MapEntry> {
        self.is_changed = true;
        match &mut self.nodes[map.0 as usize].kind {
            Kind::Mapping(entries) => entries,
            other => panic!("{} is not a map", other.noun()),
        }
    }
}

/// A node with the tree it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    value: &'a Value,
    id: NodeId,
}

impl<'a> Node<'a> {
    /// The place in the arena.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The tree.
    pub fn tree(self) -> &'a Value {
        self.value
    }

    /// What it holds.
    pub fn kind(self) -> &'a Kind {
        &self.data().kind
    }

    /// How it was written.
    pub fn style(self) -> Style {
        self.data().style
    }

    /// Its place; for an alias, the place of the alias.
    pub fn location(self) -> Location {
        Location::new(self.value.file(self.data().file), self.data().span)
    }

    /// Its span in the text of its file.
    pub(super) fn span(self) -> Span {
        self.data().span
    }

    /// The value of an earlier layer here; its own `overrode` goes further back.
    pub fn overrode(self) -> Option<Self> {
        self.data().overrode.map(|id| self.value.node(id))
    }

    /// The anchored node that this alias repeats.
    pub fn alias_of(self) -> Option<Self> {
        self.data().alias_of.map(|id| self.value.node(id))
    }

    /// The node that is written out: for an alias, the one that it repeats.
    #[must_use]
    pub fn written(self) -> Self {
        self.alias_of().unwrap_or(self)
    }

    /// A copy in a tree of its own, each node with its place.
    pub fn to_value(self) -> Value {
        let mut value = Value::new(self.location().file());
        let root = value.graft(self);
        value.set_root(root);
        value
    }

    /// The value of a key of a map.
    pub fn get(self, key: &str) -> Option<Self> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The key of that text, for its place.
    pub fn key(self, key: &str) -> Option<KeyNode<'a>> {
        self.entry(key).map(|(key, _)| key)
    }

    /// A key of a map with its value.
    pub fn entry(self, key: &str) -> Option<(KeyNode<'a>, Self)> {
        let entry = self.value.entry(self.id, key)?;
        Some((KeyNode { value: self.value, entry }, self.value.node(entry.value)))
    }

    /// A map's keys and values in order; none where it is not a map.
    pub fn entries(self) -> impl ExactSizeIterator<Item = (KeyNode<'a>, Self)> {
        let entries = match self.kind() {
            Kind::Mapping(entries) => entries.as_slice(),
            _ => &[],
        };
        entries
            .iter()
            .map(move |entry| (KeyNode { value: self.value, entry }, self.value.node(entry.value)))
    }

    /// The entries that are written in this map, in the order of the text; none if
    /// it is an alias, whose entries are written in the map that it repeats.
    pub(super) fn own_entries(self) -> Vec<(KeyNode<'a>, Self)> {
        if self.alias_of().is_some() {
            return Vec::new();
        }
        let mut own: Vec<_> = self.entries().filter(|(key, _)| !key.is_repeated()).collect();
        // An entry that overrides a merged one has that one's place in the map.
        own.sort_by_key(|(key, _)| key.span().start);
        own
    }

    /// A list's items in order; none where it is not a list.
    pub fn items(self) -> impl ExactSizeIterator<Item = Self> + DoubleEndedIterator {
        let items = match self.kind() {
            Kind::Sequence(items) => items.as_slice(),
            _ => &[],
        };
        items.iter().map(move |&id| self.value.node(id))
    }

    /// The item of a list by its index.
    pub fn item(self, index: usize) -> Option<Self> {
        match self.kind() {
            Kind::Sequence(items) => items.get(index).map(|&id| self.value.node(id)),
            _ => None,
        }
    }

    /// The text, where it is a string.
    pub fn as_str(self) -> Option<&'a str> {
        match self.kind() {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth, where it is a boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number, where it is one.
    pub fn as_number(self) -> Option<&'a Number> {
        match self.kind() {
            Kind::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(self) -> bool {
        matches!(self.kind(), Kind::Null)
    }

    /// Whether it is a map.
    pub fn is_mapping(self) -> bool {
        matches!(self.kind(), Kind::Mapping(_))
    }

    /// Whether it is a list.
    pub fn is_sequence(self) -> bool {
        matches!(self.kind(), Kind::Sequence(_))
    }

    /// Whether its span is its own, and not that of the whole text that it is in.
    pub fn has_own_place(self) -> bool {
        !self.value.is_placeless
    }

    /// What makes it different from every node of this tree and others.
    pub fn identity(self) -> (*const Value, NodeId) {
        (std::ptr::from_ref(self.value), self.id)
    }

    /// Where what its text holds is kept; none if it is not a text that may hold any YAML.
    pub(super) fn held_documents(self) -> Option<&'a HeldDocuments> {
        let texts = &self.value.texts;
        let at = texts.binary_search_by_key(&self.written().id, |(id, _)| *id).ok()?;
        Some(&texts[at].1)
    }

    /// Whether both hold the same data, wherever and however written. Numbers
    /// are compared as numbers, maps without their order.
    pub fn equals(self, other: Node<'_>) -> bool {
        match (self.kind(), other.kind()) {
            (Kind::Number(a), Kind::Number(b)) => a.value == b.value,
            (Kind::Sequence(a), Kind::Sequence(b)) => {
                a.len() == b.len() && self.items().zip(other.items()).all(|(a, b)| a.equals(b))
            }
            (Kind::Mapping(a), Kind::Mapping(b)) => {
                let same = |(key, value): (KeyNode<'_>, Node<'_>)| {
                    other.get(key.text()).is_some_and(|theirs| value.equals(theirs))
                };
                a.len() == b.len() && self.entries().all(same)
            }
            (a, b) => a == b,
        }
    }

    fn data(self) -> &'a Data {
        self.value.data(self.id)
    }
}

/// A key with the tree it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct KeyNode<'a> {
    value: &'a Value,
    entry: &'a MapEntry,
}

impl<'a> KeyNode<'a> {
    /// The key.
    pub fn text(self) -> &'a str {
        &self.entry.key.text
    }

    /// Its place.
    pub fn location(self) -> Location {
        Location::new(self.value.file(self.entry.key.file), self.entry.key.span)
    }

    /// Whether the entry is written in another map, and is only repeated in this
    /// one: `<<` took it from an alias.
    pub fn is_repeated(self) -> bool {
        self.entry.is_repeated
    }

    /// Its span in the text of its file.
    pub(super) fn span(self) -> Span {
        self.entry.key.span
    }

    /// How it was written.
    pub fn style(self) -> Style {
        self.entry.key.style
    }
}
