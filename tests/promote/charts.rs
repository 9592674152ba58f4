//! The usual layout of charts: the repository in the chart's values, the tag in those of an
//! environment.

use crate::support::shop::Shop;

/// A chart with these values, and those of two environments.
fn shop(chart: &str, qa: &str, prod: &str, more: &[(&str, &str)]) -> Shop {
    let configuration = "version: 1\nladder: [qa, prod]\nsites:\n  \
                         - {path: 'charts/{app}/values-{environment}.yaml', kind: helm-values}\n";
    let files = [
        ("rungs.yaml", configuration),
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n"),
        ("charts/web/values.yaml", chart),
        ("charts/web/values-qa.yaml", qa),
        ("charts/web/values-prod.yaml", prod),
    ];
    let files =
        files.iter().chain(more).map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    Shop::of(&files.collect())
}

const QA: &str = "charts/web/values-qa.yaml";
const PROD: &str = "charts/web/values-prod.yaml";
const SET: [&str; 5] = ["set", "web", "x/web:v3", "--env", "qa"];
const PROMOTE: [&str; 5] = ["promote", "web", "--to", "prod", "--commit"];

/// Sets and promotes, and compares what becomes of both files.
#[track_caller]
fn goes(shop: &Shop, chart: &str, qa: &str, prod: &str) {
    shop.ends(0, &[&SET[..], &["--commit"]].concat());
    assert_eq!(shop.file(QA) + "\n", qa);
    shop.ends(0, &PROMOTE);
    assert_eq!(shop.file(PROD) + "\n", prod);
    assert_eq!(shop.file("charts/web/values.yaml") + "\n", chart);
}

#[test]
fn the_repository_is_in_the_chart_and_the_tag_in_the_environment() {
    for (chart, own) in [
        ("image: {repository: x/web, tag: \"\"}\n", "image:\n  tag: V # by rungs\n"),
        ("image: {repository: x/web}\n", "image:\n  tag: V\nreplicas: 2\n"),
        ("image: {registry: docker.io, repository: x/web}\n", "image: {tag: V}\n"),
        ("image: x/web\ntag: hello\n", "tag: V\n"),
        ("image: x/web\nimageTag: hello\n", "imageTag: V\n"),
        ("a: {webImage: x/web, webImageTag: z}\n", "a: {webImageTag: V, b: c}\n"),
        ("a: {b: {image: {repository: x/web, pullPolicy: z}}}\n", "a: {b: {image: {tag: V}}}\n"),
    ] {
        let shop = shop(chart, &own.replace('V', "v2"), &own.replace('V', "v1"), &[]);
        let status = shop.ends(0, &["status"]);
        assert!(!status.stderr.contains("shared-base"), "{}", status.stderr);
        goes(&shop, chart, &own.replace('V', "v3"), &own.replace('V', "v3"));
    }
}

#[test]
fn an_image_without_a_tag_gets_it_where_the_chart_has_its_own() {
    for (chart, before, after) in [
        ("image: x/web\ntag: hello\n", "image: x/web\n", "image: x/web\ntag: v3\n"),
        (
            "image: x/web\nimageTag: hello\n",
            "image: x/web # its own\n",
            "image: x/web # its own\nimageTag: v3\n",
        ),
        (
            "image: {repository: x/web, tag: hello}\n",
            "image:\n  repository: x/web\nreplicas: 2\n",
            "image:\n  repository: x/web\n  tag: v3\nreplicas: 2\n",
        ),
    ] {
        let shop = shop(chart, before, before, &[]);
        goes(&shop, chart, after, after);
    }
}

#[test]
fn values_of_a_chart_below_are_inherited_at_its_key() {
    let umbrella = "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n\
                    - {name: front, version: 0.1.0}\n\
                    - {name: back, version: 0.1.0, alias: api}\n\
                    - {name: local, version: 0.1.0, repository: 'file://../local'}\n";
    let values = |name: &str| format!("image: {{repository: x/{name}, tag: z}}\n");
    let [front, back, local] = ["front", "back", "local"].map(values);
    let files = [
        ("charts/web/Chart.yaml", umbrella),
        ("charts/web/charts/front/values.yaml", &front),
        ("charts/web/charts/back/values.yaml", &back),
        ("charts/local/values.yaml", &local),
    ];
    let own = "front: {image: {tag: v1}}\napi: {image: {tag: v1}}\nlocal: {image: {tag: v1}}\n";
    let shop = shop("front: {replicas: 1}\n", own, own, &files);
    for (name, before, after) in [
        ("front", "front: {image: {tag: v1}}", "front: {image: {tag: v3}}"),
        ("back", "api: {image: {tag: v1}}", "api: {image: {tag: v3}}"),
        ("local", "local: {image: {tag: v1}}", "local: {image: {tag: v3}}"),
    ] {
        let expected = shop.file(QA).replace(before, after);
        shop.ends(0, &["set", "web", &format!("x/{name}:v3"), "--env", "qa", "--commit"]);
        assert_eq!(shop.file(QA), expected);
    }
    shop.ends(0, &PROMOTE);
    assert_eq!(shop.file(PROD), shop.file(QA));
}

