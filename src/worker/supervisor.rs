//! The program's side: starting a worker, watching it, and having the rest done without what
//! stopped it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use super::code::{self, Cause};
use super::job::{RenderTask, WorkerApp, WorkerJob};
use super::limits::{Limits, WorkerOptions};
use super::message::{FromWorker, JobEnd, ToWorker, VERSION};
use super::process::{Silence, WorkerProcess};
use super::renderer::{RenderProgress, RenderRequest, RenderResult, Renderer, Wanted};
use super::server::FileServer;
use super::start::WorkerStart;
use super::wire::{FindingReader, Nonsense};
use crate::config::EnvironmentName;
use crate::diagnostic::{Code, Findings};
use crate::rendered::RenderedFiles;
use crate::source::RepoPath;

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(100);

/// How long a worker that seems to be late may take to say what has ended.
const PATIENCE: Duration = Duration::from_millis(200);

/// How often the rest of a job is tried again without the apps that stopped a worker.
const MOST_ATTEMPTS: usize = 4;

/// Renders in another process, within limits. It is started when it is first needed, and
/// ends with this.
pub struct Worker {
    options: WorkerOptions,
    /// Finds a code by its name.
    codes: fn(&str) -> Option<&'static Code>,
    running: RefCell<Option<RunningWorker>>,
    /// One that is about to end.
    dismissed: Option<WorkerProcess>,
    /// What the sandbox lacks, which is said once.
    lacking: RefCell<BTreeSet<String>>,
}

struct RunningWorker {
    process: WorkerProcess,
    files: FileServer,
    limits: Limits,
    /// Whether it has done a job, and may hold memory for it.
    is_used: bool,
}

/// The result of a job, or why there is none.
enum JobAttempt {
    Done(Result<RenderResult, Findings>),
    Lost(Loss),
}

/// A worker that was stopped or died.
struct Loss {
    cause: Cause,
    /// What its engines were busy with; of one that took too long, what took too long.
    busy: Vec<Suspect>,
    /// Whether it had done other jobs before.
    was_used: bool,
}

/// An app that a worker may have been lost to.
#[derive(Clone)]
struct Suspect {
    app: WorkerApp,
    /// The file that the engine was at, if that is known.
    file: Option<RepoPath>,
}

impl Renderer for Worker {
    fn render(
        &self,
        request: &RenderRequest<'_>,
        progress: &dyn Fn(RenderProgress),
    ) -> Result<RenderResult, Findings> {
        let limits = Limits::of(&self.options, &request.settings);
        let mut job = RenderTask::of(request);
        let mut findings = Findings::new();
        for attempt in 0..MOST_ATTEMPTS {
            let shown: &dyn Fn(RenderProgress) = if attempt == 0 { progress } else { &|_| () };
            let loss = match self.attempt(request, &job, limits, shown)? {
                JobAttempt::Done(result) => return self.joined(result, findings),
                JobAttempt::Lost(loss) => loss,
            };
            for (guilty, cause) in self.guilty(request, &job, limits, loss)? {
                let Some(Suspect { app, file }) = guilty else {
                    findings.push(code::lost_all(&cause, &limits, self.options.sandbox));
                    return Err(findings);
                };
                findings.push(code::lost(
                    &app,
                    file.as_ref(),
                    &cause,
                    &limits,
                    self.options.sandbox,
                ));
                job.without.insert((app.environment, app.app));
            }
            if matches!(job.wanted, Wanted::App { .. }) {
                return Err(findings);
            }
        }
        findings.push(code::abandoned(MOST_ATTEMPTS));
        Err(findings)
    }
}

impl Worker {
    /// A worker that is started when it is first needed. `codes` finds a code by its name.
    pub fn new(options: WorkerOptions, codes: fn(&str) -> Option<&'static Code>) -> Self {
        let (running, lacking) = (RefCell::default(), RefCell::default());
        Self { options, codes, running, dismissed: None, lacking }
    }

    /// Lets the worker end, since no further job will come, while other work goes on.
    pub fn dismiss(&mut self) {
        self.dismissed = self.running.get_mut().take().map(|mut running| {
            running.process.dismiss();
            running.process
        });
    }

