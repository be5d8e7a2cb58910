"""Pull requests of forks: problems on lines of the repository, without any token."""

import json

from checkout import Checkout
from forges import AzureDevOps, GitHub, GitLab, named, read

PROBLEM = {"kind: KeyAge": "kind: KeyAges"}
PLACE = "estate/afresh.yaml"


def test_github_annotates_the_line(folder):
    forge = GitHub(folder)
    step = named(read("github/forks.yml")["jobs"]["validate"]["steps"], "Validate")
    code = forge.step(step, Checkout(folder, PROBLEM).clone("merged", "merge"), {}, {})
    assert code == 1 and f"::error file={PLACE},line=" in forge.said, (code, forge.said)


def test_github_annotates_the_line_in_the_plan_too(folder):
    forge = GitHub(folder)
    forge.pull_request(Checkout(folder, PROBLEM), {})
    assert f"::error file={PLACE},line=" in forge.said, forge.said


def test_azure_devops_annotates_the_line(folder):
    forge = AzureDevOps(folder)
    steps = read("azure-devops/templates/plan.yml")["jobs"][1]["steps"]
    code = forge.step(named(steps, "Validate", "displayName"), forge.prepared(Checkout(folder, PROBLEM), "merge"), {})
    assert code == 1 and f"##vso[task.logissue type=error;sourcepath={PLACE};linenumber=" in forge.said, (code, forge.said)


def test_gitlab_reports_the_line_as_code_quality(folder):
    forge = GitLab(folder)
    branch = Checkout(folder, PROBLEM).clone("branch", "change")
    code = forge.job("validate", branch, {})
    report = json.loads((branch / "code-quality.json").read_text())
    assert code == 1 and report, (code, forge.said)
    first = report[0]
    assert first["location"]["path"] == PLACE and first["location"]["lines"]["begin"] > 1 and first["severity"] == "major", first
    assert len({one["fingerprint"] for one in report}) == len(report), report
