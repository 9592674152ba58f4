//! Schemas in an arena.

use std::sync::OnceLock;

use super::keywords::{Additional, KeywordFault, Keywords, SchemaId};
use crate::diagnostic;

/// Schemas that refer to each other by number. Equal ones are there once, and one that was
/// read from text is parsed when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct SchemaArena {
    nodes: Vec<OnceLock<Box<Keywords>>>,
    /// The schemas as text, by number; empty if all of them are parsed.
    lines: Vec<&'static str>,
}

impl SchemaArena {
    /// One schema for each line.
    pub(super) fn of_lines(lines: Vec<&'static str>) -> Self {
        Self { nodes: lines.iter().map(|_| OnceLock::new()).collect(), lines }
    }

    /// Adds a schema.
    pub(super) fn add(&mut self, keywords: Keywords) -> SchemaId {
        self.nodes.push(OnceLock::from(Box::new(keywords)));
        number(self.nodes.len() - 1)
    }

    /// How many schemas there are.
    pub(super) fn len(&self) -> SchemaId {
        number(self.nodes.len())
    }

    pub(super) fn schema(&self, id: SchemaId) -> Schema<'_> {
        Schema { arena: self, id }
    }

    fn keywords(&self, id: SchemaId) -> &Keywords {
        let at = id as usize;
        self.nodes[at].get_or_init(|| {
            let keywords = parsed(self.lines[at], self.len());
            Box::new(keywords.expect("a test reads every embedded schema"))
        })
    }
}

fn number(index: usize) -> SchemaId {
    index.try_into().expect("a file of 4 MiB has fewer schemas")
}

/// Why a line is not a schema.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error("{0}")]
    NotJson(#[from] serde_json::Error),
    #[error("{0:?}")]
    Keywords(Vec<KeywordFault>),
    #[error("there is no schema {0}")]
    NoSuchSchema(SchemaId),
}

/// Parses one line of a text with `count` schemas.
pub(super) fn parsed(line: &str, count: SchemaId) -> Result<Keywords, LineError> {
    let keywords = Keywords::read(&serde_json::from_str(line)?).map_err(LineError::Keywords)?;
    match keywords.inner.greatest() {
        Some(id) if id >= count => Err(LineError::NoSuchSchema(id)),
        _ => Ok(keywords),
    }
}

/// What a value has to be. A copy costs nothing; a schema may lead back to itself.
#[derive(Debug, Clone, Copy)]
pub struct Schema<'a> {
    arena: &'a SchemaArena,
    id: SchemaId,
}

/// What a schema says of fields that it does not name.
#[derive(Debug, Clone, Copy)]
pub enum AdditionalProperties<'a> {
    /// Nothing: they are unknown fields, unless the schema preserves those.
    Unsaid,
    /// Whether they are allowed, with any value.
    Allowed(bool),
    /// They are allowed, and this is their values' schema: the value is a map of them.
    Schema(Schema<'a>),
}

impl<'a> Schema<'a> {
    /// What is said of the value itself.
    pub fn keywords(self) -> &'a Keywords {
        self.arena.keywords(self.id)
    }

    /// The fields in the order of their names.
    pub fn properties(self) -> impl ExactSizeIterator<Item = (&'a str, Self)> {
        self.keywords().inner.properties.iter().map(move |(name, id)| (&**name, self.at(*id)))
    }

    /// The schema of a field.
    pub fn property(self, name: &str) -> Option<Self> {
        let properties = &self.keywords().inner.properties;
        let at = properties.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(self.at(properties[at].1))
    }

    /// The field that a misspelt name probably means.
    pub fn nearest_property(self, name: &str) -> Option<&'a str> {
        diagnostic::nearest(name, self.properties().map(|(known, _)| known))
    }

    /// The other fields.
    pub fn additional_properties(self) -> AdditionalProperties<'a> {
        match self.keywords().inner.additional {
            Additional::Unsaid => AdditionalProperties::Unsaid,
            Additional::Allowed(is_allowed) => AdditionalProperties::Allowed(is_allowed),
            Additional::Schema(id) => AdditionalProperties::Schema(self.at(id)),
        }
    }

    /// The schema of a list's items.
    pub fn items(self) -> Option<Self> {
        self.keywords().inner.items.map(|id| self.at(id))
    }

    /// The schemas of which all hold.
    pub fn all_of(self) -> impl ExactSizeIterator<Item = Self> {
        self.each(&self.keywords().inner.all_of)
    }

    /// The schemas of which at least one holds, if there are any.
    pub fn any_of(self) -> impl ExactSizeIterator<Item = Self> {
        self.each(&self.keywords().inner.any_of)
    }

    /// The schemas of which exactly one holds, if there are any.
    pub fn one_of(self) -> impl ExactSizeIterator<Item = Self> {
        self.each(&self.keywords().inner.one_of)
    }

    /// The schema that must not hold (`not`).
    pub fn excluded(self) -> Option<Self> {
        self.keywords().inner.not.map(|id| self.at(id))
    }

    /// The number of the schema among those that it was read with, by which a walker
    /// remembers what it made of it: equal schemas have the same.
    pub fn id(self) -> u32 {
        self.id
    }

    fn each(self, ids: &'a [SchemaId]) -> impl ExactSizeIterator<Item = Self> {
        ids.iter().map(move |id| self.at(*id))
    }

    fn at(self, id: SchemaId) -> Self {
        Self { id, ..self }
    }
}
