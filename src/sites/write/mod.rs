//! What has to change at a site for it to say something else.

mod barrier;
mod image;
mod part;

use self::barrier::barrier;
use self::image::Writer;
use self::part::{set, split};
use super::code::NO_ROOM;
use super::kustomize::Address;
use super::{Form, Site, SiteValue, app};
use crate::diagnostic::{Finding, Severity};
use crate::kubernetes::full_repository;
use crate::yaml::Change;

pub use self::barrier::shared_base;

/// What was allowed besides the usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is allowed or not, whatever the others are")]
pub struct WriteOptions {
    /// The new repository takes the place of the site's own, which stays
    /// otherwise.
    pub repository: bool,
    /// A digest goes where a new tag comes without one.
    pub drop_digest: bool,
    /// A digest is added where the site has none and has room for it, whatever
    /// its rule says.
    pub add_digest: bool,
    /// A range or a branch is overwritten, because it was named.
    pub moving: bool,
    /// Tag and digest are to be exactly these, as they once were: what is not
    /// named goes.
    pub exact: bool,
}

/// What must change in the site's file for the site to say `to`; nothing where
/// it says it already. The repository stays the site's own, unless the options
/// say otherwise.
///
/// # Errors
///
/// Why it cannot be, or must not be, said there.
pub fn changes(site: &Site, to: &SiteValue, options: WriteOptions) -> Result<Vec<Change>, Finding> {
    let changes = match (to, &site.said) {
        (SiteValue::Moving(text), _) | (_, Some(SiteValue::Moving(text))) if !options.moving => {
            return Err(refused(app::moving(site, text)));
        }
        (SiteValue::Image(image), _) => Writer { site, options }.image(image)?,
        (SiteValue::Revision(text) | SiteValue::Moving(text), _) => revision(site, text)?,
        (SiteValue::Value(yaml), _) => value(site, yaml)?,
    };
    match barrier(site) {
        Some(finding) if !changes.is_empty() => Err(finding),
        _ => Ok(changes),
    }
}

/// Whether an image of that repository is the one that the site takes, however
/// the registry is written.
pub fn is_repository_of(site: &Site, repository: &str) -> bool {
    site.repository().is_none_or(|own| full_repository(own) == full_repository(repository))
}

/// What a refusal is, whatever it is worth elsewhere.
fn refused(finding: Finding) -> Finding {
    Finding { severity: Severity::Error, ..finding }
}

fn no_room(site: &Site, message: String, help: &str) -> Finding {
    Finding::new(&NO_ROOM, message, site.location.clone()).because("has no room for it").help(help)
}

/// A git reference or version.
fn revision(site: &Site, to: &str) -> Result<Vec<Change>, Finding> {
    let mut changes = Vec::new();
    for part in &site.parts {
        let text = match part.form {
            Form::Address => Address::parse(&part.text).map(|address| address.with(to)),
            Form::Pin => Some(pinned(&part.text, to)),
            Form::Commit if !is_commit(to) => None,
            Form::Commit | Form::Revision => Some(to.to_owned()),
            _ => None,
        };
        let Some(text) = text else {
            let message = format!("`{}` takes a commit's full id, and `{to}` is none", site.key);
            return Err(no_room(
                site,
                message,
                "name the commit, or change the file to a tag first",
            ));
        };
        changes.extend(set(part, &text));
    }
    if site.said.is_some() && changes_nothing(site, to) { Ok(Vec::new()) } else { Ok(changes) }
}

fn changes_nothing(site: &Site, to: &str) -> bool {
    matches!(&site.said, Some(SiteValue::Revision(text) | SiteValue::Moving(text)) if text == to)
}

fn pinned(written: &str, to: &str) -> String {
    let name = written.split('@').next().unwrap_or_default();
    format!("{name}@{to}")
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn value(site: &Site, yaml: &str) -> Result<Vec<Change>, Finding> {
    if matches!(&site.said, Some(SiteValue::Value(own)) if own == yaml) {
        return Ok(Vec::new());
    }
    let at = site.parts.first().map(|part| split(&part.at)).filter(|(_, key)| !key.is_empty());
    let Some((map, key)) = at else {
        let message = format!("`{}` is an item of a list", site.key);
        let help = "promote the whole list: lists replace each other, they do not merge";
        return Err(no_room(site, message, help));
    };
    Ok(vec![Change::Become { map, key, yaml: yaml.to_owned() }])
}
