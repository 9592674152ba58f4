//! Reading a clone with the `git` program.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::backend::{Abbreviated, CloneBackend};
use super::object_format::ObjectKind;
use super::{GitProgram, ObjectError, ObjectName, ProgramError, Running, WatchedOutput};

/// The most objects that are requested from a remote at once: that bounds what
/// a server packs for one request, and what is lost if it ends early.
const AT_ONCE: usize = 10_000;

/// A clone that libgit2 does not read: with SHA-256, with reftable, or a
/// partial one.
///
/// Two child processes answer questions about objects as long as this exists.
/// One could (`--batch-command`), but only since git 2.36.
pub(super) struct CatFile {
    program: GitProgram,
    digits: usize,
    contents: Mutex<Option<Running>>,
    headers: Mutex<Option<Running>>,
    promisors: OnceLock<Vec<String>>,
}

/// The line before an object's bytes.
struct Header {
    kind: ObjectKind,
    size: u64,
}

impl CatFile {
    pub(super) fn new(program: GitProgram, digits: usize) -> Self {
        Self {
            program,
            digits,
            contents: Mutex::default(),
            headers: Mutex::default(),
            promisors: OnceLock::new(),
        }
    }

    /// Asks a child process about an object. A child that failed is not asked
    /// again: the next question starts a new one.
    fn ask<T>(
        &self,
        child: &Mutex<Option<Running>>,
        option: &str,
        id: &ObjectName,
        read: impl FnOnce(&Header, &mut BufReader<WatchedOutput>) -> io::Result<T>,
    ) -> Result<T, ObjectError> {
        // Fewer digits would be an abbreviation to git.
        if id.as_str().len() != self.digits {
            return Err(ObjectError::Absent(id.clone()));
        }
        let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running = match child.take() {
            Some(running) => running,
            None => self.program.command("cat-file").arg(option).start()?,
        };
        match answer(&mut running, id, read) {
            Ok(answer) => {
                *child = Some(running);
                answer.ok_or_else(|| ObjectError::Absent(id.clone()))
            }
            Err(error) => Err(match running.finish() {
                Err(reason) => reason.into(),
                Ok(()) => ObjectError::Failed(format!("`git cat-file` ended early: {error}")),
            }),
        }
    }

    fn run(&self, subcommand: &'static str, arguments: &[&str]) -> Result<Vec<u8>, ObjectError> {
        Ok(self.program.command(subcommand).args(arguments).run()?)
    }

    /// What a command prints; none if its exit code says no.
    fn answer(
        &self,
        subcommand: &'static str,
        arguments: &[&str],
    ) -> Result<Option<String>, ObjectError> {
        let output = self.program.command(subcommand).args(arguments).output()?;
        match output.code {
            Some(0) => Ok(Some(line(&output.stdout))),
            Some(1) => Ok(None),
            _ => Err(ProgramError::Failed { subcommand, message: output.stderr }.into()),
        }
    }

    /// The objects among these that are not in the clone. Listing them fetches
    /// nothing, while `cat-file` can be kept from fetching only since git 2.45.
    fn missing(&self, ids: &[ObjectName]) -> Result<Vec<ObjectName>, ObjectError> {
        let options =
            ["--no-walk", "--objects", "--missing=allow-any", "--ignore-missing", "--stdin"];
        let command = self.program.command("rev-list").args(options).input(lines(ids));
        let present = command.run()?;
        let present: HashSet<&[u8]> = present
            .split(|byte| *byte == b'\n')
            .map(|line| &line[..line.len().min(self.digits)])
            .collect();
        Ok(ids.iter().filter(|id| !present.contains(id.as_str().as_bytes())).cloned().collect())
    }

    /// The remotes that promised to have what is missing.
    fn promisors(&self) -> &[String] {
        self.promisors.get_or_init(|| {
            let arguments = ["-z", "--type=bool", "--get-regexp", r"^remote\..*\.promisor$"];
            let output = self.answer("config", &arguments).ok().flatten().unwrap_or_default();
            let keys = output.split('\0').filter_map(|entry| entry.strip_suffix("\ntrue"));
            let names =
                keys.filter_map(|key| key.strip_prefix("remote.")?.strip_suffix(".promisor"));
            let mut remotes: Vec<String> = names.map(str::to_owned).collect();
            let older = self.answer("config", &["--get", "extensions.partialClone"]);
            remotes.extend(older.ok().flatten());
            remotes.retain(|remote| !remote.starts_with('-'));
            remotes
        })
    }

