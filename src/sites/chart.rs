//! The values of a chart, which those of an environment override.
//!
//! Usually the repository of an image is in the chart's `values.yaml`, and the environment's
//! file has the tag alone. Which keys there are of an image is read from both, and only the
//! environment's file is written. It is today's chart that counts, for earlier versions of
//! that file too: a chart says how its values are read, and not what is deployed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::cursor::{Cursor, text};
use super::files::ParsedFile;
use crate::source::{RepoPath, Tree};

/// The file of a chart's own values.
pub(super) const CHART_VALUES: &str = "values.yaml";

/// The file that makes a directory a chart.
const CHART: &str = "Chart.yaml";

/// Whether a file of that name says how the values of a chart are read.
pub(super) fn is_of_chart(name: &str) -> bool {
    [CHART, CHART_VALUES].contains(&name)
}

/// How many directories are searched for the chart that a file has values of.
const SEARCHED: usize = 3;

/// The directories in which the chart of a file may be, the nearest first.
pub(super) fn directories(path: &RepoPath) -> impl Iterator<Item = RepoPath> {
    std::iter::successors(path.parent(), RepoPath::parent).take(SEARCHED)
}

/// The charts of a tree that files have values of, by their directories; none where there
/// is no chart.
#[derive(Debug, Clone, Default)]
pub(super) struct Charts(HashMap<RepoPath, Option<Arc<ChartValues>>>);

impl Charts {
    /// Reads the chart that a file has values of.
    pub(super) fn read(&mut self, tree: &Tree, path: &RepoPath) {
        for directory in directories(path) {
            let chart = self
                .0
                .entry(directory)
                .or_insert_with_key(|directory| ChartValues::read(tree, directory).map(Arc::new));
            if chart.is_some() {
                return;
            }
        }
    }

    /// The values of the chart that a file overrides.
    pub(super) fn of(&self, path: &RepoPath) -> Option<&ChartValues> {
        let mut found = directories(path).map(|directory| (self.0.get(&directory), directory));
        let (chart, directory) = found.find_map(|(chart, at)| Some((chart?.as_ref()?, at)))?;
        (directory.child(CHART_VALUES) != *path).then_some(&**chart)
    }
}

/// The values of a chart and of those that it depends on.
#[derive(Debug)]
pub(super) struct ChartValues {
    own: Option<Arc<ParsedFile>>,
    /// By the key at which the values of the chart have theirs.
    subcharts: BTreeMap<String, Arc<ParsedFile>>,
    reading: String,
}

impl ChartValues {
    /// Reads the chart in a directory, if there is one. What cannot be read is left out:
    /// that is for Helm to say.
    fn read(tree: &Tree, directory: &RepoPath) -> Option<Self> {
        let read = |path: RepoPath| tree.read_if_present(&path).ok().flatten();
        let values = |directory: &RepoPath| {
            read(directory.child(CHART_VALUES)).map(|file| Arc::new(ParsedFile::new(file)))
        };
        let chart = ParsedFile::new(read(directory.child(CHART))?);
        let vendored = directory.child("charts");
        let mut subcharts = BTreeMap::new();
        for (name, key, place) in dependencies(&chart) {
            let place = match place.as_deref().and_then(|place| place.strip_prefix("file://")) {
                Some(relative) => directory.join(relative).ok(),
                None => vendored.child_named(&name),
            };
            let values = place.and_then(|place| values(&place));
            subcharts.extend(values.map(|values| (key, values)));
        }
        for one in tree.names(&vendored).unwrap_or_default() {
            let values = || values(&vendored.child(&one.name));
            if !subcharts.contains_key(&one.name) {
                subcharts.extend(values().map(|values| (one.name.clone(), values)));
            }
        }
        let own = values(directory);
        let mut reading = String::new();
        let all = own.iter().map(|file| ("", file));
        for (key, file) in all.chain(subcharts.iter().map(|(key, file)| (key.as_str(), file))) {
            reading.extend([key, "\n", file.file.text(), "\n"]);
        }
        Some(Self { own, subcharts, reading })
    }

    /// Where the values begin.
    pub(super) fn root(&self) -> Inherited<'_> {
        let own = self.own.iter().filter_map(|file| first(file));
        Inherited { maps: own.collect(), subcharts: Some(&self.subcharts) }
    }

    /// How they make files be read: their texts.
    pub(super) fn reading(&self) -> &str {
        &self.reading
    }
}

/// The charts that a chart depends on: each one's name, the key of its values, and where it
/// is from.
fn dependencies(chart: &ParsedFile) -> Vec<(String, String, Option<String>)> {
    let Some(list) = first(chart).and_then(|root| root.get("dependencies")) else {
        return Vec::new();
    };
    let items = list.items().into_iter().filter_map(|item| {
        let name = item.text_of("name")?;
        let key = item.text_of("alias").unwrap_or_else(|| name.clone());
        Some((name, key, item.get("repository").and_then(|at| text(at.node))))
    });
    items.collect()
}

/// The first document of a file that can be read.
fn first(file: &ParsedFile) -> Option<Cursor<'_>> {
    file.documents().ok()?.first().map(|value| Cursor::root(0, value))
}

/// What charts have at one place of an environment's values, the outermost chart first.
#[derive(Debug, Clone, Default)]
pub(super) struct Inherited<'a> {
    maps: Vec<Cursor<'a>>,
    subcharts: Option<&'a BTreeMap<String, Arc<ParsedFile>>>,
}

impl<'a> Inherited<'a> {
    /// What they have at a key.
    pub(super) fn get(&self, key: &str) -> Self {
        let own = self.maps.iter().filter_map(|map| map.get(key));
        let subchart = self.subcharts.and_then(|charts| first(charts.get(key)?));
        Self { maps: own.chain(subchart).collect(), subcharts: None }
    }

    /// The scalar that counts.
    pub(super) fn scalar(&self) -> Option<&Cursor<'a>> {
        self.maps.first().filter(|at| !at.node.is_mapping() && !at.node.is_sequence())
    }

    /// The maps.
    pub(super) fn maps(&self) -> impl Iterator<Item = &Cursor<'a>> {
        self.maps.iter().filter(|map| map.node.is_mapping())
    }
}
