use std::collections::BTreeMap;

use proptest::prelude::*;

use super::text::{LONGEST, cut};
use super::*;
use crate::git::ObjectName;
use crate::sites::{ImageParts, Key, SiteValue, shown_reference};

impl Record {
    /// The record as it is read back: what is too long is cut, what is empty is left out,
    /// and no reference has a secret.
    fn bounded(&self) -> Self {
        let short = |text: &String| cut(text, LONGEST);
        let optional = |text: &Option<String>| text.as_ref().filter(|t| !t.is_empty()).map(short);
        let pairs = |pairs: &[(String, String)]| -> Vec<_> {
            pairs.iter().take(MOST_LINES).map(|(a, b)| (short(a), short(b))).collect()
        };
        Self {
            app: short(&self.app),
            references: pairs(&self.references)
                .into_iter()
                .map(|(key, text)| (key, shown_reference(&text).into_owned()))
                .collect(),
            source_commits: pairs(&self.source_commits),
            replaces: self.replaces.iter().map(short).collect(),
            requested_by: optional(&self.requested_by),
            ticket: optional(&self.ticket),
            reason: optional(&self.reason),
            plan: optional(&self.plan),
            ..self.clone()
        }
    }
}

fn environment(name: &str) -> EnvironmentName {
    EnvironmentName::named(name).unwrap()
}

fn image(tag: &str) -> SiteValue {
    let repository = Some("gcr.io/google-samples/gb-frontend".to_owned());
    SiteValue::Image(ImageParts { repository, tag: Some(tag.to_owned()), digest: None })
}

fn state(images: &[(&str, &str)]) -> State {
    let entry = |(key, tag): &(&str, &str)| (Key::Image((*key).to_owned()), image(tag));
    State::new(images.iter().map(entry).collect::<BTreeMap<_, _>>())
}

fn promotion() -> Record {
    Record {
        source: Some(Source {
            environment: environment("stage"),
            commit: ObjectName::parse(&"9f".repeat(20)),
        }),
        names_source: true,
        names_state: true,
        references: vec![(
            "frontend".to_owned(),
            "gcr.io/google-samples/gb-frontend:v5".to_owned(),
        )],
        sequences: vec![("frontend".to_owned(), 42)],
        source_commits: vec![(String::new(), "1a2b".to_owned())],
        requested_by: Some("ana".to_owned()),
        overrides: vec![RecordedOverride { gate: "soak".to_owned(), reason: "a fix".to_owned() }],
        ticket: Some("REL-7".to_owned()),
        plan: Some("5d41402a".to_owned()),
        ..Record::new(Action::Promote, "guestbook", environment("prod/eu"))
    }
}

fn written(records: &[Record]) -> String {
    let none = State::default();
    let recorded: Vec<_> =
        records.iter().map(|record| RecordedChange { record, from: &none, to: &none }).collect();
    message(&recorded, None)
}

#[test]
fn a_message_is_a_line_for_people_and_the_records() {
    let (from, to) = (state(&[("frontend", "v4")]), state(&[("frontend", "v5")]));
    let text = message(&[RecordedChange { record: &promotion(), from: &from, to: &to }], None);
    let expected = "\
Promote guestbook to prod/eu: frontend v4 → v5

Rungs-Promote: guestbook from stage@9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f to prod/eu
Rungs-Named: source
Rungs-Named: state
Rungs-Reference: frontend gcr.io/google-samples/gb-frontend:v5
Rungs-Sequence: frontend 42
Rungs-Source-Commit: 1a2b
Rungs-Override: soak a fix
Rungs-Requested-By: ana
Rungs-Ticket: REL-7
Rungs-Plan: 5d41402a
";
    assert_eq!(text, expected);
    assert_eq!(read(&text), [promotion()]);
}

fn subject_of(records: &[(Record, State, State)], train: Option<&str>) -> String {
    let recorded: Vec<_> =
        records.iter().map(|(record, from, to)| RecordedChange { record, from, to }).collect();
    message(&recorded, train).lines().next().unwrap().to_owned()
}

#[test]
fn the_first_line_says_what_was_done() {
    let v = |tag| state(&[("frontend", tag)]);
    let done =
        |action, app: &str, from, to| (Record::new(action, app, environment("qa")), from, to);
    let one = |action, from, to| subject_of(&[done(action, "guestbook", from, to)], None);
    assert_eq!(one(Action::Set, v("v4"), v("v5")), "Set guestbook in qa: frontend v4 → v5");
    assert_eq!(one(Action::Set, State::default(), v("v5")), "Set guestbook in qa: frontend v5");
    assert_eq!(one(Action::Hold, v("v5"), v("v5")), "Hold guestbook back from qa: frontend v5");
    assert_eq!(one(Action::Lift, v("v5"), v("v5")), "Let guestbook into qa again: frontend v5");
    let rollback = [
        done(Action::Rollback, "frontend", v("v5"), v("v4")),
        done(Action::Hold, "frontend", v("v5"), v("v5")),
    ];
    assert_eq!(subject_of(&rollback, None), "Roll back frontend in qa: v5 → v4");
    let apps = ["cart", "guestbook", "search", "web"];
    let several = apps.map(|app| done(Action::Promote, app, v("v4"), v("v5")));
    assert_eq!(subject_of(&several, None), "Promote cart, guestbook and 2 more to qa");
    assert_eq!(
        subject_of(&several[..2], Some("shop")),
        "Promote train shop to qa: cart and guestbook"
    );
}

