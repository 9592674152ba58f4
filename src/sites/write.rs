//! What has to change at a site for it to say something else.

use super::code::{LINKED_SITE, NO_ROOM, SHARED_BASE, STALE_DIGEST, UNPINNED};
use super::gathered::{split_name, split_tag};
use super::kustomize::Address;
use super::{Barrier, Form, ImageParts, Part, Said, Site, Unsaid, app};
use crate::diagnostic::{Finding, Severity};
use crate::kubernetes::{ImageReference, image_reference};
use crate::yaml::{Change, Place, Route, Step};

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
pub fn changes(site: &Site, to: &Said, options: WriteOptions) -> Result<Vec<Change>, Finding> {
    let changes = match (to, &site.said) {
        (Said::Moving(text), _) | (_, Some(Said::Moving(text))) if !options.moving => {
            return Err(refused(app::moving(site, text)));
        }
        (Said::Image(image), _) => Writer { site, options }.image(image)?,
        (Said::Revision(text) | Said::Moving(text), _) => revision(site, text)?,
        (Said::Value(yaml), _) => value(site, yaml)?,
    };
    match barrier(site) {
        Some(finding) if !changes.is_empty() => Err(finding),
        _ => Ok(changes),
    }
}

/// Whether an image of that repository is the one that the site takes, however
/// the registry is written.
pub fn is_repository_of(site: &Site, repository: &str) -> bool {
    let full = |text: &str| {
        ImageReference::parse(text)
            .map_or_else(|_| text.to_owned(), |image| image.full_repository())
    };
    site.repository().is_none_or(|own| full(own) == full(repository))
}

/// What a refusal is, whatever it is worth elsewhere.
fn refused(finding: Finding) -> Finding {
    Finding { severity: Severity::Error, ..finding }
}

