//! Secrets in texts of which no parsed tree says where they are: files that could not
//! be read, and files inside others.

use super::secret_lines::{comments, secret_lines};
use super::{SourceFile, Span};

/// Marks what looks like a secret in a file that could not be read as YAML,
/// and whose excerpts are about to say why. How far a value
/// reaches is not known, so the mark reaches to the end of the line and over
/// every deeper line below it, and comments are not shown at all: too much is hidden
/// rather than too little.
pub fn mark_unread_secrets(file: &SourceFile) {
    mark(file, secret_lines(file.text(), 0));
    mark(file, comments(file.text()));
}

/// The same for a part of a file, such as a text that is a file itself.
pub fn mark_secret_lines(file: &SourceFile, part: Span) {
    let start = part.start as usize;
    mark(file, secret_lines(&file.text()[part.range()], start));
}

fn mark(file: &SourceFile, spans: impl IntoIterator<Item = Span>) {
    spans.into_iter().for_each(|span| file.mark_secret(span));
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
        let data = |kind: &str| format!("kind: {kind}\ndata:\n  user: me\n\tb: c\n");
        assert!(!shown(&data("Secret")).contains("me"));
        assert!(shown(&data("ConfigMap")).contains("me"));
    }

    #[test]
    fn only_a_secret_has_string_data() {
        assert!(!shown("stringData:\n  a: me\n  a: b\n").contains("me"));
        assert!(shown("data:\n  a: me\n  a: b\n").contains("me"));
    }

    #[test]
    fn the_value_of_a_variable_is_hidden_on_whichever_line_it_is() {
        for text in [
            "env:\n- name: DB_PASSWORD\n  value: hunter2\n  value: b\n",
            "env:\n  - value: hunter2\n    name: \"DB_PASSWORD\"\n",
            "env:\n- name: A\n  value: x\n- name: TOKEN # now\n  other: b\n  value: hunter2\n",
            "env: [{name: DB_PASSWORD, value: hunter2\n",
            "env: [{value: hunter2, name: DB_PASSWORD\n",
        ] {
            assert!(!shown(text).contains("hunter2"), "{text}\n{}", shown(text));
        }
        let other = "env:\n- name: DB_PASSWORD\n  value: x1\n- name: LEVEL\n  value: debug\n";
        assert!(shown(other).contains("value: debug"), "{}", shown(other));
    }

    #[test]
    fn a_name_without_its_colon_hides_what_follows() {
        for text in ["password hunter2\n", "a: [password, hunter2\n", "\"token\" \"hunter2\"\n"] {
            assert!(!shown(text).contains("hunter2"), "{text}");
        }
        assert_eq!(shown("- kind: Secret\n  x: y\n z\n"), "- kind: Secret\n  x: y\n z\n");
    }

    #[test]
    fn comments_are_hidden_if_the_file_cannot_be_read() {
        assert_eq!(shown("a: 1 # hunter2\na: 2\n"), "a: 1 #********\na: 2\n");
        assert_eq!(shown("a: x#y\nb: http://x/y\n"), "a: x#y\nb: http://x/y\n");
    }

    #[test]
    fn comments_that_speak_of_secrets_are_hidden_in_any_file() {
        let shown = |text: &str| {
            let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned());
            file.shown().into_owned()
        };
        for hidden in [
            "a: 1 # old password hunter2\n",
            "{# the token was hunter2 #}\n",
            "local a = 1; // api key hunter2\n",
            "kind: Secret\nx: 1 # hunter2\n",
            "kind: Secret\nstringData:\n  a: hunter2{{ b }}\n",
        ] {
            assert!(!shown(hidden).contains("hunter2"), "{hidden}");
        }
        for plain in [
            "a: 1 # by promotion\n",
            "a: 1 # rungs: app=token\n",
            "a: b # {\"$imagepolicy\": \"token:a\"}\n",
        ] {
            assert_eq!(shown(plain), plain);
        }
    }
}
