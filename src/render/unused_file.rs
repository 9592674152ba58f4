//! Files of a template that nothing takes.
//!
//! What no engine renders and no file includes was meant to be a manifest, as often as
//! not: a `service.tera` that should be `service.yaml.tera` would remove the Service from
//! every environment, and nobody would be told.

use super::code::UNUSED_FILE;
use crate::diagnostic::Finding;
use crate::source::{Location, RepoPath, is_yaml};

/// The finding of a file that is neither rendered nor included.
pub(super) fn unused_file(path: &RepoPath, root: &RepoPath) -> Finding {
    Finding::new(
        &UNUSED_FILE,
        format!("`{path}` is neither rendered nor included"),
        Location::of_path(path),
    )
    .because("no manifest comes from this file")
    .help(advice(path, root))
}

fn advice(path: &RepoPath, root: &RepoPath) -> String {
    let name = path.name();
    let otherwise = "start its name with `_` if it is none";
    if name.ends_with(".jsonnet") {
        let main = root.child("main.jsonnet");
        return format!("only `{main}` is run: import the file there, or {otherwise}");
    }
    match name_of_manifest(name) {
        Some(manifest) => format!("name it `{manifest}` if it is a manifest, or {otherwise}"),
        None => format!(
            "manifests are named `*.yaml`, `*.yml` or `*.json`, also with `.tera` after it: \
             rename the file if it is one, or {otherwise}"
        ),
    }
}

/// Extensions that text with variables usually has.
const TEMPLATE_EXTENSIONS: &[&str] = &[
    "tera", "tpl", "gotmpl", "gotpl", "tmpl", "template", "jinja", "jinja2", "j2", "hbs",
    "mustache", "erb", "liquid", "ytt",
];

/// The name by which an engine would take the file, if its own is near to one.
fn name_of_manifest(name: &str) -> Option<String> {
    let lower = |name: &str| match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{}", extension.to_ascii_lowercase()),
        None => name.to_owned(),
    };
    let yaml = |name: &str| Some(lower(name)).filter(|name| is_yaml(name));
    if let Some(same) = yaml(name) {
        return Some(same);
    }
    let (stem, extension) = name.rsplit_once('.')?;
    let is_template = TEMPLATE_EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str());
    match (is_template, yaml(stem)) {
        (true, Some(stem)) => Some(format!("{stem}.tera")),
        (true, None) => Some(format!("{stem}.yaml.tera")),
        (false, stem) => stem,
    }
}

/// Whether a file that nothing takes is meant for people or for tools, or is a library.
/// `exists` says whether the template has a file of that name beside it.
pub(super) fn is_no_manifest(below: &str, exists: impl Fn(&str) -> bool) -> bool {
    let is_hidden = |segment: &str| segment.starts_with(['_', '.']);
    let name = below.rsplit('/').next().unwrap_or(below);
    below.split('/').any(is_hidden)
        || name.ends_with(".libsonnet")
        || is_documentation(name)
        || original(name).is_some_and(exists)
}

/// Files that people read, by their names without extension.
const DOCUMENTS: &[&str] = &[
    "authors",
    "changelog",
    "changes",
    "codeowners",
    "contributing",
    "copying",
    "history",
    "licence",
    "license",
    "maintainers",
    "notes",
    "notice",
    "owners",
    "readme",
    "security",
    "todo",
];

/// The extensions of texts and pictures for people.
const DOCUMENT_EXTENSIONS: &[&str] = &[
    "adoc", "asciidoc", "drawio", "gif", "jpeg", "jpg", "markdown", "md", "mdx", "org", "pdf",
    "png", "puml", "rst", "svg", "webp",
];

fn is_documentation(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let (stem, extension) = name.split_once('.').unwrap_or((&name, ""));
    let (_, last) = name.rsplit_once('.').unwrap_or((&name, ""));
    DOCUMENT_EXTENSIONS.contains(&last)
        || (DOCUMENTS.contains(&stem) && matches!(extension, "" | "txt" | "text"))
}

/// The file that an editor's or a merge's copy was made of.
fn original(name: &str) -> Option<&str> {
    [".bak", ".orig", ".rej", "~"].iter().find_map(|end| name.strip_suffix(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_manifest_is_proposed() {
        for (name, manifest) in [
            ("service.tera", Some("service.yaml.tera")),
            ("service.tpl", Some("service.yaml.tera")),
            ("service.yaml.tpl", Some("service.yaml.tera")),
            ("service.yml.j2", Some("service.yml.tera")),
            ("service.YAML", Some("service.yaml")),
            ("service.Json.Tera", Some("service.json.tera")),
            ("service.yaml.bak", Some("service.yaml")),
            ("service.txt", None),
            ("service", None),
        ] {
            assert_eq!(name_of_manifest(name).as_deref(), manifest, "{name}");
        }
    }

    #[test]
    fn documentation_libraries_and_copies_are_no_manifests() {
        let is_none = |below| is_no_manifest(below, |name| name == "service.yaml");
        for below in [
            "README",
            "README.md",
            "docs/why.md",
            "NOTES.txt",
            "LICENSE",
            "OWNERS",
            "flow.svg",
            ".helmignore",
            ".git/config",
            "_helpers.tpl",
            "_parts/labels.txt",
            "lib.libsonnet",
            "service.yaml.bak",
            "service.yaml~",
        ] {
            assert!(is_none(below), "{below}");
        }
        for below in [
            "service.tera",
            "service.yaml.tpl",
            "service.jsonnet",
            "service.txt",
            "service.md.tera",
            "readme.tera",
            "license.cue",
            "other.yaml.bak",
            "Makefile",
            "sub/main.jsonnet",
        ] {
            assert!(!is_none(below), "{below}");
        }
    }
}
