//! Text for people: a table; or a block for each app, with all details, if apps
//! are named or the terminal is narrow.

use jiff::Timestamp;

use super::words::{Line, Tone, long, short};
use crate::diagnostic::{TextStyle, harmless};
use crate::promote::status::{AppStatus, Status};

/// The number of spaces between columns.
const GAP: usize = 2;

/// The width of a block's lines that no terminal is too narrow for.
const LEAST: usize = 24;

/// The whole status; with all details if `is_detailed`.
pub(super) fn render(
    status: &Status,
    is_detailed: bool,
    now: Timestamp,
    style: TextStyle,
) -> String {
    let table = Table::new(status, now);
    if is_detailed || table.width() > style.width {
        return blocks(status, now, style);
    }
    table.render(style)
}

/// A cell's lines, by app and environment.
struct Table<'s> {
    status: &'s Status,
    names: Vec<String>,
    /// One for each environment, of each app.
    rows: Vec<Vec<Vec<Line>>>,
    widths: Vec<usize>,
}

impl<'s> Table<'s> {
    fn new(status: &'s Status, now: Timestamp) -> Self {
        let names: Vec<String> =
            status.apps.iter().map(|app| harmless(&app.app).into_owned()).collect();
        let rows: Vec<_> = status.apps.iter().map(|app| row(status, app, now)).collect();
        let first = names.iter().map(|name| columns(name)).max().unwrap_or_default().max(3);
        let others = status.environments.iter().enumerate().map(|(at, environment)| {
            let lines = rows.iter().flat_map(|row: &Vec<Vec<Line>>| &row[at]);
            let widest = lines.map(|line| columns(&line.text)).max().unwrap_or_default();
            widest.max(columns(environment.as_str()))
        });
        let widths = [first].into_iter().chain(others).collect();
        Self { status, names, rows, widths }
    }

    fn width(&self) -> usize {
        self.widths.iter().sum::<usize>() + GAP * (self.widths.len() - 1)
    }

    fn render(&self, style: TextStyle) -> String {
        let environments = self.status.environments.iter().map(|name| name.as_str().to_owned());
        let head = ["app".to_owned()].into_iter().chain(environments);
        let head: Vec<_> = head.map(|text| Line { text, tone: Tone::Head }).collect();
        let mut out = self.line(head.iter().map(Some), style);
        for (name, row) in self.names.iter().zip(&self.rows) {
            let height = row.iter().map(Vec::len).max().unwrap_or_default().max(1);
            for at in 0..height {
                let name = (at == 0).then(|| Line { text: name.clone(), tone: Tone::Plain });
                let cells = row.iter().map(|cell| cell.get(at));
                out.push_str(&self.line([name.as_ref()].into_iter().chain(cells), style));
            }
        }
        out
    }

    fn line<'l>(&self, cells: impl Iterator<Item = Option<&'l Line>>, style: TextStyle) -> String {
        let mut out = String::new();
        let mut pending = 0;
        for (cell, width) in cells.zip(&self.widths) {
            let used = cell.map_or(0, |line| columns(&line.text));
            if let Some(line) = cell.filter(|line| !line.text.is_empty()) {
                out.push_str(&" ".repeat(pending));
                out.push_str(&painted(line, style));
                pending = 0;
            }
            pending += width - used + GAP;
        }
        out + "\n"
    }
}

/// The lines of an app in each environment; a dash if it is not there.
fn row(status: &Status, app: &AppStatus, now: Timestamp) -> Vec<Vec<Line>> {
    let cells = status.environments.iter().map(|environment| {
        let cell = app.environments.iter().find(|cell| cell.environment == *environment);
        cell.map_or_else(
            || vec![Line { text: "-".to_owned(), tone: Tone::Dim }],
            |cell| short(cell, &app.app, now),
        )
    });
    cells.collect()
}

fn blocks(status: &Status, now: Timestamp, style: TextStyle) -> String {
    let blocks = status.apps.iter().map(|app| block(app, now, style));
    blocks.collect::<Vec<_>>().join("\n")
}

fn block(app: &AppStatus, now: Timestamp, style: TextStyle) -> String {
    let head = Line { text: harmless(&app.app).into_owned(), tone: Tone::Head };
    let mut out = painted(&head, style) + "\n";
    let names = app.environments.iter().map(|cell| columns(cell.environment.as_str()));
    let width = names.max().unwrap_or_default();
    for cell in &app.environments {
        let mut name = cell.environment.as_str();
        // "  stage  "
        let room = style.width.saturating_sub(width + 4).max(LEAST);
        let lines = long(cell, &app.app, now);
        for line in lines.into_iter().flat_map(|line| line.wrapped(room)) {
            out.extend(["  ", &format!("{name:width$}"), "  ", &painted(&line, style), "\n"]);
            name = "";
        }
    }
    out
}

fn painted(line: &Line, style: TextStyle) -> String {
    let code = match line.tone {
        _ if !style.colour => None,
        Tone::Plain => None,
        Tone::Head => Some(1),
        Tone::Dim => Some(2),
        Tone::Behind | Tone::Waiting => Some(33),
        Tone::Blocked => Some(31),
    };
    match code {
        Some(code) => format!("\u{1b}[{code}m{}\u{1b}[0m", line.text),
        None => line.text.clone(),
    }
}

fn columns(text: &str) -> usize {
    text.chars().count()
}
