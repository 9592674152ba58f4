//! What a person asks a site to say: `[NAME=]REF`.

use std::fmt;

use super::{ImageParts, Key, Site};
use crate::kubernetes::{Digest, ImageFault, ImageReference, full_repository, is_tag};

/// A new image reference as it is asked for: a whole one, or only `:TAG`,
/// `@DIGEST` or `:TAG@DIGEST`, perhaps with the name of the image it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRequest {
    /// The image's key, name or repository.
    pub name: Option<String>,
    /// Registry and path; none where the site's own is meant.
    pub repository: Option<ImageReference>,
    /// The tag.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<Digest>,
}

/// Why a text asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageRequestFault {
    /// It is no image reference.
    #[error("it {0}")]
    Image(#[from] ImageFault),
    /// Neither tag nor digest is in it.
    #[error("it has neither a tag nor a digest")]
    Nothing,
    /// Nothing stands before the `=`.
    #[error("no name stands before the `=`")]
    NoName,
}

impl ImageRequest {
    /// Reads `[NAME=]REF`.
    pub fn parse(text: &str) -> Result<Self, ImageRequestFault> {
        let (name, reference) = match text.split_once('=') {
            Some(("", _)) => return Err(ImageRequestFault::NoName),
            Some((name, reference)) => (Some(name.to_owned()), reference),
            None => (None, text),
        };
        if let Some(rest) = reference.strip_prefix(':') {
            let (tag, digest) = match rest.split_once('@') {
                Some((tag, digest)) => (tag, Some(Digest::parse(digest)?)),
                None => (rest, None),
            };
            if !is_tag(tag) {
                return Err(ImageFault::Tag(tag.to_owned()).into());
            }
            return Ok(Self { name, repository: None, tag: Some(tag.to_owned()), digest });
        }
        if let Some(digest) = reference.strip_prefix('@') {
            let digest = Some(Digest::parse(digest)?);
            return Ok(Self { name, repository: None, tag: None, digest });
        }
        let mut whole = ImageReference::parse(reference)?;
        let (tag, digest) = (whole.tag.take(), whole.digest.take());
        if tag.is_none() && digest.is_none() {
            return Err(ImageRequestFault::Nothing);
        }
        Ok(Self { name, repository: Some(whole), tag, digest })
    }

    /// Whether the site's image is the one that is meant: by its name where one
    /// is given, else by its repository, else every image.
    pub fn means(&self, site: &Site) -> bool {
        if !site.is_image() {
            return false;
        }
        let repository = site.repository();
        let is_repository = |text: &str| {
            repository.is_some_and(|said| full_repository(said) == full_repository(text))
        };
        match (&self.name, &self.repository) {
            (Some(name), _) => {
                let last = repository.and_then(|path| path.rsplit('/').next());
                site.key == Key::Image(name.clone())
                    || last == Some(name.as_str())
                    || is_repository(name)
            }
            (None, Some(repository)) => is_repository(&repository.repository()),
            (None, None) => true,
        }
    }

    /// Tag and digest, with the repository where one is asked for.
    pub fn parts(&self) -> ImageParts {
        ImageParts {
            repository: self.repository.as_ref().map(ImageReference::repository),
            tag: self.tag.clone(),
            digest: self.digest.as_ref().map(|digest| digest.as_str().to_owned()),
        }
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
        ] {
            assert_eq!(ImageRequest::parse(text).unwrap().to_string(), *text);
        }
        assert_eq!(ImageRequest::parse("ghcr.io/shop/web"), Err(ImageRequestFault::Nothing));
        assert_eq!(ImageRequest::parse("=:v1"), Err(ImageRequestFault::NoName));
        for wrong in ["", ":", ":-v", "@sha256:0a", "web=", "a b:v1", "web=:v1@x"] {
            assert!(ImageRequest::parse(wrong).is_err(), "{wrong}");
        }
    }
}
