//! The CI systems, and what their variables say: which branch changes go to, and
//! who started the pipeline.
//!
//! Those about a branch are about the repository that the pipeline runs for,
//! which may not be the clone's: an application's pipeline sets references in a
//! deployment repository. They count only if the two are the same.

use std::fs;

use serde::Deserialize;

use super::address::{CanonicalAddress, RepositoryAddress};
use super::branch::Branch;
use super::variables::Variables;

/// One CI's variables. Of several, the first that is set counts.
#[derive(Debug)]
pub(super) struct Ci {
    /// The variable that only this CI sets: to `true`, or to something of its
    /// own.
    marker: &'static str,
    /// The variable with the repository that the pipeline runs for: its
    /// address, or its path on the forge.
    repository: &'static str,
    /// The variables with the target of the pull request that the pipeline runs
    /// for, or with the repository's default branch.
    branches: &'static [&'static str],
    /// The variable with the path of a file about the event that started the
    /// pipeline, where no variable has the default branch.
    event: Option<&'static str>,
    /// What says in whose name the pipeline may commit.
    pub(super) person: CiPerson,
    /// The variables with the account that started the pipeline, or what else
    /// says who it was.
    pub(super) requesters: &'static [&'static str],
}

/// What a CI says of the person who started a pipeline.
#[derive(Debug, Clone, Copy)]
pub(super) enum CiPerson {
    /// Variables with a name, each with that of the mail address.
    Named(&'static [(&'static str, &'static str)]),
    /// An account of GitHub, from which its mail address follows.
    GitHub,
    /// The same of Gitea or Forgejo.
    Gitea,
    /// Nothing that has a mail address.
    Nobody,
}

const GITHUB: Ci = Ci {
    marker: "GITHUB_ACTIONS",
    repository: "GITHUB_REPOSITORY",
    branches: &["GITHUB_BASE_REF"],
    event: Some("GITHUB_EVENT_PATH"),
    person: CiPerson::GitHub,
    // Whoever runs a workflow again may not be who it ran for at first.
    requesters: &["GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"],
};

static KNOWN: [Ci; 9] = [
    Ci {
        marker: "GITLAB_CI",
        repository: "CI_PROJECT_PATH",
        branches: &["CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CI_DEFAULT_BRANCH"],
        event: None,
        person: CiPerson::Named(&[("GITLAB_USER_NAME", "GITLAB_USER_EMAIL")]),
        requesters: &["GITLAB_USER_LOGIN", "GITLAB_USER_EMAIL"],
    },
    // These two set GitHub's variables, its marker among them, and come first
    // for that.
    Ci { marker: "GITEA_ACTIONS", person: CiPerson::Gitea, ..GITHUB },
    Ci { marker: "FORGEJO_ACTIONS", person: CiPerson::Gitea, ..GITHUB },
    GITHUB,
    // Azure Pipelines.
    Ci {
        marker: "TF_BUILD",
        repository: "BUILD_REPOSITORY_URI",
        branches: &["SYSTEM_PULLREQUEST_TARGETBRANCH"],
        event: None,
        person: CiPerson::Named(&[("BUILD_REQUESTEDFOR", "BUILD_REQUESTEDFOREMAIL")]),
        requesters: &["BUILD_REQUESTEDFOREMAIL", "BUILD_REQUESTEDFOR"],
    },
    // Its variables have no target of a pull request and no mail address.
    Ci {
        marker: "CIRCLECI",
        repository: "CIRCLE_REPOSITORY_URL",
        branches: &[],
        event: None,
        person: CiPerson::Nobody,
        requesters: &["CIRCLE_USERNAME"],
    },
    Ci {
        marker: "BUILDKITE",
        repository: "BUILDKITE_REPO",
        branches: &["BUILDKITE_PULL_REQUEST_BASE_BRANCH", "BUILDKITE_PIPELINE_DEFAULT_BRANCH"],
        event: None,
        person: CiPerson::Named(&[("BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_CREATOR_EMAIL")]),
        requesters: &["BUILDKITE_BUILD_CREATOR_EMAIL", "BUILDKITE_BUILD_CREATOR"],
    },
    // It says no more than an account's id.
    Ci {
        marker: "BITBUCKET_BUILD_NUMBER",
        repository: "BITBUCKET_REPO_FULL_NAME",
        branches: &["BITBUCKET_PR_DESTINATION_BRANCH"],
        event: None,
        person: CiPerson::Nobody,
        requesters: &["BITBUCKET_STEP_TRIGGERER_UUID"],
    },
    Ci {
        marker: "JENKINS_URL",
        repository: "GIT_URL",
        branches: &["CHANGE_TARGET"],
        event: None,
        // From a plugin (build-user-vars), and from a pull request's author.
        person: CiPerson::Named(&[
            ("BUILD_USER", "BUILD_USER_EMAIL"),
            ("CHANGE_AUTHOR_DISPLAY_NAME", "CHANGE_AUTHOR_EMAIL"),
        ]),
        requesters: &["BUILD_USER_ID", "CHANGE_AUTHOR"],
    },
];

impl Ci {
    /// The CI that runs this process, if it is a known one.
    pub(super) fn current(variables: &Variables) -> Option<&'static Self> {
        KNOWN.iter().find(|ci| variables.get(ci.marker).is_some_and(|value| !is_no(value)))
    }
}

