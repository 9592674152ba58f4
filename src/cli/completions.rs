//! `rungs completions`

use std::collections::BTreeSet;
use std::env;
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use clap::Command;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::Shells;

use super::context::{NamedRepository, repository_directory, variables};
use super::{Exit, console};
use crate::config::{self, Repository};
use crate::git::{Workspace, WorkspaceOptions};

/// Print a shell's completion script
///
/// The script runs rungs each time you press Tab, so it offers the environments, apps and trains of
/// the repository that you are in. For example, in `~/.bashrc`: `source <(rungs completions bash)`
#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// The variable that a script sets to the shell's name when it wants completions.
const SHELL_VARIABLE: &str = "RUNGS_COMPLETE";

impl CompletionsArgs {
    pub(super) fn run(self) -> Exit {
        let mut script = Vec::new();
        let shells = Shells::builtins();
        let shell = shells.completer(&self.shell.to_string());
        let shell = shell.expect("each shell that can be named has a script");
        let written =
            shell.write_registration(SHELL_VARIABLE, "rungs", "rungs", "rungs", &mut script);
        written.expect("memory takes every write");
        console::print(&script);
        Exit::Done
    }
}

/// Answers a shell that wants completions; none if no shell does. If there is no
/// answer, nothing is printed, because any output would end up in the line that
/// is being typed.
pub(super) fn answer(rungs: fn() -> Command) -> Option<Exit> {
    let shell = env::var(SHELL_VARIABLE).ok().filter(|shell| !shell.is_empty())?;
    let words: Vec<OsString> = env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let shells = Shells::builtins();
    let names = Arc::new(Typed(words.clone()));
    let mut command = with_names(rungs(), &names);
    let directory = env::current_dir().ok();
    let mut answer = Vec::new();
    if let Some(shell) = shells.completer(&shell)
        && shell.write_complete(&mut command, words, directory.as_deref(), &mut answer).is_ok()
    {
        console::print(&answer);
    }
    Some(Exit::Done)
}

/// Offers names wherever a command takes one. The name of an argument's value in
/// the help says what it is, so commands need not declare it again.
fn with_names(command: Command, typed: &Arc<Typed>) -> Command {
    let command = command.mut_args(|arg| {
        let name = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
        let name = name.unwrap_or_else(|| arg.get_id().as_str().to_ascii_uppercase());
        let names = match name.as_str() {
            "ENV" => Typed::environments,
            "APP" | "APPS" => Typed::apps,
            "TRAIN" => Typed::trains,
            _ => return arg,
        };
        let typed = Arc::clone(typed);
        arg.add(ArgValueCandidates::new(move || {
            names(&typed).into_iter().map(CompletionCandidate::new).collect()
        }))
    });
    command.mut_subcommands(|subcommand| with_names(subcommand, typed))
}

/// The words of the line so far.
struct Typed(Vec<OsString>);

impl Typed {
    /// The value that was given for an option.
    fn value_of(&self, option: &str) -> Option<&OsStr> {
        self.0.iter().enumerate().find_map(|(at, word)| {
            if word == option {
                return self.0.get(at + 1).map(OsString::as_os_str);
            }
            let value = word.to_str()?.strip_prefix(option)?.strip_prefix('=')?;
            Some(OsStr::new(value))
        })
    }

    /// The repository without any app; none if it cannot be read. An address is not
    /// fetched: a person who types does not wait for a server.
    fn repository(&self) -> Option<Repository> {
        let variables = variables();
        let named = match self.value_of("--repo") {
            Some(repo) => Some(NamedRepository::parse(repo.into()).ok()?.known(&variables)?),
            None => None,
        };
        let directory = repository_directory(named).ok()?;
        let options = WorkspaceOptions::default();
        let workspace =
            Workspace::at(directory, options, variables, config::configured_base_branch);
        let tree = workspace.files_at_hand().ok()??;
        Some(config::load_apps(&tree, &BTreeSet::new()).ok()?.repository)
    }

    fn environments(&self) -> Vec<String> {
        let repository = self.repository();
        let environments = repository.iter().flat_map(|repository| &repository.environments);
        environments.map(|environment| environment.name.to_string()).collect()
    }

    /// The apps of the environment that was named, or of all. In an adopted
    /// repository these are the apps of its trains, because finding the others
    /// would mean searching all of its files.
    fn apps(&self) -> Vec<String> {
        let Some(repository) = self.repository() else { return Vec::new() };
        let named = ["--env", "--to"].iter().find_map(|option| self.value_of(option)?.to_str());
        let of = |name: &str| named.is_none_or(|named| named.trim_end_matches('/') == name);
        let environments = repository.environments.iter().filter(|one| of(one.name.as_str()));
        let mut apps: BTreeSet<&String> =
            environments.flat_map(|environment| &*environment.app_names).collect();
        if !repository.is_native() {
            apps.extend(repository.trains.values().flat_map(|train| &train.apps));
        }
        apps.into_iter().cloned().collect()
    }

    fn trains(&self) -> Vec<String> {
        self.repository()
            .map(|repository| repository.trains.into_keys().collect())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::Cli;
    use super::*;

    fn typed(line: &str) -> Typed {
        Typed(line.split(' ').map(OsString::from).collect())
    }

    #[test]
    fn an_options_value_is_found_in_both_spellings() {
        assert_eq!(typed("rungs values --env qa web").value_of("--env"), Some(OsStr::new("qa")));
        assert_eq!(typed("rungs values --env=qa").value_of("--env"), Some(OsStr::new("qa")));
        assert_eq!(typed("rungs values --environment qa").value_of("--env"), None);
        assert_eq!(typed("rungs values --env").value_of("--env"), None);
    }

    #[test]
    fn names_are_offered_wherever_a_command_takes_them() {
        let typed = Arc::new(typed("rungs"));
        let command = with_names(Cli::command(), &typed);
        let offers = |name: &str, argument: &str| {
            let command = command.find_subcommand(name).unwrap();
            let argument = command.get_arguments().find(|one| one.get_id() == argument).unwrap();
            argument.get::<ArgValueCandidates>().is_some()
        };
        assert!(offers("render", "environments") && offers("render", "app"));
        assert!(offers("values", "env") && offers("values", "app"));
        assert!(!offers("render", "output"));
    }
}
