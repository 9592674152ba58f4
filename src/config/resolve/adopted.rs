//! The environments of a repository with a layout of its own.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::environment::{ResolvedEnvironment, app_names};
use super::native::NO_ENVIRONMENTS;
use crate::config::gates;
use crate::config::known::{Known, Waves};
use crate::config::ladder::{AfterFile, RungFile};
use crate::config::lists::{empty_list, report_twice};
use crate::config::network::{Network, Within};
use crate::config::policies::Tier;
use crate::config::raw::{AdoptedEnvironmentFile, RepositoryFile, Selection};
use crate::config::sourced::Sourced;
use crate::config::syntax::{DnsLabel, EnvironmentName};
use crate::config::valid::{Environment, Generate};
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::{Location, RepoPath};

codes! {
    /// An environment whose clusters are given twice.
    ///
    /// `waves` lists the clusters of an environment, each once, in the order in which they are
    /// entered. An environment on one cluster has `cluster` instead.
    ///
    /// ```yaml
    /// environments:
    ///   prod: { waves: [[eu-1], [eu-2, us-1]] }     # right: `prod/eu-1` first, then the other two
    ///   prod: { waves: [[eu-1]], cluster: eu-1 }    # wrong
    /// ```
    WAVES = "waves-and-cluster", Input, Error;

    /// Two environments have the same name in paths.
    ///
    /// `{environment}` in the path of a site stands for the environment's name,
    /// or for its `path`. If two environments had the same spelling, each file would
    /// belong to both. If paths cannot distinguish an environment's files, name it with
    /// `environment` of the site instead; it then needs no `path`.
    ///
    /// ```yaml
    /// environments:
    ///   prod-eu: { path: production }         # wrong
    ///   prod-us: { path: production }
    ///   prod-eu: { path: production/eu }      # right
    ///   prod-us: { path: production/us }
    /// ```
    SAME_SPELLING = "same-spelling", Input, Error;

    /// Environments in `rungs.yaml` of a native repository.
    ///
    /// If `rungs.yaml` does not declare `sites`, the directories below
    /// `environments/` are the environments, and each has its settings in its
    /// own `environment.yaml`. `environments` in `rungs.yaml` is for repositories
    /// with a layout of their own, which say with `sites` where image references
    /// are.
    ///
    /// ```yaml
    /// # environments/prod/environment.yaml
    /// tier: production
    /// ```
    MISPLACED_ENVIRONMENTS = "misplaced-environments", Input, Error;
}

/// The environments that the ladder or `environments` names.
pub(super) fn environments<'d>(
    settings: Option<&RepositoryFile>,
    findings: &mut Findings,
) -> (Vec<ResolvedEnvironment>, Known<'d>) {
    let (declared, waves) =
        settings.map(|settings| declared(settings, findings)).unwrap_or_default();
    report_same_spelling(&declared, findings);
    let resolved: Vec<_> =
        declared.iter().map(|(name, one)| environment(name, one, findings)).collect();
    if let Some(settings) = settings.filter(|_| resolved.is_empty())
        && !findings.has_errors()
    {
        findings.extend(none_named(settings));
    }
    let names = resolved.iter().map(|one| one.environment.name.clone());
    let known = Known::new(names, None).with_waves(waves);
    (resolved, known)
}

/// A named environment, or a cluster of one that has several.
struct Declared<'a> {
    /// Its place: the entry in `environments`, else its rung.
    location: &'a Location,
    file: Option<&'a AdoptedEnvironmentFile>,
    /// The environment's name, if this is one of its clusters, and the cluster.
    of: Option<(&'a EnvironmentName, &'a Sourced<DnsLabel>)>,
    /// The clusters of the wave before.
    before: Rc<[Sourced<EnvironmentName>]>,
}

impl<'a> Declared<'a> {
    fn new(location: &'a Location, file: Option<&'a AdoptedEnvironmentFile>) -> Self {
        Self { location, file, of: None, before: Rc::default() }
    }

