//! The names, label keys and label values that Kubernetes accepts.
//!
//! The rules are those of the API server: `apimachinery/pkg/api/validate/content`
//! (labels and DNS names), `apimachinery/pkg/api/validation/path` (path segments)
//! and `pkg/apis/*/validation` (which kind follows which rule).

/// The longest DNS label, in bytes.
pub const LABEL_LENGTH: usize = 63;
/// The longest DNS subdomain, in bytes.
const SUBDOMAIN_LENGTH: usize = 253;

/// Why a name is refused. The message continues a sentence that starts with the
/// name: "`-a` starts with `-`…".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// The name is empty.
    #[error("is empty")]
    Empty,
    /// The name is too long.
    #[error("has {length} characters, and at most {most} are allowed")]
    TooLong {
        /// The name's length in bytes.
        length: usize,
        /// The longest that is allowed, in bytes.
        most: usize,
    },
    /// A character that is not allowed.
    #[error("has {}, but may only have {allowed}", shown(*.found))]
    Character {
        /// The character.
        found: char,
        /// The allowed characters, in words.
        allowed: &'static str,
    },
    /// A character at the start that is only allowed inside.
    #[error("starts with `{found}`, but must start with {allowed}")]
    Begins {
        /// The character.
        found: char,
        /// The allowed characters, in words.
        allowed: &'static str,
    },
    /// A character at the end that is only allowed inside.
    #[error("ends with `{found}`, but must end with {allowed}")]
    Ends {
        /// The character.
        found: char,
        /// The allowed characters, in words.
        allowed: &'static str,
    },
    /// One of the labels between the dots of a subdomain is empty.
    #[error("has nothing between two dots, or before the first or after the last")]
    EmptyLabel,
    /// `.` or `..`, which mean something else in a path.
    #[error("means another place in a path")]
    Dots,
    /// A label key with more than one `/`.
    #[error("has more than one `/`")]
    Slashes,
    /// The part of a label key before the `/` is not a DNS subdomain.
    #[error("is not a key: the part before `/` {0}")]
    Prefix(Box<NameFault>),
}

/// Which rule a name follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameRule {
    /// A DNS label: the name becomes a host name, or part of one.
    Label,
    /// A DNS subdomain, the rule of nearly every kind.
    Subdomain,
    /// Anything that fits into one segment of a URL's path: RBAC's names are not
    /// host names, and may have `:`.
    PathSegment,
}

impl NameRule {
    /// The rule for the names of a kind.
    ///
    /// If supported versions differ (`Service` took only DNS-1035 labels before it
    /// took all DNS labels), it is the most permissive rule: what is refused here is
    /// refused by every server.
    pub(super) fn of(group: &str, kind: &str) -> Self {
        match (group, kind) {
            ("", "Namespace" | "Service") | ("apps", "StatefulSet") => Self::Label,
            ("rbac.authorization.k8s.io", _)
            | ("apiregistration.k8s.io", "APIService")
            | ("certificates.k8s.io", "ClusterTrustBundle")
            // The name is the address, and an IPv6 address has `:`.
            | ("networking.k8s.io", "IPAddress") => Self::PathSegment,
            _ => Self::Subdomain,
        }
    }

    /// Whether `name` follows the rule.
    pub(super) fn check(self, name: &str) -> Result<(), NameFault> {
        match self {
            Self::Label => dns_label(name),
            Self::Subdomain => dns_subdomain(name),
            Self::PathSegment => path_segment(name),
        }
    }

    /// The rule as a noun.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Label => "a DNS label",
            Self::Subdomain => "a DNS subdomain",
            Self::PathSegment => "a segment of a path",
        }
    }

    /// The rule as a sentence.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Label => {
                "a DNS label has at most 63 lower-case letters, digits and `-`, and starts and \
                 ends with a letter or digit"
            }
            Self::Subdomain => {
                "a DNS subdomain has at most 253 lower-case letters, digits, `-` and `.`, and each \
                 part between dots starts and ends with a letter or digit"
            }
            Self::PathSegment => "any text without `/` and `%` that is not `.` or `..`",
        }
    }
}

const LOWER: &str = "lower-case letters, digits and `-`";
const LOWER_DOTTED: &str = "lower-case letters, digits, `-` and `.`";
const LOWER_EDGE: &str = "a lower-case letter or digit";
const WORD: &str = "letters, digits, `-`, `_` and `.`";
const WORD_EDGE: &str = "a letter or digit";

/// A DNS label of RFC 1123: `[a-z0-9]([-a-z0-9]*[a-z0-9])?`, at most 63 bytes.
pub fn dns_label(name: &str) -> Result<(), NameFault> {
    length(name, LABEL_LENGTH)?;
    characters(name, LOWER, |c| is_lower(c) || c == '-')?;
    edges(name, LOWER_EDGE, is_lower)
}

/// A DNS subdomain of RFC 1123: labels joined by dots, at most 253 bytes. As in
/// the API server, the length of each label is not limited.
pub(super) fn dns_subdomain(name: &str) -> Result<(), NameFault> {
    length(name, SUBDOMAIN_LENGTH)?;
    characters(name, LOWER_DOTTED, |c| is_lower(c) || c == '-' || c == '.')?;
    for label in name.split('.') {
        if label.is_empty() {
            return Err(NameFault::EmptyLabel);
        }
        edges(label, LOWER_EDGE, is_lower)?;
    }
    Ok(())
}

