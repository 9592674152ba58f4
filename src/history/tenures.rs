//! The tenures of apps, found by walking back.

use std::collections::BTreeMap;
use std::mem;

use super::walk::{StateChange, StepChange, Walk};
use crate::config::Mirrors;
use crate::git::{BranchStep, HistoryError, ObjectName};
use crate::history::{Since, Tenure};
use crate::sites::{AppInstance, State};

/// The tenures of every app that a walk follows, in each environment. One walk finds
/// them for all, and goes on when more is asked about any of them. The times at which
/// an app was absent are tenures as well, of an empty state, except for the one before
/// it first came.
pub(super) struct Tenures<'h> {
    walk: Walk<'h>,
    found: BTreeMap<AppInstance, FoundTenures>,
    /// None as long as the walk can go on.
    end: Option<WalkEnd>,
    mirrors: &'h Mirrors,
}

/// The tenures of one app in one environment that were found so far.
struct FoundTenures {
    /// The newest first.
    tenures: Vec<Tenure>,
    /// The tenure whose start is not found yet; none once the walk has ended.
    open: Option<OpenTenure>,
}

/// Where a walk ended.
enum WalkEnd {
    /// At the branch's first commit.
    Root,
    /// At the edge of a shallow clone.
    Edge { fetch: String },
    /// At a commit that cannot be read.
    Failed(HistoryError),
}

/// A tenure whose start is not found yet.
#[derive(Debug, Clone)]
pub(super) struct OpenTenure {
    /// The state; none if it cannot be read.
    state: Option<State>,
    left: Option<ObjectName>,
    last: Option<ObjectName>,
}

impl OpenTenure {
    /// The tenure that has not ended.
    pub(super) fn new(state: Option<State>) -> Self {
        Self { state, left: None, last: None }
    }

    /// Goes back past a commit, before which the state was `before`. Returns
    /// the tenure that the commit started, if it started one; this is then the
    /// tenure before it.
    pub(super) fn undo(
        &mut self,
        step: &BranchStep,
        before: Option<State>,
        mirrors: &Mirrors,
    ) -> Option<Tenure> {
        if same(before.as_ref(), self.state.as_ref(), mirrors) {
            return None;
        }
        let (left, last) = (Some(step.id.clone()), step.before.clone());
        let next = Self { state: before, left, last };
        let Self { state, left, last } = mem::replace(self, next);
        let since = Since::Unverified { at: step.at };
        Some(Tenure { state, since, entered: Some(step.id.clone()), left, last })
    }

    /// The tenure, if the clone does not have its start.
    pub(super) fn cut_off(self, fetch: String) -> Tenure {
        let Self { state, left, last } = self;
        Tenure { state, since: Since::Unknown { fetch }, entered: None, left, last }
    }
}

impl FoundTenures {
    fn new(state: Option<State>) -> Self {
        Self { tenures: Vec::new(), open: Some(OpenTenure::new(state)) }
    }

    /// The state of that index, from zero. It is known before the tenure's start.
    fn state(&self, at: usize) -> Option<&Option<State>> {
        let open = self.open.as_ref().map(|open| &open.state);
        self.tenures.iter().map(|tenure| &tenure.state).chain(open).nth(at)
    }

    /// Ends the search, before the start of the open tenure was found.
    fn end(&mut self, end: &WalkEnd) {
        let open = self.open.take();
        if let WalkEnd::Edge { fetch } = end {
            self.tenures.extend(open.map(|open| open.cut_off(fetch.clone())));
        }
    }
}

impl<'h> Tenures<'h> {
    pub(super) fn new(mut walk: Walk<'h>, mirrors: &'h Mirrors) -> Self {
        let start = walk.start().into_iter();
        let found = start.map(|(instance, state)| (instance, FoundTenures::new(state))).collect();
        Self { walk, found, end: None, mirrors }
    }

    /// The tenure of that index, from zero for the newest; none if there are not that
    /// many. An error takes the place of the tenure that could not be read.
    pub(super) fn tenure(
        &mut self,
        instance: &AppInstance,
        at: usize,
    ) -> Option<Result<Tenure, HistoryError>> {
        self.look(instance, at, |found| found.tenures.get(at).cloned())
    }

    /// The state of the tenure of that index, in the same way. The walk does not go on
    /// to the tenure's start.
    pub(super) fn state(
        &mut self,
        instance: &AppInstance,
        at: usize,
    ) -> Option<Result<Option<State>, HistoryError>> {
        self.look(instance, at, |found| found.state(at).cloned())
    }

    /// Walks until what is looked for at an index is found, or there is no more.
    fn look<T>(
        &mut self,
        instance: &AppInstance,
        at: usize,
        find: impl Fn(&FoundTenures) -> Option<T>,
    ) -> Option<Result<T, HistoryError>> {
        loop {
            let found = self.found_of(instance);
            if let Some(one) = find(found) {
                return Some(Ok(one));
            }
            let is_next = found.tenures.len() == at;
            match &self.end {
                None => self.advance(),
                // Nothing is known after an error.
                Some(WalkEnd::Failed(error)) if is_next => return Some(Err(error.clone())),
                Some(_) => return None,
            }
        }
    }

    /// What was found of an app. One that no commit so far has had, and that is not
    /// there now, has been absent since.
    fn found_of(&mut self, instance: &AppInstance) -> &FoundTenures {
        let end = &self.end;
        self.found.entry(instance.clone()).or_insert_with(|| absent(end.as_ref()))
    }

    /// Goes one commit back.
    fn advance(&mut self) {
        let end = match self.walk.next() {
            Some(Ok(change)) => return self.undo(change),
            None => WalkEnd::Root,
            Some(Err(HistoryError::Shallow { fetch })) => WalkEnd::Edge { fetch },
            Some(Err(error)) => WalkEnd::Failed(error),
        };
        self.found.values_mut().for_each(|found| found.end(&end));
        self.end = Some(end);
    }

    fn undo(&mut self, change: StepChange) {
        let StepChange { step, changes } = change;
        for StateChange { instance, before, .. } in changes {
            let found = self.found.entry(instance).or_insert_with(|| absent(None));
            let mirrors = self.mirrors;
            let started = found.open.as_mut().and_then(|open| open.undo(&step, before, mirrors));
            found.tenures.extend(started);
        }
    }
}

/// What is found of an app that has been absent so far.
fn absent(end: Option<&WalkEnd>) -> FoundTenures {
    let mut found = FoundTenures::new(Some(State::default()));
    if let Some(end) = end {
        found.end(end);
    }
    found
}

/// Whether both deploy the same. A state that cannot be read is the same only
/// as another one that cannot be read: two broken versions are one tenure
/// without a state.
fn same(one: Option<&State>, two: Option<&State>, mirrors: &Mirrors) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => one.deploys_same(two, mirrors),
        (None, None) => true,
        _ => false,
    }
}
