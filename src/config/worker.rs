//! How much rendering may take: how the file writes it, and what it means.

use std::time::Duration;

use super::decode::{Decode, record};
use super::syntax::{ByteSize, OutputPath, TimeLimit};
use crate::diagnostic::Findings;
use crate::source::{RepoPath, Tree};
use crate::yaml::{Dialect, Node, parse};

record! {
    /// How much rendering may take. With `--sandbox` these can only lower the limits.
    struct WorkerFile("`worker`") {
        /// The longest that one app may take. Default: `60s`.
        setting time: TimeLimit = "time",
        /// The most memory of all apps together. Default: `4GiB`.
        setting memory: ByteSize = "memory",
        /// The most text of all rendered files together. Default: `1GiB`.
        setting output: ByteSize = "output",
    }
}

/// How much rendering may take, as far as the repository says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkerSettings {
    /// The longest that one app may take.
    pub time: Option<TimeLimit>,
    /// The most memory of all apps together.
    pub memory: Option<ByteSize>,
    /// The most text of all rendered files together.
    pub output: Option<ByteSize>,
}

impl WorkerSettings {
    /// The longest that one app may take if nobody says anything.
    pub const DEFAULT_TIME: Duration = Duration::from_mins(1);
    /// The most memory, likewise.
    pub const DEFAULT_MEMORY: ByteSize = ByteSize::gibibytes(4);
    /// The most text, likewise.
    pub const DEFAULT_OUTPUT: ByteSize = ByteSize::gibibytes(1);
}

/// What has to be known before anything is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderSettings {
    /// The directory that `render` writes, from the root.
    pub output: RepoPath,
    /// How much it may take.
    pub worker: WorkerSettings,
}

/// The settings of the file.
pub(super) fn resolve(raw: Option<&WorkerFile>) -> WorkerSettings {
    let Some(raw) = raw else { return WorkerSettings::default() };
    WorkerSettings {
        time: raw.time.as_ref().map(|time| time.value),
        memory: raw.memory.as_ref().map(|memory| memory.value),
        output: raw.output.as_ref().map(|output| output.value),
    }
}

/// The directory that `render` writes if no file says otherwise.
pub(super) fn default_output() -> RepoPath {
    RepoPath::root().child("rendered")
}

/// What `rungs.yaml` says about rendering, read without the rest. What is wrong with it is
/// said by whoever loads the repository.
pub fn render_settings(tree: &Tree) -> RenderSettings {
    let file = tree.read(&RepoPath::root().child("rungs.yaml")).ok();
    let documents = file.and_then(|file| parse(&file, Dialect::Kubectl).ok());
    let root = documents.as_ref().and_then(|all| Some(all.first()?.root()));
    let output = decoded::<OutputPath>(root.and_then(|root| root.get("output")));
    let worker = decoded::<WorkerFile>(root.and_then(|root| root.get("worker")));
    RenderSettings {
        output: output.map_or_else(default_output, |output| output.0),
        worker: resolve(worker.as_ref()),
    }
}

fn decoded<T: Decode>(node: Option<Node<'_>>) -> Option<T> {
    T::decode(node?, &mut Findings::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;
    use crate::source::Memory;

    fn tree(settings: &str) -> Tree {
        let text = format!("version: 1\nladder: [qa]\n{settings}");
        let environment = ("environments/qa/environment.yaml", "");
        Tree::new(Memory::of([("rungs.yaml", &*text), environment]))
    }

    #[test]
    fn what_is_read_early_is_what_is_loaded() {
        for settings in [
            "",
            "output: out\n",
            "worker: { time: 5s, memory: 64MiB }\n",
            "worker: { output: 1Gi }\n",
        ] {
            let tree = tree(settings);
            let repository = load(&tree).unwrap().repository;
            let loaded = RenderSettings { output: repository.output, worker: repository.worker };
            assert_eq!(render_settings(&tree), loaded, "{settings}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_left_to_whoever_loads_it() {
        for settings in ["worker: [\n", "worker: { time: soon }\noutput: ../x\n", "worker: 3\n"] {
            let tree = tree(settings);
            assert!(load(&tree).is_err(), "{settings}");
            let worker = WorkerSettings::default();
            assert_eq!(
                render_settings(&tree),
                RenderSettings { output: default_output(), worker },
                "{settings}"
            );
        }
    }
}
