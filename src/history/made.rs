//! A made-up history, whose files `environment/app` have the tag of an image `web`.

use std::collections::BTreeMap;

use super::Walk;
use crate::config::{self, EnvironmentName, Repository};
use crate::git::{
    BranchPositions, BranchStep, BranchSteps, Commit, CommitHistory, FileChange, HistoryError,
    ObjectDatabase, ObjectError, ObjectName, Signature, TreeEntry,
};
use crate::sites::{AppInstance, ImageParts, Key, Model, ModelScope, SiteValue, State};
use crate::source::{Memory, RepoPath, Tree};

const CONFIGURATION: &str = "\
version: 1
ladder: [qa, prod]
sites:
  - { path: '{environment}/{app}', kind: yaml, fields: { tag: web } }
";

pub(crate) fn instance(text: &str) -> AppInstance {
    let (environment, app) = text.rsplit_once('/').unwrap();
    AppInstance { environment: EnvironmentName::named(environment).unwrap(), app: app.to_owned() }
}

pub(crate) fn state(tag: &str) -> State {
    let image = ImageParts { tag: Some(tag.to_owned()), ..ImageParts::default() };
    State::new([(Key::Image("web".to_owned()), SiteValue::Image(image))].into())
}

/// A commit with what it changed.
#[derive(Debug, Clone)]
pub(crate) struct MadeStep {
    pub(crate) commit: Commit,
    pub(crate) changes: Vec<FileChange>,
}

impl MadeStep {
    fn step(&self) -> BranchStep {
        BranchStep {
            id: self.commit.id.clone(),
            at: self.commit.committer.time,
            before: self.commit.parents.first().cloned(),
            changes: self.changes.clone(),
        }
    }
}

/// Commits from the oldest to the newest; each at the minute of its index.
pub(crate) struct MadeHistory {
    /// A name for the tip, which nothing looks up.
    pub(crate) tip: ObjectName,
    pub(crate) steps: Vec<MadeStep>,
    pub(crate) repository: Repository,
    /// The files at the tip.
    files: BTreeMap<RepoPath, Vec<u8>>,
    blobs: BTreeMap<ObjectName, Vec<u8>>,
    pub(crate) is_shallow: bool,
    /// Whether it pretends to have an index.
    pub(crate) is_indexed: bool,
    /// Commits that are not on the branch.
    pub(crate) others: Vec<Commit>,
}

pub(crate) fn name(number: usize) -> ObjectName {
    ObjectName::parse(&format!("{number:040x}")).unwrap()
}

pub(crate) fn person(name: &str, time: jiff::Timestamp) -> Signature {
    Signature { name: name.to_owned(), email: format!("{name}@example.com"), time }
}

fn bytes_of(tag: &str) -> Vec<u8> {
    if tag == "broken" { b"web: [".to_vec() } else { format!("web: {tag}\n").into_bytes() }
}

impl MadeHistory {
    /// Adds a commit that changes files. Each gets a tag, or bytes that cannot be read if
    /// that is `broken`, or is removed.
    pub(crate) fn add(&mut self, files: &[(&str, Option<&str>)]) -> &mut MadeStep {
        let changes = files.iter().map(|(path, text)| {
            let path = RepoPath::new(path).unwrap();
            let before = self.files.get(&path).map(|bytes| Self::blob_of(&mut self.blobs, bytes));
            let bytes = text.map(bytes_of);
            let after = bytes.as_ref().map(|bytes| Self::blob_of(&mut self.blobs, bytes));
            match bytes {
                Some(bytes) => self.files.insert(path.clone(), bytes),
                None => self.files.remove(&path),
            };
            FileChange { path, before, after }
        });
        let changes = changes.collect();
        let number = self.steps.len();
        let time = jiff::Timestamp::from_second(60 * i64::try_from(number).unwrap()).unwrap();
        let person = person("ana", time);
        let commit = Commit {
            id: name(1000 + number),
            parents: self.steps.last().map(|step| step.commit.id.clone()).into_iter().collect(),
            author: person.clone(),
            committer: person,
            message: String::new(),
        };
        self.steps.push(MadeStep { commit, changes });
        self.steps.last_mut().unwrap()
    }

