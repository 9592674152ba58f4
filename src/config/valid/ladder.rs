//! Which environments come before which.

use indexmap::IndexMap;

use crate::config::{EnvironmentName, Sourced};

/// Which environments come before which.
#[derive(Debug, Clone, Default)]
pub struct Ladder {
    /// From the lowest to the highest; no environment stands twice.
    rungs: Vec<Vec<Sourced<EnvironmentName>>>,
    /// What environments that the ladder does not name say themselves.
    after: IndexMap<EnvironmentName, Sourced<Before>>,
}

/// What comes before an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    /// A state has to stand in each of them. None of them makes a first rung,
    /// which is entered by `rungs set` and not by promotion.
    All(Vec<EnvironmentName>),
    /// A state has to stand in one of them.
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
    /// From rungs and `after`s that were checked: no environment stands twice,
    /// and none comes before itself.
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

    /// Whether it is where states begin to climb: it is on the ladder, and
    /// nothing comes before it.
    pub fn is_first_rung(&self, environment: &EnvironmentName) -> bool {
        self.before(environment).is_some_and(|before| before.environments().is_empty())
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

    /// Where the file says what comes before an environment.
    pub fn location(&self, environment: &EnvironmentName) -> Option<&crate::source::Location> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::decode::Syntax;
    use crate::source::{Location, RepoPath};

    fn name(text: &str) -> EnvironmentName {
        EnvironmentName::parse(text).unwrap()
    }

    fn sourced<T>(value: T) -> Sourced<T> {
        Sourced { value, location: Location::of_path(&RepoPath::root()) }
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
    fn states_begin_to_climb_on_the_first_rung_alone() {
        let is_first = |text| ladder().is_first_rung(&name(text));
        assert!(is_first("qa"));
        assert!(!["stage", "prod/eu", "demo", "sandbox"].map(is_first).contains(&true));
    }

    #[test]
    fn above_is_everything_that_is_yet_to_be_reached() {
        let above = |text| ladder().above(&name(text));
        assert_eq!(above("stage"), ["prod/eu", "prod/us", "demo"].map(name));
        assert_eq!(above("prod/eu"), []);
    }
}
