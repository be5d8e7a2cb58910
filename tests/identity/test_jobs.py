"""Jobs without a secret: what others assert about them."""

import json
import urllib.request

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AzurePipelinesCredential, ClientAssertionCredential, WorkloadIdentityCredential

from parts import ARM, CLIENTS, CONNECTION, NEARBY, TENANT, Around, claims, sdk

SCOPE = f"{ARM}/.default"
FEDERATED = CLIENTS["federated"]
IDS = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": FEDERATED}


def test_workload_identity(parts):
    token = parts.folder / "federated-token"
    token.write_text(parts.assertion())
    method = f"workloadIdentity: {{tenant: {TENANT}, clientId: {FEDERATED}, tokenFile: federated-token}}"
    told = parts.gets_in(method, files={"estate/federated-token": token.read_text()})
    assert told["ingest"]["application"] == FEDERATED, told
    chain = parts.gets_in(None, AZURE_FEDERATED_TOKEN_FILE=str(token), **IDS)
    assert chain["ingest"]["credential"].startswith("workload identity"), chain
    got = WorkloadIdentityCredential(tenant_id=TENANT, client_id=FEDERATED, token_file_path=str(token), **sdk(parts)).get_token(SCOPE)
    assert claims(got.token)["appid"] == FEDERATED
    parts.opens(got.token)


def github(parts) -> dict:
    return {"ACTIONS_ID_TOKEN_REQUEST_URL": parts.nearby("/github?run=7"), "ACTIONS_ID_TOKEN_REQUEST_TOKEN": NEARBY}


def test_github_oidc(parts):
    asked = parts.counts().get("github", 0)
    told = parts.gets_in(f"githubOidc: {{tenant: {TENANT}, clientId: {FEDERATED}}}", **github(parts))
    assert told["ingest"]["application"] == FEDERATED, told
    # auth and plan take three tokens each: ARM, Databricks, management.
    assert parts.counts()["github"] - asked == 6, "a fresh assertion for every token"
    chain = parts.gets_in(None, **github(parts), **IDS)
    assert chain["ingest"]["credential"] == "GitHub OIDC", chain

    def fetch():
        request = urllib.request.Request(parts.nearby("/github?run=7&audience=api://AzureADTokenExchange"), headers={"Authorization": f"Bearer {NEARBY}"})
        return json.load(urllib.request.urlopen(request, timeout=10))["value"]

    # The SDK has no credential of its own for GitHub; it takes any assertion.
    got = ClientAssertionCredential(TENANT, FEDERATED, fetch, **sdk(parts)).get_token(SCOPE)
    parts.opens(got.token)


def test_azure_pipelines(parts):
    env = {"SYSTEM_OIDCREQUESTURI": parts.nearby("/pipelines"), "SYSTEM_ACCESSTOKEN": NEARBY, "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": CONNECTION}
    method = f"azurePipelines: {{tenant: {TENANT}, clientId: {FEDERATED}, serviceConnection: {CONNECTION}}}"
    told = parts.gets_in(method, **env)
    assert told["ingest"]["application"] == FEDERATED, told
    chain = parts.gets_in(None, **env, **IDS)
    assert chain["ingest"]["credential"] == "Azure Pipelines OIDC", chain
    with Around(SYSTEM_OIDCREQUESTURI=parts.nearby("/pipelines")):
        credential = AzurePipelinesCredential(
            tenant_id=TENANT, client_id=FEDERATED, service_connection_id=CONNECTION, system_access_token=NEARBY, **sdk(parts)
        )
        got = credential.get_token(SCOPE)
    assert claims(got.token)["appid"] == FEDERATED
    parts.opens(got.token)


def test_assertions_that_are_not_taken(parts):
    cases = {
        "subject": ["AADSTS700213", "no federated credential of the application fits"],
        "old": ["AADSTS700024", "assertion"],
        "stranger": ["AADSTS700027"],
        "audience": ["AADSTS700027"],
    }
    for kind, words in cases.items():
        token = parts.folder / f"federated-{kind}"
        token.write_text(parts.assertion(kind))
        method = f"workloadIdentity: {{tenant: {TENANT}, clientId: {FEDERATED}, tokenFile: federated-token}}"
        parts.refused(method, *words, files={"estate/federated-token": token.read_text()})
        try:
            WorkloadIdentityCredential(tenant_id=TENANT, client_id=FEDERATED, token_file_path=str(token), **sdk(parts)).get_token(SCOPE)
        except ClientAuthenticationError as error:
            assert words[0] in str(error), error
        else:
            raise AssertionError(f"the SDK got in with a bad assertion: {kind}")


def test_a_job_whose_token_is_wrong(parts):
    env = {**github(parts), "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "planted-guess"}
    parts.refused(f"githubOidc: {{tenant: {TENANT}, clientId: {FEDERATED}}}", "status 401", "id-token: write", **env)
    env = {"SYSTEM_OIDCREQUESTURI": parts.nearby("/pipelines"), "SYSTEM_ACCESSTOKEN": "planted-guess",
           "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": CONNECTION}
    method = f"azurePipelines: {{tenant: {TENANT}, clientId: {FEDERATED}, serviceConnection: {CONNECTION}}}"
    parts.refused(method, "status 302", **env)
