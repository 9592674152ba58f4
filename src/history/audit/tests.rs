use super::*;
use crate::git::Commit;
use crate::history::made::{MadeHistory, instance, name, person};
use crate::history::record::message;
use crate::history::{Action, Source, record};

fn audit(made: &MadeHistory, query: AuditQuery) -> Audit<'_> {
    let commits = Commits { tip: &made.tip, history: made, objects: made };
    Audit::new(&made.repository, &made.tree(), commits, query).unwrap()
}

fn entries(made: &MadeHistory, query: AuditQuery) -> Vec<AuditEntry> {
    audit(made, query).map(Result::unwrap).collect()
}

fn all(made: &MadeHistory) -> Vec<AuditEntry> {
    entries(made, AuditQuery::default())
}

/// A record of a promotion of `web` from qa to prod, as it is in a message.
fn promotion(source: Option<&ObjectName>, tag: &str) -> String {
    let environment = |name| EnvironmentName::named(name).unwrap();
    let record = Record {
        source: Some(Source { environment: environment("qa"), commit: source.cloned() }),
        references: vec![("web".to_owned(), format!(":{tag}"))],
        ticket: Some("REL-7".to_owned()),
        ..Record::new(Action::Promote, "web", environment("prod"))
    };
    let nothing = State::default();
    message(&[record::RecordedChange { record: &record, from: &nothing, to: &nothing }], None)
}

/// qa has v1 and then v2; prod gets v1 after both.
fn late() -> MadeHistory {
    let mut made = MadeHistory::of(&[Some("v1"), Some("v2")]);
    let source = made.steps[0].commit.id.clone();
    made.add(&[("prod/web", Some("v1"))]).commit.message = promotion(Some(&source), "v1");
    made
}

fn doubts(entry: &AuditEntry) -> &[String] {
    &entry.record.as_ref().unwrap().doubts
}

#[test]
fn commits_without_a_record_are_listed_as_well() {
    let made = MadeHistory::of(&[Some("v1"), Some("v2"), None, Some("broken"), Some("v3")]);
    let entries = all(&made);
    let actions: Vec<_> =
        entries.iter().map(|e| (e.action.name(), e.unreadable.is_some())).collect();
    let expected = [
        ("change", true),
        ("change", true),
        ("removed", false),
        ("change", false),
        ("added", false),
    ];
    assert_eq!(actions, expected);
    assert_eq!(entries[3].changes[0].brief, "v1 → v2");
    assert_eq!(entries[3].record, None);
}

#[test]
fn a_record_that_the_repository_bears_out_is_verified() {
    let entry = &all(&late())[0];
    assert_eq!((entry.action, doubts(entry)), (ChangeKind::Promote, &[][..]));
    assert_eq!(entry.record.as_ref().unwrap().ticket.as_deref(), Some("REL-7"));
}

#[test]
fn a_source_that_said_something_else_is_a_doubt() {
    let mut made = late();
    let newer = made.steps[1].commit.id.clone();
    made.steps[2].commit.message = promotion(Some(&newer), "v1");
    let expected = [format!("`qa` at {} said `v2` for `web`, not `v1`", newer.short())];
    assert_eq!(doubts(&all(&made)[0]), expected);
    made.steps[2].commit.message = promotion(None, "v1");
    assert_eq!(doubts(&all(&made)[0]), ["`qa` said `v2` for `web`, not `v1`"]);
}

#[test]
fn a_source_that_is_not_on_the_branch_before_is_a_doubt() {
    let mut made = late();
    let own = made.steps[2].commit.id.clone();
    for elsewhere in [name(77), own] {
        made.steps[2].commit.message = promotion(Some(&elsewhere), "v1");
        let expected = [format!("{} is not on the branch before the change", elsewhere.short())];
        assert_eq!(doubts(&all(&made)[0]), expected);
    }
}

