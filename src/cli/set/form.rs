//! The forms of `rungs set`, each with its usage.

use super::super::usage_error_of;

/// The ways to say what is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// References of images.
    Images,
    /// Values of an app.
    Values,
    /// Git references and versions of an app.
    Versions,
    /// References and values in named files.
    Files,
}

impl Form {
    /// The usage, with a line for each form.
    pub(super) const USAGE: &str = "\
rungs set [OPTIONS] --env <ENV> <APP [NAME=]REF...>...
       rungs set [OPTIONS] --env <ENV> <APP> --route <ROUTE=VALUE>...
       rungs set [OPTIONS] --env <ENV> <APP> --git <URL=REV>...
       rungs set [OPTIONS] --in <PATH>... [[NAME=]REF]...";

    /// The form that is meant by what was given besides.
    pub(super) fn of(has_paths: bool, has_routes: bool, has_gits: bool) -> Self {
        match (has_paths, has_routes, has_gits) {
            (true, ..) => Self::Files,
            (false, true, _) => Self::Values,
            (false, false, true) => Self::Versions,
            (false, false, false) => Self::Images,
        }
    }

    /// Ends the run as clap does, with the usage of this form.
    pub(super) fn refuse(self, message: &str) -> ! {
        let usage = Self::USAGE.lines().nth(self as usize).expect("each form has a line");
        usage_error_of(usage.trim_start(), message)
    }
}
