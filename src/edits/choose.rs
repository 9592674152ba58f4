//! The sites that a request means.

use super::code::NOTHING_MATCHES;
use super::file::OpenedFile;
use crate::diagnostic::{Finding, Findings, nearest};
use crate::sites::{ImageNames, ImageRequest, NoImage, Site, choose_image};
use crate::source::{Location, RepoPath};

/// A site, with the file that it is in.
pub(super) type Chosen<'f> = (&'f OpenedFile, &'f Site);

/// The places of the image that is meant, in all files.
pub(super) fn images<'f>(
    files: &'f [OpenedFile],
    request: &ImageRequest,
    may_differ: bool,
) -> Result<Vec<Chosen<'f>>, Findings> {
    let images: Vec<_> = sites(files).filter(|(_, site)| site.is_image()).collect();
    let chosen = choose_image(request, &images, names).map_err(|fault| match fault {
        NoImage::Unknown => no_image(files, request, &images),
        NoImage::Ambiguous(which) => {
            let at = |(_, site): Chosen<'_>| site.location.clone();
            which.finding(request.name.as_deref(), &request.reference(), at)
        }
    })?;
    let others = request.other_repositories(chosen.iter().map(|(_, site)| *site));
    if may_differ || others.is_empty() { Ok(chosen) } else { Err(others) }
}

pub(super) fn sites(files: &[OpenedFile]) -> impl Iterator<Item = Chosen<'_>> {
    files.iter().flat_map(|file| file.sites.iter().map(move |site| (file, site)))
}

/// The names of a site. A marked tag belongs to the repository beside it, if
/// another kind of site has found both.
fn names((file, site): Chosen<'_>) -> ImageNames<'_> {
    let mut names = ImageNames::of_site(site);
    names.repository = names.repository.or_else(|| file.repository_beside(site));
    names
}

fn no_image(files: &[OpenedFile], request: &ImageRequest, images: &[Chosen<'_>]) -> Finding {
    let what = match (&request.name, &request.repository) {
        (None, None) => "an image".to_owned(),
        _ => format!("the image `{}`", request.called()),
    };
    let (message, at) = without(files, &what);
    request.unknown_image(&NOTHING_MATCHES, message, at, images, names)
}

/// The most names that a message lists.
const SHOWN: usize = 6;

/// The finding that none of the files has something; `known` are the names that
/// they have.
pub(super) fn nothing(
    files: &[OpenedFile],
    what: &str,
    wanted: &str,
    known: impl IntoIterator<Item = String>,
) -> Finding {
    let known: Vec<_> = known.into_iter().collect();
    let help = match (nearest(wanted, known.iter().map(String::as_str)), &*known) {
        (Some(near), _) => Some(format!("did you mean `{near}`?")),
        (None, []) => None,
        (None, known) => {
            let shown: Vec<_> = known.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
            let more = if known.len() > SHOWN { " and more" } else { "" };
            Some(format!("there is {}{more}", shown.join(", ")))
        }
    };
    let (message, at) = without(files, what);
    Finding::new(&NOTHING_MATCHES, message, at).maybe_help(help)
}

/// The message that none of the files has something, and its place.
fn without(files: &[OpenedFile], what: &str) -> (String, Location) {
    let (message, path) = match files {
        [] => (format!("there is no YAML file that could have {what}"), RepoPath::root()),
        [one] => (format!("`{}` does not have {what}", one.file.path()), one.file.path().clone()),
        [first, ..] => {
            (format!("none of {} files has {what}", files.len()), first.file.path().clone())
        }
    };
    (message, Location::of_path(&path))
}
