//! What a change would weaken: gates and all that says which gates judge what.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::proposed::ProposedChange;
use crate::config::{
    Access, App, Before, Environment, EnvironmentName, IgnoredFinding, PathPattern, Repository,
    RuleSeverity, Rules, Selection, SiteRule, Sourced, TimeLimit, ValueRoute, WorkerSettings,
};
use crate::diagnostic::{Finding, Findings};
use crate::holds;
use crate::promote::base::Base;
use crate::promote::code::{GATES_RELAXED, OTHER_CHANGE, RELAXATION_WAITS};
use crate::promote::gates::{Answer, RelaxedGate, approved};
use crate::promote::pipelines;
use crate::sites::Model;
use crate::source::{Location, RepoPath};
use crate::yaml::{Node, Value};

/// Something that is weaker after a change.
struct Relaxation<'a> {
    /// The environment that it protects; none if that is every one.
    environment: Option<&'a Environment>,
    /// What becomes of it, as a sentence without a final full stop.
    what: String,
    location: Location,
}

/// What a change weakens, one finding each; it waits for the people of every environment that
/// it concerns.
pub(super) fn findings(base: &Base<'_>, change: &ProposedChange<'_>) -> Findings {
    let mut search = RelaxationSearch { base, change, found: Vec::new(), errors: Findings::new() };
    search.holds();
    search.pipelines();
    if let Some(head) = change.configuration {
        search.repository(head);
        for environment in &base.repository.environments {
            search.environment(environment, head);
            search.unread_apps(environment);
            search.parted_apps(environment, head);
        }
    }
    let mut findings: Findings = new_environments(base.repository, change.configuration);
    findings.extend(std::mem::take(&mut search.errors));
    for relaxation in &search.found {
        let environments = match relaxation.environment {
            Some(environment) => std::slice::from_ref(environment),
            None => &base.repository.environments,
        };
        let message = match relaxation.environment {
            Some(environment) => format!("{} (`{}`)", relaxation.what, environment.name),
            None => relaxation.what.clone(),
        };
        let finding = |code| Finding::new(code, message.clone(), relaxation.location.clone());
        let waits: Vec<_> = environments.iter().filter_map(|one| waits(base, one)).collect();
        if waits.is_empty() {
            findings.push(
                finding(&GATES_RELAXED)
                    .because("lets in what was kept out before")
                    .help("read it as you would read a promotion"),
            );
        } else {
            findings.push(finding(&RELAXATION_WAITS).because(waits.join(", and ")));
        }
    }
    findings
}

/// The environments that the base does not know, whose gates nobody has agreed on.
fn new_environments(base: &Repository, head: Option<&Repository>) -> Findings {
    let known: BTreeSet<_> = base.environments.iter().map(|one| &one.name).collect();
    let all = head.iter().flat_map(|head| &head.environments);
    let new = all.filter(|environment| !known.contains(&environment.name));
    let findings = new.map(|environment| {
        let message = format!("`{}` is a new environment", environment.name);
        Finding::new(&OTHER_CHANGE, message, environment.location.clone())
            .because("nothing judges what is in it yet")
    });
    findings.collect()
}

/// Why an environment's gates may not be relaxed yet; none if they may.
fn waits(base: &Base<'_>, environment: &Environment) -> Option<String> {
    let approvals = environment.gates.relax_approvals.as_ref()?;
    let judgement = approved(&approvals.value, base.forge);
    let reason = format!("in `{}`, {}", environment.name, judgement.reason);
    (judgement.answer != Answer::Pass).then_some(reason)
}

struct RelaxationSearch<'a> {
    base: &'a Base<'a>,
    change: &'a ProposedChange<'a>,
    found: Vec<Relaxation<'a>>,
    /// What could not be judged once it is merged.
    errors: Findings,
}

impl<'a> RelaxationSearch<'a> {
    fn add(&mut self, environment: Option<&'a Environment>, what: String, location: Location) {
        self.found.push(Relaxation { environment, what, location });
    }

    /// The holds that are lifted: one that ended by itself may go.
    fn holds(&mut self) {
        let directory = holds::directory();
        let (base, now) = (self.base, self.base.now);
        match holds::all(self.change.after.tree, base.repository) {
            // Once they are merged, nothing could be judged any more.
            Err(findings) => self.errors.extend(findings),
            Ok(after) => {
                if holds::all(self.change.before.tree, base.repository).is_err() {
                    let location = Location::of_path(&directory);
                    self.add(None, "holds that could not be read change".to_owned(), location);
                }
                let in_force = base.holds.iter().filter(|hold| hold.is_in_force(now));
                for hold in in_force.filter(|hold| !after.iter().any(|one| hold.says_the_same(one)))
                {
                    let environment = self.environment_of(&hold.environment);
                    let what = format!("a hold of `{}` is lifted", hold.app);
                    self.add(environment, what, hold.location.clone());
                }
            }
        }
    }

