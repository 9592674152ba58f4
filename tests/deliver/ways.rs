//! No series of hostile changes that pass brings an image to prod that does not belong there,
//! and honest changes pass.

mod changes;
mod deployed;
mod honest;
mod hostile;
mod random;
mod shops;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use rayon::prelude::*;
use rungs::config;
use rungs::deliver::Delivery;
use rungs::git::{BaseOptions, ObjectName, Variables, Workspace, WorkspaceOptions};
use rungs::promote::worst;
use rungs::worker::InProcess;

use changes::{Change, Edit, Landing, Made, MadeChange, Parents, TopicCommit, committed, make};
use hostile::DEPLOY;
use random::Random;
use shops::{DAY, Files, KINDS, Kind, NOW, Shop};

use crate::support::directory::temporary;
use crate::support::effort::few_or_all;
use crate::support::fast_import::{LINK, SUBMODULE, Stream};
use crate::support::git::{git, output};
use crate::support::program::rungs_done;

/// Series that share a repository.
const BATCH: u64 = 40;

/// Why a change does not pass; none if it does.
fn blocked(directory: &Path, base: &ObjectName, head: &ObjectName, now: i64) -> Option<String> {
    let base = BaseOptions { base: Some(base.to_string()), remote: None };
    let options = WorkspaceOptions { base, ..WorkspaceOptions::default() };
    let workspace =
        Workspace::at(directory, options, Variables::default(), config::configured_base_branch);
    let now = Timestamp::from_second(now).unwrap();
    let judged = match Delivery::new(&workspace, &InProcess, now).judge(head.as_str(), &[], None) {
        Ok(judged) => judged,
        Err(findings) => return Some(format!("{findings:#?}")),
    };
    let gates = judged.plans.iter().flat_map(|plan| &plan.apps).flat_map(|app| &app.gates);
    let blocks: Vec<_> = gates.filter(|verdict| worst([*verdict]).is_some()).collect();
    if blocks.is_empty() && !judged.findings.has_errors() {
        return None;
    }
    Some(format!("{blocks:#?}\n{:#?}", judged.findings))
}

/// A repository with the history of a shop.
struct Repository {
    shop: Shop,
    stream: Stream,
    tip: Made,
}

impl Repository {
    fn new(shop: Shop) -> Self {
        let mut stream = Stream::new();
        let mut tip = Made { number: 0, files: Files::new() };
        for (time, files) in shop.history() {
            let parents = if tip.number == 0 { vec![] } else { vec![tip.number] };
            tip = committed(&mut stream, &tip.files, files, &parents, "History", time);
        }
        Self { shop, stream, tip }
    }

    /// Makes changes one after the other, `pace` seconds apart.
    fn make(&mut self, series: &[Change], start: i64, pace: i64) -> Vec<MadeChange> {
        let mut made: Vec<MadeChange> = Vec::new();
        let mut at = self.tip.clone();
        let mut now = start;
        for change in series {
            let one = make(&mut self.stream, &at, change, self.shop.merge, now);
            let landed = one.landings.get(one.way).and_then(|way| way.commits.last()).cloned();
            made.push(one);
            let Some(landed) = landed else { break };
            at = landed;
            now += pace;
        }
        made
    }
}

/// What a series of changes came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    passed: usize,
    /// What came to prod and does not belong there, and by which change.
    wrong: Option<String>,
}

fn hostile_outcome(
    directory: &Path,
    names: &[ObjectName],
    shop: Shop,
    made: &[MadeChange],
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut allowed = shop.allowed();
    for (at, one) in made.iter().enumerate() {
        let [base, head] = [&one.base, &one.head].map(|made| &names[made.number - 1]);
        if blocked(directory, base, head, one.now).is_some() {
            break;
        }
        outcome.passed += 1;
        allowed.extend(deployed::images_in("prod", shop.kind, &one.base.files));
        let landed = one.landings.iter().find_map(|landing| wrong(shop, one, landing, &allowed));
        let wrong = landed.or_else(|| {
            let is_whole = one.has_base_moved && shop.merge != Some("rebase");
            let files = is_whole.then(|| merged_by_git(directory, base, head)).flatten()?;
            let commits = vec![Made { number: 0, files }];
            wrong(shop, one, &Landing { style: "git's merge", commits }, &allowed)
        });
        if let Some(wrong) = wrong {
            outcome.wrong = Some(format!("{wrong} by change {at}"));
            break;
        }
    }
    outcome
}

