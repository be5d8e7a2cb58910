"""azure-mgmt-storage against the simulated cloud, and afresh beside it: each has to find what the other has done."""

import datetime
import pathlib
import tempfile

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.storage import StorageManagementClient
from clients import PLAIN, Credential
from server import CLIENT, SUBSCRIPTION, TENANT, afresh
from test_data_factory import raises
from test_end_to_end import SECRET

GROUP = "rg-lake"
# What afresh speaks. By itself this SDK asks in a version that the simulated cloud does not know.
VERSION = "2023-05-01"
LAKE = ["lakeclosed", "lakeentra", "lakefresh", "lakenever", "lakestale"]
MINUTES = datetime.timedelta(minutes=5)
ESTATE = """
apiVersion: afresh/v1
kind: Project
metadata: {{name: foreign-storage}}
spec: {{ledger: {{file: .afresh/ledger.jsonl}}}}
---
apiVersion: afresh/v1
kind: Subscription
metadata: {{name: data}}
spec: {{subscription: {subscription}, cloud: sim, credential: ci}}
---
apiVersion: afresh/v1
kind: Credential
metadata: {{name: ci}}
spec: {{servicePrincipal: {{tenant: {tenant}, clientId: {client}, clientSecret: {{env: AFRESH_SECRET_SIM}}}}}}
---
apiVersion: afresh/v1
kind: KeyAge
metadata: {{name: lakes}}
spec: {{subscription: data, storageAccounts: ["lake*"], exclude: [lakeclosed], maxAge: 60d}}
"""


class Accounts:
    """The storage accounts of the world, as azure-mgmt-storage sees them."""

    def __init__(self, server):
        how = {"base_url": server.azure, "retry_total": 0, "api_version": VERSION}
        self.accounts = StorageManagementClient(Credential(server), SUBSCRIPTION, **how).storage_accounts

    def get(self, name: str):
        return self.accounts.get_properties(GROUP, name, **PLAIN)

    def times(self, name: str) -> dict[str, datetime.datetime | None]:
        """As the account tells them, which must be as the list of its keys tells them."""
        told = self.get(name).key_creation_time
        times = {"key1": told.key1, "key2": told.key2}
        beside = {key.key_name: key.creation_time for key in self.accounts.list_keys(GROUP, name, **PLAIN).keys_property}
        assert beside == times, (beside, times)
        return times

    def keys(self, name: str) -> dict[str, str]:
        return values(self.accounts.list_keys(GROUP, name, **PLAIN))

    def regenerate(self, name: str, key: str):
        return self.accounts.regenerate_key(GROUP, name, {"keyName": key}, **PLAIN)


def values(answer) -> dict[str, str]:
    """Both keys of an answer about keys."""
    assert all(key.permissions.lower() == "full" for key in answer.keys_property), answer
    return {key.key_name: key.value for key in answer.keys_property}


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def estate(server, folder: str) -> pathlib.Path:
    root = pathlib.Path(folder)
    (root / "estate").mkdir()
    (root / "estate/cloud.yaml").write_text(server.manifests.read_text())
    (root / "estate/estate.yaml").write_text(ESTATE.format(subscription=SUBSCRIPTION, tenant=TENANT, client=CLIENT))
    return root


def test_lists_every_account_over_all_pages(server):
    accounts = Accounts(server).accounts
    everywhere = sorted(one.name for one in accounts.list(**PLAIN))
    assert everywhere == ["exports", *LAKE], everywhere
    in_group = sorted(one.name for one in accounts.list_by_resource_group(GROUP, **PLAIN))
    assert in_group == LAKE, in_group
    [stale] = [one for one in accounts.list(**PLAIN) if one.name == "lakestale"]
    assert stale.id == f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Storage/storageAccounts/lakestale", stale.id
    assert (now() - stale.key_creation_time.key1).days == 80, stale.key_creation_time
    assert stale.tags == {"tier": "gold"}, stale.tags


