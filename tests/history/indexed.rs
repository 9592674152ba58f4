//! What history says with an index, and with what earlier runs derived, is what it says
//! without.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;
use rungs::config::{Repository, load_apps};
use rungs::git::{
    BranchPositions, BranchSteps, CommitHistory, ContentFacts, HistoryError, IndexedHistory,
    LocalClone, Log, ObjectName,
};
use rungs::history::audit::{Audit, AuditQuery};
use rungs::history::{AskedApps, BranchHistory, Commits, History};
use rungs::sites::{AppInstance, Model, ModelScope};
use rungs::source::{RepoPath, Tree};

use crate::support::effort::few_or_all;
use crate::support::fast_import::Stream;

/// Configurations, one of which the newest commit has.
const CONFIGURATIONS: [&str; 8] = [
    "version: 1\nladder: [qa, prod]\n",
    "version: 1\n# moved\n\nladder: [qa, prod]\n",
    "version: 1\nladder: [qa, prod]\nsites:\n  - path: 'environments/{environment}/{app}.yaml'\n    \
     kind: yaml\n    fields: { tag: images.web.tag }\n",
    "version: 1\nladder: [qa, prod]\nsites:\n  - path: 'environments/{environment}/{app}.yaml'\n    \
     kind: yaml\n    fields: { tag: images.web.tag }\n    promote: [values.size]\n",
    // One file has sites of several apps.
    "version: 1\nladder: [qa, prod]\nsites:\n  - path: 'environments/{environment}/*.yaml'\n    \
     kind: helm-values\n    app: '{image}'\n",
    "version: 1\nladder: [qa, prod]\nsites:\n  - path: 'environments/{environment}/{app}.yaml'\n    \
     kind: marker\n  - path: 'environments/{environment}/{app}.yaml'\n    \
     kind: yaml\n    fields: { tag: images.web.tag }\n",
    // One file has all environments.
    "version: 1\nladder: [qa, prod]\nsites:\n  - path: 'environments/{app}.yaml'\n    \
     kind: yaml\n    fields: { tag: '{environment}.image.tag' }\n    promote: ['{environment}.size']\n",
    "version: 1\nladder: [qa, prod]\nsites:\n  - path: 'environments/*.yaml'\n    \
     kind: helm-values\n    app: '{image}'\n    root: '{environment}'\n",
];

const FILES: [&str; 9] = [
    "environments/qa/web.yaml",
    "environments/qa/cart.yaml",
    "environments/qa/environment.yaml",
    "environments/prod/web.yaml",
    "environments/prod/cart.yaml",
    "environments/prod/environment.yaml",
    "environments/environment.yaml",
    "environments/web.yaml",
    "other.yaml",
];

const TEXTS: [&str; 18] = [
    "images:\n  web: { repository: r.io/web, tag: v1 }\n",
    "images:\n  web: { repository: r.io/web, tag: v2 }\nvalues: { size: 1 }\n",
    "images:\n  web: { repository: r.io/cart, tag: v2 }\n",
    "promote: [values.size]\nimages:\n  web: { tag: v3 }\nvalues: { size: 2 }\n",
    "values: { size: 3 }\n",
    "promote: [values.size]\n",
    "images:\n  web: { tag: v1, tag: v2 }\n",
    "images: [\n",
    "",
    "web:\n  image: { repository: r.io/web, tag: v1 }\ncart:\n  image: { repository: r.io/cart, tag: v1 }\n",
    "web:\n  image: { repository: r.io/web, tag: v2 }\ncart:\n  image: { repository: r.io/cart, tag: v1 }\n",
    "a: r.io/web:v1 # rungs: app=web\nb: r.io/cart:v2 # rungs: app=cart\n",
    "b: r.io/cart:v3 # rungs: app=cart\n",
    "qa:\n  image: { repository: r.io/web, tag: v1 }\nprod:\n  image: { repository: r.io/web, tag: v1 }\n",
    "qa:\n  image: { repository: r.io/web, tag: v2 }\nprod:\n  image: { repository: r.io/web, tag: v1 }\n  size: 2\n",
    "qa: |\n  image: { repository: r.io/cart, tag: v3 }\nprod:\n  image: { repository: r.io/web, tag: v2 }\n",
    "link to ../qa/cart.yaml",
    "link to ../../other.yaml",
];

type Change = (usize, Option<usize>);

/// A commit: the files that it changes, and the configuration that it sets.
#[derive(Debug, Clone)]
struct Made {
    changes: Vec<Change>,
    configuration: Option<usize>,
}

fn made() -> impl Strategy<Value = Made> {
    let change =
        (0..FILES.len(), prop_oneof![5 => (0..TEXTS.len()).prop_map(Some), 1 => Just(None)]);
    let configuration = prop_oneof![6 => Just(None), 1 => (0..CONFIGURATIONS.len()).prop_map(Some)];
    (vec(change, 0..3), configuration)
        .prop_map(|(changes, configuration)| Made { changes, configuration })
}

