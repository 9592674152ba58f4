//! Conditions for entering an environment: one file each, and one table.
//!
//! A gate is asked about an [`Evaluation`] of a [`Candidate`]. What it needs to
//! know of the world comes in by traits: [`Evidence`] (the base: its sites, its
//! history, its holds), [`Values`] (the files) and [`Facts`] (the forge). What
//! cannot be known is an answer that waits, and never one that passes.
//!
//! A new gate is a file here, a row below, and its configuration in
//! `config/gates.rs`.

mod candidate;
mod evaluation;
mod judgement;
mod prerequisites;
mod version;
pub(super) mod words;

mod approvals;
mod checks;
mod digest;
mod field;
mod hold;
mod image;
mod order;
mod render;
mod soak;
mod tag;
mod ticket;
mod window;

use std::fmt;

use serde::Serialize;

pub use candidate::{Approval, CheckFact, Facts, Review};
pub(super) use candidate::{Candidate, Evidence, Transition, Values};
pub(super) use evaluation::Evaluation;
pub use judgement::Answer;
use judgement::Judgement;

/// When a gate binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binds {
    /// Before the pull request is opened.
    Open,
    /// Before it is merged.
    Merge,
}

/// Whether a rollback has to pass a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnRollback {
    /// It has to.
    Kept,
    /// It does not: what the gate asks for is either about going up the ladder,
    /// or was asked when the state first entered, and would keep what is broken
    /// in place.
    Skipped,
}

/// Whether a person may put a gate aside and say why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overriding {
    /// One may; it is recorded, and whoever approves reads it.
    Allowed,
    /// One may not. An override is the word of the person who asks, and these
    /// gates are there so that it is not enough: what does not render deploys
    /// nothing that anybody meant, and an approval that one can give oneself is
    /// none.
    Refused,
}

/// Whether `select: newest-eligible` picks a state while a gate waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnSelection {
    /// The state is passed over, and an older one may be picked.
    Decides,
    /// The state is picked: what the gate waits for, people or the hour, says
    /// nothing of the state, and is waited for once it is picked.
    Waits,
}

/// What a gate is judged from. Whoever does not have that does not ask it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JudgedFrom {
    /// The files of the base and of the change.
    Files,
    /// The history of the base branch.
    History,
    /// What a person says with the request.
    Request,
    /// The rendered result.
    Rendering,
    /// What only the forge knows.
    Forge,
}

/// Each gate once: its documentation, its name, and what is true of it.
macro_rules! gates {
    ($($(#[doc = $doc:literal])+ $gate:ident = $name:literal, $judge:path,
        binds $binds:ident, rollback $rollback:ident, override $overriding:ident,
        selection $selection:ident, judged from $from:ident;)+) => {
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
            pub(super) const fn binds(self) -> Binds {
                match self { $(Self::$gate => Binds::$binds),+ }
            }

            /// Whether a rollback has to pass it as well.
            pub(super) const fn binds_rollback(self) -> bool {
                match self { $(Self::$gate => matches!(OnRollback::$rollback, OnRollback::Kept)),+ }
            }

            /// Whether `--override` may name it.
            pub const fn may_be_overridden(self) -> bool {
                match self {
                    $(Self::$gate => matches!(Overriding::$overriding, Overriding::Allowed)),+
                }
            }

            /// Whether a state may be selected while it waits.
            pub(super) const fn may_wait_once_selected(self) -> bool {
                match self {
                    $(Self::$gate => matches!(OnSelection::$selection, OnSelection::Waits)),+
                }
            }

            /// What it is judged from.
            pub(super) const fn judged_from(self) -> JudgedFrom {
                match self { $(Self::$gate => JudgedFrom::$from),+ }
            }

            /// What it says; none where it asks for nothing here.
            pub(super) fn judge(self, evaluation: &Evaluation<'_>) -> Option<Judgement> {
                match self { $(Self::$gate => $judge(evaluation)),+ }
            }
        }
    };
}

gates! {
    /// No rung is skipped, and no step goes back.
    Order = "order", order::judge,
        binds Open, rollback Skipped, override Allowed, selection Decides, judged from History;
    /// The state is not held back.
    Hold = "hold", hold::judge,
        binds Open, rollback Kept, override Allowed, selection Decides, judged from Files;
    /// Tags look as they should.
    Tag = "tag", tag::judge,
        binds Open, rollback Kept, override Allowed, selection Decides, judged from Files;
    /// Images come from where they may.
    Image = "image", image::judge,
        binds Open, rollback Kept, override Allowed, selection Decides, judged from Files;
    /// Images have digests.
    Digest = "digest", digest::judge,
        binds Open, rollback Skipped, override Allowed, selection Decides, judged from Files;
    /// Values are as stated.
    Field = "field", field::judge,
        binds Open, rollback Skipped, override Allowed, selection Decides, judged from Files;
    /// A ticket is named.
    Ticket = "ticket", ticket::judge,
        binds Open, rollback Skipped, override Allowed, selection Decides, judged from Request;
    /// The result renders and is valid.
    Render = "render", render::judge,
        binds Open, rollback Kept, override Refused, selection Decides, judged from Rendering;
    /// The state stood in the environment before for long enough.
    Soak = "soak", soak::judge,
        binds Merge, rollback Skipped, override Allowed, selection Decides, judged from History;
    /// It is the time for it.
    Window = "window", window::judge,
        binds Merge, rollback Skipped, override Allowed, selection Waits, judged from Files;
    /// Checks have passed.
    Checks = "checks", checks::judge,
        binds Merge, rollback Skipped, override Allowed, selection Decides, judged from Forge;
    /// People have approved.
    Approvals = "approvals", approvals::judge,
        binds Merge, rollback Kept, override Refused, selection Waits, judged from Forge;
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

#[cfg(test)]
mod tests;
