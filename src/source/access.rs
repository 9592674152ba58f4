//! What was asked of a Tree, and which changes can change the answers.

use std::collections::BTreeSet;

use super::RepoPath;

/// Everything that was asked of a [`super::Tree`]: what a change affects is
/// whatever read, listed, examined or missed one of its paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeAccess {
    /// Files that were read, where their links ended.
    pub read: BTreeSet<RepoPath>,
    /// Directories that were listed.
    pub listed: BTreeSet<RepoPath>,
    /// Paths where the kind of entry decided an answer, and not its content: a
    /// directory that was only asked for, a file that is too large.
    pub examined: BTreeSet<RepoPath>,
    /// Paths that were asked for and not there.
    pub missed: BTreeSet<RepoPath>,
    /// Links that were followed.
    pub followed: BTreeSet<RepoPath>,
}

impl TreeAccess {
    /// Whether a change to `path` can change what was answered.
    ///
    /// A file adds and removes the directories above it, so one anywhere below
    /// a directory that was listed or examined counts, even where other files
    /// would have kept the directory: that is not known here.
    pub fn is_affected_by(&self, path: &RepoPath) -> bool {
        let sets = [&self.read, &self.listed, &self.examined, &self.missed, &self.followed];
        sets.into_iter().flatten().any(|at| at.is_within(path) || path.is_within(at))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::source::{Memory, Tree};

    /// A file's text, or where a link leads.
    #[derive(Debug, Clone, PartialEq)]
    enum Leaf {
        File(String),
        Link(String),
    }

    type Leaves = BTreeMap<String, Leaf>;

    #[derive(Debug, Clone, Copy)]
    enum Question {
        Read,
        List,
        HasDirectory,
    }

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    /// Few names, so that files, links and questions often meet.
    fn a_path() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..4)
            .prop_map(|segments| segments.join("/"))
    }

    fn a_leaf() -> impl Strategy<Value = Leaf> {
        let up = prop::sample::select(vec!["", "", "../", "../../", "a/../"]);
        prop_oneof![
            2 => "[xy]".prop_map(Leaf::File),
            1 => (up, a_path()).prop_map(|(up, path)| Leaf::Link(up.to_owned() + &path)),
            1 => prop::sample::select(vec![".", "..", "/a"]).prop_map(|to| Leaf::Link(to.into())),
        ]
    }

    /// Every question of every path of at most three segments.
    fn questions() -> Vec<(Question, String)> {
        let mut paths = vec![String::new()];
        let mut at = 0;
        while let Some(above) = paths.get(at).cloned().filter(|path| path.len() < 5) {
            let below = ["a", "b", "c"].map(|name| format!("{above}/{name}"));
            paths.extend(below.map(|path| path.trim_start_matches('/').to_owned()));
            at += 1;
        }
        let kinds = [Question::Read, Question::List, Question::HasDirectory];
        kinds.iter().flat_map(|kind| paths.iter().map(|path| (*kind, path.clone()))).collect()
    }

    /// Puts a leaf where nothing else of its path can stay, as a disk would have it.
    fn put(leaves: &mut Leaves, at: &str, leaf: Option<Leaf>) {
        let at = path(at);
        leaves.retain(|other, _| !at.is_within(&path(other)) && !path(other).is_within(&at));
        leaves.extend(leaf.map(|leaf| (at.as_str().to_owned(), leaf)));
    }

    fn tree(leaves: &Leaves) -> Tree {
        let mut memory = Memory::new();
        for (at, leaf) in leaves {
            match leaf {
                Leaf::File(text) => memory.insert(path(at), text.clone().into_bytes()),
                Leaf::Link(target) => memory.link(path(at), target),
            }
        }
        Tree::new(memory)
    }

    fn answer(tree: &Tree, (question, at): &(Question, String)) -> String {
        let at = path(at);
        match question {
            Question::Read => format!("{:?}", tree.read(&at).map(|f| f.text().to_owned())),
            Question::List => format!("{:?}", tree.list(&at)),
            Question::HasDirectory => format!("{:?}", tree.has_directory(&at)),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn whatever_changes_an_answer_affects_it(
            leaves in prop::collection::vec((a_path(), a_leaf()), 1..8),
            (changed, leaf) in (any::<prop::sample::Index>(), prop::option::of(a_leaf())),
            added in prop::option::of((a_path(), a_leaf())),
        ) {
            let mut before = Leaves::new();
            for (at, leaf) in leaves {
                put(&mut before, &at, Some(leaf));
            }
            let mut after = before.clone();
            let held: Vec<_> = before.keys().collect();
            put(&mut after, held[changed.index(held.len())], leaf);
            if let Some((at, leaf)) = added {
                put(&mut after, &at, Some(leaf));
            }
            let changes: Vec<_> = before
                .keys()
                .chain(after.keys())
                .filter(|at| before.get(*at) != after.get(*at))
                .map(|at| path(at))
                .collect();
            let (tree_before, tree_after) = (tree(&before), tree(&after));
            for question in questions() {
                let asked = tree_before.recording();
                let answer_before = answer(&asked, &question);
                let answer_after = answer(&tree_after, &question);
                let access = asked.access();
                prop_assert!(
                    answer_before == answer_after
                        || changes.iter().any(|at| access.is_affected_by(at)),
                    "{question:?}: {answer_before}, then {answer_after}, by {access:?}"
                );
            }
        }
    }

    fn affected(ask: impl FnOnce(&Tree), change: &str) -> bool {
        let tree = Tree::new(Memory::of([("environments/qa/web.yaml", ""), ("file", "")]));
        ask(&tree);
        tree.access().is_affected_by(&path(change))
    }

    #[test]
    fn a_file_in_a_new_directory_affects_the_listing_above_it() {
        let list = |tree: &Tree| drop(tree.list(&path("environments")));
        assert!(affected(list, "environments/new/web.yaml"));
        assert!(!affected(list, "templates/web/a.yaml"));
    }

    #[test]
    fn the_last_file_of_a_directory_that_was_asked_for_counts() {
        let ask = |tree: &Tree| assert!(tree.has_directory(&path("environments/qa")).unwrap());
        assert!(affected(ask, "environments/qa/web.yaml"));
    }

    #[test]
    fn what_is_of_the_wrong_kind_counts() {
        assert!(affected(|tree| drop(tree.list(&path("file"))), "file"));
        assert!(affected(|tree| drop(tree.read(&path("file/below"))), "file"));
        let read = |tree: &Tree| drop(tree.read(&path("environments/qa")));
        assert!(affected(read, "environments/qa/web.yaml"));
    }
}