/// A base, read as commands read it.
struct Base {
    clone: Arc<LocalClone>,
    tip: ObjectName,
    tree: Tree,
    repository: Repository,
    model: Model,
}

impl Base {
    fn at(clone: &Arc<LocalClone>, tip: &ObjectName) -> Option<Self> {
        let tree = clone.tree_of(tip).unwrap();
        let repository = load_apps(&tree, &BTreeSet::new()).ok()?.repository;
        let model = Model::of_tree(&repository, &tree, &ModelScope::all());
        Some(Self { clone: Arc::clone(clone), tip: tip.clone(), tree, repository, model })
    }

    /// The entries of an audit of an app, limited to that app or found among all.
    fn audit(&self, history: &dyn CommitHistory, app: &str, is_limited: bool) -> Vec<String> {
        let objects = self.clone.objects();
        let commits = Commits { tip: &self.tip, history, objects: &*objects };
        let apps = if is_limited { vec![app.to_owned()] } else { Vec::new() };
        let query = AuditQuery { apps, ..AuditQuery::default() };
        let entries = Audit::new(&self.repository, &self.tree, commits, query).unwrap();
        let entries = entries.map(Result::unwrap).filter(|entry| entry.app == app);
        entries.map(|entry| format!("{entry:?}")).collect()
    }

    /// Everything that a history says about every app, asked app by app, or tenure by
    /// tenure.
    fn says(&self, history: &dyn CommitHistory, asked: AskedApps, in_turn: bool) -> Vec<String> {
        let objects = self.clone.objects();
        let commits = Commits { tip: &self.tip, history, objects: &*objects };
        let history =
            BranchHistory::new(&self.repository, &self.tree, &self.model, Some(commits), asked);
        let environments = self.repository.environments.iter().map(|one| one.name.clone());
        let instances: Vec<_> = environments
            .flat_map(|name| ["web", "cart", "never"].map(|app| AppInstance::new(&name, app)))
            .collect();
        let mut said = vec![String::new(); instances.len()];
        for round in 0..if in_turn { 40 } else { 1 } {
            for (instance, said) in instances.iter().zip(&mut said) {
                let AppInstance { environment, app } = instance;
                let (skipped, most) = if in_turn { (round, 1) } else { (0, usize::MAX) };
                let tenures = history.tenures(environment, app).skip(skipped).take(most);
                tenures.for_each(|tenure| writeln!(said, "{tenure:?}").unwrap());
            }
        }
        said
    }
}

/// A history that counts the blobs that are read.
struct Counting<'a> {
    history: &'a IndexedHistory,
    blobs: AtomicUsize,
}

impl CommitHistory for Counting<'_> {
    fn steps<'h>(
        &'h self,
        tip: &ObjectName,
        paths: &[RepoPath],
    ) -> Result<BranchSteps<'h>, HistoryError> {
        self.history.steps(tip, paths)
    }

    fn positions<'h>(
        &'h self,
        tip: &ObjectName,
    ) -> Result<Box<dyn BranchPositions + 'h>, HistoryError> {
        self.history.positions(tip)
    }

    fn expect_many(&self) {
        self.history.expect_many();
    }

    fn is_indexed(&self, tip: &ObjectName) -> bool {
        self.history.is_indexed(tip)
    }

    fn facts(&self) -> Option<&ContentFacts> {
        self.history.facts()
    }

    fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, HistoryError> {
        self.blobs.fetch_add(1, Ordering::Relaxed);
        self.history.blob(id)
    }
}

