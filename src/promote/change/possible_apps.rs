//! The apps that changed files may concern.

use std::collections::BTreeSet;

use crate::config::Repository;
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
        // Files of forges and editors, and a README.
        let is_aside = path.as_str().starts_with('.') || path.as_str() == "README.md";
        match path.below(&repository.output) {
            Some(rendered) => apps.extend(rendered.split('/').nth(1).map(str::to_owned)),
            None if is_aside => {}
            // A file of another name may keep an app's own from being read.
            None if path.is_within(&settings)
                && !model.possible_instances(path, &|_| BTreeSet::new()).is_empty() => {}
            None => return None,
        }
    }
    Some(apps)
}
