//! Which image each command selects for the same text and the same app.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::propose::{self, AskedValues, TargetSites};
use crate::config::{EnvironmentName, Repository, load};
use crate::diagnostic::Findings;
use crate::edits::{self, EditRequest};
use crate::holds::{self, Hold};
use crate::sites::{
    AppSites, ImageParts, ImageRequest, Key, KnownKeys, Model, ModelScope, NoImage, SiteValue,
    StateReference, WriteOptions,
};
use crate::source::{Location, Memory, RepoPath, Tree};

const CONFIGURATION: &str = "\
version: 1
ladder: [qa]
sites:
  - { path: '{environment}/{app}.yaml', kind: manifest }
";
const FILE: &str = "qa/shop.yaml";

/// An app in `qa`, made from the containers of its workloads: `pod/container image`.
struct App {
    files: Vec<(String, String)>,
    repository: Repository,
    name: EnvironmentName,
}

impl App {
    fn of(containers: &[&str]) -> Self {
        let document = |line: &&str| {
            let (name, image) = line.split_once(' ').unwrap();
            let (pod, container) = name.split_once('/').unwrap_or(("pod", name));
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: {pod}}}\n\
                 spec: {{containers: [{{name: {container}, image: \"{image}\"}}]}}\n"
            )
        };
        let text = containers.iter().map(document).collect::<Vec<_>>().join("---\n");
        Self::written(CONFIGURATION, &text)
    }

    fn written(configuration: &str, text: &str) -> Self {
        let files = [("rungs.yaml", configuration), (FILE, text)];
        let files: Vec<_> = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        let repository = load(&tree(&files)).expect("the configuration is right").repository;
        let name = repository.find_environment("qa").unwrap().name.clone();
        Self { files, repository, name }
    }

    fn sites(&self) -> AppSites {
        self.model().app(&self.name, "shop").expect("the app is there")
    }

    fn model(&self) -> Model {
        Model::of_tree(&self.repository, &tree(&self.files), &ModelScope::all())
    }

    /// The keys of images, by line.
    fn keys(&self) -> BTreeMap<u32, String> {
        let sites = self.sites().sites;
        let keys = sites.iter().filter(|site| site.is_image());
        keys.map(|site| (site.location.start().line, site.key.to_string())).collect()
    }
}

fn tree(files: &[(String, String)]) -> Tree {
    Tree::new(Memory::of(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))))
}

/// The keys that a command selects, or the code of its refusal.
type Taken = Result<BTreeSet<String>, &'static str>;

fn code(findings: &Findings) -> &'static str {
    findings.iter().next().expect("a refusal says why").code.name
}

fn asked(requests: &[ImageRequest]) -> AskedValues<'_> {
    AskedValues { images: requests, routes: &[], gits: &[] }
}

fn at() -> Location {
    Location::of_repository()
}

/// `rungs set shop TEXT --env qa`
fn set(app: &App, text: &str) -> Taken {
    let sites = app.sites();
    let state = sites.state.clone().unwrap();
    let options = WriteOptions { drop_digest: true, ..WriteOptions::default() };
    let model = app.model();
    let target = TargetSites { app: &sites, state: &state, options, model: &model };
    let request = ImageRequest::parse(text).unwrap();
    let proposal = propose::requested(target, &asked(&[request]), &at(), || None)
        .map_err(|found| code(&found))?;
    Ok(proposal.changes.iter().map(|change| change.key.to_string()).collect())
}

/// `rungs set --in qa/shop.yaml TEXT`
fn set_in(app: &App, text: &str) -> Taken {
    let file = tree(&app.files).read(&RepoPath::new(FILE).unwrap()).unwrap();
    let images = vec![ImageRequest::parse(text).unwrap()];
    let request = EditRequest { images, drop_digest: true, ..EditRequest::default() };
    let edited = edits::edit(&[Arc::clone(&file)], &[], &request).map_err(|found| code(&found))?;
    let keys = app.keys();
    let lines = edited.iter().flat_map(|file| &file.replaced);
    Ok(lines.map(|value| keys[&value.location.start().line].clone()).collect())
}

