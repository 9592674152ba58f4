//! Which of two versions is higher, if they can be compared.
//!
//! If both texts read as versions (`v1.2`, `1.2.3-rc.1`; missing parts are zero), they
//! are compared by Semantic Versioning 2.0.0, §11, with one difference: numbers inside
//! the words of a pre-release count as numbers, so that `rc10` comes after `rc9`.
//! Otherwise they are compared number by number, if the text between the numbers is
//! the same (`release-2026.03.01`, `build-17`). Names of commits and words have no
//! order, nor do two texts of different shape.

use std::cmp::Ordering;

use crate::sites::SiteValue;

/// The order of two sites' values: of the tags of images, or of revisions. None if they
/// cannot be compared.
pub(super) fn order(one: &SiteValue, two: &SiteValue) -> Option<Ordering> {
    match (one, two) {
        (SiteValue::Image(one), SiteValue::Image(two)) => {
            compare(one.tag.as_deref()?, two.tag.as_deref()?)
        }
        (SiteValue::Revision(one), SiteValue::Revision(two)) => {
            compare(&one.revision, &two.revision)
        }
        _ => None,
    }
}

/// The order of two versions; none if they cannot be compared.
fn compare(one: &str, two: &str) -> Option<Ordering> {
    if one == two {
        return Some(Ordering::Equal);
    }
    let (one, two) = (bare(one), bare(two));
    if let Some((one, two)) = Version::parse(one).zip(Version::parse(two)) {
        return one.compare(&two);
    }
    // Builds do not count from zero: digits that start with one are a commit's.
    let is_commit = |text: &str| {
        text.len() > 1 && text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_name = |text: &str| has_hash(text) || is_commit(text);
    let comparable = !is_name(one) && !is_name(two) && shape(one).eq(shape(two));
    let has_numbers = one.contains(|c: char| c.is_ascii_digit());
    (comparable && has_numbers).then(|| natural(one, two))
}

/// A text without the `v` before the first number, and without build metadata, which
/// has no order.
fn bare(text: &str) -> &str {
    let text = text.split('+').next().unwrap_or_default();
    let rest = text.strip_prefix(['v', 'V']);
    rest.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(text)
}

/// `1.2.3-rc.1`
struct Version<'t> {
    /// Major, minor, patch.
    core: [&'t str; 3],
    pre: Option<&'t str>,
}

impl<'t> Version<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let (core, pre) = match text.split_once('-') {
            Some((core, pre)) => (core, Some(pre)),
            None => (text, None),
        };
        let mut numbers = ["0"; 3];
        let mut parts = core.split('.');
        for (number, part) in numbers.iter_mut().zip(parts.by_ref()) {
            *number = part;
        }
        let is_number = |text: &&str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && (text.len() == 1 || !text.starts_with('0'))
        };
        let is_identifier = |text: &str| {
            let is_numeric = text.bytes().all(|byte| byte.is_ascii_digit());
            let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !text.is_empty() && text.bytes().all(is_word) && (!is_numeric || is_number(&text))
        };
        let is_version = parts.next().is_none()
            && numbers.iter().all(is_number)
            && pre.is_none_or(|pre| pre.split('.').all(is_identifier));
        is_version.then_some(Self { core: numbers, pre })
    }

    /// The order of two versions; none if only a commit's name tells them apart.
    fn compare(&self, other: &Self) -> Option<Ordering> {
        let pairs = self.core.iter().zip(other.core);
        let core = pairs.map(|(one, two)| number(one, two)).find(|order| order.is_ne());
        match (core, self.pre, other.pre) {
            (Some(order), ..) => Some(order),
            (None, one, two) if one == two => Some(Ordering::Equal),
            (None, one, two) if [one, two].into_iter().flatten().any(has_hash) => None,
            (None, Some(one), Some(two)) => Some(pre_release(one, two)),
            (None, one, _) => Some(if one.is_some() { Ordering::Less } else { Ordering::Greater }),
        }
    }
}

fn pre_release(one: &str, two: &str) -> Ordering {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let pairs = one.split('.').zip(two.split('.'));
    let orders = pairs.map(|(one, two)| match (is_number(one), is_number(two)) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => natural(one, two),
    });
    let first = orders.into_iter().find(|order| order.is_ne());
    first.unwrap_or_else(|| one.split('.').count().cmp(&two.split('.').count()))
}

