//! `docs/reference/editing.md`: its table is made from the tests.
//!
//! `RUNGS_UPDATE=1 cargo test --test yaml table` writes it.

use std::fs;
use std::path::Path;

use rungs::yaml::Change;

use super::edits::{self, Row};

const BEGIN: &str = "<!-- The table is made of tests/yaml/splice/edits.rs. Do not edit. -->\n";
const END: &str = "<!-- The end of the table. -->\n";

#[test]
fn the_table_of_edits_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/editing.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let current = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("RUNGS_UPDATE").is_some() {
        fs::write(&path, current).unwrap();
    } else {
        assert!(page == current, "run `RUNGS_UPDATE=1 cargo test --test yaml table`");
    }
}

fn table() -> String {
    let rows: String = edits::all().iter().map(row).collect();
    format!("\n| before | edit | after | test |\n| --- | --- | --- | --- |\n{rows}\n")
}

fn row(row: &Row) -> String {
    let edits: Vec<_> = row.changes.iter().map(edit).collect();
    let after = match row.after {
        Ok(text) => lines(text),
        Err(code) => format!("refused: [{code}](codes/{code}.md)"),
    };
    let before = lines(row.before);
    format!("| {before} | {} | {after} | `{}` |\n", edits.join("<br>"), row.name)
}

fn edit(change: &Change) -> String {
    let route = |place: &rungs::yaml::Place| match place.route.to_string() {
        route if route.is_empty() => "the root".to_owned(),
        route if place.document > 0 => {
            format!("{} of document {}", code(&route), place.document + 1)
        }
        route => code(&route),
    };
    match change {
        Change::Set { at, text } => format!("set {} to {}", route(at), code(text)),
        Change::Insert { map, key, text } => {
            format!("add {} to {}", code(&format!("{key}: {text}")), route(map))
        }
        Change::SetYaml { map, key, yaml } => {
            let yaml = lines(yaml);
            format!("make {} of {}:<br>{yaml}", code(key), route(map))
        }
        Change::Append { list, item } => match item.to_string() {
            text if text.contains('\n') => {
                format!("append to {}:<br>{}", route(list), lines(&text))
            }
            text => format!("append {} to {}", code(&text), route(list)),
        },
        Change::Remove { at } => format!("remove {}", route(at)),
    }
}

/// A text, with a piece of code for each of its lines.
fn lines(text: &str) -> String {
    let text = text.replace('\u{feff}', "⟨BOM⟩").replace('\r', "␍").replace('\t', "→");
    let lines: Vec<_> = text.split('\n').collect();
    let shown = lines.iter().enumerate().map(|(at, line)| match (at + 1 == lines.len(), *line) {
        (true, "") => None,
        // The last line has no line break.
        (true, line) => Some(code(&format!("{line}⟨end⟩"))),
        (false, "") => Some(String::new()),
        (false, line) => Some(code(&visible(line))),
    });
    shown.flatten().collect::<Vec<_>>().join("<br>")
}

/// Blanks at an end of a line, where a table would lose them.
fn visible(line: &str) -> String {
    let inner = line.trim_start_matches(' ');
    let begin = "\u{a0}".repeat(line.len() - inner.len());
    let kept = inner.trim_end_matches(' ');
    format!("{begin}{kept}{}", "·".repeat(inner.len() - kept.len()))
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}
