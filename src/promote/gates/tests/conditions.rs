//! Claims of the gates that judge the state alone, or by what people and checks say.

use super::*;

fn digest(letter: &str) -> String {
    format!("sha256:{}", letter.repeat(64))
}

fn judged(gates: &str, proposing: &str, gate: Gate) -> String {
    World::gated(gates).proposing(proposing).says(gate)
}

#[test]
fn every_tag_that_does_not_match_is_named() {
    let tag = |proposing: &str| judged("  tag: '^v\\d+$'\n", proposing, Gate::Tag);
    assert_eq!(tag("web=v1 db=v2"), "pass: every tag matches `^v\\d+$`");
    assert_eq!(
        tag("web=latest db=v2 job=dev"),
        "fail: `^v\\d+$` does not match the tag `dev` of `job` and `latest` of `web`"
    );
    assert_eq!(tag(&format!("web=@{} db=v2", digest("a"))), "pass: every tag matches `^v\\d+$`");
}

#[test]
fn an_image_is_allowed_as_it_is_written_or_as_it_is_pulled() {
    let image = |allow: &str, repository: Option<&str>| {
        let parts = ImageParts {
            repository: repository.map(str::to_owned),
            tag: Some("v1".to_owned()),
            digest: None,
        };
        let state =
            State::new(BTreeMap::from([(Key::Image("web".to_owned()), SiteValue::Image(parts))]));
        let world = World::gated(&format!("  image: {{ allow: [{allow}] }}\n"));
        world.proposing_state(state).says(Gate::Image)
    };
    let pass = "pass: every image comes from an allowed repository";
    assert_eq!(image("'ghcr.io/shop/*'", Some("ghcr.io/shop/web")), pass);
    assert_eq!(image("'docker.io/library/*'", Some("redis")), pass);
    assert_eq!(image("'redis'", Some("redis")), pass);
    assert_eq!(
        image("'ghcr.io/shop/*', 'quay.io/*'", Some("ghcr.io/shopping/web")),
        "fail: `ghcr.io/shopping/web` of `web` may not be used here; only \
         `ghcr.io/shop/*`, `quay.io/*` may"
    );
    assert_eq!(image("'*'", None), "wait: the repository of `web` is not written at its site");
}

#[test]
fn an_image_without_a_digest_is_named() {
    let digests = |proposing: &str| judged("  digest: required\n", proposing, Gate::Digest);
    assert_eq!(digests(&format!("web=v1@{}", digest("a"))), "pass: every image has a digest");
    assert_eq!(digests("v1"), "fail: `web` has no digest");
    assert_eq!(
        digests(&format!("web=v1 db=v2 job=v3@{}", digest("a"))),
        "fail: `db` and `web` have no digests"
    );
}

#[test]
fn a_ticket_has_to_be_given_and_to_match() {
    let world = || World::gated("  ticket: '^REL-\\d+$'\n");
    assert_eq!(
        world().says(Gate::Ticket),
        "fail: no ticket is given; `--ticket` takes one that matches `^REL-\\d+$`"
    );
    assert_eq!(world().ticket("REL-7").says(Gate::Ticket), "pass: the ticket is `REL-7`");
    assert_eq!(
        world().ticket("re`l").says(Gate::Ticket),
        "fail: `^REL-\\d+$` does not match the ticket `re'l`"
    );
}

#[test]
fn values_have_to_be_as_stated() {
    let world = || {
        World::gated(
            "  field:\n  - { in: source, path: values.ready, equals: true }\n  - { in: target, \
             path: values.frozen, equals: false }\n",
        )
    };
    let right =
        world().value("source", "values.ready", "true").value("target", "values.frozen", "false");
    assert_eq!(
        right.says(Gate::Field),
        "pass: `values.ready` is `true` in `stage`, and `values.frozen` is `false` in `prod`"
    );
    let wrong =
        world().value("source", "values.ready", "'true'").value("target", "values.frozen", "false");
    assert_eq!(
        wrong.says(Gate::Field),
        "fail: `values.ready` is `\"true\"` in `stage` (`values.yaml:1`), and has to be `true`"
    );
    assert_eq!(
        world().value("source", "values.ready", "true").says(Gate::Field),
        "fail: `values.frozen` is not set in `prod`, and has to be `false`"
    );
    assert_eq!(
        world()
            .value("source", "values.ready", "[")
            .value("target", "values.frozen", "false")
            .says(Gate::Field),
        "wait: it is not known what `values.ready` is in `stage`: it is not YAML"
    );
    assert!(
        wrong
            .verdict(Gate::Field)
            .unwrap()
            .place
            .unwrap()
            .location()
            .text()
            .contains("values.ready")
    );
}

#[test]
fn no_reason_shows_a_secret() {
    let world =
        World::gated("  field: [{ in: source, path: values.db.password, equals: hunter2 }]\n");
    let reason = world.value("source", "values.db.password", "hunter3").says(Gate::Field);
    assert_eq!(
        reason,
        "fail: `values.db.password` is `***` in `stage` (`values.yaml:1`), and has to be `***`"
    );
    let world = World::gated("  field: [{ in: source, path: values.db.url, equals: x }]\n");
    let reason =
        world.value("source", "values.db.url", "postgres://u:hunter3@h/db").says(Gate::Field);
    assert!(!reason.contains("hunter3"), "{reason}");
}

