//! `rungs audit`

mod csv;
mod html;
mod text;
mod words;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::base::{self, BaseArgs};
use super::format::DataFormat;
use super::time_span::TimeSpan;
use super::{Context, Outcome, console};
use crate::config::{EnvironmentName, Repository};
use crate::diagnostic::{self, Finding, Findings, Format, harmless};
use crate::git::{HistoryError, NamingError, ObjectName, Workspace, WorkspaceOptions};
use crate::history::audit::{self, AuditEntry, AuditQuery, NO_SUCH_TIME};
use crate::history::{self, Commits};
use crate::promote::{AppSelection, LoadedBase};
use crate::sites::{Model, StateReference};
use crate::source::Location;

use text::Columns;

/// Show who put what where, and when
///
/// Shows an entry for each app and environment that a commit of the branch changed, newest first:
/// by rungs or by hand, merged, squashed or rebased. What a commit says about itself (who asked,
/// from where, which gates were overridden) is shown with whether the repository confirms it.
///
/// `--format json`, `csv` and `html` write the same for other programs and for printing.
#[derive(Debug, clap::Args)]
pub(super) struct AuditArgs {
    /// Only this app; may be given more than once
    #[arg(long, value_name = "APP")]
    app: Vec<String>,
    /// Only this environment; may be given more than once
    #[arg(long, value_name = "ENV")]
    env: Vec<String>,
    /// Only changes since a date (2026-11-01), a time (2026-11-01T08:00:00Z), a span before now
    /// (7d, 12mo), or after a tag or commit
    #[arg(long, value_name = "DATE|REV")]
    since: Option<String>,
    /// Only changes before a date, a time or a span before now, or up to a tag or commit
    #[arg(long, value_name = "DATE|REV")]
    until: Option<String>,
    /// Only changes that brought or took away this reference (`:v4`, `web=:v4`, `@sha256:…`)
    #[arg(long = "reference", value_name = "REF")]
    reference: Option<String>,
    /// At most this many entries
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    base: BaseArgs,
}

/// A limit of what is shown, as a person gives it.
enum Bound {
    At(Timestamp),
    Revision(String),
}

/// The branch whose changes are listed, up to a commit.
struct AuditedBranch<'a> {
    name: &'a str,
    /// The configuration at that commit.
    repository: &'a Repository,
    commits: Commits<'a>,
}

impl AuditedBranch<'_> {
    /// The finding about a history that ends too early or cannot be read.
    fn history_finding(&self, error: &HistoryError) -> Finding {
        history::finding(error, &self.repository.location)
    }
}

