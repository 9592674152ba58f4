//! Objects, and what is said of those that a server would refuse.
//!
//! Manifests of our own have their findings marked (`wrong/`, `right/`). The measure of what is
//! found is a real API server: valid objects (`objects/`; `custom/` with `definitions/`) are
//! spoilt field by field (`mutation.rs`), and the server's verdicts about all of them are checked
//! in (`verdicts.txt`). Where there is a server, it is asked again.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, or says why not")]

mod cel;
mod command;
mod custom;
mod field;
mod kubeconform;
mod large;
mod manifests;
mod marked;
mod mutation;
mod object;
mod oracle;
mod recorded;
mod recording;
mod verdict;
#[path = "../support/mod.rs"]
mod support;
