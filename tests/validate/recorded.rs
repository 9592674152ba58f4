//! The verdicts that are checked in are those of the server.

use std::fs;

use super::object::Object;
use super::recording::{Mutant, Recording, STALE, checked_in, file, prepare};
use crate::support::effort::few_or_all;
use crate::support::kubernetes::{ApiServer, Keep};

#[test]
fn the_server_accepts_every_object() {
    let Some(server) = ApiServer::shared() else { return };
    let objects = Object::all();
    prepare(&server, &objects);
    let manifests: Vec<_> = objects.iter().map(|object| object.manifest.clone()).collect();
    let answered = objects.iter().zip(server.create(&manifests, Keep::No));
    let refused = answered.filter(|(_, answer)| !answer.is_accepted());
    let refused: Vec<_> =
        refused.map(|(object, answer)| format!("{}: {answer}", object.name)).collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn the_server_judges_spoilt_objects_as_recorded() {
    let Some(server) = ApiServer::shared() else { return };
    let objects = Object::all();
    prepare(&server, &objects);
    let mutants = Mutant::all(&objects);
    if std::env::var_os("RUNGS_UPDATE").is_some() {
        let recording = Recording::of(&server, &mutants);
        fs::write(file(), recording.written(&mutants)).unwrap();
        return;
    }
    let known = checked_in(&mutants);
    // A prime, so that every mutation is among them.
    let step = few_or_all(19, 1);
    let chosen: Vec<_> = mutants.into_iter().step_by(step).collect();
    let asked = Recording::of(&server, &chosen);
    assert_eq!(asked.server, known.server, "{STALE}");
    let verdicts = known.verdicts.into_iter().step_by(step).zip(asked.verdicts);
    let differing = chosen.iter().zip(verdicts).filter(|(_, (known, asked))| known != asked);
    let differing: Vec<_> = differing
        .map(|(mutant, (known, asked))| {
            let Mutant { object, field, mutation } = mutant;
            let field = format!("{} {field} {mutation}", object.name);
            let spoilt = mutant.spoilt_field();
            format!("{field}\n  - {}\n  + {}", known.written(&spoilt), asked.written(&spoilt))
        })
        .collect();
    let shown: Vec<_> = differing.iter().take(20).map(String::as_str).collect();
    assert!(
        differing.is_empty(),
        "{} verdicts differ; {STALE}\n{}",
        differing.len(),
        shown.join("\n")
    );
}
