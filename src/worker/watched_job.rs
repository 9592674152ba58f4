//! One job of a worker, and the clock that runs meanwhile.

use std::collections::BTreeMap;
use std::mem;
use std::time::{Duration, Instant};

use super::code;
use super::job::WorkerApp;
use super::limits::Limits;
use super::loss::{LossCause, Suspect};
use super::message::{FilePiece, FromWorker, JobEnd, ToWorker};
use super::process::{ReceiveError, WorkerProcess};
use super::renderer::{RenderProgress, RenderResult};
use super::server::FileServer;
use super::wire::{FindingReader, ProtocolViolation};
use crate::config::EnvironmentName;
use crate::diagnostic::Findings;
use crate::pipeline::RenderStep;
use crate::rendered::RenderedFiles;
use crate::source::RepoPath;

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(100);

/// How long a worker that seems to be late may take to say what has ended meanwhile.
const FLUSH_TIME: Duration = Duration::from_secs(2);

/// How long everything but an engine's work may take, such as reading the settings: it ends
/// by itself, and takes no limit of an app's.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// If more apps than this are rendered, that takes a while.
const FEW: usize = 16;

/// As long as messages about engines are left to pile up, so that they do not wake this
/// process one by one.
const NAP: Duration = Duration::from_millis(10);

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
    /// When the worker was asked for what it had not sent, since it seems to be late.
    flush_asked: Option<Duration>,
    /// Whether it has answered that.
    is_flushed: bool,
    /// Whether engines work and nobody waits for an answer, so that messages may pile up.
    may_nap: bool,
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
            flush_asked: None,
            is_flushed: false,
            may_nap: false,
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
        loop {
            let nap = if self.may_nap { NAP } else { Duration::ZERO };
            match self.receive(nap) {
                Ok(Some(message)) => {
                    if let Some(end) = self.take(message).map_err(violation)? {
                        return self.end(&end).map_err(violation);
                    }
                }
                Ok(None) => {}
                Err(ReceiveError::Ended) => return Err(None),
                Err(ReceiveError::ProtocolViolation) => return Err(violation(ProtocolViolation)),
            }
            if self.is_lost_to_time() {
                return Err(Some(LossCause::Time));
            }
        }
    }

    /// The next message, if it comes within a tick or so.
    fn receive(&mut self, nap: Duration) -> Result<Option<FromWorker>, ReceiveError> {
        let before = Instant::now();
        let received = self.process.receive(TICK, nap);
        self.now.wall += before.elapsed().min(2 * TICK);
        if self.now.wall.saturating_sub(self.looked) >= TICK {
            self.looked = self.now.wall;
            self.now.processor = self.process.processor_time();
        }
        received
    }

    /// Whether it is too late, and the worker has had its chance to say what has ended.
    fn is_lost_to_time(&mut self) -> bool {
        match self.flush_asked {
            None if self.is_late() => {
                self.process.send(&ToWorker::Flush, b"");
                (self.flush_asked, self.is_flushed) = (Some(self.now.wall), false);
                false
            }
            Some(asked) if self.is_flushed || self.now.wall.saturating_sub(asked) >= FLUSH_TIME => {
                self.flush_asked = None;
                self.is_late()
            }
            _ => false,
        }
    }

    fn is_late(&self) -> bool {
        if self.engines.is_empty() {
            let pause = self.now.since(self.last_sign).wall;
            return pause >= LONGEST_PAUSE.max(self.limits.time);
        }
        self.engines.values().any(|engine| self.has_spent_its_time(engine))
    }

    fn has_spent_its_time(&self, engine: &EngineRun) -> bool {
        let app = &self.apps[engine.app];
        let now = self.now.since(engine.since);
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
        let is_about_engines = matches!(message, FromWorker::Starts { .. } | FromWorker::Ends(_));
        self.may_nap = is_about_engines && self.apps.len() > FEW;
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
            FromWorker::Starts { id, app, step } => {
                self.last_sign = self.now;
                if self.engines.len() >= self.most_engines || app >= self.apps.len() {
                    return Err(ProtocolViolation);
                }
                self.engines.insert(id, EngineRun { app, step, since: self.now, file: None });
            }
            FromWorker::ComesTo { id, file } => {
                self.take_name(file.as_str())?;
                let engine = self.engines.get_mut(&id).ok_or(ProtocolViolation)?;
                engine.file = Some(file);
            }
            FromWorker::Ends(id) => {
                self.last_sign = self.now;
                let EngineRun { app, step, since, .. } =
                    self.engines.remove(&id).ok_or(ProtocolViolation)?;
                let spent = self.now.since(since);
                let app = &mut self.apps[app];
                match step {
                    RenderStep::Values => app.spent_on_values = app.spent_on_values.plus(spent),
                    _ => app.spent = app.spent.plus(spent),
                }
                if !mem::replace(&mut app.is_rendered, true) {
                    (self.progress)(RenderProgress::App);
                }
            }
            FromWorker::Flushed => self.is_flushed = true,
            FromWorker::Environments(names) => self.take_environments(&names)?,
            FromWorker::Files(files) => self.take_files(files)?,
            FromWorker::Finding(part) => {
                let (body, size) = (self.process.body(), self.process.message_size());
                self.result.findings.take(part, body, size)?;
            }
            FromWorker::Done(end) => return Ok(Some(end)),
            FromWorker::Ready { .. } => return Err(ProtocolViolation),
        }
        Ok(None)
    }

    /// Counts a name or a path.
    fn take_name(&mut self, name: &str) -> Result<(), ProtocolViolation> {
        if name.len() > MOST_NAME {
            return Err(ProtocolViolation);
        }
        // A name takes more than its bytes.
        let left = self.room_for_names.checked_sub(name.len() as u64 + 64);
        self.room_for_names = left.ok_or(ProtocolViolation)?;
        Ok(())
    }

    fn take_apps(&mut self, all: usize, apps: Vec<WorkerApp>) -> Result<(), ProtocolViolation> {
        if self.apps.is_empty() {
            (self.progress)(RenderProgress::Apps(all));
        }
        for app in apps {
            let paths = [app.template.as_str(), app.file.as_str()];
            for name in [&*app.environment, &*app.app].into_iter().chain(paths) {
                self.take_name(name)?;
            }
            let spent = WorkerTime { wall: Duration::ZERO, processor: Some(Duration::ZERO) };
            let spent_on_values = spent;
            self.apps.push(EngineTime { app, spent, spent_on_values, is_rendered: false });
        }
        Ok(())
    }

    fn take_environments(&mut self, names: &[String]) -> Result<(), ProtocolViolation> {
        for name in names {
            self.take_name(name)?;
            let name = EnvironmentName::named(name).ok_or(ProtocolViolation)?;
            self.result.environments.push(name);
        }
        Ok(())
    }

    fn take_files(&mut self, pieces: Vec<FilePiece>) -> Result<(), ProtocolViolation> {
        self.last_sign = self.now;
        for piece in &pieces {
            self.take_name(piece.path.as_str())?;
        }
        let mut rest = self.process.body();
        let most = self.limits.output.bytes();
        self.result.output += rest.len() as u64;
        if self.result.output > most {
            return Err(ProtocolViolation);
        }
        for FilePiece { path, length, to_come } in pieces {
            let (bytes, after) = rest.split_at_checked(length).ok_or(ProtocolViolation)?;
            rest = after;
            match self.result.files.last_mut() {
                Some((last, joined)) if *last == path => joined.extend_from_slice(bytes),
                _ if is_rendered_path(&path) => {
                    self.result.announced += to_come as u64;
                    if self.result.announced > most {
                        return Err(ProtocolViolation);
                    }
                    let mut file = Vec::with_capacity(length + to_come);
                    file.extend_from_slice(bytes);
                    self.result.files.push((path, file));
                }
                _ => return Err(ProtocolViolation),
            }
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

/// Whether a path is one that a file of ours has: in a directory of an environment, and of an
/// app or of the environment itself, and written so that every system accepts it.
fn is_rendered_path(path: &RepoPath) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.%~".contains(&byte);
    path.segments().count() == 3
        && path.segments().all(|segment| !segment.starts_with('.') && segment.bytes().all(is_safe))
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
            frame::write(&mut sent, &message, &body).unwrap();
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

    fn piece(path: &str, length: usize) -> FilePiece {
        FilePiece { path: RepoPath::new(path).unwrap(), length, to_come: 0 }
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
        let empty =
            |paths: &[&str]| FromWorker::Files(paths.iter().map(|text| piece(text, 0)).collect());
        let unknown = r#"{"Finding":{"code":"x","severity":"error","message":"","labels":[],"help":null,"subject":null}}"#;
        let wrong = [
            vec![ask(0), ask(1)],
            vec![FromWorker::Ends(7)],
            vec![FromWorker::Starts { id: 0, app: 0, step: RenderStep::Objects }],
            vec![FromWorker::ComesTo { id: 0, file: RepoPath::root() }],
            vec![empty(&["a"]), done(true)],
            vec![empty(&["a/b/c/d"]), done(true)],
            vec![empty(&["a/.git/config"]), done(true)],
            vec![empty(&["a/b/\u{1b}[31m"]), done(true)],
            vec![empty(&["a/b/c", "a/b/C"]), done(true)],
            vec![long_name()],
            vec![empty(&["a/b/c", "a/b/d", "a/b/c"]), done(true)],
            vec![FromWorker::Files(vec![piece("a/b/c", 1)]), done(true)],
            vec![FromWorker::Environments(vec!["../..".to_owned()]), done(true)],
            vec![FromWorker::Finding(serde_json::from_str::<WirePart>(unknown).unwrap())],
            vec![FromWorker::Ready { version: VERSION.to_owned(), lacking: Vec::new() }],
            vec![done(false)],
            std::iter::once(apps())
                .chain((0..1000).map(|id| FromWorker::Starts {
                    id,
                    app: 0,
                    step: RenderStep::Objects,
                }))
                .collect(),
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
            let piece = piece(&format!("qa/web/{at}.yaml"), 1 << 20);
            (FromWorker::Files(vec![piece]), vec![b'x'; 1 << 20])
        };
        let said = said_of((0..10).map(file).collect());
        assert_eq!(said[0].0, "render-died", "{said:?}");
    }

    #[test]
    fn an_engine_that_does_not_end_is_late() {
        let apps = FromWorker::Apps { all: 1, apps: vec![app()] };
        let said =
            alone(vec![apps, FromWorker::Starts { id: 0, app: 0, step: RenderStep::Objects }]);
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
            (FromWorker::Files(vec![piece("qa/web/a.yaml", 3)]), b"a: ".to_vec()),
            (done(true), Vec::new()),
        ]);
        assert_eq!(said, []);
    }
}
