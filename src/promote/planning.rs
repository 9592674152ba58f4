//! From a request to a plan.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::arrival::Arrival;
use super::assessment::{AppChange, assess};
use super::base::Base;
use super::code::{FUTURE_COMMIT, PIN_MOVED, STALE_RENDERING};
use super::create::created;
use super::deployed::DeployedApps;
use super::gates::{Answer, BroughtReferences, Evidence as _, Gate};
use super::part::{MovingKeys, Part};
use super::propose::{self, AskedValues, Proposal, TargetSites};
use super::rerender::{Rerendered, generated_files, rerender};
use super::select::{self, SelectedState};
use super::target::{TargetEnvironment, TargetState};
use super::verdict::Verdict;
use super::{AppPlan, Permissions, Request};
use crate::config::{Environment, EnvironmentName, Selection};
use crate::diagnostic::{Finding, Findings, ProblemKind, Severity, Subject};
use crate::git::{HistoryError, ObjectName};
use crate::history::{self, Source, find_tenure};
use crate::sites::{AppSites, NO_SITE, SiteValue, State, UNPINNED, WantedValues, WriteOptions};
use crate::source::{FileChanges, Location, RepoPath, RevisionError, SourceFile, Tree};
use crate::worker::Renderer;
use crate::yaml::{Change, splice};

/// The plan of one app, with the files that it changes.
#[derive(Debug)]
pub(super) struct AppOutcome {
    pub(super) plan: AppPlan,
    /// The files that change, as far as they are known, and rendered ones.
    pub(super) files: FileChanges,
    /// The changes in each file that is not rendered. Those that several apps make in a file,
    /// and those of files that are not among `files`, are still to be made.
    pub(super) edits: BTreeMap<RepoPath, Vec<Change>>,
    /// The findings that keep the app from being planned, about its sites or those of
    /// the source.
    pub(super) obstacles: Findings,
    /// Findings that do not stop the promotion.
    pub(super) warnings: Findings,
    /// The note that the rest of the app could go without what blocks it.
    pub(super) around: Option<Finding>,
}

/// Whether a state of an environment below may enter with `select: newest-eligible`.
enum Candidacy {
    /// It may, and this is its plan.
    Eligible(Box<AppOutcome>),
    /// Something keeps it from entering now.
    Blocked,
    /// It never may, because of what it is.
    Excluded,
}

/// Plans a request at one base.
pub(super) struct Planner<'a> {
    pub(super) base: &'a Base<'a>,
    /// The environment that is entered.
    pub(super) target: &'a Environment,
    permissions: &'a Permissions,
    purpose: Purpose<'a>,
}

/// What plans are made for.
enum Purpose<'a> {
    /// To be carried out: every gate judges them.
    Change {
        /// Whether the change goes straight onto the base branch, so that nobody can approve
        /// it.
        direct: bool,
        /// What renders, and what commits deploy by it.
        deployed: DeployedApps<'a>,
    },
    /// To be looked at: these gates judge them. Nothing is edited or rendered.
    Look(&'a [Gate]),
}

impl<'a> Planner<'a> {
    /// Plans what is carried out: whether it goes straight onto the base branch, and what
    /// renders.
    pub(super) fn of_change(
        base: &'a Base<'a>,
        target: &'a Environment,
        permissions: &'a Permissions,
        direct: bool,
        renderer: &'a dyn Renderer,
    ) -> Self {
        let deployed = DeployedApps::new(base.repository, renderer);
        let purpose = Purpose::Change { direct, deployed };
        Self { base, target, permissions, purpose }
    }

    /// Plans what is only looked at, as far as these gates judge it. [`Gate::Render`] is none
    /// of them.
    pub(super) fn of_look(
        base: &'a Base<'a>,
        target: &'a Environment,
        permissions: &'a Permissions,
        gates: &'a [Gate],
    ) -> Self {
        Self { base, target, permissions, purpose: Purpose::Look(gates) }
    }
}

