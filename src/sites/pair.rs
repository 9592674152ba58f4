//! Sites of two environments that belong together.

use std::collections::{BTreeMap, HashMap};

use super::app::{moving, weight};
use super::code::UNPAIRED_SITE;
use super::{AppSites, Key, Site, SiteValue};
use crate::diagnostic::{Finding, Findings, Subject, nearest};

/// Sites of two environments that belong together.
#[derive(Debug, Clone, Default)]
pub struct Pairs<'a> {
    /// What the source says, and may be promoted.
    pub both: Vec<Pair<'a>>,
    /// Those of which one names a range or a branch: nothing of them is promoted.
    pub moving: Vec<Pair<'a>>,
    /// Sites of the source without a partner.
    pub only_source: Vec<&'a Site>,
    /// Sites of the target without a partner.
    pub only_target: Vec<&'a Site>,
}

/// A site of the source, and those of the target that are to say the same.
#[derive(Debug, Clone)]
pub struct Pair<'a> {
    /// The one of the source that says most.
    pub source: &'a Site,
    /// All of the target.
    pub targets: Vec<&'a Site>,
}

/// Pairs the sites of two environments by their keys; where only one of them
/// needs the longer name of an image, by that.
///
/// A site that says nothing yet is a partner of one that does, and needs none.
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
    for site in &app.sites {
        map.entry(&site.key).or_default().push(site);
    }
    map
}

fn is_moving(site: &Site) -> bool {
    matches!(site.said, Some(SiteValue::Moving(_)))
}

/// Whether it says something that could be promoted.
fn is_exact(site: &Site) -> bool {
    site.said.is_some() && !is_moving(site)
}

impl<'a> Pairs<'a> {
    fn add(&mut self, sources: &[&'a Site], targets: Vec<&'a Site>) {
        let said = sources.iter().copied().filter(|site| site.said.is_some());
        let most = said.max_by_key(|site| site.said.as_ref().map(weight));
        let Some(source) = most else {
            // Nothing is to be said; but what the source leaves to its base, the
            // target says of an image.
            let images = targets.into_iter().filter(|site| site.is_image() && is_exact(site));
            self.only_target.extend(images);
            return;
        };
        let moves = is_moving(source) || targets.iter().any(|site| is_moving(site));
        let pair = Pair { source, targets };
        if moves { self.moving.push(pair) } else { self.both.push(pair) }
    }

    /// What keeps the app from being promoted (sites without a partner), and
    /// what is left alone (ranges).
    pub fn findings(&self, source: &AppSites, target: &AppSites) -> Findings {
        let mut findings = Findings::new();
        for (sites, here, there) in
            [(&self.only_source, source, target), (&self.only_target, target, source)]
        {
            findings.extend(sites.iter().map(|site| unpaired(site, here, there)));
        }
        for pair in &self.moving {
            let all = std::iter::once(pair.source).chain(pair.targets.iter().copied());
            for site in all {
                if let Some(SiteValue::Moving(text)) = &site.said {
                    findings.push(moving(site, text));
                }
            }
        }
        findings.about(&Subject::app(target.environment.as_str(), target.app.as_str()))
    }
}

fn unpaired(site: &Site, here: &AppSites, there: &AppSites) -> Finding {
    let (key, noun) = (&site.key, site.key.noun());
    let others = there.sites.iter().filter(|other| other.key.noun() == noun);
    let near = nearest(key.name(), others.map(|other| other.key.name()));
    let help = match near {
        Some(near) => format!("did you mean `{near}`, as `{}` calls it?", there.environment),
        None => format!(
            "name it in `{}`, too, or keep it out of the rule of its file with `images`",
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
