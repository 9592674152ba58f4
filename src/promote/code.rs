//! What keeps a promotion from being planned.

use crate::diagnostic::codes;

codes! {
    /// An environment that nothing is promoted to.
    ///
    /// Promotion goes up the ladder. What enters a first rung is set by
    /// `rungs set`, as CI does after a build; an environment that neither
    /// `ladder` nor `after` names is rendered and never promoted to.
    ///
    /// ```yaml
    /// ladder: [qa, stage, prod]     # to stage and to prod
    /// ```
    NOT_PROMOTED_TO = "not-promoted-to", Input, Error;

    /// No environment below has the app.
    ///
    /// What is promoted is what stands in the environment before. An app comes
    /// into the first rung by its file there, and from there upwards with
    /// `rungs promote --create`.
    NOTHING_BELOW = "nothing-below", Answer, Error;

    /// The source is not below the target.
    ///
    /// `--from` chooses between environments that come before the target.
    /// `rungs rollback` goes back to what an environment had before.
    NOT_BELOW = "not-below", Input, Error;

    /// The environments before do not say the same.
    ///
    /// Where several environments come before one, a state has to stand in
    /// each of them. Here they differ, so nobody can say which is meant.
    /// Promote to the one that lags behind first, or choose with `--from`.
    DISAGREEING_SOURCES = "disagreeing-sources", Answer, Error;

    /// The environment before never had that reference.
    ///
    /// `--ref` names any state that the source has held, however long ago. One
    /// that it never held was not tested there. To deploy it all the same, put
    /// it into the first rung with `rungs set` and let it climb.
    NEVER_HELD = "never-held", Answer, Error;

    /// The app is not there, and promotion does not make it.
    ///
    /// Promotion changes references of apps that are there. `--create` makes
    /// the app's file in the target, with the references of the source; what
    /// else differs between the environments has to be said in that file.
    APP_NOT_THERE = "app-not-there", Answer, Error;

    /// A digest has no successor.
    ///
    /// The target names its image by digest, and the source has only a tag. A
    /// digest is never left beside a tag that it does not belong to. Give the
    /// source the digest, `rungs set APP --env ENV :TAG@DIGEST`, or let the
    /// target's go with `--drop-digest`.
    NO_DIGEST = "no-digest", Answer, Error;

    /// What stands rendered is not what would be rendered.
    ///
    /// A change carries the app's rendered files along, and nothing else. Here
    /// they already differ from what the repository says, so that more would
    /// change than was asked for. Run `rungs render`, commit, and try again.
    STALE_RENDERING = "stale-rendering", Answer, Error;

    /// A gate fails.
    ///
    /// A condition for entering the environment is not met; the message says
    /// which and why. `rungs gates APP --to ENV` shows them all. A gate can be
    /// overridden with `--override GATE --reason TEXT`, which is recorded.
    GATE_FAILS = "gate-fails", Gate, Error;

    /// A commit is dated in the future.
    ///
    /// A soak counts from the commit that brought a state to the branch, whose
    /// author can choose its time. This one says a time that is yet to come:
    /// somebody's clock is wrong, or was meant to be. The soak has not begun;
    /// it begins when that time comes.
    FUTURE_COMMIT = "future-commit", Answer, Warning;

    /// A gate waits.
    ///
    /// A condition for entering the environment is not met yet, or whether it
    /// is cannot be known from here; the message says which, why and until
    /// when. Try again then.
    GATE_WAITS = "gate-waits", Wait, Error;

    /// No image is meant by that name.
    ///
    /// `rungs set` takes `[NAME=]REF`. NAME is the image's key, its name or its
    /// repository. It can be left out where the app has one image, or where REF
    /// is a whole reference whose repository tells.
    UNKNOWN_IMAGE = "unknown-image", Input, Error;

    /// A lower sequence number than was set before.
    ///
    /// `--sequence N` says which build is newer, so that a slow job does not
    /// undo what a faster one set. A higher number was set before. `--force`
    /// sets it all the same.
    OLD_SEQUENCE = "old-sequence", Answer, Error;

    /// There is nothing to go back to.
    ///
    /// `rungs rollback` restores the newest state that the environment had
    /// before, that differs from today's, and that is not held back. There is
    /// none in the history.
    NOTHING_BEFORE = "nothing-before", Answer, Error;

    /// The sites of that time and of today are not the same.
    ///
    /// Since the state that is to be restored, sites were added, removed or
    /// renamed, so that putting the old references back would mix two states.
    /// Restore by hand, or name another state with `--to-ref`.
    SITES_CHANGED = "sites-changed", Answer, Error;
}