    /// The cluster that it runs on.
    fn cluster(&self) -> Option<&str> {
        let own = self.file.and_then(|file| file.cluster.as_ref());
        let own = own.map(|cluster| cluster.value.0.as_str());
        self.of.map(|(_, cluster)| cluster.value.0.as_str()).or(own)
    }
}

impl Declared<'_> {
    fn spelling<'s>(&'s self, name: &'s EnvironmentName) -> &'s str {
        let name = self.of.map_or(name, |(group, _)| group);
        let path = self.file.and_then(|file| file.path.as_ref());
        path.map_or(name.as_str(), |path| &path.value.0)
    }

    /// The place of its spelling.
    fn place(&self) -> &Location {
        let path = self.file.and_then(|file| file.path.as_ref());
        path.map_or(self.location, |path| &path.location)
    }
}

/// The environments, each of the clusters of one that has several, and the waves of these.
fn declared<'s>(
    settings: &'s RepositoryFile,
    findings: &mut Findings,
) -> (IndexMap<EnvironmentName, Declared<'s>>, Waves) {
    let rungs = settings.ladder.iter().flat_map(|ladder| &ladder.value);
    let on_ladder = rungs.flat_map(|rung| match &rung.value {
        RungFile::One(name) => std::slice::from_ref(name),
        RungFile::Several(names) => names,
    });
    let mut declared: IndexMap<_, _> =
        on_ladder.map(|name| (&name.value, Declared::new(&name.location, None))).collect();
    let entries = settings.environments.iter().flat_map(|map| &map.value.0);
    declared.extend(entries.map(|(name, file)| {
        let file = file.as_ref().map(|file| &file.value);
        (&name.value, Declared::new(&name.location, file))
    }));
    let mut all = IndexMap::new();
    let mut waves = Waves::new();
    for (name, one) in declared {
        let own = clusters(name, &one, findings);
        if own.is_empty() {
            all.insert(name.clone(), one);
            continue;
        }
        let names = |wave: &Vec<(EnvironmentName, _)>| {
            wave.iter().map(|(cluster, _)| cluster.clone()).collect()
        };
        waves.insert(name.clone(), own.iter().map(names).collect());
        all.extend(own.into_iter().flatten());
    }
    (all, waves)
}

/// The clusters of an environment by wave; none if it has no waves.
fn clusters<'s>(
    name: &'s EnvironmentName,
    one: &Declared<'s>,
    findings: &mut Findings,
) -> Vec<Vec<(EnvironmentName, Declared<'s>)>> {
    let waves = one.file.and_then(|file| file.waves.as_ref());
    let Some(waves) = waves else { return Vec::new() };
    if let Some(cluster) = one.file.and_then(|file| file.cluster.as_ref()) {
        findings.push(
            Finding::new(
                &WAVES,
                format!("`{name}` has `cluster` and `waves`"),
                cluster.location.clone(),
            )
            .because("one cluster")
            .label(waves.location.clone(), "and several")
            .help("remove one of the two"),
        );
    }
    let all: Vec<_> = waves.value.iter().flat_map(|wave| wave.value.iter().cloned()).collect();
    report_twice(&all, |cluster| cluster.0.as_str(), "cluster", findings);
    for list in waves.value.iter().filter(|wave| wave.value.is_empty()) {
        findings.push(empty_list("waves", "a wave without clusters", &list.location));
    }
    if all.is_empty() {
        return Vec::new();
    }
    let mut clusters = Vec::new();
    let mut before: Rc<[Sourced<EnvironmentName>]> = Rc::default();
    let mut known = HashSet::new();
    for wave in &waves.value {
        let own: Vec<_> = wave.value.iter().filter(|one| known.insert(&one.value.0)).collect();
        let declared = own.iter().map(|&cluster| {
            let (of, before) = (Some((name, cluster)), Rc::clone(&before));
            (name.cluster(&cluster.value), Declared { of, before, ..*one })
        });
        clusters.push(declared.collect());
        let named = own.iter().map(|cluster| {
            let value = name.cluster(&cluster.value);
            Sourced { value, location: cluster.location.clone() }
        });
        before = named.collect();
    }
    clusters
}

