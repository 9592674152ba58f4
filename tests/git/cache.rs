//! Clones of addresses that are kept between runs, by the real git.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::SystemTime;

use jiff::Timestamp;
use rungs::git::{
    Cache, CloneWriter, CommitIdentity, CommitMetadata, GitConfig, LocalClone, PushTarget, Remote,
    RepositoryAddress, TipOutcome, Variables, Workspace, WorkspaceOptions,
};
use rungs::source::{FileChanges, RepoPath};
use tempfile::TempDir;

use crate::support::git::{self, git};
use crate::support::smart_http::SmartHttp;

struct Case {
    directory: TempDir,
    bare: PathBuf,
    cache: Cache,
    address: RepositoryAddress,
}

fn case() -> Case {
    let directory = crate::support::directory::temporary().unwrap();
    let bare = git::origin(directory.path(), &[("apps/web", "v1"), ("apps/api", "v1")]);
    git(&bare, &["tag", "v1", "main"]);
    let cache = Cache::at(directory.path().join("cache"));
    let address = RepositoryAddress::parse(&format!("file://{}", bare.display())).unwrap();
    Case { directory, bare, cache, address }
}

impl Case {
    fn fetch(&self) -> PathBuf {
        self.cache.fetch(&self.address, SystemTime::now).unwrap()
    }

    fn push(&self, file: &str, text: &str) {
        let clone = crate::support::directory::temporary().unwrap();
        git::clone(self.address.as_str(), &clone.path().join("c"), &[]);
        fs::write(clone.path().join("c").join(file), text).unwrap();
        git(&clone.path().join("c"), &["commit", "-qam", text]);
        git(&clone.path().join("c"), &["push", "-q", "origin", "HEAD:main"]);
    }

