//! Values that an alias or `<<` repeats: for the same app and environment they are one edit,
//! and for others they stop it.

use std::collections::BTreeMap;

use crate::support::git::git;
use crate::support::shop::{RunOutput, Shop, digest};

/// Values of charts in one file for each environment; the apps are named by `app`.
fn charts(app: &str, qa: &str, prod: &str) -> Shop {
    let rule = format!("{{path: '{{environment}}.yaml', kind: helm-values, app: '{app}'}}");
    of_rules(&[&rule], qa, prod)
}

fn of_rules(rules: &[&str], qa: &str, prod: &str) -> Shop {
    let rules = rules.iter().map(|rule| format!("  - {rule}\n")).collect::<Vec<_>>().concat();
    let configuration = format!("version: 1\nladder: [qa, prod]\nsites:\n{rules}");
    let files = [("rungs.yaml", &*configuration), ("qa.yaml", qa), ("prod.yaml", prod)];
    Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
}

const SHARED_TAG: &str = "\
web:
  image: {repository: x/web, tag: &tag v1}
job:
  image: {repository: x/job, tag: *tag}
";

/// The keys that a plan changes, each with what becomes of it.
fn changes(shop: &Shop, arguments: &[&str]) -> BTreeMap<String, String> {
    let plan = shop.json(0, arguments);
    let text = |value: &serde_json::Value| value["image"]["tag"].as_str().unwrap().to_owned();
    let changes = plan["plan"]["apps"][0]["changes"].as_array().unwrap();
    let change = |one: &serde_json::Value| {
        let key = one["key"].as_str().unwrap().to_owned();
        (key, format!("{} → {}", text(&one["from"]), text(&one["to"])))
    };
    changes.iter().map(change).collect()
}

/// Expects that nothing is written, because another app would change.
#[track_caller]
fn is_refused(shop: &Shop, arguments: &[&str], other: &str) -> RunOutput {
    let tip = shop.remote.tip();
    let output = shop.ends(1, arguments).finds("shared-anchor").says(other);
    assert_eq!(shop.remote.tip(), tip);
    output
}

#[test]
fn an_edit_that_changes_another_app_through_an_alias_is_refused() {
    let qa = SHARED_TAG.replace("&tag v1", "v2").replace("*tag", "v1");
    let shop = charts("{image}", &qa, SHARED_TAG);
    let other = "image `job.image` of `job` in `prod` would change as well";
    is_refused(&shop, &["promote", "web", "--to", "prod", "--commit"], other)
        .says("tag: &tag v1")
        .says("tag: *tag");
    is_refused(&shop, &["promote", "--all", "--to", "prod", "--commit"], other);
    is_refused(&shop, &["set", "web", ":v3", "--env", "prod", "--commit"], other);
    // From the other side as well: an alias is changed at its anchor.
    let web = "image `web.image` of `web` in `prod` would change as well";
    is_refused(&shop, &["set", "job", ":v3", "--env", "prod", "--commit"], web);
}

#[test]
fn a_map_and_a_merge_reach_another_app_as_a_scalar_does() {
    let rule = |app: &str| {
        format!(
            "{{path: '{{environment}}.yaml', kind: yaml, app: {app}, fields: {{repository: \
             {app}.image.repository, tag: {app}.image.tag}}}}"
        )
    };
    let qa = "web:\n  image: {repository: x/web, tag: v2}\njob:\n  image: {repository: x/web, tag: \
              v1}\n";
    for job in ["*i", "{<<: *i, pull: Always}", "{repository: x/web, tag: *t}"] {
        let prod =
            format!("web:\n  image: &i {{repository: x/web, tag: &t v1}}\njob:\n  image: {job}\n");
        let shop = of_rules(&[&rule("web"), &rule("job")], qa, &prod);
        let other = "of `job` in `prod` would change as well";
        is_refused(&shop, &["promote", "web", "--to", "prod", "--commit"], other);
    }
}

