//! What points elsewhere: versions, templates, forges, files and routes.

use std::fmt;

use super::declare::{text_schemas, texts};
use crate::config::decode::{Flaw, Syntax};
use crate::diagnostic::{Code, codes};
use crate::source::RepoPath;
use crate::yaml::{Route, Step};

codes! {
    /// A version, address, path or route that cannot be read.
    ///
    /// A version of Kubernetes is written with its minor version and in
    /// quotes: `"1.35"`. A version of rungs is a range such as `">=0.1"`. A
    /// template is a directory below `templates/`, and `@` pins it to a tag or
    /// commit. A forge is named by its address and a repository by its path
    /// there. A route to an app's value starts with `values`; one in `sites`
    /// starts at the root of the document, or at `root`.
    ///
    /// ```yaml
    /// # environments/qa/web.yaml
    /// promote: [featureFlags]            # wrong
    /// promote: [values.featureFlags]     # right
    /// ```
    ///
    /// A route's steps are keys, `a.b`, and items of lists: `a[0]`,
    /// `a[name=web].tag`, `a[name="web.x"].tag`. A key with a dot in it is
    /// quoted: `a["x.y"]`. In YAML, a route with brackets needs quotes.
    INVALID_REFERENCE = "invalid-reference", Input, Error;
}

texts! {
    /// The address of a forge.
    struct Url("the address of a forge", INVALID_REFERENCE, "https://git.example.com", "^https?://") = url;
    /// A repository's path on its forge.
    struct ForgeRepository("a repository's path on its forge", INVALID_REFERENCE, "shop/deploy") = forge_repository;
    /// A branch.
    struct BranchName("a branch", INVALID_REFERENCE, "main") = git_name;
    /// An environment variable.
    struct VariableName("the name of an environment variable", INVALID_REFERENCE, "RUNGS_TOKEN", "^[A-Za-z_][A-Za-z0-9_]*$") = variable;
    /// A file of the machine that rungs runs on.
    struct FilePath("a file's path", INVALID_REFERENCE, "/run/secrets/token") = file_path;
}
text_schemas!(KubernetesVersion, Requirement, TemplateName, OutputPath, ValueRoute, Route);

/// A minor version of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    /// 35 for 1.35.
    pub minor: u32,
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

impl Syntax for KubernetesVersion {
    const NOUN: &'static str = "a version of Kubernetes";
    const CODE: &'static Code = &INVALID_REFERENCE;
    const PATTERN: Option<&'static str> = Some(r"^1\.[0-9]+$");
    const EXAMPLE: &'static str = "1.35";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let help = "name the minor version: `\"1.35\"`";
        let minor =
            text.strip_prefix("1.").ok_or_else(|| Flaw::new("not `1.` and a number").help(help))?;
        let digits = !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit());
        let number =
            minor.parse().ok().filter(|_| digits && (minor == "0" || !minor.starts_with('0')));
        match number {
            Some(minor) => Ok(Self { minor }),
            None => Err(Flaw::new(format!("`{minor}` is not a minor version")).help(help)),
        }
    }
}

/// The versions of rungs that may be used with this repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Requirement(pub(in crate::config) semver::VersionReq);

impl Syntax for Requirement {
    const NOUN: &'static str = "a range of versions";
    const CODE: &'static Code = &INVALID_REFERENCE;
    const EXAMPLE: &'static str = ">=0.1";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let help = "write `\">=0.1\"`, or `\">=0.1, <2\"`";
        text.parse().map(Self).map_err(|error| Flaw::new(error.to_string()).help(help))
    }
}

/// `guestbook`, or `guestbook@v12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct TemplateName {
    /// The directory below `templates/`.
    pub(in crate::config) name: String,
    /// The tag or commit.
    pub(in crate::config) pin: Option<String>,
}