    /// Fetches objects as git itself does when it misses them
    /// (`promisor-remote.c`), but all at once.
    fn fetch(&self, remote: &str, ids: &[ObjectName]) -> Result<(), ObjectError> {
        let program = self.program.clone().setting("fetch.negotiationAlgorithm=noop");
        let options = [
            "--no-tags",
            "--no-write-fetch-head",
            "--recurse-submodules=no",
            "--filter=blob:none",
            "--progress",
            "--stdin",
            "--end-of-options",
        ];
        let command = program.command("fetch").args(options).arg(remote).input(lines(ids));
        command.run()?;
        Ok(())
    }
}

/// What `read` makes of an object's header and of the bytes that follow; none
/// if the object is missing.
fn answer<T>(
    running: &mut Running,
    id: &ObjectName,
    read: impl FnOnce(&Header, &mut BufReader<WatchedOutput>) -> io::Result<T>,
) -> io::Result<Option<T>> {
    let input = running.input().ok_or(io::ErrorKind::BrokenPipe)?;
    // In one write: the child may answer the first byte it cannot read.
    input.write_all(format!("{id}\n").as_bytes())?;
    input.flush()?;
    let output = running.output();
    let mut line = String::new();
    output.read_line(&mut line)?;
    let mut words = line.trim_end().split(' ').skip(1);
    let (kind, size) = (words.next(), words.next());
    if kind == Some("missing") {
        return Ok(None);
    }
    let kind = kind.and_then(ObjectKind::parse).ok_or(io::ErrorKind::InvalidData)?;
    let size = size.and_then(|size| size.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    read(&Header { kind, size }, output).map(Some)
}

impl CloneBackend for CatFile {
    fn digits(&self) -> usize {
        self.digits
    }

    fn header(&self, id: &ObjectName) -> Result<(ObjectKind, u64), ObjectError> {
        self.ask(&self.headers, "--batch-check", id, |header, _| Ok((header.kind, header.size)))
    }

    fn object(&self, id: &ObjectName) -> Result<(ObjectKind, Vec<u8>), ObjectError> {
        self.ask(&self.contents, "--batch", id, |header, output| {
            let mut bytes = Vec::new();
            output.by_ref().take(header.size).read_to_end(&mut bytes)?;
            let mut end = [0];
            output.read_exact(&mut end)?;
            Ok((header.kind, bytes))
        })
    }

    fn write(&self, kind: ObjectKind, bytes: &[u8]) -> Result<ObjectName, ObjectError> {
        let options = ["-t", kind.name(), "-w", "--stdin"];
        let command = self.program.command("hash-object").args(options).input(bytes);
        let written = line(&command.run()?);
        ObjectName::parse(&written)
            .ok_or_else(|| ObjectError::Failed("`git hash-object` named no object".to_owned()))
    }

    fn fetch_missing(&self, ids: &[ObjectName]) -> Result<(), ObjectError> {
        let missing = self.missing(ids)?;
        let Some(remote) = self.promisors().first() else { return Ok(()) };
        missing.chunks(AT_ONCE).try_for_each(|chunk| self.fetch(remote, chunk))
    }

    fn is_partial(&self) -> bool {
        !self.promisors().is_empty()
    }

    fn reference(&self, name: &str) -> Result<Option<ObjectName>, ObjectError> {
        let found = self.answer("show-ref", &["--verify", "--quiet", "--hash", "--", name])?;
        if found.is_none() {
            return Ok(None);
        }
        // `--quiet` keeps it from printing the id.
        let id = self.run("show-ref", &["--verify", "--hash", "--", name])?;
        Ok(ObjectName::parse(&line(&id)))
    }

    fn symbolic(&self, name: &str) -> Result<Option<String>, ObjectError> {
        self.answer("symbolic-ref", &["--quiet", name])
    }

    fn abbreviated(&self, digits: &str) -> Result<Abbreviated, ObjectError> {
        let found = self.run("rev-parse", &[&format!("--disambiguate={digits}")])?;
        let found = String::from_utf8_lossy(&found);
        let mut names = found.lines().filter_map(ObjectName::parse);
        Ok(match (names.next(), names.next()) {
            (Some(one), None) => Abbreviated::One(one),
            (None, _) => Abbreviated::Nothing,
            _ => Abbreviated::Several,
        })
    }
}

fn lines(ids: &[ObjectName]) -> String {
    ids.iter().flat_map(|id| [id.as_str(), "\n"]).collect()
}

fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned()
}

impl From<ProgramError> for ObjectError {
    fn from(error: ProgramError) -> Self {
        Self::Failed(error.to_string())
    }
}