impl AuditArgs {
    /// What the person says about the base branch.
    pub(super) fn options(&self) -> WorkspaceOptions {
        self.base.options()
    }

    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        let workspace = context.workspace();
        let branch = base::require(workspace)?;
        let mut at = branch.clone();
        let until = self.until.as_deref().map(|text| bound(text, context.now));
        if let Some(Bound::Revision(text)) = &until {
            at.commit = point(workspace, text)?;
        }
        // Sites are found without the settings of apps.
        let apps = AppSelection::Named(Vec::new());
        let loaded = LoadedBase::at(workspace, &at.commit, at.branch_name(), &apps)?;
        let commits = loaded.commits().expect("a commit's files have its history");
        let base = AuditedBranch { name: &at.name, repository: loaded.repository(), commits };
        let mut query = self.query(workspace, &base, context.now)?;
        if let Some(Bound::At(time)) = until {
            query.until = Some(time);
        }
        self.refuse_unknown_apps(&base, &loaded)?;
        let entries = audit::Audit::new(base.repository, &loaded.tree, commits, query);
        let entries = entries.map_err(|error| base.history_finding(&error))?;
        let data = base::data(workspace, Some(&branch));
        let format = EntryFormat::of(context, &base, &entries, data);
        let limit = self.limit.unwrap_or(usize::MAX);
        let mut findings = loaded.loaded.warnings.clone();
        findings.extend(workspace.rewritten(&branch));
        base::say_unexpected(context, workspace, &branch);
        Ok(print(context, &format, entries.take(limit), findings, &base))
    }

    /// Refuses apps that no environment has or ever had.
    fn refuse_unknown_apps(
        &self,
        base: &AuditedBranch<'_>,
        loaded: &LoadedBase,
    ) -> Result<(), Findings> {
        for app in &self.app {
            let query = AuditQuery { apps: vec![app.clone()], ..AuditQuery::default() };
            let entries = audit::Audit::new(base.repository, &loaded.tree, base.commits, query);
            let mut entries = entries.map_err(|error| base.history_finding(&error))?;
            let is_there = entries.apps().any(|one| one == *app);
            if !is_there && entries.next().is_none() {
                let known = Model::apps_anywhere(base.repository, &loaded.tree);
                let known = known.iter().map(String::as_str);
                return Err(base.repository.unknown_app(app, known).into());
            }
        }
        Ok(())
    }

    fn query(
        &self,
        workspace: &Workspace,
        base: &AuditedBranch<'_>,
        now: Timestamp,
    ) -> Result<AuditQuery, Findings> {
        let environments = self.env.iter().map(|name| base.repository.find_environments(name));
        let environments: Result<Vec<Vec<EnvironmentName>>, _> = environments.collect();
        let mut query = AuditQuery {
            apps: self.app.clone(),
            environments: environments?.concat(),
            reference: self.reference.as_deref().map(StateReference::parse),
            ..AuditQuery::default()
        };
        match self.since.as_deref().map(|text| bound(text, now)) {
            Some(Bound::At(time)) => query.since = Some(time),
            Some(Bound::Revision(text)) => {
                let commit = point(workspace, &text)?;
                query.after = Some(on_branch(&text, commit, base)?);
            }
            None => {}
        }
        Ok(query)
    }
}

/// The commit that a person names as a limit.
fn point(workspace: &Workspace, text: &str) -> Result<ObjectName, Findings> {
    match workspace.point(text) {
        Ok(revision) => Ok(revision.commit),
        Err(NamingError::Failed(findings)) => Err(findings),
        Err(NamingError::Unknown(unknown)) => {
            let message = format!("`{}` is neither a time nor a commit", harmless(text));
            // What is meant as a time is in no other clone either.
            let help = unknown.help.filter(|_| !is_like_time(text));
            let fetch = help.map(|help| format!("; {help}")).unwrap_or_default();
            Err(Finding::new(&NO_SUCH_TIME, message, Location::of_repository())
                .because("no such commit in this clone")
                .help(format!("write `2026-11-01`, `7d`, a tag or a commit{fetch}"))
                .into())
        }
    }
}

/// Whether a text looks as if it were meant as a time: `2025-13-01`, `3x`.
fn is_like_time(text: &str) -> bool {
    let is_day = text.len() >= 8 && text.bytes().all(|byte| b"0123456789-:T.Z+".contains(&byte));
    let unit = text.trim_start_matches(|char: char| char.is_ascii_digit());
    is_day || (unit.len() < text.len() && (1..=2).contains(&unit.len()))
}

/// Returns the commit if it is one of the branch itself.
fn on_branch(
    text: &str,
    commit: ObjectName,
    base: &AuditedBranch<'_>,
) -> Result<ObjectName, Findings> {
    if base.commits.contain(&commit).map_err(|error| base.history_finding(&error))? {
        return Ok(commit);
    }
    let message = format!("`{}` is not on `{}`", harmless(text), base.name);
    let at = base.repository.location.clone();
    Err(Finding::new(&audit::NOT_ON_BRANCH, message, at)
        .because(format!("{} is not a commit of the branch itself", commit.short()))
        .help("name the merge that brought it, or a date")
        .into())
}

/// Reads what `--since` and `--until` take. Days start at midnight in UTC, in
/// which all times are shown: a report must be the same wherever it is made.
fn bound(text: &str, now: Timestamp) -> Bound {
    if let Ok(time) = text.parse() {
        return Bound::At(time);
    }
    if let Ok(day) = text.parse::<jiff::civil::Date>()
        && let Ok(midnight) = day.to_zoned(jiff::tz::TimeZone::UTC)
    {
        return Bound::At(midnight.timestamp());
    }
    match TimeSpan::parse(text).and_then(|span| span.before(now)) {
        Some(time) => Bound::At(time),
        None => Bound::Revision(text.to_owned()),
    }
}

