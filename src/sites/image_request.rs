//! The new reference that a person asks for: `[NAME=]REF`.

use std::fmt;

use super::{ImageParts, Site, SiteValue};
use crate::kubernetes::{Digest, ImageFault, ImageReference, is_tag};

/// A request for a new image reference: a whole one, or only `:TAG`, `@DIGEST` or
/// `:TAG@DIGEST`, perhaps with the name of the image that it is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageRequest {
    /// The image's key, name or repository.
    pub name: Option<String>,
    /// Registry and path; none if the site keeps its own.
    pub repository: Option<ImageReference>,
    /// The tag.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<Digest>,
}

/// Why a text is not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageRequestFault {
    /// The text is not an image reference.
    #[error("it {0}")]
    Image(#[from] ImageFault),
    /// The reference has neither a tag nor a digest.
    #[error("it has neither a tag nor a digest")]
    Nothing,
    /// There is nothing before the `=`.
    #[error("it has no name before the `=`")]
    NoName,
}

/// The name and the rest of `NAME=REST`; none where no name is given. A name
/// that is a route may have an `=` of its own in brackets:
/// `images[name=web].tag`.
pub fn split_name(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0usize;
    let mut is_quoted = false;
    let is_end = |(_, c): &(usize, char)| {
        match c {
            '"' => is_quoted = !is_quoted,
            '[' if !is_quoted => depth += 1,
            ']' if !is_quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        *c == '=' && depth == 0 && !is_quoted
    };
    let (end, _) = text.char_indices().find(is_end)?;
    Some((&text[..end], &text[end + 1..]))
}

/// A repository without the scheme of an artifact's address.
pub(super) fn without_scheme(text: &str) -> &str {
    text.strip_prefix("oci://").unwrap_or(text)
}

impl ImageRequest {
    /// Reads `[NAME=]REF`. Both may have the `oci://` of an artifact's address.
    ///
    /// # Errors
    ///
    /// The text does not say what the image is to be.
    pub fn parse(text: &str) -> Result<Self, ImageRequestFault> {
        match split_name(text) {
            Some(("", _)) => Err(ImageRequestFault::NoName),
            Some((name, reference)) => {
                let name = Some(without_scheme(name).to_owned());
                Ok(Self { name, ..Self::of_reference(reference)? })
            }
            None => Self::of_reference(text),
        }
    }

    /// Reads an image's text in a state or a hold: its tag and digest, with or
    /// without the `:` or `@` before them, or a whole reference.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        Self::of_identity(text).or_else(|_| Self::of_reference(text)).ok()
    }

    /// Reads `REF`.
    fn of_reference(text: &str) -> Result<Self, ImageRequestFault> {
        if let Some(rest) = text.strip_prefix(':') {
            return Self::of_identity(rest);
        }
        // `sha256:…` would be the tag of an image called `sha256`.
        if let Ok(digest) = Digest::parse(text) {
            return Ok(Self { digest: Some(digest), ..Self::default() });
        }
        if let Some(digest) = text.strip_prefix('@') {
            return Ok(Self { digest: Some(Digest::parse(digest)?), ..Self::default() });
        }
        let mut whole = ImageReference::parse(without_scheme(text))?;
        let (tag, digest) = (whole.tag.take(), whole.digest.take());
        if tag.is_none() && digest.is_none() {
            return Err(ImageRequestFault::Nothing);
        }
        Ok(Self { name: None, repository: Some(whole), tag, digest })
    }

    /// Reads `TAG` or `TAG@DIGEST`.
    fn of_identity(text: &str) -> Result<Self, ImageRequestFault> {
        let (tag, digest) = match text.split_once('@') {
            Some((tag, digest)) => (tag, Some(Digest::parse(digest)?)),
            None => (text, None),
        };
        if !is_tag(tag) {
            return Err(ImageFault::Tag(tag.to_owned()).into());
        }
        Ok(Self { tag: Some(tag.to_owned()), digest, ..Self::default() })
    }

    /// The image in a message: its name, else the repository, else the reference.
    pub fn called(&self) -> String {
        let repository = || self.repository.as_ref().map(ImageReference::repository);
        self.name.clone().or_else(repository).unwrap_or_else(|| self.reference())
    }

    /// The reference without the name of the image that it is for.
    pub fn reference(&self) -> String {
        self.parts().to_string()
    }

    /// Tag and digest, with the repository if one is asked for.
    pub fn parts(&self) -> ImageParts {
        ImageParts {
            repository: self.repository.as_ref().map(ImageReference::repository),
            tag: self.tag.clone(),
            digest: self.digest.as_ref().map(|digest| digest.as_str().to_owned()),
        }
    }

    /// The value that a site gets. It keeps its repository if none is asked for, or
    /// the same in another spelling.
    pub fn value_of(&self, site: &Site) -> SiteValue {
        let asked = self.parts();
        let repository = asked.repository.filter(|repository| !site.takes_repository(repository));
        let own = || site.value.as_ref().and(site.repository()).map(str::to_owned);
        SiteValue::Image(ImageParts { repository: repository.or_else(own), ..asked })
    }
}

impl fmt::Display for ImageRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{name}=")?;
        }
        self.parts().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_may_be_whole_or_only_its_end() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for text in [
            "ghcr.io/shop/web:v2",
            &format!("web=:v2@{digest}"),
            &format!("@{digest}"),
            ":v2",
            "web=localhost:5000/web:v2",
            "images[name=web].newTag=:v2",
        ] {
            assert_eq!(ImageRequest::parse(text).unwrap().to_string(), *text);
        }
        let bare = ImageRequest::parse(&format!("web={digest}")).unwrap();
        assert_eq!(bare.to_string(), format!("web=@{digest}"));
        assert_eq!(ImageRequest::parse("ghcr.io/shop/web"), Err(ImageRequestFault::Nothing));
        assert_eq!(ImageRequest::parse("=:v1"), Err(ImageRequestFault::NoName));
        for wrong in ["", ":", ":-v", "@sha256:0a", "web=", "a b:v1", "web=:v1@x"] {
            assert!(ImageRequest::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_artifact_is_named_with_or_without_its_scheme() {
        let parse = |text| ImageRequest::parse(text).unwrap();
        assert_eq!(parse("oci://ghcr.io/shop/app:v1"), parse("ghcr.io/shop/app:v1"));
        assert_eq!(parse("oci://ghcr.io/shop/app=:v1"), parse("ghcr.io/shop/app=:v1"));
        assert_eq!(parse("app=oci://ghcr.io/shop/app:v1"), parse("app=ghcr.io/shop/app:v1"));
    }
}
