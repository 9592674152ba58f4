//! What a revision may be, by its form.

use super::ObjectName;

/// The fewest digits of an abbreviated commit id, by git's own default.
const MIN_ABBREVIATION: usize = 7;

/// What a revision may be, by its form.
///
/// Git's revision expressions (`main~3`, `@{yesterday}`) move as branches do,
/// so nothing but a tag or a commit's id is a revision here.
pub(super) enum RevisionForm {
    /// A full id. It is an object and never a tag or a branch of that name, as
    /// in git: otherwise whoever pushes a tag could redirect a pin.
    Id(ObjectName),
    /// It may be an abbreviated id, or a tag.
    Abbreviation,
    /// It may be a tag.
    Other,
}

impl RevisionForm {
    /// The form of a revision of a clone whose object names have `digits`
    /// digits.
    pub(super) fn of(revision: &str, digits: usize) -> Self {
        let is_hex = revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        let length = revision.len();
        if is_hex && length == digits {
            ObjectName::parse(&revision.to_ascii_lowercase()).map_or(Self::Other, Self::Id)
        } else if is_hex && (MIN_ABBREVIATION..digits).contains(&length) {
            Self::Abbreviation
        } else {
            Self::Other
        }
    }
}
