//! Apps of which a part moves.

use crate::support::shop::Shop;

const RULES: &str = "\
version: 1
ladder: [qa, prod]
sites:
  - {path: '{environment}.yaml', kind: yaml, app: web, fields: {version: chart}}
  - {path: '{environment}/kustomization.yaml', kind: kustomize, app: web}
";

fn kustomization(web: &str, sidecar: &str) -> String {
    format!(
        "# by promotion\nimages:\n- name: x/web\n  newTag: {web}\n- name: x/sidecar\n  newTag: {sidecar}\n"
    )
}

/// An app with two images and the version of a chart, all newer in qa.
fn shop_with(rules: &str) -> Shop {
    let files = [
        ("rungs.yaml", rules.to_owned()),
        ("qa.yaml", "chart: 1.2.0\n".to_owned()),
        ("prod.yaml", "chart: 1.1.0\n".to_owned()),
        ("qa/kustomization.yaml", kustomization("v2", "v8")),
        ("prod/kustomization.yaml", kustomization("v1", "v7")),
    ];
    Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into())
}

fn shop() -> Shop {
    shop_with(RULES)
}

const PROMOTE: [&str; 5] = ["promote", "web", "--to", "prod", "--commit"];

#[test]
fn only_the_named_keys_move_and_no_other_byte() {
    let one = shop();
    one.ends(0, &[&PROMOTE[..], &["--only", "x/web"]].concat());
    assert_eq!(one.file("prod/kustomization.yaml") + "\n", kustomization("v2", "v7"));
    assert_eq!(one.changed(), ["prod/kustomization.yaml"]);
    let two = shop();
    two.ends(0, &[&PROMOTE[..], &["--only", "sidecar", "--only", "chart"]].concat());
    assert_eq!(two.file("prod/kustomization.yaml") + "\n", kustomization("v1", "v8"));
    assert_eq!(two.file("prod.yaml"), "chart: 1.2.0");
    let but = shop();
    but.ends(0, &[&PROMOTE[..], &["--except", "web"]].concat());
    assert_eq!(but.file("prod/kustomization.yaml") + "\n", kustomization("v1", "v8"));
    but.ends(0, &[&PROMOTE[..], &["--except", "web"]].concat()).says("nothing to do");
    but.ends(0, &PROMOTE);
    assert_eq!(but.file("prod/kustomization.yaml") + "\n", kustomization("v2", "v8"));
}

#[test]
fn to_leave_out_all_of_an_app_is_refused() {
    let shop = shop();
    let all = ["--except", "web", "--except", "sidecar", "--except", "chart"];
    shop.ends(2, &[&PROMOTE[..], &all].concat()).finds("nothing-left").says("`chart`");
    shop.ends(0, &[&PROMOTE[..], &all[..4]].concat());
    shop.ends(2, &[&["rollback", "web", "--env", "prod", "--commit"][..], &all].concat())
        .finds("nothing-left");
}

#[test]
fn a_hold_by_hand_on_a_key_that_the_app_does_not_have_waits() {
    let hold = |clone: &Shop, state: &str| {
        let text = format!("- state: {state}\n  reason: bad\n  by: ana\n");
        clone.elsewhere("hold", &[(".rungs/holds/prod/web.yaml", Some(&*text))]);
        clone.pull();
    };
    let shop = shop();
    for state in ["{web: v2}", "{x/web: v2, gone: v1}"] {
        hold(&shop, state);
        shop.ends(5, &PROMOTE).finds("gate-waits").says("which the app does not have");
    }
    hold(&shop, "{web: v2}");
    shop.ends(5, &PROMOTE).says("did you mean `x/web`?");
    // What it lists beside is something else, or another environment has it.
    hold(&shop, "{x/web: v3, gone: v1}");
    shop.ends(0, &PROMOTE);
}

