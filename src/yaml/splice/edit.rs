//! The smallest edits, and the bytes that they change.

use super::find::{Lead, Target, follow};
use super::fresh::Fresh;
use super::patch::Patch;
use super::scene::Scene;
use super::spell::Scalar;
use super::{Place, insert, remove, replace, root, set};
use crate::diagnostic::Finding;
use crate::yaml::Step;

/// One edit at a place that is there.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    /// Writes the first document of a file that holds none.
    Begin { with: Fresh },
    /// Makes a scalar say something.
    Set { at: Place, to: Scalar },
    /// Puts a value in the place of another.
    Replace { at: Place, with: Fresh },
    /// Adds keys to a map, or to a null that becomes one.
    Insert { map: Place, entries: Vec<(String, Fresh)> },
    /// Adds items to a list before the one of that index, or to a null that
    /// becomes one.
    InsertItems { list: Place, index: usize, items: Vec<Fresh> },
    /// Takes a key or item away.
    Remove { parent: Place, step: Step },
}

impl Edit {
    /// The bytes that it changes.
    pub(super) fn patches(&self, scene: &Scene<'_>) -> Result<Vec<Patch>, Finding> {
        let there = |place: &Place| match follow(scene.documents, place) {
            Ok(Some(Lead::There(target))) => Ok(target),
            Err(finding) => Err(finding),
            Ok(_) => panic!("an edit's place was found before"),
        };
        match self {
            Self::Begin { with } => Ok(vec![root::begin(scene, with)]),
            Self::Set { at, to } => set::set(scene, &there(at)?, to),
            Self::Replace { at, with } => replace::replace(scene, &there(at)?, with),
            Self::Insert { map, entries } => insert::insert(scene, &there(map)?, entries),
            Self::InsertItems { list, index, items } => {
                insert::insert_items(scene, &there(list)?, *index, items)
            }
            Self::Remove { parent, step } => {
                let mut place = parent.clone();
                place.route.push(step.clone());
                let parent: Target<'_> = there(parent)?;
                remove::remove(scene, &there(&place)?, &parent)
            }
        }
    }

    /// The collection whose keys or items it changes; two such edits of one
    /// collection are made one after the other.
    pub(super) fn collection(&self) -> Option<&Place> {
        match self {
            Self::Begin { .. } | Self::Set { .. } => None,
            Self::Replace { at, .. } => Some(at),
            Self::Insert { map, .. } => Some(map),
            Self::InsertItems { list, .. } => Some(list),
            Self::Remove { parent, .. } => Some(parent),
        }
    }

    /// Whether the indices of a list's items are others behind it.
    pub(super) fn moves_items(&self) -> bool {
        matches!(
            self,
            Self::Begin { .. }
                | Self::Replace { .. }
                | Self::InsertItems { .. }
                | Self::Remove { step: Step::Index(_), .. }
        )
    }
}
