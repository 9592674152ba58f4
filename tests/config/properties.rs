//! Properties that hold for files of any content.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use rungs::config::{Loaded, load, settings};
use rungs::source::{Memory, RepoPath, Tree};

use crate::support::effort::few_or_all;

use super::complete::{Schema, all_schemas, files_of, objections, schema_name};
use super::{codes, here};

static SCHEMAS: LazyLock<BTreeMap<&str, Schema>> = LazyLock::new(all_schemas);

fn shop_files() -> BTreeMap<String, String> {
    let mut files = files_of(&here().join("complete/shop"));
    // Holds are read separately.
    files.retain(|path, _| !path.starts_with(".rungs/"));
    files
}

fn tree(files: &BTreeMap<String, String>) -> Tree {
    let mut memory = Memory::new();
    for (path, text) in files {
        memory.insert(RepoPath::new(path).unwrap(), text.clone().into_bytes());
    }
    Tree::new(memory)
}

/// Loaded configuration without places, and with what has no order sorted.
fn essence(loaded: &Loaded) -> serde_json::Value {
    let environments = loaded.repository.environments.iter().map(|environment| {
        let apps = environment.apps.iter().map(|app| {
            let values = settings(environment, app);
            let pairs = values.values.iter().chain(&values.images).chain(&values.labels);
            let pairs: BTreeMap<_, _> =
                pairs.map(|one| (one.route.clone(), one.text.clone())).collect();
            serde_json::json!([app.name, app.namespace.value, app.template.name, pairs])
        });
        let quota =
            environment.quota.as_ref().map(|quota| serde_json::to_value(quota.root()).unwrap());
        serde_json::json!([
            environment.name,
            environment.tier,
            environment.cluster,
            quota,
            environment.gates.soak.as_ref().map(|soak| soak.value.time.seconds()),
            environment.network.egress.len(),
            apps.collect::<Vec<_>>(),
        ])
    });
    environments.collect()
}

/// A file's top-level entries, each with the lines that belong to it.
fn entries(text: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for line in text.lines() {
        match entries.last_mut().filter(|_| line.starts_with(' ')) {
            Some(entry) => entry.push_str(line),
            None => entries.push(line.to_owned()),
        }
        entries.last_mut().unwrap().push('\n');
    }
    entries
}

/// Text that is often nearly a valid file.
fn nearly_yaml() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "version: 1\n",
        "ladder: ",
        "[qa, [prod, qa]]\n",
        "values:\n",
        "  a: ",
        "&x ",
        "*x ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "null\n",
        "~",
        "images:\n",
        "  web: {tag: 1.0}\n",
        "gates:\n",
        "soak: ",
        "\"",
        "'",
        "\t",
        "#",
        "|\n",
        "24h\n",
        "after: [qa]\n",
        "namespace: '{app}'\n",
        "---\n",
        ": ",
        "template: web@",
        "cluster: a\n",
        "<<: ",
        "!!int ",
        "é",
        "\u{feff}",
        "\r\n",
        "labels: {no: no}\n",
    ]);
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(few_or_all(64, 256)))]

    #[test]
    fn loading_never_panics(rungs in nearly_yaml(), outer in nearly_yaml(), environment in nearly_yaml(), app in nearly_yaml(), values in ".{0,64}") {
        let _ = codes(&[
            ("rungs.yaml", &format!("version: 1\n{rungs}")),
            ("environments/environment.yaml", &outer),
            ("environments/qa/environment.yaml", &environment),
            ("environments/web.yaml", &environment),
            ("environments/qa/web.yaml", &app),
            ("templates/web/values.yaml", &values),
        ]);
    }

    #[test]
    fn the_order_of_keys_changes_nothing(seed in prop::collection::vec(any::<Index>(), 64)) {
        let files = shop_files();
        let mut seeds = seed.iter().cycle();
        let shuffled = files.iter().map(|(path, text)| {
            let mut entries = entries(text);
            for at in (1..entries.len()).rev() {
                entries.swap(at, seeds.next().unwrap().index(at + 1));
            }
            (path.clone(), entries.concat())
        });
        let shuffled = load(&tree(&shuffled.collect())).unwrap();
        prop_assert_eq!(essence(&shuffled), essence(&load(&tree(&files)).unwrap()));
    }

    #[test]
    fn schemas_accept_every_typing_error_that_the_loader_accepts(file: Index, at: Index, slip in prop::sample::select(vec!["", "x", "0", "-", " ", "'", "Z"])) {
        let mut files = shop_files();
        let path = file.get(&files.keys().cloned().collect::<Vec<_>>()).clone();
        let text = files.get_mut(&path).unwrap();
        let at = at.index(text.len());
        text.replace_range(at..=at, slip);
        let text = text.clone();
        if let (Ok(_), Some(name)) = (load(&tree(&files)), schema_name(&path)) {
            let objections = objections(&SCHEMAS[name], &text);
            prop_assert!(objections.is_empty(), "{}: {:?}\n{}", path, objections, text);
        }
    }
}
