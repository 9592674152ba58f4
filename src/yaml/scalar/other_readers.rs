//! What a plain scalar means to those who do not read it as go-yaml does.

use super::digits::{is_digits, sign, small};
use super::time::timestamp;
use super::{ScalarMeaning, infinity, integer, is_yaml_float, word};
use crate::yaml::Dialect;

/// What a plain scalar means by the core schema of YAML 1.2.2 (§ 10.3.2).
pub(in crate::yaml) fn core(text: &str) -> ScalarMeaning {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return ScalarMeaning::Null,
        "true" | "True" | "TRUE" => return ScalarMeaning::Bool(true),
        "false" | "False" | "FALSE" => return ScalarMeaning::Bool(false),
        _ => {}
    }
    if let Some(float) = infinity(text) {
        return ScalarMeaning::Float(float);
    }
    let (sign, digits) = sign(text);
    if is_digits(digits) {
        return integer_or_float(sign, digits, 10);
    }
    let prefixed = match (text.strip_prefix("0o"), text.strip_prefix("0x")) {
        (Some(digits), _) => Some((digits, 8)),
        (_, Some(digits)) => Some((digits, 16)),
        _ => None,
    };
    if let Some((digits, radix)) = prefixed {
        return integer("", digits, radix).unwrap_or(ScalarMeaning::Text);
    }
    if is_yaml_float(text) { float(text) } else { ScalarMeaning::Text }
}

/// What a plain scalar means by the types of YAML 1.1 (yaml.org/type), as their
/// most used reader, `PyYAML`, knows them: no lone `y` and `n`.
pub(in crate::yaml) fn types(text: &str) -> ScalarMeaning {
    match text {
        "y" | "Y" | "n" | "N" => return ScalarMeaning::Text,
        _ => {}
    }
    match word(text, Dialect::Kubectl) {
        ScalarMeaning::Text => {}
        known => return known,
    }
    if text.is_empty() {
        return ScalarMeaning::Null;
    }
    if let Some(float) = infinity(text) {
        return ScalarMeaning::Float(float);
    }
    let (sign, digits) = sign(text);
    if let Some(integer) = types_integer(sign, digits) {
        return integer;
    }
    if is_types_float(digits) {
        return float(&text.replace('_', ""));
    }
    timestamp(text).map_or(ScalarMeaning::Text, ScalarMeaning::Timestamp)
}

/// `0b…`, `0…` for octal, `0x…`, decimal, and base 60.
fn types_integer(sign: &str, digits: &str) -> Option<ScalarMeaning> {
    let bare = digits.replace('_', "");
    let of = |digits: &str, radix| {
        let valid = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        valid.then(|| integer_or_float(sign, digits, radix))
    };
    if let Some(digits) = bare.strip_prefix("0b") {
        return of(digits, 2);
    }
    if let Some(digits) = bare.strip_prefix("0x") {
        return of(digits, 16);
    }
    match bare.as_bytes() {
        [b'0'] => Some(ScalarMeaning::Integer(0)),
        [b'0', ..] => of(&bare[1..], 8),
        [b'1'..=b'9', ..] if bare.contains(':') => base_60(sign, &bare),
        _ => of(&bare, 10).filter(|_| !digits.starts_with('_')),
    }
}

fn base_60(sign: &str, digits: &str) -> Option<ScalarMeaning> {
    let mut total: i64 = 0;
    for (index, part) in digits.split(':').enumerate() {
        let value = if index == 0 {
            part.parse().ok()?
        } else {
            small(part).filter(|&value| value < 60)?.into()
        };
        total = total.checked_mul(60)?.checked_add(value)?;
    }
    Some(ScalarMeaning::Integer(if sign == "-" { -total } else { total }))
}

/// A float of YAML 1.1 needs a dot, and its exponent a sign.
fn is_types_float(digits: &str) -> bool {
    let Some((whole, rest)) = digits.split_once('.') else { return false };
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let is_run = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let is_whole = whole.starts_with(|c: char| c.is_ascii_digit()) && is_run(whole)
        || whole.is_empty() && fraction.starts_with(|c: char| c.is_ascii_digit());
    let is_exponent = |text: &str| text.strip_prefix(['+', '-']).is_some_and(is_digits);
    is_whole && is_run(fraction) && exponent.is_none_or(is_exponent)
}

/// A whole number of any size.
fn integer_or_float(sign: &str, digits: &str, radix: u32) -> ScalarMeaning {
    if let Some(integer) = integer(sign, digits, radix) {
        return integer;
    }
    if radix == 10 { float(&format!("{sign}{digits}")) } else { ScalarMeaning::Text }
}

fn float(text: &str) -> ScalarMeaning {
    text.parse().map_or(ScalarMeaning::Text, ScalarMeaning::Float)
}
