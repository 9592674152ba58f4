//! Amounts of memory and text.

use std::fmt;

use super::declare::{amount, text_schemas};
use crate::config::decode::{Flaw, Syntax};
use crate::diagnostic::{Code, codes};

codes! {
    /// A text that is not a number of bytes.
    ///
    /// A size is a whole number with a unit: `KiB`, `MiB` or `GiB`, each 1024 of the one
    /// before. Kubernetes' short forms `Ki`, `Mi` and `Gi` are the same.
    ///
    /// ```yaml
    /// worker: { memory: 2GB }      # wrong
    /// worker: { memory: 2GiB }     # right
    /// ```
    INVALID_SIZE = "invalid-size", Input, Error;
}

text_schemas!(ByteSize);

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(u64);

/// A pebibyte: what is more is a slip.
const MOST: u64 = 1 << 50;

/// The units, with the number of times that they are 1024 of something.
const UNITS: [(&str, u64); 6] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
];

impl ByteSize {
    /// So many MiB.
    pub const fn mebibytes(count: u64) -> Self {
        Self(count << 20)
    }

    /// So many GiB.
    pub(in crate::config) const fn gibibytes(count: u64) -> Self {
        Self(count << 30)
    }

    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// So many times as much.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count).min(MOST))
    }

    /// The size that a person typed.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, and what to write.
    pub fn named(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(Flaw::into_sentence)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS[..3].iter().rev().find(|(_, size)| self.0.is_multiple_of(*size));
        let (unit, size) = whole.expect("every size is a multiple of the smallest unit");
        write!(f, "{}{unit}", self.0 / size)
    }
}

impl Syntax for ByteSize {
    const NOUN: &'static str = "a size";
    const CODE: &'static Code = &INVALID_SIZE;
    const PATTERN: Option<&'static str> = Some("^[0-9]+[KMG]iB?$");
    const EXAMPLE: &'static str = "512MiB";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let help = "a whole number and `KiB`, `MiB` or `GiB`: `512MiB`, `4GiB`";
        match amount(text, &UNITS, help)? {
            Some(0) => Err(Flaw::new("nothing fits into it").help(help)),
            Some(bytes) if bytes <= MOST => Ok(Self(bytes)),
            _ => Err(Flaw::new("no machine has that much").help(help)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_whole_numbers_of_a_unit() {
        for (text, bytes, shown) in [
            ("512MiB", 512 << 20, "512MiB"),
            ("2Gi", 2 << 30, "2GiB"),
            ("2048KiB", 2 << 20, "2MiB"),
        ] {
            let size = ByteSize::named(text).unwrap();
            assert_eq!((size.bytes(), &*size.to_string()), (bytes, shown));
        }
        for wrong in ["", "512", "512MB", "1.5GiB", "GiB", "0MiB", "-1MiB", "9999999999999GiB"] {
            assert!(ByteSize::named(wrong).is_err(), "{wrong}");
        }
    }
}
