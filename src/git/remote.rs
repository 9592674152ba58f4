//! The remote that changes go to.

use std::fmt;

use super::branch::Branch;
use super::code::{NO_REMOTE, SEVERAL_REMOTES, UNKNOWN_REMOTE};
use super::config::GitConfig;
use crate::diagnostic::{Finding, harmless, nearest};
use crate::source::{Location, without_credentials};

/// A remote that the clone knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote(String);

impl Remote {
    /// The remote that is requested, else `origin`, else the only one; none if
    /// the clone has none and none is requested.
    pub fn of(requested: Option<&str>, config: &GitConfig) -> Result<Option<Self>, Finding> {
        let known = names(config);
        match (requested, known.as_slice()) {
            (Some(requested), known) if known.contains(&requested) => {
                Ok(Some(Self(requested.to_owned())))
            }
            (Some(requested), known) => Err(unknown(requested, known)),
            (None, known) if known.contains(&"origin") => Ok(Some(Self("origin".to_owned()))),
            (None, [only]) => Ok(Some(Self((*only).to_owned()))),
            (None, []) => Ok(None),
            (None, several) => Err(several_known(several)),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The configured address, which may have credentials in it.
    pub(super) fn url<'c>(&self, config: &'c GitConfig) -> &'c str {
        config.get(&format!("remote.{}.url", self.0)).unwrap_or_default()
    }

    /// The configured address, without credentials.
    pub fn address<'s>(&self, config: &'s GitConfig) -> std::borrow::Cow<'s, str> {
        without_credentials(self.url(config))
    }

    /// The remotes of a clone.
    pub(super) fn all(config: &GitConfig) -> Vec<Self> {
        names(config).into_iter().map(|name| Self(name.to_owned())).collect()
    }

    /// The reference of this clone that says where a branch was last seen. A
    /// mirror's branches are its own; a branch that no refspec maps may still
    /// have been fetched by hand.
    pub(super) fn last_seen(&self, branch: &Branch, config: &GitConfig) -> String {
        let mapped = self.mapped(branch, config);
        mapped.unwrap_or_else(|| format!("refs/remotes/{}/{}", self.0, branch.name()))
    }

    /// The reference that the remote's refspecs map a branch to.
    pub(super) fn mapped(&self, branch: &Branch, config: &GitConfig) -> Option<String> {
        let from = branch.reference();
        let specs = config.all(&format!("remote.{}.fetch", self.0));
        specs.into_iter().find_map(|spec| {
            let (source, target) = spec.trim_start_matches('+').split_once(':')?;
            match (source.strip_suffix('*'), target.strip_suffix('*')) {
                (Some(source), Some(target)) => {
                    from.strip_prefix(source).map(|rest| format!("{target}{rest}"))
                }
                _ => (source == from).then(|| target.to_owned()),
            }
        })
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&harmless(&self.0))
    }
}

/// The names of a clone's remotes. A name that starts with a dash would be an
/// option to git, and is left out.
fn names(config: &GitConfig) -> Vec<&str> {
    let mut names = config.subsections("remote", "url");
    names.retain(|name| !name.starts_with('-'));
    names
}

pub(super) fn no_remote() -> Finding {
    Finding::new(&NO_REMOTE, "the clone has no remote", Location::of_repository())
        .help("add one with `git remote add origin URL`")
}

fn unknown(requested: &str, known: &[&str]) -> Finding {
    let message = format!("the clone has no remote `{}`", harmless(requested));
    let suggestion = nearest(requested, known.iter().copied());
    let help = suggestion.map(|name| format!("did you mean `{}`?", harmless(name)));
    let all = format!("it has {}", listed(known));
    Finding::new(&UNKNOWN_REMOTE, message, Location::of_repository())
        .maybe_help(help.or((!known.is_empty()).then_some(all)))
}

fn several_known(known: &[&str]) -> Finding {
    let message = format!("the clone has several remotes and none is `origin`: {}", listed(known));
    Finding::new(&SEVERAL_REMOTES, message, Location::of_repository())
        .help("name one with `--remote`")
}

fn listed(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{}`", harmless(name))).collect();
    names.join(", ")
}
