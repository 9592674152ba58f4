//! Which sites are meant.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::GitRevision;
use super::code::{NOTHING_MATCHES, OTHER_REPOSITORY, WHICH_IMAGE};
use super::file::OpenedFile;
use crate::diagnostic::{Finding, Findings, nearest};
use crate::kubernetes::full_repository;
use crate::sites::{ImageRequest, Key, Site, SitePart, SitePartKind};
use crate::source::{Location, RepoPath, SourceFile, Span};
use crate::yaml::{Node, Step};

/// The site of a file.
pub(super) type Chosen<'f> = (&'f OpenedFile, &'f Site);

/// The images that are meant, in all files.
pub(super) fn images<'f>(
    files: &'f [OpenedFile],
    ask: &ImageRequest,
    may_differ: bool,
) -> Result<Vec<Chosen<'f>>, Findings> {
    let all = || sites(files).filter(|(_, site)| site.is_image());
    let ranked: Vec<_> = all().filter_map(|one| Some((rank(ask, one.1)?, one))).collect();
    let best = ranked.iter().map(|(rank, _)| *rank).min();
    let chosen = ranked.into_iter().filter(|(rank, _)| Some(*rank) == best).map(|(_, one)| one);
    let chosen: Vec<_> = chosen.collect();
    if chosen.is_empty() {
        return Err(no_image(files, ask).into());
    }
    let Some(repository) = &ask.repository else {
        return which(&chosen, ask).map_or(Ok(chosen), |finding| Err(finding.into()));
    };
    let repository = repository.repository();
    let others = chosen.iter().filter(|(_, site)| !site.takes_repository(&repository));
    let others: Findings = others.map(|(_, site)| other_repository(site, &repository)).collect();
    if may_differ || others.is_empty() { Ok(chosen) } else { Err(others) }
}

fn sites(files: &[OpenedFile]) -> impl Iterator<Item = Chosen<'_>> {
    files.iter().flat_map(|file| file.sites.iter().map(move |site| (file, site)))
}

/// How closely a site is what is asked for: by its own name or its repository,
/// or by the last segment of that.
fn rank(ask: &ImageRequest, site: &Site) -> Option<u8> {
    let repository = site.repository();
    let is_repository =
        |text: &str| repository.is_some_and(|own| full_repository(own) == full_repository(text));
    match (&ask.name, &ask.repository) {
        (Some(name), _) => {
            let is_named = site.key.name() == name || site.qualified.as_ref() == Some(name);
            let is_last = repository.and_then(|path| path.rsplit('/').next()) == Some(name);
            let name = name.strip_prefix("oci://").unwrap_or(name);
            if is_named || is_repository(name) { Some(0) } else { is_last.then_some(1) }
        }
        (None, Some(wanted)) => is_repository(&wanted.repository()).then_some(0),
        (None, None) => Some(0),
    }
}

/// The sites among these that are written where they stand: what repeats one of
/// them, as an alias or by `<<`, changes with it.
pub(super) fn written<'c, 'f>(chosen: &'c [Chosen<'f>]) -> impl Iterator<Item = Chosen<'f>> + 'c {
    let stand = |(file, site): &Chosen<'f>| -> Vec<(Span, bool)> {
        site.parts
            .iter()
            .filter(|part| part.is_there)
            .filter_map(|part| stands(file, part))
            .collect()
    };
    let own: HashSet<(*const SourceFile, Span)> = chosen
        .iter()
        .flat_map(|one| stand(one).into_iter().map(move |at| (Arc::as_ptr(&one.0.file), at)))
        .filter(|(_, (_, repeats))| !repeats)
        .map(|(file, (span, _))| (file, span))
        .collect();
    chosen.iter().copied().filter(move |one| {
        let repeats_own = |(span, repeats): (Span, bool)| {
            repeats && own.contains(&(Arc::as_ptr(&one.0.file), span))
        };
        !stand(one).into_iter().any(repeats_own)
    })
}