/// The files of the merge that git makes, which follows renames; none if it finds a conflict.
fn merged_by_git(directory: &Path, base: &ObjectName, head: &ObjectName) -> Option<Files> {
    let merge = output(directory, &["merge-tree", "--write-tree", base.as_str(), head.as_str()]);
    let text = String::from_utf8(merge.stdout).unwrap();
    let tree = text.lines().next().filter(|_| merge.status.success())?;
    let list = git(directory, &["ls-tree", "-r", "-z", tree]);
    let entries = list.split('\0').filter_map(|entry| entry.split_once('\t'));
    let file = |(entry, path): (&str, &str)| {
        let (mode, object) = entry.split_once(' ').unwrap();
        let text = match mode {
            "160000" => SUBMODULE.to_owned(),
            "120000" => format!("{LINK}{}", git(directory, &["cat-file", "-p", &object[5..]])),
            _ => git(directory, &["cat-file", "-p", &object[5..]]),
        };
        (path.to_owned(), text)
    };
    Some(entries.map(file).collect())
}

/// What a landing brings to prod that is not allowed.
fn wrong(
    shop: Shop,
    one: &MadeChange,
    landing: &Landing,
    allowed: &BTreeSet<String>,
) -> Option<String> {
    let (last, between) = landing.commits.split_last()?;
    // No soak is asked for what stands between two commits.
    let fresh = deployed::images_in("stage", shop.kind, &one.base.files);
    let between_allowed: BTreeSet<_> = allowed.union(&fresh).cloned().collect();
    let mut all = between.iter().map(|commit| (commit, &between_allowed)).chain([(last, allowed)]);
    all.find_map(|(commit, allowed)| {
        let images = deployed::images_in("prod", shop.kind, &commit.files);
        let wrong: Vec<_> = images.difference(allowed).collect();
        (!wrong.is_empty()).then(|| format!("{wrong:?} landed by {}", landing.style))
    })
}

/// The outcome of one series by itself.
fn alone(shop: Shop, series: &[Change]) -> Outcome {
    let directory = temporary().unwrap();
    git(directory.path(), &["init", "-q"]);
    let mut repository = Repository::new(shop);
    let made = repository.make(series, NOW, 60);
    let names = repository.stream.import(directory.path());
    hostile_outcome(directory.path(), &names, shop, &made)
}

/// The smallest series that still goes wrong when parts of this one are left out.
fn smallest(shop: Shop, series: &[Change]) -> Vec<Change> {
    let mut series = series.to_vec();
    loop {
        let smaller = smaller(&series).into_iter();
        let Some(found) = { smaller }.find(|one| alone(shop, one).wrong.is_some()) else {
            return series;
        };
        series = found;
    }
}

fn smaller(series: &[Change]) -> Vec<Vec<Change>> {
    let mut all = Vec::new();
    let mut add = |change: &dyn Fn(&mut Vec<Change>)| {
        let mut other = series.to_vec();
        change(&mut other);
        if other != series {
            all.push(other);
        }
    };
    for (at, change) in series.iter().enumerate() {
        add(&|other| drop(other.remove(at)));
        add(&|other| other[at].meanwhile.clear());
        for (number, commit) in change.commits.iter().enumerate() {
            add(&|other| drop(other[at].commits.remove(number)));
            add(&|other| "Tidy up".clone_into(&mut other[at].commits[number].message));
            add(&|other| other[at].commits[number].date = 0);
            add(&|other| other[at].commits[number].parents = Parents::One);
            for edit in 0..commit.edits.len() {
                add(&|other| drop(other[at].commits[number].edits.remove(edit)));
            }
        }
    }
    all
}

/// The shop of a batch.
fn shop(batch: u64) -> Shop {
    let mut random = Random(batch);
    let kind = KINDS[usize::try_from(batch).unwrap() % KINDS.len()];
    let merge = random.pick(&[None, None, Some("squash"), Some("merge"), Some("rebase")]);
    // The others name what is held back otherwise.
    let can_hold = matches!(kind, Kind::Manifest | Kind::Native | Kind::Kustomize | Kind::Marker);
    Shop { kind, merge, is_held: can_hold && random.one_in(3) }
}

