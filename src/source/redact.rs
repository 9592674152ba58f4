//! Which text must not be shown, where no parsed tree says so.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Replaces a secret wherever text is shown. Its length reveals nothing. Only in
/// excerpts of a file is the mask as long as the secret: [`super::SourceFile::shown`]
/// keeps every offset at its place, so that labels point at the right text.
pub const REDACTED: &str = "***";

/// How the keys of secrets end, in lower case and without separators.
const SECRET: [&str; 13] = [
    "password",
    "passwords",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "credentials",
];

/// As many letters as the longest of them has, and more.
const LONGEST: usize = 16;

/// Whether the value of that key is probably a secret: `password`,
/// `DB_PASSWORD` and `clientSecret` are, `secretName` and `tokenTTL` are not.
pub fn is_secret_key(key: &str) -> bool {
    // Only its end, and without a text of its own: it is asked of every key of an output.
    let mut end = [0; LONGEST];
    let plain = key.bytes().rev().filter(u8::is_ascii_alphanumeric);
    for (at, byte) in end.iter_mut().rev().zip(plain) {
        *at = byte.to_ascii_lowercase();
    }
    // Of most keys the last letter says that they are none.
    let has_last = |word: &&&str| word.as_bytes().last() == end.last();
    SECRET.iter().filter(has_last).any(|word| end.ends_with(word.as_bytes()))
        || (end.ends_with(b"pass") && ends_with_pass(key))
}

/// Whether `pass` is the last word of a key, as in `DB_PASS` and `dbPass`; it is not the
/// one of `bypass`.
fn ends_with_pass(key: &str) -> bool {
    let key = key.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let Some((before, word)) = key.len().checked_sub(4).and_then(|at| key.split_at_checked(at))
    else {
        return false;
    };
    let starts_word = match before.chars().next_back() {
        Some(last) if last.is_ascii_alphabetic() => word.starts_with('P') && last.is_lowercase(),
        _ => true,
    };
    starts_word && word.eq_ignore_ascii_case("pass")
}

/// Whether a text can have a key that [`is_secret_key`] knows, for those who would
/// otherwise look at every key of thousands of files.
pub fn may_have_secrets(text: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("(?i-u)pass|pwd|secret|token|key|credential|stringdata")
            .expect("the pattern is well formed")
    });
    WORDS.is_match(text)
}

// The patterns below are compiled in each run, however short. Those that know
// ASCII's letters, digits and white space alone take a third of the time.

/// A password in an address, up to the last `@` of the word: people paste base64,
/// in which there are slashes. One to five digits before a slash are a port.
macro_rules! password {
    () => {
        concat!(
            r"(?:[^0-9\t-\r\x20`\x22<>][^\t-\r\x20`\x22<>]*",
            r"|[0-9]{1,5}(?:[^0-9\t-\r\x20`\x22<>/?#][^\t-\r\x20`\x22<>]*)?",
            r"|[0-9]{6}[^\t-\r\x20`\x22<>]*)",
        )
    };
}

/// Whether a text is an address with a password in it, as of a database:
/// `postgres://user:password@host/db`.
pub fn has_password(text: &str) -> bool {
    static PASSWORD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(r":///*[^/\t-\r\x20?#'`\x22<>:]*:", password!(), "@"))
            .expect("the pattern is well formed")
    });
    // Nearly no text is an address with a user, so that most runs never compile the pattern.
    let rest = text.split_once("://").map(|(_, rest)| rest);
    rest.is_some_and(|rest| rest.contains('@')) && PASSWORD.is_match(text)
}

/// Tokens that forges and others mark as theirs (GitHub, GitLab, Amazon, Google, Slack,
/// npm, Docker), or that are signed (JSON Web Tokens).
macro_rules! token {
    () => {
        concat!(
            r"(?-u:\b)(?:gh[opsur]_|github_pat_|npm_|dckr_pat_|hf_)[0-9A-Za-z_]{20,}",
            r"|(?-u:\b)(?:A[KS]IA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|xox[abeprs]-[0-9A-Za-z-]{10,})",
            r"|(?-u:\b)gl[a-z]{1,6}-[0-9A-Za-z_.-]{16,}",
            r"|(?-u:\b)eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]*",
        )
    };
}

/// Output without tokens, for whoever prints it whatever it is: in JSON and tables as in
/// sentences, nothing but the token is replaced.
pub fn without_tokens(output: &str) -> Cow<'_, str> {
    static TOKENS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(token!()).expect("the pattern is well formed"));
    TOKENS.replace_all(output, REDACTED)
}

