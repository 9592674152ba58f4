//! What a careless hand does to one field of an object.

use std::fmt;

use serde_json::{Map, Value as Json, json};

use super::field::{Field, Step};

/// One way to spoil a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mutation(usize);

/// What a mutation makes of the field's value; none where it does not apply.
type OfValue = fn(&Json) -> Option<Json>;
/// What a mutation makes of the field's key.
type OfKey = fn(&str) -> String;

enum Change {
    Removes,
    Value(OfValue),
    /// Of each key.
    Key(OfKey),
    /// Only of keys that are data: those of labels, of a `ConfigMap`'s files.
    FreeKey(OfKey),
}

/// Every mutation, by its name in the verdicts.
const MUTATIONS: &[(&str, Change)] = &[
    ("removed", Change::Removes),
    ("misspelt", Change::Key(misspell)),
    ("key-other-case", Change::Key(other_case)),
    ("key-spaced", Change::FreeKey(|key| format!("{key} x"))),
    ("key-long", Change::FreeKey(|key| format!("{key}{}", "k".repeat(254)))),
    ("key-empty", Change::FreeKey(|_| String::new())),
    ("key-slashed", Change::FreeKey(|key| format!("a/{key}/b"))),
    ("key-dash", Change::FreeKey(|key| format!("-{key}"))),
    ("key-upper", Change::FreeKey(str::to_uppercase)),
    // Another type.
    ("null", Change::Value(|value| (!value.is_null()).then_some(Json::Null))),
    ("string", Change::Value(|value| (!value.is_string()).then(|| json!("text")))),
    ("quoted", Change::Value(quoted)),
    ("number", Change::Value(|value| (!value.is_number()).then(|| json!(7)))),
    ("bool", Change::Value(|value| (!value.is_boolean()).then_some(Json::Bool(true)))),
    ("map", Change::Value(|value| (!value.is_object()).then(|| json!({"key": "value"})))),
    ("list", Change::Value(|value| (!value.is_array()).then(|| json!(["item"])))),
    // Nothing, too much or too little.
    ("empty", Change::Value(emptied)),
    ("unknown-field", Change::Value(with_unknown_field)),
    ("repeated", Change::Value(|value| of_list(value, 1, |list| list.push(list[0].clone())))),
    ("shortened", Change::Value(|value| of_list(value, 2, |list| drop(list.pop())))),
    ("beheaded", Change::Value(|value| of_list(value, 2, |list| drop(list.remove(0))))),
    ("long-64", Change::Value(|value| of_string(value, |text| padded(text, 64)))),
    ("long-254", Change::Value(|value| of_string(value, |text| padded(text, 254)))),
    // Characters that names, enumerations and formats do not allow.
    ("upper", Change::Value(|value| of_string(value, str::to_uppercase))),
    ("lower", Change::Value(|value| of_string(value, str::to_lowercase))),
    ("other-case", Change::Value(|value| of_string(value, other_case))),
    ("near-miss", Change::Value(|value| of_string(value, misspell))),
    ("spaced", Change::Value(|value| of_string(value, |text| format!("{text} x")))),
    ("trailing-space", Change::Value(|value| of_string(value, |text| format!("{text} ")))),
    ("dash", Change::Value(|value| of_string(value, |text| format!("-{text}")))),
    ("dot", Change::Value(|value| of_string(value, |text| format!(".{text}")))),
    ("parent", Change::Value(|value| of_string(value, |text| format!("../{text}")))),
    ("slash", Change::Value(|value| of_string(value, |text| format!("{text}/x")))),
    ("colon", Change::Value(|value| of_string(value, |text| format!("{text}:x")))),
    ("underscore", Change::Value(|value| of_string(value, |text| format!("{text}_x")))),
    ("unicode", Change::Value(|value| of_string(value, |text| format!("{text}é")))),
    // Texts that begin with digits: quantities, addresses, times, percentages.
    ("unit-lower", Change::Value(|value| of_digits(value, |digits, _| format!("{digits}gb")))),
    ("unit-b", Change::Value(|value| of_digits(value, |digits, _| format!("{digits}MiB")))),
    ("unit-spaced", Change::Value(|value| of_digits(value, |digits, _| format!("{digits} Gi")))),
    ("comma", Change::Value(|value| of_digits(value, |digits, rest| format!("{digits},5{rest}")))),
    ("minus", Change::Value(|value| of_digits(value, |digits, rest| format!("-{digits}{rest}")))),
    ("nought", Change::Value(|value| of_digits(value, |_, rest| format!("0{rest}")))),
    ("milli", Change::Value(|value| of_digits(value, |digits, _| format!("{digits}.0005")))),
    (
        "thousand",
        Change::Value(|value| of_digits(value, |digits, rest| format!("{digits}000{rest}"))),
    ),
    ("padded", Change::Value(|value| of_digits(value, |digits, rest| format!("0{digits}{rest}")))),
    ("prefix-length", Change::Value(|value| of_range(value, "/129"))),
    ("prefix-none", Change::Value(|value| of_range(value, ""))),
    // Numbers out of their range.
    ("zero", Change::Value(|value| of_number(value, json!(0)))),
    ("negative", Change::Value(|value| of_number(value, json!(-1)))),
    ("incremented", Change::Value(|value| of_number(value, json!(value.as_i64()? + 1)))),
    ("port-like", Change::Value(|value| of_number(value, json!(65_536)))),
    ("over-int32", Change::Value(|value| of_number(value, json!(2_147_483_648_u64)))),
    ("over-int64", Change::Value(|value| of_number(value, json!(9_223_372_036_854_775_808_u64)))),
    ("fraction", Change::Value(|value| of_number(value, json!(value.as_f64()? + 0.5)))),
    ("flipped", Change::Value(|value| Some(Json::Bool(!value.as_bool()?)))),
];

