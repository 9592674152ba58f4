//! The codes of holds.

use crate::diagnostic::codes;

codes! {
    /// A hold that says of nothing what is held back.
    ///
    /// `state` lists what a state has to say to be held back, each key of the
    /// app with its tag and digest. Without a key in it every state would be,
    /// which is more than anybody means by it.
    ///
    /// ```yaml
    /// - state: {}                                              # wrong
    /// - state: { frontend: "v4@sha256:2a1f…" }                 # right
    ///   reason: checkout answers with errors
    ///   by: ana
    /// ```
    EMPTY_HOLD = "empty-hold", Input, Error;

    /// A hold that ends before it starts.
    ///
    /// `--until` names the last day of a hold, or the time at which it ends. One that has passed would
    /// hold nothing back, so the year may be wrong, or the zone. Without `--until` a hold lasts until
    /// it is lifted.
    ///
    /// ```sh
    /// rungs hold set web --env prod --reason freeze --until 2020-01-01 --commit    # wrong
    /// rungs hold set web --env prod --reason freeze --until 2099-01-01 --commit    # right
    /// ```
    ENDED_HOLD = "ended-hold", Input, Error;

    /// A file of holds that holds nothing back.
    ///
    /// Holds stand in `.rungs/holds/<environment>/<app>.yaml`, with `.` for
    /// each `/` of the environment's name. A file elsewhere below
    /// `.rungs/holds/` is read by nobody, while whoever wrote it believes that
    /// it keeps something out.
    ///
    /// ```text
    /// .rungs/holds/prod/eu/guestbook.yaml      wrong
    /// .rungs/holds/prod.eu/guestbook.yaml      right
    /// ```
    MISPLACED_HOLD = "misplaced-hold", Input, Error;

    /// No hold is on what was named.
    ///
    /// `rungs hold lift --ref` lifts the holds that name a reference. None of
    /// the app's holds in that environment does; one of an environment below
    /// has to be lifted there.
    ///
    /// ```text
    /// rungs hold list guestbook                        what is held back, and where
    /// rungs hold lift guestbook --env stage --ref v4
    /// ```
    NO_SUCH_HOLD = "no-such-hold", Answer, Error;

    /// A file of holds that only a person can edit.
    ///
    /// Adding or lifting a hold changes the lines of that hold and no others.
    /// Where the file is written so that this would change another hold as
    /// well, as where one repeats a part of another by `*alias`, nothing is
    /// changed. Edit the file by hand, or write its holds out in full.
    UNEDITABLE_HOLDS = "uneditable-holds", Answer, Error;
}
