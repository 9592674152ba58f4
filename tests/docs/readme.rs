//! The command lines of README and guides do what the text says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use regex::Regex;

use crate::support::program::{scrubbed, transcript};

fn page(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Runs a line as a person's shell does, with rungs on the path.
fn shell(directory: &Path, home: &Path, line: &str) -> Output {
    let rungs = Path::new(env!("CARGO_BIN_EXE_rungs")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut shell = scrubbed("sh");
    shell.env("PATH", format!("{}:{path}", rungs.display())).env("HOME", home);
    shell.envs([("GITHUB_SHA", "4c1f0de"), ("GITHUB_RUN_NUMBER", "118")]);
    shell.args(["-c", line]).current_dir(directory).output().unwrap()
}

/// A line that a person types, and what the page shows of its output.
struct Typed<'p> {
    line: &'p str,
    shown: Vec<&'p str>,
}

/// What is typed in the page's `console` blocks.
fn typed(page: &str) -> Vec<Typed<'_>> {
    let blocks = page.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut typed: Vec<Typed<'_>> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match line.strip_prefix("$ ") {
            Some(line) => typed.push(Typed { line, shown: Vec::new() }),
            None => typed.last_mut().expect("a block starts with a command").shown.push(line),
        }
    }
    typed
}

/// The text without what differs in each run: names of commits, ages, times,
/// whether a window is open, and the blanks and line breaks that depend on their
/// lengths.
fn settled(text: &str) -> String {
    let age = r"\b\d+[smh]\b( \d+[smh]\b)?";
    let changing = format!(r"\b[0-9a-f]{{7}}\b|{age}|\d{{4}}-\d\d-\d\d \d\d:\d\d|, window\b");
    let text = Regex::new(&changing).unwrap().replace_all(text, "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn expected_end(line: &str) -> i32 {
    let end = line.split_once("# ends with ").map(|(_, end)| end.split(':').next().unwrap());
    end.map_or(0, |end| end.trim().parse().unwrap())
}

/// The demo in a repository with a remote, as the README makes it. The output
/// that the README shows is compared on the way.
fn toured(directory: &Path) -> PathBuf {
    let page = page("README.md");
    let (_, tour) = page.split_once("## A promotion, on the demo").unwrap();
    let (tour, _) = tour.split_once("\n## ").unwrap();
    let mut here = directory.to_owned();
    for Typed { line, shown } in typed(tour) {
        if let Some(below) = line.strip_prefix("cd ") {
            here.push(below);
            continue;
        }
        let output = shell(&here, directory, line);
        assert_eq!(
            output.status.code(),
            Some(expected_end(line)),
            "{line}: {}",
            transcript(&output)
        );
        if !shown.is_empty() {
            let printed = [&output.stdout[..], &output.stderr].concat();
            let printed = String::from_utf8(printed).unwrap();
            assert_eq!(settled(&printed), settled(&shown.join("\n")), "{line}\n{printed}");
        }
    }
    here
}

#[test]
fn the_tour_of_the_readme_works_as_it_is_pasted() {
    let directory = crate::support::directory::temporary().unwrap();
    let root = toured(directory.path());
    let guestbook = fs::read_to_string(root.join("environments/e2e/guestbook.yaml")).unwrap();
    assert!(guestbook.contains("tag: v5"), "{guestbook}");
    let check = shell(&root, directory.path(), "rungs render --check");
    assert_eq!(check.status.code(), Some(0), "{}", transcript(&check));
}

/// The text without the verdict on opening hours, which depends on the day.
fn on_any_day(settled: &str) -> String {
    let window = Regex::new(r"(pass|wait) window .*?(wait approvals)").unwrap();
    window.replace(settled, "$2").into_owned()
}

#[test]
fn the_first_example_of_the_gates_is_what_the_demo_prints() {
    let directory = crate::support::directory::temporary().unwrap();
    let root = toured(directory.path());
    let page = page("docs/guide/gates.md");
    let Typed { line, shown } = &typed(&page)[0];
    let output = shell(&root, directory.path(), line);
    assert_eq!(output.status.code(), Some(expected_end(line)), "{}", transcript(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    let [printed, shown] = [printed, shown.join("\n")].map(|text| on_any_day(&settled(&text)));
    assert_eq!(printed, shown);
    assert!(!shown.contains("window"), "{shown}");
}

#[test]
fn the_readme_names_the_rust_that_is_needed() {
    let needed = page("Cargo.toml");
    let (_, version) = needed.split_once("rust-version = \"").unwrap();
    let version = version.split('"').next().unwrap();
    let readme = page("README.md");
    for named in [format!("Rust {version} or newer"), format!("cargo +{version}.0`")] {
        assert!(readme.contains(&named), "{named}");
    }
    assert!(page("docs/guide/continuous-integration.md").contains(&format!("rust:{version}-")));
}

/// Lines of a page's blocks that call rungs, however they are shown, up to
/// where something else is piped or written to.
fn calls(page: &str) -> Vec<&str> {
    let blocks = page.split("```").skip(1).step_by(2);
    let lines = blocks.filter(|block| !block.starts_with("text")).flat_map(str::lines);
    let call = Regex::new(r"^(?:\$ |\s*(?:- )?(?:run|script): )?(rungs .*)$").unwrap();
    let found = lines.filter_map(|line| Some(call.captures(line)?.get(1)?.as_str()));
    found.map(|line| line.split(['|', '>']).next().unwrap()).collect()
}

#[test]
fn the_commands_of_every_page_are_understood() {
    let directory = crate::support::directory::temporary().unwrap();
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
    let guides = fs::read_dir(guides).unwrap().map(|entry| entry.unwrap().path());
    let mut count = 0;
    for path in guides.chain([Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")]) {
        for line in calls(&fs::read_to_string(&path).unwrap()) {
            let output = shell(directory.path(), directory.path(), line);
            let text = transcript(&output);
            assert!(!text.contains("try '--help'"), "{}: {line}: {text}", path.display());
            count += 1;
        }
    }
    assert!(count > 40, "{count} lines were found");
}

#[test]
fn the_guides_commands_for_the_demo_work() {
    let directory = crate::support::directory::temporary().unwrap();
    let root = toured(directory.path());
    shell(&root, directory.path(), "git tag v1.4 HEAD~1 && git tag v1.5");
    for guide in ["status", "audit", "gates"] {
        let page = page(&format!("docs/guide/{guide}.md"));
        for line in calls(&page) {
            let output = shell(&root, directory.path(), line);
            // The exit codes of gates and of `--exit-code` are answers as well.
            let is_answer = matches!(output.status.code(), Some(0 | 1 | 3 | 5));
            let text = transcript(&output);
            let is_asked = !text.contains("error[") || text.contains("gate-");
            assert!(is_answer && is_asked, "{guide}: {line}: {text}");
        }
    }
}
