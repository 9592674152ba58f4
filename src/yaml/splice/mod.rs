//! Changing values of a file, and no other bytes of it.
//!
//! `change` says what can be changed, and at which place; `code`, why a change is
//! refused. [`splice`] takes a file's changes through these
//! steps, each in a file of its own:
//!
//! - `edits`: a change becomes the smallest edits that are left to do;
//! - `text`: a change in what a text holds goes through the same steps in that text, whose
//!   lines are those of the file;
//! - `replace`, `collection` and `flow`: an edit becomes patches, which are bytes
//!   for bytes (`patch`). They are placed by the elements of the file and
//!   written like their neighbours (`layout`), with quotes and indentation that
//!   every reader reads alike (`spell`);
//! - `check`: the patched text is read again, and has to say exactly what the file
//!   said with the edits made to its data. What does not is not written.

mod change;
mod check;
mod code;
mod collection;
mod edits;
mod flow;
mod layout;
mod patch;
mod replace;
mod spell;
mod text;
mod written;

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

pub use change::{Change, NewScalar, NewValue, Place};
pub use code::CODES;
pub use written::{may_repeat, where_written};

use change::{Resolved, follow};
use check::DataModel;
use code::{EDIT_TEMPLATE, EDIT_UNSAFE};
use edits::{Edit, edits};
use layout::EditedFile;
use patch::{Patch, Patches};
use text::{SpliceJob, Spliced, jobs, rewrite};

use super::{Dialect, Value, parse};
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, SourceFile, Span};

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
    spliced(file, changes).map(|(text, _)| text)
}

fn spliced(file: &Arc<SourceFile>, changes: &[Change]) -> Result<Spliced, Findings> {
    let documents = read(file)?;
    let run = SpliceRun::new(file, &documents).run(changes)?;
    Ok((run.file.text().to_owned(), run.made))
}

fn read(file: &Arc<SourceFile>) -> Result<Vec<Value>, Findings> {
    parse(file, Dialect::Kubectl).map_err(|findings| {
        let text = file.text();
        let Some(at) = text.find("{{").filter(|at| text[*at..].contains("}}")) else {
            return findings;
        };
        let at = Location::new(file, Span::new(at, at + 2));
        Finding::new(
            &EDIT_TEMPLATE,
            "the file is a template, which is not YAML until it is rendered",
            at,
        )
        .because("the first expression")
        .help("edit the values that the template reads")
        .into()
    })
}

/// A file as it is on disk, which people are shown.
struct OriginalFile<'f> {
    file: &'f Arc<SourceFile>,
    documents: &'f [Value],
}

impl OriginalFile<'_> {
    /// Why a job cannot be done in it; none if it can.
    fn refusal(&self, job: &SpliceJob<'_>) -> Option<Findings> {
        let file = EditedFile::new(self.file, self.documents);
        EditBatch::default().take(&file, job).err()
    }
}

/// A file with the changes that were made so far.
struct SpliceRun<'f> {
    original: OriginalFile<'f>,
    file: Arc<SourceFile>,
    documents: Cow<'f, [Value]>,
    findings: Findings,
    /// The patches that made the file what it is.
    made: Vec<Patches>,
}

/// Edits that can be made at once, with the bytes that they change.
#[derive(Default)]
struct EditBatch {
    edits: Vec<Edit>,
    patches: Patches,
    /// Collections whose keys or items are changed.
    collections: HashSet<Place>,
    /// Whether the edits so far move items, so that places are others after them.
    is_closed: bool,
}

impl<'f> SpliceRun<'f> {
    fn new(file: &'f Arc<SourceFile>, documents: &'f [Value]) -> Self {
        Self {
            original: OriginalFile { file, documents },
            file: Arc::clone(file),
            documents: Cow::Borrowed(documents),
            findings: Findings::new(),
            made: Vec::new(),
        }
    }

    /// Makes the changes, each in what the ones before it left.
    fn run(mut self, changes: &[Change]) -> Result<Self, Findings> {
        let mut model = DataModel::of(&self.documents);
        let mut left: VecDeque<SpliceJob<'_>> = jobs(changes).into();
        while !left.is_empty() {
            // A change that is refused does not keep the others from being judged.
            let batch = self.batch(&mut left);
            for edit in &batch.edits {
                model.apply(edit);
            }
            if !batch.patches.is_empty()
                && let Err(finding) = self.apply(batch.patches, &model)
            {
                self.findings.push(finding);
                break;
            }
        }
        if self.findings.is_empty() { Ok(self) } else { Err(self.findings) }
    }

