//! What keeps a promotion from being planned.

use crate::diagnostic::codes;

codes! {
    /// Nothing is promoted to this environment.
    ///
    /// Promotion goes up the ladder. A first rung is entered with `rungs set`, as
    /// CI does after a build. An environment that neither `ladder` nor `after`
    /// names is rendered but never promoted to.
    ///
    /// ```yaml
    /// ladder: [qa, stage, prod]     # to stage and to prod
    /// ```
    NOT_PROMOTED_TO = "not-promoted-to", Input, Error;

    /// No environment below has the app.
    ///
    /// Promotion takes the state of the environment before. Add the app to the
    /// first rung by creating its file there, and to the rungs above with
    /// `rungs promote --create`.
    NOTHING_BELOW = "nothing-below", Answer, Error;

    /// The source is not below the target.
    ///
    /// `--from` chooses among the environments that come before the target. To go
    /// back to an earlier state of an environment, use `rungs rollback`.
    NOT_BELOW = "not-below", Input, Error;

    /// The source environments differ.
    ///
    /// If several environments come before one, each of them has to have the
    /// state. Here they differ, so it is not clear which state is wanted. Promote
    /// to the one that lags behind first, or choose one with `--from`.
    DISAGREEING_SOURCES = "disagreeing-sources", Answer, Error;

    /// The environment before never had that reference.
    ///
    /// `--ref` names any state that the source has had, however long ago. A state
    /// that it never had was not tested there. To deploy one anyway, set it on
    /// the first rung with `rungs set` and promote it from there.
    NEVER_HELD = "never-held", Answer, Error;

    /// The environment does not have the app.
    ///
    /// Promotion changes the references of apps that the target already has.
    /// `--create` creates the app's file in the target, with the references of
    /// the source. Anything else that differs between the environments has to be
    /// added to that file.
    APP_NOT_THERE = "app-not-there", Answer, Error;

    /// There is no new digest.
    ///
    /// The target names its image by digest, and the source has only a tag. A
    /// digest is never left beside a tag that it does not belong to. Give the
    /// source a digest, `rungs set APP --env ENV :TAG@DIGEST`, or remove the
    /// target's with `--drop-digest`.
    NO_DIGEST = "no-digest", Answer, Error;

    /// The rendered files are out of date.
    ///
    /// A change includes the app's rendered files, and nothing else. Here they
    /// already differ from what the repository renders to, so more would change
    /// than was requested. Run `rungs render`, commit, and try again.
    STALE_RENDERING = "stale-rendering", Answer, Error;

    /// The tag of a pinned template was moved.
    ///
    /// A record says which commit the tag led to when the environment got it. It leads to
    /// another one now, so what would be promoted is not what was tested. Pin the template to
    /// a commit, or to a tag that stays.
    PIN_MOVED = "pin-moved", Answer, Error;

    /// A site that a change moves.
    ///
    /// With the change's own `rungs.yaml`, the same app, environment and key are found with
    /// the same value at another place. That changes nothing that is deployed.
    SITE_MOVED = "site-moved", Answer, Note;

    /// An app that a change removes from an environment.
    ///
    /// Nothing enters, so no gate but `approvals` judges it. What still names the app's
    /// image in the environment's files would be an error of the gate `order`.
    APP_REMOVED = "app-removed", Answer, Note;

    /// A setting that names an app which no environment has.
    ///
    /// `skip` then has no effect. `enters` may name an app before it is there; it is a
    /// warning where it is nearly the name of one that is there.
    NAMES_NO_APP = "names-no-app", Input, Warning;

    /// A record that counts for nothing.
    ///
    /// The message of a commit has a record of this app in this environment, and it does not
    /// say what the change does: it names other references, or a state that history does not
    /// have where the record says. So the change is judged as if nobody had written it. If
    /// you commit by hand, take the message that `--write` prints; after further changes,
    /// let rungs make the change anew.
    RECORD_IGNORED = "record-ignored", Answer, Note;

    /// A change that weakens gates.
    ///
    /// It removes or relaxes a gate, lifts a hold, turns the ladder or the waves of clusters, lets
    /// an app move in parts (`together: false`), or changes what says which gates judge what:
    /// `forge`, `mirrors`, `enters`, `skip`, `select`, `retag`, `tier`, `policies`, `sites`,
    /// `output`, or a pipeline that runs rungs. So does a bound that goes: a limit of `worker`
    /// that is raised, a finding that `images` newly ignores, or an environment's `quota`,
    /// `limits` and `access`. The gates of the base judge the change itself; after it is
    /// merged, the weaker ones judge all others. `gates: { relax: { approvals: 2 } }` says who
    /// has to approve that; without it, those who approve what enters. Where neither is
    /// configured, protect the files on the forge, for example with CODEOWNERS.
    GATES_RELAXED = "gates-relaxed", Answer, Warning;

    /// A change that weakens gates, and is not approved.
    ///
    /// `gates.relax` of the base, or else its gate `approvals`, says who has to approve it.
    RELAXATION_WAITS = "gates-relaxed-unapproved", Wait, Error;

    /// A change of an environment's files that no gate judges.
    ///
    /// Gates judge references and promoted values. Other lines of the same files, and files
    /// that have no sites, may change what is deployed as well: read them.
    OTHER_CHANGE = "other-change", Answer, Note;

    /// A gate fails.
    ///
    /// A condition for entering the environment is not met; the message says
    /// which one and why. `rungs gates APP --to ENV` shows all of them. Gates other
    /// than `render` and `approvals` can be overridden with `--override GATE --reason
    /// TEXT`, which is recorded.
    GATE_FAILS = "gate-fails", Gate, Error;

    /// A commit is dated in the future.
    ///
    /// A soak counts from the commit that brought a state to the branch, whose
    /// author can choose its time. This one has a time in the future: somebody's
    /// clock is wrong, perhaps on purpose. The soak has not started; it starts
    /// when that time comes.
    FUTURE_COMMIT = "future-commit", Answer, Warning;

    /// A gate waits.
    ///
    /// A condition for entering the environment is not met yet, or it cannot be
    /// known here whether it is. The message says which one, why, and until when.
    /// Try again then.
    GATE_WAITS = "gate-waits", Wait, Error;

    /// No image has that name.
    ///
    /// `rungs set` takes `[NAME=]REF`. NAME is the image's key, its name or its
    /// repository. It can be left out if the app has one image, or if REF is a
    /// whole reference, whose repository identifies the image.
    UNKNOWN_IMAGE = "unknown-image", Input, Error;

    /// An app has nothing of that name.
    ///
    /// `--only` and `--except` name what moves of an app and what does not, by the names that a
    /// plan shows: the key of an image or its repository, a git reference, a version, a value.
    UNKNOWN_KEY_OF_APP = "unknown-key-of-app", Input, Error;

    /// `--except` leaves out all of an app.
    ///
    /// Nothing of the app would be compared, and "nothing to do" would not be true. Leave out less,
    /// or do not run the command for this app.
    NOTHING_LEFT = "nothing-left", Input, Error;

    /// Only a part of an app is held up.
    ///
    /// By default an app moves as a whole, so that what enters was tested together. One of its
    /// images, versions or values is what a gate or a finding stops, and the rest would pass.
    /// `--except` promotes the rest now; `together: false`, in the app's file or in the entry of
    /// `sites`, lets each go by itself whenever it may.
    PART_MAY_GO = "part-may-go", Answer, Note;

    /// No git reference or version has that name, or several have it.
    ///
    /// `rungs set APP --env ENV --git NAME=REV` names a git reference, a chart's version or a
    /// template's pin by the key that plans show, by the address of its repository, or by the
    /// last part of that.
    UNKNOWN_SOURCE = "unknown-source", Input, Error;

    /// No promoted value has that route.
    ///
    /// `rungs set APP --env ENV --route ROUTE=VALUE` sets a value that `promote` names, or one
    /// inside it: only these climb the ladder, and can be rolled back. In a native repository
    /// routes start with `values`; where `sites` says what is promoted, at the document's root,
    /// or at `root`.
    ///
    /// ```yaml
    /// promote: [values.active]      # `rungs set web --env prod --route values.active=green`
    /// ```
    UNKNOWN_VALUE = "unknown-value", Input, Error;

    /// The sequence number is lower than the last one.
    ///
    /// `--sequence N` says which build is newer, so that a slow job does not
    /// undo what a faster one set. A higher number was set before. `--force`
    /// sets the lower one anyway.
    OLD_SEQUENCE = "old-sequence", Answer, Error;

    /// There is no state to go back to.
    ///
    /// `rungs rollback` restores the newest earlier state of the environment that
    /// differs from the current one and is not held back. The history has no such
    /// state.
    NOTHING_BEFORE = "nothing-before", Answer, Error;

    /// The sites have changed since then.
    ///
    /// Sites were added, removed or renamed after the state that is to be
    /// restored, so putting the old references back would mix two states.
    /// Restore it by hand, or name another state with `--to-ref`.
    SITES_CHANGED = "sites-changed", Answer, Error;
}