    /// The result with the apps that were lost, and with what the sandbox lacks.
    fn joined(
        &self,
        result: Result<RenderResult, Findings>,
        mut lost: Findings,
    ) -> Result<RenderResult, Findings> {
        let lacking = std::mem::take(&mut *self.lacking.borrow_mut());
        let lacking = (!lacking.is_empty()).then(|| code::sandbox_incomplete(&lacking));
        match result {
            Ok(mut result) if lost.is_empty() => {
                result.warnings.extend(lacking);
                Ok(result)
            }
            Ok(RenderResult { warnings: others, .. }) | Err(others) => {
                lost.extend(others);
                lost.extend(lacking);
                Err(lost)
            }
        }
    }

    /// What a worker was lost to: apps that took too long, or that end a worker that does
    /// nothing else. No app if it was none of them alone.
    fn guilty(
        &self,
        request: &RenderRequest<'_>,
        job: &RenderTask,
        limits: Limits,
        loss: Loss,
    ) -> Result<Vec<(Option<Suspect>, Cause)>, Findings> {
        let Loss { cause, busy, was_used } = loss;
        let is_alone = matches!(job.wanted, Wanted::App { .. }) && !was_used;
        if !busy.is_empty() && (cause == Cause::Time || is_alone) {
            return Ok(busy.into_iter().map(|suspect| (Some(suspect), cause.clone())).collect());
        }
        let mut guilty = Vec::new();
        for suspect in busy {
            self.stop();
            let alone = self.attempt(request, &job.only(&suspect.app), limits, &|_| ())?;
            self.stop();
            if let JobAttempt::Lost(loss) = alone {
                let file = loss.busy.into_iter().find_map(|one| one.file);
                guilty.push((Some(Suspect { file, ..suspect }), loss.cause));
            }
        }
        if guilty.is_empty() {
            guilty.push((None, cause));
        }
        Ok(guilty)
    }

    /// Ends the worker, so that the next job has a new one.
    fn stop(&self) {
        self.running.borrow_mut().take();
    }

    /// Has a job done.
    fn attempt(
        &self,
        request: &RenderRequest<'_>,
        job: &RenderTask,
        limits: Limits,
        progress: &dyn Fn(RenderProgress),
    ) -> Result<JobAttempt, Findings> {
        let mut running = match self.running.borrow_mut().take() {
            Some(running) if running.limits == limits => running,
            _ => self.start(limits)?,
        };
        running.send(request, job);
        let mut attempt = Watched {
            running: &mut running,
            limits,
            progress,
            now: Duration::ZERO,
            last: Duration::ZERO,
            apps: Vec::new(),
            done: BTreeSet::new(),
            busy: BTreeMap::new(),
            files: Vec::new(),
            output: 0,
            findings: FindingReader::new(self.codes),
            asked: None,
            is_busy_for_long: false,
        };
        let cause = match attempt.watch() {
            Ok(done) => match attempt.result(&done) {
                Ok(result) => {
                    running.is_used = true;
                    *self.running.borrow_mut() = Some(running);
                    return Ok(JobAttempt::Done(result));
                }
                Err(Nonsense) => Some(Cause::nonsense()),
            },
            Err(cause) => cause,
        };
        let busy = attempt.suspects(cause.as_ref());
        let RunningWorker { process, is_used, .. } = running;
        let last_words = process.end();
        let cause = cause.unwrap_or_else(|| Cause::of(&last_words));
        Ok(JobAttempt::Lost(Loss { cause, busy, was_used: is_used }))
    }

    fn start(&self, limits: Limits) -> Result<RunningWorker, Findings> {
        let threads =
            self.options.threads.or_else(|| Some(thread::available_parallelism().ok()?.get()));
        let start = WorkerStart {
            sandbox: self.options.sandbox,
            memory: limits.memory,
            output: limits.output,
            threads: threads.unwrap_or(1),
        };
        let process = WorkerProcess::start(&self.options.program, &start);
        let mut process = process.map_err(|error| code::not_started(&error.to_string()))?;
        match process.receive(limits.time, Duration::ZERO) {
            Ok(Some(FromWorker::Ready { version, lacking })) if version == VERSION => {
                self.lacking.borrow_mut().extend(lacking);
            }
            Ok(Some(_)) => {
                return Err(code::not_started("it is another version of this program").into());
            }
            Ok(None) => return Err(code::not_started("it does not answer").into()),
            Err(Silence::Nonsense) => {
                return Err(code::not_started("it answers with nonsense").into());
            }
            Err(Silence::Ended) => {
                return Err(code::not_started(&process.end().to_string()).into());
            }
        }
        Ok(RunningWorker { process, files: FileServer::default(), limits, is_used: false })
    }
}

