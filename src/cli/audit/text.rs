//! Text for people.

use crate::diagnostic::{TextStyle, harmless, wrapped};
use crate::history::audit::{AuditEntry, ChangeKind, Claim};

use super::words;

/// Narrower terminals get blocks instead of a table.
const NARROW: usize = 90;

/// The greatest width of a column.
const WIDEST: usize = 24;

/// The columns' widths, which are set before the first entry is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    environment: usize,
    app: usize,
    style: TextStyle,
}

impl Columns {
    pub(super) fn new<'a>(
        environments: impl Iterator<Item = &'a str>,
        apps: impl Iterator<Item = String>,
        style: TextStyle,
    ) -> Self {
        let width = |name: &str| name.chars().count().min(WIDEST);
        let environment = environments.map(width).max().unwrap_or_default();
        let app = apps.map(|app| width(&app)).max().unwrap_or_default();
        Self { environment, app, style }
    }

    /// An entry's lines.
    pub(super) fn lines(&self, entry: &AuditEntry) -> String {
        let mut lines =
            if self.style.width < NARROW { self.block(entry) } else { self.table(entry) };
        for detail in details(entry) {
            lines.extend(self.below(Paint::Dim, &detail));
        }
        if let Some(claim) = entry.record.as_ref().filter(|claim| !claim.verified) {
            let doubts = format!("not verified: {}", claim.doubts.join("; "));
            lines.extend(self.below(Paint::Bad, &doubts));
        }
        lines.join("\n") + "\n"
    }

    /// `2026-11-21 14:03  prod  guestbook  promote   frontend v4 → v5  ana  9fceb02  verified`
    fn table(&self, entry: &AuditEntry) -> Vec<String> {
        let Self { environment, app, .. } = *self;
        let start = format!(
            "{}  {:environment$}  {:app$}  ",
            words::minute(entry.at),
            harmless(entry.environment.as_str()),
            harmless(&entry.app),
        );
        let action = self.paint(paint(entry.action), &format!("{:8}", entry.action.name()));
        let mut changes = changes(entry).into_iter();
        let first = changes.next().unwrap_or_default();
        let line = format!("{start}{action}  {first}  {}", self.end(entry));
        let indent = start.chars().count() + 10;
        let more = changes.map(|change| format!("{:indent$}{change}", ""));
        [line].into_iter().chain(more).collect()
    }

    fn block(&self, entry: &AuditEntry) -> Vec<String> {
        let action = self.paint(paint(entry.action), entry.action.name());
        let mut lines = vec![
            format!("{}  {action}  {}", words::minute(entry.at), self.end(entry)),
            format!("  {} in {}", harmless(&entry.app), entry.environment),
        ];
        for change in changes(entry) {
            let wrapped = wrapped(&change, self.style.width.saturating_sub(4));
            let indents = ["  "].into_iter().chain(std::iter::repeat("    "));
            lines.extend(indents.zip(wrapped).map(|(indent, line)| format!("{indent}{line}")));
        }
        lines
    }

    /// What is said of an entry, below it.
    fn below(&self, paint: Paint, text: &str) -> Vec<String> {
        let lines = wrapped(&harmless(text), self.style.width.saturating_sub(4));
        lines.iter().map(|line| format!("    {}", self.paint(paint, line))).collect()
    }

    /// The author, the commit, and whether its record is verified.
    fn end(&self, entry: &AuditEntry) -> String {
        let mark = match &entry.record {
            None => String::new(),
            Some(Claim { verified: true, .. }) => {
                format!("  {}", self.paint(Paint::Good, "verified"))
            }
            Some(_) => format!("  {}", self.paint(Paint::Bad, "not verified")),
        };
        let commit = self.paint(Paint::Dim, entry.commit.short());
        format!("{}  {commit}{mark}", harmless(&entry.author.name))
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if !self.style.colour {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Plain => return text.to_owned(),
            Paint::Dim => 2,
            Paint::Good => 32,
            Paint::Bad => 31,
            Paint::Notable => 33,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

#[derive(Debug, Clone, Copy)]
enum Paint {
    Plain,
    Dim,
    Good,
    Bad,
    Notable,
}

fn paint(action: ChangeKind) -> Paint {
    match action {
        ChangeKind::Promote | ChangeKind::Set => Paint::Good,
        ChangeKind::Rollback | ChangeKind::Hold | ChangeKind::Lift => Paint::Notable,
        ChangeKind::Added | ChangeKind::Removed | ChangeKind::Change => Paint::Plain,
    }
}

fn changes(entry: &AuditEntry) -> Vec<String> {
    let changes = entry.changes.iter().map(|changed| {
        let key =
            if changed.key == entry.app { String::new() } else { format!("{} ", changed.key) };
        // The brief text was made harmless when it was cut.
        format!("{}{}", harmless(&key), changed.brief)
    });
    let unreadable = entry.unreadable.map(|when| words::unreadable(when).to_owned());
    changes.chain(unreadable).collect()
}

fn details(entry: &AuditEntry) -> Vec<String> {
    let merged = (entry.author.name != entry.committer.name)
        .then(|| format!("put there by {}", entry.committer.name));
    let facts = entry.record.as_ref().map(words::facts).unwrap_or_default();
    let hold = entry.hold.as_ref().map(words::hold);
    let all: Vec<String> = hold.into_iter().chain(merged).chain(facts).collect();
    if all.is_empty() { all } else { vec![all.join(", ")] }
}

#[cfg(test)]
mod tests {
    use super::super::tests::entry;
    use super::*;

    fn columns(width: usize, colour: bool) -> Columns {
        let style = TextStyle { colour, width, ..TextStyle::default() };
        Columns::new(
            ["prod"].into_iter(),
            ["guestbook", "cart"].map(str::to_owned).into_iter(),
            style,
        )
    }

    #[test]
    fn an_entry_is_a_line_with_its_record_below() {
        let expected = "\
2026-11-21 14:03  prod  guestbook  promote   frontend v4 → v5  ana  9f9f9f9  not verified
    put there by bo, from stage at 1a1a1a1, ticket REL-7
    not verified: `stage` said `v4`, not `v5`
";
        assert_eq!(columns(120, false).lines(&entry()), expected);
    }

    #[test]
    fn a_narrow_terminal_gets_blocks() {
        let expected = "\
2026-11-21 14:03  promote  ana  9f9f9f9  not verified
  guestbook in prod
  frontend v4 → v5
    put there by bo, from stage at 1a1a1a1, ticket REL-7
    not verified: `stage` said `v4`, not `v5`
";
        assert_eq!(columns(60, false).lines(&entry()), expected);
    }

    #[test]
    fn colours_are_only_added() {
        let coloured = columns(120, true).lines(&entry());
        let plain = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(plain, columns(120, false).lines(&entry()));
        assert_ne!(coloured, plain);
    }
}
