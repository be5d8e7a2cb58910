"""azure-mgmt-datafactory against the simulated cloud: it must find what it finds in Azure."""

import datetime
import pathlib
import tempfile
import time

from azure.core import MatchConditions
from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

from azure.identity import ClientSecretCredential
from azure.mgmt.databricks import AzureDatabricksManagementClient
from azure.mgmt.datafactory import DataFactoryManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from clients import FACTORY, PLAIN, Credential, Runtimes
from front import Front
from server import CLIENT, SUBSCRIPTION, TENANT


def raises(kind, action):
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def test_lists_every_runtime_over_all_pages(server):
    assert Runtimes(server).names() == ["azure-ir", "closed", "gateway-east", "gateway-lab", "gateway-west", "old"]


def test_reads_the_status_of_a_self_hosted_runtime(server):
    status = Runtimes(server).status("gateway-west").properties
    assert status.type == "SelfHosted", status
    age = datetime.datetime.now(datetime.timezone.utc) - status.create_time
    assert age.days == 97, status.create_time
    assert [node.node_name for node in status.nodes] == ["vm-west-1"], status.nodes


def test_regenerates_one_key_and_leaves_the_other(server):
    runtimes = Runtimes(server)
    before = runtimes.keys("gateway-lab")
    assert before[0] != before[1]
    answer = runtimes.regenerate("gateway-lab", "authKey2")
    after = runtimes.keys("gateway-lab")
    assert after[0] == before[0] and after[1] != before[1]
    assert (answer.auth_key1, answer.auth_key2) == (None, after[1]), "only the new key is in the answer"


def test_a_missing_runtime_is_not_found(server):
    error = raises(ResourceNotFoundError, lambda: Runtimes(server).status("gateway-nowhere"))
    assert error.error.code, error


def test_a_managed_runtime_has_no_keys(server):
    raises(HttpResponseError, lambda: Runtimes(server).keys("azure-ir"))


def test_a_made_up_token_is_refused(server):
    class MadeUp:
        def get_token(self, *_, **__):
            return AccessToken("made.up.token", 2**31)

        def get_token_info(self, *_, **__):
            return AccessTokenInfo("made.up.token", 2**31)

    raises(ClientAuthenticationError, lambda: Runtimes(server, MadeUp()).names())


def test_azure_identity_signs_in_and_is_let_in(server):
    with tempfile.TemporaryDirectory() as folder, Front(server.azure, pathlib.Path(folder)) as front:
        how = {"connection_verify": str(front.certificate)}
        secret = {"authority": front.host, "disable_instance_discovery": True, **how}
        credential = ClientSecretCredential(TENANT, CLIENT, "embedded", **secret)
        client = DataFactoryManagementClient(credential, SUBSCRIPTION, base_url=f"https://{front.host}", **how)
        names = [one.name for one in client.integration_runtimes.list_by_factory(*FACTORY)]
        assert "gateway-west" in names and len(names) == 6, names


def test_reads_one_runtime_and_leaves_it_where_it_did_not_change(server):
    runtimes = Runtimes(server)
    runtime = runtimes.get("GATEWAY-west")
    assert (runtime.name, runtime.properties.type) == ("gateway-west", "SelfHosted"), runtime
    assert runtimes.get("azure-ir").properties.type == "Managed"
    unchanged = runtimes.runtimes.get(*FACTORY, "gateway-west", etag=runtime.etag, match_condition=MatchConditions.IfModified, **PLAIN)
    assert unchanged is None, unchanged


def test_without_the_right_to_keys_there_are_none(server):
    error = raises(HttpResponseError, lambda: Runtimes(server).keys("closed"))
    assert (error.status_code, error.error.code) == (403, "AuthorizationFailed"), error
    assert Runtimes(server).status("closed").properties.state == "NeedRegistration"


def test_waits_as_long_as_it_is_told_and_is_let_in(server):
    runtimes, began = Runtimes(server, retries=3), time.monotonic()
    assert runtimes.status("gateway-lab").name == "gateway-lab"
    assert time.monotonic() - began >= 1, "the Retry-After of one second was not waited out"


def test_the_activity_log_tells_of_a_regeneration(server):
    monitor = MonitorManagementClient(Credential(server), SUBSCRIPTION, base_url=server.azure)
    now = datetime.datetime.now(datetime.timezone.utc)
    since = (now - datetime.timedelta(days=89)).strftime("%Y-%m-%dT%H:%M:%SZ")
    filter = f"eventTimestamp ge '{since}' and eventTimestamp le '{now.strftime('%Y-%m-%dT%H:%M:%SZ')}' and resourceGroupName eq 'rg-data'"
    events = [
        event
        for event in monitor.activity_logs.list(filter, **PLAIN)
        if "regenerateauthkey" in event.operation_name.value.lower() and event.status.value == "Succeeded"
    ]
    [event] = [event for event in events if event.resource_id.endswith("/old")]
    assert (now - event.event_timestamp).days == 30, event.event_timestamp


def test_a_workspace_tells_its_host(server):
    client = AzureDatabricksManagementClient(Credential(server), SUBSCRIPTION, base_url=server.azure)
    workspace = client.workspaces.get("rg-data", "analytics", **PLAIN)
    assert f"http://{workspace.workspace_url}" == server.workspace, workspace.workspace_url
