//! Rendering in a process of its own, which can be stopped.
//!
//! Neither Tera nor Jsonnet can be interrupted, and a template may come from a stranger. So
//! the program starts itself again, as a worker, and watches it: a [`Renderer`] takes a
//! [`RenderRequest`] and returns files or findings, whatever the template does.
//!
//! The worker gets a [`job`] over its standard input, asks for files over its standard output
//! ([`remote`], answered by [`server`] from the request's Tree and its commits alone), and
//! returns data. Its environment has nothing of the program's. In a sandbox it takes from
//! itself what it does not need ([`sandbox`]) before it reads anything; without one it reads
//! the files of a work tree itself. [`watched_job`] keeps the clock, asks which apps its
//! [`engines`] work on, and takes the result; if it has to be stopped or dies,
//! [`supervisor`] finds out which of them it was lost to, and has the others rendered without.

mod renderer;
mod start;
mod limits;
mod frame;
mod job;
mod wire;
mod message;
mod engines;
mod process;
mod loss;
mod code;
mod sandbox;
mod remote;
mod child;
mod server;
mod engine_times;
mod arriving_result;
mod watched_job;
mod supervisor;

pub use child::serve;
pub use code::CODES;
pub use job::InProcess;
pub use renderer::{RenderProgress, RenderRequest, RenderResult, Renderer, Wanted};
pub use sandbox::confine;
pub use start::{WorkerOptions, WorkerStart};
pub use supervisor::Worker;
