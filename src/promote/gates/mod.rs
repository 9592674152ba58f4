//! Conditions for entering an environment: one file each, and one table.
//!
//! A gate judges the [`Evaluation`] of a [`Candidate`]. It knows the world only by
//! traits: [`Evidence`] (the base: its sites, its history, its holds), [`Values`] (the
//! files) and [`Facts`] (the forge). If something cannot be known, the gate waits; it
//! never passes.
//!
//! A new gate is a file here, a row below, and its configuration in
//! `config/gates.rs`.

mod candidate;
mod evaluation;
mod judgement;
mod prerequisites;
mod version_order;
pub(super) mod words;

mod approvals;
mod bypassed;
mod checks;
mod digest;
mod field;
mod hold;
mod image;
mod order;
mod render;
mod soak;
mod stays;
mod tightening;
mod tag;
mod ticket;
mod window;

use std::fmt;

use serde::Serialize;

pub(super) use approvals::approved;
pub use candidate::{Approval, CheckFact, Facts, Review};
pub(super) use candidate::{
    BroughtReference, BroughtReferences, Candidate, Evidence, FoundValue, Transition, Values,
};
pub(super) use evaluation::Evaluation;
use judgement::Judgement;
pub use judgement::{Answer, GatePlace};
pub(super) use tightening::RelaxedGate;
pub(super) use words::code;

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
    /// It does not: the gate is either about going up the ladder, or was passed when
    /// the state first entered, and would keep a broken state in place.
    Skipped,
}

/// Whether a person may override a gate with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overriding {
    /// The override is recorded, and the people who approve read it.
    Allowed,
    /// The gate may not be overridden. An override is the word of the person who
    /// requests the change, and these gates exist so that this is not enough: a change
    /// that does not render deploys nothing that anybody intended, and an approval of
    /// one's own change is worthless.
    Refused,
}

/// Whether `select: newest-eligible` selects a state while a gate waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnSelection {
    /// The state is skipped, and an older one may be selected.
    Decides,
    /// The state is no candidate: nothing but another state can let it in.
    Excludes,
    /// The state is selected: the gate waits for people or for the time of day, which
    /// says nothing about the state and can come after the selection.
    Waits,
}

/// What a gate is judged from. `status` has no request and renders nothing, so it asks
/// only for gates whose evidence it has. All others ask for every gate, and a gate whose
/// evidence is not available waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JudgedFrom {
    /// The files of the base and of the change.
    Files,
    /// The history of the base branch.
    History,
    /// The options of the request.
    Request,
    /// The rendered result.
    Rendering,
    /// The facts that only the forge knows.
    Forge,
}

/// Whether a branch's history has what a gate is judged from, so that changes of long ago
/// can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FromHistory {
    /// It has.
    Known,
    /// It has not, or finding it takes rendering each commit.
    Unknown,
}

/// Whether a gate judges every commit of a change that may land commit by commit, or only the
/// change as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnCommit {
    /// Every one: a state that stood on the branch for a moment was there.
    Judged,
    /// The whole: it is about what the change leaves, or about the request.
    Left,
}

/// When a gate judges a change that leaves an app's state as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnSameState {
    /// Always: what is rendered may change all the same.
    Judged,
    /// If it brings a reference that no site says.
    IfBrought,
    /// If that reference has to climb the ladder, so that something enters.
    IfClimbing,
    /// Never: the gate is about what sites say.
    Left,
}

