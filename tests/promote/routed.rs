//! Promoted values that a person sets: a switch between two colours, a number of replicas.

use crate::support::shop::Shop;

const APP: &str = "\
# web
template: switch
images: { web: { repository: registry.example.com/shop/web, tag: v1 } }
promote: [values.active, values.scale]
values:
  active: blue      # which one gets the traffic
  scale:
    web: 2          # pods
  other: 1
";

/// A native repository in which two environments have the app.
fn native() -> Shop {
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  active: {{ values.active }}\n  \
                    scale: \"{{ values.scale.web }} of {{ values.other }}\"\n";
    Shop::native(&[
        ("environments/qa/web.yaml", APP),
        ("environments/prod/web.yaml", APP),
        ("environments/stage/web.yaml", APP),
        ("templates/switch/config.yaml.tera", template),
        (
            "templates/switch/workload.yaml.tera",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  \
          - {name: web, image: \"{{ images.web.ref }}\"}\n",
        ),
    ])
}

#[test]
fn a_promoted_value_is_set_rendered_recorded_and_rolled_back() {
    let shop = native();
    let set = [
        "set",
        "web",
        "--env",
        "qa",
        "--commit",
        "--route",
        "values.active=green",
        "--route",
        "values.scale.web=3",
    ];
    shop.ends(0, &set).says("values.active");
    let expected = APP.replace("active: blue ", "active: green").replace("web: 2 ", "web: 3 ");
    let expected = expected.replace("active: green     #", "active: green      #");
    assert_eq!(shop.file("environments/qa/web.yaml") + "\n", expected);
    let rendered = shop.changed();
    assert!(rendered.iter().any(|path| path.starts_with("rendered/")), "{rendered:?}");
    let message = shop.message();
    assert!(
        message.contains("Rungs-Set: web in qa") && message.contains("values.active"),
        "{message}"
    );
    shop.ends(0, &set).says("nothing to do");

    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    assert!(shop.file("environments/stage/web.yaml").contains("active: green"));
    shop.ends(0, &["rollback", "web", "--env", "qa", "--reason", "wrong colour", "--commit"]);
    assert_eq!(shop.file("environments/qa/web.yaml") + "\n", APP);
}

#[test]
fn an_image_and_a_value_are_set_together() {
    let shop = native();
    shop.ends(
        0,
        &["set", "web", ":v7", "--env", "qa", "--commit", "--route", "values.active=green"],
    );
    let text = shop.file("environments/qa/web.yaml");
    assert!(text.contains("tag: v7") && text.contains("active: green"), "{text}");
}

#[test]
fn a_value_that_only_an_outer_file_has_is_written_into_the_apps_own() {
    let shop = native();
    let outer = APP
        .replace("images: { web: { repository: registry.example.com/shop/web, tag: v1 } }\n", "");
    let own = "images: { web: { repository: registry.example.com/shop/web, tag: v1 } }\n";
    shop.elsewhere(
        "Share",
        &[("environments/web.yaml", Some(&outer)), ("environments/qa/web.yaml", Some(own))],
    );
    shop.ends(0, &["set", "web", "--env", "qa", "--route", "values.scale.web=5", "--commit"]);
    let text = shop.file("environments/qa/web.yaml");
    assert!(text.starts_with(own.trim_end()) && text.contains("web: 5"), "{text}");
    assert!(!text.contains("blue"), "{text}");
}

#[test]
fn only_a_value_under_promote_is_set() {
    let shop = native();
    let tip = shop.remote.tip();
    for (route, says) in [
        ("values.other=2", "it promotes `values.active` and `values.scale`"),
        ("values.activ=green", "did you mean `values.active`?"),
        ("images.web.tag=v9", "only a value under `promote` can be set"),
    ] {
        shop.ends(2, &["set", "web", "--env", "qa", "--commit", "--route", route])
            .finds("unknown-value")
            .says(says);
    }
    shop.ends(2, &["set", "web", "api", "--env", "qa", "--route", "values.active=green"])
        .says("name one app");
    shop.ends(
        2,
        &["set", "web", "--env", "qa", "--sequence", "4", "--route", "values.active=green"],
    )
    .says("--sequence");
    shop.ends(2, &["set", "web", "--route", "values.active=green"]).says("--env ENV");
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn a_held_value_is_not_set() {
    let shop = native();
    shop.ends(0, &["set", "web", "--env", "qa", "--commit", "--route", "values.active=green"]);
    shop.ends(0, &["rollback", "web", "--env", "qa", "--reason", "errors", "--commit"]);
    shop.ends(3, &["set", "web", "--env", "qa", "--commit", "--route", "values.active=green"])
        .finds("gate-fails");
}

/// Two Deployments whose containers have one name, and the Service that chooses one.
fn colours(blue: &str, green: &str, active: &str) -> String {
    let deployment = |colour: &str, tag: &str| {
        format!(
            "kind: Deployment\napiVersion: apps/v1\nmetadata: {{name: web-{colour}}}\nspec: {{template: {{spec: {{containers: [{{name: web, image: \"x/web:{tag}\"}}]}}}}}}\n---\n"
        )
    };
    format!(
        "{}{}kind: Service\napiVersion: v1\nmetadata: {{name: web}}\nspec: {{selector: {{colour: {active}}}}}\n",
        deployment("blue", blue),
        deployment("green", green)
    )
}

#[test]
fn blue_and_green_are_two_images_and_their_switch_a_value() {
    let entry = "version: 1\nladder: [qa, prod]\nsites:\n  - {path: '{environment}.yaml', kind: manifest, app: web, promote: [spec.selector.colour]}\n";
    let files = [
        ("rungs.yaml", entry),
        ("qa.yaml", &colours("v2", "v1", "green")),
        ("prod.yaml", &colours("v1", "v1", "green")),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
    shop.ends(0, &["status"]);
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod.yaml") + "\n", colours("v2", "v1", "green"));
    shop.ends(
        0,
        &["set", "web", "--env", "qa", "--route", "spec.selector.colour=blue", "--commit"],
    );
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod.yaml") + "\n", colours("v2", "v1", "blue"));
    shop.ends(0, &["set", "web", "green/web=:v3", "--env", "qa", "--commit"]);
    assert_eq!(shop.file("qa.yaml") + "\n", colours("v2", "v3", "blue"));
}

#[test]
fn what_cannot_be_edited_is_said_and_nothing_else_is_set() {
    let entry = "version: 1\nladder: [qa, prod]\nsites:\n  - {path: '{environment}.yaml', kind: yaml, app: web, fields: {tag: tag}, promote: [v, w, m]}\n";
    let text = "tag: v1\nv: \"{{ x }}\"\nw: 1\nm: {a: 1}\n";
    let files = [("rungs.yaml", entry), ("qa.yaml", text), ("prod.yaml", text)];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
    for (routes, code) in [
        (&["v=5", "w=7"][..], "edit-template"),
        (&["w.x=5"], "edit-place"),
        (&["w=3", "w=4"], "two-values"),
    ] {
        let options = routes.iter().flat_map(|route| ["--route", *route]);
        let arguments: Vec<_> =
            ["set", "web", "--env", "qa", "--commit"].into_iter().chain(options).collect();
        shop.ends(1, &arguments).finds(code);
        assert_eq!(shop.file("qa.yaml") + "\n", text);
    }
}

#[test]
fn a_git_reference_and_a_version_are_set_by_name() {
    let entry = "version: 1\nladder: [qa, prod]\nsites:\n  - {path: '{environment}/kustomization.yaml', kind: kustomize, app: web}\n";
    let text = |reference: &str, version: &str| {
        format!(
            "resources:\n- https://git.example.com/o/base//deploy?ref={reference}\nhelmCharts:\n- {{name: redis, version: {version}}}\n"
        )
    };
    let files = [
        ("rungs.yaml", entry.to_owned()),
        ("qa/kustomization.yaml", text("1.0.0", "2.0.0")),
        ("prod/kustomization.yaml", text("1.0.0", "2.0.0")),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    let set = ["set", "web", "--env", "qa", "--commit", "--git"];
    shop.ends(0, &[&set[..], &["base=1.1.0", "--git", "redis=2.1.0"]].concat());
    assert_eq!(shop.file("qa/kustomization.yaml") + "\n", text("1.1.0", "2.1.0"));
    shop.ends(0, &[&set[..], &["git@git.example.com:o/base.git=1.2.0"]].concat());
    assert_eq!(shop.file("qa/kustomization.yaml") + "\n", text("1.2.0", "2.1.0"));
    shop.ends(2, &[&set[..], &["redsi=3"]].concat())
        .finds("unknown-source")
        .says("did you mean `redis`?");
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod/kustomization.yaml") + "\n", text("1.2.0", "2.1.0"));
}
