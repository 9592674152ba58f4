//! JSON patches (RFC 6902).

use super::containers::{ContainerSearch, is_container_list};
use super::reader::{FoundSites, SiteBuilder};
use super::reference::is_moving_reference;
use crate::diagnostic::Finding;
use crate::sites::code::COPIED_SITE;
use crate::sites::cursor::{Cursor, text};
use crate::sites::{Key, Site};
use crate::yaml::is_secret_data;

/// What an operation writes, and where.
struct Operation<'a> {
    path: String,
    value: Cursor<'a>,
}

impl<'a> Operation<'a> {
    fn of(item: &Cursor<'a>) -> Option<Self> {
        let op = item.text_of("op")?;
        let (path, value) = (item.text_of("path")?, item.get("value")?);
        let writes = matches!(&*op, "add" | "replace") && !is_secret_data(item.node, "value");
        writes.then_some(Self { path, value })
    }

    /// The path above, and the last segment.
    fn split(&self) -> (&str, &str) {
        self.path.rsplit_once('/').unwrap_or(("", &self.path))
    }

    /// What is written beside it under one of these names.
    fn beside(&self, all: &[Self], names: &[&str]) -> Option<Cursor<'a>> {
        let is_meant = |other: &&Self| {
            let (above, name) = other.split();
            above == self.split().0 && names.contains(&name)
        };
        all.iter().find(is_meant).map(|other| other.value.clone())
    }
}

/// Finds what the operations of a patch write; the target's name, if it is known, and the
/// path are the key, because a path says only what number a container has.
pub(super) fn operations<'a>(
    builder: SiteBuilder<'a>,
    patch: &Cursor<'a>,
    target: &str,
    found: &mut FoundSites,
) {
    let operations: Vec<_> = patch.items().iter().filter_map(Operation::of).collect();
    found.findings.extend(patch.items().iter().filter_map(copied));
    for operation in &operations {
        let node = operation.value.node;
        if node.is_mapping() || node.is_sequence() {
            containers(builder, operation, target, found);
        } else {
            found.take(scalar(builder, operation, &operations, target));
        }
    }
}

/// The finding that an operation brings an image from another place; none if it does not.
fn copied(item: &Cursor<'_>) -> Option<Finding> {
    let op = item.text_of("op").filter(|op| matches!(&**op, "copy" | "move"))?;
    let (path, from) = (item.text_of("path")?, item.text_of("from").unwrap_or_default());
    let (above, last) = path.rsplit_once('/')?;
    let is_part = matches!(
        last,
        "image" | "tag" | "newTag" | "newName" | "digest" | "repository" | "targetRevision"
    );
    let is_container = above.rsplit('/').next().is_some_and(is_container_list);
    let is_image = is_container_list(last) || is_container || is_part;
    (is_image && !path.starts_with("/metadata/")).then(|| {
        let verb = if op == "copy" { "copies" } else { "moves" };
        let message = format!("a patch {verb} an image from `{from}` to `{path}`");
        Finding::new(&COPIED_SITE, message, item.node.location())
            .because("has its value elsewhere")
            .help("write the image here, with `op: replace` and a `value`")
    })
}

/// The site of a scalar that an operation writes, by what the path calls it.
fn scalar(
    builder: SiteBuilder<'_>,
    operation: &Operation<'_>,
    all: &[Operation<'_>],
    target: &str,
) -> Result<Option<Site>, Finding> {
    let (path, value) = (&operation.path, &operation.value);
    match operation.split().1 {
        "image" => builder.reference(format!("{target}{path}"), value),
        "targetRevision" => {
            let moves = is_moving_reference(&text(value.node).unwrap_or_default());
            Ok(builder.revision(Key::Git(format!("{target}{path}")), value, moves))
        }
        "tag" | "newTag" => Ok(parts(builder, operation, all, target)),
        // Beside a tag it is a part of the tag's image.
        "digest" if operation.beside(all, &["tag", "newTag"]).is_none() => {
            Ok(parts(builder, operation, all, target))
        }
        _ => Ok(None),
    }
}

/// The site of an image whose parts several operations write.
fn parts(
    builder: SiteBuilder<'_>,
    operation: &Operation<'_>,
    all: &[Operation<'_>],
    target: &str,
) -> Option<Site> {
    let beside = |names: &[&str]| operation.beside(all, names);
    let (repository, tag) = (beside(&["repository", "newName"]), beside(&["tag", "newTag"]));
    let key = format!("{target}{}", operation.split().0);
    builder.scattered(key, repository, tag, beside(&["digest"]))
}

/// Finds the containers in what an operation writes.
fn containers<'a>(
    builder: SiteBuilder<'a>,
    operation: &Operation<'a>,
    target: &str,
    found: &mut FoundSites,
) {
    let (value, from) = (&operation.value, found.sites.len());
    let (above, last) = operation.split();
    let workload = Some(target).filter(|name| !name.is_empty());
    let search = ContainerSearch { builder, top: value, workload };
    if is_container_list(last) {
        value.items().iter().for_each(|item| search.container(item, found));
    } else if above.rsplit('/').next().is_some_and(is_container_list) {
        search.container(value, found);
    } else {
        search.look(value, found);
    }
    for site in &mut found.sites[from..] {
        site.qualified = workload.map(|name| format!("{name}/{}", site.key.name()));
    }
}
