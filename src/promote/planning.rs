//! From a request to a plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::base::Base;
use super::code::{
    APP_NOT_THERE, FUTURE_COMMIT, GATE_FAILS, GATE_WAITS, STALE_RENDERING, UNKNOWN_IMAGE,
};
use super::create::{created, leaf};
use super::gates::{self, Answer, Binds, Candidate, Gate, Transition, Verdict};
use super::propose::{self, Proposal, Target};
use super::rerender::{Edited, Rerendered, brought_along, rerender};
use super::select::{self, SelectedState};
use super::values::ReadValues;
use super::{AppPlan, Permissions, Request};
use crate::config::{Environment, EnvironmentName, Selection};
use crate::diagnostic::{Finding, Findings, Kind, Severity, Subject};
use crate::git::HistoryError;
use crate::history::{History as _, Source};
use crate::sites::{
    AppInstance, AppSites, ImageRequest, MOVING_REFERENCE, Model, Scope, State, WriteOptions,
    shared_base,
};
use crate::source::{Location, RepoPath, SourceFile, Tree};
use crate::yaml::{Change, splice};

/// What is to become of one app, with the files that make it so.
#[derive(Debug)]
pub(super) struct AppOutcome {
    pub(super) plan: AppPlan,
    /// The files that change, rendered ones included; empty where nothing does.
    pub(super) files: Edited,
    /// What changes in each file that is not rendered: of a file that several
    /// apps share, all changes are made together.
    pub(super) edits: BTreeMap<RepoPath, Vec<Change>>,
    /// What was noticed and stops nobody.
    pub(super) warnings: Findings,
}

impl AppOutcome {
    /// What keeps it from being done; gates that bind later do not.
    pub(super) fn obstacles(&self, environment: &EnvironmentName, bind: &[Binds]) -> Findings {
        let app = &self.plan.app;
        let subject = Subject::app(environment.as_str(), &**app);
        let standing =
            |verdict: &&Verdict| !verdict.lets_through() && bind.contains(&verdict.gate.binds());
        let found = self.plan.gates.iter().filter(standing).map(|verdict| {
            let at = verdict
                .asked
                .clone()
                .unwrap_or_else(|| Location::of_path(&RepoPath::root().child("rungs.yaml")));
            let (code, message) = match verdict.answer {
                Answer::Fail => (&GATE_FAILS, "fails"),
                _ => (&GATE_WAITS, "waits"),
            };
            let message = format!(
                "`{app}` does not enter `{environment}`: the gate `{}` {message}",
                verdict.gate.name()
            );
            Finding::new(code, message, at).because(verdict.reason.clone()).about(subject.clone())
        });
        found.collect()
    }
}

/// An app in the environment that is entered.
pub(super) struct TargetState {
    pub(super) app: AppSites,
    pub(super) state: State,
    /// Whether it is there yet.
    pub(super) exists: bool,
}

/// Computes what is asked for at one base.
pub(super) struct Planner<'a> {
    pub(super) base: &'a Base<'a>,
    /// The environment that is entered.
    pub(super) target: &'a Environment,
    pub(super) permissions: &'a Permissions,
    /// Whether the change goes straight onto the base branch, so that nobody
    /// can approve it.
    pub(super) direct: bool,
}

