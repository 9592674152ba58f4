//! A part of a branch's history: consecutive commits, and what each changed.
//!
//! Everything but the header is in tables of rows of one width, which are read in
//! place. Commits are numbered from the newest, paths in the order of their bytes.
//!
//! | table | a row |
//! | --- | --- |
//! | commits | the commit's name; its time in seconds, 8 bytes; the number of its first change, 4 |
//! | names | the number of a commit, 4 bytes, in the order of their names |
//! | changes | the number of the path, 4 bytes; the name of the blob before, and of the blob after; zero for none |
//! | paths | the start of the path's text, 4 bytes, and of its visits, 4 |
//! | text | the paths' texts, one after the other |
//! | visits | the number of a commit that changed the path, 4 bytes, and of the change, 4; the newest first |

use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use jiff::Timestamp;

use crate::git::checked_bytes::{CheckedBytes, ReadFault, partition_point, u32_of};
use crate::git::{BranchStep, FileChange, ObjectName};
use crate::source::RepoPath;

/// What every segment starts with. Another number stands for another format.
pub(super) const MAGIC: &[u8; 8] = b"rungsHL\x02";

/// The length of the header: the magic, the width of a name, whether there is a commit
/// before, four counts, the name of that commit, and the key.
pub(super) const HEADER: usize = 8 + 4 + 4 + 4 * 4 + 32 + KEY;

/// The length of the key that says which branch a segment is of.
pub(super) const KEY: usize = 32;

/// The length of a row of paths, and of one of visits.
const PATH_ROW: usize = 8;
const VISIT_ROW: usize = 8;

/// Consecutive commits of a branch, from the newest to the oldest.
#[derive(Debug)]
pub(super) struct CommitSegment {
    bytes: CheckedBytes,
    /// The length of a commit's name in bytes.
    width: usize,
    counts: SegmentCounts,
    /// The commit before the oldest; none if that is the branch's first.
    before: Option<ObjectName>,
    tables: Tables,
    /// The paths, once one is looked for.
    paths: OnceLock<PathTable>,
}

/// The number of rows of each table; of the text, its length.
#[derive(Debug, Clone, Copy)]
struct SegmentCounts {
    commits: usize,
    changes: usize,
    paths: usize,
    text: usize,
}

/// Where each table starts.
#[derive(Debug, Clone, Copy)]
struct Tables {
    commits: usize,
    names: usize,
    changes: usize,
    paths: usize,
    text: usize,
    visits: usize,
    end: usize,
}

impl Tables {
    fn of(counts: SegmentCounts, width: usize) -> Self {
        let commits = HEADER;
        let names = commits + counts.commits * commit_row(width);
        let changes = names + 4 * counts.commits;
        let paths = changes + counts.changes * change_row(width);
        let text = paths + counts.paths * PATH_ROW;
        let visits = text + counts.text;
        let end = visits + counts.changes * VISIT_ROW;
        Self { commits, names, changes, paths, text, visits, end }
    }
}

fn commit_row(width: usize) -> usize {
    width + 12
}

fn change_row(width: usize) -> usize {
    4 + 2 * width
}

/// A commit of a segment.
pub(super) struct CommitRow {
    pub(super) id: Vec<u8>,
    pub(super) seconds: i64,
    /// The numbers of its changes.
    pub(super) changes: Range<usize>,
}

/// A change of a segment.
pub(super) struct ChangeRow {
    /// The number of the path.
    pub(super) path: usize,
    /// The names of the blobs; zero for none.
    pub(super) before: Vec<u8>,
    pub(super) after: Vec<u8>,
}

/// A commit that changed a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PathVisit {
    pub(super) commit: usize,
    /// The number of the change.
    pub(super) change: usize,
}

/// The paths of a segment, in the order of their bytes.
#[derive(Debug)]
struct PathTable {
    rows: Vec<u8>,
    text: Vec<u8>,
    /// The number of visits to all paths.
    visits: usize,
}

impl CommitSegment {
    /// A segment in a file, if it is of the branch with that key.
    pub(super) fn open(path: &Path, key: &[u8; KEY]) -> Result<Self, ReadFault> {
        Self::of(CheckedBytes::open(path)?, key)
    }

    /// A segment of a branch with that key.
    pub(super) fn of(bytes: CheckedBytes, key: &[u8; KEY]) -> Result<Self, ReadFault> {
        let header = bytes.bytes(0, HEADER)?;
        let number = |at: usize| u32_of(&header[at..at + 4]) as usize;
        let width = number(8);
        if !header.starts_with(MAGIC) || !header.ends_with(key) || !matches!(width, 20 | 32) {
            return Err(ReadFault::Damaged);
        }
        let counts = SegmentCounts {
            commits: number(16),
            changes: number(20),
            paths: number(24),
            text: number(28),
        };
        let before = match number(12) {
            0 => None,
            _ => Some(ObjectName::from_bytes(&header[32..32 + width]).ok_or(ReadFault::Damaged)?),
        };
        let tables = Tables::of(counts, width);
        if tables.end != bytes.len() || counts.commits == 0 {
            return Err(ReadFault::Damaged);
        }
        Ok(Self { bytes, width, counts, before, tables, paths: OnceLock::new() })
    }

