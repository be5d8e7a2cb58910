"""The roles of examples/azure, taken literally: the simulated cloud gives a principal exactly these, and the commands need each of their actions."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUBSCRIPTION = "12345678-1234-1234-1234-1234567890ab"
WORLD = {
    "clock": "2026-11-22T09:00:00Z",
    "subscriptions": [
        {
            "id": SUBSCRIPTION,
            "factories": [{"name": "adf-ingest", "resourceGroup": "rg-data", "runtimes": [{"name": "gateway", "created": "97d ago"}]}],
            "synapseWorkspaces": [{"name": "syn-reports", "resourceGroup": "rg-data", "runtimes": [{"name": "reports", "created": "97d ago"}]}],
            "storageAccounts": [
                {"name": "lakeraw", "resourceGroup": "rg-data", "created": "300d ago", "key1": {"made": "95d ago"}, "key2": {"made": "40d ago"}}
            ],
        }
    ],
    "vaults": [{"name": "kv-data", "subscription": SUBSCRIPTION, "resourceGroup": "rg-data"}],
}
PLACE = f"subscription: {SUBSCRIPTION}, resourceGroup: rg-data"
MANIFESTS = f"""
{{apiVersion: afresh/v1, kind: Project, metadata: {{name: p}}, spec: {{}}}}
---
{{apiVersion: afresh/v1, kind: DataFactory, metadata: {{name: ingest}}, spec: {{{PLACE}, factory: adf-ingest}}}}
---
{{apiVersion: afresh/v1, kind: SynapseWorkspace, metadata: {{name: reports}}, spec: {{{PLACE}, workspace: syn-reports}}}}
---
{{apiVersion: afresh/v1, kind: Subscription, metadata: {{name: lake}}, spec: {{{PLACE}}}}}
---
apiVersion: afresh/v1
kind: KeyAge
metadata: {{name: gateways}}
spec: {{factory: ingest, integrationRuntimes: ["*"], maxAge: 90d, handOff: [{{keyVault: {{vault: kv-data, secret: "{{runtime}}"}}}}]}}
---
{{apiVersion: afresh/v1, kind: KeyAge, metadata: {{name: reports}}, spec: {{synapse: reports, integrationRuntimes: ["*"], maxAge: 90d}}}}
---
{{apiVersion: afresh/v1, kind: KeyAge, metadata: {{name: lake}}, spec: {{subscription: lake, storageAccounts: ["*"], maxAge: 90d}}}}
"""
INVENTORY = [["inventory", "--subscription", SUBSCRIPTION], ["auth", "."]]
PLAN = [["plan", "."], ["auth", "."]]
APPLY = [["apply", ".", "--auto-approve"], ["auth", ".", "--for", "apply"]]


def role(name: str) -> dict:
    written = json.loads((ROOT / "examples/azure" / f"{name}.json").read_text())
    kinds = ["Actions", "NotActions", "DataActions", "NotDataActions"]
    return {kind[0].lower() + kind[1:]: written[kind] for kind in kinds}


def run(folder: pathlib.Path, roles: list[dict], commands: list[list[str]]) -> list[tuple[int, str]]:
    """Exit codes and what was said, each command in a world of its own."""
    folder.mkdir()
    said = []
    for number, command in enumerate(commands):
        here = folder / str(number)
        here.mkdir()
        principal = {"clientId": "ci", "clientSecret": "s3cret", "roles": roles}
        world = {**WORLD, "tenants": [{"id": "contoso.example", "principals": [principal]}]}
        (here / "world.yaml").write_text(json.dumps(world))
        (here / "afresh.yaml").write_text(MANIFESTS)
        signed_in = {"AZURE_TENANT_ID": "contoso.example", "AZURE_CLIENT_ID": "ci", "AZURE_CLIENT_SECRET": "s3cret"}
        ran = subprocess.run(
            [ROOT / "target/debug/afresh", *command, "--sim", "world.yaml"],
            cwd=here,
            env={"PATH": os.environ["PATH"], "HOME": str(here), **signed_in},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        said.append((ran.returncode, ran.stdout + ran.stderr))
    return said


def without(roles: list[dict]):
    """The roles without each of their actions in turn."""
    for at, one in enumerate(roles):
        for kind in ("actions", "dataActions"):
            for action in one[kind]:
                less = {**one, kind: [other for other in one[kind] if other != action]}
                yield action, [*roles[:at], less, *roles[at + 1 :]]


def hold(folder: pathlib.Path, names: list[str], commands: list[list[str]]) -> None:
    roles = [role(name) for name in names]
    full = run(folder / "full", roles, commands)
    for code, said in full:
        assert code == 0, said
    assert "Plan: no right is missing." in full[-1][1], full[-1][1]
    for number, (action, less) in enumerate(without(roles)):
        assert run(folder / str(number), less, commands) != full, f"{names}: nothing needs {action}"


def test_an_inventory(folder):
    hold(folder, ["inventory", "hand-off-plan"], INVENTORY)


def test_a_plan_with_a_hand_off(folder):
    hold(folder, ["plan", "hand-off-plan"], PLAN)


def test_an_apply_with_a_hand_off(folder):
    hold(folder, ["apply", "hand-off-apply"], APPLY)
    [(_, said), _] = run(folder / "again", [role("apply"), role("hand-off-apply")], APPLY)
    assert "Applied: 4 done." in said, said


def test_the_roles_of_a_plan_do_not_act(folder):
    [(code, said), (missing, rights)] = run(folder / "plan", [role("plan"), role("hand-off-plan")], APPLY)
    assert code != 0 and "Applied: 0 done" in said, said
    assert missing == 3, rights