impl RunningWorker {
    fn send(&mut self, request: &RenderRequest<'_>, job: &RenderTask) {
        let tree = self.files.add(request.tree);
        let mut body = Vec::new();
        let changes = request.changes.iter().map(|(path, bytes)| {
            body.extend_from_slice(bytes.unwrap_or_default());
            (path.clone(), bytes.map(<[u8]>::len))
        });
        let changes = changes.collect();
        self.process
            .send(&ToWorker::Job { tree, changes, job: WorkerJob::Render(job.clone()) }, &body);
    }
}

/// A worker at a job.
struct Watched<'a> {
    running: &'a mut RunningWorker,
    limits: Limits,
    progress: &'a dyn Fn(RenderProgress),
    /// The time that it had so far. What it waits for an answer does not count, nor does the
    /// time in which this process was stopped.
    now: Duration,
    /// When an engine started or was done last.
    last: Duration,
    /// The apps that it renders.
    apps: Vec<WorkerApp>,
    /// Which of them an engine was done with at least once.
    done: BTreeSet<usize>,
    /// The apps that its engines are busy with, and since when.
    busy: BTreeMap<u32, Engagement>,
    files: Vec<(RepoPath, Vec<u8>)>,
    output: u64,
    findings: FindingReader,

    /// When it was asked for what it had not sent, since it seems to be late.
    asked: Option<Duration>,
    /// Whether engines work, and nobody waits for an answer.
    is_busy_for_long: bool,
}

/// What an engine is busy with.
struct Engagement {
    /// The app's number.
    app: usize,
    since: Duration,
    /// The file that it is at, if that is known.
    file: Option<RepoPath>,
}

