//! Patterns for the paths of sites, and for the apps in them.

use std::fmt;
use std::sync::OnceLock;

use regex::Regex;

use super::declare::text_schemas;
use super::name::app_reference;
use crate::config::decode::{Flaw, Syntax};
use crate::diagnostic::{Code, codes, nearest};
use crate::source::RepoPath;

codes! {
    /// A path of sites that cannot be read.
    ///
    /// `path` is a path from the repository's root. `{app}`, `{environment}` and `{cluster}`
    /// stand for a segment or a part of one, each at most once; `{environment}`
    /// is an environment's name as paths spell it, however many segments it
    /// has, and `{cluster}` one of its clusters. `*` stands for any text without `/`, and a segment `**` for any
    /// number of directories.
    ///
    /// ```yaml
    /// path: components/{app}/{environment}/kustomization.yaml
    /// path: charts/{app}/values-{environment}.yaml
    /// path: envs/{environment}/**/*.yaml
    /// ```
    INVALID_SITE_PATH = "invalid-site-path", Input, Error;

    /// The name of a site's app cannot be read.
    ///
    /// `app` is the app's name, or `{image}` with or without text around it:
    /// the last segment of the image's repository.
    ///
    /// ```yaml
    /// app: "{image}"
    /// app: "helm-{image}"
    /// app: legacy
    /// ```
    INVALID_SITE_APP = "invalid-site-app", Input, Error;
}

text_schemas!(PathPattern, AppPattern, PathSpelling);

/// Which files hold sites: a path with captures and wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern(String);

impl PathPattern {
    /// Whether the path says the app.
    pub fn names_app(&self) -> bool {
        self.0.contains(APP)
    }

    /// Whether the path says the environment.
    pub fn names_environment(&self) -> bool {
        self.0.contains(ENVIRONMENT_PLACEHOLDER)
    }

    /// Whether the path says the cluster.
    pub fn names_cluster(&self) -> bool {
        self.0.contains(CLUSTER_PLACEHOLDER)
    }

    /// The files of one environment, as paths spell its name; of the pattern as
    /// it is where it does not say the environment. None if the path says the cluster and
    /// the environment has none.
    pub fn of_environment(&self, spelling: &str, cluster: Option<&str>) -> Option<FilePattern> {
        let text = self.0.replace(ENVIRONMENT_PLACEHOLDER, spelling);
        match cluster {
            Some(cluster) => Some(FilePattern::new(&text.replace(CLUSTER_PLACEHOLDER, cluster))),
            None => (!self.names_cluster()).then(|| FilePattern::new(&text)),
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const APP: &str = "{app}";

/// What stands for an environment in paths and routes.
pub const ENVIRONMENT_PLACEHOLDER: &str = "{environment}";
/// What stands for a cluster in paths.
pub const CLUSTER_PLACEHOLDER: &str = "{cluster}";

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Syntax for PathPattern {
    const NOUN: &'static str = "a path of sites";
    const CODE: &'static Code = &INVALID_SITE_PATH;
    const EXAMPLE: &'static str = "components/{app}/{environment}/kustomization.yaml";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let bare = text.replace(APP, "a").replace(ENVIRONMENT_PLACEHOLDER, "e");
        let bare = bare.replace(CLUSTER_PLACEHOLDER, "c");
        if let Some(at) = bare.find(['{', '}']) {
            return Err(no_capture(&bare[at..]));
        }
        for capture in [APP, ENVIRONMENT_PLACEHOLDER, CLUSTER_PLACEHOLDER] {
            if text.matches(capture).count() > 1 {
                return Err(Flaw::new(format!("it has `{capture}` twice")));
            }
        }
        plain_path(text)?;
        if text.matches('*').count() > MOST_STARS {
            return Err(Flaw::new(format!("it has more than {MOST_STARS} `*`")));
        }
        match text.split('/').find(|segment| segment.contains("**") && *segment != "**") {
            Some(segment) => Err(Flaw::new(format!("`{segment}` has `**` beside other text"))
                .help("`**` is a segment of its own: `envs/{environment}/**/*.yaml`")),
            None => Ok(Self(text.to_owned())),
        }
    }
}

/// What a path says besides its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captures {
    /// The app, where the pattern has it.
    pub app: Option<String>,
}

/// The files of one environment that have sites.
#[derive(Debug, Clone)]
pub struct FilePattern {
    text: String,
    /// The directories that every such file is in, or the file itself.
    prefix: RepoPath,
    /// Each is made when it is first needed: of many patterns, most are not.
    files: OnceLock<Regex>,
    /// The directories on the way to such files.
    directories: OnceLock<Regex>,
}

impl FilePattern {
    fn new(text: &str) -> Self {
        let literal = text.split('/').take_while(|segment| !varies(segment));
        let prefix = literal.collect::<Vec<_>>().join("/");
        Self {
            text: text.to_owned(),
            prefix: RepoPath::new(&prefix).expect("it is part of a path that was checked"),
            files: OnceLock::new(),
            directories: OnceLock::new(),
        }
    }

