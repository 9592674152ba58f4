//! Lines of a text: the bytes that end them, and the comments on them.

pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Where the line of a byte starts; after a byte order mark.
pub(super) fn start(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    if start == 0 && text.starts_with(BYTE_ORDER_MARK) {
        return BYTE_ORDER_MARK.len_utf8().min(at);
    }
    start
}

/// Where the line of a byte ends, before its line break.
pub(super) fn end(text: &str, at: usize) -> usize {
    match text[at..].find('\n') {
        Some(length) if text[at..at + length].ends_with('\r') => at + length - 1,
        Some(length) => at + length,
        None => text.len(),
    }
}

/// The end of the line of a byte, or of the last comment that follows it with
/// nothing but other comments and blank lines between.
pub(super) fn end_of_comments(text: &str, at: usize) -> usize {
    let mut last = end(text, at);
    let mut start = next(text, at);
    while start < text.len() {
        let content = text[start..end(text, start)].trim_start_matches([' ', '\t']);
        if content.starts_with('#') {
            last = end(text, start);
        } else if !content.is_empty() {
            break;
        }
        start = next(text, start);
    }
    last
}

/// Where the line after that of a byte starts; the text's end for the last.
pub(super) fn next(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |length| at + length + 1)
}

/// The line break at the end of a line; where it has none, the one that
/// the first line has.
pub(super) fn line_break(text: &str, at: usize) -> &'static str {
    let end = end(text, at);
    let kind = |rest: &str| if rest.starts_with('\r') { "\r\n" } else { "\n" };
    if end < text.len() {
        return kind(&text[end..]);
    }
    kind(&text[self::end(text, 0)..])
}

/// How many bytes are before one on its line.
pub(super) fn column(text: &str, at: usize) -> usize {
    at - start(text, at)
}

/// Whether only spaces are before a byte on its line.
pub(super) fn is_first(text: &str, at: usize) -> bool {
    text[start(text, at)..at].bytes().all(|byte| byte == b' ')
}

/// The offset after the blanks that follow.
pub(super) fn skip_blanks(text: &str, at: usize) -> usize {
    at + text[at..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Whether a line has only blanks and a comment from a byte on.
pub(super) fn is_done(text: &str, at: usize) -> bool {
    let rest = text[at..end(text, at)].trim_start_matches([' ', '\t']);
    rest.is_empty() || rest.starts_with('#')
}

/// Whether a gap between tokens has a comment on a line of its own.
pub(super) fn has_comment_line(gap: &str) -> bool {
    gap.lines().skip(1).any(|line| line.trim_start().starts_with('#'))
}

/// The comment that is next on the line, with nothing before it but blanks,
/// commas and closing brackets.
pub(super) fn comment_at(text: &str, at: usize) -> Option<&str> {
    let rest = text.get(at..)?;
    let line = rest.split('\n').next().unwrap_or_default().trim_end();
    let before = line.find('#')?;
    let is_passed = line[..before].bytes().all(|b| matches!(b, b' ' | b'\t' | b',' | b'}' | b']'));
    // Directly after a value or a bracket, `#` starts no comment.
    let is_apart = text[..at + before].ends_with([' ', '\t']);
    (is_passed && is_apart).then(|| &line[before..])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::comment_at;
    use crate::source::{RepoPath, SourceFile};
    use crate::yaml::place::header_length;
    use crate::yaml::{Dialect, Route, Style, parse};

    fn comment(text: &str, route: &str) -> Option<String> {
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned());
        let documents = parse(&Arc::new(file), Dialect::Kubectl).unwrap();
        let node = Route::parse(route).unwrap().find(documents[0].root()).unwrap();
        let span = node.span().range();
        let end = match node.style() {
            Style::Literal => span.start + header_length(&text[span]),
            Style::Block => return None,
            _ => span.end,
        };
        comment_at(text, end).map(str::to_owned)
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
