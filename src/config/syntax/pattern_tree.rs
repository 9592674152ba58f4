//! Patterns by their segments: which of many a path may match is found without asking each.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::path::FilePattern;
use crate::source::RepoPath;

/// The place of the node that all patterns begin at.
const ROOT: usize = 0;

/// Patterns, by their segments.
#[derive(Debug)]
pub struct PatternTree {
    nodes: Vec<PatternNode>,
}

/// What patterns have after the same segments.
#[derive(Debug, Default)]
struct PatternNode {
    /// The numbers of the patterns that end here.
    own: Vec<usize>,
    /// The nodes after a segment that stands for itself.
    literal: HashMap<String, usize>,
    /// The nodes after a segment in which something varies.
    varying: BTreeMap<String, usize>,
    /// The node after `**`.
    deep: Option<usize>,
    /// Whether it is that of any number of further segments.
    is_deep: bool,
}

impl PatternTree {
    /// The patterns, numbered in their order.
    pub fn new<'p>(patterns: impl IntoIterator<Item = &'p FilePattern>) -> Self {
        let mut tree = Self { nodes: vec![PatternNode::default()] };
        for (number, pattern) in patterns.into_iter().enumerate() {
            let mut at = ROOT;
            for segment in pattern.as_str().split('/') {
                at = tree.after(at, segment);
            }
            tree.nodes[at].own.push(number);
        }
        tree
    }

    /// The node after a segment of a pattern, which is made if it is not there.
    fn after(&mut self, at: usize, segment: &str) -> usize {
        let new = self.nodes.len();
        let node = &mut self.nodes[at];
        let is_deep = segment == "**";
        let next = if is_deep {
            *node.deep.get_or_insert(new)
        } else if segment.contains(['*', '{']) {
            *node.varying.entry(segment.to_owned()).or_insert(new)
        } else {
            *node.literal.entry(segment.to_owned()).or_insert(new)
        };
        if next == new {
            self.nodes.push(PatternNode { is_deep, ..PatternNode::default() });
        }
        next
    }

    /// The numbers of the patterns that may match a path, in their order: no others do.
    pub fn candidates(&self, path: &RepoPath) -> BTreeSet<usize> {
        self.reached(path).into_iter().flat_map(|at| &self.nodes[at].own).copied().collect()
    }

    /// Whether one of the patterns that may lead below a directory is such a one.
    pub fn any_below(&self, directory: &RepoPath, is: impl Fn(usize) -> bool) -> bool {
        let mut waiting: Vec<usize> = self.reached(directory).into_iter().collect();
        let mut known: BTreeSet<usize> = waiting.iter().copied().collect();
        while let Some(at) = waiting.pop() {
            let node = &self.nodes[at];
            if node.own.iter().any(|number| is(*number)) {
                return true;
            }
            let next = node.literal.values().chain(node.varying.values()).chain(&node.deep);
            waiting.extend(next.copied().filter(|next| known.insert(*next)));
        }
        false
    }

    /// The nodes that the segments of a path lead to.
    fn reached(&self, path: &RepoPath) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        self.reach(ROOT, &mut reached);
        for segment in path.segments() {
            let mut next = BTreeSet::new();
            for at in reached {
                let node = &self.nodes[at];
                if node.is_deep {
                    self.reach(at, &mut next);
                }
                let varying = node.varying.iter().filter(|(text, _)| may_be(text, segment));
                for at in node.literal.get(segment).into_iter().chain(varying.map(|(_, at)| at)) {
                    self.reach(*at, &mut next);
                }
            }
            reached = next;
        }
        reached
    }

    /// Adds a node, and those that follow it without a segment.
    fn reach(&self, at: usize, reached: &mut BTreeSet<usize>) {
        let mut next = Some(at).filter(|at| reached.insert(*at));
        while let Some(at) = next {
            next = self.nodes[at].deep.filter(|deep| reached.insert(*deep));
        }
    }
}

/// Whether a segment of a path may be one in which something varies: it begins and ends as
/// that does.
fn may_be(varying: &str, segment: &str) -> bool {
    let begin = varying.split(['*', '{']).next().unwrap_or_default();
    let end = varying.rsplit(['*', '}']).next().unwrap_or_default();
    let rest = segment.strip_prefix(begin);
    rest.is_some_and(|rest| rest.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::decode::Syntax as _;
    use crate::config::syntax::PathPattern;

    const TEXTS: [&str; 12] = [
        "a.yaml",
        "*",
        "**",
        "**/*.yaml",
        "a/**",
        "a/**/b/**/c.yaml",
        "a/{app}/c.yaml",
        "a/{app}/*/c.yaml",
        "a/{app}-x/c.yaml",
        "a/b/{app}.yaml",
        "{app}/b/*",
        "a/**/**/c.yaml",
    ];

    const PATHS: [&str; 14] = [
        "a.yaml",
        "b.yaml",
        "b",
        "a/b",
        "a/b/c.yaml",
        "a/b/b/c.yaml",
        "a/b/d/c.yaml",
        "a/d/b/d/c.yaml",
        "a/d-x/c.yaml",
        "a/_d-x/c.yaml",
        "a/-x/c.yaml",
        "a/b/d.yaml",
        "d/b/c",
        "a/c.yaml",
    ];

    fn all() -> (Vec<FilePattern>, PatternTree) {
        let pattern =
            |text: &&str| PathPattern::parse(text).unwrap().of_environment("qa", None).unwrap();
        let patterns: Vec<_> = TEXTS.iter().map(pattern).collect();
        let tree = PatternTree::new(&patterns);
        (patterns, tree)
    }

    #[test]
    fn no_pattern_that_matches_is_left_out() {
        let (patterns, tree) = all();
        for path in PATHS.map(|path| RepoPath::new(path).unwrap()) {
            let candidates = tree.candidates(&path);
            for (number, pattern) in patterns.iter().enumerate() {
                let matches = pattern.captures(&path).is_some();
                assert!(!matches || candidates.contains(&number), "{pattern:?} {path}");
            }
        }
    }

    #[test]
    fn no_pattern_that_leads_below_a_directory_is_left_out() {
        let (patterns, tree) = all();
        let above = PATHS.map(|path| RepoPath::new(path).unwrap().parent().unwrap());
        for directory in above {
            for (number, pattern) in patterns.iter().enumerate() {
                let is_found = tree.any_below(&directory, |one| one == number);
                assert!(!pattern.enters(&directory) || is_found, "{pattern:?} {directory}");
            }
        }
    }

    #[test]
    fn patterns_that_differ_in_a_segment_are_not_asked_for_each_other() {
        let (patterns, tree) = all();
        let candidates = tree.candidates(&RepoPath::new("a/b/c.yaml").unwrap());
        let texts: Vec<_> = candidates.iter().map(|number| patterns[*number].as_str()).collect();
        assert!(!texts.contains(&"a.yaml") && !texts.contains(&"a/{app}-x/c.yaml"), "{texts:?}");
    }
}
