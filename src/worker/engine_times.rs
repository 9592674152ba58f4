//! How long a worker's engines take, and which of its apps are late.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use super::job::WorkerApp;
use super::loss::Suspect;
use super::message::{EndedRun, MOST_NAME, WorkingEngine};
use super::wire::ProtocolViolation;
use crate::pipeline::RenderStep;
use crate::source::RepoPath;

/// How often a worker is asked what its engines do.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// How long everything but an engine's work may take, such as reading the settings: it ends
/// by itself, and takes no limit of an app's.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// The most apps that are tried alone if no engine was at work.
const MOST_SUSPECTS: usize = 1000;

/// An app is rendered once more for each of its values, which may take so many times longer
/// than the rest.
const VALUES: u32 = 10;

/// Without a processor for a worker, it may take so many times longer.
const MOST_WAITING: u32 = 10;

/// The time that an engine of a worker has had, if it worked all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WorkerTime {
    /// On the clock. What it waits for an answer does not count, nor does the time in which
    /// this process was stopped.
    pub(super) wall: Duration,
    /// On a processor, as engines have it on average; none if the system does not say.
    pub(super) processor: Option<Duration>,
}

impl WorkerTime {
    const NONE: Self = Self { wall: Duration::ZERO, processor: Some(Duration::ZERO) };

    /// The time since then.
    pub(super) fn since(self, then: Self) -> Self {
        let processor = self.processor.zip(then.processor);
        let processor = processor.map(|(now, then)| now.saturating_sub(then));
        Self { wall: self.wall.saturating_sub(then.wall), processor }
    }

    fn plus(self, more: Self) -> Self {
        let processor = self.processor.zip(more.processor).map(|(one, other)| one + other);
        Self { wall: self.wall + more.wall, processor }
    }

    /// Whether that much time was more than the limit: a worker that hardly got a processor
    /// has more of it.
    fn is_beyond(self, limit: Duration) -> bool {
        let had_processor = self.processor.is_none_or(|processor| processor >= limit);
        self.wall >= limit && (had_processor || self.wall >= limit.saturating_mul(MOST_WAITING))
    }
}

/// The engines of a worker and the apps that they work on, as it reports them.
pub(super) struct EngineTimes {
    /// How long an app may take.
    limit: Duration,
    /// How many engines may work at once.
    most_engines: usize,
    apps: Vec<AppTime>,
    /// The engines that work, by their numbers.
    engines: BTreeMap<u32, EngineRun>,
    /// When an engine started or was done last, or something else showed that work goes on.
    last_sign: WorkerTime,
    /// All that engines had done by then is known.
    known_until: WorkerTime,
}

/// An app, with the time that engines have worked on it.
struct AppTime {
    app: WorkerApp,
    /// To render it, and to find out which images have an effect.
    spent: WorkerTime,
    /// To find out which values have one.
    spent_on_values: WorkerTime,
    /// Whether an engine was done with it at least once.
    is_rendered: bool,
}

/// An engine that works on an app.
struct EngineRun {
    /// The app's number.
    app: usize,
    step: RenderStep,
    /// When it was first reported.
    since: WorkerTime,
    /// When it was last reported.
    seen: WorkerTime,
    /// The file that it is at, if that is known.
    file: Option<RepoPath>,
}

impl EngineTimes {
    /// No apps yet, of a worker with so many threads.
    pub(super) fn new(limit: Duration, threads: usize, now: WorkerTime) -> Self {
        Self {
            limit,
            // One for each thread, and some to spare.
            most_engines: 2 * threads + 8,
            apps: Vec::new(),
            engines: BTreeMap::new(),
            last_sign: now,
            known_until: now,
        }
    }

    /// Whether no app was named yet.
    pub(super) fn is_empty(&self) -> bool {
        self.apps.is_empty()
    }

    /// Adds an app that will be rendered.
    pub(super) fn add(&mut self, app: WorkerApp) {
        let (spent, spent_on_values) = (WorkerTime::NONE, WorkerTime::NONE);
        self.apps.push(AppTime { app, spent, spent_on_values, is_rendered: false });
    }

    /// How many engines work.
    pub(super) fn working(&self) -> u32 {
        u32::try_from(self.engines.len()).unwrap_or(u32::MAX)
    }

    /// Notes that work goes on.
    pub(super) fn sign(&mut self, now: WorkerTime) {
        self.last_sign = now;
    }

    /// Notes that all is known that engines had done by then.
    pub(super) fn know_until(&mut self, then: WorkerTime) {
        self.known_until = then;
    }

