//! The definitions of custom kinds among objects.

use super::code::INVALID_DEFINITION;
use crate::diagnostic::{Finding, Findings};
use crate::kubernetes::{CustomDefinition, CustomDefinitions, DefinitionError, Object};

/// The `CustomResourceDefinition`s among objects; with a finding for each that cannot be
/// read.
pub fn definitions<'o>(
    objects: impl IntoIterator<Item = &'o Object>,
) -> (CustomDefinitions, Findings) {
    let mut definitions = CustomDefinitions::default();
    let mut findings = Findings::new();
    for object in objects.into_iter().filter(|object| object.is_definition()) {
        match CustomDefinition::read(object.value.root()) {
            Ok(definition) => definitions.add(definition),
            Err(errors) => findings.extend(errors.iter().map(|error| invalid(object, error))),
        }
    }
    (definitions, findings)
}

fn invalid(object: &Object, error: &DefinitionError) -> Finding {
    let name = &object.id.name;
    let message = format!("the definition `{name}` cannot be read: {error}");
    Finding::new(&INVALID_DEFINITION, message, error.location.clone())
        .because("is not what a server takes")
        .help("until it is mended, the objects of its kind are not judged by it")
}
