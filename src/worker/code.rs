//! The problems of rendering within limits.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::job::WorkerApp;
use super::limits::Limits;
use super::loss::{LossCause, Suspect};
use crate::config::{ByteSize, EnvironmentName};
use crate::diagnostic::{Finding, Findings, Subject, codes, harmless};
use crate::rendered::{RenderedFiles, directory};
use crate::source::{Location, RepoPath};

codes! {
    /// Rendering an app takes longer than it may.
    ///
    /// Neither Tera nor Jsonnet can be interrupted, so a template that does not come to an end is
    /// stopped with the process that renders it. Usually a loop or a recursion has no end, or one
    /// loop inside another counts far higher than was meant.
    ///
    /// If the template is right and needs more time, allow it: with `--limit-time 5m`, or with
    /// `worker: { time: 5m }` in `rungs.yaml`. With `--sandbox`, `rungs.yaml` can only lower the
    /// limit. `--check` renders an app once more for each of its values, and for that it has ten
    /// times as long.
    RENDER_TIME = "render-time", Input, Error;

    /// Rendering an app takes more memory than it may.
    ///
    /// The process that renders had used up its memory, and ended. Usually a template makes a text
    /// or a list far longer than was meant, such as `std.repeat` with a large number, or grows one
    /// in a loop.
    ///
    /// If the template is right and needs more memory, allow it: with `--limit-memory 8GiB`, or
    /// with `worker: { memory: 8GiB }` in `rungs.yaml`. With `--sandbox`, `rungs.yaml` can only
    /// lower the limit. If no app is named, no single one took that much: render fewer at once.
    RENDER_MEMORY = "render-memory", Input, Error;

    /// More text is rendered than may be.
    ///
    /// The limit is for all rendered files of a run together. The apps that are named render most
    /// of it; usually a loop prints far more than was meant.
    ///
    /// If that is right, allow it: with `--limit-output 2GiB`, or with `worker: { output: 2GiB }`
    /// in `rungs.yaml`. With `--sandbox`, `rungs.yaml` can only lower the limit.
    RENDER_OUTPUT = "render-output", Input, Error;

    /// Rendering an app ends the process that renders it.
    ///
    /// Templates are rendered in a process of their own. It died while it was busy with this one:
    /// by a signal, because its stack overflowed, or because the system ended it, as it does if
    /// memory runs short. The other apps were rendered again without it. If no app is named, each
    /// that was being rendered can be rendered alone.
    ///
    /// Look for a recursion without an end. If the machine is short of memory, a lower
    /// `--limit-memory` says so in time.
    RENDER_DIED = "render-died", Input, Error;

    /// Too many apps end the process that renders them.
    ///
    /// Each time that an app goes beyond a limit or ends the process that renders it, the others
    /// are rendered again without it. After six times that is given up: the apps that were found
    /// are named, and nothing is known about the others.
    ///
    /// Mend the apps that are named, and render again.
    RENDER_ABANDONED = "render-abandoned", Input, Error;

    /// The engine that renders an app has a defect.
    ///
    /// The process that renders stopped itself, because something was not as the program assumed.
    /// Everything else was rendered again without the app. Please report it, with the template.
    RENDER_DEFECT = "render-defect", Defect, Error;

    /// The process that renders cannot be started.
    ///
    /// Templates are rendered in a process of their own, for which the program starts itself again.
    /// The system refused that, or what it started is another version of the program: it was
    /// replaced during the run, or the machine has too many processes.
    ///
    /// Run it again. Where `/proc` is not mounted, mount it: that is how the program finds itself.
    WORKER_UNAVAILABLE = "worker-unavailable", Outside, Error;

    /// This machine does not offer every limit.
    ///
    /// With `--sandbox`, the process that renders takes from itself what it does not need: reading
    /// and writing files, the network, other processes, and memory above its limit. On Linux that
    /// is done with Landlock (since 5.13, TCP since 6.7, signals since 6.12), seccomp and resource
    /// limits; other systems offer only a part, and may not bound memory at all. What is missing is
    /// named. Each of them is one of several walls: a template has no function that reads a file or
    /// opens a connection, and the process has no tokens in its environment in any case.
    ///
    /// A container may forbid some of it. With `--deny warnings` the run fails.
    SANDBOX_INCOMPLETE = "sandbox-incomplete", Outside, Warning;

    /// There are more findings than are shown.
    ///
    /// A run shows ten thousand findings at the most, and with the files that they point into at
    /// most 16 MiB of them. Mend those that are shown first; the others may go with them.
    FINDINGS_LEFT_OUT = "findings-left-out", Input, Warning;
}

