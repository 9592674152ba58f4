//! The program's output: data goes to stdout, everything else to stderr.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value};

use super::exit::Exit;
use super::format::{DataFormat, OutputFormat};
use super::options::{Color, Global};
use crate::diagnostic::{self, Findings, Format, ProblemKind, TextStyle};
use crate::git::{Indexing, Watch};
use crate::source::{RepoPath, without_tokens};

/// How long a run may take before it shows progress.
const PROGRESS_DELAY: Duration = Duration::from_millis(500);

/// The number of columns if neither `COLUMNS` nor a terminal says how many there are.
const WIDTH: usize = 100;

/// Where text goes and how it looks.
pub(super) struct Console {
    format: OutputFormat,
    color: ColorChoice,
    quiet: bool,
    verbose: bool,
    /// Whether stdout carries data that findings must not be mixed into.
    pub(super) stdout_is_taken: bool,
}

impl Console {
    pub(super) fn new(global: &Global) -> Self {
        let color = match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let Global { format, quiet, verbose, .. } = *global;
        Self { format, color, quiet, verbose, stdout_is_taken: false }
    }

    /// The format of findings, and of data that is not in a format of its own.
    pub(super) fn format(&self) -> Format {
        self.format.findings()
    }

    /// The format of data; none if data is in the format of findings.
    pub(super) fn data_format(&self) -> Option<DataFormat> {
        match self.format {
            OutputFormat::Data(format) => Some(format),
            OutputFormat::Findings(_) => None,
        }
    }

    /// The style of text on stdout.
    pub(super) fn stdout_style(&self) -> TextStyle {
        self.style_of(&io::stdout())
    }

    /// Prints a line about what was done, for people.
    pub(super) fn say(&self, line: &str) {
        if !self.quiet {
            print_to_stderr(&format!("{line}\n"));
        }
    }

    /// Prints a line for people who asked for details.
    pub(super) fn detail(&self, line: &str) {
        if self.verbose {
            self.say(line);
        }
    }

    /// Prints findings in the chosen format, with `data` if that is JSON.
    /// `prefix` leads from the clone's root to the repository's directory.
    pub(super) fn report(&self, findings: &Findings, data: Map<String, Value>, prefix: &RepoPath) {
        let text = match self.format() {
            Format::Json => diagnostic::json_with(findings, data),
            format => diagnostic::render(findings, format, &self.style_of(&io::stderr()), prefix),
        };
        if self.format() == Format::Text || self.stdout_is_taken {
            // The text has its colours already; the stream removes them again
            // for a terminal without colours.
            let mut stderr = AutoStream::new(io::stderr(), self.color);
            let _ = stderr.write_all(without_tokens(&text).as_bytes());
        } else {
            print_text(&text);
        }
    }

    /// A progress bar of `total` steps, shown on a terminal once the run takes
    /// long enough.
    pub(super) fn progress(&self, what: &'static str, total: usize) -> Progress {
        Progress::new(what, Some(total), self.shows_progress())
    }

    /// Progress through commits, of which nobody knows how many there are.
    pub(super) fn progress_of_commits(&self, what: &'static str) -> Progress {
        Progress::new(what, None, self.shows_progress())
    }

    /// Shows people how far the index of history has come, and says if it cannot be kept.
    pub(super) fn history_watch(&self) -> Watch {
        let (is_shown, is_said) =
            (self.shows_progress(), !self.quiet && self.format() == Format::Text);
        let progress: Mutex<Option<Progress>> = Mutex::default();
        Arc::new(move |event| {
            let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
            match event {
                Indexing::Commits(count) => progress
                    .get_or_insert_with(|| Progress::new("reading history", None, is_shown))
                    .step(count),
                Indexing::Pause => *progress = None,
                Indexing::NotKept(reason) if is_said => print_to_stderr(&format!(
                    "note: history is read anew by each run, since its index (`rungs` in the \
                     git directory) cannot be written: {reason}\n"
                )),
                Indexing::NotKept(_) => {}
            }
        })
    }

    fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    fn style_of(&self, stream: &(impl RawStream + AsFd)) -> TextStyle {
        let choice = match self.color {
            ColorChoice::Auto => AutoStream::choice(stream),
            choice => choice,
        };
        let colour = choice != ColorChoice::Never;
        let terminal = || Some(usize::from(terminal_size::terminal_size_of(stream)?.0.0));
        let width = stated_columns().or_else(terminal).unwrap_or(WIDTH);
        TextStyle { colour, unicode: locale_is_unicode(), width }
    }
}

/// A progress bar that appears once a run takes long enough.
pub(super) struct Progress {
    bar: ProgressBar,
    /// When it started to wait to appear; none once it has appeared, or if it
    /// never will.
    waiting_since: Mutex<Option<Instant>>,
}

impl Progress {
    /// Progress towards `total`, if that is known; never shown unless it is `wanted`.
    fn new(what: &'static str, total: Option<usize>, wanted: bool) -> Self {
        let length = total.map(|total| total as u64);
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden());
        let template =
            if total.is_some() { "{msg} [{bar:30}] {pos}/{len}" } else { "{msg}: {pos} commits" };
        let style = ProgressStyle::with_template(template).expect("the template is valid");
        let bar = bar.with_style(style).with_message(what);
        Self { bar, waiting_since: Mutex::new(wanted.then(Instant::now)) }
    }

    /// Advances by a number of steps.
    pub(super) fn step(&self, steps: usize) {
        if let Ok(mut waiting) = self.waiting_since.try_lock()
            && waiting.is_some_and(|since| since.elapsed() > PROGRESS_DELAY)
        {
            *waiting = None;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(steps as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The number of columns that a person asks for, whatever the terminal has.
fn stated_columns() -> Option<usize> {
    env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

/// Whether the locale has more than ASCII, which is assumed if none is set.
fn locale_is_unicode() -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    named.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        // Containers have `C` or `POSIX` if nobody chose a locale.
        locale.contains("utf-8") || locale.contains("utf8") || locale == "c" || locale == "posix"
    })
}

/// Prints data. A reader that has gone away has seen enough: the rest is not
/// written, and the run ends with its own code, because `render --check | head
/// -1` wants the answer as much as the lines.
pub(super) fn print(bytes: &[u8]) {
    let _ = stream(bytes);
}

/// Prints text, without any token in it, wherever it came from.
pub(super) fn print_text(text: &str) {
    print(without_tokens(text).as_bytes());
}

/// Prints a part of data of which there may be much more. Returns whether
/// anybody still reads it. No token is in it.
#[must_use]
pub(super) fn stream_text(text: &str) -> bool {
    stream(without_tokens(text).as_bytes())
}

fn stream(bytes: &[u8]) -> bool {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => false,
        Err(error) => {
            print_to_stderr(&format!("stdout cannot be written: {error}\n"));
            process::exit(i32::from(Exit::Problem(ProblemKind::Outside).code()));
        }
    }
}

/// Prints text for people to stderr. If that is closed, nobody is reading.
pub(super) fn print_to_stderr(text: &str) {
    let _ = io::stderr().write_all(without_tokens(text).as_bytes());
}
