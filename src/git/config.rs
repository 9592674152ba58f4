//! Git's configuration, as it applies to a clone.

use super::program::{GitProgram, ProgramError};
use super::variables::Variables;

/// The variables that say where git's configuration is, which libgit2 ignores.
const REDIRECTS: [&str; 5] = [
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_SYSTEM",
];

/// All settings that apply to a clone, in the order in which git reads them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitConfig(Vec<(String, Option<String>)>);

impl GitConfig {
    /// A configuration of these names and values.
    pub fn new<S: Into<String>>(settings: impl IntoIterator<Item = (S, S)>) -> Self {
        let owned = |(name, value): (S, S)| (name.into(), Some(value.into()));
        Self(settings.into_iter().map(owned).collect())
    }

    /// The configuration of a clone. It is read by libgit2 if that opened the
    /// clone, which is faster, unless a variable is set that only git follows.
    pub(super) fn of(
        opened: Option<&git2::Repository>,
        program: &GitProgram,
        variables: &Variables,
    ) -> Result<Self, ProgramError> {
        let is_redirected = REDIRECTS.iter().any(|name| variables.get(name).is_some());
        if let Some(opened) = opened.filter(|_| !is_redirected)
            && let Ok(settings) = Self::read(opened)
        {
            return Ok(settings);
        }
        let listed = program.command("config").args(["--list", "--includes", "-z"]).run()?;
        Ok(Self::listed(&String::from_utf8_lossy(&listed)))
    }

    fn read(opened: &git2::Repository) -> Result<Self, git2::Error> {
        let mut settings = Vec::new();
        opened.config()?.snapshot()?.entries(None)?.for_each(|entry| {
            let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
            let value = entry
                .has_value()
                .then(|| String::from_utf8_lossy(entry.value_bytes()).into_owned());
            settings.push((name, value));
        })?;
        Ok(Self(settings))
    }

    /// Reads the output of `git config --list -z`: names end at a line break,
    /// entries at a zero byte. A name without a line break is a setting without
    /// a value.
    fn listed(text: &str) -> Self {
        let entries = text.split('\0').filter(|entry| !entry.is_empty());
        Self(
            entries
                .map(|entry| match entry.split_once('\n') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                    None => (entry.to_owned(), None),
                })
                .collect(),
        )
    }

    /// The last value of a name, whose section and key are lower case; none if
    /// it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().rev().find(|(other, _)| other == name)?;
        value.as_deref().map(str::trim).filter(|value| !value.is_empty())
    }

    /// Every value of a name, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let values = self.0.iter().filter(|(other, _)| other == name);
        values.filter_map(|(_, value)| value.as_deref()).collect()
    }

    /// Whether a setting is on, as git reads it: a name without a value is on.
    pub fn is_on(&self, name: &str) -> bool {
        let last = self.0.iter().rev().find(|(other, _)| other == name);
        last.is_some_and(|(_, value)| match value.as_deref() {
            None => true,
            Some(value) => {
                let number = value.parse::<i64>().is_ok_and(|number| number != 0);
                number || ["true", "yes", "on"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
            }
        })
    }

    /// The middle parts of `section.MIDDLE.key`, each once, in their order.
    pub(super) fn subsections(&self, section: &str, key: &str) -> Vec<&str> {
        let mut found = Vec::new();
        for (name, _) in &self.0 {
            let middle = name.strip_prefix(section).and_then(|rest| rest.strip_prefix('.'));
            let middle = middle.and_then(|rest| rest.strip_suffix(key)?.strip_suffix('.'));
            found.extend(middle.filter(|middle| !found.contains(middle)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts_and_a_name_without_a_value_is_on() {
        let settings = GitConfig::listed("a.b\nx\0a.b\ny\0commit.gpgsign\0c.d\n\0e.f\noff\0");
        assert_eq!(settings.get("a.b"), Some("y"));
        assert_eq!(settings.get("c.d"), None);
        assert!(settings.is_on("commit.gpgsign"));
        assert!(!settings.is_on("e.f"));
        assert!(!settings.is_on("c.d"));
    }

    #[test]
    fn remotes_may_have_dots_in_their_names() {
        let settings = GitConfig::new([
            ("remote.a.b.url", "x"),
            ("remote.a.b.fetch", "x"),
            ("remote.up.url", "y"),
            ("remote.up.url", "z"),
            ("remotes.q.url", "z"),
        ]);
        assert_eq!(settings.subsections("remote", "url"), ["a.b", "up"]);
    }

    #[test]
    fn libgit2_and_the_program_read_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let clone = directory.path();
        GitProgram::nowhere().command("init").args(["-q", "--bare"]).arg(clone).run().unwrap();
        let program = GitProgram::in_clone(clone, None);
        for pair in [["user.name", "A B"], ["remote.x.y.url", "u"], ["commit.gpgSign", "yes"]] {
            program.command("config").args(pair).run().unwrap();
        }
        let opened = git2::Repository::open(clone).unwrap();
        let plain = Variables::default();
        let redirected = Variables::new([("GIT_CONFIG_NOSYSTEM", "0")]);
        for variables in [plain, redirected] {
            let settings = GitConfig::of(Some(&opened), &program, &variables).unwrap();
            assert_eq!(settings.get("user.name"), Some("A B"));
            assert_eq!(settings.get("remote.x.y.url"), Some("u"));
            assert!(settings.is_on("commit.gpgsign"));
        }
    }
}
