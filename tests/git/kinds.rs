//! Repositories of every kind that people have: each is read, or refused in one
//! clear sentence.

use std::fs;
use std::path::Path;
use std::process::Command;

use rungs::git::{FileMode, LocalClone, ObjectDatabase, ObjectError, ObjectName, TreeEntry};
use rungs::source::{ReadErrorKind, RepoPath, RevisionError, Tree};

use crate::scratch::{Scratch, elsewhere, name, path, repository, work_tree};
use crate::support::git::{git, output};
use crate::support::program::{is_alone, passes_alone};

/// Files, links, modes, a submodule, a merge, tags, and much of each.
fn varied(scratch: &Scratch) {
    scratch.put("web.yaml", "v1");
    scratch.put("empty", "");
    scratch.put("nested/deep/er/a.yaml", "a: 1\r\n");
    scratch.write("binary", [0, 1, 2, 255, b'\n', 0]);
    scratch.write("large", "0123456789abcdef".repeat(20_000));
    std::os::unix::fs::symlink("web.yaml", scratch.root().join("link")).unwrap();
    for file in ["a\nb", " ", "é", "-x", "a.b", "a-b", "a/b"] {
        scratch.write(file, "named");
    }
    let id = scratch.commit("files");
    scratch.git(&["update-index", "--chmod=+x", "web.yaml"]);
    scratch.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},vendor")]);
    scratch.later(&["commit", "-qm", "modes\n\nwith a body\n"]);
    scratch.git(&["reset", "-q", "--hard"]);
    scratch.git(&["tag", "light"]);
    scratch.git(&["tag", "-a", "-m", "annotated", "v1"]);
    scratch.git(&["tag", "-a", "-m", "of a tag", "v1-again", "v1"]);
    scratch.git(&["tag", "of-a-file", "HEAD:web.yaml"]);
    scratch.git(&["switch", "-qc", "topic", "HEAD~"]);
    scratch.put("topic", "x");
    scratch.git(&["switch", "-q", "main"]);
    scratch.later(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
}

/// The same clone as the git program reads it instead of libgit2: a clone
/// with such a remote may be partial.
fn by_program(scratch: &Scratch) -> std::sync::Arc<LocalClone> {
    scratch.git(&["config", "remote.promises.promisor", "true"]);
    let repository = scratch.repository();
    assert!(repository.is_partial());
    scratch.git(&["config", "--unset", "remote.promises.promisor"]);
    repository
}

/// Every object's name.
fn all_objects(scratch: &Scratch) -> Vec<ObjectName> {
    let all = ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"];
    scratch.git(&all).lines().map(name).collect()
}

/// The answers to every question about an object, with failures by their kind.
fn answers(objects: &dyn ObjectDatabase, id: &ObjectName) -> String {
    let kind = |error: &ObjectError| match error {
        ObjectError::Failed(_) => "failed".to_owned(),
        other => format!("{other:?}"),
    };
    format!(
        "{:?} {:?} {:?} {:?}",
        objects.tree(id).map_err(|error| kind(&error)),
        objects.blob(id).map_err(|error| kind(&error)),
        objects.blob_size(id).map_err(|error| kind(&error)),
        objects.commit(id).map_err(|error| kind(&error)),
    )
}

#[test]
fn both_ways_of_reading_agree_on_every_object() {
    let scratch = Scratch::new();
    varied(&scratch);
    let (one, other) = (scratch.repository(), by_program(&scratch));
    let mut ids = all_objects(&scratch);
    assert!(ids.len() > 20);
    ids.push(name(&"1".repeat(40)));
    ids.push(name(&"1".repeat(64)));
    let (one, other) = (one.objects(), other.objects());
    for id in &ids {
        assert_eq!(answers(&*one, id), answers(&*other, id), "{id}");
    }
    scratch.git(&["gc", "-q", "--aggressive"]);
    for id in &ids {
        assert_eq!(answers(&*one, id), answers(&*other, id), "{id}, packed");
    }
}

