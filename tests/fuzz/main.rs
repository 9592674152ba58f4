//! The fuzz targets as tests: on every input that is checked in, and on a fixed
//! number of others that are made from these with a fixed seed, so that every run
//! gives the same answer. A thorough run has more of them.
//!
//! `.ci/fuzz` runs the targets under a fuzzer, which looks for branches that
//! were never taken, and starts with another seed each time.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod changes;
#[allow(unreachable_pub, reason = "other test binaries export it")]
#[path = "../support/effort.rs"]
mod effort;
mod mutate;
mod random;
#[allow(unreachable_pub, reason = "the package of the fuzzer exports it")]
#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use effort::few_or_all;
use mutate::Material;
use random::Random;

/// The seed, chosen once: trying others is the fuzzer's business.
const SEED: u64 = 8;

/// A target's inputs that are checked in.
fn corpus(target: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Checks that a target's claim holds for these inputs; the first for which it does
/// not is kept in a file.
#[track_caller]
fn holds(target: &str, check: fn(&str), inputs: impl IntoIterator<Item = String>) {
    for input in inputs {
        if catch_unwind(|| check(&input)).is_err() {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
            fs::write(&path, &input).unwrap();
            panic!(
                "`{target}` does not hold for the input in {}: add it to `fuzz/corpus/{target}` \
                 with the fix\n{input:?}",
                path.display()
            );
        }
    }
}

#[test]
fn each_repository_of_the_corpus_is_loaded_without_a_panic() {
    holds("config", targets::config::check, corpus("config"));
}

#[test]
fn repositories_made_from_the_corpus_are_loaded_without_a_panic() {
    let mut seeds = corpus("config");
    // Most of the corpus is refused, and only what is loaded can be shown.
    let right: Vec<_> = seeds.iter().filter(|seed| targets::config::loads(seed)).cloned().collect();
    assert!(!right.is_empty(), "none of the corpus is right");
    let times = seeds.len() / right.len();
    seeds.extend(right.iter().cycle().take(right.len() * times).cloned());
    let (material, mut random) = (Material::of(seeds), Random::new(SEED));
    let inputs = (0..few_or_all(200, 1_000)).map(|_| material.text(&mut random));
    holds("config", targets::config::check, inputs);
}

#[test]
fn each_change_of_the_corpus_is_made_or_refused() {
    holds("splice", targets::splice::check, corpus("splice"));
}

#[test]
fn changes_made_from_the_corpus_are_made_or_refused() {
    let (changes, mut random) = (changes::Changes::new(), Random::new(SEED));
    holds(
        "splice",
        targets::splice::check,
        (0..few_or_all(2_000, 10_000)).map(|_| changes.input(&mut random)),
    );
}

#[test]
fn each_text_of_the_corpus_is_emitted_as_it_is_read() {
    holds("yaml", targets::yaml::check, corpus("yaml"));
}

#[test]
fn texts_made_from_the_corpus_are_emitted_as_they_are_read() {
    let (material, mut random) = (Material::of(corpus("yaml")), Random::new(SEED));
    holds(
        "yaml",
        targets::yaml::check,
        (0..few_or_all(2_000, 10_000)).map(|_| material.text(&mut random)),
    );
}
