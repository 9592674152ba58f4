//! Claims of `order`.

use super::*;

fn order(world: &World) -> String {
    world.says(Gate::Order)
}

#[test]
fn a_state_that_is_directly_below_may_enter() {
    let world = World::of(&[]).current("stage", "v2");
    assert_eq!(order(&world), "pass: it is in `stage`");
    assert_eq!(world.read(), [""; 0], "no history is needed");
}

#[test]
fn skipping_a_rung_fails() {
    let world = World::of(&[]).current("qa", "v2").current("stage", "v1").promoted_from("qa");
    assert_eq!(order(&world), "fail: in `stage`, `web` is `v1` and not `v2`");
}

#[test]
fn a_rung_that_never_had_the_app_is_skipped() {
    let world = World::of(&[]).current("qa", "v2").promoted_from("qa");
    assert_eq!(order(&world), "pass: it is in `qa`");
}

#[test]
fn a_rung_that_lost_the_app_blocks() {
    let world = World::of(&[]).current("qa", "v2").promoted_from("qa");
    let world = world.history("stage", &["v1"]).lost("stage");
    assert_eq!(
        order(&world),
        "fail: `stage` had `web` and no longer has it; to skip `stage`, set `skip: [web]` there"
    );
}

#[test]
fn a_rung_with_skip_is_skipped_without_reading_its_history() {
    let skip = ("environments/stage/environment.yaml", "skip: [web]\n");
    let world = World::of(&[skip]).current("qa", "v2").promoted_from("qa");
    let world = world.history("stage", &["v1"]).lost("stage");
    assert_eq!(order(&world), "pass: it is in `qa`");
    assert_eq!(world.read(), [""; 0]);
}

#[test]
fn a_rung_with_skip_that_has_the_app_is_a_rung_nevertheless() {
    let skip = ("environments/stage/environment.yaml", "skip: [web]\n");
    let world = World::of(&[skip]).current("qa", "v2").current("stage", "v1");
    assert!(order(&world).starts_with("fail: in `stage`"));
}

#[test]
fn in_a_shallow_clone_it_is_not_known_whether_a_rung_had_the_app() {
    let world = World::of(&[]).current("qa", "v2").promoted_from("qa").shallow("stage");
    assert_eq!(
        order(&world),
        "wait: it is not known whether `stage` ever had `web`: its history is not in this clone; \
         fetch it with `git fetch --unshallow`"
    );
}

#[test]
fn nothing_is_known_beyond_the_edge_of_a_shallow_clone() {
    const FETCH: &str = "its history is not in this clone; fetch it with `git fetch --unshallow`";
    let absent = World::of(&[]).current("qa", "v2").promoted_from("qa").edged("stage", &[""]);
    let expected = format!("wait: it is not known whether `stage` ever had `web`: {FETCH}");
    assert_eq!(order(&absent), expected);
    let gone = World::of(&[]).current("qa", "v2").promoted_from("qa").edged("stage", &["", "v1"]);
    assert!(order(&gone).starts_with("fail: `stage` had `web`"), "{}", order(&gone));
    let prerequisites = World::of(&[]).edged("stage", &["v3", "v4"]).named();
    let expected = format!("wait: it is not known whether `stage` has had it: {FETCH}");
    assert_eq!(order(&prerequisites), expected);
    assert_eq!(order(&prerequisites.proposing("v4")), "pass: `stage` has had it");
    let target = World::of(&[]).edged("prod", &["v1"]).current("stage", "v2");
    let expected = format!("wait: it is not known whether `prod` has had it before: {FETCH}");
    assert_eq!(order(&target), expected);
    let promoted_value =
        World::of(&[]).edged("prod", &["v1.1", "v1"]).history("stage", &["v2", "v1.1"]);
    assert_eq!(order(&promoted_value), "pass: it is in `stage`", "it was lower before");
}

