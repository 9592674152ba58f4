//! The lines of a cell.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::diagnostic::{abbreviated, harmless, wrapped};
use crate::history::Since;
use crate::promote::status::{Behind, Block, Blocker, Cell, Reference};

/// A line of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) tone: Tone,
}

impl Line {
    /// The line in as many as that width takes, those after the first set in.
    pub(super) fn wrapped(self, width: usize) -> Vec<Self> {
        if self.text.chars().count() <= width {
            return vec![self];
        }
        if let Some(text) = self.with_short_key(width) {
            return vec![Self { text, tone: self.tone }];
        }
        let lines = wrapped(&self.text, width - 2).into_iter().enumerate();
        let text = |(at, text): (usize, String)| if at == 0 { text } else { format!("  {text}") };
        lines.map(|line| Self { text: text(line), tone: self.tone }).collect()
    }
}

impl Line {
    /// The line with its key shortened, so that it is one: a reference's (`KEY v1`), or that of
    /// what a promotion would bring (`next: KEY v1 → v2`).
    fn with_short_key(&self, width: usize) -> Option<String> {
        if !matches!(self.tone, Tone::Plain | Tone::Behind) {
            return None;
        }
        let (before, rest) = match self.text.strip_prefix(NEXT) {
            Some(rest) => (NEXT, rest),
            None => ("", &*self.text),
        };
        let (key, values) = rest.split_once(' ')?;
        let taken = before.chars().count() + 1 + values.chars().count();
        let room = width.checked_sub(taken).filter(|room| *room >= SHORTEST_KEY)?;
        Some(format!("{before}{} {values}", abbreviated(key, room)))
    }
}

/// What comes before a change that a promotion would bring.
const NEXT: &str = "next: ";

/// The characters of a key that are left at least.
const SHORTEST_KEY: usize = 16;

/// What a line is about, for its colour. The text says it as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Head,
    Dim,
    Behind,
    Waiting,
    Blocked,
}

/// The most references that a cell of the table shows.
const MOST_REFERENCES: usize = 3;

/// The most characters of a reference in the table.
const LONGEST_REFERENCE: usize = 28;

/// The characters of its name that a long value leaves.
const SHORTEST_NAME: usize = 8;

/// A cell of the table: its references, their age, how far behind it is, and the
/// names of what blocks it. What a promotion would bring is in the columns before
/// it.
pub(super) fn short(cell: &Cell, app: &str, now: Timestamp) -> Vec<Line> {
    let mut lines = reference_lines(cell, |references| differing(references, app));
    let since = cell.since.as_ref().map(|since| age_of(since, now));
    lines.extend(since.map(|text| Line { text, tone: Tone::Dim }));
    lines.extend(distance_line(cell, now));
    lines.extend(blockers(cell));
    lines
}

/// The same with every reference, what would be promoted, and why not.
pub(super) fn long(cell: &Cell, app: &str, now: Timestamp) -> Vec<Line> {
    let mut lines = reference_lines(cell, |references| {
        references.iter().map(|one| reference(one, references.len(), app)).collect()
    });
    let since = cell.since.as_ref().map(|since| age_of(since, now));
    lines.extend(since.map(|text| Line { text, tone: Tone::Dim }));
    lines.extend(distance_line(cell, now));
    let changes = cell.next.iter().flat_map(|next| &next.changes);
    lines
        .extend(changes.map(|change| Line { text: format!("{NEXT}{change}"), tone: Tone::Behind }));
    lines.extend(cell.blocked.iter().map(|block| {
        let waits = matches!(block.by, Blocker::Waits(_));
        let tone = if waits { Tone::Waiting } else { Tone::Blocked };
        Line { text: harmless(&reason(block)).into_owned(), tone }
    }));
    lines
}

fn reference_lines(cell: &Cell, of: impl FnOnce(&[Reference]) -> Vec<String>) -> Vec<Line> {
    match cell.references.as_deref() {
        None => {
            let text = if cell.is_unreadable { "unreadable" } else { "sites disagree" };
            vec![Line { text: text.to_owned(), tone: Tone::Blocked }]
        }
        Some([]) => vec![Line { text: "no reference".to_owned(), tone: Tone::Dim }],
        Some(all) => of(all).into_iter().map(|text| Line { text, tone: Tone::Plain }).collect(),
    }
}

/// The references that differ between environments; if none does, the first
/// stands for all. Values are too long for a column.
fn differing(references: &[Reference], app: &str) -> Vec<String> {
    let differ: Vec<_> = references.iter().filter(|one| one.differs && !one.is_value).collect();
    let all = if differ.is_empty() { references.iter().take(1).collect() } else { differ };
    let shown = if all.len() > MOST_REFERENCES { MOST_REFERENCES - 1 } else { all.len() };
    let lines = all[..shown].iter().map(|one| fitting(one, references.len(), app));
    let more = (all.len() > shown).then(|| format!("and {} more", all.len() - shown));
    let values = references.iter().any(|one| one.differs && one.is_value);
    let values = values.then(|| "other values".to_owned());
    lines.chain(more).chain(values).collect()
}

