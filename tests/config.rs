//! What the loader says of repositories that are wrong, and what it makes of
//! one that is right.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use rungs::config::{Loaded, load};
use rungs::diagnostic::{Finding, Findings};
use rungs::source::{Disk, Tree};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config")
}

fn load_directory(directory: &Path) -> Result<Loaded, Findings> {
    load(&Tree::new(Disk::new(directory)))
}

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

fn told(result: Result<Loaded, Findings>) -> String {
    let (head, findings) = match result {
        Ok(loaded) => ("loaded\n", loaded.warnings),
        Err(findings) => ("refused\n", findings),
    };
    let findings: Vec<_> = findings.iter().map(shown).collect();
    format!("{head}\n{}", findings.join("\n"))
}

#[test]
fn each_wrong_repository_is_told_what_is_wrong() {
    let update = env::var_os("RUNGS_UPDATE").is_some();
    let mut claims: Vec<_> =
        fs::read_dir(here().join("invalid")).unwrap().map(|entry| entry.unwrap().path()).collect();
    claims.sort();
    assert!(claims.len() >= 40, "{} claims", claims.len());
    let mut different = Vec::new();
    for claim in claims {
        let found = told(load_directory(&claim));
        let expected = claim.join("expected.txt");
        if update {
            fs::write(&expected, &found).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != found {
            different.push(format!("{}\n{found}", claim.display()));
        }
    }
    assert!(
        different.is_empty(),
        "not as expected; RUNGS_UPDATE=1 writes what is found:\n\n{}",
        different.join("\n")
    );
}
