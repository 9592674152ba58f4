//! A table in Markdown, for a comment or a job's summary.

use jiff::Timestamp;

use super::words::short;
use crate::diagnostic::harmless;
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

fn row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Text without markup, mentions or links.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in harmless(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A backslash does not keep a forge from seeing a mention or a reference.
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            '|' => out.push_str("&#124;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_wrote_is_text() {
        assert_eq!(
            escaped("a|b `c` <img> @ana #1 [x](y)\n"),
            r"a&#124;b \`c\` &lt;img&gt; &#64;ana &#35;1 \[x\]\(y\)\\n"
        );
    }
}