#[test]
fn a_name_that_the_app_does_not_have_is_refused() {
    let shop = shop();
    let tip = shop.remote.tip();
    shop.ends(2, &[&PROMOTE[..], &["--only", "sidecra"]].concat())
        .finds("unknown-key-of-app")
        .says("did you mean `x/sidecar`?");
    let output = shop.ends(2, &[&PROMOTE[..], &["--except", "wbe", "--except", "chrat"]].concat());
    output.says("nothing called `wbe`").says("nothing called `chrat`");
    shop.ends(2, &[&PROMOTE[..], &["--only", "web", "--except", "chart"]].concat())
        .says("cannot be used with");
    shop.ends(2, &["promote", "--all", "--to", "prod", "--only", "web"])
        .says("cannot be used with");
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn the_branch_of_a_part_is_judged_as_the_command_judged_it() {
    let gated = RULES.to_owned() + "environments: { prod: { gates: { soak: 1h } } }\n";
    let shop = shop_with(&gated);
    shop.days_ago(1, "Old enough", &[("qa/kustomization.yaml", Some(&kustomization("v3", "v8")))]);
    shop.elsewhere("Newer", &[("qa/kustomization.yaml", Some(&kustomization("v3", "v9")))]);
    shop.pull();
    // The whole waits for the newest image alone, and says so.
    shop.ends(5, &PROMOTE).finds("gate-waits").finds("part-may-go").says("--except");
    shop.ends(0, &["gates", "web", "--to", "prod", "--only", "web"]);
    shop.ends(0, &["promote", "web", "--to", "prod", "--only", "web", "--branch"]);
    let head = "origin/rungs/prod/web";
    crate::support::git::git(&shop.clone, &["fetch", "-q"]);
    let judged = shop.json(0, &["gates", "--base", "main", "--head", head]);
    let text = judged.to_string();
    assert!(
        text.contains("\"soak\"") && !text.contains("\"fail\"") && !text.contains("\"wait\""),
        "{text}"
    );
}

#[test]
fn parts_go_by_themselves_where_the_entry_says_so() {
    let apart =
        RULES.replace("kind: kustomize, app: web", "kind: kustomize, app: web, together: false");
    let shop = shop_with(&(apart + "environments: { prod: { gates: { tag: '^v[0-8]$' } } }\n"));
    shop.elsewhere("Newer", &[("qa/kustomization.yaml", Some(&kustomization("v2", "v9")))]);
    shop.pull();
    shop.ends(0, &PROMOTE)
        .finds("part-may-go")
        .says("`x/sidecar` of `web` is held up, and the rest goes by itself");
    assert_eq!(shop.file("prod/kustomization.yaml") + "\n", kustomization("v2", "v7"));
    assert_eq!(shop.file("prod.yaml"), "chart: 1.2.0");
}

#[test]
fn a_site_without_a_partner_may_stay_behind() {
    let shop = shop();
    let more = kustomization("v2", "v8") + "- name: x/new\n  newTag: v1\n";
    shop.elsewhere("More", &[("qa/kustomization.yaml", Some(&more))]);
    shop.pull();
    shop.ends(1, &PROMOTE).finds("unpaired-site").finds("part-may-go").says("--except x/new");
    shop.ends(0, &[&PROMOTE[..], &["--except", "x/new"]].concat());
    assert_eq!(shop.file("prod/kustomization.yaml") + "\n", kustomization("v2", "v8"));
}

#[test]
fn a_hold_on_one_image_lets_the_others_pass() {
    let shop = shop();
    shop.ends(
        0,
        &[
            "hold",
            "set",
            "web",
            "--env",
            "prod",
            "--ref",
            "x/sidecar=:v8",
            "--reason",
            "leaks",
            "--commit",
        ],
    );
    shop.ends(3, &PROMOTE).finds("gate-fails").says("--except x/sidecar");
    shop.ends(3, &[&PROMOTE[..], &["--only", "sidecar"]].concat()).finds("gate-fails");
    shop.ends(0, &[&PROMOTE[..], &["--except", "sidecar"]].concat());
}

#[test]
fn one_image_is_rolled_back_and_held_alone() {
    let shop = shop();
    shop.ends(0, &PROMOTE);
    let rollback = ["rollback", "web", "--env", "prod", "--only", "sidecar", "--reason", "leaks"];
    shop.ends(0, &[&rollback[..], &["--branch"]].concat());
    crate::support::git::git(&shop.clone, &["fetch", "-q"]);
    shop.ends(0, &["gates", "--base", "main", "--head", "origin/rungs-rollback/prod/web"]);
    shop.ends(0, &[&rollback[..], &["--commit"]].concat());
    assert_eq!(shop.file("prod/kustomization.yaml") + "\n", kustomization("v2", "v7"));
    assert_eq!(shop.file("prod.yaml"), "chart: 1.2.0");
    shop.ends(3, &PROMOTE).finds("gate-fails");
    shop.ends(0, &[&PROMOTE[..], &["--except", "sidecar"]].concat()).says("nothing to do");
}

#[test]
fn an_image_and_the_git_reference_of_its_repository_never_part() {
    let with = |tag: &str, reference: &str| {
        format!(
            "resources:\n- https://git.example.com/o/web//deploy?ref={reference}\n{}",
            kustomization(tag, tag)
        )
    };
    let files = [
        ("rungs.yaml", RULES.replace("  - {path: '{environment}.yaml', kind: yaml, app: web, fields: {version: chart}}\n", "")),
        ("qa/kustomization.yaml", with("v2", "2.0.0")),
        ("prod/kustomization.yaml", with("v1", "1.0.0")),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    shop.ends(0, &[&PROMOTE[..], &["--only", "x/web"]].concat());
    let text = shop.file("prod/kustomization.yaml") + "\n";
    assert_eq!(text, with("v1", "2.0.0").replace("x/web\n  newTag: v1", "x/web\n  newTag: v2"));
}

#[test]
fn a_native_app_may_let_its_parts_go_by_themselves() {
    let app = |tag: &str, side: &str| {
        format!(
            "together: false\nimages:\n  web: {{ repository: r/web, tag: {tag} }}\n  side: {{ repository: r/side, tag: {side} }}\n"
        )
    };
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: web, image: \"{{ images.web.ref }}\"}\n  - {name: side, image: \"{{ images.side.ref }}\"}\n";
    let shop = Shop::native(&[
        ("environments/qa/duo.yaml", &app("v2", "rc9")),
        ("environments/stage/duo.yaml", &app("v1", "v1")),
        ("environments/stage/environment.yaml", "gates: { tag: '^v' }\n"),
        ("templates/duo/pod.yaml.tera", pod),
    ]);
    shop.ends(0, &["promote", "duo", "--to", "stage", "--commit"]).finds("part-may-go");
    assert_eq!(shop.file("environments/stage/duo.yaml") + "\n", app("v2", "v1"));
}

#[test]
fn what_was_rolled_back_does_not_return_beside_something_newer() {
    let shop = shop();
    shop.ends(0, &PROMOTE);
    shop.ends(0, &["rollback", "web", "--env", "prod", "--reason", "web is faulty", "--commit"]);
    shop.ends(0, &["set", "web", "x/sidecar=:v9", "--env", "qa", "--commit"]);
    let promote = shop.ends(3, &PROMOTE);
    promote.says("`prod` has had this `x/web` before and left it").finds("part-may-go");
    shop.ends(3, &[&PROMOTE[..], &["--only", "web"]].concat()).says("holds it back");
    shop.ends(3, &[&PROMOTE[..], &["--except", "chart"]].concat())
        .says("has had this `x/web` before");
    shop.ends(0, &[&PROMOTE[..], &["--only", "sidecar"]].concat());
    // A lower version of what stays does not end the search.
    shop.ends(3, &PROMOTE).says("has had this `x/web` before");
    shop.ends(0, &["hold", "lift", "web", "--env", "prod", "--commit"]);
    shop.ends(0, &PROMOTE);
}

#[test]
fn a_value_and_what_is_in_it_never_part() {
    let rules = "\
version: 1
ladder: [qa, prod]
environments: { prod: { gates: { tag: '^v' } } }
sites:
  - {path: '{environment}.yaml', app: web, kind: helm-values, promote: [side], together: false}
";
    let file = |tag: &str, side: &str| {
        format!(
            "image: {{repository: x/web, tag: {tag}}}\nside: {{image: {{repository: x/api, tag: {side}}}}}\n"
        )
    };
    let (qa, prod) = (file("v2", "rc9"), file("v1", "v1"));
    let files = [("rungs.yaml", rules), ("qa.yaml", &qa), ("prod.yaml", &prod)];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
    shop.ends(3, &[&PROMOTE[..], &["--only", "side"]].concat()).finds("gate-fails");
    shop.ends(0, &PROMOTE).finds("part-may-go");
    assert_eq!(shop.file("prod.yaml") + "\n", file("v2", "v1"));
}
