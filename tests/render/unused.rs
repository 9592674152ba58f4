//! Files of a template that no engine takes, and templates that make nothing.

use crate::templates::{finding, load, rendered, shown, text};

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";

/// The findings of a template with a manifest and one other file.
fn beside_a_manifest(name: &str, body: &str) -> String {
    match load(&[("pod.yaml", "kind: Pod\n"), (name, body)]) {
        Ok(_) => String::new(),
        Err(findings) => shown(&findings),
    }
}

#[test]
fn a_file_that_no_engine_takes_is_an_error() {
    for name in [
        "service.tera",
        "service.yaml.tpl",
        "service.yaml.jinja",
        "service.yml.j2",
        "service.tmpl",
        "service.yaml.bak",
        "service.YAML",
        "service.Yml",
        "service.JSON",
        "service.txt",
        "service.json5",
        "service.cue",
        "service",
        "service.jsonnet",
        "sub/main.jsonnet",
        "deep/service.tera",
        "kustomization.ytt",
    ] {
        let findings = beside_a_manifest(name, SERVICE);
        let expected = format!(
            "unused-file: `templates/web/{name}` is neither rendered nor included\n  \
             at templates/web/{name}: no manifest comes from this file\n"
        );
        assert!(findings.starts_with(&expected), "{name}: {findings}");
    }
}

#[test]
fn the_name_that_was_meant_is_proposed() {
    insta::assert_snapshot!(beside_a_manifest("service.tera", SERVICE), @r"
    unused-file: `templates/web/service.tera` is neither rendered nor included
      at templates/web/service.tera: no manifest comes from this file
      help: name it `service.yaml.tera` if it is a manifest, or start its name with `_` if it is none
    ");
    insta::assert_snapshot!(beside_a_manifest("service.yaml.tpl", SERVICE), @r"
    unused-file: `templates/web/service.yaml.tpl` is neither rendered nor included
      at templates/web/service.yaml.tpl: no manifest comes from this file
      help: name it `service.yaml.tera` if it is a manifest, or start its name with `_` if it is none
    ");
    insta::assert_snapshot!(beside_a_manifest("c.jsonnet", "{}"), @r"
    unused-file: `templates/web/c.jsonnet` is neither rendered nor included
      at templates/web/c.jsonnet: no manifest comes from this file
      help: only `templates/web/main.jsonnet` is run: import the file there, or start its name with `_` if it is none
    ");
    insta::assert_snapshot!(beside_a_manifest("service.cue", SERVICE), @r"
    unused-file: `templates/web/service.cue` is neither rendered nor included
      at templates/web/service.cue: no manifest comes from this file
      help: manifests are named `*.yaml`, `*.yml` or `*.json`, also with `.tera` after it: rename the file if it is one, or start its name with `_` if it is none
    ");
}

#[test]
fn documentation_libraries_and_files_for_others_may_stay() {
    for name in [
        "README.md",
        "README",
        "docs/why.adoc",
        "NOTES.txt",
        "LICENSE",
        "OWNERS",
        "picture.png",
        ".helmignore",
        ".gitkeep",
        "_helpers.tpl",
        "_service.tera",
        "_parts/anything.txt",
        "lib.libsonnet",
        "values.schema.json",
        "pod.yaml.bak",
        "pod.yaml~",
    ] {
        assert_eq!(beside_a_manifest(name, "anything"), "", "{name}");
    }
}

#[test]
fn what_is_included_imported_or_called_is_used() {
    let files = [
        (
            "a.yaml.tera",
            "{% include \"labels.tera\" %}{% include \"app.conf\" %}b: {{ <Port number={80} /> }}\n",
        ),
        ("labels.tera", "a: 1\n{% include \"deep/more.txt\" %}"),
        ("deep/more.txt", "c: 2\n"),
        ("app.conf", "d: 3\n"),
        ("parts.tera", "{# ports #}\n{% component Port(number) %}{{ number }}{% endcomponent %}\n"),
        (
            "main.jsonnet",
            "{ apiVersion: 'v1', kind: import 'kind.jsonnet', a: importstr 'a.txt', b: importbin 'b.bin' }",
        ),
        ("kind.jsonnet", "(import 'deep/x.json5').kind"),
        ("deep/x.json5", "{ kind: 'X' }"),
        ("a.txt", "text"),
        ("b.bin", "\u{1}"),
    ];
    let all = rendered(&files, "");
    assert!(all.starts_with("a: 1\nc: 2\nd: 3\nb: 80\n"), "{all}");
}

#[test]
fn a_file_that_defines_components_and_prints_something_is_no_library() {
    let body = "{% component Port(number) %}{{ number }}{% endcomponent %}\nkind: Service\n";
    assert!(beside_a_manifest("parts.tera", body).starts_with("unused-file"));
}

#[test]
fn a_file_that_includes_itself_or_is_included_by_nobody_is_not_used() {
    let findings = load(&[
        ("pod.yaml", "kind: Pod\n"),
        ("a.tera", "{% include \"b.tera\" %}"),
        ("b.tera", "a: 1\n"),
    ])
    .unwrap_err();
    assert_eq!(shown(&findings).matches("unused-file").count(), 1, "{}", shown(&findings));
}

#[test]
fn a_template_without_manifests_is_an_error() {
    for files in [[("README.md", "hello")], [("_labels.tera", "a: 1\n")]] {
        assert_eq!(
            text(&finding(load(&files))),
            "empty-template: `templates/web` has no manifests\n  \
             at templates/web: nothing is rendered from this template\n  \
             help: add a `*.yaml`, a `*.yaml.tera` or a `main.jsonnet`\n"
        );
    }
}

#[test]
fn a_program_by_another_name_is_not_taken_for_none() {
    insta::assert_snapshot!(text(&finding(load(&[("c.jsonnet", "[]")]))), @r"
    unused-file: `templates/web/c.jsonnet` is neither rendered nor included
      at templates/web/c.jsonnet: no manifest comes from this file
      help: only `templates/web/main.jsonnet` is run: import the file there, or start its name with `_` if it is none
    ");
}
