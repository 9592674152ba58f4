//! The command that fetches what a clone does not have.
//!
//! People paste it into a shell, and what was asked for is a stranger's text:
//! it must not become an option or another command there.

use std::borrow::Cow;

use super::revision::Name;

/// The command for a revision that is not in this clone.
pub(super) fn command(inner: &git2::Repository, revision: &str) -> String {
    let remote = remote(inner);
    let remote = quoted(&remote);
    match Name::of(revision) {
        Name::Id(_) => format!("git fetch {remote} {}", quoted(revision)),
        // Servers are asked for full ids only: what may have it has to be fetched whole.
        Name::Abbreviation if inner.is_shallow() => format!("git fetch --unshallow {remote}"),
        Name::Abbreviation => format!("git fetch {remote}"),
        Name::Other if is_tag_name(revision) => {
            format!("git fetch {remote} tag {}", quoted(revision))
        }
        Name::Other => format!("git fetch --tags {remote}"),
    }
}

/// `origin`, where that is a remote or none is; else the first.
fn remote(inner: &git2::Repository) -> String {
    let remotes = inner.remotes().ok();
    let names = remotes.iter().flat_map(|names| names.iter().flatten().flatten());
    // What begins with a dash would be an option, however it is quoted.
    let mut names = names.filter(|name| !name.starts_with('-'));
    let first = names.next();
    let origin = names.any(|name| name == "origin");
    first.filter(|_| !origin).unwrap_or("origin").to_owned()
}

fn is_tag_name(name: &str) -> bool {
    !name.starts_with('-') && git2::Reference::is_valid_name(&format!("refs/tags/{name}"))
}

/// One word of a POSIX shell.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_word_for_the_shell() {
        assert_eq!(quoted("web/v1.4-rc_1"), "web/v1.4-rc_1");
        assert_eq!(quoted("v1;reboot"), "'v1;reboot'");
        assert_eq!(quoted("$(reboot)"), "'$(reboot)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
