//! Texts onto the disk: all of them, or none.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// How names begin that exist only while a run writes.
const TEMPORARY: &str = ".rungs-tmp-";

/// A file's new text.
#[derive(Debug, Clone)]
pub struct Rewrite<'t> {
    /// The file, which is there.
    pub path: PathBuf,
    /// What it said when the new text was made of it.
    pub old: &'t str,
    /// What it is to say.
    pub new: &'t str,
}

/// Puts each text in the place of its file, by a temporary file and a rename. A
/// file keeps its mode. Where one cannot be written, or was changed meanwhile,
/// all are as they were.
///
/// # Errors
///
/// The first file that could not be written, and why.
pub fn write(files: &[Rewrite<'_>]) -> Result<(), (PathBuf, io::Error)> {
    let mut ready = Vec::new();
    for file in files {
        ready.push(prepare(file).map_err(|error| (file.path.clone(), error))?);
    }
    for at in 0..ready.len() {
        if let Err(error) = ready[at].put() {
            let path = ready[at].path.to_owned();
            ready[..at].iter().for_each(Ready::restore);
            return Err((path, error));
        }
    }
    Ok(())
}

/// A file's new text in a temporary file beside it, removed where it is not put.
struct Ready<'t> {
    path: &'t Path,
    old: &'t str,
    temporary: PathBuf,
    mode: fs::Permissions,
}

fn prepare<'t>(file: &'t Rewrite<'_>) -> io::Result<Ready<'t>> {
    let Rewrite { path, old, new } = file;
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file any more"));
    }
    let ready = Ready { path, old, temporary: beside(path), mode: metadata.permissions() };
    ready.fill(new)?;
    Ok(ready)
}

/// A name that no other run of this moment uses.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{TEMPORARY}{}-{name}", std::process::id()))
}

impl Ready<'_> {
    fn fill(&self, text: &str) -> io::Result<()> {
        let mut file = fs::File::options().write(true).create_new(true).open(&self.temporary)?;
        file.set_permissions(self.mode.clone())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }

    fn put(&self) -> io::Result<()> {
        // What somebody wrote since it was read stays.
        if fs::read(self.path)? != self.old.as_bytes() {
            return Err(io::Error::other("it was changed meanwhile"));
        }
        fs::rename(&self.temporary, self.path)
    }

    /// Puts the old text back, as far as that goes.
    fn restore(&self) {
        if self.fill(self.old).is_ok() {
            let _ = fs::rename(&self.temporary, self.path);
        }
    }
}

impl Drop for Ready<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temporary);
    }
}
