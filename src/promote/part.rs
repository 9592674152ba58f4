//! Which part of an app moves.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{NOTHING_LEFT, PART_MAY_GO, UNKNOWN_KEY_OF_APP};
use crate::diagnostic::{Finding, Findings, listed, nearest};
use crate::git::{CanonicalAddress, shell_word};
use crate::sites::{AppSites, Key, Site, SiteValue, State, nested};
use crate::source::{Location, RepoPath};
use crate::yaml::Place;

/// The part of an app that a person asks to move, by the names of keys: what images, git
/// references, versions and values are called in plans.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Part {
    /// All of it.
    #[default]
    Whole,
    /// These keys.
    Only(Vec<String>),
    /// All but these keys.
    Except(Vec<String>),
}

/// The keys of an app that move; all of them if there is no list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct MovingKeys(Option<BTreeSet<Key>>);

impl Part {
    /// Whether all of the app moves.
    pub fn is_whole(&self) -> bool {
        *self == Self::Whole
    }

    /// The keys that move of an app with these sites. An image and the git reference of its
    /// repository go together.
    pub(super) fn keys(&self, sites: &[&AppSites], at: &Location) -> Result<MovingKeys, Findings> {
        let (names, is_only) = match self {
            Self::Whole => return Ok(MovingKeys::default()),
            Self::Only(names) => (names, true),
            Self::Except(names) => (names, false),
        };
        let all: Vec<&Site> = sites.iter().flat_map(|app| &app.sites).collect();
        let (mut meant, mut unknown_names) = (BTreeSet::new(), Findings::new());
        for name in names {
            // What is called exactly so is meant before what comes from such a repository.
            let by_key = all.iter().filter(|site| site.key.name() == name);
            let mut keys: BTreeSet<&Key> = by_key.map(|site| &site.key).collect();
            if keys.is_empty() {
                let by_repository = all.iter().filter(|site| comes_from(site, name));
                keys.extend(by_repository.map(|site| &site.key));
            }
            if keys.is_empty() {
                unknown_names.push(unknown(sites, name, at));
            }
            for group in linked(&all) {
                if group.iter().any(|key| keys.contains(key)) {
                    meant.extend(group.into_iter().cloned());
                }
            }
        }
        if !unknown_names.is_empty() {
            return Err(unknown_names);
        }
        let is_left = |site: &&&Site| has_value(site) && !meant.contains(&site.key);
        if !is_only && !all.iter().any(|site| is_left(&site)) {
            return Err(nothing_left(sites, names, at).into());
        }
        let others = all.iter().map(|site| &site.key).filter(|key| !meant.contains(*key));
        Ok(MovingKeys(Some(if is_only { meant } else { others.cloned().collect() })))
    }
}

impl MovingKeys {
    /// These keys.
    pub(super) fn of<'k>(keys: impl IntoIterator<Item = &'k Key>) -> Self {
        Self(Some(keys.into_iter().cloned().collect()))
    }

    /// The state that results if these keys of another one move to it.
    pub(super) fn moved(&self, now: &State, other: &State) -> State {
        let Some(keys) = &self.0 else { return other.clone() };
        let new = other.iter().filter(|(key, _)| keys.contains(*key));
        now.with(&new.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// Whether not all of the app moves.
    pub(super) fn is_part(&self) -> bool {
        self.0.is_some()
    }

    /// Whether a key moves.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.0.as_ref().is_none_or(|keys| keys.contains(key))
    }
}

/// Whether a site's image or reference comes from a repository of that name, or whose last
/// segment is that.
fn comes_from(site: &Site, name: &str) -> bool {
    let is_repository = |whole: &str| whole == name || CanonicalAddress::of(whole).name() == name;
    match &site.key {
        Key::Image(_) => site.repository().is_some_and(is_repository),
        Key::Git(address) => is_repository(address),
        Key::Version(_) | Key::Value(_) | Key::TemplatePin => false,
    }
}

