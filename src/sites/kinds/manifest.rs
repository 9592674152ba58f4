//! Manifests: images of containers, and the sources of Flux and Argo CD.

use super::charts::chart;
use super::companions::KeysMean;
use super::containers::ContainerSearch;
use super::reader::{FoundSites, SiteBuilder, SiteReader, documents_in};
use super::sources::{SourceObject, sources_of_application};
use super::{helm_values, json_patch, kustomization};
use crate::sites::Key;
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

/// Finds the sites of the transformers and generators in a kustomization's texts.
pub(super) fn plugins<'a>(builder: SiteBuilder<'a>, map: &Cursor<'a>, found: &mut FoundSites) {
    let lists = ["transformers", "generators"].into_iter().filter_map(|key| map.get(key));
    // Others of these are names of files.
    for entry in lists.flat_map(|list| list.items()) {
        for root in documents_in(&entry, found) {
            object(builder, &root, found);
        }
    }
}

/// Finds the sites of one of kustomize's own transformers and generators.
fn plugin<'a>(builder: SiteBuilder<'a>, kind: &str, at: &Cursor<'a>, found: &mut FoundSites) {
    match kind {
        "ImageTagTransformer" => {
            found.sites.extend(kustomization::image_of_transformer(builder, at));
        }
        "PatchTransformer" | "PatchJson6902Transformer" | "PatchStrategicMergeTransformer" => {
            for patch in kustomization::patches_of_transformer(at, found) {
                any(builder, &patch.root, &patch.target, found);
            }
        }
        "HelmChartInflationGenerator" => chart(builder, at, found),
        _ => {}
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
            if let Some(values) = at.walk(&["spec", "values"]) {
                source.values(values, found);
            }
            let renderers = at.walk(&["spec", "postRenderers"]).map(|list| list.items());
            for renderer in renderers.into_iter().flatten() {
                if let Some(kustomize) = renderer.get("kustomize") {
                    kustomization::images(builder, &kustomize, "images", &[], found);
                    patches(builder, &kustomize, found);
                }
            }
        }
        ("helm.cattle.io", "HelmChart" | "HelmChartConfig") => {
            if let Some(values) = at.walk(&["spec", "valuesContent"]) {
                source.values(values, found);
            }
        }
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
            if let Some(spec) = at.get("spec") {
                kustomization::images(builder, &spec, "images", &[], found);
                patches(builder, &spec, found);
                let components = spec.get("components").map(|list| list.items());
                let components = components.unwrap_or_default();
                let remote = |at| kustomization::remote(builder, at);
                found.sites.extend(components.iter().filter_map(remote));
            }
        }
        ("argoproj.io", "Application") => application(&source, at, found),
        ("argoproj.io", "ApplicationSet") => {
            if let Some(template) = at.walk(&["spec", "template"]) {
                application(&source, &template, found);
            }
            let patch = at.walk(&["spec", "templatePatch"]);
            for root in
                patch.iter().flat_map(|patch| documents_in(patch, found)).collect::<Vec<_>>()
            {
                application(&source, &root, found);
            }
        }
        ("kustomize.config.k8s.io", _) => {}
        ("builtin", _) => plugin(builder, &kind, at, found),
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
            if let Some(colour) = colour.filter(|_| matches!(site.key, Key::Image(_))) {
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

/// Finds the sites of an Argo CD application, or of a part of one.
fn application<'a>(object: &SourceObject<'_, 'a>, at: &Cursor<'a>, found: &mut FoundSites) {
    let Some(spec) = at.get("spec") else { return };
    for source in sources_of_application(&spec) {
        object.source(&source, found);
        if let Some(kustomize) = source.get("kustomize") {
            patches(object.builder, &kustomize, found);
        }
    }
}
