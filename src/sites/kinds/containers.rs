//! Images of containers, in objects of any kind and in parts of them.

use super::companions::{self, Companions, KeysMean, Siblings};
use super::kustomization;
use super::reader::{FoundSites, SiteBuilder};
use crate::sites::Site;
use crate::sites::cursor::Cursor;

/// Looks for containers in an object of any kind.
pub(super) struct ContainerSearch<'f, 'a> {
    pub(super) builder: SiteBuilder<'a>,
    pub(super) top: &'f Cursor<'a>,
    pub(super) workload: Option<&'f str>,
}

impl<'a> ContainerSearch<'_, 'a> {
    pub(super) fn look(&self, at: &Cursor<'a>, found: &mut FoundSites) {
        for (key, value) in at.searched() {
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
            found.sites.extend(kustomization::remote(self.builder, at));
        }
    }

    /// Finds the image of a container. Only Knative leaves the name out, if there
    /// is one container.
    pub(super) fn container(&self, item: &Cursor<'a>, found: &mut FoundSites) {
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

pub(super) fn is_container_list(key: &str) -> bool {
    matches!(key, "containers" | "initContainers" | "ephemeralContainers")
}
