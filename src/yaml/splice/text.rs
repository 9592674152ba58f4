//! Changes in the YAML that a text holds: the text is a file, which is edited as one, and
//! each byte that changes in it is one of the file around it.

use std::collections::HashMap;
use std::sync::Arc;

use super::change::{Change, Place};
use super::code::EDIT_LINES;
use super::edits::{Edit, find};
use super::layout::EditedFile;
use super::patch::{Patch, Patches};
use crate::diagnostic::{Finding, Findings};
use crate::source::SourceFile;
use crate::yaml::text::{TextLines, relocated};
use crate::yaml::{Node, Route, Step};

/// Changes that are made together.
#[derive(Debug)]
pub(super) enum SpliceJob<'c> {
    /// One of the file's own values.
    Own(&'c Change),
    /// Changes in what the text at a place holds.
    InText { at: Place, changes: Vec<Change> },
}

/// The jobs that changes are, in their order. All changes in one text are one job: each of
/// them is made in the text as the others leave it.
pub(super) fn jobs(changes: &[Change]) -> Vec<SpliceJob<'_>> {
    let mut jobs: Vec<SpliceJob<'_>> = Vec::new();
    let mut numbers: HashMap<Place, usize> = HashMap::new();
    for change in changes {
        let inside = split_text(&change.place());
        let Some((at, change)) =
            inside.and_then(|(at, inside)| Some((at, change.at_place(inside)?)))
        else {
            jobs.push(SpliceJob::Own(change));
            continue;
        };
        let next = jobs.len();
        let number = *numbers.entry(at.clone()).or_insert(next);
        match jobs.get_mut(number) {
            Some(SpliceJob::InText { changes, .. }) => changes.push(change),
            _ => jobs.push(SpliceJob::InText { at, changes: vec![change] }),
        }
    }
    jobs
}

/// The place of the outermost text that a place is in, and the place in it; none if it is
/// in none.
pub(super) fn split_text(place: &Place) -> Option<(Place, Place)> {
    let steps = place.route.steps();
    let (at, number) = steps.iter().enumerate().find_map(|(at, step)| match step {
        Step::Text(number) => Some((at, *number)),
        _ => None,
    })?;
    let route = |steps: &[Step]| steps.iter().cloned().collect::<Route>();
    let outside = Place { document: place.document, route: route(&steps[..at]) };
    Some((outside, Place { document: number, route: route(&steps[at + 1..]) }))
}

/// A file with changes in it: its text, and the patches that made it one after the other.
pub(super) type Spliced = (String, Vec<Patches>);

/// The edit that makes changes in what a text holds, as `spliced` makes them in a file.
pub(super) fn rewrite(
    file: &EditedFile<'_>,
    at: &Place,
    changes: &[Change],
    spliced: impl Fn(&Arc<SourceFile>, &[Change]) -> Result<Spliced, Findings>,
) -> Result<Vec<Edit>, Findings> {
    let target = find(file, at)?;
    target.refuse_alias()?;
    let node = target.node;
    let (Some(text), Some(lines)) = (node.as_str(), TextLines::of(node)) else {
        return Err(unclear(node).into());
    };
    let inside = Arc::new(SourceFile::new(file.source.path().clone(), text.to_owned()));
    let outside = |findings: Findings| -> Findings {
        let placed = |span| lines.outside(span);
        let own = |finding: &Finding| relocated(finding.clone(), &inside, file.source, placed);
        findings.iter().map(own).collect()
    };
    let (to, made) = spliced(&inside, changes).map_err(outside)?;
    let patches = Patches::joined(text.len(), &made);
    let placed = patches.into_iter().map(|Patch { at, with }| {
        let (at, with) = lines.patch(file.text(), at, &with)?;
        Some(Patch { at, with })
    });
    let Some(patches) = placed.collect::<Option<Vec<_>>>() else {
        return Err(unclear(node).into());
    };
    if patches.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Edit::Rewrite { at: target.place, to, patches }])
}

/// The finding that a text is not written line by line as it reads.
fn unclear(node: Node<'_>) -> Finding {
    let message = "the YAML in this text is not edited";
    Finding::new(&EDIT_LINES, message, node.location())
        .because("its lines are not those of the file")
        .help("write the text as a block after `|`")
}
