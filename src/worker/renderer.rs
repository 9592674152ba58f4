//! What may be asked of whoever renders.

use serde::{Deserialize, Serialize};

use crate::config::{EnvironmentName, WorkerSettings};
use crate::diagnostic::Findings;
use crate::rendered::{RenderScope, RenderedFiles};
use crate::source::{FileChanges, Tree};

/// What is to be rendered, and from which files.
pub struct RenderRequest<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// The files that differ from those.
    pub changes: &'a FileChanges,
    /// The environments and apps.
    pub wanted: Wanted,
    /// Whether to look for values without effect as well, which takes a render for each
    /// of them.
    pub unused_values: bool,
    /// Whether to validate the objects.
    pub validates: bool,
    /// The limits that the repository sets.
    pub settings: WorkerSettings,
}

impl RenderRequest<'_> {
    /// The files with their changes.
    pub(super) fn changed_tree(&self) -> Tree {
        if self.changes.is_empty() {
            return self.tree.clone();
        }
        self.tree.with_files(self.changes.clone())
    }
}

/// What was rendered.
#[derive(Debug, Default)]
pub struct RenderResult {
    /// The environments, in the repository's order. None if the app that was wanted is
    /// not there.
    pub environments: Vec<EnvironmentName>,
    /// The files, by their paths below the output directory.
    pub files: RenderedFiles,
    /// Findings that did not stop it: warnings, and whatever validation found.
    pub findings: Findings,
}

impl RenderResult {
    /// The part of the output tree that the files are all of.
    pub fn scope(&self, wanted: &Wanted) -> RenderScope {
        if wanted.is_everything() {
            return RenderScope::everything();
        }
        RenderScope::of_environments(&self.environments, wanted.app())
    }
}

/// How far rendering has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenderProgress {
    /// So many apps will be rendered.
    Apps(usize),
    /// Another app is rendered.
    App,
}

/// Something that renders.
pub trait Renderer {
    /// Renders what is requested, and calls `progress` on the way.
    ///
    /// # Errors
    ///
    /// The problems of all settings and apps; and, if there is a limit, which app went
    /// beyond it.
    fn render(
        &self,
        request: &RenderRequest<'_>,
        progress: &dyn Fn(RenderProgress),
    ) -> Result<RenderResult, Findings>;
}

/// The environments and apps that somebody wants rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// What a person named. Everything is read, and what does not exist is an error.
    Named {
        /// The environments; all if none is named.
        environments: Vec<String>,
        /// The only app; none for all apps and the environments' own objects.
        app: Option<String>,
    },
    /// One app in one environment, of which alone the settings are read. Nothing if it is
    /// not there.
    App {
        /// The environment's name.
        environment: String,
        /// The app's name.
        app: String,
    },
}

impl Wanted {
    /// Whether it is the whole repository. Only then are the files of environments that
    /// no longer exist removed.
    fn is_everything(&self) -> bool {
        matches!(self, Self::Named { environments, app: None } if environments.is_empty())
    }

    /// The only app; none for all apps.
    pub fn app(&self) -> Option<&str> {
        match self {
            Self::Named { app, .. } => app.as_deref(),
            Self::App { app, .. } => Some(app),
        }
    }
}
