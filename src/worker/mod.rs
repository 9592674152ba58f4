//! Rendering in a process of its own, which can be stopped.
//!
//! Neither Tera nor Jsonnet can be interrupted, and a template may come from a stranger. So
//! the program starts itself again, as a worker, and watches it: a [`Renderer`] takes a
//! [`RenderRequest`] and returns files or findings, whatever the template does.
//!
//! The worker has no files, no environment and no arguments but its limits. It gets a job
//! ([`job`]) over its standard input, asks for files over its standard output
//! ([`remote`], answered by [`server`] from the request's Tree and from nothing else), and
//! returns data. [`supervisor`] watches the clock, learns which app the worker was busy with
//! if it had to be stopped or died, and has the others rendered without it.

mod renderer;
mod limits;
mod start;
mod frame;
mod job;
mod wire;
mod message;
mod process;
mod code;
mod sandbox;
mod remote;
mod child;
mod server;
mod supervisor;

pub use child::serve;
pub use code::CODES;
pub use job::InProcess;
pub use limits::{Limits, WorkerOptions};
pub use renderer::{RenderProgress, RenderRequest, RenderResult, Renderer, Wanted};
pub use sandbox::confine;
pub use start::WorkerStart;
pub use supervisor::Worker;
