//! The commit that a pin names: a tag, or a commit's id.

use super::backend::{Abbreviated, CloneBackend, Peeled, peeled};
use super::fetch_command;
use super::remote::Remote;
use super::revision_form::RevisionForm;
use super::{ObjectError, ObjectName};
use crate::source::RevisionError;

/// A question to a clone: which commit a pin names.
pub(super) struct PinQuery<'d> {
    pub(super) backend: &'d dyn CloneBackend,
    /// The names of the clone's remotes.
    pub(super) remotes: &'d [Remote],
    /// The name of the one to fetch from.
    pub(super) remote: &'d str,
    pub(super) is_shallow: bool,
    pub(super) revision: &'d str,
}

impl PinQuery<'_> {
    /// The commit of a tag, or of an abbreviated or full id.
    pub(super) fn commit(&self) -> Result<ObjectName, RevisionError> {
        let revision = self.revision;
        let id = match RevisionForm::of(revision, self.backend.digits()) {
            RevisionForm::Id(id) => id,
            name => match self.tagged()? {
                // A tag wins over a branch of the same name, as it does in git.
                Some(id) => id,
                None if self.is_branch()? => {
                    return Err(RevisionError::Branch(revision.to_owned()));
                }
                None if matches!(name, RevisionForm::Abbreviation) => self.abbreviated()?,
                None => return Err(self.absent()),
            },
        };
        match peeled(self.backend, id).map_err(|error| self.unread(&error))? {
            Peeled::Commit(id) => Ok(id),
            Peeled::Other(kind) => {
                let found = kind.name().to_owned();
                Err(RevisionError::NotACommit { revision: revision.to_owned(), found })
            }
        }
    }

    fn tagged(&self) -> Result<Option<ObjectName>, RevisionError> {
        self.reference(&format!("refs/tags/{}", self.revision))
    }

    fn reference(&self, full: &str) -> Result<Option<ObjectName>, RevisionError> {
        if !git2::Reference::is_valid_name(full) {
            return Ok(None);
        }
        self.backend.reference(full).map_err(|error| self.unread(&error))
    }

    fn abbreviated(&self) -> Result<ObjectName, RevisionError> {
        // Digits of either case are the same digits.
        let digits = self.revision.to_ascii_lowercase();
        match self.backend.abbreviated(&digits).map_err(|error| self.unread(&error))? {
            Abbreviated::One(id) => Ok(id),
            Abbreviated::Nothing => Err(self.absent()),
            Abbreviated::Several => Err(RevisionError::Ambiguous(self.revision.to_owned())),
        }
    }

    fn is_branch(&self) -> Result<bool, RevisionError> {
        let name = self.revision;
        if name == "HEAD" {
            return Ok(true);
        }
        let mut places = vec![format!("refs/heads/{name}"), format!("refs/remotes/{name}")];
        let of_remote = |remote: &Remote| format!("refs/remotes/{}/{name}", remote.name());
        places.extend(self.remotes.iter().map(of_remote));
        for place in places {
            if self.reference(&place)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn unread(&self, error: &ObjectError) -> RevisionError {
        match error {
            ObjectError::Absent(_) => self.absent(),
            other => failed(self.revision, other),
        }
    }

    fn absent(&self) -> RevisionError {
        let Self { backend, remote, is_shallow, revision, .. } = *self;
        let form = RevisionForm::of(revision, backend.digits());
        let fetch = fetch_command::of_pin(remote, is_shallow, revision, &form);
        RevisionError::Absent { revision: self.revision.to_owned(), fetch }
    }
}

pub(super) fn failed(revision: &str, error: &ObjectError) -> RevisionError {
    RevisionError::Failed { revision: revision.to_owned(), reason: error.to_string() }
}
