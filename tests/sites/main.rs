//! Sites: which references a repository's files hold, for whom, and what they say.

#[path = "../corpora/mod.rs"]
#[allow(clippy::print_stdout, reason = "a person must see that nothing was tested")]
mod corpora;
mod kinds;
mod model;
mod native;
mod properties;
mod repositories;
mod support;
mod write;
