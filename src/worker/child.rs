//! The worker's own process.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::mpsc::{SendError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use rayon::ThreadPoolBuilder;

use super::frame::FrameBuffer;
use super::job::{WorkerApp, WorkerJob};
use super::message::{FromWorker, JobEnd, TO_WORKER, ToWorker, TreeHandle, VERSION};
use super::remote::{Link, ReceivedAnswer, gone, tree_of};
use super::start::WorkerStart;
use super::{code, sandbox, wire};
use crate::diagnostic::Findings;
use crate::pipeline::{RenderStep, RenderWatch, WatchedApp};
use crate::source::{FileChanges, RepoPath, Tree};

/// Serves as a worker until its standard input ends, if the arguments say so; none if this
/// is an ordinary run.
///
/// Everything that it may do is taken from it before it reads anything.
pub fn serve(arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let start = WorkerStart::parse(&arguments.skip(1).collect::<Vec<_>>())?;
    let lacking = sandbox::confine(&start);
    if let Err(error) = ThreadPoolBuilder::new().num_threads(start.threads).build_global() {
        // Standard error is for the program.
        let _ = writeln!(io::stderr(), "no thread could be started: {error}");
        return Some(ExitCode::FAILURE);
    }
    let (jobs, received) = channel();
    let (answers, answered) = channel();
    let link = Arc::new(Link::new(answered));
    let orders = OrderReader { jobs, answers, link: Arc::clone(&link) };
    if thread::Builder::new().name("orders".to_owned()).spawn(move || orders.read()).is_err() {
        gone();
    }
    link.report(&FromWorker::Ready { version: VERSION.to_owned(), lacking }, b"");
    let mut trees = HashMap::new();
    for (handle, changes, job) in received {
        let tree = trees.entry(handle.id).or_insert_with(|| tree_of(&link, handle));
        let tree = if changes.is_empty() { tree.clone() } else { tree.with_files(changes) };
        do_job(&link, &tree, &job, &start);
    }
    Some(ExitCode::SUCCESS)
}

type ReceivedJob = (TreeHandle, FileChanges, WorkerJob);

/// Reads messages on a thread of its own, so that the process ends with its program even if
/// a template does not.
struct OrderReader {
    jobs: Sender<ReceivedJob>,
    answers: Sender<ReceivedAnswer>,
    link: Arc<Link>,
}

impl OrderReader {
    fn read(&self) {
        let mut input = io::stdin().lock();
        let mut buffer = FrameBuffer::default();
        loop {
            match buffer.fill(&mut input) {
                Ok(0) => gone(),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => gone(),
            }
            while let Some(order) = buffer.take(TO_WORKER).unwrap_or_else(|_| gone()) {
                self.take(order, buffer.body()).unwrap_or_else(|_| gone());
            }
        }
    }

    /// Passes a message on; an error if nobody takes it.
    fn take(&self, order: ToWorker, body: &[u8]) -> Result<(), SendError<()>> {
        match order {
            ToWorker::Job { tree, changes, job } => {
                let job = (tree, changes_of(changes, body), job);
                self.jobs.send(job).map_err(|_| SendError(()))
            }
            ToWorker::Answer(answer) => {
                self.answers.send((answer, body.to_vec())).map_err(|_| SendError(()))
            }
            ToWorker::TellEngines => {
                self.link.tell_engines(true);
                Ok(())
            }
        }
    }
}

fn changes_of(changes: Vec<(RepoPath, Option<usize>)>, mut body: &[u8]) -> FileChanges {
    let files = changes.into_iter().map(|(path, length)| {
        let bytes = length.map(|length| {
            let (bytes, rest) = body.split_at_checked(length).unwrap_or_else(|| gone());
            body = rest;
            bytes.to_vec()
        });
        (path, bytes)
    });
    files.collect()
}

fn do_job(link: &Arc<Link>, tree: &Tree, job: &WorkerJob, start: &WorkerStart) {
    let WorkerJob::Render(job) = job;
    let watch = LinkWatch { link, apps: OnceLock::new(), tells_at_once: job.tells_at_once };
    let result = job.run(tree, &watch);
    // The next job's reports must not tell of this one.
    link.tell_engines(false);
    let result = result.and_then(|result| {
        let apps = watch.apps.get().map(Vec::as_slice).unwrap_or_default();
        let too_much = code::too_much_output(
            &result.files,
            &result.environments,
            apps,
            start.output,
            start.sandbox,
        );
        if too_much.is_empty() { Ok(result) } else { Err(too_much) }
    });
    let send = |findings: &Findings| {
        // What would be shown once counts once.
        let findings = findings.clone().settled();
        wire::send(&findings, |part, body| link.report_soon(&FromWorker::Finding(part), body))
    };
    let done = match result {
        Ok(result) => {
            link.send_files(result.files.iter());
            for names in result.environments.chunks(AT_ONCE) {
                let names = names.iter().map(ToString::to_string).collect();
                link.report_soon(&FromWorker::Environments(names), b"");
            }
            JobEnd { succeeded: true, left_out: send(&result.findings) }
        }
        Err(findings) => JobEnd { succeeded: false, left_out: send(&findings) },
    };
    link.report(&FromWorker::Done(done), b"");
}

/// As many apps or environments as one message names: no name or path is longer than a few
/// thousand bytes.
const AT_ONCE: usize = 100;

/// Tells the program what engines are busy with.
struct LinkWatch<'l> {
    link: &'l Link,
    apps: OnceLock<Vec<WorkerApp>>,
    tells_at_once: bool,
}

impl LinkWatch<'_> {
    /// Reports a change, unless that has time until the program asks.
    fn tell_if_at_once(&self) {
        if self.tells_at_once {
            self.link.tell_engines(false);
        }
    }
}

impl RenderWatch for LinkWatch<'_> {
    fn begins(&self, apps: &[WatchedApp<'_>]) {
        let apps = self.apps.get_or_init(|| {
            let apps = apps.iter().map(|app| WorkerApp {
                environment: app.environment.to_owned(),
                app: app.app.to_owned(),
                template: app.template.clone(),
                file: app.file.clone(),
            });
            apps.collect()
        });
        for part in apps.chunks(AT_ONCE) {
            let part = FromWorker::Apps { all: apps.len(), apps: part.to_vec() };
            self.link.report_soon(&part, b"");
        }
    }

    fn starts(&self, app: usize, step: RenderStep) -> u32 {
        let id = self.link.engines().start(app, step);
        self.tell_if_at_once();
        id
    }

    fn comes_to(&self, id: u32, file: &RepoPath) {
        self.link.engines().come_to(id, file);
        self.tell_if_at_once();
    }

    fn ends(&self, id: u32) {
        let is_enough = self.link.engines().end(id);
        if is_enough || self.tells_at_once {
            self.link.tell_engines(false);
        }
    }
}
