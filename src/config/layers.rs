//! Merging the files of several layers: the one place that knows how layers merge.
//!
//! Maps merge, lists and everything else replace, an explicit null removes, and
//! an image whose tag or repository is set without a digest loses the digest of
//! earlier layers. The result knows the place of each value and what it
//! replaced, including removals.
//!
//! Two modules use it: `resolve`, which refuses what is wrong, and `sites`, which
//! reads old files as far as they can be understood. Both ignore a value of the
//! wrong type; `resolve` has reported it.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::source::SourceFile;
use crate::yaml::{KeyNode, Kind, Node, NodeId, Step, Value};

/// One layer of an app.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'a> {
    /// The root of the file.
    pub root: Node<'a>,
    /// Whether it is a file of the app, and not an `environment.yaml`.
    pub is_own: bool,
}

/// The settings of `environment.yaml` that apply to each app, besides values.
const SHARED: [&str; 3] = ["namespace", "labels", "gates"];

impl Layer<'_> {
    /// Whether an `environment.yaml` says anything that applies to each app, besides
    /// values.
    pub(super) fn has_settings(&self) -> bool {
        SHARED.iter().any(|key| self.root.get(key).is_some())
    }
}

/// Merges the `wanted` settings of an app's layers, outermost first, without
/// values; none if there are no layers.
pub fn merge_settings<'a>(
    layers: impl IntoIterator<Item = Layer<'a>>,
    wanted: impl Fn(&str) -> bool,
) -> Option<Layered<'a>> {
    let layers = maps(layers).map(|Layer { root, is_own }| {
        let is_there = |key: &str| if is_own { key != "values" } else { SHARED.contains(&key) };
        let is_taken = |key: &str| is_there(key) && wanted(key);
        let mut layer = Layered::of_keys(root, |key, node| {
            is_taken(key) && (key != "images" || is_map_or_null(node))
        });
        if let Some(images) = layer.entry("images") {
            images.retain(is_map_or_null);
        }
        layer
    });
    layers.reduce(|mut below, above| {
        drop_digests(&mut below, &above);
        below.merge(above);
        below
    })
}

/// Merges a template's values with those of an app's layers, outermost first; none
/// if there are no values.
pub fn merge_values<'a>(
    template: Option<Node<'a>>,
    layers: impl IntoIterator<Item = Layer<'a>>,
) -> Option<Layered<'a>> {
    let own = maps(layers).filter_map(|layer| layer.root.get("values"));
    let layers = template.into_iter().chain(own.filter(|values| is_map_or_null(*values)));
    layers.map(Layered::of).reduce(|mut below, above| {
        below.merge(above);
        below
    })
}

fn maps<'a>(layers: impl IntoIterator<Item = Layer<'a>>) -> impl Iterator<Item = Layer<'a>> {
    layers.into_iter().filter(|layer| layer.root.is_mapping())
}

fn is_map_or_null(node: Node<'_>) -> bool {
    node.is_mapping() || node.is_null()
}

/// In `images`, a layer that sets a tag or a repository without a digest drops
/// the digest of earlier layers, which belongs to another image.
fn drop_digests(below: &mut Layered<'_>, above: &Layered<'_>) {
    for (key, image) in above.get("images").into_iter().flat_map(MergedValue::entries) {
        let sets = |field: &str| image.get(field).is_some();
        if (sets("tag") || sets("repository"))
            && !sets("digest")
            && let Some(inherited) = below.entry("images").and_then(|images| images.entry(key))
        {
            inherited.forget("digest");
        }
    }
}

/// One place in the layers that were merged so far.
#[derive(Debug, Clone)]
pub struct Layered<'a> {
    /// The value in the last layer that replaced the value here.
    node: Node<'a>,
    /// Its entries if it is a map of several layers; those of `node` if none. Most maps
    /// are of one layer.
    entries: Option<LayeredEntries<'a>>,
    /// What it replaced.
    earlier: Option<Box<Layered<'a>>>,
}

type LayeredEntries<'a> = IndexMap<&'a str, (KeyNode<'a>, Layered<'a>)>;

impl<'a> Layered<'a> {
    /// The first layer.
    fn of(node: Node<'a>) -> Self {
        Self { node, entries: None, earlier: None }
    }

