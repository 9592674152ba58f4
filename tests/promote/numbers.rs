//! Tags and values that look like numbers: what they are where they come from, and how they
//! are written where they enter.

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

/// Tags without quotes that are not the texts that they spell, with what is deployed.
const MISREAD: [(&str, &str); 17] = [
    ("1.10", "1.1"),
    ("1.0", "1"),
    (".5", "0.5"),
    ("0644", "420"),
    ("08", "8"),
    ("yes", "true"),
    ("Off", "false"),
    ("1e3", "1000"),
    ("553640e6", "5.5364e+11"),
    ("123e45", "1.23e+47"),
    ("0x10", "16"),
    ("0o17", "15"),
    ("1_000", "1000"),
    ("+12", "12"),
    ("1000000", "1e+06"),
    ("20240131", "2.0240131e+07"),
    ("2024-01-31", "2024-01-31"),
];

#[test]
fn a_tag_that_is_not_what_it_spells_is_not_promoted() {
    for (plain, deployed) in MISREAD {
        let shop = shop(&values(plain, "a"), &values("v1", "a"));
        let tip = shop.remote.tip();
        let status = shop.ends(0, &["status"]).finds("ambiguous-scalar").says("qa.yaml:3:8");
        assert!(status.stdout.contains(deployed), "{plain}: {}", status.stdout);
        let promote = ["promote", "web", "--to", "prod", "--commit"];
        shop.ends(2, &promote).finds("ambiguous-scalar").says(&format!("`\"{plain}\"`"));
        assert_eq!(shop.remote.tip(), tip, "{plain}");
        shop.ends(0, &["set", "web", ":v2", "--env", "qa", "--commit"]);
        assert_eq!(shop.file("qa.yaml") + "\n", values("v2", "a"));
        shop.ends(0, &promote);
    }
}

#[test]
fn a_tag_that_is_not_what_it_spells_is_mended_by_what_enters() {
    for (plain, deployed) in MISREAD {
        if plain == deployed {
            continue;
        }
        let (before, quoted) = (values(plain, "a"), values(&format!("\"{plain}\""), "a"));
        assert_eq!(promoted(&quoted, &before), quoted, "{plain}");
        // Tags do not start with a dot or a sign.
        if !plain.starts_with(['.', '+']) {
            let shop = shop(&before, &before);
            shop.ends(0, &["set", "web", &format!(":{plain}"), "--env", "qa", "--commit"]);
            assert_eq!(shop.file("qa.yaml") + "\n", quoted);
        }
    }
}

#[test]
fn a_tag_that_everyone_prints_as_it_is_spelled_is_promoted() {
    for (plain, before) in [
        ("39", "38"),
        ("999999", "0"),
        ("1.5", "1.4"),
        ("1.10.0", "1.9.0"),
        ("v1.10", "v1.9"),
        ("9ac61f5", "8ac61f5"),
        ("e5", "e4"),
        ("2024.01.31", "2024.01.30"),
    ] {
        let shop = shop(&values(plain, "a"), &values(before, "a"));
        let status = shop.ends(0, &["status"]);
        assert!(!status.stderr.contains("ambiguous-scalar"), "{plain}: {}", status.stderr);
        shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
        assert!(shop.file("prod.yaml").contains(plain));
    }
}

#[test]
fn a_plain_number_is_not_the_tag_that_it_spells_in_any_kind_of_file() {
    for (kind, text) in [
        ("kustomize", "images:\n- {name: x/web, newTag: 1.10}\n"),
        (
            "kustomize",
            "helmCharts:\n- {name: web, version: 1.10}\nimages: [{name: x/web, newTag: v1}]\n",
        ),
        ("yaml, fields: {tag: image.tag}", "image: {tag: 1.10}\n"),
        ("yaml, fields: {version: chart}", "chart: 1.10\n"),
        ("marker", "tag: 1.10 # rungs: app=web part=tag\n"),
        ("helm-values", "image: x/web\nimageTag: 1.10\n"),
        ("helm-values", "a: &tag 1.10\nimage: {repository: x/web, tag: *tag}\n"),
    ] {
        let app = if kind == "marker" { "" } else { ", app: web" };
        let configuration = format!(
            "version: 1\nladder: [qa, prod]\nsites: [{{path: '{{environment}}.yaml', kind: {kind}{app}}}]\n"
        );
        let prod = text.replace("1.10", "1.9.0");
        let files = [("rungs.yaml", &*configuration), ("qa.yaml", text), ("prod.yaml", &prod)];
        let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
        shop.ends(0, &["status"]).finds("ambiguous-scalar").says("is deployed as `1.1`");
        if !text.contains("helmCharts") {
            shop.ends(2, &["promote", "web", "--to", "prod", "--commit"]).finds("ambiguous-scalar");
        }
    }
}
