//! The repositories that use every key of every file, and the schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jsonschema::Validator;
use rungs::config::{Approvals, Before, EnvironmentName, MergeStyle, Repository, Sourced, schemas};
use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{Dialect, parse};
use serde_json::Value as Json;

use super::{here, load_directory, loaded, shop};

/// A schema with its name: `rungs`, `environment`, `app`, `hold`.
pub(super) struct Schema {
    json: Json,
    validator: Validator,
}

pub(super) fn all_schemas() -> BTreeMap<&'static str, Schema> {
    let schema = |text: &str| {
        let json: Json = serde_json::from_str(text).unwrap();
        Schema { validator: jsonschema::validator_for(&json).unwrap(), json }
    };
    schemas().iter().map(|(name, text)| (*name, schema(text))).collect()
}

/// Which schema describes a file of a repository, by its path from the root.
pub(super) fn schema_name(path: &str) -> Option<&'static str> {
    match path.rsplit('/').next()? {
        "rungs.yaml" => Some("rungs"),
        _ if path.starts_with(".rungs/holds/") => Some("hold"),
        _ if !path.starts_with("environments/") => None,
        "environment.yaml" => Some("environment"),
        name => name.strip_suffix(".yaml").map(|_| "app"),
    }
}

/// A file as JSON; none if it is empty.
pub(super) fn json_of(text: &str) -> Option<Json> {
    let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned());
    let documents = parse(&Arc::new(file), Dialect::Kubectl).unwrap();
    documents.first().map(|document| serde_json::to_value(document.root()).unwrap())
}

/// The errors that a schema finds in a file.
pub(super) fn objections(schema: &Schema, text: &str) -> Vec<String> {
    let Some(json) = json_of(text) else { return Vec::new() };
    schema.validator.iter_errors(&json).map(|error| error.to_string()).collect()
}

/// Every file below a directory, by its path relative to the directory.
pub(super) fn files_of(repository: &Path) -> BTreeMap<String, String> {
    let entries = walkdir::WalkDir::new(repository).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let text = |path: &Path| {
        let below = path.strip_prefix(repository).unwrap().to_str().unwrap().to_owned();
        Some((below, fs::read_to_string(path).ok()?))
    };
    files.filter_map(|entry| text(entry.path())).collect()
}

fn repositories(directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(here().join(directory)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_complete_repositories_load_without_a_warning() {
    for repository in repositories("complete") {
        let loaded = load_directory(&repository).unwrap_or_else(|findings| {
            panic!("{}: {findings:#?}", repository.display());
        });
        // They have every key, and some have no effect yet.
        let mut others = loaded.warnings.iter().map(|finding| finding.code.name);
        assert!(others.all(|code| code == "setting-without-effect"), "{:#?}", loaded.warnings);
    }
}

#[test]
fn every_key_of_the_schemas_is_used_by_the_complete_repositories() {
    let schemas = all_schemas();
    let mut used = BTreeSet::new();
    for repository in repositories("complete") {
        for (path, text) in files_of(&repository) {
            let Some(name) = schema_name(&path) else { continue };
            let schema = &schemas[name].json;
            let json = json_of(&text).unwrap_or_default();
            use_keys(schema, schema, name, &json, &mut used);
        }
    }
    let mut unused = BTreeSet::new();
    for (name, schema) in &schemas {
        let definitions = schema.json["definitions"].as_object().unwrap();
        let maps = definitions.iter().map(|(name, map)| (name.as_str(), map));
        for (map, definition) in maps.chain([(*name, &schema.json)]) {
            let keys = definition["properties"].as_object().into_iter().flatten();
            unused.extend(keys.map(|(key, _)| format!("{map}.{key}")));
        }
    }
    unused.retain(|key| !used.contains(key));
    assert!(unused.is_empty(), "no file uses {unused:?}");
}

/// Adds each key of `json` to `used`, under the definition that has it as a property.
fn use_keys(root: &Json, schema: &Json, name: &str, json: &Json, used: &mut BTreeSet<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return use_keys(root, &root["definitions"][name], name, json, used);
    }
    for alternative in ["anyOf", "oneOf", "allOf"] {
        for one in schema[alternative].as_array().into_iter().flatten() {
            use_keys(root, one, name, json, used);
        }
    }
    for item in json.as_array().into_iter().flatten() {
        use_keys(root, &schema["items"], name, item, used);
    }
    for (key, value) in json.as_object().into_iter().flatten() {
        let property = &schema["properties"][key];
        if !property.is_null() {
            used.insert(format!("{name}.{key}"));
            use_keys(root, property, name, value, used);
        }
        use_keys(root, &schema["additionalProperties"], name, value, used);
    }
}

#[test]
fn schemas_accept_what_the_loader_accepts() {
    let schemas = all_schemas();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).to_owned();
    let mut right = repositories("complete");
    right.extend(repositories("invalid").into_iter().filter(|one| load_directory(one).is_ok()));
    for repository in right {
        for (path, text) in files_of(&repository) {
            let Some(name) = schema_name(&path) else { continue };
            let objections = objections(&schemas[name], &text);
            assert!(objections.is_empty(), "{}/{path}: {objections:?}", repository.display());
        }
    }
    for path in ["rungs.yaml", "environments/environment.yaml", "environments/guestbook.yaml"] {
        let text = fs::read_to_string(demo.join(path)).unwrap();
        let objections = objections(&schemas[schema_name(path).unwrap()], &text);
        assert!(objections.is_empty(), "{path}: {objections:?}");
    }
}

