//! Ways round the gates that were tried, and honest changes that look like them.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::git::{git, git_at};
use crate::support::shop::{RunOutput, Shop, WITH_SIDECAR, digest, image, put};

const SETTINGS: &str = "\
version: 1
ladder: [qa, stage, prod]
sites:
  - path: 'apps/{app}/{environment}/kustomization.yaml'
    kind: kustomize
  - path: 'helm/{app}/values-{environment}.yaml'
    kind: helm-values
  - path: 'manifests/{environment}/**/*.yaml'
    kind: manifest
    app: '{image}'
    images: { include: ['*/shop/*'] }
  - path: 'tags/{environment}/{app}'
    kind: yaml
    fields: { tag: image_tag }
  - path: 'marked/{environment}.yaml'
    kind: marker
";

fn kustomization(tag: &str) -> String {
    format!(
        "resources: [../base]\nimages:\n  - name: web\n    newName: ghcr.io/shop/web\n    newTag: {tag}\n"
    )
}

fn values(tag: &str) -> String {
    let repository = "repository: ghcr.io/shop/shop";
    format!("replicas: 2\nimage:\n  {repository}\n  tag: {tag}\n\n\n  pullPolicy: Always\n")
}

fn pod(image: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{ name: cart }}\nspec:\n  containers:\n    - name: cart\n      \
         image: {image}\n"
    )
}

fn mail(tag: &str) -> String {
    format!("replicas: 2\nport: 25\nimage_tag: {tag}\n")
}

fn marked(tag: &str) -> String {
    format!(
        "pay:\n  image: ghcr.io/shop/pay:{tag} # rungs: app=pay\nother:\n  image: ghcr.io/shop/pay:v1\n"
    )
}

/// A repository in which qa is at `v2`, and stage and prod are at `v1`, in files of each kind.
fn shop() -> Shop {
    configured(SETTINGS)
}

fn configured(settings: &str) -> Shop {
    let mut files = BTreeMap::from([
        ("rungs.yaml".to_owned(), settings.to_owned()),
        ("apps/web/base/kustomization.yaml".to_owned(), "resources: [web.yaml]\n".to_owned()),
        ("apps/web/base/web.yaml".to_owned(), pod("web:latest")),
    ]);
    for (environment, tag) in [("qa", "v2"), ("stage", "v1"), ("prod", "v1")] {
        let all = [
            (format!("apps/web/{environment}/kustomization.yaml"), kustomization(tag)),
            (format!("helm/shop/values-{environment}.yaml"), values(tag)),
            (
                format!("manifests/{environment}/cart.yaml"),
                pod(&format!("ghcr.io/shop/cart:{tag}")),
            ),
            (format!("marked/{environment}.yaml"), marked(tag)),
            (format!("tags/{environment}/mail"), mail(tag)),
        ];
        files.extend(all);
    }
    Shop::of(&files)
}

/// A change of files; one without text is removed.
type Edit<'e> = (&'e str, Option<&'e str>);

/// Commits a change on a branch of its own, and judges it.
#[track_caller]
fn judged(shop: &Shop, edits: &[Edit<'_>]) -> RunOutput {
    begin(shop);
    for (path, text) in edits {
        put(&shop.clone, path, *text);
    }
    commit(shop);
    shop.rungs(&["gates", "--base", "origin/main"])
}

fn begin(shop: &Shop) {
    git(&shop.clone, &["fetch", "-q"]);
    git(&shop.clone, &["switch", "-qC", "change", "origin/main"]);
}

fn commit(shop: &Shop) {
    git(&shop.clone, &["add", "-A"]);
    git(&shop.clone, &["commit", "-qm", "Tidy up"]);
}

/// Checks that `order` fails for a change.
#[track_caller]
fn refused(shop: &Shop, edits: &[Edit<'_>], reason: &str) {
    judged(shop, edits).ends(3).says("fail order").says(reason);
}

#[test]
fn a_digest_that_stands_nowhere_below_is_refused_wherever_it_is_written() {
    let shop = shop();
    let evil = digest('6');
    let (tag, image) = (format!("v1@{evil}"), format!("ghcr.io/shop/cart:v1@{evil}"));
    let beside = kustomization("v1") + &format!("    digest: {evil}\n");
    refused(
        &shop,
        &[("apps/web/prod/kustomization.yaml", Some(&beside))],
        "`v1` and not `v1@6666666`",
    );
    refused(
        &shop,
        &[("helm/shop/values-prod.yaml", Some(&values(&tag)))],
        "`v1` and not `v1@6666666`",
    );
    refused(
        &shop,
        &[("manifests/prod/cart.yaml", Some(&pod(&image)))],
        "`v1` and not `v1@6666666`",
    );
    let pinned = format!("v2@{}", digest('2'));
    let below = [("helm/shop/values-stage.yaml", Some(&*values(&pinned)))];
    shop.elsewhere("Pin", &below);
    judged(&shop, &[("helm/shop/values-prod.yaml", Some(&values(&pinned)))]).ends(0);
    shop.elsewhere("Promote", &[("helm/shop/values-prod.yaml", Some(&values(&pinned)))]);
    refused(
        &shop,
        &[("helm/shop/values-prod.yaml", Some(&values("v2")))],
        "`v2@2222222` and not `v2`",
    );
}

#[test]
fn another_repository_is_another_image() {
    let shop = shop();
    let fork = pod("ghcr.io/fork/cart:v1");
    let evil = kustomization("v1").replace("ghcr.io/shop", "evil.example.com/shop");
    refused(&shop, &[("apps/web/prod/kustomization.yaml", Some(&evil))], "`mirrors` does not say");
    judged(&shop, &[("manifests/prod/cart.yaml", Some(&fork))]).ends(3);
    let mirrored =
        configured(&format!("{SETTINGS}mirrors: {{ 'mirror.example.com/*': 'ghcr.io/*' }}\n"));
    let mirror = kustomization("v1").replace("ghcr.io", "mirror.example.com");
    judged(&mirrored, &[("apps/web/prod/kustomization.yaml", Some(&mirror))]).ends(0);
}

/// A repository with a gate `image`, in which qa and prod have the same texts in the files of
/// that path.
fn guarded(sites: &str, path: &str, text: &str, others: &[(&str, &str)]) -> Shop {
    let settings = format!(
        "version: 1\nladder: [qa, prod]\nenvironments: {{ prod: {{ gates: {{ image: {{ allow: ['x/*'] }} }} }} }}\n\
         sites:\n  - {{ {sites} }}\n"
    );
    let mut files = BTreeMap::from([("rungs.yaml".to_owned(), settings)]);
    files.extend(others.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    for environment in ["qa", "prod"] {
        files.insert(path.replace('*', environment), text.to_owned());
    }
    Shop::of(&files)
}

#[test]
fn a_repository_whose_tag_the_chart_has_is_judged() {
    let sites = "path: 'charts/{app}/values-{environment}.yaml', kind: helm-values";
    let chart = [
        ("charts/web/Chart.yaml", "name: web\n"),
        ("charts/web/values.yaml", "image: {repository: x/web, tag: v1}\n"),
    ];
    let (all, prod) = ("charts/web/values-*.yaml", "charts/web/values-prod.yaml");
    let shop = guarded(sites, all, "image: {repository: x/web}\n", &chart);
    let evil = "image: {repository: evil/web}\n";
    judged(&shop, &[(prod, Some(evil))])
        .ends(3)
        .says("fail order in `qa`, `image` comes from `x/web` and not from `evil/web`")
        .says("fail image `evil/web` of `image` may not be used here");
    // The first rung is free, and what it has may follow.
    judged(&shop, &[("charts/web/values-qa.yaml", Some("image: {repository: x/fork}\n"))]).ends(0);
    shop.elsewhere("Fork", &[("charts/web/values-qa.yaml", Some("image: {repository: x/fork}\n"))]);
    judged(&shop, &[(prod, Some("image: {repository: x/fork}\n"))]).ends(0).says("pass order");
    // A version goes to the place that there is for it, and the repository stays.
    shop.elsewhere(
        "Build",
        &[("charts/web/values-qa.yaml", Some("image: {repository: x/web, tag: v2}\n"))],
    );
    shop.rungs(&["promote", "web", "--to", "prod", "--commit"]).ends(0);
    git(&shop.clone, &["fetch", "-q"]);
    let written = git(&shop.clone, &["show", "origin/main:charts/web/values-prod.yaml"]);
    assert_eq!(written, "image: {repository: x/web, tag: v2}");
    let shop = guarded(sites, all, "replicas: 1\n", &chart);
    let new = |text: &str| judged(&shop, &[(prod, Some(text))]);
    new(evil).ends(3).says("in `qa`, `image` is not there").says("fail image `evil/web`");
    new("image: {registry: evil.io}\n")
        .ends(3)
        .says("fail order")
        .says("fail image `evil.io/x/web`");
    let shop = guarded(sites, all, "side: {image: {repository: x/side}}\n", &[]);
    judged(&shop, &[(prod, Some("side: {image: {repository: evil/side}}\n"))])
        .ends(3)
        .says("`side.image` comes from `x/side` and not from `evil/side`");
}

/// Objects of Flux and Argo CD that come from places of that name, with those versions.
fn sources(place: &str, version: &str) -> [String; 4] {
    let object = |version: &str, kind: &str, spec: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{ name: x }}\nspec: {spec}\n")
    };
    let release = "helm.toolkit.fluxcd.io/v2";
    [
        object(
            "source.toolkit.fluxcd.io/v1",
            "GitRepository",
            &format!("{{ url: 'https://git.io/{place}/x', ref: {{ tag: {version} }} }}"),
        ),
        object(
            release,
            "HelmRelease",
            &format!(
                "{{ chart: {{ spec: {{ chart: {place}, version: {version}, \
                 sourceRef: {{ kind: HelmRepository, name: x }} }} }} }}"
            ),
        ),
        object(
            "argoproj.io/v1alpha1",
            "Application",
            &format!(
                "{{ source: {{ repoURL: 'https://{place}.io/charts', chart: p, \
                 targetRevision: {version} }} }}"
            ),
        ),
        object(
            "source.toolkit.fluxcd.io/v1",
            "GitRepository",
            &format!("{{ url: 'https://git.io/{place}/x', ref: {{ branch: main }} }}"),
        ),
    ]
}

#[test]
fn where_a_git_repository_or_a_chart_comes_from_is_judged() {
    let sites = "path: '{environment}/f.yaml', kind: manifest, app: web";
    let (good, evil) = (sources("good", "1.0.0"), sources("evil", "1.0.0"));
    for (good, evil) in good.iter().zip(&evil) {
        let shop = guarded(sites, "*/f.yaml", good, &[]);
        judged(&shop, &[("prod/f.yaml", Some(evil))]).ends(3).says("fail order").says("evil");
        shop.elsewhere("Move", &[("qa/f.yaml", Some(evil))]);
        judged(&shop, &[("prod/f.yaml", Some(evil))]).ends(0);
    }
    let shop = guarded(sites, "*/f.yaml", &good[1], &[]);
    let other = good[1].replace("HelmRepository, name: x", "HelmRepository, name: evil");
    judged(&shop, &[("prod/f.yaml", Some(&other))]).ends(3).says("good of HelmRepository/evil");
}

#[test]
fn a_version_is_promoted_only_between_sources_that_are_the_same() {
    let sites = "path: '{environment}/f.yaml', kind: manifest, app: web";
    let new = sources("fork", "2.0.0");
    for (good, fork) in sources("good", "1.0.0").iter().zip(&new).take(3) {
        let shop = guarded(sites, "*/f.yaml", good, &[("qa/f.yaml", fork)]);
        shop.elsewhere("Fork", &[("qa/f.yaml", Some(fork))]);
        let told = shop.rungs(&["promote", "web", "--to", "prod", "--commit"]);
        told.ends(3).says("fork").says("good").says("`mirrors` does not say that both hold");
        let by_hand = good.replace("1.0.0", "2.0.0");
        judged(&shop, &[("prod/f.yaml", Some(&by_hand))]).ends(3).says("fail order in `qa`");
        shop.elsewhere("Back", &[("qa/f.yaml", Some(&by_hand))]);
        shop.rungs(&["promote", "web", "--to", "prod", "--commit"]).ends(0);
    }
    // Objects of other names may have one address, and what stays brings nothing.
    let good = &sources("good", "1.0.0")[1];
    let other = good.replace("HelmRepository, name: x", "HelmRepository, name: y");
    let shop = guarded(sites, "*/f.yaml", good, &[]);
    shop.elsewhere("Name", &[("qa/f.yaml", Some(&other.replace("1.0.0", "2.0.0")))]);
    shop.rungs(&["promote", "web", "--to", "prod", "--commit"]).ends(0);
    let mirrored = |settings: &str| {
        settings.replace("sites:", "mirrors: { 'git.io/fork/*': 'git.io/good/*' }\nsites:")
    };
    let good = &sources("good", "1.0.0")[0];
    let shop = guarded(sites, "*/f.yaml", good, &[]);
    let settings = mirrored(&git(&shop.clone, &["show", "origin/main:rungs.yaml"]));
    shop.elsewhere("Fork", &[("rungs.yaml", Some(&settings)), ("qa/f.yaml", Some(&new[0]))]);
    shop.rungs(&["promote", "web", "--to", "prod", "--commit"]).ends(0);
}

#[test]
fn a_digest_that_a_chart_adds_decides_what_runs() {
    let sites = "path: 'charts/{app}/values-{environment}.yaml', kind: helm-values";
    let all = "charts/web/values-*.yaml";
    let chart = "image: {repository: x/web, tag: ''";
    let bare = format!("{chart}}}\n");
    let before =
        [("charts/web/Chart.yaml", "name: web\n"), ("charts/web/values.yaml", bare.as_str())];
    let evil = digest('6');
    let own = ["image: {tag: v1}\n", "image: {repository: x/web, tag: v1}\n", "image: x/web:v1\n"];
    for own in own {
        let shop = guarded(sites, all, own, &before);
        let sha = evil.trim_start_matches("sha256:");
        let is_whole = own.starts_with("image: x");
        let others = if is_whole {
            vec![format!("image: x/web\nimageDigest: '{evil}'\n")]
        } else {
            vec![
                format!("{chart}, digest: '{evil}'}}\n"),
                format!("{chart}, sha: '{sha}'}}\n"),
                format!("{bare}imageDigest: '{evil}'\n"),
            ]
        };
        for chart in &others {
            judged(&shop, &[("charts/web/values.yaml", Some(chart))])
                .ends(3)
                .says("web in prod image v1 → v1@6666666")
                .says("fail order in `qa`, `image` is `v1` and not `v1@6666666`");
        }
        let qa = [
            ("charts/web/values.yaml", Some(others[0].as_str())),
            ("charts/web/values-qa.yaml", Some(&*own.replace("v1", "v2"))),
        ];
        shop.elsewhere("Pin", &qa);
        shop.rungs(&["promote", "web", "--to", "prod", "--dry-run"])
            .ends(1)
            .says("error[unclear-companion]");
        // Its own digest, or none, is what counts in place of the chart's.
        if own.starts_with("image: {") {
            let own = own.replace('}', ", digest: ''}");
            judged(&shop, &[("charts/web/values-prod.yaml", Some(&own))])
                .ends(3)
                .says("image v1@6666666 → v1");
        }
    }
}

#[test]
fn a_promoted_value_with_a_repository_in_it_meets_the_gate_of_images() {
    let sites = "path: '{environment}/values.yaml', kind: helm-values, app: web, promote: [side]";
    let values = |side: &str| {
        format!("image: {{repository: x/web, tag: v1}}\nside: {{image: {{repository: {side}}}}}\n")
    };
    let shop = guarded(sites, "*/values.yaml", &values("x/side"), &[]);
    shop.elsewhere("Fork", &[("qa/values.yaml", Some(&values("evil/side")))]);
    shop.rungs(&["promote", "web", "--to", "prod", "--dry-run"])
        .ends(3)
        .says("`evil/side` of `side.image` may not be used here");
    shop.elsewhere("Side", &[("qa/values.yaml", Some(&values("x/other")))]);
    shop.rungs(&["promote", "web", "--to", "prod", "--dry-run"]).ends(0);
}

#[test]
fn an_entry_that_renames_an_image_of_the_base_is_judged() {
    let sites = "path: 'ov/{environment}/kustomization.yaml', kind: kustomize, app: web";
    let own = "resources: [../base]\nimages:\n- {name: x/web, newTag: v1}\n";
    let shop = guarded(sites, "ov/*/kustomization.yaml", own, &[]);
    let prod = "ov/prod/kustomization.yaml";
    let with = |entry: &str| judged(&shop, &[(prod, Some(&format!("{own}- {entry}\n")))]);
    with("{name: x/side, newName: evil/side}")
        .ends(3)
        .says("fail order in `qa`, `x/side` is not there")
        .says("fail image `evil/side` of `x/side`");
    with("{name: x/side, tagSuffix: -evil}").ends(3).says("`x/side` is `*-evil` now, which moves");
    let good = format!("{own}- {{name: x/side, newName: x/good}}\n");
    shop.elsewhere("Rename", &[("ov/qa/kustomization.yaml", Some(&good))]);
    judged(&shop, &[(prod, Some(&good))]).ends(0).says("pass order");
    shop.elsewhere("Rename", &[(prod, Some(&good))]);
    let gone = judged(&shop, &[(prod, Some(own))]);
    gone.ends(3).says("`x/side` is no longer read as a reference");
    // What an environment has of its own is nobody's to promote.
    let mirror = format!("{own}- {{name: x/side, newName: x/mirror}}\n");
    shop.elsewhere("Build", &[("ov/qa/kustomization.yaml", Some(&good.replace("v1", "v2")))]);
    shop.elsewhere("Mirror", &[(prod, Some(&mirror))]);
    shop.rungs(&["promote", "web", "--to", "prod", "--commit"]).ends(0).says("pass order");
    shop.rungs(&["status"]).ends(0).says("web v2 v2");
}

#[test]
fn a_site_that_is_taken_out_of_sight_is_refused() {
    let shop = shop();
    let cart = pod("ghcr.io/shop/cart:v6");
    let moved = [("manifests/prod/cart.yaml", None), ("manifests/prod/cart.yml", Some(&*cart))];
    refused(&shop, &moved, "`ghcr.io/shop/cart` is still named here");
    begin(&shop);
    git(&shop.clone, &["rm", "-q", "tags/prod/mail"]);
    put(&shop.clone, "tags/prod/mail/tag", Some(&mail("v6")));
    commit(&shop);
    let output = shop.ends(3, &["gates", "--base", "origin/main"]);
    output.says("is no longer read, and what said it is here");
    let templated = pod("ghcr.io/shop/cart:{{ tag }}");
    judged(&shop, &[("manifests/prod/cart.yaml", Some(&templated))]).ends(3);
    let listed = values("v1").replace("tag: v1", "tag: [v6]");
    refused(
        &shop,
        &[("helm/shop/values-prod.yaml", Some(&listed))],
        "is no longer read as a reference",
    );
    let without = values("v1").replace("  tag: v1\n", "");
    refused(
        &shop,
        &[("helm/shop/values-prod.yaml", Some(&without))],
        "is no longer read as a reference",
    );
    let other_key = values("v6").replace("tag:", "version:");
    refused(
        &shop,
        &[("helm/shop/values-prod.yaml", Some(&other_key))],
        "is no longer read as a reference",
    );
    let overlay = "resources: [../base]\n";
    refused(
        &shop,
        &[("apps/web/prod/kustomization.yaml", Some(overlay))],
        "no longer read as a reference",
    );
    let excluded = pod("ghcr.io/shop2/cart:v6");
    refused(
        &shop,
        &[("manifests/prod/cart.yaml", Some(&excluded))],
        "no longer read as a reference",
    );
}

#[test]
fn a_marker_that_goes_or_stands_elsewhere_is_refused() {
    let shop = shop();
    let gone = marked("v6").replace(" # rungs: app=pay", "");
    refused(&shop, &[("marked/prod.yaml", Some(&gone))], "no longer read as a reference");
    let decoy = "pay:\n  image: ghcr.io/shop/pay:v6\nother:\n  image: ghcr.io/shop/pay:v1 # rungs: app=pay\n";
    refused(&shop, &[("marked/prod.yaml", Some(decoy))], "no longer read as a reference");
}

#[test]
fn a_directory_that_leads_elsewhere_is_refused() {
    let shop = shop();
    begin(&shop);
    git(&shop.clone, &["rm", "-rq", "manifests/prod"]);
    let head = git(&shop.clone, &["rev-parse", "HEAD"]);
    let link = format!("160000,{},manifests/prod", head.trim());
    git(&shop.clone, &["update-index", "--add", "--cacheinfo", &link]);
    git(&shop.clone, &["commit", "-qm", "Submodule"]);
    shop.ends(3, &["gates", "--base", "origin/main"]).says("`manifests/prod` leads elsewhere now");
    begin(&shop);
    git(&shop.clone, &["rm", "-rq", "manifests/prod"]);
    put(&shop.clone, "elsewhere/cart.yaml", Some(&pod("ghcr.io/shop/cart:v6")));
    symlink("../elsewhere", shop.clone.join("manifests/prod")).unwrap();
    commit(&shop);
    assert_ne!(shop.rungs(&["gates", "--base", "origin/main"]).code, Some(0));
}

#[test]
fn an_app_that_goes_is_noted_and_approved() {
    let with_approvals = format!(
        "{SETTINGS}environments: {{ prod: {{ gates: {{ approvals: {{ count: 1 }} }} }} }}\n"
    );
    for (settings, code) in [(SETTINGS, 0), (&*with_approvals, 5)] {
        let shop = configured(settings);
        for path in [
            "manifests/prod/cart.yaml",
            "helm/shop/values-prod.yaml",
            "apps/web/prod/kustomization.yaml",
        ] {
            judged(&shop, &[(path, None)]).ends(code).finds("app-removed");
        }
    }
}

#[test]
fn what_another_app_has_as_well_does_not_keep_an_app_from_going() {
    let shop = shop();
    shop.elsewhere(
        "Second",
        &[(
            "marked/prod.yaml",
            Some(&(marked("v1") + "x:\n  image: ghcr.io/shop/cart:v1 # rungs: app=x\n")),
        )],
    );
    judged(&shop, &[("manifests/prod/cart.yaml", None)]).ends(0).finds("app-removed");
    let settings = SETTINGS.replace("include: ['*/shop/*']", "include: ['*/shop/*', redis]");
    let host =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: hosts }\ndata: { host: redis }\n";
    let files = [
        ("rungs.yaml", Some(&*settings)),
        ("manifests/prod/redis.yaml", Some(&*pod("redis:7"))),
        ("manifests/prod/hosts.yaml", Some(host)),
    ];
    shop.elsewhere("Redis", &files);
    judged(&shop, &[("manifests/prod/redis.yaml", None)]).ends(0).finds("app-removed");
    let moved =
        [("manifests/prod/redis.yaml", None), ("manifests/prod/redis.yml", Some(&*pod("redis:8")))];
    refused(&shop, &moved, "`redis` is still named here");
}

