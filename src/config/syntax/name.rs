//! Names: of environments, apps, images, labels and whom access is given to.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::declare::{text_schemas, texts};
use crate::config::decode::{Flaw, Syntax};
use crate::diagnostic::{Code, codes};
use crate::kubernetes;

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
    /// `environment` is not an app's name, because `environment.yaml` holds the
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
    /// A reference to an app. In a repository with a layout of its own, paths and images name
    /// apps, and neither have to be DNS labels.
    struct AppReference("an app's name", INVALID_NAME, "guestbook", "^[A-Za-z0-9][A-Za-z0-9._-]*$") = app_reference;
    /// A namespace that exists.
    struct NamespaceName("a namespace", INVALID_NAME, "ingress-nginx", "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$") = dns_label;
    /// What a cluster role is called.
    struct RoleName("a cluster role's name", INVALID_NAME, "view") = role_name;
    /// What a service account is called, with its namespace before it if it has one.
    struct ServiceAccountName("a service account's name", INVALID_NAME, "flux-system/kustomize-controller") = service_account;
    /// A group of the Kubernetes API; empty for the core group.
    struct ApiGroup("an API group", INVALID_NAME, "apps") = api_group;
    /// A name that rungs does not interpret: of a cluster, a group, a person or a check.
    /// It is not empty and has one line.
    struct Name("a name", INVALID_NAME, "") = any_name;
    /// A text of any number of lines. It is not empty.
    struct Text("a text", INVALID_NAME, "") = any_text;
    /// A label's key.
    struct LabelKey("a label's key", INVALID_LABEL, "team") = label_key;
    /// A label's value.
    struct LabelValue("a label's value", INVALID_LABEL, "shop", "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$") = label_value;
}
text_schemas!(EnvironmentName);

/// The name of an environment: the path of its directory below `environments/`. Cheap to
/// clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentName(Arc<str>);

impl EnvironmentName {
    /// The environment of one of its clusters.
    pub(in crate::config) fn cluster(&self, cluster: &DnsLabel) -> Self {
        Self(format!("{}/{}", self.0, cluster.0).into())
    }

    /// The environment that a stranger's text names; none where it is not a name.
    pub fn named(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }

    /// `prod/eu`
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `prod.eu`, in branches, holds and rendered paths.
    pub fn dotted(&self) -> String {
        self.0.replace('/', ".")
    }

    /// `prod-eu`, in namespaces.
    pub(super) fn dashed(&self) -> String {
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
        text.split('/').try_for_each(dns_label).map_err(|flaw| match flaw.help.clone() {
            Some(help) => {
                flaw.help(format!("{help}; if there are `sites`, `path` says how paths spell it"))
            }
            None => flaw,
        })?;
        Ok(Self(text.into()))
    }
}

/// A DNS label, with the one that was probably meant.
pub(in crate::config) fn dns_label(text: &str) -> Result<(), Flaw> {
    kubernetes::dns_label(text).map_err(|fault| {
        let mended = mended(text);
        match kubernetes::dns_label(&mended) {
            Ok(()) => Flaw::new(format!("it {fault}")).help(format!("name it `{mended}`")),
            Err(_) => Flaw::new(format!("it {fault}")),
        }
    })
}

/// The name that was probably meant.
fn mended(text: &str) -> String {
    let dashed = text.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    dashed.trim_matches('-').to_owned()
}

/// Whether a file of that stem is an app's; without a word on why not.
pub(in crate::config) fn is_app_name(text: &str) -> bool {
    text != "environment" && kubernetes::dns_label(text).is_ok()
}

fn app_name(text: &str) -> Result<(), Flaw> {
    if text == "environment" {
        return Err(Flaw::new("`environment` is reserved")
            .help("`environment.yaml` holds the environment's own settings: rename the app"));
    }
    dns_label(text)
}

/// What a path of sites may capture, and an image's name may be.
pub(super) fn app_reference(text: &str) -> Result<(), Flaw> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(Flaw::new("it does not start with a letter or digit"));
    }
    match text.chars().find(|&c| !is_part(c)) {
        Some(c) => Err(Flaw::new(format!("`{}` is not allowed", c.escape_default()))),
        None => Ok(()),
    }
}

fn any_text(text: &str) -> Result<(), Flaw> {
    if text.trim().is_empty() { Err(Flaw::new("it is empty")) } else { Ok(()) }
}

fn any_name(text: &str) -> Result<(), Flaw> {
    match text.chars().find(|c| c.is_control()) {
        Some(_) => Err(Flaw::new("it has a control character")),
        None if text.trim().is_empty() => Err(Flaw::new("it is empty")),
        None => Ok(()),
    }
}

pub(in crate::config) fn label_key(text: &str) -> Result<(), Flaw> {
    kubernetes::label_key(text).map_err(|fault| Flaw::new(format!("it {fault}")))
}

fn label_value(text: &str) -> Result<(), Flaw> {
    kubernetes::label_value(text).map_err(|fault| Flaw::new(format!("it {fault}")))
}

fn role_name(text: &str) -> Result<(), Flaw> {
    kubernetes::path_segment(text).map_err(|fault| Flaw::new(format!("it {fault}")))
}

fn service_account(text: &str) -> Result<(), Flaw> {
    let (namespace, name) = match text.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, text),
    };
    namespace.map_or(Ok(()), dns_label)?;
    // A name may have dots: each part follows the rule of a label.
    name.split('.').try_for_each(dns_label)
}

fn api_group(text: &str) -> Result<(), Flaw> {
    match text {
        "" | "*" => Ok(()),
        group => group.split('.').try_for_each(dns_label),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_shows_the_right_one() {
        let flaw = DnsLabel::parse("My_App").unwrap_err();
        assert!(flaw.because.contains("the capital letter `M`"), "{}", flaw.because);
        assert_eq!(flaw.help.unwrap(), "name it `my-app`");
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
