//! Secrets in texts of which no parsed tree says where they are: files that could not
//! be read, and files inside others.

use super::redact::is_secret_key;
use super::{SourceFile, Span};

/// Marks what looks like a secret in a file that could not be read as YAML,
/// and whose excerpts are about to say why. How far a value
/// reaches is not known, so the mark reaches to the end of the line and over
/// every deeper line below it: too much is hidden rather than too little.
pub fn mark_unread_secrets(file: &SourceFile) {
    mark_secret_lines(file, Span::new(0, file.text().len()));
}

/// The same for a part of a file, such as a text that is a file itself.
pub fn mark_secret_lines(file: &SourceFile, part: Span) {
    let text = &file.text()[part.range()];
    let is_secret_object = text.lines().any(|line| {
        let kind = line.trim().trim_start_matches(['-', '{', ' ']).strip_prefix("kind:");
        kind.is_some_and(|kind| kind.trim().trim_matches(['"', '\'', ',', '}']) == "Secret")
    });
    let hides = |key: &str| {
        is_secret_key(key) || (is_secret_object && matches!(key, "data" | "stringData"))
    };
    let mut hidden_below: Option<usize> = None;
    let mut start = part.start as usize;
    for line in text.split_inclusive('\n') {
        let indentation = line.len() - line.trim_start().len();
        if !line.trim().is_empty() && hidden_below.is_some_and(|above| indentation <= above) {
            hidden_below = None;
        }
        if hidden_below.is_some() {
            file.mark_secret(Span::new(start, start + line.trim_end().len()));
        } else if let Some(value) = first_hidden(line, hides) {
            file.mark_secret(Span::new(start + value, start + line.trim_end().len()));
            hidden_below = Some(indentation);
        }
        start += line.len();
    }
}

/// Where the value of the first key of a line that is to be hidden begins.
fn first_hidden(line: &str, hides: impl Fn(&str) -> bool) -> Option<usize> {
    let colons = line.match_indices(':').map(|(at, _)| at);
    colons.filter(|&at| hides(key_before(line, at))).map(|at| at + 1).next()
}

fn key_before(line: &str, colon: usize) -> &str {
    let before = line[..colon].trim_end().trim_end_matches(['"', '\'']);
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    before.rsplit(|c| !is_key(c)).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::RepoPath;

    fn shown(text: &str) -> String {
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned());
        mark_unread_secrets(&file);
        file.shown().into_owned()
    }

    #[test]
    fn secrets_of_a_file_that_is_no_yaml_are_hidden_in_every_style() {
        assert_eq!(shown("a: {password: x1, b\nuser: me\n"), "a: {password:******\nuser: me\n");
        assert_eq!(shown("\"api-key\" : 'x'\n"), "\"api-key\" :****\n");
        assert_eq!(
            shown("db:\n  token: |\n    line\n\n    more\n  host: h\n"),
            "db:\n  token:**\n********\n\n********\n  host: h\n"
        );
    }

    #[test]
    fn the_data_of_a_secret_is_hidden_and_that_of_a_config_map_is_not() {
        let data = |kind: &str| format!("kind: {kind}\nstringData:\n  user: me\n\tb: c\n");
        assert!(!shown(&data("Secret")).contains("me"));
        assert!(shown(&data("ConfigMap")).contains("me"));
    }
}
