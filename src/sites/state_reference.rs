//! How a person names a state: by a reference that it has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::image_choice::{ImageNames, NoImage, choose_image_of_app};
use super::image_request::{ImageRequest, split_name, without_scheme};
use super::{AppSites, ImageParts, Key, Site, SiteValue, State};
use crate::diagnostic::Finding;
use crate::source::Location;

/// A reference that names a state: that of one of its images, perhaps after the
/// image's name, or a git reference or version alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateReference {
    typed: String,
    /// The text after `NAME=`.
    text: String,
    /// The image that is meant.
    image: ImageRequest,
}

impl StateReference {
    /// Reads `[NAME=]TEXT`: any text may be a reference.
    pub fn parse(typed: &str) -> Self {
        let (name, text) = match split_name(typed) {
            Some((name, text)) => (Some(name), text),
            None => (None, typed),
        };
        let image = ImageRequest::of_text(text);
        let name = name.map(|name| without_scheme(name).to_owned());
        Self {
            typed: typed.to_owned(),
            text: text.to_owned(),
            image: ImageRequest { name, ..image.unwrap_or_default() },
        }
    }

    /// The image that is meant, with the tag and digest that are asked for.
    pub fn image(&self) -> &ImageRequest {
        &self.image
    }

    /// The text without the image's name.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether any image may be meant, because neither a name nor a repository is
    /// given.
    fn is_of_any_image(&self) -> bool {
        self.image.name.is_none() && self.image.repository.is_none()
    }

    /// Whether the text is about a value, whatever its key is.
    pub fn is_about(&self, value: &SiteValue) -> bool {
        match value {
            SiteValue::Image(image) => is_image_text(&self.text, image),
            SiteValue::Revision(parts) => parts.revision == self.text,
            SiteValue::Repository(_)
            | SiteValue::Moving(_)
            | SiteValue::Value(_)
            | SiteValue::Secret(_) => false,
        }
    }

    /// Whether it is about a value of that key, and a name that is given is the key's.
    pub fn is_exactly(&self, key: &Key, value: &SiteValue) -> bool {
        let name = self.image.name.as_deref();
        name.is_none_or(|name| name == key.name()) && self.is_about(value)
    }

    /// The numbers of the values that are meant.
    ///
    /// # Errors
    ///
    /// The name fits several images, and one of them has that value.
    pub fn choose(
        &self,
        values: &[KeyedValue<'_>],
        known: &KnownKeys<'_>,
        at: &Location,
    ) -> Result<Vec<usize>, Finding> {
        let is_about = |number: &usize| values[*number].is_about;
        let name = self.image().name.as_deref();
        let (images, others): (Vec<usize>, Vec<usize>) =
            (0..values.len()).partition(|&number| values[number].is_image);
        let is_named = |number: &usize| name.is_none_or(|name| values[*number].key == name);
        let mut chosen: Vec<_> = others.into_iter().filter(is_named).filter(is_about).collect();
        if self.is_of_any_image() {
            chosen.extend(images.iter().filter(|number| is_about(number)));
            return Ok(chosen);
        }
        let names = |number: usize| known.names(values[number].key, values[number].repository);
        match choose_image_of_app(self.image(), &images, names) {
            Ok(places) => {
                let keys = self.keys_among(places.iter().map(|&number| values[number].key));
                let is_key = |number: &usize| keys.contains(values[*number].key);
                chosen.extend(places.into_iter().filter(is_key).filter(is_about));
            }
            Err(NoImage::Ambiguous(which)) if which.images.iter().flatten().any(is_about) => {
                return Err(which.finding(name, self.text(), |_| at.clone()));
            }
            Err(_) => {}
        }
        Ok(chosen)
    }

    /// Whether a state has this reference.
    ///
    /// # Errors
    ///
    /// The name fits several images, and one of them has that value.
    pub fn names_state(
        &self,
        state: &State,
        known: &KnownKeys<'_>,
        at: &Location,
    ) -> Result<bool, Finding> {
        let values = state.iter().map(|(key, value)| KeyedValue {
            key: key.name(),
            is_image: matches!(key, Key::Image(_)),
            repository: match value {
                SiteValue::Image(image) => image.repository.as_deref(),
                _ => None,
            },
            is_about: self.is_about(value),
        });
        let chosen = self.choose(&values.collect::<Vec<_>>(), known, at)?;
        Ok(!chosen.is_empty())
    }

    /// The keys of an app that are meant, for a hold on them: the key with that
    /// name, else all keys of the image.
    ///
    /// # Errors
    ///
    /// No key is meant, or it may be one of several.
    pub fn keys_of<'s>(&self, app: &'s AppSites) -> Result<BTreeSet<&'s str>, NoImage<&'s Site>> {
        let name = self.image().name.as_deref();
        let others = app.sites.iter().filter(|site| !site.is_image());
        if let Some(other) = others.map(|site| site.key.name()).find(|key| Some(*key) == name) {
            return Ok(BTreeSet::from([other]));
        }
        let images: Vec<&Site> = app.sites.iter().filter(|site| site.is_image()).collect();
        let revisions = self.revisions_among(app);
        if images.is_empty() && revisions.len() == 1 {
            return Ok(revisions);
        }
        if !revisions.is_empty() || self.image == ImageRequest::default() {
            return Err(NoImage::Unknown);
        }
        let chosen = choose_image_of_app(self.image(), &images, ImageNames::of_site)?;
        Ok(self.keys_among(chosen.iter().map(|site| site.key.name())))
    }

