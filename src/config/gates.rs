//! Conditions for entering an environment: for each gate, how the files write it,
//! what it means, and how the former is turned into the latter; and who may make an
//! exception to them.
//!
//! All of a gate's configuration is here: its key in [`GatesFile`], its field in
//! [`Gates`], and its own types.

use std::sync::{Arc, LazyLock};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{Count, Decode, List, MISSING_KEY, choice, record, wrong_type};
use super::lists::{empty_list, report_twice};
use super::sourced::Sourced;
use super::syntax::{Date, Duration, Glob, Name, OpeningHours, Pattern, ValueRoute};
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::Location;
use crate::yaml::{Node, Value};

codes! {
    /// A freeze ends before it starts.
    ///
    /// `from` is the first day of a freeze and `until` its last.
    ///
    /// ```yaml
    /// freeze: [{ from: 2027-01-03, until: 2026-12-20 }]     # wrong
    /// freeze: [{ from: 2026-12-20, until: 2027-01-03 }]     # right
    /// ```
    REVERSED_FREEZE = "reversed-freeze", Input, Error;
}

record! {
    /// Conditions for entering an environment.
    struct GatesFile("`gates`") {
        /// How long a state must have been in the previous environment: `24h`,
        /// or a map that also says whose clock is trusted.
        setting soak: SoakFile = "soak",
        /// When a state may enter.
        setting window: WindowFile = "window",
        /// Who has to approve.
        setting approvals: ApprovalsFile = "approvals",
        /// Checks that have to pass.
        setting checks: List<CheckFile> = "checks",
        /// A regular expression that every tag has to match.
        setting tag: Pattern = "tag",
        /// Which images are allowed, and which may come without being promoted.
        setting image: ImageGateFile = "image",
        /// Whether an image needs a digest.
        setting digest: DigestGate = "digest",
        /// Values that the app must have in the source or target environment.
        setting field: List<FieldFile> = "field",
        /// A regular expression for tickets. Every promotion has to name a
        /// ticket that matches it.
        setting ticket: Pattern = "ticket",
        /// Who may let an exception through: a change whose record overrides a
        /// gate passes with these approvals. Without it only the pipeline's own
        /// `--override` counts.
        setting override_approvals: ExceptionFile = "override",
        /// Who may weaken these gates. Default: who may let a change enter
        /// (`approvals`).
        setting relax_approvals: ExceptionFile = "relax",
    }
}

/// The gates of an environment, or of one app in it. A field that is none or empty
/// requires nothing.
#[derive(Debug, Clone, Default)]
pub struct Gates {
    /// How long a state must have been in the previous environment.
    pub soak: Option<Sourced<Soak>>,
    /// When a state may enter.
    pub window: Option<Sourced<Window>>,
    /// Who has to approve.
    pub approvals: Option<Sourced<Approvals>>,
    /// Checks that have to pass.
    pub checks: Vec<Sourced<Check>>,
    /// The pattern that every tag has to match.
    pub tag: Option<Sourced<Pattern>>,
    /// Patterns of repositories, one of which each image has to match; none if
    /// every image is allowed.
    pub image: Option<Sourced<Vec<Sourced<Glob>>>>,
    /// Patterns of the repositories whose images templates may bring although no
    /// environment below deploys them. They are no gate: they require nothing.
    pub unordered: Vec<Sourced<Glob>>,
    /// Whether each image needs a digest.
    pub digest: Option<Sourced<DigestGate>>,
    /// Required values.
    pub field: Vec<Sourced<Field>>,
    /// The pattern that the ticket of a promotion has to match.
    pub ticket: Option<Sourced<Pattern>>,
    /// The approvals with which a change passes whose record overrides a gate; none if
    /// only the pipeline's own `--override` counts.
    pub override_approvals: Option<Sourced<Approvals>>,
    /// The approvals with which a change may weaken these gates; those of the gate
    /// `approvals` if nothing else is said, and none if there is no such gate either.
    pub relax_approvals: Option<Sourced<Approvals>>,
}

