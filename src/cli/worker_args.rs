//! How much rendering may take: the same options for every command that renders.

use std::path::PathBuf;

use crate::codes;
use crate::config::{ByteSize, Duration};
use crate::worker::{Worker, WorkerOptions};

/// How much rendering may take.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What rendering may take")]
pub(super) struct WorkerArgs {
    /// Render what strangers may have written: without files, network and other processes, and
    /// within tight limits (10s, 512MiB, 64MiB of output), which `rungs.yaml` cannot loosen
    #[arg(long)]
    sandbox: bool,
    /// The longest that one app may take; if not given, `worker.time` of `rungs.yaml`, or 60s
    #[arg(long, value_name = "DURATION", value_parser = Duration::named)]
    limit_time: Option<Duration>,
    /// The most memory; if not given, `worker.memory` of `rungs.yaml`, or 4GiB
    #[arg(long, value_name = "SIZE", value_parser = ByteSize::named)]
    limit_memory: Option<ByteSize>,
    /// The most text of all rendered files; if not given, `worker.output` of `rungs.yaml`, or 1GiB
    #[arg(long, value_name = "SIZE", value_parser = ByteSize::named)]
    limit_output: Option<ByteSize>,
}

impl WorkerArgs {
    /// The worker that renders, which is started when something has to be.
    pub(super) fn worker(&self) -> Worker {
        let threads = std::env::var("RAYON_NUM_THREADS").ok().and_then(|count| count.parse().ok());
        let options = WorkerOptions {
            program: program(),
            threads: threads.filter(|count| *count > 0),
            sandbox: self.sandbox,
            time: self.limit_time,
            memory: self.limit_memory,
            output: self.limit_output,
        };
        Worker::new(options, codes::find)
    }
}

/// This program. Linux has a name for it that stays the same program even if its file is
/// replaced during the run.
fn program() -> PathBuf {
    let own = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && own.exists() {
        return own;
    }
    std::env::current_exe().unwrap_or(own)
}
