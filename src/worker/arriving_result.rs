//! The result of a job as it arrives, and no more of it than is allowed.

use std::mem;

use super::code;
use super::message::{FilePiece, JobEnd, MOST_NAME};
use super::renderer::RenderResult;
use super::wire::{FindingReader, ProtocolViolation, WirePart};
use crate::config::EnvironmentName;
use crate::diagnostic::Findings;
use crate::rendered::RenderedFiles;
use crate::source::RepoPath;

/// The least bytes of names and paths that a worker may send.
const NAME_BYTES: u64 = 8 << 20;

/// What has arrived of a result.
pub(super) struct ArrivingResult {
    /// The most bytes of all files together.
    most: u64,
    environments: Vec<EnvironmentName>,
    files: Vec<(RepoPath, Vec<u8>)>,
    /// The bytes of files that have arrived.
    arrived: u64,
    /// The bytes of files that were announced to come.
    announced: u64,
    findings: FindingReader,
    /// How many more bytes of names may be sent.
    room_for_names: u64,
}

impl ArrivingResult {
    /// Nothing yet, of files with at most so many bytes.
    pub(super) fn new(most: u64, findings: FindingReader) -> Self {
        Self {
            most,
            environments: Vec::new(),
            files: Vec::new(),
            arrived: 0,
            announced: 0,
            findings,
            room_for_names: NAME_BYTES + most / 4,
        }
    }

    /// Counts a name or a path.
    pub(super) fn count_name(&mut self, name: &str) -> Result<(), ProtocolViolation> {
        if name.len() > MOST_NAME {
            return Err(ProtocolViolation);
        }
        // A name takes more than its bytes.
        let left = self.room_for_names.checked_sub(name.len() as u64 + 64);
        self.room_for_names = left.ok_or(ProtocolViolation)?;
        Ok(())
    }

    /// Takes names of environments.
    pub(super) fn take_environments(&mut self, names: &[String]) -> Result<(), ProtocolViolation> {
        for name in names {
            self.count_name(name)?;
            self.environments.push(EnvironmentName::named(name).ok_or(ProtocolViolation)?);
        }
        Ok(())
    }

    /// Takes files of a directory, or pieces of them, whose bytes are `body`.
    pub(super) fn take_files(
        &mut self,
        directory: &RepoPath,
        pieces: Vec<FilePiece>,
        mut body: &[u8],
    ) -> Result<(), ProtocolViolation> {
        if !is_rendered_directory(directory) || pieces.is_empty() {
            return Err(ProtocolViolation);
        }
        self.arrived = self.within_bounds(self.arrived, body.len())?;
        for FilePiece { name, length, to_come } in pieces {
            let (bytes, after) = body.split_at_checked(length).ok_or(ProtocolViolation)?;
            body = after;
            let path = directory.child_named(&name).filter(|_| is_rendered_segment(&name));
            let path = path.ok_or(ProtocolViolation)?;
            if let Some((last, joined)) = self.files.last_mut()
                && *last == path
            {
                joined.extend_from_slice(bytes);
                continue;
            }
            self.count_name(path.as_str())?;
            self.announced = self.within_bounds(self.announced, to_come)?;
            let mut file = Vec::with_capacity(length + to_come);
            file.extend_from_slice(bytes);
            self.files.push((path, file));
        }
        Ok(())
    }

    fn within_bounds(&self, so_far: u64, more: usize) -> Result<u64, ProtocolViolation> {
        let sum = so_far.checked_add(more as u64).filter(|sum| *sum <= self.most);
        sum.ok_or(ProtocolViolation)
    }

    /// Takes a finding, or a source of some, from a message of that size.
    pub(super) fn take_finding(
        &mut self,
        part: WirePart,
        body: &[u8],
        size: usize,
    ) -> Result<(), ProtocolViolation> {
        self.findings.take(part, body, size)
    }

    /// The result, once the job is done.
    pub(super) fn end(
        &mut self,
        end: &JobEnd,
    ) -> Result<Result<RenderResult, Findings>, ProtocolViolation> {
        let mut findings = self.findings.take_all();
        if end.left_out > 0 {
            findings.push(code::left_out(end.left_out));
        }
        match (end.succeeded, findings.has_errors()) {
            (false, true) => Ok(Err(findings)),
            // What validation finds does not stop rendering.
            (true, _) => {
                let files = mem::take(&mut self.files);
                let files = RenderedFiles::of_bytes(files).ok_or(ProtocolViolation)?;
                let environments = mem::take(&mut self.environments);
                Ok(Ok(RenderResult { environments, files, findings }))
            }
            (false, false) => Err(ProtocolViolation),
        }
    }
}

/// Whether a directory is one that has files of ours: that of an app in an environment, or of
/// the environment itself.
fn is_rendered_directory(directory: &RepoPath) -> bool {
    directory.segments().count() == 2 && directory.segments().all(is_rendered_segment)
}

/// Whether a name is written so that every system accepts it.
fn is_rendered_segment(segment: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.%~".contains(&byte);
    !segment.starts_with('.') && segment.bytes().all(is_safe)
}
