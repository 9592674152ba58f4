//! The address of a repository: as `--repo` takes one, and in one form for all
//! ways to write it.

use std::fmt;

use super::code::{CREDENTIALS_IN_ADDRESS, REPOSITORY_ADDRESS};
use crate::diagnostic::{Finding, harmless};
use crate::source::{Location, is_token, without_credentials};

/// The schemes that are accepted. Others run programs by name (`ext::`), or are
/// unknown to most servers.
const SCHEMES: [&str; 5] = ["https", "http", "ssh", "git", "file"];

/// An address that git may be given, without a password or token in it: it is
/// written down in the cached clone's configuration and shown in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryAddress(String);

impl RepositoryAddress {
    /// Whether a text is meant as an address, and not as a directory: it has a
    /// scheme, names a transport (`ext::…`), or reads `host:path` with no slash
    /// before the colon. Git distinguishes them in the same way.
    pub fn is_address(text: &str) -> bool {
        text.contains("://") || text.split_once(':').is_some_and(|(host, _)| !host.contains('/'))
    }

    /// Reads `https://host/path`, `ssh://user@host/path`, `user@host:path` and
    /// the like.
    pub fn parse(text: &str) -> Result<Self, Finding> {
        let text = text.trim();
        let is_plain = !text.starts_with('-') && !text.chars().any(|c| c.is_control() || c == ' ');
        let Some(user) = user(text).filter(|_| is_plain) else { return Err(invalid(text)) };
        let rest = text.replacen(&format!("{user}@"), "", 1);
        if user.contains(':') || is_token(user) || without_credentials(&rest) != rest {
            return Err(with_credentials(text));
        }
        Ok(Self(text.to_owned()))
    }

    /// The address, for git.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One key for all ways to write the address: without the user, who does
    /// not change which repository it is, and without a slash at its end.
    pub(super) fn key(&self) -> String {
        let user = user(&self.0).unwrap_or_default();
        let key = if user.is_empty() {
            self.0.clone()
        } else {
            self.0.replacen(&format!("{user}@"), "", 1)
        };
        key.trim_end_matches('/').to_owned()
    }

    /// The repository's own name: `deploy` for `https://host/shop/deploy.git`.
    /// It may be empty.
    pub(super) fn name(&self) -> String {
        let address = CanonicalAddress::of(&self.0);
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        address.name().chars().filter(is_plain).take(40).collect()
    }
}

/// Which repository an address names, or which directory in it, however it is
/// written. Any text has one: what is not an address is a host without a path.
#[derive(Debug, Clone)]
pub struct CanonicalAddress {
    /// Empty for a path of this machine.
    host: String,
    /// Without slashes at its ends, and without `.git`.
    path: String,
}

impl CanonicalAddress {
    /// Reads `https://user@host:port/path.git`, `user@host:path`, `host/path`, and
    /// what kustomize and Terraform add: `git::` before it, and after it `//` with
    /// a directory in the repository and `?ref=…`.
    ///
    /// User, scheme and port are how the repository is reached, and not which one
    /// it is: a forge has a port for ssh and another for HTTP.
    pub fn of(address: &str) -> Self {
        let address = address.strip_prefix("git::").unwrap_or(address);
        let address = address.split('?').next().unwrap_or_default();
        let (authority, path) = match address.split_once("://") {
            Some((_, rest)) => rest.split_once('/').unwrap_or((rest, "")),
            None => match address.find(['/', ':']) {
                Some(at) => (&address[..at], &address[at + 1..]),
                None => (address, ""),
            },
        };
        let host = authority.rsplit('@').next().unwrap_or_default();
        Self { host: without_port(host).to_owned(), path: plain_path(path) }
    }

    /// The repository of an address that may go on with a directory in it, as kustomize
    /// tells them apart (`api/internal/git/repospec.go`): the repository ends at `//`, with
    /// `.git`, with the name after `_git/`, or else after two segments, `OWNER/NAME`.
    pub fn of_repository(address: &str) -> Self {
        let address = address.strip_prefix("git::").unwrap_or(address);
        let address = address.split('?').next().unwrap_or_default();
        let is_local = address.starts_with(['/', '.']) || address.starts_with("file://");
        let whole = Self::of(before_directory(address));
        let segments: Vec<_> = whole.path.split('/').collect();
        let after_mark = segments.iter().position(|one| *one == "_git").map(|mark| mark + 2);
        let end = match after_mark {
            _ if is_marked(address) || is_local => segments.len(),
            Some(end) => end.min(segments.len()),
            None => segments.len().min(OWNER_AND_NAME),
        };
        let path = segments[..end].join("/");
        Self { path, ..whole }
    }

