//! Sites of a file that no rule names.

use std::sync::Arc;

use super::at::At;
use super::gathered::{Gathered, Lens};
use super::{Site, helm_values, kustomize, manifest};
use crate::config::ImageFilter;
use crate::diagnostic::Findings;
use crate::source::SourceFile;
use crate::yaml::Value;

/// The sites of a file, by what it looks like: a kustomization by its name or
/// kind; manifests, the sources of Flux and Argo CD among them, by `apiVersion`
/// and `kind`, and the values within them. Of any other file nobody can tell
/// which `tag` is an image's, so that it has none.
pub fn sites_of_content(file: &Arc<SourceFile>, documents: &[Value]) -> (Vec<Site>, Findings) {
    let images = ImageFilter::default();
    let lens = Lens { file, images: &images, adds_digest: false };
    if is_kustomization(file.path().name(), documents) {
        let gathered = kustomize::find(lens, documents, &[]);
        return (gathered.sites, gathered.findings);
    }
    let mut gathered = Gathered::default();
    for root in At::roots(documents) {
        if root.get("apiVersion").is_none() || root.get("kind").is_none() {
            continue;
        }
        manifest::object(lens, &root, &mut gathered);
        for keys in VALUES {
            if let Some(values) = root.walk(keys) {
                helm_values::find_below(lens, &values, &mut gathered);
            }
        }
    }
    (gathered.sites, gathered.findings)
}

/// Where objects hold values of a chart: Flux's `HelmRelease`, and Argo CD's
/// `Application` and `ApplicationSet`.
const VALUES: [&[&str]; 3] = [
    &["spec", "values"],
    &["spec", "source", "helm", "valuesObject"],
    &["spec", "template", "spec", "source", "helm", "valuesObject"],
];

/// The names that kustomize looks for, in its order.
pub(super) const KUSTOMIZATIONS: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file of that name is a kustomization or a component.
pub(super) fn is_kustomization(name: &str, documents: &[Value]) -> bool {
    let says_so = || {
        let root = At::root(0, documents.first()?);
        let version = root.text_of("apiVersion")?;
        Some(version.starts_with("kustomize.config.k8s.io/"))
    };
    KUSTOMIZATIONS.contains(&name) || says_so().unwrap_or_default()
}
