//! The pipelines that the guides show work as they are pasted: their `run:` and
//! `script:` lines are run one after the other, in a checkout like the CI's, with the
//! variables that the CI sets and a server that asks for the token.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{Dialect, parse};
use serde_json::Value;

use crate::support::git::{executable, git};
use crate::support::program::{rungs_done, scrubbed, transcript};
use crate::support::repository::{Remote, native, native_file};
use crate::support::smart_http::SmartHttp;

/// The commit that the application's pipelines run for.
const BUILT: &str = "4c1f0de09ae7b6b0d3b3a3f8a2f6b1c5d7e9f001";

/// The pull request that pipelines run for.
const REQUESTED: &str = "refs/pull/7/merge";

/// What GitHub sets.
const GITHUB: [(&str, &str); 4] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_ACTOR", "ana"),
    ("GITHUB_RUN_NUMBER", "118"),
    ("GITHUB_SHA", BUILT),
];

/// What GitLab sets, and the variable that the project has.
const GITLAB: [(&str, &str); 9] = [
    ("GITLAB_CI", "true"),
    ("GITLAB_USER_NAME", "Ana"),
    ("GITLAB_USER_EMAIL", "ana@example.com"),
    ("CI_DEFAULT_BRANCH", "main"),
    ("CI_PIPELINE_IID", "118"),
    ("CI_COMMIT_SHA", BUILT),
    ("CI_REGISTRY", "registry.gitlab.com"),
    ("CI_REGISTRY_IMAGE", "registry.gitlab.com/shop/web"),
    ("DEPLOY_TOKEN", "s3cret"),
];

/// A pipeline of a guide, with a job.
struct Pipeline {
    /// The guide and the job's name.
    name: String,
    /// The whole file.
    file: Value,
    job: Value,
}

/// What a step runs.
struct Script {
    text: String,
    variables: BTreeMap<String, String>,
    /// Where, below the workspace.
    directory: String,
}

impl Pipeline {
    fn is_github(&self) -> bool {
        self.job.get("steps").is_some()
    }

    /// Whether it runs for a pull request.
    fn is_request(&self) -> bool {
        let triggers = [&self.file["on"], &self.job["rules"]];
        let triggers = triggers.map(Value::to_string).concat();
        triggers.contains("pull_request") || triggers.contains("merge_request_event")
    }

    fn steps(&self) -> &[Value] {
        self.job["steps"].as_array().map_or(&[], Vec::as_slice)
    }

    fn checkout(&self) -> Option<&Value> {
        let is_checkout = |step: &&Value| step["uses"] == "actions/checkout@v4";
        self.steps().iter().find(is_checkout).map(|step| &step["with"])
    }

    fn scripts(&self) -> Vec<Script> {
        if let Some(lines) = self.job["script"].as_array() {
            let lines: Vec<_> = lines.iter().map(|line| line.as_str().unwrap()).collect();
            let variables = variables(&self.job["variables"]);
            return vec![Script { text: lines.join("\n"), variables, directory: String::new() }];
        }
        let script = |step: &Value| {
            let directory = step["working-directory"].as_str().unwrap_or_default();
            let text = step["run"].as_str()?.to_owned();
            Some(Script {
                text,
                variables: variables(&step["env"]),
                directory: directory.to_owned(),
            })
        };
        self.steps().iter().filter_map(script).collect()
    }

    fn text(&self) -> String {
        self.scripts().into_iter().map(|script| script.text).collect()
    }

    /// Whether it is the application's, which has another repository than the
    /// configuration.
    fn is_applications(&self) -> bool {
        let text = self.text();
        let checks_out_other = self.checkout().is_some_and(|with| with["repository"].is_string());
        text.contains("--repo") || !text.contains("rungs ") || checks_out_other
    }

    /// Whether it pushes with the job's own token.
    fn pushes_itself(&self) -> bool {
        !self.is_applications() && self.text().contains("--commit")
    }

    /// The variables that the forge sets.
    fn environment(&self) -> Vec<(&'static str, &'static str)> {
        let repository = if self.is_applications() { "shop/web" } else { "shop/deploy" };
        let mut all = if self.is_github() { GITHUB.to_vec() } else { GITLAB.to_vec() };
        let name = if self.is_github() { "GITHUB_REPOSITORY" } else { "CI_PROJECT_PATH" };
        all.extend([("CI", "true"), (name, repository)]);
        all.extend(match (self.is_github(), self.is_request()) {
            (true, true) => [("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_BASE_REF", "main")],
            (true, false) => [("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF_NAME", "main")],
            (false, true) => [
                ("CI_PIPELINE_SOURCE", "merge_request_event"),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ],
            (false, false) => [("CI_PIPELINE_SOURCE", "push"), ("CI_COMMIT_BRANCH", "main")],
        });
        all
    }

