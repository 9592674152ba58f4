//! The reader of old files and the loader of today's files agree about layers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use rungs::config::{App, load};
use rungs::sites::{AppSites, Key, Model, ModelScope, SiteValue};
use rungs::yaml::emit_as_written;

use crate::sample::{app, path, tree};

/// The directories from the outermost layer to the environment.
const CHAIN: [&str; 3] = ["environments", "environments/prod", "environments/prod/eu"];

const ROUTES: [&str; 6] =
    ["values.a", "values.b", "values.b.a", "values.list", "values.list[0]", "values.list[1].b"];

/// The value of a key in a layer: absent, null, or something in flow style.
fn optional(value: impl Strategy<Value = String>) -> impl Strategy<Value = Option<String>> {
    prop_oneof![3 => Just(None), 1 => Just(Some("null".to_owned())), 4 => value.prop_map(Some)]
}

/// A map in flow style with those of its keys that are given.
fn map(keys: Vec<(&str, Option<String>)>) -> String {
    let given = keys.into_iter().filter_map(|(key, value)| Some(format!("{key}: {}", value?)));
    format!("{{{}}}", given.collect::<Vec<_>>().join(", "))
}

fn digest() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b"]).prop_map(|digit| format!("sha256:{}", digit.repeat(64)))
}

fn image() -> impl Strategy<Value = String> {
    let repository = prop::sample::select(vec!["r/web", "r/other"]).prop_map(str::to_owned);
    let tag = prop::sample::select(vec!["v1", "v2"]).prop_map(str::to_owned);
    (optional(repository), optional(tag), optional(digest())).prop_map(
        |(repository, tag, digest)| {
            map(vec![("repository", repository), ("tag", tag), ("digest", digest)])
        },
    )
}

fn images() -> impl Strategy<Value = String> {
    (optional(image()), optional(image())).prop_map(|(web, db)| map(vec![("web", web), ("db", db)]))
}

fn value(depth: u32) -> BoxedStrategy<String> {
    let scalar =
        prop::sample::select(vec!["1", "1.10", "x", "true", "\"\""]).prop_map(str::to_owned);
    if depth == 0 {
        return scalar.boxed();
    }
    let list = prop::collection::vec(prop_oneof![value(depth - 1), Just("null".to_owned())], 0..3);
    let list = list.prop_map(|items| format!("[{}]", items.join(", ")));
    prop_oneof![1 => scalar, 2 => values(depth - 1), 1 => list].boxed()
}

/// A map of values.
fn values(depth: u32) -> impl Strategy<Value = String> {
    (optional(value(depth)), optional(value(depth)), optional(value(depth)))
        .prop_map(|(a, b, list)| map(vec![("a", a), ("b", b), ("list", list)]))
}

fn routes() -> impl Strategy<Value = String> {
    let routes = prop::sample::subsequence(ROUTES.to_vec(), 0..=ROUTES.len());
    routes.prop_map(|routes| {
        format!(
            "[{}]",
            routes.iter().map(|route| format!("'{route}'")).collect::<Vec<_>>().join(", ")
        )
    })
}

/// An app's own file.
fn own() -> impl Strategy<Value = String> {
    let template = prop::sample::select(vec!["web", "cart"]).prop_map(str::to_owned);
    (optional(images()), optional(template), optional(routes()), optional(values(2))).prop_map(
        |(images, template, promote, values)| {
            let keys = [
                ("images", images),
                ("template", template),
                ("promote", promote),
                ("values", values),
            ];
            let mut file = String::new();
            for (key, value) in keys {
                if let Some(value) = value {
                    writeln!(file, "{key}: {value}").unwrap();
                }
            }
            file
        },
    )
}

/// An `environment.yaml`.
fn shared() -> impl Strategy<Value = String> {
    optional(values(2))
        .prop_map(|values| values.map(|values| format!("values: {values}\n")).unwrap_or_default())
}

