//! Amounts of resources.

use super::declare::texts;
use super::name::label_key;
use crate::config::decode::Flaw;
use crate::diagnostic::codes;

codes! {
    /// An amount that Kubernetes would refuse.
    ///
    /// A quantity is a number, with or without a unit: `m` for
    /// thousandths, `k`, `M`, `G`, `T`, `P`, `E` for thousands, `Ki`, `Mi`, `Gi`
    /// and so on for powers of 1024, or an exponent.
    ///
    /// ```yaml
    /// quota: { requests.memory: 2GB }     # wrong
    /// quota: { requests.memory: 2Gi }     # right
    /// ```
    INVALID_QUANTITY = "invalid-quantity", Input, Error;
}

texts! {
    /// What is counted: `cpu`, `requests.memory`, `count/deployments.apps`.
    struct ResourceName("a resource", INVALID_QUANTITY, "requests.cpu") = label_key;
    /// How much of it.
    struct QuantityText("a quantity", INVALID_QUANTITY, "512Mi") = quantity;
}

/// How much of a resource: a text or a plain number.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Quantity;

impl crate::config::decode::Decode for Quantity {
    fn decode(
        node: crate::yaml::Node<'_>,
        findings: &mut crate::diagnostic::Findings,
    ) -> Option<Self> {
        if node.as_number().is_some_and(|number| quantity(number.source()).is_ok()) {
            return Some(Self);
        }
        QuantityText::decode(node, findings).map(|_| Self)
    }
}

impl schemars::JsonSchema for Quantity {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "number"], "examples": ["512Mi"] })
    }
}

/// Kubernetes' `resource.ParseQuantity`, without its limits of size; and not
/// negative, which neither a quota nor a limit may be.
fn quantity(text: &str) -> Result<(), Flaw> {
    const UNITS: [&str; 16] =
        ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let text = text.strip_prefix('+').unwrap_or(text);
    if text.starts_with('-') {
        return Err(Flaw::new("it is less than zero"));
    }
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 || number.len() - digits > 1 {
        return Err(Flaw::new("it does not start with a number"));
    }
    let exponent = unit.strip_prefix(['e', 'E']);
    let exponent = exponent.map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
    let is_exponent = exponent
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    if UNITS.contains(&unit) || is_exponent {
        return Ok(());
    }
    Err(Flaw::new(format!("`{unit}` is not a unit"))
        .help("units are `m`, `k`, `M`, `G`, `T`, and `Ki`, `Mi`, `Gi`, `Ti`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_follow_kubernetes() {
        for right in
            ["0", "20", "0.5", ".5", "1.", "100m", "2Gi", "1e3", "1E3", "5E", "+1", "1e-5", "2Ei"]
        {
            assert_eq!(quantity(right), Ok(()), "{right}");
        }
        for wrong in ["", ".", "Gi", "2GB", "2gi", "1.2.3", "-1", "1 Gi", "1e", "NaN"] {
            assert!(quantity(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_exponent_has_one_sign() {
        for wrong in ["1e+-5", "1e--5", "1e++5", "1e-+5", "1e-"] {
            assert!(quantity(wrong).is_err(), "{wrong}");
        }
    }
}
