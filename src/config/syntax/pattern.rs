//! Regular expressions, wildcards and the names of namespaces.

use std::fmt;

use regex::Regex;

use super::declare::text_schemas;
use super::name::EnvironmentName;
use super::name::dns_label;
use crate::config::decode::{Flaw, Syntax};
use crate::diagnostic::nearest;
use crate::diagnostic::{Code, codes};
use crate::kubernetes::{ImageReference, full_repository, is_tag};

codes! {
    /// A pattern that cannot be read.
    ///
    /// Gates on tags and tickets are regular expressions in the syntax of
    /// Rust's `regex`: no look-around and no back-references, and therefore no
    /// input that makes them slow. They match anywhere in the text unless they
    /// are anchored with `^` and `$`.
    ///
    /// The pattern of a namespace has the variables `{app}` and
    /// `{environment}` and no others; what is between them has to make a DNS
    /// label.
    ///
    /// ```yaml
    /// namespace: "{application}-{env}"       # wrong
    /// namespace: "{app}-{environment}"       # right
    /// ```
    INVALID_PATTERN = "invalid-pattern", Input, Error;
}

text_schemas!(Pattern, Glob, RepositoryPattern, RetagPattern, NamespacePattern);

/// A regular expression.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Whether it matches somewhere in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// What the group `commit` matches in `text`; none if the pattern has no such group, or
    /// does not match.
    pub fn commit<'t>(&self, text: &'t str) -> Option<&'t str> {
        Some(self.0.captures(text)?.name("commit")?.as_str())
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl Syntax for Pattern {
    const NOUN: &'static str = "a regular expression";
    const CODE: &'static Code = &INVALID_PATTERN;
    const EXAMPLE: &'static str = r"^v\d+(\.\d+){0,2}$";

    fn parse(text: &str) -> Result<Self, Flaw> {
        Regex::new(text).map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => Flaw::new("it needs too much memory"),
            // The last line says what is wrong; those before draw the pattern again.
            error => {
                let drawn = error.to_string();
                let last = drawn.lines().last().unwrap_or_default().trim();
                Flaw::new(last.strip_prefix("error: ").unwrap_or(last))
            }
        })
    }
}

