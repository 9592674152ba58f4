//! Properties of promotions in any repository.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value as Json;

use crate::support::effort::few_or_all;
use crate::support::program::rungs_done;
use crate::support::repository::Remote;

/// An image of an app: how its manifest is written, and its tags in qa and prod.
#[derive(Debug, Clone)]
struct Image {
    app: String,
    container: String,
    tags: [String; 2],
    quote: &'static str,
    comment: &'static str,
    newline: &'static str,
}

fn image() -> impl Strategy<Value = Image> {
    let tag = prop_oneof!["v[0-9]{1,3}", "[0-9]{7}", "1\\.[0-9]", "[a-f0-9]{8}", "1e[0-9]{2}"];
    let app = prop_oneof![Just("web"), Just("shop"), Just("mail")];
    let quote = prop_oneof![Just(""), Just("'"), Just("\"")];
    let comment = prop_oneof![Just(""), Just(" # { \"ours\": true }"), Just("   # ü")];
    let newline = prop_oneof![Just("\n"), Just("\r\n")];
    (app, "[a-z]{3,6}", [tag.clone(), tag], quote, comment, newline).prop_map(
        |(app, container, tags, quote, comment, newline)| Image {
            app: app.to_owned(),
            container,
            tags,
            quote,
            comment,
            newline,
        },
    )
}

impl Image {
    /// A Deployment in one of the environments, written in the image's style.
    fn manifest(&self, environment: usize) -> String {
        let Self { app, container, quote, comment, newline, .. } = self;
        let tag = &self.tags[environment];
        let image = format!("{quote}registry.example.com/{app}/{container}:{tag}{quote}{comment}");
        let lines = [
            "apiVersion: apps/v1",
            "kind: Deployment",
            &format!("metadata: {{ name: {app}-{container} }}"),
            "spec:",
            "  template:",
            "    spec:",
            "      containers:",
            &format!("        - name: {container}"),
            &format!("          image: {image}"),
        ];
        lines.join(newline)
    }
}

/// Images with different keys.
fn images() -> impl Strategy<Value = Vec<Image>> {
    proptest::collection::vec(image(), 1..6).prop_map(|mut images| {
        images.sort_by(|a, b| (&a.app, &a.container).cmp(&(&b.app, &b.container)));
        images.dedup_by(|a, b| a.app == b.app && a.container == b.container);
        images
    })
}

const CONFIGURATION: &str = "\
version: 1
ladder: [qa, prod]
sites:
  - path: apps/{app}/{environment}/**/*.yaml
    kind: manifest
";

/// A repository of these images, with their files at the paths that `place` returns.
fn repository(images: &[Image], place: impl Fn(usize) -> String) -> Remote {
    let mut files = BTreeMap::from([("rungs.yaml".to_owned(), CONFIGURATION.to_owned())]);
    for (at, image) in images.iter().enumerate() {
        for (environment, name) in ["qa", "prod"].iter().enumerate() {
            let path = format!("apps/{}/{name}/{}.yaml", image.app, place(at));
            files.insert(path, image.manifest(environment));
        }
    }
    Remote::new(&files)
}

/// An override of the gate `order`, since the tags here go up and down at random.
const ANY_ORDER: [&str; 4] = ["--override", "order", "--reason", "a property"];

/// The plan without commits and the places of files.
fn plan(remote: &Remote) -> Json {
    let clone = remote.cloned("planner");
    let arguments = ["promote", "--all", "--to", "prod", "--dry-run", "--format", "json"];
    let mut plan =
        serde_json::from_str(&rungs_done(&clone, &[&arguments[..], &ANY_ORDER].concat())).unwrap();
    strip(&mut plan);
    plan
}

fn strip(json: &mut Json) {
    match json {
        Json::Object(map) => {
            for of_the_place in ["path", "line", "commit", "revision", "base"] {
                map.remove(of_the_place);
            }
            map.values_mut().for_each(strip);
        }
        Json::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: few_or_all(4, 16), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_promotion_that_is_rolled_back_leaves_every_byte_but_a_hold(images in images()) {
        let remote = repository(&images, |at| format!("{at}"));
        let before = remote.files("main");
        let clone = remote.cloned("ann");
        let promote = ["promote", "--all", "--to", "prod", "--commit"];
        rungs_done(&clone, &[&promote[..], &ANY_ORDER].concat());
        let mut apps: Vec<_> = images.iter().map(|image| image.app.clone()).collect();
        apps.dedup();
        let differs = |app: &String| {
            images.iter().any(|image| image.app == *app && image.tags[0] != image.tags[1])
        };
        for app in apps.iter().filter(|app| differs(app)) {
            rungs_done(&clone, &["rollback", app, "--env", "prod", "--reason", "back", "--commit"]);
        }
        let mut after = remote.files("main");
        after.retain(|path, _| !path.starts_with(".rungs/holds/"));
        prop_assert_eq!(after, before);
    }

    #[test]
    fn a_plan_does_not_depend_on_the_places_of_files(
        images in images(),
        names in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        depth in 0_usize..3,
    ) {
        let first = repository(&images, |at| format!("{at}"));
        let second = repository(&images, |at| {
            format!("{}{}", "deeper/".repeat((at + depth) % 3), names[at])
        });
        prop_assert_eq!(plan(&first), plan(&second));
    }
}