#[test]
fn an_earlier_state_below_counts_for_newest_eligible_and_if_it_is_named() {
    let base = |files| World::of(files).history("stage", &["v3", "v2"]);
    assert!(order(&base(&[])).starts_with("fail: in `stage`, `web` is `v3`"));
    assert_eq!(order(&base(&[]).named()), "pass: `stage` has had it");
    let newest = [("environments/prod/environment.yaml", "select: newest-eligible\n")];
    assert_eq!(order(&base(&newest)), "pass: `stage` has had it");
    assert_eq!(
        order(&base(&newest).proposing("v9")),
        "fail: in `stage`, `web` is `v3` and not `v9`, and it never was"
    );
}

#[test]
fn a_named_state_that_may_be_older_than_the_clone_waits() {
    let world = World::of(&[]).history("stage", &["v3"]).shallow("stage").named();
    assert!(order(&world).starts_with("wait: it is not known whether `stage` has had it"));
}

const FAN: &str = "version: 1\nladder: [qa, [eu, us], prod]\n";

fn fan_in(rungs: &str) -> World {
    World::of(&[
        ("rungs.yaml", rungs),
        ("environments/eu/web.yaml", ""),
        ("environments/us/web.yaml", ""),
    ])
    .promoted_from("eu")
}

#[test]
fn all_environments_of_the_rung_below_have_to_have_the_state() {
    let world = fan_in(FAN).current("eu", "v2").current("us", "v2");
    assert_eq!(order(&world), "pass: it is in `eu`, and it is in `us`");
    let world = fan_in(FAN).current("eu", "v2").current("us", "v1");
    assert_eq!(order(&world), "fail: in `us`, `web` is `v1` and not `v2`");
}

#[test]
fn each_environment_of_a_wide_ladder_is_looked_at_once() {
    // As many ways as there are would take until the sun is cold.
    let rungs: Vec<String> = (0..60).map(|rung| format!("[a{rung}, b{rung}]")).collect();
    let rungs = format!("version: 1\nladder: [qa, {}, prod]\n", rungs.join(", "));
    let names = (0..60).flat_map(|rung| [format!("a{rung}"), format!("b{rung}")]);
    let directories: Vec<String> =
        names.map(|name| format!("environments/{name}/environment.yaml")).collect();
    let prod = "gates: { soak: 24h }\n";
    let mut files = vec![("rungs.yaml", &*rungs), ("environments/prod/environment.yaml", prod)];
    files.extend(directories.iter().map(|at| (&**at, "")));
    let world = World::of(&files).current("qa", "v2").history("qa", &["v2"]).promoted_from("qa");
    assert_eq!(order(&world), "pass: it is in `qa`");
    assert!(world.says(Gate::Soak).contains("`qa`"), "{}", world.says(Gate::Soak));
}

