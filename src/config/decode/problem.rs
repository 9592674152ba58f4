//! Problems that all types have in common: values of the wrong type, unknown names,
//! and keys without a value.

use super::code::{EMPTY_VALUE, WRONG_TYPE};
use crate::diagnostic::{Finding, Findings, nearest};
use crate::yaml::{KeyNode, Kind, Node, Style};

/// The most problems that are reported for one file or list. With more, it is
/// probably another kind of file, and those of a generated one would need too much
/// memory.
pub(in crate::config) const MOST_PROBLEMS: usize = 100;

/// Whether a file has so many problems that it is not read further.
pub(in crate::config) fn is_enough(findings: &Findings) -> bool {
    findings.len() >= MOST_PROBLEMS
}

/// The finding that a node is something else than the expected `noun`.
pub(in crate::config) fn wrong_type(node: Node<'_>, noun: &str) -> Finding {
    let found = match node.kind() {
        kind @ (Kind::Bool(_) | Kind::Number(_)) => {
            let kind = kind.noun().trim_start_matches("a ");
            format!("the {kind} `{}`", node.location().text())
        }
        kind => kind.noun().to_owned(),
    };
    Finding::new(&WRONG_TYPE, format!("expected {noun}, found {found}"), node.location())
        .because(format!("this is {}", node.kind().noun()))
}

/// Help for an unknown name: the one that was probably meant, else all known names.
pub(in crate::config) fn suggest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
    all: &str,
) -> Option<String> {
    if let Some(near) = nearest(name, candidates.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let names: Vec<_> = candidates.into_iter().map(|name| format!("`{name}`")).collect();
    match names.len() {
        0 => None,
        1..=24 => Some(format!("{all}: {}", names.join(", "))),
        // More than anybody reads.
        _ => Some(format!("{all}: {}, …", names[..24].join(", "))),
    }
}

/// Reports every key without a value. `findings` are those of the file.
pub(in crate::config) fn report_empty_values(node: Node<'_>, findings: &mut Findings) {
    // What an alias repeats is checked at its anchor.
    if node.alias_of().is_some() || is_enough(findings) {
        return;
    }
    for (key, value) in node.entries() {
        if value.is_null() && value.style() == Style::Empty && !is_enough(findings) {
            findings.push(
                Finding::new(
                    &EMPTY_VALUE,
                    format!("the key `{}` has no value", key.text()),
                    key.location(),
                )
                .because("nothing is written after it")
                .help(without_value(key)),
            );
        }
        report_empty_values(value, findings);
    }
    for item in node.items() {
        if item.is_null() && item.style() == Style::Empty && !is_enough(findings) {
            let finding =
                Finding::new(&EMPTY_VALUE, "an item of the list is empty", item.location());
            findings.push(finding.because("nothing is written here").help("delete the item"));
        }
        report_empty_values(item, findings);
    }
}

/// What to do about a key without a value.
fn without_value(key: KeyNode<'_>) -> String {
    let text = key.text();
    // It does not have layers.
    if key.location().file().path().as_str() == "rungs.yaml" {
        return format!(
            "give it a value, delete the line, or write `{text}: {{}}` for a map without keys"
        );
    }
    format!(
        "write `null` or `~` to remove the value of earlier layers, or delete the line: `{text}: null`"
    )
}
