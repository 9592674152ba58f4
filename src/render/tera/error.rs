//! Tera's errors as findings.

use std::ops::Range;
use std::sync::Arc;

use tera::{Context, Error, ErrorKind, ReportError, Value};

use super::filters::FILTERS;
use super::print::MAX_OUTPUT_BYTES;
use super::scan::{self, Path, PathStepKey};
use super::sources::TeraSources;
use crate::diagnostic::{Code, Finding, Findings};
use crate::render::code::did_you_mean;
use crate::render::code::{
    INCLUDE_CIRCLE, OUTPUT_TOO_LARGE, TEMPLATE_FAILED, TEMPLATE_SYNTAX, TEMPLATE_UNDEFINED,
};
use crate::source::{Location, RepoPath, SourceFile, Span};

/// What kept sources from being compiled.
pub(super) fn compiling(sources: &TeraSources, error: &Error) -> Findings {
    match error.kind() {
        ErrorKind::SyntaxError(report) => syntax(sources, report).into(),
        ErrorKind::CircularInclude { include_chain, .. } => {
            circle(sources, include_chain, "include").into()
        }
        ErrorKind::CircularExtend { tpl, inheritance_chain } => {
            let chain: Vec<_> = std::iter::once(tpl).chain(inheritance_chain).cloned().collect();
            circle(sources, &chain, "extends").into()
        }
        kind => {
            // What Tera checks over all files together it reports as one text.
            let findings = reports(sources, &kind.to_string());
            if findings.is_empty() {
                unplaced(sources, &TEMPLATE_SYNTAX, &kind.to_string()).into()
            } else {
                findings
            }
        }
    }
}

/// What kept the file `path` from being rendered.
pub(super) fn rendering(
    sources: &TeraSources,
    path: &RepoPath,
    context: &Context,
    error: &Error,
) -> Finding {
    match error.kind() {
        ErrorKind::RenderingError(report) => {
            let finding = match undefined(sources, context, report) {
                Some(finding) => finding,
                None => failed(sources, report),
            };
            called_from(sources, finding, report, &error.to_string())
        }
        ErrorKind::Io(_) => Finding::new(
            &OUTPUT_TOO_LARGE,
            format!("`{path}` prints more than {} MiB", MAX_OUTPUT_BYTES >> 20),
            Location::of_path(path),
        )
        .help("look for a loop inside a loop that prints more than was meant"),
        kind => {
            let message = first_line(&kind.to_string());
            Finding::new(&TEMPLATE_FAILED, message, Location::of_path(path))
        }
    }
}

fn syntax(sources: &TeraSources, report: &ReportError) -> Finding {
    let at = sources.location(report.filename(), &report.span().range);
    Finding::new(&TEMPLATE_SYNTAX, sentence(report.message()), at).because("Tera cannot read this")
}

fn failed(sources: &TeraSources, report: &ReportError) -> Finding {
    let at = sources.location(report.filename(), &report.span().range);
    Finding::new(&TEMPLATE_FAILED, sentence(report.message()), at).because("while rendering this")
}

/// Tera's messages begin with a capital and may end with a full stop.
fn sentence(message: &str) -> String {
    let message = message.trim().trim_end_matches('.');
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => "this cannot be rendered".to_owned(),
    }
}

fn first_line(text: &str) -> String {
    sentence(text.lines().next().unwrap_or_default())
}

/// The finding of something undefined, where the report is about that.
fn undefined(sources: &TeraSources, context: &Context, report: &ReportError) -> Option<Finding> {
    let message = report.message();
    let is_about = message.contains("is not defined")
        || message.contains("undefined value")
        || message.contains("is undefined")
        || message.contains("but got `undefined`");
    if !is_about {
        return None;
    }
    let file = sources.file(report.filename())?;
    let range = sources.original(report.filename(), &report.span().range);
    let Some(path) = path_around(file.text(), &range) else {
        let at = Location::new(file, Span::new(range.start, range.end));
        let message = format!("`{}` is not defined", at.text().trim());
        return Some(Finding::new(&TEMPLATE_UNDEFINED, message, at).because("printed here"));
    };
    let missing = missing_step(file, &path, context);
    Some(missing.unwrap_or_else(|| unknown(file, &path, &range, message)))
}

/// The variable that stands at, or around, those bytes.
fn path_around(source: &str, range: &Range<usize>) -> Option<Path> {
    let part = scan::parts(source).into_iter().find(|part| part.inner.contains(&range.start))?;
    let tokens = scan::tokens(source, part.inner);
    let paths = scan::paths(source, &tokens);
    let covers = |path: &&Path| path.span().contains(&range.start);
    // The innermost begins last.
    paths
        .iter()
        .rev()
        .find(covers)
        .or_else(|| paths.iter().find(|path| range.contains(&path.span().start)))
        .cloned()
}

/// Walks from what a template sees along the path, to the first step that
/// leads nowhere.
fn missing_step(file: &Arc<SourceFile>, path: &Path, context: &Context) -> Option<Finding> {
    let mut at = context.get(&path.root)?;
    let mut known = path.root_span.clone();
    for step in &path.steps {
        let (next, name) = match &step.key {
            PathStepKey::Key(key) => {
                let next = at.as_map().and_then(|map| map.get(&tera::value::Key::Str(key)));
                (next, Some(key.as_str()))
            }
            PathStepKey::Index(index) => (at.as_array().and_then(|items| items.get(*index)), None),
            PathStepKey::Computed => return None,
        };
        let Some(next) = next else {
            let whole = &file.text()[path.root_span.start..step.span.end];
            let location = Location::new(file, Span::new(step.span.start, step.span.end));
            let parent = &file.text()[known];
            return Some(
                Finding::new(&TEMPLATE_UNDEFINED, format!("`{whole}` is not defined"), location)
                    .because(because(parent, at))
                    .maybe_help(help(name, &keys(at), parent)),
            );
        };
        at = next;
        known = path.root_span.start..step.span.end;
    }
    None
}