/// The finding that a worker was lost to an app.
pub(super) fn lost(
    suspect: &Suspect,
    cause: &LossCause,
    limits: &Limits,
    sandbox: bool,
) -> Finding {
    let Suspect { app, file, .. } = suspect;
    let at = Location::of_path(file.as_ref().unwrap_or(&app.template));
    let (name, environment) = (harmless(&app.app), harmless(&app.environment));
    let what = format!("rendering `{name}` in `{environment}`");
    let advice = match cause {
        LossCause::Time => "look for a loop or a recursion without an end",
        LossCause::Memory => "look for a text or list that grows without an end",
        LossCause::Death(_) => {
            "look for a recursion without an end, and at the memory that is free"
        }
        LossCause::Defect(_) | LossCause::ProtocolViolation => "report it, with the template",
    };
    of_cause(&what, cause, limits, sandbox, advice, at)
        .because("this was being rendered")
        .label(Location::of_path(&app.file), "for this app")
        .about(Subject::app(&*app.environment, &*app.app))
}

/// The finding that a worker was lost, and to no single app.
pub(super) fn lost_all(cause: &LossCause, limits: &Limits, sandbox: bool) -> Finding {
    let advice = match cause {
        LossCause::Time => {
            "no app was being rendered: run it again, on a machine that is less busy"
        }
        LossCause::Memory => "no app takes that much alone: render fewer at once",
        LossCause::Death(_) => "no app does that alone: look at the memory that is free",
        LossCause::Defect(_) | LossCause::ProtocolViolation => "report it",
    };
    of_cause("rendering", cause, limits, sandbox, advice, Location::of_repository())
}

fn of_cause(
    what: &str,
    cause: &LossCause,
    limits: &Limits,
    sandbox: bool,
    advice: &str,
    at: Location,
) -> Finding {
    match cause {
        LossCause::Time => {
            let seconds = limits.time.as_secs();
            let allowed = allowed("--limit-time", "time", &format!("{}s", seconds * 5), sandbox);
            Finding::new(&RENDER_TIME, format!("{what} took longer than {seconds} s"), at)
                .help(format!("{advice}; {allowed}"))
        }
        LossCause::Memory => {
            let message =
                format!("{what} took more than {} of memory", spaced(limits.memory.bytes()));
            let allowed =
                allowed("--limit-memory", "memory", &limits.memory.times(4).to_string(), sandbox);
            Finding::new(&RENDER_MEMORY, message, at).help(format!("{advice}; {allowed}"))
        }
        LossCause::Death(how) => {
            let message = format!("{what} ended the process that renders: {how}");
            Finding::new(&RENDER_DIED, message, at).help(advice)
        }
        LossCause::ProtocolViolation => {
            let message = format!("{what} ended in an invalid message of the process that renders");
            Finding::new(&RENDER_DIED, message, at).help(advice)
        }
        LossCause::Defect(panic) => {
            let message = format!("{what} found a defect of rungs: {}", harmless(panic));
            Finding::new(&RENDER_DEFECT, message, at).help(advice)
        }
    }
}

/// How a limit is raised to that value. A stranger's `rungs.yaml` cannot.
fn allowed(option: &str, key: &str, value: &str, sandbox: bool) -> String {
    let option = format!("if that is right, allow it: `{option} {value}`");
    if sandbox {
        return option;
    }
    format!("{option}, or `worker: {{ {key}: {value} }}` in `rungs.yaml`")
}

