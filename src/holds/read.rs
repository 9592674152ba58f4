//! Reading holds from a repository's files.

use super::code::{EMPTY_HOLD, MISPLACED_HOLD};
use super::{Hold, directory, path};
use crate::config::{EnvironmentName, HoldFile, Repository, hold_file};
use crate::diagnostic::{Finding, Findings, nearest};
use crate::source::{Listed, Location, ReadErrorKind, RepoPath, Tree};

/// An app's own holds in an environment, with the file that they stand in.
pub(super) fn own(
    tree: &Tree,
    environment: &EnvironmentName,
    app: &str,
) -> Result<(Vec<Hold>, Option<HoldFile>), Findings> {
    let Some(path) = path(environment, app) else { return Ok((Vec::new(), None)) };
    let file = hold_file(tree, &path)?;
    let entries = file.iter().flat_map(|file| &file.entries);
    let empty = entries.clone().filter(|entry| entry.state.value.is_empty());
    let findings: Findings = empty.map(|entry| empty_hold(&entry.state.location)).collect();
    if findings.has_errors() {
        return Err(findings);
    }
    Ok((entries.map(|entry| Hold::of_entry(entry, environment, app)).collect(), file))
}

fn empty_hold(at: &Location) -> Finding {
    Finding::new(&EMPTY_HOLD, "the hold does not say what is held back", at.clone())
        .because("no key stands here")
        .help("name what is held back: `state: { frontend: \"v4\" }`")
}

/// Those of the holds that count against an app's entering an environment: its
/// own, and those of every environment before it on the ladder.
pub fn against<'h>(
    holds: &'h [Hold],
    repository: &Repository,
    environment: &EnvironmentName,
    app: &str,
) -> impl Iterator<Item = &'h Hold> {
    let counts = move |hold: &&Hold| counts_against(&hold.environment, repository, environment);
    holds.iter().filter(move |hold| hold.app == app).filter(counts)
}

/// The environments whose holds count against entering an environment.
pub fn environments_against<'r>(
    repository: &'r Repository,
    environment: &'r EnvironmentName,
) -> impl Iterator<Item = &'r EnvironmentName> {
    let names = repository.environments.iter().map(|one| &one.name);
    names.filter(move |one| counts_against(one, repository, environment))
}

fn counts_against(
    one: &EnvironmentName,
    repository: &Repository,
    environment: &EnvironmentName,
) -> bool {
    one == environment || repository.ladder.above(one).contains(environment)
}

/// Every hold of a repository: by environment, lowest rung first, and app.
///
/// # Errors
///
/// Every problem of every file below `.rungs/holds/`, one that nobody reads
/// included.
pub fn all(tree: &Tree, repository: &Repository) -> Result<Vec<Hold>, Findings> {
    let (holds, findings) = readable(tree, repository);
    if findings.has_errors() { Err(findings) } else { Ok(holds) }
}

/// Every hold that can be read, in the same order, and the problems of the others.
pub fn readable(tree: &Tree, repository: &Repository) -> (Vec<Hold>, Findings) {
    let mut holds = Vec::new();
    let mut findings = Findings::new();
    let directories = listed(tree, &directory(), &mut findings);
    for listed in &directories {
        if environment(repository, &listed.path).is_none() {
            findings.push(misplaced(repository, &listed.path, listed.is_directory));
        }
    }
    for environment in &repository.environments {
        let dotted = environment.name.dotted();
        let directory = directories.iter().find(|listed| listed.path.name() == dotted);
        let files = directory.map(|at| files(tree, &at.path, &mut findings));
        for path in files.into_iter().flatten() {
            let own = findings.keep(own(tree, &environment.name, path.stem()));
            holds.extend(own.into_iter().flat_map(|(holds, _)| holds));
        }
    }
    (holds, findings)
}

fn environment<'r>(repository: &'r Repository, path: &RepoPath) -> Option<&'r EnvironmentName> {
    let mut names = repository.environments.iter().map(|environment| &environment.name);
    names.find(|name| name.dotted() == path.name())
}

/// The files of holds in an environment's directory; anything else is reported.
fn files(tree: &Tree, directory: &RepoPath, findings: &mut Findings) -> Vec<RepoPath> {
    let listed = listed(tree, directory, findings);
    let is_file = |at: &Listed| {
        !at.is_directory && at.path.name().strip_suffix(".yaml").is_some_and(|app| !app.is_empty())
    };
    let (files, others): (Vec<_>, Vec<_>) = listed.into_iter().partition(is_file);
    for other in others {
        let message = format!("`{}` is not read", other.path);
        let finding = Finding::new(&MISPLACED_HOLD, message, Location::of_path(&other.path));
        findings.push(
            finding
                .because("holds stand in `<app>.yaml`")
                .help("name the file by its app, with the extension `.yaml`"),
        );
    }
    files.into_iter().map(|file| file.path).collect()
}

fn listed(tree: &Tree, directory: &RepoPath, findings: &mut Findings) -> Vec<Listed> {
    match tree.list(directory) {
        Ok(listed) => listed,
        Err(error) if matches!(error.kind, ReadErrorKind::Missing) => Vec::new(),
        Err(error) => {
            findings.push(Finding::of_read_error(&error, None));
            Vec::new()
        }
    }
}

/// The finding that a name below `.rungs/holds/` is not an environment.
fn misplaced(repository: &Repository, path: &RepoPath, is_directory: bool) -> Finding {
    let name = path.name();
    let dotted: Vec<_> =
        repository.environments.iter().map(|environment| environment.name.dotted()).collect();
    let below: Vec<_> = dotted
        .iter()
        .filter(|known| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
        .map(|known| format!("`{known}`"))
        .collect();
    let help = if !is_directory {
        "holds stand in `.rungs/holds/<environment>/<app>.yaml`".to_owned()
    } else if !below.is_empty() {
        format!("the `/` of an environment's name is a `.` here: {}", below.join(" or "))
    } else if let Some(near) = nearest(name, dotted.iter().map(String::as_str)) {
        format!("did you mean `{near}`?")
    } else {
        "the directory is named by its environment, with `.` for each `/`".to_owned()
    };
    Finding::new(
        &MISPLACED_HOLD,
        format!("`{name}` is not an environment"),
        Location::of_path(path),
    )
    .because("nobody reads what is held back here")
    .help(help)
}