impl Syntax for TemplateName {
    const NOUN: &'static str = "a template";
    const CODE: &'static Code = &INVALID_REFERENCE;
    const EXAMPLE: &'static str = "guestbook@v12";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let (name, pin) = match text.split_once('@') {
            Some((name, pin)) => (name, Some(pin)),
            None => (text, None),
        };
        if name.is_empty() {
            return Err(Flaw::new("it names no directory below `templates/`"));
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if let Some(c) = name.chars().find(|&c| !is_part(c)) {
            return Err(Flaw::new(format!("`{c}` is not allowed"))
                .help("a template is the name of one directory below `templates/`"));
        }
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(Flaw::new("it does not start with a letter or digit"));
        }
        pin.map_or(Ok(()), git_name).map_err(|flaw| Flaw {
            because: format!("a tag or commit follows the `@`: {}", flaw.because),
            ..flaw
        })?;
        Ok(Self { name: name.to_owned(), pin: pin.map(str::to_owned) })
    }
}

/// The directory that rendered files are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct OutputPath(pub(in crate::config) RepoPath);

/// Directories with files that people write.
const OCCUPIED: [&str; 5] = ["environments", "templates", "schemas", ".rungs", ".git"];

impl Syntax for OutputPath {
    const NOUN: &'static str = "a directory to write to";
    const CODE: &'static Code = &INVALID_REFERENCE;
    const EXAMPLE: &'static str = "rendered";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let path = RepoPath::new(text).map_err(|error| Flaw::new(error.to_string()))?;
        match why_occupied(&path) {
            Some(why) => Err(Flaw::new(why).help("write `rendered`")),
            None => Ok(Self(path)),
        }
    }
}

/// Why a directory of the repository cannot be rendered to; none if it can.
pub fn why_occupied(path: &RepoPath) -> Option<String> {
    let Some(first) = path.segments().next() else {
        return Some("it is the repository itself".to_owned());
    };
    let is_occupied = OCCUPIED.contains(&first.to_ascii_lowercase().as_str());
    is_occupied.then(|| format!("`{first}` has files that are not rendered"))
}

/// A route to a value of an app: `values.featureFlags`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueRoute {
    text: String,
    below: Route,
}

impl ValueRoute {
    /// As it was written: `values.featureFlags`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path from the root of an app's values: `featureFlags`.
    pub fn in_values(&self) -> &Route {
        &self.below
    }
}

impl fmt::Display for ValueRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Syntax for ValueRoute {
    const NOUN: &'static str = "a route to a value";
    const CODE: &'static Code = &INVALID_REFERENCE;
    const PATTERN: Option<&'static str> = Some(r"^values[.\[]");
    const EXAMPLE: &'static str = "values.featureFlags";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let route = Route::parse(text).map_err(|error| Flaw::new(error.message))?;
        let mut steps = route.steps().iter();
        let first = steps.next();
        if !matches!(first, Some(Step::Key(key)) if key == "values") || !text.starts_with("values")
        {
            let flaw = Flaw::new("it does not start with `values.`");
            return Err(flaw.help(format!("write `values.{text}`")));
        }
        let mut below = Route::root();
        steps.for_each(|step| below.push(step.clone()));
        if below == Route::root() {
            return Err(Flaw::new("it names all values").help("name one: `values.featureFlags`"));
        }
        Ok(Self { text: text.to_owned(), below })
    }
}

impl Syntax for Route {
    const NOUN: &'static str = "a route";
    const CODE: &'static Code = &INVALID_REFERENCE;
    const EXAMPLE: &'static str = "image.tag";

    fn parse(text: &str) -> Result<Self, Flaw> {
        // The start of JSONPath and yq expressions.
        let bare = text.trim_start_matches('$').trim_start_matches(['.', '/']);
        if bare.len() < text.len() && Self::parse(bare).is_ok() {
            let begin = &text[..text.len() - bare.len()];
            return Err(
                Flaw::new(format!("it starts with `{begin}`")).help(format!("write `{bare}`"))
            );
        }
        Self::parse(text).map_err(|error| Flaw::new(error.message))
    }
}

