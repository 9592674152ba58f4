//! Findings in invalid repositories: each is a directory that holds its files
//! and the expected text.

use std::fmt::Write as _;
use std::{env, fs};

use rungs::config::{Loaded, load};
use rungs::diagnostic::{Finding, Findings};
use rungs::source::{Memory, RepoPath, Tree};

use super::{here, load_directory};

/// One finding as stable text.
fn shown(finding: &Finding) -> String {
    let mut text = String::new();
    let primary = &finding.labels[0];
    let line = format!(
        "{} {} {}: {}",
        primary.location, finding.severity, finding.code.name, finding.message
    );
    writeln!(text, "{line}").unwrap();
    if !primary.message.is_empty() {
        writeln!(text, "  because: {}", primary.message).unwrap();
    }
    for label in &finding.labels[1..] {
        writeln!(text, "  see: {} {}", label.location, label.message).unwrap();
    }
    if let Some(help) = &finding.help {
        writeln!(text, "  help: {help}").unwrap();
    }
    text
}

fn outcome(result: Result<Loaded, Findings>) -> String {
    let (head, findings) = match result {
        Ok(loaded) => ("loaded\n", loaded.warnings),
        Err(findings) => ("refused\n", findings),
    };
    let findings: Vec<_> = findings.iter().map(shown).collect();
    format!("{head}\n{}", findings.join("\n"))
}

#[test]
fn each_invalid_repository_gets_the_expected_findings() {
    let update = env::var_os("RUNGS_UPDATE").is_some();
    let mut claims: Vec<_> =
        fs::read_dir(here().join("invalid")).unwrap().map(|entry| entry.unwrap().path()).collect();
    claims.sort();
    assert!(claims.len() >= 40, "{} claims", claims.len());
    let mut different = Vec::new();
    for claim in claims {
        let found = outcome(load_directory(&claim));
        let expected = claim.join("expected.txt");
        if update {
            fs::write(&expected, &found).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != found {
            different.push(format!("{}\n{found}", claim.display()));
        }
    }
    assert!(
        different.is_empty(),
        "not as expected; RUNGS_UPDATE=1 accepts what was found:\n\n{}",
        different.join("\n")
    );
}

#[test]
fn every_code_of_configuration_is_shown_by_a_claim() {
    let expected: String = fs::read_dir(here().join("invalid"))
        .unwrap()
        .map(|claim| fs::read_to_string(claim.unwrap().path().join("expected.txt")).unwrap())
        .collect();
    let unseen: Vec<_> = rungs::config::CODES
        .iter()
        .map(|code| code.name)
        // Only a person who names a train gets this finding.
        .filter(|name| *name != "unknown-train")
        .filter(|name| !expected.contains(&format!(" {name}: ")))
        .collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}

#[test]
fn links_that_lead_back_end_in_one_finding() {
    let mut memory = Memory::of([
        ("rungs.yaml", "version: 1\n"),
        ("environments/a/environment.yaml", ""),
        ("environments/b/environment.yaml", ""),
    ]);
    for link in ["environments/a/x", "environments/b/x"] {
        memory.link(RepoPath::new(link).unwrap(), "..");
    }
    let findings = load(&Tree::new(memory)).unwrap_err();
    let codes: Vec<_> = findings.iter().map(|finding| finding.code.name).collect();
    assert_eq!(codes, ["directories-too-deep"]);
}
