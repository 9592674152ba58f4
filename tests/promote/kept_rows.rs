//! A status with rows that earlier runs kept is the status without them.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use rungs::git::{CommitHistory, IndexedHistory, LocalClone, Log, ObjectName};
use rungs::promote::status::status;
use rungs::promote::{AppSelection, LoadedBase};

use crate::support::effort::few_or_all;
use crate::support::fast_import::Stream;
use crate::support::git::git;

const APPS: [&str; 6] = [
    "environments/qa/web.yaml",
    "environments/prod/web.yaml",
    "environments/qa/cart.yaml",
    "environments/prod/cart.yaml",
    "environments/web.yaml",
    "environments/prod/eu/web.yaml",
];

const TEXTS: [Option<&str>; 9] = [
    Some("template: web\nimages: { web: { repository: r.io/web, tag: v1 } }\n"),
    Some("template: web\nimages: { web: { repository: r.io/web, tag: v2 } }\n"),
    Some(
        "template: web\nimages: { web: { repository: r.io/web, tag: v2 } }\npromote: [values.size]\n",
    ),
    Some("gates: { tag: '^v1$' }\nimages: { web: { repository: r.io/web, tag: v2 } }\n"),
    Some("imagez: {}\nimages: { web: { repository: r.io/web, tag: v1 } }\n"),
    Some("images: [\n"),
    Some("link to ../qa/cart.yaml"),
    Some("submodule"),
    None,
];

const SHARED: [&str; 3] = [
    "environments/environment.yaml",
    "environments/qa/environment.yaml",
    "environments/prod/environment.yaml",
];

const SHARED_TEXTS: [Option<&str>; 6] = [
    Some("values: { size: 1 }\n"),
    Some("values: { size: 2 }\n"),
    Some("gates: { soak: 30d }\nselect: newest-eligible\n"),
    Some("after: [qa]\n"),
    Some("policies: { unpinned: warning }\n"),
    None,
];

const CONFIGURATIONS: [&str; 3] = [
    "version: 1\nladder: [qa, prod]\n",
    "version: 1\npolicies: { production: { unpinned: warning } }\nladder: [qa, prod]\n",
    "version: 1\nladder: [[qa, prod]]\n",
];

/// What happens to the branch.
#[derive(Debug, Clone)]
enum Event {
    /// A file of an app gets a text.
    App(usize, usize),
    /// An app gets the same text in both environments, one after the other.
    Both(usize, usize),
    Shared(usize, usize),
    Configured(usize),
    /// Somebody pulls into a commit of their own that followed an earlier one, and pushes.
    Pulled(usize, usize),
    /// The branch is rewritten: it goes on from an earlier commit.
    Rewound(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..APPS.len(), 0..TEXTS.len()).prop_map(|(app, text)| Event::App(app, text)),
        6 => (0..2_usize, 0..3_usize).prop_map(|(app, text)| Event::Both(app, text)),
        3 => (0..SHARED.len(), 0..SHARED_TEXTS.len())
            .prop_map(|(file, text)| Event::Shared(file, text)),
        3 => (0..CONFIGURATIONS.len()).prop_map(Event::Configured),
        1 => (0..4_usize, 0..3_usize).prop_map(|(back, text)| Event::Pulled(back, text)),
        1 => (1..6_usize).prop_map(Event::Rewound),
    ]
}

/// A branch that grows, with all tips that it has had.
struct Branch {
    stream: Stream,
    tips: Vec<usize>,
}

impl Branch {
    fn new() -> Self {
        let mut branch = Self { stream: Stream::new(), tips: Vec::new() };
        let begin = ["environments/qa/x", "environments/prod/x", "templates/web/x.yaml"];
        let begin: Vec<_> =
            begin.iter().map(|path| ((*path).to_owned(), Some(String::new()))).collect();
        branch.tips.push(branch.stream.commit("begin", &[], &begin));
        branch.happens(&Event::Configured(0));
        branch
    }

    /// A commit after these that gives a file a text.
    fn commit(&mut self, parents: &[usize], path: &str, text: Option<&str>) -> usize {
        let pull = "Merge branch 'main' of ../deploy";
        let message = if parents.len() > 1 { pull } else { "commit" };
        self.stream.commit(message, parents, &[(path.to_owned(), text.map(str::to_owned))])
    }

    fn back(&self, steps: usize) -> usize {
        self.tips[self.tips.len().saturating_sub(steps + 1)]
    }

    fn set(&mut self, path: &str, text: Option<&str>) {
        let tip = self.commit(&[self.back(0)], path, text);
        self.tips.push(tip);
    }

    fn happens(&mut self, event: &Event) {
        match *event {
            Event::App(app, text) => self.set(APPS[app], TEXTS[text]),
            Event::Both(app, text) => {
                self.set(APPS[2 * app], TEXTS[text]);
                self.set(APPS[2 * app + 1], TEXTS[text]);
            }
            Event::Shared(file, text) => self.set(SHARED[file], SHARED_TEXTS[text]),
            Event::Configured(text) => self.set("rungs.yaml", Some(CONFIGURATIONS[text])),
            Event::Pulled(back, text) => {
                let own = self.commit(&[self.back(back)], APPS[0], TEXTS[text]);
                let tip = self.commit(&[own, self.back(0)], APPS[0], TEXTS[text]);
                self.tips.push(tip);
            }
            Event::Rewound(back) => self.tips.push(self.back(back)),
        }
    }
}

/// The status of everything, or of one environment.
fn shown(
    clone: &Arc<LocalClone>,
    tip: &ObjectName,
    history: Arc<dyn CommitHistory>,
    only: Option<&str>,
) -> String {
    let base = match LoadedBase::without_settings(clone.tree_of(tip).unwrap()) {
        Ok(base) => base.with_commits(tip.clone(), history, clone.objects()),
        Err(findings) => return format!("{findings:?}"),
    };
    let names = base.repository().environments.iter().map(|one| one.name.clone());
    let names: Vec<_> = names.filter(|name| Some(name.as_str()) == only).collect();
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    match status(&base, &AppSelection::All, &names, now) {
        Ok((status, findings)) => format!("{status:#?}\n{findings:?}"),
        Err(error) => format!("{error:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, ..ProptestConfig::with_cases(few_or_all(12, 400))
    })]

    #[test]
    fn kept_rows_are_those_that_are_made(
        events in vec((event(), proptest::option::weighted(0.2, Just("prod"))), 4..20),
    ) {
        let directory = crate::support::directory::temporary().unwrap();
        git(directory.path(), &["init", "-q"]);
        let mut branch = Branch::new();
        let mut runs = Vec::new();
        for (event, only) in &events {
            branch.happens(event);
            runs.push((branch.back(0), *only));
        }
        let names = branch.stream.import(directory.path());
        let clone = Arc::new(LocalClone::containing(directory.path()).unwrap().unwrap());
        for (tip, only) in runs {
            let tip = &names[tip - 1];
            let log = Arc::new(Log::new(Arc::clone(&clone)));
            let indexed = || {
                let index = IndexedHistory::new(&clone, Some("main"), Arc::new(|_| ()));
                Arc::new(index.growing_by(4))
            };
            let expected = shown(&clone, tip, log, only);
            prop_assert_eq!(&shown(&clone, tip, indexed(), only), &expected);
            prop_assert_eq!(&shown(&clone, tip, indexed(), only), &expected);
        }
    }
}
