//! One walk over an object and its schema.

use super::constraints::{constraint_faults, decoding_faults, invalid};
use super::duplicates::duplicates;
use super::expected::{Expected, Reader};
use super::grafts::{GraftPoint, Grafts};
use super::leniencies::is_left_out;
use super::patterns::Patterns;
use super::types::wrong_type;
use crate::diagnostic::{Finding, Severity};
use crate::kubernetes::{AdditionalProperties, KindSchema, Object, Schema};
use crate::validate::code::{MISSING_FIELD, UNKNOWN_FIELD, WRONG_FIELD_TYPE};
use crate::validate::field::FieldValue;
use crate::validate::rules;
use crate::yaml::{KeyNode, Node};

/// The schemas that an object is judged by.
#[derive(Clone, Copy)]
pub(in crate::validate) struct ObjectSchemas<'s> {
    /// That of its kind.
    pub(in crate::validate) kind: KindSchema<'s>,
    /// That of `metadata`, of which definitions only say that it is a map.
    pub(in crate::validate) metadata: Schema<'static>,
    /// Kubernetes' own types inside operators' kinds.
    pub(in crate::validate) grafts: &'s Grafts,
    /// Compiled patterns.
    pub(in crate::validate) patterns: &'s Patterns,
}

/// The findings about an object.
pub(in crate::validate) fn walk(schemas: ObjectSchemas<'_>, object: &Object) -> Vec<Finding> {
    let reader = Reader::of(schemas.kind.source);
    let graft = schemas.grafts.find(&object.id.group, &object.id.kind);
    let mut walker = Walker {
        metadata: schemas.metadata,
        patterns: schemas.patterns,
        has_status: schemas.kind.has_status,
        is_encrypted: object.verbatim.is_some(),
        findings: Vec::new(),
    };
    walker.object(&FieldValue::object(object.value.root()), schemas.kind.root, reader, graft);
    walker.findings
}

struct Walker<'s> {
    metadata: Schema<'static>,
    patterns: &'s Patterns,
    has_status: bool,
    /// Whether SOPS encrypted a part of it, so that any value may be a text.
    is_encrypted: bool,
    findings: Vec<Finding>,
}

/// What to do with a field.
#[derive(Clone, Copy)]
enum KnownField<'s> {
    /// Look at its value.
    As(Expected<'s>),
    /// Nothing: any value will do.
    Anything,
    /// Report it.
    Unknown,
}

impl<'s> Walker<'s> {
    fn object(
        &mut self,
        object: &FieldValue<'_, '_>,
        schema: Schema<'s>,
        reader: Reader,
        graft: Option<&'s GraftPoint>,
    ) {
        let expected = Expected { graft, ..Expected::new(schema, reader) };
        self.missing_fields(object, expected);
        for (key, field) in object.entries() {
            let name = key.text();
            let known = match (name, schema.property(name)) {
                ("metadata", _) => KnownField::As(Expected::new(self.metadata, Reader::Kubernetes)),
                ("sops", _) if self.is_encrypted => KnownField::Anything,
                ("status", Some(schema)) if self.has_status => {
                    // The reader of custom kinds drops it unread, but for its fields.
                    let expected = expected.field(name, schema);
                    KnownField::As(Expected { is_decoded_only: true, ..expected })
                }
                (_, property) => known(expected, name, property),
            };
            self.field(&field, known, expected, key);
        }
        self.constraints(object, expected);
        self.rules(object, expected);
    }

    fn field(
        &mut self,
        field: &FieldValue<'_, '_>,
        known: KnownField<'s>,
        map: Expected<'s>,
        key: KeyNode<'_>,
    ) {
        match known {
            KnownField::As(expected) => self.value(field, expected),
            KnownField::Anything => {}
            KnownField::Unknown => {
                let finding = unknown_field(field, map, key);
                self.findings.push(finding);
            }
        }
    }

