//! Where a field is in its object.

use std::fmt;

use serde_json::Value as Json;

/// One step towards a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Key(String),
    Item(usize),
}

impl Step {
    /// What is there.
    pub(crate) fn of<'a>(&self, value: &'a Json) -> Option<&'a Json> {
        match self {
            Self::Key(key) => value.as_object()?.get(key),
            Self::Item(index) => value.as_array()?.get(*index),
        }
    }

    /// What is there, to be changed.
    pub(crate) fn of_mut<'a>(&self, value: &'a mut Json) -> Option<&'a mut Json> {
        match self {
            Self::Key(key) => value.as_object_mut()?.get_mut(key),
            Self::Item(index) => value.as_array_mut()?.get_mut(*index),
        }
    }
}

/// The path of a field, as the API server writes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Field(Vec<Step>);

impl Field {
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Every field and item of an object, each map before what is in it.
    pub(crate) fn all(object: &Json) -> Vec<Self> {
        let mut found = Vec::new();
        collect(object, &mut Vec::new(), &mut found);
        found
    }

    /// The path with another last key.
    pub(crate) fn renamed(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.pop();
        steps.push(Step::Key(key.to_owned()));
        Self(steps)
    }
}

fn collect(value: &Json, at: &mut Vec<Step>, found: &mut Vec<Field>) {
    let children: Vec<(Step, &Json)> = match value {
        Json::Object(map) => {
            map.iter().map(|(key, value)| (Step::Key(key.clone()), value)).collect()
        }
        Json::Array(list) => {
            list.iter().enumerate().map(|(index, value)| (Step::Item(index), value)).collect()
        }
        _ => return,
    };
    for (step, child) in children {
        at.push(step);
        found.push(Field(at.clone()));
        collect(child, at, found);
        at.pop();
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Item(item) => write!(f, "[{item}]")?,
                Step::Key(key) if !is_plain(key) => write!(f, "[{key}]")?,
                Step::Key(key) if index == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    let starts = key.starts_with(|c: char| c.is_ascii_alphabetic());
    starts && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '$')
}
