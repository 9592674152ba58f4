//! Sites that a change takes out of sight: what they deploy from now on is not known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::proposed::{ChangeSide, sites_in};
use crate::config::{self, Before, Environment, Repository, SiteKind};
use crate::kubernetes::full_repository;
use crate::promote::deployed::obstacle_to;
use crate::sites::{AppInstance, AppSites, Key, Model, ModelScope, Site, SiteValue};
use crate::source::{Location, RepoPath, SourceFile, Span, Tree};
use crate::yaml::{self, Dialect, Node, Place, Route};

/// Something about an app that no gate can judge by what its sites say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unexplained {
    /// What it is, as a sentence without a final full stop.
    pub(super) reason: String,
    /// The line to look at.
    pub(super) location: Location,
}

/// What becomes of the sites that an app had.
#[derive(Debug, Default)]
pub(super) struct FormerSites<'s> {
    /// Those that are out of sight, although what they said may still be deployed.
    pub(super) lost: Vec<Unexplained>,
    /// Those that the change's own configuration finds elsewhere with the same value, and
    /// where.
    pub(super) moved: Vec<(&'s Site, Location)>,
}

/// A search for the sites that apps had in an environment before a change.
pub(super) struct FormerSiteSearch<'a> {
    pub(super) repository: &'a Repository,
    pub(super) environment: &'a Environment,
    pub(super) before: ChangeSide<'a>,
    pub(super) after: ChangeSide<'a>,
    /// The sites after the change as its own configuration has them, if that is another one.
    pub(super) own: Option<&'a Model>,
    /// The change's own configuration; none if no file of it changes.
    pub(super) configuration: Option<&'a Repository>,
    pub(super) files: &'a BTreeSet<RepoPath>,
}

