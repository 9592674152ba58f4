//! Clones of addresses, kept between runs.
//!
//! A cached clone is bare, has all history, and blobs only as they are read (if
//! the server supports that). Runs take turns at making and fetching one; once
//! it is fetched, any number of them can read it and push from it at once.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::address::RepositoryAddress;
use super::code::{CACHE_UNWRITABLE, REMOTE_UNREACHABLE};
use super::local_clone::LocalClone;
use super::program::{GitProgram, ProgramError, WAIT_LONGER};
use super::silence::SilenceLimit;
use super::variables::Variables;
use crate::diagnostic::{Finding, harmless};
use crate::source::Location;

/// The number of bytes of an address's hash in its clone's name.
const HASH: usize = 8;

/// Every branch as a remote's, so that none looks like this clone's own.
const BRANCHES: &str = "+refs/heads/*:refs/remotes/origin/*";
const TAGS: &str = "+refs/tags/*:refs/tags/*";

/// The file of a clone with the time at which its last fetch started.
const FETCHED: &str = "rungs-fetched";

/// The directory that cached clones are in.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: PathBuf,
    limit: SilenceLimit,
}

impl Cache {
    /// The cache in a directory, which need not exist yet.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), limit: SilenceLimit::default() }
    }

    /// The same, for which git may give no sign of life for so long.
    #[must_use]
    pub fn silence_limit(self, limit: SilenceLimit) -> Self {
        Self { limit, ..self }
    }

    /// `RUNGS_CACHE`, else `rungs` in `XDG_CACHE_HOME` or `~/.cache`; none if
    /// the variables name none of them.
    pub fn of(variables: &Variables) -> Option<Self> {
        let absolute = |name| variables.get(name).map(PathBuf::from).filter(|at| at.is_absolute());
        let own = variables.get("RUNGS_CACHE").map(PathBuf::from);
        let common = || absolute("XDG_CACHE_HOME").map(|cache| cache.join("rungs"));
        let home = || absolute("HOME").map(|home| home.join(".cache").join("rungs"));
        own.or_else(common).or_else(home).map(Self::at)
    }

    /// Brings the clone of an address up to date, and returns its directory. It
    /// is made if there is none, or none that works. `clock` says the time,
    /// which shows a run whether another one fetched while it waited.
    pub fn fetch(
        &self,
        address: &RepositoryAddress,
        clock: fn() -> SystemTime,
    ) -> Result<PathBuf, Finding> {
        let requested = clock();
        let lock = CacheLock::take(self, address).map_err(|error| self.unwritable(&error))?;
        lock.remove_unfinished();
        if lock.is_usable(address) {
            if lock.was_fetched_since(requested) {
                return Ok(lock.clone);
            }
            match lock.fetch(clock().max(requested)) {
                Ok(()) => return Ok(lock.clone),
                // Asking the server alone shows whether it or the clone is at
                // fault.
                Err(error) if error.is_timeout() => return Err(unreachable(address, &error)),
                Err(error) => {
                    lock.reach(address).map_err(|_| unreachable(address, &error))?;
                }
            }
        }
        lock.make(address, clock().max(requested)).map_err(|error| {
            lock.remove_unfinished();
            match error {
                CacheError::Disk(error) => self.unwritable(&error),
                CacheError::Git(error) => unreachable(address, &error),
            }
        })?;
        Ok(lock.clone)
    }

    /// The directory of an address's clone as it was last fetched; none if it was never
    /// made. The clone may turn out not to work.
    pub fn known(&self, address: &RepositoryAddress) -> Option<PathBuf> {
        let clone = self.directory.canonicalize().ok()?.join(format!("{}.git", name_of(address)));
        clone.is_dir().then_some(clone)
    }

    fn unwritable(&self, error: &io::Error) -> Finding {
        let directory = self.directory.display().to_string();
        let message = format!("the cache `{}` cannot be written: {error}", harmless(&directory));
        Finding::new(&CACHE_UNWRITABLE, message, Location::of_repository())
            .help("name another directory with the variable `RUNGS_CACHE`")
    }
}

