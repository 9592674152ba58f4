//! The part of the output tree that a run is responsible for.

use super::name::{directory, environment_directory};
use crate::config::EnvironmentName;
use crate::source::RepoPath;

/// The part of the tree that a run is responsible for. Nothing outside it is
/// written, removed or read.
#[derive(Debug, Clone)]
pub struct RenderScope {
    /// Directories of environments, or of apps in them; none for everything.
    directories: Option<Vec<RepoPath>>,
}

impl RenderScope {
    /// The whole tree: environments that are gone are removed.
    pub fn everything() -> Self {
        Self { directories: None }
    }

    /// Only these directories: of apps, as [`directory`] names them, or of
    /// environments, as `environment_directory` does.
    pub fn directories(directories: impl IntoIterator<Item = RepoPath>) -> Self {
        Self { directories: Some(directories.into_iter().collect()) }
    }

    /// Only these environments, or only an app in them.
    pub fn of_environments(environments: &[EnvironmentName], app: Option<&str>) -> Self {
        Self::directories(environments.iter().map(|environment| match app {
            Some(app) => directory(environment, Some(app)),
            None => environment_directory(environment),
        }))
    }

    pub(super) fn covers(&self, path: &RepoPath) -> bool {
        match &self.directories {
            None => true,
            Some(directories) => directories.iter().any(|at| path.is_within(at)),
        }
    }

    /// The environments' directories that the scope names; none for everything.
    pub(super) fn environments(&self) -> Option<impl Iterator<Item = RepoPath>> {
        let directories = self.directories.as_ref()?.iter();
        Some(directories.filter_map(|path| Some(RepoPath::root().child(path.segments().next()?))))
    }
}
