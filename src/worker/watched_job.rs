//! One job of a worker, and the clock that runs meanwhile.

use std::time::{Duration, Instant};

use super::arriving_result::ArrivingResult;
use super::engine_times::{EngineTimes, TICK, WorkerTime};
use super::job::WorkerApp;
use super::limits::Limits;
use super::loss::{LossCause, Suspect};
use super::message::{FromWorker, ToWorker};
use super::process::{ReceiveError, WorkerProcess};
use super::renderer::{RenderProgress, RenderResult};
use super::server::FileServer;
use super::wire::{FindingReader, ProtocolViolation};
use crate::diagnostic::Findings;

/// How long a worker may take to say what its engines do, before it is thought to be where it
/// was.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// The most messages of a worker, and questions among them. No repository comes near that, and
/// without a bound it could go on for ever.
const MOST_MESSAGES: usize = 10_000_000;
const MOST_QUESTIONS: usize = 1_000_000;

/// A worker at a job.
pub(super) struct WatchedJob<'a> {
    process: &'a mut WorkerProcess,
    served: &'a mut FileServer,
    progress: &'a dyn Fn(RenderProgress),
    /// What the clock says. Between two ticks, an engine is taken to have as much of a
    /// processor as between the last two.
    now: WorkerTime,
    /// What it said at the last tick.
    ticked_at: WorkerTime,
    /// The time that the worker had had on processors then.
    processor_used: Option<Duration>,
    /// An engine's part of a processor since the tick before.
    processor_share: f64,
    engines: EngineTimes,
    /// When the worker was asked what its engines do, until it answers.
    asked_at: Option<WorkerTime>,
    /// How many more messages and questions it may send.
    messages_left: usize,
    questions_left: usize,
    result: ArrivingResult,
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
        let processor_used = process.processor_time();
        let now =
            WorkerTime { wall: Duration::ZERO, processor: processor_used.map(|_| Duration::ZERO) };
        Self {
            process,
            served,
            progress,
            now,
            ticked_at: now,
            processor_used,
            processor_share: 0.0,
            engines: EngineTimes::new(limits.time, threads, now),
            asked_at: None,
            messages_left: MOST_MESSAGES,
            questions_left: MOST_QUESTIONS,
            result: ArrivingResult::new(limits.output.bytes(), findings),
        }
    }

    /// Waits for the result. There is no cause of a loss if the worker ended by itself: its
    /// exit says why.
    pub(super) fn finish(&mut self) -> Result<Result<RenderResult, Findings>, Option<LossCause>> {
        let violation = |ProtocolViolation| Some(LossCause::ProtocolViolation);
        let mut end = None;
        loop {
            match self.receive() {
                Ok(Some(FromWorker::Done(done))) if end.is_none() => end = Some(done),
                // The answer to what it was asked before it was done.
                Ok(Some(message @ FromWorker::Engines { is_answer: true, .. })) => {
                    self.take(message).map_err(violation)?;
                }
                Ok(Some(message)) if end.is_none() => self.take(message).map_err(violation)?,
                Ok(None) => {}
                Err(ReceiveError::Ended) => return Err(None),
                Ok(Some(_)) | Err(ReceiveError::ProtocolViolation) => {
                    return Err(violation(ProtocolViolation));
                }
            }
            // An answer that is still to come would be taken for one in the next job.
            if let Some(end) = end.take_if(|_| self.asked_at.is_none()) {
                return self.result.end(&end).map_err(violation);
            }
            if self.now.since(self.ticked_at).wall >= TICK {
                self.tick();
                if self.engines.is_late() {
                    return Err(Some(LossCause::Time));
                }
            }
        }
    }

    /// The next message, if it comes within a tick or so.
    fn receive(&mut self) -> Result<Option<FromWorker>, ReceiveError> {
        let before = Instant::now();
        let received = self.process.receive(TICK);
        let waited = before.elapsed().min(2 * TICK);
        self.now.wall += waited;
        if let Some(processor) = &mut self.now.processor {
            *processor += waited.mul_f64(self.processor_share);
        }
        received
    }

    /// Looks at the clock, and asks the worker what its engines do.
    fn tick(&mut self) {
        let used = self.process.processor_time();
        let wall = self.now.since(self.ticked_at).wall;
        let more = used.zip(self.processor_used).map(|(now, then)| now.saturating_sub(then));
        // Each engine has had its part of it.
        let part = more.map(|more| more / self.engines.working().max(1));
        self.processor_share = part.unwrap_or_default().div_duration_f64(wall);
        self.now.processor = self.ticked_at.processor.zip(part).map(|(then, part)| then + part);
        (self.ticked_at, self.processor_used) = (self.now, used);
        match self.asked_at {
            None => {
                self.process.send(&ToWorker::TellEngines, b"");
                self.asked_at = Some(self.now);
            }
            // It does not answer, so nothing has changed.
            Some(asked) if self.now.since(asked).wall >= ANSWER_TIME => {
                self.engines.know_until(self.now);
            }
            Some(_) => {}
        }
    }

    /// The apps that may have caused a loss.
    pub(super) fn suspects(&self, cause: Option<&LossCause>) -> Vec<Suspect> {
        self.engines.suspects(cause == Some(&LossCause::Time))
    }

    /// Takes a message.
    fn take(&mut self, message: FromWorker) -> Result<(), ProtocolViolation> {
        self.count_messages(1)?;
        match message {
            FromWorker::Ask { tree, question } => {
                self.questions_left =
                    self.questions_left.checked_sub(1).ok_or(ProtocolViolation)?;
                // An answer that was not read yet would pile up.
                if !self.process.has_sent_all() {
                    return Err(ProtocolViolation);
                }
                let answer = self.served.answer(tree, question).ok_or(ProtocolViolation)?;
                self.process.send(&ToWorker::Answer(answer.0), &answer.1);
            }
            FromWorker::Apps { all, apps } => self.take_apps(all, apps)?,
            FromWorker::Engines { is_answer, working, ended } => {
                self.count_messages(ended.len())?;
                let rendered = self.engines.take(self.now, working, &ended)?;
                (0..rendered).for_each(|_| (self.progress)(RenderProgress::App));
                if is_answer {
                    let asked_at = self.asked_at.take().ok_or(ProtocolViolation)?;
                    self.engines.know_until(asked_at);
                }
            }
            FromWorker::Environments(names) => self.result.take_environments(&names)?,
            FromWorker::Files { directory, pieces } => {
                self.engines.sign(self.now);
                self.result.take_files(&directory, pieces, self.process.body())?;
            }
            FromWorker::Finding(part) => {
                let (body, size) = (self.process.body(), self.process.message_size());
                self.result.take_finding(part, body, size)?;
            }
            FromWorker::Ready { .. } | FromWorker::Done(_) => return Err(ProtocolViolation),
        }
        Ok(())
    }

    fn count_messages(&mut self, count: usize) -> Result<(), ProtocolViolation> {
        self.messages_left = self.messages_left.checked_sub(count).ok_or(ProtocolViolation)?;
        Ok(())
    }

    fn take_apps(&mut self, all: usize, apps: Vec<WorkerApp>) -> Result<(), ProtocolViolation> {
        if self.engines.is_empty() {
            (self.progress)(RenderProgress::Apps(all));
        }
        for app in apps {
            let paths = [app.template.as_str(), app.file.as_str()];
            for name in [&*app.environment, &*app.app].into_iter().chain(paths) {
                self.result.count_name(name)?;
            }
            self.engines.add(app);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::codes;
    use crate::config::{ByteSize, TimeLimit, WorkerSettings};
    use crate::pipeline::RenderStep;
    use crate::source::{FileChanges, Memory, RepoPath, Tree};
    use crate::worker::message::{EndedRun, FilePiece, JobEnd, Question, VERSION, WorkingEngine};
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
            validates: false,
            settings: WorkerSettings::default(),
        };
        let result = Worker::new(options, codes::find).render(&request, &|_| ());
        let findings = result.map_or_else(|findings| findings, |result| result.findings);
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
        let endless = FromWorker::Files {
            directory: RepoPath::new("a/b").unwrap(),
            pieces: [1, usize::MAX]
                .map(|to_come| FilePiece { name: to_come.to_string(), length: 0, to_come })
                .into(),
        };
        let unknown = r#"{"Finding":{"code":"x","severity":"error","message":"","labels":[],"help":null,"subject":null}}"#;
        let wrong = [
            vec![ask(0), ask(1)],
            vec![engines(&[(0, 0)], &[])],
            vec![apps(), engines(&[(0, 1)], &[])],
            vec![apps(), engines(&[], &[(7, 1)])],
            vec![files("a/b", &[])],
            vec![endless],
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
