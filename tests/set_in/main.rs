//! `rungs set --in`: references set in the files of any repository.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod commands;
#[path = "../corpora/mod.rs"]
mod corpora;
mod markers;
mod replay;

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program in a directory.
fn rungs<S: AsRef<str>>(directory: &Path, arguments: &[S]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rungs"))
        .args(arguments.iter().map(AsRef::as_ref))
        .current_dir(directory)
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}
