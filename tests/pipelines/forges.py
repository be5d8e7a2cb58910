"""How each forge runs the scripts of its example."""

import pathlib
import re
import shutil

from checkout import EXAMPLES, SECRET, Checkout, Forge, filled
from ruamel.yaml import YAML


def read(path: str):
    return YAML(typ="safe").load(EXAMPLES / path)


def named(steps: list[dict], name: str, key: str = "name") -> dict:
    [step] = [step for step in steps if step.get(key) == name]
    return step


class GitHub(Forge):
    """The composite action: its steps but for the checkout, in the folder that the workflow prepares."""

    SHELL = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
    ENV = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "org/estate", "GITHUB_RUN_ID": "9"}
    LIMIT = 65_536

    def step(self, step: dict, folder: pathlib.Path, values: dict[str, str], env: dict[str, str]) -> int:
        outputs = self.folder / "outputs"
        more = {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(self.folder / "summary"), "GITHUB_WORKSPACE": str(folder)}
        own = {name: filled(value, values) for name, value in step.get("env", {}).items()}
        code = self.run(self.SHELL, step["run"], folder / step.get("working-directory", ""), {**self.ENV, **more, **env, **own})
        for line in outputs.read_text().splitlines() if outputs.exists() else []:
            name, _, value = line.partition("=")
            values[f"steps.{step.get('id')}.outputs.{name}"] = value
        outputs.unlink(missing_ok=True)
        return code

    def pull_request(self, checkout: Checkout, env: dict[str, str]) -> int:
        action = read("github/actions/afresh-plan/action.yml")
        values = {f"inputs.{name}": str(given.get("default", "")) for name, given in action["inputs"].items()}
        workflow = read("github/plan.yml")
        [use] = [step for step in workflow["jobs"]["plan"]["steps"] if step["uses"].startswith("./")]
        event = {"github.event.pull_request.number": "7", "github.event.pull_request.head.sha": checkout.head}
        values |= {f"inputs.{name}": filled(value, event) for name, value in use["with"].items()}
        workspace = checkout.clone("workspace", "main")
        shutil.copytree(checkout.clone("cloned", "merge"), workspace / "merged", symlinks=True)
        values |= {"github.token": SECRET, "github.workspace": str(workspace)}
        code = 0
        for step in action["runs"]["steps"]:
            if "run" in step and (code == 0 or step.get("if") == "${{ !cancelled() }}"):
                code = self.step(step, workspace, values, env) or code
        return code

    def plan(self, checkout: Checkout) -> tuple[int, dict[str, str]]:
        self.values = {}
        self.workspace = checkout.clone("main", "main")
        step = named(read("github/apply.yml")["jobs"]["plan"]["steps"], "Plan")
        code = self.step(step, self.workspace, self.values, {})
        return code, {"code": self.values.get("steps.plan.outputs.code"), "digest": self.values.get("steps.plan.outputs.digest")}

    def apply(self, outputs: dict[str, str]) -> int:
        job = read("github/apply.yml")["jobs"]["apply"]
        values = {f"needs.plan.outputs.{name}": value for name, value in outputs.items()}
        return self.step(named(job["steps"], "Apply"), self.workspace, values, {})

    def watch(self) -> int:
        return self.step(named(read("github/watch.yml")["jobs"]["watch"]["steps"], "Watch"), self.workspace, {}, {})

    def record(self) -> int:
        return self.step(named(read("github/apply.yml")["jobs"]["record"]["steps"], "Record"), self.workspace, {}, {})


