//! Manifests: images of containers, and the sources of Flux and Argo CD.

use super::companions::KeysMean;
use super::containers::ContainerSearch;
use super::reader::{FoundSites, SiteBuilder, SiteReader};
use super::sources::SourceObject;
use super::{helm_values, json_patch, kustomization};
use crate::sites::cursor::{Cursor, text};
use crate::yaml::Value;

/// Manifests, and patches that are shaped like them.
pub(super) struct ManifestSiteReader();

impl SiteReader for ManifestSiteReader {
    fn find(&self, builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        let mut found = FoundSites::default();
        for root in Cursor::roots(documents) {
            any(builder, &root, "", &mut found);
        }
        found
    }

    fn missing(&self) -> &'static str {
        "no image and no source"
    }

    /// Objects, and patches: of those that are lists, or that leave out what an object is.
    fn fits(&self, _: &str, documents: &[Value]) -> bool {
        let is_patch = |root: &Cursor<'_>| {
            root.node.is_sequence() || root.get("spec").is_some() || root.get("metadata").is_some()
        };
        Cursor::roots(documents).any(|root| root.get("kind").is_some() || is_patch(&root))
    }

    /// Objects, by `apiVersion` and `kind`, and the values within them.
    fn by_content(builder: SiteBuilder<'_>, documents: &[Value]) -> Option<FoundSites> {
        let mut objects = Cursor::roots(documents).filter(Cursor::is_object).peekable();
        objects.peek()?;
        let mut found = FoundSites::default();
        for root in objects {
            object(builder, &root, &mut found);
            // Flux's `HelmRelease` is an object whose values are known.
            let values = root.walk(&["spec", "values"]);
            let values = values.filter(|_| root.text_of("kind").as_deref() != Some("HelmRelease"));
            if let Some(values) = values {
                helm_values::find_below(builder, &values, KeysMean::Values, &mut found);
            }
        }
        Some(found)
    }
}

/// Finds the sites of the patches in a kustomization's texts, which Flux's Kustomization and
/// Argo CD have as well.
pub(super) fn patches<'a>(builder: SiteBuilder<'a>, map: &Cursor<'a>, found: &mut FoundSites) {
    for patch in kustomization::inline_patches(map, found) {
        any(builder, &patch.root, &patch.target, found);
    }
}

/// Finds the sites of an object, of a strategic merge, or of a JSON patch of what has that
/// name; empty if it is not known.
fn any<'a>(builder: SiteBuilder<'a>, root: &Cursor<'a>, target: &str, found: &mut FoundSites) {
    if root.node.is_sequence() {
        json_patch::operations(builder, root, target, found);
    } else {
        object(builder, root, found);
    }
}

/// Finds the sites of one object, or of a `List` of them.
fn object<'a>(builder: SiteBuilder<'a>, at: &Cursor<'a>, found: &mut FoundSites) {
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
            source.values(at.walk(&["spec", "values"]), found);
        }
        ("helm.cattle.io", "HelmChart" | "HelmChartConfig") => {
            source.values(at.walk(&["spec", "valuesContent"]), found);
        }
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
            if let Some(spec) = at.get("spec") {
                kustomization::images(builder, &spec, "images", &[], found);
                patches(builder, &spec, found);
            }
        }
        ("argoproj.io", "Application") => application(&source, &["spec"], found),
        ("argoproj.io", "ApplicationSet") => {
            application(&source, &["spec", "template", "spec"], found);
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
            let longer = site.qualified.as_deref().unwrap_or(site.key.name());
            site.qualified = Some(format!("{name}/{longer}"));
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

/// Finds the sites of an Argo CD application.
fn application(object: &SourceObject<'_, '_>, spec: &[&str], found: &mut FoundSites) {
    for source in object.sources_of_application(spec) {
        object.source(&source, found);
        if let Some(kustomize) = source.get("kustomize") {
            patches(object.builder, &kustomize, found);
        }
    }
}