/// The files of a repository with one app in one environment.
fn files() -> impl Strategy<Value = Vec<(String, String)>> {
    let layer = || (prop::option::of(shared()), prop::option::of(own()));
    (layer(), layer(), prop::option::of(shared()), own()).prop_map(|(first, second, env, leaf)| {
        let layers = [first, second, (env, Some(leaf))];
        let mut files = vec![
            ("rungs.yaml".to_owned(), "version: 1\nladder: [prod/eu]\n".to_owned()),
            ("templates/web/a.yaml".to_owned(), String::new()),
            ("templates/cart/a.yaml".to_owned(), String::new()),
        ];
        for (directory, (shared, own)) in CHAIN.iter().zip(layers) {
            files.extend(shared.map(|text| (format!("{directory}/environment.yaml"), text)));
            files.extend(own.map(|text| (format!("{directory}/web.yaml"), text)));
        }
        files
    })
}

/// The values of sites, in the form of [`by_loading`].
fn by_sites(app: &AppSites) -> BTreeMap<String, String> {
    let word = |text: &Option<String>| text.clone().unwrap_or_default();
    let site = |site: &rungs::sites::Site| match (&site.key, &site.value) {
        (Key::Image(key), Some(SiteValue::Image(image))) => {
            let text = [&image.repository, &image.tag, &image.digest].map(word).join(" ");
            (key.clone(), text)
        }
        (Key::TemplatePin, None) => ("template".to_owned(), site.parts[0].text.clone()),
        (Key::Value(route), None) => (route.clone(), String::new()),
        (Key::Value(route), Some(SiteValue::Value(yaml))) => (route.clone(), yaml.clone()),
        other => panic!("{other:?}"),
    };
    app.sites.iter().map(site).collect()
}

/// The values of a loaded app.
fn by_loading(app: &App) -> BTreeMap<String, String> {
    let mut all = BTreeMap::from([("template".to_owned(), app.template.name.clone())]);
    for (key, image) in &app.images {
        let word = |text: &Option<rungs::config::Sourced<String>>| {
            text.as_ref().map(|text| text.value.clone()).unwrap_or_default()
        };
        let parts = [image.repository.value.clone(), word(&image.tag), word(&image.digest)];
        all.insert(key.clone(), parts.join(" "));
    }
    for route in &app.promote {
        let value = route.value.in_values().find(app.values().root());
        let value = value.filter(|value| !value.is_null());
        let text = value.map(|value| emit_as_written(value)).unwrap_or_default();
        all.insert(route.value.to_string(), text);
    }
    all
}

/// Each site with its places.
fn in_detail(app: &AppSites) -> String {
    let site = |site: &rungs::sites::Site| {
        let places = (&site.location, &site.parts, &site.barrier);
        format!("{:?} {:?} {places:?}\n", site.key, site.value)
    };
    app.sites.iter().map(site).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_readers_agree_about_layers(files in files()) {
        let tree = tree(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let loaded = match load(&tree) {
            Ok(loaded) => loaded,
            Err(findings) => {
                // The only thing that layers of this kind can lack.
                let lacks = |code| code == "image-without-repository";
                prop_assert!(findings.iter().filter(|one| one.is_error()).all(|one| lacks(one.code.name)));
                return Ok(());
            }
        };
        let repository = &loaded.repository;
        let model = Model::of_tree(repository, &tree, &ModelScope::all());
        let (_, strict) = repository.find_app("prod/eu", "web").unwrap();
        let lenient = app(&model, "prod/eu", "web");
        prop_assert!(lenient.state.is_ok());
        prop_assert_eq!(by_sites(&lenient), by_loading(strict));
        prop_assert_eq!(lenient.sites[0].file.path(), &path("environments/prod/eu/web.yaml"));
        let loaded = Model::of_loaded(&loaded, &tree, &ModelScope::all());
        prop_assert_eq!(in_detail(&app(&loaded, "prod/eu", "web")), in_detail(&lenient));
    }
}
