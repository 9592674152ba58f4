//! Secrets are in no output.

use std::fs;

use crate::support::shop::{RunOutput, Shop, image};
use crate::support::smart_http::SmartHttp;

const SECRET: &str = "hunter2-of-the-shop";

#[test]
fn a_promoted_secret_is_in_no_output_and_no_message() {
    let configuration = "\
version: 1
ladder: [qa, stage]
sites:
  - path: '{environment}/{app}.yaml'
    kind: yaml
    fields: { image: image }
    promote: [settings.password, settings.level]
";
    let file = |tag: &str, secret: &str, level: &str| {
        format!("{}settings:\n  password: {secret}\n  level: {level}\n", image("web", tag))
    };
    let files = [
        ("rungs.yaml", configuration.to_owned()),
        ("qa/web.yaml", file("v2", SECRET, "high")),
        ("stage/web.yaml", file("v1", "old-password-of-it", "low")),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    let is_clean = |output: &RunOutput| {
        let all = format!("{}{}", output.stdout, output.stderr);
        assert!(!all.contains(SECRET) && !all.contains("old-password"), "{all}");
        assert!(all.contains("high"), "{all}");
    };
    for format in ["text", "json"] {
        let promote = ["promote", "web", "--to", "stage", "--dry-run", "--format", format];
        is_clean(&shop.ends(0, &promote));
        is_clean(&shop.ends(0, &["gates", "web", "--to", "stage", "--format", format]));
    }
    is_clean(&shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]));
    assert_eq!(shop.file("stage/web.yaml"), file("v2", SECRET, "high").trim_end());
    assert!(!shop.message().contains(SECRET), "{}", shop.message());
    shop.ends(0, &["rollback", "web", "--env", "stage", "--commit"]);
    let message = shop.message();
    assert!(!message.contains(SECRET) && !message.contains("old-password"), "{message}");
    let hold = shop.file(".rungs/holds/stage/web.yaml");
    assert!(!hold.contains(SECRET), "{hold}");
}

#[test]
fn a_token_in_an_address_is_refused_and_in_no_output() {
    const TOKEN: &str = "glpat-s3cr3t0f4nn4";
    let shop = Shop::adopted(&[]);
    let server = SmartHttp::serve(&shop.remote.path(""));
    let home = shop.remote.path("home");
    fs::create_dir(&home).unwrap();
    let url = server.url_with("ci", TOKEN, "remote.git");
    let variables = [("HOME", home.to_str().unwrap())];
    let author = ["--author", "ci <ci@example.com>"];
    for format in ["text", "json"] {
        let arguments = ["promote", "web", "--to", "stage", "--commit", "--format", format];
        let arguments = [&["--repo", &url, "-v"][..], &arguments, &author].concat();
        let output = RunOutput::with(&home, &variables, &arguments).ends(2);
        assert!(!format!("{output:?}").contains(TOKEN), "{output:?}");
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}
