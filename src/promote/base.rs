//! What a change is computed for.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use jiff::Timestamp;

use super::gates::{Evidence, Facts};
use crate::config::{EnvironmentName, Repository};
use crate::diagnostic::Finding;
use crate::git::{HistoryError, ObjectName};
use crate::history::{BranchDates, History, Source, Tenure};
use crate::holds::{self, Hold};
use crate::sites::{
    AppInstance, AppSites, FoundUnbound, Model, ModelScope, Site, State, UnboundEnvironments,
};
use crate::source::{RevisionError, Tree};

/// One commit, or the work tree, with everything that is known about it: what a
/// change is judged by, and nothing else.
pub struct Base<'a> {
    /// The commit; none for the work tree.
    pub commit: Option<ObjectName>,
    /// Its files.
    pub tree: &'a Tree,
    /// Its configuration.
    pub repository: &'a Repository,
    /// Its sites, in every environment, of the apps in question.
    pub model: &'a Model,
    /// What is known of its past.
    pub history: &'a dyn History,
    /// All holds.
    pub holds: Vec<Hold>,
    /// What the forge knows; none if it was not asked.
    pub forge: Option<&'a dyn Facts>,
    /// The time of the run.
    pub now: Timestamp,
    /// The sites of each app that was looked up.
    sites: RefCell<HashMap<EnvironmentName, FoundApps>>,
    /// The environments that no file belongs to.
    pub(super) unbound: UnboundEnvironments<'a>,
    whole: Rc<WholeTree>,
}

/// What findings need of all apps of a tree, whichever were asked for. Each is found when the
/// first finding needs it, for all that follow.
#[derive(Default)]
pub(super) struct WholeTree {
    unbound: Rc<FoundUnbound>,
    shared: OnceCell<BTreeMap<AppInstance, Vec<Site>>>,
    apps: OnceCell<BTreeSet<String>>,
}

impl WholeTree {
    /// What stays true of it once files have other texts: which environments have files.
    pub(super) fn with_other_texts(&self) -> Self {
        Self { unbound: Rc::clone(&self.unbound), ..Self::default() }
    }
}

/// The sites of each app of an environment that was looked up; none if it does not have
/// the app.
type FoundApps = HashMap<String, Option<Rc<AppSites>>>;

impl<'a> Base<'a> {
    /// Creates the base of a commit, or of the work tree if there is none. `holds` are all of
    /// its holds: going on without some would let in what they hold back.
    pub fn new(
        commit: Option<ObjectName>,
        tree: &'a Tree,
        repository: &'a Repository,
        model: &'a Model,
        history: &'a dyn History,
        holds: Vec<Hold>,
        now: Timestamp,
    ) -> Self {
        let (forge, sites) = (None, RefCell::default());
        let unbound = UnboundEnvironments::new(repository, tree);
        let whole = Rc::default();
        Self { commit, tree, repository, model, history, holds, forge, now, sites, unbound, whole }
    }

    /// The same base, of whose tree that may be known already.
    pub(super) fn with_whole(self, whole: Rc<WholeTree>) -> Self {
        let unbound =
            UnboundEnvironments::known(self.repository, self.tree, Rc::clone(&whole.unbound));
        Self { unbound, whole, ..self }
    }

    /// The sites of an app in an environment that are only in files which other environments
    /// use as well.
    pub(super) fn shared(&self, instance: &AppInstance) -> &[Site] {
        let find = || {
            let all = Model::of_tree(self.repository, self.tree, &ModelScope::all());
            all.shared(self.tree)
        };
        self.whole.shared.get_or_init(find).get(instance).map_or(&[], Vec::as_slice)
    }

    /// The apps that any environment has.
    pub(super) fn apps_anywhere(&self) -> &BTreeSet<String> {
        self.whole.apps.get_or_init(|| Model::apps_anywhere(self.repository, self.tree))
    }

