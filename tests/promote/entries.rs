//! Entries of `sites` that find nothing, or that find what another one finds.

use crate::support::shop::Shop;

/// A repository with these entries and files.
fn shop(entries: &[&str], files: &[(&str, &str)]) -> Shop {
    let entries: Vec<_> = entries.iter().map(|entry| format!("  - {{{entry}}}\n")).collect();
    let configuration = format!("version: 1\nladder: [qa, prod]\nsites:\n{}", entries.concat());
    let files = [&[("rungs.yaml", &*configuration)], files].concat();
    Shop::of(&files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect())
}

const PROMOTE: [&str; 5] = ["promote", "web", "--to", "prod", "--commit"];

/// Expects that `status` and a promotion find it, with this in the message, and that
/// nothing is committed.
#[track_caller]
fn refused(shop: &Shop, code: &str, says: &str) {
    let tip = shop.remote.tip();
    shop.ends(2, &["status"]).finds(code).says(says);
    shop.ends(2, &PROMOTE).finds(code);
    shop.ends(2, &["promote", "--all", "--to", "prod", "--commit"]).finds(code);
    assert_eq!(shop.remote.tip(), tip);
}

const TAGS: [(&str, &str); 2] =
    [("tags/qa/web", "image_tag: v2\n"), ("tags/prod/web", "image_tag: v1\n")];

#[test]
fn a_field_that_leads_nowhere_is_an_error_that_names_what_was_meant() {
    let entry = r#"path: "tags/{environment}/{app}", kind: yaml, fields: {tag: imageTag}"#;
    refused(&shop(&[entry], &TAGS), "no-site", "did you mean `image_tag`?");
    let nested =
        [("qa.yaml", "web: {image: {tag: v2}}\n"), ("prod.yaml", "web: {image: {tag: v1}}\n")];
    for (route, meant) in [("web.imag.tag", "web.image.tag"), ("web.image.tga", "web.image.tag")] {
        let entry = format!(
            r#"path: "{{environment}}.yaml", app: web, kind: yaml, fields: {{tag: {route}}}"#
        );
        refused(&shop(&[&entry], &nested), "no-site", &format!("did you mean `{meant}`?"));
    }
}

#[test]
fn a_version_that_leads_nowhere_is_an_error_beside_a_tag_that_is_there() {
    let files = [
        ("qa.yaml", "tag: v2\nchart: {version: 2}\n"),
        ("prod.yaml", "tag: v1\nchart: {version: 1}\n"),
    ];
    let entry = r#"path: "{environment}.yaml", app: web, kind: yaml, fields: {tag: tag, version: chart.verion}"#;
    refused(&shop(&[entry], &files), "no-site", "did you mean `chart.version`?");
}

#[test]
fn a_field_that_is_missing_in_one_environment_names_its_file() {
    let files = [("qa.yaml", "image: {tag: v2}\n"), ("prod.yaml", "image: {}\n")];
    let entry = r#"path: "{environment}.yaml", app: web, kind: yaml, fields: {tag: image.tag}"#;
    refused(&shop(&[entry], &files), "no-site", "`prod.yaml` has no `image.tag`");
}

#[test]
fn one_of_two_shapes_of_a_file_is_enough() {
    let files = [
        ("qa.yaml", "image: {tag: v2}\n"),
        ("prod.yaml", "image: {tag: v1}\n"),
        ("cart/qa.yaml", "tag: v2\n"),
        ("cart/prod.yaml", "tag: v1\n"),
    ];
    let shop = shop(
        &[
            r#"path: "**/{environment}.yaml", app: web, kind: yaml, fields: {tag: image.tag}"#,
            r#"path: "**/{environment}.yaml", app: web, kind: yaml, fields: {tag: tag}"#,
        ],
        &files,
    );
    shop.ends(0, &["status"]);
    shop.ends(0, &PROMOTE);
    assert_eq!(shop.file("prod.yaml"), "image: {tag: v2}");
}

#[test]
fn a_wrong_kind_is_an_error() {
    let files = TAGS.map(|(path, _)| (path, "images: [{name: x/web, newTag: v1}]\n"));
    let entry = r#"path: "tags/{environment}/{app}", kind: manifest"#;
    let shop = shop(&[entry], &files);
    shop.ends(2, &["status"]).finds("no-site").says("there is no image and no source");
    shop.ends(2, &PROMOTE).finds("no-site").says("`web` has no reference in `qa` and `prod`");
}