/// Maps whose keys are data.
const FREE_MAPS: &[&str] = &[
    "annotations",
    "binaryData",
    "capacity",
    "data",
    "default",
    "defaultRequest",
    "hard",
    "labels",
    "limits",
    "matchLabels",
    "max",
    "maxLimitRequestRatio",
    "min",
    "nested",
    "nodeSelector",
    "options",
    "parameters",
    "podFixed",
    "requests",
    "settings",
    "stringData",
    "vars",
    "volumeAttributes",
    "weights",
];

impl Mutation {
    /// All of them, in the order of the verdicts.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..MUTATIONS.len()).map(Self)
    }

    /// The mutation of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().find(|mutation| mutation.name() == name)
    }

    /// Its name in the verdicts.
    pub(crate) fn name(self) -> &'static str {
        MUTATIONS[self.0].0
    }

    /// Whether there is such a field, and the mutation changes something there.
    pub(crate) fn applies(self, object: &Json, field: &Field) -> bool {
        let Some((last, before)) = field.steps().split_last() else { return false };
        let parent = before.iter().try_fold(object, |at, step| step.of(at));
        parent.is_some_and(|parent| self.spoil(&mut parent.clone(), last, before.last()).is_some())
    }

    /// The object with that field spoilt.
    ///
    /// # Panics
    ///
    /// If the mutation does not apply.
    pub(crate) fn apply(self, object: &Json, field: &Field) -> Json {
        let (last, before) = field.steps().split_last().expect("the path of a field");
        let mut spoilt = object.clone();
        let parent = before.iter().try_fold(&mut spoilt, |at, step| step.of_mut(at));
        self.spoil(parent.expect("a field"), last, before.last()).expect("it applies");
        spoilt
    }

    /// Spoils the field at that step of a map or list, to which `above` led; none if
    /// that changes nothing.
    fn spoil(self, parent: &mut Json, last: &Step, above: Option<&Step>) -> Option<()> {
        match (&MUTATIONS[self.0].1, last) {
            (Change::Removes, Step::Key(key)) => {
                parent.as_object_mut()?.shift_remove(key)?;
            }
            (Change::Value(change), _) => {
                let value = last.of_mut(parent)?;
                let changed = change(value)?;
                if changed == *value {
                    return None;
                }
                *value = changed;
            }
            (Change::Key(change), Step::Key(key)) => rename(parent, key, &change(key))?,
            (Change::FreeKey(change), Step::Key(key)) => {
                let Some(Step::Key(map)) = above else { return None };
                if !FREE_MAPS.contains(&map.as_str()) || !parent[key].is_string() {
                    return None;
                }
                rename(parent, key, &change(key))?;
            }
            // An item has no key, and its list's mutations remove it.
            (Change::Removes | Change::Key(_) | Change::FreeKey(_), Step::Item(_)) => return None,
        }
        Some(())
    }

    /// The field's new key, if the mutation changes it.
    pub(crate) fn renames(self, key: &str) -> Option<String> {
        match MUTATIONS[self.0].1 {
            Change::Key(change) | Change::FreeKey(change) => Some(change(key)),
            Change::Removes | Change::Value(_) => None,
        }
    }
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Gives an entry another key, at the same place.
fn rename(map: &mut Json, from: &str, to: &str) -> Option<()> {
    let map = map.as_object_mut()?;
    if from == to || map.contains_key(to) {
        return None;
    }
    let renamed = |(key, value): (String, Json)| (if key == from { to.into() } else { key }, value);
    *map = std::mem::take(map).into_iter().map(renamed).collect::<Map<_, _>>();
    Some(())
}

