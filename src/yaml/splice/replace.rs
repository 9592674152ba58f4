//! Replacing one value by another: a scalar that says something
//! else, and any other value.

use std::ops::Range;

use super::change::{EditTarget, NewScalar, NewValue};
use super::code::{EDIT_LINES, EDIT_PLACE, EDIT_TAG, EDIT_TEMPLATE};
use super::layout::EditedFile;
use super::patch::Patch;
use super::spell::{Quote, Spelling, ValueWriter};
use crate::diagnostic::Finding;
use crate::yaml::{Kind, Node, Style, line, place};

/// The patches that make a scalar say that.
pub(super) fn set(
    file: &EditedFile<'_>,
    target: &EditTarget<'_>,
    to: &NewScalar,
) -> Result<Vec<Patch>, Finding> {
    target.refuse_alias()?;
    let node = target.node;
    if node.is_mapping() || node.is_sequence() {
        let message = format!("found {} where a scalar is to be set", node.kind().noun());
        return Err(Finding::new(&EDIT_PLACE, message, node.location()));
    }
    refuse_typed(file, target)?;
    let at = node.span().range();
    let spelling = spelling(file, target);
    Ok(vec![match (node.style(), to) {
        (Style::Literal | Style::Folded, NewScalar::Text(text)) => in_block(file, target, text)?,
        (Style::Empty, _) => {
            let colon = if has_colon(file, target) { " " } else { ": " };
            Patch::insert(at.start, format!("{colon}{}", spelling.spell(to)))
        }
        _ => Patch::replace(at, spelling.spell(to)),
    }])
}

/// A scalar keeps its quotes.
fn spelling(file: &EditedFile<'_>, target: &EditTarget<'_>) -> Spelling {
    let wanted = Quote::of(target.node.style());
    let needed = file.quote_in(target.parent);
    // A text in brackets that has a `?` without quotes shows that it may.
    let has_mark = target.node.as_str().is_some_and(|text| text.contains('?'));
    Spelling { wanted, needed, in_flow: target.in_flow, marks: has_mark }
}

fn template(target: &EditTarget<'_>) -> Finding {
    let at = target.node.location();
    Finding::new(&EDIT_TEMPLATE, "found a template's expression where a text is to be set", at)
        .because("what it becomes is decided elsewhere")
        .help("edit the value that the expression reads")
}

/// Refuses a template's expression, and a scalar whose tag says that it is no
/// text.
pub(super) fn refuse_typed(file: &EditedFile<'_>, target: &EditTarget<'_>) -> Result<(), Finding> {
    if target.node.as_str().is_some_and(|text| text.contains("{{")) {
        return Err(template(target));
    }
    let tag = file.tag_of(target.node).map(|tag| tag.trim_start_matches("tag:yaml.org,2002:"));
    let typed = ["!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp"];
    match tag.filter(|tag| typed.contains(tag) || tag.starts_with("!<")) {
        None => Ok(()),
        Some(tag) => Err(Finding::new(
            &EDIT_TAG,
            format!("the tag `{tag}` says that this is not text"),
            target.node.location(),
        )
        .help("remove the tag, and put the value in quotes")),
    }
}

/// Whether a key has its colon: in brackets it may be left out.
fn has_colon(file: &EditedFile<'_>, target: &EditTarget<'_>) -> bool {
    let Some(key) = target.key else { return true };
    let gap = key.span().end.min(target.node.span().start) as usize;
    file.text()[gap..target.node.span().start as usize].contains(':')
}

