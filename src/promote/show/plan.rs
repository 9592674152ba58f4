//! A plan as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::verdicts;
use crate::diagnostic::{TextStyle, abbreviated, harmless, wrapped};
use crate::promote::{AppPlan, Plan};
use crate::sites::{Key, SiteValue, differences};

/// A plan as text: what changes in each app, where, and what blocks it.
pub fn text(plan: &Plan, style: TextStyle) -> String {
    text_of(plan, style, &|_| true)
}

/// The same, where apps that have nothing to do are only counted.
pub fn text_without_idle_apps(plan: &Plan, style: TextStyle) -> String {
    let is_idle = |app: &AppPlan| app.changes.is_empty() && app.gates.is_empty();
    let idle = plan.apps.iter().filter(|app| is_idle(app)).count();
    let mut text = text_of(plan, style, &|app| !is_idle(app) || idle == 1);
    if idle > 1 {
        let _ = writeln!(text, "{idle} apps in {}: nothing to do", plan.environment);
    }
    text
}

fn text_of(plan: &Plan, style: TextStyle, is_shown: &dyn Fn(&AppPlan) -> bool) -> String {
    let mut text = String::new();
    for app in plan.apps.iter().filter(|app| is_shown(app)) {
        text.push_str(&header(plan, app));
        push_changes(&mut text, app, style);
        let narrower = TextStyle { width: style.width.saturating_sub(2), ..style };
        for line in verdicts::text(&app.gates, narrower).lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

fn header(plan: &Plan, app: &AppPlan) -> String {
    let name = harmless(&app.app);
    let environment = match &plan.commit {
        Some(commit) => format!("{} by {} alone", plan.environment, commit.short()),
        None => plan.environment.to_string(),
    };
    let from = app.source.as_ref().map(|source| match &source.commit {
        Some(commit) => format!(", from {} at {}", source.environment, commit.short()),
        None => format!(", from {}", source.environment),
    });
    let from = from.unwrap_or_default();
    if app.changes.is_empty() && !app.gates.is_empty() {
        return format!("{name} in {environment}: no reference changes\n");
    }
    if app.changes.is_empty() {
        let compared = compared(app);
        return format!("{name} in {environment}: nothing to do{from}; {compared}\n");
    }
    format!("{name} in {environment}{from}\n")
}

/// What was compared, if nothing is to be done.
fn compared(app: &AppPlan) -> String {
    let is_value = |value: &SiteValue| value.yaml().is_some();
    let values = app.from.iter().filter(|(_, value)| is_value(value)).count();
    let counted = |count: usize, noun: &str| match count {
        0 => None,
        1 => Some(format!("one {noun}")),
        count => Some(format!("{count} {noun}s")),
    };
    let references = counted(app.from.iter().len() - values, "reference");
    let all: Vec<_> = references.into_iter().chain(counted(values, "value")).collect();
    let is = if app.from.iter().len() == 1 { "is" } else { "are" };
    if all.is_empty() {
        return "it has no reference".to_owned();
    }
    format!("{} {is} the same", all.join(" and "))
}

/// Adds a line for each key, with the first place that changes. What the terminal is too
/// narrow for is on lines of its own.
fn push_changes(text: &mut String, app: &AppPlan, style: TextStyle) {
    let mut places: BTreeMap<&Key, Vec<String>> = BTreeMap::new();
    for change in &app.changes {
        places.entry(&change.key).or_default().push(format!("{}:{}", change.path, change.line));
    }
    let differences = differences(&app.from, &app.to);
    let rows: Vec<_> = differences
        .iter()
        .map(|difference| {
            let places = places.remove(difference.key).unwrap_or_default();
            (harmless(difference.key.name()).into_owned(), difference.brief(), places)
        })
        .collect();
    let length = |text: &str| text.chars().count();
    let width = |of: fn(&(String, String, Vec<String>)) -> &str| {
        rows.iter().map(|row| length(of(row))).max().unwrap_or_default()
    };
    let values = width(|row| &row.1);
    // Of a long route the end says most, and no value goes below its key because of it. One that
    // would leave no room for a key goes there anyway.
    let beside_keys = rows.iter().map(|row| style.width.saturating_sub(length(&row.1) + 4));
    let longest = beside_keys.filter(|room| *room >= SHORTEST_KEY).min().unwrap_or(usize::MAX);
    let keys = width(|row| &row.0).min(longest);
    for (key, value, places) in &rows {
        let short_key = &abbreviated(key, longest);
        let place = match places.as_slice() {
            [] => String::new(),
            [only] => only.clone(),
            [first, more @ ..] => format!("{first} and {} more", more.len()),
        };
        let place = harmless(&place);
        let beside = format!("  {short_key:keys$}  {value:values$}  {place}");
        let lines = if fits(beside.trim_end(), style) {
            vec![beside]
        } else {
            below(&format!("  {short_key:keys$}  {value}"), [key, value, &place], style)
        };
        for line in lines {
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
}

/// The characters of a key that are left beside its value at least.
const SHORTEST_KEY: usize = 24;

fn fits(line: &str, style: TextStyle) -> bool {
    line.chars().count() <= style.width
}

/// A key's lines with its place below, and its value as well if it does not fit beside it.
fn below(beside: &str, [key, value, place]: [&str; 3], style: TextStyle) -> Vec<String> {
    const INDENT: usize = 6;
    let indented = |line: &str| format!("{:INDENT$}{line}", "");
    let mut lines = if fits(beside, style) {
        vec![beside.to_owned()]
    } else {
        let values = wrapped(value, style.width.saturating_sub(INDENT));
        let key = format!("  {}", abbreviated(key, style.width.saturating_sub(2)));
        std::iter::once(key).chain(values.iter().map(|line| indented(line))).collect()
    };
    lines.extend((!place.is_empty()).then(|| indented(place)));
    lines
}
