//! The program; everything it does is in the library.

use std::process::ExitCode;

/// Rendering makes and drops a node for every value: the system's allocator
/// takes a sixth of the whole run longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rungs::cli::main()
}