/// The patch of a block scalar's only line.
fn in_block(file: &EditedFile<'_>, target: &EditTarget<'_>, text: &str) -> Result<Patch, Finding> {
    let node = target.node;
    let Kind::String(old) = node.kind() else { return Err(several_lines(target)) };
    let kept = old.trim_end_matches('\n');
    // The line breaks after the line are those of `|`, and stay.
    let text = text.strip_suffix(&old[kept.len()..]).unwrap_or(text);
    let is_line = !text.is_empty()
        && !text.starts_with([' ', '\t'])
        && text
            .chars()
            .all(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'));
    let span = node.span().range();
    let written = &file.text()[span.clone()];
    let begin = line::next(file.text(), span.start + place::header_length(written));
    let content = file.text().get(begin..span.end).unwrap_or_default();
    let indent = content.len() - content.trim_start_matches(' ').len();
    if !is_line || kept.is_empty() || &content[indent..] != kept {
        return Err(several_lines(target));
    }
    Ok(Patch::replace(begin + indent..span.end, text))
}

fn several_lines(target: &EditTarget<'_>) -> Finding {
    let message = "a text of several lines is not edited";
    Finding::new(&EDIT_LINES, message, target.node.location())
        .because("it has more than one line, or would have")
        .help("edit the line by hand, or write the text on one line in quotes")
}

/// The patches that put a value in the place of another.
pub(super) fn replace(
    file: &EditedFile<'_>,
    target: &EditTarget<'_>,
    with: &NewValue,
) -> Result<Vec<Patch>, Finding> {
    target.refuse_alias()?;
    refuse_typed(file, target)?;
    let writer = file.writer(target.parent, target.node.span().start as usize);
    if target.in_flow || !is_block(with) {
        return in_line(file, target, &writer, with);
    }
    match (target.key, target.parent) {
        (Some(_), Some(map)) => below_key(file, target, map, &writer, with),
        _ => in_place(file, target, &writer, with),
    }
}

/// Whether a value takes several lines.
fn is_block(value: &NewValue) -> bool {
    value.is_block()
        || matches!(value, NewValue::Scalar(NewScalar::Text(text)) if text.contains('\n'))
}

/// Whether a value starts on the line of its colon or dash. The colon of `? key`
/// is on another line than the key.
fn is_inline(file: &EditedFile<'_>, target: &EditTarget<'_>) -> bool {
    let (text, start) = (file.text(), target.node.span().start as usize);
    let after = target.key.and_then(|_| file.after_indicator(target));
    after.is_none_or(|after| line::start(text, start) == line::start(text, after))
}

/// A value on one line in the place of any.
fn in_line(
    file: &EditedFile<'_>,
    target: &EditTarget<'_>,
    writer: &ValueWriter<'_>,
    with: &NewValue,
) -> Result<Vec<Patch>, Finding> {
    let text = writer.inline(with, target.in_flow);
    let span = target.node.span().range();
    if target.node.style() == Style::Empty {
        return Ok(vec![Patch::insert(span.start, format!(" {text}"))]);
    }
    if is_inline(file, target) || target.in_flow {
        return Ok(vec![Patch::replace(span, text)]);
    }
    let after = file.after_indicator(target).ok_or_else(|| unusual(target.node))?;
    Ok(vec![Patch::insert(after, format!(" {text}")), cut_lines(file, target.node)])
}

/// Takes away the lines of a value that has lines of its own.
fn cut_lines(file: &EditedFile<'_>, node: Node<'_>) -> Patch {
    let text = file.text();
    Patch::cut_lines(text, line::start(text, node.span().start as usize), file.end_of(node))
}

/// A value of several lines below its key.
fn below_key(
    file: &EditedFile<'_>,
    target: &EditTarget<'_>,
    map: Node<'_>,
    writer: &ValueWriter<'_>,
    with: &NewValue,
) -> Result<Vec<Patch>, Finding> {
    let text = file.text();
    let after = file.after_indicator(target).ok_or_else(|| unusual(target.node))?;
    let column = file.column(map);
    let below = match with {
        NewValue::Scalar(_) => return in_scalar(file, target, writer, column + writer.step, with),
        NewValue::List(_) => column + writer.list_step,
        NewValue::Map(_) => column + writer.step,
    };
    let lines = format!("{}{}{}", writer.line_break, " ".repeat(below), writer.block(below, with));
    if is_inline(file, target) {
        let end = file.end_of(target.node);
        // A comment after the value stays where it is, after the key.
        let at = line::end(text, end);
        return Ok(vec![Patch::cut(after..end), Patch::insert(at, lines)]);
    }
    let start = line::start(text, target.node.span().start as usize);
    let block = format!("{}{}", " ".repeat(below), writer.block(below, with));
    Ok(spread(text, start..file.end_of(target.node), &block))
}

/// A text of several lines in the place of a value.
fn in_scalar(
    file: &EditedFile<'_>,
    target: &EditTarget<'_>,
    writer: &ValueWriter<'_>,
    column: usize,
    with: &NewValue,
) -> Result<Vec<Patch>, Finding> {
    let end = file.end_of(target.node);
    let after = file.after_indicator(target).ok_or_else(|| unusual(target.node))?;
    let is_alone = line::skip_blanks(file.text(), end) == line::end(file.text(), end);
    let text = match with {
        NewValue::Scalar(NewScalar::Text(_)) if is_alone => writer.scalar(column, with),
        other => writer.inline(other, false),
    };
    Ok(vec![Patch::replace(after..end, format!(" {text}"))])
}

/// A value of several lines where another starts: after a dash, or at the
/// document's root.
fn in_place(
    file: &EditedFile<'_>,
    target: &EditTarget<'_>,
    writer: &ValueWriter<'_>,
    with: &NewValue,
) -> Result<Vec<Patch>, Finding> {
    let span = target.node.span().range();
    let is_empty = target.node.style() == Style::Empty;
    let column = line::column(file.text(), span.start) + usize::from(is_empty);
    if target.parent.is_none() && !line::is_first(file.text(), span.start) {
        return in_line(file, target, writer, with);
    }
    if let NewValue::Scalar(_) = with {
        return in_scalar(file, target, writer, column, with);
    }
    let gap = if is_empty { " " } else { "" };
    let end = file.end_of(target.node);
    Ok(spread(file.text(), span.start..end, &format!("{gap}{}", writer.block(column, with))))
}

/// Lines in the place of others, with a comment after the old ones on the first
/// line: after the last, it might become part of a text.
fn spread(text: &str, old: Range<usize>, lines: &str) -> Vec<Patch> {
    let first = line::end(lines, 0);
    let after = line::end(text, old.end);
    vec![Patch::replace(old, &lines[..first]), Patch::insert(after, &lines[first..])]
}

/// The finding that a value is written in a way that is not edited.
pub(super) fn unusual(node: Node<'_>) -> Finding {
    Finding::new(&EDIT_PLACE, "the value is written in a way that is not edited", node.location())
        .help("edit it by hand")
}
