//! Kubernetes' own types inside operators' kinds.
//!
//! An operator's definition copies the schema of a pod template, and with it loses what it is.
//! The rules for pod templates hold for it as well, because the operator makes pods from it.

use crate::kubernetes::{Schema, Schemas};

/// One of Kubernetes' own types inside an operator's kind.
struct Graft {
    /// The operator's kind: its group, its name and the path in it, `[]` for each item.
    into: (&'static str, &'static str, &'static str),
    /// Where Kubernetes has the type: an API version, a kind and the path in it.
    of: (&'static str, &'static str, &'static str),
}

const POD_TEMPLATE: (&str, &str, &str) = ("apps/v1", "Deployment", "spec.template");
const SELECTOR: (&str, &str, &str) = ("apps/v1", "Deployment", "spec.selector");
const JOB: (&str, &str, &str) = ("batch/v1", "Job", "spec");
const CONTAINERS: (&str, &str, &str) = ("v1", "Pod", "spec.containers[]");
const VOLUMES: (&str, &str, &str) = ("v1", "Pod", "spec.volumes[]");
const TOLERATIONS: (&str, &str, &str) = ("v1", "Pod", "spec.tolerations[]");
const AFFINITY: (&str, &str, &str) = ("v1", "Pod", "spec.affinity");
const POD_SECURITY: (&str, &str, &str) = ("v1", "Pod", "spec.securityContext");

const ARGO: &str = "argoproj.io";
const PROMETHEUS: &str = "monitoring.coreos.com";

const GRAFTS: &[Graft] = &[
    Graft { into: (ARGO, "Rollout", "spec.template"), of: POD_TEMPLATE },
    Graft { into: (ARGO, "Rollout", "spec.selector"), of: SELECTOR },
    Graft { into: (ARGO, "Experiment", "spec.templates[].template"), of: POD_TEMPLATE },
    Graft { into: (ARGO, "Experiment", "spec.templates[].selector"), of: SELECTOR },
    Graft { into: (ARGO, "AnalysisTemplate", "spec.metrics[].provider.job.spec"), of: JOB },
    Graft { into: (ARGO, "ClusterAnalysisTemplate", "spec.metrics[].provider.job.spec"), of: JOB },
    Graft { into: (ARGO, "AnalysisRun", "spec.metrics[].provider.job.spec"), of: JOB },
    Graft { into: (PROMETHEUS, "", "spec.containers[]"), of: CONTAINERS },
    Graft { into: (PROMETHEUS, "", "spec.initContainers[]"), of: CONTAINERS },
    Graft { into: (PROMETHEUS, "", "spec.volumes[]"), of: VOLUMES },
    Graft { into: (PROMETHEUS, "", "spec.tolerations[]"), of: TOLERATIONS },
    Graft { into: (PROMETHEUS, "", "spec.affinity"), of: AFFINITY },
    Graft { into: (PROMETHEUS, "", "spec.securityContext"), of: POD_SECURITY },
];

/// The kinds of the Prometheus operator that become pods; they have the same fields for it.
const PROMETHEUS_PODS: [&str; 4] = ["Alertmanager", "Prometheus", "PrometheusAgent", "ThanosRuler"];

/// A place on the way to a graft.
#[derive(Debug, Default)]
pub(super) struct GraftPoint {
    /// Kubernetes' own schema of what is here.
    pub(super) schema: Option<Schema<'static>>,
    children: Vec<(&'static str, Self)>,
}

impl GraftPoint {
    pub(super) fn child(&self, step: &str) -> Option<&Self> {
        self.children.iter().find(|(name, _)| *name == step).map(|(_, child)| child)
    }

    fn add(&mut self, path: &'static str, schema: Schema<'static>) {
        let end = steps(path).fold(self, |point, step| {
            let at = point.children.iter().position(|(name, _)| *name == step);
            let at = at.unwrap_or_else(|| {
                point.children.push((step, Self::default()));
                point.children.len() - 1
            });
            &mut point.children[at].1
        });
        end.schema = Some(schema);
    }
}

/// The grafts of all operators' kinds, for one version of Kubernetes.
#[derive(Debug, Default)]
pub(in crate::validate) struct Grafts {
    by_kind: Vec<((&'static str, &'static str), GraftPoint)>,
}

impl Grafts {
    /// The grafts of these kinds, by group and name.
    pub(in crate::validate) fn of<'k>(
        kinds: impl IntoIterator<Item = (&'k str, &'k str)>,
        schemas: Schemas,
    ) -> Self {
        let mut grafts = Self::default();
        for (group, kind) in kinds {
            for graft in GRAFTS {
                let (into_group, into_kind, path) = graft.into;
                let into_kind = match PROMETHEUS_PODS.iter().find(|known| **known == kind) {
                    Some(known) if into_kind.is_empty() => known,
                    _ => into_kind,
                };
                if (into_group, into_kind) == (group, kind)
                    && let Some(schema) = original(graft, schemas)
                {
                    grafts.of_kind((into_group, into_kind)).add(path, schema);
                }
            }
        }
        grafts
    }

    fn of_kind(&mut self, kind: (&'static str, &'static str)) -> &mut GraftPoint {
        let at = self.by_kind.iter().position(|(known, _)| *known == kind);
        let at = at.unwrap_or_else(|| {
            self.by_kind.push((kind, GraftPoint::default()));
            self.by_kind.len() - 1
        });
        &mut self.by_kind[at].1
    }

    pub(super) fn find(&self, group: &str, kind: &str) -> Option<&GraftPoint> {
        let mut known = self.by_kind.iter();
        known.find(|(known, _)| *known == (group, kind)).map(|(_, point)| point)
    }
}

fn original(graft: &Graft, schemas: Schemas) -> Option<Schema<'static>> {
    let (api_version, kind, path) = graft.of;
    let root = schemas.of(api_version, kind)?.root;
    steps(path).try_fold(root, |schema, step| match step {
        "[]" => schema.items(),
        name => schema.property(name),
    })
}

/// The steps of a path; `[]` is one of its own.
fn steps(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('.')
        .flat_map(|step| match step.strip_suffix("[]") {
            Some(name) => [Some(name), Some("[]")],
            None => [Some(step), None],
        })
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_graft_is_in_every_version() {
        for minor in Schemas::MINORS {
            let schemas = Schemas::kubernetes(minor).unwrap();
            for graft in GRAFTS {
                assert!(original(graft, schemas).is_some(), "{minor} {:?}", graft.of);
            }
        }
    }

    #[test]
    fn grafts_are_where_operators_have_them() {
        let schemas = Schemas::kubernetes(35).unwrap();
        for graft in GRAFTS {
            let (group, kind, path) = graft.into;
            let api_version = match (group, kind) {
                (PROMETHEUS, _) => "monitoring.coreos.com/v1",
                _ => "argoproj.io/v1alpha1",
            };
            let kind = if kind.is_empty() { "Prometheus" } else { kind };
            let root = schemas.of(api_version, kind).unwrap().root;
            let found = steps(path).try_fold(root, |schema, step| match step {
                "[]" => schema.items(),
                name => schema.property(name),
            });
            assert!(found.is_some(), "{kind} {path}");
        }
    }
}
