//! What manifests deploy: the images, charts and sources that they name.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::sites::{
    ImageParts, Key, LikelyImage, RevisionParts, SiteValue, State, likely_images, sites_of_content,
};
use crate::source::{RepoPath, SourceFile};
use crate::yaml::{self, Dialect, Node};

/// Something that is deployed, by its name and its version.
pub(in crate::promote) type DeployedReference = (Key, SiteValue);

/// The API groups whose objects name charts and git repositories.
const GROUPS_OF_SOURCES: [&str; 3] = ["toolkit.fluxcd.io", "argoproj.io", GROUP_OF_K3S];

const GROUP_OF_K3S: &str = "helm.cattle.io";

/// Whether the bytes of a rendered file are manifests that can be read.
pub(in crate::promote) fn is_manifest(path: &RepoPath, bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let file = Arc::new(SourceFile::new(path.clone(), text.to_owned()));
    yaml::parse(&file, Dialect::Kubectl).is_ok()
}

/// What a rendered file deploys: images in any of the forms in which manifests name them; and
/// the artifacts, charts and revisions of Flux, Argo CD and k3s, with where they come from.
pub(in crate::promote) fn references_of(
    path: &RepoPath,
    bytes: &[u8],
) -> BTreeSet<DeployedReference> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let names_sources = GROUPS_OF_SOURCES.iter().any(|group| text.contains(group));
    let file = Arc::new(SourceFile::new(path.clone(), text));
    let Ok(documents) = yaml::parse(&file, Dialect::Kubectl) else { return BTreeSet::new() };
    let images = likely_images(&documents).into_iter().map(likely_reference);
    let mut references: BTreeSet<DeployedReference> = images.collect();
    if names_sources {
        for document in &documents {
            references.extend(places_of_sources(document.root()));
        }
        let (sites, _) = sites_of_content(&file, &documents);
        let sites = sites.into_iter().filter_map(|site| Some((site.key, site.value?)));
        let is_known = |value: &SiteValue| references.iter().any(|(_, known)| known == value);
        let new = sites.filter(|(key, value)| !matches!(key, Key::Image(_)) || !is_known(value));
        let new: Vec<_> = new.map(named_by_repository).collect();
        references.extend(new);
    }
    references
}

/// What looks like an image, as what is deployed.
pub(in crate::promote) fn likely_reference(likely: LikelyImage) -> DeployedReference {
    named_by_repository((Key::Image(likely.name), SiteValue::Image(likely.image)))
}

/// The keys that say where a chart, an artifact or a repository comes from, and what of it
/// is deployed.
const KEYS_OF_SOURCES: [&str; 6] = ["url", "repoURL", "repo", "chart", "path", "targetRevision"];

/// Where the sources of Flux, Argo CD and k3s come from; and that one names no version, and so
/// deploys the newest.
fn places_of_sources(root: Node<'_>) -> Vec<DeployedReference> {
    let mut found = Vec::new();
    let text = |key: &str| Some(root.get(key)?.as_str()?.to_owned());
    let (Some(group), Some(kind)) = (text("apiVersion"), text("kind")) else { return found };
    if !GROUPS_OF_SOURCES.iter().any(|one| group.contains(one)) {
        return found;
    }
    let name = root.get("metadata").and_then(|metadata| metadata.get("name"));
    let name = name.and_then(|name| name.as_str().map(str::to_owned));
    let name = format!("{kind}/{}", name.unwrap_or_default());
    let mut has_version = false;
    let mut pending: Vec<Node<'_>> = root.get("spec").into_iter().collect();
    while let Some(node) = pending.pop() {
        pending.extend(node.items());
        for (key, value) in node.entries() {
            let key = key.text();
            has_version |= matches!(key, "ref" | "version" | "targetRevision" | "chartRef");
            match value.as_str() {
                Some(text) if KEYS_OF_SOURCES.contains(&key) && key != "targetRevision" => {
                    let key = Key::Git(format!("{name} {key}"));
                    found.push((key, SiteValue::Revision(RevisionParts::new(text))));
                }
                // That of others is a site.
                Some(text) if key == "version" && group.contains(GROUP_OF_K3S) => {
                    let key = Key::Version(name.clone());
                    found.push((key, SiteValue::Revision(RevisionParts::new(text))));
                }
                Some(_) => {}
                // What a chart is given is not where it comes from.
                None if key == "values" || key == "valuesObject" => {}
                None => pending.push(value),
            }
        }
    }
    let takes_version = matches!(
        &*kind,
        "GitRepository" | "OCIRepository" | "HelmRelease" | "HelmChart" | "Application"
    );
    if takes_version && !has_version {
        found.push((
            Key::Version(name),
            SiteValue::Moving(RevisionParts::new("the newest version")),
        ));
    }
    found
}

