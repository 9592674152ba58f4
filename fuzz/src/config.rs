//! No repository makes the loader panic, and what it loads can be shown.
//!
//! An input is the files of a repository, each after a line `=== PATH`; what
//! stands before the first such line is `rungs.yaml`.

use rungs::config::{load, settings};
use rungs::source::{Memory, RepoPath, Tree};

/// Panics where the claim does not hold of this repository.
pub fn check(text: &str) {
    let Ok(loaded) = load(&Tree::new(repository(text))) else { return };
    for environment in &loaded.repository.environments {
        for rule in &loaded.repository.sites {
            let cluster = environment.cluster.as_deref();
            let files = rule.path.value.of_environment(&environment.spelling, cluster);
            let _ = files.map(|files| files.of_app("web"));
        }
        for app in &environment.apps {
            let _ = serde_json::to_string(&settings(environment, app));
        }
    }
}

/// Whether this repository is right.
pub fn loads(text: &str) -> bool {
    load(&Tree::new(repository(text))).is_ok()
}

fn repository(text: &str) -> Memory {
    let mut memory = Memory::new();
    let mut path = RepoPath::root().child("rungs.yaml");
    let mut content = String::new();
    for line in text.lines() {
        match line.strip_prefix("=== ").map(RepoPath::new) {
            Some(Ok(next)) if !next.is_root() => {
                let file = std::mem::take(&mut content).into_bytes();
                memory.insert(std::mem::replace(&mut path, next), file);
            }
            _ => {
                content.push_str(line);
                content.push('\n');
            }
        }
    }
    memory.insert(path, content.into_bytes());
    memory
}
