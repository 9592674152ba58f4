//! Where something is, and where it came from.

use std::fmt;
use std::sync::Arc;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::{Position, RepoPath, SourceFile, Span};

/// A span of a file.
#[derive(Clone)]
pub struct Location {
    file: Arc<SourceFile>,
    span: Span,
}

impl Location {
    /// That span of that file.
    pub fn new(file: &Arc<SourceFile>, span: Span) -> Self {
        Self { file: Arc::clone(file), span }
    }

    /// All of a file's text.
    pub fn of_file(file: &Arc<SourceFile>) -> Self {
        Self::new(file, Span::new(0, file.text().len()))
    }

    /// A file as a whole, where no line is known or the file has no text to
    /// show: it is missing, cannot be read, or is not text.
    pub fn of_path(path: &RepoPath) -> Self {
        Self { file: Arc::new(SourceFile::new(path.clone(), String::new())), span: Span::default() }
    }

    /// The repository as a whole, for what is not about a file.
    pub fn of_repository() -> Self {
        Self::of_path(&RepoPath::root())
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// The file's path.
    pub fn path(&self) -> &RepoPath {
        self.file.path()
    }

    /// The bytes.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The position of the first byte.
    pub fn start(&self) -> Position {
        self.file.position(self.span.start)
    }

    /// The position after the last byte.
    pub fn end(&self) -> Position {
        self.file.position(self.span.end)
    }

    /// Whether the file has text to point into; where not, only its path says anything.
    pub fn has_text(&self) -> bool {
        !self.file.text().is_empty()
    }

    /// The text at this place, unmasked.
    pub fn text(&self) -> &str {
        self.file.text().get(self.span.range()).unwrap_or_default()
    }
}

impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        self.span == other.span
            && self.path() == other.path()
            && self.file.revision() == other.file.revision()
    }
}

impl Eq for Location {}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.has_text() {
            return write!(f, "{}", self.path());
        }
        let Position { line, column } = self.start();
        write!(f, "{}:{line}:{column}", self.path())?;
        match self.file.revision() {
            // As much of a commit's id as git shows.
            Some(revision) => write!(f, " at {}", revision.get(..7).unwrap_or(revision)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `path`; `revision` where the file is a commit's; and, where the file has text,
/// `line`, `column`, `endLine` and `endColumn`.
impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Location", 6)?;
        fields.serialize_field("path", self.path())?;
        match self.file.revision() {
            Some(revision) => fields.serialize_field("revision", revision)?,
            None => fields.skip_field("revision")?,
        }
        if self.has_text() {
            let (start, end) = (self.start(), self.end());
            fields.serialize_field("line", &start.line)?;
            fields.serialize_field("column", &start.column)?;
            fields.serialize_field("endLine", &end.line)?;
            fields.serialize_field("endColumn", &end.column)?;
        }
        fields.end()
    }
}

/// How closely an [`Origin`] is known. Nothing is guessed: where the exact place
/// is not certain, a larger one that is certain is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The file is known.
    File,
    /// The value was made somewhere inside this span.
    Enclosing,
    /// The value was written at this span.
    Exact,
}

/// Where a value or object came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The place.
    #[serde(flatten)]
    pub location: Location,
    /// How closely it is known.
    pub certainty: Certainty,
}

impl Origin {
    /// The value was written there.
    pub fn exact(location: Location) -> Self {
        Self { location, certainty: Certainty::Exact }
    }

    /// The value was made somewhere inside that span.
    pub fn enclosing(location: Location) -> Self {
        Self { location, certainty: Certainty::Enclosing }
    }

    /// The value was made by that file.
    pub fn file(path: &RepoPath) -> Self {
        Self { location: Location::of_path(path), certainty: Certainty::File }
    }
}
