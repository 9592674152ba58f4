//! A made-up history, whose files `environment/app` hold a tag or nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reading, Walk};
use crate::config::EnvironmentName;
use crate::git::{
    BranchStep, Commit, CommitHistory, CommitNames, FileChange, HistoryError, ObjectDatabase,
    ObjectError, ObjectName, Signature, TreeEntry,
};
use crate::sites::{AppInstance, ImageParts, Key, SiteValue, State};
use crate::source::RepoPath;

/// Files by path.
#[derive(Clone, Default)]
pub(crate) struct MadeFiles(BTreeMap<RepoPath, Vec<u8>>);

impl Reading for MadeFiles {
    fn instances(&self) -> Vec<AppInstance> {
        self.0.keys().map(|path| instance(path.as_str())).collect()
    }

    fn state(&self, instance: &AppInstance) -> Option<State> {
        let path = RepoPath::new(&format!("{}/{}", instance.environment, instance.app)).unwrap();
        let Some(bytes) = self.0.get(&path) else { return Some(State::default()) };
        let tag = String::from_utf8(bytes.clone()).unwrap();
        (tag != "broken").then(|| state(&tag))
    }

    fn put(&mut self, path: &RepoPath, bytes: Option<Vec<u8>>) -> BTreeSet<AppInstance> {
        match bytes {
            Some(bytes) => self.0.insert(path.clone(), bytes),
            None => self.0.remove(path),
        };
        BTreeSet::from([instance(path.as_str())])
    }
}

pub(crate) fn instance(text: &str) -> AppInstance {
    let (environment, app) = text.rsplit_once('/').unwrap();
    AppInstance { environment: EnvironmentName::named(environment).unwrap(), app: app.to_owned() }
}

pub(crate) fn state(tag: &str) -> State {
    let image = ImageParts { tag: Some(tag.to_owned()), ..ImageParts::default() };
    State::new([(Key::Image("web".to_owned()), SiteValue::Image(image))].into())
}

/// Commits from the oldest to the newest; each at the minute of its index.
pub(crate) struct MadeHistory {
    /// A name for the tip, which nothing looks up.
    pub(crate) tip: ObjectName,
    pub(crate) steps: Vec<BranchStep>,
    pub(crate) files: MadeFiles,
    blobs: BTreeMap<ObjectName, Vec<u8>>,
    pub(crate) is_shallow: bool,
    /// Commits that are not on the branch.
    pub(crate) others: Vec<Commit>,
}

pub(crate) fn name(number: usize) -> ObjectName {
    ObjectName::parse(&format!("{number:040x}")).unwrap()
}

pub(crate) fn person(name: &str, time: jiff::Timestamp) -> Signature {
    Signature { name: name.to_owned(), email: format!("{name}@example.com"), time }
}

impl MadeHistory {
    pub(crate) fn add(&mut self, files: &[(&str, Option<&str>)]) -> &mut BranchStep {
        let changes = files.iter().map(|(path, text)| {
            let path = RepoPath::new(path).unwrap();
            let before = self.files.0.get(&path).map(|bytes| Self::blob_of(&mut self.blobs, bytes));
            let bytes = text.map(|text| text.as_bytes().to_vec());
            let after = bytes.as_ref().map(|bytes| Self::blob_of(&mut self.blobs, bytes));
            self.files.put(&path, bytes);
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
        self.steps.push(BranchStep { commit, changes, hides_branch: false });
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

    /// A walk from the newest commit.
    pub(crate) fn walk(&self) -> Walk<'_, MadeFiles> {
        let steps = self.steps(&name(0), &[]).unwrap();
        Walk::new(self, steps, self.files.clone())
    }
}

impl Default for MadeHistory {
    fn default() -> Self {
        Self {
            tip: name(0),
            steps: Vec::new(),
            files: MadeFiles::default(),
            blobs: BTreeMap::new(),
            is_shallow: false,
            others: Vec::new(),
        }
    }
}

impl CommitHistory for MadeHistory {
    fn steps<'h>(
        &'h self,
        _: &ObjectName,
        _: &[RepoPath],
    ) -> Result<Box<dyn Iterator<Item = Result<BranchStep, HistoryError>> + 'h>, HistoryError> {
        let edge = HistoryError::Shallow { fetch: "git fetch --unshallow".to_owned() };
        let edge = self.is_shallow.then_some(Err(edge));
        Ok(Box::new(self.steps.iter().rev().cloned().map(Ok).chain(edge)))
    }

    fn branch<'h>(&'h self, _: &ObjectName) -> Result<CommitNames<'h>, HistoryError> {
        Ok(Box::new(self.steps.iter().rev().map(|step| Ok(step.commit.id.clone()))))
    }

    fn blob(&self, id: &ObjectName) -> Result<Vec<u8>, HistoryError> {
        Ok(self.blobs[id].clone())
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