impl Planner<'_> {
    fn environment(&self) -> TargetEnvironment<'_> {
        TargetEnvironment { base: self.base, environment: self.target }
    }

    /// The gates that judge a plan.
    fn gates(&self) -> &[Gate] {
        match &self.purpose {
            Purpose::Change { .. } => &Gate::ALL,
            Purpose::Look(gates) => gates,
        }
    }

    /// The gates that can judge a plan before anything is rendered.
    pub(super) fn gates_before_rendering(&self) -> Vec<Gate> {
        self.gates().iter().copied().filter(|gate| *gate != Gate::Render).collect()
    }

    /// What commits deploy; none if nothing is rendered.
    fn deployed(&self) -> Option<&DeployedApps<'_>> {
        match &self.purpose {
            Purpose::Change { deployed, .. } => Some(deployed),
            Purpose::Look(_) => None,
        }
    }

    /// An app in the environment that is entered.
    pub(super) fn current(&self, app: &str) -> Result<TargetState, Findings> {
        let current = self.environment().target_sites(app)?;
        understood(Rc::clone(&current.app))?;
        Ok(current)
    }

    /// Plans an app's promotion.
    pub(super) fn promote(&self, request: &Request, app: &str) -> Result<AppOutcome, Findings> {
        let current = if self.permissions.create {
            self.environment().target_sites_or_new(app)?
        } else {
            self.current(app)?
        };
        let sources = self.sources(request, app)?;
        let commit = self.base.commit.as_ref();
        if let Some(named) = &request.reference {
            let source = select::named(&sources, app, named, self.base, self.target)?;
            return self.enter(app, &current, &selected(request, source), (None, &request.part));
        }
        if self.target.select == Selection::NewestEligible && self.base.history.is_known() {
            return self.newest_eligible(request, app, &current, &sources);
        }
        let (source, disagreement) =
            select::current(&sources, app, commit, self.base, self.target, &current.state);
        self.enter(app, &current, &selected(request, source), (disagreement, &request.part))
    }

    fn sources(&self, request: &Request, app: &str) -> Result<Vec<EnvironmentName>, Finding> {
        let repository = self.base.repository;
        match &request.from {
            Some(from) => {
                let from = &repository.find_environment(from)?.name;
                select::named_source(repository, self.target, from)
            }
            None => select::sources(repository, self.target, app, self.base),
        }
    }

    /// Plans the newest state that may enter now, of the first source that has one.
    /// Gates that wait for people or for the time of day do not count. If there is
    /// none, plans the newest state that may enter one day, with the verdicts that block it.
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
            for tenure in self.base.tenures(source, app) {
                let tenure = tenure.map_err(|error| self.unreadable(&error))?;
                let Some(state) = &tenure.state else { continue };
                if current.exists && current.state.is_copy_of(state) || seen.len() > MOST_CANDIDATES
                {
                    break;
                }
                if seen.iter().any(|earlier| earlier.is_copy_of(state)) {
                    continue;
                }
                seen.push(state.clone());
                let commit = select::commit_of(&tenure, self.base.commit.as_ref())
                    .map_err(|error| self.unreadable(&error))?;
                let source = Source { environment: source.clone(), commit };
                let selected = selected(request, source);
                match self.candidacy(app, current, &selected, &request.part)? {
                    Candidacy::Eligible(outcome) => return Ok(*outcome),
                    Candidacy::Blocked => {
                        newest.get_or_insert(selected);
                    }
                    Candidacy::Excluded => {}
                }
            }
        }
        match newest {
            Some(newest) => self.enter(app, current, &newest, (None, &request.part)),
            None => Ok(Self::nothing(app, current)),
        }
    }

    fn unreadable(&self, error: &HistoryError) -> Findings {
        history::finding(error, &self.target.location).into()
    }

    /// Plans a state if nothing but people or the time of day keeps it from entering.
    /// A state whose sites do not fit the target's is not eligible; one that cannot
    /// be read is an error.
    fn candidacy(
        &self,
        app: &str,
        current: &TargetState,
        selected: &SelectedState,
        part: &Part,
    ) -> Result<Candidacy, Findings> {
        let source = match self.source_sites(app, &selected.source) {
            Ok(source) => source,
            Err(findings) if findings.kind() <= Some(ProblemKind::Answer) => {
                return Ok(Candidacy::Blocked);
            }
            Err(findings) => return Err(findings),
        };
        let moving = part.keys(&[&source, &current.app], &self.target.location)?;
        let proposal = propose::promoted(self.target_of(current), &source, &moving);
        if proposal.obstacles.has_errors() {
            return Ok(Candidacy::Blocked);
        }
        // Rendering is expensive: a state that other gates block is not rendered.
        let unrendered = self.gates_before_rendering();
        let arrival = Arrival::Promotion(selected.clone());
        let change = self.change(app, current, &proposal, &arrival);
        let gates = assess(self.base, change, &unrendered).gates;
        let excludes = |verdict: &Verdict| {
            verdict.gate.excludes_states()
                && verdict.answer == Answer::Fail
                && !verdict.lets_through()
        };
        if gates.iter().any(excludes) {
            return Ok(Candidacy::Excluded);
        }
        if !gates.iter().all(may_wait) {
            return Ok(Candidacy::Blocked);
        }
        let outcome = self.enter_keys(app, current, selected, &source, &moving, None)?;
        let is_eligible = outcome.plan.gates.iter().all(may_wait);
        Ok(if is_eligible { Candidacy::Eligible(Box::new(outcome)) } else { Candidacy::Blocked })
    }

    fn enter(
        &self,
        app: &str,
        current: &TargetState,
        selected: &SelectedState,
        (disagreement, part): (Option<Finding>, &Part),
    ) -> Result<AppOutcome, Findings> {
        let source = self.source_sites(app, &selected.source)?;
        let moving = part.keys(&[&source, &current.app], &self.target.location)?;
        let can_part = current.exists && !moving.is_part() && disagreement.is_none();
        let outcome = self.enter_keys(app, current, selected, &source, &moving, disagreement)?;
        if can_part && outcome.is_held_up() {
            return self.around(app, current, (selected, &source), outcome);
        }
        Ok(outcome)
    }

    /// Plans that these keys of a state enter.
    pub(super) fn enter_keys(
        &self,
        app: &str,
        current: &TargetState,
        selected: &SelectedState,
        source: &AppSites,
        moving: &MovingKeys,
        disagreement: Option<Finding>,
    ) -> Result<AppOutcome, Findings> {
        let target = self.target_of(current);
        let mut proposal = if current.exists {
            propose::promoted(target, source, moving)
        } else {
            let tree = self.base.tree_of(&selected.source).map_err(|error| self.absent(&error))?;
            let from = self.base.repository.find_environment(source.environment.as_str())?;
            created(target, &self.target.directory, source, &tree, &from.directory)
        };
        proposal.obstacles.extend(disagreement);
        proposal.obstacles.extend(self.moved_pin(app, &selected.source, source));
        self.finish(app, current, proposal, &Arrival::Promotion(selected.clone()))
    }

    /// The finding that the tag of the source's template leads elsewhere than when it was
    /// pinned there.
    fn moved_pin(&self, app: &str, source: &Source, sites: &AppSites) -> Option<Finding> {
        let mut pins = sites.sites.iter().filter(|site| site.key.is_template_pin());
        let site = pins.find(|site| site.value.is_some())?;
        let Some(SiteValue::Revision(pin)) = &site.value else { return None };
        let pin = &pin.revision;
        let now = self.base.commit_of_pin(pin)?;
        let history = Some(self.base.history).filter(|history| history.is_known())?;
        let key = site.key.name();
        let recorded = history.newest_source_commit(&source.environment, app, key).ok()??;
        let was = ObjectName::parse(&recorded).filter(|was| was.as_str() != now)?;
        let message = format!("the template's tag `{pin}` was moved since `{app}` got it");
        let because = format!("was {} when it was recorded", was.short());
        Some(
            Finding::new(&PIN_MOVED, message, site.location.clone())
                .because(because)
                .help("pin the template to a commit, or to a new tag")
                .about(Subject::app(self.target.name.as_str(), app)),
        )
    }

    /// The app's sites in the source, at the state's commit.
    fn source_sites(&self, app: &str, source: &Source) -> Result<Rc<AppSites>, Findings> {
        let found = self.base.app_at(source, app).map_err(|error| self.absent(&error))?;
        let not_in = || self.environment().not_in(&source.environment, app);
        understood(found.ok_or_else(not_in)?)
    }

    /// The finding that neither environment has a reference of an app.
    pub(super) fn without_reference(&self, plan: &AppPlan) -> Finding {
        let (app, target) = (&plan.app, &self.target.name);
        if let Some(shared) = self.environment().shared(app) {
            return Finding { severity: Severity::Error, ..shared };
        }
        let below = plan.source.as_ref().map(|source| format!("`{}` and ", source.environment));
        let message =
            format!("`{app}` has no reference in {}`{target}`", below.unwrap_or_default());
        Finding::new(&NO_SITE, message, self.base.repository.location.clone())
            .because("no entry of `sites` finds one in its files")
            .help("look at the entries of its files, and at what `rungs status` says of them")
            .about(Subject::app(target.as_str(), &**app))
    }

    fn absent(&self, error: &RevisionError) -> Finding {
        Finding::of_revision_error(error, Some(&self.target.location))
    }

    /// Plans new references for an app, as after a build.
    pub(super) fn set(
        &self,
        app: &str,
        asked: &AskedValues<'_>,
        at: &Location,
    ) -> Result<AppOutcome, Findings> {
        let current = self.current(app)?;
        // If a file that other environments share has the image, it is said there.
        let shared = || self.environment().shared(app);
        let proposal = propose::requested(self.target_of(&current), asked, at, shared)?;
        self.finish(app, &current, proposal, &Arrival::Set)
    }

    pub(super) fn target_of<'h>(&'h self, current: &'h TargetState) -> TargetSites<'h> {
        let options = WriteOptions {
            drop_digest: self.permissions.drop_digest,
            repository: self.permissions.repository,
            ..WriteOptions::default()
        };
        let model = self.base.model;
        TargetSites { app: &current.app, state: &current.state, options, model }
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
        // Otherwise a promotion that leaves something alone would look like one without it.
        let left_alone = current.app.findings.iter().filter(|found| found.code != &UNPINNED);
        AppOutcome {
            plan,
            files: FileChanges::new(),
            edits: BTreeMap::new(),
            obstacles: Findings::new(),
            warnings: left_alone.cloned().collect(),
            around: None,
        }
    }

    /// Edits, renders and assesses a proposal.
    pub(super) fn finish(
        &self,
        app: &str,
        current: &TargetState,
        proposal: Proposal,
        arrival: &Arrival,
    ) -> Result<AppOutcome, Findings> {
        let source = arrival.source();
        let now = current.exists.then_some(&current.state);
        let mut outcome = Self::nothing(app, current);
        outcome.plan.source = source.cloned();
        outcome.obstacles.extend(proposal.obstacles.clone());
        if proposal.changes.is_empty() && !outcome.obstacles.has_errors() {
            return Ok(outcome);
        }
        let mut rendered = None;
        if self.deployed().is_some() && !outcome.obstacles.has_errors() {
            // Where nothing is rendered, the edits of all apps in a file are made at once.
            if self.base.repository.is_native() {
                outcome.files = edited(self.base.tree, &proposal.edits, current.exists)?;
            }
            outcome.files.extend(proposal.originals.clone());
            rendered = self.rendered(app, current, &outcome.files)?;
        }
        let result = rendered.as_ref().and_then(|rendered| rendered.as_ref().ok());
        let brought = result.zip(self.deployed()).map(|(rendered, deployed)| {
            let files = (&outcome.files, rendered);
            self.brought(app, current, (&proposal, arrival), files, deployed)
        });
        let change = AppChange {
            rendering: rendered.as_ref().map(|result| result.as_ref().map(|_| ())),
            brought: brought.as_ref().map(|brought| brought as &dyn BroughtReferences),
            ..self.change(app, current, &proposal, arrival)
        };
        outcome.plan = assess(self.base, change, self.gates());
        outcome.add_rendered(rendered);
        outcome.warnings.extend(proposal.warnings);
        let warning = |source| self.future_commit(app, source, &proposal.state, now);
        outcome.warnings.extend(source.and_then(warning));
        outcome.edits = proposal.edits;
        Ok(outcome)
    }

    /// The change that a proposal makes, as it is assessed.
    pub(super) fn change<'c>(
        &'c self,
        app: &'c str,
        current: &'c TargetState,
        proposal: &Proposal,
        arrival: &'c Arrival,
    ) -> AppChange<'c> {
        AppChange {
            target: self.target,
            app,
            arrival,
            current: current.exists.then_some(&current.state),
            proposed: proposal.state.clone(),
            beside: Vec::new(),
            brought: None,
            changes: proposal.changes.clone(),
            rendering: None,
            direct: matches!(self.purpose, Purpose::Change { direct: true, .. }),
            replaces: &self.permissions.replaces,
            ticket: self.permissions.ticket.as_deref(),
            overrides: &self.permissions.overrides,
        }
    }

    /// The finding that a state came to its source with a commit that is dated in the
    /// future, if a soak counts from it.
    fn future_commit(
        &self,
        app: &str,
        source: &Source,
        state: &State,
        current: Option<&State>,
    ) -> Option<Finding> {
        let soak = self.target.gates_of(app).soak.as_ref()?;
        let tenures = self.base.tenures(&source.environment, app);
        let wanted = WantedValues::of_state(state, current, &self.base.repository.mirrors);
        let has_state = |one: &State| wanted.are_in(one);
        let found = find_tenure(tenures, |tenure| tenure.state.as_ref().is_some_and(has_state));
        // If that is not known, the gate `soak` says so.
        let tenure = found.ok().flatten()?;
        let time = tenure.since.time().filter(|time| *time > self.base.now)?;
        let commit = tenure.entered.as_ref()?.short().to_owned();
        let message = format!("the commit `{commit}` is dated {time}, which is in the future");
        Some(
            Finding::new(&FUTURE_COMMIT, message, soak.location.clone())
                .because("the soak counts from then")
                .help("find out whose clock was wrong")
                .about(Subject::app(source.environment.as_str(), app)),
        )
    }

    /// The result of rendering with these files; none if the repository has nothing
    /// to render.
    ///
    /// # Errors
    ///
    /// Failures that say nothing about the state: the base was stale already, or
    /// something that rendering needs is not available.
    fn rendered(
        &self,
        app: &str,
        current: &TargetState,
        files: &FileChanges,
    ) -> Result<Option<Result<Rerendered, Findings>>, Findings> {
        let Base { tree, repository, .. } = *self.base;
        let deployed = self.deployed().filter(|_| repository.is_native());
        let Some(by) = deployed.map(DeployedApps::renderer) else { return Ok(None) };
        let render = || {
            let mut rendered = rerender(by, tree, repository, files, &self.target.name, app)?;
            if !current.exists {
                rendered.files.extend(generated_files(tree, repository, files)?);
            }
            Ok(rendered)
        };
        match render() {
            Err(findings) if is_unrelated(&findings) => Err(findings),
            rendered => Ok(Some(rendered)),
        }
    }
}

