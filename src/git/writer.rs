//! A clone that commits are made in and pushed from.

use std::sync::Arc;

use jiff::Timestamp;

use super::commit_builder::{self, BuildError};
use super::config::GitConfig;
use super::identity::{CommitIdentity, Person};
use super::program::{GitProgram, ProgramError};
use super::{LocalClone, ObjectName};
use crate::source::FileChanges;

/// A clone, for writing to it. Its work tree, index and `HEAD` are never
/// touched.
pub struct CloneWriter {
    clone: Arc<LocalClone>,
    pub(super) program: GitProgram,
    config: GitConfig,
}

/// What a new commit says, besides its files.
#[derive(Debug, Clone)]
pub struct CommitMetadata<'w> {
    /// The whole message.
    pub message: &'w str,
    /// Its author and committer.
    pub identity: &'w CommitIdentity,
    /// The time of both.
    pub time: Timestamp,
}

impl CloneWriter {
    /// A writer for a clone. Paths are relative to the directory that the clone
    /// is seen from.
    ///
    /// # Errors
    ///
    /// Git's configuration cannot be read.
    pub fn new(clone: Arc<LocalClone>) -> Result<Self, ProgramError> {
        let (program, config) = (clone.program(), clone.config()?.clone());
        Ok(Self { clone, program, config })
    }

    /// The clone.
    pub(super) fn local_clone(&self) -> &Arc<LocalClone> {
        &self.clone
    }

    /// Git's configuration, as it holds in this clone.
    pub fn config(&self) -> &GitConfig {
        &self.config
    }

    /// Whether a commit is in the clone, without fetching it.
    pub(super) fn has(&self, commit: &ObjectName) -> bool {
        if !self.clone.is_partial() {
            return self.clone.objects().commit(commit).is_ok();
        }
        let program = self.program.clone().variable("GIT_NO_LAZY_FETCH", "1");
        let exists = program.command("cat-file").args(["-e", commit.as_str()]).output();
        exists.is_ok_and(|output| output.is_success())
    }

    /// Moves a reference, unless it is no longer where it was: then somebody
    /// else moved it, and knows better. Other failures are not reported either:
    /// what is moved here only saves the next run a fetch.
    pub(super) fn try_move(&self, name: &str, from: Option<&ObjectName>, to: &ObjectName) {
        if from != Some(to) {
            let before = from.map_or_else(|| "0".repeat(to.as_str().len()), ToString::to_string);
            let update = self.program.command("update-ref").args(["-m", "rungs: fetch", name]);
            let _ = update.args([to.as_str(), &before]).output();
        }
    }

    /// Makes a commit that follows `base` with the changed files; none if
    /// nothing differs. It is signed if git is configured to sign.
    pub fn commit(
        &self,
        base: &ObjectName,
        changes: &FileChanges,
        metadata: &CommitMetadata<'_>,
    ) -> Result<Option<ObjectName>, BuildError> {
        let objects = self.clone.objects();
        let (_, before) = objects.commit(base)?;
        let tree = commit_builder::tree(&*objects, &before, self.clone.prefix(), changes)?;
        if tree == before {
            return Ok(None);
        }
        // The program starts slowly, and is not needed if nothing is signed.
        if self.config.is_on("commit.gpgsign") {
            return self.signed(base, &tree, metadata).map(Some);
        }
        let bytes = object(base, &tree, metadata);
        Ok(Some(objects.write_commit(bytes.as_bytes())?))
    }

    /// Makes a signed commit by `git commit-tree`, which knows the user's
    /// format, key and program.
    fn signed(
        &self,
        base: &ObjectName,
        tree: &ObjectName,
        metadata: &CommitMetadata<'_>,
    ) -> Result<ObjectName, BuildError> {
        let mut program = self.program.clone().setting("i18n.commitEncoding=UTF-8");
        let CommitIdentity { author, committer } = metadata.identity;
        for (role, person) in [("AUTHOR", author), ("COMMITTER", committer)] {
            program = program
                .variable(&format!("GIT_{role}_NAME"), person.name())
                .variable(&format!("GIT_{role}_EMAIL"), person.email())
                .variable(&format!("GIT_{role}_DATE"), format!("@{}", date(metadata.time)));
        }
        let command = program.command("commit-tree").args(["-S", "-p", base.as_str(), "-F", "-"]);
        let made = command.arg(tree.as_str()).input(message(metadata.message));
        let made = made.run().map_err(BuildError::Unsigned)?;
        let made = String::from_utf8_lossy(&made).trim().to_owned();
        ObjectName::parse(&made).ok_or_else(|| {
            let message = format!("`{made}` is not a commit");
            BuildError::Unsigned(ProgramError::Failed { subcommand: "commit-tree", message })
        })
    }
}

/// A commit's bytes, as git's `commit_tree_extended` writes them.
fn object(base: &ObjectName, tree: &ObjectName, metadata: &CommitMetadata<'_>) -> String {
    let CommitIdentity { author, committer } = metadata.identity;
    let line = |person: &Person| format!("{person} {}", date(metadata.time));
    format!(
        "tree {tree}\nparent {base}\nauthor {}\ncommitter {}\n\n{}",
        line(author),
        line(committer),
        message(metadata.message)
    )
}

/// A time in UTC: the time zone of a CI's machine means nothing.
fn date(time: Timestamp) -> String {
    format!("{} +0000", time.as_second())
}

/// A commit's message. It ends with a line break, as git's own messages do, and
/// has no zero byte, which would end it for some readers and not for others.
fn message(text: &str) -> String {
    let mut text = text.replace('\0', "\u{fffd}");
    text.truncate(text.trim_end().len());
    text + "\n"
}
