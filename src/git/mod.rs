//! A repository's commits: read as Trees, made of changes, pushed to a branch.
//!
//! libgit2 reads objects in this process; it is never given a remote, a
//! credential or a hook.

mod code;
mod variables;
mod process_tree;
mod silence;
mod program;
mod object;
mod object_database;
mod object_format;
mod backend;
mod libgit2;
mod cat_file;
mod revision_form;
mod seen;
mod config;
mod branch;
mod remote;
mod fetch_command;
mod pin;
mod commit_files;
mod opening;
mod local_clone;
mod compare;
mod changed_files;
mod commit_history;
mod log;
mod merged_files;
mod own_directory;
mod checked_bytes;
mod content_facts;
mod history_index;
mod expression;
mod address;
mod ci;
mod identity;
mod commit_builder;
mod writer;
mod remote_branches;
mod push;
mod tip;
mod revision;
mod workspace;
mod naming;
mod base;
mod cache;

pub use address::{CanonicalAddress, RepositoryAddress};
pub use branch::{Branch, OwnBranch};
pub use cache::Cache;
pub use changed_files::ChangedFiles;
pub use code::{CODES, INVALID_BRANCH};
pub use commit_builder::BuildError;
pub use commit_history::{
    BranchPositions, BranchStep, BranchSteps, CommitHistory, CommitTimes, FileChange, HistoryError,
};
pub use config::GitConfig;
pub use content_facts::{ContentFacts, FactKey, fact_key};
pub use fetch_command::shell_word;
pub use history_index::{IndexedHistory, Indexing, Watch};
pub use identity::{CommitIdentity, Person, requested_by};
pub use local_clone::LocalClone;
pub use log::Log;
pub use naming::NamingError;
pub use object::{Commit, FileMode, ObjectName, Signature, TreeEntry};
pub use object_database::{ObjectDatabase, ObjectError};
pub use opening::OpenError;
pub use program::{GitOutput, GitProgram, Invocation, ProgramError, Running, WatchedOutput};
pub use push::{Lease, PushError};
pub use remote::Remote;
pub use remote_branches::RemoteError;
pub use revision::{Revision, RevisionKind};
pub use silence::SilenceLimit;
pub use tip::{PushOutcome, PushTarget, Retries, TipError, TipOutcome};
pub use variables::Variables;
pub use workspace::{BaseOptions, ConfiguredBase, Workspace, WorkspaceOptions};
pub use writer::{CloneWriter, CommitMetadata};
