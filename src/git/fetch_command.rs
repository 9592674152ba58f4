//! The command that fetches what a clone does not have.
//!
//! People paste it into a shell, and the revision in it may be a stranger's
//! text: it must not become an option or another command there.

use std::borrow::Cow;

use super::backend::CloneBackend;
use super::revision_form::RevisionForm;

/// The command for a pin that is not in this clone.
pub(super) fn of_pin(backend: &dyn CloneBackend, is_shallow: bool, revision: &str) -> String {
    let remote = remote(backend);
    let remote = quoted(&remote);
    match RevisionForm::of(revision, backend.digits()) {
        RevisionForm::Id(_) => format!("git fetch {remote} {}", quoted(revision)),
        // Servers are asked for full ids only, so everything that may have it
        // is fetched.
        RevisionForm::Abbreviation if is_shallow => unshallow(backend),
        RevisionForm::Abbreviation => format!("git fetch {remote}"),
        RevisionForm::Other if is_tag_name(revision) => {
            format!("git fetch {remote} tag {}", quoted(revision))
        }
        RevisionForm::Other => format!("git fetch --tags {remote}"),
    }
}

/// The command for the history before the edge of a shallow clone.
pub(super) fn unshallow(backend: &dyn CloneBackend) -> String {
    format!("git fetch --unshallow {}", quoted(&remote(backend)))
}

/// The command for what `refspec` names on a remote. For a shallow clone it
/// fetches the rest of the history as well: whoever compares commits needs it,
/// and a branch beside a cut-off commit is of no use.
pub(super) fn of_refspec(remote: &str, is_shallow: bool, refspec: &str) -> String {
    let unshallow = if is_shallow { " --unshallow" } else { "" };
    format!("git fetch{unshallow} {} {}", quoted(remote), quoted(refspec))
}

/// `origin`, if that is a remote or there is none; else the first one.
fn remote(backend: &dyn CloneBackend) -> String {
    // A name that starts with a dash would be an option, however it is quoted.
    let names = backend.remotes().into_iter().filter(|name| !name.starts_with('-'));
    let names: Vec<String> = names.collect();
    let is_origin = |name: &String| name == "origin";
    let first = names.first().filter(|_| !names.iter().any(is_origin));
    first.map_or("origin", String::as_str).to_owned()
}

fn is_tag_name(name: &str) -> bool {
    !name.starts_with('-') && git2::Reference::is_valid_name(&format!("refs/tags/{name}"))
}

/// The text as one word of a POSIX shell.
pub(super) fn quoted(word: &str) -> Cow<'_, str> {
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
