//! Whatever looks like an image, in maps of any shape and in the texts in them that hold YAML.
//!
//! A site is certainly deployed, and can be changed. This is more: what controllers and charts
//! that nobody here knows are likely to deploy. Gates judge it where it changes; nobody is told
//! to mend it.

use super::companions::{self, Siblings, plain};
use super::reference::{image_of, image_parts, split_name, split_tag};
use crate::kubernetes::is_tag;
use crate::sites::ImageParts;
use crate::sites::cursor::{Cursor, text};
use crate::source::{Location, is_secret_key};
use crate::yaml::{Place, Value};

/// Something that looks like an image.
#[derive(Debug, Clone)]
pub struct LikelyImage {
    /// The route that leads to it, which does not change if items are added before it.
    pub name: String,
    /// The image, of which another file may have the repository.
    pub image: ImageParts,
    /// The place that people are shown.
    pub location: Location,
    /// The scalars that say it.
    pub parts: Vec<Place>,
}

/// What looks like an image in documents.
pub fn likely_images(documents: &[Value]) -> Vec<LikelyImage> {
    let mut found = Vec::new();
    for root in Cursor::roots(documents) {
        LikelySearch { top: &root, key: None, found: &mut found }.look(&root);
    }
    found
}

/// The same in the value of a key.
pub fn likely_images_at(key: &str, documents: &[Value]) -> Vec<LikelyImage> {
    let mut found = Vec::new();
    for root in Cursor::roots(documents) {
        LikelySearch { top: &root, key: Some(key), found: &mut found }.value(None, key, &root);
    }
    found
}

/// The same in what a node holds.
pub(in crate::sites) fn likely_images_below(at: &Cursor<'_>) -> Vec<LikelyImage> {
    let mut found = Vec::new();
    LikelySearch { top: at, key: at.last_key(), found: &mut found }.node(at);
    found
}

struct LikelySearch<'s, 'a> {
    top: &'s Cursor<'a>,
    /// The key whose value that is.
    key: Option<&'s str>,
    found: &'s mut Vec<LikelyImage>,
}