#[test]
fn schemas_refuse_what_an_editor_should_underline() {
    let schemas = all_schemas();
    for (name, text) in [
        ("rungs", "ladder: [qa]\n"),
        ("rungs", "version: 2\n"),
        ("rungs", "version: 1\nladders: [qa]\n"),
        ("environment", "tier: prod\n"),
        ("environment", "gates: { soak: 24 }\n"),
        ("environment", "gates: { soak: { four: 24h } }\n"),
        ("environment", "access: [{ group: sre, roles: view }]\n"),
        ("app", "images: { web: { tag: 1.10 } }\n"),
        ("app", "image: {}\n"),
    ] {
        assert!(!objections(&schemas[name], text).is_empty(), "{name}: {text}");
    }
}

#[test]
fn environments_are_in_the_order_of_the_ladder_and_then_by_name() {
    let names: Vec<_> = shop().environments.iter().map(|one| one.name.to_string()).collect();
    let expected = ["qa", "e2e", "stage", "prod/eu", "prod/us", "demo", "sandbox", "showroom"];
    assert_eq!(names, expected);
}

#[test]
fn the_ladder_says_which_environments_come_before_which() {
    let shop = shop();
    let before = |name: &str| shop.ladder.before(&shop.find_environment(name).unwrap().name);
    let names = |list: &[&str]| {
        list.iter().map(|name| shop.find_environment(name).unwrap().name.clone()).collect()
    };
    assert_eq!(before("qa"), Some(Before::All(vec![])));
    assert_eq!(before("prod/us"), Some(Before::All(names(&["stage"]))));
    assert_eq!(before("demo"), Some(Before::Any(names(&["qa", "e2e"]))));
    assert_eq!(before("showroom"), Some(Before::All(names(&["demo"]))));
    assert_eq!(before("sandbox"), None);
}

#[test]
fn an_environment_that_no_set_names_is_isolated_by_itself() {
    let isolate = shop().network.isolate;
    let sets: Vec<Vec<&str>> =
        isolate.iter().map(|set| set.iter().map(EnvironmentName::as_str).collect()).collect();
    assert!(sets.contains(&vec!["qa", "e2e"]) && sets.contains(&vec!["sandbox"]), "{sets:?}");
}

#[test]
fn a_name_that_is_nearly_right_is_answered_with_the_right_one() {
    let shop = shop();
    let help = |finding: rungs::diagnostic::Finding| finding.help.unwrap();
    assert_eq!(help(shop.find_environment("stag").unwrap_err()), "did you mean `stage`?");
    assert!(help(shop.find_environment("prod").unwrap_err()).contains("`prod/eu` or `prod/us`"));
    assert_eq!(help(shop.find_app("qa", "guestbok").unwrap_err()), "did you mean `guestbook`?");
    assert_eq!(help(shop.find_app("prod/eu", "cart").unwrap_err()), "it is in `qa`, `e2e`");
    assert!(shop.find_app("prod/eu/", "guestbook").is_ok());
    assert_eq!(help(shop.find_train("shp").unwrap_err()), "did you mean `shop`?");
    assert_eq!(shop.find_train("shop").unwrap().apps, ["guestbook", "cart"]);
}

#[test]
fn an_environments_kubernetes_version_wins_over_the_repositorys() {
    let shop = shop();
    let version =
        |name: &str| shop.find_environment(name).unwrap().kubernetes.clone().unwrap().value;
    assert_eq!((version("qa").minor, version("prod/eu").minor), (35, 34));
}

