//! What is wrong with entries of `sites`: those that find nothing, and places that two of
//! them claim.

use std::collections::{BTreeMap, BTreeSet};

use super::Site;
use super::code::{CLAIMED_TWICE, NO_SITE, UNMATCHED_PATTERN};
use super::kinds::reader_of;
use super::missing_route::MissingRoute;
use super::overlaps::nested;
use super::rule_list::RuleList;
use super::rules::{Rule, RuleSites};
use crate::config::{EnvironmentName, SiteRule};
use crate::diagnostic::{Finding, Findings};
use crate::source::RepoPath;
use crate::yaml::{Place, Route};

/// What one entry found in all of its files.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// The files, each with the environments that it was read for.
    files: BTreeMap<RepoPath, usize>,
    readings: usize,
    /// The readings of files that are of another kind than the entry.
    of_other_kind: usize,
    sites: usize,
    /// The routes that lead nowhere in some files, in how many.
    missing: BTreeMap<Route, (usize, MissingRoute)>,
}

impl Tally {
    pub(super) fn add(&mut self, path: &RepoPath, result: &RuleSites) {
        *self.files.entry(path.clone()).or_default() += 1;
        self.readings += 1;
        self.of_other_kind += usize::from(result.is_of_other_kind);
        self.sites += sites_of(result);
        for missing in &result.missing {
            let new = || (0, missing.clone());
            self.missing.entry(missing.route().clone()).or_insert_with(new).0 += 1;
        }
    }

    pub(super) fn remove(&mut self, path: &RepoPath, result: &RuleSites) {
        if let Some(count) = self.files.get_mut(path) {
            *count -= 1;
            if *count == 0 {
                self.files.remove(path);
            }
        }
        self.readings -= 1;
        self.of_other_kind -= usize::from(result.is_of_other_kind);
        self.sites -= sites_of(result);
        for missing in &result.missing {
            if let Some((count, _)) = self.missing.get_mut(missing.route()) {
                *count -= 1;
            }
        }
    }

    /// The routes that lead nowhere in any file.
    fn nowhere(&self) -> impl Iterator<Item = &MissingRoute> {
        let all = self.missing.values().filter(|(count, _)| *count == self.readings);
        all.map(|(_, missing)| missing)
    }
}

/// The number of sites with a value. A file that cannot be read has a finding of its own.
fn sites_of(result: &RuleSites) -> usize {
    let Ok(found) = &result.found else { return 1 };
    found.values().flatten().filter(|site| may_deploy(site)).count()
}

/// Whether a site has a value, or is an image that may be inserted.
fn may_deploy(site: &Site) -> bool {
    site.version().is_some() || site.is_image()
}

/// The findings about the entry as a whole: it has no files, its files have no site, or a
/// route of it leads nowhere in any of them. `near` is the path that was probably meant.
pub(super) fn unmatched(entry: &SiteRule, tally: &Tally, near: Option<&str>) -> Findings {
    if tally.readings == 0 {
        return fileless(entry, near).into();
    }
    let nowhere = tally.nowhere().map(|missing| nowhere(entry, missing, tally));
    let mut findings: Findings = nowhere.collect();
    if tally.sites == 0 && !findings.has_errors() {
        findings.push(siteless(entry, tally));
    }
    findings
}

/// The finding that a route leads nowhere in any file of the entry.
fn nowhere(entry: &SiteRule, missing: &MissingRoute, tally: &Tally) -> Finding {
    let (path, route) = (&entry.path.value, missing.route());
    missing.finding(match tally.files.len() {
        1 => format!("the only file of `{path}` has no `{route}`"),
        count => format!("none of the {count} files of `{path}` has `{route}`"),
    })
}

/// The finding that no file of the entry has a site.
fn siteless(entry: &SiteRule, tally: &Tally) -> Finding {
    let path = &entry.path;
    let message = match tally.files.len() {
        1 => format!("the only file of `{}` has no site", path.value),
        count => format!("none of the {count} files of `{}` has a site", path.value),
    };
    let missing = reader_of(&entry.kind).missing();
    // A file of that kind may leave its images to others: an overlay to its base.
    let is_none_of_kind = tally.of_other_kind == tally.readings;
    let code = if is_none_of_kind { &NO_SITE } else { &UNMATCHED_PATTERN };
    Finding::new(code, message, path.location.clone())
        .because("finds nothing")
        .help(format!("there is {missing}: look at `kind`, `root` and `images`"))
}

