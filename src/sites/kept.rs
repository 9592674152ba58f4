//! Sites and states as facts: what is kept of them from run to run.
//!
//! Of a site, that is everything but the place that people are shown: no text is kept
//! that could be shown there.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::code::SITES_DISAGREE;
use super::{
    ImageParts, Key, Reading, Removal, RevisionParts, Site, SitePart, SitePartKind, SiteValue,
    State,
};
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, RepoPath, SourceFile, Span};
use crate::yaml::{Place, Route, Step};

/// The sites of a file by app, or why they are not known.
pub(super) type FoundByApp = Result<BTreeMap<String, Vec<Site>>, Findings>;

#[derive(Serialize, Deserialize)]
enum KeptKey {
    Image(String),
    Git(String),
    Version(String),
    Value(String),
    TemplatePin,
}

#[derive(Serialize, Deserialize)]
enum KeptValue {
    Image { repository: Option<String>, tag: Option<String>, digest: Option<String> },
    Repository(String),
    Revision { repository: Option<String>, object: Option<String>, revision: String },
    Moving { repository: Option<String>, object: Option<String>, revision: String },
    Value(String),
    Secret(String),
}

#[derive(Serialize, Deserialize)]
struct KeptSite {
    key: KeptKey,
    qualified: Option<String>,
    app: Option<String>,
    value: Option<KeptValue>,
    parts: Vec<KeptPart>,
    adds_digest: bool,
    removal: KeptRemoval,
}

#[derive(Serialize, Deserialize)]
enum KeptRemoval {
    Key,
    Empty,
    Null,
}

#[derive(Serialize, Deserialize)]
struct KeptPart {
    kind: KeptPartKind,
    document: usize,
    route: Vec<KeptStep>,
    is_there: bool,
    text: String,
}

#[derive(Serialize, Deserialize)]
enum KeptStep {
    Key(String),
    Index(usize),
    Where { key: String, value: String },
    Text(usize),
}

/// Declares a kind that is kept under the same names.
macro_rules! kept_kind {
    ($($name:ident),*) => {
        #[derive(Serialize, Deserialize)]
        enum KeptPartKind {
            $($name),*
        }

        impl From<SitePartKind> for KeptPartKind {
            fn from(kind: SitePartKind) -> Self {
                match kind {
                    $(SitePartKind::$name => Self::$name),*
                }
            }
        }

        impl From<KeptPartKind> for SitePartKind {
            fn from(kind: KeptPartKind) -> Self {
                match kind {
                    $(KeptPartKind::$name => Self::$name),*
                }
            }
        }
    };
}

kept_kind!(
    Reference, Repository, Tag, Digest, BareDigest, Item, Address, Pin, Commit, Revision, Value
);

/// A state that is kept; none if it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptState(pub Option<State>);

impl KeptState {
    /// The state as a fact.
    pub fn to_fact(&self) -> Vec<u8> {
        let kept: Option<Vec<(KeptKey, KeptValue)>> = self.0.as_ref().map(|state| {
            state.iter().map(|(key, value)| (key.clone().into(), value.clone().into())).collect()
        });
        bytes(&kept)
    }

    /// The state that a fact is; none if it is not one.
    pub fn of_fact(fact: &[u8]) -> Option<Self> {
        let kept: Option<Vec<(KeptKey, KeptValue)>> = serde_json::from_slice(fact).ok()?;
        Some(Self(kept.map(|kept| {
            State::new(kept.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
        })))
    }
}

/// The sites of a file, as a fact.
pub(super) fn sites_to_fact(found: &FoundByApp) -> Vec<u8> {
    let kept: Option<Vec<(&String, Vec<KeptSite>)>> = found.as_ref().ok().map(|found| {
        found.iter().map(|(app, sites)| (app, sites.iter().map(KeptSite::of).collect())).collect()
    });
    bytes(&kept)
}

/// The sites of a file that a fact is; none if it is not one.
pub(super) fn sites_of_fact(fact: &[u8], path: &RepoPath) -> Option<FoundByApp> {
    let kept: Option<Vec<(String, Vec<KeptSite>)>> = serde_json::from_slice(fact).ok()?;
    let file = Arc::new(SourceFile::new(path.clone(), String::new()));
    let Some(kept) = kept else {
        // Nobody is shown this one: what counts is that it is an error.
        let message = format!("this version of `{path}` cannot be read");
        return Some(Err(Finding::new(&SITES_DISAGREE, message, Location::of_path(path)).into()));
    };
    let sites = |sites: Vec<KeptSite>| sites.into_iter().map(|site| site.site(&file)).collect();
    Some(Ok(kept.into_iter().map(|(app, found)| (app, sites(found))).collect()))
}

fn bytes(kept: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(kept).expect("keys are text and numbers finite")
}

impl KeptSite {
    fn of(site: &Site) -> Self {
        Self {
            key: site.key.clone().into(),
            qualified: site.qualified.clone(),
            app: site.app.clone(),
            value: site.value.clone().map(Into::into),
            parts: site.parts.iter().map(KeptPart::of).collect(),
            adds_digest: site.adds_digest,
            removal: match site.removal {
                Removal::Key => KeptRemoval::Key,
                Removal::Empty => KeptRemoval::Empty,
                Removal::Null => KeptRemoval::Null,
            },
        }
    }