#[test]
fn references_that_the_sites_do_not_have_are_doubts() {
    let mut made = late();
    let source = made.steps[0].commit.id.clone();
    made.steps[2].commit.message = promotion(Some(&source), "v9");
    assert_eq!(doubts(&all(&made)[0]), ["`web` says `:v1`, not `:v9`"]);
    made.steps[2].commit.message =
        promotion(Some(&source), "v1").replace("Reference: web :v1", "Reference: other :v1");
    assert_eq!(
        doubts(&all(&made)[0]),
        ["there is no `other`", "it does not name `web`, which changed"]
    );
}

#[test]
fn of_several_records_of_one_pair_the_one_that_fits_counts() {
    let mut made = late();
    let source = made.steps[0].commit.id.clone();
    let fits = promotion(Some(&source), "v1");
    let outdated = promotion(Some(&source), "v0");
    for message in [format!("{fits}{outdated}"), format!("{outdated}{fits}")] {
        made.steps[2].commit.message = message;
        assert!(doubts(&all(&made)[0]).is_empty());
    }
}

#[test]
fn the_record_of_a_merged_commit_counts_for_the_merge() {
    let mut made = late();
    let message = std::mem::take(&mut made.steps[2].commit.message);
    let base = made.steps[0].commit.clone();
    let side = Commit { id: name(50), parents: vec![base.id], message, ..base };
    let side = Commit { author: person("cy", side.author.time), ..side };
    made.steps[2].commit.parents.push(side.id.clone());
    made.steps[2].commit.author = person("bo", side.author.time);
    made.others.push(side);
    let entry = &all(&made)[0];
    assert_eq!(doubts(entry), &[] as &[String]);
    assert_eq!((entry.author.name.as_str(), entry.committer.name.as_str()), ("cy", "bo"));
    assert_eq!(entry.action, ChangeKind::Promote);
}

#[test]
fn a_query_limits_the_entries() {
    let mut made = late();
    made.add(&[("prod/cart", Some("v1"))]);
    let at = |minute: i64| Some(Timestamp::from_second(60 * minute).unwrap());
    let minutes = |query: AuditQuery| {
        entries(&made, query).iter().map(|e| e.at.as_second() / 60).collect::<Vec<_>>()
    };
    let web = || AuditQuery { apps: vec!["web".to_owned()], ..AuditQuery::default() };
    let prod = EnvironmentName::named("prod").unwrap();
    assert_eq!(minutes(web()), [2, 1, 0]);
    assert_eq!(minutes(AuditQuery { environments: vec![prod], ..web() }), [2]);
    assert_eq!(minutes(AuditQuery { since: at(1), until: at(3), ..AuditQuery::default() }), [2, 1]);
    let after = Some(made.steps[1].commit.id.clone());
    assert_eq!(minutes(AuditQuery { after, ..AuditQuery::default() }), [3, 2]);
}

#[test]
fn a_source_older_than_the_query_is_found() {
    let made = late();
    let after = Some(made.steps[1].commit.id.clone());
    let entries = entries(&made, AuditQuery { after, ..AuditQuery::default() });
    assert_eq!((entries.len(), doubts(&entries[0])), (1, &[][..]));
}

#[test]
fn an_entry_comes_as_soon_as_its_source_was_reached() {
    let made = late();
    let mut audit = audit(&made, AuditQuery::default());
    audit.next().unwrap().unwrap();
    assert_eq!(audit.walk.now(&instance("qa/web")), Some(State::default()), "it went back to v1");
    assert_eq!(audit.count(), 2);
}

#[test]
fn what_a_shallow_clone_lacks_is_a_doubt_and_ends_the_audit() {
    let mut made = late();
    made.steps.remove(0);
    made.is_shallow = true;
    let audit = audit(&made, AuditQuery::default());
    let mut all: Vec<_> = audit.collect();
    assert!(matches!(all.pop(), Some(Err(HistoryError::Shallow { .. }))));
    assert_eq!(all.len(), 2);
    let first = all[0].as_ref().unwrap();
    assert_eq!(doubts(first).len(), 1);
}