#[test]
fn an_app_without_any_reference_is_an_error_whatever_is_said_of_its_files() {
    let entry = |keys: &str| format!(r#"path: "{{environment}}.yaml", app: web, {keys}"#);
    let image = |comment: &str| format!("image: {{repository: x/web, tag: v1}}{comment}\n");
    for (keys, text, code) in [
        ("kind: marker", image(" # rungs: app=web prat=tag"), "unreadable-marker"),
        ("kind: yaml, fields: {tag: tag}", "tag: '{{ tag }}'\n".to_owned(), "templated-site"),
        ("kind: marker", image(""), "no-site"),
        ("kind: helm-values, images: {include: ['y/*']}", image(""), "no-site"),
    ] {
        let shop = shop(&[&entry(keys)], &[("qa.yaml", &text), ("prod.yaml", &text)]);
        let says = "`web` has no reference in `qa` and `prod`";
        shop.ends(2, &PROMOTE).finds(code).finds("no-site").says(says);
    }
}

#[test]
fn a_promoted_value_that_is_nowhere_is_a_warning() {
    let files = [("qa.yaml", "tag: v2\nflags: {}\n"), ("prod.yaml", "tag: v1\nflags: {}\n")];
    let entry =
        r#"path: "{environment}.yaml", app: web, kind: yaml, fields: {tag: tag}, promote: [flag]"#;
    let shop = shop(&[entry], &files);
    shop.ends(0, &["status"]).finds("unmatched-pattern").says("did you mean `flags`?");
    shop.ends(0, &PROMOTE).finds("unmatched-pattern");
}

#[test]
fn commands_say_what_is_wrong_with_the_sites_that_they_touch() {
    let files = [
        ("qa.yaml", "tag: v2\n"),
        ("prod.yaml", "tag: v1\nother: '{{ tag }}'\n"),
        ("marked/prod.yaml", "a: v1 # rungs: app=web app=cart\n"),
    ];
    let shop = shop(
        &[
            r#"path: "{environment}.yaml", app: web, kind: yaml, fields: {tag: tag, version: other}"#,
            r#"path: "gone/{environment}.yaml", app: web, kind: manifest"#,
        ],
        &files,
    );
    shop.ends(0, &PROMOTE).finds("templated-site").finds("unmatched-pattern");
}

const DEPLOYED: [(&str, &str); 2] = [
    ("qa/kustomization.yaml", "images:\n- name: x/web\n  newTag: v2\n"),
    ("prod/kustomization.yaml", "images:\n- name: x/web\n  newTag: v1\n"),
];

#[test]
fn a_place_that_two_apps_claim_is_refused_and_an_entry_may_leave_files_out() {
    let web = r#"path: "{environment}/kustomization.yaml", kind: kustomize, app: web"#;
    let all = r#"path: "{environment}/*.yaml", kind: kustomize, app: shop"#;
    let both = shop(&[web, all], &DEPLOYED);
    refused(&both, "claimed-twice", "belongs to `web` and to `shop`");
    let set = ["set", "shop", ":v3", "--env", "qa", "--commit"];
    both.ends(2, &set).finds("claimed-twice");

    let rest = format!(r#"{all}, exclude: ["{{environment}}/kustomization.yaml"]"#);
    let more = [
        &DEPLOYED[..],
        &[
            ("qa/shop.yaml", "images: [{name: x/shop, newTag: v2}]\n"),
            ("prod/shop.yaml", "images: [{name: x/shop, newTag: v1}]\n"),
        ],
    ]
    .concat();
    let apart = shop(&[web, &rest], &more);
    apart.ends(0, &["status"]);
    apart.ends(0, &PROMOTE);
    assert_eq!(apart.changed(), ["prod/kustomization.yaml"]);
}

#[test]
fn a_chart_beside_manifests_is_one_finding() {
    let deployment = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: \"x/web:V\"}]}\n";
    let (qa, prod) = (deployment.replace('V', "v2"), deployment.replace('V', "v1"));
    let template = "kind: Service\nmetadata:\n  {{- with .Values.x }}\n  name: {{ .Release.Name }}\n  {{- end }}\n";
    let names: Vec<String> = (0..5)
        .flat_map(|at| {
            ["a", "a/charts/b"].map(|chart| format!("prod/charts/{chart}/templates/{at}.yaml"))
        })
        .collect();
    let templates = names.iter().map(|name| (&**name, template));
    let files: Vec<_> = templates.chain([("qa/d.yaml", &*qa), ("prod/d.yaml", &*prod)]).collect();
    let entry = r#"path: "{environment}/**/*.yaml", kind: manifest, app: web"#;
    let shop_with = |entry: &str| shop(&[entry], &files);
    let one = shop_with(entry)
        .ends(2, &["status"])
        .finds("chart-templates")
        .says("`prod/charts/a` is a chart");
    assert_eq!(one.stderr.matches("error[").count(), 1, "{}", one.stderr);
    let without = shop_with(&format!(r#"{entry}, exclude: ["**/templates/**"]"#));
    without.ends(0, &["status"]);
    without.ends(0, &PROMOTE);
}

#[test]
fn settings_that_nothing_acts_on_are_warned_of() {
    let settings = "kubernetes: \"1.35\"\nenvironments: { prod: { kubernetes: \"1.34\" } }\n";
    let shop = Shop::configured(settings, &[]);
    let status = shop
        .ends(0, &["status"])
        .finds("setting-without-effect")
        .says("the setting `kubernetes` has no effect yet");
    assert_eq!(status.stderr.matches("warning[").count(), 1, "{}", status.stderr);
}

#[test]
fn a_value_that_holds_what_another_app_deploys_is_claimed_twice() {
    let files = [
        ("qa.yaml", "web: {tag: v2}\nshared: {api: {tag: v9}}\n"),
        ("prod.yaml", "web: {tag: v1}\nshared: {api: {tag: v1}}\n"),
    ];
    let shop = shop(
        &[
            r#"path: "{environment}.yaml", app: web, kind: yaml, fields: {tag: web.tag}, promote: [shared]"#,
            r#"path: "{environment}.yaml", app: api, kind: yaml, fields: {tag: shared.api.tag}"#,
        ],
        &files,
    );
    refused(&shop, "claimed-twice", "`shared.api.tag` belongs to");
}

#[test]
fn a_digest_that_leads_nowhere_is_an_error_beside_a_tag_that_is_there() {
    let file = "image: {repository: x/web, tag: v1, digset: ''}\n";
    for (fields, near) in [
        ("{tag: image.tag, digest: image.digest}", "did you mean `image.digset`?"),
        ("{tag: image.tag, repository: imaeg.repository}", "did you mean `image.repository`?"),
        ("{tag: image.tga, digest: image.digset}", "did you mean `image.tag`?"),
    ] {
        let entry = format!("path: '{{environment}}/{{app}}.yaml', kind: yaml, fields: {fields}");
        let shop = shop(&[&entry], &[("qa/web.yaml", file), ("prod/web.yaml", file)]);
        refused(&shop, "no-site", near);
        let shop = self::shop(
            &[&entry],
            &[("qa/web.yaml", &file.replace("v1", "v2")), ("prod/web.yaml", file)],
        );
        refused(&shop, "no-site", near);
    }
    // What is in no file may be in one of another app.
    let entry = "path: '{environment}/{app}.yaml', kind: yaml, fields: {tag: image.tag, digest: imaeg.digest}";
    let files = [("qa/web.yaml", file), ("prod/web.yaml", &file.replace("v1", "v0"))];
    let shop = shop(&[entry], &files);
    shop.ends(2, &["status"]).finds("no-site").says("has `imaeg.digest`");
    shop.ends(2, &["promote", "--all", "--to", "prod", "--commit"]).finds("no-site");
    shop.ends(0, &PROMOTE).finds("unmatched-pattern").says("has no `imaeg.digest`");
    // A digest may come later where there is a tag.
    let entry =
        "path: '{environment}/{app}.yaml', kind: yaml, fields: {tag: a.tag, digest: a.digest}";
    let files = [("qa/web.yaml", "a: {tag: v2}\n"), ("prod/web.yaml", "a: {tag: v1}\n")];
    let shop = self::shop(&[entry], &files);
    let status = shop.ends(0, &["status"]);
    assert!(!status.stderr.contains("no-site"), "{}", status.stderr);
}
