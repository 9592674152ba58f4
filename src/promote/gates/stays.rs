//! The tenures of an environment below, as far as they count for a state that is to go up.

use jiff::SignedDuration;

use super::Candidate;
use super::evaluation::Evaluation;
use crate::config::EnvironmentName;
use crate::git::HistoryError;
use crate::history::{Since, Tenure};

/// The time for which a state has to have stood where no soak says otherwise, in seconds.
const STOOD: u64 = 10 * 60;

/// The tenures of an environment, newest first. One that has the wanted values counts from a
/// time that is possible, and has no state if it left before it had stood for long enough:
/// a state that only passed through was never held.
pub(super) fn stays<'e>(
    evaluation: &'e Evaluation<'_>,
    environment: &EnvironmentName,
) -> impl Iterator<Item = Result<Tenure, HistoryError>> + 'e {
    let candidate = evaluation.candidate;
    candidate.evidence.tenures(environment, candidate.app).map(move |tenure| {
        let mut tenure = tenure?;
        if tenure.state.as_ref().is_some_and(|state| evaluation.is_satisfied_by(state)) {
            tenure.since = possible(evaluation, &tenure)?;
            if !has_stood(evaluation, &tenure)? {
                tenure.state = None;
            }
        }
        Ok(tenure)
    })
}

/// The start of a tenure, if the commit's date is possible.
fn possible(evaluation: &Evaluation<'_>, tenure: &Tenure) -> Result<Since, HistoryError> {
    let (Since::Unverified { at }, Some(entered)) = (&tenure.since, &tenure.entered) else {
        return Ok(tenure.since.clone());
    };
    let Candidate { evidence, now, .. } = *evaluation.candidate;
    evidence.dates().since(entered, *at, now)
}

/// Whether a state was there for long enough, if it has left. What came before the clone's
/// history starts is not known to be short.
fn has_stood(evaluation: &Evaluation<'_>, tenure: &Tenure) -> Result<bool, HistoryError> {
    let Some(left) = &tenure.left else { return Ok(true) };
    let Some(since) = tenure.since.time() else {
        return Ok(matches!(tenure.since, Since::Unknown { .. }));
    };
    let Candidate { evidence, now, .. } = *evaluation.candidate;
    let end = evidence.dates().come_by(left, since, now)?;
    let stood = i64::try_from(evaluation.stood()).unwrap_or(i64::MAX);
    Ok(end.duration_since(since) >= SignedDuration::from_secs(stood))
}

impl Evaluation<'_> {
    /// The time for which a state that has left has to have stood, in seconds.
    pub(super) fn stood(&self) -> u64 {
        let soak = self.candidate.gates.soak.as_ref();
        soak.map_or(STOOD, |soak| soak.value.stood.seconds())
    }
}
