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
use crate::diagnostic::Finding;
use crate::sites::{
    AppSites, ImageParts, KeyedValue, KnownKeys, SiteValue, State, StateReference, in_full,
    is_image_text,
};
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
        let path = path(environment, app).unwrap_or_else(directory);
        Self {
            environment: environment.clone(),
            app: app.to_owned(),
            state: state
                .iter()
                .filter(|(key, value)| in_full(key, value) != REDACTED)
                .map(|(key, value)| (key.name().to_owned(), text_of(value)))
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
            named.any(|(_, value)| is_said(text, value))
        })
    }
}

/// Where holds stand.
fn directory() -> RepoPath {
    RepoPath::root().child(".rungs").child("holds")
}

/// The file of an app's holds in an environment; none where the app's name
/// cannot be a file's.
fn path(environment: &EnvironmentName, app: &str) -> Option<RepoPath> {
    directory().child(&environment.dotted()).child_named(&format!("{app}.yaml"))
}

/// Whether a site says what a hold's text means: for an image, what
/// [`is_image_text`] reads.
fn is_said(text: &str, value: &SiteValue) -> bool {
    match value {
        SiteValue::Image(image) => is_image_text(text, image),
        SiteValue::Revision(revision) | SiteValue::Moving(revision) => text == revision,
        SiteValue::Value(yaml) => is_same_yaml(text, yaml),
    }
}

/// Which of an app's holds a person names by a reference: the reference of an
/// image that one of them lists, with or without the image's name; a git
/// reference; or a value. `app` has the names of the keys, where the app is
/// there.
///
/// # Errors
///
/// The name fits several images that holds list with that reference.
fn named(
    holds: &[Hold],
    reference: &StateReference,
    app: Option<&AppSites>,
) -> Result<Vec<bool>, Finding> {
    let known = KnownKeys::of(app);
    let asked = SiteValue::Image(reference.image().parts());
    let listed = holds.iter().enumerate().flat_map(|(number, hold)| {
        hold.state.iter().map(move |(key, text)| (number, key.as_str(), text.as_str()))
    });
    let listed: Vec<_> = listed.collect();
    let values = listed.iter().map(|&(_, key, text)| KeyedValue {
        key,
        is_image: !known.is_other(key),
        repository: None,
        is_said: text == reference.text() || is_said(text, &asked),
    });
    // Those that no hold lists may be meant as well.
    let values = values.chain(known.images().map(|key| KeyedValue {
        key,
        is_image: true,
        repository: None,
        is_said: false,
    }));
    let at =
        holds.first().map_or_else(|| Location::of_path(&directory()), |hold| hold.location.clone());
    let chosen = reference.choose(&values.collect::<Vec<_>>(), &known, &at)?;
    let is_same = |&&(_, _, text): &&(usize, &str, &str)| text == reference.to_string();
    let same = listed.iter().filter(is_same);
    let mut is_named = vec![false; holds.len()];
    for (number, ..) in chosen.into_iter().map(|number| &listed[number]).chain(same) {
        is_named[*number] = true;
    }
    Ok(is_named)
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
fn text_of(value: &SiteValue) -> String {
    match value {
        SiteValue::Image(image) => {
            let bare = ImageParts { repository: None, ..image.clone() }.to_string();
            bare.strip_prefix([':', '@']).unwrap_or(&bare).to_owned()
        }
        SiteValue::Revision(_) | SiteValue::Moving(_) | SiteValue::Value(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
