//! What a person asks to be set in files.

use crate::sites::{ImageRequest, split_name};
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
    /// Whether a place may get an image of another repository.
    pub repository: bool,
    /// Whether a digest may be removed if there is no new one.
    pub drop_digest: bool,
}

/// `ROUTE=VALUE`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteValue {
    /// The route from a document's root.
    pub route: Route,
    /// The new value.
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

/// Why a text is not `NAME=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairFault {
    /// There is no `=`, or nothing before or after it.
    #[error("write it as `{0}`")]
    NoPair(&'static str),
    /// The text before the `=` is not a route.
    #[error("the route is wrong: {0}")]
    Route(#[from] RouteError),
}

impl RouteValue {
    /// Reads `ROUTE=VALUE`. The route may have an `=` of its own in brackets.
    pub fn parse(text: &str) -> Result<Self, PairFault> {
        let named = split_name(text).filter(|(route, _)| !route.is_empty());
        let (route, value) = named.ok_or(PairFault::NoPair("ROUTE=VALUE"))?;
        Ok(Self { route: Route::parse(route)?, value: value.to_owned() })
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
}
