//! A replay as tables in Markdown.

use std::fmt::Write as _;

use super::replay_text::{COLUMNS, brief_changes, cells, minute, summary};
use crate::cli::markdown::{escaped, row};
use crate::promote::{Replay, ReplayedChange, show};

/// The summary, a table of gates, and a table of verdicts for each change that would not
/// simply have entered.
pub(super) fn render(replay: &Replay) -> String {
    let mut out = format!("{}\n", escaped(&summary(replay)));
    if !replay.gates.is_empty() {
        out.push('\n');
        out.push_str(&row(COLUMNS.into_iter().map(str::to_owned)));
        out.push_str(&row(COLUMNS.into_iter().map(|_| "---".to_owned())));
        for tally in &replay.gates {
            out.push_str(&row(cells(tally).into_iter()));
        }
    }
    for change in &replay.changes {
        let _ = write!(out, "\n### {}\n\n{}", escaped(&heading(change)), below(change));
    }
    if let Some(fetch) = &replay.fetch {
        let _ = writeln!(out, "\nThe history of this clone ends early; fetch it with `{fetch}`.");
    }
    out
}

fn heading(change: &ReplayedChange) -> String {
    format!("{} in {}, {} UTC", change.app, change.environment, minute(change.at))
}

/// Who changed what and where, and the verdicts.
fn below(change: &ReplayedChange) -> String {
    let place = change.place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
    let by = format!(
        "{} by {} in {}{place}",
        change.action.name(),
        change.author.name,
        change.commit.short()
    );
    let changes = brief_changes(change).join(", ");
    let changes = if changes.is_empty() { changes } else { format!("{changes}; ") };
    let verdicts = if change.unreadable {
        "No gate can judge it: its sites could not be read, or disagreed.\n".to_owned()
    } else {
        show::verdicts::markdown(&change.gates)
    };
    format!("{}\n\n{verdicts}", escaped(&format!("{changes}{by}")))
}
