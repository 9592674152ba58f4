//! A revision as a person writes it, parsed without looking at any clone.
//!
//! Of git's syntax (`gitrevisions(7)`), only what names one commit is accepted:
//! a name, and ancestors of what it names. Reflogs (`@{yesterday}`) and
//! searches (`:/text`) depend on who asks and where.

use super::ObjectName;
use super::branch::Branch;
use super::remote::Remote;
use super::revision_form::RevisionForm;

/// A revision: where it starts, and the steps from there to an ancestor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expression {
    pub(super) start: Start,
    pub(super) ancestry: Vec<Ancestor>,
}

/// What a revision starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Start {
    /// What is checked out.
    Head,
    /// A full commit id.
    Id(ObjectName),
    /// A reference by its full name, such as `refs/tags/v1`.
    Reference(String),
    /// A branch of a remote that the clone knows: `origin/main`.
    OfRemote(Remote, Branch),
    /// The default branch of a remote that the clone knows: `origin/HEAD`.
    RemoteHead(Remote),
    /// The short name of a branch, which may be an abbreviated commit id.
    Name {
        /// The name.
        branch: Branch,
        /// Whether it may be an abbreviated commit id.
        is_abbreviation: bool,
    },
}

/// One step from a commit to an ancestor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ancestor {
    /// `~3`: that many first parents back.
    Generation(u32),
    /// `^2`: that parent; 0 is the commit itself.
    Parent(u32),
}

impl Expression {
    /// Reads a revision of a clone with these remotes, whose commit ids have
    /// `digits` digits; none if its form is not accepted.
    pub(super) fn parse(text: &str, remotes: &[Remote], digits: usize) -> Option<Self> {
        let (start, ancestry) = text.split_at(text.find(['~', '^']).unwrap_or(text.len()));
        let (start, ancestry) = (Start::parse(start, remotes, digits)?, steps(ancestry)?);
        Some(Self { start, ancestry })
    }
}

impl Start {
    fn parse(text: &str, remotes: &[Remote], digits: usize) -> Option<Self> {
        if matches!(text, "HEAD" | "@") {
            return Some(Self::Head);
        }
        if text.starts_with("refs/") {
            let is_valid = git2::Reference::is_valid_name(text);
            return is_valid.then(|| Self::Reference(text.to_owned()));
        }
        let form = RevisionForm::of(text, digits);
        if let RevisionForm::Id(id) = form {
            return Some(Self::Id(id));
        }
        if let Some((remote, rest)) = of_remote(text, remotes) {
            let remote = remote.clone();
            return match rest {
                "HEAD" => Some(Self::RemoteHead(remote)),
                rest => Some(Self::OfRemote(remote, Branch::parse(rest)?)),
            };
        }
        let is_abbreviation = matches!(form, RevisionForm::Abbreviation);
        Some(Self::Name { branch: Branch::parse(text)?, is_abbreviation })
    }
}

/// The remote that a name starts with, and what follows. A branch whose own
/// name starts like that is never meant: whoever can push one to the remote
/// could otherwise put it in the place of `origin/main`.
fn of_remote<'t>(text: &'t str, remotes: &'t [Remote]) -> Option<(&'t Remote, &'t str)> {
    let rest = |remote: &Remote| text.strip_prefix(remote.name())?.strip_prefix('/');
    let found = remotes.iter().filter_map(|remote| Some((remote, rest(remote)?)));
    found.max_by_key(|(remote, _)| remote.name().len())
}

/// Reads `~3^2`.
fn steps(mut text: &str) -> Option<Vec<Ancestor>> {
    let mut steps = Vec::new();
    while let Some(kind) = text.chars().next() {
        let rest = &text[kind.len_utf8()..];
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, rest) = rest.split_at(end);
        let number = if number.is_empty() { 1 } else { number.parse().ok()? };
        steps.push(match kind {
            '~' => Ancestor::Generation(number),
            '^' => Ancestor::Parent(number),
            _ => return None,
        });
        text = rest;
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::GitConfig;

    fn remotes() -> Vec<Remote> {
        let urls = ["origin", "up", "up/stream"].map(|name| format!("remote.{name}.url"));
        Remote::all(&GitConfig::new(urls.map(|name| (name, "u".to_owned()))))
    }

    fn start(text: &str) -> Option<Start> {
        let expression = Expression::parse(text, &remotes(), 40)?;
        assert_eq!(expression.ancestry, [], "{text}");
        Some(expression.start)
    }

    fn branch(name: &str) -> Branch {
        Branch::parse(name).unwrap()
    }

    #[test]
    fn a_name_that_starts_with_a_remotes_name_is_one_of_its_branches() {
        let remote = |name| remotes().into_iter().find(|remote| remote.name() == name);
        let of = |name, of| Some(Start::OfRemote(remote(name)?, branch(of)));
        assert_eq!(start("origin/main"), of("origin", "main"));
        assert_eq!(start("origin/origin/main"), of("origin", "origin/main"));
        assert_eq!(start("up/stream/x"), of("up/stream", "x"));
        assert_eq!(start("up/main"), of("up", "main"));
        assert_eq!(start("origin/HEAD"), remote("origin").map(Start::RemoteHead));
        let name = |name| Some(Start::Name { branch: branch(name), is_abbreviation: false });
        assert_eq!(start("feature/origin"), name("feature/origin"));
        assert_eq!(start("origin"), name("origin"));
    }

    #[test]
    fn digits_are_an_id_in_full_and_may_be_one_abbreviated() {
        let id = "1a".repeat(20);
        assert_eq!(start(&id), ObjectName::parse(&id).map(Start::Id));
        let name = Start::Name { branch: branch(&id[..7]), is_abbreviation: true };
        assert_eq!(start(&id[..7]), Some(name));
        let name = Start::Name { branch: branch("1a1a1a"), is_abbreviation: false };
        assert_eq!(start("1a1a1a"), Some(name));
    }

    #[test]
    fn ancestors_follow_a_name() {
        use Ancestor::{Generation, Parent};
        let ancestry = |text| Some(Expression::parse(text, &[], 40)?.ancestry);
        assert_eq!(ancestry("main~3"), Some(vec![Generation(3)]));
        assert_eq!(ancestry("HEAD^"), Some(vec![Parent(1)]));
        assert_eq!(ancestry("v^2~^0"), Some(vec![Parent(2), Generation(1), Parent(0)]));
        for none in ["main~x", "main^{commit}", "~1", "main~99999999999", "main~1 x"] {
            assert_eq!(ancestry(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_not_a_name_is_not_a_revision() {
        for none in [
            "",
            "-x",
            "--help",
            "a b",
            "a..b",
            "main@{1}",
            ":/fix",
            "refs/heads/a b",
            "a:b",
            "@{u}",
        ] {
            assert_eq!(start(none), None, "{none}");
        }
        assert_eq!(start("@"), Some(Start::Head));
        assert_eq!(start("refs/tags/v1"), Some(Start::Reference("refs/tags/v1".to_owned())));
    }
}
