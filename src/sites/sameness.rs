//! Whether values deploy the same.
//!
//! Three questions look alike and are not:
//!
//! - *Does it change what runs?* [`SiteValue::deploys_same`] asks it of one environment at
//!   two times: of what starts a tenure, of what a change brings, of what is rolled back.
//! - *Is it there?* [`WantedValues`] asks it of an environment that has to have what enters
//!   another. Each may have repositories of its own.
//! - *Can both be the same?* [`SiteValue::agrees_with`] asks whether anything that both say
//!   differs. It is for what people are shown and for holds, and lets nothing enter.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{ImageParts, Key, RevisionParts, SiteValue, State};
use crate::config::Mirrors;
use crate::kubernetes::full_repository;

impl SiteValue {
    /// Whether the same runs, whichever of the two an environment has: the digests are
    /// equal, or neither has one and the tags and repositories are equal. Git references
    /// and promoted values are equal as they are.
    pub fn deploys_same(&self, other: &Self, mirrors: &Mirrors) -> bool {
        let (one, two) = match (self, other) {
            (Self::Image(one), Self::Image(two)) => (one, two),
            (Self::Revision(one), Self::Revision(two)) => {
                return one.revision == two.revision && one.is_of_same(two, mirrors);
            }
            (Self::Repository(one), Self::Repository(two)) => return mirrors.are_same(one, two),
            _ => return self == other,
        };
        match (&one.digest, &two.digest) {
            (Some(one), Some(two)) => one == two,
            (None, None) => one.tag == two.tag && are_same_repositories(one, two, mirrors),
            // A tag may point to that digest, to another one, or to none.
            _ => false,
        }
    }

    /// Whether nothing that both say differs: the digests if both have one, else the tags.
    /// Repositories do not count, because each environment may have its own.
    pub fn agrees_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Image(one), Self::Image(two)) => match (&one.digest, &two.digest) {
                (Some(one), Some(two)) => one == two,
                _ => one.tag == two.tag && one.tag.is_some(),
            },
            (Self::Revision(one), Self::Revision(two)) => one.revision == two.revision,
            _ => self == other,
        }
    }
}

impl State {
    /// Whether the same runs, whichever of the two an environment has
    /// ([`SiteValue::deploys_same`]).
    pub fn deploys_same(&self, other: &Self, mirrors: &Mirrors) -> bool {
        let (own, others) = (self.iter().collect(), other.iter().collect());
        are_alike(&own, &others, |one, other| one.deploys_same(other, mirrors))
    }

    /// Whether nothing that both say differs ([`SiteValue::agrees_with`]).
    pub fn agrees_with(&self, other: &Self) -> bool {
        are_alike(&self.versions(), &other.versions(), SiteValue::agrees_with)
    }

    /// Whether a promotion of `source` would change nothing here: the tags are equal too,
    /// which may change while the digest stays.
    pub fn is_copy_of(&self, source: &Self) -> bool {
        let has_other_tag = |one: &SiteValue, other: &SiteValue| match (one, other) {
            (SiteValue::Image(one), SiteValue::Image(other)) => {
                one.tag.is_some() && other.tag.is_some() && one.tag != other.tag
            }
            _ => false,
        };
        are_alike(&self.versions(), &source.versions(), |one, other| {
            one.agrees_with(other) && !has_other_tag(one, other)
        })
    }

    /// The values that say more than where something comes from, which is each
    /// environment's own.
    fn versions(&self) -> BTreeMap<&Key, &SiteValue> {
        self.iter().filter(|(_, value)| !value.is_repository()).collect()
    }
}

/// Whether both have the same keys, with values that are alike.
fn are_alike(
    own: &BTreeMap<&Key, &SiteValue>,
    others: &BTreeMap<&Key, &SiteValue>,
    alike: impl Fn(&SiteValue, &SiteValue) -> bool,
) -> bool {
    own.len() == others.len()
        && own.iter().all(|(key, value)| others.get(key).is_some_and(|other| alike(value, other)))
}

fn are_same_repositories(one: &ImageParts, two: &ImageParts, mirrors: &Mirrors) -> bool {
    match (&one.repository, &two.repository) {
        (Some(one), Some(two)) => mirrors.are_same(one, two),
        (one, two) => one == two,
    }
}

/// The values that are to enter an environment, to be looked for in one below it.
#[derive(Debug, Clone)]
pub struct WantedValues<'a> {
    /// A key whose sites differ in how exact they are occurs several times.
    entries: Vec<EnteringValue>,
    mirrors: &'a Mirrors,
}

