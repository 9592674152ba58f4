//! What a person asks files to say.

use crate::sites::{ImageRequest, ImageRequestFault};
use crate::yaml::{Route, RouteError};

/// What is to be set.
#[derive(Debug, Clone, Default)]
pub struct EditRequest {
    /// Images.
    pub images: Vec<ImageRequest>,
    /// Values.
    pub routes: Vec<RouteValue>,
    /// Git references and versions.
    pub gits: Vec<GitRevision>,
    /// Whether an image of another repository may take a place.
    pub repository: bool,
    /// Whether a digest may go where none comes along.
    pub drop_digest: bool,
}

/// `ROUTE=VALUE`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteValue {
    /// The way from a document's root.
    pub route: Route,
    /// What is to stand there.
    pub value: String,
}

/// `URL=REV`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitRevision {
    /// The repository's address, or the name of the source.
    pub url: String,
    /// The git reference or version.
    pub revision: String,
}

/// Why a text is no `NAME=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairFault {
    /// No `=`, or nothing before or behind it.
    #[error("write it as `{0}`")]
    NoPair(&'static str),
    /// What stands before the `=` is no route.
    #[error("the route is wrong: {0}")]
    Route(#[from] RouteError),
}

/// Reads `[NAME=]REF`; an artifact's address may have its `oci://`.
pub fn image(text: &str) -> Result<ImageRequest, ImageRequestFault> {
    ImageRequest::parse(text.strip_prefix("oci://").unwrap_or(text))
}

impl RouteValue {
    /// Reads `ROUTE=VALUE`. The route may have an `=` of its own in brackets.
    pub fn parse(text: &str) -> Result<Self, PairFault> {
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
        let end = text.char_indices().find(is_end);
        let (at, _) = end.filter(|(at, _)| *at > 0).ok_or(PairFault::NoPair("ROUTE=VALUE"))?;
        Ok(Self { route: Route::parse(&text[..at])?, value: text[at + 1..].to_owned() })
    }
}

impl GitRevision {
    /// Reads `URL=REV`. The address may have an `=` of its own in its query.
    pub fn parse(text: &str) -> Result<Self, PairFault> {
        match text.rsplit_once('=') {
            Some((url, revision)) if !url.is_empty() && !revision.is_empty() => {
                Ok(Self { url: url.to_owned(), revision: revision.to_owned() })
            }
            _ => Err(PairFault::NoPair("URL=REV")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_may_have_an_equals_sign_of_its_own() {
        for (text, route, value) in [
            ("a.b=v2", "a.b", "v2"),
            ("a[name=web].tag=v2=x", "a[name=web].tag", "v2=x"),
            ("a[\"x=]\"]=", "a[\"x=]\"]", ""),
        ] {
            let pair = RouteValue::parse(text).unwrap();
            assert_eq!((pair.route.to_string().as_str(), &*pair.value), (route, value), "{text}");
        }
        for wrong in ["a.b", "=v2", "a..b=v2", "a[0=v2"] {
            assert!(RouteValue::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_may_have_an_equals_sign_of_its_own() {
        let git = GitRevision::parse("https://host/deploy?timeout=90=v2").unwrap();
        assert_eq!((&*git.url, &*git.revision), ("https://host/deploy?timeout=90", "v2"));
        for wrong in ["https://host/deploy", "=v2", "https://host/deploy="] {
            assert!(GitRevision::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_artifact_is_named_with_or_without_its_scheme() {
        assert_eq!(image("oci://ghcr.io/shop/app:v1"), image("ghcr.io/shop/app:v1"));
        assert_eq!(
            image("oci://ghcr.io/shop/app=:v1").unwrap().name.as_deref(),
            Some("ghcr.io/shop/app")
        );
    }
}
