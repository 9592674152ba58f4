//! Which text is not for everybody's eyes, where no tree says so.

use super::{SourceFile, Span};

/// Stands for a secret wherever text is shown. Its length says nothing, which
/// holds for all but excerpts of a file: there [`SourceFile::shown`] keeps every
/// offset at its place, so that labels point at what they are about, and the
/// mask is as long as the secret.
pub const REDACTED: &str = "***";

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
pub fn is_secret_key(key: &str) -> bool {
    let plain: String =
        key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    SECRET.iter().any(|word| plain.ends_with(word))
}

/// Whether a text is an address with a password in it, as of a database:
/// `postgres://user:password@host/db`.
pub fn has_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, separator)| {
        let authority = text[at + separator.len()..].split(['/', ' ', '?', '#']).next();
        let user = authority.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
        user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
    })
}

/// Marks what looks like a secret in a file that could not be read as YAML,
/// and whose excerpts are about to say why. No tree says how far a value
/// reaches, so that the mark reaches to the end of the line and over every
/// deeper line below it: too much is hidden rather than too little.
pub fn mark_unread_secrets(file: &SourceFile) {
    let is_secret_object = file.text().lines().any(|line| {
        let kind = line.trim().trim_start_matches(['-', '{', ' ']).strip_prefix("kind:");
        kind.is_some_and(|kind| kind.trim().trim_matches(['"', '\'', ',', '}']) == "Secret")
    });
    let hides = |key: &str| {
        is_secret_key(key) || (is_secret_object && matches!(key, "data" | "stringData"))
    };
    let mut hidden_below: Option<usize> = None;
    let mut start = 0;
    for line in file.text().split_inclusive('\n') {
        let indentation = line.len() - line.trim_start().len();
        if !line.trim().is_empty() && hidden_below.is_some_and(|above| indentation <= above) {
            hidden_below = None;
        }
        if hidden_below.is_some() {
            file.mark_secret(Span::new(start, start + line.trim_end().len()));
        } else if let Some(value) = first_hidden(line, hides) {
            file.mark_secret(Span::new(start + value, start + line.trim_end().len()));
            hidden_below = Some(indentation);
        }
        start += line.len();
    }
}

/// Where the value of the first key of a line that is to be hidden begins.
fn first_hidden(line: &str, hides: impl Fn(&str) -> bool) -> Option<usize> {
    let colons = line.match_indices(':').map(|(at, _)| at);
    colons.filter(|&at| hides(key_before(line, at))).map(|at| at + 1).next()
}

fn key_before(line: &str, colon: usize) -> &str {
    let before = line[..colon].trim_end().trim_end_matches(['"', '\'']);
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    before.rsplit(|c| !is_key(c)).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::RepoPath;

    #[test]
    fn keys_of_secrets_are_known_however_they_are_spelt() {
        for secret in ["password", "DB_PASSWORD", "clientSecret", "api-key", "apiKey", "TOKEN"] {
            assert!(is_secret_key(secret), "{secret}");
        }
        for harmless in ["secretName", "tokenTTL", "passwordPolicy", "key", "monkey"] {
            assert!(!is_secret_key(harmless), "{harmless}");
        }
    }

    #[test]
    fn an_address_with_a_password_is_known_as_one() {
        for secret in ["postgres://u:hunter3@h/db", "see https://a:b@c", "redis://:x@h:6379"] {
            assert!(has_password(secret), "{secret}");
        }
        for harmless in ["https://host:8080/a@b", "https://me@host/", "a:b@c", "http://u:@h"] {
            assert!(!has_password(harmless), "{harmless}");
        }
    }

    fn shown(text: &str) -> String {
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned());
        mark_unread_secrets(&file);
        file.shown().into_owned()
    }

    #[test]
    fn secrets_of_a_file_that_is_no_yaml_are_hidden_in_every_style() {
        assert_eq!(shown("a: {password: x1, b\nuser: me\n"), "a: {password:******\nuser: me\n");
        assert_eq!(shown("\"api-key\" : 'x'\n"), "\"api-key\" :****\n");
        assert_eq!(
            shown("db:\n  token: |\n    line\n\n    more\n  host: h\n"),
            "db:\n  token:**\n********\n\n********\n  host: h\n"
        );
    }

    #[test]
    fn the_data_of_a_secret_is_hidden_and_that_of_a_config_map_is_not() {
        let data = |kind: &str| format!("kind: {kind}\nstringData:\n  user: me\n\tb: c\n");
        assert!(!shown(&data("Secret")).contains("me"));
        assert!(shown(&data("ConfigMap")).contains("me"));
    }
}
