//! What is promoted, from where, and what blocks it.

use serde_json::Value;

use crate::support::git::git;
use crate::support::repository::files_in;
use crate::support::shop::{RunOutput, Shop, digest, image, put};

/// A ladder that forks: both regions of prod come after stage, and `all` after
/// both.
const FORK: &str = "\
version: 1
ladder: [qa, [eu, us], all]
sites:
  - path: '{environment}/{app}.yaml'
    kind: yaml
    fields: { image: image }
";

fn forked(after: &str, tags: [(&str, &str); 4]) -> Shop {
    let files =
        tags.map(|(environment, tag)| (format!("{environment}/web.yaml"), image("web", tag)));
    let files = files.into_iter().chain([("rungs.yaml".to_owned(), format!("{FORK}{after}"))]);
    Shop::of(&files.collect())
}

#[test]
fn a_promotion_with_nothing_to_do_succeeds_and_says_so() {
    let shop = Shop::adopted(&[]);
    let tip = shop.remote.tip();
    for mode in ["--commit", "--branch", "--write"] {
        shop.ends(0, &["promote", "web", "--to", "prod", mode]).says("nothing to do");
    }
    shop.ends(0, &["promote", "web", "--to", "prod", "--dry-run"]).says("nothing to do");
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn a_record_says_what_was_promoted() {
    let shop = Shop::adopted(&[]);
    let tip = shop.remote.tip();
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit", "--ticket", "REL-7"]);
    let message = shop.message();
    assert_eq!(message.lines().next(), Some("Promote web to stage: image v1 → v2"));
    for line in [
        &*format!("Rungs-Promote: web from qa@{tip} to stage"),
        "Rungs-Ticket: REL-7",
        "Rungs-Requested-By: ana <ana@example.com>",
        "Rungs-Plan: ",
    ] {
        assert!(message.lines().any(|one| one.starts_with(line)), "{line}:\n{message}");
    }
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v2").trim_end());
}

#[test]
fn the_target_keeps_its_own_repository() {
    let mirror = image("web", "v1").replace("registry.example.com", "mirror.example.com");
    let shop = Shop::adopted(&[("stage/web.yaml", &mirror)]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    assert_eq!(shop.file("stage/web.yaml"), mirror.replace(":v1", ":v2").trim_end());
}

#[test]
fn a_skipped_rung_is_refused_unless_a_reason_is_recorded() {
    let shop = Shop::adopted(&[]);
    let tip = shop.remote.tip();
    let arguments = ["promote", "web", "--to", "prod", "--from", "qa", "--commit"];
    shop.ends(3, &arguments).finds("gate-fails").says("the gate `order` fails");
    shop.ends(2, &[&arguments[..], &["--override", "order"]].concat());
    let with = |reason| [&arguments[..], &["--override", "order", "--reason", reason]].concat();
    shop.ends(2, &with(" "));
    assert_eq!(shop.remote.tip(), tip);
    shop.ends(0, &with("stage is down"));
    assert!(shop.message().contains("Rungs-Override: order stage is down"));
    assert_eq!(shop.file("prod/web.yaml"), image("web", "v2").trim_end());
}

#[test]
fn an_override_of_a_gate_that_does_not_fail_is_not_recorded() {
    let shop = Shop::adopted(&[]);
    let arguments = ["promote", "web", "--to", "stage", "--commit", "--override", "order"];
    shop.ends(0, &[&arguments[..], &["--reason", "to be sure"]].concat());
    assert!(!shop.message().contains("Rungs-Override"), "{}", shop.message());
}

#[test]
fn a_state_that_the_source_held_is_promoted_by_name() {
    let shop = Shop::adopted(&[]);
    let held = shop.days_ago(1, "v3", &[("qa/web.yaml", Some(&image("web", "v3")))]);
    shop.elsewhere("v4", &[("qa/web.yaml", Some(&image("web", "v4")))]);
    shop.pull();
    let promote = |code, reference: &str| {
        shop.ends(code, &["promote", "web", "--to", "stage", "--commit", "--ref", reference])
    };
    promote(1, ":v9").finds("never-held").says("it has had");
    promote(0, ":v3");
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v3").trim_end());
    let from = format!("Rungs-Promote: web from qa@{held} to stage");
    assert!(shop.message().contains(&from), "{}", shop.message());
    // A state that is named may go back as well.
    promote(0, ":v2");
    promote(0, ":v4");
    shop.ends(0, &["promote", "web", "--to", "stage", "--dry-run"]).says("nothing to do");
}

#[test]
fn a_step_back_has_to_be_named() {
    let shop = Shop::adopted(&[("qa/web.yaml", &image("web", "v0"))]);
    let tip = shop.remote.tip();
    let output = shop.ends(3, &["promote", "web", "--to", "stage", "--commit"]);
    output.says("the gate `order` fails").says("--ref");
    assert_eq!(shop.remote.tip(), tip);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit", "--ref", ":v0"]);
}

const TRAIN: &str = "trains: { shop: [web, api] }\n";

#[test]
fn a_train_is_promoted_whole_or_not_at_all() {
    let gate = "environments: { stage: { gates: { tag: '^v\\d$' } } }\n";
    let shop = Shop::configured(&format!("{TRAIN}{gate}"), &[("qa/api.yaml", &image("api", "rc"))]);
    let tip = shop.remote.tip();
    for mode in ["--commit", "--branch", "--write"] {
        let output = shop.ends(3, &["promote", "--train", "shop", "--to", "stage", mode]);
        output.says("`api` may not enter `stage`");
    }
    assert_eq!(shop.remote.tip(), tip);
    assert_eq!(git(&shop.clone, &["status", "--porcelain"]), "");
    shop.ends(0, &["set", "api", ":v3", "--env", "qa", "--commit"]);
    shop.ends(0, &["promote", "--train", "shop", "--to", "stage", "--commit"]);
    assert_eq!(shop.changed(), ["stage/api.yaml", "stage/web.yaml"]);
    let message = shop.message();
    assert!(message.starts_with("Promote train shop to stage: api and web\n"), "{message}");
    shop.ends(2, &["promote", "--train", "shpo", "--to", "stage", "--commit"])
        .says("did you mean `shop`?");
}

#[test]
fn several_named_apps_are_promoted_together_or_not_at_all() {
    let shop = Shop::adopted(&[]);
    let tip = shop.remote.tip();
    shop.ends(2, &["promote", "web", "wbe", "--to", "stage", "--commit"]).finds("unknown-app");
    assert_eq!(shop.remote.tip(), tip);
    shop.ends(0, &["promote", "web", "api", "--to", "stage", "--commit"]);
    assert_eq!(shop.changed(), ["stage/api.yaml", "stage/web.yaml"]);
}

#[test]
fn all_leaves_out_blocked_apps_and_ends_with_the_worst_verdict() {
    let gate = "environments: { stage: { gates: { tag: '^v\\d$' } } }\n";
    let shop = Shop::configured(gate, &[("qa/api.yaml", &image("api", "rc"))]);
    let output = shop.ends(3, &["promote", "--all", "--to", "stage", "--commit"]);
    output.says("`api` may not enter `stage`");
    assert_eq!(shop.changed(), ["stage/web.yaml"]);
    let tip = shop.remote.tip();
    shop.ends(3, &["promote", "--all", "--to", "stage", "--commit"]);
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn a_dry_run_of_all_is_stopped_exactly_where_the_commit_is() {
    let gate = "environments: { stage: { gates: { tag: '^v\\d$' } } }\n";
    let shop = Shop::configured(gate, &[("qa/api.yaml", &image("api", "rc"))]);
    let done = |mode: &str| {
        let answer = shop.json(3, &["promote", "--all", "--to", "stage", mode]);
        answer["done"]["what"].as_str().unwrap().to_owned()
    };
    // `api` is blocked, and `web` is not.
    assert_eq!([done("--dry-run"), done("--commit")], ["shown", "committed"]);
    // Only what is blocked is left.
    assert_eq!([done("--dry-run"), done("--commit")], ["stopped", "stopped"]);
}

#[test]
fn all_waits_if_every_app_does_and_ignores_those_that_wait_if_another_enters() {
    let soak = ("environments/stage/environment.yaml", "gates: { soak: 10000d }\n");
    let some = Shop::native(&[soak]);
    let api = some.file("environments/stage/api.yaml") + "\ngates: { soak: ~ }\n";
    some.elsewhere("No soak", &[("environments/stage/api.yaml", Some(&api))]);
    some.ends(0, &["promote", "--all", "--to", "stage", "--commit"]).says("soak");
    some.ends(5, &["promote", "--all", "--to", "stage", "--commit"]).says("soak");
    let gate = "environments: { stage: { gates: { soak: 10000d } } }\n";
    let shop = Shop::configured(gate, &[]);
    let tip = shop.remote.tip();
    shop.ends(5, &["promote", "web", "--to", "stage", "--commit"]).finds("gate-waits");
    shop.ends(5, &["promote", "--all", "--to", "stage", "--commit"]).says("soak");
    assert_eq!(shop.remote.tip(), tip);
    // On a branch the gate binds only before the merge.
    shop.ends(0, &["promote", "web", "--to", "stage", "--branch"]);
}

#[test]
fn environments_that_disagree_block_what_comes_after_both() {
    let shop = forked("", [("qa", "v2"), ("eu", "v2"), ("us", "v1"), ("all", "v0")]);
    let tip = shop.remote.tip();
    let output = shop.ends(1, &["promote", "web", "--to", "all", "--commit"]);
    output.finds("disagreeing-sources").says("`--from eu` or `--from us`");
    assert_eq!(shop.remote.tip(), tip);
    // With a chosen source the gate still decides.
    let choose = ["promote", "web", "--to", "all", "--commit", "--from", "eu"];
    let chosen = shop.rungs(&choose);
    assert!(matches!(chosen.code, Some(0 | 3)), "{chosen:?}");
    shop.ends(0, &["promote", "web", "--to", "us", "--commit"]);
    shop.ends(0, &["promote", "web", "--to", "all", "--commit"]);
    assert_eq!(shop.file("all/web.yaml"), image("web", "v2").trim_end());
}

#[test]
fn after_any_accepts_a_state_of_one_of_them() {
    let configuration = FORK.replace("ladder: [qa, [eu, us], all]", "ladder: [qa, [eu, us]]");
    let after = "environments: { all: { after: { any: [eu, us] } } }\n";
    let tags = [("qa", "v2"), ("eu", "v1"), ("us", "v2"), ("all", "v0")];
    let files =
        tags.map(|(environment, tag)| (format!("{environment}/web.yaml"), image("web", tag)));
    let files = files.into_iter().chain([("rungs.yaml".to_owned(), configuration + after)]);
    let shop = Shop::of(&files.collect());
    shop.ends(0, &["promote", "web", "--to", "all", "--from", "us", "--commit"]);
    assert_eq!(shop.file("all/web.yaml"), image("web", "v2").trim_end());
    shop.ends(3, &["set", "web", ":v3", "--env", "all", "--commit"]);
}

#[test]
fn a_rung_that_never_had_the_app_is_skipped_and_one_that_lost_it_is_not() {
    let only = |environment: &str| format!("{environment}/cart.yaml");
    let shop = Shop::adopted(&[
        (&only("qa"), &image("cart", "v2")),
        (&only("prod"), &image("cart", "v1")),
    ]);
    shop.ends(0, &["promote", "cart", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod/cart.yaml"), image("cart", "v2").trim_end());
    shop.elsewhere("Remove web from stage", &[("stage/web.yaml", None)]);
    shop.pull();
    let output = shop.ends(3, &["promote", "web", "--to", "prod", "--commit"]);
    output.says("the gate `order` fails").says("skip: [web]");
    let configuration = git(&shop.clone, &["show", "HEAD:rungs.yaml"]);
    let skips = format!("{configuration}\nenvironments: {{ stage: {{ skip: [web] }} }}\n");
    shop.elsewhere("Skip", &[("rungs.yaml", Some(&skips))]);
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod/web.yaml"), image("web", "v2").trim_end());
}

#[test]
fn newest_eligible_selects_the_newest_state_that_may_enter() {
    let settings =
        "environments: { stage: { select: newest-eligible, gates: { tag: '^v\\d$' } } }\n";
    let shop = Shop::configured(settings, &[]);
    for (days, tag) in [(4, "v3"), (3, "v4"), (2, "rc"), (1, "v5")] {
        shop.days_ago(days, tag, &[("qa/web.yaml", Some(&image("web", tag)))]);
    }
    shop.pull();
    shop.ends(
        0,
        &[
            "hold",
            "set",
            "web",
            "--env",
            "stage",
            "--ref",
            "image=:v5",
            "--reason",
            "slow",
            "--commit",
        ],
    );
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v4").trim_end());
    // v4 remains, and nothing older replaces it.
    shop.ends(3, &["promote", "web", "--to", "stage", "--commit"]).says("hold");
}

#[test]
fn values_and_git_references_are_promoted_too() {
    let configuration = "\
version: 1
ladder: [qa, prod]
sites:
  - path: '{app}/{environment}/values.yaml'
    kind: yaml
    fields: { image: image }
    promote: [settings.flags]
  - path: '{app}/{environment}/kustomization.yaml'
    kind: kustomize
";
    let values = |tag: &str, flags: &str| {
        format!(
            "image: ghcr.io/shop/web:{tag}\nsettings:\n  flags: {flags} # of the build\n  own: 1\n"
        )
    };
    let base = |tag: &str| {
        format!(
            "resources:\n- https://git.example.com/shop/base//web?ref={tag} # pinned\n- own.yaml\n"
        )
    };
    let shop = Shop::of(
        &[
            ("rungs.yaml", configuration.to_owned()),
            ("web/qa/values.yaml", values("v2", "{ cart: true }")),
            ("web/prod/values.yaml", values("v1", "{ cart: false }").replace("own: 1", "own: 2")),
            ("web/qa/kustomization.yaml", base("v1.1")),
            ("web/prod/kustomization.yaml", base("v1.0")),
        ]
        .map(|(path, text)| (path.to_owned(), text))
        .into(),
    );
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.changed(), ["web/prod/kustomization.yaml", "web/prod/values.yaml"]);
    assert_eq!(shop.file("web/prod/kustomization.yaml"), base("v1.1").trim_end());
    let text = shop.file("web/prod/values.yaml");
    assert!(text.contains("web:v2") && text.contains("own: 2"), "{text}");
    assert!(text.contains("cart: true"), "{text}");
}

#[test]
fn a_pinned_template_is_promoted_too() {
    let shop = Shop::native(&[]);
    git(&shop.clone, &["tag", "web-1"]);
    git(&shop.clone, &["push", "-q", "origin", "web-1"]);
    let pin = git(&shop.clone, &["rev-parse", "HEAD"]);
    let app = |tag: &str, template: &str| {
        format!(
            "template: {template}\nimages:\n  web:\n    repository: registry.example.com/web\n    tag: {tag}\n"
        )
    };
    let other = git(&shop.clone, &["commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "same"]);
    git(&shop.clone, &["push", "-q", "origin", &format!("{other}:refs/heads/main")]);
    shop.pull();
    for (environment, tag, pin) in [("qa", "v2", &other), ("stage", "v1", &pin)] {
        let path = format!("environments/{environment}/web.yaml");
        put(&shop.clone, &path, Some(&app(tag, &format!("web@{pin}"))));
    }
    crate::support::program::rungs_done(&shop.clone, &["render"]);
    git(&shop.clone, &["add", "-A"]);
    git(&shop.clone, &["commit", "-qm", "Pin"]);
    git(&shop.clone, &["push", "-q"]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    let stage = shop.file("environments/stage/web.yaml");
    assert_eq!(stage, app("v2", &format!("web@{other}")).trim_end());
}

#[test]
fn a_digest_is_promoted_if_the_target_has_one() {
    let by = |tag: &str, digit: char| image("web", &format!("{tag}@{}", digest(digit)));
    let shop =
        Shop::adopted(&[("qa/web.yaml", &by("v2", '2')), ("stage/web.yaml", &by("v1", '1'))]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    assert_eq!(shop.file("stage/web.yaml"), by("v2", '2').trim_end());
    // prod has no digest, and gets none.
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod/web.yaml"), image("web", "v2").trim_end());
    let shop = Shop::adopted(&[("stage/web.yaml", &by("v1", '1'))]);
    let output = shop.ends(1, &["promote", "web", "--to", "stage", "--commit"]);
    output.finds("no-digest").says("--drop-digest");
    shop.ends(0, &["promote", "web", "--to", "stage", "--drop-digest", "--commit"]);
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v2").trim_end());
}

#[test]
fn a_dry_run_changes_nothing() {
    let shop = Shop::native(&[]);
    let plan = || shop.json(0, &["promote", "web", "api", "--to", "stage", "--dry-run"]);
    plan();
    let before = (files_in(&shop.clone), shop.remote.tip(), git(&shop.clone, &["for-each-ref"]));
    let objects = git(&shop.clone, &["count-objects"]);
    let one = plan();
    assert_eq!(one, plan());
    let after = (files_in(&shop.clone), shop.remote.tip(), git(&shop.clone, &["for-each-ref"]));
    assert_eq!(before, after);
    assert_eq!(objects, git(&shop.clone, &["count-objects"]));
    assert_eq!(one["formatVersion"], 1);
    assert_eq!(one["done"]["what"], "shown");
    let apps = one["plan"]["apps"].as_array().unwrap();
    let names: Vec<_> = apps.iter().map(|app| app["app"].as_str().unwrap()).collect();
    assert_eq!(names, ["api", "web"]);
    assert_eq!(apps[1]["changes"][0]["path"], "environments/stage/web.yaml");
}

fn identity(document: &Value) -> String {
    document["identity"].as_str().unwrap().to_owned()
}

#[test]
fn a_plan_is_the_same_on_another_base() {
    let shop = Shop::native(&[]);
    let plan = |arguments: &[&str]| {
        shop.json(0, &[&["promote", "--to", "stage", "--dry-run"], arguments].concat())
    };
    let first = plan(&["web"]);
    // Lines move, files are added, gates are set: the promotion is the same.
    let moved = format!("# by hand\n{}", shop.file("environments/stage/web.yaml"));
    shop.elsewhere(
        "Around it",
        &[
            ("environments/stage/web.yaml", Some(&moved)),
            ("environments/stage/environment.yaml", Some("gates: { tag: '^v' }\n")),
        ],
    );
    let second = plan(&["web"]);
    assert_ne!(first["plan"]["base"], second["plan"]["base"]);
    assert_ne!(first["plan"]["apps"][0]["changes"], second["plan"]["apps"][0]["changes"]);
    assert_eq!(identity(&first), identity(&second));
    assert_ne!(identity(&first), identity(&plan(&["web", "api"])));
    assert_eq!(identity(&plan(&["api", "web"])), identity(&plan(&["web", "api"])));
}

#[test]
fn a_first_rung_and_an_environment_off_the_ladder_are_not_promoted_to() {
    let shop =
        Shop::configured("environments: { lab: {} }\n", &[("lab/web.yaml", &image("web", "v1"))]);
    for (environment, says) in [("qa", "rungs set"), ("lab", "add `lab` to `ladder`")] {
        let output = shop.ends(2, &["promote", "web", "--to", environment, "--commit"]);
        output.finds("not-promoted-to").says(says);
    }
    shop.ends(2, &["promote", "web", "--to", "stage", "--from", "prod", "--commit"])
        .finds("not-below");
}

#[test]
fn a_record_names_the_user_of_a_ci() {
    let shop = Shop::adopted(&[]);
    let ci = [("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "cy")];
    let output =
        RunOutput::with(&shop.clone, &ci, &["promote", "web", "--to", "stage", "--commit"]);
    output.ends(0);
    assert!(shop.message().contains("Rungs-Requested-By: cy"), "{}", shop.message());
}

#[test]
fn all_leaves_out_what_only_the_target_has() {
    let shop = Shop::adopted(&[("stage/legacy.yaml", &image("legacy", "v1"))]);
    shop.ends(0, &["promote", "--all", "--to", "stage", "--commit"]);
    shop.ends(0, &["promote", "--all", "--to", "stage", "--commit"]);
    shop.ends(1, &["promote", "legacy", "--to", "stage", "--dry-run"]).finds("nothing-below");
}

#[test]
fn a_state_that_a_gate_can_never_let_in_is_no_candidate() {
    let gates = "environments: { stage: { select: newest-eligible, gates: { tag: '^v1$' } } }\n";
    let shop = Shop::configured(gates, &[]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]).says("nothing to do");
    let status = shop.ends(0, &["status"]);
    assert!(!status.stdout.contains("fails"), "{status:?}");
}

#[test]
fn one_source_does_not_disagree_with_itself() {
    let shop = Shop::adopted(&[("qa/web.yaml", "image: r.io/web\n")]);
    let output = shop.rungs(&["promote", "web", "--to", "stage"]);
    assert!(!output.stderr.contains("disagreeing-sources"), "{output:?}");
}

#[test]
fn a_configuration_that_is_not_merged_yet_is_looked_at_and_nothing_is_delivered_by_it() {
    let files = [("README.md".to_owned(), "# shop\n".to_owned())];
    let shop = Shop::of(&files.into());
    let settings = "version: 1\nladder: [qa, stage]\nsites:\n  - path: '{environment}/{app}.yaml'\n    kind: yaml\n    fields: { image: image }\n";
    put(&shop.clone, "rungs.yaml", Some(settings));
    put(&shop.clone, "qa/web.yaml", Some(&image("web", "v2")));
    put(&shop.clone, "stage/web.yaml", Some(&image("web", "v1")));
    shop.ends(0, &["status"]).says("v2").finds("files-here");
    let plan = ["promote", "web", "--to", "stage"];
    let dry = shop.rungs(&[&plan[..], &["--dry-run"]].concat());
    assert!(matches!(dry.code, Some(0 | 3 | 5)), "{dry:?}");
    dry.says("v1 → v2").finds("files-here");
    for mode in ["--commit", "--branch"] {
        shop.ends(2, &[&plan[..], &[mode]].concat()).finds("base-without-settings");
    }
    shop.ends(2, &["gates", "--base", "origin/main"]).finds("base-without-settings");
}

#[test]
fn a_branch_that_no_longer_merges_is_made_anew() {
    let shop = Shop::adopted(&[]);
    let promote = ["promote", "web", "--to", "stage", "--branch"];
    shop.ends(0, &promote).says("pushed");
    shop.ends(0, &promote).says("has this plan already");
    let text = image("web", "v1") + "# a note of somebody\n";
    let text = text.replace("image:", "# above\nimage:");
    shop.elsewhere("Beside it", &[("stage/web.yaml", Some(&text))]);
    shop.ends(0, &promote).says("pushed");
    shop.ends(0, &promote).says("has this plan already");
    let tip = git(&shop.remote.bare(), &["rev-parse", "rungs/stage/web"]);
    let merge = ["merge-tree", "--write-tree", "main", tip.trim()];
    git(&shop.remote.bare(), &merge);
}

#[test]
fn an_app_that_is_nowhere_is_a_mistake_in_every_command() {
    let shop = Shop::adopted(&[]);
    for command in [
        &["promote", "wbe", "--to", "stage", "--dry-run"][..],
        &["gates", "wbe", "--to", "stage"],
        &["set", "wbe", ":v3", "--env", "qa", "--dry-run"],
        &["rollback", "wbe", "--env", "prod", "--dry-run"],
        &["status", "wbe"],
        &["audit", "--app", "wbe"],
        &["hold", "list", "wbe"],
    ] {
        shop.ends(2, command).says("did you mean `web`?");
    }
    shop.ends(0, &["audit", "--app", "web"]);
    shop.ends(0, &["hold", "list", "web"]).says("nothing is held back");
}

#[test]
fn what_people_write_by_mistake_is_answered() {
    let shop = Shop::adopted(&[]);
    shop.ends(2, &["set", "web", "web=v6", "--env", "qa"]).says("did you mean `web=:v6`?");
    shop.ends(2, &["promote", "web", "--env", "stage"]).says("--to");
    shop.ends(2, &["set", "web", ":v6", "--to", "qa"]).says("--env");
    shop.ends(2, &["rollback", "web", "--to", "qa"]).says("'--env'");
    let nothing = shop.ends(0, &["promote", "web", "--to", "prod", "--dry-run"]);
    nothing.says("nothing to do, from stage").says("one reference is the same");
    let files: Vec<_> = (0..5).map(|at| format!("{{}}/app{at}.yaml")).collect();
    let mut edits = Vec::new();
    for environment in ["qa", "stage"] {
        edits.extend(files.iter().map(|file| file.replace("{}", environment)));
    }
    let text = image("web", "v1");
    let edits: Vec<_> = edits.iter().map(|path| (&**path, Some(&*text))).collect();
    shop.elsewhere("Many", &edits);
    let all = shop.rungs(&["promote", "--all", "--to", "stage", "--dry-run"]);
    all.says("5 apps in stage: nothing to do");
}

#[test]
fn an_audit_finds_a_reference() {
    let shop = Shop::adopted(&[]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    let audit = shop.ends(0, &["audit", "--reference", ":v2", "--env", "stage"]);
    assert_eq!(audit.stdout.matches("promote").count(), 1, "{audit:?}");
    let other = shop.ends(0, &["audit", "--reference", ":v9"]);
    assert!(!other.stdout.contains("promote"), "{other:?}");
}

#[test]
fn an_inherited_value_is_shown_where_it_will_be_written() {
    let outer = "# One\n# Two\n# Three\nimages:\n  web: { repository: r.io/web, tag: v1 }\n";
    let shop = Shop::native(&[
        ("environments/web.yaml", outer),
        ("environments/qa/web.yaml", "images: { web: { tag: v2 } }\n"),
        ("environments/stage/web.yaml", "{}\n"),
    ]);
    let dry = shop.ends(0, &["promote", "web", "--to", "stage", "--dry-run", "--format", "json"]);
    let plan: Value = serde_json::from_str(&dry.stdout).unwrap();
    let change = &plan["plan"]["apps"][0]["changes"][0];
    assert_eq!(change["path"], "environments/stage/web.yaml", "{plan:#}");
    assert_eq!(change["line"], 1, "{plan:#}");
}

#[test]
fn a_promoted_value_with_an_image_inside_keeps_its_repository() {
    let rules = "\
version: 1
ladder: [qa, prod]
environments: { prod: { gates: { image: { allow: ['good.io/*'] } } } }
sites: [{ path: '{environment}.yaml', app: web, kind: helm-values, promote: [side] }]
";
    let split = |text: &str| text.replace("IMAGE", "{ repository: HOST/x/side, tag: TAG }");
    let one = |text: &str| text.replace("IMAGE", "HOST/x/side:TAG");
    let registry =
        |text: &str| text.replace("IMAGE", "{ registry: HOST, repository: x/side, tag: TAG }");
    let file = |form: &dyn Fn(&str) -> String, host: &str, tag: &str| {
        form("side: { image: IMAGE, replicas: 3 }\n").replace("HOST", host).replace("TAG", tag)
    };
    let made = |files: [(&str, String); 2]| {
        let files = files.map(|(path, text)| (path.to_owned(), text)).into_iter();
        let rules = ("rungs.yaml".to_owned(), rules.to_owned());
        Shop::of(&files.chain([rules]).collect())
    };
    for form in [&one as &dyn Fn(&str) -> String, &split, &registry] {
        let shop = made([
            ("qa.yaml", file(form, "evil.io", "v2")),
            ("prod.yaml", file(form, "good.io", "v1")),
        ]);
        let tip = shop.remote.tip();
        shop.ends(1, &["promote", "web", "--to", "prod", "--commit"])
            .says("is to be `good.io/x/side:v2`, and would become `evil.io/x/side:v2`");
        assert_eq!(shop.remote.tip(), tip);
        let shop = made([
            ("qa.yaml", file(form, "good.io", "v2")),
            ("prod.yaml", file(form, "good.io", "v1")),
        ]);
        shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
        // The environment above has nothing there yet.
        let shop = made([
            ("qa.yaml", file(form, "evil.io", "v2")),
            ("prod.yaml", "side: { replicas: 1 }\n".to_owned()),
        ]);
        shop.ends(1, &["promote", "web", "--to", "prod", "--commit"]).finds("unpaired-site");
    }
}

#[test]
fn a_repository_with_a_tag_in_it_is_not_in_the_rung_below() {
    let gates = "environments: { prod: { gates: { image: { allow: ['x/*'] } } } }";
    let digest = digest('6');
    let fields = "kind: yaml, fields: { repository: repo, tag: tag }";
    for (kind, form, (code, answer)) in [
        (fields, "repo: REPO\ntag: v1\n", (1, "tagged-repository")),
        (
            "kind: kustomize",
            "images: [{ name: web, newName: REPO, newTag: v1 }]\n",
            (1, "tagged-repository"),
        ),
        // No chart reads that as an image.
        (
            "kind: helm-values",
            "image: { repository: REPO, tag: v1 }\n",
            (3, "no longer read as a reference"),
        ),
    ] {
        let rules = format!(
            "version: 1\nladder: [qa, prod]\n{gates}\nsites: [{{ path: '{{environment}}.yaml', app: web, {kind} }}]\n"
        );
        let plain = form.replace("REPO", "x/web");
        let files = [("rungs.yaml", &rules), ("qa.yaml", &plain), ("prod.yaml", &plain)];
        let files = files.map(|(path, text)| (path.to_owned(), text.clone()));
        for tagged in ["x/web:evil".to_owned(), format!("x/web@{digest}")] {
            let shop = Shop::of(&files.clone().into());
            git(&shop.clone, &["checkout", "-qb", "change"]);
            put(&shop.clone, "prod.yaml", Some(&form.replace("REPO", &format!("'{tagged}'"))));
            git(&shop.clone, &["commit", "-qam", "Another"]);
            shop.rungs(&["gates", "--base", "origin/main"]).ends(code).says(answer);
        }
    }
}