    /// As it is written for the environment.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is one such file at most.
    pub fn is_one_file(&self) -> bool {
        !varies(&self.text)
    }

    /// Whether it is one of these files, and which app its path names, if any.
    pub fn captures(&self, path: &RepoPath) -> Option<Captures> {
        let files = self.files.get_or_init(|| files(&self.text));
        let captures = files.captures(path.as_str())?;
        Some(Captures { app: captures.name("app").map(|app| app.as_str().to_owned()) })
    }

    /// Whether such a file may be below that directory.
    pub fn enters(&self, directory: &RepoPath) -> bool {
        let directories = self.directories.get_or_init(|| directories(&self.text));
        directories.is_match(directory.as_str())
    }

    /// The directory that every such file is in, or the file where there is one
    /// only.
    pub fn prefix(&self) -> &RepoPath {
        &self.prefix
    }

    /// The files among these whose path names that app.
    #[must_use]
    pub fn of_app(&self, app: &str) -> Self {
        Self::new(&self.text.replace(APP, app))
    }
}

/// Whether a part of a pattern stands for several texts.
fn varies(text: &str) -> bool {
    text.contains(['*', '{'])
}

/// What matches each file of a pattern.
fn files(text: &str) -> Regex {
    let segments: Vec<&str> = text.split('/').collect();
    let mut source = String::from("^");
    for (at, segment) in segments.iter().enumerate() {
        let is_last = at + 1 == segments.len();
        match (*segment, is_last) {
            ("**", true) => source.push_str(".+"),
            ("**", false) => source.push_str("(?:[^/]+/)*"),
            (segment, _) => {
                push_segment(&mut source, segment);
                if !is_last {
                    source.push('/');
                }
            }
        }
    }
    source.push('$');
    Regex::new(&source).expect("every text in it was escaped")
}

/// What matches each directory on the way to files of a pattern.
fn directories(text: &str) -> Regex {
    let segments: Vec<&str> = text.split('/').collect();
    let mut source = String::from("^");
    let mut open = 0;
    let above = match segments.split_last() {
        Some((&"**", _)) | None => &segments,
        Some((_, above)) => above,
    };
    for (at, segment) in above.iter().enumerate() {
        let slash = if at == 0 { "" } else { "/" };
        if *segment == "**" {
            source.push_str(if at == 0 { ".*" } else { "(?:/.*)?" });
            break;
        }
        source.push_str("(?:");
        source.push_str(slash);
        push_segment(&mut source, segment);
        open += 1;
    }
    source.push_str(&")?".repeat(open));
    source.push('$');
    Regex::new(&source).expect("every text in it was escaped")
}

/// Adds one segment to a regular expression.
fn push_segment(source: &mut String, segment: &str) {
    let mut rest = segment;
    while let Some(at) = rest.find(['*', '{']) {
        source.push_str(&regex::escape(&rest[..at]));
        if let Some(after) = rest[at..].strip_prefix(APP) {
            source.push_str("(?P<app>[A-Za-z0-9][A-Za-z0-9._-]*?)");
            rest = after;
        } else {
            source.push_str("[^/]*");
            rest = &rest[at + 1..];
        }
    }
    source.push_str(&regex::escape(rest));
}

/// The app of a site: a name, or one made from the image's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPattern(String);

impl AppPattern {
    /// The app of an image whose repository ends with that segment.
    pub fn of_image(&self, image: &str) -> String {
        self.0.replace("{image}", image)
    }

