//! Adding elements to collections in brackets, and taking them out.

use std::ops::Range;

use super::layout::{EditedFile, Element};
use super::patch::Patch;
use super::replace::unusual;
use crate::diagnostic::Finding;
use crate::yaml::{Node, line};

/// The patches that put elements into brackets that hold some already, before
/// the one of that index.
pub(super) fn insert(
    file: &EditedFile<'_>,
    collection: Node<'_>,
    there: &[Element<'_>],
    index: usize,
    elements: &[String],
) -> Result<Vec<Patch>, Finding> {
    refuse_bare(file, collection)?;
    let text = file.text();
    let [first, ..] = there else { return Ok(vec![after_merge(text, collection, elements)]) };
    let separator = separator(text, collection, there);
    let joined = elements.join(&separator);
    let Some(before) = index.checked_sub(1) else {
        return Ok(vec![Patch::insert(first.start, format!("{joined}{separator}"))]);
    };
    let end = there[before].end;
    if separator.contains('\n') && line::is_done(text, skip_comma(text, end)) {
        return Ok(own_lines(text, end, &separator[1..], &joined));
    }
    Ok(vec![Patch::insert(end, format!("{separator}{joined}"))])
}

/// The patch that puts elements into brackets that hold none.
pub(super) fn fill(text: &str, collection: Node<'_>, elements: &[String]) -> Patch {
    let span = collection.span().range();
    let inner = span.start + 1..span.end - 1;
    let elements = elements.join(", ");
    match text[inner.clone()].trim() {
        "" => Patch::replace(inner, elements),
        // A comment.
        _ => Patch::insert(inner.start, elements),
    }
}

/// Refuses the map of `[key: value]`, which has no brackets of its own.
fn refuse_bare(file: &EditedFile<'_>, collection: Node<'_>) -> Result<(), Finding> {
    let written = &file.text()[collection.span().range()];
    if written.starts_with(['{', '[']) { Ok(()) } else { Err(unusual(collection)) }
}

/// Elements on lines of their own: a comment after the one before them stays
/// there.
fn own_lines(text: &str, end: usize, indent: &str, joined: &str) -> Vec<Patch> {
    let at = line::end(text, end);
    if skip_comma(text, end) > end {
        return vec![Patch::insert(at, format!("{indent}{joined},"))];
    }
    if at == end {
        return vec![Patch::insert(end, format!(",{indent}{joined}"))];
    }
    vec![Patch::insert(end, ","), Patch::insert(at, format!("{indent}{joined}"))]
}

/// Elements after a `<<`, if a map has nothing else.
fn after_merge(text: &str, collection: Node<'_>, elements: &[String]) -> Patch {
    let span = collection.span().range();
    let inner = text[span.start..span.end - 1].trim_end().trim_end_matches(',');
    Patch::insert(span.start + inner.len(), format!(", {}", elements.join(", ")))
}

/// The text between two elements.
fn separator(text: &str, collection: Node<'_>, there: &[Element<'_>]) -> String {
    if let [.., one, two] = there {
        let gap = text.get(one.end..two.start).unwrap_or_default();
        if gap.starts_with(',') && gap.trim() == "," {
            return gap.to_owned();
        }
        if gap.contains('\n') {
            return format!(",{}", indent(text, two.start));
        }
    }
    let opening = &text[collection.span().start as usize + 1..there[0].start];
    if opening.contains('\n') {
        return format!(",{}", indent(text, there[0].start));
    }
    if is_compact(&text[collection.span().range()]) { "," } else { ", " }.to_owned()
}

/// Whether brackets have no blanks inside, as programs write JSON.
fn is_compact(written: &str) -> bool {
    written.contains("\":") && !written.contains(char::is_whitespace)
}

/// The line break and blanks before a byte that is the first of its line.
fn indent(text: &str, at: usize) -> String {
    let start = line::start(text, at);
    let blanks = &text[start..line::skip_blanks(text, start)];
    format!("{}{blanks}", line::line_break(text, at))
}

/// The offset after the comma that follows on the line; `at` where none does.
fn skip_comma(text: &str, at: usize) -> usize {
    let next = line::skip_blanks(text, at);
    if text[next..].starts_with(',') { next + 1 } else { at }
}

/// The patches that take an element out of brackets.
pub(super) fn remove(
    file: &EditedFile<'_>,
    collection: Node<'_>,
    there: &[Element<'_>],
    index: usize,
) -> Result<Vec<Patch>, Finding> {
    refuse_bare(file, collection)?;
    let text = file.text();
    let Element { start, end, .. } = there[index];
    let before = index.checked_sub(1).map(|before| there[before].end);
    let after = there.get(index + 1).map(|next| next.start);
    let comma = skip_comma(text, end);
    if has_own_lines(text, collection, start) && line::is_done(text, comma) {
        let lines = Patch::cut(line::start(text, start)..line::next(text, end));
        // The comma before the last one goes with it.
        let spare = before.filter(|_| after.is_none() && comma == end);
        let spare = spare.and_then(|end| comma_after(text, end));
        return Ok(spare.into_iter().chain([lines]).collect());
    }
    let inner = collection.span().start as usize + 1..collection.span().end as usize - 1;
    // Comments between elements are about what stays.
    let has_comment = |gap: Range<usize>| text[gap].contains('#');
    Ok(vec![Patch::cut(match (before, after) {
        (_, Some(next)) if line::has_comment_line(&text[end..next]) => start..line::end(text, end),
        (_, Some(next)) => start..next,
        (Some(before), None) if has_comment(before..start) => {
            let comma = comma_after(text, before);
            return Ok(comma.into_iter().chain([Patch::cut(start..end)]).collect());
        }
        (Some(before), None) => before..end,
        (None, None) if text[inner.clone()].contains('#') => start..comma,
        (None, None) => inner,
    })])
}

/// Whether an element is first on a line other than that of the bracket.
fn has_own_lines(text: &str, collection: Node<'_>, start: usize) -> bool {
    let line = line::start(text, start);
    line::skip_blanks(text, line) == start && (collection.span().start as usize) < line
}

/// The comma after an element, perhaps on a later line.
fn comma_after(text: &str, end: usize) -> Option<Patch> {
    let comma = match skip_comma(text, end) {
        at if at > end => at - 1,
        _ if line::comment_at(text, end).is_some() => return None,
        _ => end + text[end..].find(',')?,
    };
    Some(Patch::cut(comma..comma + 1))
}
