//! Reading a clone by the `git` program.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::ChildStdout;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::backend::{Abbreviated, CloneBackend};
use super::format::ObjectKind;
use super::{GitProgram, ObjectError, ObjectName, ProgramError, Running};

/// So many objects are asked of a remote in one go: what a server packs for
/// one request is bounded, and so is what is lost when it ends early.
const AT_ONCE: usize = 10_000;

/// A clone that libgit2 does not read: of SHA-256, with reftable, or partial.
///
/// Two children answer for objects as long as this is there. One could
/// (`--batch-command`), but only since git 2.36.
pub(super) struct CatFile {
    program: GitProgram,
    digits: usize,
    contents: Mutex<Option<Running>>,
    headers: Mutex<Option<Running>>,
    promisors: OnceLock<Vec<String>>,
}

/// The line above an object's bytes.
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

    /// Asks a child of an object. One that failed has said all it will: the
    /// next question is for a new one.
    fn ask<T>(
        &self,
        child: &Mutex<Option<Running>>,
        option: &str,
        id: &ObjectName,
        read: impl FnOnce(&Header, &mut BufReader<ChildStdout>) -> io::Result<T>,
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

    /// What a command says, or none where it says no by its exit code.
    fn answer(
        &self,
        subcommand: &'static str,
        arguments: &[&str],
    ) -> Result<Option<String>, ObjectError> {
        let output = self.program.command(subcommand).args(arguments).output()?;
        match output.code {
            Some(0) => Ok(Some(line(&output.stdout))),
            Some(1) => Ok(None),
            _ => Err(ProgramError::Failed { subcommand, said: output.stderr }.into()),
        }
    }

    /// Those of the objects that are not in the clone. They are listed without
    /// being read on demand, which `cat-file` can be kept from only since 2.45.
    fn missing(&self, ids: &[ObjectName]) -> Result<Vec<ObjectName>, ObjectError> {
        let options =
            ["--no-walk", "--objects", "--missing=allow-any", "--ignore-missing", "--stdin"];
        let command = self.program.command("rev-list").args(options).input(lines(ids));
        let there = command.run()?;
        let there: HashSet<&[u8]> = there
            .split(|byte| *byte == b'\n')
            .map(|line| &line[..line.len().min(self.digits)])
            .collect();
        Ok(ids.iter().filter(|id| !there.contains(id.as_str().as_bytes())).cloned().collect())
    }

    /// The remotes that promised to have what is missing.
    fn promisors(&self) -> &[String] {
        self.promisors.get_or_init(|| {
            let asked = ["-z", "--type=bool", "--get-regexp", r"^remote\..*\.promisor$"];
            let said = self.answer("config", &asked).ok().flatten().unwrap_or_default();
            let keys = said.split('\0').filter_map(|entry| entry.strip_suffix("\ntrue"));
            let names =
                keys.filter_map(|key| key.strip_prefix("remote.")?.strip_suffix(".promisor"));
            let mut remotes: Vec<String> = names.map(str::to_owned).collect();
            let elder = self.answer("config", &["--get", "extensions.partialClone"]);
            remotes.extend(elder.ok().flatten());
            remotes.retain(|remote| !remote.starts_with('-'));
            remotes
        })
    }

    /// As git itself fetches what it misses (`promisor-remote.c`), but all of
    /// it at once.
    fn fetch(&self, remote: &str, ids: &[ObjectName]) -> Result<(), ObjectError> {
        let program = self.program.clone().setting("fetch.negotiationAlgorithm=noop");
        let options = [
            "--no-tags",
            "--no-write-fetch-head",
            "--recurse-submodules=no",
            "--filter=blob:none",
            "--quiet",
            "--stdin",
            "--end-of-options",
        ];
        let command = program.command("fetch").args(options).arg(remote).input(lines(ids));
        command.run()?;
        Ok(())
    }
}

/// An object's header and what `read` makes of what follows; none where the
/// object is not there.
fn answer<T>(
    running: &mut Running,
    id: &ObjectName,
    read: impl FnOnce(&Header, &mut BufReader<ChildStdout>) -> io::Result<T>,
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
        // `--quiet` keeps it from saying more than yes.
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

    fn remotes(&self) -> Vec<String> {
        let names = self.run("remote", &[]).unwrap_or_default();
        String::from_utf8_lossy(&names).lines().map(str::to_owned).collect()
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