/// The text with one letter changed, about its middle.
fn misspell(text: &str) -> String {
    let letters: Vec<_> = text.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()).collect();
    let Some(&(at, letter)) = letters.get(letters.len() / 2) else { return format!("{text}q") };
    let next = match letter {
        'z' => 'a',
        'Z' => 'A',
        _ => char::from(letter as u8 + 1),
    };
    let rest = &text[at + 1..];
    format!("{}{next}{rest}", &text[..at])
}

/// The text with its first letter in the other case.
fn other_case(text: &str) -> String {
    let Some(first) = text.chars().next() else { return String::new() };
    let rest = &text[first.len_utf8()..];
    if first.is_uppercase() {
        format!("{}{rest}", first.to_lowercase())
    } else {
        format!("{}{rest}", first.to_uppercase())
    }
}

fn padded(text: &str, length: usize) -> String {
    let missing = length.saturating_sub(text.len());
    format!("{text}{}", "a".repeat(missing))
}

fn quoted(value: &Json) -> Option<Json> {
    match value {
        Json::Number(_) | Json::Bool(_) => Some(Json::String(value.to_string())),
        _ => None,
    }
}

fn emptied(value: &Json) -> Option<Json> {
    match value {
        Json::String(_) => Some(json!("")),
        Json::Array(_) => Some(json!([])),
        Json::Object(_) => Some(json!({})),
        Json::Null | Json::Bool(_) | Json::Number(_) => None,
    }
}

fn with_unknown_field(value: &Json) -> Option<Json> {
    let mut map = value.as_object()?.clone();
    map.insert("unknownField".to_owned(), json!(1));
    Some(Json::Object(map))
}

/// A list of at least so many items, changed.
fn of_list(value: &Json, at_least: usize, change: impl Fn(&mut Vec<Json>)) -> Option<Json> {
    let mut list = value.as_array()?.clone();
    if list.len() < at_least {
        return None;
    }
    change(&mut list);
    Some(Json::Array(list))
}

fn of_string(value: &Json, change: impl Fn(&str) -> String) -> Option<Json> {
    Some(Json::String(change(value.as_str()?)))
}

/// A text that begins with digits, made from those and from the rest.
fn of_digits(value: &Json, change: impl Fn(&str, &str) -> String) -> Option<Json> {
    let text = value.as_str()?;
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| Json::String(change(&text[..end], &text[end..])))
}

/// A range of addresses with another length of its prefix.
fn of_range(value: &Json, length: &str) -> Option<Json> {
    let (address, bits) = value.as_str()?.split_once('/')?;
    let _: u8 = bits.parse().ok()?;
    Some(Json::String(format!("{address}{length}")))
}

fn of_number(value: &Json, other: Json) -> Option<Json> {
    value.is_number().then_some(other)
}
