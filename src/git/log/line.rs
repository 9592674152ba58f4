//! The names of every commit along a branch.

use std::collections::HashSet;
use std::sync::Arc;

use super::pull;
use super::spine::{Spine, Vertebra};
use crate::git::{HistoryError, ObjectName, Program, Repository};

/// A branch's commits, newest first, on the way that its steps go.
pub(super) struct Line<'h> {
    repository: &'h Arc<Repository>,
    branch: Option<&'h str>,
    program: Program,
    shallow: HashSet<ObjectName>,
    /// None when it is over.
    spine: Option<Spine>,
}

impl<'h> Line<'h> {
    pub(super) fn new(
        repository: &'h Arc<Repository>,
        branch: Option<&'h str>,
        tip: &ObjectName,
    ) -> Result<Self, HistoryError> {
        let (program, shallow) = (repository.program(), repository.shallow());
        let spine = Some(Spine::from(&program, tip)?);
        Ok(Self { repository, branch, program, shallow, spine })
    }

    fn name(&mut self) -> Result<Option<ObjectName>, HistoryError> {
        let Some(spine) = &mut self.spine else { return Ok(None) };
        let Some(vertebra) = spine.next()? else { return Ok(None) };
        if self.shallow.contains(&vertebra.id) {
            return Err(HistoryError::Shallow { fetch: self.repository.unshallow() });
        }
        if let Some(parent) = self.branch_parent(&vertebra)? {
            self.spine = Some(Spine::from(&self.program, &vertebra.parents[parent])?);
        }
        Ok(Some(vertebra.id))
    }

    fn branch_parent(&self, vertebra: &Vertebra) -> Result<Option<usize>, HistoryError> {
        let parents = vertebra.parents.len();
        if parents < 2 {
            return Ok(None);
        }
        let (commit, _) = self.repository.objects().commit(&vertebra.id)?;
        Ok(pull::branch_parent(commit.subject(), parents, self.branch))
    }
}

impl Iterator for Line<'_> {
    type Item = Result<ObjectName, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.name().transpose();
        if !matches!(name, Some(Ok(_))) {
            self.spine = None;
        }
        name
    }
}
