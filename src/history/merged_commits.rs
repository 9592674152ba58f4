//! What a merge brought to the branch.

use std::collections::{BinaryHeap, HashMap, HashSet};

use jiff::Timestamp;

use crate::git::{BranchStep, Commit, ObjectDatabase, ObjectError, ObjectName};

/// The most commits that are looked at for one merge. A merge that brings more
/// joins another project's history, and the records in it are not about changes
/// here.
const MOST: usize = 10_000;

/// The commits that a merge brought: those of its other parents that the branch
/// did not have, newest first. Empty if the commit is not a merge.
///
/// What a merge's own message says counts as well, but most forges put the
/// records there only if they are asked to.
pub(super) fn merged_commits(
    objects: &dyn ObjectDatabase,
    commit: &Commit,
) -> Result<Vec<Commit>, ObjectError> {
    let parents = &commit.parents;
    if parents.len() < 2 {
        return Ok(Vec::new());
    }
    let mut search = Search::new(objects);
    for (at, parent) in parents.iter().enumerate() {
        let reach = if at == 0 { Reach::Branch } else { Reach::Side };
        search.reach(parent, reach)?;
    }
    search.run()
}

/// The messages of a commit of the branch, and of those that it brought, newest
/// first.
pub(super) fn messages(
    objects: &dyn ObjectDatabase,
    step: &BranchStep,
) -> Result<Vec<String>, ObjectError> {
    let (commit, _) = objects.commit(&step.id)?;
    let merged_commits = merged_commits(objects, &commit)?;
    let all = std::iter::once(commit).chain(merged_commits);
    Ok(all.map(|commit| commit.message).collect())
}

/// Where a commit is reached from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// From the merge's other parents alone.
    Side,
    /// From the branch before the merge.
    Branch,
}

/// Goes back from all parents at once, newest commit first, until everything
/// that is left to look at was on the branch before, as git does to find a
/// merge base. A commit whose clock was wrong may be taken for new; its record
/// then names a change that the merge did not make, and matches none.
struct Search<'a> {
    objects: &'a dyn ObjectDatabase,
    waiting: BinaryHeap<(Timestamp, ObjectName)>,
    reached: HashMap<ObjectName, Reach>,
    commits: HashMap<ObjectName, Commit>,
    /// The waiting commits that are reached from the side alone.
    of_side: HashSet<ObjectName>,
}

impl<'a> Search<'a> {
    fn new(objects: &'a dyn ObjectDatabase) -> Self {
        Self {
            objects,
            waiting: BinaryHeap::new(),
            reached: HashMap::new(),
            commits: HashMap::new(),
            of_side: HashSet::new(),
        }
    }

    fn reach(&mut self, id: &ObjectName, reach: Reach) -> Result<(), ObjectError> {
        match self.reached.get(id) {
            Some(known) if *known == reach || *known == Reach::Branch => return Ok(()),
            _ => {}
        }
        if !self.commits.contains_key(id) {
            match self.objects.commit(id) {
                Ok((commit, _)) => self.commits.insert(id.clone(), commit),
                // A shallow clone ends here.
                Err(ObjectError::Absent(_)) => return Ok(()),
                Err(error) => return Err(error),
            };
        }
        self.reached.insert(id.clone(), reach);
        match reach {
            Reach::Side => self.of_side.insert(id.clone()),
            Reach::Branch => self.of_side.remove(id),
        };
        self.waiting.push((self.commits[id].committer.time, id.clone()));
        Ok(())
    }

    fn run(mut self) -> Result<Vec<Commit>, ObjectError> {
        let mut found = Vec::new();
        while !self.of_side.is_empty() && self.commits.len() < MOST {
            let Some((_, id)) = self.waiting.pop() else { break };
            let reach = self.reached[&id];
            if reach == Reach::Side && self.of_side.remove(&id) {
                found.push(id.clone());
            }
            for parent in self.commits[&id].parents.clone() {
                self.reach(&parent, reach)?;
            }
        }
        found.retain(|id| self.reached[id] == Reach::Side);
        Ok(found.into_iter().filter_map(|id| self.commits.remove(&id)).collect())
    }
}
