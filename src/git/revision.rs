//! The commit that a revision names.

use super::fetch;
use crate::source::RevisionError;

/// As few digits as git itself takes for an abbreviated commit id by default.
const MIN_ABBREVIATION: usize = 7;

/// As many digits as a full id has.
const FULL: usize = 40;

/// What the form of a revision says of it.
///
/// Git's revision expressions (`main~3`, `@{yesterday}`) move as branches do,
/// so nothing but a tag or a commit's id is a revision here.
pub(super) enum Name {
    /// A full id. It is an object and never a tag or a branch of that name, as
    /// in git: else whoever pushes a tag could redirect a pin.
    Id(git2::Oid),
    /// It may be an abbreviated id, or a tag.
    Abbreviation,
    /// It may be a tag.
    Other,
}

impl Name {
    pub(super) fn of(revision: &str) -> Self {
        let is_hex = revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        match revision.len() {
            FULL if is_hex => git2::Oid::from_str(revision).map_or(Self::Other, Self::Id),
            MIN_ABBREVIATION..FULL if is_hex => Self::Abbreviation,
            _ => Self::Other,
        }
    }
}

/// The commit of a tag, or of an abbreviated or full id.
pub(super) fn commit(inner: &git2::Repository, revision: &str) -> Result<git2::Oid, RevisionError> {
    let error = |error: git2::Error| unread(inner, revision, &error);
    let object = match Name::of(revision) {
        Name::Id(id) => inner.find_object(id, None).map_err(error)?,
        name => match tagged(inner, revision).map_err(error)? {
            // A tag wins over a branch of the same name, as it does in git.
            Some(object) => object,
            None if is_branch(inner, revision) => {
                return Err(RevisionError::Branch(revision.to_owned()));
            }
            None if matches!(name, Name::Abbreviation) => {
                inner.find_object_by_prefix(revision, None).map_err(error)?
            }
            None => return Err(absent(inner, revision)),
        },
    };
    peeled(inner, revision, object)
}

fn tagged<'r>(
    inner: &'r git2::Repository,
    name: &str,
) -> Result<Option<git2::Object<'r>>, git2::Error> {
    let full = format!("refs/tags/{name}");
    if !git2::Reference::is_valid_name(&full) {
        return Ok(None);
    }
    match inner.refname_to_id(&full) {
        Ok(id) => inner.find_object(id, None).map(Some),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The commit that annotated tags lead to.
fn peeled(
    inner: &git2::Repository,
    revision: &str,
    mut object: git2::Object<'_>,
) -> Result<git2::Oid, RevisionError> {
    loop {
        match object.into_tag() {
            Ok(tag) => {
                object = tag.target().map_err(|error| unread(inner, revision, &error))?;
            }
            Err(other) if other.kind() == Some(git2::ObjectType::Commit) => return Ok(other.id()),
            Err(other) => {
                let found = other.kind().map_or("strange object", |kind| kind.str());
                return Err(RevisionError::NotACommit { revision: revision.to_owned(), found });
            }
        }
    }
}

fn is_branch(inner: &git2::Repository, name: &str) -> bool {
    let known =
        |full: String| git2::Reference::is_valid_name(&full) && inner.find_reference(&full).is_ok();
    let remote = || {
        let remotes = inner.remotes().ok();
        let names: Vec<String> = remotes
            .iter()
            .flat_map(|remotes| remotes.iter().flatten().flatten().map(str::to_owned))
            .collect();
        names.into_iter().any(|remote| known(format!("refs/remotes/{remote}/{name}")))
    };
    name == "HEAD"
        || known(format!("refs/heads/{name}"))
        || known(format!("refs/remotes/{name}"))
        || remote()
}

fn unread(inner: &git2::Repository, revision: &str, error: &git2::Error) -> RevisionError {
    match error.code() {
        git2::ErrorCode::NotFound => absent(inner, revision),
        git2::ErrorCode::Ambiguous => RevisionError::Ambiguous(revision.to_owned()),
        _ => failed(revision, error),
    }
}

fn absent(inner: &git2::Repository, revision: &str) -> RevisionError {
    let fetch = fetch::command(inner, revision);
    RevisionError::Absent { revision: revision.to_owned(), fetch }
}

pub(super) fn failed(revision: &str, error: &git2::Error) -> RevisionError {
    RevisionError::Failed { revision: revision.to_owned(), reason: error.message().to_owned() }
}
