//! Adding an app to an environment that does not have it yet.

use std::collections::BTreeMap;

use super::SiteChange;
use super::propose::{Proposal, TargetSites, WantedValue, written};
use crate::sites::{AppSites, Key, Site, SiteValue, pair};
use crate::source::{RepoPath, Tree};
use crate::yaml::{Change, Dialect, Place, Route, Step, parse};

/// The path of an app's own file in an environment's directory.
pub(super) fn leaf(directory: &RepoPath, app: &str) -> RepoPath {
    directory.child(&format!("{app}.yaml"))
}

/// Proposes a new file with the references of the source: for each image the parts
/// that outer files do not set, the template's name if the source's own file names
/// it, and the promoted values. Anything else that differs between environments
/// has to be chosen by a person.
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
            wanted.extend(pair.targets.iter().map(|site| WantedValue::new(site, value.clone())));
        }
    }
    let mut proposal = written(target, &wanted);
    let path = leaf(directory, app);
    let mut edits = Vec::new();
    let template = template(source_tree, &leaf(source_directory, app));
    edits.extend(template.map(|text| insert(&[], "template", &text)));
    let mut new = BTreeMap::new();
    for site in &pairs.only_source {
        let insertions = insertions(site);
        if insertions.is_empty() {
            continue;
        }
        if let Some(value) = &site.value {
            new.insert(site.key.clone(), value.clone());
            proposal.changes.push(SiteChange {
                key: site.key.clone(),
                from: None,
                to: Some(value.clone()),
                path: path.clone(),
                line: 1,
            });
        }
        edits.extend(insertions);
    }
    edits.extend(proposal.edits.remove(&path).unwrap_or_default());
    proposal.edits.insert(path, edits);
    proposal.state = proposal.state.with(&new);
    proposal
}

/// The edits that create a site in an empty file.
fn insertions(site: &Site) -> Vec<Change> {
    match (&site.key, &site.value) {
        (Key::Image(name), Some(SiteValue::Image(image))) => {
            let parts =
                [("repository", &image.repository), ("tag", &image.tag), ("digest", &image.digest)];
            let value = parts.iter().filter_map(|(key, text)| Some((key, text.as_ref()?)));
            value.map(|(key, text)| insert(&["images", name], key, text)).collect()
        }
        (Key::Value(route), Some(SiteValue::Value(yaml) | SiteValue::Secret(yaml))) => {
            let Ok(route) = Route::parse(route) else { return Vec::new() };
            let Some((Step::Key(key), before)) = route.steps().split_last() else {
                return Vec::new();
            };
            let map = Place { document: 0, route: route_of(before) };
            vec![Change::SetYaml { map, key: key.clone(), yaml: yaml.clone() }]
        }
        // A pinned template is copied with the template's name.
        _ => Vec::new(),
    }
}

fn insert(map: &[&str], key: &str, text: &str) -> Change {
    let steps: Vec<_> = map.iter().map(|name| Step::Key((*name).to_owned())).collect();
    let map = Place { document: 0, route: route_of(&steps) };
    Change::Insert { map, key: key.to_owned(), text: text.to_owned() }
}

fn route_of(steps: &[Step]) -> Route {
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
