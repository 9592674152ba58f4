//! Tables of claims: a repository as people write it, an invented history, and the
//! verdicts of the gates.

mod climbing;
mod conditions;
mod soaking;
mod windows;

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::config::{EnvironmentName, Repository, Side, ValueRoute, load};
use crate::diagnostic::{Finding, Findings};
use crate::git::{HistoryError, ObjectName};
use crate::history::{BranchDates, Since, Tenure};
use crate::holds::Hold;
use crate::promote::verdict::judge;
use crate::promote::{Override, Verdict, worst};
use crate::sites::{ImageParts, Key, SiteValue, State, StateReference};
use crate::source::{Location, Memory, RepoPath, SourceFile, Tree};
use crate::yaml::{Dialect, parse};

/// A world in which a state of one app, `web`, is to enter an environment.
pub(super) struct World {
    pub(super) repository: Repository,
    history: PastStates,
    values: BTreeMap<(&'static str, String), String>,
    target: String,
    from: Option<(EnvironmentName, bool)>,
    named: bool,
    is_rollback: bool,
    direct: bool,
    proposed: State,
    now: Timestamp,
    ticket: Option<String>,
    replaces: Vec<StateReference>,
    overrides: Vec<Override>,
    facts: Option<Forge>,
    rendering: Option<Result<(), Findings>>,
    judged_gates: Vec<Gate>,
}

/// The states of environments, the newest first, and which of them were read.
#[derive(Default)]
struct PastStates {
    tenures: BTreeMap<EnvironmentName, Vec<Result<Tenure, HistoryError>>>,
    current: BTreeMap<EnvironmentName, State>,
    holds: Vec<Hold>,
    /// The environment that no file belongs to.
    unbound: Option<EnvironmentName>,
    /// The commit after which every hold was lifted.
    lifted_after: Option<ObjectName>,
    /// A commit with an impossible date, and what counts instead.
    impossible: Option<(ObjectName, Option<Timestamp>)>,
    /// The environments whose tenures were read, once for each tenure.
    read: RefCell<Vec<String>>,
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// `web=v1 db=v2@sha256:…`
pub(super) fn state(text: &str) -> State {
    let entries = text.split_whitespace().map(|entry| {
        let (key, reference) = entry.split_once('=').unwrap_or(("web", entry));
        let (tag, digest) = match reference.split_once('@') {
            Some((tag, digest)) => (tag, Some(digest.to_owned())),
            None => (reference, None),
        };
        let image = ImageParts {
            repository: Some(format!("ghcr.io/shop/{key}")),
            tag: Some(tag).filter(|tag| !tag.is_empty()).map(str::to_owned),
            digest,
        };
        (Key::Image(key.to_owned()), SiteValue::Image(image))
    });
    State::new(entries.collect())
}

pub(super) fn commit(number: usize) -> ObjectName {
    ObjectName::parse(&format!("{number:040x}")).expect("forty digits")
}

/// Tenures from the newest to the oldest, each ended by the one before it.
pub(super) fn tenures(past: Vec<(Option<State>, Since)>) -> Vec<Result<Tenure, HistoryError>> {
    let count = past.len();
    let tenures = past.into_iter().enumerate().map(|(index, (state, since))| {
        let number = count - index;
        Ok(Tenure {
            state,
            since,
            entered: Some(commit(number)),
            left: (index > 0).then(|| commit(number + 1)),
            last: (index > 0).then(|| commit(number)),
        })
    });
    tenures.collect()
}

pub(super) fn shallow() -> HistoryError {
    HistoryError::Shallow { fetch: "git fetch --unshallow".to_owned() }
}

impl World {
    /// A repository with these files and the ladder `qa`, `stage`, `prod`. `v2` of the
    /// app is promoted to prod; no environment has a state yet.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let mut all = BTreeMap::from([
            ("rungs.yaml", "version: 1\nladder: [qa, stage, prod]\n"),
            ("environments/qa/web.yaml", ""),
            ("environments/stage/web.yaml", ""),
            ("environments/prod/web.yaml", ""),
            ("templates/web/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n"),
        ]);
        all.extend(files.iter().copied());
        let loaded = load(&Tree::new(Memory::of(all))).unwrap_or_else(|f| panic!("{f:#?}"));
        Self {
            repository: loaded.repository,
            history: PastStates::default(),
            values: BTreeMap::new(),
            target: "prod".to_owned(),
            from: None,
            named: false,
            is_rollback: false,
            direct: false,
            proposed: state("v2"),
            now: at("2026-06-15T12:00:00Z"),
            ticket: None,
            replaces: Vec::new(),
            overrides: Vec::new(),
            facts: None,
            rendering: None,
            judged_gates: Gate::ALL.to_vec(),
        }
        .promoted_from("stage")
    }

    /// A repository in which prod has these gates.
    pub(super) fn gated(gates: &str) -> Self {
        let text = format!("gates:\n{gates}");
        Self::of(&[("environments/prod/environment.yaml", &text)]).current("stage", "v2")
    }

    pub(super) fn name(&self, environment: &str) -> EnvironmentName {
        self.repository.find_environment(environment).expect("it is there").name.clone()
    }

    pub(super) fn to(mut self, environment: &str) -> Self {
        environment.clone_into(&mut self.target);
        self
    }

    pub(super) fn promoted_from(mut self, environment: &str) -> Self {
        self.from = Some((self.name(environment), false));
        self
    }

    pub(super) fn chosen_from(mut self, environment: &str) -> Self {
        self.from = Some((self.name(environment), true));
        self
    }

    pub(super) fn set(mut self) -> Self {
        self.from = None;
        self
    }

    pub(super) fn rollback(mut self) -> Self {
        self.is_rollback = true;
        self
    }

    pub(super) fn named(mut self) -> Self {
        self.named = true;
        self
    }

    pub(super) fn direct(mut self) -> Self {
        self.direct = true;
        self
    }

    pub(super) fn proposing(mut self, text: &str) -> Self {
        self.proposed = state(text);
        self
    }

    pub(super) fn proposing_state(mut self, state: State) -> Self {
        self.proposed = state;
        self
    }

    pub(super) fn at(mut self, now: &str) -> Self {
        self.now = at(now);
        self
    }

    pub(super) fn ticket(mut self, ticket: &str) -> Self {
        self.ticket = Some(ticket.to_owned());
        self
    }

    pub(super) fn overriding(mut self, gate: Gate, reason: &str) -> Self {
        self.overrides.push(Override { gate, reason: reason.to_owned() });
        self
    }

    pub(super) fn value(mut self, side: &'static str, route: &str, yaml: &str) -> Self {
        self.values.insert((side, route.to_owned()), yaml.to_owned());
        self
    }

    pub(super) fn rendering(mut self, rendering: Result<(), Findings>) -> Self {
        self.rendering = Some(rendering);
        self
    }

    pub(super) fn judged_by(mut self, gates: &[Gate]) -> Self {
        self.judged_gates = gates.to_vec();
        self
    }

    pub(super) fn forge(mut self, forge: Forge) -> Self {
        self.facts = Some(forge);
        self
    }

    pub(super) fn unbound(mut self, environment: &str) -> Self {
        self.history.unbound = Some(self.name(environment));
        self
    }

    pub(super) fn lifted_after(mut self, number: usize) -> Self {
        self.history.lifted_after = Some(commit(number));
        self
    }

    pub(super) fn hold(mut self, hold: Hold) -> Self {
        self.history.holds.push(hold);
        self
    }

    /// Sets the app's current state in an environment.
    pub(super) fn current(self, environment: &str, text: &str) -> Self {
        self.current_state(environment, state(text))
    }

    pub(super) fn current_state(mut self, environment: &str, state: State) -> Self {
        let name = self.name(environment);
        self.history.current.insert(name, state);
        self
    }

    /// Sets the states that an environment has had, the newest first, which is current. Each
    /// stood for an hour.
    pub(super) fn history(self, environment: &str, texts: &[&str]) -> Self {
        let hours = |count: usize| SignedDuration::from_hours(i64::try_from(count).unwrap());
        let since = |number| Since::Unverified { at: at("2026-06-01T00:00:00Z") - hours(number) };
        let past = texts.iter().enumerate();
        let past = past.map(|(number, text)| (Some(state(text)), since(number)));
        let world = self.tenures(environment, tenures(past.collect()));
        match texts.first() {
            Some(text) => world.current(environment, text),
            None => world,
        }
    }

    /// Sets the tenures in an environment, but not its current state.
    pub(super) fn tenures(
        mut self,
        environment: &str,
        tenures: Vec<Result<Tenure, HistoryError>>,
    ) -> Self {
        let name = self.name(environment);
        self.history.tenures.insert(name, tenures);
        self
    }

    /// Gives a commit an impossible date, and the time that counts instead.
    pub(super) fn impossible(mut self, number: usize, possible: Option<&str>) -> Self {
        self.history.impossible = Some((commit(number), possible.map(at)));
        self
    }

    /// Says that a value may go.
    pub(super) fn replacing(mut self, reference: &str) -> Self {
        self.replaces.push(StateReference::parse(reference));
        self
    }

    /// Removes the app from an environment that had it.
    pub(super) fn lost(mut self, environment: &str) -> Self {
        let name = self.name(environment);
        self.history.current.remove(&name);
        self
    }

    /// Sets the states that an environment has had, as far as the clone goes: the oldest
    /// started before. An empty text is a time without the app.
    pub(super) fn edged(self, environment: &str, texts: &[&str]) -> Self {
        let past = texts.iter().enumerate().map(|(index, text)| {
            let since = if index + 1 == texts.len() {
                Since::Unknown { fetch: "git fetch --unshallow".to_owned() }
            } else {
                Since::Unverified { at: at("2026-06-01T00:00:00Z") }
            };
            (Some(state(text)), since)
        });
        let world = self.tenures(environment, tenures(past.collect()));
        match texts.first() {
            Some(text) if !text.is_empty() => world.current(environment, text),
            _ => world,
        }
    }

    /// Ends the history of an environment at the edge of the clone.
    pub(super) fn shallow(mut self, environment: &str) -> Self {
        let name = self.name(environment);
        self.history.tenures.entry(name).or_default().push(Err(shallow()));
        self
    }

    pub(super) fn judge(&self) -> Vec<Verdict> {
        let target = self.repository.find_environment(&self.target).expect("it is there");
        let app = target.apps.iter().find(|app| app.name == "web");
        let transition = match &self.from {
            _ if self.is_rollback => Transition::Rollback,
            Some((from, chosen)) => {
                Transition::Promote { from, chosen: *chosen, named: self.named, is_part: false }
            }
            None => Transition::Set,
        };
        let candidate = Candidate {
            repository: &self.repository,
            target,
            gates: app.map_or(&target.gates, |app| &app.gates),
            app: "web",
            transition,
            direct: self.direct,
            current: self.history.current.get(&target.name),
            proposed: &self.proposed,
            beside: &[],
            brought: None,
            evidence: &self.history,
            values: self,
            facts: self.facts.as_ref().map(|forge| forge as &dyn Facts),
            now: self.now,
            replaces: &self.replaces,
            ticket: self.ticket.as_deref(),
            rendering: self.rendering.as_ref().map(|rendered| rendered.as_ref().copied()),
        };
        judge(&candidate, &self.judged_gates, &self.overrides)
    }

    /// The verdict of one gate, if there is one.
    pub(super) fn verdict(&self, gate: Gate) -> Option<Verdict> {
        self.judge().into_iter().find(|verdict| verdict.gate == gate)
    }

    /// A gate's answer and reason: `fail: …`
    pub(super) fn says(&self, gate: Gate) -> String {
        let Some(verdict) = self.verdict(gate) else { return "nothing".to_owned() };
        format!("{}: {}", verdict.answer.word(), verdict.reason)
    }

    pub(super) fn gates(&self) -> Vec<Gate> {
        self.judge().into_iter().map(|verdict| verdict.gate).collect()
    }

    /// The environments whose history is read, once for each tenure.
    pub(super) fn read(&self) -> Vec<String> {
        self.judge();
        self.history.read.take()
    }
}

