//! How often the tests repeat what has to hold each time: a few times for people
//! who wait, and as often as makes sense where `RUNGS_THOROUGH_TESTS` is set, as
//! `.ci/run` does.

/// `all` in a thorough run, else `few`: a number of runs, or of cases to skip.
pub fn few_or_all<T>(few: T, all: T) -> T {
    if std::env::var_os("RUNGS_THOROUGH_TESTS").is_some() { all } else { few }
}
