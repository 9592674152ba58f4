//! Threads that evaluate Jsonnet.
//!
//! Parsing nested source takes more stack than a caller's thread may have, and what
//! a session has read is worth keeping from app to app. So sessions live on threads
//! of their own. There is one for each concurrent caller, and the one that was used
//! last is used next, so that few sessions read the same library.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rsjsonnet_lang::arena::Arena;

use super::closure::Closure;
use super::session::Session;
use crate::diagnostic::{Finding, Findings};
use crate::render::code::{JSONNET_STOPPED, NO_THREAD};
use crate::source::{Location, RepoPath};
use crate::yaml::Value;

/// The stack of a thread that evaluates, of which there is one for each that renders:
/// several times what a source of the greatest depth
/// ([`super::tokens::MAX_NESTING`]) needs. Only the used part takes memory.
pub const ENGINE_STACK_BYTES: usize = 64 << 20;

type Evaluated = Result<Vec<Value>, Findings>;

struct Job {
    program: Arc<Closure>,
    rungs: Value,
}

struct EngineThread {
    jobs: Sender<Job>,
    answers: Receiver<Evaluated>,
}

static IDLE: Mutex<Vec<EngineThread>> = Mutex::new(Vec::new());

/// Evaluates a program on a thread that is free, or on a new one.
pub(super) fn run(program: &Arc<Closure>, rungs: Value) -> Evaluated {
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = idle().pop();
    let worker = match taken {
        Some(worker) => worker,
        None => EngineThread::start().map_err(|error| not_started(&program.main, &error))?,
    };
    let job = Job { program: Arc::clone(program), rungs };
    let answer = worker.jobs.send(job).ok().and_then(|()| worker.answers.recv().ok());
    match answer {
        Some(answer) => {
            idle().push(worker);
            answer
        }
        None => Err(stopped(&program.main)),
    }
}

fn not_started(main: &RepoPath, error: &io::Error) -> Findings {
    let message = format!("no thread could be started for Jsonnet: {error}");
    Finding::new(&NO_THREAD, message, Location::of_path(main))
        .help("let the machine finish something else, or allow more threads (`ulimit -u`)")
        .into()
}

fn stopped(main: &RepoPath) -> Findings {
    let message = "the Jsonnet engine ended without a result";
    Finding::new(&JSONNET_STOPPED, message, Location::of_path(main)).into()
}

impl EngineThread {
    fn start() -> io::Result<Self> {
        let (jobs, received) = channel();
        let (answering, answers) = channel();
        thread::Builder::new()
            .name("jsonnet".to_owned())
            .stack_size(ENGINE_STACK_BYTES)
            .spawn(move || work(&received, &answering))?;
        Ok(Self { jobs, answers })
    }
}

/// Evaluates jobs until no more can come. A spent session is replaced by a new one.
fn work(jobs: &Receiver<Job>, answers: &Sender<Evaluated>) {
    let mut next = jobs.recv();
    while let Ok(first) = next {
        let arena = Arena::new();
        let mut session = Session::new(&arena);
        let mut job = first;
        next = loop {
            if answers.send(session.evaluate(&job.program, &job.rungs)).is_err() {
                return;
            }
            if session.is_spent() {
                drop(session);
                break jobs.recv();
            }
            match jobs.recv() {
                Ok(another) => job = another,
                Err(error) => break Err(error),
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::ProblemKind;

    #[test]
    fn a_machine_without_threads_is_no_defect() {
        let error = io::Error::from(io::ErrorKind::WouldBlock);
        let findings = not_started(&RepoPath::root().child("main.jsonnet"), &error);
        assert_eq!(findings.kind(), Some(ProblemKind::Outside));
    }
}
