//! What `--write` prints for the commit that a person makes is what gates count.

use crate::support::git::git;
use crate::support::shop::{Shop, image, put};

/// A shop in which stage wants a ticket.
fn shop() -> Shop {
    Shop::configured("environments:\n  stage:\n    gates: { ticket: '^REL-' }\n", &[])
}

/// The lines of a message that are set in, as they were printed.
fn printed(output: &str) -> String {
    let lines = output.lines().skip_while(|line| !line.starts_with("commit it with"));
    let lines = lines.skip(1).filter(|line| line.is_empty() || line.starts_with("    "));
    lines.collect::<Vec<_>>().join("\n").trim_start_matches('\n').to_owned()
}

#[test]
fn a_ticket_counts_in_a_commit_with_the_lines_that_are_printed() {
    for (is_kept, expected) in [(true, 0), (false, 3)] {
        let shop = shop();
        let promote = ["promote", "web", "--to", "stage", "--ticket", "REL-7", "--write"];
        let message = printed(&shop.ends(0, &promote).stderr);
        assert!(message.contains("\n    Rungs-Ticket: REL-7"), "{message}");
        let message = if is_kept { &message } else { "Promote web" };
        git(&shop.clone, &["switch", "-qc", "topic"]);
        git(&shop.clone, &["commit", "-qam", message]);
        shop.ends(expected, &["gates", "--base", "main"]);
    }
}

#[test]
fn a_fix_is_replaced_by_a_commit_with_the_lines_that_are_printed() {
    let shop = Shop::adopted(&[]);
    shop.days_ago(2, "Promote", &[("stage/web.yaml", Some(&image("web", "v2")))]);
    shop.days_ago(1, "Mend", &[("prod/web.yaml", Some(&image("web", "v1.1")))]);
    shop.pull();
    let promote = ["promote", "web", "--to", "prod", "--replaces", "image=:v1.1", "--write"];
    let message = printed(&shop.ends(0, &promote).stderr);
    assert!(message.contains("\n    Rungs-Replaces: image=:v1.1"), "{message}");
    git(&shop.clone, &["switch", "-qc", "topic"]);
    git(&shop.clone, &["commit", "-qam", &message]);
    shop.ends(0, &["gates", "--base", "main"]);
}

#[test]
fn a_record_that_does_not_count_says_why() {
    let reference =
        |tag: &str| format!("Rungs-Reference: image registry.example.com/shop/web:{tag}");
    let promote = "Rungs-Promote: web from qa to stage";
    for (record, why) in [
        (
            format!("{promote}\n{}", reference("v3")),
            "and it becomes `registry.example.com/shop/web:v2`",
        ),
        (format!("{promote}\nRungs-Reference: wbe v2"), "it names `wbe`, which does not change"),
        (promote.to_owned(), "it does not name `image`"),
        ("Rungs-Rollback: web in stage".to_owned(), "`stage` never had this state"),
        (
            format!("Rungs-Promote: web from prod to stage\n{}", reference("v2")),
            "the state does not come from `prod`",
        ),
    ] {
        let shop = Shop::adopted(&[]);
        git(&shop.clone, &["switch", "-qc", "topic"]);
        put(&shop.clone, "stage/web.yaml", Some(&image("web", "v2")));
        git(&shop.clone, &["commit", "-qam", &format!("Promote web\n\n{record}\n")]);
        shop.ends(0, &["gates", "--base", "main"]).finds("record-ignored").says(why);
        // One that counts has no note.
        let counts = format!("Promote web\n\n{promote}\n{}\n", reference("v2"));
        git(&shop.clone, &["commit", "-q", "--amend", "-m", &counts]);
        let output = shop.ends(0, &["gates", "--base", "main"]);
        assert!(!output.stderr.contains("record-ignored"), "{output:?}");
    }
}

#[test]
fn nothing_is_printed_where_the_files_say_it_all() {
    let shop = Shop::adopted(&[]);
    let written = shop.ends(0, &["promote", "web", "--to", "stage", "--write"]);
    assert!(!written.stderr.contains("commit it with"), "{written:?}");
}