impl FormerSiteSearch<'_> {
    /// What becomes of the sites that an app had.
    pub(super) fn of<'s>(
        &self,
        app: &str,
        before: Option<&'s AppSites>,
        after: Option<&AppSites>,
    ) -> FormerSites<'s> {
        let name = &self.environment.name;
        let own = self.own.and_then(|own| own.app(name, app));
        let mut former = FormerSites::default();
        for site in before.map(|before| self.gone(before, after)).unwrap_or_default() {
            match own.as_ref().and_then(|own| elsewhere(site, own, after)) {
                Some(other) if other.value == site.value => {
                    former.moved.push((site, other.location.clone()));
                }
                Some(other) => former.lost.push(Unexplained {
                    reason: format!("`{}` moves and changes at once; move it first", site.key),
                    location: other.location.clone(),
                }),
                None => former.lost.extend(before.and_then(|before| self.trace(before, site))),
            }
        }
        let gone = before.filter(|_| after.is_none());
        former.lost.extend(gone.and_then(|gone| self.renamed_environment(gone)));
        former.lost.extend(after.into_iter().flat_map(|after| self.unread_twins(after)));
        former.lost.extend(after.into_iter().flat_map(|after| self.new_ranges(before, after)));
        former.lost.extend(after.into_iter().flat_map(|after| self.untyped(before, after)));
        former.lost.extend(own.iter().flat_map(|own| self.only_own(before, after, own)));
        former
    }

    /// The tags that were texts, and that YAML reads as numbers or something else now: what is
    /// deployed is not what is written.
    fn untyped(&self, before: Option<&AppSites>, after: &AppSites) -> Vec<Unexplained> {
        let is_text = |tree: &Tree, site: &Site| {
            let documents =
                yaml::parse(&tree.read(site.file.path()).ok()?, Dialect::Kubectl).ok()?;
            let mut parts = site.parts.iter().filter(|part| part.is_there);
            Some(parts.all(|part| {
                let root = documents.get(part.at.document).map(|document| document.root());
                let node = root.and_then(|root| part.at.route.find(root));
                node.is_none_or(|node| node.as_str().is_some())
            }))
        };
        let changed = after.sites.iter().filter(|site| {
            !self.repository.is_native() && site.is_image() && self.files.contains(site.file.path())
        });
        let untyped = changed.filter(|site| {
            let mut twins = before.into_iter().flat_map(|before| before.of(&site.key));
            is_text(self.after.tree, site) == Some(false)
                && twins.any(|twin| is_text(self.before.tree, twin) == Some(true))
        });
        let unexplained = untyped.map(|site| Unexplained {
            reason: format!(
                "`{}` is no text any more, as YAML reads it; put it in quotes",
                site.key
            ),
            location: site.location.clone(),
        });
        unexplained.collect()
    }

    /// What stands, in changed files, where an environment directly below has a reference, and
    /// is read as none.
    fn unread_twins(&self, after: &AppSites) -> Vec<Unexplained> {
        if self.repository.is_native() {
            return Vec::new();
        }
        let own = AppInstance::new(&self.environment.name, &after.app);
        let is_own = |path: &&RepoPath| self.after.model.affected(path).contains(&own);
        let below = self.below(&after.app);
        let mut unread = Vec::new();
        for path in self.files.iter().filter(is_own) {
            let Ok(file) = self.after.tree.read(path) else { continue };
            let Ok(documents) = yaml::parse(&file, Dialect::Kubectl) else { continue };
            let parts = self.after.sites_in(path).into_iter().flat_map(|site| site.parts);
            let covered: Vec<Place> = parts.map(|part| part.at).collect();
            let is_read = |at: &Place| {
                let steps = at.route.steps();
                covered
                    .iter()
                    .any(|one| one.document == at.document && one.route.steps().starts_with(steps))
            };
            let twins = below.iter().flat_map(|below| &below.sites).filter(|site| is_exact(site));
            for twin in twins {
                let places = twin.parts.iter().filter(|part| part.is_there).map(|part| &part.at);
                let found = places.filter(|at| !is_read(at)).find_map(|at| {
                    let root = documents.get(at.document)?.root();
                    at.route.find(root).filter(|node| !node.is_null()).map(Node::location)
                });
                unread.extend(found.map(|location| Unexplained {
                    reason: format!("`{}` is not read as a reference", twin.key),
                    location,
                }));
            }
        }
        unread
    }

    /// That the files of an app that goes are in another environment now, which the base does
    /// not know: its directory was renamed.
    fn renamed_environment(&self, gone: &AppSites) -> Option<Unexplained> {
        let name = &self.environment.name;
        let moved = |new: String, location: Location| Unexplained {
            reason: format!(
                "`{}` is taken out of `{name}`, and `{new}` is new and has it",
                gone.app
            ),
            location,
        };
        let known: BTreeSet<_> = self.repository.environments.iter().map(|one| &one.name).collect();
        let configured = self.configuration.iter().flat_map(|own| &own.environments);
        let mut new = configured.filter(|one| !known.contains(&one.name));
        let has_it = |one: &&Environment| {
            let own = self.own.and_then(|own| own.app(&one.name, &gone.app));
            own.is_some() || one.has_app(&gone.app)
        };
        if let Some(new) = new.find(has_it) {
            return Some(moved(new.name.to_string(), new.location.clone()));
        }
        // A rule would find it there if there was such an environment.
        let others = |tree| Model::other_spellings(self.repository, tree);
        let (before, after) = (others(self.before.tree), others(self.after.tree));
        let at = |new: &str, path: &RepoPath| {
            let segments = path
                .segments()
                .map(|segment| segment.replace(self.environment.spelling.as_str(), new));
            RepoPath::new(&segments.collect::<Vec<_>>().join("/")).ok()
        };
        let files = || gone.sites.iter().map(|site| site.file.path());
        after.difference(&before).find_map(|new| {
            let path = files()
                .find_map(|path| at(new, path).filter(|path| self.after.tree.read(path).is_ok()));
            path.map(|path| moved(new.clone(), Location::of_path(&path)))
        })
    }

    /// The ranges and branches that a change brings, and that the environments directly below
    /// do not have: what they lead to is nobody's state.
    fn new_ranges(&self, before: Option<&AppSites>, after: &AppSites) -> Vec<Unexplained> {
        let has = |app: Option<&AppSites>, site: &Site| {
            let mut twins = app.into_iter().flat_map(|app| app.of(&site.key));
            twins.any(|twin| twin.value == site.value)
        };
        let moving = after.sites.iter().filter_map(|site| match &site.value {
            Some(SiteValue::Moving(parts)) => Some((site, parts)),
            _ => None,
        });
        let new = moving.filter(|(site, _)| {
            !has(before, site) && !self.below(&after.app).iter().any(|below| has(Some(below), site))
        });
        let unexplained = new.map(|(site, parts)| {
            let of = parts.place().map(|place| format!(" of `{place}`")).unwrap_or_default();
            let (key, text) = (&site.key, &parts.revision);
            let reason = format!("`{key}` is `{text}`{of} now, which moves by itself");
            Unexplained { reason, location: site.location.clone() }
        });
        unexplained.collect()
    }

    /// The sites in changed files that only the change's own configuration reads, and that
    /// nothing said before.
    fn only_own(
        &self,
        before: Option<&AppSites>,
        after: Option<&AppSites>,
        own: &AppSites,
    ) -> Vec<Unexplained> {
        let has = |app: Option<&AppSites>, is_it: &dyn Fn(&Site) -> bool| {
            app.into_iter().flat_map(|app| &app.sites).any(is_it)
        };
        let new = own.sites.iter().filter(|site| {
            is_exact(site)
                && self.files.contains(site.file.path())
                && !has(after, &|other| place(other) == place(site))
                && !has(before, &|other| other.key == site.key && other.value == site.value)
        });
        let unexplained = new.map(|site| Unexplained {
            reason: format!(
                "`{}` is read by the change's own configuration alone; change that first, and the \
                 file afterwards",
                site.key
            ),
            location: site.location.clone(),
        });
        unexplained.collect()
    }

    /// An app's sites in the environments directly below that have it, before the change.
    fn below(&self, app: &str) -> Vec<AppSites> {
        let before = self.repository.ladder.before(&self.environment.name);
        let environments = before.iter().flat_map(Before::environments);
        environments.filter_map(|name| self.before.model.app(name, app)).collect()
    }

    /// Whether a key goes that no environment directly below has, as in a promotion.
    fn goes_as_below(&self, site: &Site, app: &str) -> bool {
        let below = self.below(app);
        let has = |below: &AppSites| {
            below.of(&site.key).any(|other| {
                other.version().is_some() || other.value.is_some() && site.version().is_none()
            })
        };
        !below.is_empty() && !below.iter().any(has)
    }

    /// The sites with a value that have no counterpart any more: those of each key that are
    /// more than there are now, and those whose scalars are there and no site's.
    fn gone<'s>(&self, before: &'s AppSites, after: Option<&AppSites>) -> Vec<&'s Site> {
        // Where only a repository is left, the version is gone.
        let kind = |site: &'s Site| (&site.key, site.version().is_some());
        let mut left: BTreeMap<(&Key, bool), usize> = BTreeMap::new();
        for site in after.iter().flat_map(|after| &after.sites).filter(|site| is_exact(site)) {
            *left.entry((&site.key, site.version().is_some())).or_default() += 1;
        }
        let known = before.sites.iter().filter(|site| is_exact(site));
        let mut has_partner = |site: &'s Site| match left.get_mut(&kind(site)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        };
        // Those that are still there first, so that the missing ones are the others.
        let (same, others): (Vec<_>, Vec<_>) = known.partition(|site| is_in_place(site, after));
        let all = same.into_iter().chain(others);
        all.filter(|site| !has_partner(site) || self.is_abandoned(site)).collect()
    }

    /// Whether a scalar of a site is still there, and belongs to no site any more.
    fn is_abandoned(&self, site: &Site) -> bool {
        let path = site.file.path();
        if self.repository.is_native() || !self.files.contains(path) {
            return false;
        }
        let Ok(file) = self.after.tree.read(path) else { return false };
        let Ok(documents) = yaml::parse(&file, Dialect::Kubectl) else { return false };
        let covered: BTreeSet<_> = self
            .after
            .sites_in(path)
            .into_iter()
            .flat_map(|it| it.parts)
            .map(|part| part.at)
            .collect();
        site.parts.iter().filter(|part| part.is_there).any(|part| {
            let node = documents.get(part.at.document).and_then(|it| part.at.route.find(it.root()));
            let text = node.and_then(|node| node.as_str().map(str::to_owned));
            text.is_some_and(|text| !text.is_empty()) && !covered.contains(&part.at)
        })
    }

    /// What may still deploy what a site said that is no longer there; none if nothing does.
    fn trace(&self, before: &AppSites, site: &Site) -> Option<Unexplained> {
        let key = format!("`{}`", site.key);
        if self.repository.is_native() {
            return self.trace_native(before, site);
        }
        let path = site.file.path();
        if let Some(way) = obstacle_to(self.after.tree, path) {
            let reason = format!("{key} was in `{path}`, and `{way}` leads elsewhere now");
            return Some(Unexplained { reason, location: Location::of_path(&way) });
        }
        let there = self.after.tree.read(path).ok();
        let is_abandoned = self.is_abandoned(site);
        if !is_abandoned && self.goes_as_below(site, &before.app) {
            return None;
        }
        if let (Key::Git(address), Some(file)) = (&site.key, &there)
            && !is_abandoned
            && self.is_of_kustomize(path)
        {
            // A resource that goes from a list is gone, unless it is only spelt otherwise.
            let name = address.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or(address);
            if !file.text().contains(name.trim_end_matches(".git")) {
                return None;
            }
        }
        if let Some(file) = there.as_ref().filter(|_| is_abandoned || self.is_overlay(path)) {
            let reason = format!("{key} is no longer read as a reference in `{path}`");
            return Some(Unexplained {
                reason,
                location: line_of(file, site.location.start().line),
            });
        }
        if let Some(repository) = site.repository() {
            let named = self.naming(path, repository);
            let moved = || self.moved_away(&site.file, repository);
            let location = named.or_else(moved)?;
            let reason = format!("{key} is no longer read, and `{repository}` is still named here");
            return Some(Unexplained { reason, location });
        }
        let renamed = there.or_else(|| self.renamed(&site.file))?;
        let reason = format!("{key} is no longer read, and what said it is here");
        Some(Unexplained { reason, location: Location::of_path(renamed.path()) })
    }

    /// Of a native repository, the rendering says which images are deployed. A value that is
    /// no longer promoted is lost if it changes.
    fn trace_native(&self, before: &AppSites, site: &Site) -> Option<Unexplained> {
        let Key::Value(name) = &site.key else { return None };
        let route = Route::parse(name.strip_prefix("values")?.trim_start_matches('.')).ok()?;
        let value_in = |tree: &Tree| {
            let loaded = config::load_apps(tree, &BTreeSet::from([before.app.clone()])).ok()?;
            let environment = self.environment.name.as_str();
            let (_, app) = loaded.repository.find_app(environment, &before.app).ok()?;
            Some(route.find(app.values().root())?.to_value())
        };
        let is = value_in(self.after.tree)?;
        if value_in(self.before.tree).is_some_and(|was| was.root().equals(is.root())) {
            return None;
        }
        let reason = format!("`{name}` is no longer promoted, and changes");
        Some(Unexplained { reason, location: Location::of_path(site.file.path()) })
    }

    fn is_of_kustomize(&self, path: &RepoPath) -> bool {
        let mut rules = self.repository.sites.iter();
        rules.any(|rule| {
            matches!(rule.kind, SiteKind::Kustomize { .. }) && self.environment.has_file(rule, path)
        })
    }

    /// Whether the files at a path only say what to deploy in place of something else, so
    /// that something is deployed without them too.
    fn is_overlay(&self, path: &RepoPath) -> bool {
        let rules = self.repository.sites.iter();
        let mut kinds = rules.filter(|rule| self.environment.has_file(rule, path));
        kinds.any(|rule| !matches!(rule.kind, SiteKind::Manifest | SiteKind::Marker))
    }

    /// The first line of a file of the environment that names a repository, judged sites of
    /// other apps apart.
    fn naming(&self, own: &RepoPath, repository: &str) -> Option<Location> {
        let full = full_repository(repository);
        let (_, path) = full.split_once('/')?;
        // Nobody writes out where images without a registry are from.
        let path = path.strip_prefix("library/").unwrap_or(path);
        let environments = Some(BTreeSet::from([self.environment.name.clone()]));
        let scope = ModelScope { environments, apps: None };
        let all = Model::of_tree(self.repository, self.after.tree, &scope);
        for candidate in self.files_of_environment(own) {
            let Ok(file) = self.after.tree.read(&candidate) else { continue };
            let is_named = |line: &str| line.split('\r').any(|line| names(line, path));
            let named = (1..).zip(file.text().lines()).filter(|(_, line)| is_named(line));
            let named: Vec<u32> = named.map(|(number, _)| number).collect();
            if named.is_empty() {
                continue;
            }
            let sites = sites_in(&all, &candidate);
            let judged: BTreeSet<u32> =
                sites.iter().map(|site| site.location.start().line).collect();
            if let Some(line) = named.into_iter().find(|line| !judged.contains(line)) {
                return Some(line_of(&file, line));
            }
        }
        None
    }

    /// The files that paths of sites lead to in the environment, with all beside them.
    fn files_of_environment(&self, own: &RepoPath) -> BTreeSet<RepoPath> {
        let environments = Some(BTreeSet::from([self.environment.name.clone()]));
        let scope = ModelScope { environments, apps: None };
        let roots = Model::empty(self.repository, &scope).paths();
        let is_hidden = |path: &RepoPath| path.name().starts_with('.');
        let is_text = |path: &RepoPath| {
            path.name().rsplit_once('.').is_some_and(|(_, ending)| ["md", "txt"].contains(&ending))
        };
        let found = roots.iter().flat_map(|root| {
            if self.after.tree.has_directory(root).unwrap_or_default() {
                self.after.tree.walk(root, |path| !is_hidden(path)).unwrap_or_default()
            } else {
                vec![root.clone()]
            }
        });
        let mut files: BTreeSet<_> =
            found.filter(|path| self.environment.is_spelled_in(path) && !is_text(path)).collect();
        files.insert(own.clone());
        files
    }

    /// The new file of the environment that has most lines of one that is gone.
    fn renamed(&self, gone: &SourceFile) -> Option<Arc<SourceFile>> {
        let new = self.files.iter().filter(|path| self.environment.is_spelled_in(path));
        self.like(gone, new).next()
    }

    /// The line of a new file which names a repository and is much like one that is gone, and
    /// which belongs to no environment: wherever it was moved, it may be deployed from there.
    fn moved_away(&self, gone: &SourceFile, repository: &str) -> Option<Location> {
        if self.after.tree.read(gone.path()).is_ok() {
            return None;
        }
        let full = full_repository(repository);
        let (_, name) = full.split_once('/')?;
        let name = name.strip_prefix("library/").unwrap_or(name);
        let new = self.files.iter().filter(|path| self.after.model.affected(path).is_empty());
        self.like(gone, new).find_map(|file| {
            let line = (1..).zip(file.text().lines()).find(|(_, line)| names(line, name));
            line.map(|(number, _)| line_of(&file, number))
        })
    }

    /// The new ones of these files that have most lines of one that is gone.
    fn like<'s>(
        &'s self,
        gone: &'s SourceFile,
        files: impl Iterator<Item = &'s RepoPath> + 's,
    ) -> impl Iterator<Item = Arc<SourceFile>> + 's {
        let old: BTreeSet<&str> =
            gone.text().lines().filter(|line| !line.trim().is_empty()).collect();
        files.filter_map(|path| self.after.tree.read(path).ok()).filter(move |file| {
            let is_new = self.before.tree.read(file.path()).is_err();
            let lines: BTreeSet<&str> = file.text().lines().collect();
            is_new
                && !old.is_empty()
                && old.iter().filter(|line| lines.contains(**line)).count() * 2 >= old.len()
        })
    }
}

