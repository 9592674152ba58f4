//! Keys beside an image that hold its tag or its digest: `sha` beside `tag`,
//! `imageTag` beside `image`.
//!
//! Charts agree on `repository`, `tag` and `digest` in one map, and on little else. The
//! names that they use besides are listed here, and nowhere else.

use std::collections::HashMap;

use super::reader::SiteBuilder;
use super::reference::{digest_in, image_of, image_parts, is_bare_digest, split_name};
use crate::kubernetes::is_tag;
use crate::sites::chart::Inherited;
use crate::sites::cursor::{Cursor, is_template, text};
use crate::sites::{Barrier, ImageParts, Key, Removal, Site, SitePart, SitePartKind, SiteValue};
use crate::yaml::Step;

/// Keys of tags, as [`plain`] writes them, after the name of the image.
const TAGS: [&str; 3] = ["tag", "imagetag", "imageversion"];

/// Keys that hold the tag of an image without one, or the version of something else.
const VERSIONS: [&str; 2] = ["version", "appversion"];

/// Keys of digests that are written with their algorithm.
const DIGESTS: [&str; 3] = ["digest", "imagedigest", "tagdigest"];

/// Keys of digests to which the chart adds `sha256:` itself.
const BARE_DIGESTS: [&str; 6] = ["sha", "sha256", "imagesha", "imagesha256", "tagsha", "tagsha256"];

/// Keys of digests only if they have one: an empty one may be for anything.
const HASHES: [&str; 6] = ["hash", "imagehash", "taghash", "checksum", "shasum", "sha256sum"];

/// What the keys of a map mean for an image in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeysMean {
    /// A chart reads them: a version beside an image without a tag is the tag.
    Values,
    /// A controller reads them, which may have a version for another purpose.
    Object,
}

/// A key's value that is a part of an image.
#[derive(Debug, Clone)]
pub(super) struct Companion<'a> {
    pub(super) at: Cursor<'a>,
    kind: SitePartKind,
    key: String,
    text: String,
}

/// The tag and the digest of an image, where they are in scalars of their own.
#[derive(Debug, Default)]
pub(super) struct Companions<'a> {
    pub(super) tag: Option<Companion<'a>>,
    pub(super) digest: Option<Companion<'a>>,
    /// Keys of which it is not certain that they are part of the image.
    pub(super) unclear: Vec<String>,
    /// Keys around the image's map with a digest or tag that may be of any image there.
    around: Vec<String>,
}

/// The scalars of a map by their keys, as [`plain`] writes them: read once, however many
/// images are in it.
#[derive(Debug, Default)]
pub(super) struct Siblings<'a> {
    by_name: HashMap<String, Vec<(String, Cursor<'a>)>>,
    /// Keys around the map that may be of its image, or of another.
    around: Vec<String>,
}

impl<'a> Siblings<'a> {
    /// Those of a map.
    pub(super) fn of(map: &Cursor<'a>) -> Self {
        let mut siblings = Self::default();
        map.entries().for_each(|(key, at)| siblings.add(key, at));
        siblings
    }

