//! Claims of `order`.

use super::*;

fn order(world: &World) -> String {
    world.says(Gate::Order)
}

#[test]
fn a_state_that_stands_directly_below_may_enter() {
    let world = World::of(&[]).current("stage", "v2");
    assert_eq!(order(&world), "pass: it stands in `stage`");
    assert_eq!(world.read(), [""; 0], "no history is needed");
}

#[test]
fn skipping_a_rung_fails() {
    let world = World::of(&[]).current("qa", "v2").current("stage", "v1").promoted_from("qa");
    assert_eq!(order(&world), "fail: in `stage`, `web` is `v1` and not `v2`");
}

#[test]
fn a_rung_that_never_had_the_app_is_passed_over() {
    let world = World::of(&[]).current("qa", "v2").promoted_from("qa");
    assert_eq!(order(&world), "pass: it stands in `qa`");
}

#[test]
fn a_rung_that_had_the_app_and_has_it_no_more_blocks() {
    let world = World::of(&[]).current("qa", "v2").promoted_from("qa");
    let world = world.history("stage", &["v1"]).lost("stage");
    assert_eq!(
        order(&world),
        "fail: `stage` had `web` and has it no more; its environment would have to say `skip: [web]`"
    );
}

#[test]
fn a_rung_that_says_skip_is_passed_over_without_a_look_at_its_history() {
    let skip = ("environments/stage/environment.yaml", "skip: [web]\n");
    let world = World::of(&[skip]).current("qa", "v2").promoted_from("qa");
    let world = world.history("stage", &["v1"]).lost("stage");
    assert_eq!(order(&world), "pass: it stands in `qa`");
    assert_eq!(world.read(), [""; 0]);
}

#[test]
fn a_rung_that_says_skip_and_has_the_app_all_the_same_is_a_rung() {
    let skip = ("environments/stage/environment.yaml", "skip: [web]\n");
    let world = World::of(&[skip]).current("qa", "v2").current("stage", "v1");
    assert!(order(&world).starts_with("fail: in `stage`"));
}

#[test]
fn whether_a_rung_had_the_app_is_not_known_in_a_shallow_clone() {
    let world = World::of(&[]).current("qa", "v2").promoted_from("qa").shallow("stage");
    assert_eq!(
        order(&world),
        "wait: whether `stage` ever had `web` is not known: its history is not in this clone; \
         fetch it with `git fetch --unshallow`"
    );
}

#[test]
fn what_reaches_to_the_edge_of_a_shallow_clone_is_not_known_beyond_it() {
    const FETCH: &str = "its history is not in this clone; fetch it with `git fetch --unshallow`";
    let absent = World::of(&[]).current("qa", "v2").promoted_from("qa").edged("stage", &[""]);
    let expected = format!("wait: whether `stage` ever had `web` is not known: {FETCH}");
    assert_eq!(order(&absent), expected);
    let gone = World::of(&[]).current("qa", "v2").promoted_from("qa").edged("stage", &["", "v1"]);
    assert!(order(&gone).starts_with("fail: `stage` had `web`"), "{}", order(&gone));
    let prerequisites = World::of(&[]).edged("stage", &["v3", "v4"]).named();
    let expected = format!("wait: whether `stage` has held it is not known: {FETCH}");
    assert_eq!(order(&prerequisites), expected);
    assert_eq!(order(&prerequisites.proposing("v4")), "pass: `stage` has held it");
    let target = World::of(&[]).edged("prod", &["v1"]).current("stage", "v2");
    let expected = format!("wait: whether `prod` has held it before is not known: {FETCH}");
    assert_eq!(order(&target), expected);
    let promoted_value = World::of(&[]).edged("prod", &["v1.1", "v1"]).current("stage", "v2");
    assert_eq!(order(&promoted_value), "pass: it stands in `stage`", "it was lower before");
}

#[test]
fn what_stood_below_before_counts_for_newest_eligible_and_for_a_named_state() {
    let base = |files| World::of(files).history("stage", &["v3", "v2"]);
    assert!(order(&base(&[])).starts_with("fail: in `stage`, `web` is `v3`"));
    assert_eq!(order(&base(&[]).named()), "pass: `stage` has held it");
    let newest = [("environments/prod/environment.yaml", "select: newest-eligible\n")];
    assert_eq!(order(&base(&newest)), "pass: `stage` has held it");
    assert_eq!(
        order(&base(&newest).proposing("v9")),
        "fail: in `stage`, `web` is `v3` and not `v9`, and it never was"
    );
}