impl Watched<'_> {
    /// Waits until the job is done, or the worker is lost. There is no cause if the worker
    /// ended by itself: its last words say why.
    fn watch(&mut self) -> Result<JobEnd, Option<Cause>> {
        loop {
            let before = Instant::now();
            let nap = if self.is_busy_for_long { NAP } else { Duration::ZERO };
            let received = self.running.process.receive(TICK, nap);
            self.now += before.elapsed().min(2 * TICK);
            match received {
                Ok(Some(report)) => match self.take(report) {
                    Ok(None) => {}
                    Ok(Some(done)) => return Ok(done),
                    Err(Nonsense) => return Err(Some(Cause::nonsense())),
                },
                Ok(None) => {}
                Err(Silence::Ended) => return Err(None),
                Err(Silence::Nonsense) => return Err(Some(Cause::nonsense())),
            }
            match self.asked {
                None if self.is_late() => {
                    // What has ended meanwhile may not have been sent yet.
                    self.running.process.send(&ToWorker::Flush, b"");
                    self.asked = Some(self.now);
                }
                Some(asked) if self.now.saturating_sub(asked) >= PATIENCE => {
                    self.asked = None;
                    if self.is_late() {
                        return Err(Some(Cause::Time));
                    }
                }
                _ => {}
            }
        }
    }

    fn is_late(&self) -> bool {
        if self.busy.is_empty() {
            return self.has_passed(self.last);
        }
        self.busy.values().any(|engagement| self.has_passed(engagement.since))
    }

    /// Whether the limit has passed since then.
    fn has_passed(&self, since: Duration) -> bool {
        self.now.saturating_sub(since) >= self.limits.time
    }

    /// What may have caused the loss.
    fn suspects(&self, cause: Option<&Cause>) -> Vec<Suspect> {
        let mut suspects = BTreeMap::new();
        for engagement in self.busy.values() {
            if cause != Some(&Cause::Time) || self.has_passed(engagement.since) {
                suspects.entry(engagement.app).or_insert_with(|| engagement.file.clone());
            }
        }
        let suspects = suspects.into_iter();
        suspects.map(|(app, file)| Suspect { app: self.apps[app].clone(), file }).collect()
    }

    /// Takes a message; the last one is returned.
    fn take(&mut self, report: FromWorker) -> Result<Option<JobEnd>, Nonsense> {
        let is_about_engines = matches!(report, FromWorker::Starts { .. } | FromWorker::Ends(_));
        self.is_busy_for_long = is_about_engines && self.apps.len() > FEW;
        match report {
            FromWorker::Ask { tree, question } => {
                // An answer that was not read yet would pile up.
                if !self.running.process.is_idle() {
                    return Err(Nonsense);
                }
                let answer = self.running.files.answer(tree, question);
                let (answer, bytes) = answer.ok_or(Nonsense)?;
                self.running.process.send(&ToWorker::Answer(answer), &bytes);
            }
            FromWorker::Apps { all, apps } => {
                if self.apps.is_empty() {
                    (self.progress)(RenderProgress::Apps(all));
                }
                self.apps.extend(apps);
                if self.apps.len() > MOST_APPS {
                    return Err(Nonsense);
                }
            }
            FromWorker::Starts { id, app } => {
                self.last = self.now;
                if self.busy.len() >= MOST_BUSY || app >= self.apps.len() {
                    return Err(Nonsense);
                }
                self.busy.insert(id, Engagement { app, since: self.now, file: None });
            }
            FromWorker::ComesTo { id, file } => {
                if let Some(engagement) = self.busy.get_mut(&id) {
                    engagement.file = Some(file);
                }
            }
            FromWorker::Ends(id) => {
                self.last = self.now;
                let Engagement { app, .. } = self.busy.remove(&id).ok_or(Nonsense)?;
                if self.done.insert(app) {
                    (self.progress)(RenderProgress::App);
                }
            }
            FromWorker::Files(files) => self.take_files(files)?,
            FromWorker::Finding(part) => self.findings.take(part, self.running.process.body())?,
            FromWorker::Done(done) => return Ok(Some(done)),
            FromWorker::Ready { .. } => return Err(Nonsense),
        }
        Ok(None)
    }

    fn take_files(&mut self, files: Vec<(RepoPath, usize)>) -> Result<(), Nonsense> {
        self.last = self.now;
        let body = self.running.process.body();
        // Names take memory too.
        self.output += body.len() as u64 + files.len() as u64 * 64;
        if self.output > self.limits.output.saturating_mul(2) {
            return Err(Nonsense);
        }
        let mut rest = body;
        for (path, length) in files {
            if !is_rendered_path(&path) {
                return Err(Nonsense);
            }
            let (bytes, after) = rest.split_at_checked(length).ok_or(Nonsense)?;
            rest = after;
            match self.files.last_mut() {
                Some((last, joined)) if *last == path => joined.extend_from_slice(bytes),
                _ => self.files.push((path, bytes.to_vec())),
            }
        }
        Ok(())
    }

    /// The result of a job that is done.
    fn result(&mut self, done: &JobEnd) -> Result<Result<RenderResult, Findings>, Nonsense> {
        let codes = FindingReader::new(|_| None);
        let mut findings = std::mem::replace(&mut self.findings, codes).finish();
        if done.left_out > 0 {
            findings.push(code::left_out(done.left_out));
        }
        if !done.succeeded {
            return if findings.has_errors() { Ok(Err(findings)) } else { Err(Nonsense) };
        }
        let environments = done.environments.iter().map(|name| EnvironmentName::named(name));
        let environments = environments.collect::<Option<Vec<_>>>().ok_or(Nonsense)?;
        if findings.has_errors() {
            return Err(Nonsense);
        }
        let files = RenderedFiles::of_bytes(std::mem::take(&mut self.files));
        Ok(Ok(RenderResult { environments, files, warnings: findings }))
    }
}

/// If more apps than this are rendered, that takes a while.
const FEW: usize = 16;

/// As long as messages about engines are left to pile up, so that they do not wake this
/// process one by one.
const NAP: Duration = Duration::from_millis(5);

/// More apps than this are in no repository.
const MOST_APPS: usize = 100_000;

/// More engines than this are not busy at once on any machine.
const MOST_BUSY: usize = 10_000;

/// Whether a path is one that a file of ours has: in a directory of an environment, and of an
/// app or of the environment itself.
fn is_rendered_path(path: &RepoPath) -> bool {
    path.segments().count() == 3 && path.segments().all(|segment| !segment.starts_with('.'))
}
