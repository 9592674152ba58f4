//! References in files that several environments use.
//!
//! What an environment deploys may not be in any file of its own. The files that
//! its own lead to are followed as kustomize and Helm do: `resources`, `bases`,
//! `components` and patches of kustomizations, and the `values.yaml` beside the
//! `Chart.yaml` of a chart.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::iter::successors;
use std::sync::Arc;

use super::chart::{self, CHART_VALUES};
use super::cursor::{Cursor, text};
use super::files::ParsedFile;
use super::kinds::helm_values::HelmSiteReader;
use super::kinds::kustomization::{KUSTOMIZATIONS, inline_patches, is_kustomization};
use super::kinds::reader::{FoundSites, SiteBuilder, SiteReader as _};
use super::kinds::sites_of_content;
use super::{Barrier, Site, SitePartKind, SiteValue};
use crate::config::{EnvironmentName, ImageFilter};
use crate::source::{RepoPath, Tree};
use crate::yaml::{Place, Route, Step, Value};

/// The most files that are followed from one app's: no repository that people
/// wrote has more, and one made to do harm could.
const MOST_FILES: usize = 2_000;

/// An app's own files in one environment.
pub(super) struct Own<'m> {
    pub(super) environment: &'m EnvironmentName,
    pub(super) app: &'m str,
    pub(super) files: Vec<&'m RepoPath>,
    pub(super) sites: Vec<Site>,
}

/// The sites of each app that are only in files of several environments, in the
/// order of the apps.
pub(super) fn find(tree: &Tree, apps: &[Own<'_>]) -> Vec<Vec<Site>> {
    let mut follower = Follower::new(tree);
    // Apps with the same files have the same answer.
    let mut reached: HashMap<&[&RepoPath], BTreeSet<RepoPath>> = HashMap::new();
    let mut users: BTreeMap<RepoPath, BTreeSet<&EnvironmentName>> = BTreeMap::new();
    let mut owned: HashSet<&RepoPath> = HashSet::new();
    let mut known: HashSet<(&EnvironmentName, &[&RepoPath])> = HashSet::new();
    for own in apps {
        owned.extend(&own.files);
        let files = reached.entry(&own.files).or_insert_with(|| follower.reached(&own.files));
        if known.insert((own.environment, &own.files)) {
            for file in &*files {
                users.entry(file.clone()).or_default().insert(own.environment);
            }
        }
    }
    let neighbours = Neighbours::new(apps);
    let mut found: HashMap<(&EnvironmentName, &[&RepoPath]), Vec<Site>> = HashMap::new();
    let sites = apps.iter().map(|own| {
        let of_files = || {
            let files = &reached[&*own.files];
            let reached: Vec<_> = files.iter().flat_map(|file| follower.sites(file)).collect();
            let covered = Covered::new(&neighbours.sites(own), &reached, &follower.patches);
            let shared =
                files.iter().filter(|file| users[*file].len() > 1 && !owned.contains(file));
            let sites = shared.flat_map(|file| {
                let environments =
                    users[file].iter().map(|name| (*name).clone()).collect::<Vec<_>>();
                let sites = follower.sites(file).filter(|site| !covered.has(site));
                let barred = sites.map(move |site| {
                    let barrier = Some(Barrier::Shared(environments.clone()));
                    Site { barrier, ..site.clone() }
                });
                barred.collect::<Vec<_>>()
            });
            sites.collect()
        };
        found.entry((own.environment, &own.files)).or_insert_with(of_files).clone()
    });
    sites.collect()
}

/// Apps with sites in the same files: a site of one of them covers the others.
struct Neighbours<'a> {
    by_file: HashMap<(&'a EnvironmentName, &'a RepoPath), Vec<&'a Own<'a>>>,
}

impl<'a> Neighbours<'a> {
    fn new(apps: &'a [Own<'a>]) -> Self {
        let mut by_file: HashMap<_, Vec<_>> = HashMap::new();
        for own in apps {
            for file in &own.files {
                by_file.entry((own.environment, *file)).or_default().push(own);
            }
        }
        Self { by_file }
    }

    /// The sites of an app and of all apps that share a file with it.
    fn sites(&self, own: &Own<'a>) -> Vec<&'a Site> {
        let files = own.files.iter().map(|file| (own.environment, *file));
        let apps: BTreeMap<_, _> = files
            .filter_map(|key| self.by_file.get(&key))
            .flatten()
            .map(|neighbour| (neighbour.app, *neighbour))
            .collect();
        apps.into_values().flat_map(|neighbour| &neighbour.sites).collect()
    }
}