fn hold(world: &World, tag: &str, until: Option<&str>) -> Hold {
    let environment = world.name("stage");
    let until = until.map(at);
    Hold { until, ..Hold::of(&environment, "web", &state(tag), "checkout\n\n`fails`.\n", "ana") }
}

#[test]
fn a_hold_names_who_where_and_why() {
    let world = World::gated("  {}\n");
    let held = hold(&world, "v2", None);
    assert_eq!(
        world.hold(held).says(Gate::Hold),
        "fail: `ana` holds it back in `stage`: checkout 'fails' (`.rungs/holds/stage/web.yaml`)"
    );
}

#[test]
fn holds_of_other_states_and_those_that_ended_do_not_count() {
    let world = World::gated("  {}\n");
    let (other, ended) =
        (hold(&world, "v3", None), hold(&world, "v2", Some("2026-06-15T12:00:00Z")));
    assert_eq!(world.hold(other).hold(ended).says(Gate::Hold), "pass: nothing holds it back");
    let world = World::gated("  {}\n");
    let in_force = hold(&world, "v2", Some("2026-06-15T12:00:01Z"));
    assert!(
        world
            .hold(in_force)
            .says(Gate::Hold)
            .starts_with("fail: `ana` holds it back in `stage` until 2026-06-15 12:00 UTC")
    );
}

const CHECKS: &str =
    "  checks: [{ name: ci, of: application }, { name: flux, of: configuration }]\n";

fn checked(ci: CheckFact, flux: CheckFact) -> String {
    let checks = BTreeMap::from([("ci", ci), ("flux", flux)]);
    World::gated(CHECKS).forge(Forge { checks, review: None }).says(Gate::Checks)
}

#[test]
fn only_the_forge_knows_checks() {
    assert_eq!(
        World::gated(CHECKS).says(Gate::Checks),
        "wait: only the forge knows the results of `ci` and `flux`"
    );
    assert_eq!(
        checked(CheckFact::Passed, CheckFact::Passed),
        "pass: `ci` passed for the commit that the image was built from, and `flux` passed for \
         the commit that placed the state"
    );
    assert_eq!(
        checked(CheckFact::Pending, CheckFact::Failed),
        "fail: `flux` failed for the commit that placed the state"
    );
    assert_eq!(
        checked(CheckFact::Unknown("the image names no commit".to_owned()), CheckFact::Passed),
        "wait: the result of `ci` is not known: the image names no commit"
    );
}

fn approved(gates: &str, review: Option<Review>) -> String {
    World::gated(gates).forge(Forge { review, ..Forge::default() }).says(Gate::Approvals)
}

fn review(requester: Option<&str>, authors: &[&str], approvals: &[(&str, &[&str])]) -> Review {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let approval =
        |(by, teams): &(&str, &[&str])| Approval { by: (*by).to_owned(), teams: owned(teams) };
    Review {
        requester: requester.map(str::to_owned),
        authors: owned(authors),
        approvals: approvals.iter().map(approval).collect(),
    }
}

const TWO_OF_SRE: &str = "  approvals: { count: 2, teams: [sre, dba] }\n";

#[test]
fn the_requester_and_the_authors_cannot_approve() {
    let reason = |review| approved("  approvals: { count: 1 }\n", Some(review));
    assert_eq!(
        reason(review(Some("ana"), &["bot"], &[("Ana", &[]), ("bot", &[])])),
        "wait: 1 approval is needed, and nobody has approved so far"
    );
    assert_eq!(reason(review(Some("ana"), &["bot"], &[("bob", &[])])), "pass: `bob` approved");
    assert_eq!(
        reason(review(None, &[], &[("bob", &[])])),
        "wait: 1 approval is needed, and it is not known who requested this and so may not approve it"
    );
}

#[test]
fn each_person_counts_once_and_only_as_a_member() {
    let reason = |approvals| approved(TWO_OF_SRE, Some(review(Some("ana"), &[], approvals)));
    assert_eq!(
        reason(&[("bob", &["sre"]), ("BOB", &["sre"]), ("eve", &["web"])]),
        "wait: 2 approvals by `sre` or `dba` are needed, and only `bob` has approved so far"
    );
    assert_eq!(reason(&[("bob", &["sre"]), ("dan", &["dba"])]), "pass: `bob` and `dan` approved");
}

#[test]
fn approvals_wait_for_a_forge_and_for_a_pull_request() {
    let gates = "  approvals: { count: 1 }\n";
    assert_eq!(
        World::gated(gates).says(Gate::Approvals),
        "wait: 1 approval is needed, which only the forge knows"
    );
    assert_eq!(
        approved(gates, None),
        "wait: 1 approval is needed, and there is no pull request yet"
    );
}

#[test]
fn nobody_can_approve_what_goes_straight_onto_the_branch() {
    let world = World::gated("  approvals: { count: 1 }\n").direct();
    assert_eq!(
        world.says(Gate::Approvals),
        "fail: 1 approval is needed, and nobody can approve what goes straight onto the branch; \
         use `--branch` so that people see it first"
    );
}
