//! The sites of a tree: whose they are, and how they follow changes.

use std::sync::Arc;

use rungs::sites::{Barrier, Model, ModelScope, pair};
use rungs::source::{Memory, SourceFile, Tree};

use crate::sample::{app, environment, lines, listing, model, path, repository, tree};
use crate::support::recording::recording;

const RULES: &str = "\
version: 1
ladder: [qa, prod]
environments: { prod: { path: prod/base } }
sites:
  - { path: 'apps/{app}/{environment}/kustomization.yaml', kind: kustomize }
  - { path: 'all/{environment}/**/*.yaml', kind: manifest, app: '{image}' }
";

fn kustomization(image: &str, tag: &str) -> String {
    format!("images: [{{name: {image}, newTag: {tag}}}]\n")
}

#[test]
fn the_longest_spelling_of_an_environment_wins() {
    let rules = "version: 1\nladder: [prod, base]\nenvironments: { base: { path: prod/base } }\n\
                 sites: [{ path: '{environment}/**/*.yaml', kind: manifest, app: web }]\n";
    let pod = "containers: [{name: a, image: 'a:v1'}]\n";
    let tree = tree([("rungs.yaml", rules), ("prod/base/a.yaml", pod), ("prod/b.yaml", pod)]);
    let model = model(&tree);
    assert_eq!(app(&model, "base", "web").sites[0].file.path().as_str(), "prod/base/a.yaml");
    assert_eq!(app(&model, "prod", "web").sites.len(), 1);
}

#[test]
fn a_scalar_that_two_rules_find_is_one_site() {
    let rules = "version: 1\nladder: [qa]\nsites:\n  - { path: '{environment}/{app}.yaml', kind: manifest }\n  \
                 - { path: '{environment}/*.yaml', kind: yaml, app: web, fields: { image: 'containers[0].image' } }\n";
    let pod = "containers: [{name: a, image: 'a:v1'}]\n";
    let tree = tree([("rungs.yaml", rules), ("qa/web.yaml", pod)]);
    assert_eq!(listing(&app(&model(&tree), "qa", "web")), ["a = a:v1"]);
}

#[test]
fn sites_of_one_image_with_different_values_block_their_app() {
    let pod = "kind: Pod\nmetadata: {name: p}\ncontainers: [{name: a, image: 'shop/web:v1'}]\n---\n\
               kind: Pod\nmetadata: {name: q}\ncontainers: [{name: a, image: 'shop/web:v2'}]\n";
    let tree = tree([("rungs.yaml", RULES), ("all/qa/a.yaml", pod)]);
    let found = app(&model(&tree), "qa", "web").state.unwrap_err();
    let expected = "sites-disagree: the image `a` is both `shop/web:v1` and `shop/web:v2` (all/qa/a.yaml:7:31)";
    assert_eq!(lines(&found), expected);
}

#[test]
fn a_rule_without_effect_is_found_and_says_what_was_meant() {
    let rules = RULES.replace("apps/{app}", "app/{app}");
    let tree = tree([
        ("rungs.yaml", &*rules),
        ("apps/web/qa/kustomization.yaml", &*kustomization("web", "v1")),
        ("all/qa/a.yaml", "a: 1\n"),
    ]);
    let findings = model(&tree).findings();
    let expected = [
        "unmatched-pattern: no file matches `app/{app}/{environment}/kustomization.yaml` (rungs.yaml:5:13)",
        "no-site: the only file of `all/{environment}/**/*.yaml` has no site (rungs.yaml:6:13)",
    ];
    assert_eq!(lines(&findings), expected.join("\n"));
    let help = findings.iter().next().unwrap().help.clone().unwrap();
    assert_eq!(help, "did you mean `apps/{app}/{environment}/kustomization.yaml`?");
}

#[test]
fn a_file_that_cannot_be_read_blocks_those_that_may_be_in_it() {
    let pod = "containers: [{name: a, image: 'shop/web:v1'}]\n";
    let tree = tree([
        ("rungs.yaml", RULES),
        ("apps/api/qa/kustomization.yaml", &*kustomization("api", "v1")),
        ("apps/broken/qa/kustomization.yaml", "images: [\n"),
        ("all/qa/a.yaml", pod),
        ("all/qa/b.yaml", "a: [\n"),
        ("all/prod/base/a.yaml", pod),
    ]);
    let model = model(&tree);
    assert!(app(&model, "qa", "api").state.is_ok());
    assert!(app(&model, "prod", "web").state.is_ok());
    assert!(app(&model, "qa", "web").state.is_err(), "its image may be in b.yaml");
    assert!(app(&model, "qa", "broken").state.is_err());
}

