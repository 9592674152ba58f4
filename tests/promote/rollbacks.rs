//! Rollbacks and holds.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;

use crate::support::effort::few_or_all;
use crate::support::git::{git, hook};
use crate::support::shop::{RunOutput, Shop, image, put};

const HOLD: &str = ".rungs/holds/stage/web.yaml";

/// A repository whose stage has had v1, v2 and v3.
fn with_history() -> Shop {
    let shop = Shop::adopted(&[]);
    for tag in ["v2", "v3"] {
        shop.elsewhere(tag, &[("stage/web.yaml", Some(&image("web", tag)))]);
    }
    shop.pull();
    shop
}

fn roll_back(shop: &Shop, code: i32, more: &[&str]) -> RunOutput {
    shop.ends(code, &[&["rollback", "web", "--env", "stage"], more].concat())
}

#[test]
fn a_rollback_restores_the_earlier_state_and_holds_back_the_later() {
    let shop = with_history();
    roll_back(&shop, 0, &["--commit", "--reason", "it leaks"]);
    assert_eq!(shop.changed(), [HOLD, "stage/web.yaml"]);
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v2").trim_end());
    let hold = shop.file(HOLD);
    for text in ["v3", "reason: it leaks", "ana"] {
        assert!(hold.contains(text), "{hold}");
    }
    let message = shop.message();
    assert!(message.starts_with("Roll back web in stage"), "{message}");
    assert!(message.contains("Rungs-Rollback: web in stage"), "{message}");
    assert!(message.contains("Rungs-Reason: it leaks"), "{message}");
}

#[test]
fn a_state_may_enter_again_once_its_hold_is_lifted() {
    let shop = with_history();
    for tag in ["v3", "v4"] {
        shop.elsewhere("A build", &[("qa/web.yaml", Some(&image("web", tag)))]);
    }
    shop.elsewhere("v4", &[("stage/web.yaml", Some(&image("web", "v4")))]);
    shop.pull();
    roll_back(&shop, 0, &["--commit", "--reason", "it leaks"]);
    let promote = ["promote", "web", "--to", "stage", "--commit"];
    shop.ends(3, &promote).says("hold");
    shop.ends(0, &["hold", "lift", "web", "--env", "stage", "--commit", "--reason", "mended"]);
    shop.ends(0, &promote).says("v3 → v4");
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v4").trim_end());
    // What was lifted then says nothing about the next time.
    shop.elsewhere("back", &[("stage/web.yaml", Some(&image("web", "v3")))]);
    shop.pull();
    shop.ends(3, &promote).says("has had it before");
    // A hold that says something else now was not lifted.
    let hold = |until: &str| {
        format!("- state: {{ image: v4 }}\n  reason: it leaks\n  by: ana\n  until: {until}\n")
    };
    for until in ["2020-01-01", "2020-01-02"] {
        shop.elsewhere(until, &[(HOLD, Some(&hold(until)))]);
    }
    shop.elsewhere("gone", &[(HOLD, None)]);
    shop.pull();
    shop.ends(0, &[&promote[..4], &["--dry-run"]].concat());
    shop.elsewhere("once more", &[("stage/web.yaml", Some(&image("web", "v4")))]);
    shop.elsewhere("and back", &[("stage/web.yaml", Some(&image("web", "v3")))]);
    for until in ["2020-01-01", "2020-01-02"] {
        shop.elsewhere(until, &[(HOLD, Some(&hold(until)))]);
    }
    shop.pull();
    shop.ends(3, &promote).says("has had it before");
    // One of the rung below counts, since it kept the state out here as well.
    shop.elsewhere("below", &[(".rungs/holds/qa/web.yaml", Some(&hold("2090-01-01")))]);
    shop.elsewhere("lifted", &[(".rungs/holds/qa/web.yaml", None)]);
    shop.pull();
    shop.ends(0, &[&promote[..4], &["--dry-run"]].concat());
    shop.elsewhere("a third time", &[("stage/web.yaml", Some(&image("web", "v4")))]);
    shop.elsewhere("and left", &[("stage/web.yaml", Some(&image("web", "v3")))]);
    shop.pull();
    // A hold on something else that is lifted makes no difference.
    let other = ["--env", "stage", "--commit", "--reason", "x"];
    shop.ends(0, &[&["hold", "set", "web", "--ref", ":v2"], &other[..]].concat());
    shop.ends(0, &[&["hold", "lift", "web", "--ref", ":v2"], &other[..]].concat());
    shop.ends(3, &promote).says("has had it before");
}

