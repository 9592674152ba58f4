//! Whether gates that change still keep out what they kept out.
//!
//! Of each gate it is known which changes make it stricter; every other change relaxes it.

use jiff::{Timestamp, ToSpan as _, tz};

use crate::config::{Approvals, Field, Freeze, Gates, Soak, Sourced, Trust, Window};
use crate::source::Location;

/// A gate, or what belongs to gates, that lets in more than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::promote) struct RelaxedGate {
    /// The key in the configuration.
    pub(in crate::promote) key: &'static str,
    /// The line that says it now; none if nothing does.
    pub(in crate::promote) location: Option<Location>,
}

impl RelaxedGate {
    /// Those of an environment's or an app's gates; freezes that are over by `now` do not
    /// count.
    pub(in crate::promote) fn all(from: &Gates, to: &Gates, now: Timestamp) -> Vec<Self> {
        let is_stricter_window = |from: &Window, to: &Window| is_narrower(from, to, now);
        let fewer = |from: &Vec<_>, to: &Vec<_>| has_all(to, from, PartialEq::eq);
        let mut relaxed = Vec::new();
        let mut ask = |key, is_kept: bool, location: Option<&Location>| {
            if !is_kept {
                relaxed.push(Self { key, location: location.cloned() });
            }
        };
        // A gate that is new has to be asked about too.
        let Gates {
            soak,
            window,
            approvals,
            checks,
            tag,
            image,
            unordered,
            digest,
            field,
            ticket,
            override_approvals,
            relax_approvals,
        } = to;
        macro_rules! one {
            ($key:literal, $gate:ident, $is_as_strict:expr) => {
                let (from, to) = (from.$gate.as_ref(), $gate.as_ref());
                ask($key, is_kept(from, to, $is_as_strict), to.map(|to| &to.location));
            };
        }
        one!("soak", soak, is_longer);
        if !from.window.as_ref().is_some_and(|window| is_void(&window.value, now)) {
            one!("window", window, is_stricter_window);
        }
        one!("approvals", approvals, needs_more);
        one!("tag", tag, PartialEq::eq);
        one!("image", image, fewer);
        one!("digest", digest, PartialEq::eq);
        one!("ticket", ticket, PartialEq::eq);
        one!("relax", relax_approvals, needs_more);
        let at = checks.first().map(|one| &one.location);
        ask("checks", has_all(&from.checks, checks, PartialEq::eq), at);
        let at = field.first().map(|one| &one.location);
        ask("field", has_all(&from.field, field, is_same_field), at);
        let at = unordered.first().map(|one| &one.location);
        ask("image.unordered", has_all(unordered, &from.unordered, PartialEq::eq), at);
        // Without it, nobody may let an exception through.
        let (from, to) = (from.override_approvals.as_ref(), override_approvals.as_ref());
        let is_as_strict =
            to.is_none_or(|to| from.is_some_and(|from| needs_more(&from.value, &to.value)));
        ask("override", is_as_strict, to.map(|to| &to.location));
        relaxed
    }
}

/// Whether a gate that was there is still there, and as strict.
fn is_kept<T>(
    from: Option<&Sourced<T>>,
    to: Option<&Sourced<T>>,
    is_as_strict: impl Fn(&T, &T) -> bool,
) -> bool {
    let as_strict = |from: &Sourced<T>, to: &Sourced<T>| is_as_strict(&from.value, &to.value);
    from.is_none_or(|from| to.is_some_and(|to| as_strict(from, to)))
}

/// Whether each of some is among others.
fn has_all<T>(
    some: &[Sourced<T>],
    others: &[Sourced<T>],
    is_same: impl Fn(&T, &T) -> bool,
) -> bool {
    some.iter().all(|one| others.iter().any(|other| is_same(&one.value, &other.value)))
}

fn is_longer(from: &Soak, to: &Soak) -> bool {
    to.time.seconds() >= from.time.seconds()
        && to.stood.seconds() >= from.stood.seconds()
        && (to.trust == from.trust || to.trust == Trust::Forge)
}

fn needs_more(from: &Approvals, to: &Approvals) -> bool {
    let is_part = || to.teams.iter().all(|team| from.teams.contains(team));
    to.count >= from.count && (from.teams.is_empty() || !to.teams.is_empty() && is_part())
}

fn is_same_field(one: &Field, other: &Field) -> bool {
    one.side == other.side
        && one.path.as_str() == other.path.as_str()
        && one.equals.root().equals(other.equals.root())
}

