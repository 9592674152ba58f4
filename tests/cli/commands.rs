//! The commands as a person or a script meets them.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::support::program::{rungs, rungs_in, scrubbed, stderr, stdout};
use crate::support::shop::{RunOutput, Shop};

#[track_caller]
fn json(output: &Output) -> Value {
    let value: Value = serde_json::from_slice(&output.stdout).expect("stdout is one JSON document");
    assert_eq!(value["formatVersion"], 1);
    value
}

/// The demo as `rungs init` writes it, rendered.
fn demo() -> tempfile::TempDir {
    let directory = crate::support::directory::temporary().unwrap();
    let init = rungs(directory.path(), &["init"]);
    assert_eq!(init.status.code(), Some(0), "{}", stderr(&init));
    let render = rungs(directory.path(), &["render"]);
    assert_eq!(render.status.code(), Some(0), "{}", stderr(&render));
    directory
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{} has no `{from}`", path.display());
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn what_init_writes_renders_without_findings_and_is_unchanged_by_another_render() {
    let demo = demo();
    let again = rungs(demo.path(), &["render"]);
    assert_eq!(stderr(&again).lines().count(), 1, "{}", stderr(&again));
    assert!(stderr(&again).contains("unchanged") && !stderr(&again).contains("new"));
    let check = rungs(demo.path(), &["render", "--check"]);
    assert_eq!(check.status.code(), Some(0));
    assert_eq!(stdout(&check), "");
}

#[test]
fn init_overwrites_nothing() {
    let directory = crate::support::directory::temporary().unwrap();
    fs::create_dir(directory.path().join("environments")).unwrap();
    fs::write(directory.path().join("environments/cart.yaml"), "mine").unwrap();
    let init = rungs(directory.path(), &["init"]);
    assert_eq!(init.status.code(), Some(1));
    assert!(stderr(&init).contains("environments/cart.yaml"), "{}", stderr(&init));
    assert!(!directory.path().join("rungs.yaml").exists());
    assert_eq!(fs::read(directory.path().join("environments/cart.yaml")).unwrap(), b"mine");
}

#[test]
fn an_init_that_fails_half_way_leaves_nothing_behind() {
    let directory = crate::support::directory::temporary().unwrap();
    // The environments are written before the templates, which need a directory of this name.
    fs::write(directory.path().join("templates"), "a file").unwrap();
    fs::create_dir_all(directory.path().join("environments/mine")).unwrap();
    let init = rungs(directory.path(), &["init"]);
    assert_eq!(init.status.code(), Some(4), "{}", stderr(&init));
    assert!(stderr(&init).contains("init-failed"), "{}", stderr(&init));
    let below = |path: &str| -> Vec<_> {
        let entries = fs::read_dir(directory.path().join(path)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(below(""), ["environments", "templates"]);
    assert_eq!(below("environments"), ["mine"]);
    fs::remove_file(directory.path().join("templates")).unwrap();
    assert_eq!(rungs(directory.path(), &["init"]).status.code(), Some(0));
}

#[test]
fn a_stale_tree_is_listed_and_left_alone() {
    let demo = demo();
    let prod = demo.path().join("rendered/prod");
    edit(&demo.path().join("environments/prod/guestbook.yaml"), "followers: 3", "followers: 4");
    fs::remove_file(prod.join("cart/service-cart.yaml")).unwrap();
    fs::write(prod.join("cart/service-old.yaml"), "# Rendered by rungs. Do not edit.\na: 1\n")
        .unwrap();
    fs::write(prod.join("cart/README.md"), "mine").unwrap();
    let check = rungs(demo.path(), &["render", "--check"]);
    assert_eq!(check.status.code(), Some(1));
    assert_eq!(
        stdout(&check),
        "missing   rendered/prod/cart/service-cart.yaml\n\
         left over rendered/prod/cart/service-old.yaml\n\
         differs   rendered/prod/guestbook/deployment-redis-follower.yaml\n"
    );
    assert!(!prod.join("cart/service-cart.yaml").exists(), "a check writes nothing");

    let report = json(&rungs(demo.path(), &["render", "--check", "--format", "json"]));
    assert_eq!(report["changes"].as_array().unwrap().len(), 3);
    assert_eq!(report["findings"][0]["code"], "stale-file");

    // Only what was named is looked at.
    assert_eq!(rungs(demo.path(), &["render", "--check", "qa"]).status.code(), Some(0));
    assert_eq!(
        rungs(demo.path(), &["render", "--check", "--app", "guestbook", "prod"]).status.code(),
        Some(1)
    );
    let cart = rungs(demo.path(), &["render", "prod", "--app", "cart"]);
    assert!(stderr(&cart).contains("1 new, 1 removed"), "{}", stderr(&cart));
    assert_eq!(rungs(demo.path(), &["render"]).status.code(), Some(0));
    assert_eq!(rungs(demo.path(), &["render", "--check"]).status.code(), Some(0));
    assert_eq!(fs::read(prod.join("cart/README.md")).unwrap(), b"mine");
}

#[test]
fn a_repository_is_found_from_anywhere_inside_it() {
    let demo = demo();
    let check = rungs(&demo.path().join("templates/cart"), &["render", "--check"]);
    assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
    let elsewhere = crate::support::directory::temporary().unwrap();
    let repo = demo.path().to_str().unwrap();
    let check = rungs(elsewhere.path(), &["--repo", repo, "render", "--check"]);
    assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
}

#[test]
fn outside_of_a_repository_the_message_says_how_to_make_one() {
    let directory = crate::support::directory::temporary().unwrap();
    let render = rungs(directory.path(), &["render"]);
    assert_eq!(render.status.code(), Some(2));
    assert!(stderr(&render).contains("rungs init"), "{}", stderr(&render));
}

#[test]
fn manifests_go_to_stdout_and_findings_never_do() {
    let demo = demo();
    edit(
        &demo.path().join("templates/guestbook/service-accounts.yaml"),
        "kind: ServiceAccount",
        "kind: Account",
    );
    let render = rungs(demo.path(), &["render", "qa", "--stdout", "--format", "json"]);
    assert_eq!(render.status.code(), Some(0), "{}", stderr(&render));
    assert!(stdout(&render).starts_with("---\n# rendered/qa/"));
    assert!(
        stdout(&render)
            .contains("\n---\n# rendered/qa/_environment/namespace-cart-qa.yaml\napiVersion: v1\n")
    );
    let report: Value = serde_json::from_slice(&render.stderr).expect("stderr is the report");
    assert_eq!(report["findings"][0]["code"], "unknown-kind");
    let denied = rungs(demo.path(), &["render", "qa", "--stdout", "--deny", "warnings"]);
    assert_eq!(denied.status.code(), Some(1));
}

#[test]
fn a_reader_that_goes_away_is_not_an_error() {
    let demo = demo();
    let mut child = rungs_in(demo.path())
        .args(["render", "--stdout"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_reader_that_goes_away_does_not_turn_a_no_into_a_yes() {
    let demo = demo();
    edit(&demo.path().join("environments/prod/guestbook.yaml"), "followers: 3", "followers: 4");
    let without_reader = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = rungs_in(demo.path()).args(arguments).stdout(writer).output().unwrap();
        run.status.code()
    };
    assert_eq!(without_reader(&["render", "--check"]), Some(1));
    assert_eq!(without_reader(&["render", "--check", "--format", "json"]), Some(1));
    fs::write(demo.path().join("rungs.yaml"), "nothing: known\n").unwrap();
    assert_eq!(without_reader(&["render", "--format", "json"]), Some(2));
    assert_eq!(without_reader(&["explain"]), Some(0));
}

#[test]
fn another_directory_can_be_written_to() {
    let demo = demo();
    let elsewhere = crate::support::directory::temporary().unwrap();
    let directory = elsewhere.path().join("out");
    let render = rungs(demo.path(), &["render", "qa", "--output", directory.to_str().unwrap()]);
    assert_eq!(render.status.code(), Some(0), "{}", stderr(&render));
    let ours = fs::read(directory.join("qa/cart/service-cart.yaml")).unwrap();
    assert_eq!(ours, fs::read(demo.path().join("rendered/qa/cart/service-cart.yaml")).unwrap());
    assert!(!directory.join("prod").exists());
}

#[test]
fn directories_of_files_that_people_write_are_refused_as_output() {
    let demo = demo();
    for directory in ["environments", "templates/guestbook", ".", "schemas/out"] {
        let render = rungs(demo.path(), &["render", "--output", directory]);
        assert_eq!(render.status.code(), Some(2), "{directory}");
        assert!(stderr(&render).contains("--output"), "{}", stderr(&render));
    }
    assert!(!demo.path().join("environments/_environment").exists());
    let inside = demo.path().join("environments/prod");
    assert_eq!(rungs(&inside, &["render", "--output", "out"]).status.code(), Some(2));
    assert_eq!(rungs(demo.path(), &["render", "--output", "out"]).status.code(), Some(0));
    assert_eq!(rungs(demo.path(), &["render", "--check"]).status.code(), Some(0));
}

#[test]
fn a_missing_repository_is_not_an_empty_one() {
    let directory = crate::support::directory::temporary().unwrap();
    let render = rungs(directory.path(), &["--repo", "nowhere", "render"]);
    assert_eq!(render.status.code(), Some(2));
    assert!(stderr(&render).contains("`nowhere` is not a directory"), "{}", stderr(&render));
}

#[test]
fn a_name_that_is_nearly_right_is_suggested() {
    let demo = demo();
    for (arguments, suggested) in [
        (&["render", "prd"][..], "prod"),
        (&["render", "--app", "guestbok"], "guestbook"),
        (&["values", "guestbook", "--env", "stag"], "stage"),
        (&["values", "crat", "--env", "qa"], "cart"),
        (&["explain", "unused-imag"], "unused-image"),
    ] {
        let output = rungs(demo.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let errors = stderr(&output);
        assert!(
            errors.contains(&format!("did you mean `{suggested}`?")),
            "{arguments:?}: {errors}"
        );
    }
}

#[test]
fn values_say_which_line_set_them_and_what_it_overrode() {
    let demo = demo();
    let values = rungs(demo.path(), &["values", "guestbook", "--env", "prod"]);
    let lines: Vec<Vec<&str>> =
        stdout(&values).lines().map(|line| line.split_whitespace().collect()).collect();
    let at = lines.iter().position(|line| line[0] == "values.logLevel").unwrap();
    assert_eq!(lines[at], ["values.logLevel", "warn", "environments/prod/environment.yaml:6:13"]);
    assert_eq!(lines[at + 1], ["instead", "of", "info", "environments/environment.yaml:7:13"]);

    let report =
        json(&rungs(demo.path(), &["values", "guestbook", "--env", "prod", "--format", "json"]));
    let values = report["values"].as_array().unwrap();
    let level = values.iter().find(|value| value["route"] == "values.logLevel").unwrap();
    assert_eq!(level["origin"]["line"], 6);
    assert_eq!(level["overrode"][0]["value"], "info");
}

#[test]
fn a_repository_below_its_clones_root_is_annotated_by_paths_in_the_clone() {
    let clone = crate::support::directory::temporary().unwrap();
    git2::Repository::init(clone.path()).unwrap();
    let deploy = clone.path().join("teams/deploy");
    assert_eq!(rungs(clone.path(), &["init", "teams/deploy"]).status.code(), Some(0));
    edit(&deploy.join("rungs.yaml"), "ladder", "laddder");
    for directory in [clone.path(), &deploy, &deploy.join("templates")] {
        let repo = deploy.to_str().unwrap();
        let render = rungs(directory, &["--repo", repo, "render", "--format", "github"]);
        assert!(stdout(&render).contains(" file=teams/deploy/rungs.yaml,"), "{}", stdout(&render));
    }
    let report = json(&rungs(&deploy, &["render", "--format", "json"]));
    assert_eq!(report["findings"][0]["labels"][0]["path"], "rungs.yaml");
}

#[test]
fn a_report_for_ci_has_no_table_of_values_before_it() {
    let demo = demo();
    for format in ["sarif", "gitlab"] {
        let values =
            rungs(demo.path(), &["values", "guestbook", "--env", "prod", "--format", format]);
        serde_json::from_slice::<Value>(&values.stdout)
            .unwrap_or_else(|error| panic!("{format}: {error}: {}", stdout(&values)));
    }
    let values = rungs(demo.path(), &["values", "guestbook", "--env", "prod", "--format", "junit"]);
    assert!(stdout(&values).starts_with("<?xml"), "{}", stdout(&values));
    let values =
        rungs(demo.path(), &["values", "guestbook", "--env", "prod", "--format", "github"]);
    assert_eq!(stdout(&values), "");
}

#[test]
fn secrets_are_masked_wherever_values_are_shown() {
    let demo = demo();
    let file = demo.path().join("environments/qa/cart.yaml");
    edit(
        &file,
        "images:",
        "values: { database: { password: hunter2, url: \"postgres://u:hunter2@h/db\" } }\nimages:",
    );
    for arguments in [
        &["values", "cart", "--env", "qa"][..],
        &["values", "cart", "--env", "qa", "--format", "json"],
    ] {
        let output = rungs(demo.path(), arguments);
        assert!(stdout(&output).contains("values.database.password"));
        assert!(!stdout(&output).contains("hunter2"));
    }
    edit(&file, "password: hunter2,", "password: hunter2, password: hunter2,");
    for format in ["text", "json", "sarif", "junit", "github", "gitlab"] {
        let output = rungs(demo.path(), &["render", "--format", format]);
        assert_eq!(output.status.code(), Some(2));
        let printed = format!("{}{}", stdout(&output), stderr(&output));
        assert!(printed.contains("duplicate-key"), "{format}: {printed}");
        assert!(!printed.contains("hunter2"), "{format}: {printed}");
    }
}

#[test]
fn an_image_without_effect_is_an_error_where_it_is_declared() {
    let demo = demo();
    edit(
        &demo.path().join("environments/guestbook.yaml"),
        "images:\n",
        "images:\n  sidecar: { repository: example.com/sidecar, tag: v1 }\n",
    );
    let render = rungs(demo.path(), &["render"]);
    assert_eq!(render.status.code(), Some(2));
    assert_eq!(stderr(&render).matches("error[unused-image]").count(), 1, "{}", stderr(&render));
    assert!(stderr(&render).contains("environments/guestbook.yaml:3:3"), "{}", stderr(&render));

    // One environment alone is not enough to judge, and one that uses it is
    // enough to pass.
    assert_eq!(rungs(demo.path(), &["render", "qa"]).status.code(), Some(0));
    fs::write(
        demo.path().join("templates/guestbook/sidecar.yaml.tera"),
        "{% if environment == \"stage\" %}\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: sidecar }\n\
         data: { sum: {{ images.sidecar.ref | sha256 | quote }} }\n{% endif %}\n",
    )
    .unwrap();
    let render = rungs(demo.path(), &["render"]);
    assert_eq!(render.status.code(), Some(0), "{}", stderr(&render));
}

#[test]
fn a_value_without_effect_is_a_warning_of_a_check() {
    let demo = demo();
    assert_eq!(stderr(&rungs(demo.path(), &["render", "--check"])).lines().count(), 1);
    edit(
        &demo.path().join("environments/prod/guestbook.yaml"),
        "  redis:\n    followers: 3\n",
        "  redis:\n    folowers: 3\n",
    );
    edit(
        &demo.path().join("environments/environment.yaml"),
        "logLevel: info",
        "logLevel: info\n  unread: [1, 2]",
    );
    edit(
        &demo.path().join("environments/qa/guestbook.yaml"),
        "values:\n",
        "values:\n  logLevel: debug\n",
    );
    let render = rungs(demo.path(), &["render"]);
    assert_eq!(stderr(&render).lines().count(), 1, "{}", stderr(&render));
    let check = rungs(demo.path(), &["render", "--check", "--format", "json"]);
    assert_eq!(check.status.code(), Some(0), "a warning alone does not fail");
    let report = json(&check);
    let found: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            let at = &f["labels"][0];
            (
                f["code"].as_str().unwrap(),
                format!("{}:{}", at["path"].as_str().unwrap(), at["line"]),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("unused-value", "environments/environment.yaml:8".to_owned()),
            ("unused-value", "environments/prod/guestbook.yaml:11".to_owned()),
            ("unused-value", "environments/qa/guestbook.yaml:5".to_owned()),
        ]
    );
    let denied = rungs(demo.path(), &["render", "--check", "--deny", "warnings"]);
    assert_eq!(denied.status.code(), Some(1));
}

#[test]
fn warnings_of_the_configuration_are_reported_wherever_a_command_fails() {
    let demo = demo();
    let settings = demo.path().join("environments/qa/environment.yaml");
    let text = fs::read_to_string(&settings).unwrap() + "\nskip: [guestbook]\n";
    fs::write(settings, text).unwrap();
    let other = demo.path().join("rendered/prod/cart/service-cart.yaml");
    fs::write(other, "kind: Service\n").unwrap();
    let codes = |arguments: &[&str]| -> Vec<String> {
        let report = json(&rungs(demo.path(), &[arguments, &["--format", "json"]].concat()));
        let findings = report["findings"].as_array().unwrap().iter();
        let codes = findings.map(|finding| finding["code"].as_str().unwrap().to_owned());
        codes.collect::<BTreeSet<_>>().into_iter().collect()
    };
    let warning = "skipped-but-present";
    assert_eq!(codes(&["render", "qa"]), [warning]);
    assert_eq!(codes(&["render", "qq"]), [warning, "unknown-environment"]);
    assert_eq!(codes(&["render", "--check"]), ["foreign-file", warning]);
    assert_eq!(codes(&["render"]), ["foreign-file", warning]);
    assert_eq!(codes(&["values", "carts", "--env", "qa"]), [warning, "unknown-app"]);
}

#[test]
fn an_object_that_two_apps_have_is_shown_with_both_templates() {
    let demo = demo();
    for app in ["guestbook", "cart"] {
        fs::write(
            demo.path().join(format!("templates/{app}/role.yaml.tera")),
            "\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: reader }\n",
        )
        .unwrap();
    }
    let render = rungs(demo.path(), &["render", "qa"]);
    assert_eq!(render.status.code(), Some(2), "{}", stderr(&render));
    for template in ["templates/cart/role.yaml.tera:2:1", "templates/guestbook/role.yaml.tera:2:1"]
    {
        assert!(stderr(&render).contains(template), "{}", stderr(&render));
    }
}

#[test]
fn every_code_is_explained() {
    let directory = crate::support::directory::temporary().unwrap();
    let list = rungs(directory.path(), &["explain"]);
    let as_json = json(&rungs(directory.path(), &["explain", "--format", "json"]));
    assert_eq!(as_json["codes"].as_array().unwrap().len(), stdout(&list).lines().count());
    for line in stdout(&list).lines() {
        let code = line.split_whitespace().next().unwrap();
        let page = rungs(directory.path(), &["explain", code]);
        assert_eq!(page.status.code(), Some(0));
        assert!(stdout(&page).lines().count() > 3, "{code}: {}", stdout(&page));
    }
}

#[test]
fn schemas_completions_and_manual_pages_are_printed() {
    let directory = crate::support::directory::temporary().unwrap();
    for name in stdout(&rungs(directory.path(), &["schema"])).lines() {
        let schema = rungs(directory.path(), &["schema", name]);
        let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
        let is_list = schema["type"] == "array" && schema["items"].is_object();
        assert!(is_list || schema["properties"].is_object(), "{name}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = rungs(directory.path(), &["completions", shell]);
        assert!(stdout(&script).contains("rungs"), "{shell}");
    }
    assert!(stdout(&rungs(directory.path(), &["man"])).contains(".TH rungs 1"));
    assert!(stdout(&rungs(directory.path(), &["man", "render"])).contains("\\-\\-check"));
}

/// The words that are offered for the last word of a line.
fn offered(directory: &Path, cache: &Path, line: &[&str]) -> Vec<String> {
    let program = env!("CARGO_BIN_EXE_rungs");
    // What the script does that `source <(rungs completions bash)` reads.
    let script = "source /dev/stdin <<< \"$SCRIPT\"; COMP_WORDS=(\"$@\"); \
                  COMP_CWORD=$(($# - 1)); _clap_complete_rungs rungs \"${!#}\"; \
                  printf '%s\\n' \"${COMPREPLY[@]}\"";
    let printed = scrubbed(program).args(["completions", "bash"]).output();
    let programs = Path::new(program).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let output = scrubbed("bash")
        .args(["-c", script, "bash"])
        .args(line)
        .env("SCRIPT", stdout(&printed.unwrap()))
        .env("PATH", path)
        .env("RUNGS_CACHE", cache)
        .current_dir(directory)
        .output()
        .unwrap();
    stdout(&output).split_whitespace().map(str::to_owned).collect()
}

#[test]
fn names_of_the_repository_are_offered_at_the_cursor() {
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config/complete/shop");
    let offered = |line: &[&str]| offered(Path::new(shop), Path::new(shop), line);
    assert_eq!(offered(&["rungs", "values", "--env", "prod"]), ["prod/eu", "prod/us"]);
    assert_eq!(offered(&["rungs", "values", "--env", "qa", "g"]), ["guestbook"]);
    assert_eq!(offered(&["rungs", "render", "sta"]), ["stage"]);
}

#[test]
fn names_of_an_address_are_offered_once_it_was_cloned() {
    let shop = Shop::adopted(&[]);
    let (elsewhere, cache) = (shop.remote.path(""), shop.remote.path("cache"));
    let url = shop.remote.file_url();
    let offered = || offered(&elsewhere, &cache, &["rungs", "--repo", &url, "status", "--env", ""]);
    assert!(offered().is_empty());
    assert!(!cache.exists(), "what is typed clones nothing");
    let status = ["--repo", &url, "status"];
    let variables = [("RUNGS_CACHE", cache.to_str().unwrap())];
    RunOutput::with(&elsewhere, &variables, &status).ends(0);
    // The server is not asked.
    fs::remove_dir_all(shop.remote.bare()).unwrap();
    assert_eq!(offered(), ["qa", "stage", "prod"]);
}

#[test]
fn arguments_that_are_not_understood_are_exit_code_two() {
    let directory = crate::support::directory::temporary().unwrap();
    for arguments in [
        &["redner"][..],
        &["render", "--stdout", "--check"],
        &["values", "guestbook"],
        &["schema", "nothing"],
        &["man", "nothing"],
        &["explain", "nothing-like-it"],
        &["--format", "yaml", "render"],
    ] {
        let output = rungs(directory.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains("error:"), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn options_that_would_have_no_effect_are_refused() {
    let demo = demo();
    for line in [
        "set --in environments/qa/cart.yaml :v2 --commit",
        "set --in environments/qa/cart.yaml :v2 --env qa",
        "set --in environments/qa/cart.yaml :v2 --sequence 7",
        "set --in environments/qa/cart.yaml :v2 --ticket X-1",
        "set --in environments/qa/cart.yaml :v2 --override order --reason x",
        "set --in environments/qa/cart.yaml :v2 --base main",
        "gates --base HEAD --replaces web=:v1",
        "gates --base HEAD --to prod",
        "hold list --commit",
    ] {
        let arguments: Vec<_> = line.split(' ').collect();
        let output = rungs(demo.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains("For more information"), "{line}: {}", stderr(&output));
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let directory = crate::support::directory::temporary().unwrap();
    for command in [&["promote"][..], &["hold"], &["hold", "set"]] {
        let page = rungs(directory.path(), &[&["man"], command].concat());
        let title = format!(".TH rungs-{}", command.join("-"));
        assert!(stdout(&page).contains(&title), "{command:?}: {}", stderr(&page));
    }
    let wrong = rungs(directory.path(), &["man", "hold", "sett"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("there are list, set, lift"), "{}", stderr(&wrong));
}

#[test]
fn colours_are_off_without_a_terminal_and_on_if_asked_for() {
    let directory = crate::support::directory::temporary().unwrap();
    let plain = rungs(directory.path(), &["render"]);
    assert!(!stderr(&plain).contains('\u{1b}'));
    let coloured = rungs(directory.path(), &["--color", "always", "render"]);
    assert!(stderr(&coloured).contains("\u{1b}["));
}
