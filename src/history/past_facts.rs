//! Facts about files and their past, kept from run to run.

use super::Commits;
use crate::git::{ContentFacts, FactKey, HistoryError, fact_key};
use crate::source::RepoPath;

/// Facts that were derived from files and from everything that happened to them on a
/// branch.
///
/// The newest commit that changed one of the files stands for all of it: what was before is
/// in that commit's own past, which never changes.
pub struct PastFacts<'a> {
    commits: Commits<'a>,
    facts: &'a ContentFacts,
}

impl<'a> PastFacts<'a> {
    /// Those of a branch; none if it has no index, without which finding that commit takes
    /// as long as deriving a fact.
    pub fn of(commits: Commits<'a>) -> Option<Self> {
        commits.history.expect_many();
        let facts = commits.history.past_facts();
        let facts = facts.filter(|_| commits.history.is_indexed(commits.tip))?;
        Some(Self { commits, facts })
    }

    /// The key of a fact of that sort about the files at these paths, which depends on
    /// these texts as well.
    pub fn key<'t>(
        &self,
        sort: &str,
        paths: &[RepoPath],
        texts: impl IntoIterator<Item = &'t [u8]>,
    ) -> Result<FactKey, HistoryError> {
        let Commits { tip, history, .. } = self.commits;
        let newest = history.newest(tip, paths)?;
        let newest = newest.as_ref().map_or("", |id| id.as_str());
        let past = [history.reading().unwrap_or_default(), newest].map(str::as_bytes);
        // Each text for as long as the others.
        let texts = texts.into_iter().map(|text| -> &[u8] { text });
        Ok(fact_key(sort, past.into_iter().chain(texts)))
    }

    /// The fact of a key, if it is known.
    pub fn get(&self, key: &FactKey) -> Option<Vec<u8>> {
        self.facts.get(key)
    }

    /// Keeps a fact.
    pub fn put(&self, key: FactKey, fact: Vec<u8>) {
        self.facts.put(key, fact);
    }
}
