//! Amounts of resources: `100m`, `2Gi`.

/// Why a text is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityFault {
    /// There is no number, or more than one point in it.
    #[error("it does not start with a number")]
    NotANumber,
    /// What comes after the number is unknown.
    #[error("`{0}` is not a unit")]
    Unit(String),
}

impl QuantityFault {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NotANumber => None,
            Self::Unit(_) => Some("units are `m`, `k`, `M`, `G`, `T`, and `Ki`, `Mi`, `Gi`, `Ti`"),
        }
    }
}

/// Whether a text is a quantity, as `ParseQuantity` of
/// `staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go` reads it, without its
/// limits of size.
pub fn check_quantity(text: &str) -> Result<(), QuantityFault> {
    const UNITS: [&str; 16] =
        ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 || number.len() - digits > 1 {
        return Err(QuantityFault::NotANumber);
    }
    let exponent = unit.strip_prefix(['e', 'E']);
    let exponent = exponent.map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
    let is_exponent = exponent
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    if UNITS.contains(&unit) || is_exponent {
        return Ok(());
    }
    Err(QuantityFault::Unit(unit.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_follow_kubernetes() {
        for right in [
            "0", "20", "0.5", ".5", "1.", "100m", "2Gi", "1e3", "1E3", "5E", "+1", "-1", "1e-5",
            "2Ei",
        ] {
            assert_eq!(check_quantity(right), Ok(()), "{right}");
        }
        for wrong in ["", ".", "-", "Gi", "2GB", "2gi", "1.2.3", "1 Gi", "1e", "NaN", "+-1"] {
            assert!(check_quantity(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_exponent_has_one_sign() {
        for wrong in ["1e+-5", "1e--5", "1e++5", "1e-+5", "1e-"] {
            assert!(check_quantity(wrong).is_err(), "{wrong}");
        }
    }
}
