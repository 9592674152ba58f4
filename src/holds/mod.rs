//! States that must not enter an environment: which states a hold is about, and
//! the files that holds are in.

mod code;
mod edit;
mod read;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

pub use code::CODES;
pub use edit::{added, lifted};
pub use read::{against, all, environments_against, readable};

pub use crate::config::parse_until;

use crate::config::{EnvironmentName, HoldEntry};
use crate::diagnostic::Finding;
use crate::sites::{
    AppSites, ImageParts, KeyedValue, KnownKeys, SiteValue, State, StateReference, is_image_text,
    shown_reference,
};
use crate::source::{Location, RepoPath, without_credentials};
use crate::yaml::same_yaml;

/// An entry of `.rungs/holds/<environment>/<app>.yaml`: this state must not
/// enter this environment or those above it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// The environment whose file says so.
    pub environment: EnvironmentName,
    /// The app.
    pub app: String,
    /// What is held back, by the names of keys: a tag and digest as they are
    /// written after the repository (`v1.4@sha256:…`), a git reference, or a
    /// value. A state is held back if all of them are the same in it.
    #[serde(serialize_with = "shown_state")]
    pub state: BTreeMap<String, String>,
    /// Why, without what gives access.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// The time since when, as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The time at which it ends by itself; none if only lifting ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The entry in its file.
    pub location: Location,
}

impl Hold {
    /// A hold on a state of an environment. It lists every key, so that nothing
    /// else is held back with it, except values that look like secrets, which are
    /// not written down a second time.
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
                .filter(|(key, value)| !value.is_secret(key))
                .map(|(key, value)| (key.name().to_owned(), text_of(value)))
                .collect(),
            reason: without_credentials(reason).into_owned(),
            by: without_credentials(by).into_owned(),
            since: None,
            until: None,
            location: Location::of_path(&path),
        }
    }

    fn of_entry(entry: &HoldEntry, environment: &EnvironmentName, app: &str) -> Self {
        Self {
            environment: environment.clone(),
            app: app.to_owned(),
            state: entry
                .state
                .value
                .iter()
                .map(|(key, text)| (without_credentials(key).into_owned(), text.clone()))
                .collect(),
            reason: without_credentials(&entry.reason).into_owned(),
            by: without_credentials(&entry.by).into_owned(),
            since: entry.since,
            until: entry.until,
            location: entry.location.clone(),
        }
    }

    /// Whether another hold says the same, wherever the two are written.
    pub fn says_the_same(&self, other: &Self) -> bool {
        *self == Self { location: self.location.clone(), ..other.clone() }
    }

    /// Refuses it if it has ended already.
    ///
    /// # Errors
    ///
    /// It ends at that time or before.
    pub fn refuse_ended(&self, now: Timestamp) -> Result<(), Finding> {
        let Some(until) = self.until.filter(|_| !self.is_in_force(now)) else { return Ok(()) };
        let message = format!("the hold would end at {until}, before it starts");
        let finding = Finding::new(&code::ENDED_HOLD, message, self.location.clone());
        Err(finding.help(format!("it is {now}; name a later time, or leave `--until` out")))
    }

    /// Whether it holds a state back at that time.
    pub fn holds_back(&self, state: &State, now: Timestamp) -> bool {
        self.is_in_force(now) && self.matches(state)
    }

    /// Whether it has not ended by itself yet.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether the hold is about a state: all that it lists is the same there.
    /// Two keys of a state may share a name (an image and a git reference, both
    /// called `web`); then it is enough if one of them is the same: too much is
    /// held back rather than too little.
    pub fn matches(&self, state: &State) -> bool {
        self.matches_of(state, &|_| true)
    }

    /// Whether the hold is about those parts of a state that count, by the names of their
    /// keys: all of them that it lists are the same there. It is not if it lists none of them.
    pub fn matches_of(&self, state: &State, counts: &dyn Fn(&str) -> bool) -> bool {
        let mut listed = self.state.iter().filter(|(name, _)| counts(name)).peekable();
        let is_of_all = self.state.is_empty();
        (is_of_all || listed.peek().is_some())
            && listed.all(|(name, text)| {
                let mut named = state.iter().filter(|(key, _)| key.name() == name);
                named.any(|(_, value)| is_text_of(text, value))
            })
    }
}

/// The state of a hold without secrets, which people may have written into it.
fn shown_state<S: Serializer>(
    state: &BTreeMap<String, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(state.iter().map(|(key, text)| (key, shown_reference(text))))
}

/// The directory of holds.
pub fn directory() -> RepoPath {
    RepoPath::root().child(".rungs").child("holds")
}

/// The file of an app's holds in an environment; none if the app's name cannot be
/// a file's.
pub fn path(environment: &EnvironmentName, app: &str) -> Option<RepoPath> {
    directory().child(&environment.dotted()).child_named(&format!("{app}.yaml"))
}

/// Whether a hold's text is about a value; for an image by the rules of
/// [`is_image_text`].
fn is_text_of(text: &str, value: &SiteValue) -> bool {
    match value {
        SiteValue::Image(image) => is_image_text(text, image),
        SiteValue::Repository(_) => false,
        SiteValue::Revision(parts) | SiteValue::Moving(parts) => text == parts.revision,
        SiteValue::Value(yaml) | SiteValue::Secret(yaml) => same_yaml(text, yaml),
    }
}

/// Which of an app's holds list a reference: that of an image, with or without
/// the image's name; a git reference; or a value. `app` has the names of the
/// keys, if the app exists.
///
/// # Errors
///
/// The name fits several images, and holds list one of them with that reference.
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
        is_about: text == reference.text() || is_text_of(text, &asked),
    });
    // An image that no hold lists may be meant as well.
    let values = values.chain(known.images().map(|key| KeyedValue {
        key,
        is_image: true,
        repository: None,
        is_about: false,
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

/// The text for a value in a hold, which [`Hold::matches`] recognises.
fn text_of(value: &SiteValue) -> String {
    match value {
        SiteValue::Image(image) => {
            let bare = ImageParts { repository: None, ..image.clone() }.to_string();
            bare.strip_prefix([':', '@']).unwrap_or(&bare).to_owned()
        }
        SiteValue::Repository(_)
        | SiteValue::Revision(_)
        | SiteValue::Moving(_)
        | SiteValue::Value(_)
        | SiteValue::Secret(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
