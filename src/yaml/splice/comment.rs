//! Comments on a value's own line.

use crate::yaml::{Node, Style};

/// The comment behind a scalar or alias on the line where it ends, with its
/// `#`; behind a block scalar's `|` or `>`, the one on that line.
///
/// In a flow collection a comment belongs to the last value of its line, and
/// brackets and commas may stand between.
pub fn comment_behind(node: Node<'_>) -> Option<&str> {
    let (text, span) = (node.file_text(), node.span());
    let at = match node.style() {
        Style::Literal | Style::Folded => span.start as usize + header_length(&text[span.range()]),
        Style::Block | Style::Made => return None,
        _ => span.end as usize,
    };
    comment_at(text, at)
}

/// The comment that is next on the line, with nothing before it but blanks,
/// commas and closing brackets.
pub(super) fn comment_at(text: &str, at: usize) -> Option<&str> {
    let rest = text.get(at..)?;
    let line = rest.split('\n').next().unwrap_or_default().trim_end();
    let before = line.find('#')?;
    let is_passed = line[..before].bytes().all(|b| matches!(b, b' ' | b'\t' | b',' | b'}' | b']'));
    // Right behind a value or a bracket, `#` begins no comment.
    let is_apart = text[..at + before].ends_with([' ', '\t']);
    (is_passed && is_apart).then(|| &line[before..])
}

/// How long `|+2` and its like are.
pub(super) fn header_length(block_scalar: &str) -> usize {
    let is_header = |b: &u8| matches!(b, b'|' | b'>' | b'+' | b'-' | b'0'..=b'9');
    block_scalar.bytes().take_while(is_header).count()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::comment_behind;
    use crate::source::{RepoPath, SourceFile};
    use crate::yaml::{Dialect, Route, parse};

    fn comment(text: &str, route: &str) -> Option<String> {
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned());
        let documents = parse(&Arc::new(file), Dialect::Kubectl).unwrap();
        let node = Route::parse(route).unwrap().find(documents[0].root()).unwrap();
        comment_behind(node).map(str::to_owned)
    }

    #[test]
    fn a_comment_belongs_to_the_value_before_it_on_its_line() {
        let text = "a: web:v1 # {\"$imagepolicy\": \"ns:web\"}\nb: \"x # y\"\t# two\r\nc: z#3\nd: 4\n\
                    # none\ne: | # block\n  text # no\nf: &f x # anchored\ng: *f # alias\n\
                    h: # nothing yet\ni:\n- j # item\n";
        let marked = Some("# {\"$imagepolicy\": \"ns:web\"}".to_owned());
        assert_eq!(comment(text, "a"), marked);
        for (route, comment_there) in [
            ("b", Some("# two")),
            ("c", None),
            ("d", None),
            ("e", Some("# block")),
            ("f", Some("# anchored")),
            ("g", Some("# alias")),
            ("h", Some("# nothing yet")),
            ("i", None),
            ("i[0]", Some("# item")),
        ] {
            assert_eq!(comment(text, route).as_deref(), comment_there, "{route}");
        }
    }

    #[test]
    fn in_a_flow_map_a_comment_belongs_to_the_last_value_of_its_line() {
        let text = "m: {a: 1, b: [2, 3]} # here\np: {\n  \"a\": \"x\", # first\n  \"b\": \"y\" # last\n}\n";
        assert_eq!(comment(text, "m.a"), None);
        assert_eq!(comment(text, "m.b[0]"), None);
        assert_eq!(comment(text, "m.b[1]").as_deref(), Some("# here"));
        assert_eq!(comment(text, "p.a").as_deref(), Some("# first"));
        assert_eq!(comment(text, "p.b").as_deref(), Some("# last"));
    }
}
