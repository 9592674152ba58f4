//! Which environments come before which: how the files write it, what it means,
//! and how the former is turned into the latter.

use std::collections::{HashMap, HashSet, VecDeque};

use indexmap::IndexMap;
use schemars::JsonSchema;

use super::decode::{Decode, List, record};
use super::known::Known;
use super::lists::{EMPTY_LIST, empty_list, exactly_one, report_twice};
use super::sourced::Sourced;
use super::syntax::EnvironmentName;
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::Location;
use crate::yaml::Node;

codes! {
    /// An environment with waves shares its rung.
    ///
    /// Each wave of an environment's clusters is a rung of the ladder, so that what else is on
    /// the rung would have no place among them.
    ///
    /// ```yaml
    /// ladder: [qa, [prod, dr]]     # wrong, if `prod` has waves
    /// ladder: [qa, prod, dr]       # right
    /// ```
    WAVES_ON_SHARED_RUNG = "waves-on-shared-rung", Input, Error;

    /// An environment on the ladder also has `after`.
    ///
    /// The ladder says what comes before each environment on it. `after` is
    /// for an environment beside the ladder; with both, they could disagree.
    AFTER_ON_LADDER = "after-on-ladder", Input, Error;

    /// Environments that come before themselves.
    ///
    /// Followed from one environment to the next, `after` comes back to where it
    /// started, so nothing could ever enter any of these environments.
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

/// One rung of the ladder.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum RungFile {
    /// An environment.
    One(Sourced<EnvironmentName>),
    /// Several environments, each after all before them.
    Several(List<EnvironmentName>),
}

impl Decode for RungFile {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.is_sequence() {
            return List::decode(node, findings).map(Self::Several);
        }
        Sourced::decode(node, findings).map(Self::One)
    }
}

/// What comes before an environment.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum AfterFile {
    /// All of them.
    List(List<EnvironmentName>),
    /// All or any of them.
    Map(AfterMap),
}

record! {
    /// All or any of a list of environments.
    struct AfterMap("`after`") {
        /// A state must be in each of these environments.
        optional all: List<EnvironmentName> = "all",
        /// A state must be in one of these environments.
        optional any: List<EnvironmentName> = "any",
    }
}

impl Decode for AfterFile {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.is_mapping() {
            return AfterMap::decode(node, findings).map(Self::Map);
        }
        List::decode(node, findings).map(Self::List)
    }
}

/// Which environments come before which.
#[derive(Debug, Clone, Default)]
pub struct Ladder {
    /// From the lowest to the highest; no environment is named twice.
    rungs: Vec<Vec<Sourced<EnvironmentName>>>,
    /// The `after` of environments that the ladder does not name.
    after: IndexMap<EnvironmentName, Sourced<Before>>,
}

/// What comes before an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    /// A state must be in each of them. An empty list makes a first rung,
    /// which is entered by `rungs set` and not by promotion.
    All(Vec<EnvironmentName>),
    /// A state must be in one of them.
    Any(Vec<EnvironmentName>),
}

impl Before {
    /// The environments, in the order in which they were named.
    pub fn environments(&self) -> &[EnvironmentName] {
        match self {
            Self::All(environments) | Self::Any(environments) => environments,
        }
    }
}

impl Ladder {
    /// A ladder from rungs and `after`s that were checked: no environment is named
    /// twice, and none comes before itself.
    pub(in crate::config) fn new(
        rungs: Vec<Vec<Sourced<EnvironmentName>>>,
        after: IndexMap<EnvironmentName, Sourced<Before>>,
    ) -> Self {
        Self { rungs, after }
    }

    /// The rungs from the lowest to the highest; those of one rung come after
    /// all of the rung below.
    pub fn rungs(&self) -> &[Vec<Sourced<EnvironmentName>>] {
        &self.rungs
    }

    /// What comes directly before an environment; none for one that is never
    /// promoted to.
    pub fn before(&self, environment: &EnvironmentName) -> Option<Before> {
        if let Some(before) = self.after.get(environment) {
            return Some(before.value.clone());
        }
        let rung = self.rung_of(environment)?;
        let below = rung.checked_sub(1).map(|below| &self.rungs[below]);
        let names = below.into_iter().flatten().map(|name| name.value.clone());
        Some(Before::All(names.collect()))
    }

    /// Everything above an environment: those that a state of it has yet to
    /// reach, in the order in which they are reached.
    pub fn above(&self, environment: &EnvironmentName) -> Vec<EnvironmentName> {
        let mut above: Vec<EnvironmentName> = Vec::new();
        let mut waiting = vec![environment.clone()];
        while let Some(below) = waiting.pop() {
            for next in self.directly_above(&below) {
                if !above.contains(&next) {
                    above.push(next.clone());
                    waiting.insert(0, next);
                }
            }
        }
        above
    }

    /// Everything below an environment, the nearest first.
    pub fn below(&self, environment: &EnvironmentName) -> Vec<EnvironmentName> {
        let mut below: Vec<EnvironmentName> = Vec::new();
        let mut waiting = VecDeque::from([environment.clone()]);
        while let Some(above) = waiting.pop_front() {
            let before = self.before(&above);
            for next in before.iter().flat_map(Before::environments) {
                if !below.contains(next) {
                    below.push(next.clone());
                    waiting.push_back(next.clone());
                }
            }
        }
        below
    }

