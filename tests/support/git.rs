//! Clones and bare repositories made by the git program.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::program::{scrubbed, transcript};

/// Runs git, which has to succeed, and returns what it printed.
///
/// # Panics
///
/// If git fails.
pub fn git(directory: &Path, arguments: &[impl AsRef<OsStr>]) -> String {
    done(command(directory).args(arguments))
}

/// Runs git as [`git`] does, at a time that the caller chooses.
///
/// # Panics
///
/// If git fails.
pub fn git_on(directory: &Path, time: &str, arguments: &[impl AsRef<OsStr>]) -> String {
    let mut git = command(directory);
    git.env("GIT_AUTHOR_DATE", time).env("GIT_COMMITTER_DATE", time);
    done(git.args(arguments))
}

/// Runs git as [`git_on`] does, but as the person whose clone it is: its
/// configuration says who that is.
///
/// # Panics
///
/// If git fails.
pub fn git_at(clone: &Path, time: &str, arguments: &[&str]) -> String {
    let mut git = scrubbed("git");
    git.current_dir(clone).env("GIT_CONFIG_GLOBAL", "/dev/null").args(arguments);
    git.env("GIT_AUTHOR_DATE", time).env("GIT_COMMITTER_DATE", time);
    done(&mut git)
}

/// Runs git, which may fail.
///
/// # Panics
///
/// If it does not start.
pub fn output(directory: &Path, arguments: &[impl AsRef<OsStr>]) -> Output {
    command(directory).args(arguments).output().expect("git runs")
}

/// Runs a command of git, which has to succeed, and returns what it printed.
///
/// # Panics
///
/// If git fails.
pub fn done(git: &mut Command) -> String {
    let output = git.output().expect("git runs");
    assert!(output.status.success(), "{git:?}: {}", transcript(&output));
    String::from_utf8(output.stdout).expect("git prints UTF-8 here").trim().to_owned()
}

/// A command of git in a directory, with settings that do not depend on who
/// runs the tests.
pub fn command(directory: &Path) -> Command {
    let mut command = scrubbed("git");
    let settings = [
        "user.name=t",
        "user.email=t@example.com",
        "init.defaultBranch=main",
        "commit.gpgsign=false",
        "tag.gpgsign=false",
        "protocol.file.allow=always",
        "advice.detachedHead=false",
        "merge.suppressDest=main",
    ];
    command.args(settings.iter().flat_map(|setting| ["-c", setting]));
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(directory);
    command
}

/// Makes a script named `git` in `directory`, and returns a value of `PATH` that finds
/// it.
pub fn stand_in(directory: &Path, script: &str) -> OsString {
    fs::create_dir_all(directory).unwrap();
    executable(&directory.join("git"), script);
    let others = std::env::var_os("PATH").unwrap();
    let path = std::iter::once(directory.to_owned()).chain(std::env::split_paths(&others));
    std::env::join_paths(path).unwrap()
}

/// Makes a bare repository whose branch `main` has one commit with those files.
/// Anyone who reaches it over HTTP may push to it, as to one of a forge.
pub fn seeded<'f>(bare: &Path, files: impl IntoIterator<Item = (&'f str, &'f str)>) {
    fs::create_dir_all(bare).unwrap();
    git(bare, &["init", "-q", "--bare", "--template="]);
    // No test needs garbage to be collected, and that takes time.
    let settings = [
        ("http.receivepack", "true"),
        ("gc.auto", "0"),
        ("maintenance.auto", "false"),
        ("receive.autogc", "false"),
    ];
    set(bare, &settings);
    let seed = crate::support::directory::temporary().unwrap();
    for (path, text) in files {
        let file = seed.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let time = "2026-01-05T08:00:00Z";
    let founder = ["-c", "user.name=founder", "-c", "user.email=founder@example.com"];
    for arguments in [&["add", "-A", "-f"][..], &["commit", "-q", "--allow-empty", "-m", "seed"]] {
        let mut git = command(bare);
        git.env("GIT_DIR", bare).env("GIT_WORK_TREE", seed.path());
        git.env("GIT_AUTHOR_DATE", time).env("GIT_COMMITTER_DATE", time);
        done(git.args(founder).args(arguments));
    }
    // What a repository without a work tree does not have.
    for file in ["index", "COMMIT_EDITMSG"] {
        let _ = fs::remove_file(bare.join(file));
    }
    let _ = fs::remove_dir_all(bare.join("logs"));
}