    /// The names in the directory of cached clones.
    fn kept(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path().join("cache")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn tip(clone: &Path) -> String {
    git(clone, &["rev-parse", "refs/remotes/origin/main"])
}

fn write(clone: &Path, file: &str, text: &str) -> TipOutcome {
    let repository = Arc::new(LocalClone::containing(clone).unwrap().unwrap());
    let writer = CloneWriter::new(repository).unwrap();
    let settings = GitConfig::new([("user.name", "T"), ("user.email", "t@example.com")]);
    let identity = CommitIdentity::of(None, &Variables::default(), &settings).unwrap();
    let remote = Remote::of(None, writer.config()).unwrap().unwrap();
    let (options, variables) = (WorkspaceOptions::default(), Variables::default());
    let workspace = Workspace::at(clone, options, variables, |_| Ok(None));
    let branch = workspace.base_branch().unwrap().clone();
    let path = RepoPath::new(file).unwrap();
    let changes = FileChanges::from([(path, Some(text.as_bytes().to_vec()))]);
    let metadata =
        CommitMetadata { message: text, identity: &identity, time: Timestamp::UNIX_EPOCH };
    let to = PushTarget::new(&remote, &branch);
    writer.commit_on_tip(&to, |tip| writer.commit(tip, &changes, &metadata)).unwrap()
}

#[test]
fn the_first_run_clones_and_later_ones_fetch() {
    let case = case();
    let clone = case.fetch();
    assert_eq!(tip(&clone), git(&case.bare, &["rev-parse", "main"]));
    assert_eq!(git(&clone, &["rev-parse", "v1"]), tip(&clone));
    assert_eq!(git(&clone, &["for-each-ref", "refs/heads/"]), "");
    case.push("apps/web", "v2");
    git(&case.bare, &["branch", "gone", "main"]);
    assert_eq!(case.fetch(), clone);
    assert_eq!(tip(&clone), git(&case.bare, &["rev-parse", "main"]));
    git(&case.bare, &["branch", "-D", "gone"]);
    case.fetch();
    let known = git(&clone, &["for-each-ref", "--format=%(refname)", "refs/remotes/"]);
    assert_eq!(known, "refs/remotes/origin/HEAD\nrefs/remotes/origin/main");
    assert!(git::is_sound(&clone));
}

#[test]
fn only_whoever_made_it_may_read_it() {
    let case = case();
    case.fetch();
    let cache = fs::metadata(case.directory.path().join("cache")).unwrap();
    assert_eq!(cache.permissions().mode() & 0o777, 0o700);
}

#[test]
fn blobs_come_when_they_are_read_and_all_history_is_there() {
    let case = case();
    case.push("apps/web", "v2");
    let clone = case.fetch();
    assert_eq!(git(&clone, &["rev-list", "--count", "origin/main"]), "2");
    let missing = git(&clone, &["rev-list", "--objects", "--all", "--missing=print"]);
    assert!(missing.lines().any(|line| line.starts_with('?')), "{missing}");
    assert!(matches!(write(&clone, "apps/web", "v3"), TipOutcome::Committed { .. }));
    assert_eq!(git(&case.bare, &["show", "main:apps/web"]), "v3");
    assert!(clone.join("objects/info/commit-graphs").is_dir(), "paths are looked up");
}

#[test]
fn a_server_that_cannot_filter_works_as_well() {
    let case = case();
    git(&case.bare, &["config", "uploadpack.allowFilter", "false"]);
    let clone = case.fetch();
    assert!(matches!(write(&clone, "apps/web", "v2"), TipOutcome::Committed { .. }));
    case.fetch();
    assert_eq!(tip(&clone), git(&case.bare, &["rev-parse", "main"]));
}

#[test]
fn sha_256_repositories_are_cached() {
    let directory = crate::support::directory::temporary().unwrap();
    let root = directory.path();
    git(root, &["init", "-q", "--bare", "--object-format=sha256", "o.git"]);
    git(root, &["init", "-q", "--object-format=sha256", "c"]);
    git(&root.join("c"), &["commit", "-q", "--allow-empty", "-m", "seed"]);
    git(&root.join("c"), &["push", "-q", "../o.git", "HEAD:refs/heads/main"]);
    let address = RepositoryAddress::parse(&format!("file://{}/o.git", root.display())).unwrap();
    let clone = Cache::at(root.join("cache")).fetch(&address, SystemTime::now).unwrap();
    assert_eq!(tip(&clone).len(), 64);
}

#[test]
fn an_empty_repository_is_cached_and_its_first_commit_found() {
    let directory = crate::support::directory::temporary().unwrap();
    let root = directory.path();
    git(root, &["init", "-q", "--bare", "o.git"]);
    let address = RepositoryAddress::parse(&format!("file://{}/o.git", root.display())).unwrap();
    let cache = Cache::at(root.join("cache"));
    let clone = cache.fetch(&address, SystemTime::now).unwrap();
    git(root, &["init", "-q", "c"]);
    git(&root.join("c"), &["commit", "-q", "--allow-empty", "-m", "seed"]);
    git(&root.join("c"), &["push", "-q", "../o.git", "HEAD:refs/heads/main"]);
    assert_eq!(cache.fetch(&address, SystemTime::now).unwrap(), clone);
    assert_eq!(tip(&clone), git(&root.join("o.git"), &["rev-parse", "main"]));
}

#[test]
fn runs_at_once_share_one_clone() {
    let case = case();
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for number in 0..8 {
            let (start, case) = (&start, &case);
            scope.spawn(move || {
                start.wait();
                let clone = case.fetch();
                write(&clone, &format!("apps/{number}"), "v1");
            });
        }
    });
    assert_eq!(git(&case.bare, &["rev-list", "--count", "main"]), "9");
    assert_eq!(case.kept().len(), 2, "{:?}", case.kept());
}