fn fileless(entry: &SiteRule, near: Option<&str>) -> Finding {
    let path = &entry.path;
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if path.value.names_cluster() => "`{cluster}` stands for the clusters of an environment that has `waves`: `environments: { NAME: { waves: [[CLUSTER], [CLUSTER]] } }`".to_owned(),
        None => "`{environment}` stands for a declared environment, as `environments: { NAME: { path: … } }` spells it".to_owned(),
    };
    let message = format!("no file matches `{}`", path.value);
    Finding::new(&UNMATCHED_PATTERN, message, path.location.clone())
        .because("matches nothing")
        .help(help)
}

/// The findings that fields of an entry lead nowhere in an app's files in an environment.
/// `results` are those of its files. If the app has sites all the same, other apps may have
/// what is not there, so that it is no error unless a key is almost the same.
pub(super) fn without_fields<'r>(
    (app, environment): (&str, &EnvironmentName),
    results: impl Iterator<Item = (&'r RepoPath, &'r RuleSites)>,
    has_sites: bool,
) -> Findings {
    let needed = |missing: &&MissingRoute| missing.is_needed();
    let missing = results.flat_map(|(path, result)| {
        result.missing.iter().filter(needed).map(move |missing| (path, missing))
    });
    missing
        .map(|(path, missing)| {
            let finding = missing.finding(format!("`{path}` has no `{}`", missing.filled()));
            match missing.near() {
                Some(_) => finding,
                None if has_sites => Finding {
                    code: &UNMATCHED_PATTERN,
                    severity: UNMATCHED_PATTERN.severity,
                    ..finding
                },
                None => finding.help(format!(
                    "write the route to it from the document's root; if `{app}` is not to be \
                     there, say `skip: [{app}]` in `{environment}`"
                )),
            }
        })
        .collect()
}

/// A place that two entries claim for different apps.
#[derive(Debug, Clone)]
pub(super) struct ClaimedTwice {
    pub(super) environment: usize,
    pub(super) apps: [String; 2],
    pub(super) finding: Finding,
}

/// The places of a file that entries claim for different apps, or of which one is in another:
/// one for each two apps.
pub(super) fn claimed_twice(rules: &RuleList, results: &[RuleSites]) -> Vec<ClaimedTwice> {
    type Claim<'r> = (&'r str, usize, &'r Site);
    let mut claims: BTreeMap<(usize, &Place), Vec<Claim<'_>>> = BTreeMap::new();
    for result in results {
        let apps = result.found.iter().flatten();
        for (app, site) in apps.flat_map(|(app, sites)| sites.iter().map(move |site| (app, site))) {
            for part in site.parts.iter().filter(|part| part.is_there) {
                let own = (app.as_str(), result.rule, site);
                let known = claims.entry((result.environment, &part.at)).or_default();
                if !known.iter().any(|(other, ..)| *other == app) {
                    known.push(own);
                }
            }
        }
    }
    let mut found: BTreeMap<(usize, [String; 2]), ClaimedTwice> = BTreeMap::new();
    let mut compare = |environment: usize, one: &Claim<'_>, other: &Claim<'_>| {
        let (first, rule, site) = *one;
        let (second, another, _) = *other;
        if first == second {
            return;
        }
        let mut apps = [first.to_owned(), second.to_owned()];
        apps.sort();
        let finding = || claim(site, [(first, &rules[rule]), (second, &rules[another])]);
        found.entry((environment, apps.clone())).or_insert_with(|| ClaimedTwice {
            environment,
            apps,
            finding: finding(),
        });
    };
    for ((environment, _), same) in &claims {
        for other in &same[1..] {
            compare(*environment, &same[0], other);
        }
    }
    let environments: BTreeSet<usize> =
        claims.keys().map(|(environment, _)| *environment).collect();
    for environment in environments {
        let places = claims.keys().filter(|(of, _)| *of == environment).map(|(_, place)| *place);
        for (outer, inner) in nested(places) {
            let (outer, inner) = (&claims[&(environment, outer)], &claims[&(environment, inner)]);
            for inner in inner {
                for outer in outer {
                    compare(environment, inner, outer);
                }
            }
        }
    }
    found.into_values().collect()
}

fn claim(site: &Site, claims: [(&str, &Rule); 2]) -> Finding {
    let [(first, one), (second, other)] = claims;
    let message = format!("`{}` belongs to `{first}` and to `{second}`", site.key);
    let [one, other] = [one, other].map(|rule| rule.entry.path.location.clone());
    let finding = Finding::new(&CLAIMED_TWICE, message, site.location.clone())
        .because("one change would move both")
        .help("let one entry leave the file out with `exclude`, or give both the same app");
    if one == other {
        return finding.label(one, "claims it for both");
    }
    finding
        .label(one, format!("claims it for `{first}`"))
        .label(other, format!("claims it for `{second}`"))
}