    /// The host, as it is written.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The path, as it is written: `shop/deploy` for `https://host/shop/deploy.git`.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// How many characters the host and the path have: of two addresses that one is within,
    /// the longer is the more specific.
    pub fn length(&self) -> usize {
        self.host.len() + self.path.len()
    }

    /// The last part of the address: `deploy` for `https://host/shop/deploy.git`.
    pub fn name(&self) -> &str {
        let last = self.path.rsplit('/').next().unwrap_or_default();
        if last.is_empty() { &self.host } else { last }
    }

    /// Whether this is the address of that repository, or of a directory in it.
    /// Hosts and forges do not distinguish names by case.
    pub fn is_within(&self, repository: &Self) -> bool {
        let (path, outer) = (self.path.to_lowercase(), repository.path.to_lowercase());
        let rest = path.strip_prefix(&outer);
        self.host.eq_ignore_ascii_case(&repository.host)
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether the path ends with that of a repository on its forge, which need
    /// not be at the root of its host.
    pub(super) fn ends_with(&self, path: &str) -> bool {
        let (whole, path) = (self.path.to_lowercase(), plain_path(path).to_lowercase());
        let rest = whole.strip_suffix(&path);
        !path.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    }
}

impl fmt::Display for CanonicalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.path.is_empty() { "" } else { "/" };
        write!(f, "{}{separator}{}", self.host, self.path)
    }
}

/// The number of segments of a repository's path that nothing marks.
const OWNER_AND_NAME: usize = 2;

/// Whether an address says where the repository ends.
fn is_marked(address: &str) -> bool {
    before_directory(address).len() < address.len() || address.strip_suffix(".git").is_some()
}

/// An address up to where it says that the repository ends; all of it if it does not.
fn before_directory(address: &str) -> &str {
    let path = address.find("://").map_or(0, |scheme| scheme + "://".len());
    let ends = [(".git/", ".git".len()), ("//", 0)].map(|(mark, length)| {
        address[path..].find(mark).filter(|at| *at > 0).map(|at| path + at + length)
    });
    let end = ends.into_iter().flatten().min();
    end.map_or(address, |end| &address[..end])
}

/// The host of `host:port`. The address of a host in brackets has colons of its
/// own.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        _ => host,
    }
}

/// A path with one `/` between its parts and none at its ends. Only a repository
/// ends in `.git`, so that this may be before a directory in it.
fn plain_path(path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty());
    let parts =
        parts.map(|part| part.strip_suffix(".git").filter(|name| !name.is_empty()).unwrap_or(part));
    parts.collect::<Vec<_>>().join("/")
}

/// The user, empty if there is none; none if the text is not an address.
fn user(text: &str) -> Option<&str> {
    let authority = if let Some((scheme, rest)) = text.split_once("://") {
        let is_known = SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known));
        let authority = rest.split('/').next().unwrap_or_default();
        let is_local = scheme.eq_ignore_ascii_case("file");
        let has_place = if is_local { rest.starts_with('/') } else { !authority.is_empty() };
        Some(authority).filter(|_| is_known && has_place)?
    } else {
        let (authority, path) = text.split_once(':')?;
        let is_scp = !authority.contains('/') && !path.is_empty() && !path.starts_with(':');
        Some(authority).filter(|_| is_scp)?
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    // A host that starts with a dash would be an option to ssh.
    (!host.starts_with('-') && !user.starts_with('-')).then_some(user)
}

fn invalid(text: &str) -> Finding {
    let shown = without_credentials(text);
    let message = format!("`{}` is not the address of a repository", harmless(&shown));
    Finding::new(&REPOSITORY_ADDRESS, message, Location::of_repository())
        .help("write `https://host/path`, `ssh://user@host/path` or `user@host:path`")
}

