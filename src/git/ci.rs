//! What a CI says about the branch that changes go to.
//!
//! Its variables are about the repository that the pipeline runs for, which may
//! not be the clone's: an application's pipeline sets references in a
//! deployment repository. They count only if the two are the same.

use std::fs;

use serde::Deserialize;

use super::branch::Branch;
use super::variables::Variables;

/// One CI's variables.
struct Ci {
    /// The variable that only this CI sets.
    marker: &'static str,
    /// The variable with the repository that the pipeline runs for: its
    /// address, or its path on the forge.
    repository: &'static str,
    /// The variables with the target of the pull request that the pipeline runs
    /// for, or with the repository's default branch; the first that is set
    /// counts.
    branches: &'static [&'static str],
    /// The variable with the path of a file about the event that started the
    /// pipeline, where no variable has the default branch.
    event: Option<&'static str>,
}

const KNOWN: [Ci; 6] = [
    Ci {
        marker: "GITLAB_CI",
        repository: "CI_PROJECT_PATH",
        branches: &["CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CI_DEFAULT_BRANCH"],
        event: None,
    },
    // Gitea and Forgejo set the same.
    Ci {
        marker: "GITHUB_ACTIONS",
        repository: "GITHUB_REPOSITORY",
        branches: &["GITHUB_BASE_REF"],
        event: Some("GITHUB_EVENT_PATH"),
    },
    Ci {
        marker: "TF_BUILD",
        repository: "BUILD_REPOSITORY_URI",
        branches: &["SYSTEM_PULLREQUEST_TARGETBRANCH"],
        event: None,
    },
    Ci {
        marker: "BUILDKITE",
        repository: "BUILDKITE_REPO",
        branches: &["BUILDKITE_PULL_REQUEST_BASE_BRANCH", "BUILDKITE_PIPELINE_DEFAULT_BRANCH"],
        event: None,
    },
    Ci {
        marker: "BITBUCKET_BUILD_NUMBER",
        repository: "BITBUCKET_REPO_FULL_NAME",
        branches: &["BITBUCKET_PR_DESTINATION_BRANCH"],
        event: None,
    },
    Ci { marker: "JENKINS_URL", repository: "GIT_URL", branches: &["CHANGE_TARGET"], event: None },
];

/// The branch that changes to the clone of `url` go to, if the CI says it. What
/// the pipeline runs for is not asked: it may be any branch that was pushed.
pub(super) fn base_branch(variables: &Variables, url: &str) -> Option<Branch> {
    let ci = KNOWN.iter().find(|ci| variables.get(ci.marker).is_some())?;
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

/// Whether an address is that of a repository, given by address or path.
fn is_same(url: &str, repository: &str) -> bool {
    let (url, repository) = (path_of(url), path_of(repository));
    !repository.is_empty()
        && (url == repository
            || url.strip_suffix(&repository).is_some_and(|rest| rest.ends_with('/')))
}

/// The path `shop/deploy` of `https://host/shop/deploy.git`,
/// `git@host:shop/deploy` and itself, in lower case: forges do not distinguish
/// names by case.
fn path_of(address: &str) -> String {
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => address.rsplit_once(':').map_or(address, |(_, path)| path),
    };
    path.trim_matches('/').trim_end_matches(".git").to_lowercase()
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