    fn environment_of(&self, name: &EnvironmentName) -> Option<&'a Environment> {
        self.base.repository.environments.iter().find(|one| one.name == *name)
    }

    /// The files that have the gates run, and say who owns what.
    fn pipelines(&mut self) {
        let trees = [self.change.before.tree, self.change.after.tree];
        for path in pipelines::changed(trees, self.change.files) {
            let what = format!("`{path}`, which runs rungs, changes");
            self.add(None, what, Location::of_path(path));
        }
        for path in self.change.files {
            if path.name() == "CODEOWNERS" {
                let what = format!("`{path}`, which says who approves what, changes");
                self.add(None, what, Location::of_path(path));
            }
        }
    }

    /// What holds for every environment.
    fn repository(&mut self, head: &Repository) {
        let base = self.base.repository;
        let at = |location: Option<&Location>| location.unwrap_or(&head.location).clone();
        let forge = |one: &Repository| {
            one.forge.as_ref().map(|forge| {
                let base = forge.base.clone();
                (forge.kind, forge.url.clone(), forge.repository.clone(), base, forge.merge)
            })
        };
        if forge(base) != forge(head) {
            let location = at(head.forge.as_ref().map(|forge| &forge.location));
            self.add(None, "`forge` changes".to_owned(), location);
        }
        if base.mirrors != head.mirrors && head.mirrors != crate::config::Mirrors::default() {
            self.add(None, "`mirrors` changes".to_owned(), at(None));
        }
        if base.is_native() != head.is_native() {
            self.add(None, "`sites` changes the layout".to_owned(), at(None));
        }
        if base.output != head.output {
            self.add(None, "`output` changes".to_owned(), at(None));
        }
        let sites = |one: &Repository| {
            let text = |rule: &SiteRule| {
                let excluded: Vec<_> = rule.exclude.iter().map(|one| &one.value).collect();
                let files = format!("{} {excluded:?} {:?}", rule.path.value, rule.environment);
                format!("{files} {}", rule.reading())
            };
            one.sites.iter().map(text).collect::<Vec<_>>()
        };
        // A rule that is added may say of an app what nothing deploys.
        if sites(head) != sites(base) {
            self.add(None, "`sites` change".to_owned(), at(None));
        }
        self.ignored_findings(head);
        self.worker(head);
        for (tier, from, to) in [
            ("preprod", &base.policies.preprod, &head.policies.preprod),
            ("production", &base.policies.production, &head.policies.production),
        ] {
            if !is_as_strict(from, to) {
                self.add(None, format!("`policies` of `{tier}` change"), at(None));
            }
        }
    }

    /// The findings that nobody would be told any more.
    fn ignored_findings(&mut self, head: &Repository) {
        let before = ignored(self.base.repository);
        for (path, one) in ignored(head) {
            let was_there = |(other_path, other): &(&PathPattern, &IgnoredFinding)| {
                *other_path == path
                    && other.finding == one.finding
                    && other.image.value == one.image.value
            };
            if !before.iter().any(was_there) {
                let (finding, image) = (one.finding.as_str(), one.image.value.as_str());
                let what = format!("`{finding}` of `{image}` is no longer reported");
                self.add(None, what, one.image.location.clone());
            }
        }
    }

    /// How much rendering may take, which ends a run that would never end by itself.
    fn worker(&mut self, head: &Repository) {
        let (from, to) = (self.base.repository.worker, head.worker);
        let time = |one: WorkerSettings| one.time.map(TimeLimit::duration);
        for (key, is_kept) in [
            ("time", is_within(time(to), time(from), WorkerSettings::DEFAULT_TIME)),
            ("memory", is_within(to.memory, from.memory, WorkerSettings::DEFAULT_MEMORY)),
            ("output", is_within(to.output, from.output, WorkerSettings::DEFAULT_OUTPUT)),
        ] {
            if !is_kept {
                self.add(None, format!("`worker.{key}` is raised"), head.location.clone());
            }
        }
    }

    /// The apps that the change's own configuration no longer reads where the base's does.
    fn unread_apps(&mut self, environment: &'a Environment) {
        let Some(own) = self.change.own else { return };
        let name = &environment.name;
        for app in self.change.after.model.apps(name) {
            let files = |model: &Model| {
                let sites = model.app(name, &app).map(|app| app.sites).unwrap_or_default();
                sites.iter().map(|site| site.file.path().clone()).collect::<BTreeSet<_>>()
            };
            if !files(self.change.after.model).is_subset(&files(own)) {
                let what = format!("`{app}` is no longer read");
                let location = Location::of_path(&RepoPath::root().child("rungs.yaml"));
                self.add(Some(environment), what, location);
            }
        }
    }

    /// The apps whose parts may go by themselves where they moved as a whole. In a native
    /// repository their files say so ([`Self::gates`]).
    fn parted_apps(&mut self, environment: &'a Environment, head: &Repository) {
        let Some(own) = self.change.own else { return };
        let name = &environment.name;
        for app in own.apps(name) {
            let before = self.change.before.model.app(name, &app);
            let Some(after) = own.app(name, &app).filter(|after| !after.moves_together) else {
                continue;
            };
            if before.is_none_or(|before| !before.moves_together) {
                continue;
            }
            let now = head.environments.iter().find(|one| one.name == *name);
            let reads = |rule: &&SiteRule| {
                let mut sites = after.sites.iter();
                !rule.together.value
                    && sites.any(|site| now.is_some_and(|now| now.has_file(rule, site.file.path())))
            };
            let rule = head.sites.iter().find(reads);
            let location = rule.map_or(&head.location, |rule| &rule.together.location).clone();
            self.add(Some(environment), moves_in_parts(&app), location);
        }
    }

    /// What holds for one environment and its apps.
    fn environment(&mut self, base: &'a Environment, head: &Repository) {
        let Some(now) = head.environments.iter().find(|one| one.name == base.name) else {
            let location = head.location.clone();
            return self.add(
                Some(base),
                format!("`{}` is not an environment any more", base.name),
                location,
            );
        };
        let location = || now.location.clone();
        let ladders = [&self.base.repository.ladder, &head.ladder];
        let [before, after] = ladders.map(|ladder| ladder.before(&base.name));
        if !comes_after_all(before.as_ref(), after.as_ref()) {
            let at = head.ladder.location(&base.name).cloned().unwrap_or_else(location);
            self.add(Some(base), "the ladder changes".to_owned(), at);
        }
        for (key, from, to) in
            [("skip", &base.skip, &now.skip), ("enters", &base.enters, &now.enters)]
        {
            let is_new = |app: &&Sourced<String>| from.iter().all(|one| one.value != app.value);
            for app in to.iter().filter(is_new) {
                let what = format!("`{key}` names `{}`", app.value);
                self.add(Some(base), what, app.location.clone());
            }
        }
        if base.select != now.select && now.select == Selection::NewestEligible {
            self.add(Some(base), "`select` changes".to_owned(), location());
        }
        // Without one, only the tag of the rung below may enter.
        let retag = |one: &Environment| one.retag.as_ref().map(|retag| retag.value.clone());
        if retag(base) != retag(now) {
            let at = now.retag.as_ref().map_or_else(location, |retag| retag.location.clone());
            self.add(Some(base), "`retag` changes".to_owned(), at);
        }
        if base.tier != now.tier {
            self.add(Some(base), "`tier` changes".to_owned(), location());
        }
        if base.spelling != now.spelling {
            self.add(Some(base), "`path` changes".to_owned(), location());
        }
        // In a native repository no file is read because of it.
        if !head.is_native() && base.cluster != now.cluster {
            self.add(Some(base), "`cluster` changes".to_owned(), location());
        }
        self.objects(base, now);
        self.gates(base, now, self.base.now);
    }

    /// What an environment's own objects keep out: they are rendered, and no gate of an app's
    /// values judges them.
    fn objects(&mut self, base: &'a Environment, now: &Environment) {
        if base.generate.namespaces && !now.generate.namespaces {
            let what = "`generate.namespaces` is off, and with it `quota`, `limits` and `access`";
            return self.add(Some(base), what.to_owned(), now.location.clone());
        }
        for (key, from, to) in
            [("quota", &base.quota, &now.quota), ("limits", &base.limits, &now.limits)]
        {
            let to = to.as_ref().map(Value::root);
            if !from.as_ref().is_none_or(|from| keeps_all(from.root(), to)) {
                let location = to.map_or_else(|| now.location.clone(), Node::location);
                self.add(Some(base), format!("`{key}` changes"), location);
            }
        }
        let had = |access: &Access| base.access.iter().any(|one| one.value == *access);
        for access in now.access.iter().filter(|access| !had(&access.value)) {
            self.add(Some(base), "`access` grants more".to_owned(), access.location.clone());
        }
    }

    fn gates(&mut self, base: &'a Environment, head: &Environment, now: Timestamp) {
        let own = RelaxedGate::all(&base.gates, &head.gates, now);
        for RelaxedGate { key, location } in &own {
            let location = location.clone().unwrap_or_else(|| head.location.clone());
            self.add(Some(base), format!("`gates.{key}` is relaxed"), location);
        }
        for app in &head.apps {
            let before = base.app(&app.name).map(|app| &*app.promote).unwrap_or_default();
            let is_kept = |route: &Sourced<ValueRoute>| {
                app.promote.iter().any(|one| one.value == route.value)
            };
            for route in before.iter().filter(|route| !is_kept(route)) {
                let what = format!("`promote` of `{}` no longer names `{}`", app.name, route.value);
                self.add(Some(base), what, app.location.clone());
            }
            let moved_together = base.app(&app.name).is_some_and(|app| says_parted(app).is_none());
            if moved_together && let Some(at) = says_parted(app) {
                self.add(Some(base), moves_in_parts(&app.name), at);
            }
            let relaxed = RelaxedGate::all(base.gates_of(&app.name), &app.gates, now);
            for relaxed in relaxed.into_iter().filter(|one| !own.contains(one)) {
                let RelaxedGate { key, location } = relaxed;
                let location = location.unwrap_or_else(|| app.location.clone());
                let what = format!("`gates.{key}` of `{}` is relaxed", app.name);
                self.add(Some(base), what, location);
            }
        }
    }
}

