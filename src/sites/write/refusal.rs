//! What may be written at a site, and why it is refused.

use crate::diagnostic::{Finding, Severity, listed};
use crate::sites::chart::CHART_VALUES;
use crate::sites::code::{LINKED_SITE, NO_ROOM, SHARED_BASE, UNCLEAR_COMPANION};
use crate::sites::{Barrier, Site, SitePartKind};

/// What is allowed besides the usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is allowed independently of the others")]
pub struct WriteOptions {
    /// The site gets the new repository; otherwise it keeps its own.
    pub repository: bool,
    /// A digest is removed if the new tag comes without one.
    pub drop_digest: bool,
    /// A digest is added if the site has none and has room for it, whatever its
    /// rule says.
    pub add_digest: bool,
    /// A range or a branch is overwritten, because it was named.
    pub moving: bool,
    /// What is written is a text where it comes from, and is written in quotes if it looks
    /// like a number.
    pub as_text: bool,
    /// The site gets exactly this tag and digest, as it once had them: a part that
    /// is missing is removed.
    pub exact: bool,
}

/// A finding as a refusal, whatever its severity is elsewhere.
pub(super) fn refused(finding: Finding) -> Finding {
    Finding { severity: Severity::Error, ..finding }
}

pub(super) fn no_room(site: &Site, message: String, help: &str) -> Finding {
    Finding::new(&NO_ROOM, message, site.location.clone()).because("has no room for it").help(help)
}

/// The finding that a site must not be changed where it is; none if it may.
pub fn barrier(site: &Site) -> Option<Finding> {
    let file = site.file.path();
    match site.barrier.as_ref()? {
        Barrier::Link(link) => Some(
            Finding::new(
                &LINKED_SITE,
                format!("`{file}` is not changed through the link `{link}`"),
                site.location.clone(),
            )
            .because("is read through a symbolic link")
            .help(format!("let the rule name `{file}`, where the file is")),
        ),
        Barrier::Shared(_) => shared_base(site).map(refused),
        Barrier::Unclear(_) => unclear_companion(site).map(refused),
    }
}

/// The finding that a key beside a site may be a part of it; none for any other site.
pub(in crate::sites) fn unclear_companion(site: &Site) -> Option<Finding> {
    let Some(Barrier::Unclear(keys)) = &site.barrier else { return None };
    let (keys, it) = (listed(keys, "or"), if keys.len() > 1 { "one of them" } else { "it" });
    let message =
        format!("the image `{}` may have its tag or digest in {keys} beside it", site.key);
    let finding = Finding::new(&UNCLEAR_COMPANION, message, site.location.clone());
    let help = format!("if {it} is, set that with `rungs set --in FILE --route ROUTE=VALUE`");
    Some(finding.because("is not changed without them").help(help))
}

/// The finding that several environments share a site; none for any other site.
pub fn shared_base(site: &Site) -> Option<Finding> {
    let Some(Barrier::Shared(environments)) = &site.barrier else { return None };
    let names = listed(environments, "and");
    let (noun, key, file) = (site.key.noun(), &site.key, site.file.path());
    let tag = site.part(SitePartKind::Tag).map(|part| &part.at.route);
    let help = match (tag.filter(|_| file.name() == CHART_VALUES), site.repository()) {
        (Some(tag), _) => {
            format!("give each environment its own `{tag}`, which `set` and `promote` change then")
        }
        (None, Some(repository)) => format!(
            "give each environment its own: with kustomize in `images`, where `set` writes it if the rule has `insert: [{repository}]`"
        ),
        (None, None) => {
            "give each environment its own, in a file that the others do not use".to_owned()
        }
    };
    let finding = Finding::new(
        &SHARED_BASE,
        format!("the {noun} `{key}` is in `{file}`, which {names} share"),
        site.location.clone(),
    );
    Some(finding.because("would change for all of them").help(help))
}
