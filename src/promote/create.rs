//! An app that is not in the environment yet.

use std::collections::BTreeMap;

use super::SiteChange;
use super::propose::{Proposal, TargetSites, written};
use crate::sites::{AppSites, Key, Site, SiteValue, pair};
use crate::source::{RepoPath, Tree};
use crate::yaml::{Change, Dialect, Place, Route, Step, parse};

pub(super) fn leaf(directory: &RepoPath, app: &str) -> RepoPath {
    directory.child(&format!("{app}.yaml"))
}

/// The references of the source in a new file: of each image what outer files
/// do not say, the template's name where the source's own file says it, and the
/// values that are promoted. What else differs between environments nobody can
/// copy for a person.
pub(super) fn created(
    target: TargetSites<'_>,
    directory: &RepoPath,
    source: &AppSites,
    source_tree: &Tree,
    source_directory: &RepoPath,
) -> Proposal {
    let app = &target.app.app;
    let pairs = pair(source, target.app);
    let mut wanted = Vec::new();
    for pair in &pairs.both {
        if let Some(value) = &pair.source.value {
            wanted.extend(pair.targets.iter().map(|site| (*site, value.clone())));
        }
    }
    let mut proposal = written(target, &wanted);
    let path = leaf(directory, app);
    let mut edits = Vec::new();
    let template = template(source_tree, &leaf(source_directory, app));
    edits.extend(template.map(|text| insert(&[], "template", &text)));
    let mut new = BTreeMap::new();
    for site in &pairs.only_source {
        let made = made(site);
        if made.is_empty() {
            continue;
        }
        if let Some(value) = &site.value {
            new.insert(site.key.clone(), value.clone());
            proposal.changes.push(SiteChange {
                key: site.key.clone(),
                from: None,
                to: value.clone(),
                path: path.clone(),
                line: 1,
            });
        }
        edits.extend(made);
    }
    edits.extend(proposal.edits.remove(&path).unwrap_or_default());
    proposal.edits.insert(path, edits);
    proposal.state = proposal.state.with(&new);
    proposal
}

/// What makes a site in an empty file.
fn made(site: &Site) -> Vec<Change> {
    match (&site.key, &site.value) {
        (Key::Image(name), Some(SiteValue::Image(image))) => {
            let parts =
                [("repository", &image.repository), ("tag", &image.tag), ("digest", &image.digest)];
            let value = parts.iter().filter_map(|(key, text)| Some((key, text.as_ref()?)));
            value.map(|(key, text)| insert(&["images", name], key, text)).collect()
        }
        (Key::Value(route), Some(SiteValue::Value(yaml))) => {
            let Ok(route) = Route::parse(route) else { return Vec::new() };
            let Some((Step::Key(key), before)) = route.steps().split_last() else {
                return Vec::new();
            };
            let map = Place { document: 0, route: of_steps(before) };
            vec![Change::Become { map, key: key.clone(), yaml: yaml.clone() }]
        }
        // A pinned template stands in the source's file as its template does.
        _ => Vec::new(),
    }
}

fn insert(map: &[&str], key: &str, text: &str) -> Change {
    let steps: Vec<_> = map.iter().map(|name| Step::Key((*name).to_owned())).collect();
    let map = Place { document: 0, route: of_steps(&steps) };
    Change::Insert { map, key: key.to_owned(), text: text.to_owned() }
}

fn of_steps(steps: &[Step]) -> Route {
    let mut route = Route::root();
    for step in steps {
        route.push(step.clone());
    }
    route
}

/// The template that the source's own file names, with its pin.
fn template(tree: &Tree, leaf: &RepoPath) -> Option<String> {
    let file = tree.read(leaf).ok()?;
    let documents = parse(&file, Dialect::Kubectl).ok()?;
    Some(documents.first()?.root().get("template")?.as_str()?.to_owned())
}
