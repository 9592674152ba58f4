//! How well a validator agrees with the API server.
//!
//! For every [`Case`], give [`Agreement::add`] the paths of the fields in which the
//! validator finds errors, written as the server writes them:
//! `spec.containers[0].ports[1].name`, `metadata.labels[a/b]`.

use std::collections::BTreeMap;
use std::fmt;

use super::field::Field;
use super::object::Object;
use super::recording::{Mutant, Recording, checked_in};
use super::verdict::{Cause, Verdict};

/// A spoilt object, and what the server says of it.
pub(crate) struct Case<'a> {
    pub(crate) mutant: Mutant<'a>,
    pub(crate) verdict: Verdict,
}

/// Every mutant of the objects with the verdict that is checked in.
pub(crate) fn cases(objects: &[Object]) -> Vec<Case<'_>> {
    let mutants = Mutant::all(objects);
    let Recording { verdicts, .. } = checked_in(&mutants);
    let cases = mutants.into_iter().zip(verdicts);
    cases.map(|(mutant, verdict)| Case { mutant, verdict }).collect()
}

/// What a validator makes of what the server refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// An error at a field that the server names.
    AtField,
    /// Errors, but all of them elsewhere.
    Elsewhere,
    Nowhere,
}

impl Case<'_> {
    /// The whole object as YAML, with a line for each field.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string_pretty(&self.mutant.data()).expect("it is data")
    }

    /// How errors in those fields stand to the server's; none if it accepts the object.
    pub(crate) fn found(&self, ours: &[String]) -> Option<Found> {
        let Verdict::Refused { causes, .. } = &self.verdict else { return None };
        let spoilt = self.mutant.spoilt_field();
        let meets = |ours: &String| causes.iter().any(|cause| meets(ours, cause, &spoilt));
        Some(match ours {
            [] => Found::Nowhere,
            _ if ours.iter().any(meets) => Found::AtField,
            _ => Found::Elsewhere,
        })
    }
}

impl fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mutant { object, field, mutation } = &self.mutant;
        let verdict = self.verdict.written(&self.mutant.spoilt_field());
        write!(f, "{} {field} {mutation}: {verdict}", object.name)
    }
}

/// Whether an error at our path is the one that the server names.
///
/// 1. It is at the same field. `labels.a` and `labels[a]` are the same, and so are
///    `spec.validation` of a definition and `spec.versions[0].schema`, which is what the
///    object has where the server speaks of the former.
/// 2. It is inside that field: the server blames `spec.template.metadata.labels` for one of
///    the labels.
/// 3. It is at the map or list directly around a field that is required: what is missing
///    has no place of its own.
/// 4. If the server names no field, as for quantities that it cannot read: it is at the
///    spoilt field, inside it, or directly around it.
fn meets(ours: &str, cause: &Cause, spoilt: &Field) -> bool {
    let servers = segments(&cause.field);
    let ours = segments(ours);
    if servers.is_empty() {
        let spoilt = segments(&spoilt.to_string());
        return ours.starts_with(&spoilt) || is_around(&ours, &spoilt);
    }
    ours.starts_with(&servers) || cause.reason == "Required" && is_around(&ours, &servers)
}

fn is_around(outer: &[String], inner: &[String]) -> bool {
    outer.len() + 1 == inner.len() && inner.starts_with(outer)
}

fn segments(path: &str) -> Vec<String> {
    // Where it converts a definition with one version, the server blames the old form.
    let path = match path.strip_prefix("spec.validation") {
        Some(rest) => format!("spec.versions[0].schema{rest}"),
        None => path.to_owned(),
    };
    let parts = path.split(['.', '[', ']']).filter(|part| !part.is_empty() && *part != "<nil>");
    parts.map(str::to_owned).collect()
}

/// The verdicts of the server and of a validator side by side.
#[derive(Default)]
pub(crate) struct Agreement {
    by_object: BTreeMap<String, Count>,
    by_mutation: BTreeMap<String, Count>,
    /// What the server refuses and the validator does not find at its field.
    pub(crate) missed: Vec<String>,
    /// What the server accepts and the validator refuses.
    pub(crate) wronged: Vec<String>,
}

#[derive(Default, Clone, Copy)]
struct Count {
    refused: usize,
    at_field: usize,
    elsewhere: usize,
    accepted: usize,
    wronged: usize,
}

impl Agreement {
    /// Adds a case, with the fields in which the validator finds errors.
    pub(crate) fn add(&mut self, case: &Case<'_>, ours: &[String]) {
        let found = case.found(ours);
        match found {
            Some(Found::AtField) => {}
            Some(Found::Elsewhere) => {
                self.missed.push(format!("{case}\n    found at {}", ours.join(", ")));
            }
            Some(Found::Nowhere) => self.missed.push(case.to_string()),
            None if ours.is_empty() => {}
            None => self.wronged.push(format!("{case}\n    found at {}", ours.join(", "))),
        }
        let Mutant { object, mutation, .. } = &case.mutant;
        self.by_object.entry(object.name.clone()).or_default().add(found, ours);
        self.by_mutation.entry(mutation.to_string()).or_default().add(found, ours);
    }

    /// The share of what the server refuses that is found at its field, among the
    /// objects whose file begins so.
    pub(crate) fn share(&self, objects: &str) -> f64 {
        let counts = self.by_object.iter().filter(|(name, _)| name.starts_with(objects));
        let all = counts.fold(Count::default(), |sum, (_, count)| sum.plus(*count));
        all.share()
    }
}

