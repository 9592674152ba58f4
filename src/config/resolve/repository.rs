//! `rungs.yaml`.

use indexmap::IndexMap;

use crate::config::decode::Decode;
use crate::config::known::Known;
use crate::config::ladder::Ladder;
use crate::config::lists::report_twice;
use crate::config::raw::RepositoryFile;
use crate::config::reader::{ConfigFile, ConfigReader};
use crate::config::syntax::Requirement;
use crate::config::valid::{Environment, Repository, Train};
use crate::config::{forge, mirrors, network, policies, sites, worker};
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::{Location, ReadErrorKind, RepoPath};
use crate::yaml::{Node, Number};

codes! {
    /// There is no `rungs.yaml`.
    ///
    /// A repository's settings are in `rungs.yaml` at its root. Either this is not the
    /// directory that was meant, and `--repo DIR` names it, or the repository is not
    /// set up yet: `rungs init` writes a small one that works. The minimum is
    ///
    /// ```yaml
    /// version: 1
    /// ladder: [qa, prod]
    /// ```
    NO_SETTINGS = "no-settings", Input, Error;

    /// The files are of a format that this program does not read.
    ///
    /// `version` in `rungs.yaml` counts the format of all files. This program
    /// reads version 1. A higher number needs a newer program. Nothing else is read,
    /// because what this program says about such files would be misleading.
    UNKNOWN_VERSION = "unknown-version", Input, Error;

    /// The repository requires another version of rungs.
    ///
    /// `requires` in `rungs.yaml` says which versions of the program may be
    /// used, so that everybody renders the same. Install one of them, or
    /// change the range after comparing what both render.
    ///
    /// ```yaml
    /// requires: ">=0.1"
    /// ```
    WRONG_PROGRAM = "wrong-program", Input, Error;

    /// A train with the name of an app.
    ///
    /// A train's promotion has the branch `rungs/<environment>/<train>`, and
    /// an app's the branch `rungs/<environment>/<app>`. With the same name they would
    /// overwrite each other.
    ///
    /// ```yaml
    /// trains: { cart: [cart, guestbook] }     # wrong
    /// trains: { shop: [cart, guestbook] }     # right
    /// ```
    TRAIN_NAMED_AS_APP = "train-named-as-app", Input, Error;
}

/// The contents of `rungs.yaml`.
pub(super) struct RepositorySettings {
    /// None where it cannot be read, as findings say.
    pub(super) document: Option<ConfigFile<RepositoryFile>>,
    /// Whether it declares sites, as far as can be told.
    pub(super) is_adopted: bool,
}

impl RepositorySettings {
    /// The settings that could be read.
    pub(super) fn raw(&self) -> Option<&RepositoryFile> {
        self.document.as_ref().and_then(|document| document.raw.as_ref())
    }
}

/// Reads `rungs.yaml`. It is an error if it does not exist or is not for this
/// program.
pub(super) fn read(reader: &mut ConfigReader<'_>) -> Result<RepositorySettings, Findings> {
    let path = path();
    let file = match reader.tree.read(&path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind, ReadErrorKind::Missing) => {
            return Err(Finding::new(
                &NO_SETTINGS,
                "there is no `rungs.yaml`",
                Location::of_path(&path),
            )
            .because("a repository's settings are here")
            .help("`rungs init` writes a small repository; `--repo DIR` names another directory")
            .into());
        }
        Err(error) => return Err(Finding::of_read_error(&error, None).into()),
    };
    let mut early = ConfigReader::new(reader.tree);
    let is_adopted = match early.parse(&file) {
        Some(value) => {
            check_program(value.root())?;
            value.root().get("sites").is_some_and(|sites| !sites.is_null())
        }
        // Otherwise one wrong line here would have every file of an adopted repository's
        // own `environments/` reported.
        None => file.text().lines().any(|line| line.starts_with("sites:")),
    };
    Ok(RepositorySettings { document: reader.document(&path), is_adopted })
}

fn path() -> RepoPath {
    RepoPath::root().child("rungs.yaml")
}

