//! What a cell says in a few lines.

use jiff::Timestamp;

use crate::diagnostic::harmless;
use crate::promote::Since;
use crate::promote::status::{Behind, Block, Blocker, Cell, Reference};

/// A line of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// What a line is, for its colour. The text says it as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Head,
    Dim,
    Behind,
    Blocked,
}

/// As many references as a cell shows.
const MOST_REFERENCES: usize = 3;

/// As many characters as a reason has in a table.
const LONGEST_REASON: usize = 60;

/// What stands there, since when, how far behind, and what blocks it.
pub(super) fn lines(cell: &Cell, app: &str, now: Timestamp) -> Vec<Line> {
    let line = |tone: Tone| move |text: String| Line { text, tone };
    let Some(references) = &cell.references else {
        let unreadable = line(Tone::Blocked)("sites disagree".to_owned());
        return [unreadable].into_iter().chain(blocked(cell).map(line(Tone::Blocked))).collect();
    };
    let mut all: Vec<Line> = said(references, app).into_iter().map(line(Tone::Plain)).collect();
    all.extend(cell.since.as_ref().map(|since| age_of(since, now)).map(line(Tone::Dim)));
    let behind = cell.behind.as_ref().map(|behind| distance(behind, now));
    all.extend(behind.map(line(Tone::Behind)));
    all.extend(next(cell).into_iter().map(line(Tone::Behind)));
    all.extend(blocked(cell).map(line(Tone::Blocked)));
    all
}

/// What sites say; first of those keys that are not the same everywhere.
fn said(references: &[Reference], app: &str) -> Vec<String> {
    let (differ, same): (Vec<_>, Vec<_>) = references.iter().partition(|one| one.differs);
    let all: Vec<_> = differ.into_iter().chain(same).collect();
    let shown = if all.len() > MOST_REFERENCES { MOST_REFERENCES - 1 } else { all.len() };
    let mut lines: Vec<String> = all[..shown]
        .iter()
        .map(|one| {
            let needs_name = references.len() > 1 && one.key != app;
            let key = if needs_name { format!("{} ", harmless(&one.key)) } else { String::new() };
            format!("{key}{}", one.brief)
        })
        .collect();
    if all.is_empty() {
        lines.push("no reference".to_owned());
    } else if all.len() > shown {
        lines.push(format!("and {} more", all.len() - shown));
    }
    lines
}

/// `3d`; `over 3d` where it is not known how much longer.
pub(super) fn age_of(since: &Since, now: Timestamp) -> String {
    match since {
        Since::Verified { at } | Since::Unverified { at } => age(*at, now),
        Since::HiddenBefore { at, .. } => format!("over {}", age(*at, now)),
        Since::Unknown { .. } => "age unknown".to_owned(),
    }
}

/// How long ago, in the largest unit of which it is two or more.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    if seconds < 0 {
        return "in the future".to_owned();
    }
    let units = [("y", 365 * 86400), ("w", 7 * 86400), ("d", 86400), ("h", 3600), ("m", 60)];
    // Weeks are read worse than days up to two months.
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
        (Some(states), true) => format!("{states} behind {source}{since}"),
        (Some(states), false) if states > 1 => format!("{states} or more behind {source}"),
        _ => format!("not what {source} says"),
    }
}

pub(super) fn next(cell: &Cell) -> Option<String> {
    let next = cell.next.as_ref()?;
    Some(match &next.changes[..] {
        [] => return None,
        [one] => format!("next: {one}"),
        [first, rest @ ..] => format!("next: {first}, {} more", rest.len()),
    })
}

fn blocked(cell: &Cell) -> impl Iterator<Item = String> {
    cell.blocked.iter().map(|block| shortened(&reason(block)))
}

/// `soak waits: …`, `hold fails: …`, `blocked: …`
pub(super) fn reason(block: &Block) -> String {
    match block.by {
        Blocker::Sites | Blocker::Sources => format!("blocked: {}", block.reason),
        Blocker::Fails(gate) => format!("{} fails: {}", gate.name(), block.reason),
        Blocker::Waits(gate) => format!("{} waits: {}", gate.name(), block.reason),
    }
}

fn shortened(text: &str) -> String {
    let text = harmless(text);
    match text.char_indices().nth(LONGEST_REASON) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.into_owned(),
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