/// A value that is to enter an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteringValue {
    /// Its key.
    pub key: Key,
    /// The value.
    pub value: SiteValue,
    /// What the environment has in its place now; none if there is nothing.
    pub current: Option<SiteValue>,
}

/// A wanted value that an environment does not have.
#[derive(Debug, Clone, Copy)]
pub struct MissingValue<'w> {
    /// The key.
    pub key: &'w Key,
    /// The wanted value.
    pub wanted: &'w SiteValue,
    /// What the environment has.
    pub actual: Option<&'w SiteValue>,
    /// Whether nothing but the repository differs.
    pub is_other_repository: bool,
}

impl<'a> WantedValues<'a> {
    /// These values.
    pub fn new(entries: impl IntoIterator<Item = EnteringValue>, mirrors: &'a Mirrors) -> Self {
        Self { entries: entries.into_iter().collect(), mirrors }
    }

    /// All values of a state that is to take the place of another one.
    pub fn of_state(state: &State, current: Option<&State>, mirrors: &'a Mirrors) -> Self {
        let entering = |(key, value): (&Key, &SiteValue)| EnteringValue {
            key: key.clone(),
            value: value.clone(),
            current: current.and_then(|current| current.get(key)).cloned(),
        };
        Self::new(state.iter().map(entering), mirrors)
    }

    /// These and others.
    #[must_use]
    pub fn with(mut self, others: impl IntoIterator<Item = EnteringValue>) -> Self {
        self.entries.extend(others);
        self
    }

    /// Keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &SiteValue)> {
        self.entries.iter().map(|entry| (&entry.key, &entry.value))
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Those that change what runs in the environment that is entered.
    #[must_use]
    pub fn changed(mut self) -> Self {
        let mirrors = self.mirrors;
        self.entries.retain(|EnteringValue { value, current, .. }| {
            !current.as_ref().is_some_and(|current| current.deploys_same(value, mirrors))
        });
        self
    }

    /// Whether a state has all of them. It may have more.
    pub fn are_in(&self, state: &State) -> bool {
        self.missing_in(state).is_none()
    }

    /// The first of them that a state does not have.
    pub fn missing_in<'w>(&'w self, state: &'w State) -> Option<MissingValue<'w>> {
        self.entries.iter().find_map(|entry| {
            let EnteringValue { key, value: wanted, .. } = entry;
            let actual = state.get(key);
            let missing = |is_other_repository| {
                Some(MissingValue { key, wanted, actual, is_other_repository })
            };
            match (wanted, actual) {
                (SiteValue::Image(image), Some(SiteValue::Image(below))) => {
                    let now = entry.current_image();
                    let now = now.as_deref();
                    if !is_identity_of(now, image, below) {
                        missing(false)
                    } else if is_repository_of(now, image, below, self.mirrors) {
                        None
                    } else {
                        missing(true)
                    }
                }
                (SiteValue::Revision(revision), Some(SiteValue::Revision(below))) => {
                    if revision.revision != below.revision {
                        missing(false)
                    } else if entry.comes_from(below, revision, self.mirrors) {
                        None
                    } else {
                        missing(true)
                    }
                }
                (SiteValue::Repository(_), _) if entry.leaves_repository() => None,
                (SiteValue::Repository(repository), Some(actual)) => {
                    let is_same = |below: &str| self.mirrors.are_same(repository, below);
                    match actual {
                        SiteValue::Repository(below) if is_same(below) => None,
                        SiteValue::Image(ImageParts { repository: Some(below), .. }) => {
                            missing(!is_same(below))
                        }
                        other => missing(other.is_repository()),
                    }
                }
                (wanted, Some(actual)) if wanted == actual => None,
                (_, None) if key.is_template_pin() => None,
                _ => missing(false),
            }
        })
    }
}

impl EnteringValue {
    /// Whether a revision comes from where the one below does. What stays as it is brings
    /// nothing; and each environment may have an object of its own that has the address.
    fn comes_from(&self, below: &RevisionParts, own: &RevisionParts, mirrors: &Mirrors) -> bool {
        let now = match &self.current {
            Some(SiteValue::Revision(now) | SiteValue::Moving(now)) => Some(now),
            _ => None,
        };
        let stays = now.is_some_and(|now| now.is_of_same(own, &Mirrors::default()));
        own.is_of_same(below, mirrors)
            || stays && (now == Some(own) || own.has_repository_of(below, mirrors))
    }