#[test]
fn a_state_that_does_not_render_can_be_left() {
    let shop = Shop::native(&[]);
    let (template, app) = ("templates/web/deployment.yaml.tera", "environments/stage/web.yaml");
    let read = |path: &str| fs::read_to_string(shop.clone.join(path)).unwrap();
    let fails = "{% if images.web.tag == \"v3\" %}{{ values.nope }}{% endif %}";
    let broken = format!("{fails}{}", read(template));
    let by_hand = read(app).replace("v1", "v3");
    shop.elsewhere("v3", &[(template, Some(&broken)), (app, Some(&by_hand))]);
    shop.pull();
    roll_back(&shop, 0, &["--commit"]);
    assert_eq!(shop.changed(), [HOLD, app]);
    assert!(shop.file(app).contains("tag: v1"), "{}", shop.file(app));
    // It cannot be entered, and what is rendered by hand is not replaced.
    let rendered = "rendered/stage/web/deployment-web.yaml";
    let edited = format!("{}# by hand\n", shop.file(rendered));
    shop.elsewhere("edited", &[(rendered, Some(&edited))]);
    shop.pull();
    shop.ends(3, &["set", "web", ":v3", "--env", "stage", "--dry-run"]);
    shop.ends(1, &["set", "web", ":v4", "--env", "stage", "--dry-run"]).finds("stale-rendering");
}

