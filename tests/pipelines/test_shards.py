"""Estates that one job is too slow for: plans of shards, their merge, and each shard of the merged plan."""

import pathlib
import shutil
import subprocess

from checkout import EXAMPLES, ROOT, Checkout
from forges import AzureDevOps, GitHub, named, read


def test_github(folder):
    forge = GitHub(folder)
    jobs = read("github/shards.yml")["jobs"]
    numbers = jobs["plan"]["strategy"]["matrix"]["shard"]
    assert numbers == jobs["apply"]["strategy"]["matrix"]["shard"] == list(range(1, len(numbers) + 1))
    workspace = Checkout(folder).clone("main", "main")
    (workspace / "shards").mkdir()

    def of(number: int) -> dict[str, str]:
        return {"matrix.shard": str(number), "strategy.job-total": str(len(numbers))}

    for number in numbers:
        assert forge.step(named(jobs["plan"]["steps"], "Plan"), workspace, of(number), {}) == 0, forge.said
        shutil.move(workspace / f"shard-{number}.json", workspace / "shards")
    values = {}
    assert forge.step(named(jobs["merge"]["steps"], "Merge"), workspace, values, {}) == 0, forge.said
    assert values["steps.merge.outputs.code"] == "2", values
    forge.said = ""
    digest = {"needs.merge.outputs.digest": values["steps.merge.outputs.digest"]}
    for number in numbers:
        code = forge.step(named(jobs["apply"]["steps"], "Apply"), workspace, {**of(number), **digest}, {})
        # Also a shard without an action, or with a subject that needs attention, ends.
        assert code in (0, 3), (code, forge.said)
    assert forge.said.count(": done") == 5, forge.said


def test_github_applies_nothing_where_a_shard_is_missing(folder):
    forge = GitHub(folder)
    jobs = read("github/shards.yml")["jobs"]
    workspace = Checkout(folder).clone("main", "main")
    (workspace / "shards").mkdir()
    values = {"matrix.shard": "1", "strategy.job-total": "4"}
    assert forge.step(named(jobs["plan"]["steps"], "Plan"), workspace, values, {}) == 0, forge.said
    shutil.move(workspace / "shard-1.json", workspace / "shards")
    assert forge.step(named(jobs["merge"]["steps"], "Merge"), workspace, {}, {}) == 1, forge.said
    assert "of 4 shards these are missing: 2, 3, 4" in forge.said, forge.said


def test_azure_devops(folder):
    forge = AzureDevOps(folder)
    stages = read("azure-devops/templates/shards.yml")["stages"]
    [plan], [merge], [apply] = (stage["jobs"] for stage in stages)
    count = plan["strategy"]["parallel"]
    assert count == apply["strategy"]["parallel"]
    assert plan["variables"]["shard"] == apply["variables"]["shard"] == "$(System.JobPositionInPhase)/$(System.TotalJobsInPhase)"
    sources = forge.prepared(Checkout(folder), "main")
    for number in range(1, count + 1):
        assert forge.step(named(plan["steps"], "Plan", "displayName"), sources, {"SHARD": f"{number}/{count}"}) == 0, forge.said
        (folder / f"shard-{number}").mkdir()
        shutil.move(sources / "shard.json", folder / f"shard-{number}")
    assert forge.step(named(merge["steps"], "Merge", "displayName"), sources, {}) == 0, forge.said
    (folder / "plan").mkdir()
    shutil.copy(sources / "plan.json", folder / "plan")
    [digest] = (line.rpartition("]")[2] for line in forge.said.splitlines() if "variable=digest" in line)
    forge.said = ""
    for number in range(1, count + 1):
        env = {"SHARD": f"{number}/{count}", "DIGEST": digest}
        code = forge.step(named(apply["steps"], "Apply", "displayName"), sources, env)
        assert code in (0, 3), (code, forge.said)
    assert forge.said.count(": done") == 5, forge.said


class Pods:
    """The pods of the three Jobs, with the volume of plans that they share."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        shutil.copytree(ROOT / "examples/quickstart", folder / "afresh/estate")
        (folder / "plans").mkdir()
        (folder / "policy").mkdir()
        shutil.copy(EXAMPLES / "kubernetes/policy/policy.yaml", folder / "policy")
        shutil.move(folder / "afresh/estate/world.yaml", folder / "world.yaml")
        self.said = ""

    def run(self, job: str, index: int | None, *, without: tuple[str, ...] = ()) -> int:
        spec = read(f"kubernetes/shards/{job}.yaml")["spec"]
        [container] = spec["template"]["spec"]["containers"]
        env = {} if index is None else {"JOB_COMPLETION_INDEX": str(index)}
        words = [word.replace("$(JOB_COMPLETION_INDEX)", str(index)) for word in container["args"] if word.split("=")[0] not in without]
        words = [word.replace("/afresh", "afresh").replace("/plans/", "plans/").replace("/policy/", "policy/") for word in words]
        command = [str(ROOT / "target/debug/afresh"), *words, "--sim", "world.yaml"]
        done = subprocess.run(command, cwd=self.folder, timeout=60, text=True, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.said += done.stdout
        return done.returncode


def test_kubernetes(folder):
    pods = Pods(folder)
    count = read("kubernetes/shards/plan.yaml")["spec"]["completions"]
    assert count == read("kubernetes/shards/apply.yaml")["spec"]["completions"]
    # The policy of the example allows a blob only, and asks for approvals: see test_kubernetes.py.
    bare = ("--policy", "--approved", "--against")
    for index in range(count):
        assert pods.run("plan", index, without=bare) == 0, pods.said
    assert pods.run("merge", None, without=bare) == 0, pods.said
    pods.said = ""
    for index in range(count):
        assert pods.run("apply", index, without=bare) in (0, 3), pods.said
    assert pods.said.count(": done") == 5, pods.said