/// What gives access, in any text: the user part of an address, a parameter or
/// header that is named as a secret, private keys, and tokens that forges mark
/// as theirs (GitHub, GitLab) or that are signed (JSON Web Tokens).
static CREDENTIALS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?<scheme>(?-u:\b)[a-zA-Z][a-zA-Z0-9+.-]*:///*)",
        r"(?:(?<pair>[^/\t-\r\x20?#'`\x22<>:]*:(?:",
        password!(),
        r")?)|(?<user>[^/\t-\r\x20?#'`\x22<>:]*))@",
        r"|(?<name>[0-9A-Za-z_-]+)=",
        r"|(?i-u:authorization:\s*(?:[a-z]+\s+)?|private-token:\s*)(?<header>[^\t-\r\x20'\x22]+)",
        r"|(?-u:\b)(?<login>[0-9A-Za-z_-]{20,})@(?<host>[0-9A-Za-z][0-9A-Za-z.-]*):",
        r"|(?<token>",
        token!(),
        r"|-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\z))",
    ))
    .expect("the pattern is well formed")
});

/// The length from which the user of an address is taken for a token: no user name is
/// that long, and no token is shorter.
const TOKEN: usize = 20;

/// Whether the user of an address is probably a token. The name of a key at Amazon is as
/// long, and no secret.
pub fn is_token(user: &str) -> bool {
    user.len() >= TOKEN && !(user.len() == TOKEN && user.starts_with("APKA"))
}

/// The value of a parameter, with its quotes.
static PARAMETER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^(?:"[^"]*"|'[^']*'|[^&\t-\r\x20'`"<>]+)"#).expect("the pattern is well formed")
});

/// The length of the shortest token: `eyJ`, eight characters and two parts more.
const SHORTEST_TOKEN: usize = 14;

/// The text without what gives access: `https://me:pw@host/x` becomes
/// `https://***@host/x`. An ssh user alone is not a secret.
pub fn without_credentials(text: &str) -> Cow<'_, str> {
    // The names and tags of thousands of apps: all else has a `:` or a `=`.
    if text.len() < SHORTEST_TOKEN && !text.contains([':', '=']) {
        return Cow::Borrowed(text);
    }
    let hidden = credentials(text);
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for range in hidden {
        out.push_str(&text[done..range.start]);
        out.push_str(REDACTED);
        done = range.end;
    }
    Cow::Owned(out + &text[done..])
}

/// The parts of a text that give access, in order.
pub(super) fn credentials(text: &str) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    let mut at = 0;
    while let Some(found) = CREDENTIALS.captures_at(text, at) {
        let (secret, next) = credential(text, &found);
        hidden.extend(secret);
        at = next;
    }
    hidden
}

/// The secret in what was found, and where to go on. A parameter's value is looked
/// at as well if its name is not a secret's.
fn credential(text: &str, found: &Captures<'_>) -> (Option<Range<usize>>, usize) {
    let whole = found.get_match();
    if let Some(name) = found.name("name") {
        let secret = PARAMETER.find(&text[whole.end()..]).filter(|_| is_secret_key(name.as_str()));
        let secret = secret.map(|value| whole.end()..whole.end() + value.end());
        let next = secret.as_ref().map_or(whole.end(), |secret| secret.end);
        return (secret, next);
    }
    let is_ssh = found.name("scheme").is_some_and(|scheme| scheme.as_str().contains("ssh"));
    let user = found.name("user").filter(|user| !is_ssh || is_token(user.as_str()));
    let login = found.name("login").filter(|login| is_login(text, login, found));
    let parts = [found.name("pair"), user, login, found.name("header"), found.name("token")];
    (parts.into_iter().flatten().map(|part| part.range()).next(), whole.end())
}