fn with_credentials(text: &str) -> Finding {
    let text = match text.rsplit_once('@') {
        // Whatever it is, it is not shown.
        Some((_, rest)) => format!("…@{}", without_credentials(rest)),
        None => without_credentials(text).into_owned(),
    };
    let message = format!("the address `{}` has a password or token in it", harmless(&text));
    Finding::new(&CREDENTIALS_IN_ADDRESS, message, Location::of_repository())
        .help("leave it out, and provide it through a credential helper or `GIT_ASKPASS`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_git_speaks_are_accepted() {
        for address in [
            "https://host/shop/deploy.git",
            "https://me@bitbucket.org/shop/deploy",
            "http://host:3000/x",
            "HTTPS://Host/x",
            "ssh://git@host:22/x.git",
            "git://host/x",
            "file:///srv/x.git",
            "git@host:shop/deploy",
            "host:x",
        ] {
            assert!(RepositoryAddress::is_address(address), "{address}");
            assert_eq!(RepositoryAddress::parse(address).unwrap().as_str(), address);
        }
        for directory in ["deploy", "./a:b", "/srv/x", "../x"] {
            assert!(!RepositoryAddress::is_address(directory), "{directory}");
        }
    }

    #[test]
    fn what_runs_a_program_or_is_an_option_is_refused() {
        for hostile in [
            "ext::sh -c touch% x",
            "ext::x",
            "fd::7",
            "ftp://host/x",
            "--upload-pack=x:y",
            "-oProxyCommand=x:y",
            "ssh://-oProxyCommand=x/y",
            "ssh://a@-oProxyCommand=x/y",
            "https://",
            "https://host/x\n[core]",
            "https://host/a b",
            "file://host/x",
        ] {
            let finding = RepositoryAddress::parse(hostile).unwrap_err();
            assert_eq!(finding.code.name, "repository-address", "{hostile}");
        }
    }

    #[test]
    fn passwords_and_tokens_are_refused_and_not_shown() {
        for (address, secret) in [
            ("https://me:hunter2@host/x", "hunter2"),
            ("https://oauth2:glpat-0123456789abcdefghij@host/x", "glpat"),
            ("https://0123456789012345678901234567890123456789@host/x", "0123"),
            ("ssh://git:hunter2@host/x", "hunter2"),
            ("ssh://0123456789012345678901234567890123456789@host/x", "0123"),
            ("git://0123456789012345678901234567890123456789@host/x", "0123"),
            ("0123456789abcdef0123456789abcdef01234567@host:o/x.git", "0123"),
            ("https://host/x?private_token=hunter2", "hunter2"),
            ("https://ghp_0123456789abcdefghijABCDEFGHIJ@host/x", "ghp_"),
        ] {
            let finding = RepositoryAddress::parse(address).unwrap_err();
            assert_eq!(finding.code.name, "credentials-in-address", "{address}");
            assert!(!format!("{finding:?}").contains(secret), "{finding:?}");
        }
    }

    #[test]
    fn the_user_does_not_change_which_repository_it_is() {
        let key = |address| RepositoryAddress::parse(address).unwrap().key();
        assert_eq!(key("https://me@host/x/"), key("https://host/x"));
        assert_ne!(key("https://host/x"), key("https://host/y"));
        assert_eq!(RepositoryAddress::parse("git@host:shop/dep../loy.git").unwrap().name(), "loy");
    }

    /// The ways to write the address of one repository.
    const SAME: [&str; 14] = [
        "https://github.com/shop/deploy",
        "https://github.com/shop/deploy/",
        "https://GitHub.com/Shop/deploy.git",
        "https://github.com/shop/deploy.git/",
        "https://github.com:443/shop/deploy",
        "http://github.com//shop/deploy.git",
        "https://me:token@github.com/shop/deploy",
        "ssh://git@github.com/shop/deploy",
        "ssh://git@github.com:2222/shop/deploy.git",
        "git@github.com:shop/deploy.git",
        "git@github.com:/shop/deploy",
        "github.com:shop/deploy",
        "github.com/shop/deploy/",
        "git::https://user@github.com/shop/deploy?ref=v1",
    ];

    #[test]
    fn an_address_names_the_same_repository_in_each_of_its_forms() {
        for one in SAME {
            let address = CanonicalAddress::of(one);
            assert!(address.host().eq_ignore_ascii_case("github.com"), "{one}");
            assert_eq!(address.name(), "deploy", "{one}");
            assert!(address.ends_with("shop/deploy") && address.ends_with("Deploy.git"), "{one}");
            for other in SAME {
                assert!(address.is_within(&CanonicalAddress::of(other)), "{one} and {other}");
            }
        }
    }

    #[test]
    fn a_repository_ends_where_kustomize_says() {
        for (address, repository) in [
            ("https://git.example.com/o/svc/config/default?ref=v1", "git.example.com/o/svc"),
            ("https://git.example.com/o/svc?ref=v1", "git.example.com/o/svc"),
            ("https://git.example.com/svc?ref=v1", "git.example.com/svc"),
            ("https://git.example.com/a/b/svc.git/config?ref=v1", "git.example.com/a/b/svc"),
            ("https://git.example.com/a/b/svc.git?ref=v1", "git.example.com/a/b/svc"),
            ("https://git.example.com/a/b/svc//config/default", "git.example.com/a/b/svc"),
            ("https://git.example.com/a/svc.git//config.git/x", "git.example.com/a/svc"),
            ("git::https://me@git.example.com:8443/o/svc/config", "git.example.com/o/svc"),
            ("ssh://git@git.example.com:22/o/svc/config?ref=v1", "git.example.com/o/svc"),
            ("git@git.example.com:o/svc/config?ref=v1", "git.example.com/o/svc"),
            ("git@git.example.com:a/b/svc.git//config", "git.example.com/a/b/svc"),
            ("github.com/o/svc/config/crd?ref=v1", "github.com/o/svc"),
            ("https://github.com/o/svc.github.io/x", "github.com/o/svc.github.io"),
            ("https://dev.azure.com/o/p/_git/svc/config", "dev.azure.com/o/p/_git/svc"),
            ("file:///srv/git/o/svc?ref=v1", "/srv/git/o/svc"),
            ("file:///srv/git/o/svc//config?ref=v1", "/srv/git/o/svc"),
            ("svc", "svc"),
        ] {
            assert_eq!(CanonicalAddress::of_repository(address).to_string(), repository);
        }
    }

    #[test]
    fn a_directory_is_in_its_repository_and_not_in_one_with_a_longer_name() {
        let repository = CanonicalAddress::of("git@github.com:shop/deploy.git");
        for (address, is_within) in [
            ("https://github.com/shop/deploy//base?ref=v1", true),
            ("https://github.com/shop/deploy.git//base", true),
            ("https://github.com/shop/deploy.git/base", true),
            ("github.com/shop/deploy/base", true),
            ("https://github.com/shop/deploy.git?ref=v1", true),
            ("https://github.com/shop/deploy-old", false),
            ("https://github.com/shop/deploy.github.io", false),
            ("https://github.com/shop", false),
            ("https://github.com/my-shop/deploy", false),
            ("https://gitlab.com/shop/deploy", false),
            ("https://github.com.example.com/shop/deploy", false),
            ("deploy", false),
            ("", false),
        ] {
            let found = CanonicalAddress::of(address).is_within(&repository);
            assert_eq!(found, is_within, "{address}");
        }
        let directory = CanonicalAddress::of("https://github.com/shop/deploy//base?ref=v1");
        assert_eq!(directory.name(), "base");
        assert!(!repository.is_within(&CanonicalAddress::of("https://github.com")));
    }

    #[test]
    fn paths_of_this_machine_and_addresses_of_hosts_are_not_taken_apart() {
        for (address, host, path) in [
            ("/srv/git/deploy.git", "", "srv/git/deploy"),
            ("file:///srv/git/deploy.git", "", "srv/git/deploy"),
            ("https://[2001:db8::1]:8443/shop/deploy", "[2001:db8::1]", "shop/deploy"),
            ("https://[2001:db8::1]/shop/deploy", "[2001:db8::1]", "shop/deploy"),
            ("https://host/shop/.git", "host", "shop/.git"),
            ("deploy", "deploy", ""),
        ] {
            let found = CanonicalAddress::of(address);
            assert_eq!((found.host(), found.path()), (host, path), "{address}");
        }
        assert_eq!(CanonicalAddress::of("Deploy").name(), "Deploy");
    }
}
