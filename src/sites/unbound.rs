//! Environments that no file belongs to: their names may be mistakes.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use super::code::UNBOUND_ENVIRONMENT;
use super::{Model, files};
use crate::config::{EnvironmentName, Repository, SiteRule};
use crate::diagnostic::{Finding, nearest};
use crate::source::Tree;

/// The environments that no file of a tree belongs to. All are looked for when the first is
/// asked about: one by one, each would search the tree again.
pub struct UnboundEnvironments<'a> {
    repository: &'a Repository,
    tree: &'a Tree,
    found: Rc<FoundUnbound>,
}

/// What was found of the environments without files, for whoever asks about the same files again.
#[derive(Default)]
pub struct FoundUnbound {
    names: OnceCell<HashSet<EnvironmentName>>,
    /// The directories that would belong to environments of their names, if there were any.
    others: OnceCell<BTreeSet<String>>,
}

impl<'a> UnboundEnvironments<'a> {
    /// Those of a tree, by this configuration.
    pub fn new(repository: &'a Repository, tree: &'a Tree) -> Self {
        Self::known(repository, tree, Rc::default())
    }

    /// The same, of files of which `found` may say more.
    pub fn known(repository: &'a Repository, tree: &'a Tree, found: Rc<FoundUnbound>) -> Self {
        Self { repository, tree, found }
    }

    /// Whether an environment is one of them.
    pub fn contains(&self, environment: &EnvironmentName) -> bool {
        let names = self.found.names.get_or_init(|| Model::unbound(self.repository, self.tree));
        names.contains(environment)
    }

    /// The finding that no file belongs to an environment, although the configuration names
    /// it; none if one does.
    pub fn finding(&self, environment: &EnvironmentName) -> Option<Finding> {
        if !self.contains(environment) {
            return None;
        }
        let declared = || self.repository.environment(environment).map(|one| &one.location);
        let location = self.repository.ladder.location(environment).or_else(declared)?;
        let others =
            self.found.others.get_or_init(|| Model::other_spellings(self.repository, self.tree));
        let near = nearest(environment.as_str(), others.iter().map(String::as_str));
        let only = others.first().filter(|_| others.len() == 1).map(String::as_str);
        let near = near.or(only);
        let clusters = without_clusters(self.repository, self.tree, environment)
            .filter(|clusters| clusters.are_there || near.is_none());
        let help = match (clusters, near) {
            (Some(clusters), _) => clusters.help,
            (None, Some(near)) => format!(
                "did you mean `{near}`? If paths spell it so, say `environments: {{ {environment}: \
                 {{ path: {near} }} }}`"
            ),
            (None, None) => {
                "correct its name, or take it off the ladder until it has a file".to_owned()
            }
        };
        let message = format!("no file belongs to the environment `{environment}`");
        Some(
            Finding::new(&UNBOUND_ENVIRONMENT, message, location.clone())
                .because("no file that `sites` names is in it")
                .help(help),
        )
    }
}

/// An environment without clusters that an entry with `{cluster}` in its path is of.
struct WithoutClusters {
    help: String,
    /// Whether there are directories that look like those of clusters.
    are_there: bool,
}

fn without_clusters(
    repository: &Repository,
    tree: &Tree,
    environment: &EnvironmentName,
) -> Option<WithoutClusters> {
    let one = repository.environment(environment).filter(|one| one.cluster.is_none())?;
    let is_of = |rule: &&SiteRule| {
        rule.path.value.names_cluster()
            && rule.environment.as_ref().is_none_or(|name| one.is_called(name))
    };
    let path = &repository.sites.iter().find(is_of)?.path.value;
    let names = files::clusters(tree, path, &one.spelling);
    let waves: Vec<_> = match &names[..] {
        [] => ["[CLUSTER]", "[CLUSTER]"].map(str::to_owned).into(),
        names => names.iter().map(|name| format!("[{name}]")).collect(),
    };
    let help = format!(
        "`{{cluster}}` in `{path}` stands for clusters, and `{environment}` has none: say \
         `environments: {{ {environment}: {{ waves: [{}] }} }}`",
        waves.join(", ")
    );
    Some(WithoutClusters { help, are_there: !names.is_empty() })
}