#[test]
fn the_repository_of_the_chart_is_what_gates_and_requests_see() {
    let own = "image: {tag: v1}\n";
    let shop = shop("image: {repository: x/web}\n", own, own, &[]);
    shop.ends(1, &["set", "web", "y/web:v3", "--env", "qa", "--commit"]);
    let configuration = shop.file("rungs.yaml")
        + "\nenvironments: {prod: {gates: {image: {allow: ['registry.example.com/*']}}}}\n";
    crate::support::shop::put(&shop.clone, "rungs.yaml", Some(&configuration));
    crate::support::git::git(&shop.clone, &["commit", "-qam", "Allow"]);
    crate::support::git::git(&shop.clone, &["push", "-q"]);
    shop.ends(0, &[&SET[..], &["--commit"]].concat());
    shop.ends(3, &PROMOTE).says("registry.example.com");
}

#[test]
fn what_no_file_of_the_environment_can_take_is_refused() {
    let chart = "image: {repository: x/web, tag: v1}\n";
    let shop = shop(chart, "replicas: 1\n", "replicas: 2\n", &[]);
    let tip = shop.remote.tip();
    let refused = shop.ends(1, &[&SET[..], &["--commit"]].concat()).finds("shared-base");
    assert!(!refused.stderr.contains("kustomize"), "{}", refused.stderr);
    refused.says("its own `image.tag`");
    let base = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: web, image: 'x/web:v1'}]}\n";
    let files = [
        (
            "rungs.yaml",
            "version: 1\nladder: [qa, prod]\nsites: [{path: '{environment}/kustomization.yaml', kind: kustomize, app: web}]\n",
        ),
        ("base/kustomization.yaml", "resources: [pod.yaml]\n"),
        ("base/pod.yaml", base),
        (
            "qa/kustomization.yaml",
            "resources: [../base]\nimages: [{name: y/z, newTag: v1}, {name: y/a, newTag: v1}]\n",
        ),
        (
            "prod/kustomization.yaml",
            "resources: [../base]\nimages: [{name: y/z, newTag: v1}, {name: y/a, newTag: v1}]\n",
        ),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let based = Shop::of(&files.into());
    based.ends(1, &[&SET[..], &["--commit"]].concat()).finds("shared-base");
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn a_digest_of_the_chart_does_not_stay_beside_another_tag() {
    let digest = format!("sha256:{}", "a1".repeat(32));
    let chart = format!("image: {{repository: x/web, tag: v1, digest: \"{digest}\"}}\n");
    let shop = shop(&chart, "image: {tag: v2}\n", "image: {tag: v1}\n", &[]);
    shop.ends(1, &[&SET[..], &["--commit"]].concat()).finds("unclear-companion");
}

#[test]
fn a_map_with_a_tag_that_is_no_image_of_the_chart_is_left_alone() {
    let own = "image: {tag: v1}\nlabels: {tag: a}\nchart: {tag: v1}\n";
    let chart = "image: {repository: x/web}\nchart: {repository: 'https://charts.example.com'}\n";
    let shop = shop(chart, &own.replace("{tag: a}", "{tag: b}"), own, &[]);
    shop.ends(0, &["set", "web", ":v3", "--env", "qa", "--commit"]);
    shop.ends(0, &PROMOTE);
    assert_eq!(shop.file(PROD) + "\n", own.replace("image: {tag: v1}", "image: {tag: v3}"));
}

#[test]
fn todays_chart_is_how_earlier_values_are_read() {
    let own = "image: {tag: v1}\n";
    let shop = shop("image: {repository: x/web}\n", own, own, &[]);
    shop.ends(0, &[&SET[..], &["--commit"]].concat());
    shop.ends(0, &PROMOTE);
    crate::support::shop::put(
        &shop.clone,
        "charts/web/values.yaml",
        Some("image: {repository: z/web}\n"),
    );
    crate::support::git::git(&shop.clone, &["pull", "-q"]);
    crate::support::git::git(&shop.clone, &["commit", "-qam", "Move"]);
    crate::support::git::git(&shop.clone, &["push", "-q"]);
    let audit = shop.ends(0, &["audit"]);
    assert!(audit.stdout.contains("v3"), "{}", audit.stdout);
    shop.ends(0, &["rollback", "web", "--env", "prod", "--commit"]);
    assert_eq!(shop.file(PROD) + "\n", own);
}

#[test]
fn an_image_without_a_tag_gets_it_where_another_environment_has_its_own() {
    let configuration = "version: 1\nladder: [qa, prod]\nsites: [{path: '{environment}.yaml', \
                         kind: helm-values, app: web}]\n";
    for key in ["tag", "imageTag"] {
        let files = [
            ("rungs.yaml", configuration.to_owned()),
            ("qa.yaml", "image: x/web # alone\nother: 1\n".to_owned()),
            ("prod.yaml", format!("image: x/web\n{key}: v1\n")),
        ];
        let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
        shop.ends(0, &["set", "web", "x/web:v2", "--env", "qa", "--commit"]);
        let qa = shop.file("qa.yaml");
        let mut lines: Vec<_> = qa.lines().collect();
        lines.retain(|line| *line != format!("{key}: v2"));
        assert_eq!(lines, ["image: x/web # alone", "other: 1"]);
        assert_eq!(qa.lines().count(), 3);
        shop.ends(0, &PROMOTE);
        assert_eq!(shop.file("prod.yaml"), format!("image: x/web\n{key}: v2"));
    }
}

#[test]
fn values_inside_a_kustomization_are_promoted() {
    let rules = "version: 1\nladder: [qa, prod]\nsites: [{ path: '{environment}/kustomization.yaml', kind: kustomize, app: web }]\n";
    let text = |web: &str, cart: &str| {
        let chart = |name: &str, tag: &str| {
            format!(
                "- name: {name}\n  valuesInline:\n    image: {{ repository: x/{name}, tag: {tag} }}\n"
            )
        };
        format!("helmCharts:\n{}{}", chart("web", web), chart("cart", cart))
    };
    let files = [
        ("rungs.yaml", rules.to_owned()),
        ("qa/kustomization.yaml", text("v2", "v5")),
        ("prod/kustomization.yaml", text("v1", "v4")),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod/kustomization.yaml") + "\n", text("v2", "v5"));
}

#[test]
fn a_change_of_a_charts_own_files_is_judged_for_every_environment() {
    let rules = "\
version: 1
ladder: [qa, prod]
environments: { prod: { gates: { image: { allow: ['x/*'] } } } }
sites: [{ path: 'charts/{app}/values-{environment}.yaml', kind: helm-values }]
";
    let files = [
        ("rungs.yaml", rules),
        ("charts/web/Chart.yaml", "name: web\n"),
        ("charts/web/values.yaml", "image: {repository: x/web, tag: ''}\n"),
        ("charts/web/values-qa.yaml", "image: {tag: v1}\n"),
        ("charts/web/values-prod.yaml", "image: {tag: v1}\n"),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
    for (path, text) in [
        ("charts/web/values.yaml", Some("image: {repository: evil/web, tag: ''}\n")),
        (
            "charts/web/values.yaml",
            Some("image: {registry: evil.io, repository: x/web, tag: ''}\n"),
        ),
        ("charts/web/values.yaml", None),
        ("charts/web/Chart.yaml", None),
    ] {
        let branch = shop.elsewhere("Redirect", &[(path, text)]);
        shop.pull();
        shop.ends(3, &["gates", "--base", "main~1", "--head", "main"]).says("fail");
        let _ = branch;
        let old = files.iter().find(|(known, _)| *known == path).unwrap().1;
        shop.elsewhere("Back", &[(path, Some(old))]);
        shop.pull();
    }
}

#[test]
fn a_version_is_the_tag_of_an_image_that_the_chart_names_without_one() {
    for chart in ["image: x/web\nappVersion: z\n", "image: x/web\n"] {
        let own = |tag: &str| format!("appVersion: {tag}\n");
        let shop = shop(chart, &own("v2"), &own("v1"), &[]);
        goes(&shop, chart, &own("v3"), &own("v3"));
    }
    // It is none where the chart has the tag elsewhere.
    let (chart, own) = ("image: x/web\nimageTag: v0\n", "appVersion: v1\n");
    let shop = shop(chart, own, own, &[]);
    shop.ends(1, &[&SET[..], &["--commit"]].concat()).finds("shared-base");
    assert_eq!(shop.file(QA) + "\n", own);
}
