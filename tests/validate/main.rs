//! What a real API server refuses, as the measure of what rungs finds.
//!
//! Valid objects (`objects/`; `custom/` with `definitions/`) are spoilt field by field
//! (`mutation.rs`), and a server's verdicts about all of them are checked in
//! (`verdicts.txt`). Where there is a server, it is asked again.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod cel;
mod field;
mod mutation;
mod object;
mod oracle;
mod recorded;
mod recording;
#[path = "../support/mod.rs"]
mod support;
mod verdict;
