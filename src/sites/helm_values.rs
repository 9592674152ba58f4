//! Values of a Helm chart: images in the shapes that charts use, at any depth.
//!
//! A map with `repository` and `tag` (perhaps `registry` and `digest`), a whole
//! reference at a key `image`, and `image` beside `tag`.

use super::cursor::{Cursor, is_template, text};
use super::gathered::{Gathered, Lens, image_of, read};
use super::{Form, Key, Site, SiteValue, Unsaid};
use crate::yaml::{Route, Value};

/// The sites of values that begin at `root` of each document that has it.
pub(super) fn find(lens: Lens<'_>, documents: &[Value], root: Option<&Route>) -> Gathered {
    let mut gathered = Gathered::default();
    for document in Cursor::roots(documents) {
        let start = match root {
            Some(route) => document.follow(route),
            None => Some(document),
        };
        if let Some(start) = start {
            find_below(lens, &start, &mut gathered);
        }
    }
    gathered
}

/// The sites of values that begin there.
pub(super) fn find_below<'a>(lens: Lens<'a>, start: &Cursor<'a>, gathered: &mut Gathered) {
    Finder { lens, start: start.clone() }.look(start, gathered);
}

struct Finder<'a> {
    lens: Lens<'a>,
    start: Cursor<'a>,
}

impl<'a> Finder<'a> {
    fn look(&self, at: &Cursor<'a>, gathered: &mut Gathered) {
        if at.node.is_mapping() {
            gathered.sites.extend(self.map(at));
            gathered.sites.extend(self.siblings(at));
            let has_tag = at.node.get("tag").is_some();
            for (key, value) in at.entries() {
                if is_image_key(key) && value.node.as_str().is_some() && !has_tag {
                    gathered.sites.extend(self.whole(key, &value));
                }
                self.look(&value, gathered);
            }
        }
        for item in at.items() {
            self.look(&item, gathered);
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
        let is_image = read(&repository).is_ok_and(|image| image.identity().is_none());
        if is_template || !is_image || !self.lens.images.takes(&repository) {
            return None;
        }
        if shown.node.is_mapping() || shown.node.is_sequence() {
            return None;
        }
        let mut parts = vec![at.part_at(repository_key, Form::Repository)];
        parts.push(at.part_at("tag", Form::Tag));
        if at.get("digest").is_some() {
            parts.push(at.part_at("digest", Form::Digest));
        }
        let image = image_of(Some(repository), tag.as_deref(), digest.as_deref());
        let site = self.lens.site(Key::Image(name), Some(SiteValue::Image(image)), shown, parts);
        Some(Site { unsaid: Unsaid::Empty, ..site })
    }

    /// A whole reference. At keys such as `sidecarImage`, and where the text may
    /// be a picture's file name, only a tag or a digest tells an image.
    fn whole(&self, key: &str, at: &Cursor<'a>) -> Option<Site> {
        let site = self.lens.reference(at.name_below(&self.start), at).ok()??;
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