/// `--ref TEXT` and `--to-ref TEXT`: the images for which a state with `v2` of that
/// image alone is named.
fn named_states(app: &App, text: &str) -> Taken {
    let sites = app.sites();
    let state = sites.state.clone().unwrap();
    let known = KnownKeys::of(Some(&sites));
    let reference = StateReference::parse(text);
    let mut taken = BTreeSet::new();
    for (key, value) in state.iter() {
        let SiteValue::Image(image) = value else { continue };
        let value = SiteValue::Image(ImageParts { tag: Some("v2".into()), ..image.clone() });
        let state = state.with(&[(key.clone(), value)].into());
        if reference.names_state(&state, &known, &at()).map_err(|found| found.code.name)? {
            taken.insert(key.to_string());
        }
    }
    Ok(taken)
}

/// `rungs hold set shop --env qa --ref TEXT`
fn hold_set(app: &App, text: &str) -> Taken {
    let sites = app.sites();
    match StateReference::parse(text).keys_of(&sites) {
        Ok(keys) => Ok(keys.into_iter().map(str::to_owned).collect()),
        Err(NoImage::Ambiguous(_)) => Err("which-image"),
        Err(NoImage::Unknown) => Ok(BTreeSet::new()),
    }
}

/// `rungs hold lift shop --env qa --ref TEXT`, where each image is held at `v2`.
fn hold_lift(app: &App, text: &str) -> Taken {
    let sites = app.sites();
    let mut files = app.files.clone();
    let keys: BTreeSet<_> = app.keys().into_values().collect();
    let holds = keys.iter().fold(String::new(), |holds, key| {
        holds + &format!("- {{state: {{\"{key}\": v2}}, reason: bad, by: ana}}\n")
    });
    files.push((".rungs/holds/qa/shop.yaml".to_owned(), holds));
    let all = |tree: &Tree| -> BTreeSet<String> {
        let holds = holds::all(tree, &app.repository).unwrap();
        holds.iter().flat_map(|hold: &Hold| hold.state.keys().cloned()).collect()
    };
    let before = tree(&files);
    let reference = StateReference::parse(text);
    let changed = holds::lifted(&before, &app.name, "shop", Some(&reference), Some(&sites));
    match changed {
        Ok(changed) => Ok(&all(&before) - &all(&before.with_files(changed))),
        Err(found) if code(&found) == "no-such-hold" => Ok(BTreeSet::new()),
        Err(found) => Err(code(&found)),
    }
}

/// Checks that every command selects the same; `none` if each says in its own way that
/// there is no such image.
#[track_caller]
fn all_take(containers: &[&str], text: &str, expected: Result<&[&str], &str>) {
    let app = App::of(containers);
    let expected: Taken = match expected {
        Ok(keys) => Ok(keys.iter().map(|key| (*key).to_owned()).collect()),
        Err(code) => Err(if code == "none" { "none" } else { "which-image" }),
    };
    let none = |taken: Taken, code: &str| match taken {
        Ok(keys) if keys.is_empty() => Err("none"),
        Err(refused) if refused == code => Err("none"),
        other => other,
    };
    assert_eq!(none(set(&app, text), "unknown-image"), expected, "set {text}");
    assert_eq!(none(set_in(&app, text), "nothing-matches"), expected, "set --in {text}");
    states_and_holds_take(&app, text, &expected);
}

/// The same for commands that know only keys: a named key is distinguished from others
/// of its image.
#[track_caller]
fn states_and_holds_take(app: &App, text: &str, expected: &Taken) {
    let none = |taken: Taken| match taken {
        Ok(keys) if keys.is_empty() => Err("none"),
        other => other,
    };
    assert_eq!(none(named_states(app, text)), *expected, "--ref {text}");
    assert_eq!(none(hold_lift(app, text)), *expected, "hold lift --ref {text}");
    assert_eq!(none(hold_set(app, text)), *expected, "hold set --ref {text}");
}

const SHOP: [&str; 2] = ["web ghcr.io/shop/web:v1", "db redis:v1"];

