//! Tera's errors as findings.

use std::ops::Range;
use std::sync::Arc;

use tera::{Context, Error, ErrorKind, ReportError, Value};

use super::filters::FILTERS;
use super::helm::{HelmForm, helm_form, helm_word};
use super::print::MAX_OUTPUT_BYTES;
use super::scan::{self, Path, PathStepKey};
use super::sources::TeraSources;
use crate::diagnostic::{Code, Finding, Findings, joined};
use crate::render::code::did_you_mean;
use crate::render::code::{
    INCLUDE_CIRCLE, OUTPUT_TOO_LARGE, TEMPLATE_FAILED, TEMPLATE_SYNTAX, TEMPLATE_UNDEFINED,
};
use crate::source::{Location, RepoPath, SourceFile, Span};

/// The findings of sources that cannot be compiled.
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
            // Problems between files are reported as one text.
            let findings = reports(sources, &kind.to_string());
            if findings.is_empty() {
                unplaced(sources, &TEMPLATE_SYNTAX, &kind.to_string()).into()
            } else {
                findings
            }
        }
    }
}

/// The finding of a file that cannot be rendered.
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
    let form = helm_form(at.file().text(), at.span().range().start);
    let (at, help) = match form {
        Some(HelmForm { span, help }) => {
            (Location::new(at.file(), Span::new(span.start, span.end)), Some(help))
        }
        None => (at, None),
    };
    Finding::new(&TEMPLATE_SYNTAX, sentence(report.message()), at)
        .because("Tera cannot read this")
        .maybe_help(help)
}

fn failed(sources: &TeraSources, report: &ReportError) -> Finding {
    let at = sources.location(report.filename(), &report.span().range);
    Finding::new(&TEMPLATE_FAILED, sentence(report.message()), at).because("while rendering this")
}

/// One of Tera's messages without the capital letter at its start and the full stop
/// at its end.
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

/// The finding of something undefined, if the report is about that.
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

/// The variable at those bytes, or the one around them.
fn path_around(source: &str, range: &Range<usize>) -> Option<Path> {
    let part = scan::parts(source).into_iter().find(|part| part.inner.contains(&range.start))?;
    let tokens = scan::tokens(source, part.inner);
    let paths = scan::paths(source, &tokens);
    let covers = |path: &&Path| path.span().contains(&range.start);
    // The innermost one starts last.
    paths
        .iter()
        .rev()
        .find(covers)
        .or_else(|| paths.iter().find(|path| range.contains(&path.span().start)))
        .cloned()
}

/// Follows the path from the template's variables to the first step that does not
/// exist.
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

/// The most names that a help lists.
const SHOWN: usize = 8;

fn help(name: Option<&str>, known: &[String], parent: &str) -> Option<String> {
    let near = name.and_then(|name| did_you_mean(name, known.iter().map(String::as_str)));
    if near.is_some() || known.is_empty() {
        return near;
    }
    Some(format!("`{parent}` has {}", listed(known, "and")))
}

/// Names as a part of a sentence.
fn listed(names: &[String], conjunction: &str) -> String {
    let mut shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if names.len() > SHOWN {
        shown.push("others".to_owned());
    }
    joined(&shown, conjunction)
}

/// The finding of a path from a variable that the template itself defines, or that
/// does not exist. Tera's message lists the variables or fields that do.
fn unknown(file: &Arc<SourceFile>, path: &Path, range: &Range<usize>, message: &str) -> Finding {
    let available = message.split_once(" Available ").and_then(|(_, list)| list.split_once(": "));
    let mut known: Vec<String> =
        available.into_iter().flat_map(|(_, list)| list.split(", ")).map(str::to_owned).collect();
    let is_variable = message.starts_with("Variable");
    if is_variable {
        known.extend(scan::bound_names(file.text()));
    }
    let span = if is_variable { path.root_span.clone() } else { range.clone() };
    let whole = &file.text()[path.root_span.start..span.end.max(path.root_span.end)];
    let name = quoted(message).unwrap_or(&path.root);
    let form = helm_form(file.text(), range.start);
    let help = did_you_mean(name, known.iter().map(String::as_str))
        .or_else(|| form.map(|form| form.help))
        .or_else(|| (!known.is_empty()).then(|| format!("it can be {}", listed(&known, "or"))));
    let location = Location::new(file, Span::new(span.start, span.end));
    Finding::new(&TEMPLATE_UNDEFINED, format!("`{whole}` is not defined"), location)
        .because("printed here")
        .maybe_help(help)
}

/// The text between the first two backticks.
fn quoted(message: &str) -> Option<&str> {
    message.split('`').nth(1)
}

/// Adds the places of the includes that led to the error, which Tera gives only as
/// text. The text starts with the message, which may quote a value: what looks like
/// a note in there is not one.
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
    if let Some(help) = helm_word(name) {
        return Some(format!("`{name}` is Helm's, and Tera is another language: {help}"));
    }
    if message.starts_with("Unknown filter") {
        return did_you_mean(name, FILTERS.iter().copied());
    }
    if message.starts_with("Unknown component") {
        return did_you_mean(name, sources.tera.get_component_names());
    }
    None
}

/// The finding of files that include or extend one another in a circle, at the tag
/// that closes it.
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

/// The finding of a message without a place, at the file that it names if it names
/// one.
fn unplaced(sources: &TeraSources, code: &'static Code, message: &str) -> Finding {
    let named = message.split(['`', '\'']).find_map(|word| sources.file(word));
    let location = named.map_or_else(
        || Location::of_path(&sources.root),
        |file| Location::new(file, Span::default()),
    );
    Finding::new(code, first_line(message), location)
}