#[test]
fn a_state_counts_after_it_has_left_if_it_stood_for_ten_minutes() {
    let shop = shop();
    let stood = |name: &str| {
        let soak = shop.find_environment(name).unwrap().gates.soak.as_ref().unwrap();
        soak.value.stood.to_string()
    };
    assert_eq!((stood("stage"), stood("prod/eu")), ("30m".to_owned(), "10m".to_owned()));
}

#[test]
fn exceptions_need_the_approvals_that_override_and_relax_ask_for() {
    let shop = shop();
    let gates = &shop.find_environment("prod/eu").unwrap().gates;
    let approvals = |one: &Option<Sourced<Approvals>>| {
        let Approvals { count, teams } = one.as_ref().unwrap().value.clone();
        format!("{count} of {}", teams.join(", "))
    };
    assert_eq!(approvals(&gates.override_approvals), "3 of sre, leads");
    assert_eq!(approvals(&gates.relax_approvals), "2 of leads");
}

#[test]
fn without_relax_whoever_lets_a_change_enter_may_weaken_the_gates() {
    let gates = "gates: { approvals: { count: 2, teams: [sre] } }\n";
    let repository = loaded(&[
        ("rungs.yaml", "version: 1\n"),
        ("environments/prod/environment.yaml", gates),
        ("environments/qa/environment.yaml", ""),
    ])
    .repository;
    let prod = &repository.find_environment("prod").unwrap().gates;
    assert_eq!(prod.relax_approvals, prod.approvals);
    assert_eq!(prod.override_approvals, None, "only the pipeline's own `--override` counts");
    assert_eq!(repository.find_environment("qa").unwrap().gates.relax_approvals, None);
}

#[test]
fn unordered_images_are_no_gate_and_an_app_may_have_its_own() {
    let repository = loaded(&[
        ("rungs.yaml", "version: 1\n"),
        ("templates/web/values.yaml", ""),
        ("environments/qa/environment.yaml", "gates: { image: { unordered: [\"*/proxyv2\"] } }\n"),
        ("environments/qa/api.yaml", "template: web\n"),
        ("environments/qa/job.yaml", "template: web\ngates: { image: { unordered: [] } }\n"),
        ("environments/qa/web.yaml", "gates: { image: { allow: [\"ghcr.io/*\"] } }\n"),
    ])
    .repository;
    let qa = repository.find_environment("qa").unwrap();
    let gates = |app: &str| {
        let gates = qa.gates_of(app);
        let patterns: Vec<_> = gates.unordered.iter().map(|one| one.value.as_str()).collect();
        (gates.image.is_some(), patterns.concat())
    };
    assert_eq!(gates("api"), (false, "*/proxyv2".to_owned()));
    assert_eq!(gates("job"), (false, String::new()));
    assert_eq!(gates("web"), (true, "*/proxyv2".to_owned()));
}

#[test]
fn apps_may_begin_in_an_environment_that_others_come_before() {
    let shop = shop();
    let enters = |repository: &Repository, environment: &str| {
        let enters = repository.find_environment(environment).unwrap().enters.iter();
        enters.map(|app| app.value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(enters(&shop, "demo"), ["cart"]);
    assert!(enters(&shop, "stage").is_empty());
    let repository = loaded(&[
        ("rungs.yaml", "version: 1\n"),
        ("templates/web/values.yaml", ""),
        ("environments/prod/environment.yaml", "enters: [web]\n"),
        ("environments/prod/eu/web.yaml", ""),
        ("environments/prod/us/environment.yaml", "enters: []\n"),
    ])
    .repository;
    assert_eq!(enters(&repository, "prod/eu"), ["web"]);
    assert!(enters(&repository, "prod/us").is_empty());
}

#[test]
fn a_forge_may_say_how_pull_requests_land() {
    let merge = shop().forge.unwrap().merge;
    assert_eq!(merge, Some(MergeStyle::Squash));
    let other = load_directory(&here().join("complete/token-file")).unwrap();
    assert_eq!(other.repository.forge.unwrap().merge, None);
}

#[test]
fn an_apps_gates_override_its_environments() {
    let shop = shop();
    let production = shop.find_environment("prod/eu").unwrap();
    let hours = |app| production.gates_of(app).soak.as_ref().unwrap().value.time.seconds() / 3600;
    let has_ticket = |app| production.gates_of(app).ticket.is_some();
    assert_eq!((hours("guestbook"), has_ticket("guestbook")), (48, false));
    assert_eq!((hours("cart"), has_ticket("cart")), (24, true), "it does not exist there");
    assert_eq!(production.gates_of("guestbook").approvals.as_ref().unwrap().value.count, 2);
}
