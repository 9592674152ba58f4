//! What the entries of a kustomization say: `images`, addresses of remote resources, and
//! patches in its texts. Objects of Flux and Argo CD have the same.

use super::reader::{FoundSites, SiteBuilder, documents_in};
use super::reference::{image_of, is_moving_reference, revision};
use crate::config::Sourced;
use crate::sites::cursor::{Cursor, is_template, text};
use crate::sites::{Key, Reading, Site, SitePart, SitePartKind, SiteValue};
use crate::yaml::{Value, is_secret_data};

/// The names that kustomize looks for, in its order.
pub(in crate::sites) const KUSTOMIZATIONS: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file of that name is a kustomization or a component.
pub fn is_kustomization(name: &str, documents: &[Value]) -> bool {
    let says_so = || {
        let root = Cursor::root(0, documents.first()?);
        let version = root.text_of("apiVersion")?;
        Some(version.starts_with("kustomize.config.k8s.io/"))
    };
    KUSTOMIZATIONS.contains(&name) || says_so().unwrap_or_default()
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
        found.sites.extend(suffix(builder, item, &name));
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

/// The site of an entry. One that renames its image and leaves the tag to the base has no
/// place for a tag; one that says nothing is none.
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
    let key = Key::Image(name.to_owned());
    if says {
        return Some(builder.site(key, Some(SiteValue::Image(image)), &shown, parts));
    }
    let renamed = image.repository.filter(|repository| repository != name);
    let is_renamed = renamed.is_some();
    let parts = if is_insertable { parts } else { parts.into_iter().take(1).collect() };
    (is_renamed || is_insertable)
        .then(|| builder.site(key, renamed.map(SiteValue::Repository), &shown, parts))
}

/// The site of an entry that adds to the base's tag, whatever that is: kustomize does so if
/// there is neither `newTag` nor `digest` (`api/filters/imagetag/updater.go`).
fn suffix(builder: SiteBuilder<'_>, item: &Cursor<'_>, name: &str) -> Option<Site> {
    let at = item.get("tagSuffix")?;
    let has = |key: &str| item.text_of(key).is_some_and(|text| !text.is_empty());
    let suffix = text(at.node).filter(|suffix| !suffix.is_empty() && !is_template(suffix))?;
    let is_wanted = !has("newTag") && !has("digest") && builder.images.takes(name);
    is_wanted.then(|| {
        let value = revision(format!("*{suffix}"), true);
        let parts = vec![at.part(SitePartKind::Revision)];
        builder.site(Key::Image(name.to_owned()), Some(value), &at, parts)
    })
}

/// A patch that is a text of a kustomization.
pub(in crate::sites) struct InlinePatch<'a> {
    /// The name of what it patches; empty if it is not known.
    pub(super) target: String,
    pub(in crate::sites) root: Cursor<'a>,
}

/// The patches in the texts of a kustomization.
pub(in crate::sites) fn inline_patches<'a>(
    map: &Cursor<'a>,
    found: &mut FoundSites,
) -> Vec<InlinePatch<'a>> {
    let items = |key| map.get(key).map(|list| list.items()).unwrap_or_default();
    let mut patches = Vec::new();
    for item in ["patches", "patchesJson6902"].into_iter().flat_map(items) {
        let patch = item.get("patch").filter(|_| !is_secret_data(item.node, "patch"));
        let Some(patch) = patch else { continue };
        let target = item.walk(&["target", "name"]).and_then(|name| text(name.node));
        let target = target.unwrap_or_default();
        patches.extend(of_text(&patch, &target, found));
    }
    // Others of these are names of files.
    for patch in items("patchesStrategicMerge") {
        patches.extend(of_text(&patch, "", found));
    }
    patches
}

/// The patches in a text, or the one that is written as a map or list, as Flux has it.
fn of_text<'a>(at: &Cursor<'a>, target: &str, found: &mut FoundSites) -> Vec<InlinePatch<'a>> {
    let is_text = !at.node.is_mapping() && !at.node.is_sequence();
    let roots = if is_text { documents_in(at, found) } else { vec![at.clone()] };
    let patch = |root| InlinePatch { target: target.to_owned(), root };
    roots.into_iter().map(patch).collect()
}

/// The patches that one of kustomize's own transformers has in its text
/// (`kustomize/api/builtins`).
pub(super) fn patches_of_transformer<'a>(
    transformer: &Cursor<'a>,
    found: &mut FoundSites,
) -> Vec<InlinePatch<'a>> {
    let target = transformer.walk(&["target", "name"]).and_then(|name| text(name.node));
    let target = target.unwrap_or_default();
    let texts = ["patch", "jsonOp", "patches"].into_iter().filter_map(|key| transformer.get(key));
    texts.flat_map(|at| of_text(&at, &target, found)).collect()
}

/// The image that one of kustomize's own transformers sets.
pub(super) fn image_of_transformer(
    builder: SiteBuilder<'_>,
    transformer: &Cursor<'_>,
) -> Option<Site> {
    let item = transformer.get("imageTag")?;
    image(builder, &item, &item.text_of("name")?, false)
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