#[test]
fn both_ways_of_reading_agree_on_every_name() {
    let scratch = Scratch::new();
    varied(&scratch);
    scratch.git(&["remote", "add", "origin", "https://git.example.com/x"]);
    scratch.git(&["remote", "add", "zweite", "https://git.example.com/x"]);
    scratch.git(&["update-ref", "refs/remotes/origin/far", "HEAD"]);
    scratch.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/far"]);
    scratch.git(&["symbolic-ref", "refs/heads/nowhere", "refs/heads/none"]);
    let (one, other) = (scratch.repository(), by_program(&scratch));
    assert_eq!(one.head().unwrap().unwrap(), name(&scratch.git(&["rev-parse", "HEAD"])));
    let names = ["HEAD", "refs/heads/main", "refs/tags/v1", "refs/tags/v1-again", "refs/tags/none"];
    let more = ["refs/tags/of-a-file", "refs/remotes/origin/HEAD", "refs/heads/nowhere"];
    let odd = ["refs/heads", "main", "v1", "HEAD~1", "refs/heads/main^", "", "--all", "a b"];
    for full in [&names[..], &more, &odd].concat() {
        assert_eq!(one.reference(full), other.reference(full), "{full}");
        assert_eq!(one.symbolic(full), other.symbolic(full), "{full}");
    }
    assert_eq!(one.config().unwrap().all("remote.zweite.url").len(), 1);
    assert_eq!(one.remote().unwrap(), other.remote().unwrap());
    assert_eq!(one.digits(), other.digits());
    assert_eq!(one.git_directory(), other.git_directory());
    assert_eq!(one.work_tree(), other.work_tree());
    let at = |repository: &std::sync::Arc<LocalClone>, revision: &str| {
        let tree = repository.tree_of(&repository.head().unwrap().unwrap()).unwrap();
        let found = tree.at(revision).map(|tree| tree.revision().unwrap().to_owned());
        format!("{found:?}")
    };
    let head = scratch.git(&["rev-parse", "HEAD"]);
    let file = scratch.git(&["rev-parse", "HEAD:web.yaml"]);
    let upper = head[..9].to_uppercase();
    for revision in [
        "v1",
        "v1-again",
        "light",
        "of-a-file",
        "none",
        "main",
        "far",
        "origin/far",
        "HEAD",
        "HEAD~1",
        ":/merge",
        "v1^{tree}",
        &head,
        &head[..7],
        &upper,
        &file,
        &file[..8],
        "0123456",
        "--help",
        "",
    ] {
        assert_eq!(at(&one, revision), at(&other, revision), "{revision}");
    }
}

#[test]
fn both_ways_of_writing_make_the_same_objects() {
    let (one, other) = (Scratch::new(), Scratch::new());
    let (one, other) = (one.repository().objects(), by_program(&other).objects());
    let both = |write: &dyn Fn(&dyn ObjectDatabase) -> Result<ObjectName, ObjectError>| {
        let (one, other) = (write(&*one), write(&*other));
        assert_eq!(one, other);
        one
    };
    for blob in [&b""[..], b"a: 1\r\n", &[0, 255, 10], &vec![b'x'; 300_000]] {
        both(&|objects| objects.write_blob(blob)).unwrap();
    }
    let file = both(&|objects| objects.write_blob(b"a: 1\n")).unwrap();
    let entry = |name: &[u8], mode, id: &ObjectName| TreeEntry {
        name: name.to_vec(),
        mode,
        id: id.clone(),
    };
    let empty = both(&|objects| objects.write_tree(&[])).unwrap();
    let entries = [
        entry(b"a", FileMode::Tree, &empty),
        entry(b"a.b", FileMode::File, &file),
        entry(b"a0", FileMode::Executable, &file),
        entry(b"\xff\n", FileMode::Link, &file),
        entry(b"vendor", FileMode::Submodule, &file),
    ];
    let tree = both(&|objects| objects.write_tree(&entries)).unwrap();
    assert!(both(&|objects| objects.write_tree(&[entry(b"..", FileMode::File, &file)])).is_err());
    let person = "A U Thor <a@example.com> 1700000000 +0100";
    let commit = format!("tree {tree}\nauthor {person}\ncommitter {person}\n\nsubject\n\nbody\n");
    let commit = both(&|objects| objects.write_commit(commit.as_bytes())).unwrap();
    let (read, its_tree) = one.commit(&commit).unwrap();
    assert_eq!((its_tree, &*read.message), (tree.clone(), "subject\n\nbody\n"));
    assert_eq!(one.tree(&tree), other.tree(&tree));
    let mut names: Vec<_> = one.tree(&tree).unwrap().into_iter().map(|one| one.name).collect();
    names.sort();
    assert_eq!(names, [&b"a"[..], b"a.b", b"a0", b"vendor", b"\xff\n"]);
}

