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
    /// An environment that has the app.
    Has(EnvironmentName),
    /// An environment that has the app, in a state that cannot be read.
    Unreadable(EnvironmentName),
    /// An environment that no file belongs to.
    Unbound(EnvironmentName),
    /// An environment that had the app and no longer has it.
    Lost(EnvironmentName),
    /// An environment that does not have the app; whether it ever had it cannot be
    /// known.
    Unknown(EnvironmentName, HistoryError),
    /// All of these; empty if no environment below has to have the state.
    All(Vec<Rc<Self>>),
    /// At least one of these.
    Any(Vec<Rc<Self>>),
}

impl Prerequisites {
    pub(super) fn of(candidate: &Candidate<'_>) -> Self {
        let mut search = LadderSearch { candidate, known: HashMap::new() };
        let prerequisites = search.before(&candidate.target.name);
        match candidate.transition {
            Transition::Promote { from, chosen: true, .. }
                if prerequisites.has(from, &mut HashSet::new()) =>
            {
                Self::Has(from.clone())
            }
            _ => prerequisites,
        }
    }

    /// Whether no environment below has to have the state.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::All(all) if all.is_empty())
    }

    /// Whether an environment that has the app is one of them; `seen` are those that were
    /// looked at.
    fn has(&self, name: &EnvironmentName, seen: &mut HashSet<*const Self>) -> bool {
        match self {
            Self::Has(one) => one == name,
            Self::Unreadable(_) | Self::Unbound(_) | Self::Lost(_) | Self::Unknown(..) => false,
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
            one => one == other,
        }
    }

    /// The judgement of all of them, where `judge_one` judges one environment; none if
    /// no environment below has to have the state. `any` stops at the first that passes.
    pub(super) fn judge(&self, judge_one: &dyn Fn(&Self) -> Judgement) -> Option<Judgement> {
        self.judge_once(judge_one, &mut HashMap::new())
    }

    /// The same, with the judgements that are known.
    fn judge_once(
        &self,
        judge_one: &dyn Fn(&Self) -> Judgement,
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
            one => Some(judge_one(one)),
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
        let Candidate { repository, evidence, app, .. } = self.candidate;
        if evidence.has(name, app) {
            return Prerequisites::Has(name.clone());
        }
        if evidence.unreadable(name, app).is_some() {
            return Prerequisites::Unreadable(name.clone());
        }
        let mut environments = repository.environments.iter();
        let environment = environments.find(|environment| environment.name == *name);
        if environment.is_some_and(|environment| environment.skip.iter().any(|skip| skip == app)) {
            return self.before(name);
        }
        match evidence.tenures(name, app).next() {
            None if evidence.is_unbound(name) => Prerequisites::Unbound(name.clone()),
            None => self.before(name),
            // As far as the clone goes, it does not have the app, and may never have had it.
            Some(Ok(tenure)) if tenure.state.as_ref().is_some_and(State::is_empty) => {
                match tenure.edge() {
                    Some(error) => Prerequisites::Unknown(name.clone(), error),
                    None => Prerequisites::Lost(name.clone()),
                }
            }
            Some(Ok(_)) => Prerequisites::Lost(name.clone()),
            Some(Err(error)) => Prerequisites::Unknown(name.clone(), error),
        }
    }
}