/// The name of an address's clone: a hash of its key, and its own name for people who
/// look into the directory.
fn name_of(address: &RepositoryAddress) -> String {
    let mut name = String::new();
    for byte in &Sha256::digest(address.key().as_bytes())[..HASH] {
        write!(name, "{byte:02x}").expect("a string takes what is written to it");
    }
    name.extend(["-", &address.name()]);
    name
}

fn unreachable(address: &RepositoryAddress, error: &ProgramError) -> Finding {
    match error {
        ProgramError::Failed { .. } | ProgramError::TimedOut { .. } => {
            let words = error.last_words();
            let address = harmless(address.as_str());
            let message = format!("`{address}` could not be reached: {words}");
            let help = if error.is_timeout() {
                WAIT_LONGER.to_owned()
            } else {
                format!(
                    "check whether `git ls-remote {address}` works without asking for a password"
                )
            };
            Finding::new(&REMOTE_UNREACHABLE, message, Location::of_repository()).help(help)
        }
        error => error.finding(Location::of_repository()),
    }
}

enum CacheError {
    Disk(io::Error),
    Git(ProgramError),
}

impl From<io::Error> for CacheError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<ProgramError> for CacheError {
    fn from(error: ProgramError) -> Self {
        Self::Git(error)
    }
}

/// One run's lock on a clone; others wait until it is dropped, or the process
/// ends.
struct CacheLock {
    directory: PathBuf,
    name: String,
    clone: PathBuf,
    limit: SilenceLimit,
    _lock: File,
}

impl CacheLock {
    fn take(cache: &Cache, address: &RepositoryAddress) -> io::Result<Self> {
        // What is private on the server is private here.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&cache.directory)?;
        let (directory, limit) = (cache.directory.canonicalize()?, cache.limit);
        let name = name_of(address);
        let lock = File::create(directory.join(format!("{name}.lock")))?;
        lock.lock()?;
        let clone = directory.join(format!("{name}.git"));
        Ok(Self { directory, name, clone, limit, _lock: lock })
    }

    /// Removes what killed runs left behind. With the lock held, nobody else is
    /// at work.
    fn remove_unfinished(&self) {
        let unfinished = format!("{}.tmp-", self.name);
        let entries = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().to_string_lossy().starts_with(&unfinished) {
                // What cannot be removed only takes room.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    fn temporary(&self, what: &str) -> PathBuf {
        self.directory.join(format!("{}.tmp-{what}-{}", self.name, std::process::id()))
    }

    fn program(&self) -> GitProgram {
        self.program_in(&self.clone)
    }

    fn program_in(&self, clone: &Path) -> GitProgram {
        GitProgram::in_clone(clone, None).silence_limit(self.limit)
    }

    /// Whether the clone opens, is of that address, and has the tree of a
    /// branch.
    fn is_usable(&self, address: &RepositoryAddress) -> bool {
        let Ok(Some(repository)) = LocalClone::containing(&self.clone) else { return false };
        if repository.git_directory() != self.clone {
            return false;
        }
        let url = self.program().command("config").args(["--get", "remote.origin.url"]).run();
        url.is_ok_and(|url| String::from_utf8_lossy(&url).trim() == address.as_str())
            && self.has_its_trees()
    }

    fn has_its_trees(&self) -> bool {
        let tree = ["--verify", "--quiet", "refs/remotes/origin/HEAD^{tree}"];
        let named = self.program().command("rev-parse").args(tree).run();
        let Ok(named) = named else { return !self.has_branches() };
        let tree = String::from_utf8_lossy(&named).trim().to_owned();
        self.program().command("ls-tree").arg(tree).run().is_ok()
    }

    fn has_branches(&self) -> bool {
        let program = self.program();
        let listed = program.command("for-each-ref").args(["--count=1", "refs/remotes/"]).run();
        listed.is_ok_and(|listed| !listed.is_empty())
    }

    /// Whether another run has fetched since then, while this one waited.
    fn was_fetched_since(&self, requested: SystemTime) -> bool {
        let text = fs::read_to_string(self.clone.join(FETCHED)).ok();
        let nanos = text.and_then(|text| text.trim().parse().ok());
        nanos.is_some_and(|nanos| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos) >= requested)
    }

