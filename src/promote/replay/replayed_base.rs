//! What gates know of a commit of the past: what was there right before it.

use crate::config::{EnvironmentName, Repository};
use crate::diagnostic::Finding;
use crate::git::{HistoryError, ObjectName};
use crate::history::{self, BranchDates, PastMoment, Tenure};
use crate::holds::{self, Hold};
use crate::promote::gates::Evidence;
use crate::sites::{State, UnboundEnvironments};
use crate::source::RepoPath;

/// The base that a change of the past was made for: the commit before it.
pub(super) struct ReplayedBase<'a> {
    pub(super) repository: &'a Repository,
    pub(super) moment: PastMoment<'a>,
    /// The environments that no file of today belongs to: their names may be mistakes of the
    /// configuration that is tried out.
    pub(super) unbound: &'a UnboundEnvironments<'a>,
}

impl Evidence for ReplayedBase<'_> {
    fn tenures<'e>(
        &'e self,
        environment: &EnvironmentName,
        app: &str,
    ) -> Box<dyn Iterator<Item = Result<Tenure, HistoryError>> + 'e> {
        Box::new(self.moment.tenures(environment, app).map(Ok))
    }

    fn current(&self, environment: &EnvironmentName, app: &str) -> Option<State> {
        self.moment.state(environment, app).filter(|state| !state.is_empty())
    }

    fn has(&self, environment: &EnvironmentName, app: &str) -> bool {
        self.current(environment, app).is_some()
    }

    fn unreadable(&self, environment: &EnvironmentName, app: &str) -> Option<Finding> {
        if self.moment.state(environment, app).is_some() {
            return None;
        }
        let error = HistoryError::Failed("the sites could not be read then".to_owned());
        Some(history::finding(&error, &self.repository.location))
    }

    fn is_unbound(&self, environment: &EnvironmentName) -> bool {
        self.unbound.contains(environment)
    }

    fn holds(&self, environment: &EnvironmentName, app: &str) -> Vec<Hold> {
        let files = self.hold_files(environment, app).into_iter();
        files.flat_map(|path| self.moment.holds(&path).iter().cloned()).collect()
    }

    fn was_lifted(
        &self,
        environment: &EnvironmentName,
        app: &str,
        state: &State,
        after: &ObjectName,
    ) -> Result<bool, HistoryError> {
        let mut files = self.hold_files(environment, app).into_iter();
        Ok(files.any(|path| self.moment.was_lifted(&path, state, after)))
    }

    /// A replay reads the branch as it is today, whose commits follow each other.
    fn is_rewritten(&self) -> bool {
        false
    }

    fn dates(&self) -> &dyn BranchDates {
        &self.moment
    }
}

impl ReplayedBase<'_> {
    /// The files of the holds that count against an app's entering an environment.
    fn hold_files(&self, environment: &EnvironmentName, app: &str) -> Vec<RepoPath> {
        if !self.moment.has_holds() {
            return Vec::new();
        }
        let environments = holds::environments_against(self.repository, environment);
        environments.filter_map(|one| holds::path(one, app)).collect()
    }
}
