//! The environments that have to have a state before it enters another.

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
        let prerequisites = Self::before(candidate, &candidate.target.name);
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

    fn before(candidate: &Candidate<'_>, environment: &EnvironmentName) -> Self {
        let Some(before) = candidate.repository.ladder.before(environment) else {
            return Self::All(Vec::new());
        };
        let each = before.environments().iter().map(|name| Self::at(candidate, name));
        // One without a condition would fulfil `any` for all others.
        let mut each: Vec<_> = each.filter(|prerequisites| !prerequisites.is_empty()).collect();
        match before {
            _ if each.len() == 1 => each.remove(0),
            Before::Any(_) if !each.is_empty() => Self::Any(each),
            _ => Self::All(each),
        }
    }

    fn at(candidate: &Candidate<'_>, name: &EnvironmentName) -> Self {
        let Candidate { repository, evidence, app, .. } = candidate;
        if evidence.has(name, app) {
            return Self::Has(name.clone());
        }
        if evidence.unreadable(name, app).is_some() {
            return Self::Unreadable(name.clone());
        }
        let mut environments = repository.environments.iter();
        let environment = environments.find(|environment| environment.name == *name);
        if environment.is_some_and(|environment| environment.skip.iter().any(|skip| skip == app)) {
            return Self::before(candidate, name);
        }
        match evidence.tenures(name, app).next() {
            None => Self::before(candidate, name),
            // As far as the clone goes, it does not have the app, and may never have had it.
            Some(Ok(tenure)) if tenure.state.as_ref().is_some_and(State::is_empty) => {
                match tenure.edge() {
                    Some(error) => Self::Unknown(name.clone(), error),
                    None => Self::Lost(name.clone()),
                }
            }
            Some(Ok(_)) => Self::Lost(name.clone()),
            Some(Err(error)) => Self::Unknown(name.clone(), error),
        }
    }

    fn has(&self, name: &EnvironmentName) -> bool {
        match self {
            Self::Has(one) => one == name,
            Self::Unreadable(_) | Self::Lost(_) | Self::Unknown(..) => false,
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
