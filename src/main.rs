//! The program; everything it does is in the library.

use std::process::ExitCode;

/// Rendering makes and drops a node for every value. With the system's
/// allocator, a whole run takes a sixth longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rungs::cli::main()
}