/// Whether this program may read the files. This is checked first, because what it
/// says about files for another version would be misleading.
fn check_program(root: Node<'_>) -> Result<(), Findings> {
    let mut ignored = Findings::new();
    if let Some(version) = root.get("version") {
        let number = version.as_number().and_then(Number::as_u64);
        if number != Some(1) {
            let written = version.location().text().to_owned();
            return Err(Finding::new(
                &UNKNOWN_VERSION,
                format!("the files' format `{written}` is not known"),
                version.location(),
            )
            .because("this program reads version 1")
            .help(match number {
                Some(_) => "use the version of rungs that this repository was written for",
                None => "write `version: 1`",
            })
            .into());
        }
    }
    let Some(requires) = root.get("requires") else { return Ok(()) };
    let mut own =
        semver::Version::parse(env!("CARGO_PKG_VERSION")).expect("cargo checks the version");
    // A range does not match release candidates, but here one is as good as its release.
    own.pre = semver::Prerelease::EMPTY;
    match Requirement::decode(requires, &mut ignored) {
        Some(Requirement(range)) if !range.matches(&own) => Err(Finding::new(
            &WRONG_PROGRAM,
            format!("this repository requires rungs `{range}`, but this is {own}"),
            requires.location(),
        )
        .because("not a version that may be used here")
        .help(format!("install a version that is `{range}`"))
        .into()),
        _ => Ok(()),
    }
}

/// Puts the repository together.
pub(super) fn resolve(
    settings: &RepositorySettings,
    environments: Vec<Environment>,
    ladder: Ladder,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Repository {
    let raw = settings.raw();
    let location = settings.document.as_ref().map(|document| document.read.location());
    let sites = raw.and_then(|raw| raw.sites.as_ref());
    let output = raw.and_then(|raw| raw.output.as_ref()).map(|output| output.value.0.clone());
    let mut repository = Repository {
        location: location.unwrap_or_else(|| Location::of_path(&path())),
        output: output.unwrap_or_else(worker::default_output),
        kubernetes: raw.and_then(|raw| raw.kubernetes.clone()),
        ladder,
        forge: raw.and_then(|raw| raw.forge.as_ref()).map(|raw| forge::resolve(raw, findings)),
        trains: raw.map(|raw| trains(raw, known, findings)).unwrap_or_default(),
        mirrors: mirrors::resolve(raw.and_then(|raw| raw.mirrors.as_ref()), findings),
        network: network::of_repository(raw.and_then(|raw| raw.network.as_ref()), known, findings),
        policies: policies::resolve(raw.and_then(|raw| raw.policies.as_ref()), findings),
        worker: worker::resolve(raw.and_then(|raw| raw.worker.as_ref()).map(|raw| &raw.value)),
        sites: sites.map(|raw| sites::resolve(raw, known, findings)).unwrap_or_default(),
        environments,
        waves: known.waves.clone(),
    };
    for environment in &mut repository.environments {
        environment.kubernetes =
            environment.kubernetes.take().or_else(|| repository.kubernetes.clone());
    }
    repository
}

fn trains(
    raw: &RepositoryFile,
    known: &Known<'_>,
    findings: &mut Findings,
) -> IndexMap<String, Train> {
    let mut trains = IndexMap::new();
    for (name, apps) in raw.trains.iter().flat_map(|trains| &trains.value.0) {
        let train = &name.value.0;
        if known.has_app(train) {
            findings.push(
                Finding::new(
                    &TRAIN_NAMED_AS_APP,
                    format!("the train `{train}` has the name of an app"),
                    name.location.clone(),
                )
                .because("their promotions would have the same branch")
                .help("give the train another name"),
            );
        }
        report_twice(&apps.value, |app| app.0.as_str(), "app", findings);
        for app in &apps.value {
            known.check_app(&app.value.0, &app.location, findings);
        }
        let apps = apps.value.iter().map(|app| app.value.0.clone()).collect();
        trains.insert(train.clone(), Train { apps, location: name.location.clone() });
    }
    trains
}