/// Images that an environment's own files set, or that the files which it uses replace in
/// others.
struct Covered<'p> {
    inline: &'p InlinePatches,
    keys: HashSet<super::Key>,
    /// Repositories that an entry of `images` replaces.
    replaced: HashSet<String>,
    /// Names and paths of containers that patches replace.
    patched: Vec<String>,
}

impl<'p> Covered<'p> {
    fn new(own: &[&Site], reached: &[&Site], inline: &'p InlinePatches) -> Self {
        let all = own.iter().chain(reached);
        let replaced = all.clone().filter(|site| is_entry(site));
        let replaced = replaced.map(|site| site.key.name().to_owned());
        let with_value = own.iter().filter(|site| site.version().is_some());
        let repositories =
            with_value.clone().filter_map(|site| site.repository()).map(str::to_owned);
        let patched = all.copied().filter(|site| inline.have(site));
        let names = |site: &Site| [Some(site.key.name().to_owned()), site.qualified.clone()];
        Self {
            inline,
            replaced: replaced.chain(repositories).collect(),
            keys: with_value.map(|site| site.key.clone()).collect(),
            patched: patched.flat_map(names).flatten().collect(),
        }
    }

    fn has(&self, site: &Site) -> bool {
        let is_replaced =
            || site.repository().is_some_and(|repository| self.replaced.contains(repository));
        self.keys.contains(&site.key)
            || !is_entry(site) && is_replaced()
            || !is_entry(site) && !self.inline.have(site) && self.is_patched(site)
    }

    /// Whether a patch replaces the image of a container: one that names it, or its number in
    /// an object that has the patch's name, or any.
    fn is_patched(&self, site: &Site) -> bool {
        let longer = site.qualified.as_deref().unwrap_or_default();
        let object = longer.strip_suffix(site.key.name()).unwrap_or_default();
        let object = object.trim_end_matches('/');
        let pointer = site.parts.first().map(|part| pointer(&part.at.route)).unwrap_or_default();
        self.patched.iter().any(|name| {
            let is_container = name == longer || name == site.key.name();
            let target = name.strip_suffix(&pointer).filter(|_| !pointer.is_empty());
            // A target is a regular expression.
            let is_target = |target: &str| {
                let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
                target.is_empty() || target == object || !target.chars().all(is_plain)
            };
            is_container || target.is_some_and(is_target)
        })
    }
}

/// Whether it is an entry of a kustomization's `images` with a version.
fn is_entry(site: &Site) -> bool {
    let tag = site.part(SitePartKind::Tag);
    let last = tag.and_then(|part| part.at.route.steps().last());
    site.version().is_some() && last == Some(&Step::Key("newTag".to_owned()))
}

/// The places of the patches that are texts of kustomizations, by file.
#[derive(Default)]
struct InlinePatches(HashMap<RepoPath, HashSet<Place>>);

impl InlinePatches {
    fn read(&mut self, parsed: &ParsedFile, documents: &[Value]) {
        let roots = Cursor::roots(documents);
        let patches = roots.flat_map(|root| inline_patches(&root, &mut FoundSites::default()));
        let places: HashSet<Place> = patches.map(|patch| patch.root.place()).collect();
        if !places.is_empty() {
            self.0.insert(parsed.file.path().clone(), places);
        }
    }

    /// Whether the value of a site is in one of them.
    fn have(&self, site: &Site) -> bool {
        let (Some(places), Some(part)) = (self.0.get(site.file.path()), site.parts.first()) else {
            return false;
        };
        let above = |place: &Place| {
            let (route, _) = place.route.split_last()?;
            Some(Place { route, ..*place })
        };
        let mut around = successors(Some(part.at.clone()), above);
        site.version().is_some() && around.any(|place| places.contains(&place))
    }
}

/// A route as a JSON pointer, as patches have it; empty if it is not of keys and indices.
fn pointer(route: &Route) -> String {
    let segment = |step: &Step| match step {
        Step::Key(key) => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
        Step::Index(index) => Some(format!("/{index}")),
        Step::Where { .. } | Step::Text(_) => None,
    };
    route.steps().iter().map(segment).collect::<Option<String>>().unwrap_or_default()
}

