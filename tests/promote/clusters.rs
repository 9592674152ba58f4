//! Environments with several clusters, which are entered in waves.

use crate::support::shop::Shop;

const RULES: &str = "\
version: 1
ladder: [qa, prod]
environments:
  prod: { waves: [[eu-1], [eu-2, us-1]] }
sites:
  - { path: 'qa/{app}.yaml', environment: qa, kind: yaml, fields: { tag: tag } }
  - { path: '{cluster}/{environment}/{app}.yaml', kind: yaml, fields: { tag: tag } }
";

fn shop_with(rules: &str) -> Shop {
    let tag = |tag: &str| format!("# web\ntag: {tag}\n");
    let files = [
        ("rungs.yaml", rules.to_owned()),
        ("qa/web.yaml", tag("v2")),
        ("eu-1/prod/web.yaml", tag("v1")),
        ("eu-2/prod/web.yaml", tag("v1")),
        ("us-1/prod/web.yaml", tag("v1")),
    ];
    Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into())
}

#[test]
fn each_wave_is_a_rung() {
    let shop = shop_with(RULES);
    shop.ends(0, &["status"]).says("prod/eu-1").says("prod/us-1");
    let promote = |clusters| ["promote", "web", "--to", "prod", "--cluster", clusters, "--commit"];
    let tip = shop.remote.tip();
    shop.ends(2, &promote("eu-1,nope,eu3,prod/eu-1"))
        .says("`prod` has no cluster `nope`")
        .says("its clusters are: `eu-1`, `eu-2`, `us-1`")
        .says("`prod` has no cluster `eu3`")
        .says("`prod` has no cluster `prod/eu-1`")
        .says("did you mean `eu-1`?");
    let to = |environment| ["promote", "web", "--to", environment, "--cluster", "eu-1", "--commit"];
    shop.ends(2, &to("qa")).says("`qa` has no clusters");
    shop.ends(2, &to("prdo")).says("there is no environment `prdo`").says("did you mean `prod`?");
    assert_eq!(shop.remote.tip(), tip);
    shop.ends(2, &["set", "web", ":v3", "--env", "prod", "--commit"])
        .says("it has several clusters");
    // The second wave has what the first has, and nothing else.
    shop.ends(0, &promote("eu-2")).says("nothing to do, from prod/eu-1");
    shop.ends(3, &["promote", "web", "--to", "prod/eu-2", "--from", "qa", "--commit"])
        .finds("gate-fails");
    shop.ends(0, &promote("eu-1"));
    assert_eq!(shop.changed(), ["eu-1/prod/web.yaml"]);
    assert!(shop.message().contains("Rungs-Promote: web from qa"), "{}", shop.message());
    let both = shop.json(0, &promote("eu-2,us-1"));
    assert_eq!(both["clusters"].as_array().unwrap().len(), 2, "{both:#}");
    assert_eq!(both["clusters"][1]["plan"]["environment"], "prod/us-1");
    assert_eq!(shop.file("us-1/prod/web.yaml"), "# web\ntag: v2");
    shop.ends(0, &["rollback", "web", "--env", "prod/us-1", "--reason", "slow", "--commit"]);
    assert_eq!(shop.changed(), [".rungs/holds/prod.us-1/web.yaml", "us-1/prod/web.yaml"]);
    shop.ends(0, &["audit", "--env", "prod/us-1"]).says("prod/us-1");
}

#[test]
fn without_a_cluster_the_first_wave_that_lags_is_promoted() {
    let shop = shop_with(RULES);
    let promote = ["promote", "--all", "--to", "prod", "--commit"];
    for changed in [&["eu-1"][..], &["us-1", "eu-2"], &[]] {
        let before = shop.remote.tip();
        shop.ends(0, &promote);
        let commits = shop.remote.commits_since(&before);
        assert_eq!(commits.len(), changed.len(), "{changed:?}");
    }
    shop.pull();
    shop.ends(0, &["status", "--env", "prod"]).says("prod/us-1");
    shop.ends(0, &["audit", "--env", "prod"]).says("prod/eu-2");
}

#[test]
fn a_wave_soaks_before_the_next() {
    let gated = RULES.replace("waves: [", "gates: { soak: 1h }, waves: [");
    let shop = shop_with(&gated);
    shop.days_ago(1, "Long ago", &[("qa/web.yaml", Some("tag: v3\n"))]);
    shop.pull();
    shop.ends(0, &["promote", "web", "--to", "prod/eu-1", "--commit"]);
    shop.ends(5, &["promote", "web", "--to", "prod", "--cluster", "eu-2,us-1", "--commit"])
        .says("it has been in `prod/eu-1` for");
}