/// Whether a window has the same hours, if it had any, and all freezes that are not over.
fn is_narrower(from: &Window, to: &Window, now: Timestamp) -> bool {
    let hours = |window: &Window| {
        window.allow.iter().map(|hours| hours.value.to_string()).collect::<Vec<_>>()
    };
    let is_frozen = |freeze: &Freeze| {
        let mut freezes = to.freeze.iter().map(|freeze| &freeze.value);
        freezes.any(|one| one.from <= freeze.from && one.until >= freeze.until)
    };
    let mut freezes = from.freeze.iter().map(|freeze| &freeze.value);
    (from.allow.is_empty() || hours(from) == hours(to))
        && freezes.all(|freeze| is_over(freeze, now) || is_frozen(freeze))
}

/// Whether a window keeps nothing out any more.
fn is_void(window: &Window, now: Timestamp) -> bool {
    window.allow.is_empty() && window.freeze.iter().all(|freeze| is_over(&freeze.value, now))
}

/// Whether a freeze has ended wherever its days are counted.
fn is_over(freeze: &Freeze, now: Timestamp) -> bool {
    let today = now.to_zoned(tz::TimeZone::UTC).date();
    freeze.until.day().checked_add(2.days()).is_ok_and(|end| end <= today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;
    use crate::source::{Memory, Tree};

    fn gates(text: &str) -> Gates {
        let environment = format!("gates: {{ {text} }}\n");
        let files = [
            ("rungs.yaml", "version: 1\nladder: [qa]\n"),
            ("environments/qa/environment.yaml", &*environment),
        ];
        let loaded = load(&Tree::new(Memory::of(files))).unwrap_or_else(|f| panic!("{f:#?}"));
        loaded.repository.environments[0].gates.clone()
    }

    fn relaxed(from: &str, to: &str) -> Vec<&'static str> {
        let now = "2026-11-30T12:00:00Z".parse().unwrap();
        let relaxed = RelaxedGate::all(&gates(from), &gates(to), now);
        relaxed.into_iter().map(|one| one.key).collect()
    }

    #[test]
    fn a_gate_may_become_stricter() {
        for (from, to) in [
            ("", "soak: 1h, digest: required, ticket: x, approvals: { count: 1 }"),
            ("soak: 1h", "soak: { for: 2h, trust: forge, stood: 20m }"),
            ("approvals: { count: 1 }", "approvals: { count: 2, teams: [sre] }"),
            ("approvals: { count: 1, teams: [a, b] }", "approvals: { count: 1, teams: [a] }"),
            ("image: { allow: ['a/*', 'b/*'] }", "image: { allow: ['a/*'] }"),
            (
                "checks: [{ name: a, of: configuration }]",
                "checks: [{ name: b, of: configuration }, { name: a, of: configuration }]",
            ),
            ("window: { freeze: [{ from: 2026-01-01, until: 2026-01-02 }] }", "soak: 1h"),
            ("override: { approvals: 1 }", "override: { approvals: 2 }"),
            ("override: { approvals: 1 }", "digest: required"),
        ] {
            assert_eq!(relaxed(from, to), [""; 0], "{from} to {to}");
        }
        let freezes = |list: &str| format!("window: {{ freeze: [{list}] }}");
        let (past, next) =
            ("{ from: 2026-01-01, until: 2026-01-02 }", "{ from: 2026-12-20, until: 2027-01-03 }");
        let longer = "{ from: 2026-12-19, until: 2027-01-03 }";
        assert_eq!(relaxed(&freezes(&format!("{past}, {next}")), &freezes(longer)), [""; 0]);
    }

    #[test]
    fn every_other_change_relaxes_it() {
        for (from, to, key) in [
            ("soak: 1h", "digest: required", "soak"),
            ("soak: 2h", "soak: 1h", "soak"),
            ("soak: { for: 1h, trust: forge }", "soak: 1h", "soak"),
            ("soak: 1h", "soak: { for: 1h, stood: 1m }", "soak"),
            ("tag: '^v'", "tag: 'v'", "tag"),
            ("ticket: '^R'", "ticket: 'R'", "ticket"),
            ("digest: required", "", "digest"),
            ("image: { allow: ['a/*'] }", "image: { allow: ['a/*', '*'] }", "image"),
            ("", "image: { unordered: ['a/*'] }", "image.unordered"),
            (
                "checks: [{ name: a, of: configuration }]",
                "checks: [{ name: b, of: configuration }]",
                "checks",
            ),
            (
                "window: { allow: ['Mon 09:00-16:00 UTC'] }",
                "window: { allow: ['Mon 09:00-17:00 UTC'] }",
                "window",
            ),
            ("", "override: { approvals: 1 }", "override"),
            ("relax: { approvals: 2 }", "relax: { approvals: 1 }", "relax"),
            (
                "field: [{ in: source, path: values.a, equals: 1 }]",
                "field: [{ in: source, path: values.a, equals: 2 }]",
                "field",
            ),
        ] {
            assert_eq!(relaxed(from, to), [key], "{from} to {to}");
        }
        assert_eq!(
            relaxed("approvals: { count: 2 }", "approvals: { count: 1 }"),
            ["approvals", "relax"]
        );
    }
}