#[test]
fn an_image_is_named_by_its_repository_its_key_or_the_last_segment() {
    let containers = ["app ghcr.io/shop/web:v1", "db redis:v1"];
    for text in [
        "ghcr.io/shop/web:v2",
        "ghcr.io/shop/web=:v2",
        "oci://ghcr.io/shop/web=:v2",
        "app=:v2",
        "pod/app=:v2",
        "web=:v2",
        "web=ghcr.io/shop/web:v2",
        "app=ghcr.io/shop/web:v2",
    ] {
        all_take(&containers, text, Ok(&["app"]));
    }
    for text in ["wbe=:v2", "shop/web=:v2", "ghcr.io/shop=:v2", "quay.io/shop/web=:v2"] {
        all_take(&containers, text, Err("none"));
    }
}

#[test]
fn a_repository_is_the_same_however_it_is_written() {
    for text in ["redis:v2", "docker.io/library/redis:v2", "docker.io/redis=:v2", "redis=:v2"] {
        all_take(&SHOP, text, Ok(&["db"]));
        all_take(&["web ghcr.io/shop/web:v1", "db docker.io/library/redis:v1"], text, Ok(&["db"]));
    }
}

#[test]
fn another_registry_or_port_is_another_repository() {
    let containers = ["a localhost:5000/shop/web:v1", "b localhost:6000/shop/web:v1"];
    all_take(&containers, "localhost:5000/shop/web:v2", Ok(&["a"]));
    all_take(&containers, "localhost:6000/shop/web=:v2", Ok(&["b"]));
    all_take(&containers, "shop/web:v2", Err("none"));
    let mirrored = ["web mirror.example.com/shop/web:v1", "db mirror.example.com/shop/db:v1"];
    all_take(&mirrored, "ghcr.io/shop/web:v2", Err("none"));
    all_take(&mirrored, "web=:v2", Ok(&["web"]));
}

#[test]
fn a_name_of_several_images_selects_none_of_them() {
    // The last segment of both.
    let same_end = ["a ghcr.io/shop/web:v1", "b quay.io/shop/web:v1"];
    all_take(&same_end, "web=:v2", Err("which-image"));
    all_take(&same_end, "quay.io/shop/web=:v2", Ok(&["b"]));
    all_take(&same_end, "web=quay.io/shop/web:v2", Ok(&["b"]));
    // The key of one, and the last segment of the other.
    let crossed = ["web ghcr.io/shop/frontend:v1", "app ghcr.io/shop/web:v1"];
    all_take(&crossed, "web=:v2", Err("which-image"));
    all_take(&crossed, "frontend=:v2", Ok(&["web"]));
    all_take(&crossed, "web=ghcr.io/shop/frontend:v2", Ok(&["web"]));
    all_take(&crossed, "web=ghcr.io/shop/web:v2", Ok(&["app"]));
    // A bare name, even where Docker Hub has a repository of that name.
    let hub = ["cache redis:v1", "redis bitnami/redis:v1"];
    all_take(&hub, "redis=:v2", Err("which-image"));
    all_take(&hub, "docker.io/library/redis=:v2", Ok(&["cache"]));
    all_take(&hub, "bitnami/redis=:v2", Ok(&["redis"]));
    all_take(&hub, "redis:v2", Ok(&["cache"]));
}

#[test]
fn a_container_name_in_two_workloads_needs_the_longer_name() {
    let containers = ["p/app ghcr.io/shop/web:v1", "q/app ghcr.io/shop/api:v1"];
    all_take(&containers, "app=:v2", Err("which-image"));
    all_take(&containers, "p/app=:v2", Ok(&["p/app"]));
    all_take(&containers, "api=:v2", Ok(&["q/app"]));
    all_take(&containers, "app=ghcr.io/shop/api:v2", Ok(&["q/app"]));
}