impl AppOutcome {
    /// Whether findings or gates keep it from entering.
    pub(super) fn is_held_up(&self) -> bool {
        self.obstacles.has_errors() || !self.plan.gates.iter().all(Verdict::lets_through)
    }

    fn add_rendered(&mut self, rendered: Option<Result<Rerendered, Findings>>) {
        match rendered {
            None => {}
            Some(Ok(rendered)) => {
                self.files.extend(rendered.files);
                self.warnings.extend(rendered.warnings);
            }
            // The verdict says that rendering fails, and these findings say why.
            Some(Err(findings)) => {
                self.warnings.extend(findings.into_iter().map(|mut finding| {
                    finding.severity = Severity::Note;
                    finding
                }));
            }
        }
    }
}

/// The sites of an app, unless they are not those that the configuration means.
fn understood(sites: Rc<AppSites>) -> Result<Rc<AppSites>, Findings> {
    let misread = sites.misread();
    if misread.is_empty() { Ok(sites) } else { Err(misread) }
}

/// Whether a state may be selected despite a verdict: the gate passes, or it waits
/// for something that can still come after the selection.
fn may_wait(verdict: &Verdict) -> bool {
    verdict.lets_through() || verdict.gate.may_wait_once_selected()
}

/// The number of earlier states that are searched for an eligible one.
const MOST_CANDIDATES: usize = 200;

/// The state of a source that was selected for a request.
fn selected(request: &Request, source: Source) -> SelectedState {
    let (chosen, named) = (request.from.is_some(), request.reference.is_some());
    SelectedState { source, chosen, named, is_part: !request.part.is_whole() }
}

/// Whether findings of rendering say nothing about the state that was rendered.
fn is_unrelated(findings: &Findings) -> bool {
    let is_stale = |finding: &Finding| finding.code.name == STALE_RENDERING.name;
    findings.kind() >= Some(ProblemKind::Outside) || findings.iter().any(is_stale)
}

/// Applies edits to the files of a tree.
pub(super) fn edited(
    tree: &Tree,
    edits: &BTreeMap<RepoPath, Vec<Change>>,
    exists: bool,
) -> Result<FileChanges, Findings> {
    let mut files = FileChanges::new();
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
            Ok(text) => files.insert(path.clone(), Some(text.into_bytes())),
            Err(found) => findings.extend(found),
        }
    }
    if findings.has_errors() { Err(findings) } else { Ok(files) }
}
