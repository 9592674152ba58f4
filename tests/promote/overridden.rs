//! Values of charts that other values in the same object override: what is deployed is read,
//! promoted and judged.

use std::fs;

use crate::support::git::git;
use crate::support::shop::{RunOutput, Shop, put};

const CONFIGURATION: &str = "version: 1\nladder: [qa, prod]\nsites:\n- {path: '{environment}/{app}.yaml', \
                             kind: manifest}\n";
const PROD: &str = "prod/web.yaml";

fn shop(configuration: &str, qa: &str, prod: &str) -> Shop {
    let files = [("rungs.yaml", configuration), ("qa/web.yaml", qa), (PROD, prod)];
    Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
}

/// An application of Argo CD with that below `helm`.
fn application(helm: &str) -> String {
    let helm: Vec<_> = helm.lines().map(|line| format!("      {line}\n")).collect();
    let helm = helm.concat();
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web}}\nspec:\n  \
         source:\n    repoURL: https://charts.example.com\n    chart: web\n    targetRevision: \
         1.2.3\n    helm:\n{helm}"
    )
}

const VALUES: &str = "values: |\n  image:\n    repository: x/web\n    tag: v1 # old\n";

/// What `gates --base` says of a commit that gives production that file.
#[track_caller]
fn judged(shop: &Shop, text: &str, code: i32) -> RunOutput {
    git(&shop.clone, &["checkout", "-q", "-b", "change"]);
    put(&shop.clone, PROD, Some(text));
    git(&shop.clone, &["commit", "-q", "-a", "-m", "change"]);
    shop.ends(code, &["gates", "--base", "main"])
}

#[test]
fn what_overrides_the_values_of_an_application_is_judged() {
    let before = application(VALUES);
    for (more, says) in [
        ("valuesObject: {image: {repository: x/web, tag: v9}}", "v1 → v9"),
        ("valuesObject: {image: {tag: v9}}", "v1 → …:v9"),
        ("valuesObject: {replicas: 2}", "without v1"),
        ("valuesObject: {}", "without v1"),
        ("parameters: [{name: image.tag, value: v9}]", "v1 → v9"),
        ("parameters: [{name: image.digest, value: 'DIGEST'}]", "v1 → v1@aaaaaaa"),
        ("parameters: [{name: image.repository, value: y/web}]", "x/web:v1 → y/web:v1"),
    ] {
        let digest = format!("sha256:{}", "a".repeat(64));
        let more = more.replace("DIGEST", &digest);
        let shop = shop(CONFIGURATION, &before, &before);
        judged(&shop, &application(&format!("{VALUES}{more}\n")), 3).says(says);
    }
}

#[test]
fn a_tag_is_promoted_where_it_is_deployed_from() {
    for helm in [
        "valuesObject: {image: {repository: x/web, tag: TAG}}\n",
        "valuesObject: {image: {tag: TAG}}\n",
        "values: |\n  image: {repository: x/web, tag: v0}\nvaluesObject: {image: {tag: TAG}}\n",
        "values: |\n  image: {repository: x/web, tag: v0}\nparameters:\n- {name: image.tag, value: TAG}\n",
        "parameters:\n- {name: image.tag, value: v0}\n- {name: image.tag, value: TAG}\n",
    ] {
        let text = |tag: &str| application(&helm.replace("TAG", tag));
        let several =
            |tag: &str| text(tag).replace("  source:\n    repoURL", "  sources:\n  - repoURL");
        for text in [&text as &dyn Fn(&str) -> String, &several] {
            let shop = shop(CONFIGURATION, &text("v2"), &text("v1"));
            shop.ends(0, &["promote", "web", "--to", "prod", "--write"]).says("v1 → v2");
            assert_eq!(fs::read_to_string(shop.clone.join(PROD)).unwrap(), text("v2"));
            shop.ends(0, &["set", "--in", PROD, "image=:v3"]);
            assert_eq!(fs::read_to_string(shop.clone.join(PROD)).unwrap(), text("v3"));
        }
    }
}

#[test]
fn a_rule_that_leads_to_what_is_overridden_is_refused() {
    let sites = |kind: &str| {
        format!(
            "version: 1\nladder: [qa, prod]\nsites:\n- {{path: '{{environment}}/{{app}}.yaml', {kind}}}\n"
        )
    };
    let fields = "kind: yaml, fields: {tag: spec.source.helm.values.image.tag}";
    for kind in ["kind: helm-values, root: spec.source.helm.values", fields] {
        for more in [
            "valuesObject: {image: {repository: x/web, tag: v9}}\n",
            "parameters: [{name: image.tag, value: v9}]\n",
        ] {
            let before = application(VALUES);
            let shop = shop(&sites(kind), &before, &before);
            shop.ends(0, &["status"]);
            let after = application(&format!("{VALUES}{more}"));
            let output = judged(&shop, &after, 2);
            output.finds("overridden-site").says("prod/web.yaml:14:");
        }
    }
}
