//! `rungs schema`

use super::{Exit, console};
use crate::config;

/// Print the JSON Schema of one of a repository's files
///
/// With a first line such as `# yaml-language-server: $schema=../../schemas/app.schema.json`,
/// editors check a file as you type.
#[derive(Debug, clap::Args)]
pub(super) struct SchemaArgs {
    /// The file: rungs (rungs.yaml), environment (environment.yaml), app or hold; if not given, the
    /// names are listed
    file: Option<String>,
}

impl SchemaArgs {
    pub(super) fn run(self) -> Exit {
        let schemas = config::schemas();
        let names: Vec<_> = schemas.iter().map(|(name, _)| *name).collect();
        let Some(wanted) = self.file else {
            console::print(format!("{}\n", names.join("\n")).as_bytes());
            return Exit::Done;
        };
        let Some((_, schema)) = schemas.iter().find(|(name, _)| *name == wanted) else {
            super::usage_error(&format!(
                "there is no schema `{wanted}`; there are {}",
                names.join(", ")
            ))
        };
        console::print(schema.as_bytes());
        Exit::Done
    }
}