#[test]
fn what_is_reached_through_a_link_or_is_shared_by_two_environments_is_not_changed() {
    let mut memory = Memory::of([
        ("rungs.yaml", RULES),
        ("apps/web/qa/kustomization.yaml", &*kustomization("web", "v1")),
        ("shared/kustomization.yaml", &*kustomization("api", "v1")),
    ]);
    memory.link(path("apps/web/prod/base"), "../qa");
    memory.link(path("apps/api/qa/kustomization.yaml"), "../../../shared/kustomization.yaml");
    let model = model(&Tree::new(memory));
    let barrier =
        |environment: &str, name: &str| app(&model, environment, name).sites[0].barrier.clone();
    let both = Barrier::Shared(vec![environment(&model, "qa"), environment(&model, "prod")]);
    assert_eq!(barrier("qa", "web"), Some(both.clone()));
    assert_eq!(barrier("prod", "web"), Some(both));
    let link = path("apps/api/qa/kustomization.yaml");
    assert_eq!(barrier("qa", "api"), Some(Barrier::Link(link)));
}

#[test]
fn only_files_in_scope_are_read() {
    let files = ["web", "api"].map(|app| {
        ["qa", "prod/base"].map(|environment| {
            (format!("apps/{app}/{environment}/kustomization.yaml"), kustomization(app, "v1"))
        })
    });
    let files: Vec<_> =
        files.iter().flatten().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let rules = RULES.lines().filter(|line| !line.contains("all/")).collect::<Vec<_>>().join("\n");
    let tree = tree(files.into_iter().chain([("rungs.yaml", rules.as_str())]));
    let repository = repository(&tree);
    let (tree, record) = recording(&tree);
    let prod = repository.environments.iter().find(|one| one.name.as_str() == "prod").unwrap();
    let model = Model::of_tree(&repository, &tree, &ModelScope::app("web", [prod.name.clone()]));
    assert_eq!(record.read(), ["apps/web/prod/base/kustomization.yaml"]);
    assert!(record.listed().is_empty());
    assert_eq!(model.paths(), [path("apps/web/prod/base/kustomization.yaml")]);
}

#[test]
fn a_model_follows_changes_and_says_what_they_affect() {
    let tree = tree([
        ("rungs.yaml", RULES),
        ("apps/web/qa/kustomization.yaml", &*kustomization("web", "v1")),
    ]);
    let mut model = model(&tree);
    let put = |model: &mut Model, at: &str, text: Option<&str>| {
        let file = text.map(|text| Arc::new(SourceFile::new(path(at), text.to_owned())));
        let affected = model.put(&path(at), file);
        affected
            .into_iter()
            .map(|one| format!("{} in {}", one.app, one.environment))
            .collect::<Vec<_>>()
    };
    let at = "apps/web/qa/kustomization.yaml";
    assert_eq!(put(&mut model, at, Some(&kustomization("web", "v1"))), Vec::<String>::new());
    assert_eq!(put(&mut model, at, Some(&kustomization("web", "v2"))), ["web in qa"]);
    assert_eq!(listing(&app(&model, "qa", "web")), ["web = web:v2"]);
    assert_eq!(put(&mut model, "README.md", Some("a")), Vec::<String>::new());
    let pods = "containers: [{name: a, image: 'shop/x:v1'}]\n";
    assert_eq!(put(&mut model, "all/prod/base/p.yaml", Some(pods)), ["x in prod"]);
    let pods = "containers: [{name: a, image: 'shop/y:v1'}]\n";
    assert_eq!(put(&mut model, "all/prod/base/p.yaml", Some(pods)), ["x in prod", "y in prod"]);
    assert_eq!(put(&mut model, at, None), ["web in qa"]);
    assert_eq!(model.apps(&environment(&model, "qa")), Vec::<String>::new());
    assert_eq!(model.apps(&environment(&model, "prod")), ["y"]);
}

#[test]
fn sites_pair_by_their_keys_and_those_without_a_partner_are_found() {
    let images = |list: &str| format!("images: [{list}]\n");
    let tree = tree([
        ("rungs.yaml", RULES),
        (
            "apps/web/qa/kustomization.yaml",
            &*images("{name: web, newTag: v2}, {name: sidecar, newTag: v1}"),
        ),
        (
            "apps/web/prod/base/kustomization.yaml",
            &*images("{name: web, newTag: v1}, {name: sidecars, newTag: v1}"),
        ),
    ]);
    let model = model(&tree);
    let (qa, prod) = (app(&model, "qa", "web"), app(&model, "prod", "web"));
    let pairs = pair(&qa, &prod);
    assert_eq!(pairs.both.len(), 1);
    let findings = pairs.findings(&qa, &prod);
    assert!(
        lines(&findings).starts_with(
            "unpaired-site: the image `sidecar` of `web` is in `qa` and not in `prod`"
        )
    );
    assert_eq!(findings.len(), 2);
    let help = findings.iter().next().unwrap().help.clone().unwrap();
    assert_eq!(help, "did you mean `sidecars`, as `prod` calls it?");
}

