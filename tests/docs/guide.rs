//! The first guide works as written: its files are laid out in an empty
//! directory, and rendered.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{Dialect, parse};

use crate::support::program::{rungs, rungs_done, scrubbed, transcript};

fn page(guide: &str) -> String {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide").join(guide);
    fs::read_to_string(guide).expect("the guide is there")
}

/// The fenced blocks of a language, those in lists without their indentation.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut indentation = None;
    for line in page.lines() {
        let text = line.trim_start();
        match indentation {
            Some(_) if text == "```" => indentation = None,
            Some(width) => {
                let block = blocks.last_mut().expect("a block was started");
                block.push_str(line.get(width..).unwrap_or_default());
                block.push('\n');
            }
            None if text.strip_prefix("```") == Some(language) => {
                indentation = Some(line.len() - text.len());
                blocks.push(String::new());
            }
            None => {}
        }
    }
    blocks
}

/// Writes the files that a guide shows, in its order: blocks whose first line is
/// a comment that starts with a path. A later block replaces an earlier one.
fn lay_out(guide: &str, root: &Path) {
    for block in blocks(&page(guide), "yaml") {
        let (heading, body) = block.split_once('\n').expect("a block has lines");
        // "# environments/e2e/hello.yaml, and the same in environments/stage/hello.yaml"
        let words = heading.strip_prefix('#').unwrap_or_default().split([' ', ',']);
        for path in words.filter(|word| word.contains(".yaml")) {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a file is in a directory"))
                .expect("a directory");
            fs::write(path, body).expect("a file");
        }
    }
}

#[test]
fn the_first_guide_renders_what_it_says() {
    let directory = crate::support::directory::temporary().expect("a directory");
    let root = directory.path();
    lay_out("first-environments.md", root);
    let output = rungs(root, &["render"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let read = |path: &str| fs::read_to_string(root.join("rendered").join(path)).expect(path);
    assert!(
        read("qa/hello/deployment-hello.yaml").contains("image: registry.example.com/hello:1.5")
    );
    let prod = read("prod/hello/deployment-hello.yaml");
    for line in ["namespace: hello-prod", "replicas: 3", "criticality: high", "hello:1.4"] {
        assert!(prod.contains(line), "{line} is missing in\n{prod}");
    }
    let brought: Vec<_> = fs::read_dir(root.join("rendered/prod/_environment"))
        .expect("the environment brings something")
        .map(|entry| entry.expect("a name").file_name().to_string_lossy().into_owned())
        .collect();
    for kind in ["namespace-", "resourcequota-", "rolebinding-"] {
        assert!(brought.iter().any(|name| name.starts_with(kind)), "no {kind} in {brought:?}");
    }
    assert!(rungs(root, &["render", "--check"]).status.success());
}

/// The demo with the files of a guide, and what its commands print there.
fn followed_in_the_demo(guide: &str, section: &str) -> tempfile::TempDir {
    let directory = crate::support::directory::temporary().expect("a directory");
    let root = directory.path();
    rungs_done(root, &["init", "."]);
    let page = page(guide);
    let steps = page.split(section).next().expect("a text has a beginning");
    for block in blocks(steps, "yaml") {
        let (heading, body) = block.split_once('\n').expect("a block has lines");
        let path = root.join(heading.strip_prefix("# ").expect("a path"));
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory");
        fs::write(path, body).expect("a file");
    }
    let commands = blocks(steps, "console").concat();
    for command in commands.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let words: Vec<_> = command.split_whitespace().collect();
        match words[0] {
            "rungs" => drop(rungs_done(root, &words[1..])),
            "git" => {}
            program => {
                let output = scrubbed(program).args(&words[1..]).current_dir(root).output();
                let output = output.expect("it starts");
                assert!(output.status.success(), "{command}: {}", transcript(&output));
            }
        }
    }
    directory
}

#[test]
fn an_app_is_added_to_the_demo_as_the_guide_says() {
    let directory = followed_in_the_demo("adding-an-app.md", "\n## ");
    let rendered = directory.path().join("rendered/qa/search/deployment-search.yaml");
    let rendered = fs::read_to_string(rendered).expect("it is rendered");
    assert!(rendered.contains("image: registry.example.com/shop/search:v12"), "{rendered}");
    assert!(rungs(directory.path(), &["render", "--check"]).status.success());
}

#[test]
fn an_environment_is_added_to_the_demo_as_the_guide_says() {
    let directory = followed_in_the_demo("adding-an-environment.md", "\n## ");
    let status = rungs_done(directory.path(), &["status", "--format", "json"]);
    assert!(status.contains("\"demo\""), "{status}");
    assert!(directory.path().join("rendered/demo/guestbook").is_dir());
}

/// A block can be pasted only if it is YAML: two alternatives under one key are not.
#[test]
fn every_block_of_yaml_is_yaml() {
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
    for path in fs::read_dir(guides).expect("guides").map(|entry| entry.expect("a name").path()) {
        let page = fs::read_to_string(&path).expect("a text");
        for block in blocks(&page, "yaml") {
            // The text of a template is no YAML yet.
            if block.contains("{{ ") || block.contains("{% ") || block.contains("{# ") {
                continue;
            }
            let block = block.replace("\non:", "\n'on':").replace("${{", "$");
            let file = SourceFile::new(RepoPath::new("block.yaml").expect("a path"), block);
            let parsed = parse(&Arc::new(file), Dialect::Kubectl);
            assert!(parsed.is_ok(), "{}: {parsed:?}", path.display());
        }
    }
}

#[test]
fn every_gate_of_the_guide_can_be_configured() {
    let directory = crate::support::directory::temporary().expect("a directory");
    rungs_done(directory.path(), &["init", "."]);
    let file = directory.path().join("environments/qa/environment.yaml");
    let before = fs::read_to_string(&file).expect("the demo has it");
    let gates: Vec<_> = blocks(&page("gates.md"), "yaml")
        .into_iter()
        .filter(|block| block.starts_with("gates:"))
        .collect();
    for gates in &gates {
        fs::write(&file, format!("{before}\n{gates}")).expect("a file");
        let output = rungs(directory.path(), &["values", "guestbook", "--env", "qa"]);
        assert!(output.status.success(), "{gates}{}", transcript(&output));
    }
    assert!(gates.len() > 8, "{} were found", gates.len());
}
