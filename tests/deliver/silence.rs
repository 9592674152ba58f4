//! What gives no sign of life is ended, with all that it started, and nothing is left
//! behind.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::component::wait_until;
use crate::support::git::{git, hook, is_sound};
use crate::support::program::rungs_in;
use crate::support::shop::{RunOutput, Shop};

const COMMIT: [&str; 5] = ["promote", "web", "--to", "stage", "--commit"];
const TIMEOUT: [&str; 2] = ["--timeout", "2s"];

/// The longest that a run may take that is ended after two seconds: it may ask where the
/// branch is after a push that had no end.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// A server that accepts connections and never says anything.
fn silent_server() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    port
}

/// The processes whose command lines have that text.
fn running(text: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(text)).collect()
}

/// Runs a command that has to end with 4 in time, and to leave nothing behind that has
/// that text in its command line.
#[track_caller]
fn ends_in_time(shop: &Shop, arguments: &[&str], left: &str) -> RunOutput {
    let started = Instant::now();
    let output = shop.ends(4, &[arguments, &TIMEOUT].concat());
    assert!(started.elapsed() < ENDS_WITHIN, "{:?}: {output:?}", started.elapsed());
    assert!(wait_until(Duration::from_secs(5), || running(left).is_empty()), "{:?}", running(left));
    output
}

/// The lock files and temporary files below a directory.
fn leftovers(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(leftovers(&entry.path()));
        }
        let is_lock = entry.path().extension().is_some_and(|extension| extension == "lock");
        if is_lock || name.starts_with("tmp_") || name.contains("incoming-") {
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn a_remote_that_accepts_and_never_answers_is_the_outside_world() {
    for scheme in ["git", "http"] {
        let shop = Shop::adopted(&[]);
        let address = format!("127.0.0.1:{}/shop.git", silent_server());
        git(&shop.clone, &["remote", "set-url", "origin", &format!("{scheme}://{address}")]);
        let output = ends_in_time(&shop, &COMMIT, &address);
        output.says("gave no sign of life").says("--timeout");
        // What only looks shows what is known.
        let look = ["promote", "web", "--to", "stage", "--dry-run"];
        shop.ends(0, &[&look[..], &TIMEOUT].concat()).says("fetched before");
        assert_eq!(running(&address), [""; 0]);
        assert_eq!(leftovers(&shop.clone.join(".git")), [""; 0].map(PathBuf::from));
    }
}

#[test]
fn an_address_that_never_answers_leaves_no_clone_in_the_cache() {
    let shop = Shop::adopted(&[]);
    let cache = shop.remote.path("cache");
    for scheme in ["git", "http"] {
        let address = format!("{scheme}://127.0.0.1:{}/shop.git", silent_server());
        let started = Instant::now();
        let mut rungs = rungs_in(&shop.clone);
        let rungs = rungs.args(["status", "--repo", &address]).args(TIMEOUT);
        let output = RunOutput::of(&rungs.env("RUNGS_CACHE", &cache).output().unwrap()).ends(4);
        output.says("gave no sign of life");
        assert!(started.elapsed() < ENDS_WITHIN, "{:?}", started.elapsed());
        assert_eq!(running(&address), [""; 0]);
        let left = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().file_name());
        // The file that runs take turns by is empty, and stays.
        let left: Vec<_> = left.collect();
        assert!(
            left.iter().all(|name| Path::new(name)
                .extension()
                .is_some_and(|extension| extension == "lock")),
            "{left:?}"
        );
    }
}

/// A script that never ends, and the text that its process has in its command line.
fn never(number: u32) -> (String, String) {
    let sleep = format!("sleep 86400.{number}");
    // Without the rest, the shell would become the program.
    (format!("{sleep}; exit 0"), sleep)
}

/// The clone's own directory, whose hooks run.
fn own_hooks(shop: &Shop) -> PathBuf {
    git(&shop.clone, &["config", "core.hooksPath", ".git/hooks"]);
    shop.clone.join(".git")
}

#[test]
fn a_hook_that_never_ends_is_ended_and_nothing_was_changed() {
    let hooks = [("pre-receive", true), ("update", true), ("pre-push", false)];
    for (number, (name, is_remote)) in (100..).zip(hooks) {
        let shop = Shop::adopted(&[]);
        let tip = shop.remote.tip();
        let (script, sleep) = never(number);
        let (bare, own) = (shop.remote.bare(), own_hooks(&shop));
        hook(if is_remote { &bare } else { &own }, name, &script);
        ends_in_time(&shop, &COMMIT, &sleep).says("gave no sign of life");
        assert_eq!(shop.remote.tip(), tip, "{name}");
        for repository in [&bare, &own] {
            assert_eq!(leftovers(repository), [""; 0].map(PathBuf::from), "{name}");
            assert!(is_sound(repository), "{name}");
        }
        fs::remove_file(if is_remote { &bare } else { &own }.join("hooks").join(name)).unwrap();
        // Where it stood in the way, the same command does what is left to do.
        shop.ends(0, &COMMIT);
    }
}

#[test]
fn a_program_that_never_signs_is_ended_and_nothing_was_changed() {
    let shop = Shop::adopted(&[]);
    let tip = shop.remote.tip();
    let (script, sleep) = never(200);
    let signer = shop.remote.path("signer");
    fs::write(&signer, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&signer, fs::Permissions::from_mode(0o755)).unwrap();
    for (name, value) in [("commit.gpgsign", "true"), ("gpg.program", signer.to_str().unwrap())] {
        git(&shop.clone, &["config", name, value]);
    }
    ends_in_time(&shop, &COMMIT, &sleep).says("gave no sign of life");
    assert_eq!(shop.remote.tip(), tip);
    assert_eq!(leftovers(&shop.clone.join(".git")), [""; 0].map(PathBuf::from));
}

#[test]
fn a_hook_that_never_lets_a_reference_move_keeps_nothing_from_being_done() {
    let shop = Shop::adopted(&[]);
    let (script, sleep) = never(300);
    hook(&own_hooks(&shop), "reference-transaction", &script);
    let started = Instant::now();
    // Only where the branch was seen last is not noted.
    let output = shop.rungs(&[&COMMIT[..], &TIMEOUT].concat());
    assert!(matches!(output.code, Some(0 | 4)), "{output:?}");
    assert!(started.elapsed() < ENDS_WITHIN, "{:?}: {output:?}", started.elapsed());
    assert_eq!(running(&sleep), [""; 0]);
    assert_eq!(leftovers(&shop.clone.join(".git")), [""; 0].map(PathBuf::from));
}

#[test]
fn a_time_has_a_unit() {
    let shop = Shop::adopted(&[]);
    shop.ends(2, &["status", "--timeout", "30"]).says("write `30s` for seconds");
    for wrong in ["0s", "soon", "1.5m", "-1s", "99999999999999999999h"] {
        shop.ends(2, &["status", &format!("--timeout={wrong}")]).says("`30s`, `2m`");
    }
}