    /// The keys of git references and versions that may be meant: none if the
    /// reference can only be an image's.
    fn revisions_among<'s>(&self, app: &'s AppSites) -> BTreeSet<&'s str> {
        let is_of_image = !self.is_of_any_image()
            || self.image.digest.is_some()
            || self.text.starts_with([':', '@']);
        let is_revision =
            |key: &&Key| matches!(key, Key::Git(_) | Key::Version(_) | Key::TemplatePin);
        let keys = app.sites.iter().map(|site| &site.key).filter(is_revision).map(Key::name);
        if is_of_image { BTreeSet::new() } else { keys.collect() }
    }

    /// The key among those of one image that is named, else all of them.
    fn keys_among<'k>(&self, keys: impl Iterator<Item = &'k str>) -> BTreeSet<&'k str> {
        let keys: BTreeSet<_> = keys.collect();
        let named = self.image().name.as_deref().and_then(|name| keys.get(name).copied());
        named.map_or(keys, |key| BTreeSet::from([key]))
    }
}

impl fmt::Display for StateReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

/// Whether a text is about an image: its tag and digest as they are written after
/// the repository, with or without the `:` or `@` before them, or a whole
/// reference. The repository does not count, because each environment may have
/// its own.
///
/// The digests decide if both have one, else the tags. A text that is only a
/// digest is not about an image that has only a tag.
pub fn is_image_text(text: &str, image: &ImageParts) -> bool {
    let bare = ImageParts { repository: None, ..image.clone() }.to_string();
    // Files may have tags that no registry accepts.
    if !bare.is_empty()
        && text.trim_start_matches([':', '@']) == bare.trim_start_matches([':', '@'])
    {
        return true;
    }
    let asked = ImageRequest::of_text(text).map(|request| SiteValue::Image(request.parts()));
    asked.is_some_and(|asked| asked.agrees_with(&SiteValue::Image(image.clone())))
}

/// What is known of an app's keys in one environment, to interpret states of the
/// past and holds, which have only keys.
#[derive(Debug, Clone, Default)]
pub struct KnownKeys<'a> {
    images: BTreeMap<&'a str, ImageNames<'a>>,
    others: BTreeSet<&'a str>,
}

impl<'a> KnownKeys<'a> {
    /// The keys of an app's sites; none if there is no app.
    pub fn of(app: Option<&'a AppSites>) -> Self {
        let mut known = Self::default();
        for site in app.iter().flat_map(|app| &app.sites) {
            let key = site.key.name();
            if !site.is_image() {
                known.others.insert(key);
                continue;
            }
            let names = ImageNames::of_site(site);
            match known.images.get_mut(key) {
                Some(image) => {
                    image.keys.extend(names.keys);
                    image.repository = image.repository.or(names.repository);
                }
                None => drop(known.images.insert(key, names)),
            }
        }
        known
    }

    /// The keys of images.
    pub fn images(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.images.keys().copied()
    }

    /// Whether a key is that of a git reference, a version or a value.
    pub fn is_other(&self, key: &str) -> bool {
        self.others.contains(key) && !self.images.contains_key(key)
    }

    /// The names of an image's key, with the repository that is known with it.
    fn names<'n>(&'n self, key: &'n str, repository: Option<&'n str>) -> ImageNames<'n> {
        let known = self.images.get(key);
        let keys = known.map_or_else(|| vec![key], |known| known.keys.clone());
        let repository = repository.or_else(|| known.and_then(|known| known.repository));
        ImageNames { keys, repository }
    }
}

/// A key with its value in a state or a hold.
#[derive(Debug, Clone, Copy)]
pub struct KeyedValue<'a> {
    /// The key's name.
    pub key: &'a str,
    /// Whether it may be an image's.
    pub is_image: bool,
    /// The image's repository, if it is known.
    pub repository: Option<&'a str>,
    /// Whether the text of the reference is about the value.
    pub is_about: bool,
}
