//! The program's side: starting a worker, and having the rest done without what it was lost
//! to.

use std::cell::{Cell, OnceCell, RefCell};
use std::thread;
use std::time::Duration;

use super::code;
use super::job::{RenderTask, WorkerJob};
use super::limits::Limits;
use super::loss::{Loss, LossCause, Suspect};
use super::message::{FromWorker, ToWorker, VERSION};
use super::process::{ReceiveError, WorkerProcess};
use super::renderer::{RenderProgress, RenderRequest, RenderResult, Renderer, Wanted};
use super::server::FileServer;
use super::start::{WorkerOptions, WorkerStart};
use super::watched_job::WatchedJob;
use super::wire::FindingReader;
use crate::diagnostic::{Code, Finding, Findings};

/// How often a job is begun again without the apps that a worker was lost to.
const MOST_LOSSES: usize = 6;

/// The most apps that are blamed for one loss.
const MOST_BLAMED: usize = 16;

/// How long a worker may take to start, on a machine that is very busy.
const START_TIME: Duration = Duration::from_secs(20);

/// The most threads of a worker, and of one in a sandbox: each adds its stack to the memory.
const MOST_THREADS: usize = 256;
const MOST_SANDBOX_THREADS: usize = 4;

/// Renders in another process, within limits. It is started when it is first needed, and
/// ends with this.
pub struct Worker {
    options: WorkerOptions,
    /// Finds a code by its name.
    codes: fn(&str) -> Option<&'static Code>,
    running: RefCell<Option<RunningWorker>>,
    /// One that was killed and may not be gone.
    dismissed: Option<WorkerProcess>,
    /// What the sandbox lacks, until it is said.
    lacking: RefCell<Option<Finding>>,
    /// Whether that was found out.
    sandbox_is_known: Cell<bool>,
    /// The number of processors.
    available: OnceCell<usize>,
}

struct RunningWorker {
    process: WorkerProcess,
    served: FileServer,
    limits: Limits,
    /// Whether it has done a job, and may have kept memory for it.
    is_used: bool,
}

/// The result of a job, or why there is none.
enum JobAttempt {
    Done(Result<RenderResult, Findings>),
    Lost(Loss),
}

/// What is to be done, and how.
struct Order<'a> {
    request: &'a RenderRequest<'a>,
    limits: Limits,
    progress: &'a dyn Fn(RenderProgress),
}

impl Renderer for Worker {
    fn render(
        &self,
        request: &RenderRequest<'_>,
        progress: &dyn Fn(RenderProgress),
    ) -> Result<RenderResult, Findings> {
        let limits = Limits::of(&self.options, &request.settings);
        let mut findings = Findings::new();
        let result = self.attempts(&Order { request, limits, progress }, &mut findings);
        findings.extend(self.lacking.take());
        let is_complete = !findings.has_errors();
        match result {
            Some(Ok(mut result)) if is_complete => {
                result.findings.extend(findings);
                Ok(result)
            }
            Some(Ok(RenderResult { findings: others, .. }) | Err(others)) => {
                findings.extend(others);
                Err(findings)
            }
            None => Err(findings),
        }
    }
}

impl Worker {
    /// A worker that is started when it is first needed. `codes` finds a code by its name.
    pub fn new(options: WorkerOptions, codes: fn(&str) -> Option<&'static Code>) -> Self {
        Self {
            options,
            codes,
            running: RefCell::default(),
            dismissed: None,
            lacking: RefCell::default(),
            sandbox_is_known: Cell::default(),
            available: OnceCell::new(),
        }
    }

    /// Ends the worker, since no further job will come. It is waited for once this is dropped.
    pub fn dismiss(&mut self) {
        self.dismissed = self.running.get_mut().take().map(|mut running| {
            running.process.kill();
            running.process
        });
    }

    /// Has a job done, and again without the apps that a worker is lost to, of which
    /// `findings` say which and why. Returns the result of the other apps, if there is one.
    fn attempts(
        &self,
        order: &Order<'_>,
        findings: &mut Findings,
    ) -> Option<Result<RenderResult, Findings>> {
        let mut unexplained = None;
        let result = self.attempts_until(order, findings, &mut unexplained);
        // If it does not happen again, that is luck.
        let lost = |cause| code::lost_all(&cause, &order.limits, self.options.sandbox);
        findings.extend(unexplained.map(lost));
        result
    }

    /// The same; `unexplained` is what a worker was lost to that is not in `findings`.
    fn attempts_until(
        &self,
        order: &Order<'_>,
        findings: &mut Findings,
        unexplained: &mut Option<LossCause>,
    ) -> Option<Result<RenderResult, Findings>> {
        let mut task = RenderTask::of(order.request);
        let silent = Order { progress: &|_| (), ..*order };
        let (mut order, mut losses, mut is_repeated) = (order, 0, false);
        while losses < MOST_LOSSES {
            let loss = match findings.keep(self.attempt(order, &task))? {
                JobAttempt::Done(result) => return Some(result),
                JobAttempt::Lost(loss) => loss,
            };
            order = &silent;
            let is_late = loss.cause == LossCause::Time;
            if loss.was_used && !is_late {
                // What it kept of earlier jobs may have been too much. The next one is new.
                *unexplained = Some(loss.cause).filter(|cause| *cause != LossCause::Memory);
                continue;
            }
            if !is_repeated && !is_late {
                // Perhaps it was killed from outside; if not, it has to say what it is at.
                *unexplained = Some(loss.cause);
                (is_repeated, task.tells_at_once) = (true, true);
                continue;
            }
            let cause = loss.cause.clone();
            let blamed = findings.keep(self.blamed(order, &task, loss))?;
            if blamed.is_empty() {
                *unexplained = Some(cause);
                return None;
            }
            if !is_late {
                *unexplained = None;
            }
            losses += 1;
            for (suspect, cause) in blamed {
                findings.push(code::lost(&suspect, &cause, &order.limits, self.options.sandbox));
                task.without.insert((suspect.app.environment, suspect.app.app));
            }
            if matches!(task.wanted, Wanted::App { .. }) {
                return None;
            }
        }
        findings.push(code::abandoned(MOST_LOSSES));
        None
    }