fn hostile_batch(batch: u64, count: u64) -> (usize, Vec<String>) {
    let shop = shop(batch);
    let directory = temporary().unwrap();
    git(directory.path(), &["init", "-q"]);
    let bases = Repository::new(shop).stream.import(directory.path());
    let bases: Vec<_> = bases.iter().map(ToString::to_string).collect();
    let mut repository = Repository::new(shop);
    let made: Vec<_> = (0..count)
        .map(|number| {
            let mut random = Random(batch << 32 | number);
            let series = hostile::series(&mut random, shop, &bases);
            (repository.make(&series, NOW, 60), series)
        })
        .collect();
    let names = repository.stream.import(directory.path());
    let mut passed = 0;
    let mut wrong = Vec::new();
    for (made, series) in &made {
        let outcome = hostile_outcome(directory.path(), &names, shop, made);
        passed += outcome.passed;
        if outcome.wrong.is_some() {
            let series = smallest(shop, series);
            wrong.push(format!("{shop:?}: {:?}\n{series:?}", alone(shop, &series).wrong));
        }
    }
    (passed, wrong)
}

/// Runs batches, and says how many series and changes were judged, and what went wrong.
fn run(batches: u64, batch: impl Fn(u64) -> (usize, Vec<String>) + Sync + Send) {
    let started = Instant::now();
    let all: Vec<_> = (0..batches).into_par_iter().map(batch).collect();
    let mut passed = vec![0; KINDS.len()];
    for (at, (count, _)) in all.iter().enumerate() {
        passed[at % KINDS.len()] += count;
    }
    println!("{batches} batches, changes passed {passed:?}, {:?}", started.elapsed());
    let wrong: Vec<_> = all.into_iter().flat_map(|(_, wrong)| wrong).collect();
    assert!(wrong.is_empty(), "{}: {}", wrong.len(), wrong.join("\n"));
    // Where everything is blocked, nothing is proved.
    assert!(!passed.contains(&0), "no change passes for one of {KINDS:?}: {passed:?}");
}

/// As many batches as make sense in every thorough run, or those that somebody asks for:
/// `RUNGS_HOSTILE_BATCHES=520` are 20,800 hostile series, and take ten minutes.
fn batches(usual: u64) -> u64 {
    let asked = std::env::var("RUNGS_HOSTILE_BATCHES").ok();
    asked.and_then(|count| count.parse().ok()).unwrap_or(usual)
}

#[test]
fn no_hostile_series_that_passes_brings_an_image_to_prod() {
    run(few_or_all(14, batches(60)), |batch| hostile_batch(batch, few_or_all(8, BATCH)));
}

/// A repository with the series of a batch, and why a change of each does not pass.
fn honest_batch(batch: u64, count: u64) -> (usize, Vec<String>) {
    let shop = Shop { is_held: false, ..shop(batch) };
    let directory = temporary().unwrap();
    git(directory.path(), &["init", "-q"]);
    let mut repository = Repository::new(shop);
    let made: Vec<_> = (0..count)
        .map(|number| {
            let series = honest::series(&mut Random(batch << 32 | number), shop);
            (repository.make(&series, NOW + 2 * DAY, 2 * DAY), series)
        })
        .collect();
    let names = repository.stream.import(directory.path());
    let mut passed = 0;
    let mut wrong = Vec::new();
    for (made, series) in &made {
        for (at, one) in made.iter().enumerate() {
            let [base, head] = [&one.base, &one.head].map(|made| &names[made.number - 1]);
            if let Some(why) = blocked(directory.path(), base, head, one.now) {
                wrong.push(format!("{shop:?}: change {at} of {series:?}\n{why}"));
                break;
            }
            passed += 1;
        }
    }
    (passed, wrong)
}

#[test]
fn honest_changes_pass() {
    run(few_or_all(14, batches(20)), |batch| honest_batch(batch, few_or_all(3, BATCH)));
}

#[test]
fn promotions_of_the_program_pass() {
    for kind in KINDS {
        let shop = Shop { kind, merge: None, is_held: false };
        let directory = temporary().unwrap();
        git(directory.path(), &["init", "-q"]);
        let Repository { stream, tip, .. } = Repository::new(shop);
        let names = stream.import(directory.path());
        let base = &names[tip.number - 1];
        git(directory.path(), &["reset", "-q", "--hard", base.as_str()]);
        for (app, to) in [("web", "stage"), ("web", "prod")] {
            git(directory.path(), &["reset", "-q", "--hard", base.as_str()]);
            rungs_done(directory.path(), &["promote", app, "--to", to, "--write"]);
            git(directory.path(), &["commit", "-qam", "Promote"]);
            let head = git(directory.path(), &["rev-parse", "HEAD"]);
            let head = ObjectName::parse(head.trim()).unwrap();
            assert_eq!(blocked(directory.path(), base, &head, NOW), None, "{kind:?}");
        }
    }
}

