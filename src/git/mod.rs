//! A repository's commits, as Trees.
//!
//! libgit2 reads objects in this process; it is never given a remote, a
//! credential or a hook.

mod code;
mod program;
mod commit;
mod fetch;
mod history;
mod object;
mod objects;
mod repository;
mod revision;

pub use code::CODES;
pub use commit::CommitFiles;
pub use history::{FileChange, History, HistoryError, Names, Step};
pub use object::{Commit, Mode, ObjectName, Signature, TreeEntry};
pub use objects::{ObjectError, Objects};
pub use program::{Invocation, Output, Program, ProgramError, Running};
pub use repository::{OpenError, Repository, work_tree};