    /// Where the file says what comes before an environment.
    pub fn location(&self, environment: &EnvironmentName) -> Option<&Location> {
        let on_rung = || self.rungs.iter().flatten().find(|name| name.value == *environment);
        let after = self.after.get(environment).map(|before| &before.location);
        after.or_else(|| on_rung().map(|name| &name.location))
    }

    fn rung_of(&self, environment: &EnvironmentName) -> Option<usize> {
        self.rungs.iter().position(|rung| rung.iter().any(|name| name.value == *environment))
    }

    fn directly_above(&self, environment: &EnvironmentName) -> Vec<EnvironmentName> {
        let rung = self.rung_of(environment).and_then(|rung| self.rungs.get(rung + 1));
        let on_ladder = rung.into_iter().flatten().map(|name| name.value.clone());
        let says_so = self
            .after
            .iter()
            .filter(|(_, before)| before.value.environments().contains(environment))
            .map(|(name, _)| name.clone());
        on_ladder.chain(says_so).collect()
    }
}

/// The `after` of each environment that has one, by name.
type Afters = IndexMap<EnvironmentName, Sourced<AfterFile>>;

/// The ladder from `rungs.yaml` and the `after` of the environments.
pub(super) fn resolve(
    ladder: Option<&Sourced<List<RungFile>>>,
    afters: Afters,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Ladder {
    let items = ladder.iter().flat_map(|ladder| &ladder.value);
    let rungs: Vec<_> = items.flat_map(|item| rungs(item, known, findings)).collect();
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

/// The rungs of an item: one, or one for each wave of clusters.
fn rungs(
    item: &Sourced<RungFile>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Vec<Vec<Sourced<EnvironmentName>>> {
    let at = |value: &EnvironmentName, location: &Location| Sourced {
        value: value.clone(),
        location: location.clone(),
    };
    let alone = match &item.value {
        RungFile::One(name) => Some(name),
        RungFile::Several(names) => names.first().filter(|_| names.len() == 1),
    };
    if let Some(name) = alone
        && let Some(waves) = known.waves(&name.value)
    {
        let rung = |wave: &Vec<EnvironmentName>| {
            wave.iter().map(|cluster| at(cluster, &name.location)).collect()
        };
        return waves.iter().map(rung).collect();
    }
    let mut rung = rung(item, findings);
    let several = rung.iter().find(|name| known.waves(&name.value).is_some()).cloned();
    if let Some(name) = several {
        let message = format!("`{}` has waves, and shares a rung", name.value);
        findings.push(
            Finding::new(&WAVES_ON_SHARED_RUNG, message, name.location.clone())
                .because("each of its waves is a rung")
                .help("give it a rung of its own"),
        );
        rung.retain(|one| one.value != name.value);
    }
    vec![rung]
}

fn rung(item: &Sourced<RungFile>, findings: &mut Findings) -> Vec<Sourced<EnvironmentName>> {
    match &item.value {
        RungFile::One(name) => vec![name.clone()],
        RungFile::Several(names) => {
            if names.is_empty() {
                findings.push(
                    Finding::new(&EMPTY_LIST, "a rung is empty", item.location.clone())
                        .because("there is no environment in it")
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
    let message = format!("`{name}` is on the ladder and also has `after`");
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
    let named = list.iter().filter(|name| known.has(name, findings));
    // What comes after an environment comes after its last wave.
    let clusters = |name: &Sourced<EnvironmentName>| match known.waves(&name.value) {
        Some([.., newest]) => newest.clone(),
        _ => vec![name.value.clone()],
    };
    named.flat_map(clusters).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::decode::Syntax;
    use crate::source::Location;

    fn name(text: &str) -> EnvironmentName {
        EnvironmentName::parse(text).unwrap()
    }

    fn sourced<T>(value: T) -> Sourced<T> {
        Sourced { value, location: Location::of_repository() }
    }

    /// qa, then stage, then both of prod; demo is after qa or stage.
    fn ladder() -> Ladder {
        let rungs = [vec!["qa"], vec!["stage"], vec!["prod/eu", "prod/us"]];
        let rungs = rungs.map(|rung| rung.into_iter().map(|text| sourced(name(text))).collect());
        let demo = Before::Any(vec![name("qa"), name("stage")]);
        Ladder::new(rungs.into(), IndexMap::from([(name("demo"), sourced(demo))]))
    }

    #[test]
    fn each_of_a_rung_comes_after_all_of_the_rung_below() {
        assert_eq!(ladder().before(&name("prod/us")), Some(Before::All(vec![name("stage")])));
        assert_eq!(ladder().before(&name("qa")), Some(Before::All(vec![])));
        assert_eq!(ladder().before(&name("sandbox")), None);
    }

    #[test]
    fn above_is_everything_that_is_yet_to_be_reached() {
        let above = |text| ladder().above(&name(text));
        assert_eq!(above("stage"), ["prod/eu", "prod/us", "demo"].map(name));
        assert_eq!(above("prod/eu"), []);
    }
}
