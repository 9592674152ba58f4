//! A file that holds nothing yet.

use super::fresh::Fresh;
use super::line;
use super::patch::Patch;
use super::scene::Scene;

/// The patch that writes the first document: behind what stands there.
pub(super) fn begin(scene: &Scene<'_>, with: &Fresh) -> Patch {
    let text = scene.text();
    let writer = scene.writer(None, text.len());
    let is_fresh = line::column(text, text.len()) == 0;
    let block = writer.block(0, with);
    if is_fresh {
        return Patch::insert(text.len(), format!("{block}{}", writer.line_break));
    }
    // A last line without a line break leaves the file without one.
    Patch::insert(text.len(), format!("{}{block}", writer.line_break))
}