/// The gates that result from the layers.
pub(super) fn resolve(raw: Option<&Sourced<GatesFile>>, findings: &mut Findings) -> Gates {
    let Some(Sourced { value: raw, .. }) = raw else { return Gates::default() };
    let approvals = raw.approvals.as_ref().map(approvals);
    let relax_approvals = exception("relax", raw.relax_approvals.as_ref(), findings);
    let relax_approvals = relax_approvals.or_else(|| approvals.clone());
    Gates {
        soak: raw.soak.as_ref().and_then(|raw| soak(raw, findings)),
        window: raw.window.as_ref().map(|raw| window(raw, findings)),
        approvals,
        checks: checks(raw.checks.as_ref(), findings),
        tag: raw.tag.clone(),
        image: raw.image.as_ref().and_then(|raw| images(raw, findings)),
        unordered: unordered(raw.image.as_ref()),
        digest: raw.digest.clone(),
        field: fields(raw.field.as_ref()),
        ticket: raw.ticket.clone(),
        override_approvals: exception("override", raw.override_approvals.as_ref(), findings),
        relax_approvals,
    }
}

/// The gates of an app. Most apps have none, and share those.
pub(super) fn of_app(raw: Option<&Sourced<GatesFile>>, findings: &mut Findings) -> Arc<Gates> {
    static NONE: LazyLock<Arc<Gates>> = LazyLock::new(Arc::default);
    if raw.is_none() { Arc::clone(&NONE) } else { Arc::new(resolve(raw, findings)) }
}

fn missing(noun: &str, key: &str, example: &str, at: &Location) -> Finding {
    Finding::new(&MISSING_KEY, format!("{noun} has no `{key}`"), at.clone())
        .because(format!("`{key}` is missing here"))
        .help(format!("add {example}"))
}

// The gate `soak`.

record! {
    /// How long a state must have been in the previous environment.
    struct SoakSettingsFile("the gate `soak`") {
        /// The time: `30m`, `24h`, `7d`.
        optional time: Duration = "for",
        /// Whose clock the time is measured by. Default: `committer`.
        optional trust: Trust = "trust",
        /// How long a state has to have stood in the environment below to count
        /// after it has left. Default: `10m`.
        optional stood: Duration = "stood",
    }
}

/// A soak's time, alone or with its settings.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum SoakFile {
    /// `24h`
    Time(Sourced<Duration>),
    /// `{ for: 24h, trust: forge }`
    Settings(SoakSettingsFile),
}

impl Decode for SoakFile {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.is_mapping() {
            return SoakSettingsFile::decode(node, findings).map(Self::Settings);
        }
        Sourced::decode(node, findings).map(Self::Time)
    }
}

choice! {
    /// Whose clock says since when an environment has had a state.
    pub enum Trust("a value of `trust`") {
        /// The time of the merge according to the forge. If the forge does not
        /// know it, the gate waits.
        Forge = "forge",
        /// The forge's time if it is known, else the commit's, which its author
        /// can choose.
        Committer = "committer",
    }
}

/// How long a state must have been in the previous environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Soak {
    /// The time without interruption.
    pub time: Duration,
    /// The clock that it is measured by.
    pub trust: Trust,
    /// The time for which a state has to have stood there to count after it has left.
    pub stood: Duration,
}

impl Soak {
    /// A soak of that time, with the defaults of all other settings.
    fn of(time: Duration) -> Self {
        Self { time, trust: Trust::Committer, stood: Duration::of_minutes(10) }
    }
}

fn soak(raw: &Sourced<SoakFile>, findings: &mut Findings) -> Option<Sourced<Soak>> {
    let value = match &raw.value {
        SoakFile::Time(time) => Soak::of(time.value),
        SoakFile::Settings(settings) => {
            let Some(time) = &settings.time else {
                findings.push(missing("the gate `soak`", "for", "`for: 24h`", &raw.location));
                return None;
            };
            let default = Soak::of(time.value);
            Soak {
                trust: settings.trust.as_ref().map_or(default.trust, |trust| trust.value),
                stood: settings.stood.as_ref().map_or(default.stood, |stood| stood.value),
                ..default
            }
        }
    };
    Some(Sourced { value, location: raw.location.clone() })
}

// The gate `window`.

record! {
    /// When a state may enter.
    struct WindowFile("the gate `window`") {
        /// Days, times and time zone: `Mon-Thu 09:00-16:00 Europe/Berlin`. The
        /// last minute is not included. Times that end before they start run
        /// overnight from the named day. Default: always.
        optional allow: List<OpeningHours> = "allow",
        /// Days on which nothing may enter, whatever `allow` says.
        optional freeze: List<FreezeFile> = "freeze",
    }

