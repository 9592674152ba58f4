//! The changes that give a site a new value.

mod image;
mod part;
mod refusal;

use self::image::ImageWriter;
use self::part::{set, split};
use self::refusal::{no_room, refused};
use super::kinds::kustomization::RemoteAddress;
use super::{ImageParts, Reading, Site, SitePart, SitePartKind, SiteValue, app};
use crate::diagnostic::Finding;
use crate::yaml::Change;

pub(super) use self::refusal::unclear_companion;
pub use self::refusal::{WriteOptions, barrier, shared_base};

/// The changes to a site's file that give the site the value `to`; none if it has
/// that already. The repository stays the site's own, unless the options allow
/// another.
///
/// # Errors
///
/// The site cannot have that value, or must not be changed.
pub fn changes(site: &Site, to: &SiteValue, options: WriteOptions) -> Result<Vec<Change>, Finding> {
    let has_lines = |part: &SitePart| part.is_there && part.text.contains('\n');
    let is_reference = !matches!(to, SiteValue::Value(_) | SiteValue::Secret(_));
    if is_reference && site.parts.iter().any(has_lines) {
        let message = format!("`{}` is a text of several lines", site.key);
        return Err(no_room(site, message, "write the reference on one line, without `|` and `>`"));
    }
    let changes = match (to, &site.value) {
        (SiteValue::Moving(parts), _) | (_, Some(SiteValue::Moving(parts))) if !options.moving => {
            return Err(refused(app::moving(site, &parts.revision)));
        }
        (SiteValue::Image(image), _) => {
            let written = ImageWriter { site, options }.image(image);
            // What must not be changed at all needs no other digest.
            written.map_err(|fault| barrier(site).unwrap_or(fault))?
        }
        (SiteValue::Repository(repository), _) => {
            let repository = Some(repository.clone());
            let image = ImageParts { repository, ..ImageParts::default() };
            ImageWriter { site, options }.image(&image)?
        }
        (SiteValue::Revision(parts) | SiteValue::Moving(parts), _) => {
            revision(site, &parts.revision)?
        }
        (SiteValue::Value(yaml) | SiteValue::Secret(yaml), _) => value(site, yaml)?,
    };
    let changes = if options.as_text { as_texts(site, changes) } else { changes };
    match barrier(site) {
        Some(finding) if !changes.is_empty() => Err(finding),
        _ => Ok(changes),
    }
}

/// The same changes, of which those of numbers write texts: `tag: 38` becomes `tag: "39"`.
fn as_texts(site: &Site, changes: Vec<Change>) -> Vec<Change> {
    let as_text = |change: Change| {
        let Change::Set { at, text } = &change else { return change };
        let mut parts = site.parts.iter();
        let is_number = parts.any(|part| part.reading != Reading::Text && part.at == *at);
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (map, key) = split(at);
        if is_number && is_digits && !key.is_empty() {
            Change::SetYaml { map, key, yaml: format!("\"{text}\"\n") }
        } else {
            change
        }
    };
    changes.into_iter().map(as_text).collect()
}

/// A git reference or version.
fn revision(site: &Site, to: &str) -> Result<Vec<Change>, Finding> {
    let mut changes = Vec::new();
    for part in &site.parts {
        let text = match part.kind {
            SitePartKind::Address => {
                RemoteAddress::parse(&part.text).map(|address| address.with(to))
            }
            SitePartKind::Pin => Some(pinned(&part.text, to)),
            SitePartKind::Commit if !is_commit(to) => None,
            SitePartKind::Commit | SitePartKind::Revision => Some(to.to_owned()),
            _ => None,
        };
        let Some(text) = text else {
            let message =
                format!("`{}` takes the full id of a commit, and `{to}` is not one", site.key);
            return Err(no_room(
                site,
                message,
                "name the commit, or change the file to a tag first",
            ));
        };
        changes.extend(set(part, &text));
    }
    if site.value.is_some() && changes_nothing(site, to) { Ok(Vec::new()) } else { Ok(changes) }
}

fn changes_nothing(site: &Site, to: &str) -> bool {
    site.value.as_ref().is_some_and(|value| match value {
        SiteValue::Revision(parts) | SiteValue::Moving(parts) => parts.revision == to,
        _ => false,
    })
}

fn pinned(written: &str, to: &str) -> String {
    let name = written.split('@').next().unwrap_or_default();
    format!("{name}@{to}")
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn value(site: &Site, yaml: &str) -> Result<Vec<Change>, Finding> {
    if site.value.as_ref().and_then(SiteValue::yaml) == Some(yaml) {
        return Ok(Vec::new());
    }
    let at = site.parts.first().map(|part| split(&part.at)).filter(|(_, key)| !key.is_empty());
    let Some((map, key)) = at else {
        let message = format!("`{}` is an item of a list", site.key);
        let help = "promote the whole list: lists replace each other, they do not merge";
        return Err(no_room(site, message, help));
    };
    Ok(vec![Change::SetYaml { map, key, yaml: yaml.to_owned() }])
}
