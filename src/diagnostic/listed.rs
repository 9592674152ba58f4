//! Names in a sentence.

use std::fmt::Display;

/// Names in backticks as a part of a sentence: "`a`, `b` and `c`".
pub fn listed(names: &[impl Display], conjunction: &str) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    joined(&names, conjunction)
}

/// Words as a part of a sentence: "a, b and others".
pub fn joined(words: &[String], conjunction: &str) -> String {
    match words.split_last() {
        Some((last, before)) if !before.is_empty() => {
            format!("{} {conjunction} {last}", before.join(", "))
        }
        _ => words.concat(),
    }
}