/// A text in which `*` stands for any text, including `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Whether all of `text` is such a text.
    pub fn is_match(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        // Taking each part where it first occurs leaves the most for what follows.
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Syntax for Glob {
    const NOUN: &'static str = "a pattern of images";
    const CODE: &'static Code = &INVALID_PATTERN;
    const EXAMPLE: &'static str = "gcr.io/google-samples/*";

    fn parse(text: &str) -> Result<Self, Flaw> {
        if text.is_empty() {
            return Err(Flaw::new("it is empty").help("write `*` for every image"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A repository of images, or many: `*`, which may occur once, stands for any text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::config) struct RepositoryPattern(String);

impl RepositoryPattern {
    /// The text that `*` stands for in a repository's name, or none if it is no such
    /// repository. It is empty if there is no `*`.
    pub(in crate::config) fn captured<'t>(&self, repository: &'t str) -> Option<&'t str> {
        match self.0.split_once('*') {
            Some((before, after)) => repository.strip_prefix(before)?.strip_suffix(after),
            None => (self.0 == repository).then_some(""),
        }
    }

    /// The repository in which `*` stands for that text.
    pub(in crate::config) fn with(&self, text: &str) -> String {
        self.0.replace('*', text)
    }

    /// Whether it stands for many.
    pub(in crate::config) fn has_wildcard(&self) -> bool {
        self.0.contains('*')
    }

    /// The same with what container runtimes fill in, as full names of repositories are
    /// written; one with a `*` is meant as it is.
    pub(in crate::config) fn full(&self) -> Self {
        if self.has_wildcard() { self.clone() } else { Self(full_repository(&self.0)) }
    }
}

impl Syntax for RepositoryPattern {
    const NOUN: &'static str = "a repository or a pattern of repositories";
    const CODE: &'static Code = &INVALID_PATTERN;
    const EXAMPLE: &'static str = "mirror.example.com/*";

    fn parse(text: &str) -> Result<Self, Flaw> {
        if text.matches('*').count() > 1 {
            return Err(Flaw::new("it has several `*`").help("one `*` stands for any text"));
        }
        match ImageReference::parse(&text.replace('*', "x")) {
            Ok(ImageReference { tag: None, digest: None, .. }) => Ok(Self(text.to_owned())),
            Ok(_) => Err(Flaw::new("it has a tag or a digest").help("write the repository alone")),
            Err(fault) => Err(Flaw::new(format!("it {fault}"))),
        }
    }
}

impl fmt::Display for RepositoryPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The tag that a promotion writes, in which `{tag}` is that of the environment below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetagPattern(String);

impl Syntax for RetagPattern {
    const NOUN: &'static str = "a pattern of tags";
    const CODE: &'static Code = &INVALID_PATTERN;
    const EXAMPLE: &'static str = "prod-{tag}";

    fn parse(text: &str) -> Result<Self, Flaw> {
        if text.matches("{tag}").count() != 1 {
            return Err(Flaw::new("it does not have `{tag}` once"));
        }
        if !is_tag(&text.replace("{tag}", "v")) {
            return Err(Flaw::new("no registry has such tags"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for RetagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the namespaces of an environment's apps are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct NamespacePattern(String);

const VARIABLES: [&str; 2] = ["app", "environment"];

impl NamespacePattern {
    /// The namespace of that app in that environment. It may be longer than a
    /// namespace can be.
    pub(in crate::config) fn expand(&self, app: &str, environment: &EnvironmentName) -> String {
        self.replace(app, &environment.dashed())
    }

    /// Whether it is one namespace, whatever the app and the environment.
    pub(in crate::config) fn is_literal(&self) -> bool {
        !self.0.contains('{')
    }

    fn replace(&self, app: &str, environment: &str) -> String {
        self.0.replace("{app}", app).replace("{environment}", environment)
    }
}

impl Default for NamespacePattern {
    fn default() -> Self {
        Self("{app}-{environment}".to_owned())
    }
}

impl Syntax for NamespacePattern {
    const NOUN: &'static str = "a namespace or a pattern of namespaces";
    const CODE: &'static Code = &INVALID_PATTERN;
    const EXAMPLE: &'static str = "{app}-{environment}";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let mut rest = text;
        while let Some((_, after)) = rest.split_once('{') {
            let Some((variable, after)) = after.split_once('}') else {
                return Err(Flaw::new("`{` is not closed"));
            };
            if !VARIABLES.contains(&variable) {
                let flaw = Flaw::new(format!("there is no variable `{{{variable}}}`"));
                let near = nearest(variable, VARIABLES);
                return Err(match near {
                    Some(near) => flaw.help(format!("did you mean `{{{near}}}`?")),
                    None => flaw.help("the variables are `{app}` and `{environment}`"),
                });
            }
            rest = after;
        }
        let pattern = Self(text.to_owned());
        // The shortest names that there are, so that only the pattern can be wrong.
        dns_label(&pattern.replace("a", "e"))?;
        Ok(pattern)
    }
}

impl fmt::Display for NamespacePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_crosses_slashes() {
        let glob = |text: &str| Glob::parse(text).unwrap();
        assert!(glob("gcr.io/*").is_match("gcr.io/google-samples/gb-frontend"));
        assert!(glob("*/shop/*").is_match("ghcr.io/shop/web"));
        assert!(glob("*a*b").is_match("xaxbxb"));
        assert!(!glob("*/shop/*").is_match("ghcr.io/shopping/web"));
        assert!(!glob("redis").is_match("redis7"));
        assert!(!glob("ab*ba").is_match("aba"), "the ends do not overlap");
    }

    #[test]
    fn a_namespace_has_two_variables() {
        let pattern = NamespacePattern::parse("{app}-{environment}").unwrap();
        let environment = EnvironmentName::parse("prod/eu").unwrap();
        assert_eq!(pattern.expand("guestbook", &environment), "guestbook-prod-eu");
        assert!(NamespacePattern::parse("shop").unwrap().is_literal());
        for wrong in ["", "{app", "{ap}", "{App}", "-{app}", "{app}_x", "{{app}}", "{app}}"] {
            assert!(NamespacePattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_broken_expression_says_what_is_wrong_in_one_line() {
        let flaw = Pattern::parse("v(").unwrap_err();
        assert_eq!(flaw.because, "unclosed group");
    }
}
