//! What is judged: the objects of an environment, however they came about.

use crate::kubernetes::{CustomDefinitions, KindSchema, Object, Schemas};

/// The objects that an environment deploys.
#[derive(Debug)]
pub struct JudgedRendering<'r> {
    /// The Kubernetes version.
    pub version: JudgedVersion,
    /// The definitions of custom kinds; of two of the same kind the first counts.
    pub definitions: &'r [&'r CustomDefinitions],
    /// The objects.
    pub objects: Vec<&'r Object>,
}

/// The version of Kubernetes whose schemas objects are judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgedVersion {
    /// The minor version: 35 for 1.35.
    pub minor: u32,
    /// Whether somebody asked for it. If nobody did, it is the newest.
    pub is_configured: bool,
}

impl JudgedVersion {
    /// The version that is configured, or the nearest of which there are schemas.
    pub fn of(configured: Option<u32>) -> Self {
        let (oldest, newest) = (*Schemas::MINORS.start(), *Schemas::MINORS.end());
        let minor = configured.unwrap_or(newest).clamp(oldest, newest);
        Self { minor, is_configured: configured.is_some() }
    }

    /// Its schemas.
    pub(super) fn schemas(self) -> Schemas {
        Schemas::kubernetes(self.minor).expect("`of` only makes versions that have schemas")
    }
}

impl JudgedRendering<'_> {
    /// The schema of a kind, if there is one.
    pub(super) fn schema(&self, api_version: &str, kind: &str) -> Option<KindSchema<'_>> {
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let schemas = self.version.schemas();
        let mut definitions = self.definitions.iter();
        match definitions.find(|known| known.of(group, kind).is_some()) {
            Some(definitions) => schemas.find(definitions, api_version, kind),
            None => schemas.of(api_version, kind),
        }
    }
}
