//! What people read on a narrow terminal: nothing that matters is cut or broken, and no
//! line break is shown as an escape.

use crate::support::program::{rungs_in, stdout, transcript};
use crate::support::shop::{Shop, image};

const COLUMNS: usize = 60;

/// What a command prints in so many columns. Its lines are no longer, unless what is
/// on them has to be copied whole.
fn printed(shop: &Shop, columns: usize, arguments: &[&str]) -> String {
    let mut rungs = rungs_in(&shop.clone);
    let output = rungs.args(arguments).env("COLUMNS", columns.to_string()).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 3 | 5)), "{}", transcript(&output));
    let text = stdout(&output).to_owned();
    for line in text.lines() {
        let is_whole = line.contains('`') || !line.trim().contains(' ');
        assert!(line.chars().count() <= columns || is_whole, "{arguments:?}: {line}\n{text}");
    }
    assert!(!text.contains(r"\n"), "{arguments:?}: {text}");
    text
}

/// A shop whose app has a value of several lines, and a held state in stage.
fn shop() -> Shop {
    const VALUES: &str = "{ checkoutWithInvoice: NEW, wishlistsOfCustomers: NEW }";
    let configuration = "\
version: 1
ladder: [qa, stage, prod]
sites:
  - path: '{environment}/{app}.yaml'
    kind: yaml
    fields: { image: image }
    promote: [features]
";
    let file = |tag: &str, new: &str| {
        let values = VALUES.replace("NEW", new);
        format!("image: registry.example.com/shop/web:{tag}\nfeatures: {values}\n")
    };
    let [qa, others] = [file("v2", "true"), file("v1", "false")];
    let shop = Shop::adopted(&[
        ("rungs.yaml", configuration),
        ("qa/web.yaml", &qa),
        ("stage/web.yaml", &others),
        ("prod/web.yaml", &others),
    ]);
    let reason = "checkout answers\nwith errors\n\nand slowly";
    for arguments in [
        &["promote", "web", "--to", "stage", "--commit"][..],
        &["rollback", "web", "--env", "stage", "--reason", reason, "--commit"],
    ] {
        shop.ends(0, arguments);
    }
    shop
}

#[test]
fn a_plan_has_its_places_below_what_changes() {
    let shop = Shop::adopted(&[]);
    let plan = |columns| printed(&shop, columns, &["promote", "web", "--to", "stage", "--dry-run"]);
    assert!(plan(60).contains("\n  image  v1 → v2  stage/web.yaml:2\n"), "{}", plan(60));
    assert!(plan(32).contains("\n  image  v1 → v2\n      stage/web.yaml:2\n"), "{}", plan(32));
}

#[test]
fn a_value_that_changes_is_whole() {
    let shop = shop();
    let plan = printed(&shop, COLUMNS, &["promote", "web", "--to", "stage", "--dry-run"]);
    assert!(plan.contains("v1 → v2"), "{plan}");
    assert!(plan.lines().any(|line| line.trim() == "stage/web.yaml:2"), "{plan}");
    let status = printed(&shop, COLUMNS, &["status", "web"]);
    assert!(status.contains("next: image v1 → v2"), "{status}");
}

#[test]
fn a_long_route_is_shortened_in_the_middle_and_whole_as_data() {
    let route = "spec.values.deployments.frontend.containers.web.image.tag";
    let rules = format!(
        "version: 1\nladder: [qa, stage, prod]\nsites:\n  - path: '{{environment}}/{{app}}.yaml'\n    \
         kind: yaml\n    fields: {{ tag: {route} }}\n"
    );
    let file = |tag: &str| {
        let mut text = String::new();
        for (depth, key) in route.split('.').enumerate() {
            let end = if key == "tag" { ": " } else { ":\n" };
            text.extend(["  ".repeat(depth).as_str(), key, end]);
        }
        text + tag + "\n"
    };
    let [new, old] = ["v2-tag", "v1-tag"].map(file);
    let shop = Shop::adopted(&[
        ("rungs.yaml", &rules),
        ("qa/web.yaml", &new),
        ("stage/web.yaml", &old),
        ("prod/web.yaml", &old),
    ]);
    let promote = ["promote", "web", "--to", "stage", "--dry-run"];
    for (arguments, start, end) in [
        (&promote[..], "  spec.values", "image.tag  v1-tag → v2-tag"),
        (&["status", "web"], "next: spec", "image.tag v1-tag → v2-tag"),
    ] {
        let text = printed(&shop, COLUMNS, arguments);
        let is_beside = |line: &str| line.contains(start) && line.contains(end);
        assert!(text.lines().any(is_beside), "{text}");
        assert!(text.contains('…') && !text.contains(route), "{text}");
        let json = shop.rungs(&[arguments, &["--format", "json"]].concat()).stdout;
        assert!(json.contains(route), "{json}");
    }
    // A value that goes below its key anyway leaves it the whole line.
    shop.elsewhere("Long", &[("qa/web.yaml", Some(&file("v2-with-a-tag-of-many-characters")))]);
    shop.pull();
    let text = printed(&shop, COLUMNS, &promote);
    assert!(text.contains(&format!("  {route}\n")), "{text}");
}

#[test]
fn a_reason_of_several_lines_is_one_sentence() {
    let shop = shop();
    let reason = "checkout answers with errors and slowly";
    for arguments in [&["hold", "list"][..], &["audit"]] {
        for columns in [COLUMNS, 200] {
            let text = printed(&shop, columns, arguments);
            let words: Vec<_> = text.split_whitespace().collect();
            assert!(words.join(" ").contains(reason), "{arguments:?}: {text}");
        }
    }
}

#[test]
fn a_replayed_change_is_whole() {
    let hurried = Shop::adopted(&[]);
    hurried.elsewhere("Hurry", &[("prod/web.yaml", Some(&image("web", "v2-of-a-long-name")))]);
    hurried.pull();
    let replay = printed(&hurried, COLUMNS, &["gates", "--replay", "30d"]);
    assert!(replay.contains("fail") && replay.contains("prod/web.yaml:2:8"), "{replay}");
}