#[test]
fn a_first_line_that_would_be_too_long_has_a_number_instead() {
    let many = |tag: &str| {
        let keys: Vec<String> = (0..20).map(|n| format!("image-{n}")).collect();
        let entries: Vec<_> = keys.iter().map(|key| (key.as_str(), tag)).collect();
        state(&entries)
    };
    let record = Record::new(Action::Promote, "shop", environment("prod"));
    let subject = subject_of(&[(record, many("v4"), many("v5"))], None);
    assert_eq!(subject, "Promote shop to prod: 20 references");
}

#[test]
fn records_are_found_wherever_a_forge_puts_them() {
    let squash = "\
Deploy (#12)

* Promote guestbook to prod/eu: frontend v4 → v5

  Rungs-Promote: guestbook from stage to prod/eu
  Rungs-Ticket: REL-7
  Rungs-Ticket: REL-8

Co-authored-by: Bo <bo@example.com>

* fixup

> Rungs-Rollback: cart in qa\r
> Rungs-Reason: slow\r
see Rungs-Promote: other from qa to stage
";
    let found = read(squash);
    let summary: Vec<_> =
        found.iter().map(|r| (r.action, r.app.as_str(), r.ticket.as_deref())).collect();
    assert_eq!(
        summary,
        [(Action::Promote, "guestbook", Some("REL-7")), (Action::Rollback, "cart", None)]
    );
    assert_eq!(found[1].reason.as_deref(), Some("slow"));
}

#[test]
fn a_broken_record_does_not_give_its_lines_to_the_one_before() {
    let text = "Rungs-Set: cart in qa\nRungs-Promote: to\nRungs-Ticket: X-1\n";
    let found = read(text);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].ticket, None);
}

fn any_text() -> impl Strategy<Value = String> {
    let forged = "(\n|\r\n|\u{2028}| ){0,2}[*> ]{0,2}Rungs-(Promote: evil from qa to prod|Ticket: X-9|Set)\n?";
    prop_oneof![any::<String>(), forged, "[a-z :=\\\\@-]{0,20}"]
}

fn any_word() -> impl Strategy<Value = String> {
    any_text().prop_filter("a name is not empty", |text| !text.is_empty())
}

prop_compose! {
    fn any_record()(
        action in prop::sample::select(&Action::ALL[..]),
        app in any_word(),
        target in prop::sample::select(&["qa", "prod/eu"][..]),
        source in prop::option::of(prop::option::of("[0-9a-f]{40}")),
        references in prop::collection::vec((any_word(), any_text()), 0..3),
        sequences in prop::collection::vec((any_word(), any::<u64>()), 0..3),
        source_commits in prop::collection::vec((any_text(), any_word()), 0..3),
        overrides in prop::collection::vec((prop::sample::select(&["soak", "two-words"][..]), any_text()), 0..3),
        replaces in prop::collection::vec(any_word(), 0..3),
        (names_source, names_state) in any::<(bool, bool)>(),
        singles in prop::array::uniform4(prop::option::of(any_text())),
    ) -> Record {
        let [requested_by, ticket, reason, plan] = singles;
        let source = source.map(|id| Source {
            environment: environment("stage"),
            commit: id.and_then(|id| ObjectName::parse(&id)),
        });
        let overrides = overrides.into_iter().map(|(gate, reason)| RecordedOverride { gate: gate.to_owned(), reason }).collect();
        Record {
            action, app, environment: environment(target), source, names_source, names_state,
            references, sequences, source_commits, replaces, requested_by, overrides, ticket, reason, plan,
        }
    }
}

/// What squashing, quoting and copying do to a message.
fn mangled(message: &str, mark: &str, end: &str) -> String {
    let lines = message.lines().map(|line| format!("{mark}{line}{end}"));
    format!(
        "Squashed (#1){end}{}Co-authored-by: Bo <bo@example.com>{end}",
        lines.collect::<String>()
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(records in prop::collection::vec(any_record(), 0..4)) {
        let expected: Vec<_> = records.iter().map(Record::bounded).collect();
        let message = written(&records);
        prop_assert_eq!(read(&message), &expected[..]);
        for (mark, end) in [("", "\r\n"), ("* ", "\n"), ("    ", "  \n"), ("> > ", "\n"), ("\t- ", "\n\n")] {
            prop_assert_eq!(read(&mangled(&message, mark, end)), &expected[..]);
        }
        prop_assert_eq!(read(&format!("{message}\n{message}")).len(), 2 * expected.len());
    }

    #[test]
    fn wrapping_makes_no_other_record_appear(record in any_record(), width in 1..60_usize) {
        let message = written(std::slice::from_ref(&record));
        let wrapped: String = message
            .chars()
            .enumerate()
            .map(|(at, c)| if c == ' ' && at % width == 0 { '\n' } else { c })
            .collect();
        prop_assert!(read(&wrapped).len() <= 1);
    }

    #[test]
    fn any_message_is_read(message in any_text()) {
        read(&message);
    }
}
