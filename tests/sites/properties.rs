//! Properties of every repository.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use rungs::config::Repository;
use rungs::sites::{Model, ModelScope};
use rungs::source::{Memory, SourceFile, Tree};

use crate::sample::{app, lines, listing, model, path, repository, tree};

const RULES: &str = "\
version: 1
ladder: [qa, prod]
environments: { prod: { path: prod/base } }
sites:
  - { path: 'apps/{app}/{environment}/kustomization.yaml', kind: kustomize, insert: [r/new] }
  - { path: 'all/{environment}/**/*.yaml', kind: manifest, app: '{image}' }
  - { path: 'all/{environment}/*.yaml', kind: marker, app: marked }
  - { path: 'values-{environment}.yaml', kind: helm-values, app: web, promote: [flags] }
  - { path: 'both.yaml', kind: helm-values, app: web, environment: qa }
  - { path: 'both.yaml', kind: helm-values, app: web, environment: prod }
";

const PATHS: [&str; 9] = [
    "apps/web/qa/kustomization.yaml",
    "apps/web/prod/base/kustomization.yaml",
    "apps/api/qa/kustomization.yaml",
    "all/qa/a.yaml",
    "all/qa/deep/b.yaml",
    "all/prod/base/a.yaml",
    "values-qa.yaml",
    "both.yaml",
    "README.md",
];

const TEXTS: [&str; 8] = [
    "images: [{name: r/web, newTag: v1}, {name: r/new, newTag: v2}]\n",
    "images: [{name: r/web, newTag: v2}]\nresources: ['https://h/r?ref=v1']\n",
    "kind: Pod\nmetadata: {name: a}\ncontainers: [{name: c, image: 'r/web:v1'}]\n",
    "kind: Pod\nmetadata: {name: a}\ncontainers: [{name: c, image: 'r/web:v2'}, {name: d, image: 'r/api:v1'}]\n",
    "image: {repository: r/web, tag: v1} # rungs: key=x\nflags: {a: 1}\n",
    "images: [\n",
    "",
    "image: r/web:v1 # {\"$imagepolicy\": \"ns:web\"}\n",
];

/// Everything that a model holds.
fn dump(model: &Model) -> String {
    let mut dump = lines(&model.findings());
    for environment in model.environments() {
        for name in model.apps(&environment) {
            let app = app(model, environment.as_str(), &name);
            let barriers: Vec<_> = app.sites.iter().map(|site| &site.barrier).collect();
            let state = app.state.as_ref().ok();
            let line =
                format!("\n{environment} {name}: {:?} {state:?} {barriers:?}", listing(&app));
            dump.push_str(&line);
        }
    }
    dump
}

fn whole(repository: &Repository, files: &BTreeMap<&str, &str>) -> Model {
    let tree = Tree::new(Memory::of(files.iter().map(|(path, text)| (*path, *text))));
    Model::of_tree(repository, &tree, &ModelScope::all())
}

fn put(model: &mut Model, at: &str, text: Option<&str>) {
    let file = text.map(|text| Arc::new(SourceFile::new(path(at), text.to_owned())));
    model.put(&path(at), file);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_model_that_followed_changes_is_the_model_of_the_tree(
        changes in prop::collection::vec((0..PATHS.len(), prop::option::of(0..TEXTS.len())), 1..25),
        begun in 0usize..10,
    ) {
        let repository = repository(&tree([("rungs.yaml", RULES)]));
        let mut files = BTreeMap::new();
        let mut model = None;
        for (step, (at, text)) in changes.iter().enumerate() {
            let text = text.map(|text| TEXTS[text]);
            match text {
                Some(text) => files.insert(PATHS[*at], text),
                None => files.remove(PATHS[*at]),
            };
            match &mut model {
                None if step >= begun => model = Some(whole(&repository, &files)),
                None => {}
                Some(model) => put(model, PATHS[*at], text),
            }
        }
        let followed = model.unwrap_or_else(|| whole(&repository, &files));
        // The near misses of a path that matches nothing are known only for a tree.
        let now = whole(&repository, &files);
        prop_assert_eq!(dump(&followed), dump(&now));
    }

    #[test]
    fn the_order_of_files_does_not_matter(
        order in Just((0..PATHS.len()).collect::<Vec<_>>()).prop_shuffle(),
        texts in prop::collection::vec(0..TEXTS.len(), PATHS.len()),
    ) {
        let repository = repository(&tree([("rungs.yaml", RULES)]));
        let mut model = Model::empty(&repository, &ModelScope::all());
        for at in order {
            put(&mut model, PATHS[at], Some(TEXTS[texts[at]]));
        }
        let files = PATHS.into_iter().zip(texts.iter().map(|&text| TEXTS[text])).collect();
        prop_assert_eq!(dump(&model), dump(&whole(&repository, &files)));
    }
}

#[test]
fn ten_thousand_images_make_ten_thousand_apps() {
    let containers: Vec<_> =
        (0..10_000).map(|n| format!("- {{name: c{n}, image: 'r/app{n}:v{n}'}}\n")).collect();
    let file = format!(
        "kind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n{}",
        containers.concat().replace("- {", "  - {")
    );
    let rules = "version: 1\nladder: [qa]\nsites: [{ path: '{environment}.yaml', kind: manifest, app: '{image}' }]\n";
    let tree = tree([("rungs.yaml", rules), ("qa.yaml", &*file)]);
    let model = model(&tree);
    let environment = &model.environments()[0];
    let apps = model.apps(environment);
    assert_eq!(apps.len(), 10_000);
    assert!(apps.iter().all(|name| model.app(environment, name).unwrap().sites.len() == 1));
}