/// Whether a value says no, as people write it to run something as if it were
/// outside the CI.
fn is_no(value: &str) -> bool {
    value == "0" || value.eq_ignore_ascii_case("false")
}

/// The branch that changes to the clone of `url` go to, if the CI says it. What
/// the pipeline runs for is not asked: it may be any branch that was pushed.
pub(super) fn base_branch(variables: &Variables, url: &str) -> Option<Branch> {
    let ci = Ci::current(variables)?;
    if !is_same(url, variables.get(ci.repository)?) {
        return None;
    }
    let stated = ci.branches.iter().find_map(|name| variables.get(name)).map(str::to_owned);
    let branch = stated.or_else(|| default_branch(variables.get(ci.event?)?));
    let branch = branch.and_then(|name| Branch::parse(&name));
    // A pipeline may run for a branch of ours, on which nothing is based.
    branch.filter(|branch| !branch.is_ours())
}

/// What the file about an event says of the repository.
#[derive(Deserialize)]
struct Event {
    repository: EventRepository,
}

#[derive(Deserialize)]
struct EventRepository {
    default_branch: String,
}

/// The repository's default branch by the file about the event that started the
/// pipeline. Not every event says it; the remote is asked then.
fn default_branch(event: &str) -> Option<String> {
    let event: Event = serde_json::from_slice(&fs::read(event).ok()?).ok()?;
    Some(event.repository.default_branch)
}

