//! How long git may give no sign of life.

use std::fmt;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::process_tree;

/// The longest time for which git, and whatever it waits for (a server, a hook, a
/// program that signs), may give no sign of life before it is ended: two minutes, unless
/// a person says otherwise.
///
/// The whole time is not limited: a large clone over a slow line takes as long as it
/// takes, and says how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilenceLimit(Duration);

impl SilenceLimit {
    /// That limit.
    pub fn new(limit: Duration) -> Self {
        Self(limit)
    }
}

impl Default for SilenceLimit {
    fn default() -> Self {
        Self(Duration::from_mins(2))
    }
}

impl fmt::Display for SilenceLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (millis, seconds) = (self.0.as_millis(), self.0.as_secs());
        let (number, unit) = match (millis, seconds) {
            (millis, _) if millis % 1000 != 0 => (millis, "millisecond"),
            (_, seconds) if seconds % 60 == 0 => (u128::from(seconds / 60), "minute"),
            (_, seconds) => (u128::from(seconds), "second"),
        };
        write!(f, "{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

/// The signs of life of a running git: what it writes, and that it computes. That a
/// program computes for which git waits is none: a hook may turn in circles.
#[derive(Debug)]
pub(super) struct LifeSigns {
    limit: SilenceLimit,
    process: u32,
    heard: Arc<AtomicU64>,
    heard_before: u64,
    worked_before: Option<Duration>,
    looked: Instant,
    last: Instant,
}

impl LifeSigns {
    /// Those of a process that starts now. Whoever reads its output counts it in `heard`.
    pub(super) fn new(process: u32, limit: SilenceLimit, heard: Arc<AtomicU64>) -> Self {
        let now = Instant::now();
        Self { limit, process, heard, heard_before: 0, worked_before: None, looked: now, last: now }
    }

    /// Starts anew: nobody expected a sign until now.
    pub(super) fn restart(&mut self) {
        self.last = Instant::now();
    }

    /// How long to wait before the next look.
    pub(super) fn pause(&self) -> Duration {
        (self.limit.0 / 20).clamp(Duration::from_millis(5), Duration::from_secs(1))
    }

    /// Waits for the end of a process that writes nothing any more; false if it gives no
    /// sign of life instead.
    pub(super) fn ends(&mut self, child: &mut Child) -> bool {
        self.restart();
        let mut pause = Duration::from_micros(100);
        loop {
            if !matches!(child.try_wait(), Ok(None)) {
                return true;
            }
            if !self.are_recent() {
                return false;
            }
            thread::sleep(pause);
            pause = (pause * 2).min(self.pause());
        }
    }

    /// Looks for signs, and returns whether the last one is recent enough.
    pub(super) fn are_recent(&mut self) -> bool {
        let now = Instant::now();
        let heard = self.heard.load(Ordering::Relaxed);
        let is_heard = std::mem::replace(&mut self.heard_before, heard) != heard;
        if is_heard || self.works(now) {
            self.last = now;
        }
        now.saturating_duration_since(self.last) < self.limit.0
    }

    /// Whether git has used a tenth of a processor since the last look. What it needs to
    /// wait is far less.
    fn works(&mut self, now: Instant) -> bool {
        let worked = process_tree::processor_time(self.process);
        let since = now.saturating_duration_since(std::mem::replace(&mut self.looked, now));
        let before = std::mem::replace(&mut self.worked_before, worked);
        match (before, worked) {
            (Some(before), Some(worked)) => worked.saturating_sub(before) * 10 > since,
            _ => false,
        }
    }
}
