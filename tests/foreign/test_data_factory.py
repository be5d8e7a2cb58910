"""azure-mgmt-datafactory against the embedded cloud: it must find what it finds in Azure."""

import datetime

from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

from clients import Runtimes


def raises(kind, action):
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def test_lists_every_runtime_over_all_pages(server):
    assert Runtimes(server).names() == ["azure-ir", "gateway-east", "gateway-lab", "gateway-west"]


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