#[test]
fn a_site_that_moves_is_free_and_noted() {
    let shop = shop();
    let settings = SETTINGS.replace("manifests/{environment}", "deploy/{environment}");
    let mut edits = vec![("rungs.yaml", Some(&*settings))];
    let pods: Vec<_> = [("qa", "v2"), ("stage", "v1"), ("prod", "v1")]
        .map(|(environment, tag)| {
            let paths =
                ["manifests", "deploy"].map(|root| format!("{root}/{environment}/cart.yaml"));
            (paths, pod(&format!("ghcr.io/shop/cart:{tag}")))
        })
        .into();
    for ([old, new], text) in &pods {
        edits.extend([(&**old, None), (&**new, Some(&**text))]);
    }
    judged(&shop, &edits).ends(0).finds("site-moved");
    let evil = pod("ghcr.io/shop/cart:v6");
    let at = edits.iter().position(|(path, _)| *path == "deploy/prod/cart.yaml").unwrap();
    edits[at].1 = Some(&evil);
    assert_ne!(judged(&shop, &edits).code, Some(0));
}

#[test]
fn an_app_that_is_new_above_the_first_rung_has_to_be_below_or_named() {
    let shop = shop();
    let new = pod("ghcr.io/shop/new:v6");
    refused(&shop, &[("manifests/prod/new.yaml", Some(&new))], "set `enters: [new]` there first");
    let settings = format!("{SETTINGS}environments: {{ prod: {{ enters: [new] }} }}\n");
    let unnamed = [("rungs.yaml", Some(&*settings)), ("manifests/prod/new.yaml", Some(&*new))];
    refused(&shop, &unnamed, "set `enters: [new]` there first");
    shop.elsewhere("Name it", &[("rungs.yaml", Some(&settings))]);
    judged(&shop, &[("manifests/prod/new.yaml", Some(&new))])
        .ends(0)
        .says("`new` enters `prod` first");
    shop.elsewhere(
        "Begin",
        &[("manifests/prod/new.yaml", Some(&new)), ("rungs.yaml", Some(SETTINGS))],
    );
    let later = pod("ghcr.io/shop/new:v7");
    judged(&shop, &[("manifests/prod/new.yaml", Some(&later))]).ends(0).says("it is there already");
}

