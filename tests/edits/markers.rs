//! The program changes the same values as Flux's image automation and kpt's
//! set-image, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::corpora;
use crate::support::program::{rungs, scrubbed, stderr};

/// Every file below a directory, by its path.
fn files(directory: &Path) -> BTreeMap<String, String> {
    let files = walkdir::WalkDir::new(directory).into_iter().filter_map(Result::ok);
    let files = files.filter(|file| file.file_type().is_file());
    files
        .map(|file| {
            let name = file.path().strip_prefix(directory).unwrap().display().to_string();
            (name, fs::read_to_string(file.path()).unwrap())
        })
        .collect()
}

fn copy(from: &Path) -> tempfile::TempDir {
    let to = crate::support::directory::temporary().unwrap();
    for (name, text) in files(from) {
        let path = to.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    to
}

/// The lines without their indentation, which the peers change.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_start).collect()
}

/// Checks that each line is the old one, except those whose text the peer changed.
fn check(before: &Path, after: &BTreeMap<String, String>, expected: &BTreeMap<String, String>) {
    for (name, text) in files(before) {
        let wanted = expected.get(&name).unwrap_or(&text);
        assert_eq!(lines(&after[&name]), lines(wanted), "{name}");
        let changed = text.lines().zip(after[&name].lines());
        let changed = changed.filter(|(old, new)| old != new);
        for (old, new) in changed {
            let indent = |line: &str| line.len() - line.trim_start().len();
            assert_eq!(indent(old), indent(new), "{name}: {new}");
        }
    }
}

const DIGEST: &str = "sha256:6745aaad46d795c9836632e1fb62f24b7e7f4c843144da8e47a5465c411a14be";

#[test]
fn marked_scalars_are_set_by_the_name_of_their_policy() {
    let Some(corpus) = corpora::folder("setters") else { return };
    let before = corpus.join("setters/original");
    let copy = copy(&before);
    let with_digest = format!("automation-ns:policy-with-digest=image:v1.0.0@{DIGEST}");
    let output = rungs(
        copy.path(),
        &[
            "set",
            "--in=.",
            "automation-ns:policy=index.repo.fake/updated:v1.0.1",
            &with_digest,
            "--repository",
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    check(&before, &files(copy.path()), &files(&corpus.join("setters/expected")));
}

#[test]
fn images_are_replaced_by_their_repository() {
    let Some(corpus) = corpora::folder("setters") else { return };
    for (before, after) in
        [("original", "expected"), ("commented", "commented-expected")].map(|(before, after)| {
            (corpus.join("replace").join(before), corpus.join("replace").join(after))
        })
    {
        let copy = copy(&before);
        let output = rungs(copy.path(), &["set", "--in", ".", "used:v1.1.0"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        check(&before, &files(copy.path()), &files(&after));
    }
}

#[test]
fn images_of_other_repositories_are_left_alone() {
    let Some(corpus) = corpora::folder("setters") else { return };
    let before = corpus.join("leave/original");
    let copy = copy(&before);
    let output = rungs(copy.path(), &["set", "--in", ".", "used:v1.1.0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nothing-matches"), "{}", stderr(&output));
    assert_eq!(files(copy.path()), files(&before));
}

#[test]
fn set_image_changes_the_values_that_the_peer_changes() {
    let Some(corpus) = corpora::folder("setimage") else { return };
    let digest = "e1d6f00f191515945233f562777fc9ab3b7637ea75169b3dd628d46c9b24400f";
    for (name, reference) in [
        ("set-image-simple", "bitnami/nginx:1.21.4".to_owned()),
        ("set-image-advanced", "bitnami/nginx:1.21.4".to_owned()),
        ("set-image-imperative", "bitnami/nginx:1.21.4".to_owned()),
        ("set-image-digest", format!("bitnami/nginx@sha256:{digest}")),
    ] {
        let corpus = corpus.join(name);
        let expected = copy(&corpus.join("in"));
        let patch = scrubbed("git")
            .args(["apply"])
            .arg(corpus.join("expected.patch"))
            .current_dir(expected.path())
            .status();
        assert!(patch.unwrap().success());
        let copy = copy(&corpus.join("in"));
        let image = format!("nginx={reference}");
        let output = rungs(copy.path(), &["set", "--in", ".", &image, "--repository"]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        assert_eq!(files(copy.path()), files(expected.path()), "{name}");
    }
}