    /// Days on which nothing may enter.
    struct FreezeFile("an entry of `freeze`") {
        /// The first day.
        required from: Date = "from",
        /// The last day.
        required until: Date = "until",
        /// The reason, for whoever is stopped by it.
        optional reason: Name = "reason",
    }
}

/// When a state may enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The hours in which it may enter; empty for always.
    pub allow: Vec<Sourced<OpeningHours>>,
    /// Days on which it may not, whatever `allow` says.
    pub freeze: Vec<Sourced<Freeze>>,
}

/// Days on which nothing may enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// The reason.
    pub reason: Option<String>,
}

fn window(raw: &Sourced<WindowFile>, findings: &mut Findings) -> Sourced<Window> {
    let file = &raw.value;
    if let Some(allow) = file.allow.as_ref().filter(|allow| allow.value.is_empty()) {
        findings.push(empty_list("allow", "a window that is always open", &allow.location));
    }
    if file.allow.is_none() && file.freeze.is_none() {
        findings.push(missing("the gate `window`", "allow", "`allow` or `freeze`", &raw.location));
    }
    let freezes = file.freeze.iter().flat_map(|list| &list.value);
    let value = Window {
        allow: file.allow.as_ref().map(|list| list.value.clone()).unwrap_or_default(),
        freeze: freezes.map(|entry| freeze(entry, findings)).collect(),
    };
    Sourced { value, location: raw.location.clone() }
}

fn freeze(raw: &Sourced<FreezeFile>, findings: &mut Findings) -> Sourced<Freeze> {
    let FreezeFile { from, until, reason } = &raw.value;
    if until.value < from.value {
        findings.push(
            Finding::new(
                &REVERSED_FREEZE,
                format!("the freeze ends on {} but starts on {}", until.value, from.value),
                until.location.clone(),
            )
            .because("before it starts")
            .label(from.location.clone(), "its first day")
            .help("swap the days"),
        );
    }
    let reason = reason.as_ref().map(|reason| reason.value.0.clone());
    let value = Freeze { from: from.value, until: until.value, reason };
    Sourced { value, location: raw.location.clone() }
}

// The gate `approvals`.

record! {
    /// Who has to approve.
    struct ApprovalsFile("the gate `approvals`") {
        /// How many people have to approve. Default: 1.
        optional count: Count = "count",
        /// The teams whose members may approve. Default: anybody who may
        /// approve on the forge.
        optional teams: List<Name> = "teams",
    }
}

/// Who has to approve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// The number of people, at least one.
    pub count: u32,
    /// The teams whose members may approve; empty for anybody.
    pub teams: Vec<String>,
}

impl Approvals {
    fn new(count: u32, teams: Option<&Sourced<List<Name>>>) -> Self {
        let teams = teams.into_iter().flat_map(|list| &list.value);
        Self { count, teams: teams.map(|team| team.value.0.clone()).collect() }
    }
}

fn approvals(raw: &Sourced<ApprovalsFile>) -> Sourced<Approvals> {
    let ApprovalsFile { count, teams } = &raw.value;
    let count = count.as_ref().map_or(1, |count| count.value.0);
    Sourced { value: Approvals::new(count, teams.as_ref()), location: raw.location.clone() }
}

// Who may make exceptions: `override` and `relax`.

record! {
    /// Whose approvals permit what the gates alone do not.
    struct ExceptionFile("`override` or `relax`") {
        /// How many people have to approve. One of the layers has to say so.
        optional approvals: Count = "approvals",
        /// The teams whose members may approve. Default: anybody who may
        /// approve on the forge.
        optional teams: List<Name> = "teams",
    }
}

fn exception(
    key: &str,
    raw: Option<&Sourced<ExceptionFile>>,
    findings: &mut Findings,
) -> Option<Sourced<Approvals>> {
    let raw = raw?;
    let ExceptionFile { approvals, teams } = &raw.value;
    let Some(count) = approvals else {
        let noun = format!("`{key}`");
        findings.push(missing(&noun, "approvals", "`approvals: 2`", &raw.location));
        return None;
    };
    let value = Approvals::new(count.value.0, teams.as_ref());
    Some(Sourced { value, location: raw.location.clone() })
}

// The gate `checks`.

record! {
    /// A check that has to pass.
    struct CheckFile("an entry of `checks`") {
        /// The check's name on the forge.
        required name: Name = "name",
        /// The commit whose check counts.
        required of: CheckSubject = "of",
    }
}

