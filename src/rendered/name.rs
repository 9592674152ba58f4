//! The names of directories and files in the output tree.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::config::EnvironmentName;
use crate::kubernetes::{Object, built_in_scope};
use crate::source::RepoPath;

/// The directory of the environment's own files. No app can have that name.
const ENVIRONMENT: &str = "_environment";

/// The longest name of a file without its extension, in bytes; longer ones are
/// cut. Disks take 255, and the rest is room for extensions.
const STEM_LENGTH: usize = 200;

/// Names that Windows takes for devices, whatever the extension.
const DEVICES: &[&str] = &["aux", "con", "nul", "prn"];

/// The directory of an environment below the output directory.
pub(super) fn environment_directory(environment: &EnvironmentName) -> RepoPath {
    RepoPath::root().child(&safe(&environment.dotted()))
}

/// The directory of an app's files below the output directory; without an app,
/// that of the environment's own.
pub fn directory(environment: &EnvironmentName, app: Option<&str>) -> RepoPath {
    environment_directory(environment).child(&safe(app.unwrap_or(ENVIRONMENT)))
}

/// The environment's or app's name that a directory in the output tree stands for.
pub fn name_of(directory: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = directory.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// An object's file name without its extension. `home` is the app's namespace,
/// which is left out of names; none if every name has its namespace.
pub(super) fn stem(object: &Object, home: Option<&str>) -> String {
    let id = &object.id;
    let mut stem = id.kind.to_lowercase();
    if built_in_scope(&id.group, &id.kind).is_none() {
        stem.push('.');
        stem.push_str(&id.group);
    }
    stem.push('-');
    if let Some(namespace) = id.namespace.as_deref().filter(|namespace| Some(*namespace) != home) {
        stem.push_str(namespace);
        stem.push_str("..");
    }
    stem.push_str(&id.name);
    shorten(safe(&stem))
}

/// A path segment that every system accepts: letters, digits, `-`, `_` and `.`
/// as they are, everything else as `%` and two hexadecimal digits for each byte.
/// No name of Kubernetes has a `%`, so two names never become the same.
fn safe(segment: &str) -> String {
    let mut safe = String::with_capacity(segment.len());
    let device = is_device(segment);
    for (at, byte) in segment.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if plain && !(device && at == 0) {
            safe.push(char::from(byte));
        } else {
            write!(safe, "%{byte:02X}").expect("a string takes every character");
        }
    }
    safe
}

fn is_device(segment: &str) -> bool {
    let name = segment.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = name.strip_prefix("com").or_else(|| name.strip_prefix("lpt"));
    DEVICES.contains(&name.as_str())
        || numbered.is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
}

/// Cuts a name that is too long for a disk, and appends `~` and a hash of the
/// whole. No other name has a `~`.
fn shorten(stem: String) -> String {
    if stem.len() <= STEM_LENGTH {
        return stem;
    }
    let hash = Sha256::digest(stem.as_bytes());
    let mut short = stem[..STEM_LENGTH - 17].to_owned();
    short.push('~');
    for byte in &hash[..8] {
        write!(short, "{byte:02x}").expect("a string takes every character");
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_a_disk_may_refuse_are_written_in_digits() {
        assert_eq!(safe("role-system:foo"), "role-system%3Afoo");
        assert_eq!(safe("a b*?ü"), "a%20b%2A%3F%C3%BC");
        assert_eq!(safe("prod.eu"), "prod.eu");
        assert_eq!(safe("_environment"), "_environment");
        for name in ["role-system:foo", "a b*?ü", "con", "prod.eu", "100%"] {
            assert_eq!(name_of(&safe(name)).as_deref(), Some(name));
        }
        assert_eq!(name_of("100%"), None);
    }

    #[test]
    fn names_of_windows_devices_are_changed() {
        assert_eq!(safe("aux"), "%61ux");
        assert_eq!(safe("con.example.com-a"), "%63on.example.com-a");
        assert_eq!(safe("com1.eu"), "%63om1.eu");
        assert_eq!(safe("console"), "console");
        assert_eq!(safe("com10"), "com10");
    }

    #[test]
    fn long_names_are_cut_and_still_differ() {
        let (a, b) = ("a".repeat(250), format!("{}b", "a".repeat(249)));
        let (a, b) = (shorten(a), shorten(b));
        assert_eq!((a.len(), b.len()), (STEM_LENGTH, STEM_LENGTH));
        assert_ne!(a, b);
    }
}