#[test]
fn what_a_run_derived_is_not_read_again_until_it_may_differ() {
    let directory = crate::support::directory::temporary().unwrap();
    crate::support::git::git(directory.path(), &["init", "-q"]);
    let mut stream = Stream::new();
    let mut last = None;
    let mut commit = |files: &[(&str, String)]| {
        let files: Vec<_> =
            files.iter().map(|(path, text)| ((*path).to_owned(), Some(text.clone()))).collect();
        last = Some(stream.commit("commit", last.as_slice(), &files));
    };
    let image = |number: usize| format!("images:\n  web: {{ tag: v{number} }}\n");
    let settings = |number: usize| format!("values: {{ size: {number} }}\n");
    commit(&[("rungs.yaml", CONFIGURATIONS[0].to_owned())]);
    commit(&[("environments/prod/.keep", String::new())]);
    for number in 0..10 {
        commit(&[("environments/qa/web.yaml", image(number))]);
        commit(&[("environments/qa/environment.yaml", settings(number))]);
    }
    commit(&[("rungs.yaml", CONFIGURATIONS[1].to_owned())]);
    commit(&[("rungs.yaml", CONFIGURATIONS[2].to_owned())]);
    let names = stream.import(directory.path());
    let clone = Arc::new(LocalClone::containing(directory.path()).unwrap().unwrap());
    let read = |tip: &ObjectName| {
        let base = Base::at(&clone, tip).unwrap();
        let history = IndexedHistory::new(&clone, Some("main"), Arc::new(|_| ())).growing_by(4);
        let counting = Counting { history: &history, blobs: AtomicUsize::new(0) };
        assert_eq!(base.says(&counting, AskedApps::Most, false)[0].lines().count(), 10);
        counting.blobs.into_inner()
    };
    let [.., before, moved, otherwise] = &names[..] else { panic!("there are more") };
    assert!(read(before) >= 9);
    assert_eq!(read(before), 0);
    assert_eq!(read(moved), 0, "only a comment was added");
    assert!(read(otherwise) >= 9, "files are read in another way");
    assert_eq!(read(otherwise), 0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, ..ProptestConfig::with_cases(few_or_all(16, 128))
    })]

    #[test]
    fn with_an_index_and_facts_history_says_the_same(
        rounds in vec((vec(made(), 1..12), any::<bool>(), any::<bool>()), 1..5),
    ) {
        let directory = crate::support::directory::temporary().unwrap();
        crate::support::git::git(directory.path(), &["init", "-q"]);
        let mut stream = Stream::new();
        let begin = ["environments/qa/.keep", "environments/prod/.keep"]
            .map(|path| (path.to_owned(), Some(String::new())));
        let mut last = stream.commit("begin", &[], &begin);
        let begin = [("rungs.yaml".to_owned(), Some(CONFIGURATIONS[0].to_owned()))];
        last = stream.commit("begin", &[last], &begin);
        let mut tips = Vec::new();
        for (commits, _, _) in &rounds {
            for made in commits {
                let text = |at: &usize| TEXTS[*at].to_owned();
                let mut files: Vec<_> = made.changes.iter()
                    .map(|(file, at)| (FILES[*file].to_owned(), at.as_ref().map(text)))
                    .collect();
                let configuration = made.configuration.map(|at| CONFIGURATIONS[at].to_owned());
                files.extend(configuration.map(|text| ("rungs.yaml".to_owned(), Some(text))));
                last = stream.commit("commit", &[last], &files);
            }
            tips.push(last);
        }
        let names = stream.import(directory.path());
        let clone = Arc::new(LocalClone::containing(directory.path()).unwrap().unwrap());
        for ((_, many, in_turn), tip) in rounds.iter().zip(tips) {
            // The environments' files may be wrong; then nothing is asked.
            let Some(base) = Base::at(&clone, &names[tip - 1]) else { continue };
            let asked = if *many { AskedApps::Most } else { AskedApps::Few };
            let log = Log::new(Arc::clone(&clone));
            let expected = base.says(&log, AskedApps::Few, false);
            prop_assert_eq!(&base.says(&log, AskedApps::Most, *in_turn), &expected);
            let audited = base.audit(&log, "web", false);
            prop_assert_eq!(&base.audit(&log, "web", true), &audited);
            for _ in 0..2 {
                let index = IndexedHistory::new(&clone, Some("main"), Arc::new(|_| ())).growing_by(4);
                prop_assert_eq!(&base.says(&index, asked, *in_turn), &expected);
                prop_assert_eq!(&base.audit(&index, "web", *many), &audited);
                // What was derived before may be asked for in another order.
                prop_assert_eq!(&base.says(&index, AskedApps::Most, !*in_turn), &expected);
            }
        }
        let _ = fs::remove_dir_all(directory.path());
    }
}

#[test]
fn an_app_whose_file_is_a_link_to_nothing_is_read_alone_as_among_all() {
    let directory = crate::support::directory::temporary().unwrap();
    crate::support::git::git(directory.path(), &["init", "-q"]);
    let mut stream = Stream::new();
    let file = |path: &str, text: &str| (path.to_owned(), Some(text.to_owned()));
    let begin = [
        file("environments/qa/.keep", ""),
        file("rungs.yaml", CONFIGURATIONS[0]),
        file("environments/prod/web.yaml", TEXTS[0]),
    ];
    let first = stream.commit("begin", &[], &begin);
    let link = [file("environments/prod/web.yaml", "link to ../qa/cart.yaml")];
    let tip = stream.commit("link", &[first], &link);
    let names = stream.import(directory.path());
    let clone = Arc::new(LocalClone::containing(directory.path()).unwrap().unwrap());
    let base = Base::at(&clone, &names[tip - 1]).unwrap();
    let log = Log::new(Arc::clone(&clone));
    let audited = base.audit(&log, "web", false);
    assert!(audited[0].contains("unreadable: Some(After)"), "{audited:#?}");
    assert_eq!(base.audit(&log, "web", true), audited);
}
