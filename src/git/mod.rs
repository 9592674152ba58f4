//! A repository's commits, as Trees.
//!
//! libgit2 reads objects in this process; it is never given a remote, a
//! credential or a hook.

mod commit;
mod fetch;
mod repository;
mod revision;

pub use commit::CommitFiles;
pub use repository::{OpenError, Repository, work_tree};
