//! Values are as stated.

use super::evaluation::Evaluation;
use super::judgement::Judgement;
use super::words::code;
use super::{FoundValue, Transition};
use crate::config::{Field, Side, Sourced};
use crate::source::{REDACTED, has_password, is_secret_key};
use crate::yaml::{Kind, Node, Step};

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
    let is_secret = path
        .in_values()
        .steps()
        .iter()
        .any(|step| matches!(step, Step::Key(key) if is_secret_key(key)));
    let shown = |node: Node<'_>| if is_secret { code(REDACTED) } else { code(&text(node)) };
    let expected = shown(equals.root());
    let judgement = match evaluation.candidate.values.value(*side, path) {
        FoundValue::Unknown(why) => {
            let unknown = format!("it is not known what `{path}` is in {place}");
            Judgement::wait(None, format!("{unknown}: {why}"))
        }
        FoundValue::NotSet => {
            Judgement::fail(format!("`{path}` is not set in {place}, and has to be {expected}"))
        }
        FoundValue::Known(value) if value.root().equals(equals.root()) => {
            Judgement::pass(format!("`{path}` is {expected} in {place}"))
        }
        FoundValue::Known(value) => {
            let found = shown(value.root());
            Judgement::fail(format!("`{path}` is {found} in {place}, and has to be {expected}"))
        }
    };
    judgement.at(&field.location)
}

/// A value in a sentence. A string that looks like another type is quoted; otherwise
/// the sentence would say that `true` is not `true`.
fn text(node: Node<'_>) -> String {
    match node.kind() {
        Kind::Null => "null".to_owned(),
        Kind::Bool(truth) => truth.to_string(),
        Kind::Number(number) => number.source().to_owned(),
        Kind::String(text) if has_password(text) => REDACTED.to_owned(),
        Kind::String(text) if crate::yaml::is_text(text) => text.to_string(),
        Kind::String(text) => format!("\"{text}\""),
        kind @ (Kind::Sequence(_) | Kind::Mapping(_)) => kind.noun().to_owned(),
    }
}
