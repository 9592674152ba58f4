//! Findings of which there are very many.

use std::collections::HashMap;
use std::ptr;
use std::sync::Arc;

use crate::diagnostic::{Code, Finding, Findings};
use crate::source::SourceFile;

/// How many findings of one kind are shown of one file.
const MOST_ALIKE: usize = 25;

/// The findings, of which those that are alike (the same code and the same field in objects
/// of one file) are counted from a number on: whoever mends the first ones mends them all.
pub fn grouped(findings: Findings) -> Findings {
    if findings.len() <= MOST_ALIKE {
        return findings;
    }
    let mut counts: HashMap<Alike, usize> = HashMap::new();
    for finding in &findings {
        *counts.entry(Alike::of(finding)).or_default() += 1;
    }
    let mut seen: HashMap<Alike, usize> = HashMap::new();
    let keep = |finding: Finding| {
        let alike = Alike::of(&finding);
        let count = counts[&alike];
        let number = seen.entry(alike).or_default();
        *number += 1;
        if *number == MOST_ALIKE && count > MOST_ALIKE {
            return Some(counted(finding, count));
        }
        (*number <= MOST_ALIKE).then_some(finding)
    };
    findings.into_iter().filter_map(keep).collect()
}

/// What findings have in common that are mended alike.
#[derive(PartialEq, Eq, Hash)]
struct Alike {
    code: *const Code,
    file: *const SourceFile,
    field: String,
}

impl Alike {
    fn of(finding: &Finding) -> Self {
        let file = Arc::as_ptr(finding.location().file());
        Self { code: ptr::from_ref(finding.code), file, field: field_of(&finding.message) }
    }
}

/// The field that a message names, without the places in lists.
fn field_of(message: &str) -> String {
    let (_, rest) = message.split_once(": ").unwrap_or(("", message));
    let field = rest.split('`').nth(1).unwrap_or_default();
    let mut general = String::with_capacity(field.len());
    let mut is_in_brackets = false;
    for c in field.chars() {
        is_in_brackets = (is_in_brackets || c == '[') && c != ']';
        if !is_in_brackets {
            general.push(c);
        }
    }
    general
}

/// The last of the findings that are shown, which says how many there are.
fn counted(finding: Finding, count: usize) -> Finding {
    let more = count - MOST_ALIKE;
    let places = if more == 1 { "place" } else { "places" };
    let message = format!("{} (and so in {more} more {places} of this file)", finding.message);
    Finding { message, ..finding }
}
