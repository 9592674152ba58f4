//! Git references and versions that a person sets.

use std::collections::BTreeSet;

use super::code::UNKNOWN_SOURCE;
use crate::diagnostic::{Finding, listed, nearest};
use crate::edits::GitRevision;
use crate::git::CanonicalAddress;
use crate::sites::{AppSites, Key, Site};
use crate::source::Location;

/// The sites of the git reference or version that a request names: by its key, by the whole
/// address of its repository, or by the last segment of that.
pub(super) fn named<'s>(
    app: &'s AppSites,
    request: &GitRevision,
    at: &Location,
) -> Result<Vec<&'s Site>, Finding> {
    let sites = || app.sites.iter().filter(|site| is_source(site));
    let repository = CanonicalAddress::of_repository(&request.url);
    let fits: [&dyn Fn(&Site) -> bool; 3] = [
        &|site| site.key.name() == request.url,
        &|site| address(site).is_some_and(|own| own.to_string() == repository.to_string()),
        &|site| address(site).is_some_and(|own| own.name() == request.url),
    ];
    let closest = fits.iter().find(|fits| sites().any(fits));
    let Some(closest) = closest else { return Err(unknown(app, request, at)) };
    let chosen: Vec<&Site> = sites().filter(|site| closest(site)).collect();
    let keys: BTreeSet<&Key> = chosen.iter().map(|site| &site.key).collect();
    if keys.len() > 1 {
        let names: Vec<&&Key> = keys.iter().collect();
        let message = format!("`{}` names several of `{}`", request.url, app.app);
        return Err(Finding::new(&UNKNOWN_SOURCE, message, at.clone())
            .because("it is not clear which is meant")
            .help(format!("name one: {}", listed(&names, "or"))));
    }
    Ok(chosen)
}

fn is_source(site: &Site) -> bool {
    matches!(site.key, Key::Git(_) | Key::Version(_) | Key::TemplatePin)
}

fn address(site: &Site) -> Option<CanonicalAddress> {
    let Key::Git(address) = &site.key else { return None };
    Some(CanonicalAddress::of_repository(address))
}

fn unknown(app: &AppSites, request: &GitRevision, at: &Location) -> Finding {
    let keys = app.sites.iter().filter(|site| is_source(site) && site.value.is_some());
    let names: BTreeSet<&str> = keys.map(|site| site.key.name()).collect();
    let known: Vec<&&str> = names.iter().collect();
    let help = match nearest(&request.url, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "images are named without an option: `NAME=:TAG`".to_owned(),
        None => format!("it has {}", listed(&known, "and")),
    };
    let message = format!("`{}` has no git reference or version `{}`", app.app, request.url);
    Finding::new(&UNKNOWN_SOURCE, message, at.clone())
        .because("`--git` names one by its key, its repository or the last part of that")
        .help(help)
}