/// The order of two texts piece by piece, with numbers as numbers and before text.
fn natural(one: &str, two: &str) -> Ordering {
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let (mut ones, mut twos) = (pieces(one), pieces(two));
    loop {
        let order = match (ones.next(), twos.next()) {
            (None, None) => return Ordering::Equal,
            (None, _) => Ordering::Less,
            (_, None) => Ordering::Greater,
            (Some(one), Some(two)) => match (is_number(one), is_number(two)) {
                (true, true) => number(one, two),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => one.cmp(two),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The order of two numbers of any length.
fn number(one: &str, two: &str) -> Ordering {
    let (one, two) = (one.trim_start_matches('0'), two.trim_start_matches('0'));
    one.len().cmp(&two.len()).then_with(|| one.cmp(two))
}

/// The pieces of a text with `#` for each number.
fn shape(text: &str) -> impl Iterator<Item = &str> {
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    pieces(text).map(move |piece| if is_number(piece) { "#" } else { piece })
}

/// The numbers of a text and the text between them, in turn.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_number = rest.chars().next()?.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_number).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

/// Whether a text contains the name of a commit: at least seven hexadecimal digits
/// with a letter among them, perhaps after the `g` of `git describe`, or anything
/// after `sha-`.
fn has_hash(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let is_hash = |word: &str| {
        let digits = word.strip_prefix('g').unwrap_or(word);
        let is_hex = digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        // Seven digits without a letter are more often a date or a build.
        is_hex && word.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    text.starts_with("sha-") || words.into_iter().any(is_hash)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_are_compared_if_possible() {
        for (low, high) in [
            ("v1", "v2"),
            ("v9", "v10"),
            ("1.2", "v1.2.1"),
            ("1.9.9", "1.10"),
            ("v4", "5"),
            ("1.2.3-rc.1", "1.2.3"),
            ("1.2.3-rc.2", "1.2.3-rc.10"),
            ("1.2.3-rc9", "1.2.3-rc10"),
            ("1.2.3-1", "1.2.3-alpha"),
            ("1.2.3-alpha", "1.2.3-alpha.1"),
            ("1.25-alpine", "1.26-alpine"),
            ("1.2.3-g1234abc", "1.2.4-gabc1234"),
            ("2026.03.01", "2026.03.15"),
            ("release-2026.09.01", "release-2026.10.01"),
            ("build-9", "build-10"),
            ("20260301", "20260302"),
            ("main-20260301-1", "main-20260302-1"),
            ("1.2.3.4", "1.2.3.5"),
            ("99999999999999999999999", "100000000000000000000000"),
        ] {
            assert_eq!(compare(low, high), Some(Ordering::Less), "{low} {high}");
            assert_eq!(compare(high, low), Some(Ordering::Greater), "{high} {low}");
        }
    }

    #[test]
    fn different_texts_of_the_same_version_are_equal() {
        for (one, two) in [("v1", "1.0.0"), ("latest", "latest"), ("1.2+a", "1.2+b")] {
            assert_eq!(compare(one, two), Some(Ordering::Equal), "{one} {two}");
        }
    }

    #[test]
    fn commits_words_and_different_shapes_have_no_order() {
        for (one, two) in [
            ("latest", "stable"),
            ("89e1234", "1e12345"),
            ("main-89e1234", "main-91f5678"),
            ("sha-1234567", "sha-7654321"),
            ("v1.2.3-14-gabc1234", "v1.2.3"),
            ("1.2.3-g1234abc", "1.2.3-gabc1234"),
            ("v1", "main-2"),
            ("v0", "0080379"),
            ("build-1", "release-2"),
            ("1.2.3.4", "1.2.3"),
            ("v1", "latest"),
            ("", "v1"),
        ] {
            assert_eq!(compare(one, two), None, "{one} {two}");
            assert_eq!(compare(two, one), None, "{two} {one}");
        }
    }

    fn a_version() -> impl Strategy<Value = String> {
        prop_oneof![
            r"v?[0-3](\.[0-3]){0,3}(-(rc|a)?\.?[0-9]{1,2}(\.[a-z0-9]{1,2})?)?(\+[a-b])?",
            r"(b-)?0?[1-3](\.0?[1-2]){1,2}(-rc0?[1-3])?",
            r"[a-c0-2.-]{0,5}",
            "[0-9a-f]{7}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn the_order_of_comparable_versions_is_total(
            a in a_version(), b in a_version(), c in a_version()
        ) {
            prop_assert_eq!(compare(&a, &a), Some(Ordering::Equal));
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).map(Ordering::reverse));
            let all = (compare(&a, &b), compare(&b, &c), compare(&a, &c));
            if let (Some(ab), Some(bc), Some(ac)) = all && ab.is_le() && bc.is_le() {
                let expected = if ab.is_eq() && bc.is_eq() { Ordering::Equal } else { Ordering::Less };
                prop_assert_eq!(ac, expected, "{} {} {}", a, b, c);
            }
        }
    }
}
