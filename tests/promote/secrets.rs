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

/// A file of the shop that promotes `cfg`, whose rest is that text.
fn with_text(text: &str) -> Shop {
    let configuration = "\
version: 1
ladder: [qa, stage]
sites:
  - path: '{environment}/web.yaml'
    kind: yaml
    app: web
    fields: { tag: tag }
    promote: [cfg]
";
    let file = |tag: &str, secret: &str| format!("tag: {tag}\n{}", text.replace("SECRET", secret));
    let files = [
        ("rungs.yaml", configuration.to_owned()),
        ("qa/web.yaml", file("v2", SECRET)),
        ("stage/web.yaml", file("v1", &format!("old-{SECRET}"))),
    ];
    Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into())
}

/// Runs every command that shows what is promoted, and promotes.
fn shows_no_secret(shop: &Shop, case: &str) {
    let is_clean = |said: &str| assert!(!said.contains(SECRET), "{case}: {said}");
    for format in ["text", "json"] {
        for command in
            ["status", "audit", "promote web --to stage --dry-run", "gates web --to stage"]
        {
            let words: Vec<_> = command.split(' ').chain(["--format", format]).collect();
            is_clean(&format!("{:?}", shop.rungs(&words)));
        }
    }
    is_clean(&format!("{:?}", shop.ends(0, &["promote", "web", "--to", "stage", "--commit"])));
    is_clean(&shop.message());
    shop.pull();
    for format in ["csv", "json"] {
        is_clean(&format!("{:?}", shop.ends(0, &["audit", "--format", format])));
    }
}

#[test]
fn a_secret_in_a_text_is_in_no_output_and_no_message() {
    for text in [
        "cfg: |\n  apiVersion: v1\n  kind: Secret\n  data:\n    db: SECRET\n",
        "cfg: >\n  kind: Secret\n\n  stringData: {db: SECRET}\n",
        "cfg: \"kind: Secret\\napiVersion: v1\\nstringData:\\n  db: SECRET\\n\"\n",
        "cfg: {inner: {objects: [\"kind: Secret\\nstringData: {db: SECRET}\\n\"]}}\n",
        "cfg: '{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"data\":{\"db\":\"SECRET\"}}'\n",
        "cfg: |\n  - {name: DB_PASSWORD, value: SECRET}\n",
        "cfg: |\n  [db]\n  password = SECRET\n",
        "cfg: |\n  pass: SECRET\n",
        "cfg:\n- target: {kind: Secret, name: s}\n  patch: |\n    - {op: add, path: /data/db, value: SECRET}\n",
    ] {
        shows_no_secret(&with_text(text), text);
    }
}

#[test]
fn a_secret_that_is_patched_or_a_text_of_a_native_app_is_in_no_output() {
    let secret = "apiVersion: v1\n    kind: Secret\n    metadata: {name: s}\n    stringData: {db: ";
    let configuration = "version: 1\nladder: [qa, stage]\nsites: [{path: \
                         '{environment}/kustomization.yaml', kind: kustomize, app: web, promote: \
                         [patches]}]\n";
    let file = |tag: &str, value: &str| {
        format!(
            "images: [{{name: x/web, newTag: {tag}}}]\npatches:\n- patch: |\n    {secret}{value}}}\n"
        )
    };
    let files = [
        ("rungs.yaml", configuration.to_owned()),
        ("qa/kustomization.yaml", file("v2", SECRET)),
        ("stage/kustomization.yaml", file("v1", &format!("old-{SECRET}"))),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    shows_no_secret(&shop, "patches");
    assert_eq!(shop.file("stage/kustomization.yaml"), file("v2", SECRET).trim_end());
    let native = |tag: &str, value: &str| {
        let images = format!("images: {{web: {{repository: x/web, tag: {tag}}}}}\n");
        format!("{images}values:\n  extra: |\n    {secret}{value}}}\npromote: [values.extra]\n")
    };
    let (qa, stage) = (native("v2", SECRET), native("v1", &format!("old-{SECRET}")));
    let shop =
        Shop::native(&[("environments/qa/web.yaml", &qa), ("environments/stage/web.yaml", &stage)]);
    shows_no_secret(&shop, "native");
    let values = shop.ends(0, &["values", "web", "--env", "qa"]);
    assert!(!values.stdout.contains(SECRET), "{values:?}");
}

/// The manifest of an artifact at an address with that password.
fn artifact(password: &str, tag: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {{name: \
         g}}\nspec: {{url: 'oci://u:{password}@x.io/y', ref: {{tag: {tag}}}}}\n"
    )
}

