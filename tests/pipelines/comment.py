"""Runs the step of examples/pipelines/github/plan.yml that comments, as the runner would, against a small false `gh`."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from ruamel.yaml import YAML

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MARKER = "<!-- afresh-plan:data-platform -->"


def script() -> str:
    workflow = YAML(typ="safe").load(ROOT / "examples/pipelines/github/plan.yml")
    [step] = [step for step in workflow["jobs"]["plan"]["steps"] if step.get("name") == "Comment"]
    return step["run"]


def after(comments: list[dict], plan: str) -> list[dict]:
    """The comments of the pull request after the step has run with this plan."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "comments.json").write_text(json.dumps(comments))
        (root / "plan.md").write_text(plan)
        # The python that runs this has the packages that the false `gh` needs.
        path = f"{HERE}:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
        env = {"PATH": path, "COMMENTS": str(root / "comments.json"), "REPOSITORY": "org/estate", "NUMBER": "7", "GH_TOKEN": "none"}
        subprocess.run(["bash", "-eo", "pipefail", "-c", script()], cwd=root, env=env, check=True, timeout=30)
        return json.loads((root / "comments.json").read_text())


def comment(number: int, kind: str, body: str) -> dict:
    return {"id": number, "user": {"type": kind}, "body": body}


def test_the_first_plan_makes_a_comment():
    [made] = after([], f"{MARKER}\nfirst")
    assert made["body"] == f"{MARKER}\nfirst"


def test_the_next_plan_is_written_into_the_same_comment():
    before = [comment(1, "User", "Looks good"), comment(2, "Bot", f"{MARKER}\nfirst")]
    assert after(before, f"{MARKER}\nsecond") == [before[0], comment(2, "Bot", f"{MARKER}\nsecond")]


def test_comments_of_people_and_of_other_projects_stay():
    before = [
        comment(1, "User", f"{MARKER}\nI quote"),
        comment(2, "Bot", "<!-- afresh-plan:other -->\nother"),
        comment(3, "Bot", f"Cites {MARKER}"),
    ]
    told = after(before, f"{MARKER}\nfirst")
    assert told[:3] == before and told[3]["body"] == f"{MARKER}\nfirst", told


def main() -> int:
    failed = 0
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    for name, test in tests:
        try:
            test()
        except Exception as error:
            failed += 1
            print(f"test {name} ... FAILED\n{error}")
        else:
            print(f"test {name} ... ok")
    print(f"test result: {'FAILED' if failed else 'ok'}. {len(tests) - failed} passed; {failed} failed;")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