/// Reads what every clone of `varied` has to have.
fn reads_all(directory: &Path) {
    let repository = repository(directory);
    let head = repository.head().unwrap().unwrap();
    let tree = repository.tree_of(&head).unwrap();
    assert_eq!(tree.read(&path("web.yaml")).unwrap().text(), "v1");
    assert_eq!(tree.read(&path("link")).unwrap().text(), "v1");
    assert_eq!(tree.read_bytes(&path("binary")).unwrap(), [0, 1, 2, 255, b'\n', 0]);
    assert_eq!(tree.read(&path("nested/deep/er/a.yaml")).unwrap().text(), "a: 1\r\n");
    assert!(matches!(tree.read(&path("vendor")).unwrap_err().kind, ReadErrorKind::NotAFile));
    assert_eq!(tree.walk(&RepoPath::root(), |_| true).unwrap().len(), 15);
    assert_eq!(tree.at("v1").unwrap().revision(), tree.at("light").unwrap().revision());
    assert!(tree.at("v1").unwrap().read(&path("topic")).is_err());
    let log = rungs::git::Log::new(repository.clone());
    assert_eq!(crate::scratch::steps(&repository, &log, &head, &["web.yaml"]).len(), 2);
    assert_eq!(crate::scratch::steps(&repository, &log, &head, &["topic"]), ["merge: topic - > x"]);
}

#[test]
fn an_ordinary_clone_is_read() {
    let scratch = Scratch::new();
    varied(&scratch);
    reads_all(scratch.root());
}

#[test]
fn a_repository_with_sha256_is_read_and_written() {
    let scratch = Scratch::with(&["--object-format=sha256"]);
    varied(&scratch);
    reads_all(scratch.root());
    let repository = scratch.repository();
    assert_eq!(repository.digits(), 64);
    let id = repository.objects().write_blob(b"v1").unwrap();
    assert_eq!(id.as_str(), scratch.git(&["rev-parse", "HEAD:web.yaml"]));
    let tree = work_tree(scratch.root());
    let head = scratch.git(&["rev-parse", "HEAD"]);
    // A name that would be whole elsewhere is an abbreviation here.
    for revision in [&head[..], &head[..40], &head[..7]] {
        assert_eq!(tree.at(revision).unwrap().revision(), Some(&*head));
    }
    let nowhere = "1".repeat(64);
    let error = tree.at(&nowhere).err();
    let Some(RevisionError::Absent { fetch, .. }) = error else { panic!("{error:?}") };
    assert_eq!(fetch, format!("git fetch origin {nowhere}"));
}

#[test]
fn a_repository_with_reftable_is_read_or_refused_as_git_does() {
    let (_kept, directory) = elsewhere();
    let made = output(&directory, &["init", "-q", "--ref-format=reftable"]);
    if made.status.success() {
        let scratch = Scratch::with(&["--ref-format=reftable"]);
        varied(&scratch);
        reads_all(scratch.root());
        return;
    }
    println!("skipped: this git makes no reftable, so only the refusal is tested");
    git(&directory, &["init", "-q"]);
    git(&directory, &["config", "core.repositoryFormatVersion", "1"]);
    git(&directory, &["config", "extensions.refStorage", "reftable"]);
    let error = LocalClone::containing(&directory).err().unwrap();
    assert_eq!(error.to_string(), "unknown repository extension found: refstorage");
}

#[test]
fn a_shallow_clone_is_read_as_far_as_it_goes() {
    let origin = Scratch::new();
    varied(&origin);
    let shallow = Scratch::of(origin.root(), &["--depth=1"]);
    let repository = shallow.repository();
    assert!(repository.is_shallow());
    let head = repository.head().unwrap().unwrap();
    // The parents are known, though they are not in the clone.
    let (commit, _) = repository.objects().commit(&head).unwrap();
    assert_eq!(commit.parents.len(), 2);
    let absent = repository.objects().commit(&commit.parents[0]).unwrap_err();
    assert_eq!(absent, ObjectError::Absent(commit.parents[0].clone()));
    assert!(repository.tree_of(&commit.parents[0]).is_err());
    let tree = repository.tree_of(&head).unwrap();
    assert_eq!(tree.read(&path("web.yaml")).unwrap().text(), "v1");
    assert_eq!(repository.unshallow(), "git fetch --unshallow origin");
    assert_eq!(answers_of(&repository, &head), answers_of(&by_program(&shallow), &head));
}

fn answers_of(repository: &LocalClone, id: &ObjectName) -> String {
    answers(&*repository.objects(), id)
}

