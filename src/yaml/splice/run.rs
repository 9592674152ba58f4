//! All changes of one file.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::code::{EDIT_TEMPLATE, EDIT_UNSAFE};
use super::edit::Edit;
use super::model::Model;
use super::patch::Patches;
use super::scene::Scene;
use super::{Change, Place, resolve};
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, SourceFile, Span};
use crate::yaml::{Dialect, Value, parse};

/// The text of a file with these changes in it, each made in what the ones
/// before it left.
///
/// No byte differs but those of the changed values, keys and items; what the
/// result says differs from what the file says in exactly these. Where a change
/// cannot be made so, none is, and the findings say why.
///
/// An anchor may be edited, and what repeats it changes with it; an alias may
/// not.
pub fn splice(file: &Arc<SourceFile>, changes: &[Change]) -> Result<String, Findings> {
    let mut run = Run { file: Arc::clone(file), documents: read(file)?, findings: Findings::new() };
    let mut model = Model::of(&run.documents);
    let mut left: VecDeque<&Change> = changes.iter().collect();
    while !left.is_empty() {
        // A change that is refused does not keep the others from being judged.
        let batch = run.batch(&mut left);
        for edit in &batch.edits {
            model.apply(edit);
        }
        if !batch.patches.is_empty()
            && let Err(finding) = run.apply(&batch.patches, &model)
        {
            run.findings.push(finding);
            break;
        }
    }
    if run.findings.is_empty() { Ok(run.file.text().to_owned()) } else { Err(run.findings) }
}

fn read(file: &Arc<SourceFile>) -> Result<Vec<Value>, Findings> {
    parse(file, Dialect::Kubectl).map_err(|findings| {
        let text = file.text();
        let Some(at) = text.find("{{").filter(|at| text[*at..].contains("}}")) else {
            return findings;
        };
        let at = Location::new(file, Span::new(at, at + 2));
        Finding::new(&EDIT_TEMPLATE, "the file is a template, and no YAML until it is rendered", at)
            .because("the first expression")
            .help("edit the values that the template reads")
            .into()
    })
}

/// A file on its way.
struct Run {
    file: Arc<SourceFile>,
    documents: Vec<Value>,
    findings: Findings,
}

/// Edits that can be made at once, with the bytes that they change.
#[derive(Default)]
struct Batch {
    edits: Vec<Edit>,
    patches: Patches,
    /// Collections whose keys or items are changed.
    collections: HashSet<Place>,
    /// Whether places are other ones behind it.
    is_closed: bool,
}

impl Run {
    /// As many changes as can be made in the text as it is; they are taken
    /// from those that are left.
    fn batch(&mut self, left: &mut VecDeque<&Change>) -> Batch {
        let scene = Scene::new(&self.file, &self.documents);
        let mut batch = Batch::default();
        while let Some(change) = left.front().copied() {
            match batch.take(&scene, change) {
                Ok(true) => {}
                Ok(false) => break,
                // What it needs may be made by what was taken.
                Err(_) if !batch.edits.is_empty() => break,
                Err(finding) => self.findings.push(finding),
            }
            left.pop_front();
        }
        batch
    }

    /// Changes the text, and compares what it says with what it is to say.
    fn apply(&mut self, patches: &Patches, model: &Model) -> Result<(), Finding> {
        let text = patches.apply(self.file.text());
        let changed = Arc::new(SourceFile::new(self.file.path().clone(), text));
        let unsafe_edit = |at: usize, why: &str| {
            let at = Location::new(&self.file, Span::new(at, at));
            Finding::new(&EDIT_UNSAFE, "the edit would change more than was meant", at)
                .because(why)
                .help("edit the file by hand")
        };
        let first = patches.first();
        let documents = parse(&changed, Dialect::Kubectl)
            .map_err(|_| unsafe_edit(first, "the file could not be read behind the edit here"))?;
        if !model.is_same(&Model::of(&documents)) {
            return Err(unsafe_edit(first, "other values would differ behind the edit here"));
        }
        self.file = changed;
        self.documents = documents;
        Ok(())
    }
}

impl Batch {
    /// Takes the edits of a change; false where some are left for the next one.
    fn take(&mut self, scene: &Scene<'_>, change: &Change) -> Result<bool, Finding> {
        if self.is_closed {
            return Ok(false);
        }
        let edits = resolve::edits(scene, change)?;
        for edit in edits {
            if self.is_closed || !self.take_edit(scene, edit)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take_edit(&mut self, scene: &Scene<'_>, edit: Edit) -> Result<bool, Finding> {
        let collection = edit.collection().cloned();
        if collection.as_ref().is_some_and(|place| self.collections.contains(place)) {
            return Ok(false);
        }
        let patches = edit.patches(scene)?;
        if !self.patches.add(&patches) {
            return Ok(false);
        }
        self.is_closed |= edit.moves_items();
        self.collections.extend(collection);
        self.edits.push(edit);
        Ok(true)
    }
}
