//! Pages of the pipeline that this process runs in: its run, and the commit that it runs for.

use super::surroundings::variable;
use crate::review::markdown::Link;

/// The links that were given, and then those of the pipeline whose names are not among them.
pub fn links(given: &[Link]) -> Vec<Link> {
    let mut all = given.to_vec();
    for link in of_pipeline(variable) {
        if all.iter().all(|one| one.name() != link.name()) {
            all.push(link);
        }
    }
    all
}

/// By the forge's own variables. What is no plain address is left out.
fn of_pipeline(variable: impl Fn(&str) -> Option<String>) -> Vec<Link> {
    let pages = [
        (
            "run",
            page(
                &variable,
                "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
            ),
        ),
        (
            "commit",
            page(
                &variable,
                "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/commit/{GITHUB_SHA}",
            ),
        ),
        ("run", page(&variable, "{CI_JOB_URL}")),
        (
            "commit",
            page(&variable, "{CI_PROJECT_URL}/-/commit/{CI_COMMIT_SHA}"),
        ),
        (
            "run",
            page(
                &variable,
                "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECTID}/_build/results?buildId={BUILD_BUILDID}",
            ),
        ),
        (
            "commit",
            page(
                &variable,
                "{BUILD_REPOSITORY_URI}/commit/{BUILD_SOURCEVERSION}",
            ),
        ),
        (
            "run",
            page(
                &variable,
                "https://bitbucket.org/{BITBUCKET_REPO_FULL_NAME}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",
            ),
        ),
        (
            "commit",
            page(
                &variable,
                "https://bitbucket.org/{BITBUCKET_REPO_FULL_NAME}/commits/{BITBUCKET_COMMIT}",
            ),
        ),
    ];
    let mut links: Vec<Link> = Vec::new();
    for (name, page) in pages {
        let link = page.and_then(|page| Link::parse(&format!("{name}={page}")).ok());
        let is_new = |link: &Link| links.iter().all(|one| one.name() != link.name());
        links.extend(link.filter(is_new));
    }
    links
}

/// A page whose address is made of variables; `None`: one of them is not there.
fn page(variable: &impl Fn(&str) -> Option<String>, pattern: &str) -> Option<String> {
    let mut parts = pattern.split('{');
    let mut address = parts.next()?.to_owned();
    for part in parts {
        let (name, text) = part.split_once('}')?;
        address.push_str(&variable(name).filter(|value| !value.is_empty())?);
        address.push_str(text);
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_of_each_forge_are_known_by_its_variables() {
        let of = |pairs: &[(&str, &str)]| {
            let find = |name: &str| {
                let pair = pairs.iter().find(|(known, _)| *known == name);
                pair.map(|(_, value)| (*value).to_owned())
            };
            let links = of_pipeline(find);
            links
                .iter()
                .map(|link| format!("{link:?}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(of(&[]), "");
        let github = of(&[
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "o/r"),
            ("GITHUB_RUN_ID", "42"),
            ("GITHUB_SHA", "abc"),
        ]);
        assert!(
            github.contains("https://github.com/o/r/actions/runs/42"),
            "{github}"
        );
        assert!(
            github.contains("https://github.com/o/r/commit/abc"),
            "{github}"
        );
        let gitlab = of(&[
            ("CI_JOB_URL", "https://gitlab.example/o/r/-/jobs/7"),
            ("CI_PROJECT_URL", "https://gitlab.example/o/r"),
            ("CI_COMMIT_SHA", "abc"),
        ]);
        assert!(
            gitlab.contains("/-/jobs/7") && gitlab.contains("/-/commit/abc"),
            "{gitlab}"
        );
        let azure = of(&[
            ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/o/"),
            ("SYSTEM_TEAMPROJECTID", "0ee1"),
            ("BUILD_BUILDID", "9"),
        ]);
        assert!(
            azure.contains("https://dev.azure.com/o/0ee1/_build/results?buildId=9"),
            "{azure}"
        );
        let bitbucket = of(&[
            ("BITBUCKET_REPO_FULL_NAME", "o/r"),
            ("BITBUCKET_BUILD_NUMBER", "3"),
            ("BITBUCKET_COMMIT", "abc"),
        ]);
        assert!(bitbucket.contains("/pipelines/results/3") && bitbucket.contains("/commits/abc"));
        let hostile = of(&[("CI_JOB_URL", "javascript:alert(1)")]);
        assert_eq!(hostile, "", "no plain address is no link");
    }
}
