//! An app whose sites a change changes, and what gates say of it.

use super::deployed::DeployedApp;
use super::ignored_record;
use super::lost::{FormerSiteSearch, FormerSites, Unexplained};
use super::proposed::ProposedChange;
use crate::config::Environment;
use crate::diagnostic::{Finding, Findings, Subject};
use crate::git::ObjectName;
use crate::history::{self, Action, Record, Tenure, find_tenure};
use crate::promote::arrival::{Arrival, ArrivingState, Entering};
use crate::promote::assessment::{AppChange, assess};
use crate::promote::base::Base;
use crate::promote::code::{APP_REMOVED, SITE_MOVED};
use crate::promote::deployed::BroughtByApp;
use crate::promote::gates::{Evidence as _, Gate};
use crate::promote::verdict::{Verdict, excepted, overridden};
use crate::promote::{AppPlan, SiteChange};
use crate::sites::{
    AppInstance, AppSites, EnteringValue, Key, Site, SiteValue, State, StateReference, differences,
};
use crate::source::{Location, RepoPath, Tree};

/// The most commits of the base branch among which those are looked for that a change reverts.
const MOST_SEARCHED: usize = 10_000;

/// An app whose sites in an environment differ.
pub(super) struct ChangedApp<'a> {
    base: &'a Base<'a>,
    change: &'a ProposedChange<'a>,
    target: &'a Environment,
    before: Option<AppSites>,
    after: Option<AppSites>,
    app: String,
    /// What the change changes of what is deployed of it.
    deployed: Option<&'a DeployedApp>,
}

impl<'a> ChangedApp<'a> {
    pub(super) fn of(
        base: &'a Base<'a>,
        change: &'a ProposedChange<'a>,
        target: &'a Environment,
        app: &str,
        deployed: Option<&'a DeployedApp>,
    ) -> Self {
        let before = change.before.model.app(&target.name, app);
        let after = change.after.model.app(&target.name, app);
        Self { base, change, target, before, after, app: app.to_owned(), deployed }
    }

    fn subject(&self) -> Subject {
        Subject::app(self.target.name.as_str(), &*self.app)
    }

    /// What becomes of the sites that it had.
    pub(super) fn former(&self) -> FormerSites<'_> {
        let search = FormerSiteSearch {
            repository: self.base.repository,
            environment: self.target,
            before: self.change.before,
            after: self.change.after,
            own: self.change.own,
            configuration: self.change.configuration,
            files: self.change.files,
        };
        let mut former = search.of(&self.app, self.before.as_ref(), self.after.as_ref());
        // What enters a first rung is nobody's to order.
        former.lost.retain(|_| self.is_ordered());
        former
    }
}

