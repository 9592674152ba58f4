//! Rendering one file, up to a bound.

use std::io::{self, Write};

use tera::{Context, Tera, TeraResult};

use super::sources;
use crate::source::RepoPath;

/// One file may become this much text.
pub(super) const MAX_OUTPUT_BYTES: usize = 16 << 20;

/// The text of a compiled file.
pub(super) fn print(tera: &Tera, path: &RepoPath, context: &Context) -> TeraResult<String> {
    let mut output = Bounded(Vec::with_capacity(4096));
    tera.render_to(&sources::name(path), context, &mut output)?;
    Ok(String::from_utf8(output.0).expect("Tera writes only whole texts"))
}

/// Takes text up to [`MAX_OUTPUT_BYTES`].
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
