//! The images that stand in an environment, read line by line and not as the program reads
//! them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::shops::{Files, Kind, rendered};
use crate::support::fast_import::LINK;

static IMAGE: LazyLock<Regex> = LazyLock::new(|| field("image"));
static TAG: LazyLock<Regex> = LazyLock::new(|| field("(?:newTag|tag)"));
static IMAGE_TAG: LazyLock<Regex> = LazyLock::new(|| field("image_tag"));
static REPOSITORY: LazyLock<Regex> = LazyLock::new(|| field("(?:newName|repository)"));
static DIGEST: LazyLock<Regex> = LazyLock::new(|| field("digest"));

/// A key with a scalar after it.
fn field(key: &str) -> Regex {
    Regex::new(&format!(r#"(?:^|[\s{{,"'-]){key}["']?\s*:\s+(?:&\w+\s+)?["']?([^\s"',}}]+)"#))
        .unwrap()
}

/// The images that stand in an environment, or that a native repository would render there.
pub(super) fn images_in(environment: &str, kind: Kind, files: &Files) -> BTreeSet<String> {
    let files = followed(files);
    let mut images = BTreeSet::new();
    if kind == Kind::Native {
        let new = rendered(&files).unwrap_or_default();
        let new = new.iter().map(|(path, text)| (format!("rendered/{path}"), text.clone()));
        let committed = files.iter().map(|(path, text)| (path.clone(), text.clone()));
        for (path, text) in new.chain(committed) {
            if path.starts_with(&format!("rendered/{environment}/")) {
                images.extend(all(&IMAGE, &text));
            }
        }
        return images;
    }
    for (path, text) in &files {
        let Some(app) = app_of(environment, kind, path, &files) else { continue };
        images.extend(in_file(kind, &app, text));
    }
    images
}

/// The app that a path is the file of.
fn app_of(environment: &str, kind: Kind, path: &str, files: &Files) -> Option<String> {
    let settings = files.get("rungs.yaml").map_or("", |text| &**text);
    let between =
        |start: String, end: &str| Some(path.strip_prefix(&start)?.strip_suffix(end)?.to_owned());
    if let Some(app) = between(format!("deploy/{environment}/"), ".yaml") {
        return settings.contains("path: 'deploy/{environment}/{app}.yaml'").then_some(app);
    }
    let app = match kind {
        Kind::Yaml => between(format!("env/{environment}/"), ".yaml"),
        Kind::Tags => between(format!("tags/{environment}/"), ".yaml"),
        Kind::Kustomize => {
            between("apps/".to_owned(), &format!("/{environment}/kustomization.yaml"))
        }
        Kind::Helm => between("helm/".to_owned(), &format!("/values-{environment}.yaml")),
        Kind::Manifest => between(format!("manifests/{environment}/"), ".yaml"),
        Kind::Marker => between(format!("marked/{environment}."), "yaml"),
        Kind::Native => between(format!("environments/{environment}/"), ".yaml"),
    }?;
    (kind == Kind::Manifest || !app.contains('/')).then_some(app)
}

fn in_file(kind: Kind, app: &str, text: &str) -> Vec<String> {
    // Only the first document has the fields.
    let text = if matches!(kind, Kind::Manifest | Kind::Marker) { text } else { first(text) };
    match kind {
        Kind::Yaml | Kind::Native => all(&IMAGE, text),
        Kind::Tags => all(&IMAGE_TAG, text).iter().map(|tag| format!("{app}:{tag}")).collect(),
        Kind::Manifest => {
            let images = all(&IMAGE, text).into_iter().filter(|image| is_reference(image));
            images.filter(|image| image.contains("/shop/")).collect()
        }
        Kind::Marker => {
            let marked: Vec<_> =
                text.lines().filter(|line| line.contains("# rungs: app=")).collect();
            let images = all(&IMAGE, &marked.join("\n")).into_iter();
            images.filter(|image| is_reference(image)).collect()
        }
        Kind::Kustomize | Kind::Helm => {
            let digest = all(&DIGEST, text).pop().map(|digest| format!("@{digest}"));
            let digest = digest.unwrap_or_default();
            let repositories = all(&REPOSITORY, text);
            let tags = all(&TAG, text);
            let pairs = repositories
                .iter()
                .flat_map(|repository| tags.iter().map(move |tag| format!("{repository}:{tag}")));
            pairs.map(|image| image + &digest).collect()
        }
    }
}

/// What is no reference is deployed by nobody, and has no app.
fn is_reference(image: &str) -> bool {
    !image.contains(['{', '[', '!', '$'])
}

fn first(text: &str) -> &str {
    text.split("---").next().unwrap_or_default()
}

/// What stands at a key, comments apart.
fn all(key: &Regex, text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.flat_map(|line| key.captures_iter(line)).map(|found| found[1].to_owned()).collect()
}

/// The files with what links lead to in their place.
fn followed(files: &Files) -> Files {
    let mut all = files.clone();
    for _ in 0..2 {
        let links: Vec<_> = all
            .iter()
            .filter_map(|(path, text)| Some((path.clone(), text.strip_prefix(LINK)?.to_owned())))
            .collect();
        for (path, target) in links {
            all.remove(&path);
            let Some(target) = resolved(&path, &target) else { continue };
            let below = format!("{target}/");
            let found: Vec<_> = all
                .iter()
                .filter_map(|(one, text)| {
                    let rest = if *one == target { "" } else { one.strip_prefix(&below)? };
                    let slash = if rest.is_empty() { "" } else { "/" };
                    Some((format!("{path}{slash}{rest}"), text.clone()))
                })
                .collect();
            all.extend(found);
        }
    }
    all.retain(|_, text| !text.starts_with(LINK));
    all
}

/// The path that a link leads to; none if it leaves the repository.
fn resolved(link: &str, target: &str) -> Option<String> {
    let mut way: Vec<&str> = link.split('/').collect();
    way.pop();
    for part in target.split('/') {
        match part {
            ".." => {
                way.pop()?;
            }
            "." => {}
            name => way.push(name),
        }
    }
    Some(way.join("/"))
}
