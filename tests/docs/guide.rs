//! The first guide works as written: its files are laid out in an empty
//! directory, and rendered.

use std::fs;
use std::path::Path;

use crate::support::program::rungs;

/// Writes the files that a guide shows, in its order: blocks whose first line is
/// a comment that starts with a path. A later block replaces an earlier one.
fn lay_out(guide: &str, root: &Path) {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide").join(guide);
    let text = fs::read_to_string(guide).expect("the guide is there");
    for block in text.split("```yaml\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        let (heading, body) = block.split_once('\n').expect("a block has lines");
        // "# environments/e2e/hello.yaml, and the same in environments/stage/hello.yaml"
        let words = heading.trim_start_matches('#').split([' ', ',']);
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
