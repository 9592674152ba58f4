//! Where pull requests are opened: how the file writes it, what it means, and how
//! the former is turned into the latter.

use schemars::JsonSchema;

use super::decode::{Decode, choice, record};
use super::lists::exactly_one;
use super::sourced::Sourced;
use super::syntax::{BranchName, FilePath, ForgeRepository, Url, VariableName};
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::{Location, RepoPath, Tree};
use crate::yaml::{Dialect, Node, parse};

codes! {
    /// A token is written in a file.
    ///
    /// Whoever can read the repository, its history or a copy of it can read the
    /// token too. Name the environment variable or the file that holds it
    /// instead, and revoke the token that was written down.
    ///
    /// ```yaml
    /// forge: { kind: gitea, token: 3f0c… }                   # wrong
    /// forge: { kind: gitea, token: { env: RUNGS_TOKEN } }    # right
    /// ```
    TOKEN_IN_FILE = "token-in-file", Input, Error;
}

record! {
    /// Where pull requests are opened.
    struct ForgeFile("`forge`") {
        /// The forge's software.
        optional kind: ForgeKind = "kind",
        /// The forge's address, without credentials: `https://git.example.com`.
        optional url: Url = "url",
        /// The repository's path there: `shop/deploy`.
        optional repository: ForgeRepository = "repository",
        /// The branch that is deployed. Default: the remote's own default.
        optional base: BranchName = "base",
        /// How pull requests land on that branch. Default: in any way.
        optional merge: MergeStyle = "merge",
        /// Where the token comes from. It is never in a file of the repository.
        optional token: TokenFile = "token",
    }
}

choice! {
    /// The software of a forge.
    pub enum ForgeKind("a kind of forge") {
        /// GitHub.
        Github = "github",
        /// GitLab.
        Gitlab = "gitlab",
        /// Gitea.
        Gitea = "gitea",
        /// Forgejo.
        Forgejo = "forgejo",
    }
}

choice! {
    /// How a pull request lands on its branch.
    pub enum MergeStyle("a value of `merge`") {
        /// As one commit.
        Squash = "squash",
        /// With a merge commit.
        Merge = "merge",
        /// As its own commits, on top of the branch.
        Rebase = "rebase",
    }
}

record! {
    /// Where the forge's token comes from.
    struct TokenSourceFile("`token`") {
        /// The environment variable that holds it.
        optional env: VariableName = "env",
        /// The file that holds it.
        optional file: FilePath = "file",
    }
}

/// Where the forge's token comes from, but never the token itself.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(transparent)]
pub(in crate::config) struct TokenFile(pub(in crate::config) TokenSourceFile);

impl Decode for TokenFile {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.as_str().is_none() && node.as_number().is_none() {
            return TokenSourceFile::decode(node, findings).map(Self);
        }
        let location = node.location();
        location.file().mark_secret(location.span());
        findings.push(
            Finding::new(&TOKEN_IN_FILE, "there is a token in the file", location)
                .because("everybody who can read the repository can read this")
                .help("name where it comes from, `token: { env: RUNGS_TOKEN }`, and revoke it"),
        );
        None
    }
}

/// Where pull requests are opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forge {
    /// The forge's software; none if the file does not say.
    pub kind: Option<ForgeKind>,
    /// The forge's address, without credentials; none if the file does not say.
    pub url: Option<String>,
    /// The repository's path there; none if the file does not say.
    pub repository: Option<String>,
    /// The branch that is deployed; none for the remote's own default.
    pub base: Option<String>,
    /// How pull requests land on that branch; none for any way.
    pub merge: Option<MergeStyle>,
    /// Where the token comes from.
    pub token: Option<TokenSource>,
    /// The place of this setting.
    pub location: Location,
}

/// Where a token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// An environment variable.
    Env(String),
    /// A file on the machine.
    File(String),
}

/// The settings of the forge in the file.
pub(super) fn resolve(raw: &Sourced<ForgeFile>, findings: &mut Findings) -> Forge {
    let file = &raw.value;
    Forge {
        kind: file.kind.as_ref().map(|kind| kind.value),
        url: file.url.as_ref().map(|url| url.value.0.trim_end_matches('/').to_owned()),
        repository: file.repository.as_ref().map(|repository| repository.value.0.clone()),
        base: file.base.as_ref().map(|base| base.value.0.clone()),
        merge: file.merge.as_ref().map(|merge| merge.value),
        token: file.token.as_ref().and_then(|raw| token(raw, findings)),
        location: raw.location.clone(),
    }
}

fn token(raw: &Sourced<TokenFile>, findings: &mut Findings) -> Option<TokenSource> {
    let source = &raw.value.0;
    match (&source.env, &source.file) {
        (Some(variable), None) => Some(TokenSource::Env(variable.value.0.clone())),
        (None, Some(file)) => Some(TokenSource::File(file.value.0.clone())),
        _ => {
            findings.push(exactly_one("`token`", "`env` and `file`", &raw.location));
            None
        }
    }
}

/// Reads `forge.base` of `rungs.yaml` and nothing else: only this branch tells
/// which commit's configuration counts. None if there is no such file, or it does
/// not name a branch.
///
/// # Errors
///
/// The file cannot be read, is not YAML, or the name cannot be a branch's.
pub fn configured_base_branch(tree: &Tree) -> Result<Option<String>, Findings> {
    let read = tree.read_if_present(&RepoPath::root().child("rungs.yaml"));
    let read = read.map_err(|error| Finding::of_read_error(&error, None))?;
    let Some(file) = read else { return Ok(None) };
    let documents = parse(&file, Dialect::Kubectl)?;
    let base = documents.first().and_then(|one| one.root().get("forge")?.get("base"));
    let Some(base) = base.filter(|base| !base.is_null()) else { return Ok(None) };
    let mut findings = Findings::new();
    match BranchName::decode(base, &mut findings) {
        Some(branch) if !findings.has_errors() => Ok(Some(branch.0)),
        _ => Err(findings),
    }
}
