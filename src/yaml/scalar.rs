//! What a plain scalar means, and to whom.
//!
//! The rules are those of the libraries that Kubernetes' tools read YAML with:
//! `go.yaml.in/yaml/v2` (`resolve.go`) behind `sigs.k8s.io/yaml` for kubectl and
//! the API server, `go.yaml.in/yaml/v3` (`resolve.go`) behind kyaml for
//! kustomize.

use jiff::civil::{Date, Time};

use super::Dialect;

/// The meaning of a scalar.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    /// A date or time, as Go's JSON writes it.
    Timestamp(String),
    /// Text, as it stands.
    Text,
}

/// What a plain scalar without a tag means.
pub(super) fn resolve(text: &str, dialect: Dialect) -> Scalar {
    let Some(&first) = text.as_bytes().first() else { return Scalar::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text, dialect)
        }
        b'.' => infinity(text).or_else(|| go_float(text)).map_or(Scalar::Text, Scalar::Float),
        b'+' | b'-' | b'0'..=b'9' => {
            if let Some(float) = infinity(text) {
                return Scalar::Float(float);
            }
            timestamp(text).map_or_else(|| number(text, dialect), Scalar::Timestamp)
        }
        _ => Scalar::Text,
    }
}

/// Whether a plain scalar means the text that it is written as, to kubectl.
pub fn is_text(plain: &str) -> bool {
    matches!(resolve(plain, Dialect::Kubectl), Scalar::Text | Scalar::Timestamp(_))
}

/// The words of `resolveMap`. kustomize decodes into untyped values, where v3
/// knows only `true` and `false`.
fn word(text: &str, dialect: Dialect) -> Scalar {
    match (text, dialect) {
        ("~" | "null" | "Null" | "NULL", _) => Scalar::Null,
        ("true" | "True" | "TRUE", _)
        | ("y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON", Dialect::Kubectl) => {
            Scalar::Bool(true)
        }
        ("false" | "False" | "FALSE", _)
        | ("n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF", Dialect::Kubectl) => {
            Scalar::Bool(false)
        }
        _ => Scalar::Text,
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

/// A scalar that begins with a sign or a digit.
fn number(text: &str, dialect: Dialect) -> Scalar {
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
        return Scalar::Float(float);
    }
    prefixed(plain, dialect).unwrap_or(Scalar::Text)
}

/// The radix that Go's `ParseInt` finds for base 0, and the digits behind its
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
fn integer(sign: &str, digits: &str, radix: u32) -> Option<Scalar> {
    // Rust would take a second sign.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match (sign, i64::try_from(magnitude)) {
        ("-", _) => 0i64.checked_sub_unsigned(magnitude).map(Scalar::Integer),
        (_, Ok(value)) => Some(Scalar::Integer(value)),
        ("", Err(_)) => Some(Scalar::Unsigned(magnitude)),
        _ => None,
    }
}

/// What is left of the libraries' own prefixes once Go knows them too: a sign
/// *behind* `0b` (both), and behind `0o` (v3).
fn prefixed(plain: &str, dialect: Dialect) -> Option<Scalar> {
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

/// A date or time that the libraries know (`allowedTimestampFormats`), as Go's
/// JSON writes it.
fn timestamp(text: &str) -> Option<String> {
    let year = text.get(..4).filter(|year| is_digits(year))?;
    let (month, rest) = text[4..].strip_prefix('-')?.split_once('-')?;
    let (day, rest) = rest.split_at(digits_end(rest));
    let date =
        Date::new(year.parse().ok()?, small(month)?.try_into().ok()?, small(day)?.try_into().ok()?)
            .ok()?;
    let Some(separator) = rest.chars().next() else { return Some(format!("{date}T00:00:00Z")) };
    let rest = &rest[separator.len_utf8()..];
    let zone_start = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone_start);
    let zone = match separator {
        'T' | 't' => offset(zone)?,
        ' ' if zone.is_empty() => "Z",
        _ => return None,
    };
    Some(format!("{date}T{}{zone}", time(clock)?))
}

/// `hour:minute:second` with one or two digits each, and a fraction.
fn time(clock: &str) -> Option<Time> {
    let (hour, rest) = clock.split_once(':')?;
    let (minute, rest) = rest.split_once(':')?;
    let (second, fraction) = rest.split_once(['.', ',']).unwrap_or((rest, "0"));
    let fraction = Some(fraction).filter(|fraction| is_digits(fraction))?;
    let nanoseconds = format!("{:0<9}", &fraction[..fraction.len().min(9)]);
    let part = |text| small(text).and_then(|part| i8::try_from(part).ok());
    Time::new(part(hour)?, part(minute)?, part(second)?, nanoseconds.parse().ok()?).ok()
}

