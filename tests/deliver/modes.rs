//! Where a change goes: nowhere, the work tree, the base branch, or a branch.

use std::fs;

use crate::support::git::{git, hook, is_sound};
use crate::support::program::rungs;
use crate::support::repository::files_in;
use crate::support::shop::{RunOutput, Shop, image, put};

const PROMOTE: [&str; 4] = ["promote", "web", "--to", "stage"];

fn promote(shop: &Shop, code: i32, more: &[&str]) -> RunOutput {
    shop.ends(code, &[&PROMOTE[..], more].concat())
}

#[test]
fn without_a_mode_the_plan_is_shown_and_nothing_is_done() {
    let shop = Shop::adopted(&[]);
    let tip = shop.remote.tip();
    for arguments in [
        &PROMOTE[..],
        &["set", "web", ":v3", "--env", "qa"],
        &["hold", "set", "web", "--env", "qa", "--reason", "x"],
        &["hold", "lift", "web", "--env", "qa"],
    ] {
        shop.ends(2, arguments).finds("no-destination").says("--commit");
    }
    promote(&shop, 2, &[]).says("v1 → v2").says("stage/web.yaml:2");
    promote(&shop, 2, &["--write", "--commit"]);
    assert_eq!(shop.remote.tip(), tip);
    assert_eq!(git(&shop.clone, &["status", "--porcelain"]), "");
}

#[test]
fn write_refuses_a_file_that_is_dirty_and_leaves_it_untouched() {
    let path = "environments/stage/web.yaml";
    for is_staged in [false, true] {
        let shop = Shop::native(&[]);
        put(&shop.clone, path, Some(&format!("{}\n# mine\n", shop.file(path))));
        if is_staged {
            git(&shop.clone, &["add", "-A"]);
        }
        let before = files_in(&shop.clone);
        promote(&shop, 1, &["--write"]).finds("dirty-file").says(path);
        assert_eq!(files_in(&shop.clone), before);
    }
}

#[test]
fn a_dirty_file_is_refused_where_the_repository_is_below_the_root_of_the_clone() {
    let shop = Shop::adopted(&[]);
    let files: Vec<_> = shop.remote.files("main").into_iter().collect();
    for (path, text) in &files {
        put(&shop.clone, &format!("deploy/{path}"), Some(text));
        fs::remove_file(shop.clone.join(path)).unwrap();
    }
    git(&shop.clone, &["add", "-A"]);
    git(&shop.clone, &["commit", "-qm", "Move"]);
    git(&shop.clone, &["push", "-q"]);
    put(&shop.clone, "deploy/stage/web.yaml", Some(&format!("{}# mine\n", image("web", "v1"))));
    let below = shop.clone.join("deploy");
    let write =
        |code| RunOutput::of(&rungs(&below, &[&PROMOTE[..], &["--write"]].concat())).ends(code);
    write(1).finds("dirty-file").says("`stage/web.yaml`");
    git(&shop.clone, &["checkout", "-q", "."]);
    write(0);
    assert_eq!(git(&shop.clone, &["diff", "--name-only"]), "deploy/stage/web.yaml");
    let commit = [&PROMOTE[..], &["--commit"]].concat();
    RunOutput::of(&rungs(&below, &commit)).ends(0);
    assert_eq!(shop.changed(), ["deploy/stage/web.yaml"]);
}

#[test]
fn a_file_that_git_does_not_know_yet_is_not_overwritten() {
    let shop = Shop::adopted(&[]);
    put(&shop.clone, ".rungs/holds/stage/web.yaml", Some("# mine\n"));
    let before = files_in(&shop.clone);
    let set = ["hold", "set", "web", "--env", "stage", "--reason", "x", "--write"];
    shop.ends(1, &set).finds("dirty-file");
    assert_eq!(files_in(&shop.clone), before);
}

#[test]
fn write_works_beside_other_dirty_files() {
    let shop = Shop::adopted(&[]);
    put(&shop.clone, "qa/api.yaml", Some(&image("api", "mine")));
    put(&shop.clone, "new.txt", Some("mine\n"));
    promote(&shop, 0, &["--write"]).says("changed 1 file of the work tree");
    assert_eq!(git(&shop.clone, &["diff", "--name-only"]), "qa/api.yaml\nstage/web.yaml");
    let text = fs::read_to_string(shop.clone.join("stage/web.yaml")).unwrap();
    assert_eq!(text, image("web", "v2"));
    // HEAD, the index and the remote are as they were.
    assert_eq!(git(&shop.clone, &["diff", "--cached", "--name-only"]), "");
    assert_eq!(git(&shop.clone, &["rev-parse", "HEAD"]), shop.remote.tip());
}

