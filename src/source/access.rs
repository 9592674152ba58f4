//! What was asked of a Tree, and which changes can change the answers.

use std::collections::BTreeSet;

use super::RepoPath;

/// Everything that was asked of a [`super::Tree`]: what a change affects is
/// whatever read, listed, examined or missed one of its paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Files that were read, where their links ended.
    pub read: BTreeSet<RepoPath>,
    /// Directories that were listed.
    pub listed: BTreeSet<RepoPath>,
    /// Paths where what stands there decided an answer, and not what it holds:
    /// a directory that was only asked for, a file that is too large.
    pub examined: BTreeSet<RepoPath>,
    /// Paths that were asked for and not there.
    pub missed: BTreeSet<RepoPath>,
    /// Links that were followed.
    pub followed: BTreeSet<RepoPath>,
}

impl Access {
    /// Adds what another record holds.
    pub fn absorb(&mut self, other: Self) {
        self.read.extend(other.read);
        self.listed.extend(other.listed);
        self.examined.extend(other.examined);
        self.missed.extend(other.missed);
        self.followed.extend(other.followed);
    }

    /// Whether a change to `path` can change what was answered.
    ///
    /// A file adds and removes the directories above it, so one anywhere below
    /// a directory that was listed or examined counts; that what was there
    /// before it may keep the directory there is not known here.
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

    fn a_question() -> impl Strategy<Value = (Question, String)> {
        let question = [Question::Read, Question::List, Question::HasDirectory];
        (
            prop::sample::select(question.to_vec()),
            prop_oneof![9 => a_path(), 1 => Just(String::new())],
        )
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
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn whatever_changes_an_answer_affects_it(
            leaves in prop::collection::vec((a_path(), a_leaf()), 0..8),
            change in prop::collection::vec((a_path(), prop::option::of(a_leaf())), 1..3),
            question in a_question(),
        ) {
            let mut before = Leaves::new();
            for (at, leaf) in leaves {
                put(&mut before, &at, Some(leaf));
            }
            let mut after = before.clone();
            for (at, leaf) in change {
                put(&mut after, &at, leaf);
            }
            let tree_before = tree(&before);
            let changes_the_answer =
                answer(&tree_before, &question) != answer(&tree(&after), &question);
            let access = tree_before.access();
            let mut changed = before.keys().chain(after.keys());
            let affects = changed.any(|at| {
                before.get(at) != after.get(at) && access.is_affected_by(&path(at))
            });
            prop_assert!(affects || !changes_the_answer, "{access:?}");
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
