//! Sites in repositories that people wrote.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rungs::sites::{
    AppInstance, ImageParts, Model, Site, SitePart, SitePartKind, SiteValue, WriteOptions, changes,
    shared_base, sites_of_content,
};
use rungs::source::{Memory, SourceFile, Tree};
use rungs::yaml::{Dialect, parse};

use crate::sample::{app, listing, model, of_kind, path};
use crate::support::corpora;

/// Every edit of real commits is at a site, except 13 of 500: ten are in templates
/// of a chart, which are not YAML; one is inside an expression of an admission
/// policy; and two are the `version` of a custom resource, which nothing
/// distinguishes from any other version.
#[test]
fn people_change_references_at_sites() {
    let Some(replay) = corpora::folder("replay") else { return };
    let mut missed: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    let mut found = 0;
    for repository in fs::read_dir(replay).unwrap() {
        for commit in fs::read_dir(repository.unwrap().path()).unwrap() {
            let commit = commit.unwrap().path();
            let edits = fs::read_to_string(commit.join("edits.json")).unwrap();
            let edits: serde_json::Value = serde_json::from_str(&edits).unwrap();
            for edit in edits["edits"].as_array().unwrap() {
                match why_missed(&commit, edit) {
                    None => found += 1,
                    Some(why) => missed.entry(why).or_default().push(format!(
                        "{} {}:{} {}",
                        commit.file_name().unwrap().to_string_lossy(),
                        edit["file"].as_str().unwrap(),
                        edit["line"],
                        edit["old"].as_str().unwrap()
                    )),
                }
            }
        }
    }
    let counts: Vec<_> = missed.iter().map(|(why, edits)| (*why, edits.len())).collect();
    assert_eq!(counts, [("not YAML", 10), ("of no known kind", 3)], "{missed:#?}");
    assert_eq!(found, 487);
}

fn why_missed(commit: &Path, edit: &serde_json::Value) -> Option<&'static str> {
    let name = edit["file"].as_str().unwrap();
    let text = fs::read_to_string(commit.join("before").join(name)).unwrap();
    let file = Arc::new(SourceFile::new(path(name), text));
    let Ok(documents) = parse(&file, Dialect::Kubectl) else { return Some("not YAML") };
    let (sites, _) = sites_of_content(&file, &documents);
    let line = edit["line"].as_u64().unwrap();
    let says = |site: &Site| {
        site.parts.iter().any(|part| {
            let node = part.at.route.find(documents[part.at.document].root());
            let at = node.map(|node| u64::from(node.location().start().line));
            let old = edit["old"].as_str().unwrap();
            at == Some(line) && (part.text.contains(old) || part.kind == SitePartKind::Reference)
        })
    };
    if sites.iter().any(says) {
        return None;
    }
    Some("of no known kind")
}

/// A repository of the corpora with a `rungs.yaml`.
fn adopted(name: &str, rungs: &str) -> Option<Tree> {
    let root = corpora::folder("repos")?.join(name);
    let mut memory = Memory::new();
    let mut waiting = vec![root.clone()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap().path();
            let at = path(entry.strip_prefix(&root).unwrap().to_str().unwrap());
            if entry.is_dir() {
                waiting.push(entry);
            } else {
                memory.insert(at, fs::read(entry).unwrap());
            }
        }
    }
    memory.insert(path("rungs.yaml"), rungs.as_bytes().to_vec());
    Some(Tree::new(memory))
}

/// `environment: key = value in FILE` of every value that only a shared file has.
fn shared(model: &Model, tree: &Tree) -> Vec<String> {
    let all = model.shared(tree);
    let lines = all.iter().flat_map(|(AppInstance { environment, .. }, sites)| {
        sites.iter().map(move |site| {
            let value = site.value.as_ref().unwrap();
            format!("{environment}: {} = {value} in {}", site.key, site.file.path())
        })
    });
    lines.collect()
}

#[test]
fn what_only_the_base_has_is_shared_by_all_environments() {
    let rungs = "version: 1\nladder: [test, uat, prod]\nsites:\n  \
                 - { path: 'stages/{environment}/kustomization.yaml', kind: kustomize, app: kargo-demo }\n";
    let Some(tree) = adopted("kargo-demo", rungs) else { return };
    let model = model(&tree);
    let nginx = "nginx = public.ecr.aws/nginx/nginx:placeholder in base/deploy.yaml";
    let expected = ["test", "uat", "prod"].map(|environment| format!("{environment}: {nginx}"));
    let mut found = shared(&model, &tree);
    found.sort();
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(found, expected);
    let sites = model.shared(&tree);
    let finding = shared_base(&sites.values().next().unwrap()[0]).unwrap();
    let message =
        "the image `nginx` is in `base/deploy.yaml`, which `prod`, `test` and `uat` share";
    assert_eq!((finding.code.name, &*finding.message), ("shared-base", message));
    let to = SiteValue::Image(ImageParts { tag: Some("1.27".to_owned()), ..ImageParts::default() });
    let refusal = changes(&sites.values().next().unwrap()[0], &to, WriteOptions::default());
    assert!(refusal.unwrap_err().is_error());
}

