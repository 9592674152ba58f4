//! The result of merging layers, and the line that each value comes from.

use std::fmt::Write as _;

use rungs::config::{Settings, settings};
use rungs::source::RepoPath;

use super::{loaded, shop};

fn settings_of(environment: &str, app: &str) -> Settings {
    let shop = shop();
    let (environment, app) = shop.find_app(environment, app).unwrap();
    settings(environment, app)
}

/// `route = value (line) over value (line)…`
fn lines(settings: &[rungs::config::Setting]) -> Vec<String> {
    let line = |setting: &rungs::config::Setting| {
        let mut line = format!("{} = {} ({})", setting.route, setting.text, setting.origin);
        for earlier in &setting.overrode {
            write!(line, " over {} ({})", earlier.text, earlier.origin).unwrap();
        }
        line
    };
    settings.iter().map(line).collect()
}

#[test]
fn every_value_knows_its_line_and_what_it_overrode() {
    assert_eq!(
        lines(&settings_of("stage", "guestbook").values),
        [
            "values.replicas = 2 (environments/stage/guestbook.yaml:2:13) \
             over 1 (environments/guestbook.yaml:9:13) \
             over 1 (templates/guestbook/values.yaml:1:11)",
            "values.port = 80 (templates/guestbook/values.yaml:2:7)",
            "values.logLevel = info (environments/environment.yaml:7:13)",
            "values.admin.password = *** (environments/environment.yaml:8:22)",
            "values.hosts = [\"b.example.com\",\"c.example.com\"] \
             (environments/stage/guestbook.yaml:3:10) \
             over [\"a.example.com\"] (environments/guestbook.yaml:10:10)",
        ]
    );
}

#[test]
fn a_number_keeps_the_text_it_was_written_as() {
    let settings = settings_of("prod/eu", "guestbook");
    let replicas = settings.values.iter().find(|one| one.route == "values.replicas").unwrap();
    assert_eq!(replicas.text, "1.50");
    assert_eq!(replicas.value, serde_json::json!(1.5));
}

#[test]
fn another_tag_drops_the_digest_of_earlier_layers() {
    assert_eq!(
        lines(&settings_of("qa", "guestbook").images)[..2],
        [
            "images.frontend.repository = gcr.io/google-samples/gb-frontend \
             (environments/guestbook.yaml:3:27)",
            "images.frontend.tag = v5 (environments/qa/guestbook.yaml:1:28) \
             over v4 (environments/guestbook.yaml:3:67)",
        ]
    );
    let shop = shop();
    let (_, e2e) = shop.find_app("e2e", "guestbook").unwrap();
    let image = &e2e.images["frontend"];
    assert_eq!(image.tag.as_ref().unwrap().value, "v4");
    assert!(image.digest.is_some());
    let (_, qa) = shop.find_app("qa", "guestbook").unwrap();
    let image = &qa.images["frontend"];
    assert_eq!(image.repository.value, "gcr.io/google-samples/gb-frontend");
    assert_eq!(image.tag.as_ref().unwrap().value, "v5");
    assert_eq!(image.digest, None);
    assert_eq!(qa.images["frontend"].location.to_string(), "environments/qa/guestbook.yaml:1:11");
    assert_eq!(qa.images["frontend"].declared.to_string(), "environments/guestbook.yaml:3:3");
}

#[test]
fn labels_of_environment_and_app_are_merged() {
    let labels = settings_of("qa", "guestbook").labels;
    let routes: Vec<_> = labels.iter().map(|label| label.route.as_str()).collect();
    assert_eq!(routes, ["labels.team", "labels.tier"], "`stage-only` was removed by null");
}

#[test]
fn namespaces_come_from_the_innermost_layer_that_names_one() {
    let shop = shop();
    let namespace =
        |environment: &str, app: &str| shop.find_app(environment, app).unwrap().1.namespace.clone();
    assert_eq!(namespace("qa", "cart").value, "cart-qa");
    assert_eq!(namespace("stage", "guestbook").value, "stage");
    assert_eq!(namespace("prod/eu", "guestbook").value, "guestbook");
    assert_eq!(
        namespace("prod/eu", "guestbook").location.to_string(),
        "environments/prod/eu/guestbook.yaml:2:12"
    );
}

