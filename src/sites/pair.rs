//! Sites of two environments that belong together.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::app::{moving, weight};
use super::code::UNPAIRED_SITE;
use super::{AppSites, Key, Site, SiteValue};
use crate::diagnostic::{Finding, Findings, Subject, nearest};

/// Sites of two environments that belong together.
#[derive(Debug, Clone, Default)]
pub struct Pairs<'a> {
    /// Sites that can be promoted.
    pub both: Vec<Pair<'a>>,
    /// Pairs in which one value is a range or a branch: these are not promoted.
    pub moving: Vec<Pair<'a>>,
    /// Sites of the source without a partner.
    pub only_source: Vec<&'a Site>,
    /// Sites of the target without a partner.
    pub only_target: Vec<&'a Site>,
}

/// A site of the source, and the sites of the target that get its value.
#[derive(Debug, Clone)]
pub struct Pair<'a> {
    /// The site of the source with the most exact value.
    pub source: &'a Site,
    /// All sites of the target.
    pub targets: Vec<&'a Site>,
}

/// Pairs the sites of two environments by their keys; by the longer key of an
/// image if only one of them needs it.
///
/// A site without a version is a partner for one that has a value, and does not
/// need a partner itself.
pub fn pair<'a>(source: &'a AppSites, target: &'a AppSites) -> Pairs<'a> {
    let sources = by_key(source);
    let mut targets = by_key(target);
    let mut pairs = Pairs::default();
    let mut alone = Vec::new();
    for (key, sites) in &sources {
        match targets.remove(*key) {
            Some(partners) => pairs.add(sites, partners),
            None => alone.push(sites),
        }
    }
    let mut longer: HashMap<Key, &Key> = HashMap::new();
    for (key, sites) in &targets {
        let names = sites.iter().filter_map(|site| site.qualified.clone());
        longer.extend(names.map(|name| (key.renamed(name), *key)));
    }
    for sites in alone {
        let names = sites.iter().filter_map(|site| Some(site.key.renamed(site.qualified.clone()?)));
        let partner = names.into_iter().find_map(|name| targets.remove(*longer.get(&name)?));
        match partner {
            Some(partners) => pairs.add(sites, partners),
            None => pairs.only_source.extend(sites.iter().copied().filter(|site| is_exact(site))),
        }
    }
    let rest = targets.into_values().flatten();
    pairs.only_target.extend(rest.filter(|site| is_exact(site)));
    pairs
}

fn by_key(app: &AppSites) -> BTreeMap<&Key, Vec<&Site>> {
    let mut map: BTreeMap<&Key, Vec<&Site>> = BTreeMap::new();
    for site in app.sites.iter().filter(|site| site.takes_version()) {
        map.entry(&site.key).or_default().push(site);
    }
    map
}

fn is_moving(site: &Site) -> bool {
    site.value.as_ref().is_some_and(SiteValue::moves)
}

/// Whether it has a value that can be promoted.
fn is_exact(site: &Site) -> bool {
    site.version().is_some() && !is_moving(site)
}

impl<'a> Pairs<'a> {
    fn add(&mut self, sources: &[&'a Site], targets: Vec<&'a Site>) {
        let with_value = sources.iter().copied().filter(|site| site.version().is_some());
        let most = with_value.max_by_key(|site| site.version().map(weight));
        let Some(source) = most else {
            // There is nothing to promote, but the target has an image that the
            // source leaves to its base.
            let images = targets.into_iter().filter(|site| site.is_image() && is_exact(site));
            self.only_target.extend(images);
            return;
        };
        let moves = is_moving(source) || targets.iter().any(|site| is_moving(site));
        let pair = Pair { source, targets };
        if moves { self.moving.push(pair) } else { self.both.push(pair) }
    }

    /// Leaves out the sites of other keys than these. A pair has two if only one of its sites
    /// needs the longer one.
    pub fn retain(&mut self, has: impl Fn(&Key) -> bool) {
        let has_pair = |pair: &Pair<'_>| {
            has(&pair.source.key) || pair.targets.iter().any(|site| has(&site.key))
        };
        self.both.retain(has_pair);
        self.moving.retain(has_pair);
        self.only_source.retain(|site| has(&site.key));
        self.only_target.retain(|site| has(&site.key));
    }

    /// The keys of sites that have a partner.
    fn keys(&self) -> HashSet<&Key> {
        let pairs = self.both.iter().chain(&self.moving);
        let sites = pairs.flat_map(|pair| pair.targets.iter().chain([&pair.source]));
        sites.map(|site| &site.key).collect()
    }

    /// The findings of sites without a partner, which block the app, and of
    /// ranges, which are left alone.
    pub fn findings(&self, source: &AppSites, target: &AppSites) -> Findings {
        let mut findings = Findings::new();
        for (sites, here, there) in
            [(&self.only_source, source, target), (&self.only_target, target, source)]
        {
            if sites.is_empty() {
                continue;
            }
            let paired = self.keys();
            let alone = there.sites.iter().filter(|site| !paired.contains(&site.key));
            let alone: Vec<_> = alone.collect();
            findings.extend(sites.iter().map(|site| unpaired(site, (here, there), &alone)));
        }
        for pair in &self.moving {
            let all = std::iter::once(pair.source).chain(pair.targets.iter().copied());
            for site in all.filter(|site| !site.is_as_meant) {
                if let Some(SiteValue::Moving(parts)) = &site.value {
                    findings.push(moving(site, &parts.revision));
                }
            }
        }
        findings.about(&Subject::app(target.environment.as_str(), target.app.as_str()))
    }
}

/// The finding that a site has no partner; `alone` are those of the other environment that
/// have none either.
fn unpaired(site: &Site, (here, there): (&AppSites, &AppSites), alone: &[&Site]) -> Finding {
    let (key, noun) = (&site.key, site.key.noun());
    let others = alone.iter().filter(|other| other.key.noun() == noun);
    let near = nearest(key.name(), others.map(|other| other.key.name()));
    let help = match near {
        Some(near) => format!("did you mean `{near}`, as `{}` calls it?", there.environment),
        None => format!(
            "add it to `{}` as well, or exclude it with `images` from the rule of its file",
            there.environment
        ),
    };
    Finding::new(
        &UNPAIRED_SITE,
        format!(
            "the {noun} `{key}` of `{}` is in `{}` and not in `{}`",
            here.app, here.environment, there.environment
        ),
        site.location.clone(),
    )
    .because(format!("has no partner in `{}`", there.environment))
    .help(help)
}
