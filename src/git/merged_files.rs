//! What merging two commits would give, without a commit.

use git2::{Delta, MergeFileInput, MergeOptions, merge_file};

use super::{FileMode, LocalClone, ObjectDatabase, ObjectError, ObjectName};
use crate::source::{FileChanges, MAX_FILE_BYTES, RepoPath};

/// An entry of a tree; none if there is nothing.
type Entry = Option<(FileMode, ObjectName)>;

impl LocalClone {
    /// The files of `ours` that would change if `theirs` were merged into it; none where a
    /// person would have to resolve a conflict, or where something else than plain files
    /// changes.
    ///
    /// libgit2 merges as forges do, renames and several common ancestors included. Where it
    /// cannot, because a blob was not fetched or the hashes are longer, files are merged one
    /// by one against `fork`: then what one side renamed and the other changed is a conflict.
    ///
    /// # Errors
    ///
    /// An object cannot be read.
    pub fn merged_files(
        &self,
        fork: &ObjectName,
        ours: &ObjectName,
        theirs: &ObjectName,
    ) -> Result<Option<FileChanges>, ObjectError> {
        match self.merged_by_libgit2(ours, theirs) {
            Ok(merged) => Ok(merged),
            Err(error) if lacks_something(&error) => self.merged_one_by_one(fork, ours, theirs),
            Err(error) => Err(ObjectError::Failed(error.message().to_owned())),
        }
    }

    fn merged_by_libgit2(
        &self,
        ours: &ObjectName,
        theirs: &ObjectName,
    ) -> Result<Option<FileChanges>, git2::Error> {
        let repository = git2::Repository::open(self.git_directory())?;
        // What merging writes stays in memory.
        let database = repository.odb()?;
        let _in_memory = database.add_new_mempack_backend(1000)?;
        let commit =
            |name: &ObjectName| repository.find_commit(git2::Oid::from_str(name.as_str())?);
        let (ours, theirs) = (commit(ours)?, commit(theirs)?);
        let index = repository.merge_commits(&ours, &theirs, Some(&MergeOptions::new()))?;
        if index.has_conflicts() {
            return Ok(None);
        }
        let differences = repository.diff_tree_to_index(Some(&ours.tree()?), Some(&index), None)?;
        let mut merged = FileChanges::new();
        for delta in differences.deltas() {
            let (old, new) = (delta.old_file(), delta.new_file());
            let is_plain = |file: &git2::DiffFile<'_>| {
                matches!(file.mode(), git2::FileMode::Blob | git2::FileMode::BlobExecutable)
            };
            let is_gone = delta.status() == Delta::Deleted;
            let file = if is_gone { &old } else { &new };
            let full = file.path_bytes().and_then(|path| std::str::from_utf8(path).ok());
            let Some(full) = full.and_then(|path| RepoPath::new(path).ok()) else {
                return Ok(None);
            };
            let Some(path) = self.seen(&full) else { continue };
            // What was a link goes before a file comes in its place.
            if is_gone {
                if merged.get(&path).is_none() {
                    merged.insert(path, None);
                }
                continue;
            }
            // Nor can a file be where another one's directory is, which need not change itself.
            let is_above_file = index.find_prefix(format!("{full}/").as_bytes()).is_ok();
            let above = std::iter::successors(full.parent(), RepoPath::parent);
            let mut above = above.take_while(|path| !path.is_root());
            let is_below_file =
                above.any(|path| index.get_path(path.as_str().as_ref(), 0).is_some());
            if !is_plain(file) || is_above_file || is_below_file {
                return Ok(None);
            }
            let blob = repository.find_blob(new.id())?;
            if blob.size() as u64 > MAX_FILE_BYTES {
                return Ok(None);
            }
            merged.insert(path, Some(blob.content().to_vec()));
        }
        Ok(Some(merged))
    }

    /// The same, file by file.
    fn merged_one_by_one(
        &self,
        fork: &ObjectName,
        ours: &ObjectName,
        theirs: &ObjectName,
    ) -> Result<Option<FileChanges>, ObjectError> {
        // Which of several common ancestors a file would be merged against is not known here.
        let program = self.program();
        let bases = program.command("merge-base").args(["--all", ours.as_str(), theirs.as_str()]);
        let bases = bases.run().map_err(|error| ObjectError::Failed(error.to_string()))?;
        if String::from_utf8_lossy(&bases).lines().count() > 1 {
            return Ok(None);
        }
        let changed = self.changed_files(fork, theirs)?;
        if !changed.is_complete() {
            return Ok(None);
        }
        let objects = self.objects();
        let root = |commit: &ObjectName| objects.commit(commit).map(|(_, tree)| tree);
        let roots = [root(fork)?, root(ours)?, root(theirs)?];
        let mut merged = FileChanges::new();
        for path in changed.paths {
            let Ok(full) = self.prefix().join(path.as_str()) else { return Ok(None) };
            let entry = |root: &ObjectName| entry(&*objects, root, &full);
            let [fork, ours, theirs] = [entry(&roots[0])?, entry(&roots[1])?, entry(&roots[2])?];
            if ours == theirs {
                continue;
            }
            // A file cannot be where another one's directory is.
            for above in std::iter::successors(full.parent(), RepoPath::parent) {
                let is_directory = above.is_root()
                    || matches!(
                        self::entry(&*objects, &roots[1], &above)?,
                        None | Some((FileMode::Tree, _))
                    );
                if !is_directory {
                    return Ok(None);
                }
            }
            let Some(bytes) = merged_file(&*objects, [fork, ours, theirs])? else {
                return Ok(None);
            };
            merged.insert(path, bytes);
        }
        Ok(Some(merged))
    }
}

