//! The demo: a small working repository, embedded in the binary.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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

/// Writes the demo below `directory`, all of it or nothing: where a write
/// fails, what was written before it is removed again, so that the next run
/// meets none of its files. Only a run that is killed leaves some.
pub fn write(directory: &Path) -> Result<(), Findings> {
    let is_there = |path: &&str| fs::symlink_metadata(directory.join(path)).is_ok();
    let existing: Vec<_> = FILES.iter().map(|(path, _)| *path).filter(is_there).collect();
    if let [first, more @ ..] = &*existing {
        return Err(refusal(first, more.len()).into());
    }
    let mut made = Made::default();
    for (path, text) in FILES {
        if let Err(error) = made.file(&directory.join(path), text) {
            made.remove();
            return Err(failed(path, &error));
        }
    }
    Ok(())
}

fn refusal(first: &str, more: usize) -> Finding {
    let message = match more {
        0 => format!("`{first}` is there already"),
        more => format!("`{first}` and {more} more of the files are there already"),
    };
    Finding::new(&INIT_EXISTS, message, location(first))
        .help("nothing was written; choose an empty directory, as in `rungs init deploy`")
}

/// What this run made, the oldest first.
#[derive(Default)]
struct Made {
    /// Directories and files: each stands behind the directory that holds it.
    paths: Vec<PathBuf>,
}

impl Made {
    /// Writes a file that is not there yet.
    fn file(&mut self, path: &Path, text: &str) -> io::Result<()> {
        self.directories(path.parent().unwrap_or(Path::new("")))?;
        let mut file = fs::File::create_new(path)?;
        // Noted before it is written to: half a file is removed too.
        self.paths.push(path.to_owned());
        io::Write::write_all(&mut file, text.as_bytes())
    }

    /// Makes a directory and those above it, as far as they are not there.
    fn directories(&mut self, path: &Path) -> io::Result<()> {
        let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.is_dir();
        let missing: Vec<_> = path.ancestors().take_while(is_missing).collect();
        for directory in missing.into_iter().rev() {
            match fs::create_dir(directory) {
                Ok(()) => self.paths.push(directory.to_owned()),
                // `new/..`, which is there as soon as `new` is.
                Err(_) if directory.is_dir() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes it all, the newest first. A directory in which someone else has
    /// put something meanwhile stays.
    fn remove(self) {
        for path in self.paths.iter().rev() {
            // What cannot be removed is named by the next run.
            let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
        }
    }
}

fn failed(path: &str, error: &io::Error) -> Findings {
    let message = format!("`{path}` could not be written: {error}");
    Finding::new(&INIT_FAILED, message, location(path)).into()
}

fn location(path: &str) -> Location {
    Location::of_path(&RepoPath::new(path).expect("the demo's paths stay in the repository"))
}
