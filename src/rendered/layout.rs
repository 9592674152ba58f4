//! Where everything of a rendering stands.

use rayon::prelude::*;

use super::changes::Scope;
use super::file::{File, Files};
use super::name::{directory, environment_directory};
use crate::diagnostic::Findings;
use crate::pipeline::{Rendering, Wanted};

impl Files {
    /// The files of what was rendered. Those that would stand in one place are
    /// a finding that names both objects.
    pub fn of_rendering(rendering: &Rendering) -> Result<Self, Findings> {
        let mut groups = Vec::new();
        for environment in &rendering.environments {
            groups.push((&environment.own, directory(&environment.name, None), None));
            groups.extend(environment.apps.iter().map(|app| {
                let at = directory(&environment.name, Some(&app.name));
                (&app.objects, at, Some(&*app.namespace))
            }));
        }
        let files = groups.par_iter().flat_map_iter(|(objects, at, home)| {
            objects.iter().map(|object| File::of(object, at, *home))
        });
        Self::of(files.collect::<Vec<_>>())
    }
}

impl Scope {
    /// What a run that renders what is wanted answers for.
    pub fn of(wanted: &Wanted<'_>) -> Self {
        if wanted.everything {
            return Self::everything();
        }
        let environments = wanted.environments.iter().map(|environment| &environment.name);
        Self::directories(environments.map(|environment| match wanted.app {
            Some(app) => directory(environment, Some(app)),
            None => environment_directory(environment),
        }))
    }
}