fn barrier(site: &Site) -> Option<Finding> {
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

/// None where the part says it already, or an outer file does.
fn set(part: &Part, text: &str) -> Option<Change> {
    (part.text != text).then(|| write(part, text))
}

fn write(part: &Part, text: &str) -> Change {
    let text = text.to_owned();
    if part.is_there {
        return Change::Set { at: part.at.clone(), text };
    }
    let (map, key) = split(&part.at);
    Change::Insert { map, key, text }
}

/// The map and the key of a place.
fn split(at: &Place) -> (Place, String) {
    let mut route = Route::root();
    let Some((last, before)) = at.route.steps().split_last() else {
        return (at.clone(), String::new());
    };
    for step in before {
        route.push(step.clone());
    }
    let key = match last {
        Step::Key(key) => key.clone(),
        Step::Index(_) | Step::Where { .. } => String::new(),
    };
    (Place { document: at.document, route }, key)
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
    matches!(&site.said, Some(Said::Revision(text) | Said::Moving(text)) if text == to)
}

fn pinned(written: &str, to: &str) -> String {
    let name = written.split('@').next().unwrap_or_default();
    format!("{name}@{to}")
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn value(site: &Site, yaml: &str) -> Result<Vec<Change>, Finding> {
    if matches!(&site.said, Some(Said::Value(own)) if own == yaml) {
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

/// Writes an image.
struct Writer<'s> {
    site: &'s Site,
    options: WriteOptions,
}

/// What a site is to say of an image.
struct Wanted<'t> {
    repository: Option<&'t str>,
    tag: Option<&'t str>,
    digest: Option<&'t str>,
}

impl Writer<'_> {
    fn image(&self, to: &ImageParts) -> Result<Vec<Change>, Finding> {
        let own = self.site.image().cloned().unwrap_or_default();
        let repository = to.repository.as_deref().filter(|_| self.options.repository);
        let repository = repository.filter(|new| !is_repository_of(self.site, new));
        let (tag, digest) = self.identity(&own, to)?;
        let wanted = Wanted { repository, tag, digest };
        let is_said = own.tag.as_deref() == tag && own.digest.as_deref() == digest;
        if is_said && repository.is_none() {
            return Ok(Vec::new());
        }
        if let Some(part) = self.site.part(Form::Item) {
            return Ok(vec![append(part, &wanted)]);
        }
        if let Some(part) = self.site.part(Form::Reference) {
            return Ok(set(part, &whole(part, &own, &wanted)).into_iter().collect());
        }
        let mut changes = self.repository(&own, &wanted)?;
        changes.extend(self.tag_and_digest(&wanted)?);
        Ok(changes)
    }

    /// The tag and digest that the site is to have: never a digest of another
    /// tag, and never a tag of another digest. What is written by its digest
    /// alone stays so.
    fn identity<'t>(
        &self,
        own: &'t ImageParts,
        to: &'t ImageParts,
    ) -> Result<(Option<&'t str>, Option<&'t str>), Finding> {
        let (own_tag, own_digest) = (own.tag.as_deref(), own.digest.as_deref());
        let has_room = own_digest.is_some()
            || self.site.adds_digest
            || self.options.add_digest
            || self.site.said.is_none();
        match (to.tag.as_deref(), to.digest.as_deref()) {
            (tag, digest) if self.options.exact => Ok((tag, digest)),
            (None, None) if own.identity().is_some() => Err(self.nameless()),
            (None, None) => Ok((own_tag, own_digest)),
            (None, digest) if digest == own_digest => Ok((own_tag, own_digest)),
            (None, digest) if has_room => Ok((None, digest)),
            (None, Some(digest)) => Err(self.tagless(digest)),
            (_, digest @ Some(_)) if own_digest.is_some() && own_tag.is_none() => {
                Ok((None, digest))
            }
            (tag, digest @ Some(_)) if has_room => Ok((tag, digest)),
            (tag, None) if tag == own_tag => Ok((tag, own_digest)),
            (Some(tag), None) if own_digest.is_some() && !self.options.drop_digest => {
                Err(self.stale(tag))
            }
            (tag, _) => Ok((tag, None)),
        }
    }

    fn nameless(&self) -> Finding {
        let message = format!("`{}` is to be an image with neither tag nor digest", self.site.key);
        refused(
            Finding::new(&UNPINNED, message, self.site.location.clone())
                .because("would not say any more which version it is")
                .help("write a tag where the image comes from"),
        )
    }

    fn tagless(&self, digest: &str) -> Finding {
        let message = format!(
            "`{}` has a tag, and is to be `{digest}`, whose tag nobody says",
            self.site.key
        );
        let help = "give the tag along with the digest, or let the rule say `digest: add`";
        no_room(self.site, message, help)
    }

    fn stale(&self, tag: &str) -> Finding {
        let digest = self.site.image().and_then(|image| image.digest.clone()).unwrap_or_default();
        Finding::new(
            &STALE_DIGEST,
            format!("`{}` has a digest, and no digest of the tag `{tag}` is known", self.site.key),
            self.site.location.clone(),
        )
        .because(format!("would deploy `{digest}` under another name"))
        .help(format!("give it along: `:{tag}@sha256:…`, or say `--drop-digest`"))
    }

    fn repository(&self, own: &ImageParts, wanted: &Wanted<'_>) -> Result<Vec<Change>, Finding> {
        let Some(new) = wanted.repository else { return Ok(Vec::new()) };
        let Some(part) = self.site.part(Form::Repository) else {
            let message =
                format!("`{}` does not say its repository, and cannot say `{new}`", self.site.key);
            return Err(no_room(self.site, message, "change the repository where it is said"));
        };
        if self.options.exact && new == self.site.key.name() {
            // A kustomization's image is of its `name` where nothing renames it.
            return Ok(unsay(part, Unsaid::Removed).into_iter().collect());
        }
        // A registry that stands in a scalar of its own comes before it.
        let registry = own.repository.as_deref().and_then(|own| own.strip_suffix(&part.text));
        let registry = registry.filter(|_| part.is_there).unwrap_or_default();
        let Some(text) = new.strip_prefix(registry) else {
            let message = format!(
                "`{}` has the registry `{}` apart, and cannot say `{new}`",
                self.site.key,
                registry.trim_end_matches('/')
            );
            return Err(no_room(self.site, message, "change the registry by hand first"));
        };
        Ok(set(part, text).into_iter().collect())
    }

    fn tag_and_digest(&self, wanted: &Wanted<'_>) -> Result<Vec<Change>, Finding> {
        let (tag_part, digest_part) = (self.site.part(Form::Tag), self.site.part(Form::Digest));
        let (Some(tag), Some(digest)) = (tag_part, digest_part) else {
            return self.in_one(tag_part, digest_part, wanted);
        };
        if tag.is_there && split_tag(&tag.text).1.is_some() {
            return self.in_one(tag_part, digest_part, wanted);
        }
        let mut changes = Vec::new();
        match wanted.tag {
            Some(text) => changes.extend(set(tag, text)),
            None => changes.extend(unsay(tag, self.site.unsaid)),
        }
        let is_new = !changes.is_empty() && !digest.is_there;
        match wanted.digest {
            // A tag without a digest beside it would drop the outer one.
            Some(text) if is_new => changes.push(write(digest, text)),
            Some(text) => changes.extend(set(digest, text)),
            // A tag beside it drops the outer one.
            None if self.site.unsaid == Unsaid::Null => {
                changes.extend(unsay(digest, Unsaid::Removed));
            }
            None => changes.extend(unsay(digest, self.site.unsaid)),
        }
        Ok(changes)
    }

    /// Tag and digest in the scalar of the tag, as charts take it; or only one
    /// of them, where there is but one scalar.
    fn in_one(
        &self,
        tag_part: Option<&Part>,
        digest_part: Option<&Part>,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<Change>, Finding> {
        let no_digest = || {
            let message = format!(
                "`{}` is written by its digest alone, and no digest is known",
                self.site.key
            );
            no_room(self.site, message, "give the digest along with the tag")
        };
        let Some(tag_part) = tag_part else {
            let part = digest_part.ok_or_else(no_digest)?;
            let digest = wanted.digest.ok_or_else(no_digest)?;
            return Ok(set(part, digest).into_iter().collect());
        };
        let text = match (wanted.tag, wanted.digest) {
            (Some(tag), digest) => image_reference(tag, None, digest),
            (None, None) => String::new(),
            (None, Some(_)) if !tag_part.text.contains('@') => {
                let message =
                    format!("`{}` is written by its tag, and no tag is known", self.site.key);
                return Err(no_room(self.site, message, "give the tag along with the digest"));
            }
            (None, digest) => image_reference("", None, digest),
        };
        let mut changes: Vec<_> = set(tag_part, &text).into_iter().collect();
        // A second scalar with a digest would be the old one's.
        if let Some(part) = digest_part.filter(|part| part.is_there && !part.text.is_empty()) {
            changes.extend(wanted.digest.and_then(|digest| set(part, digest)));
        }
        Ok(changes)
    }
}

/// The whole reference in the form in which it is written.
fn whole(part: &Part, own: &ImageParts, wanted: &Wanted<'_>) -> String {
    let (_, reference) = split_name(&part.text);
    let before = &part.text[..part.text.len() - reference.len()];
    let repository = wanted.repository.or(own.repository.as_deref()).unwrap_or_default();
    format!("{before}{}", image_reference(repository, wanted.tag, wanted.digest))
}

/// Makes a part say nothing.
fn unsay(part: &Part, how: Unsaid) -> Option<Change> {
    let at = part.at.clone();
    match how {
        _ if part.text.is_empty() => None,
        Unsaid::Removed => part.is_there.then_some(Change::Remove { at }),
        Unsaid::Empty => part.is_there.then(|| Change::Set { at, text: String::new() }),
        Unsaid::Null => {
            let (map, key) = split(&at);
            Some(Change::Become { map, key, yaml: "null\n".to_owned() })
        }
    }
}

/// A new entry of `images`.
fn append(part: &Part, wanted: &Wanted<'_>) -> Change {
    let pair = |key: &str, text: &str| (key.to_owned(), text.to_owned());
    let mut item = vec![pair("name", &part.text)];
    let other = wanted.repository.filter(|repository| *repository != part.text);
    item.extend(other.map(|repository| pair("newName", repository)));
    item.extend(wanted.tag.map(|tag| pair("newTag", tag)));
    item.extend(wanted.digest.map(|digest| pair("digest", digest)));
    Change::Append { list: part.at.clone(), item }
}
