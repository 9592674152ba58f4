//! Numbers that follow from a seed, so that one case can be made again by itself.

use crate::support::random::split_mix;

/// Numbers that follow from a seed.
pub(super) struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        split_mix(&mut self.0)
    }

    /// A number below another one.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    pub(super) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    pub(super) fn app(&mut self) -> &'static str {
        if self.one_in(2) { "web" } else { "api" }
    }
}
