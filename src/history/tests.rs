use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::made::{MadeHistory, instance, name, state};
use super::tenures::Tenures;
use super::*;
use crate::config::Mirrors;
use crate::git::{CommitHistory, HistoryError};
use crate::history::{Since, Tenure};
use crate::sites::{AppInstance, SiteValue, State};

impl MadeHistory {
    fn tenures(&self) -> Vec<Tenure> {
        let mirrors = Mirrors::default();
        let mut found = Tenures::new(self.walk(), &mirrors);
        (0..).map_while(|at| found.tenure(&instance("qa/web"), at)).map(Result::unwrap).collect()
    }

    fn spans(&self) -> Vec<(Option<String>, Option<i64>)> {
        self.tenures()
            .into_iter()
            .map(|tenure| (tenure.state.map(|s| tag_of(&s)), minute(&tenure.since)))
            .collect()
    }
}

fn tag_of(state: &State) -> String {
    let tags = state.iter().map(|(_, value)| match value {
        SiteValue::Image(image) => image.tag.clone().unwrap(),
        other => panic!("{other:?}"),
    });
    tags.collect()
}

fn minute(since: &Since) -> Option<i64> {
    since.time().map(|time| time.as_second() / 60)
}

fn span(tag: &str, minute: i64) -> (Option<String>, Option<i64>) {
    (Some(tag.to_owned()), Some(minute))
}

#[test]
fn a_state_lasts_until_another_comes() {
    let mut made = MadeHistory::of(&[Some("v1"), Some("v2"), Some("v1")]);
    made.add(&[("qa/other", Some("v9"))]);
    assert_eq!(made.spans(), [span("v1", 2), span("v2", 1), span("v1", 0)]);
    let tenures = made.tenures();
    assert_eq!(tenures[0].left, None);
    assert_eq!(tenures[1].left, Some(name(1002)));
    assert_eq!(tenures[1].entered.as_ref().unwrap(), &name(1001));
}

#[test]
fn the_times_when_an_app_was_absent_or_broken_are_tenures() {
    let made = MadeHistory::of(&[Some("v1"), None, Some("v1"), Some("broken"), Some("v1")]);
    assert_eq!(
        made.spans(),
        [span("v1", 4), (None, Some(3)), span("v1", 2), span("", 1), span("v1", 0)]
    );
}

#[test]
fn a_file_that_changes_in_another_way_does_not_end_a_tenure() {
    let mut made = MadeHistory::of(&[Some("v1")]);
    made.add(&[("qa/web", Some("v1"))]);
    assert_eq!(made.spans(), [span("v1", 0)]);
}

#[test]
fn the_start_before_the_edge_of_a_shallow_clone_is_unknown() {
    let mut made = MadeHistory::of(&[Some("v1"), Some("v2")]);
    made.steps.remove(0);
    made.is_shallow = true;
    let tenures = made.tenures();
    assert_eq!(tenures.len(), 2);
    assert!(matches!(&tenures[1].since, Since::Unknown { fetch } if fetch.contains("unshallow")));
    assert_eq!((&tenures[1].entered, tenures[1].state.as_ref()), (&None, Some(&state("v1"))));
}

#[test]
fn tenures_are_found_one_by_one() {
    let made = MadeHistory::of(&[Some("v1"), Some("v2"), Some("v3")]);
    let mut read = 0;
    let steps = made.steps(&name(0), &[]).unwrap().inspect(|_| read += 1);
    let walk = Walk::along(&made, Box::new(steps), made.model());
    let mirrors = Mirrors::default();
    let mut tenures = Tenures::new(walk, &mirrors);
    assert!(tenures.tenure(&instance("qa/web"), 0).is_some());
    drop(tenures);
    assert_eq!(read, 1);
}