/// A clone without blobs, and the origin that has them.
fn blobless() -> (Scratch, Scratch) {
    let origin = Scratch::new();
    for number in 0..20 {
        origin.write(&format!("qa/{number}.yaml"), format!("tag: v{number}"));
        origin.write(&format!("prod/{number}.yaml"), format!("tag: p{number}"));
    }
    origin.commit("files");
    origin.put("qa/7.yaml", "tag: later");
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    origin.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let clone = Scratch::of(origin.root(), &["--bare", "--filter=blob:none"]);
    (origin, clone)
}

/// How often something was fetched into a clone: each fetch brings a pack.
fn packs(clone: &Scratch) -> usize {
    let packs = fs::read_dir(clone.root().join("objects/pack")).unwrap();
    packs.filter(|file| file.as_ref().unwrap().path().extension() == Some("pack".as_ref())).count()
}

#[test]
fn a_blobless_clone_fetches_a_directory_at_once_when_one_of_its_files_is_read() {
    let (_origin, clone) = blobless();
    let repository = clone.repository();
    assert!(repository.is_partial());
    let tree = repository.tree_of(&repository.head().unwrap().unwrap()).unwrap();
    let before = packs(&clone);
    let files = tree.walk(&RepoPath::root(), |_| true).unwrap();
    assert_eq!((files.len(), packs(&clone)), (40, before), "listing needs no blobs");
    for file in tree.walk(&path("qa"), |_| true).unwrap() {
        tree.read(&file).unwrap();
    }
    assert_eq!(packs(&clone), before + 1);
    assert_eq!(tree.read(&path("qa/7.yaml")).unwrap().text(), "tag: later");
}

#[test]
fn a_blobless_clone_has_its_history_without_blobs_and_fetches_those_at_once() {
    let (_origin, clone) = blobless();
    let repository = clone.repository();
    let tip = repository.head().unwrap().unwrap();
    let before = packs(&clone);
    let log = rungs::git::Log::new(repository.clone());
    let history: &dyn rungs::git::CommitHistory = &log;
    let steps: Vec<_> = history.steps(&tip, &[]).unwrap().map(Result::unwrap).collect();
    let ids: Vec<ObjectName> = steps
        .iter()
        .flat_map(|step| step.changes.iter().filter_map(|one| one.after.clone()))
        .collect();
    assert_eq!((steps.len(), ids.len(), packs(&clone)), (2, 41, before));
    history.prefetch(&ids).unwrap();
    for id in &ids {
        assert!(history.blob(id).unwrap().starts_with(b"tag: "));
    }
    assert_eq!(packs(&clone), before + 1);
    history.prefetch(&ids).unwrap();
    assert_eq!(packs(&clone), before + 1, "what is there is not fetched again");
}

#[test]
fn a_blobless_clone_whose_remote_is_gone_says_so() {
    let (origin, clone) = blobless();
    let tree = work_tree_of(&clone);
    let gone = origin.root().display().to_string();
    drop(origin);
    let error = tree.read(&path("qa/7.yaml")).unwrap_err();
    let ReadErrorKind::Failed(reason) = &error.kind else { panic!("{error:?}") };
    assert!(reason.contains("`git cat-file` failed: "), "{reason}");
    assert!(reason.contains(&gone) || reason.contains("promisor"), "{reason}");
    assert!(error.kind.is_outside_world());
}

fn work_tree_of(clone: &Scratch) -> Tree {
    let repository = clone.repository();
    repository.tree_of(&repository.head().unwrap().unwrap()).unwrap()
}

#[test]
fn a_linked_work_tree_shares_objects_and_has_a_head_of_its_own() {
    let scratch = Scratch::new();
    varied(&scratch);
    let (_kept, directory) = elsewhere();
    let linked = directory.join("linked");
    scratch.git(&["worktree", "add", "-q", "-b", "other", linked.to_str().unwrap()]);
    reads_all(&linked);
    let repository = repository(&linked.join("nested"));
    assert_eq!(repository.prefix().as_str(), "nested");
    assert_eq!(repository.symbolic("HEAD").unwrap().unwrap(), "refs/heads/other");
    let own = scratch.root().canonicalize().unwrap().join(".git");
    assert_eq!(repository.common_directory().canonicalize().unwrap(), own);
    assert!(repository.git_directory().starts_with(own.join("worktrees")));
    assert!(!repository.is_bare());
}

#[test]
fn a_clone_with_alternates_reads_what_the_other_has() {
    let scratch = Scratch::new();
    varied(&scratch);
    let (_kept, directory) = elsewhere();
    let shared = directory.join("shared");
    scratch.git(&["clone", "-q", "--shared", ".", shared.to_str().unwrap()]);
    assert!(shared.join(".git/objects/info/alternates").exists());
    reads_all(&shared);
}

