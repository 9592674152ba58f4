//! What is expected of a value.

use super::grafts::GraftPoint;
use crate::kubernetes::{Schema, SchemaSource};

/// Which of the server's readers reads a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::validate) enum Reader {
    /// That of Kubernetes' own kinds, which decodes into Go structs.
    Kubernetes,
    /// That of custom kinds, whose definition is the cluster's.
    Definition,
    /// That of custom kinds, whose definition need not be the cluster's version.
    Operator,
}

impl Reader {
    pub(super) fn of(source: SchemaSource) -> Self {
        match source {
            SchemaSource::Kubernetes => Self::Kubernetes,
            SchemaSource::Operator { .. } => Self::Operator,
            SchemaSource::Definition => Self::Definition,
        }
    }
}

/// What is expected of a value.
#[derive(Clone, Copy)]
pub(super) struct Expected<'s> {
    pub(super) schema: Schema<'s>,
    pub(super) reader: Reader,
    /// Whether it is only decoded. The server drops what an object says of its status.
    pub(super) is_decoded_only: bool,
    /// Whether the schema only refines another (`allOf`, `not` and so on), which knows the
    /// fields.
    pub(super) is_refinement: bool,
    /// Kubernetes' own schema of the value, where the schema is an operator's copy of it.
    pub(super) twin: Option<Schema<'static>>,
    /// The way to further such copies.
    pub(super) graft: Option<&'s GraftPoint>,
}

impl<'s> Expected<'s> {
    pub(super) fn new(schema: Schema<'s>, reader: Reader) -> Self {
        Self {
            schema,
            reader,
            is_decoded_only: false,
            is_refinement: false,
            twin: None,
            graft: None,
        }
    }

    /// The same of another schema for the same value.
    pub(super) fn refined_by(self, schema: Schema<'s>) -> Self {
        Self { schema, is_refinement: true, twin: None, graft: None, ..self }
    }

    /// What is expected of a field.
    pub(super) fn field(self, name: &str, schema: Schema<'s>) -> Self {
        let twin = self.twin.and_then(|twin| twin.property(name));
        self.inner(schema, twin, self.graft.and_then(|graft| graft.child(name)))
    }

    /// What is expected of an item.
    pub(super) fn item(self, schema: Schema<'s>) -> Self {
        let twin = self.twin.and_then(Schema::items);
        self.inner(schema, twin, self.graft.and_then(|graft| graft.child("[]")))
    }

    fn inner(
        self,
        schema: Schema<'s>,
        twin: Option<Schema<'static>>,
        graft: Option<&'s GraftPoint>,
    ) -> Self {
        let twin = graft.and_then(|graft| graft.schema).or(twin);
        Self { schema, twin, graft, ..self }
    }

    /// The name of Kubernetes' own type of the value, if it has one.
    pub(super) fn definition(self) -> Option<&'s str> {
        match self.reader {
            Reader::Kubernetes => self.schema.keywords().definition.as_deref(),
            Reader::Definition | Reader::Operator => self.twin?.keywords().definition.as_deref(),
        }
    }
}
