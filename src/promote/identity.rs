//! What makes two plans the same.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::rerender::Edited;
use super::{AppPlan, Plan};
use crate::sites::{Key, Said};

/// The identity of a plan: a hash of the environment, and of each app's keys
/// and what they will say. No file, line, base commit, time, gate, hold or
/// rendered file is in it, so that the same plan is known again on another base.
pub fn identity(plan: &Plan) -> String {
    let mut hash = Sha256::new();
    let mut say = |text: &str| {
        // The length tells where a text ends, whatever is in it.
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    say(plan.environment.as_str());
    for app in &plan.apps {
        for (key, said) in new(app) {
            say(&app.app);
            say(kind(key));
            say(key.name());
            say(&text(said));
        }
    }
    text_of(hash)
}

/// The identity of a change of holds: of the files that it makes, because no
/// site says anything else.
pub(super) fn identity_of_files(files: &Edited) -> String {
    let mut hash = Sha256::new();
    for (path, bytes) in files {
        let bytes = bytes.as_deref().unwrap_or_default();
        for bytes in [path.as_str().as_bytes(), bytes] {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
    }
    text_of(hash)
}

fn text_of(hash: Sha256) -> String {
    hash.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What changes of an app, by key.
fn new(app: &AppPlan) -> impl Iterator<Item = (&Key, &Said)> {
    let changes = |key: &&Key| app.changes.iter().any(|change| change.key == **key);
    app.to.iter().filter(move |(key, _)| changes(key))
}

fn kind(key: &Key) -> &'static str {
    match key {
        Key::Image(_) => "image",
        Key::Git(_) => "git",
        Key::Version(_) => "version",
        Key::Value(_) => "value",
    }
}

/// The new value without the target's own repository.
fn text(said: &Said) -> String {
    match said {
        Said::Image(image) => {
            let part = |part: &Option<String>| part.clone().unwrap_or_default();
            format!("{}@{}", part(&image.tag), part(&image.digest))
        }
        Said::Revision(text) | Said::Moving(text) | Said::Value(text) => text.clone(),
    }
}
