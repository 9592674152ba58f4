//! Rendered files are updated with what is set, promoted and rolled back.

use crate::support::git::git;
use crate::support::program::rungs_done;
use crate::support::repository::native_app;
use crate::support::shop::Shop;

const FILES: [&str; 2] = ["environments/stage/web.yaml", "rendered/stage/web/deployment-web.yaml"];

/// A fresh clone of the remote has nothing stale.
fn is_fresh(shop: &Shop) {
    shop.pull();
    rungs_done(&shop.clone, &["render", "--check"]);
}

#[test]
fn a_promotion_carries_the_apps_rendered_files_and_no_others() {
    let shop = Shop::native(&[]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    assert_eq!(shop.changed(), FILES);
    assert_eq!(shop.file(FILES[0]), native_app("web", "v2").trim_end());
    assert!(shop.file(FILES[1]).contains("registry.example.com/web:v2"));
    is_fresh(&shop);
}

#[test]
fn what_is_set_and_rolled_back_carries_them_too() {
    let shop = Shop::native(&[]);
    shop.ends(0, &["set", "web", ":v3", "--env", "qa", "--commit"]);
    assert_eq!(shop.changed(), ["environments/qa/web.yaml", "rendered/qa/web/deployment-web.yaml"]);
    is_fresh(&shop);
    shop.ends(0, &["rollback", "web", "--env", "qa", "--commit"]);
    assert_eq!(
        shop.changed(),
        [
            ".rungs/holds/qa/web.yaml",
            "environments/qa/web.yaml",
            "rendered/qa/web/deployment-web.yaml"
        ]
    );
    assert!(shop.file("rendered/qa/web/deployment-web.yaml").contains("web:v2"));
    is_fresh(&shop);
}

#[test]
fn write_changes_the_rendered_files_of_the_work_tree() {
    let shop = Shop::native(&[]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--write"]);
    assert_eq!(git(&shop.clone, &["diff", "--name-only"]).lines().collect::<Vec<_>>(), FILES);
    rungs_done(&shop.clone, &["render", "--check"]);
}

#[test]
fn stale_rendered_files_of_the_app_stop_it() {
    let stale = "# Rendered by rungs. Do not edit.\nkind: Old\n";
    for stale in [
        (FILES[1], Some(stale)),
        ("rendered/stage/web/configmap-gone.yaml", Some(stale)),
        (FILES[1], None),
    ] {
        let shop = Shop::native(&[]);
        let tip = shop.elsewhere("By hand", &[stale]);
        shop.pull();
        for mode in ["--commit", "--branch", "--write", "--dry-run"] {
            for arguments in
                [&["promote", "web", "--to", "stage"][..], &["set", "web", ":v2", "--env", "stage"]]
            {
                let output = shop.ends(1, &[arguments, &[mode]].concat());
                output.finds("stale-rendering").says("run `rungs render`");
            }
        }
        assert_eq!(shop.remote.tip(), tip, "{stale:?}");
        assert_eq!(git(&shop.remote.bare(), &["branch", "--list", "rungs/*"]), "");
        assert_eq!(git(&shop.clone, &["status", "--porcelain"]), "");
    }
}

#[test]
fn stale_files_of_other_apps_are_left_alone() {
    let stale = "# Rendered by rungs. Do not edit.\nkind: Old\n";
    let shop = Shop::native(&[]);
    let others = ["rendered/stage/api/deployment-api.yaml", "rendered/qa/web/deployment-web.yaml"];
    shop.elsewhere("By hand", &others.map(|path| (path, Some(stale))));
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    assert_eq!(shop.changed(), FILES);
    assert!(others.iter().all(|path| shop.file(path) == stale.trim_end()));
}

#[test]
fn without_the_output_directory_nothing_is_rendered_into_the_commit() {
    let shop = Shop::native(&[]);
    git(&shop.clone, &["rm", "-rq", "rendered"]);
    git(&shop.clone, &["commit", "-qm", "Render elsewhere"]);
    git(&shop.clone, &["push", "-q"]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    assert_eq!(shop.changed(), FILES[..1]);
}

#[test]
fn a_result_that_does_not_render_fails_the_gate_render() {
    // The template fails for the tag that stage gets, and for no other.
    let template = "{% if images.web.tag == 'v2' and environment == 'stage' %}\
                    {{ values.missing }}{% endif %}\n";
    let shop = Shop::native(&[("templates/web/broken.yaml.tera", template)]);
    let tip = shop.remote.tip();
    for mode in ["--commit", "--branch", "--write"] {
        let output = shop.ends(3, &["promote", "web", "--to", "stage", mode]);
        output.finds("gate-fails").says("the gate `render` fails").says("missing");
    }
    assert_eq!(shop.remote.tip(), tip);
    assert_eq!(git(&shop.clone, &["status", "--porcelain"]), "");
    let gates = shop.json(3, &["gates", "web", "--to", "stage"]);
    let gates = gates["plans"][0]["apps"][0]["gates"].as_array().unwrap();
    assert!(gates.iter().any(|gate| gate["gate"] == "render" && gate["answer"] == "fail"));
    // `render` cannot be overridden.
    let output = shop.rungs(&[
        "promote",
        "web",
        "--to",
        "stage",
        "--commit",
        "--override",
        "render",
        "--reason",
        "hurry",
    ]);
    assert_ne!(output.code, Some(0), "{output:?}");
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn create_makes_the_leaf_and_its_rendered_files() {
    let shop = Shop::native(&[
        ("environments/qa/new.yaml", &native_app("new", "v7")),
        ("environments/new.yaml", "values: {}\n"),
    ]);
    let output = shop.ends(1, &["promote", "new", "--to", "stage", "--commit"]);
    output.finds("app-not-there").says("--create");
    shop.ends(0, &["promote", "new", "--to", "stage", "--create", "--commit"]);
    let made = ["environments/stage/new.yaml", "rendered/stage/new/deployment-new.yaml"];
    let changed = shop.changed();
    assert!(made.iter().all(|path| changed.contains(&(*path).to_owned())), "{changed:?}");
    assert!(
        changed.iter().all(|path| made.contains(&&**path) || path.contains("_environment")),
        "{changed:?}"
    );
    assert_eq!(
        shop.file(made[0]),
        "template: web\nimages:\n  web:\n    repository: registry.example.com/new\n    tag: v7"
    );
    is_fresh(&shop);
}
