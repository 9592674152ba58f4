//! Options that say which part of an app moves.

use crate::promote::Part;

/// Which part of an app moves.
#[derive(Debug, clap::Args)]
pub(super) struct PartArgs {
    /// Move only this image, git reference, version or value of the app, by the name that plans
    /// show; may be given more than once
    #[arg(long, value_name = "KEY", conflicts_with = "except")]
    only: Vec<String>,
    /// Leave this image, git reference, version or value of the app as it is; may be given more
    /// than once
    #[arg(long, value_name = "KEY")]
    except: Vec<String>,
}

impl PartArgs {
    pub(super) fn part(self) -> Part {
        match (self.only.is_empty(), self.except.is_empty()) {
            (false, _) => Part::Only(self.only),
            (true, false) => Part::Except(self.except),
            (true, true) => Part::Whole,
        }
    }
}
