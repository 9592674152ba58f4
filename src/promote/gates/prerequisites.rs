//! The environments that have to have a state before it enters another.

use std::collections::{HashMap, HashSet};
use std::ptr;
use std::rc::Rc;

use super::judgement::{Answer, Judgement};
use super::{Candidate, Transition};
use crate::config::{Before, EnvironmentName};
use crate::git::HistoryError;
use crate::sites::State;

/// The environments that have to have a state before it enters another: those directly
/// before it, and in place of one that never had the app, those before that one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Prerequisites {
    /// One environment.
    One(Prerequisite),
    /// All of these; empty if no environment below has to have the state.
    All(Vec<Rc<Self>>),
    /// At least one of these.
    Any(Vec<Rc<Self>>),
}

/// An environment that has to have a state before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prerequisite {
    pub(super) environment: EnvironmentName,
    pub(super) presence: Presence,
}

/// Whether an environment has an app.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Presence {
    /// It has.
    Has,
    /// It has, in a state that cannot be read.
    Unreadable,
    /// No file belongs to the environment.
    Unbound,
    /// It had it and no longer has it.
    Lost,
    /// It has not; whether it ever had cannot be known.
    Unknown(HistoryError),
}

impl Prerequisites {
    pub(super) fn of(candidate: &Candidate<'_>) -> Self {
        let mut search = LadderSearch { candidate, known: HashMap::new() };
        let prerequisites = search.before(&candidate.target.name);
        match candidate.transition {
            Transition::Promote { from, chosen: true, .. }
                if prerequisites.has(from, &mut HashSet::new()) =>
            {
                Self::One(Prerequisite { environment: from.clone(), presence: Presence::Has })
            }
            _ => prerequisites,
        }
    }

    /// Whether no environment below has to have the state.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::All(all) if all.is_empty())
    }

    /// Whether one of several environments is enough somewhere.
    pub(super) fn offer_choice(&self) -> bool {
        match self {
            Self::One(_) => false,
            Self::All(each) => each.iter().any(|one| one.offer_choice()),
            Self::Any(_) => true,
        }
    }

    /// Whether an environment that has the app is one of them; `seen` are those that were
    /// looked at.
    fn has(&self, name: &EnvironmentName, seen: &mut HashSet<*const Self>) -> bool {
        match self {
            Self::One(one) => one.presence == Presence::Has && one.environment == *name,
            Self::All(each) | Self::Any(each) => {
                seen.insert(ptr::from_ref(self))
                    && each.iter().any(|prerequisites| prerequisites.has(name, seen))
            }
        }
    }

    /// Whether another one says the same, without a look at what is below.
    fn is_same(&self, other: &Self) -> bool {
        match self {
            Self::All(_) | Self::Any(_) => ptr::eq(self, other),
            one @ Self::One(_) => one == other,
        }
    }

    /// The judgement of all of them, where `judge_one` judges one environment; none if
    /// no environment below has to have the state. `any` stops at the first that passes.
    pub(super) fn judge(
        &self,
        judge_one: &dyn Fn(&Prerequisite) -> Judgement,
    ) -> Option<Judgement> {
        self.judge_once(judge_one, &mut HashMap::new())
    }

    /// The same, with the judgements that are known.
    fn judge_once(
        &self,
        judge_one: &dyn Fn(&Prerequisite) -> Judgement,
        known: &mut HashMap<*const Self, Option<Judgement>>,
    ) -> Option<Judgement> {
        if let Some(known) = known.get(&ptr::from_ref(self)) {
            return known.clone();
        }
        let judgement = match self {
            Self::All(each) => {
                let each = each.iter().filter_map(|one| one.judge_once(judge_one, known));
                Judgement::all(each.collect())
            }
            Self::Any(each) => {
                let mut judged = Vec::new();
                for one in each {
                    judged.extend(one.judge_once(judge_one, known));
                    if judged.last().is_some_and(|last| last.answer == Answer::Pass) {
                        break;
                    }
                }
                Judgement::any(judged)
            }
            Self::One(one) => Some(judge_one(one)),
        };
        known.insert(ptr::from_ref(self), judgement.clone());
        judgement
    }
}

/// A search down the ladder. However many ways lead to an environment, it is looked at once
/// and judged once: on a ladder of twenty rungs of two there are a million ways.
struct LadderSearch<'c> {
    candidate: &'c Candidate<'c>,
    /// What was found of each environment.
    known: HashMap<EnvironmentName, Rc<Prerequisites>>,
}

impl LadderSearch<'_> {
    /// What has to have a state before it enters an environment.
    fn before(&mut self, environment: &EnvironmentName) -> Prerequisites {
        let Some(before) = self.candidate.repository.ladder.before(environment) else {
            return Prerequisites::All(Vec::new());
        };
        let is_any = matches!(before, Before::Any(_));
        let mut each: Vec<Rc<Prerequisites>> = Vec::new();
        for name in before.environments() {
            let found = self.known_at(name);
            let parts = match (&*found, is_any) {
                // One without a condition would fulfil `any` for all others.
                (one, _) if one.is_empty() => &[],
                (Prerequisites::All(parts), false) | (Prerequisites::Any(parts), true) => &**parts,
                _ => std::slice::from_ref(&found),
            };
            for part in parts {
                if !each.iter().any(|known| known.is_same(part)) {
                    each.push(Rc::clone(part));
                }
            }
        }
        match is_any {
            _ if each.len() == 1 => Rc::unwrap_or_clone(each.remove(0)),
            true if !each.is_empty() => Prerequisites::Any(each),
            _ => Prerequisites::All(each),
        }
    }

    fn known_at(&mut self, name: &EnvironmentName) -> Rc<Prerequisites> {
        if let Some(known) = self.known.get(name) {
            return Rc::clone(known);
        }
        let found = Rc::new(self.at(name));
        self.known.insert(name.clone(), Rc::clone(&found));
        found
    }

    fn at(&mut self, name: &EnvironmentName) -> Prerequisites {
        let Some(presence) = self.presence(name) else { return self.before(name) };
        Prerequisites::One(Prerequisite { environment: name.clone(), presence })
    }

    /// Whether an environment has the app; none if it is skipped, or never had it.
    fn presence(&self, name: &EnvironmentName) -> Option<Presence> {
        let Candidate { repository, evidence, app, .. } = self.candidate;
        if evidence.has(name, app) {
            return Some(Presence::Has);
        }
        if evidence.unreadable(name, app).is_some() {
            return Some(Presence::Unreadable);
        }
        let mut environments = repository.environments.iter();
        let environment = environments.find(|environment| environment.name == *name);
        if environment
            .is_some_and(|environment| environment.skip.iter().any(|skip| skip.value == *app))
        {
            return None;
        }
        match evidence.tenures(name, app).next() {
            None => evidence.is_unbound(name).then_some(Presence::Unbound),
            // As far as the clone goes, it does not have the app, and may never have had it.
            Some(Ok(tenure)) if tenure.state.as_ref().is_some_and(State::is_empty) => {
                Some(tenure.edge().map_or(Presence::Lost, Presence::Unknown))
            }
            Some(Ok(_)) => Some(Presence::Lost),
            Some(Err(error)) => Some(Presence::Unknown(error)),
        }
    }
}