    /// The number of commits that its checkout has; none for all of them.
    fn depth(&self) -> Option<u64> {
        let stated = match self.checkout() {
            Some(with) => &with["fetch-depth"],
            None => &self.job["variables"]["GIT_DEPTH"],
        };
        stated.as_u64().filter(|depth| *depth > 0)
    }
}

/// Texts by name, with what GitHub fills in.
fn variables(map: &Value) -> BTreeMap<String, String> {
    let entries = map.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.clone(), filled(value))).collect()
}

fn filled(value: &Value) -> String {
    match value.as_str() {
        Some(text) if text.starts_with("${{ secrets.") => "s3cret".to_owned(),
        Some(text) => text.to_owned(),
        None => value.to_string(),
    }
}

/// The pipelines of every guide.
fn pipelines() -> Vec<Pipeline> {
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
    let mut paths: Vec<_> =
        fs::read_dir(guides).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| pipelines_of(path)).collect()
}

fn pipelines_of(path: &Path) -> Vec<Pipeline> {
    let page = fs::read_to_string(path).unwrap();
    let guide = path.file_name().unwrap().to_string_lossy().into_owned();
    let blocks = page.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap());
    let is_file = |block: &&str| block.contains("\njobs:\n") || block.contains("\n  script:\n");
    blocks.filter(is_file).flat_map(|block| jobs_of(&guide, block)).collect()
}

fn jobs_of(guide: &str, block: &str) -> Vec<Pipeline> {
    // The key is a yes to Kubernetes' readers of YAML, and a text to GitHub's.
    let text = block.replace("\non:", "\n\"on\":");
    let text = text.strip_prefix("on:").map_or(text.clone(), |rest| format!("\"on\":{rest}"));
    let file = SourceFile::new(RepoPath::new("pipeline.yaml").unwrap(), text);
    let documents = parse(&Arc::new(file), Dialect::Kubectl).expect(block);
    let file = serde_json::to_value(documents[0].root()).unwrap();
    let jobs = file.get("jobs").unwrap_or(&file).as_object().unwrap().clone();
    let pipeline =
        |(name, job)| Pipeline { name: format!("{guide}: {name}"), file: file.clone(), job };
    jobs.into_iter().map(pipeline).collect()
}

/// The configuration's repository behind a server, and what a job has.
struct Runner {
    remote: Remote,
    server: SmartHttp,
}

impl Runner {
    /// A repository that renders, with a state in qa that production lacks, and a
    /// pull request that promotes it.
    fn new() -> Self {
        let apps = ["web".to_owned()];
        let remote = Remote::new(&native(&[("qa", "v8"), ("production", "v7")], &apps, &[]));
        let author = remote.cloned("author");
        rungs_done(&author, &["set", "web", "--env", "qa", ":v9", "--commit"]);
        rungs_done(&author, &["promote", "web", "--to", "production", "--branch"]);
        git(&author, &["pull", "-q"]);
        git(&author, &["fetch", "-q"]);
        git(&author, &["merge", "-q", "--no-ff", "-m", "Merge", "origin/rungs/production/web"]);
        git(&author, &["push", "-q", "origin", &format!("HEAD:{REQUESTED}")]);
        fs::create_dir(remote.path("shop")).unwrap();
        for name in ["shop/deploy", "shop/deploy.git"] {
            symlink(remote.bare(), remote.path(name)).unwrap();
        }
        let server = SmartHttp::serve(&remote.path(""));
        Self { remote, server }
    }

    /// The token that the pipeline's pushes need, with its user.
    fn password(pipeline: &Pipeline) -> (&'static str, &'static str) {
        match (pipeline.is_github(), pipeline.is_applications()) {
            (true, true) => ("x-access-token", "s3cret"),
            (true, false) => ("x-access-token", "of-the-job"),
            (false, true) => ("rungs", "s3cret"),
            (false, false) => ("gitlab-ci-token", "of-the-job"),
        }
    }

    /// The directory that the job's scripts run in, with what the CI checks out.
    fn workspace(&self, pipeline: &Pipeline) -> PathBuf {
        let workspace = self.remote.path("workspace");
        fs::create_dir(&workspace).unwrap();
        let other = pipeline.checkout().and_then(|with| with["path"].as_str());
        if let Some(path) = other {
            self.check_out(pipeline, &workspace.join(path), &self.remote.file_url());
        } else if !pipeline.is_applications() {
            let (user, token) = Self::password(pipeline);
            let url = if pipeline.is_github() {
                self.server.url("shop/deploy")
            } else {
                self.server.url_with(user, token, "shop/deploy.git")
            };
            self.check_out(pipeline, &workspace, &url);
        }
        workspace
    }

