//! What a worker in a sandbox cannot do, whatever it tries.
//!
//! A process of its own takes from itself what a worker takes from itself, and then tries.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::process::Command;

use rungs::config::ByteSize;
use rungs::worker::{WorkerStart, confine};

use crate::support::component::absent;
use crate::support::directory::temporary;
use crate::support::program::{alone, is_alone, passes_alone, transcript};

/// The variables that tell the process what to try, and where.
const ATTEMPT: &str = "RUNGS_TEST_ATTEMPT";
const PLACE: &str = "RUNGS_TEST_PLACE";
const PARENT: &str = "RUNGS_TEST_PARENT";

/// Where it says what came of it.
const ESCAPED: &str = "the attempt succeeded";
const REFUSED: &str = "the attempt was refused: ";

const START: WorkerStart = WorkerStart {
    sandbox: true,
    memory: ByteSize::mebibytes(256),
    output: ByteSize::mebibytes(1),
    threads: 1,
};

/// Whether this machine offers all that a sandbox consists of. A line says so if not.
fn is_whole() -> bool {
    let output = attempt("nothing", Path::new("/"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_whole = cfg!(target_os = "linux") && !text.contains("lacking: ");
    if !is_whole {
        absent(&format!("a whole sandbox is not offered here: {text}"));
    }
    is_whole
}

fn attempt(what: &str, place: &Path) -> std::process::Output {
    let mut command = alone("sandbox::whatever_is_tried");
    command.env(ATTEMPT, what).env(PLACE, place).env(PARENT, std::process::id().to_string());
    command.output().unwrap()
}

/// Tries that in a sandbox, and in none.
#[track_caller]
fn is_refused(what: &str) {
    if !is_whole() {
        return;
    }
    let directory = temporary().unwrap();
    fs::write(directory.path().join("token"), "secret").unwrap();
    let output = attempt(what, directory.path());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(REFUSED) && !text.contains(ESCAPED), "{what}: {}", transcript(&output));
    let output = attempt(&format!("free {what}"), directory.path());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(ESCAPED), "it fails anyway: {what}: {}", transcript(&output));
}

/// One attempt, in a process that [`attempt`] starts.
#[test]
fn whatever_is_tried() {
    if !is_alone() {
        return;
    }
    let what = std::env::var(ATTEMPT).unwrap();
    let place = std::env::var(PLACE).unwrap();
    let parent = std::env::var(PARENT).unwrap();
    let free = what.strip_prefix("free ");
    if free.is_none() {
        let lacking = confine(&START);
        if !lacking.is_empty() {
            println!("lacking: {}", lacking.join(", "));
        }
    }
    let what = free.unwrap_or(&what);
    match try_it(what, Path::new(&place), &parent) {
        Ok(()) => println!("{ESCAPED}"),
        Err(error) => println!("{REFUSED}{error}"),
    }
    io::stdout().flush().unwrap();
}

fn try_it(what: &str, place: &Path, parent: &str) -> io::Result<()> {
    let read = |path: &Path| File::open(path)?.read(&mut [0; 1]).map(|_| ());
    match what {
        "nothing" => Ok(()),
        "read a file" => read(&place.join("token")),
        "read a system's file" => read(Path::new("/etc/passwd")),
        "read its own environment" => read(Path::new("/proc/self/environ")),
        "read the parent's environment" => read(Path::new(&format!("/proc/{parent}/environ"))),
        "read the parent's memory" => read(Path::new(&format!("/proc/{parent}/maps"))),
        "list a directory" => fs::read_dir(place).map(|_| ()),
        "look at a file" => fs::metadata(place.join("token")).map(|_| ()),
        "write a file" => fs::write(place.join("written"), "x"),
        "make a directory" => fs::create_dir(place.join("made")),
        "remove a file" => fs::remove_file(place.join("token")),
        "rename a file" => fs::rename(place.join("token"), place.join("renamed")),
        "make a link" => std::os::unix::fs::symlink("/", place.join("link")),
        "start a process" => Command::new("/bin/true").status().map(|_| ()),
        "listen on TCP" => TcpListener::bind("127.0.0.1:0").map(|_| ()),
        "send over UDP" => UdpSocket::bind("127.0.0.1:0").map(|_| ()),
        "open a socket of the file system" => UnixDatagram::bind(place.join("socket")).map(|_| ()),
        "open a pair of sockets" => UnixStream::pair().map(|_| ()),
        "connect over TCP" => {
            // Refused by the system either way if nobody listens; what counts is who refuses.
            match TcpStream::connect("127.0.0.1:9") {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
                other => other.map(|_| ()),
            }
        }
        "send a signal" => {
            let parent = rustix::process::Pid::from_raw(parent.parse().unwrap()).unwrap();
            Ok(rustix::process::test_kill_process(parent)?)
        }
        "raise its limits" => {
            use rustix::process::{Resource, Rlimit, setrlimit};
            let limit = Rlimit { current: Some(1 << 40), maximum: Some(1 << 40) };
            Ok(setrlimit(Resource::Data, limit)?)
        }
        "take a gigabyte" => {
            let mut bytes: Vec<u8> = Vec::new();
            bytes.try_reserve_exact(1 << 30).map_err(|_| io::ErrorKind::OutOfMemory)?;
            Ok(())
        }
        other => panic!("nobody knows how to {other}"),
    }
}

#[test]
fn it_can_compute_on_several_threads() {
    if !is_whole() {
        return;
    }
    passes_alone("sandbox::threads_in_a_sandbox", &[]);
}

#[test]
fn threads_in_a_sandbox() {
    if !is_alone() {
        return;
    }
    confine(&START);
    let threads = (0..4).map(|number| std::thread::spawn(move || vec![number; 100_000].len()));
    let threads: Vec<_> = threads.collect();
    assert_eq!(threads.into_iter().map(|one| one.join().unwrap()).sum::<usize>(), 400_000);
}

macro_rules! refused {
    ($($test:ident = $what:literal;)+) => {
        $(
            #[test]
            fn $test() {
                is_refused($what);
            }
        )+
    };
}

refused! {
    it_cannot_read_a_file = "read a file";
    it_cannot_read_a_file_of_the_system = "read a system's file";
    it_cannot_read_its_own_environment = "read its own environment";
    it_cannot_read_the_environment_of_its_parent = "read the parent's environment";
    it_cannot_read_where_the_memory_of_its_parent_is = "read the parent's memory";
    it_cannot_list_a_directory = "list a directory";
    it_cannot_look_at_a_file = "look at a file";
    it_cannot_write_a_file = "write a file";
    it_cannot_make_a_directory = "make a directory";
    it_cannot_remove_a_file = "remove a file";
    it_cannot_rename_a_file = "rename a file";
    it_cannot_make_a_link = "make a link";
    it_cannot_start_a_process = "start a process";
    it_cannot_listen = "listen on TCP";
    it_cannot_connect = "connect over TCP";
    it_cannot_use_udp = "send over UDP";
    it_cannot_open_a_socket_of_the_file_system = "open a socket of the file system";
    it_cannot_open_a_pair_of_sockets = "open a pair of sockets";
    it_cannot_send_a_signal = "send a signal";
    it_cannot_raise_its_limits = "raise its limits";
    it_cannot_take_more_memory_than_its_limit = "take a gigabyte";
}
