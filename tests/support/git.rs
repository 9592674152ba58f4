//! Clones and bare repositories made by the git program.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs git without the configuration of whoever runs the tests.
pub fn git(directory: &Path, arguments: &[impl AsRef<OsStr>]) -> String {
    let output = command(directory).args(arguments).output().expect("git runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let shown: Vec<_> = arguments.iter().map(AsRef::as_ref).collect();
    assert!(output.status.success(), "{shown:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn command(directory: &Path) -> Command {
    let mut command = Command::new("git");
    let settings = [
        "user.name=t",
        "user.email=t@example.com",
        "init.defaultBranch=main",
        "commit.gpgsign=false",
        "tag.gpgsign=false",
        "protocol.file.allow=always",
    ];
    command.args(settings.iter().flat_map(|setting| ["-c", setting]));
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_TERMINAL_PROMPT", "0").current_dir(directory);
    command
}

/// A bare repository below `directory` whose branch `main` has one commit with
/// those files. Whoever reaches it over HTTP may push to it.
pub fn origin(directory: &Path, files: &[(&str, &str)]) -> PathBuf {
    let bare = directory.join("origin.git");
    git(directory, &["init", "-q", "--bare", "origin.git"]);
    git(&bare, &["config", "http.receivepack", "true"]);
    git(&bare, &["config", "uploadpack.allowFilter", "true"]);
    // What is garbage is no test's subject, and collecting it takes time.
    git(&bare, &["config", "gc.auto", "0"]);
    git(&bare, &["config", "receive.autogc", "false"]);
    let seed = tempfile::tempdir().unwrap();
    git(seed.path(), &["init", "-q"]);
    for (path, text) in files {
        let file = seed.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    git(seed.path(), &["add", "-A"]);
    git(seed.path(), &["commit", "-q", "--allow-empty", "-m", "seed"]);
    git(seed.path(), &["push", "-q", bare.to_str().unwrap(), "HEAD:refs/heads/main"]);
    bare
}

/// A clone of `url` at `to`, whose own configuration is enough for whatever
/// runs git there.
pub fn clone(url: &str, to: &Path, options: &[&str]) {
    let parent = to.parent().unwrap();
    let arguments = [&["clone", "-q"], options, &[url, to.to_str().unwrap()]].concat();
    git(parent, &arguments);
    configure(to);
}

/// Gives a clone all that it would otherwise take from its user.
pub fn configure(clone: &Path) {
    for (name, value) in [
        ("user.name", "Tester"),
        ("user.email", "tester@example.com"),
        ("commit.gpgSign", "false"),
        ("core.hooksPath", "hooks-of-nobody"),
        ("gc.auto", "0"),
    ] {
        git(clone, &["config", name, value]);
    }
}

/// The commits of a branch along its first parents, newest first.
pub fn history(repository: &Path, branch: &str) -> Vec<String> {
    let log = git(repository, &["log", "--first-parent", "--format=%s", branch, "--"]);
    log.lines().map(str::to_owned).collect()
}

/// Whether all that the repository's references lead to is there and well
/// formed.
pub fn is_sound(repository: &Path) -> bool {
    let fsck = command(repository).args(["fsck", "--full", "--strict"]).output().unwrap();
    fsck.status.success()
}

/// Removes the locks that a git which was ended left in a repository.
pub fn unlock(bare: &Path) {
    let mut waiting = vec![bare.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "lock") {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

/// A hook of a repository, as a shell script.
pub fn hook(bare: &Path, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = bare.join("hooks").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}