#[test]
fn a_named_state_that_may_be_older_than_the_clone_waits() {
    let world = World::of(&[]).history("stage", &["v3"]).shallow("stage").named();
    assert!(order(&world).starts_with("wait: whether `stage` has held it is not known"));
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
fn all_environments_of_the_rung_below_have_to_hold_it() {
    let world = fan_in(FAN).current("eu", "v2").current("us", "v2");
    assert_eq!(order(&world), "pass: it stands in `eu`, and it stands in `us`");
    let world = fan_in(FAN).current("eu", "v2").current("us", "v1");
    assert_eq!(order(&world), "fail: in `us`, `web` is `v1` and not `v2`");
}

#[test]
fn an_environment_that_was_chosen_answers_for_its_rung() {
    let world = fan_in(FAN).current("eu", "v2").current("us", "v1").chosen_from("eu");
    assert_eq!(order(&world), "pass: it stands in `eu`");
    let world = world.current("qa", "v2").chosen_from("qa");
    assert!(order(&world).starts_with("fail: in `us`"), "it is on another rung");
}

#[test]
fn any_environment_before_is_enough_where_it_says_so() {
    let world = || {
        World::of(&[
            ("rungs.yaml", "version: 1\nladder: [qa, stage]\n"),
            ("environments/prod/environment.yaml", "after: { any: [stage, qa] }\n"),
        ])
    };
    assert_eq!(
        order(&world().current("stage", "v1").current("qa", "v2")),
        "pass: it stands in `qa`"
    );
    assert_eq!(
        order(&world().current("stage", "v1").current("qa", "v0")),
        "fail: in `stage`, `web` is `v1` and not `v2`, and in `qa`, `web` is `v0` and not `v2`"
    );
    let only = world().current("stage", "v1");
    assert!(order(&only).starts_with("fail: in `stage`"), "qa never had it, which lets nothing by");
}

#[test]
fn what_nothing_comes_before_is_not_promoted_to() {
    assert_eq!(
        order(&World::of(&[]).to("qa")),
        "fail: `qa` is a first rung, which is entered by `rungs set` and not by promotion"
    );
    let sandbox = World::of(&[("environments/sandbox/web.yaml", "")]).to("sandbox");
    assert_eq!(
        order(&sandbox),
        "fail: `sandbox` is neither on the ladder nor `after` anything, so that nothing is \
         promoted to it"
    );
    assert_eq!(order(&World::of(&[])), "fail: no environment before `prod` has ever had `web`");
}

#[test]
fn a_lower_version_is_a_step_back_unless_it_is_named() {
    let world = World::of(&[]).current("prod", "v10").current("stage", "v2");
    assert_eq!(
        order(&world),
        "fail: `web` would go back from `v10` to `v2`; a state that is meant to go back is named \
         with `rungs promote --ref`"
    );
    assert_eq!(world.read(), [""; 0], "no history is needed");
    assert_eq!(order(&world.named()), "pass: it stands in `stage`");
}

#[test]
fn one_image_that_goes_back_is_a_step_back() {
    let world = World::of(&[]).current("prod", "web=v1 db=v9").proposing("web=v2 db=v8");
    assert!(order(&world.current("stage", "web=v2 db=v8")).starts_with("fail: `db` would go back"));
}

#[test]
fn a_state_that_was_held_and_left_is_a_step_back_where_versions_say_nothing() {
    let world = |history: &[&str]| {
        World::of(&[]).history("prod", history).current("stage", "abc1234").proposing("abc1234")
    };
    let left = commit(3);
    assert_eq!(
        order(&world(&["fed4321", "aaa1111", "abc1234", "bbb2222"])),
        format!(
            "fail: `prod` has held it before and left it with `{}`; a state that is meant to go \
             back is named with `rungs promote --ref`",
            left.short()
        )
    );
    assert_eq!(order(&world(&["fed4321", "aaa1111"])), "pass: it stands in `stage`");
    assert_eq!(order(&world(&["fed4321", "abc1234"]).named()), "pass: it stands in `stage`");
}

#[test]
fn a_state_that_was_taken_back_does_not_come_again_though_its_version_is_higher() {
    let world = World::of(&[]).history("prod", &["v1", "v2", "v1"]).current("stage", "v2");
    assert!(order(&world).starts_with("fail: `prod` has held it before"));
}

#[test]
fn where_versions_go_up_history_is_read_as_far_as_the_last_lower_one() {
    let world = World::of(&[]).history("prod", &["v1.9", "v1.8", "v1.7", "v1.6"]);
    let world = world.current("stage", "v2");
    assert_eq!(order(&world), "pass: it stands in `stage`");
    world.history.read.take();
    assert_eq!(world.read(), ["prod", "prod"]);
}

#[test]
fn in_a_shallow_clone_a_step_back_is_not_known() {
    let world = World::of(&[]).history("prod", &["fed4321"]).shallow("prod");
    let world = world.current("stage", "abc1234").proposing("abc1234");
    assert_eq!(
        order(&world),
        "wait: whether `prod` has held it before is not known: its history is not in this clone; \
         fetch it with `git fetch --unshallow`"
    );
}

#[test]
fn the_same_tag_with_another_digest_is_no_step_back() {
    let (a, b) = (format!("v2@sha256:{}", "a".repeat(64)), format!("v2@sha256:{}", "b".repeat(64)));
    let world = World::of(&[]).history("prod", &[&a]).current("stage", &b).proposing(&b);
    assert_eq!(order(&world), "pass: it stands in `stage`");
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
    let world = |proposed: State| {
        World::of(&[])
            .standing_state("stage", of_repository("ghcr.io/shop/web", "v2"))
            .standing_state("prod", of_repository("mirror.example.com/web", "v1"))
            .proposing_state(proposed)
    };
    let other = of_repository("ghcr.io/other/web", "v2");
    let expected =
        "fail: in `stage`, `web` comes from `ghcr.io/shop/web` and not from `ghcr.io/other/web`";
    assert_eq!(order(&world(other.clone())), expected);
    assert_eq!(order(&world(other.clone()).set()), expected);
    let pass = "pass: it stands in `stage`";
    assert_eq!(order(&world(of_repository("mirror.example.com/web", "v2"))), pass, "its own");
    assert_eq!(order(&world(of_repository("ghcr.io/shop/web", "v2"))), pass, "the source's");
    let digest = format!("v2@sha256:{}", "a".repeat(64));
    let same = World::of(&[])
        .standing_state("stage", of_repository("ghcr.io/shop/web", &digest))
        .proposing_state(of_repository("ghcr.io/other/web", &digest));
    assert_eq!(order(&same), pass, "a digest is the same wherever it is pulled from");
    let only_the_repository = World::of(&[])
        .standing_state("stage", of_repository("ghcr.io/shop/web", "v2"))
        .standing_state("prod", of_repository("ghcr.io/shop/web", "v2"))
        .proposing_state(other);
    assert_eq!(order(&only_the_repository.set()), expected);
}

#[test]
fn a_value_that_differs_is_named_and_a_secret_one_is_not_shown() {
    let with = |route: &str, value: &str| {
        let (key, said) = (Key::Value(route.to_owned()), SiteValue::Value(format!("{value}\n")));
        State::new(BTreeMap::from([(key, said)]))
    };
    let judged = |route: &str| {
        let world = World::of(&[]).standing_state("stage", with(route, "hunter2"));
        order(&world.proposing_state(with(route, "hunter3")))
    };
    assert_eq!(judged("values.a"), "fail: in `stage`, `values.a` is `hunter2` and not `hunter3`");
    assert_eq!(judged("values.token"), "fail: in `stage`, `values.token` is `***` and not `***`");
}

#[test]
fn what_stands_there_already_is_no_step() {
    let world = World::of(&[]).history("prod", &["v2", "v1", "v2"]).current("stage", "v2");
    assert_eq!(order(&world), "pass: it stands in `stage`");
    assert_eq!(world.read(), [""; 0]);
}

#[test]
fn what_is_set_above_a_first_rung_has_to_stand_below() {
    let world = || World::of(&[]).current("prod", "web=v1 db=v1").set();
    let proposing = |world: World| world.proposing("web=v2 db=v1");
    let prerequisites = proposing(world().current("stage", "web=v2 db=v7"));
    assert_eq!(order(&prerequisites), "pass: it stands in `stage`", "only what is set counts");
    let not_below = proposing(world().current("stage", "web=v1 db=v1"));
    assert_eq!(order(&not_below), "fail: in `stage`, `web` is `v1` and not `v2`");
}

#[test]
fn where_nothing_below_ever_had_the_app_it_is_set_as_on_a_first_rung() {
    assert_eq!(order(&World::of(&[]).current("prod", "v1").set()), "nothing");
    let sandbox = World::of(&[("environments/sandbox/web.yaml", "")]).to("sandbox").set();
    assert_eq!(order(&sandbox), "nothing");
}
