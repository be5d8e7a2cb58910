"""azure-mgmt-synapse against the simulated cloud, and afresh beside it: each has to find what the other has done."""

import pathlib
import tempfile

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.synapse import SynapseManagementClient
from clients import PLAIN, Credential
from server import CLIENT, SUBSCRIPTION, TENANT, afresh
from test_data_factory import raises
from test_end_to_end import SECRET

WORKSPACE = ("rg-data", "syn-reports")
ESTATE = """
apiVersion: afresh/v1
kind: Project
metadata: {{name: foreign-synapse}}
spec: {{ledger: {{file: .afresh/ledger.jsonl}}}}
---
apiVersion: afresh/v1
kind: SynapseWorkspace
metadata: {{name: reports}}
spec: {{subscription: {subscription}, resourceGroup: rg-data, workspace: syn-reports, cloud: sim, credential: ci}}
---
apiVersion: afresh/v1
kind: Credential
metadata: {{name: ci}}
spec: {{servicePrincipal: {{tenant: {tenant}, clientId: {client}, clientSecret: {{env: AFRESH_SECRET_SIM}}}}}}
---
apiVersion: afresh/v1
kind: KeyAge
metadata: {{name: reports}}
spec: {{synapse: reports, integrationRuntimes: [stale], maxAge: 60d, unknownAge: rotate}}
"""


def client(server) -> SynapseManagementClient:
    return SynapseManagementClient(Credential(server), SUBSCRIPTION, base_url=server.azure, retry_total=0)


def keys(server, name: str) -> tuple[str, str]:
    told = client(server).integration_runtime_auth_keys.list(*WORKSPACE, name, **PLAIN)
    return told.auth_key1, told.auth_key2


def test_lists_runtimes_and_reads_one(server):
    synapse = client(server)
    names = sorted(one.name for one in synapse.integration_runtimes.list_by_workspace(*WORKSPACE, **PLAIN))
    assert names == ["closed", "gateway-west", "stale"], names
    status = synapse.integration_runtime_status.get(*WORKSPACE, "gateway-west", **PLAIN).properties
    assert status.type == "SelfHosted", status
    assert status.create_time is not None, status


def test_regenerates_one_key_and_leaves_the_other(server):
    before = keys(server, "gateway-west")
    assert before[0] != before[1]
    answer = client(server).integration_runtime_auth_keys.regenerate(*WORKSPACE, "gateway-west", {"keyName": "authKey2"}, **PLAIN)
    after = keys(server, "gateway-west")
    assert after[0] == before[0] and after[1] != before[1]
    assert answer.auth_key2 == after[1], "the new key is in the answer"


def test_what_is_not_there_and_what_is_forbidden(server):
    raises(ResourceNotFoundError, lambda: client(server).integration_runtime_status.get(*WORKSPACE, "nowhere", **PLAIN))
    refused = raises(HttpResponseError, lambda: client(server).integration_runtime_status.get(*WORKSPACE, "closed", **PLAIN))
    assert refused.status_code == 403, refused
    assert "Microsoft.Synapse/workspaces/integrationRuntimes/getStatus/action" in refused.message, refused


def test_afresh_rotates_and_the_sdk_sees_it(server):
    before = keys(server, "stale")
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "estate").mkdir()
        (root / "estate/cloud.yaml").write_text(server.manifests.read_text())
        (root / "estate/estate.yaml").write_text(ESTATE.format(subscription=SUBSCRIPTION, tenant=TENANT, client=CLIENT))
        said = afresh("apply", "estate", "--auto-approve", cwd=root, env=SECRET)
    assert "reports/stale  regenerate authKey1: done" in said, said
    after = keys(server, "stale")
    assert after[0] != before[0] and after[1] == before[1], "exactly that key was regenerated"
