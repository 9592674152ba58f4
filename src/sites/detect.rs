//! Sites of a file that no rule names.

use std::collections::HashSet;
use std::sync::Arc;

use super::cursor::Cursor;
use super::gathered::{Gathered, Lens};
use super::{Site, helm_values, kustomize, manifest, marker};
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
    for root in Cursor::roots(documents) {
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

/// The sites of a file that a person names: besides what its content says it is,
/// marked scalars, addresses with a git reference wherever they stand, and images
/// as the values of charts have them: custom resources have them, too.
pub fn sites_of_file(file: &Arc<SourceFile>, documents: &[Value]) -> (Vec<Site>, Findings) {
    let images = ImageFilter::default();
    let lens = Lens { file, images: &images, adds_digest: false };
    let (mut sites, mut findings) = sites_of_content(file, documents);
    let marked = marker::find(lens, documents);
    sites.extend(marked.sites);
    findings.extend(marked.findings);
    let mut more = Gathered::default();
    for root in Cursor::roots(documents) {
        if !is_kustomization(file.path().name(), documents) {
            helm_values::find_below(lens, &root, &mut more);
        }
        addresses(lens, &root, &mut more);
    }
    let known: HashSet<_> = sites.iter().flat_map(|s| &s.parts).map(|p| p.at.clone()).collect();
    let is_new = |site: &Site| !site.parts.iter().any(|part| known.contains(&part.at));
    sites.extend(more.sites.into_iter().filter(is_new));
    findings.extend(more.findings);
    (sites, findings)
}

/// Every scalar that is an address with a git reference.
fn addresses<'a>(lens: Lens<'a>, at: &Cursor<'a>, gathered: &mut Gathered) {
    at.entries().for_each(|(_, value)| addresses(lens, &value, gathered));
    at.items().iter().for_each(|item| addresses(lens, item, gathered));
    if at.node.as_str().is_some() {
        gathered.sites.extend(kustomize::remote(lens, at));
    }
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
        let root = Cursor::root(0, documents.first()?);
        let version = root.text_of("apiVersion")?;
        Some(version.starts_with("kustomize.config.k8s.io/"))
    };
    KUSTOMIZATIONS.contains(&name) || says_so().unwrap_or_default()
}
