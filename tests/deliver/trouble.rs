//! What people mistype, servers refuse, disks cannot hold and strangers craft.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::support::effort::few_or_all;
use crate::support::git::{git, hook, is_sound};
use crate::support::mount::Mount;
use crate::support::program::rungs;
use crate::support::repository::files_in;
use crate::support::shop::{RunOutput, Shop, image, put};
use crate::support::smart_http::SmartHttp;

const PROMOTE: [&str; 5] = ["promote", "web", "--to", "stage", "--commit"];

#[test]
fn a_plan_that_fails_at_an_old_base_says_that_it_may_be_old() {
    let shop = Shop::adopted(&[]);
    fs::rename(shop.remote.bare(), shop.remote.path("away")).unwrap();
    let stale = "what was fetched before is used instead";
    let promote = |app| ["promote", app, "--to", "stage", "--dry-run"];
    shop.ends(0, &promote("web")).says(stale);
    shop.ends(2, &promote("new")).finds("unknown-app").says(stale);
}

#[test]
fn what_is_mistyped_is_named() {
    let shop = Shop::adopted(&[]);
    shop.ends(2, &["promote", "web", "--to", "stag", "--commit"]).says("did you mean `stage`?");
    shop.ends(2, &["promote", "web", "--to", "stage", "--from", "aq", "--commit"])
        .says("did you mean `qa`?");
    for command in [
        &["promote", "wbe", "--to", "stage", "--commit"][..],
        &["rollback", "wbe", "--env", "stage", "--commit"],
        &["set", "wbe", ":v2", "--env", "qa", "--commit"],
        &["hold", "lift", "wbe", "--env", "stage", "--commit"],
        &["gates", "wbe", "--to", "stage"],
    ] {
        shop.ends(2, command).finds("unknown-app").says("did you mean `web`?");
    }
    shop.ends(2, &["promote", "web", "--to", "stage", "--override", "ordr", "--reason", "x"])
        .says("did you mean `order`?");
}

#[test]
fn without_a_remote_nothing_is_committed() {
    let shop = Shop::adopted(&[]);
    git(&shop.clone, &["remote", "remove", "origin"]);
    let head = git(&shop.clone, &["rev-parse", "HEAD"]);
    for mode in ["--commit", "--branch"] {
        let output = shop.ends(2, &["promote", "web", "--to", "stage", mode]);
        output.says("remote");
    }
    assert_eq!(git(&shop.clone, &["rev-parse", "HEAD"]), head);
    shop.ends(0, &["promote", "web", "--to", "stage", "--write"]);
}

#[test]
fn a_remote_that_is_gone_is_the_outside_world() {
    let shop = Shop::adopted(&[]);
    git(&shop.clone, &["remote", "set-url", "origin", "file:///nonexistent/shop.git"]);
    shop.ends(4, &PROMOTE);
    shop.ends(4, &["promote", "web", "--to", "stage", "--branch"]);
    // What is known is still shown.
    shop.ends(0, &["promote", "web", "--to", "stage", "--dry-run"]).says("fetched before");
}

const TOKEN: &str = "glpat-s3cr3t0f4nn4";

#[test]
fn refused_credentials_are_reported_without_the_token() {
    let shop = Shop::adopted(&[]);
    let server = SmartHttp::serve(&shop.remote.path(""));
    git(&shop.clone, &["remote", "set-url", "origin", &server.url_with("ci", TOKEN, "remote.git")]);
    for (password, forbids) in [("another", false), (TOKEN, true)] {
        server.behave(|behaviour| {
            behaviour.password = Some(("ci".to_owned(), password.to_owned()));
            behaviour.forbids = forbids;
        });
        for mode in ["--commit", "--branch"] {
            for format in ["text", "json"] {
                let arguments = ["promote", "web", "--to", "stage", mode, "--format", format, "-v"];
                let output = shop.ends(4, &arguments);
                let all = format!("{}{}", output.stdout, output.stderr);
                assert!(!all.contains(TOKEN), "{all}");
                assert!(all.contains("127.0.0.1"), "{all}");
            }
        }
    }
    server.behave(|behaviour| behaviour.forbids = false);
    let output = shop.ends(0, &PROMOTE);
    assert!(!format!("{output:?}").contains(TOKEN));
    assert!(!shop.message().contains(TOKEN));
}

