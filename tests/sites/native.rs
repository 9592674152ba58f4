//! The sites of an app in a native repository.

use std::sync::Arc;

use rungs::sites::{Model, ModelScope};
use rungs::source::{SourceFile, Tree};

use crate::sample::{app, lines, listing, path, repository, tree};
use crate::support::recording::recording;

const DIGEST: &str = "sha256:cb111d1bd870a6a471385a4a69ad17469d326e9dd91e0e455350cacf36e1b3ee";

fn files(qa: &str) -> Vec<(&'static str, String)> {
    vec![
        ("rungs.yaml", "version: 1\nladder: [qa, prod/eu]\n".to_owned()),
        (
            "environments/web.yaml",
            format!(
                "images: {{ web: {{ repository: ghcr.io/shop/web, tag: v1, digest: {DIGEST} }} }}\npromote: [values.flags, values.missing]\nvalues: {{ flags: {{ a: 1, b: [1] }} }}\n"
            ),
        ),
        ("environments/environment.yaml", "values: { flags: { c: 3 } }\n".to_owned()),
        ("environments/qa/web.yaml", qa.to_owned()),
        ("environments/prod/web.yaml", "images: { web: { tag: v0 } }\n".to_owned()),
        ("environments/prod/eu/web.yaml", "{}\n".to_owned()),
        (
            "templates/web/a.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n".to_owned(),
        ),
    ]
}

fn tree_of(files: &[(&'static str, String)]) -> Tree {
    tree(files.iter().map(|(path, text)| (*path, text.as_str())))
}

/// The model of files by the configuration of today, which they need not follow.
fn model_of(files: &[(&'static str, String)]) -> Model {
    Model::of_tree(&repository(&tree_of(&self::files("{}\n"))), &tree_of(files), &ModelScope::all())
}

fn qa(text: &str) -> Vec<String> {
    listing(&app(&model_of(&files(text)), "qa", "web"))
}

#[test]
fn an_apps_values_are_those_of_its_layers_merged() {
    let lines = qa("template: web@v7\nvalues: { flags: { a: null, b: [2] } }\n");
    let expected = [
        "template = v7".to_owned(),
        "values.flags = c: 3\nb:\n- 2".to_owned(),
        "values.missing = nothing yet".to_owned(),
        format!("web = ghcr.io/shop/web:v1@{DIGEST}"),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_tag_without_a_digest_drops_the_inherited_digest() {
    assert!(qa("images: { web: { tag: v2 } }\n").contains(&"web = ghcr.io/shop/web:v2".to_owned()));
    assert!(
        qa("images: { web: { digest: null } }\n").contains(&"web = ghcr.io/shop/web:v1".to_owned())
    );
    assert!(!qa("images: { web: null }\n").iter().any(|line| line.starts_with("web")));
}

#[test]
fn a_value_is_changed_in_the_innermost_file_and_shown_where_it_is_written() {
    let app = app(&model_of(&files("{}\n")), "prod/eu", "web");
    let site = app.sites.iter().find(|site| site.is_image()).unwrap();
    assert_eq!(site.location.to_string(), "environments/prod/web.yaml:1:23");
    assert_eq!(site.file.path().as_str(), "environments/prod/eu/web.yaml");
    assert!(site.parts.iter().all(|part| !part.is_there));
    assert_eq!(site.parts[1].at.route.to_string(), "images.web.tag");
}

#[test]
fn only_the_files_of_one_app_are_read() {
    let mut files = files("{}\n");
    let repository = repository(&tree_of(&files));
    files.push(("environments/qa/other.yaml", "images: {}\n".to_owned()));
    let (tree, record) = recording(&tree_of(&files));
    let environments = repository.environments.iter().map(|one| one.name.clone());
    let model = Model::of_tree(&repository, &tree, &ModelScope::app("web", environments));
    let expected = [
        "environments/environment.yaml",
        "environments/prod/eu/web.yaml",
        "environments/prod/web.yaml",
        "environments/qa/web.yaml",
        "environments/web.yaml",
    ];
    assert_eq!(record.read(), expected);
    let paths: Vec<_> = model.paths().iter().map(ToString::to_string).collect();
    assert!(paths.contains(&"environments/prod/web.yaml".to_owned()), "{paths:?}");
    assert!(!paths.contains(&"environments".to_owned()));
}

#[test]
fn an_old_file_that_would_not_load_today_is_still_read() {
    let sites = qa("unknown: key\nimages: { web: { tag: 1.20 }, broken: v1 }\n");
    assert!(sites.contains(&"web = ghcr.io/shop/web:1.2".to_owned()), "{sites:?}");
}

#[test]
fn a_file_that_is_not_yaml_blocks_only_its_own_apps() {
    let mut files = files("{}\n");
    files.push((
        "environments/qa/other.yaml",
        "images: { o: { repository: o, tag: v1 } }\n".to_owned(),
    ));
    let mut model = model_of(&files);
    let qa = path("environments/qa/web.yaml");
    let broken = SourceFile::new(qa.clone(), "images: [\n".to_owned());
    let affected = model.put(&qa, Some(Arc::new(broken)));
    assert_eq!(affected.into_iter().map(|one| one.app).collect::<Vec<_>>(), ["web"]);
    assert!(app(&model, "qa", "web").state.is_err());
    assert!(app(&model, "qa", "other").state.is_ok());
    assert!(app(&model, "prod/eu", "web").state.is_ok());
    assert!(lines(&model.findings()).contains("environments/qa/web.yaml"));
}
