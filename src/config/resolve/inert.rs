//! Settings that are read and checked, and that nothing acts on yet.

use crate::config::directories::Directory;
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::Location;
use crate::yaml::Node;

codes! {
    /// A setting that does nothing yet.
    ///
    /// This version of rungs reads and checks the setting, and does not act on it. A
    /// repository may have it already, so that a later version finds it; until then nobody
    /// should rely on it.
    ///
    /// | setting | what it will do |
    /// | --- | --- |
    /// | `kubernetes` beside `sites` | the version that manifests are judged by |
    /// | `policies`: `replicas` | a finding where a workload has too few |
    /// | `network`, `calls` | NetworkPolicies, and the proof that environments are isolated |
    /// | `forge`: `kind`, `url`, `repository`, `token` | pull requests |
    SETTING_WITHOUT_EFFECT = "setting-without-effect", Input, Warning;
}

/// The settings of `rungs.yaml` without effect, `*` for every environment or tier.
const OF_REPOSITORY: [&[&str]; 7] = [
    &["network"],
    &["policies", "*", "replicas"],
    &["environments", "*", "network"],
    &["forge", "kind"],
    &["forge", "url"],
    &["forge", "repository"],
    &["forge", "token"],
];

/// Those that only what is rendered is judged by, where nothing is.
const OF_ADOPTED: [&[&str]; 2] = [&["kubernetes"], &["environments", "*", "kubernetes"]];

/// Those of `environment.yaml`.
const OF_ENVIRONMENT: [&[&str]; 1] = [&["network"]];

/// Those of an app's file.
const OF_APP: [&[&str]; 1] = [&["calls"]];

/// The number of places that the finding shows.
const MOST_SHOWN: usize = 3;

/// Reports the settings that nothing acts on yet, all at once.
pub(super) fn report(settings: Option<Node<'_>>, root: Option<&Directory>, to: &mut Findings) {
    let mut places = InertSettings(Vec::new());
    if let Some(settings) = settings {
        if settings.get("sites").is_some() {
            places.find(settings, &OF_ADOPTED);
        }
        places.find(settings, &OF_REPOSITORY);
    }
    if let Some(root) = root {
        places.below(root);
    }
    to.extend(finding(&places.0));
}

/// The places of each setting without effect.
struct InertSettings(Vec<(String, Vec<Location>)>);

impl InertSettings {
    fn below(&mut self, directory: &Directory) {
        if let Some(file) = &directory.environment {
            self.find(file.root(), &OF_ENVIRONMENT);
        }
        for file in directory.apps.values() {
            self.find(file.read.root(), &OF_APP);
        }
        directory.children.iter().for_each(|child| self.below(child));
    }

    fn find(&mut self, root: Node<'_>, settings: &[&[&str]]) {
        for keys in settings {
            self.follow(root, keys, keys);
        }
    }

    fn follow(&mut self, at: Node<'_>, left: &[&str], whole: &[&str]) {
        match left {
            ["*", rest @ ..] => {
                for (_, value) in at.entries() {
                    self.follow(value, rest, whole);
                }
            }
            [last] => {
                let entry = at.entry(last).filter(|(_, value)| !value.is_null());
                if let Some((key, _)) = entry {
                    self.add(whole, key.location());
                }
            }
            [key, rest @ ..] => {
                if let Some(value) = at.get(key) {
                    self.follow(value, rest, whole);
                }
            }
            [] => {}
        }
    }

    /// Adds a place. The settings of environments count as one with the repository's.
    fn add(&mut self, keys: &[&str], at: Location) {
        let name = match keys {
            ["environments", _, name] => (*name).to_owned(),
            ["policies", _, name] => format!("policies.{name}"),
            keys => keys.join("."),
        };
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, places)) => places.push(at),
            None => self.0.push((name, vec![at])),
        }
    }
}

fn finding(settings: &[(String, Vec<Location>)]) -> Option<Finding> {
    let names: Vec<_> = settings.iter().map(|(name, _)| format!("`{name}`")).collect();
    let message = match names.as_slice() {
        [] => return None,
        [one] => format!("the setting {one} has no effect yet"),
        [all @ .., last] => {
            format!("the settings {} and {last} have no effect yet", all.join(", "))
        }
    };
    // Each setting is shown once before any is shown again.
    let first = settings.iter().filter_map(|(_, places)| places.first());
    let more = settings.iter().flat_map(|(_, places)| places.iter().skip(1));
    let mut places = first.chain(more);
    let finding = Finding::new(&SETTING_WITHOUT_EFFECT, message, places.next()?.clone())
        .because("nothing acts on it yet")
        .help("leave it for a later version, which will act on it, and do not rely on it now");
    let shown = places.take(MOST_SHOWN - 1);
    Some(shown.fold(finding, |finding, place| finding.label(place.clone(), "nor on this")))
}
