//! References to container images.
//!
//! The grammar is that of the module `github.com/distribution/reference`
//! (`reference.go`, `normalize.go`), by which container runtimes and the
//! kubelet read a pod's `image`.

use std::fmt;

/// The longest domain and path together, in bytes.
const NAME_LENGTH: usize = 255;
/// The longest tag, in bytes.
const TAG_LENGTH: usize = 128;
/// Where an image without a domain is pulled from.
const DEFAULT_DOMAIN: &str = "docker.io";

/// An image reference as it was written: nothing is filled in, so that it is
/// printed as it was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageReference {
    /// The registry's host with its port; none if the reference names none.
    pub domain: Option<String>,
    /// The repository's path on the registry.
    pub path: String,
    /// The tag.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<Digest>,
}

/// The content's hash: `sha256:` and 64 hexadecimal digits, or a longer hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

/// Why a text is not an image reference. The message continues a sentence that
/// starts with the reference: "`Web` has capital letters…".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageFault {
    /// The text is empty, or starts with the tag or digest.
    #[error("names no repository")]
    Empty,
    /// Registry and repository are too long.
    #[error("has a name of {0} characters, and at most 255 are allowed")]
    TooLong(usize),
    /// Capital letters, which repositories never have.
    #[error("has capital letters in its repository, which are not allowed there")]
    Capitals,
    /// A space inside or at an end.
    #[error("has a space or a line break")]
    Space,
    /// A scheme, which a reference never has.
    #[error("starts with `{0}://`, but a reference starts with the registry's host")]
    Scheme(String),
    /// A registry that is not a host name or address.
    #[error("names the registry `{0}`, which is not a host name with an optional port")]
    Domain(String),
    /// A path that breaks the rules.
    #[error(
        "has the path segment `{0}`; segments are lower-case letters and digits with `.`, `_`, \
         `__` or dashes between them"
    )]
    Segment(String),
    /// Only hexadecimal digits, as an image's identifier is written.
    #[error("is an image's identifier, which no registry serves")]
    Identifier,
    /// A tag that breaks the rules.
    #[error(
        "has the tag `{0}`; a tag is at most 128 letters, digits, `_`, `.` and `-`, and does not start with `.` or `-`"
    )]
    Tag(String),
    /// A digest that breaks the rules.
    #[error("has the digest `{0}`; a digest is `sha256:` and 64 hexadecimal digits")]
    Digest(String),
}

impl ImageReference {
    /// Reads a reference.
    pub fn parse(text: &str) -> Result<Self, ImageFault> {
        if text.contains(char::is_whitespace) {
            return Err(ImageFault::Space);
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(ImageFault::Scheme(scheme.to_owned()));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(Digest::parse(digest)?)),
            None => (text, None),
        };
        let (name, tag) = split_tag(rest);
        let tag = tag.map(|tag| if is_tag(tag) { Ok(tag) } else { Err(fault(tag)) }).transpose()?;
        let (domain, path) = split_domain(name);
        check_name(domain, path)?;
        if domain.is_none() && is_identifier(path) {
            return Err(ImageFault::Identifier);
        }
        Ok(Self {
            domain: domain.map(str::to_owned),
            path: path.to_owned(),
            tag: tag.map(str::to_owned),
            digest,
        })
    }

    /// Registry and path as written, without tag and digest.
    pub fn repository(&self) -> String {
        match &self.domain {
            Some(domain) => format!("{domain}/{}", self.path),
            None => self.path.clone(),
        }
    }

    /// The repository with what a container runtime fills in: `redis` is
    /// `docker.io/library/redis`. Two references mean the same repository if
    /// this is equal, which is how a new reference is matched with its sites.
    pub fn full_repository(&self) -> String {
        let domain = match self.domain.as_deref() {
            None | Some("index.docker.io") => DEFAULT_DOMAIN,
            Some(domain) => domain,
        };
        if domain == DEFAULT_DOMAIN && !self.path.contains('/') {
            return format!("{domain}/library/{}", self.path);
        }
        format!("{domain}/{}", self.path)
    }

    /// The last segment of the path: the image's own name, by which people and
    /// captures (`{image}`) name it.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = self.digest.as_ref().map(Digest::as_str);
        f.write_str(&image_reference(&self.repository(), self.tag.as_deref(), digest))
    }
}

