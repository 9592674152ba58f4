//! Values of a Helm chart: images in the shapes that charts use, at any depth.
//!
//! A map with `repository` and `tag` (perhaps `registry` and `digest`), a whole
//! reference at a key `image`, and `image` beside `tag`.

use super::kustomize::is_kustomization;
use super::reader::{FoundSites, SiteBuilder, SiteReader};
use super::reference::{image_of, image_parts};
use crate::sites::cursor::{Cursor, is_template, text};
use crate::sites::{Key, Removal, Site, SitePartKind, SiteValue, ambiguous};
use crate::yaml::{Route, Value};

/// Values that start at a route of each document, or at its root.
pub(in crate::sites) struct HelmSiteReader<'r>(pub(in crate::sites) Option<&'r Route>);

impl SiteReader for HelmSiteReader<'_> {
    fn find(&self, builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        let mut found = FoundSites::default();
        for document in Cursor::roots(documents) {
            let starts = match self.0 {
                Some(route) => document.follow_all(route),
                None => vec![document],
            };
            let places = starts.iter().map(|at| (at.place().route.to_string(), at.node.location()));
            let unclear =
                self.0.and_then(|route| ambiguous(&route.to_string(), &places.collect::<Vec<_>>()));
            match (unclear, starts.first()) {
                (Some(finding), _) => found.findings.push(finding),
                (None, Some(start)) => find_below(builder, start, &mut found),
                (None, None) => {}
            }
        }
        found
    }

    fn missing(&self) -> &'static str {
        "no image in any of the shapes of charts"
    }

    fn root(&self) -> Route {
        self.0.cloned().unwrap_or_else(Route::root)
    }

    /// Custom resources have images in the same shapes.
    fn anywhere(builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        if is_kustomization(builder.file.path().name(), documents) {
            return FoundSites::default();
        }
        HelmSiteReader(None).find(builder, documents)
    }
}

/// Finds the sites of values that start at a node.
pub(super) fn find_below<'a>(builder: SiteBuilder<'a>, start: &Cursor<'a>, found: &mut FoundSites) {
    ValuesSearch { builder, start: start.clone() }.look(start, found);
}

struct ValuesSearch<'a> {
    builder: SiteBuilder<'a>,
    start: Cursor<'a>,
}

impl<'a> ValuesSearch<'a> {
    fn look(&self, at: &Cursor<'a>, found: &mut FoundSites) {
        if at.node.is_mapping() {
            found.sites.extend(self.map(at));
            found.sites.extend(self.siblings(at));
            let has_tag = at.node.get("tag").is_some();
            for (key, value) in at.entries() {
                if is_image_key(key) && value.node.as_str().is_some() && !has_tag {
                    found.sites.extend(self.whole(key, &value));
                }
                self.look(&value, found);
            }
        }
        for item in at.items() {
            self.look(&item, found);
        }
    }

    /// `{ repository: …, tag: … }`
    fn map(&self, at: &Cursor<'a>) -> Option<Site> {
        let repository = at.text_of("repository")?;
        let shown = at.get("tag").or_else(|| at.get("digest"))?;
        let registry = at.text_of("registry").filter(|registry| !registry.is_empty());
        let whole = match registry {
            Some(registry) => format!("{registry}/{repository}"),
            None => repository,
        };
        let name = self.name(at, "repository");
        self.parted(name, at, &shown, "repository", whole)
    }

    /// `image: …` beside `tag: …`
    fn siblings(&self, at: &Cursor<'a>) -> Option<Site> {
        let image = at.get("image")?;
        let tag = at.get("tag")?;
        let name = image.name_below(&self.start);
        self.parted(name, at, &tag, "image", text(image.node)?)
    }

    fn parted(
        &self,
        name: String,
        at: &Cursor<'a>,
        shown: &Cursor<'a>,
        repository_key: &str,
        repository: String,
    ) -> Option<Site> {
        let (tag, digest) = (at.text_of("tag"), at.text_of("digest"));
        let texts = [Some(&repository), tag.as_ref(), digest.as_ref()];
        let is_template = texts.into_iter().flatten().any(|text| is_template(text));
        // A chart's or a git repository's address looks different.
        let is_image = image_parts(&repository).is_ok_and(|image| image.identity().is_none());
        if is_template || !is_image || !self.builder.images.takes(&repository) {
            return None;
        }
        if shown.node.is_mapping() || shown.node.is_sequence() {
            return None;
        }
        let mut parts = vec![at.part_at(repository_key, SitePartKind::Repository)];
        parts.push(at.part_at("tag", SitePartKind::Tag));
        if at.get("digest").is_some() {
            parts.push(at.part_at("digest", SitePartKind::Digest));
        }
        let image = image_of(Some(repository), tag.as_deref(), digest.as_deref());
        let site = self.builder.site(Key::Image(name), Some(SiteValue::Image(image)), shown, parts);
        Some(Site { removal: Removal::Empty, ..site })
    }

    /// A whole reference. At keys such as `sidecarImage` the text may be the name
    /// of a picture's file, so that only a tag or a digest makes it an image.
    fn whole(&self, key: &str, at: &Cursor<'a>) -> Option<Site> {
        let site = self.builder.reference(at.name_below(&self.start), at).ok()??;
        let has_identity = site.image().is_some_and(|image| image.identity().is_some());
        (key == "image" || has_identity).then_some(site)
    }

    fn name(&self, at: &Cursor<'a>, fallback: &str) -> String {
        let name = at.name_below(&self.start);
        if name.is_empty() { fallback.to_owned() } else { name }
    }
}

fn is_image_key(key: &str) -> bool {
    key == "image" || key.ends_with("Image") || key.ends_with("_image") || key.ends_with("-image")
}
