//! Values are as stated.

use serde_json::Value as Json;

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::code;
use super::{FoundValue, Transition};
use crate::config::{Field, Side, Sourced};
use crate::yaml::{Kind, Node, is_text, leads_to_secret, shown};

pub(super) fn judge(evaluation: &Evaluation<'_>) -> Option<Judgement> {
    // If nothing is below, a reference that is set has no source.
    let has_source = || {
        !matches!(evaluation.candidate.transition, Transition::Set)
            || !evaluation.prerequisites().is_empty()
    };
    let fields = evaluation.candidate.gates.field.iter();
    let judgements: Vec<_> = fields
        .filter(|field| field.value.side == Side::Target || has_source())
        .map(|field| of(evaluation, field))
        .collect();
    Judgement::all(judgements)
}

fn of(evaluation: &Evaluation<'_>, field: &Sourced<Field>) -> Judgement {
    let Field { side, path, equals } = &field.value;
    let place = match (side, evaluation.candidate.transition) {
        (Side::Target, _) => format!("`{}`", evaluation.candidate.target.name),
        (Side::Source, Transition::Promote { from, .. }) => format!("`{from}`"),
        (Side::Source, _) => "the source".to_owned(),
    };
    let found = evaluation.candidate.values.value(*side, path);
    let masked = leads_to_secret(None, path.in_values()) || is_secret(&found);
    if shown(equals.root(), masked).1 {
        let at = equals.root().location();
        at.file().mark_secret(at.span());
    }
    let expected = code(&text(equals.root(), masked));
    let judgement = match found {
        FoundValue::Unknown(why) => {
            let unknown = format!("it is not known what `{path}` is in {place}");
            Judgement::wait(None, format!("{unknown}: {why}"))
        }
        FoundValue::NotSet => {
            Judgement::fail(format!("`{path}` is not set in {place}, and has to be {expected}"))
        }
        FoundValue::Known { value, .. } if value.root().equals(equals.root()) => {
            Judgement::pass(format!("`{path}` is {expected} in {place}"))
        }
        FoundValue::Known { value, .. } => {
            let found = code(&text(value.root(), masked));
            let at = value.root().location();
            let at = format!("{}:{}", at.path(), at.start().line);
            Judgement::fail(format!(
                "`{path}` is {found} in {place} (`{at}`), and has to be {expected}"
            ))
        }
    };
    judgement.at(&field.location)
}

/// Whether a value looks like a secret by what it is or what is around it. What it has to
/// be is one as well.
fn is_secret(found: &FoundValue) -> bool {
    match found {
        FoundValue::Known { value, is_secret } => *is_secret || shown(value.root(), false).1,
        FoundValue::NotSet | FoundValue::Unknown(_) => false,
    }
}

/// A value in a sentence. A string that looks like another type is quoted; otherwise
/// the sentence would say that `true` is not `true`.
fn text(node: Node<'_>, masked: bool) -> String {
    if let (Json::String(hidden), true) = shown(node, masked) {
        return hidden;
    }
    match node.kind() {
        Kind::Null => "null".to_owned(),
        Kind::Bool(truth) => truth.to_string(),
        Kind::Number(number) => number.source().to_owned(),
        Kind::String(text) if is_text(text) => text.to_string(),
        Kind::String(text) => format!("\"{text}\""),
        kind @ (Kind::Sequence(_) | Kind::Mapping(_)) => kind.noun().to_owned(),
    }
}