#[test]
fn a_password_in_the_address_of_an_artifact_is_in_no_output() {
    let configuration = "version: 1\nladder: [qa, stage]\nsites: [{path: \
                         '{environment}/web.yaml', kind: manifest, app: web}]\n";
    let files = [
        ("rungs.yaml", configuration.to_owned()),
        ("qa/web.yaml", artifact(SECRET, "v2")),
        ("stage/web.yaml", artifact(&format!("old-{SECRET}"), "v1")),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    shows_no_secret(&shop, "artifact");
    assert!(shop.message().contains("Rungs-Reference: g x.io/y:v2"), "{}", shop.message());
    assert_eq!(shop.file("stage/web.yaml"), artifact(&format!("old-{SECRET}"), "v2").trim_end());
}

#[test]
fn a_password_before_the_host_of_an_image_is_in_no_message() {
    let image = format!(
        "kind: Pod\napiVersion: v1\nspec: {{containers: [{{name: web, image: 'u:{SECRET}@x/web:v1'}}]}}\n"
    );
    let configuration = "version: 1\nladder: [qa, stage]\nsites: [{path: '{environment}/web.yaml', kind: manifest, app: web}]\n";
    let files =
        [("rungs.yaml", configuration), ("qa/web.yaml", &image), ("stage/web.yaml", &image)];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
    for format in ["text", "json"] {
        let output = shop.rungs(&["status", "--format", format]);
        let said = format!("{output:?}");
        assert!(said.contains("***@x/web:v1` has a user before its host"), "{said}");
        assert!(!said.contains(SECRET), "{said}");
    }
}

#[test]
fn nothing_that_a_secret_holds_is_an_image() {
    let configuration = "version: 1\nladder: [qa, stage]\nsites:\n- {path: \
                         '{environment}/web.yaml', kind: manifest, app: web}\n- {path: \
                         '{environment}/kustomization.yaml', kind: kustomize, app: web}\n";
    let manifest = format!(
        "{}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{image: \
         'x/web:{SECRET}'}}\n---\napiVersion: v1\nkind: List\nitems: [{{kind: Secret, data: {{image: \
         'x/web:{SECRET}'}}}}]\n",
        "kind: Pod\napiVersion: v1\nspec: {containers: [{name: web, image: 'x/web:v1'}]}\n"
    );
    let kustomization = format!(
        "patches:\n- target: {{kind: Secret, name: s}}\n  patch: |\n    - {{op: add, path: \
         /data/image, value: 'x/web:{SECRET}'}}\n- patch: |\n    - {{op: add, path: \
         /stringData/image, value: 'x/web:{SECRET}'}}\n"
    );
    let files = [
        ("rungs.yaml", configuration.to_owned()),
        ("qa/web.yaml", manifest.clone()),
        ("stage/web.yaml", manifest.clone()),
        ("qa/kustomization.yaml", kustomization.clone()),
        ("stage/kustomization.yaml", kustomization.clone()),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    for command in ["status", "audit"] {
        let output = shop.ends(0, &[command, "--format", "json"]);
        assert!(!output.stdout.contains(SECRET), "{output:?}");
    }
    shop.ends(0, &["set", "web", ":v9", "--env", "qa", "--commit"]);
    assert_eq!(shop.file("qa/web.yaml"), manifest.replace("web:v1", "web:v9").trim_end());
    assert_eq!(shop.file("qa/kustomization.yaml"), kustomization.trim_end());
}

#[test]
fn a_record_with_a_secret_from_an_earlier_version_still_says_what_was_done() {
    let text = "cfg: |\n  apiVersion: v1\n  kind: Secret\n  stringData: {db: SECRET}\n";
    let long = format!("cfg: |\n  x: {}\n  pass: SECRET\n", "a".repeat(1200));
    for text in [text, &long] {
        let shop = with_text(text);
        let new = format!("tag: v2\n{}", text.replace("SECRET", SECRET));
        let value = new.split_once("cfg: ").unwrap().1.trim_end().replace('\n', "\\n");
        let message = format!(
            "Promote web\n\nRungs-Promote: web from qa@{} to stage\nRungs-Reference: tag \
             :v2\nRungs-Reference: cfg {value}\nRungs-Ticket: T-1\n",
            git(&shop.clone, &["rev-parse", "HEAD"]).trim()
        );
        shop.elsewhere(&message, &[("stage/web.yaml", Some(&*new))]);
        shop.pull();
        let audit = shop.ends(0, &["audit", "--format", "json"]);
        assert!(!format!("{audit:?}").contains(SECRET), "{audit:?}");
        audit.says("\"verified\":true").says("T-1");
        shop.ends(0, &["rollback", "web", "--env", "stage", "--commit", "--reason", "bad"]);
        let restored = text.replace("SECRET", &format!("old-{SECRET}"));
        assert_eq!(shop.file("stage/web.yaml"), format!("tag: v1\n{restored}").trim_end());
        let said = format!("{}{}", shop.message(), shop.file(".rungs/holds/stage/web.yaml"));
        assert!(!said.contains(SECRET), "{said}");
        shop.pull();
        let promoted = shop.rungs(&["promote", "web", "--to", "stage", "--commit"]);
        assert_eq!(promoted.code, Some(3), "{promoted:?}");
    }
}
