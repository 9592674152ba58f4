//! What looks like a secret in YAML: the one answer, for values that are shown and for
//! excerpts of files. [`is_secret_key`] answers for a key alone.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value as Json;

use super::{Dialect, Kind, Node, Route, Step, Style, parse};
use crate::source::{
    REDACTED, RepoPath, SourceFile, Span, has_password, is_of_secret, is_secret_key,
    mark_secret_lines, may_have_secrets, without_credentials,
};

/// The annotation in which `kubectl apply` repeats the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Whether what a route leads to looks like a secret, unless it [is only on or
/// off](shown): by a name in the route, or by what `root` has around it. Below an item
/// with the name of a secret everything does: too much is hidden rather than too little.
pub fn leads_to_secret(root: Option<Node<'_>>, route: &Route) -> bool {
    let is_named = route.steps().iter().any(|step| match step {
        Step::Key(key) => is_secret_key(key),
        Step::Where { value, .. } => is_secret_key(value),
        Step::Index(_) | Step::Text(_) => false,
    });
    is_named || root.is_some_and(|root| passes_secret(root, route))
}

fn passes_secret(root: Node<'_>, route: &Route) -> bool {
    let mut node = root;
    for step in route.steps() {
        let is_secret = |map| matches!(step, Step::Key(key) if is_secret_entry(map, key));
        if step.starts(node).into_iter().any(|(_, map)| is_secret(map)) {
            return true;
        }
        let Some(next) = step.find(node) else { return false };
        node = next;
    }
    false
}

/// Whether the value of a map's key looks like a secret: by the key, because the map is
/// a Secret or changes one, or because it is the value of a variable with the name of a
/// secret, as containers have them: `{ name: DB_PASSWORD, value: x }`.
pub fn is_secret_entry(map: Node<'_>, key: &str) -> bool {
    match key {
        LAST_APPLIED => true,
        "value" if names_secret(map) => true,
        _ => is_secret_data(map, key) || is_secret_key(key),
    }
}

/// Whether a map is a variable with the name of a secret, or an operation of a JSON patch
/// that writes a secret.
fn names_secret(map: Node<'_>) -> bool {
    let text = |key| map.get(key).and_then(Node::as_str);
    let path = text("op").and(text("path"));
    text("name").is_some_and(is_secret_key)
        || path.is_some_and(|path| path.split('/').any(is_secret_key))
}

/// Whether the value of a map's key is what a Secret holds: the map is one, or the
/// operation or the patch of one.
pub fn is_secret_data(map: Node<'_>, key: &str) -> bool {
    let text = |key| map.get(key).and_then(Node::as_str);
    let is_secret = |map: Node<'_>| map.get("kind").and_then(Node::as_str) == Some("Secret");
    // Other kinds of that name have a group.
    let has_group = || text("apiVersion").unwrap_or_default().contains('/');
    match key {
        "data" => is_secret(map) && !has_group(),
        // Of all kinds, only a Secret has it, and a patch may leave its kind out.
        "stringData" => !has_group(),
        "value" => text("op").and(text("path")).is_some_and(is_of_string_data),
        "patch" => map.get("target").is_some_and(is_secret),
        _ => false,
    }
}

/// Whether the path of a JSON patch leads into a Secret.
fn is_of_string_data(path: &str) -> bool {
    path.split('/').nth(1) == Some("stringData")
}

/// A value without its secrets, and whether it has any. `masked` says that a route to it
/// [`leads_to_secret`]. What is only on or off is not a secret, and neither is nothing.
pub fn shown(node: Node<'_>, masked: bool) -> (Json, bool) {
    match node.kind() {
        Kind::Null => (Json::Null, false),
        Kind::Bool(truth) => ((*truth).into(), false),
        Kind::Number(_) | Kind::String(_) if masked => (REDACTED.into(), true),
        Kind::String(text) if holds_secret(node, text) => (REDACTED.into(), true),
        Kind::String(text) => match without_credentials(text) {
            Cow::Owned(text) => (text.into(), true),
            Cow::Borrowed(text) => (text.into(), false),
        },
        Kind::Number(_) => (serde_json::to_value(node).unwrap_or(Json::Null), false),
        Kind::Sequence(_) => {
            let (items, secrets): (Vec<_>, Vec<_>) =
                node.items().map(|item| shown(item, masked)).unzip();
            (Json::Array(items), secrets.contains(&true))
        }
        Kind::Mapping(_) => {
            let mut has_secrets = false;
            let entries = node.entries().map(|(key, value)| {
                let (value, secret) = shown(value, masked || is_secret_entry(node, key.text()));
                has_secrets |= secret;
                (key.text().to_owned(), value)
            });
            (Json::Object(entries.collect()), has_secrets)
        }
    }
}

/// Whether a text gives access, has the line of a secret, or holds YAML in which one is.
fn holds_secret(node: Node<'_>, text: &str) -> bool {
    has_password(text)
        || has_lines_of_secret(node, text)
        || node.held_roots().any(|(_, root)| shown(root, false).1)
}

