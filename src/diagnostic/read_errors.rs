//! The codes of the errors of reading a repository.
//!
//! `source` comes before this module, so its errors are types, and get their
//! codes and their help here.

use super::{Code, Finding, codes};
use crate::source::{Location, NameFlaw, ReadError, ReadErrorKind, RevisionError};

codes! {
    /// A file is missing.
    ///
    /// Another file names this one, or the repository needs it, and nothing is there. Paths are
    /// relative to the root of the repository. A name that differs in case alone is another name
    /// in a commit, even where your disk takes both for one.
    ///
    /// ```yaml
    /// template: guestbok      # wrong: there is no templates/guestbok
    /// template: guestbook     # right
    /// ```
    ///
    /// Correct the name, or add the file. A file that `.gitignore` leaves out is there on your
    /// disk and missing in a commit.
    FILE_MISSING = "file-missing", Input, Error;

    /// A link leads out of the repository.
    ///
    /// Everything that is rendered comes from the repository alone: otherwise the same commit
    /// would give different manifests on another machine, and a pull request could read the
    /// machine's files. So a symbolic link must end inside the repository; one that begins with
    /// `/` never does.
    ///
    /// ```text
    /// templates/web -> ../../shared/web     # wrong: above the root
    /// templates/web -> ../shared/web        # right: shared/web of this repository
    /// ```
    ///
    /// Move what the link leads to into the repository, or copy it there.
    OUTSIDE_REPOSITORY = "outside-repository", Input, Error;

    /// Symbolic links form a loop.
    ///
    /// Following this path's symbolic links comes back to a link that was followed already, or
    /// takes more than 40 of them, which is where Linux gives up as well.
    ///
    /// `ls -l` on each part of the path shows where the links lead. Replace one of them by what
    /// it should lead to.
    LINK_LOOP = "link-loop", Input, Error;

    /// Git's own directory is never read.
    ///
    /// `.git` holds credentials and hooks, and differs from clone to clone. No template, import or
    /// link may read it, whichever way its name is spelt (`.GIT`, `git~1`, `.git.`).
    ///
    /// To show the commit that is deployed, pass it in as a value.
    GIT_DIRECTORY = "git-directory", Input, Error;

    /// A file is too large.
    ///
    /// Configuration and templates are small; a file over 4 MiB is nearly always something else
    /// that landed in the directory (an archive, a dump, a rendered tree). It is refused by its
    /// size, before it is read.
    ///
    /// Move it out of `templates/` and `environments/`. A large file that an object needs belongs
    /// in an image or an object store: Kubernetes refuses objects over 1.5 MiB itself.
    FILE_TOO_LARGE = "file-too-large", Input, Error;

    /// A file is not UTF-8.
    ///
    /// Kubernetes takes UTF-8 only. The message names the first byte that is not; the file is
    /// probably in Latin-1 or UTF-16, or not text at all.
    ///
    /// ```sh
    /// iconv -f latin1 -t utf-8 values.yaml > values.utf8 && mv values.utf8 values.yaml
    /// ```
    ///
    /// Bytes that are not text go into an object's `binaryData`, in base64.
    NOT_UTF8 = "not-utf8", Input, Error;

    /// A file was expected here.
    ///
    /// There is a directory, a device or a socket at this path. Correct the path, or put a
    /// file in its place.
    NOT_A_FILE = "not-a-file", Input, Error;

    /// A directory was expected here.
    ///
    /// There is a file at this path. Environments and templates are directories:
    ///
    /// ```text
    /// environments/qa.yaml                  # wrong: a file
    /// environments/qa/environment.yaml      # right: the directory is the environment
    /// ```
    NOT_A_DIRECTORY = "not-a-directory", Input, Error;

    /// A name cannot be part of a path.
    ///
    /// The directory holds a name whose bytes are not UTF-8. Such a name cannot be written in YAML
    /// or shown in a report, so the directory is not read at all: leaving the file out silently
    /// would be worse. Rename it; `ls -b` shows its bytes.
    ///
    /// In a commit a name may also be empty, `.` or `..`, or have a `/`. Git makes no such commit:
    /// somebody crafted it to write or read outside of its directory. `git fsck` shows the object.
    UNREADABLE_NAME = "unreadable-name", Input, Error;

    /// Directories are nested too deep.
    ///
    /// At most 16 may be inside one another below `environments/`, a template or
    /// `schemas/crds/`. Usually a link leads back to a directory above it, so that the search
    /// would have no end:
    ///
    /// ```text
    /// templates/web/again -> .      # wrong: again/again/again/…
    /// ```
    DIRECTORIES_TOO_DEEP = "directories-too-deep", Input, Error;

    /// More directories than one search looks through.
    ///
    /// Below `environments/`, a template or `schemas/crds/` more than 10,000 directories were
    /// found. Most likely links lead to the same directories again and again: each way to a
    /// directory counts.
    TOO_MANY_DIRECTORIES = "too-many-directories", Input, Error;

    /// The disk or the object database failed.
    ///
    /// The path is there, and reading it failed: permissions, a disk that is gone, a damaged
    /// object. The message says what the system said. A retry may help; `git fsck` tells whether
    /// the clone is damaged.
    READ_FAILED = "read-failed", Outside, Error;

    /// A commit is not in this clone.
    ///
    /// A template is pinned to a commit or a tag, or a command names one, and this clone does not
    /// have it. CI systems clone without history by default.
    ///
    /// Fetch it with the command that the help shows, or let CI fetch all history:
    ///
    /// ```yaml
    /// - uses: actions/checkout@v4
    ///   with: { fetch-depth: 0 }      # GitHub
    /// ```
    ///
    /// For GitLab, set `GIT_DEPTH: 0`.
    COMMIT_MISSING = "commit-missing", Outside, Error;

    /// A branch is not a fixed version.
    ///
    /// A pin says which version is deployed. A branch names another commit tomorrow, so the same
    /// file would give other manifests, and nothing would climb the ladder when it moves.
    ///
    /// ```yaml
    /// template: guestbook@main      # wrong: moves
    /// template: guestbook@v1.4      # right: a tag
    /// template: guestbook@1a2b3c4   # right: a commit
    /// ```
    REVISION_IS_A_BRANCH = "revision-is-a-branch", Input, Error;

    /// An abbreviated commit id fits several objects.
    ///
    /// The digits begin the id of more than one object of this clone, so they name none of them.
    /// What is unique today need not be tomorrow, so a pin is better written in full.
    ///
    /// ```yaml
    /// template: guestbook@1a2b3c4                                     # may become ambiguous
    /// template: guestbook@1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d   # never does
    /// ```
    REVISION_IS_AMBIGUOUS = "revision-is-ambiguous", Input, Error;

    /// A revision is not a commit.
    ///
    /// The id or the tag is there and names a file (`blob`) or a directory (`tree`) of git's
    /// database. Only a commit says what the whole repository held. `git log` shows the commits'
    /// ids.
    REVISION_IS_NO_COMMIT = "revision-is-no-commit", Input, Error;

    /// There is no git repository.
    ///
    /// A revision was named, and the files are in no git repository, so there is nothing to read
    /// it from. Run inside a clone, name one with `--repo`, or leave the revision out.
    NO_GIT_REPOSITORY = "no-git-repository", Input, Error;
}

