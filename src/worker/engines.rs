//! What the worker's engines do, for its reports to the program.

use std::collections::BTreeMap;
use std::mem;
use std::time::Instant;

use super::message::{EndedRun, MOST_NAME, WorkingEngine};
use crate::pipeline::RenderStep;
use crate::source::RepoPath;

/// As many ended runs as are reported at once.
const MOST_ENDED: usize = 1000;

/// The engines that work on apps, and what others have done since the last report.
#[derive(Default)]
pub(super) struct Engines {
    /// The next one's number.
    next: u32,
    working: BTreeMap<u32, (WorkingEngine, Instant)>,
    ended: Vec<EndedRun>,
}

impl Engines {
    /// Notes that an engine starts to work on an app. Returns its number.
    pub(super) fn start(&mut self, app: usize, step: RenderStep) -> u32 {
        let id = self.next;
        self.next = id.wrapping_add(1);
        let engine = WorkingEngine { id, app, step, file: None };
        self.working.insert(id, (engine, Instant::now()));
        id
    }

    /// Notes that it has come to a file.
    pub(super) fn come_to(&mut self, id: u32, file: &RepoPath) {
        if let Some((engine, _)) = self.working.get_mut(&id) {
            engine.file = Some(file.clone()).filter(|file| file.as_str().len() <= MOST_NAME);
        }
    }

    /// Notes that it is done. Returns whether there is enough to be reported.
    pub(super) fn end(&mut self, id: u32) -> bool {
        if let Some((WorkingEngine { app, step, .. }, since)) = self.working.remove(&id) {
            let took = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.ended.push(EndedRun { id, app, step, took });
        }
        self.ended.len() >= MOST_ENDED
    }

    /// All engines that work now, and the runs that ended since the last report.
    pub(super) fn take_report(&mut self) -> (Vec<WorkingEngine>, Vec<EndedRun>) {
        let working = self.working.values().map(|(engine, _)| engine.clone()).collect();
        (working, mem::take(&mut self.ended))
    }
}