    fn fetch(&self, started: SystemTime) -> Result<(), ProgramError> {
        let program = self.program().setting("gc.auto=0").setting("maintenance.auto=false");
        let command = program.command("fetch").args([
            "--progress",
            "--prune",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
            "--no-recurse-submodules",
            "--end-of-options",
            "origin",
        ]);
        command.run()?;
        if !self.has_its_trees() {
            let message = "a branch's files are missing".to_owned();
            return Err(ProgramError::Failed { subcommand: "fetch", message });
        }
        self.finish_fetch(&self.clone, started);
        Ok(())
    }

    /// Keeps the clone fast, and notes when it was fetched. Which commits
    /// change which paths is looked up instead of computed each time: a clone
    /// without that is slow, but nothing worse.
    fn finish_fetch(&self, clone: &Path, started: SystemTime) {
        let program = self.program_in(clone);
        let graph = ["write", "--reachable", "--changed-paths", "--split", "--progress"];
        let _ = program.command("commit-graph").args(graph).output();
        let _ = program.command("gc").args(["--auto", "--quiet"]).output();
        let nanos = started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let _ = fs::write(clone.join(FETCHED), nanos.to_string());
    }

    fn reach(&self, address: &RepositoryAddress) -> Result<(), ProgramError> {
        let program = GitProgram::nowhere().silence_limit(self.limit);
        let command = program.command("ls-remote").args(["--quiet", "--end-of-options"]);
        command.args([address.as_str(), "HEAD"]).run().map(|_| ())
    }

    /// Makes the clone under another name, and puts it in its place when it is
    /// complete.
    fn make(&self, address: &RepositoryAddress, started: SystemTime) -> Result<(), CacheError> {
        let new = self.temporary("new");
        GitProgram::nowhere()
            .silence_limit(self.limit)
            .command("clone")
            .args(["--progress", "--bare", "--filter=blob:none", "--template=", "--origin=origin"])
            .arg(format!("--config=remote.origin.fetch={BRANCHES}"))
            .args(["--end-of-options", address.as_str()])
            .arg(&new)
            .run()?;
        let program = self.program_in(&new);
        name_branches(&program)?;
        // Cloning fetches tags anyway, and would trip over a refspec for them.
        program.command("config").args(["--add", "remote.origin.fetch", TAGS]).run()?;
        self.finish_fetch(&new, started);
        if self.clone.symlink_metadata().is_ok() {
            fs::rename(&self.clone, self.temporary("old"))?;
        }
        fs::rename(&new, &self.clone)?;
        self.remove_unfinished();
        Ok(())
    }
}

/// Removes the clone's own copies of the remote's branches, which
/// `clone --bare` makes and no fetch would move, and notes which branch the
/// remote's `HEAD` names.
fn name_branches(program: &GitProgram) -> Result<(), ProgramError> {
    let head = program.command("symbolic-ref").args(["--quiet", "HEAD"]).output()?;
    let head = String::from_utf8_lossy(&head.stdout).trim().to_owned();
    let listed = program.command("for-each-ref").args(["--format=%(refname)", "refs/heads/"]);
    let listed = String::from_utf8_lossy(&listed.run()?).into_owned();
    let commands = listed.lines().flat_map(|name| ["delete ", name, "\n"]).collect::<String>();
    if !commands.is_empty() {
        program.command("update-ref").arg("--stdin").input(commands).run()?;
    }
    let branch = head.strip_prefix("refs/heads/").unwrap_or_default();
    if listed.lines().any(|name| name == head) {
        let target = format!("refs/remotes/origin/{branch}");
        program.command("symbolic-ref").args(["refs/remotes/origin/HEAD", &target]).run()?;
    }
    Ok(())
}
