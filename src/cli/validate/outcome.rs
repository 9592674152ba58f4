//! What a run says at its end.

use serde_json::{Map, json};

use super::super::{Context, Outcome};
use crate::diagnostic::{Findings, Format};

/// The result of a run that judged so many objects.
pub(super) fn outcome(context: &Context, findings: Findings, count: usize) -> Outcome {
    if context.console.format() == Format::Text {
        let settled = findings.clone().settled().counts().to_string();
        let found = if settled.is_empty() { "nothing found".to_owned() } else { settled };
        context.console.say(&match count {
            0 => "there are no objects, so that nothing was judged".to_owned(),
            1 => format!("judged 1 object: {found}"),
            count => format!("judged {count} objects: {found}"),
        });
    }
    let data = Map::from_iter([("objects".to_owned(), json!(count))]);
    Outcome { findings, data, ..Outcome::default() }
}