#[test]
fn all_clusters_of_one_file_change_together_and_are_refused_one_by_one() {
    let rules = RULES.replace("{cluster}/{environment}", "{environment}");
    let files = [
        ("rungs.yaml", rules),
        ("qa/web.yaml", "tag: v2\n".to_owned()),
        ("prod/web.yaml", "tag: v1\n".to_owned()),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    shop.ends(1, &["promote", "web", "--to", "prod/eu-1", "--commit"]).finds("shared-base");
}

#[test]
fn what_waves_cannot_be_is_refused() {
    for (from, to, code) in [
        ("waves: [", "cluster: eu-1, waves: [", "waves-and-cluster"),
        ("[eu-1]", "[eu-1, us-1]", "twice"),
        ("[eu-1]", "[]", "empty-list"),
        ("ladder: [qa, prod]", "ladder: [qa, [prod, dr]]", "waves-on-shared-rung"),
        ("'{cluster}/{environment}", "'{cluster}/{cluster}/{environment}", "invalid-site-path"),
    ] {
        let shop = shop_with(&RULES.replace(from, to));
        let output = shop.rungs(&["status"]);
        assert_eq!(output.code, Some(2), "{to}: {output:?}");
        assert!(output.stderr.contains(code), "{to}: {}", output.stderr);
    }
}

#[test]
fn an_environment_beside_the_ladder_may_have_waves_and_come_before_others() {
    let rules = RULES
        .replace("ladder: [qa, prod]", "ladder: [qa]")
        .replace("prod: { waves", "after-prod: { after: [prod] }\n  prod: { after: [qa], waves")
        + "  - { path: 'late/{app}.yaml', environment: after-prod, kind: yaml, fields: { tag: tag } }\n";
    let shop = shop_with(&rules);
    shop.elsewhere("Late", &[("late/web.yaml", Some("tag: v1\n"))]);
    shop.pull();
    shop.ends(3, &["promote", "web", "--to", "after-prod", "--from", "qa", "--commit"]);
    shop.ends(0, &["promote", "web", "--to", "prod", "--cluster", "eu-1,eu-2,us-1", "--commit"]);
    shop.ends(0, &["promote", "web", "--to", "after-prod", "--commit"]);
    assert_eq!(shop.file("late/web.yaml"), "tag: v2");
}

#[test]
fn an_environment_without_waves_is_told_the_line_to_write() {
    let rules = RULES.replace("environments:\n  prod: { waves: [[eu-1], [eu-2, us-1]] }\n", "");
    let shop = shop_with(&rules);
    shop.ends(2, &["status"])
        .finds("unbound-environment")
        .says("`environments: { prod: { waves: [[eu-1], [eu-2], [us-1]] } }`");
    shop.ends(2, &["promote", "web", "--to", "prod", "--dry-run"]).says("{ prod: { waves:");
    let only = rules.replace(
        "  - { path: 'qa/{app}.yaml', environment: qa, kind: yaml, fields: { tag: tag } }\n",
        "",
    );
    shop_with(&only).rungs(&["status"]).says("`{cluster}` stands for");
}

#[test]
fn each_cluster_of_a_wave_is_changed_after_the_one_before() {
    let rules = "\
version: 1
ladder: [qa, prod]
environments:
  prod: { waves: [[eu-1, eu-2, us-1]] }
sites:
  - { path: 'qa/{app}.yaml', environment: qa, kind: helm-values }
  - { path: 'prod/{app}.yaml', environment: prod/eu-1, kind: helm-values, root: one }
  - { path: 'prod/{app}.yaml', environment: prod/eu-2, kind: helm-values, root: two }
  - { path: 'us/{app}.yaml', environment: prod/us-1, kind: helm-values }
";
    let one = |tag| format!("image: {{ repository: x/web, tag: {tag} }}\n");
    let both = |tag| format!("one:\n  {}two:\n  {}", one(tag), one(tag));
    let shop = || {
        let files = [
            ("rungs.yaml", rules.to_owned()),
            ("qa/web.yaml", one("v2")),
            ("prod/web.yaml", both("v1")),
            ("us/web.yaml", one("v1")),
        ];
        Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into())
    };
    let changed = both("v2");
    let promote = |mode| ["promote", "web", "--to", "prod", mode];
    let committed = shop();
    let tip = committed.remote.tip();
    let all = committed.json(0, &promote("--commit"));
    let bases = (0..3).map(|at| all["clusters"][at]["plan"]["base"].as_str().unwrap().to_owned());
    let bases: Vec<_> = bases.collect();
    let mut commits = committed.remote.commits_since(&tip);
    assert_eq!(commits.len(), 3);
    commits.insert(0, tip);
    assert_eq!(commits.iter().filter(|one| bases.contains(one)).count(), 3, "{bases:?}");
    assert_eq!(committed.file("prod/web.yaml"), changed.trim_end());
    committed.ends(0, &promote("--commit")).says("nothing to do");
    let written = shop();
    let named = ["promote", "web", "--to", "prod", "--cluster", "us-1,eu-2", "--write"];
    written.ends(0, &named);
    let text = |path: &str| std::fs::read_to_string(written.clone.join(path)).unwrap();
    assert_eq!(text("us/web.yaml"), one("v2"));
    assert_eq!(text("prod/web.yaml"), changed.replacen("v2", "v1", 1));
}
