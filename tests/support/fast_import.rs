//! Many commits at once.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use rungs::git::ObjectName;

use super::git::command;

/// What the text of a symbolic link starts with, before its target.
pub const LINK: &str = "link to ";

/// The text of a submodule.
pub const SUBMODULE: &str = "submodule";

/// A stream of `git fast-import`, whose commits are a minute apart.
#[derive(Debug, Default)]
pub struct Stream {
    text: Vec<u8>,
    commits: usize,
}

impl Stream {
    /// An empty stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of commits.
    pub fn len(&self) -> usize {
        self.commits
    }

    /// Adds a commit that changes files, or removes those without a text. Returns its
    /// number.
    pub fn commit(
        &mut self,
        message: &str,
        parents: &[usize],
        files: &[(String, Option<String>)],
    ) -> usize {
        let minutes = i64::try_from(self.commits + 1).unwrap();
        self.commit_at(1_700_000_000 + 60 * minutes, message, parents, files)
    }

    /// The same, with the commit's time.
    pub fn commit_at(
        &mut self,
        time: i64,
        message: &str,
        parents: &[usize],
        files: &[(String, Option<String>)],
    ) -> usize {
        self.commits += 1;
        write!(self.text, "commit refs/heads/all\nmark :{}\n", self.commits).unwrap();
        writeln!(self.text, "committer t <t@example.com> {time} +0000").unwrap();
        self.data(message);
        if let [first, others @ ..] = parents {
            writeln!(self.text, "from :{first}").unwrap();
            for other in others {
                writeln!(self.text, "merge :{other}").unwrap();
            }
        }
        for (path, text) in files {
            match text {
                Some(text) if text == SUBMODULE => {
                    writeln!(self.text, "M 160000 {} {path}", "1".repeat(40)).unwrap();
                }
                Some(text) => {
                    let target = text.strip_prefix(LINK);
                    let mode = if target.is_some() { "120000" } else { "100644" };
                    writeln!(self.text, "M {mode} inline {path}").unwrap();
                    self.data(target.unwrap_or(text));
                }
                None => writeln!(self.text, "D {path}").unwrap(),
            }
        }
        self.text.push(b'\n');
        self.commits
    }

    fn data(&mut self, text: &str) {
        writeln!(self.text, "data {}\n{text}", text.len()).unwrap();
    }

    /// Imports everything, and returns the names of the commits, by number.
    ///
    /// # Panics
    ///
    /// If git fails.
    pub fn import(mut self, directory: &Path) -> Vec<ObjectName> {
        self.text.extend(b"done\n");
        let marks = directory.join(".git/marks");
        let mut import = command(directory);
        import.args(["fast-import", "--quiet", "--done", "--force"]);
        import.arg(format!("--export-marks={}", marks.display()));
        let mut import = import.stdin(Stdio::piped()).spawn().unwrap();
        import.stdin.take().unwrap().write_all(&self.text).unwrap();
        assert!(import.wait().unwrap().success());
        let text = fs::read_to_string(marks).unwrap();
        let mut marks: Vec<(usize, ObjectName)> = text
            .lines()
            .map(|line| {
                let (mark, id) = line[1..].split_once(' ').unwrap();
                (mark.parse().unwrap(), ObjectName::parse(id).unwrap())
            })
            .collect();
        marks.sort();
        marks.into_iter().map(|(_, id)| id).collect()
    }
}