def test_an_account_tells_when_its_keys_were_made(server):
    accounts = Accounts(server)
    times = accounts.times("lakestale")
    assert {name: (now() - made).days for name, made in times.items()} == {"key1": 80, "key2": 30}, times
    stale = accounts.get("LakeStale")
    assert (stale.name, (now() - stale.creation_time).days) == ("lakestale", 400), stale
    assert stale.allow_shared_key_access is None, "not shown, which means yes"
    assert accounts.get("lakeentra").allow_shared_key_access is False
    assert accounts.times("lakenever") == {"key1": None, "key2": None}, "nothing is told of a key that was never regenerated"


def test_regenerates_one_key_and_leaves_the_other(server):
    accounts = Accounts(server)
    before, old = accounts.keys("lakenever"), accounts.times("lakenever")
    assert sorted(before) == ["key1", "key2"] and before["key1"] != before["key2"]
    answer = accounts.regenerate("lakenever", "key2")
    after, new = accounts.keys("lakenever"), accounts.times("lakenever")
    assert after["key1"] == before["key1"] and after["key2"] != before["key2"]
    assert values(answer) == after, "both keys are in the answer"
    assert new["key1"] == old["key1"] and now() - new["key2"] < MINUTES, new


def test_what_is_not_there_and_what_is_forbidden(server):
    accounts = Accounts(server)
    raises(ResourceNotFoundError, lambda: accounts.get("lakenowhere"))
    raises(ResourceNotFoundError, lambda: list(accounts.accounts.list_by_resource_group("rg-nowhere", **PLAIN)))
    refused = raises(HttpResponseError, lambda: accounts.keys("lakeclosed"))
    assert (refused.status_code, refused.error.code) == (403, "AuthorizationFailed"), refused
    assert "Microsoft.Storage/storageAccounts/listkeys/action" in refused.message, refused
    assert accounts.get("lakeclosed").key_creation_time.key1 is not None, "the times are no secret"


def test_a_key_that_does_not_exist_is_refused(server):
    accounts = Accounts(server)
    before = accounts.keys("lakefresh")
    for name in ["key3", "authKey1", ""]:
        refused = raises(HttpResponseError, lambda: accounts.regenerate("lakefresh", name))
        assert refused.status_code == 400 and refused.error.code, refused
        assert "keyName" in refused.message, refused
    assert accounts.keys("lakefresh") == before


def test_afresh_rotates_and_the_sdk_sees_it_and_the_reverse(server):
    accounts = Accounts(server)
    others = [name for name in LAKE if name not in ("lakeclosed", "lakestale")]
    before, old = accounts.keys("lakestale"), accounts.times("lakestale")
    beside = {name: accounts.keys(name) for name in others}
    with tempfile.TemporaryDirectory() as folder:
        root = estate(server, folder)
        planned = afresh("plan", "estate", "--detailed-exitcode", "--out", "keys.plan", cwd=root, code=2, env=SECRET)
        assert "regenerate key1" in planned and "80d old" in planned, planned
        assert accounts.keys("lakestale") == before, "plan changes nothing"
        applied = afresh("apply", "keys.plan", "--auto-approve", "--against", "estate", cwd=root, env=SECRET)
        assert "data/lakestale  regenerate key1: done" in applied, applied
        after, new = accounts.keys("lakestale"), accounts.times("lakestale")
        assert after["key1"] != before["key1"] and after["key2"] == before["key2"], "exactly that key was regenerated"
        assert now() - new["key1"] < MINUTES and new["key2"] == old["key2"], (old, new)
        assert {name: accounts.keys(name) for name in others} == beside, "no other account was touched"

        by_sdk = values(accounts.regenerate("lakestale", "key2"))
        assert by_sdk["key1"] == after["key1"] and by_sdk["key2"] != after["key2"]
        again = afresh("plan", "estate", "--detailed-exitcode", "--verbose", cwd=root, code=0, env=SECRET)
        assert "key2 was regenerated outside afresh on" in again, again
        assert "key1 was regenerated outside afresh" not in again, again
        written = "".join(path.read_text() for path in root.rglob("*") if path.is_file())
    for key in {*before.values(), *after.values(), *by_sdk.values()}:
        assert key not in planned + applied + again + written, "a key was printed or written down"
