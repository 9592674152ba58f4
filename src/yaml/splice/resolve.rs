//! From what is asked for to the edits that are left to do.

use std::sync::Arc;

use super::code::EDIT_PLACE;
use super::edit::Edit;
use super::find::{Lead, Target, follow, no_place};
use super::fresh::Fresh;
use super::scene::Scene;
use super::set::said_by;
use super::spell::Scalar;
use super::{Change, Place};
use crate::diagnostic::Finding;
use crate::source::{Location, RepoPath, SourceFile};
use crate::yaml::{Dialect, Kind, Node, Step, Style, Value, parse};

/// What is left to do of a change.
pub(super) fn edits(scene: &Scene<'_>, change: &Change) -> Result<Vec<Edit>, Finding> {
    match change {
        Change::Set { at, text } => Ok(set(text, &there(scene, at)?)),
        Change::Insert { map, key, text } => {
            let value = place_in(map, key);
            match lead(scene, &value)? {
                Some(Lead::There(target)) => Ok(set(text, &target)),
                missing => Ok(vec![make(scene, &value, missing, Fresh::text(text))?]),
            }
        }
        Change::Append { list, item } => {
            let texts = item.iter().map(|(key, text)| (key.clone(), Fresh::text(text)));
            append(scene, list, Fresh::Map(texts.collect()))
        }
        Change::Remove { at } => remove(scene, at),
        Change::Become { map, key, yaml } => {
            let wanted = wanted(scene, yaml)?;
            let value = place_in(map, key);
            let wanted = wanted.as_ref().map(Value::root);
            match (lead(scene, &value)?, wanted) {
                (Some(Lead::There(target)), Some(wanted)) => become_equal(&target, wanted),
                (Some(Lead::There(target)), None) if target.node.is_null() => Ok(Vec::new()),
                (Some(Lead::There(target)), None) => {
                    let null = Fresh::Scalar(Scalar::Plain("null".to_owned()));
                    Ok(vec![Edit::Replace { at: target.place, with: null }])
                }
                (missing, wanted) => {
                    let fresh =
                        wanted.map_or(Fresh::Scalar(Scalar::Plain("null".to_owned())), Fresh::of);
                    Ok(vec![make(scene, &value, missing, fresh)?])
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

fn lead<'a>(scene: &Scene<'a>, place: &Place) -> Result<Option<Lead<'a>>, Finding> {
    match follow(scene.documents, place)? {
        None if place.document > 0 || !scene.documents.is_empty() => Err(no_document(scene, place)),
        lead => Ok(lead),
    }
}

fn there<'a>(scene: &Scene<'a>, place: &Place) -> Result<Target<'a>, Finding> {
    match lead(scene, place)? {
        Some(Lead::There(target)) => Ok(target),
        Some(Lead::Missing(target, keys)) => Err(no_place(&target, &Step::Key(keys[0].clone()))),
        None => Err(no_document(scene, place)),
    }
}

fn no_document(scene: &Scene<'_>, place: &Place) -> Finding {
    let (wanted, there) = (place.document + 1, scene.documents.len());
    let message = format!("document {wanted} of the file is not there; it has {there}");
    Finding::new(&EDIT_PLACE, message, Location::new(scene.file, crate::source::Span::default()))
}

/// What makes a scalar say a text; nothing where it does.
fn set(text: &str, target: &Target<'_>) -> Vec<Edit> {
    let node = target.node;
    let is_said = match node.kind() {
        Kind::String(said) => said_by(node.style(), Some(said), text) == **said,
        Kind::Number(number) => is_whole(node) && number.source() == text,
        _ => false,
    };
    if is_said {
        return Vec::new();
    }
    // `tag: 38` was taken as it is, and so will be `tag: 39`; `1.10` was not.
    let stays_number = is_whole(node) && is_digits(text);
    let text = text.to_owned();
    let to = if stays_number { Scalar::Plain(text) } else { Scalar::Text(text) };
    vec![Edit::Set { at: target.place.clone(), to }]
}

/// Whether it is a whole number as everybody writes it.
fn is_whole(node: Node<'_>) -> bool {
    node.as_number().is_some_and(|number| is_digits(number.source()))
}

/// Digits that are the same number to every reader, and the same text once it is
/// printed again.
fn is_digits(text: &str) -> bool {
    (1..=15).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
}

/// What makes a value that is missing.
fn make(
    scene: &Scene<'_>,
    place: &Place,
    missing: Option<Lead<'_>>,
    value: Fresh,
) -> Result<Edit, Finding> {
    let wrap = |keys: &[String], value| {
        keys.iter().rev().fold(value, |value, key| Fresh::Map(vec![(key.clone(), value)]))
    };
    let Some(Lead::Missing(target, keys)) = missing else {
        let with = wrap(&keys(scene, place)?, value);
        return Ok(Edit::Begin { with });
    };
    let (first, rest) = keys.split_first().expect("what is missing has a key");
    let entries = vec![(first.clone(), wrap(rest, value))];
    Ok(Edit::Insert { map: target.place, entries })
}

/// The keys of a place in a file that holds nothing.
fn keys(scene: &Scene<'_>, place: &Place) -> Result<Vec<String>, Finding> {
    let key = |step: &Step| match step {
        Step::Key(key) => Ok(key.clone()),
        _ => Err(no_document(scene, place)),
    };
    place.route.steps().iter().map(key).collect()
}

fn append(scene: &Scene<'_>, list: &Place, item: Fresh) -> Result<Vec<Edit>, Finding> {
    match lead(scene, list)? {
        Some(Lead::There(target)) => {
            let index = target.node.items().len();
            Ok(vec![Edit::InsertItems { list: target.place, index, items: vec![item] }])
        }
        missing => Ok(vec![make(scene, list, missing, Fresh::List(vec![item]))?]),
    }
}

fn remove(scene: &Scene<'_>, at: &Place) -> Result<Vec<Edit>, Finding> {
    let Target { node, place, .. } = there(scene, at)?;
    let Some((route, last)) = place.route.split_last() else {
        let message = "a document's root is not removed";
        return Err(Finding::new(&EDIT_PLACE, message, node.location()));
    };
    let parent = Place { document: place.document, route };
    Ok(vec![Edit::Remove { parent, step: last.clone() }])
}

/// The value that one is to become; none for null.
fn wanted(scene: &Scene<'_>, yaml: &str) -> Result<Option<Value>, Finding> {
    let name = RepoPath::new("value.yaml").expect("a plain name is a path");
    let file = Arc::new(SourceFile::new(name, yaml.to_owned()));
    let documents = parse(&file, Dialect::Kubectl).map_err(|findings| {
        let why = findings.iter().next().map(|finding| finding.message.clone()).unwrap_or_default();
        let message = format!("the value to write is no YAML: {why}");
        Finding::new(
            &EDIT_PLACE,
            message,
            Location::new(scene.file, crate::source::Span::default()),
        )
    })?;
    Ok(documents.into_iter().next())
}

/// What makes a value equal to another.
fn become_equal(target: &Target<'_>, wanted: Node<'_>) -> Result<Vec<Edit>, Finding> {
    let mut edits = Vec::new();
    differ(target, wanted, &mut edits)?;
    Ok(edits)
}

fn differ(target: &Target<'_>, wanted: Node<'_>, edits: &mut Vec<Edit>) -> Result<(), Finding> {
    if is_equal(target.node, wanted) {
        return Ok(());
    }
    target.refuse_alias()?;
    let at = target.place.clone();
    match (target.node.kind(), wanted.kind()) {
        (Kind::Mapping(_), Kind::Mapping(_)) => differ_in_keys(target, wanted, edits),
        (Kind::Sequence(_), Kind::Sequence(_)) => differ_in_items(target, wanted, edits),
        (Kind::Mapping(_) | Kind::Sequence(_), _) | (_, Kind::Mapping(_) | Kind::Sequence(_)) => {
            edits.push(Edit::Replace { at, with: Fresh::of(wanted) });
            Ok(())
        }
        (_, Kind::String(text)) if stays_on_its_line(target.node, text) => {
            edits.push(Edit::Set { at, to: Scalar::Text(text.to_string()) });
            Ok(())
        }
        _ => {
            edits.push(Edit::Replace { at, with: Fresh::of(wanted) });
            Ok(())
        }
    }
}

/// Whether a scalar can say a text where it stands, without a line more.
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
        _ => one.equals(two),
    }
}

fn differ_in_keys(
    target: &Target<'_>,
    wanted: Node<'_>,
    edits: &mut Vec<Edit>,
) -> Result<(), Finding> {
    let mut missing = Vec::new();
    for (key, wanted) in wanted.entries() {
        match target.step(&Step::Key(key.text().to_owned()))? {
            Some(value) => differ(&value, wanted, edits)?,
            None => missing.push((key.text().to_owned(), Fresh::of(wanted))),
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
/// one that stands at its place.
fn differ_in_items(
    target: &Target<'_>,
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
        let items = wanted[shared..wanted_end].iter().map(|item| Fresh::of(*item)).collect();
        edits.push(Edit::InsertItems { list: list(), index: shared, items });
    }
    for at in (shared..end).rev() {
        edits.push(Edit::Remove { parent: list(), step: Step::Index(at) });
    }
    Ok(())
}