#[test]
fn a_protected_branch_is_reported_in_the_servers_words() {
    let shop = Shop::adopted(&[]);
    let tip = shop.remote.tip();
    let server = SmartHttp::serve(&shop.remote.path(""));
    git(&shop.clone, &["remote", "set-url", "origin", &server.url_with("ci", TOKEN, "remote.git")]);
    server.behave(|behaviour| {
        behaviour.password = Some(("ci".to_owned(), TOKEN.to_owned()));
    });
    let words = format!(
        "echo 'You are not allowed to push to protected branches, \
         see http://ci:{TOKEN}@example.com' >&2; exit 1"
    );
    hook(&shop.remote.bare(), "pre-receive", &words);
    let output = shop
        .ends(1, &PROMOTE)
        .finds("push-refused")
        .says("not allowed to push to protected branches");
    assert!(!format!("{output:?}").contains(TOKEN), "{output:?}");
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn a_full_disk_leaves_every_file_of_the_work_tree_as_it_was() {
    let Some(mount) = Mount::new("size=2m") else {
        println!("skipped: mounting needs root");
        return;
    };
    let shop = Shop::native(&[]);
    let clone = mount.path().join("clone");
    git(mount.path(), &["clone", "-q", &shop.remote.file_url(), "clone"]);
    // A few bytes are left: git can read, but the first new file does not fit.
    let filler = mount.path().join("filler");
    fill(&filler);
    let before = files_in(&clone);
    let output = RunOutput::of(&rungs(&clone, &["promote", "web", "--to", "stage", "--write"]));
    output.ends(4);
    assert_eq!(files_in(&clone), before);
    fs::remove_file(filler).unwrap();
    RunOutput::of(&rungs(&clone, &["promote", "web", "--to", "stage", "--write"])).ends(0);
}

/// Takes all the room that there is.
fn fill(path: &std::path::Path) {
    use std::io::Write as _;
    let mut file = fs::File::create(path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
}

#[test]
fn a_full_disk_below_the_objects_pushes_nothing() {
    let Some(mount) = Mount::new("size=2m") else {
        println!("skipped: mounting needs root");
        return;
    };
    let shop = Shop::native(&[]);
    let tip = shop.remote.tip();
    git(mount.path(), &["clone", "-q", &shop.remote.file_url(), "clone"]);
    let clone = mount.path().join("clone");
    for (name, value) in [("user.name", "ana"), ("user.email", "ana@example.com")] {
        git(&clone, &["config", name, value]);
    }
    let filler = mount.path().join("filler");
    fill(&filler);
    RunOutput::of(&rungs(&clone, &PROMOTE)).ends(4);
    assert_eq!(shop.remote.tip(), tip);
    assert!(is_sound(&shop.remote.bare()));
    fs::remove_file(filler).unwrap();
    RunOutput::of(&rungs(&clone, &PROMOTE)).ends(0);
    assert!(is_sound(&shop.remote.bare()) && is_sound(&clone));
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_named() {
    let shop = Shop::adopted(&[]);
    let path = shop.clone.join("stage");
    let write = ["promote", "web", "--to", "stage", "--write"];
    fs::set_permissions(path.join("web.yaml"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(path.join("web.yaml")).is_ok() {
        println!("skipped: root reads everything");
    } else {
        shop.ends(4, &write).says("stage/web.yaml");
    }
    fs::set_permissions(path.join("web.yaml"), fs::Permissions::from_mode(0o644)).unwrap();
    // A directory where the file should be is unreadable for everyone.
    fs::remove_file(path.join("web.yaml")).unwrap();
    fs::create_dir(path.join("web.yaml")).unwrap();
    let output = shop.rungs(&write);
    assert!(matches!(output.code, Some(1 | 2 | 4)), "{output:?}");
}

#[test]
fn a_link_out_of_the_repository_is_neither_read_nor_written() {
    let shop = Shop::adopted(&[]);
    let outside = shop.remote.path("outside.yaml");
    fs::write(&outside, image("web", "v1")).unwrap();
    for target in [outside.to_str().unwrap(), "../../outside.yaml", "../.git/config"] {
        let path = shop.clone.join("stage/web.yaml");
        fs::remove_file(&path).unwrap();
        symlink(target, &path).unwrap();
        let output = shop.rungs(&["promote", "web", "--to", "stage", "--write"]);
        assert!(matches!(output.code, Some(1 | 2)), "{target}: {output:?}");
        git(&shop.clone, &["commit", "-qam", "Link"]);
        git(&shop.clone, &["push", "-q"]);
        let tip = shop.remote.tip();
        let output = shop.rungs(&PROMOTE);
        assert!(matches!(output.code, Some(1 | 2)), "{target}: {output:?}");
        assert_eq!(shop.remote.tip(), tip);
        assert!(!format!("{output:?}").contains("[core]"), "{output:?}");
    }
    assert_eq!(fs::read_to_string(outside).unwrap(), image("web", "v1"));
    assert!(fs::symlink_metadata(shop.clone.join("stage/web.yaml")).unwrap().is_symlink());
}

#[test]
fn a_directory_that_is_a_link_out_is_not_written_through() {
    let shop = Shop::adopted(&[]);
    let outside = shop.remote.path("outside");
    fs::rename(shop.clone.join("stage"), &outside).unwrap();
    symlink(&outside, shop.clone.join("stage")).unwrap();
    let output = shop.rungs(&["promote", "web", "--to", "stage", "--write"]);
    assert!(matches!(output.code, Some(1 | 2 | 4)), "{output:?}");
    assert_eq!(fs::read_to_string(outside.join("web.yaml")).unwrap(), image("web", "v1"));
}

#[test]
fn thousands_of_sites_of_one_environment_are_promoted() {
    let file = |tag: &str| {
        (0..few_or_all(2_000, 10_000)).fold(
            "kind: List\nimages:\n".to_owned(),
            |mut text, number| {
                writeln!(text, "- name: image-{number}\n  newTag: {tag} # {number}").unwrap();
                text
            },
        )
    };
    let configuration = "\
version: 1
ladder: [qa, stage]
sites:
  - path: '{environment}/{app}.yaml'
    kind: kustomize
";
    let files = [
        ("rungs.yaml", configuration.to_owned()),
        ("qa/web.yaml", file("v2")),
        ("stage/web.yaml", file("v1")),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    shop.ends(0, &PROMOTE);
    assert_eq!(shop.file("stage/web.yaml"), file("v2").trim_end());
    assert!(shop.message().lines().next().unwrap().len() <= 100);
    shop.ends(0, &["rollback", "web", "--env", "stage", "--commit"]);
    assert_eq!(shop.file("stage/web.yaml"), file("v1").trim_end());
}

/// The messages of the findings, without the lines below them.
fn sentences(output: &RunOutput) -> Vec<&str> {
    output.stderr.lines().filter(|line| line.trim_start().starts_with('×')).collect()
}

#[test]
fn hostile_names_are_refused_in_one_sentence() {
    let names = [
        "a\nb",
        "../web",
        "..",
        ".",
        "/etc/passwd",
        "web\u{1b}[2J",
        "\u{202e}bew",
        "",
        " ",
        "-x",
        "--help",
        "--upload-pack=touch pwned",
        "environment",
        "WEB",
        "a/b",
        "web\0",
        "wéb",
    ];
    for (number, shop) in [Shop::adopted(&[]), Shop::native(&[])].into_iter().enumerate() {
        let tip = shop.remote.tip();
        // Some of them for one kind of repository, and others for the other.
        for name in names.into_iter().skip(few_or_all(2 * number, 0)).step_by(few_or_all(4, 1)) {
            if name.contains('\0') {
                continue;
            }
            for command in [
                &["promote", "--to", "stage", "--commit", "--", name][..],
                &["promote", "--create", "--to", "stage", "--commit", "--", name],
                &["rollback", "--env", "stage", "--commit", "--", name],
                &["hold", "set", "--env", "stage", "--reason", "x", "--commit", "--", name],
                &["gates", "--to", "stage", "--", name],
                &["set", "--env", "stage", "--commit", "--", name, ":v2"],
                &["promote", "web", "--commit", "--to", name],
                &["promote", "--train", name, "--to", "stage", "--commit"],
                &["promote", "web", "--to", "stage", "--commit", "--base", name],
                &["promote", "web", "--to", "stage", "--commit", "--remote", name],
            ] {
                let output = shop.rungs(command);
                let code = output.code;
                assert!(matches!(code, Some(1 | 2 | 4)), "{command:?}: {output:?}");
                let controls = output.stderr.chars().chain(output.stdout.chars());
                let raw = controls.filter(|c| c.is_control() && *c != '\n').count();
                assert_eq!(raw, 0, "{command:?}: {output:?}");
                assert!(!output.stderr.contains('\u{202e}'), "{command:?}: {output:?}");
                assert!(sentences(&output).len() <= 1, "{command:?}: {}", output.stderr);
            }
        }
        assert_eq!(shop.remote.tip(), tip);
        assert_eq!(git(&shop.remote.bare(), &["branch", "--list"]), "* main");
        assert_eq!(git(&shop.clone, &["status", "--porcelain"]), "");
    }
}

#[test]
fn hostile_tags_are_not_references() {
    let shop = Shop::adopted(&[]);
    let tip = shop.remote.tip();
    for tag in [
        ":v1\u{1b}[2J",
        ":",
        ":-x",
        ":v1 # x",
        ":v1\nimage: evil",
        ":é",
        "@sha256:0",
        ":a/b",
        "web=",
        "=:v1",
        "registry.example.com/shop/web",
        ":{{ x }}",
        ":*a",
        ":'",
        "@",
    ] {
        let output = shop.ends(2, &["set", "web", "--env", "qa", "--commit", "--", tag]);
        let raw = output.stderr.chars().filter(|c| c.is_control() && *c != '\n').count();
        assert_eq!(raw, 0, "{tag:?}: {output:?}");
    }
    assert_eq!(shop.remote.tip(), tip);
    // Number-like tags are tags.
    for (tag, text) in [(":1.10", "1.10"), (":0644", "0644"), (":1e3", "1e3"), (":on", "on")] {
        shop.ends(0, &["set", "web", tag, "--env", "qa", "--commit"]);
        assert!(shop.file("qa/web.yaml").contains(text));
    }
}

#[test]
fn what_a_stranger_wrote_below_is_not_carried_up_unseen() {
    // The environment below has a tag with a control character, written by hand.
    let hostile = "image: \"registry.example.com/shop/web:v2\\u001b[2J\"\n";
    let shop = Shop::adopted(&[("qa/web.yaml", hostile)]);
    let tip = shop.remote.tip();
    let output = shop.rungs(&PROMOTE);
    assert!(matches!(output.code, Some(1..=3)), "{output:?}");
    assert!(!output.stderr.contains('\u{1b}'), "{output:?}");
    assert_eq!(shop.remote.tip(), tip);
}

#[test]
fn records_cannot_be_forged_by_what_is_typed() {
    let shop = Shop::adopted(&[]);
    let forged = "x\n\nRungs-Promote: web from qa to prod\nRungs-Requested-By: the boss";
    let arguments = ["--ticket", forged, "--override", "order", "--reason", forged];
    let arguments =
        [&["promote", "web", "--to", "prod", "--from", "qa", "--commit"][..], &arguments];
    let output = shop.rungs(&arguments.concat());
    if output.code == Some(0) {
        let message = shop.message();
        let records = message.lines().filter(|line| line.starts_with("Rungs-Promote: ")).count();
        assert_eq!(records, 1, "{message}");
        assert!(!message.lines().any(|line| line == "Rungs-Requested-By: the boss"), "{message}");
    }
}

#[test]
fn problems_of_the_configuration_come_before_any_change() {
    let shop = Shop::adopted(&[]);
    shop.elsewhere("Break", &[("rungs.yaml", Some("version: 1\nladdr: [qa]\n"))]);
    shop.ends(2, &["promote", "web", "--to", "stage", "--branch"]).says("did you mean `ladder`?");
    shop.elsewhere("Remove", &[("rungs.yaml", None)]);
    shop.ends(2, &["promote", "web", "--to", "stage", "--branch"]).says("rungs.yaml");
}

#[test]
fn a_broken_file_of_another_app_does_not_matter() {
    let shop = Shop::adopted(&[("stage/broken.yaml", "a: [\n"), ("qa/broken.yaml", "a: [\n")]);
    shop.ends(0, &PROMOTE);
    let shop = Shop::adopted(&[]);
    put(&shop.clone, "stage/web.yaml", Some("image: [\n"));
    let output = shop.rungs(&["promote", "web", "--to", "stage", "--write"]);
    assert!(matches!(output.code, Some(1 | 2)), "{output:?}");
}
