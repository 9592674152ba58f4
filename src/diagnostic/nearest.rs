//! "Did you mean": one measure for every name.

/// The candidate that a name which is none of them was probably meant to be:
/// at most a third of it is mistyped, or it is written in other case, or its
/// end is left out. Of equally near ones the first in the alphabet.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near =
        candidates.into_iter().filter_map(|candidate| Some((far(name, candidate)?, candidate)));
    near.min().map(|(_, candidate)| candidate)
}

/// How many edits lead from the name to a candidate that it may mean.
fn far(name: &str, candidate: &str) -> Option<usize> {
    let (length, other) = (name.chars().count(), candidate.chars().count());
    let longest = length.max(other);
    let is_near = |edits: usize| edits * 3 <= longest.max(3) && edits < longest;
    let is_shortened = length >= 3 && candidate.starts_with(name);
    // Each character too many is an edit, and a name may be as long as a file.
    let may_be_near = is_shortened || is_near(length.abs_diff(other));
    let edits = may_be_near.then(|| strsim::damerau_levenshtein(name, candidate))?;
    (is_near(edits) || is_shortened || name.eq_ignore_ascii_case(candidate)).then_some(edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_what_is_nearly_it_and_nothing_else() {
        for (name, candidates, meant) in [
            ("guestbok", &["cart", "guestbook"][..], Some("guestbook")),
            ("replcia", &["replicas"], Some("replicas")),
            ("depl", &["deployment"], Some("deployment")),
            ("CONFIGMAP", &["ConfigMap", "Secret"], Some("ConfigMap")),
            ("prd", &["stage", "prod"], Some("prod")),
            ("b", &["a", "c"], None),
            ("web", &["cart"], None),
            ("cat", &["cart", "cab"], Some("cab")),
            ("", &["a"], None),
        ] {
            assert_eq!(nearest(name, candidates.iter().copied()), meant, "{name}");
        }
    }

    #[test]
    fn a_name_as_long_as_a_file_is_answered_at_once() {
        assert_eq!(nearest(&"x".repeat(4 << 20), ["replicas"]), None);
    }
}
