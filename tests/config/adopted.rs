//! Adopted repositories, which have layouts of their own.

use rungs::config::{Before, Repository, SiteKind, Tier};
use rungs::source::RepoPath;

use super::{codes, here, load_directory, loaded};

/// The adopted repository that uses every key.
fn adopted() -> Repository {
    load_directory(&here().join("complete/adopted")).unwrap().repository
}

const STAGING: &str = "\
version: 1
ladder: [staging]
sites:
  - { path: \"environments/{environment}/{app}.yaml\", kind: manifest }
";

#[test]
fn environments_are_those_of_the_ladder_and_those_declared_outside_it() {
    let names: Vec<_> = adopted().environments.iter().map(|one| one.name.to_string()).collect();
    assert_eq!(
        names,
        ["development", "staging", "production", "demo/eu-1", "demo/eu-2", "demo/us-1"]
    );
    let before =
        |name: &str| adopted().ladder.before(&adopted().find_environment(name).unwrap().name);
    let staging = adopted().find_environment("staging").unwrap().name.clone();
    assert_eq!(before("production"), Some(Before::All(vec![staging.clone()])));
    assert_eq!(before("demo/eu-1"), Some(Before::Any(vec![staging])));
    let first = adopted().find_environment("demo/eu-1").unwrap().name.clone();
    assert_eq!(before("demo/us-1"), Some(Before::All(vec![first])));
}

#[test]
fn an_environment_has_its_settings_and_its_spelling() {
    let repository = adopted();
    let production = repository.find_environment("production").unwrap();
    assert_eq!(
        (production.spelling.as_str(), production.tier),
        ("production/base", Tier::Production)
    );
    assert_eq!(production.gates.soak.as_ref().unwrap().value.time.seconds(), 24 * 3600);
    assert_eq!(
        (production.skip[0].value.as_str(), production.enters[0].value.as_str()),
        ("My_Cart.v2", "reports")
    );
    assert_eq!(production.directory, RepoPath::root());
    assert_eq!(production.location.to_string(), "rungs.yaml:9:3");
    assert!(!production.generate.namespaces && !production.generate.network);
    let staging = repository.find_environment("staging").unwrap();
    assert_eq!(
        (staging.spelling.as_str(), staging.kubernetes.as_ref().unwrap().value.minor),
        ("staging", 35)
    );
}

#[test]
fn an_environment_without_an_entry_stands_where_the_ladder_names_it() {
    let repository = loaded(&[("rungs.yaml", STAGING)]).repository;
    assert_eq!(repository.environments[0].location.to_string(), "rungs.yaml:2:10");
}

#[test]
fn a_rule_says_what_its_files_are() {
    let repository = adopted();
    let kinds: Vec<_> = repository
        .sites
        .iter()
        .map(|rule| match &rule.kind {
            SiteKind::Kustomize { insert } => format!("kustomize {}", insert[0].value),
            SiteKind::Yaml(fields) => {
                let route = |route: &Option<rungs::config::Sourced<rungs::yaml::Route>>| {
                    route.as_ref().map_or_else(String::new, |route| route.value.to_string())
                };
                format!(
                    "yaml {}|{}|{}",
                    route(&fields.tag),
                    route(&fields.digest),
                    route(&fields.image)
                )
            }
            SiteKind::HelmValues { root } => {
                format!("helm-values {}", root.as_ref().unwrap().value)
            }
            SiteKind::Manifest => "manifest".to_owned(),
            SiteKind::Marker => "marker".to_owned(),
        })
        .collect();
    let expected = [
        "kustomize ghcr.io/shop/web",
        "yaml image_tag|images[name=\"web.x\"].digest|",
        "yaml ||web.image",
        "yaml ||",
        "helm-values spec.values",
        "manifest",
        "manifest",
        "marker",
    ];
    assert_eq!(kinds, expected);
    let manifests = &repository.sites[5];
    assert_eq!(manifests.app.as_ref().unwrap().value.of_image("web"), "helm-web");
    assert!(
        manifests.images.takes("ghcr.io/shop/web") && !manifests.images.takes("x/shop/istio/y")
    );
    assert!(repository.sites[0].adds_digest && !manifests.adds_digest);
    assert_eq!(repository.sites[6].environment.as_ref().unwrap().as_str(), "production");
}

#[test]
fn an_adopted_repository_may_have_any_directories() {
    let files = [
        ("rungs.yaml", STAGING),
        ("environments/staging/kustomization.yaml", "resources: [a.yaml]\n"),
        ("environments/staging/QA_1/Web.yml", ": not even YAML"),
    ];
    assert_eq!(codes(&files), Vec::<&str>::new());
    assert!(!loaded(&files).repository.is_native());
}

#[test]
fn apps_that_only_sites_know_are_accepted_by_name() {
    let settings = format!("{STAGING}trains: {{ shop: [Web_Shop.v2, cart] }}\n");
    let trains = loaded(&[("rungs.yaml", &settings)]).repository.trains;
    assert_eq!(trains["shop"].apps, ["Web_Shop.v2", "cart"]);
}

#[test]
fn an_unknown_environment_is_answered_with_those_of_rungs_yaml() {
    let finding = adopted().find_environment("stagin").unwrap_err();
    assert_eq!(finding.help.as_deref(), Some("did you mean `staging`?"));
    assert_eq!(finding.location().to_string(), "rungs.yaml:1:1");
    assert!(finding.labels[0].message.contains("`ladder`"));
}
