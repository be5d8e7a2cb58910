"""The CronJob's command, on volumes as the kubelet mounts config maps: each file is a link into a folder whose name begins with two dots."""

import pathlib
import subprocess

from checkout import EXAMPLES, ROOT
from ruamel.yaml import YAML

HERE = EXAMPLES / "kubernetes"
WORLD = """\
clock: 2026-11-22T09:00:00Z
subscriptions:
- id: 12345678-1234-1234-1234-1234567890ab
  factories:
  - {name: adf-ingest, resourceGroup: rg-data, runtimes: [{name: gateway-west, created: 97d ago}]}
"""


def read(path: str):
    return YAML(typ="safe").load(HERE / path)


def mounted(folder: pathlib.Path, files: dict[str, str]) -> pathlib.Path:
    data = folder / "..2026_11_22"
    data.mkdir(parents=True)
    (folder / "..data").symlink_to(data.name)
    for name, text in files.items():
        (data / name).write_text(text)
        (folder / name).symlink_to(f"..data/{name}")
    return folder


class Pod:
    """What the container sees: the config maps that kustomization.yaml makes, where cronjob.yaml mounts them."""

    def __init__(self, folder: pathlib.Path, approvals: dict[str, str] | None = None):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "world.yaml").write_text(WORLD)
        template = read("cronjob.yaml")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        [self.container] = template["containers"]
        maps = {volume["name"]: volume["configMap"]["name"] for volume in template["volumes"]}
        made = {one["name"]: one["files"] for one in read("kustomization.yaml")["configMapGenerator"]}
        for mount in self.container["volumeMounts"]:
            files = {pathlib.Path(file).name: (HERE / file).read_text() for file in made[maps[mount["name"]]]}
            more = (approvals or {}) if mount["name"] == "approvals" else {}
            mounted(folder / mount["mountPath"].lstrip("/"), files | more)

    def afresh(self, *words: str) -> tuple[int, str]:
        command = [str(ROOT / "target/debug/afresh"), *words, "--sim", "world.yaml"]
        done = subprocess.run(command, cwd=self.folder, timeout=60, text=True, env={}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def run(self) -> tuple[int, str]:
        return self.afresh(*(word.replace("/afresh", "afresh").replace("/policy/", "policy/") for word in self.container["args"]))


def test_nothing_is_done_that_no_approval_covers(folder):
    code, said = Pod(folder).run()
    assert code == 5 and "none of these has one, so nothing was done" in said, (code, said)


def test_what_an_approval_covers_is_done(folder):
    pod = Pod(folder / "before")
    code, said = pod.afresh("plan", "afresh", "--out", "plan.json", "--fail-on", "none", "--policy", "policy/policy.yaml")
    assert code == 0, said
    code, approval = pod.afresh("approve", "plan.json")
    assert code == 0, approval
    code, said = Pod(folder / "after", {"monday.yaml": approval}).run()
    # The promise is about both keys, of which the second one has to wait for the overlap.
    assert code == 3 and "Applied: 1 done." in said, (code, said)


def test_every_file_is_named(folder):
    """What kustomization.yaml does not name is not in the cluster."""
    named = {file for one in read("kustomization.yaml")["configMapGenerator"] for file in one["files"]} | set(read("kustomization.yaml")["resources"])
    there = {str(path.relative_to(HERE)) for path in HERE.rglob("*") if path.is_file()}
    assert {path for path in there if not path.startswith(("flux/", "argo-cd/", "shards/", "kustomization.yaml"))} == named


def test_the_service_account_is_the_one_of_the_workload_identity(folder):
    template = read("cronjob.yaml")["spec"]["jobTemplate"]["spec"]["template"]
    assert template["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert template["spec"]["serviceAccountName"] == read("serviceaccount.yaml")["metadata"]["name"]
    assert "azure.workload.identity/client-id" in read("serviceaccount.yaml")["metadata"]["annotations"]
