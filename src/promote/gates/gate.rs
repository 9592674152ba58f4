//! The list of gates.

use std::fmt;

use serde::Serialize;

use super::evaluation::Evaluation;
use super::verdict::Judgement;
use super::{approvals, checks, digest, field, hold, image, order, soak, tag, ticket, window};

/// When a gate binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Binds {
    /// Before the pull request is opened.
    Open,
    /// Before it is merged.
    Merge,
}

/// Whether a rollback has to pass a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnRollback {
    /// It does.
    Kept,
    /// It does not: what it asks for is either about going up the ladder, or
    /// was asked when the state first entered, and would keep what is broken in
    /// place.
    Skipped,
}

/// Whether a person may put a gate aside and say why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Override {
    /// One may; it is recorded, and whoever approves reads it.
    PermissionArgs,
    /// One may not. An override is the word of the person who asks, and these
    /// gates are there so that it is not enough: what does not render deploys
    /// nothing that anybody meant, and an approval that one can give oneself is
    /// none.
    Refused,
}

/// Each gate once: its documentation, its name, and what is true of it.
macro_rules! gates {
    ($($(#[doc = $doc:literal])+ $gate:ident = $name:literal, $binds:ident, $rollback:ident, $override:ident, $judge:expr;)+) => {
        /// A condition for entering an environment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Gate {
            $($(#[doc = $doc])+ $gate,)+
        }

        impl Gate {
            /// All of them, in the order in which they are judged and shown.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$gate),+];

            /// Its name, by which `--override` names it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$gate => $name),+ }
            }

            /// When it binds.
            pub const fn binds(self) -> Binds {
                match self { $(Self::$gate => Binds::$binds),+ }
            }

            /// Whether a rollback has to pass it as well.
            pub const fn binds_rollback(self) -> bool {
                match self { $(Self::$gate => matches!(OnRollback::$rollback, OnRollback::Kept)),+ }
            }

            /// Whether `--override` may name it.
            pub const fn may_be_overridden(self) -> bool {
                match self { $(Self::$gate => matches!(Override::$override, Override::PermissionArgs)),+ }
            }

            /// What it says; none where it asks for nothing here.
            pub(super) fn judge(self, evaluation: &Evaluation<'_>) -> Option<Judgement> {
                let judge: fn(&Evaluation<'_>) -> Option<Judgement> = match self {
                    $(Self::$gate => $judge),+
                };
                judge(evaluation)
            }
        }
    };
}

gates! {
    /// No rung is skipped, and no step goes back.
    Order = "order", Open, Skipped, PermissionArgs, order::judge;
    /// The state is not held back.
    Hold = "hold", Open, Kept, PermissionArgs, hold::judge;
    /// Tags look as they should.
    Tag = "tag", Open, Kept, PermissionArgs, tag::judge;
    /// Images come from where they may.
    Image = "image", Open, Kept, PermissionArgs, image::judge;
    /// Images have digests.
    Digest = "digest", Open, Skipped, PermissionArgs, digest::judge;
    /// Values are as stated.
    Field = "field", Open, Skipped, PermissionArgs, field::judge;
    /// A ticket is named.
    Ticket = "ticket", Open, Skipped, PermissionArgs, ticket::judge;
    /// The result renders and is valid. Judged where the files are made, and
    /// put among the others by [`super::insert`].
    Render = "render", Open, Kept, Refused, |_| None;
    /// The state stood in the environment before for long enough.
    Soak = "soak", Merge, Skipped, PermissionArgs, soak::judge;
    /// It is the time for it.
    Window = "window", Merge, Skipped, PermissionArgs, window::judge;
    /// Checks have passed.
    Checks = "checks", Merge, Skipped, PermissionArgs, checks::judge;
    /// People have approved.
    Approvals = "approvals", Merge, Kept, Refused, approvals::judge;
}

impl Gate {
    /// The gate of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|gate| gate.name() == name)
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
