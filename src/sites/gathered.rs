//! What the kinds make sites of.

use std::sync::Arc;

use super::code::{TEMPLATED_SITE, UNREADABLE_IMAGE};
use super::cursor::{Cursor, is_template};
use super::{Form, ImageParts, Key, Part, Site, SiteValue, Unsaid};
use crate::config::ImageFilter;
use crate::diagnostic::{Finding, Findings};
use crate::kubernetes::{Digest, ImageReference};
use crate::source::SourceFile;

/// A file of sites, and what of it is asked for, whatever its kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lens<'a> {
    /// The file.
    pub(super) file: &'a Arc<SourceFile>,
    /// Which images are looked at.
    pub(super) images: &'a ImageFilter,
    /// Whether promotion adds a digest to an image that has none.
    pub(super) adds_digest: bool,
}

/// What was found in one file.
#[derive(Debug, Clone, Default)]
pub(super) struct Gathered {
    pub(super) sites: Vec<Site>,
    pub(super) findings: Findings,
}

impl Lens<'_> {
    /// A site whose first part shows where it is.
    pub(super) fn site(
        &self,
        key: Key,
        said: Option<SiteValue>,
        at: &Cursor<'_>,
        parts: Vec<Part>,
    ) -> Site {
        Site {
            key,
            qualified: None,
            app: None,
            said,
            location: at.node.location(),
            file: Arc::clone(self.file),
            parts,
            adds_digest: self.adds_digest,
            unsaid: Unsaid::Removed,
            barrier: None,
        }
    }

    /// The image that a scalar says as a whole; none where it is to be filled
    /// in by somebody else, or is not looked at.
    pub(super) fn reference(
        &self,
        key: impl Into<String>,
        at: &Cursor<'_>,
    ) -> Result<Option<Site>, Finding> {
        let part = at.part(Form::Reference);
        if part.text.is_empty() || is_template(&part.text) {
            return Ok(None);
        }
        let (_, reference) = split_name(&part.text);
        let image = read(reference).map_err(|fault| {
            Finding::new(&UNREADABLE_IMAGE, format!("`{reference}` {fault}"), at.node.location())
                .because("is no image reference, and left alone")
                .help("write `registry/path:tag`, or exclude it from `images`")
        })?;
        let is_wanted = self.images.takes(image.repository.as_deref().unwrap_or_default());
        Ok(is_wanted.then(|| {
            self.site(Key::Image(key.into()), Some(SiteValue::Image(image)), at, vec![part])
        }))
    }

    /// A git reference or version that stands alone in a scalar.
    pub(super) fn revision(&self, key: Key, at: &Cursor<'_>, moves: bool) -> Option<Site> {
        let part = at.part(Form::Revision);
        if part.text.is_empty() || is_template(&part.text) {
            return None;
        }
        let said = revision(part.text.clone(), moves);
        Some(self.site(key, Some(said), at, vec![part]))
    }
}

/// A revision, or something that moves.
pub(super) fn revision(text: String, moves: bool) -> SiteValue {
    if moves { SiteValue::Moving(text) } else { SiteValue::Revision(text) }
}

/// The name and the reference of `name=reference`, as Argo CD takes it.
pub(super) fn split_name(text: &str) -> (&str, &str) {
    match text.split_once('=') {
        Some((name, reference)) if !name.contains(['@', ':']) || !reference.is_empty() => {
            (name, reference)
        }
        _ => ("", text),
    }
}

/// A whole reference.
pub(super) fn read(text: &str) -> Result<ImageParts, crate::kubernetes::ImageFault> {
    let reference = ImageReference::parse(text)?;
    Ok(ImageParts {
        repository: Some(reference.repository()),
        tag: reference.tag,
        digest: reference.digest.map(|digest| digest.as_str().to_owned()),
    })
}

/// An image whose parts stand in scalars of their own. What is empty says
/// nothing; a tag may bring its digest along.
pub(super) fn image_of(
    repository: Option<String>,
    tag: Option<&str>,
    digest: Option<&str>,
) -> ImageParts {
    let (tag, along) = tag.map_or((None, None), split_tag);
    let digest = digest.filter(|digest| !digest.is_empty()).or(along);
    ImageParts {
        repository: repository.filter(|repository| !repository.is_empty()),
        tag: tag.map(str::to_owned),
        digest: digest.map(str::to_owned),
    }
}

/// The tag and the digest of a scalar that holds `tag`, `tag@digest` or
/// `@digest`.
pub(super) fn split_tag(text: &str) -> (Option<&str>, Option<&str>) {
    let some = |text: &'_ str| !text.is_empty();
    match text.split_once('@') {
        Some((tag, digest)) => (Some(tag).filter(|t| some(t)), Some(digest).filter(|d| some(d))),
        None if Digest::parse(text).is_ok() => (None, Some(text)),
        None => (Some(text).filter(|t| some(t)), None),
    }
}

/// Whether a rule's own scalar waits for a template, which is worth a finding
/// where the rule points at exactly that scalar.
pub(super) fn templated(at: &Cursor<'_>) -> Option<Finding> {
    let text = super::cursor::text(at.node)?;
    is_template(&text).then(|| {
        Finding::new(
            &TEMPLATED_SITE,
            format!("`{text}` is filled in by a template"),
            at.node.location(),
        )
        .because("says nothing by itself, and is left alone")
        .help("point the rule at the file that says what is filled in")
    })
}

impl Gathered {
    /// Takes a site, or why there is none.
    pub(super) fn take(&mut self, found: Result<Option<Site>, Finding>) {
        match found {
            Ok(site) => self.sites.extend(site),
            Err(finding) => self.findings.push(finding),
        }
    }
}
