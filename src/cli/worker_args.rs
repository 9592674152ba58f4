//! How much rendering may take: the same options for every command that renders.

use std::path::PathBuf;

use crate::codes;
use crate::config::{ByteSize, TimeLimit};
use crate::worker::{Worker, WorkerOptions};

/// How much rendering may take.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Rendering limits")]
pub(super) struct WorkerArgs {
    /// Render what strangers may have written: the process that renders has no files, network or
    /// other processes, and tight limits, which `rungs.yaml` can only lower
    #[arg(long)]
    sandbox: bool,
    /// The longest that one app may take; if not given, `worker.time` of `rungs.yaml`, or 60s, and
    /// 10s in a sandbox
    #[arg(long, value_name = "DURATION", value_parser = TimeLimit::named)]
    limit_time: Option<TimeLimit>,
    /// The most memory of all apps together; if not given, `worker.memory` of `rungs.yaml`, or 4GiB,
    /// and 512MiB in a sandbox
    #[arg(long, value_name = "SIZE", value_parser = ByteSize::named)]
    limit_memory: Option<ByteSize>,
    /// The most text of all rendered files together; if not given, `worker.output` of `rungs.yaml`,
    /// or 1GiB, and 64MiB in a sandbox
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
