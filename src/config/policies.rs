//! Severities and settings of rules: how the file writes them, what they mean, and
//! how the former is turned into the latter.

use super::decode::{Count, MISSING_KEY, choice, record};
use super::sourced::Sourced;
use crate::diagnostic::{Finding, Findings};

record! {
    /// Severities and settings of rules, by tier.
    struct PoliciesFile("`policies`") {
        /// For environments of tier `preprod`.
        setting preprod: RulesFile = "preprod",
        /// For environments of tier `production`.
        setting production: RulesFile = "production",
    }

    /// Severities and settings of rules.
    struct RulesFile("the policies of a tier") {
        /// An image without a digest.
        setting unpinned: RuleSeverity = "unpinned",
        /// The number of a workload's replicas.
        setting replicas: ReplicasFile = "replicas",
    }

    /// The number of a workload's replicas.
    struct ReplicasFile("the rule `replicas`") {
        /// Fewer replicas are a finding.
        optional minimum: Count = "minimum",
        /// The severity of the finding. Default: `error`.
        optional severity: RuleSeverity = "severity",
    }
}

choice! {
    /// How much is at stake in an environment.
    pub enum Tier("a tier") {
        /// Nobody outside depends on it.
        Preprod = "preprod",
        /// Production, or something that shares production's dependencies.
        Production = "production",
    }

    /// How much a rule matters. The last is not called `off`, because YAML
    /// reads that as a boolean.
    pub enum RuleSeverity("a severity") {
        /// A finding fails a run.
        Error = "error",
        /// A finding is shown.
        Warning = "warning",
        /// A finding is shown as worth knowing.
        Note = "note",
        /// A finding is not shown.
        Ignore = "ignore",
    }
}

/// Severities and settings of rules, by tier. None is the rule's own default.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// For environments of tier `preprod`.
    pub preprod: Rules,
    /// For environments of tier `production`.
    pub production: Rules,
}

impl Policies {
    /// For environments of that tier.
    pub fn of(&self, tier: Tier) -> &Rules {
        match tier {
            Tier::Preprod => &self.preprod,
            Tier::Production => &self.production,
        }
    }
}

/// Severities and settings of rules.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// An image without a digest.
    pub unpinned: Option<Sourced<RuleSeverity>>,
    /// The number of a workload's replicas.
    pub replicas: Option<Sourced<Replicas>>,
}

/// The number of a workload's replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replicas {
    /// Fewer replicas are a finding.
    pub minimum: u32,
    /// The severity of the finding.
    pub severity: RuleSeverity,
}

/// The settings of rules in the file.
pub(super) fn resolve(raw: Option<&Sourced<PoliciesFile>>, findings: &mut Findings) -> Policies {
    let mut of = |tier: Option<&Sourced<RulesFile>>| {
        tier.map(|tier| rules(&tier.value, findings)).unwrap_or_default()
    };
    let raw = raw.map(|raw| &raw.value);
    Policies {
        preprod: of(raw.and_then(|raw| raw.preprod.as_ref())),
        production: of(raw.and_then(|raw| raw.production.as_ref())),
    }
}

fn rules(raw: &RulesFile, findings: &mut Findings) -> Rules {
    let replicas = raw.replicas.as_ref().and_then(|rule| {
        let Some(minimum) = &rule.value.minimum else {
            findings.push(
                Finding::new(
                    &MISSING_KEY,
                    "the rule `replicas` has no `minimum`",
                    rule.location.clone(),
                )
                .because("`minimum` is missing here")
                .help("add `minimum: 2`"),
            );
            return None;
        };
        let severity = rule.value.severity.as_ref().map_or(RuleSeverity::Error, |s| s.value);
        let value = Replicas { minimum: minimum.value.0, severity };
        Some(Sourced { value, location: rule.location.clone() })
    });
    Rules { unpinned: raw.unpinned.clone(), replicas }
}