impl ChangedApp<'_> {
    /// The plan of the app; none if nothing changes that gates judge.
    pub(super) fn assessed(&self, former: &FormerSites<'_>) -> Result<Option<AppPlan>, Findings> {
        if self.before.is_none() && self.after.is_none() && former.lost.is_empty() {
            return Ok(None);
        }
        let current = self.before.as_ref().and_then(|sites| sites.state.as_ref().ok());
        let Some(sites) = &self.after else { return Ok(Some(self.removed(current, former))) };
        let proposed = sites.state.clone()?;
        let was_misread = self.before.as_ref().is_some_and(|sites| !sites.misread().is_empty());
        if !was_misread && !sites.misread().is_empty() {
            return Err(sites.misread());
        }
        let known = current.map(|current| self.with_deployed(current, &proposed));
        let current = known.as_ref();
        let beside = beside(sites, self.before.as_ref(), &proposed);
        let is_same = current == Some(&proposed) && beside.is_empty();
        let mut brought = self.brought(current, &proposed);
        let claimed = self.record(current, &proposed);
        // What a rollback restores is a whole state and nothing besides.
        let mut is_state = beside.is_empty() && former.lost.is_empty();
        let record_of =
            |is_state| claimed.filter(|record| is_state || record.action != Action::Rollback);
        let reverts_of = |is_state| if is_state { self.change.reverts } else { &[] };
        let arrives = |is_state| {
            self.arrival(current, &proposed, (record_of(is_state), reverts_of(is_state)))
        };
        let mut arrival = arrives(is_state)?;
        self.leave_reverted(&mut brought);
        if matches!(arrival, Arrival::Rollback) {
            brought.leave_restored(&self.arriving(current, &proposed));
            if !brought.brought.is_empty() {
                is_state = false;
                arrival = arrives(is_state)?;
            }
        }
        let record = record_of(is_state);
        let rendered = self.rendered(&arrival, &proposed);
        let is_unchanged = is_same && former.lost.is_empty() && brought.brought.is_empty();
        if is_unchanged && !matches!(rendered, Some(Err(_))) {
            return Ok(None);
        }
        let from = current.cloned().unwrap_or_default();
        let mut changes = site_changes(sites, &from, &proposed);
        changes.extend(changes_beside(sites, &beside));
        let replaces = record.iter().flat_map(|record| &record.replaces);
        let replaces: Vec<_> = replaces.map(|text| StateReference::parse(text)).collect();
        // What is deployed otherwise without another state is judged by that alone.
        let gates = self.change.gates.iter().copied();
        let gates = gates.filter(|gate| !is_same || gate.judges_same_state(&brought.brought));
        let gates: Vec<Gate> = gates.collect();
        let change = AppChange {
            target: self.target,
            app: &self.app,
            arrival: &arrival,
            current,
            changes,
            proposed,
            beside,
            brought: Some(&brought),
            rendering: rendered.as_ref().map(|rendered| rendered.as_ref().copied()),
            direct: false,
            replaces: &replaces,
            ticket: record.and_then(|record| record.ticket.as_deref()).or(self.change.ticket),
            overrides: self.change.overrides,
        };
        let mut plan = assess(self.base, change, &gates);
        self.add_unexplained(&mut plan, &former.lost);
        self.admit_exceptions(&mut plan);
        Ok(Some(plan))
    }

    /// The plan of an app that goes. Nothing enters, so that people alone decide.
    fn removed(&self, current: Option<&State>, former: &FormerSites<'_>) -> AppPlan {
        let sites = self.before.iter().flat_map(|before| &before.sites);
        let gone = sites.filter_map(|site| {
            let from = site.value.as_ref()?;
            Some(SiteChange::found(site, Some(from), None))
        });
        let change = AppChange {
            target: self.target,
            app: &self.app,
            arrival: &Arrival::Set,
            current,
            proposed: State::default(),
            beside: Vec::new(),
            brought: None,
            changes: gone.collect(),
            rendering: None,
            direct: false,
            replaces: &[],
            ticket: None,
            overrides: self.change.overrides,
        };
        let gates: Vec<Gate> =
            self.change.gates.iter().copied().filter(|gate| *gate == Gate::Approvals).collect();
        let mut plan = assess(self.base, change, &gates);
        self.add_unexplained(&mut plan, &former.lost);
        self.admit_exceptions(&mut plan);
        plan
    }

    /// Adds that something is not judged: the gate `order` fails for it.
    fn add_unexplained(&self, plan: &mut AppPlan, unexplained: &[Unexplained]) {
        let Some(first) = unexplained.first() else { return };
        let more = match unexplained.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        let reason = format!("{}{more}", first.reason);
        let failing = Verdict::failing(Gate::Order, reason, first.location.clone());
        plan.gates.retain(|verdict| verdict.gate != Gate::Order);
        plan.gates.insert(0, overridden(failing, self.change.overrides));
    }

    /// Lets through what records of the change override, if people have approved that.
    fn admit_exceptions(&self, plan: &mut AppPlan) {
        let instance = AppInstance::new(&self.target.name, &self.app);
        let of_app = self.change.records.iter().filter(|record| record.moves(&instance));
        let recorded: Vec<_> = of_app.flat_map(|record| &record.overrides).collect();
        let approvals = self.target.gates_of(&self.app).override_approvals.as_ref();
        let approvals = approvals.map(|approvals| &approvals.value);
        let gates = std::mem::take(&mut plan.gates).into_iter();
        plan.gates =
            gates.map(|verdict| excepted(verdict, &recorded, approvals, self.base.forge)).collect();
    }

    /// The record that is about this app, and says what the change does: a record is a claim.
    fn record(&self, current: Option<&State>, proposed: &State) -> Option<&Record> {
        let instance = AppInstance::new(&self.target.name, &self.app);
        self.change.records.iter().find(|record| record.fits(&instance, current, proposed))
    }

    /// How the state enters.
    fn arrival(
        &self,
        current: Option<&State>,
        proposed: &State,
        (record, reverts): (Option<&Record>, &[ObjectName]),
    ) -> Result<Arrival, Finding> {
        let arrival = Arrival::of_change(&self.arriving(current, proposed), record, reverts);
        arrival.map_err(|error| history::finding(&error, &self.target.location))
    }

    fn arriving<'c>(
        &'c self,
        current: Option<&'c State>,
        proposed: &'c State,
    ) -> ArrivingState<'c> {
        ArrivingState {
            repository: self.base.repository,
            evidence: self.base,
            base: self.base.commit.as_ref(),
            target: self.target,
            app: &self.app,
            state: proposed,
            current,
            enters: Entering::State,
        }
    }

    /// Whether the app renders, and its files are those of a render; in a rollback, those
    /// of the time when the state stood there count too.
    fn rendered(&self, arrival: &Arrival, proposed: &State) -> Option<Result<(), Findings>> {
        let is_judged =
            self.base.repository.is_native() && self.change.gates.contains(&Gate::Render);
        let restored = matches!(arrival, Arrival::Rollback).then(|| self.earlier_files(proposed));
        let restored = restored.flatten();
        is_judged.then(|| {
            let after = self.change.after.tree;
            let deployed =
                self.deployed.map(|one| one.check(restored.as_ref(), after, &self.subject()));
            deployed.unwrap_or(Ok(()))
        })
    }

    /// The files when the environment had a state last.
    fn earlier_files(&self, state: &State) -> Option<Tree> {
        let mirrors = &self.base.repository.mirrors;
        let tenures = self.base.tenures(&self.target.name, &self.app);
        let is_this = |tenure: &Tenure| {
            tenure.state.as_ref().is_some_and(|one| one.deploys_same(state, mirrors))
        };
        let last = find_tenure(tenures, is_this).ok()??.last?;
        self.base.tree.at(last.as_str()).ok()
    }

    /// Whether environments come before this one.
    fn is_ordered(&self) -> bool {
        let before = self.base.repository.ladder.before(&self.target.name);
        before.is_some_and(|before| !before.environments().is_empty())
    }

    /// What templates or settings bring, and no judged state says.
    fn brought(&self, current: Option<&State>, proposed: &State) -> BroughtByApp<'_> {
        let (base, deployed, app) = (self.base, self.change.deployed, &*self.app);
        let unordered = &self.target.gates_of(app).unordered;
        let new = self.deployed.map(|deployed| &deployed.new);
        let brought = new.map(|new| new.unsaid((current, proposed), unordered));
        BroughtByApp { base, deployed, app, brought: brought.unwrap_or_default() }
    }

    /// The state, with images that only become sites: a template said them before.
    fn with_deployed(&self, current: &State, proposed: &State) -> State {
        let is_new = |key: &Key| current.get(key).is_none();
        let new = proposed.iter().filter(|(key, value)| {
            is_new(key) && matches!(value, SiteValue::Image(image) if image.repository.is_some())
        });
        let new: Vec<_> = new.collect();
        if new.is_empty() || !self.base.repository.is_native() {
            return current.clone();
        }
        let instance = AppInstance::new(&self.target.name, &self.app);
        let deployed = self.change.deployed.of(self.change.before.tree, &instance);
        let known =
            new.into_iter().filter(|(_, value)| deployed.iter().any(|(_, other)| other == *value));
        current.with(&known.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// Leaves out what a commit put an end to that the change says it reverts.
    fn leave_reverted(&self, brought: &mut BroughtByApp<'_>) {
        if brought.brought.is_empty() || self.change.reverts.is_empty() {
            return;
        }
        let instance = AppInstance::new(&self.target.name, &self.app);
        let deployed = |commit: &ObjectName| {
            let tree = self.base.tree.at(commit.as_str()).ok()?;
            Some(self.change.deployed.of(&tree, &instance))
        };
        let steps = self.base.history.steps(&RepoPath::root());
        let reverted = steps
            .take(MOST_SEARCHED)
            .map_while(Result::ok)
            .filter(|step| self.change.reverts.contains(&step.id));
        for step in reverted.take(self.change.reverts.len()) {
            let before = step.before.as_ref().and_then(deployed);
            let (Some(before), Some(after)) = (before, deployed(&step.id)) else { continue };
            brought.brought.retain(|one| {
                let reference = (one.key.clone(), one.value.clone());
                !before.contains(&reference) || after.contains(&reference)
            });
        }
    }

    /// What is worth knowing, and no gate judges.
    pub(super) fn notes(&self, former: &FormerSites<'_>) -> Findings {
        let environment = &self.target.name;
        let mut notes = Findings::new();
        for (site, place) in &former.moved {
            let message = format!(
                "`{}` of `{}` in `{environment}` is read elsewhere now",
                site.key, self.app
            );
            notes.push(
                Finding::new(&SITE_MOVED, message, place.clone())
                    .because("has the same value")
                    .about(self.subject()),
            );
        }
        let is_gone = self.before.is_some() && self.after.is_none();
        if is_gone && former.lost.is_empty() && former.moved.is_empty() {
            let message = format!("the change removes `{}` from `{environment}`", self.app);
            let sites = self.before.iter().flat_map(|before| &before.sites);
            let at = { sites }.next().map(|site| Location::of_path(site.file.path()));
            let at = at.unwrap_or_else(Location::of_repository);
            notes.push(Finding::new(&APP_REMOVED, message, at).about(self.subject()));
        }
        notes.extend(self.ignored_record().map(|note| note.about(self.subject())));
        notes
    }

    /// The note that there is a record of the app, and none that counts.
    fn ignored_record(&self) -> Option<Finding> {
        let instance = AppInstance::new(&self.target.name, &self.app);
        let about = self.change.records.iter().rfind(|record| record.moves(&instance))?;
        let after = self.after.as_ref()?;
        let proposed = after.state.as_ref().ok()?;
        let before = self.before.as_ref().and_then(|sites| sites.state.as_ref().ok());
        let known = before.map(|before| self.with_deployed(before, proposed));
        let (record, why) = match self.record(known.as_ref(), proposed) {
            Some(record) => {
                let arrival = self.arrival(known.as_ref(), proposed, (Some(record), &[]));
                (record, ignored_record::unborne(record, &arrival.ok()?)?)
            }
            None => (about, ignored_record::mismatch(about, &known.unwrap_or_default(), proposed)?),
        };
        Some(ignored_record::note(record, why, after.sites.first()?.location.clone()))
    }
}

/// What changes at sites that say less than the state does, or something else: their
/// value may be deployed as well.
fn beside(sites: &AppSites, base: Option<&AppSites>, proposed: &State) -> Vec<EnteringValue> {
    let is_twin =
        |one: &Site, other: &Site| one.key == other.key && one.file.path() == other.file.path();
    let mut entering = Vec::new();
    for (at, site) in sites.sites.iter().enumerate() {
        let exact = site.value.as_ref().filter(|value| !matches!(value, SiteValue::Moving(_)));
        let Some(value) = exact.filter(|value| proposed.get(&site.key) != Some(value)) else {
            continue;
        };
        // The sites of a key in a file are told apart by their order.
        let number = sites.sites[..at].iter().filter(|other| is_twin(site, other)).count();
        let twins = base.iter().flat_map(|base| &base.sites).filter(|other| is_twin(site, other));
        let current = { twins }.nth(number).and_then(|twin| twin.value.clone());
        if current.as_ref() != Some(value) {
            let (key, value) = (site.key.clone(), value.clone());
            entering.push(EnteringValue { key, value, current });
        }
    }
    entering
}

fn site_changes(sites: &AppSites, from: &State, to: &State) -> Vec<SiteChange> {
    let mut changes = Vec::new();
    for difference in differences(from, to) {
        let Some(value) = difference.to else { continue };
        let sites = sites.of(difference.key);
        changes.extend(sites.map(|site| SiteChange::found(site, difference.from, Some(value))));
    }
    changes
}

/// The changes of sites beside the state.
fn changes_beside<'s>(
    sites: &'s AppSites,
    beside: &'s [EnteringValue],
) -> impl Iterator<Item = SiteChange> + 's {
    beside.iter().filter_map(|entry| {
        let mut of_key = sites.of(&entry.key);
        let site = of_key.find(|site| site.value.as_ref() == Some(&entry.value))?;
        Some(SiteChange::found(site, entry.current.as_ref(), Some(&entry.value)))
    })
}
