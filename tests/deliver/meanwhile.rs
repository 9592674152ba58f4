//! What somebody saves while a change is computed is not overwritten.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use rungs::config;
use rungs::deliver::{Delivered, Delivery, DeliveryMode, Done};
use rungs::diagnostic::Findings;
use rungs::git::{Variables, Workspace, WorkspaceOptions};
use rungs::promote::{
    AppSelection, Base, HoldBack, Intent, Permissions, PlannedChange, SetApp, SetReferences,
    Submission,
};
use rungs::sites::ImageRequest;
use rungs::worker::InProcess;

use crate::support::repository::files_in;
use crate::support::shop::{Shop, image, put};

/// An intent, and what somebody does once it is planned.
struct Meanwhile<'a> {
    intent: &'a dyn Intent,
    edit: &'a dyn Fn(),
}

impl Intent for Meanwhile<'_> {
    fn at(&self, base: &Base<'_>, submission: &Submission) -> Result<PlannedChange, Findings> {
        let planned = self.intent.at(base, submission)?;
        (self.edit)();
        Ok(planned)
    }

    fn apps(&self) -> AppSelection {
        self.intent.apps()
    }

    fn branch(&self) -> String {
        self.intent.branch()
    }
}

/// Writes an intent's files, while `edit` is made in the directory.
fn write(directory: &Path, intent: &dyn Intent, edit: &dyn Fn()) -> Result<Delivered, Findings> {
    let (options, variables) = (WorkspaceOptions::default(), Variables::default());
    let configured = config::configured_base_branch;
    let workspace = Workspace::at(directory, options, variables, configured);
    let delivery = Delivery::new(&workspace, &InProcess, Timestamp::UNIX_EPOCH);
    delivery.execute(DeliveryMode::Write, &Meanwhile { intent, edit })
}

/// A shop whose files are in no clone: git would know that one of them is dirty.
fn without_clone(shop: Shop) -> Shop {
    fs::remove_dir_all(shop.clone.join(".git")).unwrap();
    shop
}

fn set_web() -> SetReferences {
    SetReferences {
        environment: "qa".to_owned(),
        apps: vec![SetApp {
            routes: Vec::new(),
            gits: Vec::new(),
            name: "web".to_owned(),
            requests: vec![ImageRequest::parse(":v3").unwrap()],
        }],
        sequence: None,
        source_commit: None,
        permissions: Permissions::default(),
    }
}

fn hold_web() -> HoldBack {
    HoldBack {
        environment: "qa".to_owned(),
        app: "web".to_owned(),
        references: Vec::new(),
        reason: "it leaks".to_owned(),
        by: "ana".to_owned(),
        until: None,
    }
}

#[track_caller]
fn is_kept(directory: &Path, intent: &dyn Intent, path: &str, text: Option<&str>) {
    let edit = || put(directory, path, text);
    let before = files_in(directory);
    let findings = write(directory, intent, &edit).unwrap_err();
    let codes: Vec<_> = findings.iter().map(|finding| finding.code.name).collect();
    assert_eq!(codes, ["files-unwritten"], "{findings:?}");
    let mut after = files_in(directory);
    let mine = after.remove(path);
    assert_eq!(mine.as_deref(), text.map(str::as_bytes), "it is as it was saved");
    let others: Vec<_> = before.into_iter().filter(|(one, _)| one != path).collect();
    assert_eq!(after.into_iter().collect::<Vec<_>>(), others, "the others are as they were");
}

#[test]
fn a_file_that_is_edited_while_the_change_is_computed_is_kept() {
    let shop = without_clone(Shop::adopted(&[]));
    let mine = format!("{}# mine\n", image("web", "v2"));
    is_kept(&shop.clone, &set_web(), "qa/web.yaml", Some(&mine));
    let done = write(&shop.clone, &set_web(), &|| ()).unwrap().done;
    assert!(matches!(done, Done::Written(files) if files.len() == 1));
}

#[test]
fn a_file_that_is_removed_while_the_change_is_computed_stays_removed() {
    let shop = without_clone(Shop::adopted(&[]));
    is_kept(&shop.clone, &set_web(), "qa/web.yaml", None);
}

#[test]
fn a_file_that_comes_while_the_change_is_computed_is_kept() {
    let shop = without_clone(Shop::adopted(&[]));
    is_kept(&shop.clone, &hold_web(), ".rungs/holds/qa/web.yaml", Some("# mine\n"));
}

#[test]
fn a_rendered_file_that_is_edited_while_the_change_is_computed_is_kept() {
    let shop = without_clone(Shop::native(&[]));
    is_kept(&shop.clone, &set_web(), "rendered/qa/web/deployment-web.yaml", Some("kind: Mine\n"));
}
