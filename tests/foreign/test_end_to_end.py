"""The built binary over real HTTP, and then the SDKs: they must see the new key and the new runs."""

import pathlib
import tempfile

from clients import Runtimes, workspace
from server import CLIENT, SUBSCRIPTION, TENANT, afresh

ESTATE = """
apiVersion: afresh/v1
kind: Project
metadata: {{name: foreign}}
spec: {{ledger: {{file: .afresh/ledger.jsonl}}}}
---
apiVersion: afresh/v1
kind: DataFactory
metadata: {{name: ingest}}
spec: {{subscription: {subscription}, resourceGroup: rg-data, factory: adf-ingest, cloud: sim, credential: ci}}
---
apiVersion: afresh/v1
kind: DatabricksWorkspace
metadata: {{name: analytics}}
spec:
  resourceId: /subscriptions/{subscription}/resourceGroups/rg-data/providers/Microsoft.Databricks/workspaces/analytics
  cloud: sim
  credential: ci
---
apiVersion: afresh/v1
kind: Credential
metadata: {{name: ci}}
spec: {{servicePrincipal: {{tenant: {tenant}, clientId: {client}, clientSecret: {{env: AFRESH_SECRET_SIM}}}}}}
---
apiVersion: afresh/v1
kind: KeyAge
metadata: {{name: gateways}}
spec: {{factory: ingest, integrationRuntimes: ["gateway-*"], exclude: [gateway-lab], maxAge: 90d, overlap: 24h, unknownAge: rotate}}
---
apiVersion: afresh/v1
kind: JobRun
metadata: {{name: nightly-sales}}
spec:
  workspace: analytics
  job: {{name: nightly-sales}}
  require: succeeded
  freshness: {{errorAfter: 24h}}
  waitFor: {{end: 1m}}
---
apiVersion: afresh/v1
kind: JobRun
metadata: {{name: stray}}
spec: {{workspace: analytics, job: {{name: stray}}, require: notRunning}}
"""
SECRET = {"AFRESH_SECRET_SIM": "embedded"}


def test_apply_over_the_wire_is_what_the_sdks_see(server):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        estate = root / "estate"
        estate.mkdir()
        (estate / "cloud.yaml").write_text(server.manifests.read_text())
        (estate / "estate.yaml").write_text(ESTATE.format(subscription=SUBSCRIPTION, tenant=TENANT, client=CLIENT))
        tell(server, root)


def tell(server, root):
    runtimes, jobs = Runtimes(server), workspace(server).jobs
    old = {name: runtimes.keys(name) for name in ["gateway-west", "gateway-east"]}
    newest = next(iter(jobs.list_runs(job_id=101))).run_id

    afresh("validate", "estate", cwd=root)
    planned = afresh("plan", "estate", "--detailed-exitcode", cwd=root, code=2, env=SECRET)
    assert runtimes.keys("gateway-west") == old["gateway-west"], "plan changes nothing"
    applied = afresh("apply", "estate", "--auto-approve", cwd=root, env=SECRET)

    new = {name: runtimes.keys(name) for name in old}
    changed = [a != b for a, b in zip(old["gateway-west"], new["gateway-west"])]
    assert sorted(changed) == [False, True], f"one key of gateway-west is new, the other stays: {changed}"
    assert new["gateway-east"] == old["gateway-east"], "young keys stay"
    run = next(iter(jobs.list_runs(job_id=101)))
    assert run.run_id != newest and run.state.result_state.value == "SUCCESS", run
    assert not [one for one in jobs.list_runs(active_only=True, job_id=104) if one.state.life_cycle_state.value == "RUNNING"]

    again = afresh("plan", "estate", "--detailed-exitcode", cwd=root, code=0, env=SECRET)
    written = "".join(path.read_text() for path in root.rglob("*") if path.is_file())
    for key in {*sum(old.values(), ()), *sum(new.values(), ())}:
        assert key not in planned + applied + again + written, "a key was printed or written down"
    assert SECRET["AFRESH_SECRET_SIM"] not in planned + applied + again, "a client secret was printed"