/// `https://host[:port][/path]`, without credentials.
fn url(text: &str) -> Result<(), Flaw> {
    let help = "write `https://git.example.com`";
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else {
        return Err(Flaw::new("it does not start with `https://`").help(help));
    };
    let host = rest.split('/').next().unwrap_or_default();
    if host.contains('@') {
        return Err(Flaw::new("it has credentials")
            .help("leave them out and name an environment variable in `token`")
            .secret());
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '[' | ']');
    if host.is_empty() || !host.chars().all(is_part) {
        return Err(Flaw::new(format!("`{host}` is not a host")).help(help));
    }
    match rest.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#')) {
        Some(c) => Err(Flaw::new(format!("`{c}` is not allowed")).help(help)),
        None => Ok(()),
    }
}

fn forge_repository(text: &str) -> Result<(), Flaw> {
    let help = "write owner and name: `shop/deploy`";
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let segments: Vec<_> = text.split('/').collect();
    if segments.len() < 2 {
        return Err(Flaw::new("it has no `/`").help(help));
    }
    let is_segment =
        |segment: &&str| !matches!(*segment, "" | "." | "..") && segment.chars().all(is_part);
    match segments.iter().find(|segment| !is_segment(segment)) {
        Some(wrong) => Err(Flaw::new(format!("`{wrong}` is not part of a path")).help(help)),
        None => Ok(()),
    }
}

/// What git takes for the name of a branch, a tag or a commit
/// (`git check-ref-format`), and never for an option.
fn git_name(text: &str) -> Result<(), Flaw> {
    let wrong = |c: &char| {
        c.is_whitespace() || c.is_control() || matches!(c, '~' | '^' | ':' | '?' | '*' | '[' | '\\')
    };
    if text.is_empty() {
        return Err(Flaw::new("it is empty"));
    }
    if let Some(c) = text.chars().find(wrong) {
        return Err(Flaw::new(format!("`{}` is not allowed", c.escape_default())));
    }
    let bad_segment = |segment: &str| {
        segment.is_empty()
            || segment.starts_with('.')
            || segment.to_ascii_lowercase().ends_with(".lock")
    };
    let is_bad = text.starts_with('-')
        || text.contains("..")
        || text.contains("@{")
        || text == "@"
        || text.ends_with('.')
        || text.split('/').any(bad_segment);
    if is_bad { Err(Flaw::new("git does not accept such a name")) } else { Ok(()) }
}

fn variable(text: &str) -> Result<(), Flaw> {
    let help = "letters, digits and `_`: `RUNGS_TOKEN`";
    match text.chars().find(|&c| !c.is_ascii_alphanumeric() && c != '_') {
        Some(c) => Err(Flaw::new(format!("`{c}` is not allowed")).help(help)),
        None if text.is_empty() => Err(Flaw::new("it is empty").help(help)),
        None if text.starts_with(|c: char| c.is_ascii_digit()) => {
            Err(Flaw::new("it starts with a digit").help(help))
        }
        None => Ok(()),
    }
}

fn file_path(text: &str) -> Result<(), Flaw> {
    match text.contains('\0') {
        _ if text.is_empty() => Err(Flaw::new("it is empty")),
        true => Err(Flaw::new("it has a NUL byte")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubernetes_is_named_by_its_minor_version() {
        assert_eq!(KubernetesVersion::parse("1.35").unwrap().to_string(), "1.35");
        for wrong in ["", "1", "1.", "1.35.2", "v1.35", "2.0", "1.035", "1.+5"] {
            assert!(KubernetesVersion::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_template_is_one_directory_and_perhaps_a_pin() {
        let template = TemplateName::parse("guestbook@v1/rc").unwrap();
        assert_eq!((template.name.as_str(), template.pin.as_deref()), ("guestbook", Some("v1/rc")));
        for wrong in ["", "@v1", "a@", "a/b", "../a", "a@-x", "a@b..c", "a@x y", "a@v~1"] {
            assert!(TemplateName::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn output_never_lands_on_what_somebody_wrote() {
        assert!(OutputPath::parse("out/rendered").is_ok());
        for wrong in ["", ".", "a/..", "../x", "/tmp", "environments", "Templates/x", ".git/x"] {
            assert!(OutputPath::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_forge_is_named_without_credentials() {
        assert_eq!(url("https://git.example.com:3000/git"), Ok(()));
        for wrong in ["git.example.com", "ssh://a", "https://", "https://u:p@h", "https://h?x"] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }
}
