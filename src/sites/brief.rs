//! Values of sites in few characters, for tables and messages.

use super::{ImageParts, Key, SiteValue, State};
use crate::diagnostic::harmless;
use crate::source::REDACTED;

/// The number of digits that are shown of a digest or commit.
const DIGITS: usize = 7;

/// The most characters of a value in a column; a longer one is cut.
const LONGEST: usize = 40;

/// A value in few characters: an image's tag, with the digest's first digits if
/// `beside`, the value that it is compared with, has the same tag or no digest; the
/// digest alone if there is no tag; a commit's first digits; a promoted value's first
/// line. `key` is its key: a promoted value that looks like a secret is masked.
pub fn brief(key: &Key, value: &SiteValue, beside: Option<&SiteValue>) -> String {
    let text = match value {
        _ if value.is_secret(key) => REDACTED.to_owned(),
        SiteValue::Image(image) => {
            let tells = |other: &ImageParts| {
                other.digest != image.digest
                    && (other.tag == image.tag || other.digest.is_none() || image.digest.is_none())
            };
            let tells = matches!(beside, Some(SiteValue::Image(other)) if tells(other));
            brief_image(image, tells)
        }
        SiteValue::Repository(text) => harmless(text).into_owned(),
        SiteValue::Revision(parts) | SiteValue::Moving(parts) => {
            brief_revision(&parts.revision).to_owned()
        }
        SiteValue::Value(yaml) | SiteValue::Secret(yaml) => brief_value(yaml, beside).to_owned(),
    };
    shortened(&text, LONGEST)
}

/// A whole value, for people and for records; masked if it is a promoted value
/// that looks like a secret.
pub fn in_full(key: &Key, value: &SiteValue) -> String {
    value.shown(key).to_string()
}

fn brief_image(image: &ImageParts, with_digest: bool) -> String {
    let digits = image.digest.as_deref().map(|digest| {
        let digits = digest.split_once(':').map_or(digest, |(_, digits)| digits);
        format!("@{}", first(digits, DIGITS))
    });
    match (&image.tag, digits) {
        (Some(tag), Some(digits)) if with_digest => format!("{}{digits}", brief_tag(tag)),
        (Some(tag), _) => brief_tag(tag),
        (None, Some(digits)) => digits,
        (None, None) => "no tag".to_owned(),
    }
}

/// The repository as it stands before a brief tag; what another file names is `…`.
fn brief_repository(image: &ImageParts) -> String {
    let repository = harmless(image.repository.as_deref().unwrap_or("…"));
    let separator = if image.tag.is_some() { ":" } else { "" };
    format!("{repository}{separator}")
}

/// The first line that the other does not have; the first of all if there is
/// nothing to compare with.
fn brief_value<'y>(yaml: &'y str, beside: Option<&SiteValue>) -> &'y str {
    let other = match beside {
        Some(SiteValue::Value(other)) if other != yaml => other.as_str(),
        _ => return yaml.lines().next().unwrap_or_default().trim(),
    };
    let is_new = |line: &&str| !other.lines().any(|known| known.trim() == line.trim());
    yaml.lines().find(is_new).map_or("…", str::trim)
}

fn brief_revision(text: &str) -> &str {
    if is_commit(text) { first(text, DIGITS) } else { text }
}

/// A tag in which a commit's name has its first digits: `main-1a2b3c4`.
fn brief_tag(tag: &str) -> String {
    let parts = tag.split_inclusive(|char: char| !char.is_ascii_alphanumeric());
    let brief = parts.map(|part| {
        let name = part.trim_end_matches(|char: char| !char.is_ascii_alphanumeric());
        format!("{}{}", brief_revision(name), &part[name.len()..])
    });
    brief.collect()
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn first(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(at, _)| &text[..at])
}

/// The lines of a value in YAML as one, as a map in braces has them.
pub fn lines_in_one(yaml: &str) -> String {
    yaml.lines().map(str::trim).collect::<Vec<_>>().join(", ")
}

/// A text from outside on one line, with at most `longest` characters.
pub fn shortened(text: &str, longest: usize) -> String {
    let text = harmless(text);
    if text.chars().nth(longest).is_none() {
        return text.into_owned();
    }
    format!("{}…", first(&text, longest - 1))
}

/// A key's values in two states, if they are not the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference<'a> {
    /// The key.
    pub key: &'a Key,
    /// The earlier value; none if the key was not there.
    pub from: Option<&'a SiteValue>,
    /// The later value; none if the key is no longer there.
    pub to: Option<&'a SiteValue>,
}

