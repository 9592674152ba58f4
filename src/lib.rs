//! Renders, validates and promotes the environments of a Kubernetes GitOps
//! repository.
//!
//! The modules are in the order of the flow, and each uses only those before
//! it.

pub mod source;
#[macro_use]
pub mod diagnostic;
pub mod yaml;
pub mod disk;
pub mod git;
pub mod kubernetes;
pub mod config;
pub mod sites;
pub mod holds;
pub mod edits;
pub mod render;
pub mod namespaces;
pub mod validate;
pub mod pipeline;
pub mod rendered;
pub mod worker;
pub mod history;
pub mod promote;
pub mod deliver;
pub mod demo;
pub mod codes;
pub mod cli;
