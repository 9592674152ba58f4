//! What once went wrong, each as the input on which it did.
//!
//! A case is a text: what was wrong, the files, and commands with what they have to give.
//! A command of rungs gives its exit code, findings with their places, gates that fail, and
//! every changed line of the work tree and of the remote's branches; a line `says` is a part
//! of its output. `RUNGS_UPDATE=1 cargo test --test faults` writes all but those.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod case;
mod outcome;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use case::{Case, Step};
use outcome::{Files, findings_in, lines_that_differ};
use support::program::{rungs_in, scrubbed, transcript};
use support::repository::files_in;
use support::shop::{RunOutput, Shop};

/// One test for each case.
macro_rules! faults {
    ($($name:ident)*) => {
        $(#[test] fn $name() { check(stringify!($name)); })*

        #[test]
        fn every_case_is_tested() {
            let tested: BTreeSet<_> = [$(path_of(stringify!($name))),*].into();
            let files = fs::read_dir(here()).unwrap().map(|entry| entry.unwrap().path());
            let cases = files.filter(|path| path.extension().is_some_and(|end| end == "txt"));
            assert_eq!(cases.collect::<BTreeSet<_>>(), tested);
        }
    };
}

faults! {
    an_anchor_reaches_another_app
    a_repository_that_comes_by_a_merge
    a_whole_number_from_a_million
    a_digest_that_is_called_sha
    a_tag_beside_the_image
    a_plain_number_in_the_source
    parse_yaml_reads_other_numbers_than_kubectl
    findings_about_sites_were_never_shown
    one_file_for_all_environments
    two_releases_of_one_name
    a_branch_that_conflicts
    an_image_in_an_inline_patch
    a_name_of_a_container_and_of_an_image
    a_text_that_a_template_prints_as_a_number
    a_big_whole_number_as_a_text
    a_route_that_leads_to_several_items
    values_in_a_text
    an_unreadable_file_disagrees_with_nothing
    one_image_in_two_containers
    the_tag_of_another_repository
    a_rung_without_a_file
    a_misspelt_field
    a_route_that_two_documents_have
    an_aliased_map_of_an_image
    a_git_reference_of_an_app
    a_git_reference_that_is_excluded
    a_configuration_that_is_not_committed
    one_file_for_two_apps
    a_template_that_no_engine_takes
    a_pin_in_one_environment
    a_promotion_after_a_hold_was_lifted
    a_new_tag_of_the_same_digest
    a_tag_without_its_colon
    names_that_the_repository_does_not_have
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults")
}

fn path_of(name: &str) -> PathBuf {
    here().join(name.replace('_', "-")).with_extension("txt")
}

/// Runs a case, and fails if it gives anything else than the case says.
fn check(name: &str) {
    let path = path_of(name);
    let text = fs::read_to_string(&path).unwrap();
    let case = Case::parse(&text);
    let shop = Shop::of(&case.files);
    let given: Vec<_> = case.steps.iter().map(|step| step.with(run(&shop, step))).collect();
    let given = format!("{}{}", case.input, given.concat());
    if env::var_os("RUNGS_UPDATE").is_some() {
        fs::write(&path, given).unwrap();
    } else {
        let at = path.display();
        assert!(given == text, "{at}: RUNGS_UPDATE=1 accepts what was found\n{given}");
    }
}

/// What a step gives; nothing for commands other than rungs.
fn run(shop: &Shop, step: &Step) -> Vec<String> {
    let Some(arguments) = step.command.strip_prefix("rungs ") else {
        prepare(&shop.clone, &step.command);
        return Vec::new();
    };
    let before = state(shop);
    let mut command = rungs_in(&shop.clone);
    let output = RunOutput::of(&command.args(words(arguments)).output().unwrap());
    let code = output.code.unwrap();
    let mut given = vec![format!("exit {code}")];
    given.extend(findings_in(&output));
    given.extend(lines_that_differ(&before, &state(shop)));
    for said in &step.says {
        output.clone().says(said);
    }
    given
}

/// Runs a command of the shell, which has to succeed.
fn prepare(directory: &Path, command: &str) {
    let mut shell = scrubbed("sh");
    shell.env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(directory);
    let output = shell.args(["-ec", command]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", transcript(&output));
}

/// The words of a command line. A quoted part has no quotes within.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (index, part) in line.split('\'').enumerate() {
        let mut pieces = if index % 2 == 0 { part.split(' ').collect() } else { vec![part] };
        words.last_mut().unwrap().push_str(pieces.remove(0));
        words.extend(pieces.into_iter().map(str::to_owned));
    }
    words
}

/// The files of the work tree, and those of each branch of the remote with its name before
/// their path.
fn state(shop: &Shop) -> Files {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let mut files: Files =
        files_in(&shop.clone).into_iter().map(|(path, bytes)| (path, text(bytes))).collect();
    for branch in shop.remote.branches() {
        let its = shop.remote.files(&branch).into_iter();
        files.extend(its.map(|(path, text)| (format!("{branch}:{path}"), text)));
    }
    files
}
