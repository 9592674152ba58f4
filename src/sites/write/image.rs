//! The changes at the site of an image.

use super::part::{clear, set, write};
use super::refusal::{WriteOptions, no_room, refused};
use crate::diagnostic::Finding;
use crate::kubernetes::image_reference;
use crate::sites::code::{STALE_DIGEST, UNPINNED};
use crate::sites::kinds::reference::{split_name, split_tag};
use crate::sites::{ImageParts, Removal, Site, SitePart, SitePartKind};
use crate::yaml::{Change, NewValue};

/// Writes an image.
pub(super) struct ImageWriter<'s> {
    pub(super) site: &'s Site,
    pub(super) options: WriteOptions,
}

/// The reference that a site gets, in parts.
struct NewReference<'t> {
    repository: Option<&'t str>,
    tag: Option<&'t str>,
    digest: Option<&'t str>,
}

impl ImageWriter<'_> {
    /// All changes.
    pub(super) fn image(&self, to: &ImageParts) -> Result<Vec<Change>, Finding> {
        let repository = self.site.value.as_ref().and(self.site.repository());
        let bare =
            ImageParts { repository: repository.map(str::to_owned), ..ImageParts::default() };
        let own = self.site.image().unwrap_or(&bare);
        let repository = to.repository.as_deref().filter(|_| self.options.repository);
        let repository = repository.filter(|new| !self.site.takes_repository(new));
        let (tag, digest) = self.identity(own, to)?;
        let wanted = NewReference { repository, tag, digest };
        let is_said = own.tag.as_deref() == tag && own.digest.as_deref() == digest;
        if is_said && repository.is_none() {
            return Ok(Vec::new());
        }
        if let Some(part) = self.site.part(SitePartKind::Item) {
            return Ok(vec![append(part, &wanted)]);
        }
        if let Some(part) = self.site.part(SitePartKind::Reference) {
            return self.whole(part, own, &wanted);
        }
        let mut changes = self.repository(own, &wanted)?;
        if is_said {
            return Ok(changes);
        }
        changes.extend(self.tag_and_digest(&wanted)?);
        Ok(changes)
    }

    /// The tag and digest that the site gets: never the digest of another tag,
    /// and never the tag of another digest. A reference with a digest alone gets
    /// no tag.
    fn identity<'t>(
        &self,
        own: &'t ImageParts,
        to: &'t ImageParts,
    ) -> Result<(Option<&'t str>, Option<&'t str>), Finding> {
        let (own_tag, own_digest) = (own.tag.as_deref(), own.digest.as_deref());
        let has_room = own_digest.is_some()
            || self.site.adds_digest
            || self.options.add_digest
            || self.site.version().is_none();
        match (to.tag.as_deref(), to.digest.as_deref()) {
            (tag, digest) if self.options.exact => Ok((tag, digest)),
            (None, None) if own.identity().is_some() => Err(self.nameless()),
            (None, None) => Ok((own_tag, own_digest)),
            (None, digest) if digest == own_digest => Ok((own_tag, own_digest)),
            (None, digest) if has_room => Ok((None, digest)),
            (None, Some(digest)) => Err(self.tagless(digest)),
            (_, digest @ Some(_)) if own_digest.is_some() && own_tag.is_none() => {
                Ok((None, digest))
            }
            (tag, digest @ Some(_)) if has_room => Ok((tag, digest)),
            (tag, None) if tag == own_tag => Ok((tag, own_digest)),
            (Some(tag), None) if own_digest.is_some() && !self.options.drop_digest => {
                Err(self.stale(tag))
            }
            (tag, _) => Ok((tag, None)),
        }
    }

    fn nameless(&self) -> Finding {
        let message = format!("`{}` would be an image with neither tag nor digest", self.site.key);
        refused(
            Finding::new(&UNPINNED, message, self.site.location.clone())
                .because("would have no version any more")
                .help("add a tag where the image comes from"),
        )
    }

    fn tagless(&self, digest: &str) -> Finding {
        let message = format!(
            "`{}` has a tag, and the tag of the new `{digest}` is not known",
            self.site.key
        );
        let help = "give the tag along with the digest, or add `digest: add` to the rule";
        no_room(self.site, message, help)
    }

    fn stale(&self, tag: &str) -> Finding {
        let digest = self.site.image().and_then(|image| image.digest.clone()).unwrap_or_default();
        Finding::new(
            &STALE_DIGEST,
            format!("`{}` has a digest, and no digest of the tag `{tag}` is known", self.site.key),
            self.site.location.clone(),
        )
        .because(format!("would deploy `{digest}` under another name"))
        .help(format!("give it with the tag: `:{tag}@sha256:…`, or say `--drop-digest`"))
    }

    fn repository(
        &self,
        own: &ImageParts,
        wanted: &NewReference<'_>,
    ) -> Result<Vec<Change>, Finding> {
        let Some(new) = wanted.repository else { return Ok(Vec::new()) };
        let Some(part) = self.site.part(SitePartKind::Repository) else {
            let message =
                format!("`{}` has no repository here, and cannot get `{new}`", self.site.key);
            return Err(no_room(self.site, message, "change the repository where it is written"));
        };
        if self.options.exact && new == self.site.key.name() {
            // Without `newName`, the repository of a kustomization's image is its `name`.
            return Ok(clear(part, Removal::Key).into_iter().collect());
        }
        // The registry may be in a scalar of its own.
        let registry = own.repository.as_deref().and_then(|own| own.strip_suffix(&part.text));
        let registry = registry.filter(|_| !part.text.is_empty()).unwrap_or_default();
        let Some(text) = new.strip_prefix(registry) else {
            let message = format!(
                "`{}` has its registry `{}` in a field of its own, and cannot get `{new}`",
                self.site.key,
                registry.trim_end_matches('/')
            );
            return Err(no_room(self.site, message, "change the registry by hand first"));
        };
        Ok(set(part, text).into_iter().collect())
    }

    fn tag_and_digest(&self, wanted: &NewReference<'_>) -> Result<Vec<Change>, Finding> {
        let (tag_part, digest_part) = (self.site.part(SitePartKind::Tag), self.site.digest_part());
        let (Some(tag), Some(digest)) = (tag_part, digest_part) else {
            return self.in_one(tag_part, digest_part, wanted);
        };
        if tag.is_there && split_tag(&tag.text).1.is_some() {
            return self.in_one(tag_part, digest_part, wanted);
        }
        let mut changes = Vec::new();
        match wanted.tag {
            Some(text) => changes.extend(set(tag, text)),
            None => changes.extend(clear(tag, self.site.removal)),
        }
        let is_new = !changes.is_empty() && !digest.is_there;
        match wanted.digest {
            // A new tag alone would drop the digest of an outer file.
            Some(text) if is_new => changes.push(write(digest, self.digest(digest, text)?)),
            Some(text) => changes.extend(set(digest, self.digest(digest, text)?)),
            // A tag beside it drops the digest of an outer file.
            None if self.site.removal == Removal::Null => {
                changes.extend(clear(digest, Removal::Key));
            }
            None => changes.extend(clear(digest, self.site.removal)),
        }
        Ok(changes)
    }

    /// Tag and digest in the scalar of the tag, as charts have it; or only one of
    /// them, if there is only one scalar.
    fn in_one(
        &self,
        tag_part: Option<&SitePart>,
        digest_part: Option<&SitePart>,
        wanted: &NewReference<'_>,
    ) -> Result<Vec<Change>, Finding> {
        let no_digest = || {
            let message =
                format!("`{}` has only a digest, and no new digest is known", self.site.key);
            no_room(self.site, message, "give the digest along with the tag")
        };
        let Some(tag_part) = tag_part else {
            let part = digest_part.ok_or_else(no_digest)?;
            let digest = wanted.digest.ok_or_else(no_digest)?;
            return Ok(set(part, self.digest(part, digest)?).into_iter().collect());
        };
        let text = match (wanted.tag, wanted.digest) {
            (Some(tag), digest) => image_reference(tag, None, digest),
            (None, None) => String::new(),
            (None, Some(_)) if !tag_part.text.contains('@') => {
                let message =
                    format!("`{}` has only a tag, and no new tag is known", self.site.key);
                return Err(no_room(self.site, message, "give the tag along with the digest"));
            }
            (None, digest) => image_reference("", None, digest),
        };
        let mut changes: Vec<_> = set(tag_part, &text).into_iter().collect();
        // A digest in a second scalar would be the old one.
        if let Some(part) = digest_part.filter(|part| part.is_there && !part.text.is_empty()) {
            let digest = wanted.digest.map(|digest| self.digest(part, digest)).transpose()?;
            changes.extend(digest.and_then(|digest| set(part, digest)));
        }
        Ok(changes)
    }

    /// A whole reference, perhaps with the digest beside it.
    fn whole(
        &self,
        part: &SitePart,
        own: &ImageParts,
        wanted: &NewReference<'_>,
    ) -> Result<Vec<Change>, Finding> {
        let Some(beside) = self.site.digest_part() else {
            return Ok(set(part, &reference(part, own, wanted)).into_iter().collect());
        };
        let is_in_both = part.text.contains('@');
        let along = wanted.digest.filter(|_| is_in_both || wanted.tag.is_none());
        let first = NewReference { digest: along, ..*wanted };
        let mut changes: Vec<_> = set(part, &reference(part, own, &first)).into_iter().collect();
        match wanted.digest {
            Some(digest) => changes.extend(set(beside, self.digest(beside, digest)?)),
            None => changes.extend(clear(beside, self.site.removal)),
        }
        Ok(changes)
    }

    /// A digest as a part holds it, with or without its algorithm.
    fn digest<'t>(&self, part: &SitePart, digest: &'t str) -> Result<&'t str, Finding> {
        if part.kind != SitePartKind::BareDigest {
            return Ok(digest);
        }
        digest.strip_prefix("sha256:").ok_or_else(|| {
            let message = format!(
                "`{}` takes the digits of a sha256 digest, and `{digest}` is another",
                self.site.key
            );
            no_room(self.site, message, "give the sha256 digest of the image")
        })
    }
}

/// The whole reference, with what is written before it.
fn reference(part: &SitePart, own: &ImageParts, wanted: &NewReference<'_>) -> String {
    let (_, reference) = split_name(&part.text);
    let before = &part.text[..part.text.len() - reference.len()];
    let repository = wanted.repository.or(own.repository.as_deref()).unwrap_or_default();
    format!("{before}{}", image_reference(repository, wanted.tag, wanted.digest))
}

/// A new entry of `images`.
fn append(part: &SitePart, wanted: &NewReference<'_>) -> Change {
    let pair = |key: &str, text: &str| (key.to_owned(), NewValue::text(text));
    let mut item = vec![pair("name", &part.text)];
    let other = wanted.repository.filter(|repository| *repository != part.text);
    item.extend(other.map(|repository| pair("newName", repository)));
    item.extend(wanted.tag.map(|tag| pair("newTag", tag)));
    item.extend(wanted.digest.map(|digest| pair("digest", digest)));
    Change::Append { list: part.at.clone(), item: NewValue::Map(item) }
}
