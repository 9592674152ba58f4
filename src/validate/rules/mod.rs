//! What the server demands beyond the schemas that it publishes.
//!
//! Upstream generates its schemas from Go types, without the enumerations, ranges and
//! conditions that its validation has. A rule is a plain function that looks at the values of
//! one of Kubernetes' own types, wherever they are: in a Pod, in a template of pods, or in the
//! copy of one in an operator's kind. One file has the rules of one subject, lists them in its
//! `RULES`, and says which of upstream's files it follows. To add a subject, add its file, and a
//! line to [`SUBJECTS`].
//!
//! A rule may count on nothing: its value is a map, but every field of it may be missing or of
//! another type, which is reported elsewhere.

mod enumerations;
mod ports;
mod type_rule;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::field::FieldValue;
use crate::diagnostic::Finding;
use enumerations::{ENUMERATIONS, Enumeration};
use type_rule::{TypeCheck, TypeRule};

/// The rules of each subject.
const SUBJECTS: &[&[TypeRule]] = &[ports::RULES];

/// What is checked in the values of one type.
#[derive(Default)]
struct TypeRules {
    checks: Vec<TypeCheck>,
    enumerations: Vec<&'static Enumeration>,
}

static BY_DEFINITION: LazyLock<HashMap<&'static str, TypeRules>> = LazyLock::new(|| {
    let mut by_definition: HashMap<_, TypeRules> = HashMap::new();
    for rule in SUBJECTS.iter().copied().flatten() {
        by_definition.entry(rule.definition).or_default().checks.push(rule.check);
    }
    for enumeration in ENUMERATIONS {
        let of_type = by_definition.entry(enumeration.definition).or_default();
        of_type.enumerations.push(enumeration);
    }
    by_definition
});

/// Checks a value of the type of that name.
pub(super) fn check(definition: &str, value: &FieldValue<'_, '_>, to: &mut Vec<Finding>) {
    let Some(rules) = BY_DEFINITION.get(definition).filter(|_| value.node().is_mapping()) else {
        return;
    };
    for enumeration in &rules.enumerations {
        enumeration.check(value, to);
    }
    for check in &rules.checks {
        check(value, to);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::kubernetes::{AdditionalProperties, Schema, SchemaSource, Schemas, known_kinds};

    /// Every type in the newest and the oldest version, with the names of its fields.
    fn types() -> HashMap<String, HashSet<String>> {
        let mut types = HashMap::new();
        for minor in [*Schemas::MINORS.start(), *Schemas::MINORS.end()] {
            let schemas = Schemas::kubernetes(minor).unwrap();
            let mut seen = HashSet::new();
            for known in known_kinds() {
                let found = schemas.of(known.api_version, known.kind);
                if let Some(kind) = found.filter(|kind| kind.source == SchemaSource::Kubernetes) {
                    add_types(kind.root, &mut seen, &mut types);
                }
            }
        }
        types
    }

    fn add_types(
        schema: Schema<'_>,
        seen: &mut HashSet<u32>,
        types: &mut HashMap<String, HashSet<String>>,
    ) {
        if !seen.insert(schema.id()) {
            return;
        }
        if let Some(definition) = &schema.keywords().definition {
            let fields = types.entry(definition.to_string()).or_default();
            fields.extend(schema.properties().map(|(name, _)| name.to_owned()));
        }
        let additional = match schema.additional_properties() {
            AdditionalProperties::Schema(schema) => Some(schema),
            _ => None,
        };
        let named = schema.properties().map(|(_, inner)| inner);
        for inner in named.chain(additional).chain(schema.items()) {
            add_types(inner, seen, types);
        }
    }

    #[test]
    fn rules_are_about_types_and_fields_that_exist() {
        let types = types();
        for definition in BY_DEFINITION.keys() {
            assert!(types.contains_key(*definition), "there is no type `{definition}`");
        }
        for Enumeration { definition, field, .. } in ENUMERATIONS {
            assert!(types[*definition].contains(*field), "`{definition}` has no field `{field}`");
        }
    }
}