    /// Whether it is one app, whatever the image.
    pub fn is_literal(&self) -> bool {
        !self.0.contains("{image}")
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Syntax for AppPattern {
    const NOUN: &'static str = "the name of a site's app";
    const CODE: &'static Code = &INVALID_SITE_APP;
    const EXAMPLE: &'static str = "{image}";

    fn parse(text: &str) -> Result<Self, Flaw> {
        let bare = text.replacen("{image}", "a", 1);
        if bare.contains(['{', '}']) {
            return Err(Flaw::new("it has another variable than `{image}`, or has it twice")
                .help("the only variable is `{image}`, once"));
        }
        app_reference(&bare)?;
        Ok(Self(text.to_owned()))
    }
}

/// What is wrong with a brace that is not part of a capture.
fn no_capture(rest: &str) -> Flaw {
    let captures = ["app", "environment"];
    let name = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(name, _)| name);
    let flaw = match name {
        Some(name) => Flaw::new(format!("`{{{name}}}` is not a capture")),
        None => Flaw::new("a brace is not closed, or not opened"),
    };
    match name.and_then(|name| nearest(name, captures)) {
        Some(near) => flaw.help(format!("did you mean `{{{near}}}`?")),
        None => flaw.help("the captures are `{app}` and `{environment}`; `*` stands for any text"),
    }
}

/// How paths spell an environment's name: one or more segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct PathSpelling(pub(in crate::config) String);

impl Syntax for PathSpelling {
    const NOUN: &'static str = "an environment's spelling in paths";
    const CODE: &'static Code = &INVALID_SITE_PATH;
    const EXAMPLE: &'static str = "production/base";