fn is_exact(site: &Site) -> bool {
    site.value.as_ref().is_some_and(|value| !matches!(value, SiteValue::Moving(_)))
}

/// Whether a site of the same key is at the same place of the same file.
fn is_in_place(site: &Site, after: Option<&AppSites>) -> bool {
    let mut others = after.into_iter().flat_map(|after| after.of(&site.key));
    others.any(|other| {
        let places =
            |site: &Site| site.parts.iter().map(|part| part.at.clone()).collect::<Vec<_>>();
        other.file.path() == site.file.path() && places(other) == places(site)
    })
}

/// The site of the same key that the change's own configuration finds and the base's does
/// not, with the same value if there is one.
fn elsewhere<'o>(site: &Site, own: &'o AppSites, after: Option<&AppSites>) -> Option<&'o Site> {
    let known: Vec<_> =
        after.into_iter().flat_map(|after| after.of(&site.key)).map(place).collect();
    let others: Vec<_> = own.of(&site.key).filter(|other| !known.contains(&place(other))).collect();
    let same = others.iter().find(|other| other.value == site.value);
    same.or(others.first()).copied()
}

fn place(site: &Site) -> (RepoPath, u32) {
    (site.file.path().clone(), site.location.start().line)
}

/// Whether a line has a repository's path as a word of its own. One without a slash is often
/// the name of something else, such as a host.
fn names(line: &str, path: &str) -> bool {
    let line = line.trim_start();
    let is_of_image = || line.contains("image") || line.contains("newName");
    if line.starts_with('#') || !path.contains('/') && !is_of_image() {
        return false;
    }
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
        !before.is_some_and(is_part) && !after.is_some_and(|char| is_part(char) || char == '/')
    })
}

fn line_of(file: &Arc<SourceFile>, line: u32) -> Location {
    let lines = u32::try_from(file.text().lines().count()).unwrap_or(u32::MAX);
    let span = if lines == 0 { Span::default() } else { file.line(line.clamp(1, lines)) };
    Location::new(file, span)
}