/// A change with a commit for each list of edits.
fn change(meanwhile: Vec<Edit>, commits: Vec<Vec<Edit>>) -> Change {
    let commit = |edits| TopicCommit {
        message: "Tidy up".to_owned(),
        date: 0,
        parents: Parents::One,
        edits,
    };
    Change { meanwhile, commits: commits.into_iter().map(commit).collect(), way: 0 }
}

#[test]
fn a_rule_comes_with_a_file_for_it() {
    let shop = Shop { kind: Kind::Yaml, merge: Some("squash"), is_held: false };
    let rule = format!("{DEPLOY}environments:\n");
    for app in ["web", "cart"] {
        let edits = vec![
            Edit::Replace("rungs.yaml".into(), "environments:\n".into(), rule.clone()),
            Edit::Put(format!("deploy/prod/{app}.yaml"), Kind::Yaml.text(app, "v9")),
        ];
        assert_eq!(alone(shop, &[change(vec![], vec![edits])]).wrong, None);
    }
}

#[test]
fn a_fresh_state_stands_between_two_commits() {
    for merge in [None, Some("rebase")] {
        let shop = Shop { kind: Kind::Yaml, merge, is_held: false };
        let fresh = hostile::tagged(Kind::Yaml, "prod", "api", "v3");
        let gone = Edit::Remove(Kind::Yaml.path("prod", "api"));
        let all = change(vec![], vec![vec![fresh], vec![gone]]);
        let directory = temporary().unwrap();
        git(directory.path(), &["init", "-q"]);
        let mut repository = Repository::new(shop);
        let made = repository.make(&[all], NOW, 60);
        let names = repository.stream.import(directory.path());
        let [base, head] = [&made[0].base, &made[0].head].map(|made| &names[made.number - 1]);
        assert_ne!(blocked(directory.path(), base, head, NOW), None);
    }
}

#[test]
fn what_a_change_renames_changes_on_the_base_branch() {
    for kind in KINDS {
        let shop = Shop { kind, merge: Some("merge"), is_held: false };
        let (notes, prod) = ("notes/web.yaml".to_owned(), kind.path("prod", "web"));
        let draft = Edit::Put(notes.clone(), kind.text("web", "v2"));
        let first = change(vec![], vec![vec![Edit::Remove(prod.clone()), draft, Edit::Render]]);
        let meanwhile = vec![Edit::After(notes.clone(), kind.before_tag("web"), "v9".into())];
        let second = change(meanwhile, vec![vec![Edit::Move(notes, prod), Edit::Render]]);
        assert_eq!(alone(shop, &[first, second]).wrong, None, "{kind:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_stands_between_two_commits() {
    let shop = Shop { kind: Kind::Marker, merge: None, is_held: false };
    let prod = Kind::Marker.path("prod", "web");
    let broken = format!("[]\n{}", Kind::Marker.text("web", "v9"));
    let put = Edit::Put(prod.clone(), broken);
    let all = change(vec![], vec![vec![put], vec![Edit::Remove(prod)]]);
    assert_eq!(alone(shop, &[all]), Outcome::default());
}

#[test]
fn an_environments_directory_gets_another_name() {
    let shop = Shop { kind: Kind::Yaml, merge: Some("merge"), is_held: false };
    let renamed = Edit::Move("env/prod".into(), "env/prod2".into());
    assert_eq!(alone(shop, &[change(vec![], vec![vec![renamed]])]), Outcome::default());
}

#[test]
fn a_new_site_is_not_read_as_a_reference() {
    let is_another = |kind: &Kind| !matches!(kind, Kind::Native | Kind::Manifest | Kind::Marker);
    for kind in KINDS.into_iter().filter(is_another) {
        let shop = Shop { kind, merge: Some("merge"), is_held: false };
        for tag in ["!!str v9", "{{ tag }}", "[v9]"] {
            let prod = kind.path("prod", "api");
            let gone = vec![Edit::Remove(prod.clone())];
            let back = vec![Edit::Put(prod, kind.text("api", tag))];
            let all = [change(vec![], vec![gone]), change(vec![], vec![back])];
            let outcome = alone(shop, &all);
            assert!(outcome.wrong.is_none() && outcome.passed < 2, "{kind:?} {tag}: {outcome:?}");
        }
    }
}
