//! What is wrong with text that is no YAML, in plain words.

use std::sync::Arc;

use granit_parser::{ErrorKind, ScanError};

use super::build::Document;
use super::code::{NESTING_TOO_DEEP, YAML_SYNTAX};
use crate::diagnostic::Finding;
use crate::source::{Location, SourceFile, Span};

/// The finding for what stopped the parser.
pub(super) fn explain(file: &Arc<SourceFile>, error: &ScanError, _: &Document<'_>) -> Finding {
    let at = error.marker().byte_offset().unwrap_or_default().min(file.text().len());
    let location = Location::new(file, Span::new(at, at));
    let message = match error.kind() {
        ErrorKind::RecursionLimitExceeded => {
            return Finding::new(
                &NESTING_TOO_DEEP,
                format!("more than {} maps and lists stand inside one another", super::MAX_DEPTH),
                location,
            )
            .help("close the brackets before it");
        }
        kind => kind.to_string(),
    };
    Finding::new(&YAML_SYNTAX, message, location)
}
