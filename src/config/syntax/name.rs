//! Names: of environments, apps, images, labels and whom access is given to.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{text_schemas, texts};
use crate::config::decode::{Flaw, Syntax};
use crate::diagnostic::{Code, codes};

codes! {
    /// A name that cannot be one.
    ///
    /// The segments of an environment's name, and the names of apps, images
    /// and trains, become parts of namespaces, labels and branches. They are
    /// DNS labels (RFC 1123, as Kubernetes checks them): at most 63 lower-case
    /// letters, digits and `-`, with a letter or digit at both ends.
    ///
    /// ```text
    /// environments/QA_1/       wrong
    /// environments/qa-1/       right
    /// ```
    ///
    /// `environment` is no app's name, because `environment.yaml` holds the
    /// environment's own settings.
    INVALID_NAME = "invalid-name", Input, Error;

    /// A label that Kubernetes would refuse.
    ///
    /// A label's key is a name of at most 63 letters, digits, `-`, `_` and
    /// `.`, with a DNS subdomain and `/` before it where it has a prefix; its
    /// value follows the same rule and may be empty.
    ///
    /// ```yaml
    /// labels: { team: "shop & cart" }     # wrong
    /// labels: { team: shop-and-cart }     # right
    /// ```
    INVALID_LABEL = "invalid-label", Input, Error;
}

texts! {
    /// A DNS label: what images and trains are called.
    struct DnsLabel("a name", INVALID_NAME, "redis-leader", "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$") = dns_label;
    /// What an app is called.
    struct AppName("an app's name", INVALID_NAME, "guestbook", "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$") = app_name;
    /// A namespace that exists.
    struct NamespaceName("a namespace", INVALID_NAME, "ingress-nginx", "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$") = dns_label;
    /// What somebody else calls something: a cluster, a group, a person, a
    /// role, a check. Not empty and of one line.
    struct Name("a name", INVALID_NAME, "sre") = any_name;
    /// A label's key.
    struct LabelKey("a label's key", INVALID_LABEL, "team") = label_key;
    /// A label's value.
    struct LabelValue("a label's value", INVALID_LABEL, "shop", "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$") = label_value;
}
text_schemas!(EnvironmentName);

/// The name of an environment: the path of its directory below `environments/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentName(String);

impl EnvironmentName {
    /// `prod/eu`
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `prod.eu`, in branches, holds and rendered paths.
    pub fn dotted(&self) -> String {
        self.0.replace('/', ".")
    }

    /// `prod-eu`, in namespaces.
    pub fn dashed(&self) -> String {
        self.0.replace('/', "-")
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for EnvironmentName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Syntax for EnvironmentName {
    const NOUN: &'static str = "an environment's name";
    const CODE: &'static Code = &INVALID_NAME;
    const EXAMPLE: &'static str = "prod/eu";

    fn parse(text: &str) -> Result<Self, Flaw> {
        text.split('/').try_for_each(dns_label)?;
        Ok(Self(text.to_owned()))
    }
}

/// Kubernetes' `IsDNS1123Label`.
pub(in crate::config) fn dns_label(text: &str) -> Result<(), Flaw> {
    let is_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let wrong = text.chars().find(|&c| !is_end(c) && c != '-');
    let because = match wrong {
        Some(c) if c.is_ascii_uppercase() => format!("`{c}` is upper-case"),
        Some(c) => format!("`{c}` is not allowed"),
        None if text.is_empty() => "it is empty".to_owned(),
        None if text.len() > 63 => format!("it has {} characters, 63 are allowed", text.len()),
        None if !text.starts_with(is_end) => "it begins with `-`".to_owned(),
        None if !text.ends_with(is_end) => "it ends with `-`".to_owned(),
        None => return Ok(()),
    };
    let rule = "lower-case letters, digits and `-`, with a letter or digit at both ends";
    let mended = mended(text);
    let help = match mended.is_empty() || mended.len() > 63 {
        true => rule.to_owned(),
        false => format!("use {rule}: `{mended}`"),
    };
    Err(Flaw::new(because).help(help))
}

/// The name that was probably meant.
fn mended(text: &str) -> String {
    let dashed = text.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    dashed.trim_matches('-').to_owned()
}

fn app_name(text: &str) -> Result<(), Flaw> {
    if text == "environment" {
        return Err(Flaw::new("`environment` is reserved")
            .help("`environment.yaml` holds the environment's own settings: rename the app"));
    }
    dns_label(text)
}

fn any_name(text: &str) -> Result<(), Flaw> {
    match text.chars().find(|c| c.is_control()) {
        Some(_) => Err(Flaw::new("it has a control character")),
        None if text.trim().is_empty() => Err(Flaw::new("it is empty")),
        None => Ok(()),
    }
}

/// Kubernetes' `IsQualifiedName`.
pub(in crate::config) fn label_key(text: &str) -> Result<(), Flaw> {
    let (prefix, name) = match text.rsplit_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    if let Some(prefix) = prefix {
        if prefix.len() > 253 {
            return Err(Flaw::new("its prefix is longer than 253 characters"));
        }
        prefix.split('.').try_for_each(dns_label).map_err(|flaw| {
            Flaw::new(format!("before `/` stands a DNS name, and {}", flaw.because))
        })?;
    }
    if name.is_empty() {
        return Err(Flaw::new("it is empty"));
    }
    qualified(name)
}

fn label_value(text: &str) -> Result<(), Flaw> {
    if text.is_empty() { Ok(()) } else { qualified(text) }
}

/// What a label's value and the last part of its key may be.
fn qualified(text: &str) -> Result<(), Flaw> {
    let is_end = |c: char| c.is_ascii_alphanumeric();
    let wrong = text.chars().find(|&c| !is_end(c) && !matches!(c, '-' | '_' | '.'));
    let because = match wrong {
        Some(c) => format!("`{c}` is not allowed"),
        None if text.len() > 63 => format!("it has {} characters, 63 are allowed", text.len()),
        None if !text.starts_with(is_end) || !text.ends_with(is_end) => {
            "it begins or ends with something else than a letter or digit".to_owned()
        }
        None => return Ok(()),
    };
    Err(Flaw::new(because).help("use letters, digits, `-`, `_` and `.`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_shows_the_right_one() {
        let flaw = DnsLabel::parse("My_App").unwrap_err();
        assert_eq!(flaw.because, "`M` is upper-case");
        assert!(flaw.help.unwrap().ends_with("`my-app`"));
    }

    #[test]
    fn a_name_has_at_most_63_characters() {
        assert!(DnsLabel::parse(&"a".repeat(63)).is_ok());
        assert!(DnsLabel::parse(&"a".repeat(64)).is_err());
    }

    #[test]
    fn an_environment_is_named_by_segments() {
        assert_eq!(EnvironmentName::parse("prod/eu").unwrap().dotted(), "prod.eu");
        for wrong in ["", "/prod", "prod/", "prod//eu", "prod/EU", "../prod"] {
            assert!(EnvironmentName::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn labels_follow_kubernetes() {
        for right in ["team", "app.kubernetes.io/name", "A_b.c", "1"] {
            assert!(LabelKey::parse(right).is_ok(), "{right}");
        }
        for wrong in ["", "/a", "a/", "Example.com/a", "a/b/c", "-a", "a b"] {
            assert!(LabelKey::parse(wrong).is_err(), "{wrong}");
        }
        assert!(LabelValue::parse("").is_ok());
        assert!(LabelValue::parse("a_").is_err());
    }
}
