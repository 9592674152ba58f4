//! Which values are not for everybody's eyes.

use crate::yaml::{Kind, Node};

/// How the keys of secrets end, in lower case and without separators.
const SECRET: [&str; 10] = [
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "apikey",
    "privatekey",
    "credentials",
];

/// Whether what stands at that key is probably a secret: `password`,
/// `DB_PASSWORD` and `clientSecret` are, `secretName` and `tokenTTL` are not.
pub(super) fn is_secret(key: &str) -> bool {
    let plain: String =
        key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    SECRET.iter().any(|word| plain.ends_with(word))
}

/// Marks every secret below `node`, so that no excerpt of its file shows it.
pub(super) fn mark_secrets(node: Node<'_>) {
    // An alias repeats what is looked at where it is anchored.
    if node.alias_of().is_some() {
        return;
    }
    for (key, value) in node.entries() {
        if is_secret(key.text()) { mark_scalars(value) } else { mark_secrets(value) }
    }
    for item in node.items() {
        mark_secrets(item);
    }
}

fn mark_scalars(node: Node<'_>) {
    match node.kind() {
        // What is only on or off is no secret, and neither is nothing.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_secrets_are_known_however_they_are_spelt() {
        for secret in ["password", "DB_PASSWORD", "clientSecret", "api-key", "apiKey", "TOKEN"] {
            assert!(is_secret(secret), "{secret}");
        }
        for harmless in ["secretName", "tokenTTL", "passwordPolicy", "key", "monkey"] {
            assert!(!is_secret(harmless), "{harmless}");
        }
    }
}
