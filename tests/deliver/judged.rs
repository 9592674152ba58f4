//! What `gates --base` says of a change is what it says with every app read.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use regex::Regex;
use rungs::config;
use rungs::deliver::Delivery;
use rungs::diagnostic::{Finding, Findings};
use rungs::git::{BaseOptions, ObjectName, Variables, Workspace, WorkspaceOptions};
use rungs::history::AskedApps;
use rungs::promote::{
    AppSelection, ChangeSide, DeployedApps, Gate, LoadedBase, Plan, ProposedChange, assess_change,
};
use rungs::sites::{Model, ModelScope};
use rungs::worker::InProcess;

use crate::support::effort::few_or_all;
use crate::support::fast_import::Stream;
use crate::support::git::{git, output};

const CONFIGURATIONS: [&str; 5] = [
    "version: 1\nladder: [qa, prod]\n",
    "version: 1\nladder: [qa, prod]\nsites:\n  - path: 'environments/{environment}/{app}.yaml'\n    \
     kind: yaml\n    fields: { tag: images.web.tag }\n",
    "version: 1\nladder: [qa, prod]\nsites:\n  - path: 'environments/{environment}/**/*.yaml'\n    \
     kind: yaml\n    app: web\n    fields: { tag: images.web.tag }\n",
    "version: 1\nladder: [qa, prod]\nsites:\n  - path: 'environments/{environment}/*.yaml'\n    \
     kind: helm-values\n    app: '{image}'\n",
    "version: 1\nladder: [qa, prod]\nsites:\n  - path: 'environments/{environment}/{app}.yaml'\n    \
     kind: marker\n",
];

/// Single commits are not judged, as those of a change that is squashed.
const FORGE: &str =
    "forge: { kind: github, url: 'https://github.com', repository: a/b, merge: squash }\n";

const PATHS: [&str; 12] = [
    "environments/qa/web.yaml",
    "environments/qa/cart.yaml",
    "environments/prod/web.yaml",
    "environments/prod/cart.yaml",
    "environments/prod/deep/cart.yaml",
    "environments/prod/environment.yaml",
    "environments/environment.yaml",
    "environments/web.yaml",
    "environments/prod",
    "environments/qa/web.yml",
    "other.yaml",
    "rungs.yaml",
];

const TEXTS: [&str; 11] = [
    "images: { web: { repository: r.io/web, tag: v1 } }\n",
    "images: { web: { repository: r.io/web, tag: v2 } }\n",
    "images: { web: { repository: r.io/web, tag: v2 } }\npromote: [values.size]\n",
    "values: { size: 1 }\n",
    "values: { size: 2 }\n",
    "image: { repository: r.io/cart, tag: v1 } # rungs: app=cart\n",
    "web:\n  image: { repository: r.io/web, tag: v1 }\nx: r.io/cart:v2 # rungs: app=cart\n",
    "images: [\n",
    "link to ../qa/cart.yaml",
    "link to ../../other.yaml",
    "submodule",
];

type Change = (usize, Option<usize>);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let text = prop_oneof![6 => (0..TEXTS.len()).prop_map(Some), 1 => Just(None)];
    vec((0..PATHS.len(), text), 1..4)
}

fn commit(stream: &mut Stream, parent: usize, changes: &[Change]) -> usize {
    let text = |at: usize| TEXTS[at].to_owned();
    let files = changes.iter().map(|(path, at)| (PATHS[*path].to_owned(), at.map(text)));
    stream.commit("commit", &[parent], &files.collect::<Vec<_>>())
}

fn workspace(directory: &Path, base: &ObjectName) -> Workspace {
    let base = BaseOptions { base: Some(base.to_string()), remote: None };
    let options = WorkspaceOptions { base, ..WorkspaceOptions::default() };
    Workspace::at(directory, options, Variables::default(), config::configured_base_branch)
}

/// The plans of what differs between two commits with every app read; none if the base
/// cannot be read.
fn with_all(
    workspace: &Workspace,
    base: &ObjectName,
    [before, after]: [&ObjectName; 2],
) -> Option<Result<Vec<Plan>, Findings>> {
    let loaded = LoadedBase::at(workspace, base, None, &AppSelection::All).ok()?;
    let trees = [before, after].map(|commit| workspace.tree_of(commit).unwrap());
    let all = ModelScope::all();
    let models = [0, 1].map(|at| Model::of_tree(loaded.repository(), &trees[at], &all));
    let errors = |at: usize| {
        let findings = models[at].findings_of_files(|_| true).into_iter();
        let errors = findings.filter(Finding::is_error);
        errors.map(|one| (one.code.name, one.location().path().clone())).collect::<BTreeSet<_>>()
    };
    if !errors(1).is_subset(&errors(0)) {
        return Some(Err(models[1].findings_of_files(|_| true)));
    }
    let files = workspace.require_clone().unwrap().changed_files(before, after).unwrap().paths;
    let settings = config::load_apps(&trees[1], &BTreeSet::new());
    let own = match settings.or_else(|_| config::load_names(&trees[1])) {
        Err(_) if loaded.repository().is_native() => None,
        _ if !files.iter().any(|path| path.as_str() == "rungs.yaml") => None,
        Ok(loaded) => Some(Model::of_tree(&loaded.repository, &trees[1], &all)),
        Err(findings) => return Some(Err(findings)),
    };
    let side = |at: usize| ChangeSide { tree: &trees[at], model: &models[at] };
    let change = ProposedChange {
        before: side(0),
        after: side(1),
        own: own.as_ref(),
        configuration: None,
        files: &files,
        unnamed: &BTreeSet::new(),
        apps: None,
        records: &[],
        reverts: &[],
        overrides: &[],
        ticket: None,
        gates: &Gate::ALL,
        renderer: &InProcess,
        deployed: &DeployedApps::new(loaded.repository(), &InProcess),
    };
    let now = Timestamp::UNIX_EPOCH;
    let assessed = loaded.ask(now, AskedApps::Few, |base| assess_change(base, &change));
    Some(assessed.map(|assessed| assessed.plans))
}

