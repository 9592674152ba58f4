//! What `src/yaml.rs` claims, of whatever the fuzzer comes upon.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| rungs_fuzz::yaml::check(text));
