//! Repositories with a remote, people's clones of it, and the files of both.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::git::{self, belongs_to, git};
use super::program::{rungs_done, transcript};

/// A bare repository and its clones, in a directory that is removed when this is
/// dropped.
pub struct Remote {
    directory: TempDir,
}

impl Remote {
    /// A bare repository whose branch `main` has one commit with these files.
    ///
    /// # Panics
    ///
    /// If git fails.
    pub fn new(files: &BTreeMap<String, String>) -> Self {
        let remote =
            Self { directory: crate::support::directory::temporary().expect("a directory") };
        git::seeded(&remote.bare(), files.iter().map(|(path, text)| (&**path, &**text)));
        remote
    }

    /// A path beside the bare repository.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The bare repository.
    pub fn bare(&self) -> PathBuf {
        self.path("remote.git")
    }

    /// Its address for a client of the same machine.
    pub fn file_url(&self) -> String {
        format!("file://{}", self.bare().display())
    }

    /// A new clone from an address, for a person of that name.
    ///
    /// # Panics
    ///
    /// If git fails.
    pub fn clone_from(&self, url: &str, name: &str) -> PathBuf {
        let clone = self.path(name);
        git::clone(url, &clone, &[]);
        belongs_to(&clone, name);
        clone
    }

    /// A new clone over `file://`.
    ///
    /// # Panics
    ///
    /// If git fails.
    pub fn cloned(&self, name: &str) -> PathBuf {
        self.clone_from(&self.file_url(), name)
    }

    /// The commit that `main` is at.
    pub fn tip(&self) -> String {
        git(&self.bare(), &["rev-parse", "main"])
    }

    /// The branches.
    pub fn branches(&self) -> Vec<String> {
        let list =
            git(&self.bare(), &["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/"]);
        list.lines().map(str::to_owned).collect()
    }

    /// The first-parent commits of `main` after `base`, oldest first.
    pub fn commits_since(&self, base: &str) -> Vec<String> {
        let range = format!("{base}..main");
        let list = git(&self.bare(), &["rev-list", "--first-parent", "--reverse", &range]);
        list.lines().map(str::to_owned).collect()
    }

    /// The paths that a commit changed against its first parent.
    pub fn changed(&self, commit: &str) -> Vec<String> {
        let arguments =
            ["diff-tree", "-r", "--name-only", "--no-commit-id", "-m", "--first-parent"];
        let list = git(&self.bare(), &[&arguments[..], &[commit]].concat());
        list.lines().map(str::to_owned).collect()
    }

    /// Every file of a revision.
    pub fn files(&self, revision: &str) -> BTreeMap<String, String> {
        files_at(&self.bare(), revision)
    }
}

/// Every file of a revision, by path.
///
/// # Panics
///
/// If git fails, or a file is not UTF-8.
pub fn files_at(repository: &Path, revision: &str) -> BTreeMap<String, String> {
    let names = git(repository, &["ls-tree", "-r", "-z", "--name-only", "--full-tree", revision]);
    let names = names.split('\0').filter(|name| !name.is_empty());
    let names: Vec<&str> = names.collect();
    let mut input = tempfile::tempfile().expect("a file");
    for name in &names {
        writeln!(input, "{revision}:{name}").expect("room on the disk");
    }
    input.rewind().expect("a file");
    let output = git::command(repository).args(["cat-file", "--batch"]).stdin(input).output();
    let output = output.expect("git starts");
    assert!(output.status.success(), "{}", transcript(&output));
    let mut rest = &output.stdout[..];
    let mut file = |name: &&str| {
        let (header, after) = rest.split_at(rest.iter().position(|byte| *byte == b'\n').unwrap());
        let header = str::from_utf8(header).unwrap();
        let size = header.rsplit(' ').next().and_then(|size| size.parse::<usize>().ok());
        let size = size.unwrap_or_else(|| panic!("{name}: {header}"));
        let (text, after) = after[1..].split_at(size);
        rest = &after[1..];
        ((*name).to_owned(), String::from_utf8(text.to_vec()).expect("a text"))
    };
    names.iter().map(&mut file).collect()
}

/// Writes files below a directory.
///
/// # Panics
///
/// If the disk fails.
pub fn lay_out(root: &Path, files: &BTreeMap<String, String>) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
}

/// Every file below a directory, except git's own.
///
/// # Panics
///
/// If the disk fails.
pub fn files_in(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(root).into_iter();
    let entries = entries.filter_entry(|entry| entry.file_name() != ".git");
    let files = entries.map(|entry| entry.expect("the directory can be read"));
    let files = files.filter(|entry| entry.file_type().is_file());
    let file = |entry: walkdir::DirEntry| {
        let name = entry.path().strip_prefix(root).expect("it is below").to_string_lossy();
        (name.into_owned(), fs::read(entry.path()).expect("a file can be read"))
    };
    files.map(file).collect()
}

/// Copies a directory with everything in it.
///
/// # Panics
///
/// If the disk fails.
pub fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("the directory can be read");
        let target = to.join(entry.path().strip_prefix(from).expect("it is below"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).expect("a directory");
        } else {
            fs::copy(entry.path(), &target).expect("a file can be copied");
        }
    }
}

/// The template of [`native`]'s apps.
const TEMPLATE: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ app }}
spec:
  selector:
    matchLabels: { app: {{ app }} }
  template:
    metadata:
      labels: { app: {{ app }} }
    spec:
      containers:
        - name: web
          image: {{ images.web.ref | quote }}
";

/// The files of a native repository with its rendered files. `ladder` has its environments
/// from the lowest rung up, with the tag that every app has there.
///
/// # Panics
///
/// If it does not render.
pub fn native(
    ladder: &[(&str, &str)],
    apps: &[String],
    more: &[(&str, &str)],
) -> BTreeMap<String, String> {
    let names: Vec<_> = ladder.iter().map(|(environment, _)| *environment).collect();
    let mut files = BTreeMap::from([
        ("rungs.yaml".to_owned(), format!("version: 1\nladder: [{}]\n", names.join(", "))),
        ("templates/web/deployment.yaml.tera".to_owned(), TEMPLATE.to_owned()),
    ]);
    for (environment, tag) in ladder {
        for app in apps {
            files.insert(native_file(environment, app), native_app(app, tag));
        }
    }
    files.extend(more.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    let directory = crate::support::directory::temporary().expect("a directory");
    lay_out(directory.path(), &files);
    rungs_done(directory.path(), &["render"]);
    let files = files_in(directory.path()).into_iter();
    files.map(|(path, bytes)| (path, String::from_utf8(bytes).expect("a text"))).collect()
}

/// The file that puts an app into an environment.
pub fn native_file(environment: &str, app: &str) -> String {
    format!("environments/{environment}/{app}.yaml")
}

/// The text of that file.
pub fn native_app(app: &str, tag: &str) -> String {
    format!(
        "template: web\nimages:\n  web:\n    repository: registry.example.com/{app}\n    \
         tag: {tag} # by promotion\n"
    )
}

/// The file that is rendered from it.
pub fn rendered_file(environment: &str, app: &str) -> String {
    format!("rendered/{environment}/{app}/deployment-{app}.yaml")
}
