//! How long which state stood.

use super::reading::{Pair, Reading};
use super::walk::{Moved, Walk};
use crate::git::{Commit, HistoryError, ObjectName};
use crate::promote::{Since, Stay};
use crate::sites::State;

/// The stays of one app in one environment, the newest first. The times at
/// which it was not there are stays as well, of a state without entries, but
/// for the one before it first came.
pub(super) struct Stays<'h, R> {
    walk: Walk<'h, R>,
    pair: Pair,
    /// The stay whose beginning is looked for; none once the history ended.
    open: Option<Open>,
}

struct Open {
    state: Option<State>,
    left: Option<ObjectName>,
    /// The newest merge in it that hides the branch's own history.
    hidden_by: Option<Commit>,
}

impl<'h, R: Reading> Stays<'h, R> {
    pub(super) fn new(walk: Walk<'h, R>, pair: Pair) -> Self {
        let open = Open { state: walk.now(&pair), left: None, hidden_by: None };
        Self { walk, pair, open: Some(open) }
    }

    /// The stay that this commit began, if it did.
    fn begun(&mut self, open: &mut Open, moved: Moved) -> Option<Stay> {
        let Moved { step, moves } = moved;
        let change = moves.into_iter().find(|one| one.pair == self.pair);
        let Some(before) = change.map(|change| change.before).filter(|b| !same(b, &open.state))
        else {
            if step.hides_branch && open.hidden_by.is_none() {
                open.hidden_by = Some(step.commit);
            }
            return None;
        };
        let next = Open { state: before, left: Some(step.commit.id.clone()), hidden_by: None };
        let ended = std::mem::replace(open, next);
        let since = match ended.hidden_by {
            Some(merge) => Since::HiddenBefore { at: merge.committer.time, merge: merge.id },
            None => Since::Unverified { at: step.commit.committer.time },
        };
        let Open { state, left, .. } = ended;
        Some(Stay { state, since, entered: Some(step.commit), left })
    }
}

impl<R: Reading> Iterator for Stays<'_, R> {
    type Item = Result<Stay, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut open = self.open.take()?;
        loop {
            match self.walk.next() {
                Some(Ok(moved)) => {
                    if let Some(stay) = self.begun(&mut open, moved) {
                        self.open = Some(open);
                        return Some(Ok(stay));
                    }
                }
                Some(Err(HistoryError::Shallow { fetch })) => {
                    let Open { state, left, .. } = open;
                    return Some(Ok(Stay {
                        state,
                        since: Since::Unknown { fetch },
                        entered: None,
                        left,
                    }));
                }
                Some(Err(error)) => return Some(Err(error)),
                None => return None,
            }
        }
    }
}

/// Whether both deploy the same. What cannot be read is like nothing but what
/// cannot be read either: two broken versions are one time without a state.
/// States that are written alike are the same, even where nothing in them says
/// what is deployed.
pub(super) fn same(one: &Option<State>, two: &Option<State>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => one == two || one.is_same(two),
        (None, None) => true,
        _ => false,
    }
}
