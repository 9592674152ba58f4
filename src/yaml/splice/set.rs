//! Making a scalar say something else.

use super::code::{EDIT_LINES, EDIT_PLACE, EDIT_TAG, EDIT_TEMPLATE};
use super::comment::header_length;
use super::find::Target;
use super::line;
use super::patch::Patch;
use super::scene::Scene;
use super::spell::{Quote, Scalar, Spelling};
use crate::diagnostic::Finding;
use crate::yaml::{Kind, Style};

/// The patches that make a scalar say that.
pub(super) fn set(
    scene: &Scene<'_>,
    target: &Target<'_>,
    to: &Scalar,
) -> Result<Vec<Patch>, Finding> {
    target.refuse_alias()?;
    let node = target.node;
    if node.is_mapping() || node.is_sequence() {
        let message = format!("{} stands where a scalar is to be set", node.kind().noun());
        return Err(Finding::new(&EDIT_PLACE, message, node.location()));
    }
    refuse_typed(scene, target)?;
    let at = node.span().range();
    let spelling = spelling(scene, target);
    Ok(vec![match (node.style(), to) {
        (Style::Literal | Style::Folded, Scalar::Text(text)) => in_block(scene, target, text)?,
        (Style::Empty, _) => {
            let colon = if has_colon(scene, target) { " " } else { ": " };
            Patch::insert(at.start, format!("{colon}{}", spelling.spell(to)))
        }
        _ => Patch::replace(at, spelling.spell(to)),
    }])
}

/// A scalar keeps its quotes.
fn spelling(scene: &Scene<'_>, target: &Target<'_>) -> Spelling {
    let wanted = Quote::of(target.node.style());
    let needed = scene.quote_in(target.parent);
    // A text in brackets that has a `?` without quotes shows that it may.
    let has_mark = target.node.as_str().is_some_and(|text| text.contains('?'));
    Spelling { wanted, needed, in_flow: target.in_flow, marks: has_mark }
}

fn template(target: &Target<'_>) -> Finding {
    let at = target.node.location();
    Finding::new(&EDIT_TEMPLATE, "a template's expression stands where a text is to be set", at)
        .because("what it becomes is decided elsewhere")
        .help("edit the value that the expression reads")
}

/// Refuses a template's expression, and a scalar whose tag says that it is no
/// text.
pub(super) fn refuse_typed(scene: &Scene<'_>, target: &Target<'_>) -> Result<(), Finding> {
    if target.node.as_str().is_some_and(|text| text.contains("{{")) {
        return Err(template(target));
    }
    let tag = scene.tag_of(target.node).map(|tag| tag.trim_start_matches("tag:yaml.org,2002:"));
    let typed = ["!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp"];
    match tag.filter(|tag| typed.contains(tag) || tag.starts_with("!<")) {
        None => Ok(()),
        Some(tag) => Err(Finding::new(
            &EDIT_TAG,
            format!("the tag `{tag}` says that this is no text"),
            target.node.location(),
        )
        .help("remove the tag, and put the value in quotes")),
    }
}

/// Whether a key has its colon: in brackets it may be left out.
fn has_colon(scene: &Scene<'_>, target: &Target<'_>) -> bool {
    let Some(key) = target.key else { return true };
    let gap = key.span().end.min(target.node.span().start) as usize;
    scene.text()[gap..target.node.span().start as usize].contains(':')
}

/// The patch of a block scalar's only line.
fn in_block(scene: &Scene<'_>, target: &Target<'_>, text: &str) -> Result<Patch, Finding> {
    let node = target.node;
    let Kind::String(old) = node.kind() else { return Err(lines(target)) };
    let kept = old.trim_end_matches('\n');
    // The line breaks behind the line are those of `|`, and stay.
    let text = text.strip_suffix(&old[kept.len()..]).unwrap_or(text);
    let is_line = !text.is_empty()
        && !text.starts_with([' ', '\t'])
        && text
            .chars()
            .all(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'));
    let span = node.span().range();
    let written = &scene.text()[span.clone()];
    let begin = line::next(scene.text(), span.start + header_length(written));
    let content = scene.text().get(begin..span.end).unwrap_or_default();
    let indent = content.len() - content.trim_start_matches(' ').len();
    if !is_line || kept.is_empty() || &content[indent..] != kept {
        return Err(lines(target));
    }
    Ok(Patch::replace(begin + indent..span.end, text))
}

fn lines(target: &Target<'_>) -> Finding {
    let message = "a text of several lines is not edited";
    Finding::new(&EDIT_LINES, message, target.node.location())
        .because("more than one line, or to become so")
        .help("edit the line by hand, or write the text on one line in quotes")
}

/// What a block scalar says once its line says that text.
pub(super) fn said_by(style: Style, old: Option<&str>, text: &str) -> String {
    match (style, old) {
        (Style::Literal | Style::Folded, Some(old)) => {
            let breaks = &old[old.trim_end_matches('\n').len()..];
            format!("{}{breaks}", text.strip_suffix(breaks).unwrap_or(text))
        }
        _ => text.to_owned(),
    }
}
