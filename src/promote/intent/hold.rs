//! `rungs hold set` and `rungs hold lift`.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;

use super::{AppSelection, Intent, PlannedChange, Submission};
use crate::config::Environment;
use crate::diagnostic::{Finding, Findings, harmless, nearest};
use crate::git::OwnBranch;
use crate::history::record::{self, RecordedChange};
use crate::history::{Action, Record};
use crate::holds::{self, Hold};
use crate::promote::base::Base;
use crate::promote::code::UNKNOWN_IMAGE;
use crate::promote::gates::Evidence as _;
use crate::promote::target::TargetEnvironment;
use crate::promote::{AppPlan, Plan, hold_identity};
use crate::sites::{
    AppSites, ImageNames, Key, NoImage, Site, State, StateReference, is_secret_value,
};
use crate::source::FileChanges;

/// A new hold: a state must not enter an environment or those above it.
pub struct HoldBack {
    /// The environment, as the person named it.
    pub environment: String,
    /// The app.
    pub app: String,
    /// The references that are held back; empty for the current state of the
    /// environment.
    pub references: Vec<StateReference>,
    /// The reason.
    pub reason: String,
    /// The person who holds it back.
    pub by: String,
    /// The time at which the hold ends by itself.
    pub until: Option<Timestamp>,
}

/// Removal of holds.
pub struct LiftHolds {
    /// The environment.
    pub environment: String,
    /// The app.
    pub app: String,
    /// The reference whose holds are lifted; none for all holds.
    pub reference: Option<StateReference>,
    /// The reason, for the record.
    pub reason: Option<String>,
}

impl Intent for HoldBack {
    fn at(&self, base: &Base<'_>, submission: &Submission<'_>) -> Result<PlannedChange, Findings> {
        let target = base.repository.find_environment(&self.environment)?;
        let environment = TargetEnvironment { base, environment: target };
        let now = match environment.target_sites(&self.app) {
            Ok(current) => current.state,
            // A named reference can be held back before the environment has the app.
            Err(_) if !self.references.is_empty() && environment.is_anywhere(&self.app) => {
                State::default()
            }
            Err(findings) => return Err(findings),
        };
        let mut hold = Hold::of(&target.name, &self.app, &now, &self.reason, &self.by);
        hold.until = self.until;
        hold.refuse_ended(base.now)?;
        if !self.references.is_empty() {
            hold.state = self.state(base, target)?;
        }
        let files = holds::added(base.tree, &hold)?;
        let mut record = Record::new(Action::Hold, &hold.app, target.name.clone());
        record.reason = Some(hold.reason.clone());
        record.references = hold.state.clone().into_iter().collect();
        // The message's first line says what is held back, if that is the current state.
        let recorded = if self.references.is_empty() { now.clone() } else { State::default() };
        Ok(planned(base, record, &now, &recorded, files, submission))
    }

    fn apps(&self) -> AppSelection {
        AppSelection::Named(vec![self.app.clone()])
    }

    fn branch(&self) -> String {
        self.app.clone()
    }

    fn own_branch(&self) -> OwnBranch {
        OwnBranch::Hold
    }
}

impl Intent for LiftHolds {
    fn at(&self, base: &Base<'_>, submission: &Submission<'_>) -> Result<PlannedChange, Findings> {
        let target = base.repository.find_environment(&self.environment)?;
        let sites = apps(base, target, &self.app).next();
        let reference = self.reference.as_ref();
        let files = holds::lifted(base.tree, &target.name, &self.app, reference, sites.as_deref())?;
        let environment = TargetEnvironment { base, environment: target };
        if files.is_empty() && !environment.is_anywhere(&self.app) {
            return Err(environment.not_in(&target.name, &self.app).into());
        }
        let now = base.current(&target.name, &self.app);
        let mut record = Record::new(Action::Lift, &self.app, target.name.clone());
        record.reason.clone_from(&self.reason);
        let now = now.unwrap_or_default();
        Ok(planned(base, record, &now, &State::default(), files, submission))
    }

    fn apps(&self) -> AppSelection {
        AppSelection::Named(vec![self.app.clone()])
    }

    fn branch(&self) -> String {
        self.app.clone()
    }

    fn own_branch(&self) -> OwnBranch {
        OwnBranch::Hold
    }
}

impl HoldBack {
    /// The references that are held back, by the keys of the app.
    fn state(
        &self,
        base: &Base<'_>,
        target: &Environment,
    ) -> Result<BTreeMap<String, String>, Findings> {
        let mut state = BTreeMap::new();
        for reference in &self.references {
            let text = reference.text().trim_start_matches(':');
            let keys = self.keys(base, target, reference)?;
            if let Some(secret) = keys.iter().find(|key| self.is_secret(base, target, key, text)) {
                return Err(secret_reference(target, secret).into());
            }
            state.extend(keys.into_iter().map(|key| (key, text.to_owned())));
        }
        Ok(state)
    }

