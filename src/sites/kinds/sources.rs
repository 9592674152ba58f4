//! Objects of Flux and Argo CD: artifacts, git repositories and charts that are
//! deployed.

use super::companions::KeysMean;
use super::helm_parameters::{HelmParameters, values_object};
use super::helm_values;
use super::reader::{FoundSites, SiteBuilder, documents_in};
use super::reference::{image_of, is_moving_reference, is_version_range, split_name};
use crate::git::CanonicalAddress;
use crate::sites::cursor::{Cursor, is_template, text};
use crate::sites::{Key, SitePartKind, SiteValue};

/// An object of Flux or Argo CD that names what is deployed.
pub(super) struct SourceObject<'f, 'a> {
    pub(super) builder: SiteBuilder<'a>,
    pub(super) at: &'f Cursor<'a>,
    pub(super) name: &'f str,
}

impl<'a> SourceObject<'_, 'a> {
    /// `spec.ref` of an artifact: a digest wins over a range, and a range over
    /// a tag (`OCIRepositoryRef`).
    pub(super) fn oci_repository(&self, found: &mut FoundSites) {
        let Some(reference) = self.at.walk(&["spec", "ref"]) else { return };
        let (tag, digest) = (reference.text_of("tag"), reference.text_of("digest"));
        let url = self.at.walk(&["spec", "url"]).and_then(|url| text(url.node));
        if let Some(range) = reference.get("semver").filter(|_| digest.is_none()) {
            if !self.builder.takes_source(&[Some(self.name), url.as_deref()]) {
                return;
            }
            let key = Key::Version(self.name.to_owned());
            found.sites.extend(self.builder.revision(key, &range, true));
            return;
        }
        let repository = url.map(|url| url.trim_start_matches("oci://").to_owned());
        let texts = [repository.as_deref(), tag.as_deref(), digest.as_deref()];
        let is_templated = texts.into_iter().flatten().any(is_template);
        let is_wanted = self.builder.images.takes(repository.as_deref().unwrap_or_default());
        let Some(shown) = reference.get("tag").or_else(|| reference.get("digest")) else { return };
        if is_templated || !is_wanted {
            return;
        }
        let image = image_of(repository, tag.as_deref(), digest.as_deref());
        let parts = vec![
            reference.part_at("tag", SitePartKind::Tag),
            reference.part_at("digest", SitePartKind::Digest),
        ];
        let key = Key::Image(self.name.to_owned());
        found.sites.push(self.builder.site(key, Some(SiteValue::Image(image)), &shown, parts));
    }

    /// `spec.ref` of a repository, the strongest first (`GitRepositoryRef`).
    pub(super) fn git_repository(&self, found: &mut FoundSites) {
        let Some(reference) = self.at.walk(&["spec", "ref"]) else { return };
        let url = self.at.walk(&["spec", "url"]).and_then(|url| text(url.node));
        if !self.builder.takes_source(&[Some(self.name), url.as_deref()]) {
            return;
        }
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
        let from = url.as_deref().map(|url| CanonicalAddress::of(url).to_string());
        if let Some(mut site) = self.builder.revision_from(key, &at, moves, (from, None)) {
            if field == "commit" {
                site.parts[0].kind = SitePartKind::Commit;
            }
            found.sites.push(site);
        }
    }

    /// A chart's version.
    pub(super) fn version(&self, keys: &[&str], found: &mut FoundSites) {
        let Some(at) = self.at.walk(keys) else { return };
        let beside = keys.split_last().and_then(|(_, above)| self.at.walk(above));
        let chart = beside.as_ref().and_then(|spec| spec.text_of("chart"));
        if !self.builder.takes_source(&[Some(self.name), chart.as_deref()]) {
            return;
        }
        let moves = is_version_range(&text(at.node).unwrap_or_default());
        let key = Key::Version(self.name.to_owned());
        let object = beside.and_then(|spec| spec.get("sourceRef")).map(|at| {
            let texts = ["kind", "namespace", "name"].map(|key| at.text_of(key));
            texts.into_iter().flatten().collect::<Vec<_>>().join("/")
        });
        found.sites.extend(self.builder.revision_from(key, &at, moves, (chart, object)));
    }

    /// A source of an Argo CD application: a chart, or a directory of a git
    /// repository, and images that it overrides.
    pub(super) fn source(&self, source: &Cursor<'a>, found: &mut FoundSites) {
        let (url, chart) = (source.text_of("repoURL"), source.text_of("chart"));
        let whole = url.iter().zip(&chart).map(|(url, chart)| format!("{url}/{chart}")).next();
        let names = [chart.as_deref().or(url.as_deref()), whole.as_deref()];
        let is_taken = self.builder.takes_source(&names);
        if let Some(at) = source.get("targetRevision").filter(|_| is_taken) {
            let revision = text(at.node).unwrap_or_default();
            let site = if let Some(chart) = chart {
                let from = whole.as_deref().map(|whole| CanonicalAddress::of(whole).to_string());
                let (key, moves) = (Key::Version(chart), is_version_range(&revision));
                self.builder.revision_from(key, &at, moves, (from, None))
            } else {
                let url = url.unwrap_or_else(|| self.name.to_owned());
                self.builder.revision(Key::git(&url), &at, is_moving_reference(&revision))
            };
            found.sites.extend(site);
        }
        if let Some(images) = source.walk(&["kustomize", "images"]) {
            images.items().iter().for_each(|image| self.kustomize_image(image, found));
        }
        let Some(helm) = source.get("helm") else { return };
        let from = found.sites.len();
        // A `valuesObject`, even an empty one, takes the place of `values`
        // (`ApplicationSourceHelm.ValuesYAML`), and parameters come last.
        let values = values_object(&helm).or_else(|| helm.get("values"));
        let roots = values.map(|values| self.values(values, found)).unwrap_or_default();
        HelmParameters::of(&helm).add(self.builder, &roots, from, found);
        // An application may have several sources with values.
        let Some(chart) = source.text_of("chart") else { return };
        for site in &mut found.sites[from..] {
            site.qualified = Some(format!("{chart}/{}", site.key.name()));
        }
    }

    /// The values of a chart: a map, or a text that holds one. Returns where they begin.
    pub(super) fn values(&self, values: Cursor<'a>, found: &mut FoundSites) -> Vec<Cursor<'a>> {
        let is_text = values.node.as_str().is_some();
        let roots = if is_text { documents_in(&values, found) } else { vec![values] };
        for root in &roots {
            helm_values::find_below(self.builder, root, KeysMean::Values, found);
        }
        roots
    }

    /// `name=repository:tag`, or a reference alone.
    fn kustomize_image(&self, at: &Cursor<'a>, found: &mut FoundSites) {
        let written = text(at.node).unwrap_or_default();
        let (name, _) = split_name(&written);
        let site = self.builder.reference(name, at).map(|site| {
            site.map(|mut site| {
                if name.is_empty() {
                    let repository = site.image().and_then(|image| image.repository.clone());
                    site.key = Key::Image(repository.unwrap_or_default());
                }
                site
            })
        });
        found.take(site);
    }
}

/// The sources of an Argo CD application: one that is hydrated, or several, before
/// the only one (`ApplicationSpec.GetSource`, `HasMultipleSources`).
pub(super) fn sources_of_application<'a>(spec: &Cursor<'a>) -> Vec<Cursor<'a>> {
    if let Some(dry) = spec.walk(&["sourceHydrator", "drySource"]) {
        return vec![dry];
    }
    let several = spec.get("sources").map(|sources| sources.items()).unwrap_or_default();
    if several.is_empty() { spec.get("source").into_iter().collect() } else { several }
}