#[test]
fn a_promoted_value_reaches_another_app_by_an_anchor_inside_it() {
    let rules = [
        "{path: '{environment}.yaml', kind: helm-values, app: web, root: web, promote: [flags]}",
        "{path: '{environment}.yaml', kind: yaml, app: job, fields: {tag: job.tag}}",
    ];
    let qa = "web:\n  image: {repository: x/web, tag: v1}\n  flags: {beta: v2}\njob: {tag: v1}\n";
    let prod = "web:\n  image: {repository: x/web, tag: v1}\n  flags: {beta: &b v1}\njob: {tag: \
                *b}\n";
    let shop = of_rules(&rules, qa, prod);
    let other = "image `job.tag` of `job` in `prod` would change as well";
    is_refused(&shop, &["promote", "web", "--to", "prod", "--commit"], other);
}

#[test]
fn what_repeats_an_image_of_the_same_app_is_one_edit_and_both_are_shown() {
    let both = |tag: &str| SHARED_TAG.replace("v1", tag) + "label: *tag\n";
    let shop = charts("shop", &both("v2"), &both("v1"));
    let promoted = ["promote", "shop", "--to", "prod", "--commit"];
    let expected = ["job.image", "web.image"].map(|key| (key.to_owned(), "v1 → v2".to_owned()));
    assert_eq!(changes(&shop, &promoted), expected.clone().into());
    assert_eq!(shop.file("prod.yaml") + "\n", both("v2"));
    assert!(shop.message().contains("job.image"), "{}", shop.message());
    shop.pull();
    // The alias alone is named: its anchor changes, and both are planned.
    for image in ["job.image=:v3", "web.image=:v3"] {
        let shop = charts("shop", &both("v3"), &both("v1"));
        let set = ["set", "shop", image, "--env", "prod", "--override", "order", "--reason", "x"];
        let expected = ["job.image", "web.image"].map(|key| (key.to_owned(), "v1 → v3".to_owned()));
        assert_eq!(changes(&shop, &[&set[..], &["--commit"]].concat()), expected.into());
        assert_eq!(shop.file("prod.yaml") + "\n", both("v3"));
    }
}

#[test]
fn an_aliased_image_map_is_one_edit() {
    let file = |tag: &str| {
        format!(
            "web:\n  image: &image\n    repository: x/web\n    tag: {tag}\nside:\n  image: *image\n"
        )
    };
    let shop = charts("web", &file("v2"), &file("v1"));
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]).says("side.image");
    assert_eq!(shop.file("prod.yaml") + "\n", file("v2"));
    shop.pull();
    let reason = ["--reason", "it fails", "--commit"];
    shop.ends(0, &[&["rollback", "web", "--env", "prod"], &reason[..]].concat());
    assert_eq!(shop.file("prod.yaml") + "\n", file("v1"));
}

#[test]
fn an_image_that_takes_its_repository_by_a_merge_is_a_site() {
    let file = |tag: &str| {
        format!(
            "web:\n  image: &web {{repository: x/web, pull: Always, tag: {tag}}}\nside:\n  \
             image:\n    <<: *web\n    tag: {tag} # its own\n"
        )
    };
    let shop = charts("web", &file("v2"), &file("v1"));
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod.yaml") + "\n", file("v2"));
}

#[test]
fn values_of_one_app_that_are_written_once_cannot_become_different() {
    let qa = SHARED_TAG.replace("&tag v1", "v2").replace("*tag", "v1");
    for qa in [qa.clone(), qa.replace("x/job, tag: v1", "x/job, tag: v3")] {
        let shop = charts("shop", &qa, SHARED_TAG);
        let tip = shop.remote.tip();
        shop.ends(1, &["promote", "shop", "--to", "prod", "--commit"]).finds("two-values");
        assert_eq!(shop.remote.tip(), tip);
    }
}