    /// Those of the first of these maps, and what stands for its image around it: each of
    /// the other maps has the one before. `image: {…}` may be beside `imageDigest`, and
    /// `web: {…}` beside `webDigest`.
    pub(super) fn within(maps: &[Cursor<'a>]) -> Self {
        let Some(map) = maps.first() else { return Self::default() };
        let mut siblings = Self::of(map);
        for pair in maps.windows(2) {
            let Some(key) = pair[0].last_key() else { break };
            siblings.add_around(key, &pair[1]);
            if !is_image(key) {
                break;
            }
        }
        siblings
    }

    /// Adds what a map has for the image whose own map is at a key of it.
    pub(super) fn add_around(&mut self, key: &str, map: &Cursor<'a>) {
        let image = image_name(key);
        let has_image = ["image", "repository"].iter().any(|key| map.get(key).is_some());
        let scalars = map.entries().filter_map(|(key, at)| {
            let text = text(at.node).filter(|text| !text.is_empty())?;
            Some((key, plain(key), text, at))
        });
        for (key, written, text, at) in scalars {
            let own = written.strip_prefix(&*image).unwrap_or_default();
            let is_named = !image.is_empty() || written.starts_with("image");
            let is_tag_of_it = is_named && TAGS.contains(&own) && is_tag(&text);
            let has_tag = || self.all("", &TAGS).iter().any(Companion::has_value);
            match () {
                () if is_tag_of_it && has_tag() => self.around.push(key.to_owned()),
                () if is_tag_of_it => self.insert(own, key, at),
                () if !is_digest_name(own) && !is_digest_name(&written) => {}
                () if is_template(&text) && is_digest_name(own) => self.around.push(key.to_owned()),
                () if digest_in(&text).is_none() => {}
                () if is_digest_name(own) && (is_named || map.get("repository").is_none()) => {
                    self.insert(own, key, at);
                }
                () if !has_image => self.around.push(key.to_owned()),
                () => {}
            }
        }
    }

    fn insert(&mut self, name: &str, key: &str, at: Cursor<'a>) {
        self.by_name.entry(name.to_owned()).or_default().push((key.to_owned(), at));
    }

    /// Those of charts, of which the first counts that has a key.
    pub(super) fn inherited(from: &Inherited<'a>) -> Self {
        let mut all = Self::default();
        for map in from.maps() {
            for (name, found) in Self::of(map).by_name {
                all.by_name.entry(name).or_insert(found);
            }
        }
        all
    }

    /// Adds what a key has, if it is a scalar.
    pub(super) fn add(&mut self, key: &str, at: Cursor<'a>) {
        if !at.node.is_mapping() && !at.node.is_sequence() {
            self.insert(&plain(key), key, at);
        }
    }

    /// What a key has, however it is written.
    pub(super) fn get(&self, name: &str) -> Option<&Cursor<'a>> {
        Some(&self.by_name.get(name)?.first()?.1)
    }

    /// What the keys of a table have for the image of that name.
    fn all(&self, image: &str, table: &[&'static str]) -> Vec<Companion<'a>> {
        let found = table.iter().flat_map(|name| {
            let named = self.by_name.get(&format!("{image}{name}"));
            named.into_iter().flatten().map(|(key, at)| Companion::new(key, name, at))
        });
        found.collect()
    }
}

impl<'a> Companions<'a> {
    /// Those of the image at a key.
    pub(super) fn of(key: &str, siblings: &Siblings<'a>, mean: KeysMean) -> Self {
        let image = image_name(key);
        let mut companions = Self::default();
        let mut digests = siblings.all(&image, &DIGESTS);
        digests.extend(siblings.all(&image, &BARE_DIGESTS));
        let hashes = siblings.all(&image, &HASHES);
        digests.extend(hashes.into_iter().filter(Companion::has_value));
        digests.retain(Companion::may_be_digest);
        companions.digest = companions.only(digests);
        companions.tag = companions.only(siblings.all(&image, &TAGS));
        if image.is_empty() {
            companions.around.clone_from(&siblings.around);
        }
        let has_digest = companions.digest.as_ref().is_some_and(Companion::has_value);
        // The version beside a `repository` is a chart's.
        if companions.tag.is_none() && !has_digest && plain(key).ends_with("image") {
            let mut versions = siblings.all(&image, &VERSIONS);
            versions.retain(Companion::has_value);
            companions.take_version(versions, mean);
        }
        companions
    }

    /// Takes the only version for the tag, if it certainly is one.
    fn take_version(&mut self, mut versions: Vec<Companion<'a>>, mean: KeysMean) {
        let is_certain = mean == KeysMean::Values && versions.iter().all(Companion::may_be_tag);
        if is_certain && versions.len() == 1 {
            self.tag = versions.pop();
        } else {
            self.unclear.extend(versions.into_iter().map(|version| version.key));
        }
    }

    /// The digest beside the tag or the whole reference at `key`, or the reason why it is not
    /// certain which that is.
    pub(super) fn digest_beside(
        siblings: &Siblings<'a>,
        key: &str,
    ) -> (Option<Companion<'a>>, Option<Barrier>) {
        // `newTag` of a kustomization is not the tag of an image called `new`.
        let image = image_of_tag(key).filter(|image| image != "newimage");
        let image = image.as_deref().unwrap_or("image");
        let found = Self::of(image, siblings, KeysMean::Object);
        let around = Self { around: found.around, ..Self::default() };
        let digest = found.digest.filter(Companion::has_value);
        let barrier = around.barrier().filter(|_| digest.is_none());
        (digest, barrier)
    }

    /// Without a version for the tag, where the chart has its own at another key.
    pub(super) fn beside_those_of_chart(mut self, theirs: &Self) -> Self {
        let is_version = |tag: &Companion<'_>| {
            VERSIONS.iter().any(|one| plain(&tag.key).ends_with(one))
                && !TAGS.iter().any(|one| plain(&tag.key).ends_with(one))
        };
        let is_other = |tag: &Companion<'_>| {
            theirs.tag.as_ref().is_some_and(|own| plain(&own.key) != plain(&tag.key))
        };
        self.tag = self.tag.filter(|tag| !is_version(tag) || !is_other(tag));
        self
    }

