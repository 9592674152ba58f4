//! What a plain scalar means, and to whom.
//!
//! The rules are those of the libraries that Kubernetes' tools read YAML with:
//! `go.yaml.in/yaml/v2` (`resolve.go`) behind `sigs.k8s.io/yaml` for kubectl and
//! the API server, `go.yaml.in/yaml/v3` (`resolve.go`) behind kyaml for
//! kustomize.

mod digits;
mod other_readers;
mod time;

use self::digits::{is_digits, sign};
pub(super) use self::other_readers::{core, types};
use self::time::timestamp;

/// Whose reading of a plain scalar counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// kubectl, and with it the API server, Flux and Argo CD.
    #[default]
    Kubectl,
    /// kustomize.
    Kustomize,
}

/// The meaning of a scalar.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ScalarMeaning {
    Null,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    /// A date or time, as Go's JSON writes it.
    Timestamp(String),
    /// Text as it is written.
    Text,
}

/// What a plain scalar without a tag means.
pub(super) fn resolve(text: &str, dialect: Dialect) -> ScalarMeaning {
    let Some(&first) = text.as_bytes().first() else { return ScalarMeaning::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text, dialect)
        }
        b'.' => infinity(text)
            .or_else(|| go_float(text))
            .map_or(ScalarMeaning::Text, ScalarMeaning::Float),
        b'+' | b'-' | b'0'..=b'9' => {
            if let Some(float) = infinity(text) {
                return ScalarMeaning::Float(float);
            }
            timestamp(text).map_or_else(|| number(text, dialect), ScalarMeaning::Timestamp)
        }
        _ => ScalarMeaning::Text,
    }
}

/// Whether a plain scalar means the text that it is written as, to kubectl.
pub fn is_text(plain: &str) -> bool {
    match resolve(plain, Dialect::Kubectl) {
        ScalarMeaning::Text => true,
        ScalarMeaning::Timestamp(text) => text == plain,
        _ => false,
    }
}

/// The words of `resolveMap`. kustomize decodes into untyped values, where v3
/// knows only `true` and `false`.
fn word(text: &str, dialect: Dialect) -> ScalarMeaning {
    match (text, dialect) {
        ("~" | "null" | "Null" | "NULL", _) => ScalarMeaning::Null,
        ("true" | "True" | "TRUE", _)
        | ("y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON", Dialect::Kubectl) => {
            ScalarMeaning::Bool(true)
        }
        ("false" | "False" | "FALSE", _)
        | ("n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF", Dialect::Kubectl) => {
            ScalarMeaning::Bool(false)
        }
        _ => ScalarMeaning::Text,
    }
}

fn infinity(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// A scalar that starts with a sign or a digit.
fn number(text: &str, dialect: Dialect) -> ScalarMeaning {
    let plain = text.replace('_', "");
    let plain = plain.as_str();
    let (sign, digits) = sign(plain);
    let (radix, digits) = go_radix(digits);
    if let Some(integer) = integer(sign, digits, radix) {
        return integer;
    }
    if is_yaml_float(plain)
        && let Some(float) = go_float(plain)
    {
        return ScalarMeaning::Float(float);
    }
    prefixed(plain, dialect).unwrap_or(ScalarMeaning::Text)
}

/// The radix that Go's `ParseInt` finds for base 0, and the digits after its
/// prefix.
fn go_radix(digits: &str) -> (u32, &str) {
    match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    }
}

/// Go's `ParseInt`, then `ParseUint`, which takes no sign.
fn integer(sign: &str, digits: &str, radix: u32) -> Option<ScalarMeaning> {
    // Rust would take a second sign.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match (sign, i64::try_from(magnitude)) {
        ("-", _) => 0i64.checked_sub_unsigned(magnitude).map(ScalarMeaning::Integer),
        (_, Ok(value)) => Some(ScalarMeaning::Integer(value)),
        ("", Err(_)) => Some(ScalarMeaning::Unsigned(magnitude)),
        _ => None,
    }
}

/// What is left of the libraries' own prefixes once Go knows them too: a sign
/// *after* `0b` (both), and after `0o` (v3).
fn prefixed(plain: &str, dialect: Dialect) -> Option<ScalarMeaning> {
    let (digits, radix) = match (plain.strip_prefix("0b"), plain.strip_prefix("0o"), dialect) {
        (Some(digits), ..) => (digits, 2),
        (_, Some(digits), Dialect::Kustomize) => (digits, 8),
        _ => return None,
    };
    let (sign, digits) = sign(digits);
    integer(sign, digits, radix)
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_yaml_float(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let is_mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && (fraction.is_empty() || is_digits(fraction)),
        None => is_digits(mantissa),
    };
    let is_exponent = |text: &str| is_digits(text.strip_prefix(['+', '-']).unwrap_or(text));
    is_mantissa && exponent.is_none_or(is_exponent)
}

/// Go's `ParseFloat` for what looks like a decimal number: out of range is no
/// number, where Rust says infinite.
fn go_float(text: &str) -> Option<f64> {
    if !is_yaml_float(text) {
        return None;
    }
    text.parse().ok().filter(|float: &f64| float.is_finite())
}

/// What a scalar with one of the tags that demand a type means; none where it
/// is not of that type.
pub(super) fn tagged(text: &str, tag: &str, dialect: Dialect) -> Option<ScalarMeaning> {
    let scalar = match resolve(text, dialect) {
        // Only an untagged scalar, or one tagged so, is tried as a time.
        ScalarMeaning::Timestamp(_) if tag != "timestamp" => number(text, dialect),
        other => other,
    };
    match (tag, scalar) {
        ("null", scalar @ ScalarMeaning::Null)
        | ("bool", scalar @ ScalarMeaning::Bool(_))
        | ("int", scalar @ (ScalarMeaning::Integer(_) | ScalarMeaning::Unsigned(_)))
        | ("float", scalar @ ScalarMeaning::Float(_))
        | ("timestamp", scalar @ ScalarMeaning::Timestamp(_)) => Some(scalar),
        #[allow(clippy::cast_precision_loss)]
        ("float", ScalarMeaning::Integer(value)) => Some(ScalarMeaning::Float(value as f64)),
        _ => None,
    }
}

/// A number as a key: Go's `FormatFloat(value, 'g', -1, 32)`.
#[allow(clippy::cast_possible_truncation)]
pub(super) fn go_key(value: f64) -> String {
    let value = value as f32;
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    go_general(&format!("{value:e}"), &value)
}

/// A number as Go's templates, and so Helm, print it: `%v` of a float64, which JSON makes of
/// every number.
pub(super) fn go_printed(value: f64) -> String {
    go_general(&format!("{value:e}"), &value)
}

/// The shortest text of a number by Go's `%g`, from Rust's `{:e}` and `{}`.
fn go_general(scientific: &str, plain: &impl std::fmt::Display) -> String {
    let (mantissa, exponent) = scientific.split_once('e').expect("`{:e}` writes an exponent");
    let exponent: i32 = exponent.parse().expect("`{:e}` writes a whole exponent");
    if (-4..6).contains(&exponent) {
        return plain.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
