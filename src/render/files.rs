//! The files of a template that are manifests, and their languages.

use std::collections::BTreeSet;

use super::unused_file::is_no_manifest;
use crate::diagnostic::{Finding, Findings};
use crate::source::{RepoPath, Tree, is_yaml};

/// The engine that renders a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// None: YAML or JSON that is used unchanged.
    Plain,
    /// Tera, by the extension `.tera`.
    Tera,
    /// Jsonnet: `main.jsonnet` at the template's root.
    Jsonnet,
}

/// The files of a template that make manifests, each list in the order of paths.
#[derive(Debug, Default)]
pub(super) struct TemplateFiles {
    pub(super) plain: Vec<RepoPath>,
    /// Tera files that become manifests.
    pub(super) tera: Vec<RepoPath>,
    /// Tera files that are only included.
    pub(super) partials: Vec<RepoPath>,
    pub(super) jsonnet: Option<RepoPath>,
    /// Files that no engine renders, and that are no settings.
    others: Vec<RepoPath>,
}

impl TemplateFiles {
    /// Finds the files below `root`, except in `vendor/`: a library is read when it is
    /// included.
    pub(super) fn find(tree: &Tree, root: &RepoPath) -> Result<Self, Findings> {
        let enters = |directory: &RepoPath| directory.below(root) != Some("vendor");
        let paths = tree.walk(root, enters).map_err(|errors| {
            errors.iter().map(|e| Finding::of_read_error(e, None)).collect::<Findings>()
        })?;
        let mut files = Self::default();
        for path in paths {
            files.add(path, root);
        }
        Ok(files)
    }

    fn add(&mut self, path: RepoPath, root: &RepoPath) {
        let name = path.name();
        let below = path.below(root).unwrap_or_default();
        let at_root = below == name;
        let only_included = below.split('/').any(|segment| segment.starts_with('_'));
        if let Some(stem) = name.strip_suffix(".tera") {
            let is_manifest = is_yaml(stem) && !only_included;
            if is_manifest { &mut self.tera } else { &mut self.partials }.push(path);
        } else if at_root && name == "main.jsonnet" {
            self.jsonnet = Some(path);
        } else if at_root && matches!(name, "values.yaml" | "values.schema.json") {
        } else if is_yaml(name) && !only_included {
            self.plain.push(path);
        } else {
            self.others.push(path);
        }
    }

    /// Whether anything is rendered.
    pub(super) fn has_manifests(&self) -> bool {
        !self.plain.is_empty() || !self.tera.is_empty() || self.jsonnet.is_some()
    }

    /// The files that may have been meant to be manifests: all that are neither rendered
    /// nor plainly something else. Those that other files include are among them.
    pub(super) fn unclaimed(&self, root: &RepoPath) -> Vec<RepoPath> {
        let manifests = self.plain.iter().chain(&self.tera);
        let others = self.partials.iter().chain(&self.others);
        let all: BTreeSet<_> = manifests.chain(others.clone()).collect();
        let is_unclaimed = |path: &&RepoPath| {
            let beside = path.parent().unwrap_or_else(RepoPath::root);
            let below = path.below(root).unwrap_or_default();
            !is_no_manifest(below, |name| all.contains(&beside.child(name)))
        };
        others.filter(is_unclaimed).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;

    fn found(paths: &[&str]) -> TemplateFiles {
        let tree = Tree::new(Memory::of(paths.iter().map(|path| (*path, ""))));
        TemplateFiles::find(&tree, &RepoPath::new("templates/web").unwrap()).unwrap()
    }

    fn names(paths: &[RepoPath]) -> Vec<&str> {
        let root = RepoPath::new("templates/web").unwrap();
        paths.iter().filter_map(|path| path.below(&root)).collect()
    }

    #[test]
    fn the_extension_says_what_renders_a_file() {
        let files = found(&[
            "templates/web/README.md",
            "templates/web/a.yaml",
            "templates/web/b.yml.tera",
            "templates/web/deep/c.json",
            "templates/web/deep/d.json.tera",
            "templates/web/deep/main.jsonnet",
            "templates/web/lib.libsonnet",
            "templates/web/main.jsonnet",
            "templates/web/notes.tera",
            "templates/website/e.yaml",
        ]);
        assert_eq!(names(&files.plain), ["a.yaml", "deep/c.json"]);
        assert_eq!(names(&files.tera), ["b.yml.tera", "deep/d.json.tera"]);
        assert_eq!(names(&files.partials), ["notes.tera"]);
        assert_eq!(files.jsonnet.unwrap().as_str(), "templates/web/main.jsonnet");
    }

    #[test]
    fn values_at_the_root_libraries_and_underscores_are_no_manifests() {
        let files = found(&[
            "templates/web/_labels.yaml.tera",
            "templates/web/_parts/deep/a.yaml.tera",
            "templates/web/_plain.yaml",
            "templates/web/config/values.yaml",
            "templates/web/values.schema.json",
            "templates/web/values.yaml",
            "templates/web/vendor/lib/a.yaml",
        ]);
        assert_eq!(names(&files.plain), ["config/values.yaml"]);
        assert!(files.tera.is_empty());
        assert_eq!(names(&files.partials), ["_labels.yaml.tera", "_parts/deep/a.yaml.tera"]);
    }

    #[test]
    fn a_link_that_leads_back_is_found_before_it_goes_round() {
        let mut memory = Memory::of([("templates/web/a.yaml", "")]);
        memory.link(RepoPath::new("templates/web/again").unwrap(), ".");
        let root = RepoPath::new("templates/web").unwrap();
        let findings = TemplateFiles::find(&Tree::new(memory), &root).unwrap_err();
        assert_eq!(findings.iter().next().unwrap().code.name, "directories-too-deep");
    }
}
