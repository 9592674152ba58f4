//! A replay as text for people.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::diagnostic::{TextStyle, harmless, wrapped};
use crate::promote::{ChangeTally, GateTally, Replay, ReplayedChange, show};

/// The greatest width of a name's column.
const WIDEST: usize = 24;

/// The changes that would not simply have entered, then what comes to what.
pub(super) fn render(replay: &Replay, style: TextStyle) -> String {
    let mut out = String::new();
    let width = |of: fn(&ReplayedChange) -> &str| {
        let widths = replay.changes.iter().map(|change| of(change).chars().count());
        widths.max().unwrap_or_default().min(WIDEST)
    };
    let widths = (width(|change| change.environment.as_str()), width(|change| &change.app));
    for change in &replay.changes {
        let _ = writeln!(out, "{}", within(&head(change, widths), style));
        if change.unreadable {
            out.push_str("  no gate can judge it: its sites could not be read, or disagreed\n");
        }
        let narrower = TextStyle { width: style.width.saturating_sub(2), ..style };
        for line in show::verdicts::text(&change.gates, narrower).lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
    if !replay.changes.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(out, "{}", within(&summary(replay), style));
    if !replay.gates.is_empty() {
        out.push('\n');
        out.push_str(&table(&replay.gates));
    }
    out
}

/// A line in as many as the terminal needs for it.
fn within(line: &str, style: TextStyle) -> String {
    if line.chars().count() <= style.width {
        return line.to_owned();
    }
    wrapped(line, style.width.saturating_sub(4)).join("\n    ")
}

/// `2026-11-21 14:03  prod  web  set  v1 → v2  ana  9fceb02  prod/web.yaml:2:8`
fn head(change: &ReplayedChange, (environment, app): (usize, usize)) -> String {
    let changes = brief_changes(change).join(", ");
    let place = change.place.as_ref().map(|place| format!("  {place}")).unwrap_or_default();
    let line = format!(
        "{}  {:environment$}  {:app$}  {:8}  {changes}  {}  {}{}",
        minute(change.at),
        harmless(change.environment.as_str()),
        harmless(&change.app),
        change.action.name(),
        harmless(&change.author.name),
        change.commit.short(),
        harmless(&place),
    );
    line.trim_end().to_owned()
}

/// Each key that changed, in few characters.
pub(super) fn brief_changes(change: &ReplayedChange) -> Vec<String> {
    let changes = change.changes.iter().map(|changed| {
        let is_named = changed.key != change.app;
        let key = if is_named { format!("{} ", changed.key) } else { String::new() };
        // The brief text was made harmless when it was cut.
        format!("{}{}", harmless(&key), changed.brief)
    });
    changes.collect()
}

/// `2026-11-21 14:03`, in UTC.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// How many changes there were, and what would have become of them.
pub(super) fn summary(replay: &Replay) -> String {
    let judged = &replay.judged;
    let since = minute(replay.since);
    let into = replay.environment.as_ref().map(|name| format!(" of `{name}`")).unwrap_or_default();
    let changes = match judged.total() {
        0 => return format!("no change{into} since {since} UTC"),
        1 => format!("1 change{into} since {since} UTC"),
        total => format!("{total} changes{into} since {since} UTC"),
    };
    let ChangeTally { passed, failed, waited, overridden, unreadable } = *judged;
    let parts = [
        (passed, "would have entered"),
        (failed, "would have failed"),
        (waited, "would have waited"),
        (overridden, "overrode what stood in the way"),
        (unreadable, "could not be read"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = parts.map(|(count, what)| format!("{count} {what}")).collect();
    format!("{changes}: {}", parts.join(", "))
}

/// The columns of the table of gates.
pub(super) const COLUMNS: [&str; 6] =
    ["gate", "passed", "failed", "waited", "overridden", "not known"];

/// What each of these columns has of a gate.
pub(super) fn cells(tally: &GateTally) -> [String; 6] {
    let GateTally { gate, passed, failed, waited, overridden, not_known } = tally;
    let numbers = [passed, failed, waited, overridden, not_known].map(usize::to_string);
    let [passed, failed, waited, overridden, not_known] = numbers;
    [gate.name().to_owned(), passed, failed, waited, overridden, not_known]
}

fn table(gates: &[GateTally]) -> String {
    let rows: Vec<[String; 6]> =
        std::iter::once(COLUMNS.map(str::to_owned)).chain(gates.iter().map(cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut out = String::new();
    for row in &rows {
        let [gate, numbers @ ..] = row;
        let numbers = numbers.iter().zip(&widths[1..]);
        let numbers = numbers.map(|(number, width)| format!("  {number:>width$}"));
        let _ = writeln!(out, "{gate:0$}{1}", widths[0], numbers.collect::<String>());
    }
    out
}
