//! One job of a worker, and the clock that runs meanwhile.

use std::collections::BTreeMap;
use std::mem;
use std::time::{Duration, Instant};

use super::code;
use super::job::WorkerApp;
use super::limits::Limits;
use super::loss::{LossCause, Suspect};
use super::message::{EndedRun, FilePiece, FromWorker, JobEnd, ToWorker, WorkingEngine};
use super::process::{ReceiveError, WorkerProcess};
use super::renderer::{RenderProgress, RenderResult};
use super::server::FileServer;
use super::wire::{FindingReader, ProtocolViolation};
use crate::config::EnvironmentName;
use crate::diagnostic::Findings;
use crate::pipeline::RenderStep;
use crate::rendered::RenderedFiles;
use crate::source::RepoPath;

/// How often the clock is looked at, and the worker asked what its engines do.
const TICK: Duration = Duration::from_millis(100);

/// How long it may take to answer that, before it is thought to be where it was.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// How long everything but an engine's work may take, such as reading the settings: it ends
/// by itself, and takes no limit of an app's.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// The most apps that are tried alone if no engine was at work.
const MOST_SUSPECTS: usize = 1000;

/// The most messages of a worker, and questions among them. No repository comes near that, and
/// without a bound it could go on for ever.
const MOST_MESSAGES: u64 = 10_000_000;
const MOST_QUESTIONS: u64 = 1_000_000;

/// The longest name or path, in bytes: a path on disk is no longer.
const MOST_NAME: usize = 4096;

/// The least bytes of names and paths that it may send.
const NAME_BYTES: u64 = 8 << 20;

/// An app is rendered once more for each of its values, which may take so many times longer
/// than the rest.
const VALUES: u32 = 10;

/// Without a processor for a worker, it may take so many times longer.
const MOST_WAITING: u32 = 10;

/// A worker at a job.
pub(super) struct WatchedJob<'a> {
    process: &'a mut WorkerProcess,
    served: &'a mut FileServer,
    limits: Limits,
    /// How many engines may work at once.
    most_engines: usize,
    progress: &'a dyn Fn(RenderProgress),
    now: WorkerTime,
    /// When the time on processors was looked at last.
    looked: Duration,
    /// The apps that are rendered.
    apps: Vec<EngineTime>,
    /// What engines work on, by their numbers.
    engines: BTreeMap<u32, EngineRun>,
    /// When an engine started or was done last.
    last_sign: WorkerTime,
    /// When the worker was asked what its engines do, until it answers.
    asked: Option<WorkerTime>,
    /// All that engines had done by then is known.
    known: WorkerTime,
    /// How many more bytes of names it may send, how many more messages, and questions.
    room_for_names: u64,
    messages_left: u64,
    questions_left: u64,
    result: PartialResult,
}

/// An app, with the time that engines have worked on it.
struct EngineTime {
    app: WorkerApp,
    /// To render it, and to find out which images have an effect.
    spent: WorkerTime,
    /// To find out which values have one.
    spent_on_values: WorkerTime,
    /// Whether an engine was done with it at least once.
    is_rendered: bool,
}

/// What an engine works on.
struct EngineRun {
    /// The app's number.
    app: usize,
    step: RenderStep,
    since: WorkerTime,
    /// The file that it is at, if that is known.
    file: Option<RepoPath>,
}

/// What has arrived of a result.
struct PartialResult {
    environments: Vec<EnvironmentName>,
    files: Vec<(RepoPath, Vec<u8>)>,
    /// The bytes of all files so far, and those that were announced to come.
    output: u64,
    announced: u64,
    findings: FindingReader,
}

/// The time that a worker has had.
#[derive(Debug, Clone, Copy, Default)]
struct WorkerTime {
    /// On the clock. What it waits for an answer does not count, nor does the time in which
    /// this process was stopped.
    wall: Duration,
    /// On processors, as it was known at the last tick; none if the system does not say.
    processor: Option<Duration>,
}

