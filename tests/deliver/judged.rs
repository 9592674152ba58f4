//! What `gates --base` says of a change is what it says with every app read.

use std::path::Path;

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use rungs::config;
use rungs::deliver::Delivery;
use rungs::diagnostic::Findings;
use rungs::git::{BaseOptions, ObjectName, Variables, Workspace, WorkspaceOptions};
use rungs::history::AskedApps;
use rungs::promote::{AppSelection, LoadedBase, Plan, ProposedChange, assess_change};
use rungs::sites::{Model, ModelScope};
use rungs::worker::InProcess;

use crate::support::effort::few_or_all;
use crate::support::fast_import::Stream;
use crate::support::git::git;

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
    let options = WorkspaceOptions { base, author: None };
    Workspace::at(directory, options, Variables::default(), config::configured_base_branch)
}

/// The plans of a change with every app read; none if the base cannot be read.
fn with_all(
    workspace: &Workspace,
    [base, fork, head]: [&ObjectName; 3],
) -> Option<Result<Vec<Plan>, Findings>> {
    let loaded = LoadedBase::at(workspace, base, None, &AppSelection::All).ok()?;
    let trees = [fork, head].map(|commit| workspace.tree_of(commit).unwrap());
    let all = ModelScope::all();
    let [fork, head] = [0, 1].map(|at| Model::of_tree(loaded.repository(), &trees[at], &all));
    let unread = head.findings_of_files(|_| true);
    if unread.has_errors() && !fork.findings_of_files(|_| true).has_errors() {
        return Some(Err(unread));
    }
    let change = ProposedChange {
        tree: &trees[1],
        model: &head,
        fork: &fork,
        records: &[],
        overrides: &[],
        renderer: &InProcess,
    };
    Some(loaded.ask(Timestamp::UNIX_EPOCH, AskedApps::Few, |base| assess_change(base, &change)))
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
            let template = "kind: Pod\nspec: {{ containers: [{ image: \"{{ images.web.ref }}\" }] }}\n";
            (format!("templates/{app}/pod.yaml.tera"), Some(template.to_owned()))
        }));
        let settings = ("rungs.yaml".to_owned(), Some(CONFIGURATIONS[configuration].to_owned()));
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
        let judged = Delivery::new(&workspace, &InProcess, Timestamp::UNIX_EPOCH).judge(head.as_str(), &[]);
        match (with_all(&workspace, [base, fork, head]), judged) {
            (None, _) => {}
            (Some(Ok(plans)), Ok(judged)) => {
                prop_assert_eq!(format!("{:#?}", judged.plans), format!("{plans:#?}"));
            }
            (Some(Err(_)), judged) => prop_assert!(judged.is_err(), "{judged:?}"),
            (Some(Ok(plans)), Err(findings)) => prop_assert!(false, "{plans:?} {findings:?}"),
        }
    }
}