#[test]
fn a_submodule_is_a_repository_of_its_own_and_cannot_be_read_in_the_one_around_it() {
    let (inner, outer) = (Scratch::new(), Scratch::new());
    inner.put("web.yaml", "inner");
    outer.put("web.yaml", "outer");
    let url = inner.root().to_str().unwrap();
    outer.git(&["submodule", "--quiet", "add", url, "vendor"]);
    outer.commit("submodule");
    let around = outer.repository();
    let tree = around.tree_of(&around.head().unwrap().unwrap()).unwrap();
    assert!(matches!(tree.read(&path("vendor")).unwrap_err().kind, ReadErrorKind::NotAFile));
    let error = tree.read(&path("vendor/web.yaml")).unwrap_err();
    assert!(matches!(error.kind, ReadErrorKind::Missing), "{error:?}");
    let inside = repository(&outer.root().join("vendor"));
    let tree = inside.tree_of(&inside.head().unwrap().unwrap()).unwrap();
    assert_eq!(tree.read(&path("web.yaml")).unwrap().text(), "inner");
    assert!(inside.prefix().is_root());
}

#[test]
fn names_that_differ_by_case_only_are_two_files_of_a_commit() {
    let scratch = Scratch::with(&["--bare"]);
    let objects = scratch.repository().objects();
    let entry = |name: &str| TreeEntry {
        name: name.as_bytes().to_vec(),
        mode: FileMode::File,
        id: objects.write_blob(name.as_bytes()).unwrap(),
    };
    let tree = objects.write_tree(&[entry("a.yaml"), entry("A.yaml")]).unwrap();
    let commit = scratch.later(&["commit-tree", tree.as_str(), "-m", "clash"]);
    for repository in [scratch.repository(), by_program(&scratch)] {
        let tree = repository.tree_of(&name(&commit)).unwrap();
        for file in ["a.yaml", "A.yaml"] {
            assert_eq!(tree.read(&path(file)).unwrap().text(), file);
        }
        assert_eq!(tree.list(&RepoPath::root()).unwrap().len(), 2);
    }
}

#[test]
fn a_bare_repository_is_seen_from_its_root() {
    let origin = Scratch::new();
    varied(&origin);
    let bare = Scratch::of(origin.root(), &["--bare"]);
    reads_all(bare.root());
    let repository = bare.repository();
    assert!(repository.is_bare() && repository.prefix().is_root());
    assert_eq!(repository.git_directory(), bare.root().canonicalize().unwrap());
}

#[test]
fn an_empty_repository_has_no_head_and_no_revisions() {
    let scratch = Scratch::new();
    for repository in [scratch.repository(), by_program(&scratch)] {
        assert_eq!(repository.head(), Ok(None));
        assert_eq!(repository.reference("refs/heads/main"), Ok(None));
        assert_eq!(repository.symbolic("HEAD").unwrap().unwrap(), "refs/heads/main");
        assert!(!repository.is_shallow());
    }
    let error = work_tree(scratch.root()).at("v1").err();
    assert!(matches!(error, Some(RevisionError::Absent { .. })), "{error:?}");
}

#[test]
fn a_corrupt_object_is_an_error_and_the_others_are_read() {
    let scratch = Scratch::new();
    scratch.put("a.yaml", "a: 1");
    scratch.put("b.yaml", "b: 1");
    let id = scratch.git(&["rev-parse", "HEAD:a.yaml"]);
    let file = scratch.root().join(".git/objects").join(&id[..2]).join(&id[2..]);
    fs::remove_file(&file).unwrap();
    fs::write(&file, "no zlib").unwrap();
    for repository in [scratch.repository(), by_program(&scratch)] {
        let tree = repository.tree_of(&repository.head().unwrap().unwrap()).unwrap();
        let error = tree.read(&path("a.yaml")).unwrap_err();
        assert!(error.kind.is_outside_world(), "{error:?}");
        assert!(!error.to_string().contains('\n'), "{error}");
        assert_eq!(tree.read(&path("b.yaml")).unwrap().text(), "b: 1");
    }
}