    /// The one that has a value, or could have it.
    fn only(&mut self, mut found: Vec<Companion<'a>>) -> Option<Companion<'a>> {
        let with_value = found.iter().filter(|one| one.has_value()).count();
        if with_value > 1 {
            let several = found.iter().filter(|one| one.has_value());
            self.unclear.extend(several.map(|one| one.key.clone()));
        }
        let at = found.iter().position(Companion::has_value).unwrap_or_default();
        (at < found.len()).then(|| found.swap_remove(at))
    }

    /// The texts of all.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.tag.iter().chain(&self.digest).map(Companion::text)
    }

    /// The reason not to change an image, if it is not certain what belongs to it.
    fn barrier(&self) -> Option<Barrier> {
        let keys: Vec<_> = self.unclear.iter().chain(&self.around).cloned().collect();
        (!keys.is_empty()).then_some(Barrier::Unclear(keys))
    }
}

/// What may be the tag and the digest of the image at a key, whoever reads them: of several
/// tags the first, be it a version that may count something else.
pub(super) fn likely<'a>(key: &str, siblings: &Siblings<'a>) -> Vec<Companion<'a>> {
    let image = image_name(key);
    let mut tags = siblings.all(&image, &TAGS);
    if plain(key).ends_with("image") {
        tags.extend(siblings.all(&image, &VERSIONS));
    }
    let mut digests = siblings.all(&image, &DIGESTS);
    digests.extend(siblings.all(&image, &BARE_DIGESTS));
    digests.extend(siblings.all(&image, &HASHES));
    let tag = tags.into_iter().find(Companion::has_value);
    let digest = digests.into_iter().find(|one| one.has_value() && one.may_be_digest());
    tag.into_iter().chain(digest).collect()
}

/// The tag at a key that kustomize has for it.
pub(super) fn tag<'a>(at: &Cursor<'a>) -> Companion<'a> {
    Companion::new("newTag", TAGS[0], at)
}

impl<'a> Companion<'a> {
    /// The scalar at a key, whose name in the tables is `name`.
    fn new(key: &str, name: &str, at: &Cursor<'a>) -> Self {
        let text = text(at.node).unwrap_or_default();
        let is_bare = is_bare_digest(&text) || text.is_empty() && BARE_DIGESTS.contains(&name);
        let kind = match () {
            () if TAGS.contains(&name) || VERSIONS.contains(&name) => SitePartKind::Tag,
            () if is_bare => SitePartKind::BareDigest,
            () => SitePartKind::Digest,
        };
        Self { at: at.clone(), kind, key: key.to_owned(), text }
    }

    /// `sha: 9ac61f5` is a commit. A template's expression at a key `digest` may become one.
    fn may_be_digest(&self) -> bool {
        let is_digest = self.text.is_empty() || digest_in(&self.text).is_some();
        is_digest || is_template(&self.text) && plain(&self.key).ends_with("digest")
    }

    /// Whether a version looks like an image's tag: `2` may count anything.
    fn may_be_tag(&self) -> bool {
        let is_version = self.text.starts_with('v') || self.text.contains(['.', '-']);
        is_template(&self.text) || is_tag(&self.text) && is_version
    }

    /// Whether it has a value.
    pub(super) fn has_value(&self) -> bool {
        !self.text.is_empty()
    }

    /// Whether it is the digest, and not the tag.
    pub(super) fn is_digest(&self) -> bool {
        self.kind != SitePartKind::Tag
    }

    /// Its text, which may be empty.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The part that its key would be in a map that does not have it.
    fn absent_part(&self, map: &Cursor<'_>) -> SitePart {
        map.absent_part(&self.key, self.kind)
    }

    /// It as a part of a site.
    pub(super) fn part(&self) -> SitePart {
        self.at.part(self.kind)
    }
}

