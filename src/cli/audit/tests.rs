//! The entry that the tests of the formats write.

use crate::config::EnvironmentName;
use crate::git::{ObjectName, Signature};
use crate::history::Source;
use crate::history::audit::{AuditEntry, ChangeKind, Changed, Claim, ClockSource};

fn person(name: &str) -> Signature {
    let time = "2026-11-21T14:03:09Z".parse().unwrap();
    Signature { name: name.to_owned(), email: format!("{name}@example.com"), time }
}

fn commit(digits: &str) -> ObjectName {
    ObjectName::parse(&digits.repeat(20)).unwrap()
}

/// A promotion whose source had another state.
pub(super) fn entry() -> AuditEntry {
    let environment = |name| EnvironmentName::named(name).unwrap();
    AuditEntry {
        at: person("ana").time,
        clock: ClockSource::Committer,
        commit: commit("9f"),
        subject: "Promote guestbook to prod".to_owned(),
        environment: environment("prod"),
        app: "guestbook".to_owned(),
        action: ChangeKind::Promote,
        changes: vec![Changed {
            key: "frontend".to_owned(),
            from: Some("gcr.io/gb-frontend:v4".to_owned()),
            to: Some("gcr.io/gb-frontend:v5".to_owned()),
            brief: "v4 → v5".to_owned(),
        }],
        unreadable: None,
        hold: None,
        author: person("ana"),
        committer: person("bo"),
        record: Some(Claim {
            verified: false,
            doubts: vec!["`stage` said `v4`, not `v5`".to_owned()],
            source: Some(Source { environment: environment("stage"), commit: Some(commit("1a")) }),
            requested_by: None,
            overrides: Vec::new(),
            replaces: Vec::new(),
            ticket: Some("REL-7".to_owned()),
            reason: None,
            sequences: Vec::new(),
            source_commits: Vec::new(),
            plan: None,
        }),
    }
}
