//! What is wrong with text that is not YAML, in plain words.

use std::sync::Arc;

use granit_parser::{ErrorKind, ScanError};

use super::code::{YAML_SYNTAX, tab, too_deep};
use super::document::DocumentBuilder;
use super::misplaced::braces_help;
use crate::diagnostic::Finding;
use crate::source::{Location, SourceFile, Span};

/// How long a key without `?` may be (YAML 1.2.2, § 7.4.2).
const MAX_KEY: usize = 1024;

/// The finding for what stopped the parser.
pub(super) fn explain(
    file: &Arc<SourceFile>,
    error: &ScanError,
    document: &DocumentBuilder<'_>,
) -> Finding {
    let text = file.text();
    let mut at = error.marker().byte_offset().unwrap_or_default().min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let fault = Fault { file, text, at, kind: error.kind(), document };
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return too_deep(file, fault.here());
    }
    fault
        .template()
        .or_else(|| fault.tab())
        .or_else(|| fault.colon())
        .or_else(|| fault.indentation())
        .or_else(|| fault.quote())
        .or_else(|| fault.bracket())
        .or_else(|| fault.character())
        .unwrap_or_else(|| fault.plainly())
}

/// Where the parser stopped, and what is known there.
struct Fault<'a> {
    file: &'a Arc<SourceFile>,
    text: &'a str,
    at: usize,
    kind: &'a ErrorKind,
    document: &'a DocumentBuilder<'a>,
}

impl<'a> Fault<'a> {
    /// The character at which the parser stopped.
    fn here(&self) -> Span {
        let length = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        let is_break = self.text[self.at..].starts_with(['\n', '\r']);
        Span::new(self.at, if is_break { self.at } else { self.at + length })
    }

    fn finding(&self, message: impl Into<String>, span: Span) -> Finding {
        Finding::new(&YAML_SYNTAX, message, self.location(span))
    }

    fn location(&self, span: Span) -> Location {
        Location::new(self.file, span)
    }

    /// The line of an offset.
    fn line(&self, at: usize) -> Span {
        let start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let length = self.text[start..].find('\n').unwrap_or(self.text.len() - start);
        let line = self.text[start..start + length].trim_end_matches('\r');
        Span::new(start, start + line.len())
    }

