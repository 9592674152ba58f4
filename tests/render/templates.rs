//! Templates in memory, and their output for given values.

use std::sync::Arc;

use rungs::diagnostic::{Finding, Findings};
use rungs::render::{Document, Input, InputImage, Template};
use rungs::source::{Memory, RepoPath, SourceFile, Tree};
use rungs::yaml::{self, Dialect, Value};

/// The template's directory in every test.
pub(crate) const ROOT: &str = "templates/web";

pub(crate) fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

/// A repository of `templates/web/NAME` files; a name that starts with `/` is at the
/// repository's root.
pub(crate) fn repository(files: &[(&str, &str)]) -> Memory {
    let mut memory = Memory::new();
    for (name, text) in files {
        let path = match name.strip_prefix('/') {
            Some(absolute) => path(absolute),
            None => path(&format!("{ROOT}/{name}")),
        };
        memory.insert(path, text.as_bytes().to_vec());
    }
    memory
}

pub(crate) fn load(files: &[(&str, &str)]) -> Result<Template, Findings> {
    Template::load(&Tree::new(repository(files)), &path(ROOT))
}

/// The values file of a test environment.
pub(crate) fn values(text: &str) -> Value {
    let file = SourceFile::new(path("environments/qa/web.yaml"), text.to_owned());
    let file = Arc::new(file);
    let mut documents = yaml::parse(&file, Dialect::Kubectl).expect("the test's values are YAML");
    documents.pop().unwrap_or_else(|| {
        let mut empty = Value::new(&file);
        let at = empty.root().location();
        let root = empty.add_mapping([], &at);
        empty.set_root(root);
        empty
    })
}

pub(crate) const LABELS: &[(&str, &str)] = &[("team", "shop")];

pub(crate) const IMAGES: &[InputImage<'static>] = &[
    InputImage {
        key: "web",
        repository: "ghcr.io/shop/web",
        tag: Some("v1"),
        digest: None,
        locations: None,
    },
    InputImage {
        key: "redis-leader",
        repository: "redis",
        tag: Some("7.2"),
        digest: Some("sha256:0"),
        locations: None,
    },
];

pub(crate) fn input(values: &Value) -> Input<'_> {
    Input {
        app: "web",
        environment: "qa",
        namespace: "web-qa",
        labels: LABELS,
        values: values.root(),
        images: IMAGES,
    }
}

pub(crate) fn render(files: &[(&str, &str)], given: &str) -> Result<Vec<Document>, Findings> {
    load(files)?.render(&input(&values(given)), &|_| ())
}

/// Every document as YAML, joined by `---`.
pub(crate) fn rendered(files: &[(&str, &str)], given: &str) -> String {
    match render(files, given) {
        Ok(documents) => {
            let texts = documents.iter().map(|document| yaml::emit(document.value.root()));
            texts.collect::<Vec<_>>().join("---\n")
        }
        Err(findings) => panic!("{}", shown(&findings)),
    }
}

/// The text of one Tera file with a body of `body`.
pub(crate) fn printed(body: &str, given: &str) -> Result<String, Findings> {
    let template = load(&[("a.yaml.tera", body)])?;
    Ok(template.render_text(&input(&values(given)), &|_| ())?.remove(0).1)
}

/// The only finding of a template that must fail.
pub(crate) fn finding<T: std::fmt::Debug>(result: Result<T, Findings>) -> Finding {
    let findings = result.expect_err("this must be refused");
    assert_eq!(findings.len(), 1, "{}", shown(&findings));
    findings.into_iter().next().unwrap()
}

/// A finding as a person would read it, without excerpts.
pub(crate) fn text(finding: &Finding) -> String {
    let mut lines = vec![format!("{}: {}", finding.code.name, finding.message)];
    for label in &finding.labels {
        lines.push(format!("  at {}: {}", label.location, label.message));
    }
    lines.extend(finding.help.iter().map(|help| format!("  help: {help}")));
    lines.join("\n") + "\n"
}

pub(crate) fn shown(findings: &Findings) -> String {
    findings.iter().map(text).collect()
}