/// The findings that are not reported, each with the path of its entry.
fn ignored(repository: &Repository) -> Vec<(&PathPattern, &IgnoredFinding)> {
    let rules = repository.sites.iter();
    rules.flat_map(|rule| rule.images.ignored.iter().map(|one| (&rule.path.value, one))).collect()
}

/// Whether a limit is no higher than another; either may be the default.
fn is_within<T: PartialOrd + Copy>(to: Option<T>, from: Option<T>, default: T) -> bool {
    to.unwrap_or(default) <= from.unwrap_or(default)
}

/// Whether everything in a map of bounds is as it was; more bounds may have been added.
fn keeps_all(from: Node<'_>, to: Option<Node<'_>>) -> bool {
    let Some(to) = to else { return from.entries().len() == 0 };
    if !(from.is_mapping() && to.is_mapping()) {
        return from.equals(to);
    }
    let mut entries = from.entries();
    entries.all(|(key, value)| to.get(key.text()).is_some_and(|to| keeps_all(value, Some(to))))
}

/// Where an app says that its parts go by themselves.
fn says_parted(app: &App) -> Option<Location> {
    let together = app.settings().root().get("together")?;
    (together.as_bool() == Some(false)).then(|| together.location())
}

fn moves_in_parts(app: &str) -> String {
    format!("`{app}` no longer moves as a whole")
}