    fn blob_of(blobs: &mut BTreeMap<ObjectName, Vec<u8>>, bytes: &[u8]) -> ObjectName {
        let known = blobs.iter().find(|(_, known)| *known == bytes).map(|(id, _)| id.clone());
        known.unwrap_or_else(|| {
            let id = name(blobs.len() + 1);
            blobs.insert(id.clone(), bytes.to_vec());
            id
        })
    }

    pub(crate) fn of(tags: &[Option<&str>]) -> Self {
        let mut made = Self::default();
        for tag in tags {
            made.add(&[("qa/web", *tag)]);
        }
        made
    }

    /// The files at the newest commit.
    pub(crate) fn tree(&self) -> Tree {
        let mut files = Memory::new();
        for (path, bytes) in &self.files {
            files.insert(path.clone(), bytes.clone());
        }
        Tree::new(files)
    }

    /// Their sites.
    pub(crate) fn model(&self) -> Model {
        Model::of_tree(&self.repository, &self.tree(), &ModelScope::all())
    }

    /// A walk from the newest commit.
    pub(crate) fn walk(&self) -> Walk<'_> {
        let steps = self.steps(&name(0), &[]).unwrap();
        Walk::along(self, steps, self.model())
    }
}

impl Default for MadeHistory {
    fn default() -> Self {
        let configuration = Tree::new(Memory::of([("rungs.yaml", CONFIGURATION)]));
        Self {
            tip: name(0),
            steps: Vec::new(),
            repository: config::load(&configuration).unwrap().repository,
            files: BTreeMap::new(),
            blobs: BTreeMap::new(),
            is_shallow: false,
            is_indexed: false,
            others: Vec::new(),
        }
    }
}

impl CommitHistory for MadeHistory {
    fn steps<'h>(
        &'h self,
        _: &ObjectName,
        _: &[RepoPath],
    ) -> Result<BranchSteps<'h>, HistoryError> {
        let edge = HistoryError::Shallow { fetch: "git fetch --unshallow".to_owned() };
        let edge = self.is_shallow.then_some(Err(edge));
        Ok(Box::new(self.steps.iter().rev().map(|made| Ok(made.step())).chain(edge)))
    }

    fn positions<'h>(
        &'h self,
        _: &ObjectName,
    ) -> Result<Box<dyn BranchPositions + 'h>, HistoryError> {
        Ok(Box::new(MadePositions(self)))
    }

    fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, HistoryError> {
        Ok(self.blobs[id].clone())
    }

    fn is_indexed(&self, _: &ObjectName) -> bool {
        self.is_indexed
    }
}

struct MadePositions<'h>(&'h MadeHistory);

impl BranchPositions for MadePositions<'_> {
    fn position(&mut self, id: &ObjectName, end: usize) -> Result<Option<usize>, HistoryError> {
        let at = self.0.steps.iter().rev().position(|made| made.commit.id == *id);
        Ok(at.filter(|at| *at < end))
    }
}

impl ObjectDatabase for MadeHistory {
    fn commit(&self, id: &ObjectName) -> Result<(Commit, ObjectName), ObjectError> {
        let mut all = self.steps.iter().map(|step| &step.commit).chain(&self.others);
        let found = all.find(|commit| commit.id == *id).cloned();
        found.map(|commit| (commit, name(0))).ok_or_else(|| ObjectError::Absent(id.clone()))
    }

    fn tree(&self, _: &ObjectName) -> Result<Vec<TreeEntry>, ObjectError> {
        unimplemented!()
    }

    fn blob(&self, _: &ObjectName) -> Result<Vec<u8>, ObjectError> {
        unimplemented!()
    }

    fn blob_size(&self, _: &ObjectName) -> Result<u64, ObjectError> {
        unimplemented!()
    }

    fn write_blob(&self, _: &[u8]) -> Result<ObjectName, ObjectError> {
        unimplemented!()
    }

    fn write_tree(&self, _: &[TreeEntry]) -> Result<ObjectName, ObjectError> {
        unimplemented!()
    }

    fn write_commit(&self, _: &[u8]) -> Result<ObjectName, ObjectError> {
        unimplemented!()
    }
}