/// The keys that never part: those of an image and of the git reference of its repository, by
/// the last segment of both. Every other key is a group of its own.
pub(super) fn linked<'s>(sites: &[&'s Site]) -> Vec<BTreeSet<&'s Key>> {
    let mut groups: BTreeMap<String, BTreeSet<&Key>> = BTreeMap::new();
    let git: BTreeSet<String> = sites.iter().filter_map(|site| repository_of_git(site)).collect();
    for site in sites {
        let name = match &site.key {
            Key::Git(_) => repository_of_git(site),
            Key::Image(_) => {
                let repository = site.repository();
                let name = repository.map(|whole| CanonicalAddress::of(whole).name().to_owned());
                name.filter(|name| git.contains(name))
            }
            Key::Version(_) | Key::Value(_) | Key::TemplatePin => None,
        };
        let group = name.map_or_else(|| format!("{:?}", site.key), |name| format!("/{name}"));
        groups.entry(group).or_default().insert(&site.key);
    }
    // A value and what is in it cannot part: whoever writes the one writes the other.
    let mut places: BTreeMap<(&RepoPath, &Place), BTreeSet<&Key>> = BTreeMap::new();
    for site in sites {
        for part in &site.parts {
            places.entry((site.file.path(), &part.at)).or_default().insert(&site.key);
        }
    }
    let files: BTreeSet<&RepoPath> = places.keys().map(|(path, _)| *path).collect();
    let of_file = |file: &RepoPath| -> Vec<&Place> {
        places.keys().filter(|(path, _)| *path == file).map(|(_, place)| *place).collect()
    };
    let mut all: Vec<BTreeSet<&Key>> = groups.into_values().collect();
    all.extend(places.values().cloned());
    for file in files {
        for (outer, inner) in nested(of_file(file)) {
            all.push(places[&(file, outer)].union(&places[&(file, inner)]).copied().collect());
        }
    }
    // One key may have sites of two repositories.
    let mut joined: Vec<BTreeSet<&Key>> = Vec::new();
    for mut group in all {
        joined.retain(|other| {
            let is_apart = other.is_disjoint(&group);
            if !is_apart {
                group.extend(other);
            }
            is_apart
        });
        joined.push(group);
    }
    joined
}

fn repository_of_git(site: &Site) -> Option<String> {
    let Key::Git(address) = &site.key else { return None };
    Some(CanonicalAddress::of_repository(address).name().to_owned())
}

fn unknown(sites: &[&AppSites], name: &str, at: &Location) -> Finding {
    let keys = sites.iter().flat_map(|app| &app.sites).filter(|site| has_value(site));
    let known: BTreeSet<&str> = keys.map(|site| site.key.name()).collect();
    // A name may be the last segment of one.
    let by_end = || {
        let end = |known: &&str| known.rsplit('/').next().unwrap_or_default().to_owned();
        let ends: Vec<String> = known.iter().map(end).collect();
        let near = nearest(name, ends.iter().map(String::as_str))?;
        known.iter().zip(&ends).find(|(_, end)| *end == near).map(|(known, _)| *known)
    };
    let help = nearest(name, known.iter().copied()).or_else(by_end).map_or_else(
        || format!("it has {}", listed(&known.iter().collect::<Vec<_>>(), "and")),
        |near| format!("did you mean `{near}`?"),
    );
    let app = sites.first().map(|app| app.app.as_str()).unwrap_or_default();
    Finding::new(&UNKNOWN_KEY_OF_APP, format!("`{app}` has nothing called `{name}`"), at.clone())
        .because("`--only` and `--except` take the names that a plan shows")
        .help(help)
}

fn nothing_left(sites: &[&AppSites], names: &[String], at: &Location) -> Finding {
    let app = sites.first().map(|app| app.app.as_str()).unwrap_or_default();
    let names = listed(&names.iter().collect::<Vec<_>>(), "and");
    let message = format!("`--except` leaves out all that moves of `{app}`");
    Finding::new(&NOTHING_LEFT, message, at.clone())
        .because(format!("it has nothing but {names}, and what goes with it"))
        .help("leave out less; `--only` names what is to move")
}

fn has_value(site: &Site) -> bool {
    site.value.as_ref().is_some_and(|value| !matches!(value, SiteValue::Moving(_)))
}

/// The finding that the rest of an app may go without what blocks it.
pub(super) fn rest_may_go(app: &str, held_up: &[&Key], at: &Location) -> Finding {
    let options: Vec<_> =
        held_up.iter().map(|key| format!("--except {}", shell_word(key.name()))).collect();
    let names = listed(held_up, "and");
    let (are, _) = number(held_up);
    let message = format!("only {names} of `{app}` {are} held up");
    Finding::new(&PART_MAY_GO, message, at.clone()).because("the rest could go by itself").help(
        format!(
            "`{}` promotes the rest, which was not tested with the old {}",
            options.join(" "),
            if held_up.len() == 1 { "one" } else { "ones" }
        ),
    )
}

/// The note that the rest of an app goes without what is held up.
pub(super) fn stays_behind(app: &str, held_up: &[&Key], at: &Location) -> Finding {
    let names = listed(held_up, "and");
    let (are, them) = number(held_up);
    let message = format!("{names} of `{app}` {are} held up, and the rest goes by itself");
    Finding::new(&PART_MAY_GO, message, at.clone())
        .because("`together: false` lets each go by itself")
        .help(format!("`rungs gates {app}` says what holds {them} up"))
}

/// The verb and the pronoun for so many keys.
fn number(keys: &[&Key]) -> (&'static str, &'static str) {
    if keys.len() == 1 { ("is", "it") } else { ("are", "them") }
}
