//! What an API server would refuse, found without one.
//!
//! A [`JudgedRendering`] is the objects of an environment, however they came about.
//! [`validate`] judges each by the schema of its kind in the environment's version of
//! Kubernetes (`structure`), by rules where schemas are silent (`rules`), and says which kinds
//! there is no schema of (`kinds`). A [`FieldValue`](field::FieldValue) is a value with the path
//! to it, from which every finding gets its place and its words.

mod code;
mod definitions;
mod field;
mod grouped;
mod kinds;
mod rendering;
mod rules;
mod structure;

use std::collections::HashMap;

use rayon::prelude::*;

pub use code::{CODES, UNKNOWN_KUBERNETES};
pub use definitions::definitions;
pub use grouped::grouped;
pub use rendering::{JudgedRendering, JudgedVersion};

use crate::diagnostic::Findings;
use crate::kubernetes::{KindSchema, Object};
use structure::{Grafts, ObjectSchemas, Patterns, walk};

/// An API version and a kind.
type KindName<'r> = (&'r str, &'r str);

/// Judges the objects of an environment. Returns the findings of each object, in their order;
/// what is to be said of a kind is said of its first object.
pub fn validate(rendering: &JudgedRendering<'_>) -> Vec<Findings> {
    let mut firsts: HashMap<KindName<'_>, usize> = HashMap::new();
    for (number, object) in rendering.objects.iter().enumerate() {
        firsts.entry((&object.api_version, &object.id.kind)).or_insert(number);
    }
    let schemas = firsts.keys().map(|&kind| (kind, rendering.schema(kind.0, kind.1))).collect();
    let kinds = firsts.values().map(|&first| &rendering.objects[first].id);
    let kinds = kinds.map(|id| (&*id.group, &*id.kind));
    let judge = Judge {
        rendering,
        firsts: &firsts,
        schemas,
        grafts: Grafts::of(kinds, rendering.version.schemas()),
        patterns: Patterns::default(),
    };
    let objects = rendering.objects.par_iter().enumerate();
    objects.map(|(number, object)| judge.object(number, object)).collect()
}

struct Judge<'r> {
    rendering: &'r JudgedRendering<'r>,
    /// The first object of each kind.
    firsts: &'r HashMap<KindName<'r>, usize>,
    schemas: HashMap<KindName<'r>, Option<KindSchema<'r>>>,
    grafts: Grafts,
    patterns: Patterns,
}

impl Judge<'_> {
    fn object(&self, number: usize, object: &Object) -> Findings {
        let name = (&*object.api_version, &*object.id.kind);
        let is_first = self.firsts.get(&name) == Some(&number);
        let Some(Some(schema)) = self.schemas.get(&name) else {
            let finding = is_first.then(|| kinds::without_schema(object, self.rendering));
            return finding.into_iter().collect();
        };
        let deprecated = is_first.then(|| kinds::deprecated(object, schema, self.rendering));
        let version = self.rendering.version;
        let schemas = ObjectSchemas {
            kind: *schema,
            metadata: version.schemas().object_metadata(),
            grafts: &self.grafts,
            patterns: &self.patterns,
        };
        let found = walk(schemas, object).into_iter();
        found.chain(deprecated.flatten()).collect::<Findings>()
    }
}
