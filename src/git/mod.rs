//! A repository's commits, as Trees.
//!
//! libgit2 reads objects in this process; it is never given a remote, a
//! credential or a hook.

mod code;
mod variables;
mod program;
mod settings;
mod identity;
mod build;
mod refs;
mod writer;
mod ci;
mod remote;
mod push;
mod tip;
mod commit;
mod fetch;
mod history;
mod object;
mod objects;
mod repository;
mod revision;

pub use build::{BuildError, Changes};
pub use code::CODES;
pub use commit::CommitFiles;
pub use history::{FileChange, History, HistoryError, Step};
pub use identity::{Identity, Person, requested_by};
pub use object::{Commit, Mode, ObjectName, Signature, TreeEntry};
pub use objects::{ObjectError, Objects};
pub use program::{Invocation, Output, Program, ProgramError, Running};
pub use push::{Lease, PushError, Pushed};
pub use remote::{Branch, Remote, RemoteError};
pub use repository::{OpenError, Repository, work_tree};
pub use settings::Settings;
pub use tip::{Destination, Landed, TipError};
pub use variables::Variables;
pub use writer::{Words, Writer};
