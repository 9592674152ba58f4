//! The command that fetches what a clone does not have.
//!
//! People paste it into a shell, and the revision in it may be a stranger's
//! text: it must not become an option or another command there.

use std::borrow::Cow;

use super::remote::Remote;
use super::revision_form::RevisionForm;
use crate::diagnostic::Finding;

/// The name of a clone's remote in a command. A clone that has none may be given
/// `origin`; of several, whoever reads the command has to choose.
pub(super) fn remote_name(remote: Result<Option<Remote>, Finding>) -> String {
    match remote {
        Ok(Some(remote)) => remote.name().to_owned(),
        Ok(None) => "origin".to_owned(),
        Err(_) => "REMOTE".to_owned(),
    }
}

/// The command for a pin that is not in this clone, whose form is known.
pub(super) fn of_pin(
    remote: &str,
    is_shallow: bool,
    revision: &str,
    form: &RevisionForm,
) -> String {
    let quoted_remote = shell_word(remote);
    match form {
        RevisionForm::Id(_) => format!("git fetch {quoted_remote} {}", shell_word(revision)),
        // Servers are asked for full ids only, so everything that may have it
        // is fetched.
        RevisionForm::Abbreviation if is_shallow => unshallow(remote),
        RevisionForm::Abbreviation => format!("git fetch {quoted_remote}"),
        RevisionForm::Other if is_tag_name(revision) => {
            format!("git fetch {quoted_remote} tag {}", shell_word(revision))
        }
        RevisionForm::Other => format!("git fetch --tags {quoted_remote}"),
    }
}

/// The command for the history before the edge of a shallow clone.
pub(super) fn unshallow(remote: &str) -> String {
    format!("git fetch --unshallow {}", shell_word(remote))
}

/// The command for what `refspec` names on a remote. For a shallow clone it
/// fetches the rest of the history as well: whoever compares commits needs it,
/// and a branch beside a cut-off commit is of no use.
pub(super) fn of_refspec(remote: &str, is_shallow: bool, refspec: &str) -> String {
    let unshallow = if is_shallow { " --unshallow" } else { "" };
    format!("git fetch{unshallow} {} {}", shell_word(remote), shell_word(refspec))
}

fn is_tag_name(name: &str) -> bool {
    !name.starts_with('-') && git2::Reference::is_valid_name(&format!("refs/tags/{name}"))
}

/// The text as one word of a POSIX shell.
pub fn shell_word(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-:@".contains(&byte);
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
        assert_eq!(shell_word("web/v1.4-rc_1"), "web/v1.4-rc_1");
        assert_eq!(shell_word("v1;reboot"), "'v1;reboot'");
        assert_eq!(shell_word("$(reboot)"), "'$(reboot)'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
