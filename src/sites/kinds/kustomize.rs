//! `kustomization.yaml`: `images`, and the references of remote resources.

use super::reader::{FoundSites, SiteBuilder, SiteReader};
use super::reference::{image_of, is_moving_reference, is_version_range, revision};
use crate::config::Sourced;
use crate::sites::cursor::{Cursor, is_template, text};
use crate::sites::{Key, Reading, Site, SitePart, SitePartKind, SiteValue};
use crate::yaml::Value;

/// Kustomizations and components, with the images that may be added to a file
/// that does not name them yet.
pub(super) struct KustomizeSiteReader<'r>(pub(super) &'r [Sourced<String>]);

impl SiteReader for KustomizeSiteReader<'_> {
    fn find(&self, builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        find(builder, documents, self.0)
    }

    fn missing(&self) -> &'static str {
        "no entry of `images` with a tag or digest, and no `?ref=`"
    }

    fn by_content(builder: SiteBuilder<'_>, documents: &[Value]) -> Option<FoundSites> {
        let is_one = is_kustomization(builder.file.path().name(), documents);
        is_one.then(|| find(builder, documents, &[]))
    }

    /// Addresses with a git reference, which custom resources have as well.
    fn anywhere(builder: SiteBuilder<'_>, documents: &[Value]) -> FoundSites {
        let mut found = FoundSites::default();
        for root in Cursor::roots(documents) {
            addresses(builder, &root, &mut found);
        }
        found
    }
}

/// The names that kustomize looks for, in its order.
pub(in crate::sites) const KUSTOMIZATIONS: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file of that name is a kustomization or a component.
pub(in crate::sites) fn is_kustomization(name: &str, documents: &[Value]) -> bool {
    let says_so = || {
        let root = Cursor::root(0, documents.first()?);
        let version = root.text_of("apiVersion")?;
        Some(version.starts_with("kustomize.config.k8s.io/"))
    };
    KUSTOMIZATIONS.contains(&name) || says_so().unwrap_or_default()
}

/// The keys whose entries may be addresses (`kustomize/api/types/kustomization.go`).
const REMOTE: [&str; 8] = [
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
];

/// The sites of a kustomization; `insert` names images that may be added if it
/// does not name them yet.
fn find(builder: SiteBuilder<'_>, documents: &[Value], insert: &[Sourced<String>]) -> FoundSites {
    let mut found = FoundSites::default();
    for root in Cursor::roots(documents).filter(|root| root.node.is_mapping()) {
        images(builder, &root, "images", insert, &mut found);
        for key in REMOTE {
            let entries = root.get(key).map(|list| list.items()).unwrap_or_default();
            found.sites.extend(entries.iter().filter_map(|entry| remote(builder, entry)));
        }
        let charts = root.get("helmCharts").map(|list| list.items()).unwrap_or_default();
        found.sites.extend(charts.iter().filter_map(|chart| {
            let version = chart.get("version")?;
            let name = chart.text_of("name")?;
            let repository = chart.text_of("repo").map(|repo| format!("{repo}/{name}"));
            if !builder.takes_source(&[Some(&name), repository.as_deref()]) {
                return None;
            }
            let moves = is_version_range(&text(version.node)?);
            builder.revision(Key::Version(name), &version, moves)
        }));
    }
    found
}

/// The images of kustomize's list, which Flux's Kustomization has as well.
pub(super) fn images(
    builder: SiteBuilder<'_>,
    map: &Cursor<'_>,
    key: &str,
    insert: &[Sourced<String>],
    found: &mut FoundSites,
) {
    let items = map.get(key).map(|list| list.items()).unwrap_or_default();
    let is_insertable = |name: &str| insert.iter().any(|image| image.value == name);
    for item in &items {
        let Some(name) = item.text_of("name") else { continue };
        found.sites.extend(image(builder, item, &name, is_insertable(&name)));
    }
    for wanted in insert {
        let is_named = items.iter().any(|i| i.text_of("name").as_deref() == Some(&*wanted.value));
        if !is_named && builder.images.takes(&wanted.value) {
            let part = SitePart {
                kind: SitePartKind::Item,
                at: map.absent(key),
                is_there: false,
                text: wanted.value.clone(),
                written: None,
                is_repeated: false,
                reading: Reading::Text,
            };
            found.sites.push(builder.site(Key::Image(wanted.value.clone()), None, map, vec![part]));
        }
    }
}

