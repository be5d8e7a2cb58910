"""A repository with manifests and a pull request, checked out as the runners of forges do, and what their scripts run with."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXAMPLES = ROOT / "examples/pipelines"
#: The token that may comment. It must not be seen.
SECRET = "canary-5d1f0c7e"
POLICY = """\
apiVersion: afresh/v1
kind: Policy
metadata: {name: platform}
spec:
  reason: "ask #platform"
  require: {keyAge: {maxAge: 400d}}
"""
LAX = POLICY.replace("400d", "1000d")


def git(folder: pathlib.Path, *words: str) -> str:
    names = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *names, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


class Checkout:
    """A repository as a pull request leaves it: main, the branch, and their merge. `change` is what the branch replaces in the manifests."""

    def __init__(self, folder: pathlib.Path, change: dict[str, str] | None = None, policy: str = POLICY, main: dict[str, str] | None = None):
        self.folder = folder
        self.origin = folder / "origin"
        quickstart = ROOT / "examples/quickstart"
        (self.origin / "estate").mkdir(parents=True)
        (self.origin / "policy").mkdir()
        self.manifest = self.origin / "estate/afresh.yaml"
        shutil.copy(quickstart / "afresh.yaml", self.manifest)
        self.replace(main or {})
        shutil.copy(quickstart / "world.yaml", folder / "world.yaml")
        (self.origin / "policy/policy.yaml").write_text(POLICY)
        git(self.origin, "init", "--quiet")
        git(self.origin, "add", ".")
        git(self.origin, "commit", "--quiet", "--message=main")
        self.base = git(self.origin, "rev-parse", "HEAD")
        git(self.origin, "checkout", "--quiet", "-b", "change")
        self.replace(change or {"kind: Project": "kind: Project  # of ours"})
        (self.origin / "policy/policy.yaml").write_text(policy)
        git(self.origin, "commit", "--quiet", "--all", "--message=change")
        self.head = git(self.origin, "rev-parse", "HEAD")
        git(self.origin, "checkout", "--quiet", "--detach", "main")
        git(self.origin, "merge", "--quiet", "--no-ff", "--message=merge", "change")
        git(self.origin, "branch", "merge")

    def replace(self, change: dict[str, str]) -> None:
        text = self.manifest.read_text()
        for old, new in change.items():
            assert old in text, f"the example has no {old}"
            text = text.replace(old, new)
        self.manifest.write_text(text)

    def clone(self, name: str, branch: str) -> pathlib.Path:
        """A folder that has this branch, and the others as `origin/…`."""
        folder = self.folder / name
        git(self.folder, "clone", "--quiet", "--branch", branch, self.origin.as_uri(), str(folder))
        return folder


class Forge:
    """A forge's example with false clients behind it. Each one says how its scripts are found and run."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.store = folder / "comments.json"
        self.store.write_text("[]")
        self.said = ""

    def comments(self) -> list[dict]:
        return json.loads(self.store.read_text())

    def begin_with(self, comments: list[dict]) -> None:
        self.store.write_text(json.dumps(comments))

    def run(self, shell: list[str], script: str, folder: pathlib.Path, env: dict[str, str]) -> int:
        """Runs a script and returns its exit code. What it prints is added to `said`."""
        # The python that runs this has the packages that the false clients need.
        path = f"{HERE / 'clients'}:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
        whole = {
            "PATH": path,
            "HOME": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AFRESH": str(ROOT / "target/debug/afresh"),
            "WORLD": str(self.folder / "world.yaml"),
            "COMMENTS": str(self.store),
            "SECRET": SECRET,
            **env,
        }
        file = self.folder / "script"
        file.write_text(script)
        done = subprocess.run([*shell, str(file)], cwd=folder, env=whole, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said += done.stdout
        return done.returncode


def filled(text: str, values: dict[str, str]) -> str:
    """With each `${{ … }}` replaced by what it stands for here."""

    def value(found: re.Match) -> str:
        return values[found[1].strip()]

    return re.sub(r"\$\{\{(.*?)\}\}", value, str(text))
