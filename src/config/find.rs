//! Parts of a repository by the names that a person typed.

use super::decode::suggest;
use super::gates::Gates;
use super::known::{UNKNOWN_APP, UNKNOWN_ENVIRONMENT, unknown_environment};
use super::syntax::EnvironmentName;
use super::valid::{App, Environment, Repository, Train};
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::{Location, RepoPath};

codes! {
    /// There is no such train.
    ///
    /// A train is a list of apps that are promoted together. `trains` in `rungs.yaml`
    /// gives it a name.
    ///
    /// ```yaml
    /// trains: { shop: [guestbook, cart] }
    /// ```
    UNKNOWN_TRAIN = "unknown-train", Input, Error;
}

impl Repository {
    /// The environment of that name, as a person typed it.
    ///
    /// # Errors
    ///
    /// It does not exist; the finding names the one that was probably meant.
    pub fn find_environment(&self, name: &str) -> Result<&Environment, Finding> {
        let name = name.trim_end_matches('/');
        let found = self.environments.iter().find(|environment| environment.name.as_str() == name);
        found.ok_or_else(|| {
            let known = self.environments.iter().map(|one| one.name.as_str());
            let at = if self.is_native() {
                Location::of_path(&RepoPath::root().child("environments"))
            } else {
                self.location.clone()
            };
            unknown_environment(name, known, self.is_native(), at)
        })
    }

    /// The clusters of an environment that has several, by wave; none if it has not, or if
    /// there is no such environment.
    pub fn waves(&self, name: &str) -> &[Vec<EnvironmentName>] {
        let mut all = self.waves.iter();
        all.find(|(group, _)| group.as_str() == name).map_or(&[], |(_, waves)| waves.as_slice())
    }

    /// The clusters of an environment that a person names.
    ///
    /// # Errors
    ///
    /// There is no such environment, it has no clusters, or not these.
    pub fn find_clusters(
        &self,
        name: &str,
        clusters: &[String],
    ) -> Result<Vec<EnvironmentName>, Findings> {
        let name = name.trim_end_matches('/');
        let known = self.waves(name).concat();
        let called: Vec<_> =
            known.iter().filter_map(|one| one.as_str().rsplit('/').next()).collect();
        if known.is_empty() {
            let location = self.find_environment(name)?.location.clone();
            let message = format!("`{name}` has no clusters");
            return Err(Finding::new(&UNKNOWN_ENVIRONMENT, message, location)
                .because("it has no `waves`")
                .help("leave `--cluster` out")
                .into());
        }
        let (mut found, mut unknown) = (Vec::new(), Findings::new());
        for cluster in clusters.iter().map(|cluster| cluster.trim()) {
            if let Some(at) = called.iter().position(|one| *one == cluster) {
                found.push(known[at].clone());
                continue;
            }
            let message = format!("`{name}` has no cluster `{cluster}`");
            let short = cluster.rsplit('/').next().unwrap_or_default();
            unknown.push(
                Finding::new(&UNKNOWN_ENVIRONMENT, message, self.location.clone())
                    .because("its `waves` do not name it")
                    .maybe_help(suggest(short, called.iter().copied(), "its clusters are")),
            );
        }
        if unknown.is_empty() { Ok(found) } else { Err(unknown) }
    }

    /// The environments that a person names to see something of them: one, or all clusters of
    /// one that has several.
    ///
    /// # Errors
    ///
    /// There is no such environment.
    pub fn find_environments(&self, name: &str) -> Result<Vec<EnvironmentName>, Finding> {
        let clusters = self.waves(name.trim_end_matches('/')).concat();
        if clusters.is_empty() {
            return Ok(vec![self.find_environment(name)?.name.clone()]);
        }
        Ok(clusters)
    }

    /// The environment of that name.
    pub fn environment(&self, name: &EnvironmentName) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name == *name)
    }

    /// The train of that name, as a person typed it.
    ///
    /// # Errors
    ///
    /// It does not exist; the finding names the one that was probably meant.
    pub fn find_train(&self, name: &str) -> Result<&Train, Finding> {
        self.trains.get(name).ok_or_else(|| {
            let known = self.trains.keys().map(String::as_str);
            let help = suggest(name, known, "the trains are")
                .unwrap_or_else(|| "declare it: `trains: { NAME: [APP, APP] }`".to_owned());
            let message = format!("there is no train `{name}`");
            Finding::new(&UNKNOWN_TRAIN, message, self.location.clone())
                .because("`trains` does not name it")
                .help(help)
        })
    }

    /// An environment's app in a native repository, by the names that a person
    /// typed. An app that was not to be loaded counts as missing.
    ///
    /// # Errors
    ///
    /// There is no such environment, or it does not have the app; the finding says
    /// where the app is, or which one was probably meant.
    pub fn find_app(&self, environment: &str, app: &str) -> Result<(&Environment, &App), Finding> {
        let environment = self.find_environment(environment)?;
        if let Some(found) = environment.app(app) {
            return Ok((environment, found));
        }
        let message = format!("there is no app `{app}` in `{}`", environment.name);
        let finding =
            Finding::new(&UNKNOWN_APP, message, Location::of_path(&environment.directory));
        Err(finding
            .because(format!("no `{app}.yaml` here"))
            .maybe_help(self.where_it_is(app, environment)))
    }

    /// The finding that no environment has an app of that name, if the apps are known.
    pub fn unknown_app<'a>(
        &self,
        app: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) -> Finding {
        let message = format!("there is no app `{app}`");
        Finding::new(&UNKNOWN_APP, message, self.location.clone())
            .because("in no environment")
            .maybe_help(suggest(app, known, "the apps are"))
    }

    fn where_it_is(&self, app: &str, environment: &Environment) -> Option<String> {
        let others = self.environments.iter().filter(|one| one.has_app(app));
        let others: Vec<_> = others.map(|one| format!("`{}`", one.name)).collect();
        if !others.is_empty() {
            return Some(format!("it is in {}", others.join(", ")));
        }
        suggest(app, environment.app_names.iter().map(String::as_str), "its apps are")
    }
}

impl Environment {
    /// The gates that an app has to pass to enter: its own together with the
    /// environment's if they are known, else the environment's.
    pub fn gates_of(&self, app: &str) -> &Gates {
        self.app(app).map_or(&self.gates, |app| &app.gates)
    }
}
