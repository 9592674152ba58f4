//! The verdicts that are checked in: what each says, how they are written, and how the
//! server is asked for them again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value as Json;

use super::field::{Field, Step};
use super::mutation::Mutation;
use super::object::{self, Object};
use super::verdict::Verdict;
use crate::support::component;
use crate::support::connection::Request;
use crate::support::kubernetes::{ApiServer, Keep, Manifest, creation};

/// The connections over which the server is asked.
const CONNECTIONS: usize = 2;
/// How long a definition may take to be served.
const SERVED_WITHIN: Duration = Duration::from_secs(30);

/// A spoilt object.
pub(crate) struct Mutant<'a> {
    pub(crate) object: &'a Object,
    pub(crate) field: Field,
    pub(crate) mutation: Mutation,
}

impl<'a> Mutant<'a> {
    /// All of those of the objects: by object, field and mutation.
    pub(crate) fn all(objects: &'a [Object]) -> Vec<Self> {
        let mut mutants = Vec::new();
        for object in objects {
            for field in object.fields() {
                let applying = Mutation::all()
                    .filter(|mutation| mutation.applies(&object.data, &field))
                    .map(|mutation| Mutant { object, field: field.clone(), mutation });
                mutants.extend(applying);
            }
        }
        mutants
    }

    /// The spoilt field's path after the mutation.
    pub(crate) fn spoilt_field(&self) -> Field {
        let Some(Step::Key(key)) = self.field.steps().last() else { return self.field.clone() };
        let renamed = self.mutation.renames(key);
        renamed.map_or_else(|| self.field.clone(), |key| self.field.renamed(&key))
    }

    /// The whole object after the mutation.
    pub(crate) fn data(&self) -> Json {
        self.mutation.apply(&self.object.data, &self.field)
    }
}

/// The server's verdicts about mutants, in their order.
pub(crate) struct Recording {
    pub(crate) server: String,
    pub(crate) verdicts: Vec<Verdict>,
}

impl Recording {
    /// Asks the server about every mutant.
    pub(crate) fn of(server: &ApiServer, mutants: &[Mutant<'_>]) -> Self {
        let resources = server.resources();
        let request = |mutant: &Mutant<'_>| Request {
            path: creation(&resources, &mutant.object.manifest, Keep::No),
            body: Some(("application/json", mutant.data().to_string())),
        };
        let requests: Vec<_> = mutants.iter().map(request).collect();
        let answers = server.send(&requests, CONNECTIONS);
        let answered = mutants.iter().zip(answers);
        let verdicts =
            answered.map(|(mutant, answer)| Verdict::of(&answer, &mutant.spoilt_field()));
        Self { server: version(server), verdicts: verdicts.collect() }
    }