    /// The apps that a worker was lost to: those that took too long, or that end a worker
    /// which does nothing else.
    fn blamed(
        &self,
        order: &Order<'_>,
        task: &RenderTask,
        loss: Loss,
    ) -> Result<Vec<(Suspect, LossCause)>, Findings> {
        let Loss { cause, suspects, .. } = loss;
        if cause == LossCause::Time || matches!(task.wanted, Wanted::App { .. }) {
            return Ok(suspects.into_iter().map(|suspect| (suspect, cause.clone())).collect());
        }
        let mut blamed: Vec<(Suspect, LossCause)> = Vec::new();
        for suspect in suspects {
            if blamed.len() == MOST_BLAMED {
                break;
            }
            let is_alike = |(one, _): &(Suspect, LossCause)| one.app == suspect.app;
            if blamed.iter().any(is_alike) {
                continue;
            }
            if suspect.step.is_some() {
                // The next one must not suffer from this one.
                self.running.take();
            }
            let task = task.only(&suspect.app, suspect.step);
            let alone = match self.attempt(order, &task)? {
                // What the others left may have been too much.
                JobAttempt::Lost(Loss { was_used: true, .. }) => self.attempt(order, &task)?,
                alone => alone,
            };
            if let JobAttempt::Lost(loss) = alone {
                // If it was rendered for other environments as well, one of those may be it.
                let is_it = loss.suspects.iter().any(|one| one.app == suspect.app);
                if is_it || suspect.step.is_none() {
                    let file = loss.suspects.into_iter().find_map(|one| one.file);
                    blamed.push((Suspect { file, ..suspect }, loss.cause));
                }
            }
        }
        self.running.take();
        Ok(blamed)
    }

    fn attempt(&self, order: &Order<'_>, task: &RenderTask) -> Result<JobAttempt, Findings> {
        let running = self.running.take().filter(|running| running.limits == order.limits);
        let mut running = match running {
            Some(running) => running,
            None => self.start(order.limits)?,
        };
        running.send(order.request, task);
        let findings = FindingReader::new(self.codes);
        let RunningWorker { process, served, .. } = &mut running;
        let (limits, threads, progress) = (order.limits, self.threads(), order.progress);
        let mut job = WatchedJob::new(process, served, limits, threads, progress, findings);
        match job.finish() {
            Ok(result) => {
                running.is_used = true;
                self.running.replace(Some(running));
                Ok(JobAttempt::Done(result))
            }
            Err(cause) => {
                let suspects = job.suspects(cause.as_ref());
                let was_used = running.is_used;
                let exit = running.process.end();
                let cause = cause.unwrap_or_else(|| LossCause::of(&exit));
                Ok(JobAttempt::Lost(Loss { cause, suspects, was_used }))
            }
        }
    }

    /// How many threads render.
    fn threads(&self) -> usize {
        // Finding that out takes a dozen files of the system's.
        let available = || thread::available_parallelism().map_or(1, usize::from);
        let threads =
            self.options.threads.unwrap_or_else(|| *self.available.get_or_init(available));
        threads.min(if self.options.sandbox { MOST_SANDBOX_THREADS } else { MOST_THREADS })
    }

    fn start(&self, limits: Limits) -> Result<RunningWorker, Finding> {
        let start = WorkerStart {
            sandbox: self.options.sandbox,
            memory: limits.memory,
            output: limits.output,
            threads: self.threads(),
        };
        let process = WorkerProcess::start(&self.options.program, &start);
        let mut process = process.map_err(|error| code::not_started(&error.to_string()))?;
        let lacking = match process.receive(START_TIME) {
            Ok(Some(FromWorker::Ready { version, lacking })) if version == VERSION => lacking,
            Ok(Some(_)) => return Err(code::not_started("it is another version of this program")),
            Ok(None) => return Err(code::not_started("it does not answer")),
            Err(ReceiveError::ProtocolViolation) => {
                return Err(code::not_started("it sent an invalid message"));
            }
            Err(ReceiveError::Ended) => return Err(code::not_started(&process.end().to_string())),
        };
        let served = FileServer::new(self.options.sandbox);
        if !self.sandbox_is_known.replace(true) && !lacking.is_empty() {
            self.lacking.replace(Some(code::sandbox_incomplete(&lacking)));
        }
        Ok(RunningWorker { process, served, limits, is_used: false })
    }
}

impl RunningWorker {
    fn send(&mut self, request: &RenderRequest<'_>, task: &RenderTask) {
        let tree = self.served.add(request.tree);
        let mut body = Vec::new();
        let changes = request.changes.iter().map(|(path, bytes)| {
            body.extend_from_slice(bytes.unwrap_or_default());
            (path.clone(), bytes.map(<[u8]>::len))
        });
        let changes = changes.collect();
        let job = WorkerJob::Render(task.clone());
        self.process.send(&ToWorker::Job { tree, changes, job }, &body);
    }
}
