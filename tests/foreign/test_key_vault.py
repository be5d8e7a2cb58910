"""azure-keyvault-secrets against the simulated vault: versions, tags, deletion that can be taken back, and the challenge that comes first.

The vault keeps its own name: what is sent there is taken to loopback on the way, since the SDK sends tokens only to hosts of the domain
that the challenge names.
"""

import datetime
import urllib.parse

import requests
from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.keyvault.secrets import SecretClient
from server import Server
from test_data_factory import raises

VAULT = "https://kv-data.vault.azure.net"
# What afresh speaks.
VERSION = "7.5"


class ToLoopback(requests.adapters.HTTPAdapter):
    """Takes what is sent to a vault to where it is served, without another change."""

    def __init__(self, address: str):
        super().__init__()
        self.address = address

    def send(self, request, **how):
        sent = urllib.parse.urlsplit(request.url)
        request.headers["Host"] = sent.hostname
        request.headers["X-Forwarded-Proto"] = "https"
        request.url = self.address + urllib.parse.urlunsplit(("", "", sent.path, sent.query, ""))
        return super().send(request, **how)


class Credential:
    """Gives tokens for what is asked, and remembers that."""

    def __init__(self, server: Server):
        self.server, self.scopes = server, []

    def token(self, scopes):
        self.scopes.extend(scopes)
        return self.server.token(scopes[0].removesuffix("/.default"))

    def get_token(self, *scopes, **_):
        return AccessToken(*self.token(scopes))

    def get_token_info(self, *scopes, **_):
        return AccessTokenInfo(*self.token(scopes))


def client(server: Server, credential: Credential, address: str = VAULT) -> SecretClient:
    session = requests.Session()
    session.mount(address, ToLoopback(server.vault))
    return SecretClient(address, credential, api_version=VERSION, transport=RequestsTransport(session=session), retry_total=0)


def secrets(server: Server) -> SecretClient:
    return client(server, Credential(server))


def inner(error: HttpResponseError) -> str:
    return error.response.json()["error"]["innererror"]["code"]


def test_a_challenge_names_what_the_token_is_for(server):
    credential = Credential(server)
    names = sorted(one.name for one in client(server, credential).list_properties_of_secrets(max_page_size=1))
    assert names == ["closed", "gateway-east"], names
    assert credential.scopes == ["https://vault.azure.net/.default"], credential.scopes
    # The same vault under a name that is none of its domain: the SDK does not even ask for a token.
    elsewhere = Credential(server)
    raises(ValueError, lambda: client(server, elsewhere, "https://kv-data.evil.example").get_secret("gateway-east"))
    assert not elsewhere.scopes, elsewhere.scopes


def test_versions_tell_everything_but_their_value(server):
    versions = list(secrets(server).list_properties_of_secret_versions("gateway-east", max_page_size=1))
    newest = max(versions, key=lambda one: one.created_on)
    assert [one.tags["CredentialId"] for one in sorted(versions, key=lambda one: one.created_on)] == ["authKey1", "authKey2"]
    now = datetime.datetime.now(datetime.timezone.utc)
    assert ((now - newest.created_on).days, newest.enabled, newest.recoverable_days) == (10, True, 7), newest
    assert newest.content_type == "text/plain" and (newest.expires_on - now).days >= 49, newest
    assert list(secrets(server).list_properties_of_secret_versions("nothing")) == []


def test_a_new_version_is_what_consumers_read_also_when_it_is_disabled(server):
    vault = secrets(server)
    ends = datetime.datetime(2040, 1, 2, tzinfo=datetime.timezone.utc)
    tags = {"CredentialId": "authKey1", "ProviderAddress": "/subscriptions/x"}
    vault.set_secret("gateway-new", "first")
    made = vault.set_secret("gateway-new", "IR@second", tags=tags, content_type="text/plain", expires_on=ends)
    assert (made.value, made.properties.tags, made.properties.expires_on) == ("IR@second", tags, ends)
    assert vault.get_secret("GATEWAY-new").value == "IR@second"
    versions = {one.version: one for one in vault.list_properties_of_secret_versions("gateway-new")}
    assert len(versions) == 2 and versions[made.properties.version].tags == tags
    changed = vault.update_secret_properties("gateway-new", made.properties.version, enabled=False)
    assert (changed.enabled, changed.tags) == (False, tags)
    refused = raises(HttpResponseError, lambda: vault.get_secret("gateway-new"))
    assert (refused.status_code, inner(refused)) == (403, "SecretDisabled"), refused


def test_a_deleted_secret_keeps_its_name(server):
    vault = secrets(server)
    vault.set_secret("gateway-old", "x", tags={"a": "b"})
    deletion = vault.begin_delete_secret("gateway-old")
    deletion.wait()
    deleted = deletion.result()
    assert (deleted.scheduled_purge_date - deleted.deleted_date).days == 7, deleted
    raises(ResourceNotFoundError, lambda: vault.get_secret("gateway-old"))
    assert "gateway-old" in [one.name for one in vault.list_deleted_secrets()]
    refused = raises(ResourceExistsError, lambda: vault.set_secret("gateway-old", "y"))
    assert (refused.status_code, inner(refused)) == (409, "ObjectIsDeletedButRecoverable"), refused
    vault.begin_recover_deleted_secret("gateway-old").wait()
    assert vault.get_secret("gateway-old").value == "x"
    vault.begin_delete_secret("gateway-old").wait()
    vault.purge_deleted_secret("gateway-old")
    assert vault.set_secret("gateway-old", "y").value == "y"
    assert len(list(vault.list_properties_of_secret_versions("gateway-old"))) == 1


def test_what_is_forbidden_names_the_action(server):
    vault = secrets(server)
    refused = raises(HttpResponseError, lambda: vault.set_secret("closed", "x"))
    assert (refused.status_code, inner(refused)) == (403, "ForbiddenByRbac"), refused
    assert "Microsoft.KeyVault/vaults/secrets/setSecret/action" in refused.message, refused
    assert vault.get_secret("closed").value, "the value may be read"