#[test]
fn a_second_rollback_goes_further_back() {
    let shop = with_history();
    roll_back(&shop, 0, &["--commit"]);
    roll_back(&shop, 0, &["--commit"]);
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v1").trim_end());
    let hold = shop.file(HOLD);
    assert!(hold.contains("v3") && hold.contains("v2"), "{hold}");
    let tip = shop.remote.tip();
    roll_back(&shop, 1, &["--commit"]).finds("nothing-before");
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn a_state_that_was_rolled_back_does_not_return_here_or_above() {
    let shop = Shop::adopted(&[]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    roll_back(&shop, 0, &["--commit"]);
    let output = shop.ends(3, &["promote", "web", "--to", "stage", "--commit"]);
    output.says("the gate `hold` fails");
    let above = ["promote", "web", "--to", "prod", "--from", "qa", "--commit"];
    let overridden = ["--override", "order", "--reason", "hurry"];
    shop.ends(3, &[&above[..], &overridden].concat()).says("the gate `hold` fails");
    shop.ends(0, &["hold", "lift", "web", "--env", "stage", "--commit", "--reason", "mended"]);
    assert!(shop.message().contains("Rungs-Lift: web in stage"), "{}", shop.message());
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
}

#[test]
fn a_rollback_goes_to_a_state_by_name() {
    let shop = with_history();
    roll_back(&shop, 1, &["--to-ref", ":v9", "--commit"]).finds("never-held");
    roll_back(&shop, 0, &["--to-ref", ":v1", "--commit"]);
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v1").trim_end());
}

#[test]
fn later_changes_beside_the_references_are_kept() {
    let shop = with_history();
    let later = format!("{}replicas: 3 # for the sale\n", image("web", "v3"));
    shop.elsewhere("Scale", &[("stage/web.yaml", Some(&later))]);
    roll_back(&shop, 0, &["--commit"]);
    assert_eq!(shop.file("stage/web.yaml"), later.replace(":v3", ":v2").trim_end());
}

#[test]
fn sites_that_have_changed_since_stop_a_rollback() {
    let configuration = "\
version: 1
ladder: [qa, stage]
sites:
  - path: '{environment}/{app}.yaml'
    kind: manifest
";
    let pod = |images: &[&str]| {
        let containers = images.iter().map(|image| {
            let name = image.split(':').next().unwrap();
            format!("  - name: {name}\n    image: ghcr.io/shop/{image}\n")
        });
        let containers: String = containers.collect();
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: shop}}\nspec:\n  containers:\n{containers}"
        )
    };
    let files = [
        ("rungs.yaml", configuration.to_owned()),
        ("qa/web.yaml", pod(&["web:v1"])),
        ("stage/web.yaml", pod(&["web:v1"])),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    shop.elsewhere("More", &[("stage/web.yaml", Some(&pod(&["web:v2", "cache:v1"])))]);
    let tip = shop.remote.tip();
    roll_back(&shop, 1, &["--commit"]).finds("sites-changed").says("`cache` did not exist then");
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn a_rollback_stops_if_the_base_moves_to_another_state_of_the_app() {
    let shop = with_history();
    // The clone does not have this commit yet.
    let tip = shop.elsewhere("v4", &[("stage/web.yaml", Some(&image("web", "v4")))]);
    roll_back(&shop, 1, &["--commit"]).finds("changed-meanwhile");
    assert_eq!(shop.remote.tip(), tip);
    // A second run starts from the current state.
    roll_back(&shop, 0, &["--commit"]);
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v3").trim_end());
}

/// Makes the branch move to another commit when the first push arrives, so that the push
/// is refused.
fn moves_at_push(shop: &Shop, commit: &str) {
    hook(
        &shop.remote.bare(),
        "pre-receive",
        &format!(
            "unset GIT_QUARANTINE_PATH\nif [ ! -e moved ]; then touch moved; \
             git update-ref refs/heads/main {commit}; exit 1; fi"
        ),
    );
}

#[test]
fn a_rollback_is_planned_again_if_the_branch_moves_during_the_push() {
    for (path, is_same) in [("stage/web.yaml", false), ("stage/api.yaml", true)] {
        let shop = with_history();
        let tip = shop.remote.tip();
        let next = shop.elsewhere("v4", &[(path, Some(&image("web", "v4")))]);
        git(&shop.remote.bare(), &["update-ref", "refs/heads/main", &tip]);
        moves_at_push(&shop, &next);
        if is_same {
            roll_back(&shop, 0, &["--commit"]);
            assert_eq!(shop.file("stage/web.yaml"), image("web", "v2").trim_end());
            assert!(shop.file(path).contains("v4"));
        } else {
            roll_back(&shop, 1, &["--commit"]).finds("changed-meanwhile");
            assert_eq!(shop.remote.tip(), next);
        }
    }
}

#[test]
fn an_app_of_a_train_that_others_promoted_already_does_not_stop_the_rest() {
    let shop = Shop::configured("trains: { shop: [api, web] }\n", &[]);
    shop.elsewhere("api", &[("stage/api.yaml", Some(&image("api", "v2")))]);
    shop.ends(0, &["promote", "--train", "shop", "--to", "stage", "--commit"]);
    assert_eq!(shop.changed(), ["stage/web.yaml"]);
}

#[test]
fn an_old_clone_with_nothing_to_do_looks_at_the_newest_base() {
    let shop = Shop::adopted(&[("qa/web.yaml", &image("web", "v1"))]);
    shop.elsewhere("v5", &[("qa/web.yaml", Some(&image("web", "v5")))]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v5").trim_end());
}

#[test]
fn a_rollback_for_people_to_merge_has_a_branch_of_its_own() {
    let shop = with_history();
    let tip = shop.remote.tip();
    roll_back(&shop, 0, &["--branch"]).says("rungs-rollback/stage/web");
    assert_eq!(shop.remote.tip(), tip);
    let changed = shop.remote.changed("rungs-rollback/stage/web");
    assert_eq!(changed, [HOLD, "stage/web.yaml"]);
    roll_back(&shop, 0, &["--branch"]).says("has this plan already");
}

#[test]
fn a_rollback_is_judged_by_tag_and_approvals_and_by_no_gate_about_going_up() {
    let gates =
        "environments: { stage: { gates: { soak: 100d, ticket: '^T', tag: '^v[2-9]$' } } }\n";
    let shop = Shop::configured(gates, &[]);
    for tag in ["v2", "v3"] {
        shop.elsewhere(tag, &[("stage/web.yaml", Some(&image("web", tag)))]);
    }
    roll_back(&shop, 0, &["--commit"]);
    roll_back(&shop, 3, &["--commit"]).says("the gate `tag` fails");
    let shop =
        Shop::configured("environments: { stage: { gates: { approvals: { count: 1 } } } }\n", &[]);
    shop.elsewhere("v2", &[("stage/web.yaml", Some(&image("web", "v2")))]);
    roll_back(&shop, 3, &["--commit"]).says("the gate `approvals` fails");
    roll_back(&shop, 0, &["--branch"]);
}

#[test]
fn holds_are_listed_set_and_lifted() {
    let shop = Shop::adopted(&[]);
    shop.ends(0, &["hold", "list"]).says("nothing is held back");
    let until = ["--until", "2099-01-01"];
    let set = ["hold", "set", "web", "--env", "stage", "--ref", "image=:v2", "--reason", "slow"];
    shop.ends(0, &[&set[..], &until, &["--commit"]].concat());
    assert_eq!(shop.changed(), [HOLD]);
    assert!(shop.message().contains("Rungs-Hold: web in stage"), "{}", shop.message());
    shop.pull();
    shop.ends(0, &["hold", "list"]).says("web in stage: image v2, by ana").says("slow");
    shop.ends(0, &["hold", "list", "api"]).says("nothing is held back");
    let listed = shop.json(0, &["hold", "list", "--env", "stage"]);
    assert_eq!(listed["holds"][0]["app"], "web");
    shop.ends(3, &["promote", "web", "--to", "stage", "--commit"]).says("slow");
    // Setting the same hold again changes nothing.
    shop.ends(0, &[&set[..], &until, &["--commit"]].concat()).says("nothing to do");
    let lift = ["hold", "lift", "web", "--env", "stage", "--commit"];
    shop.ends(1, &[&lift[..], &["--ref", "v9"]].concat()).finds("no-such-hold");
    shop.ends(0, &[&lift[..], &["--ref", "v2"]].concat());
    shop.ends(0, &lift).says("nothing to do");
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
}

#[test]
fn a_hold_takes_every_reference_that_a_promotion_takes() {
    for reference in ["ghcr.io/shop/web:v2", ":v2", "v2", "web=:v2", "image=ghcr.io/shop/web:v2"] {
        let shop = Shop::adopted(&[]);
        let set = ["hold", "set", "web", "--env", "stage", "--reason", "slow", "--commit", "--ref"];
        shop.ends(0, &[&set[..], &[reference]].concat());
        shop.pull();
        shop.ends(3, &["promote", "web", "--to", "stage", "--commit"]).says("slow");
        shop.ends(0, &["hold", "lift", "web", "--env", "stage", "--commit", "--ref", reference]);
    }
    let shop = Shop::adopted(&[]);
    let set = ["hold", "set", "web", "--env", "stage", "--reason", "x", "--commit", "--ref"];
    shop.ends(2, &[&set[..], &["feature/x"]].concat())
        .finds("unknown-image")
        .says("name it, as in `image=feature/x`");
}

#[test]
fn a_hold_does_not_end_before_it_starts() {
    let shop = Shop::adopted(&[]);
    let set = ["hold", "set", "web", "--env", "stage", "--ref", ":v2", "--reason", "slow"];
    for mode in ["--dry-run", "--write", "--commit", "--branch"] {
        shop.ends(2, &[&set[..], &["--until", "2020-01-01", mode]].concat()).finds("ended-hold");
    }
    // One that has ended meanwhile is listed as such.
    let hold = "- { state: { image: v2 }, reason: slow, by: ana, until: 2020-01-01 }\n";
    let shop = Shop::adopted(&[(HOLD, hold)]);
    shop.ends(0, &["hold", "list"]).says("ended 2020-01-02T00:00:00Z: slow");
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
}

#[test]
fn a_hold_without_a_reference_is_on_the_current_state() {
    let shop = Shop::adopted(&[]);
    shop.ends(0, &["hold", "set", "web", "--env", "prod", "--reason", "bad", "--commit"]);
    assert!(shop.file(".rungs/holds/prod/web.yaml").contains("image: v1"));
    let tip = shop.remote.tip();
    let output =
        shop.rungs(&["hold", "set", "wbe", "--env", "prod", "--reason", "bad", "--commit"]);
    assert!(matches!(output.code, Some(1 | 2)), "{output:?}");
    output.says("did you mean `web`?");
    assert_eq!(shop.remote.tip(), tip);
}

/// Every file of the remote's `main` except holds.
fn files(shop: &Shop) -> BTreeMap<String, String> {
    let mut files = shop.remote.files("main");
    files.retain(|path, _| !path.starts_with(".rungs/holds/"));
    files
}

/// A file as people write it, with a placeholder for the tag.
fn written() -> impl Strategy<Value = String> {
    let before = ["", "# é\n", "\u{feff}", "a: [1, 2]\r\n", "---\nx: {y: z}\n"];
    let after = ["\n", "  # kept\n", "", "\r\nmore: |\n  text\n", "\n\n\n"];
    let one_of = |texts: [&'static str; 5]| proptest::sample::select(texts.to_vec());
    let quote = proptest::sample::select(vec!["", "'", "\""]);
    (one_of(before), quote, one_of(after)).prop_map(|(before, quote, after)| {
        format!("{before}image: {quote}registry.example.com/shop/web:TAG{quote}{after}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(few_or_all(3, 8)) })]

    #[test]
    fn a_promotion_and_its_rollback_restore_every_file(
        file in written(),
        old in "[a-z0-9][a-z0-9.]{0,5}",
        new in "[a-z0-9][a-z0-9.]{0,5}",
    ) {
        prop_assume!(old != new);
        let (old, new) = (file.replace("TAG", &old), image("web", &new));
        let shop = Shop::adopted(&[("qa/web.yaml", &new), ("stage/web.yaml", &old)]);
        let before = files(&shop);
        let promote = ["promote", "web", "--to", "stage", "--commit"];
        // The order of two random tags does not matter here.
        shop.ends(0, &[&promote[..], &["--override", "order", "--reason", "any"]].concat());
        prop_assert_ne!(&before, &files(&shop));
        roll_back(&shop, 0, &["--commit"]);
        prop_assert_eq!(before, files(&shop));
    }
}

#[test]
fn a_rollback_in_the_work_tree_leaves_other_files_alone() {
    let shop = with_history();
    put(&shop.clone, "notes.txt", Some("mine\n"));
    roll_back(&shop, 0, &["--write"]);
    let text = fs::read_to_string(shop.clone.join("stage/web.yaml")).unwrap();
    assert_eq!(text, image("web", "v2"));
    assert!(shop.clone.join(HOLD).exists());
    assert_eq!(fs::read_to_string(shop.clone.join("notes.txt")).unwrap(), "mine\n");
}

/// Promotes, rolls back, and checks that every file is as it was.
fn promote_and_roll_back(shop: &Shop) {
    let before = files(shop);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    assert_ne!(before, files(shop));
    roll_back(shop, 0, &["--commit"]);
    assert_eq!(before, files(shop));
}

#[test]
fn values_and_git_references_are_restored_byte_for_byte() {
    let configuration = "\
version: 1
ladder: [qa, stage]
sites:
  - path: '{app}/{environment}/values.yaml'
    kind: yaml
    fields: { image: image }
    promote: [settings.flags]
  - path: '{app}/{environment}/kustomization.yaml'
    kind: kustomize
";
    for (new, old) in [
        ("{ cart: true }", "{ cart: false } # as before"),
        ("{ cart: true }", "\n    cart: false # as before\n    other: [1,\n      2]"),
        ("[a, b]", "['a',  b]"),
        ("true", "no"),
        ("|\n    one\n    two", "\"one\""),
        ("1", "~"),
    ] {
        let values = |tag: &str, flags: &str| {
            format!("image: ghcr.io/shop/web:{tag}\nsettings:\n  flags: {flags}\n  own: 1 # mine\n")
        };
        let base = |tag: &str| {
            format!("resources:\n- https://git.example.com/shop/base//web?ref={tag} # pinned\n")
        };
        let shop = Shop::of(
            &[
                ("rungs.yaml", configuration.to_owned()),
                ("web/qa/values.yaml", values("v2", new)),
                ("web/stage/values.yaml", values("v1", old)),
                ("web/qa/kustomization.yaml", base("v1.1")),
                ("web/stage/kustomization.yaml", base("v1.0")),
            ]
            .map(|(path, text)| (path.to_owned(), text))
            .into(),
        );
        promote_and_roll_back(&shop);
    }
}

#[test]
fn a_native_app_is_restored_byte_for_byte_wherever_its_references_were() {
    let app = |lines: &str| format!("template: web\n{lines}");
    let whole = "images:\n  web: { repository: registry.example.com/web, tag: v1 } # own\n";
    let newer = whole.replace("v1", "v2");
    let digest = format!(", digest: 'sha256:{}' }}", "1".repeat(64));
    let other = format!(", digest: 'sha256:{}' }}", "2".repeat(64));
    for (outer, qa, stage) in [
        // In the leaf.
        ("{}\n", &*newer, whole),
        // In the leaf, with a digest.
        ("{}\n", &*newer.replace(" }", &other), &*whole.replace(" }", &digest)),
        // Inherited, and overridden below.
        (whole, "images: { web: { tag: v2 } }\n", ""),
        // Partly inherited.
        (whole, "images: { web: { tag: v2 } }\n", "images:\n  web:\n    tag: v1.1 # own\n"),
    ] {
        let shop = Shop::native(&[
            ("environments/web.yaml", outer),
            ("environments/qa/web.yaml", &app(qa)),
            ("environments/stage/web.yaml", &app(stage)),
        ]);
        promote_and_roll_back(&shop);
    }
}

#[test]
fn a_hold_for_people_to_merge_is_pushed_once() {
    let shop = Shop::adopted(&[]);
    let hold = |reference: &str| {
        let set = ["hold", "set", "web", "--env", "stage", "--reason", "slow", "--branch"];
        shop.ends(0, &[&set[..], &["--ref", reference]].concat())
    };
    hold("image=:v2").says("pushed");
    hold("image=:v2").says("has this plan already");
    hold("image=:v3").says("pushed");
}
