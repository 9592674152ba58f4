//! From a change to the edits that are left to do, each as small as can be.

use std::sync::Arc;

use super::change::{Change, EditTarget, NewScalar, NewValue, Place, Resolved, follow, no_place};
use super::code::EDIT_PLACE;
use super::layout::EditedFile;
use super::patch::Patch;
use super::spell::said_by;
use crate::diagnostic::Finding;
use crate::source::{Location, RepoPath, SourceFile, Span};
use crate::yaml::{Dialect, Kind, Node, Step, Style, Value, parse};

/// A smallest edit, at a place that exists.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    /// Writes the first document of an empty file.
    CreateDocument { with: NewValue },
    /// Gives a scalar a new value.
    Set { at: Place, to: NewScalar },
    /// Changes a part of a text, which is `to` then.
    Rewrite { at: Place, to: String, patches: Vec<Patch> },
    /// Replaces a value by another.
    Replace { at: Place, with: NewValue },
    /// Adds keys to a map, or to a null that becomes one.
    Insert { map: Place, entries: Vec<(String, NewValue)> },
    /// Adds items to a list before the one of that index, or to a null that
    /// becomes one.
    InsertItems { list: Place, index: usize, items: Vec<NewValue> },
    /// Removes a key or item.
    Remove { parent: Place, step: Step },
}

impl Edit {
    /// The collection whose keys or items it changes: two such edits of one
    /// collection are made one after the other.
    pub(super) fn collection(&self) -> Option<&Place> {
        match self {
            Self::CreateDocument { .. } | Self::Set { .. } | Self::Rewrite { .. } => None,
            Self::Replace { at, .. } => Some(at),
            Self::Insert { map, .. } => Some(map),
            Self::InsertItems { list, .. } => Some(list),
            Self::Remove { parent, .. } => Some(parent),
        }
    }

    /// Whether it changes the indices of a list's items.
    pub(super) fn moves_items(&self) -> bool {
        matches!(
            self,
            Self::CreateDocument { .. }
                | Self::Replace { .. }
                | Self::InsertItems { .. }
                | Self::Remove { step: Step::Index(_), .. }
        )
    }
}

/// What is left to do of a change.
pub(super) fn edits(file: &EditedFile<'_>, change: &Change) -> Result<Vec<Edit>, Finding> {
    match change {
        Change::Set { at, text } => Ok(set(text, &find(file, at)?)),
        Change::Insert { map, key, text } => {
            let value = place_in(map, key);
            match resolve(file, &value)? {
                Some(Resolved::Found(target)) => Ok(set(text, &target)),
                missing => Ok(vec![make(file, &value, missing, NewValue::text(text))?]),
            }
        }
        Change::Append { list, item } => append(file, list, item),
        Change::Remove { at } => remove(file, at),
        Change::SetYaml { map, key, yaml } => {
            let wanted = wanted(file, yaml)?;
            let value = place_in(map, key);
            let wanted = wanted.as_ref().map(Value::root);
            match (resolve(file, &value)?, wanted) {
                (Some(Resolved::Found(target)), Some(wanted)) => make_equal(&target, wanted),
                (Some(Resolved::Found(target)), None) if target.node.is_null() => Ok(Vec::new()),
                (Some(Resolved::Found(target)), None) => {
                    Ok(vec![Edit::Replace { at: target.place, with: NewValue::null() }])
                }
                (missing, wanted) => {
                    let new = wanted.map_or_else(NewValue::null, NewValue::of);
                    Ok(vec![make(file, &value, missing, new)?])
                }
            }
        }
    }
}

fn place_in(map: &Place, key: &str) -> Place {
    let mut place = map.clone();
    place.route.push(Step::Key(key.to_owned()));
    place
}

fn resolve<'a>(file: &EditedFile<'a>, place: &Place) -> Result<Option<Resolved<'a>>, Finding> {
    match follow(file.documents, place)? {
        None if place.document > 0 || !file.documents.is_empty() => Err(no_document(file, place)),
        resolved => Ok(resolved),
    }
}

pub(super) fn find<'a>(file: &EditedFile<'a>, place: &Place) -> Result<EditTarget<'a>, Finding> {
    match resolve(file, place)? {
        Some(Resolved::Found(target)) => Ok(target),
        Some(Resolved::Missing(target, keys)) => {
            Err(no_place(&target, &Step::Key(keys[0].clone())))
        }
        None => Err(no_document(file, place)),
    }
}

fn no_document(file: &EditedFile<'_>, place: &Place) -> Finding {
    let (wanted, there) = (place.document + 1, file.documents.len());
    let message = format!("the file has no document {wanted}; it has {there}");
    Finding::new(&EDIT_PLACE, message, Location::new(file.source, Span::default()))
}

