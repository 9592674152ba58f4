//! Every option that a message or the page of a code names is one that a command has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The options of each command (`rungs hold set`), from what `--help` prints. Those of
/// `rungs` itself are accepted by every command.
struct Options(BTreeMap<String, BTreeSet<String>>);

impl Options {
    fn read() -> Self {
        let page = rungs::cli::reference();
        let sections = page.split("\n## ").skip(1).map(|section| {
            let (command, text) = section.split_once('\n').unwrap();
            let words = text.lines().filter_map(|line| {
                let line = line.trim_start();
                line.starts_with('-').then(|| line.split_whitespace())
            });
            let options = words.flatten().filter(|word| word.starts_with("--"));
            (command.to_owned(), options.map(str::to_owned).collect())
        });
        let options: BTreeMap<String, BTreeSet<String>> = sections.collect();
        assert!(options["rungs"].contains("--repo"), "{options:?}");
        assert!(options["rungs hold set"].contains("--until"), "{options:?}");
        Self(options)
    }

    /// The options that words in code style name and that the command before them does not
    /// have; if there is none, that no command has.
    fn unknown<'t>(&self, code: &'t str) -> Vec<&'t str> {
        let name = |word: &'t str| word.split(['=', ')', ',', ';']).next().unwrap_or(word);
        let words: Vec<&str> = code.split_whitespace().collect();
        let named = words.iter().filter(|word| is_option(word)).map(|word| name(word));
        let command = (1..=words.len().min(3)).rev().map(|count| words[..count].join(" "));
        let own = command.filter(|command| command != "rungs").find_map(|of| self.0.get(&of));
        let is_known = |option: &&str| match own {
            Some(own) => own.contains(*option) || self.0["rungs"].contains(*option),
            None => self.0.values().any(|options| options.contains(*option)),
        };
        named.filter(|option| !is_known(option)).collect()
    }
}

/// The parts of a text between backticks that are about rungs: an option, or a command.
fn code(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split('`').skip(1).step_by(2);
    code.filter(|code| is_option(code) || code.starts_with("rungs "))
}

/// Whether a word is one; `---` separates documents.
fn is_option(word: &str) -> bool {
    word.strip_prefix("--").is_some_and(|name| name.starts_with(char::is_alphabetic))
}

/// Options of other programs that messages name.
const OF_OTHERS: [&str; 1] = ["--encrypted-regex"];

#[track_caller]
fn all_are_known<'t>(options: &Options, from: &str, lines: impl Iterator<Item = &'t str>) {
    let unknown = lines.flat_map(code).flat_map(|code| options.unknown(code));
    let unknown: BTreeSet<_> = unknown.filter(|option| !OF_OTHERS.contains(option)).collect();
    assert!(unknown.is_empty(), "{from} names options that do not exist: {unknown:?}");
}

#[test]
fn options_in_messages_exist() {
    let options = Options::read();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = walkdir::WalkDir::new(source).into_iter().filter_map(Result::ok);
    let files = files.filter(|file| file.path().extension().is_some_and(|end| end == "rs"));
    let mut read = 0;
    for file in files {
        let text = fs::read_to_string(file.path()).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let is_comment = |line: &&str| line.trim_start().starts_with("//");
        let lines = text.lines().filter(|line| !is_comment(line));
        all_are_known(&options, &file.path().display().to_string(), lines);
        read += 1;
    }
    assert!(read > 100, "{read} files");
}

#[test]
fn options_on_the_pages_of_codes_exist() {
    let options = Options::read();
    for (name, page) in rungs::codes::pages() {
        all_are_known(&options, &name, page.lines());
    }
}

#[test]
fn an_option_that_does_not_exist_is_found() {
    let options = Options::read();
    let unknown = |line: &str| -> Vec<String> {
        code(line).flat_map(|code| options.unknown(code)).map(str::to_owned).collect()
    };
    assert_eq!(unknown("name it with `--cache` or `--repo DIR`"), ["--cache"]);
    assert_eq!(unknown("`rungs render --base main` and `git fetch --tags`"), ["--base"]);
    assert_eq!(unknown("`rungs hold set --until=1` or `rungs status --format json`"), [""; 0]);
}
