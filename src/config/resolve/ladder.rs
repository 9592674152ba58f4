//! Which environments come before which.

use std::collections::{HashMap, HashSet, VecDeque};

use indexmap::IndexMap;

use super::{Known, empty_list, exactly_one, report_twice};
use crate::config::decode::List;
use crate::config::raw::{AfterFile, RepositoryFile, RungFile};
use crate::config::valid::{Before, Ladder};
use crate::config::{EnvironmentName, Sourced};
use crate::diagnostic::{Finding, Findings, codes};

codes! {
    /// An environment that the ladder names says `after` as well.
    ///
    /// The ladder says what comes before each environment on it. `after` is
    /// for an environment beside the ladder; with both, they could disagree.
    AFTER_ON_LADDER = "after-on-ladder", Input, Error;

    /// Environments that come before themselves.
    ///
    /// Followed from one to the next, `after` comes back to where it began, so
    /// that nothing could ever enter any of these environments.
    ///
    /// ```yaml
    /// # environments/demo/environment.yaml
    /// after: [showroom]
    /// # environments/showroom/environment.yaml
    /// after: [demo]          # wrong
    /// after: [stage]         # right
    /// ```
    CYCLE = "ladder-cycle", Input, Error;
}

/// What environments say of themselves, by name.
type Afters = IndexMap<EnvironmentName, Sourced<AfterFile>>;

/// The ladder of `rungs.yaml` and what environments say of themselves.
pub(super) fn resolve(
    settings: Option<&RepositoryFile>,
    afters: Afters,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Ladder {
    let ladder = settings.and_then(|settings| settings.ladder.as_ref());
    let rungs: Vec<_> =
        ladder.iter().flat_map(|ladder| &ladder.value).map(|item| rung(item, findings)).collect();
    let named: Vec<_> = rungs.iter().flatten().cloned().collect();
    for name in &named {
        known.has(name, findings);
    }
    report_twice(&named, EnvironmentName::as_str, "environment", findings);
    let on_rung: HashMap<_, _> = named.iter().map(|name| (&name.value, name)).collect();
    let mut after = IndexMap::new();
    for (name, file) in afters {
        if let Some(rung) = on_rung.get(&name) {
            findings.push(on_ladder(&name, &file, rung));
        } else if let Some(before) = before(&file, known, findings) {
            after.insert(name, Sourced { value: before, location: file.location });
        }
    }
    report_cycles(&after, findings);
    Ladder::new(rungs, after)
}

fn rung(item: &Sourced<RungFile>, findings: &mut Findings) -> Vec<Sourced<EnvironmentName>> {
    match &item.value {
        RungFile::One(name) => vec![name.clone()],
        RungFile::Several(names) => {
            if names.is_empty() {
                findings.push(
                    Finding::new(&super::EMPTY_LIST, "a rung is empty", item.location.clone())
                        .because("no environment stands here")
                        .help("remove it"),
                );
            }
            names.clone()
        }
    }
}

fn on_ladder(
    name: &EnvironmentName,
    after: &Sourced<AfterFile>,
    rung: &Sourced<EnvironmentName>,
) -> Finding {
    let message = format!("`{name}` is on the ladder and says `after` as well");
    Finding::new(&AFTER_ON_LADDER, message, after.location.clone())
        .because("says what comes before it")
        .label(rung.location.clone(), "and so does its place on the ladder")
        .help("remove one of the two")
}

fn before(file: &Sourced<AfterFile>, known: &Known<'_>, findings: &mut Findings) -> Option<Before> {
    let (list, is_any) = match &file.value {
        AfterFile::List(list) => (list, false),
        AfterFile::Map(map) => match (&map.all, &map.any) {
            (Some(all), None) => (&all.value, false),
            (None, Some(any)) => (&any.value, true),
            _ => {
                findings.push(exactly_one("`after`", "`all` and `any`", &file.location));
                return None;
            }
        },
    };
    if list.is_empty() {
        findings.push(empty_list(
            "after",
            "an environment that is never promoted to",
            &file.location,
        ));
    }
    report_twice(list, EnvironmentName::as_str, "environment", findings);
    let names = known_of(list, known, findings);
    Some(if is_any { Before::Any(names) } else { Before::All(names) })
}

fn known_of(
    list: &List<EnvironmentName>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Vec<EnvironmentName> {
    let known = list.iter().filter(|name| known.has(name, findings));
    known.map(|name| name.value.clone()).collect()
}

/// Only what is beside the ladder can come before itself: what is on it names
/// nothing. One finding for each circle, at its first environment by name.
fn report_cycles(after: &IndexMap<EnvironmentName, Sourced<Before>>, findings: &mut Findings) {
    let mut told: HashSet<EnvironmentName> = HashSet::new();
    let mut names: Vec<_> = after.keys().collect();
    names.sort();
    for start in names {
        if told.contains(start) {
            continue;
        }
        let Some(circle) = circle_from(start, after) else { continue };
        if circle.iter().any(|name| told.contains(name)) {
            continue;
        }
        let path: Vec<_> = circle.iter().chain([start]).map(|name| format!("`{name}`")).collect();
        let mut finding = Finding::new(
            &CYCLE,
            format!("`{start}` comes before itself: {}", path.join(" after ")),
            after[start].location.clone(),
        )
        .because(format!("`{start}` is after `{}`", circle.get(1).unwrap_or(start)));
        for (index, name) in circle.iter().enumerate().skip(1) {
            let next = circle.get(index + 1).unwrap_or(start);
            finding =
                finding.label(after[name].location.clone(), format!("`{name}` is after `{next}`"));
        }
        findings.push(finding.help("let one of them be after an environment of the ladder"));
        told.extend(circle);
    }
}

/// The shortest way from `start` back to it.
fn circle_from(
    start: &EnvironmentName,
    after: &IndexMap<EnvironmentName, Sourced<Before>>,
) -> Option<Vec<EnvironmentName>> {
    // Which environment each one was come to from.
    let mut reached: HashMap<&EnvironmentName, &EnvironmentName> = HashMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(at) = waiting.pop_front() {
        for next in after.get(at).into_iter().flat_map(|before| before.value.environments()) {
            if next == start {
                let back = std::iter::successors(Some(at), |at| reached.get(at).copied());
                let mut circle: Vec<_> = back.cloned().collect();
                circle.reverse();
                return Some(circle);
            }
            if !reached.contains_key(next) {
                reached.insert(next, at);
                waiting.push_back(next);
            }
        }
    }
    None
}