impl PastStates {
    fn time_of(&self, commit: &ObjectName) -> Option<Timestamp> {
        let mut all = self.tenures.values().flatten().flatten();
        let tenure = all.find(|tenure| tenure.entered.as_ref() == Some(commit));
        tenure.and_then(|tenure| tenure.since.time())
    }
}

impl Evidence for PastStates {
    fn tenures<'p>(
        &'p self,
        environment: &EnvironmentName,
        _: &str,
    ) -> Box<dyn Iterator<Item = Result<Tenure, HistoryError>> + 'p> {
        let name = environment.to_string();
        let tenures = self.tenures.get(environment).into_iter().flatten().cloned();
        Box::new(tenures.inspect(move |_| self.read.borrow_mut().push(name.clone())))
    }

    fn current(&self, environment: &EnvironmentName, _: &str) -> Option<State> {
        self.current.get(environment).cloned()
    }

    fn has(&self, environment: &EnvironmentName, _: &str) -> bool {
        self.current.contains_key(environment)
    }

    fn holds(&self, _: &EnvironmentName, _: &str) -> Vec<Hold> {
        self.holds.clone()
    }

    fn unreadable(&self, _: &EnvironmentName, _: &str) -> Option<Finding> {
        None
    }

    fn is_rewritten(&self) -> bool {
        false
    }

    fn is_unbound(&self, environment: &EnvironmentName) -> bool {
        self.unbound.as_ref() == Some(environment)
    }

    fn was_lifted(
        &self,
        _: &EnvironmentName,
        _: &str,
        _: &State,
        after: &ObjectName,
    ) -> Result<bool, HistoryError> {
        Ok(self.lifted_after.as_ref() == Some(after))
    }

    fn dates(&self) -> &dyn BranchDates {
        self
    }
}

