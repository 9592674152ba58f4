//! What validation says of everything that was rendered.

use std::iter;

use super::job::RenderJob;
use crate::config::Environment;
use crate::diagnostic::{Finding, Findings, Subject};
use crate::kubernetes::{CustomDefinitions, Object, Schemas, UNKNOWN_KIND};
use crate::validate::{
    JudgedRendering, JudgedVersion, UNKNOWN_KUBERNETES, definitions, grouped, validate,
};

/// A job with its objects.
type JobObjects<'j> = (&'j RenderJob<'j>, &'j Vec<Object>);

/// Judges the objects of all jobs and those of the environments themselves. `kept` are the
/// objects below `schemas/crds/`.
pub(super) fn judged(
    environments: &[&Environment],
    jobs: &[RenderJob<'_>],
    apps: &[Vec<Object>],
    own: &[Vec<Object>],
    kept: &[Object],
) -> Findings {
    let (kept, mut findings) = definitions(kept);
    // The jobs are in the order of the environments.
    let mut apps = jobs.iter().zip(apps).peekable();
    for (environment, own) in environments.iter().zip(own) {
        let is_of_it = |(job, _): &JobObjects<'_>| std::ptr::eq(job.environment, *environment);
        let apps: Vec<_> = iter::from_fn(|| apps.next_if(is_of_it)).collect();
        findings.extend(unknown_version(environment));
        findings.extend(judged_environment(environment, &apps, own, &kept));
    }
    findings
}

/// The findings without those that validation says in other words.
pub(super) fn without_unknown_kinds(findings: Findings) -> Findings {
    findings.into_iter().filter(|finding| *finding.code != UNKNOWN_KIND).collect()
}

fn judged_environment(
    environment: &Environment,
    apps: &[(&RenderJob<'_>, &Vec<Object>)],
    own: &[Object],
    kept: &CustomDefinitions,
) -> Findings {
    let rendered = apps.iter().flat_map(|(_, objects)| objects.iter());
    // What is wrong with a rendered definition is found as with every other object.
    let (rendered, _) = definitions(rendered);
    let of_apps = apps.iter().flat_map(|(_, objects)| objects.iter());
    let rendering = JudgedRendering {
        version: JudgedVersion::of(configured_minor(environment)),
        definitions: &[&rendered, kept],
        objects: of_apps.chain(own).collect(),
    };
    let mut found = validate(&rendering).into_iter();
    let mut findings = Findings::new();
    for (job, objects) in apps {
        let of_job = found.by_ref().take(objects.len()).flatten().collect();
        findings.extend(job.explained(grouped(of_job)).about(&job.subject()));
    }
    let name = environment.name.as_str().to_owned();
    let of_environment: Findings = found.flatten().collect();
    findings.extend(of_environment.about(&Subject { environment: name, app: None }));
    findings
}

fn configured_minor(environment: &Environment) -> Option<u32> {
    environment.kubernetes.as_ref().map(|version| version.value.minor)
}

/// A finding about a version that there are no schemas of.
fn unknown_version(environment: &Environment) -> Option<Finding> {
    let configured = environment.kubernetes.as_ref()?;
    let minor = configured.value.minor;
    if Schemas::MINORS.contains(&minor) {
        return None;
    }
    let judged = JudgedVersion::of(Some(minor)).minor;
    let message = format!("no schemas of Kubernetes 1.{minor} are known");
    let finding = Finding::new(&UNKNOWN_KUBERNETES, message, configured.location.clone());
    let (oldest, newest) = (Schemas::MINORS.start(), Schemas::MINORS.end());
    Some(
        finding
            .because(format!("objects are judged by 1.{judged}"))
            .help(format!("known are 1.{oldest} to 1.{newest}")),
    )
}
