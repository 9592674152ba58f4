//! A rule, and what it is given.

use crate::config::Tier;
use crate::diagnostic::Finding;
use crate::kubernetes::Object;
use crate::validate::field::FieldValue;

/// A rule about the values of one of Kubernetes' own types.
pub(super) struct TypeRule {
    /// The type's name as schemas have it: `api.core.v1.ContainerPort`.
    pub(super) definition: &'static str,
    pub(super) check: TypeCheck,
}

/// Looks at a value, and adds what is wrong with it.
pub(super) type TypeCheck = fn(&FieldValue<'_, '_>, &RuleContext<'_>, &mut Vec<Finding>);

/// What a rule may ask for beside the value.
#[allow(dead_code, reason = "the rules of the next subjects ask for the rest")]
pub(in crate::validate) struct RuleContext<'r> {
    /// The object that the value is in.
    pub(in crate::validate) object: &'r Object,
    /// The environment's minor version of Kubernetes: 35 for 1.35.
    pub(in crate::validate) minor: u32,
    /// How much is at stake in the environment.
    pub(in crate::validate) tier: Tier,
}