impl Difference<'_> {
    /// The earlier and the later value in few characters: `v4 → v5`; with the
    /// repositories if these differ.
    pub fn brief(&self) -> String {
        let of = |value: Option<&SiteValue>, other: Option<&SiteValue>| {
            let value = value?;
            let brief = brief(self.key, value, other);
            Some(match (value, other) {
                (SiteValue::Image(image), Some(SiteValue::Image(other)))
                    if image.repository != other.repository =>
                {
                    format!("{}{brief}", brief_repository(image))
                }
                (SiteValue::Revision(parts), Some(SiteValue::Revision(other)))
                    if parts.place() != other.place() =>
                {
                    let place = parts.place().unwrap_or_default();
                    format!("{} at {brief}", harmless(&place))
                }
                _ => brief,
            })
        };
        match (of(self.from, self.to), of(self.to, self.from)) {
            (Some(from), Some(to)) => format!("{from} → {to}"),
            (Some(from), None) => format!("without {from}"),
            (None, to) => to.unwrap_or_default(),
        }
    }
}

/// The differences between two states, in the order of the keys. Another
/// repository or tag of the same digest is a difference too: a reader of the
/// changes wants to see it, although the same image runs.
pub fn differences<'a>(from: &'a State, to: &'a State) -> Vec<Difference<'a>> {
    let gone = from.iter().filter(|(key, _)| to.get(key).is_none());
    let gone = gone.map(|(key, value)| Difference { key, from: Some(value), to: None });
    let others = to.iter().filter_map(|(key, value)| {
        let before = from.get(key);
        (before != Some(value)).then_some(Difference { key, from: before, to: Some(value) })
    });
    let mut all: Vec<_> = others.chain(gone).collect();
    all.sort_by_key(|difference| difference.key);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::RevisionParts;

    fn image(tag: Option<&str>, digit: Option<&str>) -> SiteValue {
        SiteValue::Image(ImageParts {
            repository: Some("ghcr.io/shop/web".to_owned()),
            tag: tag.map(str::to_owned),
            digest: digit.map(|digit| format!("sha256:{}", digit.repeat(64))),
        })
    }

    fn briefly(value: &SiteValue, beside: Option<&SiteValue>) -> String {
        brief(&Key::Value("web".to_owned()), value, beside)
    }

    #[test]
    fn a_difference_says_whatever_changes() {
        let key = Key::Image("web".to_owned());
        let brief = |from: &SiteValue, to: &SiteValue| {
            Difference { key: &key, from: Some(from), to: Some(to) }.brief()
        };
        let fork = |tag: Option<&str>, digit: Option<&str>| {
            let SiteValue::Image(parts) = image(tag, digit) else { unreachable!() };
            SiteValue::Image(ImageParts {
                repository: Some("ghcr.io/fork/web".to_owned()),
                ..parts
            })
        };
        let (v1, v2) = (image(Some("v1"), None), image(Some("v2"), Some("b")));
        assert_eq!(brief(&v1, &v2), "v1 → v2@bbbbbbb");
        assert_eq!(brief(&v1, &image(Some("v1"), Some("a"))), "v1 → v1@aaaaaaa");
        let other = fork(Some("v1"), None);
        assert_eq!(brief(&v1, &other), "ghcr.io/shop/web:v1 → ghcr.io/fork/web:v1");
        let digest = fork(None, Some("a"));
        assert_eq!(brief(&v1, &digest), "ghcr.io/shop/web:v1 → ghcr.io/fork/web@aaaaaaa");
    }

    #[test]
    fn a_digest_is_shown_where_tags_do_not_tell() {
        let (one, two) = (image(Some("v1"), Some("a")), image(Some("v1"), Some("b")));
        assert_eq!(briefly(&one, Some(&two)), "v1@aaaaaaa");
        assert_eq!(briefly(&one, None), "v1");
        assert_eq!(briefly(&one, Some(&image(Some("v2"), Some("b")))), "v1");
        assert_eq!(briefly(&one, Some(&image(Some("v2"), None))), "v1@aaaaaaa", "it goes");
        assert_eq!(briefly(&image(None, Some("c")), None), "@ccccccc");
        assert_eq!(briefly(&image(None, None), None), "no tag");
        assert_eq!(
            briefly(&SiteValue::Revision(RevisionParts::new("ab".repeat(20))), None),
            "abababa"
        );
        let commit = format!("main-{}.2", "ab".repeat(20));
        assert_eq!(briefly(&image(Some(&commit), None), None), "main-abababa.2");
        assert_eq!(briefly(&image(Some(&"ab".repeat(20)), Some("c")), None), "abababa");
        assert_eq!(briefly(&SiteValue::Value("a: 1\nb: 2\n".to_owned()), None), "a: 1");
        let value = |yaml: &str| SiteValue::Value(yaml.to_owned());
        let (one, two) = (value("a: 1\nb: 2\n"), value("a: 1\nb: 3\n"));
        assert_eq!(briefly(&one, Some(&two)), "b: 2", "the line that tells them apart");
        assert_eq!(briefly(&value("a: 1\n"), Some(&one)), "…");
        assert_eq!(briefly(&value("password: x\n"), None), REDACTED);
        assert_eq!(
            briefly(&SiteValue::Revision(RevisionParts::new("v\u{1b}[1m")), None),
            r"v\u{1b}[1m"
        );
    }
}
