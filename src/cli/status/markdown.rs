//! A table in Markdown, for a comment or a job's summary.

use jiff::Timestamp;

use super::words::short;
use crate::cli::markdown::{escaped, row};
use crate::promote::status::Status;

/// The whole status.
pub(super) fn render(status: &Status, now: Timestamp) -> String {
    let environments = status.environments.iter().map(|name| escaped(name.as_str()));
    let mut out = row(["App".to_owned()].into_iter().chain(environments));
    out.push_str(&row((0..=status.environments.len()).map(|_| "---".to_owned())));
    for app in &status.apps {
        let cells = status.environments.iter().map(|environment| {
            let cell = app.environments.iter().find(|cell| cell.environment == *environment);
            let lines = cell.map(|cell| short(cell, &app.app, now)).unwrap_or_default();
            lines.iter().map(|line| escaped(&line.text)).collect::<Vec<_>>().join("<br>")
        });
        out.push_str(&row([escaped(&app.app)].into_iter().chain(cells)));
    }
    out
}
