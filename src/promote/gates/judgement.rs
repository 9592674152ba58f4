//! A gate's answer, with its reason.

use jiff::Timestamp;
use serde::Serialize;

use crate::source::Location;

/// A gate's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "lowercase")]
pub enum Answer {
    /// The state may enter.
    Pass,
    /// The state may not enter yet, or that cannot be known.
    Wait {
        /// The time until which it waits; none if no time is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// The state may not enter.
    Fail,
}

/// A gate's answer with its reason; a [`Verdict`](crate::promote::Verdict) adds the
/// gate and whether it was overridden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::promote) struct Judgement {
    pub(in crate::promote) answer: Answer,
    pub(in crate::promote) reason: String,
    pub(in crate::promote) place: Option<GatePlace>,
}

/// The line that a gate's answer is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum GatePlace {
    /// The line that configures the gate, or that the gate asks about.
    Asks(Location),
    /// The line that is wrong.
    AtFault(Location),
}

impl GatePlace {
    /// The line.
    pub fn location(&self) -> &Location {
        match self {
            Self::Asks(location) | Self::AtFault(location) => location,
        }
    }
}

impl Judgement {
    pub(super) fn pass(reason: impl Into<String>) -> Self {
        Self { answer: Answer::Pass, reason: reason.into(), place: None }
    }

    pub(super) fn wait(until: Option<Timestamp>, reason: impl Into<String>) -> Self {
        Self { answer: Answer::Wait { until }, reason: reason.into(), place: None }
    }

    pub(super) fn fail(reason: impl Into<String>) -> Self {
        Self { answer: Answer::Fail, reason: reason.into(), place: None }
    }

    /// Adds the line that configures the gate, or another line that the answer is
    /// about.
    pub(super) fn at(mut self, location: &Location) -> Self {
        self.place = Some(GatePlace::Asks(location.clone()));
        self
    }

    /// Adds the line that is wrong.
    pub(super) fn blaming(mut self, location: &Location) -> Self {
        self.place = Some(GatePlace::AtFault(location.clone()));
        self
    }

    /// The judgement if all of several have to pass: the worst, with the reasons of all
    /// that are as bad, and the time until which the last of them waits.
    pub(super) fn all(judgements: Vec<Self>) -> Option<Self> {
        Self::heaviest(judgements, Answer::gravity, |times| {
            times.into_iter().max_by_key(|time| time.map_or((1, None), |time| (0, Some(time))))
        })
    }

    /// The judgement if one of several has to pass: the best, and the time until which
    /// the first of them waits.
    pub(super) fn any(judgements: Vec<Self>) -> Option<Self> {
        Self::heaviest(
            judgements,
            |answer| 2 - answer.gravity(),
            |times| {
                times.into_iter().min_by_key(|time| time.map_or((1, None), |time| (0, Some(time))))
            },
        )
    }

    /// Combines the judgements with the greatest weight into one.
    fn heaviest(
        judgements: Vec<Self>,
        weight: impl Fn(Answer) -> u8,
        time: impl Fn(Vec<Option<Timestamp>>) -> Option<Option<Timestamp>>,
    ) -> Option<Self> {
        let most = judgements.iter().map(|one| weight(one.answer)).max()?;
        let (chosen, _): (Vec<_>, Vec<_>) =
            judgements.into_iter().partition(|one| weight(one.answer) == most);
        let times = chosen.iter().map(|one| match one.answer {
            Answer::Wait { until } => until,
            Answer::Pass | Answer::Fail => None,
        });
        let until = time(times.collect()).flatten();
        let mut reasons: Vec<&str> = Vec::new();
        for one in &chosen {
            if !reasons.contains(&one.reason.as_str()) {
                reasons.push(&one.reason);
            }
        }
        let answer = match chosen[0].answer {
            Answer::Wait { .. } => Answer::Wait { until },
            answer => answer,
        };
        let reason = reasons.join(", and ");
        Some(Self { answer, reason, place: chosen[0].place.clone() })
    }
}

impl Answer {
    /// The answer's word in output.
    pub(in crate::promote) const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Wait { .. } => "wait",
            Self::Fail => "fail",
        }
    }

    /// How strongly the answer blocks, as a rank.
    const fn gravity(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Wait { .. } => 1,
            Self::Fail => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn wait(until: Option<i64>) -> Judgement {
        Judgement::wait(until.map(at), "not yet")
    }

    #[test]
    fn all_is_as_bad_as_the_worst_and_waits_for_the_last() {
        let all = |list: Vec<Judgement>| Judgement::all(list).unwrap().answer;
        let pass = || Judgement::pass("yes");
        assert_eq!(all(vec![pass(), Judgement::fail("no"), wait(None)]), Answer::Fail);
        let until = |second| Answer::Wait { until: Some(at(second)) };
        assert_eq!(all(vec![wait(Some(1)), pass(), wait(Some(2))]), until(2));
        assert_eq!(all(vec![wait(Some(1)), wait(None)]), Answer::Wait { until: None });
        assert_eq!(Judgement::all(vec![]), None);
    }

    #[test]
    fn any_is_as_good_as_the_best_and_waits_for_the_first() {
        let any = |list: Vec<Judgement>| Judgement::any(list).unwrap().answer;
        assert_eq!(any(vec![Judgement::fail("no"), Judgement::pass("yes")]), Answer::Pass);
        let until = |second| Answer::Wait { until: Some(at(second)) };
        assert_eq!(any(vec![wait(Some(2)), wait(None), Judgement::fail("no")]), until(2));
        assert_eq!(any(vec![wait(Some(2)), wait(Some(1))]), until(1));
    }

    #[test]
    fn judgements_with_the_same_answer_give_each_reason_once() {
        let all = vec![Judgement::fail("a"), Judgement::fail("b"), Judgement::fail("a")];
        assert_eq!(Judgement::all(all).unwrap().reason, "a, and b");
    }
}
