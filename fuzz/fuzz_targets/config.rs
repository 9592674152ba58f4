//! No repository makes the loader panic, and what it loads can be shown.
//!
//! An input is the files of a repository, each behind a line `=== PATH`; what
//! stands before the first such line is `rungs.yaml`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rungs::config::{load, settings};
use rungs::source::{Memory, RepoPath, Tree};

fuzz_target!(|text: &str| {
    let mut memory = Memory::new();
    let mut path = RepoPath::root().child("rungs.yaml");
    let mut content = String::new();
    for line in text.lines() {
        match line.strip_prefix("=== ").map(RepoPath::new) {
            Some(Ok(next)) if !next.is_root() => {
                memory.insert(std::mem::replace(&mut path, next), std::mem::take(&mut content).into_bytes());
            }
            _ => {
                content.push_str(line);
                content.push('\n');
            }
        }
    }
    memory.insert(path, content.into_bytes());
    let Ok(loaded) = load(&Tree::new(memory)) else { return };
    for environment in &loaded.repository.environments {
        for rule in &loaded.repository.sites {
            let _ = rule.path.value.of_environment(&environment.spelling).of_app("web");
        }
        for app in &environment.apps {
            let _ = serde_json::to_string(&settings(environment, app));
        }
    }
});
