//! Tags and values that look like numbers: how they are written where they enter.

use crate::support::shop::Shop;

/// One app whose tag, and a promoted value, are written as given.
fn shop(qa: &str, prod: &str) -> Shop {
    let configuration = "version: 1\nladder: [qa, prod]\nsites:\n  - {path: '{environment}.yaml', \
                         kind: helm-values, app: web, promote: [value]}\n";
    let files = [("rungs.yaml", configuration), ("qa.yaml", qa), ("prod.yaml", prod)];
    Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
}

fn values(tag: &str, value: &str) -> String {
    format!("image:\n  repository: x/web\n  tag: {tag} # by rungs\nvalue: {value}\n")
}

/// What prod's value becomes when qa's is promoted.
#[track_caller]
fn promoted(qa: &str, prod: &str) -> String {
    let shop = shop(qa, prod);
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    shop.file("prod.yaml") + "\n"
}

#[test]
fn a_promoted_tag_keeps_the_quotes_of_its_source() {
    for (source, before, after) in [
        ("\"39\"", "38", "\"39\""),
        ("'39'", "38", "\"39\""),
        ("39", "38", "39"),
        ("39", "\"38\"", "\"39\""),
        ("\"1000000\"", "999999", "\"1000000\""),
        ("1000000", "999999", "\"1000000\""),
        ("20240131", "39", "\"20240131\""),
        ("v2", "v1", "v2"),
        ("\"v2\"", "v1", "v2"),
        ("\"1.10\"", "v1", "\"1.10\""),
    ] {
        let after = values(after, "a");
        assert_eq!(promoted(&values(source, "a"), &values(before, "a")), after, "{source}");
    }
}

#[test]
fn a_promoted_number_keeps_its_spelling() {
    for (source, before) in [
        ("0644", "0600"),
        ("0644", "420"),
        ("1.10", "1.9"),
        ("1.10", "1.1"),
        ("1e6", "5"),
        ("0x1F", "5"),
        ("5", "\"5\""),
        ("\"5\"", "5"),
        ("\"0644\"", "x"),
        ("[1.10, 0644]", "[1.1, 420]"),
    ] {
        let after = values("v1", source);
        assert_eq!(promoted(&after, &values("v1", before)), after, "{source}");
    }
}

#[test]
fn a_tag_from_a_million_on_is_quoted_when_it_is_set() {
    let text = values("999999", "a");
    for (reference, tag) in [(":1000000", "\"1000000\""), (":40", "40"), (":1e3", "\"1e3\"")] {
        let shop = shop(&text, &text);
        shop.ends(0, &["set", "web", reference, "--env", "qa", "--commit"]);
        assert_eq!(shop.file("qa.yaml") + "\n", values(tag, "a"));
    }
}
