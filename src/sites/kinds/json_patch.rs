//! JSON patches (RFC 6902).

use super::containers::{ContainerSearch, is_container_list};
use super::reader::{FoundSites, SiteBuilder};
use super::reference::is_moving_reference;
use crate::sites::Key;
use crate::sites::cursor::{Cursor, text};

/// What an operation writes, and where.
struct Operation<'a> {
    path: String,
    value: Cursor<'a>,
}

impl<'a> Operation<'a> {
    fn of(item: &Cursor<'a>) -> Option<Self> {
        let op = item.text_of("op")?;
        let (path, value) = (item.text_of("path")?, item.get("value")?);
        matches!(&*op, "add" | "replace").then_some(Self { path, value })
    }

    /// The path above, and the last segment.
    fn split(&self) -> (&str, &str) {
        self.path.rsplit_once('/').unwrap_or(("", &self.path))
    }
}

/// Finds what the operations of a patch write; the target's name, if it is known, and the
/// path are the key, because a path says only what number a container has.
pub(super) fn operations<'a>(
    builder: SiteBuilder<'a>,
    list: &Cursor<'a>,
    target: &str,
    found: &mut FoundSites,
) {
    let operations: Vec<_> = list.items().iter().filter_map(Operation::of).collect();
    for operation in &operations {
        let (path, value) = (&operation.path, &operation.value);
        let (above, last) = operation.split();
        if value.node.is_mapping() || value.node.is_sequence() {
            containers(builder, operation, target, found);
            continue;
        }
        match last {
            "image" => found.take(builder.reference(format!("{target}{path}"), value)),
            "targetRevision" => {
                let key = Key::Git(format!("{target}{path}"));
                let moves = is_moving_reference(&text(value.node).unwrap_or_default());
                found.sites.extend(builder.revision(key, value, moves));
            }
            "tag" | "newTag" | "digest" => {
                let beside = |names: [&str; 2]| {
                    let is_named = |other: &&Operation<'a>| {
                        let (there, name) = other.split();
                        there == above && names.contains(&name)
                    };
                    operations.iter().find(is_named).map(|other| other.value.clone())
                };
                let tag = beside(["tag", "newTag"]);
                // The digest beside a tag is a part of the tag's image.
                if last != "digest" || tag.is_none() {
                    let (repository, digest) =
                        (beside(["repository", "newName"]), beside(["digest", "digest"]));
                    let key = format!("{target}{above}");
                    found.sites.extend(builder.scattered(key, repository, tag, digest));
                }
            }
            _ => {}
        }
    }
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
