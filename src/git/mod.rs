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
mod revision_form;
mod fetch;
mod revision;
mod commit_files;
mod opening;
mod local_clone;
mod commit_history;
mod log;
mod config;
mod identity;
mod branch;
mod ci;
mod build;
mod writer;
mod remote;
mod push;
mod tip;
mod address;
mod cache;

pub use address::RepositoryAddress;
pub use branch::Branch;
pub use build::{BuildError, Changes};
pub use cache::Cache;
pub use code::CODES;
pub use commit_files::CommitFiles;
pub use commit_history::{CommitHistory, CommitNames, FileChange, HistoryError, Step};
pub use config::GitConfig;
pub use identity::{CommitIdentity, Person, requested_by};
pub use local_clone::{LocalClone, work_tree};
pub use log::Log;
pub use object::{Commit, FileMode, ObjectName, Signature, TreeEntry};
pub use objects::{ObjectError, Objects};
pub use opening::OpenError;
pub use program::{GitOutput, GitProgram, Invocation, ProgramError, Running};
pub use push::{Lease, PushError, Pushed};
pub use remote::{Remote, RemoteError};
pub use tip::{Landed, PushTarget, TipError};
pub use variables::Variables;
pub use writer::{CloneWriter, CommitMetadata};
