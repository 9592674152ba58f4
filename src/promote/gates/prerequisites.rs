//! What has to hold a state before it enters an environment.

use super::judgement::{Answer, Judgement};
use super::{Candidate, Transition};
use crate::config::{Before, EnvironmentName};
use crate::git::HistoryError;
use crate::sites::State;

/// What has to hold a state before it enters an environment: the environments
/// directly before it, and instead of one that never had the app those before
/// that.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Prerequisites {
    /// An environment that has the app.
    Has(EnvironmentName),
    /// An environment that had the app and has it no more.
    Lost(EnvironmentName),
    /// An environment that does not have the app; whether it ever had cannot
    /// be known.
    Unknown(EnvironmentName, HistoryError),
    /// Each of these. None of them where nothing has to be below.
    All(Vec<Self>),
    /// One of these.
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

    /// Whether nothing has to be below.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::All(all) if all.is_empty())
    }

    fn before(candidate: &Candidate<'_>, environment: &EnvironmentName) -> Self {
        let Some(before) = candidate.repository.ladder.before(environment) else {
            return Self::All(Vec::new());
        };
        let each = before.environments().iter().map(|name| Self::at(candidate, name));
        // What has to hold nothing would fulfil `any` for all others.
        let mut each: Vec<_> = each.filter(|prerequisites| !prerequisites.is_nothing()).collect();
        match before {
            _ if each.len() == 1 => each.remove(0),
            Before::Any(_) if !each.is_empty() => Self::Any(each),
            _ => Self::All(each),
        }
    }

    fn at(candidate: &Candidate<'_>, name: &EnvironmentName) -> Self {
        let Candidate { repository, evidence, app, .. } = candidate;
        if evidence.current(name, app).is_some() {
            return Self::Has(name.clone());
        }
        let mut environments = repository.environments.iter();
        let environment = environments.find(|environment| environment.name == *name);
        if environment.is_some_and(|environment| environment.skip.iter().any(|skip| skip == app)) {
            return Self::before(candidate, name);
        }
        match evidence.tenures(name, app).next() {
            None => Self::before(candidate, name),
            // It is not there as far as the clone goes, and may never have been.
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
            Self::Lost(_) | Self::Unknown(..) => false,
            Self::All(each) | Self::Any(each) => {
                each.iter().any(|prerequisites| prerequisites.has(name))
            }
        }
    }

    /// What it comes to, where `ask` judges one environment; none where nothing
    /// has to be below. Of `any`, no more are asked than it takes.
    pub(super) fn judge(&self, ask: &dyn Fn(&Self) -> Judgement) -> Option<Judgement> {
        match self {
            Self::All(each) => Judgement::all(
                each.iter().filter_map(|prerequisites| prerequisites.judge(ask)).collect(),
            ),
            Self::Any(each) => {
                let mut judged = Vec::new();
                for judgement in each.iter().filter_map(|prerequisites| prerequisites.judge(ask)) {
                    if judgement.answer == Answer::Pass {
                        return Some(judgement);
                    }
                    judged.push(judgement);
                }
                Judgement::any(judged)
            }
            one => Some(ask(one)),
        }
    }
}
