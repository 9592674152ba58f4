//! Taking keys and items away.

use super::code::EDIT_UNSAFE;
use super::element::elements;
use super::find::Target;
use super::fresh::Fresh;
use super::patch::Patch;
use super::replace::{lines, replace, unusual};
use super::scene::Scene;
use super::{flow, line};
use crate::diagnostic::Finding;
use crate::yaml::Style;

/// The patches that take a value away with its key or dash.
pub(super) fn remove(
    scene: &Scene<'_>,
    target: &Target<'_>,
    parent: &Target<'_>,
) -> Result<Vec<Patch>, Finding> {
    let there = elements(scene, parent.node);
    let index = there.iter().position(|element| element.value.id() == target.node.id());
    let index = index.ok_or_else(|| unusual(target.node))?;
    let element = there[index];
    if parent.node.style() == Style::Flow {
        return flow::remove(scene, parent.node, &there, index);
    }
    // What `<<` brings stays.
    let is_merged = there.len() < parent.node.entries().len();
    if there.len() == 1 && !is_merged {
        let is_map = parent.node.is_mapping();
        let empty = if is_map { Fresh::Map(Vec::new()) } else { Fresh::List(Vec::new()) };
        return replace(scene, parent, &empty);
    }
    let text = scene.text();
    if line::is_first(text, element.start) {
        return Ok(vec![lines(text, line::start(text, element.start), element.end)]);
    }
    // The first one, behind the dash that the collection itself is the item of.
    let next = there.get(index + 1).ok_or_else(|| unusual(target.node))?.start;
    if line::has_comment_line(&text[element.end..next]) {
        let message = "a comment follows what is to be removed";
        return Err(Finding::new(&EDIT_UNSAFE, message, target.node.location())
            .because("the line begins with what stays")
            .help("remove it by hand"));
    }
    Ok(vec![Patch::cut(element.start..next)])
}