/// Whether a text has the line of a secret. The lines of a Secret count where no tree says
/// what is in it.
fn has_lines_of_secret(node: Node<'_>, text: &str) -> bool {
    has_secret_line(text) || (node.held_roots().next().is_none() && is_of_secret(text))
}

/// Whether [`shown`] would mask a part of a value that is not parsed: in YAML, or its
/// text if it is a scalar.
pub fn is_secret_text(text: &str, masked: bool) -> bool {
    if matches!(without_credentials(text), Cow::Owned(_)) {
        return true;
    }
    if !masked && !may_have_secrets(text) {
        return false;
    }
    let file = Arc::new(SourceFile::new(RepoPath::root(), text.to_owned()));
    match parse(&file, Dialect::default()) {
        Ok(documents) => documents.iter().any(|document| shown(document.root(), masked).1),
        Err(_) => masked || has_secret_line(text) || is_of_secret(text),
    }
}

/// Whether a text, such as a file inside a file, has a line that gives the key of a
/// secret a value. A sentence that looks like one counts as well.
fn has_secret_line(text: &str) -> bool {
    let is_only = !text.trim_end().contains('\n');
    text.lines().any(|line| {
        let mut entries = line.match_indices([':', '=']).filter(|&(at, separator)| {
            // A later colon may be one of an address or an image, unless it ends a key.
            let is_first = !line[..at].contains(':');
            let is_end = line[at + 1..].starts_with([' ', '\t', '"', '\'']);
            (separator == ":" && is_first) || is_end || at + 1 == line.len()
        });
        entries.any(|(at, separator)| {
            let value = line[at + 1..].trim().trim_end_matches([',', '}', ']']).trim_end();
            // After a key alone come the lines that are below it.
            let has_value = match value {
                "" => separator == ":" && !is_only,
                value => !is_switch(value),
            };
            has_value && is_secret_key(&line[..at])
        })
    })
}

fn is_switch(text: &str) -> bool {
    matches!(text, "true" | "false" | "null" | "~")
}

/// Marks every secret below `root`, so that no excerpt of its file shows it.
///
/// For thousands of files, ask [`may_have_secrets`] first.
pub fn mark_secrets(root: Node<'_>) {
    SecretMarker { whole: root.location().span() }.value(root);
}

struct SecretMarker {
    /// The place of the root.
    whole: Span,
}

impl SecretMarker {
    fn value(&self, node: Node<'_>) {
        // An alias repeats what is looked at where it is anchored.
        if node.alias_of().is_some() {
            return;
        }
        if let Some(text) = node.as_str() {
            self.text(node, text);
        }
        for (key, value) in node.entries() {
            if is_secret_entry(node, key.text()) { self.secret(value) } else { self.value(value) }
        }
        for item in node.items() {
            self.value(item);
        }
        for (_, root) in node.held_roots() {
            self.value(root);
        }
    }

    fn text(&self, node: Node<'_>, text: &str) {
        if has_password(text) {
            self.mark(node);
        } else if has_lines_of_secret(node, text) {
            // Its other lines are worth showing, and are words of other messages.
            match node.style() {
                Style::Literal | Style::Folded => {
                    let location = node.location();
                    mark_secret_lines(location.file(), location.span());
                }
                _ => self.mark(node),
            }
        }
    }

    fn secret(&self, node: Node<'_>) {
        match node.kind() {
            Kind::Null | Kind::Bool(_) => {}
            // An alias shows nothing by itself; what it repeats would.
            Kind::Number(_) | Kind::String(_) => self.mark(node.alias_of().unwrap_or(node)),
            Kind::Sequence(_) => node.items().for_each(|item| self.secret(item)),
            Kind::Mapping(_) => node.entries().for_each(|(_, value)| self.secret(value)),
        }
    }