/// Declares each gate once: its documentation, its name, and its properties.
macro_rules! gates {
    ($($(#[doc = $doc:literal])+ $gate:ident = $name:literal, $judge:path,
        binds $binds:ident, rollback $rollback:ident, override $overriding:ident,
        selection $selection:ident, judged from $from:ident, past $past:ident,
        commit $commit:ident, same state $same:ident;)+) => {
        /// A condition for entering an environment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Gate {
            $($(#[doc = $doc])+ $gate,)+
        }

        impl Gate {
            /// All of them, in the order in which they are judged and shown.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$gate),+];

            /// The gate's name, as in the configuration and in `--override`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$gate => $name),+ }
            }

            /// When the gate binds.
            pub(super) const fn binds(self) -> Binds {
                match self { $(Self::$gate => Binds::$binds),+ }
            }

            /// Whether a rollback has to pass the gate as well.
            pub(super) const fn binds_rollback(self) -> bool {
                match self { $(Self::$gate => matches!(OnRollback::$rollback, OnRollback::Kept)),+ }
            }

            /// Whether `--override` may name the gate.
            pub const fn may_be_overridden(self) -> bool {
                match self {
                    $(Self::$gate => matches!(Overriding::$overriding, Overriding::Allowed)),+
                }
            }

            /// Whether a state may be selected while the gate waits.
            pub(super) const fn may_wait_once_selected(self) -> bool {
                match self {
                    $(Self::$gate => matches!(OnSelection::$selection, OnSelection::Waits)),+
                }
            }

            /// Whether a state that fails is no candidate at all.
            pub(super) const fn excludes_states(self) -> bool {
                match self {
                    $(Self::$gate => matches!(OnSelection::$selection, OnSelection::Excludes)),+
                }
            }

            /// What the gate is judged from.
            pub(super) const fn judged_from(self) -> JudgedFrom {
                match self { $(Self::$gate => JudgedFrom::$from),+ }
            }

            /// Whether a branch's history has what the gate is judged from.
            pub(super) const fn is_known_from_history(self) -> bool {
                match self { $(Self::$gate => matches!(FromHistory::$past, FromHistory::Known)),+ }
            }

            /// Whether every commit of a change that may land commit by commit is judged.
            pub const fn judges_commits(self) -> bool {
                match self { $(Self::$gate => matches!(OnCommit::$commit, OnCommit::Judged)),+ }
            }

            /// Whether a change is judged that leaves an app's state as it is, and brings
            /// these references besides.
            pub(super) fn judges_same_state(self, brought: &[BroughtReference]) -> bool {
                let when = match self { $(Self::$gate => OnSameState::$same),+ };
                match when {
                    OnSameState::Judged => true,
                    OnSameState::IfBrought => !brought.is_empty(),
                    OnSameState::IfClimbing => brought.iter().any(|one| one.is_ordered),
                    OnSameState::Left => false,
                }
            }

            /// The gate's judgement; none if it is not configured or does not apply.
            pub(super) fn judge(self, evaluation: &Evaluation<'_>) -> Option<Judgement> {
                match self { $(Self::$gate => $judge(evaluation)),+ }
            }
        }
    };
}

gates! {
    /// No rung is skipped, and the change is not a step back.
    Order = "order", order::judge,
        binds Open, rollback Skipped, override Allowed, selection Decides,
        judged from History, past Known,
        commit Judged, same state IfClimbing;
    /// The state is not held back.
    Hold = "hold", hold::judge,
        binds Open, rollback Kept, override Allowed, selection Decides,
        judged from Files, past Known,
        commit Judged, same state IfBrought;
    /// Tags match a pattern.
    Tag = "tag", tag::judge,
        binds Open, rollback Kept, override Allowed, selection Excludes,
        judged from Files, past Known,
        commit Judged, same state Left;
    /// Images come from allowed repositories.
    Image = "image", image::judge,
        binds Open, rollback Kept, override Allowed, selection Excludes,
        judged from Files, past Known,
        commit Judged, same state IfBrought;
    /// Images have digests.
    Digest = "digest", digest::judge,
        binds Open, rollback Skipped, override Allowed, selection Excludes,
        judged from Files, past Known,
        commit Left, same state IfClimbing;
    /// Values are as stated.
    Field = "field", field::judge,
        binds Open, rollback Skipped, override Allowed, selection Decides,
        judged from Files, past Unknown,
        commit Left, same state IfClimbing;
    /// A ticket is given.
    Ticket = "ticket", ticket::judge,
        binds Open, rollback Skipped, override Allowed, selection Decides,
        judged from Request, past Known,
        commit Left, same state IfClimbing;
    /// The result renders and is valid.
    Render = "render", render::judge,
        binds Open, rollback Kept, override Refused, selection Decides,
        judged from Rendering, past Unknown,
        commit Left, same state Judged;
    /// The state has been in the environment before for long enough.
    Soak = "soak", soak::judge,
        binds Merge, rollback Skipped, override Allowed, selection Decides,
        judged from History, past Known,
        commit Judged, same state IfClimbing;
    /// The window for changes is open.
    Window = "window", window::judge,
        binds Merge, rollback Skipped, override Allowed, selection Waits,
        judged from Files, past Known,
        commit Left, same state IfClimbing;
    /// Checks have passed.
    Checks = "checks", checks::judge,
        binds Merge, rollback Skipped, override Allowed, selection Decides,
        judged from Forge, past Unknown,
        commit Left, same state IfClimbing;
    /// People have approved the change.
    Approvals = "approvals", approvals::judge,
        binds Merge, rollback Kept, override Refused, selection Waits,
        judged from Forge, past Unknown,
        commit Left, same state IfClimbing;
}

impl Gate {
    /// The gate with a name; none if there is no such gate.
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
