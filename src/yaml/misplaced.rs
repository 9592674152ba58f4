//! Text that belongs to something else than YAML: what a merge left behind, and the
//! braces of templates.

use std::sync::Arc;

use super::code::CONFLICT_MARKERS;
use crate::diagnostic::Finding;
use crate::source::{Location, SourceFile, Span};

/// The finding that a file has a merge's conflict in it, for whoever cannot read it; none
/// if it has none.
pub fn conflict_markers(file: &Arc<SourceFile>) -> Option<Finding> {
    let ours = marker(file.text(), 0, "<<<<<<<")?;
    let middle = marker(file.text(), ours.end as usize, "=======")?;
    let theirs = marker(file.text(), middle.end as usize, ">>>>>>>")?;
    let at = |span| Location::new(file, span);
    let message = "there is a conflict of a merge that was not resolved";
    let finding = Finding::new(&CONFLICT_MARKERS, message, at(ours))
        .because("from here to the next mark is one side")
        .label(at(middle), "and from here the other")
        .label(at(theirs), "to here")
        .help("keep what is right of the two, remove the three lines, and commit the file");
    Some(finding)
}

/// The first line from an offset on that git marked so. A `=======` alone is a line of
/// its own, and the others may name a branch.
fn marker(text: &str, from: usize, mark: &str) -> Option<Span> {
    let mut start = from;
    for line in text[from..].split_inclusive('\n') {
        let content = line.trim_end();
        let is_start = start == 0 || text[..start].ends_with('\n');
        let rest = content.strip_prefix(mark).filter(|_| is_start);
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')) {
            return Some(Span::new(start, start + content.len()));
        }
        start += line.len();
    }
    None
}

/// What to do about a template's braces in plain YAML, of which `text` is what is between
/// them.
pub(super) fn braces_help(file: &SourceFile, text: &str) -> String {
    let quotes = "put the whole value in quotes if the braces are meant as they are";
    let is_template = file.path().segments().next() == Some("templates");
    match go_template(text) {
        Some(value) if is_template => format!(
            "write {value} for Helm's braces, and name the file `*.tera`, which makes it a template"
        ),
        Some(_) => format!(
            "these are Helm's braces: the templates of a chart are read by Helm alone, so leave \
             them out of `sites`, and name the chart's values; {quotes}"
        ),
        None if is_template => {
            format!("name the file `*.tera` if it is a template; {quotes}")
        }
        None => {
            format!("only files below `templates/` that end in `.tera` are templates; {quotes}")
        }
    }
}

/// What rungs' own templates have in the place of a Go template's braces, if it is one.
fn go_template(text: &str) -> Option<String> {
    let inner = text.trim_matches(['{', '}', '-', ' ', '%']);
    let first = inner.split(|c: char| !(c.is_alphanumeric() || c == '_')).next();
    let is_word = matches!(
        first,
        Some("include" | "template" | "define" | "range" | "with" | "end" | "toYaml" | "printf")
    );
    let is_path = inner.split([' ', '(', '|']).any(|word| {
        word.strip_prefix(['.', '$']).is_some_and(|rest| rest.starts_with(char::is_alphabetic))
            || word.starts_with("$.")
    });
    let value = inner.split([' ', '(', '|', ')']).find_map(|word| {
        let path = word.trim_start_matches('$').strip_prefix(".Values.")?;
        path.starts_with(char::is_alphabetic).then(|| format!("`{{{{ values.{path} }}}}`"))
    });
    (is_word || is_path).then(|| value.unwrap_or_else(|| "a value as `{{ values.name }}`".into()))
}