    /// Takes a report: all engines that work, and the runs that ended since the last one.
    /// Returns how many apps were rendered for the first time.
    pub(super) fn take(
        &mut self,
        now: WorkerTime,
        working: Vec<WorkingEngine>,
        ended: &[EndedRun],
    ) -> Result<usize, ProtocolViolation> {
        let mut rendered = 0;
        for run in ended {
            rendered += usize::from(self.end(now, run)?);
        }
        let mut known = mem::take(&mut self.engines);
        for WorkingEngine { id, app, step, file } in working {
            let is_long = |file: &RepoPath| file.as_str().len() > MOST_NAME;
            if app >= self.apps.len() || file.as_ref().is_some_and(is_long) {
                return Err(ProtocolViolation);
            }
            let run = known.remove(&id).unwrap_or_else(|| {
                self.last_sign = now;
                EngineRun { app, step, since: now, seen: now, file: None }
            });
            let is_same = run.app == app && run.step == step;
            let before = self.engines.insert(id, EngineRun { seen: now, file, ..run });
            if !is_same || before.is_some() || self.engines.len() > self.most_engines {
                return Err(ProtocolViolation);
            }
        }
        // The time of one that has vanished would be forgotten.
        if known.is_empty() { Ok(rendered) } else { Err(ProtocolViolation) }
    }

    /// Charges an app for a run. Returns whether it is rendered for the first time.
    fn end(&mut self, now: WorkerTime, run: &EndedRun) -> Result<bool, ProtocolViolation> {
        self.last_sign = now;
        let known = self.engines.remove(&run.id);
        if known.as_ref().is_some_and(|known| known.app != run.app || known.step != run.step) {
            return Err(ProtocolViolation);
        }
        // It may have started a moment before that was reported, and the worker's clock goes
        // on while both processes are stopped.
        let (since, seen) =
            known.map_or((self.known_until, self.known_until), |known| (known.since, known.seen));
        let elapsed = now.since(since);
        let took = Duration::from_micros(run.took).max(seen.since(since).wall);
        let wall = took.min(elapsed.wall + 2 * TICK);
        let spent = WorkerTime { wall, processor: elapsed.processor.map(|one| one.min(wall)) };
        let app = self.apps.get_mut(run.app).ok_or(ProtocolViolation)?;
        match run.step {
            RenderStep::Values => app.spent_on_values = app.spent_on_values.plus(spent),
            RenderStep::Template | RenderStep::Objects | RenderStep::Images => {
                app.spent = app.spent.plus(spent);
            }
        }
        Ok(run.step != RenderStep::Template && !mem::replace(&mut app.is_rendered, true))
    }

    /// Whether an app has taken too long, or the worker does something else for too long.
    pub(super) fn is_late(&self) -> bool {
        if self.engines.is_empty() {
            let pause = self.known_until.since(self.last_sign);
            return pause.is_beyond(LONGEST_PAUSE.max(self.limit));
        }
        self.engines.values().any(|engine| self.has_spent_its_time(engine))
    }

    fn has_spent_its_time(&self, engine: &EngineRun) -> bool {
        let app = &self.apps[engine.app];
        let now = self.known_until.since(engine.since);
        if engine.step == RenderStep::Values {
            let together = app.spent_on_values.plus(now);
            return now.is_beyond(self.limit)
                || together.is_beyond(self.limit.saturating_mul(VALUES));
        }
        app.spent.plus(now).is_beyond(self.limit)
    }

