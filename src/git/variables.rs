//! The environment, as a value.

use std::collections::BTreeMap;

/// Environment variables. The library does not read those of its process: its
/// caller passes them in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Variables of these names and values.
    pub fn new<S: Into<String>>(variables: impl IntoIterator<Item = (S, S)>) -> Self {
        let owned = |(name, value): (S, S)| (name.into(), value.into());
        Self(variables.into_iter().map(owned).collect())
    }

    /// A variable's value; none if it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}
