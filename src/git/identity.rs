//! In whose name a commit is made, and who asked for it.

use super::code::{INVALID_AUTHOR, NO_AUTHOR};
use super::config::GitConfig;
use super::variables::Variables;
use crate::diagnostic::{Finding, harmless};
use crate::source::Location;

/// A person, as a commit names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    name: String,
    email: String,
}

impl Person {
    /// A person from a name and an address. What would end them in a commit's
    /// header is dropped, and so is what git drops at their ends; none if
    /// nothing is left of either.
    pub fn new(name: &str, email: &str) -> Option<Self> {
        let (name, email) = (clean(name), clean(email));
        (!name.is_empty() && !email.is_empty()).then_some(Self { name, email })
    }

    /// Reads `Name <mail@example.com>`.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.trim().split_once('<')?;
        let email = rest.strip_suffix('>')?;
        if email.contains(['<', '>']) || text.contains(['\n', '\r', '\0']) {
            return None;
        }
        Self::new(name, email)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address.
    pub fn email(&self) -> &str {
        &self.email
    }
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} <{}>", self.name, self.email)
    }
}

/// Cleans a text as git's `strbuf_addstr_without_crud` does, and drops control
/// characters anywhere in it: a name is shown on terminals.
fn clean(text: &str) -> String {
    let is_crud = |c: char| c.is_whitespace() || ".,:;<>\"\\'".contains(c);
    let kept = text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>'));
    kept.collect::<String>().trim_matches(is_crud).to_owned()
}

/// The people that a commit names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitIdentity {
    /// The person who made the change.
    pub author: Person,
    /// The person who commits it.
    pub committer: Person,
}

impl CommitIdentity {
    /// The identity from `--author`, git's variables, git's configuration, and
    /// what the CI says about who started it, in this order. Git's own two come
    /// before the CI because whoever sets them for a job means them for its
    /// commits.
    pub fn of(
        author: Option<&str>,
        variables: &Variables,
        settings: &GitConfig,
    ) -> Result<Self, Finding> {
        let given = author.map(|text| Person::parse(text).ok_or_else(|| invalid(text)));
        let given = given.transpose()?;
        let known = |role| from_git(role, variables, settings);
        let person = ci_person(variables);
        let author = given.or_else(|| known("author")).or_else(|| person.clone());
        // Without a known committer, the author commits.
        let committer = known("committer").or(person).or_else(|| author.clone());
        match (author.or_else(|| committer.clone()), committer) {
            (Some(author), Some(committer)) => Ok(Self { author, committer }),
            _ => Err(unknown()),
        }
    }
}

/// The person that git would name: name and address are looked up separately.
fn from_git(role: &str, variables: &Variables, settings: &GitConfig) -> Option<Person> {
    let part = |key: &str| {
        let variable = format!("GIT_{}_{}", role.to_uppercase(), key.to_uppercase());
        let own = || settings.get(&format!("{role}.{key}"));
        variables.get(&variable).or_else(own).or_else(|| settings.get(&format!("user.{key}")))
    };
    let email = part("email").or_else(|| variables.get("EMAIL"));
    Person::new(part("name")?, email?)
}

/// The person who started the pipeline that this runs in.
fn ci_person(variables: &Variables) -> Option<Person> {
    let pair = |name, email| Person::new(variables.get(name)?, variables.get(email)?);
    if variables.is_true("GITLAB_CI") {
        return pair("GITLAB_USER_NAME", "GITLAB_USER_EMAIL");
    }
    if is_actions(variables) {
        let actor = variables.get("GITHUB_ACTOR")?;
        return Person::new(actor, &actor_address(actor, variables));
    }
    if variables.is_true("TF_BUILD") {
        return pair("BUILD_REQUESTEDFOR", "BUILD_REQUESTEDFOREMAIL");
    }
    if variables.is_true("BUILDKITE") {
        return pair("BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_CREATOR_EMAIL");
    }
    variables.get("JENKINS_URL")?;
    // From a plugin (build-user-vars), and from a pull request's author.
    pair("BUILD_USER", "BUILD_USER_EMAIL")
        .or_else(|| pair("CHANGE_AUTHOR_DISPLAY_NAME", "CHANGE_AUTHOR_EMAIL"))
}

/// GitHub's actions, and those of Gitea and Forgejo, which set the same
/// variables and one of their own.
fn is_actions(variables: &Variables) -> bool {
    let names = ["GITHUB_ACTIONS", "GITEA_ACTIONS", "FORGEJO_ACTIONS"];
    names.iter().any(|name| variables.is_true(name))
}

