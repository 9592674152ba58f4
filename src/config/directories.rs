//! Which files there are below `environments/`, each read once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::raw::{AppFile, EnvironmentFile};
use super::reader::{ConfigFile, ConfigReader, ReadFile};
use super::syntax::{AppName, DnsLabel, is_app_name};
use crate::diagnostic::{Finding, codes};
use crate::source::{DirectoryWalk, Location, Named, RepoPath};

codes! {
    /// A file with an extension other than `.yaml`.
    ///
    /// Below `environments/`, settings are read only from `*.yaml`. A `.yml` there
    /// would be silently ignored, so it is an error. Rename it:
    ///
    /// ```text
    /// git mv environments/qa/web.yml environments/qa/web.yaml
    /// ```
    WRONG_EXTENSION = "wrong-extension", Input, Error;
}

/// `environments/`, or a directory in it.
pub(super) struct Directory {
    pub(super) path: RepoPath,
    /// The directory's `environment.yaml`.
    pub(super) environment: Option<ReadFile>,
    /// The apps' files, by name.
    pub(super) apps: BTreeMap<String, Box<ConfigFile<AppFile>>>,
    /// The names of its apps' files in order, including those that were not or could
    /// not be read: a setting may name them.
    pub(super) app_names: Arc<[String]>,
    /// The sub-directories; a directory without any is an environment.
    pub(super) children: Vec<Directory>,
}

impl Directory {
    /// The files that were read, in it and below.
    pub(super) fn into_files(self) -> Vec<ReadFile> {
        let own = self.apps.into_values().map(|file| file.read);
        let below = self.children.into_iter().flat_map(Self::into_files);
        self.environment.into_iter().chain(own).chain(below).collect()
    }

    /// Whether it has the file of an app, whether that was read or not.
    pub(super) fn has_app(&self, name: &str) -> bool {
        self.app_names.binary_search_by(|one| one.as_str().cmp(name)).is_ok()
    }
}

impl ConfigReader<'_> {
    /// Reads the directories from `path` down.
    pub(super) fn directory(&mut self, path: &RepoPath) -> Directory {
        self.directory_of(&mut DirectoryWalk::new(self.tree, path), path)
    }

    fn directory_of(&mut self, walk: &mut DirectoryWalk<'_>, path: &RepoPath) -> Directory {
        let mut directory = Directory {
            path: path.clone(),
            environment: None,
            apps: BTreeMap::new(),
            app_names: Arc::default(),
            children: Vec::new(),
        };
        let names = walk.names(path).unwrap_or_else(|error| {
            self.findings.push(Finding::of_read_error(&error, None));
            Vec::new()
        });
        let mut app_names = Vec::with_capacity(names.len());
        for Named { name, is_directory } in names.into_iter().filter(|n| !n.name.starts_with('.')) {
            if !is_directory {
                app_names.extend(self.file(&mut directory, &name));
            } else if self.is_name::<DnsLabel>(&name, || path.child(&name)) {
                directory.children.push(self.directory_of(walk, &path.child(&name)));
            }
        }
        // They came in the order of the files' names: `web-eu.yaml` is before `web.yaml`.
        app_names.sort_unstable();
        directory.app_names = app_names.into();
        directory
    }

    /// Reads a file of a directory if it is to be read. Returns the name of its app,
    /// if it is an app's.
    fn file(&mut self, directory: &mut Directory, name: &str) -> Option<String> {
        if name == "environment.yaml" {
            let file = self.document::<EnvironmentFile>(&directory.path.child(name));
            directory.environment = file.map(|file| file.read);
        } else if let Some(app) = name.strip_suffix(".yaml") {
            return self.app_file(directory, name, app);
        } else if let Some(app) = name.strip_suffix(".yml").filter(|app| self.judges_name(app)) {
            let path = directory.path.child(name);
            self.findings.push(
                Finding::new(
                    &WRONG_EXTENSION,
                    format!("`{path}` is not read"),
                    Location::of_path(&path),
                )
                .because("settings are read from `.yaml`")
                .help(format!("rename it to `{app}.yaml`")),
            );
        }
        None
    }

    fn app_file(&mut self, directory: &mut Directory, name: &str, app: &str) -> Option<String> {
        let path = || directory.path.child(name);
        let is_name =
            is_app_name(app) || (self.judges_name(app) && self.is_name::<AppName>(app, path));
        if is_name && self.reads(app) {
            let file = self.document(&path());
            directory.apps.extend(file.map(|file| (app.to_owned(), Box::new(file))));
        }
        is_name.then(|| app.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Memory, Tree};

    fn codes(memory: Memory) -> Vec<&'static str> {
        let tree = Tree::new(memory);
        let mut reader = ConfigReader::new(&tree);
        reader.directory(&RepoPath::new("environments").unwrap());
        reader.findings.iter().map(|finding| finding.code.name).collect()
    }

    #[test]
    fn environments_are_not_nested_without_end() {
        let deep = format!("environments{}/web.yaml", "/d".repeat(20_000));
        assert_eq!(codes(Memory::of([(&*deep, "")])), ["directories-too-deep"]);
    }

    #[test]
    fn links_between_environments_end_with_one_finding() {
        let mut memory = Memory::new();
        for link in ["a", "b", "c"] {
            memory.link(RepoPath::new("environments").unwrap().child(link), ".");
        }
        assert_eq!(codes(memory), ["directories-too-deep"]);
    }
}
