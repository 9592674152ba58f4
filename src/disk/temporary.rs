//! The names of what exists only while a run writes.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What they start with.
const PREFIX: &str = ".rungs-tmp-";

/// Whether a name is that of something temporary, of this run or another.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// A name that this process has not used, and that no other running process
/// uses, as far as processes see each other: processes of two containers that
/// share a directory may have the same number, and a killed run may have left
/// the name behind.
pub(super) fn temporary_name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{}-{count}", std::process::id())
}