    /// A checkout as the forges make it: of one commit, detached or on a branch that
    /// follows none, without the remote's `HEAD`, and without the name of a person.
    fn check_out(&self, pipeline: &Pipeline, at: &Path, url: &str) {
        git(&self.remote.path(""), &["init", "-q", at.to_str().unwrap()]);
        git(at, &["remote", "add", "origin", url]);
        let (user, token) = Self::password(pipeline);
        let header = format!("AUTHORIZATION: Basic {}", STANDARD.encode(format!("{user}:{token}")));
        if pipeline.is_github() {
            git(at, &["config", &format!("http.{}.extraheader", self.server.url("")), &header]);
        }
        let commit = if pipeline.is_request() { REQUESTED } else { "main" };
        let depth = pipeline.depth().map(|depth| format!("--depth={depth}"));
        let mut fetch = vec!["fetch", "-q", "--no-tags"];
        fetch.extend(depth.as_deref());
        // Only a fetch of everything brings the branches as well.
        let branches = (pipeline.is_github() && depth.is_none())
            .then_some("+refs/heads/*:refs/remotes/origin/*");
        let spec = format!("+{commit}:refs/remotes/ci/commit");
        fetch.extend(["origin", &spec].into_iter().chain(branches));
        git(at, &fetch);
        git(at, &["checkout", "-q", "--detach", "refs/remotes/ci/commit"]);
    }

    /// Runs a job's scripts, each of which has to succeed.
    fn run(&self, pipeline: &Pipeline) {
        let (user, token) = Self::password(pipeline);
        self.server.behave(|it| it.password = Some((user.to_owned(), token.to_owned())));
        let workspace = self.workspace(pipeline);
        let programs = self.remote.path("programs");
        fs::create_dir(&programs).unwrap();
        executable(&programs.join("docker"), "cat > /dev/null < /dev/null");
        for Script { text: script, variables, directory } in pipeline.scripts() {
            let mut shell = self.shell(&workspace.join(directory), &programs, &script);
            let variables = variables.into_iter().map(|(name, value)| (name, self.local(&value)));
            shell.envs(pipeline.environment()).envs(variables);
            let output = shell.output().unwrap();
            let text = transcript(&output);
            assert!(output.status.success(), "{}:\n{script}\n{text}", pipeline.name);
            assert!(!text.contains("warning"), "{}:\n{script}\n{text}", pipeline.name);
            assert!(!text.contains(token), "{}: the token is shown:\n{text}", pipeline.name);
        }
    }

    /// A shell as CIs start one, with rungs and a builder of images on the path.
    fn shell(&self, workspace: &Path, programs: &Path, script: &str) -> Command {
        let rungs = Path::new(env!("CARGO_BIN_EXE_rungs")).parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{}:{path}", programs.display(), rungs.display());
        let mut shell = scrubbed("bash");
        shell.args(["-e", "-c", &self.local(script)]).current_dir(workspace);
        shell.env("PATH", path).env("HOME", self.remote.path("home"));
        shell
    }

    /// A text with this server in the place of the forges.
    fn local(&self, text: &str) -> String {
        let server = self.server.url("");
        let server = server.trim_end_matches('/');
        ["https://github.com", "https://gitlab.com"]
            .iter()
            .fold(text.to_owned(), |text, forge| text.replace(forge, server))
    }

    /// The line of an environment's file that has the tag.
    fn tag(&self, environment: &str) -> String {
        let file = self.remote.files("main").remove(&native_file(environment, "web")).unwrap();
        file.lines().find(|line| line.contains("tag:")).unwrap().trim().to_owned()
    }
}

#[test]
fn every_pipeline_runs_as_it_is_pasted() {
    let pipelines = pipelines();
    for pipeline in &pipelines {
        let runner = Runner::new();
        runner.run(pipeline);
        let text = pipeline.text();
        let qa = if text.contains("rungs set") { BUILT } else { "v9" };
        let production = if text.contains("rungs promote") { qa } else { "v7" };
        for (environment, expected) in [("qa", qa), ("production", production)] {
            let has = runner.tag(environment);
            assert!(has.contains(expected), "{}: {environment} has {has}", pipeline.name);
        }
    }
    assert!(pipelines.len() >= 10, "{} were found", pipelines.len());
}

#[test]
fn every_pipeline_says_what_it_may_do_and_what_it_checks_out() {
    for pipeline in pipelines() {
        let name = &pipeline.name;
        if !pipeline.is_github() {
            let variables = &pipeline.job["variables"];
            let stated =
                ["GIT_DEPTH", "GIT_STRATEGY"].iter().any(|one| variables.get(one).is_some());
            assert!(stated, "{name}");
            continue;
        }
        let contents = &pipeline.file["permissions"]["contents"];
        let expected = if pipeline.pushes_itself() { "write" } else { "read" };
        assert_eq!(contents, expected, "{name}");
        let with = pipeline.checkout().expect(name);
        assert!(with["fetch-depth"].is_u64(), "{name}: {with}");
    }
}