class AzureDevOps(Forge):
    """The templates. Variables of a job come as environment variables in capitals; what a script prints sets others."""

    LIMIT = 150_000

    def step(self, step: dict, sources: pathlib.Path, env: dict[str, str]) -> int:
        macros = {"$(Build.SourcesDirectory)": str(sources), "$(System.AccessToken)": SECRET}

        def plain(text: str) -> str:
            for macro, value in macros.items():
                text = text.replace(macro, value)
            return text

        inputs = step.get("inputs", {})
        script = step.get("bash") or inputs["inlineScript"]
        folder = pathlib.Path(plain(step.get("workingDirectory") or inputs["workingDirectory"]))
        own = {name: plain(value) for name, value in step.get("env", {}).items()}
        whole = {
            "BUILD_REPOSITORY_ID": "r-1",
            "BUILD_BUILDID": "9",
            "SYSTEM_COLLECTIONURI": "https://dev.azure.com/org/",
            "SYSTEM_TEAMPROJECTID": "p-1",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
            "BUILD_SOURCESDIRECTORY": str(sources),
            "PIPELINE_WORKSPACE": str(self.folder),
            "PROJECT": "data-platform",
            "MANIFESTS": "estate",
        }
        return self.run(["bash"], script, folder, {**whole, **own, **env})

    def prepared(self, checkout: Checkout, branch: str) -> pathlib.Path:
        sources = self.folder / "s"
        shutil.copytree(checkout.clone(f"cloned-{branch}", branch), sources / "merged", symlinks=True)
        checkout.clone("s/trusted", "main")
        return sources

    @staticmethod
    def checked_out(steps: list[dict]) -> list[str]:
        return [step["checkout"] for step in steps if "checkout" in step]

    def pull_request(self, checkout: Checkout, env: dict[str, str]) -> int:
        steps = read("azure-devops/templates/plan.yml")["jobs"][0]["steps"]
        # A name that the pipeline of the pull request gives could stand for a repository of its own.
        assert self.checked_out(steps) == ["self", "git://platform/afresh-pipelines@refs/heads/main"]
        sources = self.prepared(checkout, "merge")
        env = {**env, "SYSTEM_PULLREQUEST_SOURCECOMMITID": checkout.head}
        code = self.step(named(steps, "Plan", "displayName"), sources, env)
        comment = named(steps, "Comment", "displayName")
        assert "not(canceled())" in comment["condition"]
        return self.step(comment, sources, env) or code

    def plan(self, checkout: Checkout) -> tuple[int, dict[str, str]]:
        self.sources = self.prepared(checkout, "main")
        [job] = read("azure-devops/templates/apply.yml")["stages"][0]["jobs"]
        code = self.step(named(job["steps"], "Plan", "displayName"), self.sources, {})
        found = re.findall(r"##vso\[task.setvariable variable=(\w+);isOutput=true\](.*)", self.said)
        return code, dict(found)

    def apply(self, outputs: dict[str, str]) -> int:
        (self.folder / "plan").mkdir()
        shutil.copy(self.sources / "plan.json", self.folder / "plan/plan.json")
        [job] = read("azure-devops/templates/apply.yml")["stages"][1]["jobs"]
        steps = job["strategy"]["runOnce"]["deploy"]["steps"]
        return self.step(named(steps, "Apply", "displayName"), self.sources, {"DIGEST": outputs["digest"]})

    def watch(self) -> int:
        [job] = read("azure-devops/templates/watch.yml")["jobs"]
        return self.step(named(job["steps"], "Watch", "displayName"), self.sources, {})


class GitLab(Forge):
    """Jobs in a shell that stops at the first failure: the strictest that a runner has."""

    LIMIT = 1_000_000

    def job(self, name: str, folder: pathlib.Path, env: dict[str, str]) -> int:
        whole = read("gitlab/.gitlab-ci.yml")
        policy = self.folder / "policy.yaml"
        if not policy.exists():
            shutil.copy(self.folder / "origin/policy/policy.yaml", policy)
        known = {"CI_SERVER_URL": "https://gitlab.example.com", "CI_PROJECT_ID": "42", "CI_MERGE_REQUEST_IID": "7", "AFRESH_COMMENT_TOKEN": SECRET}
        known |= {"CI_JOB_URL": "https://gitlab.example.com/org/estate/-/jobs/9", "AFRESH_POLICY": str(policy)}
        variables = {**whole["variables"], **whole[name].get("variables", {})}
        known |= {key: re.sub(r"\$(\w+)", lambda found: known.get(found[1], ""), value) for key, value in variables.items()}
        return self.run(["sh", "-e"], "\n".join(whole[name]["script"]), folder, {**known, **env})

    def pull_request(self, checkout: Checkout, env: dict[str, str]) -> int:
        (self.folder / "policy.yaml").write_text((checkout.origin / "policy/policy.yaml").read_text())
        shutil.copy(checkout.clone("main", "main") / "policy/policy.yaml", self.folder / "policy.yaml")
        return self.job("comment", checkout.clone("branch", "change"), {"CI_MERGE_REQUEST_DIFF_BASE_SHA": checkout.base, **env})

    def plan(self, checkout: Checkout) -> tuple[int, dict[str, str]]:
        self.workspace = checkout.clone("main", "main")
        code = self.job("plan", self.workspace, {})
        file = self.workspace / "plan.env"
        lines = file.read_text().split() if file.exists() else []
        return code, {name.lower(): value for name, _, value in (line.partition("=") for line in lines)}

    def apply(self, outputs: dict[str, str]) -> int:
        return self.job("apply", self.workspace, {"DIGEST": outputs["digest"]})

    def watch(self) -> int:
        return self.job("watch", self.workspace, {})


