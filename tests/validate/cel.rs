//! Expressions of policies, with the verdicts of an API server.
//!
//! `cel/NAME.txt` holds expressions about the object in `cel/NAME.yaml`, each with its
//! verdict before it, and perhaps a message with what it comes to. All of them may use
//! what a policy can: the `ConfigMap` `cel/params.yaml` as `params`, [`VARIABLES`], and a
//! namespace with [`LABELS`].

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::recording::version;
use crate::support::component;
use crate::support::kubernetes::{Answer, ApiServer, Keep, Manifest};

/// The variables of every policy.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    ("labels", "object.metadata.?labels.orValue({})"),
    ("team", "variables.labels[?'team'].orValue('nobody')"),
    ("broken", "object.metadata.nothing"),
    ("numbers", "[3, 1, 2]"),
];

/// The labels of the objects' namespace, beside the one that the server gives it.
pub(crate) const LABELS: &[(&str, &str)] = &[("environment", "qa")];

const HEADER: &str = "\
# Expressions with the verdicts of kube-apiserver VERSION: true, false, error, or refused when
# the policy is created. `RUNGS_UPDATE=1 cargo test --test validate cel` asks again.
";

/// How long policies may take to be in effect.
const EFFECTIVE_WITHIN: Duration = Duration::from_secs(30);

/// An expression about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expression {
    /// The title above it, if it is the first of a group.
    title: Option<String>,
    pub(crate) verdict: String,
    pub(crate) text: String,
    /// The expression of its message, and what the message is where the verdict is false.
    pub(crate) message: Option<(String, String)>,
}

/// The expressions about one object.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) name: String,
    pub(crate) server: String,
    pub(crate) expressions: Vec<Expression>,
}

impl Scene {
    /// All of them.
    pub(crate) fn all() -> Vec<Self> {
        let entries = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
        let mut texts: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|e| e == "txt")).collect();
        texts.sort();
        texts.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let server = text.split_once("kube-apiserver ").and_then(|(_, rest)| rest.split_once(':'));
        let mut expressions = Vec::<Expression>::new();
        let mut title = None;
        // A header, and a blank line after it.
        let lines = text.lines().skip_while(|line| line.starts_with('#'));
        for line in lines.filter(|line| !line.is_empty()) {
            let last = expressions.last_mut();
            if let Some(text) = line.strip_prefix("# ") {
                title = Some(text.to_owned());
            } else if let Some(message) = line.strip_prefix("  message ") {
                last.expect("a verdict first").message = Some((message.to_owned(), String::new()));
            } else if let Some(said) = line.strip_prefix("  says ") {
                let message = last.and_then(|expression| expression.message.as_mut());
                said.clone_into(&mut message.expect("a message first").1);
            } else {
                let (verdict, text) = line.split_once(' ').expect("a verdict and an expression");
                let (verdict, text) = (verdict.to_owned(), text.trim_start().to_owned());
                let title = title.take();
                expressions.push(Expression { title, verdict, text, message: None });
            }
        }
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a plain name");
        let server = server.map_or("", |(server, _)| server).to_owned();
        Self { name: name.to_owned(), server, expressions }
    }

    fn written(&self) -> String {
        let mut text = HEADER.replace("VERSION", &self.server);
        for Expression { title, verdict, text: expression, message } in &self.expressions {
            if let Some(title) = title {
                let _ = writeln!(text, "\n# {title}");
            }
            let _ = writeln!(text, "{verdict:<7} {expression}");
            if let Some((message, said)) = message {
                let _ = writeln!(text, "  message {message}");
                if !said.is_empty() {
                    let _ = writeln!(text, "  says {said}");
                }
            }
        }
        text
    }

    /// The object's text.
    pub(crate) fn object(&self) -> String {
        fs::read_to_string(directory().join(format!("{}.yaml", self.name))).unwrap()
    }

    fn path(&self) -> PathBuf {
        directory().join(format!("{}.txt", self.name))
    }

    /// The same expressions with the server's verdicts.
    fn asked(&self, server: &ApiServer) -> Self {
        let numbers = 0..self.expressions.len();
        let names: Vec<_> = numbers.map(|number| format!("{}-{number}", self.name)).collect();
        let policies = names.iter().zip(&self.expressions);
        let policies = policies.map(|(name, expression)| {
            let message = expression.message.as_ref().map(|(message, _)| message.as_str());
            policy(name, &expression.text, message)
        });
        let policies: Vec<_> = policies.collect();
        let created = server.create(&policies, Keep::Yes);
        let accepted = names.iter().zip(&created).filter(|(_, answer)| answer.is_accepted());
        let bindings: Vec<_> = accepted.map(|(name, _)| binding(name)).collect();
        all_accepted(&bindings, &server.create(&bindings, Keep::Yes));
        await_effect(server, &self.name);
        let object = self.object();
        let object = |name| {
            let text = object.replacen("  name: NAME\n", &format!("  name: {name}\n"), 1);
            Manifest::read(name, &text)
        };
        let objects: Vec<_> = names.iter().map(|name| object(name)).collect();
        let answers = server.create(&objects, Keep::No);
        let judged = self.expressions.iter().zip(created.iter().zip(&answers));
        let expressions = judged.map(|(expression, (created, answer))| {
            let verdict = verdict(created, answer, expression.message.is_some());
            let message = expression.message.as_ref().map(|(text, _)| {
                let said = if verdict == "false" { denial(answer) } else { "" };
                (text.clone(), said.to_owned())
            });
            Expression { verdict: verdict.to_owned(), message, ..expression.clone() }
        });
        let expressions = expressions.collect();
        Self { name: self.name.clone(), server: version(server), expressions }
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validate/cel")
}