    /// The number of commits.
    pub(super) fn len(&self) -> usize {
        self.counts.commits
    }

    /// The length of a commit's name in bytes.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The number of changes.
    pub(super) fn changes(&self) -> usize {
        self.counts.changes
    }

    /// The number of paths.
    pub(super) fn path_count(&self) -> usize {
        self.counts.paths
    }

    /// The commit before the oldest; none if that is the branch's first.
    pub(super) fn before(&self) -> Option<&ObjectName> {
        self.before.as_ref()
    }

    /// The name of a commit, by its number.
    pub(super) fn id(&self, at: usize) -> Result<ObjectName, ReadFault> {
        ObjectName::from_bytes(&self.id_bytes(at)?).ok_or(ReadFault::Damaged)
    }

    fn id_bytes(&self, at: usize) -> Result<Vec<u8>, ReadFault> {
        self.bytes.bytes(self.tables.commits + at * commit_row(self.width), self.width)
    }

    /// A commit, by its number.
    pub(super) fn commit(&self, at: usize) -> Result<CommitRow, ReadFault> {
        if at >= self.counts.commits {
            return Err(ReadFault::Damaged);
        }
        let width = commit_row(self.width);
        let mut row = self.bytes.bytes(self.tables.commits + at * width, width)?;
        let rest = row.split_off(self.width);
        let seconds = rest[..8].try_into().map(i64::from_le_bytes);
        let end = if at + 1 < self.counts.commits {
            self.bytes.u32(self.tables.commits + (at + 2) * width - 4)? as usize
        } else {
            self.counts.changes
        };
        let changes = u32_of(&rest[8..]) as usize..end;
        if changes.start > end || end > self.counts.changes {
            return Err(ReadFault::Damaged);
        }
        Ok(CommitRow { id: row, seconds: seconds.map_err(|_| ReadFault::Damaged)?, changes })
    }

