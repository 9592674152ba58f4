//! A shop's repository: a remote, a clone of it, and runs of rungs in the clone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::git::{git, git_at};
use super::program::{rungs, rungs_in};
use super::repository::{Remote, native};

/// A template of `web` with a second image where the values have one.
pub const WITH_SIDECAR: &str = "\
apiVersion: v1
kind: Pod
metadata: { name: {{ app }} }
spec:
  containers:
    - { name: web, image: \"{{ images.web.ref }}\" }
{% if values.sidecar %}    - { name: sidecar, image: \"{{ values.sidecar }}\" }
{% endif %}";

/// Three rungs, with one file for each app.
const ADOPTED: &str = "\
version: 1
ladder: [qa, stage, prod]
sites:
  - path: '{environment}/{app}.yaml'
    kind: yaml
    fields: { image: image }
";

/// A digest that repeats one digit.
pub fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

/// A remote and a clone of it.
pub struct Shop {
    pub remote: Remote,
    pub clone: PathBuf,
}

impl Shop {
    /// A native repository with its rendered files: `qa` is at `v2`, `stage` and
    /// `prod` are at `v1`, and each has `api` and `web`.
    pub fn native(more: &[(&str, &str)]) -> Self {
        let apps = ["api".to_owned(), "web".to_owned()];
        Self::of(&native(&[("qa", "v2"), ("stage", "v1"), ("prod", "v1")], &apps, more))
    }

    /// An adopted repository with the same environments and tags. `more` is
    /// added to it, and replaces files of the same path.
    pub fn adopted(more: &[(&str, &str)]) -> Self {
        let mut files = BTreeMap::from([("rungs.yaml".to_owned(), ADOPTED.to_owned())]);
        for (environment, tag) in [("qa", "v2"), ("stage", "v1"), ("prod", "v1")] {
            for app in ["api", "web"] {
                files.insert(format!("{environment}/{app}.yaml"), image(app, tag));
            }
        }
        files.extend(more.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
        Self::of(&files)
    }

    /// An adopted repository with the usual `rungs.yaml` and more after it.
    pub fn configured(settings: &str, more: &[(&str, &str)]) -> Self {
        let configuration = format!("{ADOPTED}{settings}");
        Self::adopted(&[&[("rungs.yaml", &*configuration)], more].concat())
    }

    pub fn of(files: &BTreeMap<String, String>) -> Self {
        let remote = Remote::new(files);
        let clone = remote.cloned("ana");
        Self { remote, clone }
    }

    /// Runs rungs in the clone.
    pub fn rungs(&self, arguments: &[&str]) -> RunOutput {
        RunOutput::of(&rungs(&self.clone, arguments))
    }

    /// Runs rungs in the clone and expects that exit code.
    #[track_caller]
    pub fn ends(&self, code: i32, arguments: &[&str]) -> RunOutput {
        self.rungs(arguments).ends(code)
    }

    /// The JSON that rungs prints.
    #[track_caller]
    pub fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let output = self.ends(code, &[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// A file of the remote's `main`.
    #[track_caller]
    pub fn file(&self, path: &str) -> String {
        git(&self.remote.bare(), &["show", &format!("main:{path}")])
    }

    /// The message of the remote's newest commit.
    pub fn message(&self) -> String {
        git(&self.remote.bare(), &["log", "-1", "--format=%B", "main"])
    }

    /// The files that the remote's newest commit changed.
    pub fn changed(&self) -> Vec<String> {
        self.remote.changed("main")
    }

    /// Commits files to the remote's `main` as somebody else; a file without text is
    /// removed.
    pub fn elsewhere(&self, message: &str, files: &[(&str, Option<&str>)]) -> String {
        self.days_ago(0, message, files)
    }

    /// The same, so many days ago: a state that stood below for a moment was never there.
    pub fn days_ago(&self, days: i64, message: &str, files: &[(&str, Option<&str>)]) -> String {
        let time = Timestamp::now() - SignedDuration::from_hours(24 * days);
        let name = format!("bo-{}", self.remote.commits_since("main~0").len());
        let clone = self.remote.path(&name);
        if clone.exists() {
            git(&clone, &["pull", "-q", "--ff-only"]);
        } else {
            self.remote.cloned(&name);
        }
        for (path, text) in files {
            put(&clone, path, *text);
        }
        git(&clone, &["add", "-A", "-f"]);
        git_at(&clone, &time.to_string(), &["commit", "-q", "-m", message]);
        git(&clone, &["push", "-q"]);
        git(&clone, &["rev-parse", "HEAD"])
    }

    /// Brings the clone up to date.
    pub fn pull(&self) {
        git(&self.clone, &["pull", "-q", "--ff-only"]);
    }
}

/// Writes or removes a file of a work tree.
pub fn put(clone: &Path, path: &str, text: Option<&str>) {
    let path = clone.join(path);
    match text {
        Some(text) => {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        None => fs::remove_file(path).unwrap(),
    }
}

/// The file of an app in [`Shop::adopted`].
pub fn image(app: &str, tag: &str) -> String {
    let tag = if tag.starts_with('@') { tag.to_owned() } else { format!(":{tag}") };
    format!("# {app}\nimage: registry.example.com/shop/{app}{tag}  # by promotion\n")
}

/// The output and the exit code of a run.
#[derive(Debug, Clone)]
pub struct RunOutput {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl RunOutput {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Runs rungs in a directory with the variables of a CI.
    pub fn with(clone: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = rungs_in(clone);
        command.envs(variables.iter().copied()).args(arguments);
        Self::of(&command.output().unwrap())
    }

    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Checks that one of the findings has that code.
    #[track_caller]
    pub fn finds(self, code: &str) -> Self {
        assert!(self.stderr.contains(&format!("[{code}]")), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Checks that the output contains a text, however lines are broken.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let all = format!("{} {}", self.stdout, self.stderr);
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat(&all).contains(text), "no `{text}` in:\n{}\n{}", self.stdout, self.stderr);
        self
    }
}