#[test]
fn a_clone_that_is_damaged_or_half_made_is_made_again() {
    let case = case();
    let clone = case.fetch();
    let damages: [&dyn Fn(&Path); 6] = [
        &|clone| fs::remove_dir_all(clone.join("objects")).unwrap(),
        &|clone| fs::write(clone.join("HEAD"), "").unwrap(),
        &|clone| fs::write(clone.join("config"), "[core\n").unwrap(),
        &|clone| fs::remove_dir_all(clone).unwrap(),
        // A fetch that was killed left it behind.
        &|clone| fs::write(clone.join("packed-refs.lock"), "").unwrap(),
        &|clone| {
            for entry in fs::read_dir(clone.join("objects/pack")).unwrap() {
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
        },
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        damage(&clone);
        let unfinished = format!("{}.tmp-new-1", clone.file_stem().unwrap().to_str().unwrap());
        fs::create_dir_all(clone.with_file_name(unfinished).join("objects")).unwrap();
        git(&case.bare, &["branch", &format!("b{number}"), "main"]);
        // A lock that is left shows when a branch is removed.
        if number > 0 {
            git(&case.bare, &["branch", "-D", &format!("b{}", number - 1)]);
        }
        assert_eq!(case.fetch(), clone, "{number}");
        let known = git(&clone, &["for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes/"]);
        assert_eq!(known, format!("HEAD\nb{number}\nmain"), "{number}");
        assert_eq!(case.kept().len(), 2, "{number}: {:?}", case.kept());
        assert!(git::is_sound(&clone), "{number}");
    }
}

#[test]
fn a_server_that_is_gone_is_exit_4_and_the_clone_is_kept() {
    let case = case();
    let clone = case.fetch();
    fs::rename(&case.bare, case.bare.with_extension("gone")).unwrap();
    let finding = case.cache.fetch(&case.address, SystemTime::now).unwrap_err();
    assert_eq!((finding.code.name, finding.code.kind.exit_code()), ("remote-unreachable", 4));
    fs::rename(case.bare.with_extension("gone"), &case.bare).unwrap();
    let made = fs::metadata(clone.join("config")).unwrap().modified().unwrap();
    case.fetch();
    assert_eq!(fs::metadata(clone.join("config")).unwrap().modified().unwrap(), made);
}

#[test]
fn a_server_that_refuses_leaves_no_clone_behind() {
    let case = case();
    let server = SmartHttp::serve(case.directory.path());
    server.behave(|it| it.password = Some(("me".into(), "hunter2".into())));
    let address = RepositoryAddress::parse(&server.url("origin.git")).unwrap();
    let finding = case.cache.fetch(&address, SystemTime::now).unwrap_err();
    assert_eq!(finding.code.name, "remote-unreachable");
    assert_eq!(case.kept().len(), 1, "{:?}", case.kept());
}

#[test]
fn a_cache_that_cannot_be_written_says_so() {
    let case = case();
    fs::write(case.directory.path().join("cache"), "a file").unwrap();
    let finding = case.cache.fetch(&case.address, SystemTime::now).unwrap_err();
    assert_eq!((finding.code.name, finding.code.kind.exit_code()), ("cache-unwritable", 4));
    let help = finding.help.unwrap_or_default();
    assert!(help.contains("`RUNGS_CACHE`") && !help.contains("--"), "no option names it: {help}");
}

#[test]
fn the_cache_is_where_the_variables_say() {
    let of = |variables: &[(&str, &str)]| {
        let cache = Cache::of(&Variables::new(variables.iter().copied()));
        let text = format!("{cache:?}");
        let (_, directory) = text.split_once("directory: \"").unwrap_or_default();
        directory.split('"').next().unwrap_or_default().to_owned()
    };
    let home = ("HOME", "/h");
    let xdg = ("XDG_CACHE_HOME", "/x");
    assert_eq!(of(&[home, xdg, ("RUNGS_CACHE", "/r")]), "/r");
    assert_eq!(of(&[home, xdg]), "/x/rungs");
    assert_eq!(of(&[home, ("XDG_CACHE_HOME", "relative")]), "/h/.cache/rungs");
    assert_eq!(of(&[]), "");
}