#[test]
fn places_of_one_repository_are_one_image() {
    let containers = ["web ghcr.io/shop/web:v1", "init ghcr.io/shop/web:v1", "db redis:v1"];
    for text in ["ghcr.io/shop/web:v2", "ghcr.io/shop/web=:v2"] {
        all_take(&containers, text, Ok(&["init", "web"]));
    }
    all_take(&containers, "init=:v2", Ok(&["init"]));
    all_take(&containers, "web=ghcr.io/shop/web:v2", Ok(&["web"]));
    // The name is that of the image and of one key: `set` changes all places, and of a
    // state it means the key.
    let app = App::of(&containers);
    let both = Ok(["init", "web"].map(str::to_owned).into());
    assert_eq!((set(&app, "web=:v2"), set_in(&app, "web=:v2")), (both.clone(), both));
    states_and_holds_take(&app, "web=:v2", &Ok(BTreeSet::from(["web".to_owned()])));
}

#[test]
fn a_tag_alone_sets_the_only_image_and_names_a_state_by_any() {
    let app = App::of(&SHOP);
    assert_eq!((set(&app, ":v2"), set_in(&app, ":v2")), (Err("which-image"), Err("which-image")));
    let any: Taken = Ok(["db", "web"].map(str::to_owned).into());
    for text in [":v2", "v2"] {
        assert_eq!((named_states(&app, text), hold_lift(&app, text)), (any.clone(), any.clone()));
        // It is not known yet which of them will have it.
        assert_eq!(hold_set(&app, text), Err("which-image"));
    }
    for containers in [&["app ghcr.io/shop/web:v1"][..], &["a redis:v1", "b docker.io/redis:v1"]] {
        let app = App::of(containers);
        let all: BTreeSet<_> = app.keys().into_values().collect();
        all_take(containers, ":v2", Ok(&all.iter().map(String::as_str).collect::<Vec<_>>()));
    }
}

#[test]
fn the_only_image_of_an_app_is_selected_by_any_repository() {
    let app = App::of(&["app ghcr.io/shop/web:v1"]);
    // Whether the repository may change is another question; `--in` files may belong to
    // any app.
    assert_eq!(set(&app, "quay.io/shop/web:v2"), Err("other-repository"));
    assert_eq!(set_in(&app, "quay.io/shop/web:v2"), Err("nothing-matches"));
    let only = Ok(BTreeSet::from(["app".to_owned()]));
    states_and_holds_take(&app, "quay.io/shop/web:v2", &only);
    states_and_holds_take(&app, "web:v2", &only);
    for command in [set, set_in] {
        assert_eq!(command(&app, "app=quay.io/shop/web:v2"), Err("other-repository"));
    }
}

#[test]
fn a_bare_text_that_may_be_a_version_is_not_taken_for_a_tag() {
    let configuration = "\
version: 1
ladder: [qa]
sites:
  - { path: '{environment}/{app}.yaml', kind: yaml, fields: { image: image, version: version } }
";
    let app = App::written(configuration, "image: ghcr.io/shop/web:v1\nversion: 1.2.3\n");
    let take = |key: &str| Ok(BTreeSet::from([key.to_owned()]));
    assert_eq!(hold_set(&app, "1.2.4"), Ok(BTreeSet::new()));
    assert_eq!(hold_set(&app, ":1.2.4"), take("image"));
    assert_eq!(hold_set(&app, "ghcr.io/shop/web:v2"), take("image"));
}

#[test]
fn a_digest_alone_names_the_image_that_has_it() {
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let image = |name: &str, digit: &str| format!("{name} ghcr.io/shop/{name}@{}", digest(digit));
    let (web, db) = (image("web", "a"), image("db", "b"));
    let app = App::of(&[&web, &db]);
    let taken = Ok(BTreeSet::from(["web".to_owned()]));
    for text in [format!("web=@{}", digest("c")), format!("web={}", digest("c"))] {
        assert_eq!((set(&app, &text), set_in(&app, &text)), (taken.clone(), taken.clone()));
    }
    let sites = app.sites();
    let state = sites.state.clone().unwrap();
    let known = KnownKeys::of(Some(&sites));
    let names = |text: &str| {
        StateReference::parse(text).names_state(&state, &known, &at()).expect("it is clear")
    };
    for named in ["", "@", "web=@", "web=", "ghcr.io/shop/web@", "web=:v1@", "v1@"] {
        assert!(names(&format!("{named}{}", digest("a"))), "{named}");
    }
    for other in ["db=@", "ghcr.io/shop/db@", "quay.io/shop/web@"] {
        assert!(!names(&format!("{other}{}", digest("a"))), "{other}");
    }
}

