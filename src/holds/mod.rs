//! States that must not enter an environment: what a hold says of a state, and
//! the files that holds stand in.

mod code;
mod edit;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

pub use code::CODES;
pub use edit::{added, lifted};
pub use read::{against, all};

pub use crate::config::parse_until;

use crate::config::{EnvironmentName, HoldEntry};
use crate::sites::{ImageParts, SiteValue, State, in_full};
use crate::source::{Location, REDACTED, RepoPath, SourceFile};
use crate::yaml::{Dialect, parse};

/// An entry of `.rungs/holds/<environment>/<app>.yaml`: this state must not
/// enter this environment or those above it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// The environment whose file says so.
    pub environment: EnvironmentName,
    /// The app.
    pub app: String,
    /// By the names of keys, what is held back: a tag and digest as they are
    /// written behind the repository (`v1.4@sha256:…`), a git reference, or a
    /// value. All of them have to be the same for a state to be held back.
    pub state: BTreeMap<String, String>,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// Since when, as they say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When it ends by itself: from then on it holds nothing back. None where
    /// only lifting ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The entry in its file.
    pub location: Location,
}

impl Hold {
    /// Holds back what an environment says: every key of the state, so that
    /// nothing else is held back with it, but for values that look like secrets
    /// and are not written down a second time.
    pub fn of(
        environment: &EnvironmentName,
        app: &str,
        state: &State,
        reason: &str,
        by: &str,
    ) -> Self {
        let path = read::path(environment, app).unwrap_or_else(read::directory);
        Self {
            environment: environment.clone(),
            app: app.to_owned(),
            state: state
                .iter()
                .filter(|(key, said)| in_full(key, said) != REDACTED)
                .map(|(key, said)| (key.name().to_owned(), text_of(said)))
                .collect(),
            reason: reason.to_owned(),
            by: by.to_owned(),
            since: None,
            until: None,
            location: Location::of_path(&path),
        }
    }

    fn of_entry(entry: &HoldEntry, environment: &EnvironmentName, app: &str) -> Self {
        Self {
            environment: environment.clone(),
            app: app.to_owned(),
            state: entry.state.value.clone(),
            reason: entry.reason.clone(),
            by: entry.by.clone(),
            since: entry.since,
            until: entry.until,
            location: entry.location.clone(),
        }
    }

    /// Whether it keeps a state out at that time.
    pub fn holds_back(&self, state: &State, now: Timestamp) -> bool {
        self.is_in_force(now) && self.matches(state)
    }
    /// Whether it has not ended by itself.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether a state is held back: all that is listed is the same in it.
    /// Two keys of a state that differ only in what they are a key of (an image
    /// and a git reference, both called `web`) share a name, and one of them
    /// has to be the same: too much is held back rather than too little.
    pub fn matches(&self, state: &State) -> bool {
        self.state.iter().all(|(name, text)| {
            let mut named = state.iter().filter(|(key, _)| key.name() == name);
            named.any(|(_, said)| is_said(text, said))
        })
    }
}

/// Whether a site says what a hold's text means.
///
/// For an image the text is what stands behind the repository, with or without
/// its `:` or `@`: `v1.4@sha256:…`, `:v1.4`, `sha256:…`; a whole reference is
/// read as well, and its repository does not count, because each environment
/// may have its own. The digests decide where both have one, else the tags. A
/// text that is only a digest says nothing of a site that has only a tag.
fn is_said(text: &str, said: &SiteValue) -> bool {
    match said {
        SiteValue::Image(image) => {
            let held = image_parts(text);
            match (&held.digest, &image.digest) {
                (Some(held), Some(digest)) => held == digest,
                _ => held.tag.is_some() && held.tag == image.tag,
            }
        }
        SiteValue::Revision(revision) | SiteValue::Moving(revision) => text == revision,
        SiteValue::Value(yaml) => is_same_yaml(text, yaml),
    }
}

/// The tag and digest of what people write for an image.
fn image_parts(text: &str) -> ImageParts {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None if text.starts_with("sha256:") => ("", Some(text)),
        None => (text, None),
    };
    let last = name.rsplit('/').next().unwrap_or_default();
    let tag = match last.split_once(':') {
        Some((_, tag)) => tag,
        // A path without a tag is no tag.
        None if name.contains('/') => "",
        None => last,
    };
    ImageParts {
        repository: None,
        tag: Some(tag).filter(|tag| !tag.is_empty()).map(str::to_owned),
        digest: digest.map(str::to_owned),
    }
}

/// Whether two texts are the same value: `a: 1` however it is written.
fn is_same_yaml(one: &str, two: &str) -> bool {
    let parsed = [one, two].map(|text| {
        let file = SourceFile::new(RepoPath::root(), text.to_owned());
        parse(&Arc::new(file), Dialect::Kubectl).ok().filter(|documents| documents.len() == 1)
    });
    match parsed {
        [Some(one), Some(two)] => one[0].root().equals(two[0].root()),
        _ => one.trim() == two.trim(),
    }
}

/// What a hold's text says of a site, which [`Hold::matches`] finds again.
pub(super) fn text_of(said: &SiteValue) -> String {
    match said {
        SiteValue::Image(image) => {
            let bare = ImageParts { repository: None, ..image.clone() }.to_string();
            bare.strip_prefix([':', '@']).unwrap_or(&bare).to_owned()
        }
        SiteValue::Revision(_) | SiteValue::Moving(_) | SiteValue::Value(_) => said.to_string(),
    }
}

#[cfg(test)]
mod tests;
