//! Findings about files that cannot be read.

use rungs::diagnostic::{Finding, Format, ProblemKind, TextStyle, render};
use rungs::source::{
    MAX_FILE_BYTES, Memory, ReadError, ReadErrorKind, RepoPath, RevisionError, Tree,
};

use crate::findings::{at, file};

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

/// The finding of reading one path of a repository that has every obstacle.
fn reading(name: &str) -> Finding {
    let mut memory = Memory::of([("dir/file", "text\n"), (".git/config", "token\n")]);
    memory.insert(path("latin1.yaml"), b"a: 1\nb: gr\xfc\xdf\n".to_vec());
    memory.insert(path("big"), vec![b' '; usize::try_from(MAX_FILE_BYTES).unwrap() + 1]);
    memory.link(path("out"), "../../etc/passwd");
    memory.link(path("round"), "round");
    let error = Tree::new(memory).read(&path(name)).expect_err("cannot be read");
    Finding::of_read_error(&error, None)
}

#[test]
fn each_obstacle_has_its_code() {
    let codes = [
        ("missing", "file-missing"),
        ("out", "outside-repository"),
        ("round", "link-loop"),
        (".git/config", "git-directory"),
        ("big", "file-too-large"),
        ("latin1.yaml", "not-utf8"),
        ("dir", "not-a-file"),
    ];
    for (name, code) in codes {
        let finding = reading(name);
        assert_eq!(finding.code.name, code);
        assert_eq!(finding.code.kind, ProblemKind::Input, "{code}");
        assert_eq!(finding.location().path().as_str(), name);
        assert!(finding.message.contains(name), "{}", finding.message);
    }
    let error = Tree::new(Memory::of([("file", "")])).list(&path("file")).unwrap_err();
    assert_eq!(Finding::of_read_error(&error, None).code.name, "not-a-directory");
}

#[test]
fn what_failed_outside_may_be_tried_again() {
    let of = |kind| Finding::of_read_error(&ReadError { path: path("a"), kind }, None).code;
    assert_eq!(of(ReadErrorKind::Failed("Permission denied".into())).name, "read-failed");
    assert_eq!(of(ReadErrorKind::Absent("no such object".into())).name, "commit-missing");
    for kind in [ReadErrorKind::Failed(String::new()), ReadErrorKind::Absent(String::new())] {
        assert!(kind.is_outside_world());
        assert_eq!(of(kind).kind, ProblemKind::Outside);
    }
}

#[test]
fn a_byte_that_is_not_utf8_is_located_by_line_and_column() {
    assert_eq!(
        reading("latin1.yaml").message,
        "`latin1.yaml:2:6` is where the file stops being UTF-8"
    );
}

#[test]
fn the_finding_is_at_the_place_that_asked() {
    let app = file("environments/qa/web.yaml", "template: guestbok\n");
    let asked_by = at(&app, "guestbok");
    let error = ReadError { path: path("templates/guestbok"), kind: ReadErrorKind::Missing };
    let finding = Finding::of_read_error(&error, Some(&asked_by));
    assert_eq!(*finding.location(), asked_by);
    insta::assert_snapshot!(render(&finding.into(), Format::Text, &TextStyle::default(), &RepoPath::root()), @r"
    error[file-missing]

      × `templates/guestbok` does not exist
       ╭─[environments/qa/web.yaml:1:11]
     1 │ template: guestbok
       ·           ────┬───
       ·               ╰── asked for here
       ╰────

    1 error
    ");
}

#[test]
fn a_link_out_of_the_repository_is_shown_with_its_target() {
    let shown =
        render(&reading("out").into(), Format::Text, &TextStyle::default(), &RepoPath::root());
    insta::assert_snapshot!(shown, @r"
    error[outside-repository]

      × `out` leads out of the repository through the link `out` to `../../etc/passwd`
      ╰─▶ out
      help: move what it leads to into the repository

    1 error
    ");
}

#[test]
fn a_revision_that_cannot_be_read_suggests_a_command() {
    let app = file("environments/qa/web.yaml", "template: web@v9\n");
    let asked_by = at(&app, "v9");
    let absent =
        RevisionError::Absent { revision: "v9".into(), fetch: "git fetch origin tag v9".into() };
    let finding = Finding::of_revision_error(&absent, Some(&asked_by));
    assert_eq!((finding.code.name, finding.code.kind), ("commit-missing", ProblemKind::Outside));
    assert_eq!(finding.help.as_deref(), Some("fetch it: `git fetch origin tag v9`"));
    let branch = Finding::of_revision_error(&RevisionError::Branch("main".into()), None);
    assert_eq!((branch.code.name, branch.code.kind), ("revision-is-a-branch", ProblemKind::Input));
    assert_eq!(branch.location().to_string(), ".");
}
