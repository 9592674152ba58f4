//! The text of a case.

use std::collections::BTreeMap;

/// The start of a line that names a file.
const FILE: &str = "-- ";

/// The start of a line that is a command.
const COMMAND: &str = "$ ";

/// The start of a line that is a part of a command's output.
const SAYS: &str = "says ";

/// A case: what was wrong, files, and commands.
pub(super) struct Case {
    /// The text before the first command.
    pub(super) input: String,
    /// The files, by path.
    pub(super) files: BTreeMap<String, String>,
    pub(super) steps: Vec<Step>,
}

/// A command, and what its output has to contain.
pub(super) struct Step {
    pub(super) command: String,
    pub(super) says: Vec<String>,
}

impl Case {
    pub(super) fn parse(text: &str) -> Self {
        let commands = text.find("\n$ ").expect("a case has a command") + 1;
        let (input, commands) = text.split_at(commands);
        let (about, files) = input.split_once("\n-- ").expect("a case has files");
        assert!(about.starts_with("# "), "a case starts with what was wrong");
        let files = format!("{FILE}{files}");
        let files = files.split_inclusive('\n').fold(Vec::new(), |mut files, line| {
            match line.strip_prefix(FILE).and_then(|line| line.strip_suffix(" --\n")) {
                Some(path) => files.push((path.to_owned(), String::new())),
                None => files.last_mut().expect("the first line names a file").1.push_str(line),
            }
            files
        });
        let steps = format!("\n{commands}");
        let steps = steps.split("\n$ ").skip(1).map(Step::parse).collect();
        Self { input: input.to_owned(), files: files.into_iter().collect(), steps }
    }
}

impl Step {
    fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let command = lines.next().unwrap_or_default().to_owned();
        let says = lines.filter_map(|line| line.strip_prefix(SAYS)).map(str::to_owned);
        Self { command, says: says.collect() }
    }

    /// The text of this step when its command gave these lines.
    pub(super) fn with(&self, given: Vec<String>) -> String {
        let says = self.says.iter().map(|said| format!("{SAYS}{said}"));
        let lines = [format!("{COMMAND}{}", self.command)].into_iter().chain(given).chain(says);
        lines.map(|line| line + "\n").collect()
    }
}
