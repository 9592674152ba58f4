//! What two commits, or a commit and the work tree, have in common.

use super::program::ProgramError;
use super::{LocalClone, ObjectName};
use crate::source::RepoPath;

impl LocalClone {
    /// The best common ancestor of two commits; none if this clone knows of
    /// none.
    pub fn merge_base(
        &self,
        one: &ObjectName,
        other: &ObjectName,
    ) -> Result<Option<ObjectName>, ProgramError> {
        let program = self.program();
        let command = program.command("merge-base").args([one.as_str(), other.as_str()]);
        let output = command.output()?;
        match output.code {
            Some(0) => Ok(ObjectName::parse(String::from_utf8_lossy(&output.stdout).trim())),
            Some(1) => Ok(None),
            _ => Err(ProgramError::Failed { subcommand: "merge-base", message: output.stderr }),
        }
    }

    /// Whether `ancestor` is in the history of `descendant`.
    ///
    /// # Errors
    ///
    /// Git could not be run, or does not know one of them.
    pub fn is_ancestor(
        &self,
        ancestor: &ObjectName,
        descendant: &ObjectName,
    ) -> Result<bool, ProgramError> {
        let program = self.program();
        let command = program.command("merge-base").arg("--is-ancestor");
        let output = command.args([ancestor.as_str(), descendant.as_str()]).output()?;
        match output.code {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(ProgramError::Failed { subcommand: "merge-base", message: output.stderr }),
        }
    }

    /// Whether `ancestor` is one of the first parents that lead from `descendant`, which it is
    /// in the history of.
    ///
    /// # Errors
    ///
    /// Git could not be run.
    pub fn is_first_parent(
        &self,
        ancestor: &ObjectName,
        descendant: &ObjectName,
    ) -> Result<bool, ProgramError> {
        let program = self.program();
        let range = format!("{ancestor}..{descendant}");
        let options = ["--first-parent", "--parents", &*range, "--"];
        let listed = program.command("rev-list").args(options).run()?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        // The oldest of them names the one before.
        let oldest = listed.lines().last().unwrap_or_default();
        Ok(oldest.split_ascii_whitespace().nth(1) == Some(ancestor.as_str()))
    }

    /// The commits in the history of `to` and not in that of `from`, the newest
    /// first; at most `most` of them.
    pub fn commits_between(
        &self,
        from: &ObjectName,
        to: &ObjectName,
        most: usize,
    ) -> Result<Vec<ObjectName>, ProgramError> {
        let program = self.program();
        let limit = format!("--max-count={most}");
        let range = format!("{from}..{to}");
        let listed = program.command("rev-list").args([&*limit, &*range, "--"]).run()?;
        Ok(String::from_utf8_lossy(&listed).lines().filter_map(ObjectName::parse).collect())
    }

    /// The files in the directory that the clone is seen from that differ between the work tree
    /// and the commit that is checked out, new ones included.
    pub fn uncommitted_here(&self) -> Result<Vec<RepoPath>, ProgramError> {
        self.uncommitted([&RepoPath::root()])
    }

    /// The files among these that differ between the work tree and the commit
    /// that is checked out, new ones included. Paths are relative to the
    /// directory that the clone is seen from.
    pub fn uncommitted<'p>(
        &self,
        files: impl IntoIterator<Item = &'p RepoPath>,
    ) -> Result<Vec<RepoPath>, ProgramError> {
        let prefix = self.prefix();
        let full = |path: &'p RepoPath| {
            let full = prefix.join(path.as_str()).ok()?;
            Some(if full.is_root() { ".".to_owned() } else { full.to_string() })
        };
        let program = self.program();
        let options = ["--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--"];
        // Git runs at the root, and takes every path literally.
        let command = program.command("status").args(options);
        let output = command.args(files.into_iter().filter_map(full)).run()?;
        let text = String::from_utf8_lossy(&output);
        let paths = text.split('\0').filter_map(|entry| RepoPath::new(entry.get(3..)?).ok());
        let below = |path: &RepoPath| RepoPath::new(path.below(prefix)?).ok();
        Ok(paths.map(|path| below(&path).unwrap_or(path)).collect())
    }
}