/// Whether what is before the host of `TOKEN@host:path` is a token. An image with a digest
/// and an address of mail look similar.
fn is_login(text: &str, login: &regex::Match<'_>, found: &Captures<'_>) -> bool {
    let is_digest = found.name("host").is_some_and(|host| host.as_str().starts_with("sha"));
    let has_digit = login.as_str().contains(|c: char| c.is_ascii_digit());
    let is_start = !text[..login.start()].ends_with(['/', '.', ':', '+']);
    is_start && has_digit && !is_digest && is_token(login.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_secrets_are_known_however_they_are_spelt() {
        for secret in [
            "password",
            "DB_PASSWORD",
            "clientSecret",
            "api-key",
            "apiKey",
            "TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "pass",
            "DB_PASS",
            "\"smtpPass\"",
            "userPwd",
        ] {
            assert!(is_secret_key(secret), "{secret}");
        }
        for harmless in
            ["secretName", "tokenTTL", "passwordPolicy", "key", "monkey", "bypass", "passes"]
        {
            assert!(!is_secret_key(harmless), "{harmless}");
        }
    }

    #[test]
    fn an_address_with_a_password_is_known_as_one() {
        for secret in [
            "postgres://u:hunter3@h/db",
            "see https://a:b@c",
            "redis://:x@h:6379",
            "postgres://u:hun/ter3@h/db",
            "postgres://u:1234567/x@h/db",
            "postgres://u:12a/x@h/db",
        ] {
            assert!(has_password(secret), "{secret}");
        }
        for harmless in ["https://host:8080/a@b", "https://me@host/", "a:b@c", "http://u:@h"] {
            assert!(!has_password(harmless), "{harmless}");
        }
    }

    #[test]
    fn nothing_but_a_token_is_taken_from_output() {
        let output = r#"{"tag":"ghp_0123456789abcdefghijABCDEFGHIJ","x":"https://a:b@c"}"#;
        assert_eq!(without_tokens(output), r#"{"tag":"***","x":"https://a:b@c"}"#);
    }

    #[test]
    fn what_gives_access_is_masked_in_any_text() {
        let masked = [
            ("at 'https://me:pw@h/x'", "at 'https://***@h/x'"),
            ("https://ghp_short@h/", "https://***@h/"),
            ("http://a@b:c@h/", "http://***@h/"),
            ("ssh://git:pw@h/", "ssh://***@h/"),
            ("ssh://0123456789abcdef0123@h/x", "ssh://***@h/x"),
            ("git+ssh://0123456789abcdef0123@h/x", "git+ssh://***@h/x"),
            ("at 0123456789abcdef0123@h.com:o/x.git", "at ***@h.com:o/x.git"),
            ("id AKIAIOSFODNN7EXAMPLE", "id ***"),
            ("at 'https://me:hun/ter2@h:1/x'", "at 'https://***@h:1/x'"),
            ("https://me:hun?t#r2@h/ https://me:pw@h", "https://***@h/ https://***@h"),
            ("https:///me:pw@h/x", "https:///***@h/x"),
            ("https://me:hun@ter/2@h/x", "https://***@h/x"),
            ("https://h:8080/x?token=a@b", "https://h:8080/x?token=***"),
            ("dsn=user=u;password=pw", "dsn=user=u;password=***"),
            ("url=https://me:pw@h/", "url=https://***@h/"),
            ("password='my word' a", "password=*** a"),
            ("password=\"my word\" a", "password=*** a"),
            ("-----BEGIN RSA PRIVATE KEY-----\nabc", "***"),
            ("GET /x?private_token=abc&a=b", "GET /x?private_token=***&a=b"),
            ("Authorization: Basic bWU6cHc=", "Authorization: Basic ***"),
            ("PRIVATE-TOKEN: abc", "PRIVATE-TOKEN: ***"),
            ("no ghp_0123456789abcdefghijABCDEFGHIJ here", "no *** here"),
            ("no glpat-0123456789abcdefghij here", "no *** here"),
            ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "jwt ***"),
        ];
        for (text, expected) in masked {
            assert_eq!(without_credentials(text), expected);
            assert_eq!(without_credentials(expected), expected, "twice is as once");
        }
        for harmless in [
            "ssh://git@host/x.git",
            "ssh://APKAEIBAERJR2EXAMPLE@git-codecommit.us-east-1.amazonaws.com/v1/repos/x",
            "git@host:x.git",
            "registry.example.com/shop/a-name-of-more-than-20-letters@sha256:0123456789abcdef",
            "a-name-of-more-than-20-letters@sha256:0123456789abcdef",
            "web:0123456789abcdef0123456789abcdef01234567@sha256:0123456789abcdef",
            "mail ana.of-the-2nd-department-here@example.com: hello",
            "https://host:8080/a@b",
            "a=b tag=v1 https://host/?ref=main",
            "refs/heads/main -> main",
        ] {
            assert_eq!(without_credentials(harmless), harmless);
        }
    }
}
