//! `kustomization.yaml`: `images`, patches in it, and the references of remote resources.

use super::charts::chart;
use super::kustomization::{images, is_kustomization, remote};
use super::manifest::{patches, plugins};
use super::reader::{FoundSites, SiteBuilder, SiteReader};
use crate::config::Sourced;
use crate::sites::cursor::Cursor;
use crate::yaml::Value;

/// Kustomizations and components, with the images that may be added to a file
/// that does not name them yet.
pub(super) struct KustomizeSiteReader<'r>(pub(super) &'r [Sourced<String>]);

impl SiteReader for KustomizeSiteReader<'_> {
    fn find(&self, builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        find(builder, documents, self.0)
    }

    fn missing(&self) -> &'static str {
        "no entry of `images` with a tag or digest, no patch or transformer with an image, and no `?ref=`"
    }

    fn fits(&self, name: &str, documents: &[Value]) -> bool {
        let has_keys = |root: Cursor<'_>| {
            ["images", "resources", "bases", "components", "patches"]
                .iter()
                .any(|key| root.get(key).is_some())
        };
        is_kustomization(name, documents) || Cursor::roots(documents).any(has_keys)
    }

    fn by_content(builder: SiteBuilder<'_>, documents: &[Value]) -> Option<FoundSites> {
        let is_one = is_kustomization(builder.file.path().name(), documents);
        is_one.then(|| find(builder, documents, &[]))
    }

    /// Addresses with a git reference, which custom resources have as well.
    fn anywhere(builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        let mut found = FoundSites::default();
        for root in Cursor::roots(documents) {
            addresses(builder, &root, &mut found);
        }
        found
    }
}

/// The keys whose entries may be addresses (`kustomize/api/types/kustomization.go`).
const REMOTE: [&str; 8] = [
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
];

/// The sites of a kustomization; `insert` names images that may be added if it
/// does not name them yet.
fn find(builder: SiteBuilder<'_>, documents: &[Value], insert: &[Sourced<String>]) -> FoundSites {
    let mut found = FoundSites::default();
    for root in Cursor::roots(documents).filter(|root| root.node.is_mapping()) {
        images(builder, &root, "images", insert, &mut found);
        patches(builder, &root, &mut found);
        for key in REMOTE {
            let entries = root.get(key).map(|list| list.items()).unwrap_or_default();
            found.sites.extend(entries.iter().filter_map(|entry| remote(builder, entry)));
        }
        let charts = root.get("helmCharts").map(|list| list.items()).unwrap_or_default();
        for one in &charts {
            chart(builder, one, &mut found);
        }
        plugins(builder, &root, &mut found);
    }
    found
}

/// Finds every scalar that is an address with a git reference.
fn addresses<'a>(builder: SiteBuilder<'a>, at: &Cursor<'a>, found: &mut FoundSites) {
    at.searched().for_each(|(_, value)| addresses(builder, &value, found));
    at.items().iter().for_each(|item| addresses(builder, item, found));
    if at.node.as_str().is_some() {
        found.sites.extend(remote(builder, at));
    }
}