impl Count {
    fn add(&mut self, found: Option<Found>, ours: &[String]) {
        if let Some(found) = found {
            self.refused += 1;
            self.at_field += usize::from(found == Found::AtField);
            self.elsewhere += usize::from(found == Found::Elsewhere);
        } else {
            self.accepted += 1;
            self.wronged += usize::from(!ours.is_empty());
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            refused: self.refused + other.refused,
            at_field: self.at_field + other.at_field,
            elsewhere: self.elsewhere + other.elsewhere,
            accepted: self.accepted + other.accepted,
            wronged: self.wronged + other.wronged,
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "numbers of cases are small")]
    fn share(self) -> f64 {
        if self.refused == 0 { 1.0 } else { self.at_field as f64 / self.refused as f64 }
    }
}

/// A table by object and one by mutation, the worst rows first.
impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, counts) in [("object", &self.by_object), ("mutation", &self.by_mutation)] {
            writeln!(
                f,
                "{title:<46} refused  at field  elsewhere  missed       | accepted  wronged"
            )?;
            let mut rows: Vec<_> = counts.iter().collect();
            rows.sort_by_key(|(_, count)| std::cmp::Reverse(count.refused - count.at_field));
            let all = rows.iter().fold(Count::default(), |sum, (_, count)| sum.plus(**count));
            let rows = rows.into_iter().map(|(name, count)| (name.as_str(), *count));
            for (name, count) in rows.chain([("all", all)]) {
                let missed = count.refused - count.at_field - count.elsewhere;
                writeln!(
                    f,
                    "{name:<46} {:>7} {:>9} {:>10} {missed:>7} {:>5.1}% {:>9} {:>8}",
                    count.refused,
                    count.at_field,
                    count.elsewhere,
                    100.0 * count.share(),
                    count.accepted,
                    count.wronged
                )?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[test]
fn a_validator_that_says_what_the_server_says_agrees_with_it() {
    let objects = Object::all();
    let mut agreement = Agreement::default();
    for case in cases(&objects) {
        let Verdict::Refused { causes, .. } = &case.verdict else {
            agreement.add(&case, &[]);
            continue;
        };
        let named = |cause: &Cause| match cause.field.as_str() {
            "" | "<nil>" => case.mutant.spoilt_field().to_string(),
            field => field.to_owned(),
        };
        agreement.add(&case, &causes.iter().map(named).collect::<Vec<_>>());
    }
    assert!(agreement.missed.is_empty(), "{}", agreement.missed.join("\n"));
    assert!(agreement.wronged.is_empty(), "{}", agreement.wronged.join("\n"));
    assert!((agreement.share("custom/") - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_validator_that_is_silent_or_always_objects_disagrees() {
    let objects = Object::all();
    let (mut silent, mut objecting) = (Agreement::default(), Agreement::default());
    for case in cases(&objects).iter().step_by(97) {
        silent.add(case, &[]);
        objecting.add(case, &["nowhere".to_owned()]);
    }
    assert!(silent.wronged.is_empty() && silent.missed.len() > 100, "{silent}");
    assert!(silent.share("") < f64::EPSILON);
    let wronged = objecting.wronged.len();
    assert_eq!(objecting.missed.len(), silent.missed.len());
    assert!(wronged > 50 && objecting.to_string().contains(&wronged.to_string()), "{objecting}");
}

#[test]
fn a_spoilt_object_is_the_object_with_one_field_changed() {
    let objects = Object::all();
    let cases = cases(&objects);
    let case = cases
        .iter()
        .find(|case| {
            let Mutant { object, field, mutation } = &case.mutant;
            object.name == "objects/deployment.yaml"
                && field.to_string() == "spec.template.spec.containers[0].ports[0].containerPort"
                && mutation.name() == "port-like"
        })
        .expect("it is one of the mutants");
    let text = case.text();
    assert!(text.contains("\"containerPort\": 65536"), "{text}");
    assert_eq!(text.replace("65536", "8080").lines().count(), text.lines().count());
    let at = |path: &str| case.found(&[path.to_owned()]);
    assert_eq!(at("spec.template.spec.containers[0].ports[0].containerPort"), Some(Found::AtField));
    assert_eq!(at("spec.template.spec.containers[0].ports[0]"), Some(Found::Elsewhere));
    assert_eq!(case.found(&[]), Some(Found::Nowhere));
}

#[test]
fn a_path_meets_the_servers_as_documented() {
    let spoilt = Object::all()[0].fields()[0].clone();
    assert_eq!(spoilt.to_string(), "metadata");
    let meets = |ours: &str, reason: &str, field: &str| {
        let cause = Cause { field: field.into(), reason: reason.into(), message: String::new() };
        meets(ours, &cause, &spoilt)
    };
    assert!(meets("metadata.labels.a", "Invalid", "metadata.labels[a]"));
    assert!(meets("metadata.labels.a", "Invalid", "metadata.labels"));
    assert!(!meets("metadata", "Invalid", "metadata.labels"));
    assert!(!meets("metadata.labelsx", "Invalid", "metadata.labels"));
    assert!(meets("spec.containers[0]", "Required", "spec.containers[0].name"));
    assert!(!meets("spec.containers", "Required", "spec.containers[0].name"));
    let old = "spec.validation.openAPIV3Schema";
    assert!(meets("spec.versions[0].schema.openAPIV3Schema.type", "Required", old));
    assert!(meets("metadata.name", "BadRequest", ""));
    assert!(!meets("spec", "BadRequest", ""));
}