/// The full name of a repository ([`ImageReference::full_repository`]), by which
/// two spellings of one are the same; a text that is not a repository is returned
/// unchanged.
pub fn full_repository(text: &str) -> String {
    let parsed = ImageReference::parse(text);
    parsed.map_or_else(|_| text.to_owned(), |reference| reference.full_repository())
}

/// The reference of these parts as it is written: `repository:tag@digest`.
pub fn image_reference(repository: &str, tag: Option<&str>, digest: Option<&str>) -> String {
    let mut reference = repository.to_owned();
    for (separator, part) in [(':', tag), ('@', digest)] {
        if let Some(part) = part {
            reference.push(separator);
            reference.push_str(part);
        }
    }
    reference
}

impl Digest {
    /// Reads a digest with its algorithm.
    pub fn parse(text: &str) -> Result<Self, ImageFault> {
        let length = match text.split_once(':') {
            Some(("sha256", _)) => 64,
            Some(("sha384", _)) => 96,
            Some(("sha512", _)) => 128,
            _ => return Err(ImageFault::Digest(text.to_owned())),
        };
        let hash = &text["sha256:".len()..];
        if hash.len() == length && hash.bytes().all(is_lower_hexadecimal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ImageFault::Digest(text.to_owned()))
        }
    }

    /// Algorithm, `:`, hash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` is a tag: `[\w][\w.-]{0,127}`.
pub fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=TAG_LENGTH).contains(&text.len())
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|byte| word(byte) || byte == b'.' || byte == b'-')
}

/// A colon after the last slash starts a tag; one before it, a port.
fn split_tag(text: &str) -> (&str, Option<&str>) {
    let path = text.rfind('/').map_or(0, |at| at + 1);
    match text[path..].find(':') {
        Some(colon) => (&text[..path + colon], Some(&text[path + colon + 1..])),
        None => (text, None),
    }
}

/// The text before the first slash is a registry only if it looks like
/// one (`normalize.go`, `splitDockerDomain`): `shop/web` is a path.
fn split_domain(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.contains(|c: char| c.is_ascii_uppercase()) =>
        {
            (Some(first), rest)
        }
        _ => (None, name),
    }
}

fn check_name(domain: Option<&str>, path: &str) -> Result<(), ImageFault> {
    if path.is_empty() {
        return Err(ImageFault::Empty);
    }
    if let Some(domain) = domain.filter(|domain| !is_domain(domain)) {
        return Err(ImageFault::Domain(domain.to_owned()));
    }
    let length = domain.map_or(0, |domain| domain.len() + 1) + path.len();
    if length > NAME_LENGTH {
        return Err(ImageFault::TooLong(length));
    }
    match path.split('/').find(|segment| !is_segment(segment)) {
        Some(segment) if segment.contains(|c: char| c.is_ascii_uppercase()) => {
            Err(ImageFault::Capitals)
        }
        Some(segment) => Err(ImageFault::Segment(segment.to_owned())),
        None => Ok(()),
    }
}

fn is_domain(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            let colons = address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':');
            return !address.is_empty() && colons && is_port(port);
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    host.split('.').all(is_host_label) && is_port(port)
}

/// Nothing, or a colon and digits.
fn is_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
}

fn is_host_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Runs of lower-case letters and digits, with `.`, `_`, `__` or any number of
/// dashes between them.
fn is_segment(segment: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = segment.as_bytes();
    let edges = bytes.first().is_some_and(|&b| alphanumeric(b))
        && bytes.last().is_some_and(|&b| alphanumeric(b));
    let mut separators = segment.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    edges
        && separators.all(|between| {
            matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-')
        })
}

