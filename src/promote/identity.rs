//! The identity of a plan: what makes two plans the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::{AppPlan, Plan};
use crate::history::Record;
use crate::sites::{Key, SiteValue};

/// The identity of a plan: a hash of the environment, and of each app's changed
/// keys with their new values, and its repository if that changes too. It leaves out files, lines, the base commit, times,
/// gates, holds and rendered files, so that the same plan is recognised on another
/// base.
pub fn identity(plan: &Plan) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        // The length marks where a text ends, whatever it contains.
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    add(plan.environment.as_str());
    for app in &plan.apps {
        for (key, value) in changed_values(app) {
            add(&app.app);
            add(kind(key));
            add(key.name());
            add(&text(value));
            new_repository(app, key, value).map(&mut add);
        }
    }
    hexadecimal(&hash.finalize())
}

/// The identity of a change to holds: what is held back, or no longer is, and where.
pub(super) fn hold_identity(record: &Record) -> String {
    let mut hash = Sha256::new();
    let head = [record.action.name(), record.environment.as_str(), &record.app];
    let references = record.references.iter().flat_map(|(key, text)| [&**key, &**text]);
    for part in head.into_iter().chain(references) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hexadecimal(&hash.finalize())
}

/// The first 16 bytes of a hash, which are enough to tell plans apart.
fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The new values of an app's keys that change.
fn changed_values(app: &AppPlan) -> impl Iterator<Item = (&Key, &SiteValue)> {
    let changed: BTreeSet<&Key> = app.changes.iter().map(|change| &change.key).collect();
    app.to.iter().filter(move |(key, _)| changed.contains(key))
}

/// The repository that an image gets, if it gets another one: two plans that differ in it
/// alone are not the same. One that stays is the environment's own.
fn new_repository<'p>(app: &'p AppPlan, key: &Key, value: &'p SiteValue) -> Option<&'p str> {
    let repository = |value: &'p SiteValue| match value {
        SiteValue::Image(image) => image.repository.as_deref(),
        SiteValue::Repository(_)
        | SiteValue::Revision(_)
        | SiteValue::Moving(_)
        | SiteValue::Value(_)
        | SiteValue::Secret(_) => None,
    };
    let own = repository(value);
    let changes = app.from.get(key).is_some_and(|from| repository(from) != own);
    if changes { own } else { None }
}

fn kind(key: &Key) -> &'static str {
    match key {
        Key::Image(_) => "image",
        Key::Git(_) | Key::TemplatePin => "git",
        Key::Version(_) => "version",
        Key::Value(_) => "value",
    }
}

/// The new value without the target's own repository.
fn text(value: &SiteValue) -> String {
    match value {
        SiteValue::Image(image) => {
            let part = |part: &Option<String>| part.clone().unwrap_or_default();
            format!("{}@{}", part(&image.tag), part(&image.digest))
        }
        SiteValue::Revision(parts) | SiteValue::Moving(parts) => parts.revision.clone(),
        SiteValue::Repository(text) | SiteValue::Value(text) | SiteValue::Secret(text) => {
            text.clone()
        }
    }
}
