//! Kinds that there is no schema of, and those that go with a later version.

use std::fmt::Write as _;

use super::code::{DEPRECATED_API, REMOVED_API};
use super::field::FieldValue;
use super::rendering::{JudgedRendering, JudgedVersion};
use crate::diagnostic::{Finding, Severity, listed};
use crate::kubernetes::{
    KindOrigin, KindSchema, KnownKind, Object, SchemaSource, ServedVersions, UNKNOWN_KIND,
    known_kinds, versions_of,
};
use crate::source::Location;

/// The finding about a kind that there is no schema of. One of its objects stands for all.
pub(super) fn without_schema(object: &Object, rendering: &JudgedRendering<'_>) -> Finding {
    let (api_version, kind) = (&*object.api_version, &*object.id.kind);
    let field = FieldValue::object(object.value.root());
    let nearest = rendering.version.schemas().nearest(api_version, kind);
    if let Some(versions) = versions_of(api_version, kind) {
        let when = match (versions.removed_in(), versions.added_in()) {
            (Some(removed), _) if removed <= rendering.version.minor => {
                format!("was removed in Kubernetes 1.{removed}")
            }
            (_, Some(added)) => format!("comes with Kubernetes 1.{added}"),
            _ => format!("is not in Kubernetes 1.{}", rendering.version.minor),
        };
        let what = format!("`{kind}` of `{api_version}` {when}");
        let finding = field.finding_at(api_version_place(object), &REMOVED_API, what);
        let finding = finding.because(judged_by(rendering.version));
        return finding.help(instead(object, nearest, rendering.version));
    }
    let what = format!("no definition of `{kind}` in `{api_version}` is known");
    let mut finding = field.finding_at(api_version_place(object), &UNKNOWN_KIND, what);
    if is_kubernetes_own(&object.id.group) {
        finding.severity = Severity::Error;
        let finding = finding.because("is not an API of Kubernetes");
        return finding.help(match nearest {
            Some(known) => meant(object, known),
            None => "look for its API version and kind in Kubernetes' documentation".to_owned(),
        });
    }
    let defined = rendering.definitions.iter().find_map(|it| it.of(&object.id.group, kind));
    if let Some(defined) = defined {
        finding.severity = Severity::Error;
        let finding = finding.because("is not a version that its definition serves");
        return finding.help(served(defined.served_versions()));
    }
    let finding = finding.because("its objects are not judged");
    finding.help(match nearest.filter(|known| known.group() == object.id.group) {
        Some(known) => meant(object, known),
        None => "put its CustomResourceDefinition into `schemas/crds/`".to_owned(),
    })
}

/// The finding about a kind that the version has, and that a later one lacks.
pub(super) fn deprecated(
    object: &Object,
    schema: &KindSchema<'_>,
    rendering: &JudgedRendering<'_>,
) -> Option<Finding> {
    let (api_version, kind) = (&*object.api_version, &*object.id.kind);
    let removed_in = match schema.source {
        SchemaSource::Kubernetes => {
            versions_of(api_version, kind).and_then(ServedVersions::removed_in)
        }
        SchemaSource::Operator { .. } | SchemaSource::Definition => None,
    };
    let when = match removed_in {
        Some(minor) => format!("goes with Kubernetes 1.{minor}"),
        None if schema.is_deprecated => "is deprecated".to_owned(),
        None => return None,
    };
    let last =
        JudgedVersion { minor: removed_in.unwrap_or(rendering.version.minor), is_configured: true };
    let nearest = last.schemas().nearest(api_version, kind);
    let field = FieldValue::object(object.value.root());
    let what = format!("`{kind}` of `{api_version}` {when}");
    let finding = field.finding_at(api_version_place(object), &DEPRECATED_API, what);
    let finding = finding.because(judged_by(rendering.version));
    Some(finding.help(instead(object, nearest, rendering.version)))
}

fn api_version_place(object: &Object) -> Location {
    let root = object.value.root();
    root.get("apiVersion").unwrap_or(root).location()
}

fn judged_by(version: JudgedVersion) -> String {
    if version.is_configured {
        format!("the server is Kubernetes 1.{}", version.minor)
    } else {
        format!("judged by Kubernetes 1.{}, the newest version that is known", version.minor)
    }
}

/// What to write in place of an API that goes, or is gone.
fn instead(object: &Object, nearest: Option<&KnownKind>, version: JudgedVersion) -> String {
    let other = nearest.filter(|known| known.kind == object.id.kind);
    let other = other.filter(|known| known.api_version != object.api_version);
    let mut help = match other {
        Some(known) => format!("use `{}`", known.api_version),
        None => "no other API version has this kind".to_owned(),
    };
    if !version.is_configured {
        let _ = write!(help, "; `kubernetes:` in `rungs.yaml` says which version a cluster has");
    }
    help
}

fn meant(object: &Object, known: &KnownKind) -> String {
    if known.kind == object.id.kind {
        format!("did you mean `{}`?", known.api_version)
    } else if known.api_version == object.api_version {
        format!("did you mean `{}`?", known.kind)
    } else {
        format!("did you mean `{}` in `{}`?", known.kind, known.api_version)
    }
}

/// Whether only Kubernetes itself has kinds in a group.
fn is_kubernetes_own(group: &str) -> bool {
    let is_own = |known: &&KnownKind| matches!(known.origin, KindOrigin::Kubernetes(_));
    known_kinds().iter().filter(is_own).any(|known| known.group() == group)
}

fn served<'v>(versions: impl Iterator<Item = &'v str>) -> String {
    let versions: Vec<_> = versions.collect();
    format!("its definition has {}", listed(&versions, "and"))
}
