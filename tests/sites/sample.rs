//! Repositories of a few lines.

use rungs::config::{EnvironmentName, load};
use rungs::diagnostic::Findings;
use rungs::sites::{AppSites, Model, ModelScope};
use rungs::source::{Memory, RepoPath, Tree};

pub(crate) fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

pub(crate) fn tree<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Tree {
    Tree::new(Memory::of(files))
}

pub(crate) fn repository(tree: &Tree) -> rungs::config::Repository {
    match load(tree) {
        Ok(loaded) => loaded.repository,
        Err(findings) => panic!("{}", lines(&findings)),
    }
}

pub(crate) fn model(tree: &Tree) -> Model {
    Model::of_tree(&repository(tree), tree, &ModelScope::all())
}

pub(crate) fn environment(model: &Model, name: &str) -> EnvironmentName {
    let mut names = model.environments().into_iter();
    names.find(|one| one.as_str() == name).unwrap_or_else(|| panic!("no environment `{name}`"))
}

pub(crate) fn app(model: &Model, environment_name: &str, app: &str) -> AppSites {
    let environment = environment(model, environment_name);
    model.app(&environment, app).unwrap_or_else(|| panic!("no `{app}` in `{environment}`"))
}

/// `key = value` of every site, sorted.
pub(crate) fn listing(app: &AppSites) -> Vec<String> {
    let line = |site: &rungs::sites::Site| {
        let value = site.value.as_ref().map_or("nothing yet".to_owned(), ToString::to_string);
        format!("{} = {value}", site.key)
    };
    let mut lines: Vec<_> = app.sites.iter().map(line).collect();
    lines.sort();
    lines
}

/// `code: message` of every finding.
pub(crate) fn lines(findings: &Findings) -> String {
    let lines =
        findings.iter().map(|f| format!("{}: {} ({})", f.code.name, f.message, f.location()));
    lines.collect::<Vec<_>>().join("\n")
}

/// The sites of one file of an adopted repository with one rule; `qa` is the
/// environment, `web` the app.
pub(crate) fn of_kind(rule: &str, file: &str) -> AppSites {
    let configuration = format!(
        "version: 1\nladder: [qa]\nsites:\n  - path: \"{{environment}}/{{app}}.yaml\"\n    {}\n",
        rule.replace('\n', "\n    ")
    );
    let tree = tree([("rungs.yaml", &*configuration), ("qa/web.yaml", file)]);
    app(&model(&tree), "qa", "web")
}