    /// The apps that may have caused a loss: those that are late, or else those that engines
    /// work on; all if there are none.
    pub(super) fn suspects(&self, is_late: bool) -> Vec<Suspect> {
        let mut suspects = BTreeMap::new();
        for engine in self.engines.values() {
            if !is_late || self.has_spent_its_time(engine) {
                let suspect = || (Some(engine.step), engine.file.clone());
                suspects.entry(engine.app).or_insert_with(suspect);
            }
        }
        if suspects.is_empty() && !is_late {
            suspects.extend((0..self.apps.len().min(MOST_SUSPECTS)).map(|app| (app, (None, None))));
        }
        let suspect = |(app, (step, file)): (usize, (Option<RenderStep>, Option<RepoPath>))| {
            Suspect { app: self.apps[app].app.clone(), step, file }
        };
        suspects.into_iter().map(suspect).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> WorkerTime {
        let time = Duration::from_millis(milliseconds);
        WorkerTime { wall: time, processor: Some(time) }
    }

    /// Two apps, one second for each, and a thread.
    fn times() -> EngineTimes {
        let mut times = EngineTimes::new(Duration::from_secs(1), 1, at(0));
        for name in ["web", "api"] {
            let path = RepoPath::new(name).unwrap();
            let (template, file) = (path.clone(), path);
            times.add(WorkerApp {
                environment: "qa".to_owned(),
                app: name.to_owned(),
                template,
                file,
            });
        }
        times
    }

    fn works(id: u32, app: usize) -> WorkingEngine {
        WorkingEngine { id, app, step: RenderStep::Objects, file: None }
    }

    fn ended(id: u32, app: usize, milliseconds: u64) -> EndedRun {
        EndedRun { id, app, step: RenderStep::Objects, took: milliseconds * 1000 }
    }

    /// Whether the worker is late after a report that answers a question of the same time.
    fn is_late(
        times: &mut EngineTimes,
        now: WorkerTime,
        working: Vec<WorkingEngine>,
        ended: &[EndedRun],
    ) -> bool {
        assert!(times.take(now, working, ended).is_ok());
        times.know_until(now);
        times.is_late()
    }

    #[test]
    fn an_engine_is_late_after_the_limit_and_not_before() {
        let mut times = times();
        assert!(!is_late(&mut times, at(100), vec![works(0, 0)], &[]));
        assert!(!is_late(&mut times, at(1099), vec![works(0, 0), works(1, 1)], &[]));
        assert!(is_late(&mut times, at(1100), vec![works(0, 0), works(1, 1)], &[]));
        let suspects: Vec<_> = times.suspects(true).into_iter().map(|one| one.app.app).collect();
        assert_eq!(suspects, ["web"]);
        assert_eq!(times.suspects(false).len(), 2);
    }

    #[test]
    fn runs_are_charged_what_they_took_however_they_lie_to_the_ticks() {
        let mut times = times();
        // A run of 20 ms is at work at each tick, and three others lie between.
        for tick in 1..=12 {
            let id = tick * 10;
            let mut done: Vec<_> = (id - 3..id).map(|id| ended(id, 0, 20)).collect();
            if tick > 1 {
                done.push(ended(id - 10, 0, 20));
            }
            let now = at(u64::from(tick) * 100);
            assert!(!is_late(&mut times, now, vec![works(id, 0)], &done), "{tick}");
        }
        // These are 12 times 80 ms, less 20.
        let now = at(1290);
        assert!(!is_late(&mut times, now, vec![works(130, 0)], &[ended(120, 0, 20)]));
        assert!(is_late(&mut times, at(1400), vec![works(130, 0)], &[]));
    }

    #[test]
    fn a_run_is_charged_no_less_than_was_seen_of_it_and_no_more_than_there_was() {
        let mut times = times();
        assert!(!is_late(&mut times, at(100), vec![works(0, 0)], &[]));
        assert!(!is_late(&mut times, at(900), vec![works(0, 0)], &[]));
        assert!(!is_late(&mut times, at(950), vec![works(1, 0)], &[ended(0, 0, 0)]));
        assert!(is_late(&mut times, at(1150), vec![works(1, 0)], &[]), "800 and 200");
        let mut times = self::times();
        assert!(!is_late(&mut times, at(100), Vec::new(), &[ended(0, 0, 3_600_000)]));
        assert!(!is_late(&mut times, at(200), vec![works(1, 0)], &[]));
        assert!(!is_late(&mut times, at(800), vec![works(1, 0)], &[]), "300 and 600");
    }

    #[test]
    fn without_a_processor_there_is_more_time() {
        let idle = |milliseconds| WorkerTime {
            wall: Duration::from_millis(milliseconds),
            processor: Some(Duration::ZERO),
        };
        let mut times = times();
        assert!(!is_late(&mut times, idle(0), vec![works(0, 0)], &[]));
        assert!(!is_late(&mut times, idle(9_999), vec![works(0, 0)], &[]));
        assert!(is_late(&mut times, idle(10_000), vec![works(0, 0)], &[]));
        // Short runs have no more of a processor than the worker.
        let mut times = self::times();
        for at in 1..100 {
            assert!(!is_late(&mut times, idle(at * 100), Vec::new(), &[ended(7, 0, 99)]));
        }
    }

    #[test]
    fn what_is_not_an_engines_work_has_two_minutes() {
        let mut times = times();
        assert!(!is_late(&mut times, at(119_999), Vec::new(), &[]));
        assert!(is_late(&mut times, at(120_000), Vec::new(), &[]));
        assert!(times.suspects(true).is_empty());
        assert_eq!(times.suspects(false).len(), 2, "all apps");
        times.sign(at(120_000));
        assert!(!times.is_late());
    }

    #[test]
    fn reports_that_no_worker_sends_are_refused() {
        let other = || WorkingEngine { step: RenderStep::Images, ..works(0, 0) };
        let long = || {
            let file = Some(RepoPath::new(&"a".repeat(MOST_NAME + 1)).unwrap());
            WorkingEngine { file, ..works(0, 0) }
        };
        let wrong: [(Vec<WorkingEngine>, Vec<EndedRun>); 9] = [
            (Vec::new(), Vec::new()),
            (vec![works(1, 0)], Vec::new()),
            (vec![works(0, 1)], Vec::new()),
            (vec![other()], Vec::new()),
            (vec![long()], Vec::new()),
            (vec![works(0, 0), works(0, 0)], Vec::new()),
            (Vec::new(), vec![ended(0, 1, 0)]),
            (vec![works(0, 0)], vec![ended(7, 2, 0)]),
            ((0..12).map(|id| works(id, 0)).collect(), Vec::new()),
        ];
        for (at_work, done) in wrong {
            let case = format!("{at_work:?} {done:?}");
            let mut times = times();
            assert!(times.take(at(0), vec![works(0, 0)], &[]).is_ok());
            assert!(times.take(at(1), at_work, &done).is_err(), "{case}");
        }
    }
}