impl BranchDates for PastStates {
    fn possible_time(
        &self,
        commit: &ObjectName,
        _: Timestamp,
    ) -> Result<Option<Timestamp>, HistoryError> {
        if let Some((_, possible)) = self.impossible.as_ref().filter(|(one, _)| one == commit) {
            return Ok(*possible);
        }
        Ok(self.time_of(commit))
    }

    fn come_by(
        &self,
        commit: &ObjectName,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Timestamp, HistoryError> {
        let time = self.time_of(commit).filter(|time| *time >= since);
        Ok(time.map_or(now, |time| time.min(now)))
    }

    fn is_before(&self, one: &ObjectName, other: &ObjectName) -> Result<bool, HistoryError> {
        Ok(self.time_of(one) < self.time_of(other))
    }
}

impl Values for World {
    fn value(&self, side: Side, route: &ValueRoute) -> FoundValue {
        let Some(yaml) = self.values.get(&(side.as_str(), route.to_string())) else {
            return FoundValue::NotSet;
        };
        let file = SourceFile::new(RepoPath::root().child("values.yaml"), yaml.clone());
        match parse(&file.into(), Dialect::Kubectl) {
            Ok(mut documents) => documents
                .pop()
                .map_or(FoundValue::NotSet, |value| FoundValue::Known { value, is_secret: false }),
            Err(_) => FoundValue::Unknown("it is not YAML".to_owned()),
        }
    }
}

/// A forge with fixed answers.
#[derive(Default)]
pub(super) struct Forge {
    pub(super) checks: BTreeMap<&'static str, CheckFact>,
    pub(super) review: Option<Review>,
}

impl Facts for Forge {
    fn check(&self, check: &crate::config::Check) -> CheckFact {
        self.checks.get(&*check.name).cloned().unwrap_or(CheckFact::Pending)
    }

