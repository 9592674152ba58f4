//! Amounts of resources.

use super::declare::texts;
use super::name::label_key;
use crate::config::decode::Flaw;
use crate::diagnostic::codes;
use crate::kubernetes::check_quantity;

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

/// A quantity that is not negative, which neither a quota nor a limit may be.
fn quantity(text: &str) -> Result<(), Flaw> {
    if text.starts_with('-') {
        return Err(Flaw::new("it is less than zero"));
    }
    check_quantity(text).map_err(|fault| {
        let flaw = Flaw::new(fault.to_string());
        match fault.help() {
            Some(help) => flaw.help(help),
            None => flaw,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_quantity_that_is_not_negative() {
        assert_eq!(quantity("2Gi"), Ok(()));
        for wrong in ["2GB", "-1", ""] {
            assert!(quantity(wrong).is_err(), "{wrong}");
        }
    }
}
