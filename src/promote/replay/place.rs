//! Where a commit of the past changed something.

use std::sync::Arc;

use crate::config::Repository;
use crate::git::HistoryError;
use crate::history::{PastMoment, StateChange};
use crate::sites::{Model, ModelScope, State, differences};
use crate::source::{Location, RepoPath, SourceFile};

/// The first place that a change of an app changed, in its file after the commit; the file,
/// if no site of it is known there. Only the files that the commit changed are read.
pub(super) fn place_of(
    repository: &Repository,
    moment: PastMoment<'_>,
    change: &StateChange,
) -> Result<Option<Location>, HistoryError> {
    let instance = &change.instance;
    let scope = ModelScope::app(&instance.app, [instance.environment.clone()]);
    let mut model = Model::empty(repository, &scope);
    let roots = model.all_paths();
    let is_of_app = |path: &RepoPath| roots.iter().any(|root| path.is_within(root));
    let mut first = None;
    for file in moment.step().changes.iter().filter(|file| is_of_app(&file.path)) {
        let after = file.after.as_ref().map(|id| moment.blob(id)).transpose()?;
        let text = after.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let source = Arc::new(SourceFile::new(file.path.clone(), text.unwrap_or_default()));
        if model.put(&file.path, Some(source)).contains(instance) {
            first = first.or_else(|| Some(Location::of_path(&file.path)));
        }
    }
    let nothing = State::default();
    let [before, after] =
        [&change.before, &change.after].map(|state| state.as_ref().unwrap_or(&nothing));
    let sites = model.app(&instance.environment, &instance.app);
    let sites = sites.iter().flat_map(|app| &app.sites);
    let changed = differences(before, after);
    let is_changed = |key| changed.iter().any(|one| one.key == key);
    let place = { sites }.find(|site| is_changed(&site.key)).map(|site| site.location.clone());
    Ok(place.or(first))
}