/// The site of the image at a key of a map: a whole reference, or the repository of one
/// whose tag or digest is beside it. At keys such as `sidecarImage` the text may be the
/// name of a picture's file, so that only a tag or a digest makes it an image.
pub(super) fn image<'a>(
    builder: SiteBuilder<'a>,
    (key, at): (&str, &Cursor<'a>),
    name: String,
    companions: &Companions<'a>,
) -> Option<Site> {
    let written = text(at.node).filter(|written| !is_template(written))?;
    let own = image_parts(split_name(&written).1).ok()?;
    let has_parts = companions.tag.is_some() || companions.digest.is_some();
    if own.identity().is_none() && has_parts && companions.unclear.is_empty() {
        return parted(builder, name, at.part(SitePartKind::Repository), &written, companions);
    }
    let is_image = key == "image" || own.identity().is_some();
    let site = builder.reference(name, at).ok()?.filter(|_| is_image)?;
    Some(with_digest(site, own, companions))
}

/// A whole reference, with the digest beside it. What else is beside it does not count if
/// it has a tag.
fn with_digest(site: Site, own: ImageParts, companions: &Companions<'_>) -> Site {
    let beside = companions.digest.as_ref().filter(|digest| digest.has_value());
    let digest = beside.and_then(|beside| digest_in(&beside.text));
    let is_second = own.digest.is_some() && digest.is_some() && digest != own.digest;
    let barrier = match beside {
        Some(beside) if is_second => Some(Barrier::Unclear(vec![beside.key.clone()])),
        _ if own.identity().is_none() => companions.barrier(),
        None if own.digest.is_none() && !companions.around.is_empty() => {
            Some(Barrier::Unclear(companions.around.clone()))
        }
        _ => None,
    };
    let Some(beside) = beside.filter(|_| barrier.is_none() && own.identity().is_some()) else {
        return Site { barrier, ..site };
    };
    let mut parts = site.parts.clone();
    parts.push(beside.part());
    let image = ImageParts { digest, ..own };
    Site { value: Some(SiteValue::Image(image)), parts, removal: Removal::Empty, ..site }
}

/// An image in several scalars, of which `written` is the repository with its registry.
pub(super) fn parted(
    builder: SiteBuilder<'_>,
    name: String,
    repository: SitePart,
    written: &str,
    companions: &Companions<'_>,
) -> Option<Site> {
    // A chart's or a git repository's address looks different.
    let is_image = image_parts(written).is_ok_and(|image| image.identity().is_none());
    let is_template = companions.texts().chain([written]).any(is_template);
    if is_template || !is_image || !builder.images.takes(written) {
        return None;
    }
    site(builder, name, written, Some(repository), companions)
}

/// The site of an image in several scalars; none if it has neither tag nor digest.
pub(super) fn site(
    builder: SiteBuilder<'_>,
    name: String,
    written: &str,
    repository: Option<SitePart>,
    companions: &Companions<'_>,
) -> Option<Site> {
    let shown = companions.tag.as_ref().or(companions.digest.as_ref())?.at.clone();
    let text_of = |one: &Option<Companion<'_>>| one.as_ref().map(|one| one.text.clone());
    let (tag, digest) = (text_of(&companions.tag), text_of(&companions.digest));
    let parts = companions.tag.iter().chain(&companions.digest).map(Companion::part);
    let parts = repository.into_iter().chain(parts).collect();
    let image = image_of(Some(written.to_owned()), tag.as_deref(), digest.as_deref());
    let site = builder.site(Key::Image(name), Some(SiteValue::Image(image)), &shown, parts);
    Some(Site { removal: Removal::Empty, barrier: companions.barrier(), ..site })
}

/// The site of an image whose repository is in a chart: the map has the tag or digest, and
/// `written` is the repository with its registry, of which `repository` is the part.
pub(super) fn of_chart<'a>(
    builder: SiteBuilder<'a>,
    name: String,
    map: &Cursor<'a>,
    (repository, written): (SitePart, &str),
    (own, inherited): (&Companions<'a>, &Companions<'a>),
) -> Option<Site> {
    let site = parted(builder, name, repository, written, own)?;
    let has_value = site.image().is_some_and(|image| image.identity().is_some());
    let value = site.value.clone().filter(|_| has_value);
    let site = Site { value, ..site };
    Some(if own.digest.is_none() { with_room(site, map, inherited) } else { site })
}

