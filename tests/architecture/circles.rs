//! Circles among files.

use std::collections::{HashMap, VecDeque};

/// The shortest way from a file back to itself; none where there is none. The
/// file stands at its beginning, and not again at its end.
pub(crate) fn circle(from: usize, edges: &[(usize, usize)]) -> Option<Vec<usize>> {
    let mut came_from = HashMap::new();
    let mut open = VecDeque::from([from]);
    while let Some(at) = open.pop_front() {
        for (_, to) in edges.iter().filter(|(start, _)| *start == at) {
            if *to == from {
                let mut way = vec![at];
                while let Some(before) = came_from.get(way.last()?) {
                    way.push(*before);
                }
                way.reverse();
                return Some(way);
            }
            came_from.entry(*to).or_insert_with(|| {
                open.push_back(*to);
                at
            });
        }
    }
    None
}