/// Whether libgit2 could not read a clone: an object was not fetched, or it does not know the
/// clone's hashes.
fn lacks_something(error: &git2::Error) -> bool {
    use git2::ErrorClass::{Invalid, Odb, Os, Repository};
    error.code() == git2::ErrorCode::NotFound
        || matches!(error.class(), Odb | Repository | Os | Invalid)
}

/// The bytes of a file after a merge, which has none if it goes; none if that is a
/// conflict.
#[allow(clippy::option_option, reason = "a conflict is not the same as a file that goes")]
fn merged_file(
    objects: &dyn ObjectDatabase,
    [fork, ours, theirs]: [Entry; 3],
) -> Result<Option<Option<Vec<u8>>>, ObjectError> {
    let is_plain =
        |entry: &Entry| matches!(entry, None | Some((FileMode::File | FileMode::Executable, _)));
    if ![&fork, &ours, &theirs].into_iter().all(is_plain) {
        return Ok(None);
    }
    for (_, id) in [&fork, &ours, &theirs].into_iter().flatten() {
        if objects.blob_size(id)? > MAX_FILE_BYTES {
            return Ok(None);
        }
    }
    let bytes = |entry: Entry| entry.map(|(_, id)| objects.blob(&id)).transpose();
    if fork == ours {
        return bytes(theirs).map(Some);
    }
    let (Some(fork), Some(ours), Some(theirs)) = (bytes(fork)?, bytes(ours)?, bytes(theirs)?)
    else {
        return Ok(None);
    };
    let input = |bytes| {
        let mut input = MergeFileInput::new();
        input.content(bytes);
        input
    };
    let failed = |error: git2::Error| ObjectError::Failed(error.message().to_owned());
    let merged = merge_file(&input(&fork), &input(&ours), &input(&theirs), None).map_err(failed)?;
    Ok(merged.is_automergeable().then(|| Some(merged.content().to_vec())))
}

/// What is at a path from the root of a tree.
fn entry(
    objects: &dyn ObjectDatabase,
    root: &ObjectName,
    path: &RepoPath,
) -> Result<Entry, ObjectError> {
    let mut found = Some((FileMode::Tree, root.clone()));
    for segment in path.segments() {
        let Some((FileMode::Tree, tree)) = found else { return Ok(None) };
        let entries = objects.tree(&tree)?;
        let entry = entries.into_iter().find(|entry| entry.name == segment.as_bytes());
        found = entry.map(|entry| (entry.mode, entry.id));
    }
    Ok(found)
}