#[test]
fn crafted_names_are_an_error_in_both_ways_of_reading() {
    let scratch = Scratch::new();
    scratch.put("a", "x");
    let blob = name(&scratch.git(&["rev-parse", "HEAD:a"]));
    for odd in ["..", ".", "a/b", "../../etc/passwd", ""] {
        let digits = blob.as_str().as_bytes().chunks(2);
        let digit = |two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap();
        let mut bytes = format!("100644 {odd}\0").into_bytes();
        bytes.extend(digits.map(digit));
        scratch.write(".git/crafted", bytes);
        let literally = ["hash-object", "-t", "tree", "--literally", "-w", ".git/crafted"];
        let tree = scratch.git(&literally);
        let commit = name(&scratch.later(&["commit-tree", &tree, "-m", "crafted"]));
        for repository in [scratch.repository(), by_program(&scratch)] {
            let tree = repository.tree_of(&commit).unwrap();
            assert!(tree.list(&RepoPath::root()).is_err(), "{odd}");
        }
    }
}

#[test]
fn a_file_that_is_too_large_is_refused_by_its_size() {
    let scratch = Scratch::new();
    scratch.write("large", "x".repeat(5 << 20));
    scratch.commit("large");
    for repository in [scratch.repository(), by_program(&scratch)] {
        let tree = repository.tree_of(&repository.head().unwrap().unwrap()).unwrap();
        let error = tree.read(&path("large")).unwrap_err();
        assert!(matches!(error.kind, ReadErrorKind::TooLarge { size: 5_242_880 }), "{error:?}");
    }
}

#[test]
fn replaced_objects_are_read_as_they_were() {
    let scratch = Scratch::new();
    let first = scratch.put("web.yaml", "v1");
    let second = scratch.put("web.yaml", "v2");
    scratch.git(&["replace", &second, &first]);
    for repository in [scratch.repository(), by_program(&scratch)] {
        let tree = repository.tree_of(&name(&second)).unwrap();
        assert_eq!(tree.read(&path("web.yaml")).unwrap().text(), "v2");
    }
    assert_eq!(scratch.steps(&["web.yaml"]).len(), 2);
}

#[test]
fn variables_that_name_another_clone_are_ignored() {
    if is_alone() {
        let directory = std::env::var_os("RUNGS_TEST_DIRECTORY").unwrap();
        reads_all(Path::new(&directory));
        return;
    }
    let (other, sha1) = (Scratch::new(), Scratch::new());
    let sha256 = Scratch::with(&["--object-format=sha256"]);
    other.put("web.yaml", "other");
    let dot_git = other.root().join(".git");
    for scratch in [&sha1, &sha256] {
        varied(scratch);
        let variables = [
            ("RUNGS_TEST_DIRECTORY", scratch.root()),
            ("GIT_DIR", &dot_git),
            ("GIT_WORK_TREE", other.root()),
            ("GIT_OBJECT_DIRECTORY", &dot_git.join("objects")),
            ("GIT_INDEX_FILE", &dot_git.join("index")),
            ("GIT_CEILING_DIRECTORIES", scratch.root()),
        ];
        passes_alone("kinds::variables_that_name_another_clone_are_ignored", &variables);
    }
}

#[test]
fn a_clone_of_another_user_is_refused_with_the_command_that_trusts_it() {
    if is_alone() {
        let directory = std::env::var_os("RUNGS_TEST_DIRECTORY").unwrap();
        let directory = Path::new(&directory);
        let finding = LocalClone::containing(directory).err().unwrap().finding();
        let shown = directory.display();
        assert_eq!(finding.message, format!("`{shown}` belongs to another user"));
        let expected = format!(
            "if you trust its configuration, run \
             `git config --global --add safe.directory {shown}`"
        );
        assert_eq!(finding.help, Some(expected));
        return;
    }
    let (_kept, home) = elsewhere();
    for format in ["sha1", "sha256"] {
        let scratch = Scratch::with(&[&format!("--object-format={format}")]);
        scratch.put("web.yaml", "v1");
        let foreign = Command::new("chown").args(["-R", "12345"]).arg(scratch.root()).output();
        if !foreign.is_ok_and(|output| output.status.success()) {
            println!("skipped: only root can give a directory to another user");
            return;
        }
        let directory = scratch.root().canonicalize().unwrap();
        let config = home.join("none");
        let variables = [
            ("RUNGS_TEST_DIRECTORY", &*directory),
            ("HOME", &home),
            ("XDG_CONFIG_HOME", &home),
            ("GIT_CONFIG_GLOBAL", &config),
            ("GIT_CONFIG_SYSTEM", &config),
        ];
        let test = "kinds::a_clone_of_another_user_is_refused_with_the_command_that_trusts_it";
        passes_alone(test, &variables);
    }
}