/// Whether an environment still comes after all that it came after.
fn comes_after_all(before: Option<&Before>, after: Option<&Before>) -> bool {
    match (before, after) {
        (None, _) => true,
        (Some(Before::All(from)), Some(Before::All(to))) => from.iter().all(|one| to.contains(one)),
        (Some(from), Some(to)) => from == to,
        (Some(_), None) => false,
    }
}

/// Whether rules find as much, and it weighs as much.
fn is_as_strict(from: &Rules, to: &Rules) -> bool {
    // A rule that is new has to be asked about too.
    let Rules { unpinned, replicas } = to;
    let unpinned = [&from.unpinned, unpinned].map(|rule| rule.as_ref().map(|one| one.value));
    let replicas = [&from.replicas, replicas].map(|rule| rule.as_ref().map(|one| one.value));
    let is_kept = |from: Option<RuleSeverity>, to: Option<RuleSeverity>| {
        // The first severity is the strictest; to ignore a rule is to have none.
        from.is_none_or(|from| from == RuleSeverity::Ignore || to.is_some_and(|to| to <= from))
    };
    is_kept(unpinned[0], unpinned[1])
        && replicas[0].is_none_or(|from| {
            replicas[1].is_some_and(|to| {
                to.minimum >= from.minimum && is_kept(Some(from.severity), Some(to.severity))
            })
        })
}