    /// The first layer, with only some keys of a map.
    pub(super) fn of_keys(node: Node<'a>, keep: impl Fn(&str, Node<'a>) -> bool) -> Self {
        let entries = node.is_mapping().then(|| {
            let kept = node.entries().filter(|(key, value)| keep(key.text(), *value));
            kept.map(|(key, value)| (key.text(), (key, Self::of(value)))).collect()
        });
        Self { node, entries, earlier: None }
    }

    /// Merges a later layer into this.
    pub(super) fn merge(&mut self, above: Self) {
        let (Some(entries), true) = (self.open(), above.node.is_mapping()) else {
            let earlier = std::mem::replace(self, above);
            self.earlier = Some(Box::new(earlier));
            return;
        };
        for (text, (key, value)) in above.into_entries() {
            match entries.get_mut(text) {
                Some((_, below)) => below.merge(value),
                None => {
                    entries.insert(text, (key, value));
                }
            }
        }
    }

    /// The value, to be read.
    pub fn value(&self) -> MergedValue<'_, 'a> {
        MergedValue::Layers(self)
    }

    /// The value of a key of a map; none if no layer sets it, or one removes it.
    pub fn get(&self, key: &str) -> Option<MergedValue<'_, 'a>> {
        self.value().get(key)
    }

    /// The merged layers as a tree, without what they removed. Its place is the whole
    /// of `file` if they are empty.
    pub(super) fn to_value(&self, file: &Arc<SourceFile>) -> Value {
        self.value().to_value(file)
    }

    /// The entries, to be changed; none if it is not a map.
    fn open(&mut self) -> Option<&mut LayeredEntries<'a>> {
        let node = self.node;
        node.is_mapping().then(|| self.entries.get_or_insert_with(|| Self::entries_of(node)))
    }

    fn into_entries(self) -> LayeredEntries<'a> {
        self.entries.unwrap_or_else(|| Self::entries_of(self.node))
    }

    fn entries_of(map: Node<'a>) -> LayeredEntries<'a> {
        map.entries().map(|(key, value)| (key.text(), (key, Self::of(value)))).collect()
    }

    /// The value of a key, even if it was removed.
    fn entry(&mut self, key: &str) -> Option<&mut Self> {
        self.open()?.get_mut(key).map(|(_, value)| value)
    }

    /// Removes a key as if no layer had set it.
    fn forget(&mut self, key: &str) {
        if let Some(entries) = self.open() {
            entries.shift_remove(key);
        }
    }

    /// Leaves out the other entries of a map of one layer.
    fn retain(&mut self, keep: impl Fn(Node<'a>) -> bool) {
        if !self.node.entries().all(|(_, value)| keep(value))
            && let Some(entries) = self.open()
        {
            entries.retain(|_, (_, value)| keep(value.node));
        }
    }
}

/// A value of merged layers.
#[derive(Debug, Clone, Copy)]
pub enum MergedValue<'l, 'a> {
    /// What may be of several layers.
    Layers(&'l Layered<'a>),
    /// What is in a map of one layer.
    Node(Node<'a>),
}

impl<'l, 'a> MergedValue<'l, 'a> {
    /// The value; for a map of several layers, the map of the outermost.
    pub fn node(self) -> Node<'a> {
        match self {
            Self::Layers(layered) => layered.node,
            Self::Node(node) => node,
        }
    }

    /// The value of a key of a map; none if no layer sets it, or one removes it.
    pub fn get(self, key: &str) -> Option<Self> {
        let value = match self.merged() {
            Some(entries) => entries.get(key).map(|(_, value)| Self::Layers(value)),
            None => self.node().get(key).map(Self::Node),
        };
        value.filter(|value| !value.node().is_null())
    }

    /// The keys and values of a map, without those that were removed.
    pub fn entries(self) -> impl Iterator<Item = (&'a str, Self)> {
        self.key_entries().map(|(key, value)| (key.text(), value))
    }

    /// The value that steps lead to, in a tree of its own; none if there is no
    /// value.
    pub fn find(self, steps: &[Step]) -> Option<Value> {
        let (mut at, mut steps) = (self, steps);
        while let (true, [Step::Key(key), rest @ ..]) = (at.node().is_mapping(), steps) {
            (at, steps) = (at.get(key)?, rest);
        }
        if steps.is_empty() {
            return Some(at.to_value(at.node().location().file()));
        }
        // A list, with all that is in it, comes from one layer.
        let node = steps.iter().try_fold(at.node(), |node, step| step.find(node))?;
        (!node.is_null()).then(|| node.to_value())
    }

    /// The entries that were merged; none if they are those of the node.
    fn merged(self) -> Option<&'l LayeredEntries<'a>> {
        match self {
            Self::Layers(layered) => layered.entries.as_ref(),
            Self::Node(_) => None,
        }
    }

    fn key_entries(self) -> impl Iterator<Item = (KeyNode<'a>, Self)> {
        let merged = self.merged();
        let of_node = merged.is_none().then(|| self.node().entries());
        let merged = merged.into_iter().flat_map(IndexMap::values);
        let merged = merged.map(|(key, value)| (*key, Self::Layers(value)));
        let of_node = of_node.into_iter().flatten().map(|(key, node)| (key, Self::Node(node)));
        merged.chain(of_node).filter(|(_, value)| !value.node().is_null())
    }

    fn to_value(self, file: &Arc<SourceFile>) -> Value {
        let mut value = Value::new(file);
        let root = self.add_to(&mut value);
        value.set_root(root);
        value
    }

    fn add_to(self, value: &mut Value) -> NodeId {
        let node = if self.node().is_mapping() {
            let map = value.add(Kind::Mapping(Vec::new()), &self.node().location());
            for (key, layered) in self.key_entries() {
                let child = layered.add_to(value);
                value.append(map, key, child);
            }
            map
        } else {
            value.graft(self.node())
        };
        if let Self::Layers(Layered { earlier: Some(earlier), .. }) = self {
            let earlier = earlier.value().add_to(value);
            value.override_with(node, earlier);
        }
        node
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::RepoPath;
    use crate::yaml::{Dialect, parse};

    fn layer(name: &str, text: &str) -> Value {
        let path = RepoPath::new(name).unwrap();
        let file = Arc::new(SourceFile::new(path, text.to_owned()));
        parse(&file, Dialect::Kubectl).unwrap().remove(0)
    }

    fn merged(texts: &[&str]) -> Value {
        let layers: Vec<_> =
            texts.iter().enumerate().map(|(i, text)| layer(&format!("{i}.yaml"), text)).collect();
        let layer = |value| Layer { root: Value::root(value), is_own: true };
        merge_settings(layers.iter().map(layer), |_| true).unwrap().to_value(&layers[0].files()[0])
    }

    fn json(texts: &[&str]) -> String {
        serde_json::to_string(&merged(texts).root()).unwrap()
    }

    #[test]
    fn maps_merge_lists_replace_and_null_removes() {
        let layers = ["a: {b: 1, c: [1, 2]}\nd: 1\ne: 1\n", "a: {c: [3], f: 2}\nd: null\ne: ~\n"];
        assert_eq!(json(&layers), r#"{"a":{"b":1,"c":[3],"f":2}}"#);
    }

    #[test]
    fn what_was_removed_can_be_set_again() {
        let value = merged(&["a: 1\n", "a: null\n", "a: 2\n"]);
        let a = value.root().get("a").unwrap();
        let chain: Vec<_> = std::iter::successors(Some(a), |node| node.overrode())
            .map(|node| format!("{} {}", node.location(), node.location().text()))
            .collect();
        assert_eq!(chain, ["2.yaml:1:4 2", "1.yaml:1:4 null", "0.yaml:1:4 1"]);
    }

    #[test]
    fn a_map_that_replaces_a_scalar_stays_open_to_merging() {
        assert_eq!(json(&["a: 1\n", "a: {b: 1}\n", "a: {c: 2}\n"]), r#"{"a":{"b":1,"c":2}}"#);
    }

    #[test]
    fn numbers_keep_their_text_through_merging() {
        let value = merged(&["a: {b: 1.10}\n", "a: {c: 0x10}\n"]);
        let a = value.root().get("a").unwrap();
        let source = |key| a.get(key).unwrap().as_number().unwrap().source().to_owned();
        assert_eq!((source("b"), source("c")), ("1.10".to_owned(), "0x10".to_owned()));
    }

    #[test]
    fn null_in_a_list_stays_because_lists_are_taken_whole() {
        assert_eq!(json(&["a: [1]\n", "a: [~, {b: ~}]\n"]), r#"{"a":[null,{"b":null}]}"#);
    }

    #[test]
    fn another_tag_drops_the_inherited_digest() {
        let base = "images: {web: {repository: r, tag: a, digest: d}}\n";
        let with = |above: &str| json(&[base, above]);
        let image = |rest: &str| format!(r#"{{"images":{{"web":{{"repository":{rest}}}}}}}"#);
        assert_eq!(with("images: {web: {tag: b}}\n"), image(r#""r","tag":"b""#));
        assert_eq!(with("images: {web: {repository: s}}\n"), image(r#""s","tag":"a""#));
        assert_eq!(
            with("images: {web: {tag: b, digest: e}}\n"),
            image(r#""r","tag":"b","digest":"e""#)
        );
        assert_eq!(with("images: {web: {tag: null}}\n"), image(r#""r","digest":"d""#));
    }
}