    fn site(self, file: &Arc<SourceFile>) -> Site {
        Site {
            key: self.key.into(),
            qualified: self.qualified,
            app: self.app,
            value: self.value.map(Into::into),
            location: Location::new(file, Span::default()),
            file: Arc::clone(file),
            parts: self.parts.into_iter().map(KeptPart::part).collect(),
            adds_digest: self.adds_digest,
            removal: match self.removal {
                KeptRemoval::Key => Removal::Key,
                KeptRemoval::Empty => Removal::Empty,
                KeptRemoval::Null => Removal::Null,
            },
            barrier: None,
            is_as_meant: false,
        }
    }
}

impl KeptPart {
    fn of(part: &SitePart) -> Self {
        let step = |step: &Step| match step.clone() {
            Step::Key(key) => KeptStep::Key(key),
            Step::Index(index) => KeptStep::Index(index),
            Step::Where { key, value } => KeptStep::Where { key, value },
            Step::Text(number) => KeptStep::Text(number),
        };
        Self {
            kind: part.kind.into(),
            document: part.at.document,
            route: part.at.route.steps().iter().map(step).collect(),
            is_there: part.is_there,
            text: part.text.clone(),
        }
    }

    fn part(self) -> SitePart {
        let mut route = Route::root();
        for step in self.route {
            route.push(match step {
                KeptStep::Key(key) => Step::Key(key),
                KeptStep::Index(index) => Step::Index(index),
                KeptStep::Where { key, value } => Step::Where { key, value },
                KeptStep::Text(number) => Step::Text(number),
            });
        }
        let at = Place { document: self.document, route };
        let Self { kind, is_there, text, .. } = self;
        SitePart {
            kind: kind.into(),
            at,
            is_there,
            text,
            written: None,
            is_repeated: false,
            reading: Reading::Text,
        }
    }
}

impl From<Key> for KeptKey {
    fn from(key: Key) -> Self {
        match key {
            Key::Image(name) => Self::Image(name),
            Key::Git(name) => Self::Git(name),
            Key::Version(name) => Self::Version(name),
            Key::Value(name) => Self::Value(name),
            Key::TemplatePin => Self::TemplatePin,
        }
    }
}

impl From<KeptKey> for Key {
    fn from(key: KeptKey) -> Self {
        match key {
            KeptKey::Image(name) => Self::Image(name),
            KeptKey::Git(name) => Self::Git(name),
            KeptKey::Version(name) => Self::Version(name),
            KeptKey::Value(name) => Self::Value(name),
            KeptKey::TemplatePin => Self::TemplatePin,
        }
    }
}

impl From<SiteValue> for KeptValue {
    fn from(value: SiteValue) -> Self {
        match value {
            SiteValue::Image(ImageParts { repository, tag, digest }) => {
                Self::Image { repository, tag, digest }
            }
            SiteValue::Repository(text) => Self::Repository(text),
            SiteValue::Revision(RevisionParts { repository, object, revision }) => {
                Self::Revision { repository, object, revision }
            }
            SiteValue::Moving(RevisionParts { repository, object, revision }) => {
                Self::Moving { repository, object, revision }
            }
            SiteValue::Value(yaml) => Self::Value(yaml),
            SiteValue::Secret(yaml) => Self::Secret(yaml),
        }
    }
}

impl From<KeptValue> for SiteValue {
    fn from(value: KeptValue) -> Self {
        match value {
            KeptValue::Image { repository, tag, digest } => {
                Self::Image(ImageParts { repository, tag, digest })
            }
            KeptValue::Repository(text) => Self::Repository(text),
            KeptValue::Revision { repository, object, revision } => {
                Self::Revision(RevisionParts { repository, object, revision })
            }
            KeptValue::Moving { repository, object, revision } => {
                Self::Moving(RevisionParts { repository, object, revision })
            }
            KeptValue::Value(yaml) => Self::Value(yaml),
            KeptValue::Secret(yaml) => Self::Secret(yaml),
        }
    }
}
