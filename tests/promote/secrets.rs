//! Secrets are in no output.

use std::fs;

use crate::support::git::git;
use crate::support::shop::{RunOutput, Shop, image, put};
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

/// An adopted repository whose environments promote a password.
fn with_password() -> Shop {
    let configuration = "\
version: 1
ladder: [qa, stage]
sites:
  - path: '{environment}/web.yaml'
    kind: helm-values
    app: web
    promote: [adminPassword]
";
    let file = |tag: &str| {
        format!("image: {{repository: shop/web, tag: {tag}}}\nadminPassword: {SECRET}\n")
    };
    let files = [
        ("rungs.yaml", configuration.to_owned()),
        ("qa/web.yaml", file("v2")),
        ("stage/web.yaml", file("v1")),
    ];
    Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into())
}

#[test]
fn a_promoted_secret_that_is_held_back_is_in_no_message() {
    let shop = with_password();
    let hold = ["hold", "set", "web", "--env", "stage", "--reason", "bad", "--commit"];
    let named = shop.ends(2, &[&hold[..], &["--ref", &format!("adminPassword={SECRET}")]].concat());
    assert!(!format!("{named:?}").contains(SECRET), "{named:?}");
    let output = shop.ends(0, &hold);
    let said = format!("{output:?}{}{}", shop.message(), shop.file(".rungs/holds/stage/web.yaml"));
    assert!(!said.contains(SECRET), "{said}");
    assert!(shop.message().starts_with("Hold web back from stage: image v1, adminPassword ***"));
}

#[test]
fn an_excerpt_of_a_file_with_a_promoted_secret_does_not_show_it() {
    let shop = with_password();
    put(
        &shop.clone,
        "stage/web.yaml",
        Some(&format!("adminPassword: {SECRET}\nimage: {{tag: [v1]}}\n")),
    );
    git(&shop.clone, &["commit", "-q", "-a", "-m", "break"]);
    git(&shop.clone, &["push", "-q"]);
    for format in ["text", "json", "sarif", "github"] {
        let output =
            shop.rungs(&["promote", "web", "--to", "stage", "--dry-run", "--format", format]);
        assert!(!format!("{output:?}").contains(SECRET), "{output:?}");
    }
}

/// What has secrets of each sort, in block style below `values` or at a file's root.
fn secrets(secret: &str) -> String {
    format!(
        "settings:\n  password: {secret}\n  useToken: true\nenv:\n- name: DB_PASSWORD\n  value: \
         {secret}\nvariable:\n  name: DB_PASSWORD\n  value: {secret}\ndatabase: \
         postgres://u:{secret}@h/db\nfile: |\n  host: h\n  password: {secret}\nkind: Secret\n\
         stringData:\n  user: {secret}\n"
    )
}

/// Where they are. The first four can be told by the route or the value alone, which is
/// all that a promotion knows.
const ROUTES: [&str; 7] = [
    "settings.password",
    "env[name=DB_PASSWORD].value",
    "database",
    "file",
    "variable.value",
    "env[0].value",
    "stringData.user",
];