#[test]
fn rungs_of_which_some_ask_for_all_and_some_for_any_are_looked_at_once_too() {
    let both = |kind: &str, rung: usize| match rung {
        0 => "after: [qa]\n".to_owned(),
        _ => format!("after: {{ {kind}: [a{0}, b{0}] }}\n", rung - 1),
    };
    let files = (0..60).flat_map(|rung| {
        [("a", both("all", rung)), ("b", both("any", rung))]
            .map(|(name, text)| (format!("environments/{name}{rung}/environment.yaml"), text))
    });
    let files: Vec<_> = files.collect();
    let mut all = vec![
        ("rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("environments/stage/environment.yaml", "after: [qa]\n"),
        ("environments/prod/environment.yaml", "after: [a59, b59]\n"),
    ];
    all.extend(files.iter().map(|(at, text)| (&**at, &**text)));
    let world = World::of(&all).current("qa", "v2").promoted_from("qa");
    assert_eq!(order(&world), "pass: it is in `qa`");
    let world = World::of(&all).current("qa", "v1").promoted_from("qa");
    assert!(order(&world).starts_with("fail: in `qa`"), "{}", order(&world));
    let world = World::of(&all).current("qa", "v2").promoted_from("qa").unbound("a7");
    assert!(order(&world).starts_with("fail: no file belongs to `a7`"), "{}", order(&world));
}

#[test]
fn a_chosen_environment_answers_for_its_rung() {
    let world = fan_in(FAN).current("eu", "v2").current("us", "v1").chosen_from("eu");
    assert_eq!(order(&world), "pass: it is in `eu`");
    let world = world.current("qa", "v2").chosen_from("qa");
    assert!(order(&world).starts_with("fail: in `us`"), "it is on another rung");
}

#[test]
fn one_environment_before_is_enough_with_any() {
    let world = || {
        World::of(&[
            ("rungs.yaml", "version: 1\nladder: [qa, stage]\n"),
            ("environments/prod/environment.yaml", "after: { any: [stage, qa] }\n"),
        ])
    };
    assert_eq!(order(&world().current("stage", "v1").current("qa", "v2")), "pass: it is in `qa`");
    assert_eq!(
        order(&world().current("stage", "v1").current("qa", "v0")),
        "fail: in `stage`, `web` is `v1` and not `v2`, and in `qa`, `web` is `v0` and not `v2`"
    );
    let only = world().current("stage", "v1");
    assert!(
        order(&only).starts_with("fail: in `stage`"),
        "qa never had the app, which lets nothing in"
    );
}

#[test]
fn nothing_is_promoted_to_an_environment_with_nothing_before_it() {
    assert_eq!(
        order(&World::of(&[]).to("qa")),
        "fail: `qa` is a first rung, which is entered with `rungs set` and not by promotion"
    );
    let sandbox = World::of(&[("environments/sandbox/web.yaml", "")]).to("sandbox");
    assert_eq!(
        order(&sandbox),
        "fail: `sandbox` is neither on the ladder nor `after` anything, so nothing is \
         promoted to it"
    );
    assert_eq!(order(&World::of(&[])), "fail: no environment before `prod` has ever had `web`");
}

#[test]
fn a_lower_version_is_a_step_back_unless_it_is_named() {
    let world = World::of(&[]).current("prod", "v10").current("stage", "v2");
    assert_eq!(
        order(&world),
        "fail: `web` would go back from `v10` to `v2`; if that is intended, name the state \
         with `rungs promote --ref`"
    );
    assert_eq!(world.read(), [""; 0], "no history is needed");
    assert_eq!(order(&world.named()), "pass: it is in `stage`");
}

#[test]
fn one_image_that_goes_back_is_a_step_back() {
    let world = World::of(&[]).current("prod", "web=v1 db=v9").proposing("web=v2 db=v8");
    assert!(order(&world.current("stage", "web=v2 db=v8")).starts_with("fail: `db` would go back"));
}

#[test]
fn a_state_that_was_left_is_a_step_back_if_versions_cannot_be_compared() {
    let world = |history: &[&str]| {
        World::of(&[]).history("prod", history).current("stage", "abc1234").proposing("abc1234")
    };
    let left = commit(3);
    assert_eq!(
        order(&world(&["fed4321", "aaa1111", "abc1234", "bbb2222"])),
        format!(
            "fail: `prod` has had it before and left it in `{}`; if that is intended, \
             name the state with `rungs promote --ref`",
            left.short()
        )
    );
    assert_eq!(order(&world(&["fed4321", "aaa1111"])), "pass: it is in `stage`");
    assert_eq!(order(&world(&["fed4321", "abc1234"]).named()), "pass: it is in `stage`");
    let lifted = || world(&["fed4321", "aaa1111", "abc1234", "bbb2222"]);
    assert_eq!(order(&lifted().lifted_after(3)), "pass: it is in `stage`");
    assert!(order(&lifted().lifted_after(4)).starts_with("fail"), "of another stay");
}

#[test]
fn a_state_that_was_taken_back_does_not_return_even_with_a_higher_version() {
    let world = World::of(&[]).history("prod", &["v1", "v2", "v1"]).current("stage", "v2");
    assert!(order(&world).starts_with("fail: `prod` has had it before"));
}

#[test]
fn if_versions_go_up_history_is_read_until_a_lower_one() {
    let world = World::of(&[]).history("prod", &["v1.9", "v1.8", "v1.7", "v1.6"]);
    let world = world.history("stage", &["v2", "v1.9"]);
    assert_eq!(order(&world), "pass: it is in `stage`");
    world.history.read.take();
    assert_eq!(world.read(), ["prod", "prod", "stage", "stage"]);
}

#[test]
fn in_a_shallow_clone_it_is_not_known_whether_a_state_goes_back() {
    let world = World::of(&[]).history("prod", &["fed4321"]).shallow("prod");
    let world = world.current("stage", "abc1234").proposing("abc1234");
    assert_eq!(
        order(&world),
        "wait: it is not known whether `prod` has had it before: its history is not in this clone; \
         fetch it with `git fetch --unshallow`"
    );
}

#[test]
fn the_same_tag_with_another_digest_is_not_a_step_back() {
    let (a, b) = (format!("v2@sha256:{}", "a".repeat(64)), format!("v2@sha256:{}", "b".repeat(64)));
    let world = World::of(&[]).history("prod", &[&a]).current("stage", &b).proposing(&b);
    assert_eq!(order(&world), "pass: it is in `stage`");
}

/// `web` from a repository, by a tag or a tag and a digest.
fn of_repository(repository: &str, tag: &str) -> State {
    let (tag, digest) =
        tag.split_once('@').map_or((tag, None), |(tag, digest)| (tag, Some(digest)));
    let image = ImageParts {
        repository: Some(repository.to_owned()),
        tag: Some(tag.to_owned()),
        digest: digest.map(str::to_owned),
    };
    State::new(BTreeMap::from([(Key::Image("web".to_owned()), SiteValue::Image(image))]))
}

#[test]
fn the_same_tag_of_another_repository_is_another_image() {
    let from_stage = |files: &[_], current: &str, proposed: State| {
        World::of(files)
            .current_state("stage", of_repository("ghcr.io/shop/web", "v2"))
            .current_state("prod", of_repository(current, "v1"))
            .proposing_state(proposed)
    };
    let world = |proposed: State| from_stage(&[], "mirror.example.com/shop/web", proposed);
    let other = of_repository("ghcr.io/other/web", "v2");
    let expected = "fail: in `stage`, `web` comes from `ghcr.io/shop/web` and not from \
                    `ghcr.io/other/web`; `mirrors` does not say that both hold the same images";
    assert_eq!(order(&world(other.clone())), expected);
    assert_eq!(order(&world(other.clone()).set()), expected);
    let pass = "pass: it is in `stage`";
    let own = of_repository("mirror.example.com/shop/web", "v2");
    assert_eq!(order(&world(own.clone())), pass, "another host, that it has already");
    let moved = |files: &[_]| order(&from_stage(files, "old.example.com/shop/web", own.clone()));
    assert!(moved(&[]).starts_with("fail: in `stage`, `web` comes from"), "another host is new");
    let mirrors = "version: 1\nladder: [qa, stage, prod]\n\
                   mirrors: { \"mirror.example.com/*\": \"ghcr.io/*\" }\n";
    assert_eq!(moved(&[("rungs.yaml", mirrors)]), pass, "a declared mirror");
    let fork = of_repository("ghcr.io/fork/web", "v2");
    let keeps = order(&from_stage(&[], "ghcr.io/fork/web", fork));
    assert!(keeps.starts_with("fail: in `stage`, `web` comes from"), "it was there before");
    assert_eq!(order(&world(of_repository("ghcr.io/shop/web", "v2"))), pass, "the source's");
    let digest = format!("v2@sha256:{}", "a".repeat(64));
    let same = World::of(&[])
        .current_state("stage", of_repository("ghcr.io/shop/web", &digest))
        .proposing_state(of_repository("ghcr.io/other/web", &digest));
    assert_eq!(order(&same), pass, "a digest is the same wherever it is pulled from");
    let only_the_repository = World::of(&[])
        .current_state("stage", of_repository("ghcr.io/shop/web", "v2"))
        .current_state("prod", of_repository("ghcr.io/shop/web", "v2"))
        .proposing_state(other);
    assert_eq!(order(&only_the_repository.set()), expected);
}

#[test]
fn a_value_that_differs_is_named_and_a_secret_one_is_masked() {
    let with = |route: &str, value: &str| {
        let (key, value) = (Key::Value(route.to_owned()), SiteValue::Value(format!("{value}\n")));
        State::new(BTreeMap::from([(key, value)]))
    };
    let judged = |route: &str| {
        let world = World::of(&[]).current_state("stage", with(route, "hunter2"));
        order(&world.proposing_state(with(route, "hunter3")))
    };
    assert_eq!(judged("values.a"), "fail: in `stage`, `values.a` is `hunter2` and not `hunter3`");
    assert_eq!(judged("values.token"), "fail: in `stage`, `values.token` is `***` and not `***`");
}

#[test]
fn a_state_that_is_already_there_is_not_a_step() {
    let world = World::of(&[]).history("prod", &["v2", "v1", "v2"]).current("stage", "v2");
    assert_eq!(order(&world), "pass: it is in `stage`");
    assert_eq!(world.read(), [""; 0]);
}

#[test]
fn a_reference_that_is_set_above_a_first_rung_has_to_be_below() {
    let world = || World::of(&[]).current("prod", "web=v1 db=v1").set();
    let proposing = |world: World| world.proposing("web=v2 db=v1");
    let prerequisites = proposing(world().current("stage", "web=v2 db=v7"));
    assert_eq!(order(&prerequisites), "pass: it is in `stage`", "only what is set counts");
    let not_below = proposing(world().current("stage", "web=v1 db=v1"));
    assert_eq!(order(&not_below), "fail: in `stage`, `web` is `v1` and not `v2`");
}

#[test]
fn an_app_that_was_never_below_enters_only_if_that_is_known_before() {
    let first = "no environment before `prod` has ever had `web`";
    let there = World::of(&[]).current("prod", "v1").set();
    assert_eq!(order(&there), format!("pass: {first}, and it is there already"));
    let begin = "if it is to start there, set `enters: [web]` there first";
    assert_eq!(order(&World::of(&[]).set()), format!("fail: {first}; {begin}"));
    let named = World::of(&[("environments/prod/environment.yaml", "enters: [web]\n")]).set();
    assert_eq!(order(&named), "pass: `web` enters `prod` first");
    let sandbox = World::of(&[("environments/sandbox/web.yaml", "")]).to("sandbox").set();
    assert_eq!(order(&sandbox), "nothing");
}

/// Prod got `fix` after stage had `v1`; stage has gone on to `v2`.
fn fixed(stage: &[&str]) -> World {
    World::of(&[]).history("stage", stage).tenures(
        "prod",
        tenures(vec![
            (Some(state("fix")), Since::Unverified { at: at("2026-06-01T00:00:00Z") }),
            (Some(state("v1")), Since::Unverified { at: at("2026-01-01T00:00:00Z") }),
        ]),
    )
}

#[test]
fn a_value_that_nothing_below_has_had_is_not_replaced_without_a_word() {
    let world = || fixed(&["v2", "v1"]).current("prod", "fix");
    let lost = "fail: `web` is `fix` in `prod`, which `stage` and `qa` never had, and it would be \
                lost; bring it there first, or say that it goes with `--replaces web=:fix`";
    assert_eq!(order(&world()), lost);
    assert_eq!(order(&world().named()), lost, "`--ref` does not say what goes");
    assert_eq!(order(&world().set()), lost);
    let pass = "pass: it is in `stage`";
    for replaced in ["web=:fix", ":fix", "ghcr.io/shop/web:fix"] {
        assert_eq!(order(&world().replacing(replaced)), pass, "{replaced}");
    }
    for other in [":v1", "db=:fix", "web=:fix2"] {
        assert_eq!(order(&world().replacing(other)), lost, "{other}");
    }
    assert_eq!(order(&fixed(&["v2", "fix", "v1"]).current("prod", "fix")), pass, "it was there");
}

#[test]
fn what_was_imported_together_is_no_fix() {
    let pass = "pass: it is in `stage`";
    let imported = World::of(&[])
        .tenures(
            "stage",
            tenures(vec![(
                Some(state("v2")),
                Since::Unverified { at: at("2026-06-01T00:00:00Z") },
            )]),
        )
        .current("stage", "v2")
        .tenures(
            "prod",
            tenures(vec![(
                Some(state("v1")),
                Since::Unverified { at: at("2026-06-01T00:00:00Z") },
            )]),
        )
        .current("prod", "v1");
    assert_eq!(order(&imported), pass, "by the same commit");
}
