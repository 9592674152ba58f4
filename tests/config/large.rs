//! Large files are read in time: none of these tests would end if each item were
//! looked for among all the others. In a thorough run they are nearly as large as a
//! file may be.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::codes;
use crate::support::effort::few_or_all;

const SETTINGS: &str = "version: 1\nladder: [qa]\n";

/// How often each code was found.
fn counts(files: &[(&str, &str)]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for code in codes(files) {
        *counts.entry(code).or_default() += 1;
    }
    counts
}

/// `PREFIX0SUFFIX`, `PREFIX1SUFFIX` and so on.
fn numbered(count: usize, prefix: &str, suffix: &str) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        write!(text, "{prefix}{number}{suffix}").unwrap();
        text
    })
}

#[test]
fn a_ladder_that_fills_a_file_is_read() {
    let names = numbered(few_or_all(50_000, 200_000), "e", ",");
    let settings = format!("version: 1\nladder: [{names}]\n");
    let environments: Vec<_> = (0..200).map(|n| format!("environments/e{n}/a.yaml")).collect();
    let mut files = vec![("rungs.yaml", settings.as_str()), ("templates/a/a.yaml", "")];
    files.extend(environments.iter().map(|path| (path.as_str(), "")));
    assert_eq!(counts(&files), BTreeMap::from([("unknown-environment", 100)]));
}

#[test]
fn a_name_that_is_repeated_everywhere_is_reported_a_hundred_times() {
    let settings = format!("version: 1\nladder: [{}]\n", "qa,".repeat(few_or_all(50_000, 200_000)));
    let files = [
        ("rungs.yaml", settings.as_str()),
        ("environments/qa/a.yaml", ""),
        ("templates/a/a.yaml", ""),
    ];
    assert_eq!(counts(&files), BTreeMap::from([("listed-twice", 100)]));
}

#[test]
fn a_file_full_of_images_is_read() {
    let whole = format!(
        "images:\n{}",
        numbered(few_or_all(10_000, 40_000), "  i", ": { repository: redis }\n")
    );
    let files = |app| {
        let settings = ("rungs.yaml", SETTINGS);
        [settings, ("environments/qa/a.yaml", app), ("templates/a/a.yaml", "")]
    };
    assert_eq!(counts(&files(&whole)), BTreeMap::new());
    let incomplete =
        format!("images:\n{}", numbered(few_or_all(10_000, 40_000), "  i", ": { tag: v1 }\n"));
    assert_eq!(counts(&files(&incomplete)), BTreeMap::from([("image-without-repository", 100)]));
}

#[test]
fn a_file_of_another_kind_gets_at_most_a_hundred_findings() {
    let wrong = format!(
        "version: 1\nladder: [qa]\ntrains:\n{}",
        numbered(few_or_all(10_000, 40_000), "  T_", ": []\n")
    );
    let empty = numbered(few_or_all(10_000, 40_000), "k", ":\n");
    let files = |settings, app| {
        [("rungs.yaml", settings), ("environments/qa/a.yaml", app), ("templates/a/a.yaml", "")]
    };
    assert_eq!(counts(&files(&wrong, "")), BTreeMap::from([("invalid-name", 100)]));
    let expected = BTreeMap::from([("empty-value", 100), ("unknown-key", 100)]);
    assert_eq!(counts(&files(SETTINGS, &empty)), expected);
}