/// `Z`, or `+02:00` with at most 24 hours and 60 minutes; none at all where it
/// is no zone.
fn offset(zone: &str) -> Option<&str> {
    if zone == "Z" {
        return Some(zone);
    }
    let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
    let is_zone = hours.len() == 2
        && minutes.len() == 2
        && small(hours).is_some_and(|hours| hours <= 24)
        && small(minutes).is_some_and(|minutes| minutes <= 60);
    let is_utc = hours == "00" && minutes == "00";
    is_zone.then_some(if is_utc { "Z" } else { zone })
}

/// A number of one or two digits.
fn small(text: &str) -> Option<u8> {
    if matches!(text.len(), 1 | 2) && is_digits(text) { text.parse().ok() } else { None }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn digits_end(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// What a scalar with one of the tags that demand a type means; none where it
/// is not of that type.
pub(super) fn tagged(text: &str, tag: &str, dialect: Dialect) -> Option<Scalar> {
    let scalar = match resolve(text, dialect) {
        // Only an untagged scalar, or one tagged so, is tried as a time.
        Scalar::Timestamp(_) if tag != "timestamp" => number(text, dialect),
        other => other,
    };
    match (tag, scalar) {
        ("null", scalar @ Scalar::Null)
        | ("bool", scalar @ Scalar::Bool(_))
        | ("int", scalar @ (Scalar::Integer(_) | Scalar::Unsigned(_)))
        | ("float", scalar @ Scalar::Float(_))
        | ("timestamp", scalar @ Scalar::Timestamp(_)) => Some(scalar),
        #[allow(clippy::cast_precision_loss)]
        ("float", Scalar::Integer(value)) => Some(Scalar::Float(value as f64)),
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
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("`{:e}` writes an exponent");
    let exponent: i32 = exponent.parse().expect("`{:e}` writes a whole exponent");
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// What a plain scalar means by the core schema of YAML 1.2.2 (§ 10.3.2).
pub(super) fn core(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        _ => {}
    }
    if let Some(float) = infinity(text) {
        return Scalar::Float(float);
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
        return integer("", digits, radix).unwrap_or(Scalar::Text);
    }
    if is_yaml_float(text) { float(text) } else { Scalar::Text }
}

/// What a plain scalar means by the types of YAML 1.1 (yaml.org/type), as their
/// most used reader, `PyYAML`, knows them: no lone `y` and `n`.
pub(super) fn types(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "n" | "N" => return Scalar::Text,
        _ => {}
    }
    match word(text, Dialect::Kubectl) {
        Scalar::Text => {}
        known => return known,
    }
    if text.is_empty() {
        return Scalar::Null;
    }
    if let Some(float) = infinity(text) {
        return Scalar::Float(float);
    }
    let (sign, digits) = sign(text);
    if let Some(integer) = types_integer(sign, digits) {
        return integer;
    }
    if is_types_float(digits) {
        return float(&text.replace('_', ""));
    }
    timestamp(text).map_or(Scalar::Text, Scalar::Timestamp)
}

/// `0b…`, `0…` for octal, `0x…`, decimal, and base 60.
fn types_integer(sign: &str, digits: &str) -> Option<Scalar> {
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
        [b'0'] => Some(Scalar::Integer(0)),
        [b'0', ..] => of(&bare[1..], 8),
        [b'1'..=b'9', ..] if bare.contains(':') => base_60(sign, &bare),
        _ => of(&bare, 10).filter(|_| !digits.starts_with('_')),
    }
}

fn base_60(sign: &str, digits: &str) -> Option<Scalar> {
    let mut total: i64 = 0;
    for (index, part) in digits.split(':').enumerate() {
        let value = if index == 0 {
            part.parse().ok()?
        } else {
            small(part).filter(|&value| value < 60)?.into()
        };
        total = total.checked_mul(60)?.checked_add(value)?;
    }
    Some(Scalar::Integer(if sign == "-" { -total } else { total }))
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

fn sign(text: &str) -> (&str, &str) {
    if text.starts_with(['+', '-']) { text.split_at(1) } else { ("", text) }
}

/// A whole number of any size.
fn integer_or_float(sign: &str, digits: &str, radix: u32) -> Scalar {
    if let Some(integer) = integer(sign, digits, radix) {
        return integer;
    }
    if radix == 10 { float(&format!("{sign}{digits}")) } else { Scalar::Text }
}

fn float(text: &str) -> Scalar {
    text.parse().map_or(Scalar::Text, Scalar::Float)
}
