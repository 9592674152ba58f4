//! Circles among files.

use std::collections::{HashMap, VecDeque};

/// The shortest path from a file back to itself, if there is one. The file is at
/// its start, and not again at its end.
pub(crate) fn circle(from: usize, edges: &[(usize, usize)]) -> Option<Vec<usize>> {
    let mut came_from = HashMap::new();
    let mut open = VecDeque::from([from]);
    while let Some(at) = open.pop_front() {
        for (_, to) in edges.iter().filter(|(start, _)| *start == at) {
            if *to == from {
                let mut path = vec![at];
                while let Some(before) = came_from.get(path.last()?) {
                    path.push(*before);
                }
                path.reverse();
                return Some(path);
            }
            came_from.entry(*to).or_insert_with(|| {
                open.push_back(*to);
                at
            });
        }
    }
    None
}
