//! In whose name a commit is made, and who asked for it.

use super::address::CanonicalAddress;
use super::ci::{Ci, CiPerson};
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
    match Ci::current(variables)?.person {
        CiPerson::Named(pairs) => pairs.iter().find_map(|&(name, email)| pair(name, email)),
        CiPerson::GitHub => {
            let actor = variables.get("GITHUB_ACTOR")?;
            let id = variables.get("GITHUB_ACTOR_ID");
            let user = id.map_or_else(|| actor.to_owned(), |id| format!("{id}+{actor}"));
            Person::new(actor, &format!("{user}@users.noreply.{}", server(variables)))
        }
        CiPerson::Gitea => {
            let actor = variables.get("GITHUB_ACTOR")?;
            let user = actor.to_lowercase();
            Person::new(actor, &format!("{user}@noreply.{}", server(variables)))
        }
        CiPerson::Nobody => None,
    }
}

/// The host of the forge that runs an action. It has an address for each account
/// that does not reveal the real one.
fn server(variables: &Variables) -> String {
    let server = variables.get("GITHUB_SERVER_URL").unwrap_or("https://github.com");
    CanonicalAddress::of(server).host().to_owned()
}

/// The person who asked for what this pipeline does, by the account's name if
/// the CI says it. This is a claim. None outside a known CI.
pub fn requested_by(variables: &Variables) -> Option<String> {
    let requesters = Ci::current(variables)?.requesters;
    let who = requesters.iter().find_map(|name| variables.get(name))?;
    Some(clean(who)).filter(|who| !who.is_empty())
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

    /// What a CI sets, the person who commits in its name, and the one who asked.
    type Pipeline = (&'static [(&'static str, &'static str)], Option<&'static str>, &'static str);

    const PIPELINES: [Pipeline; 9] = [
        (
            &[
                ("GITLAB_CI", "true"),
                ("GITLAB_USER_NAME", "Ana"),
                ("GITLAB_USER_EMAIL", "a@x"),
                ("GITLAB_USER_LOGIN", "ana"),
            ],
            Some("Ana <a@x>"),
            "ana",
        ),
        (
            &[
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_ACTOR", "Ana"),
                ("GITHUB_TRIGGERING_ACTOR", "bo"),
            ],
            Some("Ana <Ana@users.noreply.github.com>"),
            "bo",
        ),
        (
            &[
                ("GITEA_ACTIONS", "true"),
                ("GITHUB_ACTOR", "Ana"),
                ("GITHUB_SERVER_URL", "https://x"),
            ],
            Some("Ana <ana@noreply.x>"),
            "Ana",
        ),
        (
            &[
                ("GITHUB_ACTIONS", "true"),
                ("FORGEJO_ACTIONS", "true"),
                ("GITHUB_ACTOR", "Ana"),
                ("GITHUB_SERVER_URL", "https://x"),
            ],
            Some("Ana <ana@noreply.x>"),
            "Ana",
        ),
        (
            &[
                ("TF_BUILD", "True"),
                ("BUILD_REQUESTEDFOR", "Ana"),
                ("BUILD_REQUESTEDFOREMAIL", "a@x"),
            ],
            Some("Ana <a@x>"),
            "a@x",
        ),
        (&[("CIRCLECI", "true"), ("CIRCLE_USERNAME", "ana")], None, "ana"),
        (
            &[
                ("BUILDKITE", "true"),
                ("BUILDKITE_BUILD_CREATOR", "Ana"),
                ("BUILDKITE_BUILD_CREATOR_EMAIL", "a@x"),
            ],
            Some("Ana <a@x>"),
            "a@x",
        ),
        (&[("BITBUCKET_BUILD_NUMBER", "7"), ("BITBUCKET_STEP_TRIGGERER_UUID", "{7}")], None, "{7}"),
        (
            &[
                ("JENKINS_URL", "https://ci"),
                ("CHANGE_AUTHOR_DISPLAY_NAME", "Ana"),
                ("CHANGE_AUTHOR_EMAIL", "a@x"),
                ("CHANGE_AUTHOR", "ana"),
            ],
            Some("Ana <a@x>"),
            "ana",
        ),
    ];

    #[test]
    fn each_ci_says_who_asked_and_most_say_who_commits() {
        for (variables, person, requester) in PIPELINES {
            let variables = Variables::new(variables.iter().copied());
            let found = ci_person(&variables).map(|person| person.to_string());
            assert_eq!(found.as_deref(), person, "{variables:?}");
            assert_eq!(requested_by(&variables).as_deref(), Some(requester), "{variables:?}");
        }
        assert_eq!(requested_by(&Variables::new([("GITHUB_ACTOR", "ana")])), None);
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
