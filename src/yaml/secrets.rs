//! Values that no excerpt of their file may show.

use super::{Kind, Node};
use crate::source::{has_password, is_secret_key};

/// Whether the value of a map's key looks like a secret: by the key, or because it is
/// the value of a variable with the name of a secret, as containers have them:
/// `{ name: DB_PASSWORD, value: x }`.
pub fn is_secret_entry(map: Node<'_>, key: &str) -> bool {
    let name = || map.get("name").and_then(Node::as_str);
    is_secret_key(key) || (key == "value" && name().is_some_and(is_secret_key))
}

/// Marks every secret below `node`, so that no excerpt of its file shows it.
pub fn mark_secrets(node: Node<'_>) {
    // An alias repeats what is looked at where it is anchored.
    if node.alias_of().is_some() {
        return;
    }
    if node.as_str().is_some_and(has_password) {
        node.location().file().mark_secret(node.location().span());
    }
    for (key, value) in node.entries() {
        if is_secret_entry(node, key.text()) { mark_scalars(value) } else { mark_secrets(value) }
    }
    for item in node.items() {
        mark_secrets(item);
    }
}

fn mark_scalars(node: Node<'_>) {
    match node.kind() {
        // What is only on or off is not a secret, and neither is nothing.
        Kind::Null | Kind::Bool(_) => {}
        Kind::Number(_) | Kind::String(_) => {
            // An alias shows nothing by itself; what it repeats would.
            let written = node.alias_of().unwrap_or(node).location();
            written.file().mark_secret(written.span());
        }
        Kind::Sequence(_) => node.items().for_each(mark_scalars),
        Kind::Mapping(_) => node.entries().for_each(|(_, value)| mark_scalars(value)),
    }
}
