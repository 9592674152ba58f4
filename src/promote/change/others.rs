//! What a change of an adopted repository changes besides references and values.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::proposed::{ChangeSide, ProposedChange};
use crate::config::Repository;
use crate::diagnostic::{Finding, Findings};
use crate::promote::code::OTHER_CHANGE;
use crate::sites::{Model, ModelScope};
use crate::source::{Location, RepoPath, SourceFile};
use crate::yaml::{self, Dialect};

/// The files of environments that change in a way that no gate judges, one finding each.
/// A native repository is rendered instead.
pub(super) fn changes(repository: &Repository, change: &ProposedChange<'_>) -> Findings {
    if repository.is_native() {
        return Findings::new();
    }
    let roots = Model::empty(repository, &ModelScope::all()).paths();
    let is_of_environment = |path: &&RepoPath| {
        repository.environments.iter().any(|environment| {
            let mut rules = repository.sites.iter();
            rules.any(|rule| rule.claims(&environment.name, &environment.spelling, path))
                || environment.is_spelled_in(path) && roots.iter().any(|root| path.is_within(root))
        })
    };
    let files = change.files.iter().filter(is_of_environment);
    files.filter_map(|path| unjudged(path, change)).collect()
}

/// The first line of a file that changes and has no site.
fn unjudged(path: &RepoPath, change: &ProposedChange<'_>) -> Option<Finding> {
    let file = |side: ChangeSide<'_>| side.tree.read(path).ok();
    let (before, after) = (file(change.before), file(change.after));
    let sites = [change.before, change.after].map(|side| lines_of_sites(side, path));
    // A file that comes or goes is judged by what its sites say.
    if before.is_none() && !sites[1].is_empty() || after.is_none() && !sites[0].is_empty() {
        return None;
    }
    let lines = |file: Option<&Arc<SourceFile>>, sites: &BTreeSet<u32>| {
        let text = file.map(|file| file.text().to_owned()).unwrap_or_default();
        let lines = (1..).zip(text.lines().map(str::to_owned).collect::<Vec<_>>());
        lines.filter(|(number, _)| !sites.contains(number)).collect::<Vec<(u32, String)>>()
    };
    let (old, new) = (lines(before.as_ref(), &sites[0]), lines(after.as_ref(), &sites[1]));
    let same = old.iter().zip(&new).take_while(|(old, new)| old.1 == new.1).count();
    if same == old.len() && same == new.len() && (before.is_some() || after.is_some()) {
        return None;
    }
    let location = match (new.get(same), &after) {
        (Some((line, _)), Some(after)) => Location::new(after, after.line(*line)),
        _ => Location::of_path(path),
    };
    let message = format!("`{path}` also changes where no gate judges it");
    Some(Finding::new(&OTHER_CHANGE, message, location).because("has no site"))
}

/// The lines with parts of sites.
fn lines_of_sites(side: ChangeSide<'_>, path: &RepoPath) -> BTreeSet<u32> {
    let Some(documents) =
        side.tree.read(path).ok().and_then(|file| yaml::parse(&file, Dialect::Kubectl).ok())
    else {
        return BTreeSet::new();
    };
    let sites = side.sites_in(path).into_iter();
    let places = sites.flat_map(|site| site.parts).map(|part| part.at);
    let lines = places.filter_map(|place| {
        let node = place.route.find(documents.get(place.document)?.root())?;
        Some(node.location().start().line..=node.location().end().line)
    });
    lines.flatten().collect()
}
