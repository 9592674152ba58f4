//! `rungs set`, which CI runs after a build.

use crate::support::git::git;
use crate::support::shop::{Shop, digest, image};

/// Apps with two images, one of which is pinned by digest.
fn two_images() -> Shop {
    let configuration = "\
version: 1
ladder: [qa, stage, prod]
sites:
  - path: '{environment}/{app}.yaml'
    kind: manifest
";
    let pod = |web: &str, db: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: shop}}\nspec:\n  containers:\n  \
             - name: web\n    image: ghcr.io/shop/web{web} # by promotion\n  \
             - name: db\n    image: \"ghcr.io/shop/db{db}\"\n"
        )
    };
    let pinned = format!(":v1@{}", digest('1'));
    let mut files = std::collections::BTreeMap::new();
    files.insert("rungs.yaml".to_owned(), configuration.to_owned());
    for environment in ["qa", "stage", "prod"] {
        files.insert(format!("{environment}/shop.yaml"), pod(&pinned, ":v1"));
        files.insert(format!("{environment}/api.yaml"), pod(":v1", ":v1"));
    }
    Shop::of(&files)
}

#[test]
fn several_apps_and_images_are_set_in_one_commit() {
    let shop = two_images();
    let new = format!("web=:v2@{}", digest('2'));
    shop.ends(
        0,
        &[
            "set",
            "shop",
            &new,
            "db=ghcr.io/shop/db:v3",
            "api",
            "web=:v4",
            "--env",
            "qa",
            "--commit",
        ],
    );
    assert_eq!(shop.changed(), ["qa/api.yaml", "qa/shop.yaml"]);
    let text = shop.file("qa/shop.yaml");
    assert!(text.contains(&format!("image: ghcr.io/shop/web:v2@{} # by promotion", digest('2'))));
    assert!(text.contains("image: \"ghcr.io/shop/db:v3\""));
    assert!(shop.file("qa/api.yaml").contains("shop/web:v4 #"));
    let message = shop.message();
    assert!(message.contains("Rungs-Set: shop in qa"), "{message}");
    assert!(message.contains("Rungs-Set: api in qa"), "{message}");
    assert!(message.lines().next().unwrap().starts_with("Set "), "{message}");
}

#[test]
fn an_ambiguous_image_is_refused() {
    let shop = two_images();
    let tip = shop.remote.tip();
    shop.ends(1, &["set", "shop", ":v2", "--env", "qa", "--commit"])
        .finds("which-image")
        .says("name one: `ghcr.io/shop/web=:v2` or `ghcr.io/shop/db=:v2`");
    shop.ends(2, &["set", "shop", "wbe=:v2", "--env", "qa", "--commit"])
        .finds("unknown-image")
        .says("did you mean `web`?");
    shop.ends(2, &["set", ":v2", "--env", "qa", "--commit"]).says("name the app before");
    shop.ends(2, &["set", "shop", "--env", "qa", "--commit"]).says("give `shop` a new reference");
    assert_eq!(shop.remote.tip(), tip);
    // A text that was listed is accepted.
    shop.ends(0, &["set", "shop", "ghcr.io/shop/db=:v2", "--env", "qa", "--commit"]);
    assert!(shop.file("qa/shop.yaml").contains("shop/db:v2"));
}

#[test]
fn holds_and_states_select_the_image_that_set_selects() {
    let shop = two_images();
    let hold = |code, reference: &str| {
        let set = ["hold", "set", "shop", "--env", "stage", "--reason", "slow", "--commit"];
        shop.ends(code, &[&set[..], &["--ref", reference]].concat())
    };
    hold(2, "wbe=:v2").finds("unknown-image").says("did you mean `web`?");
    let listed = "the images are `db` and `web`";
    hold(2, "cache=:v2").says("`shop` has no image `cache`").says(listed);
    shop.ends(2, &["set", "shop", "cache=:v2", "--env", "qa", "--commit"])
        .says("`shop` has no image `cache`")
        .says(listed);
    hold(0, "ghcr.io/shop/db=:v2");
    assert!(shop.file(".rungs/holds/stage/shop.yaml").contains("db: v2"));
    let lift = |code, reference: &str| {
        shop.ends(code, &["hold", "lift", "shop", "--env", "stage", "--commit", "--ref", reference])
    };
    lift(1, "web=:v2").finds("no-such-hold");
    lift(1, "ghcr.io/shop/web:v2").finds("no-such-hold");
    lift(0, "ghcr.io/shop/db:v2");
    // qa has had `db` at v1 and never at v2, whatever `web` has had.
    shop.ends(0, &["set", "shop", "db=:v5", "--env", "qa", "--commit"]);
    shop.pull();
    let promote = |code, reference: &str| {
        shop.ends(code, &["promote", "shop", "--to", "stage", "--dry-run", "--ref", reference])
    };
    promote(1, "web=:v5").finds("never-held");
    promote(1, "ghcr.io/shop/web:v5").finds("never-held");
    promote(0, "ghcr.io/shop/db:v5").says("db");
}

