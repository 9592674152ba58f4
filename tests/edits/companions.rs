//! Tags and digests in keys beside an image.

use std::fmt::Write as _;

use crate::commands::check;

/// With letters, so that no reader takes the digits for a number.
const OLD: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const NEW: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

const FILE: &str = "values.yaml";

fn bare(digest: &str) -> &str {
    digest.trim_start_matches("sha256:")
}

/// Each of a chart's ways to write the digest beside a tag, and how it reads.
fn digests() -> Vec<(String, &'static str)> {
    let wrap = |key: &str, value: &str| {
        let text = format!("image:\n  repository: x/web\n  tag: v1\n  {key}: {value} # kept\n");
        text.replace("BARE", bare(OLD)).replace("OLD", OLD)
    };
    vec![
        (wrap("digest", "OLD"), OLD),
        (wrap("sha", "BARE"), bare(OLD)),
        (wrap("sha", "\"BARE\""), bare(OLD)),
        (wrap("sha", "OLD"), OLD),
        (wrap("digest", "BARE"), bare(OLD)),
        (wrap("sha256", "BARE"), bare(OLD)),
        (wrap("imageDigest", "OLD"), OLD),
        (wrap("image_digest", "OLD"), OLD),
        (wrap("imageSha", "BARE"), bare(OLD)),
        (wrap("imageSHA", "BARE"), bare(OLD)),
        (wrap("imageSha256", "BARE"), bare(OLD)),
        (wrap("tagDigest", "OLD"), OLD),
        (wrap("hash", "BARE"), bare(OLD)),
        (wrap("checksum", "OLD"), OLD),
    ]
}

#[test]
fn a_digest_beside_a_tag_is_its_digest_and_keeps_its_form() {
    for (before, old) in digests() {
        check(FILE, &before, &["x/web:v2"], Err("stale-digest"));
        let new = if old == OLD { NEW } else { bare(NEW) };
        let after = before.replace("v1", "v2").replace(old, new);
        check(FILE, &before, &[&format!("x/web:v2@{NEW}")], Ok(&after));
    }
}

#[test]
fn a_hash_that_is_no_digest_is_left_alone() {
    for hash in ["9ac61f5", "\"\""] {
        let before = format!("image: {{repository: x/web, tag: v1, hash: {hash}}}\n");
        check(FILE, &before, &["x/web:v2"], Ok(&before.replace("v1", "v2")));
    }
}

#[test]
fn an_empty_digest_is_filled_in_as_its_chart_prints_it() {
    let before = "image: {repository: x/web, tag: v1, KEY: \"\"}\n";
    for (key, new) in [("sha", bare(NEW)), ("digest", NEW), ("imageSHA256", bare(NEW))] {
        let before = before.replace("KEY", key);
        let after = before.replace("v1", "v2");
        check(FILE, &before, &["x/web:v2"], Ok(&after));
        let after = after.replace("\"\"", &format!("\"{new}\""));
        check(FILE, &before, &[&format!("x/web:v2@{NEW}")], Ok(&after));
    }
}

#[test]
fn what_does_not_look_like_a_digest_is_none() {
    for value in ["9ac61f5", "abc", "9ac61f5d7ca07c46db47de9be7af8ff6a349343a", "true", "{a: b}"] {
        let before = format!("image: {{repository: x/web, tag: v1, sha: {value}}}\n");
        check(FILE, &before, &["x/web:v2"], Ok(&before.replace("v1", "v2")));
    }
}

#[test]
fn another_algorithm_has_no_room_in_a_digest_without_one() {
    let before = format!("image: {{repository: x/web, tag: v1, sha: {}}}\n", bare(OLD));
    let reference = format!("x/web:v2@sha512:{}", "ab".repeat(64));
    check(FILE, &before, &[&reference], Err("no-room-for-reference"));
}

#[test]
fn a_whole_reference_may_have_its_digest_beside_it() {
    let before = "image: x/web:v1\nimageDigest: OLD\nother: v1\n";
    check(FILE, before, &["x/web:v2"], Err("stale-digest"));
    let after = "image: x/web:v2\nimageDigest: NEW\nother: v1\n";
    check(FILE, before, &["x/web:v2@NEW"], Ok(after));
    let resource = format!("apiVersion: v1\nkind: Web\nspec:\n  {}", before.replace('\n', "\n  "));
    check(FILE, &resource, &["x/web:v2"], Err("stale-digest"));
}

