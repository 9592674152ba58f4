//! For people: messages with excerpts of the source.

use std::cmp::Reverse;
use std::error::Error;
use std::fmt::{self, Write};

use indexmap::IndexMap;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters,
    ThemeStyles,
};

use super::excerpt::{self, Excerpt, ShownTexts};
use super::style::TextStyle;
use crate::diagnostic::{Finding, Findings, Label, Severity, visible};
use crate::source::Location;

/// Narrower terminals are written to as if they had this many columns.
const MIN_WIDTH: usize = 40;

/// Nobody reads more findings of one file at once, and a generated file that
/// is wrong may have tens of thousands.
const MOST_OF_A_FILE: usize = 100;

/// Each finding, then how many there are. Of a file with more than
/// [`MOST_OF_A_FILE`], the gravest are shown.
pub(super) fn render(findings: &Findings, style: TextStyle) -> String {
    let handler = handler(style);
    let mut texts = ShownTexts::default();
    let mut out = String::new();
    let (shown, more) = chosen(findings);
    for finding in shown {
        let mut drawn = String::new();
        handler
            .render_report(&mut drawn, &DrawnFinding::new(finding, style, &mut texts))
            .expect("each label lies in a window of its excerpt");
        // An empty line of source leaves a space after its frame.
        for line in drawn.lines() {
            writeln!(out, "{}", line.trim_end()).expect("a string takes all text");
        }
        out.push('\n');
    }
    for (location, count) in more {
        let name = excerpt::name(location, style);
        writeln!(out, "{count} more in {name} are not shown; --format json has them all")
            .expect("a string takes all text");
    }
    if !findings.is_empty() {
        writeln!(out, "{}", findings.counts()).expect("a string takes all text");
    }
    out
}

/// The findings to show, in their order, and how many more there are of which file.
fn chosen(findings: &Findings) -> (Vec<&Finding>, Vec<(&Location, usize)>) {
    let mut files: IndexMap<_, Vec<usize>> = IndexMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let at = finding.location();
        files.entry((at.path(), at.file().revision())).or_default().push(index);
    }
    let all: Vec<&Finding> = findings.iter().collect();
    let mut more = Vec::new();
    for indices in files.values_mut().filter(|indices| indices.len() > MOST_OF_A_FILE) {
        indices.sort_by_key(|&index| Reverse(all[index].severity));
        more.push((all[indices[0]].location(), indices.len() - MOST_OF_A_FILE));
        indices.truncate(MOST_OF_A_FILE);
    }
    let mut shown: Vec<usize> = files.into_values().flatten().collect();
    shown.sort_unstable();
    (shown.into_iter().map(|index| all[index]).collect(), more)
}

fn handler(style: TextStyle) -> GraphicalReportHandler {
    let theme = GraphicalTheme {
        characters: if style.unicode {
            ThemeCharacters::unicode()
        } else {
            ThemeCharacters::ascii()
        },
        styles: if style.colour { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    // Its wrapping breaks names at hyphens and slashes; ours breaks at spaces.
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width.max(MIN_WIDTH))
        .with_context_lines(excerpt::CONTEXT as usize)
        .with_wrap_lines(false)
        .without_syntax_highlighting()
}

/// A finding as the drawing library wants it.
struct DrawnFinding {
    header: String,
    severity: Severity,
    message: String,
    help: Option<String>,
    excerpt: Option<Excerpt>,
    elsewhere: Option<Box<PlaceCause>>,
}

impl DrawnFinding {
    fn new<'f>(finding: &'f Finding, style: TextStyle, texts: &mut ShownTexts<'f>) -> Self {
        let ascii = !style.unicode;
        let (code, severity) = (finding.code.name, finding.severity);
        let header = match &finding.subject {
            Some(subject) => {
                format!("{severity}[{code}] ({})", visible::line(&subject.to_string(), ascii))
            }
            None => format!("{severity}[{code}]"),
        };
        let width = style.width.max(MIN_WIDTH);
        let help = finding.help.as_deref().map(|help| visible::lines(help, ascii));
        Self {
            header,
            severity,
            message: wrap(&visible::line(&finding.message, ascii), width - MESSAGE_INDENT),
            help: help.map(|help| no_commands(&wrap(&help, width - HELP_INDENT))),
            excerpt: Excerpt::of(&finding.labels, style, texts),
            elsewhere: PlaceCause::chain(&finding.labels, style),
        }
    }
}

/// The width of what comes before the lines of a message and of a help.
const MESSAGE_INDENT: usize = 4;
const HELP_INDENT: usize = 8;

/// A place in a file that has no text to show, drawn as miette draws a cause.
#[derive(Debug)]
struct PlaceCause {
    text: String,
    next: Option<Box<Self>>,
}

impl PlaceCause {
    fn chain(labels: &[Label], style: TextStyle) -> Option<Box<Self>> {
        let places = labels.iter().filter(|label| !label.location.has_text());
        places.rev().fold(None, |next, label| {
            let name = excerpt::name(&label.location, style);
            let words = visible::line(&label.message, !style.unicode);
            let text = match (label.location.path().is_root(), words.is_empty()) {
                // The whole repository is no place to look at.
                (true, true) => return next,
                (true, false) => words.into_owned(),
                (false, true) => name,
                (false, false) => format!("{name}: {words}"),
            };
            Some(Box::new(Self { text, next }))
        })
    }
}

/// Breaks lines at spaces. A word that is too long stays whole, so that a
/// path can be copied.
fn wrap(text: &str, width: usize) -> String {
    text.lines().map(|line| wrap_line(line, width)).collect::<Vec<_>>().join("\n")
}

fn wrap_line(line: &str, width: usize) -> String {
    let mut out = String::with_capacity(line.len());
    let mut column = 0;
    for word in line.split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        if column > 0 && column + length > width {
            out.truncate(out.trim_end().len());
            out.push('\n');
            column = 0;
        }
        out.push_str(word);
        column += word.chars().count();
    }
    out
}

/// GitHub's runner takes a line that begins with `::`, after any space, for a
/// command. Only help has nothing else at the beginning of its lines.
fn no_commands(help: &str) -> String {
    let lines = help.split('\n').map(|line| {
        let text = line.trim_start_matches(' ');
        match text.strip_prefix("::") {
            Some(rest) => {
                let indent = &line[..line.len() - text.len()];
                format!("{indent}{}:{rest}", visible::escape(':'))
            }
            None => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

impl Diagnostic for DrawnFinding {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.header))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.excerpt.as_ref()?;
        Some(Box::new(excerpt.labels()))
    }
}

impl Error for DrawnFinding {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.elsewhere.as_deref().map(|place| place as &dyn Error)
    }
}

impl fmt::Display for DrawnFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for DrawnFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.header)
    }
}

impl Error for PlaceCause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.next.as_deref().map(|place| place as &dyn Error)
    }
}

impl fmt::Display for PlaceCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