impl Finding {
    /// A file or directory could not be read. The place to mend is where another file asked
    /// for it, where one did, and else the path itself.
    pub fn of_read_error(error: &ReadError, asked_by: Option<&Location>) -> Self {
        let path = Location::of_path(&error.path);
        let finding = asked(code_of(&error.kind), message_of(error), asked_by, path);
        let finding = match &error.kind {
            ReadErrorKind::Outside { link, .. } if finding.location().path() != link => {
                finding.label(Location::of_path(link), "the link that leads out")
            }
            _ => finding,
        };
        finding.maybe_help(help_of(&error.kind).map(str::to_owned))
    }

    /// Why a revision's files cannot be read. The place to mend is where a
    /// file names the revision; else, as where a command names it, the
    /// repository's root.
    pub fn of_revision_error(error: &RevisionError, asked_by: Option<&Location>) -> Self {
        let (code, help) = match error {
            RevisionError::NoRepository => (&NO_GIT_REPOSITORY, None),
            RevisionError::Branch(_) => (
                &REVISION_IS_A_BRANCH,
                Some("name a tag or a commit: `git rev-parse` shows the branch's".to_owned()),
            ),
            RevisionError::Ambiguous(_) => {
                (&REVISION_IS_AMBIGUOUS, Some("write the commit's id in full".to_owned()))
            }
            RevisionError::NotACommit { .. } => {
                (&REVISION_IS_NO_COMMIT, Some("name a commit, or a tag of one".to_owned()))
            }
            RevisionError::Absent { fetch, .. } => {
                (&COMMIT_MISSING, Some(format!("fetch it: `{fetch}`")))
            }
            RevisionError::Unopened(error) => match error.downcast_ref::<Self>() {
                Some(finding) => (finding.code, finding.help.clone()),
                None => (&READ_FAILED, None),
            },
            RevisionError::Failed { .. } => (&READ_FAILED, None),
        };
        let root = Location::of_repository();
        asked(code, error.to_string(), asked_by, root).maybe_help(help)
    }
}

