//! What Flux and Argo CD deploy from: artifacts, git repositories and charts.

use std::collections::HashMap;

use super::cursor::{Cursor, text};
use super::gathered::{Gathered, Lens, image_of, split_name};
use super::moving::{is_moving_reference, is_version_range};
use super::{Form, Key, Part, Site, SiteValue, Unsaid};

/// What Flux and Argo CD deploy from.
pub(super) struct Sources<'f, 'a> {
    pub(super) lens: Lens<'a>,
    pub(super) at: &'f Cursor<'a>,
    pub(super) name: &'f str,
}

impl<'a> Sources<'_, 'a> {
    /// `spec.ref` of an artifact: a digest wins over a range, and a range over
    /// a tag (`OCIRepositoryRef`).
    pub(super) fn oci_repository(&self, gathered: &mut Gathered) {
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
        let is_template = texts.into_iter().flatten().any(super::cursor::is_template);
        let is_wanted = self.lens.images.takes(repository.as_deref().unwrap_or_default());
        let Some(shown) = reference.get("tag").or_else(|| reference.get("digest")) else { return };
        if is_template || !is_wanted {
            return;
        }
        let image = image_of(repository, tag.as_deref(), digest.as_deref());
        let parts =
            vec![reference.part_at("tag", Form::Tag), reference.part_at("digest", Form::Digest)];
        let key = Key::Image(self.name.to_owned());
        gathered.sites.push(self.lens.site(key, Some(SiteValue::Image(image)), &shown, parts));
    }

    /// `spec.ref` of a repository, the strongest first (`GitRepositoryRef`).
    pub(super) fn git_repository(&self, gathered: &mut Gathered) {
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
    pub(super) fn version(&self, keys: &[&str], gathered: &mut Gathered) {
        let Some(at) = self.at.walk(keys) else { return };
        let moves = is_version_range(&text(at.node).unwrap_or_default());
        let key = Key::Version(self.name.to_owned());
        gathered.sites.extend(self.lens.revision(key, &at, moves));
    }

    pub(super) fn application(&self, spec: &[&str], gathered: &mut Gathered) {
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
    fn source(&self, source: &Cursor<'a>, gathered: &mut Gathered) {
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
    fn kustomize_image(&self, at: &Cursor<'a>, gathered: &mut Gathered) {
        let written = text(at.node).unwrap_or_default();
        let (name, _) = split_name(&written);
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
    fn parameters(&self, list: &Cursor<'a>, gathered: &mut Gathered) {
        let items = list.items();
        let named = items.iter().filter_map(|item| Some((item.text_of("name")?, item)));
        let named: HashMap<String, &Cursor<'a>> = named.collect();
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
        tag: &Cursor<'a>,
        repository: Option<Cursor<'a>>,
        digest: Option<Cursor<'a>>,
    ) -> Option<Site> {
        let says = |at: &Option<Cursor<'_>>| at.as_ref().and_then(|at| text(at.node));
        let (repository_text, tag_text, digest_text) =
            (says(&repository), text(tag.node)?, says(&digest));
        let is_wanted = self.lens.images.takes(repository_text.as_deref().unwrap_or_default());
        if super::cursor::is_template(&tag_text) || !is_wanted {
            return None;
        }
        let mut parts: Vec<Part> = vec![tag.part(Form::Tag)];
        parts.extend(repository.map(|at| at.part(Form::Repository)));
        parts.extend(digest.map(|at| at.part(Form::Digest)));
        let image = image_of(repository_text, Some(&tag_text), digest_text.as_deref());
        let key = Key::Image(key.to_owned());
        let site = self.lens.site(key, Some(SiteValue::Image(image)), tag, parts);
        Some(Site { unsaid: Unsaid::Empty, ..site })
    }
}