impl<'a> LikelySearch<'_, 'a> {
    /// Looks in a map, a list or a text.
    fn node(&mut self, at: &Cursor<'a>) {
        match at.node.as_str() {
            // To read every text would take long, and most are prose.
            Some(text) if ["mage", "MAGE", "repository"].iter().any(|word| text.contains(word)) => {
                at.held().iter().for_each(|root| self.look(root));
            }
            Some(_) => {}
            None => self.look(at),
        }
    }

    fn look(&mut self, at: &Cursor<'a>) {
        self.parted(at);
        self.written(at);
        at.entries().for_each(|(key, value)| self.value(Some(at), key, &value));
        at.items().iter().for_each(|item| self.node(item));
    }

    /// Looks at the value of a key of a map.
    fn value(&mut self, map: Option<&Cursor<'a>>, key: &str, at: &Cursor<'a>) {
        if names_images(key) {
            at.items().iter().for_each(|item| self.whole(item));
            let values = at.entries().map(|(_, value)| value);
            values.filter(|value| is_address(value)).for_each(|value| self.whole(&value));
        }
        if names_image(key) && may_be_image(map, key, at) {
            let siblings = map.map(Siblings::of).unwrap_or_default();
            self.beside(key, at, &siblings);
        }
        // What a password holds is nobody's to print.
        if at.node.as_str().is_none() || !is_secret_key(key) {
            self.node(at);
        }
    }

    /// A whole reference, or the repository of one whose tag or digest is beside it.
    fn beside(&mut self, key: &str, at: &Cursor<'a>, siblings: &Siblings<'a>) {
        let written = text(at.node).unwrap_or_default();
        let Ok(own) = image_parts(split_name(&written).1) else { return };
        let companions = companions::likely(key, siblings);
        if own.identity().is_some() || companions.is_empty() {
            return self.whole(at);
        }
        let registry = companions::registry(siblings).unwrap_or_default();
        self.add(at, Some((at, registry + &written)), &companions);
    }

    /// A scalar that is a whole reference.
    fn whole(&mut self, at: &Cursor<'a>) {
        let Some(written) = at.node.as_str() else { return };
        if let Ok(image) = image_parts(split_name(written).1) {
            let (name, location) = (at.name_below(self.top), at.node.location());
            self.found.push(LikelyImage { name, image, location, parts: vec![at.place()] });
        }
    }

    /// `{ repository: …, tag: … }`, the same in kustomize's words, and `image: { tag: … }` of a
    /// chart that names the image.
    fn parted(&mut self, at: &Cursor<'a>) {
        let keys = ["repository", "newName", "newTag", "tag", "digest"];
        if keys.iter().all(|key| at.get(key).is_none()) {
            return;
        }
        let siblings = Siblings::of(at);
        let is_top = at.place().route.steps().len() == self.top.place().route.steps().len();
        let key = at.last_key().or(self.key.filter(|_| is_top));
        let is_image = key.is_some_and(names_image);
        let mut companions = companions::likely("repository", &siblings);
        companions.extend(at.get("newTag").as_ref().map(companions::tag));
        companions.retain(companions::Companion::has_value);
        let keys = ["repository", "newName"].into_iter().chain(is_image.then_some("name"));
        let keys = keys.chain(at.get("newTag").map(|_| "name"));
        let named = { keys }.find_map(|key| {
            let at = at.get(key).filter(|at| text(at.node).is_some_and(|text| !text.is_empty()))?;
            Some((key, at))
        });
        match named {
            Some((key, repository)) if !companions.is_empty() || key == "newName" => {
                let registry = companions::registry(&siblings).unwrap_or_default();
                let written = registry + &text(repository.node).unwrap_or_default();
                self.add(at, Some((&repository, written)), &companions);
            }
            None if is_image && !companions.is_empty() => {
                let mut tags = companions.iter().filter(|one| !one.is_digest());
                if tags.all(|one| is_tag(split_tag(one.text()).0.unwrap_or("latest"))) {
                    self.add(at, None, &companions);
                }
            }
            _ => {}
        }
    }

    fn add(
        &mut self,
        at: &Cursor<'a>,
        repository: Option<(&Cursor<'a>, String)>,
        companions: &[companions::Companion<'a>],
    ) {
        let said = |is_digest| companions.iter().find(|one| one.is_digest() == is_digest);
        let (tag, digest) = (said(false), said(true));
        let shown = tag.or(digest).map(|one| &one.at).or(repository.as_ref().map(|(at, _)| *at));
        let location = shown.unwrap_or(at).node.location();
        let places = repository.iter().map(|(at, _)| at.place());
        let parts = places.chain([tag, digest].into_iter().flatten().map(|one| one.at.place()));
        let parts = parts.collect();
        let [tag, digest] = [tag, digest].map(|one| one.map(companions::Companion::text));
        let image = image_of(repository.map(|(_, written)| written), tag, digest);
        self.found.push(LikelyImage { name: at.name_below(self.top), image, location, parts });
    }

    /// What a JSON patch and kustomize's `replacements` write to the key of an image.
    fn written(&mut self, at: &Cursor<'a>) {
        let is_to_image = |path: &str| {
            let last = path.rsplit(['/', '.']).next().unwrap_or_default();
            names_image(last)
        };
        let value = match (at.get("sourceValue"), at.get("op"), at.text_of("path")) {
            (Some(value), ..) => {
                let targets = at.get("targets").map(|list| list.items()).unwrap_or_default();
                let paths = targets.iter().filter_map(|target| target.get("fieldPaths"));
                let mut paths = paths.flat_map(|list| list.items());
                let is_meant = paths.any(|path| path.node.as_str().is_some_and(is_to_image));
                Some(value).filter(|_| is_meant)
            }
            (None, Some(_), Some(path)) => at.get("value").filter(|_| is_to_image(&path)),
            _ => None,
        };
        if let Some(value) = value {
            self.whole(&value);
        }
    }
}

/// Whether a key is that of an image: `image`, and all that end so in whatever style; or the
/// `reference` of one that is mounted.
fn names_image(key: &str) -> bool {
    key == "reference" || plain(key).ends_with("image")
}

fn names_images(key: &str) -> bool {
    plain(key).ends_with("images")
}

/// Whether a scalar at the key of an image may be one. A word alone is one only where nothing
/// else can stand.
fn may_be_image(map: Option<&Cursor<'_>>, key: &str, at: &Cursor<'_>) -> bool {
    let Some(text) = at.node.as_str() else { return false };
    let is_container = key == "image" && map.is_some_and(|map| map.last_key().is_none());
    is_container || (key == "image" || is_address(at)) && !is_picture(text)
}

fn is_address(at: &Cursor<'_>) -> bool {
    at.node.as_str().is_some_and(|text| text.contains([':', '/', '@']))
}

/// Whether a text is the name of a picture's file.
fn is_picture(text: &str) -> bool {
    let ending = text.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    matches!(&*ending, "png" | "svg" | "jpg" | "jpeg" | "gif" | "webp" | "ico")
        && !text.contains(':')
}