    /// As many changes as can be made in the text as it is; they are taken
    /// from those that are left.
    fn batch(&mut self, left: &mut VecDeque<SpliceJob<'_>>) -> EditBatch {
        let file = EditedFile::new(&self.file, &self.documents);
        let mut batch = EditBatch::default();
        while let Some(job) = left.front() {
            match batch.take(&file, job) {
                Ok(true) => {}
                Ok(false) => break,
                // What it needs may be made by what was taken.
                Err(_) if !batch.edits.is_empty() => break,
                Err(findings) => {
                    let findings = self.on_disk(job, findings);
                    self.findings.extend(findings);
                }
            }
            left.pop_front();
        }
        batch
    }

    /// The findings why a change cannot be made, as they are about the file on disk: changes
    /// that nobody will see were made in this text.
    fn on_disk(&self, job: &SpliceJob<'_>, findings: Findings) -> Findings {
        if self.made.is_empty() {
            return findings;
        }
        let moved = |location: &Location| {
            let before = |at: u32| {
                let made = self.made.iter().rev();
                made.fold(at as usize, |at, patches| patches.before(at))
            };
            let Span { start, end } = location.span();
            Location::new(self.original.file, Span::new(before(start), before(end)))
        };
        self.original.refusal(job).unwrap_or_else(|| {
            let moved = |mut finding: Finding| {
                for label in &mut finding.labels {
                    label.location = moved(&label.location);
                }
                finding
            };
            findings.into_iter().map(moved).collect()
        })
    }

    /// Changes the text, and compares what it says with what it is to say.
    fn apply(&mut self, patches: Patches, model: &DataModel) -> Result<(), Finding> {
        let text = patches.apply(self.file.text());
        let changed = Arc::new(SourceFile::new(self.file.path().clone(), text));
        let unsafe_edit = |at: usize, why: &str| {
            let at = self.made.iter().rev().fold(at, |at, patches| patches.before(at));
            let at = Location::new(self.original.file, Span::new(at, at));
            Finding::new(&EDIT_UNSAFE, "the edit would change more than was meant", at)
                .because(why)
                .help("edit the file by hand")
        };
        let first = patches.first();
        let documents = parse(&changed, Dialect::Kubectl)
            .map_err(|_| unsafe_edit(first, "the file could not be read after the edit here"))?;
        if !model.is_same(&DataModel::of(&documents)) {
            return Err(unsafe_edit(first, "other values would differ after the edit here"));
        }
        self.file = changed;
        self.documents = Cow::Owned(documents);
        self.made.push(patches);
        Ok(())
    }
}

impl EditBatch {
    /// Takes the edits of a job; false where some are left for the next one.
    fn take(&mut self, file: &EditedFile<'_>, job: &SpliceJob<'_>) -> Result<bool, Findings> {
        if self.is_closed {
            return Ok(false);
        }
        let edits = match job {
            SpliceJob::Own(change) => edits(file, change)?,
            SpliceJob::InText { at, changes } => rewrite(file, at, changes, spliced)?,
        };
        for edit in edits {
            if self.is_closed || !self.take_edit(file, edit)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take_edit(&mut self, file: &EditedFile<'_>, edit: Edit) -> Result<bool, Finding> {
        let collection = edit.collection().cloned();
        if collection.as_ref().is_some_and(|place| self.collections.contains(place)) {
            return Ok(false);
        }
        let patches = patches(file, &edit)?;
        if !self.patches.add(&patches) {
            return Ok(false);
        }
        self.is_closed |= edit.moves_items();
        self.collections.extend(collection);
        self.edits.push(edit);
        Ok(true)
    }
}

/// The bytes that an edit changes.
fn patches(file: &EditedFile<'_>, edit: &Edit) -> Result<Vec<Patch>, Finding> {
    let there = |place: &Place| match follow(file.documents, place) {
        Ok(Some(Resolved::Found(target))) => Ok(target),
        Err(finding) => Err(finding),
        Ok(_) => panic!("an edit's place was found before"),
    };
    match edit {
        Edit::CreateDocument { with } => Ok(vec![collection::create_document(file, with)]),
        Edit::Set { at, to } => replace::set(file, &there(at)?, to),
        Edit::Rewrite { patches, .. } => Ok(patches.clone()),
        Edit::Replace { at, with } => replace::replace(file, &there(at)?, with),
        Edit::Insert { map, entries } => collection::insert(file, &there(map)?, entries),
        Edit::InsertItems { list, index, items } => {
            collection::insert_items(file, &there(list)?, *index, items)
        }
        Edit::Remove { parent, step } => {
            let mut place = parent.clone();
            place.route.push(step.clone());
            collection::remove(file, &there(&place)?, &there(parent)?)
        }
    }
}