fn reference(one: &Reference, count: usize, app: &str) -> String {
    match name(one, count, app) {
        Some(name) => format!("{name} {}", one.brief),
        None => one.brief.clone(),
    }
}

/// A reference of which the value is whole, and of a long name the end.
fn fitting(one: &Reference, count: usize, app: &str) -> String {
    let value = shortened(&one.brief, LONGEST_REFERENCE);
    let Some(name) = name(one, count, app) else { return value };
    let room = LONGEST_REFERENCE.saturating_sub(value.chars().count()).max(SHORTEST_NAME);
    match name.char_indices().nth_back(room - 1) {
        Some((at, _)) if at > 0 => format!("…{} {value}", &name[at..]),
        _ => format!("{name} {value}"),
    }
}

/// The name of a reference. An app with one image needs none for it.
fn name<'r>(one: &'r Reference, count: usize, app: &str) -> Option<Cow<'r, str>> {
    (count > 1 && one.key != app).then(|| harmless(&one.key))
}

fn distance_line(cell: &Cell, now: Timestamp) -> Option<Line> {
    let behind = cell.behind.as_ref()?;
    Some(Line { text: distance(behind, now), tone: Tone::Behind })
}

/// `fails: tag`, `waits: soak, window`
fn blockers(cell: &Cell) -> impl Iterator<Item = Line> {
    let named = |which: fn(Blocker) -> Option<&'static str>| {
        let names: Vec<_> = cell.blocked.iter().filter_map(|block| which(block.by)).collect();
        names
    };
    let fails = named(|by| match by {
        Blocker::Sites => Some("sites"),
        Blocker::Sources => Some("sources"),
        Blocker::Fails(gate) => Some(gate.name()),
        Blocker::Waits(_) => None,
    });
    let waits = named(|by| match by {
        Blocker::Waits(gate) => Some(gate.name()),
        _ => None,
    });
    let line = |what: &str, mut names: Vec<&str>, tone| {
        names.dedup();
        let text = format!("{what}: {}", names.join(", "));
        (!names.is_empty()).then_some(Line { text, tone })
    };
    let lines = [line("fails", fails, Tone::Blocked), line("waits", waits, Tone::Waiting)];
    lines.into_iter().flatten()
}

/// How long a state has been there: `3d`.
pub(super) fn age_of(since: &Since, now: Timestamp) -> String {
    match since {
        Since::Verified { at } | Since::Unverified { at } => age(*at, now),
        Since::Impossible { .. } | Since::Unknown { .. } => "age unknown".to_owned(),
    }
}

/// How long ago, in the largest unit of which it is two or more, with an
/// exception for weeks.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    if seconds < 0 {
        return "in the future".to_owned();
    }
    let units = [("y", 365 * 86400), ("w", 7 * 86400), ("d", 86400), ("h", 3600), ("m", 60)];
    // Up to two months, days are easier to read than weeks.
    let fits = |(unit, length): &&(&str, i64)| seconds >= length * if *unit == "w" { 9 } else { 2 };
    match units.iter().find(fits) {
        Some((unit, length)) => format!("{}{unit}", seconds / length),
        None => format!("{seconds}s"),
    }
}

/// `2 behind stage for 3d`
pub(super) fn distance(behind: &Behind, now: Timestamp) -> String {
    let source = &behind.source;
    let since = behind.since.map(|since| format!(" for {}", age(since, now))).unwrap_or_default();
    match (behind.states, behind.is_exact) {
        // The same digest under another tag.
        (Some(states), true) if states > 0 => format!("{states} behind {source}{since}"),
        (Some(states), false) if states > 1 => format!("{states} or more behind {source}"),
        _ => format!("not what {source} says"),
    }
}

/// `soak waits: …`, `hold fails: …`, `blocked: …`
fn reason(block: &Block) -> String {
    match block.by {
        Blocker::Sites | Blocker::Sources => format!("blocked: {}", block.reason),
        Blocker::Fails(gate) => format!("{} fails: {}", gate.name(), block.reason),
        Blocker::Waits(gate) => format!("{} waits: {}", gate.name(), block.reason),
    }
}

fn shortened(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_one_unit() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for (at, expected) in [
            ("2026-11-21T11:59:30Z", "30s"),
            ("2026-11-21T11:57:00Z", "3m"),
            ("2026-11-21T10:30:00Z", "90m"),
            ("2026-11-20T00:00:00Z", "36h"),
            ("2026-11-18T12:00:00Z", "3d"),
            ("2026-10-01T12:00:00Z", "51d"),
            ("2026-06-01T12:00:00Z", "24w"),
            ("2024-06-01T12:00:00Z", "2y"),
            ("2026-11-21T12:00:01Z", "in the future"),
        ] {
            assert_eq!(age(at.parse().unwrap(), now), expected, "{at}");
        }
    }
}
