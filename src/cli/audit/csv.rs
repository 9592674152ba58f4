//! Comma-separated values, as in RFC 4180.

use crate::diagnostic::harmless;
use crate::history::audit::{AuditEntry, Changed, Claim};

/// The first line. The names are those of JSON, and a contract; new ones are
/// added at the end.
pub(super) const HEADER: &str = "at,clock,environment,app,action,key,from,to,commit,subject,\
author,authorEmail,authoredAt,committer,committerEmail,recorded,verified,doubts,requestedBy,\
sourceEnvironment,sourceCommit,overrides,ticket,reason,sequences,plan,heldBy,heldBecause\r\n";

/// A line for each key that changed; a single line if it is not known which did.
pub(super) fn rows(entry: &AuditEntry) -> String {
    if entry.changes.is_empty() {
        return row(entry, None);
    }
    entry.changes.iter().map(|changed| row(entry, Some(changed))).collect()
}

fn row(entry: &AuditEntry, changed: Option<&Changed>) -> String {
    let key = changed.map_or("", |changed| &changed.key);
    let from = changed.and_then(|changed| changed.from.as_deref()).unwrap_or_default();
    let to = changed.and_then(|changed| changed.to.as_deref()).unwrap_or_default();
    let (at, authored) = (entry.at.to_string(), entry.author.time.to_string());
    let mut cells = vec![
        at.as_str(),
        "committer",
        entry.environment.as_str(),
        &entry.app,
        entry.action.name(),
        key,
        from,
        to,
        entry.commit.as_str(),
        &entry.subject,
        &entry.author.name,
        &entry.author.email,
        &authored,
        &entry.committer.name,
        &entry.committer.email,
    ];
    let claimed = claimed(entry.record.as_ref());
    cells.extend(claimed.iter().map(String::as_str));
    let note = entry.hold.as_ref();
    cells.extend([note.map_or("", |note| &note.by), note.map_or("", |note| &note.reason)]);
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    cells.join(",") + "\r\n"
}

fn claimed(claim: Option<&Claim>) -> Vec<String> {
    let Some(claim) = claim else {
        let mut none = vec![String::new(); 11];
        "false".clone_into(&mut none[0]);
        return none;
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let source = claim.source.as_ref();
    let commit = source.and_then(|source| source.commit.as_ref());
    let overrides = claim.overrides.iter().map(|one| format!("{}: {}", one.gate, one.reason));
    let sequences = claim.sequences.iter().map(|one| format!("{} {}", one.key, one.number));
    vec![
        "true".to_owned(),
        claim.verified.to_string(),
        claim.doubts.join("; "),
        text(&claim.requested_by),
        source.map(|source| source.environment.to_string()).unwrap_or_default(),
        commit.map(ToString::to_string).unwrap_or_default(),
        overrides.collect::<Vec<_>>().join("; "),
        text(&claim.ticket),
        text(&claim.reason),
        sequences.collect::<Vec<_>>().join("; "),
        text(&claim.plan),
    ]
}

/// A cell. One that a spreadsheet would take for a formula gets an apostrophe in
/// front, which makes it text (OWASP, "CSV Injection").
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    // Once its control characters are escaped, the text no longer shows that.
    let text = harmless(text);
    let guard = if is_formula { "'" } else { "" };
    if text.contains([',', '"']) || is_formula {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::entry;
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_ends_its_line() {
        assert_eq!(cell("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        assert_eq!(cell("+1"), "\"'+1\"");
        assert_eq!(cell("-1"), "\"'-1\"");
        assert_eq!(cell("@SUM(1)"), "\"'@SUM(1)\"");
        assert_eq!(cell("\t=1"), "\"'\\t=1\"");
        assert_eq!(cell("a\r\nb"), r"a\r\nb");
        assert_eq!(cell("say \"a, b\""), "\"say \"\"a, b\"\"\"");
        assert_eq!(cell("v1"), "v1");
    }

    #[test]
    fn every_row_has_a_cell_for_each_name() {
        let names = HEADER.split(',').count();
        let mut entry = entry();
        // The sample's doubts have a comma, which would be counted as well.
        entry.record.as_mut().unwrap().doubts.clear();
        assert_eq!(rows(&entry).split(',').count(), names);
        entry.record = None;
        assert_eq!(rows(&entry).split(',').count(), names);
        entry.changes.clear();
        assert_eq!(rows(&entry).lines().count(), 1);
    }
}