    /// A commit's name and time, by its number.
    pub(super) fn time(&self, at: usize) -> Result<(ObjectName, Timestamp), ReadFault> {
        let CommitRow { id, seconds, .. } = self.commit(at)?;
        let id = ObjectName::from_bytes(&id).ok_or(ReadFault::Damaged)?;
        Ok((id, Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)))
    }

    /// The number of a commit, by its name; none if it is not one of them.
    pub(super) fn find(&self, id: &ObjectName) -> Result<Option<usize>, ReadFault> {
        let wanted: Vec<u8> = id.bytes().collect();
        // Nearly always it is the newest.
        if self.id_bytes(0)? == wanted {
            return Ok(Some(0));
        }
        let named = |row: usize| -> Result<usize, ReadFault> {
            Ok(self.bytes.u32(self.tables.names + 4 * row)? as usize)
        };
        let count = self.counts.commits;
        let row = partition_point(count, |row| Ok(self.id_bytes(named(row)?)? < wanted))?;
        if row == count {
            return Ok(None);
        }
        let at = named(row)?;
        Ok((self.id_bytes(at)? == wanted).then_some(at))
    }

    /// A change, by its number.
    pub(super) fn change(&self, at: usize) -> Result<ChangeRow, ReadFault> {
        let width = change_row(self.width);
        let mut row = self.bytes.bytes(self.tables.changes + at * width, width)?;
        let after = row.split_off(4 + self.width);
        let before = row.split_off(4);
        Ok(ChangeRow { path: u32_of(&row) as usize, before, after })
    }

    /// A path's text, by its number.
    pub(super) fn path(&self, number: usize) -> Result<&str, ReadFault> {
        std::str::from_utf8(self.path_table()?.text(number)?).map_err(|_| ReadFault::Damaged)
    }

    fn path_table(&self) -> Result<&PathTable, ReadFault> {
        if let Some(known) = self.paths.get() {
            return Ok(known);
        }
        let rows = self.bytes.bytes(self.tables.paths, self.counts.paths * PATH_ROW)?;
        let text = self.bytes.bytes(self.tables.text, self.counts.text)?;
        let table = PathTable { rows, text, visits: self.counts.changes };
        Ok(self.paths.get_or_init(|| table))
    }

    /// The commits that changed a file at or below one of the paths, from the newest to the
    /// oldest; without any paths, of all files.
    pub(super) fn visits(&self, wanted: &[RepoPath]) -> Result<Vec<PathVisit>, ReadFault> {
        let mut visits: Vec<PathVisit> = Vec::new();
        let table = self.path_table()?;
        let whole = [RepoPath::root()];
        for path in if wanted.is_empty() { &whole } else { wanted } {
            for numbers in table.at_or_below(path)? {
                let Some(last) = numbers.end.checked_sub(1).filter(|_| !numbers.is_empty()) else {
                    continue;
                };
                let (begin, end) = (table.visits(numbers.start)?.start, table.visits(last)?.end);
                let count = end.checked_sub(begin).ok_or(ReadFault::Damaged)?;
                let at = self.tables.visits + begin * VISIT_ROW;
                let rows = self.bytes.bytes(at, count * VISIT_ROW)?;
                visits.extend(rows.chunks_exact(VISIT_ROW).map(|row| PathVisit {
                    commit: u32_of(&row[..4]) as usize,
                    change: u32_of(&row[4..]) as usize,
                }));
            }
        }
        visits.sort_unstable();
        visits.dedup();
        Ok(visits)
    }

    /// The newest commit from that number on that changed a file at or below one of the
    /// paths.
    pub(super) fn newest(
        &self,
        wanted: &[RepoPath],
        from: usize,
    ) -> Result<Option<usize>, ReadFault> {
        let mut newest = None;
        let table = self.path_table()?;
        for path in wanted {
            for number in table.at_or_below(path)?.into_iter().flatten() {
                let visits = table.visits(number)?;
                let [begin, end] =
                    [visits.start, visits.end].map(|row| self.tables.visits + row * VISIT_ROW);
                let own = self.first_visit(begin..end, from)?;
                newest = [newest, own].into_iter().flatten().min();
            }
        }
        Ok(newest)
    }

    /// The first commit from that number on in rows of visits, which are in the order of
    /// their commits.
    fn first_visit(&self, rows: Range<usize>, from: usize) -> Result<Option<usize>, ReadFault> {
        let count = rows.end.checked_sub(rows.start).ok_or(ReadFault::Damaged)? / VISIT_ROW;
        let commit = |row: usize| -> Result<usize, ReadFault> {
            Ok(self.bytes.u32(rows.start + row * VISIT_ROW)? as usize)
        };
        let first = partition_point(count, |row| Ok(commit(row)? < from))?;
        (first < count).then(|| commit(first)).transpose()
    }

    /// A step of the branch, with the changes of these numbers.
    pub(super) fn step(&self, at: usize, changes: &[usize]) -> Result<BranchStep, ReadFault> {
        let commit = self.commit(at)?;
        let changes = changes.iter().map(|change| self.file_change(*change));
        let mut changes = changes.collect::<Result<Vec<_>, _>>()?;
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        let before = match at + 1 {
            next if next < self.counts.commits => Some(self.id(next)?),
            _ => self.before.clone(),
        };
        Ok(BranchStep {
            id: ObjectName::from_bytes(&commit.id).ok_or(ReadFault::Damaged)?,
            at: Timestamp::from_second(commit.seconds).unwrap_or(Timestamp::MAX),
            before,
            changes,
        })
    }

    fn file_change(&self, at: usize) -> Result<FileChange, ReadFault> {
        let ChangeRow { path, before, after } = self.change(at)?;
        let path = RepoPath::new(self.path(path)?).map_err(|_| ReadFault::Damaged)?;
        let name = |bytes: &[u8]| ObjectName::from_bytes(bytes).filter(|id| !id.is_null());
        Ok(FileChange { path, before: name(&before), after: name(&after) })
    }
}

impl PathTable {
    fn len(&self) -> usize {
        self.rows.len() / PATH_ROW
    }

    fn row(&self, number: usize) -> Result<(usize, usize), ReadFault> {
        let begin = number * PATH_ROW;
        let row = self.rows.get(begin..begin + PATH_ROW).ok_or(ReadFault::Damaged)?;
        Ok((u32_of(&row[..4]) as usize, u32_of(&row[4..]) as usize))
    }

    /// A path's text.
    fn text(&self, number: usize) -> Result<&[u8], ReadFault> {
        let (begin, _) = self.row(number)?;
        let end = if number + 1 < self.len() { self.row(number + 1)?.0 } else { self.text.len() };
        self.text.get(begin..end).ok_or(ReadFault::Damaged)
    }

    /// The rows of the table of visits that are of a path.
    fn visits(&self, number: usize) -> Result<Range<usize>, ReadFault> {
        let (_, begin) = self.row(number)?;
        let end = if number + 1 < self.len() { self.row(number + 1)?.1 } else { self.visits };
        Ok(begin..end)
    }

    /// The number of the first path that does not come before `text`.
    fn first_from(&self, text: &[u8]) -> Result<usize, ReadFault> {
        partition_point(self.len(), |number| Ok(self.text(number)? < text))
    }

    /// The numbers of a path's own file, and of the files below it.
    fn at_or_below(&self, path: &RepoPath) -> Result<[Range<usize>; 2], ReadFault> {
        if path.is_root() {
            return Ok([0..self.len(), 0..0]);
        }
        let own = self.first_from(path.as_str().as_bytes())?;
        let is_there = own < self.len() && self.text(own)? == path.as_str().as_bytes();
        // What follows `/` in the order of bytes ends what is below.
        let below = self.first_from(format!("{path}/").as_bytes())?;
        let after = if below < self.len() {
            self.first_from(format!("{path}0").as_bytes())?
        } else {
            below
        };
        Ok([own..own + usize::from(is_there), below..after])
    }
}
