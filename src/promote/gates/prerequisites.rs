//! The environments that have to have a state before it enters another.

use std::collections::HashMap;

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
    All(Vec<Self>),
    /// At least one of these.
    Any(Vec<Self>),
}

impl Prerequisites {
    pub(super) fn of(candidate: &Candidate<'_>) -> Self {
        let mut search = LadderSearch { candidate, known: HashMap::new() };
        let prerequisites = search.before(&candidate.target.name);
        match candidate.transition {
            Transition::Promote { from, chosen: true, .. } if prerequisites.has(from) => {
                Self::Has(from.clone())
            }
            _ => prerequisites,
        }
    }

    /// Whether no environment below has to have the state.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::All(all) if all.is_empty())
    }

    fn has(&self, name: &EnvironmentName) -> bool {
        match self {
            Self::Has(one) => one == name,
            Self::Unreadable(_) | Self::Unbound(_) | Self::Lost(_) | Self::Unknown(..) => false,
            Self::All(each) | Self::Any(each) => {
                each.iter().any(|prerequisites| prerequisites.has(name))
            }
        }
    }

    /// The judgement of all of them, where `judge_one` judges one environment; none if
    /// no environment below has to have the state. `any` stops at the first that passes.
    pub(super) fn judge(&self, judge_one: &dyn Fn(&Self) -> Judgement) -> Option<Judgement> {
        match self {
            Self::All(each) => Judgement::all(
                each.iter().filter_map(|prerequisites| prerequisites.judge(judge_one)).collect(),
            ),
            Self::Any(each) => {
                let mut judged = Vec::new();
                for judgement in
                    each.iter().filter_map(|prerequisites| prerequisites.judge(judge_one))
                {
                    if judgement.answer == Answer::Pass {
                        return Some(judgement);
                    }
                    judged.push(judgement);
                }
                Judgement::any(judged)
            }
            one => Some(judge_one(one)),
        }
    }
}

/// A search down the ladder. However many ways lead to an environment, it is looked at once
/// and judged once: on a ladder of twenty rungs of two there are a million ways.
struct LadderSearch<'c> {
    candidate: &'c Candidate<'c>,
    /// What was found of each environment.
    known: HashMap<EnvironmentName, Prerequisites>,
}

impl LadderSearch<'_> {
    /// What has to have a state before it enters an environment.
    fn before(&mut self, environment: &EnvironmentName) -> Prerequisites {
        let Some(before) = self.candidate.repository.ladder.before(environment) else {
            return Prerequisites::All(Vec::new());
        };
        let is_any = matches!(before, Before::Any(_));
        let mut each: Vec<Prerequisites> = Vec::new();
        for name in before.environments() {
            let parts = match (self.known_at(name), is_any) {
                // One without a condition would fulfil `any` for all others.
                (one, _) if one.is_empty() => Vec::new(),
                (Prerequisites::All(all), false) => all,
                (Prerequisites::Any(any), true) => any,
                (one, _) => vec![one],
            };
            for one in parts {
                if !each.contains(&one) {
                    each.push(one);
                }
            }
        }
        match is_any {
            _ if each.len() == 1 => each.remove(0),
            true if !each.is_empty() => Prerequisites::Any(each),
            _ => Prerequisites::All(each),
        }
    }

    fn known_at(&mut self, name: &EnvironmentName) -> Prerequisites {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let found = self.at(name);
        self.known.insert(name.clone(), found.clone());
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
        if evidence.is_unbound(name) {
            return Prerequisites::Unbound(name.clone());
        }
        match evidence.tenures(name, app).next() {
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