/// Where a part is written, and whether it only repeats that.
fn stands(file: &OpenedFile, part: &SitePart) -> Option<(Span, bool)> {
    let mut node = file.documents.get(part.at.document)?.root();
    let mut repeats = false;
    for step in part.at.route.steps() {
        repeats |= node.alias_of().is_some();
        if let Step::Key(key) = step {
            let map = node.alias_of().unwrap_or(node).location().span();
            repeats |= node.key(key).is_some_and(|key| !map.contains(key.location().span()));
        }
        node = step.find(node)?;
    }
    let written = node.alias_of().unwrap_or(node);
    Some((written.location().span(), repeats || node.alias_of().is_some()))
}

/// Several images where one is meant.
fn which(chosen: &[Chosen<'_>], ask: &ImageRequest) -> Option<Finding> {
    let full = |site: &Site| site.repository().map(full_repository);
    let known: BTreeSet<_> = chosen.iter().filter_map(|(_, site)| full(site)).collect();
    // A tag whose repository stands elsewhere is told by its name.
    let unknown = chosen.iter().filter(|(_, site)| site.repository().is_none());
    let names: BTreeSet<_> = unknown.map(|(_, site)| site.key.name()).collect();
    if known.len() + if known.is_empty() { names.len() } else { 0 } <= 1 {
        return None;
    }
    let (first, rest) = chosen.split_first()?;
    let all: Vec<_> =
        known.iter().map(String::as_str).chain(names).map(|name| format!("`{name}`")).collect();
    let message = match &ask.name {
        Some(name) => format!("`{name}` means {}", all.join(" and ")),
        None => format!("`{ask}` may be for {}", all.join(" or ")),
    };
    let finding = Finding::new(&WHICH_IMAGE, message, first.1.location.clone());
    let second = rest.iter().find(|(_, site)| full(site) != full(first.1))?;
    let finding = finding.because("one").label(second.1.location.clone(), "another");
    Some(finding.help(format!("name one: `{}={}`", all[0].trim_matches('`'), identity(ask))))
}

fn identity(ask: &ImageRequest) -> String {
    ImageRequest { name: None, ..ask.clone() }.to_string()
}

/// Why an image of another repository does not come where nobody allowed it.
pub fn other_repository(site: &Site, wanted: &str) -> Finding {
    let own = site.repository().unwrap_or_default();
    let message = format!("`{}` is an image of `{own}`, not of `{wanted}`", site.key);
    Finding::new(&OTHER_REPOSITORY, message, site.location.clone())
        .because("another repository")
        .help("say `--repository` where the repository is to change, too")
}

fn no_image(files: &[OpenedFile], ask: &ImageRequest) -> Finding {
    let images = || sites(files).map(|(_, site)| site).filter(|site| site.is_image());
    let names = images().map(|site| site.key.name()).chain(images().filter_map(Site::repository));
    let wanted = match (&ask.name, &ask.repository) {
        (Some(name), _) => name.clone(),
        (None, Some(repository)) => repository.repository(),
        (None, None) => return nothing(files, "an image", "", []),
    };
    let known: BTreeSet<_> = names.map(str::to_owned).collect();
    nothing(files, &format!("the image `{wanted}`"), &wanted, known)
}

/// So many names are worth a person's time.
const SHOWN: usize = 6;

/// What is found in none of the files; `known` are the names that are there.
pub(super) fn nothing(
    files: &[OpenedFile],
    what: &str,
    wanted: &str,
    known: impl IntoIterator<Item = String>,
) -> Finding {
    let (message, path) = match files {
        [] => (format!("no YAML file is there to have {what}"), RepoPath::root()),
        [one] => (format!("`{}` does not have {what}", one.file.path()), one.file.path().clone()),
        [first, ..] => {
            (format!("none of {} files has {what}", files.len()), first.file.path().clone())
        }
    };
    let known: Vec<_> = known.into_iter().collect();
    let help = match (nearest(wanted, known.iter().map(String::as_str)), &*known) {
        (Some(near), _) => Some(format!("did you mean `{near}`?")),
        (None, []) => None,
        (None, known) => {
            let shown: Vec<_> = known.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
            let more = if known.len() > SHOWN { " and more" } else { "" };
            Some(format!("what is there is {}{more}", shown.join(", ")))
        }
    };
    Finding::new(&NOTHING_MATCHES, message, Location::of_path(&path)).maybe_help(help)
}

/// The git references and versions that are meant.
pub(super) fn gits<'f>(
    files: &'f [OpenedFile],
    git: &GitRevision,
) -> Result<Vec<Chosen<'f>>, Finding> {
    let all = || sites(files).filter(|(_, site)| matches!(site.key, Key::Git(_) | Key::Version(_)));
    let wanted = bare(&git.url);
    let is_meant = |(file, site): &Chosen<'_>| {
        let own = [Some(site.key.name().to_owned()), address(file, site)];
        own.into_iter().flatten().any(|own| is_within(&bare(&own), &wanted))
    };
    let chosen: Vec<_> = all().filter(is_meant).collect();
    if chosen.is_empty() {
        let names =
            |(file, site): Chosen<'_>| [Some(site.key.name().to_owned()), address(file, site)];
        let known: BTreeSet<_> = all().flat_map(names).flatten().collect();
        return Err(nothing(files, &format!("a reference to `{}`", git.url), &git.url, known));
    }
    Ok(chosen)
}

