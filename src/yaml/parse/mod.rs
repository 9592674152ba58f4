//! From text to trees.

use std::sync::Arc;

use granit_parser::{Event, Parser, StrInput};

use super::document::DocumentBuilder;
use super::misplaced::conflict_markers;
use super::{Dialect, MAX_DEPTH, Value, syntax_errors};
use crate::diagnostic::Findings;
use crate::source::{RepoPath, SourceFile, Span, mark_unread_secrets};

/// Reads every document of a file; empty documents are left out. All problems of the
/// file are returned together, up to a hundred: a document that cannot be read does not
/// keep the next from being read.
///
/// What is accepted nests at most [`super::MAX_DEPTH`] deep, aliases included,
/// so that functions over the tree may recurse.
pub fn parse(file: &Arc<SourceFile>, dialect: Dialect) -> Result<Vec<Value>, Findings> {
    let mark = if file.text().starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut documents = FileParser {
        file,
        dialect,
        start: Span::new(mark, mark).start,
        documents: Vec::new(),
        findings: Findings::new(),
    };
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        // kubectl and kustomize cut a file at `---` before they read it, and so
        // lose what a directive belongs to.
        disallow_directives: true,
        flow_nesting_limit: MAX_DEPTH,
    };
    let mut parser = Parser::new_from_str_with_options(file.text(), options);
    while documents.findings.len() <= MAX_FINDINGS && documents.read_document(&mut parser) {}
    if documents.findings.has_errors() {
        mark_unread_secrets(file);
        // All else that is wrong may be so only because of them.
        return Err(conflict_markers(file).map_or(documents.findings, Findings::from));
    }
    Ok(documents.documents)
}

/// Whether two texts are the same value: `a: 1` however it is written. Texts that are not one
/// document are compared as they are.
pub fn same_yaml(one: &str, two: &str) -> bool {
    let parsed = [one, two].map(|text| {
        let file = SourceFile::new(RepoPath::root(), text.to_owned());
        parse(&Arc::new(file), Dialect::Kubectl).ok().filter(|documents| documents.len() == 1)
    });
    match parsed {
        [Some(one), Some(two)] => one[0].root().equals(two[0].root()),
        _ => one.trim() == two.trim(),
    }
}

/// How many problems of one file are worth a person's time; a hostile file
/// could have millions.
const MAX_FINDINGS: usize = 100;

struct FileParser<'f> {
    file: &'f Arc<SourceFile>,
    dialect: Dialect,
    /// Where the next document's text may start.
    start: u32,
    documents: Vec<Value>,
    findings: Findings,
}

impl<'f> FileParser<'f> {
    /// Reads up to the end of a document; false at the end of the file.
    fn read_document(&mut self, parser: &mut Parser<'f, StrInput<'f>>) -> bool {
        let mut document = DocumentBuilder::new(self.file, self.dialect, self.start);
        while let Some(event) = parser.next_event() {
            let (event, span) = match event {
                Ok((event, span)) => (event, span),
                Err(error) => {
                    let at = error.marker().byte_offset().unwrap_or_default();
                    self.start = Span::new(at, at).start;
                    let finding = syntax_errors::explain(self.file, &error, &document);
                    // A refused value often brings the parser down after it.
                    let is_known = document.has_finding_on_line(finding.location());
                    self.findings.extend(document.into_findings());
                    if !is_known {
                        self.findings.push(finding);
                    }
                    return skip_document(parser);
                }
            };
            let range = span.byte_range().unwrap_or_default();
            let span = Span::new(range.start, range.end);
            if matches!(event, Event::DocumentEnd | Event::StreamEnd) {
                self.start = span.end;
                let more = matches!(event, Event::DocumentEnd);
                match document.finish() {
                    Ok(value) => self.documents.extend(value),
                    Err(findings) => self.findings.extend(findings),
                }
                return more;
            }
            if self.findings.len() + document.found() > MAX_FINDINGS {
                self.findings.extend(document.into_findings());
                return false;
            }
            if !document.event(event, span) {
                self.start = span.end;
                self.findings.extend(document.into_findings());
                return skip_document(parser);
            }
        }
        false
    }
}

/// Continues after the current document; false if there is none, or if the parser
/// cannot tell.
fn skip_document<'f>(parser: &mut Parser<'f, StrInput<'f>>) -> bool {
    parser.proceed_next_document().unwrap_or(false)
}

#[cfg(test)]
mod tests;
