//! The demo: a small working repository, embedded in the binary.

use std::fs;
use std::path::Path;

use crate::diagnostic::{Finding, Findings, codes};
use crate::disk::{self, Rewrite};
use crate::source::{Location, RepoPath};

codes! {
    /// A file of the new repository exists already.
    ///
    /// `rungs init` writes a small working repository and overwrites nothing: if one of its files
    /// exists already, it writes none of them.
    ///
    /// Choose an empty directory, as in `rungs init deploy`, or move the file away.
    INIT_EXISTS = "init-exists", Answer, Error;

    /// The new repository could not be written.
    ///
    /// The disk is full or read-only, or the directory belongs to someone else. Fix that, and run
    /// the command again.
    INIT_FAILED = "init-failed", Outside, Error;
}

/// Embeds files of this repository in the binary.
macro_rules! embedded {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../", $path)))),+]
    };
}

/// Each file's path and text.
pub const FILES: &[(&str, &str)] = embedded! {
    "environments/cart.yaml",
    "environments/e2e/cart.yaml",
    "environments/e2e/environment.yaml",
    "environments/e2e/guestbook.yaml",
    "environments/environment.yaml",
    "environments/guestbook.yaml",
    "environments/prod/cart.yaml",
    "environments/prod/environment.yaml",
    "environments/prod/guestbook.yaml",
    "environments/qa/cart.yaml",
    "environments/qa/environment.yaml",
    "environments/qa/guestbook.yaml",
    "environments/stage/cart.yaml",
    "environments/stage/environment.yaml",
    "environments/stage/guestbook.yaml",
    "rungs.yaml",
    "schemas/app.schema.json",
    "schemas/environment.schema.json",
    "schemas/hold.schema.json",
    "schemas/rungs.schema.json",
    "templates/cart/main.jsonnet",
    "templates/cart/values.schema.json",
    "templates/cart/values.yaml",
    "templates/cart/workload.libsonnet",
    "templates/guestbook/_container-security.yaml.tera",
    "templates/guestbook/_labels.yaml.tera",
    "templates/guestbook/_spread.yaml.tera",
    "templates/guestbook/disruption-budgets.yaml.tera",
    "templates/guestbook/frontend/autoscaler.yaml.tera",
    "templates/guestbook/frontend/config.yaml.tera",
    "templates/guestbook/frontend/deployment.yaml.tera",
    "templates/guestbook/frontend/ingress.yaml.tera",
    "templates/guestbook/frontend/service.yaml.tera",
    "templates/guestbook/redis/_container.yaml.tera",
    "templates/guestbook/redis/_pod.yaml.tera",
    "templates/guestbook/redis/followers.yaml.tera",
    "templates/guestbook/redis/leader.yaml.tera",
    "templates/guestbook/service-accounts.yaml",
    "templates/guestbook/values.schema.json",
    "templates/guestbook/values.yaml",
};

/// Writes the demo to `directory`, which is created if it does not exist. All
/// of the files are written or none, so that a failed run can be repeated.
pub fn write(directory: &Path) -> Result<(), Findings> {
    let is_there = |path: &&str| fs::symlink_metadata(directory.join(path)).is_ok();
    let existing: Vec<_> = FILES.iter().map(|(path, _)| *path).filter(is_there).collect();
    if let [first, more @ ..] = &*existing {
        return Err(refusal(first, more.len()).into());
    }
    let paths: Vec<_> = FILES.iter().map(|(path, _)| repo_path(path)).collect();
    let files: Vec<_> = FILES
        .iter()
        .zip(&paths)
        .map(|((_, text), path)| Rewrite {
            root: directory,
            path,
            old: None,
            new: Some(text.as_bytes()),
        })
        .collect();
    let shown = |at: usize| (paths[at].to_string(), paths[at].clone());
    disk::write(&files).map_err(|error| error.finding(&INIT_FAILED, &shown).into())
}

fn refusal(first: &str, more: usize) -> Finding {
    let message = match more {
        0 => format!("`{first}` exists already"),
        more => format!("`{first}` and {more} more of the files exist already"),
    };
    Finding::new(&INIT_EXISTS, message, Location::of_path(&repo_path(first)))
        .help("nothing was written; choose an empty directory, as in `rungs init deploy`")
}

fn repo_path(path: &str) -> RepoPath {
    RepoPath::new(path).expect("the demo's paths stay in the repository")
}