#[test]
fn a_tag_beside_an_image_without_one_is_its_tag() {
    for (before, after) in [
        ("image: \"x/web\"\nimageTag: \"8.5.1\"\n", "image: \"x/web\"\nimageTag: \"8.6.0\"\n"),
        ("image: x/web\nimage_tag: 8.5.1\n", "image: x/web\nimage_tag: 8.6.0\n"),
        (
            "image: x/web\ntag: 8.5.1\nversion: 1.2.3\n",
            "image: x/web\ntag: 8.6.0\nversion: 1.2.3\n",
        ),
        ("image: x/web\nversion: 8.5.1\n", "image: x/web\nversion: 8.6.0\n"),
        ("image: x/web\nappVersion: v8.5.1\n", "image: x/web\nappVersion: 8.6.0\n"),
        (
            "image: x/web\nimageVersion: a\nversion: 1.2.3\n",
            "image: x/web\nimageVersion: 8.6.0\nversion: 1.2.3\n",
        ),
        (
            "webImage: x/web\nwebImageTag: v1\nimageTag: v3\n",
            "webImage: x/web\nwebImageTag: 8.6.0\nimageTag: v3\n",
        ),
        (
            "webImage: x/web\nwebTag: v1\ntagline: a\n",
            "webImage: x/web\nwebTag: 8.6.0\ntagline: a\n",
        ),
        (
            "image: {repository: x/web, imageTag: v1}\n",
            "image: {repository: x/web, imageTag: 8.6.0}\n",
        ),
        ("image: x/web:v1\nversion: 1.2.3\n", "image: x/web:8.6.0\nversion: 1.2.3\n"),
    ] {
        check(FILE, before, &["x/web:8.6.0"], Ok(after));
        let release = |text: &str| {
            let text = text.replace('\n', "\n    ");
            format!(
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    {text}a: b\n"
            )
        };
        check("release.yaml", &release(before), &["x/web:8.6.0"], Ok(&release(after)));
    }
}

#[test]
fn a_tag_that_is_not_certain_is_not_guessed() {
    for before in [
        "image: x/web\nversion: 1.2.3\nappVersion: 8.5.1\n",
        "image: x/web\ntag: v1\nimageTag: v1\n",
        "image: x/web\nversion: 2\n",
        "image: x/web\nversion: '>=1.2'\n",
        "image: x/web:v1@OLD\ndigest: NEW\n",
        "image: {repository: x/web, tag: v1, digest: OLD, sha: OLD}\n",
        "apiVersion: v1\nkind: Search\nspec: {version: 8.5.1, image: x/web}\n",
    ] {
        check(FILE, before, &["x/web:v2@NEW"], Err("unclear-companion"));
    }
}

#[test]
fn parameters_of_an_application_have_the_same_companions() {
    let application = |parameters: &[(&str, &str)]| {
        let mut text =
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    \
                        helm:\n      parameters:\n"
                .to_owned();
        for (name, value) in parameters {
            writeln!(text, "      - {{name: {name}, value: \"{value}\"}}").unwrap();
        }
        text
    };
    for (names, argument) in [
        (
            [
                ("web.image.repository", "x/web"),
                ("web.image.tag", "v1"),
                ("web.image.sha", bare(OLD)),
            ],
            true,
        ),
        ([("image", "x/web"), ("imageTag", "v1"), ("stage", "v1")], false),
        ([("a.webImage", "x/web"), ("a.webImageTag", "v1"), ("imageTag", "v3")], false),
    ] {
        let mut after = names;
        after[1].1 = "v2";
        let before = application(&names);
        if argument {
            check(FILE, &before, &["x/web:v2"], Err("stale-digest"));
            after[2].1 = bare(NEW);
            check(FILE, &before, &[&format!("x/web:v2@{NEW}")], Ok(&application(&after)));
        } else {
            check(FILE, &before, &["x/web:v2"], Ok(&application(&after)));
        }
    }
}

#[test]
fn a_marked_tag_has_the_digest_beside_it() {
    let before = format!(
        "web:\n  tag: v1 # {{\"$imagepolicy\": \"shop:web:tag\"}}\n  sha: {}\n  digest: \"\"\n",
        bare(OLD)
    );
    check(FILE, &before, &["shop:web=:v2"], Err("stale-digest"));
    let after = before.replace("v1", "v2").replace(bare(OLD), bare(NEW));
    check(FILE, &before, &[&format!("shop:web=:v2@{NEW}")], Ok(&after));
}
