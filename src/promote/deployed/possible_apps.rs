//! The apps that changed files may concern.

use std::collections::BTreeSet;

use crate::config::Repository;
use crate::promote::pipelines::is_pipeline;
use crate::rendered;
use crate::sites::Model;
use crate::source::RepoPath;

/// The apps whose sites, settings or rendered files may be among these files; none if any app
/// may be deployed otherwise with them.
pub fn possible_apps(
    repository: &Repository,
    model: &Model,
    files: &[RepoPath],
) -> Option<BTreeSet<String>> {
    let mut apps = model.possible_apps(files)?;
    if !repository.is_native() {
        return Some(apps);
    }
    let settings = RepoPath::root().child("environments");
    for path in files {
        match path.below(&repository.output) {
            Some(rendered) => {
                let app = rendered.split('/').nth(1).and_then(rendered::name_of);
                apps.extend(app);
            }
            // A file of another name may keep an app's own from being read.
            None if path.is_within(&settings)
                && !model.possible_instances(path, &|_| BTreeSet::new()).is_empty() => {}
            // Any other file may be imported, whatever its name.
            None => return None,
        }
    }
    Some(apps)
}

/// Whether a file is hardly ever read by a template: those of forges and editors, and prose.
pub(in crate::promote) fn is_aside(path: &RepoPath) -> bool {
    let is_prose = path.name().rsplit_once('.').is_some_and(|(_, ending)| ending == "md");
    let is_setting = !path.as_str().contains('/') && path.as_str().starts_with('.');
    is_prose || is_setting || is_pipeline(path) || is_of_editor(path)
}

fn is_of_editor(path: &RepoPath) -> bool {
    [".vscode", ".idea"].iter().any(|one| path.is_within(&RepoPath::root().child(one)))
}
