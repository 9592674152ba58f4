//! Loading some of many apps.

use std::collections::BTreeSet;

use rungs::config::{Loaded, load, load_apps};
use rungs::source::{Memory, RepoPath, Tree};

use super::shop;
use super::support::recording::recording;

const ENVIRONMENTS: [&str; 4] = ["qa", "stage", "prod/eu", "prod/us"];

/// A repository with `web`, whose files are valid, and `others`, whose files are
/// not even YAML.
fn tree(others: &[&str]) -> Tree {
    let mut files = Memory::of([
        (
            "rungs.yaml",
            "version: 1\nladder: [qa, stage, [prod/eu, prod/us]]\ntrains: { all: [web, cart] }\n",
        ),
        ("environments/environment.yaml", "labels: { team: shop }\n"),
        ("environments/prod/environment.yaml", "tier: production\n"),
        ("templates/web/web.yaml", ""),
        ("templates/web/values.yaml", "replicas: 1\n"),
        ("templates/cart/values.yaml", "[[["),
    ]);
    let mut app = |path: String, text: &str| {
        files.insert(RepoPath::new(&path).unwrap(), text.as_bytes().to_vec());
    };
    app("environments/web.yaml".to_owned(), "images: { web: { repository: web, tag: v1 } }\n");
    for environment in ENVIRONMENTS {
        app(format!("environments/{environment}/web.yaml"), "values: { replicas: 2 }\n");
        for other in others {
            app(format!("environments/{environment}/{other}.yaml"), "]: {");
        }
    }
    for other in others {
        app(format!("environments/prod/{other}.yaml"), "]: {");
    }
    Tree::new(files)
}

fn names(apps: &[&str]) -> BTreeSet<String> {
    apps.iter().map(|&app| app.to_owned()).collect()
}

#[test]
fn no_other_apps_file_is_read() {
    let (tree, record) = recording(&tree(&["cart", "pay"]));
    load_apps(&tree, &names(&["web"])).unwrap();
    let read = record.read();
    let expected = [
        "environments/environment.yaml",
        "environments/prod/environment.yaml",
        "environments/prod/eu/web.yaml",
        "environments/prod/us/web.yaml",
        "environments/qa/web.yaml",
        "environments/stage/web.yaml",
        "environments/web.yaml",
        "rungs.yaml",
        "templates/web/values.yaml",
    ];
    assert_eq!(read, expected);
}

#[test]
fn the_names_of_other_apps_are_known() {
    let Loaded { repository, warnings, .. } =
        load_apps(&tree(&["cart"]), &names(&["web"])).unwrap();
    assert!(warnings.is_empty(), "the train's `cart` is an app: {warnings:?}");
    let qa = repository.find_environment("qa").unwrap();
    assert_eq!(*qa.app_names, ["cart", "web"]);
    assert!(qa.has_app("cart") && qa.app("cart").is_none() && qa.app("web").is_some());
    let finding = repository.find_app("qa", "carte").unwrap_err();
    assert_eq!(finding.help.as_deref(), Some("did you mean `cart`?"));
}

#[test]
fn names_are_in_order_even_if_those_of_their_files_are_not() {
    let repository = load_apps(&tree(&["web-eu", "cart"]), &names(&[])).unwrap().repository;
    let qa = repository.find_environment("qa").unwrap();
    assert_eq!(*qa.app_names, ["cart", "web", "web-eu"]);
    assert!(qa.app_names.iter().all(|app| qa.has_app(app)));
}

#[test]
fn an_invalid_name_of_another_apps_file_stops_nobody() {
    let with = |other| load_apps(&tree(&[other]), &names(&["web"])).is_ok();
    let tree = tree(&["Cart_1"]);
    assert!(load(&tree).is_err());
    let trains = load_apps(&tree, &names(&["web"])).unwrap_err();
    let messages: Vec<_> = trains.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages, ["there is no app `cart`"], "one for the train, none for the file");
    assert!(with("cart"));
}

#[test]
fn an_app_is_the_same_alone_and_among_all() {
    let directory = super::here().join("complete/shop");
    let disk = || Tree::new(rungs::source::Disk::new(&directory));
    let alone = load_apps(&disk(), &names(&["guestbook"])).unwrap().repository;
    for (all, one) in shop().environments.iter().zip(&alone.environments) {
        assert_eq!(all.app_names, one.app_names);
        assert_eq!(all.app("guestbook").is_some(), one.app("guestbook").is_some());
        let (Some(all), Some(one)) = (all.app("guestbook"), one.app("guestbook")) else { continue };
        assert!(all.values().root().equals(one.values().root()));
        assert_eq!(all.images, one.images);
        assert_eq!(one.gates.tag, all.gates.tag);
    }
    assert!(alone.environments.iter().all(|environment| environment.app("cart").is_none()));
}