/// Images are the same whatever container has them.
fn named_by_repository((key, value): DeployedReference) -> DeployedReference {
    match (key, value) {
        (Key::Image(name), SiteValue::Image(image)) => {
            let name = image.repository.clone().unwrap_or(name);
            (Key::Image(name), SiteValue::Image(image))
        }
        other => other,
    }
}

/// Whether the state after a change says that this is deployed, where `before` was deployed
/// with the state before it.
pub(in crate::promote) fn is_judged(
    (key, deployed): &DeployedReference,
    (current, state): (Option<&State>, &State),
    before: &BTreeSet<DeployedReference>,
) -> bool {
    let images = || before.iter().filter_map(|(_, value)| as_image(value));
    match deployed {
        // The chart that is deployed has the repository.
        SiteValue::Image(image) if image.repository.is_none() => {
            let says_it = |own: &ImageParts| own.tag == image.tag && own.digest == image.digest;
            before.iter().any(|(known, _)| known == key)
                && state.iter().any(|(_, value)| as_image(value).is_some_and(says_it))
        }
        SiteValue::Image(image) => {
            let of_same = images().filter(|one| one.has_repository_of(image));
            // A template may leave its digest out, if it did before.
            let mut digests = of_same.map(|one| one.digest.is_some());
            let drops_digest = image.digest.is_none()
                && digests.next().is_some_and(|first| first && digests.all(|other| other));
            // The site has to drop it, and not the template.
            let had_digest = |key: &Key| {
                let value = current.and_then(|current| current.get(key)).and_then(as_image);
                value.is_some_and(|image| image.digest.is_some())
            };
            let is_it = |(key, value): (&Key, &SiteValue)| {
                is_of(value, image, drops_digest) && (!drops_digest || had_digest(key))
            };
            state.iter().any(is_it)
        }
        SiteValue::Repository(text)
        | SiteValue::Revision(RevisionParts { revision: text, .. })
        | SiteValue::Moving(RevisionParts { revision: text, .. })
        | SiteValue::Value(text)
        | SiteValue::Secret(text) => {
            // What is new may say the same by chance.
            before.iter().any(|(known, _)| known == key)
                && state.iter().any(|(_, value)| is_text_of(value, text))
        }
    }
}

fn as_image(value: &SiteValue) -> Option<&ImageParts> {
    match value {
        SiteValue::Image(image) => Some(image),
        _ => None,
    }
}

/// Whether a site's value is deployed as that image.
fn is_of(value: &SiteValue, image: &ImageParts, drops_digest: bool) -> bool {
    let Some(parts) = as_image(value) else { return false };
    parts.has_repository_of(image)
        && if image.digest.is_some() || drops_digest {
            parts.digest == image.digest
        } else {
            parts.tag == image.tag
        }
}

/// Whether a site's value is deployed as that version of a chart or revision.
fn is_text_of(value: &SiteValue, text: &str) -> bool {
    match value {
        SiteValue::Image(image) => image.tag.as_deref() == Some(text),
        SiteValue::Repository(own) => own == text,
        SiteValue::Revision(own) | SiteValue::Moving(own) => own.revision == text,
        SiteValue::Value(yaml) | SiteValue::Secret(yaml) => {
            yaml.trim().trim_matches(['"', '\'']) == text
        }
    }
}
