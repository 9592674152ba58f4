//! Templates that are pinned to a commit.

use std::sync::Arc;

use rungs::config::load;
use rungs::diagnostic::ProblemKind;
use rungs::source::{Memory, RevisionError, Revisions, Tree};

/// A clone with the tag `v1` and the branch `main`.
struct Clone;

impl Revisions for Clone {
    fn at(&self, revision: &str) -> Result<Tree, RevisionError> {
        match revision {
            "v1" => Ok(Tree::new(Memory::of([("templates/web/values.yaml", "a: old\n")]))),
            "main" => Err(RevisionError::Branch(revision.to_owned())),
            _ => Err(RevisionError::Absent {
                revision: revision.to_owned(),
                fetch: format!("git fetch origin {revision}"),
            }),
        }
    }
}

fn repository(pin: &str) -> Tree {
    let app = format!("template: {pin}\n");
    let memory = Memory::of([
        ("rungs.yaml", "version: 1\n"),
        ("templates/web/values.yaml", "a: new\n"),
        ("templates/cart/values.yaml", ""),
        ("environments/qa/web.yaml", app.as_str()),
    ]);
    Tree::with_revisions(memory, Some(Arc::new(Clone)))
}

#[test]
fn a_pinned_templates_values_are_those_of_the_commit() {
    let repository = load(&repository("web@v1")).unwrap().repository;
    let (_, app) = repository.find_app("qa", "web").unwrap();
    assert_eq!(app.values().root().get("a").unwrap().as_str(), Some("old"));
    assert_eq!(app.template.pin.as_deref(), Some("v1"));
}

#[test]
fn a_branch_is_refused_and_an_absent_commit_may_be_fetched() {
    let refusal = |pin: &str| {
        let findings = load(&repository(pin)).unwrap_err();
        let finding = findings.iter().next().unwrap();
        let place = finding.location().to_string();
        (finding.code.name, findings.kind().unwrap(), place, finding.help.clone().unwrap())
    };
    let place = "environments/qa/web.yaml:1:11".to_owned();
    let (code, kind, at, _) = refusal("web@main");
    assert_eq!((code, kind, at), ("revision-is-a-branch", ProblemKind::Input, place.clone()));
    let (code, kind, at, help) = refusal("web@v2");
    assert_eq!((code, kind, at), ("commit-missing", ProblemKind::Outside, place.clone()));
    assert_eq!(help, "fetch it: `git fetch origin v2`");
    let (code, _, at, help) = refusal("cart@v1");
    assert_eq!((code, at, help.as_str()), ("missing-template", place, "there are: `web`"));
}
