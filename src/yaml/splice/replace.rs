//! Putting a whole value in the place of another.

use std::ops::Range;

use super::code::EDIT_PLACE;
use super::find::Target;
use super::fresh::{Fresh, Writer};
use super::line;
use super::patch::Patch;
use super::scene::Scene;
use super::set::refuse_typed;
use super::spell::Scalar;
use crate::diagnostic::Finding;
use crate::yaml::{Node, Style};

/// The patches that put a value in the place of another.
pub(super) fn replace(
    scene: &Scene<'_>,
    target: &Target<'_>,
    with: &Fresh,
) -> Result<Vec<Patch>, Finding> {
    target.refuse_alias()?;
    refuse_typed(scene, target)?;
    let writer = scene.writer(target.parent, target.node.span().start as usize);
    if target.in_flow || !is_block(with) {
        return in_line(scene, target, &writer, with);
    }
    match (target.key, target.parent) {
        (Some(_), Some(map)) => below_key(scene, target, map, &writer, with),
        _ => in_place(scene, target, &writer, with),
    }
}

/// Whether a value takes several lines.
fn is_block(value: &Fresh) -> bool {
    value.is_block() || matches!(value, Fresh::Scalar(Scalar::Text(text)) if text.contains('\n'))
}

/// Whether a value begins on the line of its key or dash.
fn is_inline(scene: &Scene<'_>, target: &Target<'_>) -> bool {
    let start = target.node.span().start as usize;
    target.key.is_none_or(|key| {
        line::start(scene.text(), start) == line::start(scene.text(), key.span().end as usize)
    })
}

/// A value on one line in the place of any.
fn in_line(
    scene: &Scene<'_>,
    target: &Target<'_>,
    writer: &Writer<'_>,
    with: &Fresh,
) -> Result<Vec<Patch>, Finding> {
    let text = writer.inline(with, target.in_flow);
    let span = target.node.span().range();
    if target.node.style() == Style::Empty {
        return Ok(vec![Patch::insert(span.start, format!(" {text}"))]);
    }
    if is_inline(scene, target) || target.in_flow {
        return Ok(vec![Patch::replace(span, text)]);
    }
    let behind = scene.behind_indicator(target).ok_or_else(|| unusual(target.node))?;
    Ok(vec![Patch::insert(behind, format!(" {text}")), cut_lines(scene, target.node)])
}

/// Takes away the lines of a value that has lines of its own.
pub(super) fn cut_lines(scene: &Scene<'_>, node: Node<'_>) -> Patch {
    let text = scene.text();
    lines(text, line::start(text, node.span().start as usize), scene.end_of(node))
}

/// Takes away whole lines; the last line of a text goes with the line break
/// before it, where it has none of its own.
pub(super) fn lines(text: &str, start: usize, last: usize) -> Patch {
    let next = line::next(text, last);
    if line::end(text, last) < text.len() || start == 0 {
        return Patch::cut(start..next);
    }
    let before = text[..start].strip_suffix('\n').unwrap_or(&text[..start]);
    Patch::cut(before.strip_suffix('\r').unwrap_or(before).len()..next)
}

/// A value of several lines below its key.
fn below_key(
    scene: &Scene<'_>,
    target: &Target<'_>,
    map: Node<'_>,
    writer: &Writer<'_>,
    with: &Fresh,
) -> Result<Vec<Patch>, Finding> {
    let text = scene.text();
    let behind = scene.behind_indicator(target).ok_or_else(|| unusual(target.node))?;
    let column = scene.column(map);
    let below = match with {
        Fresh::Scalar(_) => return in_scalar(scene, target, writer, column + writer.step, with),
        Fresh::List(_) => column + writer.list_step,
        Fresh::Map(_) => column + writer.step,
    };
    let lines = format!("{}{}{}", writer.line_break, " ".repeat(below), writer.block(below, with));
    if is_inline(scene, target) {
        let end = scene.end_of(target.node);
        // A comment behind the value stays where it is, behind the key.
        let at = line::end(text, end);
        return Ok(vec![Patch::cut(behind..end), Patch::insert(at, lines)]);
    }
    let start = line::start(text, target.node.span().start as usize);
    let block = format!("{}{}", " ".repeat(below), writer.block(below, with));
    Ok(spread(text, start..scene.end_of(target.node), &block))
}

/// A text of several lines in the place of a value.
fn in_scalar(
    scene: &Scene<'_>,
    target: &Target<'_>,
    writer: &Writer<'_>,
    column: usize,
    with: &Fresh,
) -> Result<Vec<Patch>, Finding> {
    let end = scene.end_of(target.node);
    let behind = scene.behind_indicator(target).ok_or_else(|| unusual(target.node))?;
    let is_alone = line::skip_blanks(scene.text(), end) == line::end(scene.text(), end);
    let text = match with {
        Fresh::Scalar(Scalar::Text(_)) if is_alone => writer.scalar(column, with),
        other => writer.inline(other, false),
    };
    Ok(vec![Patch::replace(behind..end, format!(" {text}"))])
}

/// A value of several lines where another begins: behind a dash, or at the
/// document's root.
fn in_place(
    scene: &Scene<'_>,
    target: &Target<'_>,
    writer: &Writer<'_>,
    with: &Fresh,
) -> Result<Vec<Patch>, Finding> {
    let span = target.node.span().range();
    let is_empty = target.node.style() == Style::Empty;
    let column = line::column(scene.text(), span.start) + usize::from(is_empty);
    if target.parent.is_none() && !line::is_first(scene.text(), span.start) {
        return in_line(scene, target, writer, with);
    }
    if let Fresh::Scalar(_) = with {
        return in_scalar(scene, target, writer, column, with);
    }
    let gap = if is_empty { " " } else { "" };
    let end = scene.end_of(target.node);
    Ok(spread(scene.text(), span.start..end, &format!("{gap}{}", writer.block(column, with))))
}

/// Lines in the place of others, with a comment behind the old ones on the first
/// line: behind the last, it might become part of a text.
fn spread(text: &str, old: Range<usize>, lines: &str) -> Vec<Patch> {
    let first = line::end(lines, 0);
    let behind = line::end(text, old.end);
    vec![Patch::replace(old, &lines[..first]), Patch::insert(behind, &lines[first..])]
}

/// What cannot be told apart is not edited.
pub(super) fn unusual(node: Node<'_>) -> Finding {
    Finding::new(&EDIT_PLACE, "the value is written in a way that is not edited", node.location())
        .help("edit it by hand")
}
