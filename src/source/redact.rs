//! Which text must not be shown, where no parsed tree says so.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{SourceFile, Span};

/// Replaces a secret wherever text is shown. Its length reveals nothing. Only in
/// excerpts of a file is the mask as long as the secret: [`SourceFile::shown`]
/// keeps every offset at its place, so that labels point at the right text.
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

/// Whether the value of that key is probably a secret: `password`,
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

/// What is masked in another program's output: the user part of an address, a
/// parameter or header that is named as a secret, and tokens that forges mark
/// as theirs (GitHub, GitLab) or that are signed (JSON Web Tokens).
static CREDENTIALS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]*://)(?<user>[^/\s?#'`\x22<>]*)@",
        r"|(?<name>\b[\w-]+)=(?<value>[^&\s'`\x22<>]+)",
        r"|(?<header>(?i:authorization:\s*(?:[a-z]+\s+)?|private-token:\s*))[^\s'\x22]+",
        r"|\b(?:gh[opsur]_|github_pat_)[0-9A-Za-z_]{20,}",
        r"|\bgl[a-z]{1,6}-[0-9A-Za-z_.-]{16,}",
        r"|\beyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]*",
    ))
    .expect("the pattern is well formed")
});

/// Another program's output without what gives access: `https://me:pw@host/x`
/// becomes `https://***@host/x`. An ssh user alone is not a secret.
pub fn without_credentials(text: &str) -> Cow<'_, str> {
    CREDENTIALS.replace_all(text, |found: &Captures<'_>| {
        let part = |name| found.name(name).map(|part| part.as_str());
        let whole = found.get_match().as_str();
        if let (Some(scheme), Some(user)) = (part("scheme"), part("user")) {
            if scheme.contains("ssh") && !user.contains(':') {
                return whole.to_owned();
            }
            return format!("{scheme}{REDACTED}@");
        }
        if let Some(name) = part("name") {
            let is_secret = is_secret_key(name);
            return if is_secret { format!("{name}={REDACTED}") } else { whole.to_owned() };
        }
        format!("{}{REDACTED}", part("header").unwrap_or_default())
    })
}

/// Marks what looks like a secret in a file that could not be read as YAML,
/// and whose excerpts are about to say why. How far a value
/// reaches is not known, so the mark reaches to the end of the line and over
/// every deeper line below it: too much is hidden rather than too little.
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

    #[test]
    fn what_gives_access_is_masked_in_another_programs_words() {
        let masked = [
            ("at 'https://me:pw@h/x'", "at 'https://***@h/x'"),
            ("https://ghp_short@h/", "https://***@h/"),
            ("http://a@b:c@h/", "http://***@h/"),
            ("ssh://git:pw@h/", "ssh://***@h/"),
            ("GET /x?private_token=abc&a=b", "GET /x?private_token=***&a=b"),
            ("Authorization: Basic bWU6cHc=", "Authorization: Basic ***"),
            ("PRIVATE-TOKEN: abc", "PRIVATE-TOKEN: ***"),
            ("no ghp_0123456789abcdefghijABCDEFGHIJ here", "no *** here"),
            ("no glpat-0123456789abcdefghij here", "no *** here"),
            ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "jwt ***"),
        ];
        for (text, expected) in masked {
            assert_eq!(without_credentials(text), expected);
        }
        for harmless in [
            "ssh://git@host/x.git",
            "git@host:x.git",
            "https://host:8080/a@b",
            "a=b tag=v1 https://host/?ref=main",
            "refs/heads/main -> main",
        ] {
            assert_eq!(without_credentials(harmless), harmless);
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