/// The edits that make a scalar a text; none if it is that text already.
fn set(text: &str, target: &EditTarget<'_>) -> Vec<Edit> {
    let node = target.node;
    let is_said = match node.kind() {
        Kind::String(said) => said_by(node.style(), Some(said), text) == **said,
        Kind::Number(number) => prints_as_written(text) && number.source() == text,
        _ => false,
    };
    if is_said {
        return Vec::new();
    }
    // `tag: 38` was taken as it is, and so will be `tag: 39`; `1.10` was not.
    let stays_number = is_whole(node) && prints_as_written(text);
    let text = text.to_owned();
    let to = if stays_number { NewScalar::Plain(text) } else { NewScalar::Text(text) };
    vec![Edit::Set { at: target.place.clone(), to }]
}

/// Whether it is a whole number as everybody writes it.
fn is_whole(node: Node<'_>) -> bool {
    node.as_number().is_some_and(|number| is_digits(number.source()))
}

/// Digits that are the same number to every reader.
fn is_digits(text: &str) -> bool {
    (1..=15).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
}

/// Whether a text is a whole number that every reader prints again as it is written. Helm
/// reads numbers as floats, and prints those from a million on as `1e+06`.
pub(in crate::yaml) fn prints_as_written(text: &str) -> bool {
    text.len() <= 6 && is_digits(text)
}

/// The edit that adds a missing value.
fn make(
    file: &EditedFile<'_>,
    place: &Place,
    missing: Option<Resolved<'_>>,
    value: NewValue,
) -> Result<Edit, Finding> {
    let wrap = |keys: &[String], value| {
        keys.iter().rev().fold(value, |value, key| NewValue::Map(vec![(key.clone(), value)]))
    };
    let Some(Resolved::Missing(target, keys)) = missing else {
        let with = wrap(&keys(file, place)?, value);
        return Ok(Edit::CreateDocument { with });
    };
    let (first, rest) = keys.split_first().expect("what is missing has a key");
    let entries = vec![(first.clone(), wrap(rest, value))];
    Ok(Edit::Insert { map: target.place, entries })
}

/// The keys of a place in an empty file.
fn keys(file: &EditedFile<'_>, place: &Place) -> Result<Vec<String>, Finding> {
    let key = |step: &Step| match step {
        Step::Key(key) => Ok(key.clone()),
        _ => Err(no_document(file, place)),
    };
    place.route.steps().iter().map(key).collect()
}

fn append(file: &EditedFile<'_>, list: &Place, item: &NewValue) -> Result<Vec<Edit>, Finding> {
    let items = vec![item.clone()];
    match resolve(file, list)? {
        Some(Resolved::Found(target)) => {
            let index = target.node.items().len();
            Ok(vec![Edit::InsertItems { list: target.place, index, items }])
        }
        missing => Ok(vec![make(file, list, missing, NewValue::List(items))?]),
    }
}

fn remove(file: &EditedFile<'_>, at: &Place) -> Result<Vec<Edit>, Finding> {
    let EditTarget { node, place, .. } = find(file, at)?;
    let Some((route, last)) = place.route.split_last() else {
        let message = "a document's root is not removed";
        return Err(Finding::new(&EDIT_PLACE, message, node.location()));
    };
    let parent = Place { document: place.document, route };
    Ok(vec![Edit::Remove { parent, step: last.clone() }])
}

/// The value that another is to be made equal to; none for null.
fn wanted(file: &EditedFile<'_>, yaml: &str) -> Result<Option<Value>, Finding> {
    let name = RepoPath::new("value.yaml").expect("a plain name is a path");
    let value = Arc::new(SourceFile::new(name, yaml.to_owned()));
    let documents = parse(&value, Dialect::Kubectl).map_err(|findings| {
        let why = findings.iter().next().map(|finding| finding.message.clone()).unwrap_or_default();
        let message = format!("the value to write is not YAML: {why}");
        Finding::new(&EDIT_PLACE, message, Location::new(file.source, Span::default()))
    })?;
    Ok(documents.into_iter().next())
}

/// The edits that make a value equal to another.
fn make_equal(target: &EditTarget<'_>, wanted: Node<'_>) -> Result<Vec<Edit>, Finding> {
    let mut edits = Vec::new();
    differ(target, wanted, &mut edits)?;
    Ok(edits)
}

