"""The official SDKs, unmodified, pointed at the simulated cloud."""

import logging
import urllib.parse

import requests
from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.mgmt.datafactory import DataFactoryManagementClient
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config

from server import SUBSCRIPTION, Server

ARM = "https://management.azure.com"
DATABRICKS = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"
FACTORY = ("rg-data", "adf-ingest")
# The SDK remarks each time that a workspace has no /.well-known/databricks-config; real ones need not have it either.
logging.getLogger("databricks.sdk").setLevel(logging.ERROR)

# azure-core sends no token over plain http unless each call says so.
PLAIN = {"enforce_https": False}


class Credential:
    """What azure-core asks of a credential. azure-identity itself refuses an authority without https."""

    def __init__(self, server: Server):
        self.server = server

    def get_token(self, *_scopes, **_):
        return AccessToken(*self.server.token(ARM))

    def get_token_info(self, *_scopes, **_):
        return AccessTokenInfo(*self.server.token(ARM))


class Runtimes:
    """The runtimes of the world's factory, as azure-mgmt-datafactory sees them."""

    def __init__(self, server: Server, credential=None, retries=0):
        how = {"base_url": server.azure, "retry_total": retries}
        client = DataFactoryManagementClient(credential or Credential(server), SUBSCRIPTION, **how)
        self.runtimes = client.integration_runtimes

    def names(self) -> list[str]:
        return sorted(one.name for one in self.runtimes.list_by_factory(*FACTORY, **PLAIN))

    def get(self, name: str):
        return self.runtimes.get(*FACTORY, name, **PLAIN)

    def status(self, name: str):
        return self.runtimes.get_status(*FACTORY, name, **PLAIN)

    def keys(self, name: str) -> tuple[str, str]:
        keys = self.runtimes.list_auth_keys(*FACTORY, name, **PLAIN)
        return keys.auth_key1, keys.auth_key2

    def regenerate(self, name: str, key: str):
        return self.runtimes.regenerate_auth_key(*FACTORY, name, {"keyName": key}, **PLAIN)


def workspace(server: Server, token: str | None = None) -> WorkspaceClient:
    """The world's workspace, as databricks-sdk sees it."""
    token = token or server.token(DATABRICKS)[0]
    config = Config(host=server.workspace, token=token, auth_type="pat", config_file="/dev/null", retry_timeout_seconds=20, http_timeout_seconds=20)
    return WorkspaceClient(config=config)


class Observer:
    """Notes the requests of the SDKs that were answered with a success. It looks over the shoulder of `requests`, which all of them use."""

    def __init__(self):
        self.seen: list[tuple[str, str]] = []
        send = requests.Session.send

        def noting(session, request, **how):
            answer = send(session, request, **how)
            agent = request.headers.get("User-Agent", "")
            agent = agent.decode() if isinstance(agent, bytes) else agent
            if answer.ok and ("azsdk-python" in agent or "databricks-sdk-py" in agent):
                self.seen.append((request.method, urllib.parse.urlsplit(request.url).path))
            return answer

        requests.Session.send = noting

    def take(self) -> list[tuple[str, str]]:
        taken, self.seen = self.seen, []
        return taken
