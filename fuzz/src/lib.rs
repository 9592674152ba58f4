//! What each fuzz target claims of an input. `fuzz_targets` asks it of what the
//! fuzzer comes upon, `tests/fuzz` of the corpus and of inputs made from it.

pub mod config;
pub mod splice;
pub mod yaml;