fn differ(target: &EditTarget<'_>, wanted: Node<'_>, edits: &mut Vec<Edit>) -> Result<(), Finding> {
    if is_equal(target.node, wanted) {
        return Ok(());
    }
    target.refuse_alias()?;
    let at = target.place.clone();
    match (target.node.kind(), wanted.kind()) {
        (Kind::Mapping(_), Kind::Mapping(_)) => differ_in_keys(target, wanted, edits),
        (Kind::Sequence(_), Kind::Sequence(_)) => differ_in_items(target, wanted, edits),
        (Kind::Mapping(_) | Kind::Sequence(_), _) | (_, Kind::Mapping(_) | Kind::Sequence(_)) => {
            edits.push(Edit::Replace { at, with: NewValue::of(wanted) });
            Ok(())
        }
        (_, Kind::String(text)) if stays_on_its_line(target.node, text) => {
            edits.push(Edit::Set { at, to: NewScalar::Text(text.to_string()) });
            Ok(())
        }
        _ => {
            let is_block = matches!(target.node.style(), Style::Literal | Style::Folded);
            edits.push(match NewValue::of(wanted) {
                // Nothing moves, so that other edits can be made with it.
                NewValue::Scalar(to @ NewScalar::Plain(_)) if !is_block => Edit::Set { at, to },
                with => Edit::Replace { at, with },
            });
            Ok(())
        }
    }
}

/// Whether a scalar can be replaced by a text without an additional line.
fn stays_on_its_line(node: Node<'_>, text: &str) -> bool {
    let lines = |text: &str| text.trim_end_matches('\n').contains('\n');
    let breaks = |text: &str| text.len() - text.trim_end_matches('\n').len();
    match (node.style(), node.as_str()) {
        (Style::Literal | Style::Folded, Some(old)) => {
            !lines(old) && !lines(text) && breaks(old) == breaks(text)
        }
        _ => !text.contains('\n'),
    }
}

/// Whether both are the same, numbers as they are written.
fn is_equal(one: Node<'_>, two: Node<'_>) -> bool {
    match (one.kind(), two.kind()) {
        (Kind::Sequence(_), Kind::Sequence(_)) => {
            one.items().len() == two.items().len()
                && one.items().zip(two.items()).all(|(one, two)| is_equal(one, two))
        }
        (Kind::Mapping(_), Kind::Mapping(_)) => {
            one.entries().len() == two.entries().len()
                && one.entries().all(|(key, value)| {
                    two.get(key.text()).is_some_and(|other| is_equal(value, other))
                })
        }
        (Kind::Mapping(_) | Kind::Sequence(_), _) | (_, Kind::Mapping(_) | Kind::Sequence(_)) => {
            false
        }
        (Kind::Number(one), Kind::Number(two)) => one.source() == two.source(),
        _ => one.equals(two),
    }
}

fn differ_in_keys(
    target: &EditTarget<'_>,
    wanted: Node<'_>,
    edits: &mut Vec<Edit>,
) -> Result<(), Finding> {
    let mut missing = Vec::new();
    for (key, wanted) in wanted.entries() {
        match target.step(&Step::Key(key.text().to_owned()))? {
            Some(value) => differ(&value, wanted, edits)?,
            None => missing.push((key.text().to_owned(), NewValue::of(wanted))),
        }
    }
    let place = || target.place.clone();
    // What is missing first, so that the map is never empty on the way.
    if !missing.is_empty() {
        edits.push(Edit::Insert { map: place(), entries: missing });
    }
    let surplus = target.node.entries().filter(|(key, _)| wanted.get(key.text()).is_none());
    for (key, _) in surplus {
        let step = Step::Key(key.text().to_owned());
        target.step(&step)?;
        edits.push(Edit::Remove { parent: place(), step });
    }
    Ok(())
}

/// Items at both ends that are the same stay; between them, each becomes the
/// one at its position.
fn differ_in_items(
    target: &EditTarget<'_>,
    wanted: Node<'_>,
    edits: &mut Vec<Edit>,
) -> Result<(), Finding> {
    let there: Vec<_> = target.node.items().collect();
    let wanted: Vec<_> = wanted.items().collect();
    let most = there.len().min(wanted.len());
    let front = (0..most).take_while(|&at| is_equal(there[at], wanted[at])).count();
    let back = (1..=most - front)
        .take_while(|&at| is_equal(there[there.len() - at], wanted[wanted.len() - at]))
        .count();
    let (end, wanted_end) = (there.len() - back, wanted.len() - back);
    let shared = end.min(wanted_end);
    for (at, wanted) in wanted.iter().enumerate().take(shared).skip(front) {
        if let Some(item) = target.step(&Step::Index(at))? {
            differ(&item, *wanted, edits)?;
        }
    }
    let list = || target.place.clone();
    if wanted_end > shared {
        let items = wanted[shared..wanted_end].iter().map(|item| NewValue::of(*item)).collect();
        edits.push(Edit::InsertItems { list: list(), index: shared, items });
    }
    for at in (shared..end).rev() {
        edits.push(Edit::Remove { parent: list(), step: Step::Index(at) });
    }
    Ok(())
}