    fn value(&mut self, field: &FieldValue<'_, '_>, expected: Expected<'s>) {
        let node = field.node();
        if node.is_null() {
            return self.null(field, expected);
        }
        if self.is_encrypted && node.as_str().is_some_and(|text| text.starts_with("ENC[")) {
            return;
        }
        let keywords = expected.schema.keywords();
        // What an object says of a custom kind's status is dropped before anybody looks at it.
        let is_dropped = expected.is_decoded_only && expected.reader != Reader::Kubernetes;
        if let Some(finding) = wrong_type(field, keywords) {
            if !is_dropped {
                self.findings.push(finding);
            }
            return;
        }
        if !is_dropped {
            self.findings.extend(decoding_faults(field, expected));
        }
        if node.is_mapping() {
            self.map(field, expected);
        } else if node.is_sequence() {
            self.list(field, expected);
        }
        if !expected.is_decoded_only {
            self.constraints(field, expected);
            self.rules(field, expected);
        }
    }

    /// To the reader of Kubernetes' own kinds, null is nothing. That of custom kinds puts the
    /// default in its place, and else takes it for a value.
    fn null(&mut self, field: &FieldValue<'_, '_>, expected: Expected<'s>) {
        let keywords = expected.schema.keywords();
        let is_anything = keywords.types.is_empty() && !keywords.is_int_or_string;
        let is_taken = expected.reader == Reader::Kubernetes
            || expected.is_decoded_only
            || keywords.is_nullable
            || keywords.default.is_some()
            || is_anything;
        if !is_taken {
            let finding = field.finding(&WRONG_FIELD_TYPE, "is null");
            self.findings.push(
                finding
                    .because("must have a value if it is there")
                    .help("remove the field, or give it a value"),
            );
        }
    }

    fn map(&mut self, map: &FieldValue<'_, '_>, expected: Expected<'s>) {
        if !expected.is_decoded_only {
            self.missing_fields(map, expected);
        }
        let schema = expected.schema;
        let is_embedded = schema.keywords().is_embedded_resource;
        for (key, field) in map.entries() {
            let name = key.text();
            let known = match name {
                "metadata" if is_embedded => {
                    KnownField::As(Expected::new(self.metadata, Reader::Kubernetes))
                }
                "apiVersion" | "kind" if is_embedded => KnownField::Anything,
                _ => known(expected, name, schema.property(name)),
            };
            self.field(&field, known, expected, key);
        }
    }

    fn missing_fields(&mut self, map: &FieldValue<'_, '_>, expected: Expected<'s>) {
        let keywords = expected.schema.keywords();
        let embedded: &[&str] =
            if keywords.is_embedded_resource { &["apiVersion", "kind"] } else { &[] };
        let required = keywords.required.iter().map(|name| &**name);
        for name in required.chain(embedded.iter().copied()) {
            if is_missing(map.node(), name, expected) {
                let path = map.path_of(name);
                let what = format!("`{path}` is missing");
                let finding = map.finding_at(map.start(), &MISSING_FIELD, what);
                let because = match map.node().get(name) {
                    None => format!("has no `{name}`"),
                    Some(_) => format!("has an empty `{name}`"),
                };
                self.findings.push(finding.because(because).help(format!("add `{name}`")));
            }
        }
    }

    fn list(&mut self, list: &FieldValue<'_, '_>, expected: Expected<'s>) {
        let Some(schema) = expected.schema.items() else { return };
        let item_expected = expected.item(schema);
        for item in list.items() {
            self.value(&item, item_expected);
        }
        if !expected.is_decoded_only && !expected.is_refinement {
            self.findings.extend(duplicates(list, expected));
        }
    }

