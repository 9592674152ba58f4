//! Which image of several a request means, by one order of ranks for every
//! command.
//!
//! An image is named, from the closest rank to the widest:
//!
//! - by its whole repository;
//! - by the name of its image policy, `namespace:name`;
//! - by its key, together with the repository of the new reference;
//! - by the last segment of its repository, together with that of the new reference;
//! - by its key or the last segment of its repository alone;
//! - by nothing at all, if there is only one.
//!
//! Only the images of the closest rank that fits are considered. Places with the
//! same repository are one image, and so are the places of a named policy. If
//! several images fit equally, none is chosen.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::Site;
use super::code::{OTHER_REPOSITORY, WHICH_IMAGE};
use super::image_request::ImageRequest;
use crate::diagnostic::{Code, Finding, Findings, joined, nearest};
use crate::kubernetes::{ImageReference, full_repository};
use crate::source::Location;

/// The names of a place that has an image.
#[derive(Debug, Clone)]
pub struct ImageNames<'a> {
    /// Its key, and the longer and shorter names that the key may have in other
    /// environments.
    pub keys: Vec<&'a str>,
    /// Registry and path; none if another file has them.
    pub repository: Option<&'a str>,
}

impl<'a> ImageNames<'a> {
    /// The names of a site.
    pub fn of_site(site: &'a Site) -> Self {
        let key = site.key.name();
        let longer = site.qualified.as_deref();
        // The key is the longer name where the short one means several images.
        let shorter = longer.filter(|longer| *longer == key);
        let shorter = shorter.and_then(|longer| longer.split_once(['/', ':']));
        let keys = [Some(key), longer, shorter.map(|(_, shorter)| shorter)];
        Self { keys: keys.into_iter().flatten().collect(), repository: site.repository() }
    }

    fn has_repository(&self, repository: &str) -> bool {
        self.repository.is_some_and(|own| full_repository(own) == full_repository(repository))
    }

    fn has_key(&self, name: &str) -> bool {
        self.keys.contains(&name)
    }

    fn has_last_segment(&self, name: &str) -> bool {
        self.repository.and_then(|path| path.rsplit('/').next()) == Some(name)
    }

    /// How closely this place fits a request; none if it does not.
    fn rank(&self, request: &ImageRequest) -> Option<Rank> {
        let wanted = request.repository.as_ref().map(ImageReference::repository);
        let carries_wanted = wanted.as_ref().is_some_and(|wanted| self.has_repository(wanted));
        let Some(name) = &request.name else {
            return match wanted {
                Some(_) => carries_wanted.then_some(Rank::Repository),
                None => Some(Rank::Any),
            };
        };
        // A name like `redis` is not taken for a repository of Docker Hub.
        if name.contains('/') && self.has_repository(name) {
            return Some(Rank::Repository);
        }
        match (self.has_key(name), self.has_last_segment(name)) {
            (true, _) if is_policy(name) => Some(Rank::Policy),
            (true, _) if carries_wanted => Some(Rank::KeyAndRepository),
            (_, true) if carries_wanted => Some(Rank::LastSegmentAndRepository),
            (false, false) => None,
            _ => Some(Rank::Name),
        }
    }

    /// Which image this place is part of when a person requests it. The places that
    /// are marked with the name of one image policy are one image, even if they have
    /// different repositories: the policy gives all of them the same reference.
    fn identity_for(&self, request: &ImageRequest) -> ImageIdentity {
        match &request.name {
            Some(name) if is_policy(name) && self.has_key(name) => ImageIdentity::Key(name.clone()),
            _ => self.identity(),
        }
    }

    /// What the places of one image have in common: the repository, or the key if
    /// the repository is not known.
    fn identity(&self) -> ImageIdentity {
        match self.repository {
            Some(repository) => ImageIdentity::Repository(full_repository(repository)),
            None => ImageIdentity::Key(self.keys.first().copied().unwrap_or_default().to_owned()),
        }
    }
}

/// Whether a name is that of an image policy, `namespace:name`: no key of another
/// kind of site and no last segment of a repository has a colon.
fn is_policy(name: &str) -> bool {
    name.contains(':') && !name.contains('/')
}

/// How closely a place fits a request, the closest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The whole repository was named.
    Repository,
    /// The image policy was named, whatever the repository of the new reference is.
    Policy,
    /// The key was named, and the new reference is of the same repository.
    KeyAndRepository,
    /// The last segment of the repository was named, and the new reference is of the
    /// same repository.
    LastSegmentAndRepository,
    /// The key or the last segment was named.
    Name,
    /// Nothing was named.
    Any,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum ImageIdentity {
    Repository(String),
    Key(String),
}

