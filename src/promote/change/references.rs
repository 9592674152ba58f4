//! What manifests deploy: the images, charts and sources that they name.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::kubernetes::{ImageReference, full_repository};
use crate::sites::{ImageParts, Key, SiteValue, State, sites_of_content};
use crate::source::{RepoPath, SourceFile};
use crate::yaml::{self, Dialect, Node};

/// Something that is deployed, by its name and its version.
pub(super) type DeployedReference = (Key, SiteValue);

/// The API groups whose objects name charts and git repositories.
const GROUPS_OF_SOURCES: [&str; 2] = ["toolkit.fluxcd.io", "argoproj.io"];

/// What a rendered file deploys: the images at a key `image`, and at one that ends so and
/// looks like a reference; and the artifacts, charts and revisions of Flux and Argo CD.
pub(super) fn references_of(path: &RepoPath, bytes: &[u8]) -> BTreeSet<DeployedReference> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let names_sources = GROUPS_OF_SOURCES.iter().any(|group| text.contains(group));
    let file = Arc::new(SourceFile::new(path.clone(), text));
    let Ok(documents) = yaml::parse(&file, Dialect::Kubectl) else { return BTreeSet::new() };
    let mut references = BTreeSet::new();
    let mut pending: Vec<Node<'_>> = documents.iter().map(|document| document.root()).collect();
    while let Some(node) = pending.pop() {
        pending.extend(node.items());
        for (key, value) in node.entries() {
            match value.as_str() {
                Some(text) => references.extend(image_at(key.text(), text)),
                None => pending.push(value),
            }
        }
    }
    if names_sources {
        let (sites, _) = sites_of_content(&file, &documents);
        let sites = sites.into_iter().filter_map(|site| Some((site.key, site.value?)));
        references.extend(sites.map(named_by_repository));
    }
    references
}

fn image_at(key: &str, text: &str) -> Option<DeployedReference> {
    let is_image = key == "image" || key.ends_with("Image") && text.contains([':', '/', '@']);
    let image = is_image.then(|| ImageReference::parse(text).ok()).flatten()?;
    let parts = ImageParts {
        repository: Some(image.repository()),
        tag: image.tag.clone(),
        digest: image.digest.as_ref().map(|digest| digest.as_str().to_owned()),
    };
    Some(named_by_repository((Key::Image(String::new()), SiteValue::Image(parts))))
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

/// Whether a state says that this is deployed.
pub(super) fn is_judged((_, deployed): &DeployedReference, state: &State) -> bool {
    state.iter().any(|(_, value)| match deployed {
        SiteValue::Image(image) => is_of(value, image),
        SiteValue::Revision(text) | SiteValue::Moving(text) | SiteValue::Value(text) => {
            is_text_of(value, text)
        }
    })
}

/// Whether a site's value is deployed as that image. A template may leave its digest out.
fn is_of(value: &SiteValue, image: &ImageParts) -> bool {
    let SiteValue::Image(parts) = value else { return false };
    let full = |image: &ImageParts| image.repository.as_deref().map(full_repository);
    full(parts) == full(image)
        && if image.digest.is_some() {
            parts.digest == image.digest
        } else {
            parts.tag == image.tag
        }
}

/// Whether a site's value is deployed as that version of a chart or revision.
fn is_text_of(value: &SiteValue, text: &str) -> bool {
    match value {
        SiteValue::Image(image) => image.tag.as_deref() == Some(text),
        SiteValue::Revision(own) | SiteValue::Moving(own) => own == text,
        SiteValue::Value(yaml) => yaml.trim().trim_matches(['"', '\'']) == text,
    }
}