struct Follower<'t> {
    tree: &'t Tree,
    files: HashMap<RepoPath, Option<Arc<ParsedFile>>>,
    sites: HashMap<RepoPath, Vec<Site>>,
    patches: InlinePatches,
}

impl<'t> Follower<'t> {
    fn new(tree: &'t Tree) -> Self {
        let patches = InlinePatches::default();
        Self { tree, files: HashMap::new(), sites: HashMap::new(), patches }
    }

    /// The files that some files lead to, in the order of their paths.
    fn reached(&mut self, from: &[&RepoPath]) -> BTreeSet<RepoPath> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<RepoPath> = from.iter().flat_map(|path| self.beside(path)).collect();
        while let Some(path) = waiting.pop() {
            if reached.len() == MOST_FILES || !reached.insert(path.clone()) {
                continue;
            }
            waiting.extend(self.next(&path));
        }
        reached
    }

    /// Where following starts: at the kustomization that uses a file, and at the
    /// values of the chart that the file is for.
    fn beside(&mut self, path: &RepoPath) -> Vec<RepoPath> {
        let mut begin = vec![path.clone()];
        let Some(directory) = path.parent() else { return begin };
        begin.extend(self.kustomization(&directory));
        let mut above = chart::directories(path);
        let chart = above.find(|directory| self.file(&directory.child("Chart.yaml")).is_some());
        let values = chart.map(|chart| chart.child(CHART_VALUES));
        begin.extend(values.filter(|values| self.file(values).is_some()));
        begin
    }

    fn kustomization(&mut self, directory: &RepoPath) -> Option<RepoPath> {
        let mut paths = KUSTOMIZATIONS.into_iter().map(|name| directory.child(name));
        paths.find(|path| self.file(path).is_some())
    }

    fn file(&mut self, path: &RepoPath) -> Option<Arc<ParsedFile>> {
        if let Some(known) = self.files.get(path) {
            return known.clone();
        }
        // A file that cannot be read is reported elsewhere.
        let read = self.tree.read_if_present(path).ok().flatten();
        let parsed = read.map(|file| Arc::new(ParsedFile::new(file)));
        self.files.insert(path.clone(), parsed.clone());
        parsed
    }

    /// The files and directories that a kustomization names.
    fn next(&mut self, path: &RepoPath) -> Vec<RepoPath> {
        let Some(parsed) = self.file(path) else { return Vec::new() };
        let Ok(documents) = parsed.documents() else { return Vec::new() };
        self.gather(path, &parsed);
        let Some(directory) = path.parent().filter(|_| is_kustomization(path.name(), documents))
        else {
            return Vec::new();
        };
        self.patches.read(&parsed, documents);
        let names: Vec<String> = Cursor::roots(documents).flat_map(|root| named(&root)).collect();
        let mut next = Vec::new();
        for name in names.iter().filter(|name| !name.contains("://") && !name.contains('?')) {
            let Ok(target) = directory.join(name) else { continue };
            if self.tree.has_directory(&target).unwrap_or_default() {
                next.extend(self.kustomization(&target));
            } else if self.file(&target).is_some() {
                next.push(target);
            }
        }
        next
    }

    fn gather(&mut self, path: &RepoPath, parsed: &ParsedFile) {
        let Ok(documents) = parsed.documents() else { return };
        let mut sites = if path.name() == CHART_VALUES {
            let images = ImageFilter::default();
            let builder = SiteBuilder::new(&parsed.file, &images);
            HelmSiteReader(None).find(builder, documents).sites
        } else {
            sites_of_content(&parsed.file, documents).0
        };
        sites.retain(|site| {
            site.version().is_some_and(|value| !matches!(value, SiteValue::Moving(_)))
        });
        self.sites.insert(path.clone(), sites);
    }

    fn sites(&self, path: &RepoPath) -> impl Iterator<Item = &Site> {
        self.sites.get(path).into_iter().flatten()
    }
}

/// The files and directories that a kustomization is built from.
fn named(root: &Cursor<'_>) -> Vec<String> {
    let lists = ["resources", "bases", "components", "patchesStrategicMerge"];
    let entries = lists.into_iter().filter_map(|key| root.get(key)).flat_map(|list| list.items());
    let patches = root.get("patches").map(|list| list.items()).unwrap_or_default();
    let paths = patches.into_iter().filter_map(|patch| patch.get("path"));
    let names = entries.chain(paths).filter_map(|entry| text(entry.node));
    // Others are patches themselves.
    names.filter(|name| !name.contains('\n')).collect()
}
