//! Whoever watches rendering go on.

use serde::{Deserialize, Serialize};

use crate::source::RepoPath;

/// An app that is rendered.
#[derive(Debug, Clone, Copy)]
pub struct WatchedApp<'a> {
    /// The environment's name.
    pub environment: &'a str,
    /// The app's name.
    pub app: &'a str,
    /// The template's directory.
    pub template: &'a RepoPath,
    /// The app's own file.
    pub file: &'a RepoPath,
}

/// What an engine works on an app for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RenderStep {
    /// To load its template, which is then there for all apps that have it.
    Template,
    /// For its objects, or to find out where they come from.
    Objects,
    /// To find out which images have an effect.
    Images,
    /// To find out which values have an effect.
    Values,
}

/// Is told how rendering goes on, from any thread. An engine may not come to an end.
pub trait RenderWatch: Sync {
    /// These apps will be rendered. From now on each is known by its place in the list.
    fn begins(&self, apps: &[WatchedApp<'_>]);

    /// An engine starts to work on an app. It may do so several times, also at once. Returns
    /// a number for that.
    fn starts(&self, app: usize, step: RenderStep) -> u32;

    /// The engine comes to a file of the template.
    fn comes_to(&self, id: u32, file: &RepoPath);

    /// The engine is done.
    fn ends(&self, id: u32);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl RenderWatch for Unwatched {
    fn begins(&self, _apps: &[WatchedApp<'_>]) {}

    fn starts(&self, _app: usize, _step: RenderStep) -> u32 {
        0
    }

    fn comes_to(&self, _id: u32, _file: &RepoPath) {}

    fn ends(&self, _id: u32) {}
}