    fn review(&self) -> Option<Review> {
        self.review.clone()
    }
}

#[test]
fn each_gate_is_listed_once_with_its_own_name() {
    for gate in Gate::ALL {
        assert_eq!(Gate::of_name(gate.name()), Some(gate));
    }
    assert_eq!(Gate::of_name("soaking"), None);
}

#[test]
fn gates_that_are_not_configured_give_no_verdict() {
    let world = World::of(&[]).current("stage", "v2");
    assert_eq!(world.gates(), [Gate::Order, Gate::Hold]);
}

/// A configuration of every gate.
const ALL: &str = r"
  soak: 1s
  window: { allow: ['Mon-Sun 00:00-24:00 UTC'] }
  approvals: { count: 1 }
  checks: [{ name: ci, of: application }]
  tag: '^v'
  image: { allow: ['*'] }
  digest: required
  field: [{ in: source, path: values.ready, equals: true }]
  ticket: '^T'
";

#[test]
fn gates_are_judged_in_their_order() {
    let mut expected = Gate::ALL.to_vec();
    expected.retain(|gate| *gate != Gate::Render);
    assert_eq!(World::gated(ALL).gates(), expected);
}

#[test]
fn a_rollback_is_judged_only_by_gates_that_are_not_about_going_up() {
    let gates = World::gated(ALL).rollback().gates();
    assert_eq!(gates, [Gate::Hold, Gate::Tag, Gate::Image, Gate::Approvals]);
}

#[test]
fn a_first_rung_has_no_order_no_soak_and_no_source() {
    let text = format!("gates:\n{ALL}");
    let world = World::of(&[("environments/qa/environment.yaml", &text)]).set().to("qa");
    let gates = world.gates();
    for missing in [Gate::Order, Gate::Soak, Gate::Field] {
        assert!(!gates.contains(&missing), "{missing}");
    }
    for judged in [Gate::Tag, Gate::Image, Gate::Digest, Gate::Ticket, Gate::Window] {
        assert!(gates.contains(&judged), "{judged}");
    }
}

#[test]
fn rendering_is_judged_in_its_place_if_something_was_rendered() {
    let world = World::gated(ALL).rendering(Ok(()));
    assert_eq!(world.gates(), Gate::ALL);
    assert_eq!(world.says(Gate::Render), "pass: it renders");
    let at = Location::of_path(&RepoPath::root().child("web.yaml"));
    let finding = Finding::new(crate::render::CODES[0], "no such variable", at);
    let world = World::gated(ALL).rendering(Err(finding.into()));
    assert_eq!(world.says(Gate::Render), "fail: no such variable");
    let location = world.verdict(Gate::Render).unwrap().place.unwrap().location().clone();
    assert_eq!(location.to_string(), "web.yaml");
}

#[test]
fn only_the_given_gates_are_judged() {
    let world = World::gated(ALL).rendering(Ok(())).judged_by(&[Gate::Window, Gate::Tag]);
    assert_eq!(world.gates(), [Gate::Tag, Gate::Window]);
    assert_eq!(World::gated(ALL).judged_by(&[]).gates(), []);
}

#[test]
fn a_gate_is_overridden_with_a_reason_if_it_may_be_and_does_not_pass() {
    let world = World::gated("  ticket: '^T'\n  tag: '^v'\n  approvals: { count: 1 }\n");
    let world = world
        .overriding(Gate::Ticket, "the tracker is down")
        .overriding(Gate::Tag, "not needed")
        .overriding(Gate::Approvals, "me");
    let overridden = |gate| world.verdict(gate).unwrap().overridden;
    assert_eq!(overridden(Gate::Ticket).as_deref(), Some("the tracker is down"));
    assert_eq!(overridden(Gate::Tag), None, "it passes");
    assert_eq!(overridden(Gate::Approvals), None, "nobody approves their own change");
    let world = World::gated("  ticket: '^T'\n").overriding(Gate::Ticket, "  ");
    assert_eq!(world.verdict(Gate::Ticket).unwrap().overridden, None, "no reason is given");
}

#[test]
fn the_worst_verdict_gives_the_exit_code() {
    use crate::diagnostic::ProblemKind;
    let wait = World::gated("  approvals: { count: 1 }\n");
    assert_eq!(worst(&wait.judge()), Some(ProblemKind::Wait));
    let fail = World::gated("  approvals: { count: 1 }\n  ticket: '^T'\n");
    assert_eq!(worst(&fail.judge()), Some(ProblemKind::Gate));
    let overridden = World::gated("  ticket: '^T'\n").overriding(Gate::Ticket, "down");
    assert_eq!(worst(&overridden.judge()), None);
    assert_eq!(ProblemKind::Gate.exit_code(), 3);
    assert_eq!(ProblemKind::Wait.exit_code(), 5);
}

#[test]
fn every_verdict_of_a_configured_gate_names_the_line_that_requires_it() {
    for verdict in World::gated(ALL).judge() {
        let path = verdict.place.as_ref().map(|at| at.location().path().to_string());
        let expected = match verdict.gate {
            Gate::Order => Some("rungs.yaml"),
            Gate::Hold => None,
            _ => Some("environments/prod/environment.yaml"),
        };
        assert_eq!(path.as_deref(), expected, "{}", verdict.gate);
    }
}
