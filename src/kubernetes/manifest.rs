//! From a document to the objects in it.

use std::sync::Arc;

use super::names::{NameRule, dns_label};
use super::{Object, ObjectId};
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::{Location, Origin, SourceFile};
use crate::yaml::{Node, Style, Value};

codes! {
    /// A document is no Kubernetes object.
    ///
    /// Every document that a template renders is one object, a map with
    /// `apiVersion`, `kind` and `metadata`, or a `List` of objects. A document
    /// that is text or a list is usually wrong indentation, or a value printed
    /// where no value belongs.
    ///
    /// ```yaml
    /// # wrong
    /// - apiVersion: v1
    ///   kind: ConfigMap
    /// # right
    /// apiVersion: v1
    /// kind: ConfigMap
    /// ```
    NOT_AN_OBJECT = "not-an-object", Input, Error;

    /// An object has no apiVersion.
    ///
    /// Kubernetes finds the type of an object by `apiVersion` and `kind`
    /// together. Without `apiVersion` no server accepts it.
    ///
    /// ```yaml
    /// apiVersion: apps/v1    # group and version, or only `v1` for the core group
    /// kind: Deployment
    /// ```
    MISSING_API_VERSION = "missing-api-version", Input, Error;

    /// An object has no kind.
    ///
    /// Kubernetes finds the type of an object by `apiVersion` and `kind`
    /// together. Without `kind` no server accepts it.
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// ```
    MISSING_KIND = "missing-kind", Input, Error;

    /// An object has no name.
    ///
    /// Its name, kind and namespace together say which object it is: files,
    /// differences and promotions are told apart by them.
    ///
    /// ```yaml
    /// metadata:
    ///   name: frontend
    /// ```
    MISSING_NAME = "missing-name", Input, Error;

    /// A field that says which object it is has the wrong type.
    ///
    /// `apiVersion`, `kind`, `metadata.name` and `metadata.namespace` are
    /// strings; `metadata`, `metadata.labels` and `metadata.annotations` are
    /// maps. A name that YAML reads as something else needs quotes.
    ///
    /// ```yaml
    /// metadata: { name: 1234 }      # wrong: a number
    /// metadata: { name: "1234" }    # right
    /// ```
    OBJECT_FIELD_TYPE = "object-field-type", Input, Error;

    /// Kubernetes refuses the name of an object.
    ///
    /// Most names are DNS subdomains: at most 253 lower-case letters, digits,
    /// `-` and `.`. Namespaces, Services and StatefulSets become parts of host
    /// names and are DNS labels: at most 63 characters, without dots. Roles and
    /// bindings take everything but `/` and `%`.
    ///
    /// ```yaml
    /// metadata: { name: Web_Frontend }    # wrong
    /// metadata: { name: web-frontend }    # right
    /// ```
    OBJECT_NAME = "object-name", Input, Error;

    /// Kubernetes refuses the namespace of an object.
    ///
    /// A namespace is a DNS label: at most 63 lower-case letters, digits and
    /// `-`, which begins and ends with a letter or digit.
    OBJECT_NAMESPACE = "object-namespace", Input, Error;

    /// An object leaves its name to the server.
    ///
    /// With `generateName` every `kubectl create` makes another object. What is
    /// deployed from a repository is applied again and again, and applying
    /// needs a name; no GitOps operator takes such an object.
    ///
    /// ```yaml
    /// metadata: { generateName: migrate- }     # wrong
    /// metadata: { name: migrate-v12 }          # right: the template can print the version
    /// ```
    GENERATED_NAME = "generated-name", Input, Error;

    /// An encrypted object cannot pass byte for byte.
    ///
    /// SOPS signs a file as a whole, with its order of keys and all of its
    /// documents. An object with a `sops:` key therefore passes as it is, and
    /// that needs a YAML or JSON file that holds it and nothing else: not one
    /// document of several, not an item of a `List`, and not the result of a
    /// Jsonnet program. Put the encrypted file beside the other templates.
    SOPS_SPLIT = "sops-split", Input, Error;

    /// What says which object it is, is encrypted.
    ///
    /// rungs, like the operator, needs to know which object a file holds, and
    /// has no key. Encrypt only what is secret:
    ///
    /// ```yaml
    /// # .sops.yaml
    /// creation_rules:
    ///   - path_regex: templates/.*
    ///     encrypted_regex: ^(data|stringData)$
    /// ```
    SOPS_IDENTITY = "sops-identity", Input, Error;
}

