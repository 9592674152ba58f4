//! A repository's commits: read as Trees, made of changes, pushed to a branch.
//!
//! libgit2 reads objects in this process; it is never given a remote, a
//! credential or a hook.

mod code;
mod variables;
mod program;
mod object;
mod objects;
mod format;
mod database;
mod libgit2;
mod cat_file;
mod fetch;
mod revision;
mod commit;
mod opening;
mod repository;
mod history;
mod log;
mod settings;
mod identity;
mod ci;
mod build;
mod writer;
mod remote;
mod push;
mod tip;
mod address;
mod cache;

pub use address::Address;
pub use build::{BuildError, Changes};
pub use cache::Cache;
pub use code::CODES;
pub use commit::CommitFiles;
pub use history::{CommitHistory, FileChange, HistoryError, Names, Step};
pub use identity::{Identity, Person, requested_by};
pub use log::Log;
pub use object::{Commit, Mode, ObjectName, Signature, TreeEntry};
pub use objects::{ObjectError, Objects};
pub use opening::OpenError;
pub use program::{Invocation, Output, Program, ProgramError, Running};
pub use push::{Lease, PushError, Pushed};
pub use remote::{Branch, Remote, RemoteError};
pub use repository::{Repository, work_tree};
pub use settings::Settings;
pub use tip::{Destination, Landed, TipError};
pub use variables::Variables;
pub use writer::{Words, Writer};