#[test]
fn other_changes_are_listed_and_promotions_have_none() {
    let shop = shop();
    let scaled = values("v1").replace("replicas: 2", "replicas: 200");
    judged(&shop, &[("helm/shop/values-prod.yaml", Some(&scaled))]).ends(0).finds("other-change");
    let extra = pod("evil.example.com/x:v1");
    judged(&shop, &[("manifests/prod/extra.yaml", Some(&extra))]).ends(0).finds("other-change");
    for edits in [
        [("helm/shop/values-stage.yaml", Some(&*values("v2")))],
        [("apps/web/stage/kustomization.yaml", Some(&*kustomization("v2")))],
        [("manifests/stage/cart.yaml", Some(&*pod("ghcr.io/shop/cart:v2")))],
        [("README.md", Some("# shop\n"))],
    ] {
        let output = judged(&shop, &edits).ends(0);
        assert!(!output.stderr.contains("other-change"), "{output:?}");
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_an_error() {
    let shop = shop();
    judged(&shop, &[("rungs.yaml", None)]).ends(2).finds("no-settings");
    judged(&shop, &[("rungs.yaml", Some("version: 1\nladders: [qa]\n"))]).ends(2);
}

#[test]
fn a_change_is_judged_as_it_would_be_merged() {
    let shop = shop();
    begin(&shop);
    put(&shop.clone, "helm/shop/values-stage.yaml", Some(&values("v2")));
    commit(&shop);
    let scaled = values("v1").replace("pullPolicy: Always", "pullPolicy: Never");
    shop.elsewhere("Scale", &[("helm/shop/values-stage.yaml", Some(&scaled))]);
    git(&shop.clone, &["fetch", "-q"]);
    let document: Value = shop.json(0, &["gates", "--base", "origin/main"]);
    assert_eq!(document["plans"][0]["environment"], "stage");
}

/// Judges a change after `rungs render`.
#[track_caller]
fn rendered(shop: &Shop, edits: &[Edit<'_>]) -> RunOutput {
    begin(shop);
    for (path, text) in edits {
        put(&shop.clone, path, *text);
    }
    shop.ends(0, &["render"]);
    commit(shop);
    shop.rungs(&["gates", "--base", "origin/main"])
}

/// The text of a file in the clone, with a part replaced.
fn replaced(shop: &Shop, path: &str, from: &str, to: &str) -> String {
    begin(shop);
    let text = std::fs::read_to_string(shop.clone.join(path)).unwrap();
    assert!(text.contains(from), "no `{from}` in {text}");
    text.replace(from, to)
}

#[test]
fn an_edit_of_a_rendered_file_is_refused() {
    let shop = Shop::native(&[]);
    let path = "rendered/prod/web/deployment-web.yaml";
    let text = replaced(&shop, path, "v1", "v6");
    let stale = "is not what would be rendered";
    judged(&shop, &[(path, Some(&text))]).ends(3).says("fail render").says(stale);
    judged(&shop, &[(path, None)]).ends(3).says("fail render").says(stale);
    let evil = pod("evil.example.com/x:v6");
    judged(&shop, &[("rendered/prod/web/pod-evil.yaml", Some(&evil))]).ends(3).says(stale);
    for path in
        ["rendered/evil.yaml", "rendered/prod/evil.yaml", "rendered/prod/_environment/evil.yaml"]
    {
        judged(&shop, &[(path, Some(&evil))]).ends(1).finds("stale-rendering");
    }
    let web = replaced(&shop, "environments/stage/web.yaml", "v1", "v2");
    judged(&shop, &[("environments/stage/web.yaml", Some(&web))]).ends(3).says("fail render");
    rendered(&shop, &[("environments/stage/web.yaml", Some(&web))]).ends(0);
    begin(&shop);
    git(&shop.clone, &["rm", "-rq", "rendered"]);
    commit(&shop);
    assert_ne!(shop.rungs(&["gates", "--base", "origin/main"]).code, Some(0));
}

#[test]
fn what_was_stale_or_foreign_before_stops_nobody() {
    let shop = Shop::native(&[]);
    let path = "rendered/stage/web/deployment-web.yaml";
    let stale = replaced(&shop, path, "spec:", "# by hand\nspec:");
    shop.elsewhere("Stale", &[(path, Some(&stale)), ("rendered/stage/note.txt", Some("by hand"))]);
    let api = replaced(&shop, "environments/stage/api.yaml", "v1", "v2");
    let file = replaced(&shop, "rendered/stage/api/deployment-api.yaml", ":v1", ":v2");
    let promotion = [
        ("environments/stage/api.yaml", Some(&*api)),
        ("rendered/stage/api/deployment-api.yaml", Some(&*file)),
    ];
    judged(&shop, &promotion).ends(0);
}

#[test]
fn an_image_that_a_template_or_a_value_brings_is_refused_unless_it_is_below() {
    let template = "templates/web/deployment.yaml.tera";
    let shop = Shop::native(&[(template, WITH_SIDECAR)]);
    let evil = WITH_SIDECAR.replace("{{ images.web.ref }}", "evil.example.com/x:v6");
    judged(&shop, &[(template, Some(&evil))]).ends(3);
    let added = WITH_SIDECAR
        .replace("spec:", "spec:\n  initContainers: [{ name: x, image: evil.example.com/x:v6 }]");
    let output = rendered(&shop, &[(template, Some(&added))]).ends(3);
    output
        .says("fail order `evil.example.com/x:v6` is deployed then")
        .says("at templates/web/deployment.yaml.tera:5");
    let sidecar = "values: { sidecar: 'mesh.example.com/proxy:v3' }\n";
    for path in ["environments/environment.yaml", "environments/prod/environment.yaml"] {
        rendered(&shop, &[(path, Some(sidecar))]).ends(3).says(&format!("at {path}:1"));
    }
    rendered(&shop, &[("environments/qa/environment.yaml", Some(sidecar))]).ends(0);
    let app = replaced(
        &shop,
        "environments/stage/web.yaml",
        "template: web\n",
        &format!("template: web\n{sidecar}"),
    );
    rendered(&shop, &[("environments/stage/web.yaml", Some(&app))]).ends(3);
    let qa = replaced(
        &shop,
        "environments/qa/web.yaml",
        "template: web\n",
        &format!("template: web\n{sidecar}"),
    );
    rendered(&shop, &[("environments/qa/web.yaml", Some(&qa))]).ends(0);
    git(&shop.clone, &["push", "-q", "origin", "change:main"]);
    rendered(&shop, &[("environments/stage/web.yaml", Some(&app))]).ends(0);
}

#[test]
fn an_image_that_the_base_names_as_unordered_may_come_with_a_template() {
    let gates = "gates: { image: { unordered: ['*/proxy'] } }\n";
    let template = "templates/web/deployment.yaml.tera";
    let shop = Shop::native(&[(template, WITH_SIDECAR), ("environments/environment.yaml", gates)]);
    let sidecar = format!("{gates}values: {{ sidecar: 'mesh.example.com/proxy:v3' }}\n");
    rendered(&shop, &[("environments/environment.yaml", Some(&sidecar))]).ends(0);
    let other = sidecar.replace("proxy:v3", "other:v3");
    rendered(&shop, &[("environments/environment.yaml", Some(&other))]).ends(3);
}

#[test]
fn a_value_that_is_no_longer_promoted_and_changes_is_refused() {
    let template = "templates/web/deployment.yaml.tera";
    let shop = Shop::native(&[(
        template,
        &WITH_SIDECAR.replace("name: web,", "name: \"{{ values.flag | default(value='x') }}\","),
    )]);
    let with = |flag: &str, promote: &str| {
        format!(
            "template: web\nimages: {{ web: {{ repository: r.io/web, tag: v1 }} }}\nvalues: {{ flag: {flag} }}\n{promote}"
        )
    };
    let promoted = "promote: [values.flag]\n";
    let files: Vec<_> = ["qa", "stage", "prod"]
        .map(|environment| (format!("environments/{environment}/web.yaml"), with("on", promoted)))
        .into();
    let mut edits: Vec<Edit<'_>> =
        files.iter().map(|(path, text)| (&**path, Some(&**text))).collect();
    let api: Vec<_> =
        ["qa", "stage", "prod"].map(|one| format!("environments/{one}/api.yaml")).into();
    edits.extend(api.iter().map(|path| (&**path, None)));
    rendered(&shop, &edits);
    git(&shop.clone, &["push", "-q", "origin", "change:main"]);
    let path = "environments/prod/web.yaml";
    rendered(&shop, &[(path, Some(&with("off", promoted)))]).ends(3);
    rendered(&shop, &[(path, Some(&with("off", "")))])
        .ends(3)
        .says("no longer promoted, and changes");
    rendered(&shop, &[(path, Some(&with("on", "")))]).ends(0);
}

#[test]
fn an_app_in_another_file_or_under_another_name_is_refused() {
    let shop = Shop::native(&[]);
    let evil = replaced(&shop, "environments/prod/web.yaml", "v1", "v6");
    let renamed =
        [("environments/prod/web.yaml", None), ("environments/prod/web2.yaml", Some(&*evil))];
    rendered(&shop, &renamed).ends(3).says("no environment before `prod` has ever had `web2`");
    let untagged =
        replaced(&shop, "environments/prod/web.yaml", "    tag: v1 # by promotion\n", "");
    assert_ne!(judged(&shop, &[("environments/prod/web.yaml", Some(&untagged))]).code, Some(0));
    let other_key = evil.replace("  web:\n", "  web2:\n");
    assert_ne!(judged(&shop, &[("environments/prod/web.yaml", Some(&other_key))]).code, Some(0));
}

#[test]
fn what_relaxes_gates_is_named_and_approved() {
    let guarded = "environments: { prod: { gates: { soak: 10d, approvals: { count: 1 } } } }\n";
    let relaxed = "environments: { prod: { gates: { soak: 1h, approvals: { count: 1 } } } }\n";
    let workflow = "run: rungs gates --base main\n";
    let hold = "- { state: { cart: v6 }, reason: broken, by: ana }\n";
    let hold_file = ".rungs/holds/prod/cart.yaml";
    for (guarded, code, found) in [
        (guarded, 5, "gates-relaxed-unapproved"),
        ("environments: { prod: { gates: { soak: 10d } } }\n", 0, "gates-relaxed"),
    ] {
        let shop = configured(&format!("{SETTINGS}{guarded}"));
        let more = [(".github/workflows/rungs.yml", Some(workflow)), (hold_file, Some(hold))];
        shop.elsewhere("More", &more);
        let is_named = |edits: &[Edit<'_>]| {
            judged(&shop, edits).ends(code).finds(found);
        };
        let weaker = relaxed.replace(", approvals: { count: 1 }", "");
        is_named(&[("rungs.yaml", Some(&format!("{SETTINGS}{relaxed}")))]);
        is_named(&[("rungs.yaml", Some(&format!("{SETTINGS}{weaker}")))]);
        is_named(&[("rungs.yaml", Some(SETTINGS))]);
        let turned = format!("{SETTINGS}{guarded}").replace("qa, stage, prod]", "prod, stage, qa]");
        is_named(&[("rungs.yaml", Some(&turned))]);
        let skipping = format!("{SETTINGS}{}", guarded.replace("prod: {", "prod: { enters: [x],"));
        is_named(&[("rungs.yaml", Some(&skipping))]);
        let mirrors = format!("{SETTINGS}{guarded}mirrors: {{ 'evil.io/*': 'ghcr.io/*' }}\n");
        is_named(&[("rungs.yaml", Some(&mirrors))]);
        let excluding =
            format!("{SETTINGS}{guarded}").replace("include: ['*/shop/*']", "include: ['*/x/*']");
        judged(&shop, &[("rungs.yaml", Some(&excluding))]).finds(found);
        is_named(&[(".github/workflows/rungs.yml", Some("run: true\n"))]);
        is_named(&[(".github/workflows/rungs.yml", None)]);
        is_named(&[(hold_file, None)]);
        is_named(&[(hold_file, Some("[]\n"))]);
    }
    let shop = configured(&format!("{SETTINGS}{guarded}"));
    let stricter = guarded.replace("10d", "20d");
    let output = judged(&shop, &[("rungs.yaml", Some(&format!("{SETTINGS}{stricter}")))]).ends(0);
    assert!(!output.stderr.contains("relaxed"), "{output:?}");
}

/// An environment with two waves, beside others.
const WAVES: &str = "\
version: 1
ladder: [qa, stage, prod]
policies: { production: { unpinned: warning } }
environments:
  prod: { waves: [[eu-1], [us-1]] }
  demo: { after: { all: [stage] }, cluster: demo-1 }
sites:
  - { path: '{cluster}/{environment}/{app}.yaml', kind: yaml, fields: { tag: tag } }
  - path: '{environment}/{app}.yaml'
    kind: yaml
    fields: { tag: tag, repository: repository }
";

#[test]
fn every_setting_that_lets_more_in_is_named() {
    let mut files = BTreeMap::from([("rungs.yaml".to_owned(), WAVES.to_owned())]);
    for directory in ["qa", "stage", "demo", "eu-1/prod", "us-1/prod"] {
        let text = "tag: v1\nrepository: ghcr.io/shop/web\n";
        files.insert(format!("{directory}/web.yaml"), text.to_owned());
    }
    let shop = Shop::of(&files);
    for (from, to, says) in [
        ("[[eu-1], [us-1]]", "[[eu-1, us-1]]", "the ladder changes"),
        ("[[eu-1], [us-1]]", "[[us-1], [eu-1]]", "the ladder changes"),
        ("[[eu-1], [us-1]]", "[[eu-1]]", "`prod/us-1` is not an environment any more"),
        ("[qa, stage, prod]", "[[qa, stage], prod]", "the ladder changes"),
        ("[qa, stage, prod]", "[stage, prod]", "the ladder changes"),
        ("{ all: [stage] }", "{ any: [stage, qa] }", "the ladder changes"),
        ("after: { all: [stage] }, ", "", "the ladder changes"),
        ("cluster: demo-1", "cluster: eu-1", "`cluster` changes"),
        ("after: { all: [stage] }", "after: [stage], tier: production", "`tier` changes"),
        ("after: { all: [stage] }", "after: [stage], retag: 'x-{tag}'", "`retag` changes"),
        ("after: { all: [stage] }", "after: [stage], skip: [web]", "`skip` names `web`"),
        ("after: { all: [stage] }", "after: [stage], select: newest-eligible", "`select`"),
        (
            "after: { all: [stage] }",
            "after: [stage], gates: { override: { approvals: 1 } }",
            "`gates.override` is relaxed",
        ),
        (
            "repository: repository }\n",
            "repository: repository }\n    together: false\n",
            "`web` no longer moves as a whole (`demo`)",
        ),
        (
            "repository: repository }\n",
            "repository: repository }\n    exclude: ['demo/**']\n",
            "`sites` change",
        ),
        (
            "repository: repository }\n",
            "repository: repository }\n    exclude: ['*/other.yaml']\n",
            "`sites` change",
        ),
        ("'{environment}/{app}.yaml'", "'{environment}/{app}-x.yaml'", "`sites` change"),
        ("tag, repository: repository }\n", "tag }\n    digest: add\n", "`sites` change"),
        ("sites:", "output: elsewhere\nsites:", "`output` changes"),
        ("unpinned: warning", "unpinned: note", "`policies` of `production` change"),
        ("{ production: { unpinned: warning } }", "{}", "`policies` of `production` change"),
        ("sites:", "worker: { memory: 8GiB }\nsites:", "`worker.memory` is raised"),
        (
            "repository: repository }\n",
            "repository: repository }\n    images: { ignore: [{ image: '*', finding: range, reason: x }] }\n",
            "`range` of `*` is no longer reported",
        ),
    ] {
        assert!(WAVES.contains(from), "{from}");
        let changed = WAVES.replace(from, to);
        let output = judged(&shop, &[("rungs.yaml", Some(&changed))]);
        output.says(says).finds("gates-relaxed");
    }
    let stricter = WAVES
        .replace("'{environment}/{app}.yaml'", "'{environment}/{app}.yaml'\n    together: true")
        .replace("unpinned: warning", "unpinned: error")
        .replace("sites:", "worker: { time: 10s }\nsites:");
    let output = judged(&shop, &[("rungs.yaml", Some(&stricter))]).ends(0);
    assert!(!output.stderr.contains("relaxed"), "{output:?}");
}

#[test]
fn an_app_that_no_longer_moves_as_a_whole_is_named() {
    let shop = Shop::native(&[]);
    let with = |text: &str| format!("{}\n{text}", shop.file("environments/prod/web.yaml"));
    let apart = with("together: false\n");
    let path = "environments/prod/web.yaml";
    judged(&shop, &[(path, Some(&apart))])
        .ends(0)
        .says("`web` no longer moves as a whole (`prod`)")
        .finds("gates-relaxed");
    shop.elsewhere("Apart", &[(path, Some(&apart))]);
    let whole = apart.replace("false", "true");
    let output = judged(&shop, &[(path, Some(&whole))]).ends(0);
    assert!(!output.stderr.contains("relaxed"), "{output:?}");
}

#[test]
fn bounds_of_an_environment_that_go_are_named() {
    const BOUNDS: &str = "\
quota: { requests.cpu: '20', pods: '50' }
limits: { defaultRequest: { cpu: 100m }, max: { cpu: '2' } }
access:
  - { group: developers, role: view }
";
    let path = "environments/prod/environment.yaml";
    let shop = Shop::native(&[(path, BOUNDS)]);
    for (from, to, says) in [
        ("'50'", "'500'", "`quota` changes (`prod`)"),
        (", pods: '50'", "", "`quota` changes (`prod`)"),
        (", max: { cpu: '2' }", "", "`limits` changes (`prod`)"),
        ("role: view", "role: edit", "`access` grants more (`prod`)"),
        ("quota:", "generate: { namespaces: false }\nquota:", "`generate.namespaces` is off"),
    ] {
        assert!(BOUNDS.contains(from), "{from}");
        let changed = BOUNDS.replace(from, to);
        judged(&shop, &[(path, Some(&changed))]).says(says).finds("gates-relaxed");
    }
    let stricter = BOUNDS
        .replace("pods: '50'", "pods: '50', services: '9'")
        .replace("  - { group: developers, role: view }\n", "")
        .replace("access:\n", "");
    let output = judged(&shop, &[(path, Some(&stricter))]);
    assert!(!output.stderr.contains("relaxed"), "{output:?}");
}

#[test]
fn holds_and_freezes_that_are_over_go_freely() {
    let freeze = "environments: { prod: { gates: { window: { freeze: [{ from: 2020-01-01, until: 2020-01-02 }] } } } }\n";
    let shop = configured(&format!("{SETTINGS}{freeze}"));
    let hold = "- { state: { cart: v6 }, reason: broken, by: ana, until: 2020-01-01 }\n";
    shop.elsewhere("Hold", &[(".rungs/holds/prod/cart.yaml", Some(hold))]);
    let over = [("rungs.yaml", Some(SETTINGS)), (".rungs/holds/prod/cart.yaml", None)];
    let output = judged(&shop, &over).ends(0);
    assert!(!output.stderr.contains("relaxed"), "{output:?}");
}

#[test]
fn a_hold_that_the_same_change_lifts_still_counts() {
    let shop = shop();
    let hold = "- { state: { cart: v2 }, reason: broken, by: ana }\n";
    shop.elsewhere("Hold", &[(".rungs/holds/stage/cart.yaml", Some(hold))]);
    let cart = pod("ghcr.io/shop/cart:v2");
    let both =
        [("manifests/stage/cart.yaml", Some(&*cart)), (".rungs/holds/stage/cart.yaml", None)];
    judged(&shop, &both).ends(3).says("fail hold").finds("gates-relaxed");
}

const FORGE: &str = "forge: { kind: github, url: 'https://github.com', repository: shop/deploy";

/// A configuration with the way that pull requests land.
fn landing(merge: &str) -> String {
    format!("{SETTINGS}{FORGE}, merge: {merge} }}\n")
}

#[test]
fn a_state_that_stands_between_two_commits_is_judged_where_it_can_land() {
    for (settings, code) in [
        (SETTINGS.to_owned(), 3),
        (landing("rebase"), 3),
        (landing("squash"), 0),
        (landing("merge"), 0),
    ] {
        let shop = configured(&settings);
        begin(&shop);
        for tag in ["v6", "v1"] {
            put(
                &shop.clone,
                "manifests/prod/cart.yaml",
                Some(&pod(&format!("ghcr.io/shop/cart:{tag}"))),
            );
            commit(&shop);
        }
        let output = shop.ends(code, &["gates", "--base", "origin/main"]);
        if code == 3 {
            output.says("alone").says("fail order");
        }
    }
}

#[test]
fn honest_commits_pass_one_by_one_with_the_base_merged_in_between() {
    let shop = shop();
    begin(&shop);
    put(&shop.clone, "manifests/stage/cart.yaml", Some(&pod("ghcr.io/shop/cart:v2")));
    commit(&shop);
    shop.elsewhere("Promote", &[("helm/shop/values-stage.yaml", Some(&values("v2")))]);
    git(&shop.clone, &["fetch", "-q"]);
    git(&shop.clone, &["merge", "-q", "-m", "Merge main", "origin/main"]);
    put(&shop.clone, "apps/web/stage/kustomization.yaml", Some(&kustomization("v2")));
    commit(&shop);
    shop.ends(0, &["gates", "--base", "origin/main"]);
}

#[test]
fn a_merge_that_brings_a_state_of_its_own_is_judged() {
    let shop = shop();
    begin(&shop);
    put(&shop.clone, "README.md", Some("# shop\n"));
    commit(&shop);
    git(&shop.clone, &["switch", "-qc", "side", "origin/main"]);
    put(&shop.clone, "NOTES.md", Some("notes\n"));
    commit(&shop);
    git(&shop.clone, &["switch", "-q", "change"]);
    git(&shop.clone, &["merge", "-q", "--no-commit", "--no-ff", "side"]);
    put(&shop.clone, "manifests/prod/cart.yaml", Some(&pod("ghcr.io/shop/cart:v6")));
    commit(&shop);
    put(&shop.clone, "manifests/prod/cart.yaml", Some(&pod("ghcr.io/shop/cart:v1")));
    commit(&shop);
    shop.ends(3, &["gates", "--base", "origin/main"]).says("alone");
}

/// Commits and pushes to the remote's `main` at a time.
fn lands(shop: &Shop, time: &str, edits: &[Edit<'_>]) {
    begin(shop);
    for (path, text) in edits {
        put(&shop.clone, path, *text);
    }
    git_at(&shop.clone, time, &["add", "-A"]);
    git_at(&shop.clone, time, &["commit", "-qm", "Land"]);
    git(&shop.clone, &["push", "-q", "origin", "change:main"]);
}

#[test]
fn a_commit_of_1970_has_not_soaked_and_a_state_of_a_moment_was_never_held() {
    let soak = "environments: { prod: { gates: { soak: 1d } } }\n";
    let shop = configured(&format!("{SETTINGS}{soak}"));
    let cart = |tag: &str| pod(&format!("ghcr.io/shop/cart:{tag}"));
    let stage = "manifests/stage/cart.yaml";
    lands(&shop, "1970-01-02T00:00:00Z", &[(stage, Some(&cart("v2")))]);
    let prod = [("manifests/prod/cart.yaml", Some(&*cart("v2")))];
    judged(&shop, &prod).ends(5).says("is dated before one that it follows");
    lands(&shop, "2020-01-01T00:00:00Z", &[("README.md", Some("old\n"))]);
    judged(&shop, &prod).ends(5).says("is dated before one that it follows");
    shop.elsewhere("Now", &[("README.md", Some("now\n"))]);
    judged(&shop, &prod).ends(5).says("wait soak it has been in `stage` for");
    lands(&shop, "2099-01-01T00:00:00Z", &[(stage, Some(&cart("v3")))]);
    let future = [("manifests/prod/cart.yaml", Some(&*cart("v3")))];
    judged(&shop, &future).ends(5).says("in the future");
    shop.elsewhere("Try", &[(stage, Some(&cart("v666")))]);
    shop.elsewhere("Back", &[(stage, Some(&cart("v3")))]);
    git(&shop.clone, &["switch", "-q", "main"]);
    shop.pull();
    let named = ["gates", "cart", "--to", "prod", "--ref", ":v666"];
    shop.ends(3, &named).says("it was there for less than 10m");
}

#[test]
fn an_override_in_a_record_counts_only_where_the_base_says_who_approves_it() {
    let of_stage =
        |gates: &str| format!("environments: {{ stage: {{ gates: {{ tag: '^r'{gates} }} }} }}\n");
    for (gates, code) in [("", 3), (", override: { approvals: 2, teams: [sre] }", 5)] {
        let shop = Shop::configured(&of_stage(gates), &[]);
        let overriding = ["--override", "tag", "--reason", "REL-7 is urgent", "--branch"];
        shop.ends(0, &[&["promote", "web", "--to", "stage"], &overriding[..]].concat());
        git(&shop.clone, &["fetch", "-q"]);
        let judge = ["gates", "--base", "main", "--head", "origin/rungs/stage/web"];
        let output = shop.ends(code, &judge);
        if code == 5 {
            output.says(
                "its record overrides that (REL-7 is urgent), for which 2 approvals by `sre`",
            );
        }
    }
}

#[test]
fn an_urgent_fix_is_not_lost_by_the_next_promotion() {
    let shop = Shop::adopted(&[]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    let fix = image("web", "v1.0.1");
    shop.elsewhere("Fix prod", &[("prod/web.yaml", Some(&fix))]);
    shop.pull();
    let promote = ["promote", "web", "--to", "prod", "--commit"];
    let lost =
        "`image` is `v1.0.1` in `prod`, which `stage` and `qa` never had, and it would be lost";
    shop.ends(3, &promote).says(lost);
    shop.ends(3, &[&promote[..], &["--ref", ":v2"]].concat()).says(lost);
    let status = shop.json(0, &["status", "web"]);
    assert!(status.to_string().contains("--replaces image=:v1.0.1"), "{status}");
    let v2 = image("web", "v2");
    judged(&shop, &[("prod/web.yaml", Some(&v2))]).ends(3).says(lost);
    git(&shop.clone, &["switch", "-q", "main"]);
    shop.ends(3, &[&promote[..], &["--replaces", "image=:v1.0.0"]].concat()).says(lost);
    let branch = ["promote", "web", "--to", "prod", "--branch", "--replaces", "image=:v1.0.1"];
    shop.ends(0, &branch);
    git(&shop.clone, &["fetch", "-q"]);
    shop.ends(0, &["gates", "--base", "main", "--head", "origin/rungs/prod/web"]);
    let message = git(&shop.clone, &["log", "-1", "--format=%B", "origin/rungs/prod/web"]);
    assert!(message.contains("Rungs-Replaces: image=:v1.0.1"), "{message}");
    // Once it has been below, nothing is lost.
    shop.elsewhere("Fix below", &[("stage/web.yaml", Some(&fix))]);
    shop.elsewhere("Go on", &[("stage/web.yaml", Some(&v2))]);
    shop.pull();
    shop.ends(0, &promote);
}

#[test]
fn a_revert_by_hand_is_judged_as_a_rollback_if_it_is_one() {
    let gates = "environments: { stage: { gates: { ticket: '^REL-' } } }\n";
    let shop = Shop::configured(gates, &[]);
    let promoted = shop.elsewhere("Promote", &[("stage/web.yaml", Some(&image("web", "v2")))]);
    begin(&shop);
    git(&shop.clone, &["revert", "--no-edit", promoted.trim()]);
    let output = shop.ends(0, &["gates", "--base", "origin/main"]);
    assert!(!output.stdout.contains("order"), "{output:?}");
    let claimed = |message: &str, tag: &str| {
        begin(&shop);
        put(&shop.clone, "stage/web.yaml", Some(&image("web", tag)));
        git(&shop.clone, &["commit", "-qam", message]);
        shop.rungs(&["gates", "--base", "origin/main"])
    };
    let reverts = format!("Back\n\nThis reverts commit {}.\n", promoted.trim());
    claimed(&reverts, "v1").ends(0);
    claimed(&reverts, "v0").ends(3).says("fail order");
    claimed("Back", "v1").ends(3).says("fail order");
    let other = shop.elsewhere("Other", &[("README.md", Some("# shop\n"))]);
    claimed(&format!("Back\n\nThis reverts commit {}.\n", other.trim()), "v1").ends(3);
    claimed("Back\n\nRungs-Rollback: web in stage\n", "v1").ends(0);
    claimed("Back\n\nRungs-Rollback: web in stage\n", "v0").ends(3).says("fail order");
    claimed("Back\n\nRungs-Rollback: web in prod\n", "v1").ends(3);
}

#[test]
fn a_template_that_is_pinned_in_one_environment_alone_neither_moves_nor_counts() {
    let shop = Shop::native(&[]);
    let pin = git(&shop.clone, &["rev-parse", "HEAD"]);
    let pinned = |environment: &str| {
        let path = format!("environments/{environment}/web.yaml");
        replaced(&shop, &path, "template: web\n", &format!("template: web@{}\n", pin.trim()))
    };
    for environment in ["stage", "qa"] {
        let text = pinned(environment);
        rendered(&shop, &[(&format!("environments/{environment}/web.yaml"), Some(&text))]).ends(0);
        git(&shop.clone, &["push", "-qf", "origin", "change:main"]);
        git(&shop.clone, &["fetch", "-q"]);
        shop.ends(0, &["gates", "web", "--to", "stage"]).says("pass order");
        let output = shop.ends(0, &["promote", "web", "--to", "stage", "--dry-run"]);
        assert!(!output.stdout.contains("template"), "{output:?}");
        git(&shop.clone, &["push", "-qf", "origin", &format!("{}:main", pin.trim())]);
    }
}

#[test]
fn a_branch_whose_history_is_rewritten_is_reported_until_somebody_says_that_it_is_right() {
    let shop = Shop::adopted(&[]);
    shop.elsewhere("More", &[("README.md", Some("# shop\n"))]);
    shop.pull();
    let quiet = |arguments: &[&str]| {
        let output = shop.ends(0, arguments);
        assert!(!output.stderr.contains("history-rewritten"), "{output:?}");
    };
    quiet(&["status"]);
    shop.elsewhere("More", &[("README.md", Some("# the shop\n"))]);
    shop.pull();
    quiet(&["audit"]);
    let bare = shop.remote.bare();
    git(&bare, &["update-ref", "refs/heads/main", "main~1"]);
    git(&shop.clone, &["fetch", "-q"]);
    let commands = [
        &["status"][..],
        &["audit"],
        &["gates", "--base", "main"],
        &["gates", "web", "--to", "stage"],
    ];
    for command in commands {
        shop.ends(0, command).finds("history-rewritten");
    }
    git(&shop.clone, &["update-ref", "-d", "refs/rungs/seen/origin/main"]);
    quiet(&["status"]);
}

#[test]
fn what_stood_before_a_branch_was_rewritten_is_remembered() {
    let soak = "environments: { prod: { gates: { soak: { for: 1h, trust: forge } } } }\n";
    let shop = Shop::configured(soak, &[]);
    let set = |code: i32, tag: &str, number: &str| {
        shop.ends(code, &["set", "web", tag, "--env", "qa", "--commit", "--sequence", number])
    };
    set(0, ":v8", "8");
    set(0, ":v9", "9");
    git(&shop.clone, &["fetch", "-q"]);
    shop.ends(0, &["status"]);
    git(&shop.remote.bare(), &["update-ref", "refs/heads/main", "main~2"]);
    set(1, ":v8", "8").finds("old-sequence");
    set(0, ":v10", "10");
    let web = image("web", "v2");
    judged(&shop, &[("prod/web.yaml", Some(&web))]).says("history was rewritten");
}

#[test]
fn a_change_of_a_file_that_the_base_renamed_is_judged_at_its_new_place() {
    let shop = shop();
    begin(&shop);
    put(&shop.clone, "manifests/prod/cart.yaml", Some(&pod("ghcr.io/shop/cart:v6")));
    commit(&shop);
    let settings = SETTINGS.replace("manifests/{environment}", "deploy/{environment}");
    let mut edits = vec![("rungs.yaml", Some(settings))];
    for (environment, tag) in [("qa", "v2"), ("stage", "v1"), ("prod", "v1")] {
        let text = pod(&format!("ghcr.io/shop/cart:{tag}"));
        let (old, new) = match environment {
            "qa" => ("manifests/qa/cart.yaml", "deploy/qa/cart.yaml"),
            "stage" => ("manifests/stage/cart.yaml", "deploy/stage/cart.yaml"),
            _ => ("manifests/prod/cart.yaml", "deploy/prod/cart.yaml"),
        };
        edits.extend([(old, None), (new, Some(text))]);
    }
    let edits: Vec<Edit<'_>> = edits.iter().map(|(path, text)| (*path, text.as_deref())).collect();
    shop.elsewhere("Move", &edits);
    git(&shop.clone, &["fetch", "-q"]);
    shop.ends(3, &["gates", "--base", "origin/main"]).says("cart in prod");
}

#[test]
fn a_change_that_conflicts_waits_until_it_can_be_merged() {
    let shop = shop();
    begin(&shop);
    put(&shop.clone, "helm/shop/values-qa.yaml", Some(&values("v3")));
    commit(&shop);
    shop.elsewhere("Other", &[("helm/shop/values-qa.yaml", Some(&values("v4")))]);
    git(&shop.clone, &["fetch", "-q"]);
    shop.ends(5, &["gates", "--base", "origin/main"]).finds("change-conflicts");
}

#[test]
fn a_base_that_is_merged_into_the_change_is_said_to_be_put_aside_by_a_push() {
    let shop = shop();
    begin(&shop);
    put(&shop.clone, "README.md", Some("# shop\n"));
    commit(&shop);
    shop.elsewhere("Other", &[("NOTES.md", Some("notes\n"))]);
    git(&shop.clone, &["fetch", "-q"]);
    git(&shop.clone, &["merge", "-q", "-m", "Merge main", "origin/main"]);
    shop.ends(0, &["gates", "--base", "origin/main"]).finds("first-parents-replaced");
}

#[test]
fn a_native_repository_that_becomes_another_layout_is_named() {
    let shop = Shop::native(&[]);
    let settings = "version: 1\nladder: [qa, stage, prod]\nsites: [{ path: 'x/{environment}/{app}.yaml', kind: manifest }]\n";
    let output = judged(&shop, &[("rungs.yaml", Some(settings))]);
    assert!(output.stderr.contains("gates-relaxed"), "{output:?}");
}

#[test]
fn a_new_environment_is_listed() {
    let shop = shop();
    let settings = SETTINGS.replace("prod]", "prod, last]");
    let cart = pod("ghcr.io/shop/cart:v6");
    let new = [("rungs.yaml", Some(&*settings)), ("manifests/last/cart.yaml", Some(&*cart))];
    judged(&shop, &new).ends(0).says("`last` is a new environment");
}

fn release(version: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{ name: chart }}\nspec:\n  chart:\n    \
         spec:\n      chart: shop\n      version: '{version}'\n      sourceRef: {{ kind: HelmRepository, name: r }}\n"
    )
}

#[test]
fn a_range_that_nothing_below_has_is_refused() {
    let settings =
        format!("{SETTINGS}  - path: 'charts/{{environment}}/{{app}}.yaml'\n    kind: manifest\n");
    let shop = configured(&settings);
    let all: Vec<_> = [("qa", ">=1"), ("stage", "1.x"), ("prod", "1.x")]
        .map(|(environment, version)| {
            (format!("charts/{environment}/chart.yaml"), release(version))
        })
        .into();
    let edits: Vec<Edit<'_>> = all.iter().map(|(path, text)| (&**path, Some(&**text))).collect();
    shop.elsewhere("Charts", &edits);
    let prod = "charts/prod/chart.yaml";
    refused(
        &shop,
        &[(prod, Some(&release(">=9")))],
        "is `>=9` of `shop of HelmRepository/r` now, which moves by itself",
    );
    judged(&shop, &[("charts/stage/chart.yaml", Some(&release(">=1")))]).ends(0);
    judged(&shop, &[("charts/qa/chart.yaml", Some(&release(">=9")))]).ends(0);
}

#[test]
fn an_image_that_goes_as_it_went_below_is_no_loss() {
    let shop = shop();
    let without = "resources: [../base]\n";
    judged(&shop, &[("apps/web/qa/kustomization.yaml", Some(without))]).ends(0);
    let more = |tag: &str| {
        kustomization(tag)
            + "  - name: sidecar\n    newName: ghcr.io/shop/sidecar\n    newTag: v1\n"
    };
    let prod = "apps/web/prod/kustomization.yaml";
    shop.elsewhere(
        "Sidecar",
        &[("apps/web/stage/kustomization.yaml", Some(&more("v1"))), (prod, Some(&more("v1")))],
    );
    refused(&shop, &[(prod, Some(&kustomization("v1")))], "no longer read as a reference");
    shop.elsewhere("Without", &[("apps/web/stage/kustomization.yaml", Some(&kustomization("v1")))]);
    judged(&shop, &[(prod, Some(&kustomization("v1")))]).ends(0);
}

#[test]
fn a_tag_with_a_commit_in_it_says_what_it_was_built_from() {
    let gates = "environments: { stage: { gates: { tag: '^v(?<commit>[0-9a-f]+)$' } } }\n";
    let shop = Shop::configured(gates, &[]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    assert!(shop.message().contains("Rungs-Source-Commit: image 2"), "{}", shop.message());
    let plain = Shop::adopted(&[]);
    plain.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    assert!(!plain.message().contains("Source-Commit"), "{}", plain.message());
}

#[test]
fn an_environment_with_tags_of_its_own_waits_for_the_registry() {
    let shop = Shop::configured("environments: { stage: { retag: 'stage-{tag}' } }\n", &[]);
    let output = shop.ends(5, &["promote", "web", "--to", "stage", "--commit"]);
    output.says("no registry is asked yet");
    let other = image("web", "stage-v2");
    judged(&shop, &[("stage/web.yaml", Some(&other))]).ends(5).says("no registry is asked yet");
}

#[test]
fn a_templates_tag_that_was_moved_since_it_was_recorded_stops_a_promotion() {
    let shop = Shop::native(&[]);
    let tag = |at: &str| {
        git(&shop.clone, &["tag", "-f", "web-1", at]);
        git(&shop.clone, &["push", "-qf", "origin", "web-1"]);
    };
    tag("HEAD");
    git(&shop.clone, &["tag", "web-0", "HEAD"]);
    git(&shop.clone, &["push", "-q", "origin", "web-0"]);
    for (environment, pin) in [("qa", "web-1"), ("stage", "web-0"), ("prod", "web-0")] {
        let path = format!("environments/{environment}/web.yaml");
        let text = replaced(&shop, &path, "template: web\n", &format!("template: web@{pin}\n"));
        rendered(&shop, &[(&path, Some(&text))]);
        git(&shop.clone, &["push", "-q", "origin", "change:main"]);
    }
    git(&shop.clone, &["switch", "-q", "main"]);
    shop.pull();
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]);
    assert!(shop.message().contains("Rungs-Source-Commit: template "), "{}", shop.message());
    shop.pull();
    tag("HEAD");
    shop.ends(1, &["promote", "web", "--to", "prod", "--commit"]).finds("pin-moved");
}

#[test]
fn a_file_that_the_base_renamed_is_judged_where_paths_name_the_app() {
    let settings = |root: &str| {
        format!(
            "version: 1\nladder: [qa, stage, prod]\nsites: [{{ path: '{root}/{{environment}}/{{app}}.yaml', kind: manifest }}]\n"
        )
    };
    for new in ["deploy/prod/cart.yaml", "deploy/prod/basket.yaml"] {
        let text = pod("ghcr.io/shop/cart:v1");
        let mut files = BTreeMap::from([("rungs.yaml".to_owned(), settings("manifests"))]);
        files.extend(
            ["qa", "stage", "prod"].map(|one| (format!("manifests/{one}/cart.yaml"), text.clone())),
        );
        let shop = Shop::of(&files);
        begin(&shop);
        put(&shop.clone, "manifests/prod/cart.yaml", Some(&pod("ghcr.io/shop/cart:v6")));
        commit(&shop);
        let moved = settings("deploy");
        let all = [
            ("rungs.yaml", Some(&*moved)),
            ("manifests/qa/cart.yaml", None),
            ("manifests/stage/cart.yaml", None),
            ("manifests/prod/cart.yaml", None),
            ("deploy/qa/cart.yaml", Some(&*text)),
            ("deploy/stage/cart.yaml", Some(&*text)),
            (new, Some(&*text)),
        ];
        shop.elsewhere("Move", &all);
        git(&shop.clone, &["fetch", "-q"]);
        let output = shop.rungs(&["gates", "--base", "origin/main"]);
        assert!(output.stdout.contains("in prod"), "{output:?}");
    }
}

#[test]
fn lines_that_change_their_places_are_listed() {
    let shop = shop();
    let two =
        |first: &str, second: &str| format!("a:\n  replicas: {first}\nb:\n  replicas: {second}\n");
    let with = |text: String| values("v1") + &text;
    shop.elsewhere("Two", &[("helm/shop/values-prod.yaml", Some(&with(two("1", "10"))))]);
    let swapped = with(two("10", "1"));
    judged(&shop, &[("helm/shop/values-prod.yaml", Some(&swapped))]).ends(0).finds("other-change");
}

#[test]
fn gates_that_an_app_brings_with_it_are_compared_with_those_of_its_environment() {
    let gates = "gates: { soak: 1d, relax: { approvals: 1 } }\n";
    let shop = Shop::native(&[("environments/prod/environment.yaml", gates)]);
    let web = replaced(
        &shop,
        "environments/prod/web.yaml",
        "template: web\n",
        "template: web\ngates: { soak: ~ }\n",
    );
    rendered(&shop, &[("environments/prod/web.yaml", Some(&web))])
        .ends(5)
        .says("`gates.soak` of `web` is relaxed");
    let new =
        "template: web\nimages: { web: { repository: r.io/web, tag: v1 } }\ngates: { soak: ~ }\n";
    let output = rendered(&shop, &[("environments/prod/new.yaml", Some(new))]);
    assert!(output.stderr.contains("`gates.soak` of `new` is relaxed"), "{output:?}");
}

#[test]
fn a_merge_with_several_common_ancestors_hides_nothing() {
    let shop = Shop::adopted(&[]);
    shop.elsewhere("Bad", &[("prod/web.yaml", Some(&image("web", "v9")))]);
    git(&shop.clone, &["fetch", "-q"]);
    git(&shop.clone, &["switch", "-qc", "topic", "origin/main"]);
    put(&shop.clone, "NOTES.md", Some("notes\n"));
    commit(&shop);
    shop.elsewhere("Back", &[("prod/web.yaml", Some(&image("web", "v1")))]);
    git(&shop.clone, &["fetch", "-q"]);
    let back = git(&shop.clone, &["rev-parse", "origin/main"]);
    git(&shop.clone, &["switch", "-qC", "landing", "origin/main"]);
    git(&shop.clone, &["merge", "-q", "--no-ff", "-m", "Land the topic", "topic"]);
    git(&shop.clone, &["push", "-q", "origin", "landing:main"]);
    git(&shop.clone, &["fetch", "-q"]);
    git(&shop.clone, &["switch", "-qC", "change", "topic"]);
    git(&shop.clone, &["merge", "-q", "--no-commit", "--no-ff", back.trim()]);
    put(&shop.clone, "prod/web.yaml", Some(&image("web", "v9")));
    git(&shop.clone, &["commit", "-qam", "Merge main"]);
    shop.ends(3, &["gates", "--base", "origin/main"]).says("web in prod");
}

#[test]
fn a_configuration_behind_a_link_is_read_as_well() {
    let shop = shop();
    begin(&shop);
    git(&shop.clone, &["mv", "rungs.yaml", "settings.yaml"]);
    symlink("settings.yaml", shop.clone.join("rungs.yaml")).unwrap();
    commit(&shop);
    git(&shop.clone, &["push", "-q", "origin", "change:main"]);
    let turned = SETTINGS.replace("qa, stage, prod]", "prod, stage, qa]");
    judged(&shop, &[("settings.yaml", Some(&turned))]).finds("gates-relaxed");
}

#[test]
fn a_rendered_file_that_becomes_a_link_is_refused() {
    let shop = Shop::native(&[]);
    let path = "rendered/prod/web/deployment-web.yaml";
    begin(&shop);
    let text = std::fs::read_to_string(shop.clone.join(path)).unwrap();
    put(&shop.clone, "other/web.yaml", Some(&text));
    std::fs::remove_file(shop.clone.join(path)).unwrap();
    symlink("../../../other/web.yaml", shop.clone.join(path)).unwrap();
    commit(&shop);
    shop.ends(3, &["gates", "--base", "origin/main"]).says("fail render");
    begin(&shop);
    std::fs::remove_dir_all(shop.clone.join("rendered/prod/web")).unwrap();
    put(&shop.clone, "other/web/deployment-web.yaml", Some(&text));
    symlink("../../other/web", shop.clone.join("rendered/prod/web")).unwrap();
    commit(&shop);
    assert_ne!(shop.rungs(&["gates", "--base", "origin/main"]).code, Some(0));
}

#[test]
fn what_stands_beside_a_site_is_listed_however_it_is_written() {
    let shop = shop();
    let prod = "apps/web/prod/kustomization.yaml";
    let hidden =
        kustomization("v1").replace("newTag: v1\n", "newTag: v1\rpatches:\r  - path: evil.yaml\n");
    judged(&shop, &[(prod, Some(&hidden))]).finds("other-change");
    let flow =
        "resources: [../base]\nimages: [{ name: web, newName: ghcr.io/shop/web, newTag: v1 }]\n";
    shop.elsewhere("Flow", &[(prod, Some(flow))]);
    let more = flow.replace("newTag: v1 }]", "newTag: v1 }, { name: x, newName: evil.io/x }]");
    judged(&shop, &[(prod, Some(&more))]).finds("other-change");
    let extra = pod("ghcr.io/shop/cart:v1") + "    - name: x\n      image: evil.io/x:v9\n";
    judged(&shop, &[("manifests/prod/extra.yaml", Some(&extra))]).finds("other-change");
    let base = pod("evil.io/web:v9");
    judged(&shop, &[("apps/web/base/web.yaml", Some(&base))]).ends(0).finds("other-change");
    begin(&shop);
    std::fs::write(shop.clone.join("logo.png"), b"\x89PNG\xff").unwrap();
    commit(&shop);
    let output = shop.rungs(&["gates", "--base", "origin/main"]).ends(0);
    assert!(!output.stderr.contains("other-change"), "{output:?}");
}

#[test]
fn a_tag_that_is_no_text_any_more_is_refused() {
    let shop = shop();
    let quoted = values("'1.10'");
    for environment in ["qa", "stage", "prod"] {
        let path = format!("helm/shop/values-{environment}.yaml");
        shop.elsewhere("Quoted", &[(&path, Some(&quoted))]);
    }
    let unquoted = values("1.10");
    refused(&shop, &[("helm/shop/values-prod.yaml", Some(&unquoted))], "is no text any more");
    let double = values("\"1.10\"");
    judged(&shop, &[("helm/shop/values-prod.yaml", Some(&double))]).ends(0);
}

#[test]
fn rules_environments_and_a_forge_that_are_added_are_named() {
    let shop = shop();
    let rule = format!(
        "{SETTINGS}  - path: 'decoy/{{environment}}.yaml'\n    kind: yaml\n    app: web\n    fields: {{ tag: t }}\n"
    );
    judged(&shop, &[("rungs.yaml", Some(&rule))]).ends(0).finds("gates-relaxed");
    judged(&shop, &[("rungs.yaml", Some(&landing("squash")))]).ends(0).finds("gates-relaxed");
    let nested = "manifests/prod/eu/pay.yaml";
    shop.elsewhere(
        "Nested",
        &[
            (nested, Some(&pod("ghcr.io/shop/pay:v1"))),
            ("manifests/stage/pay.yaml", Some(&pod("ghcr.io/shop/pay:v1"))),
        ],
    );
    let canary = format!("{SETTINGS}environments: {{ canary: {{ path: prod/eu }} }}\n");
    judged(&shop, &[("rungs.yaml", Some(&canary))]).says("is no longer read");
}

/// Renders a change of `main` and pushes it, as somebody did so many days ago.
fn rendered_ago(shop: &Shop, days: i64, edits: &[Edit<'_>]) {
    begin(shop);
    for (path, text) in edits {
        put(&shop.clone, path, *text);
    }
    if shop.clone.join("rendered").exists() {
        shop.ends(0, &["render"]);
    }
    git(&shop.clone, &["add", "-A"]);
    let time = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
    git_at(&shop.clone, &time.to_string(), &["commit", "-qm", "Somebody's"]);
    git(&shop.clone, &["push", "-q", "origin", "change:main"]);
}

const SIDECAR: &str = "values: { sidecar: 'mesh.example.com/proxy:v3' }\n";

#[test]
fn what_a_value_brings_has_to_soak_below() {
    let gates = "gates: { soak: 1d }\n";
    let prod = "environments/prod/environment.yaml";
    let stage = "environments/stage/environment.yaml";
    let template = "templates/web/deployment.yaml.tera";
    for is_kept in [true, false] {
        let shop = Shop::native(&[(template, WITH_SIDECAR), (prod, gates)]);
        if !is_kept {
            begin(&shop);
            git(&shop.clone, &["rm", "-rq", "rendered"]);
            commit(&shop);
            git(&shop.clone, &["push", "-q", "origin", "change:main"]);
        }
        let judged = |edits: &[Edit<'_>]| {
            begin(&shop);
            for (path, text) in edits {
                put(&shop.clone, path, *text);
            }
            if is_kept {
                shop.ends(0, &["render"]);
            }
            commit(&shop);
            shop.rungs(&["gates", "--base", "origin/main"])
        };
        let wanted = format!("{gates}{SIDECAR}");
        let wanted = [(prod, Some(&*wanted))];
        rendered_ago(&shop, 0, &[("environments/qa/environment.yaml", Some(SIDECAR))]);
        judged(&wanted).ends(3).says("`stage` does not deploy");
        rendered_ago(&shop, 0, &[(stage, Some(SIDECAR))]);
        judged(&wanted).ends(5).says("`mesh.example.com/proxy:v3` has been in `stage` for");
        let away = SIDECAR.replace("v3", "v2");
        rendered_ago(&shop, 0, &[(stage, Some(&away))]);
        judged(&wanted).ends(3).says("`stage` does not deploy");
    }
    for (days, code) in [(3, 0), (0, 5)] {
        let shop = Shop::native(&[(template, WITH_SIDECAR), (prod, gates)]);
        git(&shop.clone, &["commit", "-q", "--amend", "--no-edit", "--date=2020-01-01T00:00:00Z"]);
        let old = "2020-01-01T00:00:00Z";
        git_at(&shop.clone, old, &["commit", "-q", "--amend", "--no-edit", "--date", old]);
        git(&shop.clone, &["push", "-qf", "origin", "HEAD:main"]);
        rendered_ago(&shop, days, &[(stage, Some(SIDECAR))]);
        let wanted = format!("{gates}{SIDECAR}");
        rendered(&shop, &[(prod, Some(&wanted))]).ends(code);
    }
}

#[test]
fn what_a_value_brings_meets_every_gate_of_what_it_enters() {
    let template = "templates/web/deployment.yaml.tera";
    let prod = "environments/prod/environment.yaml";
    for (gate, code, reason) in [
        ("image: { allow: ['r.io/*'] }", 3, "fail image `mesh.example.com/proxy` of"),
        ("image: { allow: ['r.io/*', 'mesh.example.com/*'] }", 0, "pass image"),
        ("digest: required", 3, "fail digest `mesh.example.com/proxy` has no digest"),
        ("ticket: '^REL-'", 3, "fail ticket"),
        ("approvals: { count: 1 }", 5, "wait approvals"),
        ("window: { freeze: [{ from: 2020-01-01, until: 2099-01-01 }] }", 5, "wait window"),
        ("tag: '^v2$'", 0, ""),
        ("image: { unordered: ['*/proxy'], allow: ['r.io/*'] }", 3, "fail image"),
    ] {
        let gates = format!("gates: {{ {gate} }}\n");
        let shop = Shop::native(&[(template, WITH_SIDECAR), (prod, &gates)]);
        rendered_ago(&shop, 0, &[("environments/stage/environment.yaml", Some(SIDECAR))]);
        let wanted = format!("{gates}{SIDECAR}");
        rendered(&shop, &[(prod, Some(&wanted))]).ends(code).says(reason);
    }
}

#[test]
fn a_chart_and_a_revision_that_a_value_brings_are_refused() {
    let template = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web }
spec:
  interval: 5m
  chart: { spec: { chart: web, version: \"{{ values.chart }}\", sourceRef: { kind: HelmRepository, name: r } } }
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web }
spec:
  source: { repoURL: 'https://git.example.com/shop/web', targetRevision: \"{{ values.revision }}\", path: . }
---
apiVersion: v1
kind: Pod
metadata: { name: {{ app }} }
spec:
  containers: [{ name: web, image: \"{{ images.web.ref }}\" }]
";
    let settings = |chart: &str, revision: &str| {
        format!("values: {{ chart: {chart}, revision: {revision} }}\n")
    };
    let old = settings("1.0.0", "v1");
    let shop = Shop::native(&[
        ("templates/web/deployment.yaml.tera", template),
        ("environments/environment.yaml", &old),
    ]);
    let prod = "environments/prod/environment.yaml";
    let of_chart = rendered(&shop, &[(prod, Some(&settings("2.0.0", "v1")))]).ends(3);
    of_chart.says("`2.0.0` of `web` is deployed then").says(&format!("at {prod}:1"));
    rendered(&shop, &[(prod, Some(&settings("1.0.0", "v2")))])
        .ends(3)
        .says("`v2` of `https://git.example.com/shop/web` is deployed then");
    rendered(&shop, &[(prod, Some(&settings("1.0.0", "main")))]).ends(3);
    let new = settings("2.0.0", "v2");
    rendered_ago(&shop, 0, &[("environments/stage/environment.yaml", Some(&new))]);
    rendered(&shop, &[(prod, Some(&new))]).ends(0);
}

#[test]
fn a_rendered_file_that_changes_and_changes_back_is_refused_where_commits_land() {
    let template = "templates/web/deployment.yaml.tera";
    let path = "rendered/prod/web/pod-web.yaml";
    for (merge, code) in [(None, 3), (Some("rebase"), 3), (Some("squash"), 0)] {
        let shop = Shop::native(&[(template, WITH_SIDECAR)]);
        let land = |merge: &str| {
            format!(
                "version: 1\nladder: [qa, stage, prod]\nforge: {{ kind: github, url: 'https://github.com', repository: o/r, merge: {merge} }}\n"
            )
        };
        if let Some(merge) = merge {
            rendered_ago(&shop, 0, &[("rungs.yaml", Some(&land(merge)))]);
        }
        let text = replaced(&shop, path, "v1", "v6");
        put(&shop.clone, path, Some(&text));
        commit(&shop);
        put(&shop.clone, path, Some(&text.replace("v6", "v1")));
        commit(&shop);
        let output = shop.rungs(&["gates", "--base", "origin/main"]).ends(code);
        if code == 3 {
            output.says("v6` is deployed then");
        }
    }
}

#[test]
fn a_script_that_a_pipeline_calls_is_named() {
    let shop = Shop::native(&[]);
    let workflow = "jobs:\n  gates:\n    steps:\n    - uses: ./.github/actions/setup\n    - run: ./ci/check.sh\n";
    let files = [
        (".github/workflows/gates.yml", workflow),
        (".github/actions/setup/action.yml", "runs: { using: composite }\n"),
        ("ci/check.sh", ". ci/lib.sh\nmake -C ci gates\n"),
        ("ci/lib.sh", "set -e\n"),
        ("ci/Makefile", "gates:\n\trungs gates --base main\n"),
        ("ci/other.sh", "echo\n"),
        (".github/workflows/other.yml", "run: ./ci/other.sh\n"),
    ];
    let edits: Vec<_> = files.iter().map(|(path, text)| (*path, Some(*text))).collect();
    shop.elsewhere("Pipelines", &edits);
    for (path, is_named) in [
        ("ci/check.sh", true),
        ("ci/lib.sh", true),
        (".github/actions/setup/action.yml", true),
        (".github/workflows/gates.yml", true),
        ("ci/other.sh", false),
        (".github/workflows/other.yml", false),
    ] {
        for text in [Some("exit 0\n"), None] {
            let output = judged(&shop, &[(path, text)]);
            let found = output.stderr.contains("which runs rungs, changes");
            assert_eq!(found, is_named, "{path}: {output:?}");
        }
    }
}

#[test]
fn a_rendered_file_of_no_app_or_in_another_form_is_refused() {
    let evil = pod("evil.example.com/x:v6");
    let shop = Shop::native(&[]);
    judged(&shop, &[("rendered/prod/evil/pod-x.yaml", Some(&evil))])
        .ends(1)
        .finds("stale-rendering");
    let gone = [("environments/prod/web.yaml", None)];
    judged(&shop, &gone).ends(1).finds("stale-rendering").finds("app-removed");
    begin(&shop);
    put(&shop.clone, "other/evil.yaml", Some(&evil));
    symlink("../../../other/evil.yaml", shop.clone.join("rendered/prod/web/evil.yaml")).unwrap();
    commit(&shop);
    shop.ends(3, &["gates", "--base", "origin/main"]).says("fail render");
    begin(&shop);
    let large = format!("{evil}# {}\n", "x".repeat(5 << 20));
    put(&shop.clone, "rendered/prod/web/large.yaml", Some(&large));
    commit(&shop);
    shop.ends(3, &["gates", "--base", "origin/main"]).says("fail render");
    let device = Shop::native(&[]);
    let con = device.file("environments/qa/web.yaml");
    let named: Vec<_> =
        ["qa", "stage", "prod"].map(|one| format!("environments/{one}/con.yaml")).into();
    let edits: Vec<Edit<'_>> = named.iter().map(|path| (&**path, Some(&*con))).collect();
    rendered_ago(&device, 0, &edits);
    let file = "rendered/prod/%63on/deployment-con.yaml";
    let text = replaced(&device, file, "v2", "v6");
    judged(&device, &[(file, Some(&text))]).ends(3).says("fail render");
}

#[test]
fn a_digest_that_a_template_drops_and_an_image_in_another_form_are_refused() {
    let template = "templates/web/deployment.yaml.tera";
    let with_digest = WITH_SIDECAR.replace(
        "{{ images.web.ref }}",
        "{{ images.web.ref }}@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    );
    let shop = Shop::native(&[(template, &with_digest)]);
    rendered(&shop, &[(template, Some(WITH_SIDECAR))]).ends(3).says("is deployed then");
    let shop = Shop::native(&[(template, WITH_SIDECAR)]);
    let source = |kind: &str, spec: &str| {
        format!(
            "{WITH_SIDECAR}---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: {kind}\nmetadata: {{ name: x }}\nspec: {{ {spec} }}\n"
        )
    };
    for more in [
        source("GitRepository", "url: https://evil.example.com/x, ref: { tag: v1 }"),
        source("GitRepository", "url: https://evil.example.com/x"),
        source("OCIRepository", "url: oci://evil.example.com/x"),
        format!(
            "{WITH_SIDECAR}  volumes: [{{ name: x, image: {{ reference: evil.example.com/x:v6 }} }}]\n"
        ),
        format!(
            "{WITH_SIDECAR}---\napiVersion: x.io/v1\nkind: X\nmetadata: {{ name: x }}\nspec: {{ image: {{ repository: evil.example.com/x, tag: v6 }} }}\n"
        ),
        format!(
            "{WITH_SIDECAR}---\napiVersion: x.io/v1\nkind: X\nmetadata: {{ name: x }}\nspec: {{ images: [evil.example.com/x:v6] }}\n"
        ),
    ] {
        rendered(&shop, &[(template, Some(&more))]).ends(3).says("is deployed then");
    }
}

#[test]
fn a_state_that_a_value_brings_in_place_of_its_site_is_held_back_as_well() {
    let template = "templates/web/deployment.yaml.tera";
    let shop = Shop::native(&[(template, WITH_SIDECAR)]);
    let hold = "- { state: { web: v6 }, reason: broken, by: ana }\n";
    shop.elsewhere("Hold", &[(".rungs/holds/prod/web.yaml", Some(hold))]);
    let repository = "values: { sidecar: 'ghcr.io/shop/web:v6' }\n";
    let own = shop.file("environments/prod/web.yaml");
    let repository = if own.contains("ghcr.io/shop/web") {
        repository.to_owned()
    } else {
        let name = own.lines().find_map(|line| line.trim().strip_prefix("repository: ")).unwrap();
        repository.replace("ghcr.io/shop/web", name)
    };
    rendered_ago(&shop, 0, &[("environments/stage/environment.yaml", Some(&repository))]);
    rendered(&shop, &[("environments/prod/environment.yaml", Some(&repository))])
        .ends(3)
        .says("fail hold");
}

#[test]
fn a_file_that_moves_to_where_nothing_reads_it_is_refused() {
    let shop = shop();
    for (from, to) in [
        ("helm/shop/values-prod.yaml", "helm/shop/values-production.yaml"),
        ("helm", "charts"),
        ("apps/web/prod", "apps/web/production"),
    ] {
        begin(&shop);
        std::fs::create_dir_all(shop.clone.join(to).parent().unwrap()).unwrap();
        git(&shop.clone, &["mv", from, to]);
        commit(&shop);
        shop.ends(3, &["gates", "--base", "origin/main"]).says("fail order");
    }
}

#[test]
fn an_environment_of_a_native_repository_that_gets_another_name_is_refused() {
    let shop = Shop::native(&[]);
    begin(&shop);
    git(&shop.clone, &["mv", "environments/prod", "environments/production"]);
    let settings = shop.file("rungs.yaml").replace("prod]", "production]");
    put(&shop.clone, "rungs.yaml", Some(&settings));
    shop.ends(0, &["render"]);
    commit(&shop);
    let output = shop.rungs(&["gates", "--base", "origin/main"]);
    assert_ne!(output.code, Some(0), "{output:?}");
    output.says("is taken out of `prod`");
}

#[test]
fn a_hold_that_cannot_be_read_is_refused_and_can_be_mended() {
    let shop = shop();
    let path = ".rungs/holds/prod/cart.yaml";
    judged(&shop, &[(path, Some("x: [\n"))]).ends(2);
    shop.elsewhere("Break", &[(path, Some("x: [\n"))]);
    judged(&shop, &[("README.md", Some("# shop\n"))]).ends(2);
    judged(&shop, &[(path, None)]).ends(0).finds("gates-relaxed");
}

#[test]
fn what_only_the_changes_own_configuration_reads_is_judged_commit_by_commit() {
    let shop = shop();
    begin(&shop);
    git(&shop.clone, &["mv", "tags", "versions"]);
    put(&shop.clone, "rungs.yaml", Some(&SETTINGS.replace("tags/", "versions/")));
    commit(&shop);
    shop.ends(0, &["gates", "--base", "origin/main"]);
    put(&shop.clone, "versions/prod/mail", Some(&mail("v6")));
    commit(&shop);
    put(&shop.clone, "versions/prod/mail", Some(&mail("v1")));
    commit(&shop);
    shop.ends(3, &["gates", "--base", "origin/main"]).says("change's own configuration alone");
}

#[test]
fn a_route_that_is_no_longer_promoted_is_named() {
    let template = "templates/web/deployment.yaml.tera";
    let flag = WITH_SIDECAR.replace("name: web,", "name: \"{{ values.flag }}\",");
    let shop = Shop::native(&[
        (template, &flag),
        ("environments/environment.yaml", "values: { flag: x }\n"),
    ]);
    let with = |text: &str| format!("{}\n{text}", shop.file("environments/prod/web.yaml"));
    rendered_ago(
        &shop,
        0,
        &[("environments/prod/web.yaml", Some(&with("promote: [values.flag]\n")))],
    );
    let without =
        replaced(&shop, "environments/prod/web.yaml", "promote: [values.flag]", "promote: []");
    judged(&shop, &[("environments/prod/web.yaml", Some(&without))]).finds("gates-relaxed");
}

#[test]
fn a_sidecar_that_is_reverted_and_an_image_that_becomes_a_site_pass() {
    let template = "templates/web/deployment.yaml.tera";
    let shop = Shop::native(&[(template, WITH_SIDECAR)]);
    let all: Vec<_> = ["qa", "stage", "prod"]
        .map(|environment| format!("environments/{environment}/environment.yaml"))
        .into();
    let old = SIDECAR.replace("v3", "v2");
    let edits: Vec<Edit<'_>> = all.iter().map(|path| (&**path, Some(&*old))).collect();
    rendered_ago(&shop, 5, &edits);
    for path in &all {
        rendered_ago(&shop, 1, &[(path, Some(SIDECAR))]);
    }
    begin(&shop);
    git(&shop.clone, &["revert", "--no-edit", "HEAD"]);
    shop.ends(0, &["gates", "--base", "origin/main"]);
    begin(&shop);
    let site = WITH_SIDECAR
        .replace("values.sidecar }}", "images.sidecar.ref }}")
        .replace("{% if values.sidecar %}", "{% if images.sidecar %}");
    put(&shop.clone, template, Some(&site));
    for environment in ["qa", "stage", "prod"] {
        put(&shop.clone, &format!("environments/{environment}/environment.yaml"), Some("{}\n"));
        for app in ["api", "web"] {
            let path = format!("environments/{environment}/{app}.yaml");
            let text = std::fs::read_to_string(shop.clone.join(&path)).unwrap();
            let text = text.replace(
                "images:\n",
                "images:\n  sidecar: { repository: mesh.example.com/proxy, tag: v3 }\n",
            );
            put(&shop.clone, &path, Some(&text));
        }
    }
    shop.ends(0, &["render"]).says("unchanged");
    commit(&shop);
    shop.ends(0, &["gates", "--base", "origin/main"]);
}

#[test]
fn of_several_environments_the_one_that_has_the_state_must_have_soaked() {
    let settings = SETTINGS.replace("ladder: [qa, stage, prod]", "ladder: [qa, stage]");
    let any = format!(
        "{settings}environments: {{ prod: {{ after: {{ any: [qa, stage] }}, gates: {{ soak: 1d }} }} }}\n"
    );
    let shop = configured(&any);
    let old = |tag: &str| [("tags/qa/mail", Some(mail(tag)))];
    for (days, tag) in [(40, "v7"), (20, "v2")] {
        let [(path, text)] = old(tag);
        shop.days_ago(days, "Pass by", &[(path, text.as_deref())]);
    }
    shop.elsewhere("Fresh", &[("tags/stage/mail", Some(&mail("v7")))]);
    judged(&shop, &[("tags/prod/mail", Some(&mail("v7")))]).ends(5).says("wait soak");
}

#[test]
fn a_ticket_of_a_change_by_hand_is_given_by_the_pipeline() {
    let shop = configured(&format!(
        "{SETTINGS}environments: {{ prod: {{ gates: {{ ticket: '^REL-' }} }} }}\n"
    ));
    shop.elsewhere("Stage", &[("tags/stage/mail", Some(&mail("v2")))]);
    judged(&shop, &[("tags/prod/mail", Some(&mail("v2")))]).ends(3).says("fail ticket");
    shop.ends(0, &["gates", "--base", "origin/main", "--ticket", "REL-7"]);
}

#[test]
fn what_one_commit_relaxes_does_not_hide_what_another_brings() {
    let guarded = "environments: { prod: { gates: { relax: { approvals: 1 } } } }\n";
    let shop = configured(&format!("{SETTINGS}{guarded}"));
    let workflow = ".github/workflows/rungs.yml";
    shop.elsewhere("Workflow", &[(workflow, Some("run: rungs gates --base main\n"))]);
    begin(&shop);
    put(&shop.clone, workflow, Some("run: true\n"));
    commit(&shop);
    put(&shop.clone, "tags/prod/mail", Some(&mail("v6")));
    commit(&shop);
    let output = shop.rungs(&["gates", "--base", "origin/main"]);
    let code = output.code;
    output.says("fail order").finds("gates-relaxed-unapproved");
    assert_ne!(code, Some(0));
}

#[test]
fn an_image_that_a_value_brings_in_a_text_or_in_parts_is_refused() {
    let object = |api: &str, kind: &str, spec: &str| {
        format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{ name: x }}\nspec:\n{spec}\n")
    };
    let chart = "  chart: { spec: { chart: x, version: 1.0.0, sourceRef: { kind: HelmRepository, name: r } } }\n";
    let release = |values: &str| {
        let spec = format!("{chart}  values:\n{values}");
        object("helm.toolkit.fluxcd.io/v2", "HelmRelease", &spec)
    };
    let k3s = |spec: &str| object("helm.cattle.io/v1", "HelmChart", spec);
    let custom = |spec: &str| object("example.com/v1", "X", spec);
    let whole = "r.io/side:{{ values.side }}";
    let deployed = "`r.io/side:v6` is deployed then";
    for (text, reason) in [
        (
            k3s("  valuesContent: |\n    image: { repository: r.io/side, tag: {{ values.side }} }"),
            deployed,
        ),
        (k3s("  chart: x\n  version: '{{ values.side }}'"), "`v6` of `HelmChart/x` is deployed"),
        (k3s("  chart: https://{{ values.side }}/x.tgz\n  version: v1"), "`https://v6/x.tgz` of"),
        (k3s("  chart: x\n  repo: https://{{ values.side }}\n  version: v1"), "`https://v6` of"),
        (release(&format!("    more: |\n      - name: x\n        image: {whole}")), deployed),
        (release("    image: { repository: r.io/side, tag: '{{ values.side }}' }"), deployed),
        (release("    image: { tag: '{{ values.side }}' }"), "of `spec.values.image` is deployed"),
        (
            custom(&format!(
                "  image: {{ tag: v1, digest: '{{{{ values.side | replace(from=\"v\", to=\"sha256:{}\") }}}}' }}",
                "0".repeat(63)
            )),
            "of `spec.image` is deployed",
        ),
        (custom(&format!("  text: |\n    SIDE_IMAGE: {whole}")), deployed),
        (custom("  image: r.io/side\n  tag: '{{ values.side }}'"), deployed),
        (custom("  image: r.io/side\n  version: '{{ values.side }}'"), deployed),
        (custom(&format!("  base_image: {whole}")), deployed),
        (custom(&format!("  base-image: {whole}")), deployed),
        (custom(&format!("  SIDE_IMAGE: {whole}")), deployed),
        (custom(&format!("  images: {{ x: '{whole}' }}")), deployed),
        (custom("  image: { name: r.io/side, tag: '{{ values.side }}' }"), deployed),
        (
            custom(&format!(
                "  patch: |\n    - {{ op: replace, path: /spec/image, value: '{whole}' }}"
            )),
            deployed,
        ),
    ] {
        let (old, new) = ("values: { side: v1 }\n", "values: { side: v6 }\n");
        let shop = Shop::native(&[
            ("templates/web/x.yaml.tera", &*text),
            ("environments/environment.yaml", old),
        ]);
        let prod = "environments/prod/environment.yaml";
        let output = rendered(&shop, &[(prod, Some(new))]).ends(3);
        assert!(output.stdout.contains("fail  order"), "{text}: {output:?}");
        output.says(reason);
        rendered(&shop, &[("environments/qa/environment.yaml", Some(new))]).ends(0);
    }
}

#[test]
fn what_only_looks_like_an_image_stops_nobody() {
    let object = "\
apiVersion: example.com/v1
kind: X
metadata: { name: x }
spec:
  logoImage: assets/{{ values.side }}.png
  image: {{ values.side }}.svg
  version: {{ values.side }}
  text: |
    Our images: {{ values.side }}, and no image: at all
";
    let (old, new) = ("values: { side: v1 }\n", "values: { side: v6 }\n");
    let shop = Shop::native(&[
        ("templates/web/x.yaml.tera", object),
        ("environments/environment.yaml", old),
    ]);
    rendered(&shop, &[("environments/prod/environment.yaml", Some(new))]).ends(0);
}

#[test]
fn a_tag_that_a_site_says_is_judged_where_the_chart_names_the_image() {
    let release = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: x }
spec:
  chart: { spec: { chart: x, version: 1.0.0, sourceRef: { kind: HelmRepository, name: r } } }
  values: { image: { tag: '{{ images.web.tag }}' } }
";
    let gates = "gates: { image: { allow: ['*/web'] } }\n";
    let shop = Shop::native(&[
        ("templates/web/x.yaml.tera", release),
        ("environments/stage/environment.yaml", gates),
    ]);
    shop.ends(0, &["promote", "web", "--to", "stage", "--commit"]).says("pass image");
}

/// A repository in which the files of every environment have this text.
fn with_unread(kind: &str, text: &str) -> Shop {
    let settings = format!(
        "version: 1\nladder: [qa, stage, prod]\nenvironments: {{ prod: {{ gates: {{ image: {{ allow: ['r.io/*'] }} }} }} }}\n\
         sites: [{{ path: '{{environment}}/kustomization.yaml', app: web, kind: {kind} }}]\n"
    );
    let mut files = BTreeMap::from([("rungs.yaml".to_owned(), settings)]);
    for environment in ["qa", "stage", "prod"] {
        files.insert(format!("{environment}/kustomization.yaml"), text.to_owned());
    }
    Shop::of(&files)
}

#[test]
fn an_image_that_no_site_has_is_judged_where_it_changes() {
    let values = "image: { repository: r.io/web, tag: v1 }\n";
    let object =
        "apiVersion: example.com/v1\nkind: X\nmetadata: { name: x }\nspec:\n  image: r.io/web:v1\n";
    let replacement = "\
images: [{ name: r.io/web, newTag: v1 }]
replacements:
- sourceValue: r.io/side:v1
  targets: [{ select: { kind: Pod }, fieldPaths: [spec.containers.0.image] }]
";
    let parts = ("repository: r.io/side, tag: v1", "repository: r.io/side, tag: v6");
    let whole = ("r.io/side:v1", "r.io/side:v6");
    for (kind, text, (old, new)) in [
        ("helm-values", format!("{values}more: |\n  - name: x\n    image: r.io/side:v1\n"), whole),
        ("helm-values", format!("{values}images: {{ side: 'r.io/side:v1' }}\n"), whole),
        (
            "manifest",
            format!("{object}  x: {{ image: {{ repository: r.io/side, tag: v1 }} }}\n"),
            parts,
        ),
        ("manifest", format!("{object}  text: |\n    image: r.io/side:v1\n"), whole),
        ("kustomize", replacement.to_owned(), whole),
    ] {
        let shop = with_unread(kind, &text);
        let status = shop.ends(0, &["status"]);
        assert!(!status.stderr.contains("side"), "{status:?}");
        let new = text.replace(old, new);
        let [qa, stage, prod] =
            ["qa", "stage", "prod"].map(|one| format!("{one}/kustomization.yaml"));
        let output = judged(&shop, &[(&prod, Some(&new))]).ends(3);
        assert!(!output.stderr.contains("other-change"), "{output:?}");
        output.says("fail order `r.io/side:v6` is deployed then");
        let other = new.replace("r.io/side", "evil.io/side");
        judged(&shop, &[(&prod, Some(&other))]).ends(3).says("fail image `evil.io/side`");
        let output = judged(&shop, &[(&qa, Some(&new))]).ends(0);
        assert!(!output.stderr.contains("other-change"), "{output:?}");
        shop.elsewhere("Below", &[(&stage, Some(&new))]);
        judged(&shop, &[(&prod, Some(&new))]).ends(0).says("`stage` deploys `r.io/side:v6`");
    }
}

#[test]
fn an_image_that_no_site_has_may_come_from_a_mirror() {
    let text = |host: &str, tag: &str| {
        format!("image: {{ repository: r.io/web, tag: v1 }}\nmore: |\n  image: {host}/side:{tag}\n")
    };
    let shop = with_unread("helm-values", &text("r.io", "v1"));
    let (stage, prod) = ("stage/kustomization.yaml", "prod/kustomization.yaml");
    let settings = std::fs::read_to_string(shop.clone.join("rungs.yaml")).unwrap();
    let settings = settings.replace("['r.io/*']", "['r.io/*', 'prod.io/*', 'other.io/*']");
    let mirrors = format!("{settings}mirrors: {{ 'prod.io/*': 'r.io/*' }}\n");
    shop.elsewhere(
        "Below",
        &[
            ("rungs.yaml", Some(&mirrors)),
            (stage, Some(&text("r.io", "v2"))),
            (prod, Some(&text("prod.io", "v1"))),
        ],
    );
    judged(&shop, &[(prod, Some(&text("prod.io", "v2")))]).ends(0).says("pass order");
    refused(&shop, &[(prod, Some(&text("other.io", "v2")))], "`stage` does not deploy");
}

#[test]
fn an_image_that_no_site_has_has_to_soak_below() {
    let text = |tag: &str| {
        format!("image: {{ repository: r.io/web, tag: v1 }}\nmore: |\n  image: r.io/side:{tag}\n")
    };
    let shop = with_unread("helm-values", &text("v1"));
    let settings = std::fs::read_to_string(shop.clone.join("rungs.yaml")).unwrap();
    let settings = settings.replace("image: { allow: ['r.io/*'] }", "soak: 1d");
    shop.days_ago(9, "Soak", &[("rungs.yaml", Some(&settings))]);
    let (stage, prod) = ("stage/kustomization.yaml", "prod/kustomization.yaml");
    shop.days_ago(2, "Below", &[(stage, Some(&text("v2")))]);
    shop.days_ago(0, "Below", &[(stage, Some(&(text("v2") + "other: 1\n")))]);
    judged(&shop, &[(prod, Some(&text("v2")))]).ends(0).says("pass soak");
    shop.days_ago(0, "Again", &[(stage, Some(&text("v3")))]);
    judged(&shop, &[(prod, Some(&text("v3")))])
        .ends(5)
        .says("wait soak `r.io/side:v3` has been in");
}

#[test]
fn what_is_left_out_or_not_asked_for_is_only_listed() {
    let two = "image: { repository: r.io/web, tag: v1 }\nmore: |\n  - { name: x, image: 'r.io/a:v1' }\n  - { name: y, image: 'r.io/b:v2' }\n";
    for (kind, new) in [
        ("helm-values, images: { exclude: ['*/a'] }", two.replace("a:v1", "a:v6")),
        ("yaml, fields: { tag: image.tag }", two.replace("a:v1", "a:v6")),
        // What stands elsewhere already is deployed, and nobody judges where.
        ("helm-values", two.replace("a:v1", "b:v2")),
        ("helm-values", two.replace(", image: 'r.io/a:v1'", "")),
    ] {
        let shop = with_unread(kind, two);
        judged(&shop, &[("prod/kustomization.yaml", Some(&new))]).ends(0).finds("other-change");
    }
}