    fn constraints(&mut self, field: &FieldValue<'_, '_>, expected: Expected<'s>) {
        let schema = expected.schema;
        self.findings.extend(constraint_faults(field, schema.keywords(), self.patterns));
        for all in schema.all_of() {
            self.value(field, expected.refined_by(all));
        }
        if schema.any_of().len() > 0 && self.fitting(field, expected, schema.any_of()) == 0 {
            let finding = invalid(field, "fits none of the forms that it may have");
            self.findings.push(finding.because("must fit one of those in `anyOf`"));
        }
        if schema.one_of().len() > 0 {
            let count = self.fitting(field, expected, schema.one_of());
            if count != 1 {
                let what = match count {
                    0 => "fits none of the forms that it may have".to_owned(),
                    count => format!("fits {count} of the forms that it may have"),
                };
                let finding = invalid(field, what);
                self.findings.push(finding.because("must fit exactly one of those in `oneOf`"));
            }
        }
        if let Some(excluded) = schema.excluded()
            && self.fits(field, expected.refined_by(excluded))
        {
            let finding = invalid(field, "has a form that it must not have");
            self.findings.push(finding.because("must not fit what `not` says"));
        }
    }

    fn fitting(
        &mut self,
        field: &FieldValue<'_, '_>,
        expected: Expected<'s>,
        schemas: impl Iterator<Item = Schema<'s>>,
    ) -> usize {
        schemas.filter(|schema| self.fits(field, expected.refined_by(*schema))).count()
    }

    fn fits(&mut self, field: &FieldValue<'_, '_>, expected: Expected<'s>) -> bool {
        let before = self.findings.len();
        self.value(field, expected);
        let fits = self.findings.len() == before;
        self.findings.truncate(before);
        fits
    }

    fn rules(&mut self, field: &FieldValue<'_, '_>, expected: Expected<'s>) {
        if expected.is_refinement {
            return;
        }
        if let Some(definition) = expected.definition() {
            rules::check(definition, field, &mut self.findings);
        }
    }
}

/// What a schema says of a field of that name.
fn known<'s>(map: Expected<'s>, name: &str, property: Option<Schema<'s>>) -> KnownField<'s> {
    if let Some(property) = property {
        return KnownField::As(map.field(name, property));
    }
    match map.schema.additional_properties() {
        AdditionalProperties::Schema(schema) => KnownField::As(map.field(name, schema)),
        AdditionalProperties::Allowed(true) => KnownField::Anything,
        AdditionalProperties::Allowed(false) if map.is_refinement => KnownField::Unknown,
        _ if map.is_refinement => KnownField::Anything,
        AdditionalProperties::Unsaid | AdditionalProperties::Allowed(false) => {
            let keywords = map.schema.keywords();
            let is_open = keywords.preserves_unknown_fields || keywords.types.is_empty();
            if is_open { KnownField::Anything } else { KnownField::Unknown }
        }
    }
}

/// Whether the server misses a field that is required.
fn is_missing(map: Node<'_>, name: &str, expected: Expected<'_>) -> bool {
    let schema = expected.schema;
    let default = || schema.property(name).and_then(|field| field.keywords().default.as_ref());
    match (map.get(name), expected.reader) {
        (None, Reader::Kubernetes) => {
            default().is_none() && !is_left_out(schema.keywords().definition.as_deref(), name)
        }
        (None, _) => default().is_none(),
        // A Go struct does not tell what is empty from what is not there.
        (Some(node), Reader::Kubernetes) => {
            let is_list = node.is_sequence() && node.items().len() == 0;
            let is_empty = node.is_null() || node.as_str() == Some("") || is_list;
            let definition = schema.keywords().definition.as_deref();
            is_empty && default().is_none() && !is_left_out(definition, name)
        }
        // A null is a value here, and is reported as one of the wrong type.
        (Some(_), _) => false,
    }
}

fn unknown_field(field: &FieldValue<'_, '_>, map: Expected<'_>, key: KeyNode<'_>) -> Finding {
    let path = field.path();
    let mut finding =
        field.finding_at(key.location(), &UNKNOWN_FIELD, format!("unknown field `{path}`"));
    if map.reader == Reader::Operator {
        finding.severity = Severity::Warning;
    }
    let finding = finding.because("is not a field here");
    match map.schema.nearest_property(key.text()) {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")),
        None => finding,
    }
}