    /// Whether it is a repository that the environment has already: whose version another
    /// file has is judged by that file.
    fn leaves_repository(&self) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|current| current.deploys_same(&self.value, &Mirrors::default()))
    }

    /// The image that the environment has now.
    fn current_image(&self) -> Option<Cow<'_, ImageParts>> {
        match self.current.as_ref()? {
            SiteValue::Image(image) => Some(Cow::Borrowed(image)),
            SiteValue::Repository(repository) => {
                let repository = Some(repository.clone());
                Some(Cow::Owned(ImageParts { repository, ..ImageParts::default() }))
            }
            SiteValue::Revision(_)
            | SiteValue::Moving(_)
            | SiteValue::Value(_)
            | SiteValue::Secret(_) => None,
        }
    }
}

/// Whether the image below has the tag and digest that an image is to have in place of
/// `now`. A digest that is new has to stand there, since nothing else says that it is the
/// tag's; and one that is dropped leaves a tag that has to stand there without a digest.
fn is_identity_of(now: Option<&ImageParts>, image: &ImageParts, below: &ImageParts) -> bool {
    let current = now.and_then(|now| now.digest.as_ref());
    let is_same_tag = image.tag == below.tag && image.tag.is_some();
    match (&image.digest, &below.digest) {
        (Some(own), Some(below)) => own == below,
        (Some(own), None) => is_same_tag && current == Some(own),
        (None, Some(_)) => is_same_tag && current.is_none(),
        (None, None) => is_same_tag,
    }
}

/// Whether the image below comes from the same repository as one that is to take the place
/// of `now`. With the same digest it is the same image in any case. Repositories that differ
/// in their host alone are taken for mirrors of each other unless the change brings one of
/// them; one that another file names, and that the change leaves alone, is not known to be
/// different.
fn is_repository_of(
    now: Option<&ImageParts>,
    image: &ImageParts,
    below: &ImageParts,
    mirrors: &Mirrors,
) -> bool {
    if image.digest.is_some() && image.digest == below.digest
        || are_same_repositories(image, below, mirrors)
    {
        return true;
    }
    let stays = |now: &ImageParts| are_same_repositories(now, image, &Mirrors::default());
    now.is_some_and(stays)
        && match (&image.repository, &below.repository) {
            (Some(own), Some(below)) => path_of(own) == path_of(below),
            _ => true,
        }
}

