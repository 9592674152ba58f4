//! What status says of files that several environments share, where there are many.

use crate::diagnostic::{Finding, Findings};
use crate::sites::SHARED_BASE;

/// The most places that are shown one by one: they are of one kind, and are mended in one way.
const MOST: usize = 5;

/// The findings with the first of those about shared places, and the number of the others.
pub(super) fn condensed(findings: Findings) -> Findings {
    let is_shared = |finding: &Finding| *finding.code == SHARED_BASE;
    let (mut shared, others): (Vec<_>, Vec<_>) =
        findings.settled().into_iter().partition(is_shared);
    // One more is not worth a line of its own.
    if shared.len() > MOST + 1 {
        let left_out = shared.split_off(MOST);
        let message =
            format!("{} more places are in files that several environments share", left_out.len());
        let at = left_out[0].location().clone();
        shared.push(
            Finding::new(&SHARED_BASE, message, at)
                .because("the first of them")
                .help("`rungs status APP` shows those of an app, `--format json` has all"),
        );
    }
    others.into_iter().chain(shared).collect()
}
