//! The base that was read last, which the next change often is for as well.
//!
//! A wave of clusters has a change for each of them. Reading everything again for each would
//! cost as many times more as there are clusters.

use std::cell::RefCell;
use std::rc::Rc;

use crate::diagnostic::Findings;
use crate::git::{ObjectName, Workspace};
use crate::promote::{AppSelection, LoadedBase};
use crate::source::{FileChanges, Tree};

/// A commit, with the short name of the branch whose history leads to it.
pub(super) type BranchTip = (ObjectName, Option<String>);

/// The base that was read last, if any was.
#[derive(Default)]
pub(super) struct LastBase(RefCell<Option<ReadBase>>);

struct ReadBase {
    /// None for the files here.
    tip: Option<BranchTip>,
    apps: AppSelection,
    base: Rc<LoadedBase>,
    /// The files here as they were at first, with what was written over them since.
    written: Option<(Tree, FileChanges)>,
}

impl LastBase {
    /// The base of a commit, or of the files here, with these apps. It is read if it neither is
    /// the last one nor follows from that.
    pub(super) fn or_read(
        &self,
        workspace: &Workspace,
        tip: Option<BranchTip>,
        apps: AppSelection,
        read: impl FnOnce() -> Result<LoadedBase, Findings>,
    ) -> Result<Rc<LoadedBase>, Findings> {
        let last = self.0.take().filter(|last| last.apps == apps);
        let same = match last {
            Some(last) if last.tip == tip => Some(last),
            last => last.zip(tip.clone()).and_then(|(last, tip)| last.at(workspace, tip)),
        };
        let kept = match same {
            Some(same) => same,
            None => ReadBase { tip, apps, base: Rc::new(read()?), written: None },
        };
        let base = Rc::clone(&kept.base);
        self.0.replace(Some(kept));
        Ok(base)
    }

    /// Takes note of files that were written here.
    pub(super) fn wrote(&self, files: &FileChanges) {
        let last = self.0.take().filter(|last| last.tip.is_none());
        self.0.replace(last.and_then(|last| last.with_written(files)));
    }
}

impl ReadBase {
    /// The base of another commit of the branch, as far as it follows from this one.
    fn at(self, workspace: &Workspace, tip: BranchTip) -> Option<Self> {
        let (old, branch) = self.tip?;
        let (commit, _) = (branch == tip.1).then_some(&tip)?;
        let files = workspace.local_clone().ok()??.changed_files(&old, commit).ok()?;
        let base = Rc::into_inner(self.base).filter(|_| files.is_complete())?;
        let base = base.with_changed(workspace.tree_of(commit).ok()?, &files.paths)?;
        let base = base.of_commit(workspace, commit, branch.as_deref()).ok()?;
        Some(Self { tip: Some(tip), base: Rc::new(base), ..self })
    }

    /// The base of the files here, once these were written. What others change meanwhile is not
    /// noticed, as it is not while one change is computed; it is not overwritten either.
    fn with_written(self, files: &FileChanges) -> Option<Self> {
        let base = Rc::into_inner(self.base)?;
        let (first, mut written) =
            self.written.unwrap_or_else(|| (base.tree.clone(), FileChanges::new()));
        written.extend(files.clone());
        // Over the first files, so that not as many layers lie on each other as were written.
        let base = base.with_changed(first.with_files(written.clone()), files.paths())?;
        Some(Self { base: Rc::new(base), written: Some((first, written)), ..self })
    }
}