#[test]
fn a_name_with_wildcards_is_a_file_and_not_a_pattern() {
    let configuration = "\
version: 1
ladder: [qa, stage]
sites:
  - path: '{environment}/[a]/{app}.yaml'
    kind: yaml
    fields: { image: image }
";
    let files = [
        ("rungs.yaml", configuration.to_owned()),
        ("qa/[a]/web.yaml", image("web", "v2")),
        ("stage/[a]/web.yaml", image("web", "v1")),
        ("stage/a/web.yaml", image("web", "v1")),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    // The files that the pattern would match are dirty, the named one is not.
    put(&shop.clone, "stage/a/web.yaml", Some("mine\n"));
    promote(&shop, 0, &["--write"]);
    git(&shop.clone, &["reset", "-q", "--hard"]);
    put(&shop.clone, "stage/[a]/web.yaml", Some(&format!("{}# mine\n", image("web", "v1"))));
    promote(&shop, 1, &["--write"]).finds("dirty-file");
}

#[test]
fn write_judges_the_open_gates_and_reports_the_rest() {
    let shop = Shop::configured(
        "environments: { stage: { gates: { soak: 100d, approvals: { count: 1 } } } }\n",
        &[],
    );
    let output = promote(&shop, 0, &["--write"]);
    output.says("soak").says("approvals");
    promote(&shop, 3, &["--commit"]);
    let shop = Shop::configured("environments: { stage: { gates: { ticket: '^T' } } }\n", &[]);
    promote(&shop, 3, &["--write"]).says("the gate `ticket` fails");
    assert_eq!(git(&shop.clone, &["status", "--porcelain"]), "");
    promote(&shop, 0, &["--write", "--ticket", "T1"]);
}

#[test]
fn write_works_where_there_is_no_clone() {
    let shop = Shop::adopted(&[]);
    fs::remove_dir_all(shop.clone.join(".git")).unwrap();
    shop.ends(0, &["set", "web", ":v3", "--env", "qa", "--write"]);
    // Without a history it is not known whether this is a step back, so it does
    // not pass.
    for mode in ["--write", "--dry-run"] {
        promote(&shop, 2, &[mode]).finds("no-clone");
        promote(&shop, 2, &[mode, "--format", "json"]);
    }
    promote(&shop, 2, &["--write"]).says("the gate `order` waits");
    shop.ends(2, &["gates", "web", "--to", "stage"]).finds("no-clone");
    let rollback = ["rollback", "web", "--env", "stage", "--reason", "it leaks", "--write"];
    shop.ends(2, &rollback).finds("no-commit");
    promote(&shop, 0, &["--write", "--override", "order", "--reason", "a copy"]);
    let text = fs::read_to_string(shop.clone.join("stage/web.yaml")).unwrap();
    assert_eq!(text, image("web", "v3"));
    promote(&shop, 2, &["--commit"]).finds("no-clone");
    promote(&shop, 2, &["--branch"]).finds("no-clone");
}

#[test]
fn write_keeps_the_mode_of_a_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let shop = Shop::adopted(&[]);
    let path = shop.clone.join("stage/web.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    git(&shop.clone, &["commit", "-qam", "Mode"]);
    promote(&shop, 0, &["--write"]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
    // A commit keeps it as well.
    git(&shop.clone, &["checkout", "-q", "."]);
    git(&shop.clone, &["push", "-q"]);
    promote(&shop, 0, &["--commit"]);
    let entry = git(&shop.remote.bare(), &["ls-tree", "main", "stage/web.yaml"]);
    assert!(entry.starts_with("100755 "), "{entry}");
}

#[test]
fn commit_reads_the_remotes_tip_and_neither_head_nor_the_work_tree() {
    let shop = Shop::adopted(&[]);
    git(&shop.clone, &["switch", "-qc", "topic"]);
    put(&shop.clone, "qa/web.yaml", Some(&image("web", "v8")));
    put(&shop.clone, "rungs.yaml", Some("version: 1\nladder: [nothing]\n"));
    git(&shop.clone, &["add", "-A"]);
    git(&shop.clone, &["commit", "-qm", "mine"]);
    put(&shop.clone, "stage/web.yaml", Some("mine\n"));
    put(&shop.clone, "staged.txt", Some("mine\n"));
    git(&shop.clone, &["add", "staged.txt"]);
    let before = (
        files_in(&shop.clone),
        git(&shop.clone, &["rev-parse", "HEAD"]),
        git(&shop.clone, &["status", "--porcelain"]),
    );
    promote(&shop, 0, &["--commit"]).says("to main");
    let after = (
        files_in(&shop.clone),
        git(&shop.clone, &["rev-parse", "HEAD"]),
        git(&shop.clone, &["status", "--porcelain"]),
    );
    assert_eq!(before, after);
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v2").trim_end());
    assert_eq!(shop.changed(), ["stage/web.yaml"]);
    assert!(is_sound(&shop.remote.bare()));
}

#[test]
fn commit_works_in_a_bare_clone_a_linked_work_tree_and_a_directory_below() {
    let shop = Shop::adopted(&[]);
    let url = shop.remote.file_url();
    git(&shop.remote.path(""), &["clone", "-q", "--bare", &url, "bare.git"]);
    let bare = shop.remote.path("bare.git");
    for (name, value) in [("user.name", "ana"), ("user.email", "ana@example.com")] {
        git(&bare, &["config", name, value]);
    }
    RunOutput::of(&rungs(&bare, &[&PROMOTE[..], &["--commit"]].concat())).ends(0);
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v2").trim_end());
    let linked = shop.remote.path("linked");
    git(&shop.clone, &["worktree", "add", "-q", "-b", "side", linked.to_str().unwrap()]);
    RunOutput::of(&rungs(&linked, &["promote", "api", "--to", "stage", "--commit"])).ends(0);
    assert_eq!(shop.file("stage/api.yaml"), image("api", "v2").trim_end());
    RunOutput::of(&rungs(&linked, &["promote", "api", "--to", "prod", "--branch"])).ends(0);
    // The current directory in the repository does not matter.
    let below = shop.clone.join("stage");
    RunOutput::of(&rungs(&below, &["promote", "web", "--to", "prod", "--commit"])).ends(0);
}

#[test]
fn another_base_and_remote_may_be_named() {
    let shop = Shop::adopted(&[]);
    let tip = shop.remote.tip();
    git(&shop.remote.bare(), &["branch", "release", "main"]);
    promote(&shop, 0, &["--commit", "--base", "release"]).says("to release");
    assert_eq!(shop.remote.tip(), tip);
    git(&shop.clone, &["remote", "rename", "origin", "up"]);
    promote(&shop, 0, &["--commit", "--remote", "up", "--base", "main"]);
    assert_ne!(shop.remote.tip(), tip);
    for (option, value) in [("--base", "nowhere"), ("--remote", "nowhere")] {
        let output = shop.rungs(&[&PROMOTE[..], &["--commit", option, value]].concat());
        assert!(matches!(output.code, Some(2 | 4)), "{output:?}");
        output.says("nowhere");
    }
}

fn tip(shop: &Shop, branch: &str) -> String {
    git(&shop.remote.bare(), &["rev-parse", "--verify", branch])
}

const BRANCH: &str = "rungs/stage/web";

#[test]
fn a_branch_has_one_commit_on_the_base_and_the_same_plan_pushes_nothing() {
    let shop = Shop::adopted(&[]);
    let base = shop.remote.tip();
    promote(&shop, 0, &["--branch"]).says(BRANCH);
    assert_eq!(shop.remote.tip(), base);
    assert_eq!(git(&shop.remote.bare(), &["rev-parse", &format!("{BRANCH}~")]), base);
    assert_eq!(shop.remote.changed(BRANCH), ["stage/web.yaml"]);
    let first = tip(&shop, BRANCH);
    hook(&shop.remote.bare(), "pre-receive", "touch pushed; exit 1");
    promote(&shop, 0, &["--branch"]).says("has this plan already");
    // The same holds after other changes of the base.
    fs::remove_file(shop.remote.bare().join("hooks/pre-receive")).unwrap();
    shop.elsewhere("api", &[("qa/api.yaml", Some(&image("api", "v9")))]);
    promote(&shop, 0, &["--branch"]).says("has this plan already");
    assert_eq!(tip(&shop, BRANCH), first);
    assert!(!shop.remote.bare().join("pushed").exists());
}

#[test]
fn a_newer_plan_replaces_ours() {
    let shop = Shop::adopted(&[]);
    promote(&shop, 0, &["--branch"]);
    shop.ends(0, &["set", "web", ":v3", "--env", "qa", "--commit"]);
    promote(&shop, 0, &["--branch"]).says("pushed");
    let text = git(&shop.remote.bare(), &["show", &format!("{BRANCH}:stage/web.yaml")]);
    assert_eq!(text, image("web", "v3").trim_end());
    assert_eq!(git(&shop.remote.bare(), &["rev-parse", &format!("{BRANCH}~")]), shop.remote.tip());
}

#[test]
fn a_branch_that_git_cannot_have_beside_another_is_said_to_be_in_the_way() {
    for other in ["rungs", "rungs/stage", "rungs/stage/web/x"] {
        let shop = Shop::adopted(&[]);
        git(&shop.remote.bare(), &["branch", other, "main"]);
        promote(&shop, 1, &["--branch"])
            .finds("push-refused")
            .says(&format!("rename or delete the branch `{other}` on `origin`"));
    }
}

#[test]
fn a_branch_that_the_server_is_busy_with_for_a_moment_is_pushed_once_more() {
    let shop = Shop::adopted(&[]);
    let once = "[ -e seen ] && exit 0; touch seen; exit 1";
    hook(&shop.remote.bare(), "update", once);
    promote(&shop, 0, &["--branch"]).says("pushed");
    hook(&shop.remote.bare(), "update", "exit 1");
    let refused = shop.ends(1, &["set", "web", ":v3", "--env", "qa", "--branch"]);
    assert!(!refused.stderr.contains("push a branch"), "{refused:?}");
}

#[test]
fn a_branch_is_named_by_environment_and_by_apps_or_train() {
    let shop = Shop::configured("trains: { shop: [api, web] }\n", &[]);
    shop.ends(0, &["promote", "--train", "shop", "--to", "stage", "--branch"])
        .says("rungs/stage/shop");
    shop.ends(0, &["promote", "web", "api", "--to", "stage", "--branch"])
        .says("rungs/stage/api+web");
    shop.ends(0, &["promote", "--all", "--to", "stage", "--branch"]).says("rungs/stage/all");
    let nested = "\
version: 1
ladder: [qa, prod/eu]
sites:
  - path: '{environment}/{app}.yaml'
    kind: yaml
    fields: { image: image }
";
    let files = [
        ("rungs.yaml", nested.to_owned()),
        ("qa/web.yaml", image("web", "v2")),
        ("prod/eu/web.yaml", image("web", "v1")),
    ];
    let shop = Shop::of(&files.map(|(path, text)| (path.to_owned(), text)).into());
    shop.ends(0, &["promote", "web", "--to", "prod/eu", "--branch"]).says("rungs/prod.eu/web");
}

#[test]
fn an_app_whose_name_no_branch_can_have_is_committed_or_written() {
    let (new, old) = (image("web.lock", "v2"), image("web.lock", "v1"));
    let shop = Shop::adopted(&[("qa/web.lock.yaml", &new), ("stage/web.lock.yaml", &old)]);
    let promote = ["promote", "web.lock", "--to", "stage"];
    let refused = shop.ends(2, &[&promote[..], &["--branch"]].concat());
    refused.finds("invalid-branch").says("rungs/stage/web.lock").says("--commit");
    shop.ends(0, &[&promote[..], &["--commit"]].concat());
    assert_eq!(shop.changed(), ["stage/web.lock.yaml"]);
}

/// Somebody puts a commit on our branch.
fn somebody(shop: &Shop, name: &str, script: &[&[&str]]) -> String {
    let theirs = shop.remote.cloned(name);
    git(&theirs, &["switch", "-q", BRANCH]);
    put(&theirs, "notes.txt", Some("tested\n"));
    git(&theirs, &["add", "-A"]);
    for arguments in script {
        git(&theirs, arguments);
    }
    git(&theirs, &["push", "-q", "--force", "origin", BRANCH]);
    git(&theirs, &["rev-parse", "HEAD"])
}

#[test]
fn somebodys_commit_on_our_branch_is_never_thrown_away() {
    let on_top: &[&[&str]] = &[&["commit", "-qm", "Note"]];
    // Their commit lies below ours, as after `git rebase --interactive`.
    let below: &[&[&str]] = &[
        &["commit", "-qm", "Note"],
        &["tag", "note"],
        &["reset", "-q", "--hard", "origin/main"],
        &["cherry-pick", "note"],
        &["cherry-pick", "origin/rungs/stage/web"],
    ];
    let merged: &[&[&str]] = &[
        &["stash", "-q"],
        &["switch", "-qc", "side", "origin/main"],
        &["stash", "pop", "-q"],
        &["commit", "-qm", "Note"],
        &["switch", "-q", BRANCH],
        &["merge", "-q", "--no-ff", "-m", "Merge side", "side"],
    ];
    for (name, script) in [("on-top", on_top), ("below", below), ("merged", merged)] {
        let shop = Shop::adopted(&[]);
        promote(&shop, 0, &["--branch"]);
        let theirs = somebody(&shop, name, script);
        shop.ends(0, &["set", "web", ":v3", "--env", "qa", "--commit"]);
        promote(&shop, 1, &["--branch"]).finds("branch-not-ours");
        assert_eq!(tip(&shop, BRANCH), theirs, "{name}");
    }
}

#[test]
fn our_branch_brought_up_to_date_with_the_base_is_still_ours() {
    let shop = Shop::adopted(&[]);
    promote(&shop, 0, &["--branch"]);
    shop.elsewhere("api", &[("qa/api.yaml", Some(&image("api", "v9")))]);
    let theirs = shop.remote.cloned("rebased");
    git(&theirs, &["switch", "-q", BRANCH]);
    git(&theirs, &["rebase", "-q", "origin/main"]);
    git(&theirs, &["push", "-q", "--force"]);
    shop.ends(0, &["set", "web", ":v3", "--env", "qa", "--commit"]);
    promote(&shop, 0, &["--branch"]);
}

#[test]
fn approvals_keep_a_commit_out_and_not_a_branch() {
    let gates = "environments: { stage: { gates: { approvals: { count: 1 } } } }\n";
    let shop = Shop::configured(gates, &[]);
    let tip = shop.remote.tip();
    promote(&shop, 3, &["--commit"]).says("the gate `approvals` fails");
    assert_eq!(shop.remote.tip(), tip);
    for gate in ["approvals", "render"] {
        let own = ["--commit", "--override", gate, "--reason", "I approve of myself"];
        promote(&shop, 2, &own).says("it cannot be overridden");
    }
    assert_eq!(shop.remote.tip(), tip);
    promote(&shop, 0, &["--branch"]);
}

#[test]
fn gates_are_those_of_the_base_and_not_of_the_work_tree() {
    let shop = Shop::configured("environments: { stage: { gates: { tag: '^r' } } }\n", &[]);
    put(&shop.clone, "rungs.yaml", Some(&shop.file("rungs.yaml").replace("'^r'", "'^v'")));
    git(&shop.clone, &["commit", "-qam", "Let me in"]);
    promote(&shop, 3, &["--commit"]).says("the gate `tag` fails");
    promote(&shop, 3, &["--branch"]);
}

#[test]
fn a_url_is_worked_on_without_a_clone() {
    let shop = Shop::adopted(&[]);
    let home = shop.remote.path("home");
    fs::create_dir(&home).unwrap();
    let url = shop.remote.file_url();
    let author = ["--author", "ci <ci@example.com>"];
    let variables = [("HOME", home.to_str().unwrap())];
    let arguments = [&["--repo", &url][..], &PROMOTE, &["--commit"], &author].concat();
    RunOutput::with(&home, &variables, &arguments).ends(0);
    assert_eq!(shop.file("stage/web.yaml"), image("web", "v2").trim_end());
    let by = git(&shop.remote.bare(), &["log", "-1", "--format=%an <%ae>", "main"]);
    assert_eq!(by, author[1]);
    RunOutput::with(&home, &variables, &arguments).ends(0).says("nothing to do");
}