fn because(parent: &str, value: &Value) -> String {
    match (value.as_map(), value.as_array()) {
        (Some(_), _) => format!("`{parent}` has no such key"),
        (_, Some(items)) => format!("`{parent}` has {} items", items.len()),
        _ => format!("`{parent}` is not a map"),
    }
}

fn keys(value: &Value) -> Vec<String> {
    let keys = value.as_map().into_iter().flat_map(|map| map.keys());
    keys.map(ToString::to_string).collect()
}

/// How many names a help lists before it says that there are more.
const SHOWN: usize = 8;

fn help(name: Option<&str>, known: &[String], parent: &str) -> Option<String> {
    let near = name.and_then(|name| did_you_mean(name, known.iter().map(String::as_str)));
    if near.is_some() || known.is_empty() {
        return near;
    }
    let shown: Vec<_> = known.iter().take(SHOWN).map(|key| format!("`{key}`")).collect();
    let more = if known.len() > SHOWN { " and more" } else { "" };
    Some(format!("`{parent}` has {}{more}", shown.join(", ")))
}

/// A variable that the template itself made, or that nobody did; Tera lists
/// what there is.
fn unknown(file: &Arc<SourceFile>, path: &Path, range: &Range<usize>, message: &str) -> Finding {
    let listed = message.split_once(" Available ").and_then(|(_, list)| list.split_once(": "));
    let mut known: Vec<String> =
        listed.into_iter().flat_map(|(_, list)| list.split(", ")).map(str::to_owned).collect();
    let is_variable = message.starts_with("Variable");
    if is_variable {
        known.extend(scan::bound_names(file.text()));
    }
    let span = if is_variable { path.root_span.clone() } else { range.clone() };
    let whole = &file.text()[path.root_span.start..span.end.max(path.root_span.end)];
    let name = quoted(message).unwrap_or(&path.root);
    let help = did_you_mean(name, known.iter().map(String::as_str)).or_else(|| {
        let shown: Vec<_> = known.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
        (!shown.is_empty()).then(|| format!("there is {}", shown.join(", ")))
    });
    let location = Location::new(file, Span::new(span.start, span.end));
    Finding::new(&TEMPLATE_UNDEFINED, format!("`{whole}` is not defined"), location)
        .because("printed here")
        .maybe_help(help)
}

/// What stands between the first pair of back-quotes.
fn quoted(message: &str) -> Option<&str> {
    message.split('`').nth(1)
}

/// Adds the includes that led to the place, which Tera only tells in text. The
/// text begins with the message, which may be what a value says: a note in it
/// is none.
fn called_from(
    sources: &TeraSources,
    mut finding: Finding,
    report: &ReportError,
    text: &str,
) -> Finding {
    let after = text.strip_prefix("error: ").and_then(|text| text.strip_prefix(report.message()));
    for line in after.unwrap_or_default().lines().skip(1) {
        let Some(place) = line.strip_prefix("note: called from ") else { continue };
        if let Some(location) = sources.at_line(place) {
            finding = finding.label(location, "called from here");
        }
    }
    finding
}

/// The findings in a text of reports: `error: …`, then ` --> file:line:column`.
fn reports(sources: &TeraSources, text: &str) -> Findings {
    let mut findings = Findings::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(message) = line.strip_prefix("error: ") else { continue };
        let place = lines.next().and_then(|line| line.trim_start().strip_prefix("--> "));
        let Some(location) = place.and_then(|place| sources.at_line(place)) else { continue };
        let help = help_for_unknown(sources, message);
        let finding = Finding::new(&TEMPLATE_SYNTAX, sentence(message), location)
            .because("nothing has that name")
            .maybe_help(help);
        findings.push(finding);
    }
    findings
}

fn help_for_unknown(sources: &TeraSources, message: &str) -> Option<String> {
    let name = quoted(message)?;
    if message.starts_with("Unknown filter") {
        return did_you_mean(name, FILTERS.iter().copied());
    }
    if message.starts_with("Unknown component") {
        return did_you_mean(name, sources.tera.get_component_names());
    }
    None
}

/// Files that include or extend one another in a circle, shown at the tag that
/// closes it.
fn circle(sources: &TeraSources, chain: &[String], tag: &str) -> Finding {
    let names: Vec<_> =
        chain.iter().map(|name| format!("`{}`", name.trim_start_matches('/'))).collect();
    let message = if names.len() <= 2 {
        format!("{} includes itself", names.first().map_or("a template", String::as_str))
    } else {
        format!("templates include one another in a circle: {}", names.join(", then "))
    };
    let closing = chain.len().checked_sub(2).and_then(|before| {
        let last = chain.last()?;
        sources.tag_that_names(&chain[before], tag, last)
    });
    let location = closing.unwrap_or_else(|| {
        let path = chain.first().and_then(|name| sources.file(name));
        path.map_or_else(
            || Location::of_path(&sources.root),
            |file| Location::new(file, Span::default()),
        )
    });
    Finding::new(&INCLUDE_CIRCLE, message, location)
        .because("the circle closes here")
        .help("move what both need into a third file")
}

/// A message without a place, at the file that it names where it names one.
fn unplaced(sources: &TeraSources, code: &'static Code, message: &str) -> Finding {
    let named = message.split(['`', '\'']).find_map(|word| sources.file(word));
    let location = named.map_or_else(
        || Location::of_path(&sources.root),
        |file| Location::new(file, Span::default()),
    );
    Finding::new(code, first_line(message), location)
}
