//! `rungs explain`

use serde_json::Map;

use super::{Context, Exit, console};
use crate::codes;
use crate::diagnostic::{self, Format};

/// Explain a finding: what is wrong, why it matters, how to fix it
#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// The code that is shown with the finding; if not given, all codes are listed
    code: Option<String>,
}

impl ExplainArgs {
    pub(super) fn run(self, context: &Context) -> Exit {
        let Some(name) = self.code else {
            console::print(list(context.console.format()).as_bytes());
            return Exit::Done;
        };
        let Some(code) = codes::find(&name) else {
            let nearest = codes::nearest(&name);
            let hint = nearest.map(|code| format!("; did you mean `{}`?", code.name));
            super::usage_error(&format!(
                "no finding has the code `{name}`{}",
                hint.unwrap_or_else(|| "; `rungs explain` lists them all".to_owned())
            ))
        };
        console::print(diagnostic::explain(code).as_bytes());
        Exit::Done
    }
}

fn list(format: Format) -> String {
    if format == Format::Json {
        let codes = codes::all()
            .map(|code| {
                serde_json::json!({
                    "code": code.name,
                    "severity": code.severity,
                    "exitCode": code.kind.exit_code(),
                    "title": code.title(),
                })
            })
            .collect();
        return diagnostic::json_of(Map::from_iter([("codes".to_owned(), codes)]));
    }
    let width = codes::all().map(|code| code.name.len()).max().unwrap_or_default();
    let lines = codes::all().map(|code| format!("{:width$}  {}", code.name, code.title()));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}
