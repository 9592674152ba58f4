//! A file's text, its lines, and what of it must not be shown.

use std::borrow::Cow;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::redact::credentials;
use super::secret_lines::{secret_comments, unmarked_secrets};
use super::{Position, RepoPath, Span};

/// Bytes between two counts of characters.
const STRIDE: usize = 1024;

/// One file's text as it was read, with its name.
///
/// Everything that shows text to a person reads it through [`Self::shown`],
/// which masks the spans that were marked secret.
#[derive(Debug)]
pub struct SourceFile {
    path: RepoPath,
    revision: Option<String>,
    content: Option<String>,
    text: String,
    line_starts: OnceLock<Vec<u32>>,
    /// How many characters begin before each [`STRIDE`]th byte.
    characters: OnceLock<Vec<usize>>,
    secrets: Mutex<Vec<Span>>,
}

impl SourceFile {
    /// A file of the work tree, or one that only exists in memory.
    pub fn new(path: RepoPath, text: String) -> Self {
        Self {
            path,
            revision: None,
            content: None,
            text,
            line_starts: OnceLock::new(),
            characters: OnceLock::new(),
            secrets: Mutex::default(),
        }
    }

    /// The same file as that commit has it.
    #[must_use]
    pub fn at(mut self, revision: Option<String>) -> Self {
        self.revision = revision;
        self
    }

    /// The same file, whose bytes have that name wherever they are.
    #[must_use]
    pub(super) fn of_content(mut self, content: Option<String>) -> Self {
        self.content = content;
        self
    }

    /// The name of its bytes, which no other bytes have: that of its blob. None if it is
    /// not a commit's.
    pub fn content(&self) -> Option<&str> {
        self.content.as_deref()
    }

    /// The path in the repository.
    pub fn path(&self) -> &RepoPath {
        &self.path
    }

    /// The commit it was read from; none for the work tree.
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }

    /// The text, unmasked.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line and column of a byte; of the last line's end for one after it.
    pub fn position(&self, offset: u32) -> Position {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset).max(1);
        let start = starts[line - 1] as usize;
        let mut end = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = self.characters_before(end).saturating_sub(self.characters_before(start));
        // Editors do not count a byte order mark as a column.
        let mark = self.text.get(start..end).is_some_and(|text| text.starts_with('\u{feff}'));
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position { line: count(line), column: count(before - usize::from(mark) + 1) }
    }

    /// The span of a line (counted from one) without its line break.
    pub fn line(&self, line: u32) -> Span {
        if line <= 1 {
            // A file as a whole is shown by its first line, and most by nothing else.
            let content = self.text.split('\n').next().unwrap_or_default();
            return Span::new(0, content.trim_end_matches('\r').len());
        }
        let starts = self.line_starts();
        let index = (line.max(1) as usize - 1).min(starts.len() - 1);
        let start = starts[index] as usize;
        let end = starts.get(index + 1).map_or(self.text.len(), |&next| next as usize);
        let content = self.text[start..end].trim_end_matches(['\n', '\r']);
        Span::new(start, start + content.len())
    }

    /// Marks bytes that must never be shown.
    pub fn mark_secret(&self, span: Span) {
        if !span.is_empty() {
            self.secrets.lock().unwrap_or_else(PoisonError::into_inner).push(span);
        }
    }

    /// The spans that were marked secret, for code that shows more than this text.
    pub fn secrets(&self) -> Vec<Span> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The text for a person's eyes: bytes that were marked secret, or that give
    /// access wherever they are, are `*`, one for each byte,
    /// so that every offset still points at its place. Line breaks stay. Only
    /// here does a mask reveal a length: elsewhere it is [`super::REDACTED`].
    pub fn shown(&self) -> Cow<'_, str> {
        let mut marked = self.secrets();
        if marked.is_empty() {
            marked = unmarked_secrets(&self.text);
        }
        marked.extend(secret_comments(&self.text));
        let marked = marked.into_iter().map(Span::range);
        let secrets: Vec<_> = marked.chain(credentials(&self.text)).collect();
        if secrets.is_empty() {
            return Cow::Borrowed(&self.text);
        }
        let mut bytes = self.text.clone().into_bytes();
        for span in secrets {
            let end = span.end.min(bytes.len());
            let start = span.start.min(end);
            for byte in &mut bytes[start..end] {
                if !matches!(byte, b'\n' | b'\r') {
                    *byte = b'*';
                }
            }
        }
        // A span's ends are boundaries of characters, so nothing is lost here; if
        // one were not, the secret must still stay hidden.
        Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// How many characters begin before a byte. Counting them from the line's
    /// start would be quadratic in a file of one line with many findings.
    fn characters_before(&self, byte: usize) -> usize {
        let beginnings = |bytes: &[u8]| {
            let is_continuation = |byte: u8| byte & 0b1100_0000 == 0b1000_0000;
            bytes.iter().filter(|&&byte| !is_continuation(byte)).count()
        };
        let bytes = self.text.as_bytes();
        let counted = self.characters.get_or_init(|| {
            let strides = bytes.chunks(STRIDE).scan(0, |sum, stride| {
                *sum += beginnings(stride);
                Some(*sum)
            });
            std::iter::once(0).chain(strides).collect()
        });
        let stride = byte / STRIDE;
        counted[stride] + beginnings(&bytes[stride * STRIDE..byte])
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
            let starts = breaks.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX));
            std::iter::once(0).chain(starts).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned())
    }

    #[test]
    fn columns_count_characters_and_skip_the_byte_order_mark() {
        let file = file("\u{feff}a: b\nname: größe x\n");
        assert_eq!(file.position(3), Position { line: 1, column: 1 });
        let x = u32::try_from(file.text().find('x').unwrap()).unwrap();
        assert_eq!(file.position(x), Position { line: 2, column: 13 });
    }

    #[test]
    fn columns_of_a_long_line_are_those_that_counting_gives() {
        let file = file(&"\u{feff}größe: 名前 x, ".repeat(500));
        for (count, (at, _)) in file.text().char_indices().enumerate().step_by(7).skip(1) {
            let column = u32::try_from(count).unwrap();
            let at = u32::try_from(at).unwrap();
            assert_eq!(file.position(at), Position { line: 1, column });
        }
        let end = u32::try_from(file.text().chars().count()).unwrap();
        assert_eq!(file.position(u32::MAX), Position { line: 1, column: end });
    }

    #[test]
    fn a_line_ends_before_its_break_whichever_it_is() {
        let file = file("a\r\nb\n");
        assert_eq!(file.line(1), Span::new(0, 1));
        assert_eq!(file.line(2), Span::new(3, 4));
    }

    #[test]
    fn a_secret_is_masked_and_every_offset_stays() {
        let file = file("password: hunter2\nuser: me\n");
        file.mark_secret(Span::new(10, 17));
        assert_eq!(file.shown(), "password: *******\nuser: me\n");
        assert_eq!(file.shown().len(), file.text().len());
    }
}