/// Whether an address is that of a repository, or of a directory in it.
fn is_within(address: &str, repository: &str) -> bool {
    let rest = address.strip_prefix(repository);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// An address in the one form that all of its forms have in common:
/// `host/path`, with `//` before the directory in it taken for `/`.
fn bare(address: &str) -> String {
    let address = address.strip_prefix("git::").unwrap_or(address);
    let (has_scheme, rest) = match address.split_once("://") {
        Some((_, rest)) => (true, rest),
        None => (false, address),
    };
    let (host, path) = match rest.find(['/', ':']) {
        // `git@host:path`; behind a scheme, a colon begins the port.
        Some(at) if !has_scheme && rest.as_bytes()[at] == b':' => (&rest[..at], &rest[at + 1..]),
        _ => rest.split_once('/').unwrap_or((rest, "")),
    };
    let host = host.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let path = path.trim_end_matches('/').replace("//", "/");
    let path = path.strip_suffix(".git").map_or(path.clone(), str::to_owned).replace(".git/", "/");
    format!("{host}/{path}").trim_end_matches('/').to_owned()
}

/// The address of the repository that a revision is of, where it stands beside
/// it: `spec.url` of a source, `repoURL` beside `targetRevision`.
fn address(file: &OpenedFile, site: &Site) -> Option<String> {
    let part = site
        .parts
        .iter()
        .find(|part| matches!(part.kind, SitePartKind::Revision | SitePartKind::Commit))?;
    let mut node = file.documents.get(part.at.document)?.root();
    let mut found = None;
    for step in part.at.route.steps() {
        let beside = ["url", "repoURL"].into_iter().find_map(|key| node.get(key));
        found = beside.and_then(Node::as_str).or(found);
        node = step.find(node)?;
    }
    found.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_in_each_of_its_forms() {
        for same in [
            "https://github.com/shop/deploy",
            "https://GitHub.com/shop/deploy.git",
            "ssh://git@github.com/shop/deploy",
            "git@github.com:shop/deploy.git",
            "git::https://user@github.com/shop/deploy",
            "github.com/shop/deploy/",
        ] {
            assert_eq!(bare(same), "github.com/shop/deploy", "{same}");
        }
        assert!(is_within(
            &bare("github.com/shop/deploy.git//base"),
            &bare("github.com/shop/deploy")
        ));
        assert!(!is_within(&bare("github.com/shop/deploy-old"), &bare("github.com/shop/deploy")));
    }
}
