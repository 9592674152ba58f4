//! A rule.

use crate::diagnostic::Finding;
use crate::validate::field::FieldValue;

/// A rule about the values of one of Kubernetes' own types.
pub(super) struct TypeRule {
    /// The type's name as schemas have it: `api.core.v1.ContainerPort`.
    pub(super) definition: &'static str,
    pub(super) check: TypeCheck,
}

/// Looks at a value, and adds what is wrong with it.
pub(super) type TypeCheck = fn(&FieldValue<'_, '_>, &mut Vec<Finding>);
