//! A set of files that was not written, as a finding.

use super::{WriteError, WriteFault};
use crate::diagnostic::{Code, Finding};
use crate::source::{Location, RepoPath};

impl WriteError {
    /// The finding, with the caller's code. `shown` returns, for the index of a
    /// file, what it is called in the message, and its path in the finding.
    pub fn finding(
        &self,
        code: &'static Code,
        shown: &dyn Fn(usize) -> (String, RepoPath),
    ) -> Finding {
        let (name, path) = shown(self.at);
        let message = format!("`{name}` cannot be written: {self}");
        Finding::new(code, message, Location::of_path(&path)).help(self.what_is_left(shown))
    }

    fn what_is_left(&self, shown: &dyn Fn(usize) -> (String, RepoPath)) -> String {
        let left: Vec<_> = self.left.iter().map(|at| format!("`{}`", shown(*at).0)).collect();
        if !left.is_empty() {
            return format!(
                "what was changed before it could not be put back: {}",
                left.join(", ")
            );
        }
        let next = match self.fault {
            WriteFault::Changed => "try again",
            WriteFault::NotAFile => "move it away, and try again",
            WriteFault::Refused(_) => "make room or mend the permissions, and try again",
        };
        format!("nothing was changed; {next}")
    }
}
