"""Plan, approval, and apply of exactly that plan. For every forge."""

import pathlib

from checkout import Checkout
from forges import ALL, Bitbucket, GitHub

FORGES = ALL
#: Nothing of the example is due then.
PATIENT = {
    "maxAge: 90d": "maxAge: 365d",
    "startAfter: 22h, warnAfter: 20h, errorAfter: 24h": "errorAfter: 48h",
    "require: notRunning": "require: running",
    '  handOff:\n  - keyVault: {vault: kv-data, secret: "{account}-key"}\n': "",
}


def planned(folder: pathlib.Path, kind: type, main=None):
    forge = kind(folder)
    code, outputs = forge.plan(Checkout(folder, main=main))
    assert code == 0, forge.said
    return forge, outputs


def manifest(folder: pathlib.Path) -> pathlib.Path:
    """In the workspace of the job."""
    [found] = [path for path in (folder / "main/estate/afresh.yaml", folder / "s/merged/estate/afresh.yaml") if path.exists()]
    return found


def test_what_was_planned_is_applied(folder, kind):
    forge, outputs = planned(folder, kind)
    assert outputs.get("code", "2") == "2", outputs
    assert forge.apply(outputs) == 0, forge.said
    assert "Applied: 5 done." in forge.said, forge.said


def test_another_plan_than_the_approved_one_is_refused(folder, kind):
    if kind is Bitbucket:
        return  # Its artifacts come from the step before, and cannot be another run's.
    forge, outputs = planned(folder, kind)
    assert len(outputs["digest"]) == 64, outputs
    assert forge.apply({**outputs, "digest": "0" * 64}) == 4, forge.said
    assert "Applied" not in forge.said, forge.said


def test_a_plan_that_the_manifests_no_longer_ask_for_is_refused(folder, kind):
    forge, outputs = planned(folder, kind)
    now = manifest(folder)
    now.write_text(now.read_text().replace("require: notRunning", "require: running"))
    assert forge.apply(outputs) == 4, forge.said
    assert "this plan does not fit the manifests any more, and nothing was done" in forge.said, forge.said


def test_where_nothing_is_due_there_is_nothing_to_approve(folder, kind):
    forge, outputs = planned(folder, kind, PATIENT)
    assert outputs.get("code", "0") == "0" and "Nothing to do." in forge.said, (outputs, forge.said)
    if kind is GitHub:
        assert forge.record() == 0 and "A new ledger was begun" in forge.said, forge.said


def test_manifests_with_problems_leave_nothing_to_approve(folder, kind):
    forge = kind(folder)
    code, outputs = forge.plan(Checkout(folder, main={"kind: KeyAge": "kind: KeyAges"}))
    assert code == 1 and not outputs.get("digest"), (code, outputs, forge.said)


def test_a_broken_promise_fails_the_watch(folder, kind):
    forge, _ = planned(folder, kind)
    assert forge.watch() == 3, forge.said
