//! A clone's references.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ObjectName;
use super::program::{Program, ProgramError};

/// References of a clone, by libgit2 where it opens it.
pub(super) struct Refs {
    opened: Option<Mutex<git2::Repository>>,
    program: Program,
}

impl Refs {
    /// Of the clone whose own directory is `git_directory`.
    pub(super) fn of(git_directory: &Path, program: Program) -> Self {
        let opened = git2::Repository::open(git_directory).ok().map(Mutex::new);
        Self { opened, program }
    }

    pub(super) fn opened(&self) -> Option<MutexGuard<'_, git2::Repository>> {
        self.opened.as_ref().map(|opened| opened.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a full name (`refs/heads/main`) leads to; none where it is not there.
    pub(super) fn target(&self, name: &str) -> Result<Option<ObjectName>, ProgramError> {
        if let Some(opened) = self.opened() {
            return match opened.refname_to_id(name) {
                Ok(id) => Ok(ObjectName::parse(&id.to_string())),
                Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
                Err(error) => Err(failed("show-ref", &error)),
            };
        }
        let shown = self.program.command("show-ref").args(["--verify", "--quiet", "--hash", name]);
        // It is asked for quietly, so that a failure says nothing but that there is none.
        let shown = shown.output()?;
        Ok(ObjectName::parse(String::from_utf8_lossy(&shown.stdout).trim()))
    }

    /// The name that a symbolic reference leads to.
    pub(super) fn symbolic(&self, name: &str) -> Result<Option<String>, ProgramError> {
        if let Some(opened) = self.opened() {
            let found = opened.find_reference(name).ok();
            let target = found.as_ref().and_then(|found| found.symbolic_target().ok().flatten());
            return Ok(target.map(str::to_owned));
        }
        let read = self.program.command("symbolic-ref").args(["--quiet", name]).output()?;
        let target = String::from_utf8_lossy(&read.stdout).trim().to_owned();
        Ok(Some(target).filter(|target| read.is_success() && !target.is_empty()))
    }

    /// Moves a reference, unless it is no longer where it was: then somebody
    /// else moved it, and knows better. Nobody is told of other failures
    /// either, as what is moved here only spares the next run a fetch.
    pub(super) fn try_move(&self, name: &str, from: Option<&ObjectName>, to: &ObjectName) {
        const WHY: &str = "rungs: fetch";
        if from == Some(to) {
            return;
        }
        let oid = |name: &ObjectName| git2::Oid::from_str(name.as_str());
        if let Some(opened) = self.opened() {
            let _ = oid(to).and_then(|to| match from {
                Some(from) => opened.reference_matching(name, to, true, oid(from)?, WHY),
                None => opened.reference(name, to, false, WHY),
            });
            return;
        }
        let before = from.map_or_else(|| "0".repeat(to.as_str().len()), ToString::to_string);
        let update = self.program.command("update-ref").args(["-m", WHY, name]);
        let _ = update.args([to.as_str(), &before]).output();
    }

    /// Whether an object is in the clone, without fetching it.
    pub(super) fn has(&self, id: &ObjectName) -> bool {
        if let Some(opened) = self.opened() {
            let oid = git2::Oid::from_str(id.as_str());
            return oid.and_then(|oid| Ok(opened.odb()?.exists(oid))).unwrap_or(false);
        }
        // A partial clone would fetch it to say so.
        let program = self.program.clone().variable("GIT_NO_LAZY_FETCH", "1");
        let exists = program.command("cat-file").args(["-e", id.as_str()]).output();
        exists.is_ok_and(|output| output.is_success())
    }
}

fn failed(subcommand: &'static str, error: &git2::Error) -> ProgramError {
    ProgramError::Failed { subcommand, said: error.message().to_owned() }
}
