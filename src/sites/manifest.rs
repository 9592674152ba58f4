//! Manifests: images of containers, and the sources of Flux and Argo CD.

use std::collections::HashMap;

use super::at::{At, text};
use super::gathered::{Gathered, Lens, image_of};
use super::moving::{is_moving_reference, is_version_range};
use super::{Form, Key, Part, Said, Site, Unsaid, kustomize};
use crate::yaml::Value;

/// The sites of manifests and of patches that are shaped like them.
pub(super) fn find(lens: Lens<'_>, documents: &[Value]) -> Gathered {
    let mut gathered = Gathered::default();
    for root in At::roots(documents) {
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
fn operations(lens: Lens<'_>, list: &At<'_>, gathered: &mut Gathered) {
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
pub(super) fn object(lens: Lens<'_>, at: &At<'_>, gathered: &mut Gathered) {
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
    top: &'f At<'a>,
    workload: Option<&'f str>,
}

impl<'a> Finder<'_, 'a> {
    fn look(&self, at: &At<'a>, gathered: &mut Gathered) {
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
    fn container(&self, item: &At<'a>, gathered: &mut Gathered) {
        let Some(image) = item.get("image").filter(|image| !image.node.is_null()) else { return };
        let name = item.text_of("name").or_else(|| self.workload.map(str::to_owned));
        let name = name.unwrap_or_else(|| image.name_below(self.top));
        gathered.take(self.lens.reference(name, &image));
    }

    /// An `image` of a custom resource: it is one where it has a tag or digest.
    fn other(&self, map: &At<'a>, image: &At<'a>) -> Option<Site> {
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

/// What Flux and Argo CD deploy from.
struct Sources<'f, 'a> {
    lens: Lens<'a>,
    at: &'f At<'a>,
    name: &'f str,
}

impl<'a> Sources<'_, 'a> {
    /// `spec.ref` of an artifact: a digest wins over a range, and a range over
    /// a tag (`OCIRepositoryRef`).
    fn oci_repository(&self, gathered: &mut Gathered) {
        let Some(reference) = self.at.walk(&["spec", "ref"]) else { return };
        let (tag, digest) = (reference.text_of("tag"), reference.text_of("digest"));
        if let Some(range) = reference.get("semver").filter(|_| digest.is_none()) {
            let key = Key::Version(self.name.to_owned());
            gathered.sites.extend(self.lens.revision(key, &range, true));
            return;
        }
        let url = self.at.walk(&["spec", "url"]).and_then(|url| text(url.node));
        let repository = url.map(|url| url.trim_start_matches("oci://").to_owned());
        let texts = [repository.as_deref(), tag.as_deref(), digest.as_deref()];
        let is_template = texts.into_iter().flatten().any(super::at::is_template);
        let is_wanted = self.lens.images.takes(repository.as_deref().unwrap_or_default());
        let Some(shown) = reference.get("tag").or_else(|| reference.get("digest")) else { return };
        if is_template || !is_wanted {
            return;
        }
        let image = image_of(repository, tag.as_deref(), digest.as_deref());
        let parts =
            vec![reference.part_at("tag", Form::Tag), reference.part_at("digest", Form::Digest)];
        let key = Key::Image(self.name.to_owned());
        gathered.sites.push(self.lens.site(key, Some(Said::Image(image)), &shown, parts));
    }

    /// `spec.ref` of a repository, the strongest first (`GitRepositoryRef`).
    fn git_repository(&self, gathered: &mut Gathered) {
        let Some(reference) = self.at.walk(&["spec", "ref"]) else { return };
        let strongest = ["commit", "name", "semver", "tag", "branch"];
        let Some((field, at)) =
            strongest.into_iter().find_map(|field| Some((field, reference.get(field)?)))
        else {
            return;
        };
        let text = text(at.node).unwrap_or_default();
        let moves = match field {
            "semver" | "branch" => true,
            "name" => !text.starts_with("refs/tags/"),
            _ => false,
        };
        let key = Key::Git(self.name.to_owned());
        if let Some(mut site) = self.lens.revision(key, &at, moves) {
            if field == "commit" {
                site.parts[0].form = Form::Commit;
            }
            gathered.sites.push(site);
        }
    }

    /// A chart's version.
    fn version(&self, keys: &[&str], gathered: &mut Gathered) {
        let Some(at) = self.at.walk(keys) else { return };
        let moves = is_version_range(&text(at.node).unwrap_or_default());
        let key = Key::Version(self.name.to_owned());
        gathered.sites.extend(self.lens.revision(key, &at, moves));
    }

    fn application(&self, spec: &[&str], gathered: &mut Gathered) {
        let Some(spec) = self.at.walk(spec) else { return };
        if let Some(source) = spec.get("source") {
            self.source(&source, gathered);
        }
        if let Some(sources) = spec.get("sources") {
            sources.items().iter().for_each(|source| self.source(source, gathered));
        }
    }

    /// A source of an Argo CD application: a chart, or a directory of a git
    /// repository, and images that it overrides.
    fn source(&self, source: &At<'a>, gathered: &mut Gathered) {
        if let Some(at) = source.get("targetRevision") {
            let revision = text(at.node).unwrap_or_default();
            let site = if let Some(chart) = source.text_of("chart") {
                self.lens.revision(Key::Version(chart), &at, is_version_range(&revision))
            } else {
                let url = source.text_of("repoURL").unwrap_or_else(|| self.name.to_owned());
                self.lens.revision(Key::Git(url), &at, is_moving_reference(&revision))
            };
            gathered.sites.extend(site);
        }
        if let Some(images) = source.walk(&["kustomize", "images"]) {
            images.items().iter().for_each(|image| self.kustomize_image(image, gathered));
        }
        if let Some(parameters) = source.walk(&["helm", "parameters"]) {
            self.parameters(&parameters, gathered);
        }
    }

    /// `name=repository:tag`, or a reference alone.
    fn kustomize_image(&self, at: &At<'a>, gathered: &mut Gathered) {
        let written = text(at.node).unwrap_or_default();
        let (name, _) = super::gathered::split_name(&written);
        let found = self.lens.reference(name, at).map(|site| {
            site.map(|mut site| {
                if name.is_empty() {
                    let repository = site.image().and_then(|image| image.repository.clone());
                    site.key = Key::Image(repository.unwrap_or_default());
                }
                site
            })
        });
        gathered.take(found);
    }

    /// `- { name: image.tag, value: v1 }`, with `image.repository` and
    /// `image.digest` beside it.
    fn parameters(&self, list: &At<'a>, gathered: &mut Gathered) {
        let items = list.items();
        let named = items.iter().filter_map(|item| Some((item.text_of("name")?, item)));
        let named: HashMap<String, &At<'a>> = named.collect();
        let of = |name: String| named.get(&name)?.get("value");
        for item in &items {
            let Some(name) = item.text_of("name") else { continue };
            let prefix = match name.strip_suffix("tag") {
                Some(prefix) if prefix.is_empty() || prefix.ends_with('.') => prefix,
                _ => continue,
            };
            let Some(value) = item.get("value") else { continue };
            let (repository, digest) =
                (of(format!("{prefix}repository")), of(format!("{prefix}digest")));
            let key = if prefix.is_empty() { &name } else { prefix.trim_end_matches('.') };
            gathered.sites.extend(self.parameter(key, &value, repository, digest));
        }
    }

    fn parameter(
        &self,
        key: &str,
        tag: &At<'a>,
        repository: Option<At<'a>>,
        digest: Option<At<'a>>,
    ) -> Option<Site> {
        let says = |at: &Option<At<'_>>| at.as_ref().and_then(|at| text(at.node));
        let (repository_text, tag_text, digest_text) =
            (says(&repository), text(tag.node)?, says(&digest));
        let is_wanted = self.lens.images.takes(repository_text.as_deref().unwrap_or_default());
        if super::at::is_template(&tag_text) || !is_wanted {
            return None;
        }
        let mut parts: Vec<Part> = vec![tag.part(Form::Tag)];
        parts.extend(repository.map(|at| at.part(Form::Repository)));
        parts.extend(digest.map(|at| at.part(Form::Digest)));
        let image = image_of(repository_text, Some(&tag_text), digest_text.as_deref());
        let key = Key::Image(key.to_owned());
        let site = self.lens.site(key, Some(Said::Image(image)), tag, parts);
        Some(Site { unsaid: Unsaid::Empty, ..site })
    }
}