    fn parse(text: &str) -> Result<Self, Flaw> {
        if let Some(c) = text.chars().find(|c| matches!(c, '*' | '{' | '}')) {
            return Err(Flaw::new(format!("`{c}` is not allowed"))
                .help("it replaces `{environment}` in the paths of `sites`"));
        }
        plain_path(text)?;
        Ok(Self(text.to_owned()))
    }
}

/// No path of a repository is longer, and each becomes a regular expression,
/// of which a longer one might need too much memory.
const LONGEST: usize = 1024;

/// Nobody needs more stars, and each takes twenty kilobytes.
const MOST_STARS: usize = 32;

/// A path from the root in its only spelling.
fn plain_path(text: &str) -> Result<(), Flaw> {
    if text.len() > LONGEST {
        return Err(Flaw::new(format!("it has more than {LONGEST} bytes")));
    }
    let path = RepoPath::new(text).map_err(|error| Flaw::new(error.to_string()))?;
    if path.is_root() || path.as_str() != text {
        return Err(Flaw::new("it is not a plain path from the root")
            .help("write it without `./`, `..` and a `/` at an end"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app_of(pattern: &str, environment: &str, path: &str) -> Option<Captures> {
        let pattern =
            PathPattern::parse(pattern).unwrap().of_environment(environment, None).unwrap();
        pattern.captures(&RepoPath::new(path).unwrap())
    }

    #[test]
    fn captures_bind_a_segment_or_a_part_of_one() {
        let web = Some(Captures { app: Some("web".to_owned()) });
        let whole = "components/{app}/{environment}/kustomization.yaml";
        assert_eq!(app_of(whole, "qa", "components/web/qa/kustomization.yaml"), web);
        assert_eq!(
            app_of(whole, "production/base", "components/web/production/base/kustomization.yaml"),
            web
        );
        assert_eq!(app_of(whole, "qa", "components/web/prod/kustomization.yaml"), None);
        assert_eq!(app_of(whole, "qa", "components/a/b/qa/kustomization.yaml"), None);
        let part = "charts/{app}/values-{environment}.yaml";
        assert_eq!(app_of(part, "qa", "charts/web/values-qa.yaml"), web);
        assert_eq!(app_of(part, "a", "charts/web/values-qa.yaml"), None);
        assert_eq!(app_of("x/{app}-{environment}.yaml", "eu", "x/web-eu.yaml"), web);
    }

    #[test]
    fn stars_stay_in_their_segment_and_double_stars_do_not() {
        let any = "envs/{environment}/**/*.yaml";
        for path in ["envs/qa/a.yaml", "envs/qa/b/a.yaml", "envs/qa/b/c/a.yaml"] {
            assert_eq!(app_of(any, "qa", path), Some(Captures { app: None }), "{path}");
        }
        assert_eq!(app_of(any, "qa", "envs/qa/a.yml"), None);
        assert_eq!(app_of("a/*.yaml", "qa", "a/b/c.yaml"), None);
        assert_eq!(app_of("a/**", "qa", "a/b/c"), Some(Captures { app: None }));
    }

    #[test]
    fn only_directories_on_the_way_to_a_file_are_entered() {
        let enters = |text: &str, directory: &str| {
            let pattern = PathPattern::parse(text).unwrap().of_environment("qa", None).unwrap();
            pattern.enters(&RepoPath::new(directory).unwrap())
        };
        for directory in ["", "apps", "apps/web", "apps/web/qa"] {
            assert!(enters("apps/{app}/{environment}/a.yaml", directory), "{directory}");
        }
        for directory in ["app", "apps/web/prod", "apps/web/qa/x", "apps/web/qa/a.yaml"] {
            assert!(!enters("apps/{app}/{environment}/a.yaml", directory), "{directory}");
        }
        for directory in ["", "envs", "envs/qa", "envs/qa/a/b"] {
            assert!(enters("envs/{environment}/**/*.yaml", directory), "{directory}");
            assert!(enters("envs/{environment}/**", directory), "{directory}");
        }
        assert!(enters("**/*.yaml", "a/b"));
        assert!(!enters("envs/{environment}/**", "envs/prod"));
    }

    #[test]
    fn a_pattern_says_where_its_files_are() {
        let prefix = |text: &str| {
            PathPattern::parse(text)
                .unwrap()
                .of_environment("qa", None)
                .unwrap()
                .prefix()
                .to_string()
        };
        assert_eq!(prefix("envs/{environment}/**/*.yaml"), "envs/qa");
        assert_eq!(prefix("legacy/prod.yaml"), "legacy/prod.yaml");
        assert_eq!(prefix("{app}/x.yaml"), ".");
        assert_eq!(prefix("*"), ".");
    }

    #[test]
    fn the_longest_path_can_be_looked_for() {
        for part in ["*-", "**/", "*/"] {
            let stars = part.repeat(MOST_STARS / part.matches('*').count());
            let text = format!("{stars}{{environment}}{}", "x".repeat(LONGEST - 200));
            let files = PathPattern::parse(&text)
                .unwrap()
                .of_environment(&"e".repeat(LONGEST), None)
                .unwrap();
            assert_eq!(files.captures(&RepoPath::new("a").unwrap()), None);
        }
        assert!(PathPattern::parse(&"a".repeat(LONGEST + 1)).is_err());
        assert!(PathPattern::parse(&"*-".repeat(MOST_STARS + 1)).is_err());
    }

    #[test]
    fn what_is_no_path_or_no_name_is_refused() {
        for wrong in ["", "/a", "a/", "../a", "a//b", "{apps}/a", "{app}/{app}", "a/b**", "./a"] {
            assert!(PathPattern::parse(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "-a", "{app}", "a/b", "{image}{image}"] {
            assert!(AppPattern::parse(wrong).is_err(), "{wrong}");
        }
    }
}