/// The address that the forge has for an account without revealing the real
/// one.
fn actor_address(actor: &str, variables: &Variables) -> String {
    let server = variables.get("GITHUB_SERVER_URL").unwrap_or("https://github.com");
    let host = server.split_once("://").map_or(server, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let is_other = ["GITEA_ACTIONS", "FORGEJO_ACTIONS"].iter().any(|name| variables.is_true(name));
    if is_other {
        return format!("{}@noreply.{host}", actor.to_lowercase());
    }
    match variables.get("GITHUB_ACTOR_ID") {
        Some(id) => format!("{id}+{actor}@users.noreply.{host}"),
        None => format!("{actor}@users.noreply.{host}"),
    }
}

/// The person who asked for what this pipeline does, by the account's name if
/// the CI says it. This is a claim. None outside a known CI.
pub fn requested_by(variables: &Variables) -> Option<String> {
    let first = |names: &[&str]| names.iter().find_map(|name| variables.get(name));
    let who = if variables.is_true("GITLAB_CI") {
        first(&["GITLAB_USER_LOGIN", "GITLAB_USER_EMAIL"])
    } else if is_actions(variables) {
        // Whoever runs a workflow again may not be who it ran for at first.
        first(&["GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"])
    } else if variables.is_true("TF_BUILD") {
        first(&["BUILD_REQUESTEDFOREMAIL", "BUILD_REQUESTEDFOR"])
    } else if variables.is_true("CIRCLECI") {
        first(&["CIRCLE_USERNAME"])
    } else if variables.is_true("BUILDKITE") {
        first(&["BUILDKITE_BUILD_CREATOR_EMAIL", "BUILDKITE_BUILD_CREATOR"])
    } else if variables.get("BITBUCKET_BUILD_NUMBER").is_some() {
        first(&["BITBUCKET_STEP_TRIGGERER_UUID"])
    } else if variables.get("JENKINS_URL").is_some() {
        first(&["BUILD_USER_ID", "CHANGE_AUTHOR"])
    } else {
        None
    };
    who.map(clean).filter(|who| !who.is_empty())
}

fn invalid(text: &str) -> Finding {
    let message = format!("`{}` is not a name with an address", harmless(text));
    Finding::new(&INVALID_AUTHOR, message, Location::of_repository())
        .help("write `--author \"Name <name@example.com>\"`")
}

fn unknown() -> Finding {
    Finding::new(&NO_AUTHOR, "nothing says in whose name the commit is to be made", Location::of_repository()).help(
        "set `git config user.name` and `user.email`, or pass `--author \"Name <name@example.com>\"`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(
        flag: Option<&str>,
        variables: &[(&str, &str)],
        settings: &[(&str, &str)],
    ) -> (String, String) {
        let variables = Variables::new(variables.iter().copied());
        let settings = GitConfig::new(settings.iter().copied());
        let identity = CommitIdentity::of(flag, &variables, &settings).unwrap();
        (identity.author.to_string(), identity.committer.to_string())
    }

    const USER: [(&str, &str); 2] = [("user.name", "U"), ("user.email", "u@x")];
    const ACTIONS: [(&str, &str); 3] =
        [("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "octo"), ("GITHUB_ACTOR_ID", "7")];

    #[test]
    fn flags_come_before_variables_before_settings_before_the_ci() {
        let variables =
            [("GIT_AUTHOR_NAME", "V"), ("GIT_AUTHOR_EMAIL", "v@x"), ACTIONS[0], ACTIONS[1]];
        let both = of(Some("F <f@x>"), &variables, &USER);
        assert_eq!(both, ("F <f@x>".to_owned(), "U <u@x>".to_owned()));
        assert_eq!(of(None, &variables, &USER).0, "V <v@x>");
        assert_eq!(of(None, &ACTIONS, &USER).0, "U <u@x>");
        let octo = "octo <7+octo@users.noreply.github.com>".to_owned();
        assert_eq!(of(None, &ACTIONS, &[]), (octo.clone(), octo));
    }

    #[test]
    fn name_and_address_are_looked_up_separately_as_git_does() {
        let settings = [("user.name", "U"), ("user.email", "u@x"), ("author.name", "A")];
        let variables = [("GIT_COMMITTER_EMAIL", "c@x")];
        let both = of(None, &variables, &settings);
        assert_eq!(both, ("A <u@x>".to_owned(), "U <c@x>".to_owned()));
    }

    #[test]
    fn a_name_without_an_address_is_not_enough_and_the_ci_is_asked() {
        let both = of(None, &ACTIONS, &[("user.name", "U")]);
        assert_eq!(both.0, "octo <7+octo@users.noreply.github.com>");
    }

    #[test]
    fn without_a_committer_the_author_commits() {
        let both = of(Some("F <f@x>"), &[], &[]);
        assert_eq!(both.0, both.1);
    }

    #[test]
    fn each_forge_has_its_own_address_for_an_account() {
        let gitea = [
            ("GITEA_ACTIONS", "true"),
            ("GITHUB_ACTOR", "Me"),
            ("GITHUB_SERVER_URL", "https://git.example.com:3000/"),
        ];
        assert_eq!(of(None, &gitea, &[]).0, "Me <me@noreply.git.example.com>");
        let enterprise =
            [ACTIONS[0], ACTIONS[1], ACTIONS[2], ("GITHUB_SERVER_URL", "https://ghe.example.com")];
        assert_eq!(of(None, &enterprise, &[]).0, "octo <7+octo@users.noreply.ghe.example.com>");
        let gitlab = [
            ("GITLAB_CI", "true"),
            ("GITLAB_USER_NAME", "G L"),
            ("GITLAB_USER_EMAIL", "g@x"),
            ("GITLAB_USER_LOGIN", "gl"),
        ];
        assert_eq!(of(None, &gitlab, &[]).0, "G L <g@x>");
        assert_eq!(requested_by(&Variables::new(gitlab)).as_deref(), Some("gl"));
    }

    #[test]
    fn a_hostile_name_cannot_add_a_line_or_an_address() {
        let person =
            Person::new("Eve <root@x>\nparent 00\u{1b}[2J", "e@x>\ncommitter M <m@x>").unwrap();
        assert_eq!(person.to_string(), "Eve root@xparent 00[2J <e@xcommitter M m@x>");
        for hostile in ["Eve", "Eve <e@x> <f@x>", "Eve\nparent <e@x>", "<e@x>", "E <>", "E <e@x>x"]
        {
            let found =
                CommitIdentity::of(Some(hostile), &Variables::default(), &GitConfig::default());
            assert_eq!(found.unwrap_err().code.name, "invalid-author", "{hostile}");
        }
    }

    #[test]
    fn if_nobody_is_known_the_finding_says_what_to_set() {
        let found =
            CommitIdentity::of(None, &Variables::default(), &GitConfig::default()).unwrap_err();
        assert_eq!(found.code.name, "no-author");
        assert!(found.help.unwrap().contains("user.email"));
    }
}
