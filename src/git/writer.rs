//! A clone that commits are made in and pushed from.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::build::{self, BuildError, Changes};
use super::identity::{Identity, Person};
use super::program::{Program, ProgramError};
use super::refs::Refs;
use super::settings::Settings;
use super::variables::Variables;
use super::{ObjectName, Objects};
use crate::source::RepoPath;

/// What writing needs of a clone. Its work tree, index and `HEAD` are never
/// touched.
pub struct Writer {
    pub(super) objects: Arc<dyn Objects>,
    pub(super) program: Program,
    pub(super) refs: Refs,
    pub(super) settings: Settings,
    prefix: RepoPath,
}

/// What a new commit says, beside its files.
#[derive(Debug, Clone)]
pub struct Words<'w> {
    /// The whole message.
    pub message: &'w str,
    /// In whose name.
    pub identity: &'w Identity,
    /// When.
    pub time: Timestamp,
}

impl Writer {
    /// For the clone whose own directory is `git_directory`, and in which
    /// `program` runs. Paths count from `prefix`, the directory that holds
    /// `rungs.yaml`.
    pub fn new(
        git_directory: &Path,
        objects: Arc<dyn Objects>,
        program: Program,
        variables: &Variables,
        prefix: RepoPath,
    ) -> Result<Self, ProgramError> {
        let refs = Refs::of(git_directory, program.clone());
        let settings = Settings::of(refs.opened().as_deref(), &program, variables)?;
        Ok(Self { objects, program, refs, settings, prefix })
    }

    /// Git's configuration, as it holds in this clone.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A commit that follows `base` with the files changed; none where nothing
    /// differs. It is signed where git is configured to sign.
    pub fn commit(
        &self,
        base: &ObjectName,
        changes: &Changes,
        words: &Words<'_>,
    ) -> Result<Option<ObjectName>, BuildError> {
        let (_, before) = self.objects.commit(base)?;
        let tree = build::tree(&*self.objects, &before, &self.prefix, changes)?;
        if tree == before {
            return Ok(None);
        }
        // The program starts slowly, and is not needed where nothing is signed.
        if self.settings.is_on("commit.gpgsign") {
            return self.signed(base, &tree, words).map(Some);
        }
        let bytes = object(base, &tree, words);
        Ok(Some(self.objects.write_commit(bytes.as_bytes())?))
    }

    /// By `git commit-tree`, which knows the user's format, key and program.
    fn signed(
        &self,
        base: &ObjectName,
        tree: &ObjectName,
        words: &Words<'_>,
    ) -> Result<ObjectName, BuildError> {
        let mut program = self.program.clone().setting("i18n.commitEncoding=UTF-8");
        let Identity { author, committer } = words.identity;
        for (role, person) in [("AUTHOR", author), ("COMMITTER", committer)] {
            program = program
                .variable(&format!("GIT_{role}_NAME"), person.name())
                .variable(&format!("GIT_{role}_EMAIL"), person.email())
                .variable(&format!("GIT_{role}_DATE"), format!("@{}", date(words.time)));
        }
        let command = program.command("commit-tree").args(["-S", "-p", base.as_str(), "-F", "-"]);
        let made = command.arg(tree.as_str()).input(message(words.message));
        let made = made.run().map_err(BuildError::Unsigned)?;
        let made = String::from_utf8_lossy(&made).trim().to_owned();
        ObjectName::parse(&made).ok_or_else(|| {
            let said = format!("`{made}` is no commit");
            BuildError::Unsigned(ProgramError::Failed { subcommand: "commit-tree", said })
        })
    }
}

/// A commit's bytes, as git's `commit_tree_extended` writes them.
fn object(base: &ObjectName, tree: &ObjectName, words: &Words<'_>) -> String {
    let Identity { author, committer } = words.identity;
    let line = |person: &Person| format!("{person} {}", date(words.time));
    format!(
        "tree {tree}\nparent {base}\nauthor {}\ncommitter {}\n\n{}",
        line(author),
        line(committer),
        message(words.message)
    )
}

/// In UTC: where a CI runs is nobody's place.
fn date(time: Timestamp) -> String {
    format!("{} +0000", time.as_second())
}

/// It ends with a line break, as git's own messages do, and has no zero byte,
/// which would end it for some readers and not for others.
fn message(text: &str) -> String {
    let mut text = text.replace('\0', "\u{fffd}");
    text.truncate(text.trim_end().len());
    text + "\n"
}