/// A repository's full name without its host.
fn path_of(repository: &str) -> String {
    let full = full_repository(repository);
    full.split_once('/').map_or_else(|| full.clone(), |(_, path)| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ghcr.io/shop/web:v1@a`: the digest is that digit, repeated.
    fn image(text: &str) -> SiteValue {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digit)) => (rest, Some(format!("sha256:{}", digit.repeat(64)))),
            None => (text, None),
        };
        let (repository, tag) = rest.rsplit_once(':').expect("a tag");
        let some = |text: &str| Some(text).filter(|text| !text.is_empty()).map(str::to_owned);
        SiteValue::Image(ImageParts { repository: some(repository), tag: some(tag), digest })
    }

    fn state(text: &str) -> State {
        State::new(BTreeMap::from([(Key::Image("web".to_owned()), image(text))]))
    }

    #[test]
    fn what_runs_changes_with_the_digest_or_else_with_tag_and_repository() {
        let same = |one, two| image(one).deploys_same(&image(two), &Mirrors::default());
        assert!(same("a/web:v1", "a/web:v1") && same("a/web:", "a/web:") && same(":v1", ":v1"));
        assert!(same("docker.io/library/web:v1", "web:v1"), "two spellings");
        assert!(same("a/web:rc@a", "a/web:v1@a"), "another tag of the digest");
        assert!(same("a/web:v1@a", "b/web:v1@a"), "a digest is the same wherever it is from");
        for (one, two) in [
            ("a/web:v1", "a/web:v2"),
            ("a/web:v1", "a/web:v1@a"),
            ("a/web:v1@a", "a/web:v1"),
            ("a/web:v1@a", "a/web:v1@b"),
            ("a/web:v1", "b/web:v1"),
            ("a.io/shop/web:v1", "b.io/shop/web:v1"),
            (":v1", "a/web:v1"),
            ("a/web:", "a/web:v1"),
        ] {
            assert!(!same(one, two), "{one} {two}");
        }
    }

    /// Whether `below` has what the target is to have in place of `current`.
    fn is_in(current: &str, wanted: &str, below: &str) -> bool {
        let (current, mirrors) =
            (Some(current).filter(|text| !text.is_empty()), Mirrors::default());
        let current = current.map(state);
        WantedValues::of_state(&state(wanted), current.as_ref(), &mirrors).are_in(&state(below))
    }

    #[test]
    fn a_digest_is_added_or_dropped_only_as_the_environment_below_has_it() {
        assert!(is_in("web:v1", "web:v2", "web:v2"));
        assert!(is_in("web:v1", "web:v2", "web:v2@b"), "it never had a digest");
        assert!(
            is_in("web:v1", "web:v2@b", "web:v2@b") && is_in("web:v1@a", "web:v2@b", "web:v2@b")
        );
        assert!(is_in("web:v1@a", "web:v2", "web:v2"), "below there is none");
        assert!(is_in("web:v1@a", "web:v1@a", "web:v1"), "it stays");
        assert!(is_in("web:rc@a", "web:v1@a", "web:rc@a"), "of the same digest");
        assert!(!is_in("web:v1", "web:v2@b", "web:v2"), "nothing says that it is the tag's");
        assert!(!is_in("web:v2", "web:v2@b", "web:v2") && !is_in("web:v2@a", "web:v2@b", "web:v2"));
        assert!(!is_in("web:v1@a", "web:v2", "web:v2@b"), "it would be dropped");
        assert!(!is_in("web:v2@a", "web:v2", "web:v2@a") && !is_in("", "web:", "web:"));
    }

    #[test]
    fn repositories_of_two_hosts_are_mirrors_unless_the_change_brings_one() {
        assert!(is_in("b.io/shop/web:v1", "b.io/shop/web:v2", "a.io/shop/web:v2"));
        assert!(is_in("b.io/shop/web:v1", "a.io/fork/web:v2", "a.io/fork/web:v2"), "as below");
        assert!(is_in(":v1", ":v2", "a.io/shop/web:v2"), "another file has it");
        assert!(is_in("a.io/o/web:v1@a", "a.io/o/web:v2@b", "a.io/fork/web:v2@b"));
        for (current, wanted, below) in [
            ("a.io/o/web:v1", "a.io/o/web:v2", "a.io/fork/web:v2"),
            ("a.io/shop/web:v1", "b.io/shop/web:v2", "a.io/shop/web:v2"),
            ("a.io/shop/web:v2", "b.io/shop/web:v2", "a.io/shop/web:v2"),
            (":v1", "b.io/shop/web:v2", "a.io/shop/web:v2"),
            (":v1", "b.io/shop/web:v2", ":v2"),
            ("a.io/shop/web:v1", ":v2", "a.io/shop/web:v2"),
            ("", "b.io/shop/web:v2", "a.io/shop/web:v2"),
        ] {
            assert!(!is_in(current, wanted, below), "{current} {wanted} {below}");
        }
    }

    #[test]
    fn a_repository_alone_is_judged_where_it_changes_and_stays_in_a_promotion() {
        let key = || Key::Image("web".to_owned());
        let repository = |text: &str| {
            State::new(BTreeMap::from([(key(), SiteValue::Repository(text.to_owned()))]))
        };
        let (mirrors, own) = (Mirrors::default(), repository("b/web"));
        let is_in = |wanted: &State, current: Option<&State>, below: &State| {
            WantedValues::of_state(wanted, current, &mirrors).are_in(below)
        };
        assert!(is_in(&own, Some(&own), &repository("a/web")), "it stays");
        assert!(is_in(&own, Some(&own), &State::default()), "nothing has it below");
        assert!(is_in(&own, Some(&repository("a/web")), &own), "as below");
        assert!(!is_in(&own, Some(&repository("a/web")), &repository("a/web")));
        assert!(!is_in(&own, None, &state("b/web:v1")), "a version goes");
        assert!(is_in(&state("b.io/web:v2"), Some(&repository("b.io/web")), &state("a.io/web:v2")));
        assert!(!is_in(&state("b/web:v2"), Some(&repository("b/web")), &state("a/web:v2")));
        assert!(!own.deploys_same(&repository("a/web"), &mirrors));
        assert!(own.is_copy_of(&State::default()), "it has no version to copy");
    }

    #[test]
    fn a_promotion_of_another_tag_with_the_same_digest_changes_something() {
        assert!(!state("web:rc@a").is_copy_of(&state("web:v1@a")));
        assert!(state("web:v1").is_copy_of(&state("web:v1@a")));
        assert!(state("web:@a").is_copy_of(&state("web:v1@a")), "it has no tag");
    }
}