fn is_identifier(path: &str) -> bool {
    path.len() == 64 && path.bytes().all(is_lower_hexadecimal)
}

fn is_lower_hexadecimal(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

fn fault(tag: &str) -> ImageFault {
    ImageFault::Tag(tag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ImageReference {
        ImageReference::parse(text).unwrap_or_else(|fault| panic!("`{text}` {fault}"))
    }

    #[test]
    fn a_reference_is_taken_apart_and_printed_as_it_was() {
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        let full = format!("registry.example.com:5000/shop/web:v1.2@{digest}");
        let reference = parse(&full);
        assert_eq!(reference.domain.as_deref(), Some("registry.example.com:5000"));
        assert_eq!(reference.path, "shop/web");
        assert_eq!(reference.tag.as_deref(), Some("v1.2"));
        assert_eq!(reference.digest.as_ref().map(Digest::as_str), Some(digest.as_str()));
        assert_eq!(reference.name(), "web");
        assert_eq!(reference.to_string(), full);
    }

    #[test]
    fn a_port_is_no_tag_and_a_path_is_no_registry() {
        assert_eq!(parse("localhost:5000/web").tag, None);
        assert_eq!(parse("localhost/web").domain.as_deref(), Some("localhost"));
        assert_eq!(parse("shop/web:1").domain, None);
        assert_eq!(parse("[::1]:5000/web").domain.as_deref(), Some("[::1]:5000"));
        assert_eq!(parse("Registry/web").domain.as_deref(), Some("Registry"));
    }

    #[test]
    fn one_repository_has_one_full_name() {
        for text in ["redis", "docker.io/redis:7", "index.docker.io/library/redis"] {
            assert_eq!(parse(text).full_repository(), "docker.io/library/redis", "{text}");
        }
        assert_eq!(parse("ghcr.io/redis").full_repository(), "ghcr.io/redis");
        assert_eq!(parse("bitnami/redis").full_repository(), "docker.io/bitnami/redis");
    }

    #[test]
    fn separators_inside_a_segment_are_those_of_the_grammar() {
        for good in ["a.b", "a_b", "a__b", "a-b", "a---b", "a/b.c/d", "0/1"] {
            parse(good);
        }
        for bad in ["a..b", "a___b", "a._b", ".a", "a-", "a//b", "/a", "a/", "a:b:c", "a@b"] {
            assert!(ImageReference::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_fault_says_what_is_wrong() {
        let fault = |text: &str| ImageReference::parse(text).unwrap_err();
        assert_eq!(fault(""), ImageFault::Empty);
        assert_eq!(fault(":v1"), ImageFault::Empty);
        assert_eq!(fault("shop/Web"), ImageFault::Capitals);
        assert_eq!(fault("web: v1"), ImageFault::Space);
        assert_eq!(fault("https://ghcr.io/web"), ImageFault::Scheme("https".into()));
        assert_eq!(fault("a.-b/web"), ImageFault::Domain("a.-b".into()));
        assert_eq!(fault("a.b:x/web"), ImageFault::Domain("a.b:x".into()));
        assert_eq!(fault("web:-1"), ImageFault::Tag("-1".into()));
        assert_eq!(fault("web:"), ImageFault::Tag(String::new()));
        assert_eq!(fault("web@sha256:12"), ImageFault::Digest("sha256:12".into()));
        assert_eq!(fault(&"ab".repeat(32)), ImageFault::Identifier);
        assert!(matches!(fault(&"a/".repeat(150)), ImageFault::TooLong(_)));
        assert!(matches!(fault(&format!("web:{}", "a".repeat(129))), ImageFault::Tag(_)));
        assert!(matches!(fault(&format!("web@sha256:{}", "AB".repeat(32))), ImageFault::Digest(_)));
        parse(&format!("web@sha512:{}", "ab".repeat(64)));
    }
}