/// The objects in the documents of one file, in order. `List`s are opened, and
/// a document without anything in it is passed over. All problems are returned
/// together.
///
/// `origin` is what made the documents. Where they were read from that very
/// file, each object's origin is its own place there.
pub fn objects_of(documents: Vec<Value>, origin: &Origin) -> Result<Vec<Object>, Findings> {
    let documents: Vec<_> = documents.into_iter().filter(|v| !v.root().is_null()).collect();
    let mut reader = Reader::new(origin, documents.len() == 1);
    for document in documents {
        reader.document(document);
    }
    reader.finish()
}

/// The objects anywhere in the result of a program: whatever has `apiVersion`
/// and `kind` is an object and is not looked into for more, lists and other
/// maps are searched, and nulls, which a condition leaves behind, are passed
/// over.
pub fn objects_within(result: &Value, origin: &Origin) -> Result<Vec<Object>, Findings> {
    let mut reader = Reader::new(origin, false);
    reader.search(result.root());
    reader.finish()
}

struct Reader<'a> {
    origin: &'a Origin,
    /// Whether a document is its file's only one, so that its text is the file's.
    alone: bool,
    objects: Vec<Object>,
    findings: Findings,
}

impl<'a> Reader<'a> {
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
            self.items(items);
        } else if let Some(identity) = self.identity(root) {
            let verbatim = self.verbatim(root, self.alone);
            self.add(document, identity, verbatim);
        }
    }

    fn search(&mut self, node: Node<'_>) {
        if node.is_null() {
        } else if node.is_sequence() {
            node.items().for_each(|item| self.search(item));
        } else if !node.is_mapping() {
            self.findings.push(not_an_object(node));
        } else if node.get("apiVersion").is_none() || node.get("kind").is_none() {
            node.entries().for_each(|(_, value)| self.search(value));
        } else if let Some(items) = list_items(node) {
            self.items(items);
        } else {
            self.item(node);
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

    /// A part of a larger tree, which gets a tree of its own.
    fn item(&mut self, node: Node<'_>) {
        let Some(identity) = self.identity(node) else { return };
        // It refuses what is encrypted: a part has no text of its own.
        self.verbatim(node, false);
        let mut value = Value::new(node.location().file());
        let root = value.graft(node);
        value.set_root(root);
        self.add(value, identity, None);
    }

    fn add(&mut self, value: Value, identity: Identity, verbatim: Option<Arc<str>>) {
        let location = value.root().location();
        let file = Arc::clone(location.file());
        let origin = if Arc::ptr_eq(&file, self.origin.location.file()) {
            Origin::exact(location)
        } else {
            self.origin.clone()
        };
        if identity.id.kind == "Secret" && identity.id.group.is_empty() {
            hide(value.root());
        }
        let Identity { id, api_version } = identity;
        self.objects.push(Object { id, api_version, value, verbatim, origin, file });
    }

    /// The text of an encrypted object; none for any other.
    fn verbatim(&mut self, root: Node<'_>, whole: bool) -> Option<Arc<str>> {
        let sops = root.key("sops")?;
        if !whole {
            self.findings.push(
                Finding::new(
                    &SOPS_SPLIT,
                    "an encrypted object is only a part of what was rendered",
                    sops.location(),
                )
                .because("says that SOPS signed the whole")
                .help("keep it in a YAML file of its own beside the other templates"),
            );
            return None;
        }
        Some(Arc::from(root.location().file().text()))
    }

    fn identity(&mut self, root: Node<'_>) -> Option<Identity> {
        let api_version = self.required(root, "apiVersion", &MISSING_API_VERSION);
        let kind = self.required(root, "kind", &MISSING_KIND);
        let metadata = self.metadata(root, kind);
        let (api_version, kind, metadata) = (api_version?, kind?, metadata?);
        let group = self.group(root, api_version)?;
        let name = self.name(root, metadata, group, kind);
        let namespace = self.namespace(metadata);
        let id = ObjectId {
            cluster: None,
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace?.map(str::to_owned),
            name: name?.to_owned(),
        };
        Some(Identity { id, api_version: api_version.to_owned() })
    }

    fn required<'n>(
        &mut self,
        root: Node<'n>,
        key: &str,
        code: &'static crate::diagnostic::Code,
    ) -> Option<&'n str> {
        match self.text(root, key, key)? {
            Some(text) if text.starts_with(ENCRYPTED) => {
                self.findings.push(encrypted(root, key));
                None
            }
            Some(text) => Some(text),
            None => {
                let what = known_of(root);
                self.findings.push(
                    Finding::new(code, format!("{what} has no `{key}`"), anchor(root))
                        .because(format!("an object begins with `apiVersion` and `kind`; `{key}` is missing")),
                );
                None
            }
        }
    }

    /// The map at `metadata`, its maps checked.
    fn metadata<'n>(&mut self, root: Node<'n>, kind: Option<&str>) -> Option<Node<'n>> {
        let Some(metadata) = root.get("metadata").filter(|node| !node.is_null()) else {
            let kind = kind.unwrap_or("object");
            self.findings.push(
                Finding::new(&MISSING_NAME, format!("the {kind} has no name"), anchor(root))
                    .because("this object has no `metadata`")
                    .help("add `metadata:` with a `name:`"),
            );
            return None;
        };
        let maps = [(Some(metadata), "metadata"), (metadata.get("labels"), "metadata.labels"), (metadata.get("annotations"), "metadata.annotations")];
        let mut right = true;
        for (node, route) in maps {
            if let Some(node) = node.filter(|node| !node.is_mapping() && !node.is_null()) {
                self.findings.push(wrong_type(node, route, "a map"));
                right = false;
            }
        }
        right.then_some(metadata)
    }

    fn group<'n>(&mut self, root: Node<'n>, api_version: &'n str) -> Option<&'n str> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let grouped = api_version.contains('/');
        if !version.is_empty() && !version.contains('/') && grouped != group.is_empty() {
            return Some(group);
        }
        let location = root.get("apiVersion").map_or_else(|| anchor(root), Node::location);
        self.findings.push(
            Finding::new(
                &MISSING_API_VERSION,
                format!("`{api_version}` is no `apiVersion`"),
                location,
            )
            .because("must be `GROUP/VERSION`, or only a version for the core group")
            .help("for example `apps/v1`, or `v1` for a Service"),
        );
        None
    }

    fn name<'n>(
        &mut self,
        root: Node<'_>,
        metadata: Node<'n>,
        group: &str,
        kind: &str,
    ) -> Option<&'n str> {
        let Some(name) = self.text(metadata, "name", "metadata.name")? else {
            self.findings.push(nameless(root, metadata, kind));
            return None;
        };
        if name.starts_with(ENCRYPTED) {
            self.findings.push(encrypted(metadata, "name"));
            return None;
        }
        let rule = NameRule::of(group, kind);
        match rule.check(name) {
            Ok(()) => Some(name),
            Err(fault) => {
                let location = metadata.get("name").map_or_else(|| anchor(root), Node::location);
                self.findings.push(
                    Finding::new(
                        &OBJECT_NAME,
                        format!("Kubernetes refuses `{name}` as the name of a {kind}: it {fault}"),
                        location,
                    )
                    .because(format!("must be {}", rule.noun()))
                    .help(rule.sentence()),
                );
                None
            }
        }
    }

    /// The namespace that the object names itself; an empty one is none, as it
    /// is to the API server.
    fn namespace<'n>(&mut self, metadata: Node<'n>) -> Option<Option<&'n str>> {
        let Some(namespace) = self.text(metadata, "namespace", "metadata.namespace")? else {
            return Some(None);
        };
        match dns_label(namespace) {
            Ok(()) => Some(Some(namespace)),
            Err(fault) => {
                let location = metadata.get("namespace").map_or_else(|| anchor(metadata), Node::location);
                self.findings.push(
                    Finding::new(
                        &OBJECT_NAMESPACE,
                        format!("Kubernetes refuses `{namespace}` as a namespace: it {fault}"),
                        location,
                    )
                    .because("must be a DNS label")
                    .help(NameRule::Label.sentence()),
                );
                None
            }
        }
    }

    /// The text at `key`, `Some(None)` where nothing or an empty text is there,
    /// and none where it is no text, which is reported.
    #[allow(clippy::option_option)]
    fn text<'n>(&mut self, map: Node<'n>, key: &str, route: &str) -> Option<Option<&'n str>> {
        let Some(node) = map.get(key).filter(|node| !node.is_null()) else { return Some(None) };
        let Some(text) = node.as_str() else {
            self.findings.push(wrong_type(node, route, "a string"));
            return None;
        };
        Some(Some(text).filter(|text| !text.is_empty()))
    }
}