choice! {
    /// The commit whose check counts.
    pub enum CheckSubject("a value of `of`") {
        /// The commit that the image was built from.
        Application = "application",
        /// The commit that brought the state into the environment, or a later
        /// one that does not touch the app's files.
        Configuration = "configuration",
    }
}

/// A check that has to pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The check's name on the forge.
    pub name: String,
    /// The commit whose check counts.
    pub of: CheckSubject,
}

fn checks(raw: Option<&Sourced<List<CheckFile>>>, findings: &mut Findings) -> Vec<Sourced<Check>> {
    let list = raw.iter().flat_map(|list| &list.value);
    let checks: Vec<_> = list
        .map(|entry| Sourced {
            value: Check { name: entry.value.name.value.0.clone(), of: entry.value.of.value },
            location: entry.location.clone(),
        })
        .collect();
    report_twice(&checks, |check| &check.name, "check", findings);
    checks
}

// The gate `image`.

record! {
    /// Which images are allowed, and which may come without being promoted.
    struct ImageGateFile("the gate `image`") {
        /// Patterns of repositories; `*` stands for any text, including `/`.
        /// Default: all images are allowed.
        optional allow: List<Glob> = "allow",
        /// Images that templates may bring although no environment below deploys
        /// them, such as a mesh's sidecar: patterns like those of `allow`.
        optional unordered: List<Glob> = "unordered",
    }
}

fn images(
    raw: &Sourced<ImageGateFile>,
    findings: &mut Findings,
) -> Option<Sourced<Vec<Sourced<Glob>>>> {
    let gate = &raw.location;
    match &raw.value.allow {
        None if raw.value.unordered.is_some() => None,
        None => {
            let example = "`allow: [\"ghcr.io/shop/*\"]` or `unordered`";
            findings.push(missing("the gate `image`", "allow", example, gate));
            None
        }
        Some(allow) if allow.value.is_empty() => {
            let finding = empty_list("allow", "all images", &allow.location);
            findings.push(match &raw.value.unordered {
                Some(_) => finding,
                None => finding.help("remove the gate `image` for all images"),
            });
            None
        }
        Some(allow) => Some(Sourced { value: allow.value.clone(), location: gate.clone() }),
    }
}

fn unordered(raw: Option<&Sourced<ImageGateFile>>) -> Vec<Sourced<Glob>> {
    let list = raw.and_then(|raw| raw.value.unordered.as_ref());
    list.map(|list| list.value.clone()).unwrap_or_default()
}

// The gate `digest`.

choice! {
    /// Whether an image needs a digest.
    pub enum DigestGate("a value of `digest`") {
        /// An image without a digest may not enter.
        Required = "required",
    }
}

// The gate `field`.

record! {
    /// A required value.
    struct FieldFile("an entry of `field`") {
        /// The environment whose files are read.
        required side: Side = "in",
        /// The route to it: `values.promote_deployment`.
        required path: ValueRoute = "path",
        /// The required value.
        required equals: Literal = "equals",
    }
}

choice! {
    /// The environment in which a value is read.
    pub enum Side("a value of `in`") {
        /// The one that the state comes from.
        Source = "source",
        /// The one that it enters.
        Target = "target",
    }
}

/// A boolean, number or text to compare with.
#[derive(Debug, Clone)]
pub(in crate::config) struct Literal(pub(in crate::config) Value);

impl Decode for Literal {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.is_mapping() || node.is_sequence() || node.is_null() {
            findings.push(wrong_type(node, "a text, a number or a boolean"));
            return None;
        }
        Some(Self(node.to_value()))
    }
}

impl JsonSchema for Literal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Literal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

/// A required value.
#[derive(Debug, Clone)]
pub struct Field {
    /// The environment in which it is read.
    pub side: Side,
    /// The route to it.
    pub path: ValueRoute,
    /// The required value: a boolean, a number or a text.
    pub equals: Value,
}

fn fields(raw: Option<&Sourced<List<FieldFile>>>) -> Vec<Sourced<Field>> {
    let list = raw.iter().flat_map(|list| &list.value);
    list.map(|entry| Sourced {
        value: Field {
            side: entry.value.side.value,
            path: entry.value.path.value.clone(),
            equals: entry.value.equals.value.0.clone(),
        },
        location: entry.location.clone(),
    })
    .collect()
}