    fn mark(&self, node: Node<'_>) {
        let location = node.location();
        // The place of what a program made is the program, which is not a secret.
        if node.style() != Style::Made || !location.span().contains(self.whole) {
            location.file().mark_secret(location.span());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Value;

    const SECRET: &str = "hunter2";

    fn read(text: &str) -> Value {
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned());
        parse(&Arc::new(file), Dialect::Kubectl).unwrap().remove(0)
    }

    /// What each way to ask says of the value at a route: whether it is hidden.
    fn answers(text: &str, route: &str) -> [bool; 4] {
        let (value, route) = (read(text), Route::parse(route).unwrap());
        let node = route.find(value.root()).unwrap();
        let masked = leads_to_secret(Some(value.root()), &route);
        mark_secrets(value.root());
        [
            !value.root().location().file().shown().contains(SECRET),
            !shown(value.root(), false).0.to_string().contains(SECRET),
            is_secret_text(text, false),
            shown(node, masked).1 && is_secret_text(node.location().text(), masked),
        ]
    }

    #[test]
    fn a_secret_is_one_to_all_who_ask() {
        for (text, route) in [
            ("password: hunter2\n", "password"),
            ("db: { \"api-token\": hunter2 }\n", "db[\"api-token\"]"),
            ("db:\n  credentials:\n    user: hunter2\n", "db.credentials.user"),
            ("passwords: [a, hunter2]\n", "passwords[1]"),
            ("url: postgres://u:hunter2@h/db\n", "url"),
            ("dsn: user=u password=hunter2\n", "dsn"),
            ("env:\n- name: DB_PASSWORD\n  value: hunter2\n", "env[name=DB_PASSWORD].value"),
            ("env:\n- { value: hunter2, x: 1, name: DB_PASSWORD }\n", "env[0].value"),
            ("db: { name: DB_PASSWORD, value: hunter2 }\n", "db.value"),
            ("kind: Secret\ndata: { user: hunter2 }\n# token\n", "data.user"),
            ("apiVersion: v1\nkind: Secret\nstringData: { user: hunter2 }\n", "stringData.user"),
            ("items:\n- kind: Secret\n  data: { user: hunter2 }\n", "items[0].data.user"),
            ("data:\n  app.yaml: |\n    db:\n      password: hunter2\n", "data[\"app.yaml\"]"),
            ("data:\n  app.yaml: \"password: hunter2\"\n", "data[\"app.yaml\"]"),
            ("a: |\n  kind: Secret\n  stringData: { user: hunter2 }\n", "a"),
            ("a: |\n  kind: Secret\n  data:\n    user: hunter2\n", "a"),
            ("a: |\n  x: 1\n  ---\n  kind: Secret\n  data: { user: hunter2 }\n", "a"),
            ("a: >\n  kind: Secret\n\n  stringData: { user: hunter2 }\n", "a"),
            ("a: \"kind: Secret\\nstringData:\\n  user: hunter2\\n\"\n", "a"),
            ("a: '{\"kind\": \"Secret\", \"data\": {\"user\": \"hunter2\"}}'\n", "a"),
            ("a: { b: [\"kind: Secret\\ndata: {user: hunter2}\\n\"] }\n", "a"),
            ("a: |\n  b: |\n    kind: Secret\n    data: { user: hunter2 }\n", "a"),
            ("a: |\n  kind: Secret\n  data:\n    user: hunter2\n    x: {{ x }}\n", "a"),
            ("a: |\n  - { name: DB_PASSWORD, value: hunter2 }\n", "a"),
            ("a: '{\"user\": \"u\", \"password\": \"hunter2\"}'\n", "a"),
            ("a: |\n  [db]\n  password = hunter2\n", "a"),
            ("a: |\n  pass: hunter2\n", "a"),
            ("a: |\n  - { op: add, path: /stringData/user, value: hunter2 }\n", "a"),
            ("a: [{ op: add, path: /db/password, value: hunter2 }]\n", "a[0].value"),
            (
                "a:\n- target: { kind: Secret }\n  patch: |\n    - op: add\n      path: /data/user\n      value: hunter2\n",
                "a[0].patch",
            ),
            ("stringData: { user: hunter2 }\n", "stringData.user"),
        ] {
            assert_eq!(answers(text, route), [true; 4], "{text}");
        }
    }

    #[test]
    fn what_is_not_a_secret_is_shown_to_all_who_ask() {
        for (text, route) in [
            ("secretName: hunter2\n", "secretName"),
            ("password: true\nx: hunter2\n", "password"),
            ("secrets: { enabled: false, no: null }\nx: hunter2\n", "secrets"),
            ("env:\n- { name: db-password, key: hunter2 }\n", "env[0].key"),
            ("env:\n- { name: LEVEL, value: hunter2 }\n# token\n", "env[0].value"),
            ("kind: ConfigMap\ndata: { user: hunter2 }\n# token\n", "data.user"),
            ("apiVersion: x.io/v1\nkind: Secret\ndata: { user: hunter2 }\n", "data.user"),
            ("data:\n  app.yaml: |\n    password: false\n    user: hunter2\n", "data"),
            ("hint: \"password:\"\nx: hunter2\n", "hint"),
            ("a: |\n  tls: { kind: Secret, name: hunter2-secret }\n", "a"),
            ("a: |\n  url: http://hunter2-token:80/\n", "a"),
            ("a: |\n  [cache]\n  token = false\n  user = hunter2\n", "a"),
            ("a: [{ op: add, path: /data/user, value: hunter2 }]\n# token\n", "a[0].value"),
        ] {
            assert_eq!(answers(text, route), [false; 4], "{text}");
        }
    }

    #[test]
    fn a_file_inside_a_file_loses_only_the_lines_with_secrets() {
        let value =
            read("data:\n  app.yaml: |\n    host: h\n    password: hunter2\n    port: 80\n");
        mark_secrets(value.root());
        let shown = value.root().location().file().shown().into_owned();
        assert!(shown.contains("host: h") && shown.contains("port: 80"), "{shown}");
        assert!(shown.contains("password:********\n"), "{shown}");
    }

    #[test]
    fn a_route_without_a_document_is_judged_by_its_names() {
        for (route, expected) in [
            ("values.secrets.db", true),
            ("env[name=DB_PASSWORD].value", true),
            ("env[0].value", false),
            ("data.user", false),
        ] {
            assert_eq!(leads_to_secret(None, &Route::parse(route).unwrap()), expected, "{route}");
        }
    }
}