#[test]
fn what_is_a_secret_to_one_command_is_one_to_all() {
    let fields = ROUTES
        .map(|route| format!("{{ in: target, path: 'values.{route}', equals: 'other-{SECRET}' }}"));
    let configuration = format!(
        "version: 1\nladder: [qa, stage]\nsites:\n- path: '{{environment}}/{{app}}.yaml'\n  kind: \
         yaml\n  fields: {{ image: image }}\n  promote: ['{}']\nenvironments:\n  stage:\n    gates:\n      \
         field: [{}, {{ in: target, path: values.settings.useToken, equals: false }}]\n",
        ROUTES[..4].join("', '"),
        fields.join(", ")
    );
    let file = |tag: &str, secret: &str| format!("{}{}", image("web", tag), secrets(secret));
    let files = [
        ("rungs.yaml", configuration),
        ("qa/web.yaml", file("v2", SECRET)),
        ("stage/web.yaml", file("v1", &format!("old-{SECRET}"))),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    let is_clean = |arguments: &[&str]| {
        for format in ["text", "json"] {
            let output = shop.rungs(&[arguments, &["--format", format]].concat());
            let said = format!("{output:?}");
            assert!(!said.contains(SECRET), "{arguments:?}: {said}");
            assert!(said.contains("***"), "{arguments:?}: {said}");
        }
    };
    is_clean(&["promote", "web", "--to", "stage", "--dry-run"]);
    is_clean(&["gates", "web", "--to", "stage"]);
    shop.rungs(&["gates", "web", "--to", "stage"])
        .says("`values.settings.useToken` is `true` in `stage`")
        .says("and has to be `false`");
    // A text of several lines is not edited.
    for route in ROUTES.iter().filter(|route| **route != "file") {
        let route = format!("{route}=new-{SECRET}");
        is_clean(&["set", "--in", "qa/web.yaml", "--route", &route, "--dry-run"]);
    }
}

#[test]
fn no_excerpt_shows_the_data_of_a_secret_or_a_secret_variable() {
    let line = format!(
        "{{apiVersion: v1, kind: Secret, stringData: {{user: {SECRET}}}, env: [{{name: DB_PASSWORD, \
         value: {SECRET}}}], metadata: {{}}, image: [v1]}}\n"
    );
    let is_clean = |output: RunOutput, code: &str| {
        let said = format!("{output:?}");
        assert!(said.contains(code) && said.contains("metadata"), "{said}");
        assert!(!said.contains(SECRET), "{said}");
    };
    let shop = Shop::adopted(&[("stage/web.yaml", &line)]);
    is_clean(shop.rungs(&["promote", "web", "--to", "stage", "--dry-run"]), "stage/web.yaml");
    let shop = Shop::native(&[]);
    put(&shop.clone, "templates/web/secret.yaml", Some(&line));
    is_clean(shop.rungs(&["render"]), "templates/web/secret.yaml");
    put(&shop.clone, "templates/web/secret.yaml", None);
    let source = line.replace("[v1]", "'{{ app }}'");
    put(&shop.clone, "templates/web/secret.yaml.tera", Some(&source));
    is_clean(shop.rungs(&["render"]), "templates/web/secret.yaml.tera");
    let values = format!(
        "template: web\nimages: {{ web: {{ repository: a/b, tag: v1 }} }}\nvalues:\n  {}",
        secrets(SECRET).replace('\n', "\n  ")
    );
    put(&shop.clone, "environments/qa/web.yaml", Some(&values));
    for format in ["text", "json"] {
        let output = shop.ends(0, &["values", "web", "--env", "qa", "--format", format]);
        let said = format!("{output:?}");
        assert!(!said.contains(SECRET) && said.contains("useToken"), "{said}");
    }
}

#[test]
fn what_gives_access_in_a_persons_words_is_not_pushed() {
    let shop = Shop::adopted(&[]);
    let reason = format!("password={SECRET} at https://me:{SECRET}/x@host/");
    let is_clean = |text: &str| assert!(!text.contains(SECRET), "{text}");
    let run = |arguments: &[&str]| {
        let output = shop.ends(0, arguments);
        is_clean(&format!("{output:?}"));
    };
    let hold = ["hold", "set", "web", "--env", "prod", "--reason", &reason];
    for mode in ["--dry-run", "--commit"] {
        for format in ["text", "json"] {
            run(&[&hold[..], &[mode, "--format", format]].concat());
        }
    }
    is_clean(&shop.message());
    assert!(shop.message().contains("Rungs-Reason: password=*** at https://***@host/"));
    is_clean(&shop.file(".rungs/holds/prod/web.yaml"));
    run(&["hold", "lift", "web", "--env", "prod", "--reason", &reason, "--commit"]);
    is_clean(&shop.message());
    run(&["hold", "set", "web", "--env", "stage", "--ref", "web=:v2", "--reason", "x", "--commit"]);
    let ticket = format!("T-1?token={SECRET}");
    let promote = ["promote", "web", "--to", "stage", "--commit", "--ticket", &ticket];
    run(&[&promote[..], &["--override", "hold", "--reason", &reason]].concat());
    is_clean(&shop.message());
    assert!(shop.message().contains("Rungs-Override: hold password=***"));
    run(&["rollback", "web", "--env", "stage", "--reason", &reason, "--commit"]);
    is_clean(&shop.message());
    is_clean(&shop.file(".rungs/holds/stage/web.yaml"));
}

#[test]
fn what_strangers_wrote_down_is_not_repeated() {
    let shop = Shop::adopted(&[]);
    let hold = format!("- state: {{web: v2}}\n  reason: token={SECRET}\n  by: ana\n");
    let message = format!(
        "Release password={SECRET}\n\nRungs-Set: web in stage\nRungs-Reason: token={SECRET}\n"
    );
    let files = [
        (".rungs/holds/stage/web.yaml", Some(&*hold)),
        ("stage/web.yaml", Some(&*image("web", "v3"))),
    ];
    shop.elsewhere(&message, &files.map(|(path, text)| (path, text)));
    shop.pull();
    for format in ["text", "json"] {
        for command in ["audit", "status", "hold list", "gates web --to stage"] {
            let words: Vec<_> = command.split(' ').chain(["--format", format]).collect();
            let output = shop.rungs(&words);
            assert!(!format!("{output:?}").contains(SECRET), "{command}: {output:?}");
        }
    }
    for format in ["csv", "html"] {
        let output = shop.rungs(&["audit", "--format", format]);
        assert!(!format!("{output:?}").contains(SECRET), "{output:?}");
    }
}

#[test]
fn a_password_in_a_repositorys_address_is_in_no_output() {
    let file = |tag: &str| {
        format!("resources:\n  - https://me:{SECRET}/x@host.example/shop/deploy?ref={tag}\n")
    };
    let configuration = "\
version: 1
ladder: [qa, stage]
sites:
  - path: '{environment}/kustomization.yaml'
    kind: kustomize
    app: web
";
    let files = [
        ("rungs.yaml", configuration.to_owned()),
        ("qa/kustomization.yaml", file("v2")),
        ("stage/kustomization.yaml", file("v1")),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    let promote = ["promote", "web", "--to", "stage"];
    for format in ["text", "json"] {
        let hold = ["hold", "set", "web", "--env", "stage", "--reason", "x"];
        for command in [&promote[..], &hold] {
            let output = shop.ends(0, &[command, &["--dry-run", "--format", format]].concat());
            assert!(!format!("{output:?}").contains(SECRET), "{output:?}");
        }
        let output = shop.ends(0, &["status", "--format", format]);
        assert!(!format!("{output:?}").contains(SECRET), "{output:?}");
    }
    shop.ends(0, &[&promote[..], &["--commit"]].concat());
    assert_eq!(shop.file("stage/kustomization.yaml"), file("v2").trim_end());
    shop.ends(0, &["rollback", "web", "--env", "stage", "--commit", "--reason", "x"]);
    let said = format!("{}{}", shop.message(), shop.file(".rungs/holds/stage/web.yaml"));
    assert!(!said.contains(SECRET), "{said}");
    assert_eq!(shop.file("stage/kustomization.yaml"), file("v1").trim_end());
    shop.pull();
    let promoted = shop.rungs(&[&promote[..], &["--commit"]].concat());
    assert_eq!(promoted.code, Some(3), "{promoted:?}");
}

#[test]
fn a_password_in_the_remotes_address_is_in_no_output() {
    let shop = Shop::adopted(&[]);
    for url in [
        format!("https://me:hun/{SECRET}@localhost:1/x"),
        format!("https://me:hun?{SECRET}#@localhost:1/x"),
        format!("https://localhost:1/x?note=token={SECRET}"),
        format!("https://{SECRET}@localhost:1/x"),
    ] {
        git(&shop.clone, &["remote", "set-url", "origin", &url]);
        for format in ["text", "json"] {
            let promote = ["promote", "web", "--to", "stage", "-v", "--format", format];
            for arguments in [
                [&promote[..], &["--commit"]].concat(),
                [&promote[..], &["--dry-run"]].concat(),
                vec!["status", "--repo", &url, "--format", format],
            ] {
                let output = shop.rungs(&arguments);
                assert!(!format!("{output:?}").contains(SECRET), "{url}: {output:?}");
            }
        }
    }
}