    fn slice(&self, span: Span) -> &'a str {
        &self.text[span.range()]
    }

    /// The last line before that one that holds more than a comment.
    fn line_before(&self, line: Span) -> Option<Span> {
        let mut start = line.start as usize;
        while start > 0 {
            let before = self.line(start - 1);
            let content = self.slice(before).trim_start();
            if !content.is_empty() && !content.starts_with('#') {
                return Some(before);
            }
            start = before.start as usize;
        }
        None
    }

    /// `{{ … }}` or `{% … %}` where YAML expects no brackets.
    fn template(&self) -> Option<Finding> {
        let line = self.line(self.at);
        let content = self.slice(line);
        // Those at which the parser stopped, if there are several.
        let before = &content[..(self.at - line.start as usize).min(content.len())];
        let start = before.rfind("{{").or_else(|| content.find("{{"));
        let start = start.or_else(|| content.find("{%"))?;
        let close = if content[start..].starts_with("{{") { "}}" } else { "%}" };
        let end = content[start..].find(close).map_or(content.len(), |end| start + end + 2);
        let span = Span::new(line.start as usize + start, line.start as usize + end);
        let finding = self.finding("there are a template's braces in plain YAML", span);
        let help = braces_help(self.file, self.slice(span));
        Some(finding.because("YAML reads `{` as the start of a map").help(help))
    }

    /// A tab at the start of a line.
    fn tab(&self) -> Option<Finding> {
        let is_tab = matches!(
            self.kind,
            ErrorKind::TabNotAllowed
                | ErrorKind::TabInBlockIndentation
                | ErrorKind::TabInIndentation
                | ErrorKind::TabInPlainScalar
                | ErrorKind::TabAtBlockScalarStart
        );
        if !is_tab {
            return None;
        }
        // A plain scalar stops at the end of the line before the tab.
        let line = self.line(self.at);
        let next = self.line((line.end as usize + 1).min(self.text.len()));
        let at = [line, next].into_iter().find_map(|line| leading_tab(self.text, line));
        Some(tab(self.file, at.unwrap_or(self.at)))
    }

    /// `key: value: more`, or a line that lacks its colon.
    fn colon(&self) -> Option<Finding> {
        if *self.kind != ErrorKind::MappingValueNotAllowed {
            return None;
        }
        let line = self.line(self.at);
        let before = &self.text[line.start as usize..self.at];
        if before.len() > MAX_KEY {
            let finding = self.finding("a key is too long", self.here());
            let help = format!("a key of more than {MAX_KEY} characters needs `? ` before it");
            return Some(finding.because("a key would end here").help(help));
        }
        if let Some(value) = before.find(": ").map(|at| at + 2) {
            let span = Span::new(line.start as usize + value, line.end as usize);
            let value = self.slice(span).trim();
            let finding = self.finding("a plain value holds `: `", self.here());
            let quoted = format!("put the value in quotes: `\"{value}\"`");
            let help =
                if value.contains(['"', '\\']) { "put the value in quotes" } else { &quoted };
            return Some(finding.because("YAML reads the text before this as a key").help(help));
        }
        let above = self.line_before(line)?;
        if indent(self.slice(line)) > indent(self.slice(above)) {
            return Some(self.below_value(line, above));
        }
        Some(self.missing_colon(above))
    }

    fn below_value(&self, line: Span, above: Span) -> Finding {
        self.finding("a line is indented below a value", self.content(line))
            .because("deeper than the line above")
            .label(self.location(self.content(above)), "already has a value")
            .help("give both lines the same indentation, or remove the value above")
    }

    /// A line that should be a key with a value.
    fn missing_colon(&self, line: Span) -> Finding {
        let content = self.content(line);
        let text = self.slice(content);
        let (message, help) = if text.starts_with('-') && !text.starts_with("- ") {
            ("a list item lacks the space after its dash", "write `- ` before the item")
        } else if text.contains(':') {
            ("a key lacks the space after its colon", "write `key: value`, with the space")
        } else {
            ("a line is not a key with a value", "write `key: value`, or indent it below its key")
        };
        self.finding(message, content).because("read as a plain text").help(help)
    }

    /// A line without the blanks around it.
    fn content(&self, line: Span) -> Span {
        let text = self.slice(line);
        let start = line.start as usize + text.len() - text.trim_start().len();
        Span::new(start, start + text.trim().len())
    }

    /// A line that fits no indentation above it.
    fn indentation(&self) -> Option<Finding> {
        let line = self.line(self.at);
        let content = self.content(line);
        match self.kind {
            ErrorKind::SimpleKeyExpected => Some(self.missing_colon(line)),
            ErrorKind::BlockSequenceEntryNotAllowed => {
                let finding = self.finding("a list starts on the line of its key", self.here());
                Some(finding.because("not here").help("put the dash on a line of its own"))
            }
            ErrorKind::ExpectedBlockMappingKey if self.slice(content).starts_with("- ") => {
                let finding = self.finding("there is a list item among keys", content);
                Some(
                    finding
                        .because("expected a key here")
                        .help("indent the list below its key, and give the key no other value"),
                )
            }
            ErrorKind::ExpectedBlockSequenceEntry
                if content.start as usize == self.at && self.is_known_indent(line) =>
            {
                let finding = self.finding("there is a key among list items", content);
                Some(finding.because("expected `-` here").help(
                    "indent the key below the item it belongs to, or start the line with `- `",
                ))
            }
            ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::ExpectedBlockSequenceEntry
            | ErrorKind::InvalidIndentation
            | ErrorKind::InvalidBlockScalarIndent
                if content.start as usize == self.at =>
            {
                Some(self.misfit(line, content))
            }
            ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedDocumentStart => {
                let finding = self.finding("text follows a complete value", self.here());
                Some(
                    finding
                        .because("the value ended before this")
                        .help("put the whole value in quotes, or start a new line"),
                )
            }
            _ => None,
        }
    }

    fn is_known_indent(&self, line: Span) -> bool {
        let wanted = indent(self.slice(line));
        self.line_before(line).is_some_and(|above| indent(self.slice(above)) == wanted)
    }

    fn misfit(&self, line: Span, content: Span) -> Finding {
        let spaces = |count: usize| match count {
            1 => "1 space".to_owned(),
            count => format!("{count} spaces"),
        };
        let own = indent(self.slice(line));
        let above = self.line_before(line);
        if let Some(above) = above.filter(|above| own > indent(self.slice(*above))) {
            return self.below_value(line, above);
        }
        let finding = self
            .finding("a line's indentation fits no line above", content)
            .because(format!("indented by {}", spaces(own)));
        let Some(above) = above else { return finding };
        let above_indent = indent(self.slice(above));
        finding
            .label(
                self.location(self.content(above)),
                format!("indented by {}", spaces(above_indent)),
            )
            .help("indent keys of one map, and items of one list, by the same number of spaces")
    }

    /// A quote that is not closed, or closed too early.
    fn quote(&self) -> Option<Finding> {
        match self.kind {
            ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar => {
                let opened = self.opening_quote();
                let finding = self.finding("a quote is not closed", opened);
                let finding = finding.because("opened here");
                let finding = if *self.kind == ErrorKind::InvalidQuotedScalarIndent {
                    finding.label(self.location(self.here()), "the text still goes on here")
                } else {
                    finding
                };
                Some(finding.help("close the quote; a text of several lines must be indented"))
            }
            ErrorKind::InvalidTrailingSingleQuotedScalar => Some(
                self.finding("text follows the closing quote", self.here())
                    .because("the quote was closed before this")
                    .help("put the whole value in quotes; a `'` inside single quotes is written `''`"),
            ),
            ErrorKind::InvalidTrailingDoubleQuotedScalar => Some(
                self.finding("text follows the closing quote", self.here())
                    .because("the quote was closed before this")
                    .help("put the whole value in quotes; a `\"` inside double quotes is written `\\\"`"),
            ),
            ErrorKind::UnknownQuotedScalarEscape => {
                let (escape, span) = self.unknown_escape()?;
                Some(
                    self.finding(format!("`{escape}` means nothing in double quotes"), span)
                        .because("a backslash starts an escape here")
                        .help(format!("write `\\{escape}`, or use single quotes, which have no escapes")),
                )
            }
            _ => None,
        }
    }

    /// The quote before the fault that the parser was still reading.
    fn opening_quote(&self) -> Span {
        let from = (self.document.cursor() as usize).min(self.at);
        let start = self.text[from..self.at].find(['"', '\'']).map_or(self.at, |at| from + at);
        let end = self.line(start).end as usize;
        Span::new(start, end.max(start))
    }

    fn unknown_escape(&self) -> Option<(&'a str, Span)> {
        let mut rest = self.at;
        loop {
            let at = rest + self.text[rest..].find('\\')?;
            let escaped = self.text[at + 1..].chars().next()?;
            let end = at + 1 + escaped.len_utf8();
            if !"0abt\tnvfre \"/\\N_LPxuU\n\r".contains(escaped) {
                return Some((&self.text[at..end], Span::new(at, end)));
            }
            rest = end;
        }
    }

    /// Brackets that do not match, or what is between them.
    fn bracket(&self) -> Option<Finding> {
        match *self.kind {
            ErrorKind::MisplacedFlowCollectionEnd => {
                let bracket = self.slice(self.here());
                Some(
                    self.finding(format!("`{bracket}` closes nothing"), self.here())
                        .because("no bracket is open here")
                        .help("remove it, or open it before"),
                )
            }
            ErrorKind::MismatchedFlowCollectionEnd { open, close } => Some(
                self.finding(format!("`{open}` is closed by `{close}`"), self.here())
                    .because("opened here")
                    .help(format!("close it with `{}`", closing(open))),
            ),
            ErrorKind::UnclosedFlowCollection { open } => Some(
                self.finding(format!("`{open}` is not closed"), self.here())
                    .because("opened here")
                    .help(format!("close it with `{}`", closing(open))),
            ),
            ErrorKind::UnexpectedEofFlowSequence
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::UnexpectedEofImplicitFlowMapping
            | ErrorKind::ExpectedFlowMappingSeparator
            | ErrorKind::ExpectedFlowSequenceSeparator
            | ErrorKind::InvalidColonPlacement
            | ErrorKind::BlockEntryInFlowCollection
            | ErrorKind::InvalidFlowScalarIndent => {
                let opened = self.document.open_bracket()?;
                let bracket = self.slice(opened).chars().next()?;
                let close = closing(bracket);
                Some(
                    self.finding(
                        format!("inside `{bracket}`, a `,` or `{close}` is missing"),
                        self.here(),
                    )
                    .because("not expected here")
                    .label(self.location(opened), "opened here")
                    .help(format!("separate with `,`, or close with `{close}`")),
                )
            }
            _ => None,
        }
    }

    /// A character in a place where it is not allowed.
    fn character(&self) -> Option<Finding> {
        match *self.kind {
            ErrorKind::UnexpectedCharacter { character } if is_printable(character) => {
                let name = match character {
                    '`' => "a backtick".to_owned(),
                    other => format!("`{other}`"),
                };
                Some(
                    self.finding(format!("a plain text cannot start with {name}"), self.here())
                        .because("YAML reserves this character")
                        .help("put the text in quotes"),
                )
            }
            ErrorKind::UnexpectedCharacter { character } => {
                let code = u32::from(character);
                Some(
                    self.finding(
                        format!("the character U+{code:04X} is not allowed in YAML"),
                        self.here(),
                    )
                    .because("a control character")
                    .help(format!("remove it; in double quotes it can be written `\\u{code:04X}`")),
                )
            }
            ErrorKind::BomInsideDocument => Some(
                self.finding("there is a byte order mark inside the text", self.here())
                    .help("remove it; it is only allowed at the start of the file"),
            ),
            ErrorKind::MissingAnchorOrAliasName => Some(
                self.finding("an anchor or alias has no name", self.here())
                    .because("`&` and `*` start one")
                    .help("put the text in quotes where the character is meant as it is"),
            ),
            ErrorKind::DirectiveDisallowed => {
                let line = self.line(self.at);
                Some(
                    self.finding("there is a `%` directive in the file", line)
                        .because("kubectl and kustomize refuse it")
                        .help("remove it; both always read YAML 1.1, whatever it says"),
                )
            }
            _ => None,
        }
    }

    /// In the parser's words, which are written for people too.
    fn plainly(&self) -> Finding {
        let message = match self.kind {
            ErrorKind::UndeclaredTagHandle => "a tag's handle is not declared".to_owned(),
            ErrorKind::MappingKeyNotAllowed => "a key is not allowed here".to_owned(),
            ErrorKind::ZeroBlockScalarIndent => {
                "a block text's indentation indicator is 0".to_owned()
            }
            ErrorKind::InvalidBlockScalarHeader => {
                "text follows the start of a block text".to_owned()
            }
            ErrorKind::InvalidDocumentEnd => "text follows the end of a document".to_owned(),
            ErrorKind::ExpectedNodeContent => "a value is missing".to_owned(),
            kind => kind.to_string(),
        };
        let help = match self.kind {
            ErrorKind::InvalidBlockScalarHeader => {
                Some("after `|` or `>`, the text starts on the next line".to_owned())
            }
            ErrorKind::InvalidDocumentEnd => Some("put it on a line of its own".to_owned()),
            _ => None,
        };
        self.finding(message, self.here()).because("not expected here").maybe_help(help)
    }
}

fn closing(open: char) -> char {
    if open == '[' { ']' } else { '}' }
}

fn is_printable(character: char) -> bool {
    !character.is_control() && !matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{feff}')
}

/// How many blanks a line starts with.
fn indent(line: &str) -> usize {
    line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// The first tab among the blanks that a line starts with.
fn leading_tab(text: &str, line: Span) -> Option<usize> {
    let content = &text[line.range()];
    content[..indent(content)].find('\t').map(|at| line.start as usize + at)
}
