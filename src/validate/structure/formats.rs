//! Forms of texts that the server checks.
//!
//! Of its own types it checks times and bytes while it decodes. Of custom kinds it checks the
//! formats of `k8s.io/kube-openapi/pkg/validation/strfmt`; others it ignores.

use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::expected::Reader;

/// What a text of that format must be, if it is not.
pub(super) fn format_fault(reader: Reader, format: &str, text: &str) -> Option<&'static str> {
    let format = FORMATS.iter().find(|known| known.name == format)?;
    let is_checked = format.is_decoded || reader != Reader::Kubernetes;
    (is_checked && !(format.check)(text)).then_some(format.noun)
}

struct TextFormat {
    name: &'static str,
    /// What a text of it is.
    noun: &'static str,
    check: fn(&str) -> bool,
    /// Whether Kubernetes' own types are checked for it as well.
    is_decoded: bool,
}

const fn custom(name: &'static str, noun: &'static str, check: fn(&str) -> bool) -> TextFormat {
    TextFormat { name, noun, check, is_decoded: false }
}

const FORMATS: &[TextFormat] = &[
    TextFormat {
        name: "date-time",
        noun: "a time such as `2026-01-31T08:00:00Z` (RFC 3339)",
        check: is_time,
        is_decoded: true,
    },
    TextFormat { name: "byte", noun: "text in base64", check: is_base64, is_decoded: true },
    custom("datetime", "a time such as `2026-01-31T08:00:00Z` (RFC 3339)", is_time),
    custom("date", "a date such as `2026-01-31`", is_date),
    custom("duration", "a duration such as `30s` or `1h30m`", is_duration),
    custom("ipv4", "an IPv4 address", |text| text.parse::<Ipv4Addr>().is_ok()),
    custom("ipv6", "an IPv6 address", |text| text.parse::<Ipv6Addr>().is_ok()),
    custom("cidr", "a range of addresses such as `10.0.0.0/8`", is_cidr),
    custom("mac", "a MAC address", is_mac),
    custom("uuid", "a UUID", is_uuid),
    custom("hostname", "a host name", is_hostname),
    custom("email", "an email address", |text| text.contains('@') && !text.contains(' ')),
    custom("uri", "an address with a scheme, or a path that starts with `/`", is_uri),
];

/// `time.Parse(time.RFC3339, …)` of Go.
fn is_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else { return false };
    let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let has_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let is_zone = zone == "Z"
        || zone.strip_prefix(['+', '-']).is_some_and(|zone| parts(zone, ":", &[24, 59]));
    is_date(date) && parts(clock, ":", &[23, 59, 59]) && has_fraction && is_zone
}

fn is_date(text: &str) -> bool {
    text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10
}

/// Whether a text is numbers of two digits with the separator between, none above its limit.
fn parts(text: &str, separator: &str, limits: &[u8]) -> bool {
    let found: Vec<_> = text.split(separator).collect();
    found.len() == limits.len()
        && found.iter().zip(limits).all(|(part, limit)| {
            let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number && part.parse::<u8>().is_ok_and(|number| number <= *limit)
        })
}

/// Go's decoder skips line breaks.
fn is_base64(text: &str) -> bool {
    if text.contains(['\n', '\r']) {
        return STANDARD.decode(text.replace(['\n', '\r'], "")).is_ok();
    }
    STANDARD.decode(text).is_ok()
}

/// Go's durations, and those in words: `3 days`.
fn is_duration(text: &str) -> bool {
    const UNITS: [&str; 32] = [
        "ns", "nano", "nanos", "us", "µs", "μs", "micro", "micros", "ms", "milli", "millis", "s",
        "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h", "hr",
        "hour", "hours", "d", "day", "days", "w", "week", "weeks", "hrs",
    ];
    let mut rest = text.trim().strip_prefix(['-', '+']).unwrap_or(text.trim());
    if rest == "0" {
        return true;
    }
    let mut count = 0;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(unit_at);
        let after = after.trim_start();
        let end = after.find(|c: char| c.is_ascii_digit() || c == ' ').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if number.parse::<f64>().is_err() || !UNITS.contains(&unit) {
            return false;
        }
        count += 1;
        rest = after.trim_start();
    }
    count > 0
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let most = match (address.parse::<Ipv4Addr>(), address.parse::<Ipv6Addr>()) {
        (Ok(_), _) => 32,
        (_, Ok(_)) => 128,
        _ => return false,
    };
    length.bytes().all(|byte| byte.is_ascii_digit())
        && length.parse::<u32>().is_ok_and(|length| length <= most)
}

fn is_mac(text: &str) -> bool {
    let bytes: Vec<_> = text.split([':', '-']).collect();
    let is_byte = |part: &&str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
    matches!(bytes.len(), 6 | 8 | 20) && bytes.iter().all(is_byte)
}

fn is_uuid(text: &str) -> bool {
    let hex = text.replace('-', "");
    hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        (1..=63).contains(&label.len()) && !label.starts_with('-') && label.chars().all(inner)
    };
    text.len() <= 255 && text.trim_end_matches('.').split('.').all(is_label)
}

/// `url.ParseRequestURI` of Go.
fn is_uri(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    text.starts_with('/') || text.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_have_a_format_and_texts_that_do_not() {
        for (format, right, wrong) in [
            (
                "date-time",
                &["2026-01-31T08:00:00Z", "2026-01-31T08:00:00.5+02:00"][..],
                &["2026-01-31", "2026-13-01T00:00:00Z", "2026-01-31T08:00Z", "now", ""][..],
            ),
            ("byte", &["", "YQ==", "YWJj\n"], &["abc", "a b", "YQ"]),
            ("duration", &["30s", "1h30m", "3 days", "0", "1.5h"], &["", "30", "s", "1y"]),
            ("cidr", &["10.0.0.0/8", "::/0"], &["10.0.0.0", "10.0.0.0/33", "a/8"]),
            ("ipv4", &["10.0.0.1"], &["10.0.0", "::1"]),
            ("uri", &["https://a.b/c", "/a"], &["a b", "a"]),
            ("uuid", &["123e4567-e89b-12d3-a456-426614174000"], &["123"]),
        ] {
            for text in right {
                assert_eq!(format_fault(Reader::Definition, format, text), None, "{text}");
            }
            for text in wrong {
                assert!(format_fault(Reader::Definition, format, text).is_some(), "{text}");
            }
        }
        assert_eq!(format_fault(Reader::Kubernetes, "ipv4", "anything"), None);
        assert_eq!(format_fault(Reader::Definition, "unheard-of", "anything"), None);
    }
}