/// A name that fits into one segment of a URL's path.
pub fn path_segment(name: &str) -> Result<(), NameFault> {
    match name {
        "" => Err(NameFault::Empty),
        "." | ".." => Err(NameFault::Dots),
        name => characters(name, "what is neither `/` nor `%`", |c| c != '/' && c != '%'),
    }
}

/// A label's or annotation's key: an optional DNS subdomain and `/`, then at
/// most 63 letters, digits, `-`, `_` and `.`.
pub fn label_key(key: &str) -> Result<(), NameFault> {
    let mut parts = key.splitn(3, '/');
    let (first, second, third) = (parts.next(), parts.next(), parts.next());
    if third.is_some() {
        return Err(NameFault::Slashes);
    }
    let name = match (first, second) {
        (Some(prefix), Some(name)) => {
            dns_subdomain(prefix).map_err(|fault| NameFault::Prefix(Box::new(fault)))?;
            name
        }
        (name, _) => name.unwrap_or_default(),
    };
    length(name, LABEL_LENGTH)?;
    word(name)
}

/// A label's value: empty, or at most 63 letters, digits, `-`, `_` and `.`.
pub fn label_value(value: &str) -> Result<(), NameFault> {
    if value.is_empty() {
        return Ok(());
    }
    length(value, LABEL_LENGTH)?;
    word(value)
}

fn word(text: &str) -> Result<(), NameFault> {
    characters(text, WORD, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))?;
    edges(text, WORD_EDGE, |c| c.is_ascii_alphanumeric())
}

fn length(text: &str, most: usize) -> Result<(), NameFault> {
    match text.len() {
        0 => Err(NameFault::Empty),
        length if length > most => Err(NameFault::TooLong { length, most }),
        _ => Ok(()),
    }
}

fn characters(
    text: &str,
    allowed: &'static str,
    may: impl Fn(char) -> bool,
) -> Result<(), NameFault> {
    match text.chars().find(|&c| !may(c)) {
        Some(found) => Err(NameFault::Character { found, allowed }),
        None => Ok(()),
    }
}

fn edges(text: &str, allowed: &'static str, may: impl Fn(char) -> bool) -> Result<(), NameFault> {
    if let Some(found) = text.chars().next().filter(|&c| !may(c)) {
        return Err(NameFault::Begins { found, allowed });
    }
    if let Some(found) = text.chars().next_back().filter(|&c| !may(c)) {
        return Err(NameFault::Ends { found, allowed });
    }
    Ok(())
}

fn is_lower(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn shown(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        '\t' => "a tab".to_owned(),
        '\n' | '\r' => "a line break".to_owned(),
        '`' => "a backtick".to_owned(),
        c if c.is_ascii_uppercase() => format!("the capital letter `{c}`"),
        c if c.is_control() => format!("the control character U+{:04X}", c as u32),
        c => format!("`{c}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_subdomains_as_the_api_server_takes_them() {
        for good in ["a", "0", "a-b", "1234", "a--b"] {
            assert_eq!(dns_label(good), Ok(()), "{good}");
            assert_eq!(dns_subdomain(good), Ok(()), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", "ä", "a b", "a/b"] {
            assert!(dns_label(bad).is_err(), "{bad}");
            assert!(dns_subdomain(bad).is_err(), "{bad}");
        }
        assert!(dns_label("a.b").is_err());
        assert_eq!(dns_subdomain("a.b-c.0"), Ok(()));
        for bad in [".a", "a.", "a..b", "a.-b", "a-.b"] {
            assert!(dns_subdomain(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_are_those_of_dns() {
        assert_eq!(dns_label(&"a".repeat(63)), Ok(()));
        assert_eq!(
            dns_label(&"a".repeat(64)),
            Err(NameFault::TooLong { length: 64, most: LABEL_LENGTH })
        );
        // The API server bounds the whole subdomain only.
        assert_eq!(dns_subdomain(&"a".repeat(253)), Ok(()));
        assert!(dns_subdomain(&"a".repeat(254)).is_err());
    }

    #[test]
    fn label_keys_take_one_prefix() {
        for good in ["app", "App_1.x", "example.com/app", "a/b"] {
            assert_eq!(label_key(good), Ok(()), "{good}");
        }
        for bad in ["", "/a", "a/", "a/b/c", "Example.com/a", "a_b/c", "-a", "a.", "a b"] {
            assert!(label_key(bad).is_err(), "{bad}");
        }
        assert!(label_key(&format!("example.com/{}", "a".repeat(64))).is_err());
    }

    #[test]
    fn label_values_may_be_empty() {
        for good in ["", "a", "A.b_c-d", "1"] {
            assert_eq!(label_value(good), Ok(()), "{good}");
        }
        for bad in ["-a", "a-", "a/b", "a:b", " "] {
            assert!(label_value(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rbac_names_follow_the_rule_of_paths() {
        let rule = NameRule::of("rbac.authorization.k8s.io", "ClusterRole");
        assert_eq!(rule.check("system:controller:X y"), Ok(()));
        for bad in ["", ".", "..", "a/b", "a%b"] {
            assert!(rule.check(bad).is_err(), "{bad}");
        }
        assert!(NameRule::of("", "ConfigMap").check("system:foo").is_err());
        assert!(NameRule::of("", "Service").check("a.b").is_err());
    }

    #[test]
    fn reasons_are_words() {
        assert_eq!(
            dns_label("Web").unwrap_err().to_string(),
            "has the capital letter `W`, but may only have lower-case letters, digits and `-`"
        );
        assert_eq!(
            label_key("a..b/c").unwrap_err().to_string(),
            "is not a key: the part before `/` has nothing between two dots, or before the first or \
             after the last"
        );
    }
}