/// The site of an entry; none if it only renames its image and leaves the tag to
/// the base.
fn image(
    builder: SiteBuilder<'_>,
    item: &Cursor<'_>,
    name: &str,
    is_insertable: bool,
) -> Option<Site> {
    let new_name = item.text_of("newName");
    let repository = new_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(name);
    let (tag, digest) = (item.text_of("newTag"), item.text_of("digest"));
    let texts = [Some(repository), tag.as_deref(), digest.as_deref()];
    if texts.into_iter().flatten().any(is_template) || !builder.images.takes(repository) {
        return None;
    }
    let parts = vec![
        item.part_at("newName", SitePartKind::Repository),
        item.part_at("newTag", SitePartKind::Tag),
        item.part_at("digest", SitePartKind::Digest),
    ];
    let image = image_of(Some(repository.to_owned()), tag.as_deref(), digest.as_deref());
    let says = image.identity().is_some();
    let shown =
        ["newTag", "digest", "newName", "name"].into_iter().find_map(|key| item.get(key))?;
    (says || is_insertable).then(|| {
        let value = says.then_some(SiteValue::Image(image));
        builder.site(Key::Image(name.to_owned()), value, &shown, parts)
    })
}

/// Finds every scalar that is an address with a git reference.
fn addresses<'a>(builder: SiteBuilder<'a>, at: &Cursor<'a>, found: &mut FoundSites) {
    at.entries().for_each(|(_, value)| addresses(builder, &value, found));
    at.items().iter().for_each(|item| addresses(builder, item, found));
    if at.node.as_str().is_some() {
        found.sites.extend(remote(builder, at));
    }
}

/// The site of an address with a git reference in it.
pub(super) fn remote(builder: SiteBuilder<'_>, entry: &Cursor<'_>) -> Option<Site> {
    let part = entry.part(SitePartKind::Address);
    let address = RemoteAddress::parse(&part.text)?;
    if is_template(&part.text) {
        return None;
    }
    let value = revision(address.reference.to_owned(), is_moving_reference(address.reference));
    let key = Key::git(&address.key());
    if !builder.takes_source(&[Some(key.name())]) {
        return None;
    }
    Some(builder.site(key, Some(value), entry, vec![part]))
}

/// An address with its reference: in each of kustomize's forms (`git::`,
/// `https://`, `ssh://`, `git@host:`, `host/path`) the reference is a parameter
/// after the `?` (`api/internal/git/repospec.go`).
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sites) struct RemoteAddress<'a> {
    before: &'a str,
    /// The git reference.
    pub(super) reference: &'a str,
    after: &'a str,
}

impl<'a> RemoteAddress<'a> {
    /// Reads an address that has a reference. `ref` wins over `version`.
    pub(in crate::sites) fn parse(text: &'a str) -> Option<Self> {
        let (address, query) = text.split_once('?')?;
        if address.is_empty() || text.contains(char::is_whitespace) {
            return None;
        }
        ["ref=", "version="].into_iter().find_map(|name| {
            let mut at = address.len() + 1;
            for parameter in query.split('&') {
                if let Some(reference) = parameter.strip_prefix(name) {
                    let start = at + name.len();
                    let (before, after) = (&text[..start], &text[start + reference.len()..]);
                    return Some(Self { before, reference, after });
                }
                at += parameter.len() + 1;
            }
            None
        })
    }

    /// The address without the reference.
    pub(super) fn key(&self) -> String {
        let before = self.before.trim_end_matches("ref=").trim_end_matches("version=");
        match self.after.strip_prefix('&') {
            Some(after) => format!("{before}{after}"),
            None => before.trim_end_matches(['?', '&']).to_owned(),
        }
    }

    /// The same address with another reference.
    pub(in crate::sites) fn with(&self, reference: &str) -> String {
        format!("{}{reference}{}", self.before, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_any_form_has_its_reference_after_the_question_mark() {
        for (text, key, reference) in [
            (
                "https://github.com/shop/api/config/crd?ref=9ac61f5",
                "https://github.com/shop/api/config/crd",
                "9ac61f5",
            ),
            ("git@github.com:shop/api.git//crd?ref=v1", "git@github.com:shop/api.git//crd", "v1"),
            (
                "ssh://git@host:22/shop/api?timeout=90&ref=v1",
                "ssh://git@host:22/shop/api?timeout=90",
                "v1",
            ),
            (
                "git::https://host/api?ref=v1&submodules=false",
                "git::https://host/api?submodules=false",
                "v1",
            ),
            ("github.com/shop/api?version=v1", "github.com/shop/api", "v1"),
            ("github.com/shop/api?version=v0&ref=v1", "github.com/shop/api?version=v0", "v1"),
        ] {
            let address = RemoteAddress::parse(text).unwrap();
            assert_eq!((&*address.key(), address.reference), (key, reference), "{text}");
            assert_eq!(address.with(reference), text);
        }
        for none in ["../base", "https://host/api", "https://host/api?timeout=1", "?ref=v1"] {
            assert_eq!(RemoteAddress::parse(none), None, "{none}");
        }
    }
}