/// The site of an image without a tag, which goes where the chart has its own.
pub(super) fn without_tag<'a>(
    builder: SiteBuilder<'a>,
    name: String,
    map: &Cursor<'a>,
    at: &Cursor<'a>,
    inherited: &Companions<'a>,
) -> Option<Site> {
    let written = text(at.node).filter(|written| !is_template(written))?;
    let is_bare = image_parts(&written).is_ok_and(|image| image.identity().is_none());
    let tag = inherited.tag.as_ref().filter(|_| is_bare && inherited.unclear.is_empty())?;
    if !builder.images.takes(&written) {
        return None;
    }
    let parts = vec![at.part(SitePartKind::Repository), tag.absent_part(map)];
    let value = SiteValue::Repository(written);
    let site = builder.site(Key::Image(name), Some(value), at, parts);
    Some(with_room(Site { removal: Removal::Empty, ..site }, map, inherited))
}

/// The site of an image of which only the repository is there, or only its registry. `part`
/// is that of the repository; `written` is the repository with its registry.
pub(super) fn repository_alone(
    builder: SiteBuilder<'_>,
    name: String,
    (part, shown): (SitePart, &Cursor<'_>),
    written: String,
) -> Option<Site> {
    let is_bare = image_parts(&written).is_ok_and(|image| image.identity().is_none());
    let is_image = is_bare && !is_template(&written) && builder.images.takes(&written);
    let value = Some(SiteValue::Repository(written));
    is_image.then(|| builder.site(Key::Image(name), value, shown, vec![part]))
}

/// The site with room for a digest, where the chart has it. The chart's own would stay
/// beside another tag.
fn with_room(mut site: Site, map: &Cursor<'_>, inherited: &Companions<'_>) -> Site {
    match &inherited.digest {
        Some(digest) if digest.has_value() && site.barrier.is_none() => {
            site.barrier = Some(Barrier::Unclear(vec![digest.key.clone()]));
        }
        Some(digest) => site.parts.push(digest.absent_part(map)),
        None => {}
    }
    site
}

/// Adds the digest that a chart has for an image and its file does not. It decides what runs,
/// whatever the tag is, and would stay beside another one.
pub(super) fn pin_by_chart(site: &mut Site, own: &Siblings<'_>, charts: &Siblings<'_>) {
    let key = site
        .parts
        .iter()
        .find(|part| matches!(part.kind, SitePartKind::Repository | SitePartKind::Reference));
    let Some((_, Step::Key(key))) = key.and_then(|part| part.at.route.split_last()) else { return };
    let digest_of = |siblings| Companions::of(key, siblings, KeysMean::Object).digest;
    let theirs = digest_of(charts).filter(|_| digest_of(own).is_none());
    let Some(theirs) = theirs.filter(Companion::has_value) else { return };
    let Some(SiteValue::Image(image)) = &mut site.value else { return };
    if image.digest.is_none() && image.tag.is_some() {
        image.digest = digest_in(&theirs.text);
        site.barrier.get_or_insert(Barrier::Unclear(vec![theirs.key]));
    }
}

/// Whether the map at a key is that of an image alone, so that what is around the map may be
/// for it as well.
pub(super) fn is_image(key: &str) -> bool {
    plain(key) == "image"
}

/// The registry beside a repository, with the slash after it.
pub(super) fn registry(siblings: &Siblings<'_>) -> Option<String> {
    let registry = text(siblings.get("registry")?.node)?;
    Some(registry + "/").filter(|registry| registry != "/")
}

/// Whether a key, as [`plain`] writes it, is one of a digest.
fn is_digest_name(name: &str) -> bool {
    DIGESTS.contains(&name) || BARE_DIGESTS.contains(&name) || HASHES.contains(&name)
}

/// The name of an image that its key has besides the word: `sidecar` of `sidecarImage`.
fn image_name(key: &str) -> String {
    let name = plain(key);
    name.strip_suffix("image").or_else(|| name.strip_suffix("repository")).unwrap_or(&name).into()
}

/// The key, as [`plain`] writes it, of the image whose tag a key has; none if it is not the
/// key of a tag.
pub(super) fn image_of_tag(key: &str) -> Option<String> {
    let name = plain(key);
    let image = TAGS.iter().rev().find_map(|tag| name.strip_suffix(tag))?;
    Some(format!("{image}image"))
}

/// A key without what is only a matter of style: `image_tag` and `imageTag` are one.
pub(super) fn plain(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '-')).collect::<String>().to_ascii_lowercase()
}
