//! Conditions for entering an environment.

use super::{empty_list, report_twice};
use crate::config::Sourced;
use crate::config::decode::MISSING_KEY;
use crate::config::raw::{FreezeFile, GatesFile, SoakFile, Trust, WindowFile};
use crate::config::syntax::Glob;
use crate::config::valid::{Approvals, Check, Field, Freeze, Gates, Soak, Window};
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::Location;

codes! {
    /// A freeze ends before it begins.
    ///
    /// `from` is the first day of a freeze and `until` its last.
    ///
    /// ```yaml
    /// freeze: [{ from: 2027-01-03, until: 2026-12-20 }]     # wrong
    /// freeze: [{ from: 2026-12-20, until: 2027-01-03 }]     # right
    /// ```
    REVERSED_FREEZE = "reversed-freeze", Input, Error;
}

/// The gates that the layers make together.
pub(super) fn resolve(raw: Option<&Sourced<GatesFile>>, findings: &mut Findings) -> Gates {
    let Some(Sourced { value: raw, .. }) = raw else { return Gates::default() };
    Gates {
        soak: raw.soak.as_ref().and_then(|raw| soak(raw, findings)),
        window: raw.window.as_ref().map(|raw| window(raw, findings)),
        approvals: raw.approvals.as_ref().map(|raw| Sourced {
            value: Approvals {
                count: raw.value.count.as_ref().map_or(1, |count| count.value.0),
                teams: names(raw.value.teams.as_ref()),
            },
            location: raw.location.clone(),
        }),
        checks: checks(raw, findings),
        tag: raw.tag.clone(),
        image: raw
            .image
            .as_ref()
            .and_then(|raw| images(raw.value.allow.as_ref(), &raw.location, findings)),
        digest: raw.digest.clone(),
        field: fields(raw),
        ticket: raw.ticket.clone(),
    }
}

fn names(list: Option<&Sourced<Vec<Sourced<crate::config::syntax::Name>>>>) -> Vec<String> {
    list.iter().flat_map(|list| &list.value).map(|name| name.value.0.clone()).collect()
}

fn soak(raw: &Sourced<SoakFile>, findings: &mut Findings) -> Option<Sourced<Soak>> {
    let value = match &raw.value {
        SoakFile::Time(time) => Soak { time: time.value, trust: Trust::Committer },
        SoakFile::Settings(settings) => {
            let Some(time) = &settings.time else {
                findings.push(missing("soak", "for", "`for: 24h`", &raw.location));
                return None;
            };
            let trust = settings.trust.as_ref().map_or(Trust::Committer, |trust| trust.value);
            Soak { time: time.value, trust }
        }
    };
    Some(Sourced { value, location: raw.location.clone() })
}

fn missing(gate: &str, key: &str, example: &str, at: &Location) -> Finding {
    Finding::new(&MISSING_KEY, format!("the gate `{gate}` has no `{key}`"), at.clone())
        .because(format!("`{key}` is missing here"))
        .help(format!("add {example}"))
}

fn window(raw: &Sourced<WindowFile>, findings: &mut Findings) -> Sourced<Window> {
    let file = &raw.value;
    if let Some(allow) = file.allow.as_ref().filter(|allow| allow.value.is_empty()) {
        findings.push(empty_list("allow", "a window that is always open", &allow.location));
    }
    if file.allow.is_none() && file.freeze.is_none() {
        findings.push(missing("window", "allow", "`allow` or `freeze`", &raw.location));
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
                format!("the freeze ends on {} and begins on {}", until.value, from.value),
                until.location.clone(),
            )
            .because("before it begins")
            .label(from.location.clone(), "its first day")
            .help("exchange the days"),
        );
    }
    let reason = reason.as_ref().map(|reason| reason.value.0.clone());
    let value = Freeze { from: from.value, until: until.value, reason };
    Sourced { value, location: raw.location.clone() }
}

fn checks(raw: &GatesFile, findings: &mut Findings) -> Vec<Sourced<Check>> {
    let list = raw.checks.iter().flat_map(|list| &list.value);
    let checks: Vec<_> = list
        .map(|entry| Sourced {
            value: Check { name: entry.value.name.value.0.clone(), of: entry.value.of.value },
            location: entry.location.clone(),
        })
        .collect();
    report_twice(&checks, |check| &check.name, "check", findings);
    checks
}

fn images(
    allow: Option<&Sourced<Vec<Sourced<Glob>>>>,
    gate: &Location,
    findings: &mut Findings,
) -> Option<Sourced<Vec<Sourced<Glob>>>> {
    match allow {
        None => {
            findings.push(missing("image", "allow", "`allow: [\"ghcr.io/shop/*\"]`", gate));
            None
        }
        Some(allow) if allow.value.is_empty() => {
            findings.push(
                empty_list("allow", "all images", &allow.location)
                    .help("remove the gate `image` for all images"),
            );
            None
        }
        Some(allow) => Some(Sourced { value: allow.value.clone(), location: gate.clone() }),
    }
}

fn fields(raw: &GatesFile) -> Vec<Sourced<Field>> {
    let list = raw.field.iter().flat_map(|list| &list.value);
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