/// The findings for what renders most, if all together render too much: apps, which `apps` are
/// all of, and what environments bring themselves.
pub(super) fn too_much_output(
    files: &RenderedFiles,
    environments: &[EnvironmentName],
    apps: &[WorkerApp],
    limit: ByteSize,
    sandbox: bool,
) -> Findings {
    let all: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let (mut total, mut findings) = (all, Findings::new());
    if total <= limit.bytes() {
        return findings;
    }
    let enough = (1..40).map(|power| limit.times(1 << power)).find(|size| size.bytes() >= total);
    let enough = enough.unwrap_or(limit);
    let sizes = sizes_by_directory(files);
    let size_of = |environment: &EnvironmentName, app: Option<&str>| {
        sizes.get(&directory(environment, app)).copied().unwrap_or_default()
    };
    let own = environments.iter().map(|one| (size_of(one, None), one.as_str(), None));
    let of_apps = apps.iter().filter_map(|app| {
        let environment = EnvironmentName::named(&app.environment)?;
        Some((size_of(&environment, Some(&app.app)), &*app.environment, Some(app)))
    });
    let mut parts: Vec<_> = own.chain(of_apps).collect();
    parts.sort_by_key(|(size, ..)| Reverse(*size));
    for (size, environment, app) in parts {
        if total <= limit.bytes() {
            break;
        }
        total -= size;
        findings.push(too_large([size, all], environment, app, [limit, enough], sandbox));
    }
    findings
}

/// The bytes of all files in each directory.
fn sizes_by_directory(files: &RenderedFiles) -> HashMap<RepoPath, u64> {
    let mut sizes = HashMap::new();
    for (path, bytes) in files.iter() {
        let directory = path.parent().unwrap_or_else(RepoPath::root);
        *sizes.entry(directory).or_default() += bytes.len() as u64;
    }
    sizes
}

/// The finding for what renders so much of all that is rendered.
fn too_large(
    [size, all]: [u64; 2],
    environment: &str,
    app: Option<&WorkerApp>,
    [limit, enough]: [ByteSize; 2],
    sandbox: bool,
) -> Finding {
    let [size, all, most] = [size, all, limit.bytes()].map(spaced);
    let renders = format!("renders to {size}, all files together to {all}; they may have {most}");
    let help = allowed("--limit-output", "output", &enough.to_string(), sandbox);
    let shown = harmless(environment);
    let Some(app) = app else {
        let message = format!("what `{shown}` brings itself {renders}");
        return Finding::new(&RENDER_OUTPUT, message, Location::of_repository()).help(help);
    };
    let message = format!("`{}` in `{shown}` {renders}", harmless(&app.app));
    Finding::new(&RENDER_OUTPUT, message, Location::of_path(&app.template))
        .because("this template renders that much")
        .label(Location::of_path(&app.file), "for this app")
        .help(help)
        .about(Subject::app(environment, &*app.app))
}

/// The finding that nothing is known about the rest of the apps.
pub(super) fn abandoned(attempts: usize) -> Finding {
    let message =
        format!("the other apps were not rendered: {attempts} processes were lost to such apps");
    Finding::new(&RENDER_ABANDONED, message, Location::of_repository())
        .help("mend the apps that are named, and render again")
}

/// The finding that no worker can be started.
pub(super) fn not_started(why: &str) -> Finding {
    let message = format!("the process that renders cannot be started: {}", harmless(why));
    Finding::new(&WORKER_UNAVAILABLE, message, Location::of_repository())
        .help("run it again; if the program is not found, mount `/proc`")
}

/// The finding that this machine does not offer everything.
pub(super) fn sandbox_incomplete(lacking: &[String]) -> Finding {
    let lacking: Vec<_> = lacking.iter().map(|what| harmless(what)).collect();
    let message = format!("this machine does not offer: {}", lacking.join(", "));
    Finding::new(&SANDBOX_INCOMPLETE, message, Location::of_repository()).help(
        "use a newer Linux, or allow it if a container forbids it; `--deny warnings` fails the run",
    )
}

/// The finding that some findings were not kept.
pub(super) fn left_out(count: usize) -> Finding {
    let message = format!("{count} more findings are not shown");
    Finding::new(&FINDINGS_LEFT_OUT, message, Location::of_repository())
        .help("mend those that are shown, and run it again")
}

/// A number of bytes as people read it: `512 MiB`.
fn spaced(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(size, _)| count >= *size) {
        #[allow(clippy::cast_precision_loss)] // For people.
        Some((size, unit)) if !count.is_multiple_of(*size) => {
            format!("{:.1} {unit}", count as f64 / *size as f64)
        }
        Some((size, unit)) => format!("{} {unit}", count / size),
        None => format!("{count} bytes"),
    }
}
