//! `rungs values`

use super::{Context, Outcome, console};
use crate::config::{self, Loaded, Overridden, Repository, Setting, Settings};
use crate::diagnostic::{Findings, Format, harmless};

/// Show each final value of an app with the line that set it, and what it overrode
///
/// Values whose keys look like those of secrets (password, token, …) are masked.
#[derive(Debug, clap::Args)]
pub(super) struct ValuesArgs {
    /// The app
    app: String,
    /// The environment
    #[arg(long, value_name = "ENV")]
    env: String,
}

/// The width of the column of values. A longer value moves the place after it,
/// on its own line only.
const VALUE_WIDTH: usize = 32;

impl ValuesArgs {
    pub(super) fn run(self, context: &Context) -> Result<Outcome, Findings> {
        let Loaded { repository, warnings, .. } = config::load(&context.files()?)?;
        let mut outcome = self.show(context, &repository).unwrap_or_else(Outcome::from);
        outcome.findings.extend(warnings);
        Ok(outcome)
    }

    fn show(&self, context: &Context, repository: &Repository) -> Result<Outcome, Findings> {
        let (environment, app) = repository.find_app(&self.env, &self.app)?;
        let settings = config::settings(environment, app);
        let mut outcome = Outcome::default();
        match context.console.format() {
            Format::Text => console::print_text(&table(&settings)),
            Format::Json => {
                let data = serde_json::to_value(&settings);
                outcome.data = match data.expect("keys are text and numbers finite") {
                    serde_json::Value::Object(data) => data,
                    other => panic!("settings are an object, not {other}"),
                };
            }
            // These formats are for findings alone: a report with a table before
            // it would not be XML or JSON.
            _ => {}
        }
        Ok(outcome)
    }
}

fn table(settings: &Settings) -> String {
    let Settings { template, namespace, images, labels, values, .. } = settings;
    let all: Vec<_> =
        [template, namespace].into_iter().chain(images).chain(labels).chain(values).collect();
    let width = all.iter().map(|setting| setting.route.chars().count()).max().unwrap_or_default();
    all.iter().map(|setting| rows(setting, width)).collect()
}

fn rows(setting: &Setting, width: usize) -> String {
    let Setting { route, text, origin, overrode, .. } = setting;
    let mut rows = row(route, width, text, &origin.to_string());
    for Overridden { text, origin, .. } in overrode {
        rows.push_str(&row("  instead of", width, text, &origin.to_string()));
    }
    rows
}

fn row(name: &str, width: usize, value: &str, place: &str) -> String {
    let value = harmless(value);
    format!("{:width$}  {value:VALUE_WIDTH$}  {}\n", harmless(name), harmless(place))
}