impl Planner<'_> {
    /// An app's promotion.
    pub(super) fn promote(&self, request: &Request, app: &str) -> Result<AppOutcome, Findings> {
        let current = self.target_sites_or_new(request, app)?;
        let sources = match &request.from {
            Some(from) => {
                let from = &self.base.repository.find_environment(from)?.name;
                select::named_source(self.base.repository, self.target, from)?
            }
            None => select::sources(self.base.repository, self.target, app, self.base.history)?,
        };
        if let Some(named) = &request.reference {
            let base = self.base.commit.as_ref();
            let selected =
                select::named(&sources, app, named, self.base.history, self.target, base)
                    .map_err(|error| select::of_history(&error, &self.target.location))??;
            let selected = SelectedState { chosen: request.from.is_some(), ..selected };
            return self.enter(app, &current, &selected);
        }
        match self.target.select {
            Selection::Current => {
                let commit = self.base.commit.as_ref();
                let selected =
                    select::current(&sources, app, commit, self.base.history, self.target)?;
                let selected = SelectedState { chosen: request.from.is_some(), ..selected };
                self.enter(app, &current, &selected)
            }
            Selection::NewestEligible => self.newest_eligible(request, app, &current, &sources),
        }
    }

    /// The newest state of the first source that may enter now but for people
    /// and the hour. Where none may, the newest, with what its gates say.
    fn newest_eligible(
        &self,
        request: &Request,
        app: &str,
        current: &TargetState,
        sources: &[EnvironmentName],
    ) -> Result<AppOutcome, Findings> {
        let mut newest = None;
        for source in sources {
            let mut seen: Vec<State> = vec![current.state.clone()];
            for tenure in self.base.history.tenures(source, app) {
                let tenure = tenure.map_err(|error| self.of_history(&error))?;
                let Some(state) = &tenure.state else { continue };
                if current.exists && current.state.is_same(state) || seen.len() > MOST_CANDIDATES {
                    break;
                }
                if seen.iter().any(|earlier| earlier.is_same(state)) {
                    continue;
                }
                seen.push(state.clone());
                let commit = select::commit_of(&tenure, self.base.commit.as_ref())
                    .map_err(|error| self.of_history(&error))?;
                let source = Source { environment: source.clone(), commit };
                let selected =
                    SelectedState { source, chosen: request.from.is_some(), named: false };
                if self.is_eligible(app, current, &selected)? {
                    let outcome = self.enter(app, current, &selected)?;
                    if outcome.plan.gates.iter().all(may_wait) {
                        return Ok(outcome);
                    }
                }
                newest.get_or_insert(selected);
            }
        }
        match newest {
            Some(newest) => self.enter(app, current, &newest),
            None => Ok(Self::nothing(app, current)),
        }
    }

    fn of_history(&self, error: &HistoryError) -> Findings {
        select::of_history(error, &self.target.location)
    }

    /// Whether nothing but people, the hour and the rendering may keep a state
    /// from entering. One whose sites do not fit the target's is not eligible;
    /// one that cannot be read is no answer.
    fn is_eligible(
        &self,
        app: &str,
        current: &TargetState,
        selected: &SelectedState,
    ) -> Result<bool, Findings> {
        let target = self.target_of(current);
        let proposed =
            self.source_sites(app, selected).and_then(|source| propose::promoted(target, &source));
        let proposal = match proposed {
            Ok(proposal) => proposal,
            Err(findings) if findings.kind() <= Some(Kind::Answer) => return Ok(false),
            Err(findings) => return Err(findings),
        };
        let verdicts =
            self.judge(app, current, &proposal, &transition(selected), Some(&selected.source));
        Ok(verdicts.iter().all(may_wait))
    }

    fn enter(
        &self,
        app: &str,
        current: &TargetState,
        selected: &SelectedState,
    ) -> Result<AppOutcome, Findings> {
        let source = self.source_sites(app, selected)?;
        let target = self.target_of(current);
        let proposal = if current.exists {
            propose::promoted(target, &source)?
        } else {
            let tree = self.tree_of(selected)?;
            let from = self.base.repository.find_environment(source.environment.as_str())?;
            created(target, &self.target.directory, &source, &tree, &from.directory)?
        };
        self.finish(app, current, proposal, &transition(selected), Some(&selected.source))
    }

    /// The app's sites in the source, at the commit that the state is of.
    fn source_sites(&self, app: &str, selected: &SelectedState) -> Result<AppSites, Findings> {
        let environment = &selected.source.environment;
        let gone = || Findings::from(self.not_there(app, environment));
        if self.is_base(selected) {
            return self.base.model.app(environment, app).ok_or_else(gone);
        }
        let tree = self.tree_of(selected)?;
        let scope = Scope::app(app, [environment.clone()]);
        Model::of_tree(self.base.repository, &tree, &scope).app(environment, app).ok_or_else(gone)
    }

    fn is_base(&self, selected: &SelectedState) -> bool {
        selected.source.commit.is_none() || selected.source.commit == self.base.commit
    }

    /// The files of the commit that a state is of.
    fn tree_of(&self, selected: &SelectedState) -> Result<Tree, Findings> {
        match &selected.source.commit {
            Some(commit) if !self.is_base(selected) => {
                let tree = self.base.tree.at(commit.as_str());
                let at = &self.target.location;
                tree.map_err(|error| Finding::of_revision_error(&error, Some(at)).into())
            }
            _ => Ok(self.base.tree.clone()),
        }
    }

    /// New references for an app, as after a build.
    pub(super) fn set(
        &self,
        app: &str,
        asks: &[ImageRequest],
        at: &Location,
    ) -> Result<AppOutcome, Findings> {
        let current = self.target_sites(app)?;
        let proposal = propose::asked(self.target_of(&current), asks, at).map_err(|findings| {
            let is_unknown = |finding: &Finding| finding.code.name == UNKNOWN_IMAGE.name;
            let shared = findings.iter().any(is_unknown).then(|| self.shared(app)).flatten();
            shared.map_or(findings, Findings::from)
        })?;
        self.finish(app, &current, proposal, &Transition::Set, None)
    }

    /// The app as it is in the target; where it is not there and may be made,
    /// as an empty file would make it.
    pub(super) fn target_sites_or_new(
        &self,
        request: &Request,
        app: &str,
    ) -> Result<TargetState, Findings> {
        let is_there = self.base.model.app(&self.target.name, app).is_some();
        if is_there || !request.permissions.create || !self.is_anywhere(app) {
            return self.target_sites(app);
        }
        if !self.base.repository.is_native() {
            let at = self.base.repository.location.clone();
            let message = format!("`{app}` cannot be made in `{}`", self.target.name);
            return Err(Finding::new(&APP_NOT_THERE, message, at)
                .because("only in a native repository is it known what an app's files are")
                .help("add its files by hand; from then on it is promoted")
                .into());
        }
        let leaf = leaf(&self.target.directory, app);
        let tree = self.base.tree.with_files([(leaf, Some(Vec::new()))].into());
        let scope = Scope::app(app, [self.target.name.clone()]);
        let model = Model::of_tree(self.base.repository, &tree, &scope);
        let made = model.app(&self.target.name, app).ok_or_else(|| {
            Findings::from(Finding::new(
                &APP_NOT_THERE,
                format!("`{app}` cannot be made in `{}`", self.target.name),
                self.target.location.clone(),
            ))
        })?;
        let state = made.state.clone()?;
        Ok(TargetState { app: made, state, exists: false })
    }

    /// What the app's sites are and say in the target.
    pub(super) fn target_sites(&self, app: &str) -> Result<TargetState, Findings> {
        let Some(found) = self.base.model.app(&self.target.name, app) else {
            return Err(self.not_there(app, &self.target.name).into());
        };
        let state = found.state.clone()?;
        Ok(TargetState { app: found, state, exists: true })
    }

    /// Whether an app is in any environment.
    pub(super) fn is_anywhere(&self, app: &str) -> bool {
        let environments = &self.base.repository.environments;
        environments.iter().any(|one| self.base.model.app(&one.name, app).is_some())
    }

    pub(super) fn not_there(&self, app: &str, target: &EnvironmentName) -> Finding {
        let elsewhere: Vec<_> = self
            .base
            .repository
            .environments
            .iter()
            .filter(|one| self.base.model.app(&one.name, app).is_some())
            .map(|one| format!("`{}`", one.name))
            .collect();
        let finding = Finding::new(
            &APP_NOT_THERE,
            format!("there is no app `{app}` in `{target}`"),
            Location::of_path(&self.target.directory),
        );
        if let Some(shared) = self.shared(app) {
            return shared;
        }
        if elsewhere.is_empty() {
            // Of a few apps nothing else was read; who mistyped one waits gladly.
            let all = Model::of_tree(self.base.repository, self.base.tree, &Scope::all());
            let known = all.apps(target);
            let near = crate::diagnostic::nearest(app, known.iter().map(String::as_str));
            return finding.maybe_help(near.map(|near| format!("did you mean `{near}`?")));
        }
        finding
            .because(format!("it is in {}", elsewhere.join(", ")))
            .help("`rungs promote --create` makes its file")
    }

    /// The finding that what the app deploys here is said by a file that other
    /// environments use as well; none where it is not.
    fn shared(&self, app: &str) -> Option<Finding> {
        if self.base.repository.is_native() {
            return None;
        }
        let all = Model::of_tree(self.base.repository, self.base.tree, &Scope::all());
        let mut shared = all.shared(self.base.tree);
        let sites = shared.remove(&AppInstance::new(&self.target.name, app))?;
        sites.iter().find_map(shared_base)
    }

    pub(super) fn target_of<'h>(&self, current: &'h TargetState) -> Target<'h> {
        let options = WriteOptions {
            drop_digest: self.permissions.drop_digest,
            repository: self.permissions.repository,
            ..WriteOptions::default()
        };
        Target { app: &current.app, state: &current.state, options }
    }

    fn nothing(app: &str, current: &TargetState) -> AppOutcome {
        let state = current.state.clone();
        let plan = AppPlan {
            app: app.to_owned(),
            source: None,
            from: state.clone(),
            to: state,
            changes: Vec::new(),
            gates: Vec::new(),
        };
        // A promotion that passes a range over would look like one without it.
        let moves = current.app.findings.iter().filter(|found| found.code == &MOVING_REFERENCE);
        let (files, edits) = (Edited::new(), BTreeMap::new());
        AppOutcome { plan, files, edits, warnings: moves.cloned().collect() }
    }

    /// Edits, renders and judges.
    pub(super) fn finish(
        &self,
        app: &str,
        current: &TargetState,
        proposal: Proposal,
        transition: &Transition<'_>,
        source: Option<&Source>,
    ) -> Result<AppOutcome, Findings> {
        let mut outcome = Self::nothing(app, current);
        outcome.plan.source = source.cloned();
        if proposal.changes.is_empty() {
            return Ok(outcome);
        }
        let mut verdicts = self.judge(app, current, &proposal, transition, source);
        outcome.files = edited(self.base.tree, &proposal.edits, current.exists)?;
        outcome.files.extend(proposal.originals);
        if self.base.repository.is_native() {
            let rendered = self.rendered(app, current, &outcome.files);
            gates::insert(&mut verdicts, rendered_verdict(rendered.as_ref().err()));
            match rendered {
                Ok(rendered) => {
                    outcome.files.extend(rendered.files);
                    outcome.warnings.extend(rendered.warnings);
                }
                Err(findings) if is_no_verdict(&findings) => return Err(findings),
                // The verdict says that it does not render, and these say why.
                Err(findings) => {
                    outcome.warnings.extend(findings.into_iter().map(|mut finding| {
                        finding.severity = Severity::Note;
                        finding
                    }));
                }
            }
        }
        outcome.warnings.extend(proposal.warnings);
        let of_source = |source| self.future_commit(app, source, &proposal.state);
        outcome.warnings.extend(source.and_then(of_source));
        outcome.edits = proposal.edits;
        outcome.plan.to = proposal.state;
        outcome.plan.changes = proposal.changes;
        outcome.plan.gates = verdicts;
        Ok(outcome)
    }

    /// The finding that the state came to its source by a commit that is dated
    /// in the future, where a soak counts from it.
    fn future_commit(&self, app: &str, source: &Source, state: &State) -> Option<Finding> {
        let soak = self.target.gates_of(app).soak.as_ref()?;
        let mut tenures = self.base.history.tenures(&source.environment, app).map_while(Result::ok);
        let tenure =
            tenures.find(|tenure| tenure.state.as_ref().is_some_and(|one| one.is_same(state)))?;
        let time = tenure.since.time().filter(|time| *time > self.base.now)?;
        let commit = tenure.entered.as_ref()?.id.short().to_owned();
        let message = format!("the commit `{commit}` is dated {time}, which is yet to come");
        Some(
            Finding::new(&FUTURE_COMMIT, message, soak.location.clone())
                .because("the soak counts from then")
                .help("look whose clock was wrong")
                .about(Subject::app(source.environment.as_str(), app)),
        )
    }

    /// What rendering comes to with these files.
    fn rendered(
        &self,
        app: &str,
        current: &TargetState,
        files: &Edited,
    ) -> Result<Rerendered, Findings> {
        let Base { tree, repository, .. } = *self.base;
        let mut rendered = rerender(tree, repository, files, &self.target.name, app)?;
        if !current.exists {
            rendered.files.extend(brought_along(tree, repository, files)?);
        }
        Ok(rendered)
    }

    fn judge(
        &self,
        app: &str,
        current: &TargetState,
        proposal: &Proposal,
        transition: &Transition<'_>,
        source: Option<&Source>,
    ) -> Vec<Verdict> {
        let values = ReadValues::new(self.base, self.target, source, app);
        gates::judge(&Candidate {
            repository: self.base.repository,
            target: self.target,
            gates: self.target.gates_of(app),
            app,
            transition: *transition,
            current: current.exists.then_some(&current.state),
            proposed: &proposal.state,
            history: self.base.history,
            values: &values,
            now: self.base.now,
            ticket: self.permissions.ticket.as_deref(),
            overrides: &self.permissions.overrides,
            direct: self.direct,
            facts: None,
        })
    }
}