/// Configures a repository. Its file is written here: each call of git takes as long
/// as many a test.
fn set(repository: &Path, settings: &[(&str, &str)]) {
    let inside = repository.join(".git");
    let directory = if inside.is_dir() { inside } else { repository.to_owned() };
    let mut text = fs::read_to_string(directory.join("config")).unwrap();
    for (name, value) in settings {
        let (section, key) = name.split_once('.').unwrap();
        writeln!(text, "[{section}]\n\t{key} = \"{value}\"").unwrap();
    }
    fs::write(directory.join("config"), text).unwrap();
}

/// Such a repository named `origin.git` below `directory`, of which clones may
/// leave files out.
pub fn origin(directory: &Path, files: &[(&str, &str)]) -> PathBuf {
    let bare = directory.join("origin.git");
    seeded(&bare, files.iter().copied());
    set(&bare, &[("uploadpack.allowFilter", "true")]);
    bare
}

/// The settings that a clone would otherwise take from its user.
const SETTINGS: [(&str, &str); 6] = [
    ("user.name", "Tester"),
    ("user.email", "tester@example.com"),
    ("commit.gpgSign", "false"),
    ("core.hooksPath", "hooks-of-nobody"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
];

/// Makes a clone of `url` at `to`, whose own configuration is enough for
/// whatever runs git there.
pub fn clone(url: &str, to: &Path, options: &[&str]) {
    let settings = SETTINGS.map(|(name, value)| format!("{name}={value}"));
    let settings: Vec<_> = settings.iter().flat_map(|setting| ["-c", setting]).collect();
    let arguments = [&["clone", "-q"], &*settings, options, &[url, to.to_str().unwrap()]].concat();
    git(to.parent().unwrap(), &arguments);
}

/// Gives a clone that was not made by [`clone`] the same settings.
pub fn configure(clone: &Path) {
    set(clone, &SETTINGS);
}

/// Configures whose clone it is.
///
/// # Panics
///
/// If git fails.
pub fn belongs_to(clone: &Path, name: &str) {
    set(clone, &[("user.name", name), ("user.email", &format!("{name}@example.com"))]);
}

/// The commits of a branch along its first parents, newest first.
pub fn history(repository: &Path, branch: &str) -> Vec<String> {
    let log = git(repository, &["log", "--first-parent", "--format=%s", branch, "--"]);
    log.lines().map(str::to_owned).collect()
}

/// Whether everything that the repository's references lead to exists and is well
/// formed.
pub fn is_sound(repository: &Path) -> bool {
    let fsck = command(repository).args(["fsck", "--full", "--strict"]).output().unwrap();
    fsck.status.success()
}

/// Removes the locks that a killed git left in a repository.
pub fn unlock(bare: &Path) {
    let mut waiting = vec![bare.to_owned()];
    while let Some(directory) = waiting.pop() {
        // Git may still be removing its temporary directories.
        let Some(entries) = unless_gone(fs::read_dir(&directory)) else { continue };
        for entry in entries.filter_map(unless_gone) {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "lock") {
                unless_gone(fs::remove_file(path));
            }
        }
    }
}

/// The result of reading an entry of the disk; none if it is gone.
fn unless_gone<T>(result: io::Result<T>) -> Option<T> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        found => Some(found.unwrap()),
    }
}

/// Makes a hook of a repository from a shell script.
pub fn hook(bare: &Path, name: &str, script: &str) {
    let path = bare.join("hooks").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    executable(&path, script);
}

/// Makes a program from a shell script.
pub fn executable(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