/// The format of entries, which are written one by one as they are found: there
/// may be more of them than fit into memory.
enum EntryFormat {
    Text(Columns),
    Json {
        /// The remote and the base that were used.
        workspace: Value,
    },
    Csv,
    Html {
        title: String,
    },
    /// Nothing: the format is for findings alone.
    Nothing,
}

impl EntryFormat {
    fn of(
        context: &Context,
        base: &AuditedBranch<'_>,
        entries: &audit::Audit<'_>,
        workspace: Value,
    ) -> Self {
        let console = &context.console;
        match (console.data_format(), console.format()) {
            (Some(DataFormat::Csv), _) => Self::Csv,
            (Some(_), _) => Self::Html { title: format!("Changes of {}", base.name) },
            (None, Format::Json) => Self::Json { workspace },
            (None, Format::Text) => {
                let environments = base.repository.environments.iter().map(|one| one.name.as_str());
                Self::Text(Columns::new(environments, entries.apps(), console.stdout_style()))
            }
            _ => Self::Nothing,
        }
    }

    fn begin(&self) -> String {
        match self {
            Self::Csv => csv::HEADER.to_owned(),
            Self::Html { title } => html::head(title),
            Self::Json { workspace } => json_around(&Findings::new(), workspace).0,
            Self::Text(_) | Self::Nothing => String::new(),
        }
    }

    fn entry(&self, entry: &AuditEntry, is_first: bool) -> String {
        match self {
            Self::Text(columns) => columns.lines(entry),
            Self::Json { .. } => json_entry(entry, is_first),
            Self::Csv => csv::rows(entry),
            Self::Html { .. } => html::row(entry),
            Self::Nothing => String::new(),
        }
    }

    fn end(&self, count: usize, findings: &Findings) -> String {
        match self {
            Self::Html { .. } => html::tail(count),
            Self::Json { workspace } => json_around(findings, workspace).1,
            Self::Text(_) | Self::Csv | Self::Nothing => String::new(),
        }
    }
}

fn print(
    context: &Context,
    format: &EntryFormat,
    entries: impl Iterator<Item = Result<AuditEntry, HistoryError>>,
    mut findings: Findings,
    base: &AuditedBranch<'_>,
) -> Outcome {
    let mut is_read = console::stream_text(&format.begin());
    let mut count = 0;
    for entry in entries {
        match entry {
            Ok(entry) if is_read => {
                is_read = console::stream_text(&format.entry(&entry, count == 0));
                count += 1;
            }
            Ok(_) => break,
            Err(error) => findings.push(base.history_finding(&error)),
        }
    }
    let findings = findings.settled();
    if is_read {
        console::print_text(&format.end(count, &findings));
    }
    if count == 0 && matches!(format, EntryFormat::Text(_)) {
        context.console.say("no change is found");
    }
    let is_reported = matches!(format, EntryFormat::Json { .. });
    Outcome { findings, is_reported, ..Outcome::default() }
}

/// The parts of a document with these findings before and after its entries.
fn json_around(findings: &Findings, workspace: &Value) -> (String, String) {
    let entries = ("entries".to_owned(), serde_json::json!([]));
    let data = Map::from_iter([("workspace".to_owned(), workspace.clone()), entries]);
    let document = diagnostic::json_with(findings, data);
    let list = "\"entries\": [";
    let at = document.find(list).expect("the key was given") + list.len();
    (document[..at].to_owned(), document[at..].to_owned())
}

fn json_entry(entry: &AuditEntry, is_first: bool) -> String {
    let entry = serde_json::to_value(entry).expect("keys are text and numbers finite");
    let document = diagnostic::json_part(entry);
    let separator = if is_first { "\n" } else { ",\n" };
    separator.to_owned() + &document
}