struct Identity {
    id: ObjectId,
    api_version: String,
}

/// How an encrypted value begins.
const ENCRYPTED: &str = "ENC[";

/// The items of a `List`: of `v1`'s, and of the `…List` that `kubectl get`
/// answers with. An object that happens to be called so has a name.
fn list_items(root: Node<'_>) -> Option<Node<'_>> {
    let kind = root.get("kind")?.as_str()?;
    let named = root.get("metadata").is_some_and(|metadata| metadata.get("name").is_some());
    let items = root.get("items").filter(|items| items.is_sequence())?;
    (kind.ends_with("List") && !named).then_some(items)
}

/// Marks what a Secret holds, so that no excerpt shows it. What `kubectl
/// apply` left in an annotation holds it once more.
fn hide(root: Node<'_>) {
    let annotations = root.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let applied = annotations
        .and_then(|annotations| annotations.get("kubectl.kubernetes.io/last-applied-configuration"));
    let fields = ["data", "stringData"].into_iter().filter_map(|key| root.get(key));
    for secret in fields.flat_map(|field| field.entries().map(|(_, value)| value)).chain(applied) {
        let location = secret.location();
        // What a program made stands at the program, which is no secret.
        let made = secret.style() == Style::Made && location.span().contains(root.location().span());
        if !made {
            location.file().mark_secret(location.span());
        }
    }
}

/// Where to point for what is missing: at what the object says of itself.
fn anchor(root: Node<'_>) -> Location {
    ["kind", "apiVersion"]
        .into_iter()
        .find_map(|key| root.get(key))
        .map(Node::location)
        .or_else(|| root.entries().next().map(|(key, _)| key.location()))
        .unwrap_or_else(|| root.location())
}

fn known_of(root: Node<'_>) -> String {
    let name = root.get("metadata").and_then(|metadata| metadata.get("name"));
    match (root.get("kind").and_then(Node::as_str), name.and_then(Node::as_str)) {
        (Some(kind), Some(name)) => format!("the {kind} `{name}`"),
        (Some(kind), None) => format!("a {kind}"),
        (None, Some(name)) => format!("the object `{name}`"),
        (None, None) => "a document".to_owned(),
    }
}

fn not_an_object(node: Node<'_>) -> Finding {
    let noun = node.kind().noun();
    Finding::new(&NOT_AN_OBJECT, format!("{noun} stands where an object should"), first_line(node))
        .because("must be a map with `apiVersion`, `kind` and `metadata`")
}

fn wrong_type(node: Node<'_>, route: &str, expected: &str) -> Finding {
    let noun = node.kind().noun();
    let finding =
        Finding::new(&OBJECT_FIELD_TYPE, format!("`{route}` is {noun}"), node.location())
            .because(format!("must be {expected}"));
    let is_scalar = !node.is_mapping() && !node.is_sequence();
    let quoted = (expected == "a string" && is_scalar && node.style() == Style::Plain)
        .then(|| format!("quote it: `\"{}\"`", node.location().text()));
    finding.maybe_help(quoted)
}

fn nameless(root: Node<'_>, metadata: Node<'_>, kind: &str) -> Finding {
    if let Some(generated) = metadata.get("generateName") {
        return Finding::new(
            &GENERATED_NAME,
            format!("the {kind} leaves its name to the server"),
            generated.location(),
        )
        .because("makes another object each time it is applied")
        .help("give it a `name:`; the template can print a version or a hash into it");
    }
    let location = metadata.entries().next().map_or_else(|| anchor(root), |(key, _)| key.location());
    Finding::new(&MISSING_NAME, format!("the {kind} has no name"), location)
        .because("this `metadata` has no `name`")
        .help("add `name:` to `metadata`")
}

fn encrypted(map: Node<'_>, key: &str) -> Finding {
    let location = map.get(key).map_or_else(|| anchor(map), Node::location);
    Finding::new(&SOPS_IDENTITY, format!("`{key}` is encrypted"), location)
        .because("says which object it is, and must be readable")
        .help("encrypt again with `--encrypted-regex '^(data|stringData)$'`")
}

/// The first line of a node: an excerpt of a whole document helps nobody.
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
