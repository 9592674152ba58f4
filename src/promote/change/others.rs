//! What a change of an adopted repository changes besides references and values.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::proposed::{ChangeSide, ProposedChange};
use crate::config::Repository;
use crate::diagnostic::{Finding, Findings};
use crate::holds;
use crate::promote::code::OTHER_CHANGE;
use crate::promote::deployed::{is_aside, unread_images};
use crate::sites::LikelyImage;
use crate::source::{Location, ReadErrorKind, RepoPath, SourceFile, Span};
use crate::yaml::{self, Dialect};

/// The files that change in a way that no gate judges, one finding each. A native repository
/// is rendered instead.
pub(super) fn changes(repository: &Repository, change: &ProposedChange<'_>) -> Findings {
    if repository.is_native() {
        return Findings::new();
    }
    let files = change.files.iter().filter(|path| {
        !is_for_people(path, change) && !is_aside(path) && !is_judged_elsewhere(path)
    });
    files.filter_map(|path| unjudged(path, change)).collect()
}

/// Whether a file is the configuration, or a hold.
fn is_judged_elsewhere(path: &RepoPath) -> bool {
    path.as_str() == "rungs.yaml" || path.is_within(&holds::directory())
}

/// Whether a file is a picture, and no manifest.
fn is_for_people(path: &RepoPath, change: &ProposedChange<'_>) -> bool {
    let ending = path.name().rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_binary = |side: ChangeSide<'_>| {
        let read = side.tree.read(path).map_err(|error| error.kind);
        matches!(read, Err(ReadErrorKind::NotUtf8 { .. } | ReadErrorKind::Missing))
    };
    // YAML may have another encoding.
    let is_manifest = matches!(ending, "yaml" | "yml" | "json");
    !is_manifest && is_binary(change.before) && is_binary(change.after)
}

/// The first line of a file that changes beside its sites.
fn unjudged(path: &RepoPath, change: &ProposedChange<'_>) -> Option<Finding> {
    let file = |side: ChangeSide<'_>| side.tree.read(path).ok();
    let (before, after) = (file(change.before), file(change.after));
    // A file that goes deploys nothing; its sites are traced.
    if after.is_none() && before.is_some() && !change.before.sites_in(path).is_empty() {
        return None;
    }
    let likely = judged_likely(path, change);
    let lines = |side, file: Option<&Arc<SourceFile>>, likely: &[LikelyImage]| {
        file.map(|file| unjudged_lines(side, file, likely)).unwrap_or_default()
    };
    let [old, new] = [
        lines(change.before, before.as_ref(), &likely[0]),
        lines(change.after, after.as_ref(), &likely[1]),
    ];
    let same = old.iter().zip(&new).take_while(|(old, new)| old.1 == new.1).count();
    if same == old.len() && same == new.len() && (before.is_some() || after.is_some()) {
        return None;
    }
    let location = match (new.get(same), &after) {
        (Some((line, _)), Some(after)) => Location::new(after, after.line(*line)),
        _ => Location::of_path(path),
    };
    let message = format!("`{path}` also changes where no gate judges it");
    Some(Finding::new(&OTHER_CHANGE, message, location).because("is no site"))
}

/// What looks like an image in both versions of a file, if gates judge whatever differs: each
/// stands where it stood, and what is another one is new in the app's files.
fn judged_likely(path: &RepoPath, change: &ProposedChange<'_>) -> [Vec<LikelyImage>; 2] {
    let sides = [change.before, change.after];
    let instances: BTreeSet<_> = sides.iter().flat_map(|side| side.model.affected(path)).collect();
    let mut judged = [Vec::new(), Vec::new()];
    for instance in instances {
        let [all, after] = sides.map(|side| unread_images(side.model, &instance));
        let is_here = |one: &&LikelyImage| one.location.file().path() == path;
        let [old, new] =
            [&all, &after].map(|images| images.iter().filter(is_here).collect::<Vec<_>>());
        let is_judged = |(old, new): (&&LikelyImage, &&LikelyImage)| {
            old.name == new.name
                && (old.image == new.image || all.iter().all(|known| known.image != new.image))
        };
        if old.len() == new.len() && old.iter().zip(&new).all(is_judged) {
            judged[0].extend(old.into_iter().cloned());
            judged[1].extend(new.into_iter().cloned());
        }
    }
    judged
}

/// What stands in place of a site's scalar.
const SITE: char = '\u{0}';

/// The lines of a file with their numbers, in which sites are masked; without those that have
/// nothing but a key and a site, which may be added and removed with it.
fn unjudged_lines(
    side: ChangeSide<'_>,
    file: &Arc<SourceFile>,
    likely: &[LikelyImage],
) -> Vec<(u32, String)> {
    let text = file.text();
    let mut spans: Vec<Span> = Vec::new();
    // YAML ends lines where nobody sees it, so that nothing is masked then.
    let has_hidden_lines = text.replace("\r\n", "").contains('\r');
    if let Ok(documents) = yaml::parse(file, Dialect::Kubectl)
        && !has_hidden_lines
    {
        let sites = side.sites_in(file.path()).into_iter();
        let places = sites.flat_map(|site| site.parts).map(|part| part.at);
        let places = places.chain(likely.iter().flat_map(|image| image.parts.iter().cloned()));
        let nodes = places.filter_map(|place| {
            let node = place.route.find(documents.get(place.document)?.root())?;
            // In a text with escapes, its place is that of all of the text.
            node.has_own_place().then(|| node.location().span())
        });
        spans.extend(nodes);
    }
    spans.sort();
    spans.dedup();
    let mut masked = String::new();
    let mut end = 0;
    for span in spans.iter().map(|span| span.range()).filter(|span| !span.is_empty()) {
        if span.start >= end {
            masked.push_str(&text[end..span.start]);
            masked.push(SITE);
            // The lines keep their numbers.
            masked.extend(text[span.clone()].chars().filter(|char| *char == '\n'));
            end = span.end;
        }
    }
    masked.push_str(&text[end..]);
    let is_site_alone = |line: &str| {
        let line = line.split(" #").next().unwrap_or(line).trim();
        let value = line.trim_start_matches("- ").split_once(':').map(|(_, value)| value.trim());
        value == Some("\u{0}")
    };
    let lines = (1..).zip(masked.lines()).filter(|(_, line)| !is_site_alone(line));
    lines.map(|(number, line)| (number, line.to_owned())).collect()
}