fn environment(
    name: &EnvironmentName,
    declared: &Declared<'_>,
    findings: &mut Findings,
) -> ResolvedEnvironment {
    let file = declared.file;
    let environment = Environment {
        name: name.clone(),
        directory: RepoPath::root(),
        spelling: declared.spelling(name).to_owned(),
        location: declared.location.clone(),
        tier: file.and_then(|file| file.tier.as_ref()).map_or(Tier::Preprod, |tier| tier.value),
        kubernetes: file.and_then(|file| file.kubernetes.clone()),
        select: file
            .and_then(|file| file.select.as_ref())
            .map_or(Selection::Current, |select| select.value),
        skip: app_names(file.and_then(|file| file.skip.as_ref())),
        retag: file.and_then(|file| file.retag.clone()),
        enters: app_names(file.and_then(|file| file.enters.as_ref())),
        cluster: declared.cluster().map(str::to_owned),
        group: declared.of.map(|(group, _)| group.clone()),
        labels: IndexMap::new(),
        quota: None,
        limits: None,
        access: Vec::new(),
        generate: Generate { namespaces: false, network: false },
        network: Network { within: Within::Declared, ingress: Vec::new(), egress: Vec::new() },
        gates: gates::resolve(file.and_then(|file| file.gates.as_ref()), findings),
        apps: Vec::new(),
        app_names: Arc::default(),
    };
    let after = file.and_then(|file| file.after.clone());
    // A later wave comes after the one before it, wherever the first is.
    let after = after.map(|after| match &*declared.before {
        [] => after,
        before => Sourced { value: AfterFile::List(before.to_vec()), location: after.location },
    });
    ResolvedEnvironment { environment, after, is_literal: Vec::new() }
}

fn report_same_spelling(
    declared: &IndexMap<EnvironmentName, Declared<'_>>,
    findings: &mut Findings,
) {
    let mut spelled = HashMap::new();
    for (name, one) in declared {
        match spelled.entry((one.spelling(name), one.cluster())) {
            Entry::Vacant(place) => {
                place.insert((name, one));
            }
            Entry::Occupied(earlier) => {
                let (other, earlier) = *earlier.get();
                let spelling = one.spelling(name);
                let message = format!("`{other}` and `{name}` are both spelled `{spelling}`");
                findings.push(
                    Finding::new(&SAME_SPELLING, message, one.place().clone())
                        .because(format!("the spelling of `{name}` in paths"))
                        .label(earlier.place().clone(), format!("and that of `{other}`"))
                        .help("give one of them another `path`"),
                );
            }
        }
    }
}

fn none_named(settings: &RepositoryFile) -> Option<Finding> {
    let at = settings.sites.as_ref()?.location.clone();
    let finding = Finding::new(&NO_ENVIRONMENTS, "there are no environments", at)
        .because("sites belong to environments")
        .help("name them from the lowest to the highest: `ladder: [staging, production]`");
    Some(finding)
}

/// Reports environments in a `rungs.yaml` that does not declare sites.
pub(super) fn report_misplaced(settings: Option<&RepositoryFile>, findings: &mut Findings) {
    let Some(environments) = settings.and_then(|settings| settings.environments.as_ref()) else {
        return;
    };
    let first = environments.value.0.first().map(|(name, _)| name.value.as_str());
    let file = format!("environments/{}/environment.yaml", first.unwrap_or("qa"));
    findings.push(
        Finding::new(
            &MISPLACED_ENVIRONMENTS,
            "`rungs.yaml` has `environments` but no `sites`",
            environments.location.clone(),
        )
        .because("only a repository with `sites` has its environments here")
        .help(format!(
            "say with `sites` where image references are, or put the settings into `{file}`"
        )),
    );
}