/// Whether a state may be picked all the same: it passes, or waits for what is
/// waited for once it is picked.
fn may_wait(verdict: &Verdict) -> bool {
    verdict.lets_through() || matches!(verdict.gate, Gate::Window | Gate::Approvals)
}

/// As many states of the past as are looked at for one that is eligible.
const MOST_CANDIDATES: usize = 200;

fn transition(selected: &SelectedState) -> Transition<'_> {
    let (chosen, named) = (selected.chosen, selected.named);
    Transition::Promote { from: &selected.source.environment, chosen, named }
}

/// What the gate `render` says of what rendering came to.
pub(super) fn rendered_verdict(findings: Option<&Findings>) -> Verdict {
    let (answer, reason, asked) = match findings.and_then(|findings| findings.iter().next()) {
        None => (Answer::Pass, "it renders".to_owned(), None),
        Some(first) => {
            let at = first.location();
            (Answer::Fail, format!("{at}: {}", first.message), Some(at.clone()))
        }
    };
    Verdict { gate: Gate::Render, answer, reason, asked, overridden: None }
}

/// Whether that it does not render says nothing of the state: the base was stale
/// before, or what is needed cannot be had.
fn is_no_verdict(findings: &Findings) -> bool {
    let is_stale = |finding: &Finding| finding.code.name == STALE_RENDERING.name;
    findings.kind() >= Some(Kind::Outside) || findings.iter().any(is_stale)
}

/// The files with the proposal's changes.
pub(super) fn edited(
    tree: &Tree,
    edits: &BTreeMap<RepoPath, Vec<Change>>,
    exists: bool,
) -> Result<Edited, Findings> {
    let mut files = BTreeMap::new();
    let mut findings = Findings::new();
    for (path, changes) in edits {
        let file = match tree.read(path) {
            Ok(file) => file,
            Err(_) if !exists => Arc::new(SourceFile::new(path.clone(), String::new())),
            Err(error) => {
                findings.push(Finding::of_read_error(&error, None));
                continue;
            }
        };
        match splice(&Arc::clone(&file), changes) {
            Ok(text) => {
                files.insert(path.clone(), Some(text.into_bytes()));
            }
            Err(found) => findings.extend(found),
        }
    }
    if findings.has_errors() { Err(findings) } else { Ok(files) }
}
