//! The identity of the object in a document.

use super::ObjectId;
use super::code::{
    GENERATED_NAME, MISSING_API_VERSION, MISSING_KIND, MISSING_NAME, OBJECT_FIELD_TYPE,
    OBJECT_NAME, OBJECT_NAMESPACE, SOPS_IDENTITY,
};
use super::names::{NameRule, dns_label};
use crate::diagnostic::{Code, Finding, Findings};
use crate::source::Location;
use crate::yaml::{Node, Style};

/// The start of an encrypted value.
const ENCRYPTED: &str = "ENC[";

/// The identity and version that a document states.
pub(super) struct Identity {
    /// The identity without a cluster, and with the namespace that the document
    /// names.
    pub(super) id: ObjectId,
    pub(super) api_version: String,
}

/// The error after a problem was added to the findings.
#[derive(Clone, Copy)]
struct Reported;

/// Reads the identity of the object in the map `root`. If it is incomplete, returns
/// none and adds every problem to the findings.
pub(super) fn identity(root: Node<'_>, findings: &mut Findings) -> Option<Identity> {
    IdentityReader { root, findings }.identity().ok()
}

struct IdentityReader<'n, 'f> {
    root: Node<'n>,
    findings: &'f mut Findings,
}

impl<'n> IdentityReader<'n, '_> {
    fn identity(&mut self) -> Result<Identity, Reported> {
        // All parts are read before the first `?`, so that all problems are reported.
        let api_version = self.required("apiVersion", &MISSING_API_VERSION);
        let group = api_version.and_then(|text| Ok((text, self.group(text)?)));
        let kind = self.required("kind", &MISSING_KIND);
        let metadata = self.metadata();
        let namespace = metadata.and_then(|metadata| self.namespace(metadata));
        let (api_version, group) = group?;
        let kind = kind?;
        let name = self.name(metadata?, group, kind)?;
        let id = ObjectId {
            cluster: None,
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace?.map(str::to_owned),
            name: name.to_owned(),
        };
        Ok(Identity { id, api_version: api_version.to_owned() })
    }

    fn required(&mut self, key: &str, code: &'static Code) -> Result<&'n str, Reported> {
        match self.text(self.root, key, key)? {
            Some(text) if text.starts_with(ENCRYPTED) => self.report(encrypted(self.root, key)),
            Some(text) => Ok(text),
            None => {
                let message = format!("{} has no `{key}`", known_of(self.root));
                let finding = Finding::new(code, message, anchor(self.root));
                self.report(finding.because(format!(
                    "every object has `apiVersion` and `kind`; this one has no `{key}`"
                )))
            }
        }
    }

    fn group(&mut self, api_version: &'n str) -> Result<&'n str, Reported> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let has_group = api_version.contains('/');
        if !version.is_empty() && !version.contains('/') && has_group != group.is_empty() {
            return Ok(group);
        }
        let finding = Finding::new(
            &MISSING_API_VERSION,
            format!("`{api_version}` is not an `apiVersion`"),
            place_of(self.root, "apiVersion"),
        );
        self.report(
            finding
                .because("must be `GROUP/VERSION`, or only a version for the core group")
                .help("for example `apps/v1`, or `v1` for a Service"),
        )
    }

    /// The map at `metadata`; fails also if its `labels` or `annotations` are not
    /// maps.
    fn metadata(&mut self) -> Result<Node<'n>, Reported> {
        let Some(metadata) = self.root.get("metadata").filter(|node| !node.is_null()) else {
            let message = format!("{} has no name", known_of(self.root));
            let finding = Finding::new(&MISSING_NAME, message, anchor(self.root));
            return self.report(
                finding
                    .because("this object has no `metadata`")
                    .help("add `metadata:` with a `name:`"),
            );
        };
        let mut result = Ok(metadata);
        for (node, route) in [
            (Some(metadata), "metadata"),
            (metadata.get("labels"), "metadata.labels"),
            (metadata.get("annotations"), "metadata.annotations"),
        ] {
            if let Some(node) = node.filter(|node| !node.is_mapping() && !node.is_null()) {
                result = self.report(wrong_type(node, route, "a map"));
            }
        }
        result
    }

    fn name(&mut self, metadata: Node<'n>, group: &str, kind: &str) -> Result<&'n str, Reported> {
        let Some(name) = self.text(metadata, "name", "metadata.name")? else {
            let finding = nameless(self.root, metadata, kind);
            return self.report(finding);
        };
        if name.starts_with(ENCRYPTED) {
            return self.report(encrypted(metadata, "name"));
        }
        let rule = NameRule::of(group, kind);
        let Err(fault) = rule.check(name) else { return Ok(name) };
        self.report(
            Finding::new(
                &OBJECT_NAME,
                format!("Kubernetes refuses `{name}` as the name of a {kind}: it {fault}"),
                place_of(metadata, "name"),
            )
            .because(format!("must be {}", rule.noun()))
            .help(rule.sentence()),
        )
    }

    /// The namespace that the object names; an empty one counts as none, as it does
    /// for the API server.
    fn namespace(&mut self, metadata: Node<'n>) -> Result<Option<&'n str>, Reported> {
        let Some(namespace) = self.text(metadata, "namespace", "metadata.namespace")? else {
            return Ok(None);
        };
        let Err(fault) = dns_label(namespace) else { return Ok(Some(namespace)) };
        self.report(
            Finding::new(
                &OBJECT_NAMESPACE,
                format!("Kubernetes refuses `{namespace}` as a namespace: it {fault}"),
                place_of(metadata, "namespace"),
            )
            .because("must be a DNS label")
            .help(NameRule::Label.sentence()),
        )
    }

    /// The text at `key`; none if it is missing or empty.
    fn text(&mut self, map: Node<'n>, key: &str, route: &str) -> Result<Option<&'n str>, Reported> {
        match map.get(key) {
            Some(node) if !node.is_null() => match node.as_str() {
                Some(text) => Ok(Some(text).filter(|text| !text.is_empty())),
                None => self.report(wrong_type(node, route, "a string")),
            },
            _ => Ok(None),
        }
    }

    fn report<T>(&mut self, finding: Finding) -> Result<T, Reported> {
        self.findings.push(finding);
        Err(Reported)
    }
}

/// The place of the value of `key`.
fn place_of(map: Node<'_>, key: &str) -> Location {
    map.get(key).map_or_else(|| anchor(map), Node::location)
}

/// The place to show if something is missing: that of the kind, if there is one.
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

fn wrong_type(node: Node<'_>, route: &str, expected: &str) -> Finding {
    let noun = node.kind().noun();
    let finding = Finding::new(&OBJECT_FIELD_TYPE, format!("`{route}` is {noun}"), node.location())
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
    let location =
        metadata.entries().next().map_or_else(|| anchor(root), |(key, _)| key.location());
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
