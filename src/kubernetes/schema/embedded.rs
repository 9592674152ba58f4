//! The embedded schemas: compressed text, which `tools/schemas/compact.py` describes.

use std::collections::HashMap;
use std::io::Read;
use std::sync::LazyLock;

use ruzstd::decoding::StreamingDecoder;

use super::node::{Schema, SchemaArena};

/// The schemas of Kubernetes.
pub(super) static KUBERNETES: LazyLock<EmbeddedSchemas> =
    LazyLock::new(|| inflated(include_bytes!("data/kubernetes.zst")));
/// The schemas of operators.
pub(super) static OPERATORS: LazyLock<EmbeddedSchemas> =
    LazyLock::new(|| inflated(include_bytes!("data/operators.zst")));

/// How the text starts.
const HEADER: &str = "rungs-schemas 1 ";

/// One file, inflated.
#[derive(Debug)]
pub(super) struct EmbeddedSchemas {
    /// The words after each kind.
    roots: HashMap<(&'static str, &'static str), &'static str>,
    arena: SchemaArena,
}

/// Why a text has no schemas.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum TextError {
    #[error("the text does not start with `{HEADER}`")]
    Header,
    #[error("no empty line separates the kinds from the schemas")]
    NoSchemas,
    #[error("`{0}` is not a kind with its schemas")]
    Kind(String),
}

/// The text is kept until the program ends, as are the schemas in it.
fn inflated(packed: &[u8]) -> EmbeddedSchemas {
    const INVARIANT: &str = "a test reads the embedded schemas";
    let mut text = String::with_capacity(packed.len() * 18);
    let mut decoder = StreamingDecoder::new(packed).expect(INVARIANT);
    decoder.read_to_string(&mut text).expect(INVARIANT);
    EmbeddedSchemas::read(text.leak()).expect(INVARIANT)
}

impl EmbeddedSchemas {
    fn read(text: &'static str) -> Result<Self, TextError> {
        let rest = text.strip_prefix(HEADER).ok_or(TextError::Header)?;
        let (_, rest) = rest.split_once('\n').ok_or(TextError::NoSchemas)?;
        let (kinds, schemas) = rest.split_once("\n\n").ok_or(TextError::NoSchemas)?;
        let arena = SchemaArena::of_lines(schemas.lines().collect());
        let mut roots = HashMap::new();
        for line in kinds.lines() {
            let kind = kind_line(line).filter(|(_, words)| {
                words.split(' ').filter_map(root).all(|(_, id)| id < arena.len())
            });
            let (kind, words) = kind.ok_or_else(|| TextError::Kind(line.to_owned()))?;
            roots.insert(kind, words);
        }
        Ok(Self { roots, arena })
    }

    /// The schema of a kind in a minor version of Kubernetes, where versions matter.
    pub(super) fn root(&self, api_version: &str, kind: &str, minor: u32) -> Option<Schema<'_>> {
        let mut roots = self.words(api_version, kind)?.filter_map(root);
        let (_, id) = roots.find(|(minors, _)| minors.is_none_or(|minors| has(minors, minor)))?;
        Some(self.arena.schema(id))
    }

    /// Whether that word is said of a kind.
    pub(super) fn is_said(&self, api_version: &str, kind: &str, word: &str) -> bool {
        self.words(api_version, kind).is_some_and(|mut words| words.any(|one| one == word))
    }

    fn words(&self, api_version: &str, kind: &str) -> Option<impl Iterator<Item = &'static str>> {
        Some(self.roots.get(&(api_version, kind))?.split(' '))
    }
}

fn kind_line(line: &'static str) -> Option<((&'static str, &'static str), &'static str)> {
    let (api_version, rest) = line.split_once(' ')?;
    let (kind, words) = rest.split_once(' ')?;
    root(words.split(' ').next()?)?;
    Some(((api_version, kind), words))
}

/// The number of a schema, after the minor versions that it is for.
fn root(word: &str) -> Option<(Option<&str>, u32)> {
    match word.split_once('=') {
        Some((minors, id)) => Some((Some(minors), id.parse().ok()?)),
        None => Some((None, word.parse().ok()?)),
    }
}

/// Whether `25-27,30` has a minor version.
fn has(minors: &str, minor: u32) -> bool {
    minors.split(',').any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let bounds = first.parse().ok().zip(last.parse().ok());
        bounds.is_some_and(|(first, last): (u32, u32)| (first..=last).contains(&minor))
    })
}

#[cfg(test)]
mod tests {
    use super::super::node::parsed;
    use super::*;

    #[test]
    fn every_embedded_schema_can_be_read_and_refers_to_others_that_are_there() {
        for packed in
            [&include_bytes!("data/kubernetes.zst")[..], &include_bytes!("data/operators.zst")[..]]
        {
            let mut text = String::new();
            StreamingDecoder::new(packed).unwrap().read_to_string(&mut text).unwrap();
            let schemas = text.split_once("\n\n").unwrap().1;
            let count = schemas.lines().count().try_into().unwrap();
            for line in schemas.lines() {
                if let Err(error) = parsed(line, count) {
                    panic!("{error}: {line}");
                }
            }
        }
    }

    #[test]
    fn a_text_that_is_something_else_is_refused() {
        use TextError::{Header, Kind, NoSchemas};
        for (text, error) in [
            ("", Header),
            ("rungs-schemas 2 x\nv1 Pod 0\n\n{}\n", Header),
            ("rungs-schemas 1 x", NoSchemas),
            ("rungs-schemas 1 x\nv1 Pod 0\n{}\n", NoSchemas),
            ("rungs-schemas 1 x\nv1 Pod\n\n{}\n", Kind("v1 Pod".to_owned())),
            ("rungs-schemas 1 x\nv1 Pod 25=x\n\n{}\n", Kind("v1 Pod 25=x".to_owned())),
            ("rungs-schemas 1 x\nv1 Pod 0 9\n\n{}\n", Kind("v1 Pod 0 9".to_owned())),
        ] {
            assert_eq!(EmbeddedSchemas::read(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn a_line_that_is_no_schema_is_refused() {
        for (line, part) in [
            ("[1]", "expected a map"),
            (r#"{"items":"x"}"#, r#"keyword: "items", expected: "a schema""#),
            (r#"{"items":7}"#, "there is no schema 7"),
            (r#"{"properties":{"a":3}}"#, "there is no schema 3"),
            (r#"{"allOf":[0,-1]}"#, r#"keyword: "allOf", expected: "a list of schemas""#),
            (r#"{"type":"text"}"#, r#"keyword: "type", expected: "the name of a type""#),
        ] {
            let message = parsed(line, 3).unwrap_err().to_string();
            assert!(message.contains(part), "{line}: {message}");
        }
    }

    #[test]
    fn a_kind_has_the_schema_of_its_version() {
        let text = "rungs-schemas 1 x\nv1 A 25-26,28=0 27=1\nv1 B 2 status\n\n{}\n{}\n{}\n";
        let schemas = EmbeddedSchemas::read(text).unwrap();
        let id = |kind, minor| schemas.root("v1", kind, minor).map(Schema::id);
        let found = [24, 25, 26, 27, 28, 29].map(|minor| id("A", minor));
        assert_eq!(found, [None, Some(0), Some(0), Some(1), Some(0), None]);
        assert_eq!(id("B", 99), Some(2));
        assert!(schemas.is_said("v1", "B", "status"));
        assert!(!schemas.is_said("v1", "A", "status"));
    }
}