/// Whether an address is that of a repository, given by address or path. The
/// host does not count: a pipeline may reach its own forge by another name.
fn is_same(url: &str, repository: &str) -> bool {
    let url = CanonicalAddress::of(url);
    if RepositoryAddress::is_address(repository) {
        url.ends_with(CanonicalAddress::of(repository).path())
    } else {
        url.ends_with(repository)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str, variables: &[(&str, &str)]) -> Option<String> {
        let variables = Variables::new(variables.iter().copied());
        base_branch(&variables, url).map(|branch| branch.name().to_owned())
    }

    const GITHUB: [(&str, &str); 2] =
        [("GITHUB_ACTIONS", "true"), ("GITHUB_REPOSITORY", "Shop/deploy")];

    fn github(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
        [&GITHUB[..], more].concat()
    }

    #[test]
    fn a_pull_requests_target_is_its_base() {
        let variables = github(&[("GITHUB_BASE_REF", "main"), ("GITHUB_REF_NAME", "7/merge")]);
        for url in ["https://x@github.com/shop/deploy", "git@github.com:shop/deploy.git"] {
            assert_eq!(base(url, &variables).as_deref(), Some("main"), "{url}");
        }
        let variables = [
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_PATH", "a/b/deploy"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release"),
            ("CI_DEFAULT_BRANCH", "main"),
        ];
        let url = "https://gitlab-ci-token:t@git.example.com/gitlab/a/b/deploy.git";
        assert_eq!(base(url, &variables).as_deref(), Some("release"));
        assert_eq!(
            base(url, &[&variables[..2], &variables[3..]].concat()).as_deref(),
            Some("main")
        );
    }

    /// A pipeline of each CI: its marker, the repository that it runs for, and the
    /// target of the pull request that it runs for.
    const PIPELINES: [(&str, [(&str, &str); 3]); 9] = [
        (
            "GITLAB_CI",
            [
                ("GITLAB_CI", "true"),
                ("CI_PROJECT_PATH", "shop/deploy"),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release"),
            ],
        ),
        (
            "GITEA_ACTIONS",
            [
                ("GITEA_ACTIONS", "true"),
                ("GITHUB_REPOSITORY", "shop/deploy"),
                ("GITHUB_BASE_REF", "release"),
            ],
        ),
        (
            "FORGEJO_ACTIONS",
            [
                ("FORGEJO_ACTIONS", "true"),
                ("GITHUB_REPOSITORY", "shop/deploy"),
                ("GITHUB_BASE_REF", "release"),
            ],
        ),
        (
            "GITHUB_ACTIONS",
            [
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_REPOSITORY", "shop/deploy"),
                ("GITHUB_BASE_REF", "release"),
            ],
        ),
        (
            "TF_BUILD",
            [
                ("TF_BUILD", "True"),
                ("BUILD_REPOSITORY_URI", "https://dev.example.com/shop/deploy"),
                ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/release"),
            ],
        ),
        (
            "CIRCLECI",
            [
                ("CIRCLECI", "true"),
                ("CIRCLE_REPOSITORY_URL", "git@example.com:shop/deploy.git"),
                ("CIRCLE_BRANCH", "topic"),
            ],
        ),
        (
            "BUILDKITE",
            [
                ("BUILDKITE", "true"),
                ("BUILDKITE_REPO", "git@example.com:shop/deploy.git"),
                ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "release"),
            ],
        ),
        (
            "BITBUCKET_BUILD_NUMBER",
            [
                ("BITBUCKET_BUILD_NUMBER", "17"),
                ("BITBUCKET_REPO_FULL_NAME", "shop/deploy"),
                ("BITBUCKET_PR_DESTINATION_BRANCH", "release"),
            ],
        ),
        (
            "JENKINS_URL",
            [
                ("JENKINS_URL", "https://ci.example.com/"),
                ("GIT_URL", "https://example.com/shop/deploy.git"),
                ("CHANGE_TARGET", "release"),
            ],
        ),
    ];

    #[test]
    fn each_ci_names_the_base() {
        let names = PIPELINES.map(|(marker, _)| marker);
        assert_eq!(names, KNOWN.each_ref().map(|ci| ci.marker));
        for (marker, pipeline) in PIPELINES {
            let found = base("ssh://git@example.com:2222/shop/deploy.git", &pipeline);
            let expected = (marker != "CIRCLECI").then_some("release");
            assert_eq!(found.as_deref(), expected, "{marker}");
            let other = base("https://example.com/shop/app.git", &pipeline);
            assert_eq!(other, None, "{marker}");
        }
    }

    #[test]
    fn a_marker_that_says_no_is_not_that_of_a_ci() {
        for (marker, mut pipeline) in PIPELINES {
            for no in ["false", "False", "0", " "] {
                pipeline[0].1 = no;
                assert!(Ci::current(&Variables::new(pipeline)).is_none(), "{marker}={no}");
            }
        }
    }

    #[test]
    fn the_more_special_of_two_markers_counts() {
        for marker in ["GITEA_ACTIONS", "FORGEJO_ACTIONS"] {
            let ci = Ci::current(&Variables::new([("GITHUB_ACTIONS", "true"), (marker, "true")]));
            assert_eq!(ci.unwrap().marker, marker);
        }
    }

    #[test]
    fn another_repositorys_pipeline_does_not_count() {
        let variables = github(&[("GITHUB_BASE_REF", "develop")]);
        for url in ["https://github.com/shop/app", "https://github.com/my-shop/deploy", ""] {
            assert_eq!(base(url, &variables), None, "{url}");
        }
    }

    #[test]
    fn what_a_workflow_runs_for_is_not_the_base() {
        let url = "https://github.com/shop/deploy";
        for (event, kind, name) in [
            ("push", "branch", "topic"),
            ("push", "tag", "v1"),
            ("workflow_dispatch", "branch", "topic"),
        ] {
            let more = [
                ("GITHUB_EVENT_NAME", event),
                ("GITHUB_REF_TYPE", kind),
                ("GITHUB_REF_NAME", name),
                ("GITHUB_BASE_REF", ""),
            ];
            assert_eq!(base(url, &github(&more)), None, "{event} {name}");
        }
    }

    #[test]
    fn a_pull_request_into_a_branch_of_ours_has_no_base() {
        let variables = github(&[("GITHUB_BASE_REF", "rungs/prod/web")]);
        assert_eq!(base("https://github.com/shop/deploy", &variables), None);
    }
}
