//! Manifests: images of containers, and the sources of Flux and Argo CD.

use super::cursor::{Cursor, text};
use super::gathered::{Gathered, Lens};
use super::sources::Sources;
use super::{Site, kustomize};
use crate::yaml::Value;

/// The sites of manifests and of patches that are shaped like them.
pub(super) fn find(lens: Lens<'_>, documents: &[Value]) -> Gathered {
    let mut gathered = Gathered::default();
    for root in Cursor::roots(documents) {
        if root.node.is_sequence() {
            operations(lens, &root, &mut gathered);
        } else {
            object(lens, &root, &mut gathered);
        }
    }
    gathered
}

/// The operations of a JSON patch (RFC 6902) that write an image; the place that
/// they write to is its name.
fn operations(lens: Lens<'_>, list: &Cursor<'_>, gathered: &mut Gathered) {
    for operation in list.items() {
        let Some(path) = operation.text_of("path").filter(|path| path.ends_with("/image")) else {
            continue;
        };
        if let Some(value) = operation.get("value").filter(|value| value.node.as_str().is_some()) {
            gathered.take(lens.reference(path, &value));
        }
    }
}

/// One object, or a `List` of them.
pub(super) fn object(lens: Lens<'_>, at: &Cursor<'_>, gathered: &mut Gathered) {
    let kind = at.text_of("kind").unwrap_or_default();
    let group = at.text_of("apiVersion").unwrap_or_default();
    let group = group.split('/').next().unwrap_or_default();
    if kind.ends_with("List")
        && let Some(items) = at.get("items").filter(|items| items.node.is_sequence())
    {
        items.items().iter().for_each(|item| object(lens, item, gathered));
        return;
    }
    // A definition's schema describes fields, and says no images.
    if kind == "CustomResourceDefinition" || !at.node.is_mapping() {
        return;
    }
    let name = at.walk(&["metadata", "name"]).and_then(|name| text(name.node));
    let from = gathered.sites.len();
    let sources = Sources { lens, at, name: name.as_deref().unwrap_or_default() };
    match (group, &*kind) {
        ("source.toolkit.fluxcd.io", "OCIRepository") => sources.oci_repository(gathered),
        ("source.toolkit.fluxcd.io", "GitRepository") => sources.git_repository(gathered),
        ("source.toolkit.fluxcd.io", "HelmChart") => {
            sources.version(&["spec", "version"], gathered);
        }
        ("helm.toolkit.fluxcd.io", "HelmRelease") => {
            sources.version(&["spec", "chart", "spec", "version"], gathered);
        }
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
            if let Some(spec) = at.get("spec") {
                kustomize::images(lens, &spec, "images", &[], gathered);
            }
        }
        ("argoproj.io", "Application") => sources.application(&["spec"], gathered),
        ("argoproj.io", "ApplicationSet") => {
            sources.application(&["spec", "template", "spec"], gathered);
        }
        ("kustomize.config.k8s.io", _) => {}
        _ => {
            let finder = Finder { lens, top: at, workload: name.as_deref() };
            finder.look(at, gathered);
        }
    }
    if let Some(name) = name {
        for site in &mut gathered.sites[from..] {
            site.qualified = Some(format!("{name}/{}", site.key.name()));
        }
    }
}

/// Looks for containers in an object of any kind.
struct Finder<'f, 'a> {
    lens: Lens<'a>,
    top: &'f Cursor<'a>,
    workload: Option<&'f str>,
}

impl<'a> Finder<'_, 'a> {
    fn look(&self, at: &Cursor<'a>, gathered: &mut Gathered) {
        for (key, value) in at.entries() {
            if is_container_list(key) && value.node.is_sequence() {
                for item in value.items() {
                    self.container(&item, gathered);
                }
                continue;
            }
            if key == "image" {
                // An image that is mounted as a volume is one level below.
                let image = value.get("reference").unwrap_or_else(|| value.clone());
                gathered.sites.extend(self.other(at, &image));
            }
            self.look(&value, gathered);
        }
        for item in at.items() {
            self.look(&item, gathered);
        }
        // Custom resources name git repositories as kustomizations do.
        if at.node.as_str().is_some_and(|text| text.contains("?ref=")) {
            gathered.sites.extend(kustomize::remote(self.lens, at));
        }
    }

    /// Only Knative leaves the name out, where there is one container.
    fn container(&self, item: &Cursor<'a>, gathered: &mut Gathered) {
        let Some(image) = item.get("image").filter(|image| !image.node.is_null()) else { return };
        let name = item.text_of("name").or_else(|| self.workload.map(str::to_owned));
        let name = name.unwrap_or_else(|| image.name_below(self.top));
        gathered.take(self.lens.reference(name, &image));
    }

    /// An `image` of a custom resource: it is one where it has a tag or digest.
    fn other(&self, map: &Cursor<'a>, image: &Cursor<'a>) -> Option<Site> {
        let is_item = map.last_key().is_none();
        let name = map.text_of("name").filter(|_| is_item);
        let name = name.unwrap_or_else(|| image.name_below(self.top));
        image.node.as_str()?;
        let site = self.lens.reference(name, image).ok()??;
        site.image().is_some_and(|image| image.identity().is_some()).then_some(site)
    }
}

fn is_container_list(key: &str) -> bool {
    matches!(key, "containers" | "initContainers" | "ephemeralContainers")
}