class Bitbucket(Forge):
    """Steps in a shell that stops at the first failure."""

    LIMIT = 32_767

    def step(self, step: dict, folder: pathlib.Path, env: dict[str, str]) -> int:
        known = {"BITBUCKET_REPO_FULL_NAME": "org/estate", "BITBUCKET_PR_ID": "7", "BITBUCKET_BUILD_NUMBER": "9", "AFRESH_COMMENT_TOKEN": SECRET}
        return self.run(["sh", "-e"], "\n".join(step["script"]), folder, {**known, **env})

    def pull_request(self, checkout: Checkout, env: dict[str, str]) -> int:
        [step] = read("bitbucket/bitbucket-pipelines.yml")["pipelines"]["pull-requests"]["**"]
        return self.step(step["step"], checkout.clone("merged", "merge"), {"BITBUCKET_PR_DESTINATION_COMMIT": checkout.base[:12], **env})

    def plan(self, checkout: Checkout) -> tuple[int, dict[str, str]]:
        self.workspace = checkout.clone("main", "main")
        return self.step(read("bitbucket/bitbucket-pipelines.yml")["pipelines"]["branches"]["main"][0]["step"], self.workspace, {}), {}

    def apply(self, outputs: dict[str, str]) -> int:
        return self.step(read("bitbucket/bitbucket-pipelines.yml")["pipelines"]["branches"]["main"][1]["step"], self.workspace, {})

    def watch(self) -> int:
        [step] = read("bitbucket/bitbucket-pipelines.yml")["pipelines"]["custom"]["watch"]
        return self.step(step["step"], self.workspace, {})


class Jenkins(Forge):
    """Scripts as Jenkins runs them, which prints every command."""

    LIMIT = 65_536

    def sh(self, file: str, label: str, folder: pathlib.Path, env: dict[str, str]) -> int:
        text = (EXAMPLES / "jenkins" / file).read_text()
        [script] = re.findall(rf"sh label: '{label}', script: '''\n(.*?)'''", text, re.DOTALL)
        known = {"PROJECT": "data-platform", "CHANGE_TARGET": "main", "CHANGE_ID": "7", "BUILD_URL": "https://jenkins.example.com/job/estate/9/"}
        known |= {"CHANGE_URL": "https://github.com/org/estate/pull/7"}
        # Of what Groovy takes out of such a text, the examples have this alone.
        return self.run(["sh", "-xe"], script.replace("\\\\", "\\"), folder, {**known, **env})

    def pull_request(self, checkout: Checkout, env: dict[str, str]) -> int:
        folder = checkout.clone("branch", "change")
        code = self.sh("plan.Jenkinsfile", "Plan", folder, env)
        return self.sh("plan.Jenkinsfile", "Comment", folder, {**env, "GH_TOKEN": SECRET}) or code

    def plan(self, checkout: Checkout) -> tuple[int, dict[str, str]]:
        self.workspace = checkout.clone("main", "main")
        code = self.sh("apply.Jenkinsfile", "Plan", self.workspace, {})
        found = {name: self.workspace / name for name in ("code", "digest")}
        return code, {name: file.read_text().strip() for name, file in found.items() if file.exists()}

    def apply(self, outputs: dict[str, str]) -> int:
        return self.sh("apply.Jenkinsfile", "Apply", self.workspace, {"DIGEST": outputs["digest"]})

    def watch(self) -> int:
        [script] = re.findall(r"sh '(.*)'", (EXAMPLES / "jenkins/watch.Jenkinsfile").read_text())
        return self.run(["sh", "-xe"], script, self.workspace, {})


ALL = [GitHub, AzureDevOps, GitLab, Bitbucket, Jenkins]
