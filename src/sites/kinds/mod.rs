//! The kinds of sites: how each is read, in the files of a rule and in a file that
//! no rule names.
//!
//! A new kind needs three things: a file here, whose reader implements
//! [`SiteReader`]; a row in the table below; and its keys in
//! [`crate::config::SiteKind`].

mod charts;
mod companions;
mod containers;
mod helm_parameters;
pub(super) mod helm_values;
mod json_patch;
pub(super) mod kustomization;
mod kustomize;
mod likely;
mod manifest;
mod marker;
pub(super) mod reader;
pub(super) mod reference;
mod sources;
mod yaml;

use std::collections::HashSet;
use std::sync::Arc;

pub(super) use self::likely::likely_images_below;
pub use self::likely::{LikelyImage, likely_images, likely_images_at};
use self::reader::{FoundSites, SiteBuilder, SiteReader};
use super::Site;
use crate::config::{ImageFilter, SiteKind};
use crate::diagnostic::Findings;
use crate::source::SourceFile;
use crate::yaml::Value;

/// Each kind once: what a rule says of it, and the file that reads it.
macro_rules! kinds {
    ($($rule:pat => $file:ident::$reader:ident($($setting:expr)?);)+) => {
        /// The reader for the files of a rule of that kind.
        pub(super) fn reader_of(kind: &SiteKind) -> Box<dyn SiteReader + '_> {
            match kind { $($rule => Box::new($file::$reader($($setting)?)),)+ }
        }

        /// How files that no rule names are read. If the content fits several
        /// kinds, the first counts.
        const DETECTIONS: &[Detection] = &[$(Detection {
            by_content: $file::$reader::by_content,
            anywhere: $file::$reader::anywhere,
            adds_names: $file::$reader::adds_names,
        },)+];
    };
}

kinds! {
    SiteKind::Marker => marker::MarkerSiteReader();
    SiteKind::Kustomize { insert } => kustomize::KustomizeSiteReader(insert);
    SiteKind::Yaml(fields) => yaml::FieldSiteReader(fields);
    SiteKind::HelmValues { root } =>
        helm_values::HelmSiteReader(root.as_ref().map(|root| &root.value));
    SiteKind::Manifest => manifest::ManifestSiteReader();
}

/// The functions of [`SiteReader`] that are about files that no rule names.
struct Detection {
    by_content: fn(SiteBuilder<'_>, &[Value]) -> Option<FoundSites>,
    anywhere: fn(SiteBuilder<'_>, &[Value]) -> FoundSites,
    adds_names: fn() -> bool,
}

/// The sites of a file, by what it looks like: a kustomization by its name or
/// kind; manifests, with the sources of Flux and Argo CD, by `apiVersion` and
/// `kind`, and the values within them. Any other file has none, because it is not
/// known which `tag` belongs to an image.
pub fn sites_of_content(file: &Arc<SourceFile>, documents: &[Value]) -> (Vec<Site>, Findings) {
    let images = ImageFilter::default();
    let builder = SiteBuilder::new(file, &images);
    let found = DETECTIONS.iter().find_map(|kind| (kind.by_content)(builder, documents));
    let found = found.unwrap_or_default();
    (found.sites, found.findings)
}

/// The sites of a file that a person names: those of its content, and besides
/// marked scalars, addresses with a git reference anywhere, and images in the
/// shapes of charts' values, which custom resources have as well.
pub fn sites_of_file(file: &Arc<SourceFile>, documents: &[Value]) -> (Vec<Site>, Findings) {
    let images = ImageFilter::default();
    let builder = SiteBuilder::new(file, &images);
    let (mut sites, mut findings) = sites_of_content(file, documents);
    for kind in DETECTIONS {
        let found = (kind.anywhere)(builder, documents);
        let known: HashSet<_> = sites.iter().flat_map(|s| &s.parts).map(|p| p.at.clone()).collect();
        let is_known = |site: &Site| site.parts.iter().any(|part| known.contains(&part.at));
        let is_new = |site: &Site| (kind.adds_names)() || !is_known(site);
        sites.extend(found.sites.into_iter().filter(is_new));
        findings.extend(found.findings);
    }
    (sites, findings)
}