/// The commit that git would merge a change into its base with, renames apart; none if it
/// finds a conflict.
fn merged(directory: &Path, base: &ObjectName, head: &ObjectName) -> Option<ObjectName> {
    let merge = ["-c", "merge.renames=false", "merge-tree", "--write-tree"];
    let output = output(directory, &[&merge[..], &[base.as_str(), head.as_str()]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let tree = text.lines().next().filter(|_| output.status.success())?;
    let parents = ["-p", base.as_str(), "-p", head.as_str()];
    let commit = git(directory, &[&["commit-tree", "-m", "merge"], &parents[..], &[tree]].concat());
    ObjectName::parse(commit.trim())
}

/// Plans as text, without the commits that locations are at: a merge has none.
fn without_commits(plans: Option<&Vec<Plan>>) -> String {
    let commit = Regex::new(r"(:\d+:\d+) at [0-9a-f]{7}\b").unwrap();
    commit.replace_all(&format!("{plans:#?}"), "$1").into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, ..ProptestConfig::with_cases(few_or_all(24, 600))
    })]

    #[test]
    fn no_app_that_a_change_changes_is_missed(
        configuration in 0..CONFIGURATIONS.len(),
        before in vec(changes(), 0..3),
        later in vec(changes(), 0..2),
        change in vec(changes(), 1..3),
    ) {
        let directory = crate::support::directory::temporary().unwrap();
        git(directory.path(), &["init", "-q"]);
        let mut stream = Stream::new();
        let mut files = ["environments/qa/web.yaml", "environments/prod/web.yaml"]
            .map(|path| (path.to_owned(), Some(TEXTS[0].to_owned()))).to_vec();
        files.extend(["web", "cart"].map(|app| {
            let template = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { containers: [{ image: \"{{ images.web.ref }}\" }] }\n";
            (format!("templates/{app}/pod.yaml.tera"), Some(template.to_owned()))
        }));
        let settings = format!("{}{FORGE}", CONFIGURATIONS[configuration]);
        let settings = ("rungs.yaml".to_owned(), Some(settings));
        let begin = stream.commit("begin", &[], &[&files[..], &[settings]].concat());
        let grow = |stream: &mut Stream, from: usize, all: &[Vec<Change>]| {
            all.iter().fold(from, |last, changes| commit(stream, last, changes))
        };
        let fork = grow(&mut stream, begin, &before);
        let base = grow(&mut stream, fork, &later);
        let head = grow(&mut stream, fork, &change);
        let names = stream.import(directory.path());
        let [base, fork, head] = [base, fork, head].map(|number| &names[number - 1]);
        let workspace = workspace(directory.path(), base);
        let judged = Delivery::new(&workspace, &InProcess, Timestamp::UNIX_EPOCH).judge(head.as_str(), &[], None);
        let merge = merged(directory.path(), base, head);
        let replaces_directory =
            |all: &[Vec<Change>]| all.iter().flatten().any(|(path, _)| PATHS[*path] == "environments/prod");
        // Git takes the same file in place of the same directory for a conflict.
        prop_assume!(merge.is_some() || !replaces_directory(&later) || !replaces_directory(&change));
        let of_merge = merge.map(|merge| with_all(&workspace, base, [base, &merge]));
        let of_change = with_all(&workspace, base, [fork, head]);
        // What is no plain file is not merged here, and renames are not followed, which git
        // finds where a file goes: then the change is judged from where it started.
        let possible = of_merge.into_iter().chain([of_change]);
        let possible: Vec<_> = possible.flatten().map(|one| without_commits(one.ok().as_ref())).collect();
        // What keeps other apps from being read may be an error of the whole change.
        let is_broken = judged.is_err() && config::load(&workspace.tree_of(head).unwrap()).is_err();
        let judged = without_commits(judged.ok().map(|judged| judged.plans).as_ref());
        let is_merged = |(path, text): &Change| {
            PATHS[*path] != "environments/prod"
                && text.is_some_and(|text| !TEXTS[text].starts_with("link") && TEXTS[text] != "submodule")
        };
        let all = before.iter().chain(&later).chain(&change);
        let count = if all.flatten().all(is_merged) { 1 } else { 2 };
        prop_assert!(
            possible.is_empty() || is_broken || possible.iter().take(count).any(|one| *one == judged),
            "{}\n{judged}", possible.join("\n")
        );
    }
}

#[test]
fn a_file_in_place_of_a_directory_that_the_base_adds_to_is_a_conflict() {
    let directory = crate::support::directory::temporary().unwrap();
    git(directory.path(), &["init", "-q"]);
    let mut stream = Stream::new();
    let file = |path: &str, text: Option<&str>| (path.to_owned(), text.map(str::to_owned));
    let begin = stream.commit("begin", &[], &[file("a/one", Some("1\n")), file("b", Some("1\n"))]);
    let added = stream.commit("added", &[begin], &[file("a/two", Some("2\n"))]);
    let replacing = [file("a/one", None), file("a", Some("3\n"))];
    let replaced = stream.commit("replaced", &[begin], &replacing);
    let names = stream.import(directory.path());
    let name = |number: usize| &names[number - 1];
    let workspace = workspace(directory.path(), name(begin));
    let clone = workspace.require_clone().unwrap();
    for (ours, theirs) in [(added, replaced), (replaced, added)] {
        let merged = clone.merged_files(name(begin), name(ours), name(theirs)).unwrap();
        assert!(merged.is_none(), "{merged:?}");
    }
}