    /// The same base with another configuration, which differs in the settings of apps.
    pub(super) fn configured_by<'c>(self, repository: &'c Repository) -> Base<'c>
    where
        'a: 'c,
    {
        Base { repository, whole: Rc::default(), ..self }
    }

    /// The files at a source's commit.
    ///
    /// # Errors
    ///
    /// The commit is not in this clone, or cannot be read.
    pub(super) fn tree_of(&self, source: &Source) -> Result<Tree, RevisionError> {
        match &source.commit {
            Some(commit) if self.commit.as_ref() != Some(commit) => self.tree.at(commit.as_str()),
            _ => Ok(self.tree.clone()),
        }
    }

    /// The commit that a template's tag leads to; none if it is pinned to a commit, or if the
    /// tag is not in this clone.
    pub(super) fn commit_of_pin(&self, pin: &str) -> Option<String> {
        if ObjectName::parse(pin).is_some() {
            return None;
        }
        self.tree.at(pin).ok()?.revision().map(str::to_owned)
    }

    /// An app's sites in a source at its commit, read by this configuration; none if
    /// it did not have the app.
    ///
    /// # Errors
    ///
    /// The commit is not in this clone, or cannot be read.
    pub(super) fn app_at(
        &self,
        source: &Source,
        app: &str,
    ) -> Result<Option<Rc<AppSites>>, RevisionError> {
        let environment = &source.environment;
        if source.commit.is_none() || source.commit == self.commit {
            return Ok(self.app(environment, app));
        }
        let scope = ModelScope::app(app, [environment.clone()]);
        let model = Model::of_tree(self.repository, &self.tree_of(source)?, &scope);
        Ok(model.app(environment, app).map(Rc::new))
    }

    /// An app's sites in an environment; none if it does not have the app.
    pub fn app(&self, environment: &EnvironmentName, app: &str) -> Option<Rc<AppSites>> {
        let known = self.sites.borrow().get(environment).and_then(|apps| apps.get(app).cloned());
        known.unwrap_or_else(|| {
            let found = self.model.app(environment, app).map(Rc::new);
            let mut sites = self.sites.borrow_mut();
            let apps = sites.entry(environment.clone()).or_default();
            apps.insert(app.to_owned(), found.clone());
            found
        })
    }
}

impl Evidence for Base<'_> {
    fn tenures<'e>(
        &'e self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Tenure, HistoryError>> + 'e> {
        self.history.tenures(environment, app)
    }

    fn current(&self, environment: &EnvironmentName, app: &str) -> Option<State> {
        self.app(environment, app)?.state.as_ref().ok().cloned()
    }

    fn has(&self, environment: &EnvironmentName, app: &str) -> bool {
        self.app(environment, app).is_some_and(|found| found.state.is_ok())
    }

    fn unreadable(&self, environment: &EnvironmentName, app: &str) -> Option<Finding> {
        let sites = self.app(environment, app)?;
        sites.state.as_ref().err()?.iter().find(|finding| finding.is_error()).cloned()
    }

    fn is_unbound(&self, environment: &EnvironmentName) -> bool {
        self.unbound.contains(environment)
    }

    fn holds(&self, environment: &EnvironmentName, app: &str) -> Vec<Hold> {
        holds::against(&self.holds, self.repository, environment, app).cloned().collect()
    }

    fn key_names(&self, app: &str) -> Option<BTreeSet<String>> {
        let environments = self.repository.environments.iter();
        let apps = environments.filter_map(|one| self.app(&one.name, app));
        let names = |app: Rc<AppSites>| {
            app.sites.iter().map(|site| site.key.name().to_owned()).collect::<Vec<_>>()
        };
        Some(apps.flat_map(names).collect())
    }

    fn was_lifted(
        &self,
        environment: &EnvironmentName,
        app: &str,
        state: &State,
        after: &ObjectName,
    ) -> Result<bool, HistoryError> {
        self.history.was_lifted(environment, app, state, after)
    }

    fn is_rewritten(&self) -> bool {
        self.history.is_rewritten()
    }

    fn dates(&self) -> &dyn BranchDates {
        self.history
    }
}
