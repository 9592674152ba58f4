//! Laying one file over another.
//!
//! Maps merge, lists and everything else replace, an explicit null removes. The
//! result knows of each value where it stands and what it took the place of,
//! removals included.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::source::SourceFile;
use crate::yaml::{KeyNode, Kind, Node, NodeId, Value};

/// What the layers so far say at one place.
#[derive(Debug, Clone)]
pub(super) struct Laid<'a> {
    /// What the last layer that says something here says.
    said: Node<'a>,
    /// What is in it, where it is a map; of all layers.
    entries: Option<IndexMap<&'a str, (KeyNode<'a>, Laid<'a>)>>,
    /// What it took the place of.
    earlier: Option<Box<Laid<'a>>>,
}

impl<'a> Laid<'a> {
    /// The first layer.
    pub(super) fn of(node: Node<'a>) -> Self {
        let entries = node.is_mapping().then(|| {
            node.entries().map(|(key, value)| (key.text(), (key, Self::of(value)))).collect()
        });
        Self { said: node, entries, earlier: None }
    }

    /// The first layer, with no more than some keys of a map.
    pub(super) fn of_keys(node: Node<'a>, keep: impl Fn(&str) -> bool) -> Self {
        let mut laid = Self::of(node);
        if let Some(entries) = &mut laid.entries {
            entries.retain(|key, _| keep(key));
        }
        laid
    }

    /// Lays `above` over this.
    pub(super) fn lay(&mut self, above: Self) {
        match (&mut self.entries, above.entries) {
            (Some(entries), Some(new)) => {
                for (text, (key, value)) in new {
                    match entries.get_mut(text) {
                        Some((_, below)) => below.lay(value),
                        None => {
                            entries.insert(text, (key, value));
                        }
                    }
                }
            }
            (_, entries) => {
                let earlier = std::mem::replace(self, Self { entries, ..above_of(above.said) });
                self.earlier = Some(Box::new(earlier));
            }
        }
    }

    /// What is said at a key.
    pub(super) fn get(&mut self, key: &str) -> Option<&mut Self> {
        self.entries.as_mut()?.get_mut(key).map(|(_, laid)| laid)
    }

    /// Forgets a key, as if no layer had said it.
    pub(super) fn forget(&mut self, key: &str) {
        if let Some(entries) = &mut self.entries {
            entries.shift_remove(key);
        }
    }

    /// The tree that the layers make, without what they removed. It stands in
    /// `file` as a whole where they say nothing.
    pub(super) fn build(&self, file: &Arc<SourceFile>) -> Value {
        let mut value = Value::new(file);
        let root = self.build_in(&mut value);
        value.set_root(root);
        value
    }

    fn build_in(&self, value: &mut Value) -> NodeId {
        let node = match &self.entries {
            Some(entries) => {
                let map = value.add(Kind::Mapping(Vec::new()), &self.said.location());
                for (key, laid) in entries.values().filter(|(_, laid)| !laid.said.is_null()) {
                    let child = laid.build_in(value);
                    value.append(map, *key, child);
                }
                map
            }
            None => value.graft(self.said),
        };
        if let Some(earlier) = &self.earlier {
            let earlier = earlier.build_in(value);
            value.override_with(node, earlier);
        }
        node
    }
}

fn above_of(said: Node<'_>) -> Laid<'_> {
    Laid { said, entries: None, earlier: None }
}

/// Lays the files of an app or environment over each other, outermost first:
/// in `images`, a layer that sets a tag or a repository without a digest drops
/// the digest of those before, which is another image's.
pub(super) fn lay_images(below: &mut Laid<'_>, above: &Laid<'_>) {
    let Some((_, images)) = above.entries.as_ref().and_then(|entries| entries.get("images")) else {
        return;
    };
    for (key, (_, image)) in images.entries.iter().flatten() {
        let sets = |field: &str| {
            let entry = image.entries.as_ref().and_then(|entries| entries.get(field));
            entry.is_some_and(|(_, laid)| !laid.said.is_null())
        };
        if (sets("tag") || sets("repository"))
            && !sets("digest")
            && let Some(inherited) = below.get("images").and_then(|images| images.get(key))
        {
            inherited.forget("digest");
        }
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
        let mut laid = Laid::of(layers[0].root());
        for above in &layers[1..] {
            let above = Laid::of(above.root());
            lay_images(&mut laid, &above);
            laid.lay(above);
        }
        laid.build(&layers[0].files()[0])
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