impl WorkerTime {
    /// The time since then.
    fn since(self, then: Self) -> Self {
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

impl<'a> WatchedJob<'a> {
    /// A job that was sent to a worker.
    pub(super) fn new(
        process: &'a mut WorkerProcess,
        served: &'a mut FileServer,
        limits: Limits,
        threads: usize,
        progress: &'a dyn Fn(RenderProgress),
        findings: FindingReader,
    ) -> Self {
        let now = WorkerTime { wall: Duration::ZERO, processor: process.processor_time() };
        Self {
            process,
            served,
            limits,
            // A thread that waits for others may help them.
            most_engines: 2 * threads + 8,
            progress,
            now,
            looked: Duration::ZERO,
            apps: Vec::new(),
            engines: BTreeMap::new(),
            last_sign: now,
            asked: None,
            known: now,
            room_for_names: NAME_BYTES + limits.output.bytes() / 4,
            messages_left: MOST_MESSAGES,
            questions_left: MOST_QUESTIONS,
            result: PartialResult {
                environments: Vec::new(),
                files: Vec::new(),
                output: 0,
                announced: 0,
                findings,
            },
        }
    }

    /// Waits for the result. There is no cause of a loss if the worker ended by itself: its
    /// exit says why.
    pub(super) fn finish(&mut self) -> Result<Result<RenderResult, Findings>, Option<LossCause>> {
        let violation = |ProtocolViolation| Some(LossCause::ProtocolViolation);
        let mut end = None;
        loop {
            match self.receive() {
                Ok(Some(message)) => end = self.take(message).map_err(violation)?.or(end),
                Ok(None) => {}
                Err(ReceiveError::Ended) => return Err(None),
                Err(ReceiveError::ProtocolViolation) => return Err(violation(ProtocolViolation)),
            }
            // An answer that is still to come would be taken for one in the next job.
            if let Some(end) = end.take_if(|_| self.asked.is_none()) {
                return self.end(&end).map_err(violation);
            }
            if self.now.wall.saturating_sub(self.looked) >= TICK {
                self.look();
                if self.is_late() {
                    return Err(Some(LossCause::Time));
                }
            }
        }
    }

    /// The next message, if it comes within a tick or so.
    fn receive(&mut self) -> Result<Option<FromWorker>, ReceiveError> {
        let before = Instant::now();
        let received = self.process.receive(TICK);
        self.now.wall += before.elapsed().min(2 * TICK);
        received
    }

    /// Looks at the clock, and asks the worker what its engines do.
    fn look(&mut self) {
        self.looked = self.now.wall;
        self.now.processor = self.process.processor_time();
        match self.asked {
            None => {
                self.process.send(&ToWorker::TellEngines, b"");
                self.asked = Some(self.now);
            }
            // It does not answer, so nothing has changed.
            Some(asked) if self.now.since(asked).wall >= ANSWER_TIME => self.known = self.now,
            Some(_) => {}
        }
    }

    fn is_late(&self) -> bool {
        if self.engines.is_empty() {
            let pause = self.known.since(self.last_sign).wall;
            return pause >= LONGEST_PAUSE.max(self.limits.time);
        }
        self.engines.values().any(|engine| self.has_spent_its_time(engine))
    }

    fn has_spent_its_time(&self, engine: &EngineRun) -> bool {
        let app = &self.apps[engine.app];
        let now = self.known.since(engine.since);
        if engine.step == RenderStep::Values {
            let limit = self.limits.time;
            let together = app.spent_on_values.plus(now);
            return now.is_beyond(limit) || together.is_beyond(limit.saturating_mul(VALUES));
        }
        app.spent.plus(now).is_beyond(self.limits.time)
    }

    /// The apps that may have caused a loss.
    pub(super) fn suspects(&self, cause: Option<&LossCause>) -> Vec<Suspect> {
        let is_late = cause == Some(&LossCause::Time);
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

    /// Takes a message; the last one is returned.
    fn take(&mut self, message: FromWorker) -> Result<Option<JobEnd>, ProtocolViolation> {
        self.messages_left = self.messages_left.checked_sub(1).ok_or(ProtocolViolation)?;
        match message {
            FromWorker::Ask { tree, question } => {
                self.questions_left =
                    self.questions_left.checked_sub(1).ok_or(ProtocolViolation)?;
                // An answer that was not read yet would pile up.
                if !self.process.is_idle() {
                    return Err(ProtocolViolation);
                }
                let answer = self.served.answer(tree, question).ok_or(ProtocolViolation)?;
                self.process.send(&ToWorker::Answer(answer.0), &answer.1);
            }
            FromWorker::Apps { all, apps } => self.take_apps(all, apps)?,
            FromWorker::Engines { is_answer, working, ended } => {
                ended.iter().try_for_each(|run| self.take_ended(run))?;
                self.take_working(working)?;
                if is_answer {
                    self.known = self.asked.take().ok_or(ProtocolViolation)?;
                }
            }
            FromWorker::Environments(names) => self.take_environments(&names)?,
            FromWorker::Files { directory, pieces } => self.take_files(&directory, pieces)?,
            FromWorker::Finding(part) => {
                let (body, size) = (self.process.body(), self.process.message_size());
                self.result.findings.take(part, body, size)?;
            }
            FromWorker::Done(end) => return Ok(Some(end)),
            FromWorker::Ready { .. } => return Err(ProtocolViolation),
        }
        Ok(None)
    }

    fn take_ended(&mut self, run: &EndedRun) -> Result<(), ProtocolViolation> {
        self.messages_left = self.messages_left.checked_sub(1).ok_or(ProtocolViolation)?;
        self.last_sign = self.now;
        let since = self.engines.remove(&run.id).map_or(self.now, |engine| engine.since);
        let spent = self.spent(since, Duration::from_micros(run.took));
        let app = self.apps.get_mut(run.app).ok_or(ProtocolViolation)?;
        match run.step {
            RenderStep::Values => app.spent_on_values = app.spent_on_values.plus(spent),
            _ => app.spent = app.spent.plus(spent),
        }
        if !mem::replace(&mut app.is_rendered, true) {
            (self.progress)(RenderProgress::App);
        }
        Ok(())
    }

    fn take_working(&mut self, working: Vec<WorkingEngine>) -> Result<(), ProtocolViolation> {
        let mut known = mem::take(&mut self.engines);
        for WorkingEngine { id, app, step, file } in working {
            let is_long = |file: &RepoPath| file.as_str().len() > MOST_NAME;
            let is_full = self.engines.len() >= self.most_engines;
            if is_full || app >= self.apps.len() || file.as_ref().is_some_and(is_long) {
                return Err(ProtocolViolation);
            }
            let run = known.remove(&id).unwrap_or_else(|| {
                self.last_sign = self.now;
                EngineRun { app, step, since: self.now, file: None }
            });
            self.engines.insert(id, EngineRun { file, ..run });
        }
        // Its time would be forgotten.
        if known.is_empty() { Ok(()) } else { Err(ProtocolViolation) }
    }

    /// The time of an engine that is done, and says how long it took. That it started was
    /// told a tick later, or so.
    fn spent(&self, since: WorkerTime, took: Duration) -> WorkerTime {
        let seen = self.now.since(since);
        let unseen = took.saturating_sub(seen.wall).min(2 * TICK);
        seen.plus(WorkerTime { wall: unseen, processor: Some(unseen) })
    }

    fn take_apps(&mut self, all: usize, apps: Vec<WorkerApp>) -> Result<(), ProtocolViolation> {
        if self.apps.is_empty() {
            (self.progress)(RenderProgress::Apps(all));
        }
        for app in apps {
            let paths = [app.template.as_str(), app.file.as_str()];
            for name in [&*app.environment, &*app.app].into_iter().chain(paths) {
                count_name(&mut self.room_for_names, name)?;
            }
            let spent = WorkerTime { wall: Duration::ZERO, processor: Some(Duration::ZERO) };
            let spent_on_values = spent;
            self.apps.push(EngineTime { app, spent, spent_on_values, is_rendered: false });
        }
        Ok(())
    }

    fn take_environments(&mut self, names: &[String]) -> Result<(), ProtocolViolation> {
        for name in names {
            count_name(&mut self.room_for_names, name)?;
            let name = EnvironmentName::named(name).ok_or(ProtocolViolation)?;
            self.result.environments.push(name);
        }
        Ok(())
    }

    fn take_files(
        &mut self,
        directory: &RepoPath,
        pieces: Vec<FilePiece>,
    ) -> Result<(), ProtocolViolation> {
        self.last_sign = self.now;
        if !is_rendered_directory(directory) {
            return Err(ProtocolViolation);
        }
        let mut rest = self.process.body();
        let most = self.limits.output.bytes();
        self.result.output += rest.len() as u64;
        if self.result.output > most {
            return Err(ProtocolViolation);
        }
        for FilePiece { name, length, to_come } in pieces {
            let (bytes, after) = rest.split_at_checked(length).ok_or(ProtocolViolation)?;
            rest = after;
            let path = directory.child_named(&name).filter(|_| is_rendered_segment(&name));
            let path = path.ok_or(ProtocolViolation)?;
            if let Some((last, joined)) = self.result.files.last_mut()
                && *last == path
            {
                joined.extend_from_slice(bytes);
                continue;
            }
            count_name(&mut self.room_for_names, path.as_str())?;
            self.result.announced += to_come as u64;
            if self.result.announced > most {
                return Err(ProtocolViolation);
            }
            let mut file = Vec::with_capacity(length + to_come);
            file.extend_from_slice(bytes);
            self.result.files.push((path, file));
        }
        Ok(())
    }

    /// The result of a job that is done.
    fn end(&mut self, end: &JobEnd) -> Result<Result<RenderResult, Findings>, ProtocolViolation> {
        let PartialResult { environments, files, findings, .. } = &mut self.result;
        let mut findings = findings.take_all();
        if end.left_out > 0 {
            findings.push(code::left_out(end.left_out));
        }
        match (end.succeeded, findings.has_errors()) {
            (false, true) => Ok(Err(findings)),
            (true, false) => {
                let files = RenderedFiles::of_bytes(mem::take(files)).ok_or(ProtocolViolation)?;
                let environments = mem::take(environments);
                Ok(Ok(RenderResult { environments, files, warnings: findings }))
            }
            _ => Err(ProtocolViolation),
        }
    }
}

/// Counts a name or a path, for which there is so much room left.
fn count_name(room: &mut u64, name: &str) -> Result<(), ProtocolViolation> {
    if name.len() > MOST_NAME {
        return Err(ProtocolViolation);
    }
    // A name takes more than its bytes.
    *room = room.checked_sub(name.len() as u64 + 64).ok_or(ProtocolViolation)?;
    Ok(())
}

/// Whether a directory is one that has files of ours: that of an app in an environment, or of
/// the environment itself.
fn is_rendered_directory(directory: &RepoPath) -> bool {
    directory.segments().count() == 2 && directory.segments().all(is_rendered_segment)
}

/// Whether a name is written so that every system accepts it.
fn is_rendered_segment(segment: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.%~".contains(&byte);
    !segment.starts_with('.') && segment.bytes().all(is_safe)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::codes;
    use crate::config::{ByteSize, TimeLimit, WorkerSettings};
    use crate::source::{FileChanges, Memory, Tree};
    use crate::worker::message::{Question, VERSION};
    use crate::worker::wire::WirePart;
    use crate::worker::{RenderRequest, Renderer as _, Wanted, Worker, WorkerOptions, frame};

    fn app() -> WorkerApp {
        let (environment, app) = ("qa".to_owned(), "web".to_owned());
        let path = |text: &str| RepoPath::new(text).unwrap();
        let file = path("environments/qa/web.yaml");
        WorkerApp { environment, app, template: path("templates/web"), file }
    }

    /// What is said of a worker that sends those messages after it has started well.
    fn said_of(messages: Vec<(FromWorker, Vec<u8>)>) -> Vec<(&'static str, String)> {
        let directory = tempfile::tempdir().unwrap();
        let ready = FromWorker::Ready { version: VERSION.to_owned(), lacking: Vec::new() };
        let mut sent = Vec::new();
        for (message, body) in [(ready, Vec::new())].into_iter().chain(messages) {
            frame::write(&mut sent, &message, &[&body]).unwrap();
        }
        fs::write(directory.path().join("sent"), sent).unwrap();
        let program = directory.path().join("program");
        let sent = directory.path().join("sent");
        fs::write(&program, format!("#!/bin/sh\ncat '{}'\nexec sleep 60\n", sent.display()))
            .unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let options = WorkerOptions {
            program,
            threads: Some(1),
            sandbox: true,
            time: Some(TimeLimit::named("1s").unwrap()),
            memory: None,
            output: Some(ByteSize::mebibytes(1)),
        };
        let tree = Tree::new(Memory::of([("rungs.yaml", "version: 1\nladder: [qa]\n")]));
        let request = RenderRequest {
            tree: &tree,
            changes: &FileChanges::new(),
            wanted: Wanted::App { environment: "qa".to_owned(), app: "web".to_owned() },
            unused_values: false,
            settings: WorkerSettings::default(),
        };
        let result = Worker::new(options, codes::find).render(&request, &|_| ());
        let findings = result.map_or_else(|findings| findings, |result| result.warnings);
        findings.iter().map(|finding| (finding.code.name, finding.message.clone())).collect()
    }

    fn alone(messages: Vec<FromWorker>) -> Vec<(&'static str, String)> {
        said_of(messages.into_iter().map(|message| (message, Vec::new())).collect())
    }

    fn files(directory: &str, pieces: &[(&str, usize)]) -> FromWorker {
        let piece = |(name, length): &(&str, usize)| {
            let (name, length) = ((*name).to_owned(), *length);
            FilePiece { name, length, to_come: 0 }
        };
        let pieces = pieces.iter().map(piece).collect();
        FromWorker::Files { directory: RepoPath::new(directory).unwrap(), pieces }
    }

    fn engines(working: &[(u32, usize)], ended: &[(u32, usize)]) -> FromWorker {
        let step = RenderStep::Objects;
        let working = working.iter().map(|&(id, app)| WorkingEngine { id, app, step, file: None });
        let ended = ended.iter().map(|&(id, app)| EndedRun { id, app, step, took: 0 });
        let (working, ended) = (working.collect(), ended.collect());
        FromWorker::Engines { is_answer: false, working, ended }
    }

    fn done(succeeded: bool) -> FromWorker {
        FromWorker::Done(JobEnd { succeeded, left_out: 0 })
    }

    #[test]
    fn what_no_worker_sends_ends_it() {
        let apps = || FromWorker::Apps { all: 1, apps: vec![app()] };
        let long_name = || {
            let app = WorkerApp { app: "a".repeat(5000), ..app() };
            FromWorker::Apps { all: 1, apps: vec![app] }
        };
        let ask = |tree| FromWorker::Ask { tree, question: Question::Names(RepoPath::root()) };
        let unasked =
            FromWorker::Engines { is_answer: true, working: Vec::new(), ended: Vec::new() };
        let long_file = || {
            let file = Some(RepoPath::new(&"a".repeat(5000)).unwrap());
            let (id, app, step) = (0, 0, RenderStep::Objects);
            let working = vec![WorkingEngine { id, app, step, file }];
            FromWorker::Engines { is_answer: false, working, ended: Vec::new() }
        };
        let unknown = r#"{"Finding":{"code":"x","severity":"error","message":"","labels":[],"help":null,"subject":null}}"#;
        let wrong = [
            vec![ask(0), ask(1)],
            vec![engines(&[], &[(7, 0)])],
            vec![engines(&[(0, 0)], &[])],
            vec![apps(), engines(&[(0, 1)], &[])],
            vec![apps(), long_file()],
            vec![apps(), engines(&[(0, 0)], &[]), engines(&[(1, 0)], &[])],
            vec![unasked],
            vec![files("", &[("a", 0)]), done(true)],
            vec![files("a", &[("b", 0)]), done(true)],
            vec![files("a/b/c", &[("d", 0)]), done(true)],
            vec![files("a/.git", &[("config", 0)]), done(true)],
            vec![files("a/b", &[(".c", 0)]), done(true)],
            vec![files("a/b", &[("", 0)]), done(true)],
            vec![files("a/b", &[("..", 0)]), done(true)],
            vec![files("a/b", &[("c/d", 0)]), done(true)],
            vec![files("a/b", &[("\u{1b}[31m", 0)]), done(true)],
            vec![files("a/b", &[("c", 0), ("C", 0)]), done(true)],
            vec![long_name()],
            vec![files("a/b", &[("c", 0), ("d", 0), ("c", 0)]), done(true)],
            vec![files("a/b", &[("c", 1)]), done(true)],
            vec![FromWorker::Environments(vec!["../..".to_owned()]), done(true)],
            vec![FromWorker::Finding(serde_json::from_str::<WirePart>(unknown).unwrap())],
            vec![FromWorker::Ready { version: VERSION.to_owned(), lacking: Vec::new() }],
            vec![done(false)],
            vec![apps(), engines(&(0..1000).map(|id| (id, 0)).collect::<Vec<_>>(), &[])],
        ];
        for messages in wrong {
            let case: String =
                format!("{:?}", &messages[..messages.len().min(3)]).chars().take(500).collect();
            let said = alone(messages);
            let [(code, message)] = &said[..] else { panic!("{case}: {said:?}") };
            assert_eq!(*code, "render-died", "{case}: {message}");
            assert!(message.contains("invalid message") && message.len() < 300, "{case}");
        }
    }

    #[test]
    fn more_text_than_is_allowed_ends_it() {
        let file = |at: usize| {
            let name = format!("{at}.yaml");
            (files("qa/web", &[(&name, 1 << 20)]), vec![b'x'; 1 << 20])
        };
        let said = said_of((0..10).map(file).collect());
        assert_eq!(said[0].0, "render-died", "{said:?}");
    }

    #[test]
    fn an_engine_that_does_not_end_is_late() {
        let apps = FromWorker::Apps { all: 1, apps: vec![app()] };
        let said = alone(vec![apps, engines(&[(0, 0)], &[])]);
        assert_eq!(
            said,
            [("render-time", "rendering `web` in `qa` took longer than 1 s".to_owned())]
        );
    }

    #[test]
    fn what_is_complete_is_a_result() {
        let environments = FromWorker::Environments(vec!["qa".to_owned()]);
        let said = said_of(vec![
            (environments, Vec::new()),
            (files("qa/web", &[("a.yaml", 3)]), b"a: ".to_vec()),
            (done(true), Vec::new()),
        ]);
        assert_eq!(said, []);
    }
}
