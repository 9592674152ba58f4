//! Tags and digests in keys beside an image, as they are promoted.

use crate::support::shop::Shop;

const ONE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const TWO: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// One app of charts' values.
fn shop(kind: &str, qa: &str, prod: &str) -> Shop {
    let configuration = format!(
        "version: 1\nladder: [qa, prod]\nsites: [{{path: '{{environment}}.yaml', {kind}, app: web}}]\n"
    );
    let files = [("rungs.yaml", &*configuration), ("qa.yaml", qa), ("prod.yaml", prod)];
    Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
}

const VALUES: &str = "kind: helm-values";

#[test]
fn a_tag_beside_an_image_is_promoted_and_pins_it() {
    let values = |tag: &str| format!("image: x/search\nimageTag: \"{tag}\"\nimagePullPolicy: x\n");
    let shop = shop(VALUES, &values("8.6.0"), &values("8.5.1"));
    let status = shop.ends(0, &["status"]);
    assert!(!status.stderr.contains("unpinned"), "{}", status.stderr);
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod.yaml") + "\n", values("8.6.0"));
}

#[test]
fn a_digest_is_promoted_in_the_form_of_its_place() {
    let image =
        |tag: &str, rest: &str| format!("image: {{repository: x/web, tag: {tag}, {rest}}}\n");
    for (qa, prod, after) in [
        (
            format!("sha: {TWO}"),
            format!("digest: \"sha256:{ONE}\""),
            format!("digest: \"sha256:{TWO}\""),
        ),
        (format!("digest: \"sha256:{TWO}\""), format!("sha: {ONE}"), format!("sha: {TWO}")),
    ] {
        let shop = shop(VALUES, &image("v2", &qa), &image("v1", &prod));
        shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
        assert_eq!(shop.file("prod.yaml") + "\n", image("v2", &after));
    }
    let shop = shop(VALUES, &image("v2", "a: b"), &image("v1", &format!("sha: {ONE}")));
    shop.ends(1, &["promote", "web", "--to", "prod", "--commit"]).finds("no-digest");
}

#[test]
fn a_field_is_not_promoted_past_the_digest_beside_it() {
    let values = |tag: &str, sha: &str| format!("a: {{tag: {tag}, sha: {sha}}}\n");
    let shop = shop("kind: yaml, fields: {tag: a.tag}", &values("v2", TWO), &values("v1", ONE));
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod.yaml") + "\n", values("v2", TWO));
}

#[test]
fn an_unclear_tag_is_said_and_not_changed() {
    let values = |tag: &str| format!("image: x/web\nversion: 1.2.3\nappVersion: {tag}\n");
    let shop = shop(VALUES, &values("v2"), &values("v1"));
    let findings = shop.ends(0, &["status"]).finds("unclear-companion");
    assert!(!findings.stderr.contains("unpinned"), "{}", findings.stderr);
    shop.ends(1, &["set", "web", ":v3", "--env", "qa", "--commit"]).finds("unclear-companion");
}

#[test]
fn a_digest_around_the_map_of_an_image_is_never_left_beside_another_tag() {
    let digest = format!("sha256:{ONE}");
    let kinds = [VALUES, "kind: yaml, fields: {tag: image.tag}", "kind: marker"];
    for around in ["imageDigest", "image_sha256", "digest"] {
        let text = |tag: &str, digest: &str| {
            format!(
                "image:\n  repository: x/web\n  tag: {tag} # rungs: app=web\n{around}: \"{digest}\"\n"
            )
        };
        let (one, two) = (text("v1", &digest), text("v2", &format!("sha256:{TWO}")));
        for kind in kinds {
            let shop = shop(kind, &two, &one);
            shop.ends(1, &["set", "web", ":v3", "--env", "qa", "--commit"]).finds("stale-digest");
            shop.ends(1, &["set", "--in", "qa.yaml", ":v3"]).finds("stale-digest");
            shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
            assert_eq!(shop.file("prod.yaml") + "\n", two, "{kind}");
        }
    }
}

#[test]
fn what_is_named_after_the_map_of_an_image_is_a_part_of_it() {
    for text in [
        "web:\n  repository: x/web\n  tag: TAG\nwebDigest: DIGEST\n",
        "web:\n  image:\n    repository: x/web\n    tag: TAG\nwebImageDigest: DIGEST\n",
        "web:\n  image: x/web:TAG\nwebDigest: DIGEST\n",
        "image:\n  repository: x/web\nimageTag: TAG\nimageDigest: DIGEST\n",
    ] {
        let of = |tag: &str, digits: &str| {
            text.replace("TAG", tag).replace("DIGEST", &format!("sha256:{digits}"))
        };
        let shop = shop(VALUES, &of("v2", TWO), &of("v1", ONE));
        shop.ends(1, &["set", "--in", "qa.yaml", "x/web:v3"]).finds("stale-digest");
        shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
        assert_eq!(shop.file("prod.yaml") + "\n", of("v2", TWO));
    }
}

#[test]
fn a_digest_that_may_be_of_another_image_around_is_unclear() {
    for text in [
        "web:\n  repository: x/web\n  tag: TAG\nimageDigest: DIGEST\n",
        "web:\n  image: {repository: x/web, tag: TAG}\nimageDigest: DIGEST\n",
        "web:\n  image: x/web:TAG\ndigest: DIGEST\n",
        "image: {repository: x/web, tag: TAG}\nimageTag: v0\n",
    ] {
        let of = |tag: &str| text.replace("TAG", tag).replace("DIGEST", &format!("sha256:{ONE}"));
        let shop = shop(VALUES, &of("v2"), &of("v1"));
        for command in [
            &["promote", "web", "--to", "prod", "--commit"][..],
            &["set", "web", ":v3", "--env", "qa", "--commit"],
            &["set", "--in", "qa.yaml", "x/web:v3"],
        ] {
            shop.ends(1, command).finds("unclear-companion");
        }
    }
    // Of an image that is there it is no other's.
    let of = |tag: &str| {
        format!(
            "image: x/api:v1\nimageDigest: sha256:{ONE}\nweb: {{repository: x/web, tag: {tag}}}\n"
        )
    };
    let shop = shop(VALUES, &of("v2"), &of("v1"));
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod.yaml") + "\n", of("v2"));
}
