//! The demo: a small working repository, embedded in the binary.

use std::fs;
use std::io;
use std::path::Path;

use crate::diagnostic::{Finding, Findings, codes};
use crate::source::{Location, RepoPath};

codes! {
    /// A file of the new repository is there already.
    ///
    /// `rungs init` writes a small working repository and overwrites nothing: where one of its
    /// files is there already, it writes none at all.
    ///
    /// Choose an empty directory, as in `rungs init deploy`, or move the file away.
    INIT_EXISTS = "init-exists", Answer, Error;

    /// The new repository could not be written.
    ///
    /// The disk is full or read-only, or the directory belongs to someone else. Mend that, and
    /// run the command again.
    INIT_FAILED = "init-failed", Outside, Error;
}

/// Lists files of this repository that the binary carries.
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

/// Writes the demo below `directory`, all of it or nothing.
pub fn write(directory: &Path) -> Result<(), Findings> {
    let existing: Findings =
        FILES.iter().filter_map(|(path, _)| refusal(directory, path)).collect();
    if !existing.is_empty() {
        return Err(existing);
    }
    for (path, text) in FILES {
        create(&directory.join(path), text).map_err(|error| failed(path, &error))?;
    }
    Ok(())
}

fn refusal(directory: &Path, path: &str) -> Option<Finding> {
    fs::symlink_metadata(directory.join(path)).ok()?;
    let finding = Finding::new(&INIT_EXISTS, format!("`{path}` is there already"), location(path));
    Some(finding.help("nothing was written; choose an empty directory, as in `rungs init deploy`"))
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = fs::File::create_new(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

fn failed(path: &str, error: &io::Error) -> Findings {
    let message = format!("`{path}` could not be written: {error}");
    Finding::new(&INIT_FAILED, message, location(path)).into()
}

fn location(path: &str) -> Location {
    Location::of_path(&RepoPath::new(path).expect("the demo's paths stay in the repository"))
}
