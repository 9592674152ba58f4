//! `rungs status`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use crate::support::git::git;
use crate::support::program::{rungs, rungs_done, transcript};
use crate::support::shop::{Shop, image, put};

const CONFIGURATION: &str = "\
version: 1
ladder: [qa, stage, prod]
sites:
  - path: '{environment}/{app}.yaml'
    kind: yaml
    fields: { tag: tag }
";

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn commit(root: &Path) {
    git(root, &["add", "-A"]);
    git(root, &["commit", "-qm", "x"]);
}

fn printed(root: &Path, arguments: &[&str]) -> String {
    let output = rungs(root, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A repository whose qa has had v1 to v4; stage has v2, and prod v1.
fn repository() -> tempfile::TempDir {
    let directory = crate::support::directory::temporary().unwrap();
    let root = directory.path();
    git(root, &["init", "-q", "-b", "main"]);
    write(root, "rungs.yaml", CONFIGURATION);
    for (path, tag) in [
        ("qa/web.yaml", "v1"),
        ("stage/web.yaml", "v1"),
        ("prod/web.yaml", "v1"),
        ("qa/web.yaml", "v2"),
        ("stage/web.yaml", "v2"),
        ("qa/web.yaml", "v3"),
        ("qa/web.yaml", "v4"),
    ] {
        write(root, path, &format!("tag: {tag}\n"));
        commit(root);
    }
    directory
}

fn cells(root: &Path, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["status", "--format", "json"], arguments].concat();
    let document: Value = serde_json::from_str(&printed(root, &arguments)).unwrap();
    let apps = document["apps"].as_array().unwrap();
    apps.iter().flat_map(|app| app["environments"].as_array().unwrap().clone()).collect()
}

#[test]
fn a_rung_is_behind_by_the_states_that_the_one_below_has_had_since() {
    let directory = repository();
    let cells = cells(directory.path(), &[]);
    let behind: Vec<_> = cells.iter().map(|cell| cell["behind"]["states"].as_u64()).collect();
    assert_eq!(behind, [None, Some(2), Some(1)]);
    assert_eq!(cells[1]["next"]["changes"][0], "tag v2 → v4");
    assert_eq!(cells[2]["next"]["source"], "stage");
    assert_eq!(cells[2]["behind"]["isExact"], true);
    assert!(cells.iter().all(|cell| cell["since"]["certainty"] == "unverified"));
}

#[test]
fn a_table_has_a_column_for_each_environment_and_a_narrow_one_blocks() {
    let directory = repository();
    let text = printed(directory.path(), &["status"]);
    let head: Vec<_> = text.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(head, ["app", "qa", "stage", "prod"]);
    let first: Vec<_> = text.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(first, ["web", "v4", "v2", "v1"]);
    assert!(text.contains("2 behind qa") && text.contains("1 behind stage"), "{text}");
    let blocks = printed(directory.path(), &["status", "web"]);
    assert!(blocks.starts_with("web\n  qa     v4\n"), "{blocks}");
    assert!(blocks.contains("next: tag v2 → v4"), "{blocks}");
}

#[test]
fn markdown_is_a_table() {
    let directory = repository();
    let text = printed(directory.path(), &["status", "--format", "markdown", "--env", "prod"]);
    let mut lines = text.lines();
    assert_eq!((lines.next(), lines.next()), (Some("| App | prod |"), Some("| --- | --- |")));
    assert!(lines.next().unwrap().starts_with("| web | v1<br>"));
}

#[test]
fn files_without_a_commit_have_a_status_without_ages() {
    let directory = crate::support::directory::temporary().unwrap();
    let root = directory.path();
    write(root, "rungs.yaml", CONFIGURATION);
    write(root, "qa/web.yaml", "tag: v2\n");
    write(root, "stage/web.yaml", "tag: v1\n");
    write(root, "prod/web.yaml", "tag: v1\n");
    let cells = cells(root, &[]);
    assert_eq!(cells[0]["since"], Value::Null);
    assert_eq!(cells[1]["behind"]["states"], Value::Null);
    assert_eq!(cells[1]["next"]["changes"][0], "tag v1 → v2");
}

#[test]
fn a_rung_without_files_is_an_error_and_not_passed_over() {
    let directory = repository();
    let root = directory.path();
    let misspelt = CONFIGURATION.replace("stage", "staging");
    write(root, "rungs.yaml", &misspelt);
    commit(root);
    let output = rungs(root, &["status"]);
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("unbound-environment") && text.contains("did you mean `stage`?"));
    assert!(text.contains("v4"), "the others are shown: {text}");
    let promote = ["promote", "web", "--to", "prod", "--dry-run"];
    for command in [&promote[..], &["gates", "web", "--to", "prod"]] {
        let output = rungs(root, command);
        let text = transcript(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("unbound-environment"), "{text}");
        assert!(text.contains("did you mean `stage`?"), "{text}");
    }
    let pass = ["--override", "order", "--reason", "it is new"];
    let output = rungs(root, &[&promote[..], &pass].concat());
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    // A path without anything that varies is not there because a rule has it.
    let fixed = misspelt.replace("{environment}/{app}.yaml", "{environment}/web.yaml");
    write(root, "rungs.yaml", &fixed.replace("kind: yaml", "kind: yaml\n    app: web"));
    commit(root);
    let text = transcript(&rungs(root, &["status"]));
    assert!(text.contains("unbound-environment"), "{text}");
    // It is spelt so in paths.
    let spelt = format!("{misspelt}environments: {{ staging: {{ path: stage }} }}\n");
    write(root, "rungs.yaml", &spelt);
    commit(root);
    let output = rungs(root, &["status"]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    // Nobody has to climb over a rung that is not on the ladder.
    write(root, "rungs.yaml", &CONFIGURATION.replace("stage, ", ""));
    commit(root);
    rungs_done(root, &promote);
    // One that had the app is no mistake.
    write(root, "rungs.yaml", CONFIGURATION);
    fs::remove_file(root.join("stage/web.yaml")).unwrap();
    commit(root);
    let text = transcript(&rungs(root, &promote));
    assert!(text.contains("`stage` had `web` and no longer has it"), "{text}");
}

#[test]
fn the_branch_is_shown_and_not_the_work_tree() {
    let directory = repository();
    write(directory.path(), "qa/web.yaml", "tag: v9\n");
    let tag = |arguments: &[&str]| {
        cells(directory.path(), arguments)[0]["references"][0]["reference"].clone()
    };
    assert_eq!(tag(&[]), ":v4");
    assert_eq!(tag(&["--work-tree"]), ":v9");
}

#[test]
fn the_exit_code_says_that_something_is_behind_only_with_the_flag() {
    let directory = repository();
    assert_eq!(rungs(directory.path(), &["status"]).status.code(), Some(0));
    assert_eq!(rungs(directory.path(), &["status", "--exit-code"]).status.code(), Some(1));
    let qa = rungs(directory.path(), &["status", "--exit-code", "--env", "qa"]);
    assert_eq!(qa.status.code(), Some(0));
}

#[test]
fn a_state_that_is_held_back_is_shown_as_blocked() {
    let directory = repository();
    let hold = "- { state: { tag: v4 }, reason: it crashes, by: ana }\n";
    write(directory.path(), ".rungs/holds/qa/web.yaml", hold);
    commit(directory.path());
    let cells = cells(directory.path(), &["--env", "stage"]);
    assert_eq!(cells[0]["blocked"][0]["by"]["fails"], "hold", "{:#}", cells[0]);
}

#[test]
fn an_unknown_app_gets_the_nearest_name_as_a_hint() {
    let directory = repository();
    let output = rungs(directory.path(), &["status", "wep"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `web`?"));
}

#[test]
fn a_value_that_a_gate_requires_blocks_as_in_a_promotion() {
    let directory = repository();
    let root = directory.path();
    let gate = "environments:
  stage: { gates: { field: [{ in: source, path: values.ready, equals: true }] } }
";
    write(root, "rungs.yaml", &format!("{CONFIGURATION}{gate}"));
    commit(root);
    let blocked = |root: &Path| cells(root, &[])[1]["blocked"].clone();
    assert_eq!(blocked(root)[0]["by"]["fails"], "field", "{}", blocked(root));
    write(root, "qa/web.yaml", "tag: v4\nready: true\n");
    commit(root);
    assert_eq!(blocked(root), serde_json::json!([]));
}

#[test]
fn a_pattern_that_matches_nothing_is_reported_by_status_and_by_a_promotion_of_everything() {
    let directory = repository();
    let root = directory.path();
    write(
        root,
        "rungs.yaml",
        &CONFIGURATION.replace("{environment}/{app}", "envs/{environment}/{app}"),
    );
    commit(root);
    // A pipeline that promotes everything would otherwise be green for ever.
    for (arguments, code) in
        [(&["status"][..], 0), (&["promote", "--all", "--to", "prod", "--dry-run"], 2)]
    {
        let output = rungs(root, arguments);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("[unmatched-pattern]"), "{arguments:?}: {stderr}");
    }
    assert_eq!(rungs(root, &["status", "--deny", "warnings"]).status.code(), Some(1));
}

#[test]
fn what_is_wrong_in_environments_that_are_not_shown_is_not_reported() {
    let directory = repository();
    let root = directory.path();
    write(root, "qa/web.yaml", "tag: [\n");
    commit(root);
    assert_eq!(rungs(root, &["status"]).status.code(), Some(2));
    let output = rungs(root, &["status", "--env", "prod"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_broken_file_of_one_app_does_not_hide_the_others() {
    let shop = Shop::native(&[]);
    shop.elsewhere("Break", &[("environments/prod/api.yaml", Some("images: [\n"))]);
    git(&shop.clone, &["fetch", "-q"]);
    let document = shop.json(2, &["status"]);
    let apps = document["apps"].as_array().unwrap();
    assert_eq!(apps.len(), 2);
    assert_eq!(apps[1]["environments"][1]["next"]["source"], "qa");
    assert_eq!(apps[0]["environments"][2]["blocked"][0]["by"], "sites");
    assert_eq!(document["findings"][0]["code"], "yaml-syntax");
    assert_eq!(document["counts"]["errors"], 1);
}

#[test]
fn settings_that_keep_an_app_from_being_promoted_block_it() {
    let shop = Shop::native(&[]);
    let path = "environments/stage/web.yaml";
    let text = format!("{}\nimagez: {{}}\n", shop.file(path));
    shop.elsewhere("Break", &[(path, Some(&text))]);
    git(&shop.clone, &["fetch", "-q"]);
    shop.ends(2, &["promote", "web", "--to", "stage", "--dry-run"]).finds("unknown-key");
    let document = shop.json(2, &["status"]);
    for environment in 0..3 {
        let web = &document["apps"][1]["environments"][environment];
        assert_eq!(web["next"], Value::Null);
        assert_eq!(web["blocked"].as_array().unwrap().len(), 1, "{web}");
        assert_eq!(web["blocked"][0]["by"], "sites");
        let reason = web["blocked"][0]["reason"].as_str().unwrap();
        assert!(reason.contains("imagez") && reason.contains(path), "{reason}");
    }
    let api = &document["apps"][0]["environments"][1];
    assert_eq!(api["blocked"].as_array().unwrap().len(), 0, "{api}");
    assert_eq!(document["counts"]["errors"], 1);
}

#[test]
fn the_gates_of_an_app_are_those_of_its_own_settings() {
    let shop = Shop::native(&[]);
    let path = "environments/stage/web.yaml";
    let text = format!("{}\ngates: {{ tag: '^r' }}\n", shop.file(path));
    shop.elsewhere("Gate", &[(path, Some(&text))]);
    git(&shop.clone, &["fetch", "-q"]);
    let document = shop.json(0, &["status"]);
    let blocked = |app: usize| document["apps"][app]["environments"][1]["blocked"].clone();
    assert_eq!(blocked(1)[0]["by"]["fails"], "tag");
    assert_eq!(blocked(0).as_array().unwrap().len(), 0);
}

#[test]
fn a_file_whose_name_no_app_can_have_is_reported() {
    let shop = Shop::native(&[]);
    shop.elsewhere("Misname", &[("environments/prod/mail.yml", Some("images: {}\n"))]);
    git(&shop.clone, &["fetch", "-q"]);
    shop.ends(2, &["status"]).finds("wrong-extension");
}

#[test]
fn files_that_are_not_there_or_have_no_effect_are_reported() {
    let shop = Shop::native(&[("environments/mail.yaml", "template: web\n")]);
    git(&shop.clone, &["switch", "-q", "main"]);
    symlink("nowhere.yaml", shop.clone.join("environments/prod/shop.yaml")).unwrap();
    commit(&shop.clone);
    git(&shop.clone, &["push", "-q"]);
    let document = shop.json(2, &["status"]);
    let codes: Vec<_> = document["findings"].as_array().unwrap().iter().collect();
    let codes: Vec<_> = codes.iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["app-without-leaf", "file-missing"]);
    assert_eq!(document["apps"][1]["app"], "shop");
}

#[test]
fn an_environment_that_cannot_be_read_is_not_passed_over() {
    let shop = Shop::adopted(&[]);
    shop.elsewhere("Break", &[("stage/web.yaml", Some("image: [\n"))]);
    git(&shop.clone, &["fetch", "-q"]);
    let document = shop.json(2, &["status"]);
    let cells = &document["apps"][1]["environments"];
    assert_eq!(cells[2]["next"], Value::Null, "{cells}");
    let reason = cells[2]["blocked"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("not closed"), "{reason}");
    shop.ends(2, &["status"]).says("unreadable");
    shop.ends(2, &["promote", "web", "--to", "prod", "--dry-run"]).finds("yaml-syntax");
    // A change that brings what `qa` has is not told that `stage` lost the app.
    git(&shop.clone, &["switch", "-qC", "jump", "origin/main"]);
    put(&shop.clone, "prod/web.yaml", Some(&image("web", "v2")));
    commit(&shop.clone);
    shop.ends(3, &["gates", "--base", "origin/main"]).says("cannot be read");
}