#[test]
fn a_container_that_only_one_environment_has_twice_keeps_its_partner() {
    let one = |name: &str, image: &str| {
        format!(
            "---\nkind: Pod\nmetadata: {{name: {name}}}\ncontainers: [{{name: app, image: '{image}'}}]\n"
        )
    };
    let rules = "version: 1\nladder: [qa, prod]\nsites: [{ path: '{environment}.yaml', kind: manifest, app: web }]\n";
    let qa = one("a", "shop/web:v2") + &one("debug", "shop/debug:v1");
    let tree =
        tree([("rungs.yaml", rules), ("qa.yaml", &*qa), ("prod.yaml", &*one("a", "shop/web:v1"))]);
    let model = model(&tree);
    let (qa, prod) = (app(&model, "qa", "web"), app(&model, "prod", "web"));
    let pairs = pair(&qa, &prod);
    assert_eq!((pairs.both.len(), pairs.only_source.len(), pairs.only_target.len()), (1, 1, 0));
    assert_eq!(pairs.only_source[0].key.name(), "debug/app");
}

#[test]
fn an_image_without_tag_is_unpinned_and_one_without_digest_if_a_policy_says_so() {
    let rules = "version: 1\nladder: [qa, prod]\nenvironments: { prod: { tier: production } }\n\
                 policies: { production: { unpinned: error } }\n\
                 sites: [{ path: '{environment}.yaml', kind: manifest, app: web }]\n";
    let file = "containers: [{name: a, image: r/a}, {name: b, image: 'r/b:v1'}]\n";
    let tree = tree([("rungs.yaml", rules), ("qa.yaml", file), ("prod.yaml", file)]);
    let model = model(&tree);
    let untagged = "unpinned: the image `a` has neither a tag nor a digest";
    assert_eq!(lines(&app(&model, "qa", "web").findings), format!("{untagged} (qa.yaml:1:31)"));
    let prod = app(&model, "prod", "web");
    let expected = format!(
        "{untagged} (prod.yaml:1:31)\nunpinned: the image `b` has the tag `v1` and no digest (prod.yaml:1:54)"
    );
    assert_eq!(lines(&prod.findings), expected);
    assert_eq!(prod.findings.counts().errors, 1);
    assert!(prod.state.is_ok(), "it is for gates to say what may be deployed");
}

#[test]
fn values_that_a_rule_declares_are_promoted_too_and_may_be_new() {
    let rules = "version: 1\nladder: [qa, prod]\nsites:\n  \
                 - { path: '{environment}.yaml', kind: helm-values, root: spec.values, app: web, promote: [flags, 'list[1].x'] }\n";
    let values =
        |text: &str| format!("spec:\n  values:\n    image: {{ repository: r, tag: v1 }}\n{text}");
    let qa = values("    flags: { a: 1 }\n    list: [{x: 1}, {x: 2}]\n");
    let tree = tree([("rungs.yaml", rules), ("qa.yaml", &*qa), ("prod.yaml", &*values(""))]);
    let model = model(&tree);
    let (qa, prod) = (app(&model, "qa", "web"), app(&model, "prod", "web"));
    assert_eq!(listing(&qa), ["flags = a: 1", "image = r:v1", "list[1].x = 2"]);
    assert_eq!(listing(&prod), ["flags = nothing yet", "image = r:v1"]);
    let pairs = pair(&qa, &prod);
    assert_eq!(pairs.both.len(), 2);
    assert_eq!(
        lines(&pairs.findings(&qa, &prod)).lines().count(),
        1,
        "there is no list to write into"
    );
    let back = pair(&prod, &qa);
    assert_eq!((back.only_source.len(), back.only_target.len()), (0, 1), "{:?}", back.only_target);
}

#[test]
fn a_site_reached_through_a_link_of_a_native_repository_is_not_changed() {
    let mut memory = Memory::of([
        ("rungs.yaml", "version: 1\nladder: [qa, prod]\n"),
        ("environments/qa/web.yaml", "images: {web: {repository: r/web, tag: v1}}\n"),
        ("templates/web/a.yaml", ""),
    ]);
    memory.link(path("environments/prod/web.yaml"), "../qa/web.yaml");
    let model = model(&Tree::new(memory));
    let barrier = |environment: &str| app(&model, environment, "web").sites[0].barrier.clone();
    let both = Barrier::Shared(model.environments());
    assert_eq!([barrier("qa"), barrier("prod")], [Some(both.clone()), Some(both)]);
    let mut memory = Memory::of([
        ("rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("apart/web.yaml", "images: {web: {repository: r/web, tag: v1}}\n"),
        ("templates/web/a.yaml", ""),
    ]);
    memory.link(path("environments/qa/web.yaml"), "../../apart/web.yaml");
    let model = self::model(&Tree::new(memory));
    let link = Barrier::Link(path("environments/qa/web.yaml"));
    assert_eq!(app(&model, "qa", "web").sites[0].barrier, Some(link));
}
