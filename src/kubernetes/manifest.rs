//! From a document to the objects in it.

use std::sync::Arc;

use super::Object;
use super::code::{NOT_AN_OBJECT, SOPS_SPLIT};
use super::identity::{Identity, identity};
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, Origin, SourceFile};
use crate::yaml::{Node, Style, Value, mark_secrets};

/// The objects in the documents of one file, in order. A `List` stands for its
/// items, and an empty document for nothing. All problems are returned together.
///
/// `origin` is what made the documents. If they were read from the origin's own
/// file, each object's origin is its place there.
pub fn objects_of(documents: Vec<Value>, origin: &Origin) -> Result<Vec<Object>, Findings> {
    let documents: Vec<_> = documents.into_iter().filter(|v| !v.root().is_null()).collect();
    let mut reader = ManifestReader::new(origin, documents.len() == 1);
    for document in documents {
        // To ask the text first, as models of many files do, would compile a pattern.
        mark_secrets(document.root());
        reader.document(document);
    }
    reader.finish()
}

struct ManifestReader<'a> {
    origin: &'a Origin,
    /// Whether the file has only one document, so that the document's text is the
    /// file's.
    alone: bool,
    objects: Vec<Object>,
    findings: Findings,
}

impl<'a> ManifestReader<'a> {
    fn new(origin: &'a Origin, alone: bool) -> Self {
        Self { origin, alone, objects: Vec::new(), findings: Findings::new() }
    }

    fn finish(self) -> Result<Vec<Object>, Findings> {
        if self.findings.has_errors() { Err(self.findings) } else { Ok(self.objects) }
    }

    fn document(&mut self, document: Value) {
        let root = document.root();
        if !root.is_mapping() {
            self.findings.push(not_an_object(root));
        } else if let Some(items) = list_items(root) {
            self.refuse_encrypted_part(root);
            self.items(items);
        } else if let Some(identity) = identity(root, &mut self.findings) {
            let is_whole_file = self.alone && root.style() != Style::Made;
            let verbatim = if is_whole_file {
                encrypted_text(root)
            } else {
                self.refuse_encrypted_part(root);
                None
            };
            self.add(document, identity, verbatim);
        }
    }

    fn items(&mut self, items: Node<'_>) {
        for item in items.items() {
            match list_items(item) {
                Some(inner) => self.items(inner),
                None if item.is_mapping() => self.item(item),
                None => self.findings.push(not_an_object(item)),
            }
        }
    }

    /// Adds an item of a list, with a tree of its own.
    fn item(&mut self, node: Node<'_>) {
        let Some(identity) = identity(node, &mut self.findings) else { return };
        self.refuse_encrypted_part(node);
        self.add(node.to_value(), identity, None);
    }

    fn add(&mut self, value: Value, identity: Identity, verbatim: Option<Arc<str>>) {
        let location = value.root().location();
        let file = Arc::clone(location.file());
        let origin = if Arc::ptr_eq(&file, self.origin.location.file()) {
            Origin::exact(location)
        } else {
            self.origin.clone()
        };
        let Identity { id, api_version } = identity;
        self.objects.push(Object { id, api_version, value, verbatim, origin, file });
    }

    /// Reports a tree that is encrypted, although it is not a whole file: SOPS
    /// signed the file's text, and the part has none.
    fn refuse_encrypted_part(&mut self, root: Node<'_>) {
        let Some(sops) = root.key("sops") else { return };
        self.findings.push(
            Finding::new(
                &SOPS_SPLIT,
                "an encrypted object is only a part of what was rendered",
                sops.location(),
            )
            .because("says that SOPS signed the whole")
            .help("keep it in a YAML file of its own beside the other templates"),
        );
    }
}

/// The text of a file that is one encrypted object; none if it is not encrypted.
fn encrypted_text(root: Node<'_>) -> Option<Arc<str>> {
    root.key("sops").map(|_| Arc::from(root.location().file().text()))
}

/// The items of a `List` of `v1`, or of a `…List` that `kubectl get` prints; none
/// for an object with a name, whose kind only happens to end so.
fn list_items(root: Node<'_>) -> Option<Node<'_>> {
    let kind = root.get("kind")?.as_str()?;
    let named = root.get("metadata").is_some_and(|metadata| metadata.get("name").is_some());
    let items = root.get("items").filter(|items| items.is_sequence())?;
    (kind.ends_with("List") && !named).then_some(items)
}

fn not_an_object(node: Node<'_>) -> Finding {
    let noun = node.kind().noun();
    Finding::new(
        &NOT_AN_OBJECT,
        format!("found {noun} where an object should be"),
        first_line(node),
    )
    .because("must be a map with `apiVersion`, `kind` and `metadata`")
}

/// The place of a node's first line: an excerpt of a whole document would not
/// help.
fn first_line(node: Node<'_>) -> Location {
    let location = node.location();
    let file: &Arc<SourceFile> = location.file();
    let line = file.line(location.start().line);
    let span = location.span();
    if line.end <= span.start || span.end <= line.end {
        return location;
    }
    Location::new(file, crate::source::Span { start: span.start, end: line.end })
}