/// Why no image is chosen.
#[derive(Debug, Clone)]
pub enum NoImage<T> {
    /// No image fits.
    Unknown,
    /// Several images fit equally.
    Ambiguous(AmbiguousImage<T>),
}

/// Several images that fit equally.
#[derive(Debug, Clone)]
pub struct AmbiguousImage<T> {
    /// The places of each.
    pub(super) images: Vec<Vec<T>>,
    /// The names of the first of them in a message.
    called: Vec<String>,
    /// A name that means only that image, of each of these that has one.
    exact: Vec<String>,
}

/// The places of the one image that a request means.
///
/// # Errors
///
/// None fits, or several fit equally.
pub fn choose_image<'n, T: Copy>(
    request: &ImageRequest,
    places: &[T],
    names: impl Fn(T) -> ImageNames<'n>,
) -> Result<Vec<T>, NoImage<T>> {
    let candidates = Candidates::new(places, names);
    candidates.one_of(request, candidates.fitting(request))
}

/// The same for the images of one app: if it has only one, a whole reference
/// means that one, whatever its repository is.
///
/// # Errors
///
/// None fits, or several fit equally.
pub fn choose_image_of_app<'n, T: Copy>(
    request: &ImageRequest,
    places: &[T],
    names: impl Fn(T) -> ImageNames<'n>,
) -> Result<Vec<T>, NoImage<T>> {
    let candidates = Candidates::new(places, names);
    let mut images = candidates.fitting(request);
    if images.is_empty() && request.name.is_none() {
        images = candidates.fitting(&ImageRequest::default());
        images = if images.len() == 1 { images } else { Images::new() };
    }
    candidates.one_of(request, images)
}

/// The places of each image.
type Images<T> = IndexMap<ImageIdentity, Vec<T>>;

/// The places that a request is compared with.
struct Candidates<'n, T>(Vec<(T, ImageNames<'n>)>);

impl<'n, T: Copy> Candidates<'n, T> {
    fn new(places: &[T], names: impl Fn(T) -> ImageNames<'n>) -> Self {
        Self(places.iter().map(|&place| (place, names(place))).collect())
    }

    /// The images that fit best.
    fn fitting(&self, request: &ImageRequest) -> Images<T> {
        let ranked = self.0.iter().filter_map(|one| Some((one.1.rank(request)?, one)));
        let ranked: Vec<_> = ranked.collect();
        let best = ranked.iter().map(|(rank, _)| *rank).min();
        let mut images = Images::new();
        for (_, (place, names)) in ranked.into_iter().filter(|(rank, _)| Some(*rank) == best) {
            images.entry(names.identity_for(request)).or_default().push(*place);
        }
        images
    }

    fn one_of(&self, request: &ImageRequest, images: Images<T>) -> Result<Vec<T>, NoImage<T>> {
        if images.len() <= 1 {
            return images.into_values().next().ok_or(NoImage::Unknown);
        }
        let shown = images.keys().take(SHOWN).map(|identity| {
            let all = self.0.iter().map(|(_, names)| names);
            let own: Vec<_> = all.filter(|names| names.identity() == *identity).collect();
            (called(&own), self.exact(request, &own))
        });
        let (called, exact): (Vec<_>, Vec<_>) = shown.unzip();
        let exact = exact.into_iter().flatten().collect();
        let images = images.into_values().collect();
        Err(NoImage::Ambiguous(AmbiguousImage { images, called, exact }))
    }