/// Creates the namespace and the parameters of the policies.
fn prepare(server: &ApiServer) {
    let labels = LABELS
        .iter()
        .fold(String::new(), |text, (key, value)| format!("{text}    {key}: {value}\n"));
    let namespace =
        format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: cel\n  labels:\n{labels}");
    let params = fs::read_to_string(directory().join("params.yaml")).unwrap();
    for (name, text) in [("namespace.yaml", namespace), ("params.yaml", params)] {
        let needed = [Manifest::read(name, &text)];
        all_accepted(&needed, &server.create(&needed, Keep::Yes));
    }
}

/// Waits until a policy is in effect that is created after all others.
fn await_effect(server: &ApiServer, scene: &str) {
    let name = format!("last-{scene}");
    for created in [policy(&name, "false", None), binding(&name)] {
        let created = [created];
        all_accepted(&created, &server.create(&created, Keep::Yes));
    }
    let text =
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: cel\n");
    let object = [Manifest::read(&name, &text)];
    let effective = component::wait_until(EFFECTIVE_WITHIN, || {
        let answer = server.create(&object, Keep::No).remove(0);
        answer.to_string().contains("failed expression")
    });
    assert!(effective, "policies do not take effect");
}

/// A policy with that one expression, and perhaps with one of its message, about the
/// object of that name.
fn policy(name: &str, expression: &str, message: Option<&str>) -> Manifest {
    let quoted = |text: &str| serde_json::to_string(text).expect("a text");
    let mut text = format!(
        "apiVersion: admissionregistration.k8s.io/v1\n\
         kind: ValidatingAdmissionPolicy\n\
         metadata: {{ name: {name} }}\n\
         spec:\n\
         \x20 paramKind: {{ apiVersion: v1, kind: ConfigMap }}\n\
         \x20 matchConstraints:\n\
         \x20   namespaceSelector: {{ matchLabels: {{ kubernetes.io/metadata.name: cel }} }}\n\
         \x20   resourceRules:\n\
         \x20   - apiGroups: ['*']\n\
         \x20     apiVersions: ['*']\n\
         \x20     operations: ['*']\n\
         \x20     resources: ['*']\n\
         \x20     scope: Namespaced\n\
         \x20 matchConditions:\n\
         \x20 - {{ name: one, expression: \"object.metadata.name == '{name}'\" }}\n\
         \x20 variables:\n"
    );
    for (variable, expression) in VARIABLES {
        let _ = writeln!(text, "  - {{ name: {variable}, expression: {} }}", quoted(expression));
    }
    let _ = writeln!(text, "  validations:\n  - expression: {}", quoted(expression));
    if let Some(message) = message {
        let _ = writeln!(text, "    messageExpression: {}", quoted(message));
    }
    Manifest::read(name, &text)
}

fn binding(name: &str) -> Manifest {
    let text = format!(
        "apiVersion: admissionregistration.k8s.io/v1\n\
         kind: ValidatingAdmissionPolicyBinding\n\
         metadata: {{ name: {name} }}\n\
         spec:\n\
         \x20 policyName: {name}\n\
         \x20 validationActions: [Deny]\n\
         \x20 paramRef: {{ name: params, namespace: cel, parameterNotFoundAction: Deny }}\n"
    );
    Manifest::read(name, &text)
}

fn all_accepted(manifests: &[Manifest], answers: &[Answer]) {
    for (manifest, answer) in manifests.iter().zip(answers) {
        assert!(answer.is_accepted(), "{}: {answer}", manifest.name);
    }
}

fn verdict(created: &Answer, answer: &Answer, has_message: bool) -> &'static str {
    if !created.is_accepted() {
        // Nothing else than its expression may be wrong with the policy.
        assert!(created.to_string().contains("spec.validations[0]."), "{created}");
        return "refused";
    }
    if answer.is_accepted() {
        return "true";
    }
    let denial = denial(answer);
    match () {
        () if denial.contains("resulted in error") => "error",
        () if denial.starts_with("failed expression") || has_message => "false",
        () => panic!("{answer}"),
    }
}

/// The message of the policy that denies.
fn denial(answer: &Answer) -> &str {
    let message = answer.body["message"].as_str().unwrap_or_default();
    let denial = message.split_once(" denied request: ");
    denial.unwrap_or_else(|| panic!("no policy denies: {answer}")).1
}

#[test]
fn the_server_evaluates_expressions_as_recorded() {
    let Some(server) = ApiServer::shared() else { return };
    prepare(&server);
    for scene in Scene::all() {
        let asked = scene.asked(&server);
        if std::env::var_os("RUNGS_UPDATE").is_some() {
            fs::write(scene.path(), asked.written()).unwrap();
            continue;
        }
        assert_eq!(asked.written(), scene.written(), "{}", scene.name);
    }
}

#[test]
fn there_are_expressions_of_every_verdict() {
    let scenes = Scene::all();
    let of = |verdict: &str| {
        let all = scenes.iter().flat_map(|scene| &scene.expressions);
        all.filter(|expression| expression.verdict == verdict).count()
    };
    let counts = ["true", "false", "error", "refused"].map(of);
    assert!(counts.iter().all(|count| *count > 15), "{counts:?}");
    assert!(counts.iter().sum::<usize>() > 72);
}