#[test]
fn a_route_with_an_equals_sign_is_a_name() {
    let configuration = "\
version: 1
ladder: [qa]
sites:
  - path: '{environment}/{app}.yaml'
    kind: yaml
    fields: { image: 'images[name=web].image' }
";
    let text = "images:\n- { name: web, image: 'ghcr.io/shop/web:v1' }\n";
    let app = App::written(configuration, text);
    let key = app.keys().into_values().next().unwrap();
    assert_eq!(key, "images[name=web].image");
    let only = Ok(BTreeSet::from([key.clone()]));
    let named = format!("{key}=:v2");
    assert_eq!(set(&app, &named), only);
    states_and_holds_take(&app, &named, &only);
}

/// The texts that a refusal lists.
fn listed(help: &str) -> Vec<String> {
    let names = help.strip_prefix("name one: ").expect("what is exact is listed");
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_texts_that_a_refusal_lists_can_be_pasted() {
    let marked = "---\nkind: Values\nweb: v1 # {\"$imagepolicy\": \"flux-system:web:tag\"}\n";
    let same_end = App::of(&["a ghcr.io/shop/web:v1", "b quay.io/shop/web:v1", "c web:v1"]);
    let crossed = App::of(&["web ghcr.io/shop/frontend:v1", "app ghcr.io/shop/web:v1"]);
    let text = format!("{}{marked}", App::of(&["app ghcr.io/shop/web:v1"]).files[1].1);
    let configuration =
        format!("{CONFIGURATION}  - {{ path: '{{environment}}/{{app}}.yaml', kind: marker }}\n");
    let unknown = App::written(&configuration, &text);
    for (app, request, count) in [
        (&same_end, "web=:v2", 3),
        (&same_end, ":v2", 3),
        (&same_end, "web=example.com/web:v2", 3),
        (&crossed, "web=:v2", 2),
        (&unknown, "web=:v2", 2),
        (&unknown, ":v2", 2),
    ] {
        let request = ImageRequest::parse(request).unwrap();
        let file = tree(&app.files).read(&RepoPath::new(FILE).unwrap()).unwrap();
        let images = vec![request.clone()];
        let edit = EditRequest { images, repository: true, ..EditRequest::default() };
        let in_files = edits::edit(&[file], &[], &edit).unwrap_err();
        let sites = app.sites();
        let state = sites.state.clone().unwrap();
        let options = WriteOptions { repository: true, ..WriteOptions::default() };
        let model = app.model();
        let target = TargetSites { app: &sites, state: &state, options, model: &model };
        let in_app =
            propose::requested(target, &asked(std::slice::from_ref(&request)), &at(), || None)
                .unwrap_err();
        for found in [in_files, in_app] {
            assert_eq!(code(&found), "which-image", "{request}");
            let help = found.iter().next().unwrap().help.clone().unwrap();
            let texts = listed(&help);
            assert_eq!(texts.len(), count, "{request}: {help}");
            let taken: Vec<_> = texts
                .iter()
                .map(|text| {
                    let request = ImageRequest::parse(text).unwrap();
                    let proposal = propose::requested(target, &asked(&[request]), &at(), || None);
                    let changes = proposal.expect("it is exact").changes;
                    changes.into_iter().map(|change| change.key).collect::<BTreeSet<Key>>()
                })
                .collect();
            assert!(taken.iter().all(|keys| !keys.is_empty()), "{help}");
            let all: BTreeSet<_> = taken.iter().flatten().collect();
            assert_eq!(all.len(), taken.iter().map(BTreeSet::len).sum::<usize>(), "{help}");
        }
    }
}