    /// The text that is checked in: by object and field, a line for each verdict with the
    /// mutations that it is about.
    pub(crate) fn written(&self, mutants: &[Mutant<'_>]) -> String {
        let refused = self.verdicts.iter().filter(|verdict| **verdict != Verdict::Accepted);
        let refused = refused.count();
        let accepted = self.verdicts.len() - refused;
        let mut text = format!("{HEADER}{}\n", self.server);
        let _ = writeln!(text, "# {accepted} accepted, {refused} refused");
        let lines = self.verdicts.iter().zip(mutants).map(|(verdict, mutant)| {
            let verdict = verdict.written(&mutant.spoilt_field());
            (mutant.object.name.as_str(), &mutant.field, verdict, mutant.mutation)
        });
        let lines: Vec<_> = lines.collect();
        for of_object in lines.chunk_by(|a, b| a.0 == b.0) {
            let _ = writeln!(text, "\n== {}", of_object[0].0);
            for of_field in of_object.chunk_by(|a, b| a.1 == b.1) {
                let _ = writeln!(text, "{}", of_field[0].1);
                let mut by_verdict = BTreeMap::<_, String>::new();
                for (.., verdict, mutation) in of_field {
                    let names = by_verdict.entry(verdict).or_default();
                    let _ = write!(names, "{}{mutation}", if names.is_empty() { "" } else { " " });
                }
                for (verdict, names) in by_verdict {
                    let _ = writeln!(text, "  {names}: {verdict}");
                }
            }
        }
        text
    }

    /// Reads what [`Recording::written`] returned for the same mutants.
    ///
    /// # Panics
    ///
    /// If it is about other mutants: then the server has to be asked again.
    pub(crate) fn read(text: &str, mutants: &[Mutant<'_>]) -> Self {
        let server = text.strip_prefix(HEADER).and_then(|rest| rest.lines().next());
        let lines = read_lines(text);
        let verdict = |mutant: &Mutant<'_>| {
            let key = (mutant.object.name.as_str(), mutant.field.to_string(), mutant.mutation);
            let verdict = lines.get(&(key.0, key.1.as_str(), key.2)).copied();
            let verdict = verdict.and_then(|line| Verdict::read(line, &mutant.spoilt_field()));
            verdict.unwrap_or_else(|| panic!("no verdict about {key:?}: {STALE}"))
        };
        let verdicts: Vec<_> = mutants.iter().map(verdict).collect();
        assert_eq!(lines.len(), verdicts.len(), "verdicts about mutants that are no more: {STALE}");
        Self { server: server.expect("the header names the server").to_owned(), verdicts }
    }
}

/// How the verdicts are renewed.
pub(crate) const STALE: &str = "`RUNGS_UPDATE=1 cargo test --test validate recorded` asks again";

const HEADER: &str = "\
# What a Kubernetes API server says of the objects of this directory, each with one field
# spoilt (tests/validate/mutation.rs), when asked to create them with every field checked.
# Under an object and a field: the mutations, and the verdict about them, in which `@` is
# that field. Written by `RUNGS_UPDATE=1 cargo test --test validate recorded`.
# kube-apiserver ";

fn read_lines(text: &str) -> BTreeMap<(&str, &str, Mutation), &str> {
    let mut lines = BTreeMap::new();
    let (mut object, mut field) = ("", "");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix("== ") {
            object = name;
        } else if let Some(verdict) = line.strip_prefix("  ") {
            let (names, verdict) = verdict.split_once(": ").expect("mutations, and a verdict");
            for name in names.split(' ') {
                let mutation = Mutation::named(name).unwrap_or_else(|| panic!("{name}: {STALE}"));
                lines.insert((object, field, mutation), verdict);
            }
        } else {
            field = line;
        }
    }
    lines
}

/// The file with the verdicts.
pub(crate) fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validate/verdicts.txt")
}

/// The verdicts that are checked in.
pub(crate) fn checked_in(mutants: &[Mutant<'_>]) -> Recording {
    let text = fs::read_to_string(file()).unwrap_or_else(|error| panic!("{error}: {STALE}"));
    Recording::read(&text, mutants)
}

/// The server's version.
pub(crate) fn version(server: &ApiServer) -> String {
    server.get("/version")["gitVersion"].as_str().expect("the server has a version").to_owned()
}

/// Creates what the objects need: their namespace, and the definitions of their kinds.
pub(crate) fn prepare(server: &ApiServer, objects: &[Object]) {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: { name: oracle }\n";
    let mut needed = vec![Manifest::read("namespace.yaml", namespace)];
    needed.extend(object::definitions());
    for (manifest, answer) in needed.iter().zip(server.create(&needed, Keep::Yes)) {
        // Another test may have been here before.
        assert!(answer.is_accepted() || answer.status == 409, "{}: {answer}", manifest.name);
    }
    let custom = objects.iter().filter(|object| object.name.starts_with("custom/"));
    let custom: Vec<_> = custom.map(|object| object.manifest.clone()).collect();
    let known = component::wait_until(SERVED_WITHIN, || {
        let resources = server.resources();
        let is_known = |manifest: &Manifest| resources.iter().any(|r| r.kind == manifest.kind);
        custom.iter().all(is_known)
            && server.create(&custom, Keep::No).iter().all(|answer| answer.status != 404)
    });
    assert!(known, "the server does not serve the definitions");
}