fn asked(
    code: &'static Code,
    message: String,
    asked_by: Option<&Location>,
    otherwise: Location,
) -> Finding {
    match asked_by {
        Some(place) => Finding::new(code, message, place.clone()).because("asked for here"),
        None => Finding::new(code, message, otherwise),
    }
}

fn code_of(kind: &ReadErrorKind) -> &'static Code {
    match kind {
        ReadErrorKind::Missing => &FILE_MISSING,
        ReadErrorKind::Outside { .. } => &OUTSIDE_REPOSITORY,
        ReadErrorKind::LinkLoop => &LINK_LOOP,
        ReadErrorKind::Git => &GIT_DIRECTORY,
        ReadErrorKind::TooLarge { .. } => &FILE_TOO_LARGE,
        ReadErrorKind::NotUtf8 { .. } => &NOT_UTF8,
        ReadErrorKind::NotAFile => &NOT_A_FILE,
        ReadErrorKind::NotADirectory => &NOT_A_DIRECTORY,
        ReadErrorKind::Name { .. } => &UNREADABLE_NAME,
        ReadErrorKind::TooDeep => &DIRECTORIES_TOO_DEEP,
        ReadErrorKind::TooManyDirectories => &TOO_MANY_DIRECTORIES,
        ReadErrorKind::Failed(_) => &READ_FAILED,
        ReadErrorKind::Absent(_) => &COMMIT_MISSING,
    }
}

/// The error's own words, but for the place in a file that has no text to show.
fn message_of(error: &ReadError) -> String {
    match &error.kind {
        ReadErrorKind::NotUtf8 { line, column } => {
            format!("`{}:{line}:{column}` is where the file stops being UTF-8", error.path)
        }
        _ => error.to_string(),
    }
}

fn help_of(kind: &ReadErrorKind) -> Option<&'static str> {
    Some(match kind {
        ReadErrorKind::Outside { .. } => "move what it leads to into the repository",
        ReadErrorKind::LinkLoop => "replace one of the links by what it should lead to",
        ReadErrorKind::Git => "pass what you need from git in as a value",
        ReadErrorKind::TooLarge { .. } => "move it out of the directories that rungs reads",
        ReadErrorKind::NotUtf8 { .. } => "save the file as UTF-8",
        ReadErrorKind::Name { flaw: NameFlaw::NotUtf8, .. } => "rename it; `ls -b` shows its bytes",
        ReadErrorKind::Name { flaw: NameFlaw::NotASegment, .. } => {
            "git makes no such name: ask where the commit comes from"
        }
        ReadErrorKind::TooDeep | ReadErrorKind::TooManyDirectories => {
            "look for a link that leads back to a directory above it"
        }
        ReadErrorKind::Absent(_) => "fetch the whole commit: `git fetch --unshallow`",
        ReadErrorKind::Missing
        | ReadErrorKind::NotAFile
        | ReadErrorKind::NotADirectory
        | ReadErrorKind::Failed(_) => return None,
    })
}
