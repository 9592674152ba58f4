//! Why a site must not be changed.

use super::refused;
use crate::diagnostic::Finding;
use crate::sites::code::{LINKED_SITE, SHARED_BASE};
use crate::sites::{Barrier, Site};

pub(super) fn barrier(site: &Site) -> Option<Finding> {
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
    }
}

/// The finding of a site that several environments share; none of any other.
pub fn shared_base(site: &Site) -> Option<Finding> {
    let Some(Barrier::Shared(environments)) = &site.barrier else { return None };
    let names: Vec<_> = environments.iter().map(|name| format!("`{name}`")).collect();
    let names = match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => names.concat(),
    };
    let (noun, key, file) = (site.key.noun(), &site.key, site.file.path());
    let help = match site.repository() {
        Some(repository) => format!(
            "let each environment say its own: with kustomize, in `images`, where `set` writes it if the rule says `insert: [{repository}]`"
        ),
        None => "let each environment say its own, in a file that the others do not use".to_owned(),
    };
    let finding = Finding::new(
        &SHARED_BASE,
        format!("the {noun} `{key}` is said by `{file}` for {names} alike"),
        site.location.clone(),
    );
    Some(finding.because("would change for all of them").help(help))
}
