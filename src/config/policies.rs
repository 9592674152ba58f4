//! Severities and settings of rules: what the file says, what it means, and how
//! the one is made of the other.

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
        /// How many replicas a workload has.
        setting replicas: ReplicasFile = "replicas",
    }

    /// How many replicas a workload has.
    struct ReplicasFile("the rule `replicas`") {
        /// Fewer are a finding.
        optional minimum: Count = "minimum",
        /// How much it matters. Default: `error`.
        optional severity: RuleSeverity = "severity",
    }
}

choice! {
    /// What is at stake in an environment.
    pub enum Tier("a tier") {
        /// Nothing that people outside depend on.
        Preprod = "preprod",
        /// Production, or something with production's dependencies.
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
    /// How many replicas a workload has.
    pub replicas: Option<Sourced<Replicas>>,
}

/// How many replicas a workload has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replicas {
    /// Fewer are a finding.
    pub minimum: u32,
    /// How much it matters.
    pub severity: RuleSeverity,
}

/// What the file says of rules.
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
