"""The comment of a pull request: one, ours, and of the newest commit. For every forge."""

import pathlib

from checkout import LAX, SECRET, Checkout
from forges import ALL

MARKER = "<!-- afresh-plan:data-platform -->"
OLD = f"{MARKER}\n### data-platform: what an earlier commit would do"
SHORTER = {"maxAge: 90d": "maxAge: 60d"}
FORGES = ALL


def one(folder: pathlib.Path, kind: type, before: list[dict], change=None, env=None, **more):
    """A pull request whose pipeline runs once: the forge, the exit code, and the comments from then on."""
    forge = kind(folder)
    forge.begin_with(before)
    code = forge.pull_request(Checkout(folder, change or SHORTER, **more), env or {})
    assert SECRET not in forge.said, forge.said
    return forge, code, forge.comments()


def comment(number: int, by: str, body: str) -> dict:
    return {"id": number, "by": by, "body": body, **({"properties": {"afresh": "data-platform"}} if by == "bot" else {})}


def test_the_first_plan_makes_a_comment(folder, kind):
    forge, code, comments = one(folder, kind, [])
    assert code == 0, forge.said
    [made] = comments
    assert made["body"].startswith(f"{MARKER}\n### data-platform: 2 to regenerate"), made
    assert "- KeyAge onprem-gateways: maxAge 60d, was 90d" in made["body"], made


def test_the_next_plan_is_written_into_the_same_comment(folder, kind):
    before = [comment(1, "person", "Looks good"), comment(2, "bot", OLD)]
    forge, code, comments = one(folder, kind, before)
    assert code == 0, forge.said
    assert [there["id"] for there in comments] == [1, 2], comments
    assert comments[0] == before[0] and "2 to regenerate" in comments[1]["body"], comments
    # The false clients look at the process list each time; here is what the scripts left in the workspace.
    left = [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert not left, left


def test_our_comment_is_found_behind_many_others(folder, kind):
    before = [comment(number, "person", "Looks good") for number in range(1, 251)]
    forge, code, comments = one(folder, kind, [*before, comment(900, "bot", OLD)])
    assert code == 0, forge.said
    assert len(comments) == 251 and "2 to regenerate" in comments[-1]["body"], comments[-1]


def test_comments_of_people_and_of_other_projects_stay(folder, kind):
    before = [
        comment(1, "person", f"{MARKER}\nI quote"),
        {**comment(2, "bot", "<!-- afresh-plan:other -->\nother"), "properties": {"afresh": "other"}},
        comment(3, "other", f"Cites {MARKER}"),
    ]
    forge, code, comments = one(folder, kind, before)
    assert code == 0, forge.said
    assert comments[:3] == before, comments
    [made] = comments[3:]
    assert made["body"].startswith(MARKER), made


def test_manifests_with_problems_take_the_place_of_the_last_plan(folder, kind):
    forge, code, comments = one(folder, kind, [comment(2, "bot", OLD)], {"kind: KeyAge": "kind: KeyAges"})
    assert code == 1, forge.said
    [told] = comments
    assert told["id"] == 2 and told["body"].startswith(f"{MARKER}\n### data-platform: no plan could be made"), told
    assert "`KeyAges` is not a kind of document" in told["body"], told


def test_a_plan_that_was_killed_takes_the_place_of_the_last_one(folder, kind):
    forge, code, comments = one(folder, kind, [comment(2, "bot", OLD)], env={"KILLED": "yes"})
    assert code == 128 + 9, forge.said
    [told] = comments
    assert told["id"] == 2 and told["body"].startswith(f"{MARKER}\n### data-platform: no plan could be made"), told
    assert "[The run](https://" in told["body"], told


def test_what_cannot_be_checked_out_takes_the_place_of_the_last_plan(folder, kind):
    forge, _, comments = one(folder, kind, [comment(2, "bot", OLD)], env={"NO_BASE": "yes"})
    [told] = comments
    said = ("no plan could be made", "**This pull request changes:** not known")
    assert told["id"] == 2 and told["body"].startswith(MARKER) and any(word in told["body"] for word in said), (told, forge.said)


def test_a_pull_request_cannot_change_the_policy_that_binds_it(folder, kind):
    forge, code, comments = one(folder, kind, [], {"maxAge: 90d": "maxAge: 500d"}, policy=LAX)
    assert code == 5, forge.said
    [told] = comments
    assert "ask #platform" in told["body"], told