#[test]
fn if_one_of_several_apps_cannot_be_set_none_is() {
    let shop = two_images();
    let tip = shop.remote.tip();
    shop.ends(2, &["set", "api", "web=:v2", "shop", "wbe=:v2", "--env", "qa", "--commit"]);
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn an_app_or_image_that_is_named_twice_gets_both_or_is_refused() {
    let shop = two_images();
    shop.ends(0, &["set", "api", "web=:v2", "api", "db=:v3", "--env", "qa", "--commit"]);
    let text = shop.file("qa/api.yaml");
    assert!(text.contains("web:v2") && text.contains("db:v3"), "{text}");
    let tip = shop.remote.tip();
    let output = shop.rungs(&["set", "api", "web=:v5", "web=:v6", "--env", "qa", "--commit"]);
    assert!(matches!(output.code, Some(1 | 2)), "{output:?}");
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn another_repository_is_refused_without_permission() {
    let shop = Shop::adopted(&[]);
    let tip = shop.remote.tip();
    let other = "registry.example.com/other/web:v3";
    let output = shop.ends(1, &["set", "web", other, "--env", "qa", "--commit"]);
    output.says("--repository");
    assert_eq!(shop.remote.tip(), tip);
    shop.ends(0, &["set", "web", other, "--env", "qa", "--repository", "--commit"]);
    assert!(shop.file("qa/web.yaml").contains("registry.example.com/other/web:v3"));
}

#[test]
fn a_digest_is_never_left_beside_another_tag() {
    let shop = two_images();
    let tip = shop.remote.tip();
    for mode in ["--commit", "--write", "--branch"] {
        shop.ends(1, &["set", "shop", "web=:v2", "--env", "qa", mode]).says("--drop-digest");
    }
    assert_eq!(shop.remote.tip(), tip);
    assert_eq!(git(&shop.clone, &["status", "--porcelain"]), "");
    shop.ends(0, &["set", "shop", "web=:v2", "--env", "qa", "--drop-digest", "--commit"]);
    assert!(shop.file("qa/shop.yaml").contains("image: ghcr.io/shop/web:v2 # by promotion"));
}

#[test]
fn a_sequence_is_recorded_and_does_not_go_back() {
    let shop = Shop::adopted(&[]);
    let set = |code, tag: &str, number: &str, more: &[&str]| {
        let arguments = ["set", "web", tag, "--env", "qa", "--commit", "--sequence", number];
        shop.ends(code, &[&arguments[..], more].concat())
    };
    set(0, ":v3", "10", &[]);
    assert!(shop.message().contains("Rungs-Sequence: image 10"), "{}", shop.message());
    let tip = shop.remote.tip();
    set(1, ":v2", "9", &[]).finds("old-sequence").says("--force");
    assert_eq!(shop.remote.tip(), tip);
    // The same build again: nothing to do.
    set(0, ":v3", "10", &[]).says("nothing to do");
    // Each image of an app in an environment has its own number.
    shop.ends(0, &["set", "api", ":v3", "--env", "qa", "--commit", "--sequence", "2"]);
    set(0, ":v2", "9", &["--force"]);
    assert!(shop.file("qa/web.yaml").contains(":v2"));
    // The newest record counts.
    set(1, ":v4", "8", &[]);
    set(0, ":v4", "10", &[]);
}

#[test]
fn the_source_commit_is_recorded() {
    let shop = Shop::adopted(&[]);
    let commit = "c0ffee0000000000000000000000000000000001";
    shop.ends(0, &["set", "web", ":v3", "--env", "qa", "--commit", "--source-commit", commit]);
    assert!(shop.message().contains(&format!("Rungs-Source-Commit: {commit}")));
    // No option can add a record of its own.
    let hostile = "x\nRungs-Sequence: image 99";
    let arguments = ["set", "web", ":v4", "--env", "qa", "--commit", "--source-commit", hostile];
    let output = shop.rungs(&arguments);
    if output.code == Some(0) {
        let message = shop.message();
        assert!(message.lines().all(|line| !line.starts_with("Rungs-Sequence")), "{message}");
    }
}

#[test]
fn above_a_first_rung_a_set_reference_has_to_be_below() {
    let shop = Shop::adopted(&[]);
    let tip = shop.remote.tip();
    let set = |code, tag: &str, environment: &str| {
        shop.ends(code, &["set", "web", tag, "--env", environment, "--commit"])
    };
    set(3, ":v9", "stage").finds("gate-fails").says("the gate `order` fails");
    set(3, ":v2", "prod").says("the gate `order` fails");
    assert_eq!(shop.remote.tip(), tip);
    set(0, ":v2", "stage");
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v2").trim_end());
    let why = "hot fix, tested by hand";
    let arguments = ["set", "web", ":v9", "--env", "prod", "--commit", "--override", "order"];
    shop.ends(0, &[&arguments[..], &["--reason", why]].concat());
    assert!(shop.message().contains(&format!("Rungs-Override: order {why}")));
}