#[test]
fn an_apps_gates_are_layered_over_its_environments() {
    let shop = shop();
    let (environment, app) = shop.find_app("prod/eu", "guestbook").unwrap();
    let hours =
        |gates: &rungs::config::Gates| gates.soak.as_ref().unwrap().value.time.seconds() / 3600;
    assert_eq!((hours(&environment.gates), hours(&app.gates)), (24, 48));
    assert!(environment.gates.ticket.is_some() && app.gates.ticket.is_none());
    assert!(app.gates.window.is_some(), "what the app leaves alone is kept");
}

#[test]
fn secrets_are_masked_wherever_their_file_is_shown() {
    let shop = shop();
    let (_, app) = shop.find_app("qa", "guestbook").unwrap();
    let files = app.values().files();
    let path = RepoPath::new("environments/environment.yaml").unwrap();
    let file = files.iter().find(|file| *file.path() == path).unwrap();
    assert!(file.text().contains("hunter2") && !file.shown().contains("hunter2"));
    let json = serde_json::to_string(&settings_of("qa", "guestbook")).unwrap();
    assert!(json.contains("admin.password") && !json.contains("hunter2"));
}

#[test]
fn secrets_inside_lists_and_under_odd_keys_are_masked() {
    let repository = loaded(&[
        ("rungs.yaml", "version: 1\n"),
        ("templates/web/a.yaml", "a: b\n"),
        (
            "environments/qa/web.yaml",
            "values:\n  users: [{ name: a, API_KEY: one }]\n  my.token: two\n  \
             credentials: { deep: [three, 4] }\n  secretName: shown\n  a: { dbPassword: true }\n",
        ),
    ])
    .repository;
    let (environment, app) = repository.find_app("qa", "web").unwrap();
    let settings = settings(environment, app);
    let routes: Vec<_> =
        settings.values.iter().map(|one| (one.route.as_str(), one.text.as_str())).collect();
    assert_eq!(
        routes,
        [
            ("values.users", r#"[{"name":"a","API_KEY":"***"}]"#),
            (r#"values["my.token"]"#, "***"),
            ("values.credentials.deep", r#"["***","***"]"#),
            ("values.secretName", "shown"),
            ("values.a.dbPassword", "true"),
        ]
    );
}

#[test]
fn an_empty_file_makes_an_app_exist() {
    let repository = loaded(&[
        ("rungs.yaml", "version: 1\n"),
        ("templates/web/values.yaml", ""),
        ("environments/qa/web.yaml", ""),
        ("environments/qa/environment.yaml", "# nothing yet\n"),
    ])
    .repository;
    let (_, app) = repository.find_app("qa", "web").unwrap();
    assert_eq!(app.namespace.value, "web-qa");
    assert!(app.values().root().is_mapping());
}

#[test]
fn values_can_be_removed_as_a_whole_and_set_again() {
    let repository = loaded(&[
        ("rungs.yaml", "version: 1\n"),
        ("templates/web/values.yaml", "a: 1\n"),
        ("environments/web.yaml", "values: null\n"),
        ("environments/qa/web.yaml", "values: { b: 2 }\n"),
        ("environments/e2e/web.yaml", ""),
    ])
    .repository;
    let values = |environment: &str| {
        let (_, app) = repository.find_app(environment, "web").unwrap();
        serde_json::to_string(&app.values().root()).unwrap()
    };
    assert_eq!((values("qa"), values("e2e")), (r#"{"b":2}"#.to_owned(), "{}".to_owned()));
}

#[test]
fn a_null_in_the_only_file_is_as_if_nothing_were_set() {
    let repository = loaded(&[
        ("rungs.yaml", "version: 1\n"),
        ("templates/web/values.yaml", ""),
        (
            "environments/qa/web.yaml",
            "namespace: null\nlabels: { team: shop, tier: ~ }\n\
             images: { web: { repository: shop/web, tag: v1, digest: null }, old: null }\n",
        ),
    ])
    .repository;
    let (_, app) = repository.find_app("qa", "web").unwrap();
    assert_eq!(app.namespace.value, "web-qa");
    assert_eq!(app.labels.keys().collect::<Vec<_>>(), ["team"]);
    assert_eq!(app.images.keys().collect::<Vec<_>>(), ["web"]);
    assert!(app.images["web"].digest.is_none());
    let labels = app.settings().root().get("labels").unwrap();
    assert_eq!(serde_json::to_string(&labels).unwrap(), r#"{"team":"shop"}"#);
}