/// Everything that a history says about these apps, asked in this order, tenure by
/// tenure or app by app.
fn everything(
    history: &BranchHistory<'_>,
    instances: &[AppInstance],
    in_turn: bool,
) -> BTreeMap<AppInstance, String> {
    let mut said: BTreeMap<AppInstance, String> = BTreeMap::new();
    let rounds = if in_turn { 12 } else { 1 };
    for at in 0..rounds {
        for instance in instances {
            let AppInstance { environment, app } = instance;
            let (skipped, most) = if in_turn { (at, 1) } else { (0, usize::MAX) };
            let states = history.states(environment, app).skip(skipped).take(most);
            let states: Vec<_> = states.map(|state| format!("{state:?}")).collect();
            let tenures = history.tenures(environment, app).skip(skipped).take(most);
            for (tenure, state) in tenures.zip(&states) {
                let tenure = tenure.unwrap();
                assert_eq!(*state, format!("{:?}", Ok::<_, HistoryError>(&tenure.state)));
                writeln!(said.entry(instance.clone()).or_default(), "{tenure:?}").unwrap();
            }
        }
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn one_walk_for_all_apps_finds_what_a_walk_for_each_finds(
        steps in vec(vec((0_usize..12, 0_usize..4), 0..4), 0..10),
        is_shallow: bool,
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
        in_turn: bool,
    ) {
        let path = |at: usize| format!("{}/app-{}", ["qa", "prod"][at % 2], at / 2);
        let mut made = MadeHistory::default();
        for files in steps {
            let files: BTreeMap<String, usize> =
                files.into_iter().map(|(at, tag)| (path(at), tag)).collect();
            let tags = [Some("v1"), Some("v2"), Some("broken"), None];
            let files: Vec<_> = files.iter().map(|(path, tag)| (&**path, tags[*tag])).collect();
            made.add(&files);
        }
        if is_shallow && !made.steps.is_empty() {
            made.steps.remove(0);
            made.is_shallow = true;
        }
        let instances: Vec<AppInstance> =
            order.into_iter().map(|at| instance(&path(at))).collect();
        let (tree, model) = (made.tree(), made.model());
        for is_indexed in [false, true] {
            made.is_indexed = is_indexed;
            let commits = Commits { tip: &made.tip, history: &made, objects: &made };
            let history =
                |asked| BranchHistory::new(&made.repository, &tree, &model, Some(commits), asked);
            let few = || history(AskedApps::Few);
            let alone: BTreeMap<_, _> = instances
                .iter()
                .flat_map(|one| everything(&few(), std::slice::from_ref(one), false))
                .collect();
            prop_assert_eq!(&everything(&few(), &instances, in_turn), &alone);
            prop_assert_eq!(&everything(&history(AskedApps::Most), &instances, in_turn), &alone);
        }
    }

    #[test]
    fn a_timeline_knows_at_each_commit_what_was_known_then(
        steps in vec(vec((0_usize..6, 0_usize..5), 1..4), 1..10),
        is_shallow: bool,
    ) {
        let instances = (0..6).map(|at| format!("{}/app-{}", ["qa", "prod"][at % 2], at / 2));
        let instances: Vec<_> = instances.map(|path| instance(&path)).collect();
        let tags = [Some("v1"), Some("v2"), Some("v3"), Some("broken"), None];
        // The histories of ever more of the commits; of a shallow clone, without the first.
        let made = |count: usize| {
            let mut made = MadeHistory::default();
            for files in &steps[..count] {
                let path = |at: usize| format!("{}/{}", instances[at].environment, instances[at].app);
                let files: BTreeMap<_, _> =
                    files.iter().map(|(at, tag)| (path(*at), tags[*tag])).collect();
                let files: Vec<_> = files.iter().map(|(path, tag)| (&**path, *tag)).collect();
                made.add(&files);
            }
            if is_shallow && count > 0 {
                made.steps.remove(0);
                made.is_shallow = true;
            }
            made
        };
        let all = made(steps.len());
        let commits = Commits { tip: &all.tip, history: &all, objects: &all };
        let timeline = Timeline::read(&all.repository, &all.tree(), commits, Vec::new());
        let timeline = timeline.unwrap();
        for moment in timeline.moments() {
            let number = (0..steps.len()).find(|at| moment.step().id == name(1000 + at)).unwrap();
            let earlier = made(number);
            let (tree, model) = (earlier.tree(), earlier.model());
            let commits = Commits { tip: &earlier.tip, history: &earlier, objects: &earlier };
            let history =
                BranchHistory::new(&earlier.repository, &tree, &model, Some(commits), AskedApps::Few);
            for AppInstance { environment, app } in &instances {
                let then: Vec<_> = history.tenures(environment, app).map(Result::unwrap).collect();
                let now: Vec<_> = moment.tenures(environment, app).collect();
                prop_assert_eq!(format!("{then:?}"), format!("{now:?}"));
                let state = earlier.walk().now(&AppInstance::new(environment, app));
                prop_assert_eq!(state, moment.state(environment, app));
            }
        }
    }
}
