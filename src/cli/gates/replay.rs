//! `rungs gates --replay`

use serde_json::json;

use super::{replay_markdown, replay_text};
use crate::cli::base;
use crate::cli::format::DataFormat;
use crate::cli::time_span::TimeSpan;
use crate::cli::{Context, Outcome, console, usage_error};
use crate::config;
use crate::diagnostic::{Findings, Format};
use crate::history::Commits;
use crate::promote::{ReplayQuery, replay};

/// Judges the past of the base branch by the gates of the files here.
pub(super) fn run(
    context: &Context,
    span: TimeSpan,
    to: Option<&str>,
) -> Result<Outcome, Findings> {
    let Some(since) = span.before(context.now) else {
        usage_error(&format!("`--replay {span}` goes back too far"))
    };
    let workspace = context.workspace();
    // What is tried out need not be committed yet.
    let loaded = config::load(&workspace.files()?)?;
    let repository = &loaded.repository;
    let environment = to.map(|name| repository.find_environment(name)).transpose()?;
    let branch = base::require(workspace)?;
    let tree = workspace.tree_of(&branch.commit)?;
    let history = workspace.history(branch.branch_name())?;
    let objects = workspace.require_clone()?.objects();
    let commits = Commits { tip: &branch.commit, history: &history, objects: &*objects };
    let query = ReplayQuery { since, environment: environment.map(|one| &one.name) };
    let progress = context.console.progress_of_commits("judging");
    let replay = replay(repository, &tree, commits, &query, &|| progress.step(1))?;
    drop(progress);
    if context.console.data_format() == Some(DataFormat::Markdown) {
        console::print_text(&replay_markdown::render(&replay));
    } else if context.console.format() == Format::Text {
        let style = context.console.stdout_style();
        console::print_text(&replay_text::render(&replay, style));
    }
    if context.console.format() == Format::Text
        && let Some(fetch) = &replay.fetch
    {
        context.console.say(&format!(
            "note: the history of this clone ends early: older changes are not judged, and what \
             depends on them waits; fetch it with `{fetch}`"
        ));
    }
    let mut outcome = Outcome::from(loaded.warnings);
    if context.console.format() == Format::Json {
        outcome.data.insert("replay".to_owned(), json!(replay));
    }
    base::report(context, workspace, Some(&branch), &mut outcome);
    Ok(outcome)
}