#[test]
fn an_entry_of_images_fills_in_what_the_base_leaves_open() {
    let rungs = "version: 1\nladder: [qa, prod]\nsites:\n  \
                 - { path: 'chapter-03/kustomize/envs/{environment}/kustomization.yaml', kind: kustomize, app: sample }\n";
    let Some(tree) = adopted("gitopsbook", rungs) else { return };
    let model = model(&tree);
    assert_eq!(
        listing(&app(&model, "qa", "sample")),
        ["gitopsbook/sample-app = gitopsbook/sample-app:v0.2"]
    );
    assert_eq!(
        listing(&app(&model, "prod", "sample")),
        ["gitopsbook/sample-app = gitopsbook/sample-app:v0.1"]
    );
    assert_eq!(shared(&model, &tree), Vec::<String>::new());
}

#[test]
fn a_patch_overrides_the_base() {
    let rungs = "version: 1\nladder: [qa, staging-eu, prod-eu]\nsites:\n  \
                 - { path: 'envs/{environment}/version.yml', kind: manifest, app: simple }\n";
    let Some(tree) = adopted("gitops-environment-promotion", rungs) else { return };
    let model = model(&tree);
    let line = &listing(&app(&model, "qa", "simple"))[0];
    assert!(
        line.starts_with("webserver-simple = docker.io/kostiscodefresh/simple-env-app:"),
        "{line}"
    );
    assert_eq!(shared(&model, &tree), Vec::<String>::new());
}

#[test]
fn ranges_of_charts_are_promoted_and_values_of_the_base_are_shared() {
    let rungs = "version: 1\nladder: [staging, production]\nsites:\n  \
                 - { path: 'apps/{environment}/podinfo-values.yaml', kind: manifest, app: podinfo }\n";
    let Some(tree) = adopted("flux2-kustomize-helm-example", rungs) else { return };
    let model = model(&tree);
    let staging = app(&model, "staging", "podinfo");
    assert_eq!(listing(&staging), ["podinfo = >=1.0.0-alpha"]);
    assert!(staging.state.unwrap().is_empty());
    let redis =
        "redis = public.ecr.aws/docker/library/redis:8.6.2 in apps/base/podinfo/release.yaml";
    let expected = [format!("production: {redis}"), format!("staging: {redis}")];
    assert_eq!(shared(&model, &tree), expected);
}

#[test]
fn each_environment_has_values_of_its_own_or_those_of_the_chart() {
    let rungs = "version: 1\nladder: [dev, test, staging, prod]\nsites:\n  \
                 - { path: 'helm-env/env/{environment}/values.yaml', kind: helm-values, app: frontend }\n";
    let Some(tree) = adopted("lyzhang1999-kubernetes-example", rungs) else { return };
    let environments = model(&tree);
    let frontend = "frontend.image = lyzhang1999/frontend:latest-env";
    assert_eq!(listing(&app(&environments, "prod", "frontend")), [frontend]);
    let rungs = "version: 1\nladder: [dev, prod]\nsites:\n  \
                 - { path: 'kustomize/overlay/{environment}/kustomization.yaml', kind: kustomize, app: example }\n";
    let tree = adopted("lyzhang1999-kubernetes-example", rungs).unwrap();
    let found = shared(&model(&tree), &tree);
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn flux_changes_marked_scalars_at_sites() {
    let Some(setters) = corpora::folder("setters") else { return };
    let mut changed = 0;
    for file in fs::read_dir(setters.join("setters/expected")).unwrap() {
        let file = file.unwrap();
        let expected = fs::read_to_string(file.path()).unwrap();
        let original = setters.join("setters/original").join(file.file_name());
        let original = fs::read_to_string(original).unwrap();
        let app = of_kind("kind: marker", &original);
        let lines = original.lines().zip(expected.lines()).enumerate();
        for (number, _) in lines.filter(|(_, (before, after))| before != after) {
            let line = u32::try_from(number + 1).unwrap();
            let is_there = |site: &Site| {
                let places = site.parts.iter().map(|part| at(&site.file, part));
                places.into_iter().any(|place| place == Some(line))
            };
            assert!(app.sites.iter().any(is_there), "{:?}:{line}", file.path());
            changed += 1;
        }
    }
    assert_eq!(changed, 7);
}

/// The line that a part is on.
fn at(file: &Arc<SourceFile>, part: &SitePart) -> Option<u32> {
    let documents = parse(file, Dialect::Kubectl).unwrap();
    let node = part.at.route.find(documents[part.at.document].root());
    node.map(|node| node.location().start().line)
}

#[test]
fn a_value_in_the_same_file_under_another_app_needs_no_shared_file() {
    let both =
        "frontend: { image: shop/frontend, tag: v1 }\nbackend: { image: shop/backend, tag: v1 }\n";
    let rungs = "version: 1\nladder: [qa, prod]\nsites:\n  \
                 - { path: 'chart/values-{environment}.yaml', kind: helm-values, app: '{image}' }\n";
    let tree = crate::sample::tree([
        ("rungs.yaml", rungs),
        ("chart/Chart.yaml", "name: shop\n"),
        ("chart/values.yaml", both),
        ("chart/values-qa.yaml", both),
        ("chart/values-prod.yaml", both),
    ]);
    assert_eq!(shared(&model(&tree), &tree), Vec::<String>::new());
}