    /// A name for the image with these names and for no other.
    fn exact(&self, request: &ImageRequest, own: &[&ImageNames<'_>]) -> Option<String> {
        let first = own.first()?;
        let keys = own.iter().flat_map(|names| names.keys.iter().map(|key| (*key).to_owned()));
        let mut forms = first.repository.map(spelt_out).into_iter().chain(keys);
        forms.find(|form| {
            let request = ImageRequest { name: Some(form.clone()), ..request.clone() };
            let images = self.fitting(&request);
            images.len() == 1 && images.contains_key(&first.identity_for(&request))
        })
    }
}

/// A repository in a spelling that is not a bare name.
fn spelt_out(repository: &str) -> String {
    if repository.contains('/') { repository.to_owned() } else { full_repository(repository) }
}

/// The name of an image in a message.
fn called(own: &[&ImageNames<'_>]) -> String {
    let Some(first) = own.first() else { return String::new() };
    let key = || first.keys.first().copied().unwrap_or_default().to_owned();
    first.repository.map_or_else(key, spelt_out)
}

/// The most names that a message lists.
const SHOWN: usize = 6;

/// Names as part of a sentence, which may say that there are more.
fn listed(names: &[String], conjunction: &str, has_more: bool) -> String {
    let mut shown: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    if has_more {
        shown.push("more".to_owned());
    }
    joined(&shown, conjunction)
}

impl<T: Copy> AmbiguousImage<T> {
    /// The finding that it is not clear which image `[NAME=]text` means.
    pub fn finding(&self, name: Option<&str>, text: &str, at: impl Fn(T) -> Location) -> Finding {
        let has_more = self.images.len() > self.called.len();
        let message = match name {
            Some(name) => format!("`{name}` means {}", listed(&self.called, "and", has_more)),
            None => format!("`{text}` may be for {}", listed(&self.called, "or", has_more)),
        };
        let mut places = self.images.iter().filter_map(|places| places.first().copied()).map(at);
        let first = places.next().unwrap_or_else(Location::of_repository);
        let other = places.find(|other| *other != first);
        let finding = Finding::new(&WHICH_IMAGE, message, first);
        let finding = match other {
            Some(other) => finding.because("one").label(other, "another"),
            None => finding,
        };
        let exact: Vec<_> = self.exact.iter().map(|name| format!("{name}={text}")).collect();
        let help =
            (!exact.is_empty()).then(|| format!("name one: {}", listed(&exact, "or", has_more)));
        finding.maybe_help(help)
    }
}

impl ImageRequest {
    /// The finding that none of these places has the requested image. The message
    /// says where it was looked for, the help which image may be meant.
    pub fn unknown_image<'n, T: Copy>(
        &self,
        code: &'static Code,
        message: impl Into<String>,
        at: Location,
        places: &[T],
        names: impl Fn(T) -> ImageNames<'n>,
    ) -> Finding {
        let help = match self.with_bare_name(places, &names) {
            Some(request) => Some(format!("did you mean `{request}`?")),
            None => self.suggestion(&places.iter().map(|&place| names(place)).collect::<Vec<_>>()),
        };
        Finding::new(code, message, at).maybe_help(help)
    }

    /// The similar name among those of these images, else all of their keys.
    fn suggestion(&self, images: &[ImageNames<'_>]) -> Option<String> {
        let called = self.called();
        let known = images.iter().flat_map(|one| one.keys.iter().copied().chain(one.repository));
        let keys: BTreeSet<_> = images.iter().filter_map(|one| one.keys.first()).collect();
        // Of the items of a list, none is nearer than another to the list's name.
        let is_of_several = keys.iter().filter(|key| key.starts_with(called.as_str())).count() > 1;
        if let Some(near) = nearest(&called, known).filter(|_| !is_of_several) {
            return Some(format!("did you mean `{near}`?"));
        }
        let shown: Vec<_> = keys.iter().take(SHOWN).map(|key| (**key).to_owned()).collect();
        match &*shown {
            [] => None,
            [only] => Some(format!("the only image is `{only}`")),
            shown => Some(format!("the images are {}", listed(shown, "and", keys.len() > SHOWN))),
        }
    }

    /// The request that was probably meant if a name was written as a repository
    /// of Docker Hub: `web=:v2` for `web:v2`.
    fn with_bare_name<'n, T: Copy>(
        &self,
        places: &[T],
        names: impl Fn(T) -> ImageNames<'n>,
    ) -> Option<Self> {
        let repository = self.repository.as_ref().filter(|_| self.name.is_none())?;
        let name = repository.repository();
        let bare = Self { name: Some(name), repository: None, ..self.clone() };
        choose_image(&bare, places, names).is_ok().then_some(bare)
    }

    /// The findings of sites whose repository is not the one that is asked for: a
    /// typing error in it would deploy somebody else's image, and a tag of one
    /// repository means nothing in another.
    pub fn other_repositories<'s>(&self, sites: impl IntoIterator<Item = &'s Site>) -> Findings {
        let Some(wanted) = self.parts().repository else { return Findings::new() };
        let others = sites.into_iter().filter(|site| !site.takes_repository(&wanted));
        others.map(|site| other_repository(site, &wanted)).collect()
    }
}

fn other_repository(site: &Site, wanted: &str) -> Finding {
    let own = site.repository().unwrap_or_default();
    let message = format!("`{}` is an image of `{own}`, not of `{wanted}`", site.key);
    let help = match nearest(wanted, [own]) {
        Some(near) => {
            format!("did you mean `{near}`? To change the repository, say `--repository`")
        }
        None => "say `--repository` if the repository is to change as well".to_owned(),
    };
    Finding::new(&OTHER_REPOSITORY, message, site.location.clone())
        .because("another repository")
        .help(help)
}
