//! The git references and versions that a request means.

use std::collections::{BTreeSet, HashMap};

use super::GitRevision;
use super::choose::{Chosen, nothing, sites};
use super::code::WHICH_SOURCE;
use super::file::OpenedFile;
use crate::diagnostic::{Finding, Findings};
use crate::git::CanonicalAddress;
use crate::sites::{Key, Site, SitePartKind};
use crate::yaml::Node;

/// How closely a name fits; the first is the closest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NameRank {
    /// The address of the repository, or one around it.
    Address,
    /// The chart.
    Chart,
    /// The object, or what else the place is called.
    Name,
}

/// What a git reference or version may be called.
struct SourceNames<'f> {
    chosen: Chosen<'f>,
    /// The address of the repository that the reference or chart is of.
    address: Option<String>,
    /// The object that has that address.
    source: Option<String>,
    chart: Option<String>,
    /// The names of the place and its object.
    names: Vec<String>,
}

/// The places that each of the requests means. Where several name a place, the one with
/// the closest name counts, of addresses the longest.
pub(super) fn gits<'f>(
    files: &'f [OpenedFile],
    requests: &[GitRevision],
) -> (Vec<Vec<Chosen<'f>>>, Findings) {
    let all: Vec<_> =
        sites(files).filter(|(_, site)| is_source(site)).map(SourceNames::of).collect();
    let mut findings = Findings::new();
    let mut meant = Vec::new();
    for request in requests {
        meant.push(meant_by(files, &all, request).unwrap_or_else(|finding| {
            findings.push(finding);
            Vec::new()
        }));
    }
    let mut closest: HashMap<*const Site, _> = HashMap::new();
    for (rank, (_, site)) in meant.iter().flatten() {
        let best = closest.entry(std::ptr::from_ref(*site)).or_insert(*rank);
        *best = (*best).min(*rank);
    }
    let is_closest =
        |(rank, (_, site)): &(_, Chosen<'f>)| closest[&std::ptr::from_ref(*site)] == *rank;
    let chosen = meant
        .into_iter()
        .map(|meant| meant.into_iter().filter(is_closest).map(|(_, chosen)| chosen).collect());
    (chosen.collect(), findings)
}

fn is_source(site: &Site) -> bool {
    matches!(site.key, Key::Git(_) | Key::Version(_) | Key::TemplatePin)
}

/// How closely a request names a place: the rank, and then the longer address first.
type Closeness = (NameRank, std::cmp::Reverse<usize>);

/// The places that one request means.
fn meant_by<'f>(
    files: &[OpenedFile],
    all: &[SourceNames<'f>],
    request: &GitRevision,
) -> Result<Vec<(Closeness, Chosen<'f>)>, Finding> {
    let wanted = CanonicalAddress::of(&request.url);
    let ranked = all.iter().filter_map(|one| Some((one.rank(&wanted)?, one)));
    let ranked: Vec<(NameRank, &SourceNames<'f>)> = ranked.collect();
    let Some(best) = ranked.iter().map(|(rank, _)| *rank).min() else {
        let known: BTreeSet<_> = all.iter().flat_map(SourceNames::known).collect();
        return Err(nothing(
            files,
            &format!("a reference to `{}`", request.url),
            &request.url,
            known,
        ));
    };
    let chosen = ranked.into_iter().filter(|(rank, _)| *rank == best).map(|(_, one)| one);
    let chosen: Vec<&SourceNames<'f>> = chosen.collect();
    if let Some(finding) = several(&request.url, best, &chosen) {
        return Err(finding);
    }
    let closeness = (best, std::cmp::Reverse(wanted.length()));
    Ok(chosen.into_iter().map(|one| (closeness, one.chosen)).collect())
}

/// The finding that a name means several sources.
fn several(name: &str, rank: NameRank, chosen: &[&SourceNames<'_>]) -> Option<Finding> {
    let (first, others) = chosen.split_first()?;
    let different: Vec<_> = others.iter().filter(|one| !one.is_same(first, rank)).collect();
    if different.is_empty() {
        return None;
    }
    let message = format!("`{name}` may be {} and {}", first.described(), different[0].described());
    let mut finding = Finding::new(&WHICH_SOURCE, message, first.chosen.1.location.clone())
        .because(first.described());
    for one in different {
        finding = finding.label(one.chosen.1.location.clone(), one.described());
    }
    Some(finding.help("name one by its address or chart, or set it by `--route`"))
}

impl<'f> SourceNames<'f> {
    fn of(chosen: Chosen<'f>) -> Self {
        let (file, site) = chosen;
        let beside = Beside::of(file, site).unwrap_or_default();
        let name = site.key.name();
        let mut names = vec![name.to_owned()];
        names.extend(beside.object.filter(|object| object != name));
        let mut address = beside.address;
        if address.is_none() && matches!(site.key, Key::Git(_)) && name.contains(['/', ':']) {
            address = Some(name.to_owned());
        }
        Self { chosen, address, source: beside.source, chart: beside.chart, names }
    }

    fn rank(&self, wanted: &CanonicalAddress) -> Option<NameRank> {
        let fits = |own: &String| CanonicalAddress::of(own).is_within(wanted);
        if self.address.as_ref().is_some_and(fits) {
            return Some(NameRank::Address);
        }
        if self.chart.as_ref().is_some_and(fits) {
            return Some(NameRank::Chart);
        }
        self.names.iter().any(fits).then_some(NameRank::Name)
    }

    /// Everything that it may be called.
    fn known(&self) -> impl Iterator<Item = String> + '_ {
        self.address.iter().chain(&self.chart).chain(&self.names).cloned()
    }

    /// Whether one name of that rank may mean both: a repository's address means all that is
    /// in it, but not several charts.
    fn is_same(&self, other: &Self, rank: NameRank) -> bool {
        let address = |one: &Self| one.address.as_deref().map(CanonicalAddress::of);
        let is_one_address = match (address(self), address(other)) {
            (Some(one), Some(other)) => one.is_within(&other) && other.is_within(&one),
            (None, None) => true,
            _ => false,
        };
        let is_one_address = is_one_address && self.source == other.source;
        self.chart == other.chart && (rank == NameRank::Address || is_one_address)
    }

    /// For people: the chart, the address and the object, as far as they are known.
    fn described(&self) -> String {
        let object = self.names.last().map(String::as_str).unwrap_or_default();
        match (&self.chart, self.address.as_ref().or(self.source.as_ref())) {
            (Some(chart), Some(address)) => format!("the chart `{chart}` of `{address}`"),
            (Some(chart), None) => format!("the chart `{chart}` of `{object}`"),
            (None, Some(address)) => format!("`{address}`"),
            (None, None) => format!("`{object}`"),
        }
    }
}

/// What is written beside a revision or a version.
#[derive(Default)]
struct Beside {
    /// `spec.url` of a source, `repoURL`, or `repo`.
    address: Option<String>,
    /// The name in `sourceRef`.
    source: Option<String>,
    /// `chart`, or the `name` of kustomize's `helmCharts`.
    chart: Option<String>,
    /// `metadata.name`.
    object: Option<String>,
}

impl Beside {
    fn of(file: &OpenedFile, site: &Site) -> Option<Self> {
        let is_meant = |kind| matches!(kind, SitePartKind::Revision | SitePartKind::Commit);
        let part = site.parts.iter().find(|part| is_meant(part.kind))?;
        let mut node = file.documents.get(part.at.document)?.root();
        let text =
            |node: Node<'_>, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let object = node.get("metadata").and_then(|metadata| text(metadata, "name"));
        let mut beside = Self { object, ..Self::default() };
        for step in part.at.route.steps() {
            let address = ["url", "repoURL", "repo"].into_iter().find_map(|key| text(node, key));
            let source = || node.get("sourceRef").and_then(|source| text(source, "name"));
            beside.address = address.or(beside.address);
            beside.source = source().or(beside.source);
            let in_list = node.get("repo").and_then(|_| text(node, "name"));
            beside.chart = text(node, "chart").or(in_list).or(beside.chart);
            node = step.find(node)?;
        }
        if beside.chart.is_none()
            && let Key::Version(name) = &site.key
            && beside.object.as_ref() != Some(name)
        {
            beside.chart = Some(name.clone());
        }
        Some(beside)
    }
}
