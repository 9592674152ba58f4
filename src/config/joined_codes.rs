//! One list of codes made of several, for a module whose parts declare their own.

use super::decode::UNKNOWN_KEY;
use crate::diagnostic::Code;

/// How many codes the lists have.
pub(super) const fn count(lists: &[&[&Code]]) -> usize {
    let (mut codes, mut list) = (0, 0);
    while list < lists.len() {
        codes += lists[list].len();
        list += 1;
    }
    codes
}

/// One list made of several, as a static needs it; `N` is their [`count`].
pub(super) const fn joined<const N: usize>(lists: &[&[&'static Code]]) -> [&'static Code; N] {
    let mut codes = [&UNKNOWN_KEY; N];
    let (mut at, mut list) = (0, 0);
    while list < lists.len() {
        let mut code = 0;
        while code < lists[list].len() {
            codes[at] = lists[list][code];
            (at, code) = (at + 1, code + 1);
        }
        list += 1;
    }
    codes
}
