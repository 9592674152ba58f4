//! Manifests: images of containers, and the sources of Flux and Argo CD.

use super::companions::{self, Companions, KeysMean, Siblings};
use super::reader::{FoundSites, SiteBuilder, SiteReader};
use super::sources::SourceObject;
use super::{helm_values, kustomize};
use crate::sites::Site;
use crate::sites::cursor::{Cursor, text};
use crate::yaml::Value;

/// Manifests, and patches that are shaped like them.
pub(super) struct ManifestSiteReader();

impl SiteReader for ManifestSiteReader {
    fn find(&self, builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        let mut found = FoundSites::default();
        for root in Cursor::roots(documents) {
            if root.node.is_sequence() {
                operations(builder, &root, &mut found);
            } else {
                object(builder, &root, &mut found);
            }
        }
        found
    }

    fn missing(&self) -> &'static str {
        "no image and no source"
    }

    /// Objects, by `apiVersion` and `kind`, and the values within them.
    fn by_content(builder: SiteBuilder<'_>, documents: &[Value]) -> Option<FoundSites> {
        let mut objects = Cursor::roots(documents).filter(Cursor::is_object).peekable();
        objects.peek()?;
        let mut found = FoundSites::default();
        for root in objects {
            object(builder, &root, &mut found);
            for values in VALUES.into_iter().filter_map(|keys| root.walk(keys)) {
                helm_values::find_below(builder, &values, KeysMean::Values, &mut found);
            }
        }
        Some(found)
    }
}

/// Where objects hold values of a chart: Flux's `HelmRelease`, and Argo CD's
/// `Application` and `ApplicationSet`.
const VALUES: [&[&str]; 3] = [
    &["spec", "values"],
    &["spec", "source", "helm", "valuesObject"],
    &["spec", "template", "spec", "source", "helm", "valuesObject"],
];

/// Finds the operations of a JSON patch (RFC 6902) that write an image; their
/// path is its key.
fn operations(builder: SiteBuilder<'_>, list: &Cursor<'_>, found: &mut FoundSites) {
    for operation in list.items() {
        let Some(path) = operation.text_of("path").filter(|path| path.ends_with("/image")) else {
            continue;
        };
        if let Some(value) = operation.get("value").filter(|value| value.node.as_str().is_some()) {
            found.take(builder.reference(path, &value));
        }
    }
}

/// Finds the sites of one object, or of a `List` of them.
fn object(builder: SiteBuilder<'_>, at: &Cursor<'_>, found: &mut FoundSites) {
    let kind = at.text_of("kind").unwrap_or_default();
    let group = at.text_of("apiVersion").unwrap_or_default();
    let group = group.split('/').next().unwrap_or_default();
    if kind.ends_with("List")
        && let Some(items) = at.get("items").filter(|items| items.node.is_sequence())
    {
        items.items().iter().for_each(|item| object(builder, item, found));
        return;
    }
    // A definition's schema describes fields and has no images.
    if kind == "CustomResourceDefinition" || !at.node.is_mapping() {
        return;
    }
    let name = at.walk(&["metadata", "name"]).and_then(|name| text(name.node));
    let from = found.sites.len();
    let source = SourceObject { builder, at, name: name.as_deref().unwrap_or_default() };
    match (group, &*kind) {
        ("source.toolkit.fluxcd.io", "OCIRepository") => source.oci_repository(found),
        ("source.toolkit.fluxcd.io", "GitRepository") => source.git_repository(found),
        ("source.toolkit.fluxcd.io", "HelmChart") => {
            source.version(&["spec", "version"], found);
        }
        ("helm.toolkit.fluxcd.io", "HelmRelease") => {
            source.version(&["spec", "chart", "spec", "version"], found);
        }
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
            if let Some(spec) = at.get("spec") {
                kustomize::images(builder, &spec, "images", &[], found);
            }
        }
        ("argoproj.io", "Application") => source.application(&["spec"], found),
        ("argoproj.io", "ApplicationSet") => {
            source.application(&["spec", "template", "spec"], found);
        }
        ("kustomize.config.k8s.io", _) => {}
        _ => {
            let search = ContainerSearch { builder, top: at, workload: name.as_deref() };
            search.look(at, found);
        }
    }
    if let Some(name) = name {
        let colour = colour(&name);
        for site in &mut found.sites[from..] {
            site.qualified = Some(format!("{name}/{}", site.key.name()));
            if let Some(colour) = colour.filter(|_| site.is_image()) {
                site.key = site.key.renamed(format!("{colour}/{}", site.key.name()));
            }
        }
    }
}

/// Which of two workloads that take turns an object belongs to, by its name. They run the same
/// containers in different versions, so that the containers' names do not tell them apart.
fn colour(name: &str) -> Option<&'static str> {
    let mut words = name.split(['-', '.']);
    words.find_map(|word| ["blue", "green"].into_iter().find(|colour| *colour == word))
}

/// Looks for containers in an object of any kind.
struct ContainerSearch<'f, 'a> {
    builder: SiteBuilder<'a>,
    top: &'f Cursor<'a>,
    workload: Option<&'f str>,
}

impl<'a> ContainerSearch<'_, 'a> {
    fn look(&self, at: &Cursor<'a>, found: &mut FoundSites) {
        for (key, value) in at.entries() {
            if is_container_list(key) && value.node.is_sequence() {
                for item in value.items() {
                    self.container(&item, found);
                }
                continue;
            }
            if key == "image" {
                // An image that is mounted as a volume is one level below.
                let image = value.get("reference").unwrap_or_else(|| value.clone());
                found.sites.extend(self.other(at, &image));
            }
            self.look(&value, found);
        }
        for item in at.items() {
            self.look(&item, found);
        }
        // Custom resources name git repositories as kustomizations do.
        if at.node.as_str().is_some_and(|text| text.contains("?ref=")) {
            found.sites.extend(kustomize::remote(self.builder, at));
        }
    }

    /// Finds the image of a container. Only Knative leaves the name out, if there
    /// is one container.
    fn container(&self, item: &Cursor<'a>, found: &mut FoundSites) {
        let Some(image) = item.get("image").filter(|image| !image.node.is_null()) else { return };
        let name = item.text_of("name").or_else(|| self.workload.map(str::to_owned));
        let name = name.unwrap_or_else(|| image.name_below(self.top));
        found.take(self.builder.reference(name, &image));
    }

    /// The `image` of a custom resource, which is one if it has a tag or digest, or if
    /// these are beside it.
    fn other(&self, map: &Cursor<'a>, image: &Cursor<'a>) -> Option<Site> {
        let is_item = map.last_key().is_none();
        let name = map.text_of("name").filter(|_| is_item);
        let name = name.unwrap_or_else(|| image.name_below(self.top));
        image.node.as_str()?;
        let key = image.last_key().unwrap_or_default();
        let site = match key {
            "image" => {
                let beside = Companions::of(key, &Siblings::of(map), KeysMean::Object);
                companions::image(self.builder, (key, image), name, &beside)?
            }
            _ => self.builder.reference(name, image).ok()??,
        };
        site.image().is_some_and(|image| image.identity().is_some()).then_some(site)
    }
}

fn is_container_list(key: &str) -> bool {
    matches!(key, "containers" | "initContainers" | "ephemeralContainers")
}