#[test]
fn a_tag_is_not_carried_to_the_digest_of_another() {
    let file = |tag: &str, web: char, side: char| {
        format!(
            "web: {{image: {{repository: x/web, tag: &t {tag}, digest: '{}'}}}}\nside: {{image: \
             {{repository: x/side, tag: *t, digest: '{}'}}}}\n",
            digest(web),
            digest(side)
        )
    };
    let shop = charts("shop", &file("v2", '2', '3'), &file("v1", '1', '1'));
    let new = format!("web.image=:v2@{}", digest('2'));
    let set = ["set", "shop", &new, "--env", "prod", "--override", "order", "--reason", "x"];
    let other = "`side.image` would get the tag `v2` beside another tag's digest";
    is_refused(&shop, &[&set[..], &["--commit"]].concat(), other);
    shop.ends(0, &["promote", "shop", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod.yaml") + "\n", file("v2", '2', '3'));
}

#[test]
fn an_anchor_that_is_no_site_changes_for_all_that_repeat_it() {
    let file = |tag: &str| {
        format!(
            "version: &v {tag}\nweb: {{image: {{repository: x/web, tag: *v}}}}\nside: {{image: \
             {{repository: x/side, tag: *v}}}}\n"
        )
    };
    let shop = charts("shop", &file("v2"), &file("v1"));
    shop.ends(0, &["promote", "shop", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod.yaml") + "\n", file("v2"));
    let shop = charts("{image}", &file("v2"), &file("v1"));
    let other = "image `side.image` of `side` in `prod` would change as well";
    is_refused(&shop, &["promote", "web", "--to", "prod", "--commit"], other);
}

#[test]
fn a_native_app_changes_at_its_anchor() {
    let file = |tag: &str| {
        format!(
            "images:\n  web: {{repository: x/web, tag: &t {tag}}}\n  side: {{repository: x/side, \
             tag: *t}}\n"
        )
    };
    let template = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  \
                    - {name: a, image: {{ images.web.ref }}}\n  - {name: b, image: {{ \
                    images.side.ref }}}\n";
    let files = [
        ("rungs.yaml", "version: 1\nladder: [qa, prod]\n"),
        ("environments/qa/environment.yaml", "tier: preprod\n"),
        ("environments/prod/environment.yaml", "tier: production\n"),
        ("environments/qa/web.yaml", &file("v2")),
        ("environments/prod/web.yaml", &file("v1")),
        ("templates/web/pod.yaml.tera", template),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
    shop.ends(0, &["render"]);
    git(&shop.clone, &["add", "-A"]);
    git(&shop.clone, &["commit", "-q", "-m", "Render"]);
    git(&shop.clone, &["push", "-q"]);
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]).says("side");
    assert_eq!(shop.file("environments/prod/web.yaml") + "\n", file("v2"));
}

#[test]
fn a_value_that_is_no_site_and_changes_along_is_noted() {
    let values = |tag: &str| {
        format!(
            "web:\n  image: {{repository: x/web, tag: &t {tag}}}\nlabels: {{version: *t, name: web}}\n\
             more: [a, *t]\n"
        )
    };
    let shop = charts("web", &values("v2"), &values("v1"));
    for arguments in [
        &["promote", "web", "--to", "prod", "--dry-run"][..],
        &["set", "web", ":v3", "--env", "qa", "--dry-run"],
        &["set", "--in", "prod.yaml", "x/web:v3", "--dry-run"],
        &["set", "--in", "prod.yaml", "--route", "web.image.tag=v3", "--dry-run"],
    ] {
        shop.ends(0, arguments)
            .finds("changes-along")
            .says("`labels.version` and another value change as well");
    }
    let alone = values("v1").replace("version: *t", "version: v1").replace(", *t]", "]");
    let shop = charts("web", &values("v2"), &alone);
    let output = shop.ends(0, &["promote", "web", "--to", "prod", "--dry-run"]);
    assert!(!output.stderr.contains("changes-along"), "{}", output.stderr);
}