    /// Whether a key is that of a promoted value, and looks like a secret.
    fn is_secret(&self, base: &Base<'_>, target: &Environment, key: &str, text: &str) -> bool {
        let is_secret = |site: &Site| {
            let is_value = matches!(&site.key, Key::Value(name) if name == key);
            let is_known = site.value.as_ref().is_some_and(|value| value.is_secret(&site.key));
            is_value && (is_known || is_secret_value(key, text))
        };
        apps(base, target, &self.app).any(|app| app.sites.iter().any(is_secret))
    }

    /// The keys that a reference names in the target, or if it has none, in another
    /// environment: they can be held back before the target has them.
    fn keys(
        &self,
        base: &Base<'_>,
        target: &Environment,
        reference: &StateReference,
    ) -> Result<Vec<String>, Finding> {
        let request = reference.image();
        let instances: Vec<_> = apps(base, target, &self.app).collect();
        for app in &instances {
            match reference.keys_of(app) {
                Ok(keys) => return Ok(keys.into_iter().map(str::to_owned).collect()),
                Err(NoImage::Ambiguous(which)) => {
                    let at = |site: &Site| site.location.clone();
                    return Err(which.finding(request.name.as_deref(), reference.text(), at));
                }
                Err(NoImage::Unknown) => {}
            }
        }
        let sites = instances.iter().flat_map(|app| &app.sites);
        let (images, others): (Vec<&Site>, Vec<&Site>) = sites.partition(|site| site.is_image());
        if request.name.is_none() && request.repository.is_none() {
            return Err(self.unnamed(target, reference, images.iter().chain(&others)));
        }
        let message = format!("`{}` has no image `{}`", self.app, request.called());
        let (at, names) = (target.location.clone(), ImageNames::of_site);
        let finding = request.unknown_image(&UNKNOWN_IMAGE, message, at, &images, names);
        // Versions and values can be held back as well.
        let near = nearest(&request.called(), others.iter().map(|site| site.key.name()));
        Err(finding.maybe_help(near.map(|near| format!("did you mean `{near}`?"))))
    }

    /// The finding that a reference may be that of several keys, or of none.
    fn unnamed<'s>(
        &self,
        target: &Environment,
        reference: &StateReference,
        mut known: impl Iterator<Item = &'s &'s Site>,
    ) -> Finding {
        let message = format!(
            "`{}` does not say what of `{}` it is",
            harmless(&reference.to_string()),
            self.app
        );
        let named = known.next().map(|site| format!("{}={reference}", site.key.name()));
        let help = named.map(|named| format!("name it, as in `{}`", harmless(&named)));
        Finding::new(&UNKNOWN_IMAGE, message, target.location.clone()).maybe_help(help)
    }
}

fn secret_reference(target: &Environment, key: &str) -> Finding {
    let message = format!("`{key}` is not an image but a value that looks like a secret");
    Finding::new(&UNKNOWN_IMAGE, message, target.location.clone())
        .because("holds are files, and secrets are not written into them")
        .help("name an image of the state that is to be held back")
}

/// An app's sites in the target, then in the other environments that have it.
fn apps<'b>(
    base: &'b Base<'_>,
    target: &'b Environment,
    app: &'b str,
) -> impl Iterator<Item = Rc<AppSites>> + 'b {
    let others = base.repository.environments.iter().filter(|one| one.name != target.name);
    std::iter::once(target).chain(others).filter_map(|one| base.app(&one.name, app))
}

/// What is said in the place of a message if no file changes.
fn unchanged(record: &Record) -> String {
    let Record { app, environment, .. } = record;
    let why = match record.action {
        Action::Lift => "there is no such hold",
        _ => "it is held back already",
    };
    format!("{app} in {environment}: nothing to do; {why}")
}

/// A change of a holds file, which changes no site.
fn planned(
    base: &Base<'_>,
    mut record: Record,
    state: &State,
    held: &State,
    files: FileChanges,
    submission: &Submission<'_>,
) -> PlannedChange {
    record.requested_by.clone_from(&submission.requested_by);
    let app = AppPlan {
        app: record.app.clone(),
        source: None,
        from: state.clone(),
        to: state.clone(),
        changes: Vec::new(),
        gates: Vec::new(),
    };
    let plan = Plan {
        environment: record.environment.clone(),
        base: base.commit.clone(),
        commit: None,
        apps: vec![app],
    };
    // No site changes: the plan is what is held back, or no longer is.
    let identity = hold_identity(&record);
    record.plan = Some(identity.clone());
    let recorded = RecordedChange { record: &record, from: held, to: held };
    let message =
        if files.is_empty() { unchanged(&record) } else { record::message(&[recorded], None) };
    PlannedChange {
        identity,
        plan,
        files,
        message,
        obstacles: Findings::new(),
        warnings: Findings::new(),
    }
}
